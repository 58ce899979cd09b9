//! Settings of a zone.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::envelope::{Answer, Done, Failed};
use super::stamp;

/// Seconds after which development mode ends by itself.
const DEVELOPMENT_S: f64 = 10_800.0;

const SWITCH: &[&str] = &["on", "off"];

/// A setting: its id, what it begins with, and what else it may be.
const SETTINGS: &[(&str, &str, &[&str])] = &[
    ("always_online", "on", SWITCH),
    ("always_use_https", "on", SWITCH),
    ("automatic_https_rewrites", "on", SWITCH),
    ("brotli", "on", SWITCH),
    ("browser_check", "on", SWITCH),
    (
        "cache_level",
        "aggressive",
        &["aggressive", "basic", "simplified"],
    ),
    ("development_mode", "off", SWITCH),
    ("http2", "on", SWITCH),
    ("http3", "on", SWITCH),
    ("min_tls_version", "1.2", &["1.0", "1.1", "1.2", "1.3"]),
    ("opportunistic_encryption", "on", SWITCH),
    (
        "security_level",
        "medium",
        &[
            "off",
            "essentially_off",
            "low",
            "medium",
            "high",
            "under_attack",
        ],
    ),
    ("ssl", "strict", &["off", "flexible", "full", "strict"]),
    ("tls_1_3", "on", &["on", "off", "zrt"]),
    ("waf", "on", SWITCH),
    ("websockets", "on", SWITCH),
    ("0rtt", "off", SWITCH),
];

/// Every zone's settings.
#[derive(Debug)]
pub struct Settings {
    /// What was changed, by zone and setting: the value, and when.
    changed: BTreeMap<&'static str, BTreeMap<&'static str, (String, f64)>>,
    /// When development mode was on, by zone: from, until.
    development: Vec<(&'static str, f64, f64)>,
    zones: Vec<&'static str>,
}

impl Settings {
    pub fn new(zones: impl Iterator<Item = &'static str>) -> Self {
        Self {
            changed: BTreeMap::new(),
            development: Vec::new(),
            zones: zones.collect(),
        }
    }

    /// Ends development mode where its time is over.
    pub fn step(&mut self, now: f64) {
        let over = |zone: &&str| {
            self.is("development_mode", zone, "on") && self.development_left(zone, now) <= 0
        };
        let over: Vec<&'static str> = self.zones.iter().copied().filter(|z| over(z)).collect();
        for zone in over {
            self.set(zone, "development_mode", "off", now);
        }
    }

    fn set(&mut self, zone: &'static str, name: &'static str, value: &str, now: f64) {
        let changed = self.changed.entry(zone).or_default();
        changed.insert(name, (value.to_owned(), now));
    }

    fn is(&self, name: &str, zone: &str, value: &str) -> bool {
        self.value(zone, name) == Some(value)
    }

    fn value(&self, zone: &str, name: &str) -> Option<&str> {
        let (name, usual, _) = SETTINGS.iter().find(|(n, ..)| *n == name)?;
        let changed = self.changed.get(zone).and_then(|z| z.get(name));
        Some(changed.map_or(usual, |(value, _)| value))
    }

    /// Seconds until development mode ends; negative: since it ended; 0: it never was on.
    pub fn development_left(&self, zone: &str, now: f64) -> i64 {
        let last = self.development.iter().rev().find(|(z, ..)| *z == zone);
        last.map_or(0, |(_, _, until)| (until - now).round() as i64)
    }

    /// Whether development mode was on at a time: nothing was cached then.
    pub fn developed(&self, zone: &str, at: f64) -> bool {
        let mut spans = self.development.iter();
        spans.any(|(z, from, until)| *z == zone && (*from..*until).contains(&at))
    }

    fn show(&self, zone: &str, name: &'static str, now: f64) -> Value {
        let changed = self.changed.get(zone).and_then(|z| z.get(name));
        let mut shown = json!({
            "id": name, "value": self.value(zone, name), "editable": true, "modified_on": changed.map(|(_, at)| stamp(*at)),
        });
        if name == "development_mode"
            && let Some(shown) = shown.as_object_mut()
        {
            shown.insert(
                "time_remaining".into(),
                self.development_left(zone, now).into(),
            );
        }
        shown
    }

    /// `GET /zones/{id}/settings`.
    pub fn all(&self, zone: &str, now: f64) -> Value {
        SETTINGS
            .iter()
            .map(|(name, ..)| self.show(zone, name, now))
            .collect()
    }

    /// `GET /zones/{id}/settings/{setting}`.
    pub fn one(&self, zone: &str, name: &str, now: f64) -> Answer {
        let known = SETTINGS
            .iter()
            .find(|(n, ..)| *n == name)
            .ok_or_else(|| unknown(name))?;
        Ok(Done::one(self.show(zone, known.0, now)))
    }

    /// `PATCH /zones/{id}/settings/{setting}`.
    pub fn edit(&mut self, zone: &'static str, name: &str, body: &Value, now: f64) -> Answer {
        let known = SETTINGS.iter().find(|(n, ..)| *n == name);
        let (name, _, allowed) = known.ok_or_else(|| unknown(name))?;
        let wanted = body.get("value").and_then(Value::as_str);
        let value = wanted.filter(|v| allowed.contains(v)).ok_or_else(|| {
            Failed::new(400, 1_007, format!("Invalid value for zone setting {name}"))
        })?;
        if *name == "development_mode" {
            let on = self.is(name, zone, "on");
            let last = self.development.iter_mut().rev().find(|(z, ..)| *z == zone);
            match (value, on, last) {
                ("on", _, _) => self.development.push((zone, now, now + DEVELOPMENT_S)),
                (_, true, Some((_, _, until))) => *until = now,
                _ => {}
            }
        }
        self.set(zone, name, value, now);
        Ok(Done::one(self.show(zone, name, now)))
    }
}

fn unknown(name: &str) -> Failed {
    Failed::new(400, 1_006, format!("Undefined zone setting: {name}"))
}
