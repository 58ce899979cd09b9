//! The lines of all systems, kept: each is made of all that its page shows, which takes longer than the frame that answers a key.

use jiff::Timestamp;

use super::list::{Entry, entries};
use crate::domain::facts::Facts;

/// Further systems are asked every half minute at most: making their lines more often than this would show nothing new.
const APART_S: i64 = 3;

/// What says at once that they are others: how many providers had failed, and how many had answered.
type State = (usize, usize);

/// Every view that applies, as it was when somebody last looked.
#[derive(Debug, Default)]
pub struct Listed {
    all: Vec<Entry>,
    looked: Option<(Timestamp, State)>,
}

impl std::ops::Deref for Listed {
    type Target = [Entry];

    fn deref(&self) -> &[Entry] {
        &self.all
    }
}

fn state(facts: &Facts) -> State {
    let failed = facts.providers.iter().filter(|p| p.problem.is_some());
    let answered = facts.providers.iter().filter(|p| p.last_ok.is_some());
    (failed.count(), answered.count())
}

impl Listed {
    /// Whether they are to be made anew.
    fn is_behind(&self, facts: &Facts, now: Timestamp) -> bool {
        let recent = |(at, then): (Timestamp, State)| {
            then == state(facts) && now.duration_since(at).as_secs() < APART_S
        };
        self.all.is_empty() || !self.looked.is_some_and(recent)
    }

    /// Makes them where none were made before.
    pub fn begin(&mut self, facts: &Facts, now: Timestamp) {
        if self.looked.is_none() {
            self.look(facts, now);
        }
    }

    /// Makes them anew where they are behind; whether they were.
    pub fn look(&mut self, facts: &Facts, now: Timestamp) -> bool {
        let behind = self.is_behind(facts, now);
        if behind {
            self.all = entries(facts, now);
            self.looked = Some((now, state(facts)));
        }
        behind
    }
}
