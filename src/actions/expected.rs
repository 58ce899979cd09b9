//! Nothing is done with credentials of another account than the one that the configuration expects: not at a preview, and not right
//! before a call. The brakes are no exception, for they would brake in the wrong place.

use super::draft::Draft;
use crate::config::Config;
use crate::domain::caller::ACCOUNT;
use crate::domain::expected::Stray;
use crate::domain::service::Identity;

/// Refuses a preview where another account is known to answer: by who calls, or by what the service's own name says. One that nobody
/// tells is no other: a vendor that is silent must not stop the brake.
pub fn heed(draft: &mut Draft, config: &Config, caller: Option<&Identity>) {
    let expected = config.aws.expected_account.as_deref();
    let calls = caller.and_then(|c| Stray::of(expected, &c.account));
    let mut told = draft.inputs.iter().filter(|(name, _)| name == ACCOUNT);
    let owns = || {
        Stray::of(
            expected,
            told.next().map_or("", |(_, account)| account.as_str()),
        )
    };
    let Some(why) = calls.or_else(owns).map(|s| s.refusal()) else {
        return;
    };
    // Before every other reason: what else is wrong with it is wrong elsewhere.
    draft.refusals.insert(0, why);
}

/// Whether a call may be sent with what are this account's credentials at this moment.
///
/// # Errors
/// Why it must not be sent.
pub fn may_send(expected: Option<&str>, account: &str) -> Result<(), String> {
    let stray = Stray::of(expected, account);
    stray.map_or(Ok(()), |s| {
        Err(format!("{}; the call was not sent", s.refusal()))
    })
}
