//! How far the audit chain was verified, so that who asks again and again has what came since read, and no more: a preview is made
//! before every action and once more as it begins, and an emergency stop must not wait for years of rows.
//!
//! What came since must follow from what was verified, and as many rows as were verified must still be there. That the words of one
//! of those were changed behind the table's back is for [`Store::verify`] to find, which reads all of them: the console does so
//! whenever the files have changed, `audit verify` always. Whatever looks odd here is left to it as well.

use std::sync::{Arc, PoisonError};

use futures_util::TryStreamExt;
use sqlx::sqlite::SqliteConnection;

use super::anchor::Place;
use super::audit::{UNANCHORED_AT_MOST, stored};
use super::chain::Judge;
use super::{Store, fault, guards, migrate, trace};
use crate::domain::audit::ChainVerdict;
use crate::domain::problem::Problem;

/// What was verified of a chain.
#[derive(Debug)]
pub(super) struct Verified {
    judge: Judge,
    /// The lowest row that the head file knows.
    first: Option<u64>,
    /// How far the head file was read.
    heads: Place,
}

impl Verified {
    /// What a judge took, who goes on from here.
    pub(super) fn by(mut judge: Judge, first: Option<u64>, heads: Place) -> Self {
        judge.settle();
        Self {
            judge,
            first,
            heads,
        }
    }
}

impl Store {
    /// Judges what came since the chain was last verified by this console; all of it where that cannot be told apart or is not well.
    ///
    /// # Errors
    /// Where the chain or its head file cannot be read.
    pub async fn verify_new(&self) -> Result<ChainVerdict, Problem> {
        let known = self.remembered().clone();
        if let Some(known) = known
            && let Some(verdict) = self.news(&known).await?
        {
            return Ok(verdict);
        }
        self.verify().await
    }

    pub(super) fn remembered(&self) -> std::sync::MutexGuard<'_, Option<Arc<Verified>>> {
        let verified = self.verified.lock();
        verified.unwrap_or_else(PoisonError::into_inner)
    }

    /// `None`: only all of the chain tells.
    async fn news(&self, known: &Arc<Verified>) -> Result<Option<ChainVerdict>, Problem> {
        let mut eyes = self.fresh_eyes().await?;
        let found = self.news_by(known, &mut eyes).await;
        trace::close(eyes).await;
        let Some((verdict, now)) = found? else {
            return Ok(None);
        };
        // Not where somebody found something meanwhile.
        {
            let mut kept = self.remembered();
            if kept.as_ref().is_some_and(|k| Arc::ptr_eq(k, known)) {
                *kept = Some(Arc::new(now));
            }
        }
        Ok(Some(match verdict {
            ChainVerdict::Lagging {
                rows,
                head,
                anchored,
            } => self.anchored_by_now(rows, head, anchored).await?,
            verdict => verdict,
        }))
    }

    async fn news_by(
        &self,
        known: &Verified,
        eyes: &mut SqliteConnection,
    ) -> Result<Option<(ChainVerdict, Verified)>, Problem> {
        let wrong = |e: sqlx::Error| fault::reading("the audit trail", &self.path, &e);
        migrate::refuse_newer(&self.path, eyes).await?;
        // The heads first, as ever: each of them was committed before it was anchored.
        let Some(heads) = self.heads_from(known.heads).await? else {
            return Ok(None);
        };
        let mut judge = known.judge.clone();
        let seen = i64::try_from(judge.rows()).unwrap_or(i64::MAX);
        let (there, head): (i64, Option<String>) = sqlx::query_as(
            "SELECT count(*), max(hash) FILTER (WHERE seq = ?2) FROM audit WHERE environment = ?1 AND seq <= ?2",
        )
        .bind(&self.environment)
        .bind(seen)
        .fetch_one(&mut *eyes)
        .await
        .map_err(wrong)?;
        let stands = there == seen && head.is_none_or(|h| h == judge.head());
        if heads.foreign || !stands {
            return Ok(None);
        }
        let first = heads.all.iter().map(|h| h.seq).chain(known.first).min();
        for head in heads.all {
            if head.seq <= judge.rows() {
                // Another console wrote it down after its row had been read.
                let is: Option<String> =
                    sqlx::query_scalar("SELECT hash FROM audit WHERE environment = ? AND seq = ?")
                        .bind(&self.environment)
                        .bind(i64::try_from(head.seq).unwrap_or(i64::MAX))
                        .fetch_optional(&mut *eyes)
                        .await
                        .map_err(wrong)?;
                if is.as_ref() != Some(&head.hash) {
                    return Ok(None);
                }
            }
            judge.anchored(head);
        }
        let mut rows =
            sqlx::query("SELECT * FROM audit WHERE environment = ? AND seq > ? ORDER BY seq")
                .bind(&self.environment)
                .bind(seen)
                .try_map(stored)
                .fetch(&mut *eyes);
        while let Some(row) = rows.try_next().await.map_err(wrong)? {
            if judge.take(&row).is_err() {
                return Ok(None);
            }
        }
        drop(rows);
        let beheaded =
            judge.rows() > UNANCHORED_AT_MOST && first.is_none_or(|n| n > UNANCHORED_AT_MOST);
        if beheaded || guards::missing(eyes).await.map_err(wrong)?.is_some() {
            return Ok(None);
        }
        Ok(match judge.end() {
            ChainVerdict::Broken { .. } => None,
            verdict => Some((verdict, Verified::by(judge, first, heads.end))),
        })
    }
}
