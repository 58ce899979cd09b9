//! The metric store: a ring of buckets for each metric.

use std::collections::{BTreeMap, VecDeque};

use super::bucket::Bucket;
use super::stat::Stat;

/// Buckets that a series keeps at most: 15 days of minutes, or six hours of seconds.
const BUCKETS: usize = 15 * 24 * 60;

/// What names a metric.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct MetricKey {
    /// Namespace, such as `AWS/ECS`.
    pub namespace: String,
    /// Name, such as `CPUUtilization`.
    pub name: String,
    /// Dimensions by name.
    pub dims: Vec<(String, String)>,
}

impl MetricKey {
    /// Of these parts; the order of the dimensions does not matter.
    pub fn new(namespace: &str, name: &str, dims: &[(&str, &str)]) -> Self {
        let mut dims: Vec<_> = dims
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect();
        dims.sort();
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            dims,
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Recorded {
    buckets: VecDeque<Bucket>,
    pub unit: String,
    pub last_at: i64,
}

/// One value of a series, at the start of its period.
pub(super) type Point = (i64, f64);

/// All metrics of the platform.
#[derive(Clone, Debug)]
pub struct MetricStore {
    width: i64,
    all: BTreeMap<MetricKey, Recorded>,
}

impl Default for MetricStore {
    fn default() -> Self {
        Self::with_bucket_seconds(60)
    }
}

impl MetricStore {
    /// With buckets this wide, in seconds: 60 as the vendor has them, 1 while the platform lives faster than real time.
    pub fn with_bucket_seconds(width: u32) -> Self {
        Self {
            width: i64::from(width.max(1)),
            all: BTreeMap::new(),
        }
    }

    /// Width of a bucket, in seconds.
    pub fn bucket_seconds(&self) -> i64 {
        self.width
    }

    /// Records samples of a metric at a point in time (seconds since the epoch). Samples that are no finite numbers are
    /// left out, as the vendor refuses them.
    pub fn record(
        &mut self,
        namespace: &str,
        name: &str,
        dims: &[(&str, &str)],
        at_epoch_s: i64,
        samples: &[f64],
        unit: &str,
    ) {
        let finite = || samples.iter().filter(|v| v.is_finite());
        if finite().next().is_none() {
            return;
        }
        let key = MetricKey::new(namespace, name, dims);
        if let Some(bucket) = self.bucket(key, at_epoch_s, unit) {
            finite().for_each(|v| bucket.add(*v, 1.0));
        }
    }

    /// The bucket of a point in time; `None` where it is older than all that is kept.
    pub(super) fn bucket(&mut self, key: MetricKey, at: i64, unit: &str) -> Option<&mut Bucket> {
        let start = at - at.rem_euclid(self.width);
        let series = self.all.entry(key).or_insert_with(|| Recorded {
            buckets: VecDeque::new(),
            unit: unit.to_owned(),
            last_at: at,
        });
        if series.unit != unit {
            unit.clone_into(&mut series.unit);
        }
        series.last_at = series.last_at.max(at);
        let place = match series.buckets.back() {
            Some(newest) if newest.at == start => series.buckets.len() - 1,
            Some(newest) if newest.at > start => {
                match series.buckets.binary_search_by_key(&start, |b| b.at) {
                    Ok(place) => place,
                    Err(0) if series.buckets.len() >= BUCKETS => return None,
                    Err(place) => {
                        series.buckets.insert(place, Bucket::new(start));
                        place
                    }
                }
            }
            _ => {
                series.buckets.push_back(Bucket::new(start));
                series.buckets.len() - 1
            }
        };
        let excess = series.buckets.len().saturating_sub(BUCKETS);
        series.buckets.drain(..excess);
        series.buckets.get_mut(place.saturating_sub(excess))
    }

    /// Every metric with what was recorded of it, by name.
    pub(super) fn metrics(&self) -> impl Iterator<Item = (&MetricKey, &Recorded)> {
        self.all.iter()
    }

    /// How many metrics there are.
    pub fn metric_count(&self) -> usize {
        self.all.len()
    }

    /// How many stretches of time are kept, of all metrics.
    pub fn bucket_count(&self) -> usize {
        self.all.values().map(|r| r.buckets.len()).sum()
    }

    /// The values of a metric over `from..until` (seconds since the epoch), a value for each period that holds samples,
    /// from the oldest. Periods start at `from` plus multiples of the period. A unit, if given, must be the metric's.
    pub(super) fn points(
        &self,
        key: &MetricKey,
        stat: Stat,
        (from, until): (i64, i64),
        period: i64,
        unit: Option<&str>,
    ) -> Vec<Point> {
        let period = period.max(1);
        let mut points = Vec::new();
        let Some(series) = self.all.get(key) else {
            return points;
        };
        if unit.is_some_and(|u| u != series.unit) {
            return points;
        }
        let first = series.buckets.partition_point(|b| b.at < from);
        let end = series.buckets.partition_point(|b| b.at < until);
        let mut place = first;
        while place < end {
            let Some(bucket) = series.buckets.get(place) else {
                break;
            };
            let start = from + (bucket.at - from).div_euclid(period) * period;
            let mut next = place + 1;
            while next < end
                && series
                    .buckets
                    .get(next)
                    .is_some_and(|b| b.at < start + period)
            {
                next += 1;
            }
            if let Some(value) = stat.of(series.buckets.range(place..next)) {
                points.push((start, value));
            }
            place = next;
        }
        points
    }

    /// Unit of a metric.
    pub(super) fn unit(&self, key: &MetricKey) -> Option<&str> {
        self.all.get(key).map(|s| s.unit.as_str())
    }

    /// The usual distance between the newest buckets of a metric, in seconds; `None` with fewer than two.
    pub(super) fn spacing(&self, key: &MetricKey) -> Option<i64> {
        let buckets = &self.all.get(key)?.buckets;
        let newest = || buckets.iter().rev().take(6);
        newest()
            .zip(newest().skip(1))
            .map(|(b, a)| b.at - a.at)
            .min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> MetricKey {
        MetricKey::new("N", "m", &[("b", "2"), ("a", "1")])
    }

    #[test]
    fn samples_out_of_order_land_in_their_bucket_and_the_order_of_dimensions_is_nothing() {
        let mut store = MetricStore::default();
        for (at, v) in [(120, 3.0), (0, 1.0), (61, 2.0), (70, 4.0)] {
            store.record("N", "m", &[("a", "1"), ("b", "2")], at, &[v, f64::NAN], "");
        }
        assert_eq!(
            store.points(&key(), Stat::Sum, (0, 180), 60, None),
            [(0, 1.0), (60, 6.0), (120, 3.0)]
        );
        assert_eq!(
            store.points(&key(), Stat::Average, (60, 180), 120, None),
            [(60, 3.0)]
        );
        assert_eq!(store.spacing(&key()), Some(60));
    }

    #[test]
    fn a_series_is_bounded() {
        let mut store = MetricStore::with_bucket_seconds(1);
        let count = BUCKETS as i64 + 50;
        for at in 0..count {
            store.record("N", "m", &[], at, &[1.0], "");
        }
        store.record("N", "m", &[], 3, &[1.0], "");
        let key = MetricKey::new("N", "m", &[]);
        let points = store.points(&key, Stat::Sum, (0, count), 1, None);
        assert_eq!((points.len(), points[0].0), (BUCKETS, 50));
    }
}
