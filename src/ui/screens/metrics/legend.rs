//! What the lines of a chart say in numbers: one line each beside a large chart, one line for all below a small one.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::charts::{ChartSpec, Wanted, found, watching};
use super::model::Metrics;
use crate::domain::metric::Series;
use crate::domain::text::{clip, width};
use crate::ui::screens::Cx;
use crate::ui::widgets::chart::{Summary, series_key, series_style, value_at};
use crate::ui::widgets::{Column, Row, Table, line, scrolled};

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
    let more = if series.is_some_and(|x| x.partial) {
        " (partial)"
    } else {
        ""
    };
    Row::new([
        (series_key(n).to_string(), style),
        (format!("{}{more}", wanted.name), style),
        (number(series.and_then(|x| at(x, s.cursor))), t.strong),
        (number(sum.map(|x| x.last)), t.text),
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

/// The legend in one line: values pointed at, else the newest.
pub(super) fn brief(spec: &ChartSpec, s: &Metrics, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let (from, until) = s.span.ends(cx.now);
    let mut spans: Vec<(String, Style)> = Vec::new();
    let mut left = usize::from(area.width);
    for (n, l) in spec.lines.iter().enumerate() {
        let value = found(&cx.snapshot.facts, &l.query).and_then(|x| match s.cursor {
            Some(_) => at(x, s.cursor),
            None => Summary::of(&x.points, from, until).map(|x| x.last),
        });
        let value = value.map_or("-".to_owned(), |v| spec.unit.format(v));
        let key = if spec.lines.len() > 1 {
            format!("{} ", series_key(n))
        } else {
            String::new()
        };
        let name = clip(&l.name, 18);
        let words = format!("{key}{name} {value}  ");
        if width(&words) > left + 2 {
            spans.push(("…".into(), cx.theme.muted));
            break;
        }
        left = left.saturating_sub(width(&words));
        spans.push((format!("{key}{name} "), series_style(cx.theme, n)));
        spans.push((format!("{value}  "), cx.theme.text));
    }
    line(buf, area.x, area.y, area.width, &spans);
}
