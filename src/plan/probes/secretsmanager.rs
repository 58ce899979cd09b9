//! Secrets Manager: secrets rotate, or were renewed lately.

use super::judgement::{Findings, Verdict, list};
use super::look::{Look, span, within};
use super::{Probe, number};
use crate::domain::secret::{Secret, named_by};
use crate::domain::skew;
use crate::domain::stores::is_ours;

pub(super) const PROBES: &[Probe] = &[
    Probe {
        name: "secretsmanager.referenced",
        question: "does every secret that a service names exist?",
        params: &[],
        judge: referenced,
    },
    Probe {
        name: "secretsmanager.rotation",
        question: "does every secret of this environment rotate, or was it renewed lately?",
        params: &[number("days", "180")],
        judge: rotation,
    },
];

fn referenced(look: &Look<'_>) -> Verdict {
    let definitions = look.definitions()?;
    let seen = look.fresh(&look.facts.estate.secrets, "the secrets")?;
    let mut found = Findings::new("service", look.question(seen.source), seen.at);
    for row in definitions.rows {
        let name = &look.name(&row.service.id);
        let Some(d) = row.definition else {
            found.unknown(name, row.unread());
            continue;
        };
        let references = || d.containers.iter().flat_map(|c| &c.secrets);
        let missing: Vec<String> = references()
            .filter(|(_, from)| named_by(from).is_some() && !seen.value.iter().any(|s| s.is(from)))
            .map(|(variable, from)| {
                format!("{variable} from {}", named_by(from).unwrap_or_default())
            })
            .collect();
        let elsewhere: Vec<String> = references()
            .filter(|(_, from)| named_by(from).is_none())
            .map(|(variable, _)| variable.clone())
            .collect();
        match (missing.is_empty(), elsewhere.is_empty()) {
            (true, true) => found.good(name, &row.said(&format!("{} named", references().count()))),
            // A parameter of Systems Manager, say: nobody here knows whether it exists.
            (true, false) => {
                let answer = format!(
                    "not from Secrets Manager, so not looked up: {}",
                    list(&elsewhere, 3)
                );
                found.unknown(name, row.said(&answer));
            }
            (false, _) => {
                let answer = format!("no such secret: {}", list(&missing, 3));
                found.bad(name, row.said(&answer));
            }
        }
    }
    Ok(found.verdict())
}

fn rotation(look: &Look<'_>) -> Verdict {
    let seen = look.fresh(&look.facts.estate.secrets, "the secrets")?;
    let days = look.number("days");
    let mut found = Findings::new("secret", look.question(seen.source), seen.at);
    let ours = |s: &&Secret| is_ours(None, &s.name, &look.facts.environment);
    let (rows, others): (Vec<_>, Vec<_>) = seen.value.iter().partition(ours);
    look.leave_out(others.iter().map(|s| s.name.clone()));
    for s in rows {
        let fresh = s.fresh_at();
        if let Some(doubt) = skew::doubt("was renewed", fresh, look.now) {
            found.unknown(&s.name, doubt);
            continue;
        }
        let age = fresh.map(|at| look.now.duration_since(at));
        let age = age
            .and_then(|d| std::time::Duration::try_from(d).ok())
            .map(span);
        let age = age.unwrap_or_else(|| "at a time unknown".into());
        let lately = fresh.is_some_and(|at| within(at, look.now, days));
        match (s.rotates, s.rotates_in_time(look.now), lately) {
            (true, Some(true), _) => found.good(&s.name, "rotates"),
            (true, Some(false), _) => found.bad(
                &s.name,
                format!("its rotation is overdue, last renewed {age} ago"),
            ),
            (_, _, true) => found.good(&s.name, &format!("renewed {age} ago")),
            (true, None, false) => found.bad(
                &s.name,
                format!("is to rotate, and no date tells that it does; last renewed {age} ago"),
            ),
            (false, _, false) => {
                found.bad(&s.name, format!("never rotates, last renewed {age} ago"))
            }
        }
    }
    Ok(found.verdict())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::domain::facts::Facts;
    use crate::domain::secret::Secret;
    use crate::domain::service::ContainerSpec;
    use crate::domain::told::Told;
    use crate::plan::checklist::CriterionState::{Failing, Proved, Unknown};
    use crate::plan::probes::testing::{self, ago, judged};

    /// A secret that rotates monthly, and last did so many days ago.
    fn secret(rotated_days: Option<i64>, next_days: Option<i64>) -> Secret {
        let day = |days: i64| ago(days * 24);
        Secret {
            name: "db".into(),
            arn: "arn".into(),
            description: String::new(),
            created_at: day(900),
            changed_at: rotated_days.and_then(day),
            rotated_at: rotated_days.and_then(day),
            next_rotation_at: next_days.and_then(|d| day(-d)),
            rotates: true,
            rotation_days: Some(30),
            guests: Told::Unset,
        }
    }

    #[test]
    fn what_another_environment_does_not_renew_is_no_fault_of_this_one() {
        let mut theirs = secret(None, None);
        theirs.name = "laser/staging/db".into();
        let mut facts = Facts {
            environment: "production".into(),
            ..Facts::default()
        };
        let both = vec![secret(Some(12), Some(18)), theirs];
        facts.estate.secrets = testing::part(Arc::new(both));
        let got = judged("secretsmanager.rotation", &facts);
        assert_eq!(got.state, Proved, "{got:?}");
        let said = &got.evidence[0].answer;
        assert!(said.ends_with("; left out: laser/staging/db"), "{said}");
    }

    #[test]
    fn a_parameter_that_nobody_looked_up_is_not_said_to_exist() {
        let naming = |from: &str| {
            let mut facts = testing::running(vec![ContainerSpec {
                secrets: vec![("DATABASE_URL".into(), from.into())],
                ..ContainerSpec::default()
            }]);
            let mut known = secret(Some(1), Some(20));
            known.arn = "arn:aws:secretsmanager:home:1:secret:db-AbCdEf".into();
            facts.estate.secrets = testing::part(Arc::new(vec![known]));
            judged("secretsmanager.referenced", &facts)
        };
        let own = naming("arn:aws:secretsmanager:home:1:secret:db-AbCdEf");
        assert_eq!(own.state, Proved, "{own:?}");
        let parameter = naming("/prod/db-ulr");
        assert_eq!(parameter.state, Unknown, "{parameter:?}");
        assert!(parameter.reason.contains("DATABASE_URL"), "{parameter:?}");
        let gone = naming("arn:aws:secretsmanager:home:1:secret:other-AbCdEf");
        assert_eq!(gone.state, Failing, "{gone:?}");
    }

    #[test]
    fn a_rotation_that_is_switched_on_and_fails_is_none() {
        let state = |s: &Secret| {
            let mut facts = Facts::default();
            facts.estate.secrets = testing::part(Arc::new(vec![s.clone()]));
            judged("secretsmanager.rotation", &facts).state
        };
        assert_eq!(state(&secret(Some(12), Some(18))), Proved);
        assert_eq!(state(&secret(Some(30), None)), Proved, "within the slack");
        assert_eq!(state(&secret(Some(500), Some(-470))), Failing, "overdue");
        assert_eq!(
            state(&secret(Some(40), Some(-10))),
            Failing,
            "overdue, though renewed lately"
        );
        assert_eq!(
            state(&secret(None, Some(5))),
            Proved,
            "the first is to come"
        );
        assert_eq!(state(&secret(None, None)), Failing, "never rotated");
        let ahead = state(&secret(Some(-300), Some(330)));
        assert_eq!(ahead, Unknown, "dated ahead: one of the clocks is wrong");
        let mut by_schedule = secret(Some(500), None);
        by_schedule.rotation_days = None;
        assert_eq!(state(&by_schedule), Failing, "nothing tells that it works");
        let by_hand = |days: i64| {
            let mut s = secret(None, None);
            (s.rotates, s.changed_at) = (false, ago(days * 24));
            s
        };
        assert_eq!(state(&by_hand(100)), Proved);
        assert_eq!(state(&by_hand(200)), Failing);
    }
}
