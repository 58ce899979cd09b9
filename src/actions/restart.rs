//! Restart: replace all tasks by new ones of the same revision.

use jiff::Timestamp;

use super::back;
use super::coming::{self, Coming};
use super::draft::Draft;
use super::goal::Goal;
use super::hands::{Halt, Hands};
use super::look::{Look, Need};
use super::{image, words};
use crate::backend::aws::ecs::UpdateService;
use crate::domain::problem::Problem;
use crate::domain::service::ServiceId;

/// The intent's parts.
#[derive(Clone, Copy, Debug)]
pub struct Restart<'a> {
    pub service: &'a ServiceId,
}

impl Restart<'_> {
    /// What it would do.
    pub async fn draft(&self, look: &Look<'_>) -> Result<Draft, Problem> {
        let id = self.service;
        let mut draft = Draft::new(format!("Restart {}  {}", id.name, id.cluster));
        let Some(subject) = Box::pin(look.subject(&mut draft, id, Need::All)).await? else {
            return Ok(draft);
        };
        back::heed(&mut draft, look, id, &subject.sight).await?;
        let service = subject.service();
        let bound = words::bound(service);
        let definition = subject.definition()?;
        draft.input("revision", service.revision.to_string());
        // How many are replaced decides what it means: a single task is down meanwhile.
        draft.input("desired count", service.counts.desired.to_string());
        let coming = coming::of(&subject.sight);
        let mark = coming.as_ref().map_or_else(String::new, Coming::mark);
        let revision = words::revision(definition, bound, Timestamp::now());
        draft.fact("revision", revision + &mark);
        draft.fact(
            "tasks",
            format!(
                "{} wanted, {} running: all are replaced",
                service.counts.desired, service.counts.running
            ),
        );
        if service.counts.desired == 0 {
            draft.refuse("no task is wanted: there is nothing to restart");
        }
        let moving = definition
            .main_container(bound)
            .is_some_and(|c| image::is_moving(&c.image));
        if moving {
            draft
                .warn("the image has no fixed tag: the new tasks may run another one than the old");
        }
        look.guards(&mut draft, &subject, service.deployment.strategy);
        Box::pin(look.alarms(&mut draft, &subject, true)).await;
        look.under_way(&mut draft, &subject).await;
        match coming {
            Some(coming) => draft.warn(coming.replaced("this begins it anew")),
            None if subject.sight.running().is_some() => {
                draft.warn("a deployment is running: this one replaces it");
            }
            None => {}
        }
        draft.call(self.words());
        Ok(draft)
    }

    fn words(&self) -> String {
        format!(
            "ecs:UpdateService  cluster={} service={} forceNewDeployment=true",
            self.service.cluster, self.service.name
        )
    }

    /// Does it.
    pub async fn execute(&self, hands: &Hands<'_>) -> Result<Goal, Halt> {
        let change = UpdateService {
            force_new: true,
            ..UpdateService::default()
        };
        hands
            .update(self.service, change, &self.words(), |before| {
                Goal::Rollout {
                    service: self.service.clone(),
                    revision: before.service.revision.clone(),
                    seen: before.marks(),
                }
            })
            .await
    }
}
