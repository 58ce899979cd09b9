//! What changes services and tasks.

use super::{cluster, read, service};
use crate::wire::{ApiError, Node, map};
use crate::world::service::Strategy;
use crate::world::{World, names, rollout};

fn invalid(message: &str) -> ApiError {
    ApiError::new("InvalidParameterException", message)
}

pub(super) fn update_service(input: &Node, world: &mut World) -> Result<Node, ApiError> {
    let key = service(input, world)?;
    let family = world
        .services
        .get(&key)
        .map(|s| s.family.clone())
        .unwrap_or_default();
    // Everything is checked before anything is changed.
    let revision = match input.get("taskDefinition").as_text() {
        None => None,
        Some(named) => {
            let (wanted, number) = names::family_revision(named);
            let all = world
                .definitions
                .get(wanted)
                .ok_or_else(|| ApiError::new("ClientException", "TaskDefinition not found."))?;
            let number = match number {
                Some(n) => n,
                None => u32::try_from(all.len()).unwrap_or(0),
            };
            let known = world
                .definition(wanted, number)
                .ok_or_else(|| ApiError::new("ClientException", "TaskDefinition not found."))?;
            if !known.active {
                return Err(ApiError::new(
                    "ClientException",
                    "TaskDefinition is inactive",
                ));
            }
            if wanted != family {
                return Err(invalid("The sandbox keeps a service within its family."));
            }
            Some(number)
        }
    };
    let desired = match input.get("desiredCount").as_i64() {
        None => None,
        Some(n) => Some(
            u32::try_from(n)
                .ok()
                .filter(|n| *n <= 5_000)
                .ok_or_else(|| invalid("Invalid desiredCount."))?,
        ),
    };
    let config = input.get("deploymentConfiguration");
    let strategy = match config.get("strategy").as_text() {
        None => None,
        Some(word) => Some(Strategy::parse(word).ok_or_else(|| invalid("Invalid strategy."))?),
    };
    let force = input.get("forceNewDeployment").as_bool() == Some(true);
    let number = |member: &str| {
        config
            .get(member)
            .as_i64()
            .and_then(|n| u32::try_from(n).ok())
    };
    let mut deploys = force;
    if let Some(s) = world.services.get_mut(&key) {
        let set = &mut s.settings;
        set.strategy = strategy.unwrap_or(set.strategy);
        set.maximum = number("maximumPercent").unwrap_or(set.maximum);
        set.minimum = number("minimumHealthyPercent").unwrap_or(set.minimum);
        let breaker = config.get("deploymentCircuitBreaker");
        set.breaker.0 = breaker.get("enable").as_bool().unwrap_or(set.breaker.0);
        set.breaker.1 = breaker.get("rollback").as_bool().unwrap_or(set.breaker.1);
        if !config.get("alarms").is_null() {
            set.alarms = config
                .get("alarms")
                .get("alarmNames")
                .as_strs()
                .into_iter()
                .map(str::to_owned)
                .collect();
        }
        if let Some(n) = desired {
            s.steady &= s.desired == n;
            s.desired = n;
        }
        deploys |= revision.is_some_and(|r| r != s.revision());
    }
    if deploys {
        let to = revision
            .or_else(|| world.services.get(&key).map(|s| s.revision()))
            .unwrap_or(1);
        rollout::begin(world, &key, to);
    }
    let shown = world
        .services
        .get(&key)
        .map_or(Node::Null, |s| read::show(s, world));
    Ok(map([("service", shown)]))
}

pub(super) fn stop_task(input: &Node, world: &mut World) -> Result<Node, ApiError> {
    let cluster = cluster(input, world)?;
    let id = names::tail(input.get("task").as_text().unwrap_or_default()).to_owned();
    let story = world.story_time();
    let why = input
        .get("reason")
        .as_text()
        .unwrap_or("Task stopped by user")
        .to_owned();
    let task = world.tasks.get_mut(&id).filter(|t| t.service.0 == cluster);
    let task = task.ok_or_else(|| invalid("The referenced task was not found."))?;
    task.stop(story, &why);
    let shown = task.clone();
    Ok(map([("task", read::show_task(&shown, world))]))
}
