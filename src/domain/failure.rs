//! Why a rollout failed: the tasks that it started and lost, what they ended with, and what they said last.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::deployment::Deployment;
use super::log::{Level, LogLine};
use super::order::Ordered;
use super::service::{Revision, ServiceId, Task};

/// ECS tells of stopped tasks for about an hour.
pub const TOLD_FOR: SignedDuration = SignedDuration::from_hours(1);
/// Tasks that are looked at: they mostly die of one thing.
const TASKS: usize = 3;
/// Lines of each.
const LINES: usize = 3;
/// The vendor's clock need not be ours.
const APART: SignedDuration = SignedDuration::from_secs(5);

/// Its last tasks are listed, and their lines come in, so long after it ended.
const SETTLES: SignedDuration = SignedDuration::from_mins(1);

/// Whether what was asked then about a deployment that ended then is all that will be told of it.
pub fn is_settled(ended: Option<Timestamp>, asked: Timestamp) -> bool {
    ended.is_some_and(|at| asked.duration_since(at) >= SETTLES)
}

/// Which rollout is asked about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FailureAsk {
    /// Of which service.
    pub service: ServiceId,
    /// The deployment's id, by which the answer is kept.
    pub deployment: String,
    /// What it brought.
    pub revision: Revision,
    /// When it began (UTC).
    pub from: Timestamp,
    /// When it ended, if it has (UTC).
    pub until: Option<Timestamp>,
}

impl FailureAsk {
    /// For a deployment that went otherwise than asked, while ECS tells of its tasks.
    pub fn of(d: &Deployment, now: Timestamp) -> Option<Self> {
        let is_told = d
            .finished_at
            .is_none_or(|at| now.duration_since(at) < TOLD_FOR);
        if !d.state.is_bad() || !is_told {
            return None;
        }
        Some(Self {
            service: d.service.clone(),
            deployment: d.id.clone(),
            revision: d.to.as_ref()?.revision.clone(),
            from: d.started_at.or(d.created_at)?,
            until: d.finished_at,
        })
    }

    /// The tasks that it started and that have stopped: those that ended by themselves first, then the newest.
    pub fn tasks<'a>(&self, all: &'a [Task]) -> Vec<&'a Task> {
        let since = self.from.saturating_sub(APART).unwrap_or(self.from);
        let until = self.until.and_then(|at| at.saturating_add(APART).ok());
        let is_its = |t: &&Task| {
            let revision = t.revision.as_ref();
            let same = revision.is_some_and(|r| {
                (&r.family, r.number) == (&self.revision.family, self.revision.number)
            });
            let began = t
                .created_at
                .is_none_or(|at| at >= since && until.is_none_or(|u| at <= u));
            same && began && (t.stopped_at.is_some() || t.stopped_reason.is_some())
        };
        let mut tasks: Vec<&Task> = all.iter().filter(is_its).collect();
        let scaled = |t: &&Task| t.was_scaled_away();
        tasks.order_by_key(|t| (scaled(t), std::cmp::Reverse(t.stopped_at)));
        tasks.truncate(TASKS);
        tasks
    }
}

/// A task that did not stay.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FailedTask {
    /// Its id.
    pub id: String,
    /// When it stopped (UTC).
    pub stopped_at: Option<Timestamp>,
    /// Why, in ECS's words.
    pub reason: String,
    /// What its containers ended with: `api exit 137, OutOfMemoryError`.
    pub exits: Vec<String>,
    /// What it said last, errors before anything else; oldest first.
    pub lines: Vec<LogLine>,
    /// Why its log could not be read, if so.
    pub unread: Option<String>,
}

impl FailedTask {
    /// Of a stopped task, without its log.
    pub fn of(task: &Task) -> Self {
        let exits = task.containers.iter().filter_map(|c| {
            let code = c.exit_code.map(|code| format!("exit {code}"));
            let said: Vec<String> = code.into_iter().chain(c.reason.clone()).collect();
            (!said.is_empty()).then(|| format!("{} {}", c.name, said.join(", ")))
        });
        Self {
            id: task.id.clone(),
            stopped_at: task.stopped_at,
            reason: task.stopped_reason.clone().unwrap_or_default(),
            exits: exits.collect(),
            lines: Vec::new(),
            unread: None,
        }
    }

    /// What became of it, in a line.
    pub fn words(&self) -> String {
        let reason = match self.reason.trim() {
            "" => "stopped, no reason is given",
            reason => reason,
        };
        let exits = self.exits.iter().map(String::as_str);
        let said: Vec<&str> = std::iter::once(reason).chain(exits).collect();
        let id = self.id.get(..8).unwrap_or(&self.id);
        format!("task {id}: {}", said.join("; "))
    }
}

/// What is known of why a rollout failed.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Failure {
    /// Its failed tasks, a few at most; none where ECS lists none any more.
    pub tasks: Vec<FailedTask>,
}

/// Whether what came before these lines changes nothing of what they tell. `lines`: oldest first, to the end.
pub fn is_told(lines: &[LogLine]) -> bool {
    let mut errors: Vec<&[String]> = Vec::new();
    for line in lines.iter().rev().filter(|l| is_error(l)) {
        if !errors.contains(&line.message.as_slice()) {
            errors.push(&line.message);
        }
        if errors.len() == LINES {
            return true;
        }
    }
    false
}

fn is_error(line: &LogLine) -> bool {
    line.level.is_some_and(|level| level >= Level::Error)
}

/// The lines that tell most of why a task ended: the last of its errors, each once, else the last that it said at all. `lines`: oldest
/// first.
pub fn telling(lines: Vec<LogLine>) -> Vec<LogLine> {
    let errors = lines.iter().any(is_error);
    let mut told: Vec<LogLine> = Vec::new();
    for line in lines.into_iter().rev().filter(|l| !errors || is_error(l)) {
        if told.len() == LINES {
            break;
        }
        if !told.iter().any(|t| t.message == line.message) {
            told.push(line);
        }
    }
    told.reverse();
    // It is told to whoever deploys, and written into the logs of what runs that: other readers than those of the log.
    for line in &mut told {
        line.hide_secrets();
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::service::Container;

    fn second(n: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + n).unwrap()
    }

    fn task(id: &str, revision: u32, created: i64, reason: &str) -> Task {
        Task {
            arn: id.into(),
            id: id.into(),
            service: "api".into(),
            status: "STOPPED".into(),
            desired_status: "STOPPED".into(),
            health: "UNHEALTHY".into(),
            revision: Revision::parse(&format!("api:{revision}")),
            zone: "a".into(),
            cpu_units: None,
            memory_mib: None,
            ip: None,
            created_at: Some(second(created)),
            started_at: None,
            stopped_at: (!reason.is_empty()).then(|| second(created + 30)),
            stopped_reason: (!reason.is_empty()).then(|| reason.to_owned()),
            containers: vec![Container {
                name: "api".into(),
                image: String::new(),
                digest: None,
                status: "STOPPED".into(),
                health: String::new(),
                exit_code: Some(137),
                reason: Some("OutOfMemoryError: killed".into()),
            }],
        }
    }

    #[test]
    fn the_tasks_of_a_rollout_are_those_of_its_revision_and_time_and_its_own_failures_come_first() {
        let ask = FailureAsk {
            service: ServiceId {
                cluster: "prod".into(),
                name: "api".into(),
            },
            deployment: "d".into(),
            revision: Revision::parse("api:7").unwrap(),
            from: second(100),
            until: Some(second(200)),
        };
        let all = [
            task("scaled", 7, 190, "Scaling activity initiated by deployment"),
            task("early", 7, 50, "Task failed"),
            task("later", 7, 300, "Task failed"),
            task("other", 6, 150, "Task failed"),
            task("runs", 7, 150, ""),
            task("first", 7, 100, "Task failed"),
            task("second", 7, 150, "Essential container in task exited"),
        ];
        let ids: Vec<&str> = ask.tasks(&all).iter().map(|t| t.id.as_str()).collect();
        assert_eq!(ids, ["second", "first", "scaled"]);
        assert_eq!(
            FailedTask::of(&all[6]).words(),
            "task second: Essential container in task exited; api exit 137, OutOfMemoryError: killed"
        );
    }

    #[test]
    fn errors_tell_most_each_once_and_else_what_was_said_last() {
        let line = |n: i64, level, text: &str| LogLine {
            id: n.to_string(),
            at: second(n),
            group: "g".into(),
            stream: "s".into(),
            level: Some(level),
            message: vec![text.into()],
            fields: Vec::new(),
            raw: String::new(),
        };
        let texts = |lines: Vec<LogLine>| -> Vec<String> {
            telling(lines)
                .into_iter()
                .map(|l| l.message.concat())
                .collect()
        };
        let mut lines: Vec<LogLine> = (0..9)
            .map(|n| line(n, Level::Info, &n.to_string()))
            .collect();
        assert_eq!(texts(lines.clone()), ["6", "7", "8"]);
        lines.insert(2, line(2, Level::Error, "no table"));
        lines.insert(4, line(4, Level::Fatal, "out"));
        lines.insert(6, line(6, Level::Error, "no table"));
        assert_eq!(texts(lines.clone()), ["out", "no table"]);
        // A third one may stand before them; once it is there, nothing more is to be read.
        assert!(!is_told(&lines));
        lines.insert(0, line(0, Level::Error, "no route"));
        assert!(is_told(&lines));
        let before = [vec![line(-1, Level::Error, "earlier")], lines.clone()].concat();
        assert_eq!(texts(before), texts(lines));
        let secret = line(0, Level::Error, "password=a!b refused");
        assert_eq!(texts(vec![secret]), ["password=[redacted] refused"]);
    }

    #[test]
    fn what_is_told_of_a_rollout_is_all_of_it_a_minute_after_it_ended() {
        assert!(!is_settled(None, second(900)), "it goes on");
        assert!(!is_settled(Some(second(0)), second(59)));
        assert!(is_settled(Some(second(0)), second(60)));
    }
}
