//! Filter patterns (CloudWatch Logs user guide, "Filter pattern syntax"): unstructured terms, JSON, space-delimited fields.

mod condition;
mod fields;
mod json;
mod terms;

use super::scan::Scanner;
use condition::Condition;
use fields::Fields;
use json::Path;
use serde_json::Value;
use terms::Terms;

/// Longest pattern that the vendor takes, in characters.
const LONGEST: usize = 1024;

/// A filter pattern.
#[derive(Clone, Debug)]
pub struct Pattern(Kind);

#[derive(Clone, Debug)]
enum Kind {
    All,
    Terms(Terms),
    Json(Condition<Path>),
    Fields(Fields),
}

impl Pattern {
    /// Reads a pattern; an empty one matches every event.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.chars().count() > LONGEST {
            return Err(format!("it is longer than {LONGEST} characters"));
        }
        let text = text.trim();
        let kind = if text.is_empty() {
            Kind::All
        } else if text.starts_with('{') {
            let mut scanner = Scanner::new(text);
            scanner.demand('{')?;
            let condition = Condition::parse(&mut scanner, Path::parse)?;
            scanner.demand('}')?;
            scanner.end()?;
            Kind::Json(condition)
        } else if text.starts_with('[') {
            Kind::Fields(Fields::parse(text)?)
        } else {
            Kind::Terms(Terms::parse(text)?)
        };
        Ok(Self(kind))
    }

    /// Whether an event's text matches.
    pub fn matches(&self, message: &str) -> bool {
        match &self.0 {
            Kind::All => true,
            Kind::Terms(terms) => terms.match_text(message),
            Kind::Fields(fields) => fields.match_text(message),
            Kind::Json(condition) => {
                if !message.trim_start().starts_with('{') {
                    return false;
                }
                serde_json::from_str::<Value>(message)
                    .is_ok_and(|event| condition.holds(&|path: &Path| path.values(&event)))
            }
        }
    }
}

#[cfg(test)]
mod tests;
