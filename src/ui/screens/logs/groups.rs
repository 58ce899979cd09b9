//! Which log groups are read: those that were picked, those of a service, or those of all services.

use std::collections::HashSet;

use crate::domain::alarm::AlarmState;
use crate::domain::environment::Env;
use crate::domain::facts::Facts;
use crate::domain::log::LogGroup;
use crate::domain::metric::{MetricId, Unit};
use crate::domain::problem::Problem;
use crate::domain::service::{Service, ServiceHealth, ServiceId};
use crate::ui::overlays::picker::{Choice, Choices};

/// Groups that are tailed at once while nobody has chosen any.
const USUAL_AT_MOST: usize = 5;

/// Groups of the environment that are named where they are not read.
const NAMED: usize = 2;

/// What somebody wants to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Source {
    /// The groups of all services: those of the environment that is looked at first, and there of what deploys or is not well.
    #[default]
    Usual,
    /// The groups of one service.
    Service(ServiceId),
    /// The streams of one task.
    Task {
        /// Whose it is.
        service: ServiceId,
        /// Its id.
        task: String,
        /// Each with its group.
        streams: Vec<(String, String)>,
    },
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

/// Cluster and name of a service.
type Named<'a> = (&'a str, &'a str);

/// Services that an alarm which fires is about: found once, for thousands of services are held against them.
fn burning(facts: &Facts) -> HashSet<Named<'_>> {
    let firing = facts
        .alarms_for_people()
        .filter(|a| a.state == AlarmState::Alarm);
    let watched = firing.flat_map(|a| a.metrics());
    watched.filter_map(service_of).collect()
}

/// The service that a metric is measured of.
fn service_of(m: &MetricId) -> Option<Named<'_>> {
    let of = |name: &str| {
        let found = m.dimensions.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.as_str())
    };
    Some((of("ClusterName")?, of("ServiceName")?))
}

/// Whether a service is not well, or an alarm fires about it.
fn is_ill(service: &Service, facts: &Facts, burning: &HashSet<Named<'_>>) -> bool {
    use ServiceHealth::{Degraded, Down, Failed, RollingBack, Unserved};
    let id = &service.id;
    let health = facts.condition_of(service);
    matches!(health, Degraded | Down | Failed | RollingBack | Unserved)
        || burning.contains(&(id.cluster.as_str(), id.name.as_str()))
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

/// Which groups of the environment that is looked at are not read: what is not there to be seen may be in them.
fn without(left: &[String], read: &[String]) -> String {
    match left {
        [] => String::new(),
        [..] if left.len() <= NAMED => {
            let all: Vec<String> = left.iter().chain(read).cloned().collect();
            let names: Vec<&str> = left.iter().map(|g| short(g, &all)).collect();
            format!(", not {}", names.join(", "))
        }
        more => format!(", {} more here", more.len()),
    }
}

impl Source {
    /// The groups that it means, where these are open: of what is as important as another, what is open stays.
    pub fn resolve(&self, facts: &Facts, open: &[String]) -> Resolved {
        let (groups, note) = match self {
            Self::Groups(names) => (names.clone(), String::new()),
            Self::Task { streams, .. } => {
                let mut groups: Vec<String> = streams.iter().map(|(g, _)| g.clone()).collect();
                groups.sort();
                groups.dedup();
                (groups, String::new())
            }
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
                let burning = burning(facts);
                let acted: Vec<&ServiceId> = (facts.runs.iter())
                    .filter(|r| r.goes_on())
                    .filter_map(|r| r.intent.service())
                    .collect();
                let busy = |s: &Service| {
                    s.is_deploying() || is_ill(s, facts, &burning) || acted.contains(&&s.id)
                };
                let rank = |s: &Service| match facts.env_of_cluster(&s.id.cluster) {
                    env if env == here => (0, env, !busy(s)),
                    env => (1, env, !busy(s)),
                };
                let mut ranked: Vec<((u8, Env, bool), bool, String)> = facts
                    .service_rows()
                    .iter()
                    .flat_map(|s| {
                        let rank = rank(s);
                        of_service(facts, s).into_iter().map(move |g| (rank, g))
                    })
                    .map(|(rank, g)| (rank, !open.contains(&g), g))
                    .collect();
                // The environment that is looked at first, there what moves or burns; a group that two write to stands once.
                ranked.sort();
                let mut seen: HashSet<String> = HashSet::new();
                let mut groups: Vec<String> = Vec::new();
                let mut left: Vec<String> = Vec::new();
                let mut all = 0;
                for ((place, ..), _, group) in ranked {
                    if seen.insert(group.clone()) {
                        all += 1;
                        match groups.len() < USUAL_AT_MOST {
                            true => groups.push(group),
                            false if place == 0 => left.push(group),
                            false => {}
                        }
                    }
                }
                // Which are read is chosen by what goes on; where each stands is not.
                groups.sort();
                let note = match all {
                    0 if facts.services.value.is_none() => "asking ...".into(),
                    0 if facts.clusters.value.as_ref().is_some_and(Vec::is_empty) => {
                        "there is no ECS cluster in this account and region, so no service's log: \
                         pick groups"
                            .into()
                    }
                    0 => "no service here tells which log group it writes to".into(),
                    n if n > USUAL_AT_MOST => {
                        format!("{USUAL_AT_MOST} of {n} groups{}", without(&left, &groups))
                    }
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
                whole: String::new(),
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
    use std::collections::BTreeMap;
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::domain::alarm::{Alarm, AlarmRule, Severity};
    use crate::domain::metric::{MetricQuery, Stat};
    use crate::domain::part::Part;
    use crate::domain::service::{
        CircuitBreaker, ContainerSpec, DeploymentConfig, Revision, Strategy, TaskCounts,
        TaskDefinition,
    };

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

    /// Services of these names in each of some clusters, each with a log group; production is looked at.
    fn account(clusters: &[&str], names: &[&str]) -> Facts {
        let now = jiff::Timestamp::UNIX_EPOCH;
        let mut services = Vec::new();
        let mut definitions = BTreeMap::new();
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
                revisions: vec![],
                scaling: None,
                events: Vec::new(),
                created_at: None,
            }));
        }
        let often = Duration::from_secs(10);
        Facts {
            environment: "production".into(),
            services: Part::answered(Arc::new(services), now, "ecs", often),
            task_definitions: Part::answered(Arc::new(definitions), now, "ecs", often),
            ..Facts::default()
        }
    }

    #[test]
    fn the_groups_of_the_environment_that_is_looked_at_come_first() {
        let names = ["a", "b", "c", "d"];
        let mut facts = account(&["laser-dev", "laser-prod", "laser-staging"], &names);
        let usual = Source::Usual.resolve(&facts, &[]);
        let of_production = names.map(|n| format!("/ecs/laser-prod/{n}"));
        assert!(of_production.iter().all(|g| usual.groups.contains(g)));
        assert_eq!(
            (usual.groups.len(), usual.note.as_str()),
            (5, "5 of 12 groups")
        );
        facts.environment = "laser-staging".into();
        let usual = Source::Usual.resolve(&facts, &[]);
        let of_staging = names.map(|n| format!("/ecs/laser-staging/{n}"));
        assert!(of_staging.iter().all(|g| usual.groups.contains(g)));
    }

    /// An alarm about each of some services, by name.
    fn alarms(cluster: &str, names: &[&str], state: AlarmState) -> Part<Arc<Vec<Arc<Alarm>>>> {
        let one = |name: &&str| {
            let dims = [("ClusterName", cluster), ("ServiceName", *name)];
            let query = MetricQuery {
                metric: MetricId::new("AWS/ECS", "CPUUtilization", &dims),
                stat: Stat::Average,
                period_s: 60,
            };
            Arc::new(Alarm {
                name: format!("{name} burns"),
                arn: String::new(),
                description: String::new(),
                state,
                severity: Severity::Warning,
                reason: String::new(),
                since: None,
                updated_at: None,
                rule: AlarmRule::Metric {
                    query: Some(query),
                    expression: None,
                    parts: Vec::new(),
                    comparison: ">".into(),
                    threshold: None,
                    datapoints: 1,
                    periods: 1,
                    period_s: 60,
                },
                actions_enabled: true,
                other_actions: Vec::new(),
                held_back: None,
                actions: Vec::new(),
            })
        };
        let all = names.iter().map(one).collect();
        let now = jiff::Timestamp::UNIX_EPOCH;
        Part::answered(Arc::new(all), now, "cloudwatch", Duration::from_secs(15))
    }

    #[test]
    fn the_groups_of_services_that_burn_come_first() {
        let names = ["a", "b", "c", "d", "e", "f", "g"];
        let mut facts = account(&["laser-prod"], &names);
        facts.alarms = alarms("laser-prod", &["g"], AlarmState::Alarm);
        let groups = Source::Usual.resolve(&facts, &[]).groups;
        assert!(
            groups.contains(&"/ecs/laser-prod/g".to_owned()),
            "{groups:?}"
        );
        // What of this environment is not read is named: the line that is looked for may be there.
        let note = Source::Usual.resolve(&facts, &[]).note;
        assert_eq!(note, "5 of 7 groups, not e, f");
        facts.alarms = alarms("laser-dev", &["g"], AlarmState::Alarm);
        let groups = Source::Usual.resolve(&facts, &[]).groups;
        assert!(!groups.contains(&"/ecs/laser-prod/g".to_owned()));
        facts.alarms = alarms("laser-prod", &["g"], AlarmState::Ok);
        let groups = Source::Usual.resolve(&facts, &[]).groups;
        assert!(!groups.contains(&"/ecs/laser-prod/g".to_owned()));
    }

    /// It is on the way of each picture to the screen.
    #[test]
    fn thousands_of_services_and_alarms_are_weighed_at_once() {
        let names: Vec<String> = (0..3_000).map(|n| format!("s{n:04}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut facts = account(&["laser-prod"], &names);
        facts.alarms = alarms("laser-prod", &names, AlarmState::Alarm);
        let begin = std::time::Instant::now();
        let usual = Source::Usual.resolve(&facts, &[]);
        let took = begin.elapsed();
        assert_eq!(usual.note, "5 of 3000 groups, 2995 more here");
        // Found anew for each service this takes ten seconds of a debug build; found once, a few hundredths.
        assert!(took < Duration::from_secs(2), "{took:?}");
    }

    #[test]
    fn what_deploys_or_is_not_well_is_read_first_and_what_is_open_stays() {
        let names = ["a", "b", "c", "d", "e", "f", "g"];
        let mut facts = account(&["laser-prod"], &names);
        let open = |facts: &Facts, now: &[String]| {
            let groups = Source::Usual.resolve(facts, now).groups;
            let last = groups.iter().filter_map(|g| g.rsplit('/').next());
            last.collect::<String>()
        };
        assert_eq!(open(&facts, &[]), "abcde");
        let change = |facts: &mut Facts, name: &str, to: fn(&mut Service)| {
            let rows = Arc::make_mut(facts.services.value.as_mut().unwrap());
            let row = rows.iter_mut().find(|s| s.id.name == name).unwrap();
            to(Arc::make_mut(row));
        };
        change(&mut facts, "g", |s| s.counts.desired = 2);
        assert_eq!(open(&facts, &[]), "abcdg", "nothing of it runs");
        let before = Source::Usual.resolve(&facts, &[]).groups;
        change(&mut facts, "g", |s| s.counts.desired = 0);
        assert_eq!(
            open(&facts, &before),
            "abcdg",
            "nothing jumps when it is well"
        );
    }
}
