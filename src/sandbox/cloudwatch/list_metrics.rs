//! ListMetrics.

use super::errors::bad_value;
use super::page;
use super::query::metric_node;
use super::store::{MetricKey, MetricStore};
use crate::wire::{ApiError, Node, map};

/// Metrics a page.
const PAGE: usize = 500;
/// A metric without data for so long is not listed.
const FORGOTTEN: f64 = 14.0 * 86_400.0;
/// What `RecentlyActive=PT3H` means.
const RECENT: f64 = 3.0 * 3_600.0;

/// Answers ListMetrics.
pub(super) fn answer(input: &Node, store: &MetricStore, now: f64) -> Result<Node, ApiError> {
    let age = match input.get("RecentlyActive").as_text() {
        None => FORGOTTEN,
        Some("PT3H") => RECENT,
        Some(_) => return Err(bad_value("RecentlyActive can only be PT3H.")),
    };
    let namespace = input.get("Namespace").as_text();
    let name = input.get("MetricName").as_text();
    let dims = input.get("Dimensions").as_list();
    let found: Vec<&MetricKey> = store
        .metrics()
        .filter(|(key, recorded)| {
            namespace.is_none_or(|n| key.namespace == n)
                && name.is_none_or(|n| key.name == n)
                && now - recorded.last_at as f64 <= age
                && dims.iter().all(|d| has(key, d))
        })
        .map(|(key, _)| key)
        .collect();
    let (metrics, next) = page::cut(found, page::place(input)?, PAGE);
    Ok(map([
        (
            "Metrics",
            Node::List(metrics.into_iter().map(metric_node).collect()),
        ),
        ("NextToken", next.into()),
    ]))
}

/// Whether a metric has a dimension of this name, and of this value if one is given.
fn has(key: &MetricKey, filter: &Node) -> bool {
    let value = filter.get("Value").as_text();
    key.dims.iter().any(|(n, v)| {
        Some(n.as_str()) == filter.get("Name").as_str() && value.is_none_or(|w| w == v)
    })
}
