//! The statements that load the databases most.

use jiff::Timestamp;

use super::words::{count, span};
use super::{Cell, Found, Group, Head, Make, Section, Tone, View};
use crate::domain::database::{STATEMENT_BUDGET_MS, Statement};
use crate::domain::facts::Facts;

pub(super) const VIEW: View = View {
    id: "statements",
    title: "Top statements",
    doc: "The statements that load the databases most, from Performance Insights: load, calls, time and rows of a call",
    group: Group::Data,
    lines: &["pi"],
    needs: &["statements"],
    make: Make::Facts(make),
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

/// Where they come from more than one database: rows that are else the same are told apart by it, so it never goes.
const HEADS_OF_MANY: &[Head] = &[
    Head::right("load", 6),
    Head::left("share", 10).drop(3),
    Head::right("calls/s", 8).drop(1),
    Head::right("mean", 9),
    Head::right("rows", 7).drop(2),
    Head::left("database", 18),
    Head::left("statement", 30).grow(4),
];

fn make(facts: &Facts, now: Timestamp) -> Vec<Section> {
    let part = &facts.estate.statements;
    let empty =
        "No statements: switch Performance Insights on for the databases that are to be watched.";
    let all = part.value.iter().flat_map(|top| &top.statements);
    let mut databases = all.map(|s| s.database.as_str());
    let first = databases.next();
    let heads = match databases.any(|d| Some(d) != first) {
        true => HEADS_OF_MANY,
        false => HEADS,
    };
    let mut section = Section::of(part, now, "statements", "Top statements", heads, empty);
    let Some(top) = &part.value else {
        return vec![section];
    };
    let whole: f64 = top.statements.iter().map(|s| s.load).sum();
    for s in &top.statements {
        section.row(format!("{} {}", s.database, s.id), cells(s, whole), s);
        if let Some(ms) = s.mean_ms.filter(|ms| *ms > STATEMENT_BUDGET_MS) {
            section.found(Found::told(format!("takes {ms:.1} ms on average")));
        }
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
    if top.untimed > 0 {
        let which = count(top.untimed, "statement");
        let words = format!(
            "not known how long {which} take{}",
            if top.untimed == 1 { "s" } else { "" }
        );
        section.note(words, Tone::Unknown);
    }
    if !top.unwatched.is_empty() {
        let words = format!("without Performance Insights: {}", top.unwatched.join(", "));
        section.note(words, Tone::Muted);
    }
    for (id, status) in &top.unasked {
        section.note(
            format!("{id} is not asked while it is {status}"),
            Tone::Unknown,
        );
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::domain::database::TopStatements;
    use crate::domain::part::Part;

    #[test]
    fn what_tells_statements_of_several_databases_apart_never_goes() {
        let statement = |database: &str| Statement {
            database: database.into(),
            id: "1".into(),
            text: "SELECT 1".into(),
            load: 1.0,
            calls_per_second: None,
            mean_ms: None,
            rows_per_call: None,
        };
        let goes = |databases: &[&str]| {
            let top = TopStatements {
                statements: databases.iter().map(|d| statement(d)).collect(),
                ..TopStatements::default()
            };
            let now = Timestamp::UNIX_EPOCH;
            let mut facts = Facts::default();
            let part = Part::answered(Arc::new(top), now, "pi:x", Duration::from_secs(60));
            facts.estate.statements = part;
            let sections = make(&facts, now);
            let heads = sections[0].heads;
            heads.iter().find(|h| h.title == "database").map(|h| h.drop)
        };
        assert_eq!(goes(&["a", "b"]), Some(0));
        assert_eq!(goes(&["a", "a"]), Some(1));
    }
}
