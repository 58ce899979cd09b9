//! What is said of a step.

use jiff::Timestamp;
use serde::Serialize;

use super::super::{Place, Tone};
use crate::domain::text::inert;

/// Something that is said of a step.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Remark {
    /// How bad it is.
    #[serde(skip)]
    pub tone: Tone,
    /// The same in a word.
    pub state: &'static str,
    /// What is said; inert.
    pub text: String,
    /// Since when it is so, where that is known (UTC).
    #[serde(skip)]
    pub since: Option<Timestamp>,
    /// Whether it has a row of its own wherever faults are listed: an alarm, a service, a view that burns.
    #[serde(skip)]
    pub told_elsewhere: bool,
    /// The row of a view that says so.
    #[serde(skip)]
    pub about: Option<Place>,
}

impl Remark {
    /// A remark; its text is made inert here.
    pub fn new(tone: Tone, text: impl AsRef<str>) -> Self {
        Self {
            tone,
            state: word(tone),
            text: inert(text.as_ref()),
            since: None,
            told_elsewhere: false,
            about: None,
        }
    }

    /// Since when it is so.
    #[must_use]
    pub fn since(self, since: Option<Timestamp>) -> Self {
        Self { since, ..self }
    }

    /// That it has a row of its own wherever faults are listed, too.
    #[must_use]
    pub fn told_elsewhere(self, told_elsewhere: bool) -> Self {
        Self {
            told_elsewhere,
            ..self
        }
    }
}

/// A tone in a word; unknown is none of the good ones.
pub fn word(tone: Tone) -> &'static str {
    match tone {
        Tone::Bad => "bad",
        Tone::Warn => "warn",
        Tone::Unknown => "unknown",
        Tone::Info => "moving",
        _ => "ok",
    }
}
