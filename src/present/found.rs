//! What a row has found that is not as it ought to be, in the words of the page that gathers such rows of every system.

use jiff::Timestamp;
use serde::Serialize;

use super::Section;
use crate::domain::severity::Severity;
use crate::domain::text::inert;

/// Something found. A row that names nothing is told by its cells alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Found {
    /// What it is, where the bad cells do not say it.
    pub what: Option<String>,
    /// Where it is, where that is not what the row is about.
    pub place: Option<String>,
    /// How bad, in a scanner's word.
    pub severity: Option<Severity>,
    /// Since when it is so (UTC).
    pub since: Option<Timestamp>,
    /// Whether it may be so for longer: the vendor tells no more.
    pub at_least: bool,
}

impl Found {
    /// Of something that a system tells the beginning of and no more.
    pub fn since(since: Option<Timestamp>) -> Self {
        Self {
            since,
            ..Self::default()
        }
    }

    /// Of something that a phrase tells; outside text is made inert here.
    pub fn told(what: impl AsRef<str>) -> Self {
        Self {
            what: Some(inert(what.as_ref())),
            ..Self::default()
        }
    }

    /// Of what phrases tell, where there are any.
    pub fn all(phrases: &[String]) -> Self {
        match phrases {
            [] => Self::default(),
            some => Self::told(some.join(", ")),
        }
    }

    /// Of a scanner's finding; outside text is made inert here.
    pub fn finding(severity: Severity, what: &str, place: &str) -> Self {
        Self {
            what: Some(inert(what)),
            place: Some(inert(place)),
            severity: Some(severity),
            ..Self::default()
        }
    }
}

impl Section {
    /// Says of the row that was added last what it has found.
    pub fn found(&mut self, found: Found) {
        if let Some(row) = self.rows.last_mut() {
            row.found = Some(found);
        }
    }
}
