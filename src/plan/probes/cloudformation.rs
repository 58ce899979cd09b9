//! CloudFormation: stacks are complete, and nothing differs from its template.

use std::time::Duration;

use super::judgement::{Findings, Verdict};
use super::look::{Look, span, within};
use super::{Probe, number};
use crate::domain::stack::StackHealth;

pub(super) const PROBES: &[Probe] = &[
    Probe {
        name: "cloudformation.complete",
        question: "was the last work on every stack done?",
        params: &[],
        judge: complete,
    },
    Probe {
        name: "cloudformation.no-drift",
        question: "was everything as its template says, when it was last looked for?",
        params: &[number("days", "30")],
        judge: no_drift,
    },
];

fn complete(look: &Look<'_>) -> Verdict {
    look.configured("cloudformation")?;
    let seen = look.fresh(&look.facts.estate.stacks, "the stacks")?;
    let mut found = Findings::new("stack", look.question(seen.source), seen.at);
    for s in seen.value.iter() {
        let words = s
            .reason
            .as_ref()
            .map_or_else(|| s.status.clone(), |r| format!("{}: {r}", s.status));
        match s.health {
            StackHealth::Complete => found.good(&s.name, &s.status),
            // It holds nothing that could be incomplete.
            StackHealth::Planned => {}
            StackHealth::Moving => found.unknown(&s.name, format!("{}: not done yet", s.status)),
            StackHealth::TurnedBack | StackHealth::Failed => found.bad(&s.name, words),
        }
    }
    Ok(found.verdict())
}

fn no_drift(look: &Look<'_>) -> Verdict {
    look.configured("cloudformation")?;
    let seen = look.fresh(&look.facts.estate.stacks, "the stacks")?;
    let days = look.number("days");
    let mut found = Findings::new("stack", look.question(seen.source), seen.at);
    for s in seen.value.iter() {
        let age = s.drift_checked_at.map(|at| look.now.duration_since(at));
        let age = age
            .and_then(|d| Duration::try_from(d).ok())
            .map_or_else(|| "?".into(), span);
        let lately = s
            .drift_checked_at
            .is_some_and(|at| within(at, look.now, days));
        match s.drift.as_str() {
            "DRIFTED" => {
                let mut what: Vec<String> = s
                    .drifts
                    .iter()
                    .map(|d| format!("{}{}", d.logical, d.property))
                    .collect();
                what.dedup();
                let what = if what.is_empty() {
                    "drifted".into()
                } else {
                    super::judgement::list(&what, 3)
                };
                found.bad(&s.name, format!("{what} ({age} ago)"));
            }
            "IN_SYNC" if lately => found.good(&s.name, &format!("looked at {age} ago")),
            "IN_SYNC" => found.unknown(
                &s.name,
                format!("last looked at {age} ago, more than {days} days"),
            ),
            _ => found.unknown(
                &s.name,
                format!(
                    "never looked at: aws cloudformation detect-stack-drift --stack-name {}",
                    s.name
                ),
            ),
        }
    }
    Ok(found.verdict())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::facts::Facts;
    use crate::domain::stack::{Drift, Stack};
    use crate::plan::checklist::CriterionState::{Failing, Proved, Unknown};
    use crate::plan::probes::testing::{self, ago, judged};

    fn facts(status: &str, drift: &str, checked_hours_ago: Option<i64>) -> Facts {
        let mut facts = Facts::default();
        facts.estate.stacks = testing::part(Arc::new(vec![Stack {
            name: "network".into(),
            id: "arn".into(),
            status: status.into(),
            reason: (status.contains("ROLLBACK")).then(|| "quota".into()),
            health: StackHealth::of(status),
            description: String::new(),
            created_at: None,
            updated_at: None,
            drift: drift.into(),
            drift_checked_at: checked_hours_ago.and_then(ago),
            protected: true,
            resources: Vec::new(),
            events: Vec::new(),
            drifts: (drift == "DRIFTED")
                .then(|| Drift {
                    logical: "Group".into(),
                    physical: "sg-1".into(),
                    kind: "AWS::EC2::SecurityGroup".into(),
                    status: "MODIFIED".into(),
                    property: "/Ingress".into(),
                    expected: "1".into(),
                    actual: "2".into(),
                })
                .into_iter()
                .collect(),
            change_sets: Vec::new(),
            missing: Vec::new(),
        }]));
        facts
    }

    #[test]
    fn work_that_is_done_is_complete_and_work_under_way_is_not_known() {
        let state = |status| judged("cloudformation.complete", &facts(status, "", None)).state;
        assert_eq!(state("UPDATE_COMPLETE"), Proved);
        assert_eq!(state("UPDATE_IN_PROGRESS"), Unknown);
        assert_eq!(state("CREATE_FAILED"), Failing);
        let back = facts("UPDATE_ROLLBACK_COMPLETE", "", None);
        let got = judged("cloudformation.complete", &back);
        assert_eq!(got.state, Failing);
        assert_eq!(got.reason, "network: UPDATE_ROLLBACK_COMPLETE: quota");
        let nothing = Facts::default();
        assert_eq!(judged("cloudformation.complete", &nothing).state, Unknown);
    }

    #[test]
    fn drift_is_told_for_as_long_as_somebody_looked_lately() {
        let call = "cloudformation.no-drift";
        let at = |drift, hours| judged(call, &facts("UPDATE_COMPLETE", drift, hours));
        assert_eq!(at("IN_SYNC", Some(24)).state, Proved);
        assert_eq!(at("IN_SYNC", Some(24 * 31)).state, Unknown);
        assert_eq!(at("NOT_CHECKED", None).state, Unknown);
        let got = at("DRIFTED", Some(24 * 31));
        assert_eq!(got.state, Failing);
        assert!(got.reason.contains("Group/Ingress"), "{}", got.reason);
        assert_eq!(judged(call, &Facts::default()).state, Unknown);
    }
}
