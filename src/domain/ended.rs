//! What is told of a task that runs no more.

use super::service::{Container, Task};

/// How ECS says that a task was stopped because fewer of its revision are wanted: it did not end by itself.
const SCALED: &str = "Scaling activity";

impl Task {
    /// Whether it runs no more.
    pub fn is_stopped(&self) -> bool {
        self.stopped_at.is_some() || self.status == "STOPPED"
    }

    /// Whether it was stopped because fewer of its revision are wanted, as each rollout and each way down does.
    pub fn was_scaled_away(&self) -> bool {
        let reason = self.stopped_reason.as_deref();
        reason.is_some_and(|r| r.starts_with(SCALED))
    }

    /// Its health, in ECS's word. Of one that runs no more the last word said of it is none of now: that it was sick is told, and that it
    /// was well is not.
    pub fn health_now(&self) -> &str {
        now(&self.health, self.is_stopped())
    }
}

impl Container {
    /// Its health, as [`Task::health_now`] tells it.
    pub fn health_now(&self) -> &str {
        now(&self.health, self.status == "STOPPED")
    }
}

fn now(health: &str, is_stopped: bool) -> &str {
    match health {
        "UNHEALTHY" => "UNHEALTHY",
        _ if is_stopped => "",
        health => health,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_that_stopped_is_well_no_more() {
        let task = |status: &str, health: &str| Task {
            arn: String::new(),
            id: String::new(),
            service: String::new(),
            status: status.into(),
            desired_status: status.into(),
            health: health.into(),
            revision: None,
            zone: String::new(),
            cpu_units: None,
            memory_mib: None,
            ip: None,
            created_at: None,
            started_at: None,
            stopped_at: None,
            stopped_reason: None,
            containers: Vec::new(),
        };
        assert_eq!(task("RUNNING", "HEALTHY").health_now(), "HEALTHY");
        assert_eq!(task("STOPPED", "HEALTHY").health_now(), "");
        assert_eq!(task("STOPPED", "UNHEALTHY").health_now(), "UNHEALTHY");
        assert!(!task("DEPROVISIONING", "").is_stopped());
        let mut stopped = task("STOPPED", "");
        for (reason, scaled) in [
            ("Scaling activity initiated by deployment ecs-svc/1", true),
            (
                "Task failed ELB health checks in target-group tg-api",
                false,
            ),
        ] {
            stopped.stopped_reason = Some(reason.into());
            assert_eq!(stopped.was_scaled_away(), scaled, "{reason}");
        }
        let container = |status: &str| Container {
            name: "api".into(),
            image: "api:1".into(),
            digest: None,
            status: status.into(),
            health: "HEALTHY".into(),
            exit_code: None,
            reason: None,
        };
        assert_eq!(container("RUNNING").health_now(), "HEALTHY");
        assert_eq!(container("STOPPED").health_now(), "");
    }
}
