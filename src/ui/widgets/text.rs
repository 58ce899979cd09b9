//! Lines of text, fields, search hits, wrapping.

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use tui_input::Input;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::super::theme::Theme;
use crate::domain::text::{clip, inert, is_inert, is_plain, is_single};

/// Draws spans one after the other, clipped to a width; where words are cut, the last cell says so. Text passes the gate once
/// more here: nothing drawn by a screen can hold a control character.
pub fn line(buf: &mut Buffer, x: u16, y: u16, width: u16, spans: &[(String, Style)]) {
    if !(buf.area.y..buf.area.bottom()).contains(&y) || x >= buf.area.right() {
        return;
    }
    let end = x.saturating_add(width).min(buf.area.right());
    let mut at = x;
    let mut cut = None;
    for (text, style) in spans {
        let room = usize::from(end.saturating_sub(at));
        if is_plain(text) {
            // Nearly all text: a byte is a cell, and there are no graphemes to look for. Blanks that pad may fall off unsaid.
            if cut.is_none() && text.trim_end().len() > room {
                cut = Some(*style);
            }
            for (cell, byte) in cells(buf, at, end, y).iter_mut().zip(text.bytes()) {
                cell.set_char(char::from(byte)).set_style(*style);
                at += 1;
            }
            continue;
        }
        if text.chars().all(is_single) {
            if cut.is_none() && text.trim_end().chars().count() > room {
                cut = Some(*style);
            }
            for (cell, c) in cells(buf, at, end, y).iter_mut().zip(text.chars()) {
                cell.set_char(c).set_style(*style);
                at += 1;
            }
            continue;
        }
        let safe = if text.chars().all(is_inert) {
            None
        } else {
            Some(inert(text))
        };
        let text = safe.as_deref().unwrap_or(text);
        if cut.is_none() && text.trim_end().width() > room {
            cut = Some(*style);
        }
        if room > 0 {
            (at, _) = buf.set_stringn(at, y, text, room, *style);
        }
    }
    if let (Some(style), true) = (cut, end > x) {
        let last = end - 1;
        if let Some(cell) = buf.cell_mut((last.saturating_sub(1).max(x), y))
            && cell.symbol().width() > 1
        {
            // Half of a wide character cannot be drawn over.
            cell.set_symbol(" ");
        }
        buf.set_stringn(last, y, "…", 1, style);
    }
}

/// The cells of a row from one column to before another; the row and both columns are within the buffer.
fn cells(buf: &mut Buffer, from: u16, to: u16, y: u16) -> &mut [Cell] {
    let (width, area) = (usize::from(buf.area.width), buf.area);
    let row = usize::from(y - area.y) * width;
    let column = |x: u16| row + usize::from(x.saturating_sub(area.x)).min(width);
    buf.content
        .get_mut(column(from)..column(to.max(from)))
        .unwrap_or_default()
}

/// Draws text with the parts that match a search marked.
#[allow(clippy::too_many_arguments)]
pub fn highlighted(
    buf: &mut Buffer,
    x: u16,
    y: u16,
    width: u16,
    text: &str,
    needle: &str,
    base: Style,
    hit: Style,
) {
    let lower = text.to_lowercase();
    let needle = needle.to_lowercase();
    if needle.is_empty() || lower.len() != text.len() {
        return line(buf, x, y, width, &[(text.to_owned(), base)]);
    }
    let mut spans = Vec::new();
    let mut from = 0;
    for (start, found) in lower.match_indices(&needle) {
        if let (Some(before), Some(inside)) =
            (text.get(from..start), text.get(start..start + found.len()))
        {
            spans.push((before.to_owned(), base));
            spans.push((inside.to_owned(), base.patch(hit)));
            from = start + found.len();
        }
    }
    spans.push((text.get(from..).unwrap_or_default().to_owned(), base));
    line(buf, x, y, width, &spans);
}

/// A field that is typed into; the cursor is a reversed cell, so no terminal cursor is needed.
pub fn field(buf: &mut Buffer, area: Rect, input: &Input, focus: bool, theme: &Theme) {
    let width = usize::from(area.width);
    if width < 2 {
        return;
    }
    buf.set_style(area, theme.input);
    let scroll = input.visual_scroll(width - 1);
    let mut skipped = 0;
    let mut shown: String = inert(input.value())
        .graphemes(true)
        .skip_while(|g| {
            let skip = skipped < scroll;
            skipped += g.width();
            skip
        })
        .collect();
    if scroll > 0 {
        // What is cut on the left is said, as on the right.
        let first = shown.graphemes(true).next().unwrap_or_default();
        let pad = " ".repeat(first.width().saturating_sub(1));
        shown = format!("…{pad}{}", shown.get(first.len()..).unwrap_or_default());
    }
    line(
        buf,
        area.x,
        area.y,
        area.width,
        &[(clip(&shown, width), theme.input)],
    );
    if focus {
        let x = area.x
            + u16::try_from(input.visual_cursor().saturating_sub(scroll))
                .unwrap_or(0)
                .min(area.width - 1);
        if let Some(cell) = buf.cell_mut((x, area.y)) {
            cell.modifier.toggle(Modifier::REVERSED);
        }
    }
}

/// Breaks inert text into lines of at most `width` columns, at spaces where there are any.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let width = width.max(8);
    let mut lines = Vec::new();
    let mut current = String::new();
    let mut used = 0;
    for word in text.split_inclusive(' ') {
        let columns = word.trim_end().width();
        if used > 0 && used + columns > width {
            lines.push(std::mem::take(&mut current).trim_end().to_owned());
            used = 0;
        }
        if columns > width {
            for g in word.graphemes(true) {
                if used + g.width() > width {
                    lines.push(std::mem::take(&mut current));
                    used = 0;
                }
                current.push_str(g);
                used += g.width();
            }
        } else {
            current.push_str(word);
            used += word.width();
        }
    }
    lines.push(current.trim_end().to_owned());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapping_keeps_words_and_splits_what_cannot_fit() {
        assert_eq!(
            wrapped("one two three four", 9),
            ["one two", "three", "four"]
        );
        assert_eq!(wrapped("abcdefghijklmnop", 8), ["abcdefgh", "ijklmnop"]);
        assert_eq!(wrapped("", 8), [""]);
    }

    fn drawn(width: u16, draw: impl FnOnce(&mut Buffer)) -> String {
        let mut buf = Buffer::empty(Rect::new(0, 0, width, 1));
        draw(&mut buf);
        (0..width)
            .map(|x| buf[(x, 0)].symbol().to_owned())
            .collect()
    }

    #[test]
    fn what_is_cut_says_so_and_padding_does_not() {
        let two = [
            ("abc".into(), Style::new()),
            ("def   ".into(), Style::new()),
        ];
        assert_eq!(drawn(6, |b| line(b, 0, 0, 6, &two)), "abcdef");
        assert_eq!(drawn(5, |b| line(b, 0, 0, 5, &two)), "abcd…");
        // The whole second span fell off.
        assert_eq!(drawn(3, |b| line(b, 0, 0, 3, &two)), "ab…");
        let wide = [("漢字漢".into(), Style::new())];
        assert_eq!(drawn(4, |b| line(b, 0, 0, 4, &wide)), "漢  …");
    }

    #[test]
    fn a_long_value_is_marked_where_it_is_cut_and_its_end_is_seen() {
        let theme = Theme::default();
        let long = Input::new("registry.example.com/shop/api:1.8.2".into());
        let at = Rect::new(0, 0, 12, 1);
        let row = drawn(12, |b| field(b, at, &long, true, &theme));
        assert!(
            row.starts_with('…') && row.trim_end().ends_with("api:1.8.2"),
            "{row}"
        );
        let short = Input::new("api:2".into());
        assert!(drawn(12, |b| field(b, at, &short, true, &theme)).starts_with("api:2 "));
    }

    #[test]
    fn hostile_text_is_inert_when_drawn() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 30, 1));
        line(
            &mut buf,
            0,
            0,
            30,
            &[("a\u{1b}[2Jb\u{202e}c".into(), Style::new())],
        );
        let row: String = (0..30).map(|x| buf[(x, 0)].symbol().to_owned()).collect();
        assert_eq!(row.trim_end(), "a\\e[2Jb\\u{202e}c");
    }
}
