//! Burn rates over several windows, and when the budget ends at each.
//!
//! Windows, their shares of the budget and the short window of a twelfth are those of the SRE workbook, "Multiwindow,
//! Multi-Burn-Rate Alerts": 2 % of a budget in an hour and 5 % in six hours call somebody, 10 % in three days make a ticket.
//! For a window of 30 days these are burn rates of 14.4, 6 and 1.

use jiff::{SignedDuration, Timestamp};

use super::past::Past;
use super::{Promise, Weight};
use crate::domain::slo::{Burn, Ending, HOUR_S, SIX_HOURS_S, THREE_DAYS_S, Urgency};

/// (window in seconds, share of the budget that may go in it, what more than that asks for).
const WINDOWS: [(u32, f64, Urgency); 3] = [
    (HOUR_S, 0.02, Urgency::Page),
    (SIX_HOURS_S, 0.05, Urgency::Page),
    (THREE_DAYS_S, 0.10, Urgency::Ticket),
];

/// The short window is this part of the long one.
const SHORT: u32 = 12;

/// The burn rates of a promise.
pub(super) fn burns(p: &Promise, past: &Past) -> Vec<Burn> {
    let rate = |seconds: u32| past.lately(p, u64::from(seconds)).rate();
    WINDOWS
        .into_iter()
        .map(|(window_s, share, urgency)| {
            let covered_s = past.covered_s(u64::from(window_s));
            let rate_here = rate(window_s);
            Burn {
                window_s,
                covered_s: u32::try_from(covered_s).unwrap_or(window_s),
                rate: rate_here,
                short_s: window_s / SHORT,
                short_rate: rate(window_s / SHORT),
                // A short objective would be told of what it can bear.
                threshold: (share * past.wanted_s as f64 / f64::from(window_s)).max(1.0),
                urgency,
                ending: rate_here.map_or(Ending::Unknown, |r| ending(p, past, r)),
            }
        })
        .collect()
}

/// When the budget is spent if it goes on burning at a rate while as many requests come as came on average: hour by hour,
/// because what is old leaves the window and takes its share along.
fn ending(p: &Promise, past: &Past, rate: f64) -> Ending {
    let mut sum = past.weight(p, past.begin);
    let covered_s = past.covered_s(past.wanted_s) as f64;
    if sum.rate().is_none() || covered_s < 1.0 {
        return Ending::Unknown;
    }
    if sum.spent >= sum.allowed {
        return Ending::Spent;
    }
    let hour = f64::from(HOUR_S);
    let allowed = sum.allowed / covered_s * hour;
    let coming = Weight {
        spent: rate * allowed,
        allowed,
    };
    let mut leaving = past.buckets().peekable();
    let mut left = sum.allowed - sum.spent;
    for hours in 1..=past.wanted_s.div_ceil(u64::from(HOUR_S)) {
        let passed = SignedDuration::from_hours(i64::try_from(hours).unwrap_or(i64::MAX));
        let begin = past.begin.saturating_add(passed).unwrap_or(Timestamp::MAX);
        sum = sum.plus(coming);
        while let Some((old, _)) = leaving.next_if(|(b, _)| b.at < begin) {
            let gone = p.weigh(old);
            sum.spent -= gone.spent;
            sum.allowed -= gone.allowed;
        }
        let now_left = sum.allowed - sum.spent;
        if now_left <= 0.0 {
            // Within the hour, as if it went evenly.
            let share = (left / (left - now_left)).clamp(0.0, 1.0);
            let seconds = ((hours as f64 - 1.0 + share) * hour) as i64;
            let at = past.now.saturating_add(SignedDuration::from_secs(seconds));
            return at.map_or(Ending::Lasts, Ending::At);
        }
        left = now_left;
    }
    Ending::Lasts
}
