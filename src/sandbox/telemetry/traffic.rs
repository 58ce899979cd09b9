//! Metrics.

use super::noise::{
    cache_connections, cache_hit_percent, cache_memory_percent, database_connections,
    database_free, load, replica_lag, wobble,
};
use super::{Telemetry, visitors};
use crate::world::task::{Health, Task};
use crate::world::{Key, World};

/// Bytes of a request and its answer.
const A_REQUEST: f64 = 18_400.0;

/// Requests a second of a service at ordinary load, and its mean response time in seconds.
pub fn appetite(name: &str) -> (f64, f64) {
    match name {
        "api" => (42.0, 0.118),
        "calculator" => (18.0, 0.164),
        "auth" => (9.0, 0.041),
        "pdf-render" => (2.0, 0.420),
        _ => (1.5, 0.090),
    }
}

/// Records `span` seconds around a time. The past is told as if all had been well.
pub(super) fn record(t: &mut Telemetry, world: &World, at: f64, span: f64, past: bool) {
    for key in world.services.keys() {
        service(t, world, key, at, span, past);
    }
    if !world.load_balancers.is_empty() {
        data_stores(t, at, world.begun());
        buckets(t, at, span);
        visitors::business(t, at, span);
        visitors::visits(t, at);
    }
}

/// How hard a service works.
#[derive(Clone, Copy, Debug)]
pub struct Strain {
    /// Times its ordinary load a task.
    strain: f64,
    /// Percent.
    pub cpu: f64,
    /// Percent.
    pub memory: f64,
}

/// How hard a service works now, by the tasks that run; `None` where there is none.
pub fn strain(world: &World, key: &Key, at: f64) -> Option<Strain> {
    let planned = world.services.get(key)?.planned;
    let running = world.tasks_of(key).filter(|t| t.is_running()).count();
    let running = if running == 0 {
        planned.max(1) as usize
    } else {
        running
    };
    Some(strained(
        &format!("{}/{}", key.0, key.1),
        at,
        planned,
        running as f64,
    ))
}

fn busy(name: &str, at: f64) -> f64 {
    load(at) * (1.0 + 0.08 * wobble(name, at))
}

/// The load is that for which the service was planned: more tasks share it, fewer carry more each.
fn strained(name: &str, at: f64, planned: u32, running: f64) -> Strain {
    let busy = busy(name, at);
    let strain = (f64::from(planned.max(1)) / f64::max(running, 1.0)).clamp(0.1, 4.0);
    let cpu = (38.0 * busy * strain + 4.0 * wobble(&format!("{name} cpu"), at)).clamp(1.0, 100.0);
    let memory =
        (58.0 + 6.0 * busy + 2.0 * wobble(&format!("{name} memory"), at / 4.0)).clamp(5.0, 99.0);
    Strain {
        strain,
        cpu,
        memory,
    }
}

/// Records `span` seconds of one service around a time.
pub(super) fn service(t: &mut Telemetry, world: &World, key: &Key, at: f64, span: f64, past: bool) {
    let Some(s) = world.services.get(key) else {
        return;
    };
    let name = format!("{}/{}", key.0, key.1);
    let busy = busy(&name, at);
    let (mut running, mut bad) = (0.0, 0.0);
    if !past {
        for task in world.tasks_of(key).filter(|t| t.is_running()) {
            running += 1.0;
            bad += f64::from(u8::from(task.health != Health::Healthy && task.is_bad()));
        }
    }
    // Tasks measure what they use: where none runs nothing is measured.
    let measures = past || running > 0.0;
    if !measures || past {
        (running, bad) = (f64::from(s.planned.max(1)), 0.0);
    }
    let Strain {
        strain,
        cpu,
        memory,
    } = strained(&name, at, s.planned, running);
    let dims = [
        ("ClusterName", key.0.as_str()),
        ("ServiceName", key.1.as_str()),
    ];
    let second = at as i64;
    // Images and what a task writes beside them, in gigabytes.
    let disk = 2.6 + 0.4 * busy + 0.1 * wobble(&format!("{name} disk"), at / 4.0);
    let used = [
        ("AWS/ECS", "CPUUtilization", cpu, "Percent"),
        ("AWS/ECS", "MemoryUtilization", memory, "Percent"),
        (
            "ECS/ContainerInsights",
            "EphemeralStorageUtilized",
            disk,
            "Gigabytes",
        ),
    ];
    for (space, metric, value, unit) in used.into_iter().filter(|_| measures) {
        t.metrics
            .record(space, metric, &dims, second, &[value], unit);
    }
    let Some(tg) = s
        .target_group
        .as_ref()
        .and_then(|g| world.target_groups.get(g))
    else {
        return;
    };
    let Some(id) = world.load_balancers.get(&tg.load_balancer) else {
        return;
    };
    let balancer = format!("app/{}/{id}", tg.load_balancer);
    let group = format!("targetgroup/{}/{}", tg.name, tg.id);
    let both = [
        ("LoadBalancer", balancer.as_str()),
        ("TargetGroup", group.as_str()),
    ];
    let alone = [("LoadBalancer", balancer.as_str())];
    let registered = |t: &Task| t.target().is_some_and(|x| x.0 != "draining");
    let deserted = !past && !world.tasks_of(key).any(registered);
    let (rate, mean) = appetite(&key.1);
    let requests = (rate * busy * span).max(0.0).round();
    // A bad task gets its share of the traffic until its checks take it out, and fails most of it.
    let share = match past {
        true => 0.0,
        false => world.failing_share(key),
    };
    let failed = (requests * (share * 0.7 + 0.000_15 * (1.0 + wobble(&name, at)))).round();
    let refused = (requests * 0.006).round();
    let slow = 1.0 + 2.5 * share + (strain - 1.0).max(0.0) * 0.5;
    let times: Vec<f64> = (0..12)
        .map(|i| {
            let spread = 0.45 + 0.085 * f64::from(i) + if i == 11 { 1.1 } else { 0.0 };
            mean * slow
                * spread
                * (1.0 + 0.1 * wobble(&format!("{name}{i}"), at))
                * (0.85 + 0.15 * busy)
        })
        .collect();
    // Without a target the balancer answers itself, and counts no request: it chose no target for it.
    if deserted {
        for metric in ["HTTPCode_ELB_5XX_Count", "HTTPCode_ELB_503_Count"] {
            let samples = [requests];
            t.metrics.record(
                "AWS/ApplicationELB",
                metric,
                &alone,
                second,
                &samples,
                "Count",
            );
        }
    }
    let answering = [&both[..], &alone[..]].into_iter().filter(|_| !deserted);
    for dims in answering {
        let mut put = |metric: &str, samples: &[f64], unit: &str| {
            t.metrics
                .record("AWS/ApplicationELB", metric, dims, second, samples, unit);
        };
        put("RequestCount", &[requests], "Count");
        put("TargetResponseTime", &times, "Seconds");
        put(
            "HTTPCode_Target_2XX_Count",
            &[requests - failed - refused],
            "Count",
        );
        put("ProcessedBytes", &[requests * A_REQUEST], "Bytes");
        put("HTTPCode_Target_4XX_Count", &[refused], "Count");
        put("HTTPCode_Target_5XX_Count", &[failed], "Count");
    }
    let healthy = if past {
        running
    } else {
        world
            .tasks_of(key)
            .filter(|t| t.target().is_some_and(|x| x.0 == "healthy"))
            .count() as f64
    };
    t.metrics.record(
        "AWS/ApplicationELB",
        "HealthyHostCount",
        &both,
        second,
        &[healthy],
        "Count",
    );
    t.metrics.record(
        "AWS/ApplicationELB",
        "UnHealthyHostCount",
        &both,
        second,
        &[if past { 0.0 } else { bad }],
        "Count",
    );
}

fn data_stores(t: &mut Telemetry, at: f64, begun: f64) {
    let busy = load(at);
    let second = at as i64;
    let db = [("DBInstanceIdentifier", "laser-prod-db")];
    let mut put = |namespace: &str, metric: &str, dims: &[(&str, &str)], value: f64, unit: &str| {
        t.metrics
            .record(namespace, metric, dims, second, &[value.max(0.0)], unit);
    };
    let w = |n: &str| wobble(n, at);
    put(
        "AWS/RDS",
        "CPUUtilization",
        &db,
        34.0 * busy + 5.0 * w("db cpu"),
        "Percent",
    );
    put(
        "AWS/RDS",
        "DatabaseConnections",
        &db,
        database_connections(at, begun),
        "Count",
    );
    put(
        "AWS/RDS",
        "FreeStorageSpace",
        &db,
        database_free(at),
        "Bytes",
    );
    put(
        "AWS/RDS",
        "ReadLatency",
        &db,
        0.000_9 * (1.0 + 0.3 * w("db read")),
        "Seconds",
    );
    put(
        "AWS/RDS",
        "WriteLatency",
        &db,
        0.001_6 * (1.0 + 0.3 * w("db write")),
        "Seconds",
    );
    put(
        "AWS/RDS",
        "ReplicaLag",
        &[("DBInstanceIdentifier", "laser-prod-db-replica")],
        replica_lag(at),
        "Seconds",
    );
    // AWS measures every instance there is, whatever it is for.
    let others = [
        ("laser-prod-db-replica", 0.4),
        ("laser-analytics-1", 0.3),
        ("laser-analytics-2", 0.2),
    ];
    for (id, share) in others {
        let of = [("DBInstanceIdentifier", id)];
        let cpu = 34.0 * busy * share + 3.0 * w(id);
        let open = (database_connections(at, begun) * share).round();
        put("AWS/RDS", "CPUUtilization", &of, cpu, "Percent");
        put("AWS/RDS", "DatabaseConnections", &of, open, "Count");
    }
    let replica = [("DBInstanceIdentifier", "laser-prod-db-replica")];
    let free = database_free(at);
    put("AWS/RDS", "FreeStorageSpace", &replica, free, "Bytes");
    let cache = [("CacheClusterId", "laser-prod-redis-001")];
    put(
        "AWS/ElastiCache",
        "EngineCPUUtilization",
        &cache,
        12.0 * busy + 2.0 * w("cache cpu"),
        "Percent",
    );
    put(
        "AWS/ElastiCache",
        "CurrConnections",
        &cache,
        cache_connections(at),
        "Count",
    );
    put(
        "AWS/ElastiCache",
        "CacheHitRate",
        &cache,
        cache_hit_percent(at),
        "Percent",
    );
    put("AWS/ElastiCache", "Evictions", &cache, 0.0, "Count");
    put(
        "AWS/ElastiCache",
        "DatabaseMemoryUsagePercentage",
        &cache,
        cache_memory_percent(at),
        "Percent",
    );
    // The replica answers reads as well.
    let replica = [("CacheClusterId", "laser-prod-redis-002")];
    let cpu = 8.0 * busy + 2.0 * w("cache replica cpu");
    for (metric, value, unit) in [
        ("EngineCPUUtilization", cpu, "Percent"),
        ("CacheHitRate", cache_hit_percent(at), "Percent"),
        ("Evictions", 0.0, "Count"),
        (
            "DatabaseMemoryUsagePercentage",
            cache_memory_percent(at),
            "Percent",
        ),
    ] {
        put("AWS/ElastiCache", metric, &replica, value, unit);
    }
}

/// What buckets measure: how far copies are behind, by the rules that have metrics switched on, and how the one that users' drawings
/// are written to answers, whose request metrics are on.
fn buckets(t: &mut Telemetry, at: f64, span: f64) {
    let second = at as i64;
    for name in ["laser-prod-assets", "laser-prod-backups"] {
        let copy = format!("{name}-replica");
        let dims = [
            ("SourceBucket", name),
            ("DestinationBucket", copy.as_str()),
            ("RuleId", "everything"),
        ];
        let behind = (9.0 + 6.0 * wobble(name, at)).max(1.0);
        t.metrics_abroad.record(
            "AWS/S3",
            "ReplicationLatency",
            &dims,
            second,
            &[behind.round()],
            "Seconds",
        );
    }
    let dims = [
        ("BucketName", "laser-prod-uploads"),
        ("FilterId", "EntireBucket"),
    ];
    let requests = (3.0 * load(at) * span).round().max(1.0);
    for (metric, value, unit) in [
        ("AllRequests", requests, "Count"),
        ("5xxErrors", 0.0, "Count"),
        (
            "FirstByteLatency",
            24.0 + 5.0 * wobble("first byte", at),
            "Milliseconds",
        ),
    ] {
        t.metrics
            .record("AWS/S3", metric, &dims, second, &[value], unit);
    }
}
