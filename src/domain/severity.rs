//! How bad a finding is, in the four words that scanners share.

use serde::Serialize;

/// How bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It says no more than that it is there, or the scanner says something else.
    Unknown,
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
    /// Critical.
    Critical,
}

impl Severity {
    /// All, worst first.
    pub const ALL: [Self; 5] = [
        Self::Critical,
        Self::High,
        Self::Medium,
        Self::Low,
        Self::Unknown,
    ];

    /// From a scanner's word, whatever its case.
    pub fn parse(word: &str) -> Self {
        let word = word.to_lowercase();
        let known = Self::ALL.into_iter().find(|s| s.word() == word);
        match (known, word.as_str()) {
            (Some(severity), _) => severity,
            (None, "moderate") => Self::Medium,
            (None, "informational" | "negligible") => Self::Low,
            _ => Self::Unknown,
        }
    }

    /// The word that every face uses.
    pub fn word(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Unknown => "unknown",
        }
    }
}
