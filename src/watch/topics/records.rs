//! The store's own part of the picture: sign-offs, audit rows, the chain's verdict. Read again when the store says that
//! something was written, by this console or another one.

use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::audit::{AuditRow, ChainVerdict, SignOff};
use crate::domain::interest::Interest;
use crate::domain::problem::{Problem, ProblemKind};
use crate::store::Store;
use crate::watch::picture::Picture;

/// Rows that are always at hand.
const FEW: u32 = 50;
/// Rows while somebody looks at the audit trail.
const MANY: u32 = 1_000;

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
    /// The store's count of changes, and the number of audit rows asked for.
    known: (u64, u32),
    signoffs: Result<Vec<SignOff>, Problem>,
    audit: Result<Vec<AuditRow>, Problem>,
    chain: Result<ChainVerdict, Problem>,
}

/// What was read last: the count of changes and how many rows.
pub fn known(p: &Picture) -> Option<(u64, u32)> {
    p.records
}

/// Listens, and reads if there is news.
pub async fn ask(store: &Store, known: Option<(u64, u32)>, rows: u32) -> Records {
    let heard = store.listen().await;
    let change = *store.changes().borrow();
    if heard.is_ok() && known == Some((change, rows)) {
        return Records::Same;
    }
    let (signoffs, audit, chain) =
        tokio::join!(store.signoffs(), store.audit_rows(rows), store.verify());
    Records::Read(Box::new(Rows {
        known: (change, rows),
        signoffs,
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
            facts.chain.observed_at = Some(at);
            None
        }
        Records::Read(read) => {
            let Rows {
                known,
                signoffs,
                audit,
                chain,
            } = *read;
            let failure = [
                signoffs.as_ref().err(),
                audit.as_ref().err(),
                chain.as_ref().err(),
            ]
            .into_iter()
            .flatten()
            .map(|e| e.kind)
            .next();
            p.records = failure.is_none().then_some(known);
            facts.signoffs.take(signoffs, at);
            facts.audit.take(audit.map(Arc::new), at);
            facts.chain.take(chain, at);
            failure
        }
    }
}
