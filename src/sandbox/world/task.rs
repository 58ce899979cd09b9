//! Tasks: how one comes up, is checked, drains and stops.

use super::tasks::Rest;
use super::{Key, World};

/// Where a task is in its life (the vendor's lastStatus).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// A network interface is attached.
    Provisioning,
    /// The image is pulled.
    Pending,
    /// Targets are registered.
    Activating,
    /// It runs.
    Running,
    /// Targets drain.
    Deactivating,
    /// It is over.
    Stopped,
}

impl Life {
    /// The vendor's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Provisioning => "PROVISIONING",
            Self::Pending => "PENDING",
            Self::Activating => "ACTIVATING",
            Self::Running => "RUNNING",
            Self::Deactivating => "DEACTIVATING",
            Self::Stopped => "STOPPED",
        }
    }
}

/// What the container's and the load balancer's checks say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// Not yet known.
    Unknown,
    /// Good.
    Healthy,
    /// Bad.
    Unhealthy,
}

/// A task.
#[derive(Clone, Debug)]
pub struct Task {
    /// 32 hex digits.
    pub id: String,
    /// Cluster and service.
    pub service: Key,
    /// Family and revision of its definition.
    pub revision: (String, u32),
    /// Which rollout started it.
    pub rollout: String,
    /// Image that it runs.
    pub image: String,
    /// Where it is.
    pub life: Life,
    /// Story time at which it came there.
    pub since: f64,
    /// What the checks say.
    pub health: Health,
    /// Letter of its zone.
    pub zone: char,
    /// Private address.
    pub ip: String,
    /// Wall-clock times, seconds since 1970.
    pub created_at: f64,
    /// Began to run.
    pub started_at: Option<f64>,
    /// Stopped.
    pub stopped_at: Option<f64>,
    /// Why it stops.
    pub reason: Option<String>,
    /// Exit code once stopped.
    pub exit_code: Option<i64>,
    /// Whether it stopped by its own fault, and the breaker has not counted it yet.
    pub failed: bool,
}

/// Story seconds that each station takes.
const PROVISIONING_S: f64 = 4.0;
const PULL_S: f64 = 7.0;
const ACTIVATING_S: f64 = 2.0;
const CRASH_S: f64 = 3.0;
const HEALTHY_S: f64 = 9.0;
const UNHEALTHY_S: f64 = 16.0;
const DRAIN_S: f64 = 10.0;

impl Task {
    /// Whether it counts as running for its service.
    pub fn is_running(&self) -> bool {
        self.life == Life::Running
    }

    /// Whether it is on its way up.
    pub fn is_starting(&self) -> bool {
        matches!(
            self.life,
            Life::Provisioning | Life::Pending | Life::Activating
        )
    }

    /// Story seconds that pulling its image takes: hosts differ, so tasks that were started together come up one by one.
    fn pull_s(&self) -> f64 {
        let digit = self.id.chars().nth(2).and_then(|c| c.to_digit(16));
        PULL_S * (0.7 + 0.08 * f64::from(digit.unwrap_or(0)))
    }

    /// Whether its image serves, but fails what it serves.
    pub fn is_bad(&self) -> bool {
        matches!(fate(&self.image), "bad" | "broken")
    }

    /// State of its load balancer target, with the vendor's reason code and words.
    pub fn target(&self) -> Option<(&'static str, &'static str, &'static str)> {
        match (self.life, self.health) {
            (Life::Activating, _) | (Life::Running, Health::Unknown) => Some((
                "initial",
                "Elb.RegistrationInProgress",
                "Target registration is in progress",
            )),
            (Life::Running, Health::Healthy) => Some(("healthy", "", "")),
            (Life::Running, Health::Unhealthy) => Some((
                "unhealthy",
                "Target.ResponseCodeMismatch",
                "Health checks failed with these codes: [502]",
            )),
            (Life::Deactivating, _) => Some((
                "draining",
                "Target.DeregistrationInProgress",
                "Target deregistration is in progress",
            )),
            _ => None,
        }
    }

    /// Whether it went wrong, also after that was counted: its checks failed, or it ended by itself.
    pub(super) fn has_failed(&self) -> bool {
        self.life == Life::Stopped
            && (self.health == Health::Unhealthy || self.exit_code != Some(0))
    }

    /// Tells it to stop.
    pub fn stop(&mut self, at: f64, reason: &str) {
        if !matches!(self.life, Life::Deactivating | Life::Stopped) {
            self.life = Life::Deactivating;
            self.since = at;
            self.reason = Some(reason.to_owned());
        }
    }
}

/// How an image behaves, by its tag.
fn fate(image: &str) -> &'static str {
    let tag = image.rsplit_once(':').map_or("", |(_, t)| t);
    ["crash", "broken", "bad"]
        .into_iter()
        .find(|w| tag.contains(w))
        .unwrap_or("good")
}

/// Moves on every task that is not where it stays.
pub fn step(world: &mut World) {
    let (story, stamp) = (world.story_time(), world.stamp());
    let repositories = world.repositories.clone();
    world.tasks.move_on(|task| {
        // Several stations may have been passed since the last step.
        while advance(task, story, stamp, &repositories) {}
        match (task.life, task.health) {
            (Life::Stopped, _) => Rest::Stopped,
            (Life::Running, Health::Healthy) => Rest::Runs,
            _ => Rest::None,
        }
    });
}

fn advance(t: &mut Task, story: f64, stamp: f64, repositories: &[String]) -> bool {
    let spent = story - t.since;
    let go = |t: &mut Task, life, took: f64| {
        t.life = life;
        t.since += took;
        true
    };
    let fail = |t: &mut Task, reason: String, code: Option<i64>| {
        t.life = Life::Stopped;
        t.since = story;
        t.stopped_at = Some(stamp);
        t.reason = Some(reason);
        t.exit_code = code;
        t.failed = true;
        true
    };
    match t.life {
        Life::Provisioning if spent >= PROVISIONING_S => go(t, Life::Pending, PROVISIONING_S),
        Life::Pending if spent >= t.pull_s() => {
            let repository = t
                .image
                .rsplit_once(':')
                .map_or(t.image.as_str(), |(r, _)| r);
            if repositories.iter().any(|r| r == repository) {
                let took = t.pull_s();
                go(t, Life::Activating, took)
            } else {
                let why = format!(
                    "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref {}: not found",
                    t.image
                );
                fail(t, why, None)
            }
        }
        Life::Activating if spent >= ACTIVATING_S => {
            t.started_at = Some(stamp);
            go(t, Life::Running, ACTIVATING_S)
        }
        Life::Running if t.health == Health::Unknown => match fate(&t.image) {
            "crash" if spent >= CRASH_S => {
                fail(t, "Essential container in task exited".into(), Some(1))
            }
            "bad" | "broken" if spent >= UNHEALTHY_S => {
                t.health = Health::Unhealthy;
                true
            }
            "good" if spent >= HEALTHY_S => {
                t.health = Health::Healthy;
                true
            }
            _ => false,
        },
        // ECS replaces what fails its checks.
        Life::Running if t.health == Health::Unhealthy && spent >= UNHEALTHY_S + 6.0 => {
            t.failed = true;
            t.stop(story, "Task failed container health checks");
            true
        }
        Life::Deactivating if spent >= DRAIN_S => {
            t.life = Life::Stopped;
            t.since += DRAIN_S;
            t.stopped_at = Some(stamp);
            t.exit_code.get_or_insert(0);
            true
        }
        _ => false,
    }
}
