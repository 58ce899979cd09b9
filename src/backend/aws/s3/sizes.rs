//! How big buckets are, by the vendor's daily metrics, and what the rules that copy them failed to copy.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};

use super::{BUCKETS, Bucket, S3, SIZED};
use crate::domain::bucket::FailedCopies;
use crate::domain::metric::{MetricId, MetricQuery, Series, Stat};
use crate::domain::problem::Problem;
use crate::domain::queries::failed_replication;
use crate::domain::told::Told;

/// Bytes of a bucket in one class of storage.
const BYTES: &str = "BucketSizeBytes";

/// How far back it is looked for what failed to be copied: that is never tried again, however small the lag of what comes after it.
const FAILED: SignedDuration = SignedDuration::from_hours(14 * 24);

/// How long it holds what a rule failed to copy while CloudWatch cannot be asked. Buckets are asked every ten minutes: one slip among
/// answers changes nothing, and with the second in a row it is not known.
const HOLDS: SignedDuration = SignedDuration::from_mins(15);

/// A rule: of which bucket, where it copies to, its name.
type Rule = [String; 3];

/// What rules failed to copy, and when CloudWatch told so.
#[derive(Debug, Default)]
pub(super) struct Lately(Mutex<BTreeMap<Rule, (Timestamp, Told<FailedCopies>)>>);

impl Lately {
    /// What holds of a rule: what is told of it now. Where a slip left that unknown (`slipped`), what was told lately holds, of which no
    /// refusal came in between.
    fn holds(
        &self,
        rule: Rule,
        told: Told<FailedCopies>,
        slipped: bool,
        now: Timestamp,
    ) -> Told<FailedCopies> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let young = SignedDuration::ZERO..=HOLDS;
        all.retain(|_, (at, _)| young.contains(&now.duration_since(*at)));
        if slipped {
            return all.get(&rule).map_or(told, |(_, before)| before.clone());
        }
        if told.why_unknown().is_some() {
            all.remove(&rule);
        } else {
            all.insert(rule, (now, told.clone()));
        }
        told
    }
}

/// A daily metric of a bucket.
fn daily(metric: MetricId) -> MetricQuery {
    MetricQuery {
        metric,
        stat: Stat::Average,
        period_s: 86_400,
    }
}

/// A daily metric of a bucket in one class of storage.
fn of_class(bucket: &str, name: &str, class: &str) -> MetricQuery {
    let all = [("BucketName", bucket), ("StorageType", class)];
    daily(MetricId::new("AWS/S3", name, &all))
}

/// What is asked of a bucket for its objects.
fn objects(bucket: &str) -> MetricQuery {
    of_class(bucket, "NumberOfObjects", "AllStorageTypes")
}

/// What is asked of a bucket for its bytes, by class of storage. Where nobody told which classes there are, those of the standard class:
/// every other may hold more.
fn bytes(bucket: &str, sizes: Option<&[MetricId]>) -> Vec<MetricQuery> {
    let is_of = |m: &&MetricId| {
        let mut dimensions = m.dimensions.iter();
        dimensions.any(|(k, v)| k == "BucketName" && *v == bucket)
    };
    match sizes {
        Some(sizes) => sizes.iter().filter(is_of).cloned().map(daily).collect(),
        None => vec![of_class(bucket, BYTES, "StandardStorage")],
    }
}

/// Puts the bytes of a bucket to it, from the series of its classes; `listed`: somebody told which there are.
fn put_bytes<'a>(bucket: &mut Bucket, classes: impl Iterator<Item = &'a Series>, listed: bool) {
    bucket.bytes = in_all(classes);
    bucket.only_standard = !listed && bucket.bytes.is_some();
}

/// From when until when it is looked for what failed to be copied: to the end of the hour that runs, for what was counted in a part of it
/// counts as well.
fn failed_within(now: Timestamp) -> (Timestamp, Timestamp) {
    let begun = now.as_second() - now.as_second().rem_euclid(3_600);
    let until = Timestamp::from_second(begun + 3_600).unwrap_or(now);
    (until.saturating_sub(FAILED).unwrap_or(now), until)
}

/// What is asked of the rules of buckets: what each failed to copy.
fn failures(buckets: &[&mut Bucket]) -> Vec<MetricQuery> {
    let mut all = Vec::new();
    for bucket in buckets {
        let rules = bucket.copying();
        all.extend(rules.map(|r| failed_replication(&bucket.name, &r.bucket, &r.rule)));
    }
    all
}

/// Puts the answers to [`failures`] to the rules that they are about.
fn put_failures(
    buckets: &mut [&mut Bucket],
    answer: Result<Vec<Series>, Problem>,
    lately: &Lately,
    now: Timestamp,
) {
    let slipped = answer.as_ref().err().is_some_and(Problem::is_passing);
    let mut told = answer.map(Vec::into_iter);
    for bucket in buckets {
        let Told::Set(rules) = &mut bucket.replication else {
            continue;
        };
        for rule in rules.iter_mut().filter(|r| r.enabled) {
            let new = match &mut told {
                Ok(series) => series.next().map_or_else(Told::default, |s| failed(&s)),
                Err(problem) => Told::Unknown(problem.why.clone()),
            };
            let key = [&bucket.name, &rule.bucket, &rule.rule].map(String::clone);
            rule.failed = lately.holds(key, new, slipped, now);
        }
    }
}

/// What a series of failures comes to. One that was not read whole shows nothing of there being none.
fn failed(series: &Series) -> Told<FailedCopies> {
    let counted: Vec<(Timestamp, f64)> = series
        .points
        .iter()
        .filter(|(_, n)| *n > 0.0)
        .copied()
        .collect();
    match counted.first() {
        Some((since, _)) => Told::Set(FailedCopies {
            operations: counted.iter().map(|(_, n)| *n).sum::<f64>().ceil() as u64,
            since: *since,
        }),
        None if series.partial => Told::Unknown("CloudWatch did not tell all of it".into()),
        None => Told::Unset,
    }
}

impl S3 {
    /// Sizes from the vendor's daily metrics: one for each class of storage that a bucket has anything in, and of the standard one alone
    /// where nobody may list which there are. Where CloudWatch cannot be asked, they stay unknown: its own line says why.
    pub(super) async fn measure(&self, buckets: &mut [Bucket]) {
        let here = self.signed.region().await.ok();
        if let Some(here) = &here {
            self.count_abroad(buckets, here).await;
        }
        // Metrics of a bucket are in its own region.
        let near = buckets
            .iter_mut()
            .filter(|b| b.region.value() == here.as_ref())
            .take(BUCKETS);
        let mut near: Vec<&mut Bucket> = near.collect();
        if near.is_empty() {
            return;
        }
        let now = Timestamp::now();
        let (since, over) = failed_within(now);
        let answer = self.sizes.series(&failures(&near), since, over).await;
        put_failures(&mut near, answer, &self.failed, now);
        let sizes = self.sizes.metrics_named("AWS/S3", BYTES).await.ok();
        let each = near.iter().map(|b| {
            let mut all = vec![objects(&b.name)];
            all.extend(bytes(&b.name, sizes.as_deref()));
            all
        });
        let each: Vec<Vec<MetricQuery>> = each.collect();
        let counts: Vec<usize> = each.iter().map(Vec::len).collect();
        let queries: Vec<MetricQuery> = each.into_iter().flatten().collect();
        let now = Timestamp::now();
        let from = now.saturating_sub(SIZED).unwrap_or(now);
        let Ok(series) = self.sizes.series(&queries, from, now).await else {
            return;
        };
        let mut series = series.iter();
        for (bucket, count) in near.into_iter().zip(counts) {
            let mut own = series.by_ref().take(count);
            bucket.objects = own.next().and_then(measured);
            put_bytes(bucket, own, sizes.is_some());
        }
    }

    /// Objects and bytes of copies, and of what is copied, in other regions than `here`, and what failed to be copied there: whether a copy
    /// is whole is judged by the objects. Those of a region that does not answer stay unknown.
    async fn count_abroad(&self, buckets: &mut [Bucket], here: &str) {
        let copies: BTreeSet<String> = buckets
            .iter()
            .flat_map(Bucket::copies)
            .map(str::to_owned)
            .collect();
        let counts = |b: &&mut Bucket| b.is_copied_on() || copies.contains(&b.name);
        let is_far = |b: &&mut Bucket| b.region.value().is_some_and(|at| *at != here);
        let mut far: BTreeMap<String, Vec<&mut Bucket>> = BTreeMap::new();
        let those = buckets.iter_mut().filter(counts).filter(is_far);
        for bucket in those.take(BUCKETS) {
            if let Some(region) = bucket.region.value().cloned() {
                far.entry(region).or_default().push(bucket);
            }
        }
        let now = Timestamp::now();
        let from = now.saturating_sub(SIZED).unwrap_or(now);
        let (since, over) = failed_within(now);
        let asked = far.into_iter().map(|(region, mut buckets)| async move {
            let counts: Vec<MetricQuery> = buckets.iter().map(|b| objects(&b.name)).collect();
            let rules = failures(&buckets);
            let (series, failed, sizes) = tokio::join!(
                self.sizes.series_in(&region, &counts, from, now),
                self.sizes.series_in(&region, &rules, since, over),
                self.sizes.metrics_named_in(&region, "AWS/S3", BYTES)
            );
            let sizes = sizes.ok();
            put_failures(&mut buckets, failed, &self.failed, now);
            let Ok(series) = series else {
                return;
            };
            for (bucket, objects) in buckets.iter_mut().zip(&series) {
                bucket.objects = measured(objects);
            }
            let each = buckets.iter().map(|b| bytes(&b.name, sizes.as_deref()));
            let each: Vec<Vec<MetricQuery>> = each.collect();
            let counts: Vec<usize> = each.iter().map(Vec::len).collect();
            let classes: Vec<MetricQuery> = each.into_iter().flatten().collect();
            let series = self.sizes.series_in(&region, &classes, from, now).await;
            let Ok(series) = series else {
                return;
            };
            let mut series = series.iter();
            for (bucket, count) in buckets.iter_mut().zip(counts) {
                put_bytes(bucket, series.by_ref().take(count), sizes.is_some());
            }
        });
        join_all(asked).await;
    }
}

/// The newest value of a size or a count. One below zero is none, and not an empty bucket.
fn measured(series: &Series) -> Option<u64> {
    let last = series.last().filter(|v| v.is_finite() && *v >= 0.0);
    last.map(|v| v as u64)
}

/// The sum over all classes of storage; a class that was emptied lately tells nothing any more. `None`: none tells anything.
fn in_all<'a>(classes: impl Iterator<Item = &'a Series>) -> Option<u64> {
    let told: Vec<u64> = classes.filter_map(measured).collect();
    (!told.is_empty()).then(|| told.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::bucket::Replica;
    use crate::domain::metric::Unit;
    use crate::domain::problem::ProblemKind;

    fn hours(points: &[(i64, f64)], partial: bool) -> Series {
        let at = |hour: i64| Timestamp::from_second(3_600 * hour).unwrap();
        Series {
            query: failed_replication("a", "copy", "r"),
            label: String::new(),
            unit: Unit::None,
            points: points.iter().map(|(h, n)| (at(*h), *n)).collect(),
            partial,
        }
    }

    /// Denied, cut or unanswered, it is no series of none.
    #[test]
    fn what_failed_to_be_copied_is_none_only_where_that_was_told() {
        let rule = |name: &str, enabled| Replica {
            rule: name.into(),
            enabled,
            bucket: "copy".into(),
            only: None,
            failed: Told::default(),
        };
        let bucket = |name: &str, rules: Vec<Replica>| Bucket {
            name: name.into(),
            replication: Told::Set(rules),
            ..Bucket::default()
        };
        let mut all = [
            bucket("a", vec![rule("old", false), rule("r", true)]),
            bucket("b", vec![rule("r", true), rule("s", true)]),
        ];
        let mut those: Vec<&mut Bucket> = all.iter_mut().collect();
        let asked = [("a", "r"), ("b", "r"), ("b", "s")];
        let asked = asked.map(|(of, rule)| failed_replication(of, "copy", rule));
        assert_eq!(failures(&those), asked);
        let mut put = |answer| {
            put_failures(
                &mut those,
                answer,
                &Lately::default(),
                Timestamp::UNIX_EPOCH,
            );
            let rules = those.iter().flat_map(|b| b.copying());
            rules.map(|r| r.failed.clone()).collect::<Vec<_>>()
        };
        let told = put(Ok(vec![
            hours(&[(1, 0.0), (2, 3.0), (9, 1.0)], false),
            hours(&[(1, 0.0)], false),
            hours(&[], true),
        ]));
        let since = Timestamp::from_second(7_200).unwrap();
        let operations = 4;
        assert_eq!(told[0], Told::Set(FailedCopies { operations, since }));
        assert_eq!(told[1], Told::Unset);
        assert!(told[2].why_unknown().is_some());
        let denied = Problem::new(ProblemKind::Denied, "cloudwatch", "w", "denied", "f");
        let unknown = Told::Unknown("denied".into());
        assert_eq!(put(Err(denied)), vec![unknown; 3]);
    }

    /// Buckets are asked every ten minutes: a slip would leave for as long unknown what is proved. A refusal is no slip.
    #[test]
    fn what_failed_to_be_copied_holds_over_one_slip_and_over_no_refusal() {
        let mut bucket = Bucket {
            name: "a".into(),
            replication: Told::Set(vec![Replica {
                rule: "r".into(),
                enabled: true,
                bucket: "copy".into(),
                only: None,
                failed: Told::default(),
            }]),
            ..Bucket::default()
        };
        let lately = Lately::default();
        let mut put = |minute: i64, answer| {
            let now = Timestamp::from_second(60 * minute).unwrap();
            // Settings are read anew each time.
            if let Told::Set(rules) = &mut bucket.replication {
                rules[0].failed = Told::default();
            }
            put_failures(&mut [&mut bucket], answer, &lately, now);
            let told = bucket.copying().next().map(|r| r.failed.clone());
            told.unwrap()
        };
        let none = || Ok(vec![hours(&[(1, 0.0)], false)]);
        let some = || Ok(vec![hours(&[(1, 2.0)], false)]);
        let no = |kind| Err(Problem::new(kind, "cloudwatch", "w", "no", "f"));
        let unknown: Told<FailedCopies> = Told::Unknown("no".into());
        assert_eq!(put(0, none()), Told::Unset);
        assert_eq!(put(10, no(ProblemKind::Timeout)), Told::Unset);
        assert_eq!(put(20, no(ProblemKind::Timeout)), unknown, "two in a row");
        let failed = put(30, some());
        assert!(failed.value().is_some(), "{failed:?}");
        assert_eq!(put(40, no(ProblemKind::Throttled)), failed);
        assert_eq!(put(41, no(ProblemKind::Denied)), unknown);
        assert_eq!(put(42, no(ProblemKind::Throttled)), unknown, "no longer");
        assert_eq!(put(50, none()), Told::Unset);
        let cut = put(51, Ok(vec![hours(&[], true)]));
        assert!(cut.why_unknown().is_some(), "{cut:?}");
        assert_eq!(put(60, none()), Told::Unset);
        let back = put(50, no(ProblemKind::Timeout));
        assert_eq!(back, unknown, "a clock that was set back");
    }

    #[test]
    fn failures_of_the_hour_that_runs_are_asked_for() {
        let now: Timestamp = "2026-11-28T03:20:00Z".parse().unwrap();
        let (from, until) = failed_within(now);
        assert_eq!(until.to_string(), "2026-11-28T04:00:00Z");
        assert_eq!(from.to_string(), "2026-11-14T04:00:00Z");
    }

    #[test]
    fn bytes_are_asked_for_by_class_and_those_of_the_standard_one_where_nobody_told_of_classes() {
        let class = |bucket: &str, class: &str| {
            let all = [("BucketName", bucket), ("StorageType", class)];
            MetricId::new("AWS/S3", BYTES, &all)
        };
        let told = [
            class("a", "GlacierStorage"),
            class("b", "StandardStorage"),
            class("a", "StandardStorage"),
        ];
        fn asked(sizes: Option<&[MetricId]>) -> Vec<MetricId> {
            bytes("a", sizes).into_iter().map(|q| q.metric).collect()
        }
        let [glacier, _, standard] = told.clone();
        assert_eq!(asked(Some(&told)), [glacier, standard.clone()]);
        assert!(asked(Some(&[])).is_empty(), "an empty bucket");
        assert_eq!(asked(None), [standard]);
    }
}
