//! What there is when the story begins: production with a standby and a replica, its backups in two regions; staging; and a
//! cluster for analytics whose backups never leave the region, which is the finding of this story.

use std::collections::VecDeque;

use super::cluster::Cluster;
use super::{DAY_S, Databases, Instance, Kind, Now, resource_id};
use crate::world::names;

/// Production's database; metrics and logs speak of it by this name.
pub const PRODUCTION: &str = "laser-prod-db";

fn instance(id: &str, class: &str, gib: i64, created: f64) -> Instance {
    Instance {
        id: id.to_owned(),
        region: names::REGION.to_owned(),
        resource_id: resource_id("db", id),
        class: class.to_owned(),
        engine: "postgres",
        version: "15.7".to_owned(),
        multi_az: false,
        zones: ('a', 'b'),
        storage_gib: (gib, None),
        storage: "gp3".to_owned(),
        encrypted: true,
        retention_days: 0,
        window: "03:00-03:30".to_owned(),
        maintenance: "sun:04:30-sun:05:00".to_owned(),
        created,
        protected: true,
        public: false,
        replica_of: None,
        cluster: None,
        insights: true,
        replicated_to: None,
        pending: Vec::new(),
        course: VecDeque::new(),
        since: 0.0,
    }
}

/// Tells the beginning.
pub(super) fn tell(all: &mut Databases, now: Now) {
    let ago = |days: f64| now.stamp - days * DAY_S;
    let analytics = |n: u32, zone: char| Instance {
        engine: "aurora-postgresql",
        version: "15.7".to_owned(),
        storage: "aurora".to_owned(),
        cluster: Some("laser-analytics".to_owned()),
        retention_days: 7,
        zones: (zone, zone),
        insights: false,
        ..instance(
            &format!("laser-analytics-{n}"),
            "db.serverless",
            1,
            ago(96.0),
        )
    };
    all.instances = vec![
        analytics(1, 'a'),
        analytics(2, 'b'),
        Instance {
            multi_az: true,
            storage_gib: (100, Some(500)),
            retention_days: 14,
            replicated_to: Some(names::SECOND_REGION),
            ..instance(PRODUCTION, "db.r6g.large", 100, ago(340.0))
        },
        Instance {
            zones: ('c', 'c'),
            storage_gib: (100, Some(500)),
            replica_of: Some(PRODUCTION.to_owned()),
            ..instance("laser-prod-db-replica", "db.r6g.large", 100, ago(211.0))
        },
        Instance {
            protected: false,
            retention_days: 1,
            insights: false,
            window: "04:10-04:40".to_owned(),
            ..instance("laser-staging-db", "db.t4g.medium", 20, ago(300.0))
        },
    ];
    all.clusters = vec![Cluster {
        id: "laser-analytics".to_owned(),
        version: "15.7",
        retention_days: 7,
        window: "02:20-02:50",
        created: ago(96.0),
        writer: "laser-analytics-1".to_owned(),
        storage_gib: 38,
        failing_over_until: 0.0,
    }];
    for (days, source, of, category, words) in [
        (
            9.2,
            "db-instance",
            PRODUCTION,
            "maintenance",
            "Applying off-line patches to DB instance",
        ),
        (
            9.199,
            "db-instance",
            PRODUCTION,
            "failover",
            "Multi-AZ instance failover started.",
        ),
        (
            9.198,
            "db-instance",
            PRODUCTION,
            "failover",
            "Multi-AZ instance failover completed",
        ),
        (
            9.19,
            "db-instance",
            PRODUCTION,
            "maintenance",
            "Finished applying off-line patches to DB instance",
        ),
        (
            6.4,
            "db-instance",
            "laser-prod-db-replica",
            "read replica",
            "Replication for the Read Replica resumed",
        ),
        (
            4.0,
            "db-cluster",
            "laser-analytics",
            "notification",
            "Scaling DB cluster from 1 to 4 capacity units",
        ),
        (
            2.1,
            "db-instance",
            PRODUCTION,
            "configuration change",
            "Updated parameter max_connections to 200 with apply method pending-reboot",
        ),
    ] {
        all.happened(names::REGION, source, of, (category, words), ago(days));
    }
    all.remember_daily(now);
    let before = Now {
        stamp: ago(30.0),
        story: now.story,
    };
    let id = "laser-prod-db-before-1-8-0".to_owned();
    all.take(id, PRODUCTION, false, Kind::Manual, before, 60.0);
    if let Some(s) = all.snapshots.last_mut() {
        s.percent = 100;
    }
    all.snapshots.sort_by(|a, b| a.made.total_cmp(&b.made));
}
