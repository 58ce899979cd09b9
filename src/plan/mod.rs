//! Stages, criteria, evidence, sign-off, timeline: the checklist as data, judged against the facts.

pub mod checklist;

pub use checklist::{Checklist, CriterionState, CriterionStatus, Evidence, StageStatus};
