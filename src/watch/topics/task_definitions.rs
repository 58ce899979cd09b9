//! Task definitions that services use. They never change, so each is read once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;

use super::deployments;
use crate::backend::Backend;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::service::TaskDefinition;
use crate::watch::picture::Picture;

/// Definitions read at once at the start; later ones come fewer at a time, to stay within the call budget.
const FIRST: usize = 60;
/// Definitions read at once later on.
const LATER: usize = 15;
/// Calls that run side by side.
const ABREAST: usize = 4;

/// ARNs that services use and that were never read: services looked at or deploying first.
pub fn missing(p: &Picture) -> Vec<String> {
    let known = p.facts.task_definitions.value.as_ref();
    let is_new = |arn: &str| known.is_none_or(|k| !k.contains_key(arn));
    let interest = p.of_interest();
    let mut first: BTreeSet<&str> = BTreeSet::new();
    let mut rest: BTreeSet<&str> = BTreeSet::new();
    for service in p.services.values() {
        let urgent = service.is_deploying() || interest.contains(&service.id);
        let set = if urgent { &mut first } else { &mut rest };
        let arns = service.rollouts.iter().map(|r| r.revision.arn.as_str());
        set.extend(
            arns.chain([service.revision.arn.as_str()])
                .filter(|a| is_new(a)),
        );
    }
    rest.retain(|arn| !first.contains(arn));
    first.into_iter().chain(rest).map(str::to_owned).collect()
}

/// Those to read now.
pub fn choose(p: &Picture) -> Vec<String> {
    let at_once = match p.facts.task_definitions.value {
        None => FIRST,
        Some(_) => LATER,
    };
    missing(p).into_iter().take(at_once).collect()
}

/// What was read, and the last failure.
#[derive(Debug)]
pub struct Read {
    found: Vec<(String, TaskDefinition)>,
    failure: Option<Problem>,
}

/// Reads definitions.
pub async fn ask(backend: &Backend, arns: Vec<String>) -> Read {
    let answers: Vec<(String, Result<TaskDefinition, Problem>)> = stream::iter(arns)
        .map(|arn| async move {
            let answer = backend.ecs.task_definition(&arn).await;
            (arn, answer)
        })
        .buffer_unordered(ABREAST)
        .collect()
        .await;
    let mut read = Read {
        found: Vec::new(),
        failure: None,
    };
    for (arn, answer) in answers {
        match answer {
            Ok(definition) => read.found.push((arn, definition)),
            Err(problem) => read.failure = Some(problem),
        }
    }
    read
}

/// Joins definitions; those of revisions that nothing uses any more are let go.
pub fn take(p: &mut Picture, answer: Read, at: Timestamp) -> Option<ProblemKind> {
    let mut known: BTreeMap<String, Arc<TaskDefinition>> = p
        .facts
        .task_definitions
        .value
        .as_deref()
        .cloned()
        .unwrap_or_default();
    known.extend(answer.found.into_iter().map(|(arn, d)| (arn, Arc::new(d))));
    let used: BTreeSet<&str> = p
        .services
        .values()
        .flat_map(|s| s.rollouts.iter().map(|r| &r.revision).chain([&s.revision]))
        .map(|r| r.arn.as_str())
        .collect();
    known.retain(|arn, _| used.contains(arn.as_str()));
    let failure = answer.failure.as_ref().map(|f| f.kind);
    let part = &mut p.facts.task_definitions;
    if failure.is_none() || !known.is_empty() {
        part.take(Ok(Arc::new(known)), at);
    }
    part.error = answer.failure;
    deployments::rebuild(p, at);
    failure
}
