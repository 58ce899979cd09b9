//! Rulesets: the firewall's managed and own rules, rate limits, and the protection against floods. Rules of an entry point run at the
//! edge; a managed ruleset runs where an entry point executes it.

use serde_json::{Value, json};

use super::envelope::{Answer, Done, Failed};
use super::zones::Zone;
use super::{id, stamp};

const DAY_S: f64 = 86_400.0;
/// The vendor's own rulesets, which are the same for everybody.
const MANAGED: &str = "efb7b8c949ac4650a09736fc376e9aee";
const OWASP: &str = "4814384a9e5d4991b9815dcfc25d2f1f";
const FLOODS: &str = "4d21379b4f9f4bb088e0729962c8b3cf";

/// A ruleset.
#[derive(Debug)]
pub struct Ruleset {
    id: String,
    zone: &'static str,
    /// `managed`, or `zone` for an entry point.
    kind: &'static str,
    name: &'static str,
    about: &'static str,
    phase: &'static str,
    version: u32,
    updated: f64,
    rules: Vec<Value>,
}

/// The zone's rulesets when the story begins. The rate limit of the calculator is written down and off: a finding.
pub fn story(zone: &Zone, now: f64, dice: &mut fastrand::Rng) -> Vec<Ruleset> {
    let managed = |id: &str, name, about, phase, days: f64| Ruleset {
        id: id.to_owned(),
        zone: zone.id,
        kind: "managed",
        name,
        about,
        phase,
        version: 48,
        updated: now - days * DAY_S,
        rules: Vec::new(),
    };
    let floods = "Automatic mitigation of HTTP-based DDoS attacks";
    let mut made = vec![managed(FLOODS, "DDoS L7 ruleset", floods, "ddos_l7", 3.0)];
    if zone.name != "laser.example" {
        return made;
    }
    let waf = "http_request_firewall_managed";
    let by = "Created by the Cloudflare security team";
    made.push(managed(MANAGED, "Cloudflare Managed Ruleset", by, waf, 5.0));
    made.push(managed(
        OWASP,
        "Cloudflare OWASP Core Ruleset",
        by,
        waf,
        60.0,
    ));
    let mut rule = |action: &str,
                    about: &str,
                    expression: &str,
                    enabled: bool,
                    days: f64,
                    more: Value| {
        let rule = id(dice);
        let mut shown = json!({
            "id": rule, "version": "1", "action": action, "expression": expression, "description": about,
            "last_updated": stamp(now - days * DAY_S), "ref": rule, "enabled": enabled,
        });
        if let (Some(shown), Value::Object(more)) = (shown.as_object_mut(), more) {
            shown.extend(more);
        }
        shown
    };
    let execute =
        |ruleset: &str| json!({"action_parameters": {"id": ruleset, "version": "latest"}});
    let limit = |period: u32, requests: u32, timeout: u32| {
        json!({"ratelimit": {"characteristics": ["cf.colo.id", "ip.src"], "period": period, "requests_per_period": requests,
            "mitigation_timeout": timeout, "requests_to_origin": false}})
    };
    let entry_points = [
        (
            waf,
            vec![
                rule(
                    "execute",
                    "Cloudflare Managed Ruleset",
                    "true",
                    true,
                    200.0,
                    execute(MANAGED),
                ),
                rule("execute", "OWASP", "true", true, 200.0, execute(OWASP)),
            ],
        ),
        (
            "http_request_firewall_custom",
            vec![
                rule(
                    "block",
                    "Admin from the office alone",
                    "(http.host eq \"admin.laser.example\" and not ip.src in {203.0.113.0/24})",
                    true,
                    171.0,
                    json!({}),
                ),
                rule(
                    "managed_challenge",
                    "Probes for files that we never had",
                    "(http.request.uri.path contains \"/wp-\" or http.request.uri.path contains \".env\")",
                    true,
                    90.0,
                    json!({}),
                ),
            ],
        ),
        (
            "http_ratelimit",
            vec![
                rule(
                    "block",
                    "Sign-in",
                    "(http.request.uri.path eq \"/auth/login\")",
                    true,
                    171.0,
                    limit(10, 5, 600),
                ),
                rule(
                    "block",
                    "API, each address",
                    "(http.host eq \"api.laser.example\")",
                    true,
                    171.0,
                    limit(60, 600, 60),
                ),
                rule(
                    "block",
                    "Calculator",
                    "(starts_with(http.request.uri.path, \"/calc/\"))",
                    false,
                    20.0,
                    limit(60, 120, 60),
                ),
            ],
        ),
    ];
    for (phase, rules) in entry_points {
        made.push(Ruleset {
            id: String::new(),
            zone: zone.id,
            kind: "zone",
            name: "default",
            about: "",
            phase,
            version: u32::try_from(rules.len()).unwrap_or(1),
            updated: now - 20.0 * DAY_S,
            rules,
        });
    }
    for unnamed in made.iter_mut().filter(|r| r.id.is_empty()) {
        unnamed.id = id(dice);
    }
    made
}

impl Ruleset {
    /// As a list shows it; `whole`: with its rules.
    fn show(&self, whole: bool) -> Value {
        let mut shown = json!({
            "id": self.id, "name": self.name, "description": self.about, "kind": self.kind, "version": self.version.to_string(),
            "last_updated": stamp(self.updated), "phase": self.phase,
        });
        if whole && let Some(shown) = shown.as_object_mut() {
            shown.insert("rules".into(), Value::Array(self.rules.clone()));
        }
        shown
    }
}

/// `GET /zones/{id}/rulesets`: without rules.
pub fn list(rulesets: &[Ruleset], zone: &Zone) -> Done {
    let found = rulesets.iter().filter(|r| r.zone == zone.id);
    let mut done = Done::one(found.map(|r| r.show(false)).collect());
    done.info = Some(json!({"cursors": {}}));
    done
}

fn none(id: &str) -> Failed {
    Failed::new(404, 10_015, format!("could not find ruleset {id}"))
}

/// `GET /zones/{id}/rulesets/{ruleset}`.
pub fn one(rulesets: &[Ruleset], zone: &Zone, id: &str) -> Answer {
    let found = rulesets.iter().find(|r| r.zone == zone.id && r.id == id);
    Ok(Done::one(found.ok_or_else(|| none(id))?.show(true)))
}

/// `GET /zones/{id}/rulesets/phases/{phase}/entrypoint`.
pub fn entry_point(rulesets: &[Ruleset], zone: &Zone, phase: &str) -> Answer {
    let found = rulesets
        .iter()
        .find(|r| r.zone == zone.id && r.kind == "zone" && r.phase == phase);
    let found = found.ok_or_else(|| {
        let why = format!("could not find entrypoint ruleset in the {phase:?} phase");
        Failed::new(404, 10_003, why)
    })?;
    Ok(Done::one(found.show(true)))
}

/// `PATCH /zones/{id}/rulesets/{ruleset}/rules/{rule}`: the whole ruleset, changed.
pub fn edit(
    rulesets: &mut [Ruleset],
    zone: &Zone,
    id: &str,
    rule: &str,
    body: &Value,
    now: f64,
) -> Answer {
    let found = rulesets
        .iter_mut()
        .find(|r| r.zone == zone.id && r.id == id);
    let ruleset = found.ok_or_else(|| none(id))?;
    if ruleset.kind == "managed" {
        return Err(Failed::new(
            403,
            10_014,
            "a managed ruleset cannot be changed",
        ));
    }
    let found = ruleset
        .rules
        .iter_mut()
        .find(|r| r.get("id").and_then(Value::as_str) == Some(rule));
    let found = found
        .and_then(Value::as_object_mut)
        .ok_or_else(|| none(rule))?;
    for key in [
        "enabled",
        "expression",
        "description",
        "action",
        "ratelimit",
    ] {
        if let Some(value) = body.get(key) {
            found.insert(key.into(), value.clone());
        }
    }
    found.insert("last_updated".into(), stamp(now).into());
    ruleset.version += 1;
    ruleset.updated = now;
    Ok(Done::one(ruleset.show(true)))
}
