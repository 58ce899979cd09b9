//! Metrics and their series, after the CloudWatch API reference.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// What names a metric for good.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MetricId {
    /// `AWS/ECS`.
    pub namespace: String,
    /// `CPUUtilization`.
    pub name: String,
    /// Sorted by name.
    pub dimensions: Vec<(String, String)>,
}

impl MetricId {
    /// A metric; sorts its dimensions.
    pub fn new(namespace: &str, name: &str, dimensions: &[(&str, &str)]) -> Self {
        let mut dimensions: Vec<_> = dimensions
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        dimensions.sort();
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            dimensions,
        }
    }
}

impl std::fmt::Display for MetricId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.namespace, self.name)?;
        for (k, v) in &self.dimensions {
            write!(f, " {k}={v}")?;
        }
        Ok(())
    }
}

/// How the points of a period are made one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Stat {
    /// Mean.
    Average,
    /// Sum.
    Sum,
    /// Smallest.
    Minimum,
    /// Largest.
    Maximum,
    /// How many.
    SampleCount,
    /// Percentile in tenths: 990 is p99, 999 is p99.9.
    Percentile(u16),
}

impl Stat {
    /// The word that the API takes.
    pub fn word(&self) -> String {
        match self {
            Self::Average => "Average".into(),
            Self::Sum => "Sum".into(),
            Self::Minimum => "Minimum".into(),
            Self::Maximum => "Maximum".into(),
            Self::SampleCount => "SampleCount".into(),
            Self::Percentile(t) if t % 10 == 0 => format!("p{}", t / 10),
            Self::Percentile(t) => format!("p{}.{}", t / 10, t % 10),
        }
    }

    /// Reads what people and the API write: `Average`, `avg`, `p99`, `p99.9`, `max` ...
    pub fn parse(word: &str) -> Option<Self> {
        let w = word.to_ascii_lowercase();
        Some(match w.as_str() {
            "average" | "avg" | "mean" => Self::Average,
            "sum" => Self::Sum,
            "minimum" | "min" => Self::Minimum,
            "maximum" | "max" => Self::Maximum,
            "samplecount" | "count" => Self::SampleCount,
            _ => {
                let value: f64 = w.strip_prefix('p')?.parse().ok()?;
                if !(0.0..=100.0).contains(&value) {
                    return None;
                }
                Self::Percentile((value * 10.0).round() as u16)
            }
        })
    }
}

/// A question for one series.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MetricQuery {
    /// Which metric.
    pub metric: MetricId,
    /// Which statistic.
    pub stat: Stat,
    /// Seconds a point; a multiple of 60 for standard resolution.
    pub period_s: u32,
}

/// How long after its end a period still gets values: CloudWatch tells them a minute late.
const SETTLED_S: i64 = 60;

/// The newest value of a period that was over and told whole when it was read (UTC), and when that period ended. The one that goes on is
/// of a few seconds after each full five minutes: its percentile is none of five minutes.
pub fn last_whole(
    points: &[(Timestamp, f64)],
    period_s: u32,
    read: Timestamp,
) -> Option<(Timestamp, f64)> {
    let end = |begin: Timestamp| begin.saturating_add(SignedDuration::from_secs(period_s.into()));
    let mut whole = points.iter().rev().filter_map(|(begin, value)| {
        let end = end(*begin).ok()?;
        (read.duration_since(end).as_secs() >= SETTLED_S).then_some((end, *value))
    });
    whole.next()
}

/// A time range. `until` = `None` follows now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Window {
    /// Length, seconds.
    pub length_s: u32,
    /// End (UTC), or now.
    pub until: Option<Timestamp>,
}

/// A series: the answer to one [`MetricQuery`]. Gaps are gaps: a period without data has no point.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Series {
    /// What was asked.
    pub query: MetricQuery,
    /// The vendor's label.
    pub label: String,
    /// Unit, where the vendor tells (`Percent`, `Seconds`, `Count`, `Bytes`), else guessed from the metric's name.
    pub unit: Unit,
    /// (start of period UTC, value), oldest first.
    pub points: Arc<[(Timestamp, f64)]>,
    /// Whether the vendor said that more data exists than was returned.
    pub partial: bool,
}

/// How late a vendor's newest value may be, seconds: services of AWS send theirs within three minutes.
const LATE_S: i64 = 180;
/// The longest from one question for a chart to the next, seconds: what is asked less often than it comes would end in between.
const ASKED_S: i64 = 300;

impl Series {
    /// Seconds from one point to the next: its period, or more where what is measured comes less often than that.
    pub fn apart_s(&self) -> u32 {
        let pairs = self.points.iter().zip(self.points.iter().skip(1));
        let gaps = pairs.map(|(a, b)| b.0.duration_since(a.0).as_secs());
        let least = gaps.min().and_then(|s| u32::try_from(s).ok());
        least.unwrap_or(0).max(self.query.period_s)
    }

    /// The newest value.
    pub fn last(&self) -> Option<f64> {
        self.points.last().map(|p| p.1)
    }

    /// When the newest period until `until` (UTC) ended, where nothing was measured for a while since: its value is not one of now.
    pub fn ended(&self, until: Timestamp) -> Option<Timestamp> {
        let newest = self.points.iter().rev().find(|p| p.0 <= until)?;
        // Lists ask this of each row of each frame, and few have ended: no point lies less than a period from the next.
        let least = 2 * i64::from(self.query.period_s) + LATE_S;
        if until.duration_since(newest.0).as_secs() <= least {
            return None;
        }
        let apart = i64::from(self.apart_s());
        let end = newest.0 + SignedDuration::from_secs(apart);
        let silent = until.duration_since(end).as_secs();
        (silent > apart + LATE_S + apart.min(ASKED_S)).then_some(end)
    }
}

/// Unit of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// 0..100.
    Percent,
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
    /// Bytes.
    Bytes,
    /// Gigabytes, 10^9 bytes.
    Gigabytes,
    /// Bytes a second.
    BytesPerSecond,
    /// A count in a period.
    Count,
    /// No unit.
    None,
}

impl Unit {
    /// The unit that a metric's name implies, where CloudWatch does not return one.
    pub fn of(metric: &MetricId) -> Self {
        let n = metric.name.as_str();
        if n.ends_with("Utilization")
            || n.ends_with("Percentage")
            || n.ends_with("HitRate")
            || n.contains("Percent")
        {
            Self::Percent
        } else if n.contains("ResponseTime")
            || n.ends_with("Latency")
            || n.ends_with("Lag")
            || n.contains("Duration")
        {
            Self::Seconds
        } else if n.starts_with("EphemeralStorage") {
            Self::Gigabytes
        } else if n.contains("Throughput") {
            Self::BytesPerSecond
        } else if n.contains("Bytes") || n.contains("Memory") || n.contains("StorageSpace") {
            Self::Bytes
        } else {
            Self::Count
        }
    }

    /// A value with its unit in at most about seven columns: `143 ms`, `81.0 %`, `1.2 GB`, `3.4 k`.
    pub fn format(self, value: f64) -> String {
        if !value.is_finite() {
            return "-".into();
        }
        match self {
            Self::Percent => format!("{} %", short(value)),
            Self::Seconds if value.abs() < 1.0 => format!("{} ms", short(value * 1000.0)),
            Self::Seconds => format!("{} s", short(value)),
            Self::Milliseconds => format!("{} ms", short(value)),
            Self::Bytes => scaled(value, "B"),
            Self::Gigabytes => scaled(value * 1e9, "B"),
            Self::BytesPerSecond => scaled(value, "B/s"),
            Self::Count | Self::None => scaled(value, "").trim_end().to_owned(),
        }
    }
}

impl Unit {
    /// The ticks of an axis in words. Ticks that lie closer together than [`format`](Self::format) tells get as many decimals as
    /// their step needs, all of them in the unit of the greatest.
    pub fn ticks(self, ticks: &[f64]) -> Vec<String> {
        let step = match ticks {
            [a, b, ..] => (b - a).abs(),
            _ => return ticks.iter().map(|v| self.format(*v)).collect(),
        };
        let most = ticks.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        let (times, unit) = self.scale(most);
        let needed = (-(step * times).log10() - 1e-9).ceil().clamp(0.0, 6.0) as usize;
        let shown = match most * times {
            most if most >= 100.0 => 0,
            most if most >= 10.0 => 1,
            _ => 2,
        };
        let word = |v: &f64| match needed > shown {
            true => format!("{:.needed$}{unit}", v * times),
            false => self.format(*v),
        };
        ticks.iter().map(word).collect()
    }

    /// In which unit a value is shown, and what it is multiplied by for that.
    fn scale(self, value: f64) -> (f64, String) {
        match self {
            Self::Percent => (1.0, " %".into()),
            Self::Seconds if value.abs() < 1.0 => (1000.0, " ms".into()),
            Self::Seconds => (1.0, " s".into()),
            Self::Milliseconds => (1.0, " ms".into()),
            Self::Gigabytes => {
                let (div, prefix) = prefix(value * 1e9);
                (1e9 / div, format!(" {prefix}B"))
            }
            Self::Bytes | Self::BytesPerSecond | Self::Count | Self::None => {
                let (div, prefix) = prefix(value);
                let unit = match self {
                    Self::Bytes => "B",
                    Self::BytesPerSecond => "B/s",
                    _ => "",
                };
                (1.0 / div, format!(" {prefix}{unit}").trim_end().to_owned())
            }
        }
    }
}

fn short(v: f64) -> String {
    let a = v.abs();
    if a >= 100.0 || (v - v.round()).abs() < 1e-9 {
        format!("{v:.0}")
    } else if a >= 10.0 {
        format!("{v:.1}")
    } else {
        format!("{v:.2}")
    }
}

/// The prefix that a value is shown with, and what it stands for.
fn prefix(v: f64) -> (f64, &'static str) {
    match v.abs() {
        a if a >= 1e12 => (1e12, "T"),
        a if a >= 1e9 => (1e9, "G"),
        a if a >= 1e6 => (1e6, "M"),
        a if a >= 1e4 => (1e3, "k"),
        _ => (1.0, ""),
    }
}

fn scaled(v: f64, unit: &str) -> String {
    let (div, prefix) = prefix(v);
    format!("{} {prefix}{unit}", short(v / div))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_told_once_it_is_over_and_its_values_came() {
        let at = |s| Timestamp::from_second(s).unwrap();
        let points = [(at(0), 1.0), (at(300), 2.0), (at(600), 9.0)];
        let told = |read| last_whole(&points, 300, at(read));
        assert_eq!(
            told(605),
            Some((at(300), 1.0)),
            "the next one may still grow"
        );
        assert_eq!(told(660), Some((at(600), 2.0)));
        assert_eq!(told(959), Some((at(600), 2.0)));
        assert_eq!(told(960), Some((at(900), 9.0)));
        assert_eq!(told(300), None);
    }

    #[test]
    fn a_series_that_ended_says_when_and_one_that_is_merely_late_does_not() {
        let at = |s: i64| Timestamp::from_second(s).unwrap();
        let series = |seconds: &[i64]| Series {
            query: MetricQuery {
                metric: MetricId::new("AWS/ECS", "CPUUtilization", &[]),
                stat: Stat::Average,
                period_s: 60,
            },
            label: String::new(),
            unit: Unit::Percent,
            points: seconds.iter().map(|s| (at(*s), 1.0)).collect(),
            partial: false,
        };
        let minutes = series(&[0, 60, 120]);
        assert_eq!(minutes.ended(at(180 + 300)), None, "late");
        assert_eq!(minutes.ended(at(180 + 301)), Some(at(180)));
        assert_eq!(
            minutes.ended(at(100)),
            None,
            "of the time that is looked at"
        );
        assert_eq!(series(&[]).ended(at(900)), None);
        let fives = series(&[0, 300, 600]);
        // Points of five minutes, as windows of 12 and 24 hours have them, are asked every five minutes and come up to three late.
        assert_eq!(fives.ended(at(900 + 780)), None, "one is to come");
        assert_eq!(fives.ended(at(900 + 781)), Some(at(900)));
    }

    #[test]
    fn what_comes_every_five_minutes_has_no_point_a_minute() {
        let at = |m: i64| (Timestamp::from_second(m * 60).unwrap(), 1.0);
        let series = |points: &[(Timestamp, f64)]| Series {
            query: MetricQuery {
                metric: MetricId::new("AWS/EC2", "CPUUtilization", &[]),
                stat: Stat::Average,
                period_s: 60,
            },
            label: String::new(),
            unit: Unit::Percent,
            points: points.into(),
            partial: false,
        };
        assert_eq!(series(&[at(0), at(5), at(15)]).apart_s(), 300);
        assert_eq!(series(&[at(0), at(1), at(5)]).apart_s(), 60);
        assert_eq!(series(&[at(0)]).apart_s(), 60);
    }

    #[test]
    fn ticks_of_an_axis_can_be_told_apart() {
        let words = |unit: Unit, ticks: &[f64]| unit.ticks(ticks).join(" ");
        let halves = [164.0, 164.5, 165.0, 165.5, 166.0];
        assert_eq!(words(Unit::Count, &halves), "164.0 164.5 165.0 165.5 166.0");
        assert_eq!(words(Unit::Percent, &[50.0, 100.0]), "50 % 100 %");
        assert_eq!(words(Unit::Count, &[0.0, 0.5, 1.0]), "0 0.50 1");
        assert_eq!(
            words(Unit::Seconds, &[0.2, 0.2005, 0.201]),
            "200.0 ms 200.5 ms 201.0 ms"
        );
        assert_eq!(words(Unit::Seconds, &[2.0, 2.005]), "2.000 s 2.005 s");
        let near = [16_600.0, 16_605.0, 16_610.0];
        assert_eq!(words(Unit::Count, &near), "16.600 k 16.605 k 16.610 k");
        let fine = [1.5e9, 1.505e9];
        assert_eq!(words(Unit::Bytes, &fine), "1.500 GB 1.505 GB");
        assert_eq!(words(Unit::Count, &[0.0, 2000.0]), "0 2000");
    }

    #[test]
    fn statistics_read_what_they_write() {
        for s in [
            Stat::Average,
            Stat::Sum,
            Stat::Percentile(990),
            Stat::Percentile(999),
            Stat::Percentile(500),
        ] {
            assert_eq!(Stat::parse(&s.word()), Some(s));
        }
        assert_eq!(Stat::parse("p101"), None);
        assert_eq!(Stat::parse("nonsense"), None);
    }

    #[test]
    fn values_carry_their_unit() {
        assert_eq!(Unit::Seconds.format(0.143), "143 ms");
        assert_eq!(Unit::Percent.format(81.04), "81.0 %");
        assert_eq!(Unit::Bytes.format(1.25e9), "1.25 GB");
        assert_eq!(Unit::Count.format(12_345.0), "12.3 k");
        assert_eq!(Unit::Count.format(42.0), "42");
        assert_eq!(Unit::Count.format(f64::NAN), "-");
    }
}
