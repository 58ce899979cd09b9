//! What the lines of a chart say in numbers: one line each beside a large chart, one line for all below a small one.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::charts::{ChartSpec, Wanted, found, watching};
use super::model::Metrics;
use crate::domain::metric::Series;
use crate::domain::order::Ordered;
use crate::domain::text::{clip_place, width};
use crate::ui::screens::Cx;
use crate::ui::widgets::chart::{Summary, series_key, series_style, value_at};
use crate::ui::widgets::{Column, Row, Table, line, scrolled, until as up_to, when};

const COLUMNS: &[Column] = &[
    Column::left("", 1),
    Column::left("series", 16).grow(1),
    Column::right("here", 8),
    Column::right("last", 8),
    Column::right("min", 8),
    Column::right("avg", 8),
    Column::right("max", 8),
    Column::left("alarm", 12).drop(1),
];

/// Lines that the legend of a chart takes, head and all.
pub(super) fn height(spec: &ChartSpec, body: Rect) -> u16 {
    let lines = u16::try_from(spec.lines.len()).unwrap_or(u16::MAX);
    (lines.saturating_add(1)).min(body.height / 3)
}

fn at(series: &Series, cursor: Option<Timestamp>) -> Option<f64> {
    value_at(&series.points, series.query.period_s, cursor?)
}

fn row(n: usize, wanted: &Wanted, spec: &ChartSpec, s: &Metrics, cx: &Cx<'_>) -> Row {
    let (t, facts) = (cx.theme, &cx.snapshot.facts);
    let style = series_style(t, n);
    let (from, until) = s.span.ends(cx.now);
    let series = found(facts, &wanted.query);
    let sum = series.and_then(|x| Summary::of(&x.points, from, until));
    let number = |v: Option<f64>| v.map_or("-".to_owned(), |v| spec.unit.format(v));
    let alarm =
        watching(facts, &wanted.query)
            .next()
            .map_or((String::new(), t.muted), |(a, limit)| {
                let firing = a.state == crate::domain::alarm::AlarmState::Alarm;
                let sign = if firing { "▲" } else { "●" };
                let style = if firing { t.critical } else { t.muted };
                (format!("{sign} at {}", spec.unit.format(limit)), style)
            });
    let ended = series.and_then(|x| x.ended(until));
    let more = match (series.is_some_and(|x| x.partial), ended) {
        (true, _) => " (partial)".to_owned(),
        (false, Some(at)) => format!(" ({})", up_to(cx.now, at, cx.absolute)),
        (false, None) => String::new(),
    };
    let last = if ended.is_some() { t.stale } else { t.text };
    Row::new([
        (series_key(n).to_string(), style),
        (format!("{}{more}", wanted.name), style),
        (number(series.and_then(|x| at(x, s.cursor))), t.strong),
        (number(sum.map(|x| x.last)), last),
        (number(sum.map(|x| x.min)), t.muted),
        (number(sum.map(|x| x.avg)), t.text),
        (number(sum.map(|x| x.max)), t.muted),
        alarm,
    ])
}

/// The legend as a table.
pub(super) fn table(spec: &ChartSpec, s: &Metrics, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let shown = usize::from(area.height.saturating_sub(1));
    let first = (s.line.index() + 1).saturating_sub(shown);
    let table = Table {
        columns: COLUMNS,
        sort: None,
        selected: s.line.index().checked_sub(first),
        focus: true,
    };
    let rows = spec.lines.iter().enumerate().skip(first);
    table.draw(
        buf,
        area,
        rows.map(|(n, l)| row(n, l, spec, s, cx)),
        cx.theme,
    );
    scrolled(buf, area, first, shown, spec.lines.len(), cx.theme);
}

/// Lines that the short legend takes: what has no room in one has it in two, where the chart can spare one.
pub(super) fn lines(spec: &ChartSpec, inside: Rect) -> u16 {
    match spec.lines.len() > 2 && inside.height >= 12 {
        true => 2,
        false => 1,
    }
}

/// Columns of a name in it.
const NAME: usize = 18;

/// The legend in a line or two: values pointed at, else the newest; the highest first, and how many there was no room for.
pub(super) fn brief(spec: &ChartSpec, s: &Metrics, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let (from, until) = s.span.ends(cx.now);
    let value = |l: &Wanted| {
        found(&cx.snapshot.facts, &l.query).and_then(|x| match s.cursor {
            Some(_) => at(x, s.cursor),
            None => Summary::of(&x.points, from, until).map(|x| x.last),
        })
    };
    // Of a service that is down there are values, and none of now.
    let ended = |l: &Wanted| match s.cursor {
        Some(_) => None,
        None => found(&cx.snapshot.facts, &l.query).and_then(|x| x.ended(until)),
    };
    let mut all: Vec<(usize, &Wanted, Option<f64>)> = (spec.lines.iter().enumerate())
        .map(|(n, l)| (n, l, value(l)))
        .collect();
    let high = |v: Option<f64>| v.unwrap_or(f64::NEG_INFINITY);
    all.order_by(|a, b| high(b.2).total_cmp(&high(a.2)));
    let mut rest = all.into_iter().peekable();
    for y in area.y..area.bottom() {
        let mut spans: Vec<(String, Style)> = Vec::new();
        let mut left = usize::from(area.width);
        let is_last = y + 1 == area.bottom();
        while let Some((n, l, value)) = rest.peek() {
            let mut style = cx.theme.text;
            let mut value = value.map_or("-".to_owned(), |v| spec.unit.format(v));
            if let Some(at) = ended(l).filter(|_| value != "-") {
                style = cx.theme.stale;
                value = format!("{value} {}", when(cx.now, at, cx.absolute));
            }
            let key = match spec.lines.len() {
                ..=1 => String::new(),
                _ => format!("{} ", series_key(*n)),
            };
            let name = format!("{key}{} ", clip_place(&l.name, NAME));
            let used = width(&name) + width(&value);
            let (n, after) = (*n, rest.len() - 1);
            // How many are not named has its room, too.
            let more = match is_last && after > 0 {
                true => width(&unnamed(after)) + 2,
                false => 0,
            };
            if used + more > left && !(spans.is_empty() && is_last) {
                break;
            }
            left = left.saturating_sub(used + 2);
            spans.push((name, series_style(cx.theme, n)));
            spans.push((format!("{value}  "), style));
            rest.next();
        }
        if is_last && rest.len() > 0 {
            spans.push((unnamed(rest.len()), cx.theme.muted));
        }
        line(buf, area.x, y, area.width, &spans);
    }
}

fn unnamed(n: usize) -> String {
    format!("+{n} lower")
}
