//! How a list is sorted: by which of its columns, and which way round. Every list has it in the same way.

use std::cmp::Ordering;

use jiff::Timestamp;

use super::commands::Command;
use super::natural::{self, Measure};
use super::widgets::Column;
use crate::domain::order::Ordered;

/// By what a list is sorted, and which way round. What it can be sorted by are titles of its columns, the first of them until somebody
/// says otherwise; no title is the list's own order, which no column tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sorting {
    place: usize,
    reverse: bool,
}

impl Sorting {
    /// Does a command about the order of a list that has so many of them; `false` for other commands.
    pub fn turn(&mut self, command: Command, orders: usize) -> bool {
        match command {
            Command::Sort => self.place = (self.place + 1) % orders.max(1),
            Command::Reverse => self.reverse = !self.reverse,
            _ => return false,
        }
        true
    }

    /// Which of the orders it is.
    pub fn place(self) -> usize {
        self.place
    }

    /// Whether it is turned around.
    pub fn is_reverse(self) -> bool {
        self.reverse
    }

    /// The title that it is sorted by; none: the list's own order.
    pub fn by<'a>(self, orders: &[&'a str]) -> &'a str {
        orders.get(self.place).copied().unwrap_or_default()
    }

    /// As a table marks it: the column, and whether downwards.
    pub fn mark(self, orders: &[&str], columns: &[Column]) -> Option<(usize, bool)> {
        let title = Some(self.by(orders)).filter(|t| !t.is_empty())?;
        let column = columns.iter().position(|c| c.title == title)?;
        Some((column, !self.reverse))
    }

    /// Puts rows in order by what `value` tells of them under the title, and what is alike by its name. Its own order is left alone.
    pub fn arrange<T>(
        self,
        rows: Vec<T>,
        orders: &[&str],
        value: impl Fn(&T, &str) -> Value,
        name: impl Fn(&T) -> String,
    ) -> Vec<T> {
        let by = self.by(orders);
        if by.is_empty() {
            return rows;
        }
        let told: Vec<_> = rows.iter().map(|r| (value(r, by), name(r))).collect();
        placed(rows, &places(&told, self.reverse))
    }
}

/// Why a list's own order is not turned around: no column would tell.
pub const OWN: &str = "this is the list's own order; sort by a column first";

/// Whether a command is about the order of a list.
pub fn is_about(command: Command) -> bool {
    matches!(command, Command::Sort | Command::Reverse)
}

/// What a row is sorted by: the value of a cell where it is known, not the text that it is shown as.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A moment: the newest first.
    At(Timestamp),
    /// A figure, and what it measures: the largest first.
    Figure(Measure, f64),
    /// How bad a word is, the worst first, and the word: from A to Z.
    Word(u8, String),
    /// Nothing is there, or nobody knows: last, whichever way round.
    None,
}

impl Value {
    /// A moment, where there is one.
    pub fn at(at: Option<Timestamp>) -> Self {
        at.map_or(Self::None, Self::At)
    }

    /// A count, where there is one.
    pub fn count(n: Option<f64>) -> Self {
        n.map_or(Self::None, |n| Self::Figure(Measure::Count, n))
    }

    /// A word, none of which is worse than another.
    pub fn word(text: &str) -> Self {
        match text {
            "" | "-" | "?" => Self::None,
            text => Self::Word(0, text.to_owned()),
        }
    }

    /// A state in a word, with the sign before it that says how bad it is.
    pub fn state(text: &str) -> Self {
        let ill = match text.chars().next() {
            Some('✗' | '▲') => 4,
            Some('■' | '◀' | '~') => 3,
            Some('?' | '○') => 2,
            Some('▶') => 1,
            Some(_) => 0,
            None => return Self::None,
        };
        Self::Word(ill, text.to_owned())
    }

    fn order(&self, other: &Self) -> Ordering {
        let kind = |v: &Self| match v {
            Self::At(_) => 0,
            Self::Figure(..) => 1,
            Self::Word(..) => 2,
            Self::None => 3,
        };
        match (self, other) {
            (Self::At(a), Self::At(b)) => b.cmp(a),
            (Self::Figure(m, a), Self::Figure(n, b)) => m.cmp(n).then_with(|| b.total_cmp(a)),
            (Self::Word(i, a), Self::Word(j, b)) => j.cmp(i).then_with(|| natural::words(a, b)),
            (a, b) => kind(a).cmp(&kind(b)),
        }
    }
}

/// The places of rows in the order of their values. What is alike stands by its name, whichever way round, so that nothing jumps.
pub fn places(told: &[(Value, String)], reverse: bool) -> Vec<usize> {
    let mut places: Vec<usize> = (0..told.len()).collect();
    places.order_by(|a, b| {
        let (Some((a, name)), Some((b, other))) = (told.get(*a), told.get(*b)) else {
            return Ordering::Equal;
        };
        let order = match (a, b) {
            (Value::None, _) | (_, Value::None) => a.order(b),
            _ if reverse => b.order(a),
            _ => a.order(b),
        };
        order.then_with(|| natural::words(name, other))
    });
    places
}

/// Rows in these places.
pub fn placed<T>(rows: Vec<T>, places: &[usize]) -> Vec<T> {
    let mut rows: Vec<Option<T>> = rows.into_iter().map(Some).collect();
    let taken = places.iter().filter_map(|at| rows.get_mut(*at)?.take());
    taken.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDERS: &[&str] = &["", "size", "name"];

    #[test]
    fn the_largest_comes_first_and_what_nobody_knows_last_whichever_way_round() {
        let rows = vec![
            ("b", Some(2.0)),
            ("c", None),
            ("a", Some(2.0)),
            ("d", Some(9.0)),
        ];
        let mut sorting = Sorting::default();
        let names = |sorting: Sorting| {
            let value = |r: &(&str, Option<f64>), by: &str| match by {
                "size" => Value::count(r.1),
                _ => Value::word(r.0),
            };
            let sorted = sorting.arrange(rows.clone(), ORDERS, value, |r| r.0.to_owned());
            sorted.iter().map(|r| r.0).collect::<String>()
        };
        assert_eq!(names(sorting), "bcad", "its own order");
        assert!(sorting.turn(Command::Sort, ORDERS.len()));
        assert_eq!(
            (sorting.by(ORDERS), names(sorting).as_str()),
            ("size", "dabc")
        );
        assert!(sorting.turn(Command::Reverse, ORDERS.len()));
        assert_eq!(names(sorting), "abdc");
        assert!(sorting.turn(Command::Sort, ORDERS.len()));
        assert_eq!(names(sorting), "dcba");
        assert!(sorting.turn(Command::Sort, ORDERS.len()));
        assert_eq!(names(sorting), "bcad");
        assert!(!sorting.turn(Command::Up, ORDERS.len()));
    }

    #[test]
    fn what_is_worse_comes_first_and_the_newest_before_the_oldest() {
        let at = |s| Value::at(Timestamp::from_second(s).ok());
        let order = |values: Vec<Value>, reverse| {
            let told: Vec<_> = values.into_iter().map(|v| (v, String::new())).collect();
            places(&told, reverse)
        };
        let states = ["● steady", "▲ failed", "", "■ stopped", "▶ running"];
        let states = states.map(Value::state).to_vec();
        assert_eq!(order(states.clone(), false), [1, 3, 4, 0, 2]);
        assert_eq!(order(states, true), [0, 4, 3, 1, 2]);
        let ages = vec![at(1), Value::word("never"), at(3), Value::word("-")];
        assert_eq!(order(ages, false), [2, 0, 1, 3]);
        let figures = vec![
            Value::Figure(Measure::Bytes, 1.0),
            Value::Figure(Measure::Share, 9.0),
            Value::Figure(Measure::Bytes, 3.0),
        ];
        assert_eq!(order(figures, false), [1, 2, 0]);
    }
}
