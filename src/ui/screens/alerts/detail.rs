//! One alarm in full: why, by which rule, what it does, its metric with the threshold, its history.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::leads::{self, LeadId};
use super::model::{WINDOW, query, series};
use super::row;
use crate::domain::alarm::{Alarm, AlarmEvent, AlarmRule, AlarmState};
use crate::ui::screens::Cx;
use crate::ui::screens::metrics::marks::marks;
use crate::ui::widgets::chart::{Chart, Plot};
use crate::ui::widgets::{
    ago, clock, line, panel, scrolled, since, span, time_columns, time_of_day, wrapped,
};

type Line = Vec<(String, Style)>;

/// Columns of the labels on the left.
const LABEL: usize = 10;

/// A page as lines, with a chart in the middle.
struct Sheet {
    head: Vec<Line>,
    chart: u16,
    tail: Vec<Line>,
}

impl Sheet {
    /// The page of an alarm for an inside of so many columns and rows.
    fn of(
        alarm: &Alarm,
        lead: Option<Option<&LeadId>>,
        cx: &Cx<'_>,
        columns: u16,
        rows: u16,
    ) -> Self {
        let columns = usize::from(columns);
        let head = head(alarm, lead, cx, columns);
        let tail = history(alarm, cx, columns);
        let spare = usize::from(rows).saturating_sub(head.len() + tail.len().clamp(2, 8));
        let chart = if query(alarm).is_some() {
            spare.clamp(8, 24) as u16
        } else {
            0
        };
        Self { head, chart, tail }
    }

    fn rows(&self) -> usize {
        self.head.len() + usize::from(self.chart) + self.tail.len()
    }
}

fn inside(area: Rect) -> (u16, u16) {
    (area.width.saturating_sub(4), area.height.saturating_sub(2))
}

/// Lines that do not fit on the page.
pub(super) fn overflow(alarm: &Alarm, cx: &Cx<'_>, area: Rect) -> usize {
    let (columns, rows) = inside(area);
    Sheet::of(alarm, None, cx, columns, rows)
        .rows()
        .saturating_sub(usize::from(rows))
}

/// The line of the page on which the first of the rows stands that lead elsewhere, and how many lines are shown.
pub(super) fn first_lead(alarm: &Alarm, cx: &Cx<'_>, area: Rect) -> (usize, usize) {
    let (columns, rows) = inside(area);
    (
        above(alarm, cx, usize::from(columns)).len(),
        usize::from(rows),
    )
}

/// `lead`: where the page has the keys, the row of those that lead elsewhere which is selected.
pub(super) fn view(
    alarm: &Alarm,
    scroll: usize,
    lead: Option<Option<&LeadId>>,
    cx: &Cx<'_>,
    area: Rect,
    buf: &mut Buffer,
) {
    let (t, focus) = (cx.theme, lead.is_some());
    let frame = panel(buf, area, &alarm.name, focus, t);
    let (columns, rows) = inside(area);
    let sheet = Sheet::of(alarm, lead, cx, columns, rows);
    // Drawn on paper of its own, of which the window shows a part: so the chart scrolls with its text.
    let paper = Rect::new(
        0,
        0,
        columns,
        u16::try_from(sheet.rows()).unwrap_or(rows).max(1),
    );
    let mut drawn = Buffer::empty(paper);
    drawn.set_style(paper, t.text);
    let mut y = 0;
    for spans in &sheet.head {
        line(&mut drawn, 0, y, columns, spans);
        y += 1;
    }
    if sheet.chart > 0 {
        chart(alarm, cx, Rect::new(0, y, columns, sheet.chart), &mut drawn);
        y += sheet.chart;
    }
    for spans in &sheet.tail {
        line(&mut drawn, 0, y, columns, spans);
        y += 1;
    }
    let first = scroll.min(sheet.rows().saturating_sub(usize::from(rows)));
    for y in 0..rows {
        for x in 0..columns {
            let from = (
                x,
                y.saturating_add(u16::try_from(first).unwrap_or(u16::MAX)),
            );
            if let (Some(cell), Some(to)) = (
                drawn.cell(from),
                buf.cell_mut((frame.x + 1 + x, frame.y + y)),
            ) {
                *to = cell.clone();
            }
        }
    }
    if focus {
        scrolled(buf, frame, first, usize::from(rows), sheet.rows(), t);
    }
}

/// A label with text beside it, broken into as many lines as it takes.
fn labelled(label: &str, text: &str, style: Style, cx: &Cx<'_>, columns: usize) -> Vec<Line> {
    wrapped(text, columns.saturating_sub(LABEL))
        .into_iter()
        .enumerate()
        .map(|(i, text)| {
            let head = if i == 0 { label } else { "" };
            vec![(format!("{head:<LABEL$}"), cx.theme.muted), (text, style)]
        })
        .collect()
}

/// Said of an alarm that the vendor scales by, while it is quiet.
const SCALES: &str =
    "made to scale by, and for nothing else: it fires whenever there is little or much to do";

/// Said of one that is not: it has fired for longer than scaling takes.
const NO_HELP: &str = "made to scale by, and fires on: no room left, or scaling does not work";

/// What stands above the rows that lead elsewhere.
fn above(alarm: &Alarm, cx: &Cx<'_>, columns: usize) -> Vec<Line> {
    let t = cx.theme;
    let (shape, style) = row::state(alarm, cx);
    let mut first = vec![
        (format!("{shape}  "), style),
        (format!("{}  ", row::severity(alarm, cx).0), style),
    ];
    if let Some(at) = alarm.since {
        first.push((
            format!("since {} ({})", ago(cx.now, at), clock(cx.now, at)),
            t.text,
        ));
    }
    let silenced = cx.snapshot.facts.silenced(alarm, cx.now);
    if !alarm.actions_enabled {
        first.push(("   ■ actions are OFF".into(), t.warn));
    } else if silenced.is_some() {
        first.push(("   ■ nobody is told now".into(), t.warn));
    }
    let mut lines = vec![first];
    if matches!(alarm.rule, AlarmRule::Metric { .. }) {
        let now = row::value(alarm, cx);
        let hot = if alarm.state == AlarmState::Alarm {
            style
        } else {
            t.strong
        };
        lines.push(vec![
            (format!("{:<LABEL$}", "now"), t.muted),
            (now, hot),
            (format!("  alarms {}", row::threshold(alarm, cx)), t.text),
        ]);
    }
    // CloudWatch words its reasons in UTC, whatever zone the screen is in.
    let is_utc = time_of_day(cx.now, &TimeZone::system()).ends_with('Z');
    let why = match is_utc || alarm.reason.is_empty() {
        true => alarm.reason.clone(),
        false => format!("{} (times in it are UTC)", alarm.reason),
    };
    let mut put = |label: &str, text: &str, style| {
        if !text.is_empty() {
            lines.extend(labelled(label, text, style, cx, columns));
        }
    };
    if row::scales(alarm, cx) {
        put("scaling", SCALES, t.muted);
    } else if cx.snapshot.facts.only_scales(alarm) {
        put("scaling", NO_HELP, t.warn);
    }
    put("why", &why, t.text);
    put("about", &alarm.description, t.text);
    put("rule", &rule(&alarm.rule), t.text);
    if let Some(q) = query(alarm) {
        let text = format!("{}, {}", q.metric, q.stat.word());
        put("metric", &text, t.muted);
    }
    lines
}

fn head(alarm: &Alarm, lead: Option<Option<&LeadId>>, cx: &Cx<'_>, columns: usize) -> Vec<Line> {
    let t = cx.theme;
    let mut lines = above(alarm, cx, columns);
    lines.extend(leads::lines(alarm, lead, cx, columns, LABEL));
    let mut put = |label: &str, text: &str, style| {
        lines.extend(labelled(label, text, style, cx, columns));
    };
    let actions = match alarm.actions.as_slice() {
        [] => "none: nobody is told".to_owned(),
        all => all.iter().map(|a| short(a)).collect::<Vec<_>>().join(", "),
    };
    let facts = &cx.snapshot.facts;
    let silenced = facts.silenced(alarm, cx.now);
    let style = if alarm.actions.is_empty() || silenced.is_some() {
        t.warn
    } else {
        t.text
    };
    match silenced.filter(|_| !alarm.actions.is_empty()) {
        Some(why) => put("actions", &format!("{actions}: {why}"), style),
        None => put("actions", &actions, style),
    }
    if let Some(why) = facts.mutes_unread() {
        let text = format!("whether a rule mutes it is not known: {why}");
        put("muted", &text, t.unknown);
    }
    lines.push(Vec::new());
    lines
}

/// `sns:oncall` of an action's ARN.
fn short(arn: &str) -> String {
    let mut parts = arn.split(':').skip(2);
    match (parts.next(), arn.rsplit(':').next()) {
        (Some(service), Some(name)) if !service.is_empty() => format!("{service}:{name}"),
        _ => arn.to_owned(),
    }
}

/// The rule as a sentence.
fn rule(rule: &AlarmRule) -> String {
    match rule {
        AlarmRule::Composite { rule } => rule.clone(),
        AlarmRule::Log { query, groups, .. } => {
            let limit = rule.limit().unwrap_or_default();
            format!("{limit}; of {}: {query}", groups.join(", "))
        }
        AlarmRule::Metric {
            query,
            expression,
            comparison,
            threshold,
            datapoints,
            periods,
            period_s,
            ..
        } => {
            let what = match (query, expression) {
                (_, Some(e)) => e.clone(),
                (Some(q), None) => q.metric.name.clone(),
                (None, None) => "metric math".to_owned(),
            };
            let limit = threshold.map_or(String::new(), |v| {
                let unit = query
                    .as_ref()
                    .map_or(crate::domain::metric::Unit::None, |q| {
                        crate::domain::metric::Unit::of(&q.metric)
                    });
                format!(" {}", unit.format(v))
            });
            format!(
                "{what} {comparison}{limit} in {datapoints} of {periods} periods of {}",
                span(*period_s)
            )
        }
    }
}

fn chart(alarm: &Alarm, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let (t, facts) = (cx.theme, &cx.snapshot.facts);
    let Some(q) = query(alarm) else { return };
    let title = format!(
        "{} {}, {} a point, last {}",
        q.metric.name,
        q.stat.word(),
        span(q.period_s),
        span(WINDOW.length_s)
    );
    line(buf, area.x, area.y, area.width, &[(title, t.title)]);
    let plot = Rect {
        y: area.y + 1,
        height: area.height.saturating_sub(2),
        ..area
    };
    let say = |buf: &mut Buffer, words: String, style| {
        line(buf, plot.x + 10, plot.y + 1, plot.width, &[(words, style)]);
    };
    let from = cx
        .now
        .checked_sub(i64::from(WINDOW.length_s).seconds())
        .unwrap_or(Timestamp::MIN);
    let Some(series) = series(alarm, cx) else {
        return match facts.charts.error.as_ref().or(facts.series.error.as_ref()) {
            Some(p) => say(buf, format!("▲ {}: {}", p.what, p.why), t.critical),
            None => say(buf, "asking ...".into(), t.muted),
        };
    };
    let threshold = match &alarm.rule {
        AlarmRule::Metric { threshold, .. } => *threshold,
        AlarmRule::Composite { .. } | AlarmRule::Log { .. } => None,
    };
    let happened = marks(facts, std::iter::once(&q.metric), from, cx.now);
    Chart {
        from,
        until: cx.now,
        zone: &TimeZone::system(),
        unit: series.unit,
        plots: vec![Plot {
            points: &series.points,
            period_s: q.period_s,
            style: t.series1,
            key: None,
        }],
        thresholds: threshold.into_iter().collect(),
        marks: &happened,
        crosshair: None,
    }
    .draw(buf, plot, t);
    if !series.points.iter().any(|p| p.0 >= from) {
        say(
            buf,
            format!("no datapoint in the last {}", span(WINDOW.length_s)),
            t.unknown,
        );
    }
}

fn history(alarm: &Alarm, cx: &Cx<'_>, columns: usize) -> Vec<Line> {
    let t = cx.theme;
    let mut lines = vec![vec![("History".to_owned(), t.title)]];
    let part = cx.snapshot.facts.alarm_history.get(&alarm.name);
    if let Some(p) = part.and_then(|p| p.error.as_ref()) {
        lines.push(vec![(format!("▲ {}: {}", p.what, p.why), t.critical)]);
    }
    match part.and_then(|p| p.value.as_ref()) {
        None if part.is_none_or(|p| p.error.is_none()) => {
            lines.push(vec![("asking ...".into(), t.muted)]);
        }
        None => {}
        Some(events) if events.is_empty() => {
            lines.push(vec![(
                "nothing is recorded (CloudWatch keeps 30 days)".into(),
                t.muted,
            )]);
        }
        Some(events) => lines.extend(events.iter().flat_map(|e| event(e, cx, columns))),
    }
    lines
}

fn event(e: &AlarmEvent, cx: &Cx<'_>, columns: usize) -> Vec<Line> {
    let t = cx.theme;
    let (sign, style) = match () {
        () if e.summary.contains("to ALARM") => ("▲", t.critical),
        () if e.summary.contains("to OK") => ("●", t.ok),
        () if e.summary.contains("to INSUFFICIENT") => ("○", t.unknown),
        () => ("·", t.muted),
    };
    let when = since(cx.now, Some(e.at), cx.absolute);
    // An hour of today and one with its date begin their texts alike.
    let indent = usize::from(time_columns(6, cx.absolute)) + 4;
    let text = if e.summary.is_empty() {
        &e.kind
    } else {
        &e.summary
    };
    wrapped(text, columns.saturating_sub(indent))
        .into_iter()
        .enumerate()
        .map(|(i, text)| {
            if i == 0 {
                vec![
                    (format!("{when:>6}  "), t.muted),
                    (format!("{sign} "), style),
                    (text, t.text),
                ]
            } else {
                vec![(" ".repeat(indent), t.text), (text, t.text)]
            }
        })
        .collect()
}
