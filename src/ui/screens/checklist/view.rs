//! Draws the checklist, and the evidence of one criterion beside it where there is room.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Position, Rect};

use super::detail;
use super::model::{Checklist, Item, WIDE, register, stage};
use super::row::{COLUMNS, counted, row};
use crate::ui::screens::Cx;
use crate::ui::widgets::{Table, line, panel, scrolled};

/// Lines of the panel above its first row: border, readiness, heads.
const HEAD: u16 = 3;

/// Rows that fit.
pub(super) fn list_height(cx: &Cx<'_>) -> usize {
    usize::from(cx.body.height.saturating_sub(HEAD + 1))
}

fn places(cx: &Cx<'_>) -> (Rect, Option<Rect>) {
    if cx.body.width < WIDE {
        return (cx.body, None);
    }
    let [list, detail] =
        Layout::horizontal([Constraint::Fill(3), Constraint::Fill(2)]).areas(cx.body);
    (list, Some(detail))
}

/// The line of the list at a position.
pub(super) fn line_at(at: Position, cx: &Cx<'_>) -> Option<u16> {
    let (list, _) = places(cx);
    let first = list.y + HEAD;
    let inside = list.contains(at) && at.y >= first;
    (inside && usize::from(at.y - first) < list_height(cx)).then(|| at.y - first)
}

pub(super) fn view(s: &Checklist, cx: &Cx<'_>, buf: &mut Buffer) {
    if let Some(id) = &s.page {
        match s.criterion(cx) {
            Some(c) => detail::view(c, s.scroll, true, cx, cx.body, buf),
            None => {
                let inside = panel(buf, cx.body, id, true, cx.theme);
                let words = "the plan has no such criterion (any more); esc leads back";
                let spans = [(words.to_owned(), cx.theme.warn)];
                line(buf, inside.x + 1, inside.y, inside.width, &spans);
            }
        }
        return;
    }
    let (left, right) = places(cx);
    list(s, cx, left, buf);
    let Some(area) = right else {
        return;
    };
    match (s.criterion(cx), s.current()) {
        (Some(c), _) => detail::view(c, 0, false, cx, area, buf),
        (None, Some(Item::Stage(number) | Item::Section(number, _))) => match stage(cx, *number) {
            Some(stage) => detail::stage(stage, cx, area, buf),
            None => drop(panel(buf, area, "", false, cx.theme)),
        },
        (None, Some(Item::Register(id))) => {
            let title = register(cx, id).map_or("", |r| r.title.as_str());
            panel(buf, area, title, false, cx.theme);
        }
        _ => drop(panel(buf, area, "", false, cx.theme)),
    }
}

fn title(s: &Checklist, cx: &Cx<'_>) -> String {
    let list = &cx.snapshot.checklist;
    let mut title = format!("Checklist  {}", list.title);
    if s.unready {
        title.push_str("   only what is not ready");
    }
    if !s.filter.is_empty() {
        title.push_str(&format!("   {} match /{}", s.items.len(), s.filter));
    }
    title
}

fn list(s: &Checklist, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let (t, list) = (cx.theme, &cx.snapshot.checklist);
    let inside = panel(buf, area, title(s, cx).trim_end(), true, t);
    let n = list.success_counts();
    let ready = n.total() > 0 && n.ready() == n.total();
    let mut spans = vec![
        (
            format!("go-live {} of {}", n.ready(), n.total()),
            if ready { t.ok } else { t.strong },
        ),
        (format!("   {}", counted(&n)), t.muted),
    ];
    if let Some(day) = list.go_live {
        spans.push((format!("   planned for {day}"), t.muted));
    }
    if !list.next_step.is_empty() {
        spans.push((format!("   next: {}", list.next_step), t.text));
    }
    let width = inside.width.saturating_sub(3);
    line(buf, inside.x + 2, inside.y, width, &spans);
    let rows = Rect {
        y: inside.y + 1,
        height: inside.height.saturating_sub(1),
        ..inside
    };
    let table = Table {
        columns: COLUMNS,
        sort: None,
        selected: s.list.index().checked_sub(s.list.offset()),
        focus: true,
    };
    let shown = s.items.iter().skip(s.list.offset());
    table.draw(buf, rows, shown.map(|i| row(s, i, cx)), t);
    let (offset, height) = (s.list.offset(), list_height(cx));
    scrolled(buf, rows, offset, height, s.items.len(), t);
    if s.items.is_empty() {
        let words = if s.filter.is_empty() {
            "the plan has not been judged yet".to_owned()
        } else {
            format!("no criterion matches {:?}; esc clears the filter", s.filter)
        };
        let width = rows.width.saturating_sub(4);
        line(buf, rows.x + 2, rows.y + 2, width, &[(words, t.muted)]);
    }
}
