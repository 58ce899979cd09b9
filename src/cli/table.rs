//! Aligned tables, width-aware: wide and combining characters keep their columns.

use super::paint::Role;
use crate::domain::text::{clip, inert, width};

/// On which side a column's text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A cell: inert text and what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    text: String,
    role: Role,
}

/// A plain cell; the text is made inert here.
pub fn cell(text: impl AsRef<str>) -> Cell {
    painted(Role::Plain, text)
}

/// A cell with a meaning; the text is made inert here.
pub fn painted(role: Role, text: impl AsRef<str>) -> Cell {
    Cell {
        text: inert(text.as_ref()),
        role,
    }
}

/// Rows under a heading.
#[derive(Clone, Debug)]
pub struct Table {
    columns: Vec<(&'static str, Align)>,
    rows: Vec<Vec<Cell>>,
}

/// Blank columns between two columns.
const GAP: usize = 2;
/// A column is never narrowed below this.
const NARROWEST: usize = 8;

impl Table {
    /// A table with these headings; numbers stand on the right.
    pub fn new(columns: &[(&'static str, Align)]) -> Self {
        Self {
            columns: columns.to_vec(),
            rows: Vec::new(),
        }
    }

    /// Adds a row; missing cells are empty.
    pub fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as lines. With a width, the widest columns of words are narrowed until it fits.
    pub fn draw(&self, columns: Option<usize>, colour: bool) -> String {
        let widths = self.widths(columns);
        let mut out = String::new();
        let heading: Vec<Cell> = self
            .columns
            .iter()
            .map(|(title, _)| painted(Role::Strong, title))
            .collect();
        for row in std::iter::once(&heading).chain(&self.rows) {
            let mut line = String::new();
            for (i, ((_, align), width_of)) in self.columns.iter().zip(&widths).enumerate() {
                let Some(cell) = row.get(i) else { continue };
                let text = clip(&cell.text, *width_of);
                let pad = " ".repeat(width_of.saturating_sub(width(&text)));
                let shown = cell.role.paint(&text, colour);
                match align {
                    Align::Left => {
                        line.push_str(&shown);
                        line.push_str(&pad);
                    }
                    Align::Right => {
                        line.push_str(&pad);
                        line.push_str(&shown);
                    }
                }
                line.push_str(&" ".repeat(GAP));
            }
            out.push_str(line.trim_end_matches(' '));
            out.push('\n');
        }
        out
    }

    fn widths(&self, columns: Option<usize>) -> Vec<usize> {
        let mut widths: Vec<usize> = self
            .columns
            .iter()
            .enumerate()
            .map(|(i, (title, _))| {
                self.rows
                    .iter()
                    .filter_map(|row| row.get(i))
                    .map(|cell| width(&cell.text))
                    .chain([width(title)])
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        let gaps = GAP * self.columns.len().saturating_sub(1);
        while columns.is_some_and(|room| widths.iter().sum::<usize>() + gaps > room) {
            let widest = widths
                .iter_mut()
                .zip(&self.columns)
                .filter(|(w, (_, align))| *align == Align::Left && **w > NARROWEST)
                .map(|(w, _)| w)
                .max();
            match widest {
                Some(w) => *w -= 1,
                None => break,
            }
        }
        widths
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut t = Table::new(&[
            ("NAME", Align::Left),
            ("N", Align::Right),
            ("WHY", Align::Left),
        ]);
        t.row(vec![cell("漢字"), cell("12"), cell("plain")]);
        t.row(vec![
            cell("a\u{1b}[2J"),
            painted(Role::Bad, "3"),
            cell("a very long story about it"),
        ]);
        t
    }

    #[test]
    fn columns_line_up_for_wide_and_hostile_text() {
        assert_eq!(
            table().draw(None, false),
            "NAME     N  WHY\n漢字    12  plain\na\\e[2J   3  a very long story about it\n"
        );
    }

    #[test]
    fn it_fits_the_terminal_and_paints_only_when_asked() {
        let drawn = table().draw(Some(24), false);
        assert!(drawn.lines().all(|l| width(l) <= 24), "{drawn}");
        assert!(drawn.contains('…'));
        assert!(!drawn.contains('\x1b'));
        assert!(table().draw(None, true).contains("\x1b[1;31m3\x1b[0m"));
    }
}
