//! Heads as columns: how wide each is, and which may go where the terminal is narrow.

use crate::domain::text::width;
use crate::present::{Cell, Head, Section, Tone};
use crate::ui::screens::Cx;
use crate::ui::widgets::{Align, Column, Cut, clock, clock_head};

/// What a cell says: its age, or its clock time where the person asked for clock times.
pub(super) fn said(cell: &Cell, cx: &Cx<'_>) -> String {
    match cell.at.filter(|_| cx.absolute) {
        // So long ago at least is then at the latest.
        Some(at) if cell.text.starts_with('≥') => format!("≤{}", clock(cx.now, at)),
        Some(at) => clock(cx.now, at),
        None => cell.text.clone(),
    }
}

/// Heads as columns of the table, after one for the row's mark. Clock times have the room that those of the section take, and what
/// stands beside them no more than it needs.
pub(super) fn columns(section: &Section, cx: &Cx<'_>) -> Vec<Column> {
    let mark = Column::left("", 1);
    let clocks = |at: usize| {
        let cells = section.rows.iter().filter_map(|r| r.cells.get(at));
        let dated = cells.filter(|c| cx.absolute && c.at.is_some());
        dated.map(|c| width(&said(c, cx))).max()
    };
    let is_dated = (0..section.heads.len()).any(|at| clocks(at).is_some());
    let needed = |at: usize, h: &Head| {
        let cells = section.rows.iter().filter_map(|r| r.cells.get(at));
        let widest = cells.map(|c| width(&said(c, cx))).max().unwrap_or(0);
        widest.max(width(h.title)).max(3) as u16
    };
    let telling = telling(section);
    let head = |(at, h): (usize, &Head)| {
        let clocks = clocks(at);
        let title = match clocks.is_some() {
            true => clock_head(h.title),
            false => h.title,
        };
        let room = match is_dated {
            true => h.width.min(needed(at, h)),
            false => h.width,
        };
        Column {
            title,
            width: room.max(clocks.unwrap_or(0) as u16),
            grow: h.grow,
            align: if h.right { Align::Right } else { Align::Left },
            // A row that is marked and does not say why sends its reader away.
            drop: if telling.contains(&at) { 0 } else { h.drop },
            cut: Cut::End,
            times: false,
            whole: clocks.is_some(),
        }
    };
    let heads = section.heads.iter().enumerate();
    std::iter::once(mark).chain(heads.map(head)).collect()
}

/// Columns that alone say why a row of theirs is marked.
fn telling(section: &Section) -> Vec<usize> {
    let mut all: Vec<usize> = Vec::new();
    for row in &section.rows {
        let worst = row.worst();
        if worst.weight() < Tone::Warn.weight() {
            continue;
        }
        let says = |at: &usize| row.cells.get(*at).is_some_and(|c| c.tone == worst);
        let stays = |at: &usize| section.heads.get(*at).is_some_and(|h| h.drop == 0);
        let mut those = (0..section.heads.len()).filter(says);
        if !those.clone().any(|at| stays(&at) || all.contains(&at)) {
            all.extend(those.next());
        }
    }
    all
}
