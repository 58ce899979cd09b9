//! Who drives a run. A lease is no mutual exclusion by itself: a console may sleep through its end and wake. So each change of
//! hands counts the fencing number up, every write of the journal checks it, and the driver renews right before each vendor
//! call. What stays open is the time between that check and the vendor's receipt of the call: at most one call's deadline.

use std::time::Duration;

use jiff::Timestamp;
use sqlx::sqlite::SqliteConnection;

use super::audit::Event;
use super::journal::{Claim, write_line};
use super::{Store, fault};
use crate::domain::action::{Permit, Phase};
use crate::domain::problem::Problem;

impl Store {
    /// How long a lease lasts; renew well before.
    pub fn lease(&self) -> Duration {
        self.lease
    }

    /// Says that we still drive the run. Conflict if somebody else does.
    pub async fn renew(&self, claim: &Claim) -> Result<(), Problem> {
        let wrong = |e: sqlx::Error| fault::writing("a lease", &self.path, &e);
        let mut tx = self.lock().await.map_err(wrong)?;
        self.hold(&mut tx, claim, None).await?;
        tx.commit().await.map_err(wrong)
    }

    /// Lets go of a run without ending it, so that any console may pick it up at once.
    pub async fn release(&self, claim: &Claim) -> Result<(), Problem> {
        let wrong = |e: sqlx::Error| fault::writing("a lease", &self.path, &e);
        sqlx::query("UPDATE run SET lease_until = 0 WHERE run = ? AND fence = ?")
            .bind(claim.run())
            .bind(claim.fence)
            .execute(&self.pool)
            .await
            .map_err(wrong)?;
        self.tell();
        Ok(())
    }

    /// Takes a run that nobody drives; `None` if it has ended or somebody does.
    pub async fn take_over(&self, run: &str) -> Result<Option<Claim>, Problem> {
        let wrong = |e: sqlx::Error| fault::writing("a lease", &self.path, &e);
        let now = Timestamp::now();
        let mut tx = self.lock().await.map_err(wrong)?;
        let fence: Option<i64> = sqlx::query_scalar(
            "UPDATE run SET fence = fence + 1, holder = ?, host = ?, pid = ?, lease_until = ?, state = 'open'
             WHERE run = ? AND environment = ? AND state <> 'closed' AND (state = 'unknown' OR lease_until <= ?)
             RETURNING fence",
        )
        .bind(&self.console.holder)
        .bind(&self.console.host)
        .bind(self.console.pid)
        .bind(self.lease_end(now))
        .bind(run)
        .bind(&self.environment)
        .bind(now.as_millisecond())
        .fetch_optional(&mut *tx)
        .await
        .map_err(wrong)?;
        self.seal(tx, None).await.map_err(wrong)?;
        Ok(fence.map(|fence| Claim {
            permit: Permit::journalled(run.to_owned()),
            fence,
        }))
    }

    /// Puts a run aside: how it ended cannot be told now. It stays in the journal, no longer locks its service, and the chain
    /// notes why.
    pub async fn park(&self, claim: &Claim, phase: Phase, why: &str) -> Result<(), Problem> {
        let wrong = |e: sqlx::Error| fault::writing("the outcome of a run", &self.path, &e);
        let mut tx = self.lock().await.map_err(wrong)?;
        self.hold(&mut tx, claim, Some(phase)).await?;
        write_line(&mut tx, claim.run(), phase, why)
            .await
            .map_err(wrong)?;
        sqlx::query("UPDATE run SET state = 'unknown', lease_until = 0 WHERE run = ?")
            .bind(claim.run())
            .execute(&mut *tx)
            .await
            .map_err(wrong)?;
        let facts = self.facts(&mut tx, claim.run()).await.map_err(wrong)?;
        let parameters = serde_json::from_str(&facts.intent).unwrap_or_default();
        let detail = format!("outcome unknown, kept in the journal: {why}");
        let entry = facts.entry(
            claim.run(),
            &self.console.host,
            &parameters,
            Event::Note,
            &detail,
        );
        let head = self.append(&mut tx, entry).await.map_err(wrong)?;
        self.seal(tx, Some(&head)).await.map_err(wrong)
    }

    /// Checks inside a transaction that a run is still open and ours, renews its lease, and moves its phase on.
    pub(super) async fn hold(
        &self,
        tx: &mut SqliteConnection,
        claim: &Claim,
        phase: Option<Phase>,
    ) -> Result<(), Problem> {
        let done = sqlx::query(
            "UPDATE run SET lease_until = ?, phase = coalesce(?, phase) WHERE run = ? AND fence = ? AND state = 'open'",
        )
        .bind(self.lease_end(Timestamp::now()))
        .bind(phase.map(Phase::word))
        .bind(claim.run())
        .bind(claim.fence)
        .execute(tx)
        .await
        .map_err(|e| fault::writing("a lease", &self.path, &e))?;
        if done.rows_affected() == 0 {
            return Err(fault::taken(claim.run()));
        }
        Ok(())
    }

    /// End of a lease that begins now, milliseconds since 1970.
    pub(super) fn lease_end(&self, now: Timestamp) -> i64 {
        let lease = i64::try_from(self.lease.as_millis()).unwrap_or(i64::MAX);
        now.as_millisecond().saturating_add(lease)
    }
}
