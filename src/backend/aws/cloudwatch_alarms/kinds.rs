//! Kinds of alarms that not every endpoint knows, and what was learnt of the one in use.

use std::future::Future;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use aws_sdk_cloudwatch::types as sdk;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::backend::aws::cloudwatch::CloudWatch;
use crate::backend::aws::{Clients, Question};
use crate::domain::problem::{Problem, ProblemKind};

/// How long an endpoint is not asked again whether it knows log alarms: regions learn them one by one.
const AGAIN: Duration = Duration::from_secs(3_600);

/// Which kinds of alarms a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kinds {
    /// Every one: a kind that is not asked for is not told of (CloudWatch API reference, "DescribeAlarms", `AlarmTypes`).
    All,
    /// Those that every endpoint knows.
    Older,
}

impl Kinds {
    fn names(self) -> Vec<sdk::AlarmType> {
        let older = [sdk::AlarmType::MetricAlarm, sdk::AlarmType::CompositeAlarm];
        let newer = [sdk::AlarmType::LogAlarm];
        match self {
            Self::All => older.into_iter().chain(newer).collect(),
            Self::Older => older.to_vec(),
        }
    }
}

/// A question that was asked once: by clients of which load, and about which kinds.
struct Asked<T> {
    load: u32,
    kinds: Kinds,
    answer: Result<T, Problem>,
}

impl<T> Asked<T> {
    /// Why every kind together was refused.
    fn refusal(&self) -> Option<&Problem> {
        let refused =
            |p: &&Problem| matches!(p.kind, ProblemKind::Invalid | ProblemKind::Unsupported);
        let told = self.answer.as_ref().err().filter(refused);
        told.filter(|_| self.kinds == Kinds::All)
    }
}

/// What an answer tells of the endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lesson {
    /// It knows log alarms.
    KnowsLogs,
    /// It does not, and was asked by clients of this load.
    LacksLogs(u32),
}

/// That an endpoint knows no log alarms: of clients of which load, and when it said so.
#[derive(Debug, Default)]
pub(in crate::backend::aws) struct WithoutLogs(Mutex<Option<(u32, Instant)>>);

impl WithoutLogs {
    fn locked(&self) -> MutexGuard<'_, Option<(u32, Instant)>> {
        self.0.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Whether the answers of these clients lack them.
    fn is_of(&self, load: u32) -> bool {
        self.locked().is_some_and(|(of, _)| of == load)
    }

    /// Whether these clients need not be asked for them now.
    fn holds(&self, load: u32, now: Instant) -> bool {
        let recent = |at| now.saturating_duration_since(at) < AGAIN;
        self.locked()
            .is_some_and(|(of, at)| of == load && recent(at))
    }

    pub(super) fn heed(&self, lesson: Lesson, now: Instant) {
        *self.locked() = match lesson {
            Lesson::KnowsLogs => None,
            Lesson::LacksLogs(load) => Some((load, now)),
        };
    }
}

/// Whether a refusal is about the kinds of alarms: that is what names them.
fn is_of_kinds(p: &Problem) -> bool {
    let why = p.why.to_lowercase();
    why.contains("alarmtype") || why.contains("logalarm")
}

impl CloudWatch {
    /// Whether the endpoint in use knows no log alarms: there may be some, and nobody is told of them.
    pub fn lacks_log_alarms(&self) -> bool {
        self.without_logs.is_of(self.aws.made())
    }

    /// Asks once: about those kinds, or about the older ones where the endpoint is known to know no other.
    async fn ask<T, E, F>(
        &self,
        question: Question,
        kinds: Kinds,
        call: &impl Fn(&Clients, Vec<sdk::AlarmType>) -> F,
    ) -> Asked<T>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        let (mut load, mut asked) = (0, Kinds::Older);
        let answer = self
            .aws
            .read(&self.line, question, |c| {
                load = c.load;
                asked = match self.without_logs.holds(load, Instant::now()) {
                    true => Kinds::Older,
                    false => kinds,
                };
                call(c, asked.names())
            })
            .await;
        Asked {
            load,
            kinds: asked,
            answer,
        }
    }

    /// Asks about every kind of alarm. Regions, partitions and private endpoints that do not know the newest kind refuse the whole
    /// question for that word: they are asked once more about the others, and so from then on for an hour, or until clients are made
    /// anew. Comes with what is learnt by that, where anything is.
    pub(super) async fn of_kinds<T, E, F>(
        &self,
        question: Question,
        call: impl Fn(&Clients, Vec<sdk::AlarmType>) -> F,
    ) -> Result<(T, Option<Lesson>), Problem>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        let mut asked = self.ask(question, Kinds::All, &call).await;
        // A refusal that does not name the kinds may be about anything, and is believed when it comes twice.
        if asked.refusal().is_some_and(|p| !is_of_kinds(p)) {
            asked = self.ask(question, Kinds::All, &call).await;
        }
        if asked.refusal().is_some() {
            let older = self.ask(question, Kinds::Older, &call).await;
            // Where they are refused as well it was not the kind: that refusal stands.
            if let Ok(page) = older.answer {
                return Ok((page, Some(Lesson::LacksLogs(older.load))));
            }
        }
        let knows = asked.kinds == Kinds::All;
        let lesson = knows.then_some(Lesson::KnowsLogs);
        asked.answer.map(|page| (page, lesson))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Regions learn a new kind one by one, while the console runs.
    #[test]
    fn an_endpoint_without_alarms_of_logs_is_asked_for_them_every_hour() {
        let (without, now) = (WithoutLogs::default(), Instant::now());
        assert!(!without.is_of(1));
        without.heed(Lesson::LacksLogs(1), now);
        assert!(without.is_of(1) && without.holds(1, now));
        assert!(!without.is_of(2) && !without.holds(2, now));
        assert!(!without.holds(1, now + AGAIN));
        assert!(without.is_of(1), "what was read lacks them all the same");
        without.heed(Lesson::KnowsLogs, now);
        assert!(!without.is_of(1));
    }

    #[test]
    fn a_refusal_is_of_the_kinds_where_all_of_them_were_asked_for() {
        let asked = |kinds, kind| Asked::<()> {
            load: 1,
            kinds,
            answer: Err(Problem::new(kind, "cloudwatch", "what", "why", "fix")),
        };
        for kind in [ProblemKind::Invalid, ProblemKind::Unsupported] {
            assert!(asked(Kinds::All, kind).refusal().is_some());
            assert!(asked(Kinds::Older, kind).refusal().is_none());
        }
        let denied = asked(Kinds::All, ProblemKind::Denied);
        assert!(denied.refusal().is_none());
        let names = |kinds: Kinds| kinds.names().contains(&sdk::AlarmType::LogAlarm);
        assert!(names(Kinds::All) && !names(Kinds::Older));
    }
}
