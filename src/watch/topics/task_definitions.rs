//! Task definitions that services use. They never change, so each is read once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;

use super::deployments;
use crate::backend::Backend;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::service::{Service, TaskDefinition};
use crate::watch::picture::Picture;
use crate::watch::topic::{Topic, Wanted};
use crate::watch::wanted::stamp;

/// Milliseconds from one round to the next.
pub(in crate::watch) const ROUND: u64 = 20_000;
/// Definitions of one round at the start.
const FIRST: usize = 60;
/// Definitions that are read so fast: those of a big fleet come fewer at a time, to stay within the call budget.
const AT_START: usize = 120;
/// Definitions of one round later on, at most.
const LATER: usize = 15;
/// Calls that run side by side.
const ABREAST: usize = 4;

/// The round that is wanted while there are some that were never read. What a service deploys or a person looks at does not wait for
/// the round, nor does who asks once.
pub fn wanted(p: &Picture) -> Option<Wanted> {
    if !p.lacks_definitions {
        return None;
    }
    let next = match p.asks_once {
        true => {
            let (first, rest) = unread(p);
            first.into_iter().chain(rest).next()
        }
        false => urgent(p).min(),
    };
    Some(Wanted::every(Topic::TaskDefinitions, ROUND).stamped(stamp(&next)))
}

/// ARNs that were never read, of a service.
fn lacking<'a>(p: &'a Picture, service: &'a Service) -> impl Iterator<Item = &'a str> {
    let known = p.facts.task_definitions.value.as_ref();
    let rollouts = service.rollouts.iter().map(|r| r.revision.arn.as_str());
    rollouts
        .chain([service.revision.arn.as_str()])
        .filter(move |arn| known.is_none_or(|k| !k.contains_key(*arn)))
}

/// ARNs that were never read, of services looked at or deploying.
fn urgent(p: &Picture) -> impl Iterator<Item = &str> {
    let interest = p.of_interest();
    let services = p.services.values();
    services
        .filter(move |s| s.is_deploying() || interest.contains(&s.id))
        .flat_map(|s| lacking(p, s))
}

/// Those of services looked at or deploying, and all others.
fn unread(p: &Picture) -> (BTreeSet<&str>, BTreeSet<&str>) {
    let first: BTreeSet<&str> = urgent(p).collect();
    let all = p.services.values().flat_map(|s| lacking(p, s));
    let rest = all.filter(|arn| !first.contains(arn)).collect();
    (first, rest)
}

/// Whether a big fleet's definitions are being read: its other questions make room for them.
pub fn takes_room(p: &Picture) -> bool {
    let known = p.facts.task_definitions.value.as_ref();
    !p.asks_once && p.lacks_definitions && known.is_some_and(|k| k.len() >= AT_START)
}

/// Definitions of one round, for so many services: what a minute of them costs is a part of the call budget (see `wanted`).
pub fn a_round(services: usize) -> usize {
    (services.saturating_sub(70) / 80).clamp(1, LATER)
}

/// Those to read now.
pub fn choose(p: &Picture) -> Vec<String> {
    let (first, rest) = unread(p);
    let known = p.facts.task_definitions.value.as_ref();
    let at_once = match known.map_or(0, |k| k.len()) {
        _ if p.asks_once => FIRST,
        ..AT_START => FIRST,
        // Whoever deploys or is looked at does not wait for the others.
        _ => a_round(p.inventory.len()).max(first.len().min(LATER)),
    };
    let all = first.into_iter().chain(rest);
    all.take(at_once).map(str::to_owned).collect()
}

/// What was read, and the last failure.
#[derive(Debug)]
pub struct Read {
    found: Vec<(String, TaskDefinition)>,
    failure: Option<Problem>,
}

/// Reads definitions.
pub async fn ask(backend: &Backend, arns: Vec<String>) -> Read {
    let answers: Vec<(String, Result<TaskDefinition, Problem>)> = stream::iter(arns)
        .map(|arn| async move {
            let answer = backend.ecs.task_definition(&arn).await;
            (arn, answer)
        })
        .buffer_unordered(ABREAST)
        .collect()
        .await;
    let mut read = Read {
        found: Vec::new(),
        failure: None,
    };
    for (arn, answer) in answers {
        match answer {
            Ok(definition) => read.found.push((arn, definition)),
            Err(problem) => read.failure = Some(problem),
        }
    }
    read
}

/// Looks whether a definition is still to be read.
pub fn look(p: &mut Picture) {
    let lacks = |s: &Arc<Service>| lacking(p, s).next().is_some();
    p.lacks_definitions = p.services.values().any(lacks);
}

/// Joins definitions; those of revisions that nothing uses any more are let go.
pub fn take(p: &mut Picture, answer: Read, at: Timestamp) -> Option<ProblemKind> {
    let mut known: BTreeMap<String, Arc<TaskDefinition>> = p
        .facts
        .task_definitions
        .value
        .as_deref()
        .cloned()
        .unwrap_or_default();
    known.extend(answer.found.into_iter().map(|(arn, d)| (arn, Arc::new(d))));
    let used: BTreeSet<&str> = p
        .services
        .values()
        .flat_map(|s| s.rollouts.iter().map(|r| &r.revision).chain([&s.revision]))
        .map(|r| r.arn.as_str())
        .collect();
    known.retain(|arn, _| used.contains(arn.as_str()));
    let failure = answer.failure.as_ref().map(|f| f.kind);
    let part = &mut p.facts.task_definitions;
    if failure.is_none() || !known.is_empty() {
        part.take(Ok(Arc::new(known)), at);
    }
    part.error = answer.failure;
    look(p);
    deployments::rebuild(p, at);
    failure
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::domain::service::{
        CircuitBreaker, DeploymentConfig, Revision, Rollout, ServiceId, Strategy, TaskCounts,
    };

    fn service(n: usize, deploys: bool) -> Arc<Service> {
        let name = format!("svc-{n:04}");
        let counts = TaskCounts {
            desired: 1,
            running: 1,
            pending: 0,
            failed: 0,
        };
        let revision = Revision {
            arn: format!("arn:aws:ecs:r:1:task-definition/{name}:1"),
            family: name.clone(),
            number: 1,
        };
        let state = if deploys { "IN_PROGRESS" } else { "COMPLETED" };
        Arc::new(Service {
            id: ServiceId {
                cluster: "prod".into(),
                name,
            },
            arn: String::new(),
            status: "ACTIVE".into(),
            counts,
            revision: revision.clone(),
            launch_type: "FARGATE".into(),
            deployment: DeploymentConfig {
                strategy: Strategy::Rolling,
                minimum_healthy_percent: 100,
                maximum_percent: 200,
                circuit_breaker: CircuitBreaker {
                    enabled: true,
                    rollback: true,
                },
                alarms: vec![],
                alarms_rollback: false,
                bake_minutes: None,
                shift_minutes: None,
            },
            load_balancers: vec![],
            rollouts: vec![Rollout {
                id: "ecs-svc/1".into(),
                status: "PRIMARY".into(),
                revision,
                counts,
                rollout_state: state.into(),
                rollout_reason: String::new(),
                created_at: None,
                updated_at: None,
            }],
            events: vec![],
            created_at: None,
        })
    }

    fn fleet(services: usize) -> Picture {
        let mut p = Picture::new(Arc::new(Config::default()));
        for n in 0..services {
            let service = service(n, false);
            p.inventory.insert(service.id.clone(), None);
            p.services.insert(service.id.clone(), service);
        }
        let rows: Vec<_> = p.services.values().cloned().collect();
        p.facts.services.value = Some(Arc::new(rows));
        look(&mut p);
        p
    }

    /// Reads a round as the watch does; how many definitions it was, and whether the next one waits for its time.
    fn round(p: &mut Picture) -> (usize, bool) {
        let before = wanted(p).map(|w| w.stamp);
        let arns = choose(p);
        let count = arns.len();
        let read = |arn: String| {
            let family = arn.split(['/', ':']).nth(6).unwrap_or_default().to_owned();
            let definition = TaskDefinition {
                revision: Revision {
                    arn: arn.clone(),
                    family,
                    number: 1,
                },
                status: "ACTIVE".into(),
                cpu_units: None,
                memory_mib: None,
                containers: vec![],
                registered_at: None,
                registered_by: None,
            };
            (arn, definition)
        };
        let found = arns.into_iter().map(read).collect();
        let answer = Read {
            found,
            failure: None,
        };
        take(p, answer, Timestamp::UNIX_EPOCH);
        (count, wanted(p).map(|w| w.stamp) == before)
    }

    #[test]
    fn a_big_fleet_is_read_a_little_at_a_time_and_no_round_before_its_time() {
        let mut p = fleet(1_000);
        assert!(
            !takes_room(&p),
            "nothing is slower before the start is over"
        );
        let start: Vec<_> = (0..2).map(|_| round(&mut p)).collect();
        assert_eq!(start, [(60, true); 2]);
        assert!(takes_room(&p));
        assert_eq!(round(&mut p), (11, true));
        // Two that deploy are asked about at once, in the order of names that they would be last in.
        for n in [997, 998] {
            let deploying = service(n, true);
            p.services.insert(deploying.id.clone(), deploying);
        }
        assert!(choose(&p)[0].ends_with("svc-0997:1"));
        let rounds = (0..).take_while(|_| round(&mut p).0 > 0).count();
        assert_eq!(rounds, (1_000 - 131_usize).div_ceil(11));
        assert!(wanted(&p).is_none() && !takes_room(&p), "each is read once");
    }

    #[test]
    fn who_asks_once_does_not_wait_for_a_budget() {
        let mut p = fleet(200);
        p.asks_once = true;
        let sizes: Vec<_> = (0..4).map(|_| round(&mut p)).collect();
        let (counts, waits): (Vec<_>, Vec<_>) = sizes.into_iter().unzip();
        assert_eq!(counts, [60, 60, 60, 20]);
        assert_eq!(waits, [false; 4], "one round follows the other");
    }
}
