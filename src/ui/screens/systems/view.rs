//! Draws the list of systems and a system's page.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::columns::{columns, said};
use super::list::{Entry, counted_rows};
use super::model::{SORTS, Systems};
use super::page::{Line, Page};
use crate::domain::part::Freshness;
use crate::domain::text::{clip, width};
use crate::present::{Cell, Section, Tone};
use crate::ui::commands::Command;
use crate::ui::screens::{Cx, ScreenId};
use crate::ui::theme::Theme;
use crate::ui::widgets::{Column, Row, Table, line, panel, scrolled, since, timed};

/// Lines under the list that tell of the selected system: what it is, how it is and why, what to do.
const TOLD: u16 = 4;

const COLUMNS: &[Column] = &[
    Column::left("", 1),
    Column::left("key", 3),
    Column::left("system", 18),
    Column::left("state", 12),
    Column::left("why", 26).grow(4),
    Column::age("read", 5),
    Column::left("about", 17).drop(2),
    Column::left("asked", 20).grow(1).drop(1),
];

/// Rows of the list that fit.
pub(super) fn list_height(cx: &Cx<'_>) -> usize {
    usize::from(cx.body.height.saturating_sub(3 + told(cx)))
}

/// Lines for the selected system: none where the list itself has hardly any.
fn told(cx: &Cx<'_>) -> u16 {
    if cx.body.height >= 14 { TOLD } else { 0 }
}

/// Lines of a page that fit.
pub(super) fn page_height(cx: &Cx<'_>) -> usize {
    usize::from(cx.body.height.saturating_sub(2))
}

/// The line of the list, or of the page, at a position.
pub(super) fn line_at(at: Position, cx: &Cx<'_>, on_page: bool) -> Option<u16> {
    let first = cx.body.y + if on_page { 1 } else { 2 };
    let rows = if on_page {
        page_height(cx)
    } else {
        list_height(cx)
    };
    (at.y >= first && usize::from(at.y - first) < rows).then(|| at.y - first)
}

/// Columns from which on a page with two halves shows them side by side.
const WIDE: u16 = 150;

/// Whether there is room for two halves.
pub(super) fn is_wide(cx: &Cx<'_>) -> bool {
    cx.body.width >= WIDE
}

/// The two halves of a page, with a column between them.
fn halves(inside: Rect) -> [Rect; 2] {
    let width = inside.width.saturating_sub(1) / 2;
    let x = inside.x + width + 1;
    let right = Rect {
        x,
        width: inside.right().saturating_sub(x),
        ..inside
    };
    [Rect { width, ..inside }, right]
}

/// Whether a position is in the right half.
pub(super) fn is_right(at: Position, cx: &Cx<'_>) -> bool {
    at.x >= cx.body.x + cx.body.width / 2
}

/// A tone's style.
pub(in crate::ui) fn style(tone: Tone, t: &Theme) -> Style {
    match tone {
        Tone::Plain => t.text,
        Tone::Strong => t.strong,
        Tone::Muted => t.muted,
        Tone::Ok => t.ok,
        Tone::Info => t.info,
        Tone::Unknown => t.unknown,
        Tone::Warn => t.warn,
        Tone::Bad => t.critical,
    }
}

pub(super) fn view(s: &Systems, cx: &Cx<'_>, buf: &mut Buffer) {
    match &s.page {
        Some(page) => draw_page(page, cx, buf),
        None => draw_list(s, cx, buf),
    }
}

fn draw_list(s: &Systems, cx: &Cx<'_>, buf: &mut Buffer) {
    let t = cx.theme;
    let columns = timed(COLUMNS, cx.absolute);
    let table = Table {
        columns: &columns,
        // With a filter the rows stand in the order of how well they match.
        sort: (s.sort.mark(SORTS, COLUMNS)).filter(|_| s_filter(s).is_empty()),
        selected: s.list.index().checked_sub(s.list.offset()),
        focus: true,
    };
    let count = s.visible.len();
    let by = table.unseen_sort(cx.body.width.saturating_sub(2));
    let title = format!("Systems  {count}{}{by}", filtered(s_filter(s)));
    let inside = panel(buf, cx.body, &title, true, t);
    let below = Rect::new(
        inside.x,
        inside.bottom().saturating_sub(told(cx)),
        inside.width,
        told(cx),
    );
    if let Some(e) = s.selected_entry().filter(|_| below.height > 0) {
        draw_told(e, below, t, buf);
    }
    let inside = Rect {
        height: inside.height - below.height,
        ..inside
    };
    let shown = s
        .visible
        .iter()
        .skip(s.list.offset())
        .filter_map(|id| s.entry(id));
    table.draw(buf, inside, shown.map(|e| entry(e, cx)), t);
    scrolled(
        buf,
        inside,
        s.list.offset(),
        list_height(cx),
        s.visible.len(),
        t,
    );
    if s.visible.is_empty() {
        let words = match s_filter(s) {
            "" => "no further system is configured; `flightdeck config init` writes down what it finds".to_owned(),
            text => format!("nothing matches {text:?}; esc clears the filter"),
        };
        let room = inside.width.saturating_sub(3);
        line(buf, inside.x + 2, inside.y + 2, room, &[(words, t.muted)]);
    }
}

/// What the selected system is, how it is and why, and what to do, in sentences.
fn draw_told(e: &Entry, at: Rect, t: &Theme, buf: &mut Buffer) {
    let rule = "─".repeat(usize::from(at.width));
    line(buf, at.x, at.y, at.width, &[(rule, t.muted)]);
    let todo = match (&e.todo, e.tone) {
        (Some(words), _) => words.clone(),
        (None, Tone::Bad | Tone::Warn | Tone::Unknown) => match e.told {
            Some(_) => "enter leads to it, d shows everything known of it".to_owned(),
            None => "enter shows which, d everything known of a row".to_owned(),
        },
        (None, _) => "nothing".to_owned(),
    };
    let rows = [
        ("is    ", e.view.doc.to_owned(), t.text),
        (
            "says  ",
            format!("{}: {}", e.state(), e.says),
            style(e.tone, t),
        ),
        ("do    ", todo, t.text),
    ];
    for (y, (name, words, style)) in (at.y + 1..at.bottom()).zip(rows) {
        let room = usize::from(at.width).saturating_sub(width(name) + 2);
        let spans = [(format!(" {name}"), t.muted), (clip(&words, room), style)];
        line(buf, at.x, y, at.width, &spans);
    }
}

fn s_filter(s: &Systems) -> &str {
    use crate::ui::screens::Screen;
    s.filter().unwrap_or_default()
}

fn filtered(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!("  /{text}")
    }
}

/// The row of a system.
pub(super) fn entry(e: &Entry, cx: &Cx<'_>) -> Row {
    let t = cx.theme;
    let key = Command::of_view(e.view.id);
    let key = key.and_then(|c| cx.keymap.key_for(ScreenId::Systems, c));
    let colour = style(e.tone, t);
    let words = if e.tone.weight() >= Tone::Unknown.weight() {
        colour
    } else {
        t.text
    };
    Row::new([
        (e.tone.shape().to_owned(), colour),
        (key.unwrap_or_default(), t.key),
        (e.view.title.to_owned(), t.strong),
        (e.state().to_owned(), colour),
        (e.says.clone(), words),
        (since(cx.now, e.oldest, cx.absolute), t.muted),
        (e.view.group.word().to_owned(), t.muted),
        (e.source.clone(), t.muted),
    ])
}

fn draw_page(page: &Page, cx: &Cx<'_>, buf: &mut Buffer) {
    let t = cx.theme;
    let title = format!("{}{}", page.view.title, filtered(&page.filter));
    let inside = panel(buf, cx.body, &title, true, t);
    let tables: Vec<Vec<Column>> = page.sections.iter().map(|s| columns(s, cx)).collect();
    let selected = page.selected_line();
    let areas = match page.split {
        Some(_) => halves(inside),
        None => [inside, Rect::default()],
    };
    let split = page.split.unwrap_or(page.lines.len());
    let counts = [split, page.lines.len() - split];
    let shown = page.shown();
    for ((area, range), (count, begins)) in areas
        .into_iter()
        .zip(shown)
        .zip(counts.into_iter().zip([0, split]))
    {
        for (y, at) in (area.y..area.bottom()).zip(range.clone()) {
            let row = Rect::new(area.x, y, area.width, 1);
            if let Some(what) = page.lines.get(at) {
                draw_line(page, *what, &tables, selected == Some(at), row, cx, buf);
            }
        }
        if count > 0 {
            scrolled(buf, area, range.start - begins, page_height(cx), count, t);
        }
    }
}

fn draw_line(
    page: &Page,
    what: Line,
    tables: &[Vec<Column>],
    selected: bool,
    at: Rect,
    cx: &Cx<'_>,
    buf: &mut Buffer,
) {
    let t = cx.theme;
    let section = |s: usize| page.sections.get(s);
    let table = |s: usize| Table {
        columns: tables.get(s).map_or(&[], Vec::as_slice),
        sort: section(s).and_then(|s| page.sorted(s)),
        selected: None,
        focus: true,
    };
    match what {
        Line::Blank => {}
        Line::Title(s) => {
            if let Some(section) = section(s) {
                let by = table(s).unseen_sort(at.width);
                let left = format!("{}  {}{by}", section.title, counted(page, s, section));
                draw_title(section, left, at, cx, buf);
            }
        }
        Line::Note(s, n) => {
            if let Some(note) = section(s).and_then(|s| s.notes.get(n)) {
                let text = format!("{} {}", note.tone.shape(), note.text);
                line(
                    buf,
                    at.x + 1,
                    at.y,
                    at.width.saturating_sub(2),
                    &[(text, style(note.tone, t))],
                );
            }
        }
        Line::Head(s) => table(s).draw_head(buf, at, t),
        Line::Empty(s) => {
            let filtered =
                !page.filter.is_empty() && section(s).is_some_and(|s| !s.rows.is_empty());
            let words = match filtered {
                true => format!("nothing matches {:?}; esc clears the filter", page.filter),
                false => section(s).map(Section::why_empty).unwrap_or_default(),
            };
            line(
                buf,
                at.x + 3,
                at.y,
                at.width.saturating_sub(4),
                &[(words, t.muted)],
            );
        }
        Line::Row(s, r) => {
            let Some((section, row)) = section(s).and_then(|s| Some((s, s.rows.get(r)?))) else {
                return;
            };
            let seen = section.standing.freshness.unwrap_or(Freshness::Never);
            let worst = row
                .cells
                .iter()
                .map(|c| c.tone)
                .max_by_key(|t| t.weight())
                .unwrap_or_default();
            // What is good needs no mark: green is quiet.
            let mark = if worst.weight() >= Tone::Unknown.weight() {
                worst
            } else {
                Tone::Plain
            };
            let mut cells = vec![(mark.shape().to_owned(), style(mark, t))];
            cells.extend(row.cells.iter().map(|c| drawn(c, seen, cx)));
            table(s).draw_row(buf, at, &Row::new(cells), selected, t);
        }
    }
}

/// Values that may not be believed any more are dimmed, whatever they say, and struck where they are the last ones of what fails.
fn drawn(cell: &Cell, seen: Freshness, cx: &Cx<'_>) -> (String, Style) {
    let t = cx.theme;
    let style = match (seen, cell.tone) {
        (Freshness::Failed, Tone::Strong | Tone::Muted | Tone::Unknown) => t.stale,
        _ => t.aged(seen, style(cell.tone, t)),
    };
    (said(cell, cx), style)
}

/// How many rows a section has, or things that they are about; while they are filtered, how many of them are shown.
fn counted(page: &Page, at: usize, section: &Section) -> String {
    let all = section.rows.len();
    match section.counted {
        // A row is no such thing: what is counted has to be named.
        Some(n) => counted_rows(section.name, n),
        None if page.filter.is_empty() => all.to_string(),
        None => {
            let own = |l: &&Line| matches!(l, Line::Row(s, _) if *s == at);
            format!("{} of {all}", page.lines.iter().filter(own).count())
        }
    }
}

/// The section's title with its count on the left, who answered and when on the right.
fn draw_title(section: &Section, left: String, at: Rect, cx: &Cx<'_>, buf: &mut Buffer) {
    let t = cx.theme;
    let standing = &section.standing;
    let age = since(cx.now, standing.observed_at, cx.absolute);
    let asked = standing.source.as_str();
    // Who answered, and when: the time is what tells whether to believe it.
    let (who, when, style) = match (&standing.problem, standing.freshness) {
        (Some(p), _) => (
            format!("▲ {}", p.why),
            format!("  last answer {age}"),
            t.warn,
        ),
        (None, Some(Freshness::Stale)) => (asked.to_owned(), format!(" old: {age}"), t.stale),
        (None, Some(Freshness::Never)) => (asked.to_owned(), " asking ...".into(), t.muted),
        (None, None) => (asked.to_owned(), " not asked".into(), t.muted),
        (None, Some(_)) => (asked.to_owned(), format!(" {age}"), t.muted),
    };
    line(
        buf,
        at.x + 1,
        at.y,
        at.width.saturating_sub(2),
        &[(left.clone(), t.title)],
    );
    let room = usize::from(at.width).saturating_sub(width(&left) + 5);
    let who = clip(&who, room.saturating_sub(width(&when)));
    let right = clip(&format!("{who}{when}"), room);
    let w = width(&right) as u16;
    line(
        buf,
        at.right().saturating_sub(w + 1),
        at.y,
        w,
        &[(right, style)],
    );
}
