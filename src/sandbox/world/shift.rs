//! How traffic goes over to what is deployed, for the strategies that shift it, and back.

use super::rollout::counts;
use super::service::Strategy;
use super::{Key, World};

/// Story seconds of the bake time's minute: a story minute.
const MINUTE_S: f64 = 60.0;
/// Story seconds between two shifts of a canary or linear deployment.
const SHIFT_S: f64 = 15.0;

pub(super) fn stage(world: &World, key: &Key) -> Option<&'static str> {
    world
        .deployments
        .iter()
        .rev()
        .find(|d| &d.key == key && d.is_open())?
        .stage
}

/// The stage of one that goes back: tasks stop once no traffic goes to them any more.
pub(super) fn going_back(traffic: f64) -> &'static str {
    if traffic > 0.0 {
        "PRODUCTION_TRAFFIC_SHIFT"
    } else {
        "CLEAN_UP"
    }
}

/// Moves traffic for the strategies that shift it.
pub(super) fn shift(world: &mut World, key: &Key) {
    let (now, story) = (world.stamp(), world.story_time());
    let Some(service) = world.services.get(key) else {
        return;
    };
    let (desired, bake) = (
        service.desired,
        f64::from(service.settings.bake_minutes) * MINUTE_S,
    );
    let Some(primary) = service.primary().map(|r| r.id.clone()) else {
        return;
    };
    let ready = counts(world, key, &primary).healthy >= desired;
    let Some(d) = world
        .deployments
        .iter_mut()
        .rev()
        .find(|d| &d.key == key && d.is_open())
    else {
        return;
    };
    let Some(stage) = d.stage else { return };
    let spent = story - d.stage_since;
    let before = d.traffic;
    if d.rollback.is_some() {
        // All of it goes back in one step, whatever the strategy on the way there.
        if spent >= SHIFT_S {
            d.traffic = 0.0;
        }
        if d.traffic != before {
            d.updated_at = now;
        }
        d.stage = Some(going_back(d.traffic));
        return;
    }
    let next = match stage {
        "SCALE_UP" if ready => Some("PRODUCTION_TRAFFIC_SHIFT"),
        "PRODUCTION_TRAFFIC_SHIFT" => {
            d.traffic = match d.strategy {
                Strategy::BlueGreen | Strategy::Rolling => 100.0,
                Strategy::Canary => {
                    if spent < SHIFT_S {
                        10.0
                    } else {
                        100.0
                    }
                }
                Strategy::Linear => (20.0 * (1.0 + (spent / SHIFT_S).floor())).min(100.0),
            };
            (d.traffic >= 100.0).then_some("BAKE_TIME")
        }
        "BAKE_TIME" if spent >= bake => Some("CLEAN_UP"),
        _ => None,
    };
    if next.is_some() || d.traffic != before {
        d.updated_at = now;
    }
    if let Some(next) = next {
        d.stage = Some(next);
        d.stage_since = story;
    }
}
