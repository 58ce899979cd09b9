//! Runs of the default branch. They are read page by page once, and then kept up from the newest runs of the repository, which are
//! asked for anyway: a hundred runs are more than a megabyte, every time that one of them moves.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::domain::github::{Outcome, Run};
use crate::domain::order::Ordered;

/// Runs of a page. Small ones, since an answer is in memory as a whole.
pub const PAGE: usize = 30;
/// Runs looked at.
pub const DEPTH: usize = 100;
/// The whole is read again after this long: one that was over long ago and is run once more keeps its place far behind the newest.
pub const ANEW: Duration = Duration::from_secs(900);

/// The same while one that goes on is out of sight behind the newest: it may wait for somebody's approval for weeks.
pub const OPEN_ANEW: Duration = Duration::from_secs(300);

/// Runs each once, in the order that they came in. Where one is told twice, its later attempt counts, and of two words on the same
/// attempt the worse: a page may have been read before a run ended, and another after.
pub fn each_once(all: impl IntoIterator<Item = Run>) -> Vec<Run> {
    let mut places: BTreeMap<u64, usize> = BTreeMap::new();
    let mut once: Vec<Run> = Vec::new();
    for run in all {
        match places.get(&run.id).and_then(|n| once.get_mut(*n)) {
            Some(known) if weight(&run) > weight(known) => *known = run,
            Some(_) => {}
            None => {
                places.insert(run.id, once.len());
                once.push(run);
            }
        }
    }
    once
}

fn weight(run: &Run) -> (u32, u8) {
    let worse = match run.outcome {
        Outcome::Failed => 6,
        Outcome::Other => 5,
        Outcome::Cancelled => 4,
        Outcome::Waiting => 3,
        Outcome::Running => 2,
        Outcome::Skipped => 1,
        Outcome::Passed => 0,
    };
    (run.attempt, worse)
}

/// What runs tell of a branch, the newest of each workflow first. That a list was asked for one branch and in one order is no reason to
/// believe that it holds nothing else and keeps it: a run of another branch proves nothing of this one, nor does an old one of now.
pub fn settled(all: Vec<Run>, branch: &str) -> Vec<Run> {
    let mut runs = each_once(all);
    runs.retain(|r| r.branch == branch && r.is_of_branch());
    runs.order_by(|a, b| (b.number, b.started_at, b.id).cmp(&(a.number, a.started_at, a.id)));
    runs
}

/// What was read, and when.
#[derive(Debug, Default)]
pub struct Branch(Mutex<Option<Read>>);

#[derive(Debug)]
struct Read {
    at: Instant,
    runs: Vec<Run>,
    /// The newest run of any branch at that time.
    newest: Option<u64>,
}

impl Branch {
    /// Takes what was read as a whole, newest first.
    pub fn put(&self, runs: &[Run], newest: &[Run], at: Instant) {
        *self.slot() = Some(Read {
            at,
            runs: runs.to_vec(),
            newest: newest.iter().map(|r| r.id).max(),
        });
    }

    /// The runs as the newest ones of the repository tell them now; nothing where the whole has to be read.
    pub fn joined(&self, newest: &[Run], branch: &str, now: Instant) -> Option<Vec<Run>> {
        let mut slot = self.slot();
        let read = slot
            .as_mut()
            .filter(|r| now.saturating_duration_since(r.at) < ANEW)?;
        let told = |id: u64| newest.iter().find(|r| r.id == id);
        // Newest first: where they reach back to what was the newest then, none began between the two.
        let reaches = newest.len() < PAGE || read.newest.is_some_and(|id| told(id).is_some());
        let out_of_sight =
            |r: &Run| r.outcome.is_open() && r.is_of_branch() && told(r.id).is_none();
        let is_old = now.saturating_duration_since(read.at) >= OPEN_ANEW;
        if !reaches || (is_old && read.runs.iter().any(out_of_sight)) {
            return None;
        }
        for run in &mut read.runs {
            if let Some(now) = told(run.id) {
                run.clone_from(now);
            }
        }
        let is_new = |r: &&Run| r.branch == branch && read.runs.iter().all(|k| k.id != r.id);
        let mut runs: Vec<Run> = newest.iter().filter(is_new).cloned().collect();
        runs.append(&mut read.runs);
        runs.truncate(DEPTH);
        read.runs.clone_from(&runs);
        read.newest = newest.iter().map(|r| r.id).max().or(read.newest);
        Some(runs)
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<Read>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
pub mod testing {
    use crate::domain::github::{Outcome, Run};

    /// A run of workflow 7.
    pub fn run(id: u64, outcome: Outcome) -> Run {
        Run {
            id,
            workflow_id: 7,
            workflow: "Deploy".into(),
            number: id,
            attempt: 1,
            title: String::new(),
            event: "push".into(),
            branch: "main".into(),
            sha: "abc".into(),
            actor: "ana".into(),
            outcome,
            started_at: None,
            updated_at: None,
            url: String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::testing::run;
    use super::*;
    use crate::domain::github::Outcome;

    fn ids(runs: &[Run]) -> Vec<u64> {
        runs.iter().map(|r| r.id).collect()
    }

    fn page(from: u64) -> Vec<Run> {
        let newest = (from..from + PAGE as u64).rev();
        newest.map(|id| run(id, Outcome::Passed)).collect()
    }

    #[test]
    fn what_is_new_and_what_moved_is_joined_to_what_was_read() {
        let (branch, now) = (Branch::default(), Instant::now());
        assert_eq!(branch.joined(&[], "main", now), None, "nothing was read");
        let before = [run(2, Outcome::Running), run(1, Outcome::Failed)];
        branch.put(&before, &before, now);
        let mut of_another = run(4, Outcome::Passed);
        of_another.branch = "feature".into();
        let newest = [
            run(5, Outcome::Waiting),
            of_another,
            run(2, Outcome::Passed),
        ];
        let joined = branch.joined(&newest, "main", now).unwrap();
        assert_eq!(ids(&joined), [5, 2, 1]);
        assert_eq!(joined[1].outcome, Outcome::Passed);
        let again = branch.joined(&newest, "main", now).unwrap();
        assert_eq!(ids(&again), [5, 2, 1], "and again nothing stands twice");
    }

    #[test]
    fn runs_of_another_branch_out_of_order_or_told_twice_prove_nothing() {
        use Outcome::{Failed, Passed, Running};
        let mut elsewhere = run(9, Passed);
        elsewhere.branch = "feature-x".into();
        let oldest_first = vec![run(1, Passed), elsewhere, run(2, Failed)];
        assert_eq!(ids(&settled(oldest_first, "main")), [2, 1]);
        for twice in [[Passed, Failed], [Failed, Passed]] {
            let got = each_once(twice.map(|o| run(3, o)));
            assert_eq!((got.len(), got[0].outcome), (1, Failed));
        }
        let mut again = run(3, Passed);
        again.attempt = 2;
        let got = each_once([again.clone(), run(3, Failed)]);
        assert_eq!(got[0].outcome, Passed, "it was run again");
        again.outcome = Running;
        assert_eq!(each_once([run(3, Failed), again])[0].outcome, Running);
    }

    #[test]
    fn a_gap_is_read_and_so_is_one_that_goes_on_out_of_sight() {
        let (branch, now) = (Branch::default(), Instant::now());
        branch.put(&page(1), &page(1), now);
        assert!(branch.joined(&page(30), "main", now).is_some());
        assert_eq!(branch.joined(&page(90), "main", now), None, "a gap");
        let mut open = page(1);
        open[29].outcome = Outcome::Running;
        open[29].event = "pull_request".into();
        branch.put(&open, &open, now);
        let later = now + OPEN_ANEW;
        let others = "a fork's may wait for ever";
        assert!(branch.joined(&page(2), "main", later).is_some(), "{others}");
        open[29].event = "push".into();
        branch.put(&open, &open, now);
        assert!(branch.joined(&page(2), "main", now).is_some());
        assert_eq!(branch.joined(&page(2), "main", later), None, "1 goes on");
    }

    #[test]
    fn the_whole_is_read_again_after_a_while_and_no_more_than_it_holds_is_kept() {
        let (branch, now) = (Branch::default(), Instant::now());
        let many: Vec<Run> = (1..=100).rev().map(|id| run(id, Outcome::Passed)).collect();
        branch.put(&many, &many[..PAGE], now);
        let joined = branch.joined(&page(90), "main", now).unwrap();
        assert_eq!(
            (joined.len(), joined[0].id, joined[99].id),
            (DEPTH, 119, 20)
        );
        assert_eq!(branch.joined(&page(90), "main", now + ANEW), None);
    }
}
