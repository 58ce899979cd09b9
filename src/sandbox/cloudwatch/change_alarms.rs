//! Deleting alarms, setting their state, switching their actions; their tags.

use super::alarms::AlarmStore;
use super::describe_alarms::state;
use super::errors::{invalid, missing, not_found};
use super::put_alarm;
use crate::wire::{ApiError, Node, list, map};

/// Takes a DeleteAlarms: all, or none where one does not exist.
pub(super) fn delete(input: &Node, alarms: &mut AlarmStore, now: f64) -> Result<Node, ApiError> {
    let names = input.get("AlarmNames").as_strs();
    if names.is_empty() {
        return Err(missing("AlarmNames"));
    }
    if let Some(unknown) = names.iter().find(|n| alarms.get(n).is_none()) {
        return Err(not_found(format!("Unknown alarm: {unknown}")));
    }
    for name in names {
        alarms.delete(name, now);
    }
    Ok(Node::Null)
}

/// Takes a SetAlarmState.
pub(super) fn set_state(input: &Node, alarms: &mut AlarmStore, now: f64) -> Result<Node, ApiError> {
    let part = |name: &str| input.get(name).as_text().ok_or_else(|| missing(name));
    let name = part("AlarmName")?;
    let state = state(input.get("StateValue"))?.ok_or_else(|| missing("StateValue"))?;
    let reason = part("StateReason")?;
    let data = input.get("StateReasonData").as_text().unwrap_or_default();
    if !data.is_empty() && serde_json::from_str::<serde_json::Value>(data).is_err() {
        return Err(ApiError::new(
            "InvalidFormatFault",
            "StateReasonData is not JSON.",
        ));
    }
    if alarms.set_state(name, state, (reason, data), now) {
        Ok(Node::Null)
    } else {
        Err(not_found("Could not find the alarm with the given name."))
    }
}

/// Takes an EnableAlarmActions or DisableAlarmActions. Names that do not exist are passed over, as the vendor does.
pub(super) fn enable(input: &Node, alarms: &mut AlarmStore, on: bool) -> Result<Node, ApiError> {
    let names = input.get("AlarmNames").as_strs();
    if names.is_empty() {
        return Err(missing("AlarmNames"));
    }
    for name in names {
        alarms.enable_actions(name, on);
    }
    Ok(Node::Null)
}

fn tags_of<'a>(
    input: &Node,
    alarms: &'a mut AlarmStore,
) -> Result<&'a mut Vec<(String, String)>, ApiError> {
    let arn = input.get("ResourceARN").as_text();
    let arn = arn.ok_or_else(|| missing("ResourceARN"))?;
    alarms.tags(arn).ok_or_else(|| {
        ApiError::new(
            "ResourceNotFoundException",
            format!("No such resource: {arn}"),
        )
        .with_status(404)
    })
}

/// Answers ListTagsForResource.
pub(super) fn list_tags(input: &Node, alarms: &mut AlarmStore) -> Result<Node, ApiError> {
    let tags = tags_of(input, alarms)?.iter();
    let tags = tags.map(|(k, v)| map([("Key", Node::from(k)), ("Value", Node::from(v))]));
    Ok(map([("Tags", list(tags))]))
}

/// Takes a TagResource.
pub(super) fn tag(input: &Node, alarms: &mut AlarmStore) -> Result<Node, ApiError> {
    let new = put_alarm::tags(input.get("Tags"))?;
    let tags = tags_of(input, alarms)?;
    tags.retain(|(k, _)| !new.iter().any(|(n, _)| n == k));
    if tags.len() + new.len() > 50 {
        return Err(invalid("A resource has at most 50 tags."));
    }
    tags.extend(new);
    Ok(map::<&str, 0>([]))
}

/// Takes an UntagResource.
pub(super) fn untag(input: &Node, alarms: &mut AlarmStore) -> Result<Node, ApiError> {
    let keys = input.get("TagKeys").as_strs();
    tags_of(input, alarms)?.retain(|(k, _)| !keys.contains(&k.as_str()));
    Ok(map::<&str, 0>([]))
}
