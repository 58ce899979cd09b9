//! Tokens in text from outside: titles of runs, messages of commits, reasons of events may hold one, and whoever looks at a console
//! need not read it. Every such text comes through here, so this errs on the side of showing: what is hidden has the shape that its
//! vendor documents, and names, ARNs, digests, commits and addresses pass. What people type is looked at more closely: `redact`.

use std::borrow::Cow;

use super::redact::{REDACTED, is_aws_secret, private_keys, url_passwords};

/// Starts that vendors document, with the least number of characters that follow: GitHub ("GitHub's token formats"), Slack ("Token
/// types"), Stripe ("API keys").
const STARTS: [(&str, usize); 12] = [
    ("ghp_", 20),
    ("gho_", 20),
    ("ghs_", 20),
    ("ghu_", 20),
    ("ghr_", 20),
    ("github_pat_", 20),
    ("xoxb-", 10),
    ("xoxp-", 10),
    ("xoxa-", 10),
    ("xapp-", 10),
    ("sk_live_", 10),
    ("rk_live_", 10),
];

/// The least length of what is carried by `Bearer`: the word is one of English as well.
const BORNE: usize = 20;
/// The least length of a session token of AWS, which stands beside key and secret.
const SESSION: usize = 100;

/// Text with the tokens inside hidden; text without any comes back as it is. Once is enough.
pub fn hidden(text: &str) -> Cow<'_, str> {
    if !may_hold(text.as_bytes()) {
        return Cow::Borrowed(text);
    }
    let mut out = Cow::Borrowed(text);
    if text.contains("-----BEGIN") {
        out = Cow::Owned(private_keys(&out));
    }
    if text.contains("://") {
        out = Cow::Owned(url_passwords(&out, false));
    }
    let is_of_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let out = words(&out, is_of_word, |word| match vendors(word) {
        Some(before) => Cow::Owned(format!("{before}{REDACTED}")),
        None => Cow::Borrowed(word),
    });
    borne(&aws(&out)).into()
}

/// One look at each byte, for what is rare: most text ends here.
fn may_hold(text: &[u8]) -> bool {
    let after = |at: usize, start: &[u8]| text.get(at..).is_some_and(|t| t.starts_with(start));
    let before = |at: usize, end: &[u8]| text.get(..at).is_some_and(|t| t.ends_with(end));
    text.iter().enumerate().any(|(at, byte)| match byte {
        b'_' => {
            let git = |end: &[u8]| before(at, end) && text.get(at + 1).is_some();
            [b"ghp", b"gho", b"ghs", b"ghu", b"ghr"]
                .into_iter()
                .any(|s| git(s))
                || [b"sk_live", b"rk_live"].into_iter().any(|s| git(s))
                || git(b"github_pat")
        }
        b'x' => after(at, b"xox") || after(at, b"xapp-"),
        b'I' => (before(at, b"AK") || before(at, b"AS")) && after(at, b"IA"),
        b':' => after(at, b"://") && text.get(at..).is_some_and(|t| t.contains(&b'@')),
        b'-' => after(at, b"-----BEGIN"),
        b'B' | b'b' => {
            let word = text.get(at..at + 7);
            word.is_some_and(|w| w.eq_ignore_ascii_case(b"bearer "))
        }
        _ => false,
    })
}

/// Text with its words told otherwise: a word is a run of characters of its kind.
fn words(
    text: &str,
    is_of_word: impl Fn(char) -> bool,
    tell: impl Fn(&str) -> Cow<'_, str>,
) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let gap = rest.find(&is_of_word).unwrap_or(rest.len());
        let (between, from) = rest.split_at(gap);
        let end = from.find(|c| !is_of_word(c)).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        out.push_str(between);
        if !word.is_empty() {
            out.push_str(&tell(word));
        }
        rest = after;
    }
    out
}

/// What stands before the token in a word that holds one.
fn vendors(word: &str) -> Option<&str> {
    // Looked for once: a word made of nothing but starts would be gone through for each of them.
    let digit = word.rfind(|c: char| c.is_ascii_digit())?;
    let found = STARTS.iter().filter_map(|(start, least)| {
        let mut at = word.match_indices(start).map(|(at, _)| at);
        at.find(|at| {
            let (head, tail) = word.split_at(*at);
            let alone = !head.ends_with(|c: char| c.is_ascii_alphanumeric());
            let tail = tail.len().saturating_sub(start.len());
            alone && tail >= *least && digit >= *at + start.len()
        })
    });
    word.get(..found.min()?)
}

/// A key's id is no secret, and pages of access name it. With its secret beside it both go, and what a session adds.
fn aws(text: &str) -> String {
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '+');
    let is_id = |word: &str| {
        let known = word.starts_with("AKIA") || word.starts_with("ASIA");
        let shaped = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
        known && word.len() == 20 && word.chars().all(shaped)
    };
    let all = || text.split(|c| !is_base64(c));
    if !(all().any(is_id) && all().any(is_aws_secret)) {
        return text.to_owned();
    }
    words(text, is_base64, |word| {
        match is_id(word) || is_aws_secret(word) || word.len() >= SESSION {
            true => Cow::Borrowed(REDACTED),
            false => Cow::Borrowed(word),
        }
    })
}

/// What is carried by `Bearer` (RFC 6750).
fn borne(text: &str) -> String {
    const WORD: &str = "bearer ";
    let is_of_token =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~' | '+' | '/' | '=');
    let lowered = text.to_ascii_lowercase();
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (at, _) in lowered.match_indices(WORD) {
        let from = at + WORD.len();
        let tail = text.get(from..).unwrap_or_default();
        let length = tail.find(|c| !is_of_token(c)).unwrap_or(tail.len());
        let token = tail.get(..length).unwrap_or_default();
        let is_one = length >= BORNE && token.contains(|c: char| c.is_ascii_digit());
        if is_one && from >= done {
            out.push_str(text.get(done..from).unwrap_or_default());
            out.push_str(REDACTED);
            done = from + length;
        }
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::text::{inert, inert_lines};

    /// Put together here, so that no scanner takes them for real ones.
    fn made(start: &str, length: usize) -> String {
        start
            .chars()
            .chain("a1B2c3D4e5".chars().cycle())
            .take(start.len() + length)
            .collect()
    }

    #[test]
    fn tokens_of_vendors_are_hidden_in_every_text_from_outside() {
        for (start, length) in [
            ("ghp_", 36),
            ("gho_", 36),
            ("ghs_", 36),
            ("ghr_", 36),
            ("github_pat_", 82),
            ("xoxb-", 40),
            ("xoxp-", 60),
            ("sk_live_", 24),
        ] {
            let token = made(start, length);
            let said = format!("deploy with {token}, by ana");
            assert_eq!(inert(&said), "deploy with [redacted], by ana", "{start}");
            assert_eq!(inert(&format!("TOKEN={token}")), "TOKEN=[redacted]");
        }
        let secret = made("", 40);
        let id = "AKIAIOSFODNN7EXAMPLE";
        for (said, shown) in [
            (format!("key {id} {secret}"), "key [redacted] [redacted]"),
            (
                format!("id={id}\nsecret={secret}"),
                "id=[redacted]\\nsecret=[redacted]",
            ),
            (
                format!("Authorization: Bearer {secret}.x"),
                "Authorization: Bearer [redacted]",
            ),
            (
                "pull https://ana:hunter2@host/x failed".into(),
                "pull https://ana:[redacted]@host/x failed",
            ),
        ] {
            assert_eq!(inert(&said), shown);
            assert_eq!(inert(shown), shown, "once is enough");
        }
        let kind = "PRIVATE KEY-----";
        let pem = format!("got -----BEGIN {kind}\nMIIE\n-----END {kind}\nthen");
        let shown = format!("got -----BEGIN {kind}[redacted]-----END {kind}");
        assert_eq!(inert(&pem), format!("{shown}\\nthen"));
        assert_eq!(inert_lines(&pem), [shown, "then".into()]);
    }

    #[test]
    fn names_digests_commits_and_addresses_pass() {
        let commit = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
        for kept in [
            "arn:aws:iam::123456789012:access-key/AKIAIOSFODNN7EXAMPLE",
            "arn:aws:ecs:us-east-1:123456789012:service-deployment/prod/api/0123456789abcdefABCDEF",
            "repo/api@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "AKIAIOSFODNN7EXAMPLE was used for da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "see https://host:8443/x?y=1 or ana@example.com, ssh://git@github.com/o/r, git@github.com:o/r",
            "the bearer of this is unknown; Bearer token-authentication-is-required",
            "flag sk_live_payments_enabled, branch ghp_fix, npm_config_registry, xoxo-hugs-and-kisses",
            "-----BEGIN CERTIFICATE----- MIIE",
            commit,
        ] {
            assert!(matches!(hidden(kept), Cow::Borrowed(_)) || hidden(kept) == kept);
            assert_eq!(inert(kept), kept);
        }
    }

    proptest! {
        #[test]
        fn once_is_enough(text in "(ghp_|xoxb-|://|@|:|bearer |[a-zA-Z0-9]{1,30}| |é|-----BEGIN | PRIVATE KEY-----){0,8}") {
            let once = hidden(&text).into_owned();
            prop_assert_eq!(hidden(&once).into_owned(), once);
        }
    }
}
