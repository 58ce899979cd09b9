//! Services that are scaled to 0 behind a load balancer: whether that is a fault of the environment that is looked at, since when it is
//! so, and which targets are gone with them.

use jiff::Timestamp;

use super::action::Intent;
use super::facts::Facts;
use super::service::{Service, ServiceHealth};
use super::target::TargetGroup;

/// What ECS says in an event when it ends tasks of a service.
const ENDED: &str = "has stopped";

impl Service {
    /// Since when none of its tasks runs: when the last of them was ended. `None` where one runs, or no event tells.
    fn empty_since(&self) -> Option<Timestamp> {
        let ended = self.events.iter().filter(|e| e.message.contains(ENDED));
        let newest = ended.map(|e| e.at).max();
        newest.filter(|_| self.counts.running == 0)
    }
}

impl Facts {
    /// Whether whoever asks a service is answered by nobody, where somebody may: it is scaled to 0 behind a load balancer, and belongs to
    /// the environment that is looked at. That of another one is its own affair: it may rest at night.
    pub fn is_gone(&self, service: &Service) -> bool {
        self.health_of(service) == ServiceHealth::Unserved && !self.is_elsewhere(&service.id)
    }

    /// Since when a service that is scaled to 0 is so: by its events, else by the action that did it.
    pub fn unserved_since(&self, service: &Service) -> Option<Timestamp> {
        if service.health() != ServiceHealth::Unserved {
            return None;
        }
        let scaled = self.runs.iter().filter(|r| match &r.intent {
            Intent::Scale {
                service: of,
                desired,
            } => of == &service.id && *desired == 0 && r.has_called(),
            _ => false,
        });
        let by_run = scaled.map(|r| r.started_at).max();
        service.empty_since().or(by_run)
    }

    /// The service whose targets a group has lost, or is about to, because nothing of it runs: one fault, of which the service tells.
    pub fn left_by(&self, group: &TargetGroup) -> Option<&Service> {
        if !group.is_left() {
            return None;
        }
        let mut bound = self.service_rows().iter().filter(|s| {
            let mut arns = s.load_balancers.iter().flat_map(|lb| lb.groups());
            arns.any(|arn| arn == group.arn)
        });
        let gone = |s: &&std::sync::Arc<Service>| {
            matches!(s.health(), ServiceHealth::Unserved | ServiceHealth::Down)
        };
        bound.find(gone).map(AsRef::as_ref)
    }
}
