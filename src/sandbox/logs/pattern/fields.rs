//! Space-delimited patterns: `[ip, user, ..., status = 4*, bytes > 1000]`.

use super::condition::{Condition, Found};
use crate::logs::scan::Scanner;

#[derive(Clone, Debug)]
struct Field(Option<Condition<String>>);

/// What the fields of a line must be.
#[derive(Clone, Debug)]
pub(super) struct Fields {
    head: Vec<Field>,
    /// The fields after `...`, which stands for any number of them.
    tail: Option<Vec<Field>>,
}

impl Fields {
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut scanner = Scanner::new(text);
        scanner.demand('[')?;
        let mut fields = Self {
            head: Vec::new(),
            tail: None,
        };
        loop {
            if scanner.take("...") {
                if fields.tail.replace(Vec::new()).is_some() {
                    return Err("'...' stands once at most".into());
                }
            } else {
                let field = field(&mut scanner)?;
                fields.tail.as_mut().unwrap_or(&mut fields.head).push(field);
            }
            if scanner.take("]") {
                break;
            }
            scanner.demand(',')?;
        }
        scanner.end()?;
        Ok(fields)
    }

    pub fn match_text(&self, message: &str) -> bool {
        let words = split(message);
        let hold = |fields: &[Field], words: &[&str]| {
            fields.iter().zip(words).all(|(field, word)| {
                let value = |_: &String| vec![Found::Text(word)];
                field.0.as_ref().is_none_or(|c| c.holds(&value))
            })
        };
        let Some((head, rest)) = words.split_at_checked(self.head.len()) else {
            return false;
        };
        match &self.tail {
            None => rest.is_empty() && hold(&self.head, head),
            Some(tail) => rest
                .len()
                .checked_sub(tail.len())
                .and_then(|skip| rest.get(skip..))
                .is_some_and(|end| hold(&self.head, head) && hold(tail, end)),
        }
    }
}

/// A name, with a condition on it or without; the name counts for nothing but reading.
fn field(scanner: &mut Scanner<'_>) -> Result<Field, String> {
    if scanner.peek() != Some('(') {
        let mut ahead = scanner.fork();
        name(&mut ahead)?;
        if matches!(ahead.peek(), Some(',' | ']')) {
            name(scanner)?;
            return Ok(Field(None));
        }
    }
    Condition::parse(scanner, name).map(|c| Field(Some(c)))
}

fn name(scanner: &mut Scanner<'_>) -> Result<String, String> {
    scanner.peek();
    let belongs = |c: char| c.is_alphanumeric() || "_-.*/".contains(c);
    match scanner.leading(belongs) {
        "" => Err(format!("expected a field's name at {}", scanner.here())),
        name => Ok(name.to_owned()),
    }
}

/// The fields of a line: words, and what stands in quotes or in brackets.
fn split(message: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = message.trim_start();
    while let Some(first) = rest.chars().next() {
        let close = match first {
            '"' => Some('"'),
            '[' => Some(']'),
            _ => None,
        };
        let inner = rest.get(first.len_utf8()..).unwrap_or_default();
        let (word, after) = match close.and_then(|c| inner.split_once(c)) {
            Some(pair) => pair,
            None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        words.push(word);
        rest = after.trim_start();
    }
    words
}
