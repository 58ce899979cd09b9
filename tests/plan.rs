//! The default plan judged over facts that age: what is proved stays proved for as long as its answers hold, and no longer.

mod ui;

use flightdeck::domain::facts::Facts;
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

#[test]
fn a_revision_that_could_not_be_read_proves_nothing() {
    let mut facts = facts();
    facts.task_definitions.error = Some(flightdeck::domain::problem::Problem::new(
        flightdeck::domain::problem::ProblemKind::Denied,
        "ecs",
        "read the task definitions",
        "denied",
        "allow it",
    ));
    assert_eq!(limits(&facts), CriterionState::Unknown);
}
