//! A database instance, and the course of its states.

use std::collections::VecDeque;

use super::{Now, arn, key};
use crate::wire::{Node, list, map};
use crate::world::network::{self, Layer};

/// A database instance.
#[derive(Clone, Debug)]
pub struct Instance {
    /// Identifier.
    pub id: String,
    /// Region.
    pub region: String,
    /// What Performance Insights knows it by.
    pub resource_id: String,
    /// Class, such as `db.r6g.large`.
    pub class: String,
    /// Engine.
    pub engine: &'static str,
    /// Engine version.
    pub version: String,
    /// Whether a standby waits in another zone.
    pub multi_az: bool,
    /// Letters of its zone and of its standby's.
    pub zones: (char, char),
    /// Size of the disk, and how far it may grow by itself, in gibibytes.
    pub storage_gib: (i64, Option<i64>),
    /// Kind of disk.
    pub storage: String,
    /// Whether the disk is encrypted.
    pub encrypted: bool,
    /// Days that automated backups are kept; 0: none are made.
    pub retention_days: i64,
    /// Daily window of backups, `hh24:mi-hh24:mi` in UTC.
    pub window: String,
    /// Weekly window of maintenance.
    pub maintenance: String,
    /// When it was made (wall clock).
    pub created: f64,
    /// Whether it cannot be deleted.
    pub protected: bool,
    /// Whether it can be reached from outside of its network.
    pub public: bool,
    /// The instance that it copies.
    pub replica_of: Option<String>,
    /// The cluster that it belongs to.
    pub cluster: Option<String>,
    /// Whether Performance Insights is on.
    pub insights: bool,
    /// Region that its automated backups are replicated to.
    pub replicated_to: Option<&'static str>,
    /// Changes that wait for the maintenance window: member and value.
    pub pending: Vec<(&'static str, Node)>,
    /// States still to come, the present one first; empty: available.
    pub course: VecDeque<Stage>,
    /// Story time since which the present one holds.
    pub since: f64,
}

/// A state for a time, and what happens at its end.
#[derive(Clone, Debug)]
pub struct Stage {
    /// As the vendor calls it.
    pub status: &'static str,
    /// Story seconds that it lasts.
    pub lasts_s: f64,
    /// What its end brings.
    pub then: Then,
}

/// What the end of a state brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Nothing but the next state.
    Nothing,
    /// The pending changes hold.
    Apply,
    /// The standby is the primary now.
    SwapZones,
    /// It was restarted.
    Restarted,
    /// It is there, and its first backup is made.
    Born,
    /// It stands by itself.
    Promoted,
    /// It is gone.
    Gone,
}

impl Instance {
    /// State, as the vendor calls it.
    pub fn status(&self) -> &'static str {
        self.course.front().map_or("available", |s| s.status)
    }

    /// Begins a course of states.
    pub fn go(&mut self, now: Now, stages: &[(&'static str, f64, Then)]) {
        if self.course.is_empty() {
            self.since = now.story;
        }
        let stages = stages.iter().map(|(status, lasts_s, then)| Stage {
            status,
            lasts_s: *lasts_s,
            then: *then,
        });
        self.course.extend(stages);
    }

    /// Whether automated backups of the instance itself are made.
    pub fn is_backed_up(&self) -> bool {
        self.retention_days > 0 && self.cluster.is_none() && self.replica_of.is_none()
    }

    /// ARN.
    pub fn arn(&self) -> String {
        arn(&self.region, "db", &self.id)
    }

    /// The last moment that it can be restored to: logs leave every five minutes.
    pub fn restorable_until(&self, now: Now) -> f64 {
        let last = (now.stamp / 300.0).floor() * 300.0 - 41.0;
        last.max(self.created)
    }

    /// Port that its engine listens on.
    pub fn port(&self) -> i64 {
        if self.engine.contains("postgres") {
            5_432
        } else {
            3_306
        }
    }

    fn zone(&self, letter: char) -> String {
        format!("{}{letter}", self.region)
    }

    fn subnets(&self) -> Node {
        let subnets = network::layer(Layer::Data).map(|s| {
            let zone = map([("Name", self.zone(s.zone).into())]);
            map([
                ("SubnetIdentifier", s.id.into()),
                ("SubnetAvailabilityZone", zone),
                ("SubnetStatus", "Active".into()),
            ])
        });
        map([
            ("DBSubnetGroupName", "laser-prod-data".into()),
            (
                "DBSubnetGroupDescription",
                "Subnets of the data stores".into(),
            ),
            ("VpcId", network::VPC.into()),
            ("SubnetGroupStatus", "Complete".into()),
            ("Subnets", list(subnets)),
        ])
    }

    /// As DescribeDBInstances shows it, given its replicas.
    pub fn show(&self, now: Now, replicas: &[String]) -> Node {
        let status = self.status();
        let born = status != "creating";
        let host = format!("{}.c0sandbox1db.{}.rds.amazonaws.com", self.id, self.region);
        let endpoint = map([
            ("Address", host.into()),
            ("Port", self.port().into()),
            ("HostedZoneId", "Z2R2ITUGPM61AM".into()),
        ]);
        let group = map([
            (
                "DBParameterGroupName",
                super::parameters::group(self.engine, &self.version).into(),
            ),
            ("ParameterApplyStatus", "in-sync".into()),
        ]);
        let fence = map([
            ("VpcSecurityGroupId", network::DATABASE.into()),
            ("Status", "active".into()),
        ]);
        let replicating = self.replica_of.as_ref().filter(|_| born).map(|_| {
            list([map([
                ("StatusType", "read replication".into()),
                ("Normal", true.into()),
                ("Status", "replicating".into()),
            ])])
        });
        let elsewhere = self.replicated_to.map(|region| {
            let id = self.backup_arn(region);
            list([map([("DBInstanceAutomatedBackupsArn", id.into())])])
        });
        let pending = self
            .pending
            .iter()
            .map(|(k, v)| ((*k).to_owned(), v.clone()));
        let restorable =
            (born && self.is_backed_up()).then(|| Node::Time(self.restorable_until(now)));
        let insights = self.insights.then(|| key(&self.region));
        map([
            ("DBInstanceIdentifier", Node::from(&self.id)),
            ("DBInstanceArn", self.arn().into()),
            ("DbiResourceId", Node::from(&self.resource_id)),
            ("DBInstanceClass", Node::from(&self.class)),
            ("Engine", self.engine.into()),
            ("EngineVersion", Node::from(&self.version)),
            ("DBInstanceStatus", status.into()),
            ("MasterUsername", "laser".into()),
            ("DBName", "laser".into()),
            ("Endpoint", if born { endpoint } else { Node::Null }),
            ("AllocatedStorage", self.storage_gib.0.into()),
            ("MaxAllocatedStorage", self.storage_gib.1.into()),
            ("StorageType", Node::from(&self.storage)),
            ("StorageEncrypted", self.encrypted.into()),
            ("KmsKeyId", self.encrypted.then(|| key(&self.region)).into()),
            ("InstanceCreateTime", Node::Time(self.created)),
            ("PreferredBackupWindow", Node::from(&self.window)),
            ("BackupRetentionPeriod", self.retention_days.into()),
            ("PreferredMaintenanceWindow", Node::from(&self.maintenance)),
            ("LatestRestorableTime", restorable.into()),
            ("BackupTarget", "region".into()),
            ("MultiAZ", self.multi_az.into()),
            ("AvailabilityZone", self.zone(self.zones.0).into()),
            (
                "SecondaryAvailabilityZone",
                self.multi_az.then(|| self.zone(self.zones.1)).into(),
            ),
            ("DBClusterIdentifier", self.cluster.clone().into()),
            (
                "ReadReplicaSourceDBInstanceIdentifier",
                self.replica_of.clone().into(),
            ),
            ("ReadReplicaDBInstanceIdentifiers", list(replicas)),
            ("StatusInfos", replicating.into()),
            ("DBInstanceAutomatedBackupsReplications", elsewhere.into()),
            ("PendingModifiedValues", Node::Map(pending.collect())),
            ("DBParameterGroups", list([group])),
            ("VpcSecurityGroups", list([fence])),
            ("DBSubnetGroup", self.subnets()),
            ("PubliclyAccessible", self.public.into()),
            ("AutoMinorVersionUpgrade", true.into()),
            ("LicenseModel", "postgresql-license".into()),
            ("CopyTagsToSnapshot", true.into()),
            ("IAMDatabaseAuthenticationEnabled", true.into()),
            ("PerformanceInsightsEnabled", self.insights.into()),
            ("PerformanceInsightsKMSKeyId", insights.into()),
            ("DeletionProtection", self.protected.into()),
            ("CACertificateIdentifier", "rds-ca-rsa2048-g1".into()),
            ("MonitoringInterval", 60.into()),
            ("NetworkType", "IPV4".into()),
            ("TagList", super::tags(&self.id)),
        ])
    }

    /// ARN of the automated backups that are kept in a region.
    pub fn backup_arn(&self, region: &str) -> String {
        let id = self.resource_id.to_ascii_lowercase();
        let id = id.strip_prefix("db-").unwrap_or(&id).to_owned();
        arn(region, "auto-backup", &format!("ab-{id}"))
    }
}
