//! Task definitions that services use. They never change, so each is read once. One that cannot be read is tried again in its turn, and
//! holds up none of the others.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use tokio::time::Instant;

use super::deployments;
use crate::backend::Backend;
use crate::domain::order::Ordered;
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
/// the round, nor does who asks once; what cannot be read does.
pub fn wanted(p: &Picture) -> Option<Wanted> {
    if !p.lacks_definitions {
        return None;
    }
    let is_new = |arn: &&str| !p.definitions_failed.contains_key(*arn);
    let next = match p.asks_once {
        true => {
            let (first, rest) = unread(p);
            // Who asks once has tried each, then.
            Some(first.into_iter().chain(rest).find(is_new)?)
        }
        false => urgent(p).filter(is_new).min(),
    };
    Some(Wanted::every(Topic::TaskDefinitions, ROUND).stamped(stamp(&next)))
}

/// ARNs that were never read, of a service. Services of an external controller may name none.
fn lacking<'a>(p: &'a Picture, service: &'a Service) -> impl Iterator<Item = &'a str> {
    let known = p.facts.task_definitions.value.as_ref();
    let rollouts = service.rollouts.iter().map(|r| r.revision.arn.as_str());
    rollouts
        .chain([service.revision.arn.as_str()])
        .filter(|arn| !arn.is_empty())
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

/// Whether a big fleet's definitions are being read: its other questions make room for them. Those that cannot be read are none of them.
pub fn takes_room(p: &Picture) -> bool {
    let known = p.facts.task_definitions.value.as_ref();
    !p.asks_once && p.untried_definitions && known.is_some_and(|k| k.len() >= AT_START)
}

/// Definitions of one round, for so many services: what a minute of them costs is a part of the call budget (see `wanted`).
pub fn a_round(services: usize) -> usize {
    (services.saturating_sub(70) / 80).clamp(1, LATER)
}

/// Those to read now.
pub fn choose(p: &Picture) -> Vec<String> {
    let (first, rest) = unread(p);
    let known = p.facts.task_definitions.value.as_ref();
    let (at_once, urgent) = match known.map_or(0, |k| k.len()) {
        _ if p.asks_once => (FIRST, FIRST),
        ..AT_START => (FIRST, FIRST),
        // Whoever deploys or is looked at does not wait for the others.
        _ => (a_round(p.inventory.len()), LATER),
    };
    let mut all = in_turn(p, first);
    all.truncate(urgent);
    // Nor do the others wait for ever where those cannot be read.
    let others = at_once.saturating_sub(all.len()).max(at_once.div_ceil(4));
    all.extend(in_turn(p, rest).into_iter().take(others));
    all.into_iter().map(str::to_owned).collect()
}

/// Those that were never tried, then those that failed, the longest ago first.
fn in_turn<'a>(p: &Picture, arns: BTreeSet<&'a str>) -> Vec<&'a str> {
    let mut all: Vec<&str> = arns.into_iter().collect();
    all.order_by_key(|arn| p.definitions_failed.get(*arn).map(|(tried, _)| *tried));
    all
}

/// Definitions whose last question failed, by ARN: when it was asked, and why.
pub type Failed = BTreeMap<String, (Instant, Problem)>;

/// What was read, and what was not.
#[derive(Debug)]
pub struct Read {
    found: Vec<(String, TaskDefinition)>,
    failed: Vec<(String, Problem)>,
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
        failed: Vec::new(),
    };
    for (arn, answer) in answers {
        match answer {
            Ok(definition) => read.found.push((arn, definition)),
            Err(problem) => read.failed.push((arn, problem)),
        }
    }
    read
}

/// Looks whether a definition is still to be read; failures of those that nothing uses any more are let go.
pub fn look(p: &mut Picture) {
    if !p.definitions_failed.is_empty() {
        let mut failed = std::mem::take(&mut p.definitions_failed);
        let used = used(p);
        failed.retain(|arn, _| used.contains(arn.as_str()));
        p.definitions_failed = failed;
        tell(p);
    }
    let (mut lacks, mut untried) = (false, false);
    for arn in p.services.values().flat_map(|s| lacking(p, s)) {
        lacks = true;
        untried |= !p.definitions_failed.contains_key(arn);
    }
    p.lacks_definitions = lacks;
    p.untried_definitions = untried;
}

/// What never changes is as new as the list of those who use it, once all of it was read: nobody asks for it again.
pub fn hold(p: &mut Picture, at: Timestamp) {
    let part = &mut p.facts.task_definitions;
    if !p.lacks_definitions && part.value.is_some() && part.error.is_none() {
        part.observed_at = part.observed_at.max(Some(at));
    }
}

/// ARNs that services use.
fn used(p: &Picture) -> BTreeSet<&str> {
    let services = p.services.values();
    services
        .flat_map(|s| s.rollouts.iter().map(|r| &r.revision).chain([&s.revision]))
        .map(|r| r.arn.as_str())
        .collect()
}

/// Publishes what failed: about all of them, or about some while the others say what they say.
pub fn tell(p: &mut Picture) {
    let failed = &p.definitions_failed;
    let part = &mut p.facts.task_definitions;
    let mut problems = failed.values().map(|(_, problem)| problem);
    let shut_out = problems.clone().find(|p| p.is_about_credentials());
    let whole = shut_out.is_some() || part.value.as_ref().is_none_or(|k| k.is_empty());
    part.error = shut_out.or_else(|| problems.next()).cloned();
    let some = failed.iter().filter(|_| !whole);
    let some = some.map(|(arn, (_, problem))| (arn.clone(), problem.clone()));
    p.facts.definitions_unread = Arc::new(some.collect());
}

/// Joins definitions; those of revisions that nothing uses any more are let go.
pub fn take(p: &mut Picture, answer: Read, at: Timestamp) -> Option<ProblemKind> {
    let answered = !answer.found.is_empty();
    let failure = answer.failed.first().map(|(_, problem)| problem.kind);
    let mut known: BTreeMap<String, Arc<TaskDefinition>> = p
        .facts
        .task_definitions
        .value
        .as_deref()
        .cloned()
        .unwrap_or_default();
    for (arn, definition) in answer.found {
        p.definitions_failed.remove(&arn);
        known.insert(arn, Arc::new(definition));
    }
    let tried = Instant::now();
    for (arn, problem) in answer.failed {
        p.definitions_failed.insert(arn, (tried, problem));
    }
    let used = used(p);
    known.retain(|arn, _| used.contains(arn.as_str()));
    let part = &mut p.facts.task_definitions;
    match answered || failure.is_none() {
        true => part.take(Ok(Arc::new(known)), at),
        false => part.value = part.value.is_some().then(|| Arc::new(known)),
    }
    tell(p);
    look(p);
    deployments::rebuild(p, at);
    // One that cannot be read holds up none of the others: its turn comes again.
    failure.filter(|_| !answered)
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
                    ..CircuitBreaker::default()
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
            revisions: vec![],
            scaling: None,
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
        round_without(p, "nothing fails")
    }

    /// The same, where what has this in its ARN cannot be read.
    fn round_without(p: &mut Picture, denied: &str) -> (usize, bool) {
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
        let (fails, reads): (Vec<_>, Vec<_>) = arns.into_iter().partition(|a| a.contains(denied));
        let found = reads.into_iter().map(read).collect();
        let why = || {
            Problem::new(
                ProblemKind::Denied,
                "ecs",
                "Cannot read",
                "denied",
                "Allow.",
            )
        };
        let failed = fails.into_iter().map(|arn| (arn, why())).collect();
        let answer = Read { found, failed };
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

    #[test]
    fn one_that_cannot_be_read_holds_up_none_of_the_others_and_hides_none() {
        let mut p = fleet(200);
        let first = "svc-0000";
        for n in 0..200 {
            assert!(n < 100, "{} are left", unread(&p).1.len());
            let arns = choose(&p);
            round_without(&mut p, first);
            if arns.len() == 1 && arns[0].contains(first) {
                break;
            }
        }
        assert_eq!(unread(&p).1.len(), 1, "all others were read");
        assert!(!takes_room(&p), "nobody is slower for what cannot be read");
        assert!(wanted(&p).is_some(), "its turn comes again");
        let part = &p.facts.task_definitions;
        assert_eq!(part.value.as_ref().map(|k| k.len()), Some(199));
        assert!(part.error.is_some(), "it is said");
        let unread: Vec<_> = p.facts.definitions_unread.keys().collect();
        assert_eq!(unread, ["arn:aws:ecs:r:1:task-definition/svc-0000:1"]);
        // Once nothing uses it any more, nothing is wrong.
        p.services.retain(|id, _| !id.name.contains(first));
        look(&mut p);
        assert!(p.facts.task_definitions.error.is_none());
        assert!(p.facts.definitions_unread.is_empty() && wanted(&p).is_none());
    }

    #[test]
    fn failures_take_turns_and_who_deploys_in_vain_leaves_room() {
        let mut p = fleet(200);
        let turns: Vec<_> = (0..2)
            .map(|_| {
                let arns = choose(&p);
                round_without(&mut p, "svc-");
                arns
            })
            .collect();
        assert_eq!(turns.iter().map(Vec::len).collect::<Vec<_>>(), [60, 60]);
        assert!(turns[0].iter().all(|arn| !turns[1].contains(arn)));
        assert!(
            p.facts.definitions_unread.is_empty(),
            "nothing was read at all"
        );
        let deploying: Vec<_> = (0..100).map(|n| service(n, true)).collect();
        let rows = deploying.into_iter().map(|s| (s.id.clone(), s));
        p.services.extend(rows);
        look(&mut p);
        let arns = choose(&p);
        assert!(
            arns[0].contains("svc-0000"),
            "first come, first served again"
        );
        assert!(arns.iter().any(|arn| arn.contains("svc-0120")), "{arns:?}");
    }

    #[test]
    fn a_service_without_a_definition_is_no_reason_to_ask() {
        let mut p = fleet(1);
        round(&mut p);
        let mut external = (*service(1, false)).clone();
        external.rollouts.clear();
        external.revision.arn = String::new();
        p.services.insert(external.id.clone(), Arc::new(external));
        look(&mut p);
        assert!(wanted(&p).is_none(), "{:?}", choose(&p));
    }

    #[test]
    fn who_asks_once_tries_each_once() {
        let mut p = fleet(100);
        p.asks_once = true;
        let rounds = (0..9).take_while(|_| {
            let more = wanted(&p).is_some();
            round_without(&mut p, "svc-00");
            more
        });
        assert_eq!(rounds.count(), 2);
    }
}
