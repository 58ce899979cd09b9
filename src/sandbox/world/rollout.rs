//! The deployment engine: replaces tasks as the vendor documents it (Amazon ECS developer guide, "Amazon ECS deployments").

use super::service::{Rollout, Service, ServiceDeployment, ServiceRevision, Strategy};
use super::task::{Health, Life};
use super::{Key, World, shift, turnover};

/// Failures that trip the breaker: half the desired count, from 3 to 200.
pub fn threshold(desired: u32) -> u32 {
    desired.div_ceil(2).clamp(3, 200)
}

/// Counts of one rollout's tasks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Running.
    pub running: u32,
    /// On their way up.
    pub pending: u32,
    /// Running and healthy.
    pub healthy: u32,
}

/// Counts the tasks of a rollout.
pub fn counts(world: &World, key: &Key, rollout: &str) -> Counts {
    let mut c = Counts::default();
    for t in world.tasks_of(key).filter(|t| t.rollout == rollout) {
        c.pending += u32::from(t.is_starting());
        c.running += u32::from(t.is_running());
        c.healthy += u32::from(t.is_running() && t.health == Health::Healthy);
    }
    c
}

/// Counts the tasks of a service revision, of which a deployment that goes back may have started some anew.
pub fn counts_of(world: &World, service: &Service, revision: ServiceRevision) -> Counts {
    let of_it = service.rollouts.iter().filter(|r| r.revision == revision);
    of_it.fold(Counts::default(), |sum, rollout| {
        let c = counts(world, &service.key, &rollout.id);
        Counts {
            running: sum.running + c.running,
            pending: sum.pending + c.pending,
            healthy: sum.healthy + c.healthy,
        }
    })
}

/// Begins a deployment of a task definition's revision. The one under way, if any, is superseded.
pub fn begin(world: &mut World, key: &Key, revision: u32) {
    let (now, story) = (world.stamp(), world.story_time());
    let number: u64 = world.hex(15).chars().fold(0, |n, c| {
        n * 10 + u64::from(c.to_digit(16).unwrap_or(0) % 10)
    });
    let rollout = format!("ecs-svc/{number:019}");
    let id = world.hex(21);
    if !world.services.contains_key(key) {
        return;
    }
    let to = world.revise(key, revision, now);
    let Some(service) = world.services.get_mut(key) else {
        return;
    };
    let from = service.revisions();
    for r in &mut service.rollouts {
        r.primary = false;
    }
    service.steady = false;
    service.rollouts.insert(
        0,
        Rollout {
            id: rollout.clone(),
            revision: to,
            primary: true,
            state: "IN_PROGRESS",
            reason: format!("ECS deployment {rollout} in progress."),
            created_at: now,
            updated_at: now,
            failed: 0,
        },
    );
    let (strategy, desired) = (service.settings.strategy, service.desired);
    for d in world
        .deployments
        .iter_mut()
        .filter(|d| &d.key == key && d.is_open())
    {
        d.status = "STOPPED";
        d.reason = "A new deployment superseded this one.".into();
        d.finished_at = Some(now);
    }
    world.deployments.push(ServiceDeployment {
        id,
        key: key.clone(),
        rollout,
        from,
        to,
        status: "IN_PROGRESS",
        reason: String::new(),
        strategy,
        stage: (strategy != Strategy::Rolling).then_some("SCALE_UP"),
        traffic: 0.0,
        stage_since: story,
        created_at: now,
        finished_at: None,
        updated_at: now,
        failures: (0, threshold(desired)),
        fired: Vec::new(),
        rollback: None,
    });
}

/// Begins a canary of the API's bad image, which the story knows.
#[cfg(test)]
pub fn begin_bad_canary(world: &mut World) -> Key {
    let key: Key = ("laser-prod".into(), "api".into());
    let bad = |n: &u32| {
        let known = world.definition("laser-prod-api", *n);
        known.is_some_and(|d| d.image.contains("bad"))
    };
    let bad = (1..10).find(bad).unwrap();
    let service = world.services.get_mut(&key).unwrap();
    service.settings.strategy = Strategy::Canary;
    begin(world, &key, bad);
    key
}

/// Moves every service on that is not at rest.
pub fn step(world: &mut World) {
    let mut keys = world.tasks.take_touched();
    keys.extend(world.services.awake().cloned());
    for key in keys {
        count_failures(world, &key);
        turnover::replace(world, &key);
        shift::shift(world, &key);
        complete(world, &key);
        let awake = !is_at_rest(world, &key);
        world.services.set_awake(&key, awake);
    }
}

/// Whether nothing of a service changes before something touches it or its tasks.
fn is_at_rest(world: &World, key: &Key) -> bool {
    let Some(service) = world.services.get(key) else {
        return true;
    };
    let Some(primary) = service.primary() else {
        return true;
    };
    let mut up = 0;
    for t in world.tasks_of(key) {
        match (t.life, t.health) {
            (Life::Stopped, _) if !t.failed => {}
            (Life::Running, Health::Healthy) if t.rollout == primary.id => up += 1,
            _ => return false,
        }
    }
    service.steady
        && primary.state == "COMPLETED"
        && up == service.desired
        && !world
            .deployments
            .iter()
            .any(|d| &d.key == key && d.is_open())
}

pub(super) fn say(world: &mut World, key: &Key, message: &str) {
    let id = format!("{}-{}-{}", world.hex(8), world.hex(4), world.hex(12));
    let at = world.stamp();
    if let Some(service) = world.services.get_mut(key) {
        service.say(id, at, format!("(service {}) {message}", key.1));
    }
}

fn count_failures(world: &mut World, key: &Key) {
    let mut failed: Vec<(String, String, String)> = Vec::new();
    let ids: Vec<String> = world
        .tasks_of(key)
        .filter(|t| t.failed)
        .map(|t| t.id.clone())
        .collect();
    for id in ids {
        let Some(t) = world.tasks.get_mut(&id) else {
            continue;
        };
        t.failed = false;
        failed.push((
            t.rollout.clone(),
            t.id.clone(),
            t.reason.clone().unwrap_or_default(),
        ));
    }
    for (rollout, task, reason) in failed {
        let words = match reason.as_str() {
            r if r.contains("health checks") => {
                format!("(task {task}) failed container health checks.")
            }
            r => format!("(deployment {rollout}) task {task} stopped: {r}."),
        };
        say(world, key, &words);
        let now = world.stamp();
        let Some(service) = world.services.get_mut(key) else {
            return;
        };
        let breaker = service.settings.breaker;
        let Some(r) = service.rollouts.iter_mut().find(|r| r.id == rollout) else {
            continue;
        };
        r.failed += 1;
        r.updated_at = now;
        let moving = r.primary && r.state == "IN_PROGRESS";
        let (count, limit) = (r.failed, threshold(service.desired));
        let Some(d) = world
            .deployments
            .iter_mut()
            .find(|d| d.rollout == rollout && d.is_open())
        else {
            continue;
        };
        d.failures = (count, limit);
        d.updated_at = now;
        if moving && breaker.0 && count >= limit && d.rollback.is_none() {
            fail(
                world,
                key,
                "deployment failed: tasks failed to start.",
                "Service deployment rolled back because the circuit breaker threshold was exceeded.",
            );
        }
    }
}

/// Ends the running deployment as failed, or turns it back where the service is set to.
pub fn fail(world: &mut World, key: &Key, event: &str, reason: &str) {
    let Some(primary) = world
        .services
        .get(key)
        .and_then(|s| s.primary())
        .map(|r| r.id.clone())
    else {
        return;
    };
    say(world, key, &format!("(deployment {primary}) {event}"));
    let back = world
        .services
        .get(key)
        .is_some_and(|s| s.settings.breaker.1);
    if back {
        roll_back(world, key, reason);
        return;
    }
    let now = world.stamp();
    if let Some(r) = world
        .services
        .get_mut(key)
        .and_then(|s| s.rollouts.iter_mut().find(|r| r.primary))
    {
        r.state = "FAILED";
        r.reason = "ECS deployment circuit breaker: tasks failed to start.".into();
    }
    if let Some(d) = world
        .deployments
        .iter_mut()
        .rev()
        .find(|d| &d.key == key && d.is_open())
    {
        d.status = "STOPPED";
        d.reason = reason.replace("rolled back", "stopped");
        d.finished_at = Some(now);
    }
}

/// Turns the running deployment back to the revision of the last completed one. `false` where there is none.
pub fn roll_back(world: &mut World, key: &Key, reason: &str) -> bool {
    let now = world.stamp();
    let last_good = world
        .deployments
        .iter()
        .rev()
        .find(|d| &d.key == key && d.status == "SUCCESSFUL")
        .map(|d| d.to);
    let open = world
        .deployments
        .iter()
        .position(|d| &d.key == key && d.is_open());
    let (Some(open), Some(good)) = (open, last_good) else {
        return false;
    };
    let story = world.story_time();
    let number = world
        .hex(19)
        .chars()
        .filter_map(|c| c.to_digit(16))
        .map(|d| char::from_digit(d % 10, 10).unwrap_or('0'))
        .collect::<String>();
    let rollout = format!("ecs-svc/{number}");
    let Some(service) = world.services.get_mut(key) else {
        return false;
    };
    // As the vendor words it, which names the rollout that it goes back to.
    let before = service.rollouts.iter().find(|r| r.revision == good);
    let words = before.map_or_else(
        || format!("ECS deployment {rollout} in progress."),
        |before| {
            let by = match reason.contains("circuit breaker") {
                true => "ECS deployment circuit breaker",
                false => "ECS deployment",
            };
            format!("{by}: rolling back to deploymentId {}.", before.id)
        },
    );
    for r in service.rollouts.iter_mut().filter(|r| r.primary) {
        r.primary = false;
        r.state = "FAILED";
        r.reason = "ECS deployment circuit breaker: tasks failed to start.".into();
        r.updated_at = now;
    }
    service.rollouts.insert(
        0,
        Rollout {
            id: rollout.clone(),
            revision: good,
            primary: true,
            state: "IN_PROGRESS",
            reason: words,
            created_at: now,
            updated_at: now,
            failed: 0,
        },
    );
    service.steady = false;
    let Some(d) = world.deployments.get_mut(open) else {
        return false;
    };
    d.status = "ROLLBACK_IN_PROGRESS";
    d.reason = reason.to_owned();
    d.rollout = rollout;
    d.rollback = Some((reason.to_owned(), now, good));
    d.stage = d.stage.map(|_| shift::going_back(d.traffic));
    d.stage_since = story;
    d.updated_at = now;
    let revision = super::names::definition(&service.family.clone(), good.definition);
    say(world, key, &format!("rolling back to {revision}."));
    true
}

/// Ends a deployment whose work is done, and says when a service is steady.
fn complete(world: &mut World, key: &Key) {
    let now = world.stamp();
    let Some(service) = world.services.get(key) else {
        return;
    };
    let Some(primary) = service.primary().cloned() else {
        return;
    };
    let desired = service.desired;
    let mine = counts(world, key, &primary.id);
    let others = world
        .tasks_of(key)
        .any(|t| t.rollout != primary.id && t.life != Life::Stopped);
    let up = mine.healthy >= desired && mine.pending == 0 && mine.running == desired;
    if !up || others {
        return;
    }
    if primary.state == "IN_PROGRESS" {
        if let Some(s) = world.services.get_mut(key) {
            s.rollouts.retain(|r| r.primary);
            for r in &mut s.rollouts {
                r.state = "COMPLETED";
                r.reason = format!("ECS deployment {} completed.", r.id);
                r.updated_at = now;
            }
        }
        if let Some(d) = world
            .deployments
            .iter_mut()
            .rev()
            .find(|d| &d.key == key && d.is_open())
        {
            d.status = if d.rollback.is_some() {
                "ROLLBACK_SUCCESSFUL"
            } else {
                "SUCCESSFUL"
            };
            d.finished_at = Some(now);
            d.updated_at = now;
            d.stage = d.stage.map(|_| "CLEAN_UP");
            d.traffic = if d.rollback.is_some() { 0.0 } else { 100.0 };
        }
        say(
            world,
            key,
            &format!("(deployment {}) deployment completed.", primary.id),
        );
    }
    let steady = world.services.get(key).is_some_and(|s| s.steady);
    if !steady {
        say(world, key, "has reached a steady state.");
        if let Some(s) = world.services.get_mut(key) {
            s.steady = true;
        }
    }
}
