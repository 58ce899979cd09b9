//! An account of as many services as one likes, each at rest, with its definition, its target group and what it last deployed.

use std::collections::BTreeMap;
use std::sync::Arc;

use flightdeck::domain::deployment::{Deployment, DeploymentState};
use flightdeck::domain::service::{LoadBalancerBinding, Service, ServiceId};
use flightdeck::domain::target::TargetGroup;
use flightdeck::watch::Snapshot;

use super::fixture;

/// The fixture's picture with so many services instead of its own.
pub fn snapshot(services: usize) -> Snapshot {
    let mut snapshot = fixture::snapshot();
    let facts = &mut snapshot.facts;
    let ids: Vec<ServiceId> = (0..services)
        .map(|n| fixture::id(&format!("svc-{n:04}")))
        .collect();
    let model = facts.service_rows()[0].clone();
    let described: Vec<Arc<Service>> = ids
        .iter()
        .map(|id| {
            let mut service = Service::clone(&model);
            service.id = id.clone();
            service.arn = format!("{}/{}", model.arn, id.name);
            service.revision.family = id.name.clone();
            service.revision.arn =
                format!("arn:aws:ecs:us-east-1:1:task-definition/{}:11", id.name);
            service.rollouts[0].id = format!("ecs-svc/{}", id.name);
            service.rollouts[0].revision = service.revision.clone();
            service.load_balancers = vec![LoadBalancerBinding {
                target_group_arn: group_arn(id),
                ..model.load_balancers[0].clone()
            }];
            Arc::new(service)
        })
        .collect();
    let definitions = facts.task_definitions.value.clone().unwrap();
    let definition = definitions.values().next().unwrap();
    let definitions: BTreeMap<_, _> = described
        .iter()
        .map(|s| (s.revision.arn.clone(), definition.clone()))
        .collect();
    let groups = facts.target_groups.value.clone().unwrap();
    let groups: Vec<TargetGroup> = ids
        .iter()
        .map(|id| TargetGroup {
            arn: group_arn(id),
            ..groups[0].clone()
        })
        .collect();
    let past = facts.deployment_rows()[1].clone();
    let deployments: Vec<Arc<Deployment>> = described
        .iter()
        .map(|s| {
            Arc::new(Deployment {
                id: s.rollouts[0].id.clone(),
                service: s.id.clone(),
                state: DeploymentState::Successful,
                ..Deployment::clone(&past)
            })
        })
        .collect();
    facts.task_definitions.value = Some(Arc::new(definitions));
    facts.target_groups.value = Some(Arc::new(groups));
    facts.deployments.value = Some(Arc::new(deployments));
    facts.services.value = Some(Arc::new(described));
    snapshot
}

fn group_arn(id: &ServiceId) -> String {
    format!(
        "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/{}/1",
        id.name
    )
}
