//! Clusters, services and tasks.

use super::{cluster, missing, page};
use crate::wire::{ApiError, Node, list, map};
use crate::world::service::{Rollout, Service, ServiceRevision};
use crate::world::task::{Health, Life, Task};
use crate::world::{Key, World, names, rollout};

pub(super) fn list_clusters(input: &Node, world: &World) -> Result<Node, ApiError> {
    let arn = |c: &String| names::cluster(c);
    page(input, world.clusters.iter(), arn, "clusterArns", 100)
}

pub(super) fn describe_clusters(input: &Node, world: &World) -> Result<Node, ApiError> {
    let asked = match input.get("clusters").as_strs() {
        none if none.is_empty() => vec!["default"],
        some => some,
    };
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for named in asked {
        let name = names::tail(named);
        if !world.clusters.iter().any(|c| c == name) {
            failures.push(missing(names::cluster(name)));
            continue;
        }
        let (mut running, mut pending) = (0, 0);
        for task in world.tasks.values().filter(|t| t.service.0 == name) {
            running += i64::from(task.is_running());
            pending += i64::from(task.is_starting());
        }
        found.push(map([
            ("clusterArn", names::cluster(name).into()),
            ("clusterName", name.into()),
            ("status", "ACTIVE".into()),
            (
                "activeServicesCount",
                world.services.of(name).count().into(),
            ),
            ("runningTasksCount", running.into()),
            ("pendingTasksCount", pending.into()),
            ("registeredContainerInstancesCount", 0.into()),
            ("capacityProviders", list(["FARGATE", "FARGATE_SPOT"])),
        ]));
    }
    Ok(map([
        ("clusters", Node::List(found)),
        ("failures", Node::List(failures)),
    ]))
}

pub(super) fn list_services(input: &Node, world: &World) -> Result<Node, ApiError> {
    let cluster = cluster(input, world)?;
    let all = world.services.of(&cluster).map(|(key, _)| key);
    // The vendor's default page is ten.
    let arn = |k: &Key| names::service(&k.0, &k.1);
    page(input, all, arn, "serviceArns", 10)
}

pub(super) fn describe_services(input: &Node, world: &World) -> Result<Node, ApiError> {
    let cluster = cluster(input, world)?;
    let asked = input.get("services").as_strs();
    if asked.is_empty() || asked.len() > 10 {
        let why = if asked.is_empty() {
            "Services cannot be empty."
        } else {
            "Services exceeds the limit of 10."
        };
        return Err(ApiError::new("InvalidParameterException", why));
    }
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for named in asked {
        let name = names::tail(named);
        match world.services.get(&(cluster.clone(), name.to_owned())) {
            Some(service) => found.push(show(service, world)),
            None => failures.push(missing(names::service(&cluster, name))),
        }
    }
    Ok(map([
        ("services", Node::List(found)),
        ("failures", Node::List(failures)),
    ]))
}

/// A service as the vendor shows it.
pub(super) fn show(s: &Service, world: &World) -> Node {
    let all = |f: fn(&Task) -> bool| world.tasks_of(&s.key).filter(|t| f(t)).count();
    let balancers: Vec<Node> = s
        .target_group
        .iter()
        .filter_map(|name| world.target_groups.get(name))
        .map(|tg| {
            map([
                (
                    "targetGroupArn",
                    names::target_group(&tg.name, &tg.id).into(),
                ),
                ("containerName", s.key.1.as_str().into()),
                ("containerPort", s.port.into()),
            ])
        })
        .collect();
    let events: Vec<Node> = s
        .events
        .iter()
        .map(|e| {
            map([
                ("id", e.id.as_str().into()),
                ("createdAt", Node::Time(e.at)),
                ("message", e.message.as_str().into()),
            ])
        })
        .collect();
    map([
        ("serviceArn", names::service(&s.key.0, &s.key.1).into()),
        ("serviceName", s.key.1.as_str().into()),
        ("clusterArn", names::cluster(&s.key.0).into()),
        ("status", "ACTIVE".into()),
        ("desiredCount", s.desired.into()),
        ("runningCount", all(Task::is_running).into()),
        ("pendingCount", all(Task::is_starting).into()),
        ("launchType", "FARGATE".into()),
        ("platformVersion", "LATEST".into()),
        (
            "taskDefinition",
            names::definition(&s.family, s.revision()).into(),
        ),
        ("deploymentConfiguration", settings(s)),
        ("deploymentController", map([("type", "ECS".into())])),
        (
            "deployments",
            Node::List(s.rollouts.iter().map(|r| deployment(s, r, world)).collect()),
        ),
        ("currentServiceRevisions", Node::List(revisions(s, world))),
        ("loadBalancers", Node::List(balancers)),
        ("events", Node::List(events)),
        ("createdAt", Node::Time(s.created_at)),
        ("schedulingStrategy", "REPLICA".into()),
        ("healthCheckGracePeriodSeconds", 30.into()),
        ("enableExecuteCommand", false.into()),
        ("propagateTags", "NONE".into()),
    ])
}

/// A service's deployment configuration.
pub(super) fn settings(s: &Service) -> Node {
    let c = &s.settings;
    map([
        (
            "deploymentCircuitBreaker",
            map([
                ("enable", c.breaker.0.into()),
                ("rollback", c.breaker.1.into()),
            ]),
        ),
        ("maximumPercent", c.maximum.into()),
        ("minimumHealthyPercent", c.minimum.into()),
        ("strategy", c.strategy.word().into()),
        ("bakeTimeInMinutes", c.bake_minutes.into()),
        (
            "alarms",
            map([
                ("alarmNames", list(c.alarms.iter())),
                ("rollback", c.breaker.1.into()),
                ("enable", (!c.alarms.is_empty()).into()),
            ]),
        ),
    ])
}

/// The service revisions that a service has tasks of, or is set to.
fn revisions(s: &Service, world: &World) -> Vec<Node> {
    let wanted = s.primary().map(|r| r.revision);
    let show = |revision: ServiceRevision| {
        let c = rollout::counts_of(world, s, revision);
        let requested = if wanted == Some(revision) {
            s.desired
        } else {
            0
        };
        map([
            (
                "arn",
                names::service_revision(&s.key.0, &s.key.1, revision.id).into(),
            ),
            ("requestedTaskCount", requested.into()),
            ("runningTaskCount", c.running.into()),
            ("pendingTaskCount", c.pending.into()),
        ])
    };
    s.revisions().into_iter().map(show).collect()
}

fn deployment(s: &Service, r: &Rollout, world: &World) -> Node {
    let c = rollout::counts(world, &s.key, &r.id);
    map([
        ("id", r.id.as_str().into()),
        (
            "status",
            if r.primary { "PRIMARY" } else { "ACTIVE" }.into(),
        ),
        (
            "taskDefinition",
            names::definition(&s.family, r.revision.definition).into(),
        ),
        ("desiredCount", if r.primary { s.desired } else { 0 }.into()),
        ("pendingCount", c.pending.into()),
        ("runningCount", c.running.into()),
        ("failedTasks", r.failed.into()),
        ("createdAt", Node::Time(r.created_at)),
        ("updatedAt", Node::Time(r.updated_at)),
        ("launchType", "FARGATE".into()),
        ("rolloutState", r.state.into()),
        ("rolloutStateReason", r.reason.as_str().into()),
    ])
}

pub(super) fn list_tasks(input: &Node, world: &World) -> Result<Node, ApiError> {
    let cluster = cluster(input, world)?;
    let service = input.get("serviceName").as_text().map(names::tail);
    if let Some(name) = service.filter(|n| {
        !world
            .services
            .contains_key(&(cluster.clone(), (*n).to_owned()))
    }) {
        return Err(ApiError::new(
            "ServiceNotFoundException",
            format!("Service {name} not found."),
        ));
    }
    let family = input.get("family").as_text();
    let stopped = input.get("desiredStatus").as_str() == Some("STOPPED");
    let is_asked = |t: &&Task| {
        t.service.0 == cluster
            && family.is_none_or(|f| f == t.revision.0)
            && matches!(t.life, Life::Stopped | Life::Deactivating) == stopped
    };
    let arn = |t: &Task| names::task(&cluster, &t.id);
    match service {
        Some(name) => {
            let key = (cluster.clone(), name.to_owned());
            let all = world.tasks_of(&key).filter(is_asked);
            page(input, all, arn, "taskArns", 100)
        }
        None => {
            let all = world.tasks.values().filter(is_asked);
            page(input, all, arn, "taskArns", 100)
        }
    }
}

pub(super) fn describe_tasks(input: &Node, world: &World) -> Result<Node, ApiError> {
    let cluster = cluster(input, world)?;
    let asked = input.get("tasks").as_strs();
    if asked.is_empty() || asked.len() > 100 {
        return Err(ApiError::new(
            "InvalidParameterException",
            "Tasks must hold 1 to 100 items.",
        ));
    }
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for named in asked {
        match world
            .tasks
            .get(names::tail(named))
            .filter(|t| t.service.0 == cluster)
        {
            Some(task) => found.push(show_task(task, world)),
            None => failures.push(missing(names::task(&cluster, names::tail(named)))),
        }
    }
    Ok(map([
        ("tasks", Node::List(found)),
        ("failures", Node::List(failures)),
    ]))
}

/// A task as the vendor shows it.
pub(super) fn show_task(t: &Task, world: &World) -> Node {
    let health = match t.health {
        Health::Unknown => "UNKNOWN",
        Health::Healthy => "HEALTHY",
        Health::Unhealthy => "UNHEALTHY",
    };
    let definition = world.definition(&t.revision.0, t.revision.1);
    let of = |member: &str| definition.map_or(Node::Null, |d| d.shown.get(member).clone());
    let status = match t.life {
        Life::Stopped => "STOPPED",
        Life::Running | Life::Deactivating => "RUNNING",
        _ => "PENDING",
    };
    // A stand-in for the digest that a registry would give: the same image, the same digest.
    let digest: String = {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut h = DefaultHasher::new();
        t.image.hash(&mut h);
        format!("sha256:{}", format!("{:016x}", h.finish()).repeat(4))
    };
    let container = map([
        (
            "containerArn",
            format!(
                "{}/{}",
                names::task(&t.service.0, &t.id).replace(":task/", ":container/"),
                t.id.get(..12).unwrap_or("c")
            )
            .into(),
        ),
        ("taskArn", names::task(&t.service.0, &t.id).into()),
        ("name", t.service.1.as_str().into()),
        ("image", t.image.as_str().into()),
        ("imageDigest", t.started_at.map(|_| digest).into()),
        ("lastStatus", status.into()),
        ("healthStatus", health.into()),
        ("exitCode", t.stopped_at.and(t.exit_code).into()),
        (
            "reason",
            t.reason.as_ref().filter(|r| r.starts_with("Cannot")).into(),
        ),
        (
            "networkInterfaces",
            list([map([("privateIpv4Address", t.ip.as_str().into())])]),
        ),
    ]);
    let code = match &t.reason {
        Some(r) if r.starts_with("CannotPull") => Some("TaskFailedToStart"),
        Some(r) if r.starts_with("Essential") => Some("EssentialContainerExited"),
        Some(_) => Some("ServiceSchedulerInitiated"),
        None => None,
    };
    map([
        ("taskArn", names::task(&t.service.0, &t.id).into()),
        ("clusterArn", names::cluster(&t.service.0).into()),
        (
            "taskDefinitionArn",
            names::definition(&t.revision.0, t.revision.1).into(),
        ),
        ("group", format!("service:{}", t.service.1).into()),
        ("startedBy", t.rollout.as_str().into()),
        ("lastStatus", t.life.word().into()),
        (
            "desiredStatus",
            if t.reason.is_some() {
                "STOPPED"
            } else {
                "RUNNING"
            }
            .into(),
        ),
        ("healthStatus", health.into()),
        (
            "availabilityZone",
            format!("{}{}", names::REGION, t.zone).into(),
        ),
        ("launchType", "FARGATE".into()),
        ("cpu", of("cpu")),
        ("memory", of("memory")),
        ("connectivity", "CONNECTED".into()),
        ("createdAt", Node::Time(t.created_at)),
        ("startedAt", t.started_at.map_or(Node::Null, Node::Time)),
        ("stoppedAt", t.stopped_at.map_or(Node::Null, Node::Time)),
        ("stoppedReason", t.reason.as_ref().into()),
        ("stopCode", code.into()),
        ("containers", list([container])),
        (
            "attachments",
            list([map([
                ("type", "ElasticNetworkInterface".into()),
                ("status", "ATTACHED".into()),
                (
                    "details",
                    list([map([
                        ("name", "privateIPv4Address".into()),
                        ("value", t.ip.as_str().into()),
                    ])]),
                ),
            ])]),
        ),
    ])
}
