//! The audit chain: what is hashed, and how a chain is judged.
//!
//! A row's hash is the SHA-256 of its canonical bytes: the line `flightdeck audit row 1`, then for each field, in the order
//! environment, seq, at, who, host, action, subject, event, parameters, preview, outcome, detail, duration_ms, run, previous:
//! its name, a space, the length of its value in bytes (`-` for an absent value), a space, the value, a line end. Lengths make
//! the bytes unambiguous whatever the values hold. Values are the columns as stored: times in RFC 3339, durations in whole
//! milliseconds, parameters as JSON text. `previous` is the hash of the row before, 64 zeros for the first, so that one hash
//! covers all rows up to it.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::anchor::Head;
use crate::domain::audit::{AuditRow, ChainVerdict, Outcome};
use crate::domain::text::inert;

/// What the first row follows.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// A row as stored, column by column: judged before anything in it is trusted to parse.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredRow {
    pub(super) environment: String,
    pub(super) seq: i64,
    pub(super) at: String,
    pub(super) who: String,
    pub(super) host: String,
    pub(super) action: String,
    pub(super) subject: String,
    pub(super) event: String,
    pub(super) parameters: String,
    pub(super) preview: String,
    pub(super) outcome: Option<String>,
    pub(super) detail: String,
    pub(super) duration_ms: Option<i64>,
    pub(super) run: String,
    pub(super) previous: String,
    pub(super) hash: String,
}

impl StoredRow {
    /// SHA-256 of the canonical bytes, hex.
    pub fn computed_hash(&self) -> String {
        let mut sha = Sha256::new();
        sha.update(b"flightdeck audit row 1\n");
        let mut field = |name: &str, value: Option<&str>| {
            let length = value.map_or_else(|| "-".to_owned(), |v| v.len().to_string());
            sha.update(format!("{name} {length} {}\n", value.unwrap_or("")).as_bytes());
        };
        field("environment", Some(&self.environment));
        field("seq", Some(&self.seq.to_string()));
        field("at", Some(&self.at));
        field("who", Some(&self.who));
        field("host", Some(&self.host));
        field("action", Some(&self.action));
        field("subject", Some(&self.subject));
        field("event", Some(&self.event));
        field("parameters", Some(&self.parameters));
        field("preview", Some(&self.preview));
        field("outcome", self.outcome.as_deref());
        field("detail", Some(&self.detail));
        field(
            "duration_ms",
            self.duration_ms.map(|ms| ms.to_string()).as_deref(),
        );
        field("run", Some(&self.run));
        field("previous", Some(&self.previous));
        hex::encode(sha.finalize())
    }

    /// The row as the rest of the program knows it; `None` if a column does not hold what it must.
    pub fn parsed(self) -> Option<AuditRow> {
        Some(AuditRow {
            seq: u64::try_from(self.seq).ok()?,
            at: self.at.parse().ok()?,
            who: self.who,
            host: self.host,
            environment: self.environment,
            action: self.action,
            subject: self.subject,
            event: self.event,
            parameters: serde_json::from_str(&self.parameters).ok()?,
            preview: self.preview,
            outcome: match self.outcome {
                Some(word) => Some(outcome_from(&word)?),
                None => None,
            },
            detail: self.detail,
            duration_s: self.duration_ms.map(|ms| ms as f64 / 1000.0),
            run: self.run,
            previous: self.previous,
            hash: self.hash,
        })
    }
}

/// The word under which an outcome is stored; the same as in JSON.
pub fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Succeeded => "succeeded",
        Outcome::Failed => "failed",
        Outcome::Refused => "refused",
        Outcome::Unknown => "unknown",
        Outcome::Abandoned => "abandoned",
        Outcome::Stopped => "stopped",
    }
}

/// Reads [`outcome_word`].
pub fn outcome_from(word: &str) -> Option<Outcome> {
    [
        Outcome::Succeeded,
        Outcome::Failed,
        Outcome::Refused,
        Outcome::Unknown,
        Outcome::Abandoned,
        Outcome::Stopped,
    ]
    .into_iter()
    .find(|o| outcome_word(*o) == word)
}

/// Judges rows one after the other, in order of `seq`, and stops at the first that is wrong.
#[derive(Clone, Debug)]
pub struct Judge {
    by_seq: HashMap<u64, String>,
    by_hash: HashMap<String, u64>,
    highest: u64,
    torn: Option<(u64, String)>,
    rows: u64,
    head: String,
    /// Each run: the row that began it, and the one that ended it.
    runs: HashMap<String, (u64, Option<u64>)>,
}

impl Judge {
    /// Begins with the heads that were anchored outside the table.
    pub fn new(anchored: Vec<Head>) -> Self {
        let mut judge = Self {
            by_seq: HashMap::new(),
            by_hash: HashMap::new(),
            highest: 0,
            torn: None,
            rows: 0,
            head: GENESIS.to_owned(),
            runs: HashMap::new(),
        };
        for head in anchored {
            judge.anchored(head);
        }
        judge
    }

    /// Takes a further head that was anchored.
    pub fn anchored(&mut self, Head { seq, hash }: Head) {
        self.highest = self.highest.max(seq);
        self.by_hash.insert(hash.clone(), seq);
        if let Some(other) = self.by_seq.insert(seq, hash.clone())
            && other != hash
        {
            let why = format!(
                "two different rows were anchored as {seq}: the file was rolled back and written on"
            );
            self.torn.get_or_insert((seq, why));
        }
    }

    /// Lets go of what was anchored of rows that it has taken: nothing of it is asked again.
    pub fn settle(&mut self) {
        let rows = self.rows;
        self.by_seq.retain(|seq, _| *seq > rows);
        self.by_hash.retain(|_, seq| *seq > rows);
        self.by_seq.shrink_to_fit();
        self.by_hash.shrink_to_fit();
    }

    /// How many rows it has taken.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The hash of the last row that it has taken.
    pub fn head(&self) -> &str {
        &self.head
    }

    /// Takes the next row; an error is the verdict.
    pub fn take(&mut self, row: &StoredRow) -> Result<(), ChainVerdict> {
        let seq = self.rows + 1;
        let broken = |why: String| Err(ChainVerdict::Broken { seq, why });
        if let Some((at, why)) = &self.torn
            && *at == seq
        {
            return broken(why.clone());
        }
        if u64::try_from(row.seq) != Ok(seq) {
            return broken(format!(
                "row {seq} is missing: the next one there is {}",
                row.seq
            ));
        }
        let anchored = self.by_seq.get(&seq);
        if row.hash != row.computed_hash() {
            return broken(match self.by_hash.get(&row.hash) {
                Some(other) if *other != seq => {
                    format!("it was moved: this row was written as row {other}")
                }
                _ => "its content was changed: it does not give the hash it carries".to_owned(),
            });
        }
        if let Some(anchored) = anchored
            && *anchored != row.hash
        {
            return broken(format!(
                "it was replaced: the head file knows it as {}..., it is {}...",
                anchored.get(..12).unwrap_or(anchored),
                row.hash.get(..12).unwrap_or(&row.hash)
            ));
        }
        if row.previous != self.head {
            return broken(format!(
                "it does not follow from row {}: rows were removed, put in or put in another order",
                self.rows
            ));
        }
        if row.clone().parsed().is_none() {
            return broken("a column holds what no version of this program writes".to_owned());
        }
        if let Err(why) = self.story(seq, row) {
            return broken(why);
        }
        self.rows = seq;
        self.head.clone_from(&row.hash);
        Ok(())
    }

    /// An action begins once and ends at most once, in that order: an outcome of nobody's intent was put in, however well it follows.
    fn story(&mut self, seq: u64, row: &StoredRow) -> Result<(), String> {
        let run = inert(&row.run);
        match (row.event.as_str(), self.runs.get_mut(&row.run)) {
            ("intent", Some((began, _))) => {
                Err(format!("it begins run {run}, which row {began} began"))
            }
            ("intent", None) => {
                self.runs.insert(row.run.clone(), (seq, None));
                Ok(())
            }
            ("outcome", None) => Err(format!("it ends run {run}, which no row before it began")),
            ("outcome", Some((_, Some(ended)))) => {
                Err(format!("it ends run {run}, which row {ended} ended"))
            }
            ("outcome", Some((_, ended))) => {
                *ended = Some(seq);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The verdict once there are no more rows.
    pub fn end(&self) -> ChainVerdict {
        if self.highest > self.rows {
            return ChainVerdict::Broken {
                seq: self.rows + 1,
                why: format!(
                    "the tail was cut or an older copy was put back: the head file knows row {}, the table ends at {}",
                    self.highest, self.rows
                ),
            };
        }
        match self.highest < self.rows {
            true => ChainVerdict::Lagging {
                rows: self.rows,
                head: self.head.clone(),
                anchored: self.highest,
            },
            false => ChainVerdict::Intact {
                rows: self.rows,
                head: self.head.clone(),
            },
        }
    }
}
