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
        let carried = carried_out(facts, drill.of, now);
        let newer = carried.filter(|(at, _)| last.is_none_or(|s| s.at < *at));
        let (when, who) = match last {
            _ if newer.is_some() => (
                Cell::ago(newer.map(|(at, _)| at), now),
                Cell::plain("AWS Backup"),
            ),
            Some(s) => (Cell::ago(s.at, now), Cell::plain(&s.who)),
            None if unread => (Cell::new("?", Tone::Unknown), Cell::default()),
            None => (Cell::new("none recorded", Tone::Warn), Cell::default()),
        };
        let what = match last {
            _ if newer.is_some() => {
                let store = newer.map_or("", |(_, store)| store);
                Cell::plain(format!("{store} restored and found good"))
            }
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
        let thing = json!({
            "drill": drill.of, "criterion": drill.criterion, "title": drill.title, "last": last,
            "restored_at": carried.map(|(at, _)| at), "restored": carried.map(|(_, store)| store),
        });
        section.row(&drill.criterion, cells, &thing);
    }
    section
}

/// The newest restore by AWS Backup of a store of ours that was found good, and its store: a restore drill, whoever meant it.
fn carried_out<'a>(facts: &'a Facts, of: &str, now: Timestamp) -> Option<(Timestamp, &'a str)> {
    if of != "restore" {
        return None;
    }
    let drilled = facts
        .estate
        .drilled(&facts.environment, Timestamp::MIN, now);
    let good = drilled.telling.into_iter();
    let good = good.filter(|(_, r)| r.proves() == Some(true) && !r.is_ahead(now));
    good.filter_map(|(store, r)| Some((r.when()?, store))).max()
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
        let restored = crate::domain::restore::Restore {
            store: Some("db".into()),
            state: "COMPLETED".into(),
            validation: Some("SUCCESSFUL".into()),
            ended_at: Some(now - SignedDuration::from_hours(48)),
            ..Default::default()
        };
        let every = Duration::from_secs(5);
        facts.estate.restores = Part::answered(Arc::new(vec![restored]), now, "backup:x", every);
        let section = section(&facts, now);
        let cells: Vec<&str> = section.rows[0]
            .cells
            .iter()
            .map(|c| c.text.as_str())
            .collect();
        assert_eq!(cells[1..3], ["2d", "AWS Backup"], "{cells:?}");
        let unnamed = crate::domain::restore::Restore {
            store: None,
            ..facts.estate.restores.value.as_ref().unwrap()[0].clone()
        };
        facts.estate.restores = Part::answered(Arc::new(vec![unnamed]), now, "backup:x", every);
        assert_ne!(shown(&facts).0, "2d", "it may be another environment's");
        facts.estate.restores = Part::default();
        let mut say = |all: Vec<SignOff>| {
            facts.signoffs = Part::answered(all, now, "store", Duration::from_secs(5));
            shown(&facts)
        };
        let waived = say(vec![word(SignOffKind::Waived, 1, true)]);
        assert_eq!(waived.0, "none recorded", "nothing was rehearsed");
    }
}
