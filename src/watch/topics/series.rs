//! The common series: what the overview, the services and the alarms draw, in one batched question.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::backend::Backend;
use crate::domain::alarm::{AlarmRule, AlarmState};
use crate::domain::metric::{MetricQuery, Series};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::queries;
use crate::watch::picture::Picture;

/// How far back.
const WINDOW: SignedDuration = SignedDuration::from_hours(3);
/// Services whose CPU and memory are drawn.
const SERVICES: usize = 50;
/// Alarms whose own metric is drawn.
const ALARMS: usize = 100;
/// Target groups whose traffic is drawn.
const GROUPS: usize = 40;

/// Whether everything that the questions are made of has been answered, or has failed.
pub fn is_ready(p: &Picture) -> bool {
    let f = &p.facts;
    (f.services.value.is_some() || f.services.error.is_some())
        && (f.alarms.value.is_some() || f.alarms.error.is_some())
        && (f.target_groups.value.is_some() || f.target_groups.error.is_some())
}

/// The questions: each once, those that matter most first.
pub fn queries(p: &Picture) -> Vec<MetricQuery> {
    let mut all: Vec<MetricQuery> = Vec::new();
    let firing = p
        .facts
        .alarm_rows()
        .iter()
        .filter(|a| a.state == AlarmState::Alarm);
    let quiet = p
        .facts
        .alarm_rows()
        .iter()
        .filter(|a| a.state != AlarmState::Alarm);
    for alarm in firing.chain(quiet).take(ALARMS) {
        if let AlarmRule::Metric {
            query: Some(query), ..
        } = &alarm.rule
        {
            all.push(query.clone());
        }
    }
    let groups = p.facts.target_groups.value.iter().flat_map(|g| g.iter());
    all.extend(groups.take(GROUPS).flat_map(queries::golden_signals));
    let interest = p.of_interest();
    let known = p.services.keys().filter(|id| !interest.contains(id));
    for id in interest.iter().chain(known).take(SERVICES) {
        all.push(queries::service_cpu(id));
        all.push(queries::service_memory(id));
    }
    all.extend(p.needs.queries.iter().cloned());
    let mut seen = std::collections::HashSet::new();
    all.retain(|q| seen.insert(q.clone()));
    all
}

/// Asks for the window that ends now, on whole minutes.
pub async fn ask(backend: &Backend, queries: Vec<MetricQuery>) -> Result<Vec<Series>, Problem> {
    if queries.is_empty() {
        return Ok(Vec::new());
    }
    let now = Timestamp::now();
    let from = floor(now.saturating_sub(WINDOW).unwrap_or(now), 60);
    backend.cloudwatch.series(&queries, from, now).await
}

/// The start of the period that holds a time.
pub fn floor(at: Timestamp, seconds: i64) -> Timestamp {
    let second = at.as_second();
    Timestamp::from_second(second - second.rem_euclid(seconds.max(1))).unwrap_or(at)
}

/// Joins; series that are the same stay the same allocation.
pub fn take(
    p: &mut Picture,
    answer: Result<Vec<Series>, Problem>,
    at: Timestamp,
) -> Option<ProblemKind> {
    let failure = answer.as_ref().err().map(|e| e.kind);
    let old = p.facts.series.value.clone().unwrap_or_default();
    let rows = answer.map(|series| {
        let kept = |s: Series| match old.get(&s.query) {
            Some(known) if **known == s => known.clone(),
            _ => Arc::new(s),
        };
        let map: BTreeMap<_, _> = series
            .into_iter()
            .map(|s| (s.query.clone(), kept(s)))
            .collect();
        Arc::new(map)
    });
    p.facts.series.take(rows, at);
    failure
}
