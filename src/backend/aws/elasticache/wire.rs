//! What ElastiCache answers, as far as it is read (AWS Query, version 2015-02-02).

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::super::sound::Required;

/// A page of a list.
pub(super) trait Page: DeserializeOwned {
    type Item;
    /// The parameter that takes the place to go on from.
    const TOKEN: &'static str;
    fn split(self) -> (Vec<Self::Item>, Option<String>);
}

macro_rules! page {
    ($page:ident, $list:literal, $items:ident, $item:literal, $of:ty) => {
        page!($page, $list, $items, $item, $of, "Marker");
    };
    ($page:ident, $list:literal, $items:ident, $item:literal, $of:ty, $token:literal) => {
        #[derive(Debug, Deserialize)]
        pub(super) struct $page {
            #[serde(rename = $list)]
            pub(super) all: Required<$items>,
            #[serde(rename = $token)]
            pub(super) marker: Option<String>,
        }

        #[derive(Debug, Default, Deserialize)]
        #[serde(default)]
        pub(super) struct $items {
            #[serde(rename = $item)]
            pub(super) items: Vec<$of>,
        }

        impl Page for $page {
            type Item = $of;
            const TOKEN: &'static str = $token;
            fn split(self) -> (Vec<$of>, Option<String>) {
                (self.all.0.items, self.marker)
            }
        }
    };
}

page!(
    GroupPage,
    "ReplicationGroups",
    GroupItems,
    "ReplicationGroup",
    Group
);
page!(
    ClusterPage,
    "CacheClusters",
    ClusterItems,
    "CacheCluster",
    Cluster
);
page!(
    SnapshotPage,
    "Snapshots",
    SnapshotItems,
    "Snapshot",
    Snapshot
);
page!(EventPage, "Events", EventItems, "Event", Event);
page!(
    ServerlessPage,
    "ServerlessCaches",
    ServerlessItems,
    "member",
    Serverless,
    "NextToken"
);
page!(
    ServerlessSnapshotPage,
    "ServerlessCacheSnapshots",
    ServerlessSnapshotItems,
    "ServerlessCacheSnapshot",
    ServerlessSnapshot,
    "NextToken"
);

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Serverless {
    pub(super) serverless_cache_name: String,
    pub(super) description: Option<String>,
    pub(super) status: Option<String>,
    pub(super) engine: Option<String>,
    pub(super) major_engine_version: Option<String>,
    pub(super) full_engine_version: Option<String>,
    pub(super) endpoint: Option<Endpoint>,
    pub(super) user_group_id: Option<String>,
    pub(super) snapshot_retention_limit: Option<u32>,
    pub(super) daily_snapshot_time: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct ServerlessSnapshot {
    #[serde(rename = "ARN")]
    pub(super) arn: Option<String>,
    pub(super) serverless_cache_snapshot_name: String,
    pub(super) snapshot_type: Option<String>,
    pub(super) status: Option<String>,
    pub(super) create_time: Option<String>,
    pub(super) bytes_used_for_cache: Option<String>,
    pub(super) serverless_cache_configuration: Option<ServerlessSource>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct ServerlessSource {
    pub(super) serverless_cache_name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Group {
    pub(super) replication_group_id: String,
    pub(super) description: Option<String>,
    pub(super) status: Option<String>,
    pub(super) node_groups: Shards,
    pub(super) automatic_failover: Option<String>,
    #[serde(rename = "MultiAZ")]
    pub(super) multi_az: Option<String>,
    pub(super) configuration_endpoint: Option<Endpoint>,
    pub(super) snapshot_retention_limit: Option<u32>,
    pub(super) snapshot_window: Option<String>,
    pub(super) cache_node_type: Option<String>,
    pub(super) auth_token_enabled: Option<bool>,
    pub(super) user_group_ids: UserGroups,
    pub(super) transit_encryption_enabled: Option<bool>,
    pub(super) at_rest_encryption_enabled: Option<bool>,
    pub(super) engine: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct UserGroups {
    pub(super) member: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Shards {
    pub(super) node_group: Vec<Shard>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Shard {
    pub(super) primary_endpoint: Option<Endpoint>,
    pub(super) node_group_members: Members,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Members {
    pub(super) node_group_member: Vec<Member>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Member {
    pub(super) cache_cluster_id: String,
    pub(super) current_role: Option<String>,
    pub(super) preferred_availability_zone: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Endpoint {
    pub(super) address: Option<String>,
    pub(super) port: Option<u16>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Cluster {
    pub(super) cache_cluster_id: String,
    pub(super) replication_group_id: Option<String>,
    pub(super) engine: Option<String>,
    pub(super) engine_version: Option<String>,
    pub(super) cache_cluster_status: Option<String>,
    pub(super) cache_node_type: Option<String>,
    pub(super) preferred_availability_zone: Option<String>,
    pub(super) snapshot_retention_limit: Option<u32>,
    pub(super) snapshot_window: Option<String>,
    pub(super) auth_token_enabled: Option<bool>,
    pub(super) transit_encryption_enabled: Option<bool>,
    pub(super) at_rest_encryption_enabled: Option<bool>,
    pub(super) configuration_endpoint: Option<Endpoint>,
    pub(super) cache_nodes: Nodes,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Nodes {
    pub(super) cache_node: Vec<Node>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Node {
    pub(super) cache_node_id: String,
    pub(super) cache_node_status: Option<String>,
    pub(super) customer_availability_zone: Option<String>,
    pub(super) endpoint: Option<Endpoint>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Snapshot {
    #[serde(rename = "ARN")]
    pub(super) arn: Option<String>,
    pub(super) snapshot_name: String,
    pub(super) replication_group_id: Option<String>,
    pub(super) cache_cluster_id: Option<String>,
    pub(super) snapshot_status: Option<String>,
    pub(super) snapshot_source: Option<String>,
    pub(super) node_snapshots: NodeSnapshots,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct NodeSnapshots {
    pub(super) node_snapshot: Vec<NodeSnapshot>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct NodeSnapshot {
    pub(super) cache_size: Option<String>,
    pub(super) snapshot_create_time: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Event {
    pub(super) source_identifier: Option<String>,
    pub(super) message: Option<String>,
    pub(super) date: Option<String>,
}
