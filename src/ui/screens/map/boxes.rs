//! The path as boxes from left to right, with the ways between them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::model::HealthMap;
use super::plan::Plan;
use super::view::{age, says, sign, tone_style};
use super::way;
use crate::domain::text::{clip, width};
use crate::present::Tone;
use crate::present::map::{Graph, Node};
use crate::ui::screens::Cx;
use crate::ui::widgets::{chosen, line, wrapped};

/// Corners and sides: top left, across, top right, down, bottom left, bottom right.
const LIGHT: [&str; 6] = ["┌", "─", "┐", "│", "└", "┘"];
const HEAVY: [&str; 6] = ["┏", "━", "┓", "┃", "┗", "┛"];
/// What is not known has no firm edge.
const BROKEN: [&str; 6] = ["┌", "╌", "┐", "┊", "└", "┘"];

pub(super) fn draw(s: &HealthMap, plan: &Plan, cx: &Cx<'_>, buf: &mut Buffer) {
    let chosen = s.selected().map(|n| n.id);
    way::draw(&s.graph, plan, cx, buf);
    for n in &s.graph.nodes {
        let Some(spot) = plan.spot(n.id) else {
            continue;
        };
        let selected = chosen == Some(n.id);
        if n.beside {
            cell(n, spot.area, selected, cx, buf);
        } else {
            boxed(&s.graph, n, spot.area, selected, cx, buf);
        }
    }
    if let Some(y) = plan.rule {
        rule(plan.map, y, cx, buf);
    }
}

fn boxed(graph: &Graph, n: &Node, area: Rect, selected: bool, cx: &Cx<'_>, buf: &mut Buffer) {
    let t = cx.theme;
    let (_, _, tone) = n.sign();
    let (glyphs, border) = match tone {
        Tone::Bad | Tone::Warn if n.suffers() => (HEAVY, tone_style(tone, cx)),
        Tone::Warn => (LIGHT, t.warn),
        Tone::Unknown => (BROKEN, t.unknown),
        _ if selected => (LIGHT, t.border_focus),
        _ => (LIGHT, t.border),
    };
    if selected {
        buf.set_style(area, t.selection);
    }
    frame(area, glyphs, border, buf);
    let room = usize::from(area.width.saturating_sub(4));
    let (mark, name) = if selected {
        ("▌", t.key)
    } else {
        (" ", t.strong)
    };
    let title = [
        (mark.to_owned(), t.key),
        (clip(n.short, room), name.patch(t.strong)),
        (" ".to_owned(), border),
    ];
    line(
        buf,
        area.x + 1,
        area.y,
        area.width.saturating_sub(2),
        &title,
    );
    // A broad box has room to breathe; a narrow one needs every column.
    let pad = u16::from(area.width >= 20);
    let inside = Rect::new(
        area.x + 1 + pad,
        area.y + 1,
        area.width.saturating_sub(2 + 2 * pad),
        area.height.saturating_sub(2),
    );
    let columns = usize::from(inside.width);
    let (word, style) = sign(n, cx);
    line(
        buf,
        inside.x,
        inside.y,
        inside.width,
        &[(word.clone(), style)],
    );
    right(
        &age(n, cx),
        columns.saturating_sub(width(&word) + 1),
        inside,
        t.muted,
        buf,
    );
    let mut lines: Vec<(String, Style)> = Vec::new();
    if n.starts {
        lines.push(("starts here".into(), t.critical));
    } else if !n.reached_by.is_empty() {
        let text = format!("by {}", graph.names(&n.reached_by));
        lines.push((clip(&text, columns), t.warn));
    }
    let (text, style) = says(n, cx);
    lines.extend(wrapped(&text, columns).into_iter().map(|l| (l, style)));
    let room = usize::from(inside.height.saturating_sub(1));
    let cut = lines.len() > room;
    lines.truncate(room);
    if let (true, Some((last, _))) = (cut, lines.last_mut()) {
        *last = clip(&format!("{last} …"), columns);
        if !last.ends_with('…') {
            last.push('…');
        }
    }
    for (y, (text, style)) in (inside.y + 1..inside.bottom()).zip(lines) {
        line(
            buf,
            inside.x,
            y,
            inside.width,
            &[(clip(&text, columns), style)],
        );
    }
    if selected {
        chosen(buf, area, t);
    }
}

/// Text at the right end of the first line, where there is room for all of it.
fn right(text: &str, room: usize, at: Rect, style: Style, buf: &mut Buffer) {
    let w = width(text);
    if w <= room {
        let x = at.right().saturating_sub(w as u16);
        line(buf, x, at.y, w as u16, &[(text.to_owned(), style)]);
    }
}

fn frame(area: Rect, [tl, across, tr, down, bl, br]: [&str; 6], style: Style, buf: &mut Buffer) {
    if area.width < 2 || area.height < 2 {
        return;
    }
    let sides = across.repeat(usize::from(area.width - 2));
    let row = |left: &str, right: &str| [(format!("{left}{sides}{right}"), style)];
    line(buf, area.x, area.y, area.width, &row(tl, tr));
    line(buf, area.x, area.bottom() - 1, area.width, &row(bl, br));
    for y in area.y + 1..area.bottom() - 1 {
        line(buf, area.x, y, 1, &[(down.to_owned(), style)]);
        line(buf, area.right() - 1, y, 1, &[(down.to_owned(), style)]);
    }
}

/// A line above what no request waits for.
fn rule(map: Rect, y: u16, cx: &Cx<'_>, buf: &mut Buffer) {
    let t = cx.theme;
    let words = " beside the path ";
    let rest = usize::from(map.width).saturating_sub(width(words) + 5);
    let spans = [
        ("╶─".to_owned(), t.border),
        (words.to_owned(), t.muted),
        ("─".repeat(rest), t.border),
    ];
    line(buf, map.x + 1, y, map.width.saturating_sub(2), &spans);
}

/// A system beside the path, on one line.
fn cell(n: &Node, area: Rect, selected: bool, cx: &Cx<'_>, buf: &mut Buffer) {
    let t = cx.theme;
    let area = Rect {
        width: area.width.saturating_sub(1),
        ..area
    };
    if selected {
        buf.set_style(area, t.selection);
        line(buf, area.x, area.y, 1, &[("▌".to_owned(), t.key)]);
    }
    let (word, style) = sign(n, cx);
    let (text, said) = says(n, cx);
    let age = age(n, cx);
    let lead = width(&word) + width(n.short) + 3;
    let room = usize::from(area.width).saturating_sub(lead + width(&age) + 2);
    let spans = [
        (format!("{word} "), style),
        (format!("{}  ", n.short), t.strong),
        (clip(&text, room), said),
    ];
    line(
        buf,
        area.x + 1,
        area.y,
        area.width.saturating_sub(1),
        &spans,
    );
    right(&age, usize::from(area.width), area, t.muted, buf);
    if selected {
        chosen(buf, area, t);
    }
}
