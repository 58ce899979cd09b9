//! Charts of series over time: axes with units and the local zone, gaps as gaps, thresholds as lines, deploys as marks.

mod canvas;
mod extras;
mod marked;
mod summary;
mod ticks;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::theme::Theme;
use super::line;
use crate::domain::metric::Unit;
use crate::domain::text::{clip, width};
use canvas::Canvas;
pub use extras::{Extras, Right};
use marked::Keys;
pub use summary::{Summary, value_at};
use ticks::Scale;

/// Columns left of the plot: the values' labels and the axis itself.
const GUTTER: u16 = 10;

/// One line of a chart.
#[derive(Clone, Debug)]
pub struct Plot<'a> {
    /// (start of period, value), oldest first. A missing period is a gap.
    pub points: &'a [(Timestamp, f64)],
    /// Seconds a point.
    pub period_s: u32,
    /// Colour.
    pub style: Style,
    /// What stands at its right end, where there are several lines.
    pub key: Option<char>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// When (UTC).
    pub at: Timestamp,
    /// A word or two.
    pub label: String,
    /// Who is named first where there is room for some alone: the largest.
    pub weight: u8,
}

/// A chart. All lines share one unit and one axis.
#[derive(Clone, Debug)]
pub struct Chart<'a> {
    /// Left end (UTC).
    pub from: Timestamp,
    /// Right end (UTC).
    pub until: Timestamp,
    /// Where the person lives: times are worded in this zone.
    pub zone: &'a TimeZone,
    /// Unit of all lines.
    pub unit: Unit,
    /// Lines; the first is drawn above the others.
    pub plots: Vec<Plot<'a>>,
    /// Thresholds, in the unit.
    pub thresholds: Vec<f64>,
    /// What happened.
    pub marks: &'a [Mark],
    /// A time that is pointed at.
    pub crosshair: Option<Timestamp>,
}

/// The colour of the n-th line.
pub fn series_style(theme: &Theme, n: usize) -> Style {
    match n % 4 {
        0 => theme.series1,
        1 => theme.series2,
        2 => theme.series3,
        _ => theme.series4,
    }
}

/// The sign of the n-th line: `1` to `9`, then `a` to `z`, so that lines can be told apart without colour.
pub fn series_key(n: usize) -> char {
    u32::try_from(n + 1)
        .ok()
        .and_then(|n| char::from_digit(n, 36))
        .unwrap_or('*')
}

/// The place of the plot in a chart's area.
pub fn plot_area(area: Rect) -> Rect {
    Rect::new(
        area.x + GUTTER,
        area.y,
        area.width.saturating_sub(GUTTER + 2),
        area.height.saturating_sub(2),
    )
}

/// The same where a second axis stands on its right.
pub fn plot_area_between(area: Rect) -> Rect {
    let plot = plot_area(area);
    Rect {
        width: plot.width.saturating_sub(extras::GUTTER),
        ..plot
    }
}

/// The ticks in words. Words that need more room than there is do without their space.
fn tick_words(unit: Unit, scale: &Scale, room: usize) -> Vec<String> {
    let words = unit.ticks(&scale.ticks).into_iter();
    let fit = |w: String| match width(&w) > room {
        true => w.replace(' ', ""),
        false => w,
    };
    words.map(fit).collect()
}

impl Chart<'_> {
    /// Draws the chart; an area that is too small for one stays empty.
    pub fn draw(&self, buf: &mut Buffer, area: Rect, theme: &Theme) {
        self.draw_with(buf, area, theme, &Extras::default());
    }

    /// As [`draw`](Self::draw), with what few charts need.
    pub fn draw_with(&self, buf: &mut Buffer, area: Rect, theme: &Theme, more: &Extras<'_>) {
        let plot = match more.right {
            Some(_) => plot_area_between(area),
            None => plot_area(area),
        };
        if plot.width < 8 || plot.height < 2 || self.until <= self.from {
            return;
        }
        let most = usize::from(plot.height / 3).clamp(2, 8);
        let tops = more.stacked.then(|| self.tops(plot));
        let each = self.plots.iter().flat_map(|p| self.visible(p)).map(|p| p.1);
        let values = each
            .filter(|_| tops.is_none())
            .chain(tops.iter().flatten().copied());
        let scale = Scale::within(
            values.chain(self.thresholds.iter().copied()),
            most,
            more.ends,
        );
        self.value_axis(buf, plot, &scale, theme);
        self.time_axis(buf, plot, theme);
        self.thresholds(buf, plot, &scale, theme);
        self.marks(buf, plot, theme);
        self.words_of_thresholds(buf, plot, &scale, theme, more.words);
        if let Some(x) = self.crosshair.and_then(|at| self.column(at, plot)) {
            for y in plot.y..plot.bottom() {
                line(buf, x, y, 1, &[("│".to_owned(), theme.key)]);
            }
        }
        let mut canvas = Canvas::new(plot.width, plot.height);
        if more.stacked {
            self.areas(&mut canvas, &scale);
        } else {
            self.lines(&mut canvas, &self.plots, &scale);
        }
        let right = more
            .right
            .as_ref()
            .map(|r| (r, self.right_axis(buf, plot, r, most, theme)));
        if let Some((r, scale)) = &right {
            self.lines(&mut canvas, &r.plots, scale);
        }
        canvas.draw(buf, plot);
        self.limits_at_the_ends(buf, plot, &scale, theme);
        let mut taken = Keys::apart(if right.is_some() { 0 } else { 1 });
        if more.stacked {
            self.stacked_keys(buf, plot, &scale, &mut taken);
        } else {
            self.keys(buf, plot, &self.plots, &scale, &mut taken);
        }
        if let Some((r, scale)) = &right {
            self.keys(buf, plot, &r.plots, scale, &mut taken);
        }
    }

    fn visible<'a>(&self, p: &Plot<'a>) -> &'a [(Timestamp, f64)] {
        let first = p.points.partition_point(|x| x.0 < self.from);
        let end = p.points.partition_point(|x| x.0 <= self.until);
        p.points.get(first..end).unwrap_or(&[])
    }

    /// Share of the range that has passed at a time.
    fn share(&self, at: Timestamp) -> f64 {
        at.duration_since(self.from).as_secs_f64()
            / self.until.duration_since(self.from).as_secs_f64()
    }

    fn column(&self, at: Timestamp, plot: Rect) -> Option<u16> {
        let share = self.share(at);
        (0.0..=1.0)
            .contains(&share)
            .then(|| plot.x + (share * f64::from(plot.width - 1)).round() as u16)
    }

    fn row(value: f64, scale: &Scale, plot: Rect) -> u16 {
        let share = 1.0 - scale.share(value).clamp(0.0, 1.0);
        plot.y + ((share * f64::from(plot.height * 4 - 1)).round() as u16) / 4
    }

    fn label(&self, buf: &mut Buffer, plot: Rect, y: u16, text: &str, style: Style) {
        let room = usize::from(GUTTER - 2);
        let text = clip(text, room);
        let pad = " ".repeat(room.saturating_sub(width(&text)));
        let x = plot.x.saturating_sub(GUTTER);
        line(buf, x, y, GUTTER, &[(format!("{pad}{text} "), style)]);
    }

    fn value_axis(&self, buf: &mut Buffer, plot: Rect, scale: &Scale, theme: &Theme) {
        let axis = plot.x - 1;
        for y in plot.y..plot.bottom() {
            line(buf, axis, y, 1, &[("│".to_owned(), theme.border)]);
        }
        let words = tick_words(self.unit, scale, usize::from(GUTTER - 2));
        for (value, words) in scale.ticks.iter().zip(words) {
            let y = Self::row(*value, scale, plot);
            self.label(buf, plot, y, &words, theme.muted);
            line(buf, axis, y, 1, &[("┤".to_owned(), theme.border)]);
        }
    }

    fn time_axis(&self, buf: &mut Buffer, plot: Rect, theme: &Theme) {
        let (axis, words) = (plot.bottom(), plot.bottom() + 1);
        let rule = format!("└{}", "─".repeat(usize::from(plot.width)));
        line(
            buf,
            plot.x - 1,
            axis,
            plot.width + 1,
            &[(rule, theme.border)],
        );
        let zone = ticks::zone_name(self.until, self.zone);
        let x = plot.x.saturating_sub(GUTTER);
        let room = usize::from(GUTTER - 2);
        line(
            buf,
            x,
            words,
            GUTTER,
            &[(format!("{:>room$} ", clip(&zone, room)), theme.muted)],
        );
        let most = usize::from(plot.width / 10).clamp(1, 12);
        // One column apart from the zone.
        let mut free = plot.x.saturating_sub(1);
        for (at, text) in ticks::times(self.from, self.until, most, self.zone) {
            let Some(x) = self.column(at, plot) else {
                continue;
            };
            line(buf, x, axis, 1, &[("┬".to_owned(), theme.border)]);
            let half = (width(&text) / 2) as u16;
            let start = x.saturating_sub(half).max(free);
            let end = start + width(&text) as u16;
            if end <= plot.right() + 2 {
                line(buf, start, words, end - start, &[(text, theme.muted)]);
                free = end + 1;
            }
        }
    }

    fn lines(&self, canvas: &mut Canvas, plots: &[Plot<'_>], scale: &Scale) {
        let (across, down) = (canvas.dots_across() - 1, canvas.dots_down() - 1);
        for p in plots.iter().rev() {
            let mut before: Option<(Timestamp, (i64, i64))> = None;
            let longest = f64::from(p.period_s) * 1.5;
            for (at, value) in self.visible(p).iter().filter(|x| x.1.is_finite()) {
                let here = (
                    (self.share(*at) * across as f64).round() as i64,
                    ((1.0 - scale.share(*value)) * down as f64).round() as i64,
                );
                match before {
                    Some((t, there)) if at.duration_since(t).as_secs_f64() <= longest => {
                        canvas.line(there, here, p.style);
                    }
                    _ => canvas.dot(here.0, here.1, p.style),
                }
                before = Some((*at, here));
            }
        }
    }
}

#[cfg(test)]
mod tests;
