//! The log store: for each group a ring of events.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::insights::Queries;

/// Text that a group keeps at most, in bytes; older events make room.
const BYTES: usize = 4 << 20;
/// Events that a group keeps at most.
const EVENTS: usize = 20_000;
/// What the vendor counts an event for, beside its text.
pub(super) const OVERHEAD: usize = 26;
/// Longest event that the vendor takes.
const LONGEST: usize = 1 << 20;
const DAY_MS: i64 = 86_400_000;

/// Place of an event: its time, then the order of arrival.
pub(super) type Place = (i64, u64);

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Event {
    /// In milliseconds since the epoch, as all times here.
    pub at: i64,
    pub arrival: u64,
    pub ingested: i64,
    pub stream: Arc<str>,
    pub message: String,
}

impl Event {
    pub fn place(&self) -> Place {
        (self.at, self.arrival)
    }

    /// The event's id: digits that sort like its place.
    pub fn id(&self) -> String {
        format!(
            "{:056}",
            (u128::from(self.at.unsigned_abs()) << 64) | u128::from(self.arrival)
        )
    }
}

#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub created: i64,
    pub first: Option<i64>,
    pub last: Option<i64>,
    pub last_ingested: Option<i64>,
    name: Arc<str>,
}

#[derive(Clone, Debug)]
pub(super) struct Group {
    pub arn: String,
    pub created: i64,
    pub retention_days: Option<u32>,
    pub stored_bytes: u64,
    pub tags: BTreeMap<String, String>,
    pub streams: BTreeMap<String, Stream>,
    /// By place.
    pub events: VecDeque<Event>,
    bytes: usize,
}

impl Group {
    fn make_room(&mut self) {
        while self.bytes > BYTES || self.events.len() > EVENTS {
            let Some(oldest) = self.events.pop_front() else {
                break;
            };
            self.bytes = self.bytes.saturating_sub(oldest.message.len() + OVERHEAD);
        }
    }

    /// Events with `from <= time < until`.
    pub fn between(&self, from: i64, until: i64) -> impl DoubleEndedIterator<Item = &Event> {
        let first = self.events.partition_point(|e| e.at < from);
        let end = self.events.partition_point(|e| e.at < until).max(first);
        self.events.range(first..end)
    }
}

/// All log groups of an account in a region.
#[derive(Clone, Debug)]
pub struct LogStore {
    arn_prefix: String,
    pub(super) groups: BTreeMap<String, Group>,
    pub(super) queries: Queries,
    arrivals: u64,
}

impl LogStore {
    /// Of this region and account.
    pub fn new(region: &str, account: &str) -> Self {
        Self {
            arn_prefix: format!("arn:aws:logs:{region}:{account}:log-group:"),
            groups: BTreeMap::new(),
            queries: Queries::default(),
            arrivals: 0,
        }
    }

    /// Makes a group unless it is there; `None` keeps for ever.
    pub fn create_group(&mut self, name: &str, retention_days: Option<u32>, created_at_ms: i64) {
        let arn = format!("{}{name}", self.arn_prefix);
        self.groups.entry(name.to_owned()).or_insert_with(|| Group {
            arn,
            created: created_at_ms,
            retention_days,
            stored_bytes: 0,
            tags: BTreeMap::new(),
            streams: BTreeMap::new(),
            events: VecDeque::new(),
            bytes: 0,
        });
    }

    /// Makes a stream unless it is there; whether the group is.
    pub fn create_stream(&mut self, group: &str, stream: &str, created_at_ms: i64) -> bool {
        let Some(group) = self.groups.get_mut(group) else {
            return false;
        };
        group
            .streams
            .entry(stream.to_owned())
            .or_insert_with(|| Stream {
                created: created_at_ms,
                first: None,
                last: None,
                last_ingested: None,
                name: Arc::from(stream),
            });
        true
    }

    /// Adds an event, and its group and stream where they are not there yet. Memory of a group is bounded: the oldest
    /// events make room.
    pub fn append(&mut self, group: &str, stream: &str, at_ms: i64, message: impl Into<String>) {
        self.ingest(group, stream, at_ms, at_ms, message.into());
    }

    /// Adds an event that arrived at another time than it carries.
    pub(super) fn ingest(
        &mut self,
        group: &str,
        stream: &str,
        at: i64,
        ingested: i64,
        mut message: String,
    ) {
        if message.len() > LONGEST {
            let end = (0..=LONGEST).rev().find(|i| message.is_char_boundary(*i));
            message.truncate(end.unwrap_or(0));
        }
        if !self.groups.contains_key(group) {
            self.create_group(group, None, at);
        }
        self.create_stream(group, stream, at);
        self.arrivals += 1;
        let arrival = self.arrivals;
        let Some(group) = self.groups.get_mut(group) else {
            return;
        };
        let Some(stream) = group.streams.get_mut(stream) else {
            return;
        };
        stream.first = Some(stream.first.map_or(at, |t| t.min(at)));
        stream.last = Some(stream.last.map_or(at, |t| t.max(at)));
        stream.last_ingested = Some(ingested);
        let size = message.len() + OVERHEAD;
        group.stored_bytes += size as u64;
        group.bytes += size;
        let event = Event {
            at,
            arrival,
            ingested,
            stream: stream.name.clone(),
            message,
        };
        match group.events.back() {
            Some(newest) if newest.at > at => {
                let place = group.events.partition_point(|e| e.at <= at);
                group.events.insert(place, event);
            }
            _ => group.events.push_back(event),
        }
        group.make_room();
    }

    /// Forgets what is older than its group's retention.
    pub(super) fn expire(&mut self, now_ms: i64) {
        for group in self.groups.values_mut() {
            let Some(days) = group.retention_days else {
                continue;
            };
            let oldest = now_ms - i64::from(days) * DAY_MS;
            while group.events.front().is_some_and(|e| e.at < oldest) {
                if let Some(gone) = group.events.pop_front() {
                    let size = gone.message.len() + OVERHEAD;
                    group.bytes = group.bytes.saturating_sub(size);
                    group.stored_bytes = group.stored_bytes.saturating_sub(size as u64);
                }
            }
        }
    }

    /// The name of a group that is named by itself or by its ARN (with `:*` or without).
    pub(super) fn group_name<'a>(&self, identifier: &'a str) -> &'a str {
        let short = identifier.strip_prefix(&self.arn_prefix);
        short.map_or(identifier, |n| n.strip_suffix(":*").unwrap_or(n))
    }

    /// How many groups there are.
    pub fn group_count(&self) -> usize {
        self.groups.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded_by_bytes_and_by_events() {
        let mut logs = LogStore::new("r", "1");
        for i in 0..200 {
            logs.append("g", "s", i, "x".repeat(100_000));
        }
        assert!(logs.groups["g"].bytes <= BYTES);
        for i in 0..30_000 {
            logs.append("h", "s", i, "");
        }
        assert_eq!(logs.groups["h"].events.len(), EVENTS);
    }

    #[test]
    fn late_events_take_their_place() {
        let mut logs = LogStore::new("r", "1");
        for at in [3, 1, 2, 1] {
            logs.append("g", "s", at, at.to_string());
        }
        let all: Vec<_> = logs.groups["g"].events.iter().map(Event::place).collect();
        assert_eq!(all, [(1, 2), (1, 4), (2, 3), (3, 1)]);
    }

    #[test]
    fn what_is_older_than_the_retention_goes() {
        let mut logs = LogStore::new("r", "1");
        logs.create_group("g", Some(1), 0);
        logs.append("g", "s", 0, "old");
        logs.append("g", "s", DAY_MS, "new");
        logs.expire(DAY_MS + 1);
        assert_eq!(logs.groups["g"].events.len(), 1);
    }
}
