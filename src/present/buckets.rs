//! Buckets: what protects them, where they are copied to, how big they are.

use jiff::Timestamp;

use super::guests::{self, Host};
use super::words::{ago, bytes, count};
use super::{Cell, Found, Group, Head, Make, Section, Tone, View, phrase};
use crate::domain::backup::{Backup, copied_abroad};
use crate::domain::bucket::{Bucket, Encryption};
use crate::domain::facts::Facts;
use crate::domain::order::Ordered;
use crate::domain::told::Told;

pub(super) const VIEW: View = View {
    id: "buckets",
    title: "Buckets",
    doc: "S3 buckets: region, size, versions, encryption, public access, whom their policies let in, copies",
    group: Group::Data,
    lines: &["s3"],
    needs: &[
        "buckets",
        "identity",
        "recovery_points",
        "recovery_points_abroad",
    ],
    make: Make::Facts(make),
};

/// Said of a bucket that is open to everybody.
const PUBLIC: &str = "PUBLIC";

const HEADS: &[Head] = &[
    Head::left("bucket", 26).grow(3),
    Head::left("region", 10).drop(2),
    Head::right("size", 8),
    Head::right("objects", 8).drop(3),
    Head::left("encrypted", 9),
    Head::left("tls", 8).drop(1),
    Head::left("public", 8),
    Head::left("versions", 9),
    Head::left("copied to", 24).grow(2),
    Head::right("newest", 7).drop(1),
];

fn make(facts: &Facts, now: Timestamp) -> Vec<Section> {
    let part = &facts.estate.buckets;
    let empty = "No buckets: S3 has none in this account.";
    let mut section = Section::of(part, now, "buckets", "Buckets", HEADS, empty);
    let all = part.value.as_deref().map_or(&[][..], Vec::as_slice);
    let backups = facts.estate.backups();
    for bucket in all {
        let cells = cells(bucket, all, &backups, now);
        let told = faults(&cells);
        section.row(&bucket.name, cells, bucket);
        section.found(Found::all(&told));
    }
    let open = all.iter().filter(|b| b.is_private() == Some(false));
    let open: Vec<String> = open.map(|b| b.name.clone()).collect();
    if !open.is_empty() {
        section.tally(
            format!("{} open to everybody", count(open.len(), "bucket")),
            Tone::Bad,
            open.into_iter(),
        );
    }
    let total: u64 = all.iter().filter_map(|b| b.bytes).sum();
    if total > 0 {
        let untold = all.iter().filter(|b| b.bytes.is_none()).count();
        let without = match untold {
            0 => String::new(),
            n => format!(", without {} whose size is not told", count(n, "bucket")),
        };
        let total = bytes(total);
        let words = format!("{total} in all{without}, as the vendor's daily metrics say");
        section.note(words, Tone::Plain);
    }
    if all.iter().any(|b| b.only_standard) {
        let words = "sizes with ≥ are of the standard class of storage alone: the others cannot be listed (cloudwatch:ListMetrics)";
        section.note(words, Tone::Plain);
    }
    let by_policy = all.iter().map(|b| Host {
        by: "policy",
        name: &b.name,
        guests: &b.guests,
        blocked: match &b.public_block {
            _ if b.public_policy == Told::Set(false) => Some(false),
            Told::Set(block) => Some(block.restrict && b.public_policy == Told::Set(true)),
            Told::Unset => Some(false),
            Told::Unknown(_) => None,
        },
    });
    let by_list = all.iter().map(|b| Host {
        by: "access list",
        name: &b.name,
        guests: &b.acl_guests,
        // A list that counts for nothing is not among them.
        blocked: Some(false),
    });
    let mut let_in = guests::section(part, facts, now, by_policy.chain(by_list));
    let_in.title = "Let in by policies and access lists of their own".into();
    vec![section, let_in]
}

/// How big it is; of the standard class alone that is the least that it can be.
fn size(b: &Bucket) -> Cell {
    match (b.bytes, b.only_standard) {
        (None, _) => Cell::plain("-"),
        (Some(n), false) => Cell::plain(bytes(n)),
        (Some(n), true) => Cell::plain(format!("≥{}", bytes(n))),
    }
}

fn cells(b: &Bucket, all: &[Bucket], backups: &[Backup], now: Timestamp) -> Vec<Cell> {
    vec![
        Cell::name(&b.name),
        told(&b.region, "-", |r| Cell::plain(r)),
        size(b),
        Cell::plain(b.objects.map_or_else(|| "-".into(), |n| n.to_string())),
        told(&b.encryption, "no", |e| Cell::plain(algorithm(e))),
        transit(b),
        public(b),
        versions(b),
        copies(b, all, backups, now),
        newest(b, now),
    ]
}

/// What is not as it ought to be with a bucket, in phrases, the worst first.
fn faults(cells: &[Cell]) -> Vec<String> {
    let heads = HEADS.iter().map(|h| h.title).zip(cells);
    phrases(heads.filter(|(_, c)| c.tone.weight() >= Tone::Warn.weight()))
}

/// The same of some of its cells, each with its head.
pub(super) fn phrases<'a>(ill: impl Iterator<Item = (&'a str, &'a Cell)>) -> Vec<String> {
    let mut told: Vec<(u8, String)> = ill
        .map(|(head, cell)| {
            let text = cell.text.as_str();
            let words = match (head, text) {
                ("encrypted", _) => "is not encrypted".to_owned(),
                ("tls", _) => "takes requests without TLS".to_owned(),
                ("public", PUBLIC) => "is open to everybody".into(),
                ("public", _) => "does not block public access".to_owned(),
                ("versions", "no") => "keeps no versions".to_owned(),
                ("versions", _) => format!("keeps no new versions: they are {text}"),
                ("copied to", "nowhere") => "is copied nowhere".to_owned(),
                ("copied to", "switched off") => "its copies are switched off".to_owned(),
                ("copied to", _) if text.starts_with("only ") => {
                    format!("copies {text} of what it holds")
                }
                ("copied to", _) => format!("is copied to {text} ago and no sooner"),
                ("newest", _) => "is to hold backups, and is empty".to_owned(),
                _ => phrase(head, text),
            };
            (cell.tone.weight(), words)
        })
        .collect();
    told.order_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    told.into_iter().map(|(_, words)| words).collect()
}

/// Whether requests without TLS are refused: those of the vendor's own tools never come so, and others' need not.
fn transit(b: &Bucket) -> Cell {
    match &b.plain_refused {
        Told::Set(true) => Cell::plain("forced"),
        Told::Set(false) | Told::Unset => Cell::new("optional", Tone::Warn),
        Told::Unknown(_) => Cell::new("?", Tone::Unknown),
    }
}

/// A cell of what was told: `unset` as a warning (but for a dash), what nobody knows as a question mark.
fn told<T>(told: &Told<T>, unset: &str, cell: impl Fn(&T) -> Cell) -> Cell {
    match told {
        Told::Set(value) => cell(value),
        Told::Unset => Cell::new(unset, Tone::fine(unset == "-")),
        Told::Unknown(_) => Cell::new("?", Tone::Unknown),
    }
}

fn algorithm(e: &Encryption) -> &str {
    e.algorithm.strip_prefix("aws:").unwrap_or(&e.algorithm)
}

fn public(b: &Bucket) -> Cell {
    let unread = b.public_block.why_unknown().is_some();
    let blocked = b.public_block.value().is_some_and(|p| p.is_complete());
    match (b.is_private(), blocked) {
        (Some(false), _) => Cell::new(PUBLIC, Tone::Bad),
        (Some(true), true) => Cell::plain("blocked"),
        // Nothing lets anybody in; whether anything could is not known.
        (Some(true), false) if unread => Cell::plain("private"),
        (Some(true), false) => Cell::new("no block", Tone::Warn),
        (None, _) => Cell::new("?", Tone::Unknown),
    }
}

fn versions(b: &Bucket) -> Cell {
    told(&b.versioning, "no", |status| match status.as_str() {
        "Enabled" => Cell::plain("kept"),
        other => Cell::new(other.to_lowercase(), Tone::Warn),
    })
}

/// Where copies go. A bucket that others are copied to needs none of its own.
fn copies(b: &Bucket, all: &[Bucket], backups: &[Backup], now: Timestamp) -> Cell {
    let names: Vec<&str> = b.copies().collect();
    let is_copy = all
        .iter()
        .any(|other| other.copies().any(|to| to == b.name));
    if let (true, Some(part)) = (names.is_empty(), b.copied_in_part()) {
        return Cell::new(format!("only {part}"), Tone::Warn);
    }
    match (&b.replication, names.is_empty()) {
        (Told::Unknown(_), _) => Cell::new("?", Tone::Unknown),
        (_, false) => Cell::plain(names.join(", ")),
        (_, true) if is_copy => Cell::muted("(is a copy)"),
        (Told::Unset, true) if b.holds_a_part_of(all).is_some() => {
            Cell::muted("(copies of a part)")
        }
        (Told::Set(_), true) => Cell::new("switched off", Tone::Warn),
        (Told::Unset, true) => {
            let home = b.region.value().map_or("", String::as_str);
            match copied_abroad(backups, &b.name, home, now) {
                // Its backups go there, a day apart: what was written since is here alone.
                Some(copy) => Cell::new(
                    format!("{} by backup, {}", copy.region, ago(copy.taken_at, now)),
                    Tone::Warn,
                ),
                None => Cell::new("nowhere", Tone::Warn),
            }
        }
    }
}

fn newest(b: &Bucket, now: Timestamp) -> Cell {
    match &b.newest {
        Told::Set(object) => Cell::ago(object.at, now),
        Told::Unset if b.holds_backups() => Cell::new("empty", Tone::Warn),
        Told::Unset => Cell::plain("-"),
        Told::Unknown(_) => Cell::new("?", Tone::Unknown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::backup::StoreKind;
    use crate::domain::bucket::Replica;

    #[test]
    fn a_copy_of_a_part_is_shown_as_that() {
        let bucket = |only: Option<&str>| Bucket {
            name: "assets".into(),
            replication: Told::Set(vec![Replica {
                rule: "r".into(),
                enabled: true,
                bucket: "copy".into(),
                only: only.map(Into::into),
                failed: Told::Unset,
            }]),
            ..Bucket::default()
        };
        let shown = |b: Bucket| {
            let cell = copies(&b, std::slice::from_ref(&b), &[], Timestamp::UNIX_EPOCH);
            (cell.text.clone(), cell.tone)
        };
        assert_eq!(shown(bucket(None)), ("copy".into(), Tone::Plain));
        let part = shown(bucket(Some("prefix static/")));
        assert_eq!(part, ("only prefix static/ to copy".into(), Tone::Warn));
    }

    #[test]
    fn a_sum_says_what_is_not_in_it() {
        let bucket = |name: &str, bytes| Bucket {
            name: name.into(),
            bytes,
            ..Bucket::default()
        };
        let said = |all: Vec<Bucket>| {
            let mut facts = Facts::default();
            let every = std::time::Duration::from_secs(300);
            let at = Timestamp::UNIX_EPOCH;
            facts.estate.buckets =
                crate::domain::part::Part::answered(std::sync::Arc::new(all), at, "s3:x", every);
            let section = make(&facts, at).remove(0);
            let mut notes = section.notes.iter();
            notes.any(|n| {
                n.text
                    .contains("in all, without 2 buckets whose size is not told")
            })
        };
        let one = || bucket("a", Some(1_000));
        assert!(said(vec![one(), bucket("b", None), bucket("c", None)]));
        assert!(!said(vec![one(), bucket("b", Some(0))]));
    }

    /// The page of backups shows the copies: this one must not say that there are none.
    #[test]
    fn a_bucket_whose_backups_are_copied_says_where_they_are() {
        let bucket = Bucket {
            name: "uploads".into(),
            region: Told::Set("home".into()),
            replication: Told::Unset,
            ..Bucket::default()
        };
        let copied = |backups: &[Backup]| {
            let all = std::slice::from_ref(&bucket);
            let cell = copies(&bucket, all, backups, Timestamp::UNIX_EPOCH);
            (cell.text.clone(), cell.tone)
        };
        assert_eq!(copied(&[]), ("nowhere".into(), Tone::Warn));
        let copy = Backup {
            store: "uploads".into(),
            store_kind: StoreKind::Bucket,
            region: "away".into(),
            taken_at: Timestamp::from_second(-7 * 3_600).ok(),
            complete: true,
            ..Backup::default()
        };
        let says = copied(&[copy]);
        assert_eq!(says, ("away by backup, 7h".into(), Tone::Warn));
    }
}
