//! Stop the running deployment, going back or not.

use super::draft::Draft;
use super::goal::{Goal, Sight};
use super::hands::{Halt, Hands, not_begun};
use super::look::Look;
use super::rollback::{NAME_IT, last_that_failed};
use crate::domain::deployment::{Deployment, DeploymentSource, DeploymentState};
use crate::domain::problem::Problem;
use crate::domain::service::ServiceId;

/// The intent's parts.
#[derive(Clone, Copy, Debug)]
pub struct Stop<'a> {
    pub service: &'a ServiceId,
    pub rollback: bool,
}

impl Stop<'_> {
    /// What it would do.
    pub async fn draft(&self, look: &Look<'_>) -> Result<Draft, Problem> {
        let id = self.service;
        let then = if self.rollback { " and roll back" } else { "" };
        let mut draft = Draft::new(format!(
            "Stop the deployment{then} of {}  {}",
            id.name, id.cluster
        ));
        let Some(subject) = look.subject(&mut draft, id).await? else {
            return Ok(draft);
        };
        look.under_way(&mut draft, &subject.sight).await;
        match subject.sight.running() {
            None => draft.refuse("no deployment is running"),
            Some(d) if d.source == DeploymentSource::Rollouts => {
                draft.refuse("this endpoint has no service deployments to stop: roll back to a revision instead");
            }
            Some(d)
                if matches!(
                    d.state,
                    DeploymentState::RollingBack | DeploymentState::StopRequested
                ) =>
            {
                draft.refuse(format!(
                    "the deployment is {} already, and ECS stops none that does: deploy what is to run, or {NAME_IT}",
                    d.state.word()
                ));
            }
            Some(d) => {
                let to = d.from.iter().map(|r| r.revision.to_string());
                let back: Vec<String> = to.collect();
                if self.rollback {
                    warn_of_the_way_back(&mut draft, &subject.sight, d);
                }
                draft.fact(
                    "then",
                    if self.rollback {
                        format!("ECS goes back to {}", back.join(", "))
                    } else {
                        "tasks of both revisions stay as they are".to_owned()
                    },
                );
                if !self.rollback {
                    draft.warn("old and new revision go on side by side until somebody deploys or rolls back");
                }
                draft.call(words(&d.id, self.rollback));
            }
        }
        look.alarms(&mut draft, &subject, false).await;
        Ok(draft)
    }

    /// Does it.
    pub async fn execute(&self, hands: &Hands<'_>) -> Result<Goal, Halt> {
        let deployment = hands.input("running deployment").unwrap_or_default();
        send(hands, self.service, deployment, self.rollback).await
    }
}

/// To stop a rollback is to go forward again: to what somebody went back from, which may be what failed.
fn warn_of_the_way_back(draft: &mut Draft, sight: &Sight, running: &Deployment) {
    let Some(to) = running.to.as_ref().map(|to| &to.revision) else {
        return;
    };
    let replaced = running.from.iter().map(|r| &r.revision);
    for newer in replaced.filter(|r| r.family == to.family && r.number > to.number) {
        draft.warn(format!(
            "the running deployment goes back to {to}: to stop it brings {newer} back"
        ));
        if let Some(last) = last_that_failed(sight, newer) {
            draft.input("last deployment of the target", &last.id);
            draft.danger(
                newer.to_string(),
                format!(
                    "{newer} failed at its last deployment: {}: {}",
                    last.state.word(),
                    last.trouble().unwrap_or_default()
                ),
            );
        }
    }
}

/// The call, as previewed and journalled.
pub fn words(deployment: &str, rollback: bool) -> String {
    let kind = if rollback { "ROLLBACK" } else { "ABORT" };
    format!("ecs:StopServiceDeployment  serviceDeploymentArn={deployment} stopType={kind}")
}

/// StopServiceDeployment, read then act.
pub async fn send(
    hands: &Hands<'_>,
    service: &ServiceId,
    deployment: &str,
    rollback: bool,
) -> Result<Goal, Halt> {
    let before = hands.look.sight(service).await.map_err(not_begun)?;
    let state = before
        .deployments
        .iter()
        .find(|d| d.id == deployment)
        .map(|d| d.state);
    match state {
        Some(DeploymentState::Pending | DeploymentState::InProgress) => {}
        Some(other) => {
            return Err(Halt::Refused(format!(
                "the deployment is {} by now; nothing was changed",
                other.word()
            )));
        }
        None => {
            return Err(Halt::Refused(
                "the deployment is gone; nothing was changed".to_owned(),
            ));
        }
    }
    let goal = Goal::Ended {
        service: service.clone(),
        deployment: deployment.to_owned(),
        rollback,
    };
    let permit = hands
        .about_to(&words(deployment, rollback), Some(&goal))
        .await?;
    let answer = hands
        .look
        .backend
        .ecs
        .stop_deployment(permit, deployment, rollback)
        .await;
    hands.settle(answer, &goal).await?;
    Ok(goal)
}
