//! Bars and sparklines.

use jiff::Timestamp;

/// A bar of `width` columns, full to `ratio` (0..=1), in eighths: (full part, empty part).
pub fn bar(ratio: f64, width: u16) -> (String, String) {
    const PARTS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
    let width = usize::from(width);
    let ratio = if ratio.is_finite() {
        ratio.clamp(0.0, 1.0)
    } else {
        0.0
    };
    let eighths = (ratio * width as f64 * 8.0).round() as usize;
    let mut full = "█".repeat(eighths / 8);
    let rest = eighths % 8;
    if rest > 0 {
        full.push(PARTS[rest]);
    }
    let used = eighths / 8 + usize::from(rest > 0);
    (full, "░".repeat(width - used.min(width)))
}

/// A sparkline of the newest values in `width` columns, scaled between their own least and most. Gaps (NaN) stay blank.
pub fn spark(values: impl DoubleEndedIterator<Item = f64>, width: u16) -> String {
    spark_within(values, None, width)
}

/// The same, with a limit that lies within the scale: a curve that is far from it keeps to its end.
fn spark_within(
    values: impl DoubleEndedIterator<Item = f64>,
    limit: Option<f64>,
    width: u16,
) -> String {
    const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let mut newest: Vec<f64> = values.rev().take(usize::from(width)).collect();
    newest.reverse();
    let scaled = newest.iter().copied().chain(limit);
    let finite = scaled.filter(|v| v.is_finite());
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| {
        (l.min(v), h.max(v))
    });
    let pad = usize::from(width) - newest.len();
    let drawn = newest.into_iter().map(|v| {
        if !v.is_finite() {
            ' '
        } else if (high - low).abs() < f64::EPSILON {
            LEVELS[0]
        } else {
            LEVELS[(((v - low) / (high - low)) * 7.0).round() as usize & 7]
        }
    });
    " ".repeat(pad).chars().chain(drawn).collect()
}

/// A sparkline of a stretch of time that ends at `until`, in `width` columns: each shows the highest of its share of the points, or the
/// lowest where low is what matters, beside what it is compared with, if that is known. A point reaches over `apart_s` seconds; columns
/// that none reaches stay blank.
pub fn spark_span(
    points: &[(Timestamp, f64)],
    apart_s: u32,
    (length_s, until): (u32, Timestamp),
    (low, limit): (bool, Option<f64>),
    width: u16,
) -> String {
    let mut cells = vec![f64::NAN; usize::from(width)];
    let column = |second: i64| {
        let at = second - (until.as_second() - i64::from(length_s));
        (at * i64::from(width)).checked_div_euclid(i64::from(length_s))
    };
    for (at, value) in points {
        let begins = at.as_second();
        // What is measured more often than once a column belongs to the one where it begins.
        let reach = match u64::from(apart_s) * u64::from(width) > u64::from(length_s) {
            true => i64::from(apart_s).max(1) - 1,
            false => 0,
        };
        let (Some(first), Some(last)) = (column(begins), column(begins + reach)) else {
            continue;
        };
        for column in first.max(0)..=last.min(i64::from(width) - 1) {
            let cell = usize::try_from(column).ok();
            if let Some(cell) = cell.and_then(|c| cells.get_mut(c)) {
                // Beside a number, one that is none is left out.
                *cell = if low {
                    cell.min(*value)
                } else {
                    cell.max(*value)
                };
            }
        }
    }
    spark_within(cells.into_iter(), limit, width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sparkline_of_a_span_shows_all_of_it_and_the_worst_of_each_share() {
        let until = Timestamp::from_second(1_800_000_000).unwrap();
        let minute = |n: i64| Timestamp::from_second(1_800_000_000 - n * 60).unwrap();
        let mut points: Vec<_> = (1..=180).rev().map(|n| (minute(n), 1.0)).collect();
        let of = |points: &[_], low| spark_span(points, 60, (10_800, until), (low, None), 16);
        points[5].1 = 8.0;
        assert_eq!(of(&points, false), format!("█{}", "▁".repeat(15)));
        points[5].1 = 0.0;
        assert_eq!(of(&points, true), format!("▁{}", "█".repeat(15)));
        // What is older than the span is no part of it, and nothing is drawn where nothing was told.
        let late = [(minute(200), 9.0), (minute(1), 1.0)];
        assert_eq!(of(&late, false), format!("{}▁", " ".repeat(15)));
        // A point an hour fills its hour.
        let hours = [(minute(180), 1.0), (minute(120), 8.0)];
        let drawn = spark_span(&hours, 3_600, (10_800, until), (false, None), 6);
        assert_eq!(drawn, "▁▁██  ");
        // A disk that fills a little is far from full.
        let disk = |limit| spark_span(&hours, 3_600, (10_800, until), (true, limit), 6);
        assert_eq!(disk(Some(-62.0)), "▇▇██  ");
        assert_eq!(disk(Some(50.0)), "▁▁▂▂  ");
    }

    #[test]
    fn bars_fill_exactly_their_width() {
        for (ratio, width) in [
            (0.0, 10),
            (0.5, 9),
            (1.0, 7),
            (0.333, 20),
            (f64::NAN, 4),
            (9.0, 3),
        ] {
            let (full, empty) = bar(ratio, width);
            assert_eq!(
                full.chars().count() + empty.chars().count(),
                usize::from(width),
                "{ratio} {width}"
            );
        }
    }

    #[test]
    fn sparklines_keep_gaps_and_width() {
        assert_eq!(spark([0.0, f64::NAN, 7.0].into_iter(), 5), "  ▁ █");
        assert_eq!(spark([5.0, 5.0].into_iter(), 2), "▁▁");
        assert_eq!(spark([1.0, 2.0, 3.0].into_iter(), 2), "▁█");
    }
}
