//! DescribeAlarms and DescribeAlarmsForMetric.

use std::collections::BTreeSet;

use super::alarm_node;
use super::alarms::{Alarm, AlarmStore, Judged, State, Watch};
use super::errors::{bad_value, combination};
use super::page;
use super::query::metric_key;
use crate::wire::{ApiError, Node, map};

/// Answers DescribeAlarms.
pub(super) fn all(input: &Node, alarms: &AlarmStore) -> Result<Node, ApiError> {
    let wanted = Wanted::read(input, alarms)?;
    let size = page::limit(input, "MaxRecords", 50, 100)?;
    let found: Vec<&Alarm> = alarms.all().filter(|a| wanted.has(a)).collect();
    let (page, next) = page::cut(found, page::place(input)?, size);
    let of = |composite: bool| {
        let some = page.iter().filter(|a| is_composite(a) == composite);
        Node::List(some.map(|a| alarm_node::alarm(a)).collect())
    };
    Ok(map([
        ("CompositeAlarms", of(true)),
        ("MetricAlarms", of(false)),
        ("NextToken", next.into()),
    ]))
}

fn is_composite(alarm: &Alarm) -> bool {
    matches!(alarm.spec.watch, Watch::Composite(_))
}

/// What a DescribeAlarms asks for.
struct Wanted<'a> {
    names: Option<BTreeSet<&'a str>>,
    prefix: Option<&'a str>,
    types: Vec<&'a str>,
    state: Option<State>,
    action_prefix: Option<&'a str>,
    /// Alarms above one, or below one.
    related: Option<BTreeSet<String>>,
}

impl<'a> Wanted<'a> {
    fn read(input: &'a Node, alarms: &AlarmStore) -> Result<Self, ApiError> {
        let names = input.get("AlarmNames").as_strs();
        let prefix = input.get("AlarmNamePrefix").as_text();
        if !names.is_empty() && prefix.is_some() {
            return Err(combination(
                "AlarmNames and AlarmNamePrefix exclude one another.",
            ));
        }
        if names.len() > 100 {
            return Err(bad_value(
                "AlarmNames must not have a size greater than 100.",
            ));
        }
        let related = match (
            input.get("ChildrenOfAlarmName").as_text(),
            input.get("ParentsOfAlarmName").as_text(),
        ) {
            (Some(_), Some(_)) => {
                return Err(combination(
                    "ChildrenOfAlarmName and ParentsOfAlarmName exclude one another.",
                ));
            }
            (Some(above), None) => Some(children(above, alarms)),
            (None, Some(below)) => Some(parents(below, alarms)),
            (None, None) => None,
        };
        let types = input.get("AlarmTypes").as_strs();
        Ok(Self {
            // Metric alarms alone, as documented, unless a relation asks for composites.
            types: match (types.is_empty(), related.is_some()) {
                (true, true) => vec!["MetricAlarm", "CompositeAlarm"],
                (true, false) => vec!["MetricAlarm"],
                (false, _) => types,
            },
            names: (!names.is_empty()).then(|| names.into_iter().collect()),
            prefix,
            state: state(input.get("StateValue"))?,
            action_prefix: input.get("ActionPrefix").as_text(),
            related,
        })
    }

    fn has(&self, alarm: &Alarm) -> bool {
        let name = alarm.spec.name.as_str();
        let kind = if is_composite(alarm) {
            "CompositeAlarm"
        } else {
            "MetricAlarm"
        };
        let acts = |prefix: &str| {
            [State::Ok, State::Alarm, State::InsufficientData]
                .into_iter()
                .flat_map(|s| alarm.spec.actions(s))
                .any(|a| a.starts_with(prefix))
        };
        self.types.contains(&kind)
            && self.names.as_ref().is_none_or(|n| n.contains(name))
            && self.prefix.is_none_or(|p| name.starts_with(p))
            && self.state.is_none_or(|s| alarm.state == s)
            && self.action_prefix.is_none_or(acts)
            && self.related.as_ref().is_none_or(|r| r.contains(name))
    }
}

fn children(above: &str, alarms: &AlarmStore) -> BTreeSet<String> {
    let watch = alarms.get(above).map(|a| &a.spec.watch);
    let Some(Watch::Composite(rule)) = watch else {
        return BTreeSet::new();
    };
    let below = rule.children().into_iter().filter_map(|n| alarms.get(n));
    below.map(|a| a.spec.name.clone()).collect()
}

fn parents(below: &str, alarms: &AlarmStore) -> BTreeSet<String> {
    let above = alarms
        .all()
        .filter(|a| children(&a.spec.name, alarms).contains(below));
    above.map(|a| a.spec.name.clone()).collect()
}

/// An alarm's state, if one is asked for.
pub(super) fn state(node: &Node) -> Result<Option<State>, ApiError> {
    match node.as_text() {
        None => Ok(None),
        Some(word) => match State::parse(word) {
            Some(state) => Ok(Some(state)),
            None => Err(bad_value(format!("{word} is no state of an alarm."))),
        },
    }
}

/// Answers DescribeAlarmsForMetric.
pub(super) fn for_metric(input: &Node, alarms: &AlarmStore) -> Result<Node, ApiError> {
    let key = metric_key(input)?;
    let stat = input.get("Statistic").as_text();
    let stat = stat.or_else(|| input.get("ExtendedStatistic").as_text());
    let period = input.get("Period").as_i64();
    let unit = input.get("Unit").as_text();
    let on_it = |a: &&Alarm| match &a.spec.watch {
        Watch::Metric(rule) => match &rule.judged {
            Judged::Metric(ask) => {
                ask.key == key
                    && stat.is_none_or(|s| ask.stat.to_string() == s)
                    && period.is_none_or(|p| ask.period == p)
                    && unit.is_none_or(|u| ask.unit.as_deref() == Some(u))
            }
            Judged::Math(queries) => queries.iter().any(|q| match &q.ask {
                super::query::Ask::Metric(ask) => ask.key == key && stat.is_none(),
                super::query::Ask::Math { .. } => false,
            }),
        },
        Watch::Composite(_) => false,
    };
    let found = alarms.all().filter(on_it).map(alarm_node::alarm);
    Ok(map([("MetricAlarms", Node::List(found.collect()))]))
}
