//! What moves: our actions and the deployments of others, each change told once.

use std::sync::Arc;

use jiff::Timestamp;

use super::action::{Intent, Run};
use super::audit::{AuditRow, Outcome};
use super::deployment::{Deployment, DeploymentState};
use super::facts::{APART_S, Facts};
use super::service::{ServiceHealth, ServiceId};

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

/// How long a rollout that failed is told of, seconds: whoever looks wants to know that what was to be out is not.
const TURNED_BACK_S: i64 = 3_600;

/// How long before its row an action may have begun of which no duration is told, seconds: somebody picked it up.
const PICKED_UP_S: f64 = 1_800.0;

/// Whether a row of the audit trail, which is about the deployment's service, tells of an action that ended it: it ended while that went
/// on, and went back to what ran before.
fn stopped(row: &AuditRow, d: &Deployment) -> bool {
    let stops = matches!(row.action.as_str(), "stop" | "rollback");
    let Some(ended) = d.finished_at.or(d.rollback_since) else {
        return false;
    };
    let took = row.duration_s.unwrap_or(PICKED_UP_S).ceil() as i64;
    let until = row.at.as_second() + APART_S;
    let since = row.at.as_second() - took - APART_S;
    stops && row.outcome == Some(Outcome::Succeeded) && (since..=until).contains(&ended.as_second())
}

impl Facts {
    /// Whether a person stops what a service rolls out: an open action of ours does, or the vendor says that somebody did. ECS tells that
    /// rollout as failed meanwhile.
    pub fn is_being_stopped(&self, service: &ServiceId) -> bool {
        let stops = |r: &Run| match &r.intent {
            Intent::Stop { service: s, .. } => s == service,
            // One that brings no revision of its own stops what runs.
            Intent::Rollback { service: s, .. } => s == service && r.brings.is_none(),
            _ => false,
        };
        let mut open = self.runs.iter().filter(|r| r.outcome.is_none());
        // Those that go on come first.
        let rows = self.deployment_rows().iter();
        let mut going = rows.take_while(|d| d.state.is_running());
        open.any(|r| r.has_called() && stops(r))
            || going.any(|d| &d.service == service && d.is_ended_by_a_person())
    }

    /// Whether a person wanted a deployment to end as it did: an action that is in the audit trail stopped it, or one that is about to be
    /// written there, or the vendor says so.
    pub fn is_stopped_on_purpose(&self, d: &Deployment) -> bool {
        let subject = d.service.to_string();
        let rows = self.audit.value.iter().flat_map(|rows| rows.iter());
        let mut rows = rows.filter(|r| r.subject == subject);
        // Our own one, until its row is read.
        let is_ours = |r: &Run| {
            let since = d.finished_at.map(|at| at.as_second() - APART_S);
            let until = r.finished_at.map(|at| at.as_second());
            let in_time = until.is_none_or(|until| since.is_some_and(|since| since <= until));
            let ended = self.brought_back_by(r).filter(|own| own.id == d.id);
            matches!(r.outcome, None | Some(Outcome::Succeeded)) && in_time && ended.is_some()
        };
        let mut runs = self.runs.iter();
        // One that could not even go back is ill, whoever wanted that.
        d.state == DeploymentState::RolledBack
            && (d.is_ended_by_a_person() || rows.any(|r| stopped(r, d)) || runs.any(is_ours))
    }

    /// Newest rollouts of this environment's services that failed, or went back, within the last hour without a person who wanted that:
    /// until a newer one says what is to come of it. One that `deployments[]` still tells of is told of by the service's own health.
    pub fn turned_back(&self, now: Timestamp) -> Vec<&Arc<Deployment>> {
        let rows = self.deployment_rows();
        let bad = rows.iter().enumerate().filter(|(n, d)| {
            if d.state.is_running() || !d.state.is_bad() {
                return false;
            }
            let age = d
                .turned_back_at()
                .map(|at| now.duration_since(at).as_secs());
            if age.is_none_or(|s| s > TURNED_BACK_S) {
                return false;
            }
            // Newest first, but for those that go on, and one that goes on says what is to come of it.
            let mut newer = rows.iter().take(*n);
            let told = || self.service(&d.service).map(|s| s.health());
            !newer.any(|r| r.service == d.service)
                // As with alarms: another environment's is that one's affair.
                && !self.is_elsewhere(&d.service)
                && !self.is_stopped_on_purpose(d)
                && told() != Some(ServiceHealth::Failed)
        });
        bad.map(|(_, d)| d).collect()
    }

    /// The deployment that an open action stopped, once it has ended: it began before that action, and went back in its time.
    pub fn brought_back_by(&self, run: &Run) -> Option<&Arc<Deployment>> {
        let stops = match &run.intent {
            Intent::Stop { .. } => true,
            Intent::Rollback { .. } => run.brings.is_none(),
            _ => false,
        };
        let service = run.intent.service().filter(|_| stops && run.has_called())?;
        let since = run.started_at.as_second() - APART_S;
        let rows = self.deployment_rows().iter();
        let newest = rows.into_iter().find(|d| &d.service == service)?;
        let began = newest.started_at.or(newest.created_at);
        let is_before =
            began.is_some_and(|at| at.as_second() <= run.started_at.as_second() + APART_S);
        let ended = newest.finished_at.filter(|_| !newest.state.is_running());
        let is_after = ended.is_some_and(|at| at.as_second() >= since);
        (is_before && is_after).then_some(newest)
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
