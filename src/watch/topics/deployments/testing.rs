//! Services, pictures and answers for the tests of what is told of deployments.

use std::sync::Arc;

use jiff::Timestamp;

use super::Detail;
use crate::backend::aws::ecs::of_rollouts;
use crate::config::Config;
use crate::domain::deployment::{Deployment, DeploymentSource, DeploymentState};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::service::{
    CircuitBreaker, DeploymentConfig, Revision, Rollout, Service, ServiceId, Strategy, TaskCounts,
};
use crate::watch::picture::Picture;

pub(crate) fn second(n: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + n).unwrap()
}

pub(crate) fn service(name: &str) -> Service {
    let revision = Revision {
        arn: format!("arn:aws:ecs:r:1:task-definition/{name}:42"),
        family: name.into(),
        number: 42,
    };
    let counts = TaskCounts {
        desired: 2,
        running: 2,
        pending: 0,
        failed: 0,
    };
    Service {
        id: ServiceId {
            cluster: "prod".into(),
            name: name.into(),
        },
        arn: String::new(),
        status: "ACTIVE".into(),
        counts,
        revision: revision.clone(),
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
            alarms: vec![],
            alarms_rollback: false,
            bake_minutes: None,
            shift_minutes: None,
        },
        load_balancers: vec![],
        rollouts: vec![Rollout {
            id: format!("ecs-svc/{name}"),
            status: "PRIMARY".into(),
            revision,
            counts,
            rollout_state: "COMPLETED".into(),
            rollout_reason: String::new(),
            created_at: Some(second(-600)),
            updated_at: Some(second(-300)),
        }],
        revisions: vec![],
        scaling: None,
        events: vec![],
        created_at: None,
    }
}

/// Services at rest, as they were described at this moment.
pub(crate) fn picture(names: &[&str], at: Timestamp) -> Picture {
    let mut p = Picture::new(Arc::new(Config::default()));
    for name in names {
        let service = Arc::new(service(name));
        p.services.insert(service.id.clone(), service);
    }
    let rows: Vec<_> = p.services.values().cloned().collect();
    p.facts.services.take(Ok(Arc::new(rows)), at);
    p
}

pub(crate) fn told(name: &str, state: DeploymentState) -> Detail {
    let service = service(name);
    let rows = of_rollouts(&service).into_iter().map(|d| Deployment {
        state,
        source: DeploymentSource::ServiceDeployments,
        ..d
    });
    Detail {
        rows: Ok(rows.collect()),
        service: service.id,
    }
}

pub(crate) fn failed(name: &str) -> Detail {
    let why = Problem::new(ProblemKind::Timeout, "ecs", "Cannot read", "slow", "Wait.");
    Detail {
        service: service(name).id,
        rows: Err(why),
    }
}

/// A service was asked about, and nothing was told of it.
pub(crate) fn asked(p: &mut Picture, service: ServiceId, at: Timestamp) {
    let rows = Ok(Vec::new());
    super::join(p, Detail { service, rows }, at, true);
}
