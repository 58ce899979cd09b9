//! When a failure of what was seen proved is one. Consoles that share a store may judge a criterion differently (another
//! configuration, another sight of the network): each would write down at once what the other takes back, and the date would be
//! that of the last word of theirs.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::audit::{Proven, Sighting};
use crate::plan::{Checklist, CriterionState};

/// How long a criterion fails here before that is written down. A deployment of a task or two, a failover or a vendor's bad minutes
/// are over by then; a day of the timeline does not hang on less.
pub const LASTS: Duration = Duration::from_secs(300);

/// Criteria that fail here, and since when.
#[derive(Debug, Default)]
pub struct Lapses {
    since: BTreeMap<String, Instant>,
    /// Those whose lapse the store had while they failed here. If somebody else sees them proved, that is the newer word: ours
    /// was said.
    said: BTreeSet<String>,
}

impl Lapses {
    /// What is to be written down: proofs at once, failures that have lasted, each once until it is proved here again.
    pub fn heed(
        &mut self,
        list: &Checklist,
        proven: &BTreeMap<String, Proven>,
        seen: Vec<Sighting>,
        now: Instant,
    ) -> Vec<Sighting> {
        for c in list.criteria() {
            match c.state {
                CriterionState::Failing => {
                    self.since.entry(c.id.clone()).or_insert(now);
                    if proven.get(&c.id).is_some_and(|dates| dates.lapsed) {
                        self.said.insert(c.id.clone());
                    }
                }
                // Whether it failed meanwhile nobody knows: it begins anew.
                _ => {
                    self.since.remove(&c.id);
                    if c.state == CriterionState::Proved {
                        self.said.remove(&c.id);
                    }
                }
            }
        }
        let lasts = |id: &String| {
            let since = self.since.get(id);
            since.is_some_and(|at| now.saturating_duration_since(*at) >= LASTS)
        };
        let heeded =
            |s: &Sighting| s.proved || (lasts(&s.criterion) && !self.said.contains(&s.criterion));
        seen.into_iter().filter(heeded).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::facts::Facts;
    use crate::plan::{self, Plan};
    use jiff::Timestamp;

    /// Of no criterion of the plan.
    const ID: &str = "0.0.x";

    /// A checklist in which one criterion is in a state, and what the store tells of it.
    fn list(state: CriterionState) -> Checklist {
        let plan = Plan::default_plan();
        let mut list = plan::evaluate(&plan, &Facts::default(), Timestamp::UNIX_EPOCH);
        let c = &mut list.stages[0].criteria[0];
        c.id = ID.into();
        c.state = state;
        list
    }

    fn store(lapsed: bool) -> BTreeMap<String, Proven> {
        let at = Timestamp::UNIX_EPOCH;
        let dates = Proven {
            first: at,
            last: at,
            lapsed,
        };
        BTreeMap::from([(ID.to_owned(), dates)])
    }

    fn saw(proved: bool) -> Vec<Sighting> {
        vec![Sighting {
            criterion: ID.into(),
            proved,
            at: Timestamp::UNIX_EPOCH,
        }]
    }

    #[test]
    fn a_failure_is_written_down_once_it_has_lasted_and_once_only() {
        let mut lapses = Lapses::default();
        let begin = Instant::now();
        let failing = list(CriterionState::Failing);
        let mut after = |s: u64, lapsed: bool, list: &Checklist, saw: Vec<Sighting>| {
            let now = begin + Duration::from_secs(s);
            lapses.heed(list, &store(lapsed), saw, now).len()
        };
        assert_eq!(after(0, false, &failing, saw(false)), 0);
        assert_eq!(after(299, false, &failing, saw(false)), 0);
        assert_eq!(after(300, false, &failing, saw(false)), 1);
        // Not in the store yet: still to be written.
        assert_eq!(after(301, false, &failing, saw(false)), 1);
        assert_eq!(after(305, true, &failing, Vec::new()), 0);
        // Another console sees it proved: its word stands.
        assert_eq!(after(310, false, &failing, saw(false)), 0);
        assert_eq!(after(900, false, &failing, saw(false)), 0);
        // Proved here as well, and failing again: a new lapse.
        let proved = list(CriterionState::Proved);
        assert_eq!(after(910, false, &proved, Vec::new()), 0);
        assert_eq!(after(920, false, &failing, saw(false)), 0);
        assert_eq!(after(1220, false, &failing, saw(false)), 1);
    }

    #[test]
    fn proofs_are_written_at_once_and_what_is_not_known_ends_no_proof() {
        let mut lapses = Lapses::default();
        let begin = Instant::now();
        let (proved, unknown) = (list(CriterionState::Proved), list(CriterionState::Unknown));
        let failing = list(CriterionState::Failing);
        assert_eq!(
            lapses.heed(&proved, &store(true), saw(true), begin).len(),
            1
        );
        let at = |s| begin + Duration::from_secs(s);
        lapses.heed(&failing, &store(false), saw(false), at(0));
        lapses.heed(&unknown, &store(false), Vec::new(), at(200));
        let seen = lapses.heed(&failing, &store(false), saw(false), at(400));
        assert!(seen.is_empty(), "whether it failed meanwhile nobody knows");
    }
}
