//! Bars and sparklines.

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
    const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let mut newest: Vec<f64> = values.rev().take(usize::from(width)).collect();
    newest.reverse();
    let finite = newest.iter().copied().filter(|v| v.is_finite());
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

#[cfg(test)]
mod tests {
    use super::*;

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
