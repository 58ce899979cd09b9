//! Target groups that services are bound to, and the health of their targets. Two questions make one part: what is published is no
//! younger than the oldest group in it, and no better than the worse of the two answers; how old each group is stands beside it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::slos;
use crate::backend::Backend;
use crate::domain::action::Run;
use crate::domain::order::Ordered;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::service::{LoadBalancerBinding, ServiceId};
use crate::domain::target::{Target, TargetGroup};
use crate::watch::picture::Picture;

/// Groups asked about at once: the health of each costs a call.
const A_ROUND: usize = 10;
/// Seats of a round for groups that move, are looked at, are sick or failed; the others are for whoever waits the longest.
const FAVOURED: usize = A_ROUND / 2;
/// Groups asked about at once while some were never asked about.
const FIRST: usize = 40;
/// Time from one round to the next while nothing moves.
pub const ROUND: Duration = Duration::from_secs(30);
/// The same while something does.
pub const LIVELY_ROUND: Duration = Duration::from_secs(20);
/// Time from one list of groups to the next.
pub const LISTED: Duration = Duration::from_secs(120);
/// Calls that run side by side.
const ABREAST: usize = 4;

/// What is known of the groups beside their list.
#[derive(Debug, Default)]
pub struct Known {
    /// When the list was read; `None`: never.
    listed_at: Option<Timestamp>,
    /// Why the list could not be read.
    list_failure: Option<Problem>,
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

/// The groups to ask about now: those never asked about; then, on half of the seats, those of services that move or are looked at,
/// those with sick targets, whose end somebody waits for, and those that failed; then whoever waits the longest, so that each has its turn.
pub fn choose(p: &Picture) -> Vec<String> {
    let mut arns = bound(p);
    let new = unasked(p, &arns);
    arns.order_by_key(|arn| p.targets.asked.get(arn).map(|a| a.tried));
    let lively = lively(p);
    let ill = |arn: &String| {
        let asked = p.targets.asked.get(arn);
        asked.is_some_and(|a| a.failure.is_some() || a.is_sick())
    };
    let old = arns.get(new..).unwrap_or_default().iter();
    let favoured = old
        .filter(|arn| lively.contains(arn.as_str()) || ill(arn))
        .take(FAVOURED);
    let first = arns.get(..new).unwrap_or_default().iter();
    let mut seen = HashSet::new();
    first
        .chain(favoured)
        .chain(&arns)
        .filter(|arn| seen.insert(arn.as_str()))
        .take(if new > 0 { FIRST } else { A_ROUND })
        .cloned()
        .collect()
}

/// How long an action that ended keeps its service among those asked about first.
const LATELY: SignedDuration = SignedDuration::from_secs(60);

/// Groups of services that move, were changed just now, or are looked at.
fn lively(p: &Picture) -> BTreeSet<&str> {
    let interest = p.of_interest();
    let now = Timestamp::now();
    let is_late = |r: &&Run| {
        let ended = r.finished_at;
        ended.is_some_and(|at| now.duration_since(at) < LATELY)
    };
    let changed = p.facts.runs.iter().filter(is_late);
    let changed: Vec<&ServiceId> = changed.filter_map(|r| r.intent.service()).collect();
    let moves = p
        .services
        .values()
        .filter(|s| s.is_deploying() || interest.contains(&s.id) || changed.contains(&&s.id));
    moves
        .flat_map(|s| s.load_balancers.iter())
        .flat_map(LoadBalancerBinding::groups)
        .collect()
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
    for (arn, answer) in answer.0 {
        let known = p.targets.asked.entry(arn).or_insert(Asked {
            tried,
            read: None,
            failure: None,
        });
        known.tried = tried;
        known.failure = None;
        match answer {
            Ok(targets) => known.read = Some((at, targets)),
            Err(problem) => {
                failed = Some(problem.kind);
                known.failure = Some(problem);
            }
        }
    }
    rebuild(p);
    failed
}

/// Why the part may not be believed: the list failed, a bound group did, or nobody knows which groups are bound.
fn failure(p: &Picture, bound: &[String]) -> Option<Problem> {
    let asked = |arn| p.targets.asked.get(arn);
    let of_groups = bound
        .iter()
        .filter_map(asked)
        .find_map(|a| a.failure.clone());
    let services = &p.facts.services;
    let of_services = || services.error.clone().filter(|_| services.value.is_none());
    let list = p.targets.list_failure.clone();
    list.or(of_groups).or_else(of_services)
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
/// whole. Their age is that of the group read the longest ago.
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
        let (at, targets) = p.targets.asked.get(&g.arn)?.read.as_ref()?;
        let group = TargetGroup {
            targets: targets.clone(),
            ..g.clone()
        };
        Some((*at, group))
    };
    let groups = p
        .groups
        .iter()
        .filter(|g| is_bound.contains(g.arn.as_str()) && is_whole(p, &g.arn, &is_bound));
    let (ages, rows): (Vec<Timestamp>, Vec<TargetGroup>) = groups.filter_map(read).unzip();
    if rows.is_empty() && !bound.is_empty() {
        return;
    }
    let read_at: BTreeMap<String, Timestamp> = rows
        .iter()
        .zip(&ages)
        .map(|(g, at)| (g.arn.clone(), *at))
        .collect();
    if *p.facts.targets_read != read_at {
        p.facts.targets_read = Arc::new(read_at);
    }
    // Half of a round is for whoever waits the longest, at least.
    let rounds = u32::try_from(bound.len().div_ceil(A_ROUND - FAVOURED).max(1)).unwrap_or(1);
    let part = &mut p.facts.target_groups;
    part.period = if bound.len() <= A_ROUND {
        ROUND
    } else {
        ROUND * rounds
    };
    if bound.is_empty() {
        // What stands for "none" is the list, which is read more slowly.
        part.period = LISTED;
    }
    if part.value.as_deref() != Some(&rows) {
        part.value = Some(Arc::new(rows));
    }
    part.observed_at = Some(ages.iter().min().copied().unwrap_or(listed_at));
}

#[cfg(test)]
mod tests;
