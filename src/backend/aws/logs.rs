//! Amazon CloudWatch Logs (API version 2014-03-28): groups, and events by filter.

use std::sync::Arc;

use aws_sdk_cloudwatchlogs::types as sdk;
use jiff::Timestamp;

use super::convert::{millis, some_text};
use super::log_streams::{Absent, lacks_stream};
use super::pages::Pages;
use super::sound::{NoCount, count, counted, told};
use super::{Aws, Question, log_line};
use crate::backend::transport::Line;
use crate::domain::log::{LogGroup, LogLine};
use crate::domain::order::Ordered;
use crate::domain::problem::Problem;

const GROUPS: Question = Question::new("logs", "DescribeLogGroups", "list the log groups");
pub(super) const EVENTS: Question = Question::new("logs", "FilterLogEvents", "read the log");

/// Events that FilterLogEvents returns at most in a page that we ask for.
pub(super) const EVENTS_A_PAGE: i32 = 1_000;

/// Pages that a sample is looked for in: a page may be empty although there are more.
const SAMPLE_PAGES: usize = 3;

/// The CloudWatch Logs client.
#[derive(Debug)]
pub struct Logs {
    pub(super) aws: Arc<Aws>,
    pub(super) line: Arc<Line>,
    pub(super) absent: Absent,
}

/// What to read of one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogQuestion {
    /// Group.
    pub group: String,
    /// Its streams by name; none: all.
    pub streams: Vec<String>,
    /// CloudWatch filter pattern; empty for all.
    pub pattern: String,
    /// From (UTC), inclusive.
    pub from: Timestamp,
    /// Until (UTC), exclusive; `None`: to the newest.
    pub until: Option<Timestamp>,
}

/// A part of a group's events.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogPage {
    /// In the order of the vendor, which is about that of time.
    pub lines: Vec<LogLine>,
    /// Where to go on; `None` once everything was read.
    pub next: Option<Bookmark>,
}

/// Where the reading of a group goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bookmark {
    /// The vendor's token.
    pub token: String,
    /// The streams that it was given for; none: all.
    pub streams: Vec<String>,
    /// From when on they are read (UTC).
    pub from: Timestamp,
}

impl Logs {
    /// On an account.
    pub fn new(aws: Arc<Aws>) -> Self {
        let line = aws.lines().logs.clone();
        let absent = Absent::default();
        Self { aws, line, absent }
    }

    /// Log groups by name, at most `cap` (DescribeLogGroups, 50 a page). The flag says whether there are more.
    pub async fn groups(&self, cap: usize) -> Result<(Vec<LogGroup>, bool), Problem> {
        let mut groups = Vec::new();
        // Those without a name are none, and take their time all the same.
        let mut rows = 0;
        let mut pages = Pages::default();
        let more = loop {
            let page = self
                .aws
                .read(&self.line, GROUPS, |c| {
                    c.logs
                        .describe_log_groups()
                        .limit(50)
                        .set_next_token(pages.token())
                        .send()
                })
                .await?;
            let told = told(&self.line, GROUPS, "logGroups", page.log_groups)?;
            rows += told.len();
            let read: Result<Vec<_>, _> = told.iter().filter_map(group).collect();
            groups.extend(counted(&self.line, GROUPS, read)?);
            if !pages.turn(rows, page.next_token)? {
                break groups.len() > cap;
            }
            if groups.len() >= cap {
                break true;
            }
        };
        groups.order_by(|a: &LogGroup, b| a.name.cmp(&b.name));
        groups.truncate(cap);
        Ok((groups, more))
    }

    /// A few lines of a group's last while, for looking at their shape: at most `lines`, from `from` on (FilterLogEvents).
    pub async fn sample(
        &self,
        group: &str,
        from: Timestamp,
        lines: usize,
    ) -> Result<Vec<LogLine>, Problem> {
        let mut sample = Vec::new();
        let mut pages = Pages::at_most(SAMPLE_PAGES);
        loop {
            let page = self
                .aws
                .read(&self.line, EVENTS, |c| {
                    c.logs
                        .filter_log_events()
                        .log_group_name(group)
                        .start_time(from.as_millisecond())
                        .limit(i32::try_from(lines).unwrap_or(EVENTS_A_PAGE))
                        .set_next_token(pages.token())
                        .send()
                })
                .await?;
            let told = told(&self.line, EVENTS, "events", page.events)?;
            sample.extend(told.iter().map(|e| log_line::line(group, e)));
            if !pages.turn(sample.len(), page.next_token)? || sample.len() >= lines {
                break;
            }
        }
        sample.truncate(lines);
        Ok(sample)
    }

    /// Reads on from a bookmark, at most `pages` pages (FilterLogEvents). A page may be empty although there are more. Streams that do not
    /// exist hold nothing; where one exists that did not before, all are read from where it was missed, which may be before `from` of the
    /// question: lines may come that came before.
    pub async fn read(
        &self,
        question: &LogQuestion,
        from: Option<Bookmark>,
        pages: usize,
    ) -> Result<LogPage, Problem> {
        let mut read = LogPage::default();
        let (group, absent) = (&question.group, &self.absent);
        let begin = |token| Pages::at_most(pages.max(1)).from(token);
        let (from, token, mut streams, mut since) = match from {
            Some(b) => (b.from, Some(b.token), b.streams, b.from),
            None => {
                let streams = absent.without(group, &question.streams, question.from);
                let since = absent.begin(group, &streams, question.from);
                (question.from, None, streams, since)
            }
        };
        let (mut pages, mut narrowed) = (begin(token), false);
        loop {
            if streams.is_empty() && !question.streams.is_empty() {
                return Ok(read);
            }
            let answer = self
                .aws
                .read(&self.line, EVENTS, |c| {
                    c.logs
                        .filter_log_events()
                        .log_group_name(&question.group)
                        .set_log_stream_names((!streams.is_empty()).then(|| streams.clone()))
                        .start_time(since.as_millisecond())
                        .set_end_time(question.until.map(Timestamp::as_millisecond))
                        .set_filter_pattern(
                            Some(question.pattern.clone()).filter(|p| !p.is_empty()),
                        )
                        .limit(EVENTS_A_PAGE)
                        .set_next_token(pages.token())
                        .send()
                })
                .await;
            let page = match answer {
                // A container that never wrote has no stream, and one that is not there has all refused.
                Err(p) if lacks_stream(&p) && !streams.is_empty() && !narrowed => {
                    streams = self.existing(question, &streams).await?;
                    since = absent.begin(group, &streams, from);
                    narrowed = true;
                    // A token goes with the streams that it was given for.
                    (read, pages) = (LogPage::default(), begin(None));
                    continue;
                }
                answer => answer?,
            };
            let told = told(&self.line, EVENTS, "events", page.events)?;
            let lines = told.iter().map(|e| log_line::line(group, e));
            let is_asked =
                |l: &LogLine| question.streams.is_empty() || question.streams.contains(&l.stream);
            read.lines.extend(lines.filter(is_asked));
            if !pages.turn(read.lines.len(), page.next_token)? {
                break;
            }
        }
        // Where it goes on, a bookmark says from when.
        absent.found(group, &streams);
        let token = pages.is_cut().then(|| pages.token()).flatten();
        read.next = token.map(|token| Bookmark {
            token,
            streams,
            from: since,
        });
        Ok(read)
    }
}

fn group(g: &sdk::LogGroup) -> Option<Result<LogGroup, NoCount>> {
    let name = some_text(g.log_group_name())?;
    let stored = count("storedBytes", &name, g.stored_bytes().unwrap_or(0));
    let days = g.retention_in_days();
    let days = days.map(|d| count("retentionInDays", &name, d)).transpose();
    let read = |stored_bytes, retention_days| LogGroup {
        name,
        retention_days,
        stored_bytes,
        created_at: millis(g.creation_time()),
    };
    Some(stored.and_then(|bytes| Ok(read(bytes, days?))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_without_retention_keeps_for_ever() {
        let g = sdk::LogGroup::builder().log_group_name("/ecs/api").build();
        let got = group(&g).unwrap().unwrap();
        assert_eq!((got.retention_days, got.stored_bytes), (None, 0));
        let g = sdk::LogGroup::builder().log_group_name("/ecs/api");
        assert!(group(&g.stored_bytes(-1).build()).unwrap().is_err());
    }
}
