//! Runs and their attempts: what each did up to a time.

use super::history::Commit;
use super::plans::WORKFLOWS;
use super::timeline::{Course, Fate, Job, look};
use crate::telemetry::noise::share;
use crate::world::World;
use crate::world::service::ServiceDeployment;

/// One attempt of a run.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// When it was asked for.
    pub began: f64,
    /// Who asked.
    pub actor: String,
    /// Whether it passes, if it hangs on no deployment.
    pub fate: Fate,
    /// The deployment that it follows.
    pub deployment: Option<String>,
    /// When it was cancelled.
    pub cancelled: Option<f64>,
    /// How fast its seconds go.
    pub pace: f64,
    /// Jobs that were kept from the attempt before.
    pub kept: Vec<Job>,
}

/// A run.
#[derive(Clone, Debug)]
pub struct Run {
    /// Id.
    pub id: u64,
    /// Index of its workflow.
    pub workflow: usize,
    /// Number within its workflow.
    pub number: u64,
    /// `push`, `schedule`, `workflow_dispatch`, `pull_request`.
    pub event: &'static str,
    /// What it ran on.
    pub commit: Commit,
    /// Title.
    pub title: String,
    /// Attempts, oldest first; there is always one.
    pub attempts: Vec<Attempt>,
}

/// When and how a deployment ended.
pub type End<'a> = dyn Fn(&str) -> (Option<f64>, &'static str) + 'a;

/// Ends of the deployments of a world.
pub fn ends(world: &World) -> impl Fn(&str) -> (Option<f64>, &'static str) + '_ {
    |id| {
        let found = world.deployments.iter().find(|d| d.id == id);
        let how = |d: &ServiceDeployment| match d.status {
            "SUCCESSFUL" => "success",
            "STOPPED" => "cancelled",
            _ => "failure",
        };
        found.map_or((None, "success"), |d| (d.finished_at, how(d)))
    }
}

impl Run {
    /// When its first attempt was asked for.
    pub fn began(&self) -> f64 {
        self.attempts.first().map_or(0.0, |a| a.began)
    }

    /// The jobs of an attempt (counted from one) at a time.
    pub fn jobs(&self, attempt: usize, end: &End, now: f64) -> Vec<Job> {
        let Some(workflow) = WORKFLOWS.get(self.workflow) else {
            return Vec::new();
        };
        let Some(a) = attempt.checked_sub(1).and_then(|n| self.attempts.get(n)) else {
            return Vec::new();
        };
        let followed = a.deployment.as_deref().map(end);
        let fate = followed.map_or_else(|| a.fate.clone(), |(at, how)| Fate::Follows(at, how));
        let course = Course {
            workflow,
            attempt: u32::try_from(attempt).unwrap_or(1),
            began: a.began,
            fate: &fate,
            pace: a.pace,
            stretch: 0.85 + 0.35 * share(&self.commit.sha, self.number as f64),
            cancelled: a.cancelled,
        };
        let mut jobs = look(&course, now);
        for job in &mut jobs {
            if let Some(kept) = a.kept.iter().find(|k| k.name == job.name) {
                *job = kept.clone();
            }
        }
        jobs
    }

    /// Adds an attempt. With `failed_only`, jobs that passed are kept.
    pub fn again(
        &mut self,
        at: f64,
        actor: &str,
        pace: f64,
        failed_only: bool,
        fate: Fate,
        end: &End,
    ) {
        let before = self.jobs(self.attempts.len(), end, at);
        let passed = |j: &Job| failed_only && j.conclusion == Some("success");
        self.attempts.push(Attempt {
            began: at,
            actor: actor.to_owned(),
            fate,
            deployment: None,
            cancelled: None,
            pace,
            kept: before.into_iter().filter(passed).collect(),
        });
    }
}
