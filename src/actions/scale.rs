//! Scale: change the desired count.

use super::draft::Draft;
use super::goal::Goal;
use super::hands::{Halt, Hands};
use super::look::Look;
use super::words;
use crate::backend::aws::ecs::UpdateService;
use crate::domain::problem::Problem;
use crate::domain::service::ServiceId;

/// Tasks that ECS allows in a service (Amazon ECS service quotas).
const MOST: u32 = 5_000;
/// A jump that is more often a slip of the finger than a wish.
const JUMP: u32 = 10;

/// The intent's parts.
#[derive(Clone, Copy, Debug)]
pub struct Scale<'a> {
    pub service: &'a ServiceId,
    pub desired: u32,
}

impl Scale<'_> {
    /// What it would do.
    pub async fn draft(&self, look: &Look<'_>) -> Result<Draft, Problem> {
        let id = self.service;
        let mut draft = Draft::new(format!(
            "Scale {} to {}  {}",
            id.name,
            words::tasks(self.desired),
            id.cluster
        ));
        let Some(subject) = look.subject(&mut draft, id).await? else {
            return Ok(draft);
        };
        let service = subject.service();
        let now = service.counts;
        draft.input("desired count", now.desired.to_string());
        draft.fact(
            "from",
            format!("{} wanted, {} running", now.desired, now.running),
        );
        draft.fact("to", format!("{} wanted", self.desired));
        draft.fact("revision", service.revision.to_string());
        if self.desired == now.desired {
            draft.refuse(format!("{} are wanted already", words::tasks(now.desired)));
        }
        if self.desired > MOST {
            draft.refuse(format!("ECS runs at most {MOST} tasks in a service"));
        }
        if self.desired == 0 {
            draft.warn("scales to nothing: the service will be down");
        } else if self.desired > now.desired.max(1).saturating_mul(JUMP) {
            draft.warn(format!("more than {JUMP} times as many tasks as now"));
        }
        let cpu = subject.definition.cpu_units.unwrap_or(0);
        let memory = subject.definition.memory_mib.unwrap_or(0);
        if cpu > 0 && memory > 0 {
            let more = i64::from(self.desired) - i64::from(now.desired);
            draft.fact(
                "capacity",
                format!(
                    "{:+} vCPU, {:+} GiB",
                    more as f64 * f64::from(cpu) / 1024.0,
                    more as f64 * f64::from(memory) / 1024.0
                ),
            );
        }
        look.under_way(&mut draft, &subject.sight).await;
        if subject.sight.running().is_some() {
            draft.warn("a deployment is running: it goes on with the new count");
        }
        look.alarms(&mut draft, &subject, false).await;
        draft.call(self.words());
        Ok(draft)
    }

    fn words(&self) -> String {
        format!(
            "ecs:UpdateService  cluster={} service={} desiredCount={}",
            self.service.cluster, self.service.name, self.desired
        )
    }

    /// Does it.
    pub async fn execute(&self, hands: &Hands<'_>) -> Result<Goal, Halt> {
        let change = UpdateService {
            desired: Some(self.desired),
            ..UpdateService::default()
        };
        hands
            .update(self.service, change, &self.words(), |seen| Goal::Count {
                before: Some(seen.service.counts.desired),
                service: self.service.clone(),
                desired: self.desired,
            })
            .await
    }
}
