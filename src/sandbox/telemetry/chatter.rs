//! Logs: structured lines, a stack trace now and then, and a hostile line.

use super::noise::load;
use crate::logs::LogStore;
use crate::world::task::Health;
use crate::world::{Key, World};

/// Story seconds between two lines of one service at ordinary load.
const PACE_S: f64 = 2.5;
/// Least wall-clock seconds between them: at high speed the platform says less than it does.
const LEAST_S: f64 = 0.25;

fn group(key: &Key) -> String {
    format!("/ecs/{}/{}", key.0, key.1)
}

pub(super) fn groups(logs: &mut LogStore, world: &World) {
    for key in world.services.keys() {
        // One group is kept for ever: a finding.
        let days = if key.1 == "pdf-render" {
            None
        } else {
            Some(30)
        };
        logs.create_group(
            &group(key),
            days,
            ((world.stamp() - 8.0e6) * 1_000.0) as i64,
        );
    }
}

/// Says what is due between two times; returns up to when it was said. A synthetic fleet keeps quiet.
pub(super) fn speak(
    logs: &mut LogStore,
    world: &World,
    noise: &mut fastrand::Rng,
    from: f64,
    until: f64,
) -> f64 {
    if world.load_balancers.is_empty() {
        return until;
    }
    // The past went at the clock's own pace.
    let pace = if until <= world.begun() {
        PACE_S
    } else {
        (PACE_S / world.speed).max(LEAST_S)
    };
    let mut at = from;
    while at + pace <= until {
        at += pace;
        troubles(logs, world, noise, at, pace);
        for key in world.services.keys() {
            if noise.f64() < load(at) * if key.0 == "laser-prod" { 0.8 } else { 0.15 } {
                let tasks: Vec<_> = world.tasks_of(key).filter(|t| t.is_running()).collect();
                let Some(task) = tasks.get(noise.usize(0..tasks.len().max(1))) else {
                    continue;
                };
                let stream = format!("{0}/{0}/{1}", key.1, task.id);
                let when = at - noise.f64() * pace * 0.9;
                logs.append(
                    &group(key),
                    &stream,
                    (when * 1_000.0) as i64,
                    message(key, when, noise),
                );
            }
        }
    }
    at
}

/// What tasks say that do not work: a failing one fails each request, a crashing one says why once it is over.
fn troubles(logs: &mut LogStore, world: &World, noise: &mut fastrand::Rng, at: f64, pace: f64) {
    for task in world.tasks.values() {
        let stream = format!("{0}/{0}/{1}", task.service.1, task.id);
        let failing = task.is_running() && task.health != Health::Healthy && task.is_bad();
        let crashed = task.exit_code.is_some_and(|code| code != 0)
            && task.stopped_at.is_some_and(|t| t > at - pace && t <= at);
        let (when, words) = if failing {
            let when = at - noise.f64() * pace * 0.9;
            let words = match world.shifted(&task.service) {
                // Nobody sends it a request yet: all that fails is its own check.
                Some(0.0) => unready(&task.service, when),
                _ => refused(&task.service, when, noise),
            };
            (when, words)
        } else if crashed {
            let words = "Error: Cannot find module './pricing'\n    at Module._resolveFilename (node:internal/modules/cjs/loader:1144:15)\n    at Module._load (node:internal/modules/cjs/loader:985:27)\n    at Object.<anonymous> (/srv/server.js:12:17)";
            (task.stopped_at.unwrap_or(at), words.to_owned())
        } else {
            continue;
        };
        logs.append(
            &group(&task.service),
            &stream,
            (when * 1_000.0) as i64,
            words,
        );
    }
}

fn unready(key: &Key, at: f64) -> String {
    let stamp = jiff::Timestamp::from_millisecond((at * 1_000.0) as i64).unwrap_or_default();
    serde_json::json!({"ts": stamp.to_string(), "level": "error", "msg": "health check fails: configuration key PRICING_TABLE is missing", "service": key.1}).to_string()
}

fn refused(key: &Key, at: f64, noise: &mut fastrand::Rng) -> String {
    let stamp = jiff::Timestamp::from_millisecond((at * 1_000.0) as i64).unwrap_or_default();
    let id = format!("{:08x}", noise.u32(..));
    serde_json::json!({"ts": stamp.to_string(), "level": "error", "msg": "upstream refused: configuration key PRICING_TABLE is missing", "request_id": id, "status": 502, "service": key.1}).to_string()
}

fn message(key: &Key, at: f64, noise: &mut fastrand::Rng) -> String {
    let stamp = jiff::Timestamp::from_millisecond((at * 1_000.0) as i64).unwrap_or_default();
    let id = format!("{:08x}", noise.u32(..));
    let roll = noise.f64();
    match roll {
        r if r < 0.006 => "\u{1b}[31mHOSTILE\u{1b}[0m user agent \u{202e}gnp.exe\u{202c} 漢字 e\u{301}\u{301} \u{200b}\u{1b}]0;owned\u{7}".into(),
        r if r < 0.02 => format!("Error: socket hang up {id}\n    at connResetException (node:internal/errors:720:14)\n    at Socket.socketOnEnd (node:_http_client:525:23)\n    at endReadableNT (node:internal/streams/readable:1378:12)"),
        r if r < 0.03 => format!("(node:1) Warning: deprecated header used by client {id}"),
        r if r < 0.045 => serde_json::json!({"ts": stamp.to_string(), "level": "error", "msg": "timeout talking to the database", "request_id": id, "status": 504, "duration_ms": 5_000 + noise.u32(0..900), "service": key.1}).to_string(),
        r if r < 0.12 => {
            let table = ["quotes", "materials", "jobs"][noise.usize(0..3)];
            let ms = 400 + noise.u32(0..700);
            serde_json::json!({"ts": stamp.to_string(), "level": "warn", "msg": "slow query", "request_id": id, "duration_ms": ms, "table": table, "service": key.1}).to_string()
        }
        _ => {
            let (route, status) = [("/api/quote", 200), ("/api/materials", 200), ("/api/session", 201), ("/calc/run", 200), ("/api/quote/unknown", 404)][noise.usize(0..5)];
            let words = if key.1 == "worker" { "job done" } else { "request" };
            serde_json::json!({"ts": stamp.to_string(), "level": "info", "msg": words, "request_id": id, "route": route, "status": status, "duration_ms": 20 + noise.u32(0..260), "service": key.1}).to_string()
        }
    }
}
