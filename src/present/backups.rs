//! Backups: what they come to for each store, every one of them, and the jobs that make them.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::words::{bytes, count, span, until};
use super::{Cell, Group, Head, Make, Section, Tone, View, drills, restores};
use crate::domain::backup::{Backup, BackupJob, StoreKind};
use crate::domain::bucket::Bucket;
use crate::domain::estate::Silence;
use crate::domain::facts::Facts;
use crate::domain::kept::{Copied, Lags, left_out};
use crate::domain::measured;
use crate::domain::skew;
use crate::domain::stores::StoreBackups;
use crate::domain::told::Told;

pub(super) const VIEW: View = View {
    id: "backups",
    title: "Backups",
    doc: "Every backup of every store: age against the RPO, size, encryption, copies in the second region and how far they lag; drills, jobs",
    group: Group::Data,
    lines: &["rds", "backup"],
    needs: &[
        "databases",
        "snapshots",
        "snapshots_abroad",
        "recovery_points",
        "recovery_points_abroad",
        "backup_jobs",
        "restores",
        "caches",
        "buckets",
        "records",
        // How far buckets' copies lag is among the common series, which are asked for once these are known.
        "services",
        "targets",
        "alarms",
        "measures",
    ],
    make: Make::Facts(make),
};

const STORE_HEADS: &[Head] = &[
    Head::left("store", 20).grow(2),
    Head::left("kind", 8),
    Head::right("newest", 6),
    Head::left("made", 10).drop(2),
    Head::right("copy", 6),
    Head::right("lag", 4),
    Head::left("in", 12).drop(1),
    Head::right("kept", 5).drop(3),
    Head::right("here", 4),
    Head::right("there", 5),
    Head::left("encrypted", 9),
];

const HEADS: &[Head] = &[
    Head::left("store", 20).grow(1),
    Head::right("age", 5),
    Head::left("kind", 10),
    Head::left("region", 12),
    Head::left("state", 12),
    Head::right("size", 9),
    Head::left("encrypted", 9).drop(2),
    Head::right("kept", 7).drop(3),
    Head::left("name", 30).grow(3).drop(1),
];

const JOB_HEADS: &[Head] = &[
    Head::right("begun", 6),
    Head::left("store", 20).grow(1),
    Head::left("type", 8).drop(2),
    Head::left("what", 18),
    Head::left("state", 11),
    Head::right("took", 6).drop(1),
    Head::right("size", 9).drop(3),
    Head::left("why", 30).grow(3),
];

fn make(facts: &Facts, now: Timestamp) -> Vec<Section> {
    let all = facts.estate.backups();
    vec![
        stores(facts, &all, now),
        drills::section(facts, now),
        restores::section(facts, now),
        every(facts, &all, now),
        jobs(facts, now),
    ]
}

/// A section made of all that tells of backups.
fn of_all(facts: &Facts, now: Timestamp, section: Section) -> Section {
    let e = &facts.estate;
    let mut section = section
        .with(&e.snapshots, now)
        .with(&e.snapshots_abroad, now)
        .with(&e.recovery_points, now)
        .with(&e.recovery_points_abroad, now);
    let unread = e.vaults_unread() + e.vaults_unread_abroad();
    if unread > 0 {
        let more = count(unread, "more vault");
        section.note(format!("{more} of AWS Backup not read"), Tone::Unknown);
    }
    section
}

fn stores(facts: &Facts, all: &[Backup], now: Timestamp) -> Section {
    let part = &facts.estate.databases;
    let empty = "No store is known: neither a database nor a backup of anything.";
    let section = Section::of(part, now, "stores", "Stores", STORE_HEADS, empty);
    let section = of_all(facts, now, section);
    let section = section.with(&facts.estate.buckets, now);
    let mut section = section.with(&facts.estate.caches, now);
    let second = facts.estate.second_region();
    let mut silent: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut ahead: Vec<(Timestamp, String)> = Vec::new();
    for store in facts.estate.stores(all, Lags { facts, now }) {
        let lag = lag(facts, &store, now);
        if let Some((None, untold)) = &lag
            && let Some(why) = untold.first()
        {
            let why = lag_untold(facts, why, now);
            silent.entry(why).or_default().push(store.store.clone());
        }
        let lag = lag.and_then(|(seconds, _)| seconds);
        let to_come = store.ahead.max(store.ahead_abroad);
        ahead.extend(to_come.map(|at| (at, store.store.clone())));
        let cells = store_cells(&store, facts, second, lag, now);
        let id = format!("{} {}", store.kind.word(), store.store);
        let mut thing = serde_json::to_value(&store).unwrap_or_default();
        if let Some(known) = thing.as_object_mut() {
            known.insert("copy_lag_s".into(), lag.into());
        }
        section.row(id, cells, &thing);
    }
    if let Some((latest, _)) = ahead.iter().max() {
        let names: Vec<&str> = ahead.iter().map(|(_, name)| name.as_str()).collect();
        let doubt = skew::doubt("was made", Some(*latest), now).unwrap_or_default();
        let words = format!(
            "a backup {doubt}; how old the newest is is not known ({})",
            names.join(", ")
        );
        section.note(words, Tone::Unknown);
    }
    for (why, names) in silent {
        let names = names.join(", ");
        section.note(
            format!("lag of copies not known ({names}): {why}"),
            Tone::Muted,
        );
    }
    let buckets = facts.estate.buckets.value.iter();
    let copies = buckets.flat_map(|b| left_out(b, &facts.environment));
    let copies: Vec<String> = copies.collect();
    if !copies.is_empty() {
        let words = format!("not in this list, as copies alone: {}", copies.join(", "));
        section.note(words, Tone::Muted);
    }
    for (what, silence) in facts.estate.stores_untold() {
        let words = format!(
            "{what} not known: {}; those without a backup told of below are not in this list",
            silent_words(&silence)
        );
        section.note(words, Tone::Unknown);
    }
    let rpo = span(facts.rpo.as_secs().try_into().unwrap_or(i64::MAX));
    let untold = facts.estate.second_region_untold();
    let words = match (second, untold) {
        (Some(region), _) => format!("RPO {rpo}; copies go to {region}"),
        (None, Some(silence)) => {
            let who = silent_words(&silence);
            format!("RPO {rpo}; where copies go is not known: {who}")
        }
        (None, None) => format!("RPO {rpo}; no second region: set second_region in [backups]"),
    };
    section.note(words, Tone::Plain);
    section
}

fn silent_words(silence: &Silence<'_>) -> String {
    match silence.why {
        Some(problem) => format!("{}: {}", silence.system, problem.why),
        None => format!("{} has not answered yet", silence.system),
    }
}

/// Why the lag of copies is not known: `why`, as far as CloudWatch answered at all.
fn lag_untold(facts: &Facts, why: &str, now: Timestamp) -> String {
    match (facts.series.fresh(now), &facts.series.error) {
        (Some(_), _) => why.to_owned(),
        (None, Some(problem)) => problem.why.clone(),
        (None, None) => "asking ...".into(),
    }
}

/// How far the copies of a bucket are behind, seconds, and why those of its rules that do not tell it do not. `None` for what is no bucket.
fn lag(facts: &Facts, s: &StoreBackups, now: Timestamp) -> Option<(Option<f64>, Vec<String>)> {
    let buckets = facts.estate.buckets.value.iter().flat_map(|b| b.iter());
    let of_it = |b: &&Bucket| s.kind == StoreKind::Bucket && b.name == s.store;
    let bucket = buckets.into_iter().find(of_it)?;
    Some(measured::copies_lag(facts, bucket, now))
}

fn store_cells(
    s: &StoreBackups,
    facts: &Facts,
    second: Option<&str>,
    lag_s: Option<f64>,
    now: Timestamp,
) -> Vec<Cell> {
    let age = |b: &Option<Backup>| {
        let at = b.as_ref().and_then(|b| b.taken_at)?;
        Some(now.duration_since(at))
    };
    let within = |b: &Option<Backup>| {
        age(b).is_some_and(|a| a.as_secs() <= facts.rpo.as_secs().try_into().unwrap_or(i64::MAX))
    };
    let judged = |ok: bool| {
        if s.counts() {
            Tone::good(ok)
        } else {
            Tone::Muted
        }
    };
    let shown = |b: &Option<Backup>, kept: &Copied, open: bool| match (age(b), &kept.told) {
        (Some(a), _) => span(a.as_secs()),
        (None, Told::Set(_)) => "kept".into(),
        (None, Told::Unset) if !open => "none".into(),
        (None, _) => "?".into(),
    };
    let counted = |n: usize, untold: bool| match (n, untold) {
        (n, false) => Cell::plain(n.to_string()),
        (0, true) => Cell::new("?", Tone::Unknown),
        (n, true) => Cell::new(format!("{n}?"), Tone::Unknown),
    };
    let in_time = |seconds: f64| seconds <= facts.rpo.as_secs_f64();
    let holds = |kept: &Copied| kept.told.value().is_some() && kept.behind_s.is_some_and(in_time);
    let tone = |b: &Option<Backup>, kept: &Copied| match (within(b) || holds(kept), &kept.told) {
        _ if s.ahead.is_some() && s.counts() => Tone::Unknown,
        (false, Told::Unknown(_)) if s.counts() => Tone::Unknown,
        (false, _) if s.counts() && (s.exists.is_none() || s.here_untold) => Tone::Unknown,
        (ok, _) => judged(ok),
    };
    let made = match &s.newest {
        Some(b) => b.kind.word(),
        None if holds(&s.kept.here) => "versions",
        None => "-",
    };
    let there = s
        .newest_abroad
        .as_ref()
        .map_or_else(|| "-".into(), |b| b.region.clone());
    let lacks_copy = s.needs_copies() && !within(&s.newest_abroad) && !holds(&s.kept.abroad);
    let copied = match second {
        Some(_) if s.needs_copies() && s.ahead_abroad.is_some() => Tone::Unknown,
        Some(_) if lacks_copy && s.abroad_untold => Tone::Unknown,
        Some(_) if lacks_copy && s.kept.abroad.told.why_unknown().is_some() => Tone::Unknown,
        // What is lost with a region is a second misfortune: worth a warning, no more.
        Some(_) if lacks_copy => Tone::Warn,
        Some(_) if !s.needs_copies() => Tone::Muted,
        Some(_) => judged(true),
        None => Tone::Muted,
    };
    let late = |seconds: f64| match seconds > facts.rpo.as_secs_f64() {
        true if s.counts() => Tone::Warn,
        _ => Tone::Plain,
    };
    let encrypted = match (s.unencrypted, s.encryption_untold, s.here + s.abroad) {
        (_, _, 0) => Cell::muted("-"),
        (0, 0, _) => Cell::plain("all"),
        (0, n, _) => Cell::new(format!("{n} unknown"), Tone::Unknown),
        (n, _, _) => Cell::new(format!("{n} not"), Tone::Bad),
    };
    let name = match (s.exists, s.ours) {
        (Some(false), _) => Cell::muted(format!("{} (gone)", s.store)),
        (_, false) => Cell::muted(format!("{} (another environment)", s.store)),
        (Some(true), true) => Cell::name(&s.store),
        (None, true) => Cell::muted(format!("{} (perhaps gone)", s.store)),
    };
    vec![
        name,
        Cell::plain(s.kind.word()),
        Cell::new(
            shown(
                &s.newest,
                &s.kept.here,
                s.undated > 0 || s.here_untold || s.ahead.is_some(),
            ),
            tone(&s.newest, &s.kept.here),
        )
        .since(s.newest.as_ref().and_then(|b| b.taken_at)),
        Cell::muted(made),
        Cell::new(
            shown(
                &s.newest_abroad,
                &s.kept.abroad,
                s.undated_abroad > 0 || s.abroad_untold || s.ahead_abroad.is_some(),
            ),
            copied,
        )
        .since(s.newest_abroad.as_ref().and_then(|b| b.taken_at)),
        match lag_s {
            Some(seconds) => Cell::new(span(seconds.round() as i64), late(seconds)),
            None => Cell::muted("-"),
        },
        Cell::muted(there),
        Cell::plain(
            s.retention_days
                .map_or_else(|| "-".into(), |d| format!("{d}d")),
        ),
        counted(s.here, s.here_untold),
        counted(s.abroad, s.abroad_untold),
        encrypted,
    ]
}

fn every(facts: &Facts, all: &[Backup], now: Timestamp) -> Section {
    let part = &facts.estate.snapshots;
    let empty = "No backups: neither snapshots of RDS nor recovery points of AWS Backup.";
    let section = Section::of(part, now, "backups", "Backups", HEADS, empty);
    let mut section = of_all(facts, now, section);
    // The newest first: what is dated ahead is none of them.
    let to_come = |b: &&Backup| b.taken_at.is_some_and(|at| skew::ahead(at, now).is_some());
    let (doubted, dated): (Vec<&Backup>, Vec<&Backup>) = all.iter().partition(to_come);
    for b in dated.into_iter().chain(doubted) {
        let state = match (b.complete, b.percent) {
            (true, _) => Cell::plain(&b.status),
            (false, Some(n)) => Cell::new(format!("{} {n} %", b.status), Tone::Info),
            (false, None) => Cell::new(&b.status, Tone::Info),
        };
        let encrypted = match b.encrypted {
            Some(on) => Cell::on(on),
            None => Cell::muted("-"),
        };
        let cells = vec![
            Cell::name(&b.store),
            Cell::ago(b.taken_at, now),
            Cell::plain(b.kind.word()),
            Cell::plain(&b.region),
            state,
            Cell::plain(b.bytes.map_or_else(|| "-".into(), bytes)),
            encrypted,
            Cell::muted(until(b.expires_at, now)),
            Cell::muted(&b.id),
        ];
        section.row(b.key(), cells, b);
    }
    section
}

fn jobs(facts: &Facts, now: Timestamp) -> Section {
    let part = &facts.estate.backup_jobs;
    let empty = "No jobs: AWS Backup made and copied nothing in the last seven days.";
    let mut section = Section::of(part, now, "jobs", "Jobs of AWS Backup", JOB_HEADS, empty);
    let all: &[BackupJob] = part.value.as_ref().map_or(&[], |v| v.as_slice());
    // Those that failed are what is looked for.
    let (failed, others): (Vec<_>, Vec<_>) = all.iter().partition(|j| j.has_failed());
    let broken = failed.len();
    for j in failed.into_iter().chain(others) {
        let tone = match (j.has_failed(), j.is_open()) {
            (true, _) => Tone::Warn,
            (_, true) => Tone::Info,
            _ => Tone::Plain,
        };
        let what = match &j.copies_to {
            Some(region) => format!("copy to {region}"),
            None => "backup".into(),
        };
        let state = match j.percent.filter(|_| j.is_open()) {
            Some(n) => format!("{} {n:.0} %", j.state.to_lowercase()),
            None => j.state.to_lowercase(),
        };
        let took = j.began_at.zip(j.ended_at);
        let took = took.map(|(from, to)| span(to.duration_since(from).as_secs()));
        let cells = vec![
            Cell::ago(j.began_at, now).toned(Tone::Muted),
            Cell::name(&j.store),
            Cell::plain(&j.store_type),
            Cell::plain(what),
            Cell::new(state, tone),
            Cell::plain(took.unwrap_or_else(|| "-".into())),
            Cell::plain(j.bytes.map_or_else(|| "-".into(), bytes)),
            Cell::new(&j.message, tone),
        ];
        section.row(&j.id, cells, j);
    }
    if broken > 0 {
        section.note(format!("{} failed", count(broken, "job")), Tone::Warn);
    }
    section
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use jiff::SignedDuration;

    use super::*;
    use crate::domain::backup::{Abroad, Points};
    use crate::domain::part::Part;
    use crate::domain::problem::{Problem, ProblemKind};

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn told<T>(value: T) -> Part<Arc<T>> {
        Part::answered(Arc::new(value), NOW, "x:Y", Duration::from_secs(300))
    }

    fn silent<T>() -> Part<T> {
        let problem = Problem::new(
            ProblemKind::Vendor,
            "rds",
            "list",
            "RDS answers 500",
            "wait",
        );
        Part {
            error: Some(problem),
            ..Part::default()
        }
    }

    fn backup(store: &str, kind: StoreKind, region: &str) -> Backup {
        Backup {
            store: store.into(),
            store_kind: kind,
            kind: crate::domain::backup::BackupKind::Vault,
            arn: format!("arn:{region}:{store}"),
            region: region.into(),
            taken_at: NOW.checked_sub(SignedDuration::from_hours(1)).ok(),
            complete: true,
            ..Backup::default()
        }
    }

    /// RDS is silent; AWS Backup tells of the region at hand, and perhaps of the second one; S3 answers.
    fn without_rds(tells_of_copies: bool) -> Facts {
        let both = |region: &str| {
            vec![
                backup("db", StoreKind::Database, region),
                backup("uploads", StoreKind::Bucket, region),
            ]
        };
        let mut facts = Facts {
            rpo: Duration::from_secs(24 * 3_600),
            ..Facts::default()
        };
        let e = &mut facts.estate;
        (e.databases, e.snapshots, e.snapshots_abroad) = (silent(), silent(), silent());
        e.caches = told(crate::domain::cache::Caches::default());
        e.buckets = told(vec![Bucket {
            name: "uploads".into(),
            ..Bucket::default()
        }]);
        e.recovery_points = told(Points {
            region: "home".into(),
            backups: both("home"),
            vaults_unread: 0,
        });
        e.recovery_points_abroad = match tells_of_copies {
            true => told(Abroad {
                region: Some("away".into()),
                backups: both("away"),
                vaults_unread: 0,
            }),
            false => silent(),
        };
        facts
    }

    /// Copy, here, there: words and tones of a store's row.
    fn row(facts: &Facts, id: &str) -> [(String, Tone); 3] {
        let section = make(facts, NOW).remove(0);
        let row = section.rows.iter().find(|r| r.id == id).unwrap();
        [4, 8, 9].map(|n| (row.cells[n].text.clone(), row.cells[n].tone))
    }

    #[test]
    fn copies_that_aws_backup_tells_of_count_while_rds_is_silent() {
        let facts = without_rds(true);
        let [copy, here, there] = row(&facts, "database db");
        assert_eq!(copy.0, "1h");
        assert_eq!(here, ("1?".into(), Tone::Unknown), "RDS may know of more");
        assert_eq!(there, ("1?".into(), Tone::Unknown));
        let [copy, here, there] = row(&facts, "bucket uploads");
        assert_eq!(copy.0, "1h");
        assert_eq!(here, ("1".into(), Tone::Plain), "RDS has no say in buckets");
        assert_eq!(there, ("1".into(), Tone::Plain));
    }

    #[test]
    fn where_nobody_tells_of_copies_none_are_denied_and_stores_that_are_not_known_are_told() {
        let facts = without_rds(false);
        let [copy, here, there] = row(&facts, "database db");
        assert_eq!((copy.0.as_str(), there.0.as_str()), ("?", "?"));
        assert_eq!(here.0, "1?");
        let section = make(&facts, NOW).remove(0);
        let says = |words: &str| section.notes.iter().any(|n| n.text.contains(words));
        assert!(says("databases not known: RDS: RDS answers 500"));
        assert!(!says("buckets not known"));
        assert!(
            says("where copies go is not known") && !says("set second_region"),
            "nobody told that there is none: {:?}",
            section.notes
        );
    }

    #[test]
    fn what_is_dated_ahead_is_no_age_and_says_so() {
        let mut facts = without_rds(true);
        let dated = |store: &str, arn: &str, hours: i64| Backup {
            arn: arn.into(),
            taken_at: NOW.checked_add(SignedDuration::from_hours(hours)).ok(),
            ..backup(store, StoreKind::Database, "home")
        };
        facts.estate.recovery_points = told(Points {
            region: "home".into(),
            backups: vec![
                dated("db", "b1", 8_760),
                dated("db", "b2", -1),
                dated("other", "b3", 8_760),
            ],
            vaults_unread: 0,
        });
        let sections = make(&facts, NOW);
        let newest = |id: &str| {
            let row = sections[0].rows.iter().find(|r| r.id == id);
            row.map(|r| (r.cells[2].text.clone(), r.cells[2].tone))
        };
        // The one whose date can be true is shown, and proves nothing beside the other.
        assert_eq!(newest("database db"), Some(("1h".into(), Tone::Unknown)));
        assert_eq!(newest("database other"), Some(("?".into(), Tone::Unknown)));
        let said = "a backup was made in 365d by the vendor's clock: one of the clocks is wrong";
        assert!(
            sections[0].notes.iter().any(|n| n.text.starts_with(said)
                && n.text.ends_with("(db, other)")
                && n.tone == Tone::Unknown),
            "{:?}",
            sections[0].notes
        );
        let every = sections.iter().find(|s| s.name == "backups").unwrap();
        let last = &every.rows.last().unwrap().cells[1];
        assert_eq!(last.tone, Tone::Unknown);
        let ages: Vec<_> = every
            .rows
            .iter()
            .map(|r| r.cells[1].text.as_str())
            .collect();
        assert_eq!(ages, ["1h", "1h", "1h", "in 365d", "in 365d"]);
    }

    #[test]
    fn what_a_system_says_is_not_there_is_none() {
        let mut facts = without_rds(true);
        facts.estate.snapshots = told(Vec::new());
        facts.estate.databases = told(crate::domain::database::Databases {
            region: "home".into(),
            ..Default::default()
        });
        facts.estate.snapshots_abroad = told(Abroad {
            region: Some("away".into()),
            ..Abroad::default()
        });
        facts.estate.recovery_points_abroad = told(Abroad::default());
        let [copy, here, there] = row(&facts, "database db");
        assert_eq!(
            (copy.0.as_str(), here.0.as_str(), there.0.as_str()),
            ("none", "1", "0")
        );
    }
}
