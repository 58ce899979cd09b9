//! A promise over time with its threshold and deploy marks, and how its budget was spent.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::model::{Promises, Range};
use crate::domain::metric::{MetricId, Unit};
use crate::domain::slo::{Slo, SloKind};
use crate::ui::screens::Cx;
use crate::ui::screens::metrics::marks::marks;
use crate::ui::widgets::chart::{Chart, Mark, Plot, plot_area};
use crate::ui::widgets::{line, span};

/// Deploy marks of a range: a load balancer belongs to no service, so any of them may be the cause.
fn happened(s: &Slo, from: Timestamp, cx: &Cx<'_>) -> Vec<Mark> {
    let metrics: Vec<&MetricId> = s.queries.iter().map(|q| &q.metric).collect();
    marks(&cx.snapshot.facts, metrics.into_iter(), from, cx.now)
}

/// What the chart shows, as the title of its panel.
pub(super) fn title(s: &Slo, page: &Promises, cx: &Cx<'_>) -> String {
    format!(
        "{} {}   last {}, {} a point",
        s.kind.word(),
        s.kind.promise(s.target),
        span(page.window(cx).length_s),
        span(page.range.period_s())
    )
}

/// The value over the range, for the response time with its percentiles.
pub(super) fn value(s: &Slo, page: &Promises, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let t = cx.theme;
    let from = page.from(cx);
    let points = match page.range {
        Range::SixHours => &s.recent,
        Range::ThreeDays | Range::Whole => &s.history,
    };
    let period_s = page.range.period_s();
    let plot = |points, style, key| Plot {
        points,
        period_s,
        style,
        key,
    };
    let several = s.kind == SloKind::ResponseTime;
    let mut plots = vec![plot(points, t.series1, several.then_some('m'))];
    if several {
        let styles = [t.series2, t.series3, t.series4];
        let lines = page.percentiles.iter().zip(styles).zip(['5', '9', '*']);
        plots.extend(lines.map(|((points, style), key)| plot(points, style, Some(key))));
    }
    let silent = !plots
        .iter()
        .any(|p| p.points.iter().any(|x| x.0 >= from && x.0 <= cx.now));
    let chart = Rect {
        height: area.height.saturating_sub(u16::from(several)),
        ..area
    };
    Chart {
        from,
        until: cx.now,
        zone: &TimeZone::system(),
        unit: s.kind.unit(),
        plots,
        thresholds: vec![s.target],
        marks: &happened(s, from, cx),
        crosshair: None,
    }
    .draw(buf, chart, t);
    if silent {
        let plot = plot_area(chart);
        let words = format!(
            "no request was counted in the last {}",
            span(page.window(cx).length_s)
        );
        line(
            buf,
            plot.x + 1,
            plot.y + 1,
            plot.width,
            &[(words, t.unknown)],
        );
    }
    if several {
        let keys: [(&str, Style); 4] = [
            ("m mean", t.series1),
            ("5 p50", t.series2),
            ("9 p95", t.series3),
            ("* p99", t.series4),
        ];
        let mut spans: Vec<(String, Style)> = keys
            .iter()
            .map(|(words, style)| (format!("{words}   "), *style))
            .collect();
        spans.push(("the promise is about the mean".to_owned(), t.muted));
        line(
            buf,
            area.x + 10,
            chart.bottom(),
            area.width.saturating_sub(10),
            &spans,
        );
    }
}

/// What was left of the budget over the whole window; below zero it is overspent.
pub(super) fn remaining(s: &Slo, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let t = cx.theme;
    let Some((first, _)) = s.remaining.first() else {
        return;
    };
    // What a window is known of, not the emptiness before it.
    let from = (*first).min(cx.now);
    let zero = [(from, 0.0), (cx.now, 0.0)];
    let whole = u32::try_from(cx.now.duration_since(from).as_secs()).unwrap_or(u32::MAX);
    let style = super::row::left_style(s, cx);
    Chart {
        from,
        until: cx.now,
        zone: &TimeZone::system(),
        unit: Unit::Percent,
        plots: vec![
            Plot {
                points: &s.remaining,
                // Hours without requests spend nothing: they are no gap here.
                period_s: whole.max(3_600),
                style,
                key: None,
            },
            Plot {
                points: &zero,
                period_s: whole,
                style: t.threshold,
                key: None,
            },
        ],
        thresholds: Vec::new(),
        marks: &happened(s, from, cx),
        crosshair: None,
    }
    .draw(buf, area, t);
}
