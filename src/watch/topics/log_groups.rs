//! Log groups, and samples of their lines for the plan.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};

use crate::backend::Backend;
use crate::domain::log::{LogGroup, LogLine};
use crate::domain::part::Part;
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
    if let Ok((_, more)) = &answer {
        part.cut = *more;
    }
    part.take(answer.map(|(groups, _)| Arc::new(groups)), at);
    failure
}

/// Time between two samples.
pub const SAMPLED: Duration = Duration::from_secs(300);
/// Lines of a sample.
const LINES: usize = 50;
/// How far back a sample reaches.
const BACK: SignedDuration = SignedDuration::from_mins(30);

/// Samples, group by group.
pub type Samples = Vec<(String, Result<Vec<LogLine>, Problem>)>;

/// Reads a few lines of each group.
pub async fn ask_samples(backend: &Backend, groups: Vec<String>) -> Samples {
    let now = Timestamp::now();
    let from = now.saturating_sub(BACK).unwrap_or(now);
    stream::iter(groups)
        .map(|group| async move {
            let lines = backend.logs.sample(&group, from, LINES).await;
            (group, lines)
        })
        .buffer_unordered(2)
        .collect()
        .await
}

/// Joins samples; groups that the plan no longer asks for are let go.
pub fn take_samples(p: &mut Picture, answer: Samples, at: Timestamp) -> Option<ProblemKind> {
    let mut failure = None;
    let wanted = &p.needs.log_samples;
    p.facts
        .log_samples
        .retain(|group, _| wanted.contains(group));
    for (group, lines) in answer {
        failure = failure.or(lines.as_ref().err().map(|e| e.kind));
        let never = || Part::never("logs:FilterLogEvents", SAMPLED);
        let part = p.facts.log_samples.entry(group).or_insert_with(never);
        part.take(lines.map(Arc::new), at);
    }
    failure
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn a_list_that_was_cut_says_so_until_one_is_whole() {
        let mut p = Picture::new(Arc::new(Config::default()));
        for more in [true, false] {
            take(&mut p, Ok((Vec::new(), more)), Timestamp::UNIX_EPOCH);
            assert_eq!(p.facts.log_groups.cut, more);
        }
    }
}
