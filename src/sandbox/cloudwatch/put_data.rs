//! PutMetricData.

use super::errors::{bad_value, combination, missing};
use super::query::metric_key;
use super::store::{MetricKey, MetricStore};
use crate::wire::{ApiError, Node};

/// Data a request may hold.
const DATA: usize = 1_000;
/// Different values a datum may hold.
const VALUES: usize = 150;
/// How old a timestamp may be, and how far in the future.
const OLDEST: f64 = 14.0 * 86_400.0;
const NEWEST: f64 = 2.0 * 3_600.0;

enum Datum {
    Values(Vec<(f64, f64)>),
    Set {
        count: f64,
        sum: f64,
        min: f64,
        max: f64,
    },
}

/// Takes the data of a PutMetricData: all of them, or none where one is wrong.
pub(super) fn take(input: &Node, store: &mut MetricStore, now: f64) -> Result<Node, ApiError> {
    let namespace = input.get("Namespace").as_text();
    let namespace = namespace.ok_or_else(|| missing("Namespace"))?;
    if namespace.starts_with("AWS/") {
        return Err(bad_value(
            "The value AWS/ for parameter Namespace is invalid.",
        ));
    }
    let data = input.get("MetricData").as_list();
    if data.len() > DATA {
        return Err(bad_value(format!(
            "The collection MetricData must not have a size greater than {DATA}."
        )));
    }
    let mut checked = Vec::with_capacity(data.len());
    for node in data {
        let named = Node::Map(
            [("Namespace".to_owned(), namespace.into())]
                .into_iter()
                .chain(node.as_map().iter().cloned())
                .collect(),
        );
        let key = metric_key(&named)?;
        let at = timestamp(node, now)?;
        let unit = node.get("Unit").as_text().unwrap_or("None").to_owned();
        checked.push((key, at, unit, datum(node)?));
    }
    for (key, at, unit, datum) in checked {
        put(store, key, at, &unit, &datum);
    }
    Ok(Node::Null)
}

fn put(store: &mut MetricStore, key: MetricKey, at: i64, unit: &str, datum: &Datum) {
    let Some(bucket) = store.bucket(key, at, unit) else {
        return;
    };
    match datum {
        Datum::Values(values) => values
            .iter()
            .for_each(|(v, weight)| bucket.add(*v, *weight)),
        Datum::Set {
            count,
            sum,
            min,
            max,
        } => bucket.add_set(*count, *sum, *min, *max),
    }
}

fn timestamp(node: &Node, now: f64) -> Result<i64, ApiError> {
    let at = match node.get("Timestamp") {
        Node::Null => now,
        given => given
            .as_time()
            .ok_or_else(|| bad_value("The value of Timestamp is no point in time."))?,
    };
    if at < now - OLDEST || at > now + NEWEST {
        return Err(bad_value(
            "The parameter MetricData.member.1.Timestamp must specify a time no more than two weeks in the past and two hours in the future.",
        ));
    }
    Ok(at.floor() as i64)
}

fn datum(node: &Node) -> Result<Datum, ApiError> {
    let values = node.get("Values").as_list();
    let (value, set) = (node.get("Value"), node.get("StatisticValues"));
    let kinds = [!value.is_null(), !values.is_empty(), !set.is_null()];
    match kinds {
        [true, false, false] => Ok(Datum::Values(vec![(number(value)?, 1.0)])),
        [false, true, false] => counted(values, node.get("Counts").as_list()),
        [false, false, true] => {
            let part = |name: &str| match set.get(name) {
                Node::Null => Err(missing(name)),
                n => number(n),
            };
            let (count, sum) = (part("SampleCount")?, part("Sum")?);
            let (min, max) = (part("Minimum")?, part("Maximum")?);
            if count <= 0.0 || min > max {
                return Err(bad_value("The statistic set contradicts itself."));
            }
            Ok(Datum::Set {
                count,
                sum,
                min,
                max,
            })
        }
        [false, false, false] => Err(missing("Value")),
        _ => Err(combination(
            "Value, Values and StatisticValues exclude one another.",
        )),
    }
}

fn counted(values: &[Node], counts: &[Node]) -> Result<Datum, ApiError> {
    if values.len() > VALUES {
        return Err(bad_value(format!(
            "Values must not have a size greater than {VALUES}."
        )));
    }
    if !counts.is_empty() && counts.len() != values.len() {
        return Err(bad_value("Values and Counts must have the same size."));
    }
    let mut pairs = Vec::with_capacity(values.len());
    for (place, value) in values.iter().enumerate() {
        let weight = counts.get(place).map_or(Ok(1.0), number)?;
        if weight <= 0.0 {
            return Err(bad_value("Counts must be greater than zero."));
        }
        pairs.push((number(value)?, weight));
    }
    Ok(Datum::Values(pairs))
}

/// A number within the range that the vendor keeps.
fn number(node: &Node) -> Result<f64, ApiError> {
    let n = node
        .as_f64()
        .filter(|n| n.is_finite() && n.abs() <= 2f64.powi(360));
    n.ok_or_else(|| bad_value("The value of MetricData is no number between -2^360 and 2^360."))
}
