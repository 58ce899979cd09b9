//! Rules that mute alarms for a while: the alarms change their states, and none of their actions is carried out.

use std::collections::BTreeMap;

/// A rule of one time.
#[derive(Clone, Debug)]
pub(in crate::cloudwatch) struct MuteRule {
    pub name: String,
    pub description: String,
    /// The schedule in the vendor's words: `at(...)`, and how long.
    pub expression: String,
    pub duration: String,
    /// Alarms that it mutes, by name.
    pub alarms: Vec<String>,
    /// Its hours, in seconds since the epoch.
    pub from: f64,
    pub until: f64,
    pub updated_at: f64,
}

impl MuteRule {
    /// The vendor's word for where it stands.
    pub fn status(&self, now: f64) -> &'static str {
        match () {
            () if now < self.from => "SCHEDULED",
            () if now < self.until => "ACTIVE",
            () => "EXPIRED",
        }
    }
}

/// All rules of an account in a region.
#[derive(Clone, Debug)]
pub(in crate::cloudwatch) struct MuteRules {
    arn_prefix: String,
    rules: BTreeMap<String, MuteRule>,
}

impl MuteRules {
    pub fn new(region: &str, account: &str) -> Self {
        Self {
            arn_prefix: format!("arn:aws:cloudwatch:{region}:{account}:alarm-mute-rule:"),
            rules: BTreeMap::new(),
        }
    }

    pub fn arn(&self, rule: &MuteRule) -> String {
        format!("{}{}", self.arn_prefix, rule.name)
    }

    pub fn put(&mut self, rule: MuteRule) {
        self.rules.insert(rule.name.clone(), rule);
    }

    pub fn delete(&mut self, name: &str) {
        self.rules.remove(name);
    }

    pub fn get(&self, name: &str) -> Option<&MuteRule> {
        self.rules.get(name)
    }

    pub fn all(&self) -> impl Iterator<Item = &MuteRule> {
        self.rules.values()
    }

    /// Whether a rule is active that mutes an alarm.
    pub fn mutes(&self, alarm: &str, now: f64) -> bool {
        let mut active = self.rules.values().filter(|r| r.status(now) == "ACTIVE");
        active.any(|r| r.alarms.iter().any(|a| a == alarm))
    }
}
