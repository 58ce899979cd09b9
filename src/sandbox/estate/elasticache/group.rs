//! A replication group, its nodes, and the snapshots that it takes of itself.

use jiff::Timestamp;

use super::Event;

const DAY_S: f64 = 86_400.0;

/// Story-independent: a snapshot of this size takes so long.
const SNAPSHOT_S: f64 = 420.0;

/// A node: a cache cluster of one cache node.
#[derive(Debug)]
pub(super) struct CacheNode {
    pub(super) id: String,
    pub(super) zone: &'static str,
}

/// A replication group of one shard.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) id: String,
    pub(super) about: &'static str,
    pub(super) node_type: &'static str,
    pub(super) version: &'static str,
    pub(super) nodes: Vec<CacheNode>,
    /// Which of the nodes takes writes.
    pub(super) primary: usize,
    pub(super) failover: bool,
    pub(super) multi_az: bool,
    pub(super) in_transit: bool,
    pub(super) at_rest: bool,
    pub(super) auth: bool,
    /// Days for which automatic snapshots are kept; 0: none are taken.
    pub(super) retention: i64,
    /// Hour (UTC) at which the window of snapshots begins.
    pub(super) window: u32,
    /// Size of a snapshot.
    pub(super) megabytes: u32,
    pub(super) created: f64,
    /// A failover under way: since when (story time), and to which node.
    pub(super) failing: Option<(f64, usize)>,
}

/// A snapshot.
#[derive(Clone, Debug)]
pub(super) struct Snapshot {
    pub(super) name: String,
    pub(super) group: String,
    /// Of which node.
    pub(super) node: String,
    pub(super) source: &'static str,
    pub(super) at: f64,
    pub(super) megabytes: u32,
}

impl Snapshot {
    /// One that a person asked for.
    pub(super) fn manual(name: &str, group: &Group, at: f64) -> Self {
        Self {
            name: name.to_owned(),
            group: group.id.clone(),
            node: group.spare().to_owned(),
            source: "manual",
            at,
            megabytes: group.megabytes,
        }
    }

    /// Whether it is still being taken.
    pub(super) fn is_creating(&self, now: f64) -> bool {
        self.source == "manual" && now - self.at < SNAPSHOT_S / 20.0
    }
}

impl Group {
    /// The node that snapshots are taken of: a replica where there is one.
    pub(super) fn spare(&self) -> &str {
        let replica = (0..self.nodes.len()).find(|n| *n != self.primary);
        let node = self.nodes.get(replica.unwrap_or(self.primary));
        node.map_or("", |n| n.id.as_str())
    }

    /// The automatic snapshots that are kept, oldest first: one a day, a few minutes into the window.
    pub(super) fn automatic(&self, now: f64) -> Vec<Snapshot> {
        let today = (now / DAY_S).floor() * DAY_S;
        let first = f64::from(self.window) * 3_600.0 + 180.0;
        (0..=self.retention)
            .rev()
            .map(|ago| today + first - ago as f64 * DAY_S)
            .filter(|at| at + SNAPSHOT_S <= now && at + self.retention as f64 * DAY_S > now)
            .filter(|at| *at > self.created)
            .map(|at| Snapshot {
                name: format!("automatic.{}-{}", self.id, day_and_time(at)),
                group: self.id.clone(),
                node: self.spare().to_owned(),
                source: "automated",
                at,
                megabytes: self.megabytes + (at / DAY_S) as u32 % 40,
            })
            .collect()
    }

    /// What the automatic snapshots left in the events.
    pub(super) fn snapshot_events(&self, now: f64) -> Vec<Event> {
        self.automatic(now)
            .into_iter()
            .map(|s| Event {
                at: s.at + SNAPSHOT_S,
                source: s.node,
                kind: "cache-cluster",
                message: format!("Snapshot succeeded for snapshot with ID '{}'", s.name),
            })
            .collect()
    }
}

/// `2026-11-24-05-03`, as the vendor ends the names of automatic snapshots.
fn day_and_time(at: f64) -> String {
    let stamp = Timestamp::from_second(at as i64).unwrap_or(Timestamp::UNIX_EPOCH);
    stamp.strftime("%Y-%m-%d-%H-%M").to_string()
}
