//! DescribeAlarmHistory.

use super::alarms::{AlarmStore, Item};
use super::errors::bad_value;
use super::page;
use crate::wire::{ApiError, Node, map};

/// Answers DescribeAlarmHistory.
pub(super) fn answer(input: &Node, alarms: &AlarmStore) -> Result<Node, ApiError> {
    let name = input.get("AlarmName").as_text();
    let kind = input.get("HistoryItemType").as_text();
    let types = input.get("AlarmTypes").as_strs();
    // Metric alarms alone unless asked for others, as documented; of a named alarm, its own.
    let wanted_type = |t: &str| match (types.is_empty(), name) {
        (true, Some(_)) => true,
        (true, None) => t == "MetricAlarm",
        (false, _) => types.contains(&t),
    };
    let from = moment(input, "StartDate")?;
    let until = moment(input, "EndDate")?;
    let mut found: Vec<&Item> = alarms
        .history()
        .filter(|i| {
            name.is_none_or(|n| i.alarm == n)
                && kind.is_none_or(|k| i.kind == k)
                && wanted_type(i.alarm_type)
                && from.is_none_or(|t| i.at >= t)
                && until.is_none_or(|t| i.at <= t)
        })
        .collect();
    match input.get("ScanBy").as_text() {
        None | Some("TimestampDescending") => found.reverse(),
        Some("TimestampAscending") => {}
        Some(other) => return Err(bad_value(format!("{other} is no order to scan by."))),
    }
    let size = page::limit(input, "MaxRecords", 100, 100)?;
    let (page, next) = page::cut(found, page::place(input)?, size);
    Ok(map([
        (
            "AlarmHistoryItems",
            Node::List(page.into_iter().map(item).collect()),
        ),
        ("NextToken", next.into()),
    ]))
}

fn moment(input: &Node, name: &str) -> Result<Option<f64>, ApiError> {
    match input.get(name) {
        Node::Null => Ok(None),
        node => match node.as_time() {
            Some(t) => Ok(Some(t)),
            None => Err(bad_value(format!("{name} is no point in time."))),
        },
    }
}

fn item(item: &Item) -> Node {
    map([
        ("AlarmName", Node::from(&item.alarm)),
        ("AlarmType", item.alarm_type.into()),
        ("Timestamp", Node::Time(item.at)),
        ("HistoryItemType", item.kind.into()),
        ("HistorySummary", (&item.summary).into()),
        ("HistoryData", (&item.data).into()),
    ])
}
