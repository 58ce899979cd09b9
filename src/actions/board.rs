//! The runs of this console and those of others, as faces see them: newest first, immutable, replaced whole.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::watch;

use crate::domain::action::{Phase, Run, RunLine};
use crate::domain::audit::Outcome;
use crate::domain::order::Ordered;
use crate::domain::service::Revision;
use crate::domain::text::inert;

/// Runs kept on the board.
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

    /// Whether a run that began then would be news here and find room.
    pub fn lacks(&self, id: &str, began: Timestamp) -> bool {
        let runs = self.runs.borrow();
        let has_room = runs.len() < KEPT || runs.last().is_none_or(|r| r.started_at < began);
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
            list.truncate(KEPT);
            *runs = Arc::new(list);
            true
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
