//! Alarms, metric and composite: what they are, how they are judged, and what became of them.

mod history;
mod judge;
mod mutes;
mod reason;
mod rule;
mod spec;
mod store;
mod watch;

pub use rule::Rule;
pub use spec::{AlarmSpec, Comparison, Judged, MetricRule, State, TreatMissing, Watch};
pub use store::AlarmStore;

pub(super) use history::Item;
pub(super) use mutes::MuteRule;
pub(super) use store::Alarm;

#[cfg(test)]
mod tests;
