//! Ages, sizes and counts as every face writes them.

use jiff::Timestamp;

use crate::domain::skew;

/// Seconds in a day.
pub const DAY_S: i64 = 86_400;

/// A length of time in its shortest honest form: `12s`, `4m`, `3h`, `2d`.
pub fn span(seconds: i64) -> String {
    match seconds.max(0) {
        s @ 0..60 => format!("{s}s"),
        s @ 60..3_600 => format!("{}m", s / 60),
        s @ 3_600..172_800 => format!("{}h", s / 3_600),
        s => format!("{}d", s / DAY_S),
    }
}

/// The age of a moment; `-` for none. What is past and lies ahead has none, and is not new for that: `in 3d`.
pub fn ago(at: Option<Timestamp>, now: Timestamp) -> String {
    let age = |at| span(now.duration_since(at).as_secs());
    at.map_or_else(
        || "-".into(),
        |at| skew::short(at, now).unwrap_or_else(|| age(at)),
    )
}

/// The time until a moment, `in 3d`; `-` for none, `now` once it is past.
pub fn until(at: Option<Timestamp>, now: Timestamp) -> String {
    match at.map(|at| at.duration_since(now).as_secs()) {
        None => "-".into(),
        Some(s) if s <= 0 => "now".into(),
        Some(s) => format!("in {}", span(s)),
    }
}

/// Whole days since a moment.
pub fn days(at: Timestamp, now: Timestamp) -> i64 {
    now.duration_since(at).as_secs() / DAY_S
}

/// Bytes, in powers of 1000.
pub fn bytes(n: u64) -> String {
    crate::domain::metric::Unit::Bytes.format(n as f64)
}

/// `1 secret`, `2 secrets`.
pub fn count(n: usize, one: &str) -> String {
    let after_consonant = |stem: &&str| !stem.ends_with(['a', 'e', 'i', 'o', 'u']);
    match one.strip_suffix('y').filter(after_consonant) {
        _ if n == 1 => format!("{n} {one}"),
        Some(stem) => format!("{n} {stem}ies"),
        None => format!("{n} {one}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_have_a_plural() {
        let said = [(1, "key"), (0, "key"), (2, "entry"), (3, "day")].map(|(n, one)| count(n, one));
        assert_eq!(said, ["1 key", "0 keys", "2 entries", "3 days"]);
    }

    #[test]
    fn spans_are_short_and_honest() {
        assert_eq!(
            [0, 59, 60, 3_600, 172_800].map(span),
            ["0s", "59s", "1m", "1h", "2d"]
        );
        let t = |s| Timestamp::from_second(s).unwrap();
        assert_eq!(until(Some(t(10 * DAY_S)), t(0)), "in 10d");
        assert_eq!(until(Some(t(1)), t(5)), "now");
        assert_eq!(count(1, "secret"), "1 secret");
        assert_eq!(count(2, "anomaly"), "2 anomalies");
    }
}
