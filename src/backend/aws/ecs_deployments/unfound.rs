//! Deployments that are listed and not found when they are asked about. What the list says of them is all that is known, and it is
//! enough to stop one by: that nothing could be told of it must not read as if nothing were running.

use aws_sdk_ecs::types::{Failure, ServiceDeploymentBrief};

use super::{DESCRIBE, has_ended, state};
use crate::backend::aws::convert::{reason, some_text, tail, text, time};
use crate::domain::deployment::{Deployment, DeploymentSource, DeploymentState};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::progress::Pace;
use crate::domain::service::Service;

/// Those that have not ended by the list, and why no more is known of them. One that has ended and is gone is the past.
pub(super) fn unfound(
    service: &Service,
    listed: &[ServiceDeploymentBrief],
    failures: &[Failure],
) -> (Vec<Deployment>, Option<Problem>) {
    let mut found = Vec::new();
    let mut why = None;
    for failure in failures {
        let id = failure.arn().map(tail);
        let is_it = |b: &&ServiceDeploymentBrief| b.service_deployment_arn().map(tail) == id;
        let Some(brief) = listed.iter().find(is_it).filter(|_| id.is_some()) else {
            continue;
        };
        let Some(mut d) = briefly(service, brief).filter(|d| !has_ended(d)) else {
            continue;
        };
        let lost = lost(&d.id, failure.reason().unwrap_or("no reason"));
        if d.reason.is_empty() {
            d.reason.clone_from(&lost.why);
        }
        why.get_or_insert(lost);
        found.push(d);
    }
    (found, why)
}

/// The vendor contradicts itself: nothing is missing that was asked for by its name, as a service that is gone would be.
fn lost(id: &str, reason: &str) -> Problem {
    let (id, reason) = (text(Some(tail(id))), self::reason(Some(reason)));
    Problem::new(
        ProblemKind::Vendor,
        "ecs",
        format!("Cannot {}", DESCRIBE.what),
        format!("ECS lists the deployment {id}, and answers {reason} when it is asked about"),
        "Look at it with AWS's own tools; here it is asked about again.",
    )
}

/// A deployment by the list alone: of which revisions it is, it does not tell.
fn briefly(service: &Service, brief: &ServiceDeploymentBrief) -> Option<Deployment> {
    Some(Deployment {
        id: some_text(brief.service_deployment_arn())?,
        service: service.id.clone(),
        strategy: service.deployment.strategy,
        state: brief.status().map_or(DeploymentState::Unknown, state),
        reason: reason(brief.status_reason()),
        from: Vec::new(),
        to: None,
        circuit_breaker: service.deployment.circuit_breaker,
        failures: None,
        alarms: Vec::new(),
        lifecycle_stage: None,
        pace: Pace::default(),
        rollback_reason: None,
        rollback_to: None,
        rollback_since: None,
        created_at: time(brief.created_at()),
        started_at: time(brief.started_at()),
        finished_at: time(brief.finished_at()),
        source: DeploymentSource::ServiceDeployments,
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::ServiceDeploymentStatus;

    use super::*;

    #[test]
    fn what_runs_by_the_list_is_told_though_it_is_not_found() {
        let raw = aws_sdk_ecs::types::Service::builder()
            .cluster_arn("arn:aws:ecs:r:1:cluster/prod")
            .service_name("api")
            .task_definition("api:1")
            .build();
        let service = super::super::ecs_map::service(&raw).unwrap().unwrap();
        let arn = |n: &str| format!("arn:aws:ecs:r:1:service-deployment/prod/api/{n}");
        let brief = |n: &str, status: Option<ServiceDeploymentStatus>| {
            let brief = ServiceDeploymentBrief::builder().service_deployment_arn(arn(n));
            brief.set_status(status).build()
        };
        let listed = [
            brief("running", Some(ServiceDeploymentStatus::InProgress)),
            brief("done", Some(ServiceDeploymentStatus::Successful)),
            brief("silent", None),
            brief("described", Some(ServiceDeploymentStatus::InProgress)),
        ];
        let missing = |n: &str| Failure::builder().arn(arn(n)).reason("MISSING").build();
        let failures = ["running", "done", "silent", "another"].map(missing);
        let (found, why) = unfound(&service, &listed, &failures);
        let told: Vec<_> = found.iter().map(|d| (tail(&d.id), d.state)).collect();
        let wanted = [
            ("running", DeploymentState::InProgress),
            ("silent", DeploymentState::Unknown),
        ];
        assert_eq!(told, wanted);
        let Problem { kind, why, .. } = why.unwrap();
        assert!(why.contains("running") && why.contains("MISSING"), "{why}");
        assert_eq!((kind, &found[0].reason), (ProblemKind::Vendor, &why));
        assert!(unfound(&service, &listed, &failures[1..2]).1.is_none());
    }
}
