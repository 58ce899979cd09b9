//! Deployments of a service: the service-deployment API where the endpoint has it, else `deployments[]` of the service.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use aws_sdk_ecs::types as sdk;

mod history;
mod owner;
mod read;
mod revisions;
mod rollouts;
mod unfound;

pub use read::Deployments;
use read::Reading;
use revisions::ServiceRevision;
pub use rollouts::of_rollouts;

use super::convert::{reason, some_reason, some_text, text, time};
use super::ecs::Ecs;
use super::sound::{NoCount, all_told, count, counted, told};
use super::{Question, ecs_map};
use crate::backend::transport::is_crash_page;
use crate::domain::deployment::{Deployment, DeploymentSource, DeploymentState, RevisionLoad};
use crate::domain::order::Ordered;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::progress::{Pace, SKEW_S};
use crate::domain::service::{Service, TaskCounts};

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
/// Deployments read of a service. DescribeServiceDeployments and DescribeServiceRevisions take 20 at once.
const RECENT: usize = 10;
/// Things kept of the past before the cache is emptied.
const CACHED: usize = 2_000;
/// How long an endpoint that lacks service deployments is taken at its word.
const LACK: Duration = Duration::from_secs(600);

/// What does not change any more: service revisions, and deployments that have ended.
#[derive(Debug, Default)]
pub struct DeploymentCache {
    revisions: Mutex<HashMap<String, ServiceRevision>>,
    ended: Mutex<HashMap<String, Deployment>>,
    lacking: Mutex<Option<Instant>>,
    /// Since when service revisions are not told.
    mute: Mutex<Option<Instant>>,
    /// Service revisions that an answer left out, and since when.
    untold: Mutex<HashMap<String, Instant>>,
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
    /// `source` says which. One that is listed and not found is told by what the list says of it: it blinds nobody to the others.
    ///
    /// # Errors
    /// Why they, or the revisions that they are of, could not be read.
    pub async fn deployments(&self, service: &Service) -> Result<Vec<Deployment>, Problem> {
        let read = self.all_deployments(service, None).await?;
        read.unread.map_or(Ok(read.found), Err)
    }

    /// The same for who acts in need: what revisions they are of is waited for until then, and may be missing.
    ///
    /// # Errors
    /// Why the deployments themselves could not be read.
    pub async fn deployments_by(
        &self,
        service: &Service,
        until: tokio::time::Instant,
    ) -> Result<Deployments, Problem> {
        self.all_deployments(service, Some(until)).await
    }

    async fn all_deployments(
        &self,
        service: &Service,
        until: Option<tokio::time::Instant>,
    ) -> Result<Deployments, Problem> {
        let whole = |found| Deployments {
            found,
            unread: None,
            lost: None,
        };
        // What CodeDeploy or another controller deploys is no service deployment (DescribeServices, `taskSets`).
        let by_another = service.deployment.strategy.has_task_sets();
        if by_another || self.cache.endpoint_lacks_them() {
            return Ok(whole(of_rollouts(service)));
        }
        // On the heap: actions hold this inside several others, each as large as what it holds.
        match Box::pin(self.service_deployments(service, until)).await {
            Ok(read) if read.found.is_empty() => Ok(whole(of_rollouts(service))),
            Ok(read) => Ok(read),
            Err(p) => match lack(&p, self.is_aws().await) {
                Lack::Endpoint => {
                    *locked(&self.cache.lacking) = Some(Instant::now());
                    Ok(whole(of_rollouts(service)))
                }
                Lack::Service => Ok(whole(of_rollouts(service))),
                Lack::Nothing => Err(p),
            },
        }
    }

    /// Whether it is AWS itself that is asked, and no endpoint that somebody named.
    async fn is_aws(&self) -> bool {
        let clients = self.aws.clients().await;
        clients.map_or(true, |c| !c.whereabouts().endpoint.contains("://"))
    }

    async fn service_deployments(
        &self,
        service: &Service,
        until: Option<tokio::time::Instant>,
    ) -> Result<Deployments, Problem> {
        let read = Box::pin(self.list_and_describe(service, until)).await?;
        // What stopped it may have come after the list was read: read again, once, so that nobody judges one without the other.
        let behind = read.news.iter().any(|id| {
            let newest = read.found.first();
            newest.is_some_and(|d| d.id == *id && d.state == DeploymentState::Stopped)
        });
        let again = match behind {
            // What was read is whole by itself: a second reading that fails takes nothing from it.
            true => Box::pin(self.list_and_describe(service, until)).await.ok(),
            false => None,
        };
        let read = again.filter(|a| a.unread.is_none()).unwrap_or(read);
        Ok(Deployments {
            found: read.found,
            unread: read.unread,
            lost: read.lost,
        })
    }

    async fn list_and_describe(
        &self,
        service: &Service,
        until: Option<tokio::time::Instant>,
    ) -> Result<Reading, Problem> {
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
        let listed = told(&self.line, LIST, LISTED, page.service_deployments)?;
        owner::check_briefs(&self.line, LIST, id, &listed)?;
        let arns: Vec<String> = listed
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
        let (mut unread, mut lost) = (None, None);
        if !missing.is_empty() {
            let described = self.describe_deployments(service, &listed, missing.clone(), until);
            let described = described.await?;
            known.extend(described.found);
            (unread, lost) = (described.unread, described.lost);
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
            unread,
            lost,
        })
    }

    async fn describe_deployments(
        &self,
        service: &Service,
        listed: &[sdk::ServiceDeploymentBrief],
        arns: Vec<String>,
        until: Option<tokio::time::Instant>,
    ) -> Result<Deployments, Problem> {
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
        for d in raw {
            let said = [d.cluster_arn(), d.service_arn(), d.service_deployment_arn()];
            owner::check(&self.line, DESCRIBE, &service.id, said)?;
        }
        let unread = self.learn_revisions(raw, until).await?;
        let revisions = locked(&self.cache.revisions).clone();
        let found: Result<Vec<Option<Deployment>>, NoCount> = raw
            .iter()
            .map(|d| deployment(service, d, &revisions))
            .collect();
        let found = counted(&self.line, DESCRIBE, found)?;
        let mut found: Vec<Deployment> = found.into_iter().flatten().collect();
        if unread.is_none() {
            self.keep_ended(&found);
        }
        let (briefly, lost) = unfound::unfound(service, listed, page.failures());
        found.extend(briefly);
        Ok(Deployments {
            found,
            unread,
            lost,
        })
    }

    /// Keeps what changes no more, which is whole.
    fn keep_ended(&self, found: &[Deployment]) {
        let mut ended = locked(&self.cache.ended);
        if ended.len() > CACHED {
            ended.clear();
        }
        let over = found.iter().filter(|d| has_ended(d));
        ended.extend(over.map(|d| (d.id.clone(), d.clone())));
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

/// Whether it can change no more. A state that we do not know may, until it is told when it ended.
fn has_ended(d: &Deployment) -> bool {
    match d.state {
        DeploymentState::Unknown => d.finished_at.is_some(),
        state => !state.is_running(),
    }
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
        reason: reason(d.status_reason()),
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
        rollback_reason: d.rollback().and_then(|r| some_reason(r.reason())),
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
        digests: known.digests.clone(),
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
