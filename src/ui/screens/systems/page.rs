//! A view's page: its sections one below the other, as lines of which the rows can be selected.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::order;
use crate::domain::facts::Facts;
use crate::present::{Place, Row, Section, View};
use crate::ui::commands::Command;
use crate::ui::fuzzy;
use crate::ui::sorting::{Sorting, is_about};
use crate::ui::widgets::ListState;

/// A line of the page, by the places of its section and row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Title, with count, source and age.
    Title(usize),
    /// A note.
    Note(usize, usize),
    /// Heads of the columns.
    Head(usize),
    /// A row.
    Row(usize, usize),
    /// Why there is none.
    Empty(usize),
    /// Between two sections.
    Blank,
}

/// An open page.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) view: &'static View,
    pub(super) sections: Vec<Section>,
    pub(super) lines: Vec<Line>,
    /// What can be selected: section and row id, joined.
    keys: Vec<String>,
    list: ListState<String>,
    /// First line shown; with two halves, of the left one.
    pub(super) offset: usize,
    /// The line with which the right half begins, where there are two.
    pub(super) split: Option<usize>,
    /// First line shown of the right half.
    pub(super) right: usize,
    pub(super) filter: String,
    /// By which of its columns a section is sorted, by the section's name; at first by its own order, which says what matters.
    sorts: BTreeMap<&'static str, Sorting>,
    height: usize,
}

fn key(section: &Section, row: &Row) -> String {
    format!("{}\u{0}{}", section.name, row.id)
}

impl Page {
    /// Opens a view.
    pub(super) fn open(view: &'static View) -> Self {
        Self {
            view,
            sections: Vec::new(),
            lines: Vec::new(),
            keys: Vec::new(),
            list: ListState::default(),
            offset: 0,
            split: None,
            right: 0,
            filter: String::new(),
            sorts: BTreeMap::new(),
            height: 1,
        }
    }

    /// Selects a row, whatever was filtered.
    pub(super) fn seek(&mut self, place: &Place) {
        self.filter.clear();
        self.list
            .select(format!("{}\u{0}{}", place.section, place.row));
    }

    /// Takes a picture; `wide`: there is room for two halves.
    pub(super) fn sync(&mut self, facts: &Facts, now: Timestamp, height: usize, wide: bool) {
        self.sections = self.view.make(facts, now);
        for section in &mut self.sections {
            if let Some(sorting) = self.sorts.get(section.name) {
                order::arrange(section, *sorting);
            }
        }
        self.height = height.max(1);
        self.lines.clear();
        self.keys.clear();
        for (s, section) in self.sections.iter().enumerate() {
            if s > 0 {
                self.lines.push(Line::Blank);
            }
            self.lines.push(Line::Title(s));
            self.lines
                .extend((0..section.notes.len()).map(|n| Line::Note(s, n)));
            let text = |i: &usize| {
                let row = section.rows.get(*i);
                let cells = row.iter().flat_map(|r| &r.cells).map(|c| c.text.as_str());
                cells.collect::<Vec<_>>().join(" ")
            };
            let name = |i: &usize| {
                let row = section.rows.get(*i);
                row.map_or_else(String::new, |r| r.name().to_owned())
            };
            let mut shown = fuzzy::sift(0..section.rows.len(), &self.filter, name, text);
            // The order of a section says what matters, or was asked for; a filter only thins it out.
            shown.sort_unstable();
            if shown.is_empty() {
                self.lines.push(Line::Empty(s));
                continue;
            }
            self.lines.push(Line::Head(s));
            for r in shown {
                self.lines.push(Line::Row(s, r));
                if let Some(row) = section.rows.get(r) {
                    self.keys.push(key(section, row));
                }
            }
        }
        let right = self.view.right_half().filter(|_| wide);
        let begins = |l: &Line| match l {
            Line::Title(s) => (self.sections.get(*s)).is_some_and(|s| Some(s.name) == right),
            _ => false,
        };
        self.split = self.lines.iter().position(begins).filter(|at| *at > 0);
        self.list.settle(self.keys.iter(), self.height);
        self.keep_in_sight();
    }

    /// The lines of each half that are shown, by their places; the right one is empty where there is one half alone.
    pub(super) fn shown(&self) -> [std::ops::Range<usize>; 2] {
        let all = self.lines.len();
        let split = self.split.unwrap_or(all);
        let of = |from: usize, end: usize| from..end.min(from + self.height);
        [of(self.offset, split), of(self.right.max(split), all)]
    }

    /// Scrolls so that the selected row is shown; the first row of a half brings what stands above it.
    fn keep_in_sight(&mut self) {
        let at = self.selected_line().unwrap_or(0);
        let all = self.lines.len();
        let split = self.split.unwrap_or(all);
        let (start, end) = if at < split { (0, split) } else { (split, all) };
        let half = self.lines.get(start..end).unwrap_or_default();
        let first = half.iter().position(|l| matches!(l, Line::Row(..)));
        let from = match first {
            Some(n) if start + n < at => at,
            _ => start,
        };
        let height = self.height;
        let last = |start: usize, end: usize| start + (end - start).saturating_sub(height);
        let offset = if at < split {
            &mut self.offset
        } else {
            &mut self.right
        };
        *offset = (*offset).min(from).max((at + 1).saturating_sub(height));
        self.offset = self.offset.min(last(0, split));
        self.right = match self.split {
            Some(_) => self.right.clamp(split, last(split, all)),
            None => 0,
        };
    }

    /// Place of the selected row among the lines.
    pub(super) fn selected_line(&self) -> Option<usize> {
        let rows = self
            .lines
            .iter()
            .enumerate()
            .filter(|(_, l)| matches!(l, Line::Row(..)));
        rows.map(|(at, _)| at).nth(self.list.index())
    }

    /// The selected row, with its section.
    pub(super) fn selected(&self) -> Option<(&Section, &Row)> {
        let Line::Row(s, r) = *self.lines.get(self.selected_line()?)? else {
            return None;
        };
        let section = self.sections.get(s)?;
        Some((section, section.rows.get(r)?))
    }

    /// By which column a section is sorted, as its table counts (it begins with a column for marks), and whether downwards; `None`: it
    /// stands in its own order.
    pub(super) fn sorted(&self, section: &Section) -> Option<(usize, bool)> {
        let sorting = self.sorts.get(section.name)?;
        (sorting.place() > 0).then(|| (sorting.place(), !sorting.is_reverse()))
    }

    /// Whether the section of the selected row stands in its own order.
    pub(super) fn is_in_own_order(&self) -> bool {
        (self.selected()).is_none_or(|(section, _)| self.sorted(section).is_none())
    }

    /// Sorts the section of the selected row by its next column, or the other way round, as soon as it is synced; `false` for other
    /// commands.
    pub(super) fn turn(&mut self, command: Command) -> bool {
        if !is_about(command) {
            return false;
        }
        if let Some((section, _)) = self.selected() {
            let name = section.name;
            let mut sorting = self.sorts.get(name).copied().unwrap_or_default();
            order::turn(&mut sorting, command, section);
            self.sorts.insert(name, sorting);
        }
        true
    }

    /// Does a motion; `false` for other commands.
    pub(super) fn motion(&mut self, command: Command) -> bool {
        let moved = self.list.motion(command, self.keys.iter());
        self.keep_in_sight();
        moved
    }

    /// Moves to the next section's first row, or the one before.
    pub(super) fn jump_section(&mut self, forward: bool) {
        let firsts: Vec<usize> = {
            let mut before = None;
            let rows = self.lines.iter().filter_map(|l| match l {
                Line::Row(s, _) => Some(*s),
                _ => None,
            });
            rows.enumerate()
                .filter_map(|(n, s)| (before.replace(s) != Some(s)).then_some(n))
                .collect()
        };
        let here = self.list.index();
        let target = match forward {
            true => firsts.iter().find(|n| **n > here),
            false => firsts.iter().rev().find(|n| **n < here),
        };
        if let Some(n) = target {
            self.list.jump(*n, self.keys.iter());
            self.keep_in_sight();
        }
    }

    /// Selects the row on a line of the screen, in the left or the right half; `false` where there is none.
    pub(super) fn click(&mut self, line: usize, right: bool) -> bool {
        let [left_half, right_half] = self.shown();
        let at = match right {
            true => right_half.start + line,
            false => left_half.start + line,
        };
        if !matches!(self.lines.get(at), Some(Line::Row(..))) {
            return false;
        }
        let above = self
            .lines
            .iter()
            .take(at)
            .filter(|l| matches!(l, Line::Row(..)))
            .count();
        self.list.jump(above, self.keys.iter());
        true
    }

    /// Narrows the rows.
    pub(super) fn set_filter(&mut self, text: &str) {
        if self.filter != text {
            self.filter = text.to_owned();
            self.list.filtered(text);
            self.offset = 0;
        }
    }
}
