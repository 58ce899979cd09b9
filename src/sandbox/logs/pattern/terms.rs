//! Unstructured patterns: `ERROR "exact phrase" -excluded`, `?ERROR ?WARN`, `%regular expression%`.

use regex_lite::Regex;

use crate::logs::scan::Scanner;

#[derive(Clone, Debug)]
enum Term {
    Text(String),
    Regex(Regex),
}

impl Term {
    fn is_in(&self, message: &str) -> bool {
        match self {
            Self::Text(text) => message.contains(text.as_str()),
            Self::Regex(regex) => regex.is_match(message),
        }
    }
}

/// Terms that an event's text must hold, may hold, or must not hold.
#[derive(Clone, Debug, Default)]
pub(super) struct Terms {
    all: Vec<Term>,
    any: Vec<Term>,
    none: Vec<Term>,
}

impl Terms {
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut terms = Self::default();
        let mut scanner = Scanner::new(text);
        while scanner.peek().is_some() {
            let list = if scanner.take("-") {
                &mut terms.none
            } else if scanner.take("?") {
                &mut terms.any
            } else {
                &mut terms.all
            };
            list.push(term(&mut scanner)?);
        }
        Ok(terms)
    }

    /// Terms are case-sensitive. As documented, optional terms count only where there are no others.
    pub fn match_text(&self, message: &str) -> bool {
        if self.none.iter().any(|t| t.is_in(message)) {
            return false;
        }
        if self.all.is_empty() && self.none.is_empty() {
            return self.any.iter().any(|t| t.is_in(message));
        }
        self.all.iter().all(|t| t.is_in(message))
    }
}

fn term(scanner: &mut Scanner<'_>) -> Result<Term, String> {
    match scanner.touching() {
        Some('"') => {
            scanner.take("\"");
            scanner.quoted('"').map(Term::Text)
        }
        Some('%') => {
            scanner.take("%");
            scanner.regex().map(Term::Regex)
        }
        _ => {
            let word = scanner.leading(|c| !c.is_whitespace());
            if word.is_empty() {
                return Err("a term is empty".into());
            }
            // As the vendor: other characters need quotes.
            if !word.chars().all(|c| c.is_alphanumeric() || c == '_') {
                return Err(format!(
                    "Invalid character(s) in term '{word}': put it in double quotes"
                ));
            }
            Ok(Term::Text(word.to_owned()))
        }
    }
}
