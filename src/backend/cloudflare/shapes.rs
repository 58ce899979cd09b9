//! What Cloudflare answers, as far as it is read.

use std::fmt;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::domain::cloudflare::{self, Rule};
use crate::domain::said;
use crate::domain::text::inert;

/// The envelope of every answer but GraphQL's.
#[derive(Debug, Deserialize)]
pub struct Envelope<T> {
    pub success: bool,
    #[serde(default)]
    pub errors: Vec<Said>,
    pub result: Option<T>,
    pub result_info: Option<Info>,
}

/// What went wrong.
#[derive(Debug, Deserialize)]
pub struct Said {
    code: Option<i64>,
    message: String,
}

/// Codes that are about who asks (Cloudflare, "API error codes").
const TOKEN_CODES: [i64; 7] = [1_000, 6_003, 6_111, 9_103, 9_106, 9_109, 10_000];

impl Said {
    /// Whether the token is what is wrong.
    pub fn is_about_the_token(&self) -> bool {
        let words = self.message.to_lowercase();
        self.code.is_some_and(|code| TOKEN_CODES.contains(&code)) || words.contains("authenticat")
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.code.map_or(Ok(()), |code| write!(f, " ({code})"))
    }
}

/// Where a page stands.
#[derive(Debug, Deserialize)]
pub struct Info {
    pub total_pages: Option<u64>,
    cursors: Option<Cursors>,
}

#[derive(Debug, Deserialize)]
struct Cursors {
    after: Option<String>,
}

impl Info {
    /// Where the next page begins, of lists that are continued by a cursor.
    pub fn next(self) -> Option<String> {
        self.cursors?.after.filter(|c| !c.is_empty())
    }
}

fn time(text: Option<String>) -> Option<Timestamp> {
    text?.parse().ok()
}

fn clean(text: Option<String>) -> String {
    text.map(|t| inert(&t)).unwrap_or_default()
}

#[derive(Debug, Deserialize)]
pub struct Zone {
    id: String,
    name: String,
    status: Option<String>,
    #[serde(default)]
    paused: bool,
    plan: Option<Plan>,
    /// None of a zone that another DNS answers for (a partial one).
    name_servers: Option<Vec<String>>,
    development_mode: Option<f64>,
    activated_on: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Plan {
    name: Option<String>,
}

impl Zone {
    pub fn read(self) -> cloudflare::Zone {
        cloudflare::Zone {
            id: inert(&self.id),
            name: inert(&self.name),
            status: clean(self.status),
            paused: self.paused,
            plan: clean(self.plan.and_then(|p| p.name)),
            name_servers: self
                .name_servers
                .iter()
                .flatten()
                .map(|n| inert(n))
                .collect(),
            development_s: self.development_mode.unwrap_or_default() as i64,
            activated_at: time(self.activated_on),
            looked_into: false,
        }
    }
}

#[derive(Debug, Deserialize)]
pub struct Record {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    name: String,
    content: Option<String>,
    ttl: Option<f64>,
    #[serde(default)]
    proxied: bool,
    #[serde(default)]
    proxiable: bool,
    priority: Option<f64>,
    comment: Option<String>,
    modified_on: Option<String>,
}

impl Record {
    pub fn read(self, zone: &str) -> cloudflare::Record {
        cloudflare::Record {
            id: inert(&self.id),
            zone: zone.to_owned(),
            kind: inert(&self.kind),
            name: inert(&self.name),
            content: clean(self.content),
            // 1 stands for "automatic".
            ttl_s: self.ttl.map(|t| t as u64).filter(|t| *t > 1),
            proxied: self.proxied,
            proxiable: self.proxiable,
            priority: self.priority.map(|p| p as u64),
            comment: said::of(self.comment.as_deref()),
            modified_at: time(self.modified_on),
        }
    }
}

#[derive(Debug, Deserialize)]
pub struct Setting {
    value: Value,
}

impl Setting {
    pub fn read(self) -> String {
        match self.value {
            Value::String(text) => inert(&text),
            other => inert(&other.to_string()),
        }
    }
}

#[derive(Debug, Deserialize)]
pub struct RulesetHead {
    pub id: String,
    pub kind: String,
    pub phase: String,
    #[serde(default)]
    pub name: String,
}

#[derive(Debug, Deserialize)]
pub struct RulesetWhole {
    #[serde(default)]
    rules: Vec<RuleShape>,
}

#[derive(Debug, Deserialize)]
struct RuleShape {
    id: Option<String>,
    #[serde(default)]
    action: String,
    #[serde(default)]
    expression: String,
    description: Option<String>,
    enabled: Option<bool>,
    ratelimit: Option<Limit>,
    action_parameters: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Limit {
    period: u64,
    requests_per_period: Option<u64>,
}

impl RulesetWhole {
    /// Its rules, in order.
    pub fn read(self, phase: &str) -> Vec<Rule> {
        let rule = |r: RuleShape| {
            let overrides = r.action_parameters.as_ref();
            let overrides = overrides.and_then(|p| p.get("overrides"));
            let word = |name: &str| overrides.and_then(|o| o.get(name)).and_then(Value::as_str);
            let (sensitivity, action) = (word("sensitivity_level"), word("action"));
            let limit = r.ratelimit.as_ref();
            Rule {
                id: clean(r.id),
                phase: inert(phase),
                about: said::of(r.description.as_deref()),
                action: inert(&r.action),
                expression: inert(&r.expression),
                enabled: r.enabled.unwrap_or(true),
                limit: limit.and_then(|l| Some((l.requests_per_period?, l.period))),
                sensitivity: sensitivity.map(inert),
                override_action: action.map(inert),
                switched_off: overrides.is_some_and(is_off),
                overridden: overrides.map(overridden).unwrap_or_default(),
            }
        };
        self.rules.into_iter().map(rule).collect()
    }
}

/// Whether an override switches off what it is about.
fn is_off(overrides: &Value) -> bool {
    overrides.get("enabled").and_then(Value::as_bool) == Some(false)
}

/// What of a managed ruleset has an override of its own, and which: `rule 1a2b: log`, `category generic: eoff`.
fn overridden(overrides: &Value) -> Vec<String> {
    let kinds = [
        ("rules", "rule", "id"),
        ("categories", "category", "category"),
    ];
    let mut all = Vec::new();
    for (list, kind, name) in kinds {
        let rows = overrides.get(list).and_then(Value::as_array);
        for row in rows.into_iter().flatten() {
            let word = |key: &str| row.get(key).and_then(Value::as_str);
            let off = is_off(row);
            let said = [
                word("action"),
                word("sensitivity_level"),
                off.then_some("off"),
            ];
            let said: Vec<&str> = said.into_iter().flatten().collect();
            let name = word(name).unwrap_or("?");
            all.push(inert(&format!("{kind} {name}: {}", said.join(", "))));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_says_what_was_refused() {
        let text = r#"{"success":false,"errors":[{"code":9109,"message":"Invalid access token"}],"messages":[],"result":null}"#;
        let read: Envelope<Vec<Zone>> = serde_json::from_str(text).unwrap();
        assert!(!read.success && read.result.is_none());
        assert_eq!(read.errors[0].to_string(), "Invalid access token (9109)");
    }

    #[test]
    fn a_zone_that_another_dns_answers_for_has_no_name_servers() {
        let text = r#"{"id":"z1","name":"a.example","status":"active","type":"partial","name_servers":null,"development_mode":null}"#;
        let zone = serde_json::from_str::<Zone>(text).unwrap().read();
        assert_eq!((zone.name_servers.len(), zone.development_s), (0, 0));
    }

    #[test]
    fn a_switched_off_flood_protection_is_seen() {
        let text = r#"{"id":"1","rules":[{"id":"r","action":"execute","expression":"true","enabled":true,
            "action_parameters":{"id":"m","overrides":{"sensitivity_level":"eoff"}}}]}"#;
        let rules = serde_json::from_str::<RulesetWhole>(text)
            .unwrap()
            .read("ddos_l7");
        assert_eq!(rules[0].sensitivity.as_deref(), Some("eoff"));
        assert_eq!(rules[0].undone(), Some("switches it off"));
        for (override_, undone) in [("false", Some("switches it off")), ("true", None)] {
            let text = format!(
                r#"{{"id":"1","rules":[{{"id":"r","action":"execute",
                "action_parameters":{{"id":"m","overrides":{{"enabled":{override_}}}}}}}]}}"#
            );
            let rules = serde_json::from_str::<RulesetWhole>(&text).unwrap();
            assert_eq!(rules.read("ddos_l7")[0].undone(), undone);
        }
    }

    #[test]
    fn overrides_of_a_ruleset_and_of_its_parts_are_seen() {
        let text = r#"{"id":"1","rules":[
            {"id":"r","action":"execute","action_parameters":{"id":"m","overrides":{"action":"log",
                "rules":[{"id":"1a2b","action":"log"},{"id":"3c","enabled":false}],
                "categories":[{"category":"generic","sensitivity_level":"eoff"}]}}},
            {"id":"s","action":"execute","action_parameters":{"id":"m"}}]}"#;
        let rules = serde_json::from_str::<RulesetWhole>(text)
            .unwrap()
            .read("ddos_l7");
        assert_eq!(rules[0].override_action.as_deref(), Some("log"));
        assert_eq!(rules[0].undone(), Some("only logs"));
        assert_eq!(
            rules[0].overridden,
            ["rule 1a2b: log", "rule 3c: off", "category generic: eoff"]
        );
        let off: Vec<&str> = rules[0].parts_off().collect();
        assert_eq!(off, ["rule 3c: off", "category generic: eoff"]);
        assert_eq!((rules[1].undone(), rules[1].overridden.len()), (None, 0));
    }
}
