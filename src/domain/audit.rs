//! Rows of the journal and of the audit chain.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::deployment::DeploymentState;

/// How the words begin of an action that failed because its rollout went back by itself.
pub const WENT_BACK: &str = "rolled back to ";

/// How an action ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Done and verified.
    Succeeded,
    /// Ended otherwise than asked, and we know how.
    Failed,
    /// Refused before anything changed.
    Refused,
    /// A reply was lost, or the console was killed: to be reconciled by reading.
    Unknown,
    /// Given up by the person; what was begun is left as it is.
    Abandoned,
    /// A person stopped on purpose what it had begun, or a newer deployment superseded it.
    Stopped,
}

impl Outcome {
    /// The word shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "FAILED",
            Self::Refused => "refused",
            Self::Unknown => "UNKNOWN",
            Self::Abandoned => "abandoned",
            Self::Stopped => "stopped",
        }
    }

    /// The word shown where the action's own words are known: what went back is called so everywhere, and is no more to be mended.
    pub fn word_for(self, words: &str) -> &'static str {
        match self {
            Self::Failed if words.starts_with(WENT_BACK) => DeploymentState::RolledBack.word(),
            _ => self.word(),
        }
    }
}

/// When a criterion became proved, as consoles on this store saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Proven {
    /// The first time (UTC).
    pub first: Timestamp,
    /// The last time that it became so: later than the first where it was seen to fail in between.
    pub last: Timestamp,
    /// Whether it was seen to fail since, by somebody.
    #[serde(skip)]
    pub lapsed: bool,
    /// How long who asks has seen it failing, if so.
    #[serde(skip)]
    pub failing: Option<Spell>,
}

impl Proven {
    /// How far two looks of one observer that see it failing are apart before that ends the proof, seconds. A deployment of a task or
    /// two, a failover or a vendor's bad minutes are over by then; a day of the timeline does not hang on less.
    pub const LASTS_S: i64 = 300;
}

/// That one observer sees a criterion failing, and did not see it proved since it began to. Observers may judge differently (another
/// configuration, another sight of the network): what one of them sees ends a proof once, however often it starts anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spell {
    /// The first look (UTC).
    pub since: Timestamp,
    /// The last look that was put down (UTC). Two that are too far apart are two failures: nobody knows what was between them.
    pub seen: Timestamp,
    /// Whether the proof has ended while it lasted: its word was said.
    pub told: bool,
}

impl Spell {
    /// The same after another look that sees it failing. What was told stays so: nobody saw it proved meanwhile.
    #[must_use]
    pub fn seen_again(self, look: &Sighting) -> Self {
        let apart = look.at.duration_since(self.seen).as_secs();
        let since = match apart > look.apart_s && !self.told {
            true => look.at,
            false => self.since,
        };
        Self {
            since,
            seen: self.seen.max(look.at),
            ..self
        }
    }

    /// Whether a look at a time ends the proof: it is far enough from the first one, and nothing was said of it yet.
    pub fn ends_at(self, at: Timestamp) -> bool {
        !self.told && at.duration_since(self.since).as_secs() >= Proven::LASTS_S
    }
}

/// What was seen of a criterion, and is new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// Which one.
    pub criterion: String,
    /// Proved, or failing after it had been proved.
    pub proved: bool,
    /// When it was judged (UTC).
    pub at: Timestamp,
    /// How far two looks of this observer at one failure are apart at most, seconds: a console looks all the time, a command when
    /// somebody, or a job, calls it.
    pub apart_s: i64,
}

impl Sighting {
    /// What a console sees all the time it puts down so often, seconds, until that has ended the proof.
    pub const EVERY_S: i64 = 60;
    /// The most that two looks of a console at one failure are apart: longer than it is slow, or without an answer, for a moment.
    pub const CONSOLE_APART_S: i64 = 900;
    /// The same of commands: a job looks once a day.
    pub const COMMANDS_APART_S: i64 = 2 * 86_400;
}

/// A row of the append-only audit chain. Each row's hash covers its content and the hash of the row before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditRow {
    /// 1, 2, 3 ... without holes.
    pub seq: u64,
    /// When it was written (UTC).
    pub at: Timestamp,
    /// Who: the OS user and, where known, the caller's ARN.
    pub who: String,
    /// Host name.
    pub host: String,
    /// Environment.
    pub environment: String,
    /// `deploy`, `rollback`, `scale`, `restart`, `stop`, `sign_off` ...
    pub action: String,
    /// What it was done to: `laser-prod/api`, `criterion 1.3`.
    pub subject: String,
    /// `intent`, `outcome`, `note`.
    pub event: String,
    /// Parameters as JSON, secrets redacted.
    pub parameters: serde_json::Value,
    /// Fingerprint of the preview that was confirmed; empty for none.
    pub preview: String,
    /// Set on rows that end an action.
    pub outcome: Option<Outcome>,
    /// Words.
    pub detail: String,
    /// Duration of the action, seconds, on rows that end one.
    pub duration_s: Option<f64>,
    /// Which run it belongs to.
    pub run: String,
    /// Hex SHA-256 of the row before; 64 zeros for the first.
    pub previous: String,
    /// Hex SHA-256 of this row.
    pub hash: String,
}

/// What `audit verify` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum ChainVerdict {
    /// All rows follow from one another.
    Intact {
        /// How many.
        rows: u64,
        /// Hash of the last.
        head: String,
    },
    /// All rows follow from one another, but the newest are not in the head file: whether rows after them were cut cannot be told.
    Lagging {
        /// How many.
        rows: u64,
        /// Hash of the last.
        head: String,
        /// The last row that the head file knows; 0 for none.
        anchored: u64,
    },
    /// A row does not.
    Broken {
        /// The first row that is wrong.
        seq: u64,
        /// How.
        why: String,
    },
}

/// A person's word on a criterion that no probe settles (or that a person overrides for a time).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignOff {
    /// Criterion id, `2.1.c`.
    pub criterion: String,
    /// Signed off, waived, or withdrawn.
    pub kind: SignOffKind,
    /// Who.
    pub who: String,
    /// Why.
    pub why: String,
    /// Link to evidence; may be empty.
    pub link: String,
    /// When (UTC).
    pub at: Timestamp,
    /// Until when a waiver holds (UTC).
    pub until: Option<Timestamp>,
    /// Whether the audit chain holds the same word, as the newest on its criterion. One that is not proven counts for nothing.
    #[serde(default)]
    pub proven: bool,
}

/// What a sign-off does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignOffKind {
    /// A person vouches for it.
    SignedOff,
    /// Accepted as missing, until a date.
    Waived,
    /// The earlier word is taken back.
    Withdrawn,
}
