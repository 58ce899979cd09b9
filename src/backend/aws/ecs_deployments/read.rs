//! What was read of a service's deployments, and what was not.

use crate::domain::deployment::Deployment;
use crate::domain::problem::Problem;

/// The deployments of a service as read once: the list first, then each that may have changed.
#[derive(Debug)]
pub(super) struct Reading {
    /// Newest first.
    pub(super) found: Vec<Deployment>,
    /// Those of them that were described now.
    pub(super) news: Vec<String>,
    /// Why it is not known which revisions they are of.
    pub(super) unread: Option<Problem>,
    /// Why of some no more is known than that they are listed.
    pub(super) lost: Option<Problem>,
}

/// The deployments of a service as far as they could be read in time.
#[derive(Clone, Debug)]
pub struct Deployments {
    /// Newest first.
    pub found: Vec<Deployment>,
    /// Why the revisions of some could not be read: those name none.
    pub unread: Option<Problem>,
    /// Why of some no more is known than that ECS lists them: it does not find those when it is asked about them.
    pub lost: Option<Problem>,
}

impl Deployments {
    /// Why less is known of them than there is to know.
    pub fn untold(self) -> Option<Problem> {
        self.unread.or(self.lost)
    }
}
