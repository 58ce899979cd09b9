//! Deployments of a service: the service-deployment API where the endpoint has it, else `deployments[]` of the service.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use aws_sdk_ecs::types as sdk;

mod history;
mod rollouts;

pub use rollouts::of_rollouts;

use super::convert::{some_text, text, time};
use super::ecs::Ecs;
use super::sound::{NoCount, all_told, count, counted, told};
use super::{Question, ecs_map};
use crate::backend::transport::is_crash_page;
use crate::domain::deployment::{Deployment, DeploymentSource, DeploymentState, RevisionLoad};
use crate::domain::order::Ordered;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::progress::{Pace, SKEW_S};
use crate::domain::service::{Revision, Service, TaskCounts};

const LIST: Question = Question::new(
    "ecs",
    "ListServiceDeployments",
    "list the service's deployments",
);
/// The member that both of these answer with.
const LISTED: &str = "serviceDeployments";
const DESCRIBE: Question = Question::new(
    "ecs",
    "DescribeServiceDeployments",
    "read the service's deployments",
);
const REVISIONS: Question = Question::new(
    "ecs",
    "DescribeServiceRevisions",
    "read the service's revisions",
);

/// Deployments read of a service. DescribeServiceDeployments and DescribeServiceRevisions take 20 at once.
const RECENT: usize = 10;
/// Things kept of the past before the cache is emptied.
const CACHED: usize = 2_000;
/// How long an endpoint that lacks service deployments is taken at its word.
const LACK: Duration = Duration::from_secs(600);

/// The deployments of a service as read once: the list first, then each that may have changed.
#[derive(Debug)]
struct Reading {
    /// Newest first.
    found: Vec<Deployment>,
    /// Those of them that were described now.
    news: Vec<String>,
}

/// A service revision: which task definition with which images. Immutable.
#[derive(Clone, Debug, PartialEq)]
struct ServiceRevision {
    revision: Revision,
    /// (container, image)
    images: Vec<(String, String)>,
}

/// What does not change any more: service revisions, and deployments that have ended.
#[derive(Debug, Default)]
pub struct DeploymentCache {
    revisions: Mutex<HashMap<String, ServiceRevision>>,
    ended: Mutex<HashMap<String, Deployment>>,
    lacking: Mutex<Option<Instant>>,
}

fn locked<T>(m: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    m.lock().unwrap_or_else(|e| e.into_inner())
}

impl DeploymentCache {
    fn endpoint_lacks_them(&self) -> bool {
        locked(&self.lacking).is_some_and(|at| at.elapsed() < LACK)
    }
}

impl Ecs {
    /// Running and recent deployments of a service, newest first (ListServiceDeployments, DescribeServiceDeployments,
    /// DescribeServiceRevisions); from the service's `deployments[]` where the endpoint lacks these operations or knows none:
    /// `source` says which.
    pub async fn deployments(&self, service: &Service) -> Result<Vec<Deployment>, Problem> {
        if self.cache.endpoint_lacks_them() {
            return Ok(of_rollouts(service));
        }
        match self.service_deployments(service).await {
            Ok(found) if found.is_empty() => Ok(of_rollouts(service)),
            Ok(found) => Ok(found),
            Err(p) => match lack(&p, self.is_aws().await) {
                Lack::Endpoint => {
                    *locked(&self.cache.lacking) = Some(Instant::now());
                    Ok(of_rollouts(service))
                }
                Lack::Service => Ok(of_rollouts(service)),
                Lack::Nothing => Err(p),
            },
        }
    }

    /// Whether it is AWS itself that is asked, and no endpoint that somebody named.
    async fn is_aws(&self) -> bool {
        let clients = self.aws.clients().await;
        clients.map_or(true, |c| !c.whereabouts().endpoint.contains("://"))
    }

    async fn service_deployments(&self, service: &Service) -> Result<Vec<Deployment>, Problem> {
        let read = self.list_and_describe(service).await?;
        // What stopped it may have come after the list was read: read again, once, so that nobody judges one without the other.
        let behind = read.news.iter().any(|id| {
            let newest = read.found.first();
            newest.is_some_and(|d| d.id == *id && d.state == DeploymentState::Stopped)
        });
        match behind {
            // What was read is whole by itself: a second reading that fails takes nothing from it.
            true => Ok((self.list_and_describe(service).await).map_or(read.found, |it| it.found)),
            false => Ok(read.found),
        }
    }

    async fn list_and_describe(&self, service: &Service) -> Result<Reading, Problem> {
        let id = &service.id;
        let page = self
            .aws
            .read(&self.line, LIST, |c| {
                let ask = c
                    .ecs
                    .list_service_deployments()
                    .cluster(&id.cluster)
                    .service(&id.name);
                ask.max_results(RECENT as i32).send()
            })
            .await?;
        let arns: Vec<String> = told(&self.line, LIST, LISTED, page.service_deployments)?
            .iter()
            .filter_map(|b| b.service_deployment_arn().map(str::to_owned))
            .take(RECENT)
            .collect();
        let mut known: Vec<Deployment> = {
            let ended = locked(&self.cache.ended);
            arns.iter()
                .filter_map(|arn| ended.get(arn).cloned())
                .collect()
        };
        let missing: Vec<String> = arns
            .into_iter()
            .filter(|arn| !known.iter().any(|d| &d.id == arn))
            .collect();
        if !missing.is_empty() {
            let described = self.describe_deployments(service, missing.clone()).await?;
            known.extend(described);
        }
        // One that would begin in the future is not the newest: what it says would hide how the last one ended.
        let now = jiff::Timestamp::now();
        let is_ahead = |at: jiff::Timestamp| at.duration_since(now).as_secs() > SKEW_S;
        known.order_by_key(|d| {
            let ahead = d.created_at.is_some_and(is_ahead);
            (ahead, std::cmp::Reverse(d.created_at))
        });
        Ok(Reading {
            found: known,
            news: missing,
        })
    }

    async fn describe_deployments(
        &self,
        service: &Service,
        arns: Vec<String>,
    ) -> Result<Vec<Deployment>, Problem> {
        let asked = arns.clone();
        let page = self
            .aws
            .read(&self.line, DESCRIBE, |c| {
                let ask = c.ecs.describe_service_deployments();
                ask.set_service_deployment_arns(Some(arns)).send()
            })
            .await?;
        let raw = page.service_deployments();
        let told = raw.iter().map(|d| d.service_deployment_arn());
        let told = told.chain(page.failures().iter().map(|f| f.arn()));
        all_told(&self.line, DESCRIBE, &asked, told)?;
        self.learn_revisions(raw).await?;
        let revisions = locked(&self.cache.revisions).clone();
        let found: Result<Vec<Option<Deployment>>, NoCount> = raw
            .iter()
            .map(|d| deployment(service, d, &revisions))
            .collect();
        let found = counted(&self.line, DESCRIBE, found)?;
        let found: Vec<Deployment> = found.into_iter().flatten().collect();
        let mut ended = locked(&self.cache.ended);
        if ended.len() > CACHED {
            ended.clear();
        }
        ended.extend(
            found
                .iter()
                .filter(|d| has_ended(d.state))
                .map(|d| (d.id.clone(), d.clone())),
        );
        Ok(found)
    }

    /// Reads the service revisions that these deployments name and that were never read.
    async fn learn_revisions(&self, raw: &[sdk::ServiceDeployment]) -> Result<(), Problem> {
        let mut wanted: Vec<String> = raw
            .iter()
            .flat_map(revision_arns)
            .map(str::to_owned)
            .collect();
        wanted.sort();
        wanted.dedup();
        {
            let mut known = locked(&self.cache.revisions);
            if known.len() > CACHED {
                known.clear();
            }
            wanted.retain(|arn| !known.contains_key(arn));
        }
        for chunk in wanted.chunks(20) {
            let page = self
                .aws
                .read(&self.line, REVISIONS, |c| {
                    let ask = c.ecs.describe_service_revisions();
                    ask.set_service_revision_arns(Some(chunk.to_vec())).send()
                })
                .await?;
            let mut known = locked(&self.cache.revisions);
            known.extend(page.service_revisions().iter().filter_map(service_revision));
        }
        Ok(())
    }
}

/// Who has no service deployments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lack {
    /// The endpoint: it need not be asked again for a while.
    Endpoint,
    /// This one service, for now.
    Service,
    /// Nobody: something else went wrong.
    Nothing,
}

/// What a failure says of who lacks service deployments: emulators and older partitions do not know the operation, and moto says
/// so with a web page. An answer of AWS's that cannot be read says nothing of the kind, and neither does a service that is gone.
fn lack(p: &Problem, aws: bool) -> Lack {
    match p.kind {
        ProblemKind::Unsupported => Lack::Endpoint,
        ProblemKind::Malformed if !aws && is_crash_page(p) => Lack::Endpoint,
        ProblemKind::NotFound => Lack::Service,
        _ => Lack::Nothing,
    }
}

/// Whether it can change no more. A state that we do not know may.
fn has_ended(state: DeploymentState) -> bool {
    !state.is_running() && state != DeploymentState::Unknown
}

fn revision_arns(d: &sdk::ServiceDeployment) -> impl Iterator<Item = &str> {
    d.source_service_revisions()
        .iter()
        .chain(d.target_service_revision())
        .filter_map(|r| r.arn())
}

fn service_revision(r: &sdk::ServiceRevision) -> Option<(String, ServiceRevision)> {
    let images = r
        .container_images()
        .iter()
        .map(|i| (text(i.container_name()), text(i.image())))
        .collect();
    let revision = ecs_map::revision(r.task_definition())?;
    Some((
        r.service_revision_arn()?.to_owned(),
        ServiceRevision { revision, images },
    ))
}

fn deployment(
    service: &Service,
    d: &sdk::ServiceDeployment,
    revisions: &HashMap<String, ServiceRevision>,
) -> Result<Option<Deployment>, NoCount> {
    let Some(id) = some_text(d.service_deployment_arn()) else {
        return Ok(None);
    };
    let of = &service.id.name;
    let load = |r: &sdk::ServiceRevisionSummary| load(service, r, revisions);
    let state = d.status().map_or(DeploymentState::Unknown, state);
    let breaker = d.deployment_circuit_breaker();
    let alarms = d.alarms();
    let fired = alarms.map_or(&[][..], |a| a.triggered_alarm_names());
    let configuration = d.deployment_configuration();
    let strategy = configuration
        .and_then(|c| c.strategy())
        .map_or(service.deployment.strategy, ecs_map::strategy);
    let from: Result<Vec<Option<RevisionLoad>>, NoCount> =
        d.source_service_revisions().iter().map(load).collect();
    let failures = match breaker.filter(|b| b.threshold() > 0) {
        Some(b) => Some((
            count("failureCount", of, b.failure_count())?,
            count("threshold", of, b.threshold())?,
        )),
        None => None,
    };
    Ok(Some(Deployment {
        id,
        service: service.id.clone(),
        strategy,
        state,
        reason: text(d.status_reason()),
        from: from?.into_iter().flatten().collect(),
        to: d.target_service_revision().map(load).transpose()?.flatten(),
        circuit_breaker: configuration
            .and_then(|c| c.deployment_circuit_breaker())
            .map_or(service.deployment.circuit_breaker, ecs_map::circuit_breaker),
        failures,
        alarms: alarms.map_or_else(Vec::new, |a| {
            a.alarm_names()
                .iter()
                .map(|n| (text(Some(n)), fired.contains(n)))
                .collect()
        }),
        lifecycle_stage: d.lifecycle_stage().map(|s| text(Some(s.as_str()))),
        pace: Pace {
            stage_since: d.lifecycle_stage().and_then(|_| time(d.updated_at())),
            ..configuration.map_or_else(Pace::default, |c| ecs_map::pace(c, strategy))
        },
        rollback_reason: d.rollback().and_then(|r| some_text(r.reason())),
        rollback_to: d
            .rollback()
            .and_then(|r| some_text(r.service_revision_arn())),
        rollback_since: d.rollback().and_then(|r| time(r.started_at())),
        created_at: time(d.created_at()),
        started_at: time(d.started_at()),
        finished_at: time(d.finished_at()).or_else(|| time(d.stopped_at())),
        source: DeploymentSource::ServiceDeployments,
    }))
}

fn load(
    service: &Service,
    r: &sdk::ServiceRevisionSummary,
    revisions: &HashMap<String, ServiceRevision>,
) -> Result<Option<RevisionLoad>, NoCount> {
    let Some(known) = r.arn().and_then(|arn| revisions.get(arn)) else {
        return Ok(None);
    };
    let of = &service.id.name;
    let bound = service
        .load_balancers
        .first()
        .map(|lb| lb.container.as_str());
    let image = known
        .images
        .iter()
        .find(|(name, _)| Some(name.as_str()) == bound)
        .or_else(|| known.images.first())
        .map(|(_, image)| image.clone());
    Ok(Some(RevisionLoad {
        revision: known.revision.clone(),
        service_revision: some_text(r.arn()),
        image,
        counts: TaskCounts {
            desired: count("requestedTaskCount", of, r.requested_task_count())?,
            running: count("runningTaskCount", of, r.running_task_count())?,
            pending: count("pendingTaskCount", of, r.pending_task_count())?,
            failed: 0,
        },
        traffic_percent: r
            .requested_production_traffic_weight()
            .filter(|w| (0.0..=100.0).contains(w)),
    }))
}

fn state(s: &sdk::ServiceDeploymentStatus) -> DeploymentState {
    use sdk::ServiceDeploymentStatus as S;
    match s {
        S::Pending => DeploymentState::Pending,
        S::InProgress => DeploymentState::InProgress,
        S::StopRequested => DeploymentState::StopRequested,
        S::RollbackRequested | S::RollbackInProgress => DeploymentState::RollingBack,
        S::Successful => DeploymentState::Successful,
        S::Stopped => DeploymentState::Stopped,
        S::RollbackSuccessful => DeploymentState::RolledBack,
        S::RollbackFailed => DeploymentState::Failed,
        _ => DeploymentState::Unknown,
    }
}

#[cfg(test)]
mod tests;
