//! Zones.

use serde_json::{Value, json};

use super::envelope::{Answer, Done, Failed, page};
use super::settings::Settings;
use super::{ACCOUNT, stamp};
use crate::web::Request;
use crate::world::World;

const DAY_S: f64 = 86_400.0;

/// A zone.
#[derive(Debug)]
pub struct Zone {
    pub id: &'static str,
    pub name: &'static str,
    pub status: &'static str,
    /// Whether Cloudflare only answers for its names and passes all traffic by.
    pub paused: bool,
    /// The plan's id and name.
    pub plan: (&'static str, &'static str),
    /// Wall-clock times, seconds since 1970.
    pub created: f64,
    pub modified: f64,
}

/// What the story begins with: the zone of production, and one that nobody has delegated yet.
pub fn story(world: &World) -> Vec<Zone> {
    let now = world.stamp();
    vec![
        Zone {
            id: "9d3f6c1e0b7a4528b1c4e8a2f5d60733",
            name: "laser.example",
            status: "active",
            paused: false,
            plan: ("pro", "Pro Website"),
            created: now - 412.0 * DAY_S,
            modified: now - 19.0 * DAY_S,
        },
        Zone {
            id: "2b8e4a7d9c5f41e6a0d3b6f1c7e95844",
            name: "laser-staging.example",
            status: "pending",
            paused: false,
            plan: ("free", "Free Website"),
            created: now - 6.0 * DAY_S,
            modified: now - 6.0 * DAY_S,
        },
    ]
}

impl Zone {
    /// Whether traffic passes through.
    pub fn carries(&self) -> bool {
        self.status == "active" && !self.paused
    }

    pub fn show(&self, settings: &Settings, now: f64) -> Value {
        let active = self.status == "active";
        let (legacy, plan) = self.plan;
        json!({
            "id": self.id, "name": self.name, "status": self.status, "paused": self.paused, "type": "full",
            "development_mode": settings.development_left(self.id, now),
            "name_servers": ["ada.ns.cloudflare.com", "rick.ns.cloudflare.com"],
            "original_name_servers": if active { json!(["ns1.registrar.example", "ns2.registrar.example"]) } else { Value::Null },
            "original_registrar": null, "original_dnshost": null,
            "created_on": stamp(self.created), "modified_on": stamp(self.modified),
            "activated_on": active.then(|| stamp(self.created + 0.2 * DAY_S)), "vanity_name_servers": [],
            "meta": {"step": 2, "custom_certificate_quota": 1, "page_rule_quota": 20, "phishing_detected": false},
            "owner": {"id": null, "type": "user", "email": null}, "account": {"id": ACCOUNT.0, "name": ACCOUNT.1},
            "tenant": {"id": null, "name": null}, "tenant_unit": {"id": null},
            "permissions": ["#zone:read", "#dns_records:edit", "#zone_settings:edit", "#cache_purge:edit", "#waf:edit"],
            "plan": {"id": format!("{legacy:0>32}"), "name": plan, "price": if legacy == "pro" { 25 } else { 0 }, "currency": "USD",
                "frequency": if legacy == "pro" { "monthly" } else { "" }, "is_subscribed": legacy == "pro", "can_subscribe": true,
                "legacy_id": legacy, "legacy_discount": false, "externally_managed": false},
        })
    }

    /// `PATCH /zones/{id}`: whether it is paused.
    pub fn edit(&mut self, body: &Value, settings: &Settings, now: f64) -> Answer {
        let Some(paused) = body.get("paused").and_then(Value::as_bool) else {
            return Err(Failed::new(
                400,
                1_004,
                "Only one zone property can be changed at a time: paused",
            ));
        };
        self.paused = paused;
        self.modified = now;
        Ok(Done::one(self.show(settings, now)))
    }
}

/// `GET /zones`.
pub fn list(zones: &[Zone], request: &Request, settings: &Settings, now: f64) -> Answer {
    let is = |key: &str, value: &str| request.param(key).is_none_or(|wanted| wanted == value);
    let found = zones.iter().filter(|z| {
        is("name", z.name)
            && is("status", z.status)
            && is("account.id", ACCOUNT.0)
            && is("account[id]", ACCOUNT.0)
    });
    page(
        found.map(|z| z.show(settings, now)).collect(),
        request,
        (5, 20, 50),
    )
}
