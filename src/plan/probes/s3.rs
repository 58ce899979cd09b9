//! S3: buckets are encrypted, private, versioned, copied to a second region, and the newest backup is young.

use super::judgement::{Findings, Verdict};
use super::look::{Look, Seen, span};
use super::{Probe, number, words};
use crate::domain::backup::copied_abroad;
use crate::domain::bucket::Bucket;
use crate::domain::skew;
use crate::domain::stores::is_ours;
use crate::domain::told::Told;

pub(super) const PROBES: &[Probe] = &[
    Probe {
        name: "s3.buckets-safe",
        question: "is every bucket encrypted, closed to the public, and does it keep versions?",
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
        question: "is every bucket replicated to another region?",
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

/// Buckets that the plan does not leave out.
fn buckets<'a>(look: &Look<'a>) -> Result<(Vec<&'a Bucket>, Seen<'a, [Bucket]>), super::Judgement> {
    look.configured("s3")?;
    let seen = look.fresh(&look.facts.estate.buckets, "the buckets")?;
    let rows = seen
        .value
        .iter()
        .filter(|b| !look.words("except").any(|e| e == b.name))
        .collect();
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
    let here = &look.facts.environment;
    for b in rows.into_iter().filter(|b| is_ours(None, &b.name, here)) {
        match &b.encryption {
            Told::Set(e) => found.good(&b.name, &e.algorithm),
            Told::Unset => found.bad(&b.name, "not encrypted"),
            Told::Unknown(why) => found.unknown(&b.name, why),
        }
    }
    Ok(found.verdict())
}

/// A bucket that another one is copied to needs no copy of its own.
fn replicated(look: &Look<'_>) -> Verdict {
    let (rows, seen) = buckets(look)?;
    let mut found = Findings::new("bucket", look.question(seen.source), seen.at);
    let backups = look.facts.estate.backups();
    let is_copy = |b: &Bucket| seen.value.iter().any(|o| o.copies().any(|to| to == b.name));
    for b in rows.into_iter().filter(|b| !is_copy(b)) {
        if let Told::Unknown(why) = &b.replication {
            found.unknown(&b.name, why);
            continue;
        }
        let Some(to) = b.copies().next() else {
            let off = b.replication != Told::Unset;
            match (b.copied_in_part(), b.holds_a_part_of(seen.value)) {
                (Some(part), _) => {
                    found.bad(&b.name, format!("only a part of it is copied: {part}"));
                }
                (None, Some(of)) => found.unknown(
                    &b.name,
                    format!("a part of {of} is copied to it, what else it holds is not known"),
                ),
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
        let elsewhere = |to: &str| {
            let copy = seen.value.iter().find(|o| o.name == to)?;
            Some(copy.region.value()? != b.region.value()?)
        };
        let answers: Vec<Option<bool>> = b.copies().map(elsewhere).collect();
        if answers.contains(&Some(true)) {
            found.good(&b.name, &format!("to {to}"));
        } else if answers.contains(&None) {
            found.unknown(
                &b.name,
                format!("{to} is not in this account: its region is not known"),
            );
        } else {
            found.bad(&b.name, format!("copied to {to}, in the same region"));
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
                    Some(age) => found.check(
                        age.as_secs_f64() <= hours * 3_600.0,
                        &b.name,
                        &format!("{} is {} old", object.key, span(age)),
                    ),
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
    use crate::domain::bucket::{Encryption, Object, PublicBlock, Replica};
    use crate::domain::facts::Facts;
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
            ..Bucket::default()
        }
    }

    fn state(call: &str, buckets: Vec<Bucket>) -> CriterionState {
        let mut facts = Facts::default();
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
            }]);
            b
        };
        let copied = vec![to("copy", true), bucket("copy", "away")];
        assert_eq!(state(call, copied), Proved);
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
        };
        let judge = |rules: Vec<Replica>| {
            let mut a = bucket("a", "home");
            a.replication = Told::Set(rules);
            let mut facts = Facts::default();
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
        b.newest = Told::Unset;
        assert_eq!(state(call, vec![b.clone()]), Failing);
        b.newest = Told::Unknown(UNSEEN.into());
        assert_eq!(state(call, vec![b]), Unknown);
        let files = vec![bucket("laser-files", "home")];
        assert_eq!(state(call, files), Unknown, "no bucket of backups");
    }
}
