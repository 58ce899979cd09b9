//! What tests of probes have in common: parts answered just now, a service, and a question to a probe.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Call, Judgement, judge};
use crate::domain::deployment::{Deployment, DeploymentSource, DeploymentState};
use crate::domain::facts::Facts;
use crate::domain::part::Part;
use crate::domain::service::{
    CircuitBreaker, ContainerSpec, DeploymentConfig, LoadBalancerBinding, Revision, Rollout,
    Service, ServiceId, Strategy, TaskCounts, TaskDefinition,
};
use crate::plan::expect::Expectations;

/// When everything here happens.
pub(crate) fn now() -> Timestamp {
    Timestamp::UNIX_EPOCH
}

/// So many hours before.
pub(crate) fn ago(hours: i64) -> Option<Timestamp> {
    Some(now() - SignedDuration::from_hours(hours))
}

/// A part that was answered just now.
pub(crate) fn part<T>(value: T) -> Part<T> {
    Part::answered(value, now(), "system:Question", Duration::from_secs(60))
}

/// What a probe makes of facts, without expectations.
pub(crate) fn judged(call: &str, facts: &Facts) -> Judgement {
    let call = Call::parse(call).unwrap();
    judge(&call, facts, &Expectations::default(), now())
}

fn service() -> Service {
    Service {
        id: ServiceId {
            cluster: "prod".into(),
            name: "api".into(),
        },
        arn: "arn:aws:ecs:home:1:service/prod/api".into(),
        status: "ACTIVE".into(),
        counts: TaskCounts::default(),
        revision: Revision::parse("arn:aws:ecs:home:1:task-definition/api:7").unwrap(),
        launch_type: "FARGATE".into(),
        deployment: DeploymentConfig {
            strategy: Strategy::Rolling,
            minimum_healthy_percent: 100,
            maximum_percent: 200,
            circuit_breaker: CircuitBreaker {
                enabled: true,
                rollback: true,
                ..CircuitBreaker::default()
            },
            alarms: Vec::new(),
            alarms_rollback: false,
            bake_minutes: None,
            shift_minutes: None,
        },
        load_balancers: Vec::new(),
        rollouts: Vec::new(),
        revisions: vec![],
        scaling: None,
        events: Vec::new(),
        created_at: None,
    }
}

/// Facts with one service, `prod/api`, behind a target group.
pub(crate) fn service_behind(target_group: &str) -> Facts {
    service_behind_pair(target_group, None)
}

/// Facts with one service, `prod/api`, behind a target group and perhaps the other of its pair.
pub(crate) fn service_behind_pair(target_group: &str, alternate: Option<&str>) -> Facts {
    let mut service = service();
    service.load_balancers.push(LoadBalancerBinding {
        target_group_arn: target_group.into(),
        alternate_target_group_arn: alternate.map(Into::into),
        container: "api".into(),
        port: 8080,
    });
    Facts {
        services: part(Arc::new(vec![Arc::new(service)])),
        ..Facts::default()
    }
}

/// Facts with one service, `prod/api`, whose revision runs an image.
pub(crate) fn service_running(image: &str) -> Facts {
    running(vec![ContainerSpec {
        name: "api".into(),
        image: image.into(),
        ..ContainerSpec::default()
    }])
}

/// A deployment of a service that ended so.
pub(crate) fn told(id: &ServiceId, state: DeploymentState, at: Option<Timestamp>) -> Deployment {
    Deployment {
        id: "ecs-svc/7".into(),
        service: id.clone(),
        strategy: Strategy::Rolling,
        state,
        reason: String::new(),
        from: Vec::new(),
        to: None,
        circuit_breaker: CircuitBreaker::default(),
        failures: None,
        alarms: Vec::new(),
        lifecycle_stage: None,
        pace: Default::default(),
        rollback_reason: None,
        rollback_to: None,
        rollback_since: None,
        created_at: at,
        started_at: at,
        finished_at: at,
        source: DeploymentSource::Rollouts,
    }
}

/// Facts with one service, `prod/api`, with a container for each log group.
pub(crate) fn services_logging(groups: &[String]) -> Facts {
    let container = |group: &String| ContainerSpec {
        log_group: Some(group.clone()),
        ..ContainerSpec::default()
    };
    running(groups.iter().map(container).collect())
}

/// Facts with one service, `prod/api`, of these containers.
pub(crate) fn running(containers: Vec<ContainerSpec>) -> Facts {
    let service = service();
    let definition = TaskDefinition {
        revision: service.revision.clone(),
        status: "ACTIVE".into(),
        cpu_units: None,
        memory_mib: None,
        containers,
        registered_at: None,
        registered_by: None,
    };
    let known = BTreeMap::from([(service.revision.arn.clone(), Arc::new(definition))]);
    Facts {
        services: part(Arc::new(vec![Arc::new(service)])),
        task_definitions: part(Arc::new(known)),
        ..Facts::default()
    }
}

/// Sets the service to roll `:8` out in place of `:7`, which alone has been read.
pub(crate) fn deploy(facts: &mut Facts) {
    let mut services = facts.service_rows().to_vec();
    let service = Arc::make_mut(&mut services[0]);
    let rollout = |revision: &Revision, status: &str, state: &str, began| Rollout {
        id: format!("ecs-svc/{}", revision.number),
        status: status.into(),
        revision: revision.clone(),
        counts: TaskCounts::default(),
        rollout_state: state.into(),
        rollout_reason: String::new(),
        created_at: began,
        updated_at: None,
    };
    let before = service.revision.clone();
    service.revision = Revision::parse("arn:aws:ecs:home:1:task-definition/api:8").unwrap();
    service.rollouts = vec![
        rollout(&service.revision, "PRIMARY", "IN_PROGRESS", ago(1)),
        rollout(&before, "ACTIVE", "COMPLETED", ago(99)),
    ];
    facts.services = part(Arc::new(services));
}
