//! Backups of every store, wherever they lie, and what they come to for each store.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::bucket::Bucket;
use super::cache::Caches;
use super::database::{Databases, belongs};
use super::environment::Env;
use super::told::Told;

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
    /// The points, of every vault that was read.
    pub backups: Vec<Backup>,
    /// Vaults that were not looked into.
    pub vaults_unread: usize,
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

/// What its backups come to for one store.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct StoreBackups {
    /// Name.
    pub store: String,
    /// What it is.
    pub kind: StoreKind,
    /// Whether it (still) exists: backups outlive their stores. `None`: nobody tells.
    pub exists: Option<bool>,
    /// Whether it belongs to the environment that is looked at.
    pub ours: bool,
    /// Days that its automated backups are kept, where it makes any by itself.
    pub retention_days: Option<i64>,
    /// The newest whole backup in its own region.
    pub newest: Option<Backup>,
    /// The newest whole copy in another region.
    pub newest_abroad: Option<Backup>,
    /// Backups in its own region, and in others.
    pub here: usize,
    /// Copies in other regions.
    pub abroad: usize,
    /// Whole backups in its own region of which nobody tells how old their data is.
    pub undated: usize,
    /// The same in other regions.
    pub undated_abroad: usize,
    /// Backups that are not encrypted.
    pub unencrypted: usize,
    /// What keeps its content beside backups, and what keeps it in another region: a bucket's versions and its copy.
    pub kept: Kept,
}

/// How a bucket's content is kept without any backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// By versions and a copy in another bucket.
    pub here: Told<String>,
    /// By a copy in another region.
    pub abroad: Told<String>,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            here: Told::Unset,
            abroad: Told::Unset,
        }
    }
}

impl Kept {
    /// Of a bucket among all of them. Versions alone go with their bucket, and a copy alone takes over every mistake.
    fn of(bucket: &Bucket, all: &[Bucket]) -> Self {
        let unknown = bucket.versioning.why_unknown();
        if let Some(why) = unknown.or_else(|| bucket.replication.why_unknown()) {
            return Self {
                here: Told::Unknown(why.to_owned()),
                abroad: Told::Unknown(why.to_owned()),
            };
        }
        let Some(to) = bucket.copies().next() else {
            return Self::default();
        };
        if bucket.is_versioned() != Some(true) {
            return Self::default();
        }
        let words = format!("keeps versions, copied to {to}");
        let copy = all.iter().find(|b| b.name == to);
        let regions = copy.and_then(|c| Some((c.region.value()?, bucket.region.value()?)));
        let abroad = match regions {
            Some((there, here)) if there != here => Told::Set(format!("{words} in {there}")),
            Some(_) => Told::Unset,
            None => Told::Unknown(format!("the region of {to} is not known")),
        };
        Self {
            here: Told::Set(words),
            abroad,
        }
    }
}

impl StoreBackups {
    /// Whether its backups are judged: it is ours, and not known to be gone.
    pub fn counts(&self) -> bool {
        self.exists != Some(false) && self.ours
    }

    /// Whether copies of its backups are asked for: what can be filled anew needs none.
    pub fn needs_copies(&self) -> bool {
        self.counts() && self.kind != StoreKind::Cache
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

/// What there is to be backed up, as far as each system told: `None` where it did not.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// Databases and clusters.
    pub databases: Option<&'a Databases>,
    /// Buckets.
    pub buckets: Option<&'a [Bucket]>,
    /// Caches.
    pub caches: Option<&'a Caches>,
}

/// Buckets that are no copy of another, and caches that can be backed up.
fn beside<'a>(known: Known<'a>, environment: &str) -> impl Iterator<Item = StoreBackups> + use<'a> {
    let env = Env::named(environment);
    // What has no tag tells by its name; where either says nothing, it counts.
    let ours = move |name: &str| env.is_none_or(|e| Env::named(name).is_none_or(|its| its == e));
    let all = known.buckets.unwrap_or_default();
    let is_copy = |b: &Bucket| all.iter().any(|o| o.copies().any(|to| to == b.name));
    let buckets = all.iter().filter(move |b| !is_copy(b));
    let buckets = buckets.map(move |b| StoreBackups {
        store: b.name.clone(),
        kind: StoreKind::Bucket,
        ours: ours(&b.name),
        kept: Kept::of(b, all),
        ..StoreBackups::default()
    });
    let groups = known.caches.into_iter().flat_map(|c| &c.groups);
    let caches = groups.filter(|g| g.engine != "memcached");
    let caches = caches.map(move |g| StoreBackups {
        store: g.id.clone(),
        kind: StoreKind::Cache,
        ours: ours(&g.id),
        retention_days: Some(g.retention_days.into()),
        ..StoreBackups::default()
    });
    buckets.chain(caches)
}

/// What the backups come to for each store: every database that stands alone, every cluster, every bucket and cache, and what
/// else has backups.
pub fn stores(known: Known<'_>, backups: &[Backup], environment: &str) -> Vec<StoreBackups> {
    let databases = known.databases;
    let mut all: BTreeMap<(StoreKind, String), StoreBackups> = BTreeMap::new();
    for mut store in beside(known, environment) {
        store.exists = Some(true);
        all.insert((store.kind, store.store.clone()), store);
    }
    if let Some(known) = databases {
        let instances = known.instances.iter().filter(|d| d.stands_alone());
        let instances = instances.map(|d| {
            let ours = belongs(d.environment.as_deref(), environment);
            (StoreKind::Database, &d.id, ours, d.retention_days)
        });
        let clusters = known.clusters.iter().map(|c| {
            let ours = belongs(c.environment.as_deref(), environment);
            (StoreKind::Cluster, &c.id, ours, c.retention_days)
        });
        for (kind, id, ours, days) in instances.chain(clusters) {
            let store = StoreBackups {
                store: id.clone(),
                kind,
                exists: Some(true),
                ours,
                retention_days: Some(days),
                ..StoreBackups::default()
            };
            all.insert((kind, id.clone()), store);
        }
    }
    let home = databases.map(|d| d.region.as_str()).unwrap_or_default();
    for b in backups {
        // What its system does not know any more is gone; where nobody told, nobody knows.
        let told = match b.store_kind {
            StoreKind::Database | StoreKind::Cluster => databases.is_some(),
            StoreKind::Bucket => known.buckets.is_some(),
            StoreKind::Cache => known.caches.is_some(),
            StoreKind::Other => false,
        };
        let store = all
            .entry((b.store_kind, b.store.clone()))
            .or_insert_with(|| StoreBackups {
                store: b.store.clone(),
                kind: b.store_kind,
                exists: if told { Some(false) } else { None },
                ours: true,
                ..StoreBackups::default()
            });
        let abroad = !home.is_empty() && b.region != home;
        let (count, newest, undated) = if abroad {
            (
                &mut store.abroad,
                &mut store.newest_abroad,
                &mut store.undated_abroad,
            )
        } else {
            (&mut store.here, &mut store.newest, &mut store.undated)
        };
        *count += 1;
        *undated += usize::from(b.complete && b.taken_at.is_none());
        store.unencrypted += usize::from(b.encrypted == Some(false));
        let newer = newest.as_ref().is_none_or(|n| n.taken_at < b.taken_at);
        if b.complete && b.taken_at.is_some() && newer {
            *newest = Some(b.clone());
        }
    }
    all.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::super::database::Database;
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

    #[test]
    fn a_copy_is_as_old_as_what_it_is_a_copy_of() {
        let old = backup("db", "arn:old", "home", 10);
        let copy = |of: &str, taken| Backup {
            copy_of: Some(of.into()),
            made_at: at(90),
            taken_at: taken,
            ..backup("db", &format!("arn:copy of {of}"), "away", 0)
        };
        let first = copy("arn:old", None);
        let second = copy(&first.arn, at(90));
        let lost = copy("arn:gone", None);
        let rows = merged([first.clone(), second.clone(), lost.clone(), old]);
        let of = |arn: &str| rows.iter().find(|b| b.arn == arn).unwrap().taken_at;
        assert_eq!(of(&first.arn), at(10));
        assert_eq!(of(&second.arn), at(10), "of a copy of a copy, too");
        assert_eq!(of(&lost.arn), None);
        let known = Databases {
            region: "home".into(),
            ..Databases::default()
        };
        let got = stores(Some(&known), &rows, "production");
        assert_eq!((got[0].undated, got[0].undated_abroad), (0, 1));
    }

    #[test]
    fn only_whole_backups_of_stores_that_exist_count_and_regions_are_kept_apart() {
        let db = |id: &str, tag: Option<&str>| Database {
            id: id.into(),
            environment: tag.map(str::to_owned),
            ..Database::default()
        };
        let known = Databases {
            region: "home".into(),
            instances: vec![db("a", None), db("b", Some("staging"))],
            clusters: Vec::new(),
        };
        let half = Backup {
            complete: false,
            ..backup("a", "3", "home", 30)
        };
        let rows = [
            backup("a", "1", "home", 10),
            backup("a", "2", "away", 5),
            half,
            backup("gone", "4", "home", 9),
        ];
        let known = Known {
            databases: Some(&known),
            ..Known::default()
        };
        let got = stores(known, &rows, "production");
        let a = &got[0];
        assert_eq!(a.newest.as_ref().unwrap().arn, "1");
        assert_eq!(a.newest_abroad.as_ref().unwrap().arn, "2");
        assert_eq!((a.here, a.abroad), (2, 1));
        let counting: Vec<_> = got.iter().filter(|s| s.counts()).collect();
        assert_eq!(
            counting.len(),
            1,
            "neither staging's nor what is gone: {got:?}"
        );
        assert!(got[1].newest.is_none());
    }

    #[test]
    fn buckets_and_caches_are_stores_without_any_backup_and_what_is_gone_is_no_store() {
        use super::super::bucket::Replica;
        let bucket = |name: &str, region: &str, to: Option<&str>| Bucket {
            name: name.into(),
            region: Told::Set(region.into()),
            versioning: Told::Set("Enabled".into()),
            replication: match to {
                Some(to) => Told::Set(vec![Replica {
                    rule: "r".into(),
                    enabled: true,
                    bucket: to.into(),
                }]),
                None => Told::Unset,
            },
            ..Bucket::default()
        };
        let mut once = bucket("shared", "home", Some("copy"));
        once.versioning = Told::Unset;
        let buckets = [
            bucket("assets", "home", Some("copy")),
            bucket("near", "home", Some("here")),
            bucket("bare", "home", None),
            bucket("qa-assets", "home", None),
            once,
            bucket("copy", "away", None),
            bucket("here", "home", None),
        ];
        let caches = Caches::default();
        let of = |kind, store: &str| Backup {
            store_kind: kind,
            ..backup(store, store, "home", 9)
        };
        let rows = [
            of(StoreKind::Bucket, "deleted"),
            of(StoreKind::Cache, "deleted"),
            of(StoreKind::Other, "files"),
        ];
        let known = Known {
            buckets: Some(&buckets),
            caches: Some(&caches),
            ..Known::default()
        };
        let got = stores(known, &rows, "production");
        let one = |name: &str| got.iter().find(|s| s.store == name);
        assert!(one("copy").is_none() && one("here").is_none(), "copies");
        let kept = |name: &str| {
            one(name).map(|s| {
                (
                    s.kept.here.value().is_some(),
                    s.kept.abroad.value().is_some(),
                )
            })
        };
        assert_eq!(kept("assets"), Some((true, true)));
        assert_eq!(kept("near"), Some((true, false)));
        assert_eq!(kept("bare"), Some((false, false)));
        assert_eq!(
            kept("shared"),
            Some((false, false)),
            "a mistake is copied, too"
        );
        assert!(one("qa-assets").is_some_and(|s| !s.counts()));
        let exists: Vec<_> = got
            .iter()
            .filter(|s| s.newest.is_some())
            .map(|s| s.exists)
            .collect();
        assert_eq!(exists, [Some(false), Some(false), None]);
        let nobody = stores(Known::default(), &rows, "production");
        assert!(nobody.iter().all(|s| s.exists.is_none()));
    }
}
