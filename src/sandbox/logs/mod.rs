//! Amazon CloudWatch Logs (API version 2014-03-28): groups, streams, events, filters and a little of Insights.

mod errors;
mod events;
mod filter_events;
mod groups;
mod insights;
mod page;
mod pattern;
mod put_events;
mod scan;
mod store;
mod streams;
mod tags;

pub use pattern::Pattern;
pub use store::LogStore;

use crate::wire::{ApiError, Node};

/// Answers a call; `now_ms` in milliseconds since the epoch.
///
/// # Errors
/// What the service would answer; an operation that is not offered is `UnknownOperationException`.
pub fn handle(
    operation: &str,
    input: &Node,
    logs: &mut LogStore,
    now_ms: i64,
) -> Result<Node, ApiError> {
    logs.expire(now_ms);
    match operation {
        "DescribeLogGroups" => groups::describe(input, logs),
        "CreateLogGroup" => groups::create(input, logs, now_ms),
        "DeleteLogGroup" => groups::delete(input, logs),
        "PutRetentionPolicy" => groups::put_retention(input, logs),
        "DeleteRetentionPolicy" => groups::delete_retention(input, logs),
        "DescribeLogStreams" => streams::describe(input, logs),
        "CreateLogStream" => streams::create(input, logs, now_ms),
        "DeleteLogStream" => streams::delete(input, logs),
        "PutLogEvents" => put_events::take(input, logs, now_ms),
        "GetLogEvents" => events::answer(input, logs),
        "FilterLogEvents" => filter_events::answer(input, logs),
        "StartQuery" => insights::start(input, logs),
        "GetQueryResults" => insights::results(input, logs),
        "StopQuery" => insights::stop(input, logs),
        "DescribeQueries" => insights::describe(input, logs),
        "ListTagsForResource" => tags::list_tags(input, logs),
        "TagResource" => tags::tag(input, logs),
        "UntagResource" => tags::untag(input, logs),
        _ => Err(ApiError::unknown_operation(operation)),
    }
}

#[cfg(test)]
mod tests;
