//! Feature flags, and how they spread, after the AWS AppConfig API reference and user guide ("Creating a feature flag
//! configuration profile").

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

/// What a flag says.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum FlagValue {
    /// The version in use does not hold it.
    Missing,
    /// Off.
    Off,
    /// On.
    On,
    /// On for a share of users.
    Share {
        /// Percent.
        percent: f64,
    },
    /// On where rules say so.
    Rules,
}

impl std::fmt::Display for FlagValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing => f.write_str("-"),
            Self::Off => f.write_str("off"),
            Self::On => f.write_str("on"),
            Self::Share { percent } => write!(f, "{percent} %"),
            Self::Rules => f.write_str("rules"),
        }
    }
}

/// A flag in one environment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FlagState {
    /// What it says there.
    #[serde(flatten)]
    pub value: FlagValue,
    /// What a deployment under way brings, where that is something else.
    pub coming: Option<FlagValue>,
    /// Version of the configuration in use.
    pub version: Option<String>,
}

/// A flag.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Flag {
    /// Application.
    pub application: String,
    /// Profile.
    pub profile: String,
    /// Its key in the configuration.
    pub key: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub about: String,
    /// Whether the team means to remove it.
    pub deprecated: bool,
    /// By environment.
    pub environments: BTreeMap<String, FlagState>,
}

/// A deployment of a configuration.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FlagRollout {
    /// Application.
    pub application: String,
    /// Environment.
    pub environment: String,
    /// Profile.
    pub profile: String,
    /// Whether the profile holds flags.
    pub flags: bool,
    /// Number.
    pub number: u32,
    /// Version that it brings.
    pub version: String,
    /// `DEPLOYING`, `BAKING`, `COMPLETE`, `ROLLING_BACK`, `ROLLED_BACK`, `REVERTED` ...
    pub state: String,
    /// Percent of clients that have it.
    pub percent: f64,
    /// Minutes over which it spreads; 0: all at once.
    pub minutes: u32,
    /// Minutes that it is watched afterwards.
    pub bake_minutes: u32,
    /// Began (UTC).
    pub started_at: Option<Timestamp>,
    /// Ended (UTC).
    pub ended_at: Option<Timestamp>,
}

impl FlagRollout {
    /// Whether it is under way.
    pub fn is_open(&self) -> bool {
        matches!(
            self.state.as_str(),
            "DEPLOYING" | "BAKING" | "VALIDATING" | "ROLLING_BACK"
        )
    }
}

/// Everything that is configured.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Flags {
    /// Names of environments, production first.
    pub environments: Vec<String>,
    /// By application, profile and key.
    pub flags: Vec<Flag>,
    /// Newest first.
    pub rollouts: Vec<FlagRollout>,
    /// What there is more of than is read, in words.
    pub unread: Vec<String>,
}
