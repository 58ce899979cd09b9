//! Words for failures: what class of trouble it is, why, and what a person can do about it at 3 a.m.

use std::sync::Arc;

use crate::domain::problem::{Problem, ProblemKind};

use super::action;
use super::allowance;
use super::body::Body;
use super::cap;
use super::evidence::{Credentials, Evidence, Reach};
use super::proxy;
use super::rows::{MANY, ROWS};
use super::vendor::{self, Vendor};

/// Why a read-only console sends no mutation.
pub(super) const READ_ONLY: &str = "this console is read-only";
/// What a person can do about it.
pub(super) const WITHOUT_READ_ONLY: &str =
    "Start it without --read-only (and without read_only in the configuration) to change anything.";

/// What to do where an answer was larger than any that is read.
const NOTHING_THAT_LARGE: &str = "Check the endpoint (AWS_ENDPOINT_URL, `endpoint` in the configuration) and any proxy in between: no vendor sends that much.";

/// Where calls go and on whose behalf: what the words need to be useful.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whereabouts {
    /// `http://127.0.0.1:4566`, or `AWS in us-east-1`.
    pub endpoint: String,
    /// Profile in use, if one is named.
    pub profile: Option<String>,
    /// Whose API it is; `None`: AWS's.
    pub vendor: Option<&'static Vendor>,
    /// What to say of the profile in use where it does not exist.
    pub no_profile: Option<Advice>,
    /// What to do about the region where its hosts are out of reach and its name is not a known one.
    pub doubt: Option<String>,
    /// The region, where it is another one than that which is looked at.
    pub abroad: Option<String>,
}

/// A reason, and what a person can do about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advice {
    /// Why.
    pub why: String,
    /// What to do.
    pub fix: String,
}

/// What is asked, as data: system, operation, and the words that complete "Cannot ...".
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// `ecs`, `slack` ...
    pub system: &'static str,
    /// `DescribeServices`, `auth.test`.
    pub operation: &'static str,
    /// `read the services`.
    pub what: &'static str,
    /// Rows that one answer may hold, where no SDK reads it.
    pub rows: usize,
}

impl Question {
    /// Names a question.
    pub const fn new(system: &'static str, operation: &'static str, what: &'static str) -> Self {
        Self {
            system,
            operation,
            what,
            rows: ROWS,
        }
    }

    /// One whose answer comes whole instead of in pages, or is a table.
    #[must_use]
    pub const fn of_many(self) -> Self {
        Self { rows: MANY, ..self }
    }

    /// The question, asked somewhere.
    pub fn at(self, whereabouts: Arc<Whereabouts>) -> Asked {
        Asked {
            system: self.system,
            operation: self.operation,
            what: self.what,
            whereabouts,
            mutation: false,
        }
    }
}

/// What was asked, for the words of its failure.
#[derive(Clone, Debug)]
pub struct Asked {
    /// `ecs`, `cloudwatch` ...
    pub system: &'static str,
    /// `DescribeServices`.
    pub operation: &'static str,
    /// Completes "Cannot ...": `read the services`.
    pub what: &'static str,
    /// Where it went.
    pub whereabouts: Arc<Whereabouts>,
    /// Whether it changes something: then a lost reply means that the effect is unknown.
    pub mutation: bool,
}

impl Asked {
    /// The same question as a mutation.
    pub fn mutating(&self) -> Self {
        Self {
            mutation: true,
            ..self.clone()
        }
    }
}

/// Words a failed call.
pub fn word(asked: &Asked, seen: &Evidence) -> Problem {
    let Verdict { kind, why, fix } = judge(asked, seen);
    let (why, fix) = proxy::told(&asked.whereabouts.endpoint, seen, why, fix);
    let what = format!(
        "Cannot {} ({}:{})",
        asked.what, asked.system, asked.operation
    );
    Problem::new(kind, asked.system, what, why, fix)
}

struct Verdict {
    kind: ProblemKind,
    why: String,
    fix: String,
}

fn verdict(kind: ProblemKind, why: impl Into<String>, fix: impl Into<String>) -> Verdict {
    Verdict {
        kind,
        why: why.into(),
        fix: fix.into(),
    }
}

fn judge(asked: &Asked, seen: &Evidence) -> Verdict {
    let at = &asked.whereabouts.endpoint;
    if let Some(vendor) = asked.whereabouts.vendor
        && let Some((kind, why, fix)) = vendor::words(vendor, asked, seen)
    {
        return verdict(kind, why, fix);
    }
    if let Some(trouble) = seen.credentials {
        return credentials(asked, trouble);
    }
    match seen.reach {
        Reach::NotBuilt => verdict(
            ProblemKind::Config,
            format!(
                "the request could not be put together: {}",
                seen.chain_tail()
            ),
            "Check region and endpoint in the configuration (`flightdeck config check`).",
        ),
        Reach::ReadOnly => verdict(ProblemKind::Refused, READ_ONLY, WITHOUT_READ_ONLY),
        Reach::NoConnection => verdict(
            ProblemKind::Unreachable,
            no_connection(at, seen),
            match asked.whereabouts.doubt.as_ref() {
                Some(fix) => fix.clone(),
                None => format!(
                    "Check the network and the endpoint ({at}); an open console goes on trying by itself."
                ),
            },
        ),
        Reach::NoReply if asked.mutation => lost(at, "no reply came in time"),
        Reach::NoReply => verdict(
            ProblemKind::Timeout,
            format!("no answer in time from {at}"),
            "Nothing to do if it passes; else check the network and the vendor's status page.",
        ),
        Reach::Cut if asked.mutation => lost(at, "the connection was cut before the reply"),
        Reach::Cut => verdict(
            ProblemKind::Unreachable,
            format!("the connection to {at} was cut before the answer was complete"),
            "Nothing to do if it passes; else check proxies and the network on the way.",
        ),
        Reach::TooLarge | Reach::TooMany(_) | Reach::TooMuch if asked.mutation => {
            lost(at, "the answer was too large to be read")
        }
        Reach::TooMany(rows) => verdict(
            ProblemKind::Malformed,
            format!("answer too large: {at} sent more than {rows} rows at once, read no further"),
            NOTHING_THAT_LARGE,
        ),
        Reach::TooMuch => verdict(
            ProblemKind::Malformed,
            format!(
                "answers too large: {at} sent more than {} MB for one question, read no further",
                allowance::MEGABYTES
            ),
            NOTHING_THAT_LARGE,
        ),
        Reach::TooLarge => verdict(
            ProblemKind::Malformed,
            format!(
                "answer too large: {at} sent more than {} MB",
                cap::MEGABYTES
            ),
            NOTHING_THAT_LARGE,
        ),
        Reach::Answered => answered(asked, seen),
    }
}

fn no_connection(at: &str, seen: &Evidence) -> String {
    let chain = seen.chain.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|w| chain.contains(w));
    if has(&["connection refused"]) {
        format!("nothing listens at {at} (connection refused)")
    } else if no_name(seen) {
        format!("the host name of {at} does not resolve (wrong region or endpoint, or no DNS)")
    } else if has(&["certificate", "tls", "handshake", "invalid peer"]) {
        format!("no TLS connection to {at}: {}", seen.chain_tail())
    } else if has(&["timeout", "timed out"]) {
        format!("no connection to {at} in time")
    } else {
        format!("no connection to {at}: {}", seen.chain_tail())
    }
}

/// Whether the name of the host has no address.
fn no_name(seen: &Evidence) -> bool {
    let chain = seen.chain.to_lowercase();
    let words = [
        "dns error",
        "failed to lookup",
        "name or service not known",
        "resolve",
    ];
    words.iter().any(|w| chain.contains(w))
}

fn lost(at: &str, how: &str) -> Verdict {
    verdict(
        ProblemKind::Unknown,
        format!("it was sent to {at}, but {how}: it may or may not have been done"),
        "Do not repeat it blindly: look at the service first. The console reads back what happened.",
    )
}

fn credentials(asked: &Asked, trouble: Credentials) -> Verdict {
    let profile = asked.whereabouts.profile.as_deref();
    let of = profile.map_or(String::new(), |p| format!(" of profile {p}"));
    let login = profile.map_or("`aws sso login`".into(), |p| {
        format!("`aws sso login --profile {p}`")
    });
    let no_profile = asked.whereabouts.no_profile.as_ref();
    match trouble {
        Credentials::Missing | Credentials::Broken if let Some(advice) = no_profile => {
            verdict(ProblemKind::NoCredentials, &*advice.why, &*advice.fix)
        }
        Credentials::Missing => verdict(
            ProblemKind::NoCredentials,
            format!("no AWS credentials were found{of}"),
            format!(
                "Set AWS_PROFILE, run {login}, or fill ~/.aws/credentials; files are picked up without a restart."
            ),
        ),
        Credentials::Expired => verdict(
            ProblemKind::Expired,
            format!("the AWS credentials{of} have expired"),
            format!(
                "Renew them: {login}, or where they came from. The console goes on by itself; only keys in environment variables need a restart."
            ),
        ),
        Credentials::Bad if let Some(region) = &asked.whereabouts.abroad => verdict(
            ProblemKind::BadCredentials,
            format!("AWS in {region} does not take the credentials{of}"),
            format!(
                "Check whether the account opted in to {region}: session tokens of STS's global endpoint are not good in such a region (AWS_STS_REGIONAL_ENDPOINTS=regional)."
            ),
        ),
        Credentials::Bad => verdict(
            ProblemKind::BadCredentials,
            format!("AWS does not know the access key{of}, or its secret is wrong"),
            "Check which key is in use: `aws sts get-caller-identity`, AWS_PROFILE, ~/.aws/credentials.",
        ),
        Credentials::Clock => verdict(
            ProblemKind::Config,
            "AWS refuses the signature's time: this machine's clock is wrong",
            "Set the clock (`timedatectl set-ntp true`).",
        ),
        Credentials::Broken => verdict(
            ProblemKind::Config,
            format!("the AWS configuration{of} cannot be used"),
            "Check AWS_PROFILE, ~/.aws/config and ~/.aws/credentials: `aws configure list`.",
        ),
        Credentials::Slow => verdict(
            ProblemKind::Timeout,
            format!("the source of the AWS credentials{of} did not answer in time"),
            "Check it with `aws sts get-caller-identity`; set AWS_EC2_METADATA_DISABLED=true outside EC2.",
        ),
    }
}

fn answered(asked: &Asked, seen: &Evidence) -> Verdict {
    let at = &asked.whereabouts.endpoint;
    let said = seen.said();
    match seen.kind() {
        ProblemKind::Denied => verdict(
            ProblemKind::Denied,
            format!("these credentials may not do it{said}"),
            format!("Ask for the permission {}.", action::of(asked, seen)),
        ),
        ProblemKind::Throttled => verdict(
            ProblemKind::Throttled,
            format!("{at} asks us to slow down"),
            "The console asks less often and goes on by itself; a command: wait a minute, then repeat it. If it stays, see who else asks (other consoles, scripts), or raise the quota in Service Quotas.",
        ),
        ProblemKind::NotFound => verdict(
            ProblemKind::NotFound,
            format!("it does not exist{said}"),
            "Check the name, the region and the account.",
        ),
        ProblemKind::Unsupported => unsupported(asked, seen),
        ProblemKind::Conflict => verdict(
            ProblemKind::Conflict,
            format!("something else is going on there{said}"),
            "Wait until it is done, then look again.",
        ),
        ProblemKind::Invalid => verdict(
            ProblemKind::Invalid,
            format!("{at} refused the request{said}"),
            "Check what was asked for; the words above are the vendor's.",
        ),
        ProblemKind::Vendor if asked.mutation => {
            lost(at, "the vendor answered with a failure of its own")
        }
        ProblemKind::Vendor => verdict(
            ProblemKind::Vendor,
            format!("{at} failed{}{said}", status(seen)),
            "Nothing to do if it passes; else see the vendor's status page.",
        ),
        _ if asked.mutation => lost(at, "the reply could not be read"),
        _ => malformed(asked, seen),
    }
}

fn unsupported(asked: &Asked, seen: &Evidence) -> Verdict {
    let at = &asked.whereabouts.endpoint;
    if seen.body == Body::Html && asked.system != "cloudwatch" {
        // A web server without that page, or an emulator without that operation: nobody can tell from here.
        return verdict(
            ProblemKind::Unsupported,
            format!(
                "{at} does not know {}: it answered with a web page (HTML){}",
                asked.operation,
                status(seen)
            ),
            "Check the endpoint (AWS_ENDPOINT_URL, `endpoint` in the configuration): a web server answers there. An emulator needs a version that serves it.",
        );
    }
    let why = if asked.system == "cloudwatch" && seen.status == Some(404) {
        format!("this endpoint does not speak CloudWatch's RPC v2 CBOR ({at} answered 404)")
    } else {
        format!("{at} does not know {}{}", asked.operation, status(seen))
    };
    verdict(
        ProblemKind::Unsupported,
        why,
        "Nothing to do with AWS itself; an emulator needs a version that serves it.",
    )
}

/// What a body that is not the protocol's looks like.
pub(super) fn body_in_words(body: Body) -> &'static str {
    match body {
        Body::Html => "a web page (HTML)",
        Body::Empty => "an empty body",
        Body::Json => "JSON of another shape",
        Body::Xml => "XML of another shape",
        Body::Cbor => "CBOR of another shape",
        Body::Other => "something unreadable",
    }
}

fn malformed(asked: &Asked, seen: &Evidence) -> Verdict {
    let at = &asked.whereabouts.endpoint;
    let got = body_in_words(seen.body);
    let wanted = match asked.system {
        "cloudwatch" => "CloudWatch's CBOR",
        "elb" | "sts" | "rds" | "elasticache" | "cloudformation" | "sns" | "ec2" | "s3" => {
            "AWS's XML"
        }
        _ => "AWS's JSON",
    };
    let why = unsound(at, seen, "AWS").unwrap_or_else(|| {
        format!(
            "{at} answered with {got}{}, not with {wanted}",
            status(seen)
        )
    });
    verdict(
        ProblemKind::Malformed,
        why,
        "Check the endpoint (AWS_ENDPOINT_URL, `endpoint` in the configuration) and any proxy in between.",
    )
}

/// Why an answer of the right protocol is not believed: it lacks a member that is always sent, or counts what cannot be counted.
pub(super) fn unsound(at: &str, seen: &Evidence, who: &str) -> Option<String> {
    let left_out =
        |member| format!("the answer of {at} leaves out `{member}`, which {who} always sends");
    let no_count = |n| format!("the answer of {at} says {n} where it counts something");
    seen.left_out()
        .map(left_out)
        .or_else(|| seen.no_count().map(no_count))
}

/// Whether this tells of HTTP 500 with a web page: how emulators made with Flask (moto) answer an operation that they lack.
pub(crate) fn is_crash_page(p: &Problem) -> bool {
    let told = format!("{} (HTTP 500)", body_in_words(Body::Html));
    p.kind == ProblemKind::Malformed && p.why.contains(&told)
}

pub(super) fn status(seen: &Evidence) -> String {
    seen.status
        .map_or(String::new(), |s| format!(" (HTTP {s})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked() -> Asked {
        Asked {
            system: "ecs",
            operation: "ListClusters",
            what: "list the clusters",
            whereabouts: Arc::new(Whereabouts {
                endpoint: "http://127.0.0.1:1".into(),
                profile: Some("prod".into()),
                ..Whereabouts::default()
            }),
            mutation: false,
        }
    }

    fn reply(status: u16, code: Option<&str>, message: &str, body: Body) -> Evidence {
        Evidence {
            reach: Reach::Answered,
            status: Some(status),
            code: code.map(Into::into),
            message: Some(message.into()),
            body,
            credentials: code.and_then(|c| Credentials::of_code(c, message)),
            chain: String::new(),
            retry_after: None,
        }
    }

    #[test]
    fn each_refusal_has_its_kind_and_its_way_out() {
        let cases = [
            (
                400,
                Some("ExpiredTokenException"),
                ProblemKind::Expired,
                "--profile prod",
            ),
            (
                403,
                Some("InvalidClientTokenId"),
                ProblemKind::BadCredentials,
                "get-caller-identity",
            ),
            (
                400,
                Some("AccessDeniedException"),
                ProblemKind::Denied,
                "ecs:ListClusters",
            ),
            (
                400,
                Some("ThrottlingException"),
                ProblemKind::Throttled,
                "by itself",
            ),
            (
                400,
                Some("ClusterNotFoundException"),
                ProblemKind::NotFound,
                "region",
            ),
            (
                400,
                Some("UnknownOperationException"),
                ProblemKind::Unsupported,
                "emulator",
            ),
            (
                400,
                Some("InvalidParameterException"),
                ProblemKind::Invalid,
                "vendor's",
            ),
            (
                500,
                Some("ServerException"),
                ProblemKind::Vendor,
                "status page",
            ),
            (
                403,
                Some("RequestTimeTooSkewed"),
                ProblemKind::Config,
                "clock",
            ),
        ];
        for (status, code, kind, fix) in cases {
            let p = word(&asked(), &reply(status, code, "m", Body::Json));
            assert_eq!(p.kind, kind, "{code:?}");
            assert!(p.fix.contains(fix), "{code:?}: {}", p.fix);
        }
    }

    /// One that the account did not opt in to refuses good credentials.
    #[test]
    fn what_another_region_refuses_is_told_of_that_region() {
        let mut asked = asked();
        asked.whereabouts = Arc::new(Whereabouts {
            abroad: Some("af-south-1".into()),
            ..Whereabouts::default()
        });
        let refused = reply(403, Some("InvalidClientTokenId"), "m", Body::Json);
        let p = word(&asked, &refused);
        assert_eq!(p.kind, ProblemKind::BadCredentials);
        assert!(p.why.starts_with("AWS in af-south-1 does not take"), "{p}");
        assert!(p.fix.contains("opted in to af-south-1"), "{p}");
    }

    #[test]
    fn a_profile_or_a_region_that_does_not_exist_is_what_the_advice_is_about() {
        let mut asked = asked();
        asked.whereabouts = Arc::new(Whereabouts {
            no_profile: Some(Advice {
                why: "no profile \"pord\"".into(),
                fix: "Correct AWS_PROFILE.".into(),
            }),
            doubt: Some("Did you mean us-east-1?".into()),
            ..Whereabouts::default()
        });
        let seen = |reach, chain: &str, credentials| Evidence {
            reach,
            chain: chain.into(),
            credentials,
            ..Evidence::default()
        };
        for trouble in [Credentials::Missing, Credentials::Broken] {
            let p = word(&asked, &seen(Reach::NotBuilt, "", Some(trouble)));
            assert_eq!(
                (p.kind, p.fix.as_str()),
                (ProblemKind::NoCredentials, "Correct AWS_PROFILE.")
            );
        }
        let p = word(
            &asked,
            &seen(Reach::NotBuilt, "", Some(Credentials::Expired)),
        );
        assert!(p.why.contains("expired"), "{}", p.why);
        let fix = |chain| word(&asked, &seen(Reach::NoConnection, chain, None)).fix;
        assert_eq!(fix("dns error: no such host"), "Did you mean us-east-1?");
        // Some of many names may be given up instead of being answered for.
        assert_eq!(fix("connect timeout"), "Did you mean us-east-1?");
    }

    #[test]
    fn bodies_that_are_not_the_protocol_are_named() {
        let html = word(&asked(), &reply(200, None, "", Body::Html));
        assert_eq!(html.kind, ProblemKind::Malformed);
        assert!(html.why.contains("web page"), "{}", html.why);
        assert!(!is_crash_page(&html));
        for (status, crash) in [(500, true), (502, false), (503, false)] {
            let p = word(&asked(), &reply(status, None, "", Body::Html));
            assert_eq!(is_crash_page(&p), crash, "{}", p.why);
        }
        let page = word(&asked(), &reply(404, None, "", Body::Html));
        assert_eq!(page.kind, ProblemKind::Unsupported);
        assert!(
            page.why.contains("web page") && page.fix.contains("AWS_ENDPOINT_URL"),
            "{page:?}"
        );
        let mut cw = asked();
        cw.system = "cloudwatch";
        let p = word(&cw, &reply(404, None, "", Body::Html));
        assert_eq!(p.kind, ProblemKind::Unsupported);
        assert!(p.why.contains("RPC v2 CBOR"));
    }

    #[test]
    fn an_answer_that_is_not_believed_says_what_is_wrong_with_it() {
        for (chain, says) in [
            (
                "missing field `SecretList` at line 1",
                "leaves out `SecretList`",
            ),
            ("invalid value: integer `-3`, expected u64", "says -3 where"),
            (
                "invalid value: integer `3`, expected a string",
                "another shape",
            ),
        ] {
            let seen = Evidence {
                chain: chain.into(),
                ..reply(200, None, "", Body::Json)
            };
            let p = word(&asked(), &seen);
            assert_eq!(p.kind, ProblemKind::Malformed);
            assert!(p.why.contains(says), "{p}");
        }
    }

    #[test]
    fn a_lost_reply_of_a_mutation_is_unknown_but_a_refused_connection_is_not() {
        let change = asked().mutating();
        let at = |reach, chain: &str| Evidence {
            reach,
            chain: chain.into(),
            ..Evidence::default()
        };
        for reach in [Reach::NoReply, Reach::Cut] {
            assert_eq!(word(&change, &at(reach, "")).kind, ProblemKind::Unknown);
        }
        assert_eq!(
            word(&change, &reply(502, None, "", Body::Html)).kind,
            ProblemKind::Unknown
        );
        let p = word(
            &change,
            &at(Reach::NoConnection, "tcp connect error: Connection refused"),
        );
        assert_eq!(p.kind, ProblemKind::Unreachable);
        assert!(p.why.contains("nothing listens"));
    }
}
