//! What became of alarms: items as DescribeAlarmHistory gives them, with the same JSON in them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::spec::{State, Watch};
use super::store::Alarm;

/// A row of the history.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Alarm.
    pub alarm: String,
    /// `MetricAlarm` or `CompositeAlarm`.
    pub alarm_type: &'static str,
    /// When, in seconds since the epoch.
    pub at: f64,
    /// `ConfigurationUpdate`, `StateUpdate` or `Action`.
    pub kind: &'static str,
    /// One line.
    pub summary: String,
    /// JSON.
    pub data: String,
}

/// Which kind of alarm.
pub(super) fn alarm_type(watch: &Watch) -> &'static str {
    match watch {
        Watch::Metric(_) => "MetricAlarm",
        Watch::Composite(_) => "CompositeAlarm",
    }
}

fn item(alarm: &Alarm, at: f64, kind: &'static str, summary: String, data: &Value) -> Item {
    Item {
        alarm: alarm.spec.name.clone(),
        alarm_type: alarm_type(&alarm.spec.watch),
        at,
        kind,
        summary,
        data: data.to_string(),
    }
}

/// An alarm was created, updated or deleted.
pub(super) fn configured(alarm: &Alarm, at: f64, verb: &'static str) -> Item {
    let word = match verb {
        "created" => "Create",
        "updated" => "Update",
        _ => "Delete",
    };
    let data = json!({
        "version": "1.0",
        "type": word,
        format!("{verb}Alarm"): {
            "alarmName": alarm.spec.name,
            "alarmArn": alarm.arn,
            "alarmDescription": alarm.spec.description,
            "actionsEnabled": alarm.spec.actions_enabled,
            "alarmActions": alarm.spec.alarm_actions,
            "okActions": alarm.spec.ok_actions,
            "insufficientDataActions": alarm.spec.insufficient_data_actions,
            "stateValue": alarm.state.as_str(),
            "stateReason": alarm.reason,
        },
    });
    let summary = format!("Alarm \"{}\" {verb}", alarm.spec.name);
    item(alarm, at, "ConfigurationUpdate", summary, &data)
}

/// A state as it stands in the history.
pub(super) fn state_json(alarm: &Alarm) -> Value {
    let mut state = json!({
        "stateValue": alarm.state.as_str(),
        "stateReason": alarm.reason,
    });
    if let (Some(members), Ok(data)) = (
        state.as_object_mut(),
        serde_json::from_str::<Value>(&alarm.reason_data),
    ) {
        members.insert("stateReasonData".into(), data);
    }
    state
}

/// An alarm changed from an old state to the one that it has now.
pub(super) fn changed(alarm: &Alarm, old: State, old_json: &Value) -> Item {
    let data = json!({
        "version": "1.0",
        "oldState": old_json,
        "newState": state_json(alarm),
    });
    let summary = format!("Alarm updated from {old} to {}", alarm.state);
    item(alarm, alarm.transitioned_at, "StateUpdate", summary, &data)
}

/// An action was carried out.
pub(super) fn acted(alarm: &Alarm, action: &str) -> Item {
    let data = json!({
        "actionState": "Succeeded",
        "stateUpdateTimestamp": (alarm.transitioned_at * 1000.0).round() as i64,
        "notificationResource": action,
        "publishedMessage": {
            "AlarmName": alarm.spec.name,
            "AlarmDescription": alarm.spec.description,
            "AlarmArn": alarm.arn,
            "NewStateValue": alarm.state.as_str(),
            "NewStateReason": alarm.reason,
            "StateChangeTime": stamp(alarm.transitioned_at),
        },
    });
    let summary = format!("Successfully executed action {action}");
    item(alarm, alarm.transitioned_at, "Action", summary, &data)
}

/// A point in time as the vendor writes it in such JSON: `2025-11-23T22:10:00.000+0000`.
pub(super) fn stamp(at: f64) -> String {
    let time = Timestamp::from_millisecond((at * 1000.0).round() as i64).unwrap_or_default();
    format!("{}", time.strftime("%Y-%m-%dT%H:%M:%S.%3f+0000"))
}
