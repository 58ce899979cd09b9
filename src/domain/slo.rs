//! Service level objectives: target, current, error budget, burn rate.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

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
    /// Burn rate over the last hour: 1.0 spends the budget exactly by the end of the window.
    pub burn_1h: Option<f64>,
    /// Burn rate over the last six hours.
    pub burn_6h: Option<f64>,
    /// How long a window the figures are over, seconds; less than the SLO's own while history is short.
    pub window_s: u64,
    /// For a sparkline, oldest first.
    pub recent: Arc<[(Timestamp, f64)]>,
}

impl Slo {
    /// Whether the current value keeps the promise.
    pub fn is_met(&self) -> Option<bool> {
        let current = self.current?;
        Some(match self.kind {
            SloKind::Availability => current >= self.target,
            SloKind::ResponseTime | SloKind::ErrorRate => current <= self.target,
        })
    }
}
