//! What load balancers counted, period by period: requests, failures and the time that answers took, always of the same period.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// What load balancers counted in one period.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
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

impl Bucket {
    /// Share of requests that failed, 0..=1; `None` without requests.
    pub fn failed(&self) -> Option<f64> {
        (self.requests > 0.0).then(|| (self.failures / self.requests).clamp(0.0, 1.0))
    }

    /// Mean response time, milliseconds; `None` where no time is known.
    pub fn mean_ms(&self) -> Option<f64> {
        (self.timed > 0.0).then(|| self.seconds / self.timed * 1000.0)
    }

    /// Both together, at the time of the first.
    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        Self {
            at: self.at,
            requests: self.requests + other.requests,
            failures: self.failures + other.failures,
            timed: self.timed + other.timed,
            seconds: self.seconds + other.seconds,
        }
    }

    /// All together.
    pub fn sum<'a>(all: impl Iterator<Item = &'a Self>) -> Self {
        let none = Self {
            at: Timestamp::UNIX_EPOCH,
            requests: 0.0,
            failures: 0.0,
            timed: 0.0,
            seconds: 0.0,
        };
        all.fold(none, Self::and)
    }
}

/// A stretch of whole minutes that ends where the newest counts end: everything that is said of "now" is said of it, on either side of
/// a load balancer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Its begin (UTC).
    pub from: Timestamp,
    /// Its end (UTC), exclusive.
    pub until: Timestamp,
}

impl Stretch {
    /// The last so many seconds until a time.
    pub fn until(until: Timestamp, seconds: i64) -> Self {
        let from = until.saturating_sub(SignedDuration::from_secs(seconds));
        Self {
            from: from.unwrap_or(Timestamp::MIN),
            until,
        }
    }

    /// Whether a period that begins then lies in it.
    pub fn has(&self, at: Timestamp) -> bool {
        (self.from..self.until).contains(&at)
    }

    /// Its length, seconds.
    pub fn seconds(&self) -> f64 {
        self.until.duration_since(self.from).as_secs_f64()
    }

    /// What was counted in it.
    pub fn sum(&self, minutes: &[Bucket]) -> Bucket {
        Bucket::sum(minutes.iter().filter(|b| self.has(b.at)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_has_its_begin_and_not_its_end() {
        let at = |minute: i64| Timestamp::from_second(minute * 60).unwrap();
        let minute = |n: i64, failures| Bucket {
            at: at(n),
            requests: 10.0,
            failures,
            timed: 10.0,
            seconds: 1.0,
        };
        let all: Vec<Bucket> = (0..8).map(|n| minute(n, n as f64)).collect();
        let last = Stretch::until(at(7), 300);
        let told = last.sum(&all);
        assert_eq!((told.requests, told.failures), (50.0, 20.0));
        assert_eq!((told.failed(), told.mean_ms()), (Some(0.4), Some(100.0)));
        assert_eq!(last.seconds(), 300.0);
    }
}
