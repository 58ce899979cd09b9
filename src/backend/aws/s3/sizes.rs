//! How big buckets are, by the vendor's daily metrics.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;

use super::{BUCKETS, Bucket, S3, SIZED};
use crate::domain::metric::{MetricId, MetricQuery, Series, Stat};

/// Bytes of a bucket in one class of storage.
const BYTES: &str = "BucketSizeBytes";

/// How long another region may take: the buckets do not wait for it any longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A daily metric of a bucket.
fn daily(metric: MetricId) -> MetricQuery {
    MetricQuery {
        metric,
        stat: Stat::Average,
        period_s: 86_400,
    }
}

/// What is asked of a bucket: its objects, then its bytes by class of storage. Where nobody told which classes there are, those of the
/// standard class: every other may hold more.
fn queries(bucket: &str, sizes: Option<&[MetricId]>) -> Vec<MetricQuery> {
    let of = |name: &str, class: &str| {
        let all = [("BucketName", bucket), ("StorageType", class)];
        daily(MetricId::new("AWS/S3", name, &all))
    };
    let is_of = |m: &&MetricId| {
        let mut dimensions = m.dimensions.iter();
        dimensions.any(|(k, v)| k == "BucketName" && *v == bucket)
    };
    let mut all = vec![of("NumberOfObjects", "AllStorageTypes")];
    match sizes {
        Some(sizes) => all.extend(sizes.iter().filter(is_of).cloned().map(daily)),
        None => all.push(of(BYTES, "StandardStorage")),
    }
    all
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
        let near: Vec<&mut Bucket> = near.collect();
        if near.is_empty() {
            return;
        }
        let sizes = self.sizes.metrics_named("AWS/S3", BYTES).await.ok();
        let each = near.iter().map(|b| queries(&b.name, sizes.as_deref()));
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
            bucket.bytes = in_all(own);
            bucket.only_standard = sizes.is_none() && bucket.bytes.is_some();
        }
    }

    /// Objects of copies, and of what is copied, in other regions than `here`: whether a copy is whole is judged by them. Those of a region
    /// that does not answer stay unknown.
    async fn count_abroad(&self, buckets: &mut [Bucket], here: &str) {
        let copies: BTreeSet<String> = buckets
            .iter()
            .flat_map(Bucket::copies)
            .map(str::to_owned)
            .collect();
        let counts = |b: &&mut Bucket| b.is_copied_on() || copies.contains(&b.name);
        let mut far: BTreeMap<String, Vec<&mut Bucket>> = BTreeMap::new();
        for bucket in buckets.iter_mut().filter(counts).take(BUCKETS) {
            let region = bucket.region.value().filter(|at| *at != here).cloned();
            if let Some(region) = region {
                far.entry(region).or_default().push(bucket);
            }
        }
        let now = Timestamp::now();
        let from = now.saturating_sub(SIZED).unwrap_or(now);
        let asked = far.into_iter().map(|(region, mut buckets)| async move {
            let each = buckets.iter().map(|b| queries(&b.name, Some(&[])));
            let each: Vec<MetricQuery> = each.flatten().collect();
            let answer = self.sizes.series_in(&region, &each, from, now);
            let Ok(Ok(series)) = tokio::time::timeout(PATIENCE, answer).await else {
                return;
            };
            for (bucket, objects) in buckets.iter_mut().zip(&series) {
                bucket.objects = measured(objects);
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

    #[test]
    fn objects_are_asked_for_and_the_standard_class_where_nobody_told_of_classes() {
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
            queries("a", sizes).into_iter().map(|q| q.metric).collect()
        }
        let objects = || {
            let all = [("BucketName", "a"), ("StorageType", "AllStorageTypes")];
            MetricId::new("AWS/S3", "NumberOfObjects", &all)
        };
        let [glacier, _, standard] = told.clone();
        assert_eq!(asked(Some(&told)), [objects(), glacier, standard.clone()]);
        assert_eq!(asked(Some(&[])), [objects()], "an empty bucket");
        assert_eq!(asked(None), [objects(), standard]);
    }
}
