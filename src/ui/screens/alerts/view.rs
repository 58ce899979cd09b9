//! Draws the list of alarms, and one alarm beside it where there is room.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Position, Rect};

use super::model::{Alerts, SORTS, WIDE, counts};
use super::{detail, row};
use crate::domain::alarm::AlarmState;
use crate::domain::part::Freshness;
use crate::domain::text;
use crate::ui::screens::Cx;
use crate::ui::widgets::{Column, Table, line, of_severity, panel, scrolled, when};

/// Lines of the list's panel above its first row: border, counts, heads.
const HEAD: u16 = 3;

/// Rows of alarms that fit.
pub(super) fn list_height(cx: &Cx<'_>) -> usize {
    usize::from(cx.body.height.saturating_sub(HEAD + 1))
}

/// Columns of the terminal that an alarm beside the list takes at least.
const DETAIL: u16 = 48;

fn columns(s: &Alerts, cx: &Cx<'_>) -> Vec<Column> {
    let names = s.visible.iter().map(|(a, place)| row::named(a, *place));
    row::columns(names.max().unwrap_or(0), cx)
}

/// The list with its names whole, where the alarm beside it keeps room for its own.
fn places(columns: &[Column], cx: &Cx<'_>) -> (Rect, Option<Rect>) {
    let all = cx.body.width;
    if all < WIDE {
        return (cx.body, None);
    }
    let list = (all * 6 / 11).max(row::least(columns).min(all - DETAIL));
    let [list, detail] =
        Layout::horizontal([Constraint::Length(list), Constraint::Fill(1)]).areas(cx.body);
    (list, Some(detail))
}

/// The line of the list at a position.
pub(super) fn line_at(s: &Alerts, at: Position, cx: &Cx<'_>) -> Option<u16> {
    let (list, _) = places(&columns(s, cx), cx);
    let first = list.y + HEAD;
    let inside = list.contains(at) && at.y >= first;
    (inside && usize::from(at.y - first) < list_height(cx)).then(|| at.y - first)
}

pub(super) fn view(s: &Alerts, cx: &Cx<'_>, buf: &mut Buffer) {
    if let Some(name) = &s.page {
        match s.current(cx) {
            Some(alarm) => detail::view(alarm, s.scroll, Some(s.lead.as_ref()), cx, cx.body, buf),
            None => gone(name, cx, buf),
        }
        return;
    }
    let columns = columns(s, cx);
    let (left, right) = places(&columns, cx);
    list(s, &columns, cx, left, buf);
    if let Some(area) = right {
        match s.current(cx) {
            Some(alarm) => detail::view(alarm, 0, None, cx, area, buf),
            None => {
                panel(buf, area, "", false, cx.theme);
            }
        }
    }
}

fn gone(name: &str, cx: &Cx<'_>, buf: &mut Buffer) {
    let inside = panel(buf, cx.body, name, true, cx.theme);
    let (words, style) = if cx.snapshot.facts.alarms.value.is_some() {
        (
            "there is no such alarm (any more); esc leads back",
            cx.theme.warn,
        )
    } else {
        ("asking ...", cx.theme.muted)
    };
    let width = inside.width.saturating_sub(2);
    line(
        buf,
        inside.x + 1,
        inside.y,
        width,
        &[(words.to_owned(), style)],
    );
}

fn title(s: &Alerts, cx: &Cx<'_>) -> String {
    let part = &cx.snapshot.facts.alarms;
    let all = cx.snapshot.facts.alarm_rows().len();
    let mut title = if s.filter.is_empty() {
        format!("Alarms  {all}")
    } else {
        format!(
            "Alarms  {} of {all}  /{}   best match first",
            s.visible.len(),
            s.filter
        )
    };
    match (part.freshness(cx.now), part.observed_at) {
        (Freshness::Stale, Some(at)) => {
            title.push_str(&format!("   old: read {}", when(cx.now, at, cx.absolute)))
        }
        (Freshness::Failed, Some(at)) => {
            let why = part.error.as_ref().map_or(String::new(), |p| p.why.clone());
            title.push_str(&format!(
                "   read {}; now: {why}",
                when(cx.now, at, cx.absolute)
            ));
        }
        _ => {}
    }
    if cx.snapshot.facts.log_alarms_untold {
        title.push_str("   log alarms are not told here");
    }
    title
}

fn list(s: &Alerts, columns: &[Column], cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let t = cx.theme;
    let inside = panel(buf, area, &title(s, cx), true, t);
    let [firing, silent, ok, scaling] = counts(&cx.snapshot.facts);
    if firing + silent + ok + scaling > 0 {
        let quiet = |n: usize, style| if n > 0 { style } else { t.muted };
        let width = inside.width.saturating_sub(2);
        let scaling = match scaling {
            0 => String::new(),
            n => format!("   ◇ {n} for scaling"),
        };
        let all = cx.snapshot.facts.alarms_for_people();
        let firing_now = all.filter(|a| a.state == AlarmState::Alarm);
        let worst = firing_now.map(|a| a.severity).min();
        let mut spans = vec![
            (format!("▲ {firing} firing"), of_severity(worst, t)),
            (format!("   ○ {silent} no data"), quiet(silent, t.unknown)),
            (format!("   ● {ok} ok"), quiet(ok, t.ok)),
            (scaling, t.muted),
        ];
        // Until the console has thresholds of its own: nobody can set one up.
        let used: usize = spans.iter().map(|(words, _)| text::width(words)).sum();
        let own = [
            "   own thresholds: not in this version",
            "   own thresholds: not yet",
        ];
        let fits = |w: &&str| used + text::width(w) <= usize::from(width);
        let own = own.into_iter().find(fits).unwrap_or_default();
        spans.push((own.to_owned(), t.muted));
        line(buf, inside.x + 2, inside.y, width, &spans);
    }
    let rows = Rect {
        y: inside.y + 1,
        height: inside.height.saturating_sub(1),
        ..inside
    };
    let table = Table {
        columns,
        sort: (s.sort.mark(SORTS, row::COLUMNS)).filter(|_| s.filter.is_empty()),
        selected: s.list.index().checked_sub(s.list.offset()),
        focus: true,
    };
    let shown = s.visible.iter().skip(s.list.offset());
    table.draw(
        buf,
        rows,
        shown.map(|(a, place)| row::row(a, *place, cx)),
        t,
    );
    scrolled(
        buf,
        rows,
        s.list.offset(),
        list_height(cx),
        s.visible.len(),
        t,
    );
    if s.visible.is_empty() {
        empty(s, cx, rows, buf);
    }
}

/// Why there is nothing, and what to do.
fn empty(s: &Alerts, cx: &Cx<'_>, rows: Rect, buf: &mut Buffer) {
    let (t, part) = (cx.theme, &cx.snapshot.facts.alarms);
    let words = match (&part.error, &part.value) {
        (Some(p), _) => vec![format!("▲ {}", p.what), p.why.clone(), p.fix.clone()],
        (None, None) => vec!["asking ...".into()],
        (None, Some(_)) if !s.filter.is_empty() => vec![
            format!("no alarm matches {:?}", s.filter),
            "esc clears the filter".into(),
        ],
        _ => vec![
            "there is no CloudWatch alarm in this account and region".into(),
            "nothing will wake anybody: create alarms, or check region and credentials in the top line".into(),
        ],
    };
    for (y, (i, text)) in (rows.y + 2..rows.bottom()).zip(words.into_iter().enumerate()) {
        let style = if i == 0 { t.text } else { t.muted };
        let width = rows.width.saturating_sub(4);
        line(buf, rows.x + 2, y, width, &[(text, style)]);
    }
}
