//! S3: buckets are encrypted, private, versioned, copied to a second region, and the newest backup is young.

use super::judgement::{Findings, Verdict};
use super::look::{Look, Seen, span, within};
use super::{Probe, number, words};
use crate::domain::backup::copied_abroad;
use crate::domain::bucket::{Bucket, Object};
use crate::domain::kept::{Copied, copy_of, held_besides, left_out};
use crate::domain::skew;
use crate::domain::stores::is_ours;
use crate::domain::told::Told;

pub(super) const PROBES: &[Probe] = &[
    Probe {
        name: "s3.buckets-safe",
        question: "is every bucket of this environment encrypted, closed to the public, and does it keep versions?",
        params: &[words("except", "")],
        judge: safe,
    },
    Probe {
        name: "s3.encrypted",
        question: "is what is written to every bucket of this environment encrypted?",
        params: &[words("except", "")],
        judge: encrypted,
    },
    Probe {
        name: "s3.replicated",
        question: "is every bucket replicated to another region, and is its copy no farther behind than the RPO?",
        params: &[words("except", "")],
        judge: replicated,
    },
    Probe {
        name: "s3.backup-age",
        question: "is the newest object of every bucket of backups younger than it may be?",
        params: &[number("hours", "26")],
        judge: backup_age,
    },
];

/// Buckets of the environment that is looked at, as far as the plan does not leave them out.
fn buckets<'a>(look: &Look<'a>) -> Result<(Vec<&'a Bucket>, Seen<'a, [Bucket]>), super::Judgement> {
    look.configured("s3")?;
    let seen = look.fresh(&look.facts.estate.buckets, "the buckets")?;
    let wanted = seen
        .value
        .iter()
        .filter(|b| !look.words("except").any(|e| e == b.name));
    let ours = |b: &&Bucket| is_ours(None, &b.name, &look.facts.environment);
    let (rows, others): (Vec<_>, Vec<_>) = wanted.partition(ours);
    look.leave_out(others.iter().map(|b| b.name.clone()));
    let seen = Seen {
        value: seen.value.as_slice(),
        at: seen.at,
        source: seen.source,
    };
    Ok((rows, seen))
}

fn safe(look: &Look<'_>) -> Verdict {
    let (rows, seen) = buckets(look)?;
    let mut found = Findings::new("bucket", look.question(seen.source), seen.at);
    for b in rows {
        let mut wrong = Vec::new();
        if b.encryption == Told::Unset {
            wrong.push("not encrypted");
        }
        // A block that is known to be missing is at fault whatever the policy says, and whether or not that could be read.
        let blocked = match &b.public_block {
            Told::Set(block) => Some(block.is_complete()),
            Told::Unset => Some(false),
            Told::Unknown(_) => None,
        };
        if b.is_private() == Some(false) {
            wrong.push("open to everybody");
        } else if blocked == Some(false) {
            wrong.push("public access is not blocked");
        }
        if b.is_versioned() == Some(false) {
            wrong.push("keeps no versions");
        }
        let unknown = [
            b.encryption.why_unknown(),
            b.public_block.why_unknown(),
            b.versioning.why_unknown(),
        ];
        match (wrong.is_empty(), unknown.into_iter().flatten().next()) {
            (false, _) => found.bad(&b.name, wrong.join(", ")),
            (true, Some(why)) => found.unknown(&b.name, why),
            (true, None) => found.good(&b.name, ""),
        }
    }
    Ok(found.verdict())
}

fn encrypted(look: &Look<'_>) -> Verdict {
    let (rows, seen) = buckets(look)?;
    let mut found = Findings::new("bucket", look.question(seen.source), seen.at);
    for b in rows {
        match &b.encryption {
            Told::Set(e) => found.good(&b.name, &e.algorithm),
            Told::Unset => found.bad(&b.name, "not encrypted"),
            Told::Unknown(why) => found.unknown(&b.name, why),
        }
    }
    Ok(found.verdict())
}

/// A bucket that is a copy of another and nothing else needs no copy of its own.
fn replicated(look: &Look<'_>) -> Verdict {
    let (rows, seen) = buckets(look)?;
    let mut found = Findings::new("bucket", look.question(seen.source), seen.at);
    let backups = look.facts.estate.backups();
    let (environment, limit) = (&look.facts.environment, look.facts.rpo);
    look.leave_out(left_out(seen.value, environment));
    let is_copy = |b: &Bucket| copy_of(b, seen.value, environment).is_some();
    for b in rows.into_iter().filter(|b| !is_copy(b)) {
        if let Told::Unknown(why) = &b.replication {
            found.unknown(&b.name, why);
            continue;
        }
        let Some(to) = b.copies().next() else {
            let off = b.replication != Told::Unset;
            match (b.copied_in_part(), held_besides(b, seen.value)) {
                (Some(part), _) => {
                    found.bad(&b.name, format!("only a part of it is copied: {part}"));
                }
                (None, Some(why)) => found.unknown(&b.name, why),
                (None, None) if off => found.bad(&b.name, "its replication is switched off"),
                (None, None) => {
                    let home = b.region.value().map_or("", String::as_str);
                    let copy = copied_abroad(&backups, &b.name, home, look.now);
                    let words = copy.map_or_else(
                        || "copied nowhere".to_owned(),
                        |copy| {
                            let to = &copy.region;
                            format!("not replicated: its backups alone are copied, to {to}")
                        },
                    );
                    found.bad(&b.name, words);
                }
            }
            continue;
        };
        let copy = Copied::abroad(b, seen.value, Some(look.lags()));
        let behind = copy.behind_s.unwrap_or_default().max(0.0);
        let behind = std::time::Duration::from_secs_f64(behind);
        match copy.told {
            Told::Set(to) if behind > limit => {
                let (behind, limit) = (span(behind), span(limit));
                let words = format!("its copy, {to}, is {behind} behind, more than {limit}");
                found.bad(&b.name, words);
            }
            Told::Set(to) => found.good(&b.name, &format!("to {to}, {} behind", span(behind))),
            Told::Unknown(why) => found.unknown(&b.name, why),
            Told::Unset => found.bad(&b.name, format!("copied to {to}, in the same region")),
        }
    }
    Ok(found.verdict())
}

fn backup_age(look: &Look<'_>) -> Verdict {
    look.configured("s3")?;
    let seen = look.fresh(&look.facts.estate.buckets, "the buckets")?;
    let hours = look.number("hours");
    let mut found = Findings::new("backup bucket", look.question(seen.source), seen.at);
    for b in seen.value.iter().filter(|b| b.holds_backups()) {
        match &b.newest {
            Told::Unknown(why) => found.unknown(&b.name, why),
            Told::Unset => found.bad(&b.name, "empty"),
            Told::Set(object) => {
                if let Some(doubt) = skew::doubt("was written", object.at, look.now) {
                    found.unknown(&b.name, format!("{} {doubt}", object.key));
                    continue;
                }
                let age = object.at.map(|at| look.now.duration_since(at));
                // What is stamped a little ahead of our clock is new.
                let age = age.map(|d| std::time::Duration::try_from(d).unwrap_or_default());
                match age {
                    Some(age) if age.as_secs_f64() <= hours * 3_600.0 => {
                        // What is newest in one folder says nothing of what is to be in another.
                        let mut beside = b.newest_side_by_side();
                        let old =
                            |o: &&Object| o.at.is_none_or(|at| !within(at, look.now, hours / 24.0));
                        match beside.find(old) {
                            None => {
                                let answer = format!("{} is {} old", object.key, span(age));
                                found.good(&b.name, &answer);
                            }
                            Some(o) => {
                                let words = format!(
                                    "{} is young, and in {}/ nothing is: its newest is {}",
                                    object.key,
                                    o.folder(),
                                    o.key
                                );
                                found.unknown(&b.name, words);
                            }
                        }
                    }
                    Some(age) => found.bad(&b.name, format!("{} is {} old", object.key, span(age))),
                    None => found.unknown(&b.name, format!("{} has no time", object.key)),
                }
            }
        }
    }
    Ok(found.verdict())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::backup::{Abroad, Backup, StoreKind};
    use crate::domain::bucket::{Encryption, PublicBlock, Replica};
    use crate::domain::facts::Facts;
    use crate::domain::kept::behind;
    use crate::plan::checklist::CriterionState::{self, Failing, Proved, Unknown};
    use crate::plan::probes::testing::{self, ago, judged};

    const UNSEEN: &str = "denied";

    fn bucket(name: &str, region: &str) -> Bucket {
        Bucket {
            name: name.into(),
            region: Told::Set(region.into()),
            encryption: Told::Set(Encryption {
                algorithm: "aws:kms".into(),
                key: None,
            }),
            public_block: Told::Set(PublicBlock {
                acls: true,
                ignore_acls: true,
                policy: true,
                restrict: true,
            }),
            public_policy: Told::Set(false),
            acl_guests: Told::Unset,
            versioning: Told::Set("Enabled".into()),
            replication: Told::Unset,
            newest: Told::Set(Object {
                key: "dump".into(),
                at: ago(10),
                bytes: 1,
            }),
            objects: Some(10),
            ..Bucket::default()
        }
    }

    /// The copy of `a` by the rule `r` is behind by seconds.
    fn state(call: &str, buckets: Vec<Bucket>) -> CriterionState {
        let mut facts = Facts {
            rpo: std::time::Duration::from_secs(3_600),
            series: behind(&[("a", "copy", "r", 9.0)], testing::now()),
            ..Facts::default()
        };
        facts.estate.buckets = testing::part(Arc::new(buckets));
        judged(call, &facts).state
    }

    #[test]
    fn safe_is_encrypted_private_and_versioned() {
        let call = "s3.buckets-safe";
        assert_eq!(state(call, vec![bucket("a", "home")]), Proved);
        let spoilt: [fn(&mut Bucket); 4] = [
            |b| b.encryption = Told::Unset,
            |b| (b.public_block, b.public_policy) = (Told::Unset, Told::Set(true)),
            |b| b.public_block = Told::Unset,
            |b| b.versioning = Told::Unset,
        ];
        for spoil in spoilt {
            let mut b = bucket("a", "home");
            spoil(&mut b);
            assert_eq!(state(call, vec![b.clone()]), Failing, "{b:?}");
            assert_eq!(
                state("s3.buckets-safe except=a", vec![b]),
                Unknown,
                "none is left"
            );
        }
        let mut b = bucket("a", "home");
        b.versioning = Told::Unknown(UNSEEN.into());
        assert_eq!(state(call, vec![b]), Unknown);
        let half = PublicBlock {
            acls: true,
            ignore_acls: true,
            policy: true,
            restrict: false,
        };
        for (block, wanted) in [
            (Told::Unset, Failing),
            (Told::Set(half), Failing),
            (Told::Unknown(UNSEEN.into()), Unknown),
        ] {
            let mut b = bucket("a", "home");
            (b.public_block, b.public_policy) = (block.clone(), Told::Unknown(UNSEEN.into()));
            assert_eq!(state(call, vec![b]), wanted, "{block:?}, policy unread");
        }
        assert_eq!(judged(call, &Facts::default()).state, Unknown);
    }

    #[test]
    fn buckets_of_other_environments_are_left_out_and_named() {
        let mut theirs = bucket("shop-staging-files", "home");
        theirs.encryption = Told::Unset;
        let mut facts = Facts {
            environment: "production".into(),
            ..Facts::default()
        };
        facts.estate.buckets = testing::part(Arc::new(vec![bucket("a", "home"), theirs]));
        for call in ["s3.buckets-safe", "s3.encrypted"] {
            let got = judged(call, &facts);
            assert_eq!(got.state, Proved, "{got:?}");
            let said = &got.evidence[0].answer;
            assert!(said.ends_with("; left out: shop-staging-files"), "{said}");
        }
    }

    #[test]
    fn encryption_is_told_or_not_known() {
        let call = "s3.encrypted";
        let mut b = bucket("a", "home");
        assert_eq!(state(call, vec![b.clone()]), Proved);
        b.encryption = Told::Unset;
        assert_eq!(state(call, vec![b.clone()]), Failing);
        b.encryption = Told::Unknown(UNSEEN.into());
        assert_eq!(state(call, vec![b]), Unknown);
    }

    /// A bucket that its backups alone are copied of says so, as the pages of buckets and of backups do.
    #[test]
    fn a_bucket_whose_backups_are_copied_is_not_copied_nowhere() {
        let judge = |backups: Vec<Backup>| {
            let mut facts = Facts::default();
            facts.estate.buckets = testing::part(Arc::new(vec![bucket("uploads", "home")]));
            facts.estate.recovery_points_abroad = testing::part(Arc::new(Abroad {
                backups,
                ..Abroad::default()
            }));
            judged("s3.replicated", &facts).reason
        };
        assert_eq!(judge(Vec::new()), "uploads: copied nowhere");
        let copy = Backup {
            store: "uploads".into(),
            store_kind: StoreKind::Bucket,
            region: "away".into(),
            taken_at: ago(7),
            complete: true,
            ..Backup::default()
        };
        let said = judge(vec![copy]);
        assert!(
            said.contains("its backups alone are copied, to away"),
            "{said}"
        );
    }

    #[test]
    fn a_copy_counts_in_another_region_alone() {
        let call = "s3.replicated";
        let to = |name: &str, enabled| {
            let mut b = bucket("a", "home");
            b.replication = Told::Set(vec![Replica {
                rule: "r".into(),
                enabled,
                bucket: name.into(),
                only: None,
                failed: Told::Unset,
            }]);
            b
        };
        let copied = vec![to("copy", true), bucket("copy", "away")];
        assert_eq!(state(call, copied.clone()), Proved);
        let late = |seconds: f64| {
            let mut facts = Facts {
                rpo: std::time::Duration::from_secs(3_600),
                series: behind(&[("a", "copy", "r", seconds)], testing::now()),
                ..Facts::default()
            };
            facts.estate.buckets = testing::part(Arc::new(copied.clone()));
            let told = judged(call, &facts);
            facts.series = behind(&[], testing::now());
            (told, judged(call, &facts))
        };
        let (told, silent) = late(9.0);
        let said = &told.evidence[0].answer;
        assert_eq!(
            said,
            "1 of 1: a to copy in away, 9s behind; left out: copy (copy of a)"
        );
        assert_eq!(silent.state, Unknown, "a rule alone: {silent:?}");
        let (told, _) = late(7_200.0);
        assert_eq!(told.state, Failing);
        assert_eq!(
            told.reason,
            "a: its copy, copy in away, is 2h behind, more than 1h"
        );
        let near = vec![to("copy", true), bucket("copy", "home")];
        assert_eq!(state(call, near), Failing);
        assert_eq!(state(call, vec![bucket("a", "home")]), Failing);
        let off = vec![to("copy", false), bucket("copy", "away")];
        assert_eq!(state(call, off), Failing);
        assert_eq!(state(call, vec![to("of-others", true)]), Unknown);
        let mut b = bucket("a", "home");
        b.replication = Told::Unknown(UNSEEN.into());
        assert_eq!(state(call, vec![b]), Unknown);
    }

    #[test]
    fn a_rule_with_a_filter_is_no_copy_of_the_bucket() {
        let rule = |only: Option<&str>, to: &str| Replica {
            rule: "r".into(),
            enabled: true,
            bucket: to.into(),
            only: only.map(Into::into),
            failed: Told::Unset,
        };
        let judge = |rules: Vec<Replica>| {
            let mut a = bucket("a", "home");
            a.replication = Told::Set(rules);
            let told = [("a", "copy", "r", 9.0), ("a", "some", "r", 9.0)];
            let mut facts = Facts {
                rpo: std::time::Duration::from_secs(3_600),
                series: behind(&told, testing::now()),
                ..Facts::default()
            };
            let all = vec![a, bucket("copy", "away"), bucket("some", "away")];
            facts.estate.buckets = testing::part(Arc::new(all));
            judged("s3.replicated except=copy", &facts)
        };
        let part = judge(vec![rule(Some("prefix static/"), "some")]);
        assert_eq!(part.state, Failing, "{part:?}");
        assert_eq!(
            part.reason,
            "a: only a part of it is copied: prefix static/ to some"
        );
        // The whole is copied beside: whether that part is all that its other copy holds, nobody tells.
        let both = judge(vec![rule(None, "copy"), rule(Some("tag t=1"), "some")]);
        assert_eq!(both.state, Unknown, "{both:?}");
        assert!(both.reason.starts_with("some: a part of a"), "{both:?}");
        let whole = judge(vec![rule(None, "copy"), rule(None, "some")]);
        assert_eq!(whole.state, Proved, "{whole:?}");
    }

    #[test]
    fn the_newest_backup_has_an_age_that_it_may_have() {
        let call = "s3.backup-age";
        let mut b = bucket("laser-backups", "home");
        assert_eq!(state(call, vec![b.clone()]), Proved);
        assert_eq!(state("s3.backup-age hours=9", vec![b.clone()]), Failing);
        for (hours, judged) in [(0, Proved), (-48, Unknown)] {
            b.newest = Told::Set(Object {
                key: "dump".into(),
                at: ago(hours),
                bytes: 1,
            });
            let got = state(call, vec![b.clone()]);
            assert_eq!(got, judged, "written in {} h", -hours);
        }
        let object = |key: &str, hours: i64| Object {
            key: key.into(),
            at: ago(hours),
            bytes: 1,
        };
        b.newest = Told::Set(object("db/1", 2));
        b.newest_of_folders = vec![object("application/7", 800), object("db/1", 2)];
        assert_eq!(state(call, vec![b.clone()]), Unknown, "one folder is old");
        b.newest_of_folders = vec![object("2026-11-01/x", 800), object("db/1", 2)];
        assert_eq!(state(call, vec![b.clone()]), Proved);
        b.newest = Told::Unset;
        assert_eq!(state(call, vec![b.clone()]), Failing);
        b.newest = Told::Unknown(UNSEEN.into());
        assert_eq!(state(call, vec![b]), Unknown);
        let files = vec![bucket("laser-files", "home")];
        assert_eq!(state(call, files), Unknown, "no bucket of backups");
    }
}
