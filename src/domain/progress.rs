//! How far a deployment is: its steps, the share of them that is done, and how long it has to go.
//!
//! All of it is counted from what the vendor tells (tasks, traffic, stage) and from what the deployment is configured to wait for;
//! nothing is assumed of how long a step takes.

use jiff::Timestamp;
use serde::Serialize;

use super::deployment::{Deployment, DeploymentSource, DeploymentState};

/// What is left of a step that has only just not ended: a deployment that runs is never told as done.
const ALMOST: f64 = 0.99;
/// The least share that says how fast it goes.
const TELLING: f64 = 0.1;
/// How far the vendor's clock may be ahead of ours.
pub const SKEW_S: i64 = 60;

/// What a deployment is configured to wait for, and since when its stage lasts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Pace {
    /// Minutes that both revisions run side by side once traffic has shifted; `None` where the strategy keeps none or none is told.
    pub bake_minutes: Option<u32>,
    /// Minutes that the pauses of its traffic shift take together.
    pub shift_minutes: Option<u32>,
    /// Since when its stage lasts (UTC): when the vendor last changed the deployment, as first told of this stage. ECS tells no
    /// time of the stage itself, so that the stage may be older, but is no younger.
    pub stage_since: Option<Timestamp>,
}

/// A step of a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// The tasks of the new revision start.
    Start,
    /// Traffic goes over to them.
    Shift,
    /// Both revisions run until it is sure that the new one holds.
    Bake,
    /// The tasks of the old revision stop.
    Drain,
}

/// A step, and how much of it is done.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Step {
    /// Which one.
    pub kind: StepKind,
    /// Share that is done, 0..=1.
    pub share: f64,
    /// Whether it goes on now.
    pub now: bool,
}

/// How long a deployment has to go, and how that is known. Seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "by")]
pub enum Estimate {
    /// What is left of its bake time; the old tasks stop after it, which comes on top.
    BakeTime {
        /// To go, at least.
        seconds: i64,
    },
    /// The last one of the service that went well took so long.
    LastRun {
        /// To go.
        seconds: i64,
        /// What that one took.
        took: i64,
    },
    /// As fast as it went so far.
    SoFar {
        /// To go.
        seconds: i64,
    },
    /// It is configured to wait so long; what else it does comes on top.
    Waits {
        /// To go, at least.
        seconds: i64,
    },
    /// It takes longer than the last one, which is all that is known.
    Overdue {
        /// What that one took.
        took: i64,
    },
}

impl Estimate {
    /// Seconds to go, where that can be said, and the sign of how sure that is: about so many, or at least.
    pub fn seconds(self) -> Option<(&'static str, i64)> {
        match self {
            Self::LastRun { seconds, .. } | Self::SoFar { seconds } => Some(("~", seconds)),
            Self::BakeTime { seconds } | Self::Waits { seconds } => Some(("≥", seconds)),
            Self::Overdue { .. } => None,
        }
    }
}

/// Why it cannot be said how far a deployment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Untold {
    /// It goes by stages, which its service deployment tells, and what is known comes from the service alone.
    ServiceDeployment,
    /// It goes by stages, and the one that it is in is not told, or none that is known here.
    Stage,
    /// It goes back to a revision whose tasks are not told.
    WayBack,
    /// Of which revisions it is, is not told: it is listed, and no more than that is known.
    Revisions,
    /// The answer contradicts itself: it is on its way, and has ended.
    Ended,
    /// The answer cannot be true: it is on its way, and begins later than now.
    Future,
}

impl Untold {
    /// Why the answer cannot be true, where that is the reason.
    pub fn contradiction(self) -> Option<&'static str> {
        match self {
            Self::Ended => Some("ECS says that it is on its way, and when it ended"),
            Self::Future => Some("ECS says that it is on its way, and begins in the future"),
            Self::ServiceDeployment | Self::Stage | Self::WayBack | Self::Revisions => None,
        }
    }
}

/// Which step each lifecycle stage of ECS belongs to.
fn step_of(stage: &str) -> Option<StepKind> {
    match stage {
        "RECONCILE_SERVICE" | "PRE_SCALE_UP" | "SCALE_UP" | "POST_SCALE_UP" => {
            Some(StepKind::Start)
        }
        // Test traffic goes to the new revision while all others still see the old one.
        "TEST_TRAFFIC_SHIFT"
        | "POST_TEST_TRAFFIC_SHIFT"
        | "PRE_PRODUCTION_TRAFFIC_SHIFT"
        | "PRODUCTION_TRAFFIC_SHIFT"
        | "POST_PRODUCTION_TRAFFIC_SHIFT" => Some(StepKind::Shift),
        "BAKE_TIME" => Some(StepKind::Bake),
        "CLEAN_UP" => Some(StepKind::Drain),
        _ => None,
    }
}

/// A share of something, whole where there is nothing of it.
fn part(done: u32, all: u32) -> f64 {
    (f64::from(done) / f64::from(all.max(1))).clamp(0.0, 1.0)
}

impl Deployment {
    /// Whether it goes by the stages of blue/green and its kin, and its stage is known. One that goes back is told by its tasks.
    fn stage(&self) -> Option<StepKind> {
        let onward = self.strategy.shifts_traffic() && !self.goes_back();
        self.lifecycle_stage
            .as_deref()
            .filter(|_| onward)
            .and_then(step_of)
    }

    fn goes_back(&self) -> bool {
        self.state == DeploymentState::RollingBack
    }

    /// Whether its steps follow from the stage that the vendor tells.
    pub fn is_staged(&self) -> bool {
        self.stage().is_some()
    }

    /// Share of the new tasks that run, and of those to be stopped that are gone.
    fn by_tasks(&self) -> (f64, Option<f64>) {
        let (from, _) = self.sides();
        let tally = self.tally();
        let started = match tally.wanted {
            0 => 0.0,
            wanted => part(tally.started, wanted),
        };
        // What is left of several old revisions was one revision's tasks once.
        let had = from.iter().map(|r| r.counts.desired).max().unwrap_or(0);
        let all = had.max(tally.wanted).max(tally.to_stop);
        let gone = 1.0 - part(tally.to_stop, all);
        (started, (!from.is_empty()).then_some(gone))
    }

    /// Whether what is told of its times cannot be true of one that is on its way. One that is stopped has an end of its own before
    /// it is back.
    fn contradicts(&self, now: Timestamp) -> Option<Untold> {
        let onward = matches!(
            self.state,
            DeploymentState::Pending | DeploymentState::InProgress
        );
        if onward && self.finished_at.is_some() {
            return Some(Untold::Ended);
        }
        let told = self.created_at.into_iter().chain(self.started_at);
        let ahead = |at: Timestamp| at.duration_since(now).as_secs() > SKEW_S;
        let future = self.state.is_running() && told.into_iter().any(ahead);
        future.then_some(Untold::Future)
    }

    /// When it began; nothing where that is not told, or cannot be true.
    pub fn began(&self, now: Timestamp) -> Option<Timestamp> {
        let told = self.started_at.or(self.created_at);
        told.filter(|_| self.contradicts(now) != Some(Untold::Future))
    }

    /// Seconds that it took, or takes by now while it goes on. Nothing where an end is not told, or what is told cannot be true.
    pub fn took(&self, now: Timestamp) -> Option<i64> {
        if self.contradicts(now).is_some() {
            return None;
        }
        let running = self.state.is_running();
        let until = self.finished_at.or_else(|| running.then_some(now))?;
        let began = self.started_at.or(self.created_at)?;
        let is_ahead = until.duration_since(now).as_secs() > SKEW_S;
        let took = until.duration_since(began).as_secs();
        (!is_ahead && took >= 0).then_some(took)
    }

    /// Why nobody can say how far it is, while it runs: one that shifts traffic is told by its stages, and not as one that replaces
    /// tasks little by little, for which its counts alone would pass.
    pub fn untold(&self, now: Timestamp) -> Option<Untold> {
        if !self.state.is_running() {
            return None;
        }
        if let Some(why) = self.contradicts(now) {
            return Some(why);
        }
        let staged = self.strategy.shifts_traffic();
        let listed = self.from.is_empty() && self.to.is_none();
        match (self.source, self.state) {
            // Task sets tell how many tasks run, and not how the traffic goes over.
            (DeploymentSource::Rollouts, _) if self.strategy.has_task_sets() => Some(Untold::Stage),
            (DeploymentSource::Rollouts, _) => staged.then_some(Untold::ServiceDeployment),
            _ if listed => Some(Untold::Revisions),
            (_, DeploymentState::RollingBack) => {
                self.sides().1.is_none().then_some(Untold::WayBack)
            }
            // It has not begun.
            (_, DeploymentState::Pending) => None,
            _ => (staged && self.stage().is_none()).then_some(Untold::Stage),
        }
    }

    /// Its steps in order, with how much of each is done; none once it has ended, or where nobody can say how far it is.
    pub fn steps(&self, now: Timestamp) -> Vec<Step> {
        if !self.state.is_running() || self.untold(now).is_some() {
            return Vec::new();
        }
        let (started, gone) = self.by_tasks();
        let order = [
            StepKind::Start,
            StepKind::Shift,
            StepKind::Bake,
            StepKind::Drain,
        ];
        let stage = self.stage();
        if stage.is_none() && self.strategy.shifts_traffic() && !self.goes_back() {
            let (share, now) = (0.0, false);
            let to_come = order.into_iter();
            return to_come.map(|kind| Step { kind, share, now }).collect();
        }
        let Some(stage) = stage else {
            // A rolling update stops old tasks while new ones start.
            let start = Step {
                kind: StepKind::Start,
                share: started,
                now: started < 1.0,
            };
            let drain = gone.map(|share| Step {
                kind: StepKind::Drain,
                share,
                now: share < 1.0 && (share > 0.0 || started >= ALMOST),
            });
            return std::iter::once(start).chain(drain).collect();
        };
        let at = order.iter().position(|k| *k == stage).unwrap_or(0);
        let within = match stage {
            StepKind::Start => started,
            StepKind::Shift => {
                let traffic = self.sides().1.and_then(|r| r.traffic_percent);
                traffic.map_or(0.0, |p| (p / 100.0).clamp(0.0, 1.0))
            }
            StepKind::Bake => match (self.bake_left(now), self.bake_seconds()) {
                (Some(left), Some(all)) if all > 0 => 1.0 - left as f64 / all as f64,
                _ => 0.0,
            },
            StepKind::Drain => gone.unwrap_or(0.0),
        };
        let steps = order.into_iter().enumerate();
        let step = |(n, kind): (usize, StepKind)| Step {
            kind,
            share: match n.cmp(&at) {
                std::cmp::Ordering::Less => 1.0,
                std::cmp::Ordering::Equal => within,
                std::cmp::Ordering::Greater => 0.0,
            },
            now: n == at,
        };
        steps.map(step).collect()
    }

    /// Share of its steps that is done, 0..=1: tasks, traffic, bake time and clean-up count alike. Whole only once it has ended;
    /// nothing where nobody can say how far it is.
    pub fn progress(&self, now: Timestamp) -> Option<f64> {
        if self.untold(now).is_some() {
            return None;
        }
        let steps = self.steps(now);
        if steps.is_empty() {
            return Some(1.0);
        }
        let done: f64 = steps.iter().map(|s| s.share).sum();
        Some((done / steps.len() as f64).min(ALMOST))
    }

    /// The same in whole percent; it is never rounded up to a hundred.
    pub fn percent(&self, now: Timestamp) -> Option<u32> {
        let share = self.progress(now)?;
        Some((share * 100.0).floor() as u32)
    }

    fn bake_seconds(&self) -> Option<i64> {
        self.pace.bake_minutes.map(|m| 60 * i64::from(m))
    }

    /// Seconds of bake time that are left, while it bakes and since when is known.
    pub fn bake_left(&self, now: Timestamp) -> Option<i64> {
        let bakes = self.state.is_running()
            && self.stage() == Some(StepKind::Bake)
            && self.contradicts(now).is_none();
        let since = self.pace.stage_since.filter(|_| bakes)?;
        let all = self.bake_seconds()?;
        // The vendor's clock may be ahead of ours.
        Some((all - now.duration_since(since).as_secs()).clamp(0, all))
    }

    /// How long it has to go; `last` is what the last one of the service took that went well. Nothing where nothing tells.
    pub fn estimate(&self, now: Timestamp, last: Option<i64>) -> Option<Estimate> {
        let share = self.progress(now)?;
        let began = self.started_at.or(self.created_at)?;
        let onward = matches!(
            self.state,
            DeploymentState::Pending | DeploymentState::InProgress
        );
        if !onward {
            return None;
        }
        if let Some(seconds) = self.bake_left(now) {
            return Some(Estimate::BakeTime { seconds });
        }
        let elapsed = now.duration_since(began).as_secs().max(0);
        let minutes = match self.stage() {
            Some(StepKind::Start) => [self.pace.shift_minutes, self.pace.bake_minutes],
            Some(StepKind::Shift) => [None, self.pace.bake_minutes],
            _ => [None, None],
        };
        let waits: i64 = minutes
            .into_iter()
            .flatten()
            .map(|m| 60 * i64::from(m))
            .sum();
        let as_last = last.map(|took| (took - elapsed, took));
        // Where what it is set to wait for takes longer than the last one took, the last one tells nothing.
        if let Some((seconds, took)) = as_last.filter(|(left, _)| *left > waits) {
            return Some(Estimate::LastRun { seconds, took });
        }
        if self.stage().is_none() && share > TELLING && share < ALMOST {
            let seconds = (elapsed as f64 * (1.0 - share) / share).round() as i64;
            return Some(Estimate::SoFar { seconds });
        }
        if waits > 0 {
            return Some(Estimate::Waits { seconds: waits });
        }
        last.map(|took| Estimate::Overdue { took })
    }

    /// Takes over since when its stage lasts from what was told of it before; `at` is when this answer came.
    pub fn carry_stage(&mut self, before: Option<&Self>, at: Timestamp) {
        if self.lifecycle_stage.is_none() {
            return;
        }
        let Some(before) = before else { return };
        let told = self.pace.stage_since;
        self.pace.stage_since = match before.lifecycle_stage == self.lifecycle_stage {
            true => before.pace.stage_since.or(told),
            // Whoever saw it change knows when, to a question's pause.
            false => told.or(Some(at)),
        };
    }
}

#[cfg(test)]
mod tests;
