//! What is marked on a chart: limits across it, what happened along its axis, and whose line ends where.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::ticks::Scale;
use super::{Chart, Mark, Plot};
use crate::domain::order::Ordered;
use crate::domain::text::{clip, width};
use crate::ui::theme::Theme;
use crate::ui::widgets::line;

/// Keys at the right ends of lines, one in a row: two beside each other would read as one number. Where its line's row has one already,
/// a key stands in the row above or below, as its neighbours do.
pub(super) struct Keys {
    /// Columns from the plot.
    apart: u16,
    taken: Vec<u16>,
}

impl Keys {
    pub(super) fn apart(columns: u16) -> Self {
        Self {
            apart: columns,
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
        let rows = [Some(y), y.checked_sub(1), y.checked_add(1)];
        let is_free = |y: &u16| (plot.y..plot.bottom()).contains(y) && !self.taken.contains(y);
        if let Some(y) = rows.into_iter().flatten().find(is_free) {
            self.taken.push(y);
            let x = plot.right() + self.apart;
            line(buf, x, y, 1, &[(key.to_string(), style)]);
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
        let places = places.filter_map(|m| Some((self.column(m.at, plot)?, m)));
        let mut places: Vec<(u16, &Mark)> = places.collect();
        for (x, _) in &places {
            for y in plot.y..plot.bottom() {
                line(buf, *x, y, 1, &[("┊".to_owned(), theme.marker)]);
            }
            line(buf, *x, plot.bottom(), 1, &[("▲".to_owned(), theme.marker)]);
        }
        // Words beside their mark on the axis, and only where they hide no other mark or word.
        let columns: Vec<u16> = places.iter().map(|p| p.0).collect();
        places.order_by_key(|p| std::cmp::Reverse(p.1.weight));
        let mut said: Vec<(u16, u16)> = Vec::new();
        for (x, mark) in places {
            let words = width(&mark.label) as u16;
            let is_free = |start: &u16| {
                let end = start + words;
                let inside = *start >= plot.x && end <= plot.right();
                let hides = columns.iter().any(|c| (*start..end).contains(c));
                // One column apart, or two words read as one.
                inside && !hides && said.iter().all(|(from, to)| end < *from || start > to)
            };
            let sides = [Some(x + 1), x.checked_sub(words)];
            if let Some(start) = sides.into_iter().flatten().find(is_free) {
                let spans = [(mark.label.clone(), theme.marker)];
                line(buf, start, plot.bottom(), words, &spans);
                said.push((start, start + words));
            }
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
        let newest = |p: &Plot<'_>| {
            let mut points = self.visible(p).iter().rev();
            points.find(|x| x.1.is_finite()).map(|x| x.1)
        };
        let ends = plots
            .iter()
            .filter_map(|p| Some((newest(p)?, p.key?, p.style)));
        let mut ends: Vec<(f64, char, Style)> = ends.collect();
        // The highest first: where there is no row for all, it has one.
        ends.order_by(|a, b| b.0.total_cmp(&a.0));
        for (value, key, style) in ends {
            taken.put(buf, plot, Self::row(value, scale, plot), (key, style));
        }
    }
}
