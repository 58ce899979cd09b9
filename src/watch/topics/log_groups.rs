//! Log groups, and samples of their lines for the plan.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use crate::backend::Backend;
use crate::domain::log::{LineSample, LogGroup, LogLine};
use crate::domain::order::Ordered;
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

/// Time from one sample of a group to the next, where one round holds them all.
const SAMPLED: Duration = Duration::from_secs(300);
/// A round is asked for in slices this far apart: all at once would be more calls in its minute than a fleet may cost.
pub const SLICES_APART: Duration = Duration::from_secs(20);
/// Groups of a slice: [`SAMPLES_A_ROUND`] of them in the time of a round.
const SLICE: usize = 4;
/// Groups of the first slice: somebody who has just come waits for it.
const FIRST_SLICE: usize = 12;
/// Lines of a sample.
const LINES: usize = 50;
/// How far back a sample reaches.
const BACK: SignedDuration = SignedDuration::from_mins(30);

/// Samples, group by group.
pub type Samples = Vec<(String, Result<Vec<LogLine>, Problem>)>;

/// The groups whose turn it is: those never sampled, then those that wait the longest; none where all samples are young enough.
pub fn choose_samples(p: &Picture) -> Vec<String> {
    let is_due = |at: &Instant| at.elapsed() >= SAMPLED;
    let tried = |name: &String| p.samples_tried.get(name);
    let all = p.needs.log_samples.iter();
    let mut names: Vec<&String> = all.filter(|n| tried(n).is_none_or(is_due)).collect();
    names.order_by_key(|name| tried(name));
    let slice = match p.samples_tried.is_empty() {
        _ if p.asks_once => SAMPLES_A_ROUND,
        true => FIRST_SLICE,
        false => SLICE,
    };
    names.into_iter().take(slice).cloned().collect()
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
        part.take(lines.map(|l| LineSample::of(&l)), at);
    }
    failure
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn with_groups(count: usize) -> (Picture, Vec<String>) {
        let mut p = Picture::new(Arc::new(Config::default()));
        let all: Vec<String> = (0..count).map(|n| format!("/g/{n:03}")).collect();
        p.needs.log_samples.clone_from(&all);
        (p, all)
    }

    fn sample(p: &mut Picture) -> usize {
        let names = choose_samples(p);
        let count = names.len();
        let answer = names.into_iter().map(|n| (n, Ok(Vec::new()))).collect();
        take_samples(p, answer, Timestamp::UNIX_EPOCH);
        count
    }

    #[test]
    fn groups_are_sampled_in_small_slices_until_all_are_known_and_then_when_they_are_old() {
        let (mut p, all) = with_groups(SAMPLES_A_ROUND + 5);
        let mut slices = Vec::new();
        while p.facts.log_samples.len() < all.len() {
            slices.push(sample(&mut p));
        }
        assert_eq!(slices[0], FIRST_SLICE);
        assert!(slices[1..].iter().all(|n| (1..=SLICE).contains(n)));
        let a_round = SAMPLED.as_secs() / SLICES_APART.as_secs();
        assert_eq!(
            a_round * SLICE as u64,
            SAMPLES_A_ROUND as u64,
            "the pace of a round"
        );
        assert_eq!(p.facts.log_samples[&all[0]].period, SAMPLED * 2);
        assert_eq!(sample(&mut p), 0, "all of them are young");
        let old = Instant::now().checked_sub(SAMPLED).unwrap();
        p.samples_tried.insert(all[3].clone(), old);
        assert_eq!(choose_samples(&p), [all[3].clone()]);
    }

    #[test]
    fn a_face_that_goes_once_it_was_answered_gets_a_round_at_once() {
        let (mut p, all) = with_groups(SAMPLES_A_ROUND + 5);
        p.asks_once = true;
        assert_eq!(sample(&mut p), SAMPLES_A_ROUND);
        assert_eq!(sample(&mut p), 5);
        assert_eq!(p.facts.log_samples.len(), all.len());
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
