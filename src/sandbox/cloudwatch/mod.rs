//! Amazon CloudWatch (API version 2010-08-01): metrics, and alarms that are judged on them.

mod alarm_history;
mod alarm_node;
mod alarms;
mod bucket;
mod change_alarms;
mod dashboards;
mod describe_alarms;
mod errors;
mod get_data;
mod get_statistics;
mod list_metrics;
mod math;
mod mute_rules;
mod page;
mod put_alarm;
mod put_data;
mod query;
mod search;
mod stat;
mod store;

pub use alarms::{AlarmSpec, AlarmStore, Comparison, MetricRule, State, TreatMissing};
pub use dashboards::DashboardStore;
pub use stat::Stat;
pub use store::{MetricKey, MetricStore};

use crate::wire::{ApiError, Node};

/// Answers a call; `now` in seconds since the epoch.
///
/// # Errors
/// What the service would answer; an operation that is not offered is `UnknownOperationException`.
pub fn handle(
    operation: &str,
    input: &Node,
    metrics: &mut MetricStore,
    alarms: &mut AlarmStore,
    now: f64,
) -> Result<Node, ApiError> {
    match operation {
        "GetMetricData" => get_data::answer(input, metrics, now),
        "GetMetricStatistics" => get_statistics::answer(input, metrics),
        "ListMetrics" => list_metrics::answer(input, metrics, now),
        "PutMetricData" => put_data::take(input, metrics, now),
        "DescribeAlarms" => describe_alarms::all(input, alarms),
        "DescribeAlarmsForMetric" => describe_alarms::for_metric(input, alarms),
        "DescribeAlarmHistory" => alarm_history::answer(input, alarms),
        "PutMetricAlarm" => put_alarm::metric(input, alarms, now),
        "PutCompositeAlarm" => put_alarm::composite(input, alarms, now),
        "DeleteAlarms" => change_alarms::delete(input, alarms, now),
        "SetAlarmState" => change_alarms::set_state(input, alarms, now),
        "EnableAlarmActions" => change_alarms::enable(input, alarms, true),
        "DisableAlarmActions" => change_alarms::enable(input, alarms, false),
        "PutAlarmMuteRule" => mute_rules::put(input, alarms, now),
        "GetAlarmMuteRule" => mute_rules::get(input, alarms, now),
        "ListAlarmMuteRules" => mute_rules::all(input, alarms, now),
        "DeleteAlarmMuteRule" => mute_rules::delete(input, alarms),
        "ListTagsForResource" => change_alarms::list_tags(input, alarms),
        "TagResource" => change_alarms::tag(input, alarms),
        "UntagResource" => change_alarms::untag(input, alarms),
        _ => Err(ApiError::unknown_operation(operation)),
    }
}

#[cfg(test)]
mod tests;
