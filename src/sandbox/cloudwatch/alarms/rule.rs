//! Rules of composite alarms: `ALARM("a") AND (OK(b) OR NOT INSUFFICIENT_DATA("c"))`.

use super::spec::State;

/// How deep rules may nest.
const DEEPEST: usize = 32;
/// Longest rule that the vendor takes.
const LONGEST: usize = 10_240;

/// A composite alarm's rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    text: String,
    test: Test,
}

#[derive(Clone, Debug, PartialEq)]
enum Test {
    Is(State, String),
    Constant(bool),
    Not(Box<Test>),
    All(Vec<Test>),
    Any(Vec<Test>),
}

impl Rule {
    /// Reads a rule.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("The rule is longer than {LONGEST} characters."));
        }
        let mut parser = Parser { rest: text };
        let test = parser.any(0)?;
        match parser.rest.trim() {
            "" => Ok(Self {
                text: text.to_owned(),
                test,
            }),
            rest => Err(format!("Unexpected text in the rule: '{rest}'.")),
        }
    }

    /// As written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it holds. An alarm that does not exist is in no state.
    pub fn holds(&self, state: &impl Fn(&str) -> Option<State>) -> bool {
        self.test.holds(state)
    }

    /// Names (or ARNs) of the alarms that it rests on.
    pub fn children(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.test.names(&mut names);
        names
    }
}

impl Test {
    fn holds(&self, state: &impl Fn(&str) -> Option<State>) -> bool {
        match self {
            Self::Is(wanted, name) => state(name) == Some(*wanted),
            Self::Constant(b) => *b,
            Self::Not(inner) => !inner.holds(state),
            Self::All(parts) => parts.iter().all(|p| p.holds(state)),
            Self::Any(parts) => parts.iter().any(|p| p.holds(state)),
        }
    }

    fn names<'a>(&'a self, into: &mut Vec<&'a str>) {
        match self {
            Self::Is(_, name) => into.push(name),
            Self::Constant(_) => {}
            Self::Not(inner) => inner.names(into),
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|p| p.names(into)),
        }
    }
}

struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    /// A word of the grammar, in any case, that no letter follows.
    fn word(&mut self, word: &str) -> bool {
        let rest = self.rest.trim_start();
        let Some((head, after)) = rest.split_at_checked(word.len()) else {
            return false;
        };
        let ends = !after.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        if head.eq_ignore_ascii_case(word) && ends {
            self.rest = after;
        }
        head.eq_ignore_ascii_case(word) && ends
    }

    fn sign(&mut self, sign: char) -> bool {
        match self.rest.trim_start().strip_prefix(sign) {
            Some(after) => {
                self.rest = after;
                true
            }
            None => false,
        }
    }

    fn any(&mut self, depth: usize) -> Result<Test, String> {
        let mut parts = vec![self.all(depth)?];
        while self.word("OR") {
            parts.push(self.all(depth)?);
        }
        Ok(single(parts, Test::Any))
    }

    fn all(&mut self, depth: usize) -> Result<Test, String> {
        let mut parts = vec![self.part(depth)?];
        while self.word("AND") {
            parts.push(self.part(depth)?);
        }
        Ok(single(parts, Test::All))
    }

    fn part(&mut self, depth: usize) -> Result<Test, String> {
        if depth > DEEPEST {
            return Err("The rule nests too deeply.".into());
        }
        if self.word("NOT") {
            return Ok(Test::Not(Box::new(self.part(depth + 1)?)));
        }
        if self.sign('(') {
            let inner = self.any(depth + 1)?;
            return if self.sign(')') {
                Ok(inner)
            } else {
                Err("A parenthesis is not closed.".into())
            };
        }
        if self.word("TRUE") {
            return Ok(Test::Constant(true));
        }
        if self.word("FALSE") {
            return Ok(Test::Constant(false));
        }
        for state in [State::InsufficientData, State::Alarm, State::Ok] {
            if self.word(state.as_str()) {
                return Ok(Test::Is(state, self.name()?));
            }
        }
        let here: String = self.rest.trim_start().chars().take(20).collect();
        Err(format!(
            "Expected ALARM, OK, INSUFFICIENT_DATA, TRUE, FALSE, NOT or '(' at '{here}'."
        ))
    }

    /// `("name")` or `(name)`.
    fn name(&mut self) -> Result<String, String> {
        let unclosed = "An alarm's name is not closed by ')'.";
        if !self.sign('(') {
            return Err("A state is followed by an alarm's name in parentheses.".into());
        }
        let name: &'a str = if self.sign('"') {
            let (name, after) = self.rest.split_once('"').ok_or(unclosed)?;
            self.rest = after;
            if !self.sign(')') {
                return Err(unclosed.into());
            }
            name
        } else {
            let (name, after) = self.rest.split_once(')').ok_or(unclosed)?;
            self.rest = after;
            name.trim()
        };
        if name.is_empty() {
            return Err("An alarm's name is empty.".into());
        }
        Ok(name.to_owned())
    }
}

fn single(mut parts: Vec<Test>, several: fn(Vec<Test>) -> Test) -> Test {
    match (parts.len(), parts.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            parts.extend(last);
            several(parts)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(rule: &str) -> bool {
        let state = |name: &str| match name {
            "a" => Some(State::Alarm),
            "o" => Some(State::Ok),
            _ => None,
        };
        Rule::parse(rule).unwrap().holds(&state)
    }

    #[test]
    fn and_binds_tighter_than_or_and_not_tightest() {
        assert!(holds("ALARM(\"a\") OR ALARM(o) AND FALSE"));
        assert!(!holds("(ALARM(a) OR ALARM(o)) AND FALSE"));
        assert!(holds("NOT ALARM(o) and OK ( \"o\" )"));
        assert!(!holds("ALARM(missing) OR INSUFFICIENT_DATA(missing)"));
    }

    #[test]
    fn the_alarms_below_are_known() {
        let rule = Rule::parse("ALARM(\"x y\") AND NOT (OK(b) OR TRUE)").unwrap();
        assert_eq!(rule.children(), ["x y", "b"]);
    }

    #[test]
    fn mistakes_are_refused() {
        for rule in [
            "",
            "ALARM",
            "ALARM()",
            "ALARM(a",
            "(TRUE",
            "TRUE FALSE",
            "MAYBE(a)",
            "é",
        ] {
            assert!(Rule::parse(rule).is_err(), "{rule}");
        }
        assert!(Rule::parse(&"NOT ".repeat(500)).is_err());
        assert!(Rule::parse(&"(".repeat(5000)).is_err());
    }
}
