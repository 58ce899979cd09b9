//! FilterLogEvents.

use super::errors::{invalid, moment, no_group, no_stream};
use super::events::{EVENTS, fill};
use super::page;
use super::pattern::Pattern;
use super::store::{Event, LogStore, Place};
use super::streams::named_group;
use crate::wire::{ApiError, Node, map};

/// Answers FilterLogEvents: events of one group that match, in the order of time.
pub(super) fn answer(input: &Node, logs: &LogStore) -> Result<Node, ApiError> {
    let group = named_group(input, logs)?;
    let group = logs.groups.get(group).ok_or_else(no_group)?;
    let names = input.get("logStreamNames").as_strs();
    let prefix = input.get("logStreamNamePrefix").as_text();
    if prefix.is_some() && !names.is_empty() {
        return Err(invalid(
            "logStreamNamePrefix and logStreamNames exclude one another.",
        ));
    }
    if names.iter().any(|n| !group.streams.contains_key(*n)) {
        return Err(no_stream());
    }
    let start = moment(input, "startTime")?.unwrap_or(0);
    // Unlike that of GetLogEvents, this end is part of the window.
    let end = moment(input, "endTime")?.map_or(i64::MAX, |t| t.saturating_add(1));
    let limit = page::limit(input, EVENTS, EVENTS)?;
    let pattern = input.get("filterPattern").as_str().unwrap_or_default();
    let pattern =
        Pattern::parse(pattern).map_err(|why| invalid(format!("Invalid filter pattern: {why}")))?;
    let after = page::key(input)?.map(|k| place(&k)).transpose()?;
    let matching = |e: &&Event| {
        after.is_none_or(|p| e.place() > p)
            && (names.is_empty() || names.contains(&&*e.stream))
            && prefix.is_none_or(|p| e.stream.starts_with(p))
            && pattern.matches(&e.message)
    };
    let (page, more) = fill(group.between(start, end).filter(matching), limit);
    let next = page.last().filter(|_| more).map(|e| {
        let (at, arrival) = e.place();
        page::token(&format!("{at}.{arrival}"))
    });
    let events = page.into_iter().map(|e| {
        map([
            ("logStreamName", Node::from(&*e.stream)),
            ("timestamp", e.at.into()),
            ("message", (&e.message).into()),
            ("ingestionTime", e.ingested.into()),
            ("eventId", e.id().into()),
        ])
    });
    Ok(map([
        ("events", Node::List(events.collect())),
        // Always empty since 2020, as documented.
        ("searchedLogStreams", Node::List(Vec::new())),
        ("nextToken", next.into()),
    ]))
}

fn place(key: &str) -> Result<Place, ApiError> {
    let read = || {
        let (at, arrival) = key.split_once('.')?;
        Some((at.parse().ok()?, arrival.parse().ok()?))
    };
    read().ok_or_else(|| invalid("The specified nextToken is invalid."))
}
