//! Numbers, gauges, bars, shares and tables of series: what is said without time.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::metric::Shown;
use crate::domain::dashboard::{MetricWidget, headline};
use crate::domain::metric::Unit;
use crate::domain::text::{clip_middle, width};
use crate::ui::screens::Cx;
use crate::ui::widgets::chart::{Summary, series_key, series_style, value_at};
use crate::ui::widgets::{Column, Row, Table, bar, line, spark};

/// A bar with its name and its value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bar {
    pub label: String,
    pub value: Option<f64>,
    pub unit: Unit,
}

fn value(unit: Unit, v: Option<f64>) -> String {
    v.map_or_else(|| "-".into(), |v| unit.format(v))
}

/// The newest values side by side, with a small line below where there is room.
pub(super) fn numbers(
    m: &MetricWidget,
    shown: &[Shown<'_>],
    area: Rect,
    cx: &Cx<'_>,
    buf: &mut Buffer,
) {
    let t = cx.theme;
    let n = u16::try_from(shown.len()).unwrap_or(u16::MAX).max(1);
    let across = (area.width / 14).clamp(1, n);
    let rows = n.div_ceil(across);
    // Each number needs two lines; what does not fit is counted.
    let height = (area.height / rows).max(2);
    let w = area.width / across;
    let fits = usize::from((area.height / height).max(1) * across);
    for (i, s) in shown.iter().enumerate().take(fits) {
        let (column, row) = (i as u16 % across, i as u16 / across);
        let (x, y) = (area.x + column * w + 1, area.y + row * height);
        let room = w.saturating_sub(2);
        let number = headline(m, s.line);
        line(
            buf,
            x,
            y,
            room,
            &[(clip_middle(&s.name, usize::from(room)), t.muted)],
        );
        let style = series_style(t, i).patch(t.strong);
        line(buf, x, y + 1, room, &[(value(s.unit, number), style)]);
        if height >= 3 && s.line.points.len() > 1 {
            let points = s.line.points.iter().map(|p| p.1);
            let columns = room.min(60);
            let below = if height >= 4 { y + 3 } else { y + 2 };
            line(
                buf,
                x,
                below.min(area.bottom() - 1),
                room,
                &[(spark(points, columns), series_style(t, i))],
            );
        }
    }
    more(shown.len().saturating_sub(fits), area, cx, buf);
}

/// Says how many did not fit.
fn more(left: usize, area: Rect, cx: &Cx<'_>, buf: &mut Buffer) {
    if left > 0 && area.height > 0 {
        let text = format!("+{left} more");
        let w = width(&text) as u16;
        let x = area.right().saturating_sub(w + 1);
        line(buf, x, area.bottom() - 1, w, &[(text, cx.theme.muted)]);
    }
}

/// A bar from one end to the other for each series, with its thresholds.
pub(super) fn gauges(
    m: &MetricWidget,
    shown: &[Shown<'_>],
    area: Rect,
    cx: &Cx<'_>,
    buf: &mut Buffer,
) {
    let t = cx.theme;
    let each = if area.height >= 4 { 4 } else { 2 };
    let fits = usize::from((area.height / each).max(1));
    // Several gauges lie closer together.
    let each = if shown.len() > fits { 2 } else { each };
    let fits = usize::from((area.height / each).max(1));
    let (low, high) = (m.left.min.unwrap_or(0.0), m.left.max.unwrap_or(100.0));
    let spare = area
        .height
        .saturating_sub(each * shown.len().min(fits) as u16)
        / 2;
    for (i, s) in shown.iter().enumerate().take(fits) {
        let y = area.y + spare + i as u16 * each;
        let number = headline(m, s.line);
        let over = |v: f64| m.limits.iter().any(|l| v >= l.value && l.to.is_none());
        let style = match number {
            Some(v) if over(v) => t.critical,
            _ => series_style(t, i),
        };
        let text = value(s.unit, number);
        let room = usize::from(area.width.saturating_sub(2));
        // Of nodes of one cache the ends tell which.
        let name = clip_middle(&s.name, room.saturating_sub(width(&text) + 1));
        let pad = room.saturating_sub(width(&name) + width(&text));
        let spans = [
            (name, t.muted),
            (" ".repeat(pad), t.text),
            (text, style.patch(t.strong)),
        ];
        line(buf, area.x + 1, y, area.width.saturating_sub(2), &spans);
        let share = number.map_or(0.0, |v| (v - low) / (high - low));
        let long = area.width.saturating_sub(2);
        let (full, empty) = bar(share, long);
        line(
            buf,
            area.x + 1,
            y + 1,
            long,
            &[(full, style), (empty, t.bar_empty)],
        );
        for limit in &m.limits {
            let at = (limit.value - low) / (high - low);
            if (0.0..=1.0).contains(&at) && long > 0 {
                let x = area.x + 1 + (at * f64::from(long - 1)).round() as u16;
                line(buf, x, y + 1, 1, &[("┃".into(), t.threshold)]);
            }
        }
        if each >= 3 {
            let right = s.unit.format(high);
            let gap = room.saturating_sub(width(&right) + width(&s.unit.format(low)));
            let ends = format!("{}{}{right}", s.unit.format(low), " ".repeat(gap));
            line(
                buf,
                area.x + 1,
                y + 2,
                area.width.saturating_sub(2),
                &[(ends, t.muted)],
            );
        }
    }
    more(shown.len().saturating_sub(fits), area, cx, buf);
}

/// Series as bars: their newest values.
pub(super) fn of_series(m: &MetricWidget, shown: &[Shown<'_>]) -> Vec<Bar> {
    let one = |s: &Shown<'_>| Bar {
        label: s.name.clone(),
        value: headline(m, s.line),
        unit: s.unit,
    };
    shown.iter().map(one).collect()
}

/// Bars below one another, the longest as long as the space; or shares of their sum.
pub(super) fn bars(bars: &[Bar], shares: bool, area: Rect, cx: &Cx<'_>, buf: &mut Buffer) {
    let t = cx.theme;
    let finite = || {
        bars.iter()
            .filter_map(|b| b.value.filter(|v| v.is_finite() && *v > 0.0))
    };
    let sum: f64 = finite().sum();
    let most = finite().fold(0.0, f64::max);
    let name = bars
        .iter()
        .map(|b| width(&b.label))
        .max()
        .unwrap_or(0)
        .min(usize::from(area.width / 3))
        .max(4);
    let share = if shares { 8 } else { 0 };
    let room = area.width.saturating_sub(name as u16 + 12 + share + 3);
    let each = if usize::from(area.height) >= bars.len() * 2 {
        2
    } else {
        1
    };
    let fits = usize::from(area.height) / each;
    for (i, b) in bars.iter().enumerate().take(fits.max(1)) {
        let y = area.y + (i * each) as u16;
        let style: Style = series_style(t, i);
        let of = b.value.unwrap_or(0.0).max(0.0);
        let ratio = if shares {
            of / sum.max(f64::MIN_POSITIVE)
        } else {
            of / most.max(f64::MIN_POSITIVE)
        };
        let (full, empty) = bar(ratio, room);
        let label = clip_middle(&b.label, name);
        let pad = " ".repeat(name.saturating_sub(width(&label)));
        let text = value(b.unit, b.value);
        let gap = " ".repeat(11usize.saturating_sub(width(&text)));
        let mut spans = vec![
            (format!("{label}{pad} "), t.text),
            (full, style),
            (empty, t.bar_empty),
            (format!("{gap}{text}"), t.strong),
        ];
        if shares {
            spans.push((format!("{:>6.1} %", ratio * 100.0), t.muted));
        }
        line(buf, area.x + 1, y, area.width.saturating_sub(1), &spans);
    }
    more(bars.len().saturating_sub(fits.max(1)), area, cx, buf);
}

const COLUMNS: &[Column] = &[
    Column::left("", 1),
    Column::left("series", 12).grow(1).middle(),
    Column::right("last", 9),
    Column::right("min", 9).drop(2),
    Column::right("avg", 9).drop(1),
    Column::right("max", 9).drop(2),
];

/// With what each was at the time that is pointed at, as the metrics screen has it.
const POINTED: &[Column] = &[
    Column::left("", 1),
    Column::left("series", 12).grow(1).middle(),
    Column::right("here", 9),
    Column::right("last", 9),
    Column::right("min", 9).drop(2),
    Column::right("avg", 9).drop(1),
    Column::right("max", 9).drop(2),
];

/// Series as a table of what their range sums up to, and of what they were at a time.
pub(super) fn pointed(
    shown: &[Shown<'_>],
    cursor: Option<Timestamp>,
    ends: (Timestamp, Timestamp),
    area: Rect,
    cx: &Cx<'_>,
    buf: &mut Buffer,
) {
    let here = |s: &Shown<'_>| {
        let at = value_at(&s.line.points, s.line.period_s, cursor?);
        at.map(|v| s.unit.format(v))
    };
    let rows = shown.iter().enumerate().map(|(i, s)| {
        let mut cells = row(i, s, ends, cx);
        let value = here(s).unwrap_or_else(|| "-".into());
        cells.insert(2, (value, cx.theme.key));
        Row::new(cells)
    });
    tabled(POINTED, rows, shown.len(), area, cx, buf);
}

/// Series as a table of what their range sums up to.
pub(super) fn summary(
    shown: &[Shown<'_>],
    ends: (Timestamp, Timestamp),
    area: Rect,
    cx: &Cx<'_>,
    buf: &mut Buffer,
) {
    let rows = shown.iter().enumerate();
    let rows = rows.map(|(i, s)| Row::new(row(i, s, ends, cx)));
    tabled(COLUMNS, rows, shown.len(), area, cx, buf);
}

fn row(
    i: usize,
    s: &Shown<'_>,
    (from, until): (Timestamp, Timestamp),
    cx: &Cx<'_>,
) -> Vec<(String, Style)> {
    let t = cx.theme;
    let sum = Summary::of(&s.line.points, from, until);
    let number = |f: fn(&Summary) -> f64| value(s.unit, sum.as_ref().map(f));
    let style = series_style(t, i);
    let partial = if s.line.partial { " (partial)" } else { "" };
    vec![
        (series_key(i).to_string(), style),
        (format!("{}{partial}", s.name), style),
        (number(|s| s.last), t.strong),
        (number(|s| s.min), t.muted),
        (number(|s| s.avg), t.text),
        (number(|s| s.max), t.muted),
    ]
}

fn tabled(
    columns: &[Column],
    rows: impl Iterator<Item = Row>,
    all: usize,
    area: Rect,
    cx: &Cx<'_>,
    buf: &mut Buffer,
) {
    let table = Table {
        columns,
        sort: None,
        selected: None,
        focus: false,
    };
    table.draw(buf, area, rows, cx.theme);
    let fits = usize::from(area.height.saturating_sub(1));
    more(all.saturating_sub(fits), area, cx, buf);
}
