//! From a dashboard's body to widgets. Tolerant: one widget that cannot be read takes nothing from the others.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::variable::{self, Variable};
use super::widget::{LogView, LogWidget, Place, Widget, WidgetKind};
use super::{COLUMNS, Dashboard, metrics, span};
use crate::domain::order::Ordered;
use crate::domain::text::inert;

/// Widgets that a dashboard holds at most, as documented.
const WIDGETS: usize = 500;
/// Longest Markdown that is kept, bytes.
const PROSE: usize = 64 * 1024;

impl Dashboard {
    /// Reads a body as GetDashboard returns it, with every variable at its default.
    pub fn parse(name: &str, body: &str) -> Self {
        match serde_json::from_str::<Value>(body) {
            Ok(value) => Self::of(name, Arc::new(value), &BTreeMap::new()),
            Err(e) => {
                let why = inert(&e.to_string());
                let mut empty = Self::of(name, Arc::new(Value::Null), &BTreeMap::new());
                empty.notes = vec![format!("its body is no JSON: {why}")];
                empty
            }
        }
    }

    /// The same dashboard with its variables at these values (by their id).
    pub fn with(&self, values: &BTreeMap<String, String>) -> Self {
        if self.source.is_null() {
            // No body that could be read again: one of ours, or one that is no JSON.
            return self.clone();
        }
        Self::of(&self.name, self.source.clone(), values)
    }

    pub(super) fn of(name: &str, source: Arc<Value>, set: &BTreeMap<String, String>) -> Self {
        let mut notes = Vec::new();
        let variables = variable::all(source.get("variables"), set, &mut notes);
        let rows = match source.get("widgets") {
            Some(Value::Array(rows)) => rows.as_slice(),
            Some(_) => {
                notes.push("widgets is no list".to_owned());
                &[]
            }
            None => {
                if !source.is_null() {
                    notes.push("it has no list of widgets".to_owned());
                }
                &[]
            }
        };
        if rows.len() > WIDGETS {
            notes.push(format!(
                "it has {} widgets; the first {WIDGETS} are shown",
                rows.len()
            ));
        }
        let mut flow = Flow::default();
        let mut widgets: Vec<Widget> = rows
            .iter()
            .take(WIDGETS)
            .map(|row| {
                let row = variable::filled(row, &variables);
                widget(&row, &variables, &mut flow)
            })
            .collect();
        widgets.order_by_key(|w| (w.place.y, w.place.x));
        let text = |key: &str| source.get(key).and_then(Value::as_str);
        let length_s = text("start").and_then(|start| span::length(start, text("end")));
        if let (Some(start), None) = (text("start"), length_s) {
            notes.push(format!("start {} is not understood", inert(start)));
        }
        Self {
            name: inert(name),
            title: text("title").map(inert).unwrap_or_default(),
            length_s,
            keeps_periods: text("periodOverride") == Some("inherit"),
            variables,
            widgets,
            notes,
            source,
        }
    }
}

/// Where the next widget goes that names no place.
#[derive(Debug, Default)]
struct Flow {
    x: u16,
    y: u16,
    below: u16,
}

impl Flow {
    fn place(&mut self, row: &Map<String, Value>, notes: &mut Vec<String>) -> Place {
        let mut number = |key: &str, least: u64, most: u64| match row.get(key) {
            None | Some(Value::Null) => None,
            Some(v) => {
                let n = v.as_u64().or_else(|| v.as_f64().map(|f| f.max(0.0) as u64));
                let held = n.map(|n| n.clamp(least, most));
                if held != n || n.is_none() {
                    notes.push(format!("{key} is no number from {least} to {most}"));
                }
                held.and_then(|n| u16::try_from(n).ok())
            }
        };
        let columns = u64::from(COLUMNS);
        let width = number("width", 1, columns).unwrap_or(6);
        let height = number("height", 1, 1_000).unwrap_or(6);
        let (x, y) = (number("x", 0, columns - 1), number("y", 0, 60_000));
        let (x, y) = match (x, y) {
            (Some(x), Some(y)) => (x, y),
            _ => {
                if self.x + width > COLUMNS {
                    (self.x, self.y) = (0, self.below);
                }
                (self.x, self.y)
            }
        };
        (self.x, self.y) = (x + width, y);
        self.below = self.below.max(y.saturating_add(height));
        Place {
            x,
            y,
            width: width.min(COLUMNS - x),
            height,
        }
    }
}

fn widget(row: &Value, variables: &[Variable], flow: &mut Flow) -> Widget {
    let mut notes = Vec::new();
    let nothing = Map::new();
    let fields = row.as_object().unwrap_or(&nothing);
    let place = flow.place(fields, &mut notes);
    let word = fields.get("type").and_then(Value::as_str).unwrap_or("");
    let properties = fields.get("properties").and_then(Value::as_object);
    let empty = Map::new();
    let p = properties.unwrap_or(&empty);
    let kind = match (word, properties) {
        _ if !row.is_object() => undrawable("?", "the widget is no object"),
        ("", _) => undrawable("?", "the widget names no type"),
        ("explorer", _) => undrawable(
            word,
            "it finds resources by tag, which is the AWS console's own work",
        ),
        ("custom", _) => undrawable(word, "a Lambda function draws it, as HTML"),
        ("chart", _) => undrawable(
            word,
            "it queries a data source that this console does not ask",
        ),
        ("metric" | "text" | "alarm" | "log", None) => undrawable(word, "it has no properties"),
        ("metric", Some(p)) => match metrics::widget(p, variables, &mut notes) {
            Ok(metric) => WidgetKind::Metric(metric),
            Err(why) => undrawable(word, &why),
        },
        ("text", Some(p)) => prose(p),
        ("alarm", Some(p)) => alarms(p),
        ("log", Some(p)) => log(p),
        (other, _) => undrawable(other, "this type of widget is not known"),
    };
    let title = p.get("title").and_then(Value::as_str).unwrap_or_default();
    Widget {
        place,
        title: inert(title),
        kind,
        notes,
    }
}

fn undrawable(word: &str, why: &str) -> WidgetKind {
    WidgetKind::Undrawable {
        word: inert(word),
        why: why.to_owned(),
    }
}

fn prose(p: &Map<String, Value>) -> WidgetKind {
    let Some(markdown) = p.get("markdown").and_then(Value::as_str) else {
        return undrawable("text", "it has no markdown");
    };
    let mut end = markdown.len().min(PROSE);
    while !markdown.is_char_boundary(end) {
        end -= 1;
    }
    WidgetKind::Text {
        markdown: markdown.get(..end).unwrap_or_default().to_owned(),
        bare: p.get("background").and_then(Value::as_str) == Some("transparent"),
    }
}

/// The name of an alarm out of its ARN: `arn:aws:cloudwatch:REGION:ACCOUNT:alarm:NAME`; a name stays one.
pub(super) fn alarm_name(arn: &str) -> String {
    let is_arn = arn.starts_with("arn:");
    let name = arn
        .splitn(7, ':')
        .nth(6)
        .filter(|n| is_arn && !n.is_empty());
    inert(name.unwrap_or(arn))
}

/// The texts of a list.
pub(super) fn texts(value: Option<&Value>) -> Vec<&str> {
    let list = value.and_then(Value::as_array);
    list.map_or_else(Vec::new, |l| l.iter().filter_map(Value::as_str).collect())
}

fn alarms(p: &Map<String, Value>) -> WidgetKind {
    let names: Vec<String> = texts(p.get("alarms")).into_iter().map(alarm_name).collect();
    if names.is_empty() {
        return undrawable("alarm", "it names no alarm");
    }
    let by = p.get("sortBy").and_then(Value::as_str);
    WidgetKind::Alarms {
        names,
        states: texts(p.get("states")).into_iter().map(inert).collect(),
        newest_first: matches!(by, Some("stateUpdatedTimestamp" | "timestamp")),
    }
}

fn log(p: &Map<String, Value>) -> WidgetKind {
    let Some(text) = p.get("query").and_then(Value::as_str) else {
        return undrawable("log", "it has no query");
    };
    if let Some(language) = p.get("queryLanguage").and_then(Value::as_str)
        && !matches!(language, "CWLI" | "LogsInsightsQL" | "Logs Insights QL")
    {
        let language = inert(language);
        return undrawable(
            "log",
            &format!("its query is written in {language}, not in the language of Logs Insights"),
        );
    }
    match sources(text) {
        Err(why) => undrawable("log", &why),
        Ok((groups, query)) => WidgetKind::Log(LogWidget {
            groups,
            query,
            view: match p.get("view").and_then(Value::as_str) {
                Some("timeSeries") => LogView::TimeSeries,
                Some("bar") => LogView::Bar,
                Some("pie") => LogView::Pie,
                _ => LogView::Table,
            },
            stacked: p.get("stacked").and_then(Value::as_bool).unwrap_or(false),
            region: p.get("region").and_then(Value::as_str).map(inert),
        }),
    }
}

/// Takes `SOURCE 'group' | SOURCE 'group' | ...` off a query: groups and what is left of it.
fn sources(text: &str) -> Result<(Vec<String>, String), String> {
    let mut groups = Vec::new();
    let mut rest = text.trim_start();
    while let Some((head, after)) = rest.split_at_checked(6) {
        if !head.eq_ignore_ascii_case("source") || !after.starts_with(char::is_whitespace) {
            break;
        }
        let mut after = after.trim_start();
        loop {
            let Some(quote) = after
                .chars()
                .next()
                .filter(|c| matches!(c, '\'' | '"' | '`'))
            else {
                return Err("its SOURCE names no log group in quotes".into());
            };
            let inside = after.get(1..).unwrap_or_default();
            let Some((group, behind)) = inside.split_once(quote) else {
                return Err("the log group of its SOURCE does not end".into());
            };
            groups.push(inert(group));
            after = behind.trim_start();
            match after.strip_prefix(',') {
                Some(more) => after = more.trim_start(),
                None => break,
            }
        }
        rest = after.trim_start_matches('|').trim_start();
    }
    if groups.is_empty() {
        return Err("its query names no log group (SOURCE 'name')".into());
    }
    if rest.is_empty() {
        return Err("its query has a source and nothing to do with it".into());
    }
    Ok((groups, rest.trim_end().to_owned()))
}
