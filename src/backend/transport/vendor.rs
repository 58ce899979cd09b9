//! Words for failures of vendors that are no part of AWS: whose token it is, where it came from, how to renew it.

use jiff::Timestamp;

use super::body::{self, Body};
use super::evidence::{Evidence, Reach};
use super::limits;
use super::words::{Asked, body_in_words, status, unsound};
use crate::config::credentials::Provider;
use crate::domain::problem::ProblemKind;

/// A vendor, as the words of its failures need it.
#[derive(Debug, PartialEq, Eq)]
pub struct Vendor {
    /// Whose token opens it.
    pub provider: &'static Provider,
    /// What speaks for it when it is down.
    pub status_page: &'static str,
}

/// Words where they differ from AWS's; `None`: the common ones will do.
pub(super) fn words(
    vendor: &Vendor,
    asked: &Asked,
    seen: &Evidence,
) -> Option<(ProblemKind, String, String)> {
    if seen.reach != Reach::Answered {
        return None;
    }
    let title = vendor.provider.title;
    let at = &asked.whereabouts.endpoint;
    let said = seen.said();
    let login = vendor.provider.how_to_renew();
    let expired = seen
        .message
        .as_deref()
        .is_some_and(|m| m.to_lowercase().contains("expired"));
    let limited = || {
        let words = format!("{} {}", seen.code.as_deref().unwrap_or(""), said).to_lowercase();
        words.contains("rate limit") || words.contains("ratelimit")
    };
    Some(match seen.status {
        Some(401) if expired => (
            ProblemKind::Expired,
            format!("the {title} token has expired"),
            login,
        ),
        Some(403) if is_dead(seen) && expired => (
            ProblemKind::Expired,
            format!("the {title} token has expired"),
            login,
        ),
        Some(401) => (
            ProblemKind::BadCredentials,
            format!("{title} does not accept the token{said}"),
            login,
        ),
        Some(400 | 403) if is_dead(seen) => (
            ProblemKind::BadCredentials,
            format!("{title} does not accept the token{said}"),
            login,
        ),
        // A refusal that gives a reason of its own is one, whatever rest the vendor asks for beside it.
        Some(403) if limited() || (seen.retry_after.is_some() && said.is_empty()) => {
            slow_down(title, seen)
        }
        Some(403) => (
            ProblemKind::Denied,
            format!("the {title} token may not do it{said}"),
            format!(
                "Give the token the permission for {} at {title}, or {}.",
                asked.operation,
                decapitalised(&login)
            ),
        ),
        Some(404 | 410) => (
            ProblemKind::NotFound,
            format!("it does not exist, or the {title} token cannot see it{said}"),
            format!(
                "Check the names in [{}] of flightdeck.toml and what the token may see.",
                vendor.provider.name
            ),
        ),
        Some(429) => slow_down(title, seen),
        Some(s) if s >= 500 && !asked.mutation => (
            ProblemKind::Vendor,
            format!("{title} failed{}{said}", status(seen)),
            format!(
                "Nothing to do if it passes; else see {}.",
                vendor.status_page
            ),
        ),
        // The new address holds the repository's number and not its name. No redirect is followed: a token goes where the file says.
        Some(301 | 308) if is_moved(vendor, seen) => (
            ProblemKind::Config,
            format!("the repository was renamed or moved{}", status(seen)),
            "Correct repository in [github] of flightdeck.toml: its old address at GitHub leads to the new name.".into(),
        ),
        Some(s) if (200..400).contains(&s) && !asked.mutation => (
            ProblemKind::Malformed,
            unsound(at, seen, title).unwrap_or_else(|| {
                format!(
                    "{at} answered with {}{}, not with {title}'s JSON",
                    body_in_words(seen.body),
                    status(seen)
                )
            }),
            format!(
                "Check `endpoint` in [{}] and any proxy in between.",
                vendor.provider.name
            ),
        ),
        Some(s) if (400..500).contains(&s) => (
            ProblemKind::Invalid,
            format!("{title} refused the request{}{said}", status(seen)),
            format!(
                "Check the names and `endpoint` in [{}] of flightdeck.toml.",
                vendor.provider.name
            ),
        ),
        _ => return None,
    })
}

/// Whether a refusal is about a token that is none, or no longer one. Vercel and Cloudflare answer it as they answer a token that may not
/// do something, and tell them apart in the body: Vercel by a member, or by what its SDK's documentation says of 403; Cloudflare by the
/// words of 9109, which is also said of what a token may not see, and by 6003, of one that is no token at all.
fn is_dead(seen: &Evidence) -> bool {
    let words = seen.message.as_deref().unwrap_or("").to_lowercase();
    match (seen.status, seen.code.as_deref()) {
        (Some(403), Some(body::INVALID_TOKEN)) => true,
        (Some(403), Some("9109")) => words.contains("invalid access token"),
        (Some(403), _) => words.contains("token has expired") || words.contains("token expired"),
        (Some(400), Some("6003")) => true,
        _ => false,
    }
}

/// Whether GitHub itself says that a repository has another name by now; a web page would be that of a proxy.
fn is_moved(vendor: &Vendor, seen: &Evidence) -> bool {
    vendor.provider.name == "github" && seen.body == Body::Json
}

fn slow_down(title: &str, seen: &Evidence) -> (ProblemKind, String, String) {
    // A time and not a span: the words may be looked at long after.
    let until = seen
        .retry_after
        .and_then(|rest| limits::after(rest, Timestamp::now()))
        .map_or(String::new(), |at| {
            format!(" and is not asked before {} UTC", at.strftime("%H:%M:%S"))
        });
    (
        ProblemKind::Throttled,
        format!("{title} asks us to slow down{until}"),
        "The console asks less often and goes on by itself; see who else uses the token if it stays.".into(),
    )
}

fn decapitalised(text: &str) -> String {
    let mut chars = text.trim_end_matches('.').chars();
    chars
        .next()
        .map(|c| c.to_lowercase().chain(chars).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::backend::transport::Whereabouts;
    use crate::config::credentials::{GITHUB, VERCEL};

    #[test]
    fn a_repository_that_moved_is_no_proxy() {
        let told = |provider, body| {
            let vendor = Vendor {
                provider,
                status_page: "https://status.example",
            };
            let asked = Asked {
                system: "github",
                operation: "GET /repos",
                what: "list the runs",
                whereabouts: Arc::new(Whereabouts::default()),
                mutation: false,
            };
            let seen = Evidence {
                reach: Reach::Answered,
                status: Some(301),
                body,
                ..Evidence::default()
            };
            words(&vendor, &asked, &seen).unwrap()
        };
        let (kind, why, fix) = told(&GITHUB, Body::Json);
        assert_eq!(kind, ProblemKind::Config);
        assert_eq!(why, "the repository was renamed or moved (HTTP 301)");
        assert!(fix.contains("repository in [github]"), "{fix}");
        for (provider, body) in [(&GITHUB, Body::Html), (&VERCEL, Body::Json)] {
            let (kind, _, fix) = told(provider, body);
            assert_eq!(kind, ProblemKind::Malformed);
            assert!(fix.contains("proxy"), "{fix}");
        }
    }
}
