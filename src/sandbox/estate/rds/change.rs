//! Making, copying and deleting snapshots.

use super::read::{no_cluster, no_instance, no_snapshot};
use super::{Databases, Kind, Now, Snapshot, identifier, required};
use crate::wire::{ApiError, Node, map};
use crate::world::names;

/// Story seconds that a snapshot takes, and each gibibyte of it.
const SNAPSHOT_S: (f64, f64) = (40.0, 0.2);
/// Story seconds that a copy to another region takes, and each gibibyte of it.
const COPY_S: (f64, f64) = (70.0, 0.6);

impl Databases {
    /// Takes a snapshot of what is there now; its region, or `None` where there is nothing of this name.
    pub(super) fn take(
        &mut self,
        id: String,
        of: &str,
        is_cluster: bool,
        kind: Kind,
        now: Now,
        takes_s: f64,
    ) -> Option<String> {
        let base = if is_cluster {
            let c = self.clusters.iter().find(|c| c.id == of)?;
            Snapshot {
                region: names::REGION.to_owned(),
                storage_gib: c.storage_gib,
                bytes: c.storage_gib << 30,
                encrypted: true,
                engine: ("aurora-postgresql", c.version.to_owned()),
                storage: "aurora".to_owned(),
                origin: (String::new(), c.created),
                ..blank()
            }
        } else {
            let i = self.instances.iter().find(|i| i.id == of)?;
            Snapshot {
                region: i.region.clone(),
                storage_gib: i.storage_gib.0,
                // Some four tenths of the disk are used.
                bytes: (i.storage_gib.0 << 30) / 5 * 2,
                encrypted: i.encrypted,
                engine: (i.engine, i.version.clone()),
                storage: i.storage.clone(),
                origin: (format!("{}{}", i.region, i.zones.0), i.created),
                ..blank()
            }
        };
        let region = base.region.clone();
        self.snapshots.push(Snapshot {
            id,
            of: of.to_owned(),
            is_cluster,
            kind,
            taken: now.stamp,
            made: now.stamp,
            making: (now.story, takes_s),
            ..base
        });
        Some(region)
    }

    /// Copies a snapshot into a region; the copy's place in the list.
    ///
    /// # Errors
    /// There is no such snapshot, it is not whole, or the name is taken there.
    pub fn copy(
        &mut self,
        source: &str,
        id: String,
        region: &str,
        kind: Kind,
        now: Now,
    ) -> Result<&Snapshot, ApiError> {
        let from = self.snapshots.iter().find(|s| s.arn() == source);
        let from =
            from.ok_or_else(|| no_snapshot(source, source.contains(":cluster-snapshot:")))?;
        if !from.is_available() {
            let why = format!(
                "Cannot copy a snapshot that is in the state {}.",
                from.status()
            );
            return Err(ApiError::new("InvalidDBSnapshotState", why));
        }
        let (is_cluster, elsewhere) = (from.is_cluster, from.region != region);
        let (base, per_gib) = if elsewhere { COPY_S } else { SNAPSHOT_S };
        let copy = Snapshot {
            id,
            region: region.to_owned(),
            kind,
            made: now.stamp,
            making: (now.story, base + per_gib * from.storage_gib as f64),
            percent: 0,
            source: Some((from.arn(), from.region.clone())),
            ..from.clone()
        };
        self.free_name(&copy.id, region, is_cluster)?;
        self.snapshots.push(copy);
        self.snapshots
            .last()
            .ok_or_else(|| no_snapshot(source, is_cluster))
    }

    fn free_name(&self, id: &str, region: &str, is_cluster: bool) -> Result<(), ApiError> {
        let taken = |s: &Snapshot| s.id == id && s.region == region && s.is_cluster == is_cluster;
        if !self.snapshots.iter().any(taken) {
            return Ok(());
        }
        let (code, kind) = if is_cluster {
            ("DBClusterSnapshotAlreadyExistsFault", "cluster snapshot")
        } else {
            ("DBSnapshotAlreadyExists", "snapshot")
        };
        let why = format!(
            "Cannot create the {kind} because one with the identifier {id} already exists."
        );
        Err(ApiError::new(code, why))
    }

    pub(super) fn create_snapshot(
        &mut self,
        input: &Node,
        region: &str,
        now: Now,
    ) -> Result<Node, ApiError> {
        let id = identifier(
            required(input, "DBSnapshotIdentifier")?,
            "DBSnapshotIdentifier",
        )?;
        let of = required(input, "DBInstanceIdentifier")?;
        self.free_name(&id, region, false)?;
        let instance = self
            .instances
            .iter_mut()
            .find(|i| i.region == region && i.id == of)
            .ok_or_else(|| no_instance(of))?;
        if instance.status() != "available" {
            let why = format!("Instance {of} is not currently available.");
            return Err(ApiError::new("InvalidDBInstanceState", why));
        }
        if instance.cluster.is_some() {
            let why = "The specified instance is a member of a cluster and a snapshot cannot be created directly. Please use the CreateDBClusterSnapshot API instead.";
            return Err(ApiError::new("InvalidParameterValue", why));
        }
        let takes = SNAPSHOT_S.0 + SNAPSHOT_S.1 * instance.storage_gib.0 as f64;
        instance.go(
            now,
            &[("backing-up", takes / 2.0, super::instance::Then::Nothing)],
        );
        self.take(id, of, false, Kind::Manual, now, takes);
        let words = ("backup", "Creating manual snapshot");
        self.happened(region, "db-instance", of, words, now.stamp);
        Ok(self.newest("DBSnapshot"))
    }

    pub(super) fn create_cluster_snapshot(
        &mut self,
        input: &Node,
        region: &str,
        now: Now,
    ) -> Result<Node, ApiError> {
        let member = "DBClusterSnapshotIdentifier";
        let id = identifier(required(input, member)?, member)?;
        let of = required(input, "DBClusterIdentifier")?;
        self.free_name(&id, region, true)?;
        if region != names::REGION || !self.clusters.iter().any(|c| c.id == of) {
            return Err(no_cluster(of));
        }
        self.take(id, of, true, Kind::Manual, now, SNAPSHOT_S.0);
        Ok(self.newest("DBClusterSnapshot"))
    }

    /// A job of AWS Backup takes a snapshot of an instance; the snapshot's ARN.
    pub fn take_for_backup(&mut self, of: &str, job: &str, now: Now) -> Option<String> {
        let i = self.instances.iter().find(|i| i.id == of)?;
        let takes = SNAPSHOT_S.0 + SNAPSHOT_S.1 * i.storage_gib.0 as f64;
        self.take(
            format!("awsbackup:job-{job}"),
            of,
            false,
            Kind::Backup,
            now,
            takes,
        )?;
        self.snapshots.last().map(Snapshot::arn)
    }

    fn newest(&self, called: &'static str) -> Node {
        map([(called, self.snapshots.last().map(Snapshot::show).into())])
    }

    pub(super) fn copy_asked(
        &mut self,
        input: &Node,
        region: &str,
        now: Now,
        clusters: bool,
    ) -> Result<Node, ApiError> {
        let (source, target, called) = if clusters {
            let source = "SourceDBClusterSnapshotIdentifier";
            (
                source,
                "TargetDBClusterSnapshotIdentifier",
                "DBClusterSnapshot",
            )
        } else {
            (
                "SourceDBSnapshotIdentifier",
                "TargetDBSnapshotIdentifier",
                "DBSnapshot",
            )
        };
        let given = required(input, source)?;
        let id = identifier(required(input, target)?, target)?;
        // Within a region the name will do; from another it is the ARN.
        let kind = if clusters {
            "cluster-snapshot"
        } else {
            "snapshot"
        };
        let arn = if given.starts_with("arn:") {
            given.to_owned()
        } else {
            super::arn(region, kind, given)
        };
        let from = self.snapshots.iter().find(|s| s.arn() == arn);
        let elsewhere = from.is_some_and(|s| s.region != region && s.encrypted);
        if elsewhere && input.get("KmsKeyId").as_text().is_none() {
            // The key of one region means nothing in another.
            let why = "KmsKeyId is required to copy an encrypted snapshot from another region.";
            return Err(ApiError::new("InvalidParameterCombination", why));
        }
        let copy = self.copy(&arn, id, region, Kind::Manual, now)?;
        Ok(map([(called, copy.show())]))
    }

    pub(super) fn delete_snapshot(
        &mut self,
        input: &Node,
        region: &str,
        now: Now,
        clusters: bool,
    ) -> Result<Node, ApiError> {
        let (member, called, source) = if clusters {
            (
                "DBClusterSnapshotIdentifier",
                "DBClusterSnapshot",
                "db-cluster",
            )
        } else {
            ("DBSnapshotIdentifier", "DBSnapshot", "db-instance")
        };
        let id = required(input, member)?;
        let at = self
            .snapshots
            .iter()
            .position(|s| s.id == id && s.region == region && s.is_cluster == clusters)
            .ok_or_else(|| no_snapshot(id, clusters))?;
        if let Some(s) = self.snapshots.get(at).filter(|s| s.kind != Kind::Manual) {
            let why = format!("Cannot delete the {} snapshot {id}.", s.kind.word());
            let code = if clusters {
                "InvalidDBClusterSnapshotStateFault"
            } else {
                "InvalidDBSnapshotState"
            };
            return Err(ApiError::new(code, why));
        }
        let gone = self.snapshots.remove(at);
        let words = ("deletion", "Deleted manual snapshot");
        self.happened(region, source, &gone.of, words, now.stamp);
        let mut shown = gone.show();
        if let Node::Map(members) = &mut shown
            && let Some((_, status)) = members.iter_mut().find(|(k, _)| k == "Status")
        {
            *status = "deleted".into();
        }
        Ok(map([(called, shown)]))
    }
}

/// A snapshot of nothing, for the members that all kinds begin with.
fn blank() -> Snapshot {
    Snapshot {
        id: String::new(),
        region: String::new(),
        of: String::new(),
        is_cluster: false,
        kind: Kind::Manual,
        taken: 0.0,
        made: 0.0,
        making: (0.0, 0.0),
        percent: 0,
        storage_gib: 0,
        bytes: 0,
        encrypted: false,
        engine: ("postgres", String::new()),
        storage: String::new(),
        source: None,
        origin: (String::new(), 0.0),
    }
}
