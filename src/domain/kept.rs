//! What keeps a bucket's content without any backup: versions beside a copy in another bucket.
//!
//! A rule alone is no copy. It copies what is written from then on, not what was there before, and where its role may not write it fails
//! in silence (Amazon S3 User Guide, "Replicating existing objects with Batch Replication", "Troubleshooting replication"). So a copy
//! counts as far as CloudWatch tells how far it is behind, and that nothing failed.

use jiff::Timestamp;
use serde::Serialize;

use super::bucket::{Bucket, Replica};
use super::deadline;
use super::facts::Facts;
use super::measured;
use super::stores::is_ours;
use super::told::Told;

/// So many times the objects of its source a copy holds at most, old versions among them, to be taken for a copy and nothing else.
const TIMES: u64 = 2;
/// The share of its source's objects that a copy holds at least, to be taken for a whole one. Both are counted once a day, old versions
/// among them, which a copy may keep for a shorter time.
const WHOLE: f64 = 0.9;

/// How far copies are behind, as the facts tell at a time.
#[derive(Clone, Copy, Debug)]
pub struct Lags<'a> {
    /// What is known.
    pub facts: &'a Facts,
    /// Now (UTC).
    pub now: Timestamp,
}

impl Lags<'_> {
    fn of(self, bucket: &Bucket, rule: &Replica) -> Lag {
        let (facts, now) = (self.facts, self.now);
        let Some(seconds) = measured::lag_s(facts, &bucket.name, rule, now) else {
            return Err(measured::lag_untold(facts, &bucket.name, rule, now));
        };
        // What failed is not behind: it is not tried again.
        if let Some(why) = failed(rule) {
            return Err(why);
        }
        // The lag is of what was written since the rule was made.
        let all = facts.estate.buckets.value.as_ref();
        let all = all.map(|all| all.as_slice()).unwrap_or_default();
        let doubt = match all.iter().find(|b| b.name == rule.bucket) {
            Some(copy) => uncounted(bucket, copy, all)?,
            None => Some(UNCOUNTED),
        };
        Ok(Behind { seconds, doubt })
    }
}

/// What is missing in a copy because its rule failed, or why nobody knows whether anything is; `None`: nothing failed.
fn failed(rule: &Replica) -> Option<String> {
    let to = &rule.bucket;
    match &rule.failed {
        Told::Unset => None,
        Told::Set(failed) => Some(format!(
            "{} failed to replicate to {to} since {} UTC, and nothing of that is tried again: copy it with S3 Batch Replication, then waive this for two weeks",
            match failed.operations {
                1 => "1 operation".to_owned(),
                many => format!("{many} operations"),
            },
            deadline::words(failed.since)
        )),
        Told::Unknown(why) => Some(format!(
            "what failed to replicate to {to} is not known: {why}"
        )),
    }
}

/// Said of a copy where not all of its objects, or of what is copied to it, are counted.
const UNCOUNTED: &str = "whose objects nobody counts";
/// Said of a copy of several buckets: as many objects as all of them have may leave out all of a small one.
const SHARED: &str = "which others are copied to as well: how much of it is there, nobody tells";

/// Why a count of objects does not show that a copy holds all of a bucket; `None`: it does.
///
/// # Errors
/// It shows that something is missing, in words.
fn uncounted(
    bucket: &Bucket,
    copy: &Bucket,
    all: &[Bucket],
) -> Result<Option<&'static str>, String> {
    let counts: Vec<Option<u64>> = sources(copy, all).map(|o| o.objects).collect();
    let theirs: u64 = counts.iter().flatten().sum();
    let (Some(held), Some(own)) = (copy.objects, bucket.objects) else {
        return Ok(Some(UNCOUNTED));
    };
    let holds = |held: u64, wanted: u64| held as f64 >= wanted as f64 * WHOLE;
    if !holds(held, theirs) {
        let whose = match counts.len() {
            1 => "its source",
            _ => "its sources",
        };
        return Err(format!(
            "{} holds {held} objects, {whose} {theirs}: what was there before the rule may be missing",
            copy.name
        ));
    }
    let mut others = all.iter().filter(|o| o.name != bucket.name);
    let has_parts = others.any(|o| o.copies_in_part().any(|(to, _)| to == copy.name));
    let besides = theirs.saturating_sub(own);
    Ok(match counts.contains(&None) {
        true => Some(UNCOUNTED),
        false if has_parts || !holds(held.saturating_sub(besides), own) => Some(SHARED),
        false => None,
    })
}

/// How far a copy is behind that may be whole.
#[derive(Clone, Copy)]
struct Behind {
    seconds: f64,
    /// Why a count of its objects does not show that it is.
    doubt: Option<&'static str>,
}

/// How far a copy is behind, or why nobody tells.
type Lag = Result<Behind, String>;

fn lag(lags: Option<Lags<'_>>, bucket: &Bucket, rule: &Replica) -> Lag {
    lags.map_or_else(|| Err("it is not asked for".into()), |l| l.of(bucket, rule))
}

/// A copy of a whole bucket.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Copied {
    /// Where to, in words; unset: nowhere.
    pub told: Told<String>,
    /// How far it is behind, seconds; where it is told where to, it is told how far.
    #[serde(skip)]
    pub behind_s: Option<f64>,
}

impl Copied {
    const NOWHERE: Self = Self {
        told: Told::Unset,
        behind_s: None,
    };

    fn untold(why: impl Into<String>) -> Self {
        Self {
            told: Told::Unknown(why.into()),
            behind_s: None,
        }
    }

    /// The copy among several that is the least behind, each by the words for where it goes to.
    fn nearest(all: &[(String, Lag)]) -> Self {
        let behind = all
            .iter()
            .filter_map(|(to, lag)| Some((to, *lag.as_ref().ok()?)));
        let nearest = behind.min_by(|a, b| a.1.seconds.total_cmp(&b.1.seconds));
        match (nearest, all.first()) {
            (Some((to, behind)), _) => Self {
                told: Told::Set(match behind.doubt {
                    None => to.clone(),
                    Some(doubt) => format!("{to} ({doubt})"),
                }),
                behind_s: Some(behind.seconds),
            },
            (None, Some((to, Err(why)))) => Self::untold(format!(
                "a rule copies it to {to}, and nobody tells what it has copied: {why}"
            )),
            (None, _) => Self::NOWHERE,
        }
    }

    /// Of a bucket among all of them, by the rules that copy all of it: wherever its copies are.
    pub fn anywhere(bucket: &Bucket, lags: Option<Lags<'_>>) -> Self {
        let all: Vec<_> = bucket
            .whole()
            .map(|r| (r.bucket.clone(), lag(lags, bucket, r)))
            .collect();
        Self::nearest(&all)
    }

    /// The same of its copies in another region alone.
    pub fn abroad(bucket: &Bucket, all: &[Bucket], lags: Option<Lags<'_>>) -> Self {
        let (mut there, mut nowhere) = (Vec::new(), None);
        for rule in bucket.whole() {
            let to = &rule.bucket;
            let copy = all.iter().find(|b| b.name == *to);
            match copy.and_then(|c| Some((c.region.value()?, bucket.region.value()?))) {
                Some((far, here)) if far != here => {
                    there.push((format!("{to} in {far}"), lag(lags, bucket, rule)));
                }
                Some(_) => {}
                None => nowhere = Some(format!("the region of {to} is not known")),
            }
        }
        match (there.is_empty(), nowhere) {
            (true, Some(why)) => Self::untold(why),
            _ => Self::nearest(&there),
        }
    }

    fn with_versions(self) -> Self {
        let told = match self.told {
            Told::Set(to) => Told::Set(format!("keeps versions, copied to {to}")),
            other => other,
        };
        Self { told, ..self }
    }
}

/// How a bucket's content is kept without any backup.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Kept {
    /// By versions and a copy in another bucket.
    pub here: Copied,
    /// By a copy in another region.
    pub abroad: Copied,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            here: Copied::NOWHERE,
            abroad: Copied::NOWHERE,
        }
    }
}

impl Kept {
    fn untold(why: String) -> Self {
        Self {
            here: Copied::untold(why.clone()),
            abroad: Copied::untold(why),
        }
    }

    /// Of a bucket among all of them. Versions alone go with their bucket, and a copy alone takes over every mistake.
    pub fn of(bucket: &Bucket, all: &[Bucket], lags: Option<Lags<'_>>) -> Self {
        let unknown = bucket.versioning.why_unknown();
        if let Some(why) = unknown.or_else(|| bucket.replication.why_unknown()) {
            return Self::untold(why.to_owned());
        }
        let is_versioned = bucket.is_versioned() == Some(true);
        if bucket.whole().next().is_none() {
            // A rule with a filter keeps what it names, and nobody tells what else is in there.
            return match (bucket.copied_in_part(), held_besides(bucket, all)) {
                (Some(part), _) if is_versioned => {
                    Self::untold(format!("only a part of it is copied: {part}"))
                }
                (None, Some(why)) => Self::untold(why),
                _ => Self::default(),
            };
        }
        if !is_versioned {
            return Self::default();
        }
        Self {
            here: Copied::anywhere(bucket, lags).with_versions(),
            abroad: Copied::abroad(bucket, all, lags).with_versions(),
        }
    }
}

/// Why nobody knows what a bucket that others are copied to holds besides; `None`: nothing is copied to it, or nothing speaks for more.
pub fn held_besides(bucket: &Bucket, all: &[Bucket]) -> Option<String> {
    if let Some(of) = bucket.holds_a_part_of(all) {
        let besides = "is copied to it, what else it holds is not known";
        return Some(format!("a part of {of} {besides}"));
    }
    let sources: Vec<&Bucket> = sources(bucket, all).collect();
    let names: Vec<&str> = sources.iter().map(|o| o.name.as_str()).collect();
    let theirs: Option<u64> = sources.iter().map(|o| o.objects).sum();
    let (theirs, held) = theirs.zip(bucket.objects)?;
    (!names.is_empty() && held > theirs.saturating_mul(TIMES)).then(|| {
        format!(
            "{} is copied to it, and it holds {held} objects where that holds {theirs}: what the others are is not known",
            names.join(", ")
        )
    })
}

/// Buckets that are copied to a bucket whole.
fn sources<'a>(bucket: &'a Bucket, all: &'a [Bucket]) -> impl Iterator<Item = &'a Bucket> {
    let into = move |o: &&Bucket| o.copies().any(|to| to == bucket.name);
    all.iter().filter(|o| o.name != bucket.name).filter(into)
}

/// The bucket that a bucket is a copy of and nothing else, so that it is no store of its own. Its source is judged, with how far the copy is
/// behind: one that keeps versions, and is no other environment's. What is copied on itself, or back, is a store as well as its source,
/// and so is what is known to hold far more.
pub fn copy_of<'a>(bucket: &'a Bucket, all: &'a [Bucket], environment: &str) -> Option<&'a Bucket> {
    if bucket.is_copied_on() || held_besides(bucket, all).is_some() {
        return None;
    }
    let ours = |b: &Bucket| is_ours(None, &b.name, environment);
    let kept = |o: &&Bucket| o.is_versioned() == Some(true) && (ours(o) || !ours(bucket));
    sources(bucket, all).find(kept)
}

/// Buckets of an environment that are left out as copies, each with what it is a copy of, in words.
pub fn left_out<'a>(all: &'a [Bucket], environment: &'a str) -> impl Iterator<Item = String> + 'a {
    let ours = all
        .iter()
        .filter(move |b| is_ours(None, &b.name, environment));
    ours.filter_map(move |b| {
        let of = copy_of(b, all, environment)?;
        Some(format!("{} (copy of {})", b.name, of.name))
    })
}

#[cfg(test)]
type Common =
    std::collections::BTreeMap<super::metric::MetricQuery, std::sync::Arc<super::metric::Series>>;

/// Series that tell how far copies are behind: bucket, copy, rule, seconds.
#[cfg(test)]
pub(crate) fn behind(
    rules: &[(&str, &str, &str, f64)],
    now: Timestamp,
) -> super::part::Part<std::sync::Arc<Common>> {
    use super::metric::{Series, Unit};
    let series = rules.iter().map(|(of, to, rule, seconds)| {
        let query = super::queries::replication(of, to, rule);
        let series = Series {
            query: query.clone(),
            label: String::new(),
            unit: Unit::None,
            points: [(now, *seconds)].into(),
            partial: false,
        };
        (query, std::sync::Arc::new(series))
    });
    let all: Common = series.collect();
    super::part::Part::answered(
        std::sync::Arc::new(all),
        now,
        "cloudwatch:GetMetricData",
        std::time::Duration::from_secs(60),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::bucket::FailedCopies;

    fn bucket(name: &str, to: &[&str]) -> Bucket {
        let rule = |to: &&str| Replica {
            rule: "r".into(),
            enabled: true,
            bucket: (*to).into(),
            only: None,
            failed: Told::Unset,
        };
        Bucket {
            name: name.into(),
            region: Told::Set("home".into()),
            versioning: Told::Set("Enabled".into()),
            replication: match to.is_empty() {
                true => Told::Unset,
                false => Told::Set(to.iter().map(rule).collect()),
            },
            ..Bucket::default()
        }
    }

    /// A small bucket that is copied into customers' uploads would take those out of every proof.
    #[test]
    fn what_is_copied_on_or_back_is_no_copy_alone() {
        let all = [
            bucket("assets", &["assets-replica"]),
            bucket("assets-replica", &["uploads"]),
            bucket("uploads", &["assets-replica"]),
            bucket("logs", &["logs-copy"]),
            bucket("logs-copy", &[]),
        ];
        let of = |n: usize| copy_of(&all[n], &all, "production").map(|b| b.name.as_str());
        assert_eq!([1, 2, 3, 4].map(of), [None, None, None, Some("logs")]);
        let told: Vec<String> = left_out(&all, "production").collect();
        assert_eq!(told, ["logs-copy (copy of logs)"]);
    }

    /// Where it was not asked, that says nothing of whether the rule's metrics are on.
    #[test]
    fn why_nobody_tells_how_far_a_copy_is_behind_is_said() {
        use std::sync::Arc;
        let now = Timestamp::from_second(1_000_000).unwrap();
        let (mut copy, uploads) = (bucket("copy", &[]), bucket("uploads", &["copy"]));
        copy.region = Told::Set("away".into());
        let why = |facts: &Facts| {
            let lags = Some(Lags { facts, now });
            let told = Copied::anywhere(&uploads, lags).told;
            told.why_unknown().unwrap_or_default().to_owned()
        };
        let mut facts = Facts {
            series: behind(&[], now),
            ..Facts::default()
        };
        let unknown = why(&facts);
        assert!(unknown.ends_with("region of copy, which is not known"));
        let minute = std::time::Duration::from_secs(60);
        let all = Arc::new(vec![uploads.clone(), copy]);
        facts.estate.buckets = crate::domain::part::Part::answered(all, now, "s3:x", minute);
        let silent = why(&facts);
        assert!(silent.ends_with("tells it in away, and has not answered there"));
        // An answer without points of now.
        let old = now - jiff::SignedDuration::from_mins(40);
        let mut series = behind(&[("uploads", "copy", "r", 9.0)], old);
        series.observed_at = Some(now);
        facts.series = series;
        let off = why(&facts);
        assert!(
            off.contains("CloudWatch in away has no ReplicationLatency"),
            "{off}"
        );
    }

    /// A rule does not copy what was there before it, and its lag is of what came later.
    #[test]
    fn a_copy_with_far_less_than_its_source_is_no_copy_whatever_its_lag() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let told = |theirs: Option<u64>, held: Option<u64>| {
            let (mut uploads, mut copy) = (bucket("uploads", &["copy"]), bucket("copy", &[]));
            (uploads.objects, copy.objects) = (theirs, held);
            let all = std::sync::Arc::new(vec![uploads.clone(), copy]);
            let minute = std::time::Duration::from_secs(60);
            let mut facts = Facts {
                series: behind(&[("uploads", "copy", "r", 9.0)], now),
                ..Facts::default()
            };
            facts.estate.buckets = crate::domain::part::Part::answered(all, now, "s3:x", minute);
            let lags = Some(Lags { facts: &facts, now });
            Copied::anywhere(&uploads, lags).told
        };
        assert_eq!(told(Some(100), Some(95)), Told::Set("copy".into()));
        let short = told(Some(100), Some(3));
        let why = short.why_unknown().unwrap_or_default();
        assert!(
            why.contains("copy holds 3 objects, its source 100"),
            "{why}"
        );
        let uncounted = Told::Set("copy (whose objects nobody counts)".into());
        assert_eq!(told(Some(100), None), uncounted);
        assert_eq!(told(None, Some(3)), uncounted);
    }

    /// What failed is not tried again, and the lag of what came after it is small.
    #[test]
    fn a_rule_that_failed_to_copy_makes_no_copy_whatever_its_lag() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let uploads = bucket("uploads", &["copy"]);
        let facts = Facts {
            series: behind(&[("uploads", "copy", "r", 9.0)], now),
            ..Facts::default()
        };
        let why = |failed: Told<FailedCopies>| {
            let mut uploads = uploads.clone();
            if let Told::Set(rules) = &mut uploads.replication {
                rules[0].failed = failed;
            }
            let told = Copied::anywhere(&uploads, Some(Lags { facts: &facts, now })).told;
            told.why_unknown().map(str::to_owned)
        };
        assert_eq!(why(Told::Unset), None);
        let since = "2026-11-20T22:00:00Z".parse().unwrap();
        let told = |operations| {
            let failed = FailedCopies { operations, since };
            why(Told::Set(failed)).unwrap_or_default()
        };
        let words = "3 operations failed to replicate to copy since 2026-11-20 22:00 UTC";
        assert!(told(3).contains(words), "{}", told(3));
        assert!(told(1).contains("1 operation failed"), "{}", told(1));
        let denied = why(Told::Unknown("denied".into())).unwrap_or_default();
        assert!(denied.ends_with("is not known: denied"), "{denied}");
        let unasked = why(Told::default());
        assert!(unasked.is_some(), "what nobody asked for is not none");
    }

    /// A small bucket may be missing in a copy that holds all of a large one.
    #[test]
    fn a_copy_of_several_is_counted_against_all_of_them() {
        let mut all = [
            bucket("large", &["copy"]),
            bucket("small", &["copy"]),
            bucket("copy", &[]),
        ];
        let mut count = |large: Option<u64>, small: u64, held: u64| {
            all[0].objects = large;
            (all[1].objects, all[2].objects) = (Some(small), Some(held));
            [0, 1].map(|n| uncounted(&all[n], &all[2], &all))
        };
        assert_eq!(count(Some(1_000), 10, 1_010), [Ok(None), Ok(None)]);
        let [large, small] = count(Some(1_000), 10, 1_000);
        assert_eq!((large, small), (Ok(None), Ok(Some(SHARED))));
        let [large, small] = count(None, 10, 900);
        assert_eq!((large, small), (Ok(Some(UNCOUNTED)), Ok(Some(UNCOUNTED))));
        let short = count(Some(1_000), 1_000, 1_000);
        let says = "copy holds 1000 objects, its sources 2000";
        for told in short {
            assert!(told.is_err_and(|why| why.starts_with(says)));
        }
        // Nobody tells how much of it is that part.
        let mut part = bucket("large", &["copy"]);
        if let Told::Set(rules) = &mut part.replication {
            rules[0].only = Some("prefix a/".into());
        }
        let mut all = [part, bucket("small", &["copy"]), bucket("copy", &[])];
        (all[1].objects, all[2].objects) = (Some(10), Some(10));
        assert_eq!(uncounted(&all[1], &all[2], &all), Ok(Some(SHARED)));
    }

    #[test]
    fn a_copy_is_one_of_a_source_that_is_judged_and_holds_no_more_than_that() {
        let mut all = [bucket("small", &["uploads"]), bucket("uploads", &[])];
        let is_copy = |all: &[Bucket]| copy_of(&all[1], all, "production").is_some();
        assert!(is_copy(&all), "what they hold is not measured");
        (all[0].objects, all[1].objects) = (Some(10), Some(20));
        assert!(is_copy(&all), "old versions are kept longer there");
        all[1].objects = Some(1_240);
        assert!(!is_copy(&all));
        let why = Kept::of(&all[1], &all, None).here.told;
        assert!(
            why.why_unknown().is_some_and(|why| why.contains("1240")),
            "{why:?}"
        );
        all[1].objects = None;
        all[0].versioning = Told::Unset;
        assert!(!is_copy(&all), "nothing is copied from there");
        let theirs = [bucket("qa-small", &["uploads"]), bucket("uploads", &[])];
        assert!(!is_copy(&theirs), "nobody judges the source here");
    }
}
