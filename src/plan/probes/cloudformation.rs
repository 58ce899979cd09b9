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
