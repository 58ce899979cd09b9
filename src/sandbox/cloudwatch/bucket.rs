//! One bucket of a series: the sums of its samples, and a few of the samples themselves for percentiles.

/// Samples that a bucket keeps at most.
const KEPT: usize = 16;
/// Samples that a weighted value is spread over at most.
const SPREAD: f64 = 64.0;

/// What was recorded in one stretch of time.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bucket {
    /// Start, in seconds since the epoch; a multiple of the store's width.
    pub at: i64,
    pub count: f64,
    pub sum: f64,
    pub min: f64,
    pub max: f64,
    /// Some of the samples; empty while all are alike, as then `min` says it all.
    kept: Vec<f64>,
    seen: u32,
    /// Statistic sets come without samples: no percentiles of this bucket, unless all values are alike.
    blind: bool,
}

impl Bucket {
    pub fn new(at: i64) -> Self {
        Self {
            at,
            count: 0.0,
            sum: 0.0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            kept: Vec::new(),
            seen: 0,
            blind: false,
        }
    }

    /// Adds a sample that occurred `weight` times.
    pub fn add(&mut self, value: f64, weight: f64) {
        let alike = self.count > 0.0 && self.min == self.max && self.min == value;
        if self.count > 0.0 && !alike && self.kept.is_empty() && !self.blind {
            // Until now all were alike: they enter together.
            let before = self.min;
            for _ in 0..spread(self.count) {
                self.keep(before);
            }
        }
        self.merge(weight, value * weight, value, value);
        if self.min != self.max && !self.blind {
            for _ in 0..spread(weight) {
                self.keep(value);
            }
        }
    }

    /// Adds a statistic set.
    pub fn add_set(&mut self, count: f64, sum: f64, min: f64, max: f64) {
        self.merge(count, sum, min, max);
        if self.min != self.max {
            self.blind = true;
            self.kept = Vec::new();
        }
    }

    fn merge(&mut self, count: f64, sum: f64, min: f64, max: f64) {
        self.count += count;
        self.sum += sum;
        self.min = self.min.min(min);
        self.max = self.max.max(max);
    }

    /// Reservoir sampling, with a sequence that is the same in every run.
    fn keep(&mut self, value: f64) {
        self.seen = self.seen.saturating_add(1);
        if self.kept.len() < KEPT {
            if self.kept.capacity() == 0 {
                self.kept.reserve_exact(4);
            }
            self.kept.push(value);
            return;
        }
        let mixed = u64::from(self.seen).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
        let place = usize::try_from(mixed % u64::from(self.seen)).unwrap_or(usize::MAX);
        if let Some(slot) = self.kept.get_mut(place) {
            *slot = value;
        }
    }

    /// The samples with their weights; `None` where only sums are known.
    pub fn samples(&self) -> Option<impl Iterator<Item = (f64, f64)> + '_> {
        if self.blind && self.min != self.max {
            return None;
        }
        let alike = self.kept.is_empty().then_some((self.min, self.count));
        let share = self.count / self.kept.len().max(1) as f64;
        let several = self.kept.iter().map(move |v| (*v, share));
        Some(alike.into_iter().chain(several))
    }
}

fn spread(weight: f64) -> usize {
    weight.clamp(1.0, SPREAD) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alike_samples_cost_nothing_and_weigh_in_once_others_come() {
        let mut b = Bucket::new(0);
        for _ in 0..3 {
            b.add(5.0, 1.0);
        }
        assert!(b.kept.is_empty());
        b.add(9.0, 1.0);
        assert_eq!(b.kept, [5.0, 5.0, 5.0, 9.0]);
        assert_eq!((b.count, b.sum, b.min, b.max), (4.0, 24.0, 5.0, 9.0));
    }

    #[test]
    fn memory_is_bounded_and_a_statistic_set_has_no_percentiles() {
        let mut b = Bucket::new(0);
        for i in 0..10_000 {
            b.add(f64::from(i), 1.0);
        }
        assert_eq!(b.kept.len(), KEPT);
        b.add_set(2.0, 3.0, 1.0, 2.0);
        assert!(b.samples().is_none());
    }
}
