//! Times as people type them: `12:30`, `-2h`, `2026-11-23 12:30`, RFC 3339.

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// Reads a length: `90s`, `15m`, `2h`, `3d`; seconds.
pub(super) fn length(text: &str) -> Option<i64> {
    let unit = text.chars().last()?;
    let number: i64 = text.strip_suffix(unit)?.parse().ok()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    };
    (1..=10_000_000)
        .contains(&number)
        .then(|| number.saturating_mul(seconds))
}

/// Reads a time in the given zone. A time of day that has not come yet today is yesterday's.
pub(super) fn time(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Timestamp, String> {
    let wrong = || format!("{text:?} is not a time: 12:30, -2h, 2026-11-23 12:30 or RFC 3339");
    let at = if let Some(ago) = text.strip_prefix('-') {
        let seconds = length(ago).ok_or_else(wrong)?;
        now.checked_sub(seconds.seconds()).map_err(|_| wrong())?
    } else if let Ok(at) = text.parse::<Timestamp>() {
        at
    } else if let Ok(at) = text.parse::<DateTime>() {
        at.to_zoned(zone.clone()).map_err(|_| wrong())?.timestamp()
    } else {
        let clock: Time = text.parse().map_err(|_| wrong())?;
        let today = now.to_zoned(zone.clone()).date();
        let on = |date: jiff::civil::Date| {
            let zoned = date.to_datetime(clock).to_zoned(zone.clone());
            zoned.map(|z| z.timestamp()).map_err(|_| wrong())
        };
        match on(today)? {
            later if later > now => on(today.yesterday().map_err(|_| wrong())?)?,
            at => at,
        }
    };
    if at > now {
        Err(format!("{text} has not come yet"))
    } else {
        Ok(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_type_them() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let now: Timestamp = "2026-11-23T12:41:07Z".parse().unwrap();
        let read = |text: &str| time(text, now, &zone).map(|t| t.to_string());
        assert_eq!(read("12:30").unwrap(), "2026-11-23T11:30:00Z");
        assert_eq!(read("23:30").unwrap(), "2026-11-22T22:30:00Z");
        assert_eq!(read("-2h").unwrap(), "2026-11-23T10:41:07Z");
        assert_eq!(read("2026-11-20 08:00").unwrap(), "2026-11-20T07:00:00Z");
        assert_eq!(
            read("2026-11-23T12:30:00Z").unwrap(),
            "2026-11-23T12:30:00Z"
        );
        for wrong in ["", "soon", "-", "-h", "25:00", "-99999999999999999d"] {
            assert!(read(wrong).unwrap_err().contains("not a time"), "{wrong}");
        }
        assert!(
            read("2030-01-01 00:00")
                .unwrap_err()
                .contains("not come yet")
        );
    }
}
