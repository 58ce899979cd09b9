//! The default plan judged over facts that age: what is proved stays proved for as long as its answers hold, and no longer.

mod ui;

use std::sync::Arc;

use flightdeck::domain::facts::Facts;
use flightdeck::domain::problem::{Problem, ProblemKind};
use flightdeck::plan::{self, CriterionState, Plan};
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
