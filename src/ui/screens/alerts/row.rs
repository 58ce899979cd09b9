//! An alarm as a row, and its parts in words: pure functions.

use std::borrow::Cow;

use ratatui::style::Style;

use super::group::Place;
use super::model::{WINDOW, query, seen, series};
use crate::domain::alarm::{Alarm, AlarmRule, AlarmState, Severity};
use crate::domain::metric::Unit;
use crate::domain::part::Freshness;
use crate::domain::text::width;
use crate::ui::screens::Cx;
use crate::ui::widgets::{Column, Row, since, spark_span, timed};

/// The columns.
pub(super) const COLUMNS: &[Column] = &[
    Column::left("state", 9),
    Column::left("sev", 4),
    Column::age("since", 5),
    Column::left("alarm", SHORT).grow(3).middle(),
    Column::right("now", 7),
    Column::left("fires if", 9),
    Column::left("3 hours", 16).drop(1),
    Column::left("reason", 16).grow(4).drop(2),
];

/// Columns of the terminal from which the curve has all of its columns: below that they are the name's.
const WIDE: u16 = 100;

/// Columns of a name that counts for more than the curve and the reason, which its own page tells: by the name one tells a colleague.
const NAME: u16 = 40;

/// Columns of a name at least.
const SHORT: u16 = 16;

/// Columns of the curve.
const fn curve(cx: &Cx<'_>) -> u16 {
    if cx.body.width < WIDE { 10 } else { 16 }
}

/// The columns as there is room for them; `longest`: columns of the longest name in the list.
pub(super) fn columns(longest: usize, cx: &Cx<'_>) -> Vec<Column> {
    let mut columns = timed(COLUMNS, cx.absolute);
    for column in columns.iter_mut().filter(|c| c.title == "3 hours") {
        column.width = curve(cx);
    }
    let longest = u16::try_from(longest).unwrap_or(NAME).min(NAME);
    for column in columns.iter_mut().filter(|c| c.title == "alarm") {
        column.width = column.width.max(longest);
        // Once it is whole, what is left is the reason's.
        column.grow = 1;
    }
    // A clock time is never cut: before it would take the threshold away, the name gives up its middle.
    let over = least(&columns).saturating_sub(cx.body.width);
    for column in columns.iter_mut().filter(|c| c.title == "alarm") {
        column.width = column.width.saturating_sub(over).max(SHORT);
    }
    columns
}

/// Columns of the terminal that they take at least, without what may be dropped.
pub(super) fn least(columns: &[Column]) -> u16 {
    let kept = columns.iter().filter(|c| c.drop == 0);
    // Two for the mark, two for the borders, one between each two.
    kept.map(|c| c.width + 1).sum::<u16>() + 3
}

/// Its name as the list shows it.
fn listed(a: &Alarm) -> Cow<'_, str> {
    a.listed_name(usize::from(NAME))
}

/// Columns of the terminal that a name takes at a place in the list.
pub(super) fn named(a: &Alarm, place: Place) -> usize {
    let fold = if place.flat || place.group.is_none() {
        0
    } else {
        2
    };
    2 * place.depth + fold + width(&listed(a))
}

/// Shape, word and colour of an alarm's state.
pub(super) fn state(a: &Alarm, cx: &Cx<'_>) -> (String, Style) {
    let t = cx.theme;
    let (sign, style) = match (a.state, a.severity) {
        (AlarmState::Alarm, _) if scales(a, cx) => ("◇", t.muted),
        (AlarmState::Alarm, Severity::Critical) => ("▲", t.critical),
        (AlarmState::Alarm, Severity::Warning) => ("■", t.warn),
        (AlarmState::Alarm, Severity::Info) => ("◆", t.info),
        (AlarmState::InsufficientData, _) => ("○", t.unknown),
        (AlarmState::Ok, _) => ("●", t.ok),
    };
    let style = t.aged(seen(cx), style);
    (format!("{sign} {}", a.state.word()), style)
}

/// Whether the vendor scales by it, and it says nothing that anybody need look at: it is listed.
pub(super) fn scales(a: &Alarm, cx: &Cx<'_>) -> bool {
    cx.snapshot.facts.scales_quietly(a)
}

/// The word of its severity; loud only while it fires.
pub(super) fn severity(a: &Alarm, cx: &Cx<'_>) -> (String, Style) {
    if scales(a, cx) {
        return ("auto".to_owned(), cx.theme.muted);
    }
    let style = if a.state == AlarmState::Alarm {
        state(a, cx).1
    } else {
        cx.theme.muted
    };
    (a.severity.word().to_owned(), style)
}

/// The unit that its values have.
pub(super) fn unit(a: &Alarm, cx: &Cx<'_>) -> Unit {
    series(a, cx)
        .map(|s| s.unit)
        .or_else(|| query(a).map(|q| Unit::of(&q.metric)))
        .unwrap_or(Unit::None)
}

/// The metric's newest value with its unit; `-` where there is none.
pub(super) fn value(a: &Alarm, cx: &Cx<'_>) -> String {
    let last = series(a, cx).and_then(|s| s.last());
    last.map_or("-".to_owned(), |v| unit(a, cx).format(v))
}

/// `> 80 %`; the kind of rule where there is no such number.
pub(super) fn threshold(a: &Alarm, cx: &Cx<'_>) -> String {
    match &a.rule {
        AlarmRule::Metric {
            comparison,
            threshold: Some(limit),
            ..
        } => format!("{comparison} {}", unit(a, cx).format(*limit)),
        AlarmRule::Log {
            comparison,
            threshold: Some(limit),
            ..
        } => format!("{comparison} {limit}"),
        AlarmRule::Metric { comparison, .. } | AlarmRule::Log { comparison, .. } => {
            comparison.clone()
        }
        AlarmRule::Composite { .. } => "composite".into(),
    }
}

/// The row of an alarm.
pub(super) fn row(a: &Alarm, place: Place, cx: &Cx<'_>) -> Row {
    let t = cx.theme;
    let (shape, style) = state(a, cx);
    let fires = a.state == AlarmState::Alarm && !scales(a, cx);
    let plain = t.aged(seen(cx), t.text);
    // What alarms are told by one question, and what is measured by another one.
    let measured = match cx.snapshot.facts.series.freshness(cx.now) {
        old @ (Freshness::Stale | Freshness::Failed) => t.aged(old, plain),
        _ if fires => style,
        _ => plain,
    };
    let indent = "  ".repeat(place.depth);
    let fold = match place.group {
        _ if place.flat => "",
        Some(g) if g.open => "▾ ",
        Some(_) => "▸ ",
        None => "",
    };
    // A group is as severe as the worst that fires in it, and says how much does.
    let rated = match place.group.and_then(|g| g.severity) {
        Some(worst) => severity(
            &Alarm {
                state: AlarmState::Alarm,
                severity: worst,
                ..a.clone()
            },
            cx,
        ),
        None => severity(a, cx),
    };
    let fires_if = match place.group {
        Some(g) => format!("{}/{} fire", g.firing, g.members),
        None => threshold(a, cx),
    };
    let (low, limit) = match &a.rule {
        AlarmRule::Metric {
            comparison,
            threshold,
            ..
        } => (comparison.starts_with('<'), *threshold),
        _ => (false, None),
    };
    let line = series(a, cx).map_or(String::new(), |s| {
        let span = (WINDOW.length_s, cx.now);
        spark_span(&s.points, s.apart_s(), span, (low, limit), curve(cx))
    });
    Row::new([
        (shape, style),
        rated,
        (since(cx.now, a.since, cx.absolute), plain),
        (
            format!("{indent}{fold}{}", listed(a)),
            match () {
                () if seen(cx) != Freshness::Fresh => t.stale,
                () if fires => t.strong,
                () => t.text,
            },
        ),
        (value(a, cx), measured),
        (fires_if, t.muted),
        (line, if fires { style } else { t.muted }),
        (a.reason.clone(), t.muted),
    ])
}
