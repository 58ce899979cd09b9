//! Service deployments and service revisions.

use super::{missing, service};
use crate::wire::{ApiError, Node, list as nodes, map};
use crate::world::service::ServiceDeployment;
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
                    names::service_revision(&d.key.0, &d.key.1, d.to).into(),
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

/// Requested, running and pending tasks of a revision within a deployment.
fn load(d: &ServiceDeployment, revision: u32, target: bool, world: &World) -> Node {
    let service = world.services.get(&d.key);
    let open = d.is_open();
    let (mut running, mut pending) = (0, 0);
    if let Some(s) = service.filter(|_| open) {
        for r in s.rollouts.iter().filter(|r| r.revision == revision) {
            let c = rollout::counts(world, &d.key, &r.id);
            running += c.running;
            pending += c.pending;
        }
    }
    let going_back = d.rollback.is_some();
    let desired = service.map_or(0, |s| s.desired);
    let requested = if target != going_back { desired } else { 0 };
    let traffic = if d.strategy.word() == "ROLLING" {
        Node::Null
    } else {
        Node::Float(if target { d.traffic } else { 100.0 - d.traffic })
    };
    map([
        (
            "arn",
            names::service_revision(&d.key.0, &d.key.1, revision).into(),
        ),
        (
            "requestedTaskCount",
            if open { requested } else { 0 }.into(),
        ),
        ("runningTaskCount", running.into()),
        ("pendingTaskCount", pending.into()),
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
                    names::service_revision(&d.key.0, &d.key.1, *to).into(),
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
                nodes(d.from.iter().map(|r| load(d, *r, false, world))),
            ),
            ("targetServiceRevision", load(d, d.to, true, world)),
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
        let number = parts
            .next()
            .and_then(|n| n.parse::<u64>().ok())
            .and_then(|n| n.checked_sub(4_980_306_466_373_577_000));
        let (name, cluster) = (
            parts.next().unwrap_or_default(),
            parts.next().unwrap_or_default(),
        );
        let service = world.services.get(&(cluster.to_owned(), name.to_owned()));
        let known = service.and_then(|s| {
            let n = u32::try_from(number?).ok()?;
            Some((s, n, world.definition(&s.family, n)?))
        });
        let Some((s, n, definition)) = known else {
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
                ])]),
            ),
            ("createdAt", definition.shown.get("registeredAt").clone()),
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
    if !open || back {
        let why = match open {
            true => "The service deployment is already rolling back.",
            false => "The service deployment is already in a terminal state.",
        };
        return Err(ApiError::new("ConflictException", why));
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
