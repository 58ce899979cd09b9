//! Promises from what load balancers measured: a pure function from counts to budgets and burn rates.
//!
//! Budget and burn follow the SRE workbook: a burn rate of 1.0 spends the budget exactly by the end of the window. For the mean
//! response time the budget is the time that all requests together may take (target times requests); its burn rate is the
//! mean over the target.

use jiff::{SignedDuration, Timestamp};

use crate::config::SloConfig;
use crate::domain::slo::{Slo, SloKind};

/// What load balancers counted in one period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// Start of the period (UTC).
    pub at: Timestamp,
    /// Requests, refused ones included.
    pub requests: f64,
    /// Those that ended in a 5xx of a target or of the load balancer itself.
    pub failures: f64,
    /// Requests whose time is known.
    pub timed: f64,
    /// Seconds that those took together.
    pub seconds: f64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    requests: f64,
    failures: f64,
    timed: f64,
    seconds: f64,
}

impl Sum {
    fn of<'a>(buckets: impl Iterator<Item = &'a Bucket>) -> Self {
        buckets.fold(Self::default(), |mut sum, b| {
            sum.requests += b.requests;
            sum.failures += b.failures;
            sum.timed += b.timed;
            sum.seconds += b.seconds;
            sum
        })
    }

    /// Share of requests that failed, 0..=1; `None` without requests.
    fn failed(&self) -> Option<f64> {
        (self.requests > 0.0).then(|| (self.failures / self.requests).clamp(0.0, 1.0))
    }

    /// Mean response time, milliseconds.
    fn mean_ms(&self) -> Option<f64> {
        (self.timed > 0.0).then(|| self.seconds / self.timed * 1000.0)
    }
}

/// Judges the three promises. `long`: buckets of an hour over the window; `recent`: short buckets that begin on an hour and
/// replace the long ones from there on. Without data every figure is `None`.
pub fn judge(targets: &SloConfig, long: &[Bucket], recent: &[Bucket], now: Timestamp) -> Vec<Slo> {
    let seam = recent.first().map_or(now, |b| b.at);
    let window = SignedDuration::from_hours(24 * i64::from(targets.window_days));
    let begin = now.saturating_sub(window).unwrap_or(Timestamp::MIN);
    let history = || {
        let before = long.iter().filter(move |b| b.at < seam);
        before.chain(recent).filter(move |b| b.at >= begin)
    };
    let since = |hours| {
        let from = now
            .saturating_sub(SignedDuration::from_hours(hours))
            .unwrap_or(now);
        Sum::of(recent.iter().filter(move |b| b.at >= from))
    };
    let all = Sum::of(history());
    let first = history().find(|b| b.requests > 0.0).map(|b| b.at);
    let window_s = first.map_or(0, |at| now.duration_since(at).as_secs().unsigned_abs());
    let (hour, six) = (since(1), since(6));
    let slo = |kind,
               target,
               current: Option<f64>,
               spent: &dyn Fn(&Sum) -> Option<f64>,
               shown: &dyn Fn(&Sum) -> Option<f64>| Slo {
        kind,
        target,
        current,
        budget_left_percent: spent(&all).map(|s| (1.0 - s) * 100.0),
        burn_1h: spent(&hour),
        burn_6h: spent(&six),
        window_s,
        recent: recent
            .iter()
            .filter_map(|b| Some((b.at, shown(&Sum::of(std::iter::once(b)))?)))
            .collect(),
    };
    let served = |s: &Sum| s.failed().map(|f| (1.0 - f) * 100.0);
    let failed = |s: &Sum| s.failed().map(|f| f * 100.0);
    vec![
        slo(
            SloKind::Availability,
            targets.availability,
            served(&all),
            &|s| ratio(failed(s)?, 100.0 - targets.availability),
            &served,
        ),
        slo(
            SloKind::ResponseTime,
            targets.response_ms,
            all.mean_ms(),
            &|s| ratio(s.mean_ms()?, targets.response_ms),
            &Sum::mean_ms,
        ),
        slo(
            SloKind::ErrorRate,
            targets.error_rate,
            failed(&all),
            &|s| ratio(failed(s)?, targets.error_rate),
            &failed,
        ),
    ]
}

/// A share of what is allowed; `None` where nothing is allowed, because then there is no budget to speak of.
fn ratio(spent: f64, allowed: f64) -> Option<f64> {
    (allowed > 1e-9).then(|| spent / allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600;

    fn bucket(second: i64, requests: f64, failures: f64, mean_s: f64) -> Bucket {
        Bucket {
            at: Timestamp::from_second(second).unwrap(),
            requests,
            failures,
            timed: requests,
            seconds: requests * mean_s,
        }
    }

    fn judged(long: &[Bucket], recent: &[Bucket], hours: i64) -> Vec<Slo> {
        let now = Timestamp::from_second(hours * HOUR).unwrap();
        judge(&SloConfig::default(), long, recent, now)
    }

    fn near(a: Option<f64>, b: f64) -> bool {
        a.is_some_and(|a| (a - b).abs() < 1e-6)
    }

    #[test]
    fn no_data_is_no_green() {
        for slo in judged(&[], &[], 100) {
            assert_eq!(
                (slo.current, slo.is_met(), slo.budget_left_percent),
                (None, None, None)
            );
            assert_eq!((slo.burn_1h, slo.burn_6h, slo.window_s), (None, None, 0));
        }
        let idle = judged(&[], &[bucket(90 * HOUR, 0.0, 0.0, 0.0)], 91);
        assert_eq!(idle[0].current, None, "no requests keep no promise");
    }

    #[test]
    fn budget_and_burn_follow_from_the_counts() {
        // Ten quiet hours, then an hour in which 1 % fails: ten times the allowed 0.1 %.
        let long: Vec<_> = (0..10)
            .map(|h| bucket(h * HOUR, 1_000.0, 0.0, 0.1))
            .collect();
        let recent: Vec<_> = (0..12)
            .map(|i| bucket(10 * HOUR + i * 300, 100.0, 1.0, 0.3))
            .collect();
        let slos = judged(&long, &recent, 11);
        let availability = &slos[0];
        assert!(near(availability.current, 100.0 * (1.0 - 12.0 / 11_200.0)));
        assert!(
            near(availability.burn_1h, 10.0),
            "{:?}",
            availability.burn_1h
        );
        assert!(
            near(
                availability.budget_left_percent,
                (1.0 - 12.0 / 11.2) * 100.0
            ),
            "overspent"
        );
        assert_eq!(availability.is_met(), Some(false));
        let response = &slos[1];
        let mean = (10_000.0 * 100.0 + 1_200.0 * 300.0) / 11_200.0;
        assert!(near(response.current, mean) && near(response.burn_1h, 1.5));
        assert_eq!(
            (response.window_s, response.recent.len()),
            (11 * HOUR as u64, 12)
        );
        assert!(near(slos[2].current, 1_200.0 / 11_200.0));
    }

    #[test]
    fn hours_that_the_short_periods_cover_count_once_and_old_ones_not_at_all() {
        let long = [
            bucket(0, 500.0, 500.0, 1.0),
            bucket(800 * HOUR, 100.0, 100.0, 1.0),
        ];
        let recent = [bucket(800 * HOUR, 100.0, 0.0, 0.1)];
        let slos = judged(&long, &recent, 801);
        assert!(near(slos[0].current, 100.0), "{:?}", slos[0].current);
        assert_eq!(slos[0].window_s, HOUR as u64);
    }
}
