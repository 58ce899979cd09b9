//! Alarms: what fires, what cannot tell, what is well; and one alarm in full.

mod detail;
mod group;
mod leads;
mod model;
mod row;
mod update;
mod view;

pub use model::Alerts;

#[cfg(test)]
mod tests;
