//! Promises from what load balancers measured: a pure function from counts to budgets and burn rates.
//!
//! Budget and burn follow the SRE workbook: a burn rate of 1.0 spends the budget exactly by the end of the window. For the mean
//! response time the budget is the time that all requests together may take (target times requests); its burn rate is the
//! mean over the target.

mod burn;
mod past;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::config::SloConfig;
pub use crate::domain::counts::Bucket;
use crate::domain::queries;
use crate::domain::slo::{Budget, Counted, Ending, HOUR_S, LATELY_S, Slo, SloKind};
use past::Past;

/// Requests are missed after this: then nobody can tell how a promise stands now.
const SILENCE: SignedDuration = SignedDuration::from_hours(1);

/// What a promise makes of counts.
#[derive(Clone, Copy, Debug)]
struct Promise {
    kind: SloKind,
    target: f64,
}

/// How much may go wrong, and how much has: failed requests, or seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Weight {
    spent: f64,
    allowed: f64,
}

impl Weight {
    fn plus(self, other: Self) -> Self {
        Self {
            spent: self.spent + other.spent,
            allowed: self.allowed + other.allowed,
        }
    }

    /// Spent over allowed; `None` where nothing is allowed, because then there is no budget to speak of.
    fn rate(self) -> Option<f64> {
        (self.allowed > 1e-12).then(|| self.spent / self.allowed)
    }
}

impl Promise {
    /// Share of requests that may fail, 0..=1; `None` where it is not about failures.
    fn may_fail(&self) -> Option<f64> {
        match self.kind {
            SloKind::Availability => Some((100.0 - self.target) / 100.0),
            SloKind::ErrorRate => Some(self.target / 100.0),
            SloKind::ResponseTime => None,
        }
        // What is left of 100 - 99.999... by rounding is no budget.
        .map(|share| if share < 1e-9 { 0.0 } else { share })
    }

    fn weigh(&self, b: &Bucket) -> Weight {
        match self.may_fail() {
            Some(share) => Weight {
                spent: b.failures.min(b.requests).max(0.0),
                allowed: share * b.requests,
            },
            None => Weight {
                spent: b.seconds,
                allowed: self.target / 1000.0 * b.timed,
            },
        }
    }

    /// The value in the kind's unit.
    fn value(&self, b: &Bucket) -> Option<f64> {
        match self.kind {
            SloKind::Availability => b.failed().map(|f| (1.0 - f) * 100.0),
            SloKind::ErrorRate => b.failed().map(|f| f * 100.0),
            SloKind::ResponseTime => b.mean_ms(),
        }
    }

    fn points<'a>(&self, all: impl Iterator<Item = &'a Bucket>) -> Arc<[(Timestamp, f64)]> {
        all.filter_map(|b| Some((b.at, self.value(b)?))).collect()
    }
}

/// What was counted.
#[derive(Clone, Copy, Debug)]
pub struct Over<'a> {
    /// Load balancers, by their CloudWatch dimension.
    pub balancers: &'a [String],
    /// What was not counted, in words.
    pub missing: Option<&'a str>,
}

/// What was counted over the window, in rows of ever shorter periods, oldest first; each replaces the one before it from its begin on.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// Periods of an hour, over the window.
    pub long: &'a [Bucket],
    /// Shorter ones, which begin on an hour.
    pub short: &'a [Bucket],
    /// Length of those, seconds.
    pub short_s: u32,
    /// Whole minutes, of which the first begins where a short period does: the newest figures.
    pub minutes: &'a [Bucket],
}

/// Judges the three promises over the load balancers. Without data every figure is `None`.
pub fn judge(targets: &SloConfig, over: Over<'_>, rows: Rows<'_>, now: Timestamp) -> Vec<Slo> {
    let wanted_s = u64::from(targets.window_days) * 86_400;
    let past = Past::of(rows, wanted_s, now);
    let counted = Arc::new(Counted {
        missing: over.missing.map(str::to_owned),
        ..counted(&past)
    });
    let promises = [
        (SloKind::Availability, targets.availability),
        (SloKind::ResponseTime, targets.response_ms),
        (SloKind::ErrorRate, targets.error_rate),
    ];
    promises
        .map(|(kind, target)| Promise { kind, target })
        .iter()
        .map(|p| Slo {
            queries: over
                .balancers
                .iter()
                .flat_map(|b| queries::promise(p.kind, b))
                .collect(),
            counted: counted.clone(),
            ..slo(p, &past)
        })
        .map(without_good_figures)
        .collect()
}

/// Of what was counted in part no good figure is known: failures that nobody counted would look like full marks. A bad one stays.
fn without_good_figures(mut slo: Slo) -> Slo {
    if slo.counted.missing.is_none() || slo.is_met().is_some() {
        return slo;
    }
    (slo.current, slo.budget_left_percent, slo.budget) = (None, None, None);
    slo.remaining = Arc::default();
    for burn in slo.burns.iter_mut().filter(|b| b.fires() != Some(true)) {
        (burn.rate, burn.short_rate, burn.ending) = (None, None, Ending::Unknown);
    }
    slo
}

fn slo(p: &Promise, past: &Past) -> Slo {
    let all = past.weight(p, past.begin);
    let spent = all.rate();
    let covered_s = past.covered_s(past.wanted_s);
    let budget = spent.map(|share| Budget {
        allowed: all.allowed,
        spent: all.spent,
        minutes_left: p
            .may_fail()
            .map(|may| (1.0 - share) * may * covered_s as f64 / 60.0),
    });
    Slo {
        kind: p.kind,
        target: p.target,
        current: p.value(&Bucket::sum(past.buckets().map(|(b, _)| b))),
        budget_left_percent: spent.map(|s| (1.0 - s) * 100.0),
        budget,
        burns: burn::burns(p, past),
        window_s: covered_s,
        wanted_s: past.wanted_s,
        silent_since: past
            .newest
            .filter(|at| past.now.duration_since(*at) > SILENCE),
        recent: p.points(past.recent.iter()),
        history: p.points(past.hours().iter()),
        remaining: remaining(p, past, all.allowed),
        counted: Arc::default(),
        queries: Arc::default(),
    }
}

/// What was left of the whole budget after each hour, percent.
fn remaining(p: &Promise, past: &Past, allowed: f64) -> Arc<[(Timestamp, f64)]> {
    if allowed <= 1e-12 {
        return Arc::default();
    }
    let hour = SignedDuration::from_secs(i64::from(HOUR_S));
    let mut spent = 0.0;
    past.hours()
        .iter()
        .map(|b| {
            spent += p.weigh(b).spent;
            let end = b.at.saturating_add(hour).unwrap_or(past.now);
            (end.min(past.now), (1.0 - spent / allowed) * 100.0)
        })
        .collect()
}

fn counted(past: &Past) -> Counted {
    let all = Bucket::sum(past.buckets().map(|(b, _)| b));
    let none = past.inside(u64::from(HOUR_S)).requests <= 0.0;
    let lately_s = LATELY_S.unsigned_abs();
    let seconds = past.counted_s(lately_s) as f64;
    let row = past.recent.iter();
    Counted {
        requests: all.requests,
        failures: all.failures,
        per_second: (!none && seconds > 0.0).then(|| past.inside(lately_s).requests / seconds),
        recent: row
            .map(|b| (b.at, b.requests / past.length_of(b)))
            .collect(),
        missing: None,
        minutes: past.minutes.as_slice().into(),
        until: past.newest,
    }
}
