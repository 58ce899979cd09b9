//! Restores by AWS Backup, and what a check of what came of them said. A part of the page of backups.

use jiff::Timestamp;

use super::words::span;
use super::{Cell, Head, Section, Tone};
use crate::domain::facts::Facts;
use crate::domain::restore::Restore;

const HEADS: &[Head] = &[
    Head::right("begun", 6),
    Head::left("store", 20).grow(1),
    Head::left("type", 8).drop(2),
    Head::left("state", 11),
    Head::left("checked", 10),
    Head::right("took", 6).drop(1),
    Head::left("by", 12).drop(3),
    Head::left("why", 24).grow(3),
];

/// The section.
pub(super) fn section(facts: &Facts, now: Timestamp) -> Section {
    let part = &facts.estate.restores;
    let empty = "No restores: AWS Backup carried out none in the last 92 days.";
    let title = "Restores by AWS Backup";
    let mut section = Section::of(part, now, "restores", title, HEADS, empty);
    for r in part.value.iter().flat_map(|all| all.iter()) {
        let store = facts.estate.store_of(r);
        let named = Restore {
            store: store.map(str::to_owned),
            ..r.clone()
        };
        section.row(&r.id, cells(r, store, now), &named);
    }
    section
}

fn cells(r: &Restore, store: Option<&str>, now: Timestamp) -> Vec<Cell> {
    let state = match (r.state.as_str(), r.is_open()) {
        ("FAILED", _) => Tone::Bad,
        (_, true) => Tone::Info,
        _ => Tone::Plain,
    };
    let checked = match r.validation.as_deref() {
        Some("SUCCESSFUL") => Cell::new("good", Tone::Ok),
        Some("FAILED") => Cell::new("not good", Tone::Bad),
        Some("TIMED_OUT") => Cell::new("timed out", Tone::Bad),
        Some("VALIDATING") => Cell::new("going on", Tone::Info),
        Some(other) => Cell::new(other.to_lowercase(), Tone::Unknown),
        None if r.is_open() => Cell::muted("-"),
        None => Cell::muted("by nobody"),
    };
    let took = r.began_at.zip(r.ended_at);
    let took = took.map(|(from, to)| span(to.duration_since(from).as_secs()));
    let why = match r.message.as_str() {
        "" => &r.validation_message,
        why => why,
    };
    vec![
        Cell::ago(r.began_at, now).toned(Tone::Muted),
        store.map_or_else(|| Cell::new("not told", Tone::Unknown), Cell::name),
        Cell::plain(&r.store_type),
        Cell::new(r.state.to_lowercase(), state),
        checked,
        Cell::plain(took.unwrap_or_else(|| "-".into())),
        Cell::muted(if r.by_plan {
            "testing plan"
        } else {
            "somebody"
        }),
        Cell::new(why, state),
    ]
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::domain::part::Part;

    #[test]
    fn what_came_of_a_restore_is_told_and_what_nobody_checked_is_not_good() {
        let now = Timestamp::UNIX_EPOCH;
        let of = |state: &str, validation: Option<&str>| Restore {
            store: Some("db".into()),
            state: state.into(),
            validation: validation.map(str::to_owned),
            ..Restore::default()
        };
        let all = vec![
            of("COMPLETED", Some("SUCCESSFUL")),
            of("COMPLETED", None),
            of("COMPLETED", Some("FAILED")),
            of("RUNNING", None),
        ];
        let mut facts = Facts::default();
        let every = Duration::from_secs(300);
        facts.estate.restores = Part::answered(Arc::new(all), now, "backup:x", every);
        let rows = section(&facts, now).rows;
        let told: Vec<_> = rows
            .iter()
            .map(|r| (r.cells[4].text.as_str(), r.cells[4].tone))
            .collect();
        assert_eq!(
            told,
            [
                ("good", Tone::Ok),
                ("by nobody", Tone::Muted),
                ("not good", Tone::Bad),
                ("-", Tone::Muted)
            ]
        );
        assert_eq!(rows[3].cells[3].tone, Tone::Info);
    }
}
