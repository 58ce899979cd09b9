//! Restores: that what is backed up can be restored, by what AWS Backup tells of those that were carried out.

use jiff::{SignedDuration, Timestamp};

use super::judgement::{Findings, Judgement, Verdict};
use super::look::Look;
use super::{Probe, number};
use crate::domain::skew;

pub(super) const PROBES: &[Probe] = &[Probe {
    name: "restore.drill",
    question: "was a restore carried out lately, and what came of it found good?",
    params: &[number("days", "92")],
    judge: drill,
}];

/// What the newest restore of each store that says anything comes to. One that nobody checked says nothing, nor does one of which nobody
/// tells what it is of; and a drill outside of AWS Backup leaves nothing here: then it takes the word of whoever held it.
fn drill(look: &Look<'_>) -> Verdict {
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
    let mut judgement = found.verdict();
    // That one can be restored does not say that the others can.
    let others = estate.undrilled(&drilled, env, look.now);
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
    Ok(judgement)
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
