//! Stop the running deployment, going back or not.

use super::back;
use super::draft::Draft;
use super::goal::Goal;
use super::hands::{Halt, Hands, not_begun};
use super::look::{Look, Need, Subject};
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
        let Some(subject) = Box::pin(look.subject(&mut draft, id, Need::Them)).await? else {
            return Ok(draft);
        };
        look.under_way(&mut draft, &subject).await;
        match subject.sight.running() {
            None => draft.refuse(match &subject.sight.unread {
                Some(p) => format!("whether a deployment is running is not known: {}", p.why),
                None => "no deployment is running".to_owned(),
            }),
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
                    "the deployment is {} already, and goes on with that if it is stopped again: deploy what is to run, or {NAME_IT}",
                    d.state.word()
                ));
            }
            Some(d) => {
                if self.rollback {
                    warn_of_the_way_back(&mut draft, &subject.sight.deployments, d);
                    if !is_unknown(&mut draft, "then", &subject, d) {
                        draft.fact("then", back::told(d));
                    }
                } else {
                    draft.fact("then", "tasks of both revisions should stay as they are");
                    draft.warn("AWS documents ROLLBACK as the only way to stop a deployment: it lists ABORT, says nothing of what that does, and may refuse it");
                    draft.warn("old and new revision go on side by side until somebody deploys or rolls back");
                }
                draft.call(words(&d.id, self.rollback));
            }
        }
        Box::pin(look.alarms(&mut draft, &subject, false)).await;
        Ok(draft)
    }

    /// Does it.
    pub async fn execute(&self, hands: &Hands<'_>) -> Result<Goal, Halt> {
        let deployment = hands.input("running deployment").unwrap_or_default();
        send(hands, self.service, deployment, self.rollback).await
    }
}

/// Says that it cannot be told what a stop goes back to, where that could not be read, and asks for a word. Whether it is so.
pub(super) fn is_unknown(
    draft: &mut Draft,
    fact: &str,
    subject: &Subject,
    running: &Deployment,
) -> bool {
    let untold = running.to.is_none() || running.from.is_empty();
    let Some(p) = subject.sight.unread.as_ref().filter(|_| untold) else {
        return false;
    };
    draft.fact(
        fact,
        format!("ECS goes back to what ran before: unknown ({})", p.why),
    );
    draft.danger(
        "unknown",
        format!("what it goes back to could not be read: {}", p.why),
    );
    true
}

/// To stop a rollback is to go forward again: to what somebody went back from, which may be what failed.
pub(super) fn warn_of_the_way_back(
    draft: &mut Draft,
    deployments: &[Deployment],
    running: &Deployment,
) {
    let Some(to) = running.to.as_ref().map(|to| &to.revision) else {
        return;
    };
    let possible = back::possible(running);
    let brings = match possible.as_slice() {
        [_] => "brings",
        _ => "may bring",
    };
    for newer in possible {
        if !back::is_after(newer, to) {
            continue;
        }
        draft.warn(format!(
            "the running deployment goes back to {to}: to stop it {brings} {newer} back"
        ));
        if let Some(last) = last_that_failed(deployments, newer) {
            // Each by its own name: confirmed values are looked up by it.
            draft.input(&format!("last deployment of {newer}"), &last.id);
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
    let before = Box::pin(hands.look.sight_with(service, Need::Them));
    let before = before.await.map_err(not_begun)?;
    if let Some(moved) = hands.elsewhere(&before.service) {
        return Err(Halt::Refused(format!("{moved}; nothing was changed")));
    }
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
        .stop_deployment(&permit, deployment, rollback)
        .await;
    hands.settle(answer, &goal).await?;
    Ok(goal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::deployment::RevisionLoad;
    use crate::domain::service::{CircuitBreaker, Revision, Strategy, TaskCounts};

    fn load(n: u32) -> RevisionLoad {
        let arn = format!("arn:aws:ecs:us-east-1:1:task-definition/api:{n}");
        RevisionLoad {
            digests: Vec::new(),
            revision: Revision::parse(&arn).unwrap(),
            service_revision: Some(format!("revision-of-{n}")),
            image: None,
            counts: TaskCounts::default(),
            traffic_percent: None,
        }
    }

    #[test]
    fn a_stop_names_the_one_that_ecs_tells_or_says_that_it_does_not() {
        let mut d = Deployment {
            id: "d".into(),
            service: ServiceId {
                cluster: "prod".into(),
                name: "api".into(),
            },
            strategy: Strategy::Canary,
            state: DeploymentState::InProgress,
            reason: String::new(),
            from: vec![load(3), load(4), load(4)],
            to: Some(load(2)),
            circuit_breaker: CircuitBreaker::default(),
            failures: None,
            alarms: vec![],
            lifecycle_stage: None,
            pace: Default::default(),
            rollback_reason: None,
            rollback_to: None,
            rollback_since: None,
            created_at: None,
            started_at: None,
            finished_at: None,
            source: DeploymentSource::ServiceDeployments,
        };
        let told = |d: &Deployment| {
            let mut draft = Draft::new(String::new());
            warn_of_the_way_back(&mut draft, &[], d);
            (back::told(d), draft.warnings)
        };
        let goes = |words: &str| format!("the running deployment goes back to api:2: {words}");
        let unsure = "ECS goes back to api:4 or api:3, and does not tell which before it begins";
        let (words, warnings) = told(&d);
        assert_eq!(words, unsure);
        let may = ["api:4", "api:3"].map(|r| goes(&format!("to stop it may bring {r} back")));
        assert_eq!(warnings, may);
        d.rollback_to = Some("revision-of-3".into());
        let one = (
            "ECS goes back to api:3".to_owned(),
            vec![goes("to stop it brings api:3 back")],
        );
        assert_eq!(told(&d), one);
        d.rollback_to = None;
        d.from.truncate(1);
        assert_eq!(told(&d), one);
    }
}
