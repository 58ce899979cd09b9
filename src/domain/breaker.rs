//! The deployment circuit breaker, after the Amazon ECS developer guide ("How the deployment circuit breaker detects failures") and the
//! API reference (`DeploymentCircuitBreaker`, `ThresholdConfiguration`).

use serde::Serialize;

/// The deployment circuit breaker of a service, and what trips it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CircuitBreaker {
    /// Whether it watches at all.
    pub enabled: bool,
    /// Whether it rolls back by itself once tripped.
    pub rollback: bool,
    /// How many failed tasks trip it.
    pub threshold: Threshold,
    /// Whether a task that gets healthy sets the count back to nothing.
    pub resets_on_healthy_task: bool,
}

impl Default for CircuitBreaker {
    /// Off; what trips it is what ECS takes where nothing is configured.
    fn default() -> Self {
        Self {
            enabled: false,
            rollback: false,
            threshold: Threshold::default(),
            resets_on_healthy_task: true,
        }
    }
}

/// How many failed tasks trip the breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Threshold {
    /// So many.
    Count(u32),
    /// So many percent of the desired count, at least 3 and at most 200.
    BoundedPercent(u32),
    /// So many percent of the desired count, however many those are.
    UnboundedPercent(u32),
    /// It is configured in a way that is not known here.
    Unknown,
}

impl Default for Threshold {
    /// What ECS takes where nothing is configured.
    fn default() -> Self {
        Self::BoundedPercent(50)
    }
}

impl Threshold {
    /// Failed tasks of so many desired ones that trip the breaker. `None`: nobody knows.
    pub fn of(self, desired: u32) -> Option<u32> {
        let share = |percent: u32| {
            let tasks = (u64::from(desired) * u64::from(percent)).div_ceil(100);
            u32::try_from(tasks).unwrap_or(u32::MAX)
        };
        match self {
            Self::Count(tasks) => Some(tasks),
            Self::BoundedPercent(percent) => Some(share(percent).clamp(3, 200)),
            // No failure at all trips nothing.
            Self::UnboundedPercent(percent) => Some(share(percent).max(1)),
            Self::Unknown => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_those_that_are_configured_and_else_the_vendors_own() {
        let of = |threshold: Threshold| [1, 6, 7, 100, 900].map(|n| threshold.of(n));
        let some = |all: [u32; 5]| all.map(Some);
        let unset = CircuitBreaker::default();
        assert_eq!(of(unset.threshold), some([3, 3, 4, 50, 200]));
        assert!(unset.resets_on_healthy_task, "the vendor's default");
        assert_eq!(of(Threshold::BoundedPercent(10)), some([3, 3, 3, 10, 90]));
        assert_eq!(
            of(Threshold::UnboundedPercent(50)),
            some([1, 3, 4, 50, 450])
        );
        assert_eq!(of(Threshold::Count(1)), some([1; 5]));
        assert_eq!(of(Threshold::Unknown), [None; 5]);
        assert_eq!(Threshold::UnboundedPercent(50).of(0), Some(1));
    }
}
