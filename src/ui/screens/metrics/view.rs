//! Draws charts: one large with its legend, or a grid of small ones.

use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::charts::{ChartSpec, found, is_answer, watching};
use super::legend;
use super::marks::marks;
use super::model::Metrics;
use crate::domain::part::Freshness;
use crate::ui::screens::Cx;
use crate::ui::widgets::chart::{Chart, Plot, plot_area, series_key, series_style};
use crate::ui::widgets::{clock, line, panel, span, when};

/// The least that a small chart takes.
const SMALL: (u16, u16) = (52, 9);

/// A chart's place in the grid.
fn places(s: &Metrics, cx: &Cx<'_>) -> Vec<(usize, Rect)> {
    let body = below_head(cx);
    let across = (body.width / SMALL.0).clamp(1, 3);
    let n = u16::try_from(s.specs.len()).unwrap_or(u16::MAX);
    let rows = n.div_ceil(across).max(1);
    let shown = (body.height / SMALL.1).clamp(1, rows);
    let (width, height) = (body.width / across, body.height / shown);
    let focus_row = s.focus.index() as u16 / across;
    let first = (focus_row + 1).saturating_sub(shown);
    (0..s.specs.len())
        .filter_map(|i| {
            let (row, column) = (i as u16 / across, i as u16 % across);
            let row = row.checked_sub(first).filter(|r| *r < shown)?;
            // The last column and row take what the division leaves.
            let x = body.x + column * width;
            let y = body.y + row * height;
            let w = if column + 1 == across || i + 1 == s.specs.len() {
                body.right() - x
            } else {
                width
            };
            let h = if row + 1 == shown {
                body.bottom() - y
            } else {
                height
            };
            Some((i, Rect::new(x, y, w, h)))
        })
        .collect()
}

fn below_head(cx: &Cx<'_>) -> Rect {
    Rect {
        y: cx.body.y + 1,
        height: cx.body.height.saturating_sub(1),
        ..cx.body
    }
}

/// The chart at a position.
pub(super) fn chart_at(s: &Metrics, at: Position, cx: &Cx<'_>) -> Option<usize> {
    let all = places(s, cx);
    all.into_iter().find(|(_, r)| r.contains(at)).map(|p| p.0)
}

/// Where the plot of the large chart is.
pub(super) fn large_plot(s: &Metrics, cx: &Cx<'_>) -> Option<Rect> {
    let spec = s.current()?;
    Some(plot_area(large(spec, cx).0))
}

/// (chart, legend) inside the panel of the large chart.
fn large(spec: &ChartSpec, cx: &Cx<'_>) -> (Rect, Rect) {
    let body = below_head(cx);
    let inside = Rect::new(
        body.x + 1,
        body.y + 1,
        body.width.saturating_sub(2),
        body.height.saturating_sub(2),
    );
    let legend = legend::height(spec, inside);
    let chart = Rect {
        height: inside.height.saturating_sub(legend),
        ..inside
    };
    let below = Rect {
        y: chart.bottom(),
        height: legend,
        ..inside
    };
    (chart, below)
}

pub(super) fn view(s: &Metrics, cx: &Cx<'_>, buf: &mut Buffer) {
    head(s, cx, buf);
    if s.specs.is_empty() {
        return empty(cx, buf);
    }
    if s.is_single() {
        let Some(spec) = s.current() else { return };
        panel(buf, below_head(cx), &spec.title, true, cx.theme);
        let (chart, below) = large(spec, cx);
        draw(spec, s, cx, chart, buf);
        legend::table(spec, s, cx, below, buf);
        return;
    }
    for (i, area) in places(s, cx) {
        let Some(spec) = s.specs.get(i) else { continue };
        let inside = panel(buf, area, &spec.title, i == s.focus.index(), cx.theme);
        let lines = legend::lines(spec, inside);
        let chart = Rect {
            height: inside.height.saturating_sub(lines),
            ..inside
        };
        draw(spec, s, cx, chart, buf);
        let below = Rect::new(
            inside.x + 1,
            chart.bottom(),
            inside.width.saturating_sub(2),
            lines,
        );
        legend::brief(spec, s, cx, below, buf);
    }
}

fn head(s: &Metrics, cx: &Cx<'_>, buf: &mut Buffer) {
    let t = cx.theme;
    let (from, until) = s.span.ends(cx.now);
    let title = match (s.title.as_str(), s.left_out) {
        ("", Some((shown, all))) => format!("Golden signals of {shown} of {all} services"),
        ("", None) => "Golden signals".to_owned(),
        (title, _) => title.to_owned(),
    };
    let range = if s.span.follows() {
        format!("last {}", span(s.span.length_s()))
    } else {
        format!(
            "{} from {} to {}",
            span(s.span.length_s()),
            clock(cx.now, from),
            clock(cx.now, until)
        )
    };
    let mut spans = vec![
        (format!(" {title}"), t.title),
        (format!("   {range}"), t.strong),
    ];
    if let Some(stat) = &s.stat {
        spans.push((format!("   {}", stat.word()), t.strong));
    }
    if let Some(at) = s.cursor {
        spans.push((format!("   at {}", clock(cx.now, at)), t.key));
    }
    let part = &cx.snapshot.facts.charts;
    let answered = is_answer(&cx.snapshot.facts, &s.asked, &s.span);
    let when = part
        .observed_at
        .map_or(String::new(), |at| when(cx.now, at, cx.absolute));
    spans.push(match (part.freshness(cx.now), &part.error) {
        (_, Some(p)) if part.observed_at.is_some() && answered => {
            (format!("   ▲ read {when}; now: {}", p.why), t.warn)
        }
        (_, Some(p)) => (format!("   ▲ {}: {}", p.what, p.why), t.critical),
        _ if s.asked.is_empty() => (String::new(), t.muted),
        _ if !answered => ("   asking ...".into(), t.info),
        (Freshness::Stale, _) => (format!("   old: read {when}"), t.stale),
        _ => (format!("   read {when}"), t.muted),
    });
    let chart = match s.specs.len() {
        0 | 1 => String::new(),
        n => format!("   chart {} of {n}", s.focus.index() + 1),
    };
    let point = point(s, cx);
    spans.push((format!("{chart}   {point}/point"), t.muted));
    line(buf, cx.body.x, cx.body.y, cx.body.width, &spans);
}

/// How far apart the points of what is drawn are; from the least to the most where lines differ. What was not answered yet is told as
/// it is asked.
fn point(s: &Metrics, cx: &Cx<'_>) -> String {
    let one = s.is_single().then(|| s.current()).flatten();
    let all = s.specs.iter().filter(|spec| one.is_none_or(|o| o == *spec));
    let lines = all.flat_map(|spec| &spec.lines);
    let apart = lines.map(|l| match found(&cx.snapshot.facts, &l.query) {
        Some(series) => series.apart_s(),
        None => l.query.period_s,
    });
    let (least, most) = apart.fold((u32::MAX, 0), |(l, m), a| (l.min(a), m.max(a)));
    match (least, most) {
        (_, 0) => span(s.span.period_s()),
        (l, m) if l == m => span(m),
        (l, m) => format!("{} to {}", span(l), span(m)),
    }
}

fn draw(spec: &ChartSpec, s: &Metrics, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let (t, facts) = (cx.theme, &cx.snapshot.facts);
    let (from, until) = s.span.ends(cx.now);
    let several = spec.lines.len() > 1;
    let mut plots: Vec<Plot<'_>> = Vec::with_capacity(spec.lines.len());
    let mut thresholds: Vec<f64> = Vec::new();
    for (n, l) in spec.lines.iter().enumerate() {
        thresholds.extend(watching(facts, &l.query).map(|(_, limit)| limit));
        if let Some(series) = found(facts, &l.query) {
            plots.push(Plot {
                points: &series.points,
                period_s: series.query.period_s,
                style: series_style(t, n),
                key: several.then(|| series_key(n)),
            });
        }
    }
    // The selected line lies above the others.
    if s.is_single() && s.line.index() < plots.len() {
        let chosen = plots.remove(s.line.index());
        plots.insert(0, chosen);
    }
    let silent = !plots
        .iter()
        .any(|p| p.points.iter().any(|x| x.0 >= from && x.0 <= until));
    let happened = marks(
        facts,
        spec.lines.iter().map(|l| &l.query.metric),
        from,
        until,
    );
    Chart {
        from,
        until,
        zone: &TimeZone::system(),
        unit: spec.unit,
        plots,
        thresholds,
        marks: &happened,
        crosshair: s.cursor,
    }
    .draw(buf, area, t);
    if silent {
        let plot = plot_area(area);
        let words = if is_answer(facts, &s.asked, &s.span) {
            ("no datapoint in this range".to_owned(), t.unknown)
        } else if let Some(p) = &facts.charts.error {
            (format!("▲ {}: {}", p.what, p.why), t.critical)
        } else {
            ("asking ...".to_owned(), t.muted)
        };
        line(buf, plot.x + 1, plot.y + 1, plot.width, &[words]);
    }
}

/// Why there is nothing, and what to do.
fn empty(cx: &Cx<'_>, buf: &mut Buffer) {
    let t = cx.theme;
    let inside = panel(buf, below_head(cx), "", true, t);
    let services = &cx.snapshot.facts.services;
    let pick = cx
        .keymap
        .key_for(
            crate::ui::screens::ScreenId::Metrics,
            crate::ui::commands::Command::Pick,
        )
        .unwrap_or_default();
    let words = match (&services.error, &services.value) {
        (Some(p), None) => vec![format!("▲ {}", p.what), p.why.clone(), p.fix.clone()],
        (None, None) => vec!["asking for the services whose signals are shown here ...".into()],
        _ => vec!["no ECS service here whose signals could be shown".into()],
    };
    let last = format!("{pick} picks any metric of this account and region");
    for (y, (i, text)) in
        (inside.y + 1..inside.bottom()).zip(words.into_iter().chain([last]).enumerate())
    {
        let style = if i == 0 { t.text } else { t.muted };
        line(
            buf,
            inside.x + 2,
            y,
            inside.width.saturating_sub(4),
            &[(text, style)],
        );
    }
}
