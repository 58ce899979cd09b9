//! Log groups, and samples of their lines for the plan.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use crate::backend::Backend;
use crate::domain::log::{LogGroup, LogLine};
use crate::domain::part::Part;
use crate::domain::problem::{Problem, ProblemKind};
use crate::plan::SAMPLES_A_ROUND;
use crate::watch::picture::Picture;

/// Groups that are listed at most. Accounts that name one for each function have thousands.
pub const GROUPS: usize = 10_000;
/// Groups of a call: the most that DescribeLogGroups gives.
const A_CALL: usize = 50;
/// Time from one list to the next where one call tells it all.
const LISTED: Duration = Duration::from_secs(300);
/// Time that each call of a longer list is given: ten a minute.
const LISTED_A_CALL: Duration = Duration::from_secs(6);

/// How often the groups are listed: the longer the list, the less often.
pub fn listed(p: &Picture) -> Duration {
    let groups = p.facts.log_groups.value.as_ref().map_or(0, |all| all.len());
    let calls = groups.div_ceil(A_CALL);
    LISTED.max(LISTED_A_CALL * u32::try_from(calls).unwrap_or(u32::MAX))
}

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
    p.facts.log_groups.period = listed(p);
    failure
}

/// Time from one round of samples to the next.
pub const SAMPLED: Duration = Duration::from_secs(300);
/// Lines of a sample.
const LINES: usize = 50;
/// How far back a sample reaches.
const BACK: SignedDuration = SignedDuration::from_mins(30);

/// Samples, group by group.
pub type Samples = Vec<(String, Result<Vec<LogLine>, Problem>)>;

/// The groups whose turn it is: those never sampled, then those that wait the longest.
pub fn choose_samples(p: &Picture) -> Vec<String> {
    let mut names: Vec<&String> = p.needs.log_samples.iter().collect();
    names.sort_by_key(|name| p.samples_tried.get(*name));
    names.into_iter().take(SAMPLES_A_ROUND).cloned().collect()
}

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
    let wanted: BTreeSet<&String> = p.needs.log_samples.iter().collect();
    let rounds = wanted.len().div_ceil(SAMPLES_A_ROUND).max(1);
    let period = SAMPLED * u32::try_from(rounds).unwrap_or(u32::MAX);
    p.facts
        .log_samples
        .retain(|group, _| wanted.contains(group));
    p.samples_tried.retain(|group, _| wanted.contains(group));
    for part in p.facts.log_samples.values_mut() {
        part.period = period;
    }
    for (group, lines) in answer {
        failure = failure.or(lines.as_ref().err().map(|e| e.kind));
        p.samples_tried.insert(group.clone(), Instant::now());
        let never = || Part::never("logs:FilterLogEvents", period);
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
    fn more_groups_than_a_round_holds_are_all_sampled_with_time() {
        let mut p = Picture::new(Arc::new(Config::default()));
        let all: Vec<String> = (0..SAMPLES_A_ROUND + 5)
            .map(|n| format!("/g/{n:03}"))
            .collect();
        p.needs.log_samples.clone_from(&all);
        for known in [SAMPLES_A_ROUND, all.len()] {
            let names = choose_samples(&p);
            assert_eq!(names.len(), SAMPLES_A_ROUND, "within the budget");
            let answer = names.into_iter().map(|n| (n, Ok(Vec::new()))).collect();
            take_samples(&mut p, answer, Timestamp::UNIX_EPOCH);
            assert_eq!(p.facts.log_samples.len(), known);
        }
        assert_eq!(p.facts.log_samples[&all[0]].period, SAMPLED * 2);
    }

    #[test]
    fn a_long_list_is_asked_for_less_often() {
        let mut p = Picture::new(Arc::new(Config::default()));
        assert_eq!(listed(&p), LISTED);
        let group = |n: usize| LogGroup {
            name: format!("/g/{n}"),
            retention_days: None,
            stored_bytes: 0,
            created_at: None,
        };
        let groups = (0..GROUPS).map(group).collect();
        take(&mut p, Ok((groups, false)), Timestamp::UNIX_EPOCH);
        assert_eq!(p.facts.log_groups.period, LISTED * 4);
    }

    #[test]
    fn a_list_that_was_cut_says_so_until_one_is_whole() {
        let mut p = Picture::new(Arc::new(Config::default()));
        for more in [true, false] {
            take(&mut p, Ok((Vec::new(), more)), Timestamp::UNIX_EPOCH);
            assert_eq!(p.facts.log_groups.cut, more);
        }
    }
}
