//! Draws an open dashboard: its head, and the widgets that are in sight.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::grid::is_bare;
use super::model::{Opened, table, unread, viewport};
use super::{metric, other, page};
use crate::domain::dashboard::{DashboardId, Widget, WidgetKind};
use crate::domain::metric::Unit;
use crate::domain::part::Freshness;
use crate::domain::text::clip;
use crate::ui::screens::Cx;
use crate::ui::widgets::{clock, line, panel, span, when};

pub(super) fn view(o: &Opened, cx: &Cx<'_>, buf: &mut Buffer) {
    head(o, cx, buf);
    let place = viewport(cx);
    let Some(board) = &o.board else {
        return absent(o, place, cx, buf);
    };
    if board.widgets.is_empty() {
        let inside = panel(buf, place, "", true, cx.theme);
        let mut words = vec!["this dashboard has no widget".to_owned()];
        words.extend(board.notes.iter().cloned());
        return other::centred(&words, cx.theme.unknown, inside, cx, buf);
    }
    if o.single {
        return page::view(o, cx, buf);
    }
    for (i, cell) in o.cells.iter().enumerate() {
        let Some(widget) = board.widgets.get(cell.widget) else {
            continue;
        };
        let (from, until) = (cell.area.y, cell.area.bottom());
        let (top, bottom) = (o.top, o.top.saturating_add(place.height));
        if until <= top || from >= bottom {
            continue;
        }
        let whole = from >= top && until <= bottom;
        if whole {
            let area = Rect {
                y: place.y + (from - top),
                ..cell.area
            };
            frame(cell.widget, widget, o, i == o.focus, area, cx, buf);
        } else {
            // Drawn as a whole, then the part of it that is in sight.
            let area = Rect { y: 0, ..cell.area };
            let mut whole = Buffer::empty(area);
            whole.set_style(area, cx.theme.text);
            frame(cell.widget, widget, o, i == o.focus, area, cx, &mut whole);
            for y in from.max(top)..until.min(bottom) {
                for x in area.x..area.right() {
                    let (source, target) = ((x, y - from), (x, place.y + (y - top)));
                    if let (Some(cell), Some(here)) = (whole.cell(source), buf.cell_mut(target)) {
                        here.clone_from(cell);
                    }
                }
            }
        }
    }
}

/// How many widgets lie below what is in sight.
fn below(o: &Opened, height: u16) -> usize {
    let end = o.top.saturating_add(height);
    o.cells.iter().filter(|c| c.area.y >= end).count()
}

/// What stands on a widget's border: its title, and what of it was not understood.
pub(super) fn title(n: usize, w: &Widget, cx: &Cx<'_>) -> String {
    let name = match (&w.kind, w.title.as_str()) {
        (WidgetKind::Text { .. }, "") => String::new(),
        (WidgetKind::Metric(m), "") => m.alarm.clone().unwrap_or_else(|| w.kind.word().to_owned()),
        (_, "") => w.kind.word().to_owned(),
        (_, title) => title.to_owned(),
    };
    let mut words = name;
    if let WidgetKind::Log(_) = &w.kind
        && let Some(part) = table(cx, n)
        && let (Some(at), Some(t)) = (part.observed_at, &part.value)
    {
        let bytes = Unit::Bytes.format(t.scanned_bytes);
        words.push_str(&format!(
            "  {}, {bytes} read",
            when(cx.now, at, cx.absolute)
        ));
        if part.error.is_some() || part.freshness(cx.now) == Freshness::Stale {
            words.push_str(" ▲ old");
        }
    }
    if let Some(first) = w.notes.first() {
        words.push_str(&format!("  ▲ {first}"));
    }
    words
}

fn frame(n: usize, w: &Widget, o: &Opened, focus: bool, area: Rect, cx: &Cx<'_>, buf: &mut Buffer) {
    if is_bare(w) {
        if let WidgetKind::Text { markdown, .. } = &w.kind {
            other::text(markdown, 0, area, cx, buf);
        }
        if focus {
            for y in area.y..area.bottom() {
                line(buf, area.x, y, 1, &[("▌".into(), cx.theme.border_focus)]);
            }
        }
        return;
    }
    let place = panel(buf, area, &title(n, w, cx), focus, cx.theme);
    inside(n, w, o, place, cx, buf);
}

/// Draws what is inside of a widget's frame.
pub(super) fn inside(n: usize, w: &Widget, o: &Opened, area: Rect, cx: &Cx<'_>, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let skip = if o.single { o.scroll } else { 0 };
    match &w.kind {
        WidgetKind::Metric(m) => metric::draw(n, w, m, o, area, cx, buf),
        WidgetKind::Text { markdown, .. } => other::text(markdown, skip, area, cx, buf),
        WidgetKind::Alarms {
            names,
            states,
            newest_first,
        } => other::alarms((names, states, *newest_first), skip, area, cx, buf),
        WidgetKind::Log(log) => other::log(n, log, o, area, cx, buf),
        WidgetKind::Undrawable { word, why } => other::undrawable(word, why, area, cx, buf),
    }
}

/// A dashboard that is not there yet, or cannot be read.
fn absent(o: &Opened, place: Rect, cx: &Cx<'_>, buf: &mut Buffer) {
    let inside = panel(buf, place, o.id.name(), true, cx.theme);
    let (words, style) = match unread(cx, &o.id) {
        Some(p) => (
            vec![format!("▲ {}", p.what), p.why, p.fix],
            cx.theme.critical,
        ),
        None => (vec!["reading the dashboard ...".into()], cx.theme.muted),
    };
    other::centred(&words, style, inside, cx, buf);
}

fn head(o: &Opened, cx: &Cx<'_>, buf: &mut Buffer) {
    let (t, facts) = (cx.theme, &cx.snapshot.facts);
    let (from, until) = o.span.ends(cx.now);
    let length = span(o.span.length_s());
    let range = if o.span.follows() {
        format!("last {length}")
    } else {
        format!(
            "{length} from {} to {}",
            clock(cx.now, from),
            clock(cx.now, until)
        )
    };
    let board = o.board.as_ref();
    let name = board.map_or("", |b| b.title.as_str());
    let name = if name.is_empty() { o.id.name() } else { name };
    let mut spans = vec![
        (format!(" {}", clip(name, 40)), t.title),
        (format!("   {range}"), t.strong),
    ];
    // In the head: over the last row it would hide what an axis says.
    let below = below(o, viewport(cx).height);
    if below > 0 && !o.single {
        spans.push((format!("   {below} more below"), t.muted));
    }
    if let Some(at) = o.cursor {
        spans.push((format!("   at {}", clock(cx.now, at)), t.key));
    }
    for v in board
        .iter()
        .flat_map(|b| &b.variables)
        .filter(|v| v.visible)
    {
        let value = v.value.as_deref().unwrap_or("-");
        let shown = v.choices.iter().find(|(c, _)| c == value);
        let shown = shown.map_or(value, |(_, label)| label);
        spans.push((format!("   {} ", v.label), t.muted));
        spans.push((clip(shown, 24), t.key));
    }
    spans.push(state(o, cx));
    for note in board.iter().flat_map(|b| &b.notes) {
        spans.push((format!("   ▲ {note}"), t.warn));
    }
    if let (DashboardId::Aws(name), true) = (&o.id, board.is_some())
        && let Some(p) = facts.dashboard.get(name).and_then(|d| d.error.as_ref())
    {
        spans.push((format!("   ▲ as last read; now: {}", p.why), t.warn));
    }
    line(buf, cx.body.x, cx.body.y, cx.body.width, &spans);
}

/// How old the series are, or why there are none.
fn state(o: &Opened, cx: &Cx<'_>) -> (String, ratatui::style::Style) {
    let (t, part) = (cx.theme, &cx.snapshot.facts.board);
    let Some(ask) = o.ask.as_ref().filter(|a| !a.widgets.is_empty()) else {
        return (String::new(), t.muted);
    };
    let answer = part.value.as_ref().and_then(|b| b.ask.as_ref());
    let same = answer.filter(|a| a.dashboard == o.id);
    let exact = same.is_some_and(|a| a.window == ask.window && a.widgets == ask.widgets);
    let when = part
        .observed_at
        .map_or(String::new(), |at| when(cx.now, at, cx.absolute));
    match (&part.error, same) {
        (Some(p), Some(_)) if part.observed_at.is_some() => {
            (format!("   ▲ read {when}; now: {}", p.why), t.warn)
        }
        (Some(p), _) => (format!("   ▲ {}: {}", p.what, p.why), t.critical),
        _ if !exact => ("   asking ...".into(), t.info),
        _ if part.freshness(cx.now) == Freshness::Stale => {
            (format!("   old: read {when}"), t.stale)
        }
        _ => (format!("   read {when}"), t.muted),
    }
}
