//! Aligned tables, width-aware: wide and combining characters keep their columns.

use super::paint::Role;
use super::wrap::wrapped;
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

/// How a text is cut to so many columns.
type Cut = fn(&str, usize) -> String;

/// What is known of a column where a terminal is narrow.
#[derive(Clone, Copy, Debug)]
enum Narrow {
    /// Words that are never cut: a state.
    Whole,
    /// Names: cut so that what tells stays, to so many columns at least.
    Names(usize, Cut),
    /// What is told under a row where it has no room in it; in the row it takes so many columns at least, or none.
    Beneath(usize),
}

/// Rows under a heading.
#[derive(Clone, Debug)]
pub struct Table {
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<Cell>>,
    spare: Vec<String>,
    narrow: Vec<(&'static str, Narrow)>,
    /// Rows of which all is told, whatever room there is.
    told: Vec<usize>,
}

/// Blank columns between two columns.
const GAP: usize = 2;
/// No column is wider than this, where there is no terminal to fit either: a name of ten thousand characters makes no table. JSON
/// has all of it.
const WIDEST: usize = 240;
/// A column is never narrowed below this.
const NARROWEST: usize = 8;
/// How far in stands what is told under a row.
const INDENT: usize = 4;

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
            narrow: Vec::new(),
            told: Vec::new(),
        }
    }

    /// Names the columns that a narrow terminal goes without, the least missed first.
    pub fn sparing(mut self, columns: &'static [&'static str]) -> Self {
        self.spare = columns.iter().map(|c| (*c).to_owned()).collect();
        self
    }

    /// Names the columns of words that are never cut.
    pub fn whole(mut self, columns: &[&'static str]) -> Self {
        let all = columns.iter().map(|c| (*c, Narrow::Whole));
        self.narrow.extend(all);
        self
    }

    /// Says of a column of names how it is cut, and to how many columns at least.
    pub fn names(mut self, column: &'static str, least: usize, cut: Cut) -> Self {
        self.narrow.push((column, Narrow::Names(least, cut)));
        self
    }

    /// Says of a column that it is told under a row of which all is told, where it has no room in it. The first one named goes first.
    pub fn beneath(mut self, column: &'static str, least: usize) -> Self {
        self.narrow.push((column, Narrow::Beneath(least)));
        self
    }

    /// Adds a row; missing cells are empty.
    pub fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    /// Adds a row of which all is told: one that is not well, say.
    pub fn row_told(&mut self, cells: Vec<Cell>) {
        self.told.push(self.rows.len());
        self.rows.push(cells);
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as lines. With a width: columns that can be spared are narrowed, the least missed first, then the other columns of
    /// words, the widest first and the first column, which names the row, last. Only where that is not enough do spare columns go, and
    /// before those what can be told under the rows. What is left out is said.
    pub fn draw(&self, columns: Option<usize>, colour: bool) -> String {
        let widths = self.widths(columns);
        let mut out = String::new();
        let heading: Vec<Cell> = self
            .columns
            .iter()
            .map(|(title, _)| painted(Role::Strong, title))
            .collect();
        let rows = self.rows.iter().enumerate().map(|(n, row)| (Some(n), row));
        for (n, row) in std::iter::once((None, &heading)).chain(rows) {
            let mut line = String::new();
            for (i, ((_, align), width_of)) in self.columns.iter().zip(&widths).enumerate() {
                let (Some(cell), Some(width_of)) = (row.get(i), width_of) else {
                    continue;
                };
                let text = match self.narrow(i) {
                    Some(Narrow::Names(_, cut)) => cut(&cell.text, *width_of),
                    _ => clip(&cell.text, *width_of),
                };
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
            if let (Some(room), Some(n)) = (columns, n)
                && self.told.contains(&n)
            {
                self.tell(row, &widths, room, &mut out);
            }
        }
        if let Some(room) = columns {
            for line in wrapped(&self.left_out(&widths), room) {
                out.push_str(&Role::Dim.paint(&line, colour));
                out.push_str(if line.is_empty() { "" } else { "\n" });
            }
        }
        out
    }

    /// What of a row has no room in it, under it.
    fn tell(&self, row: &[Cell], widths: &[Option<usize>], room: usize, out: &mut String) {
        for (i, (cell, width_of)) in row.iter().zip(widths).enumerate() {
            let fits = width_of.is_some_and(|w| width(&cell.text) <= w);
            if fits || cell.text.is_empty() || !self.is_beneath(i) {
                continue;
            }
            for line in wrapped(&cell.text, room.saturating_sub(INDENT)) {
                out.push_str(&" ".repeat(INDENT));
                out.push_str(line.trim_end_matches(' '));
                out.push('\n');
            }
        }
    }

    /// Says which columns have no room; of those that are told under some rows, that they are not under others.
    fn left_out(&self, widths: &[Option<usize>]) -> String {
        let is_untold = |i: usize| {
            let rows = self.rows.iter().enumerate();
            let mut untold = rows.filter(|(n, _)| !self.is_beneath(i) || !self.told.contains(n));
            untold.any(|(_, row)| row.get(i).is_some_and(|c| !c.text.is_empty()))
        };
        let columns = self.columns.iter().zip(widths).enumerate();
        let gone = columns.filter(|(i, (_, width))| width.is_none() && is_untold(*i));
        let names: Vec<String> = gone
            .map(
                |(i, ((title, _), _))| match self.is_beneath(i) && !self.told.is_empty() {
                    true => format!("{title} of other rows"),
                    false => title.clone(),
                },
            )
            .collect();
        match names.is_empty() {
            true => String::new(),
            false => format!(
                "no room for {}: a pipe and --json have all",
                names.join(", ")
            ),
        }
    }

    fn narrow(&self, column: usize) -> Option<Narrow> {
        let (title, _) = self.columns.get(column)?;
        let named = self.narrow.iter().find(|(name, _)| name == title);
        named.map(|(_, narrow)| *narrow)
    }

    fn is_beneath(&self, column: usize) -> bool {
        matches!(self.narrow(column), Some(Narrow::Beneath(_)))
    }

    /// To how many columns a column of words may be narrowed; `None`: it keeps what it has.
    fn least(&self, column: usize) -> Option<usize> {
        match self.narrow(column) {
            Some(Narrow::Whole) => None,
            Some(Narrow::Names(least, _) | Narrow::Beneath(least)) => Some(least),
            None => self.is_words(column).then_some(NARROWEST),
        }
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
        // The first column gives way last, and names no row any more where it does: unless it says how it is cut, it stays.
        let narrowest = |widths: &[Option<usize>]| -> Vec<Option<usize>> {
            let of = |(i, w): (usize, &Option<usize>)| {
                let least = self.least(i).filter(|_| i > 0 || self.narrow(i).is_some());
                w.map(|w| least.map_or(w, |least| w.min(least)))
            };
            widths.iter().enumerate().map(of).collect()
        };
        let beneath = self.narrow.iter();
        let beneath = beneath.filter(|(_, narrow)| matches!(narrow, Narrow::Beneath(_)));
        let beneath = beneath.map(|(name, _)| *name);
        for name in beneath.chain(self.spare.iter().map(String::as_str)) {
            if total(&narrowest(&widths)) <= room {
                break;
            }
            let at = self.columns.iter().position(|(title, _)| title == name);
            if let Some(width) = at.and_then(|i| widths.get_mut(i)) {
                *width = None;
            }
        }
        while total(&widths) > room {
            let is_wide = |i: usize| {
                let width = widths.get(i).copied().flatten();
                width.is_some_and(|w| self.least(i).is_some_and(|least| w > least))
            };
            let widest = |among: &dyn Fn(usize) -> bool| {
                let all = (0..widths.len()).filter(|i| among(*i) && is_wide(*i));
                all.max_by_key(|i| widths.get(*i).copied().flatten())
            };
            let named = |name: &String| self.columns.iter().position(|(title, _)| title == name);
            let spare = || {
                let mut all = self.spare.iter().filter_map(named);
                all.find(|i| *i > 0 && is_wide(*i))
            };
            let narrowed = widest(&|i| self.narrow(i).is_some())
                .or_else(spare)
                .or_else(|| widest(&|i| i > 0))
                .or_else(|| widest(&|i| i == 0))
                .or_else(|| {
                    // A terminal of forty columns: no line is longer, whatever has to be cut.
                    let all = (0..widths.len()).filter(|i| self.is_words(*i));
                    let width = |i: &usize| widths.get(*i).copied().flatten();
                    all.filter(|i| width(i).is_some_and(|w| w > NARROWEST))
                        .max_by_key(width)
                });
            let Some(i) = narrowed else { break };
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
    use crate::domain::text::clip_middle;

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
            drawn.lines().nth(1).unwrap().to_owned()
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
        let rows = "NAME    WHY\n漢字    plain\na\\e[2J  a very lo…\n";
        let left_out = drawn.strip_prefix(rows).unwrap();
        let left_out: Vec<&str> = left_out.split_whitespace().collect();
        assert_eq!(
            left_out.join(" "),
            "no room for N: a pipe and --json have all"
        );
        assert!(!table().sparing(&["N"]).draw(None, false).contains("room"));
    }

    #[test]
    fn what_is_not_well_is_told_whole_under_its_row_and_names_keep_their_ends() {
        let mut t = Table::new(&[
            ("STATE", Align::Left),
            ("ALARM", Align::Left),
            ("WHY", Align::Left),
        ])
        .whole(&["STATE"])
        .names("ALARM", 12, clip_middle)
        .beneath("WHY", 24);
        let why = "162 of them are more than the 150 that it may have, three times";
        t.row_told(vec![
            painted(Role::Bad, "INSUFFICIENT"),
            cell("laser-prod-db-connections"),
            cell(why),
        ]);
        t.row(vec![cell("OK"), cell("laser-prod-api"), cell("one is not")]);
        let drawn = t.draw(Some(40), false);
        assert!(drawn.lines().all(|l| width(l) <= 40), "{drawn}");
        let lines: Vec<&str> = drawn.lines().map(str::trim).collect();
        assert_eq!(lines[0], "STATE         ALARM");
        assert_eq!(lines[1], "INSUFFICIENT  laser-prod-db-connections");
        assert_eq!(lines[2..4].join(" "), why, "{drawn}");
        assert_eq!(lines[4], "OK            laser-prod-api");
        assert!(lines[5].starts_with("no room for WHY of other rows"));
        // Where it has some room in the row it is cut there, and whole beneath.
        let wide = t.draw(Some(70), false);
        assert!(wide.contains("laser-pr") && wide.contains("WHY"), "{wide}");
        assert!(wide.lines().nth(2).unwrap().contains(why), "{wide}");
        assert!(!wide.contains("no room"), "{wide}");
        let narrow = t.draw(Some(30), false);
        assert!(
            narrow.contains("INSUFFICIENT  laser-pr…ections\n"),
            "{narrow}"
        );
        assert!(t.draw(None, false).lines().nth(1).unwrap().ends_with(why));
    }
}
