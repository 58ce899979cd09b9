//! Whether something fills up: told only where the points carry it. What follows the load of the day rises for hours and goes back, so
//! that hours of a day are compared with the same hours of the day before, and the last hours with all that the days before swung.

use jiff::{SignedDuration, Timestamp};

/// Points of series that trends are read from: (start of period, value), oldest first.
pub type Points = [(Timestamp, f64)];

/// Seconds a point that trends of days are read from.
pub const PERIOD_S: u32 = 3_600;
/// Days that are asked for. With seven, one step touches a sixth of the comparisons with the day before.
pub const DAYS: i64 = 7;

const DAY_S: i64 = 86_400;
/// Seconds of days that are needed at least: with fewer a single step would touch most comparisons.
const KNOWN_S: i64 = 3 * DAY_S - 2 * PERIOD_S as i64;
/// Comparisons with the day before that are needed at least.
const COMPARED: usize = 36;
/// How many times the spread of the comparisons their middle must be.
const BEYOND: f64 = 2.0;
/// A spread below this share of the values is no less: vendors round.
const ROUNDED: f64 = 1e-4;
/// Points that the last hours need at least.
const HOURS_POINTS: usize = 30;
/// Share of the change of the last hours that a straight line must explain.
const STRAIGHT: f64 = 0.9;
/// Hours: a trend that ends later than this is none that matters.
const FAR: i64 = 2 * 365 * 24;
/// Hours: what hours tell reaches no farther.
const NEAR: i64 = 24;

/// What is known of the way to a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The limit is reached then (UTC).
    Ends(Timestamp),
    /// It goes nowhere, elsewhere, or too slowly to matter.
    None,
    /// There are too few points to tell.
    TooFew,
}

/// The way to a limit, by points of the last hours (a minute each) and of the last days (an hour each).
pub fn way(hours: &Points, days: &Points, limit: f64) -> Way {
    let known = days.first().zip(days.last());
    let span = known.map_or(0, |(first, last)| last.0.duration_since(first.0).as_secs());
    if span < DAY_S {
        return Way::TooFew;
    }
    if let Some(end) = of_hours(hours, days, limit) {
        return Way::Ends(end);
    }
    let changes = changes(days);
    if span < KNOWN_S || changes.len() < COMPARED {
        return Way::TooFew;
    }
    of_days(&changes, days, limit).map_or(Way::None, Way::Ends)
}

/// Each point less the one of the same hour a day before.
fn changes(days: &Points) -> Vec<(Timestamp, f64)> {
    let before = |at: Timestamp| {
        let then = at.checked_sub(SignedDuration::from_secs(DAY_S)).ok()?;
        let n = days.binary_search_by_key(&then, |p| p.0).ok()?;
        days.get(n)
    };
    let pairs = days.iter().filter_map(|p| before(p.0).map(|b| (p, b)));
    pairs.map(|(p, b)| (p.0, p.1 - b.1)).collect()
}

/// By days: most hours changed alike since the day before, the last ones too.
fn of_days(changes: &Points, days: &Points, limit: f64) -> Option<Timestamp> {
    let a_day = middle(changes.iter().map(|c| c.1))?;
    let scatter = middle(changes.iter().map(|c| (c.1 - a_day).abs()))?;
    let size = middle(days.iter().map(|p| p.1.abs()))?;
    // 1.4826: the spread of a normal distribution by its median deviation.
    if a_day.abs() < BEYOND * (1.4826 * scatter).max(size * ROUNDED) {
        return None;
    }
    let last = days.last()?.0;
    let of_last_day = |p: &&(Timestamp, f64)| last.duration_since(p.0).as_secs() < DAY_S;
    let lately = middle(changes.iter().filter(of_last_day).map(|c| c.1))?;
    if lately / a_day < 0.5 {
        return None;
    }
    // The wave of the day reaches the limit first where it is nearest to it.
    let nearest = days.iter().filter(of_last_day).map(|p| p.1);
    let nearest = nearest.min_by(|a, b| (limit - a).abs().total_cmp(&(limit - b).abs()))?;
    after(last, (limit - nearest) / a_day * 24.0, FAR)
}

/// By hours: a straight line that went farther than all of the days before, and ends within a day.
fn of_hours(hours: &Points, days: &Points, limit: f64) -> Option<Timestamp> {
    let ((first, from), (last, now)) = (hours.first()?, hours.last()?);
    if hours.len() < HOURS_POINTS {
        return None;
    }
    let earlier = || days.iter().filter(|p| p.0 < *first).map(|p| p.1);
    let most = earlier().fold(f64::NEG_INFINITY, f64::max);
    let least = earlier().fold(f64::INFINITY, f64::min);
    // A minute swings farther than the mean of an hour.
    if (now - from).abs() < BEYOND * (most - least).abs() {
        return None;
    }
    let n = hours.len() as f64;
    let x = |at: &Timestamp| at.duration_since(*first).as_secs_f64();
    let mean_x = hours.iter().map(|p| x(&p.0)).sum::<f64>() / n;
    let mean_y = hours.iter().map(|p| p.1).sum::<f64>() / n;
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    for (at, value) in hours {
        let (dx, dy) = (x(at) - mean_x, value - mean_y);
        xx += dx * dx;
        xy += dx * dy;
        yy += dy * dy;
    }
    if xx <= 0.0 || yy <= 0.0 || xy * xy / (xx * yy) < STRAIGHT {
        return None;
    }
    after(*last, (limit - now) / (xy / xx) / 3_600.0, NEAR)
}

fn after(at: Timestamp, hours: f64, most: i64) -> Option<Timestamp> {
    let hours = hours.round();
    if !(0.0..=most as f64).contains(&hours) {
        return None;
    }
    at.checked_add(SignedDuration::from_hours(hours as i64))
        .ok()
}

/// The median; `None` of nothing, and of what is no number.
fn middle(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut all: Vec<f64> = values.collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().filter(|m| m.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_H: i64 = 10_000;

    fn hourly(hours: i64, of: impl Fn(f64) -> f64) -> Vec<(Timestamp, f64)> {
        let at = |h: i64| Timestamp::from_second((NOW_H - hours + h) * 3_600).unwrap();
        (0..hours).map(|h| (at(h), of(h as f64))).collect()
    }

    /// The last three hours, a minute a point, by the hours since a week before.
    fn minutes(of: impl Fn(f64) -> f64) -> Vec<(Timestamp, f64)> {
        let at = |m: i64| Timestamp::from_second(NOW_H * 3_600 - (180 - m) * 60).unwrap();
        let hour = |m: i64| 168.0 - (180 - m) as f64 / 60.0;
        (0..180).map(|m| (at(m), of(hour(m)))).collect()
    }

    /// Between -1 and 1, another for each hour and the same in each run.
    fn noise(h: f64) -> f64 {
        let n = (h as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 33;
        (n % 2_001) as f64 / 1_000.0 - 1.0
    }

    fn wave(h: f64) -> f64 {
        49.5 + 1.4 * (h * std::f64::consts::TAU / 24.0).sin()
    }

    fn days_until(way: Way) -> Option<f64> {
        let Way::Ends(at) = way else { return None };
        Some(
            at.duration_since(Timestamp::from_second(NOW_H * 3_600).unwrap())
                .as_secs_f64()
                / 86_400.0,
        )
    }

    /// Whatever the hour that somebody looks at it.
    #[test]
    fn a_daily_wave_has_no_end() {
        for turn in 0..24 {
            let of = |h: f64| wave(h + f64::from(turn)) + 0.1 * noise(h);
            assert_eq!(way(&minutes(of), &hourly(168, of), 100.0), Way::None);
        }
    }

    #[test]
    fn a_line_that_rises_through_wave_and_noise_has_one() {
        let of = |h: f64| wave(h) + h / 24.0 + 0.2 * noise(h);
        let end = days_until(way(&minutes(of), &hourly(168, of), 100.0)).unwrap();
        assert!((38.0..46.0).contains(&end), "1 a day from about 58: {end}");
        assert_eq!(
            way(&[], &hourly(168, of), 0.0),
            Way::None,
            "it leads elsewhere"
        );
        let falling = |h: f64| 400.0 - h;
        let end = days_until(way(&minutes(falling), &hourly(168, falling), 0.0)).unwrap();
        assert!((9.0..10.5).contains(&end), "232 hours are left: {end}");
        let slow = |h: f64| 1e9 - h * 1e4;
        assert_eq!(
            way(&[], &hourly(168, slow), 0.0),
            Way::None,
            "too far away to matter"
        );
    }

    #[test]
    fn a_step_a_swing_and_what_stopped_have_none() {
        for at in [6.0, 40.0, 84.0, 120.0, 150.0, 166.0] {
            let step = |h: f64| if h < at { 40.0 } else { 60.0 };
            assert_eq!(
                way(&minutes(step), &hourly(168, step), 100.0),
                Way::None,
                "at {at}"
            );
        }
        let noisy = |h: f64| 50.0 + 10.0 * noise(h) + h / 100.0;
        // Whichever way it seems to lead.
        for limit in [0.0, 100.0] {
            assert_eq!(way(&minutes(noisy), &hourly(168, noisy), limit), Way::None);
        }
        let stopped = |h: f64| 40.0 + h.min(120.0) / 10.0;
        assert_eq!(
            way(&minutes(stopped), &hourly(168, stopped), 100.0),
            Way::None
        );
        assert_eq!(
            way(&minutes(|_| 50.0), &hourly(168, |_| 50.0), 100.0),
            Way::None
        );
    }

    #[test]
    fn few_points_tell_nothing() {
        let rising = |h: f64| 50.0 + h / 24.0;
        assert_eq!(
            way(&minutes(rising), &[], 100.0),
            Way::TooFew,
            "three hours alone"
        );
        assert_eq!(
            way(&minutes(rising), &hourly(20, rising), 100.0),
            Way::TooFew
        );
        assert_eq!(
            way(&minutes(rising), &hourly(60, rising), 100.0),
            Way::TooFew
        );
        assert!(days_until(way(&minutes(rising), &hourly(72, rising), 100.0)).is_some());
    }

    /// A disk that a runaway log fills within the night is no wave of the day.
    #[test]
    fn hours_tell_of_what_left_all_that_the_days_swung() {
        let runaway = |h: f64| wave(h) + (h - 165.0).max(0.0) * 8.0;
        let end = days_until(way(&minutes(runaway), &hourly(165, wave), 100.0)).unwrap();
        assert!((0.05..0.3).contains(&end), "some 26 at 8 an hour: {end}");
    }
}
