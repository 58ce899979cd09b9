//! Backups of every store, wherever they lie, and what they come to for each store.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::cache::Caches;
use super::database::Databases;
use super::skew;

/// What is backed up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StoreKind {
    /// A database instance.
    #[default]
    Database,
    /// A database cluster.
    Cluster,
    /// A bucket of S3.
    Bucket,
    /// A cache.
    Cache,
    /// A table, a file system, a volume: what else AWS Backup knows.
    Other,
}

impl StoreKind {
    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Cluster => "cluster",
            Self::Bucket => "bucket",
            Self::Cache => "cache",
            Self::Other => "other",
        }
    }
}

/// What kind of backup it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BackupKind {
    /// A snapshot that the store makes daily by itself.
    #[default]
    Automated,
    /// A snapshot that somebody asked for.
    Manual,
    /// A recovery point of AWS Backup.
    Vault,
    /// Any moment up to the newest, by snapshots and logs.
    PointInTime,
}

impl BackupKind {
    /// In words.
    pub fn word(self) -> &'static str {
        match self {
            Self::Automated => "daily",
            Self::Manual => "manual",
            Self::Vault => "AWS Backup",
            Self::PointInTime => "any moment",
        }
    }
}

/// A backup.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Backup {
    /// Name of the store.
    pub store: String,
    /// What the store is.
    pub store_kind: StoreKind,
    /// What kind of backup it is.
    pub kind: BackupKind,
    /// Name.
    pub id: String,
    /// ARN.
    pub arn: String,
    /// Region that it lies in.
    pub region: String,
    /// When the data was as it is in there (UTC); `None` for a copy whose source is not there any more and that does not tell itself.
    pub taken_at: Option<Timestamp>,
    /// When this backup or copy of one was made (UTC).
    pub made_at: Option<Timestamp>,
    /// State in the vendor's words.
    pub status: String,
    /// Whether it is whole, so that it could be restored now.
    pub complete: bool,
    /// Hundredths that are made.
    pub percent: Option<i64>,
    /// Size.
    pub bytes: Option<u64>,
    /// Whether it is encrypted.
    pub encrypted: Option<bool>,
    /// ARN or region of what it is a copy of.
    pub copy_of: Option<String>,
    /// When it is thrown away (UTC).
    pub expires_at: Option<Timestamp>,
}

impl Backup {
    /// What it is known by: its ARN, or, where the service gives it none, its store and its name.
    pub fn key(&self) -> String {
        if self.arn.is_empty() {
            format!("{} {} {}", self.region, self.store, self.id)
        } else {
            self.arn.clone()
        }
    }
}

/// What lies in another region.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Abroad {
    /// The second region; `None` where nobody named one and nothing is copied anywhere.
    pub region: Option<String>,
    /// Backups there.
    pub backups: Vec<Backup>,
    /// Vaults that were not looked into: there are more than are read.
    pub vaults_unread: usize,
}

/// Recovery points of the region that is looked at.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Points {
    /// The region that they lie in; empty where nobody told.
    pub region: String,
    /// The points, of every vault that was read.
    pub backups: Vec<Backup>,
    /// Vaults that were not looked into.
    pub vaults_unread: usize,
}

/// A criterion of the plan that a drill settles: a restore or a failover that was rehearsed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Drill {
    /// Its id: `5.1.d`.
    pub criterion: String,
    /// What is to be so.
    pub title: String,
    /// What is rehearsed: `restore`, `failover`, `recovery` (both).
    pub of: &'static str,
}

/// A job of AWS Backup.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct BackupJob {
    /// Id.
    pub id: String,
    /// Name of the store.
    pub store: String,
    /// What it is, in the vendor's words: `RDS`, `S3`.
    pub store_type: String,
    /// State in the vendor's words: `RUNNING`, `COMPLETED`, `FAILED` ...
    pub state: String,
    /// Why, where it failed.
    pub message: String,
    /// Begun (UTC).
    pub began_at: Option<Timestamp>,
    /// Ended (UTC).
    pub ended_at: Option<Timestamp>,
    /// Hundredths that are done.
    pub percent: Option<f64>,
    /// Size.
    pub bytes: Option<u64>,
    /// Region that it copies to; `None`: it is a backup, no copy.
    pub copies_to: Option<String>,
    /// The plan that began it.
    pub plan: Option<String>,
}

impl BackupJob {
    /// Whether it came to nothing.
    pub fn has_failed(&self) -> bool {
        matches!(
            self.state.as_str(),
            "FAILED" | "ABORTED" | "EXPIRED" | "PARTIAL"
        )
    }

    /// Whether it goes on.
    pub fn is_open(&self) -> bool {
        matches!(
            self.state.as_str(),
            "CREATED" | "PENDING" | "RUNNING" | "ABORTING"
        )
    }
}

/// Every backup once, newest first: a recovery point of AWS Backup and the snapshot that it is are one, and tell more together.
pub fn merged(all: impl IntoIterator<Item = Backup>) -> Vec<Backup> {
    let mut by_key: BTreeMap<String, Backup> = BTreeMap::new();
    for backup in all {
        match by_key.get_mut(&backup.key()) {
            None => {
                by_key.insert(backup.key(), backup);
            }
            Some(known) => {
                known.kind = if backup.kind == BackupKind::Vault {
                    backup.kind
                } else {
                    known.kind
                };
                known.bytes = known.bytes.or(backup.bytes);
                known.encrypted = known.encrypted.or(backup.encrypted);
                known.expires_at = known.expires_at.or(backup.expires_at);
                known.taken_at = known.taken_at.or(backup.taken_at);
                known.copy_of = known.copy_of.take().or(backup.copy_of);
                known.complete &= backup.complete;
            }
        }
    }
    let mut rows: Vec<Backup> = by_key
        .values()
        .map(|b| Backup {
            taken_at: taken(b, &by_key),
            ..b.clone()
        })
        .collect();
    rows.sort_by_cached_key(|b| (std::cmp::Reverse(b.taken_at), b.key()));
    rows
}

/// Copies of copies that are followed at most.
const HOPS: usize = 8;

/// When the data of a backup was as it is in there. That of a copy is its source's, however late it was copied.
fn taken(backup: &Backup, all: &BTreeMap<String, Backup>) -> Option<Timestamp> {
    let mut known = backup;
    for _ in 0..HOPS {
        match known.copy_of.as_ref().and_then(|arn| all.get(arn)) {
            Some(source) => known = source,
            None => break,
        }
    }
    known.taken_at.or(backup.taken_at)
}

/// What can be restored to any moment, as the databases themselves tell it.
pub fn point_in_time(databases: &Databases) -> Vec<Backup> {
    let base = |store: &str, arn: &str, kind, at, encrypted| Backup {
        store: store.to_owned(),
        store_kind: kind,
        kind: BackupKind::PointInTime,
        id: format!("{store} (any moment)"),
        arn: arn.to_owned(),
        region: databases.region.clone(),
        taken_at: at,
        made_at: at,
        status: "active".into(),
        complete: true,
        encrypted: Some(encrypted),
        ..Backup::default()
    };
    let instances = databases.instances.iter().filter(|d| d.stands_alone());
    let instances = instances
        .filter(|d| d.retention_days > 0 && d.restorable_until.is_some())
        .map(|d| {
            base(
                &d.id,
                &d.arn,
                StoreKind::Database,
                d.restorable_until,
                d.encrypted,
            )
        });
    let clusters = databases
        .clusters
        .iter()
        .filter(|c| c.restorable_until.is_some())
        .map(|c| {
            base(
                &c.id,
                &c.arn,
                StoreKind::Cluster,
                c.restorable_until,
                c.encrypted,
            )
        });
    instances.chain(clusters).collect()
}

/// Snapshots of caches, in the region that is looked at. A cache can be filled anew: its snapshots are shown and dated, but no
/// copies of them are asked for.
pub fn of_caches(caches: &Caches, region: &str) -> Vec<Backup> {
    let snapshot = |s: &super::cache::CacheSnapshot| {
        let group = caches.groups.iter().find(|g| g.id == s.of);
        Backup {
            store: s.of.clone(),
            store_kind: StoreKind::Cache,
            kind: if s.automatic {
                BackupKind::Automated
            } else {
                BackupKind::Manual
            },
            id: s.name.clone(),
            arn: s.arn.clone(),
            region: region.to_owned(),
            taken_at: s.at,
            made_at: s.at,
            complete: s.status == "available",
            status: s.status.clone(),
            encrypted: group.map(|g| g.at_rest),
            ..Backup::default()
        }
    };
    caches.snapshots.iter().map(snapshot).collect()
}

/// The newest whole copy of a bucket that its backups hold outside a region; one that is dated after `now` where there is no other.
pub fn copied_abroad<'a>(
    backups: &'a [Backup],
    bucket: &str,
    home: &str,
    now: Timestamp,
) -> Option<&'a Backup> {
    let of_it = |b: &&Backup| b.store_kind == StoreKind::Bucket && b.store == bucket;
    let abroad = |b: &&Backup| b.complete && !home.is_empty() && b.region != home;
    let copies = backups.iter().filter(of_it).filter(abroad);
    let is_ahead = |b: &Backup| b.taken_at.is_some_and(|at| skew::ahead(at, now).is_some());
    copies.max_by_key(|b| (!is_ahead(b), b.taken_at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: i64) -> Option<Timestamp> {
        Timestamp::from_second(s).ok()
    }

    fn backup(store: &str, arn: &str, region: &str, taken: i64) -> Backup {
        Backup {
            store: store.into(),
            arn: arn.into(),
            region: region.into(),
            taken_at: at(taken),
            complete: true,
            ..Backup::default()
        }
    }

    #[test]
    fn a_recovery_point_and_its_snapshot_are_one_backup() {
        let snapshot = Backup {
            encrypted: Some(true),
            ..backup("db", "arn:1", "r", 10)
        };
        let point = Backup {
            kind: BackupKind::Vault,
            bytes: Some(7),
            ..backup("db", "arn:1", "r", 10)
        };
        for pair in [[snapshot.clone(), point.clone()], [point, snapshot]] {
            let rows = merged(pair);
            assert_eq!(rows.len(), 1);
            let (kind, bytes, encrypted) = (rows[0].kind, rows[0].bytes, rows[0].encrypted);
            assert_eq!(
                (kind, bytes, encrypted),
                (BackupKind::Vault, Some(7), Some(true))
            );
        }
    }
}
