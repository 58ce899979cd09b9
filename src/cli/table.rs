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
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<Cell>>,
    spare: Vec<String>,
}

/// Blank columns between two columns.
const GAP: usize = 2;
/// No column is wider than this, where there is no terminal to fit either: a name of ten thousand characters makes no table. JSON
/// has all of it.
const WIDEST: usize = 240;
/// A column is never narrowed below this.
const NARROWEST: usize = 8;

impl Table {
    /// A table with these headings; numbers stand on the right.
    pub fn new(columns: &[(&'static str, Align)]) -> Self {
        let columns = columns
            .iter()
            .map(|(title, side)| ((*title).to_owned(), *side));
        Self::of(columns.collect(), Vec::new())
    }

    /// The same with titles that are made at run time, and those that a narrow terminal goes without, the least missed first.
    pub fn of(columns: Vec<(String, Align)>, spare: Vec<String>) -> Self {
        Self {
            columns,
            rows: Vec::new(),
            spare,
        }
    }

    /// Names the columns that a narrow terminal goes without, the least missed first.
    pub fn sparing(mut self, columns: &'static [&'static str]) -> Self {
        self.spare = columns.iter().map(|c| (*c).to_owned()).collect();
        self
    }

    /// Adds a row; missing cells are empty.
    pub fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as lines. With a width: columns that can be spared are narrowed, the least missed first, then the other columns of
    /// words, the widest first and the first column, which names the row, last. Only where that is not enough do spare columns go.
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
                let (Some(cell), Some(width_of)) = (row.get(i), width_of) else {
                    continue;
                };
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

    /// The width of each column; `None` for one that is left out.
    fn widths(&self, columns: Option<usize>) -> Vec<Option<usize>> {
        let mut widths: Vec<Option<usize>> = self
            .columns
            .iter()
            .enumerate()
            .map(|(i, (title, _))| {
                let cells = self.rows.iter().filter_map(|row| row.get(i));
                cells
                    .map(|cell| width(&cell.text))
                    .chain([width(title)])
                    .max()
                    .map(|w| w.min(WIDEST))
            })
            .collect();
        let Some(room) = columns else { return widths };
        let narrowest = |widths: &[Option<usize>]| -> Vec<Option<usize>> {
            let of = |(i, w): (usize, &Option<usize>)| {
                let words = i > 0 && self.is_words(i);
                w.map(|w| if words { w.min(NARROWEST) } else { w })
            };
            widths.iter().enumerate().map(of).collect()
        };
        for name in &self.spare {
            if total(&narrowest(&widths)) <= room {
                break;
            }
            let at = self.columns.iter().position(|(title, _)| title == name);
            if let Some(width) = at.and_then(|i| widths.get_mut(i)) {
                *width = None;
            }
        }
        while total(&widths) > room {
            let wide = |first: bool| {
                let words = widths.iter().enumerate().filter(|(i, _)| self.is_words(*i));
                words
                    .filter(|(i, w)| (*i == 0) == first && w.is_some_and(|w| w > NARROWEST))
                    .max_by_key(|(_, w)| **w)
                    .map(|(i, _)| i)
            };
            let spare = || {
                let named =
                    |name: &String| self.columns.iter().position(|(title, _)| title == name);
                let is_wide = |i: &usize| {
                    let width = widths.get(*i).copied().flatten();
                    *i > 0 && self.is_words(*i) && width.is_some_and(|w| w > NARROWEST)
                };
                self.spare.iter().filter_map(named).find(is_wide)
            };
            let Some(i) = spare().or_else(|| wide(false)).or_else(|| wide(true)) else {
                break;
            };
            if let Some(Some(width)) = widths.get_mut(i) {
                *width -= 1;
            }
        }
        widths
    }

    fn is_words(&self, column: usize) -> bool {
        self.columns
            .get(column)
            .is_some_and(|(_, align)| *align == Align::Left)
    }
}

/// How wide a line of columns is.
fn total(widths: &[Option<usize>]) -> usize {
    let shown = widths.iter().flatten();
    shown.clone().sum::<usize>() + GAP * shown.count().saturating_sub(1)
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
    fn a_name_without_end_ends_where_nobody_says_how_wide_a_line_may_be() {
        let mut t = table();
        t.row(vec![
            cell("n".repeat(10_000)),
            cell("1"),
            cell("w".repeat(10_000)),
        ]);
        let drawn = t.draw(None, false);
        let longest = drawn.lines().map(width).max();
        assert!(longest.is_some_and(|w| w <= 2 * WIDEST + 10), "{longest:?}");
        assert_eq!(drawn.matches('…').count(), 2);
    }

    #[test]
    fn it_fits_the_terminal_and_paints_only_when_asked() {
        let drawn = table().draw(Some(24), false);
        assert!(drawn.lines().all(|l| width(l) <= 24), "{drawn}");
        assert!(drawn.contains('…'));
        assert!(!drawn.contains('\x1b'));
        assert!(table().draw(None, true).contains("\x1b[1;31m3\x1b[0m"));
    }

    #[test]
    fn spare_columns_are_narrowed_before_others_and_before_any_goes() {
        let mut t = Table::new(&[
            ("STATE", Align::Left),
            ("NAME", Align::Left),
            ("RULE", Align::Left),
            ("WHY", Align::Left),
        ])
        .sparing(&["WHY", "RULE"]);
        t.row(vec![
            cell("ok"),
            cell("a name of some length"),
            cell("a rule of some length"),
            cell("a reason of some length"),
        ]);
        let last = |room| {
            let drawn = t.draw(Some(room), false);
            drawn.lines().last().unwrap().to_owned()
        };
        for (room, line) in [
            (
                60,
                "ok     a name of some length  a rule of some leng…  a reaso…",
            ),
            (48, "ok     a name of some length  a rule …  a reaso…"),
            (42, "ok     a name of some…  a rule …  a reaso…"),
            (30, "ok     a name of so…  a rule …"),
        ] {
            assert!(width(&last(room)) <= room);
            assert_eq!(last(room), line);
        }
    }

    #[test]
    fn a_narrow_table_goes_without_what_is_least_missed_and_keeps_what_names_its_rows() {
        let drawn = table().sparing(&["N"]).draw(Some(18), false);
        assert_eq!(drawn, "NAME    WHY\n漢字    plain\na\\e[2J  a very lo…\n");
    }
}
