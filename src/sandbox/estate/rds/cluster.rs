//! A cluster of the vendor's own engine: the storage is the cluster's, and its instances share it.

use super::{Instance, Now, arn, key};
use crate::wire::{Node, list, map};
use crate::world::{names, network};

/// A cluster.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// Identifier.
    pub id: String,
    /// Engine version.
    pub version: &'static str,
    /// Days that automated backups are kept.
    pub retention_days: i64,
    /// Daily window of backups, `hh24:mi-hh24:mi` in UTC.
    pub window: &'static str,
    /// When it was made (wall clock).
    pub created: f64,
    /// Identifier of the instance that writes.
    pub writer: String,
    /// Gibibytes that it uses.
    pub storage_gib: i64,
    /// Story time until which it fails over.
    pub failing_over_until: f64,
}

impl Cluster {
    /// ARN.
    pub fn arn(&self) -> String {
        arn(names::REGION, "cluster", &self.id)
    }

    /// State, as the vendor calls it.
    pub fn status(&self, now: Now) -> &'static str {
        if now.story < self.failing_over_until {
            "failing-over"
        } else {
            "available"
        }
    }

    /// Its cluster parameter group.
    pub fn group(&self) -> String {
        super::parameters::group("aurora-postgresql", self.version)
    }

    /// As DescribeDBClusters shows it, given the instances that belong to it.
    pub fn show(&self, now: Now, members: &[&Instance]) -> Node {
        let host = |kind: &str| {
            format!(
                "{}.{kind}-c0sandbox1db.{}.rds.amazonaws.com",
                self.id,
                names::REGION
            )
        };
        let shown = members.iter().map(|m| {
            map([
                ("DBInstanceIdentifier", Node::from(&m.id)),
                ("IsClusterWriter", (m.id == self.writer).into()),
                ("DBClusterParameterGroupStatus", "in-sync".into()),
                ("PromotionTier", 1.into()),
            ])
        });
        let mut zones: Vec<char> = members.iter().map(|m| m.zones.0).collect();
        zones.sort_unstable();
        zones.dedup();
        let fence = map([
            ("VpcSecurityGroupId", network::DATABASE.into()),
            ("Status", "active".into()),
        ]);
        map([
            ("DBClusterIdentifier", Node::from(&self.id)),
            ("DBClusterArn", self.arn().into()),
            (
                "DbClusterResourceId",
                super::resource_id("cluster", &self.id).into(),
            ),
            ("Engine", "aurora-postgresql".into()),
            ("EngineVersion", self.version.into()),
            ("EngineMode", "provisioned".into()),
            ("DBClusterParameterGroup", self.group().into()),
            ("Status", self.status(now).into()),
            ("DatabaseName", "analytics".into()),
            ("MasterUsername", "laser".into()),
            ("Endpoint", host("cluster").into()),
            ("ReaderEndpoint", host("cluster-ro").into()),
            ("Port", 5_432.into()),
            ("MultiAZ", (zones.len() > 1).into()),
            (
                "AvailabilityZones",
                list(['a', 'b', 'c'].map(|z| format!("{}{z}", names::REGION))),
            ),
            ("AllocatedStorage", 1.into()),
            ("StorageEncrypted", true.into()),
            ("KmsKeyId", key(names::REGION).into()),
            ("BackupRetentionPeriod", self.retention_days.into()),
            ("PreferredBackupWindow", self.window.into()),
            ("PreferredMaintenanceWindow", "sun:05:00-sun:05:30".into()),
            (
                "EarliestRestorableTime",
                Node::Time(now.stamp - self.retention_days as f64 * super::DAY_S),
            ),
            (
                "LatestRestorableTime",
                Node::Time((now.stamp / 300.0).floor() * 300.0 - 97.0),
            ),
            ("DBClusterMembers", list(shown)),
            ("VpcSecurityGroups", list([fence])),
            ("ClusterCreateTime", Node::Time(self.created)),
            ("DeletionProtection", true.into()),
            ("IAMDatabaseAuthenticationEnabled", true.into()),
            ("CopyTagsToSnapshot", true.into()),
            ("AutoMinorVersionUpgrade", true.into()),
            ("TagList", super::tags(&self.id)),
        ])
    }
}
