//! Users with their passwords behind a name that promises both: `SMTP_LOGIN=ana:..`, `BASIC: "ana:.."`. The user stays.

use super::order::Ordered;
use super::redact::REDACTED;

/// What such a name ends in or holds.
const WORDS: [&str; 2] = ["login", "basic"];

/// Text without such passwords.
pub(super) fn hidden(text: &str) -> String {
    let lowered = text.to_ascii_lowercase();
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    let mut found: Vec<usize> = Vec::new();
    for word in WORDS {
        found.extend(lowered.match_indices(word).map(|(at, _)| at + word.len()));
    }
    found.order_by_key(|at| *at);
    for end in found {
        let Some((from, to)) = behind(text, end).filter(|(from, _)| *from >= done) else {
            continue;
        };
        out.push_str(text.get(done..from).unwrap_or_default());
        out.push_str(REDACTED);
        done = to;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

/// A value without its password, where its name is such a one and it is a user with one.
pub(super) fn of(name: &str, value: &str) -> Option<String> {
    let name = name.to_ascii_lowercase();
    let (from, to) = password(value).filter(|_| WORDS.iter().any(|w| name.contains(w)))?;
    let (head, tail) = (value.get(..from)?, value.get(to..)?);
    Some(format!("{head}{REDACTED}{tail}"))
}

/// Where the password stands that a name, which such a word ends at a byte of, is given.
fn behind(text: &str, end: usize) -> Option<(usize, usize)> {
    let after = text.get(end..)?;
    let rest = after.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "_-".contains(c));
    let quotes = |c: char| matches!(c, '"' | '\'' | '\\');
    let blanks = |c: char| matches!(c, ' ' | '\t');
    let rest = rest.trim_start_matches(quotes).trim_start_matches(blanks);
    let rest = rest.strip_prefix([':', '='])?;
    let rest = rest.trim_start_matches(blanks).trim_start_matches(quotes);
    let begin = text.len() - rest.len();
    let (from, to) = password(rest)?;
    Some((begin + from, begin + to))
}

/// Where the password stands in a text that begins with a user. Addresses, hosts with a port, times and versions are none.
fn password(text: &str) -> Option<(usize, usize)> {
    let is_user = |c: char| c.is_ascii_alphanumeric() || "._%+@-".contains(c);
    let at = text.find(|c| !is_user(c)).filter(|at| *at > 0)?;
    let (user, rest) = (text.get(..at)?, text.get(at..)?.strip_prefix(':')?);
    let is_end = |c: char| c.is_whitespace() || ",;&}\"'\\".contains(c);
    let length = rest.find(is_end).unwrap_or(rest.len());
    let told = rest.get(..length).filter(|told| !told.is_empty())?;
    let numbered = told
        .chars()
        .all(|c| c.is_ascii_digit() || c == '.' || c == ':');
    let digits = user.chars().all(|c| c.is_ascii_digit());
    // The digest of an image and the name of a thing in AWS.
    let is_name = user == "arn" || user == "sha256" || user.ends_with("@sha256");
    let is_other = told.starts_with("//")
        || told == REDACTED
        || is_name
        || (numbered && (digits || user.contains('.') || told.contains('.')));
    (!is_other).then_some((at + 1, at + 1 + length))
}

#[cfg(test)]
mod tests {
    use crate::domain::redact::{named, text};

    #[test]
    fn of_a_user_with_a_password_the_user_stays() {
        for (said, shown) in [
            ("SMTP_LOGIN=ana:hunter2 x", "SMTP_LOGIN=ana:[redacted] x"),
            (
                r#"{"basic": "ana@example.com:hun:ter2"}"#,
                r#"{"basic": "ana@example.com:[redacted]"}"#,
            ),
            ("BASIC_AUTHOR=ana:1234", "BASIC_AUTHOR=ana:[redacted]"),
        ] {
            assert_eq!(text(said), shown);
            assert_eq!(text(shown), shown, "once is enough");
        }
        for kept in [
            "laser/login:2.0.4 and login: 12:30, login=auth.example.com:8443",
            "LOGIN=https://example.com/x login failed: wrong user",
            "basic: understanding",
        ] {
            assert_eq!(text(kept), kept);
        }
        assert_eq!(named("SMTP_LOGIN", "ana:hunter2"), "ana:[redacted]");
        assert_eq!(named("LOGIN_URL", "https://x/y"), "https://x/y");
    }
}
