//! Turns the difference between two frames into as few bytes as possible, and is the last wall for text: a cell that holds
//! anything but inert characters is not written.

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

use crate::domain::text;

/// Remembers what the terminal shows and how its pen is set.
#[derive(Debug, Default)]
pub struct Painter {
    shown: Buffer,
    pen: Pen,
    at: Option<(u16, u16)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pen {
    fg: Color,
    bg: Color,
    modifier: Modifier,
    known: bool,
}

impl Default for Pen {
    fn default() -> Self {
        Self {
            fg: Color::Reset,
            bg: Color::Reset,
            modifier: Modifier::empty(),
            known: false,
        }
    }
}

impl Painter {
    /// Forgets what the terminal shows: the next frame is painted whole.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// The bytes that turn what is shown into `next`; empty when nothing changed. Swaps the buffers.
    pub fn paint(&mut self, next: &mut Buffer) -> Vec<u8> {
        let mut out = Vec::new();
        if self.shown.area != next.area {
            self.shown = Buffer::empty(Rect::new(0, 0, next.area.width, next.area.height));
            self.pen = Pen::default();
            self.at = None;
            out.extend_from_slice(b"\x1b[0m\x1b[2J");
        }
        sweep(next);
        let changes = self.shown.diff(next);
        if changes.is_empty() && out.is_empty() {
            return out;
        }
        let large = changes.len() > 64;
        if large {
            out.splice(0..0, b"\x1b[?2026h".iter().copied());
        }
        let width = next.area.width;
        for (x, y, cell) in changes {
            if self.at != Some((x, y)) {
                move_to(&mut out, x, y);
            }
            self.pen.set(cell, &mut out);
            let symbol = cell.symbol();
            out.extend_from_slice(symbol.as_bytes());
            // Where terminals disagree about a symbol's width, the next one is placed by its address.
            let columns = symbol.width() as u16;
            self.at = (is_sure(symbol) && x + columns < width).then_some((x + columns, y));
        }
        if large {
            out.extend_from_slice(b"\x1b[?2026l");
        }
        std::mem::swap(&mut self.shown, next);
        out
    }
}

/// Puts a question mark where a cell holds anything but inert text.
fn sweep(frame: &mut Buffer) {
    for cell in &mut frame.content {
        let symbol = cell.symbol();
        let plain = matches!(symbol.as_bytes(), [b' '..=b'~']);
        if !plain && !symbol.chars().all(text::is_inert) {
            cell.set_symbol("?");
        }
    }
}

fn is_sure(symbol: &str) -> bool {
    let mut chars = symbol.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) => {
            matches!(c, ' '..='~' | '\u{2500}'..='\u{259f}' | '\u{2800}'..='\u{28ff}')
        }
        _ => false,
    }
}

fn move_to(out: &mut Vec<u8>, x: u16, y: u16) {
    use std::io::Write;
    let _ = write!(out, "\x1b[{};{}H", y + 1, x + 1);
}

impl Pen {
    fn set(&mut self, cell: &Cell, out: &mut Vec<u8>) {
        let want = Self {
            fg: cell.fg,
            bg: cell.bg,
            modifier: cell.modifier,
            known: true,
        };
        if *self == want {
            return;
        }
        let mut codes: Vec<String> = Vec::new();
        let mut now = *self;
        if !now.known || !want.modifier.contains(now.modifier) {
            codes.push("0".into());
            now = Self {
                known: true,
                ..Self::default()
            };
        }
        for (modifier, code) in [
            (Modifier::BOLD, "1"),
            (Modifier::DIM, "2"),
            (Modifier::ITALIC, "3"),
            (Modifier::UNDERLINED, "4"),
            (Modifier::SLOW_BLINK, "5"),
            (Modifier::REVERSED, "7"),
            (Modifier::HIDDEN, "8"),
            (Modifier::CROSSED_OUT, "9"),
        ] {
            if want.modifier.contains(modifier) && !now.modifier.contains(modifier) {
                codes.push(code.into());
            }
        }
        if want.fg != now.fg {
            codes.push(colour(want.fg, 30));
        }
        if want.bg != now.bg {
            codes.push(colour(want.bg, 40));
        }
        *self = want;
        if !codes.is_empty() {
            out.extend_from_slice(b"\x1b[");
            out.extend_from_slice(codes.join(";").as_bytes());
            out.push(b'm');
        }
    }
}

/// SGR parameters of a colour; `base` is 30 for the foreground, 40 for the background.
fn colour(c: Color, base: u8) -> String {
    let plain = |n: u8| (base + n).to_string();
    let bright = |n: u8| (base + 60 + n).to_string();
    match c {
        Color::Reset => plain(9),
        Color::Black => plain(0),
        Color::Red => plain(1),
        Color::Green => plain(2),
        Color::Yellow => plain(3),
        Color::Blue => plain(4),
        Color::Magenta => plain(5),
        Color::Cyan => plain(6),
        Color::Gray => plain(7),
        Color::DarkGray => bright(0),
        Color::LightRed => bright(1),
        Color::LightGreen => bright(2),
        Color::LightYellow => bright(3),
        Color::LightBlue => bright(4),
        Color::LightMagenta => bright(5),
        Color::LightCyan => bright(6),
        Color::White => bright(7),
        Color::Indexed(i) => format!("{};5;{i}", base + 8),
        Color::Rgb(r, g, b) => format!("{};2;{r};{g};{b}", base + 8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ratatui::style::Style;

    fn frame(text: &str, style: Style) -> Buffer {
        let mut b = Buffer::empty(Rect::new(0, 0, 20, 2));
        b.set_string(0, 0, text, style);
        b
    }

    #[test]
    fn an_unchanged_frame_writes_nothing_and_a_changed_digit_a_few_bytes() {
        let mut p = Painter::default();
        let style = Style::new().fg(Color::Rgb(1, 2, 3));
        assert!(!p.paint(&mut frame("12:00:01", style)).is_empty());
        assert!(p.paint(&mut frame("12:00:01", style)).is_empty());
        let tick = p.paint(&mut frame("12:00:02", style));
        assert!(tick.len() <= 12, "{:?}", String::from_utf8_lossy(&tick));
    }

    proptest! {
        #[test]
        fn whatever_is_in_a_cell_no_control_reaches_the_terminal(s in "\\PC{0,3}|[\u{0}-\u{1f}\u{80}-\u{9f}\u{200b}-\u{202e}]{1,3}") {
            let mut b = Buffer::empty(Rect::new(0, 0, 20, 2));
            b[(3, 0)].set_symbol(&s);
            let bytes = Painter::default().paint(&mut b);
            let shown = String::from_utf8(bytes).unwrap();
            let rest: String = shown.replace("\x1b[", "");
            prop_assert!(rest.chars().all(text::is_inert), "{rest:?}");
        }

        #[test]
        fn the_terminal_ends_up_showing_the_frame(a in "[ -~漢é]{0,30}", b in "[ -~漢é]{0,30}") {
            let mut vt = vt100::Parser::new(2.try_into().unwrap(), 20.try_into().unwrap(), 0);
            let mut p = Painter::default();
            for text in [&a, &b] {
                let mut next = frame(text, Style::new().add_modifier(Modifier::BOLD));
                let want: String = (0..20).map(|x| next[(x, 0)].symbol().to_owned()).collect();
                vt.process(&p.paint(&mut next));
                let row = vt.screen().rows(0, 20).next().unwrap();
                let wide_aware: String = want.replace("漢 ", "漢");
                prop_assert_eq!(row.trim_end(), wide_aware.trim_end());
            }
        }
    }
}
