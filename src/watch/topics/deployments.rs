//! Deployments: rows from `deployments[]` of every service, and the fuller picture of the service-deployment API where asked.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::backend::Backend;
use crate::backend::aws::ecs::of_rollouts;
use crate::domain::deployment::{Deployment, DeploymentSource, RevisionLoad};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::service::{Service, ServiceId};
use crate::watch::picture::Picture;

/// From one question about a service that deploys to the next.
pub const MOVING: Duration = Duration::from_secs(5);
/// From one question about a service at rest to the next.
pub const RESTING: Duration = Duration::from_secs(30);

/// What is known of one service's deployments.
#[derive(Debug, Default)]
pub struct Known {
    /// The last good answer, and when it came (UTC).
    read: Option<(Timestamp, Vec<Deployment>)>,
    /// Why the last question failed, and when; nothing once one succeeded again.
    failure: Option<(Timestamp, Problem)>,
}

impl Known {
    /// Rows of the last good answer.
    pub fn rows(&self) -> Option<&[Deployment]> {
        self.read.as_ref().map(|(_, rows)| rows.as_slice())
    }
}

/// Whether what was told then still holds, asked so often.
fn is_young(at: Timestamp, period: Duration, now: Timestamp) -> bool {
    let age = Duration::try_from(now.duration_since(at)).unwrap_or_default();
    age <= period * 2 + Duration::from_secs(5)
}

/// Deployments of one service.
#[derive(Debug)]
pub struct Detail {
    service: ServiceId,
    rows: Result<Vec<Deployment>, Problem>,
}

/// Asks about a service as it was last described; `None` once it is gone.
pub async fn ask(backend: &Backend, service: Arc<Service>) -> Detail {
    Detail {
        service: service.id.clone(),
        rows: backend.ecs.deployments(&service).await,
    }
}

/// Joins.
pub fn take(p: &mut Picture, answer: Detail, at: Timestamp) -> Option<ProblemKind> {
    let known = p.details.entry(answer.service).or_default();
    let failure = match answer.rows {
        Ok(rows) => {
            let told = rows
                .iter()
                .any(|d| d.source == DeploymentSource::ServiceDeployments);
            // Rollouts are in the picture already, and newer.
            known.read = Some((at, if told { rows } else { Vec::new() }));
            known.failure = None;
            None
        }
        Err(problem) => {
            let kind = problem.kind;
            known.failure = Some((at, problem));
            Some(kind)
        }
    };
    rebuild(p, at);
    failure
}

/// The failure of any service that is asked about: a good answer about another proves nothing of it. One that nobody asks about any
/// more is forgotten: its rows come from the service itself.
fn failure(p: &Picture, now: Timestamp) -> Option<Problem> {
    let mut failures = p.details.values().filter_map(|k| k.failure.as_ref());
    let current = failures.find(|(at, _)| is_young(*at, RESTING, now));
    current.map(|(_, problem)| problem.clone())
}

/// Puts the published rows together from what is known, newest first.
pub fn rebuild(p: &mut Picture, now: Timestamp) {
    if p.facts.services.value.is_none() {
        return;
    }
    let mut rows: Vec<Deployment> = Vec::new();
    let mut oldest = p.facts.services.observed_at;
    for service in p.services.values() {
        let from_service = of_rollouts(service);
        let detail = p.details.get(&service.id).and_then(|k| k.read.as_ref());
        let first = rows.len();
        match detail {
            Some((at, detail)) if tells_more(*at, detail, &from_service, now) => {
                // What has ended stays as it was told; what moves is as old as its answer.
                if moves(detail) {
                    oldest = oldest.map(|o| o.min(*at));
                }
                let live = detail.iter().map(|d| with_counts(d.clone(), service));
                rows.extend(live);
            }
            _ => rows.extend(from_service),
        }
        // How the last one ended stays told while the next one is under way: the service itself tells of that one alone.
        let own = rows.iter().skip(first);
        let ended = own
            .filter(|d| !d.state.is_running())
            .max_by_key(|d| d.created_at);
        match ended {
            Some(ended) => {
                p.ended.insert(service.id.clone(), ended.clone());
            }
            None => rows.extend(p.ended.get(&service.id).cloned()),
        }
    }
    for row in &mut rows {
        for load in row
            .from
            .iter_mut()
            .chain(row.to.as_mut())
            .filter(|l| l.image.is_none())
        {
            load.image = image(p, &row.service, load);
        }
    }
    rows.sort_by(|a, b| {
        let moving = b.state.is_running().cmp(&a.state.is_running());
        moving
            .then(b.created_at.cmp(&a.created_at))
            .then_with(|| a.id.cmp(&b.id))
    });
    let failure = p.facts.services.error.clone().or_else(|| failure(p, now));
    let detailed = p
        .details
        .values()
        .any(|k| k.rows().is_some_and(|rows| !rows.is_empty()));
    let part = &mut p.facts.deployments;
    let same = part.value.as_ref().is_some_and(|old| {
        old.len() == rows.len() && old.iter().zip(&rows).all(|(a, b)| **a == *b)
    });
    if !same {
        part.value = Some(Arc::new(rows.into_iter().map(Arc::new).collect()));
    }
    part.observed_at = oldest;
    part.period = p.facts.services.period;
    part.error = failure;
    part.source = match detailed {
        true => "ecs:DescribeServices, ecs:DescribeServiceDeployments".into(),
        false => "ecs:DescribeServices".into(),
    };
}

fn moves(rows: &[Deployment]) -> bool {
    rows.iter().any(|d| d.state.is_running())
}

/// A detail that was read before a new rollout began knows nothing of it; one that moved when it was read, too long ago, knows
/// nothing of how it went on.
fn tells_more(
    at: Timestamp,
    detail: &[Deployment],
    rollouts: &[Deployment],
    now: Timestamp,
) -> bool {
    let newest = |rows: &[Deployment]| rows.iter().filter_map(|d| d.created_at).max();
    if detail.is_empty() {
        return false;
    }
    if moves(detail) {
        return is_young(at, MOVING, now);
    }
    !moves(rollouts) || newest(detail) >= newest(rollouts)
}

/// Counts of the service itself are asked more often than its deployments: they are the newer ones while it moves.
fn with_counts(mut row: Deployment, service: &Service) -> Deployment {
    if !row.state.is_running() {
        return row;
    }
    for load in row.from.iter_mut().chain(row.to.as_mut()) {
        let mut same = service
            .rollouts
            .iter()
            .filter(|r| r.revision == load.revision);
        if let (Some(only), None) = (same.next(), same.next()) {
            load.counts = only.counts;
        }
    }
    row
}

fn image(p: &Picture, id: &ServiceId, load: &RevisionLoad) -> Option<String> {
    let definitions = p.facts.task_definitions.value.as_ref()?;
    let bound = p.services.get(id).and_then(|s| s.load_balancers.first());
    let definition = definitions.get(&load.revision.arn)?;
    let container = definition.main_container(bound.map(|lb| lb.container.as_str()))?;
    Some(container.image.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::domain::deployment::DeploymentState;
    use crate::domain::service::{
        CircuitBreaker, DeploymentConfig, Revision, Rollout, Strategy, TaskCounts,
    };

    fn second(n: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + n).unwrap()
    }

    fn service(name: &str) -> Service {
        let revision = Revision {
            arn: format!("arn:aws:ecs:r:1:task-definition/{name}:42"),
            family: name.into(),
            number: 42,
        };
        let counts = TaskCounts {
            desired: 2,
            running: 2,
            pending: 0,
            failed: 0,
        };
        Service {
            id: ServiceId {
                cluster: "prod".into(),
                name: name.into(),
            },
            arn: String::new(),
            status: "ACTIVE".into(),
            counts,
            revision: revision.clone(),
            launch_type: "FARGATE".into(),
            deployment: DeploymentConfig {
                strategy: Strategy::Rolling,
                minimum_healthy_percent: 100,
                maximum_percent: 200,
                circuit_breaker: CircuitBreaker {
                    enabled: true,
                    rollback: true,
                },
                alarms: vec![],
                alarms_rollback: false,
                bake_minutes: None,
                shift_minutes: None,
            },
            load_balancers: vec![],
            rollouts: vec![Rollout {
                id: format!("ecs-svc/{name}"),
                status: "PRIMARY".into(),
                revision,
                counts,
                rollout_state: "COMPLETED".into(),
                rollout_reason: String::new(),
                created_at: Some(second(-600)),
                updated_at: Some(second(-300)),
            }],
            events: vec![],
            created_at: None,
        }
    }

    /// Services at rest, as they were described at this moment.
    fn picture(names: &[&str], at: Timestamp) -> Picture {
        let mut p = Picture::new(Arc::new(Config::default()));
        for name in names {
            let service = Arc::new(service(name));
            p.services.insert(service.id.clone(), service);
        }
        let rows: Vec<_> = p.services.values().cloned().collect();
        p.facts.services.take(Ok(Arc::new(rows)), at);
        p
    }

    fn told(name: &str, state: DeploymentState) -> Detail {
        let service = service(name);
        let rows = of_rollouts(&service).into_iter().map(|d| Deployment {
            state,
            source: DeploymentSource::ServiceDeployments,
            ..d
        });
        Detail {
            rows: Ok(rows.collect()),
            service: service.id,
        }
    }

    fn failed(name: &str) -> Detail {
        let why = Problem::new(ProblemKind::Timeout, "ecs", "Cannot read", "slow", "Wait.");
        Detail {
            service: service(name).id,
            rows: Err(why),
        }
    }

    #[test]
    fn a_good_answer_about_one_service_clears_no_failure_of_another() {
        let mut p = picture(&["api", "web"], second(0));
        take(&mut p, failed("api"), second(0));
        take(&mut p, told("web", DeploymentState::Successful), second(1));
        assert!(p.facts.deployments.error.is_some());
        take(&mut p, told("api", DeploymentState::Successful), second(2));
        assert_eq!(p.facts.deployments.error, None);
        // Nobody asks about it any more: what the service itself says is all that is shown.
        take(&mut p, failed("api"), second(3));
        rebuild(&mut p, second(200));
        assert_eq!(p.facts.deployments.error, None);
    }

    #[test]
    fn how_the_last_deployment_ended_stays_told_while_the_next_one_moves() {
        let mut p = picture(&["api"], second(0));
        rebuild(&mut p, second(0));
        let mut moving = service("api");
        let old = moving.rollouts[0].clone();
        moving.rollouts[0] = Rollout {
            id: "ecs-svc/next".into(),
            rollout_state: "IN_PROGRESS".into(),
            created_at: Some(second(5)),
            ..old
        };
        p.services.insert(moving.id.clone(), Arc::new(moving));
        rebuild(&mut p, second(6));
        let states: Vec<_> = p.facts.deployment_rows().iter().map(|d| d.state).collect();
        assert_eq!(
            states,
            [DeploymentState::InProgress, DeploymentState::Successful]
        );
    }

    #[test]
    fn a_detail_that_moved_too_long_ago_gives_way_to_the_service_itself() {
        let mut p = picture(&["api"], second(10));
        take(&mut p, told("api", DeploymentState::InProgress), second(0));
        let state = |p: &Picture| p.facts.deployment_rows()[0].state;
        assert_eq!(state(&p), DeploymentState::InProgress);
        assert_eq!(
            p.facts.deployments.observed_at,
            Some(second(0)),
            "the worst"
        );
        take(&mut p, failed("api"), second(16));
        assert_eq!(state(&p), DeploymentState::Successful);
        assert!(p.facts.deployments.error.is_some());
        // What has ended stays told, with what the vendor said of it.
        take(&mut p, told("api", DeploymentState::RolledBack), second(20));
        rebuild(&mut p, second(900));
        assert_eq!(state(&p), DeploymentState::RolledBack);
        assert_eq!(p.facts.deployments.observed_at, Some(second(10)));
    }
}
