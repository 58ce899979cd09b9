//! The tasks of a deployment: how many of what takes over run, and how many have still to stop. Every face tells them from here.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Serialize;

use super::deployment::{Deployment, DeploymentState, RevisionLoad};
use super::facts::Facts;
use super::rollout::TaskCounts;
use super::service::{Revision, Task};

/// Tasks of a deployment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Tasks that run of the revision that takes over, of those that are to run in the end.
    pub started: u32,
    /// Tasks that are wanted of it.
    pub wanted: u32,
    /// Tasks that have still to stop: of the revisions that leave, and those of the one that comes back that others take the place of.
    pub to_stop: u32,
}

impl TaskCounts {
    /// Tasks that run or start beyond what is wanted; none where it is not told what is.
    pub fn surplus(self) -> u32 {
        match self.desired {
            0 => 0,
            wanted => (self.running.saturating_add(self.pending)).saturating_sub(wanted),
        }
    }
}

impl Deployment {
    /// How many of its tasks run, are wanted, and have still to stop.
    pub fn tally(&self) -> Tally {
        let (from, to) = self.sides();
        let goes_back = self.state == DeploymentState::RollingBack;
        // What fails may be starting anew when it is called back: that is to be stopped as well.
        let left = |r: &&RevisionLoad| match goes_back {
            true => r.counts.running.saturating_add(r.counts.pending),
            false => r.counts.running,
        };
        let leaving = from.iter().map(left).fold(0, u32::saturating_add);
        // Tasks of what comes back are started anew beside those of it that never left.
        let replaced = to.filter(|_| goes_back).map_or(0, |r| r.counts.surplus());
        let (started, wanted) = to.map_or((0, 0), |r| r.counts.started());
        Tally {
            started,
            wanted,
            to_stop: leaving.saturating_add(replaced),
        }
    }
}

/// Running tasks of what takes over, by what their health checks say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// Tasks whose check passes.
    pub healthy: u32,
    /// Tasks whose check fails.
    pub unhealthy: u32,
}

impl Checked {
    /// Tasks of so many that run of which no check has said anything yet.
    pub fn untold(self, running: u32) -> u32 {
        running.saturating_sub(self.healthy.saturating_add(self.unhealthy))
    }
}

impl Facts {
    /// A deployment as far as what it started holds: a task that fails its check takes nothing over, and counts as one that is starting.
    pub fn as_checked<'a>(&self, d: &'a Deployment, now: Timestamp) -> Cow<'a, Deployment> {
        let onward = d.state.is_running() && d.state != DeploymentState::RollingBack;
        let checked = self.checked(d, now).filter(|c| onward && c.unhealthy > 0);
        let Some(Checked { unhealthy, .. }) = checked else {
            return Cow::Borrowed(d);
        };
        let mut seen = d.clone();
        if let Some(to) = &mut seen.to {
            let ill = unhealthy.min(to.counts.running);
            to.counts.running -= ill;
            to.counts.pending = to.counts.pending.saturating_add(ill);
        }
        Cow::Owned(seen)
    }

    /// What the health checks say of the tasks that a deployment has started. Nothing where its tasks are not read, not all of them, or
    /// not lately, where they have no check, or where both sides run one task definition, by which nobody tells their tasks apart.
    pub fn checked(&self, d: &Deployment, now: Timestamp) -> Option<Checked> {
        let (from, to) = d.sides();
        let revision = &to?.revision;
        if from.iter().any(|r| r.revision == *revision) {
            return None;
        }
        let tasks = self.tasks.get(&d.service).filter(|part| !part.cut)?;
        let tasks = tasks.fresh(now)?;
        let its = |t: &&Task| {
            let is_its =
                |r: &Revision| (&r.family, r.number) == (&revision.family, revision.number);
            t.status == "RUNNING" && t.revision.as_ref().is_some_and(is_its)
        };
        let count = |health: &str| {
            tasks
                .iter()
                .filter(its)
                .filter(|t| t.health == health)
                .count()
        };
        let count = |health: &str| u32::try_from(count(health)).unwrap_or(u32::MAX);
        let checked = Checked {
            healthy: count("HEALTHY"),
            unhealthy: count("UNHEALTHY"),
        };
        let definitions = self.task_definitions.value.iter();
        let mut definitions = definitions.filter_map(|all| all.get(&revision.arn));
        let has_check = definitions.any(|d| d.containers.iter().any(|c| c.health_check.is_some()));
        (has_check || checked != Checked::default()).then_some(checked)
    }
}
