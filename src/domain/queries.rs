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
        (REQUESTS, Stat::Sum),
        (FAILED, Stat::Sum),
        ("TargetResponseTime", Stat::Average),
        ("TargetResponseTime", Stat::Percentile(950)),
    ]
    .into_iter()
    .filter_map(|(name, stat)| target_group(group, name, stat))
    .collect()
}

/// What tells, beside its golden signals, whether a group without a healthy target answers all the same, and since when it has none.
pub fn proof(group: &TargetGroup) -> Vec<MetricQuery> {
    let counts = SUCCEEDED.into_iter().chain([REJECTED]);
    let counts = counts.map(|name| target_group(group, name, Stat::Sum));
    let others = [healthy_hosts(group), refused(group)];
    counts.chain(others).flatten().collect()
}

/// The most healthy targets that a group had at one time of a period; `None` where no load balancer uses it.
pub fn healthy_hosts(group: &TargetGroup) -> Option<MetricQuery> {
    target_group(group, "HealthyHostCount", Stat::Maximum)
}

/// What the load balancer of a target group answers by itself with a 5xx, as it does where the group has no target left; it is counted
/// for the load balancer as a whole. `None` where none uses the group.
pub fn refused(group: &TargetGroup) -> Option<MetricQuery> {
    let dimensions = [("LoadBalancer", group.load_balancer_dimension()?)];
    let query = query("AWS/ApplicationELB", REFUSED, &dimensions, Stat::Sum);
    Some(query)
}

/// Requests that a load balancer answered with a 5xx of its own.
pub const REFUSED: &str = "HTTPCode_ELB_5XX_Count";

/// Requests that a target was chosen for.
pub const REQUESTS: &str = "RequestCount";

/// Requests that targets answered well, or with the way to somewhere else.
pub const SUCCEEDED: [&str; 2] = ["HTTPCode_Target_2XX_Count", "HTTPCode_Target_3XX_Count"];

/// Requests that targets answered with a 4xx.
pub const REJECTED: &str = "HTTPCode_Target_4XX_Count";

/// Requests that targets answered with a 5xx.
pub const FAILED: &str = "HTTPCode_Target_5XX_Count";

/// The series that a promise is measured by at a load balancer (`app/name/id`), with the percentiles of the response time.
pub fn promise(kind: SloKind, balancer: &str) -> Vec<MetricQuery> {
    let rows: &[(&str, Stat)] = match kind {
        SloKind::Availability | SloKind::ErrorRate => &[
            ("RequestCount", Stat::Sum),
            (FAILED, Stat::Sum),
            (REFUSED, Stat::Sum),
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

/// What a node of a cache measures of itself, each minute (AWS/ElastiCache): look-ups that found their key in percent, keys thrown
/// out, memory in use in percent.
pub fn cache(node: &str) -> [MetricQuery; 3] {
    let of = |name, stat| query("AWS/ElastiCache", name, &[("CacheClusterId", node)], stat);
    [
        of("CacheHitRate", Stat::Average),
        of("Evictions", Stat::Sum),
        of("DatabaseMemoryUsagePercentage", Stat::Average),
    ]
}

/// The same of a serverless cache, but for the memory, of which it has what it needs.
pub fn serverless_cache(name: &str) -> [MetricQuery; 2] {
    let of = |metric, stat| query("AWS/ElastiCache", metric, &[("clusterId", name)], stat);
    [
        of("CacheHitRate", Stat::Average),
        of("Evictions", Stat::Sum),
    ]
}

/// Seconds that a bucket's copy is behind, by the rule that makes it (AWS/S3 ReplicationLatency): there is one where the rule has
/// metrics switched on.
pub fn replication(bucket: &str, to: &str, rule: &str) -> MetricQuery {
    let dimensions = [
        ("SourceBucket", bucket),
        ("DestinationBucket", to),
        ("RuleId", rule),
    ];
    query("AWS/S3", "ReplicationLatency", &dimensions, Stat::Maximum)
}

/// What a rule failed to copy, hour by hour (AWS/S3 OperationsFailedReplication): counted in the region of the bucket, unlike how far the
/// copy is behind, and where it has no point none failed.
pub fn failed_replication(bucket: &str, to: &str, rule: &str) -> MetricQuery {
    let dimensions = [
        ("SourceBucket", bucket),
        ("DestinationBucket", to),
        ("RuleId", rule),
    ];
    MetricQuery {
        metric: MetricId::new("AWS/S3", "OperationsFailedReplication", &dimensions),
        stat: Stat::Sum,
        period_s: 3_600,
    }
}

/// How a bucket answers (AWS/S3 request metrics, where a filter switches them on): milliseconds to the first byte, share of 5xx,
/// requests. `of`: any of the filter's metrics; `None` where it is none of a filter.
pub fn bucket_requests(of: &MetricId) -> Option<[MetricQuery; 3]> {
    let known = |dimension: &str| of.dimensions.iter().any(|(name, _)| name == dimension);
    if of.namespace != "AWS/S3" || !known("BucketName") || !known("FilterId") {
        return None;
    }
    let named = |name: &str, stat| MetricQuery {
        metric: MetricId {
            name: name.into(),
            ..of.clone()
        },
        stat,
        period_s: PERIOD_S,
    };
    Some([
        named("FirstByteLatency", Stat::Average),
        named("5xxErrors", Stat::Average),
        named("AllRequests", Stat::Sum),
    ])
}
