//! `SEARCH` (CloudWatch user guide, "Use search expressions in graphs"): which metrics a search means.

use super::store::MetricKey;

/// How deep conditions may nest.
const DEEPEST: usize = 32;

/// A search.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Search {
    /// Namespace and dimensions, where it begins with a schema.
    schema: Option<(String, Vec<String>)>,
    test: Option<Test>,
}

#[derive(Clone, Debug, PartialEq)]
enum Test {
    All(Vec<Test>),
    Any(Vec<Test>),
    Not(Box<Test>),
    /// Property (none: any), value, whether it must be the whole of it.
    Term(Option<String>, String, bool),
}

impl Search {
    /// Reads a search.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut rest = text.trim();
        let mut schema = None;
        if let Some(after) = rest.strip_prefix('{') {
            let (inside, behind) = after
                .split_once('}')
                .ok_or("the schema does not end with }")?;
            let mut words = inside
                .split(',')
                .map(|w| w.trim().trim_matches('"').to_owned());
            let namespace = words.next().filter(|n| !n.is_empty());
            let mut dims: Vec<String> = words.collect();
            dims.sort();
            schema = Some((namespace.ok_or("the schema names no namespace")?, dims));
            rest = behind.trim();
        }
        let tokens = tokens(rest)?;
        let mut reader = Reader {
            tokens: &tokens,
            at: 0,
        };
        let test = match tokens.is_empty() {
            true => None,
            false => Some(reader.any(0)?),
        };
        if reader.at < tokens.len() {
            return Err("the search has a ) too many".into());
        }
        if schema.is_none() && test.is_none() {
            return Err("the search is empty".into());
        }
        Ok(Self { schema, test })
    }

    /// Whether it means a metric.
    pub fn finds(&self, key: &MetricKey) -> bool {
        let in_schema = self.schema.as_ref().is_none_or(|(namespace, dims)| {
            &key.namespace == namespace
                && key.dims.len() == dims.len()
                && key.dims.iter().zip(dims).all(|((n, _), d)| n == d)
        });
        in_schema && self.test.as_ref().is_none_or(|t| t.holds(key))
    }
}

impl Test {
    fn holds(&self, key: &MetricKey) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|t| t.holds(key)),
            Self::Any(parts) => parts.iter().any(|t| t.holds(key)),
            Self::Not(inner) => !inner.holds(key),
            Self::Term(property, value, whole) => {
                let is = |text: &str| match whole {
                    true => text == value,
                    false => text.to_lowercase().contains(&value.to_lowercase()),
                };
                match property.as_deref() {
                    Some("Namespace") => is(&key.namespace),
                    Some("MetricName") => is(&key.name),
                    Some(name) => key.dims.iter().any(|(n, v)| n == name && is(v)),
                    None => {
                        is(&key.namespace)
                            || is(&key.name)
                            || key.dims.iter().any(|(n, v)| is(n) || is(v))
                    }
                }
            }
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Open,
    Close,
    Equals,
    Word(String),
    Quoted(String),
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut all = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '(' | ')' | '=' => {
                all.push(match first {
                    '(' => Token::Open,
                    ')' => Token::Close,
                    _ => Token::Equals,
                });
                1
            }
            '"' => {
                let inside = rest.get(1..).unwrap_or_default();
                let end = inside.find('"').ok_or("a quoted term does not end")?;
                all.push(Token::Quoted(
                    inside.get(..end).unwrap_or_default().to_owned(),
                ));
                end + 2
            }
            _ => {
                let ends = |c: char| c.is_whitespace() || "()=\"".contains(c);
                let end = rest.find(ends).unwrap_or(rest.len());
                all.push(Token::Word(rest.get(..end).unwrap_or_default().to_owned()));
                end
            }
        };
        rest = rest.get(length..).unwrap_or_default().trim_start();
    }
    Ok(all)
}

struct Reader<'t> {
    tokens: &'t [Token],
    at: usize,
}

impl Reader<'_> {
    fn next(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn word(&mut self, word: &str) -> bool {
        let is = matches!(self.next(), Some(Token::Word(w)) if w == word);
        self.at += usize::from(is);
        is
    }

    fn any(&mut self, depth: usize) -> Result<Test, String> {
        let mut parts = vec![self.all(depth)?];
        while self.word("OR") {
            parts.push(self.all(depth)?);
        }
        Ok(Test::Any(parts))
    }

    /// Terms side by side must all hold, with AND between them or without.
    fn all(&mut self, depth: usize) -> Result<Test, String> {
        let mut parts = vec![self.one(depth)?];
        loop {
            self.word("AND");
            match self.next() {
                None | Some(Token::Close) => break,
                Some(Token::Word(w)) if w == "OR" => break,
                Some(_) => parts.push(self.one(depth)?),
            }
        }
        Ok(Test::All(parts))
    }

    fn one(&mut self, depth: usize) -> Result<Test, String> {
        if depth > DEEPEST {
            return Err("the search nests too deeply".into());
        }
        if self.word("NOT") {
            return Ok(Test::Not(Box::new(self.one(depth + 1)?)));
        }
        let token = self.next().cloned().ok_or("the search ends too early")?;
        self.at += 1;
        let (value, whole) = match token {
            Token::Open => {
                let inner = self.any(depth + 1)?;
                return match self.next() {
                    Some(Token::Close) => {
                        self.at += 1;
                        Ok(inner)
                    }
                    _ => Err("the search lacks a )".into()),
                };
            }
            Token::Word(w) => (w, false),
            Token::Quoted(w) => (w, true),
            Token::Close | Token::Equals => return Err("the search is not well formed".into()),
        };
        if self.next() != Some(&Token::Equals) {
            return Ok(Test::Term(None, value, whole));
        }
        self.at += 1;
        let wanted = self.next().cloned();
        self.at += 1;
        match wanted {
            Some(Token::Word(w)) => Ok(Test::Term(Some(value), w, false)),
            Some(Token::Quoted(w)) => Ok(Test::Term(Some(value), w, true)),
            Some(Token::Open) => {
                // `InstanceId=(a OR b)`: each of the terms within is of this property.
                let inner = self.any(depth + 1)?.of(&value);
                self.at += 1;
                Ok(inner)
            }
            _ => Err("an = of the search has no value".into()),
        }
    }
}

impl Test {
    fn of(self, property: &str) -> Self {
        let each = |parts: Vec<Self>| parts.into_iter().map(|t| t.of(property)).collect();
        match self {
            Self::All(parts) => Self::All(each(parts)),
            Self::Any(parts) => Self::Any(each(parts)),
            Self::Not(inner) => Self::Not(Box::new(inner.of(property))),
            Self::Term(None, value, whole) => Self::Term(Some(property.to_owned()), value, whole),
            term => term,
        }
    }
}

/// What tells the found metrics apart: values of the dimensions in which they differ, and their name where that differs.
pub(super) fn labels(found: &[&MetricKey]) -> Vec<String> {
    let names_differ = found
        .windows(2)
        .any(|w| matches!(w, [a, b] if a.name != b.name));
    let differs = |name: &str| {
        let value = |k: &MetricKey| k.dims.iter().find(|(n, _)| n == name).map(|d| d.1.clone());
        found
            .windows(2)
            .any(|w| matches!(w, [a, b] if value(a) != value(b)))
    };
    found
        .iter()
        .map(|key| {
            let dims = key.dims.iter().filter(|(n, _)| differs(n));
            let mut words: Vec<&str> = dims.map(|(_, v)| v.as_str()).collect();
            if names_differ || words.is_empty() {
                words.push(&key.name);
            }
            words.join(" ")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn searches_mean_what_they_say() {
        let key = |service| {
            MetricKey::new(
                "AWS/ECS",
                "CPUUtilization",
                &[("ClusterName", "prod"), ("ServiceName", service)],
            )
        };
        let finds = |text: &str| Search::parse(text).unwrap().finds(&key("api"));
        for text in [
            "{AWS/ECS,ServiceName,ClusterName} MetricName=\"CPUUtilization\"",
            "{AWS/ECS,ClusterName,ServiceName}",
            "Namespace=\"AWS/ECS\" cpu",
            "{AWS/ECS,ClusterName,ServiceName} ServiceName=(api OR auth) AND NOT ClusterName=\"test\"",
            "{AWS/ECS,ClusterName,ServiceName} \"nothing\" OR cpu",
        ] {
            assert!(finds(text), "{text}");
        }
        for text in [
            "{AWS/ECS,ClusterName} MetricName=\"CPUUtilization\"",
            "{AWS/ECS,ClusterName,ServiceName} MetricName=\"CPU\"",
            "{AWS/ECS,ClusterName,ServiceName} NOT cpu",
            "{AWS/ECS,ClusterName,ServiceName} ServiceName=(auth OR web)",
        ] {
            assert!(!finds(text), "{text}");
        }
        for wrong in ["", "{AWS/ECS", "{}", "(a", "a)", "a=", "\"a", "{A} =b"] {
            assert!(Search::parse(wrong).is_err(), "{wrong}");
        }
        let (api, web) = (key("api"), key("web"));
        assert_eq!(labels(&[&api, &web]), ["api", "web"]);
        assert_eq!(labels(&[&api]), ["CPUUtilization"]);
    }
}
