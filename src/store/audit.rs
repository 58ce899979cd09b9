//! Appending to the audit chain, reading it, judging it, taking it out.

use std::io::Write;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use futures_util::TryStreamExt;
use jiff::Timestamp;
use serde_json::Value;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{Row, Sqlite, Transaction};

use super::anchor::{Head, Heads, Place};
use super::chain::{GENESIS, Judge, StoredRow, outcome_word};
use super::verified::Verified;
use super::{Store, fault, guards, migrate, trace};
use crate::domain::audit::{AuditRow, ChainVerdict, Outcome};
use crate::domain::order::Ordered;
use crate::domain::problem::Problem;
use crate::domain::redact;
use crate::domain::text::inert;

/// From one look for a missing head to the next, and how many there are.
const ANCHOR_APART: Duration = Duration::from_millis(40);
const ANCHOR_LOOKS: u32 = 5;
/// Rows that may go without a head before the first one is written: a console that was killed in its first action leaves as many.
pub(super) const UNANCHORED_AT_MOST: u64 = 4;

/// What a row is to say. Whatever is put in is made inert and loses its secrets on the way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    pub who: &'a str,
    pub host: &'a str,
    pub action: &'a str,
    pub subject: &'a str,
    pub event: Event,
    pub parameters: &'a Value,
    pub preview: &'a str,
    pub detail: &'a str,
    pub run: &'a str,
}

/// Which kind of row; only one that ends an action has an outcome, and it always has.
#[derive(Clone, Copy, Debug)]
pub(super) enum Event {
    Intent,
    Note,
    Outcome { outcome: Outcome, duration_ms: i64 },
}

impl Store {
    /// Newest rows first.
    pub async fn audit_rows(&self, limit: u32) -> Result<Vec<AuditRow>, Problem> {
        let wrong = |e: sqlx::Error| fault::reading("the audit trail", &self.path, &e);
        let rows =
            sqlx::query("SELECT * FROM audit WHERE environment = ? ORDER BY seq DESC LIMIT ?")
                .bind(&self.environment)
                .bind(limit)
                .try_map(stored)
                .fetch_all(&self.pool)
                .await
                .map_err(wrong)?;
        // A row that does not parse is not shown as if it were one: `verify` names it.
        Ok(rows.into_iter().filter_map(StoredRow::parsed).collect())
    }

    /// Reads the whole chain of this environment and names the first row that is wrong.
    pub async fn verify(&self) -> Result<ChainVerdict, Problem> {
        let mut eyes = self.fresh_eyes().await?;
        let judged = self.verify_by(&mut eyes).await;
        trace::close(eyes).await;
        let (verdict, verified) = judged?;
        let is_well = !matches!(verdict, ChainVerdict::Broken { .. });
        *self.remembered() = verified.filter(|_| is_well).map(Arc::new);
        Ok(verdict)
    }

    async fn verify_by(
        &self,
        eyes: &mut SqliteConnection,
    ) -> Result<(ChainVerdict, Option<Verified>), Problem> {
        let wrong = |e: sqlx::Error| fault::reading("the audit trail", &self.path, &e);
        migrate::refuse_newer(&self.path, eyes).await?;
        // The heads first: each of them was committed before it was anchored, so a later look at the table must show it.
        let heads = self.heads().await?;
        let missing = heads.is_none();
        let foreign = heads.as_ref().is_some_and(|h| h.foreign);
        let place = heads.as_ref().map(|h| h.end);
        let heads = heads.map_or_else(Vec::new, |h| h.all);
        let first = heads.iter().map(|h| h.seq).min();
        let mut judge = Judge::new(heads);
        let mut rows = sqlx::query("SELECT * FROM audit WHERE environment = ? ORDER BY seq")
            .bind(&self.environment)
            .try_map(stored)
            .fetch(&mut *eyes);
        while let Some(row) = rows.try_next().await.map_err(wrong)? {
            if let Err(verdict) = judge.take(&row) {
                return Ok((verdict, None));
            }
        }
        drop(rows);
        let unguarded = guards::missing(eyes).await.map_err(wrong)?;
        let end = judge.end();
        let verified = place.map(|place| Verified::by(judge, first, place));
        let verdict = match end {
            ChainVerdict::Intact { rows, .. } | ChainVerdict::Lagging { rows, .. }
                if let Some(what) = &unguarded =>
            {
                ChainVerdict::Broken {
                    seq: rows,
                    why: format!(
                        "the store no longer defends its rows ({what}): the rows up to here follow from one another, but anybody may have written them"
                    ),
                }
            }
            // It was made anew, emptied or written over: what it knew of rows that were cut is gone.
            ChainVerdict::Intact { rows, .. } | ChainVerdict::Lagging { rows, .. }
                if foreign
                    || (!missing
                        && rows > UNANCHORED_AT_MOST
                        && first.is_none_or(|n| n > UNANCHORED_AT_MOST)) =>
            {
                ChainVerdict::Broken {
                    seq: rows,
                    why: format!(
                        "the head file {} {}: whether rows after this one were cut cannot be told",
                        self.anchor.path().display(),
                        match (foreign, first) {
                            (true, _) => "holds lines that no console wrote".to_owned(),
                            (false, None) => "is empty".to_owned(),
                            (false, Some(n)) => format!("begins at row {n}"),
                        }
                    ),
                }
            }
            ChainVerdict::Lagging { rows, .. } if missing => ChainVerdict::Broken {
                seq: rows,
                why: format!(
                    "the head file {} is gone: whether rows after this one were cut cannot be told",
                    self.anchor.path().display()
                ),
            },
            ChainVerdict::Lagging {
                rows,
                head,
                anchored,
            } => self.anchored_by_now(rows, head, anchored).await?,
            verdict => verdict,
        };
        Ok((verdict, verified))
    }

    pub(super) async fn heads(&self) -> Result<Option<Heads>, Problem> {
        let environment = self.environment.clone();
        let read = self.anchor.aside(move |anchor| anchor.read(&environment));
        read.await.map_err(|e| self.unread_heads(e))
    }

    /// What was anchored since an earlier reading; `None` where it is not the file of then any more.
    pub(super) async fn heads_from(&self, place: Place) -> Result<Option<Heads>, Problem> {
        let environment = self.environment.clone();
        let read = (self.anchor).aside(move |anchor| anchor.read_from(&environment, place));
        read.await.map_err(|e| self.unread_heads(e))
    }

    fn unread_heads(&self, e: std::io::Error) -> Problem {
        let e = sqlx::Error::Io(e);
        fault::reading("the head file of the audit trail", self.anchor.path(), &e)
    }

    /// A row is anchored right after it is committed: rows that were read in between are looked for a little longer.
    pub(super) async fn anchored_by_now(
        &self,
        rows: u64,
        head: String,
        mut anchored: u64,
    ) -> Result<ChainVerdict, Problem> {
        for _ in 0..ANCHOR_LOOKS {
            tokio::time::sleep(ANCHOR_APART).await;
            let heads = self.heads().await?.map_or_else(Vec::new, |h| h.all);
            if heads.iter().any(|h| h.seq == rows && h.hash != head) {
                let why = "it was replaced: the head file knows another row of that number";
                return Ok(ChainVerdict::Broken {
                    seq: rows,
                    why: why.to_owned(),
                });
            }
            anchored = heads.iter().map(|h| h.seq).fold(anchored, u64::max);
            if anchored >= rows {
                return Ok(ChainVerdict::Intact { rows, head });
            }
        }
        Ok(ChainVerdict::Lagging {
            rows,
            head,
            anchored,
        })
    }

    /// Why the newest row is not in the head file, if this console could not write it there.
    pub fn unanchored(&self) -> Option<Problem> {
        let trouble = self.unanchored.lock();
        trouble.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Writes all rows, oldest first, as JSON lines; returns how many. Each line holds all that its hash covers.
    pub async fn export(&self, out: &mut (dyn Write + Send)) -> Result<u64, Problem> {
        let wrong = |e: sqlx::Error| fault::reading("the audit trail", &self.path, &e);
        let mut rows = sqlx::query("SELECT * FROM audit WHERE environment = ? ORDER BY seq")
            .bind(&self.environment)
            .try_map(stored)
            .fetch(&self.pool);
        let mut written = 0;
        while let Some(row) = rows.try_next().await.map_err(wrong)? {
            let seq = row.seq;
            let row = row.parsed().ok_or_else(|| {
                let e = sqlx::Error::Protocol(format!("row {seq} does not parse"));
                fault::reading("the audit trail", &self.path, &e)
            })?;
            serde_json::to_writer(&mut *out, &row)
                .map_err(std::io::Error::from)
                .and_then(|()| out.write_all(b"\n"))
                .map_err(|e| wrong(sqlx::Error::Io(e)))?;
            written += 1;
        }
        Ok(written)
    }

    /// Appends a row inside a transaction that holds the write lock.
    pub(super) async fn append(
        &self,
        tx: &mut SqliteConnection,
        entry: Entry<'_>,
    ) -> Result<Head, sqlx::Error> {
        let last: Option<(i64, String)> = sqlx::query_as(
            "SELECT seq, hash FROM audit WHERE environment = ? ORDER BY seq DESC LIMIT 1",
        )
        .bind(&self.environment)
        .fetch_optional(&mut *tx)
        .await?;
        let (seq, previous) = last.unwrap_or_else(|| (0, GENESIS.to_owned()));
        let clean = |text: &str| inert(&redact::text(text));
        let (event, outcome, duration_ms) = match entry.event {
            Event::Intent => ("intent", None, None),
            Event::Note => ("note", None, None),
            Event::Outcome {
                outcome,
                duration_ms,
            } => ("outcome", Some(outcome_word(outcome)), Some(duration_ms)),
        };
        let mut row = StoredRow {
            environment: self.environment.clone(),
            seq: seq + 1,
            at: Timestamp::now().to_string(),
            who: clean(entry.who),
            host: clean(entry.host),
            action: entry.action.to_owned(),
            subject: clean(entry.subject),
            event: event.to_owned(),
            parameters: canonical(&redact::json(entry.parameters)).to_string(),
            preview: entry.preview.to_owned(),
            outcome: outcome.map(str::to_owned),
            detail: clean(entry.detail),
            duration_ms,
            run: entry.run.to_owned(),
            previous,
            hash: String::new(),
        };
        row.hash = row.computed_hash();
        sqlx::query("INSERT INTO audit VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)")
            .bind(&row.environment)
            .bind(row.seq)
            .bind(&row.at)
            .bind(&row.who)
            .bind(&row.host)
            .bind(&row.action)
            .bind(&row.subject)
            .bind(&row.event)
            .bind(&row.parameters)
            .bind(&row.preview)
            .bind(&row.outcome)
            .bind(&row.detail)
            .bind(row.duration_ms)
            .bind(&row.run)
            .bind(&row.previous)
            .bind(&row.hash)
            .execute(&mut *tx)
            .await?;
        Ok(Head {
            seq: u64::try_from(row.seq).unwrap_or_default(),
            hash: row.hash,
        })
    }

    /// Starts a transaction that nobody else writes beside.
    pub(super) async fn lock(&self) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
        self.pool.begin_with("BEGIN IMMEDIATE").await
    }

    /// Commits, anchors the new head if there is one, and tells listeners. An anchor that cannot be written does not undo what
    /// was committed: [`Store::unanchored`] tells, and the next one covers this row as well.
    pub(super) async fn seal(
        &self,
        tx: Transaction<'static, Sqlite>,
        head: Option<&Head>,
    ) -> Result<(), sqlx::Error> {
        tx.commit().await?;
        if let Some(head) = head {
            let (environment, head) = (self.environment.clone(), head.clone());
            let (unanchored, seq) = (self.unanchored.clone(), head.seq);
            // Whole even if nobody waits for it any more: who gives up a run does not leave its row without a head.
            let anchored = self.anchor.aside(move |anchor| {
                let trouble = match anchor.add(&environment, &head) {
                    Ok(()) => {
                        tracing::info!(seq = head.seq, hash = %head.hash, "audit head");
                        None
                    }
                    Err(e) => {
                        tracing::error!(seq = head.seq, hash = %head.hash, error = %e, "audit head could not be anchored");
                        Some(fault::anchoring(head.seq, anchor.path(), &e))
                    }
                };
                *unanchored.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
                Ok(())
            });
            if let Err(e) = anchored.await {
                // The row is there all the same.
                let trouble = Some(fault::anchoring(seq, self.anchor.path(), &e));
                let kept = self.unanchored.lock();
                *kept.unwrap_or_else(PoisonError::into_inner) = trouble;
            }
        }
        self.tell();
        Ok(())
    }
}

/// JSON with the members of every object in order of their names, so that equal parameters are equal bytes.
fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.order_by(|a, b| a.0.cmp(b.0));
            Value::Object(
                members
                    .into_iter()
                    .map(|(k, v)| (k.clone(), canonical(v)))
                    .collect(),
            )
        }
        Value::Array(items) => Value::Array(items.iter().map(canonical).collect()),
        Value::String(s) => Value::String(inert(s)),
        other => other.clone(),
    }
}

pub(super) fn stored(row: SqliteRow) -> Result<StoredRow, sqlx::Error> {
    Ok(StoredRow {
        environment: row.try_get("environment")?,
        seq: row.try_get("seq")?,
        at: row.try_get("at")?,
        who: row.try_get("who")?,
        host: row.try_get("host")?,
        action: row.try_get("action")?,
        subject: row.try_get("subject")?,
        event: row.try_get("event")?,
        parameters: row.try_get("parameters")?,
        preview: row.try_get("preview")?,
        outcome: row.try_get("outcome")?,
        detail: row.try_get("detail")?,
        duration_ms: row.try_get("duration_ms")?,
        run: row.try_get("run")?,
        previous: row.try_get("previous")?,
        hash: row.try_get("hash")?,
    })
}
