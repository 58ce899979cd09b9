//! Variables: one value put into many places of a dashboard.

use std::borrow::Cow;
use std::collections::BTreeMap;

use regex_lite::Regex;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::domain::text::inert;

/// Variables that a dashboard holds at most, as documented.
const MOST: usize = 25;
/// Longest text that filling in may make, bytes: a value that holds its own pattern grows with every variable.
const LONGEST: usize = 64 * 1024;
/// How deep a widget nests at most.
const DEEPEST: usize = 64;

/// A variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Variable {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub label: String,
    /// What it replaces.
    pub target: Target,
    /// Values to choose from, with their labels; empty where any text will do.
    pub choices: Vec<(String, String)>,
    /// Its value at present; `None` leaves the dashboard as it was written.
    pub value: Option<String>,
    /// Whether people are to see it.
    pub visible: bool,
}

/// What a variable replaces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The value of a property or of a dimension of this name.
    Property(String),
    /// Every text that matches.
    Pattern(String),
}

/// Reads all variables; `set` holds the values that people chose.
pub(super) fn all(
    value: Option<&Value>,
    set: &BTreeMap<String, String>,
    notes: &mut Vec<String>,
) -> Vec<Variable> {
    let rows = match value {
        None => return Vec::new(),
        Some(Value::Array(rows)) => rows,
        Some(_) => {
            notes.push("variables is no list".into());
            return Vec::new();
        }
    };
    let mut all = Vec::new();
    for (i, row) in rows.iter().take(MOST).enumerate() {
        match one(row, i, set) {
            Some(variable) => all.push(variable),
            None => notes.push(format!("variable {} is not understood", i + 1)),
        }
    }
    all
}

fn one(row: &Value, i: usize, set: &BTreeMap<String, String>) -> Option<Variable> {
    let row = row.as_object()?;
    let text = |key: &str| row.get(key).and_then(Value::as_str);
    let target = match text("type")? {
        "property" => Target::Property(text("property")?.to_owned()),
        "pattern" => Target::Pattern(text("pattern").filter(|p| !p.is_empty())?.to_owned()),
        _ => return None,
    };
    let choices: Vec<(String, String)> = row
        .get("values")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|v| {
            let value = v.get("value").unwrap_or(v).as_str()?;
            let label = v.get("label").and_then(Value::as_str).unwrap_or(value);
            Some((value.to_owned(), inert(label)))
        })
        .collect();
    let id = text("id").map_or_else(|| format!("variable{}", i + 1), inert);
    let first = choices.first().map(|c| c.0.clone());
    let usual = match text("defaultValue") {
        // What a search finds first is not known here; the dashboard stays as written until somebody chooses.
        None | Some("__FIRST") => first,
        Some(value) => Some(value.to_owned()),
    };
    Some(Variable {
        label: text("label").map_or_else(|| id.clone(), inert),
        target,
        choices,
        value: set.get(&id).cloned().or(usual),
        visible: row.get("visible").and_then(Value::as_bool).unwrap_or(true),
        id,
    })
}

/// A widget with the variables' values in it. Dimensions in arrays of metrics are filled where those are read, since `.` and
/// `...` stand for them.
pub(super) fn filled<'a>(widget: &'a Value, variables: &[Variable]) -> Cow<'a, Value> {
    let mut out = Cow::Borrowed(widget);
    for v in variables {
        let Some(value) = &v.value else { continue };
        let put: Box<Put<'_>> = match &v.target {
            Target::Property(name) => Box::new(move |key, text| {
                if key == Some(name) {
                    return Some(value.clone());
                }
                within(text, name, value)
            }),
            Target::Pattern(pattern) => match Regex::new(pattern) {
                Ok(regex) => Box::new(move |_, text| {
                    let literal = regex_lite::NoExpand(value.as_str());
                    regex
                        .is_match(text)
                        .then(|| regex.replace_all(text, literal).into_owned())
                }),
                Err(_) => Box::new(move |_, text| {
                    text.contains(pattern.as_str())
                        .then(|| text.replace(pattern.as_str(), value))
                }),
            },
        };
        out = Cow::Owned(walk(&out, None, &put, 0));
    }
    out
}

/// What becomes of a text (with the key that it stands under); `None`: it stays.
type Put<'p> = dyn Fn(Option<&str>, &str) -> Option<String> + 'p;

fn walk(value: &Value, key: Option<&str>, put: &Put<'_>, depth: usize) -> Value {
    match value {
        _ if depth > DEEPEST => Value::Null,
        Value::String(text) => {
            let filled = put(key, text).filter(|f| f.len() <= LONGEST.max(text.len()));
            Value::String(filled.unwrap_or_else(|| text.clone()))
        }
        Value::Array(items) => items
            .iter()
            .map(|v| walk(v, None, put, depth + 1))
            .collect(),
        Value::Object(fields) => {
            let filled = fields
                .iter()
                .map(|(k, v)| (k.clone(), walk(v, Some(k), put, depth + 1)));
            Value::Object(filled.collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

/// `name="old"` inside of a search expression, with the new value.
fn within(text: &str, name: &str, value: &str) -> Option<String> {
    let start = format!("{name}=\"");
    let at = text.find(&start)? + start.len();
    let end = at + text.get(at..)?.find('"')?;
    Some(format!("{}{value}{}", text.get(..at)?, text.get(end..)?))
}
