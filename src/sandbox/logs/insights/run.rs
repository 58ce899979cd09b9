//! Running a query over the events of some groups.

use std::cmp::Ordering;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use serde_json::Value;

use super::language::{Likeness, Query, Sign, Test, Wanted};
use super::stats;
use crate::logs::store::{Event, LogStore};
use crate::wire::{Node, list, map};

/// Rows without a `limit`.
const USUAL: usize = 10_000;

struct Row<'a> {
    group: &'a str,
    event: &'a Event,
    /// The message where it is a JSON object.
    json: Option<Value>,
}

/// The reply of GetQueryResults, for a window in seconds with both ends in it.
pub(super) fn run(
    query: &Query,
    logs: &LogStore,
    groups: &[String],
    (from, until): (i64, i64),
    limit: Option<usize>,
) -> Node {
    let (from, until) = (
        from.saturating_mul(1000),
        until.saturating_add(1).saturating_mul(1000),
    );
    let (mut scanned, mut bytes) = (0u64, 0u64);
    let mut rows = Vec::new();
    for name in groups {
        let Some((group, stored)) = logs.groups.get_key_value(name) else {
            continue;
        };
        for event in stored.between(from, until) {
            scanned += 1;
            bytes += event.message.len() as u64;
            let row = Row::new(group, event);
            if query.filters.iter().all(|t| row.passes(t)) {
                rows.push(row);
            }
        }
    }
    if let Some(wanted) = &query.stats {
        let matched = rows.len();
        let rows = stats::stats(wanted, &rows, |r, f| r.value(f), |r| r.event.at, stamp);
        let nodes = sorted(rows, query, limit).into_iter().map(cells);
        return reply(list(nodes), matched, scanned, bytes);
    }
    let (field, descending) = match &query.sort {
        Some((field, descending)) => (field.as_str(), *descending),
        // The newest first, as the vendor does without a `sort`.
        None => ("@timestamp", true),
    };
    rows.sort_by(|a, b| {
        let order = compare(a.value(field).as_deref(), b.value(field).as_deref());
        if descending { order.reverse() } else { order }
    });
    let matched = rows.len();
    rows.truncate(limit.or(query.limit).unwrap_or(USUAL));
    let usual = ["@timestamp".to_owned(), "@message".to_owned()];
    let fields = if query.fields.is_empty() {
        usual.as_slice()
    } else {
        query.fields.as_slice()
    };
    let nodes = list(rows.iter().map(|r| r.node(fields)));
    reply(nodes, matched, scanned, bytes)
}

/// Rows of `stats`, in the order that is asked for, else by what they are grouped by.
fn sorted(mut rows: Vec<stats::Cells>, query: &Query, limit: Option<usize>) -> Vec<stats::Cells> {
    if let Some((field, descending)) = &query.sort {
        let value = |r: &stats::Cells| r.iter().find(|(n, _)| n == field).map(|c| c.1.clone());
        rows.sort_by(|a, b| {
            let order = compare(value(a).as_deref(), value(b).as_deref());
            if *descending { order.reverse() } else { order }
        });
    }
    rows.truncate(limit.or(query.limit).unwrap_or(USUAL));
    rows
}

fn cells(row: stats::Cells) -> Node {
    let cell = |(field, value): (String, String)| {
        map([("field", Node::from(field)), ("value", value.into())])
    };
    Node::List(row.into_iter().map(cell).collect())
}

fn reply(results: Node, matched: usize, scanned: u64, bytes: u64) -> Node {
    map([
        ("status", Node::from("Complete")),
        ("results", results),
        (
            "statistics",
            map([
                ("recordsMatched", Node::Float(matched as f64)),
                ("recordsScanned", Node::Float(scanned as f64)),
                ("bytesScanned", Node::Float(bytes as f64)),
            ]),
        ),
    ])
}

/// Numbers by size, everything else by letters, nothing first.
fn compare(a: Option<&str>, b: Option<&str>) -> Ordering {
    let number = |t: Option<&str>| t.and_then(|t| t.parse::<f64>().ok());
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ => a.cmp(&b),
    }
}

impl<'a> Row<'a> {
    fn new(group: &'a str, event: &'a Event) -> Self {
        let is_object = event.message.trim_start().starts_with('{');
        let json = is_object.then(|| serde_json::from_str(&event.message).ok());
        Self {
            group,
            event,
            json: json.flatten(),
        }
    }

    fn value(&self, field: &str) -> Option<String> {
        let event = self.event;
        match field {
            "@timestamp" => Some(stamp(event.at)),
            "@ingestionTime" => Some(stamp(event.ingested)),
            "@message" => Some(event.message.clone()),
            "@logStream" => Some(event.stream.to_string()),
            "@log" => Some(self.group.to_owned()),
            "@ptr" => Some(BASE64_STANDARD.encode(event.id())),
            path => match find(self.json.as_ref()?, path)? {
                Value::Null => None,
                Value::String(s) => Some(s.clone()),
                other => Some(other.to_string()),
            },
        }
    }

    fn passes(&self, test: &Test) -> bool {
        match test {
            Test::All(parts) => parts.iter().all(|t| self.passes(t)),
            Test::Any(parts) => parts.iter().any(|t| self.passes(t)),
            Test::Not(inner) => !self.passes(inner),
            Test::Present(field) => self.value(field).is_some(),
            Test::In(field, wanted) => self
                .value(field)
                .is_some_and(|v| wanted.iter().any(|w| holds(&v, Sign::Equal, w))),
            Test::Compare(field, sign, wanted) => match self.value(field) {
                Some(value) => holds(&value, *sign, wanted),
                None => *sign == Sign::Unequal,
            },
            Test::Like(field, like) => self.value(field).is_some_and(|v| match like {
                Likeness::Text(text) => v.contains(text.as_str()),
                Likeness::Regex(regex) => regex.is_match(&v),
            }),
        }
    }

    fn node(&self, fields: &[String]) -> Node {
        let ptr = "@ptr".to_owned();
        let cells = fields.iter().chain([&ptr]).filter_map(|field| {
            let value = self.value(field)?;
            Some(map([("field", Node::from(field)), ("value", value.into())]))
        });
        Node::List(cells.collect())
    }
}

fn holds(value: &str, sign: Sign, wanted: &Wanted) -> bool {
    let order = match wanted {
        Wanted::Number(n) => value.parse::<f64>().ok().and_then(|v| v.partial_cmp(n)),
        Wanted::Text(text) => Some(value.cmp(text.as_str())),
    };
    match (sign, order) {
        (Sign::Equal, o) => o == Some(Ordering::Equal),
        (Sign::Unequal, o) => o != Some(Ordering::Equal),
        (Sign::Less, Some(o)) => o.is_lt(),
        (Sign::LessOrEqual, Some(o)) => o.is_le(),
        (Sign::Greater, Some(o)) => o.is_gt(),
        (Sign::GreaterOrEqual, Some(o)) => o.is_ge(),
        (_, None) => false,
    }
}

/// A member by its path, `a.b.0.c`; a member whose name holds dots as well.
fn find<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    if let Some(whole) = value.get(path) {
        return Some(whole);
    }
    path.split('.').try_fold(value, |at, step| match at {
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        other => other.get(step),
    })
}

/// A point in time as query results show it.
fn stamp(ms: i64) -> String {
    let time = Timestamp::from_millisecond(ms).unwrap_or_default();
    format!("{}", time.strftime("%Y-%m-%d %H:%M:%S.%3f"))
}
