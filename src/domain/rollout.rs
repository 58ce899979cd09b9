//! What DescribeServices tells of a service's tasks: by rollout, and by service revision.

use jiff::Timestamp;
use serde::Serialize;

use super::service::{Revision, Service};

/// What ECS says of a task set of which not all tasks run and are healthy.
pub const STABILIZING: &str = "STABILIZING";

/// One entry of `deployments[]` of DescribeServices, or of `taskSets[]`: counts of one revision inside a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rollout {
    /// `ecs-svc/...`
    pub id: String,
    /// `PRIMARY`, `ACTIVE`, `INACTIVE`; of a task set `DRAINING` as well.
    pub status: String,
    /// Revision that it runs.
    pub revision: Revision,
    /// Desired, running, pending and failed tasks.
    pub counts: TaskCounts,
    /// `COMPLETED`, `IN_PROGRESS`, `FAILED`; empty where the service has no rollout state. Of a task set [`STABILIZING`], or empty.
    pub rollout_state: String,
    /// ECS's explanation.
    pub rollout_reason: String,
    /// Created (UTC).
    pub created_at: Option<Timestamp>,
    /// Last change (UTC).
    pub updated_at: Option<Timestamp>,
}

impl Rollout {
    /// The primary one among those of a service: there is one, and where more say that they are, the newest is.
    pub fn primary(all: &[Self]) -> Option<&Self> {
        let primary = all.iter().rev().filter(|r| r.status == "PRIMARY");
        primary.max_by_key(|r| r.created_at)
    }
}

impl Service {
    /// Tasks of the primary set of a service that ECS tells task sets of: it has the traffic, and those of the others, which may be well
    /// for days before any of it is theirs, answer nobody.
    pub(super) fn primary_set(&self) -> Option<TaskCounts> {
        let has_sets = self.deployment.strategy.has_task_sets();
        let primary = Rollout::primary(&self.rollouts).filter(|_| has_sets);
        primary.map(|p| p.counts)
    }

    /// The counts of the tasks that have the traffic: those of its primary task set where ECS tells of such, else those of all.
    pub fn answering(&self) -> TaskCounts {
        let lacks = |c: &TaskCounts| c.running < c.desired;
        // An external controller may want a part of the service's tasks in that set, or none: what the service lacks is told all the same.
        let hides = |p: &TaskCounts| {
            !lacks(p) && (lacks(&self.counts) || (p.desired == 0 && self.counts.desired > 0))
        };
        let primary = self.primary_set().filter(|p| !hides(p));
        primary.unwrap_or(self.counts)
    }

    /// Tasks that run beside those that have the traffic: of its other task sets.
    pub fn beside(&self) -> u32 {
        self.counts.running.saturating_sub(self.answering().running)
    }

    /// The newest rollout that failed, while `deployments[]` still has it.
    pub fn failed_rollout(&self) -> Option<&Rollout> {
        let failed = self.rollouts.iter().filter(|r| r.rollout_state == "FAILED");
        failed.max_by_key(|r| r.updated_at)
    }

    /// Which rollout failed, and why, in a few words.
    pub fn failure_words(&self) -> Option<String> {
        let failed = self.failed_rollout()?;
        let why = match failed.rollout_reason.trim() {
            "" => "no reason is given",
            why => why,
        };
        Some(format!(":{} failed: {why}", failed.revision.number))
    }

    /// The newest rollout that completed, while `deployments[]` still has it: ECS lists the newest first.
    pub fn completed_rollout(&self) -> Option<&Rollout> {
        let done = |r: &&Rollout| r.rollout_state == "COMPLETED";
        let listed = self.rollouts.iter().rev().filter(done);
        listed.max_by_key(|r| r.created_at)
    }
}

/// Tasks of a service revision. Two of them may have one task definition, as before and after a restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RevisionTasks {
    /// ARN of the service revision.
    pub arn: String,
    /// Desired, running and pending tasks; ECS counts no failures by service revision.
    pub counts: TaskCounts,
    /// (image, digest) that ECS resolved its images to; none where nobody told.
    #[serde(skip)]
    pub digests: Vec<(String, String)>,
}

/// Task counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct TaskCounts {
    /// Wanted.
    pub desired: u32,
    /// In RUNNING.
    pub running: u32,
    /// In PENDING.
    pub pending: u32,
    /// Failed since the rollout began.
    pub failed: u32,
}

impl TaskCounts {
    /// Tasks that run, of those that are wanted: what still starts is not done. Of what comes back, tasks run already while others
    /// of it are started, which are to take their place.
    pub fn started(self) -> (u32, u32) {
        let no_more_to_start = self.desired.saturating_sub(self.pending);
        (self.running.min(no_more_to_start), self.desired)
    }
}
