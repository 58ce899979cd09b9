//! Runs of workflows that have no verdict among the newest runs of the branch: reusable ones, those of pull requests alone, those that
//! run for some paths only. A big repository has dozens, and asked about each minute they use up what GitHub allows an hour.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::branch::{ANEW, OPEN_ANEW};
use crate::domain::github::Run;

/// What was read of each, and when.
#[derive(Debug, Default)]
pub struct Quiet(Mutex<BTreeMap<u64, Read>>);

#[derive(Debug)]
struct Read {
    at: Instant,
    runs: Vec<Run>,
}

impl Quiet {
    /// Takes what was read of a workflow, newest first.
    pub fn put(&self, workflow: u64, runs: &[Run], at: Instant) {
        let runs = runs.to_vec();
        self.slot().insert(workflow, Read { at, runs });
    }

    /// The runs of a workflow, as those among the newest of the branch (`told`) stand by now; nothing where they have to be read: after
    /// a while, and as soon as a newer one began.
    pub fn known(&self, workflow: u64, told: &[Run], now: Instant) -> Option<Vec<Run>> {
        let slot = self.slot();
        let read = slot.get(&workflow)?;
        let mut runs = read.runs.clone();
        for run in &mut runs {
            if let Some(now) = told.iter().find(|r| r.id == run.id) {
                run.clone_from(now);
            }
        }
        let out_of_sight = |r: &Run| r.outcome.is_open() && told.iter().all(|now| now.id != r.id);
        let holds = match runs.iter().any(out_of_sight) {
            true => OPEN_ANEW,
            false => ANEW,
        };
        let newest = runs.iter().map(|r| r.id).max();
        let is_newer = |r: &Run| newest.is_none_or(|id| r.id > id);
        let is_young = now.saturating_duration_since(read.at) < holds;
        (is_young && !told.iter().any(is_newer)).then_some(runs)
    }

    /// Forgets all workflows but these.
    pub fn keep(&self, workflows: &BTreeSet<u64>) {
        self.slot().retain(|id, _| workflows.contains(id));
    }

    fn slot(&self) -> MutexGuard<'_, BTreeMap<u64, Read>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::super::branch::testing::run;
    use super::*;
    use crate::domain::github::Outcome;

    #[test]
    fn what_was_read_of_a_quiet_workflow_holds_until_a_newer_run_begins_or_a_while_is_over() {
        let (quiet, now) = (Quiet::default(), Instant::now());
        assert_eq!(quiet.known(7, &[], now), None, "nothing was read");
        let before = [run(5, Outcome::Passed), run(3, Outcome::Failed)];
        quiet.put(7, &before, now);
        assert_eq!(quiet.known(7, &[], now).unwrap(), before);
        assert_eq!(quiet.known(8, &[], now), None, "another workflow");
        // An older one that is told is none that began since.
        let older = [run(2, Outcome::Cancelled)];
        assert!(quiet.known(7, &older, now).is_some());
        let newer = [run(6, Outcome::Running)];
        assert_eq!(quiet.known(7, &newer, now), None);
        assert_eq!(quiet.known(7, &[], now + ANEW), None);
        // One that never ran costs a call as seldom.
        quiet.put(9, &[], now);
        assert_eq!(quiet.known(9, &[], now), Some(Vec::new()));
        assert_eq!(quiet.known(9, &older, now), None);
        quiet.keep(&BTreeSet::from([9]));
        assert_eq!(quiet.known(7, &[], now), None);
    }

    #[test]
    fn one_that_goes_on_is_told_as_it_stands_or_read_sooner() {
        let (quiet, now) = (Quiet::default(), Instant::now());
        quiet.put(7, &[run(5, Outcome::Running)], now);
        let ended = [run(5, Outcome::Cancelled)];
        let later = now + OPEN_ANEW;
        assert_eq!(quiet.known(7, &ended, later).unwrap(), ended);
        assert!(quiet.known(7, &[], now).is_some());
        assert_eq!(quiet.known(7, &[], later), None);
    }
}
