//! A head file that lags: a console was killed between a commit and its head, or the disk was full. Until a further row is anchored,
//! whether rows after the last were cut cannot be told.
//!
//! Catching up adds a row that says so, and anchors that: a head alone would hide that there was a gap, and rows that somebody put
//! in during it would look like ours. What verified before is not weakened: the next action would have anchored the same rows,
//! without a word.

use serde_json::json;

use super::audit::{Entry, Event};
use super::{Store, fault};
use crate::domain::audit::ChainVerdict;
use crate::domain::problem::Problem;

impl Store {
    /// Brings the head file up to the chain's head where the chain verifies and the file lags; which rows were not anchored, if so.
    ///
    /// # Errors
    /// Where the chain or the head file cannot be read, or the file not written: then nothing is added.
    pub async fn catch_up(&self, who: &str) -> Result<Option<(u64, u64)>, Problem> {
        let ChainVerdict::Lagging { rows, anchored, .. } = self.verify().await? else {
            return Ok(None);
        };
        // A row that cannot be anchored either would leave one more with every start.
        let writable = self.anchor.create();
        writable.map_err(|e| fault::anchoring(rows, self.anchor.path(), &e))?;
        let wrong = |e: sqlx::Error| fault::reading("the audit trail", &self.path, &e);
        let mut tx = self.lock().await.map_err(wrong)?;
        // Asked again under the lock: another console may have been quicker, or an action.
        let heads = self.heads()?.unwrap_or_default();
        if heads.iter().any(|h| h.seq >= rows) {
            return Ok(None);
        }
        let parameters = json!({"anchored": anchored, "rows": rows});
        let detail = format!(
            "rows {} to {rows} were not in the head file: a console ended before it wrote them there, or could not; the chain verifies up to row {rows}",
            anchored + 1
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
}
