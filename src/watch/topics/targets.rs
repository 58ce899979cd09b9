//! Target groups that services are bound to, and the health of their targets.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use tokio::time::Instant;

use super::slos;
use crate::backend::Backend;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::service::LoadBalancerBinding;
use crate::domain::target::{Target, TargetGroup};
use crate::watch::picture::Picture;

/// Groups asked about at once: the health of each costs a call.
const A_ROUND: usize = 10;
/// Groups asked about at once the first time.
const FIRST: usize = 40;
/// Time from one round to the next.
const ROUND: Duration = Duration::from_secs(20);
/// Calls that run side by side.
const ABREAST: usize = 4;

/// Joins the list of groups.
pub fn take_groups(
    p: &mut Picture,
    answer: Result<Vec<TargetGroup>, Problem>,
    at: Timestamp,
) -> Option<ProblemKind> {
    match answer {
        Ok(groups) => {
            p.targets
                .retain(|arn, _| groups.iter().any(|g| &g.arn == arn));
            p.groups = groups;
            p.facts.target_groups.error = None;
            p.measured.knows_balancers = true;
            rebuild(p, at);
            None
        }
        Err(problem) => {
            let kind = problem.kind;
            slos::cannot_tell(p, &problem);
            p.facts.target_groups.error = Some(problem);
            Some(kind)
        }
    }
}

/// ARNs of the groups that known services are bound to.
pub fn bound(p: &Picture) -> Vec<String> {
    let arns: BTreeSet<&str> = p
        .services
        .values()
        .flat_map(|s| s.load_balancers.iter())
        .flat_map(LoadBalancerBinding::groups)
        .collect();
    let exists = |arn: &&str| p.groups.iter().any(|g| g.arn == *arn);
    arns.into_iter().filter(exists).map(str::to_owned).collect()
}

/// The groups to ask about now: never read first, then those of services that move or are looked at, then the oldest.
pub fn choose(p: &Picture) -> Vec<String> {
    let mut lively: BTreeSet<&str> = BTreeSet::new();
    let interest = p.of_interest();
    for service in p.services.values() {
        if service.is_deploying() || interest.contains(&service.id) {
            lively.extend(
                service
                    .load_balancers
                    .iter()
                    .flat_map(LoadBalancerBinding::groups),
            );
        }
    }
    let mut arns = bound(p);
    let unread = arns
        .iter()
        .filter(|arn| !p.targets.contains_key(*arn))
        .count();
    arns.sort_by_key(|arn| {
        let read = p.targets.get(arn).map(|(at, _)| *at);
        (read.is_some(), !lively.contains(arn.as_str()), read)
    });
    arns.truncate(if unread > 0 { FIRST } else { A_ROUND });
    arns
}

/// Targets of some groups, and the last failure.
#[derive(Debug)]
pub struct Health {
    read: Vec<(String, Vec<Target>)>,
    failure: Option<Problem>,
}

/// Asks for the health of groups.
pub async fn ask(backend: &Backend, arns: Vec<String>) -> Health {
    let answers: Vec<(String, Result<Vec<Target>, Problem>)> = stream::iter(arns)
        .map(|arn| async move {
            let answer = backend.elb.targets(&arn).await;
            (arn, answer)
        })
        .buffer_unordered(ABREAST)
        .collect()
        .await;
    let mut health = Health {
        read: Vec::new(),
        failure: None,
    };
    for (arn, answer) in answers {
        match answer {
            Ok(targets) => health.read.push((arn, targets)),
            Err(problem) => health.failure = Some(problem),
        }
    }
    health
}

/// Joins.
pub fn take(p: &mut Picture, answer: Health, at: Timestamp) -> Option<ProblemKind> {
    let now = Instant::now();
    for (arn, targets) in answer.read {
        p.targets.insert(arn, (now, targets));
    }
    let failure = answer.failure.as_ref().map(|f| f.kind);
    p.facts.target_groups.error = answer.failure;
    if failure.is_none() {
        rebuild(p, at);
    }
    failure
}

/// Whether the other groups of a group's pairs are all read: half of a pair would look empty when the tasks are in the other.
fn is_whole(p: &Picture, arn: &str, bound: &[String]) -> bool {
    p.services
        .values()
        .flat_map(|s| s.load_balancers.iter())
        .filter_map(|lb| lb.partner(arn))
        .all(|other| p.targets.contains_key(other) || !bound.iter().any(|b| b == other))
}

/// Publishes the bound groups whose targets were read: a group without its targets would look empty.
fn rebuild(p: &mut Picture, at: Timestamp) {
    let bound = bound(p);
    if p.facts.services.value.is_none() && p.facts.services.error.is_none() {
        return;
    }
    let rows: Vec<TargetGroup> = p
        .groups
        .iter()
        .filter(|g| bound.contains(&g.arn) && is_whole(p, &g.arn, &bound))
        .filter_map(|g| {
            let (_, targets) = p.targets.get(&g.arn)?;
            Some(TargetGroup {
                targets: targets.clone(),
                ..g.clone()
            })
        })
        .collect();
    if rows.is_empty() && !bound.is_empty() {
        return;
    }
    let rounds = u32::try_from(bound.len().div_ceil(A_ROUND).max(1)).unwrap_or(1);
    let part = &mut p.facts.target_groups;
    part.period = ROUND * rounds;
    if part.value.as_deref() != Some(&rows) {
        part.value = Some(Arc::new(rows));
    }
    part.observed_at = Some(at);
}
