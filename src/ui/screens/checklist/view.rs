//! Draws the checklist, and the evidence of one criterion beside it where there is room.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Position, Rect};

use super::detail;
use super::model::{Checklist, Item, WIDE, register, stage};
use super::row::{COLUMNS, counted, days, row};
use crate::domain::text::{clip, width};
use crate::plan::checklist::Counts;
use crate::ui::screens::Cx;
use crate::ui::widgets::{Table, line, panel, scrolled, timed, wrapped};

/// Lines of the panel above its first row: border, readiness, next step, heads.
const HEAD: u16 = 4;

/// Lines under the list where nothing stands beside it: a rule with the selection's name, and words.
const FOOT: u16 = 3;

/// Rows that fit.
pub(super) fn list_height(cx: &Cx<'_>) -> usize {
    usize::from(cx.body.height.saturating_sub(HEAD + 1 + foot(cx)))
}

fn foot(cx: &Cx<'_>) -> u16 {
    if cx.body.width < WIDE { FOOT } else { 0 }
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
    if let Some(item) = &s.page {
        detail::view(item, s.scroll, true, cx, cx.body, buf);
        return;
    }
    let (left, right) = places(cx);
    list(s, cx, left, buf);
    match (right, s.current()) {
        (Some(area), Some(item)) => detail::view(item, 0, false, cx, area, buf),
        (Some(area), None) => drop(panel(buf, area, "", false, cx.theme)),
        (None, Some(item)) => strip(item, cx, left, buf),
        (None, None) => {}
    }
}

/// The selection in a few lines at the foot of a narrow list, where its columns are cut.
fn strip(item: &Item, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let t = cx.theme;
    let Some((name, words)) = in_short(item, cx) else {
        return;
    };
    let inside = area.width.saturating_sub(2);
    let y = area.bottom().saturating_sub(FOOT + 1);
    let rule = "─".repeat(usize::from(inside));
    line(buf, area.x + 1, y, inside, &[(rule, t.border)]);
    let room = inside.saturating_sub(4);
    let name = format!(" {} ", clip(&name, usize::from(room.saturating_sub(2))));
    line(buf, area.x + 2, y, room, &[(name, t.strong)]);
    let columns = usize::from(room);
    let rows = usize::from(FOOT - 1);
    let mut shown = wrapped(&words, columns);
    if shown.len() > rows {
        let rest = shown.split_off(rows - 1).join(" ");
        shown.push(clip(&rest, columns));
    }
    for (y, words) in (y + 1..).zip(shown) {
        line(buf, area.x + 3, y, room, &[(words, t.text)]);
    }
}

/// Name and words of an item.
fn in_short(item: &Item, cx: &Cx<'_>) -> Option<(String, String)> {
    let counts = |n: Counts| counted(&n);
    Some(match item {
        Item::Criterion(id) => {
            let c = cx.snapshot.checklist.criterion(id)?;
            (format!("{id} {}", c.title), c.reason.clone())
        }
        Item::Stage(number) => {
            let s = stage(cx, *number)?;
            let n = counts(s.success_counts());
            (
                format!("{number} {}", s.title),
                format!("{n}. {}. {}", days(s), s.goal),
            )
        }
        Item::Section(number, name) => {
            let of_it = stage(cx, *number)?.criteria.iter();
            let n = Counts::of(of_it.filter(|c| &c.section == name));
            (name.clone(), counts(n))
        }
        Item::Register(id) => {
            let r = register(cx, id)?;
            (r.title.clone(), counts(Counts::of(r.criteria.iter())))
        }
    })
}

fn title(s: &Checklist, cx: &Cx<'_>) -> String {
    let list = &cx.snapshot.checklist;
    let mut shown = String::new();
    if s.unready {
        shown.push_str("   only what is not ready");
    }
    if !s.filter.is_empty() {
        shown.push_str(&format!("   {} match /{}", s.items.len(), s.filter));
    }
    let whole = format!("Checklist  {}{shown}", list.title);
    // What of the plan is shown counts for more than what the plan is called.
    let (list, _) = places(cx);
    match width(&whole) + 6 <= usize::from(list.width) || shown.is_empty() {
        true => whole,
        false => format!("Checklist{shown}"),
    }
}

fn list(s: &Checklist, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let (t, list) = (cx.theme, &cx.snapshot.checklist);
    let inside = panel(buf, area, title(s, cx).trim_end(), true, t);
    let n = list.success_counts();
    let ready = n.total() > 0 && n.ready() == n.total();
    let by = list.go_live.map_or(String::new(), |d| format!(" by {d}"));
    let far = match (list.is_judging(), list.waiting()) {
        (true, _) => format!("go-live: judging{by}"),
        (false, 0) => format!("go-live {} of {}{by}", n.ready(), n.total()),
        (false, more) => format!(
            "go-live {} of {}, {more} not asked yet{by}",
            n.ready(),
            n.total()
        ),
    };
    let width = inside.width.saturating_sub(3);
    let room = usize::from(width).saturating_sub(far.len() + 3);
    let spans = [
        (far, if ready { t.ok } else { t.strong }),
        (format!("   {}", clip(&counted(&n), room)), t.muted),
    ];
    line(buf, inside.x + 2, inside.y, width, &spans);
    let next = match list.next_step.as_str() {
        "" if ready => ("every success criterion is ready".to_owned(), t.ok),
        "" => (String::new(), t.muted),
        step => (clip(&format!("next: {step}"), usize::from(width)), t.text),
    };
    line(buf, inside.x + 2, inside.y + 1, width, &[next]);
    let rows = Rect {
        y: inside.y + 2,
        height: inside.height.saturating_sub(2 + foot(cx)),
        ..inside
    };
    let table = Table {
        columns: &timed(COLUMNS, cx.absolute),
        sort: None,
        selected: s.list.index().checked_sub(s.list.offset()),
        focus: true,
    };
    let shown = s.items.iter().skip(s.list.offset());
    table.draw(buf, rows, shown.map(|i| row(s, i, cx)), t);
    let (offset, height) = (s.list.offset(), list_height(cx));
    scrolled(buf, inside, offset, height, s.items.len(), t);
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
