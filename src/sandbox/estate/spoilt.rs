//! What a fault makes of an answer, in the words of the vendor that gives it.

use serde_json::json;

use crate::faults::Kind;
use crate::web::{Reply, Vendor};

/// The answer that a fault makes, where it is not a finished answer's body that suffers.
pub fn spoil(vendor: Vendor, fault: Kind) -> Option<Reply> {
    match vendor {
        Vendor::AppConfig => aws(fault, (429, "TooManyRequestsException")),
        Vendor::Backup => aws(fault, (400, "ThrottlingException")),
        Vendor::Github => github(fault),
        Vendor::S3 => super::s3::spoil(fault),
        Vendor::Sentry => sentry(fault),
        Vendor::Slack => slack(fault),
        Vendor::Vercel => vercel(fault),
        Vendor::Cloudflare => cloudflare(fault),
        #[allow(unreachable_patterns)]
        _ => plain(fault),
    }
}

fn plain(fault: Kind) -> Option<Reply> {
    let said = |status, why: &str| Reply::json(status, &json!({"message": why, "error": why}));
    Some(match fault {
        Kind::Throttle => said(429, "rate limit exceeded").with("retry-after", "2"),
        Kind::Expired => said(401, "the token has expired"),
        Kind::Denied => said(403, "the token may not do this"),
        _ => return None,
    })
}

/// AWS's REST services name an error in a header; an expired token is forbidden, not unknown. Each throttles in words of its own.
fn aws(fault: Kind, throttled: (u16, &str)) -> Option<Reply> {
    let said = |status, code: &str, why: &str| {
        let body = json!({"message": why, "Code": code});
        Reply::json(status, &body).with("x-amzn-errortype", code)
    };
    Some(match fault {
        Kind::Throttle => said(throttled.0, throttled.1, "Rate exceeded"),
        Kind::Expired => said(
            403,
            "ExpiredTokenException",
            "The security token included in the request is expired",
        ),
        Kind::Denied => said(
            403,
            "AccessDeniedException",
            "The caller is not authorized to perform this action",
        ),
        _ => return None,
    })
}

/// The secondary limit, which says when to come again; the token's own words otherwise.
fn github(fault: Kind) -> Option<Reply> {
    let said = |status: u16, why: &str| {
        let body = json!({"message": why, "documentation_url": "https://docs.github.com/rest", "status": status.to_string()});
        Reply::json(status, &body)
    };
    Some(match fault {
        Kind::Throttle => said(403, "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.").with("retry-after", "2"),
        Kind::Expired => said(401, "Bad credentials"),
        Kind::Denied => said(403, "Resource not accessible by personal access token"),
        _ => return None,
    })
}

fn sentry(fault: Kind) -> Option<Reply> {
    let said = |status, why: &str| Reply::json(status, &json!({"detail": why}));
    Some(match fault {
        Kind::Throttle => said(429, "You are attempting to use this endpoint too frequently. Limit is 40 requests in 1 seconds").with("retry-after", "2"),
        Kind::Expired => said(401, "Token expired"),
        Kind::Denied => said(403, "You do not have permission to perform this action."),
        _ => return None,
    })
}

/// Slack says most of it with status 200.
fn slack(fault: Kind) -> Option<Reply> {
    let said = |status, why: &str| Reply::json(status, &json!({"ok": false, "error": why}));
    Some(match fault {
        Kind::Throttle => said(429, "ratelimited").with("retry-after", "2"),
        Kind::Expired => said(200, "token_expired"),
        Kind::Denied => {
            let lacking = json!({"ok": false, "error": "missing_scope", "needed": "channels:read", "provided": "chat:write"});
            Reply::json(200, &lacking)
        }
        _ => return None,
    })
}

fn vercel(fault: Kind) -> Option<Reply> {
    let said = |status, why: &str| Reply::json(status, &super::vercel::refused(status, why));
    Some(match fault {
        Kind::Throttle => said(429, "Too many requests").with("retry-after", "2"),
        Kind::Expired => said(403, "Not authorized"),
        Kind::Denied => said(403, "You don't have permission to access this resource"),
        _ => return None,
    })
}

fn cloudflare(fault: Kind) -> Option<Reply> {
    let said =
        |status, code, why: &str| Reply::json(status, &super::cloudflare::refused(code, why));
    Some(match fault {
        Kind::Throttle => said(
            429,
            10_100,
            "Please wait and consider throttling your request speed",
        )
        .with("retry-after", "2"),
        Kind::Expired => said(401, 10_000, "The API token has expired"),
        Kind::Denied => said(403, 10_000, "Authentication error"),
        _ => return None,
    })
}
