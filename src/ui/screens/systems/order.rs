//! The rows of a section by one of its columns: by the value of a cell where it tells one, by its words else.

use crate::domain::severity::Severity;
use crate::present::{Head, Row, Section, Tone};
use crate::ui::commands::Command;
use crate::ui::natural::{Measure, figure};
use crate::ui::sorting::{Sorting, Value, placed, places};

/// Does a command about the order of a section: its own, then one column after the other.
pub(super) fn turn(sorting: &mut Sorting, command: Command, section: &Section) {
    loop {
        sorting.turn(command, section.heads.len() + 1);
        let column = sorting.place().checked_sub(1);
        // What is drawn and not written has no order.
        if command != Command::Sort || column.is_none_or(|at| is_written(section, at)) {
            return;
        }
    }
}

/// Whether a column holds words or figures.
fn is_written(section: &Section, at: usize) -> bool {
    let mut cells = section.rows.iter().filter_map(|r| r.cells.get(at));
    cells.any(|c| c.text.chars().any(char::is_alphanumeric))
}

/// Puts its rows in order. What hangs on a row as a branch stays below it.
pub(super) fn arrange(section: &mut Section, sorting: Sorting) {
    let Some(at) = sorting.place().checked_sub(1) else {
        return;
    };
    let Some(head) = section.heads.get(at) else {
        return;
    };
    // What is bad about a name is no part of it.
    let strong = |r: &Row| r.cells.get(at).is_some_and(|c| c.tone == Tone::Strong);
    let names = section.rows.iter().any(strong) || (at == 0 && head.title != "state");
    let mut blocks: Vec<Vec<Row>> = Vec::new();
    for row in std::mem::take(&mut section.rows) {
        let hangs = row.cells.first().is_some_and(|c| c.text != row.name());
        match blocks.last_mut() {
            Some(block) if hangs => block.push(row),
            _ => blocks.push(vec![row]),
        }
    }
    let told = |block: &Vec<Row>| {
        let first = block.first();
        let value = first.map_or(Value::None, |r| value(r, at, head, names));
        (value, first.map_or_else(String::new, name))
    };
    let told: Vec<(Value, String)> = blocks.iter().map(told).collect();
    let blocks = placed(blocks, &places(&told, sorting.is_reverse()));
    section.rows = blocks.into_iter().flatten().collect();
}

/// What a row is called, and what tells it from another one that is called so.
fn name(row: &Row) -> String {
    let strong = row.cells.iter().find(|c| c.tone == Tone::Strong);
    let name = strong.map_or_else(|| row.name(), |c| c.text.as_str());
    format!("{name} {}", row.id)
}

/// What a cell is sorted by; `names`: its column holds the names of things.
fn value(row: &Row, at: usize, head: &Head, names: bool) -> Value {
    let Some(cell) = row.cells.get(at) else {
        return Value::None;
    };
    if let Some(at) = cell.at {
        return Value::At(at);
    }
    let text = if at == 0 {
        row.name()
    } else {
        cell.text.trim()
    };
    let word = Value::word(text);
    if word == Value::None {
        return word;
    }
    // On the left a number without a unit may be a version, or a name.
    let told = figure(text).filter(|(measure, _)| head.right || *measure != Measure::Count);
    match told {
        Some((measure, amount)) => Value::Figure(measure, amount),
        None if head.title == "severity" => {
            Value::Word(Severity::parse(text) as u8, text.to_owned())
        }
        None if names => word,
        None => Value::Word(cell.tone.urgency(), text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::part::Part;
    use crate::present::Cell;
    use jiff::Timestamp;
    use std::time::Duration;

    const HEADS: &[Head] = &[
        Head::left("disk", 8),
        Head::left("state", 8),
        Head::right("size", 8),
        Head::right("age", 8),
        Head::left("by hour", 8),
        Head::left("severity", 8),
    ];

    fn section() -> Section {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let part = Part::answered((), now, "x:Y", Duration::from_secs(10));
        let mut section = Section::of(&part, now, "disks", "Disks", HEADS, "none");
        let rows = [
            ("b10", Cell::plain("fine"), "900 MB", Some(10), "low"),
            (
                "b9",
                Cell::new("broken", Tone::Bad),
                "1.2 GB",
                None,
                "critical",
            ),
            ("a", Cell::plain("also"), "-", Some(500), "medium"),
        ];
        for (id, state, size, ago, severity) in rows {
            let at = ago.map(|s: i64| Timestamp::from_second(1_000_000 - s).unwrap());
            let cells = vec![
                Cell::name(id),
                state,
                Cell::plain(size),
                Cell::ago(at, now),
                Cell::muted("▁▂"),
                Cell::plain(severity),
            ];
            section.row(id, cells, &id);
            if id == "b10" {
                let branch = vec![
                    Cell::plain("└─ part"),
                    Cell::plain("zz"),
                    Cell::plain("5 TB"),
                ];
                section.row("part", branch, &id);
            }
        }
        section
    }

    fn ids(sorting: Sorting) -> String {
        let mut section = section();
        arrange(&mut section, sorting);
        let ids = section.rows.iter().map(|r| r.id.as_str());
        ids.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_section_is_sorted_by_what_its_cells_are_worth_and_a_branch_stays_where_it_hangs() {
        let mut sorting = Sorting::default();
        let mut next = |command| {
            turn(&mut sorting, command, &section());
            (sorting.place(), ids(sorting))
        };
        assert_eq!(ids(Sorting::default()), "b10 part b9 a");
        for (place, order) in [
            (1, "a b9 b10 part"),
            (2, "b9 a b10 part"),
            (3, "b9 b10 part a"),
            (4, "b10 part a b9"),
            // What is drawn is passed over.
            (6, "b9 a b10 part"),
            (0, "b10 part b9 a"),
            (1, "a b9 b10 part"),
        ] {
            assert_eq!(next(Command::Sort), (place, order.to_owned()));
        }
        assert_eq!(next(Command::Reverse), (1, "b10 part b9 a".to_owned()));
        next(Command::Sort);
        assert_eq!(
            next(Command::Sort),
            (3, "b10 part b9 a".to_owned()),
            "none stays last"
        );
    }
}
