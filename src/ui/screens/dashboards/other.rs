//! Draws text, states of alarms, answers to log queries, and what cannot be drawn.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::figures::{self, Bar};
use super::model::{Opened, table};
use super::prose;
use crate::domain::alarm::{Alarm, AlarmState};
use crate::domain::dashboard::{LogTable, LogView, LogWidget};
use crate::domain::metric::Unit;
use crate::domain::order::Ordered;
use crate::domain::text::{clip, width};
use crate::ui::screens::Cx;
use crate::ui::widgets::chart::{Chart, Extras, Plot, series_key, series_style};
use crate::ui::widgets::{line, since, wrapped};

/// Words in the middle of an area.
pub(super) fn centred(words: &[String], style: Style, area: Rect, cx: &Cx<'_>, buf: &mut Buffer) {
    let room = usize::from(area.width.saturating_sub(2)).max(8);
    let lines: Vec<String> = words.iter().flat_map(|w| wrapped(w, room)).collect();
    let spare = usize::from(area.height).saturating_sub(lines.len()) / 2;
    for (i, (y, text)) in (area.y + spare as u16..area.bottom())
        .zip(&lines)
        .enumerate()
    {
        let pad = area.width.saturating_sub(width(text) as u16) / 2;
        let style = if i == 0 { style } else { cx.theme.muted };
        line(
            buf,
            area.x + pad,
            y,
            area.width.saturating_sub(pad),
            &[(text.clone(), style)],
        );
    }
}

/// What cannot be drawn, in its place.
pub(super) fn undrawable(word: &str, why: &str, area: Rect, cx: &Cx<'_>, buf: &mut Buffer) {
    let words = [
        format!("a widget of type {word} cannot be drawn here"),
        why.to_owned(),
    ];
    centred(&words, cx.theme.unknown, area, cx, buf);
}

/// Markdown, from a row on.
pub(super) fn text(markdown: &str, skip: u16, area: Rect, cx: &Cx<'_>, buf: &mut Buffer) {
    let room = area.width.saturating_sub(2);
    let lines = prose::set(markdown, room, cx.theme);
    let shown = lines.iter().skip(usize::from(skip));
    for (y, spans) in (area.y..area.bottom()).zip(shown) {
        line(buf, area.x + 1, y, room, spans);
    }
    let hidden = lines
        .len()
        .saturating_sub(usize::from(skip) + usize::from(area.height));
    if hidden > 0 && area.height > 0 {
        line(
            buf,
            area.right().saturating_sub(2),
            area.bottom() - 1,
            1,
            &[("…".into(), cx.theme.key)],
        );
    }
}

/// States of alarms, from a row on.
pub(super) fn alarms(
    (names, states, newest_first): (&[String], &[String], bool),
    skip: u16,
    area: Rect,
    cx: &Cx<'_>,
    buf: &mut Buffer,
) {
    let (t, part) = (cx.theme, &cx.snapshot.facts.alarms);
    let known = cx.snapshot.facts.alarm_rows();
    if part.value.is_none() {
        let (words, style) = match &part.error {
            Some(p) => (format!("▲ {}: {}", p.what, p.why), t.critical),
            None => ("asking for the alarms ...".into(), t.muted),
        };
        return centred(&[words], style, area, cx, buf);
    }
    let mut rows: Vec<(&String, Option<&Arc<Alarm>>)> = names
        .iter()
        .map(|n| (n, known.iter().find(|a| &a.name == n)))
        .filter(|(_, a)| {
            states.is_empty() || a.is_some_and(|a| states.iter().any(|s| s == api_word(a.state)))
        })
        .collect();
    if newest_first {
        rows.order_by_key(|(_, a)| std::cmp::Reverse(a.and_then(|a| a.since)));
    } else {
        rows.order_by_key(|(n, a)| (a.map_or(AlarmState::InsufficientData, |a| a.state), *n));
    }
    if rows.is_empty() {
        return centred(
            &["none of its alarms is in these states".into()],
            t.muted,
            area,
            cx,
            buf,
        );
    }
    let left = rows
        .len()
        .saturating_sub(usize::from(skip) + usize::from(area.height));
    for (y, (name, alarm)) in (area.y..area.bottom()).zip(rows.iter().skip(usize::from(skip))) {
        let scales = alarm.is_some_and(|a| cx.snapshot.facts.scales_quietly(a));
        let (sign, style, word) = match alarm.map(|a| a.state) {
            Some(AlarmState::Alarm) if scales => ("◇", t.muted, "ALARM"),
            Some(AlarmState::Alarm) => ("▲", t.critical, "ALARM"),
            Some(AlarmState::Ok) => ("●", t.ok, "OK"),
            Some(AlarmState::InsufficientData) => ("?", t.unknown, "NO DATA"),
            None => ("?", t.unknown, "NOT HERE"),
        };
        let age = since(cx.now, alarm.and_then(|a| a.since), cx.absolute);
        let room = usize::from(area.width.saturating_sub(2));
        let tail = format!("{word:>8} {age:>5}");
        let name = clip(name, room.saturating_sub(width(&tail) + 3));
        let pad = " ".repeat(room.saturating_sub(width(&name) + width(&tail) + 2));
        let spans = [
            (format!("{sign} "), style),
            (name, t.text),
            (pad, t.text),
            (tail, style),
        ];
        line(buf, area.x + 1, y, area.width.saturating_sub(2), &spans);
    }
    if left > 0 {
        let words = format!(" +{left} more ");
        let w = width(&words) as u16;
        line(
            buf,
            area.right().saturating_sub(w + 1),
            area.bottom(),
            w,
            &[(words, t.muted)],
        );
    }
}

fn api_word(state: AlarmState) -> &'static str {
    match state {
        AlarmState::Alarm => "ALARM",
        AlarmState::Ok => "OK",
        AlarmState::InsufficientData => "INSUFFICIENT_DATA",
    }
}

/// The answer to a log query, from a row on.
pub(super) fn log(n: usize, w: &LogWidget, o: &Opened, area: Rect, cx: &Cx<'_>, buf: &mut Buffer) {
    let t = cx.theme;
    let part = table(cx, n);
    let Some(answer) = part.and_then(|p| p.value.as_ref()) else {
        let (words, style) = match part.and_then(|p| p.error.as_ref()) {
            Some(p) => (vec![format!("▲ {}", p.what), p.why.clone()], t.critical),
            None => (
                vec![format!("querying {} ...", w.groups.join(", "))],
                t.muted,
            ),
        };
        return centred(&words, style, area, cx, buf);
    };
    if answer.rows.is_empty() {
        return centred(
            &["no line matches in this range".into()],
            t.unknown,
            area,
            cx,
            buf,
        );
    }
    match w.view {
        LogView::Table => rows(answer, o, area, cx, buf),
        LogView::Bar | LogView::Pie => {
            figures::bars(&shares(answer), w.view == LogView::Pie, area, cx, buf);
        }
        LogView::TimeSeries => over_time(answer, w, o, area, cx, buf),
    }
}

/// Columns as wide as what they hold, the last one with what is left.
fn rows(table: &LogTable, o: &Opened, area: Rect, cx: &Cx<'_>, buf: &mut Buffer) {
    let t = cx.theme;
    let skip = if o.single { usize::from(o.scroll) } else { 0 };
    let mut x = area.x + 1;
    let count = table.columns.len();
    for (c, title) in table.columns.iter().enumerate() {
        let room = area.right().saturating_sub(x + 1);
        if room < 4 {
            break;
        }
        let cell = |r: &Vec<String>| r.get(c).cloned().unwrap_or_default();
        let widest = table
            .rows
            .iter()
            .skip(skip)
            .take(usize::from(area.height))
            .map(|r| width(&cell(r)));
        let widest = widest.max().unwrap_or(0).max(width(title)) as u16;
        let numeric = table.rows.iter().all(|r| {
            let v = cell(r);
            v.is_empty() || v.parse::<f64>().is_ok()
        });
        let share = if c + 1 == count {
            room
        } else {
            room.min(widest).min((area.width / 2).max(8))
        };
        let put = |buf: &mut Buffer, y: u16, text: &str, style: Style| {
            let text = clip(text, usize::from(share));
            let pad = if numeric && c + 1 < count {
                usize::from(share) - width(&text)
            } else {
                0
            };
            line(
                buf,
                x,
                y,
                share,
                &[(format!("{}{text}", " ".repeat(pad)), style)],
            );
        };
        put(buf, area.y, title, t.column);
        let style = if title == "@timestamp" {
            t.muted
        } else {
            t.text
        };
        for (y, r) in (area.y + 1..area.bottom()).zip(table.rows.iter().skip(skip)) {
            put(buf, y, &cell(r), style);
        }
        x += share + 2;
    }
}

/// Columns whose cells are all numbers, by their place.
fn numbers(table: &LogTable) -> Vec<usize> {
    let is = |c: &usize| {
        let mut cells = table
            .rows
            .iter()
            .filter_map(|r| r.get(*c))
            .filter(|v| !v.is_empty())
            .peekable();
        cells.peek().is_some() && cells.all(|v| v.parse::<f64>().is_ok())
    };
    let all: Vec<usize> = (0..table.columns.len()).filter(is).collect();
    // `count(*) by status`: the status is a number, too; what is counted stands last.
    match all.as_slice() {
        [_, .., last] if all.len() == table.columns.len() => vec![*last],
        _ => all,
    }
}

fn shares(table: &LogTable) -> Vec<Bar> {
    let numbers = numbers(table);
    let Some(value) = numbers.first().copied() else {
        return Vec::new();
    };
    let name = |r: &Vec<String>| {
        let words = r.iter().enumerate().filter(|(i, _)| !numbers.contains(i));
        words.map(|(_, w)| w.as_str()).collect::<Vec<_>>().join(" ")
    };
    let one = |r: &Vec<String>| Bar {
        label: name(r),
        value: r.get(value).and_then(|v| v.parse().ok()),
        unit: Unit::None,
    };
    table.rows.iter().map(one).collect()
}

/// A point in time as query results write it: `2026-11-23 12:41:00.000`, in UTC.
fn time(text: &str) -> Option<Timestamp> {
    let (day, clock) = text.split_once(' ')?;
    format!("{day}T{clock}Z").parse().ok()
}

type Line = (String, Vec<(Timestamp, f64)>);

/// Lines of a table whose one column is a time: one a number, or one for each word that they are grouped by.
fn lines(table: &LogTable) -> Option<Vec<Line>> {
    let is_time = |c: &usize| {
        table
            .rows
            .iter()
            .all(|r| r.get(*c).and_then(|v| time(v)).is_some())
    };
    let when = (0..table.columns.len()).find(is_time)?;
    let numbers = numbers(table);
    let mut all: BTreeMap<String, Vec<(Timestamp, f64)>> = BTreeMap::new();
    for r in &table.rows {
        let at = r.get(when).and_then(|v| time(v))?;
        let words = r
            .iter()
            .enumerate()
            .filter(|(i, _)| *i != when && !numbers.contains(i));
        let group = words.map(|(_, w)| w.as_str()).collect::<Vec<_>>().join(" ");
        for c in numbers.iter().filter(|c| **c != when) {
            let Some(value) = r.get(*c).and_then(|v| v.parse::<f64>().ok()) else {
                continue;
            };
            let column = table.columns.get(*c).map_or("", String::as_str);
            let name = match (group.is_empty(), numbers.len()) {
                (true, _) => column.to_owned(),
                (false, 1) => group.clone(),
                (false, _) => format!("{group} {column}"),
            };
            all.entry(name).or_default().push((at, value));
        }
    }
    for points in all.values_mut() {
        points.order_by_key(|p| p.0);
    }
    Some(all.into_iter().collect())
}

fn over_time(
    answer: &LogTable,
    w: &LogWidget,
    o: &Opened,
    area: Rect,
    cx: &Cx<'_>,
    buf: &mut Buffer,
) {
    let t = cx.theme;
    let Some(lines) = lines(answer) else {
        return rows(answer, o, area, cx, buf);
    };
    let (from, until) = o.span.ends(cx.now);
    let step = |points: &[(Timestamp, f64)]| {
        let gaps = points.windows(2).filter_map(|p| match p {
            [a, b] => u32::try_from(b.0.duration_since(a.0).as_secs()).ok(),
            _ => None,
        });
        gaps.min()
    };
    let period_s = lines
        .iter()
        .filter_map(|l| step(&l.1))
        .min()
        .unwrap_or(60)
        .max(1);
    let plots = lines.iter().enumerate().map(|(n, (_, points))| Plot {
        points,
        period_s,
        style: series_style(t, n),
        key: (lines.len() > 1).then(|| series_key(n)),
    });
    let chart = Rect {
        height: area.height.saturating_sub(1),
        ..area
    };
    let more = Extras {
        stacked: w.stacked,
        ends: (Some(0.0), None),
        ..Extras::default()
    };
    Chart {
        from,
        until,
        zone: &TimeZone::system(),
        unit: Unit::Count,
        plots: plots.collect(),
        thresholds: Vec::new(),
        marks: &[],
        crosshair: None,
    }
    .draw_with(buf, chart, t, &more);
    let mut spans: Vec<(String, Style)> = Vec::new();
    for (n, (name, points)) in lines.iter().enumerate() {
        let last = points
            .last()
            .map_or_else(|| "-".into(), |p| Unit::Count.format(p.1));
        spans.push((
            format!("{} {} ", series_key(n), clip(name, 18)),
            series_style(t, n),
        ));
        spans.push((format!("{last}  "), t.text));
    }
    line(
        buf,
        area.x + 1,
        chart.bottom(),
        area.width.saturating_sub(2),
        &spans,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(columns: &[&str], rows: &[&[&str]]) -> LogTable {
        LogTable {
            columns: columns.iter().map(|c| (*c).to_owned()).collect(),
            rows: rows
                .iter()
                .map(|r| r.iter().map(|c| (*c).to_owned()).collect())
                .collect(),
            ..LogTable::default()
        }
    }

    #[test]
    fn a_grouped_count_is_a_line_for_each_group() {
        let t = table(
            &["bin(1m)", "level", "lines"],
            &[
                &["2026-11-23 12:01:00.000", "error", "2"],
                &["2026-11-23 12:00:00.000", "error", "1"],
                &["2026-11-23 12:00:00.000", "info", "9"],
            ],
        );
        let got = lines(&t).unwrap();
        let values: Vec<_> = got
            .iter()
            .map(|(n, p)| (n.as_str(), p.iter().map(|x| x.1).collect::<Vec<_>>()))
            .collect();
        assert_eq!(values, [("error", vec![1.0, 2.0]), ("info", vec![9.0])]);
        assert!(lines(&table(&["a"], &[&["x"]])).is_none());
    }

    #[test]
    fn what_is_counted_is_the_number_even_beside_others() {
        let t = table(&["status", "answers"], &[&["200", "40"], &["404", "2"]]);
        let got = shares(&t);
        assert_eq!((got[0].label.as_str(), got[0].value), ("200", Some(40.0)));
    }
}
