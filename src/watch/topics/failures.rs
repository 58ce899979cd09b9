//! Why a rollout failed: asked for each that somebody looks at, until what is told of it does not change any more.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::backend::Backend;
use crate::backend::transport::errand::errand;
use crate::domain::failure::{FailedTask, Failure, FailureAsk, is_settled, is_told, telling};
use crate::domain::interest::Interest;
use crate::domain::log::LogLine;
use crate::domain::part::Part;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::service::{ContainerSpec, Task, TaskDefinition};
use crate::watch::picture::Picture;
use crate::watch::topic::{Topic, Wanted};

/// It does not change any more; where it could not be read, its failure says when it is tried again.
const AGAIN: Duration = Duration::from_secs(3_600);
/// While it goes back, or has only just ended: its tasks stop, and their lines come in.
const SOON: Duration = Duration::from_secs(15);
/// It ended a while ago, and no task of it is listed.
const LATER: Duration = Duration::from_secs(60);
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
        let never = || Part::never("ecs:DescribeTasks, logs:GetLogEvents", AGAIN);
        parts.entry(id).or_insert_with(never);
    }
}

/// The question, where it was not answered for good.
pub fn wanted(p: &Picture, ask: &FailureAsk) -> Option<Wanted> {
    let known = p.facts.failures.get(&ask.deployment);
    let told = known.and_then(|part| Some((part.value.as_ref()?, part.observed_at?)));
    let period = match told {
        None => AGAIN,
        Some((_, asked)) if !is_settled(ask.until, asked) => SOON,
        Some((failure, _)) if failure.tasks.is_empty() => LATER,
        Some(_) => return None,
    };
    Some(Wanted {
        period,
        ..Wanted::every(Topic::Failure(ask.clone()), 0)
    })
}

/// An answer.
#[derive(Debug)]
pub struct Told {
    deployment: String,
    /// When it was asked (UTC).
    asked: Timestamp,
    failure: Result<Failure, Problem>,
}

/// What was read before, and need not be again.
#[derive(Debug, Default)]
pub struct Known {
    /// The definition of the revision.
    definition: Option<Arc<TaskDefinition>>,
    /// What was told of it last, and when that was asked (UTC).
    told: Option<(Arc<Failure>, Timestamp)>,
}

impl Known {
    /// A task with what it said, where that is all it will have said: its lines had come in, and all of them were read.
    fn settled(&self, task: &Task) -> Option<FailedTask> {
        let (told, asked) = self.told.as_ref()?;
        let known = told.tasks.iter().find(|t| t.id == task.id)?;
        let is_all = known.unread.is_none() && is_settled(task.stopped_at, *asked);
        is_all.then(|| FailedTask {
            lines: known.lines.clone(),
            ..FailedTask::of(task)
        })
    }
}

/// What was read before of a rollout.
pub fn known(p: &Picture, ask: &FailureAsk) -> Known {
    let definitions = p.facts.task_definitions.value.as_ref();
    let told = p.facts.failures.get(&ask.deployment);
    Known {
        definition: definitions.and_then(|all| all.get(&ask.revision.arn).cloned()),
        told: told.and_then(|part| Some((part.value.clone()?, part.observed_at?))),
    }
}

/// Asks for the tasks and for the ends of their logs. A person waits for it.
pub async fn ask(backend: &Backend, ask: FailureAsk, known: Known) -> Told {
    let asked = Timestamp::now();
    let failure = errand(Box::pin(read(backend, &ask, known))).await;
    Told {
        deployment: ask.deployment,
        asked,
        failure,
    }
}

async fn read(backend: &Backend, ask: &FailureAsk, known: Known) -> Result<Failure, Problem> {
    let all = backend.ecs.tasks(&ask.service).await?.found;
    let tasks = ask.tasks(&all);
    if tasks.is_empty() {
        return Ok(Failure::default());
    }
    let mut definition = known.definition.clone().map(Ok);
    let mut failure = Failure::default();
    for task in tasks {
        if let Some(told) = known.settled(task) {
            failure.tasks.push(told);
            continue;
        }
        let mut told = FailedTask::of(task);
        let read = match definition.take() {
            Some(known) => known,
            None => {
                let asked = backend.ecs.task_definition(&ask.revision.arn);
                asked.await.map(Arc::new)
            }
        };
        match &read {
            Ok(definition) => {
                let said = said(backend, task, definition).await;
                told.lines = telling(said.lines);
                told.unread = (!said.unread.is_empty()).then(|| said.unread.join("; "));
            }
            Err(p) => told.unread = Some(p.why.clone()),
        }
        definition = Some(read);
        failure.tasks.push(told);
    }
    Ok(failure)
}

/// What a task's containers said in its last minutes, oldest first, and what of it could not be read, and why.
#[derive(Debug, Default)]
struct Said {
    lines: Vec<LogLine>,
    unread: Vec<String>,
}

/// Where what a container says is found: its group and its stream, as the awslogs driver names them.
fn place<'a>(c: &'a ContainerSpec, task: &Task) -> Result<Option<(&'a str, String)>, String> {
    match (&c.log_group, &c.log_prefix) {
        (None, _) => Ok(None),
        (Some(group), Some(prefix)) => {
            Ok(Some((group, format!("{prefix}/{}/{}", c.name, task.id))))
        }
        (Some(_), None) => Err(format!(
            "{} has no awslogs-stream-prefix, by which its stream would be named",
            c.name
        )),
    }
}

async fn said(backend: &Backend, task: &Task, definition: &TaskDefinition) -> Said {
    let mut said = Said::default();
    let containers = &definition.containers;
    if containers.iter().all(|c| c.log_group.is_none()) {
        let none = "none of its containers logs to CloudWatch";
        said.unread.push(none.to_owned());
    }
    let Some(end) = task.stopped_at.or(task.created_at) else {
        said.unread.push("ECS does not tell when it ended".into());
        return said;
    };
    let (from, until) = (end.saturating_sub(BACK), end.saturating_add(AFTER));
    let span = (from.unwrap_or(end), until.unwrap_or(end));
    for c in containers {
        let (group, stream) = match place(c, task) {
            Ok(Some(place)) => place,
            Ok(None) => continue,
            Err(why) => {
                said.unread.push(why);
                continue;
            }
        };
        let logs = &backend.logs;
        match logs.end_of_stream(group, &stream, span, is_told).await {
            Ok(lines) => said.lines.extend(lines),
            // What the others said stays.
            Err(p) if containers.len() > 1 => said.unread.push(format!("{}: {}", c.name, p.why)),
            Err(p) => said.unread.push(p.why),
        }
    }
    said.lines.sort_by_key(|l| l.at);
    said
}

/// Joins.
pub fn take(p: &mut Picture, answer: Told, at: Timestamp) -> Option<ProblemKind> {
    let failure = answer.failure.as_ref().err().map(|e| e.kind);
    if let Some(part) = p.facts.failures.get_mut(&answer.deployment) {
        // What stopped while it was asked need not be in it.
        part.take(answer.failure.map(Arc::new), answer.asked.min(at));
    }
    failure
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::domain::service::{Revision, ServiceId};
    use crate::watch::wanted;

    fn second(n: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + n).unwrap()
    }

    fn ask(until: Option<Timestamp>) -> FailureAsk {
        FailureAsk {
            service: ServiceId {
                cluster: "prod".into(),
                name: "api".into(),
            },
            deployment: "d".into(),
            revision: Revision::parse("api:7").unwrap(),
            from: second(-600),
            until,
        }
    }

    fn task() -> FailedTask {
        FailedTask {
            id: "t".into(),
            stopped_at: Some(second(0)),
            reason: "Task failed container health checks".into(),
            exits: Vec::new(),
            lines: Vec::new(),
            unread: None,
        }
    }

    fn stopped_task(id: &str) -> Task {
        Task {
            arn: String::new(),
            id: id.into(),
            service: "api".into(),
            status: "STOPPED".into(),
            desired_status: "STOPPED".into(),
            health: String::new(),
            revision: None,
            zone: String::new(),
            cpu_units: None,
            memory_mib: None,
            ip: None,
            created_at: None,
            started_at: None,
            stopped_at: None,
            stopped_reason: None,
            containers: Vec::new(),
        }
    }

    /// Of a rollout that goes back, or has only just, not all is told; of one that ended a minute ago it is, unless nothing was.
    #[test]
    fn it_is_asked_for_where_somebody_looks_until_it_does_not_change_any_more() {
        let mut p = Picture::new(Arc::new(Config::default()));
        let asked = |p: &Picture| {
            let all = wanted::wanted(p).into_iter();
            let mut all = all.filter(|w| matches!(w.topic, Topic::Failure(_)));
            all.next().map(|w| w.period)
        };
        assert_eq!(asked(&p), None, "nobody looks");
        let look = |p: &mut Picture, ask: FailureAsk| {
            p.interests = Arc::new(vec![Interest::Failure(ask)]);
            open(p);
        };
        look(&mut p, ask(None));
        assert_eq!(asked(&p), Some(AGAIN));
        let tell = |p: &mut Picture, at: i64, tasks: Vec<FailedTask>| {
            let told = Told {
                deployment: "d".into(),
                asked: second(at),
                failure: Ok(Failure { tasks }),
            };
            take(p, told, second(at + 3));
        };
        tell(&mut p, 0, vec![task()]);
        assert_eq!(asked(&p), Some(SOON), "it goes back still");
        look(&mut p, ask(Some(second(20))));
        tell(&mut p, 79, vec![task()]);
        assert_eq!(asked(&p), Some(SOON), "it has only just ended");
        tell(&mut p, 80, vec![]);
        assert_eq!(asked(&p), Some(LATER), "no task of it is listed yet");
        tell(&mut p, 95, vec![task()]);
        assert_eq!(asked(&p), None, "it was told");
        p.interests = Arc::default();
        tell(&mut p, 95, vec![]);
        assert_eq!(asked(&p), None, "nobody looks any more");
    }

    /// A rollout goes back for minutes, and its tasks stopped one after the other.
    #[test]
    fn what_a_task_said_is_read_until_its_lines_have_come_in_and_not_again() {
        let of = |id: &str, stopped: i64| Task {
            stopped_at: Some(second(stopped)),
            stopped_reason: Some("Task failed container health checks".into()),
            ..stopped_task(id)
        };
        let mut p = Picture::new(Arc::new(Config::default()));
        p.interests = Arc::new(vec![Interest::Failure(ask(None))]);
        open(&mut p);
        assert!(known(&p, &ask(None)).settled(&of("first", 0)).is_none());
        let said = LogLine {
            id: "1".into(),
            at: second(-1),
            group: "/ecs/api".into(),
            stream: "api".into(),
            level: None,
            message: vec!["PRICING_TABLE is missing".into()],
            fields: Vec::new(),
            raw: String::new(),
        };
        let told = |id: &str, unread: Option<&str>| FailedTask {
            id: id.into(),
            lines: vec![said.clone()],
            unread: unread.map(Into::into),
            ..task()
        };
        let failure = Failure {
            tasks: vec![
                told("first", None),
                told("unread", Some("no answer")),
                told("last", None),
            ],
        };
        let answer = Told {
            deployment: "d".into(),
            asked: second(60),
            failure: Ok(failure),
        };
        take(&mut p, answer, second(63));
        let known = known(&p, &ask(None));
        let first = known.settled(&of("first", 0)).unwrap();
        assert_eq!(first.lines, [said]);
        assert_eq!(first.stopped_at, Some(second(0)));
        assert_eq!(known.settled(&of("unread", 0)), None, "it is tried again");
        assert_eq!(known.settled(&of("last", 1)), None, "lines may come in");
        assert_eq!(known.settled(&of("new", 0)), None);
        assert_eq!(
            known.settled(&stopped_task("first")),
            None,
            "when is not told"
        );
    }

    #[test]
    fn a_container_whose_stream_has_no_name_is_said() {
        let spec = |group: Option<&str>, prefix: Option<&str>| ContainerSpec {
            name: "api".into(),
            log_group: group.map(Into::into),
            log_prefix: prefix.map(Into::into),
            ..ContainerSpec::default()
        };
        let task = stopped_task("4f2c");
        let named = spec(Some("/ecs/api"), Some("ecs"));
        let expected = ("/ecs/api", "ecs/api/4f2c".to_owned());
        assert_eq!(place(&named, &task), Ok(Some(expected)));
        assert_eq!(place(&spec(None, None), &task), Ok(None));
        let why = place(&spec(Some("/ecs/api"), None), &task).unwrap_err();
        assert!(why.starts_with("api has no awslogs-stream-prefix"), "{why}");
    }
}
