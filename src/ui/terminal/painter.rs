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
    /// Whether all that is shown takes one column a cell.
    narrow: bool,
    /// Whether what the terminal shows is not known.
    lost: bool,
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
        self.lost = true;
    }

    /// The bytes that turn what is shown into `next`; empty when nothing changed. Swaps the buffers.
    pub fn paint(&mut self, next: &mut Buffer) -> Vec<u8> {
        let mut out = Vec::new();
        let narrow = sweep(next);
        if self.lost || self.shown.area != next.area {
            self.clear(next.area);
            out.extend_from_slice(b"\x1b[0m\x1b[2J");
        }
        let opened = out.len();
        let shown = std::mem::take(&mut self.shown);
        let mut changes = 0;
        if narrow && self.narrow {
            // Nearly every frame: a cell is a column, and cells that are alike need no second look.
            let rows = usize::from(next.area.width).max(1);
            for (y, (row, old)) in
                (0u16..).zip(next.content.chunks(rows).zip(shown.content.chunks(rows)))
            {
                for (x, (cell, old)) in (0u16..).zip(row.iter().zip(old)) {
                    if !looks_like(cell, old) {
                        self.put(x, y, cell, next.area.width, &mut out);
                        changes += 1;
                    }
                }
            }
        } else {
            for (x, y, cell) in shown.diff_iter(next) {
                self.put(x, y, cell, next.area.width, &mut out);
                changes += 1;
            }
        }
        self.shown = shown;
        if changes > 64 {
            out.splice(0..0, b"\x1b[?2026h".iter().copied());
            out.extend_from_slice(b"\x1b[?2026l");
        }
        if changes > 0 || opened > 0 {
            std::mem::swap(&mut self.shown, next);
            self.narrow = narrow;
        }
        out
    }

    /// Takes the terminal for an empty one of a size.
    fn clear(&mut self, area: Rect) {
        if self.shown.area == area {
            self.shown.reset();
        } else {
            self.shown = Buffer::empty(area);
        }
        self.narrow = true;
        self.lost = false;
        self.pen = Pen::default();
        self.at = None;
    }

    fn put(&mut self, x: u16, y: u16, cell: &Cell, width: u16, out: &mut Vec<u8>) {
        if self.at != Some((x, y)) {
            move_to(out, x, y);
        }
        self.pen.set(cell, out);
        let symbol = cell.symbol();
        out.extend_from_slice(symbol.as_bytes());
        // Where terminals disagree about a symbol's width, the next one is placed by its address.
        let next = x + 1;
        self.at = (is_sure(symbol) && next < width).then_some((next, y));
    }
}

/// Whether two cells look the same. Asked of every cell of every frame, nearly all of which hold one byte: no call compares that.
#[inline]
fn looks_like(a: &Cell, b: &Cell) -> bool {
    let same = match (a.symbol().as_bytes(), b.symbol().as_bytes()) {
        ([a], [b]) => a == b,
        (a, b) => a == b,
    };
    same && a.fg == b.fg && a.bg == b.bg && a.modifier == b.modifier
}

/// What is seen of a blank.
const SEEN_ON_BLANK: Modifier = Modifier::REVERSED
    .union(Modifier::UNDERLINED)
    .union(Modifier::SLOW_BLINK)
    .union(Modifier::CROSSED_OUT);

/// Puts a question mark where a cell holds anything but inert text, and takes from blanks what nobody sees of them, so that they differ
/// from each other in nothing. Whether every cell takes one column.
fn sweep(frame: &mut Buffer) -> bool {
    let mut narrow = true;
    for cell in &mut frame.content {
        match cell.symbol().as_bytes() {
            [b' '] if !cell.modifier.intersects(SEEN_ON_BLANK) => {
                cell.fg = Color::Reset;
                cell.modifier = Modifier::empty();
            }
            [b' '..=b'~'] => {}
            _ => {
                let mut chars = cell.symbol().chars();
                if let (Some(c), None) = (chars.next(), chars.next())
                    && text::is_single(c)
                {
                    continue;
                }
                if !cell.symbol().chars().all(text::is_inert) {
                    cell.set_symbol("?");
                } else if cell.symbol().width() != 1 {
                    narrow = false;
                }
            }
        }
    }
    narrow
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
    out.extend_from_slice(b"\x1b[");
    number(out, y.saturating_add(1));
    out.push(b';');
    number(out, x.saturating_add(1));
    out.push(b'H');
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
        let mut now = *self;
        let mut codes = Codes { out, begun: false };
        if !now.known || !want.modifier.contains(now.modifier) {
            codes.push(0);
            now = Self {
                known: true,
                ..Self::default()
            };
        }
        if want.modifier != now.modifier {
            for (modifier, code) in [
                (Modifier::BOLD, 1),
                (Modifier::DIM, 2),
                (Modifier::ITALIC, 3),
                (Modifier::UNDERLINED, 4),
                (Modifier::SLOW_BLINK, 5),
                (Modifier::REVERSED, 7),
                (Modifier::HIDDEN, 8),
                (Modifier::CROSSED_OUT, 9),
            ] {
                if want.modifier.contains(modifier) && !now.modifier.contains(modifier) {
                    codes.push(code);
                }
            }
        }
        if want.fg != now.fg {
            codes.colour(want.fg, 30);
        }
        if want.bg != now.bg {
            codes.colour(want.bg, 40);
        }
        codes.end();
        *self = want;
    }
}

/// The parameters of one SGR sequence, which is begun with the first of them.
struct Codes<'a> {
    out: &'a mut Vec<u8>,
    begun: bool,
}

impl Codes<'_> {
    fn push(&mut self, code: u8) {
        let start: &[u8] = if self.begun { b";" } else { b"\x1b[" };
        self.out.extend_from_slice(start);
        self.begun = true;
        number(self.out, code.into());
    }

    fn end(self) {
        if self.begun {
            self.out.push(b'm');
        }
    }

    /// `base` is 30 for the foreground, 40 for the background.
    fn colour(&mut self, c: Color, base: u8) {
        let bright = base + 60;
        match c {
            Color::Reset => self.push(base + 9),
            Color::Black => self.push(base),
            Color::Red => self.push(base + 1),
            Color::Green => self.push(base + 2),
            Color::Yellow => self.push(base + 3),
            Color::Blue => self.push(base + 4),
            Color::Magenta => self.push(base + 5),
            Color::Cyan => self.push(base + 6),
            Color::Gray => self.push(base + 7),
            Color::DarkGray => self.push(bright),
            Color::LightRed => self.push(bright + 1),
            Color::LightGreen => self.push(bright + 2),
            Color::LightYellow => self.push(bright + 3),
            Color::LightBlue => self.push(bright + 4),
            Color::LightMagenta => self.push(bright + 5),
            Color::LightCyan => self.push(bright + 6),
            Color::White => self.push(bright + 7),
            Color::Indexed(i) => [base + 8, 5, i].into_iter().for_each(|n| self.push(n)),
            Color::Rgb(r, g, b) => [base + 8, 2, r, g, b]
                .into_iter()
                .for_each(|n| self.push(n)),
        }
    }
}

/// Writes a number in decimal.
fn number(out: &mut Vec<u8>, n: u16) {
    if n >= 10 {
        number(out, n / 10);
    }
    out.push(b'0' + (n % 10) as u8);
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

    #[test]
    fn blanks_are_alike_until_something_of_them_is_seen() {
        let mut p = Painter::default();
        let (red, blue) = (Style::new().fg(Color::Red), Style::new().fg(Color::Blue));
        p.paint(&mut frame("", red));
        let bold = blue.add_modifier(Modifier::BOLD);
        assert!(p.paint(&mut frame("   ", bold)).is_empty());
        let bytes = p.paint(&mut frame("   ", blue.bg(Color::Green)));
        assert_eq!(String::from_utf8_lossy(&bytes), "\x1b[1;1H\x1b[0;42m   ");
    }

    #[test]
    fn what_was_forgotten_is_painted_whole_again() {
        let mut p = Painter::default();
        let style = Style::new().fg(Color::Red);
        let first = p.paint(&mut frame("12:00 ─ 漢", style));
        assert!(p.paint(&mut frame("12:00 ─ 漢", style)).is_empty());
        p.forget();
        assert_eq!(p.paint(&mut frame("12:00 ─ 漢", style)), first);
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
