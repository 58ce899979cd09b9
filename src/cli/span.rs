//! Lengths of time and dates in arguments: `90s`, `15m`, `1h`, `30d`.

use jiff::{SignedDuration, Timestamp};

use crate::domain::deadline;

/// Reads a length of whole seconds.
pub fn seconds(text: &str) -> Result<u32, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.get(digits.len()..) {
        Some("s" | "") => 1,
        Some("m") => 60,
        Some("h") => 3_600,
        Some("d") => 86_400,
        Some("w") => 604_800,
        _ => 0,
    };
    match digits.parse::<u32>().ok().and_then(|n| n.checked_mul(unit)) {
        Some(n) if n > 0 => Ok(n),
        _ => Err("expected a length of time, such as 90s, 15m, 1h or 30d".into()),
    }
}

/// Reads a moment to come: a length from now, a date (the last day that counts, UTC) or an RFC 3339 time.
pub fn until(text: &str) -> Result<Timestamp, String> {
    let wrong =
        || "expected a length of time (30d), a date (2026-12-24) or a time (2026-12-24T18:00:00Z)";
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    if let Ok(day) = text.parse::<jiff::civil::Date>() {
        return deadline::end_of(day).ok_or_else(|| wrong().into());
    }
    let length = seconds(text).map_err(|_| wrong())?;
    Timestamp::now()
        .checked_add(SignedDuration::from_secs(i64::from(length)))
        .map_err(|_| wrong().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_dates_are_read() {
        assert_eq!(
            ["90s", "15m", "1h", "2d", "60"].map(seconds),
            [90, 900, 3_600, 172_800, 60].map(Ok)
        );
        for wrong in ["", "0s", "1y", "-1m", "h", "99999999d", "1h30m"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
        assert_eq!(
            until("2026-12-24").unwrap().to_string(),
            "2026-12-24T23:59:59Z"
        );
        assert!(until("30d").unwrap() > Timestamp::now());
        assert!(until("soon").is_err());
    }
}
