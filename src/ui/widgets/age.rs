//! Ages and times, in the shortest honest form.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::skew;

/// An age; of what is past and dated ahead there is none: `in 3m`. Else `now` under ten seconds, then in steps of ten (so that an idle screen does not tick), `4m`, `2h`, `3d`.
pub fn age(now: Timestamp, at: Timestamp) -> String {
    if let Some(ahead) = skew::short(at, now) {
        return ahead;
    }
    let s = now.duration_since(at).as_secs();
    match s {
        ..10 => "now".into(),
        10..60 => format!("{}s", s / 10 * 10),
        60..3_600 => format!("{}m", s / 60),
        3_600..172_800 => format!("{}h", s / 3_600),
        _ => format!("{}d", s / 86_400),
    }
}

/// Like [`age`], with `ago` where that reads better.
pub fn ago(now: Timestamp, at: Timestamp) -> String {
    match age(now, at) {
        text if text == "now" || text.starts_with("in ") => text,
        text => format!("{text} ago"),
    }
}

/// A running duration to the second: `8s`, `1m08`, `2h05m`, `3d04h`.
pub fn duration(seconds: i64) -> String {
    let s = seconds.max(0);
    match s {
        ..60 => format!("{s}s"),
        60..3_600 => format!("{}m{:02}", s / 60, s % 60),
        3_600..86_400 => format!("{}h{:02}m", s / 3_600, s % 3_600 / 60),
        _ => format!("{}d{:02}h", s / 86_400, s % 86_400 / 3_600),
    }
}

/// A length of time in its largest whole unit: `90s`, `15m`, `3h`, `7d`.
pub fn span(seconds: u32) -> String {
    match seconds {
        s if s >= 86_400 && s % 86_400 == 0 => format!("{}d", s / 86_400),
        s if s >= 3_600 && s % 3_600 == 0 => format!("{}h", s / 3_600),
        s if s >= 60 && s % 60 == 0 => format!("{}m", s / 60),
        s => format!("{s}s"),
    }
}

/// A clock time in the local zone, with the date where it is not today's, and with the year in place of the hour where it is not this
/// year's: a month alone would be the coming one.
pub fn clock(now: Timestamp, at: Timestamp) -> String {
    let tz = TimeZone::system();
    let (here, then) = (now.to_zoned(tz.clone()), at.to_zoned(tz));
    let words = match () {
        () if here.date() == then.date() => "%H:%M:%S",
        () if here.year() == then.year() => "%m-%d %H:%M",
        () => "%Y-%m-%d",
    };
    then.strftime(words).to_string()
}

/// The time of day with the name of its zone, which is that of every clock time on screen: `02:56 EST`, `07:56Z`.
pub fn time_of_day(now: Timestamp, zone: &TimeZone) -> String {
    let here = now.to_zoned(zone.clone());
    let name = here.strftime("%Z").to_string();
    // Where the machine tells none, times are UTC's.
    match zone.is_unknown() || name == "UTC" {
        true => here.strftime("%H:%MZ").to_string(),
        false => format!("{} {name}", here.strftime("%H:%M")),
    }
}

/// An age, or the clock time where the person asked for clock times; `-` for never.
pub fn since(now: Timestamp, at: Option<Timestamp>, absolute: bool) -> String {
    match at {
        None => "-".into(),
        Some(at) if absolute => clock(now, at),
        Some(at) => age(now, at),
    }
}

/// The same where it stands among words: `4m ago`, or `at 12:40:07`.
pub fn when(now: Timestamp, at: Timestamp, absolute: bool) -> String {
    if absolute {
        format!("at {}", clock(now, at))
    } else {
        ago(now, at)
    }
}

/// Up to when something was counted: `until 2m ago`, or `until 12:40:00`.
pub fn until(now: Timestamp, at: Timestamp, absolute: bool) -> String {
    match absolute {
        true => format!("until {}", clock(now, at)),
        false => format!("until {}", ago(now, at)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_day_says_whose_it_is() {
        let now: Timestamp = "2026-11-27T07:56:00Z".parse().unwrap();
        let zone = |name| TimeZone::get(name).unwrap();
        assert_eq!(time_of_day(now, &zone("America/New_York")), "02:56 EST");
        assert_eq!(time_of_day(now, &zone("America/Sao_Paulo")), "04:56 -03");
        for zone in [TimeZone::UTC, zone("Etc/UTC"), TimeZone::unknown()] {
            assert_eq!(time_of_day(now, &zone), "07:56Z");
        }
    }

    #[test]
    fn a_date_of_another_year_says_which() {
        let now: Timestamp = "2026-11-27T12:00:00Z".parse().unwrap();
        let said = |at: &str| clock(now, at.parse().unwrap());
        assert_eq!(said("2025-12-25T12:00:00Z"), "2025-12-25");
        assert_eq!(said("2026-03-25T12:00:00Z").len(), "03-25 12:00".len());
        assert_eq!(said("2026-11-27T12:00:00Z").len(), "12:00:00".len());
    }

    #[test]
    fn ages_are_short_and_never_negative() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let at = |s: i64| Timestamp::from_second(1_000_000 - s).unwrap();
        let said: Vec<_> = [-5, 0, 9, 17, 59, 60, 3_599, 7_200, 90_000, 180_000]
            .map(|s| age(now, at(s)))
            .into();
        assert_eq!(
            said,
            [
                "now", "now", "now", "10s", "50s", "1m", "59m", "2h", "25h", "2d"
            ]
        );
        assert_eq!([-200, -7_300].map(|s| age(now, at(s))), ["in 3m", "in 2h"]);
        assert_eq!(ago(now, at(-200)), "in 3m");
        assert_eq!(
            [5, 68, 7_500, 100_000].map(duration),
            ["5s", "1m08", "2h05m", "1d03h"]
        );
        assert_eq!(
            [90, 60, 5_400, 10_800, 604_800].map(span),
            ["90s", "1m", "90m", "3h", "7d"]
        );
    }
}
