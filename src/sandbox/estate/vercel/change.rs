//! What changes production: creating, promoting, rolling back, cancelling.

use serde_json::{Value, json};

use super::super::super::world::World;
use super::deployments::{Commit, State};
use super::{Answer, Refusal, Vercel, bad_request, show};

/// Story seconds that it takes to point every domain at another deployment.
const POINTING_S: f64 = 6.0;

/// A request to point production at a deployment.
#[derive(Clone, Debug)]
pub struct Pointing {
    pub from: Option<String>,
    pub to: String,
    /// `promote` or `rollback`.
    pub kind: &'static str,
    /// Wall-clock time, seconds since 1970.
    pub asked: f64,
    pub done: bool,
}

impl Pointing {
    /// As a project shows its last one.
    pub fn show(&self, now: f64) -> Value {
        let status = match self.done {
            true => "succeeded",
            false if now - self.asked < 0.5 => "pending",
            false => "in-progress",
        };
        json!({
            "fromDeploymentId": self.from, "toDeploymentId": self.to, "jobStatus": status,
            "requestedAt": super::millis(self.asked), "type": self.kind,
        })
    }
}

impl Vercel {
    /// `POST /v13/deployments`: a redeployment of a deployment, or of a branch of the linked repository.
    pub(super) fn create(&mut self, body: &Value, world: &World) -> Answer {
        let text = |key: &str| body.get(key).and_then(Value::as_str);
        let production = match text("target") {
            Some("production") => true,
            None | Some("preview") => false,
            Some(other) => return Err(bad_request(format!("Invalid target \"{other}\""))),
        };
        let (project, commit, source) = match (text("deploymentId"), body.get("gitSource")) {
            (Some(id), _) => {
                let of = self.deployment(id)?;
                (of.project.clone(), of.commit.clone(), "redeploy")
            }
            (None, Some(git)) => {
                let name = text("project").or(text("name")).unwrap_or_default();
                let branch = git.get("ref").and_then(Value::as_str);
                let branch = branch.ok_or_else(|| bad_request("`gitSource.ref` is required"))?;
                let project = self.project(name)?.id.clone();
                (project, self.commit_on(branch), "git")
            }
            (None, None) => {
                return Err(bad_request("`deploymentId` or `gitSource` is required"));
            }
        };
        let index = self.projects.iter().position(|p| p.id == project);
        let index = index.ok_or_else(super::no_project)?;
        let Some(made) = self.begin(index, commit, production, source, world) else {
            return Err(super::no_project());
        };
        let id = made.id.clone();
        let made = self.deployment(&id)?;
        let shown = show::detail(made, self.project(&project)?, world.stamp());
        Ok((200, shown))
    }

    /// `POST /v10/projects/{id}/promote/{deployment}` and `POST /v1/projects/{id}/rollback/{deployment}`.
    pub(super) fn point(
        &mut self,
        id: &str,
        deployment: &str,
        kind: &'static str,
        now: f64,
    ) -> Answer {
        let project = self.project(id)?;
        let target = self.deployment(deployment)?;
        if target.project != project.id {
            return Err(Refusal(404, "not_found", "Deployment not found".into()));
        }
        if !target.is_ready(now) {
            let why = format!("Deployment is {}, not READY", target.state(now).word());
            return Err(Refusal(422, "deployment_not_ready", why));
        }
        if project.production.as_deref() == Some(deployment) {
            let why = "Deployment is already the current production deployment";
            return Err(Refusal(409, "conflict", why.into()));
        }
        if kind == "rollback" && target.promoted.is_none() {
            let why = "Only a deployment that has served production can be rolled back to";
            return Err(Refusal(422, "not_rollback_candidate", why.into()));
        }
        if project.pointing.as_ref().is_some_and(|p| !p.done) {
            let why = "Another promotion or rollback is in progress";
            return Err(Refusal(409, "conflict", why.into()));
        }
        let pointing = Pointing {
            from: project.production.clone(),
            to: target.id.clone(),
            kind,
            asked: now,
            done: false,
        };
        self.project_mut(id)?.pointing = Some(pointing);
        Ok((201, Value::Null))
    }

    /// Carries out what was asked for.
    pub(super) fn settle(&mut self, world: &World) {
        let now = world.stamp();
        for project in &mut self.projects {
            let Some(pointing) = project.pointing.as_mut().filter(|p| !p.done) else {
                continue;
            };
            if (now - pointing.asked) * world.speed < POINTING_S {
                continue;
            }
            pointing.done = true;
            project.rolled_back = pointing.kind == "rollback";
            project.production = Some(pointing.to.clone());
            if let Some(d) = self.deployments.iter_mut().find(|d| d.id == pointing.to) {
                d.promoted.get_or_insert(now);
            }
        }
    }

    /// `PATCH /v12/deployments/{id}/cancel`.
    pub(super) fn cancel(&mut self, id: &str, now: f64) -> Answer {
        let state = self.deployment(id)?.state(now);
        if matches!(state, State::Ready | State::Error | State::Canceled) {
            let why = format!("A deployment that is {} cannot be canceled", state.word());
            return Err(bad_request(why));
        }
        for d in self.deployments.iter_mut().filter(|d| d.id == id) {
            d.cancelled = Some(now);
        }
        let d = self.deployment(id)?;
        Ok((200, show::detail(d, self.project(&d.project)?, now)))
    }

    /// A commit on a branch: the newest one known there, or a new one.
    fn commit_on(&mut self, branch: &str) -> Commit {
        let known = self.deployments.iter().rev();
        let known = known.map(|d| &d.commit).find(|c| c.branch == branch);
        match known {
            Some(commit) => commit.clone(),
            None => self.commit(branch, "Work on it"),
        }
    }
}
