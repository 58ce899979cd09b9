//! Log groups.

use super::errors::{exists, invalid, no_group, required};
use super::page;
use super::store::{Group, LogStore};
use crate::wire::{ApiError, Node, map};

/// Days that the vendor takes as a retention.
const RETENTIONS: [u32; 22] = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
];

/// Answers DescribeLogGroups.
pub(super) fn describe(input: &Node, logs: &LogStore) -> Result<Node, ApiError> {
    let prefix = input.get("logGroupNamePrefix").as_text();
    let pattern = input.get("logGroupNamePattern").as_text();
    if prefix.is_some() && pattern.is_some() {
        return Err(invalid(
            "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
        ));
    }
    let identifiers: Vec<&str> = input
        .get("logGroupIdentifiers")
        .as_strs()
        .into_iter()
        .map(|i| logs.group_name(i))
        .collect();
    let class = input.get("logGroupClass").as_text();
    let limit = page::limit(input, 50, 50)?;
    let after = page::key(input)?;
    let found = logs.groups.iter().filter(|(name, _)| {
        prefix.is_none_or(|p| name.starts_with(p))
            && pattern.is_none_or(|p| name.contains(p))
            && (identifiers.is_empty() || identifiers.contains(&name.as_str()))
            && class.is_none_or(|c| c == "STANDARD")
    });
    let (page, next) = page::cut(found, after.as_deref(), limit, |(name, _)| (*name).clone());
    let nodes = page.into_iter().map(|(name, group)| node(name, group));
    Ok(map([
        ("logGroups", Node::List(nodes.collect())),
        ("nextToken", next.into()),
    ]))
}

fn node(name: &str, group: &Group) -> Node {
    map([
        ("logGroupName", Node::from(name)),
        ("creationTime", group.created.into()),
        ("retentionInDays", group.retention_days.into()),
        ("metricFilterCount", 0.into()),
        ("arn", format!("{}:*", group.arn).into()),
        ("storedBytes", group.stored_bytes.into()),
        ("logGroupClass", "STANDARD".into()),
        ("logGroupArn", (&group.arn).into()),
    ])
}

/// Takes a CreateLogGroup.
pub(super) fn create(input: &Node, logs: &mut LogStore, now_ms: i64) -> Result<Node, ApiError> {
    let name = required(input, "logGroupName")?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._/#-".contains(c);
    if name.len() > 512 || !name.chars().all(allowed) {
        return Err(invalid(
            "Value at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+",
        ));
    }
    if logs.groups.contains_key(name) {
        return Err(exists("log group"));
    }
    logs.create_group(name, None, now_ms);
    if let Some(group) = logs.groups.get_mut(name) {
        for (key, value) in input.get("tags").as_map() {
            let value = value.as_str().unwrap_or_default();
            group.tags.insert(key.clone(), value.to_owned());
        }
    }
    Ok(Node::Null)
}

/// Takes a DeleteLogGroup.
pub(super) fn delete(input: &Node, logs: &mut LogStore) -> Result<Node, ApiError> {
    let name = required(input, "logGroupName")?;
    logs.groups.remove(name).ok_or_else(no_group)?;
    Ok(Node::Null)
}

/// Takes a PutRetentionPolicy.
pub(super) fn put_retention(input: &Node, logs: &mut LogStore) -> Result<Node, ApiError> {
    let name = required(input, "logGroupName")?;
    let days = input.get("retentionInDays").as_i64();
    let days = days.and_then(|d| u32::try_from(d).ok());
    let days = days.filter(|d| RETENTIONS.contains(d));
    let days =
        days.ok_or_else(|| invalid("The retention is none of the days that are offered."))?;
    logs.groups
        .get_mut(name)
        .ok_or_else(no_group)?
        .retention_days = Some(days);
    Ok(Node::Null)
}

/// Takes a DeleteRetentionPolicy.
pub(super) fn delete_retention(input: &Node, logs: &mut LogStore) -> Result<Node, ApiError> {
    let name = required(input, "logGroupName")?;
    logs.groups
        .get_mut(name)
        .ok_or_else(no_group)?
        .retention_days = None;
    Ok(Node::Null)
}
