//! Checklist: the stages of the plan, what each criterion is worth, and the evidence behind it.

mod detail;
mod gantt;
mod group;
mod leads;
mod model;
mod row;
mod update;
mod view;

pub use model::Checklist;
