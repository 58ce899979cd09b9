//! An answer that may be none: what a setting is, that it is not set, or why nobody knows.

use serde::Serialize;

/// What a vendor told of a setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Told<T> {
    /// It is set to this.
    Set(T),
    /// It is not set.
    Unset,
    /// Nobody knows, and why.
    Unknown(String),
}

impl<T> Default for Told<T> {
    fn default() -> Self {
        Self::Unknown("not asked yet".into())
    }
}

impl<T> Told<T> {
    /// What it is set to.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Unset | Self::Unknown(_) => None,
        }
    }

    /// Why nobody knows.
    pub fn why_unknown(&self) -> Option<&str> {
        match self {
            Self::Unknown(why) => Some(why),
            Self::Set(_) | Self::Unset => None,
        }
    }
}
