//! Whether an image that is to be deployed is older than the one that runs: whoever means to go back has a shorter way, and whoever does not
//! took the wrong tag.

use jiff::Timestamp;

use super::draft::Draft;
use super::goal::Sight;
use super::look::Look;
use super::{image, registry, words};
use crate::domain::deployment::Deployment;
use crate::domain::digests::Resolved;
use crate::domain::service::Service;

/// What is held against each other.
#[derive(Clone, Copy, Debug)]
pub struct Images<'a> {
    /// The reference that runs.
    pub running: &'a str,
    /// The one that is to run.
    pub new: &'a str,
}

impl Images<'_> {
    /// When the one that runs was pushed (UTC), where its digest is known and its registry tells soon. Nobody is asked again after the
    /// yes: it is a warning, and was read.
    pub async fn running_pushed(self, look: &Look<'_>, sight: &Sight) -> Option<Timestamp> {
        let same = image::repository(self.running) == image::repository(self.new);
        if look.confirmed || !same || self.running == self.new {
            return None;
        }
        let running = by_digest(self.running, &sight.service, &sight.deployments)?;
        registry::pushed_at(look, &running).await
    }

    /// Warns where the new one was pushed before the one that runs. Of what nobody tells nothing is said: it is a help.
    pub fn warn(
        self,
        draft: &mut Draft,
        (new, running): (Option<Timestamp>, Option<Timestamp>),
        deployments: &[Deployment],
        now: Timestamp,
    ) {
        let both = new.zip(running);
        let words = both.and_then(|(n, r)| older(n, r, ran(deployments, self.new), now));
        if let Some(words) = words {
            draft.warn(words);
        }
    }
}

/// The image that runs by its digest. `None`: nobody tells it, or two run, and the tag may mean a third by now.
fn by_digest(running: &str, service: &Service, deployments: &[Deployment]) -> Option<String> {
    if running.contains("@sha256:") {
        return Some(running.to_owned());
    }
    let told = Resolved::told(std::iter::once(service), deployments.iter());
    let mut digests = told.digests(service, running).into_iter();
    match (digests.next(), digests.next()) {
        (Some(only), None) => Some(format!("{}@{only}", image::repository(running))),
        _ => None,
    }
}

/// In words, where one was pushed before the other.
fn older(
    pushed: Timestamp,
    running: Timestamp,
    ran: Option<u32>,
    now: Timestamp,
) -> Option<String> {
    if pushed >= running {
        return None;
    }
    let [new, old] = [pushed, running].map(|at| words::ago(at, now));
    let way = ran.map_or_else(String::new, |n| {
        format!("; revision :{n} ran it: to go back, roll back to it")
    });
    Some(format!(
        "the image is older than the one that runs: pushed {new} ago, and that one {old} ago{way}"
    ))
}

/// The newest revision known that ran an image well, or served while another one came.
fn ran(deployments: &[Deployment], image: &str) -> Option<u32> {
    let came = deployments.iter().filter(|d| !d.state.is_bad());
    let came = came.filter_map(|d| d.to.as_ref());
    let served = deployments.iter().flat_map(|d| &d.from);
    let of_it = came
        .chain(served)
        .filter(|r| r.image.as_deref() == Some(image));
    of_it.map(|r| r.revision.number).max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::deployment::{DeploymentSource, DeploymentState, RevisionLoad};
    use crate::domain::service::{
        CircuitBreaker, DeploymentConfig, Revision, RevisionTasks, ServiceId, Strategy, TaskCounts,
    };

    const MAIN: &str = "1.dkr.ecr.home.amazonaws.com/api:main";

    fn id() -> ServiceId {
        ServiceId {
            cluster: "laser".into(),
            name: "api".into(),
        }
    }

    /// Of service revisions that run.
    fn service(revisions: &[&str]) -> Service {
        let running = TaskCounts {
            desired: 1,
            running: 1,
            ..TaskCounts::default()
        };
        let revision = |arn: &&str| RevisionTasks {
            arn: (*arn).into(),
            counts: running,
            digests: Vec::new(),
        };
        Service {
            id: id(),
            arn: String::new(),
            status: "ACTIVE".into(),
            counts: running,
            revision: Revision::parse("api:2").unwrap(),
            launch_type: "FARGATE".into(),
            deployment: DeploymentConfig {
                strategy: Strategy::Rolling,
                minimum_healthy_percent: 100,
                maximum_percent: 200,
                circuit_breaker: CircuitBreaker::default(),
                alarms: vec![],
                alarms_rollback: false,
                bake_minutes: None,
                shift_minutes: None,
            },
            load_balancers: vec![],
            rollouts: vec![],
            revisions: revisions.iter().map(revision).collect(),
            scaling: None,
            events: vec![],
            created_at: None,
        }
    }

    /// Of a service revision whose `:main` ECS resolved to a digest.
    fn deployment(revision: &str, digest: &str) -> Deployment {
        Deployment {
            id: "d".into(),
            service: id(),
            strategy: Strategy::Rolling,
            state: DeploymentState::Successful,
            reason: String::new(),
            from: Vec::new(),
            to: Some(RevisionLoad {
                digests: vec![(MAIN.into(), digest.into())],
                revision: Revision::parse("api:2").unwrap(),
                service_revision: Some(revision.into()),
                image: None,
                counts: TaskCounts::default(),
                traffic_percent: None,
            }),
            circuit_breaker: CircuitBreaker::default(),
            failures: None,
            alarms: Vec::new(),
            lifecycle_stage: None,
            pace: Default::default(),
            rollback_reason: None,
            rollback_to: None,
            rollback_since: None,
            created_at: None,
            started_at: None,
            finished_at: None,
            source: DeploymentSource::ServiceDeployments,
        }
    }

    /// Its tag may have been given to another image since, which does not run.
    #[test]
    fn the_image_that_runs_is_told_by_its_digest_alone() {
        let known = [
            deployment("r/1", "sha256:aa"),
            deployment("r/2", "sha256:bb"),
        ];
        let told =
            |running: &str, revisions: &[&str]| by_digest(running, &service(revisions), &known);
        let of = |digest: &str| Some(format!("1.dkr.ecr.home.amazonaws.com/api@{digest}"));
        assert_eq!(told(MAIN, &["r/2"]), of("sha256:bb"));
        assert_eq!(told(MAIN, &["r/1", "r/2"]), None, "two run");
        assert_eq!(told(MAIN, &["r/3"]), None, "of which nobody told");
        assert_eq!(told(MAIN, &[]), None, "it runs by no revision that is told");
        let named = "1.dkr.ecr.home.amazonaws.com/api@sha256:cc";
        assert_eq!(told(named, &[]).as_deref(), Some(named));
    }

    #[test]
    fn an_image_that_was_pushed_before_the_one_that_runs_is_told() {
        let at = |s: i64| Timestamp::from_second(s).unwrap();
        let now = at(7 * 86_400);
        let told = older(at(0), at(5 * 86_400 + 3_600), Some(2), now).unwrap();
        assert_eq!(
            told,
            "the image is older than the one that runs: pushed 7d ago, and that one 47h ago; revision :2 ran it: to go back, roll back to it"
        );
        let told = older(at(0), at(5 * 86_400 + 3_600), None, now).unwrap();
        assert!(told.ends_with("that one 47h ago"), "{told}");
        assert_eq!(older(at(9), at(9), Some(2), now), None);
        assert_eq!(older(at(9), at(8), None, now), None);
    }
}
