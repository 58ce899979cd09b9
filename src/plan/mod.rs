//! Stages, criteria, evidence, sign-off, timeline: the checklist as data, judged against the facts.

pub mod checklist;
mod evaluate;
mod expect;
mod load;
mod model;
mod needs;
pub mod probes;
pub mod promises;
mod timeline;
mod words;

pub use checklist::{
    Checklist, CriterionState, CriterionStatus, Evidence, Figure, Milestone, RegisterStatus,
    StageStatus,
};
pub use evaluate::evaluate;
pub use expect::Expectations;
pub use model::{CalendarRow, Criterion, NextStep, Plan, Proof, Register, Section, Stage, Words};
pub use needs::{Needs, SAMPLES_A_ROUND, needs};
pub use timeline::sightings;
