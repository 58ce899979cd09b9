//! Where an axis has its ticks: values in steps of 1, 2 or 5; times on round local minutes, hours and days.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A scale of values: its ends and its ticks, lowest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    /// Value at the bottom.
    pub low: f64,
    /// Value at the top.
    pub high: f64,
    /// Round values between them.
    pub ticks: Vec<f64>,
}

impl Scale {
    /// A scale that holds all finite values, with at most `most` ticks. It begins at zero unless the values lie close
    /// together far from it.
    pub fn of(values: impl Iterator<Item = f64>, most: usize) -> Self {
        let (mut low, mut high) = values
            .filter(|v| v.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| {
                (l.min(v), h.max(v))
            });
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        if low > 0.0 && low < high * 0.75 {
            low = 0.0;
        }
        if high < 0.0 && high > low * 0.75 {
            high = 0.0;
        }
        if high - low <= f64::EPSILON * high.abs().max(low.abs()) || high - low <= f64::MIN_POSITIVE
        {
            // One value only: from zero, so that its line lies somewhere that means something.
            (low, high) = match high {
                v if v > 0.0 => (0.0, v * 1.25),
                v if v < 0.0 => (v * 1.25, 0.0),
                _ => (0.0, 1.0),
            };
        }
        let step = step((high - low) / most.max(2) as f64);
        let (first, last) = ((low / step).floor(), (high / step).ceil());
        let count = (last - first).clamp(1.0, 64.0) as usize;
        let ticks: Vec<f64> = (0..=count).map(|i| (first + i as f64) * step).collect();
        Self {
            low: first * step,
            high: last * step,
            ticks,
        }
    }

    /// As [`of`](Self::of), with ends that are fixed.
    pub fn within(
        values: impl Iterator<Item = f64>,
        most: usize,
        (least, greatest): (Option<f64>, Option<f64>),
    ) -> Self {
        let (low, high) = (
            least.unwrap_or(f64::NEG_INFINITY),
            greatest.unwrap_or(f64::INFINITY),
        );
        let inside = values.filter(|v| (low..=high).contains(v));
        let mut scale = Self::of(inside.chain(least).chain(greatest), most);
        let low = least.filter(|v| *v < scale.high);
        let high = greatest.filter(|v| *v > low.unwrap_or(scale.low));
        scale.low = low.unwrap_or(scale.low);
        scale.high = high.unwrap_or(scale.high);
        let (low, high) = (scale.low, scale.high);
        scale.ticks.retain(|t| (low..=high).contains(t));
        scale
    }

    /// Where a value lies, 0 at the bottom, 1 at the top.
    pub fn share(&self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }
}

/// The smallest of 1, 2, 5 times a power of ten that is not below `rough`.
fn step(rough: f64) -> f64 {
    let power = 10f64.powf(rough.log10().floor());
    [1.0, 2.0, 5.0]
        .into_iter()
        .map(|m| m * power)
        .find(|s| *s >= rough * 0.999_999)
        .unwrap_or(10.0 * power)
}

/// Steps of a time axis, seconds.
const STEPS: [i64; 15] = [
    60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
    1_209_600,
];

/// Ticks of a time axis with their words, at most `most` of them: round in the given zone, days as `Nov 23`.
pub fn times(
    from: Timestamp,
    until: Timestamp,
    most: usize,
    zone: &TimeZone,
) -> Vec<(Timestamp, String)> {
    let length = until.duration_since(from).as_secs();
    if length <= 0 {
        return Vec::new();
    }
    let most = most.max(1) as i64;
    let step = STEPS
        .into_iter()
        .find(|s| length / s <= most)
        .unwrap_or(length / most);
    // Round in local time: the offset at the start decides, and each tick is worded with its own offset, so that a change
    // of clocks within the range shows as it is.
    let offset = i64::from(zone.to_offset(from).seconds());
    let begin = from.as_second() + offset;
    let first = begin.div_euclid(step) * step + if begin.rem_euclid(step) > 0 { step } else { 0 };
    (0..=most)
        .filter_map(|i| Timestamp::from_second(first + i * step - offset).ok())
        .take_while(|t| *t <= until)
        .map(|t| {
            let local = t.to_zoned(zone.clone());
            let midnight = (local.hour(), local.minute()) == (0, 0);
            let words = if step >= 86_400 || midnight {
                local.strftime("%b %-d")
            } else {
                local.strftime("%H:%M")
            };
            (t, words.to_string())
        })
        .collect()
}

/// The zone's short name at a time: `CET`, `UTC`, `+03`.
pub fn zone_name(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(values: &[f64]) -> (f64, f64, Vec<f64>) {
        let s = Scale::of(values.iter().copied(), 4);
        (s.low, s.high, s.ticks)
    }

    #[test]
    fn value_ticks_are_round_and_hold_all_values() {
        assert_eq!(scale(&[3.0, 87.0]), (0.0, 100.0, vec![0.0, 50.0, 100.0]));
        assert_eq!(
            scale(&[0.0, 3.1]),
            (0.0, 4.0, vec![0.0, 1.0, 2.0, 3.0, 4.0])
        );
        let (low, high, _) = scale(&[61.0, 64.0]);
        assert!(low > 50.0 && high < 70.0, "close together: {low} {high}");
        let (low, high, ticks) = scale(&[-3.0, 5.0]);
        assert!(low <= -3.0 && high >= 5.0 && ticks.contains(&0.0));
    }

    #[test]
    fn nothing_constant_or_nonsense_still_has_a_scale() {
        for values in [
            vec![],
            vec![f64::NAN],
            vec![0.0],
            vec![42.0, 42.0],
            vec![-7.0],
            vec![f64::INFINITY, 1.0],
            vec![1e-300],
            vec![1e300, -1e300],
        ] {
            let s = Scale::of(values.iter().copied(), 4);
            assert!(s.high > s.low && s.ticks.len() >= 2, "{values:?} {s:?}");
            for v in values.into_iter().filter(|v| v.is_finite()) {
                assert!((-0.001..=1.001).contains(&s.share(v)), "{v} {s:?}");
            }
        }
    }

    #[test]
    fn time_ticks_are_round_where_the_person_lives() {
        let zone = TimeZone::get("Asia/Kolkata").unwrap();
        let from: Timestamp = "2026-11-23T10:07:00Z".parse().unwrap();
        let until: Timestamp = "2026-11-23T13:07:00Z".parse().unwrap();
        let words: Vec<_> = times(from, until, 6, &zone)
            .into_iter()
            .map(|t| t.1)
            .collect();
        assert_eq!(
            words,
            ["16:00", "16:30", "17:00", "17:30", "18:00", "18:30"]
        );
        assert_eq!(zone_name(from, &zone), "IST");
    }

    #[test]
    fn days_are_named_and_an_empty_range_has_no_ticks() {
        let at = |s: &str| s.parse::<Timestamp>().unwrap();
        let week = times(
            at("2026-11-20T12:00:00Z"),
            at("2026-11-27T12:00:00Z"),
            8,
            &TimeZone::UTC,
        );
        assert_eq!(week.first().map(|t| t.1.as_str()), Some("Nov 21"));
        assert_eq!(week.len(), 7);
        assert!(times(week[0].0, week[0].0, 4, &TimeZone::UTC).is_empty());
    }
}
