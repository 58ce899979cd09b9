//! S3: buckets are encrypted, private, versioned, copied to a second region, and the newest backup is young.

use super::judgement::{Findings, Verdict};
use super::look::{Look, Seen, span};
use super::{Probe, number, words};
use crate::domain::bucket::Bucket;
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
        question: "is what is written to every bucket encrypted?",
        params: &[words("except", "")],
        judge: encrypted,
    },
    Probe {
        name: "s3.replicated",
        question: "is every bucket copied to another region?",
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
        if b.is_private() == Some(false) {
            wrong.push("open to everybody");
        } else if b.is_private() == Some(true)
            && !b.public_block.value().is_some_and(|p| p.is_complete())
        {
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

/// A bucket that another one is copied to needs no copy of its own.
fn replicated(look: &Look<'_>) -> Verdict {
    let (rows, seen) = buckets(look)?;
    let mut found = Findings::new("bucket", look.question(seen.source), seen.at);
    let is_copy = |b: &Bucket| seen.value.iter().any(|o| o.copies().any(|to| to == b.name));
    for b in rows.into_iter().filter(|b| !is_copy(b)) {
        if let Told::Unknown(why) = &b.replication {
            found.unknown(&b.name, why);
            continue;
        }
        let Some(to) = b.copies().next() else {
            let off = b.replication != Told::Unset;
            found.bad(
                &b.name,
                if off {
                    "its replication is switched off"
                } else {
                    "copied nowhere"
                },
            );
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
                let age = object.at.map(|at| look.now.duration_since(at));
                let age = age.and_then(|d| std::time::Duration::try_from(d).ok());
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
