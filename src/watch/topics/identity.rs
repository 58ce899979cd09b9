//! Who we are to AWS.

use jiff::Timestamp;

use crate::backend::Backend;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::service::Identity;
use crate::watch::picture::Picture;

/// Asks.
pub async fn ask(backend: &Backend) -> Result<Identity, Problem> {
    backend.sts.identity().await
}

/// Joins.
pub fn take(
    p: &mut Picture,
    answer: Result<Identity, Problem>,
    at: Timestamp,
) -> Option<ProblemKind> {
    let failure = answer.as_ref().err().map(|e| e.kind);
    p.facts.identity.take(answer, at);
    failure
}
