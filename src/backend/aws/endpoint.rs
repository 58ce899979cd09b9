//! The endpoint that the environment names. The SDK passes over one that it cannot read and asks AWS itself: whoever meant an
//! emulator would change production.

use std::ffi::OsString;

use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::text::inert;

/// What the SDK reads (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>): this, and the same with
/// a service's name behind it.
const NAME: &str = "AWS_ENDPOINT_URL";
/// Set to `true`, none of them counts.
const IGNORE: &str = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS";

/// The first endpoint among variables that is no URL, in words.
pub fn mistake(variables: impl Iterator<Item = (OsString, OsString)>) -> Option<Problem> {
    let mut wrong = None;
    for (name, value) in variables {
        let (name, value) = (name.to_string_lossy(), value.to_string_lossy());
        if name == IGNORE && value.eq_ignore_ascii_case("true") {
            return None;
        }
        let ours = name == NAME || name.starts_with("AWS_ENDPOINT_URL_");
        if let Some(why) = ours.then(|| flaw(&value)).flatten() {
            wrong.get_or_insert_with(|| word(&name, &why));
        }
    }
    wrong
}

/// Why a text is no endpoint, if so. A path is none of the reasons: the SDK puts it before its own. What may be a password is
/// not repeated.
fn flaw(text: &str) -> Option<String> {
    let shown = inert(text);
    if text.trim().is_empty() {
        return Some("set, and empty".into());
    }
    if text.trim() != text {
        return Some(format!("\"{shown}\", with a blank before or after it"));
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        return Some(format!(
            "\"{shown}\", which has no scheme: http://{shown} may be meant"
        ));
    };
    if !["http", "https"].contains(&scheme.to_lowercase().as_str()) {
        let scheme = inert(scheme);
        return Some(format!(
            "a URL of scheme {scheme}://: AWS is spoken to over http:// or https://"
        ));
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    if authority.contains('@') {
        return Some("a URL with a user or password in it, which no AWS API takes".into());
    }
    if rest.contains(['?', '#']) {
        return Some(format!("\"{shown}\", with a query or fragment behind it"));
    }
    let host = text.parse::<http::Uri>().ok();
    let host = host.as_ref().and_then(|uri| uri.host());
    match host {
        Some(host) if !host.is_empty() => None,
        _ => Some(format!("\"{shown}\", which names no host")),
    }
}

fn word(name: &str, why: &str) -> Problem {
    Problem::new(
        ProblemKind::Config,
        "aws",
        "Cannot ask AWS",
        format!("{} is {why}", inert(name)),
        format!(
            "Set it to a URL such as http://127.0.0.1:4566, or unset it to ask AWS itself: unset {}",
            inert(name)
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Option<String> {
        let pairs = variables.iter().map(|(n, v)| ((*n).into(), (*v).into()));
        mistake(pairs).map(|p| p.why)
    }

    #[test]
    fn what_is_no_url_is_not_passed_over() {
        assert_eq!(of(&[(NAME, "http://127.0.0.1:4566"), ("HOME", "x")]), None);
        assert_eq!(of(&[(NAME, "https://[::1]:4566/aws/")]), None);
        for (wrong, words) in [
            ("", "empty"),
            (" ", "empty"),
            ("http://x ", "a blank"),
            ("127.0.0.1:4566", "http://127.0.0.1:4566 may be meant"),
            ("localhost", "no scheme"),
            ("ftp://x", "ftp://"),
            ("http://", "no host"),
            ("http:///path", "no host"),
            ("http://x?a=b", "a query"),
            ("http://ana:hunter2@x", "password"),
        ] {
            let said = of(&[(NAME, wrong)]).unwrap();
            assert!(said.contains(words), "{wrong}: {said}");
            assert!(!said.contains("hunter2"), "{said}");
        }
        assert!(of(&[("AWS_ENDPOINT_URL_ECS", "nonsense")]).is_some());
        assert_eq!(of(&[(NAME, "nonsense"), (IGNORE, "true")]), None);
    }
}
