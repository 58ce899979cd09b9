//! Statistics, simple and extended, over buckets.

use std::fmt;

use super::bucket::Bucket;

/// A statistic as CloudWatch names them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stat {
    /// Mean of the samples.
    Average,
    /// Sum of the samples.
    Sum,
    /// Least sample.
    Minimum,
    /// Greatest sample.
    Maximum,
    /// Number of samples.
    SampleCount,
    /// Percentile, from 0 to 100: `p99`, `p99.9`.
    Percentile(f64),
    /// Mean of the samples up to a percentile: `tm99`.
    TrimmedMean(f64),
}

impl Stat {
    /// By its name; `None` for one that is not offered.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "Average" => Self::Average,
            "Sum" => Self::Sum,
            "Minimum" => Self::Minimum,
            "Maximum" => Self::Maximum,
            "SampleCount" => Self::SampleCount,
            _ => {
                if let Some(rest) = name.strip_prefix("tm").or_else(|| name.strip_prefix("TM")) {
                    Self::TrimmedMean(share(rest)?)
                } else {
                    let rest = name.strip_prefix('p').or_else(|| name.strip_prefix('P'))?;
                    Self::Percentile(share(rest)?)
                }
            }
        })
    }

    /// Whether it goes into the member `ExtendedStatistic` rather than `Statistic`.
    pub fn is_extended(self) -> bool {
        matches!(self, Self::Percentile(_) | Self::TrimmedMean(_))
    }

    /// Over some buckets; `None` where they hold no sample, or where only sums are known of which no percentile can be told.
    pub(super) fn of<'a>(self, buckets: impl Iterator<Item = &'a Bucket> + Clone) -> Option<f64> {
        let mut whole = Bucket::new(0);
        for b in buckets.clone() {
            whole.count += b.count;
            whole.sum += b.sum;
            whole.min = whole.min.min(b.min);
            whole.max = whole.max.max(b.max);
        }
        if whole.count <= 0.0 {
            return None;
        }
        match self {
            Self::Average => Some(whole.sum / whole.count),
            Self::Sum => Some(whole.sum),
            Self::Minimum => Some(whole.min),
            Self::Maximum => Some(whole.max),
            Self::SampleCount => Some(whole.count),
            Self::Percentile(p) if p <= 0.0 => Some(whole.min),
            Self::Percentile(p) if p >= 100.0 => Some(whole.max),
            Self::Percentile(p) => percentile(&pool(buckets)?, p / 100.0),
            Self::TrimmedMean(p) => trimmed_mean(&pool(buckets)?, p / 100.0),
        }
    }
}

impl fmt::Display for Stat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percentile(p) => write!(f, "p{p}"),
            Self::TrimmedMean(p) => write!(f, "tm{p}"),
            simple => write!(f, "{simple:?}"),
        }
    }
}

fn share(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let p = text.parse::<f64>().ok().filter(|_| plain)?;
    (0.0..=100.0).contains(&p).then_some(p)
}

/// All samples with their weights, from the least.
fn pool<'a>(buckets: impl Iterator<Item = &'a Bucket>) -> Option<Vec<(f64, f64)>> {
    let mut all = Vec::new();
    for b in buckets {
        all.extend(b.samples()?);
    }
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    Some(all)
}

/// The least sample that at least this share of the weight does not exceed.
fn percentile(pool: &[(f64, f64)], share: f64) -> Option<f64> {
    let total: f64 = pool.iter().map(|(_, w)| w).sum();
    let mut below = 0.0;
    for (value, weight) in pool {
        below += weight;
        if below >= total * share - 1e-9 {
            return Some(*value);
        }
    }
    pool.last().map(|(value, _)| *value)
}

fn trimmed_mean(pool: &[(f64, f64)], share: f64) -> Option<f64> {
    let bound = percentile(pool, share)?;
    let (mut sum, mut weights) = (0.0, 0.0);
    for (value, weight) in pool.iter().take_while(|(v, _)| *v <= bound) {
        sum += value * weight;
        weights += weight;
    }
    (weights > 0.0).then(|| sum / weights)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_written_alike() {
        for name in ["Average", "Sum", "SampleCount", "p99", "p99.9", "tm95"] {
            assert_eq!(Stat::parse(name).unwrap().to_string(), name);
        }
        for name in ["average", "p101", "p", "p-1", "pinf", "tmx", ""] {
            assert_eq!(Stat::parse(name), None, "{name}");
        }
    }

    #[test]
    fn percentiles_weigh_buckets_by_their_counts() {
        let mut quiet = Bucket::new(0);
        quiet.add(1000.0, 1.0);
        let mut busy = Bucket::new(60);
        for i in 1..=10 {
            busy.add(f64::from(i), 10.0);
        }
        let of = |s: Stat| s.of([&quiet, &busy].into_iter());
        assert_eq!(of(Stat::Percentile(100.0)), Some(1000.0));
        assert!(of(Stat::Percentile(90.0)).unwrap() <= 10.0);
        assert!(of(Stat::TrimmedMean(95.0)).unwrap() < 11.0);
        assert_eq!(of(Stat::Minimum), Some(1.0));
        assert_eq!(Stat::Sum.of([].into_iter()), None);
    }
}
