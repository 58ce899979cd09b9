//! Tasks and past revisions of a service that somebody looks at.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;

use crate::backend::Backend;
use crate::backend::aws::ecs;
use crate::domain::interest::Interest;
use crate::domain::part::Part;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::service::{ServiceId, TaskDefinition};
use crate::watch::picture::Picture;

/// Past revisions shown.
const REVISIONS: usize = 20;
/// Things looked at earlier that stay in the picture, so that coming back shows the last values with their age.
const REMEMBERED: usize = 8;

/// Makes room in the picture for what is looked at now.
pub fn open(p: &mut Picture) {
    super::failures::open(p);
    let mut tasks = Vec::new();
    let mut revisions = Vec::new();
    let mut histories = Vec::new();
    for interest in p.interests.iter() {
        match interest {
            Interest::Tasks(id) => tasks.push(id.clone()),
            Interest::Revisions(id) => revisions.push(id.clone()),
            Interest::AlarmHistory(name) => histories.push(name.clone()),
            _ => {}
        }
    }
    let facts = &mut p.facts;
    let source = "cloudwatch:DescribeAlarmHistory";
    open_parts(
        &mut facts.alarm_history,
        &p.needs.alarm_histories,
        source,
        300,
    );
    open_parts(&mut facts.alarm_history, &histories, source, 30);
    for (name, part) in &mut facts.alarm_history {
        let seconds = if histories.contains(name) { 30 } else { 300 };
        part.period = Duration::from_secs(seconds);
    }
    open_parts(&mut facts.tasks, &tasks, "ecs:DescribeTasks", 8);
    open_parts(
        &mut facts.revisions,
        &revisions,
        "ecs:DescribeTaskDefinition",
        60,
    );
}

fn open_parts<K: Ord + Clone, T>(
    parts: &mut BTreeMap<K, Part<T>>,
    wanted: &[K],
    source: &str,
    seconds: u64,
) {
    if parts.len() > REMEMBERED {
        parts.retain(|key, _| wanted.contains(key));
    }
    for key in wanted {
        parts
            .entry(key.clone())
            .or_insert_with(|| Part::never(source, Duration::from_secs(seconds)));
    }
}

/// Tasks of a service.
#[derive(Debug)]
pub struct Tasks {
    service: ServiceId,
    tasks: Result<ecs::Tasks, Problem>,
}

/// Asks for tasks.
pub async fn ask(backend: &Backend, service: ServiceId) -> Tasks {
    let tasks = backend.ecs.tasks(&service).await;
    Tasks { service, tasks }
}

/// Joins tasks.
pub fn take(p: &mut Picture, answer: Tasks, at: Timestamp) -> Option<ProblemKind> {
    let failure = answer.tasks.as_ref().err().map(|e| e.kind);
    if let Some(part) = p.facts.tasks.get_mut(&answer.service) {
        let (tasks, missing) = match answer.tasks {
            Ok(told) => {
                part.cut = told.cut;
                (Ok(told.found), told.missing)
            }
            Err(p) => (Err(p), None),
        };
        part.take(tasks.map(Arc::new), at);
        part.error = part.error.take().or(missing);
    }
    failure
}

/// Past revisions of a service.
#[derive(Debug)]
pub struct Revisions {
    service: ServiceId,
    revisions: Result<Vec<Arc<TaskDefinition>>, Problem>,
}

/// The family of a service and the definitions that need not be read again.
#[derive(Debug)]
pub struct Family {
    service: ServiceId,
    /// `None` while the service itself is not known: then it is asked first.
    name: Option<String>,
    known: BTreeMap<String, Arc<TaskDefinition>>,
}

/// What a question for revisions starts from.
pub fn family(p: &Picture, service: &ServiceId) -> Family {
    let earlier = p
        .facts
        .revisions
        .get(service)
        .and_then(|part| part.value.as_ref());
    let earlier = earlier.into_iter().flat_map(|rows| rows.iter());
    let in_use = p
        .facts
        .task_definitions
        .value
        .iter()
        .flat_map(|m| m.values());
    Family {
        service: service.clone(),
        name: p.services.get(service).map(|s| s.revision.family.clone()),
        known: earlier
            .chain(in_use)
            .map(|d| (d.revision.arn.clone(), d.clone()))
            .collect(),
    }
}

/// Asks for revisions, newest first; those read before are not read again.
pub async fn ask_revisions(backend: &Backend, family: Family) -> Revisions {
    let service = family.service.clone();
    let revisions = read_revisions(backend, family).await;
    Revisions { service, revisions }
}

async fn read_revisions(
    backend: &Backend,
    family: Family,
) -> Result<Vec<Arc<TaskDefinition>>, Problem> {
    let name = match family.name {
        Some(name) => name,
        None => backend.ecs.service(&family.service).await?.revision.family,
    };
    let arns = backend.ecs.revision_arns(&name, REVISIONS).await?;
    let known = &family.known;
    stream::iter(arns)
        .map(|arn| async move {
            match known.get(&arn) {
                Some(definition) => Ok(definition.clone()),
                None => backend.ecs.task_definition(&arn).await.map(Arc::new),
            }
        })
        .buffered(4)
        .try_collect()
        .await
}

/// Joins revisions.
pub fn take_revisions(p: &mut Picture, answer: Revisions, at: Timestamp) -> Option<ProblemKind> {
    let failure = answer.revisions.as_ref().err().map(|e| e.kind);
    if let Some(part) = p.facts.revisions.get_mut(&answer.service) {
        part.take(answer.revisions.map(Arc::new), at);
    }
    failure
}
