//! What backups come to for each store that there is, and which stores those are.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::backup::{Backup, StoreKind};
use super::bucket::Bucket;
use super::cache::Caches;
use super::database::{Databases, belongs};
use super::environment::Env;
use super::kept::{Kept, Lags, copy_of};
use super::skew;

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
    /// The newest whole backup in its own region, of those whose date can be true.
    pub newest: Option<Backup>,
    /// The newest whole copy in another region, of those.
    pub newest_abroad: Option<Backup>,
    /// The latest date (UTC) of a whole backup in its own region that is yet to come: one of the clocks is wrong, and how old the newest
    /// backup is is not known.
    pub ahead: Option<Timestamp>,
    /// The same of other regions.
    pub ahead_abroad: Option<Timestamp>,
    /// Backups in its own region, and in others.
    pub here: usize,
    /// Copies in other regions.
    pub abroad: usize,
    /// Whole backups in its own region of which nobody tells how old their data is.
    pub undated: usize,
    /// The same in other regions.
    pub undated_abroad: usize,
    /// Whether a system that tells of its backups in its own region was silent: there may be others, and what was told may be gone.
    pub here_untold: bool,
    /// The same of other regions.
    pub abroad_untold: bool,
    /// Backups that are not encrypted.
    pub unencrypted: usize,
    /// Backups of which nobody tells whether they are encrypted.
    pub encryption_untold: usize,
    /// What keeps its content beside backups, and what keeps it in another region: a bucket's versions and its copy.
    pub kept: Kept,
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

/// What there is to be backed up, as far as each system told: `None` where it did not.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// Databases and clusters.
    pub databases: Option<&'a Databases>,
    /// Buckets.
    pub buckets: Option<&'a [Bucket]>,
    /// Caches.
    pub caches: Option<&'a Caches>,
    /// The region that is looked at; empty where nobody told.
    pub home: &'a str,
    /// The region that copies go to, where somebody told.
    pub second: Option<&'a str>,
    /// Now: what is dated later was not made then.
    pub now: Timestamp,
    /// How far copies of buckets are behind; `None`: nobody tells of any.
    pub lags: Option<Lags<'a>>,
}

impl Known<'_> {
    /// Whether a region is another one than that which is looked at. Where nobody tells which that is, the region that copies were
    /// looked for in is another.
    fn is_abroad(&self, region: &str) -> bool {
        match self.home {
            "" => self.second == Some(region),
            home => region != home,
        }
    }
}

/// Whether a store belongs to the environment that is looked at, one rule for all of them: a tag says it, else its name; where either
/// says nothing, it counts.
pub fn is_ours(tag: Option<&str>, name: &str, environment: &str) -> bool {
    match (tag, Env::named(environment), Env::named(name)) {
        (Some(_), ..) => belongs(tag, environment),
        (None, Some(ours), Some(its)) => its == ours,
        (None, ..) => true,
    }
}

/// Buckets that are no copy of another alone, and caches that can be backed up.
fn beside<'a>(known: Known<'a>, environment: &str) -> impl Iterator<Item = StoreBackups> + use<'a> {
    let here = environment.to_owned();
    let ours = move |name: &str| is_ours(None, name, &here);
    let of_cache = ours.clone();
    let all = known.buckets.unwrap_or_default();
    let place = environment.to_owned();
    let is_copy = move |b: &Bucket| copy_of(b, all, &place).is_some();
    let buckets = all.iter().filter(move |b| !is_copy(b));
    let buckets = buckets.map(move |b| StoreBackups {
        store: b.name.clone(),
        kind: StoreKind::Bucket,
        ours: ours(&b.name),
        kept: Kept::of(b, all, known.lags),
        ..StoreBackups::default()
    });
    let groups = known.caches.into_iter().flat_map(|c| &c.groups);
    let caches = groups.filter(|g| g.engine != "memcached");
    let caches = caches.map(move |g| StoreBackups {
        store: g.id.clone(),
        kind: StoreKind::Cache,
        ours: of_cache(&g.id),
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
            let ours = is_ours(d.environment.as_deref(), &d.id, environment);
            (StoreKind::Database, &d.id, ours, d.retention_days)
        });
        let clusters = known.clusters.iter().map(|c| {
            let ours = is_ours(c.environment.as_deref(), &c.id, environment);
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
        let abroad = known.is_abroad(&b.region);
        let (count, newest, undated, ahead) = if abroad {
            (
                &mut store.abroad,
                &mut store.newest_abroad,
                &mut store.undated_abroad,
                &mut store.ahead_abroad,
            )
        } else {
            (
                &mut store.here,
                &mut store.newest,
                &mut store.undated,
                &mut store.ahead,
            )
        };
        *count += 1;
        let is_ahead = |at: &Timestamp| skew::ahead(*at, known.now).is_some();
        let to_come = b.taken_at.filter(is_ahead).filter(|_| b.complete);
        *ahead = (*ahead).max(to_come);
        *undated += usize::from(b.complete && b.taken_at.is_none());
        store.unencrypted += usize::from(b.encrypted == Some(false));
        store.encryption_untold += usize::from(b.encrypted.is_none());
        let newer = newest.as_ref().is_none_or(|n| n.taken_at < b.taken_at);
        if b.complete && b.taken_at.is_some() && to_come.is_none() && newer {
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
        let rows = super::super::backup::merged([first.clone(), second.clone(), lost.clone(), old]);
        let of = |arn: &str| rows.iter().find(|b| b.arn == arn).unwrap().taken_at;
        assert_eq!(of(&first.arn), at(10));
        assert_eq!(of(&second.arn), at(10), "of a copy of a copy, too");
        assert_eq!(of(&lost.arn), None);
        let known = Databases {
            region: "home".into(),
            ..Databases::default()
        };
        let known = Known {
            home: "home",
            databases: Some(&known),
            ..Known::default()
        };
        let got = stores(known, &rows, "production");
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
            home: "home",
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
    fn what_is_dated_ahead_is_never_the_newest() {
        let known = Known {
            home: "home",
            now: at(1_000).unwrap_or_default(),
            ..Known::default()
        };
        let rows = [
            backup("a", "1", "home", 900),
            backup("a", "2", "home", 30_000_000),
            backup("a", "3", "home", 1_030),
            backup("a", "4", "away", 30_000_000),
            Backup {
                complete: false,
                ..backup("a", "5", "away", 40_000_000)
            },
        ];
        let got = stores(known, &rows, "production");
        let newest = got[0].newest.as_ref().map(|b| b.arn.as_str());
        assert_eq!(newest, Some("3"), "clocks are a little apart");
        assert_eq!(got[0].newest_abroad, None);
        let ahead = (got[0].ahead, got[0].ahead_abroad);
        assert_eq!(ahead, (at(30_000_000), at(30_000_000)));
        assert_eq!((got[0].here, got[0].abroad), (3, 2));
    }

    #[test]
    fn buckets_and_caches_are_stores_without_any_backup_and_what_is_gone_is_no_store() {
        use super::super::bucket::Replica;
        use super::super::facts::Facts;
        use super::super::told::Told;
        let bucket = |name: &str, region: &str, to: Option<&str>| Bucket {
            name: name.into(),
            region: Told::Set(region.into()),
            versioning: Told::Set("Enabled".into()),
            replication: match to {
                Some(to) => Told::Set(vec![Replica {
                    rule: "r".into(),
                    enabled: true,
                    bucket: to.into(),
                    only: None,
                    failed: Told::Unset,
                }]),
                None => Told::Unset,
            },
            ..Bucket::default()
        };
        let mut once = bucket("shared", "home", Some("copy"));
        once.versioning = Told::Unset;
        let mut part = bucket("filtered", "home", Some("some"));
        if let Told::Set(rules) = &mut part.replication {
            rules[0].only = Some("prefix static/".into());
        }
        let buckets = [
            bucket("assets", "home", Some("copy")),
            bucket("near", "home", Some("here")),
            bucket("bare", "home", None),
            bucket("begun", "home", Some("copy")),
            bucket("qa-assets", "home", None),
            once,
            bucket("copy", "away", None),
            bucket("here", "home", None),
            part,
            bucket("some", "away", None),
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
        let now = Timestamp::UNIX_EPOCH;
        let told = [("assets", "copy", "r", 9.0), ("near", "here", "r", 9.0)];
        let facts = Facts {
            series: super::super::kept::behind(&told, now),
            ..Facts::default()
        };
        let known = Known {
            buckets: Some(&buckets),
            caches: Some(&caches),
            lags: Some(Lags { facts: &facts, now }),
            ..Known::default()
        };
        let got = stores(known, &rows, "production");
        let one = |name: &str| got.iter().find(|s| s.store == name);
        assert!(one("copy").is_none() && one("here").is_none(), "copies");
        let kept = |name: &str| {
            one(name).map(|s| {
                (
                    s.kept.here.told.value().is_some(),
                    s.kept.abroad.told.value().is_some(),
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
        let untold = |name: &str| {
            let kept = one(name).map(|s| s.kept.clone()).unwrap_or_default();
            (
                kept.here.told.why_unknown().map(str::to_owned),
                kept.abroad.told.why_unknown().map(str::to_owned),
            )
        };
        let why = Some("only a part of it is copied: prefix static/ to some".to_owned());
        assert_eq!(untold("filtered"), (why.clone(), why));
        // A rule that nobody tells anything of has perhaps copied nothing.
        let (here, abroad) = untold("begun");
        assert!(here.is_some_and(|why| why.contains("what it has copied")));
        assert!(abroad.is_some_and(|why| why.contains("copy in away")));
        assert!(untold("some").0.is_some_and(|why| why.contains("filtered")));
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
