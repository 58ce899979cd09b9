//! Services: the list, and a service's own page with its tasks, revisions, events and targets.

pub mod acts;
mod detail;
mod model;
mod offers;
mod revisions;
pub mod row;
mod tasks;
mod update;
mod view;

pub use model::Services;
