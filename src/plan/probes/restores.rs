//! Restores: that what is backed up can be restored, by what AWS Backup tells of those that were carried out.

use jiff::{SignedDuration, Timestamp};

use super::judgement::{Findings, Judgement, Verdict};
use super::look::Look;
use super::{Probe, number};
use crate::domain::restore::Restore;
use crate::domain::stores::is_ours;

pub(super) const PROBES: &[Probe] = &[Probe {
    name: "restore.drill",
    question: "was a restore carried out lately, and what came of it found good?",
    params: &[number("days", "92")],
    judge: drill,
}];

/// What the newest restore of each store that says anything comes to. One that nobody checked says nothing, and a drill outside of AWS
/// Backup leaves nothing here: then it takes the word of whoever held it.
fn drill(look: &Look<'_>) -> Verdict {
    let seen = look.fresh(&look.facts.estate.restores, "the restores")?;
    let days = look.number("days");
    let since = SignedDuration::try_from_secs_f64(days * 86_400.0).unwrap_or_default();
    let since = look.now.checked_sub(since).unwrap_or(Timestamp::MIN);
    let env = &look.facts.environment;
    let ours: Vec<&Restore> = (seen.value.iter())
        .filter(|r| when(r).is_some_and(|at| at >= since))
        .filter(|r| is_ours(None, &r.store, env))
        .collect();
    let mut telling: Vec<&Restore> = ours
        .iter()
        .copied()
        .filter(|r| r.proves().is_some())
        .collect();
    if telling.is_empty() {
        let done = ours.iter().filter(|r| r.state == "COMPLETED").count();
        let known = match done {
            0 => format!("AWS Backup restored nothing in the last {days:.0} days"),
            1 => "AWS Backup completed 1 restore, and nobody checked what came of it".into(),
            n => format!("AWS Backup completed {n} restores, and nobody checked what came of them"),
        };
        return Err(Judgement::unknown(format!(
            "{known}: a restore testing plan does both; after a drill of another kind, sign off"
        )));
    }
    telling.sort_by_key(|r| (r.store.clone(), std::cmp::Reverse(when(r))));
    telling.dedup_by(|a, b| a.store == b.store);
    let mut found = Findings::new("store", look.question(seen.source), seen.at);
    for r in telling {
        let age = when(r).map_or_else(String::new, |at| ago(look.now.duration_since(at)));
        let why = [&r.validation_message, &r.message];
        let why = why.into_iter().find(|w| !w.is_empty());
        let why = why.map(|w| format!(": {w}")).unwrap_or_default();
        match (r.proves(), r.state.as_str()) {
            (Some(true), _) => found.good(&r.store, &format!("restored and found good {age}")),
            (_, "FAILED") => found.bad(&r.store, format!("the restore failed {age}{why}")),
            _ => found.bad(
                &r.store,
                format!("what was restored {age} was not found good{why}"),
            ),
        }
    }
    Ok(found.verdict())
}

fn when(r: &Restore) -> Option<Timestamp> {
    r.ended_at.or(r.began_at)
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

    use super::*;
    use crate::domain::facts::Facts;
    use crate::plan::checklist::CriterionState::{self, Failing, Proved, Unknown};
    use crate::plan::probes::testing::{self, ago, judged};

    fn restore(store: &str, state: &str, validation: Option<&str>, hours: i64) -> Restore {
        Restore {
            store: store.into(),
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
}
