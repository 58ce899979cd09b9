//! Rows of the checklist: stages with their days, sections with their counts, criteria with their state and evidence.

use ratatui::style::Style;

use super::model::{Checklist, Item, register, stage};
use crate::plan::checklist::{Counts, CriterionState, CriterionStatus, StageStatus};
use crate::ui::screens::Cx;
use crate::ui::widgets::{Column, Row, bar, since};

/// The columns.
pub(super) const COLUMNS: &[Column] = &[
    Column::left("", 7),
    Column::left("state", 12),
    Column::left("criterion", 24).grow(3),
    Column::left("why", 16).grow(3).drop(1),
    Column::age("asked", 8).drop(2),
];

/// Shape, word and colour of a state.
pub(super) fn state(state: CriterionState, cx: &Cx<'_>) -> (String, Style) {
    let t = cx.theme;
    let (sign, style) = match state {
        CriterionState::Failing => ("▲", t.critical),
        CriterionState::Unknown => ("○", t.unknown),
        CriterionState::Waived => ("~", t.warn),
        CriterionState::SignedOff => ("✎", t.info),
        CriterionState::Proved => ("✓", t.ok),
    };
    (format!("{sign} {}", state.word()), style)
}

/// What there is of each state, in words; the worst first.
pub(super) fn counted(n: &Counts) -> String {
    let parts = [
        (n.failing, "failing"),
        (n.unknown, "unknown"),
        (n.waived, "waived"),
        (n.signed_off, "signed off"),
        (n.proved, "proved"),
    ];
    let words: Vec<String> = parts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| format!("{n} {word}"))
        .collect();
    words.join(", ")
}

/// Planned and actual days of a stage; what is late comes first.
pub(super) fn days(s: &StageStatus) -> String {
    let (least, most) = s.planned_days;
    let mut words = match s.late_days {
        0 => String::new(),
        1 => "1 day LATE, ".to_owned(),
        n => format!("{n} days LATE, "),
    };
    words.push_str(&match s.planned {
        Some((first, last)) => format!("planned {first} to {last}"),
        None if least == most => format!("planned {least} days"),
        None => format!("planned {least} to {most} days"),
    });
    match (s.actual_start, s.actual_end) {
        (Some(from), Some(to)) => words.push_str(&format!(", done {from} to {to}")),
        (Some(from), None) => words.push_str(&format!(", begun {from}")),
        (None, _) => {}
    }
    words
}

fn tally(n: &Counts, cx: &Cx<'_>) -> (String, Style) {
    let t = cx.theme;
    let (full, empty) = bar(f64::from(n.ready()) / f64::from(n.total().max(1)), 5);
    let style = match (n.failing, n.ready() == n.total()) {
        (1.., _) => t.critical,
        (0, true) => t.ok,
        (0, false) => t.text,
    };
    (format!("{full}{empty} {}/{}", n.ready(), n.total()), style)
}

fn fold(open: bool) -> &'static str {
    if open { "▾" } else { "▸" }
}

/// The row of an item; empty where it is gone.
pub(super) fn row(s: &Checklist, item: &Item, cx: &Cx<'_>) -> Row {
    let (t, list) = (cx.theme, &cx.snapshot.checklist);
    let open = fold(s.is_open(item, list));
    let none = (String::new(), t.muted);
    match item {
        Item::Stage(number) => stage(cx, *number).map(|stage| {
            let late = stage.late_days > 0;
            Row::new([
                (format!("{open} {number}"), t.strong),
                tally(&stage.success_counts(), cx),
                (stage.title.clone(), t.strong),
                (days(stage), if late { t.warn } else { t.muted }),
                none,
            ])
        }),
        Item::Section(number, name) => stage(cx, *number).map(|stage| {
            let n = Counts::of(stage.criteria.iter().filter(|c| &c.section == name));
            Row::new([
                (format!("  {open}"), t.muted),
                tally(&n, cx),
                (name.clone(), t.text),
                (counted(&n), t.muted),
                none,
            ])
        }),
        Item::Register(id) => register(cx, id).map(|register| {
            let n = Counts::of(register.criteria.iter());
            Row::new([
                (format!("{open} {id}"), t.strong),
                tally(&n, cx),
                (register.title.clone(), t.strong),
                (counted(&n), t.muted),
                none,
            ])
        }),
        Item::Criterion(id) => list.criterion(id).map(|c| criterion(c, cx)),
    }
    .unwrap_or_default()
}

/// The row of a criterion.
pub(super) fn criterion(c: &CriterionStatus, cx: &Cx<'_>) -> Row {
    let t = cx.theme;
    let asked = c.evidence.iter().map(|e| e.at).max();
    let title = match c.state {
        CriterionState::Failing => t.strong,
        _ => t.text,
    };
    Row::new([
        (format!("  {}", c.id), t.muted),
        state(c.state, cx),
        (c.title.clone(), title),
        (c.reason.clone(), t.muted),
        (
            asked.map_or(String::new(), |at| since(cx.now, Some(at), cx.absolute)),
            t.muted,
        ),
    ])
}
