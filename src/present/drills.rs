//! Drills that the plan asks for, when a person last vouched for one, and what restores measured against the targets of recovery. A part
//! of the page of backups.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use super::words::span;
use super::{Cell, Head, Section, Tone};
use crate::domain::audit::{SignOff, SignOffKind};
use crate::domain::facts::Facts;
use crate::domain::restore::{Measured, Restore};

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
    // The word of a person stands by the store alone: where AWS Backup is silent, what it told says so itself.
    let mut section = Section::of(part, now, "drills", "Drills", HEADS, empty);
    let told_now = facts.estate.restores.fresh(now).is_some();
    targets(facts, &mut section, now);
    for drill in facts.drills.iter() {
        let mut of_it = part
            .rows()
            .iter()
            .filter(|s| s.criterion == drill.criterion);
        let vouched = |s: &&SignOff| s.kind == SignOffKind::SignedOff && s.proven;
        let last = of_it.clone().max_by_key(|s| s.at).filter(vouched);
        let unread = part.observed_at.is_none();
        let carried = carried_out(facts, drill.of, now);
        let newer = carried.filter(|c| last.is_none_or(|s| s.at < c.at));
        let (when, who) = match last {
            _ if newer.is_some() => (
                Cell::ago(newer.map(|c| c.at), now),
                Cell::plain("AWS Backup"),
            ),
            Some(s) => (Cell::ago(s.at, now), Cell::plain(&s.who)),
            None if unread => (Cell::new("?", Tone::Unknown), Cell::default()),
            None => (Cell::new("none recorded", Tone::Warn), Cell::default()),
        };
        let what = match last {
            _ if newer.is_some() => {
                let store = newer.map_or("", |c| c.store);
                Cell::plain(format!("{store} restored and found good"))
            }
            Some(s) => Cell::plain(&s.why),
            None if of_it.any(|s| s.kind == SignOffKind::Waived) => {
                Cell::muted(format!("{}; waived", drill.title))
            }
            None => Cell::muted(&drill.title),
        };
        let is_old = newer.is_some() && !told_now;
        let by_aws = |cell: Cell| match is_old {
            true => cell.toned(Tone::Unknown),
            false => cell,
        };
        let cells = vec![
            Cell::name(drill.of),
            by_aws(when),
            by_aws(who),
            Cell::muted(&drill.criterion),
            by_aws(what),
        ];
        let of_restores = drill.of == "restore";
        let measured = carried.map(|c| facts.estate.measured(c.restore));
        let seconds = |of: Option<Duration>| of.map(|d| d.as_secs());
        let thing = json!({
            "drill": drill.of, "criterion": drill.criterion, "title": drill.title, "last": last,
            "restored_at": carried.map(|c| c.at), "restored": carried.map(|c| c.store),
            "rto_s": seconds(facts.rto.filter(|_| of_restores)),
            "rpo_s": seconds(Some(facts.rpo).filter(|_| of_restores)),
            "took_s": seconds(measured.and_then(|m| m.took)),
            "data_age_s": seconds(measured.and_then(|m| m.data_age)),
        });
        section.row(&drill.criterion, cells, &thing);
    }
    section
}

/// A restore by AWS Backup of a store of ours that was found good: a restore drill, whoever meant it.
#[derive(Clone, Copy, Debug)]
struct Carried<'a> {
    at: Timestamp,
    store: &'a str,
    restore: &'a Restore,
}

/// The newest of each store, by its name, where it was found good.
fn found_good(facts: &Facts, now: Timestamp) -> impl Iterator<Item = Carried<'_>> {
    let drilled = facts
        .estate
        .drilled(&facts.environment, Timestamp::MIN, now);
    let good = drilled.telling.into_iter();
    let good = good.filter(move |(_, r)| r.proves() == Some(true) && !r.is_ahead(now));
    good.filter_map(|(store, restore)| {
        let at = restore.when()?;
        Some(Carried { at, store, restore })
    })
}

/// The newest of them all.
fn carried_out<'a>(facts: &'a Facts, of: &str, now: Timestamp) -> Option<Carried<'a>> {
    if of != "restore" {
        return None;
    }
    found_good(facts, now).max_by_key(|c| (c.at, c.store))
}

/// What a restore may take and lose, and what the newest of each store took and would have lost.
fn targets(facts: &Facts, section: &mut Section, now: Timestamp) {
    let told = |d: Duration| span(i64::try_from(d.as_secs()).unwrap_or(i64::MAX));
    let rto = facts
        .rto
        .map_or_else(|| "not set (rto in [backups])".into(), told);
    let words = format!("targets: RTO {rto}, RPO {}", told(facts.rpo));
    section.note(words, Tone::Plain);
    let restores = &facts.estate.restores;
    let told_now = restores.fresh(now).is_some();
    if !told_now {
        let why = match (&restores.error, restores.age(now)) {
            (Some(problem), _) => problem.why.clone(),
            (None, Some(age)) => format!("the last answer is {} old", told(age)),
            (None, None) => "AWS Backup was not asked yet".into(),
        };
        section.note(format!("measured: not known: {why}"), Tone::Unknown);
    }
    let measured = match told_now {
        true => "measured",
        false => "last measured",
    };
    let mut nothing = true;
    for c in found_good(facts, now) {
        nothing = false;
        let Measured { took, data_age } = facts.estate.measured(c.restore);
        let late = took.zip(facts.rto).is_some_and(|(took, most)| took > most);
        let old = data_age.is_some_and(|age| age > facts.rpo);
        let passed_over = facts.estate.passed_over(c.store, c.restore, now);
        let passed_over = passed_over.filter(|_| old);
        let missed = late || (old && passed_over.is_none());
        let tone = match (missed, took.and(data_age)) {
            _ if !told_now => Tone::Unknown,
            (true, _) => Tone::Warn,
            (false, Some(_)) if passed_over.is_none() => Tone::Plain,
            (false, _) => Tone::Unknown,
        };
        let of = |d: Option<Duration>| d.map_or_else(|| "?".into(), told);
        let (took, data_age) = (of(took), of(data_age));
        let but = passed_over.map_or_else(String::new, |why| format!(", but {why}"));
        let words = format!(
            "{measured}: {} restored in {took}, from data {data_age} old when that began{but}",
            c.store
        );
        section.note(words, tone);
    }
    if nothing && told_now {
        let words = "measured: nothing, for no restore by AWS Backup was found good";
        section.note(words, Tone::Muted);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use jiff::SignedDuration;

    use super::*;
    use crate::domain::backup::{Backup, Drill, Points};
    use crate::domain::part::{Freshness, Part};
    use crate::domain::problem::{Problem, ProblemKind};

    const EVERY: Duration = Duration::from_secs(5);

    fn hours(n: i64) -> Option<Timestamp> {
        Some(Timestamp::UNIX_EPOCH - SignedDuration::from_hours(n))
    }

    /// One that began 50 hours ago, of a point of so many hours before.
    fn good(of_hours: i64) -> Restore {
        Restore {
            store: Some("db".into()),
            state: "COMPLETED".into(),
            validation: Some("SUCCESSFUL".into()),
            taken_at: hours(50 + of_hours),
            began_at: hours(50),
            ended_at: hours(48),
            ..Restore::default()
        }
    }

    fn rehearsed(restores: Part<Arc<Vec<Restore>>>) -> Facts {
        let drill = |of: &'static str| Drill {
            criterion: format!("5.1.{of}"),
            title: "Regular testing".into(),
            of,
        };
        let word = SignOff {
            criterion: "5.1.failover".into(),
            kind: SignOffKind::SignedOff,
            who: "ana".into(),
            why: "failed over, 41 s".into(),
            link: String::new(),
            at: Timestamp::UNIX_EPOCH - SignedDuration::from_hours(48),
            until: None,
            proven: true,
        };
        let mut facts = Facts {
            drills: Arc::new(vec![drill("restore"), drill("failover")]),
            signoffs: Part::answered(vec![word], Timestamp::UNIX_EPOCH, "store", EVERY),
            rpo: Duration::from_secs(4 * 3_600),
            ..Facts::default()
        };
        facts.estate.restores = restores;
        facts
    }

    /// "Nothing" was said of restores that nobody could read, and the word of a person was struck for it.
    #[test]
    fn where_aws_backup_is_silent_its_restores_are_not_known_and_the_word_of_a_person_stands() {
        let now = Timestamp::UNIX_EPOCH;
        let (why, fix) = ("the role may not list restores", "allow it");
        let denied = Problem::new(ProblemKind::Denied, "backup", "restores", why, fix);
        let failed = |mut part: Part<Arc<Vec<Restore>>>| {
            part.error = Some(denied.clone());
            part
        };
        let told = Part::answered(Arc::new(vec![good(3)]), now, "backup:x", EVERY);
        let old = Part {
            observed_at: hours(1),
            ..told.clone()
        };
        let denies = "measured: not known: the role may not list restores";
        let last = "last measured: db restored in 2h, from data 3h old when that began";
        for (part, first, then) in [
            (
                Part::default(),
                "measured: not known: AWS Backup was not asked yet",
                None,
            ),
            (failed(Part::default()), denies, None),
            (failed(told), denies, Some(last)),
            (
                old,
                "measured: not known: the last answer is 1h old",
                Some(last),
            ),
        ] {
            let section = section(&rehearsed(part), now);
            let notes = section.notes.iter().skip(1);
            let notes: Vec<_> = notes.map(|n| (n.text.as_str(), n.tone)).collect();
            let wanted = [Some(first), then].into_iter().flatten();
            let wanted: Vec<_> = wanted.map(|text| (text, Tone::Unknown)).collect();
            assert_eq!(notes, wanted);
            let row = |n: usize| {
                let cells = &section.rows[n].cells;
                [1, 2, 4].map(|i| (cells[i].text.clone(), cells[i].tone))
            };
            if then.is_some() {
                assert_eq!(row(0)[1].0, "AWS Backup");
                assert!(row(0).iter().all(|(_, tone)| *tone == Tone::Unknown));
            }
            assert_eq!(row(1)[1], ("ana".to_owned(), Tone::Plain));
            assert_eq!(section.standing.freshness, Some(Freshness::Fresh));
            assert!(section.standing.problem.is_none());
        }
        let none = Part::answered(Arc::default(), now, "backup:x", EVERY);
        let section = section(&rehearsed(none), now);
        assert!(section.notes[1].text.starts_with("measured: nothing"));
    }

    #[test]
    fn a_restore_of_an_older_point_than_there_was_misses_nothing() {
        let now = Timestamp::UNIX_EPOCH;
        let restored = Part::answered(Arc::new(vec![good(400)]), now, "backup:x", EVERY);
        let mut facts = rehearsed(restored);
        let tone = |facts: &Facts| section(facts, now).notes[1].tone;
        assert_eq!(tone(&facts), Tone::Warn);
        let newer = Backup {
            store: "db".into(),
            arn: "arn:newer".into(),
            taken_at: hours(53),
            complete: true,
            ..Backup::default()
        };
        let points = Points {
            backups: vec![newer],
            ..Points::default()
        };
        facts.estate.recovery_points = Part::answered(Arc::new(points), now, "backup:y", EVERY);
        assert_eq!(tone(&facts), Tone::Unknown);
        let section = section(&facts, now);
        let note = &section.notes[1].text;
        assert!(
            note.ends_with("than there was, which measures no RPO"),
            "{note}"
        );
    }

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
            taken_at: Some(now - SignedDuration::from_hours(53)),
            began_at: Some(now - SignedDuration::from_hours(50)),
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
        let told = |facts: &Facts| {
            let section = super::section(facts, now);
            let notes = section.notes.iter().map(|n| (n.text.clone(), n.tone));
            (
                notes.collect::<Vec<_>>(),
                ["rto_s", "rpo_s", "took_s", "data_age_s"]
                    .map(|key| section.rows[0].thing[key].as_u64()),
            )
        };
        let measured = "measured: db restored in 2h, from data 3h old when that began";
        facts.rpo = Duration::from_secs(4 * 3_600);
        let (notes, figures) = told(&facts);
        let unset = "targets: RTO not set (rto in [backups]), RPO 4h";
        assert_eq!(notes[0], (unset.to_owned(), Tone::Plain));
        assert_eq!(notes[1], (measured.to_owned(), Tone::Plain));
        assert_eq!(figures, [None, Some(14_400), Some(7_200), Some(10_800)]);
        facts.rto = Some(Duration::from_secs(3_600));
        let (notes, figures) = told(&facts);
        assert_eq!(notes[1], (measured.to_owned(), Tone::Warn));
        assert_eq!(figures[0], Some(3_600));
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
