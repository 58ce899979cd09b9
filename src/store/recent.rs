//! Runs that ended lately, of whichever process: what a console shows of the hours before it was opened, and of commands that are over
//! between two looks.

use jiff::Timestamp;

use super::{JournalRun, Store, fault};
use crate::domain::problem::Problem;
use crate::domain::seat::Seat;

/// How many runs on services are looked back through.
const LOOKED_BACK: i64 = 50;

impl Store {
    /// Ids of the runs on services that ended at `since` (UTC) or later, of the newest few, newest first; each with when that was. What is
    /// plainly of another seat is not among them, and takes no room: where another account's pipelines share the file, nothing of theirs is read.
    pub async fn ended_since(
        &self,
        since: Timestamp,
        seat: &Seat,
    ) -> Result<Vec<(String, Timestamp)>, Problem> {
        let wrong = |e: sqlx::Error| fault::reading("the journal", &self.path, &e);
        let rows: Vec<(String, String, Option<String>)> = sqlx::query_as(
            "SELECT run, state, finished_at FROM run
             WHERE environment = ?1 AND service IS NOT NULL AND (?2 IS NULL OR seat IN ('', ?2))
             ORDER BY rowid DESC LIMIT ?3",
        )
        .bind(&self.environment)
        .bind(seat.key())
        .bind(LOOKED_BACK)
        .fetch_all(&self.pool)
        .await
        .map_err(wrong)?;
        let ended = rows.into_iter().filter(|(_, state, ..)| state == "closed");
        Ok(ended
            .filter_map(|(run, _, ended)| {
                let ended: Timestamp = ended?.parse().ok()?;
                (ended >= since).then_some((run, ended))
            })
            .collect())
    }

    /// The story of a run that is over; `None` where it cannot be read: a newer console wrote it, and it locks nothing.
    pub async fn ended_run(&self, run: &str) -> Option<JournalRun> {
        match self.journal_run(run).await {
            Ok(found) => found.filter(|found| found.run.outcome.is_some()),
            Err(p) => {
                tracing::debug!(%run, why = %p.why, "a run that ended cannot be read");
                None
            }
        }
    }
}
