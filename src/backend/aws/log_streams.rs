//! Single streams of a log group: the end of one, and which of some there are.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
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

/// A stream that did not exist is not asked for again so soon: a container may begin to write at any time.
const ABSENT_FOR: Duration = Duration::from_secs(4);

/// Most that have not by now never do: each time it is missing it is left out for twice as long, and so long at most.
const ABSENT_AT_MOST: Duration = Duration::from_secs(30);

/// After so long nobody reads on where it was left out.
const FORGOTTEN: Duration = Duration::from_secs(600);

/// Streams that did not exist, by group and name. While one is left out the reading of its group goes on with the others: what it holds by
/// the time that it exists is read from where it was missing first.
#[derive(Debug, Default)]
pub(super) struct Absent(Mutex<HashMap<(String, String), Missed>>);

/// That a stream did not exist.
#[derive(Clone, Copy, Debug)]
struct Missed {
    /// When that was seen.
    at: Instant,
    /// How long it is left out.
    wait: Duration,
    /// From when on it is still to be read (UTC): the vendor's time, as the group is read by it.
    from: Timestamp,
}

impl Absent {
    fn seen(&self) -> MutexGuard<'_, HashMap<(String, String), Missed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those of some streams that are not known not to exist. One that is left out now is to be read from `from` (UTC) on.
    pub(super) fn without(&self, group: &str, streams: &[String], from: Timestamp) -> Vec<String> {
        let mut seen = self.seen();
        let mut is_left_out = |stream: &String| {
            let missed = seen.get_mut(&(group.to_owned(), stream.clone()));
            let missed = missed.filter(|missed| missed.at.elapsed() < missed.wait);
            missed.is_some_and(|missed| {
                missed.from = missed.from.min(from);
                true
            })
        };
        let mut left = streams.to_vec();
        left.retain(|stream| !is_left_out(stream));
        left
    }

    /// From when on some streams are to be read (UTC), where all of them exist: `from`, or earlier where one of them was left out.
    pub(super) fn begin(&self, group: &str, streams: &[String], from: Timestamp) -> Timestamp {
        let seen = self.seen();
        let missed = streams
            .iter()
            .filter_map(|s| seen.get(&(group.to_owned(), s.clone())));
        // What was missing that long ago is read like any other stream: from where it is asked for.
        let missed = missed.filter(|missed| missed.at.elapsed() < FORGOTTEN);
        missed.map(|missed| missed.from).fold(from, Timestamp::min)
    }

    /// That a stream did not exist when its group was read from `from` (UTC) on: what it holds later was written later.
    fn put(&self, group: &str, stream: &str, from: Timestamp) {
        let mut seen = self.seen();
        seen.retain(|_, missed| missed.at.elapsed() < FORGOTTEN);
        let place = (group.to_owned(), stream.to_owned());
        let again = |missed: &Missed| (missed.wait * 2).min(ABSENT_AT_MOST);
        let wait = seen.get(&place).map_or(ABSENT_FOR, again);
        let at = Instant::now();
        seen.insert(place, Missed { at, wait, from });
    }

    /// That streams were read from where they were missing first.
    pub(super) fn found(&self, group: &str, streams: &[String]) {
        let mut seen = self.seen();
        for stream in streams {
            seen.remove(&(group.to_owned(), stream.clone()));
        }
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
                _ => self.absent.put(&question.group, stream, question.from),
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
