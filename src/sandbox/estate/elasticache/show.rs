//! Groups, nodes and snapshots as the vendor shows them.

use super::group::{CacheNode, Group, Snapshot};
use crate::wire::{Node, list, map};
use crate::world::names;

const PORT: i64 = 6379;

pub(super) fn arn(kind: &str, name: &str) -> String {
    let (region, account) = (names::REGION, names::ACCOUNT);
    format!("arn:aws:elasticache:{region}:{account}:{kind}:{name}")
}

fn enabled(on: bool) -> &'static str {
    if on { "enabled" } else { "disabled" }
}

pub(super) fn endpoint(address: String) -> Node {
    map([("Address", address.into()), ("Port", Node::Int(PORT))])
}

fn zone(letter: &str) -> String {
    format!("{}{letter}", names::REGION)
}

impl Group {
    /// `abc123.use1.cache.amazonaws.com` behind a first label; TLS has its own names.
    fn address(&self, first: &str) -> String {
        let tail = "q7k2lz.use1.cache.amazonaws.com";
        if self.in_transit {
            format!("{first}.{}.{tail}", self.id)
        } else {
            format!("{}.q7k2lz.ng.0001.use1.cache.amazonaws.com", self.id)
        }
    }

    fn status(&self) -> &'static str {
        match self.failing {
            Some(_) => "modifying",
            None => "available",
        }
    }

    fn window_text(&self) -> String {
        format!("{:02}:00-{:02}:00", self.window, self.window + 1)
    }

    /// As DescribeReplicationGroups shows it.
    pub(super) fn show(&self) -> Node {
        let member = |(n, node): (usize, &CacheNode)| {
            let role = if n == self.primary {
                "primary"
            } else {
                "replica"
            };
            map([
                ("CacheClusterId", Node::from(&node.id)),
                ("CacheNodeId", "0001".into()),
                ("ReadEndpoint", endpoint(self.address(&node.id))),
                ("PreferredAvailabilityZone", zone(node.zone).into()),
                ("CurrentRole", role.into()),
            ])
        };
        let shard = map([
            ("NodeGroupId", "0001".into()),
            ("Status", self.status().into()),
            ("PrimaryEndpoint", endpoint(self.address("master"))),
            ("ReaderEndpoint", endpoint(self.address("replica"))),
            (
                "NodeGroupMembers",
                list(self.nodes.iter().enumerate().map(member)),
            ),
        ]);
        map([
            ("ReplicationGroupId", Node::from(&self.id)),
            ("Description", self.about.into()),
            ("Status", self.status().into()),
            ("PendingModifiedValues", Node::Map(Vec::new())),
            ("MemberClusters", list(self.nodes.iter().map(|n| &n.id))),
            ("NodeGroups", list([shard])),
            ("AutomaticFailover", enabled(self.failover).into()),
            ("MultiAZ", enabled(self.multi_az).into()),
            ("SnapshotRetentionLimit", Node::Int(self.retention)),
            ("SnapshotWindow", self.window_text().into()),
            ("ClusterEnabled", false.into()),
            ("ClusterMode", "disabled".into()),
            ("CacheNodeType", self.node_type.into()),
            ("AuthTokenEnabled", self.auth.into()),
            ("TransitEncryptionEnabled", self.in_transit.into()),
            (
                "TransitEncryptionMode",
                self.in_transit.then_some("required").into(),
            ),
            ("AtRestEncryptionEnabled", self.at_rest.into()),
            ("ARN", arn("replicationgroup", &self.id).into()),
            ("ReplicationGroupCreateTime", Node::Time(self.created)),
            ("AutoMinorVersionUpgrade", true.into()),
            ("DataTiering", "disabled".into()),
            ("NetworkType", "ipv4".into()),
            ("IpDiscovery", "ipv4".into()),
            ("Engine", "redis".into()),
        ])
    }

    /// A node as DescribeCacheClusters shows it.
    pub(super) fn show_cluster(&self, n: usize, with_nodes: bool) -> Node {
        let Some(node) = self.nodes.get(n) else {
            return Node::Null;
        };
        let cache_node = map([
            ("CacheNodeId", "0001".into()),
            ("CacheNodeStatus", "available".into()),
            ("CacheNodeCreateTime", Node::Time(self.created)),
            ("Endpoint", endpoint(self.address(&node.id))),
            ("ParameterGroupStatus", "in-sync".into()),
            ("CustomerAvailabilityZone", zone(node.zone).into()),
        ]);
        map([
            ("CacheClusterId", Node::from(&node.id)),
            ("CacheNodeType", self.node_type.into()),
            ("Engine", "redis".into()),
            ("EngineVersion", self.version.into()),
            ("CacheClusterStatus", self.status().into()),
            ("NumCacheNodes", Node::Int(1)),
            ("PreferredAvailabilityZone", zone(node.zone).into()),
            ("CacheClusterCreateTime", Node::Time(self.created)),
            ("PreferredMaintenanceWindow", "sun:07:00-sun:08:00".into()),
            ("PendingModifiedValues", Node::Map(Vec::new())),
            (
                "CacheParameterGroup",
                map([
                    ("CacheParameterGroupName", "default.redis7".into()),
                    ("ParameterApplyStatus", "in-sync".into()),
                ]),
            ),
            ("CacheSubnetGroupName", "laser-data".into()),
            (
                "CacheNodes",
                if with_nodes {
                    list([cache_node])
                } else {
                    Node::Null
                },
            ),
            ("AutoMinorVersionUpgrade", true.into()),
            (
                "SecurityGroups",
                list([map([
                    ("SecurityGroupId", "sg-0cache".into()),
                    ("Status", "active".into()),
                ])]),
            ),
            ("ReplicationGroupId", Node::from(&self.id)),
            ("SnapshotRetentionLimit", Node::Int(self.retention)),
            ("SnapshotWindow", self.window_text().into()),
            ("AuthTokenEnabled", self.auth.into()),
            ("TransitEncryptionEnabled", self.in_transit.into()),
            ("AtRestEncryptionEnabled", self.at_rest.into()),
            ("ARN", arn("cluster", &node.id).into()),
        ])
    }
}

impl Snapshot {
    /// As DescribeSnapshots shows it.
    pub(super) fn show(&self, group: &Group, now: f64) -> Node {
        let status = if self.is_creating(now) {
            "creating"
        } else {
            "available"
        };
        let node = map([
            ("CacheClusterId", Node::from(&self.node)),
            ("NodeGroupId", "0001".into()),
            ("CacheNodeId", "0001".into()),
            ("CacheSize", format!("{} MB", self.megabytes).into()),
            ("CacheNodeCreateTime", Node::Time(group.created)),
            ("SnapshotCreateTime", Node::Time(self.at)),
        ]);
        map([
            ("SnapshotName", Node::from(&self.name)),
            ("ReplicationGroupId", Node::from(&self.group)),
            ("ReplicationGroupDescription", group.about.into()),
            ("SnapshotStatus", status.into()),
            ("SnapshotSource", self.source.into()),
            ("CacheNodeType", group.node_type.into()),
            ("Engine", "redis".into()),
            ("EngineVersion", group.version.into()),
            ("Port", Node::Int(PORT)),
            ("SnapshotRetentionLimit", Node::Int(group.retention)),
            ("SnapshotWindow", group.window_text().into()),
            ("NumNodeGroups", Node::Int(1)),
            ("AutomaticFailover", enabled(group.failover).into()),
            ("NodeSnapshots", list([node])),
            ("ARN", arn("snapshot", &self.name).into()),
        ])
    }
}
