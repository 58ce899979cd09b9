//! The default plan judged over facts that age: what is proved stays proved for as long as its answers hold, and no longer.

mod ui;

use std::sync::Arc;

use flightdeck::domain::audit::{Proven, Sighting, SignOff, SignOffKind, Spell};
use flightdeck::domain::facts::Facts;
use flightdeck::domain::observer::LastFailure;
use flightdeck::domain::part::Part;
use flightdeck::domain::problem::{Problem, ProblemKind};
use flightdeck::plan::{self, CriterionState, Plan};
use jiff::civil::date;
use jiff::{Timestamp, ToSpan};
use ui::fixture;

/// Facts whose services were answered just now, whose task definitions were read long before.
fn facts() -> Facts {
    let mut facts = fixture::snapshot().facts;
    facts.services.observed_at = Some(fixture::now());
    facts.task_definitions.observed_at = Some(before());
    facts
}

fn before() -> Timestamp {
    fixture::now() - 3.hours()
}

/// 2.2.d: CPU and memory limits in every task definition.
fn limits(facts: &Facts) -> CriterionState {
    let plan = Plan::default_plan();
    let list = plan::evaluate(&plan, facts, fixture::now());
    list.criterion("2.2.d").expect("a criterion").state
}

#[test]
fn a_revision_is_read_once_and_proves_for_as_long_as_services_are_set_to_it() {
    let mut facts = facts();
    assert_eq!(limits(&facts), CriterionState::Proved);
    facts.services.observed_at = Some(before());
    assert_eq!(limits(&facts), CriterionState::Unknown);
}

fn denied() -> Problem {
    let (what, why) = ("read the task definitions", "denied");
    Problem::new(ProblemKind::Denied, "ecs", what, why, "allow it")
}

#[test]
fn a_revision_that_could_not_be_read_proves_nothing() {
    let mut facts = facts();
    facts.task_definitions.error = Some(denied());
    assert_eq!(limits(&facts), CriterionState::Unknown);
}

#[test]
fn a_revision_that_could_not_be_read_hides_nothing_of_the_others() {
    let mut facts = facts();
    facts.task_definitions.error = Some(denied());
    let elsewhere = (
        "arn:aws:ecs:r:1:task-definition/gone:1".to_owned(),
        denied(),
    );
    facts.definitions_unread = Arc::new([elsewhere].into());
    assert_eq!(limits(&facts), CriterionState::Proved);
    let own = facts.service_rows()[0].revision.arn.clone();
    let mut known = facts.task_definitions.value.as_deref().cloned().unwrap();
    known.remove(&own);
    facts.task_definitions.value = Some(Arc::new(known));
    facts.definitions_unread = Arc::new([(own, denied())].into());
    assert_eq!(limits(&facts), CriterionState::Unknown);
}

/// A plan of two days for one stage whose criterion the fixture's services prove, and that began six days ago.
const SHORT: &str = r#"
title = "short"
start = 2026-11-17
[[stages]]
number = 1
title = "Services"
goal = "services run"
min_days = 2
max_days = 2
[[criteria]]
id = "1.S1"
title = "limits are set"
probes = ["ecs.limits"]
[[calendar]]
week = 1
from = 1
to = 2
title = "Services"
stage = 1
[[calendar]]
week = 1
from = 3
to = 3
title = "Testing"
"#;

fn short() -> Plan {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plan.toml");
    std::fs::write(&file, SHORT).unwrap();
    Plan::load(&file).unwrap()
}

fn seen(
    first: Timestamp,
    last: Timestamp,
    lapsed: bool,
) -> Part<Arc<std::collections::BTreeMap<String, Proven>>> {
    let dates = Proven {
        first,
        last,
        lapsed,
        failing: None,
    };
    let all = [("1.S1".to_owned(), dates)].into();
    Part::answered(
        Arc::new(all),
        fixture::now(),
        "store",
        std::time::Duration::from_secs(30),
    )
}

#[test]
fn a_stage_that_probes_proved_was_done_on_the_day_that_they_were_first_seen() {
    let (plan, mut facts) = (short(), facts());
    let stage = |facts: &Facts| {
        plan::evaluate(&plan, facts, fixture::now())
            .stages
            .remove(0)
    };
    // Proved, and nobody tells since when: no day is made up.
    let unknown = stage(&facts);
    assert_eq!(unknown.success_counts().proved, 1);
    assert_eq!(
        (unknown.actual_start, unknown.actual_end, unknown.late_days),
        (None, None, 0)
    );
    let wednesday = "2026-11-18T10:00:00Z".parse().unwrap();
    facts.proven = seen(wednesday, fixture::now(), false);
    let done = stage(&facts);
    assert_eq!(done.actual_start, Some(date(2026, 11, 18)));
    assert_eq!(done.actual_end, Some(date(2026, 11, 18)));
    assert_eq!(done.late_days, 0);
    // Seen after its days: so much later.
    facts.proven = seen(fixture::now(), fixture::now(), false);
    assert_eq!(
        (stage(&facts).actual_end, stage(&facts).late_days),
        (Some(date(2026, 11, 23)), 5)
    );
    // The calendar has what belongs to no stage, too.
    let list = plan::evaluate(&plan, &facts, fixture::now());
    let testing = list.calendar.iter().find(|m| m.title == "Testing").unwrap();
    assert_eq!(
        (testing.stage, testing.planned),
        (None, Some((date(2026, 11, 19), date(2026, 11, 19))))
    );
}

fn failing(
    failing: Option<Spell>,
    lapsed: bool,
) -> Part<Arc<std::collections::BTreeMap<String, Proven>>> {
    let mut part = seen(before(), before(), lapsed);
    if let Some(all) = part.value.as_mut().map(Arc::make_mut) {
        all.values_mut().for_each(|dates| dates.failing = failing);
    }
    part
}

#[test]
fn what_became_proved_is_put_down_once_and_a_failure_of_it_too() {
    let (plan, mut facts) = (short(), facts());
    let news = |facts: &Facts| {
        let list = plan::evaluate(&plan, facts, fixture::now());
        let seen = plan::sightings(&list, facts, 900, &[]);
        seen.into_iter()
            .map(|s| (s.criterion, s.proved))
            .collect::<Vec<_>>()
    };
    // A store that was not read yet may know it for long.
    assert!(news(&facts).is_empty());
    facts.proven = Part::answered(
        Arc::default(),
        fixture::now(),
        "store",
        std::time::Duration::from_secs(30),
    );
    assert_eq!(news(&facts), [("1.S1".to_owned(), true)]);
    facts.proven = seen(before(), before(), false);
    assert!(news(&facts).is_empty(), "it is known");
    facts.proven = seen(before(), before(), true);
    assert_eq!(news(&facts), [("1.S1".to_owned(), true)], "it is so again");
    // One that was seen failing here is to be told that it is not any more.
    let spell = |ago: i64, told| Spell {
        since: fixture::now() - jiff::SignedDuration::from_secs(ago),
        seen: fixture::now(),
        told,
    };
    facts.proven = failing(Some(spell(10, true)), false);
    assert_eq!(news(&facts), [("1.S1".to_owned(), true)]);
    // What cannot be asked says nothing against what was seen.
    facts.proven = seen(before(), before(), false);
    facts.services.observed_at = Some(before());
    assert!(news(&facts).is_empty());
    facts.proven.error = Some(denied());
    assert!(news(&facts).is_empty());
}

/// A word that counts, given some seconds ago.
fn word(kind: SignOffKind, ago: i64) -> Part<Vec<SignOff>> {
    let word = SignOff {
        criterion: "1.S1".into(),
        kind,
        who: "ana".into(),
        why: "seen".into(),
        link: String::new(),
        at: fixture::ago(ago),
        until: None,
        proven: true,
    };
    let period = std::time::Duration::from_secs(30);
    Part::answered(vec![word], fixture::now(), "store", period)
}

fn failed(ago: i64) -> Part<Arc<std::collections::BTreeMap<String, LastFailure>>> {
    let last = LastFailure {
        at: fixture::ago(ago),
        is_own: true,
        spell: None,
    };
    let all = [("1.S1".to_owned(), last)].into();
    let period = std::time::Duration::from_secs(30);
    Part::answered(Arc::new(all), fixture::now(), "store", period)
}

#[test]
fn losing_the_connection_makes_nothing_readier_that_failed_when_it_was_last_asked() {
    let (plan, mut facts) = (short(), facts());
    let one = |facts: &Facts| {
        let list = plan::evaluate(&plan, facts, fixture::now());
        let news = plan::sightings(&list, facts, 900, &[]);
        (list.criterion("1.S1").unwrap().clone(), news.len())
    };
    facts.signoffs = word(SignOffKind::SignedOff, 1_200);
    facts.failed = failed(720);
    // It can be asked: what it says counts, and that it is proved ends the memory.
    facts.proven = seen(before(), before(), false);
    let (asked, news) = one(&facts);
    assert_eq!((asked.state, news), (CriterionState::Proved, 1));
    // It cannot: it failed when last asked, and the word is older. That is no new look at it.
    facts.services.observed_at = Some(before());
    let (lost, news) = one(&facts);
    assert_eq!((lost.state, news), (CriterionState::Failing, 0));
    let said = "failed when last asked, 12m ago; cannot be asked now (";
    assert!(lost.reason.starts_with(said), "{}", lost.reason);
    assert!(
        lost.reason.contains("signed off by ana: seen"),
        "{}",
        lost.reason
    );
    // A word that was given while it failed is no younger one; one that was given long after is, and so is none that is no sign-off.
    for (kind, ago, state) in [
        (SignOffKind::SignedOff, 100, CriterionState::Failing),
        (SignOffKind::Waived, 1_200, CriterionState::Waived),
        (SignOffKind::Withdrawn, 1_200, CriterionState::Unknown),
    ] {
        facts.signoffs = word(kind, ago);
        assert_eq!(one(&facts).0.state, state, "{kind:?}");
    }
    facts.signoffs = word(SignOffKind::SignedOff, 100);
    facts.failed = failed(3_600);
    assert_eq!(one(&facts).0.state, CriterionState::SignedOff);
}

#[test]
fn a_failure_that_was_seen_is_put_down_though_it_cannot_be_asked_any_more() {
    let (plan, mut facts) = (short(), facts());
    facts.proven = seen(before(), before(), false);
    facts.services.observed_at = Some(before());
    let list = plan::evaluate(&plan, &facts, fixture::now());
    let pending = [Sighting {
        criterion: "1.S1".into(),
        proved: false,
        at: fixture::ago(5),
        apart_s: 900,
    }];
    assert_eq!(plan::sightings(&list, &facts, 900, &pending), pending);
    // It is in the store by now.
    let mut known = failed(5);
    if let Some(all) = known.value.as_mut().map(Arc::make_mut) {
        let at = fixture::ago(5);
        let spell = Spell {
            since: at,
            seen: at,
            told: false,
        };
        all.values_mut().for_each(|f| f.spell = Some(spell));
    }
    facts.failed = known;
    assert!(plan::sightings(&list, &facts, 900, &pending).is_empty());
}
