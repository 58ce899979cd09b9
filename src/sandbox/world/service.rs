//! Services, their rollouts, and the deployments that the vendor remembers.

use std::collections::VecDeque;

use super::Key;

/// How a service replaces its tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// Little by little.
    Rolling,
    /// All beside, then the traffic at once.
    BlueGreen,
    /// A little traffic first.
    Canary,
    /// Traffic in equal steps.
    Linear,
}

impl Strategy {
    /// The vendor's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Rolling => "ROLLING",
            Self::BlueGreen => "BLUE_GREEN",
            Self::Canary => "CANARY",
            Self::Linear => "LINEAR",
        }
    }

    /// Reads the vendor's word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Rolling, Self::BlueGreen, Self::Canary, Self::Linear]
            .into_iter()
            .find(|s| s.word() == word)
    }
}

/// How a service deploys.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Strategy.
    pub strategy: Strategy,
    /// Percent of desired.
    pub minimum: u32,
    /// Percent of desired.
    pub maximum: u32,
    /// Whether the circuit breaker watches, and whether it rolls back.
    pub breaker: (bool, bool),
    /// Alarms watched.
    pub alarms: Vec<String>,
    /// Story minutes between the shift of traffic and the end.
    pub bake_minutes: u32,
}

/// What a deployment puts into place (ServiceRevision). A restart makes another one with the same task definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceRevision {
    /// Last part of its ARN.
    pub id: u64,
    /// Number of its task definition's revision.
    pub definition: u32,
}

/// One entry of `deployments[]`.
#[derive(Clone, Debug)]
pub struct Rollout {
    /// `ecs-svc/...`
    pub id: String,
    /// What its tasks run.
    pub revision: ServiceRevision,
    /// `PRIMARY` or `ACTIVE`.
    pub primary: bool,
    /// `IN_PROGRESS`, `COMPLETED`, `FAILED`.
    pub state: &'static str,
    /// Why.
    pub reason: String,
    /// Wall-clock times.
    pub created_at: f64,
    /// Last change.
    pub updated_at: f64,
    /// Tasks that failed.
    pub failed: u32,
}

/// A line of the event list.
#[derive(Clone, Debug)]
pub struct Event {
    /// Id.
    pub id: String,
    /// Wall-clock time.
    pub at: f64,
    /// Words.
    pub message: String,
}

/// A service.
#[derive(Clone, Debug)]
pub struct Service {
    /// Cluster and name.
    pub key: Key,
    /// Tasks wanted.
    pub desired: u32,
    /// Tasks for which its ordinary load was planned.
    pub planned: u32,
    /// Family of its task definitions.
    pub family: String,
    /// How it deploys.
    pub settings: Settings,
    /// Newest first.
    pub rollouts: Vec<Rollout>,
    /// Newest first.
    pub events: VecDeque<Event>,
    /// Target group.
    pub target_group: Option<String>,
    /// Port.
    pub port: u16,
    /// Wall-clock time.
    pub created_at: f64,
    /// Whether the last thing said was that it is steady.
    pub steady: bool,
}

impl Service {
    /// The rollout that the service is set to.
    pub fn primary(&self) -> Option<&Rollout> {
        self.rollouts.iter().find(|r| r.primary)
    }

    /// Number of the task definition's revision that it is set to.
    pub fn revision(&self) -> u32 {
        self.primary().map_or(1, |r| r.revision.definition)
    }

    /// Service revisions that it has rollouts of, newest first.
    pub fn revisions(&self) -> Vec<ServiceRevision> {
        let mut found: Vec<ServiceRevision> = Vec::new();
        for rollout in &self.rollouts {
            if !found.contains(&rollout.revision) {
                found.push(rollout.revision);
            }
        }
        found
    }

    /// Adds an event; the vendor keeps the last hundred.
    pub fn say(&mut self, id: String, at: f64, message: String) {
        self.events.push_front(Event { id, at, message });
        self.events.truncate(100);
    }
}

/// A deployment that the vendor remembers (ServiceDeployment).
#[derive(Clone, Debug)]
pub struct ServiceDeployment {
    /// Last part of its ARN.
    pub id: String,
    /// Cluster and service.
    pub key: Key,
    /// Rollout that it drives.
    pub rollout: String,
    /// What it replaces, newest first: the last one is what was in place before.
    pub from: Vec<ServiceRevision>,
    /// What it brings.
    pub to: ServiceRevision,
    /// The vendor's status.
    pub status: &'static str,
    /// Why.
    pub reason: String,
    /// Strategy at its start.
    pub strategy: Strategy,
    /// Lifecycle stage, for traffic shifting.
    pub stage: Option<&'static str>,
    /// Percent of production traffic on the new revision.
    pub traffic: f64,
    /// Story time at which the stage began.
    pub stage_since: f64,
    /// Wall-clock times.
    pub created_at: f64,
    /// Ended.
    pub finished_at: Option<f64>,
    /// Updated.
    pub updated_at: f64,
    /// Failures counted and the number that trips the breaker.
    pub failures: (u32, u32),
    /// Alarms that fired.
    pub fired: Vec<String>,
    /// Rollback: why, when, to what.
    pub rollback: Option<(String, f64, ServiceRevision)>,
}

impl ServiceDeployment {
    /// Whether it still moves.
    pub fn is_open(&self) -> bool {
        matches!(
            self.status,
            "PENDING"
                | "IN_PROGRESS"
                | "STOP_REQUESTED"
                | "ROLLBACK_REQUESTED"
                | "ROLLBACK_IN_PROGRESS"
        )
    }
}
