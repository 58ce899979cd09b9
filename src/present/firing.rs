//! Alarms that fire about a store: no page says "well" of it meanwhile.

use jiff::Timestamp;

use super::words::span;
use super::{Section, Tone};
use crate::domain::alarm::{Alarm, AlarmState};
use crate::domain::facts::Facts;
use crate::domain::metric::MetricId;
use crate::domain::skew;

/// Alarms that fire about a component: of a namespace, with its name as the value of a dimension.
pub(super) fn about<'a>(facts: &'a Facts, namespace: &str, id: &str) -> Vec<&'a Alarm> {
    let of = |m: &MetricId| m.namespace == namespace && m.dimensions.iter().any(|(_, v)| v == id);
    let fires = |a: &&Alarm| a.state == AlarmState::Alarm && a.metrics().any(of);
    let rows = facts.alarms_for_people();
    rows.map(AsRef::as_ref).filter(fires).collect()
}

/// Whether one of some alarms watches a metric of that name.
pub(super) fn on(alarms: &[&Alarm], metric: &str) -> bool {
    alarms.iter().any(|a| a.metrics().any(|m| m.name == metric))
}

/// Says of each alarm that it fires. It burns as an alarm: here it is worth a look.
pub(super) fn tell(section: &mut Section, id: &str, alarms: &[&Alarm], now: Timestamp) {
    for a in alarms {
        let since = a.since.map(|at| match skew::words(at, now) {
            Some(ahead) => format!(", since {ahead}"),
            None => format!(" for {}", span(now.duration_since(at).as_secs())),
        });
        let since = since.unwrap_or_default();
        section.note(format!("{id}: alarm {} fires{since}", a.name), Tone::Warn);
    }
}
