//! Log groups.

use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::log::LogGroup;
use crate::domain::problem::{Problem, ProblemKind};
use crate::watch::picture::Picture;

/// Groups that are listed at most: DescribeLogGroups gives 50 a call.
pub const GROUPS: usize = 1_000;

/// Joins.
pub fn take(
    p: &mut Picture,
    answer: Result<(Vec<LogGroup>, bool), Problem>,
    at: Timestamp,
) -> Option<ProblemKind> {
    let failure = answer.as_ref().err().map(|e| e.kind);
    let part = &mut p.facts.log_groups;
    part.source = match &answer {
        Ok((_, true)) => format!("logs:DescribeLogGroups (the first {GROUPS})"),
        _ => "logs:DescribeLogGroups".into(),
    };
    part.take(answer.map(|(groups, _)| Arc::new(groups)), at);
    failure
}
