//! A canvas of braille dots: two columns and four rows of dots a cell, one style a cell.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Bits of the dots of a cell, by row and column (Unicode, block "Braille Patterns").
const DOTS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
const BLANK: u32 = 0x2800;

/// Dots to be drawn on a buffer.
#[derive(Debug)]
pub(super) struct Canvas {
    width: usize,
    height: usize,
    cells: Vec<(u8, Style)>,
}

impl Canvas {
    /// An empty canvas of so many cells.
    pub fn new(width: u16, height: u16) -> Self {
        let (width, height) = (usize::from(width), usize::from(height));
        Self {
            width,
            height,
            cells: vec![(0, Style::new()); width * height],
        }
    }

    /// Dots from left to right.
    pub fn dots_across(&self) -> usize {
        self.width * 2
    }

    /// Dots from top to bottom.
    pub fn dots_down(&self) -> usize {
        self.height * 4
    }

    /// Sets a dot; outside the canvas nothing happens. The style of the newest dot is that of its cell.
    pub fn dot(&mut self, x: i64, y: i64, style: Style) {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else {
            return;
        };
        if x >= self.dots_across() || y >= self.dots_down() {
            return;
        }
        let bit = DOTS[y % 4][x % 2];
        if let Some(cell) = self.cells.get_mut(y / 4 * self.width + x / 2) {
            *cell = (cell.0 | bit, style);
        }
    }

    /// A straight line between two dots (Bresenham).
    pub fn line(&mut self, from: (i64, i64), to: (i64, i64), style: Style) {
        let (dx, dy) = ((to.0 - from.0).abs(), -(to.1 - from.1).abs());
        let step = |a: i64, b: i64| if a < b { 1 } else { -1 };
        let (sx, sy) = (step(from.0, to.0), step(from.1, to.1));
        let (mut x, mut y) = from;
        let mut error = dx + dy;
        loop {
            self.dot(x, y, style);
            if (x, y) == to {
                return;
            }
            let twice = 2 * error;
            if twice >= dy {
                error += dy;
                x += sx;
            }
            if twice <= dx {
                error += dx;
                y += sy;
            }
        }
    }

    /// Puts the cells that hold dots on a buffer; others are left as they are.
    pub fn draw(&self, buf: &mut Buffer, area: Rect) {
        for (i, (bits, style)) in self.cells.iter().enumerate().filter(|(_, c)| c.0 != 0) {
            let (column, row) = (i % self.width.max(1), i / self.width.max(1));
            let at = (area.x + column as u16, area.y + row as u16);
            let symbol = char::from_u32(BLANK + u32::from(*bits)).unwrap_or(' ');
            if let Some(cell) = buf.cell_mut(at) {
                cell.set_char(symbol).set_style(*style);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(canvas: &Canvas, width: u16, height: u16) -> Vec<String> {
        let area = Rect::new(0, 0, width, height);
        let mut buf = Buffer::empty(area);
        canvas.draw(&mut buf, area);
        (0..height)
            .map(|y| (0..width).map(|x| buf[(x, y)].symbol()).collect())
            .collect()
    }

    #[test]
    fn lines_touch_both_ends_and_stay_inside() {
        let mut canvas = Canvas::new(3, 1);
        canvas.line((0, 0), (5, 3), Style::new());
        assert_eq!(drawn(&canvas, 3, 1), ["⠑⠢⢄"]);
        let mut canvas = Canvas::new(2, 1);
        canvas.line((-10, 2), (50, 2), Style::new());
        canvas.dot(0, 99, Style::new());
        assert_eq!(drawn(&canvas, 2, 1), ["⠤⠤"]);
    }
}
