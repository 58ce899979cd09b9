//! GetLogEvents.

use super::errors::{invalid, moment, no_group, no_stream, required};
use super::page;
use super::store::{Event, LogStore, OVERHEAD, Place};
use super::streams::named_group;
use crate::wire::{ApiError, Node, map};

/// Events, and bytes of text, that a page may hold.
pub(super) const EVENTS: usize = 10_000;
const BYTES: usize = 1 << 20;

/// Which way to go on.
enum From {
    Head,
    Tail,
    /// The events after a place: `f/...`.
    After(Place),
    /// The events before a place: `b/...`.
    Before(Place),
}

/// Answers GetLogEvents: events in the order of time, the newest ones unless `startFromHead`. A token stays the same once
/// the end is reached.
pub(super) fn answer(input: &Node, logs: &LogStore) -> Result<Node, ApiError> {
    let group = named_group(input, logs)?;
    let stream = required(input, "logStreamName")?;
    let group = logs.groups.get(group).ok_or_else(no_group)?;
    if !group.streams.contains_key(stream) {
        return Err(no_stream());
    }
    let limit = page::limit(input, EVENTS, EVENTS)?;
    let start = moment(input, "startTime")?.unwrap_or(0);
    let end = moment(input, "endTime")?.unwrap_or(i64::MAX);
    let from = from(input)?;
    let of_stream = group.between(start, end).filter(|e| &*e.stream == stream);
    let (mut page, _) = match &from {
        From::Head => fill(of_stream, limit),
        From::After(p) => fill(of_stream.filter(|e| e.place() > *p), limit),
        From::Tail => fill(of_stream.rev(), limit),
        From::Before(p) => fill(of_stream.rev().filter(|e| e.place() < *p), limit),
    };
    if matches!(from, From::Tail | From::Before(_)) {
        page.reverse();
    }
    let (backward, forward) = match (page.first(), page.last(), from) {
        (Some(first), Some(last), _) => (first.place(), last.place()),
        (_, _, From::After(p)) => ((p.0, p.1.saturating_add(1)), p),
        (_, _, From::Before(p)) => (p, (p.0, p.1.saturating_sub(1))),
        _ => ((start, 0), (start, 0)),
    };
    let events = page.into_iter().map(|e| {
        map([
            ("timestamp", Node::from(e.at)),
            ("message", (&e.message).into()),
            ("ingestionTime", e.ingested.into()),
        ])
    });
    Ok(map([
        ("events", Node::List(events.collect())),
        ("nextForwardToken", token('f', forward).into()),
        ("nextBackwardToken", token('b', backward).into()),
    ]))
}

/// As many events as a page holds, and whether there are more.
pub(super) fn fill<'a>(
    events: impl Iterator<Item = &'a Event>,
    limit: usize,
) -> (Vec<&'a Event>, bool) {
    let (mut page, mut bytes) = (Vec::new(), 0);
    for event in events {
        bytes += event.message.len() + OVERHEAD;
        if page.len() == limit || (bytes > BYTES && !page.is_empty()) {
            return (page, true);
        }
        page.push(event);
    }
    (page, false)
}

fn token(way: char, (at, arrival): Place) -> String {
    format!("{way}/{at:020}{arrival:020}")
}

fn from(input: &Node) -> Result<From, ApiError> {
    let Some(token) = input.get("nextToken").as_text() else {
        let head = input.get("startFromHead").as_bool().unwrap_or(false);
        return Ok(if head { From::Head } else { From::Tail });
    };
    let place = |digits: &str| -> Option<Place> {
        let (at, arrival) = digits.split_at_checked(20)?;
        Some((at.parse().ok()?, arrival.parse().ok()?))
    };
    let read = match token.split_once('/') {
        Some(("f", digits)) => place(digits).map(From::After),
        Some(("b", digits)) => place(digits).map(From::Before),
        _ => None,
    };
    read.ok_or_else(|| invalid("The specified nextToken is invalid."))
}
