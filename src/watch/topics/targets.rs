//! Target groups that services are bound to, and the health of their targets. Two questions make one part: what is published is no
//! younger than the oldest group in it; how old each group is, and whether it failed since, stands beside it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::slos;
use crate::backend::Backend;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::service::LoadBalancerBinding;
use crate::domain::target::{Target, TargetGroup, has_none_healthy};
use crate::domain::targets_told::{GroupTold, TargetsTold};
use crate::watch::picture::Picture;

pub mod turns;

pub use turns::choose;

/// Time from one round to the next while nothing moves.
pub const ROUND: Duration = Duration::from_secs(30);
/// The same while something does.
pub const LIVELY_ROUND: Duration = Duration::from_secs(20);
/// Time from one list of groups to the next.
pub const LISTED: Duration = Duration::from_secs(120);
/// Between two answers further apart than this a group may have been well, and nobody saw it.
const UNSEEN: SignedDuration = SignedDuration::from_mins(5);
/// Calls that run side by side.
const ABREAST: usize = 4;

/// What is known of the groups beside their list.
#[derive(Debug, Default)]
pub struct Known {
    /// When the list was read; `None`: never.
    listed_at: Option<Timestamp>,
    /// Why the list could not be read.
    list_failure: Option<Problem>,
    /// Why all questions of the last round failed; `None`: one was answered.
    silence: Option<Problem>,
    /// By ARN, those that were asked about.
    asked: HashMap<String, Asked>,
}

/// A group that was asked about.
#[derive(Debug)]
struct Asked {
    /// When last, well or not.
    tried: Instant,
    /// The last good answer (UTC).
    read: Option<(Timestamp, Vec<Target>)>,
    /// The first of the answers up to the last good one that all said that none is healthy (UTC).
    none_since: Option<Timestamp>,
    /// Why the last question failed.
    failure: Option<Problem>,
}

impl Asked {
    fn is_sick(&self) -> bool {
        let mut targets = self.read.iter().flat_map(|(_, targets)| targets);
        targets.any(Target::is_sick)
    }
}

/// Joins the list of groups. It says nothing of their targets: neither their age nor their failures change.
pub fn take_groups(
    p: &mut Picture,
    answer: Result<Vec<TargetGroup>, Problem>,
    at: Timestamp,
) -> Option<ProblemKind> {
    let failure = match answer {
        Ok(groups) => {
            let exists: HashSet<&str> = groups.iter().map(|g| g.arn.as_str()).collect();
            p.targets
                .asked
                .retain(|arn, _| exists.contains(arn.as_str()));
            p.groups = groups;
            p.targets.listed_at = Some(at);
            p.targets.list_failure = None;
            p.measured.knows_balancers = true;
            None
        }
        Err(problem) => {
            let kind = problem.kind;
            slos::cannot_tell(p, &problem);
            p.targets.list_failure = Some(problem);
            Some(kind)
        }
    };
    rebuild(p);
    failure
}

/// ARNs of the groups that known services are bound to.
pub fn bound(p: &Picture) -> Vec<String> {
    if p.groups.is_empty() {
        return Vec::new();
    }
    let exists: HashSet<&str> = p.groups.iter().map(|g| g.arn.as_str()).collect();
    let arns: BTreeSet<&str> = p
        .services
        .values()
        .flat_map(|s| s.load_balancers.iter())
        .flat_map(LoadBalancerBinding::groups)
        .filter(|arn| exists.contains(arn))
        .collect();
    arns.into_iter().map(str::to_owned).collect()
}

/// How many of these groups were never asked about.
pub fn unasked(p: &Picture, arns: &[String]) -> usize {
    let asked = |arn: &&String| !p.targets.asked.contains_key(*arn);
    arns.iter().filter(asked).count()
}

/// How many of some groups are behind: never asked about, or so long ago that nobody believes it any more, as after a lid was closed.
pub fn behind(p: &Picture, arns: &[String]) -> usize {
    let now = Timestamp::now();
    arns.iter()
        .filter(|arn| turns::is_behind(p, arn, now))
        .count()
}

/// What each of some groups answered.
#[derive(Debug)]
pub struct Health(Vec<(String, Result<Vec<Target>, Problem>)>);

/// Asks for the health of groups.
pub async fn ask(backend: &Backend, arns: Vec<String>) -> Health {
    let answers = stream::iter(arns)
        .map(|arn| async move {
            let answer = backend.elb.targets(&arn).await;
            (arn, answer)
        })
        .buffer_unordered(ABREAST)
        .collect()
        .await;
    Health(answers)
}

/// Joins.
pub fn take(p: &mut Picture, answer: Health, at: Timestamp) -> Option<ProblemKind> {
    let tried = Instant::now();
    let mut failed = None;
    let heard = answer.0.iter().any(|(_, answer)| answer.is_ok());
    let why = answer.0.iter().find_map(|(_, a)| a.as_ref().err().cloned());
    p.targets.silence = why.filter(|_| !heard);
    for (arn, answer) in answer.0 {
        let known = p.targets.asked.entry(arn).or_insert(Asked {
            tried,
            read: None,
            none_since: None,
            failure: None,
        });
        known.tried = tried;
        known.failure = None;
        match answer {
            Ok(targets) => {
                let none = has_none_healthy(&targets);
                let before = known.read.as_ref().map(|(at, _)| *at);
                let goes_on = before.is_some_and(|b| at.duration_since(b) <= UNSEEN);
                let since = known.none_since.filter(|_| goes_on);
                known.none_since = none.then(|| since.unwrap_or(at));
                known.read = Some((at, targets));
            }
            Err(problem) => {
                failed = Some(problem.kind);
                known.failure = Some(problem);
            }
        }
    }
    rebuild(p);
    failed
}

/// Why the part may not be believed: the list failed, a bound group was never told of, none was in the last round, or nobody knows which
/// groups are bound. One that fails says nothing of the others: that stands beside it.
fn failure(p: &Picture, bound: &[String]) -> Option<Problem> {
    let asked = |arn| p.targets.asked.get(arn);
    let mut never = bound.iter().filter_map(asked).filter(|a| a.read.is_none());
    let of_groups = never.find_map(|a| a.failure.clone());
    let services = &p.facts.services;
    let of_services = || services.error.clone().filter(|_| services.value.is_none());
    let list = p.targets.list_failure.clone();
    let silence = p.targets.silence.clone();
    list.or(of_groups).or(silence).or_else(of_services)
}

/// Whether the other group of each of a group's pairs is read, too: half of a pair would look empty when the tasks are in the other.
fn is_whole(p: &Picture, arn: &str, is_bound: &HashSet<&str>) -> bool {
    let read = |other: &str| p.targets.asked.get(other).is_some_and(|a| a.read.is_some());
    p.services
        .values()
        .flat_map(|s| s.load_balancers.iter())
        .filter_map(|lb| lb.partner(arn))
        .all(|other| read(other) || !is_bound.contains(other))
}

/// Publishes the bound groups with their targets, once each of them was asked about: a part of the account proves nothing about the
/// whole. Their age is that of the group read the longest ago of those that did not fail since.
pub fn rebuild(p: &mut Picture) {
    let bound = bound(p);
    p.facts.target_groups.error = failure(p, &bound);
    let (Some(listed_at), true) = (p.targets.listed_at, p.facts.services.value.is_some()) else {
        return;
    };
    if unasked(p, &bound) > 0 {
        return;
    }
    let is_bound: HashSet<&str> = bound.iter().map(String::as_str).collect();
    let read = |g: &TargetGroup| {
        let asked = p.targets.asked.get(&g.arn)?;
        let (at, targets) = asked.read.as_ref()?;
        let told = GroupTold {
            read: *at,
            none_since: asked.none_since,
            failure: asked.failure.clone(),
        };
        let group = TargetGroup {
            targets: targets.clone(),
            ..g.clone()
        };
        Some((told, group))
    };
    let groups = p
        .groups
        .iter()
        .filter(|g| is_bound.contains(g.arn.as_str()) && is_whole(p, &g.arn, &is_bound));
    let (told, rows): (Vec<GroupTold>, Vec<TargetGroup>) = groups.filter_map(read).unzip();
    if rows.is_empty() && !bound.is_empty() {
        return;
    }
    let well = told.iter().filter(|t| t.failure.is_none());
    let oldest = well.map(|t| t.read).min();
    let oldest = oldest.or_else(|| told.iter().map(|t| t.read).min());
    let arns = rows.iter().map(|g| g.arn.clone());
    let told: TargetsTold = arns.zip(told).collect();
    if *p.facts.targets_told != told {
        p.facts.targets_told = Arc::new(told);
    }
    let period = turns::period(p, bound.len());
    let part = &mut p.facts.target_groups;
    part.period = period;
    if bound.is_empty() {
        // What stands for "none" is the list, which is read more slowly.
        part.period = LISTED;
    }
    if part.value.as_deref() != Some(&rows) {
        part.value = Some(Arc::new(rows));
    }
    part.observed_at = Some(oldest.unwrap_or(listed_at));
}

#[cfg(test)]
mod tests;
