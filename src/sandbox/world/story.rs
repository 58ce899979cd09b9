//! What the platform is like when the story begins: a laser-cutting calculator in production.

use super::definitions;
use super::service::{
    Event, Rollout, Service, ServiceDeployment, ServiceRevision, Settings, Strategy,
};
use super::task::{Health, Life, Task};
use super::{Key, TargetGroup, World};

/// A synthetic fleet instead of the story, for measuring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    /// How many services.
    pub services: u32,
    /// Tasks of each.
    pub tasks_per_service: u32,
}

struct Plan {
    name: &'static str,
    desired: u32,
    images: &'static [&'static str],
    cpu: u32,
    memory: u32,
    port: Option<(u16, &'static str)>,
    strategy: Strategy,
}

const PRODUCTION: &[Plan] = &[
    Plan {
        name: "admin",
        desired: 2,
        images: &["1.3.0", "1.3.1", "1.4.0"],
        cpu: 256,
        memory: 512,
        port: Some((8081, "/admin/*")),
        strategy: Strategy::BlueGreen,
    },
    Plan {
        name: "api",
        desired: 4,
        images: &["1.7.9", "1.8.0", "1.8.1", "1.8.2"],
        cpu: 512,
        memory: 1024,
        port: Some((8080, "/api/*")),
        strategy: Strategy::Rolling,
    },
    Plan {
        name: "auth",
        desired: 2,
        images: &["2.0.3", "2.0.4"],
        cpu: 256,
        memory: 512,
        port: Some((8082, "/auth/*")),
        strategy: Strategy::Rolling,
    },
    Plan {
        name: "calculator",
        desired: 3,
        images: &["3.1.0", "3.1.1", "3.2.0"],
        cpu: 1024,
        memory: 2048,
        port: Some((8083, "/calc/*")),
        strategy: Strategy::Canary,
    },
    Plan {
        name: "pdf-render",
        desired: 2,
        images: &["0.9.4", "0.9.5"],
        cpu: 512,
        memory: 1024,
        port: Some((8084, "/pdf/*")),
        strategy: Strategy::Rolling,
    },
    Plan {
        name: "worker",
        desired: 4,
        images: &["1.8.0", "1.8.1", "1.8.2"],
        cpu: 512,
        memory: 1024,
        port: None,
        strategy: Strategy::Rolling,
    },
];

const STAGING: &[Plan] = &[
    Plan {
        name: "api",
        desired: 1,
        images: &["1.8.2", "1.8.3"],
        cpu: 256,
        memory: 512,
        port: None,
        strategy: Strategy::Rolling,
    },
    Plan {
        name: "worker",
        desired: 1,
        images: &["1.8.2", "1.8.3"],
        cpu: 256,
        memory: 512,
        port: None,
        strategy: Strategy::Rolling,
    },
];

const DEVELOPMENT: &[Plan] = &[
    Plan {
        name: "api",
        desired: 1,
        images: &["1.8.3", "1.9.0-dev.4"],
        cpu: 256,
        memory: 512,
        port: None,
        strategy: Strategy::Rolling,
    },
    Plan {
        name: "worker",
        desired: 1,
        images: &["1.8.3", "1.9.0-dev.2"],
        cpu: 256,
        memory: 512,
        port: None,
        strategy: Strategy::Rolling,
    },
];

/// The registry that holds the platform's images.
pub const REGISTRY: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com/laser";

/// Peoples of the story, as who registered a revision.
const PEOPLE: [&str; 3] = ["ana", "ben", "github-actions"];

const HOUR_S: f64 = 3_600.0;

/// Tells the story's beginning into an empty world.
pub fn tell(world: &mut World) {
    let alb = world.hex(16);
    world.load_balancers.insert("laser-prod-alb".into(), alb);
    for (cluster, plans) in [
        ("laser-prod", PRODUCTION),
        ("laser-staging", STAGING),
        ("laser-dev", DEVELOPMENT),
    ] {
        world.clusters.push(cluster.to_owned());
        for plan in plans {
            let repository = format!("{REGISTRY}/{}", plan.name);
            if !world.repositories.contains(&repository) {
                world.repositories.push(repository);
            }
            service(world, cluster, plan);
        }
    }
    // Something moves when the curtain rises: the worker goes to a new, good image.
    let key = ("laser-prod".to_owned(), "worker".to_owned());
    let next = definitions::register(
        world,
        &key,
        "laser-prod-worker",
        &format!("{REGISTRY}/worker:1.8.3"),
        512,
        1024,
        None,
        world.stamp() - 40.0,
        "ana",
    );
    super::rollout::begin(world, &key, next);
}

/// Makes a synthetic fleet.
pub fn fleet(world: &mut World, scale: Scale) {
    world.clusters.push("fleet".into());
    world.repositories.push(format!("{REGISTRY}/app"));
    for n in 0..scale.services {
        let key = ("fleet".to_owned(), format!("svc-{n:04}"));
        let family = format!("fleet-{}", key.1);
        let at = world.stamp() - 30.0 * HOUR_S;
        let revision = definitions::register(
            world,
            &key,
            &family,
            &format!("{REGISTRY}/app:1.{n}.0"),
            256,
            512,
            Some(8080),
            at,
            "ana",
        );
        let revision = world.revise(&key, revision, at);
        settle(
            world,
            &key,
            &family,
            scale.tasks_per_service,
            revision,
            None,
            8080,
            Strategy::Rolling,
            at,
        );
    }
}

fn service(world: &mut World, cluster: &str, plan: &Plan) {
    let key: Key = (cluster.to_owned(), plan.name.to_owned());
    let family = format!("{cluster}-{}", plan.name);
    let ages = [700.0, 340.0, 170.0, 47.0];
    let mut current: Option<ServiceRevision> = None;
    let mut at = world.stamp();
    for (i, tag) in plan.images.iter().enumerate() {
        let age = ages[(i + 4 - plan.images.len()) % 4];
        if plan.name == "api" && cluster == "laser-prod" && i + 1 == plan.images.len() {
            turned_back(world, &key, &family, plan, current);
        }
        let before = current;
        at = world.stamp() - age * HOUR_S;
        let who = PEOPLE[(i + plan.name.len()) % PEOPLE.len()];
        let image = format!("{REGISTRY}/{}:{tag}", plan.name);
        let port = plan.port.map(|p| p.0);
        let number = definitions::register(
            world,
            &key,
            &family,
            &image,
            plan.cpu,
            plan.memory,
            port,
            at,
            who,
        );
        let then = at + 60.0;
        let made = remember(world, &key, before, number, then, "SUCCESSFUL", plan);
        current = Some(made);
    }
    let Some(current) = current else { return };
    let group = plan.port.map(|(port, path)| {
        let name = format!("tg-{}", plan.name);
        let id = world.hex(16);
        let load_balancer = "laser-prod-alb".to_owned();
        let tg = TargetGroup {
            name: name.clone(),
            id,
            port,
            load_balancer,
            path: path.to_owned(),
        };
        world.target_groups.insert(name.clone(), tg);
        name
    });
    let port = plan.port.map_or(0, |p| p.0);
    settle(
        world,
        &key,
        &family,
        plan.desired,
        current,
        group,
        port,
        plan.strategy,
        at + 60.0,
    );
}

/// A release that the breaker turned back, three days ago: what a rehearsed rollback looks like.
fn turned_back(
    world: &mut World,
    key: &Key,
    family: &str,
    plan: &Plan,
    before: Option<ServiceRevision>,
) {
    let at = world.stamp() - 77.0 * HOUR_S;
    let image = format!("{REGISTRY}/api:1.8.1-bad.2");
    let bad = definitions::register(
        world,
        key,
        family,
        &image,
        plan.cpu,
        plan.memory,
        plan.port.map(|p| p.0),
        at,
        "github-actions",
    );
    remember(world, key, before, bad, at, "ROLLBACK_SUCCESSFUL", plan);
}

fn remember(
    world: &mut World,
    key: &Key,
    from: Option<ServiceRevision>,
    to: u32,
    at: f64,
    status: &'static str,
    plan: &Plan,
) -> ServiceRevision {
    let id = world.hex(21);
    let to = world.revise(key, to, at);
    let back = status == "ROLLBACK_SUCCESSFUL";
    let reason = if back {
        "Service deployment rolled back because the circuit breaker threshold was exceeded."
    } else {
        ""
    };
    let limit = super::rollout::threshold(plan.desired);
    world.deployments.push(ServiceDeployment {
        id,
        key: key.clone(),
        rollout: String::new(),
        from: from.into_iter().collect(),
        to,
        status,
        reason: reason.to_owned(),
        strategy: plan.strategy,
        stage: None,
        traffic: if back { 0.0 } else { 100.0 },
        stage_since: 0.0,
        created_at: at,
        finished_at: Some(at + 84.0),
        updated_at: at + 84.0,
        failures: (if back { limit } else { 0 }, limit),
        fired: Vec::new(),
        rollback: from
            .filter(|_| back)
            .map(|from| (reason.to_owned(), at + 50.0, from)),
    });
    to
}

#[allow(clippy::too_many_arguments)]
fn settle(
    world: &mut World,
    key: &Key,
    family: &str,
    desired: u32,
    revision: ServiceRevision,
    group: Option<String>,
    port: u16,
    strategy: Strategy,
    at: f64,
) {
    let digits: String = world
        .hex(19)
        .chars()
        .filter_map(|c| c.to_digit(16))
        .filter_map(|d| char::from_digit(d % 10, 10))
        .collect();
    let rollout = format!("ecs-svc/{digits}");
    let image = world
        .definition(family, revision.definition)
        .map(|d| d.image.clone())
        .unwrap_or_default();
    for n in 0..desired {
        let id = world.hex(32);
        let zone = ['a', 'b', 'c'][n as usize % 3];
        let ip = format!("10.0.{}.{}", 10 + n % 3, 4 + world.pick(250));
        world.tasks.insert(Task {
            id,
            service: key.clone(),
            revision: (family.to_owned(), revision.definition),
            rollout: rollout.clone(),
            image: image.clone(),
            life: Life::Running,
            since: -1_000.0,
            health: Health::Healthy,
            zone,
            ip,
            created_at: at,
            started_at: Some(at + 20.0),
            stopped_at: None,
            reason: None,
            exit_code: None,
            failed: false,
        });
    }
    let prod = key.0 == "laser-prod";
    let alarms = if key.1 == "api" && prod {
        vec!["laser-prod-api-5xx".to_owned()]
    } else {
        Vec::new()
    };
    let mut service = Service {
        key: key.clone(),
        desired,
        planned: desired,
        family: family.to_owned(),
        settings: Settings {
            strategy,
            minimum: 100,
            maximum: 200,
            breaker: (true, true),
            alarms,
            bake_minutes: 1,
        },
        rollouts: vec![Rollout {
            id: rollout.clone(),
            revision,
            primary: true,
            state: "COMPLETED",
            reason: format!("ECS deployment {rollout} completed."),
            created_at: at,
            updated_at: at + 84.0,
            failed: 0,
        }],
        events: std::collections::VecDeque::new(),
        target_group: group,
        port,
        created_at: at - 2_000.0 * HOUR_S,
        steady: true,
    };
    for (n, words) in [
        (0.0, "has started 2 tasks."),
        (80.0, "(deployment completed)."),
        (84.0, "has reached a steady state."),
    ] {
        let id = format!("{}-{}-{}", world.hex(8), world.hex(4), world.hex(12));
        service.events.push_front(Event {
            id,
            at: at + n,
            message: format!("(service {}) {words}", key.1),
        });
    }
    world.services.insert(key.clone(), service);
}
