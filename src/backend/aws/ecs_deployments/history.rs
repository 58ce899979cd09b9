//! A service's past deployments in brief: one call a service, as far back as that reaches.

use std::time::Instant;

use super::{
    DeploymentState, Ecs, LIST, LISTED, Lack, Problem, ProblemKind, lack, locked, owner, sdk, state,
};
use crate::backend::aws::convert::{some_text, time};
use crate::backend::aws::sound::told;
use crate::domain::deployment::PastDeployment;
use crate::domain::order::Ordered;
use crate::domain::service::ServiceId;

/// Deployments in one answer: the most that ListServiceDeployments gives.
const PAGE: i32 = 100;

impl Ecs {
    /// Past deployments of a service, newest first (ListServiceDeployments, one page).
    ///
    /// # Errors
    /// `Unsupported` where the endpoint has no service deployments.
    pub async fn history(&self, id: &ServiceId) -> Result<Vec<PastDeployment>, Problem> {
        if self.cache.endpoint_lacks_them() {
            return Err(lacking());
        }
        let page = self
            .aws
            .read(&self.line, LIST, |c| {
                let ask = c.ecs.list_service_deployments();
                let ask = ask.cluster(&id.cluster).service(&id.name);
                ask.max_results(PAGE).send()
            })
            .await;
        match page {
            Ok(page) => {
                let told = told(&self.line, LIST, LISTED, page.service_deployments)?;
                owner::check_briefs(&self.line, LIST, id, &told)?;
                let mut past: Vec<_> = told.iter().filter_map(past).collect();
                past.order_by_key(|d| std::cmp::Reverse(d.created_at));
                Ok(past)
            }
            Err(p) if lack(&p, self.is_aws().await) == Lack::Endpoint => {
                *locked(&self.cache.lacking) = Some(Instant::now());
                Err(lacking())
            }
            Err(p) => Err(p),
        }
    }
}

fn past(d: &sdk::ServiceDeploymentBrief) -> Option<PastDeployment> {
    Some(PastDeployment {
        id: some_text(d.service_deployment_arn())?,
        state: d.status().map_or(DeploymentState::Unknown, state),
        created_at: time(d.created_at()),
        finished_at: time(d.finished_at()),
    })
}

fn lacking() -> Problem {
    Problem::new(
        ProblemKind::Unsupported,
        "ecs",
        "Cannot list the service's deployments",
        "the endpoint does not know ListServiceDeployments",
        "Rehearse a rollback from this console: its audit trail proves it.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_past_deployment_tells_how_and_when_it_ended() {
        let at = aws_sdk_ecs::primitives::DateTime::from_secs(1_800_000_000);
        let brief = sdk::ServiceDeploymentBrief::builder()
            .service_deployment_arn("arn:d")
            .status(sdk::ServiceDeploymentStatus::RollbackSuccessful)
            .finished_at(at)
            .build();
        let d = past(&brief).unwrap();
        assert_eq!(d.state, DeploymentState::RolledBack);
        assert_eq!(d.finished_at.unwrap().as_second(), 1_800_000_000);
        let nameless = sdk::ServiceDeploymentBrief::builder().build();
        assert_eq!(past(&nameless), None);
    }
}
