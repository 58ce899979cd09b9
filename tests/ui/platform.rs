//! A picture with the systems that a request passes, for the health map.

use std::sync::Arc;
use std::time::Duration;

use flightdeck::domain::bucket::Bucket;
use flightdeck::domain::cache::{CacheGroup, CacheNode, Caches};
use flightdeck::domain::cloudflare::{Hour, Traffic, Zone};
use flightdeck::domain::database::{Database, Databases, DbVitals};
use flightdeck::domain::facts::ProviderHealth;
use flightdeck::domain::metric::{Series, Stat, Unit};
use flightdeck::domain::part::Part;
use flightdeck::domain::probe::{Grade, HttpsProbe};
use flightdeck::domain::problem::{Problem, ProblemKind};
use flightdeck::domain::queries;
use flightdeck::domain::slack::{Channel, Workspace};
use flightdeck::domain::vercel::{BuildState, Deployment, Hosting, Project};
use flightdeck::watch::Snapshot;
use jiff::Timestamp;

use super::fixture;

fn ago(seconds: i64) -> Timestamp {
    Timestamp::from_second(fixture::now().as_second() - seconds).unwrap()
}

fn part<T>(value: T, source: &str, age_s: i64) -> Part<T> {
    Part::answered(value, ago(age_s), source, Duration::from_secs(60))
}

fn grade() -> Grade {
    Grade {
        letter: "A".into(),
        reasons: Vec::new(),
    }
}

fn hosts(snapshot: &mut Snapshot) {
    for (host, latency_ms) in [("api.laser.example", 38.2), ("www.laser.example", 21.7)] {
        let url = format!("https://{host}/health");
        let probe = HttpsProbe {
            url: url.clone(),
            status: 200,
            latency_ms,
            headers: Vec::new(),
            grade: grade(),
            mitigated: None,
        };
        let seen = part(probe, "https:GET", 14);
        snapshot.facts.https.insert(url, seen);
    }
}

fn edge(snapshot: &mut Snapshot) {
    let estate = &mut snapshot.facts.estate;
    let zones = vec![Zone {
        id: "z1".into(),
        name: "laser.example".into(),
        status: "active".into(),
        paused: false,
        plan: "Pro".into(),
        name_servers: Vec::new(),
        development_s: 0,
        activated_at: None,
        looked_into: true,
    }];
    estate.cloudflare_zones = part(Arc::new(zones), "cloudflare:GET /zones", 31);
    let hour = Hour {
        at: ago(2_400),
        requests: 250_000,
        cached: 190_000,
        classes: [0, 249_900, 0, 0, 100],
        ..Hour::default()
    };
    let traffic = Traffic {
        zone: "laser.example".into(),
        hours: vec![hour],
    };
    estate.cloudflare_traffic = part(Arc::new(vec![traffic]), "cloudflare:POST /graphql", 44);
    let production = Deployment {
        id: "dpl_1".into(),
        project_id: "p1".into(),
        project: "web".into(),
        url: "web-1.vercel.app".into(),
        state: BuildState::Ready,
        error: None,
        target: "production".into(),
        branch: Some("main".into()),
        commit: None,
        message: None,
        author: None,
        created_at: Some(ago(90_000)),
        ready_at: Some(ago(89_000)),
        can_roll_back_to: false,
    };
    let project = Project {
        id: "p1".into(),
        name: "web".into(),
        framework: None,
        production: Some("dpl_1".into()),
        assigns_itself: true,
        last_pointing: None,
    };
    estate.vercel = part(
        Arc::new(Hosting {
            projects: vec![project],
            deployments: vec![production],
            missing: Vec::new(),
            team: None,
        }),
        "vercel:GET /v7/deployments",
        12,
    );
}

fn stores(snapshot: &mut Snapshot) {
    let estate = &mut snapshot.facts.estate;
    let instance = Database {
        id: "laser-prod-db".into(),
        status: "available".into(),
        engine: "postgres".into(),
        multi_az: true,
        encrypted: true,
        retention_days: 7,
        ..Database::default()
    };
    estate.databases = part(
        Arc::new(Databases {
            instances: vec![instance],
            ..Databases::default()
        }),
        "rds:DescribeDBInstances",
        40,
    );
    estate.db_vitals = part(
        Arc::new(vec![DbVitals {
            id: "laser-prod-db".into(),
            read_ms: Some(0.94),
            write_ms: Some(1.62),
            ..DbVitals::default()
        }]),
        "cloudwatch:GetMetricData",
        40,
    );
    let node = |id: &str, role: &str| CacheNode {
        id: id.into(),
        role: role.into(),
        zone: "us-east-1a".into(),
        status: "available".into(),
    };
    let cache = CacheGroup {
        id: "laser-prod-redis".into(),
        about: String::new(),
        status: "available".into(),
        engine: "redis".into(),
        version: "7.1".into(),
        node_type: "cache.r7g.large".into(),
        serverless: false,
        multi_az: true,
        failover: true,
        in_transit: true,
        at_rest: true,
        auth: true,
        retention_days: 0,
        window: String::new(),
        endpoint: String::new(),
        nodes: vec![
            node("laser-prod-redis-001", "primary"),
            node("laser-prod-redis-002", "replica"),
        ],
    };
    estate.caches = part(
        Arc::new(Caches {
            groups: vec![cache],
            ..Caches::default()
        }),
        "elasticache:DescribeReplicationGroups",
        75,
    );
    let buckets = ["laser-prod-uploads", "laser-prod-backups"].map(|name| Bucket {
        name: name.into(),
        ..Bucket::default()
    });
    let mut buckets = part(Arc::new(buckets.to_vec()), "s3:ListBuckets", 240);
    buckets.period = Duration::from_secs(600);
    estate.buckets = buckets;
}

fn beside(snapshot: &mut Snapshot) {
    let estate = &mut snapshot.facts.estate;
    let team = Workspace {
        team: "laser".into(),
        user: "flightdeck".into(),
        url: "https://laser.slack.example/".into(),
        cut: false,
        channels: vec![Channel {
            id: "C1".into(),
            name: "ops".into(),
            is_member: true,
        }],
        lacks: None,
        alerts_to: Some("ops".into()),
    };
    estate.slack = part(Arc::new(team), "slack:auth.test", 20);
}

/// What the target groups answered in the last minutes.
fn traffic(snapshot: &mut Snapshot) {
    let facts = &mut snapshot.facts;
    let groups = facts.target_groups.value.clone().unwrap_or_default();
    let mut series = facts.series.value.as_deref().cloned().unwrap_or_default();
    for group in groups.iter() {
        for (name, stat, value) in [
            ("RequestCount", Stat::Sum, 1_200.0),
            ("HTTPCode_Target_5XX_Count", Stat::Sum, 0.5),
            ("TargetResponseTime", Stat::Average, 0.131),
        ] {
            let query = queries::target_group(group, name, stat).unwrap();
            let points: Vec<_> = (1..=30).rev().map(|i| (ago(i * 60), value)).collect();
            let one = Series {
                unit: Unit::of(&query.metric),
                query: query.clone(),
                label: String::new(),
                points: points.into(),
                partial: false,
            };
            series.insert(query, Arc::new(one));
        }
    }
    facts.series = part(Arc::new(series), "cloudwatch:GetMetricData", 9);
}

/// Every system configured, and well but for what the common fixture tells.
pub fn with_alarms() -> Snapshot {
    let mut snapshot = fixture::snapshot();
    for name in [
        "cloudflare",
        "vercel",
        "rds",
        "elasticache",
        "s3",
        "slack",
        "sentry",
    ] {
        snapshot.facts.providers.push(ProviderHealth {
            name: name.into(),
            last_ok: Some(ago(3)),
            problem: None,
            next_try: None,
            calls_per_minute: 2,
            metered: None,
            latency_ms: Some(3.0),
            clock_s: None,
            configured: true,
        });
    }
    hosts(&mut snapshot);
    edge(&mut snapshot);
    stores(&mut snapshot);
    beside(&mut snapshot);
    traffic(&mut snapshot);
    snapshot
}

/// The same without alarms and with every target healthy: nothing starts anywhere; Sentry cannot be asked.
pub fn calm() -> Snapshot {
    let mut snapshot = with_alarms();
    let facts = &mut snapshot.facts;
    facts.alarms = part(Arc::default(), "cloudwatch:DescribeAlarms", 5);
    let mut groups = (**facts.target_groups.value.as_ref().unwrap()).clone();
    for target in groups.iter_mut().flat_map(|g| g.targets.iter_mut()) {
        target.state = "healthy".into();
    }
    facts.target_groups = part(Arc::new(groups), "elb:DescribeTargetHealth", 7);
    facts.estate.errors.source = "sentry:ListIssues".into();
    facts.estate.errors.error = Some(Problem::new(
        ProblemKind::NoCredentials,
        "sentry",
        "Sentry cannot be asked",
        "no token was found",
        "flightdeck login sentry",
    ));
    snapshot
}

/// The database has no room left.
pub fn faulty() -> Snapshot {
    let mut snapshot = calm();
    let estate = &mut snapshot.facts.estate;
    let mut databases = (**estate.databases.value.as_ref().unwrap()).clone();
    databases.instances[0].status = "storage-full".into();
    estate.databases = part(Arc::new(databases), "rds:DescribeDBInstances", 40);
    snapshot
}
