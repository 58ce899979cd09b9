//! Snapshots and automated backups, here and in the region that copies go to.

use super::super::Question;
use super::super::convert::{some_text, stamp, text};
use super::wire::{self, maybe, whole};
use super::{Databases, Problem, Rds};
use crate::domain::backup::{Abroad, Backup, BackupKind, StoreKind};

const SNAPSHOTS: Question = Question::new("rds", "DescribeDBSnapshots", "list the snapshots");
const CLUSTER_SNAPSHOTS: Question = Question::new(
    "rds",
    "DescribeDBClusterSnapshots",
    "list the snapshots of clusters",
);
const AUTOMATED: Question = Question::new(
    "rds",
    "DescribeDBInstanceAutomatedBackups",
    "list the automated backups",
);

/// Those of AWS Backup are listed only where they are asked for.
const OF_BACKUP: [(&str, &str); 1] = [("SnapshotType", "awsbackup")];

impl Rds {
    /// Snapshots in this region.
    ///
    /// # Errors
    /// Where AWS cannot be asked or refuses.
    pub async fn snapshots(&self) -> Result<Vec<Backup>, Problem> {
        let region = self.signed.region().await?;
        self.snapshots_in(None, &region).await
    }

    /// Snapshots and replicated automated backups in the second region: the configured one, else the one that automated backups
    /// are replicated to.
    ///
    /// # Errors
    /// Where AWS cannot be asked or refuses.
    pub async fn abroad(&self, known: Option<&Databases>) -> Result<Abroad, Problem> {
        let Some(region) = self.second(known).await? else {
            return Ok(Abroad::default());
        };
        let (snapshots, automated) = tokio::join!(
            self.snapshots_in(Some(&region), &region),
            self.all::<wire::AutomatedBackups>(AUTOMATED, Some(&region), &[]),
        );
        let mut backups = snapshots?;
        let replicated = automated?.into_iter();
        backups.extend(replicated.map(|a| from_automated(a, &region)));
        Ok(Abroad {
            region: Some(region),
            backups,
            vaults_unread: 0,
        })
    }

    async fn second(&self, known: Option<&Databases>) -> Result<Option<String>, Problem> {
        if let Some(named) = &self.second_region {
            return Ok(Some(named.clone()));
        }
        let instances = match known {
            Some(known) => known.instances.clone(),
            None => self.instances().await?,
        };
        Ok(instances
            .into_iter()
            .find_map(|d| d.replicated_to.into_iter().next()))
    }

    async fn snapshots_in(
        &self,
        asked: Option<&str>,
        region: &str,
    ) -> Result<Vec<Backup>, Problem> {
        let (own, vault, cluster, cluster_vault) = tokio::join!(
            self.all::<wire::Snapshots>(SNAPSHOTS, asked, &[]),
            self.all::<wire::Snapshots>(SNAPSHOTS, asked, &OF_BACKUP),
            self.all::<wire::ClusterSnapshots>(CLUSTER_SNAPSHOTS, asked, &[]),
            self.all::<wire::ClusterSnapshots>(CLUSTER_SNAPSHOTS, asked, &OF_BACKUP),
        );
        let instances = own?.into_iter().chain(vault?);
        let clusters = cluster?.into_iter().chain(cluster_vault?);
        let mut all: Vec<Backup> = instances
            .map(|s| from_snapshot(s, region))
            .chain(clusters.map(|s| from_cluster(s, region)))
            .collect();
        // A server that overlooks the type tells the same ones twice.
        all.sort_by_cached_key(Backup::key);
        all.dedup_by(|a, b| a.key() == b.key());
        Ok(all)
    }
}

fn kind(word: Option<&str>) -> BackupKind {
    match word {
        Some("automated") => BackupKind::Automated,
        Some("awsbackup") => BackupKind::Vault,
        _ => BackupKind::Manual,
    }
}

fn from_snapshot(s: wire::Snapshot, region: &str) -> Backup {
    let made_at = stamp(s.snapshot_create_time.as_deref());
    let original = stamp(s.original_snapshot_create_time.as_deref());
    let bytes = whole(s.full_snapshot_size_in_bytes.as_deref());
    Backup {
        store: text(s.of.as_deref()),
        store_kind: StoreKind::Database,
        kind: kind(s.snapshot_type.as_deref()),
        id: text(Some(&s.id)),
        arn: text(s.arn.as_deref()),
        region: region.to_owned(),
        taken_at: original.or(made_at),
        made_at,
        complete: s.status.as_deref() == Some("available"),
        status: text(s.status.as_deref()),
        percent: whole(s.percent_progress.as_deref()),
        bytes: bytes.and_then(|n| u64::try_from(n).ok()).filter(|n| *n > 0),
        encrypted: maybe(s.encrypted.as_deref()),
        copy_of: some_text(s.source.as_deref()),
        expires_at: None,
    }
}

fn from_cluster(s: wire::ClusterSnapshot, region: &str) -> Backup {
    let made_at = stamp(s.snapshot_create_time.as_deref());
    let copy_of = some_text(s.source.as_deref());
    Backup {
        store: text(s.of.as_deref()),
        store_kind: StoreKind::Cluster,
        kind: kind(s.snapshot_type.as_deref()),
        id: text(Some(&s.id)),
        arn: text(s.arn.as_deref()),
        region: region.to_owned(),
        // A copy does not tell when its data was taken: its source does, where that is still there (`domain::backup::merged`).
        taken_at: made_at.filter(|_| copy_of.is_none()),
        made_at,
        complete: s.status.as_deref() == Some("available"),
        status: text(s.status.as_deref()),
        percent: whole(s.percent_progress.as_deref()),
        bytes: None,
        encrypted: maybe(s.storage_encrypted.as_deref()),
        copy_of,
        expires_at: None,
    }
}

fn from_automated(a: wire::Automated, region: &str) -> Backup {
    let latest = stamp(a.restore_window.latest_time.as_deref());
    let status = text(a.status.as_deref());
    let own = a.region.as_deref();
    Backup {
        store: text(Some(&a.of)),
        store_kind: StoreKind::Database,
        kind: BackupKind::PointInTime,
        id: format!("{} (any moment)", text(Some(&a.of))),
        arn: text(a.arn.as_deref()),
        region: region.to_owned(),
        taken_at: latest,
        made_at: latest,
        complete: latest.is_some() && status != "creating" && status != "pending",
        status,
        percent: None,
        bytes: None,
        encrypted: maybe(a.encrypted.as_deref()),
        copy_of: own.filter(|r| *r != region).map(|r| text(Some(r))),
        expires_at: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_of_a_cluster_s_snapshot_is_not_as_young_as_the_copy() {
        let snapshot = |source: Option<&str>| wire::ClusterSnapshot {
            id: "weekly".into(),
            snapshot_create_time: Some("2026-11-26T04:00:00Z".into()),
            source: source.map(str::to_owned),
            ..wire::ClusterSnapshot::default()
        };
        let own = from_cluster(snapshot(None), "us-east-1");
        assert!(own.taken_at.is_some() && own.taken_at == own.made_at);
        let source = "arn:aws:rds:us-east-1:1:cluster-snapshot:weekly";
        let copy = from_cluster(snapshot(Some(source)), "eu-west-1");
        assert_eq!((copy.taken_at, copy.made_at), (None, own.made_at));
    }
}
