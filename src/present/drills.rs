//! Drills that the plan asks for, and when a person last vouched for one. A part of the page of backups.

use jiff::Timestamp;
use serde_json::json;

use super::{Cell, Head, Section, Tone};
use crate::domain::audit::{SignOff, SignOffKind};
use crate::domain::facts::Facts;

const HEADS: &[Head] = &[
    Head::left("drill", 9),
    Head::right("last", 13),
    Head::left("said by", 10).drop(1),
    Head::left("criterion", 9),
    Head::left("what", 28).grow(3),
];

/// The section.
pub(super) fn section(facts: &Facts, now: Timestamp) -> Section {
    let part = &facts.signoffs;
    let empty = "The plan has no criterion that a drill settles.";
    let mut section = Section::of(part, now, "drills", "Drills", HEADS, empty);
    for drill in facts.drills.iter() {
        let mut of_it = part
            .rows()
            .iter()
            .filter(|s| s.criterion == drill.criterion);
        let vouched = |s: &&SignOff| s.kind == SignOffKind::SignedOff && s.proven;
        let last = of_it.clone().max_by_key(|s| s.at).filter(vouched);
        let unread = part.observed_at.is_none();
        let (when, who) = match last {
            Some(s) => (Cell::ago(s.at, now), Cell::plain(&s.who)),
            None if unread => (Cell::new("?", Tone::Unknown), Cell::default()),
            None => (Cell::new("none recorded", Tone::Warn), Cell::default()),
        };
        let what = match last {
            Some(s) => Cell::plain(&s.why),
            None if of_it.any(|s| s.kind == SignOffKind::Waived) => {
                Cell::muted(format!("{}; waived", drill.title))
            }
            None => Cell::muted(&drill.title),
        };
        let cells = vec![
            Cell::name(drill.of),
            when,
            who,
            Cell::muted(&drill.criterion),
            what,
        ];
        let thing = json!({"drill": drill.of, "criterion": drill.criterion, "title": drill.title, "last": last});
        section.row(&drill.criterion, cells, &thing);
    }
    section
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use jiff::SignedDuration;

    use super::*;
    use crate::domain::backup::Drill;
    use crate::domain::part::Part;

    #[test]
    fn a_drill_is_the_last_that_somebody_vouched_for_and_none_is_said() {
        let now = Timestamp::UNIX_EPOCH;
        let drill = Drill {
            criterion: "5.1.d".into(),
            title: "Regular restore testing".into(),
            of: "restore",
        };
        let mut facts = Facts {
            drills: Arc::new(vec![drill]),
            ..Facts::default()
        };
        let shown = |facts: &Facts| {
            let section = section(facts, now);
            let row = section.rows[0].clone();
            (
                row.cells[1].text.clone(),
                row.cells[1].tone,
                row.thing["last"].clone(),
            )
        };
        assert_eq!(shown(&facts).1, Tone::Unknown, "nobody was asked");
        let word = |kind, days: i64, proven| SignOff {
            criterion: "5.1.d".into(),
            kind,
            who: "ana".into(),
            why: "restored beside, 41 minutes".into(),
            link: String::new(),
            at: now - SignedDuration::from_hours(24 * days),
            until: None,
            proven,
        };
        let mut say = |all: Vec<SignOff>| {
            facts.signoffs = Part::answered(all, now, "store", Duration::from_secs(5));
            shown(&facts)
        };
        let none = say(Vec::new());
        assert_eq!((none.0.as_str(), none.1), ("none recorded", Tone::Warn));
        assert!(none.2.is_null());
        let told = say(vec![word(SignOffKind::SignedOff, 12, true)]);
        assert_eq!(told.0, "12d");
        assert_eq!(told.2["who"], "ana");
        let forged = say(vec![word(SignOffKind::SignedOff, 12, false)]);
        assert_eq!(
            forged.0, "none recorded",
            "the audit chain does not hold it"
        );
        let waived = say(vec![word(SignOffKind::Waived, 1, true)]);
        assert_eq!(waived.0, "none recorded", "nothing was rehearsed");
    }
}
