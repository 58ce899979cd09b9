//! Service deployments and service revisions.

use super::{missing, service};
use crate::estate::digest_of;
use crate::wire::{ApiError, Node, list as nodes, map};
use crate::world::service::{ServiceDeployment, ServiceRevision, Strategy};
use crate::world::{World, names, rollout};

pub(super) fn list(input: &Node, world: &World) -> Result<Node, ApiError> {
    let key = service(input, world)?;
    let statuses = input.get("status").as_strs();
    let after = input.get("createdAt").get("after").as_time().unwrap_or(0.0);
    let before = input
        .get("createdAt")
        .get("before")
        .as_time()
        .unwrap_or(f64::MAX);
    let size = usize::try_from(input.get("maxResults").as_i64().unwrap_or(20))
        .unwrap_or(20)
        .clamp(1, 100);
    let start: usize = input
        .get("nextToken")
        .as_text()
        .and_then(|t| t.parse().ok())
        .unwrap_or(0);
    let mut all: Vec<&ServiceDeployment> = world
        .deployments
        .iter()
        .filter(|d| d.key == key && (statuses.is_empty() || statuses.contains(&d.status)))
        .filter(|d| d.created_at >= after && d.created_at <= before)
        .collect();
    all.sort_by(|a, b| b.created_at.total_cmp(&a.created_at));
    let briefs: Vec<Node> = all
        .iter()
        .skip(start)
        .take(size)
        .map(|d| {
            map([
                (
                    "serviceDeploymentArn",
                    names::deployment(&d.key.0, &d.key.1, &d.id).into(),
                ),
                ("serviceArn", names::service(&d.key.0, &d.key.1).into()),
                ("clusterArn", names::cluster(&d.key.0).into()),
                ("createdAt", Node::Time(d.created_at)),
                ("startedAt", Node::Time(d.created_at)),
                ("finishedAt", d.finished_at.map_or(Node::Null, Node::Time)),
                (
                    "targetServiceRevisionArn",
                    names::service_revision(&d.key.0, &d.key.1, d.to.id).into(),
                ),
                ("status", d.status.into()),
                (
                    "statusReason",
                    Some(d.reason.as_str()).filter(|r| !r.is_empty()).into(),
                ),
            ])
        })
        .collect();
    let next = (start + size < all.len()).then(|| (start + size).to_string());
    Ok(map([
        ("serviceDeployments", Node::List(briefs)),
        ("nextToken", next.into()),
    ]))
}

/// Requested, running and pending tasks of a service revision within a deployment.
fn load(d: &ServiceDeployment, revision: ServiceRevision, world: &World) -> Node {
    let service = world.services.get(&d.key).filter(|_| d.is_open());
    let c = service.map_or_else(rollout::Counts::default, |s| {
        rollout::counts_of(world, s, revision)
    });
    let wanted = d.rollback.as_ref().map_or(d.to, |(_, _, back)| *back);
    let requested = service.map_or(0, |s| if revision == wanted { s.desired } else { 0 });
    // What was in place before has all traffic that the new one does not have.
    let traffic = match d.from.last() {
        _ if d.strategy == Strategy::Rolling => Node::Null,
        _ if revision == d.to => Node::Float(d.traffic),
        Some(before) if revision == *before => Node::Float(100.0 - d.traffic),
        _ => Node::Float(0.0),
    };
    map([
        (
            "arn",
            names::service_revision(&d.key.0, &d.key.1, revision.id).into(),
        ),
        ("requestedTaskCount", requested.into()),
        ("runningTaskCount", c.running.into()),
        ("pendingTaskCount", c.pending.into()),
        ("requestedProductionTrafficWeight", traffic),
    ])
}

pub(super) fn describe(input: &Node, world: &World) -> Result<Node, ApiError> {
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for arn in input.get("serviceDeploymentArns").as_strs() {
        let Some(d) = world.deployments.iter().find(|d| d.id == names::tail(arn)) else {
            failures.push(missing(arn.to_owned()));
            continue;
        };
        let Some(s) = world.services.get(&d.key) else {
            continue;
        };
        let breaker = match (s.settings.breaker.0, d.rollback.is_some(), d.is_open()) {
            (false, ..) => "DISABLED",
            (true, true, _) if d.failures.0 >= d.failures.1 => "TRIGGERED",
            (true, _, true) => "MONITORING",
            (true, _, false) => "MONITORING_COMPLETE",
        };
        let alarms = if s.settings.alarms.is_empty() {
            Node::Null
        } else {
            map([
                (
                    "status",
                    if d.fired.is_empty() {
                        "MONITORING"
                    } else {
                        "TRIGGERED"
                    }
                    .into(),
                ),
                ("alarmNames", nodes(s.settings.alarms.iter())),
                ("triggeredAlarmNames", nodes(d.fired.iter())),
            ])
        };
        let rollback = d.rollback.as_ref().map(|(reason, at, to)| {
            map([
                ("reason", reason.as_str().into()),
                ("startedAt", Node::Time(*at)),
                (
                    "serviceRevisionArn",
                    names::service_revision(&d.key.0, &d.key.1, to.id).into(),
                ),
            ])
        });
        found.push(map([
            (
                "serviceDeploymentArn",
                names::deployment(&d.key.0, &d.key.1, &d.id).into(),
            ),
            ("serviceArn", names::service(&d.key.0, &d.key.1).into()),
            ("clusterArn", names::cluster(&d.key.0).into()),
            ("createdAt", Node::Time(d.created_at)),
            ("startedAt", Node::Time(d.created_at)),
            ("finishedAt", d.finished_at.map_or(Node::Null, Node::Time)),
            ("updatedAt", Node::Time(d.updated_at)),
            (
                "sourceServiceRevisions",
                nodes(d.from.iter().map(|r| load(d, *r, world))),
            ),
            ("targetServiceRevision", load(d, d.to, world)),
            ("status", d.status.into()),
            (
                "statusReason",
                Some(d.reason.as_str()).filter(|r| !r.is_empty()).into(),
            ),
            ("lifecycleStage", d.stage.into()),
            ("deploymentConfiguration", super::read::settings(s)),
            ("rollback", rollback.into()),
            (
                "deploymentCircuitBreaker",
                map([
                    ("status", breaker.into()),
                    ("failureCount", d.failures.0.into()),
                    ("threshold", d.failures.1.into()),
                ]),
            ),
            ("alarms", alarms),
        ]));
    }
    Ok(map([
        ("serviceDeployments", Node::List(found)),
        ("failures", Node::List(failures)),
    ]))
}

pub(super) fn revisions(input: &Node, world: &World) -> Result<Node, ApiError> {
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for arn in input.get("serviceRevisionArns").as_strs() {
        let mut parts = arn.rsplit('/');
        let id = parts.next().and_then(|n| n.parse::<u64>().ok());
        let (name, cluster) = (
            parts.next().unwrap_or_default(),
            parts.next().unwrap_or_default(),
        );
        let key = (cluster.to_owned(), name.to_owned());
        let known = world.services.get(&key).and_then(|s| {
            let (revision, made_at) = world.service_revision(&key, id?)?;
            let n = revision.definition;
            Some((s, n, world.definition(&s.family, n)?, made_at))
        });
        let Some((s, n, definition, made_at)) = known else {
            failures.push(missing(arn.to_owned()));
            continue;
        };
        found.push(map([
            ("serviceRevisionArn", arn.into()),
            ("serviceArn", names::service(cluster, name).into()),
            ("clusterArn", names::cluster(cluster).into()),
            ("taskDefinition", names::definition(&s.family, n).into()),
            ("launchType", "FARGATE".into()),
            ("platformVersion", "1.4.0".into()),
            (
                "containerImages",
                nodes([map([
                    ("containerName", name.into()),
                    ("image", definition.image.as_str().into()),
                    ("imageDigest", digest_of(&definition.image).into()),
                ])]),
            ),
            ("createdAt", Node::Time(made_at)),
        ]));
    }
    Ok(map([
        ("serviceRevisions", Node::List(found)),
        ("failures", Node::List(failures)),
    ]))
}

pub(super) fn stop(input: &Node, world: &mut World) -> Result<Node, ApiError> {
    let arn = input
        .get("serviceDeploymentArn")
        .as_text()
        .unwrap_or_default()
        .to_owned();
    let gone = || {
        ApiError::new(
            "ServiceDeploymentNotFoundException",
            "The service deploy ARN that you specified doesn't exist.",
        )
    };
    let at = world
        .deployments
        .iter()
        .position(|d| d.id == names::tail(&arn))
        .ok_or_else(gone)?;
    let (key, open, back) = world
        .deployments
        .get(at)
        .map(|d| (d.key.clone(), d.is_open(), d.rollback.is_some()))
        .ok_or_else(gone)?;
    if !open {
        let why = "The service deployment is already in a terminal state.";
        return Err(ApiError::new("ConflictException", why));
    }
    if back {
        // It continues with what it does (developer guide, "Stopping Amazon ECS service deployments").
        return Ok(map([("serviceDeploymentArn", arn.into())]));
    }
    let reason = "Service deployment stopped by the user with rollback.";
    let abort = input.get("stopType").as_str() == Some("ABORT");
    if abort || !rollout::roll_back(world, &key, reason) {
        let stamp = world.stamp();
        if let Some(d) = world.deployments.get_mut(at) {
            d.status = "STOPPED";
            d.reason = "Service deployment stopped by the user.".into();
            d.finished_at = Some(stamp);
        }
    }
    Ok(map([("serviceDeploymentArn", arn.into())]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::{Key, story};

    const NOW: f64 = 1_800_000_000.0;

    /// A service revision's ARN, with its requested, running and pending tasks.
    fn told(shown: &Node) -> (String, [Option<i64>; 3]) {
        let count = |member: &str| shown.get(member).as_i64();
        let counts = ["requestedTaskCount", "runningTaskCount", "pendingTaskCount"];
        let arn = shown.get("arn").as_text().unwrap_or_default();
        (arn.to_owned(), counts.map(count))
    }

    /// It continues with what it does, says the developer guide: that is no conflict.
    #[test]
    fn a_deployment_that_rolls_back_may_be_stopped_again_and_goes_on() {
        let mut world = World::new(7, 1.0, NOW);
        story::tell(&mut world);
        world.step(NOW + 1.0);
        let key: Key = ("laser-prod".into(), "auth".into());
        let before = world.services.get(&key).unwrap().revision();
        rollout::begin(&mut world, &key, before - 1);
        world.step(NOW + 2.0);
        let id = world.deployments.last().unwrap().id.clone();
        let arn = names::deployment(&key.0, &key.1, &id);
        let input = map([("serviceDeploymentArn", arn.into())]);
        let state = |world: &World| {
            let d = world.deployments.iter().find(|d| d.id == id).unwrap();
            (d.status, d.rollback.is_some())
        };
        stop(&input, &mut world).unwrap();
        let once = state(&world);
        assert!(once.1);
        stop(&input, &mut world).unwrap();
        assert_eq!(state(&world), once);
    }

    /// Another deployment of the same task definition: the tasks that run are not those that it starts.
    #[test]
    fn a_restart_counts_its_own_tasks_apart_from_those_that_it_replaces() {
        let mut world = World::new(7, 1.0, NOW);
        story::tell(&mut world);
        world.step(NOW + 1.0);
        let key: Key = ("laser-prod".into(), "auth".into());
        let same = world.services.get(&key).unwrap().revision();
        rollout::begin(&mut world, &key, same);
        world.step(NOW + 2.0);
        let d = world.deployments.last().unwrap().clone();
        let sides = [d.from[0], d.to].map(|side| told(&load(&d, side, &world)));
        let [(old, leaves), (new, starts)] = &sides;
        assert_ne!(old, new);
        assert_eq!(leaves, &[0, 2, 0].map(Some));
        assert_eq!(starts, &[2, 0, 2].map(Some));
        // The service itself counts them in the same way, the newest first.
        let shown = super::super::read::show(world.services.get(&key).unwrap(), &world);
        let current = shown.get("currentServiceRevisions").as_list();
        let current: Vec<_> = current.iter().map(told).collect();
        assert_eq!(current, [sides[1].clone(), sides[0].clone()]);
        // Both are revisions of the one task definition.
        let asked = map([("serviceRevisionArns", nodes([old.as_str(), new.as_str()]))]);
        let answer = revisions(&asked, &world).unwrap();
        let found = answer.get("serviceRevisions").as_list();
        let definitions = found.iter().map(|r| r.get("taskDefinition").as_text());
        let wanted = names::definition("laser-prod-auth", same);
        assert_eq!(definitions.collect::<Vec<_>>(), [Some(wanted.as_str()); 2]);
    }

    /// A canary that goes back has its share of traffic until that was shifted back, and what comes back is the service revision that was.
    #[test]
    fn a_canary_that_goes_back_keeps_its_traffic_until_that_is_shifted_back() {
        let mut world = World::new(7, 1.0, NOW);
        story::tell(&mut world);
        let key: Key = ("laser-prod".into(), "calculator".into());
        world.step(NOW + 1.0);
        let before = world.services.get(&key).unwrap().revision();
        rollout::begin(&mut world, &key, before);
        let now = |world: &World| world.deployments.last().unwrap().clone();
        let mut second = NOW + 1.0;
        let mut step = |world: &mut World| {
            second += 1.0;
            world.step(second);
        };
        while now(&world).traffic == 0.0 {
            step(&mut world);
        }
        assert!(rollout::roll_back(&mut world, &key, "stopped"));
        step(&mut world);
        let weight = |side: ServiceRevision, world: &World| {
            let shown = load(&now(world), side, world);
            shown.get("requestedProductionTrafficWeight").as_f64()
        };
        let d = now(&world);
        let (old, new) = (d.from[0], d.to);
        assert_eq!(d.rollback.as_ref().map(|r| r.2), Some(old));
        let shares = [weight(old, &world), weight(new, &world)];
        assert_eq!(shares, [Some(90.0), Some(10.0)]);
        assert_eq!(d.stage, Some("PRODUCTION_TRAFFIC_SHIFT"));
        let counts = told(&load(&d, old, &world)).1;
        assert_eq!(counts, [3, 3, 0].map(Some));
        let primary = world.services.get(&key).unwrap().rollouts[0].clone();
        assert!(primary.reason.contains("rolling back to"), "{primary:?}");
        while now(&world).traffic > 0.0 {
            assert_eq!(weight(old, &world), Some(90.0));
            step(&mut world);
        }
        let shares = [weight(old, &world), weight(new, &world)];
        assert_eq!(shares, [Some(100.0), Some(0.0)]);
        while now(&world).is_open() {
            step(&mut world);
        }
        assert_eq!(now(&world).status, "ROLLBACK_SUCCESSFUL");
    }

    /// Both sides of the one that is superseded have all of their tasks: those of the next one start beside them.
    #[test]
    fn a_canary_that_supersedes_another_in_its_bake_goes_on_to_its_end() {
        let mut world = World::new(7, 1.0, NOW);
        story::tell(&mut world);
        let key: Key = ("laser-prod".into(), "calculator".into());
        world.step(NOW + 1.0);
        let before = world.services.get(&key).unwrap().revision();
        let now = |world: &World| world.deployments.last().unwrap().clone();
        let mut second = NOW + 1.0;
        let mut until = |world: &mut World, reached: &dyn Fn(&ServiceDeployment) -> bool| {
            for _ in 0..600 {
                if reached(&now(world)) {
                    return;
                }
                second += 1.0;
                world.step(second);
            }
            panic!("it goes no further: {:?}", now(world));
        };
        rollout::begin(&mut world, &key, before - 1);
        until(&mut world, &|d| d.stage == Some("BAKE_TIME"));
        let superseded = now(&world).id;
        rollout::begin(&mut world, &key, before - 1);
        until(&mut world, &|d| !d.is_open());
        assert_eq!(now(&world).status, "SUCCESSFUL");
        let old = world.deployments.iter().find(|d| d.id == superseded);
        assert_eq!(old.map(|d| d.status), Some("STOPPED"));
        let service = world.services.get(&key).unwrap();
        let running: u32 = world
            .tasks_of(&key)
            .map(|t| u32::from(t.is_running()))
            .sum();
        assert_eq!((running, service.rollouts.len()), (service.desired, 1));
    }
}
