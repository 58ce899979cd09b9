//! What an action waits for, and whether what ECS shows is that. Pure: the same sight gives the same answer.

mod count;
mod own;
mod sight;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use count::SOMEBODY;
use own::{newer, our_deployment, our_rollout, rolls_on};
pub use sight::Sight;
use sight::{UNREAD, rollout_mark};

use super::back;
use super::words::same;
use crate::domain::audit::WENT_BACK;
use crate::domain::deployment::{Deployment, DeploymentSource, DeploymentState, RevisionLoad};
use crate::domain::service::{Revision, Rollout, Service, ServiceId, image_tag};

/// How the words end for what replaced ours, as long as nobody is known who began it.
pub const STRANGER: &str = ", which somebody else began";

/// What an action waits for. Journalled before the call, so that whoever picks the run up knows what to look for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "goal", rename_all = "snake_case")]
pub enum Goal {
    /// A deployment that was not there before puts this revision into place.
    Rollout {
        service: ServiceId,
        revision: Revision,
        /// Deployments and rollouts that were there before the call: see [`Sight::marks`].
        seen: Vec<String>,
    },
    /// A deployment is ended, going back if so asked.
    Ended {
        service: ServiceId,
        deployment: String,
        rollback: bool,
    },
    /// So many tasks run.
    Count {
        service: ServiceId,
        desired: u32,
        /// How many were wanted before the call; journals of earlier versions do not say.
        #[serde(default)]
        before: Option<u32>,
    },
    /// A person's word is in the store.
    Word { criterion: String },
}

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// On the way: tasks done and wanted, and what is worth a line when it changes.
    Going {
        done: Option<(u32, u32)>,
        note: String,
    },
    /// As asked, says ECS.
    Reached(String),
    /// It ended otherwise, and why.
    Lost(String),
    /// A newer deployment took its place before it had ended, and which: nothing of ours failed.
    Superseded(String),
}

impl Goal {
    /// The service concerned, if one is.
    pub fn service(&self) -> Option<&ServiceId> {
        match self {
            Self::Rollout { service, .. }
            | Self::Ended { service, .. }
            | Self::Count { service, .. } => Some(service),
            Self::Word { .. } => None,
        }
    }

    /// Whether the call was made without knowing the deployments of before.
    pub fn is_blind(&self) -> bool {
        matches!(self, Self::Rollout { seen, .. } if seen.iter().any(|mark| mark == UNREAD))
    }

    /// The revision that is put into place, if one is.
    pub fn revision(&self) -> Option<&Revision> {
        match self {
            Self::Rollout { revision, .. } => Some(revision),
            _ => None,
        }
    }

    /// How many tasks were wanted before, where their number is what changes.
    pub fn before(&self) -> Option<u32> {
        match self {
            Self::Count { before, .. } => *before,
            _ => None,
        }
    }

    /// The deployment that puts the revision into place, where one does and is told.
    pub fn deployment<'a>(&self, sight: &'a Sight) -> Option<&'a Deployment> {
        match self {
            Self::Rollout { revision, seen, .. } => our_deployment(sight, revision, seen),
            _ => None,
        }
    }

    /// Whether the service is set to what the call brought, and not to what was there before.
    pub fn is_primary(&self, sight: &Sight) -> bool {
        let Self::Rollout { revision, seen, .. } = self else {
            return false;
        };
        let brought = |p: &Rollout| !seen.contains(&rollout_mark(p)) && same(&p.revision, revision);
        sight.primary().is_some_and(brought)
    }

    /// Whether the call has had its effect: asked after a lost reply.
    pub fn is_visible(&self, sight: &Sight) -> bool {
        match self {
            Self::Rollout { revision, seen, .. } => {
                our_deployment(sight, revision, seen).is_some()
                    || our_rollout(sight, revision, seen).is_some()
            }
            Self::Ended { deployment, .. } => sight
                .deployments
                .iter()
                .find(|d| &d.id == deployment)
                .is_some_and(|d| {
                    !matches!(
                        d.state,
                        DeploymentState::Pending
                            | DeploymentState::InProgress
                            | DeploymentState::Unknown
                    )
                }),
            Self::Count { desired, .. } => sight.service.counts.desired == *desired,
            Self::Word { .. } => false,
        }
    }

    /// Whether all is still as it was before the call. Only then does the absence of an effect say that the call had none: what
    /// moved meanwhile, by somebody else or by automatic scaling, may have covered it.
    pub fn is_untouched(&self, sight: &Sight) -> bool {
        match self {
            // What was read of the deployments at all had other ids than the service's own word, which a blind goal is judged by.
            Self::Rollout { seen, .. } if self.is_blind() => {
                let mut rollouts = sight.service.rollouts.iter();
                rollouts.all(|r| seen.contains(&rollout_mark(r)))
            }
            Self::Rollout { seen, .. } => sight.marks().iter().all(|m| seen.contains(m)),
            Self::Ended { deployment, .. } => {
                let ours = sight.deployments.iter().find(|d| &d.id == deployment);
                ours.is_some_and(|d| {
                    matches!(
                        d.state,
                        DeploymentState::Pending | DeploymentState::InProgress
                    )
                })
            }
            Self::Count { before, .. } => *before == Some(sight.service.counts.desired),
            Self::Word { .. } => true,
        }
    }

    /// What took the place of a deployment that had ended well, in words: another revision, or the same one that is still being put
    /// into place anew, as by a restart. `None`: nothing that is told.
    pub fn overtaken(&self, sight: &Sight) -> Option<String> {
        let Self::Rollout { revision, seen, .. } = self else {
            return None;
        };
        let Some(ours) = our_deployment(sight, revision, seen) else {
            let ours = our_rollout(sight, revision, seen)?;
            let newer = sight.primary().filter(|p| ours.created_at < p.created_at)?;
            let goes_on = newer.rollout_state == "IN_PROGRESS" || !same(&newer.revision, revision);
            return goes_on.then(|| superseded(&newer.id, &newer.revision));
        };
        let (newer, to) = newer(sight, ours, seen).and_then(|d| Some((d, d.to.as_ref()?)))?;
        let is_over = same(&to.revision, revision) && newer.state == DeploymentState::Successful;
        (!is_over).then(|| superseded(&newer.id, &to.revision))
    }

    /// Judges what is seen. `elapsed`: since the call; ECS shows its own changes a little late, so some things are believed only
    /// after `patience`.
    pub fn judge(&self, sight: &Sight, elapsed: Duration, patience: Duration) -> Step {
        match self {
            Self::Rollout { revision, seen, .. } => rollout(sight, revision, seen),
            Self::Ended {
                deployment,
                rollback,
                ..
            } => ended(sight, deployment, *rollback, elapsed > patience),
            Self::Count {
                desired, before, ..
            } => count::judge(&sight.service, *desired, *before, elapsed, patience),
            Self::Word { criterion } => Step::Reached(format!("the word on {criterion} is kept")),
        }
    }
}

fn rollout(sight: &Sight, revision: &Revision, seen: &[String]) -> Step {
    if let Some(ours) = our_deployment(sight, revision, seen) {
        return by_deployment(sight, ours, seen);
    }
    let ours = our_rollout(sight, revision, seen);
    let is_other = |p: &&Rollout| {
        let later = ours.is_some_and(|o| o.created_at < p.created_at);
        !seen.contains(&rollout_mark(p)) && (later || !same(&p.revision, revision))
    };
    let stranger = sight.primary().filter(is_other);
    if let Some(other) = stranger {
        return overtaken(other, ours);
    }
    let Some(ours) = ours else {
        return Step::Going {
            done: None,
            note: "waiting for ECS to begin".to_owned(),
        };
    };
    let alone = sight.service.rollouts.len() == 1;
    match ours.rollout_state.as_str() {
        "FAILED" => Step::Lost(format!("ECS gave up: {}", ours.rollout_reason)),
        "COMPLETED" => Step::Reached(format!("{revision} is in place")),
        "" if alone && settled(ours) => Step::Reached(format!("{revision} is in place")),
        _ => Step::Going {
            done: Some((ours.counts.running, ours.counts.desired)),
            note: failures("rolling out", breaker_count(&sight.service, ours)),
        },
    }
}

/// Another revision became primary after our call: ECS going back, or somebody else.
fn overtaken(other: &Rollout, ours: Option<&Rollout>) -> Step {
    let failed = ours.filter(|r| r.rollout_state == "FAILED");
    let why = failed.map_or(&other.rollout_reason, |r| &r.rollout_reason);
    if failed.is_none() && !why.to_lowercase().contains("rolling back") {
        return Step::Superseded(superseded(&other.id, &other.revision));
    }
    if other.rollout_state == "IN_PROGRESS" {
        return Step::Going {
            done: Some((other.counts.running, other.counts.desired)),
            note: format!("ROLLING BACK to {}: {why}", other.revision),
        };
    }
    Step::Lost(format!("{WENT_BACK}{}: {why}", other.revision))
}

fn settled(r: &Rollout) -> bool {
    r.counts.running == r.counts.desired && r.counts.pending == 0
}

fn superseded(id: &str, revision: &Revision) -> String {
    // Of an ARN the last part is the deployment's own.
    let id = id.rsplit('/').next().unwrap_or(id);
    format!("superseded by deployment {id} of {revision}{STRANGER}")
}

fn breaker_count(service: &Service, ours: &Rollout) -> Option<(u32, u32)> {
    let breaker = service.deployment.circuit_breaker;
    let limit = breaker.threshold.of(ours.counts.desired);
    let limit = limit.filter(|_| breaker.enabled);
    limit.map(|limit| (ours.counts.failed, limit))
}

/// `rolling out, 2 of 3 failures: 1 more trips the breaker`.
fn failures(state: &str, counted: Option<(u32, u32)>) -> String {
    match counted {
        Some((failed, limit)) if failed > 0 => format!(
            "{state}, {failed} of {limit} failures: {} more and the breaker trips",
            limit.saturating_sub(failed)
        ),
        _ => state.to_owned(),
    }
}

fn by_deployment(sight: &Sight, ours: &Deployment, seen: &[String]) -> Step {
    let newer = newer(sight, ours, seen);
    let why = ours
        .rollback_reason
        .as_deref()
        .filter(|r| !r.is_empty())
        .unwrap_or(&ours.reason);
    let done = |r: Option<&RevisionLoad>| r.map(|r| r.counts.started());
    match ours.state {
        // Its own list may say so while the service itself still shifts its traffic: that is not the end.
        DeploymentState::Successful if newer.is_none() && rolls_on(sight, ours, seen) => {
            Step::Going {
                done: done(ours.to.as_ref()),
                note: "ECS lists it as completed, and its service as still rolling out".to_owned(),
            }
        }
        DeploymentState::Successful => Step::Reached(match &ours.to {
            Some(to) => {
                let tag = to
                    .image
                    .as_deref()
                    .map_or_else(String::new, |i| format!(" ({})", image_tag(i)));
                format!("{}{tag} is in place", to.revision)
            }
            None => "ECS says completed".to_owned(),
        }),
        DeploymentState::RolledBack => Step::Lost(format!("{WENT_BACK}{}: {why}", back(ours))),
        DeploymentState::Stopped => match newer.and_then(|d| Some((&d.id, d.to.as_ref()?))) {
            Some((id, to)) => Step::Superseded(superseded(id, &to.revision)),
            // The list was read again once this one had stopped; where ECS does not list the other yet, only its words tell of it.
            None if why.to_lowercase().contains("superseded") => {
                Step::Superseded(format!("superseded by another deployment{STRANGER}"))
            }
            None => Step::Lost(format!("stopped: {why}")),
        },
        DeploymentState::Failed => Step::Lost(format!("ECS gave up: {why}")),
        DeploymentState::RollingBack => Step::Going {
            // The tasks of what comes back, not of what leaves.
            done: done(ours.sides().1),
            note: format!("ROLLING BACK to {}: {why}", back(ours)),
        },
        // Nobody knows the word for how it ended: the service itself says what is in place.
        DeploymentState::Unknown if ours.finished_at.is_some() => over(sight, ours, seen),
        state => {
            let stage = ours
                .lifecycle_stage
                .as_deref()
                .filter(|s| !s.is_empty())
                .map_or_else(
                    || state.word().to_owned(),
                    |s| format!("{}, {s}", state.word()),
                );
            Step::Going {
                done: done(ours.to.as_ref()),
                note: failures(&stage, ours.failures),
            }
        }
    }
}

/// How a deployment ended whose state is not known here: by the service's own word on what it brought.
fn over(sight: &Sight, ours: &Deployment, seen: &[String]) -> Step {
    let to = ours.to.as_ref().map(|to| &to.revision);
    let rollout = to.and_then(|to| our_rollout(sight, to, seen));
    match rollout {
        Some(r) if r.rollout_state == "COMPLETED" && r.status == "PRIMARY" => {
            Step::Reached(format!("{} is in place", r.revision))
        }
        Some(r) if r.rollout_state == "FAILED" => {
            Step::Lost(format!("ECS gave up: {}", r.rollout_reason))
        }
        _ => Step::Lost(ended_so(ours)),
    }
}

fn ended_so(d: &Deployment) -> String {
    let why = Some(d.reason.trim()).filter(|why| !why.is_empty());
    let why = why.map_or_else(String::new, |why| format!(": {why}"));
    format!("it ended in a state that is not known here{why}")
}

/// What a deployment goes, or went, back to, in words.
fn back(d: &Deployment) -> String {
    back::names(d).unwrap_or_else(|| "the revision before".to_owned())
}

fn ended(sight: &Sight, id: &str, rollback: bool, late: bool) -> Step {
    let Some(d) = sight.deployments.iter().find(|d| d.id == id) else {
        // Read from the service itself for want of better, the list has other ids: what is not in it may be there.
        let other_ids = sight
            .deployments
            .iter()
            .any(|d| d.source == DeploymentSource::Rollouts);
        return if late && !other_ids {
            Step::Lost("ECS no longer knows that deployment".to_owned())
        } else {
            Step::Going {
                done: None,
                note: "waiting for ECS".to_owned(),
            }
        };
    };
    match (d.state, rollback) {
        (DeploymentState::RolledBack, _) => Step::Reached(format!("rolled back to {}", back(d))),
        (DeploymentState::Stopped, false) => Step::Reached("stopped where it was".to_owned()),
        (DeploymentState::Stopped, true) => {
            Step::Lost(format!("stopped, but not rolled back: {}", d.reason))
        }
        (DeploymentState::Successful, _) => {
            Step::Lost("it had completed before it could be stopped".to_owned())
        }
        (DeploymentState::Failed, _) => Step::Lost(format!("the rollback failed: {}", d.reason)),
        (DeploymentState::Unknown, _) if d.finished_at.is_some() => Step::Lost(ended_so(d)),
        (DeploymentState::Pending | DeploymentState::InProgress, _) if late => Step::Going {
            done: None,
            note: "ECS has not begun to stop it yet".to_owned(),
        },
        (state, _) => {
            // What ran on all along is not what comes back.
            let done = d.sides().1.map(|r| r.counts.started());
            Step::Going {
                done: done.filter(|(_, wanted)| *wanted > 0),
                note: state.word().to_owned(),
            }
        }
    }
}

#[cfg(test)]
mod tests;
