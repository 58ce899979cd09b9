//! Draws metric widgets.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::figures;
use super::legend::{entries, entry_width, legend_rows};
use super::model::{Opened, data, viewport};
use crate::domain::alarm::AlarmRule;
use crate::domain::dashboard::{
    DataLine, Legend, MetricRow, MetricWidget, View, Widget, WidgetData, WidgetKind, unit_of,
};
use crate::domain::metric::Unit;
use crate::domain::order::Ordered;
use crate::domain::text::clip;
use crate::ui::screens::Cx;
use crate::ui::screens::metrics::marks::marks;
use crate::ui::widgets::chart::{
    Chart, Extras, Mark, Plot, Right, plot_area, plot_area_between, series_key, series_style,
};
use crate::ui::widgets::line;

/// A series that is drawn.
#[derive(Clone, Debug)]
pub(super) struct Shown<'a> {
    pub line: &'a DataLine,
    /// What it is called.
    pub name: String,
    pub unit: Unit,
    /// Against the right axis.
    pub right: bool,
}

/// The series of a widget, in the order of its rows.
pub(super) fn shown<'a>(
    m: &MetricWidget,
    data: Option<&'a WidgetData>,
    w: &Widget,
    cx: &Cx<'_>,
) -> Vec<Shown<'a>> {
    let lines = data.map_or(&[][..], |d| d.lines.as_slice());
    let watched = w.alarm(cx.snapshot.facts.alarm_rows());
    lines
        .iter()
        .map(|line| {
            let row = m.rows.get(line.row);
            let unit = match (row, watched.map(|a| &a.rule)) {
                (None, Some(AlarmRule::Metric { query: Some(q), .. })) => Unit::of(&q.metric),
                _ => unit_of(m, row),
            };
            Shown {
                name: name(row, line),
                unit,
                right: row.is_some_and(|r| r.right),
                line,
            }
        })
        .collect()
}

/// The vendor's label, else the author's, else what the row asks.
fn name(row: Option<&MetricRow>, line: &DataLine) -> String {
    let own = row.and_then(|r| r.label.clone());
    let label = line.label.trim();
    match own {
        _ if !label.is_empty() => tidy(label),
        Some(own) => own,
        None => row.and_then(|r| r.id.clone()).unwrap_or_else(|| "-".into()),
    }
}

/// Words of a label as people say them: `tg-api` of `targetgroup/tg-api/6d0ecf831eec9f09`.
fn tidy(label: &str) -> String {
    let short = |word: &str| {
        let parts: Vec<&str> = word.split('/').collect();
        match parts.as_slice() {
            ["targetgroup", name, _] | ["app" | "net" | "gwy", name, _] => (*name).to_owned(),
            _ => word.to_owned(),
        }
    };
    label.split(' ').map(short).collect::<Vec<_>>().join(" ")
}

/// Draws a metric widget into the inside of its panel.
pub(super) fn draw(
    n: usize,
    w: &Widget,
    m: &MetricWidget,
    o: &Opened,
    area: Rect,
    cx: &Cx<'_>,
    buf: &mut Buffer,
) {
    let found = data(cx, &o.id, n).map(AsRef::as_ref);
    let shown = shown(m, found, w, cx);
    let (from, until) = o.span.ends(cx.now);
    let any = |s: &Shown<'_>| s.line.points.iter().any(|p| p.0 >= from && p.0 <= until);
    if m.view != View::TimeSeries && !shown.iter().any(any) {
        return silent(w, m, found, area, cx, buf);
    }
    match m.view {
        View::TimeSeries => series(w, m, o, (found, &shown), area, cx, buf),
        View::SingleValue => figures::numbers(m, &shown, area, cx, buf),
        View::Gauge => figures::gauges(m, &shown, area, cx, buf),
        View::Bar => figures::bars(&figures::of_series(m, &shown), false, area, cx, buf),
        View::Pie => figures::bars(&figures::of_series(m, &shown), true, area, cx, buf),
        View::Table => figures::summary(&shown, (from, until), area, cx, buf),
    }
    if let (View::Table | View::SingleValue, Some(p)) =
        (m.view, found.and_then(|d| d.problem.as_ref()))
    {
        warn(&p.why, area, cx, buf);
    }
}

/// A warning on the last line.
fn warn(why: &str, area: Rect, cx: &Cx<'_>, buf: &mut Buffer) {
    if area.height > 0 {
        let words = format!("▲ old: {why}");
        line(
            buf,
            area.x + 1,
            area.bottom() - 1,
            area.width,
            &[(words, cx.theme.warn)],
        );
    }
}

/// Why there is nothing to see.
fn reason(
    w: &Widget,
    m: &MetricWidget,
    found: Option<&WidgetData>,
    cx: &Cx<'_>,
) -> (Vec<String>, Style) {
    let (t, facts) = (cx.theme, &cx.snapshot.facts);
    if let Some(name) = m.alarm.as_ref().filter(|_| m.rows.is_empty()) {
        match w.alarm(facts.alarm_rows()).map(|a| &a.rule) {
            None if facts.alarms.value.is_some() => {
                return (vec![format!("there is no alarm {name} here")], t.unknown);
            }
            Some(
                AlarmRule::Composite { .. }
                | AlarmRule::Log { .. }
                | AlarmRule::Metric { query: None, .. },
            ) => {
                let why = format!("the alarm {name} watches no single metric");
                return (vec![why], t.unknown);
            }
            _ => {}
        }
    }
    if !m.rows.is_empty() && m.rows.iter().all(|r| !r.visible) {
        return (vec!["all of its rows are hidden".into()], t.muted);
    }
    match found {
        Some(d) => match &d.problem {
            Some(p) => (vec![format!("▲ {}", p.what), p.why.clone()], t.critical),
            None => {
                let mut words = vec!["no datapoint in this range".to_owned()];
                words.extend(d.messages.iter().cloned());
                (words, t.unknown)
            }
        },
        None => match &facts.board.error {
            Some(p) => (vec![format!("▲ {}", p.what), p.why.clone()], t.critical),
            None => (vec!["asking ...".into()], t.muted),
        },
    }
}

fn silent(
    w: &Widget,
    m: &MetricWidget,
    found: Option<&WidgetData>,
    area: Rect,
    cx: &Cx<'_>,
    buf: &mut Buffer,
) {
    let (words, style) = reason(w, m, found, cx);
    super::other::centred(&words, style, area, cx, buf);
}

/// The value axis's ends and words, for what lies against it.
struct Marked {
    values: Vec<f64>,
    words: Vec<String>,
}

fn limits(w: &Widget, m: &MetricWidget, cx: &Cx<'_>) -> Marked {
    let mut out = Marked {
        values: Vec::new(),
        words: Vec::new(),
    };
    for l in m.limits.iter().filter(|l| !l.right) {
        for (i, value) in [Some(l.value), l.to].into_iter().flatten().enumerate() {
            out.values.push(value);
            out.words.push(if i == 0 {
                l.label.clone()
            } else {
                String::new()
            });
        }
    }
    if let Some(alarm) = w.alarm(cx.snapshot.facts.alarm_rows())
        && let AlarmRule::Metric {
            threshold: Some(limit),
            comparison,
            ..
        } = &alarm.rule
    {
        out.values.push(*limit);
        out.words.push(format!("{} {comparison}", alarm.name));
    }
    out
}

/// The chart, whether its legend stands beside it, and the rows of a legend below it.
fn parts(
    m: &MetricWidget,
    o: &Opened,
    shown: &[Shown<'_>],
    area: Rect,
    cx: &Cx<'_>,
) -> (Rect, bool, u16) {
    let beside = m.legend == Legend::Right && area.width >= 78 && !o.single;
    let below = match m.legend {
        _ if beside || area.height < 7 => 0,
        // A time that is pointed at needs somewhere to say what was there.
        _ if o.single => (shown.len() as u16 + 1).min(area.height / 3),
        Legend::Hidden => 0,
        _ => legend_rows(shown, area, o.span.ends(cx.now)),
    };
    let chart = Rect {
        width: area.width - if beside { 28 } else { 0 },
        height: area.height - below,
        ..area
    };
    (chart, beside, below)
}

/// Where the plot of the widget that fills the screen is, if it is drawn over time.
pub(super) fn large_plot(o: &Opened, cx: &Cx<'_>) -> Option<Rect> {
    let (n, w) = o.widget().filter(|_| o.is_over_time())?;
    let WidgetKind::Metric(m) = &w.kind else {
        return None;
    };
    let place = viewport(cx);
    let inside = Rect::new(
        place.x + 1,
        place.y + 1,
        place.width.saturating_sub(2),
        place.height.saturating_sub(2),
    );
    let shown = shown(m, data(cx, &o.id, n).map(AsRef::as_ref), w, cx);
    let (chart, ..) = parts(m, o, &shown, inside, cx);
    let two = shown.iter().any(|s| s.right) && shown.iter().any(|s| !s.right);
    Some(if two {
        plot_area_between(chart)
    } else {
        plot_area(chart)
    })
}

fn series(
    w: &Widget,
    m: &MetricWidget,
    o: &Opened,
    (found, shown): (Option<&WidgetData>, &[Shown<'_>]),
    area: Rect,
    cx: &Cx<'_>,
    buf: &mut Buffer,
) {
    let t = cx.theme;
    let (from, until) = o.span.ends(cx.now);
    let (chart, beside, below) = parts(m, o, shown, area, cx);
    let several = shown.len() > 1;
    let plot = |(n, s): (usize, &Shown<'_>)| Plot {
        points: shown.get(n).map_or(&[][..], |s| &s.line.points),
        period_s: s.line.period_s,
        style: series_style(t, n),
        key: several.then(|| series_key(n)),
    };
    let side = |right: bool| {
        shown
            .iter()
            .enumerate()
            .filter(move |(_, s)| s.right == right)
    };
    let left: Vec<Plot<'_>> = side(false).map(plot).collect();
    let right: Vec<Plot<'_>> = side(true).map(plot).collect();
    // With nothing on the left, the right axis takes its place.
    let (left, right, axis) = match left.is_empty() && !right.is_empty() {
        true => (right, Vec::new(), &m.right),
        false => (left, right, &m.left),
    };
    let unit = shown
        .iter()
        .find(|s| !s.right || right.is_empty())
        .map_or_else(|| unit_of(m, m.rows.first()), |s| s.unit);
    let marked = limits(w, m, cx);
    let happened = moments(m, from, until, cx);
    let more = Extras {
        ends: (axis.min, axis.max),
        stacked: m.stacked,
        words: &marked.words,
        right: (!right.is_empty()).then(|| Right {
            unit: side(true).next().map_or(Unit::None, |(_, s)| s.unit),
            ends: (m.right.min, m.right.max),
            plots: right,
        }),
    };
    Chart {
        from,
        until,
        zone: &TimeZone::system(),
        unit,
        plots: left,
        thresholds: marked.values,
        marks: &happened,
        crosshair: o.cursor.filter(|_| o.single),
    }
    .draw_with(buf, chart, t, &more);
    let visible = |s: &Shown<'_>| s.line.points.iter().any(|p| p.0 >= from && p.0 <= until);
    if !shown.iter().any(visible) {
        let place = plot_area(chart);
        let (words, style) = reason(w, m, found, cx);
        for (y, text) in (place.y + 1..place.bottom()).zip(words) {
            line(
                buf,
                place.x + 1,
                y,
                place.width.saturating_sub(1),
                &[(text, style)],
            );
        }
    } else if let Some(p) = found.and_then(|d| d.problem.as_ref()) {
        warn(&p.why, chart, cx, buf);
    }
    let place = Rect {
        y: chart.bottom(),
        height: below,
        ..area
    };
    if o.single && below > 0 {
        figures::pointed(shown, o.cursor, (from, until), place, cx, buf);
    } else if beside {
        let place = Rect::new(chart.right(), area.y, 28, area.height);
        entries(shown, (from, until), place, 1, cx, buf);
    } else {
        let across = (area.width / entry_width(shown, area, (from, until))).max(1);
        entries(shown, (from, until), place, across, cx, buf);
    }
}

/// What happened in the range: the author's marks, and the deployments of what the metrics are about.
fn moments(m: &MetricWidget, from: Timestamp, until: Timestamp, cx: &Cx<'_>) -> Vec<Mark> {
    use crate::domain::dashboard::Source;
    let inside = |at: &Timestamp| *at >= from && *at <= until;
    let mut all: Vec<Mark> = Vec::new();
    for moment in &m.moments {
        for at in [Some(moment.at), moment.until]
            .into_iter()
            .flatten()
            .filter(inside)
        {
            all.push(Mark {
                at,
                label: clip(&moment.label, 16),
                weight: 0,
            });
        }
    }
    let metrics: Vec<_> = m
        .rows
        .iter()
        .filter_map(|r| match &r.source {
            Source::Metric(metric) => Some(metric),
            Source::Expression(_) => None,
        })
        .collect();
    if !metrics.is_empty() {
        all.extend(marks(&cx.snapshot.facts, metrics.into_iter(), from, until));
    }
    all.order_by_key(|m| m.at);
    all
}
