//! A little of CloudWatch Logs Insights: `fields`, `display`, `filter`, `stats`, `sort` and `limit`. A query is finished as soon as it
//! was started.

mod language;
mod run;
mod stats;

use std::collections::VecDeque;

use language::Query;

use super::errors::{invalid, no_group, required};
use super::store::LogStore;
use crate::wire::{ApiError, Node, list, map};

/// Finished queries that are kept.
const KEPT: usize = 50;

/// The finished queries of an account.
#[derive(Clone, Debug, Default)]
pub(super) struct Queries {
    started: u64,
    finished: VecDeque<Finished>,
}

#[derive(Clone, Debug)]
struct Finished {
    id: String,
    text: String,
    groups: Vec<String>,
    /// In seconds since the epoch.
    created: i64,
    /// Reply of GetQueryResults.
    results: Node,
}

/// Takes a StartQuery.
pub(super) fn start(input: &Node, logs: &mut LogStore) -> Result<Node, ApiError> {
    let mut groups: Vec<String> = Vec::new();
    for member in ["logGroupNames", "logGroupIdentifiers"] {
        let named = input.get(member).as_strs();
        groups.extend(named.into_iter().map(|n| logs.group_name(n).to_owned()));
    }
    groups.extend(input.get("logGroupName").as_text().map(str::to_owned));
    if groups.is_empty() {
        return Err(invalid("A query names one log group at least."));
    }
    if groups.iter().any(|g| !logs.groups.contains_key(g)) {
        return Err(no_group());
    }
    let time = |name: &str| {
        let seconds = input.get(name).as_i64().filter(|t| *t >= 0);
        seconds.ok_or_else(|| invalid(format!("{name} must be a number of seconds.")))
    };
    let (from, until) = (time("startTime")?, time("endTime")?);
    if from > until {
        return Err(invalid("End time should not be less than start time."));
    }
    let text = required(input, "queryString")?;
    let query = Query::parse(text).map_err(|why| {
        ApiError::new(
            "MalformedQueryException",
            format!("The query is not understood: {why}"),
        )
    })?;
    let limit = input.get("limit").as_i64();
    let limit = limit.and_then(|l| usize::try_from(l).ok());
    let results = run::run(&query, logs, &groups, (from, until), limit);
    let queries = &mut logs.queries;
    queries.started += 1;
    let id = format!("00000000-0000-4000-8000-{:012x}", queries.started);
    if queries.finished.len() >= KEPT {
        queries.finished.pop_front();
    }
    queries.finished.push_back(Finished {
        id: id.clone(),
        text: text.to_owned(),
        groups,
        created: until,
        results,
    });
    Ok(map([("queryId", id.into())]))
}

fn find<'a>(input: &Node, logs: &'a LogStore) -> Result<&'a Finished, ApiError> {
    let id = required(input, "queryId")?;
    let found = logs.queries.finished.iter().find(|f| f.id == id);
    found.ok_or_else(|| {
        ApiError::new(
            "ResourceNotFoundException",
            format!("Query Id {id} does not exist."),
        )
    })
}

/// Answers GetQueryResults.
pub(super) fn results(input: &Node, logs: &LogStore) -> Result<Node, ApiError> {
    find(input, logs).map(|f| f.results.clone())
}

/// Takes a StopQuery: there is nothing left to stop.
pub(super) fn stop(input: &Node, logs: &LogStore) -> Result<Node, ApiError> {
    find(input, logs)?;
    Err(invalid("Query has already ended."))
}

/// Answers DescribeQueries.
pub(super) fn describe(input: &Node, logs: &LogStore) -> Result<Node, ApiError> {
    let group = input.get("logGroupName").as_text();
    let status = input.get("status").as_text();
    let queries = logs.queries.finished.iter().rev().filter(|f| {
        group.is_none_or(|g| f.groups.iter().any(|n| n == g))
            && status.is_none_or(|s| s == "Complete")
    });
    let nodes = queries.map(|f| {
        map([
            ("queryId", Node::from(&f.id)),
            ("queryString", (&f.text).into()),
            ("status", "Complete".into()),
            ("createTime", (f.created * 1000).into()),
            ("logGroupName", f.groups.first().cloned().into()),
        ])
    });
    Ok(map([("queries", list(nodes))]))
}
