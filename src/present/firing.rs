//! Alarms that fire about a store: no page says "well" of it meanwhile.

use jiff::Timestamp;

use super::words::span;
use super::{Section, Tone};
use crate::domain::alarm::{Alarm, AlarmRule, AlarmState};
use crate::domain::facts::Facts;
use crate::domain::metric::MetricId;
use crate::domain::skew;

/// Metrics that an alarm watches.
fn watched(alarm: &Alarm) -> impl Iterator<Item = &MetricId> {
    let (query, parts) = match &alarm.rule {
        AlarmRule::Metric { query, parts, .. } => (query.as_ref(), parts.as_slice()),
        AlarmRule::Composite { .. } => (None, &[][..]),
    };
    query.map(|q| &q.metric).into_iter().chain(parts)
}

/// Alarms that fire about a component: of a namespace, with its name as the value of a dimension.
pub(super) fn about<'a>(facts: &'a Facts, namespace: &str, id: &str) -> Vec<&'a Alarm> {
    let of = |m: &MetricId| m.namespace == namespace && m.dimensions.iter().any(|(_, v)| v == id);
    let fires = |a: &&Alarm| a.state == AlarmState::Alarm && watched(a).any(of);
    let rows = facts.alarm_rows().iter();
    rows.map(AsRef::as_ref).filter(fires).collect()
}

/// Whether one of some alarms watches a metric of that name.
pub(super) fn on(alarms: &[&Alarm], metric: &str) -> bool {
    alarms.iter().any(|a| watched(a).any(|m| m.name == metric))
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
