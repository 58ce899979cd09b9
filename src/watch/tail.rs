//! The log looked at: a bounded buffer in the order of time, without repeats, that counts what it dropped.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::topic::{Topic, Wanted};
use super::wanted::stamp;
use crate::backend::aws::logs::Bookmark;
use crate::domain::log::{LogLine, LogRequest, LogTail, VISIBLE_AFTER};

/// Lines held.
const HELD: usize = 10_000;
/// Where few lines match, what is older than this is not read again either.
const SETTLED: SignedDuration = SignedDuration::from_secs(60);
/// Time between questions to all groups while lines come.
const BRISK_MS: u64 = 2_000;
/// And while none came for a while.
const CALM_MS: u64 = 5_000;
/// FilterLogEvents takes one group a call, and an account may make only some five calls a second.
const A_GROUP_MS: u64 = 500;

/// Where the reading of one group stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// From (UTC).
    pub from: Timestamp,
    /// Where it goes on, in the middle of a reading.
    pub token: Option<Bookmark>,
    /// Whether everything from `from` on has been read once.
    pub read: bool,
}

/// The tail.
#[derive(Debug, Default)]
pub struct Tail {
    request: Option<LogRequest>,
    cursors: BTreeMap<String, Cursor>,
    lines: BTreeMap<(Timestamp, String, String), Arc<LogLine>>,
    /// Ids of lines that were dropped but may come again within the overlap.
    dropped_ids: HashSet<(String, String)>,
    dropped: u64,
    quiet_rounds: u32,
    /// When each group was asked last (UTC).
    asked: BTreeMap<String, Timestamp>,
}

impl Tail {
    /// Turns to a request; another request begins anew.
    pub fn open(&mut self, request: &LogRequest) -> bool {
        if self.request.as_ref() == Some(request) {
            return false;
        }
        let begin = Cursor {
            from: request.from,
            token: None,
            read: false,
        };
        *self = Self {
            cursors: request
                .groups
                .iter()
                .map(|g| (g.clone(), begin.clone()))
                .collect(),
            request: Some(request.clone()),
            ..Self::default()
        };
        true
    }

    /// What is read at present.
    pub fn request(&self) -> Option<&LogRequest> {
        self.request.as_ref()
    }

    /// The groups to read now, with where to begin: those that are behind, else (while following) all.
    pub fn cursors(&self) -> Vec<(String, Cursor)> {
        let behind: Vec<_> = self
            .cursors
            .iter()
            .filter(|(_, c)| !c.read || c.token.is_some())
            .collect();
        let until = self.request.as_ref().and_then(|r| r.until);
        // Of a stretch that ends, a group that was read to its end has nothing more to say.
        let is_open = |group: &str| until.is_none_or(|until| !self.reaches_in(group, until));
        let chosen = if behind.is_empty() {
            self.cursors.iter().filter(|(g, _)| is_open(g)).collect()
        } else {
            behind
        };
        chosen
            .into_iter()
            .map(|(g, c)| (g.clone(), c.clone()))
            .collect()
    }

    /// Whether everything up to now was read.
    pub fn caught_up(&self) -> bool {
        self.cursors.values().all(|c| c.read && c.token.is_none())
    }

    /// Whether everything up to `until` was read: an answer of before that is none of what comes after it, and the last lines before
    /// it become visible later than they happened.
    fn reaches(&self, until: Timestamp) -> bool {
        let mut groups = self.cursors.keys();
        groups.all(|group| self.reaches_in(group, until))
    }

    fn reaches_in(&self, group: &str, until: Timestamp) -> bool {
        let until = until.saturating_add(VISIBLE_AFTER).unwrap_or(until);
        self.asked.get(group).is_some_and(|at| *at >= until)
    }

    /// How often to ask for a request: at once while behind, then in step with the log; never again for a search that is done.
    pub fn wanted(&self, request: &LogRequest) -> Option<Wanted> {
        let same = self.request.as_ref() == Some(request);
        let done = same && self.caught_up();
        if done && request.until.is_some_and(|until| self.reaches(until)) {
            return None;
        }
        let pace = if self.quiet_rounds > 5 {
            CALM_MS
        } else {
            BRISK_MS
        };
        let millis = if done {
            pace.max(A_GROUP_MS * request.groups.len() as u64)
        } else {
            250
        };
        Some(Wanted::every(Topic::Logs, millis).stamped(stamp(request)))
    }

    /// Time between questions, for the age on screen.
    pub fn period(&self) -> Duration {
        self.request
            .as_ref()
            .and_then(|r| self.wanted(r))
            .map_or(Duration::from_secs(3_600), |w| {
                w.period.max(Duration::from_millis(BRISK_MS))
            })
    }

    /// Takes what was read of a group; `asked` is when (UTC).
    pub fn take(
        &mut self,
        group: &str,
        lines: Vec<LogLine>,
        next: Option<Bookmark>,
        asked: Timestamp,
    ) {
        let mut newest: Option<Timestamp> = None;
        let mut fresh = 0u32;
        // A stream that came late is read from where it was missed, which another request may have been before this one.
        let begin = self.request.as_ref().map(|r| r.from.as_millisecond());
        let is_asked = |l: &LogLine| begin.is_none_or(|begin| l.at.as_millisecond() >= begin);
        for line in lines.into_iter().filter(is_asked) {
            newest = newest.max(Some(line.at));
            let gone = (line.group.clone(), line.id.clone());
            let key = (line.at, line.group.clone(), line.id.clone());
            if !self.dropped_ids.contains(&gone) && !self.lines.contains_key(&key) {
                self.lines.insert(key, Arc::new(line));
                fresh += 1;
            }
        }
        self.quiet_rounds = if fresh > 0 {
            0
        } else {
            self.quiet_rounds.saturating_add(1)
        };
        if let Some(cursor) = self.cursors.get_mut(group) {
            cursor.read |= next.is_none();
            if next.is_none() {
                let back = |at: Timestamp, by| at.saturating_sub(by).unwrap_or(at);
                let settled = back(asked, SETTLED);
                let seen = newest.map_or(settled, |at| back(at, VISIBLE_AFTER));
                let from = cursor.from.max(seen).max(settled);
                // A question that begins behind its end is refused.
                let until = self.request.as_ref().and_then(|r| r.until);
                cursor.from = until.map_or(from, |until| from.min(until));
            }
            cursor.token = next;
        }
        self.asked.insert(group.to_owned(), asked);
        self.drop_oldest();
    }

    fn drop_oldest(&mut self) {
        while self.lines.len() > HELD {
            if let Some(((_, group, id), _)) = self.lines.pop_first() {
                self.dropped += 1;
                if self.dropped_ids.len() > 2 * HELD {
                    self.dropped_ids.clear();
                }
                self.dropped_ids.insert((group, id));
            }
        }
    }

    /// What is published.
    pub fn picture(&self) -> LogTail {
        LogTail {
            request: self.request.clone(),
            lines: self.lines.values().cloned().collect(),
            dropped: self.dropped,
            caught_up: self.caught_up(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EARLY: Timestamp = Timestamp::UNIX_EPOCH;

    fn request(until: Option<Timestamp>) -> LogRequest {
        LogRequest {
            groups: vec!["a".into(), "b".into()],
            streams: Vec::new(),
            pattern: String::new(),
            from: Timestamp::UNIX_EPOCH,
            until,
        }
    }

    fn line(group: &str, second: i64, id: &str) -> LogLine {
        LogLine {
            id: id.into(),
            at: Timestamp::from_second(second).unwrap(),
            group: group.into(),
            stream: String::new(),
            level: None,
            message: vec![id.into()],
            fields: Vec::new(),
            raw: id.into(),
        }
    }

    fn ids(tail: &Tail) -> Vec<String> {
        tail.picture().lines.iter().map(|l| l.id.clone()).collect()
    }

    #[test]
    fn groups_are_merged_by_time_and_repeats_count_once() {
        let mut tail = Tail::default();
        tail.open(&request(None));
        tail.take(
            "a",
            vec![line("a", 100, "1"), line("a", 300, "3")],
            None,
            EARLY,
        );
        tail.take("b", vec![line("b", 200, "2")], None, EARLY);
        tail.take(
            "a",
            vec![line("a", 300, "3"), line("a", 295, "late")],
            None,
            EARLY,
        );
        assert_eq!(ids(&tail), ["1", "2", "late", "3"]);
        let from = |g: &str| {
            tail.cursors()
                .iter()
                .find(|c| c.0 == g)
                .unwrap()
                .1
                .from
                .as_second()
        };
        assert_eq!(
            (from("a"), from("b")),
            (290, 190),
            "the last seconds are read again"
        );
    }

    /// A stream that came late is read from where it was missed, with what is held already.
    #[test]
    fn lines_of_before_the_newest_are_taken_and_those_of_before_the_request_are_not() {
        let from = Timestamp::from_second(100).unwrap();
        let mut tail = Tail::default();
        tail.open(&LogRequest {
            from,
            ..request(None)
        });
        tail.take("a", vec![line("a", 300, "newest")], None, EARLY);
        let late = [(99, "before"), (100, "first"), (300, "newest")];
        let late = late.map(|(at, id)| line("a", at, id)).to_vec();
        tail.take("a", late, None, EARLY);
        assert_eq!(ids(&tail), ["first", "newest"]);
    }

    #[test]
    fn a_group_that_is_behind_is_read_on_before_all_are_read_again() {
        let mut tail = Tail::default();
        tail.open(&request(None));
        let more = Bookmark {
            token: "more".into(),
            streams: vec!["a/a/1".into()],
            from: EARLY,
        };
        tail.take("a", vec![line("a", 1, "1")], Some(more.clone()), EARLY);
        tail.take("b", vec![], None, EARLY);
        assert!(!tail.caught_up());
        let behind = tail.cursors();
        assert_eq!(behind.len(), 1);
        assert_eq!(behind[0].1.token, Some(more));
        assert!(tail.wanted(&request(None)).unwrap().period < Duration::from_secs(1));
        tail.take("a", vec![], None, EARLY);
        assert!(tail.caught_up());
    }

    #[test]
    fn the_buffer_is_bounded_and_says_what_it_dropped() {
        let mut tail = Tail::default();
        tail.open(&request(None));
        let many = (0..HELD as i64 + 5)
            .map(|s| line("a", s, &s.to_string()))
            .collect();
        tail.take("a", many, None, EARLY);
        let shown = tail.picture();
        assert_eq!((shown.lines.len(), shown.dropped), (HELD, 5));
        assert_eq!(shown.lines[0].id, "5", "the oldest go");
        tail.take("a", vec![line("a", 0, "0")], None, EARLY);
        assert_eq!(
            tail.picture().dropped,
            5,
            "a dropped line that comes again is not dropped again"
        );
    }

    #[test]
    fn a_search_ends_and_another_request_begins_anew() {
        let search = request(Some(EARLY));
        let mut tail = Tail::default();
        assert!(tail.open(&search));
        assert!(tail.wanted(&search).is_some());
        let later = EARLY + VISIBLE_AFTER;
        tail.take("a", vec![line("a", 1, "1")], None, later);
        tail.take("b", vec![], None, later);
        assert!(tail.wanted(&search).is_none(), "nothing more will come");
        assert!(!tail.open(&search));
        assert!(tail.open(&request(None)));
        assert!(ids(&tail).is_empty());
    }

    #[test]
    fn a_search_that_reaches_into_the_future_is_read_on_until_that_is_past() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let search = request(Some(at(1_000)));
        let mut tail = Tail::default();
        tail.open(&search);
        for (asked, done) in [
            (500, false),
            (999, false),
            // Its last lines may become visible yet.
            (1_000, false),
            (1_009, false),
            (1_010, true),
        ] {
            tail.take("a", vec![], None, at(asked));
            tail.take("b", vec![], None, at(asked));
            assert_eq!(tail.wanted(&search).is_none(), done, "{asked}");
        }
    }
}
