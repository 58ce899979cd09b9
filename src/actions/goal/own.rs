//! Which deployment, and which rollout, a call brought about.

use std::time::Duration;

use super::sight::{Sight, UNREAD, newest_before, rollout_mark};
use crate::actions::words::same;
use crate::domain::deployment::{Deployment, DeploymentSource};
use crate::domain::service::{Revision, Rollout};

/// How far apart the times of a deployment and of its rollout are told at most.
const APART: Duration = Duration::from_secs(1);

/// The first deployment of the revision that came after those of before the call: a later one of the same revision, as of a restart,
/// is another's.
pub(super) fn our_deployment<'a>(
    sight: &'a Sight,
    revision: &Revision,
    seen: &[String],
) -> Option<&'a Deployment> {
    if seen.iter().any(|mark| mark == UNREAD) {
        return None;
    }
    let is_new = |d: &&Deployment| !seen.contains(&d.id);
    // ECS lists deployments a little late: what is new to us may be older than the call.
    let newest = newest_before(seen);
    let is_after = |d: &&Deployment| match (d.created_at, newest) {
        (Some(created), Some(newest)) => created >= newest,
        _ => true,
    };
    let is_ours = |d: &&Deployment| {
        d.source == DeploymentSource::ServiceDeployments
            && is_new(d)
            && is_after(d)
            && d.to.as_ref().is_some_and(|to| same(&to.revision, revision))
    };
    let mut list = sight.deployments.iter();
    if list.clone().all(|d| is_new(&d)) {
        // Where none of before is told, its time alone parts what came before the call from what came after it, and that of the last
        // one is told of its rollout as well, by another clock perhaps.
        let is_later = |d: &&Deployment| match (d.created_at, newest) {
            (Some(created), Some(newest)) => created > newest + APART,
            (None, Some(_)) => false,
            (_, None) => true,
        };
        return list.find(|d| is_ours(d) && is_later(d));
    }
    list.take_while(is_new).filter(is_ours).last()
}

pub(super) fn our_rollout<'a>(
    sight: &'a Sight,
    revision: &Revision,
    seen: &[String],
) -> Option<&'a Rollout> {
    let came = sight.service.rollouts.iter();
    came.filter(|r| !seen.contains(&rollout_mark(r)) && same(&r.revision, revision))
        .min_by_key(|r| r.created_at)
}

/// What came after a deployment of ours: of several, the first took its place.
pub(super) fn newer<'a>(
    sight: &'a Sight,
    ours: &Deployment,
    seen: &[String],
) -> Option<&'a Deployment> {
    let later = sight.deployments.iter().take_while(|d| d.id != ours.id);
    later.filter(|d| !seen.contains(&d.id)).last()
}

/// Whether the service says that what a deployment brought is still rolling out.
pub(super) fn rolls_on(sight: &Sight, ours: &Deployment, seen: &[String]) -> bool {
    let to = ours.to.as_ref().map(|to| &to.revision);
    let rollout = to.and_then(|to| our_rollout(sight, to, seen));
    rollout.is_some_and(|r| r.rollout_state == "IN_PROGRESS")
}
