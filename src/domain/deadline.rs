//! Deadlines that people set by a day: the day that is named is the last one that counts, and that day is told.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

/// The last second of a day (UTC).
pub fn end_of(day: Date) -> Option<Timestamp> {
    let end = day.to_datetime(Time::constant(23, 59, 59, 0));
    let end = end.to_zoned(TimeZone::UTC).ok()?;
    Some(end.timestamp())
}

/// A deadline in words (UTC): the day alone where all of it counts, else the day with the time.
pub fn words(until: Timestamp) -> String {
    let at = until.to_zoned(TimeZone::UTC);
    match end_of(at.date()) == Some(until) {
        true => at.date().to_string(),
        false => at.strftime("%Y-%m-%d %H:%M").to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_that_is_named_counts_to_its_end_and_is_the_one_that_is_told() {
        let end = end_of("2026-12-01".parse().unwrap()).unwrap();
        assert_eq!(end.to_string(), "2026-12-01T23:59:59Z");
        assert_eq!(words(end), "2026-12-01");
        let said = |at: &str| words(at.parse().unwrap());
        assert_eq!(said("2026-12-01T12:00:00Z"), "2026-12-01 12:00");
        assert_eq!(said("2026-12-02T00:00:00Z"), "2026-12-02 00:00");
    }
}
