//! The caches of the story: production as it should be, staging with what is easily forgotten.

use super::group::{CacheNode, Group};
use super::{Caches, Event};

const DAY_S: f64 = 86_400.0;

fn nodes(group: &str, zones: &[&'static str]) -> Vec<CacheNode> {
    let node = |(n, zone): (usize, &&'static str)| CacheNode {
        id: format!("{group}-{:03}", n + 1),
        zone,
    };
    zones.iter().enumerate().map(node).collect()
}

pub(super) fn tell(now: f64) -> Caches {
    let production = Group {
        id: "laser-prod-redis".into(),
        about: "Sessions and quotes of production",
        node_type: "cache.r7g.large",
        version: "7.1.0",
        nodes: nodes("laser-prod-redis", &["a", "b"]),
        primary: 0,
        failover: true,
        multi_az: true,
        in_transit: true,
        at_rest: true,
        auth: true,
        retention: 7,
        window: 5,
        megabytes: 6_080,
        created: now - 210.0 * DAY_S,
        failing: None,
    };
    // One node, so no failover and no second zone, and words that go over the network in the clear.
    let staging = Group {
        id: "laser-staging-redis".into(),
        about: "Sessions and quotes of staging",
        node_type: "cache.t4g.small",
        version: "7.0.7",
        nodes: nodes("laser-staging-redis", &["a"]),
        primary: 0,
        failover: false,
        multi_az: false,
        in_transit: false,
        at_rest: true,
        auth: false,
        retention: 1,
        window: 6,
        megabytes: 410,
        created: now - 180.0 * DAY_S,
        failing: None,
    };
    let rehearsed = Event {
        at: now - 9.2 * DAY_S,
        source: production.id.clone(),
        kind: "replication-group",
        message: "Failover from primary node laser-prod-redis-002 to replica node \
                  laser-prod-redis-001 completed"
            .into(),
    };
    Caches {
        groups: vec![production, staging],
        events: vec![rehearsed],
        manual: Vec::new(),
        serverless: super::serverless::All::default(),
    }
}
