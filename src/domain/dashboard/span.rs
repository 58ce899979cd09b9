//! Ranges of time as dashboards write them: `-PT6H`, `-P1D`, `-P1W`, `-P3M`, or two points in time.

use jiff::Timestamp;

/// The longest range that is taken, seconds: what CloudWatch keeps.
const LONGEST: u64 = 455 * 86_400;

/// Length of a range in seconds, from its start and its end.
pub(super) fn length(start: &str, end: Option<&str>) -> Option<u32> {
    if let Some(back) = back(start) {
        let until = end.map_or(Some(0), self::back).unwrap_or(0);
        return u32::try_from(back.saturating_sub(until))
            .ok()
            .filter(|s| *s > 0);
    }
    let from: Timestamp = start.parse().ok()?;
    let until: Timestamp = end?.parse().ok()?;
    u32::try_from(until.duration_since(from).as_secs())
        .ok()
        .filter(|s| *s > 0)
}

/// Seconds of `-P1DT6H`; months and years in the vendor's sense, of 30 and 365 days.
fn back(text: &str) -> Option<u64> {
    let mut rest = text.strip_prefix("-P")?;
    let (mut seconds, mut in_time) = (0u64, false);
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('T') {
            (rest, in_time) = (after, true);
            continue;
        }
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, after) = rest.split_at_checked(digits)?;
        let number: u64 = number.parse().ok()?;
        let unit = after.chars().next()?;
        let factor = match (unit, in_time) {
            ('H', true) => 3_600,
            ('M', true) => 60,
            ('S', true) => 1,
            ('D', false) => 86_400,
            ('W', false) => 7 * 86_400,
            ('M', false) => 30 * 86_400,
            ('Y', false) => 365 * 86_400,
            _ => return None,
        };
        seconds = seconds.checked_add(number.checked_mul(factor)?)?;
        rest = after.get(1..)?;
    }
    Some(seconds.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_documented() {
        for (start, end, seconds) in [
            ("-PT6H", None, Some(21_600)),
            ("-P1DT30M", None, Some(88_200)),
            ("-P1W", Some("-PT0H"), Some(604_800)),
            ("-P3M", None, Some(7_776_000)),
            (
                "2026-11-23T00:00:00Z",
                Some("2026-11-23T01:00:00Z"),
                Some(3_600),
            ),
            ("-PT0H", None, None),
            ("PT6H", None, None),
            ("-P6", None, None),
            ("-PT99999999999999999999H", None, None),
            ("yesterday", None, None),
        ] {
            assert_eq!(length(start, end), seconds, "{start} {end:?}");
        }
    }
}
