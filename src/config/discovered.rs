//! What discovery found: values for the starter file, and a line about each system for the person who asked.

use serde::Serialize;

use crate::domain::environment::Env;

/// A value for a key of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// Section: `aws`.
    pub section: &'static str,
    /// Key: `clusters`.
    pub key: &'static str,
    /// The value as TOML.
    pub toml: String,
    /// Why it stands behind a `#`, if so: what it lacks.
    pub lacks: Option<String>,
}

impl Value {
    /// A text.
    pub fn text(section: &'static str, key: &'static str, text: &str) -> Self {
        Self {
            section,
            key,
            toml: quoted(text),
            lacks: None,
        }
    }

    /// Several texts.
    pub fn texts(section: &'static str, key: &'static str, texts: &[String]) -> Self {
        let all: Vec<String> = texts.iter().map(|t| quoted(t)).collect();
        Self {
            section,
            key,
            toml: format!("[{}]", all.join(", ")),
            lacks: None,
        }
    }

    /// The same behind a `#`, with what it lacks.
    #[must_use]
    pub fn behind(self, lacks: impl Into<String>) -> Self {
        Self {
            lacks: Some(lacks.into()),
            ..self
        }
    }
}

/// Text as a TOML string.
pub fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A host that can be probed from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// Its name.
    pub name: String,
    /// What it answered to `GET /` when it was asked, or why it did not.
    pub answered: Result<u16, String>,
    /// What its name resolved to when it was looked up: the name that it leads to, else its addresses.
    pub resolved: Vec<String>,
}

impl Host {
    /// The URL that is probed.
    pub fn url(&self) -> String {
        format!("https://{}/", self.name)
    }
}

/// What became of a thing that was looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It is in the file.
    Written,
    /// It is in the file behind a `#`: something is missing yet.
    Commented,
    /// It needs no key: the console finds it by itself.
    ByItself,
    /// It was not found.
    NotFound,
}

/// A line about a system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Told {
    /// What was looked for: `databases`.
    pub what: &'static str,
    /// What was found.
    pub found: Vec<String>,
    /// What became of it.
    pub fate: Fate,
    /// Where it stands in the file, what it lacks, or why it was not found.
    pub words: String,
}

/// Everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Discovered {
    /// Account id.
    pub account: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// Cluster names.
    pub clusters: Vec<String>,
    /// Values beside these.
    pub values: Vec<Value>,
    /// Hosts.
    pub hosts: Vec<Host>,
    /// A line about each system.
    pub told: Vec<Told>,
}

/// Why clusters of other environments are not listed as production's, for which the file is written.
pub const ELSEWHERE: &str = "by their names not all of these are production's, and what is listed counts as this environment's own; unlisted, all are shown, and another's counts here until that has a section below";

impl Discovered {
    /// Whether the name of a cluster tells of another environment than production, for which the file is written.
    pub fn has_others(&self) -> bool {
        let mut told = self.clusters.iter().filter_map(|c| Env::named(c));
        told.any(|env| env != Env::Production)
    }

    /// The value for a key.
    pub fn value(&self, section: &str, key: &str) -> Option<Value> {
        let own = match (section, key) {
            ("aws", "region") => self
                .region
                .as_deref()
                .map(|t| Value::text("aws", "region", t)),
            ("aws", "expected_account") => {
                let account = self.account.as_deref();
                account.map(|t| Value::text("aws", "expected_account", t))
            }
            ("aws", "clusters") if !self.clusters.is_empty() => {
                let value = Value::texts("aws", "clusters", &self.clusters);
                Some(match self.has_others() {
                    true => value.behind(ELSEWHERE),
                    false => value,
                })
            }
            _ => None,
        };
        let found = self.values.iter();
        own.or_else(|| {
            found
                .clone()
                .find(|v| v.section == section && v.key == key)
                .cloned()
        })
    }

    /// Says of a thing that it was found and is in the file.
    pub fn wrote(&mut self, what: &'static str, found: Vec<String>, place: impl Into<String>) {
        self.tell(what, found, Fate::Written, place);
    }

    /// Says of a thing that it was not found, and why.
    pub fn misses(&mut self, what: &'static str, why: impl Into<String>) {
        self.tell(what, Vec::new(), Fate::NotFound, why);
    }

    /// Adds a line.
    pub fn tell(
        &mut self,
        what: &'static str,
        found: Vec<String>,
        fate: Fate,
        words: impl Into<String>,
    ) {
        self.told.push(Told {
            what,
            found,
            fate,
            words: words.into(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_of_another_environment_are_not_written_as_productions() {
        let lacks = |clusters: &[&str]| {
            let clusters = clusters.iter().map(|c| (*c).to_owned()).collect();
            let found = Discovered {
                clusters,
                ..Discovered::default()
            };
            found.value("aws", "clusters").map(|v| v.lacks.is_some())
        };
        assert_eq!(lacks(&[]), None);
        assert_eq!(lacks(&["laser-prod", "core"]), Some(false));
        assert_eq!(lacks(&["laser-prod", "laser-dev"]), Some(true));
        assert_eq!(lacks(&["laser-dev"]), Some(true), "an account of dev's own");
    }
}
