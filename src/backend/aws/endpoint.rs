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
        if ours && !value.is_empty() && !is_url(&value) {
            wrong.get_or_insert_with(|| word(&name, &value));
        }
    }
    wrong
}

fn is_url(text: &str) -> bool {
    text.parse::<http::Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.host().is_some_and(|h| !h.is_empty())
    })
}

fn word(name: &str, value: &str) -> Problem {
    Problem::new(
        ProblemKind::Config,
        "aws",
        "Cannot ask AWS",
        format!("{} is \"{}\", which is no URL", inert(name), inert(value)),
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
        assert_eq!(of(&[(NAME, "")]), None);
        for wrong in ["127.0.0.1:4566", "localhost", "ftp://x", "http://"] {
            let said = of(&[(NAME, wrong)]).unwrap();
            assert!(said.contains(wrong), "{said}");
        }
        assert!(of(&[("AWS_ENDPOINT_URL_ECS", "nonsense")]).is_some());
        assert_eq!(of(&[(NAME, "nonsense"), (IGNORE, "true")]), None);
    }
}
