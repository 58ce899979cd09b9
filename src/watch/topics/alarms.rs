//! Alarms and their history.

use std::sync::Arc;

use jiff::Timestamp;

use crate::backend::Backend;
use crate::domain::alarm::{Alarm, AlarmEvent};
use crate::domain::problem::{Problem, ProblemKind};
use crate::watch::picture::Picture;

/// Joins alarms; rows that are the same stay the same allocation.
pub fn take(
    p: &mut Picture,
    answer: Result<Vec<Alarm>, Problem>,
    at: Timestamp,
) -> Option<ProblemKind> {
    let failure = answer.as_ref().err().map(|e| e.kind);
    let old = p.facts.alarms.value.clone().unwrap_or_default();
    let rows = answer.map(|alarms| {
        let same =
            alarms.len() == old.len() && alarms.iter().zip(old.iter()).all(|(a, b)| *a == **b);
        if same {
            old
        } else {
            Arc::new(alarms.into_iter().map(Arc::new).collect())
        }
    });
    p.facts.alarms.take(rows, at);
    failure
}

/// History of an alarm.
#[derive(Debug)]
pub struct History {
    name: String,
    events: Result<Vec<AlarmEvent>, Problem>,
}

/// Asks for the history of an alarm.
pub async fn ask_history(backend: &Backend, name: String) -> History {
    let events = backend.cloudwatch.alarm_history(&name).await;
    History { name, events }
}

/// Joins history.
pub fn take_history(p: &mut Picture, answer: History, at: Timestamp) -> Option<ProblemKind> {
    let failure = answer.events.as_ref().err().map(|e| e.kind);
    if let Some(part) = p.facts.alarm_history.get_mut(&answer.name) {
        part.take(answer.events.map(Arc::new), at);
    }
    failure
}
