//! Deployments as `deployments[]` of a service tells of them, where nothing better does.

use crate::domain::deployment::{Deployment, DeploymentSource, DeploymentState, RevisionLoad};
use crate::domain::order::Ordered;
use crate::domain::progress::Pace;
use crate::domain::service::{Rollout, STABILIZING, Service, Strategy};

/// The deployments that `deployments[]` of DescribeServices tells of, newest first: the primary one, and each that failed.
pub fn of_rollouts(service: &Service) -> Vec<Deployment> {
    if service.deployment.strategy.has_task_sets() {
        return of_task_sets(service).into_iter().collect();
    }
    let primary = Rollout::primary(&service.rollouts);
    let is_primary = |r: &Rollout| primary.is_some_and(|p| std::ptr::eq(p, r));
    let told = |r: &&Rollout| is_primary(r) || r.rollout_state == "FAILED";
    let mut rows: Vec<Deployment> = service
        .rollouts
        .iter()
        .filter(told)
        .map(|to| of_rollout(service, to, is_primary(to)))
        .collect();
    rows.order_by_key(|d| std::cmp::Reverse(d.created_at));
    rows
}

/// The one deployment that task sets tell of: the newest takes over from the others, before it is the primary one as after. Where the
/// newest is taken away, it goes back: of CodeDeploy, which keeps the newest otherwise; an external controller may end an experiment that
/// way, and nobody tells. Neither how long it took nor how those before it ended is told.
fn of_task_sets(service: &Service) -> Option<Deployment> {
    let newest = service.rollouts.iter().rev().max_by_key(|r| r.created_at)?;
    let primary = Rollout::primary(&service.rollouts);
    let back = primary.filter(|p| p.id != newest.id && newest.status == "DRAINING");
    let to = back.unwrap_or(newest);
    let others = service.rollouts.iter().filter(|r| r.id != to.id);
    let from: Vec<RevisionLoad> = others.map(rollout_load).collect();
    let serves = primary.is_some_and(|p| p.id == to.id);
    let counts = to.counts;
    let whole = counts.running == counts.desired && counts.pending == 0;
    let failed = back.filter(|_| service.deployment.strategy == Strategy::CodeDeploy);
    let state = match (failed, from.is_empty()) {
        (Some(_), _) => DeploymentState::RollingBack,
        (None, false) => DeploymentState::InProgress,
        (None, true) if serves && whole && to.rollout_state != STABILIZING => {
            DeploymentState::Successful
        }
        (None, true) => DeploymentState::Unknown,
    };
    let by = service.deployment.strategy.deployer().unwrap_or_default();
    Some(Deployment {
        state,
        reason: format!("told by its task sets: deployed by {by}, which is not asked"),
        from,
        rollback_reason: failed.map(|_| "its newest task set is being taken away".into()),
        rollback_since: None,
        finished_at: None,
        ..of_rollout(service, to, false)
    })
}

fn of_rollout(service: &Service, to: &Rollout, primary: bool) -> Deployment {
    let others = service.rollouts.iter();
    let others = others.filter(|r| primary && r.id != to.id);
    let from: Vec<RevisionLoad> = others.map(rollout_load).collect();
    let state = rollout_state(to, from.is_empty());
    let breaker = service.deployment.circuit_breaker;
    let counted = state.is_running() && breaker.enabled;
    Deployment {
        id: to.id.clone(),
        service: service.id.clone(),
        strategy: service.deployment.strategy,
        state,
        reason: to.rollout_reason.clone(),
        from,
        to: Some(rollout_load(to)),
        circuit_breaker: breaker,
        failures: breaker
            .threshold
            .of(to.counts.desired)
            .filter(|_| counted)
            .map(|limit| (to.counts.failed, limit)),
        alarms: service
            .deployment
            .alarms
            .iter()
            .map(|a| (a.clone(), false))
            .collect(),
        lifecycle_stage: None,
        // Without a stage nothing of it is waited for that could be counted.
        pace: Pace::default(),
        rollback_reason: is_rollback(to).then(|| to.rollout_reason.clone()),
        rollback_to: None,
        rollback_since: to.created_at.filter(|_| is_rollback(to)),
        created_at: to.created_at,
        started_at: to.created_at,
        finished_at: to.updated_at.filter(|_| !state.is_running()),
        source: DeploymentSource::Rollouts,
    }
}

fn rollout_load(r: &Rollout) -> RevisionLoad {
    RevisionLoad {
        digests: Vec::new(),
        revision: r.revision.clone(),
        service_revision: None,
        image: None,
        counts: r.counts,
        traffic_percent: None,
    }
}

/// ECS words a rollout that the breaker or an alarm began: "ECS deployment circuit breaker: rolling back to deploymentId ...".
fn is_rollback(r: &Rollout) -> bool {
    let reason = r.rollout_reason.to_lowercase();
    reason.contains("rolling back") || reason.contains("rollback")
}

fn rollout_state(to: &Rollout, alone: bool) -> DeploymentState {
    let settled = alone && to.counts.running == to.counts.desired && to.counts.pending == 0;
    match to.rollout_state.as_str() {
        "FAILED" => DeploymentState::Failed,
        "COMPLETED" if is_rollback(to) => DeploymentState::RolledBack,
        "COMPLETED" => DeploymentState::Successful,
        "IN_PROGRESS" if is_rollback(to) => DeploymentState::RollingBack,
        "IN_PROGRESS" => DeploymentState::InProgress,
        // Services without rollout state (Classic Load Balancer) are judged by their counts.
        "" if settled => DeploymentState::Successful,
        "" => DeploymentState::InProgress,
        _ => DeploymentState::Unknown,
    }
}
