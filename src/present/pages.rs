//! The pages of one picture. The health map and the security page are put together from what other pages say; nothing of a page is kept
//! longer than who asked for it does: together they are megabytes.

use std::cell::OnceCell;

use jiff::Timestamp;

use super::map::{self, Graph};
use super::{Make, Section, View, targets};
use crate::domain::facts::Facts;

/// Pages of one picture, made as they are asked for.
#[derive(Debug)]
pub struct Pages<'a> {
    /// The picture.
    pub facts: &'a Facts,
    /// The moment that ages are told from (UTC).
    pub now: Timestamp,
    graph: OnceCell<Graph>,
}

impl<'a> Pages<'a> {
    /// None is made yet.
    pub fn new(facts: &'a Facts, now: Timestamp) -> Self {
        Self {
            facts,
            now,
            graph: OnceCell::new(),
        }
    }

    /// The sections of a view.
    pub fn of(&self, view: &View) -> Vec<Section> {
        match view.make {
            Make::Facts(make) => make(self.facts, self.now),
            Make::Pages(make) => make(self),
        }
    }

    /// The path of a request, for which ten pages are made: once.
    pub fn graph(&self) -> &Graph {
        self.graph.get_or_init(|| map::from_pages(self))
    }

    /// Whether anything bad that a view shows has no row of its own elsewhere: one fault is one row where faults are listed. The health
    /// map puts together what other pages say; targets are gone with their service.
    pub fn tells_more(&self, view: &View) -> bool {
        match view.id {
            "map" => self.graph().tells_more(),
            "targets" => targets::tells_more(self),
            _ => true,
        }
    }
}
