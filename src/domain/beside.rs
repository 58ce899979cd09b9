//! Secrets whose name stands beside them in a member of its own: `{"name": "DB_PASSWORD", "value": ".."}`, as definitions of containers,
//! tags and parameters are written, in either order, inside a string (`\"name\":\"..\"`), and short (`name=DB_PASSWORD,value=..`).

use super::order::Ordered;
use super::redact::{REDACTED, is_secret_name};

/// Members that hold a name.
const NAMES: [&str; 4] = ["name", "key", "parametername", "parameterkey"];
/// Members that hold what is so named.
const VALUES: [&str; 2] = ["value", "parametervalue"];

/// A member's value: the bytes between its quotes.
#[derive(Clone, Copy)]
struct Member {
    /// Whether it is one that holds a name.
    names: bool,
    /// Where the member begins.
    begin: usize,
    from: usize,
    to: usize,
}

/// Text without the values whose names promise a secret.
pub(super) fn hidden(text: &str) -> String {
    let lowered = text.to_ascii_lowercase();
    if !lowered.contains("value") {
        return text.to_owned();
    }
    let members = members(text, &lowered);
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (at, v) in members.iter().enumerate().filter(|(_, m)| !m.names) {
        let earlier = members.get(..at).unwrap_or_default().iter().rev();
        let later = members.get(at + 1..).unwrap_or_default().iter();
        let before: Vec<&Member> = beside(text, v, earlier).collect();
        let named = match before.is_empty() {
            false => before,
            true => beside(text, v, later).collect(),
        };
        let is_secret = |m: &&Member| text.get(m.from..m.to).is_some_and(is_secret_name);
        let is_told = text.get(v.from..).is_some_and(|t| t.starts_with(REDACTED));
        if named.iter().any(is_secret) && v.from >= done && v.to > v.from && !is_told {
            out.push_str(text.get(done..v.from).unwrap_or_default());
            out.push_str(REDACTED);
            done = v.to;
        }
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

/// Names that stand in the same object as a value, nearest first: no other value and no brace is between.
fn beside<'a>(
    text: &'a str,
    value: &'a Member,
    others: impl Iterator<Item = &'a Member> + 'a,
) -> impl Iterator<Item = &'a Member> + 'a {
    let between = move |m: &Member| match m.begin < value.begin {
        true => (m.to, value.begin),
        false => (value.to, m.begin),
    };
    let together = move |m: &&Member| {
        let (from, to) = between(m);
        m.names && !text.get(from..to).is_none_or(parts)
    };
    others.take_while(together)
}

/// Whether an object begins or ends in what stands between two values: a brace outside of quotes. It begins behind a value, with the quote
/// that ends it, if it has one.
fn parts(between: &str) -> bool {
    let rest = between.trim_start_matches('\\');
    let rest = rest.strip_prefix(['"', '\'']).unwrap_or(rest);
    let mut quoted = None;
    for c in rest.chars() {
        match (quoted, c) {
            (None, '{' | '}') => return true,
            (None, '"' | '\'') => quoted = Some(c),
            (Some(q), c) if q == c => quoted = None,
            _ => {}
        }
    }
    false
}

/// Every member of either kind, in the order of the text.
fn members(text: &str, lowered: &str) -> Vec<Member> {
    let of = |words: &'static [&'static str], names: bool| {
        let found = words.iter().flat_map(move |word| {
            let at = lowered.match_indices(word);
            at.filter_map(move |(at, _)| member(text, at, word.len(), names))
        });
        found.collect::<Vec<_>>()
    };
    let mut all = of(&NAMES, true);
    all.extend(of(&VALUES, false));
    all.order_by_key(|m| m.begin);
    all
}

/// The member whose key is the word at a byte; nothing where it is no key.
fn member(text: &str, at: usize, length: usize, names: bool) -> Option<Member> {
    let before = text.get(..at)?;
    let after = text.get(at + length..)?;
    let (quote, escapes) = match before.strip_suffix(['"', '\'']) {
        Some(outer) => (before.chars().next_back(), backslashes(outer)),
        None => (None, 0),
    };
    let rest = match quote {
        Some(quote) => {
            let closing = after.strip_prefix(&*"\\".repeat(escapes))?;
            closing.strip_prefix(quote)?
        }
        // Without quotes it is a word of its own.
        None if before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.')) => {
            return None;
        }
        None => after,
    };
    let blank = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r');
    let rest = rest.trim_start_matches(blank).strip_prefix([':', '='])?;
    let rest = rest.trim_start_matches(blank);
    let inner = rest.trim_start_matches('\\');
    let escapes = rest.len() - inner.len();
    let (from, length) = match inner.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        Some(quote) => {
            let inner = inner.get(1..)?;
            (text.len() - inner.len(), quoted(inner, quote, escapes))
        }
        None => {
            let is_end = |c: char| c.is_whitespace() || ",;&}])\"'\\".contains(c);
            let length = rest.find(is_end).unwrap_or(rest.len());
            (text.len() - rest.len(), length)
        }
    };
    Some(Member {
        names,
        begin: at,
        from,
        to: from + length,
    })
}

/// How many backslashes a text ends with.
fn backslashes(text: &str) -> usize {
    text.len() - text.trim_end_matches('\\').len()
}

/// Bytes up to the quote that closes a string whose quotes have so many backslashes before them; all of them where none does. One that is
/// escaped inside has more: each string in a string doubles them and adds one.
fn quoted(inner: &str, quote: char, escapes: usize) -> usize {
    let closing = inner.match_indices(quote).find_map(|(at, _)| {
        let run = backslashes(inner.get(..at)?);
        (run % (2 * (escapes + 1)) == escapes).then_some(at - escapes)
    });
    closing.unwrap_or(inner.len())
}

#[cfg(test)]
mod tests {
    use crate::domain::redact::text;

    #[test]
    fn a_value_is_hidden_where_the_name_beside_it_promises_a_secret() {
        for (said, shown) in [
            (
                r#"failed: {"name":"DB_PASSWORD","value":"hunter2"} x"#,
                r#"failed: {"name":"DB_PASSWORD","value":"[redacted]"} x"#,
            ),
            (
                r#"{ "Value" : "a, \"b\" {c}" , "Name" : "API_TOKEN" }"#,
                r#"{ "Value" : "[redacted]" , "Name" : "API_TOKEN" }"#,
            ),
            (
                r#"[{"name":"LOG_LEVEL","value":"info"},{"name":"PGPASSWORD","value":"x"},{"name":"A","value":"b"}]"#,
                r#"[{"name":"LOG_LEVEL","value":"info"},{"name":"PGPASSWORD","value":"[redacted]"},{"name":"A","value":"b"}]"#,
            ),
            (
                r#"body "{\"name\":\"DB_PASSWORD\",\"value\":\"hun\\\"ter2\"}" x"#,
                r#"body "{\"name\":\"DB_PASSWORD\",\"value\":\"[redacted]\"}" x"#,
            ),
            (
                "{'value': 'hunter2', 'type': '{x}', 'name': 'STRIPE_SECRET'}",
                "{'value': '[redacted]', 'type': '{x}', 'name': 'STRIPE_SECRET'}",
            ),
            (
                "name=LOG,value=info name=DB_PASSWORD,value=hunter2 name=B,value=c",
                "name=LOG,value=info name=DB_PASSWORD,value=[redacted] name=B,value=c",
            ),
            (
                r#"{"ParameterValue":"hunter2","ParameterKey":"DbPassword"}"#,
                r#"{"ParameterValue":"[redacted]","ParameterKey":"[redacted]"}"#,
            ),
            (
                r#"cut: {"name":"DB_PASSWORD","value":"hunt"#,
                r#"cut: {"name":"DB_PASSWORD","value":"[redacted]"#,
            ),
            (
                r#"{"name":"DB_PASSWORD","value":1234}"#,
                r#"{"name":"DB_PASSWORD","value":[redacted]}"#,
            ),
        ] {
            assert_eq!(text(said), shown);
            assert_eq!(text(shown), shown, "once is enough");
        }
        for kept in [
            r#"{"name":"LOG_LEVEL","value":"info"}"#,
            r#"the value of name is {"name":"ServiceName","value":"auth"}"#,
            r#"{"name":"DB_PASSWORD","valueFrom":"arn:aws:ssm:eu-west-1:1:parameter/db"}"#,
        ] {
            assert_eq!(text(kept), kept);
        }
    }
}
