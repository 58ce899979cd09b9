//! Service level objectives: target, current, error budget, burn rates, and when the budget ends.
//!
//! Words after the Google SRE workbook, "Alerting on SLOs": a burn rate of 1.0 spends the budget exactly by the end of the
//! objective's window; a burn counts where a long window and its twelfth both lie above a threshold.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::counts::{Bucket, Stretch};
use super::metric::{MetricQuery, Unit};

/// Which promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SloKind {
    /// Share of requests that did not fail with 5xx; target in percent (99.9).
    Availability,
    /// Mean response time; target in milliseconds (200).
    ResponseTime,
    /// Share of requests that failed, percent (0.1).
    ErrorRate,
}

impl SloKind {
    /// The word shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Availability => "availability",
            Self::ResponseTime => "response",
            Self::ErrorRate => "errors",
        }
    }

    /// Unit of target and current.
    pub fn unit(self) -> Unit {
        match self {
            Self::Availability | Self::ErrorRate => Unit::Percent,
            Self::ResponseTime => Unit::Milliseconds,
        }
    }

    /// A value with its unit, in as many digits as the promise needs: `99.940 %`, `143 ms`.
    pub fn amount(self, value: f64) -> String {
        match self {
            Self::Availability | Self::ErrorRate => format!("{value:.3} %"),
            Self::ResponseTime => Unit::Milliseconds.format(value),
        }
    }

    /// The promise in a few characters: `≥ 99.9 %`, `≤ 200 ms`.
    pub fn promise(self, target: f64) -> String {
        match self {
            Self::Availability => format!("≥ {target} %"),
            Self::ErrorRate => format!("≤ {target} %"),
            Self::ResponseTime => format!("≤ {target} ms"),
        }
    }
}

/// What the burn of a window asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// Somebody, now.
    Page,
    /// Somebody, in working hours.
    Ticket,
}

/// When a budget ends if things go on at one burn rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "when", content = "at")]
pub enum Ending {
    /// Too little is known.
    Unknown,
    /// It is spent already.
    Spent,
    /// Then (UTC).
    At(Timestamp),
    /// Not within a whole window from now.
    Lasts,
}

/// The burn rate of one window.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Burn {
    /// Length of the window, seconds.
    pub window_s: u32,
    /// Seconds of it that are known; less while history is short.
    pub covered_s: u32,
    /// Burn rate; `None` without requests.
    pub rate: Option<f64>,
    /// Length of the short window that tells whether it still burns, seconds.
    pub short_s: u32,
    /// Burn rate of the short window.
    pub short_rate: Option<f64>,
    /// Burn rate above which somebody is to be told.
    pub threshold: f64,
    /// How urgently.
    pub urgency: Urgency,
    /// When the budget ends at this rate.
    pub ending: Ending,
}

impl Burn {
    /// Whether both windows burn above the threshold; `None` where that cannot be told.
    pub fn fires(&self) -> Option<bool> {
        let above = |rate: Option<f64>| rate.map(|r| r > self.threshold);
        match (above(self.rate), above(self.short_rate)) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        }
    }
}

/// An error budget over what is known of the window.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Budget {
    /// What may go wrong: requests that may fail, or seconds that all requests together may take.
    pub allowed: f64,
    /// What of it has.
    pub spent: f64,
    /// What is left as minutes in which everything may fail; `None` where the budget is not one of failures.
    pub minutes_left: Option<f64>,
}

impl Budget {
    /// What is left; negative once overspent.
    pub fn left(&self) -> f64 {
        self.allowed - self.spent
    }
}

/// What was counted, alike for all promises.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Counted {
    /// Requests in the window, refused ones included.
    pub requests: f64,
    /// Those that failed.
    pub failures: f64,
    /// Requests a second over the last five minutes that were counted; `None` where none came for an hour.
    pub per_second: Option<f64>,
    /// Requests a second, short periods, oldest first.
    pub recent: Arc<[(Timestamp, f64)]>,
    /// What was not counted, in words; `None`: everything that the promises are about was.
    pub missing: Option<String>,
    /// Whole minutes of the last hour, oldest first.
    pub minutes: Arc<[Bucket]>,
    /// Until when requests were counted: the figures are as old as that (UTC). `None` where none were.
    pub until: Option<Timestamp>,
}

/// What is said to be so now was so in the last minutes, this many seconds: long enough to be no whim.
pub const LATELY_S: i64 = 300;

impl Counted {
    /// The last whole minutes that were counted; `None` where the newest are older than so many seconds before now.
    pub fn lately(&self, now: Timestamp, at_most_s: i64) -> Option<Stretch> {
        let newest = self.minutes.iter().rev().find(|b| b.requests > 0.0)?;
        let until = newest.at.saturating_add(SignedDuration::from_mins(1));
        let until = until.unwrap_or(newest.at);
        let age = now.duration_since(until).as_secs();
        (age <= at_most_s).then(|| Stretch::until(until, LATELY_S))
    }
}

/// How a promise stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The value breaks the target.
    Broken,
    /// Kept, but the budget burns so fast that somebody is to be told.
    Burning(Urgency),
    /// No data, none lately, or not of everything.
    Unknown,
    /// Kept.
    Kept,
}

impl Standing {
    /// The word shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Broken => "BROKEN",
            Self::Burning(Urgency::Page) => "BURNING",
            Self::Burning(Urgency::Ticket) => "burning",
            Self::Unknown => "unknown",
            Self::Kept => "kept",
        }
    }
}

/// An objective and how it stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Slo {
    /// Which.
    pub kind: SloKind,
    /// In the kind's unit.
    pub target: f64,
    /// Over the window; `None` without data, which is not green.
    pub current: Option<f64>,
    /// Error budget left, percent of the whole; may be negative once overspent. `None` without data.
    pub budget_left_percent: Option<f64>,
    /// The budget itself; `None` without data, or where the target allows nothing.
    pub budget: Option<Budget>,
    /// Burn rates of one hour, six hours and three days, in this order.
    pub burns: Vec<Burn>,
    /// How long a window the figures are over, seconds; less than the SLO's own while history is short.
    pub window_s: u64,
    /// The SLO's own window, seconds.
    pub wanted_s: u64,
    /// End of the newest period with requests (UTC), where that is more than an hour ago: what happens now is not known.
    pub silent_since: Option<Timestamp>,
    /// The last hours in short periods, in the kind's unit, oldest first.
    pub recent: Arc<[(Timestamp, f64)]>,
    /// The window in periods of an hour, in the kind's unit, oldest first.
    pub history: Arc<[(Timestamp, f64)]>,
    /// What was left of the budget at the end of each hour of the window, percent, oldest first.
    pub remaining: Arc<[(Timestamp, f64)]>,
    /// What was counted.
    pub counted: Arc<Counted>,
    /// Which series say so.
    pub queries: Arc<[MetricQuery]>,
}

/// One hour, seconds.
pub const HOUR_S: u32 = 3_600;
/// Six hours, seconds.
pub const SIX_HOURS_S: u32 = 6 * HOUR_S;
/// Three days, seconds.
pub const THREE_DAYS_S: u32 = 72 * HOUR_S;

impl Slo {
    /// Whether the current value keeps the promise; `None` where nobody can tell. A good value of the past tells nothing while
    /// nothing is counted, nor does one of a part; a bad one still breaks the promise.
    pub fn is_met(&self) -> Option<bool> {
        let current = self.current?;
        let met = match self.kind {
            SloKind::Availability => current >= self.target,
            SloKind::ResponseTime | SloKind::ErrorRate => current <= self.target,
        };
        let telling = self.silent_since.is_none() && self.counted.missing.is_none();
        (!met || telling).then_some(met)
    }

    /// How it stands: the worst of value and burn rates. What was counted in part may be no proof that a promise is kept; it is one that
    /// its budget burns.
    pub fn standing(&self) -> Standing {
        let fires = |urgency| {
            let mut of_it = self.burns.iter().filter(|b| b.urgency == urgency);
            of_it.any(|b| b.fires() == Some(true))
        };
        let burns = || match (fires(Urgency::Page), fires(Urgency::Ticket)) {
            (true, _) => Some(Standing::Burning(Urgency::Page)),
            (false, true) => Some(Standing::Burning(Urgency::Ticket)),
            _ => None,
        };
        // Where nothing is counted any more, what burnt says nothing of now.
        let is_silent = self.current.is_none() || self.silent_since.is_some();
        match self.is_met() {
            Some(false) => Standing::Broken,
            Some(true) => burns().unwrap_or(Standing::Kept),
            None if is_silent => Standing::Unknown,
            None => burns().unwrap_or(Standing::Unknown),
        }
    }

    /// Whether its whole window is known. Old counts come by the hour, so one that begins within an hour or two is whole.
    pub fn is_whole(&self) -> bool {
        self.window_s + 2 * u64::from(HOUR_S) >= self.wanted_s
    }

    /// The burn of a window of so many seconds.
    pub fn burn(&self, window_s: u32) -> Option<&Burn> {
        self.burns.iter().find(|b| b.window_s == window_s)
    }

    /// The burn rate of a window of so many seconds.
    pub fn burn_rate(&self, window_s: u32) -> Option<f64> {
        self.burn(window_s)?.rate
    }

    /// The burn that says when the budget ends: the fastest that fires, else that of six hours, which is long enough to be no
    /// whim and short enough to be the present.
    pub fn leading(&self) -> Option<&Burn> {
        let mut fires = self.burns.iter().filter(|b| b.fires() == Some(true));
        fires.next().or_else(|| self.burn(SIX_HOURS_S))
    }

    /// When the budget ends at the leading rate.
    pub fn ending(&self) -> Ending {
        self.leading().map_or(Ending::Unknown, |b| b.ending)
    }

    /// What is left of the budget in its own terms: `1.2 k requests, 26 min`, `57 ms a request`.
    pub fn left_words(&self) -> Option<String> {
        let (budget, left) = (self.budget?, self.budget_left_percent?);
        Some(match self.kind {
            SloKind::ResponseTime => {
                let ms = Unit::Milliseconds.format((self.target * left / 100.0).abs());
                let sign = if left < 0.0 { "-" } else { "" };
                format!("{sign}{ms} a request")
            }
            SloKind::Availability | SloKind::ErrorRate => {
                let requests = Unit::Count.format(budget.left().round());
                let minutes = budget.minutes_left.map(minutes).unwrap_or_default();
                format!("{requests} requests, {minutes}")
            }
        })
    }
}

/// Minutes with a sensible number of digits: `43 min`, `1.6 min`, `-2.1 h`.
pub fn minutes(value: f64) -> String {
    match value.abs() {
        v if v >= 600.0 => format!("{:.0} h", value / 60.0),
        v if v >= 120.0 => format!("{:.1} h", value / 60.0),
        v if v >= 10.0 => format!("{value:.0} min"),
        _ => format!("{value:.1} min"),
    }
}

/// A burn rate in few characters: `0.6x`, `14x`, `1000x`; `?` where it is not known.
pub fn rate_words(rate: Option<f64>) -> String {
    match rate {
        None => "?".into(),
        Some(r) if r < 0.005 => "0x".into(),
        Some(r) if r < 0.95 => format!("{r:.2}x"),
        Some(r) if r < 9.95 => format!("{r:.1}x"),
        Some(r) => format!("{r:.0}x"),
    }
}

/// What is left of a budget in few characters: `61 %`, `-40 %`, `-12x` (so many times the budget too much); `?`.
pub fn left_percent_words(left: Option<f64>) -> String {
    match left {
        None => "?".into(),
        Some(l) if l < -999.0 => format!("{:.0}x", l / 100.0),
        Some(l) => {
            // A budget that is not quite spent does not read as spent, nor a touched one as whole.
            let shown = l.round();
            match () {
                () if l > 0.0 && shown == 0.0 => "<1 %".into(),
                () if l < 100.0 && shown == 100.0 => ">99 %".into(),
                () => format!("{:.0} %", if shown == 0.0 { 0.0 } else { shown }),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn burn(rate: Option<f64>, short_rate: Option<f64>) -> Burn {
        Burn {
            window_s: HOUR_S,
            covered_s: HOUR_S,
            rate,
            short_s: 300,
            short_rate,
            threshold: 14.4,
            urgency: Urgency::Page,
            ending: Ending::Lasts,
        }
    }

    #[test]
    fn a_burn_counts_only_while_both_windows_burn() {
        for (long, short, fires) in [
            (Some(20.0), Some(20.0), Some(true)),
            (Some(20.0), Some(1.0), Some(false)),
            (Some(14.4), Some(99.0), Some(false)),
            (Some(20.0), None, None),
            (None, Some(0.0), Some(false)),
            (None, None, None),
        ] {
            assert_eq!(burn(long, short).fires(), fires, "{long:?} {short:?}");
        }
    }

    /// A part of the load balancers is no proof that a promise is kept, and is one that its budget burns.
    #[test]
    fn what_was_counted_in_part_burns_and_is_not_kept() {
        let standing = |rate: f64, missing: bool, silent: bool| {
            let burn = Burn {
                window_s: HOUR_S,
                covered_s: HOUR_S,
                rate: Some(rate),
                short_s: HOUR_S / 12,
                short_rate: Some(rate),
                threshold: 14.4,
                urgency: Urgency::Page,
                ending: Ending::Unknown,
            };
            let slo = Slo {
                kind: SloKind::Availability,
                target: 99.9,
                current: Some(99.95),
                budget_left_percent: Some(50.0),
                budget: None,
                burns: vec![burn],
                window_s: 0,
                wanted_s: 0,
                silent_since: silent.then_some(Timestamp::UNIX_EPOCH),
                recent: Arc::default(),
                history: Arc::default(),
                remaining: Arc::default(),
                counted: Arc::new(Counted {
                    missing: missing.then(|| "20 of 21".into()),
                    ..Counted::default()
                }),
                queries: Arc::default(),
            };
            slo.standing()
        };
        let page = Standing::Burning(Urgency::Page);
        assert_eq!(standing(20.0, false, false), page);
        assert_eq!(standing(20.0, true, false), page);
        assert_eq!(standing(1.0, true, false), Standing::Unknown);
        assert_eq!(standing(1.0, false, false), Standing::Kept);
        assert_eq!(standing(20.0, true, true), Standing::Unknown, "of before");
    }

    #[test]
    fn figures_are_short_and_say_what_they_are() {
        assert_eq!(
            [0.0, 0.004, 0.6, 1.0, 14.4, 1000.0].map(|r| rate_words(Some(r))),
            ["0x", "0x", "0.60x", "1.0x", "14x", "1000x"]
        );
        assert_eq!(
            [100.0, 99.9, 61.2, 0.3, 0.0, -0.2, -40.0, -99_900.0]
                .map(|l| left_percent_words(Some(l))),
            [
                "100 %", ">99 %", "61 %", "<1 %", "0 %", "0 %", "-40 %", "-999x"
            ]
        );
        assert_eq!(
            (rate_words(None), left_percent_words(None)),
            ("?".into(), "?".into())
        );
        assert_eq!(
            [43.2, 1.56, 150.0, -900.0].map(minutes),
            ["43 min", "1.6 min", "2.5 h", "-15 h"]
        );
        assert_eq!(SloKind::Availability.promise(99.9), "≥ 99.9 %");
        assert_eq!(SloKind::ResponseTime.amount(143.4), "143 ms");
    }
}
