//! Reading runs back from the journal: for re-attachment, and to see who else acts.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::chain::outcome_from;
use super::journal::told;
use super::{Store, fault};
use crate::domain::action::{Phase, Run, RunLine};
use crate::domain::audit::Outcome;
use crate::domain::problem::Problem;
use crate::domain::seat::Seat;
use crate::domain::service::ServiceId;
use crate::domain::text::inert;

/// How many runs of a service are looked back through.
const LOOKED_BACK: i64 = 20;

/// Who has a run in hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RunState {
    /// This console.
    Ours,
    /// Another console, whose lease holds.
    Theirs,
    /// Nobody: its console died or let go, or it was put aside as unknown.
    Nobody,
    /// It has ended.
    Closed,
}

/// A run as the journal knows it.
#[derive(Clone, Debug)]
pub struct JournalRun {
    /// Its story.
    pub run: Run,
    /// Who has it in hand.
    pub state: RunState,
    /// Put aside: its outcome could not be told.
    pub unknown: bool,
    /// Host of the console that drives or drove it.
    pub host: String,
    /// Process id there.
    pub pid: u32,
    /// When its lease ends (UTC).
    pub lease_until: Timestamp,
    /// Inputs of the preview that was confirmed.
    pub inputs: Vec<(String, String)>,
    /// What was noted for whoever picks it up.
    pub marks: BTreeMap<String, String>,
}

/// A run that has not ended, of which this console cannot read what it is: a newer one wrote it. Its columns still say whom it locks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadRun {
    /// Its id.
    pub run: String,
    /// One line.
    pub title: String,
    /// Who began it.
    pub who: String,
    /// Host of the console that drives or drove it.
    pub host: String,
    /// Who has it in hand.
    pub state: RunState,
    /// The service that it locks, if it locks one.
    pub service: Option<String>,
    /// In which lane, by its word.
    pub lane: String,
    /// Inputs of the preview that was confirmed, as far as they can be read.
    pub inputs: Vec<(String, String)>,
    /// What cannot be read.
    pub why: String,
}

/// What the journal holds open.
#[derive(Clone, Debug, Default)]
pub struct OpenRuns {
    /// Newest first.
    pub runs: Vec<JournalRun>,
    /// Those that cannot be read.
    pub unread: Vec<UnreadRun>,
}

impl Store {
    /// Runs that have not ended and can be read, newest first.
    pub async fn open_runs(&self) -> Result<Vec<JournalRun>, Problem> {
        Ok(self.open_journal().await?.runs)
    }

    /// Runs that have not ended. One that cannot be read takes no other with it.
    pub async fn open_journal(&self) -> Result<OpenRuns, Problem> {
        let wrong = |e: sqlx::Error| fault::reading("the journal", &self.path, &e);
        let rows = sqlx::query(
            "SELECT * FROM run WHERE environment = ? AND state <> 'closed' ORDER BY started_at DESC",
        )
        .bind(&self.environment)
        .fetch_all(&self.pool)
        .await
        .map_err(wrong)?;
        let mut open = OpenRuns::default();
        for row in rows {
            match self.whole(&row).await {
                Ok(run) => open.runs.push(run),
                Err(e @ (sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. })) => {
                    let unread = self.unread(&row, &e).map_err(wrong)?;
                    open.unread.push(unread);
                }
                Err(e) => return Err(wrong(e)),
            }
        }
        Ok(open)
    }

    fn unread(&self, row: &SqliteRow, why: &sqlx::Error) -> Result<UnreadRun, sqlx::Error> {
        Ok(UnreadRun {
            run: row.try_get("run")?,
            title: row.try_get("title")?,
            who: row.try_get("who")?,
            host: row.try_get("host")?,
            state: self.state(row)?,
            service: row.try_get("service")?,
            lane: row.try_get("lane")?,
            inputs: told(&row.try_get::<String, _>("inputs")?),
            why: inert(&why.to_string()),
        })
    }

    /// Who has the run of a row in hand.
    fn state(&self, row: &SqliteRow) -> Result<RunState, sqlx::Error> {
        let state: String = row.try_get("state")?;
        let holder: String = row.try_get("holder")?;
        let lease_until: i64 = row.try_get("lease_until")?;
        let is_held = lease_until > Timestamp::now().as_millisecond();
        Ok(match state.as_str() {
            "closed" => RunState::Closed,
            "open" if is_held && holder == self.console.holder => RunState::Ours,
            "open" if is_held => RunState::Theirs,
            _ => RunState::Nobody,
        })
    }

    /// The newest runs of the service that is called so at a seat, open or closed, newest first; those that cannot be read are left out.
    pub async fn runs_of(
        &self,
        service: &ServiceId,
        seat: &Seat,
    ) -> Result<Vec<JournalRun>, Problem> {
        let wrong = |e: sqlx::Error| fault::reading("the journal", &self.path, &e);
        let rows = sqlx::query(
            // What is plainly of other seats takes no room.
            "SELECT * FROM run WHERE environment = ?1 AND service = ?2 AND (?3 IS NULL OR seat IN ('', ?3))
             ORDER BY rowid DESC LIMIT ?4",
        )
        .bind(&self.environment)
        .bind(service.to_string())
        .bind(seat.key())
        .bind(LOOKED_BACK)
        .fetch_all(&self.pool)
        .await
        .map_err(wrong)?;
        let mut runs = Vec::new();
        for row in rows {
            match self.whole(&row).await {
                Ok(run) if seat.other(&run.inputs).is_some() => {}
                Ok(run) => runs.push(run),
                Err(sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. }) => {}
                Err(e) => return Err(wrong(e)),
            }
        }
        Ok(runs)
    }

    /// One run, open or closed; `None` if the journal has none of that id.
    pub async fn journal_run(&self, run: &str) -> Result<Option<JournalRun>, Problem> {
        let wrong = |e: sqlx::Error| fault::reading("the journal", &self.path, &e);
        let row = sqlx::query("SELECT * FROM run WHERE environment = ? AND run = ?")
            .bind(&self.environment)
            .bind(run)
            .fetch_optional(&self.pool)
            .await
            .map_err(wrong)?;
        match row {
            Some(row) => self.whole(&row).await.map(Some).map_err(wrong),
            None => Ok(None),
        }
    }

    async fn whole(&self, row: &SqliteRow) -> Result<JournalRun, sqlx::Error> {
        let id: String = row.try_get("run")?;
        let lines: Vec<(String, String, String)> =
            sqlx::query_as("SELECT at, phase, text FROM run_line WHERE run = ? ORDER BY n")
                .bind(&id)
                .fetch_all(&self.pool)
                .await?;
        let marks: Vec<(String, String)> =
            sqlx::query_as("SELECT name, value FROM run_mark WHERE run = ?")
                .bind(&id)
                .fetch_all(&self.pool)
                .await?;
        let state: String = row.try_get("state")?;
        let lease_until: i64 = row.try_get("lease_until")?;
        let started_at: Timestamp = time(&row.try_get::<String, _>("started_at")?)?;
        let finished_at: Option<String> = row.try_get("finished_at")?;
        let outcome: Option<String> = row.try_get("outcome")?;
        let outcome = outcome.as_deref().and_then(outcome_from);
        let at = phase(&row.try_get::<String, _>("phase")?);
        Ok(JournalRun {
            state: self.state(row)?,
            unknown: state == "unknown",
            host: row.try_get("host")?,
            pid: row.try_get("pid")?,
            lease_until: Timestamp::from_millisecond(lease_until).map_err(decode)?,
            inputs: serde_json::from_str(&row.try_get::<String, _>("inputs")?).map_err(decode)?,
            marks: marks.into_iter().collect(),
            run: Run {
                intent: serde_json::from_str(&row.try_get::<String, _>("intent")?)
                    .map_err(decode)?,
                title: row.try_get("title")?,
                phase: at,
                progress: None,
                lines: lines
                    .into_iter()
                    .map(|(at, word, text)| {
                        Ok(RunLine {
                            at: time(&at)?,
                            phase: phase(&word),
                            text,
                        })
                    })
                    .collect::<Result<_, sqlx::Error>>()?,
                started_at,
                finished_at: finished_at.as_deref().map(time).transpose()?,
                stopped_in: outcome
                    .and(Some(at))
                    .filter(|p| outcome != Some(Outcome::Succeeded) && *p != Phase::Record),
                // A run is closed in the same transaction that writes its end into the chain.
                recorded: state == "closed",
                outcome,
                who: row.try_get("who")?,
                reattached: false,
                brings: None,
                scaled_from: None,
                deployment: None,
                silent: None,
                id,
            },
        })
    }
}

fn phase(word: &str) -> Phase {
    Phase::ALL
        .into_iter()
        .find(|p| p.word() == word)
        .unwrap_or(Phase::Journal)
}

fn time(text: &str) -> Result<Timestamp, sqlx::Error> {
    text.parse().map_err(decode)
}

fn decode(e: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(e))
}
