//! Whether a person stopped on purpose what an action had begun: that is no failure, and it is told with who did it.

use super::goal::Goal;
use super::hands::Hands;
use crate::domain::deployment::{Deployment, DeploymentState};

/// Who stopped the deployment of a goal that was lost, in words; `None`: nobody did, as far as can be told.
pub async fn stopped_by(hands: &Hands<'_>, goal: &Goal) -> Option<String> {
    let id = goal.service()?;
    let sight = hands.look.sight(id).await.ok()?;
    let ours = goal.deployment(&sight)?;
    if !matches!(
        ours.state,
        DeploymentState::Stopped | DeploymentState::RolledBack | DeploymentState::RollingBack
    ) {
        return None;
    }
    // A stop is journalled with the deployment that it ends before it is sent: that proves it, whoever drove it.
    for other in hands.store.runs_of(id).await.unwrap_or_default() {
        let goal = other.marks.get("goal");
        let ends = goal.and_then(|g| serde_json::from_str::<Goal>(g).ok());
        if let Some(Goal::Ended { deployment, .. }) = ends
            && deployment == ours.id
            && other.run.has_called()
        {
            let run = other.run;
            let verb = run.intent.verb();
            return Some(format!("stopped by {} ({verb}, run {})", run.who, run.id));
        }
    }
    elsewhere(ours).then(|| "stopped by a person, from elsewhere".to_owned())
}

/// Whether the vendor says that a person stopped it: its word for that, and nothing else that ends a deployment.
fn elsewhere(d: &Deployment) -> bool {
    let why = d.rollback_reason.as_deref().unwrap_or_default();
    let said = format!("{why} {}", d.reason).to_lowercase();
    let counted = d.failures.filter(|_| d.circuit_breaker.enabled);
    let tripped = counted.is_some_and(|(failed, limit)| failed >= limit);
    let fired = d.alarms.iter().any(|(_, fired)| *fired);
    said.contains("by the user") && !tripped && !fired
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::deployment::DeploymentSource;
    use crate::domain::service::{CircuitBreaker, ServiceId, Strategy};

    #[test]
    fn a_breaker_that_trips_and_an_alarm_that_fires_are_no_person() {
        let mut d = Deployment {
            id: "d".into(),
            service: ServiceId {
                cluster: "prod".into(),
                name: "api".into(),
            },
            strategy: Strategy::Rolling,
            state: DeploymentState::RolledBack,
            reason: "Service deployment stopped by the user with rollback.".into(),
            from: Vec::new(),
            to: None,
            circuit_breaker: CircuitBreaker {
                enabled: true,
                rollback: true,
                ..CircuitBreaker::default()
            },
            failures: Some((1, 3)),
            alarms: vec![("api-5xx".into(), false)],
            lifecycle_stage: None,
            rollback_reason: None,
            created_at: None,
            started_at: None,
            finished_at: None,
            source: DeploymentSource::ServiceDeployments,
        };
        assert!(elsewhere(&d));
        d.failures = Some((3, 3));
        assert!(!elsewhere(&d));
        d.failures = None;
        d.alarms[0].1 = true;
        assert!(!elsewhere(&d));
        d.alarms.clear();
        d.reason = "Service deployment rolled back because of a circuit breaker.".into();
        assert!(!elsewhere(&d));
    }
}
