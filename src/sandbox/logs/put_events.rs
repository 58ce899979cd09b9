//! PutLogEvents.

use super::errors::{invalid, no_group, no_stream, required};
use super::store::{LogStore, OVERHEAD};
use crate::wire::{ApiError, Node, map};

/// Events and bytes of a batch.
const EVENTS: usize = 10_000;
const BYTES: usize = 1_048_576;
const OLDEST_MS: i64 = 14 * 86_400_000;
const NEWEST_MS: i64 = 2 * 3_600_000;

/// Takes a PutLogEvents. Events that are too old or too new are refused one by one, and their places told.
pub(super) fn take(input: &Node, logs: &mut LogStore, now_ms: i64) -> Result<Node, ApiError> {
    let group = required(input, "logGroupName")?;
    let stream = required(input, "logStreamName")?;
    let known = logs.groups.get(group).ok_or_else(no_group)?;
    if !known.streams.contains_key(stream) {
        return Err(no_stream());
    }
    let kept_ms = known.retention_days.map(|d| i64::from(d) * 86_400_000);
    let nodes = input.get("logEvents").as_list();
    if nodes.is_empty() || nodes.len() > EVENTS {
        return Err(invalid(format!("A batch holds 1 to {EVENTS} events.")));
    }
    let mut events = Vec::with_capacity(nodes.len());
    for node in nodes {
        let at = node.get("timestamp").as_i64().filter(|t| *t >= 0);
        let message = node.get("message").as_text();
        let (Some(at), Some(message)) = (at, message) else {
            return Err(invalid("An event has a timestamp and a message."));
        };
        events.push((at, message));
    }
    let size: usize = events.iter().map(|(_, m)| m.len() + OVERHEAD).sum();
    if size > BYTES {
        return Err(invalid(format!(
            "Upload too large: {size} bytes exceeds limit of {BYTES}"
        )));
    }
    if !events.is_sorted_by_key(|(at, _)| *at) {
        return Err(invalid(
            "Log events in a single PutLogEvents request must be in chronological order.",
        ));
    }
    let expired = kept_ms.map_or(0, |kept| events.partition_point(|e| e.0 < now_ms - kept));
    let too_old = events.partition_point(|e| e.0 < now_ms - OLDEST_MS);
    let too_new = events.partition_point(|e| e.0 <= now_ms + NEWEST_MS);
    let good = expired.max(too_old)..too_new;
    for (at, message) in events.get(good).unwrap_or_default() {
        logs.ingest(group, stream, *at, now_ms, (*message).to_owned());
    }
    let end = |n: usize| (n > 0).then_some(n);
    let start = (too_new < events.len()).then_some(too_new);
    let refused = end(expired).or(end(too_old)).or(start).map(|_| {
        map([
            ("tooNewLogEventStartIndex", Node::from(start)),
            ("tooOldLogEventEndIndex", end(too_old).into()),
            ("expiredLogEventEndIndex", end(expired).into()),
        ])
    });
    // Tokens have no meaning since 2023, but clients still read them.
    Ok(map([
        (
            "nextSequenceToken",
            Node::from(format!("{:056}", now_ms.max(0))),
        ),
        ("rejectedLogEventsInfo", refused.into()),
    ]))
}
