//! What the load balancers' health checks say of a service: one whose tasks all run serves nobody while every target is unhealthy.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;

use super::facts::Facts;
use super::service::{Service, ServiceHealth, ServiceId};
use super::target::{Target, TargetGroup};

/// How old an answer about targets may be to speak against a service: that nobody can be asked makes none well, and what was long ago says
/// nothing of its tasks.
const BELIEVED: SignedDuration = SignedDuration::from_mins(10);

/// Targets of a service that are to be sent requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TargetCount {
    /// Those that pass their health checks.
    pub healthy: usize,
    /// All of them, without those that drain.
    pub all: usize,
}

impl std::fmt::Display for TargetCount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {} targets healthy", self.healthy, self.all)
    }
}

/// Targets that drain leave on purpose; those of a group that no listener uses, or that is not checked, say nothing.
fn is_judged(target: &Target) -> bool {
    matches!(target.state.as_str(), "healthy" | "unhealthy" | "initial")
}

fn is_unhealthy(target: &Target) -> bool {
    target.state == "unhealthy"
}

impl Facts {
    /// Works out which services have unhealthy targets: once for a picture, so that whoever asks for the health of a service among a
    /// thousand need not look for its groups.
    pub fn judge_targets(&mut self) {
        self.unhealthy = Arc::new(self.unhealthy());
    }

    fn unhealthy(&self) -> BTreeMap<ServiceId, TargetCount> {
        let age = (self.target_groups.observed_at).map(|at| self.taken_at.duration_since(at));
        let is_known = age.is_some_and(|age| age <= BELIEVED);
        let groups = self.target_groups.value.iter().flat_map(|v| v.iter());
        let ill = |g: &&TargetGroup| g.targets.iter().any(is_unhealthy);
        let ill: BTreeMap<&str, &TargetGroup> = groups
            .filter(|g| is_known && ill(g))
            .map(|g| (g.arn.as_str(), g))
            .collect();
        if ill.is_empty() {
            return BTreeMap::new();
        }
        let bound = |s: &Service| {
            let mut arns = s.load_balancers.iter().flat_map(|lb| lb.groups());
            arns.any(|arn| ill.contains_key(arn))
        };
        let services = self.service_rows().iter().filter(|s| bound(s));
        services
            .map(|s| {
                let groups = self.targets_of(s).flat_map(|g| &g.targets);
                let judged: Vec<&Target> = groups.filter(|t| is_judged(t)).collect();
                let count = TargetCount {
                    healthy: judged.iter().filter(|t| t.state == "healthy").count(),
                    all: judged.len(),
                };
                (s.id.clone(), count)
            })
            .collect()
    }

    /// Targets of a service, where some that should be sent requests are unhealthy.
    pub fn unhealthy_targets(&self, id: &ServiceId) -> Option<TargetCount> {
        self.unhealthy.get(id).copied()
    }

    /// The worst that can be said of a service by its own counts and its targets.
    pub fn served(&self, service: &Service) -> ServiceHealth {
        let own = service.health();
        let Some(targets) = self.unhealthy_targets(&service.id) else {
            return own;
        };
        match own {
            ServiceHealth::Down
            | ServiceHealth::Unserved
            | ServiceHealth::Idle
            | ServiceHealth::Inactive => own,
            _ if targets.healthy == 0 => ServiceHealth::Down,
            ServiceHealth::Steady | ServiceHealth::Unknown => ServiceHealth::Degraded,
            // Tasks that are just being brought in may fail at first.
            _ => own,
        }
    }

    /// How many targets are healthy, where a service is not well for that alone: its tasks run as wanted.
    pub fn unhealthy_words(&self, service: &Service) -> Option<String> {
        let targets = self.unhealthy_targets(&service.id)?;
        (self.served(service) != service.health()).then(|| targets.to_string())
    }

    /// The service that tells of a group none of whose targets is healthy.
    pub fn told_by(&self, group: &TargetGroup) -> Option<&Service> {
        if group.healthy() > 0 || !group.targets.iter().any(is_unhealthy) {
            return None;
        }
        let bound = |s: &&Arc<Service>| {
            let mut arns = s.load_balancers.iter().flat_map(|lb| lb.groups());
            arns.any(|arn| arn == group.arn)
        };
        let mut ill = self.service_rows().iter().filter(bound);
        ill.find(|s| self.served(s) == ServiceHealth::Down)
            .map(AsRef::as_ref)
    }
}
