//! Tags of log groups.

use std::collections::BTreeMap;

use super::errors::{no_group, required};
use super::store::LogStore;
use crate::wire::{ApiError, Node, map};

fn tags_of<'a>(
    input: &Node,
    logs: &'a mut LogStore,
) -> Result<&'a mut BTreeMap<String, String>, ApiError> {
    let name = logs.group_name(required(input, "resourceArn")?);
    let group = logs.groups.get_mut(name).ok_or_else(no_group)?;
    Ok(&mut group.tags)
}

/// Answers ListTagsForResource.
pub(super) fn list_tags(input: &Node, logs: &mut LogStore) -> Result<Node, ApiError> {
    let tags = tags_of(input, logs)?.iter();
    let tags = tags.map(|(k, v)| (k.clone(), Node::from(v))).collect();
    Ok(map([("tags", Node::Map(tags))]))
}

/// Takes a TagResource.
pub(super) fn tag(input: &Node, logs: &mut LogStore) -> Result<Node, ApiError> {
    let tags = tags_of(input, logs)?;
    for (key, value) in input.get("tags").as_map() {
        tags.insert(key.clone(), value.as_str().unwrap_or_default().to_owned());
    }
    Ok(Node::Null)
}

/// Takes an UntagResource.
pub(super) fn untag(input: &Node, logs: &mut LogStore) -> Result<Node, ApiError> {
    let tags = tags_of(input, logs)?;
    for key in input.get("tagKeys").as_strs() {
        tags.remove(key);
    }
    Ok(Node::Null)
}
