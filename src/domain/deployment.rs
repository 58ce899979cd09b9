//! A deployment as one picture: both revisions, their counts, what guards it, and how far it is.

use jiff::Timestamp;
use serde::Serialize;

use super::progress::Pace;
use super::service::{CircuitBreaker, Revision, ServiceId, Strategy, TaskCounts};

/// Where a deployment stands (ServiceDeployment.status, or `rolloutState` where the endpoint lacks service deployments).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeploymentState {
    /// Asked for, not begun.
    Pending,
    /// Under way.
    InProgress,
    /// A stop was asked for.
    StopRequested,
    /// Going back, by the breaker, an alarm or a person.
    RollingBack,
    /// Done as asked.
    Successful,
    /// Stopped by a person.
    Stopped,
    /// Went back, done.
    RolledBack,
    /// Failed, nothing rolled back.
    Failed,
    /// The vendor said something that we do not know.
    Unknown,
}

impl DeploymentState {
    /// Whether it still moves.
    pub fn is_running(self) -> bool {
        matches!(
            self,
            Self::Pending | Self::InProgress | Self::StopRequested | Self::RollingBack
        )
    }

    /// The word shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::InProgress => "rolling out",
            Self::StopRequested => "stopping",
            Self::RollingBack => "ROLLING BACK",
            Self::Successful => "completed",
            Self::Stopped => "stopped",
            Self::RolledBack => "ROLLED BACK",
            Self::Failed => "FAILED",
            Self::Unknown => "unknown",
        }
    }

    /// Whether it goes, or went, otherwise than asked.
    pub fn is_bad(self) -> bool {
        matches!(self, Self::RollingBack | Self::RolledBack | Self::Failed)
    }
}

/// One revision's share in a deployment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RevisionLoad {
    /// Family and number.
    pub revision: Revision,
    /// ARN of the service revision, where the vendor tells it: two may have one task definition, as before and after a restart.
    pub service_revision: Option<String>,
    /// Image of the main container, where known.
    pub image: Option<String>,
    /// Each image as its task definition names it, with the digest that ECS resolved it to, as far as the vendor tells.
    #[serde(skip)]
    pub digests: Vec<(String, String)>,
    /// Tasks.
    pub counts: TaskCounts,
    /// Percent of production traffic, where the vendor reports weights.
    pub traffic_percent: Option<f64>,
}

/// Which API the picture was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeploymentSource {
    /// DescribeServiceDeployments.
    ServiceDeployments,
    /// `deployments[]` of DescribeServices: the endpoint has no service deployments.
    Rollouts,
}

/// A deployment of a service, running or past.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Deployment {
    /// ServiceDeployment ARN, or the rollout's id.
    pub id: String,
    /// Which service.
    pub service: ServiceId,
    /// Rolling, blue/green ...
    pub strategy: Strategy,
    /// Where it stands.
    pub state: DeploymentState,
    /// The vendor's explanation of the state.
    pub reason: String,
    /// What is being replaced.
    pub from: Vec<RevisionLoad>,
    /// What is being rolled out. `None` for a restart whose target the endpoint does not tell.
    pub to: Option<RevisionLoad>,
    /// The breaker's settings.
    pub circuit_breaker: CircuitBreaker,
    /// Failures counted so far and the number that trips it, while known.
    pub failures: Option<(u32, u32)>,
    /// Alarms watched, with whether each has fired.
    pub alarms: Vec<(String, bool)>,
    /// Blue/green lifecycle stage, in the vendor's words.
    pub lifecycle_stage: Option<String>,
    /// What it is configured to wait for, and since when its stage lasts.
    pub pace: Pace,
    /// Why it went back.
    pub rollback_reason: Option<String>,
    /// ARN of the service revision that it goes, or went, back to, where the vendor tells it.
    pub rollback_to: Option<String>,
    /// Since when it goes, or when it went, back (UTC).
    pub rollback_since: Option<Timestamp>,
    /// Created (UTC).
    pub created_at: Option<Timestamp>,
    /// Began (UTC).
    pub started_at: Option<Timestamp>,
    /// Ended (UTC).
    pub finished_at: Option<Timestamp>,
    /// Which API told us.
    pub source: DeploymentSource,
}

/// A deployment as the list of a service's past ones tells it (ServiceDeploymentBrief).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PastDeployment {
    /// ServiceDeployment ARN.
    pub id: String,
    /// Where it stands, or how it ended.
    pub state: DeploymentState,
    /// Created (UTC).
    pub created_at: Option<Timestamp>,
    /// Ended (UTC).
    pub finished_at: Option<Timestamp>,
}

impl Deployment {
    /// Whether the vendor says that a person ended it: its word for that, and nothing else that ends a deployment.
    pub fn is_ended_by_a_person(&self) -> bool {
        let why = self.rollback_reason.as_deref().unwrap_or_default();
        let said = format!("{why} {}", self.reason).to_lowercase();
        let counted = self.failures.filter(|_| self.circuit_breaker.enabled);
        let tripped = counted.is_some_and(|(failed, limit)| failed >= limit);
        let fired = self.alarms.iter().any(|(_, fired)| *fired);
        said.contains("by the user") && !tripped && !fired
    }

    /// Whether it replaces tasks by others of the same revision, as a restart does. One of which it is not told what it replaces is
    /// taken for a change.
    pub fn keeps_revision(&self) -> bool {
        let name = |r: &RevisionLoad| (r.revision.family.clone(), r.revision.number);
        let to = self.to.as_ref().map(name);
        !self.from.is_empty() && self.from.iter().all(|r| Some(name(r)) == to)
    }

    /// From which revision it goes to which; one that is rolled back goes the other way.
    pub fn way(&self) -> (Option<u32>, Option<u32>) {
        let (from, to) = self.sides();
        let from = from.iter().map(|r| r.revision.number).max();
        (from, to.map(|r| r.revision.number))
    }

    /// The revisions that give their tasks up, and the one that takes them: the same two ways as [`way`](Self::way), so that no face
    /// says the one that comes back is on its way out.
    pub fn sides(&self) -> (Vec<&RevisionLoad>, Option<&RevisionLoad>) {
        // ECS's own list of rollouts names the one that comes back as what is rolled out.
        let turns = self.state == DeploymentState::RollingBack
            && self.source == DeploymentSource::ServiceDeployments;
        if !turns {
            return (self.from.iter().collect(), self.to.as_ref());
        }
        let back = self.way_back();
        let is_back = |r: &RevisionLoad| back.is_some_and(|back| std::ptr::eq(r, back));
        let others = self.from.iter().filter(|r| !is_back(r));
        (self.to.iter().chain(others).collect(), back)
    }

    /// What it goes, went or would go back to: the service revision that the vendor names, which may not be among those that it
    /// replaces, else the newest of those.
    pub fn way_back(&self) -> Option<&RevisionLoad> {
        let mut from = self.from.iter();
        match &self.rollback_to {
            Some(arn) => from.find(|r| r.service_revision.as_ref() == Some(arn)),
            None => from.max_by_key(|r| r.revision.number),
        }
    }

    /// When what it came to was told, as far as that is known (UTC).
    pub fn turned_back_at(&self) -> Option<Timestamp> {
        self.finished_at.or(self.rollback_since).or(self.created_at)
    }

    /// When it failed, once that is over (UTC): when it began to go back, which takes its time, else when it ended.
    pub fn failed_at(&self) -> Option<Timestamp> {
        let ended = self.finished_at.filter(|_| self.state.is_bad())?;
        Some(self.rollback_since.unwrap_or(ended).min(ended))
    }

    /// Why it goes, or went, otherwise than asked, in the vendor's words; else how near the breaker is. Nothing while all is well.
    pub fn trouble(&self) -> Option<String> {
        let said = [self.rollback_reason.as_deref(), Some(&self.reason)];
        let why = said.into_iter().flatten().find(|w| !w.trim().is_empty());
        let counted = match self.failures {
            Some((failed, trips)) if failed > 0 => {
                Some(format!("circuit breaker: {failed} of {trips} tasks failed"))
            }
            _ => None,
        };
        match (self.state.is_bad(), why, counted) {
            (true, Some(why), Some(n)) => Some(format!("{n}; {why}")),
            (true, Some(why), None) => Some(why.to_owned()),
            (true, None, None) => Some("no reason is given".into()),
            (_, _, counted) => counted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(number: u32, running: u32) -> RevisionLoad {
        RevisionLoad {
            digests: Vec::new(),
            revision: Revision {
                arn: String::new(),
                family: "api".into(),
                number,
            },
            service_revision: None,
            image: None,
            counts: TaskCounts {
                desired: 4,
                running,
                ..TaskCounts::default()
            },
            traffic_percent: None,
        }
    }

    fn deployment() -> Deployment {
        Deployment {
            id: "d".into(),
            service: ServiceId {
                cluster: "prod".into(),
                name: "api".into(),
            },
            strategy: Strategy::Rolling,
            state: DeploymentState::InProgress,
            reason: String::new(),
            from: vec![load(3, 1), load(2, 0)],
            to: Some(load(4, 3)),
            circuit_breaker: CircuitBreaker {
                enabled: true,
                rollback: true,
                ..CircuitBreaker::default()
            },
            failures: None,
            alarms: Vec::new(),
            lifecycle_stage: None,
            pace: Pace::default(),
            rollback_reason: None,
            rollback_to: None,
            rollback_since: None,
            created_at: None,
            started_at: None,
            finished_at: None,
            source: DeploymentSource::ServiceDeployments,
        }
    }

    #[test]
    fn what_is_rolled_back_goes_to_the_revision_that_comes_back() {
        let now = Timestamp::UNIX_EPOCH;
        let mut d = deployment();
        assert_eq!((d.way(), d.percent(now)), ((Some(3), Some(4)), Some(75)));
        assert!(!d.keeps_revision());
        d.state = DeploymentState::RollingBack;
        assert_eq!((d.way(), d.percent(now)), ((Some(4), Some(3)), Some(25)));
        let leaving = |d: &Deployment| {
            let (from, _) = d.sides();
            from.iter().map(|r| r.revision.number).collect::<Vec<_>>()
        };
        assert_eq!(leaving(&d), [4, 2]);
        // It failed when it turned round, and not when it was back.
        let second = |n| Timestamp::from_second(n).ok();
        assert_eq!(d.failed_at(), None, "it goes on");
        d.finished_at = second(300);
        assert_eq!(d.failed_at(), second(300));
        d.rollback_since = second(100);
        assert_eq!(d.failed_at(), second(100));
        (d.finished_at, d.rollback_since) = (None, None);
        // The vendor names what it goes back to, which is not always the newest.
        d.from[1].service_revision = Some("arn:2".into());
        d.rollback_to = Some("arn:2".into());
        assert_eq!((d.way(), leaving(&d)), ((Some(4), Some(2)), vec![4, 3]));
        // Nobody tells how it fares where it is none of those.
        d.rollback_to = Some("arn:1".into());
        assert_eq!((d.way(), d.percent(now)), ((Some(4), None), None));
        d.rollback_to = None;
        // The service's own rollouts name the target that it goes back to as what is rolled out.
        d.source = DeploymentSource::Rollouts;
        (d.from, d.to) = (vec![load(4, 3)], Some(load(3, 1)));
        assert_eq!((d.way(), leaving(&d)), ((Some(4), Some(3)), vec![4]));
    }

    /// A restart that takes the place of a rollout under way brings that one's revision to its end.
    #[test]
    fn a_restart_keeps_the_revision_unless_it_replaces_another_one_as_well() {
        let of = |from: &[u32], to: Option<u32>| {
            let mut d = deployment();
            d.from = from.iter().map(|n| load(*n, 2)).collect();
            d.to = to.map(|n| load(n, 2));
            d.keeps_revision()
        };
        assert!(of(&[5], Some(5)) && of(&[5, 5], Some(5)));
        assert!(!of(&[5, 6], Some(6)) && !of(&[5], Some(6)));
        // Of which nobody tells.
        assert!(!of(&[], Some(5)) && !of(&[5], None) && !of(&[], None));
    }
}
