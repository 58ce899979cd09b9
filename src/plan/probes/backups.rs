//! Backups: young enough here, copied young enough to the second region; and everything that is stored is encrypted.

use jiff::Timestamp;

use super::judgement::{Findings, Judgement, Verdict};
use super::look::{Look, span};
use super::{Param, ParamKind, Probe, number};
use crate::domain::backup::{Backup, StoreKind};
use crate::domain::kept::{Copied, left_out};
use crate::domain::part::Part;
use crate::domain::skew;
use crate::domain::stores::{StoreBackups, is_ours};

/// What lies in the second region, in words: snapshots, recovery points.
const ABROAD: (&str, &str) = (
    "the snapshots in the second region",
    "the recovery points in the second region",
);

const KINDS: &[&str] = &["any", "database", "bucket"];

/// Which stores.
const KIND: Param = Param {
    name: "kind",
    default: "any",
    kind: ParamKind::OneOf(KINDS),
};

pub(super) const PROBES: &[Probe] = &[
    Probe {
        name: "backups.fresh",
        question: "is the newest backup of every store younger than the RPO?",
        params: &[number("rpo", "0"), KIND],
        judge: fresh,
    },
    Probe {
        name: "backups.copied",
        question: "is a copy of every store in the second region, younger than the RPO?",
        params: &[number("rpo", "0"), KIND],
        judge: copied,
    },
    Probe {
        name: "stores.encrypted",
        question: "is every database encrypted, and every backup?",
        params: &[],
        judge: encrypted,
    },
];

/// Hours that may be lost: the plan's, or as configured (0).
fn rpo(look: &Look<'_>) -> std::time::Duration {
    match look.number("rpo") {
        hours if hours > 0.0 => std::time::Duration::from_secs_f64(hours * 3_600.0),
        _ => look.facts.rpo,
    }
}

fn is_wanted(look: &Look<'_>, store: &StoreBackups) -> bool {
    let kind = match look.call.value("kind") {
        "database" => matches!(store.kind, StoreKind::Database | StoreKind::Cluster),
        "bucket" => store.kind == StoreKind::Bucket,
        _ => true,
    };
    store.counts() && kind
}

/// Why what was not found may be there all the same: the first of the sources that cannot be believed now.
fn doubt<T>(look: &Look<'_>, part: &Part<T>, what: &str) -> Option<String> {
    look.fresh(part, what)
        .is_err()
        .then(|| look.why_not(part, what))
}

/// The same for the system that tells of a store itself, where that is no database: without databases, nothing is judged.
fn doubt_of(look: &Look<'_>, store: &StoreBackups) -> Option<String> {
    let e = &look.facts.estate;
    match store.kind {
        StoreKind::Bucket => doubt(look, &e.buckets, "the buckets"),
        StoreKind::Cache => doubt(look, &e.caches, "the caches"),
        StoreKind::Database | StoreKind::Cluster | StoreKind::Other => None,
    }
}

/// Every store that is wanted with its backups, and what its backups come to without those of which nobody knows whether they are
/// still there.
fn stores<'a>(
    look: &Look<'a>,
) -> impl Iterator<Item = (&'a StoreBackups, Option<&'a StoreBackups>)> {
    let all = look.shared.stores.get_or_init(|| every_store(look));
    let pairs = all.iter().map(|(store, sure)| (store, sure.as_ref()));
    pairs.filter(|(store, _)| is_wanted(look, store))
}

fn every_store(look: &Look<'_>) -> Vec<(StoreBackups, Option<StoreBackups>)> {
    let e = &look.facts.estate;
    let lags = look.lags();
    let all = e.backups();
    let believed = e.believed(look.now);
    let sure = all.iter().filter(|b| believed.contains(&b.key()));
    let sure = e.stores(&sure.cloned().collect::<Vec<_>>(), lags);
    let same = |a: &StoreBackups, b: &StoreBackups| a.kind == b.kind && a.store == b.store;
    let stores = e.stores(&all, lags).into_iter();
    stores
        .map(|store| {
            let sure = sure.iter().find(|s| same(s, &store)).cloned();
            (store, sure)
        })
        .collect()
}

/// Systems that did not tell which stores there are: every store of theirs may lack a backup.
fn untold(look: &Look<'_>, found: &mut Findings) {
    let e = &look.facts.estate;
    let kind = look.call.value("kind");
    if let Some(all) = e.buckets.value.as_ref().filter(|_| kind != "database") {
        look.leave_out(left_out(all, &look.facts.environment));
    }
    let buckets = doubt(look, &e.buckets, "the buckets").filter(|_| kind != "database");
    let caches = doubt(look, &e.caches, "the caches").filter(|_| kind == "any");
    for (name, why) in [("buckets", buckets), ("caches", caches)] {
        if let Some(why) = why {
            found.unknown(name, why);
        }
    }
}

/// The oldest of the answers that are used.
fn oldest(all: &[Option<Timestamp>], else_at: Timestamp) -> Timestamp {
    all.iter().flatten().copied().min().unwrap_or(else_at)
}

fn fresh(look: &Look<'_>) -> Verdict {
    let e = &look.facts.estate;
    let seen = look.fresh(&e.databases, "the databases")?;
    let doubt = doubt(look, &e.snapshots, "the snapshots")
        .or_else(|| doubt(look, &e.recovery_points, "the recovery points"))
        .or_else(|| unread(e.vaults_unread()));
    let at = oldest(
        &[e.snapshots.observed_at, e.recovery_points.observed_at],
        seen.at,
    );
    let source = format!("{}, {}", e.snapshots.source, e.recovery_points.source);
    let mut found = Findings::new("store", look.question(&source), at.min(seen.at));
    let limit = rpo(look);
    for (store, sure) in stores(look) {
        let doubt = doubt.clone().or_else(|| undated(store.undated));
        let case = Case {
            store,
            newest: store.newest.as_ref(),
            sure: sure.and_then(|s| s.newest.as_ref()),
            ahead: store.ahead,
            kept: &store.kept.here,
            what: "backup",
        };
        judge(&mut found, look, &case, limit, doubt);
    }
    untold(look, &mut found);
    Ok(found.verdict())
}

fn copied(look: &Look<'_>) -> Verdict {
    let e = &look.facts.estate;
    let seen = look.fresh(&e.databases, "the databases")?;
    let doubt = doubt(look, &e.snapshots_abroad, ABROAD.0)
        .or_else(|| doubt(look, &e.recovery_points_abroad, ABROAD.1))
        .or_else(|| unread(e.vaults_unread_abroad()));
    let at = oldest(
        &[
            e.snapshots_abroad.observed_at,
            e.recovery_points_abroad.observed_at,
        ],
        seen.at,
    );
    let source = format!(
        "{}, {}",
        e.snapshots_abroad.source, e.recovery_points_abroad.source
    );
    let question = look.question(&source);
    let Some(region) = e.second_region() else {
        return Err(match doubt {
            Some(why) => Judgement::unknown(why),
            None => {
                let answer = "nothing is copied to any other region; if it is, name it: second_region in [backups]";
                Judgement::single(false, question, answer.into(), at)
            }
        });
    };
    let mut found = Findings::new("store", question, at);
    let (limit, what) = (rpo(look), format!("copy in {region}"));
    for (store, sure) in stores(look) {
        if store.needs_copies() {
            let doubt = doubt.clone().or_else(|| undated(store.undated_abroad));
            let case = Case {
                store,
                newest: store.newest_abroad.as_ref(),
                sure: sure.and_then(|s| s.newest_abroad.as_ref()),
                ahead: store.ahead_abroad,
                kept: &store.kept.abroad,
                what: &what,
            };
            judge(&mut found, look, &case, limit, doubt);
        }
    }
    untold(look, &mut found);
    Ok(found.verdict())
}

/// Why vaults that were not looked into leave it open.
fn unread(vaults: usize) -> Option<String> {
    let of = if vaults == 1 { "vault" } else { "vaults" };
    (vaults > 0).then(|| format!("{vaults} more {of} of AWS Backup not read"))
}

/// Why backups without a date leave it open.
fn undated(copies: usize) -> Option<String> {
    let of = if copies == 1 { "a copy" } else { "copies" };
    (copies > 0).then(|| format!("nobody tells how old the data of {of} is: the source is gone"))
}

/// What a store is judged by: its newest backup of a kind, the newest that is there for sure, the latest date that is yet to come, and
/// what keeps its content beside.
struct Case<'a> {
    store: &'a StoreBackups,
    newest: Option<&'a Backup>,
    sure: Option<&'a Backup>,
    ahead: Option<Timestamp>,
    kept: &'a Copied,
    what: &'a str,
}

/// A backup that is young enough is enough, whoever told of it, as long as that one can be believed; and so is what keeps a bucket
/// without any. Without both, what could not be asked leaves it open; and so does a store of which nobody tells whether there still is
/// one.
fn judge(
    found: &mut Findings,
    look: &Look<'_>,
    case: &Case<'_>,
    limit: std::time::Duration,
    doubt: Option<String>,
) {
    let (name, what) = (case.store.store.as_str(), case.what);
    // It would be the newest for as long as it takes until then, whatever is made meanwhile, or is not.
    if let Some(doubt) = skew::doubt("was made", case.ahead, look.now) {
        return found.unknown(name, format!("the newest {what} {doubt}"));
    }
    // What is stamped a little ahead of our clock is new.
    let age = |at| std::time::Duration::try_from(look.now.duration_since(at)).unwrap_or_default();
    let age = |b: Option<&Backup>| b.and_then(|b| b.taken_at).map(age);
    let own = doubt_of(look, case.store);
    let kept = case.kept.told.value().zip(case.kept.behind_s);
    let kept = kept.map(|(kept, s)| (kept, std::time::Duration::from_secs_f64(s.max(0.0))));
    match (age(case.sure), kept) {
        (Some(age), _) if age <= limit => {
            return found.good(name, &format!("{what} {} old", span(age)));
        }
        (_, Some((kept, behind))) if own.is_none() && behind <= limit => {
            return found.good(name, &format!("{kept}, {} behind", span(behind)));
        }
        _ => {}
    }
    let gone = "nobody tells whether it still exists";
    let age = age(case.newest);
    let doubt = doubt
        .as_deref()
        .or(own.as_deref())
        .or_else(|| case.kept.told.why_unknown())
        .or_else(|| case.store.exists.is_none().then_some(gone));
    match (age, doubt, kept) {
        (_, Some(why), _) => found.unknown(name, why),
        (_, None, Some((kept, behind))) => {
            let (behind, limit) = (span(behind), span(limit));
            found.bad(name, format!("{kept}, {behind} behind, more than {limit}"));
        }
        (Some(age), None, None) => found.bad(
            name,
            format!(
                "newest {what} is {} old, more than {}",
                span(age),
                span(limit)
            ),
        ),
        (None, None, None) => found.bad(name, format!("no {what}")),
    }
}

fn encrypted(look: &Look<'_>) -> Verdict {
    let e = &look.facts.estate;
    let seen = look.fresh(&e.databases, "the databases")?;
    let mut found = Findings::new("store", look.question(seen.source), seen.at);
    let here = &look.facts.environment;
    let ours = |tag: &Option<String>, id: &str| is_ours(tag.as_deref(), id, here);
    let instances = seen.value.instances.iter();
    let instances = instances.filter(|d| ours(&d.environment, &d.id));
    for d in instances.filter(|d| d.cluster.is_none()) {
        found.check(
            d.encrypted,
            &d.id,
            if d.encrypted { "" } else { "is not encrypted" },
        );
    }
    let clusters = seen.value.clusters.iter();
    for c in clusters.filter(|c| ours(&c.environment, &c.id)) {
        found.check(
            c.encrypted,
            &c.id,
            if c.encrypted { "" } else { "is not encrypted" },
        );
    }
    for store in e.stores(&e.backups(), look.lags()) {
        // Backups that outlived their store hold its data all the same.
        match (store.ours, store.unencrypted, store.encryption_untold) {
            (true, 0, n @ 1..) => {
                let words = format!("nobody tells whether {n} of its backups are encrypted");
                found.unknown(&store.store, words);
            }
            (true, n @ 1.., _) => {
                let words = format!("{n} of its backups are not encrypted");
                found.bad(&store.store, words);
            }
            _ => {}
        }
    }
    let doubts = [
        doubt(look, &e.snapshots, "the snapshots"),
        doubt(look, &e.recovery_points, "the recovery points"),
        // Where there is no second region, they say so.
        doubt(look, &e.snapshots_abroad, ABROAD.0),
        doubt(look, &e.recovery_points_abroad, ABROAD.1),
        unread(e.vaults_unread() + e.vaults_unread_abroad()),
    ];
    for why in doubts.into_iter().flatten() {
        found.unknown("backups", why);
    }
    Ok(found.verdict())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::domain::backup::{Abroad, Points};
    use crate::domain::bucket::Bucket;
    use crate::domain::cache::Caches;
    use crate::domain::database::{Database, Databases};
    use crate::domain::facts::Facts;
    use crate::domain::problem::{Problem, ProblemKind};
    use crate::domain::told::Told;
    use crate::plan::checklist::CriterionState::{Failing, Proved, Unknown};
    use crate::plan::expect::Expectations;
    use crate::plan::probes::{Call, judge as ask};

    fn now() -> Timestamp {
        Timestamp::from_second(1_000_000).unwrap()
    }

    fn part<T>(value: T) -> Part<Arc<T>> {
        Part::answered(Arc::new(value), now(), "x:Y", Duration::from_secs(300))
    }

    fn backup(store: &str, region: &str, hours: i64) -> Backup {
        Backup {
            store: store.into(),
            arn: format!("{store} {region} {hours}"),
            region: region.into(),
            taken_at: Timestamp::from_second(1_000_000 - hours * 3_600).ok(),
            complete: true,
            encrypted: Some(true),
            ..Backup::default()
        }
    }

    fn facts(here: Vec<Backup>, abroad: Vec<Backup>) -> Facts {
        let db = |id: &str, tag: Option<&str>| Database {
            id: id.into(),
            encrypted: tag.is_none(),
            environment: tag.map(str::to_owned),
            ..Database::default()
        };
        let mut facts = Facts {
            environment: "production".into(),
            rpo: Duration::from_secs(26 * 3_600),
            ..Facts::default()
        };
        let e = &mut facts.estate;
        e.databases = part(Databases {
            region: "home".into(),
            instances: vec![db("a", None), db("s", Some("staging"))],
            clusters: Vec::new(),
        });
        e.buckets = part(Vec::new());
        e.caches = part(Caches::default());
        e.snapshots = part(here);
        e.recovery_points = part(Points::default());
        e.snapshots_abroad = part(Abroad {
            region: Some("away".into()),
            backups: abroad,
            vaults_unread: 0,
        });
        e.recovery_points_abroad = part(Abroad::default());
        facts
    }

    fn judged(call: &str, facts: &Facts) -> Judgement {
        ask(
            &Call::parse(call).unwrap(),
            facts,
            &Expectations::default(),
            now(),
        )
    }

    #[test]
    fn a_young_backup_proves_an_old_one_fails_and_the_plan_may_ask_for_more() {
        let young = facts(vec![backup("a", "home", 25)], Vec::new());
        assert_eq!(judged("backups.fresh", &young).state, Proved);
        assert_eq!(judged("backups.fresh rpo=1", &young).state, Failing);
        let old = facts(vec![backup("a", "home", 27)], Vec::new());
        let got = judged("backups.fresh", &old);
        assert_eq!(got.reason, "a: newest backup is 27h old, more than 26h");
        // Until that day comes it would be the newest, whatever is made or not.
        let ahead = facts(
            vec![backup("a", "home", 500), backup("a", "home", -48)],
            Vec::new(),
        );
        let got = judged("backups.fresh", &ahead);
        assert_eq!(got.state, Unknown, "{}", got.reason);
        assert!(
            got.reason.contains("in 2d by the vendor's clock"),
            "{}",
            got.reason
        );
        let none = judged("backups.fresh", &facts(Vec::new(), Vec::new()));
        assert_eq!(
            (none.state, none.reason.as_str()),
            (Failing, "a: no backup")
        );
    }

    #[test]
    fn what_could_not_be_asked_leaves_open_what_the_rest_does_not_prove() {
        let failed = || {
            Problem::new(
                ProblemKind::Timeout,
                "backup",
                "list the points",
                "silence",
                "wait",
            )
        };
        let mut some = facts(vec![backup("a", "home", 1)], Vec::new());
        some.estate.recovery_points.take(Err(failed()), now());
        assert_eq!(judged("backups.fresh", &some).state, Proved);
        // What told of it cannot be asked any more: nobody knows whether it is still there.
        some.estate.snapshots.take(Err(failed()), now());
        assert_eq!(judged("backups.fresh", &some).state, Unknown);
        let mut other = facts(vec![backup("a", "home", 1)], Vec::new());
        other.estate.snapshots.take(Err(failed()), now());
        other.estate.recovery_points = part(Points {
            backups: vec![backup("a", "home", 2)],
            ..Points::default()
        });
        let other = judged("backups.fresh", &other);
        assert_eq!(other.state, Proved, "another one is there for sure");
        let said = &other.evidence[0].answer;
        assert!(said.contains("2h old"), "{said}");
        let mut copy = facts(Vec::new(), vec![backup("a", "away", 1)]);
        assert_eq!(judged("backups.copied", &copy).state, Proved);
        copy.estate.snapshots_abroad.take(Err(failed()), now());
        assert_eq!(judged("backups.copied", &copy).state, Unknown);
        let mut none = facts(Vec::new(), Vec::new());
        none.estate.recovery_points.take(Err(failed()), now());
        assert_eq!(judged("backups.fresh", &none).state, Unknown);
        let vaults = Points {
            vaults_unread: 3,
            ..Points::default()
        };
        none.estate.recovery_points.take(Ok(vaults.into()), now());
        let cut = judged("backups.fresh", &none);
        assert_eq!(cut.state, Unknown, "it may lie in one of those");
        assert!(cut.reason.contains("3 more vaults"), "{}", cut.reason);
        none.estate.databases.take(Err(failed()), now());
        assert_eq!(judged("backups.fresh", &none).state, Unknown);
    }

    #[test]
    fn a_bucket_without_any_backup_fails_and_one_that_is_gone_does_not() {
        let mut facts = facts(vec![backup("a", "home", 1)], Vec::new());
        let call = "backups.fresh kind=bucket";
        let bare = Bucket {
            name: "uploads".into(),
            region: Told::Set("home".into()),
            versioning: Told::Set("Enabled".into()),
            replication: Told::Unset,
            ..Bucket::default()
        };
        facts.estate.buckets = part(vec![bare.clone()]);
        let got = judged(call, &facts);
        assert_eq!(
            (got.state, got.reason.as_str()),
            (Failing, "uploads: no backup")
        );
        let unread = Bucket {
            replication: Told::Unknown("denied".into()),
            ..bare
        };
        facts.estate.buckets = part(vec![unread]);
        assert_eq!(judged(call, &facts).state, Unknown);
        let old = |kind, name: &str| Backup {
            store_kind: kind,
            ..backup(name, "home", 900)
        };
        facts.estate.buckets = part(Vec::new());
        let points = |backups| {
            part(Points {
                backups,
                ..Points::default()
            })
        };
        facts.estate.recovery_points = points(vec![old(StoreKind::Bucket, "deleted")]);
        let deleted = judged("backups.fresh", &facts);
        assert_eq!(deleted.state, Proved, "{}", deleted.reason);
        facts.estate.recovery_points = points(vec![old(StoreKind::Other, "table")]);
        let table = judged("backups.fresh", &facts);
        assert_eq!(table.state, Unknown);
        assert!(table.reason.contains("still exists"), "{}", table.reason);
        facts.estate.recovery_points = points(Vec::new());
        facts.estate.buckets = Part::default();
        assert_eq!(
            judged("backups.fresh", &facts).state,
            Unknown,
            "nobody told"
        );
        assert_eq!(judged("backups.fresh kind=database", &facts).state, Proved);
    }

    /// A rule whose role does not exist copies nothing, and says nothing.
    #[test]
    fn a_rule_is_a_copy_as_far_as_somebody_tells_what_it_copied() {
        use crate::domain::bucket::Replica;
        let bucket = |name: &str, region: &str, to: Option<&str>| Bucket {
            name: name.into(),
            region: Told::Set(region.into()),
            versioning: Told::Set("Enabled".into()),
            replication: to.map_or(Told::Unset, |to| {
                Told::Set(vec![Replica {
                    rule: "r".into(),
                    enabled: true,
                    bucket: to.into(),
                    only: None,
                    failed: Told::Unset,
                }])
            }),
            ..Bucket::default()
        };
        let judge = |behind: Option<f64>| {
            let mut facts = facts(Vec::new(), Vec::new());
            facts.estate.buckets = part(vec![
                bucket("uploads", "home", Some("copy")),
                bucket("copy", "away", None),
            ]);
            let told = behind.map(|s| ("uploads", "copy", "r", s));
            facts.series = crate::domain::kept::behind(told.as_slice(), now());
            ["backups.fresh kind=bucket", "backups.copied kind=bucket"].map(|c| judged(c, &facts))
        };
        for got in judge(None) {
            assert_eq!(got.state, Unknown, "{}", got.reason);
            assert!(got.reason.contains("what it has copied"), "{}", got.reason);
        }
        for got in judge(Some(9.0)) {
            assert_eq!(got.state, Proved, "{}", got.reason);
            let said = &got.evidence[0].answer;
            assert!(said.contains("9s behind"), "{said}");
            let left_out = "; left out: copy (copy of uploads)";
            assert!(said.ends_with(left_out), "{said}");
        }
        for got in judge(Some(27.0 * 3_600.0)) {
            assert_eq!(got.state, Failing, "{}", got.reason);
            let late = "27h behind, more than 26h";
            assert!(got.reason.ends_with(late), "{}", got.reason);
        }
    }

    #[test]
    fn copies_count_in_the_second_region_alone() {
        let both = facts(vec![backup("a", "home", 1)], vec![backup("a", "away", 3)]);
        assert_eq!(judged("backups.copied", &both).state, Proved);
        let one = judged(
            "backups.copied",
            &facts(vec![backup("a", "home", 1)], Vec::new()),
        );
        assert_eq!(
            (one.state, one.reason.as_str()),
            (Failing, "a: no copy in away")
        );
        let mut nowhere = facts(vec![backup("a", "home", 1)], Vec::new());
        nowhere.estate.snapshots_abroad = part(Abroad::default());
        assert_eq!(judged("backups.copied", &nowhere).state, Failing);
    }

    #[test]
    fn one_unencrypted_backup_fails_and_what_is_staging_s_does_not() {
        let sound = facts(vec![backup("a", "home", 1)], Vec::new());
        assert_eq!(judged("stores.encrypted", &sound).state, Proved);
        let open = Backup {
            encrypted: Some(false),
            ..backup("a", "home", 2)
        };
        let got = judged("stores.encrypted", &facts(vec![open], Vec::new()));
        assert_eq!(got.reason, "a: 1 of its backups are not encrypted");
        // Who does not tell says nothing good, here or abroad.
        let mute = Backup {
            encrypted: None,
            ..backup("a", "away", 2)
        };
        let got = judged("stores.encrypted", &facts(Vec::new(), vec![mute]));
        assert_eq!(got.state, Unknown);
        let said = "a: nobody tells whether 1 of its backups are encrypted";
        assert_eq!(got.reason, said);
        let denied = || Problem::new(ProblemKind::Denied, "rds", "Cannot list", "denied", "Ask.");
        let mut blind = sound.clone();
        blind.estate.snapshots_abroad.take(Err(denied()), now());
        assert_eq!(judged("stores.encrypted", &blind).state, Unknown);
        let mut blind = sound;
        blind
            .estate
            .recovery_points_abroad
            .take(Err(denied()), now());
        assert_eq!(judged("stores.encrypted", &blind).state, Unknown);
    }
}
