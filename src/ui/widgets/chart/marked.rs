//! What is marked on a chart: limits across it, what happened along its axis, and whose line ends where.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::ticks::Scale;
use super::{Chart, Plot};
use crate::domain::text::{clip, width};
use crate::ui::theme::Theme;
use crate::ui::widgets::line;

/// Keys at the right ends of lines: as many in a row as there are columns, and none in a row that is not its line's.
pub(super) struct Keys {
    columns: u16,
    taken: Vec<u16>,
}

impl Keys {
    pub(super) fn with(columns: u16) -> Self {
        Self {
            columns,
            taken: Vec::new(),
        }
    }

    pub(super) fn put(
        &mut self,
        buf: &mut Buffer,
        plot: Rect,
        y: u16,
        (key, style): (char, Style),
    ) {
        let before = self.taken.iter().filter(|t| **t == y).count() as u16;
        if before < self.columns && (plot.y..plot.bottom()).contains(&y) {
            self.taken.push(y);
            line(
                buf,
                plot.right() + before,
                y,
                1,
                &[(key.to_string(), style)],
            );
        }
    }
}

impl Chart<'_> {
    /// Limits that can be seen, each with its row.
    fn limits(&self, scale: &Scale, plot: Rect) -> impl Iterator<Item = (usize, f64, u16)> {
        let seen = |value: f64| value.is_finite() && (-0.01..=1.01).contains(&scale.share(value));
        let row = move |value| Self::row(value, scale, plot);
        let each = self.thresholds.iter().copied().enumerate();
        let each = each.filter(move |(_, value)| seen(*value));
        each.map(move |(n, value)| (n, value, row(value)))
    }

    /// Whether another value stands in a row at an end of the axis: without its end an axis cannot be read.
    fn ends_at(scale: &Scale, plot: Rect, value: f64, y: u16) -> bool {
        let ends = [scale.ticks.first(), scale.ticks.last()];
        let mut ends = ends.into_iter().flatten();
        ends.any(|end| (end - value).abs() > f64::EPSILON && Self::row(*end, scale, plot) == y)
    }

    pub(super) fn thresholds(&self, buf: &mut Buffer, plot: Rect, scale: &Scale, theme: &Theme) {
        for (_, value, y) in self.limits(scale, plot) {
            let dashes = "╌".repeat(usize::from(plot.width));
            line(buf, plot.x, y, plot.width, &[(dashes, theme.threshold)]);
            if !Self::ends_at(scale, plot, value, y) {
                self.label(buf, plot, y, &self.unit.format(value), theme.threshold);
            }
        }
    }

    /// Limits in the row of an axis' end say their value in the plot, where the oldest points are.
    pub(super) fn limits_at_the_ends(
        &self,
        buf: &mut Buffer,
        plot: Rect,
        scale: &Scale,
        theme: &Theme,
    ) {
        for (_, value, y) in self.limits(scale, plot) {
            if Self::ends_at(scale, plot, value, y) {
                let word = format!(" {} ", self.unit.format(value));
                let room = (width(&word) as u16).min(plot.width);
                line(buf, plot.x, y, room, &[(word, theme.threshold)]);
            }
        }
    }

    pub(super) fn words_of_thresholds(
        &self,
        buf: &mut Buffer,
        plot: Rect,
        scale: &Scale,
        theme: &Theme,
        words: &[String],
    ) {
        for (n, _, y) in self.limits(scale, plot) {
            if let Some(word) = words.get(n).filter(|w| !w.is_empty()) {
                let word = format!(" {} ", clip(word, usize::from(plot.width / 2)));
                let w = width(&word) as u16;
                let x = plot.right().saturating_sub(w + 2);
                line(buf, x, y, w, &[(word, theme.threshold)]);
            }
        }
    }

    pub(super) fn marks(&self, buf: &mut Buffer, plot: Rect, theme: &Theme) {
        let places = self.marks.iter();
        let places = places.filter_map(|m| Some((self.column(m.at, plot)?, m.label.as_str())));
        let places: Vec<(u16, &str)> = places.collect();
        for (x, _) in &places {
            for y in plot.y..plot.bottom() {
                line(buf, *x, y, 1, &[("┊".to_owned(), theme.marker)]);
            }
            line(buf, *x, plot.bottom(), 1, &[("▲".to_owned(), theme.marker)]);
        }
        // Words beside their mark on the axis, and only where they hide no other mark or word.
        let mut free = plot.x;
        for (i, (x, label)) in places.iter().enumerate() {
            let words = width(label) as u16;
            let next = places.get(i + 1).map_or(plot.right(), |p| p.0);
            let right = x + 1;
            let start = if right >= free && right + words <= next {
                Some(right)
            } else {
                x.checked_sub(words).filter(|start| *start >= free)
            };
            if let Some(start) = start {
                let spans = [((*label).to_owned(), theme.marker)];
                line(buf, start, plot.bottom(), words, &spans);
                // One column apart, or two words read as one.
                free = start + words + 1;
            }
            free = free.max(x + 1);
        }
    }

    /// Puts each line's key at its right end.
    pub(super) fn keys(
        &self,
        buf: &mut Buffer,
        plot: Rect,
        plots: &[Plot<'_>],
        scale: &Scale,
        taken: &mut Keys,
    ) {
        for p in plots {
            let newest = self.visible(p).iter().rev().find(|x| x.1.is_finite());
            if let (Some(key), Some((_, value))) = (p.key, newest) {
                taken.put(buf, plot, Self::row(*value, scale, plot), (key, p.style));
            }
        }
    }
}
