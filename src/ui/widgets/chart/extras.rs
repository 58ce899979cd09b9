//! What few charts need: fixed ends of the axis, areas one upon the other, an axis on the right.

use jiff::{SignedDuration, Timestamp};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::canvas::Canvas;
use super::marked::Keys;
use super::ticks::Scale;
use super::{Chart, Plot, tick_words, value_at};
use crate::domain::metric::Unit;
use crate::domain::text::clip;
use crate::ui::theme::Theme;
use crate::ui::widgets::line;

/// Columns right of the plot that an axis there takes.
pub(super) const GUTTER: u16 = 9;

/// What a chart can have beside its lines.
#[derive(Clone, Debug, Default)]
pub struct Extras<'a> {
    /// Lower and upper end of the axis, where they are fixed.
    pub ends: (Option<f64>, Option<f64>),
    /// Areas one upon the other instead of lines; the first plot lies at the bottom.
    pub stacked: bool,
    /// Words of the thresholds, in their order.
    pub words: &'a [String],
    /// Lines against an axis on the right.
    pub right: Option<Right<'a>>,
}

/// An axis on the right with its lines.
#[derive(Clone, Debug)]
pub struct Right<'a> {
    /// Unit of its lines.
    pub unit: Unit,
    /// Fixed ends.
    pub ends: (Option<f64>, Option<f64>),
    /// Lines.
    pub plots: Vec<Plot<'a>>,
}

/// Which dots of an area are set, so that neighbours differ without colour.
fn is_set(n: usize, x: usize, y: usize) -> bool {
    match n % 4 {
        0 => true,
        1 => (x + y).is_multiple_of(2),
        2 => y.is_multiple_of(2),
        _ => x.is_multiple_of(2) && y.is_multiple_of(2),
    }
}

impl Chart<'_> {
    fn time(&self, share: f64) -> Timestamp {
        let length = self.until.duration_since(self.from).as_secs_f64();
        let after = SignedDuration::from_secs((share * length) as i64);
        self.from.saturating_add(after).unwrap_or(self.until)
    }

    /// The values of all plots at a share of the range, from the bottom up; `None` where none has one.
    fn pile(&self, share: f64) -> Option<Vec<f64>> {
        let at = self.time(share);
        let values: Vec<_> = self
            .plots
            .iter()
            .map(|p| value_at(p.points, p.period_s, at))
            .collect();
        let mut sum = 0.0;
        values.iter().any(Option::is_some).then(|| {
            let add = |v: &Option<f64>| {
                sum += v.unwrap_or(0.0).max(0.0);
                sum
            };
            values.iter().map(add).collect()
        })
    }

    /// Heights of the piles, and zero, on which they stand.
    pub(super) fn tops(&self, plot: Rect) -> Vec<f64> {
        let columns = usize::from(plot.width) * 2;
        let share = |x: usize| x as f64 / columns.max(2) as f64;
        let piles = (0..columns).filter_map(|x| self.pile(share(x)));
        piles
            .filter_map(|p| p.last().copied())
            .chain([0.0])
            .collect()
    }

    pub(super) fn areas(&self, canvas: &mut Canvas, scale: &Scale) {
        let (columns, rows) = (canvas.dots_across(), canvas.dots_down());
        let row = |value: f64| ((1.0 - scale.share(value)) * (rows - 1) as f64).round();
        for x in 0..columns {
            let Some(pile) = self.pile(x as f64 / columns as f64) else {
                continue;
            };
            let mut below = 0.0;
            for (n, (top, plot)) in pile.iter().zip(&self.plots).enumerate() {
                let (first, last) = (row(*top).max(0.0) as usize, row(below).max(0.0) as usize);
                // What counts nothing takes no row; what counts something takes one at least.
                let end = if *top > below {
                    last.max(first + 1)
                } else {
                    first
                };
                for y in (first..end.min(rows)).filter(|y| is_set(n, x, *y)) {
                    canvas.dot(x as i64, y as i64, plot.style);
                }
                below = *top;
            }
        }
    }

    pub(super) fn stacked_keys(
        &self,
        buf: &mut Buffer,
        plot: Rect,
        scale: &Scale,
        taken: &mut Keys,
    ) {
        let newest = (0..20).rev().find_map(|i| self.pile(f64::from(i) / 20.0));
        let Some(pile) = newest else { return };
        let mut below = 0.0;
        for (top, p) in pile.iter().zip(&self.plots) {
            let y = Self::row((below + top) / 2.0, scale, plot);
            if let Some(key) = p.key {
                taken.put(buf, plot, y, (key, p.style));
            }
            below = *top;
        }
    }

    pub(super) fn right_axis(
        &self,
        buf: &mut Buffer,
        plot: Rect,
        right: &Right<'_>,
        most: usize,
        theme: &Theme,
    ) -> Scale {
        let values = right
            .plots
            .iter()
            .flat_map(|p| self.visible(p))
            .map(|p| p.1);
        let scale = Scale::within(values, most, right.ends);
        let x = plot.right() + 1;
        for y in plot.y..plot.bottom() {
            line(buf, x, y, 1, &[("│".to_owned(), theme.border)]);
        }
        let style: Style = theme.muted;
        let words = tick_words(right.unit, &scale, usize::from(GUTTER - 1));
        for (value, text) in scale.ticks.iter().zip(words) {
            let y = Self::row(*value, &scale, plot);
            let text = clip(&text, usize::from(GUTTER - 1));
            let spans = [("├".to_owned(), theme.border), (format!(" {text}"), style)];
            line(buf, x, y, GUTTER + 1, &spans);
        }
        scale
    }
}
