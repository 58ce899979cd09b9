//! Alarms as replies show them.

use super::alarms::{Alarm, Judged, MetricRule, TreatMissing, Watch};
use super::query::{DataQuery, dimensions_node};
use crate::wire::{Node, list, map};

/// An alarm, metric or composite.
pub(super) fn alarm(alarm: &Alarm) -> Node {
    let spec = &alarm.spec;
    let node = map([
        ("AlarmName", Node::from(&spec.name)),
        ("AlarmArn", (&alarm.arn).into()),
        (
            "AlarmDescription",
            (!spec.description.is_empty())
                .then(|| spec.description.clone())
                .into(),
        ),
        (
            "AlarmConfigurationUpdatedTimestamp",
            Node::Time(alarm.configured_at),
        ),
        ("ActionsEnabled", spec.actions_enabled.into()),
        ("OKActions", list(&spec.ok_actions)),
        ("AlarmActions", list(&spec.alarm_actions)),
        (
            "InsufficientDataActions",
            list(&spec.insufficient_data_actions),
        ),
        ("StateValue", alarm.state.as_str().into()),
        ("StateReason", (&alarm.reason).into()),
        (
            "StateReasonData",
            (!alarm.reason_data.is_empty())
                .then(|| alarm.reason_data.clone())
                .into(),
        ),
        ("StateUpdatedTimestamp", Node::Time(alarm.updated_at)),
        (
            "StateTransitionedTimestamp",
            Node::Time(alarm.transitioned_at),
        ),
    ]);
    match &spec.watch {
        Watch::Composite(rule) => node.with("AlarmRule", rule.text()),
        Watch::Metric(rule) => metric_rule(node, rule),
    }
}

fn metric_rule(node: Node, rule: &MetricRule) -> Node {
    let node = match &rule.judged {
        Judged::Metric(ask) => node
            .with("Namespace", &ask.key.namespace)
            .with("MetricName", &ask.key.name)
            .with("Dimensions", dimensions_node(&ask.key))
            .with("Period", ask.period)
            .with("Unit", ask.unit.clone())
            .with(
                if ask.stat.is_extended() {
                    "ExtendedStatistic"
                } else {
                    "Statistic"
                },
                ask.stat.to_string(),
            ),
        Judged::Math(queries) => node.with("Metrics", list(queries.iter().map(DataQuery::node))),
    };
    let treated = rule.treat_missing != TreatMissing::Missing;
    node.with("EvaluationPeriods", rule.evaluation_periods)
        .with("DatapointsToAlarm", rule.datapoints_to_alarm)
        .with("Threshold", rule.threshold)
        .with("ComparisonOperator", rule.comparison.to_string())
        .with(
            "TreatMissingData",
            treated.then(|| rule.treat_missing.as_str()),
        )
}
