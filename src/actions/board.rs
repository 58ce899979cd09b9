//! The runs of this console and those of others, as faces see them: newest first, immutable, replaced whole.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::watch;

use crate::domain::action::{Phase, Run, RunLine};
use crate::domain::audit::Outcome;
use crate::domain::order::Ordered;
use crate::domain::service::Revision;
use crate::domain::text::inert;

/// Runs kept on the board whose end is recorded, the last that ended; what is open stays, however old it is.
const KEPT: usize = 50;
/// Lines kept of a run; the journal has all of them.
const LINES: usize = 500;

/// Where runs are shown.
#[derive(Debug)]
pub struct Board {
    runs: watch::Sender<Arc<Vec<Run>>>,
    moved: watch::Sender<u64>,
}

impl Board {
    pub fn new() -> Self {
        Self {
            runs: watch::channel(Arc::new(Vec::new())).0,
            moved: watch::channel(0).0,
        }
    }

    pub fn runs(&self) -> watch::Receiver<Arc<Vec<Run>>> {
        self.runs.subscribe()
    }

    /// Counts up when the platform or the store has been changed by an action.
    pub fn moved(&self) -> watch::Receiver<u64> {
        self.moved.subscribe()
    }

    pub fn tell_moved(&self) {
        self.moved.send_modify(|n| *n += 1);
    }

    /// The run of that id.
    pub fn get(&self, id: &str) -> Option<Run> {
        self.runs.borrow().iter().find(|r| r.id == id).cloned()
    }

    /// Whether a run that ended then would be news here and find room.
    pub fn lacks(&self, id: &str, ended: Timestamp) -> bool {
        let runs = self.runs.borrow();
        let has_room = oldest_kept(&runs).is_none_or(|oldest| oldest < ended);
        has_room && !runs.iter().any(|r| r.id == id)
    }

    /// Puts a run on the board, or in place of what was there under its id.
    pub fn put(&self, run: Run) {
        self.runs.send_if_modified(|runs| {
            if runs.contains(&run) {
                return false;
            }
            let mut list: Vec<Run> = runs.iter().filter(|r| r.id != run.id).cloned().collect();
            list.push(run);
            list.order_by(|a, b| b.started_at.cmp(&a.started_at).then(b.id.cmp(&a.id)));
            if let Some(oldest) = oldest_kept(&list) {
                list.retain(|r| !r.recorded || ended(r) >= oldest);
            }
            *runs = Arc::new(list);
            true
        });
    }

    /// Takes a run from the board.
    pub fn remove(&self, id: &str) {
        self.runs.send_if_modified(|runs| {
            let is_there = runs.iter().any(|r| r.id == id);
            if is_there {
                Arc::make_mut(runs).retain(|r| r.id != id);
            }
            is_there
        });
    }

    /// Adds a line and moves the phase on.
    pub fn line(&self, id: &str, phase: Phase, text: &str) {
        self.edit(id, |run| {
            run.phase = phase;
            if !text.is_empty() {
                if run.lines.len() >= LINES {
                    run.lines.remove(0);
                }
                run.lines.push(RunLine {
                    at: Timestamp::now(),
                    phase,
                    text: inert(text),
                });
            }
        });
    }

    pub fn progress(&self, id: &str, done: Option<(u32, u32)>) {
        self.edit(id, |run| run.progress = done);
    }

    /// What the call that is about to be made puts into place.
    pub fn brings(&self, id: &str, revision: &Revision) {
        self.edit(id, |run| run.brings = Some(revision.clone()));
    }

    /// How many tasks were wanted before the call that is about to be made.
    pub fn scales(&self, id: &str, from: u32) {
        self.edit(id, |run| run.scaled_from = Some(from));
    }

    /// The deployment that its call brought about.
    pub fn brought(&self, id: &str, deployment: &str) {
        self.edit(id, |run| run.deployment = Some(deployment.to_owned()));
    }

    /// Ends a run on the board; `recorded`: its end is in the audit chain.
    pub fn end(&self, id: &str, outcome: Outcome, text: &str, recorded: bool) {
        // Where it stood when it ended: writing that down is another phase, and went well or not by itself.
        let stood = self.get(id).map(|run| run.phase);
        self.line(id, Phase::Record, text);
        self.edit(id, |run| {
            run.outcome = Some(outcome);
            run.stopped_in = stood.filter(|_| outcome != Outcome::Succeeded);
            run.recorded = recorded;
            run.finished_at = Some(Timestamp::now());
        });
        self.tell_moved();
    }

    fn edit(&self, id: &str, change: impl FnOnce(&mut Run)) {
        self.runs.send_if_modified(|runs| {
            let list = Arc::make_mut(runs);
            match list.iter_mut().find(|r| r.id == id) {
                Some(run) => {
                    let before = run.clone();
                    change(run);
                    *run != before
                }
                None => false,
            }
        });
    }
}

/// When a run ended whose end is recorded.
fn ended(run: &Run) -> Timestamp {
    run.finished_at.unwrap_or(run.started_at)
}

/// When the last of those ended for which there is room; `None`: there is room for more.
fn oldest_kept(runs: &[Run]) -> Option<Timestamp> {
    let recorded = runs.iter().filter(|r| r.recorded);
    let mut ends: Vec<Timestamp> = recorded.map(ended).collect();
    ends.order_by(|a, b| b.cmp(a));
    ends.get(KEPT - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::action::Intent;
    use crate::domain::service::ServiceId;

    fn at(second: usize) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second as i64).unwrap()
    }

    /// One that began then; of those that have ended the end is recorded.
    fn run(id: &str, began: usize, outcome: Option<Outcome>) -> Run {
        let service = ServiceId {
            cluster: "laser".into(),
            name: "api".into(),
        };
        Run {
            id: id.into(),
            intent: Intent::Restart { service },
            title: String::new(),
            phase: Phase::Follow,
            progress: None,
            lines: Vec::new(),
            started_at: at(began),
            finished_at: outcome.map(|_| at(began + 1)),
            outcome,
            stopped_in: None,
            recorded: outcome.is_some(),
            who: "ana".into(),
            reattached: false,
            silent: None,
            brings: None,
            scaled_from: None,
            deployment: None,
        }
    }

    /// A canary bakes for hours, and pipelines may end any number of deploys beside it.
    #[test]
    fn what_is_open_stays_on_the_board_however_many_end_beside_it() {
        let board = Board::new();
        board.put(run("own", 0, None));
        let parked = Run {
            recorded: false,
            ..run("parked", 1, Some(Outcome::Unknown))
        };
        board.put(parked.clone());
        for n in 0..KEPT + 20 {
            let id = format!("ended-{n}");
            assert!(board.lacks(&id, at(11 + n)));
            board.put(run(&id, 10 + n, Some(Outcome::Succeeded)));
        }
        assert!(board.get("own").is_some() && board.get("parked").is_some());
        assert_eq!(board.runs().borrow().len(), KEPT + 2);
        assert!(board.get("ended-19").is_none(), "the oldest that ended go");
        assert!(!board.lacks("older", at(5)), "there is no room for it");
        // What is put again at each look is no news.
        let mut news = board.runs();
        news.mark_unchanged();
        board.put(parked);
        assert!(!news.has_changed().unwrap());
        board.line("own", Phase::Follow, "baking");
        assert_eq!(board.get("own").unwrap().lines.len(), 1);
        board.end("own", Outcome::Succeeded, "in place", true);
        board.put(run("another", 200, Some(Outcome::Succeeded)));
        let own = board.get("own").unwrap();
        assert_eq!(own.outcome, Some(Outcome::Succeeded), "its end is shown");
    }
}
