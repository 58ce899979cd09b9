//! GetMetricStatistics.

use super::errors::{bad_value, combination, invalid, missing};
use super::get_data::window;
use super::query::{metric_key, period};
use super::stat::Stat;
use super::store::MetricStore;
use crate::wire::{ApiError, Node, map};

/// Datapoints that a reply may hold.
const DATAPOINTS: i64 = 1_440;

/// Answers GetMetricStatistics.
pub(super) fn answer(input: &Node, store: &MetricStore) -> Result<Node, ApiError> {
    let key = metric_key(input)?;
    let (from, until) = window(input)?;
    let period = period(input.get("Period"))?;
    let from = from - from.rem_euclid(period);
    if (until - from) / period > DATAPOINTS {
        return Err(combination(format!(
            "You have requested up to {} datapoints, which exceeds the limit of {DATAPOINTS}. You may reduce the datapoints requested by increasing Period, or decreasing the time range.",
            (until - from) / period
        )));
    }
    let mut stats = Vec::new();
    for name in input.get("Statistics").as_strs() {
        let stat = Stat::parse(name).filter(|s| !s.is_extended());
        stats.push(stat.ok_or_else(|| bad_value(format!("{name} is no statistic.")))?);
    }
    for name in input.get("ExtendedStatistics").as_strs() {
        let stat = Stat::parse(name).filter(|s| s.is_extended());
        let stat = stat.ok_or_else(|| {
            invalid(format!(
                "The extended statistic {name} is not offered here."
            ))
        })?;
        stats.push(stat);
    }
    if stats.is_empty() {
        return Err(missing("Statistics"));
    }
    let unit = input.get("Unit").as_text();
    let mut points: Vec<(i64, Vec<(Stat, f64)>)> = Vec::new();
    for stat in stats {
        for (at, value) in store.points(&key, stat, (from, until), period, unit) {
            match points.binary_search_by_key(&at, |p| p.0) {
                Ok(place) => {
                    if let Some(point) = points.get_mut(place) {
                        point.1.push((stat, value));
                    }
                }
                Err(place) => points.insert(place, (at, vec![(stat, value)])),
            }
        }
    }
    let unit = store.unit(&key).unwrap_or("None");
    let datapoints = points
        .iter()
        .map(|(at, values)| datapoint(*at, values, unit));
    Ok(map([
        ("Label", Node::from(&key.name)),
        ("Datapoints", Node::List(datapoints.collect())),
    ]))
}

fn datapoint(at: i64, values: &[(Stat, f64)], unit: &str) -> Node {
    let mut node = map([("Timestamp", Node::Time(at as f64))]);
    let mut extended = Vec::new();
    for (stat, value) in values {
        if stat.is_extended() {
            extended.push((stat.to_string(), Node::Float(*value)));
        } else {
            node = node.with(stat.to_string(), *value);
        }
    }
    if !extended.is_empty() {
        node = node.with("ExtendedStatistics", Node::Map(extended));
    }
    node.with("Unit", unit)
}
