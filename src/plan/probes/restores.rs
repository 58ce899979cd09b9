//! Restores: that what is backed up can be restored, in time and from data that is new enough, by what AWS Backup tells of those that
//! were carried out.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::judgement::{Findings, Judgement, Verdict};
use super::look::{Look, Seen, span};
use super::{Probe, number};
use crate::domain::restore::{Drilled, Restore};
use crate::domain::skew;

pub(super) const PROBES: &[Probe] = &[
    Probe {
        name: "restore.drill",
        question: "was a restore carried out lately, and what came of it found good?",
        params: &[number("days", "92")],
        judge: drill,
    },
    Probe {
        name: "restore.rto-rpo",
        question: "did the newest restore of each store take no longer than the RTO, from data no older than the RPO when it began?",
        params: &[number("days", "92")],
        judge: objectives,
    },
];

/// What is to be done where nobody said how long a restore may take.
const NO_RTO: &str = "no RTO is set to hold it against: set rto in [backups]";

/// The restores that were told, and of them the newest of each store that says anything.
type Told<'a> = (Seen<'a, Arc<Vec<Restore>>>, Drilled<'a>);

/// One that nobody checked says nothing, nor does one of which nobody tells what it is of; and a drill outside of AWS Backup leaves
/// nothing here: then it takes the word of whoever held it.
fn newest<'a>(look: &Look<'a>) -> Result<Told<'a>, Judgement> {
    let seen = look.fresh(&look.facts.estate.restores, "the restores")?;
    let days = look.number("days");
    let since = SignedDuration::try_from_secs_f64(days * 86_400.0).unwrap_or_default();
    let since = look.now.checked_sub(since).unwrap_or(Timestamp::MIN);
    let (estate, env) = (&look.facts.estate, &look.facts.environment);
    let drilled = estate.drilled(env, since, look.now);
    if drilled.telling.is_empty() {
        let known = match (drilled.unchecked, drilled.unnamed) {
            (0, 0) => format!("AWS Backup restored nothing in the last {days:.0} days"),
            (0, 1) => "of its 1 restore AWS Backup does not tell what was restored".into(),
            (0, n) => format!("of its {n} restores AWS Backup does not tell what was restored"),
            (1, _) => "AWS Backup completed 1 restore, and nobody checked what came of it".into(),
            (n, _) => {
                format!("AWS Backup completed {n} restores, and nobody checked what came of them")
            }
        };
        return Err(Judgement::unknown(format!(
            "{known}: a restore testing plan does both; after a drill of another kind, sign off"
        )));
    }
    Ok((seen, drilled))
}

/// What the newest restore of each store that says anything comes to.
fn drill(look: &Look<'_>) -> Verdict {
    let (seen, drilled) = newest(look)?;
    let mut found = Findings::new("store", look.question(seen.source), seen.at);
    for (store, r) in &drilled.telling {
        if let Some(doubt) = skew::doubt("its newest restore ended", r.when(), look.now) {
            found.unknown(*store, doubt);
            continue;
        }
        let age = r
            .when()
            .map_or_else(String::new, |at| ago(look.now.duration_since(at)));
        let why = [&r.validation_message, &r.message];
        let why = why.into_iter().find(|w| !w.is_empty());
        let why = why.map(|w| format!(": {w}")).unwrap_or_default();
        match (r.proves(), r.state.as_str()) {
            (Some(true), _) => found.good(store, &format!("restored and found good {age}")),
            (_, "FAILED") => found.bad(*store, format!("the restore failed {age}{why}")),
            _ => found.bad(
                *store,
                format!("what was restored {age} was not found good{why}"),
            ),
        }
    }
    Ok(beside(look, &drilled, found.verdict()))
}

/// How long the newest restore of each store took, and how old its data was when it began, against what is allowed.
fn objectives(look: &Look<'_>) -> Verdict {
    let (seen, drilled) = newest(look).map_err(|mut early| {
        if look.facts.rto.is_none() {
            early.reason = format!("{}; {NO_RTO}", early.reason);
        }
        early
    })?;
    let mut found = Findings::new("store", look.question(seen.source), seen.at);
    for (store, r) in &drilled.telling {
        if let Some(doubt) = skew::doubt("its newest restore ended", r.when(), look.now) {
            found.unknown(*store, doubt);
        } else if r.proves() == Some(true) {
            held_against(look, store, r, &mut found);
        } else {
            let words = "its newest restore was not found good, so that it measured nothing: mend that and restore again";
            found.unknown(*store, words);
        }
    }
    Ok(beside(look, &drilled, found.verdict()))
}

/// Holds a restore that was found good against both targets. Where one of them is missed, both figures are told.
fn held_against(look: &Look<'_>, store: &str, r: &Restore, found: &mut Findings) {
    let measured = look.facts.estate.measured(r);
    let (mut kept, mut missed, mut open) = (Vec::new(), Vec::new(), Vec::new());
    match (measured.took, look.facts.rto) {
        (Some(took), Some(rto)) if took <= rto => {
            kept.push(format!("took {} of {} (RTO)", span(took), span(rto)));
        }
        (Some(took), Some(rto)) => {
            let (took, rto) = apart(took, rto);
            missed.push(format!("took {took}, more than the RTO of {rto}"));
        }
        (Some(took), None) => open.push(format!("took {}, and {NO_RTO}", span(took))),
        (None, _) => open.push("its dates do not tell how long it took: restore again".into()),
    }
    let rpo = look.facts.rpo;
    match measured.data_age {
        Some(age) if age <= rpo => kept.push(format!(
            "from data {} old when it began, of {} (RPO)",
            span(age),
            span(rpo)
        )),
        Some(age) => {
            let (age, rpo) = apart(age, rpo);
            let words = format!("from data {age} old when it began, more than the RPO of {rpo}");
            match look.facts.estate.passed_over(store, r, look.now) {
                Some(why) => open.push(format!(
                    "{words}, but {why}: restore the newest, or sign off"
                )),
                None => missed.push(words),
            }
        }
        None if r.is_continuous() => open.push(
            "to which moment a continuous backup was restored AWS Backup does not tell: restore a snapshot".into(),
        ),
        None => open.push(
            "how old its data was nobody tells, for its recovery point is gone: restore one that is there".into(),
        ),
    }
    match (missed.is_empty(), open.is_empty()) {
        (true, true) => found.good(store, &kept.join(", ")),
        (true, false) => {
            open.extend(kept);
            found.unknown(store, open.join("; "));
        }
        (false, _) => {
            missed.extend(kept.into_iter().chain(open));
            found.bad(store, missed.join("; "));
        }
    }
}

/// Two lengths of time that are not the same, in words that are not the same either.
fn apart(is: Duration, most: Duration) -> (String, String) {
    match (span(is), span(most)) {
        (a, b) if a == b => (format!("{is:?}"), format!("{most:?}")),
        told => told,
    }
}

/// That one can be restored does not say that the others can.
fn beside(look: &Look<'_>, drilled: &Drilled<'_>, mut judgement: Judgement) -> Judgement {
    let (estate, env) = (&look.facts.estate, &look.facts.environment);
    let others = estate.undrilled(drilled, env, look.now);
    if let Some(first) = others.first() {
        let words = match others.len() {
            1 => format!("; no drill of {first}"),
            n => format!("; no drill of {n} more stores, {first} among them"),
        };
        judgement.reason.push_str(&words);
        if let Some(good) = judgement.evidence.iter_mut().find(|e| e.ok) {
            good.answer.push_str(&words);
        }
    }
    judgement
}

fn ago(age: SignedDuration) -> String {
    match age.as_hours() {
        hours @ ..48 => format!("{} h ago", hours.max(0)),
        hours => format!("{} days ago", hours / 24),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use crate::domain::backup::{Backup, Points};
    use crate::domain::facts::Facts;
    use crate::domain::restore::Restore;
    use crate::plan::checklist::CriterionState::{self, Failing, Proved, Unknown};
    use crate::plan::probes::testing::{self, ago, judged};

    fn restore(store: &str, state: &str, validation: Option<&str>, hours: i64) -> Restore {
        Restore {
            store: Some(store.into()),
            state: state.into(),
            validation: validation.map(str::to_owned),
            validation_message: "12 tables of 12".into(),
            began_at: ago(hours + 1),
            ended_at: ago(hours),
            ..Restore::default()
        }
    }

    fn told(all: Vec<Restore>) -> (CriterionState, String) {
        let mut facts = Facts {
            environment: "production".into(),
            ..Facts::default()
        };
        facts.estate.restores = testing::part(Arc::new(all));
        let judged = judged("restore.drill", &facts);
        (judged.state, judged.reason)
    }

    #[test]
    fn a_restore_that_was_found_good_proves_and_the_newest_of_a_store_counts() {
        let good = |hours| restore("db", "COMPLETED", Some("SUCCESSFUL"), hours);
        let bad = |hours| restore("db", "COMPLETED", Some("FAILED"), hours);
        assert_eq!(told(vec![good(30)]).0, Proved);
        assert_eq!(told(vec![bad(90), good(30)]).0, Proved, "mended since");
        let (state, why) = told(vec![good(90), bad(72)]);
        assert_eq!(state, Failing);
        assert_eq!(
            why,
            "db: what was restored 3 days ago was not found good: 12 tables of 12"
        );
        let (state, why) = told(vec![good(30), restore("files", "FAILED", None, 5)]);
        assert_eq!(state, Failing);
        assert!(why.contains("files: the restore failed 5 h ago"), "{why}");
    }

    /// It would be the newest until that day comes, whatever is restored meanwhile, or is not.
    #[test]
    fn a_restore_that_is_dated_ahead_proves_nothing() {
        let good = |hours| restore("db", "COMPLETED", Some("SUCCESSFUL"), hours);
        let bad = restore("db", "COMPLETED", Some("FAILED"), 30);
        let (state, why) = told(vec![good(-48)]);
        assert_eq!(state, Unknown);
        let said = "db: its newest restore ended in 2d by the vendor's clock";
        assert!(why.starts_with(said), "{why}");
        assert_eq!(told(vec![good(-48), bad]).0, Failing);
    }

    #[test]
    fn without_a_check_without_restores_and_long_ago_it_takes_a_word() {
        let (state, why) = told(Vec::new());
        assert_eq!(state, Unknown);
        assert!(
            why.starts_with("AWS Backup restored nothing in the last 92 days"),
            "{why}"
        );
        let (state, why) = told(vec![restore("db", "COMPLETED", None, 5)]);
        assert_eq!(state, Unknown);
        assert!(why.contains("1 restore, and nobody checked"), "{why}");
        let old = restore("db", "COMPLETED", Some("SUCCESSFUL"), 93 * 24);
        assert_eq!(told(vec![old]).0, Unknown);
        let other = restore("laser-staging-db", "COMPLETED", Some("SUCCESSFUL"), 5);
        assert_eq!(told(vec![other]).0, Unknown, "another environment's");
        assert_eq!(judged("restore.drill", &Facts::default()).state, Unknown);
    }

    /// A restore of staging's database, named after nothing that anybody knows, proved and failed production's drill.
    #[test]
    fn a_restore_of_which_nobody_tells_what_it_is_of_proves_and_fails_nothing() {
        let unnamed = |validation: &str| Restore {
            store: None,
            point: "arn:aws:rds:r:1:snapshot:awsbackup:job-1".into(),
            ..restore("", "COMPLETED", Some(validation), 5)
        };
        for validation in ["SUCCESSFUL", "FAILED"] {
            let (state, why) = told(vec![unnamed(validation)]);
            assert_eq!(state, Unknown);
            assert!(
                why.starts_with("of its 1 restore AWS Backup does not tell what was restored"),
                "{why}"
            );
        }
        let known = |store: &str, validation: &str| {
            let mut facts = Facts {
                environment: "production".into(),
                ..Facts::default()
            };
            let point = Backup {
                store: store.into(),
                arn: unnamed("").point,
                ..Backup::default()
            };
            facts.estate.recovery_points = testing::part(Arc::new(Points {
                backups: vec![point],
                ..Points::default()
            }));
            facts.estate.restores = testing::part(Arc::new(vec![unnamed(validation)]));
            judged("restore.drill", &facts).state
        };
        assert_eq!(known("laser-prod-db", "SUCCESSFUL"), Proved);
        assert_eq!(known("laser-prod-db", "FAILED"), Failing);
        assert_eq!(known("laser-staging-db", "SUCCESSFUL"), Unknown);
        assert_eq!(known("laser-staging-db", "FAILED"), Unknown);
    }

    /// What comes of restores that took an hour each, of targets in hours.
    fn held(rto: Option<u64>, rpo: u64, all: Vec<Restore>) -> (CriterionState, String) {
        let hours = |n: u64| Duration::from_secs(3_600 * n);
        let mut facts = Facts {
            environment: "production".into(),
            rto: rto.map(hours),
            rpo: hours(rpo),
            ..Facts::default()
        };
        facts.estate.restores = testing::part(Arc::new(all));
        let judged = judged("restore.rto-rpo", &facts);
        let good = judged.evidence.iter().find(|e| e.ok);
        let said = good.map(|e| e.answer.clone());
        (judged.state, said.unwrap_or(judged.reason))
    }

    /// A restore that was found good and began 31 hours ago, from data of so many hours before.
    fn good(store: &str, hours: i64) -> Restore {
        Restore {
            taken_at: ago(31 + hours),
            ..restore(store, "COMPLETED", Some("SUCCESSFUL"), 30)
        }
    }

    #[test]
    fn both_targets_are_kept_or_the_one_that_is_missed_is_told_with_both_figures() {
        let (state, said) = held(Some(4), 26, vec![good("db", 3)]);
        assert_eq!(state, Proved, "{said}");
        assert_eq!(
            said,
            "1 of 1: db took 1h of 4h (RTO), from data 3h old when it began, of 26h (RPO)"
        );
        assert_eq!(held(Some(1), 3, vec![good("db", 3)]).0, Proved, "just so");
        let (state, why) = held(Some(4), 2, vec![good("db", 3)]);
        assert_eq!(state, Failing);
        assert_eq!(
            why,
            "db: from data 3h old when it began, more than the RPO of 2h; took 1h of 4h (RTO)"
        );
        let slow = Restore {
            began_at: ago(40),
            ..good("db", 12)
        };
        let (state, why) = held(Some(4), 26, vec![slow]);
        assert_eq!(state, Failing);
        assert_eq!(
            why,
            "db: took 10h, more than the RTO of 4h; from data 3h old when it began, of 26h (RPO)"
        );
        // One store that keeps them says nothing of another.
        let both = vec![good("db", 3), good("files", 40)];
        assert_eq!(held(Some(4), 26, both).0, Failing);
    }

    /// A restore testing plan picks one of the last weeks by chance: which one it took says nothing of what a disaster would lose.
    #[test]
    fn a_restore_of_an_older_point_than_there_was_measures_no_rpo() {
        let hours = |n: u64| Duration::from_secs(3_600 * n);
        let point = |store: &str, hours: i64| Backup {
            store: store.into(),
            arn: format!("arn:{store}:{hours}"),
            taken_at: ago(31 + hours),
            complete: true,
            ..Backup::default()
        };
        let judged = |by_plan: bool, points: Vec<Backup>, vaults_unread: usize| {
            let mut facts = Facts {
                environment: "production".into(),
                rto: Some(hours(4)),
                rpo: hours(26),
                ..Facts::default()
            };
            let drill = Restore {
                point: "arn:db:400".into(),
                by_plan,
                ..good("db", 400)
            };
            facts.estate.restores = testing::part(Arc::new(vec![drill]));
            facts.estate.recovery_points = testing::part(Arc::new(Points {
                backups: points,
                vaults_unread,
                ..Points::default()
            }));
            let judged = judged("restore.rto-rpo", &facts);
            (judged.state, judged.reason)
        };
        let own = || point("db", 400);
        for by_plan in [true, false] {
            let (state, why) = judged(by_plan, vec![own(), point("db", 3)], 0);
            assert_eq!(state, Unknown, "{why}");
            assert!(why.contains("of an older recovery point than there was"));
            // Older ones, those made while it went on or later, those that are not whole and those of another store are none.
            let others = vec![
                own(),
                point("db", 500),
                point("db", -1),
                point("files", 3),
                Backup {
                    complete: false,
                    ..point("db", 3)
                },
            ];
            let (state, why) = judged(by_plan, others, 0);
            assert_eq!(state, Failing, "{why}");
            assert!(why.contains("more than the RPO of 26h"), "{why}");
        }
        for (points, unread) in [(vec![], 0), (vec![point("db", 500)], 0), (vec![own()], 1)] {
            let (state, why) = judged(true, points.clone(), unread);
            assert_eq!(state, Unknown, "{why}");
            assert!(why.contains("a newer one nobody tells"), "{why}");
            assert_eq!(judged(false, points, unread).0, Failing, "by hand");
        }
    }

    #[test]
    fn two_lengths_that_are_not_the_same_are_not_told_alike() {
        let s = Duration::from_secs;
        let told = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        let hour = super::apart(s(3_630), s(3_600));
        assert_eq!(hour, told("3630s", "3600s"));
        assert_eq!(super::apart(s(7_200), s(3_600)), told("2h", "1h"));
    }

    #[test]
    fn without_a_drill_without_targets_and_where_nothing_was_measured_it_is_open() {
        let open = |rto, all: Vec<Restore>| {
            let (state, why) = held(rto, 26, all);
            assert_eq!(state, Unknown, "{why}");
            why
        };
        let why = open(Some(4), Vec::new());
        assert!(why.starts_with("AWS Backup restored nothing"), "{why}");
        assert!(!why.contains("RTO"), "{why}");
        let why = open(None, Vec::new());
        assert!(why.starts_with("AWS Backup restored nothing"), "{why}");
        assert!(why.ends_with("set rto in [backups]"), "{why}");
        let unchecked = restore("db", "COMPLETED", None, 5);
        let why = open(Some(4), vec![unchecked]);
        assert!(why.contains("nobody checked"), "{why}");
        let why = open(None, vec![good("db", 3)]);
        assert!(
            why.starts_with("db: took 1h, and no RTO is set to hold it against: set rto"),
            "{why}"
        );
        assert!(why.contains("3h old when it began"), "{why}");
        let gone = Restore {
            taken_at: None,
            ..good("db", 3)
        };
        let why = open(Some(4), vec![gone]);
        assert!(why.contains("its recovery point is gone"), "{why}");
        let continuous = Restore {
            point: "arn:aws:backup:r:1:recovery-point:continuous:db-1".into(),
            ..good("db", 300)
        };
        let why = open(Some(4), vec![continuous]);
        assert!(why.contains("restore a snapshot"), "{why}");
        // What was good before measures nothing of what is not any more.
        let bad = restore("db", "COMPLETED", Some("FAILED"), 5);
        let why = open(Some(4), vec![good("db", 3), bad]);
        assert!(why.contains("was not found good"), "{why}");
        let why = open(
            Some(4),
            vec![restore("db", "COMPLETED", Some("SUCCESSFUL"), -48)],
        );
        assert!(why.contains("one of the clocks is wrong"), "{why}");
        assert_eq!(judged("restore.rto-rpo", &Facts::default()).state, Unknown);
    }

    #[test]
    fn stores_without_a_drill_are_told_beside_those_that_had_one() {
        let mut facts = Facts {
            environment: "production".into(),
            ..Facts::default()
        };
        let backup = |store: &str| Backup {
            store: store.into(),
            arn: format!("arn:{store}"),
            ..Backup::default()
        };
        facts.estate.recovery_points = testing::part(Arc::new(Points {
            backups: ["db", "files", "orders"].map(backup).to_vec(),
            ..Points::default()
        }));
        let good = restore("db", "COMPLETED", Some("SUCCESSFUL"), 30);
        facts.estate.restores = testing::part(Arc::new(vec![good]));
        let judged = judged("restore.drill", &facts);
        let words = "; no drill of 2 more stores, files among them";
        assert_eq!(judged.state, Proved);
        assert!(judged.reason.ends_with(words), "{}", judged.reason);
        assert!(judged.evidence[0].answer.ends_with(words));
    }
}
