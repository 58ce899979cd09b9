//! Log streams.

use super::errors::{exists, invalid, no_group, no_stream, required};
use super::page;
use super::store::{LogStore, Stream};
use crate::wire::{ApiError, Node, map};

/// The group that an input names, by `logGroupName` or `logGroupIdentifier`.
pub(super) fn named_group<'a>(input: &'a Node, logs: &LogStore) -> Result<&'a str, ApiError> {
    let name = input.get("logGroupName").as_text();
    let identifier = input.get("logGroupIdentifier").as_text();
    match (name, identifier) {
        (Some(_), Some(_)) => Err(invalid(
            "logGroupName and logGroupIdentifier exclude one another.",
        )),
        (Some(one), None) | (None, Some(one)) => Ok(logs.group_name(one)),
        (None, None) => required(input, "logGroupName"),
    }
}

/// Answers DescribeLogStreams.
pub(super) fn describe(input: &Node, logs: &LogStore) -> Result<Node, ApiError> {
    let group = named_group(input, logs)?;
    let group = logs.groups.get(group).ok_or_else(no_group)?;
    let prefix = input.get("logStreamNamePrefix").as_text();
    let by_time = match input.get("orderBy").as_text() {
        None | Some("LogStreamName") => false,
        Some("LastEventTime") if prefix.is_some() => {
            return Err(invalid(
                "Cannot order by LastEventTime with a logStreamNamePrefix.",
            ));
        }
        Some("LastEventTime") => true,
        Some(other) => return Err(invalid(format!("{other} is no order."))),
    };
    let mut found: Vec<(&String, &Stream)> = group
        .streams
        .iter()
        .filter(|(name, _)| prefix.is_none_or(|p| name.starts_with(p)))
        .collect();
    if by_time {
        found.sort_by_key(|(name, s)| (s.last, *name));
    }
    if input.get("descending").as_bool().unwrap_or(false) {
        found.reverse();
    }
    let limit = page::limit(input, 50, 50)?;
    // The token names the last stream of the page before, wherever the order has put it.
    let after = page::key(input)?;
    let start = match &after {
        None => 0,
        Some(key) => found
            .iter()
            .position(|(name, _)| *name == key)
            .map_or(found.len(), |p| p + 1),
    };
    let rest = found.get(start..).unwrap_or_default();
    let page = rest.get(..limit.min(rest.len())).unwrap_or_default();
    let next = (rest.len() > limit)
        .then(|| page.last())
        .flatten()
        .map(|(name, _)| page::token(name));
    let nodes = page.iter().map(|(name, s)| node(&group.arn, name, s));
    Ok(map([
        ("logStreams", Node::List(nodes.collect())),
        ("nextToken", next.into()),
    ]))
}

fn node(group_arn: &str, name: &str, stream: &Stream) -> Node {
    map([
        ("logStreamName", Node::from(name)),
        ("creationTime", stream.created.into()),
        ("firstEventTimestamp", stream.first.into()),
        ("lastEventTimestamp", stream.last.into()),
        ("lastIngestionTime", stream.last_ingested.into()),
        ("arn", format!("{group_arn}:log-stream:{name}").into()),
        // The vendor stopped counting them in 2019.
        ("storedBytes", 0.into()),
    ])
}

/// Takes a CreateLogStream.
pub(super) fn create(input: &Node, logs: &mut LogStore, now_ms: i64) -> Result<Node, ApiError> {
    let (group, stream) = names(input)?;
    if stream.contains([':', '*']) || stream.len() > 512 {
        return Err(invalid(
            "Value at 'logStreamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [^:*]*",
        ));
    }
    let known = logs.groups.get(group).ok_or_else(no_group)?;
    if known.streams.contains_key(stream) {
        return Err(exists("log stream"));
    }
    logs.create_stream(group, stream, now_ms);
    Ok(Node::Null)
}

/// Takes a DeleteLogStream, with its events.
pub(super) fn delete(input: &Node, logs: &mut LogStore) -> Result<Node, ApiError> {
    let (group, stream) = names(input)?;
    let group = logs.groups.get_mut(group).ok_or_else(no_group)?;
    group.streams.remove(stream).ok_or_else(no_stream)?;
    group.events.retain(|e| &*e.stream != stream);
    Ok(Node::Null)
}

fn names(input: &Node) -> Result<(&str, &str), ApiError> {
    Ok((
        required(input, "logGroupName")?,
        required(input, "logStreamName")?,
    ))
}
