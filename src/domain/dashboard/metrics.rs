//! The properties of a metric widget, and its array of metrics with its shorthand.

use serde_json::{Map, Value};

use super::annotation;
use super::variable::{Target, Variable};
use super::widget::{Axis, Legend, MetricRow, MetricWidget, Source, View};
use crate::domain::metric::MetricId;
use crate::domain::text::inert;

/// Metrics that a widget holds at most, as documented.
const ROWS: usize = 500;
/// Seconds a point, where the author says nothing.
const PERIOD_S: u32 = 300;

/// Reads a metric widget.
pub(super) fn widget(
    p: &Map<String, Value>,
    variables: &[Variable],
    notes: &mut Vec<String>,
) -> Result<MetricWidget, String> {
    let text = |key: &str| p.get(key).and_then(Value::as_str);
    let is = |key: &str| p.get(key).and_then(Value::as_bool).unwrap_or(false);
    let (limits, moments, alarm) = annotation::read(p.get("annotations"), notes);
    let base = Base {
        stat: text("stat").unwrap_or("Average"),
        period_s: p.get("period").and_then(period).unwrap_or(PERIOD_S),
        region: text("region"),
        account: text("accountId"),
    };
    let rows = match p.get("metrics") {
        Some(Value::Array(rows)) => array(rows, &base, variables, notes),
        Some(_) => return Err("metrics is no list".into()),
        None if alarm.is_some() => Vec::new(),
        None => return Err("it has neither metrics nor an alarm".into()),
    };
    if rows.is_empty() && alarm.is_none() {
        return Err("it has no metric that can be read".into());
    }
    let view = match text("view") {
        None | Some("timeSeries") => View::TimeSeries,
        Some("singleValue") => View::SingleValue,
        Some("gauge") => View::Gauge,
        Some("bar") => View::Bar,
        Some("pie") => View::Pie,
        Some("table") => View::Table,
        Some(other) => {
            notes.push(format!(
                "view {} is not known: drawn as lines",
                inert(other)
            ));
            View::TimeSeries
        }
    };
    let axes = p.get("yAxis");
    Ok(MetricWidget {
        view,
        stacked: is("stacked"),
        sparkline: is("sparkline"),
        rows,
        left: axis(axes.and_then(|a| a.get("left"))),
        right: axis(axes.and_then(|a| a.get("right"))),
        limits,
        moments,
        alarm,
        legend: match p
            .get("legend")
            .and_then(|l| l.get("position"))
            .and_then(Value::as_str)
        {
            Some("right") => Legend::Right,
            Some("hidden") => Legend::Hidden,
            _ => Legend::Bottom,
        },
        whole_range: is("setPeriodToTimeRange"),
        region: text("region").map(inert),
    })
}

fn axis(value: Option<&Value>) -> Axis {
    let number = |key: &str| value?.get(key)?.as_f64().filter(|v| v.is_finite());
    let (min, max) = (number("min"), number("max"));
    // Ends the wrong way round are no ends.
    let (min, max) = match (min, max) {
        (Some(a), Some(b)) if a >= b => (None, None),
        ends => ends,
    };
    let label = value.and_then(|v| v.get("label")).and_then(Value::as_str);
    Axis {
        label: label.map(inert).unwrap_or_default(),
        min,
        max,
    }
}

/// A period that the vendor takes: 1, 5, 10, 20, 30 or a multiple of 60, at most a day's worth of a month.
fn period(value: &Value) -> Option<u32> {
    let n = value
        .as_u64()
        .or_else(|| value.as_str()?.trim().parse().ok())?;
    let n = u32::try_from(n).ok().filter(|n| *n <= 30 * 86_400)?;
    (matches!(n, 1 | 5 | 10 | 20 | 30) || (n > 0 && n % 60 == 0)).then_some(n)
}

struct Base<'a> {
    stat: &'a str,
    period_s: u32,
    region: Option<&'a str>,
    account: Option<&'a str>,
}

fn array(
    rows: &[Value],
    base: &Base<'_>,
    variables: &[Variable],
    notes: &mut Vec<String>,
) -> Vec<MetricRow> {
    let mut before: Vec<String> = Vec::new();
    let mut all = Vec::new();
    if rows.len() > ROWS {
        notes.push(format!(
            "{} metrics; the first {ROWS} are asked",
            rows.len()
        ));
    }
    for (i, row) in rows.iter().take(ROWS).enumerate() {
        let read = match row {
            Value::Array(items) => one(items, base, variables, &mut before),
            _ => Err("is no list".into()),
        };
        match read {
            Ok(row) => all.push(row),
            Err(why) => notes.push(format!("metric {} {why}", i + 1)),
        }
    }
    all
}

/// One row: namespace, name, dimensions in pairs, then what is said of its drawing. `.` repeats the word at the same place of
/// the row before, `...` all of its words but as many as follow.
fn one(
    items: &[Value],
    base: &Base<'_>,
    variables: &[Variable],
    before: &mut Vec<String>,
) -> Result<MetricRow, String> {
    let (words, options) = match items.split_last() {
        Some((Value::Object(options), words)) => (words, Some(options)),
        _ => (items, None),
    };
    let text = |key: &str| options?.get(key)?.as_str();
    let expression = text("expression");
    let source = match expression {
        Some(e) if !e.trim().is_empty() => Source::Expression(e.to_owned()),
        _ => {
            let words = spelled_out(words, before)?;
            let metric = metric(&words, variables)?;
            *before = words;
            Source::Metric(metric)
        }
    };
    let id = text("id");
    if let Some(id) = id
        && !is_id(id)
    {
        return Err(format!("has an id that is none: {}", inert(id)));
    }
    Ok(MetricRow {
        id: id.map(str::to_owned),
        source,
        stat: text("stat").unwrap_or(base.stat).to_owned(),
        period_s: options
            .and_then(|o| o.get("period"))
            .and_then(period)
            .unwrap_or(base.period_s),
        label: text("label").filter(|l| !l.is_empty()).map(inert),
        right: text("yAxis") == Some("right"),
        visible: options
            .and_then(|o| o.get("visible"))
            .and_then(Value::as_bool)
            .unwrap_or(true),
        region: text("region").or(base.region).map(inert),
        account: text("accountId").or(base.account).map(inert),
    })
}

/// Whether a word names a query: a small letter, then letters, digits and `_`.
pub(super) fn is_id(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_lowercase())
        && word.len() <= 255
        && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn spelled_out(words: &[Value], before: &[String]) -> Result<Vec<String>, String> {
    let mut out: Vec<String> = Vec::with_capacity(words.len());
    for (i, word) in words.iter().enumerate() {
        match word.as_str() {
            Some("...") if i == 0 => {
                let own = words.len() - 1;
                let kept = before.len().checked_sub(own).filter(|_| !before.is_empty());
                let kept = kept.ok_or("repeats with ... what is not there")?;
                out.extend(before.iter().take(kept).cloned());
            }
            Some("...") => return Err("has ... where it cannot stand".into()),
            Some(".") => {
                let same = before.get(out.len());
                out.push(same.ok_or("repeats with . what is not there")?.clone());
            }
            Some(word) => out.push(word.to_owned()),
            None => return Err("holds something that is no text".into()),
        }
    }
    Ok(out)
}

fn metric(words: &[String], variables: &[Variable]) -> Result<MetricId, String> {
    let [namespace, name, dimensions @ ..] = words else {
        return Err("lacks its namespace or its name".into());
    };
    if dimensions.len() % 2 != 0 {
        return Err("has a dimension without a value".into());
    }
    let value = |key: &str, written: &str| {
        let set = variables.iter().find_map(|v| match &v.target {
            Target::Property(p) if p == key => v.value.clone(),
            _ => None,
        });
        set.unwrap_or_else(|| written.to_owned())
    };
    let mut dimensions: Vec<(String, String)> = dimensions
        .chunks_exact(2)
        .filter_map(|pair| match pair {
            [key, written] => Some((inert(key), inert(&value(key, written)))),
            _ => None,
        })
        .collect();
    dimensions.sort();
    Ok(MetricId {
        namespace: inert(namespace),
        name: inert(name),
        dimensions,
    })
}
