//! As whom an action is done. Credentials may be renewed at any time, and be those of another account then: who is asked anew for each
//! preview and right before each call, and a change is told and never passed over.

use std::time::Duration;

use super::draft::{self, Draft};
use super::expected;
use super::seat::{self, Seat};
use super::who;
use crate::backend::Backend;
use crate::backend::transport::errand::errand;
use crate::domain::action::Preview;
use crate::domain::caller::{ACCOUNT, ENDPOINT, REGION, account_of, principal, region_of};
use crate::domain::problem::Problem;
pub use crate::domain::seat::input;
use crate::domain::service::{Identity, Service};

/// How long it is waited for: a stop must not hang on who stops it.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long a word waits for it, once: it is written here, and where there is no AWS nobody ever answers.
const GLANCE: Duration = Duration::from_millis(500);

/// The input that holds who calls.
pub const CALLER: &str = "caller";
/// What it holds where nobody told.
const UNKNOWN: &str = "unknown";

/// Who calls; `None` where nobody tells in time.
pub async fn ask(backend: &Backend) -> Option<Identity> {
    let told = tokio::time::timeout(PATIENCE, now(backend)).await;
    let (identity, _) = told.ok()?.ok()??;
    Some(identity)
}

/// The same for who calls no vendor: waited for a moment alone.
pub async fn glance(backend: &Backend) -> Option<Identity> {
    tokio::time::timeout(GLANCE, ask(backend)).await.ok()?
}

/// Where this console sits at this moment, with the load of the credentials that it was asked with; `None` where nobody tells in time.
pub async fn seat(backend: &Backend) -> Option<(Seat, u32)> {
    let (identity, load) = now(backend).await.ok()??;
    Some((seat::of(backend, Some(&identity)), load))
}

/// `ana`, with the caller that AWS sees where that was told.
pub fn named(caller: Option<&Identity>) -> String {
    let user = who::os_user();
    match caller {
        Some(caller) => format!("{user} ({})", caller.arn),
        None => user,
    }
}

/// Who the credentials in use belong to at this moment, and of which load they are; `None` where nobody tells in time.
///
/// # Errors
/// Where no credentials work, so that nobody can tell with which ones the next call would go.
async fn now(backend: &Backend) -> Result<Option<(Identity, u32)>, Problem> {
    let mut told = in_time(backend).await;
    if told.as_ref().is_some_and(is_locked_out) {
        // They are loaded anew after such a failure: what they are now is what counts.
        told = in_time(backend).await;
    }
    match told {
        Some(Ok(told)) => Ok(Some(told).filter(|(who, _)| !who.arn.is_empty())),
        Some(Err(p)) if p.is_about_credentials() => Err(p),
        Some(Err(_)) | None => Ok(None),
    }
}

async fn in_time(backend: &Backend) -> Option<Result<(Identity, u32), Problem>> {
    tokio::time::timeout(PATIENCE, errand(backend.sts.identity_and_load()))
        .await
        .ok()
}

fn is_locked_out<T>(told: &Result<T, Problem>) -> bool {
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

/// Whose account or which region a service was read in, where that is not the one that it was confirmed for: one of the same name there is not what
/// was changed.
pub fn elsewhere(inputs: &[(String, String)], service: &Service) -> Option<String> {
    let seat = [
        (ACCOUNT, account_of(&service.arn)),
        (REGION, region_of(&service.arn)),
    ];
    seat.into_iter()
        .find_map(|(name, is)| seat::differs(inputs, name, is?))
}

/// Whether nobody told who calls at one of two times: a vendor that is silent, or was, must not stop the brake. The account still is
/// that of the service.
pub fn is_untold(confirmed: &[(String, String)], now: &[(String, String)]) -> bool {
    [confirmed, now]
        .iter()
        .any(|inputs| input(inputs, CALLER) == Some(UNKNOWN))
}

/// What was read again, with the caller that it was confirmed with where nobody tells now: that is asked once more before each call.
pub fn kept(confirmed: &Preview, mut now: Preview) -> Preview {
    let was = input(&confirmed.inputs, CALLER).map(str::to_owned);
    let is_untold = input(&now.inputs, CALLER) == Some(UNKNOWN);
    if let Some(was) = was.filter(|_| is_untold) {
        for (_, value) in now.inputs.iter_mut().filter(|(name, _)| name == CALLER) {
            value.clone_from(&was);
        }
        now.fingerprint = draft::fingerprint(&now.intent, &now.environment, &now.inputs);
    }
    now
}

/// With credentials of which load a call may be sent that was confirmed with these inputs; 0, which is none, where it is about no vendor's
/// service: a person's word needs no credentials. They must be the same caller's, and the call must go to where all was read: a user is
/// the same one in every region, and a call that names no service says nowhere where it belongs.
///
/// # Errors
/// Why it must not be sent.
pub async fn may_send(
    backend: &Backend,
    confirmed: &[(String, String)],
    expected: Option<&str>,
) -> Result<u32, String> {
    let load = may_call(backend, input(confirmed, CALLER), expected).await?;
    // Of clients that are made after this the load is another one, and they send nothing.
    let moved = seat::endpoint_now(backend).filter(|_| load > 0);
    match moved.and_then(|is| seat::differs(confirmed, ENDPOINT, &is)) {
        Some(moved) => Err(format!("{moved}; the call was not sent")),
        None => Ok(load),
    }
}

async fn may_call(
    backend: &Backend,
    confirmed: Option<&str>,
    expected: Option<&str>,
) -> Result<u32, String> {
    let untold = |p: Problem| {
        format!(
            "with which credentials it would be sent cannot be told; the call was not sent: {p}. {}",
            p.fix
        )
    };
    let Some(was) = confirmed else {
        return Ok(0);
    };
    // Where one account alone is expected, who calls is asked of what was confirmed as nobody's, too.
    if (was != UNKNOWN || expected.is_some())
        && let Some((is, load)) = now(backend).await.map_err(untold)?
    {
        expected::may_send(expected, &is.account)?;
        return match principal(&is.arn) {
            is if is != was && was != UNKNOWN => Err(format!(
                "{CALLER} was {was}, and is {is} now: other credentials are in use; the call was not sent"
            )),
            _ => Ok(load),
        };
    }
    // Who was asked a moment ago, for what was confirmed: a vendor that is silent now must not stop the brake.
    backend.sts.load().await.map_err(untold)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    /// RegisterTaskDefinition names no cluster and no service: nothing in it would be refused in another region.
    #[tokio::test]
    async fn a_call_goes_to_where_its_preview_was_read_or_nowhere() {
        let mut config = Config::default();
        config.aws.endpoint = Some("http://127.0.0.1:9".into());
        config.aws.region = Some("us-east-1".into());
        config.aws.fixed_credentials = Some(("key".into(), "secret".into()));
        let backend = Backend::new(&config).await.unwrap();
        let confirmed = |endpoint: &str| {
            let pairs = [(CALLER, UNKNOWN), (ENDPOINT, endpoint)];
            pairs.map(|(n, v)| (n.to_owned(), v.to_owned()))
        };
        let same = confirmed("http://127.0.0.1:9 us-east-1");
        assert_eq!(may_send(&backend, &same, None).await, Ok(1));
        for other in ["http://127.0.0.1:9 eu-west-1", "AWS in us-east-1"] {
            let told = may_send(&backend, &confirmed(other), None)
                .await
                .unwrap_err();
            let said = format!("endpoint was {other}, and is http://127.0.0.1:9 us-east-1 now");
            assert_eq!(told, format!("{said}; the call was not sent"));
        }
        let word = may_send(&backend, &same[1..], None).await;
        assert_eq!(word, Ok(0), "a word goes to no vendor");
    }
}
