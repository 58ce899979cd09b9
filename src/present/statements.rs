//! The statements that load the databases most.

use jiff::Timestamp;

use super::words::{count, span};
use super::{Cell, Group, Head, Section, Tone, View};
use crate::domain::database::{STATEMENT_BUDGET_MS, Statement};
use crate::domain::facts::Facts;

pub(super) const VIEW: View = View {
    id: "statements",
    title: "Top statements",
    doc: "The statements that load the databases most, from Performance Insights: load, calls, time and rows of a call",
    group: Group::Data,
    lines: &["pi"],
    needs: &["statements"],
    make,
};

const HEADS: &[Head] = &[
    Head::right("load", 6),
    Head::left("share", 10).drop(3),
    Head::right("calls/s", 8),
    Head::right("mean", 9),
    Head::right("rows", 7).drop(2),
    Head::left("database", 18).drop(1),
    Head::left("statement", 40).grow(4),
];

fn make(facts: &Facts, now: Timestamp) -> Vec<Section> {
    let part = &facts.estate.statements;
    let empty =
        "No statements: switch Performance Insights on for the databases that are to be watched.";
    let mut section = Section::of(part, now, "statements", "Top statements", HEADS, empty);
    let Some(top) = &part.value else {
        return vec![section];
    };
    let whole: f64 = top.statements.iter().map(|s| s.load).sum();
    for s in &top.statements {
        section.row(format!("{} {}", s.database, s.id), cells(s, whole), s);
    }
    if !top.watched.is_empty() {
        let window = i64::try_from(top.window_s).unwrap_or(i64::MAX);
        let words = format!(
            "{whole:.2} sessions busy on average over {}, in {}",
            span(window),
            count(top.watched.len(), "database")
        );
        section.note(words, Tone::Plain);
    }
    if !top.unwatched.is_empty() {
        let words = format!("without Performance Insights: {}", top.unwatched.join(", "));
        section.note(words, Tone::Muted);
    }
    vec![section]
}

fn cells(s: &Statement, whole: f64) -> Vec<Cell> {
    let number = |n: Option<f64>, digits: usize| match n {
        Some(n) => format!("{n:.digits$}"),
        None => "-".into(),
    };
    let share = if whole > 0.0 { s.load / whole } else { 0.0 };
    let blocks = (share * 10.0).round() as usize;
    let slow = s.mean_ms.is_some_and(|ms| ms > STATEMENT_BUDGET_MS);
    vec![
        Cell::plain(format!("{:.2}", s.load)),
        Cell::plain("█".repeat(blocks.min(10))),
        Cell::plain(number(s.calls_per_second, 1)),
        Cell::new(
            s.mean_ms
                .map_or_else(|| "-".into(), |ms| format!("{ms:.1} ms")),
            Tone::fine(!slow),
        ),
        Cell::plain(number(s.rows_per_call, 1)),
        Cell::muted(&s.database),
        Cell::name(&s.text),
    ]
}
