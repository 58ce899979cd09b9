//! Logs: a group for every service, kept for a stated time, lines that machines can read.

use std::collections::BTreeMap;

use super::judgement::{Findings, Judgement, Verdict};
use super::look::{Defined, Definitions, Look};
use super::{Probe, number};
use crate::domain::service::{Service, TaskDefinition};
use crate::plan::needs;

pub(super) const PROBES: &[Probe] = &[
    Probe {
        name: "logs.groups",
        question: "does every container that a service needs log to a group that exists?",
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

/// Containers that a task stops with whose lines go to no group of CloudWatch Logs.
#[derive(Default)]
struct Astray<'a> {
    /// Without anywhere, and the application's: the one behind the balancer, or all that there are.
    nowhere: Vec<&'a str>,
    /// Without anywhere, beside others that log: a sidecar may have nothing to say, and `essential` is what ECS takes where nobody says.
    beside: Vec<&'a str>,
    /// To another driver, in words.
    elsewhere: Vec<String>,
}

impl<'a> Astray<'a> {
    fn of(service: &Service, definition: &'a TaskDefinition) -> Self {
        let all = &definition.containers;
        // One of them is essential; where nobody tells which, each may be.
        let untold = !all.iter().any(|c| c.essential);
        let mut astray = Self::default();
        let mut logs = false;
        for c in all.iter().filter(|c| untold || c.essential) {
            match (c.log_group.as_deref(), c.log_driver.as_deref()) {
                (Some(_), _) => logs = true,
                (None, None | Some("awslogs" | "none")) => {
                    let mut bound = service.load_balancers.iter();
                    match bound.any(|b| b.container == c.name) {
                        true => astray.nowhere.push(&c.name),
                        false => astray.beside.push(&c.name),
                    }
                }
                (None, Some(driver)) => {
                    astray
                        .elsewhere
                        .push(format!("{} logs by {driver}", c.name));
                }
            }
        }
        if !logs && astray.elsewhere.is_empty() {
            astray.nowhere.append(&mut astray.beside);
        }
        astray
    }

    /// Says of a service what is astray, and of each word whether it is of the revision that it is set to.
    fn tell(&self, found: &mut Findings, name: &str, said: impl Fn(&str) -> String) {
        if !self.nowhere.is_empty() {
            let names = self.nowhere.join(", ");
            found.bad(name, said(&format!("no log group for container {names}")));
        }
        if !self.beside.is_empty() {
            let names = self.beside.join(", ");
            let why = format!(
                "no log group for container {names}: whether it has anything to say is not told"
            );
            found.unknown(name, said(&why));
        }
        if let Some(why) = self.untold() {
            found.unknown(name, said(&why));
        }
    }

    /// Why nobody knows where lines arrive.
    fn untold(&self) -> Option<String> {
        let names = self.elsewhere.join(", ");
        (!names.is_empty()).then(|| format!("{names}: where those lines arrive is not looked up"))
    }
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
        Astray::of(row.service, d).tell(&mut found, service, |why| row.said(why));
        for name in groups_of(d) {
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
    for row in &definitions.rows {
        if let Some(d) = row.definition {
            let name = look.name(&row.service.id);
            Astray::of(row.service, d).tell(&mut found, &name, |why| row.said(why));
        }
    }
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
    use crate::domain::service::{ContainerSpec, LoadBalancerBinding};
    use crate::plan::checklist::CriterionState::{Failing, Proved, Unknown};
    use crate::plan::probes::testing::{judged, now, part, running, services_logging};

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

    /// A sidecar that logs is not the application.
    #[test]
    fn each_container_that_a_task_stops_with_logs_to_a_group_of_its_own() {
        let container = |name: &str, driver: Option<&str>| ContainerSpec {
            name: name.into(),
            essential: true,
            log_driver: driver.map(Into::into),
            log_group: driver
                .filter(|d| *d == "awslogs")
                .map(|_| "/ecs/api".into()),
            ..ContainerSpec::default()
        };
        let bound = |to: Option<&str>, all: Vec<ContainerSpec>| {
            let mut facts = running(all);
            if let Some(to) = to {
                let mut service = (*facts.service_rows()[0]).clone();
                service.load_balancers.push(LoadBalancerBinding {
                    target_group_arn: "arn:aws:elasticloadbalancing:home:1:targetgroup/api/1"
                        .into(),
                    alternate_target_group_arn: None,
                    container: to.into(),
                    port: 8080,
                });
                facts.services = part(Arc::new(vec![Arc::new(service)]));
            }
            facts.log_groups = part(Arc::new(vec![LogGroup {
                name: "/ecs/api".into(),
                retention_days: Some(30),
                stored_bytes: 0,
                created_at: None,
            }]));
            let sample = part(LineSample {
                lines: 1,
                structured: 1,
            });
            facts.log_samples.insert("/ecs/api".into(), sample);
            ["logs.groups", "logs.retention", "logs.structured"].map(|call| judged(call, &facts))
        };
        let judge = |all: Vec<ContainerSpec>| bound(None, all);
        let logs = Some("awslogs");
        let both = judge(vec![container("app", logs), container("envoy", logs)]);
        assert_eq!(both.map(|j| j.state), [Proved; 3]);
        let lost = || vec![container("app", None), container("envoy", logs)];
        // A sidecar's lines are not those of the application.
        for got in bound(Some("app"), lost()) {
            assert_eq!(got.state, Failing);
            assert_eq!(got.reason, "api: no log group for container app");
        }
        for got in judge(vec![container("app", None), container("envoy", None)]) {
            assert_eq!(got.state, Failing);
            assert_eq!(got.reason, "api: no log group for container app, envoy");
        }
        // Which of the two is the application nobody tells; a sidecar may have nothing to say.
        let sidecar = || vec![container("app", logs), container("x-ray-daemon", None)];
        let open = [
            judge(lost()),
            judge(sidecar()),
            bound(Some("app"), sidecar()),
        ];
        for got in open.iter().flatten() {
            assert_eq!(got.state, Unknown, "{}", got.reason);
            assert!(got.reason.contains("no log group for"), "{}", got.reason);
        }
        let helper = ContainerSpec {
            essential: false,
            ..container("helper", None)
        };
        let beside = judge(vec![container("app", logs), helper]);
        assert_eq!(beside.map(|j| j.state), [Proved; 3]);
        // The plan says CloudWatch or ELK.
        for got in judge(vec![
            container("app", Some("awsfirelens")),
            container("router", logs),
        ]) {
            assert_eq!(got.state, Unknown, "{}", got.reason);
            assert!(
                got.reason.contains("app logs by awsfirelens"),
                "{}",
                got.reason
            );
        }
    }

    /// What dev's worker writes was a fault of production's logs.
    #[test]
    fn services_of_other_environments_are_left_out_and_named() {
        let mut facts = services_logging(&[name(0)]);
        facts.environment = "production".into();
        let mut rows = facts.service_rows().to_vec();
        let mut theirs = (*rows[0]).clone();
        theirs.id.cluster = "shop-dev".into();
        theirs.revision.number = 99;
        rows.push(Arc::new(theirs));
        facts.services = part(Arc::new(rows.clone()));
        facts.log_groups = part(Arc::new(vec![LogGroup {
            name: name(0),
            retention_days: Some(30),
            stored_bytes: 0,
            created_at: None,
        }]));
        let got = judged("logs.groups", &facts);
        assert_eq!(got.state, Proved, "{}", got.reason);
        let said = &got.evidence[0].answer;
        assert!(said.ends_with("; left out: shop-dev/api"), "{said}");
        facts.services = part(Arc::new(rows.split_off(1)));
        let none = judged("logs.groups", &facts);
        assert_eq!(none.state, Unknown);
        assert!(none.reason.contains("shop-dev/api"), "{}", none.reason);
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
