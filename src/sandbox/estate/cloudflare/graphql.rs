//! Reads queries of GraphQL (October 2021): one operation, fields with aliases and arguments, variables. Fragments and directives are
//! refused.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// A field that is asked for.
#[derive(Debug, PartialEq)]
pub struct Field {
    /// What it is to be called in the answer.
    pub alias: String,
    pub name: String,
    pub arguments: Map<String, Value>,
    /// Empty for a leaf.
    pub fields: Vec<Field>,
}

/// Reads a query; variables are put in.
///
/// # Errors
/// What is wrong with it, in words.
pub fn read(query: &str, variables: &Value) -> Result<Vec<Field>, String> {
    let mut reader = Reader {
        tokens: tokens(query)?,
        at: 0,
        variables,
        defaults: BTreeMap::new(),
        depth: 0,
    };
    reader.operation()
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Mark(char),
    Name(String),
    Number(serde_json::Number),
    Text(String),
}

fn tokens(query: &str) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut rest = query.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            _ if c.is_whitespace() || c == ',' || c == '\u{feff}' => {}
            '#' => while rest.next_if(|c| *c != '\n').is_some() {},
            '{' | '}' | '(' | ')' | '[' | ']' | ':' | '!' | '=' | '$' => found.push(Token::Mark(c)),
            '"' => found.push(Token::Text(text(&mut rest)?)),
            _ if c.is_ascii_alphabetic() || c == '_' => {
                let mut name = String::from(c);
                while let Some(c) = rest.next_if(|c| c.is_ascii_alphanumeric() || *c == '_') {
                    name.push(c);
                }
                found.push(Token::Name(name));
            }
            _ if c.is_ascii_digit() || c == '-' => {
                let mut number = String::from(c);
                while let Some(c) = rest.next_if(|c| c.is_ascii_digit() || "+-.eE".contains(*c)) {
                    number.push(c);
                }
                let read = number
                    .parse()
                    .map_err(|_| format!("{number} is no number"))?;
                found.push(Token::Number(read));
            }
            '.' | '@' => return Err("fragments and directives are not supported".into()),
            _ => return Err(format!("unexpected character {c:?}")),
        }
    }
    Ok(found)
}

fn text(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<String, String> {
    let mut read = String::new();
    while let Some(c) = rest.next() {
        match c {
            '"' => return Ok(read),
            '\n' => break,
            '\\' => match rest.next() {
                Some('n') => read.push('\n'),
                Some('t') => read.push('\t'),
                Some(c @ ('"' | '\\' | '/')) => read.push(c),
                _ => return Err("an escape in a string is not supported".into()),
            },
            c => read.push(c),
        }
    }
    Err("a string does not end".into())
}

/// How deep a query may go.
const DEEPEST: usize = 32;

struct Reader<'a> {
    tokens: Vec<Token>,
    at: usize,
    variables: &'a Value,
    defaults: BTreeMap<String, Value>,
    depth: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Result<Token, String> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token.ok_or_else(|| "unexpected end of the query".into())
    }

    fn take(&mut self, mark: char) -> bool {
        let is = self.tokens.get(self.at) == Some(&Token::Mark(mark));
        self.at += usize::from(is);
        is
    }

    fn expect(&mut self, mark: char) -> Result<(), String> {
        match self.next()? {
            Token::Mark(found) if found == mark => Ok(()),
            other => Err(format!("{mark:?} expected, found {other:?}")),
        }
    }

    fn name(&mut self) -> Result<String, String> {
        match self.next()? {
            Token::Name(name) => Ok(name),
            other => Err(format!("a name expected, found {other:?}")),
        }
    }

    fn operation(&mut self) -> Result<Vec<Field>, String> {
        if let Some(Token::Name(kind)) = self.tokens.get(self.at) {
            if kind != "query" {
                return Err(format!("only queries are supported, not {kind:?}"));
            }
            self.at += 1;
            if matches!(self.tokens.get(self.at), Some(Token::Name(_))) {
                self.at += 1;
            }
            if self.take('(') {
                while !self.take(')') {
                    self.variable()?;
                }
            }
        }
        let fields = self.fields()?;
        match self.tokens.get(self.at) {
            None => Ok(fields),
            Some(_) => Err("only one operation is supported".into()),
        }
    }

    fn variable(&mut self) -> Result<(), String> {
        self.expect('$')?;
        let name = self.name()?;
        self.expect(':')?;
        let needed = self.kind()?;
        if self.take('=') {
            let value = self.value()?;
            self.defaults.insert(name, value);
        } else if needed && self.variables.get(&name).is_none_or(Value::is_null) {
            return Err(format!("variable ${name} is required"));
        }
        Ok(())
    }

    /// A type; whether it must be given.
    fn kind(&mut self) -> Result<bool, String> {
        if self.take('[') {
            self.kind()?;
            self.expect(']')?;
        } else {
            self.name()?;
        }
        Ok(self.take('!'))
    }

    fn fields(&mut self) -> Result<Vec<Field>, String> {
        self.deeper()?;
        self.expect('{')?;
        let mut fields = Vec::new();
        while !self.take('}') {
            let first = self.name()?;
            let (alias, name) = if self.take(':') {
                (first, self.name()?)
            } else {
                (first.clone(), first)
            };
            let mut arguments = Map::new();
            if self.take('(') {
                while !self.take(')') {
                    let key = self.name()?;
                    self.expect(':')?;
                    arguments.insert(key, self.value()?);
                }
            }
            let nested = self.tokens.get(self.at) == Some(&Token::Mark('{'));
            let below = if nested { self.fields()? } else { Vec::new() };
            fields.push(Field {
                alias,
                name,
                arguments,
                fields: below,
            });
        }
        self.depth -= 1;
        if fields.is_empty() {
            return Err("an empty selection".into());
        }
        Ok(fields)
    }

    fn value(&mut self) -> Result<Value, String> {
        Ok(match self.next()? {
            Token::Text(text) => text.into(),
            Token::Number(number) => Value::Number(number),
            Token::Name(name) => match name.as_str() {
                "true" => true.into(),
                "false" => false.into(),
                "null" => Value::Null,
                // A word of an enumeration.
                _ => name.into(),
            },
            Token::Mark('$') => {
                let name = self.name()?;
                let given = self.variables.get(&name).or(self.defaults.get(&name));
                given.cloned().unwrap_or_default()
            }
            Token::Mark('[') => {
                self.deeper()?;
                let mut items = Vec::new();
                while !self.take(']') {
                    items.push(self.value()?);
                }
                self.depth -= 1;
                Value::Array(items)
            }
            Token::Mark('{') => {
                self.deeper()?;
                let mut members = Map::new();
                while !self.take('}') {
                    let key = self.name()?;
                    self.expect(':')?;
                    members.insert(key, self.value()?);
                }
                self.depth -= 1;
                Value::Object(members)
            }
            other => return Err(format!("a value expected, found {other:?}")),
        })
    }

    fn deeper(&mut self) -> Result<(), String> {
        self.depth += 1;
        match self.depth > DEEPEST {
            true => Err("the query is nested too deep".into()),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_query_is_read_with_its_variables() {
        let query = r#"query Traffic($zone: string!, $limit: uint64 = 3, $filter: F_InputObject) {
            viewer { zones(filter: {zoneTag: $zone}) { # one zone
                hours: httpRequests1hGroups(limit: $limit, filter: $filter, orderBy: [datetime_ASC]) { sum { requests } } } } }"#;
        let variables = json!({"zone": "z1", "filter": {"datetime_geq": "2026-01-01T00:00:00Z"}});
        let read = read(query, &variables).unwrap();
        let zones = &read[0].fields[0];
        assert_eq!(zones.arguments["filter"], json!({"zoneTag": "z1"}));
        let hours = &zones.fields[0];
        assert_eq!(
            (hours.alias.as_str(), hours.name.as_str()),
            ("hours", "httpRequests1hGroups")
        );
        assert_eq!(hours.arguments["limit"], 3);
        assert_eq!(hours.arguments["orderBy"], json!(["datetime_ASC"]));
        assert_eq!(hours.arguments["filter"], variables["filter"]);
        assert_eq!(hours.fields[0].fields[0].name, "requests");
    }

    #[test]
    fn what_is_no_query_is_refused_in_words() {
        for (query, why) in [
            ("", "end"),
            ("{ viewer { } }", "empty"),
            ("{ viewer ", "end"),
            ("mutation { a }", "only queries"),
            ("query ($zone: string!) { viewer }", "$zone is required"),
            ("{ viewer { ...Zone } }", "fragments"),
            ("{ viewer(a: \"b) }", "does not end"),
            ("{ a } { b }", "one operation"),
        ] {
            let said = read(query, &Value::Null).unwrap_err();
            assert!(said.contains(why), "{query}: {said}");
        }
        let deep = "{ a".repeat(5_000);
        assert!(read(&deep, &Value::Null).unwrap_err().contains("deep"));
    }
}
