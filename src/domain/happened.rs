//! Which events of a service are about which of its deployments: ECS tells them of the service alone, by their time.

use jiff::{SignedDuration, Timestamp};

use super::deployment::Deployment;
use super::facts::Facts;
use super::service::ServiceEvent;

/// What belongs to a deployment is told a few seconds after its end at the latest.
const AFTER: SignedDuration = SignedDuration::from_secs(10);

impl Facts {
    /// Events between the begin of a deployment and its end, or the begin of the next one of the service.
    pub fn events_of<'a>(&'a self, d: &Deployment) -> impl Iterator<Item = &'a ServiceEvent> {
        let began = begin(d);
        let others = self.deployment_rows().iter();
        let later = others.filter(|o| o.service == d.service && o.id != d.id);
        let next = later
            .filter_map(|o| begin(o))
            .filter(|at| began < Some(*at));
        let next = next.min();
        let last = d.finished_at.and_then(|at| at.checked_add(AFTER).ok());
        let service = self.service(&d.service);
        let events = service.into_iter().flat_map(|s| &s.events);
        events.filter(move |e| {
            began.is_none_or(|at| e.at >= at)
                && last.is_none_or(|at| e.at <= at)
                && next.is_none_or(|at| e.at < at)
        })
    }
}

fn begin(d: &Deployment) -> Option<Timestamp> {
    // It waits for a moment before it starts: what is told then is its own.
    d.created_at.or(d.started_at)
}
