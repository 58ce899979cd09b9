//! What can be seen of a failed SDK call, taken out of the SDK's nest of errors.

use std::error::Error;
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::body::{self, Body};
use super::cap;
use super::tally::ReadOnly;
use crate::domain::hint;
use crate::domain::problem::ProblemKind;
use crate::domain::token;

/// How far the call came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// It could not be put together.
    #[default]
    NotBuilt,
    /// Our own gate kept it back: it is no read, and the console is read-only.
    ReadOnly,
    /// No connection: nothing was sent.
    NoConnection,
    /// It may have been sent, and no reply came in time.
    NoReply,
    /// The connection ended before the reply was complete.
    Cut,
    /// The answer was larger than any that is read.
    TooLarge,
    /// The answer had more rows than these, which is more than are read.
    TooMany(usize),
    /// The answers to one question were more than is read for one.
    TooMuch,
    /// Something came back.
    Answered,
}

/// What is wrong with the credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// None found.
    Missing,
    /// Found, but no longer valid.
    Expired,
    /// Not accepted.
    Bad,
    /// The signature's time is not accepted.
    Clock,
    /// The configuration that names them is wrong.
    Broken,
    /// Their source does not answer.
    Slow,
}

/// Everything that the wording needs.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// How far it came.
    pub reach: Reach,
    /// HTTP status.
    pub status: Option<u16>,
    /// The vendor's error code.
    pub code: Option<String>,
    /// The vendor's words.
    pub message: Option<String>,
    /// What the body looks like.
    pub body: Body,
    /// What is wrong with the credentials, if that is it.
    pub credentials: Option<Credentials>,
    /// The errors' own words, outermost first. For looking into, never for showing whole.
    pub chain: String,
    /// How long the vendor asks to be left alone.
    pub retry_after: Option<Duration>,
}

impl Evidence {
    /// No answer in time.
    pub fn silence() -> Self {
        Self {
            reach: Reach::NoReply,
            ..Self::default()
        }
    }

    /// Credentials that could not be had; nothing was sent.
    pub fn no_credentials(error: &CredentialsError) -> Self {
        let chain = chain(error);
        Self {
            credentials: Some(of_source(error, &chain).unwrap_or(Credentials::Missing)),
            chain,
            ..Self::default()
        }
    }

    /// Without what a token's holder takes out of words: whoever was sent it may repeat it.
    #[must_use]
    pub fn said_by(mut self, hide: impl Fn(&str) -> String) -> Self {
        self.chain = hide(&self.chain);
        self.message = self.message.as_deref().map(&hide);
        self.code = self.code.as_deref().map(&hide);
        self
    }

    /// Whether the same question may be answered if it is asked again at once.
    pub fn may_pass(&self) -> bool {
        if self.credentials.is_some() {
            return false;
        }
        match self.reach {
            Reach::NoConnection | Reach::NoReply | Reach::Cut => true,
            Reach::NotBuilt
            | Reach::ReadOnly
            | Reach::TooLarge
            | Reach::TooMany(_)
            | Reach::TooMuch => false,
            Reach::Answered => {
                self.kind() == ProblemKind::Throttled
                    || matches!(self.status, Some(500 | 502 | 503 | 504))
            }
        }
    }

    /// Takes an SDK error apart.
    pub fn of<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let chain = chain(error);
        let mut seen = Self {
            credentials: of_source(error, &chain),
            reach: reach(error, &chain),
            chain,
            ..Self::default()
        };
        let raw = match error {
            SdkError::ResponseError(e) => Some(e.raw()),
            SdkError::ServiceError(e) => Some(e.raw()),
            _ => None,
        };
        if let Some(raw) = raw {
            seen.status = Some(raw.status().as_u16());
            let kind = raw.headers().get("content-type").unwrap_or("");
            seen.body = body::look(kind, raw.body().bytes().unwrap_or(&[]));
        }
        if let SdkError::ServiceError(e) = error {
            seen.code = e.err().code().map(str::to_owned);
            seen.message = e
                .err()
                .message()
                .map(str::to_owned)
                .or_else(|| raw.and_then(|r| body::missing_operation(r.body().bytes()?)));
        }
        if seen.code.is_none()
            && let Some((code, message)) = raw.and_then(|r| body::error_in_xml(r.body().bytes()?))
        {
            (seen.code, seen.message) = (Some(code), message.or(seen.message));
        }
        if seen.credentials.is_none()
            && let Some(code) = &seen.code
        {
            seen.credentials = Credentials::of_code(code, seen.message.as_deref().unwrap_or(""));
        }
        seen
    }

    /// The vendor's words in short, as the end of a sentence; empty if there are none. Keys and signatures are cut out.
    pub fn said(&self) -> String {
        match self.message.as_deref().map(str::trim) {
            None | Some("") => self
                .code
                .as_ref()
                .map_or(String::new(), |c| format!(" ({c})")),
            Some(m) => format!(": {}", scrub(m)),
        }
    }

    /// The member that an answer of the right protocol leaves out, where that is what is wrong with it.
    pub fn left_out(&self) -> Option<String> {
        let (_, rest) = self.chain.split_once("missing field `")?;
        let (name, _) = rest.split_once('`')?;
        Some(scrub(name))
    }

    /// The number that stands where an answer counts something, and is no count.
    pub fn no_count(&self) -> Option<String> {
        let (_, rest) = self.chain.split_once("invalid value: integer `")?;
        let (number, rest) = rest.split_once('`')?;
        rest.starts_with(", expected u").then(|| scrub(number))
    }

    /// The innermost error's words.
    pub fn chain_tail(&self) -> String {
        scrub(self.chain.rsplit(": ").next().unwrap_or(&self.chain))
    }

    /// The kind of trouble that an answer tells of.
    pub fn kind(&self) -> ProblemKind {
        let code = self.code.as_deref().unwrap_or("");
        let words = format!("{code} {}", self.message.as_deref().unwrap_or("")).to_lowercase();
        let status = self.status.unwrap_or(0);
        let code_has = |parts: &[&str]| parts.iter().any(|p| code.contains(p));
        let says = |parts: &[&str]| parts.iter().any(|p| words.contains(p));
        if code_has(&[
            "Throttl",
            "TooManyRequests",
            "RequestLimitExceeded",
            "SlowDown",
        ]) || status == 429
        {
            ProblemKind::Throttled
        } else if code_has(&[
            "AccessDenied",
            "UnauthorizedOperation",
            "NotAuthorized",
            "OptInRequired",
        ]) {
            ProblemKind::Denied
        } else if code_has(&[
            "UnknownOperation",
            "InvalidAction",
            "NotImplemented",
            "UnsupportedOperation",
        ]) || says(&[
            "not implemented",
            "not yet implemented",
            "not been implemented",
            "unknown operation",
        ]) || matches!(status, 405 | 501)
            || (status == 404 && code.is_empty())
        {
            ProblemKind::Unsupported
        } else if code_has(&["NotFound", "NoSuch"]) {
            ProblemKind::NotFound
        } else if code_has(&["Conflict", "InProgress", "ServiceNotActive"]) {
            ProblemKind::Conflict
        } else if code.is_empty() && (status < 500 || self.body == Body::Html) {
            ProblemKind::Malformed
        } else if status >= 500
            || code_has(&[
                "ServerException",
                "InternalFailure",
                "InternalError",
                "ServiceUnavailable",
            ])
        {
            ProblemKind::Vendor
        } else {
            ProblemKind::Invalid
        }
    }
}

impl Credentials {
    /// Reads the vendor's error code.
    pub fn of_code(code: &str, message: &str) -> Option<Self> {
        let clock = ["Signature expired", "Signature not yet current"];
        Some(match code {
            "ExpiredToken"
            | "ExpiredTokenException"
            | "RequestExpired"
            | "TokenRefreshRequired" => Self::Expired,
            "RequestTimeTooSkewed" => Self::Clock,
            _ if clock.iter().any(|w| message.contains(w)) => Self::Clock,
            "UnrecognizedClientException"
            | "InvalidClientTokenId"
            | "InvalidSignatureException"
            | "SignatureDoesNotMatch"
            | "IncompleteSignature"
            | "IncompleteSignatureException"
            | "AuthFailure"
            | "MissingAuthenticationToken"
            | "MissingAuthenticationTokenException"
            | "InvalidAccessKeyId" => Self::Bad,
            _ => return None,
        })
    }
}

fn sources<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let this = next?;
        next = this.source();
        Some(this)
    })
}

fn chain(error: &(dyn Error + 'static)) -> String {
    let mut words: Vec<String> = sources(error).map(ToString::to_string).collect();
    words.dedup();
    words.join(": ")
}

fn of_source(error: &(dyn Error + 'static), chain: &str) -> Option<Credentials> {
    let expired = || {
        let text = chain.to_lowercase();
        text.contains("expired") || text.contains("sso login") || text.contains("token not found")
    };
    let found = sources(error).find_map(|e| e.downcast_ref::<CredentialsError>());
    Some(match found {
        Some(_) if expired() => Credentials::Expired,
        Some(CredentialsError::CredentialsNotLoaded(_)) => Credentials::Missing,
        Some(CredentialsError::ProviderTimedOut(_)) => Credentials::Slow,
        Some(CredentialsError::InvalidConfiguration(_)) => Credentials::Broken,
        Some(_) => Credentials::Missing,
        None if chain.contains("identity resolver timed out") => Credentials::Slow,
        None if chain.contains("no credentials") || chain.contains("failed to load identity") => {
            Credentials::Missing
        }
        None => return None,
    })
}

fn reach<E: Error + 'static>(error: &SdkError<E, HttpResponse>, chain: &str) -> Reach {
    if let Some(beyond) = cap::beyond(error) {
        return beyond;
    }
    match error {
        // The SDK files what an interceptor refused under connections that failed.
        _ if sources(error).any(|e| e.is::<ReadOnly>()) => Reach::ReadOnly,
        SdkError::ConstructionFailure(_) => Reach::NotBuilt,
        SdkError::TimeoutError(_) => Reach::NoReply,
        SdkError::ResponseError(_) | SdkError::ServiceError(_) => answered_or_cut(error, chain),
        SdkError::DispatchFailure(e) => {
            let before = [
                "client error (Connect)",
                "connect timeout",
                "dns error",
                "tcp connect error",
            ];
            if before.iter().any(|w| chain.contains(w)) {
                Reach::NoConnection
            } else if e.is_timeout() {
                Reach::NoReply
            } else if e.is_user() {
                Reach::NotBuilt
            } else {
                Reach::Cut
            }
        }
        _ => Reach::NoReply,
    }
}

/// A body that broke off is a cut connection, though the SDK files it under responses.
fn answered_or_cut<E>(error: &SdkError<E, HttpResponse>, chain: &str) -> Reach {
    let text = chain.to_lowercase();
    if matches!(error, SdkError::ServiceError(_)) {
        return Reach::Answered;
    }
    if text.contains("minimum throughput") || text.contains("timeout") || text.contains("timed out")
    {
        Reach::NoReply
    } else if [
        "connection",
        "incomplete",
        "closed before",
        "end of file",
        "unexpected eof",
        "reading a body",
    ]
    .iter()
    .any(|w| text.contains(w))
    {
        Reach::Cut
    } else {
        Reach::Answered
    }
}

/// Cuts keys, signatures and whatever else looks like a secret out of the vendor's words, and the words to a readable length.
fn scrub(text: &str) -> String {
    // A vendor may repeat what it was sent, or what somebody wrote there.
    let text = hint::redacted(text);
    let text = token::hidden(&text);
    let clean: Vec<&str> = text
        .split_whitespace()
        .map(|w| {
            let bare = w.trim_matches(|c: char| !c.is_alphanumeric());
            let key = bare.len() >= 16
                && (bare.starts_with("AKIA") || bare.starts_with("ASIA"))
                && bare.chars().all(|c| c.is_ascii_alphanumeric());
            let signed = ["Credential=", "Signature=", "Authorization="]
                .iter()
                .any(|p| w.contains(p));
            if key || signed { "[redacted]" } else { w }
        })
        .collect();
    let joined = clean.join(" ");
    match joined.char_indices().nth(300) {
        Some((i, _)) => format!("{}…", joined.get(..i).unwrap_or("")),
        None => joined,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_vendor_repeats_of_secrets_does_not_reach_the_words() {
        let said =
            scrub("cannot start: PGPASSWORD=a!b {\"name\":\"DB_PASSWORD\",\"value\":\"X1\"}");
        assert_eq!(
            said,
            "cannot start: PGPASSWORD=[redacted] {\"name\":\"DB_PASSWORD\",\"value\":\"[redacted]\"}"
        );
        let denied = "not authorized to perform: secretsmanager:GetSecretValue on resource: \
            arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/api because no policy allows it";
        assert_eq!(scrub(denied), denied);
    }

    #[test]
    fn keys_and_signatures_never_reach_the_words() {
        let said = scrub(
            "Key 'AKIAIOSFODNN7EXAMPLE' and Authorization=AWS4-HMAC Signature=abcdef are wrong",
        );
        assert!(!said.contains("AKIA") && !said.contains("abcdef"), "{said}");
        for said in [
            "token Bearer ghp_0123456789012345678901234567 is wrong",
            "xoxb-012345678901-012345678901-abc is revoked",
        ] {
            let told = scrub(said);
            assert!(told.contains("[redacted]"), "{told}");
            assert!(!told.contains("ghp_") && !told.contains("xoxb"), "{told}");
        }
        assert!(scrub(&"x ".repeat(500)).chars().count() <= 301);
    }
}
