//! Ages, times and counts as people read them.

use std::time::Duration;

use jiff::Timestamp;

use crate::domain::service::Revision;
use crate::domain::skew;

/// A length of time in its shortest honest form: `12s`, `4m`, `3h`, `2d`.
pub fn age(length: Duration) -> String {
    let s = length.as_secs();
    match s {
        0..60 => format!("{s}s"),
        60..3_600 => format!("{}m", s / 60),
        3_600..172_800 => format!("{}h", s / 3_600),
        _ => format!("{}d", s / 86_400),
    }
}

/// The age of a moment; `-` for none, `0s` for one that is a little ahead, `in 3d` for one that is yet to come.
pub fn ago(at: Option<Timestamp>, now: Timestamp) -> String {
    let past = |at| age(Duration::try_from(now.duration_since(at)).unwrap_or(Duration::ZERO));
    at.map_or_else(
        || "-".into(),
        |at| skew::short(at, now).unwrap_or_else(|| past(at)),
    )
}

/// A revision in a table: without its family, which is mostly the service's, where a terminal has no room to spare. In a pipe it is what
/// the vendor takes.
pub fn revision(revision: &Revision, short: bool) -> String {
    match short {
        true => format!(":{}", revision.number),
        false => revision.to_string(),
    }
}

/// How long something took or is taking: `8s`, `1m08`, `2h03`.
pub fn elapsed(from: Timestamp, to: Timestamp) -> String {
    span(to.duration_since(from).as_secs())
}

/// The same of a number of seconds.
pub fn span(seconds: i64) -> String {
    let s = seconds.max(0);
    match s {
        0..60 => format!("{s}s"),
        60..3_600 => format!("{}m{:02}", s / 60, s % 60),
        _ => format!("{}h{:02}", s / 3_600, s % 3_600 / 60),
    }
}

/// The time of day (UTC) to the second.
pub fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%SZ").to_string()
}

/// `1 service`, `2 services`.
pub fn count(n: usize, one: &str) -> String {
    count_of(n, one, &format!("{one}s"))
}

/// `1 criterion`, `2 criteria`.
pub fn count_of(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// Bytes, in powers of 1000.
pub fn bytes(n: u64) -> String {
    crate::domain::metric::Unit::Bytes.format(n as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short_and_honest() {
        let secs = Duration::from_secs;
        assert_eq!(
            [0, 59, 60, 3_599, 3_600, 86_400, 172_800].map(|s| age(secs(s))),
            ["0s", "59s", "1m", "59m", "1h", "24h", "2d"]
        );
        let t = |s| Timestamp::from_second(s).unwrap();
        assert_eq!(elapsed(t(0), t(68)), "1m08");
        assert_eq!(elapsed(t(0), t(7_380)), "2h03");
        assert_eq!(ago(Some(t(10)), t(5)), "0s");
        assert_eq!(ago(Some(t(400_000)), t(5)), "in 4d", "it has no age yet");
        assert_eq!(count(1, "task"), "1 task");
    }
}
