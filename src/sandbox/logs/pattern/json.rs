//! Paths into JSON: `$.a.b[0]`, `$.list[*].name`, `$['with space']`.

use serde_json::Value;

use super::condition::Found;
use crate::logs::scan::Scanner;

/// Steps that a path may have.
const STEPS: usize = 32;

/// A path from the root of an event.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Path(Vec<Step>);

#[derive(Clone, Debug, PartialEq)]
enum Step {
    Member(String),
    Item(usize),
    Every,
}

impl Path {
    /// Reads a path that begins with `$`.
    pub fn parse(scanner: &mut Scanner<'_>) -> Result<Self, String> {
        if !scanner.take("$") {
            return Err(format!(
                "expected a property such as $.level at {}",
                scanner.here()
            ));
        }
        let mut steps = Vec::new();
        loop {
            match scanner.touching() {
                Some('.') => {
                    scanner.take(".");
                    match scanner.touching() {
                        Some('[') => continue,
                        Some('"') => {
                            scanner.take("\"");
                            steps.push(Step::Member(scanner.quoted('"')?));
                        }
                        _ => steps.push(member(scanner)?),
                    }
                }
                Some('[') => {
                    scanner.take("[");
                    steps.push(bracket(scanner)?);
                    scanner.demand(']')?;
                }
                _ => break,
            }
        }
        match steps.len() {
            0 => Err("a property is named after $, such as $.level".into()),
            1..=STEPS => Ok(Self(steps)),
            _ => Err("a property's path is too long".into()),
        }
    }

    /// All values that it leads to.
    pub fn values<'v>(&self, event: &'v Value) -> Vec<Found<'v>> {
        let mut at = vec![event];
        for step in &self.0 {
            at = at.into_iter().flat_map(|v| step.from(v)).collect();
        }
        at.into_iter().map(Found::Json).collect()
    }
}

impl Step {
    fn from<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        match (self, value) {
            (Self::Member(name), Value::Object(members)) => members.get(name).into_iter().collect(),
            (Self::Item(at), Value::Array(items)) => items.get(*at).into_iter().collect(),
            (Self::Every, Value::Array(items)) => items.iter().collect(),
            (Self::Every, Value::Object(members)) => members.values().collect(),
            _ => Vec::new(),
        }
    }
}

fn member(scanner: &mut Scanner<'_>) -> Result<Step, String> {
    let ends = |c: char| c.is_whitespace() || ".[](){},|&=<>!\"%".contains(c);
    match scanner.leading(|c| !ends(c)) {
        "" => Err(format!("expected a property's name at {}", scanner.here())),
        "*" => Ok(Step::Every),
        name => Ok(Step::Member(name.to_owned())),
    }
}

fn bracket(scanner: &mut Scanner<'_>) -> Result<Step, String> {
    match scanner.peek() {
        Some(quote @ ('"' | '\'')) => {
            scanner.demand(quote)?;
            scanner.quoted(quote).map(Step::Member)
        }
        Some('*') => {
            scanner.take("*");
            Ok(Step::Every)
        }
        _ => {
            let digits = scanner.leading(|c| c.is_ascii_digit());
            let at = digits.parse().map(Step::Item);
            at.map_err(|_| format!("expected a place in an array at {}", scanner.here()))
        }
    }
}
