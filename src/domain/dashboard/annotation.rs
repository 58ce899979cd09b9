//! Annotations of a graph: values and times that are marked.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::domain::text::inert;

/// Which side of a line is shaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fill {
    /// None.
    #[default]
    Nothing,
    /// Above a value, after a time.
    After,
    /// Below a value, before a time.
    Before,
}

/// A value that is marked.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Limit {
    /// Where.
    pub value: f64,
    /// The other end of a band.
    pub to: Option<f64>,
    /// What it is called.
    pub label: String,
    /// What is shaded.
    pub fill: Fill,
    /// Against the right axis.
    pub right: bool,
}

/// A time that is marked.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Moment {
    /// When (UTC).
    pub at: Timestamp,
    /// The other end of a span.
    pub until: Option<Timestamp>,
    /// What it is called.
    pub label: String,
}

/// Reads `annotations`: values, times, and the ARN of an alarm.
pub(super) fn read(
    value: Option<&Value>,
    notes: &mut Vec<String>,
) -> (Vec<Limit>, Vec<Moment>, Option<String>) {
    let Some(all) = value.and_then(Value::as_object) else {
        return (Vec::new(), Vec::new(), None);
    };
    let mut limits = Vec::new();
    for row in rows(all, "horizontal") {
        match limit(row) {
            Some(Some(l)) => limits.push(l),
            Some(None) => {}
            None => notes.push("a horizontal annotation has no number".into()),
        }
    }
    let mut moments = Vec::new();
    for row in rows(all, "vertical") {
        match moment(row) {
            Some(Some(m)) => moments.push(m),
            Some(None) => {}
            None => notes.push("a vertical annotation has no time".into()),
        }
    }
    let alarm = super::parse::texts(all.get("alarms"))
        .first()
        .map(|a| super::parse::alarm_name(a));
    (limits, moments, alarm)
}

fn rows<'a>(all: &'a Map<String, Value>, key: &str) -> &'a [Value] {
    all.get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// (first, second of a band)
fn ends(row: &Value) -> Option<(&Value, Option<&Value>)> {
    match row {
        Value::Array(pair) => Some((pair.first()?, pair.get(1))),
        one => Some((one, None)),
    }
}

fn label(first: &Value, second: Option<&Value>) -> String {
    let of = |v: &Value| v.get("label").and_then(Value::as_str).map(inert);
    of(first)
        .or_else(|| second.and_then(of))
        .unwrap_or_default()
}

fn is_hidden(row: &Value) -> bool {
    row.get("visible").and_then(Value::as_bool) == Some(false)
}

/// `None`: wrong; `Some(None)`: not to be seen.
fn limit(row: &Value) -> Option<Option<Limit>> {
    let (first, second) = ends(row)?;
    let number = |v: &Value| {
        v.get("value")
            .and_then(Value::as_f64)
            .filter(|v| v.is_finite())
    };
    let value = number(first)?;
    if is_hidden(first) {
        return Some(None);
    }
    Some(Some(Limit {
        value,
        to: second.and_then(number),
        label: label(first, second),
        fill: match first.get("fill").and_then(Value::as_str) {
            Some("above") => Fill::After,
            Some("below") => Fill::Before,
            _ => Fill::Nothing,
        },
        right: first.get("yAxis").and_then(Value::as_str) == Some("right"),
    }))
}

fn moment(row: &Value) -> Option<Option<Moment>> {
    let (first, second) = ends(row)?;
    let time = |v: &Value| {
        v.get("value")
            .and_then(Value::as_str)?
            .parse::<Timestamp>()
            .ok()
    };
    let at = time(first)?;
    if is_hidden(first) {
        return Some(None);
    }
    Some(Some(Moment {
        at,
        until: second.and_then(time),
        label: label(first, second),
    }))
}
