//! The alarms of the story.

use crate::cloudwatch::{AlarmSpec, AlarmStore, Comparison, Stat, TreatMissing};
use crate::world::{World, names};

const ABOVE: Comparison = Comparison::GreaterThanThreshold;
const BELOW: Comparison = Comparison::LessThanThreshold;

pub(super) fn define(store: &mut AlarmStore, world: &World) {
    let Some((balancer, id)) = world.load_balancers.iter().next() else {
        return;
    };
    let balancer = format!("app/{balancer}/{id}");
    let now = world.stamp();
    let topic = format!(
        "arn:aws:sns:{}:{}:laser-prod-oncall",
        names::REGION,
        names::ACCOUNT
    );
    let mut all: Vec<AlarmSpec> = Vec::new();
    let elb =
        |name: &str, tg: &str, metric: &str, stat: Stat, comparison, limit: f64, words: &str| {
            let group = world
                .target_groups
                .get(tg)
                .map(|g| format!("targetgroup/{}/{}", g.name, g.id))?;
            let dims = [
                ("LoadBalancer", balancer.as_str()),
                ("TargetGroup", group.as_str()),
            ];
            let spec = AlarmSpec::metric(
                name,
                ("AWS/ApplicationELB", metric),
                &dims,
                stat,
                comparison,
                limit,
            );
            Some(
                spec.described(words)
                    .over(1, 1, 60)
                    .missing(TreatMissing::NotBreaching),
            )
        };
    all.extend(elb(
        "laser-prod-api-5xx",
        "tg-api",
        "HTTPCode_Target_5XX_Count",
        Stat::Sum,
        ABOVE,
        25.0,
        "critical: the API answers with 5xx",
    ));
    all.extend(elb(
        "laser-prod-api-p95",
        "tg-api",
        "TargetResponseTime",
        Stat::Percentile(95.0),
        ABOVE,
        0.5,
        "The API is slow for one in twenty",
    ));
    all.extend(elb(
        "laser-prod-api-healthy-hosts",
        "tg-api",
        "HealthyHostCount",
        Stat::Minimum,
        BELOW,
        2.0,
        "critical: fewer than two healthy API targets",
    ));
    all.extend(elb(
        "laser-prod-auth-5xx",
        "tg-auth",
        "HTTPCode_Target_5XX_Count",
        Stat::Sum,
        ABOVE,
        10.0,
        "critical: logging in fails",
    ));
    all.extend(elb(
        "laser-prod-calculator-p95",
        "tg-calculator",
        "TargetResponseTime",
        Stat::Percentile(95.0),
        ABOVE,
        0.8,
        "Calculations are slow",
    ));
    for service in ["api", "calculator", "worker"] {
        let dims = [("ClusterName", "laser-prod"), ("ServiceName", service)];
        let name = format!("laser-prod-{service}-cpu");
        let spec = AlarmSpec::metric(
            &name,
            ("AWS/ECS", "CPUUtilization"),
            &dims,
            Stat::Average,
            ABOVE,
            85.0,
        );
        all.push(
            spec.described("The service needs more tasks")
                .over(3, 3, 60),
        );
    }
    let db = [("DBInstanceIdentifier", "laser-prod-db")];
    let rds = |name: &str, metric: &str, comparison, limit, words: &str| {
        AlarmSpec::metric(
            name,
            ("AWS/RDS", metric),
            &db,
            Stat::Average,
            comparison,
            limit,
        )
        .described(words)
        .over(3, 3, 60)
    };
    all.push(rds(
        "laser-prod-db-connections",
        "DatabaseConnections",
        ABOVE,
        150.0,
        "The connection pool is close to its limit",
    ));
    all.push(rds(
        "laser-prod-db-cpu",
        "CPUUtilization",
        ABOVE,
        80.0,
        "The database is busy",
    ));
    all.push(rds(
        "laser-prod-db-storage",
        "FreeStorageSpace",
        BELOW,
        10.0e9,
        "The database runs out of space",
    ));
    let cache = [("CacheClusterId", "laser-prod-redis-001")];
    let spec = AlarmSpec::metric(
        "laser-prod-cache-evictions",
        ("AWS/ElastiCache", "Evictions"),
        &cache,
        Stat::Sum,
        ABOVE,
        1_000.0,
    );
    all.push(spec.described("The cache is too small").over(3, 3, 60));
    let spec = AlarmSpec::metric(
        "laser-prod-nightly-export",
        ("Laser/Jobs", "NightlyExportAge"),
        &[],
        Stat::Maximum,
        ABOVE,
        90_000.0,
    );
    all.push(spec.described("The nightly export has not run; its metric is not sent yet"));
    // A rule of two known names is always well formed.
    all.extend(
        AlarmSpec::composite(
            "laser-prod-api-down",
            "ALARM(\"laser-prod-api-5xx\") OR ALARM(\"laser-prod-api-healthy-hosts\")",
        )
        .ok()
        .map(|s| s.described("page: the API is down or failing")),
    );
    for spec in all {
        store.define(spec.notifying(&topic), now);
    }
}
