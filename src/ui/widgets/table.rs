//! Tables: columns that stay where they are, numbers to the right, only the visible rows drawn.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::super::theme::Theme;
use super::{chosen, line};
use crate::domain::text::{clip, clip_middle, clip_place, width};

/// To which side a column's text goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its head.
    pub title: &'static str,
    /// Columns of the terminal it takes at least; 0 hides it below `grow`.
    pub width: u16,
    /// Share of what is left over; 0: fixed.
    pub grow: u16,
    /// To which side.
    pub align: Align,
    /// Dropped, least important (largest) first, where the terminal is narrow; 0 is never dropped.
    pub drop: u8,
    /// What is cut off where there is no room.
    pub cut: Cut,
    /// Holds ages, or clock times where the person asked for those.
    pub times: bool,
    /// Never cut, nor dropped: it holds clock times, and an hour that is cut is none.
    pub whole: bool,
}

/// What is cut off a text for which there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Its end.
    End,
    /// Its middle: both ends tell.
    Middle,
    /// Of `cluster/service` the cluster: the service tells.
    Place,
}

/// Columns of the terminal that a text keeps where all columns make room.
const LEAST: u16 = 10;

/// Columns of a clock time with its date.
const CLOCK: u16 = 11;

/// Columns of the terminal for times: as many as ages take, or those of a clock time where the person asked for clock times.
pub fn time_columns(ages: u16, absolute: bool) -> u16 {
    if absolute { ages.max(CLOCK) } else { ages }
}

/// Columns with room for clock times in those that hold ages, where the person asked for clock times: an hour that is cut is none.
pub fn timed(columns: &[Column], absolute: bool) -> Vec<Column> {
    let wide = |c: &Column| Column {
        width: time_columns(c.width, absolute && c.times),
        whole: c.whole || (absolute && c.times),
        title: match absolute && c.times {
            true => clock_head(c.title),
            false => c.title,
        },
        ..*c
    };
    columns.iter().map(wide).collect()
}

/// The head of a column of ages where it holds clock times: no clock time is an age.
pub fn clock_head(title: &'static str) -> &'static str {
    match title {
        "age" | "ago" => "at",
        "for" => "since",
        title => title,
    }
}

impl Column {
    /// Words in a fixed width.
    pub const fn left(title: &'static str, width: u16) -> Self {
        Self {
            title,
            width,
            grow: 0,
            align: Align::Left,
            drop: 0,
            cut: Cut::End,
            times: false,
            whole: false,
        }
    }

    /// Numbers in a fixed width.
    pub const fn right(title: &'static str, width: u16) -> Self {
        Self {
            title,
            width,
            grow: 0,
            align: Align::Right,
            drop: 0,
            cut: Cut::End,
            times: false,
            whole: false,
        }
    }

    /// An age, or a clock time, in a width that ages need.
    pub const fn age(title: &'static str, width: u16) -> Self {
        Self {
            times: true,
            ..Self::right(title, width)
        }
    }

    /// Takes a share of what is left over.
    pub const fn grow(mut self, share: u16) -> Self {
        self.grow = share;
        self
    }

    /// Cut in the middle where there is no room: both ends tell.
    pub const fn middle(mut self) -> Self {
        self.cut = Cut::Middle;
        self
    }

    /// Keeps of `cluster/service` the service where there is no room for both.
    pub const fn placed(mut self) -> Self {
        self.cut = Cut::Place;
        self
    }

    /// Columns of the terminal that it gives up where there is no room, if it may grow elsewhere.
    fn gives(&self) -> u16 {
        self.width.saturating_sub(LEAST.max(self.width * 3 / 5))
    }

    /// The same where nothing is in it: it takes no room, and its cells are still there.
    pub const fn hidden(mut self) -> Self {
        self.width = 0;
        self.grow = 0;
        self
    }

    /// May be dropped where the terminal is narrow; larger goes first.
    pub const fn drop(mut self, rank: u8) -> Self {
        self.drop = rank;
        self
    }
}

/// A row: one text and style a column.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// Cells, in the columns' order.
    pub cells: Vec<(String, Style)>,
}

impl Row {
    /// A row of cells.
    pub fn new(cells: impl IntoIterator<Item = (String, Style)>) -> Self {
        Self {
            cells: cells.into_iter().collect(),
        }
    }

    /// Everything that it shows, whether or not there is room for it: what a filter searches.
    pub fn text(&self) -> String {
        let texts = self.cells.iter().map(|(text, _)| text.as_str());
        texts.collect::<Vec<_>>().join(" ")
    }
}

/// The sign beside what sorts.
fn arrow(down: bool) -> &'static str {
    if down { "▾" } else { "▴" }
}

/// How a table is drawn.
#[derive(Debug)]
pub struct Table<'a> {
    /// Columns.
    pub columns: &'a [Column],
    /// Which column sorts, and whether downwards.
    pub sort: Option<(usize, bool)>,
    /// Row (among those drawn) that is selected.
    pub selected: Option<usize>,
    /// Whether keys go to this table.
    pub focus: bool,
}

impl Table<'_> {
    /// Draws the head and the rows; rows below the area are not asked for.
    pub fn draw(
        &self,
        buf: &mut Buffer,
        area: Rect,
        rows: impl Iterator<Item = Row>,
        theme: &Theme,
    ) {
        if area.height == 0 || area.width < 4 {
            return;
        }
        self.draw_head(buf, Rect { height: 1, ..area }, theme);
        for (n, (y, row)) in (area.y + 1..area.bottom()).zip(rows).enumerate() {
            let at = Rect {
                y,
                height: 1,
                ..area
            };
            self.draw_row(buf, at, &row, self.selected == Some(n), theme);
        }
    }

    /// Draws the head on one line.
    pub fn draw_head(&self, buf: &mut Buffer, at: Rect, theme: &Theme) {
        if at.width < 4 {
            return;
        }
        for place in self.places(at.width - 2) {
            let column = &self.columns[place.0];
            let arrow = match self.sort {
                Some((c, down)) if c == place.0 => arrow(down),
                _ => "",
            };
            // Where the title fills its column, its end gives way: what sorts is always seen.
            let head = match arrow {
                "" => self.fitted(place, column.title),
                sign => {
                    let room = usize::from(place.2).saturating_sub(width(sign));
                    self.fitted(place, &format!("{}{sign}", clip(column.title, room)))
                }
            };
            let x = at.x + 2 + place.1;
            line(buf, x, at.y, place.2, &[(head, theme.column)]);
        }
    }

    /// What sorts where its column has no room in a table so wide, with its arrow: words for its title; none where it is seen.
    pub fn unseen_sort(&self, width: u16) -> String {
        let seen = self.places(width.saturating_sub(2));
        let unseen = |by: &usize| !seen.iter().any(|place| place.0 == *by);
        let sort = self.sort.filter(|(by, _)| unseen(by));
        let column = sort.and_then(|(by, down)| Some((self.columns.get(by)?, down)));
        column.map_or_else(String::new, |(column, down)| {
            format!("   by {}{}", column.title, arrow(down))
        })
    }

    /// Draws a row on one line.
    pub fn draw_row(&self, buf: &mut Buffer, at: Rect, row: &Row, selected: bool, theme: &Theme) {
        if at.width < 4 {
            return;
        }
        if selected {
            let (style, mark) = match self.focus {
                true => (theme.selection, theme.key),
                false => (theme.muted, theme.muted),
            };
            buf.set_style(at, style);
            line(buf, at.x, at.y, 1, &[("▌".to_owned(), mark)]);
        }
        for place in self.places(at.width - 2) {
            if let Some((text, style)) = row.cells.get(place.0) {
                let x = at.x + 2 + place.1;
                let mut text = self.fitted(place, text);
                let mut blanks = 0;
                if style.add_modifier.contains(Modifier::CROSSED_OUT) {
                    // What is struck is the value, and not the room on its left.
                    let whole = text.len();
                    text = text.trim_start().to_owned();
                    blanks = (whole - text.len()) as u16;
                }
                line(buf, x + blanks, at.y, place.2 - blanks, &[(text, *style)]);
            }
        }
        if selected && self.focus {
            chosen(buf, at, theme);
        }
    }

    /// A cell's text as its column has room for it.
    fn fitted(&self, (column, _, w): (usize, u16, u16), text: &str) -> String {
        let cut = match self.columns[column].cut {
            Cut::End => clip,
            Cut::Middle => clip_middle,
            Cut::Place => clip_place,
        };
        let text = cut(text, usize::from(w));
        match self.columns[column].align {
            Align::Left => text,
            Align::Right => format!(
                "{}{text}",
                " ".repeat(usize::from(w).saturating_sub(width(&text)))
            ),
        }
    }

    /// Columns of the terminal that a column has in a table so wide; none where it is dropped.
    pub fn room(&self, title: &str, width: u16) -> Option<usize> {
        let mut places = self.places(width.saturating_sub(2)).into_iter();
        let place = places.find(|place| self.columns[place.0].title == title)?;
        Some(usize::from(place.2))
    }

    /// Widths of columns that take so many too many: those that may grow give way, the last of them first. Else the last column would
    /// be cut off, whatever it says.
    fn shrunk(&self, kept: &[usize], mut over: u16) -> Vec<u16> {
        let mut widths: Vec<u16> = kept.iter().map(|c| self.columns[*c].width).collect();
        for (width, c) in widths.iter_mut().zip(kept).rev() {
            if self.columns[*c].grow > 0 {
                let given = self.columns[*c].gives().min(over);
                *width -= given;
                over -= given;
            }
        }
        widths
    }

    /// Drops what stands behind the name where clock times take the room of it: a date or a name that is cut is none. The last goes first,
    /// and what else may grow gives way before that.
    fn make_room(&self, kept: &mut Vec<usize>, available: u16) {
        if !kept.iter().any(|c| self.columns[*c].whole) {
            return;
        }
        let name = kept.iter().copied().find(|c| self.columns[*c].grow > 0);
        loop {
            let needed: u16 = kept.iter().map(|c| self.columns[*c].width + 1).sum();
            let others = kept.iter().filter(|c| Some(**c) != name);
            let growing = others.filter(|c| self.columns[**c].grow > 0);
            let spare: u16 = growing.map(|c| self.columns[*c].gives()).sum();
            if needed.saturating_sub(1) <= available + spare {
                return;
            }
            let behind = |c: &&usize| name.is_none_or(|name| **c > name);
            let last = kept
                .iter()
                .rev()
                .filter(behind)
                .find(|c| !self.columns[**c].whole);
            let Some(last) = last.copied() else { return };
            kept.retain(|c| *c != last);
        }
    }

    /// (column, x, width) of the columns that fit.
    fn places(&self, available: u16) -> Vec<(usize, u16, u16)> {
        let is_shown = |c: &usize| self.columns[*c].width > 0 || self.columns[*c].grow > 0;
        let mut kept: Vec<usize> = (0..self.columns.len()).filter(is_shown).collect();
        let needed = |kept: &[usize]| {
            kept.iter()
                .map(|c| self.columns[*c].width + 1)
                .sum::<u16>()
                .saturating_sub(1)
        };
        while needed(&kept) > available {
            let Some(worst) = kept
                .iter()
                .copied()
                .filter(|c| self.columns[*c].drop > 0)
                .max_by_key(|c| self.columns[*c].drop)
            else {
                break;
            };
            kept.retain(|c| *c != worst);
        }
        self.make_room(&mut kept, available);
        let widths = self.shrunk(&kept, needed(&kept).saturating_sub(available));
        let spare = available.saturating_sub(needed(&kept));
        let shares: u16 = kept.iter().map(|c| self.columns[*c].grow).sum();
        let mut x = 0;
        let mut places = Vec::with_capacity(kept.len());
        for (c, width) in kept.into_iter().zip(widths) {
            let column = &self.columns[c];
            let extra = (spare * column.grow).checked_div(shares).unwrap_or(0);
            let w = (width + extra).min(available.saturating_sub(x));
            places.push((c, x, w));
            x += w + 1;
            if x >= available {
                break;
            }
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrow_tables_drop_what_matters_least() {
        let columns = [
            Column::left("name", 10).grow(1),
            Column::right("n", 5),
            Column::left("extra", 20).drop(1),
        ];
        let t = Table {
            columns: &columns,
            sort: None,
            selected: None,
            focus: true,
        };
        assert_eq!(
            t.places(60).iter().map(|p| p.0).collect::<Vec<_>>(),
            [0, 1, 2]
        );
        assert_eq!(t.places(30).iter().map(|p| p.0).collect::<Vec<_>>(), [0, 1]);
        let wide = t.places(60);
        assert_eq!(wide.last().map(|p| p.1 + p.2), Some(60));
    }
    #[test]
    fn what_may_grow_gives_way_before_the_last_column_is_cut() {
        let columns = [
            Column::left("name", 20).grow(1),
            Column::left("why", 20).grow(1),
            Column::right("n", 8),
        ];
        let t = Table {
            columns: &columns,
            sort: None,
            selected: None,
            focus: true,
        };
        let widths = |available| -> Vec<u16> {
            let places = t.places(available).into_iter();
            places.map(|p| p.2).collect()
        };
        assert_eq!(widths(50), [20, 20, 8]);
        assert_eq!(widths(46), [20, 16, 8]);
        assert_eq!(widths(38), [16, 12, 8]);
    }

    #[test]
    fn clock_times_have_room_and_ages_no_more_than_they_need() {
        let columns = [Column::left("name", 10).grow(1), Column::age("age", 5)];
        let widths = |absolute| {
            let columns = timed(&columns, absolute);
            columns.iter().map(|c| c.width).collect::<Vec<_>>()
        };
        assert_eq!(widths(false), [10, 5]);
        let now = jiff::Timestamp::from_second(1_800_000_000).unwrap();
        let days_ago = now - jiff::SignedDuration::from_hours(72);
        let clock = crate::ui::widgets::since(now, Some(days_ago), true);
        assert_eq!(width(&clock), usize::from(CLOCK), "{clock}");
        assert_eq!(widths(true), [10, CLOCK]);
        let heads = |absolute| timed(&columns, absolute).last().map(|c| c.title);
        assert_eq!((heads(false), heads(true)), (Some("age"), Some("at")));
        let said = ["age", "ago", "for", "since", "updated"].map(clock_head);
        assert_eq!(said, ["at", "at", "since", "since", "updated"]);
    }

    #[test]
    fn neither_a_name_nor_a_date_is_cut_while_anything_else_can_give_way() {
        let columns = [
            Column::left("name", 20).grow(2),
            Column::left("state", 10),
            Column::age("begun", 6),
            Column::left("why", 20).grow(1),
            Column::right("n", 5),
            Column::age("ended", 6),
        ];
        let places = |available, absolute| -> Vec<(usize, u16)> {
            let t = Table {
                columns: &timed(&columns, absolute),
                sort: None,
                selected: None,
                focus: true,
            };
            let places = t.places(available).into_iter();
            places.map(|p| (p.0, p.2)).collect()
        };
        let all = [(0, 20), (1, 10), (2, 11), (3, 14), (4, 5), (5, 11)];
        assert_eq!(places(76, true), all);
        let fewer = [(0, 20), (1, 10), (2, 11), (3, 12), (5, 11)];
        assert_eq!(places(68, true), fewer);
        assert_eq!(places(54, true)[..2], [(0, 30), (2, 11)]);
        assert_eq!(places(54, true).last(), Some(&(5, 11)));
        assert_eq!(places(72, false).len(), 6, "ages take no room of a name");
    }
}
