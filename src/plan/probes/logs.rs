//! Logs: a group for every service, kept for a stated time, lines that machines can read.

use std::collections::BTreeMap;

use super::judgement::{Findings, Judgement, Verdict};
use super::look::{Defined, Definitions, Look};
use super::{Probe, number};
use crate::domain::service::TaskDefinition;
use crate::plan::needs;

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
fn per_group(look: &Look<'_>, judge: impl Fn(&str, Option<u32>) -> (bool, String)) -> Verdict {
    let Definitions {
        rows,
        at,
        source: _,
    } = look.definitions()?;
    let seen = look.fresh(&look.facts.log_groups, "the log groups")?;
    let mut found = Findings::new("service", look.question(seen.source), at.min(seen.at));
    for row in rows {
        let service = &look.name(&row.service.id);
        let Some(d) = row.definition else {
            found.unknown(service, row.unread());
            continue;
        };
        let names = groups_of(d);
        if names.is_empty() {
            found.bad(service, row.said("no container logs to CloudWatch Logs"));
            continue;
        }
        for name in names {
            let group = seen.value.iter().find(|g| g.name == name);
            match (group, look.facts.log_groups.cut) {
                (Some(g), _) => {
                    let (ok, answer) = judge(name, g.retention_days);
                    found.check(ok, service, &row.said(&answer));
                }
                (None, false) => {
                    found.bad(service, row.said(&format!("{name} does not exist")));
                }
                (None, true) => found.unknown(
                    service,
                    format!(
                        "{name} is not among the {} groups read, and there are more",
                        seen.value.len()
                    ),
                ),
            }
        }
    }
    Ok(found.verdict())
}

fn groups(look: &Look<'_>) -> Verdict {
    per_group(look, |name, _| (true, name.to_owned()))
}

fn retention(look: &Look<'_>) -> Verdict {
    let least = look.number("min_days");
    per_group(look, |name, days| match days {
        None => (false, format!("{name} keeps lines for ever")),
        Some(days) if f64::from(days) < least => {
            (false, format!("{name} keeps {days} days, wanted {least}"))
        }
        Some(days) => (true, format!("{days} days")),
    })
}

/// Every group that a service logs to is to be looked at: those of which nothing was read are not known.
fn structured(look: &Look<'_>) -> Verdict {
    let least = look.number("percent");
    let definitions = look.definitions()?;
    let samples = &look.facts.log_samples;
    if samples.is_empty() {
        return Err(Judgement::unknown("no sample of the lines was read yet"));
    }
    let oldest = samples.values().filter_map(|part| part.observed_at).min();
    let mut found = Findings::new(
        "log group",
        look.question("logs:FilterLogEvents"),
        oldest.unwrap_or(look.facts.taken_at).min(definitions.at),
    );
    let mut replaced: BTreeMap<&str, &Defined<'_>> = BTreeMap::new();
    for row in definitions.rows.iter().filter(|r| !r.unread().is_empty()) {
        match row.definition {
            Some(d) => replaced.extend(groups_of(d).into_iter().map(|name| (name, row))),
            None => found.unknown(look.name(&row.service.id), row.unread()),
        }
    }
    for (n, name) in needs::log_groups(look.facts).iter().enumerate() {
        let Some(part) = samples.get(name) else {
            let why = match n < needs::SAMPLES {
                true => format!(
                    "no sample of its lines was read yet: {} groups have their turn every few minutes",
                    needs::SAMPLES_A_ROUND
                ),
                false => format!("lines of {} groups are read at most", needs::SAMPLES),
            };
            found.unknown(name, why);
            continue;
        };
        let seen = match look.fresh(part, "a sample of the lines") {
            Ok(seen) => seen,
            Err(why) => {
                found.unknown(name, why.reason);
                continue;
            }
        };
        let (all, good) = (seen.value.lines, seen.value.structured);
        if all == 0 {
            found.unknown(name, "no line lately");
            continue;
        }
        let share = good as f64 * 100.0 / all as f64;
        let answer = format!("{good} of {all} lines");
        let said = replaced.get(name.as_str()).map(|row| row.said(&answer));
        found.check(share >= least, name, &said.unwrap_or(answer));
    }
    Ok(found.verdict())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::SignedDuration;

    use super::*;
    use crate::domain::facts::Facts;
    use crate::domain::log::{LineSample, LogGroup};
    use crate::plan::checklist::CriterionState::{Failing, Proved, Unknown};
    use crate::plan::probes::testing::{judged, now, part, services_logging};

    fn name(n: usize) -> String {
        format!("/ecs/group-{n:05}")
    }

    fn sampled(most: usize, groups: usize) -> Facts {
        let mut facts = services_logging(&(0..groups).map(name).collect::<Vec<_>>());
        for n in 0..most {
            let mut sample = part(LineSample {
                lines: 1,
                structured: 1,
            });
            let early = SignedDuration::from_secs(n.min(60) as i64);
            sample.observed_at = Some(now() - early);
            facts.log_samples.insert(name(n), sample);
        }
        facts
    }

    #[test]
    fn groups_that_were_not_sampled_are_not_known_and_the_oldest_sample_dates_the_rest() {
        let call = "logs.structured";
        let all = judged(call, &sampled(5, 5));
        assert_eq!(all.state, Proved, "{}", all.reason);
        assert_eq!(all.evidence[0].at, now() - SignedDuration::from_secs(4));
        let beyond = judged(call, &sampled(needs::SAMPLES, needs::SAMPLES + 1));
        assert_eq!(beyond.state, Unknown);
        assert!(
            beyond.reason.contains("groups are read at most"),
            "{}",
            beyond.reason
        );
        let mut plain = sampled(5, 6);
        let sample = plain.log_samples.get_mut(&name(0)).unwrap();
        sample.value = Some(LineSample {
            lines: 1,
            structured: 0,
        });
        assert_eq!(
            judged(call, &plain).state,
            Failing,
            "what waits hides no fault"
        );
    }

    #[test]
    fn a_group_that_a_cut_list_lacks_may_exist() {
        let mut facts = services_logging(&[name(0)]);
        let listed = |name: String| {
            let group = LogGroup {
                name,
                retention_days: Some(30),
                stored_bytes: 0,
                created_at: None,
            };
            part(Arc::new(vec![group]))
        };
        for call in ["logs.groups", "logs.retention"] {
            facts.log_groups = listed(name(0));
            assert_eq!(judged(call, &facts).state, Proved);
            facts.log_groups = listed(name(1));
            assert_eq!(judged(call, &facts).state, Failing);
            facts.log_groups.cut = true;
            assert_eq!(judged(call, &facts).state, Unknown);
        }
    }
}
