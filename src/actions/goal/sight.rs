//! What is seen of a service at one moment, and what tells its deployments of now from those to come.

use jiff::Timestamp;

use crate::domain::deployment::Deployment;
use crate::domain::problem::Problem;
use crate::domain::service::{Rollout, Service};

/// What was read of a service at one moment.
#[derive(Clone, Debug)]
pub struct Sight {
    pub service: Service,
    /// Newest first.
    pub deployments: Vec<Deployment>,
    /// Why less is known of the deployments than there is to know: what is there may name no revision, or be the service's own word.
    pub unread: Option<Problem>,
}

/// The mark of a call that was made without knowing the deployments of before: nothing parts those from its own, so that it is judged
/// by the service alone.
pub(super) const UNREAD: &str = "deployments unread";

impl Sight {
    /// What tells the deployments of now from those to come. The revision belongs to it, because emulators keep the id of a
    /// rollout whose revision they change.
    pub fn marks(&self) -> Vec<String> {
        let rollouts = self.service.rollouts.iter().map(rollout_mark);
        let deployments = self.deployments.iter().map(|d| d.id.clone());
        let unread = self.unread.iter().map(|_| UNREAD.to_owned());
        rollouts.chain(deployments).chain(unread).collect()
    }

    /// The rollout that the service is set to.
    pub fn primary(&self) -> Option<&Rollout> {
        Rollout::primary(&self.service.rollouts)
    }

    /// The deployment under way, if the endpoint has service deployments and one is.
    pub fn running(&self) -> Option<&Deployment> {
        self.deployments.iter().find(|d| d.state.is_running())
    }
}

/// When the newest rollout of those in marks was created, by the vendor's clock; nothing where none tells.
pub(super) fn newest_before(marks: &[String]) -> Option<Timestamp> {
    let told = marks.iter().filter_map(|mark| {
        let mut parts = mark.split(' ');
        let (_, _, created) = (parts.next()?, parts.next()?, parts.next()?);
        created.parse().ok().filter(|ms: &i64| *ms > 0)
    });
    Timestamp::from_millisecond(told.max()?).ok()
}

/// What tells a rollout from every other.
pub(super) fn rollout_mark(r: &Rollout) -> String {
    let created = r.created_at.map_or(0, |t| t.as_millisecond());
    format!("{} {} {created}", r.id, r.revision)
}
