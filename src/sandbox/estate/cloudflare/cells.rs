//! Traffic through the edge, as cells of time, host, cache status and response status. Everything that the analytics tell is a sum over
//! these, so that their datasets agree with each other. A cell depends on its time alone, and on what happened then: purges, development
//! mode, tasks that failed.

use serde_json::Value;

use super::envelope::Failed;
use super::settings::Settings;
use crate::telemetry::noise::{load, wobble};
use crate::world::World;

/// A host's traffic: requests a second at ordinary load, bytes of an answer, the share that could come from the cache, and the service
/// of production behind it.
struct Host {
    name: &'static str,
    rate: f64,
    bytes: f64,
    cacheable: f64,
    service: Option<&'static str>,
}

/// The API's rate is that of the load balancer's services.
const HOSTS: [Host; 4] = [
    Host {
        name: "app.laser.example",
        rate: 60.0,
        bytes: 14_000.0,
        cacheable: 0.97,
        service: None,
    },
    Host {
        name: "cdn.laser.example",
        rate: 140.0,
        bytes: 48_000.0,
        cacheable: 0.985,
        service: None,
    },
    Host {
        name: "api.laser.example",
        rate: 71.0,
        bytes: 3_200.0,
        cacheable: 0.0,
        service: Some("api"),
    },
    Host {
        name: "admin.laser.example",
        rate: 1.5,
        bytes: 5_000.0,
        cacheable: 0.0,
        service: Some("admin"),
    },
];

/// Share of what is cacheable that is found in a warm cache.
const WARM: f64 = 0.972;
/// Story seconds in which a purged cache fills by two thirds.
const FILLING_S: f64 = 240.0;
/// Requests a second that the firewall turns away.
const BLOCKED: f64 = 0.06;
/// How long troubles are remembered.
const REMEMBERED_S: f64 = 3.0 * 86_400.0;

/// What happened that the traffic shows.
#[derive(Debug)]
pub struct Past {
    speed: f64,
    /// Purges: zone, time, and the host, or everything.
    purges: Vec<(&'static str, f64, Option<String>)>,
    /// Failing shares: time, service, share of its answers that fail.
    troubles: Vec<(f64, &'static str, f64)>,
}

/// Requests that are alike.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Middle of its time.
    pub at: f64,
    pub host: &'static str,
    pub cache: &'static str,
    pub status: u16,
    /// What the firewall did.
    pub action: Option<&'static str>,
    pub requests: f64,
    pub bytes: f64,
}

impl Cell {
    pub fn is_cached(&self) -> bool {
        self.cache == "hit"
    }
}

impl Past {
    pub fn new(speed: f64) -> Self {
        Self {
            speed,
            purges: Vec::new(),
            troubles: Vec::new(),
        }
    }

    /// Notes which services fail now.
    pub fn look(&mut self, world: &World) {
        let now = world.stamp();
        for service in HOSTS.iter().filter_map(|h| h.service) {
            let key = ("laser-prod".to_owned(), service.to_owned());
            let share = world.failing_share(&key);
            let known = self.troubles.iter().rev().find(|(_, s, _)| *s == service);
            let noted = known.is_some_and(|(at, ..)| now - at < 1.0);
            if share > 0.0 && !noted {
                self.troubles.push((now, service, share * 0.7));
            }
        }
        self.troubles.retain(|(at, ..)| now - at < REMEMBERED_S);
    }

    /// `POST /zones/{id}/purge_cache`: everything, or what lies on hosts, under prefixes, or at addresses.
    pub fn purge(
        &mut self,
        zone: &'static str,
        name: &str,
        body: &Value,
        now: f64,
    ) -> Result<(), Failed> {
        if body.get("purge_everything").and_then(Value::as_bool) == Some(true) {
            self.purges.push((zone, now, None));
            return Ok(());
        }
        let mut asked = 0;
        for key in ["hosts", "prefixes", "files", "tags"] {
            let Some(many) = body.get(key).and_then(Value::as_array) else {
                continue;
            };
            for wanted in many {
                let text = wanted
                    .get("url")
                    .unwrap_or(wanted)
                    .as_str()
                    .unwrap_or_default();
                asked += 1;
                let host = text.split_once("://").map_or(text, |(_, rest)| rest);
                let host = host.split('/').next().unwrap_or_default();
                let inside = host == name || host.ends_with(&format!(".{name}"));
                if key != "tags" && !inside {
                    let why = format!("Unable to purge {text}, which is not in this zone.");
                    return Err(Failed::new(400, 1_012, why));
                }
                // One file or tag of many empties nothing that a chart would show.
                if key == "hosts" {
                    self.purges.push((zone, now, Some(host.to_owned())));
                }
            }
        }
        if asked == 0 {
            let why = "Request must contain one of \"purge_everything\", \"files\", \"tags\", \"hosts\" or \"prefixes\".";
            return Err(Failed::new(400, 1_012, why));
        }
        Ok(())
    }

    /// How full the cache of a host is at a time, 0..1.
    fn warmth(&self, zone: &str, host: &str, at: f64) -> f64 {
        let concerned = |(z, when, what): &&(&str, f64, Option<String>)| {
            *z == zone && *when <= at && what.as_deref().is_none_or(|w| w == host)
        };
        let last = self.purges.iter().rev().find(concerned);
        last.map_or(1.0, |(_, when, _)| {
            1.0 - (-(at - when) * self.speed / FILLING_S).exp()
        })
    }

    /// The share of a service's answers that failed in a stretch of time.
    fn failing(&self, service: &str, from: f64, until: f64) -> f64 {
        let then = self
            .troubles
            .iter()
            .filter(|(at, s, _)| *s == service && (from..until).contains(at));
        let shares: Vec<f64> = then.map(|(_, _, share)| *share).collect();
        let seconds = (until - from).max(1.0);
        // Troubles are noted once a second.
        shares.iter().sum::<f64>() / seconds
    }

    /// Cells of a zone for a stretch of time, each `width` seconds long.
    pub fn cells(
        &self,
        zone: &str,
        settings: &Settings,
        from: f64,
        until: f64,
        width: f64,
    ) -> Vec<Cell> {
        let mut cells = Vec::new();
        let mut start = (from / width).floor() * width;
        while start < until {
            // What is not over yet, or began before, counts for its part.
            let (begin, end) = (start.max(from), (start + width).min(until));
            let at = start + width / 2.0;
            let busy = load(at) * (end - begin);
            for host in &HOSTS {
                let middle = (begin + end) / 2.0;
                let cold = settings.developed(zone, middle);
                let warm = if cold {
                    0.0
                } else {
                    WARM * self.warmth(zone, host.name, middle)
                };
                let requests = host.rate * busy * (1.0 + 0.06 * wobble(host.name, at));
                let failing = host.service.map_or(0.0, |s| self.failing(s, begin, end));
                host.split(requests, warm, cold, failing, at, &mut cells);
            }
            let blocked = BLOCKED * busy * (1.0 + 0.5 * wobble("blocked", at));
            for (share, host, status, action) in [
                (0.6, "app.laser.example", 403, "managed_challenge"),
                (0.3, "admin.laser.example", 403, "block"),
                (0.1, "api.laser.example", 429, "block"),
            ] {
                let requests = (blocked * share).max(0.0);
                let action = Some(action);
                cells.push(Cell {
                    at,
                    host,
                    cache: "none",
                    status,
                    action,
                    requests,
                    bytes: requests * 1_800.0,
                });
            }
            start += width;
        }
        cells
    }
}

impl Host {
    fn split(
        &self,
        requests: f64,
        warm: f64,
        cold: bool,
        failing: f64,
        at: f64,
        cells: &mut Vec<Cell>,
    ) {
        let cacheable = requests * self.cacheable;
        let rest = requests - cacheable;
        let missed = if cold { "bypass" } else { "miss" };
        let failed = rest * (failing + 0.000_15).min(1.0);
        let unknown = rest * 0.006;
        for (cache, status, requests) in [
            ("hit", 200, cacheable * warm),
            (missed, 200, cacheable * (1.0 - warm)),
            ("dynamic", 200, rest - failed - unknown),
            ("dynamic", 404, unknown),
            (
                "dynamic",
                502,
                if self.service.is_some() { failed } else { 0.0 },
            ),
        ] {
            if requests > 0.0 {
                let (host, action, bytes) = (self.name, None, requests * self.bytes);
                cells.push(Cell {
                    at,
                    host,
                    cache,
                    status,
                    action,
                    requests,
                    bytes,
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::{rollout, story};

    /// A bad image that no traffic was shifted to yet fails its own checks, and no user.
    #[test]
    fn what_has_no_traffic_fails_nobody() {
        let start = 1_800_000_000.0;
        let mut world = World::new(7, 1.0, start);
        story::tell(&mut world);
        let key = rollout::begin_bad_canary(&mut world);
        let mut past = Past::new(1.0);
        let mut seen = Vec::new();
        for second in 1..120 {
            if seen.len() == 6 {
                break;
            }
            world.step(start + f64::from(second));
            let bad = world.tasks_of(&key).any(|t| t.is_running() && t.is_bad());
            past.look(&world);
            if bad {
                seen.push(world.shifted(&key));
            }
        }
        assert!(
            seen.len() == 6 && seen.iter().all(|s| *s == Some(0.0)),
            "{seen:?}"
        );
        assert!(past.troubles.is_empty(), "{:?}", past.troubles);
        // Where its tasks share the traffic as they are, it fails its share of it.
        let mut deployments = world.deployments.iter_mut();
        let open = deployments.find(|d| d.key == key && d.is_open()).unwrap();
        open.stage = None;
        assert!(world.failing_share(&key) > 0.0);
        past.look(&world);
        assert_eq!(past.troubles.len(), 1);
    }
}
