//! Deployments: rows from `deployments[]` of every service, and the fuller picture of the service-deployment API where asked.

use std::sync::Arc;

use jiff::Timestamp;

use crate::backend::Backend;
use crate::backend::aws::ecs::of_rollouts;
use crate::domain::deployment::{Deployment, DeploymentSource, RevisionLoad};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::service::{Service, ServiceId};
use crate::watch::picture::Picture;

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
pub fn take(p: &mut Picture, answer: Detail, _at: Timestamp) -> Option<ProblemKind> {
    let failure = match answer.rows {
        Ok(rows) => {
            let told = rows
                .iter()
                .any(|d| d.source == DeploymentSource::ServiceDeployments);
            // Rollouts are in the picture already, and newer.
            p.details
                .insert(answer.service, if told { rows } else { Vec::new() });
            p.facts.deployments.error = None;
            None
        }
        Err(problem) => {
            let kind = problem.kind;
            p.facts.deployments.error = Some(problem);
            Some(kind)
        }
    };
    rebuild(p);
    failure
}

/// Puts the published rows together from what is known, newest first.
pub fn rebuild(p: &mut Picture) {
    if p.facts.services.value.is_none() {
        return;
    }
    let mut rows: Vec<Deployment> = Vec::new();
    for service in p.services.values() {
        let from_service = of_rollouts(service);
        match p.details.get(&service.id) {
            Some(detail) if tells_more(detail, &from_service) => {
                let live = detail.iter().map(|d| with_counts(d.clone(), service));
                rows.extend(live);
            }
            _ => rows.extend(from_service),
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
    let part = &mut p.facts.deployments;
    let same = part.value.as_ref().is_some_and(|old| {
        old.len() == rows.len() && old.iter().zip(&rows).all(|(a, b)| **a == *b)
    });
    if !same {
        part.value = Some(Arc::new(rows.into_iter().map(Arc::new).collect()));
    }
    part.observed_at = p.facts.services.observed_at;
    part.period = p.facts.services.period;
    if p.facts.services.error.is_some() {
        part.error.clone_from(&p.facts.services.error);
    }
    let detailed = p.details.values().any(|rows| !rows.is_empty());
    part.source = match detailed {
        true => "ecs:DescribeServices, ecs:DescribeServiceDeployments".into(),
        false => "ecs:DescribeServices".into(),
    };
}

/// A detail that was read before a new rollout began knows nothing of it.
fn tells_more(detail: &[Deployment], rollouts: &[Deployment]) -> bool {
    let newest = |rows: &[Deployment]| rows.iter().filter_map(|d| d.created_at).max();
    let moves = |rows: &[Deployment]| rows.iter().any(|d| d.state.is_running());
    !detail.is_empty() && (moves(detail) || !moves(rollouts) || newest(detail) >= newest(rollouts))
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
