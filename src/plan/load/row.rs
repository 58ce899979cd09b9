//! A table of the file, with typed access to values that passed the schema.

use std::ops::Range;

use jiff::civil::Date;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::reader;
use crate::domain::text::inert;

/// A table and where it stands.
#[derive(Clone, Debug)]
pub struct Row<'a, 'i> {
    table: &'a DeTable<'i>,
    at: Range<usize>,
}

impl<'a, 'i> Row<'a, 'i> {
    /// The whole file.
    pub fn top(table: &'a DeTable<'i>) -> Self {
        Self { table, at: 0..0 }
    }

    fn value(&self, name: &str) -> Option<&'a Spanned<DeValue<'i>>> {
        self.table.get(name)
    }

    /// Where a key's value stands; the row itself if it lacks the key.
    pub fn span(&self, name: &str) -> Range<usize> {
        self.value(name).map_or(self.at.clone(), Spanned::span)
    }

    /// A string as written.
    pub fn text(&self, name: &str) -> Option<&'a str> {
        reader::text(self.value(name)?.get_ref())
    }

    /// A string for people, made inert.
    pub fn words(&self, name: &str) -> Option<String> {
        self.text(name).map(inert)
    }

    /// A whole number.
    pub fn number<T: TryFrom<i64>>(&self, name: &str) -> Option<T> {
        T::try_from(reader::whole(self.value(name)?.get_ref())?).ok()
    }

    /// A switch; `false` where there is none.
    pub fn switch(&self, name: &str) -> bool {
        self.value(name)
            .and_then(|v| reader::switch(v.get_ref()))
            .unwrap_or(false)
    }

    /// A day.
    pub fn date(&self, name: &str) -> Option<Date> {
        reader::date(self.value(name)?.get_ref())
    }

    /// Strings of an array with their places; `None` where there is no such key.
    pub fn texts(&self, name: &str) -> Option<Vec<(&'a str, Range<usize>)>> {
        match self.value(name)?.get_ref() {
            DeValue::Array(rows) => Some(
                rows.iter()
                    .filter_map(|r| Some((reader::text(r.get_ref())?, r.span())))
                    .collect(),
            ),
            _ => None,
        }
    }

    /// Rows of an array of tables; `None` where there is no such key.
    pub fn rows(&self, name: &str) -> Option<Vec<Row<'a, 'i>>> {
        match self.value(name)?.get_ref() {
            DeValue::Array(rows) => Some(
                rows.iter()
                    .filter_map(|r| match r.get_ref() {
                        DeValue::Table(table) => Some(Row {
                            table,
                            at: r.span(),
                        }),
                        _ => None,
                    })
                    .collect(),
            ),
            _ => None,
        }
    }
}
