//! The one gate for what is said in free words: reasons, messages, descriptions, titles. They may quote what they are about, secrets
//! included; they are shown, journalled and audited; and nobody limits their length. Names, ids and ARNs go through
//! [`text::inert`](super::text::inert) alone: they are asked with, and stay as they are.

use super::hint;
use super::naming::{is_password_name, is_secret_name};
use super::text::inert;

/// Bytes that are kept of one.
pub const LONGEST: usize = 4_096;

/// What is looked at beyond them, so that a secret that the cut would go through is told by its whole shape; no token is longer.
const MARGIN: usize = 2_048;

/// What is a little longer is left whole: the words that say what was cut take room as well.
const SLACK: usize = 64;

/// What is looked at in all to keep that much, where secrets take much of it: more of it is hardly told by a person.
const FARTHEST: usize = 64 * 1_024;

/// Such words, inert, without secrets, and cut where they are too long: what is read stays in memory for as long as it is shown.
pub fn words(text: &str) -> String {
    let mut reach = LONGEST + MARGIN;
    loop {
        let window = head(text, reach);
        let told = hint::redacted(window);
        // Only a cut can go through a secret.
        let is_whole = window.len() == text.len();
        let sure = told.len().saturating_sub(if is_whole { 0 } else { MARGIN });
        if is_whole && sure <= LONGEST + SLACK {
            return inert(&told);
        }
        if is_whole || sure >= LONGEST || reach >= FARTHEST {
            let kept = head(&told, LONGEST.min(sure));
            let left = text.len() - window.len() + told.len() - kept.len();
            return format!("{}… ({left} more bytes)", inert(kept));
        }
        reach *= 2;
    }
}

/// The same where there may be none: then it is empty.
pub fn of(text: Option<&str>) -> String {
    text.map(words).unwrap_or_default()
}

/// The same of a title: of an error (`TokenExpired: the session is over`), of a commit (`auth: keep the session`). What stands before the
/// colon is what it is about, and no name of the word behind it.
pub fn title(text: &str) -> String {
    match text.split_once(": ") {
        Some((about, rest)) if is_about(about, rest) => {
            format!("{}: {}", inert(about), words(rest))
        }
        _ => words(text),
    }
}

fn is_about(about: &str, rest: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || "_.()/!-".contains(c);
    if about.len() > 80 || !about.chars().all(is_word) || !is_secret_name(about) {
        return false;
    }
    let first = rest.split([' ', ',', ':']).next().unwrap_or_default();
    let english = !first.is_empty() && first.chars().all(|c| c.is_ascii_lowercase());
    let begins = first.chars().next().is_some_and(|c| c.is_ascii_uppercase());
    let english = english || (begins && first.chars().skip(1).all(|c| c.is_ascii_lowercase()));
    let is_error = ["Error", "Exception"].iter().any(|e| about.ends_with(e));
    english && (is_error || !is_password_name(about))
}

/// The beginning of a text, of at most so many bytes.
fn head(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_long_is_cut_and_says_by_how_much() {
        let long = "é".repeat(500_000);
        let cut = words(&long);
        assert!(cut.len() < LONGEST + SLACK, "{}", cut.len());
        assert!(cut.ends_with("é… (995904 more bytes)"), "{cut}");
        assert_eq!(words(&cut), cut, "once is enough");
        let whole = "x ".repeat(LONGEST / 2);
        assert_eq!(words(&whole), whole);
    }

    #[test]
    fn as_much_is_kept_as_is_said_whatever_the_length_and_whatever_is_hidden() {
        for length in (LONGEST..3 * LONGEST).step_by(37) {
            let cut = words(&"x ".repeat(length / 2));
            assert!(cut.len() >= LONGEST, "{length}: {}", cut.len());
        }
        let secret = format!("password={} ", "x".repeat(5_000));
        let text = format!("{secret}{}", "a ".repeat(1_000));
        assert_eq!(
            words(&text),
            format!("password=[redacted] {}", "a ".repeat(1_000))
        );
        let longer = words(&format!("{secret}{}", "a ".repeat(10_000)));
        assert!(
            longer.len() >= LONGEST && longer.contains("more bytes"),
            "{longer}"
        );
    }

    #[test]
    fn the_cut_shows_no_part_of_a_secret() {
        // The address ends, and with it what tells its password, wherever the look ends.
        // What is hidden before it makes room for more.
        let shorter = format!("password={} ", "x".repeat(3_000));
        for (begin, before) in ["", shorter.as_str()].into_iter().flat_map(|begin| {
            (LONGEST - 300..LONGEST + MARGIN + 10)
                .step_by(7)
                .map(move |n| (begin, n))
        }) {
            let text = format!(
                "{begin}{}postgres://ana:{}@db/x {}",
                "a ".repeat((before - begin.len()) / 2),
                "hunter2".repeat(40),
                "b ".repeat(10_000)
            );
            assert!(!words(&text).contains("hunter2"), "{before}");
        }
        let kind = "PRIVATE KEY-----";
        let pem = format!("-----BEGIN {kind}\n{}", "MIIE".repeat(10_000));
        assert!(!words(&pem).contains("MIIE"));
    }

    #[test]
    fn a_title_keeps_what_it_is_about_and_loses_its_secrets() {
        for kept in [
            "TokenExpiredError: the session is over",
            "auth: keep the session",
            "InvalidPasswordError: Too short",
        ] {
            assert_eq!(title(kept), kept);
        }
        for (said, shown) in [
            ("password: hunter", "password: [redacted]"),
            ("token: s3cr3t1", "token: [redacted]"),
            (
                "AuthError: refused password=hunter2",
                "AuthError: refused password=[redacted]",
            ),
        ] {
            assert_eq!(title(said), shown);
        }
    }
}
