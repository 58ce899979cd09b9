//! Single streams of a log group: the end of one, and which of some there are.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_sdk_cloudwatchlogs::types as sdk;
use jiff::Timestamp;

use super::logs::{EVENTS, EVENTS_A_PAGE, LogQuestion, Logs};
use super::pages::Pages;
use super::sound::told;
use super::{Question, log_line};
use crate::domain::log::LogLine;
use crate::domain::problem::{Problem, ProblemKind};

const STREAM: Question = Question::new("logs", "GetLogEvents", "read the log");

/// Pages that are read of one stream.
const STREAM_PAGES: usize = 5;

/// A stream that did not exist is not asked for again so soon: a container may begin to write at any time, and most that have not by now
/// never do.
const ABSENT_FOR: Duration = Duration::from_secs(30);

/// Streams that did not exist, by group and name, and when that was seen.
#[derive(Debug, Default)]
pub(super) struct Absent(Mutex<HashMap<(String, String), Instant>>);

impl Absent {
    /// Those of some streams that are not known not to exist.
    pub(super) fn without(&self, group: &str, streams: &[String]) -> Vec<String> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_absent = |stream: &&String| {
            let at = seen.get(&(group.to_owned(), (*stream).clone()));
            at.is_some_and(|at| at.elapsed() < ABSENT_FOR)
        };
        let left = streams.iter().filter(|s| !is_absent(s));
        left.cloned().collect()
    }

    fn put(&self, group: &str, stream: &str) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|_, at| at.elapsed() < ABSENT_FOR);
        seen.insert((group.to_owned(), stream.to_owned()), Instant::now());
    }
}

/// Whether it is a stream that does not exist, and not its group.
pub(super) fn lacks_stream(problem: &Problem) -> bool {
    problem.kind == ProblemKind::NotFound && !problem.why.to_lowercase().contains("log group")
}

impl Logs {
    /// What one stream of a group holds between two times, the newest of it, oldest first (GetLogEvents): read backwards until `enough` of
    /// it was read, a few thousand lines at most. A stream that does not exist holds nothing.
    pub async fn end_of_stream(
        &self,
        group: &str,
        stream: &str,
        (from, until): (Timestamp, Timestamp),
        enough: impl Fn(&[LogLine]) -> bool,
    ) -> Result<Vec<LogLine>, Problem> {
        let mut lines: Vec<LogLine> = Vec::new();
        let mut pages = Pages::at_most(STREAM_PAGES);
        loop {
            let answer = self
                .aws
                .read(&self.line, STREAM, |c| {
                    c.logs
                        .get_log_events()
                        .log_group_name(group)
                        .log_stream_name(stream)
                        .start_time(from.as_millisecond())
                        .end_time(until.as_millisecond())
                        .start_from_head(false)
                        .limit(EVENTS_A_PAGE)
                        .set_next_token(pages.token())
                        .send()
                })
                .await;
            let page = match answer {
                Err(problem) if lacks_stream(&problem) => return Ok(lines),
                answer => answer?,
            };
            let told = told(&self.line, STREAM, "events", page.events)?;
            let mut earlier: Vec<LogLine> =
                told.into_iter().map(|e| line(group, stream, e)).collect();
            earlier.append(&mut lines);
            lines = earlier;
            // The beginning is reached where the token is the one that was sent.
            let sent = pages.token();
            let before = page
                .next_backward_token
                .filter(|t| Some(t) != sent.as_ref());
            if enough(&lines) || !pages.turn(lines.len(), before)? {
                return Ok(lines);
            }
        }
    }

    /// Those of some streams of a group that exist: FilterLogEvents refuses all where one does not.
    pub(super) async fn existing(
        &self,
        question: &LogQuestion,
        streams: &[String],
    ) -> Result<Vec<String>, Problem> {
        let mut found = Vec::new();
        for stream in streams {
            // One that was refused alone needs no further question.
            let answer = match streams {
                [_] => None,
                _ => Some(self.look(question, stream).await),
            };
            match answer {
                Some(Ok(())) => found.push(stream.clone()),
                Some(Err(problem)) if !lacks_stream(&problem) => return Err(problem),
                _ => self.absent.put(&question.group, stream),
            }
        }
        Ok(found)
    }

    async fn look(&self, question: &LogQuestion, stream: &str) -> Result<(), Problem> {
        let answer = self.aws.read(&self.line, EVENTS, |c| {
            c.logs
                .filter_log_events()
                .log_group_name(&question.group)
                .log_stream_names(stream)
                .start_time(question.from.as_millisecond())
                .set_end_time(question.until.map(Timestamp::as_millisecond))
                .limit(1)
                .send()
        });
        answer.await.map(|_| ())
    }
}

/// A line of a stream: the answer names neither the stream nor an id.
fn line(group: &str, stream: &str, event: sdk::OutputLogEvent) -> LogLine {
    let event = sdk::FilteredLogEvent::builder()
        .log_stream_name(stream)
        .set_timestamp(event.timestamp)
        .set_message(event.message);
    log_line::line(group, &event.build())
}
