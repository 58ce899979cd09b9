//! Logs: a group for every service, kept for a stated time, lines that machines can read.

use super::judgement::{Findings, Judgement, Verdict};
use super::look::{Definitions, Look};
use super::{Probe, number};
use crate::domain::log::LogLine;
use crate::domain::service::TaskDefinition;

pub(super) const PROBES: &[Probe] = &[
    Probe {
        name: "logs.groups",
        question: "does every service log to a group that exists?",
        params: &[],
        judge: groups,
    },
    Probe {
        name: "logs.retention",
        question: "is a retention set on the log group of every service?",
        params: &[number("min_days", "0")],
        judge: retention,
    },
    Probe {
        name: "logs.structured",
        question: "are the lines JSON with a level and fields?",
        params: &[number("percent", "90")],
        judge: structured,
    },
];

/// Groups that a task definition's containers log to, without doubles.
fn groups_of(definition: &TaskDefinition) -> Vec<&str> {
    let mut names: Vec<&str> = definition
        .containers
        .iter()
        .filter_map(|c| c.log_group.as_deref())
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Judges the groups of each service: by name, with the group's retention where it exists.
fn per_group(
    look: &Look<'_>,
    judge: impl Fn(&str, Option<Option<u32>>) -> (bool, String),
) -> Verdict {
    let Definitions {
        rows,
        at,
        source: _,
    } = look.definitions()?;
    let seen = look.fresh(&look.facts.log_groups, "the log groups")?;
    let mut found = Findings::new("service", look.question(seen.source), at.min(seen.at));
    for (service, definition) in rows {
        let Some(d) = definition else {
            found.unknown(
                &service.id.name,
                format!("{} not read yet", service.revision),
            );
            continue;
        };
        let names = groups_of(d);
        if names.is_empty() {
            found.bad(&service.id.name, "no container logs to CloudWatch Logs");
            continue;
        }
        for name in names {
            let group = seen.value.iter().find(|g| g.name == name);
            let (ok, answer) = judge(name, group.map(|g| g.retention_days));
            found.check(ok, &service.id.name, &answer);
        }
    }
    Ok(found.verdict())
}

fn groups(look: &Look<'_>) -> Verdict {
    per_group(look, |name, group| match group {
        Some(_) => (true, name.to_owned()),
        None => (false, format!("{name} does not exist")),
    })
}

fn retention(look: &Look<'_>) -> Verdict {
    let least = look.number("min_days");
    per_group(look, |name, group| match group {
        None => (false, format!("{name} does not exist")),
        Some(None) => (false, format!("{name} keeps lines for ever")),
        Some(Some(days)) if f64::from(days) < least => {
            (false, format!("{name} keeps {days} days, wanted {least}"))
        }
        Some(Some(days)) => (true, format!("{days} days")),
    })
}

fn is_structured(line: &LogLine) -> bool {
    line.level.is_some() && line.raw.trim_start().starts_with('{')
}

fn structured(look: &Look<'_>) -> Verdict {
    let least = look.number("percent");
    let mut found = Findings::new(
        "log group",
        look.question("logs:FilterLogEvents"),
        look.facts.taken_at,
    );
    let mut waits = None;
    for (name, part) in &look.facts.log_samples {
        let seen = match look.fresh(part, "a sample of the lines") {
            Ok(seen) => seen,
            Err(why) => {
                waits = Some(why);
                continue;
            }
        };
        let all = seen.value.len();
        if all == 0 {
            found.unknown(name, "no line lately");
            continue;
        }
        let good = seen.value.iter().filter(|l| is_structured(l)).count();
        let share = good as f64 * 100.0 / all as f64;
        found.check(share >= least, name, &format!("{good} of {all} lines"));
    }
    match (look.facts.log_samples.is_empty(), waits) {
        (true, _) => Err(Judgement::unknown("no sample of the lines was read yet")),
        (false, Some(why)) => Err(why),
        (false, None) => Ok(found.verdict()),
    }
}
