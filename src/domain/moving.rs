//! What moves: our actions and the deployments of others, each change told once.

use std::sync::Arc;

use super::action::{Intent, Run};
use super::deployment::Deployment;
use super::facts::Facts;
use super::service::ServiceId;

/// A change that is under way.
#[derive(Clone, Copy, Debug)]
pub enum Moving<'a> {
    /// An open action on a service. Where it follows a deployment, it stands for that one as well.
    Run(&'a Run),
    /// A deployment that no open action of ours is about.
    Deployment(&'a Arc<Deployment>),
}

impl<'a> Moving<'a> {
    /// The service that changes.
    pub fn service(&self) -> Option<&'a ServiceId> {
        match self {
            Self::Run(r) => r.intent.service(),
            Self::Deployment(d) => Some(&d.service),
        }
    }
}

impl Facts {
    /// Whether an open action of ours stops what a service rolls out: ECS tells that rollout as failed meanwhile.
    pub fn is_being_stopped(&self, service: &ServiceId) -> bool {
        let stops = |r: &Run| matches!(&r.intent, Intent::Stop { service: s, .. } if s == service);
        let mut open = self.runs.iter().filter(|r| r.outcome.is_none());
        open.any(|r| r.has_called() && stops(r))
    }

    /// Our actions first, then deployments that somebody else began. Two actions may work on one deployment, as a stop does on what a
    /// deploy brought about: the later one tells of it.
    pub fn moving(&self) -> Vec<Moving<'_>> {
        let open = self.runs.iter();
        let open = open.filter(|r| r.outcome.is_none() && r.intent.service().is_some());
        let runs: Vec<(&Run, Option<&str>)> = open
            .map(|r| (r, self.deployment_of(r).map(|d| d.id.as_str())))
            .collect();
        let is_overtaken = |r: &Run, on: &Option<&str>| {
            let later = runs.iter().filter(|(o, _)| o.started_at > r.started_at);
            on.is_some() && later.into_iter().any(|(_, own)| own == on)
        };
        let ours = runs.iter().filter(|(r, on)| !is_overtaken(r, on));
        let running = self.deployment_rows().iter();
        let others = running.filter(|d| {
            d.state.is_running() && !runs.iter().any(|(_, on)| *on == Some(d.id.as_str()))
        });
        ours.map(|(r, _)| Moving::Run(r))
            .chain(others.map(Moving::Deployment))
            .collect()
    }
}
