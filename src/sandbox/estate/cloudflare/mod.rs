//! Cloudflare's API, version 4, as <https://developers.cloudflare.com/api> describes it: tokens, zones, DNS records, settings, rulesets,
//! the cache, and the GraphQL Analytics API.

mod analytics;
mod cells;
mod envelope;
mod graphql;
mod narrow;
mod records;
mod rulesets;
mod settings;
mod zones;

use serde_json::{Value, json};

pub use self::envelope::refused;
use self::envelope::{Answer, Done, Failed};
use self::records::Record;
use self::rulesets::Ruleset;
use self::settings::Settings;
use self::zones::Zone;
use super::budget::Budget;
use crate::web::{Reply, Request, is_known};
use crate::world::World;

/// The account that the zones belong to, and its name.
const ACCOUNT: (&str, &str) = ("5f1e0c9ab2d84e37a6c1f0b97d3e2481", "Laser");

/// Everything at Cloudflare.
#[derive(Debug)]
pub struct Cloudflare {
    zones: Vec<Zone>,
    records: Vec<Record>,
    rulesets: Vec<Ruleset>,
    settings: Settings,
    past: cells::Past,
    dice: fastrand::Rng,
    /// 1,200 calls in five minutes (Cloudflare, "Rate limits").
    rest: Budget,
    /// 300 queries in five minutes (Cloudflare, "GraphQL Analytics API: Limits").
    graphql: Budget,
}

impl Cloudflare {
    /// What the story begins with.
    pub fn new(world: &World, told: bool) -> Self {
        let mut dice = fastrand::Rng::with_seed(0xc10dd);
        let zones = if told {
            zones::story(world)
        } else {
            Vec::new()
        };
        let now = world.stamp();
        Self {
            records: zones
                .iter()
                .flat_map(|z| records::story(z, now, &mut dice))
                .collect(),
            rulesets: zones
                .iter()
                .flat_map(|z| rulesets::story(z, now, &mut dice))
                .collect(),
            settings: Settings::new(zones.iter().map(|z| z.id)),
            past: cells::Past::new(world.speed),
            zones,
            dice,
            rest: Budget::new(1_200, 300.0),
            graphql: Budget::new(300, 300.0),
        }
    }

    /// Lets time go on.
    pub fn step(&mut self, world: &World) {
        let now = world.stamp();
        self.past.look(world);
        self.settings.step(now);
    }

    /// Answers a request.
    pub fn handle(&mut self, request: &Request, world: &World) -> Reply {
        let now = world.stamp();
        let Some(path) = request.path.strip_prefix("/client/v4") else {
            return envelope::reply(Err(Failed::no_route(&request.path)));
        };
        let steps: Vec<String> = Request {
            path: path.to_owned(),
            ..request.clone()
        }
        .steps();
        let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
        if steps == ["graphql"] && request.method == http::Method::POST {
            return self.ask(request, now);
        }
        let standing = self.rest.take(now);
        let answer = if standing.spent {
            let why = "More than 1200 requests per 300 seconds reached. Please wait and consider throttling your request speed";
            Err(Failed::new(429, 10_100, why))
        } else if !is_known(request) {
            Err(stranger(&steps))
        } else {
            self.route(request, &steps, now)
        };
        let reply = envelope::reply(answer)
            .with("ratelimit-policy", "\"default\";q=1200;w=300")
            .with(
                "ratelimit",
                format!("\"default\";r={};t={}", standing.left, standing.reset_s),
            );
        if standing.spent {
            reply.with("retry-after", standing.reset_s.to_string())
        } else {
            reply
        }
    }

    fn ask(&mut self, request: &Request, now: f64) -> Reply {
        let standing = self.graphql.take(now);
        if standing.spent {
            let why = "too many requests: 300 in 300 seconds";
            return analytics::failed(429, why, now)
                .with("retry-after", standing.reset_s.to_string());
        }
        if !is_known(request) {
            return analytics::failed(403, "not authorized for that account", now);
        }
        analytics::answer(
            &request.json(),
            &self.zones,
            &self.past,
            &self.settings,
            now,
        )
    }

    fn route(&mut self, request: &Request, steps: &[&str], now: f64) -> Answer {
        let body = request.json();
        match (request.method.as_str(), steps) {
            ("GET", ["user", "tokens", "verify"]) => {
                let message = json!({"code": 10_000, "message": "This API Token is valid and active", "type": null});
                let verified =
                    json!({"id": "c2a7d91be04f4d0a8b65f3e19c7d2a60", "status": "active"});
                Ok(Done {
                    messages: vec![message],
                    ..Done::one(verified)
                })
            }
            ("GET", ["zones"]) => zones::list(&self.zones, request, &self.settings, now),
            (_, ["zones", id, rest @ ..]) => {
                let zone = self.zones.iter().position(|z| z.id == *id);
                let zone = zone.ok_or_else(|| Failed::no_route(&request.path))?;
                self.route_zone(request, zone, rest, &body, now)
            }
            _ => Err(Failed::no_route(&request.path)),
        }
    }

    fn route_zone(
        &mut self,
        request: &Request,
        zone: usize,
        steps: &[&str],
        body: &Value,
        now: f64,
    ) -> Answer {
        let no_route = || Failed::no_route(&request.path);
        let zone = self.zones.get_mut(zone).ok_or_else(no_route)?;
        match (request.method.as_str(), steps) {
            ("GET", []) => Ok(Done::one(zone.show(&self.settings, now))),
            ("PATCH", []) => zone.edit(body, &self.settings, now),
            ("GET", ["settings"]) => Ok(Done::one(self.settings.all(zone.id, now))),
            ("GET", ["settings", name]) => self.settings.one(zone.id, name, now),
            ("PATCH", ["settings", name]) => self.settings.edit(zone.id, name, body, now),
            ("POST", ["purge_cache"]) => {
                self.past.purge(zone.id, zone.name, body, now)?;
                Ok(Done::one(json!({"id": zone.id})))
            }
            ("GET", ["dns_records"]) => records::list(&self.records, zone, request),
            ("POST", ["dns_records"]) => {
                records::create(&mut self.records, zone, body, now, &mut self.dice)
            }
            ("GET", ["dns_records", id]) => records::one(&self.records, zone, id),
            ("PATCH" | "PUT", ["dns_records", id]) => {
                let whole = request.method == http::Method::PUT;
                records::edit(&mut self.records, zone, id, body, whole, now)
            }
            ("DELETE", ["dns_records", id]) => records::delete(&mut self.records, zone, id),
            ("GET", ["rulesets"]) => Ok(rulesets::list(&self.rulesets, zone)),
            ("GET", ["rulesets", "phases", phase, "entrypoint"]) => {
                rulesets::entry_point(&self.rulesets, zone, phase)
            }
            ("GET", ["rulesets", id]) => rulesets::one(&self.rulesets, zone, id),
            ("PATCH", ["rulesets", id, "rules", rule]) => {
                rulesets::edit(&mut self.rulesets, zone, id, rule, body, now)
            }
            _ => Err(no_route()),
        }
    }
}

/// What a caller without a good token is told: the check of a token words it in its own way.
fn stranger(steps: &[&str]) -> Failed {
    match steps {
        ["user", "tokens", "verify"] => Failed::new(401, 1_000, "Invalid API Token"),
        _ => Failed::new(403, 9_109, "Invalid access token"),
    }
}

/// A time as the vendor writes it.
fn stamp(at: f64) -> String {
    let time = jiff::Timestamp::from_microsecond((at * 1e6) as i64).unwrap_or_default();
    format!("{time:.6}")
}

/// An id of the vendor's kind.
fn id(dice: &mut fastrand::Rng) -> String {
    format!("{:032x}", dice.u128(..))
}
