//! Task definitions of the world.

use super::{Definition, Key, World, names};
use crate::estate::sentry::dsn;
use crate::wire::{Node, list, map};

/// Plain variables of a cluster's services. Development has one that the others do not have yet.
fn variables(cluster: &str) -> &'static [(&'static str, &'static str)] {
    match cluster {
        "laser-dev" => &[
            ("NODE_ENV", "development"),
            ("LOG_LEVEL", "debug"),
            ("QUOTE_ENGINE", "path"),
        ],
        _ => &[("NODE_ENV", "production"), ("LOG_LEVEL", "info")],
    }
}

/// Registers a revision of a service's one container; its number.
#[allow(clippy::too_many_arguments)]
pub fn register(
    world: &mut World,
    key: &Key,
    family: &str,
    image: &str,
    cpu: u32,
    memory: u32,
    port: Option<u16>,
    at: f64,
    who: &str,
) -> u32 {
    let name = key.1.clone();
    let check = port.map_or_else(
        || "pgrep node || exit 1".to_owned(),
        |p| format!("curl -fs http://localhost:{p}/health || exit 1"),
    );
    let pair = |k: &str, v: String| map([("name", k.into()), ("value", v.into())]);
    let secret = |k: &str, path: &str| {
        let from = format!(
            "arn:aws:secretsmanager:us-east-1:{}:secret:{}/{path}",
            names::ACCOUNT,
            key.0
        );
        map([("name", k.into()), ("valueFrom", from.into())])
    };
    let mut container = map([
        ("name", name.as_str().into()),
        ("image", image.into()),
        ("cpu", cpu.into()),
        ("memory", memory.into()),
        ("memoryReservation", (memory / 2).into()),
        ("essential", true.into()),
        (
            "environment",
            Node::List(
                variables(&key.0)
                    .iter()
                    .map(|(k, v)| pair(k, (*v).into()))
                    .chain(dsn(&name).map(|dsn| pair("SENTRY_DSN", dsn)))
                    .collect(),
            ),
        ),
        (
            "secrets",
            list([
                secret("DATABASE_URL", "database-url"),
                secret("JWT_SECRET", "jwt-secret"),
            ]),
        ),
        (
            "healthCheck",
            map([
                ("command", list(["CMD-SHELL", check.as_str()])),
                ("interval", 10.into()),
                ("timeout", 5.into()),
                ("retries", 3.into()),
            ]),
        ),
        (
            "logConfiguration",
            map([
                ("logDriver", "awslogs".into()),
                (
                    "options",
                    map([
                        ("awslogs-group", format!("/ecs/{}/{name}", key.0).into()),
                        ("awslogs-region", names::REGION.into()),
                        ("awslogs-stream-prefix", name.as_str().into()),
                    ]),
                ),
            ]),
        ),
        ("mountPoints", Node::List(Vec::new())),
        ("volumesFrom", Node::List(Vec::new())),
    ]);
    if let Some(port) = port {
        container = container.with(
            "portMappings",
            list([map([
                ("containerPort", port.into()),
                ("hostPort", port.into()),
                ("protocol", "tcp".into()),
            ])]),
        );
    }
    let input = map([
        ("family", family.into()),
        ("containerDefinitions", list([container])),
        ("networkMode", "awsvpc".into()),
        ("requiresCompatibilities", list(["FARGATE"])),
        ("cpu", cpu.to_string().into()),
        ("memory", memory.to_string().into()),
        (
            "executionRoleArn",
            format!("arn:aws:iam::{}:role/{}-execution", names::ACCOUNT, key.0).into(),
        ),
        (
            "taskRoleArn",
            format!("arn:aws:iam::{}:role/{family}", names::ACCOUNT).into(),
        ),
    ]);
    add_definition(
        world,
        &input,
        at,
        &format!("arn:aws:iam::{}:user/{who}", names::ACCOUNT),
    )
}

/// Registers what RegisterTaskDefinition was given; returns the revision's number.
pub fn add_definition(world: &mut World, input: &Node, at: f64, by: &str) -> u32 {
    let family = input.get("family").as_str().unwrap_or_default().to_owned();
    let revisions = world.definitions.entry(family.clone()).or_default();
    let number = u32::try_from(revisions.len() + 1).unwrap_or(u32::MAX);
    let containers = input.get("containerDefinitions").as_list();
    let main = containers
        .iter()
        .find(|c| c.get("essential").as_bool() != Some(false))
        .or(containers.first());
    let image = main
        .and_then(|c| c.get("image").as_str())
        .unwrap_or_default()
        .to_owned();
    let members = input
        .as_map()
        .iter()
        .filter(|(k, _)| k != "tags")
        .cloned()
        .collect();
    let shown = Node::Map(members)
        .with("taskDefinitionArn", names::definition(&family, number))
        .with("revision", number)
        .with("status", "ACTIVE")
        .with("compatibilities", list(["EC2", "FARGATE"]))
        .with("registeredAt", Node::Time(at))
        .with("registeredBy", by);
    revisions.push(Definition {
        shown,
        tags: input.get("tags").clone(),
        image,
        active: true,
    });
    number
}
