//! Widgets as data.

use serde::Serialize;

use super::annotation::{Limit, Moment};
use crate::domain::metric::MetricId;

/// Where a widget lies on the grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// First column, 0..=23.
    pub x: u16,
    /// First row.
    pub y: u16,
    /// Columns, 1..=24.
    pub width: u16,
    /// Rows, 1..=1000.
    pub height: u16,
}

/// A widget.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Widget {
    /// Where.
    pub place: Place,
    /// Its title; may be empty.
    pub title: String,
    /// What it shows.
    pub kind: WidgetKind,
    /// What of it was not understood, in words.
    pub notes: Vec<String>,
}

/// What a widget shows.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WidgetKind {
    /// Series.
    Metric(MetricWidget),
    /// Markdown.
    Text {
        /// As written.
        markdown: String,
        /// Whether it goes without a frame.
        bare: bool,
    },
    /// States of alarms.
    Alarms {
        /// Their names, out of their ARNs.
        names: Vec<String>,
        /// Only alarms in these states (`ALARM`, `OK`, `INSUFFICIENT_DATA`); empty: all.
        states: Vec<String>,
        /// Whether those that changed last come first.
        newest_first: bool,
    },
    /// The answer to a CloudWatch Logs Insights query.
    Log(LogWidget),
    /// What no terminal can show, or nobody can read.
    Undrawable {
        /// Its type as written.
        word: String,
        /// Why.
        why: String,
    },
}

impl WidgetKind {
    /// A word for it.
    pub fn word(&self) -> &str {
        match self {
            Self::Metric(m) => m.view.word(m.stacked),
            Self::Text { .. } => "text",
            Self::Alarms { .. } => "alarms",
            Self::Log(_) => "log",
            Self::Undrawable { word, .. } => word,
        }
    }
}

/// How series are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// Over time.
    TimeSeries,
    /// The newest values as numbers.
    SingleValue,
    /// The newest value between two ends.
    Gauge,
    /// Bars side by side.
    Bar,
    /// Shares of a whole.
    Pie,
    /// A table of summaries.
    Table,
}

impl View {
    fn word(self, stacked: bool) -> &'static str {
        match self {
            Self::TimeSeries if stacked => "stacked",
            Self::TimeSeries => "line",
            Self::SingleValue => "number",
            Self::Gauge => "gauge",
            Self::Bar => "bar",
            Self::Pie => "pie",
            Self::Table => "table",
        }
    }
}

/// Where the legend stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Legend {
    /// Below.
    #[default]
    Bottom,
    /// Beside.
    Right,
    /// Nowhere.
    Hidden,
}

/// A value axis.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Axis {
    /// What stands beside it.
    pub label: String,
    /// Its lower end, where fixed.
    pub min: Option<f64>,
    /// Its upper end, where fixed.
    pub max: Option<f64>,
}

/// A widget of series.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MetricWidget {
    /// How.
    pub view: View,
    /// Lines one upon the other.
    pub stacked: bool,
    /// Numbers with a small line below them.
    pub sparkline: bool,
    /// What is asked and drawn.
    pub rows: Vec<MetricRow>,
    /// Left axis.
    pub left: Axis,
    /// Right axis.
    pub right: Axis,
    /// Values marked by a line.
    pub limits: Vec<Limit>,
    /// Times marked by a line.
    pub moments: Vec<Moment>,
    /// The alarm whose metric and threshold are drawn.
    pub alarm: Option<String>,
    /// Where the legend stands.
    pub legend: Legend,
    /// One value over the whole range instead of the newest period's.
    pub whole_range: bool,
    /// Region, where the author named one.
    pub region: Option<String>,
}

/// What a row asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A metric.
    Metric(MetricId),
    /// Metric math, `SEARCH()`, or a Metrics Insights query.
    Expression(String),
}

/// A row of a metric widget.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MetricRow {
    /// What expressions call it.
    pub id: Option<String>,
    /// What is asked.
    pub source: Source,
    /// Statistic in the vendor's words (`Average`, `p99`, `tm95` ...).
    pub stat: String,
    /// Seconds a point.
    pub period_s: u32,
    /// What it is called; may hold dynamic labels, which the vendor fills in.
    pub label: Option<String>,
    /// Drawn against the right axis.
    pub right: bool,
    /// Drawn at all; what is not may still be part of expressions.
    pub visible: bool,
    /// Region, where the row has its own.
    pub region: Option<String>,
    /// Account, where it is another one.
    pub account: Option<String>,
}

/// How the answer of a log query is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LogView {
    /// Rows and columns.
    Table,
    /// Counts over time.
    TimeSeries,
    /// Bars side by side.
    Bar,
    /// Shares of a whole.
    Pie,
}

/// A log query.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogWidget {
    /// Log groups.
    pub groups: Vec<String>,
    /// The query, without its sources.
    pub query: String,
    /// How.
    pub view: LogView,
    /// Areas one upon the other.
    pub stacked: bool,
    /// Region, where the author named one.
    pub region: Option<String>,
}
