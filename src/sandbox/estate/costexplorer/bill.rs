//! What an ordinary day costs, and days as the vendor counts them.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::invalid;
use crate::wire::{ApiError, Node, map};

/// A service on the bill: dollars on an ordinary day, and how much it grows a day (share of itself).
pub(super) struct Line {
    pub(super) service: &'static str,
    pub(super) daily: f64,
    pub(super) growth: f64,
}

const fn line(service: &'static str, daily: f64, growth: f64) -> Line {
    Line {
        service,
        daily,
        growth,
    }
}

pub(super) const LINES: [Line; 10] = [
    line("Amazon Elastic Container Service", 21.40, 0.000_8),
    line("Amazon Relational Database Service", 17.85, 0.000_2),
    line("Amazon ElastiCache", 6.53, 0.0),
    line("Amazon Elastic Load Balancing", 2.31, 0.000_6),
    line("Amazon Simple Storage Service", 1.94, 0.002_1),
    line("EC2 - Other", 4.72, 0.000_5),
    line("AmazonCloudWatch", 3.38, 0.001_4),
    line("Amazon EC2 Container Registry (ECR)", 0.41, 0.001_0),
    line("AWS Secrets Manager", 0.07, 0.0),
    line("AWS WAF", 0.29, 0.0),
];

/// A day of a service without anything special: it grows, and it is not the same every day.
pub(super) fn usual(line: &Line, day: Date, today: Date) -> f64 {
    let ago = f64::from(days(day, today));
    let mut h: u64 = 0xcbf2_9ce4_8422_2325;
    for b in line.service.bytes().chain(day.to_string().bytes()) {
        h = (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    let wobble = (h >> 40) as f64 / f64::from(1_u32 << 24) - 0.5;
    line.daily * (1.0 - line.growth * ago) * (1.0 + 0.08 * wobble)
}

/// The day (UTC) and the share of it that has passed.
pub(super) fn moment(stamp: f64) -> (Date, f64) {
    let at = Timestamp::from_second(stamp as i64).unwrap_or(Timestamp::UNIX_EPOCH);
    let day = at.to_zoned(TimeZone::UTC).date();
    (day, stamp.rem_euclid(86_400.0) / 86_400.0)
}

/// Days from one to the other.
pub(super) fn days(from: Date, to: Date) -> i32 {
    from.until(to).map_or(0, |s| s.get_days())
}

pub(super) fn date(node: &Node) -> Option<Date> {
    node.as_text()?.get(..10)?.parse().ok()
}

/// A period whose end is not in it.
pub(super) fn period(of: &Node, start: &str, end: &str) -> Result<(Date, Date), ApiError> {
    let read = |name: &str| {
        date(of.get(name)).ok_or_else(|| invalid(&format!("{name} must be a date like 2026-01-31")))
    };
    let (start, end) = (read(start)?, read(end)?);
    if start >= end {
        return Err(invalid(
            "Start date (and hour) should be before end date (and hour)",
        ));
    }
    Ok((start, end))
}

pub(super) fn interval(start: Date, end: Date) -> Node {
    map([
        ("Start", Node::from(start.to_string())),
        ("End", end.to_string().into()),
    ])
}

pub(super) fn next_month(day: Date) -> Date {
    day.first_of_month()
        .checked_add(1.month())
        .unwrap_or(Date::MAX)
}

pub(super) fn split(start: Date, end: Date, next: impl Fn(Date) -> Date) -> Vec<(Date, Date)> {
    let mut all = Vec::new();
    let mut from = start;
    while from < end {
        let to = next(from).min(end);
        if to <= from {
            break;
        }
        all.push((from, to));
        from = to;
    }
    all
}

pub(super) fn each_day(from: Date, to: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(from), |d| d.checked_add(1.day()).ok()).take_while(move |d| *d < to)
}
