//! Snapshots of instances and of clusters.

use super::{Now, arn, key};
use crate::wire::{Node, map};
use crate::world::network;

/// Who made a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The daily backup.
    Automated,
    /// A person or a program.
    Manual,
    /// AWS Backup.
    Backup,
}

impl Kind {
    /// As the vendor calls it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Automated => "automated",
            Self::Manual => "manual",
            Self::Backup => "awsbackup",
        }
    }
}

/// A snapshot.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Identifier.
    pub id: String,
    /// Region.
    pub region: String,
    /// Identifier of the instance or the cluster.
    pub of: String,
    /// Whether it is of a cluster.
    pub is_cluster: bool,
    /// Who made it.
    pub kind: Kind,
    /// When the data was as it is in there (wall clock).
    pub taken: f64,
    /// When this copy of it was made (wall clock).
    pub made: f64,
    /// Story time at which making it began, and how long it takes.
    pub making: (f64, f64),
    /// Hundredths that are made.
    pub percent: i64,
    /// Size of the disk, in gibibytes.
    pub storage_gib: i64,
    /// Bytes that a full snapshot of it has.
    pub bytes: i64,
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// Engine, its version.
    pub engine: (&'static str, String),
    /// Kind of disk.
    pub storage: String,
    /// ARN and region of the snapshot that this is a copy of.
    pub source: Option<(String, String)>,
    /// Zone and creation of the instance or the cluster.
    pub origin: (String, f64),
}

impl Snapshot {
    /// Whether it is whole.
    pub fn is_available(&self) -> bool {
        self.percent >= 100
    }

    /// State, as the vendor calls it.
    pub fn status(&self) -> &'static str {
        if self.is_available() {
            "available"
        } else {
            "creating"
        }
    }

    /// ARN.
    pub fn arn(&self) -> String {
        let kind = if self.is_cluster {
            "cluster-snapshot"
        } else {
            "snapshot"
        };
        arn(&self.region, kind, &self.id)
    }

    /// Lets it grow.
    pub fn step(&mut self, now: Now) {
        let (began, takes) = self.making;
        let done = ((now.story - began) / takes.max(1.0) * 100.0).floor();
        self.percent = (done as i64).clamp(self.percent, 100);
    }

    /// As DescribeDBSnapshots or DescribeDBClusterSnapshots shows it.
    pub fn show(&self) -> Node {
        let both = map([
            ("Engine", self.engine.0.into()),
            ("EngineVersion", Node::from(&self.engine.1)),
            ("AllocatedStorage", self.storage_gib.into()),
            ("Status", self.status().into()),
            ("PercentProgress", self.percent.into()),
            ("Port", 5_432.into()),
            ("VpcId", network::VPC.into()),
            ("MasterUsername", "laser".into()),
            ("LicenseModel", "postgresql-license".into()),
            ("SnapshotType", self.kind.word().into()),
            ("SnapshotCreateTime", Node::Time(self.made)),
            ("StorageType", Node::from(&self.storage)),
            ("KmsKeyId", self.encrypted.then(|| key(&self.region)).into()),
            ("IAMDatabaseAuthenticationEnabled", true.into()),
            ("TagList", Node::List(Vec::new())),
        ]);
        let source = self.source.as_ref();
        if self.is_cluster {
            return both
                .with("DBClusterSnapshotIdentifier", &self.id)
                .with("DBClusterSnapshotArn", self.arn())
                .with("DBClusterIdentifier", &self.of)
                .with("ClusterCreateTime", Node::Time(self.origin.1))
                .with("StorageEncrypted", self.encrypted)
                .with("SourceDBClusterSnapshotArn", source.map(|s| s.0.clone()))
                .with("EngineMode", "provisioned");
        }
        both.with("DBSnapshotIdentifier", &self.id)
            .with("DBSnapshotArn", self.arn())
            .with("DBInstanceIdentifier", &self.of)
            .with("DbiResourceId", super::resource_id("db", &self.of))
            .with("InstanceCreateTime", Node::Time(self.origin.1))
            .with("AvailabilityZone", &self.origin.0)
            .with("Encrypted", self.encrypted)
            .with("OriginalSnapshotCreateTime", Node::Time(self.taken))
            .with("SnapshotDatabaseTime", Node::Time(self.taken))
            .with("SnapshotTarget", "region")
            .with("SourceDBSnapshotIdentifier", source.map(|s| s.0.clone()))
            .with("SourceRegion", source.map(|s| s.1.clone()))
            .with("FullSnapshotSizeInBytes", self.bytes)
    }
}
