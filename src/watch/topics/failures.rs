//! Why a rollout failed: asked once for each that somebody looks at.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::backend::Backend;
use crate::backend::transport::errand::errand;
use crate::domain::failure::{FailedTask, Failure, FailureAsk, telling};
use crate::domain::interest::Interest;
use crate::domain::log::LogLine;
use crate::domain::part::Part;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::service::{Task, TaskDefinition};
use crate::watch::picture::Picture;
use crate::watch::topic::{Topic, Wanted};

/// It does not change any more; where it could not be read, its failure says when it is tried again.
const AGAIN: Duration = Duration::from_secs(3_600);
/// Rollouts looked at earlier that stay in the picture.
const REMEMBERED: usize = 8;
/// What a task said before its end is looked for so far back.
const BACK: SignedDuration = SignedDuration::from_mins(5);
/// Lines may come in after the task has stopped.
const AFTER: SignedDuration = SignedDuration::from_mins(1);

/// Makes room in the picture for what is looked at now.
pub fn open(p: &mut Picture) {
    let asked = p.interests.iter().filter_map(|i| match i {
        Interest::Failure(ask) => Some(ask.deployment.clone()),
        _ => None,
    });
    let asked: Vec<String> = asked.collect();
    let parts = &mut p.facts.failures;
    if parts.len() > REMEMBERED {
        parts.retain(|id, _| asked.contains(id));
    }
    for id in asked {
        let never = || Part::never("ecs:DescribeTasks, logs:FilterLogEvents", AGAIN);
        parts.entry(id).or_insert_with(never);
    }
}

/// The question, where it was not answered yet.
pub fn wanted(p: &Picture, ask: &FailureAsk) -> Option<Wanted> {
    let known = p.facts.failures.get(&ask.deployment);
    let is_known = known.is_some_and(|part| part.value.is_some());
    let every = Wanted {
        period: AGAIN,
        ..Wanted::every(Topic::Failure(ask.clone()), 0)
    };
    (!is_known).then_some(every)
}

/// An answer.
#[derive(Debug)]
pub struct Told {
    deployment: String,
    failure: Result<Failure, Problem>,
}

/// The definition of the revision, where it was read before.
pub fn definition(p: &Picture, ask: &FailureAsk) -> Option<Arc<TaskDefinition>> {
    let known = p.facts.task_definitions.value.as_ref()?;
    known.get(&ask.revision.arn).cloned()
}

/// Asks for the tasks and for the ends of their logs. A person waits for it.
pub async fn ask(
    backend: &Backend,
    ask: FailureAsk,
    definition: Option<Arc<TaskDefinition>>,
) -> Told {
    let failure = errand(Box::pin(read(backend, &ask, definition))).await;
    Told {
        deployment: ask.deployment,
        failure,
    }
}

async fn read(
    backend: &Backend,
    ask: &FailureAsk,
    definition: Option<Arc<TaskDefinition>>,
) -> Result<Failure, Problem> {
    let all = backend.ecs.tasks(&ask.service).await?.found;
    let tasks = ask.tasks(&all);
    if tasks.is_empty() {
        return Ok(Failure::default());
    }
    let definition = match definition {
        Some(known) => Ok(known),
        None => backend
            .ecs
            .task_definition(&ask.revision.arn)
            .await
            .map(Arc::new),
    };
    let mut failure = Failure::default();
    for task in tasks {
        let mut told = FailedTask::of(task);
        match &definition {
            Ok(definition) => match said(backend, task, definition).await {
                Ok(lines) => told.lines = telling(lines),
                Err(p) => told.unread = Some(p.why),
            },
            Err(p) => told.unread = Some(p.why.clone()),
        }
        failure.tasks.push(told);
    }
    Ok(failure)
}

/// What a task's containers said in its last minutes, oldest first.
async fn said(
    backend: &Backend,
    task: &Task,
    definition: &TaskDefinition,
) -> Result<Vec<LogLine>, Problem> {
    let Some(end) = task.stopped_at.or(task.created_at) else {
        return Ok(Vec::new());
    };
    let (from, until) = (end.saturating_sub(BACK), end.saturating_add(AFTER));
    let (from, until) = (from.unwrap_or(end), until.unwrap_or(end));
    let mut lines = Vec::new();
    for c in &definition.containers {
        let (Some(group), Some(prefix)) = (&c.log_group, &c.log_prefix) else {
            continue;
        };
        // As the awslogs driver names them.
        let stream = format!("{prefix}/{}/{}", c.name, task.id);
        lines.extend(backend.logs.of_stream(group, &stream, from, until).await?);
    }
    lines.sort_by_key(|l| l.at);
    Ok(lines)
}

/// Joins.
pub fn take(p: &mut Picture, answer: Told, at: Timestamp) -> Option<ProblemKind> {
    let failure = answer.failure.as_ref().err().map(|e| e.kind);
    if let Some(part) = p.facts.failures.get_mut(&answer.deployment) {
        part.take(answer.failure.map(Arc::new), at);
    }
    failure
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::domain::service::{Revision, ServiceId};
    use crate::watch::wanted;

    #[test]
    fn it_is_asked_for_where_somebody_looks_and_once() {
        let ask = FailureAsk {
            service: ServiceId {
                cluster: "prod".into(),
                name: "api".into(),
            },
            deployment: "d".into(),
            revision: Revision::parse("api:7").unwrap(),
            from: Timestamp::UNIX_EPOCH,
            until: None,
        };
        let mut p = Picture::new(Arc::new(Config::default()));
        let asked = |p: &Picture| {
            let all = wanted::wanted(p).into_iter();
            all.filter(|w| matches!(w.topic, Topic::Failure(_))).count()
        };
        assert_eq!(asked(&p), 0, "nobody looks");
        p.interests = Arc::new(vec![Interest::Failure(ask.clone())]);
        open(&mut p);
        assert_eq!(asked(&p), 1);
        let told = Told {
            deployment: "d".into(),
            failure: Ok(Failure::default()),
        };
        take(&mut p, told, Timestamp::UNIX_EPOCH);
        assert_eq!(asked(&p), 0, "it was told");
    }
}
