//! The store's own part of the picture: sign-offs, audit rows, the chain's verdict. Read again when the store says that
//! something was written, by this console or another one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::domain::audit::{AuditRow, ChainVerdict, Proven, Sighting, SignOff};
use crate::domain::interest::Interest;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::text::inert;
use crate::store::{Store, Trace};
use crate::watch::picture::Picture;

/// Rows that are always at hand.
const FEW: u32 = 50;
/// Rows while somebody looks at the audit trail.
const MANY: u32 = 1_000;

/// After this the chain is verified anew, whatever the store says of itself: who changes the file by hand tells nobody.
pub const VERIFIED: Duration = Duration::from_secs(180);

/// What was last read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The store's count of changes.
    change: u64,
    /// How many audit rows were asked for.
    rows: u32,
    /// What the files looked like.
    trace: Trace,
    /// When the chain was verified.
    verified: Instant,
}

impl Known {
    /// Whether nothing speaks for reading anew.
    fn holds(&self, change: u64, rows: u32, trace: &Trace) -> bool {
        self.change == change
            && self.rows == rows
            && &self.trace == trace
            && self.verified.elapsed() < VERIFIED
    }
}

/// How many rows are wanted now.
pub fn rows(p: &Picture) -> u32 {
    if p.interests.contains(&Interest::Audit) {
        MANY
    } else {
        FEW
    }
}

/// Changes when other rows are wanted.
pub fn stamp(p: &Picture) -> u64 {
    u64::from(rows(p))
}

/// What the store holds; nothing where nothing was written since.
#[derive(Debug)]
pub enum Records {
    /// As it was read before.
    Same,
    /// Read anew.
    Read(Box<Rows>),
}

/// What the store holds.
#[derive(Debug)]
pub struct Rows {
    known: Known,
    signoffs: Result<Vec<SignOff>, Problem>,
    proven: Result<BTreeMap<String, Proven>, Problem>,
    audit: Result<Vec<AuditRow>, Problem>,
    chain: Result<ChainVerdict, Problem>,
}

/// Who looks here, by what makes one judge otherwise than another and stays the same from start to start: the host, whether it is a
/// console or a command that looks once, and the configuration.
pub fn observer(store: &Store, p: &Picture) -> String {
    let face = match p.asks_once {
        true => "commands",
        false => "console",
    };
    let file = p.config.file.as_ref();
    let file = file.map_or_else(|| "defaults".into(), |f| f.display().to_string());
    let profile = p.config.aws.profile.as_deref().unwrap_or("default");
    inert(&format!("{} {face} {profile} {file}", store.host()))
}

/// What was read last.
pub fn known(p: &Picture) -> Option<Known> {
    p.records.clone()
}

/// Puts down what was seen, listens, and reads if there is news.
pub async fn ask(
    store: &Store,
    known: Option<Known>,
    rows: u32,
    observer: &str,
    seen: Vec<Sighting>,
) -> Records {
    if !seen.is_empty()
        && let Err(problem) = store.put_down(observer, &seen).await
    {
        // What the table says stays true; it is tried again with the next question.
        tracing::warn!(what = %problem.what, why = %problem.why, "what was seen of criteria was not put down");
    }
    let heard = store.listen().await;
    let change = *store.changes().borrow();
    // Before it is read: what is changed meanwhile is seen the next time.
    let trace = store.trace();
    let holds = known.is_some_and(|k| k.holds(change, rows, &trace));
    if heard.is_ok() && holds {
        return Records::Same;
    }
    let verified = Instant::now();
    let (signoffs, audit, chain, proven) = tokio::join!(
        store.signoffs(),
        store.audit_rows(rows),
        store.verify(),
        store.proven(observer)
    );
    Records::Read(Box::new(Rows {
        known: Known {
            change,
            rows,
            trace,
            verified,
        },
        signoffs,
        proven,
        audit,
        chain,
    }))
}

/// Joins.
pub fn take(p: &mut Picture, answer: Records, at: Timestamp) -> Option<ProblemKind> {
    let facts = &mut p.facts;
    match answer {
        Records::Same => {
            facts.signoffs.observed_at = Some(at);
            facts.audit.observed_at = Some(at);
            facts.proven.observed_at = Some(at);
            // That nobody wrote through SQLite proves no chain: it is as old as its last verification.
            None
        }
        Records::Read(read) => {
            let Rows {
                known,
                signoffs,
                proven,
                audit,
                chain,
            } = *read;
            let failure = [
                signoffs.as_ref().err(),
                proven.as_ref().err(),
                audit.as_ref().err(),
                chain.as_ref().err(),
            ]
            .into_iter()
            .flatten()
            .map(|e| e.kind)
            .next();
            p.records = failure.is_none().then_some(known);
            facts.signoffs.take(signoffs, at);
            facts.proven.take(proven.map(Arc::new), at);
            facts.audit.take(audit.map(Arc::new), at);
            facts.chain.take(chain, at);
            failure
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    async fn read(p: &mut Picture, store: &Store, at: i64) -> bool {
        let answer = ask(store, known(p), FEW, "host console", Vec::new()).await;
        let same = matches!(answer, Records::Same);
        take(p, answer, second(at));
        same
    }

    fn second(n: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + n).unwrap()
    }

    #[tokio::test]
    async fn the_chain_is_as_old_as_its_last_verification_and_verified_anew_when_a_file_is_touched()
    {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f.db");
        let store = Store::open_at(&path, "production", crate::store::LEASE)
            .await
            .unwrap();
        let mut p = Picture::new(Arc::new(Config::default()));
        assert!(!read(&mut p, &store, 0).await);
        while !read(&mut p, &store, 0).await {}
        assert!(read(&mut p, &store, 100).await);
        assert_eq!(p.facts.chain.observed_at, Some(second(0)));
        assert_eq!(p.facts.audit.observed_at, Some(second(100)));
        // Somebody touches the head file.
        let heads = folder.path().join("f.db.heads");
        std::fs::write(&heads, "6 hash \"production\"\n").unwrap();
        assert!(!read(&mut p, &store, 120).await);
        assert_eq!(p.facts.chain.observed_at, Some(second(120)));
        // Nobody does: time alone is enough.
        assert!(read(&mut p, &store, 130).await);
        if let Some(known) = &mut p.records {
            known.verified = known.verified.checked_sub(VERIFIED).unwrap();
        }
        assert!(!read(&mut p, &store, 320).await);
        assert_eq!(p.facts.chain.observed_at, Some(second(320)));
    }
}
