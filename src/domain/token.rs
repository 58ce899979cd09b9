//! Tokens in text from outside: titles of runs, messages of commits, reasons of events may hold one, and whoever looks at a console
//! need not read it. Every such text comes through here, so this errs on the side of showing: what is hidden has the shape that its
//! vendor documents, and names, ARNs, digests, commits and addresses pass. What people type is looked at more closely: `redact`.

use std::borrow::Cow;

use super::borne;
use super::order::Ordered;
use super::redact::{REDACTED, is_aws_secret, private_keys, url_passwords};

/// What follows a documented start.
#[derive(Clone, Copy)]
enum Tail {
    /// Letters and digits.
    Plain,
    /// Those and `_`.
    Word,
    /// Those and `-`.
    Dashed,
    /// The same, and a digit first.
    Numbered,
    /// Those of either, and dots.
    Dotted,
    /// Base64 of either alphabet.
    Base64,
    /// Three parts of base64 with dots between them, of which the second is JSON, too.
    Jwt,
}

/// Shapes that vendors document: the start, and what follows at least: GitHub ("GitHub's token formats"), Slack ("Token types"), Stripe
/// ("API keys"), npm, GitLab ("Token prefixes"), Sentry ("Auth tokens"), JSON Web Tokens (RFC 7519), and those that secret scanners know by
/// their start: Google, SendGrid, OpenAI, Anthropic, Vault, Shopify, PyPI, DigitalOcean. Names come through here as well, and
/// are asked with: one that merely begins so (`xapp-payments-v2`) must stay what it is.
const STARTS: [(&str, Tail, usize); 34] = [
    ("ghp_", Tail::Plain, 36),
    ("gho_", Tail::Plain, 36),
    ("ghs_", Tail::Plain, 36),
    ("ghu_", Tail::Plain, 36),
    ("ghr_", Tail::Plain, 36),
    ("github_pat_", Tail::Word, 40),
    ("xoxb-", Tail::Numbered, 20),
    ("xoxp-", Tail::Numbered, 20),
    ("xoxa-", Tail::Numbered, 20),
    ("xoxc-", Tail::Numbered, 20),
    ("xoxe-", Tail::Numbered, 20),
    ("xoxr-", Tail::Numbered, 20),
    ("xoxs-", Tail::Numbered, 20),
    ("xapp-", Tail::Numbered, 40),
    ("sk_live_", Tail::Plain, 24),
    ("rk_live_", Tail::Plain, 24),
    ("sk_test_", Tail::Plain, 24),
    ("rk_test_", Tail::Plain, 24),
    ("whsec_", Tail::Plain, 32),
    ("npm_", Tail::Plain, 36),
    ("glpat-", Tail::Dashed, 20),
    ("sntrys_", Tail::Base64, 40),
    ("sntryu_", Tail::Plain, 40),
    ("sntrya_", Tail::Plain, 40),
    ("eyJ", Tail::Jwt, 40),
    ("AIza", Tail::Dashed, 35),
    ("SG.", Tail::Dotted, 60),
    ("sk-proj-", Tail::Dashed, 40),
    ("sk-ant-", Tail::Dashed, 40),
    ("hvs.", Tail::Dashed, 24),
    ("shpat_", Tail::Plain, 32),
    ("pypi-", Tail::Dashed, 85),
    ("GOCSPX-", Tail::Dashed, 24),
    ("dop_v1_", Tail::Plain, 64),
];

/// No token is longer.
const LONGEST: usize = 2_048;

impl Tail {
    fn holds(self, c: char) -> bool {
        c.is_ascii_alphanumeric()
            || match self {
                Self::Plain => false,
                Self::Word => c == '_',
                Self::Dashed | Self::Numbered => matches!(c, '-' | '_'),
                Self::Base64 => matches!(c, '+' | '/' | '=' | '_' | '-'),
                Self::Jwt | Self::Dotted => matches!(c, '_' | '-' | '.'),
            }
    }

    /// How many bytes of a text that follows a start are of the token.
    fn of(self, text: &str, least: usize) -> Option<usize> {
        let run = text.bytes().take(LONGEST);
        let length = run.take_while(|b| self.holds(char::from(*b))).count();
        let told = text.get(..length)?;
        let is_one = match self {
            Self::Numbered => told.starts_with(|c: char| c.is_ascii_digit()),
            Self::Jwt => told.contains(".eyJ"),
            _ => true,
        };
        (is_one && length >= least).then_some(length)
    }
}

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
    // A digest behind a tag (`docker://alpine:3.18@sha256:..`) is no host behind a password.
    if text.contains("://") && !text.contains("@sha256:") {
        out = Cow::Owned(url_passwords(&out, false));
    }
    let out = vendors(&out);
    borne::hidden(&aws(&out)).into()
}

/// No secret that is told here has less text around it: an address with user and password (`a://:b@`).
const SHORTEST: usize = 7;
/// The least that follows a start which ends in `_` or `-`.
const LEAST: usize = 20;

/// One look at each byte, for what is rare: most text ends here. Every text that is shown comes through, so what is dear to look at
/// is looked at only where the next byte says so.
fn may_hold(text: &[u8]) -> bool {
    if text.len() < SHORTEST {
        return false;
    }
    let after = |at: usize, start: &[u8]| text.get(at..).is_some_and(|t| t.starts_with(start));
    let before = |at: usize, end: &[u8]| text.get(..at).is_some_and(|t| t.ends_with(end));
    let next = |at: usize| text.get(at + 1).copied().unwrap_or(0);
    text.iter().enumerate().any(|(at, byte)| match byte {
        b'-' if next(at) == b'-' && after(at, b"-----BEGIN") => true,
        b'_' | b'-' => {
            let follows = text.get(at + 1..at + 1 + LEAST);
            let holds = |b: &u8| Tail::Base64.holds(char::from(*b)) || *b == b'.';
            let ends = |start: &&str| start.ends_with(char::from(*byte));
            let mut starts = STARTS.iter().map(|(start, ..)| *start).filter(ends);
            follows.is_some_and(|f| f.iter().all(holds))
                && starts.any(|start| before(at + 1, start.as_bytes()))
        }
        b'.' => match next(at) {
            b'e' if after(at, b".eyJ") => true,
            b's' | b'S' if borne::may_begin(text, at) => true,
            _ => before(at, b"SG") || before(at, b"hvs"),
        },
        b'A' if next(at) == b'I' => after(at, b"AIza"),
        b'I' if next(at) == b'A' => (before(at, b"AK") || before(at, b"AS")) && after(at, b"IA"),
        b':' if next(at) == b'/' => {
            after(at, b"://") && text.get(at..).is_some_and(|t| t.contains(&b'@'))
        }
        b'/' if matches!(next(at), b'w' | b'W') => borne::may_begin(text, at),
        b'B' | b'b' if matches!(next(at), b'e' | b'E' | b'a' | b'A') => borne::may_begin(text, at),
        b'S' | b's' if matches!(next(at), b'e' | b'E') => borne::may_begin(text, at),
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

/// Tokens by their shape, wherever they begin: a colour, a line's end or `%3D` before one is often told as letters.
fn vendors(text: &str) -> String {
    let found = STARTS.iter().flat_map(|(start, tail, least)| {
        text.match_indices(start).filter_map(move |(at, _)| {
            let from = at + start.len();
            Some((at, from + tail.of(text.get(from..)?, *least)?))
        })
    });
    let mut found: Vec<(usize, usize)> = found.collect();
    found.order_by_key(|f| *f);
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (at, end) in found {
        if at >= done {
            out.push_str(text.get(done..at).unwrap_or_default());
            out.push_str(REDACTED);
        }
        done = done.max(end);
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
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
    fn the_first_look_lets_no_token_through_whatever_it_begins_with() {
        for (start, tail, least) in STARTS {
            for first in (' '..='~').filter(|c| tail.holds(*c)) {
                let rest = match tail {
                    Tail::Jwt => format!("{}.eyJ{}", made("", 20), made("", least)),
                    _ => made("", least),
                };
                let token = format!("{start}{first}{rest}");
                if vendors(&token) == REDACTED {
                    assert!(may_hold(token.as_bytes()), "{token}");
                }
            }
            let plain = format!("{start}1{}", made("", least));
            assert!(
                matches!(tail, Tail::Jwt) || vendors(&plain) == REDACTED,
                "{plain}"
            );
        }
    }

    #[test]
    fn tokens_of_vendors_are_hidden_in_every_text_from_outside() {
        for (start, length) in [
            ("ghp_", 36),
            ("gho_", 36),
            ("ghs_", 36),
            ("ghr_", 36),
            ("github_pat_", 82),
            ("xoxb-1", 40),
            ("xoxp-2", 60),
            ("xapp-1-A", 60),
            ("npm_", 36),
            ("glpat-", 20),
            ("sntryu_", 64),
            ("sk_live_", 24),
            ("AIza", 35),
            ("SG.", 66),
            ("sk-proj-", 48),
            ("hvs.", 90),
            ("shpat_", 32),
            ("pypi-", 160),
            ("GOCSPX-", 28),
            ("dop_v1_", 64),
        ] {
            let token = made(start, length);
            let said = format!("deploy with {token}, by ana");
            assert_eq!(inert(&said), "deploy with [redacted], by ana", "{start}");
            assert_eq!(inert(&format!("TOKEN={token}")), "TOKEN=[redacted]");
            assert_eq!(inert(&format!("token%3D{token}")), "token%3D[redacted]");
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
            "xapp-payments-v2",
            "arn:aws:ecs:us-east-1:123456789012:service/prod/sk_live_billing2024",
            "gho_support_team_emea_2026@example.com on ghp_migration_of_login_2026 in /srv/xapp-2026-11-27/",
            "docker://alpine:3.18@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "bearer /var/lib/flightdeck/data/2026/x.log",
            "next page eyJ2IjoxLCJrIjoiYWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODkifQ",
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
