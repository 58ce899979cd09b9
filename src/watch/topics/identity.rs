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

/// Joins. Credentials that are another account's by now make all that was told by the one before a stranger's.
pub fn take(
    p: &mut Picture,
    answer: Result<Identity, Problem>,
    at: Timestamp,
) -> Option<ProblemKind> {
    let failure = answer.as_ref().err().map(|e| e.kind);
    let before = p.facts.identity.value.as_ref().map(|i| i.account.clone());
    p.facts.identity.take(answer, at);
    let now = p.facts.identity.value.as_ref().map(|i| &i.account);
    if let Some(before) = before.filter(|b| Some(b) != now) {
        p.begin_anew(before);
    }
    failure
}
