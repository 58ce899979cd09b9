//! Reads TOML against the [`schema`](super::schema): typed values, and every mistake with its place.

use std::ops::Range;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::mistake::{MOST, Mistake, place, suggest};
use super::schema::{Key, Kind, Section};
use crate::domain::order::Ordered;
use crate::domain::redact;
use crate::domain::text::{inert, is_inert};

/// Collects mistakes while a source is read.
#[derive(Debug)]
pub struct Judge<'s> {
    source: &'s str,
    /// What was found so far.
    pub mistakes: Vec<Mistake>,
}

impl<'s> Judge<'s> {
    /// A judge of one file's text.
    pub fn new(source: &'s str) -> Self {
        Self {
            source,
            mistakes: Vec::new(),
        }
    }

    /// Notes a mistake at a byte range.
    pub fn note(&mut self, at: Range<usize>, what: impl Into<String>, expected: impl Into<String>) {
        if self.is_full() {
            return;
        }
        let (line, column) = place(self.source, at.start);
        self.mistakes.push(Mistake {
            line,
            column,
            what: what.into(),
            expected: expected.into(),
        });
    }

    /// Whether so much is wrong that the rest is not looked at.
    pub fn is_full(&self) -> bool {
        self.mistakes.len() >= MOST
    }

    /// Every mistake, in the order of the file; behind the last of them how much of the file was not looked at, where there were too many.
    pub fn told(mut self) -> Vec<Mistake> {
        let is_full = self.is_full();
        self.mistakes.order_by_key(|m| (m.line, m.column));
        if let Some(last) = self.mistakes.last().filter(|_| is_full) {
            let more = self.source.lines().count().saturating_sub(last.line);
            let (line, column) = (last.line, last.column);
            self.mistakes.push(Mistake {
                line,
                column,
                what: format!(
                    "{MOST} mistakes are too many: the {more} lines behind line {line} were not looked at"
                ),
                expected: "a file whose mistakes are mended first".into(),
            });
        }
        self.mistakes
    }

    /// Checks a table's keys and the kinds of their values, all the way down.
    pub fn check(&mut self, table: &DeTable<'_>, section: &'static Section, path: &str) {
        for (name, value) in table {
            if self.is_full() {
                return;
            }
            match section.key(name.get_ref()) {
                Some(key) => self.check_value(value, key, path),
                None => self.unknown(name, section, path),
            }
        }
    }

    fn check_value(&mut self, value: &Spanned<DeValue<'_>>, key: &'static Key, path: &str) {
        let inner = child(path, key.name);
        match (key.kind, value.get_ref()) {
            (Kind::Section(section), DeValue::Table(t)) => self.check(t, section, &inner),
            (Kind::List(section), DeValue::Array(rows)) => {
                for row in rows {
                    match row.get_ref() {
                        DeValue::Table(t) => self.check(t, section, &inner),
                        _ => self.wrong(row, key, path),
                    }
                }
            }
            (Kind::Environments, DeValue::Table(t)) => {
                for (name, row) in t {
                    self.environment_name(name.get_ref(), name.span());
                    match row.get_ref() {
                        DeValue::Table(row) => {
                            let path = child(&inner, &key_shown(name.get_ref()));
                            self.check(row, &super::schema::ENVIRONMENT, &path);
                        }
                        _ => self.wrong(row, key, path),
                    }
                }
            }
            (Kind::Section(_) | Kind::List(_) | Kind::Environments, _) => {
                self.wrong(value, key, path)
            }
            (kind, _) => {
                if !fits(kind, value.get_ref()) {
                    self.wrong(value, key, path);
                }
            }
        }
    }

    /// Notes an environment's name that nobody can type: in production it is what confirms.
    pub fn environment_name(&mut self, name: &str, at: Range<usize>) {
        if can_be_typed(name) {
            return;
        }
        self.note(
            at,
            format!("the environment's name \"{}\" cannot be typed", key_shown(name)),
            "a name without blanks at its ends and without characters that nobody sees: in production it is typed to confirm",
        );
    }

    fn wrong(&mut self, value: &Spanned<DeValue<'_>>, key: &Key, path: &str) {
        self.note(
            value.span(),
            format!("{} {} {}", key.name, place_of(path), got(value.get_ref())),
            key.kind.expects(),
        );
    }

    fn unknown(
        &mut self,
        name: &Spanned<std::borrow::Cow<'_, str>>,
        section: &'static Section,
        path: &str,
    ) {
        let word = key_shown(name.get_ref());
        if looks_secret(name.get_ref()) {
            self.note(
                name.span(),
                format!("\"{word}\" {} looks like a secret", place_of(path)),
                "no secrets in this file: AWS credentials come from the ordinary chain (AWS_PROFILE, ~/.aws, SSO, a role)",
            );
            return;
        }
        let names = || section.keys.iter().map(|k| k.name);
        let hint = suggest(&word, names())
            .map(|n| format!("; did you mean \"{n}\"?"))
            .unwrap_or_default();
        self.note(
            name.span(),
            format!("unknown key \"{word}\" {}{hint}", place_of(path)),
            format!("one of: {}", names().collect::<Vec<_>>().join(", ")),
        );
    }
}

/// Whether a name can be typed as it is seen.
fn can_be_typed(name: &str) -> bool {
    let seen = |c: char| is_inert(c) && (c == ' ' || !c.is_whitespace());
    !name.is_empty() && name.trim() == name && name.chars().all(seen)
}

/// A key as it may be shown: of one that may be a secret itself, written where a name was meant, not more than its first characters.
pub fn key_shown(name: &str) -> String {
    const FIRST: usize = 4;
    const LONGEST: usize = 32;
    let name = inert(name);
    let is_long = name.chars().count() > LONGEST;
    if redact::begins_as_token(&name) || redact::text(&name) != name || is_long {
        let first: String = name.chars().take(FIRST).collect();
        return format!("{first}…");
    }
    name
}

/// Words that mark a key as a secret's; such a value is never read, shown or kept.
fn looks_secret(name: &str) -> bool {
    let name = name.to_lowercase().replace(['-', '_'], "");
    [
        "secret",
        "password",
        "passwd",
        "token",
        "apikey",
        "accesskey",
        "privatekey",
        "credential",
    ]
    .iter()
    .any(|w| name.contains(w))
}

fn child(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

fn place_of(path: &str) -> String {
    if path.is_empty() {
        "at the top of the file".into()
    } else {
        format!("in [{path}]")
    }
}

fn got(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(s) if s.chars().count() <= 60 => {
            format!("is \"{}\"", inert(&redact::text(s)))
        }
        DeValue::String(_) => "is a long string".into(),
        DeValue::Integer(n) => format!("is {n}"),
        DeValue::Float(n) => format!("is {n}"),
        DeValue::Boolean(b) => format!("is {b}"),
        DeValue::Datetime(_) => "is a date".into(),
        DeValue::Array(_) => "is an array".into(),
        DeValue::Table(_) => "is a section".into(),
    }
}

fn fits(kind: Kind, value: &DeValue<'_>) -> bool {
    match kind {
        Kind::Text | Kind::Path => text(value).is_some_and(|s| !s.is_empty()),
        Kind::Switch => switch(value).is_some(),
        Kind::Whole(from, to) => whole(value).is_some_and(|n| (from..=to).contains(&n)),
        Kind::Number(from, to) => {
            number(value).is_some_and(|n| (from as f64..=to as f64).contains(&n))
        }
        Kind::Duration => text(value).and_then(duration).is_some(),
        Kind::Url => text(value).is_some_and(|s| is_url(s, &["http://", "https://"])),
        Kind::HttpsUrl => text(value).is_some_and(|s| is_url(s, &["https://"])),
        Kind::Server(schemes) => text(value).is_some_and(|s| is_server(s, schemes)),
        Kind::Socket => text(value).is_some_and(|s| s.parse::<std::net::SocketAddr>().is_ok()),
        Kind::Date => date(value).is_some(),
        Kind::Texts => texts(value).is_some(),
        Kind::Section(_) | Kind::List(_) | Kind::Environments => false,
    }
}

/// A server's URL; a user may stand in it, a password may not: files are read by many.
fn is_server(text: &str, schemes: &[&str]) -> bool {
    let Some(rest) = schemes.iter().find_map(|s| text.strip_prefix(s)) else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let is_secret = rest.to_ascii_lowercase().contains("password=") || user.contains(':');
    !host.is_empty() && !is_secret && !text.contains(char::is_whitespace)
}

fn is_url(text: &str, schemes: &[&str]) -> bool {
    schemes.iter().any(|s| text.starts_with(s))
        && text.parse::<http::Uri>().is_ok_and(|uri| {
            uri.authority()
                .is_some_and(|a| !a.host().is_empty() && !a.as_str().contains('@'))
        })
}

/// A string.
pub fn text<'a>(value: &'a DeValue<'_>) -> Option<&'a str> {
    match value {
        DeValue::String(s) => Some(s.as_ref()),
        _ => None,
    }
}

/// A switch.
pub fn switch(value: &DeValue<'_>) -> Option<bool> {
    match value {
        DeValue::Boolean(b) => Some(*b),
        _ => None,
    }
}

/// A day without a time.
pub fn date(value: &DeValue<'_>) -> Option<jiff::civil::Date> {
    match value {
        DeValue::Datetime(d) if d.time.is_none() && d.offset.is_none() => {
            let d = d.date?;
            let year = i16::try_from(d.year).ok()?;
            let month = i8::try_from(d.month).ok()?;
            jiff::civil::Date::new(year, month, i8::try_from(d.day).ok()?).ok()
        }
        _ => None,
    }
}

/// A whole number.
pub fn whole(value: &DeValue<'_>) -> Option<i64> {
    match value {
        DeValue::Integer(n) => i64::from_str_radix(n.as_str(), n.radix()).ok(),
        _ => None,
    }
}

/// A number with or without a fraction.
pub fn number(value: &DeValue<'_>) -> Option<f64> {
    match value {
        DeValue::Float(n) => n.as_str().parse().ok().filter(|n: &f64| n.is_finite()),
        other => whole(other).map(|n| n as f64),
    }
}

/// An array of strings.
pub fn texts(value: &DeValue<'_>) -> Option<Vec<String>> {
    match value {
        DeValue::Array(rows) => rows
            .iter()
            .map(|row| text(row.get_ref()).map(str::to_owned))
            .collect(),
        _ => None,
    }
}

/// Reads `250ms`, `30s`, `5m`, `1h`, `2d`; never zero.
pub fn duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (count, unit) = text.split_at_checked(digits)?;
    let count: u64 = count.parse().ok()?;
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    let total = count.checked_mul(millis)?;
    (total > 0).then(|| Duration::from_millis(total))
}
