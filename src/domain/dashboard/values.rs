//! What the series of a widget are measured in, and which number stands for a series.

use super::data::DataLine;
use super::search::Search;
use super::widget::{Axis, MetricRow, MetricWidget, Source};
use crate::domain::metric::Unit;

/// The unit of a row: what its axis says, else what the metric's name implies, else what its label says.
pub fn unit_of(widget: &MetricWidget, row: Option<&MetricRow>) -> Unit {
    let right = row.is_some_and(|r| r.right);
    let axis = if right { &widget.right } else { &widget.left };
    if let Some(unit) = of_axis(axis) {
        return unit;
    }
    let Some(row) = row else { return Unit::None };
    if row.stat == "SampleCount" {
        return Unit::Count;
    }
    match &row.source {
        Source::Metric(metric) => Unit::of(metric),
        Source::Expression(text) => {
            let searched = Search::parse(text).filter(|_| text.trim_start().starts_with("SEARCH"));
            let implied = searched.and_then(|s| s.unit());
            implied
                .or_else(|| row.label.as_deref().and_then(of_label))
                .unwrap_or(Unit::None)
        }
    }
}

fn of_axis(axis: &Axis) -> Option<Unit> {
    of_word(axis.label.trim()).or_else(|| of_label(&axis.label))
}

fn of_word(word: &str) -> Option<Unit> {
    Some(match word.to_ascii_lowercase().as_str() {
        "percent" | "%" | "percentage" => Unit::Percent,
        "seconds" | "s" | "sec" => Unit::Seconds,
        "milliseconds" | "ms" => Unit::Milliseconds,
        "bytes" | "b" => Unit::Bytes,
        "bytes/second" | "bytes/s" | "b/s" => Unit::BytesPerSecond,
        "count" => Unit::Count,
        _ => return None,
    })
}

/// The unit that words end in: `error rate (%)`, `latency [ms]`, `availability %`.
fn of_label(label: &str) -> Option<Unit> {
    let label = label.trim().trim_end_matches([')', ']']);
    if label.ends_with('%') {
        return Some(Unit::Percent);
    }
    let inside = label.rsplit(['(', '[']).next()?;
    (inside.len() < label.len()).then(|| of_word(inside.trim()))?
}

impl MetricWidget {
    /// Whether the value of a whole range follows from those of its periods: no percentile does, nor does a ratio.
    pub fn adds_up(&self) -> bool {
        self.rows.iter().all(|r| {
            matches!(r.source, Source::Metric(_))
                && matches!(
                    r.stat.as_str(),
                    "Sum" | "SampleCount" | "Average" | "Minimum" | "Maximum"
                )
        })
    }
}

/// The number that stands for a series in a widget of numbers: its newest, or that of the whole range where the author wants
/// that.
pub fn headline(widget: &MetricWidget, line: &DataLine) -> Option<f64> {
    if !widget.whole_range || !widget.adds_up() {
        return line.last();
    }
    let values = line.points.iter().map(|p| p.1);
    match widget.rows.get(line.row).map(|r| r.stat.as_str()) {
        Some("Sum" | "SampleCount") => values.reduce(|a, b| a + b),
        Some("Minimum") => values.reduce(f64::min),
        Some("Maximum") => values.reduce(f64::max),
        _ => values
            .reduce(|a, b| a + b)
            .map(|sum| sum / line.points.len() as f64),
    }
}
