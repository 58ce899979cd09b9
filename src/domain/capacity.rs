//! How much of each component is left, and when it will be used up as things go: from series and bounds that are known anyway.

pub mod trend;
mod unmeasured;

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Serialize;

use super::connections;
use super::facts::Facts;
use super::metric::{MetricId, MetricQuery, Series};
use crate::domain::order::Ordered;
use trend::{Points, Way};

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
    /// Its busiest hour of the last days, where its load comes and goes; `None`: none is known, or it is a level.
    pub busiest: Option<Busiest>,
    /// What is left in the vendor's unit, where that is no percentage.
    pub amount: Option<f64>,
    /// When nothing will be left at this trend (UTC); `None`: there is no trend towards that.
    pub runs_out: Option<Timestamp>,
    /// Why no end is told of something that fills up: `no trend`, or `not known` where its days are not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endless: Option<&'static str>,
    /// Why nobody knows how much is left, where somebody knows why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
    /// What says how much there is in all, where several may.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whole: Option<String>,
    /// Who told.
    pub source: String,
}

/// The busiest hour of the last days.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Busiest {
    /// When it began (UTC).
    pub at: Timestamp,
    /// Used in its mean, percent.
    pub used: f64,
    /// Hours that were measured: those days hold so many at most.
    pub hours: usize,
}

impl Busiest {
    fn of(days: &Points) -> Option<Self> {
        let told = days.iter().filter(|p| p.1.is_finite());
        let most = told.max_by(|a, b| a.1.total_cmp(&b.1))?;
        Some(Self {
            at: most.0,
            used: most.1,
            hours: days.len(),
        })
    }
}

/// The days that may be believed, an hour a point, by metric.
struct Days<'a>(HashMap<&'a MetricId, &'a Points>);

impl<'a> Days<'a> {
    fn of(facts: &'a Facts, now: Timestamp) -> Self {
        let all = facts
            .trends
            .fresh(now)
            .into_iter()
            .flat_map(|all| all.iter());
        Self(all.map(|d| (&d.query.metric, d.points.as_ref())).collect())
    }

    fn get(&self, metric: &MetricId) -> &'a Points {
        self.0.get(metric).copied().unwrap_or_default()
    }
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

/// What is left of everything, least first, with when it runs out by trends that may be believed at `now`.
pub fn headrooms(facts: &Facts, now: Timestamp) -> Vec<Headroom> {
    let mut all: Vec<Headroom> = Vec::new();
    let days = Days::of(facts, now);
    let series = facts.series.value.iter().flat_map(|m| m.values());
    let mut seen: Vec<&MetricId> = Vec::new();
    for s in series {
        // The same metric may be asked for with other statistics, too.
        if !seen.contains(&&s.query.metric)
            && let Some(headroom) = of_series(s, facts, &days)
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
                    busiest: None,
                    amount: Some(f64::from(t.max.saturating_sub(service.counts.desired))),
                    runs_out: None,
                    endless: None,
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

fn of_series(s: &Series, facts: &Facts, days: &Days<'_>) -> Option<Headroom> {
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
        // What follows the load of the moment fills up by no trend.
        let (runs_out, endless) = match slow {
            true => ends(s, days, 100.0),
            false => (None, None),
        };
        return most.is_finite().then(|| Headroom {
            component,
            resource,
            used: Some(most),
            left: Some((100.0 - most).max(0.0)),
            busiest: Busiest::of(days.get(metric)),
            amount: None,
            runs_out,
            endless,
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
    let (runs_out, endless) = ends(s, days, 0.0);
    Some(Headroom {
        component: component.to_owned(),
        resource,
        used: left.map(|left| 100.0 - left),
        left,
        busiest: None,
        amount: Some(last),
        runs_out,
        endless,
        unknown: None,
        whole: None,
        source: source.to_owned(),
    })
}

/// When a limit is reached, by the last hours and the last days; why not, where that is not told. Days that were read long ago say
/// neither that there is an end nor that there is none.
fn ends(s: &Series, days: &Days<'_>, limit: f64) -> (Option<Timestamp>, Option<&'static str>) {
    match trend::way(&s.points, days.get(&s.query.metric), limit) {
        Way::Ends(at) => (Some(at), None),
        Way::None => (None, Some("no trend")),
        Way::TooFew => (None, Some("not known")),
    }
}

/// The common series whose days are asked for, an hour a point: what fills up has a trend, and what comes and goes a busiest hour.
pub fn of_days(facts: &Facts) -> Vec<&MetricQuery> {
    let series = facts.series.value.iter().flat_map(|m| m.keys());
    let mut all: Vec<&MetricQuery> = series.filter(|q| tells(&q.metric)).collect();
    // They stand in the order of their metrics; each may be asked for with several statistics.
    all.dedup_by(|a, b| a.metric == b.metric);
    all
}

/// The questions for those days.
pub fn trends(facts: &Facts) -> Vec<MetricQuery> {
    let all = of_days(facts).into_iter();
    let over_hours = |query: &MetricQuery| MetricQuery {
        period_s: trend::PERIOD_S,
        ..query.clone()
    };
    all.map(over_hours).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::domain::part::Part;
    use crate::domain::problem::{Problem, ProblemKind};

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

    /// Three hours of a wave of the day rise as straight as a line does.
    #[test]
    fn what_fills_up_is_judged_by_days_and_by_nothing_less() {
        let metric = MetricId::new(
            "AWS/ElastiCache",
            "DatabaseMemoryUsagePercentage",
            &[("CacheClusterId", "laser-prod-redis-001")],
        );
        let series = |period_s: u32, n: i64, of: &dyn Fn(f64) -> f64| Series {
            query: MetricQuery {
                metric: metric.clone(),
                stat: crate::domain::metric::Stat::Average,
                period_s,
            },
            label: String::new(),
            unit: crate::domain::metric::Unit::Percent,
            points: (0..n)
                .map(|i| {
                    let at = 1_000_000_800 - (n - i) * i64::from(period_s);
                    (Timestamp::from_second(at).unwrap(), of(at as f64 / 3_600.0))
                })
                .collect(),
            partial: false,
        };
        let now = Timestamp::from_second(1_000_000_800).unwrap();
        let wave = |h: f64| 49.5 + 1.4 * (h * std::f64::consts::TAU / 24.0).sin();
        let rising = |h: f64| wave(h) + (h - 277_778.0) / 24.0;
        let facts = |days: i64, of: &dyn Fn(f64) -> f64| {
            let hours = series(60, 180, of);
            let mut facts = Facts::default();
            facts.series.value = Some(Arc::new([(hours.query.clone(), Arc::new(hours))].into()));
            let read = Arc::new(vec![series(trend::PERIOD_S, days * 24, of)]);
            facts.trends = Part::answered(read, now, "cloudwatch", Duration::from_secs(900));
            assert_eq!(trends(&facts).len(), 1, "and it is asked for");
            facts
        };
        let busiest = headrooms(&facts(7, &wave), now)[0].busiest.unwrap();
        assert_eq!((busiest.hours, busiest.used.round()), (168, 51.0));
        let told = |days: i64, of: &dyn Fn(f64) -> f64| headrooms(&facts(days, of), now)[0].clone();
        assert_eq!(told(7, &wave).endless, Some("no trend"));
        assert_eq!(told(0, &rising).endless, Some("not known"));
        assert!(told(7, &rising).runs_out.is_some());
        // What was read two days ago is no trend of now, and no calm either.
        let later = now + jiff::SignedDuration::from_hours(48);
        for of in [&wave as &dyn Fn(f64) -> f64, &rising] {
            let old = headrooms(&facts(7, of), later)[0].clone();
            assert_eq!((old.runs_out, old.endless), (None, Some("not known")));
        }
        let mut failed = facts(7, &rising);
        let why = Problem::new(ProblemKind::Denied, "cloudwatch", "w", "y", "f");
        failed.trends.error = Some(why);
        assert_eq!(headrooms(&failed, now)[0].endless, Some("not known"));
    }
}
