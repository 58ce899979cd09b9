//! How a rollout replaces tasks: new ones up to the maximum, old ones down to the minimum.

use std::collections::BTreeSet;

use super::rollout::{Counts, counts, say};
use super::service::{Rollout, Strategy};
use super::shift::stage;
use super::task::{Health, Life, Task};
use super::{Key, World};

/// Addresses of a subnet that tasks get.
const ADDRESSES: usize = 250;

fn start_task(world: &mut World, key: &Key, rollout: &Rollout, offset: usize) -> Option<String> {
    let family = world.services.get(key)?.family.clone();
    let image = world
        .definition(&family, rollout.revision.definition)?
        .image
        .clone();
    let id = world.hex(32);
    let (story, now) = (world.story_time(), world.stamp());
    // Images take a little longer or shorter to pull: tasks do not march in step.
    let late = world.chance() * 3.0;
    let zone = ['a', 'b', 'c'][(world.tasks_of(key).count() + offset) % 3];
    let ip = address(world, key, zone);
    world.tasks.insert(Task {
        id: id.clone(),
        service: key.clone(),
        revision: (family, rollout.revision.definition),
        rollout: rollout.id.clone(),
        image,
        life: Life::Provisioning,
        since: story + late,
        health: Health::Unknown,
        zone,
        ip,
        created_at: now,
        started_at: None,
        stopped_at: None,
        reason: None,
        exit_code: None,
        failed: false,
    });
    Some(id)
}

/// An address in a zone's subnet that no task of the service has: a target group knows its targets by address.
fn address(world: &mut World, key: &Key, zone: char) -> String {
    let subnet = zone as u32 - 'a' as u32 + 10;
    let first = world.pick(ADDRESSES);
    let mut hosts = (0..ADDRESSES).map(|n| 4 + (first + n) % ADDRESSES);
    let named = |host| format!("10.0.{subnet}.{host}");
    let is_free = |host: &_| {
        let ip = named(*host);
        world.tasks_of(key).all(|t| t.ip != ip)
    };
    let host = hosts.find(is_free).unwrap_or(4 + first);
    named(host)
}

/// How many sides a deployment that shifts traffic has: the one that it brings, and each that it replaces. One that goes back starts
/// what comes back once what leaves makes room.
fn sides(world: &World, key: &Key, primary: &str) -> u32 {
    let mut open = world.deployments.iter().rev();
    let open = open.find(|d| &d.key == key && d.is_open());
    let onward = open.is_some_and(|d| d.rollback.is_none());
    let live = world
        .tasks_of(key)
        .filter(|t| t.rollout != primary && (t.is_running() || t.is_starting()));
    let old: BTreeSet<&str> = live.map(|t| t.rollout.as_str()).collect();
    match u32::try_from(old.len()) {
        Ok(old) if onward => old.max(1).saturating_add(1),
        _ => 2,
    }
}

/// Starts and stops tasks within the limits that the service sets.
pub(super) fn replace(world: &mut World, key: &Key) {
    let Some(service) = world.services.get(key) else {
        return;
    };
    let Some(primary) = service.primary().cloned() else {
        return;
    };
    let (desired, settings) = (service.desired, service.settings.clone());
    let shifting = settings.strategy != Strategy::Rolling;
    let ceiling = if shifting {
        // Each side has all of its tasks until it is cleaned up, and so has one whose deployment another superseded.
        desired.saturating_mul(sides(world, key, &primary.id))
    } else {
        (desired * settings.maximum / 100).max(desired)
    };
    let floor = (desired * settings.minimum).div_ceil(100);
    let mine = counts(world, key, &primary.id);
    let all: Counts = {
        let mut c = Counts::default();
        for t in world.tasks_of(key) {
            c.pending += u32::from(t.is_starting());
            c.running += u32::from(t.is_running());
            c.healthy += u32::from(t.is_running() && t.health == Health::Healthy);
        }
        c
    };
    let have = mine.running + mine.pending;
    let room = ceiling.saturating_sub(all.running + all.pending);
    let wanted = if primary.state == "FAILED" {
        0
    } else {
        desired.saturating_sub(have).min(room)
    };
    let started: Vec<String> = (0..wanted)
        .filter_map(|i| start_task(world, key, &primary, i as usize))
        .collect();
    if !started.is_empty() {
        let names: Vec<String> = started.iter().map(|t| format!("(task {t})")).collect();
        say(
            world,
            key,
            &format!("has started {} tasks: {}.", started.len(), names.join(" ")),
        );
        if let Some(s) = world.services.get_mut(key) {
            s.steady = false;
        }
    }
    // Old ones go as far as the healthy ones allow; with shifted traffic, only once it is off them.
    let cleaned = !shifting
        || primary.state == "COMPLETED"
        || stage(world, key).is_none_or(|s| s == "CLEAN_UP");
    let spare = all.healthy.saturating_sub(floor.min(desired));
    let mut stop: Vec<String> = Vec::new();
    let mut old: Vec<&Task> = world
        .tasks_of(key)
        .filter(|t| t.rollout != primary.id && (t.is_running() || t.is_starting()))
        .collect();
    // What is not healthy is worth nothing and goes first.
    old.sort_by_key(|t| (t.health == Health::Healthy, t.id.clone()));
    let mut spared = 0;
    for t in old.iter().filter(|_| cleaned) {
        let worth = t.is_running() && t.health == Health::Healthy;
        if !worth || spared < spare {
            spared += u32::from(worth);
            stop.push(t.id.clone());
        }
    }
    // Fewer are wanted than run: a scale-in.
    let surplus = have.saturating_sub(desired);
    stop.extend(
        world
            .tasks_of(key)
            .filter(|t| t.rollout == primary.id && (t.is_running() || t.is_starting()))
            .take(surplus as usize)
            .map(|t| t.id.clone()),
    );
    if stop.is_empty() {
        return;
    }
    let story = world.story_time();
    for id in &stop {
        if let Some(t) = world.tasks.get_mut(id) {
            let deployment = t.rollout.clone();
            t.stop(
                story,
                &format!("Scaling activity initiated by (deployment {deployment})"),
            );
        }
    }
    say(
        world,
        key,
        &format!(
            "has stopped {} running tasks: {}.",
            stop.len(),
            stop.iter()
                .map(|t| format!("(task {t})"))
                .collect::<Vec<_>>()
                .join(" ")
        ),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_tasks_of_a_service_have_one_address() {
        let mut world = World::new(7, 1.0, 1_000_000.0);
        super::super::story::tell(&mut world);
        let key: Key = ("laser-prod".into(), "api".into());
        world.services.get_mut(&key).unwrap().desired = 300;
        replace(&mut world, &key);
        let tasks: Vec<&str> = world.tasks_of(&key).map(|t| t.ip.as_str()).collect();
        let unlike: BTreeSet<&str> = tasks.iter().copied().collect();
        assert!(tasks.len() >= 300, "{}", tasks.len());
        assert_eq!(unlike.len(), tasks.len());
    }
}
