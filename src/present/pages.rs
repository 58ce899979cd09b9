//! The pages of one picture, each made once however many tell of it: the health map and the security page are put together from what
//! other pages say.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use jiff::Timestamp;

use super::map::{self, Graph};
use super::{Make, Section, View, targets};
use crate::domain::facts::Facts;

/// The sections of one page.
pub type Sections = Rc<Vec<Section>>;

/// Pages of one picture, made as they are asked for.
#[derive(Debug)]
pub struct Pages<'a> {
    /// The picture.
    pub facts: &'a Facts,
    /// The moment that ages are told from (UTC).
    pub now: Timestamp,
    made: RefCell<Vec<(&'static str, Sections)>>,
    graph: OnceCell<Graph>,
}

impl<'a> Pages<'a> {
    /// None is made yet.
    pub fn new(facts: &'a Facts, now: Timestamp) -> Self {
        Self {
            facts,
            now,
            made: RefCell::default(),
            graph: OnceCell::new(),
        }
    }

    /// The sections of a view.
    pub fn of(&self, view: &View) -> Sections {
        let known = (self.made.borrow().iter())
            .find(|(id, _)| *id == view.id)
            .map(|(_, sections)| sections.clone());
        known.unwrap_or_else(|| {
            let sections = Rc::new(match view.make {
                Make::Facts(make) => make(self.facts, self.now),
                Make::Pages(make) => make(self),
            });
            self.made.borrow_mut().push((view.id, sections.clone()));
            sections
        })
    }

    /// The path of a request.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::present::VIEWS;

    /// Whoever asks for all pages makes none twice, though two of them are made of others.
    #[test]
    fn a_page_is_made_once_a_picture() {
        let facts = Facts::default();
        let pages = Pages::new(&facts, Timestamp::UNIX_EPOCH);
        for view in VIEWS {
            let first = pages.of(view);
            assert!(Rc::ptr_eq(&first, &pages.of(view)), "{view:?}");
            assert_eq!(*first, view.make(&facts, Timestamp::UNIX_EPOCH), "{view:?}");
        }
        let mut ids: Vec<_> = pages.made.borrow().iter().map(|(id, _)| *id).collect();
        ids.sort_unstable();
        let all = ids.len();
        ids.dedup();
        assert_eq!((ids.len(), all), (VIEWS.len(), VIEWS.len()));
    }
}
