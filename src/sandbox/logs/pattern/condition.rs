//! Conditions of structured patterns: `a = 1 && (b != x* || c > 2)`.

use regex_lite::Regex;
use serde_json::Value;

use crate::logs::scan::Scanner;

/// How deep conditions may nest.
const DEEPEST: usize = 32;

/// A condition on whatever a subject `S` names.
#[derive(Clone, Debug)]
pub(super) enum Condition<S> {
    Test(S, Check),
    All(Vec<Condition<S>>),
    Any(Vec<Condition<S>>),
}

/// What is asked of one subject.
#[derive(Clone, Debug)]
pub(super) enum Check {
    Equal(Operand),
    Unequal(Operand),
    Less(f64),
    LessOrEqual(f64),
    Greater(f64),
    GreaterOrEqual(f64),
    IsNull,
    IsTrue,
    IsFalse,
    NotExists,
    Exists,
}

#[derive(Clone, Debug)]
pub(super) enum Operand {
    Number(f64),
    /// Text; `*` stands for anything.
    Text(String),
    Regex(Regex),
}

impl<S> Condition<S> {
    pub fn parse<'a>(
        scanner: &mut Scanner<'a>,
        subject: fn(&mut Scanner<'a>) -> Result<S, String>,
    ) -> Result<Self, String> {
        Self::any(scanner, subject, 0)
    }

    fn any<'a>(
        scanner: &mut Scanner<'a>,
        subject: fn(&mut Scanner<'a>) -> Result<S, String>,
        depth: usize,
    ) -> Result<Self, String> {
        let mut parts = vec![Self::all(scanner, subject, depth)?];
        while scanner.take("||") {
            parts.push(Self::all(scanner, subject, depth)?);
        }
        Ok(Self::Any(parts))
    }

    fn all<'a>(
        scanner: &mut Scanner<'a>,
        subject: fn(&mut Scanner<'a>) -> Result<S, String>,
        depth: usize,
    ) -> Result<Self, String> {
        let mut parts = vec![Self::one(scanner, subject, depth)?];
        while scanner.take("&&") {
            parts.push(Self::one(scanner, subject, depth)?);
        }
        Ok(Self::All(parts))
    }

    fn one<'a>(
        scanner: &mut Scanner<'a>,
        subject: fn(&mut Scanner<'a>) -> Result<S, String>,
        depth: usize,
    ) -> Result<Self, String> {
        if depth > DEEPEST {
            return Err("it nests too deeply".into());
        }
        if scanner.take("(") {
            let inner = Self::any(scanner, subject, depth + 1)?;
            scanner.demand(')')?;
            return Ok(inner);
        }
        let subject = subject(scanner)?;
        Ok(Self::Test(subject, Check::parse(scanner)?))
    }

    /// Whether it holds, given the values of subjects (several where a wildcard stands for many).
    pub fn holds<'v>(&self, values: &impl Fn(&S) -> Vec<Found<'v>>) -> bool {
        match self {
            Self::Test(subject, check) => check.holds(&values(subject)),
            Self::All(parts) => parts.iter().all(|p| p.holds(values)),
            Self::Any(parts) => parts.iter().any(|p| p.holds(values)),
        }
    }
}

/// A value that a subject has.
#[derive(Clone, Copy, Debug)]
pub(super) enum Found<'v> {
    /// In JSON, with its type.
    Json(&'v Value),
    /// In a line of text, where a number is as good as its digits.
    Text(&'v str),
}

impl Found<'_> {
    fn number(self) -> Option<f64> {
        match self {
            Self::Json(value) => value.as_f64(),
            Self::Text(text) => text.parse().ok(),
        }
    }

    fn with_text<T>(self, f: impl Fn(&str) -> T) -> Option<T> {
        match self {
            Self::Json(Value::String(s)) => Some(f(s)),
            Self::Json(scalar @ (Value::Number(_) | Value::Bool(_))) => {
                Some(f(&scalar.to_string()))
            }
            Self::Json(_) => None,
            Self::Text(text) => Some(f(text)),
        }
    }
}

impl Check {
    fn parse(scanner: &mut Scanner<'_>) -> Result<Self, String> {
        if scanner.word("IS") {
            return if scanner.word("NULL") {
                Ok(Self::IsNull)
            } else if scanner.word("TRUE") {
                Ok(Self::IsTrue)
            } else if scanner.word("FALSE") {
                Ok(Self::IsFalse)
            } else {
                Err(format!(
                    "expected NULL, TRUE or FALSE at {}",
                    scanner.here()
                ))
            };
        }
        if scanner.word("NOT") {
            return if scanner.word("EXISTS") {
                Ok(Self::NotExists)
            } else {
                Err(format!("expected EXISTS at {}", scanner.here()))
            };
        }
        if scanner.word("EXISTS") {
            return Ok(Self::Exists);
        }
        // Longer signs first.
        for sign in ["!=", "<=", ">=", "=", "<", ">"] {
            if scanner.take(sign) {
                return Self::compare(sign, operand(scanner)?);
            }
        }
        Err(format!("expected a comparison at {}", scanner.here()))
    }

    fn compare(sign: &str, operand: Operand) -> Result<Self, String> {
        let number = match &operand {
            Operand::Number(n) => Ok(*n),
            _ => Err(format!("'{sign}' compares numbers alone")),
        };
        Ok(match sign {
            "=" => Self::Equal(operand),
            "!=" => Self::Unequal(operand),
            "<" => Self::Less(number?),
            "<=" => Self::LessOrEqual(number?),
            ">" => Self::Greater(number?),
            _ => Self::GreaterOrEqual(number?),
        })
    }

    /// A comparison holds for no value that is not there, not even an unequal one.
    fn holds(&self, found: &[Found<'_>]) -> bool {
        let any = |f: &dyn Fn(Found<'_>) -> bool| found.iter().any(|v| f(*v));
        let number = |f: &dyn Fn(f64) -> bool| any(&|v| v.number().is_some_and(f));
        let json = |wanted: Value| any(&|v| matches!(v, Found::Json(j) if *j == wanted));
        match self {
            Self::Equal(o) => any(&|v| o.equals(v)),
            Self::Unequal(o) => any(&|v| !o.equals(v)),
            Self::Less(n) => number(&|v| v < *n),
            Self::LessOrEqual(n) => number(&|v| v <= *n),
            Self::Greater(n) => number(&|v| v > *n),
            Self::GreaterOrEqual(n) => number(&|v| v >= *n),
            Self::IsNull => json(Value::Null),
            Self::IsTrue => json(Value::Bool(true)),
            Self::IsFalse => json(Value::Bool(false)),
            Self::NotExists => found.is_empty(),
            Self::Exists => !found.is_empty(),
        }
    }
}

impl Operand {
    fn equals(&self, found: Found<'_>) -> bool {
        match self {
            Self::Number(n) => found.number() == Some(*n),
            Self::Text(pattern) => found.with_text(|t| like(pattern, t)).unwrap_or(false),
            Self::Regex(regex) => found.with_text(|t| regex.is_match(t)).unwrap_or(false),
        }
    }
}

fn operand(scanner: &mut Scanner<'_>) -> Result<Operand, String> {
    match scanner.peek() {
        Some('"') => {
            scanner.take("\"");
            scanner.quoted('"').map(Operand::Text)
        }
        Some('%') => {
            scanner.take("%");
            scanner.regex().map(Operand::Regex)
        }
        _ => {
            let ends = |c: char| c.is_whitespace() || "(){}[],|&=<>!\"%".contains(c);
            let word = scanner.leading(|c| !ends(c));
            if word.is_empty() {
                return Err(format!("expected a value at {}", scanner.here()));
            }
            let number = word.parse::<f64>().ok().filter(|n| n.is_finite());
            Ok(number.map_or_else(|| Operand::Text(word.to_owned()), Operand::Number))
        }
    }
}

/// Whether a text is like a pattern in which `*` stands for anything.
pub(super) fn like(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    true
}
