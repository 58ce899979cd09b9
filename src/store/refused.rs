//! Actions that a person confirmed and that were refused before anything was called: they leave a row of the audit, and no run.

use std::time::Duration;

use jiff::Timestamp;

use super::audit::{Entry, Event};
use super::journal::{encode, parameters, run_id};
use super::{Store, fault, migrate};
use crate::domain::action::Preview;
use crate::domain::audit::Outcome;
use crate::domain::problem::Problem;

impl Store {
    /// Writes that a confirmed action was refused, and why. `took`: from the confirmation to the refusal. Two rows, as of every
    /// action: what was confirmed, and how it ended. Returns the number of the last one.
    ///
    /// # Errors
    /// `Store` where the row cannot be written.
    pub async fn refuse(
        &self,
        preview: &Preview,
        who: &str,
        why: &str,
        took: Duration,
    ) -> Result<u64, Problem> {
        let wrong = |e: sqlx::Error| fault::writing("a refusal", &self.path, &e);
        let parameters = parameters(preview).map_err(|e| wrong(encode(e)))?;
        let run = run_id(Timestamp::now());
        let mut tx = self.lock().await.map_err(wrong)?;
        migrate::refuse_newer(&self.path, &mut tx).await?;
        let subject = preview.intent.subject();
        // A chain holds no end without its begin: what was confirmed comes first.
        let confirmed = Entry {
            who,
            host: &self.console.host,
            action: preview.intent.verb(),
            subject: &subject,
            event: Event::Intent,
            parameters: &parameters,
            preview: &preview.fingerprint,
            detail: &preview.title,
            run: &run,
        };
        self.append(&mut tx, confirmed).await.map_err(wrong)?;
        let event = Event::Outcome {
            outcome: Outcome::Refused,
            duration_ms: i64::try_from(took.as_millis()).unwrap_or(i64::MAX),
        };
        let refused = Entry {
            event,
            detail: why,
            ..confirmed
        };
        let head = self.append(&mut tx, refused).await.map_err(wrong)?;
        self.seal(tx, Some(&head)).await.map_err(wrong)?;
        Ok(head.seq)
    }
}
