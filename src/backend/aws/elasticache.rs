//! Amazon ElastiCache (API version 2015-02-02): replication groups, nodes, serverless caches, snapshots, events.

mod serverless;
mod wire;

use std::sync::Arc;

use super::Question;
use super::convert::{reason, stamp, text};
use super::pages::Pages;
use super::signed::{Api, Signed};
use crate::backend::transport::Line;
use crate::domain::cache::{
    CacheEvent, CacheGroup, CacheNode, CacheSnapshot, Caches, SERVERLESS_UNSEEN,
};
use crate::domain::order::Ordered;
use crate::domain::problem::Problem;
use wire::*;

const API: Api = Api {
    host: "elasticache",
    signing: "elasticache",
    variable: "ELASTICACHE",
    target: "",
    version: "2015-02-02",
    only_in: None,
};
const GROUPS: Question = Question::new(
    "elasticache",
    "DescribeReplicationGroups",
    "list the replication groups",
);
const CLUSTERS: Question = Question::new("elasticache", "DescribeCacheClusters", "list the nodes");
const SNAPSHOTS: Question = Question::new("elasticache", "DescribeSnapshots", "list the snapshots");
const SERVERLESS: Question = Question::new(
    "elasticache",
    "DescribeServerlessCaches",
    "list the serverless caches",
);
const SERVERLESS_SNAPSHOTS: Question = Question::new(
    "elasticache",
    "DescribeServerlessCacheSnapshots",
    "list the snapshots of serverless caches",
);
const EVENTS: Question = Question::new("elasticache", "DescribeEvents", "list the events");

/// Minutes of events that are read: two weeks, which is all that are kept.
const EVENT_MINUTES: &str = "20160";

/// The ElastiCache client.
#[derive(Debug)]
pub struct ElastiCache {
    signed: Arc<Signed>,
    line: Arc<Line>,
}

impl ElastiCache {
    /// On an account.
    pub fn new(signed: Arc<Signed>, line: Arc<Line>) -> Self {
        Self { signed, line }
    }

    /// Groups with their nodes, serverless caches, snapshots, and the events of two weeks. What of the last three cannot be read is
    /// said in `unseen`.
    ///
    /// # Errors
    /// Where AWS cannot be asked or refuses to list groups or nodes.
    pub async fn caches(&self) -> Result<Caches, Problem> {
        let (groups, clusters, serverless, snapshots, events) = tokio::join!(
            self.pages::<GroupPage>(GROUPS, &[]),
            self.pages::<ClusterPage>(CLUSTERS, &[("ShowCacheNodeInfo", "true")]),
            self.pages::<ServerlessPage>(SERVERLESS, &[]),
            self.pages::<SnapshotPage>(SNAPSHOTS, &[]),
            self.pages::<EventPage>(EVENTS, &[("Duration", EVENT_MINUTES)]),
        );
        let mut unseen = Vec::new();
        let mut all = groups_of(groups?, clusters?);
        let serverless = kept(serverless, SERVERLESS_UNSEEN, &mut unseen);
        let has_serverless = !serverless.is_empty();
        all.extend(serverless.into_iter().map(serverless::cache));
        all.order_by(|a, b| a.id.cmp(&b.id));
        let mut snapshots: Vec<CacheSnapshot> = kept(snapshots, "snapshots", &mut unseen)
            .into_iter()
            .map(snapshot)
            .collect();
        // Most accounts have none, and are not asked for theirs.
        if has_serverless {
            let of_them = self.pages::<ServerlessSnapshotPage>(SERVERLESS_SNAPSHOTS, &[]);
            let of_them = kept(of_them.await, "snapshots of serverless caches", &mut unseen);
            snapshots.extend(of_them.into_iter().map(serverless::snapshot));
        }
        snapshots.order_by_key(|s| std::cmp::Reverse(s.at));
        let mut events: Vec<CacheEvent> = kept(events, "events", &mut unseen)
            .into_iter()
            .filter_map(event)
            .collect();
        events.order_by_key(|e| std::cmp::Reverse(e.at));
        Ok(Caches {
            groups: all,
            snapshots,
            events,
            unseen,
        })
    }

    async fn pages<P: Page>(
        &self,
        question: Question,
        params: &[(&str, &str)],
    ) -> Result<Vec<P::Item>, Problem> {
        let mut all = Vec::new();
        let mut pages = Pages::default();
        loop {
            let marker = pages.token();
            let mut asked = params.to_vec();
            if let Some(marker) = &marker {
                asked.push((P::TOKEN, marker));
            }
            let page: P = self
                .signed
                .query(&self.line, &API, question, &asked)
                .await?;
            let (items, next) = page.split();
            all.extend(items);
            if !pages.turn(all.len(), next)? {
                break;
            }
        }
        Ok(all)
    }
}

/// What was read, or nothing and a line that says why.
fn kept<T>(answer: Result<Vec<T>, Problem>, what: &str, unseen: &mut Vec<String>) -> Vec<T> {
    answer.unwrap_or_else(|problem| {
        unseen.push(format!("{what}: {}", problem.why));
        Vec::new()
    })
}

/// Replication groups with what their nodes tell, and clusters that are in none.
fn groups_of(groups: Vec<Group>, clusters: Vec<Cluster>) -> Vec<CacheGroup> {
    let mut all: Vec<CacheGroup> = groups.into_iter().map(|g| group(g, &clusters)).collect();
    let alone = |c: &&Cluster| c.replication_group_id.as_deref().unwrap_or("").is_empty();
    all.extend(clusters.iter().filter(alone).map(single));
    all
}

fn group(g: Group, clusters: &[Cluster]) -> CacheGroup {
    let own = |c: &&Cluster| c.replication_group_id.as_deref() == Some(&g.replication_group_id);
    let own: Vec<&Cluster> = clusters.iter().filter(own).collect();
    let members = g
        .node_groups
        .node_group
        .iter()
        .flat_map(|s| &s.node_group_members.node_group_member);
    let mut nodes: Vec<CacheNode> = members
        .map(|m| {
            let told = own
                .iter()
                .find(|c| c.cache_cluster_id == m.cache_cluster_id);
            let zone = told.and_then(|c| c.preferred_availability_zone.as_deref());
            CacheNode {
                id: text(Some(&m.cache_cluster_id)),
                role: text(m.current_role.as_deref()),
                zone: text(m.preferred_availability_zone.as_deref().or(zone)),
                status: text(told.and_then(|c| c.cache_cluster_status.as_deref())),
            }
        })
        .collect();
    // A group that is being made has no shards yet, but may have nodes.
    if nodes.is_empty() {
        nodes = own.iter().flat_map(|c| single(c).nodes).collect();
    }
    nodes.order_by(|a, b| a.id.cmp(&b.id));
    let first = own.first();
    let shard = g.node_groups.node_group.first();
    let at = g
        .configuration_endpoint
        .as_ref()
        .or(shard.and_then(|s| s.primary_endpoint.as_ref()));
    CacheGroup {
        id: text(Some(&g.replication_group_id)),
        about: reason(g.description.as_deref()),
        status: text(g.status.as_deref()),
        engine: text(
            g.engine
                .as_deref()
                .or(first.and_then(|c| c.engine.as_deref())),
        ),
        version: text(first.and_then(|c| c.engine_version.as_deref())),
        node_type: text(
            g.cache_node_type
                .as_deref()
                .or(first.and_then(|c| c.cache_node_type.as_deref())),
        ),
        serverless: false,
        multi_az: g.multi_az.as_deref() == Some("enabled"),
        failover: g.automatic_failover.as_deref() == Some("enabled"),
        in_transit: g.transit_encryption_enabled.unwrap_or(false),
        at_rest: g.at_rest_encryption_enabled.unwrap_or(false),
        auth: g.auth_token_enabled.unwrap_or(false) || !g.user_group_ids.member.is_empty(),
        retention_days: g.snapshot_retention_limit.unwrap_or(0),
        window: text(g.snapshot_window.as_deref()),
        endpoint: address(at),
        nodes,
    }
}

/// A cluster that is in no replication group: it has nobody to fail over to.
fn single(c: &Cluster) -> CacheGroup {
    let nodes: Vec<CacheNode> = c
        .cache_nodes
        .cache_node
        .iter()
        .map(|n| CacheNode {
            id: match c.cache_nodes.cache_node.len() {
                1 => text(Some(&c.cache_cluster_id)),
                _ => text(Some(&format!("{}/{}", c.cache_cluster_id, n.cache_node_id))),
            },
            role: String::new(),
            zone: text(
                n.customer_availability_zone
                    .as_deref()
                    .or(c.preferred_availability_zone.as_deref()),
            ),
            status: text(n.cache_node_status.as_deref()),
        })
        .collect();
    let at = c.cache_nodes.cache_node.first();
    let at = c
        .configuration_endpoint
        .as_ref()
        .or(at.and_then(|n| n.endpoint.as_ref()));
    CacheGroup {
        id: text(Some(&c.cache_cluster_id)),
        about: String::new(),
        status: text(c.cache_cluster_status.as_deref()),
        engine: text(c.engine.as_deref()),
        version: text(c.engine_version.as_deref()),
        node_type: text(c.cache_node_type.as_deref()),
        serverless: false,
        multi_az: false,
        failover: false,
        in_transit: c.transit_encryption_enabled.unwrap_or(false),
        at_rest: c.at_rest_encryption_enabled.unwrap_or(false),
        auth: c.auth_token_enabled.unwrap_or(false),
        retention_days: c.snapshot_retention_limit.unwrap_or(0),
        window: text(c.snapshot_window.as_deref()),
        endpoint: address(at),
        nodes,
    }
}

fn address(at: Option<&Endpoint>) -> String {
    match at.map(|e| (e.address.as_deref(), e.port)) {
        Some((Some(host), Some(port))) => text(Some(&format!("{host}:{port}"))),
        Some((Some(host), None)) => text(Some(host)),
        _ => String::new(),
    }
}

fn snapshot(s: Snapshot) -> CacheSnapshot {
    let node = s.node_snapshots.node_snapshot.first();
    let group = s.replication_group_id.as_deref().filter(|g| !g.is_empty());
    CacheSnapshot {
        name: text(Some(&s.snapshot_name)),
        arn: text(s.arn.as_deref()),
        of: text(group.or(s.cache_cluster_id.as_deref())),
        status: text(s.snapshot_status.as_deref()),
        automatic: s.snapshot_source.as_deref() == Some("automated"),
        at: node.and_then(|n| stamp(n.snapshot_create_time.as_deref())),
        size: text(node.and_then(|n| n.cache_size.as_deref())),
    }
}

fn event(e: Event) -> Option<CacheEvent> {
    Some(CacheEvent {
        at: stamp(e.date.as_deref())?,
        of: text(e.source_identifier.as_deref()),
        message: reason(e.message.as_deref()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(xml: &str) -> Vec<Group> {
        let page: GroupPage = quick_xml::de::from_str(xml).unwrap();
        page.split().0
    }

    fn clusters(xml: &str) -> Vec<Cluster> {
        let page: ClusterPage = quick_xml::de::from_str(xml).unwrap();
        page.split().0
    }

    const TWO: &str = "<R><CacheClusters>\
        <CacheCluster><CacheClusterId>c-0001-001</CacheClusterId><ReplicationGroupId>c</ReplicationGroupId>\
        <EngineVersion>7.1.0</EngineVersion><CacheClusterStatus>available</CacheClusterStatus>\
        <PreferredAvailabilityZone>us-east-1c</PreferredAvailabilityZone>\
        <CacheNodes><CacheNode><CacheNodeId>0001</CacheNodeId></CacheNode></CacheNodes></CacheCluster>\
        <CacheCluster><CacheClusterId>alone</CacheClusterId><Engine>memcached</Engine>\
        <CacheNodes><CacheNode><CacheNodeId>0001</CacheNodeId></CacheNode><CacheNode><CacheNodeId>0002</CacheNodeId></CacheNode></CacheNodes>\
        </CacheCluster></CacheClusters></R>";

    #[test]
    fn a_group_in_cluster_mode_tells_no_roles_and_its_zones_come_from_its_nodes() {
        let xml = "<R><ReplicationGroups><ReplicationGroup><ReplicationGroupId>c</ReplicationGroupId><Status>available</Status>\
            <NodeGroups><NodeGroup><NodeGroupMembers><NodeGroupMember><CacheClusterId>c-0001-001</CacheClusterId></NodeGroupMember>\
            </NodeGroupMembers></NodeGroup></NodeGroups><AutomaticFailover>enabling</AutomaticFailover>\
            <ConfigurationEndpoint><Address>clustercfg.c</Address><Port>6379</Port></ConfigurationEndpoint>\
            <UserGroupIds><member>ops</member></UserGroupIds></ReplicationGroup></ReplicationGroups></R>";
        let all = groups_of(groups(xml), clusters(TWO));
        let (group, alone) = (&all[0], &all[1]);
        assert_eq!(group.endpoint, "clustercfg.c:6379");
        assert_eq!(
            (group.nodes[0].role.as_str(), group.zones()),
            ("", vec!["us-east-1c"])
        );
        assert_eq!(group.version, "7.1.0");
        assert!(group.auth, "a group of users is a password, too");
        assert!(!group.failover, "what is being enabled is not there yet");
        assert!(group.lacks().contains(&"not encrypted at rest".to_owned()));
        let nodes: Vec<&str> = alone.nodes.iter().map(|n| n.id.as_str()).collect();
        assert_eq!(nodes, ["alone/0001", "alone/0002"]);
    }

    #[test]
    fn a_snapshot_is_a_backup_with_the_arn_that_the_service_gave_it() {
        let xml = "<R><Snapshots><Snapshot><SnapshotName>automatic.c-1</SnapshotName><ReplicationGroupId>c</ReplicationGroupId>\
            <SnapshotStatus>available</SnapshotStatus><SnapshotSource>automated</SnapshotSource>\
            <ARN>arn:aws:elasticache:us-east-1:1:snapshot:automatic.c-1</ARN></Snapshot></Snapshots></R>";
        let page: wire::SnapshotPage = quick_xml::de::from_str(xml).unwrap();
        let caches = Caches {
            snapshots: page.split().0.into_iter().map(snapshot).collect(),
            ..Caches::default()
        };
        let backups = crate::domain::backup::of_caches(&caches, "us-east-1");
        let arn = "arn:aws:elasticache:us-east-1:1:snapshot:automatic.c-1";
        assert_eq!((backups[0].arn.as_str(), backups[0].complete), (arn, true));
    }

    #[test]
    fn a_group_that_is_being_made_has_the_nodes_that_are_there() {
        let xml = "<R><ReplicationGroups><ReplicationGroup><ReplicationGroupId>c</ReplicationGroupId><Status>creating</Status>\
            </ReplicationGroup></ReplicationGroups><Marker>m</Marker></R>";
        let all = groups_of(groups(xml), clusters(TWO));
        assert_eq!(all[0].nodes[0].id, "c-0001-001");
        assert_eq!(all[0].lacks()[0], "is creating");
    }
}
