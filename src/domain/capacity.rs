//! How much of each component is left, and when it will be used up as things go: from series and bounds that are known anyway.

mod unmeasured;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::connections;
use super::facts::Facts;
use super::metric::{MetricId, Series};
use crate::domain::order::Ordered;

/// What is left of something.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Headroom {
    /// Service (`cluster/name`), database or cache.
    pub component: String,
    /// `CPU`, `memory`, `storage`, `tasks`, `connections`.
    pub resource: &'static str,
    /// Most that was used in the window, percent; `None`: only what is left is known.
    pub used: Option<f64>,
    /// Least that was left, percent.
    pub left: Option<f64>,
    /// What is left in the vendor's unit, where that is no percentage.
    pub amount: Option<f64>,
    /// When nothing will be left at this trend (UTC); `None`: there is no trend towards that.
    pub runs_out: Option<Timestamp>,
    /// Why nobody knows how much is left, where somebody knows why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
    /// What says how much there is in all, where several may.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whole: Option<String>,
    /// Who told.
    pub source: String,
}

/// Metrics of use: namespace, name, dimension that names the component, resource, whether it fills up slowly.
const USED: [(&str, &str, &str, &str, bool); 5] = [
    ("AWS/ECS", "CPUUtilization", "ServiceName", "CPU", false),
    (
        "AWS/ECS",
        "MemoryUtilization",
        "ServiceName",
        "memory",
        false,
    ),
    (
        "AWS/RDS",
        "CPUUtilization",
        "DBInstanceIdentifier",
        "CPU",
        false,
    ),
    (
        "AWS/ElastiCache",
        "EngineCPUUtilization",
        "CacheClusterId",
        "CPU",
        false,
    ),
    (
        "AWS/ElastiCache",
        "DatabaseMemoryUsagePercentage",
        "CacheClusterId",
        "memory",
        true,
    ),
];

/// Metrics of what is left, in bytes.
const FREE: [(&str, &str, &str, &str); 1] = [(
    "AWS/RDS",
    "FreeStorageSpace",
    "DBInstanceIdentifier",
    "storage",
)];

/// Points that a trend needs at least.
const POINTS: usize = 30;
/// Share of the change that a straight line must explain to be called a trend.
const STRAIGHT: f64 = 0.9;
/// Trends that end later than this are none that matter.
const FAR: i64 = 2 * 365 * 24;

/// Whether headroom is read from a metric.
pub fn tells(metric: &MetricId) -> bool {
    let (space, name) = (metric.namespace.as_str(), metric.name.as_str());
    USED.iter()
        .any(|u| (u.0, u.1) == (space, name) && component(metric, u.2).is_some())
        || FREE
            .iter()
            .any(|f| (f.0, f.1) == (space, name) && component(metric, f.2).is_some())
}

fn component<'a>(metric: &'a MetricId, dimension: &str) -> Option<&'a str> {
    let found = metric.dimensions.iter().find(|(name, _)| name == dimension);
    found.map(|(_, value)| value.as_str())
}

/// What is left of everything, least first.
pub fn headrooms(facts: &Facts) -> Vec<Headroom> {
    let mut all: Vec<Headroom> = Vec::new();
    let series = facts.series.value.iter().flat_map(|m| m.values());
    let mut seen: Vec<&MetricId> = Vec::new();
    for s in series {
        // The same metric may be asked for with other statistics, too.
        if !seen.contains(&&s.query.metric)
            && let Some(headroom) = of_series(s, facts)
        {
            seen.push(&s.query.metric);
            all.push(headroom);
        }
    }
    if let Some(targets) = &facts.estate.scaling.value {
        for t in targets.iter() {
            let Some((cluster, name)) = t.service() else {
                continue;
            };
            let mut rows = facts.service_rows().iter();
            let service = rows.find(|s| s.id.cluster == cluster && s.id.name == name);
            if let Some(service) = service.filter(|_| t.max > 0) {
                let used = f64::from(service.counts.desired) / f64::from(t.max) * 100.0;
                all.push(Headroom {
                    component: format!("{cluster}/{name}"),
                    resource: "tasks",
                    used: Some(used),
                    left: Some((100.0 - used).max(0.0)),
                    amount: Some(f64::from(t.max.saturating_sub(service.counts.desired))),
                    runs_out: None,
                    unknown: None,
                    whole: None,
                    source: facts.estate.scaling.source.clone(),
                });
            }
        }
    }
    all.extend(connections::headrooms(facts));
    all.extend(unmeasured::unmeasured(facts, &all));
    let rank = |h: &Headroom| h.left.unwrap_or(100.0);
    all.order_by(|a, b| {
        rank(a)
            .total_cmp(&rank(b))
            .then_with(|| (&a.component, a.resource).cmp(&(&b.component, b.resource)))
    });
    all
}

/// Bytes of a database's disk, as it was last told; it only ever grows.
fn disk(facts: &Facts, id: &str) -> Option<f64> {
    let known = facts.estate.databases.value.as_ref()?;
    let gib = known.instances.iter().find(|d| d.id == id)?.storage_gib?;
    (gib > 0).then_some(gib as f64 * 1024.0 * 1024.0 * 1024.0)
}

fn of_series(s: &Series, facts: &Facts) -> Option<Headroom> {
    let source = facts.series.source.as_str();
    let metric = &s.query.metric;
    let is = |space: &str, name: &str| metric.namespace == space && metric.name == name;
    if let Some((_, _, dimension, resource, slow)) = USED.iter().find(|u| is(u.0, u.1)) {
        let most = s
            .points
            .iter()
            .map(|p| p.1)
            .fold(f64::NEG_INFINITY, f64::max);
        let name = component(metric, dimension)?;
        // Services of two clusters may have the same name.
        let component = match component(metric, "ClusterName") {
            Some(cluster) => format!("{cluster}/{name}"),
            None => name.to_owned(),
        };
        return most.is_finite().then(|| Headroom {
            component,
            resource,
            used: Some(most),
            left: Some((100.0 - most).max(0.0)),
            amount: None,
            // What follows the load of the day has no trend in three hours.
            runs_out: slow.then(|| reaches(&s.points, 100.0)).flatten(),
            unknown: None,
            whole: None,
            source: source.to_owned(),
        });
    }
    let (_, _, dimension, resource) = FREE.iter().find(|f| is(f.0, f.1))?;
    let last = s.last()?;
    let component = component(metric, dimension)?;
    let whole = disk(facts, component);
    let left = whole.map(|whole| (last / whole * 100.0).clamp(0.0, 100.0));
    Some(Headroom {
        component: component.to_owned(),
        resource,
        used: left.map(|left| 100.0 - left),
        left,
        amount: Some(last),
        runs_out: reaches(&s.points, 0.0),
        unknown: None,
        whole: None,
        source: source.to_owned(),
    })
}

/// When a straight line through the points reaches a limit; `None` where they are no straight line, or lead elsewhere.
fn reaches(points: &[(Timestamp, f64)], limit: f64) -> Option<Timestamp> {
    let ((first, _), (last, now)) = (points.first()?, points.last()?);
    if points.len() < POINTS {
        return None;
    }
    let n = points.len() as f64;
    let x = |at: &Timestamp| at.duration_since(*first).as_secs_f64();
    let mean_x = points.iter().map(|p| x(&p.0)).sum::<f64>() / n;
    let mean_y = points.iter().map(|p| p.1).sum::<f64>() / n;
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    for (at, value) in points {
        let (dx, dy) = (x(at) - mean_x, value - mean_y);
        xx += dx * dx;
        xy += dx * dy;
        yy += dy * dy;
    }
    if xx <= 0.0 || yy <= 0.0 || xy * xy / (xx * yy) < STRAIGHT {
        return None;
    }
    let slope = xy / xx;
    let seconds = (limit - now) / slope;
    let hours = (seconds / 3_600.0).round();
    if !(0.0..=FAR as f64).contains(&hours) {
        return None;
    }
    last.checked_add(SignedDuration::from_hours(hours as i64))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(of: impl Fn(f64) -> f64) -> Vec<(Timestamp, f64)> {
        let at = |n: i64| Timestamp::from_second(n * 60).unwrap();
        (0..180_i32)
            .map(|n| (at(i64::from(n)), of(f64::from(n))))
            .collect()
    }

    #[test]
    fn a_straight_line_to_the_limit_has_an_end_and_nothing_else() {
        let falling = points(|n| 1_000.0 - n);
        let end = reaches(&falling, 0.0).unwrap();
        let hours = end.duration_since(falling.last().unwrap().0).as_hours();
        assert_eq!(hours, 14, "821 minutes are left");
        assert_eq!(reaches(&points(|n| 1_000.0 + n), 0.0), None, "it grows");
        assert_eq!(
            reaches(&points(|n| (n / 7.0).sin() * 50.0 + 500.0), 0.0),
            None,
            "it swings"
        );
        assert_eq!(reaches(&points(|_| 500.0), 0.0), None, "it stays");
        assert_eq!(
            reaches(&points(|n| 1e9 - n), 0.0),
            None,
            "too far away to matter"
        );
        assert_eq!(reaches(&falling[..10], 0.0), None, "too few points");
    }

    #[test]
    fn only_metrics_of_a_component_tell() {
        assert!(tells(&MetricId::new(
            "AWS/ECS",
            "CPUUtilization",
            &[("ClusterName", "c"), ("ServiceName", "s")]
        )));
        assert!(!tells(&MetricId::new(
            "AWS/ECS",
            "CPUUtilization",
            &[("ClusterName", "c")]
        )));
        assert!(!tells(&MetricId::new(
            "AWS/EC2",
            "CPUUtilization",
            &[("ServiceName", "s")]
        )));
    }
}
