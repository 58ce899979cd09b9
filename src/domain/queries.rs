//! The common questions for series: who draws and who asks must mean the same key.

use super::metric::{MetricId, MetricQuery, Stat};
use super::service::ServiceId;
use super::slo::SloKind;
use super::target::TargetGroup;

/// Seconds a point of the common series.
pub const PERIOD_S: u32 = 60;

fn query(namespace: &str, name: &str, dimensions: &[(&str, &str)], stat: Stat) -> MetricQuery {
    MetricQuery {
        metric: MetricId::new(namespace, name, dimensions),
        stat,
        period_s: PERIOD_S,
    }
}

/// Mean CPU of a service, percent of what its tasks reserve (AWS/ECS CPUUtilization).
pub fn service_cpu(id: &ServiceId) -> MetricQuery {
    service(id, "CPUUtilization")
}

/// Mean memory of a service, percent of what its tasks reserve (AWS/ECS MemoryUtilization).
pub fn service_memory(id: &ServiceId) -> MetricQuery {
    service(id, "MemoryUtilization")
}

fn service(id: &ServiceId, name: &str) -> MetricQuery {
    query(
        "AWS/ECS",
        name,
        &[("ClusterName", &id.cluster), ("ServiceName", &id.name)],
        Stat::Average,
    )
}

/// A metric of a target group behind its load balancer; `None` where no load balancer uses the group.
pub fn target_group(group: &TargetGroup, name: &str, stat: Stat) -> Option<MetricQuery> {
    let balancer = group.load_balancer_dimension()?;
    let dimensions = [
        ("LoadBalancer", balancer),
        ("TargetGroup", group.dimension()),
    ];
    Some(query("AWS/ApplicationELB", name, &dimensions, stat))
}

/// The four series that tell how a target group serves: requests, 5xx, mean and p95 response time.
pub fn golden_signals(group: &TargetGroup) -> Vec<MetricQuery> {
    [
        ("RequestCount", Stat::Sum),
        ("HTTPCode_Target_5XX_Count", Stat::Sum),
        ("TargetResponseTime", Stat::Average),
        ("TargetResponseTime", Stat::Percentile(950)),
    ]
    .into_iter()
    .filter_map(|(name, stat)| target_group(group, name, stat))
    .collect()
}

/// The series that a promise is measured by at a load balancer (`app/name/id`), with the percentiles of the response time.
pub fn promise(kind: SloKind, balancer: &str) -> Vec<MetricQuery> {
    let rows: &[(&str, Stat)] = match kind {
        SloKind::Availability | SloKind::ErrorRate => &[
            ("RequestCount", Stat::Sum),
            ("HTTPCode_Target_5XX_Count", Stat::Sum),
            ("HTTPCode_ELB_5XX_Count", Stat::Sum),
        ],
        SloKind::ResponseTime => &[
            ("TargetResponseTime", Stat::Average),
            ("TargetResponseTime", Stat::Percentile(500)),
            ("TargetResponseTime", Stat::Percentile(950)),
            ("TargetResponseTime", Stat::Percentile(990)),
        ],
    };
    rows.iter()
        .map(|(name, stat)| {
            query(
                "AWS/ApplicationELB",
                name,
                &[("LoadBalancer", balancer)],
                stat.clone(),
            )
        })
        .collect()
}
