//! SQL as it may be shown: statements that people and programs sent hold names, numbers and passwords of others. What is a
//! literal or a comment is taken out; what stays tells which statement it is.

use super::text::{clip, inert};

/// Columns of a shown statement at most.
const LONGEST: usize = 400;

/// A statement without literals and comments, on one line, inert and clipped. Literals become `?`; PostgreSQL's own `$1` stays.
pub fn shape(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(LONGEST * 2));
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if out.len() > LONGEST * 4 {
            break;
        }
        let last = out.chars().next_back();
        let in_word = last.is_some_and(|l| l.is_alphanumeric() || l == '_');
        let (taken, put) = token(rest, c, in_word, last);
        match put {
            Put::Keep => out.push_str(rest.get(..taken).unwrap_or_default()),
            Put::Literal => {
                // The mark before the quote belongs to the literal: E'..', B'..', X'..', U&'..'.
                strip_mark(&mut out);
                out.push('?');
            }
            Put::Space if last.is_some_and(|l| l != ' ') => out.push(' '),
            Put::Space => {}
        }
        rest = rest.get(taken.max(1)..).unwrap_or_default();
    }
    clip(&inert(out.trim()), LONGEST)
}

enum Put {
    Keep,
    Literal,
    Space,
}

/// How many bytes the next token takes, and what is put in its place. What is not closed goes to the end: it was cut off.
fn token(rest: &str, c: char, in_word: bool, last: Option<char>) -> (usize, Put) {
    match c {
        '\'' => {
            let escapes = matches!(last, Some('e' | 'E'));
            (quoted(rest, escapes), Put::Literal)
        }
        '"' => (name(rest), Put::Keep),
        '-' if rest.starts_with("--") => (rest.find('\n').unwrap_or(rest.len()), Put::Space),
        '/' if rest.starts_with("/*") => (comment(rest), Put::Space),
        '$' if !in_word => match dollar(rest) {
            Some(end) => (end, Put::Literal),
            None => (1, Put::Keep),
        },
        c if c.is_ascii_digit() && !in_word && last != Some('$') => (number(rest), Put::Literal),
        c if c.is_whitespace() => (c.len_utf8(), Put::Space),
        c => (c.len_utf8(), Put::Keep),
    }
}

/// Bytes of a literal from its opening quote; a doubled quote belongs to it, and after a backslash any character where `escapes`.
fn quoted(rest: &str, escapes: bool) -> usize {
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' if escapes => {
                chars.next();
            }
            '\'' if chars.peek().is_some_and(|(_, next)| *next == '\'') => {
                chars.next();
            }
            '\'' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// Bytes of a quoted name.
fn name(rest: &str) -> usize {
    let end = rest.char_indices().skip(1).find(|(_, c)| *c == '"');
    end.map_or(rest.len(), |(at, _)| at + 1)
}

/// Bytes of a comment; comments nest.
fn comment(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let (mut at, mut depth) = (0, 0u32);
    while let Some(pair) = bytes.get(at..at + 2) {
        match pair {
            b"/*" => (depth, at) = (depth + 1, at + 2),
            b"*/" => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

/// Bytes of `$tag$ ... $tag$`; `None` where it is none (`$1`, an operator).
fn dollar(rest: &str) -> Option<usize> {
    let close = rest.get(1..)?.find('$')? + 1;
    let tag = rest.get(1..close)?;
    let is_tag = !tag.starts_with(|c: char| c.is_ascii_digit())
        && tag.chars().all(|c| c.is_alphanumeric() || c == '_');
    if !is_tag {
        return None;
    }
    let mark = rest.get(..=close)?;
    let body = rest.get(close + 1..)?;
    let end = body.find(mark).map(|at| close + 1 + at + mark.len());
    Some(end.unwrap_or(rest.len()))
}

/// Bytes of a number: digits, point, exponent, and what else is written without a space.
fn number(rest: &str) -> usize {
    rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_')))
        .unwrap_or(rest.len())
}

fn strip_mark(out: &mut String) {
    for mark in ["U&", "u&", "E", "e", "B", "b", "X", "x", "N", "n"] {
        let Some(before) = out.strip_suffix(mark) else {
            continue;
        };
        let stands_alone = !before
            .chars()
            .next_back()
            .is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '"');
        if stands_alone {
            out.truncate(before.len());
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn literals_and_comments_go_and_names_stay() {
        for (said, shown) in [
            (
                "SELECT *\n  FROM orders WHERE id = 42 AND mail = 'ana@x.com'",
                "SELECT * FROM orders WHERE id = ? AND mail = ?",
            ),
            (
                "ALTER ROLE app PASSWORD 'it''s secret' -- why",
                "ALTER ROLE app PASSWORD ?",
            ),
            (
                r"SELECT E'a\'; DROP' || b'01', x'ff', U&'d\0061'",
                "SELECT ? || ?, ?, ?",
            ),
            (
                "/* app:shop /* nested */ user:7 */ SELECT $1, t1.c2",
                "SELECT $1, t1.c2",
            ),
            ("DO $body$ secret $x$ $body$ done", "DO ? done"),
            (
                "SELECT $$x$$, \"Order 5\", -1.5e3",
                "SELECT ?, \"Order 5\", -?",
            ),
            ("SELECT 'cut off in the mid", "SELECT ?"),
            ("SELECT name'x'", "SELECT name?"),
            ("a\u{1b}[31m\u{202e}", "a\\e[?\\u{202e}"),
        ] {
            assert_eq!(shape(said), shown, "{said}");
        }
        assert!(shape(&"SELECT a, ".repeat(400)).chars().count() <= LONGEST);
    }

    proptest! {
        #[test]
        fn nothing_inside_a_literal_is_shown(secret in "[a-z0-9 '\\-/*$]{0,24}", before in "[a-z =(,]{0,12}") {
            let literal = format!("'zzq{}zzq'", secret.replace('\'', "''"));
            let shown = shape(&format!("{before} {literal} tail"));
            prop_assert!(!shown.contains("zzq"), "{}", shown);
            prop_assert!(shown.ends_with("? tail"), "{}", shown);
        }

        #[test]
        fn any_text_is_taken(text in any::<String>()) {
            let shown = shape(&text);
            prop_assert!(super::super::text::width(&shown) <= LONGEST);
        }
    }
}
