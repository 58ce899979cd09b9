//! Days of what fills up, an hour a point: what a trend is told from. Asked seldom, as it changes slowly.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::series::floor;
use crate::backend::Backend;
use crate::domain::capacity::trend::{DAYS, PERIOD_S};
use crate::domain::metric::{MetricQuery, Series};
use crate::domain::problem::{Problem, ProblemKind};
use crate::watch::picture::Picture;

/// Seconds from one question to the next.
pub const EVERY_S: u64 = 1_800;

/// Asks for the days that end with the last whole hour.
pub async fn ask(backend: &Backend, queries: &[MetricQuery]) -> Result<Vec<Series>, Problem> {
    let until = floor(Timestamp::now(), i64::from(PERIOD_S));
    let from = until.saturating_sub(SignedDuration::from_hours(DAYS * 24));
    let from = from.unwrap_or(until);
    backend.cloudwatch.series(queries, from, until).await
}

/// Joins.
pub fn take(
    p: &mut Picture,
    answer: Result<Vec<Series>, Problem>,
    at: Timestamp,
) -> Option<ProblemKind> {
    let failure = answer.as_ref().err().map(|e| e.kind);
    p.facts.trends.take(answer.map(Arc::new), at);
    failure
}
