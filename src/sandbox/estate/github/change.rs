//! What changes something: dispatch, run again, cancel, switch workflows on and off, dismiss alerts.

use http::Method;
use serde_json::{Value, json};

use super::history::{History, MAIN};
use super::plans::{DEPLOY, END_TO_END, WORKFLOWS};
use super::runs::ends;
use super::shapes::Shapes;
use super::timeline::{Fate, verdict};
use super::{Github, USER, said, workflow};
use crate::telemetry::noise::share;
use crate::web::{Reply, Request};
use crate::world::story::REGISTRY;
use crate::world::{World, definitions, rollout};

impl Github {
    pub(super) fn change(
        &mut self,
        request: &Request,
        rest: &[&str],
        shapes: Shapes,
        world: &mut World,
    ) -> Option<Reply> {
        let method = &request.method;
        match rest {
            ["actions", "workflows", which, "dispatches"] if method == Method::POST => {
                Some(self.dispatch(workflow(which)?, &request.json(), shapes, world))
            }
            [
                "actions",
                "workflows",
                which,
                state @ ("enable" | "disable"),
            ] if method == Method::PUT => {
                let state = if *state == "enable" {
                    "active"
                } else {
                    "disabled_manually"
                };
                self.states.push((workflow(which)?, state));
                Some(Reply::empty(204))
            }
            [
                "actions",
                "runs",
                id,
                what @ ("rerun" | "rerun-failed-jobs"),
            ] if method == Method::POST => {
                self.again(id.parse().ok()?, *what == "rerun-failed-jobs", world)
            }
            ["actions", "runs", id, "cancel" | "force-cancel"] if method == Method::POST => {
                self.cancel(id.parse().ok()?, world)
            }
            [kind @ ("dependabot" | "code-scanning"), "alerts", number]
                if method == Method::PATCH =>
            {
                let number: usize = number.parse().ok()?;
                let body = request.json();
                let head = self
                    .history
                    .as_ref()
                    .and_then(History::head)
                    .map(|c| c.sha.clone());
                let mut alerts = self.alerts.iter_mut();
                let alert = alerts
                    .find(|a| a.is_dependency() == (*kind == "dependabot") && a.number == number)?;
                match (body["state"].as_str(), body["dismissed_reason"].as_str()) {
                    (Some("dismissed"), Some(why)) => {
                        alert.dismissed = Some((world.stamp(), USER.to_owned(), why.to_owned()))
                    }
                    (Some("open"), _) => alert.dismissed = None,
                    _ => return Some(said(422, "Validation Failed")),
                }
                Some(Reply::json(
                    200,
                    &alert.show(shapes, &head.unwrap_or_default()),
                ))
            }
            _ => None,
        }
    }

    fn dispatch(&mut self, index: usize, body: &Value, shapes: Shapes, world: &mut World) -> Reply {
        let state = self.state(index);
        let (Some(plan), Some(history)) = (WORKFLOWS.get(index), self.history.as_mut()) else {
            return said(404, "Not Found");
        };
        let Some(wanted) = plan.inputs else {
            return said(422, "Workflow does not have 'workflow_dispatch' trigger");
        };
        if state != "active" {
            return said(
                422,
                "Cannot trigger a 'workflow_dispatch' on a disabled workflow",
            );
        }
        let reference = body["ref"].as_str().unwrap_or_default();
        let branch = reference.strip_prefix("refs/heads/").unwrap_or(reference);
        let newest = history
            .commits
            .iter()
            .rev()
            .find(|c| c.branch == branch)
            .cloned();
        let Some(mut commit) = newest else {
            return said(422, &format!("No ref found for: {reference}"));
        };
        let inputs = &body["inputs"];
        if let Some(missing) = wanted
            .iter()
            .find(|name| inputs[**name].as_str().is_none_or(str::is_empty))
        {
            return said(422, &format!("Required input '{missing}' not provided"));
        }
        let known = |name: &String| wanted.contains(&name.as_str());
        if let Some(unknown) = inputs
            .as_object()
            .and_then(|all| all.keys().find(|k| !known(k)))
        {
            return said(422, &format!("Unexpected inputs provided: [\"{unknown}\"]"));
        }
        commit.author = USER.to_owned();
        let now = world.stamp();
        let mut title = plan.name.to_owned();
        let mut deployment = None;
        if index == DEPLOY {
            let text = |name: &str| inputs[name].as_str().unwrap_or_default().to_owned();
            title = format!("Deploy {}:{}", text("service"), text("image"));
            deployment = deploy(world, &text("service"), &text("image"));
        }
        let fate = match deployment {
            // What the deployment does is what the run does; without one the run fails where it would have begun.
            None if index == DEPLOY => Fate::FailsAt(0, 3),
            _ => Fate::Passes,
        };
        let run = history.begin(
            index,
            "workflow_dispatch",
            commit,
            title,
            now,
            world.speed,
            fate,
        );
        if let Some(deployment) = deployment {
            history.tie(run, deployment);
        }
        if body["return_run_details"].as_bool() == Some(true) {
            let url = shapes.repo_url(&format!("/actions/runs/{run}"));
            let html = super::shapes::page(&format!("/actions/runs/{run}"));
            return Reply::json(
                200,
                &json!({"workflow_run_id": run, "run_url": url, "html_url": html}),
            );
        }
        Reply::empty(204)
    }

    fn again(&mut self, id: u64, failed_only: bool, world: &mut World) -> Option<Reply> {
        let now = world.stamp();
        let history = self.history.as_mut()?;
        let run = history.runs.iter_mut().find(|r| r.id == id)?;
        let (status, conclusion) = verdict(&run.jobs(run.attempts.len(), &ends(world), now));
        if status != "completed" {
            return Some(said(403, "This workflow is already running"));
        }
        if failed_only && conclusion == Some("success") {
            return Some(said(
                403,
                "This workflow run cannot be retried: no job of it failed",
            ));
        }
        let before = run.attempts.last();
        // A test that is not to be trusted may pass now; a branch that is broken stays broken; the default branch is sound.
        let fate = match before.map(|a| a.fate.clone()) {
            Some(Fate::FailsAt(job, step)) if run.commit.branch != MAIN => Fate::FailsAt(job, step),
            Some(_) if run.workflow == END_TO_END && share("again", now) < 0.3 => {
                Fate::FailsAt(0, 5)
            }
            _ => Fate::Passes,
        };
        let followed = before.and_then(|a| a.deployment.clone());
        run.again(now, USER, world.speed, failed_only, fate, &ends(world));
        if let Some(deployment) = followed.and_then(|id| deploy_again(world, &id)) {
            history.tie(id, deployment);
        }
        Some(Reply::json(201, &json!({})))
    }

    fn cancel(&mut self, id: u64, world: &World) -> Option<Reply> {
        let now = world.stamp();
        let run = self
            .history
            .as_mut()?
            .runs
            .iter_mut()
            .find(|r| r.id == id)?;
        let (status, _) = verdict(&run.jobs(run.attempts.len(), &ends(world), now));
        if status == "completed" {
            return Some(said(409, "Cannot cancel a workflow run that is completed."));
        }
        if let Some(attempt) = run.attempts.last_mut() {
            attempt.cancelled = Some(now);
        }
        Some(Reply::json(202, &json!({})))
    }
}

/// Begins the deployment that the workflow asks the platform for; its id.
fn deploy(world: &mut World, service: &str, tag: &str) -> Option<String> {
    let key = ("laser-prod".to_owned(), service.to_owned());
    let (family, port) = world
        .services
        .get(&key)
        .map(|s| (s.family.clone(), s.port))?;
    let newest = world.definitions.get(&family)?.last()?.shown.clone();
    let size = |name: &str| {
        newest
            .get(name)
            .as_i64()
            .and_then(|n| u32::try_from(n).ok())
            .unwrap_or(256)
    };
    let image = format!("{REGISTRY}/{service}:{tag}");
    let (cpu, memory, at) = (size("cpu"), size("memory"), world.stamp());
    let revision = definitions::register(
        world,
        &key,
        &family,
        &image,
        cpu,
        memory,
        (port > 0).then_some(port),
        at,
        "github-actions",
    );
    rollout::begin(world, &key, revision);
    world.deployments.last().map(|d| d.id.clone())
}

fn deploy_again(world: &mut World, deployment: &str) -> Option<String> {
    let before = world.deployments.iter().find(|d| d.id == deployment)?;
    let (key, to) = (before.key.clone(), before.to.definition);
    rollout::begin(world, &key, to);
    world.deployments.last().map(|d| d.id.clone())
}
