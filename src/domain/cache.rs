//! Caches as ElastiCache tells of them (API version 2015-02-02): replication groups, their nodes, serverless caches, snapshots, events.

use jiff::Timestamp;
use serde::Serialize;

/// How the line in [`Caches::unseen`] begins that says why serverless caches are not known.
pub const SERVERLESS_UNSEEN: &str = "serverless caches";

/// A replication group, a cache cluster that is in none, or a serverless cache.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CacheGroup {
    /// `laser-prod-redis`.
    pub id: String,
    /// Description.
    pub about: String,
    /// `available`, `modifying` ...
    pub status: String,
    /// `redis`, `valkey`, `memcached`.
    pub engine: String,
    /// `7.1.0`; empty where no node told.
    pub version: String,
    /// `cache.r7g.large`.
    pub node_type: String,
    /// Whether it is serverless: it shows no nodes, and no zones.
    pub serverless: bool,
    /// Whether nodes are kept in more than one zone.
    pub multi_az: bool,
    /// Whether a replica takes over by itself.
    pub failover: bool,
    /// Whether connections are encrypted.
    pub in_transit: bool,
    /// Whether what is stored is encrypted.
    pub at_rest: bool,
    /// Whether a password (or a group of users) is needed.
    pub auth: bool,
    /// Days for which automatic snapshots are kept; 0: none are taken.
    pub retention_days: u32,
    /// `05:00-06:00` (UTC), where snapshots are taken.
    pub window: String,
    /// Where writes go: `master.laser-prod-redis....:6379`.
    pub endpoint: String,
    /// Nodes, by id.
    pub nodes: Vec<CacheNode>,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CacheNode {
    /// `laser-prod-redis-001`: the `CacheClusterId` of its metrics.
    pub id: String,
    /// `primary` or `replica`; empty where the service does not tell (cluster mode).
    pub role: String,
    /// `us-east-1a`.
    pub zone: String,
    /// `available` ...
    pub status: String,
}

/// A snapshot.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CacheSnapshot {
    /// Name.
    pub name: String,
    /// ARN.
    pub arn: String,
    /// The group, or the cluster, that it is of.
    pub of: String,
    /// `available`, `creating` ...
    pub status: String,
    /// Whether the service took it by itself.
    pub automatic: bool,
    /// When it was taken (UTC).
    pub at: Option<Timestamp>,
    /// `6080 MB`, as the service says.
    pub size: String,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CacheEvent {
    /// When (UTC).
    pub at: Timestamp,
    /// To which group or node.
    pub of: String,
    /// What, in the service's words.
    pub message: String,
}

/// Every cache.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Caches {
    /// Groups, by id.
    pub groups: Vec<CacheGroup>,
    /// Snapshots, newest first.
    pub snapshots: Vec<CacheSnapshot>,
    /// Events of the last two weeks, newest first.
    pub events: Vec<CacheEvent>,
    /// What could not be read, and why: a line each.
    pub unseen: Vec<String>,
}

impl CacheGroup {
    /// What production asks of a cache and this one lacks, in words; empty: nothing.
    pub fn lacks(&self) -> Vec<String> {
        let mut lacks = Vec::new();
        let mut miss = |wrong: bool, words: &str| {
            if wrong {
                lacks.push(words.to_owned());
            }
        };
        miss(self.status != "available", &format!("is {}", self.status));
        miss(!self.multi_az, "no Multi-AZ");
        miss(!self.failover, "no automatic failover");
        miss(!self.in_transit, "not encrypted in transit");
        miss(!self.at_rest, "not encrypted at rest");
        lacks
    }

    /// What of it measures itself: its nodes, or itself where it shows none.
    pub fn measured(&self) -> Vec<CacheNode> {
        match self.serverless {
            false => self.nodes.clone(),
            true => vec![CacheNode {
                id: self.id.clone(),
                role: String::new(),
                zone: String::new(),
                status: self.status.clone(),
            }],
        }
    }

    /// Zones that its nodes are in, without doubles.
    pub fn zones(&self) -> Vec<&str> {
        let mut zones: Vec<&str> = self.nodes.iter().map(|n| n.zone.as_str()).collect();
        zones.retain(|z| !z.is_empty());
        zones.sort_unstable();
        zones.dedup();
        zones
    }
}

impl Caches {
    /// Why serverless caches are not known; `None`: they are.
    pub fn serverless_unseen(&self) -> Option<&str> {
        let mut lines = self.unseen.iter().map(String::as_str);
        lines.find(|w| w.split(':').next() == Some(SERVERLESS_UNSEEN))
    }

    /// The newest snapshot of a group that can be used.
    pub fn newest_snapshot(&self, group: &str) -> Option<&CacheSnapshot> {
        let usable = |s: &&CacheSnapshot| s.of == group && s.status == "available";
        self.snapshots.iter().filter(usable).max_by_key(|s| s.at)
    }
}
