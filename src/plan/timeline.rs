//! Planned and actual days of the stages, what is late, and what to do next.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::checklist::{Checklist, CriterionState, CriterionStatus, Milestone, StageStatus};
use super::model::{CalendarRow, Plan};
use crate::domain::audit::{Proven, Sighting, SignOffKind, Spell};
use crate::domain::facts::Facts;
use crate::domain::observer::LastFailure;

/// Sets a stage's planned and actual days. A probe tells how things are, not since when: actual days come from dated records,
/// which are the days on which a console first saw a criterion proved, sign-offs, and the rows of the audit trail about them.
pub fn date(stage: &mut StageStatus, plan: &Plan, facts: &Facts, now: Timestamp) {
    stage.planned = planned(plan, stage.number);
    let words: Vec<Date> = facts
        .signoffs
        .rows()
        .iter()
        .filter(|s| s.proven && s.kind != SignOffKind::Withdrawn)
        .filter(|s| stage.criteria.iter().any(|c| c.id == s.criterion))
        .map(|s| day(s.at))
        .collect();
    let trail = facts.audit.value.iter().flat_map(|rows| rows.iter());
    let recorded = trail
        .filter(|r| matches!(r.action.as_str(), "sign_off" | "waive") && r.outcome.is_some())
        .filter(|r| stage.criteria.iter().any(|c| r.subject == c.id))
        .map(|r| day(r.at));
    let seen = stage.criteria.iter().filter_map(|c| proved(c, facts));
    stage.actual_start = words.iter().copied().chain(recorded).chain(seen).min();
    let counts = stage.success_counts();
    let done = counts.total() > 0 && counts.ready() == counts.total();
    if done {
        let success = stage.criteria.iter().filter(|c| c.success);
        // One day that nobody knows, and the day of all of them is not known either.
        let days: Option<Vec<Date>> = success.map(|c| ready_on(c, facts)).collect();
        stage.actual_end = days.and_then(|days| days.into_iter().max());
    }
    stage.late_days = match (stage.planned, done, stage.actual_end) {
        (Some((_, last)), false, _) => days_between(last, day(now)),
        (Some((_, last)), true, Some(end)) => days_between(last, end),
        _ => 0,
    };
}

/// The day on which a console first saw a criterion proved.
fn proved(c: &CriterionStatus, facts: &Facts) -> Option<Date> {
    let dates = facts.proven.value.as_ref()?.get(&c.id)?;
    Some(day(dates.first))
}

/// The day on which a criterion that is ready became so: the first proof or word that stands for it.
fn ready_on(c: &CriterionStatus, facts: &Facts) -> Option<Date> {
    let word = c.signoff.as_ref().filter(|s| s.proven);
    let word = word.map(|s| day(s.at));
    match c.state {
        CriterionState::Proved => proved(c, facts).into_iter().chain(word).min(),
        _ => word,
    }
}

/// What is new in a checklist beside what the store tells of the days on which criteria became proved, and of what its observer saw
/// failing. Nothing where the store does not answer: whatever it holds, it is not to be written over.
///
/// `pending` is what was new before and may not be put down yet: that it failed is not lost because it cannot be asked any more.
pub fn sightings(
    list: &Checklist,
    facts: &Facts,
    apart_s: i64,
    pending: &[Sighting],
) -> Vec<Sighting> {
    let (Some(known), None) = (&facts.proven.value, &facts.proven.error) else {
        return Vec::new();
    };
    let failed = |id: &String| facts.failed.value.as_ref()?.get(id);
    let news = list.criteria().filter_map(|c| {
        let (known, failed) = (known.get(&c.id), failed(&c.id));
        let proved = match (c.state, known) {
            (CriterionState::Proved, None) => true,
            (CriterionState::Proved, Some(dates)) if dates.lapsed || dates.failing.is_some() => {
                true
            }
            (CriterionState::Proved, _) if failed.is_some_and(|f| f.is_own) => true,
            // What it said last is no new look.
            (CriterionState::Failing, _) if c.failed_at.is_some() => return None,
            (CriterionState::Failing, Some(dates)) if is_news(dates, list.at) => false,
            (CriterionState::Failing, None) if is_due(failed, list.at) => false,
            // What was never asked or cannot be asked says nothing against what was seen.
            _ => return owed(c, failed, pending),
        };
        Some(Sighting {
            criterion: c.id.clone(),
            proved,
            at: list.at,
            apart_s,
        })
    });
    news.collect()
}

/// Whether a look that sees a criterion failing says anything new of it: it is the first, or it ends the proof, or somebody else has; or
/// that it still does.
fn is_news(dates: &Proven, at: Timestamp) -> bool {
    match dates.failing {
        None => true,
        Some(spell) => {
            let still = at.duration_since(spell.seen).as_secs() >= Sighting::EVERY_S;
            is_long_ago(spell, at) || (!spell.told && (still || spell.ends_at(at) || dates.lapsed))
        }
    }
}

/// Whether a look that sees failing what was never proved is to be put down: the first, and one now and then.
fn is_due(failed: Option<&LastFailure>, at: Timestamp) -> bool {
    let spell = failed.and_then(|f| f.spell);
    spell.is_none_or(|spell| is_long_ago(spell, at))
}

fn is_long_ago(spell: Spell, at: Timestamp) -> bool {
    at.duration_since(spell.seen).as_secs() >= LastFailure::KEPT_S
}

/// What was seen failing of a criterion and is not in the store yet, where nothing else was seen since.
fn owed(
    c: &CriterionStatus,
    failed: Option<&LastFailure>,
    pending: &[Sighting],
) -> Option<Sighting> {
    let is_seen = matches!(c.state, CriterionState::Proved | CriterionState::Failing);
    let mut before = pending.iter().filter(|s| s.criterion == c.id && !s.proved);
    let kept = |s: &&Sighting| failed.and_then(|f| f.spell).is_some_and(|k| k.seen >= s.at);
    before.find(|s| !is_seen && !kept(s)).cloned()
}

/// Whole days from one day to a later one; 0 if it is not later.
fn days_between(from: Date, to: Date) -> u32 {
    let days = (to - from).get_days();
    u32::try_from(days).unwrap_or(0)
}

fn day(t: Timestamp) -> Date {
    t.to_zoned(TimeZone::UTC).date()
}

fn nth(plan: &Plan, week: u32, day_of_week: u32) -> Option<Date> {
    let days = (i64::from(week) - 1) * 7 + i64::from(day_of_week) - 1;
    let span = Span::new().try_days(days).ok()?;
    plan.start?.checked_add(span).ok()
}

fn first_day(plan: &Plan, row: &CalendarRow) -> Option<Date> {
    nth(plan, row.week, row.from)
}

fn planned(plan: &Plan, stage: u8) -> Option<(Date, Date)> {
    let rows = || plan.calendar.iter().filter(|r| r.stage == Some(stage));
    let first = rows().filter_map(|r| first_day(plan, r)).min()?;
    let last = rows().filter_map(|r| nth(plan, r.week, r.to)).max()?;
    Some((first, last))
}

/// The plan's calendar, with dates where it has a first day.
pub fn calendar(plan: &Plan) -> Vec<Milestone> {
    let number = |week: u32, day: u32| week.saturating_sub(1).saturating_mul(7).saturating_add(day);
    let rows = plan.calendar.iter().map(|r| Milestone {
        title: r.title.clone(),
        stage: r.stage,
        go_live: r.go_live,
        days: (number(r.week, r.from), number(r.week, r.to)),
        planned: first_day(plan, r).zip(nth(plan, r.week, r.to)),
    });
    rows.collect()
}

/// The planned go-live day: the first day of the first row that is the go-live.
pub fn go_live(plan: &Plan) -> Option<Date> {
    plan.calendar
        .iter()
        .filter(|r| r.go_live)
        .filter_map(|r| first_day(plan, r))
        .min()
}

/// The next step in words: the first success criterion that fails, else the first that nobody has settled, with the plan's
/// own advice for it. Empty when all are ready.
pub fn next_step(plan: &Plan, stages: &[StageStatus]) -> String {
    let success = || {
        stages
            .iter()
            .flat_map(|s| &s.criteria)
            .filter(|c| c.success)
    };
    let first = |state| success().find(|c| c.state == state);
    let Some(c) = first(CriterionState::Failing).or_else(|| first(CriterionState::Unknown)) else {
        return String::new();
    };
    let verb = match c.state {
        CriterionState::Failing => "fix",
        _ => "settle",
    };
    format!("{verb} {} {}: {}", c.id, c.title, advice(plan, c))
}

fn advice(plan: &Plan, c: &CriterionStatus) -> String {
    let step = plan.next_steps.iter().find(|s| s.criterion == c.id);
    match step {
        Some(step) if c.state == CriterionState::Unknown && c.evidence.is_empty() => {
            step.text.clone()
        }
        _ => c.reason.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_look_is_news_at_first_and_when_it_ends_a_proof_and_no_more() {
        let second = |n| Timestamp::from_second(1_800_000_000 + n).unwrap();
        let news = |told: Option<bool>, lapsed, at| {
            let since = second(0);
            let dates = Proven {
                first: since,
                last: since,
                lapsed,
                failing: told.map(|told| Spell {
                    since,
                    seen: second(Proven::LASTS_S - 10),
                    told,
                }),
            };
            is_news(&dates, second(at))
        };
        assert!(news(None, false, 0) && news(None, true, 0));
        assert!(!news(Some(false), false, Proven::LASTS_S - 1));
        assert!(news(Some(false), false, Proven::LASTS_S));
        // It still fails: a failure that is not looked at for long is no longer the same one.
        assert!(news(
            Some(false),
            false,
            Proven::LASTS_S - 10 + Sighting::EVERY_S
        ));
        // Somebody else has ended it: that is this one's word, too.
        assert!(news(Some(false), true, 10));
        let soon = Proven::LASTS_S - 10 + LastFailure::KEPT_S - 1;
        assert!(!news(Some(true), true, soon) && !news(Some(true), false, soon));
        // All is said; that it still fails is remembered, for when it cannot be asked.
        assert!(news(Some(true), true, soon + 1));
    }
}
