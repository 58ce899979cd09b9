//! Which log groups are read: those that were picked, those of a service, or those of all services.

use crate::domain::environment::Env;
use crate::domain::facts::Facts;
use crate::domain::log::LogGroup;
use crate::domain::metric::Unit;
use crate::domain::problem::Problem;
use crate::domain::service::{Service, ServiceId};
use crate::ui::overlays::picker::{Choice, Choices};

/// Groups that are tailed at once while nobody has chosen any.
const USUAL_AT_MOST: usize = 5;

/// What somebody wants to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Source {
    /// The groups of all services, those of the environment that is looked at first.
    #[default]
    Usual,
    /// The groups of one service.
    Service(ServiceId),
    /// These.
    Groups(Vec<String>),
}

/// What a [`Source`] means at present: groups, and what to say about them (why there are none, that there are more; what went
/// wrong where they could not be found out).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Resolved {
    pub groups: Vec<String>,
    pub note: String,
    pub problem: Option<Problem>,
}

/// Why the groups of services are not known yet, if that is because nobody can be asked.
fn problem(facts: &Facts) -> Option<Problem> {
    let services = &facts.services;
    let missing = services.error.as_ref().filter(|_| services.value.is_none());
    missing.or(facts.task_definitions.error.as_ref()).cloned()
}

fn of_service(facts: &Facts, service: &Service) -> Vec<String> {
    let mut groups: Vec<String> = facts
        .task_definition(service)
        .into_iter()
        .flat_map(|d| d.containers.iter().filter_map(|c| c.log_group.clone()))
        .collect();
    groups.sort();
    groups.dedup();
    groups
}

impl Source {
    /// The groups that it means.
    pub fn resolve(&self, facts: &Facts) -> Resolved {
        let (groups, note) = match self {
            Self::Groups(names) => (names.clone(), String::new()),
            Self::Service(id) => match facts.service(id) {
                None if facts.services.value.is_none() => (Vec::new(), "asking ...".into()),
                None => (Vec::new(), format!("there is no service {id} (any more)")),
                Some(service) => {
                    let groups = of_service(facts, service);
                    let revision = &service.revision;
                    let note = match facts.task_definition(service) {
                        _ if !groups.is_empty() => String::new(),
                        None => format!("asking for task definition {revision} ..."),
                        Some(_) => format!(
                            "no container of {revision} writes to CloudWatch Logs (log driver awslogs)"
                        ),
                    };
                    (groups, note)
                }
            },
            Self::Usual => {
                let here = Env::looked_at(facts);
                let rank = |s: &Service| match Env::named(&s.id.cluster).unwrap_or(here) {
                    env if env == here => (0, env),
                    env => (1, env),
                };
                let mut ranked: Vec<((u8, Env), String)> = facts
                    .service_rows()
                    .iter()
                    .flat_map(|s| of_service(facts, s).into_iter().map(|g| (rank(s), g)))
                    .collect();
                // The environment that is looked at first, then by name; a group that two write to stands once.
                ranked.sort();
                let mut groups: Vec<String> = Vec::new();
                for (_, group) in ranked {
                    if !groups.contains(&group) {
                        groups.push(group);
                    }
                }
                let all = groups.len();
                groups.truncate(USUAL_AT_MOST);
                let note = match all {
                    0 if facts.services.value.is_none() => "asking ...".into(),
                    0 if facts.clusters.value.as_ref().is_some_and(Vec::is_empty) => {
                        "there is no ECS cluster in this account and region, so no service's log: \
                         pick groups"
                            .into()
                    }
                    0 => "no service here tells which log group it writes to".into(),
                    n if n > USUAL_AT_MOST => format!("{USUAL_AT_MOST} of {n} groups"),
                    _ => String::new(),
                };
                (groups, note)
            }
        };
        Resolved {
            problem: groups.is_empty().then(|| problem(facts)).flatten(),
            groups,
            note,
        }
    }
}

/// The part of a group's name that tells it from the others: `api` of `/ecs/api`, `dev/api` where there is a `prod/api`, too.
pub(super) fn short<'a>(name: &'a str, all: &[String]) -> &'a str {
    let ends: Vec<usize> = name.rmatch_indices('/').map(|(at, _)| at + 1).collect();
    let mut tails = ends.into_iter().filter_map(|at| name.get(at..));
    let alone = |tail: &&str| {
        let same = |n: &&String| n.as_str() == *tail || n.ends_with(&format!("/{tail}"));
        !tail.is_empty() && !tail.ends_with('/') && all.iter().filter(same).count() <= 1
    };
    tails.find(alone).unwrap_or(name)
}

/// Groups that can be chosen, as the picker shows them.
pub(super) fn choices(facts: &Facts) -> Choices {
    let part = &facts.log_groups;
    let rows: &[LogGroup] = part.value.as_ref().map_or(&[], |v| v.as_slice());
    let items = rows
        .iter()
        .map(|g| {
            let kept = g
                .retention_days
                .map_or("kept for ever".to_owned(), |d| format!("kept {d} d"));
            let size = Unit::Bytes.format(g.stored_bytes as f64);
            Choice {
                id: g.name.clone(),
                group: family(&g.name),
                text: g.name.clone(),
                detail: format!("{kept:>13}  {size:>9}"),
            }
        })
        .collect();
    let note = match (&part.error, &part.value) {
        (Some(p), _) => format!("▲ {}: {}", p.what, p.why),
        (None, None) => "asking for the log groups ...".into(),
        (None, Some(v)) if v.is_empty() => {
            "there is no log group in this account and region".into()
        }
        _ => String::new(),
    };
    Choices { items, note }
}

/// The first part of a name: `/ecs` of `/ecs/api`, `/aws/rds` of `/aws/rds/instance/x`.
fn family(name: &str) -> String {
    let parts: Vec<&str> = name.split('/').collect();
    match parts.as_slice() {
        ["", "aws", service, _, ..] => format!("/aws/{service}"),
        ["", first, _, ..] => format!("/{first}"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_stay_distinct() {
        let all = ["/ecs/api".to_owned(), "/ecs/worker".to_owned()];
        assert_eq!(short("/ecs/api", &all), "api");
        let all = ["/ecs/api".to_owned(), "/old/api".to_owned()];
        assert_eq!(short("/ecs/api", &all), "ecs/api");
        let all = ["/ecs/shop-dev/api", "/ecs/shop-prod/api"].map(str::to_owned);
        assert_eq!(short(&all[0], &all), "shop-dev/api");
        assert_eq!(short(&all[1], &all), "shop-prod/api");
        assert_eq!(short("/ecs/", &all), "/ecs/");
        assert_eq!(family("/aws/rds/instance/x"), "/aws/rds");
        assert_eq!(family("plain"), "");
    }

    #[test]
    fn the_groups_of_the_environment_that_is_looked_at_come_first() {
        use std::collections::BTreeMap;
        use std::sync::Arc;
        use std::time::Duration;

        use crate::domain::part::Part;
        use crate::domain::service::{
            CircuitBreaker, ContainerSpec, DeploymentConfig, Revision, Strategy, TaskCounts,
            TaskDefinition,
        };

        let now = jiff::Timestamp::UNIX_EPOCH;
        let mut services = Vec::new();
        let mut definitions = BTreeMap::new();
        let names = ["a", "b", "c", "d"];
        let clusters = ["laser-dev", "laser-prod", "laser-staging"];
        let all = clusters
            .iter()
            .flat_map(|c| names.iter().map(move |n| (*c, *n)));
        for (cluster, name) in all {
            let revision = Revision {
                arn: format!("arn:{cluster}-{name}:1"),
                family: name.into(),
                number: 1,
            };
            let container = ContainerSpec {
                log_group: Some(format!("/ecs/{cluster}/{name}")),
                ..ContainerSpec::default()
            };
            let definition = TaskDefinition {
                revision: revision.clone(),
                status: "ACTIVE".into(),
                cpu_units: None,
                memory_mib: None,
                containers: vec![container],
                registered_at: None,
                registered_by: None,
            };
            definitions.insert(revision.arn.clone(), Arc::new(definition));
            services.push(Arc::new(Service {
                id: ServiceId {
                    cluster: cluster.into(),
                    name: name.into(),
                },
                arn: String::new(),
                status: "ACTIVE".into(),
                counts: TaskCounts::default(),
                revision,
                launch_type: String::new(),
                deployment: DeploymentConfig {
                    strategy: Strategy::Rolling,
                    minimum_healthy_percent: 100,
                    maximum_percent: 200,
                    circuit_breaker: CircuitBreaker {
                        enabled: true,
                        rollback: true,
                        ..CircuitBreaker::default()
                    },
                    alarms: Vec::new(),
                    alarms_rollback: false,
                    bake_minutes: None,
                    shift_minutes: None,
                },
                load_balancers: Vec::new(),
                rollouts: Vec::new(),
                events: Vec::new(),
                created_at: None,
            }));
        }
        let often = Duration::from_secs(10);
        let mut facts = Facts {
            environment: "production".into(),
            services: Part::answered(Arc::new(services), now, "ecs", often),
            task_definitions: Part::answered(Arc::new(definitions), now, "ecs", often),
            ..Facts::default()
        };
        let usual = Source::Usual.resolve(&facts);
        let of_production = names.map(|n| format!("/ecs/laser-prod/{n}"));
        assert_eq!(usual.groups[..4], of_production);
        assert_eq!(
            (usual.groups.len(), usual.note.as_str()),
            (5, "5 of 12 groups")
        );
        facts.environment = "laser-staging".into();
        let usual = Source::Usual.resolve(&facts);
        assert_eq!(
            usual.groups[..4],
            names.map(|n| format!("/ecs/laser-staging/{n}"))
        );
    }
}
