//! Words and figures as people put them in order: `node-9` before `node-10`, `900 MB` below `1.2 GB`.

use std::cmp::Ordering;
use std::iter::Peekable;
use std::str::Chars;

/// What a figure measures: unlike things are not compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    /// Things, times, points.
    Count,
    /// Percent.
    Share,
    /// Bytes.
    Bytes,
    /// Seconds.
    Seconds,
    /// An amount of money.
    Money,
}

/// Words whatever their case, and digits in them by what they count.
pub fn words(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.chars().peekable(), b.chars().peekable());
    loop {
        let order = match (left.peek().copied(), right.peek().copied()) {
            (None, None) => return a.cmp(b),
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(x), Some(y)) if x.is_ascii_digit() && y.is_ascii_digit() => {
                let (x, y) = (digits(&mut left), digits(&mut right));
                x.len().cmp(&y.len()).then_with(|| x.cmp(&y))
            }
            (Some(x), Some(y)) => {
                left.next();
                right.next();
                x.to_lowercase().cmp(y.to_lowercase())
            }
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// The digits that come next, without zeros before them.
fn digits(text: &mut Peekable<Chars<'_>>) -> String {
    let mut run = String::new();
    while let Some(digit) = text.next_if(char::is_ascii_digit) {
        if digit != '0' || !run.is_empty() {
            run.push(digit);
        }
    }
    run
}

/// A figure with its unit as it is shown (`81.0 %`, `1.2 GB`, `1,204`, `1m08`, `≥ 3d`, `in 5h`, `12.35 USD`): what it measures, and how
/// much of it in the unit of that. `None`: it is no figure, or there are other words beside it.
pub fn figure(text: &str) -> Option<(Measure, f64)> {
    let text = text.trim_start_matches(['≥', '≤', '~', '<', '>', ' ']);
    let text = text.strip_prefix("in ").unwrap_or(text);
    let text = text.strip_suffix(" ago").unwrap_or(text);
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let (amount, unit, mut rest) = part(text)?;
    let (measure, scale) = unit_of(unit)?;
    let mut sum = amount * scale;
    // `1m08`, `2h05m`: what comes after is of a finer unit.
    let mut scale = scale;
    while !rest.is_empty() {
        let (amount, unit, after) = part(rest)?;
        let (finer, times) = match unit {
            "" => (Measure::Seconds, 1.0),
            unit => unit_of(unit)?,
        };
        if measure != Measure::Seconds || finer != measure || times >= scale {
            return None;
        }
        sum += amount * times;
        (scale, rest) = (times, after);
    }
    Some((measure, sign * sum))
}

/// A number, the unit behind it, and what comes after.
fn part(text: &str) -> Option<(f64, &str, &str)> {
    let is_of_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',');
    let end = text.find(|c: char| !is_of_number(c)).unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    if !number.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let number: f64 = number.replace(',', "").parse().ok()?;
    let next = rest.find(|c: char| c.is_ascii_digit());
    let (unit, rest) = rest.split_at(next.unwrap_or(rest.len()));
    Some((number, unit.trim(), rest))
}

/// What a unit measures, and how much of it one is.
fn unit_of(unit: &str) -> Option<(Measure, f64)> {
    use Measure::*;
    let known = match unit {
        "" | "x" | "/s" | "/min" => (Count, 1.0),
        "%" => (Share, 1.0),
        "ns" => (Seconds, 1e-9),
        "µs" | "us" => (Seconds, 1e-6),
        "ms" => (Seconds, 1e-3),
        "s" => (Seconds, 1.0),
        "m" | "min" => (Seconds, 60.0),
        "h" => (Seconds, 3_600.0),
        "d" => (Seconds, 86_400.0),
        unit if unit.len() == 3 && unit.bytes().all(|b| b.is_ascii_uppercase()) => (Money, 1.0),
        unit => {
            let prefixes = [("k", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12), ("P", 1e15)];
            let known = prefixes.into_iter().find(|(p, _)| unit.starts_with(p));
            let (prefix, times) = known.unwrap_or(("", 1.0));
            match unit.strip_prefix(prefix)? {
                "" => (Count, times),
                "B" | "B/s" => (Bytes, times),
                _ => return None,
            }
        }
    };
    Some(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_in_the_order_of_people() {
        let mut names = ["node-10", "Node-9", "node-2b", "node-2", "api", "node"];
        names.sort_by(|a, b| words(a, b));
        assert_eq!(
            names,
            ["api", "node", "node-2", "node-2b", "Node-9", "node-10"]
        );
        assert_eq!(words("1.10", "1.9"), Ordering::Greater);
        assert_eq!(words("a", "a"), Ordering::Equal);
        assert_ne!(words("a01", "a1"), Ordering::Equal, "two are never one");
    }

    #[test]
    fn figures_are_read_in_the_units_that_are_shown() {
        use Measure::*;
        for (text, told) in [
            ("0", (Count, 0.0)),
            ("1,234,567", (Count, 1_234_567.0)),
            ("3.4 k", (Count, 3_400.0)),
            ("81.0 %", (Share, 81.0)),
            ("-5 %", (Share, -5.0)),
            ("+10 %", (Share, 10.0)),
            ("9999 B", (Bytes, 9_999.0)),
            ("39.8 GB", (Bytes, 39.8e9)),
            ("≥ 1.50 TB", (Bytes, 1.5e12)),
            ("1.2 MB/s", (Bytes, 1.2e6)),
            ("143 ms", (Seconds, 0.143)),
            ("12s", (Seconds, 12.0)),
            ("1m08", (Seconds, 68.0)),
            ("2h05m", (Seconds, 7_500.0)),
            ("3d04h", (Seconds, 273_600.0)),
            ("in 3d", (Seconds, 259_200.0)),
            ("4m ago", (Seconds, 240.0)),
            ("12.35 USD", (Money, 12.35)),
        ] {
            let (measure, amount) = figure(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(measure, told.0, "{text}");
            assert!((amount - told.1).abs() <= told.1.abs() * 1e-9, "{text}");
        }
        for text in [
            "",
            "-",
            "?",
            "never",
            "available",
            "3/4",
            "2026-11-23",
            "1.2.3",
            "7 of 9",
            ":42",
            "p95 143 ms",
            "5s3",
            "3 GB 2",
            "now",
        ] {
            assert_eq!(figure(text), None, "{text}");
        }
    }
}
