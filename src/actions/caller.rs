//! As whom an action is done. Credentials may be renewed at any time, and be those of another account then: who is asked anew for each
//! preview and right before each call, and a change is told and never passed over.

use std::sync::Mutex;
use std::time::Duration;

use super::draft::Draft;
use super::engine::Engine;
use super::look::ACCOUNT;
use super::who;
use crate::backend::Backend;
use crate::backend::transport::errand::errand;
use crate::domain::caller::principal;
use crate::domain::problem::Problem;
use crate::domain::service::Identity;

/// How long it is waited for: a stop must not hang on who stops it.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long a word waits for it, once: it is written here, and where there is no AWS nobody ever answers.
const GLANCE: Duration = Duration::from_millis(500);

/// The input that holds who calls.
pub const CALLER: &str = "caller";
/// What it holds where nobody told.
const UNKNOWN: &str = "unknown";

/// Who calls, as it was last told.
#[derive(Debug, Default)]
pub struct Caller {
    last: Mutex<Option<Identity>>,
}

impl Caller {
    /// Asks anew; `None` where nobody tells in time.
    pub async fn ask(&self, backend: &Backend) -> Option<Identity> {
        let now = now(backend).await.ok().flatten();
        self.last
            .lock()
            .unwrap_or_else(|e| e.into_inner())
            .clone_from(&now);
        now
    }

    /// The same for who calls no vendor: waited for a moment alone.
    pub async fn glance(&self, backend: &Backend) -> Option<Identity> {
        let told = within(backend, GLANCE).await.and_then(Result::ok);
        let told = told.filter(|i| !i.arn.is_empty());
        self.last
            .lock()
            .unwrap_or_else(|e| e.into_inner())
            .clone_from(&told);
        told
    }

    /// As it was last told.
    pub fn last(&self) -> Option<Identity> {
        self.last.lock().unwrap_or_else(|e| e.into_inner()).clone()
    }
}

impl Engine {
    /// `ana`, with the caller that AWS sees where that can be told in time.
    pub(super) async fn who(&self) -> String {
        self.caller.ask(&self.backend).await;
        self.who_called()
    }

    /// The same, with the caller that AWS was last seen to see.
    pub(super) fn who_called(&self) -> String {
        let user = who::os_user();
        match self.caller.last() {
            Some(caller) => format!("{user} ({})", caller.arn),
            None => user,
        }
    }
}

/// Who the credentials in use belong to at this moment; `None` where nobody tells in time.
///
/// # Errors
/// Where no credentials work, so that nobody can tell with which ones the next call would go.
async fn now(backend: &Backend) -> Result<Option<Identity>, Problem> {
    let mut told = in_time(backend).await;
    if told.as_ref().is_some_and(is_locked_out) {
        // They are loaded anew after such a failure: what they are now is what counts.
        told = in_time(backend).await;
    }
    match told {
        Some(Ok(identity)) => Ok(Some(identity).filter(|i| !i.arn.is_empty())),
        Some(Err(p)) if p.is_about_credentials() => Err(p),
        Some(Err(_)) | None => Ok(None),
    }
}

async fn in_time(backend: &Backend) -> Option<Result<Identity, Problem>> {
    within(backend, PATIENCE).await
}

async fn within(backend: &Backend, patience: Duration) -> Option<Result<Identity, Problem>> {
    let asked = errand(backend.sts.identity());
    tokio::time::timeout(patience, asked).await.ok()
}

fn is_locked_out(told: &Result<Identity, Problem>) -> bool {
    matches!(told, Err(p) if p.is_about_credentials())
}

/// Makes who calls an input of a preview, and the first behind the account: whatever else moved with it is not the reason.
pub fn tell(draft: &mut Draft, caller: Option<&Identity>) {
    let arn = caller.map_or(UNKNOWN, |c| principal(&c.arn));
    let account = draft.inputs.iter().position(|(name, _)| name == ACCOUNT);
    let at = account.map_or(0, |at| at + 1);
    draft.inputs.insert(at, (CALLER.to_owned(), arn.to_owned()));
    if caller.is_none() {
        draft.warn("as whom it is done could not be read (sts:GetCallerIdentity): the audit trail will name the user of this machine alone");
    }
}

/// Why a call must not be sent that was confirmed as one of this caller's.
pub async fn other_than(backend: &Backend, confirmed: Option<&str>) -> Option<String> {
    let was = confirmed.filter(|c| *c != UNKNOWN)?;
    match now(backend).await {
        Ok(Some(is)) if principal(&is.arn) != was => Some(format!(
            "{CALLER} was {was}, and is {} now: other credentials are in use; the call was not sent",
            principal(&is.arn)
        )),
        // Who was asked a moment ago, for what was confirmed: a vendor that is silent now must not stop the brake.
        Ok(_) => None,
        Err(p) => Some(format!(
            "with which credentials it would be sent cannot be told; the call was not sent: {p}. {}",
            p.fix
        )),
    }
}
