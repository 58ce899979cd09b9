//! A head file that lags: a console was killed between a commit and its head, or the disk was full. Until a further row is anchored,
//! whether rows after the last were cut cannot be told.
//!
//! Catching up adds a row that says so, and anchors that: a head alone would hide that there was a gap, and rows that somebody put
//! in during it would look like ours. What verified before is not weakened: the next action would have anchored the same rows,
//! without a word.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::audit::{Entry, Event};
use super::{Store, fault};
use crate::domain::audit::ChainVerdict;
use crate::domain::problem::Problem;

/// How long a head may take that another console is still writing: its disk may be slow, and nothing waits for us.
const SLOW: Duration = Duration::from_secs(3);
const APART: Duration = Duration::from_millis(100);

impl Store {
    /// Brings the head file up to the chain's head where the chain verifies and the file lags; which rows were not anchored, if so.
    ///
    /// # Errors
    /// Where the chain or the head file cannot be read, or the file not written: then nothing is added.
    pub async fn catch_up(&self, who: &str) -> Result<Option<(u64, u64)>, Problem> {
        let ChainVerdict::Lagging { rows, anchored, .. } = self.verify().await? else {
            return Ok(None);
        };
        let end = Instant::now() + SLOW;
        while Instant::now() < end {
            if self.is_anchored(rows).await? {
                return Ok(None);
            }
            tokio::time::sleep(APART).await;
        }
        // A row that cannot be anchored either would leave one more with every start.
        let writable = self.anchor.aside(|anchor| anchor.create());
        (writable.await).map_err(|e| fault::anchoring(rows, self.anchor.path(), &e))?;
        let wrong = |e: sqlx::Error| fault::reading("the audit trail", &self.path, &e);
        let mut tx = self.lock().await.map_err(wrong)?;
        // Asked again under the lock: another console may have been quicker, or an action.
        let last: Option<i64> =
            sqlx::query_scalar("SELECT max(seq) FROM audit WHERE environment = ?")
                .bind(&self.environment)
                .fetch_one(&mut *tx)
                .await
                .map_err(wrong)?;
        let is_last = last.and_then(|n| u64::try_from(n).ok()) == Some(rows);
        if !is_last || self.is_anchored(rows).await? {
            return Ok(None);
        }
        let parameters = json!({"anchored": anchored, "rows": rows});
        let detail = format!(
            "rows {} to {rows} were not in the head file for {} s: a console ended before it wrote them there, could not, or takes longer; the chain verifies up to row {rows}",
            anchored + 1,
            SLOW.as_secs()
        );
        let entry = Entry {
            who,
            host: &self.console.host,
            action: "anchor",
            subject: "audit",
            event: Event::Note,
            parameters: &parameters,
            preview: "",
            detail: &detail,
            run: "",
        };
        let head = self.append(&mut tx, entry).await.map_err(wrong)?;
        self.seal(tx, Some(&head)).await.map_err(wrong)?;
        Ok(Some((anchored + 1, rows)))
    }

    /// Whether the head file holds a row, or a later one, which covers it.
    async fn is_anchored(&self, row: u64) -> Result<bool, Problem> {
        let heads = self.heads().await?;
        Ok(heads.is_some_and(|heads| heads.all.iter().any(|h| h.seq >= row)))
    }
}
