//! State of the logs screen.

use std::sync::Arc;

use jiff::{Timestamp, ToSpan};

use super::aim::{Aim, Failed};
use super::groups::{Resolved, Source};
use super::view;
use crate::domain::facts::Facts;
use crate::domain::log::{Level, LogLine, LogRequest, LogTail};
use crate::ui::screens::Cx;
use crate::ui::widgets::ListState;

/// How far back a tail begins, seconds.
const BACK_S: i64 = 15 * 60;
/// What is read before and after the moment when something ended, seconds: the reason stands before it.
const BEFORE_S: i64 = 10 * 60;
const AFTER_S: i64 = 2 * 60;

/// Lines as the watch holds them.
pub(super) type Lines = Arc<[Arc<LogLine>]>;

/// The logs screen.
#[derive(Debug)]
pub struct Logs {
    pub(super) source: Source,
    pub(super) resolved: Resolved,
    /// The picture, and the source, that it was found out from: keys and ticks change neither.
    pub(super) resolved_of: Option<(u64, Source)>,
    /// CloudWatch filter pattern.
    pub(super) pattern: String,
    /// The time asked for; `None`: the newest lines, from a quarter of an hour before they were first asked for.
    pub(super) range: Option<(Timestamp, Option<Timestamp>)>,
    /// The line that is to be selected as soon as it is read, unless a person moves first.
    pub(super) aim: Option<Aim>,
    /// Where the tail began, so that the same tail stays the same question.
    pub(super) began: Option<Timestamp>,
    /// The lines shown while paused: nothing moves under the reader.
    pub(super) held: Option<Lines>,
    pub(super) wrap: bool,
    pub(super) fields: bool,
    pub(super) level: Option<Level>,
    pub(super) search: String,
    /// The search has changed: its nearest match is to be shown.
    pub(super) seek: bool,
    pub(super) visible: Vec<Arc<LogLine>>,
    /// Rows of `visible` that match the search.
    pub(super) matches: Vec<usize>,
    /// Lines that the minimum level hides.
    pub(super) hidden: usize,
    pub(super) list: ListState<String>,
    /// What `visible` and `matches` were made of: they are made anew only when it changes.
    pub(super) sifted: Option<(Lines, Option<Level>, String)>,
}

impl Default for Logs {
    fn default() -> Self {
        Self {
            source: Source::default(),
            resolved: Resolved::default(),
            resolved_of: None,
            pattern: String::new(),
            range: None,
            aim: None,
            began: None,
            held: None,
            wrap: false,
            fields: true,
            level: None,
            search: String::new(),
            seek: false,
            visible: Vec::new(),
            matches: Vec::new(),
            hidden: 0,
            list: ListState::default(),
            sifted: None,
        }
    }
}

impl Logs {
    /// What is asked of the watch; `None` where there is no group to read.
    pub(super) fn request(&self) -> Option<LogRequest> {
        if self.resolved.groups.is_empty() {
            return None;
        }
        let (from, until) = match self.range {
            Some((from, until)) => (from, until),
            None => (self.began?, None),
        };
        let streams = match &self.source {
            Source::Task { streams, .. } => streams.clone(),
            _ => Vec::new(),
        };
        Some(LogRequest {
            groups: self.resolved.groups.clone(),
            streams,
            pattern: self.pattern.clone(),
            from,
            until,
        })
    }

    /// The watch's answer to just this question.
    pub(super) fn tail<'a>(&self, facts: &'a Facts) -> Option<&'a LogTail> {
        let tail = facts.logs.value.as_ref()?;
        (tail.request.is_some() && tail.request == self.request()).then_some(tail)
    }

    /// Whether new lines may still come.
    pub(super) fn is_open(&self) -> bool {
        self.range.is_none_or(|(_, until)| until.is_none())
    }

    /// Whether the view goes with the newest line.
    pub(super) fn follows(&self) -> bool {
        self.held.is_none() && self.is_open()
    }

    /// Reads something else, or at another time: from its newest line, following.
    pub(super) fn restart(&mut self) {
        self.began = None;
        self.held = None;
        self.list.rewind();
    }

    /// Stops following: what is shown now stays.
    pub(super) fn pause(&mut self, cx: &Cx<'_>) {
        if self.follows() {
            self.held = self.tail(&cx.snapshot.facts).map(|t| t.lines.clone());
        }
    }

    /// Lines that came while paused; the flag says that there may be more, because the buffer has moved on past them.
    pub(super) fn news(&self, facts: &Facts) -> Option<(usize, bool)> {
        let (held, tail) = (self.held.as_ref()?, self.tail(facts)?);
        let Some(last) = held.last() else {
            return Some((tail.lines.len(), false));
        };
        let at = tail.lines.iter().rposition(|l| l.id == last.id);
        Some(at.map_or((tail.lines.len(), true), |i| {
            (tail.lines.len() - i - 1, false)
        }))
    }

    /// Takes a new picture.
    pub(super) fn arrange(&mut self, cx: &Cx<'_>) {
        let facts = &cx.snapshot.facts;
        // Under somebody who reads, nothing else is opened.
        let reads = self.held.is_some() && self.source == Source::Usual;
        let stays = reads && !self.resolved.groups.is_empty();
        let of = Some((facts.seq, self.source.clone()));
        if !stays && self.resolved_of != of {
            let resolved = self.source.resolve(facts, &self.resolved.groups);
            if resolved.groups != self.resolved.groups {
                self.restart();
            }
            self.resolved = resolved;
            self.resolved_of = of;
        }
        if self.began.is_none() && !self.resolved.groups.is_empty() {
            let second = (cx.now.as_second() - BACK_S).div_euclid(60) * 60;
            self.began = Timestamp::from_second(second).ok();
        }
        let lines = match &self.held {
            Some(held) => held.clone(),
            None => self
                .tail(facts)
                .map(|t| t.lines.clone())
                .unwrap_or_default(),
        };
        self.sift(lines);
        self.place(cx);
    }

    /// Keeps the lines of the minimum level, and finds those that match the search.
    fn sift(&mut self, lines: Lines) {
        let same = |(l, level, search): &(Lines, Option<Level>, String)| {
            Arc::ptr_eq(l, &lines) && *level == self.level && *search == self.search
        };
        if self.sifted.as_ref().is_some_and(same) {
            return;
        }
        let wanted = |l: &&Arc<LogLine>| self.level.is_none_or(|least| l.level >= Some(least));
        self.visible = lines.iter().filter(wanted).cloned().collect();
        self.hidden = lines.len() - self.visible.len();
        let needle = self.search.to_lowercase();
        self.matches = (0..self.visible.len())
            .filter(|i| !needle.is_empty() && self.matches_at(*i, &needle))
            .collect();
        self.sifted = Some((lines, self.level, self.search.clone()));
    }

    fn matches_at(&self, index: usize, needle: &str) -> bool {
        self.visible.get(index).is_some_and(|l| {
            l.message.iter().any(|m| m.to_lowercase().contains(needle))
                || l.group.to_lowercase().contains(needle)
                || l.level.is_some_and(|v| v.word().to_lowercase() == needle)
                || l.fields
                    .iter()
                    .any(|(k, v)| format!("{k}={v}").to_lowercase().contains(needle))
        })
    }

    /// Finds the selected line again, or follows the newest one.
    fn place(&mut self, cx: &Cx<'_>) {
        let height = view::list_height(cx);
        if self.follows()
            && let Some(last) = self.visible.last()
        {
            self.list.select(last.id.clone());
        }
        if let Some(aim) = &self.aim
            && !self.visible.is_empty()
        {
            if let Some(line) = aim.line(&self.visible) {
                self.list.select(line.id.clone());
            }
            if self.tail(&cx.snapshot.facts).is_some_and(|t| t.caught_up) {
                self.aim = None;
            }
        }
        let ids = self.visible.iter().map(|l| &l.id);
        self.list.settle(ids.clone(), height);
        if std::mem::take(&mut self.seek) {
            let here = self.list.index();
            let nearest = self.matches.iter().rev().find(|i| **i <= here);
            if let Some(i) = nearest.or(self.matches.first()).copied() {
                self.list.jump(i, ids);
            }
        }
    }

    /// The line that commands are about.
    pub(super) fn current(&self) -> Option<&Arc<LogLine>> {
        self.visible.get(self.list.index())
    }

    /// Goes to the next match below or above, round the ends.
    pub(super) fn find(&mut self, below: bool, cx: &Cx<'_>) {
        let here = self.list.index();
        let next = if below {
            let after = self.matches.iter().find(|i| **i > here);
            after.or(self.matches.first())
        } else {
            let before = self.matches.iter().rev().find(|i| **i < here);
            before.or(self.matches.last())
        };
        if let Some(i) = next.copied() {
            self.pause(cx);
            self.list.jump(i, self.visible.iter().map(|l| &l.id));
        }
    }

    /// The next minimum level; after the last one, all lines.
    pub(super) fn next_level(&mut self) {
        self.level = match self.level {
            None => Some(Level::Debug),
            Some(Level::Trace | Level::Debug) => Some(Level::Info),
            Some(Level::Info) => Some(Level::Warn),
            Some(Level::Warn) => Some(Level::Error),
            Some(Level::Error | Level::Fatal) => None,
        };
    }

    /// Shows the time around a moment when something ended, with the cursor on what was written last before `at`, or on the last error
    /// of what failed.
    pub(super) fn go_to_end(&mut self, ended: Timestamp, at: Timestamp, failed: Option<Failed>) {
        let from = ended.checked_sub(BEFORE_S.seconds()).unwrap_or(ended);
        self.jump_to(from, Some(BEFORE_S + AFTER_S));
        self.aim = Some(Aim { at, failed });
    }

    /// Shows a stretch of time; `None` for its length: from then on.
    pub(super) fn jump_to(&mut self, from: Timestamp, length_s: Option<i64>) {
        let until = length_s.and_then(|s| from.checked_add(s.seconds()).ok());
        self.restart();
        self.aim = None;
        self.range = Some((from, until));
    }
}
