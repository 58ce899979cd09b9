//! Planned and actual days of the stages, what is late, and what to do next.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::checklist::{CriterionState, CriterionStatus, StageStatus};
use super::model::{CalendarRow, Plan};
use crate::domain::audit::SignOffKind;
use crate::domain::facts::Facts;

/// Sets a stage's planned and actual days. Actual days come from dated records: sign-offs, and the rows of the audit trail
/// about them. A probe tells how things are, not since when.
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
    stage.actual_start = words.iter().copied().chain(recorded).min();
    let counts = stage.success_counts();
    let done = counts.total() > 0 && counts.ready() == counts.total();
    if done {
        stage.actual_end = stage
            .criteria
            .iter()
            .filter(|c| c.success)
            .filter_map(|c| c.signoff.as_ref())
            .map(|s| day(s.at))
            .max();
    }
    stage.late_days = match (stage.planned, done, stage.actual_end) {
        (Some((_, last)), false, _) => days_between(last, day(now)),
        (Some((_, last)), true, Some(end)) => days_between(last, end),
        _ => 0,
    };
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
