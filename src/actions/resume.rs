//! Picking up runs whose console is gone. The journal says how far they came; ECS says what became of them.

use std::sync::{Arc, Weak};
use std::time::Duration;

use super::caller;
use super::engine::Engine;
use super::follow::{OWN, STOOD, standing};
use super::goal::{Goal, Step};
use super::life::{Confirmed, Start};
use super::seat::Seat;
use crate::domain::action::Run;
use crate::domain::audit::{Outcome, SignOff};
use crate::domain::problem::Problem;
use crate::domain::silence::Silence;
use crate::store::{JournalRun, RunState, Store};

/// How far back ended runs are shown.
const LATELY: jiff::SignedDuration = jiff::SignedDuration::from_hours(12);

/// Where a run goes on, by the marks that its console left.
pub fn start(marks: &std::collections::BTreeMap<String, String>) -> Start {
    // The mark is written right before the call: where it is there and cannot be read, the call may have been made.
    let goal: Option<Goal> = match marks.get("goal").map(|g| serde_json::from_str(g)) {
        None => None,
        Some(Ok(goal)) => Some(goal),
        Some(Err(e)) => {
            return Start::Park(format!(
                "what the console that drove it waited for cannot be read in the journal ({e}); another version of flightdeck may have written it"
            ));
        }
    };
    let called = marks.get("called").map(String::as_str);
    match (goal, called) {
        (Some(goal), Some("done")) => Start::Follow(goal),
        (Some(goal), _) => Start::Reconcile(goal),
        (None, _) => {
            let registered = match (marks.get("registered"), marks.get("registering")) {
                (Some(arn), _) => format!("; {arn} was registered, and nothing uses it"),
                (None, Some(newest)) => format!(
                    "; whether a revision newer than {newest} was registered is not known, and nothing uses it"
                ),
                (None, None) => String::new(),
            };
            Start::Record(
                Outcome::Failed,
                format!(
                    "the console that drove it ended before the service was touched{registered}"
                ),
            )
        }
    }
}

/// A run of the journal as faces see it. One that was put aside is open there, and is over here: nobody drives it.
fn as_shown(found: JournalRun) -> Run {
    let goal = found.marks.get("goal");
    let goal: Option<Goal> = goal.and_then(|g| serde_json::from_str(g).ok());
    let mut run = found.run;
    run.brings = goal.as_ref().and_then(Goal::revision).cloned();
    run.scaled_from = goal.as_ref().and_then(Goal::before);
    run.deployment = found.marks.get(OWN).cloned();
    if found.unknown {
        run.outcome = Some(Outcome::Unknown);
        run.finished_at = run.lines.last().map(|l| l.at);
    }
    run
}

/// Whether the console that drives a run has not been heard of for longer than it takes to say that it goes on.
fn silent(found: &JournalRun, store: &Store) -> Option<Silence> {
    Silence::of(found.lease_until, store.lease(), jiff::Timestamp::now())
}

/// Where a run about a person's word goes on, by what the store says of the word.
fn word_start(kept: Result<Option<SignOff>, Problem>) -> Start {
    match kept {
        Ok(Some(s)) => Start::Follow(Goal::Word {
            criterion: s.criterion,
        }),
        Ok(None) => Start::Record(
            Outcome::Failed,
            "the console that drove it ended before the word was written".to_owned(),
        ),
        Err(p) => Start::Park(format!("whether the word was written cannot be read: {p}")),
    }
}

impl Engine {
    /// Looks through the journal once: takes what nobody drives, shows what others drive. Returns how many were taken.
    pub(super) async fn pick_up(self: &Arc<Self>, also_unknown: bool) -> Result<usize, Problem> {
        let Some(store) = self.store.clone() else {
            return Ok(0);
        };
        // One that cannot be read is left to the console that can; previews name it, since it may lock its service.
        let mut runs = store.open_runs().await?;
        self.settle_strangers(&store, &runs).await;
        let (seat, is_new) = self.seat().await;
        if is_new {
            self.drop_others(&store, &seat).await;
        }
        // Their services are not those that are looked at here, and nobody here can tell what became of them.
        runs.retain(|found| seat.other(&found.inputs).is_none());
        let mut taken = 0;
        for found in runs {
            match found.state {
                RunState::Nobody if self.may_take(&found, also_unknown).await => {
                    if let Some(claim) = store.take_over(&found.run.id).await? {
                        let confirmed = Confirmed {
                            intent: found.run.intent.clone(),
                            inputs: found.inputs.clone(),
                            who: found.run.who.clone(),
                        };
                        let start = match found.run.intent.service() {
                            Some(_) => start(&found.marks),
                            None => self.resume_word(&store, &found).await,
                        };
                        let mut run = as_shown(found);
                        // Somebody drives it again.
                        (run.outcome, run.finished_at) = (None, None);
                        run.reattached = true;
                        self.board.put(run);
                        self.drive(store.clone(), claim, confirmed, start);
                        taken += 1;
                    }
                }
                RunState::Nobody | RunState::Theirs => {
                    let silent = silent(&found, &store);
                    let mut run = as_shown(found);
                    run.silent = silent.filter(|_| run.goes_on());
                    if !self.is_driving(&run.id) {
                        self.board.put(run);
                    }
                }
                RunState::Ours | RunState::Closed => {}
            }
        }
        self.show_ended(&store, &seat).await;
        Ok(taken)
    }

    /// Shows what ended lately on the services that are looked at, whoever drove it: a command may begin and end between two looks, and a console that has just been opened
    /// has seen none of it.
    async fn show_ended(&self, store: &Store, seat: &Seat) {
        let since = jiff::Timestamp::now()
            .saturating_sub(LATELY)
            .unwrap_or_default();
        let ended = match store.ended_since(since, seat).await {
            Ok(ended) => ended,
            Err(p) => return tracing::warn!(problem = %p, "what ended lately is not shown"),
        };
        for (id, at) in ended {
            if !self.is_driving(&id)
                && self.board.lacks(&id, at)
                && let Some(found) = store.ended_run(&id).await
                && seat.other(&found.inputs).is_none()
            {
                self.board.put(as_shown(found));
            }
        }
    }

    /// Takes runs from the board that are of another seat than this console's is by now, but for its own that go on.
    async fn drop_others(&self, store: &Store, seat: &Seat) {
        let board = self.board.runs();
        let shown: Vec<String> = board.borrow().iter().map(|r| r.id.clone()).collect();
        for id in shown.into_iter().filter(|id| !self.is_driving(id)) {
            if let Ok(Some(found)) = store.journal_run(&id).await
                && seat.other(&found.inputs).is_some()
            {
                self.board.remove(&id);
            }
        }
    }

    /// A start takes up what is unknown once more; not what was put aside as standing still, or each start of a console would lock a
    /// stuck service against the deploy that mends it.
    async fn may_take(&self, found: &JournalRun, also_unknown: bool) -> bool {
        let was_lost = found.unknown && !found.marks.contains_key(STOOD);
        !self.config.read_only
            && !self.is_driving(&found.run.id)
            && (!found.unknown || (also_unknown && was_lost) || self.has_moved(found).await)
    }

    /// Whether a run that was put aside because nothing new came has moved since. It is looked at without being held: as long as it
    /// stands still it locks nothing.
    async fn has_moved(&self, found: &JournalRun) -> bool {
        let Some(stood) = found.marks.get(STOOD) else {
            return false;
        };
        let (Start::Follow(goal) | Start::Reconcile(goal)) = start(&found.marks) else {
            return false;
        };
        let Some(id) = goal.service().filter(|_| self.may_peek(&found.run.id)) else {
            return false;
        };
        let Ok(sight) = self.look().sight_of(id, &goal).await else {
            return false;
        };
        // One of the same name in another account stands otherwise, and is not what was changed.
        if caller::elsewhere(&found.inputs, &sight.service).is_some() {
            return false;
        }
        match goal.judge(&sight, Duration::MAX, self.timing.patience) {
            Step::Going { done, note } => standing(done, &note) != *stood,
            Step::Reached(_) | Step::Lost(_) | Step::Superseded(_) => true,
        }
    }

    /// A word is written or it is not.
    async fn resume_word(&self, store: &Store, found: &JournalRun) -> Start {
        word_start(store.signoff_of(&found.run.id).await)
    }

    /// Runs of others on the board that are open no more end there as they ended in the journal.
    async fn settle_strangers(&self, store: &Store, open: &[JournalRun]) {
        let board = self.board.runs();
        let gone: Vec<String> = board
            .borrow()
            .iter()
            .filter(|r| !r.recorded && !self.is_driving(&r.id))
            .filter(|r| !open.iter().any(|o| o.run.id == r.id))
            .map(|r| r.id.clone())
            .collect();
        for id in gone {
            if let Ok(Some(found)) = store.journal_run(&id).await {
                self.board.put(as_shown(found));
            }
        }
    }
}

/// What a console that was killed did not anchor is anchored once, with a row that says so. A read-only console adds no row.
pub async fn catch_up(engine: Weak<Engine>) {
    let Some(engine) = engine.upgrade() else {
        return;
    };
    let Some(store) = engine.store.clone().filter(|_| !engine.config.read_only) else {
        return;
    };
    let caller = caller::ask(&engine.backend).await;
    match store.catch_up(&caller::named(caller.as_ref())).await {
        Ok(None) => {}
        Ok(Some((from, to))) => {
            tracing::warn!(from, to, "audit rows were not anchored; they are now")
        }
        Err(p) => tracing::warn!(problem = %p, "the head file of the audit trail still lags"),
    }
}

/// Looks again and again, as long as the engine lives: leases of consoles that died lapse later than we started.
pub async fn sweep(engine: Weak<Engine>, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        let Some(engine) = engine.upgrade() else {
            return;
        };
        if engine.is_closing() {
            return;
        }
        if let Err(p) = engine.pick_up(false).await {
            tracing::warn!(problem = %p, "journal not read");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::problem::ProblemKind;

    #[test]
    fn marks_say_where_to_go_on() {
        let service = crate::domain::service::ServiceId {
            cluster: "c".into(),
            name: "s".into(),
        };
        let goal = Goal::Count {
            before: Some(6),
            service,
            desired: 3,
        };
        let text = serde_json::to_string(&goal).unwrap();
        let marks = |pairs: &[(&str, &str)]| {
            start(
                &pairs
                    .iter()
                    .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
                    .collect(),
            )
        };
        assert!(
            matches!(marks(&[("goal", &text), ("called", "done")]), Start::Follow(g) if g == goal)
        );
        assert!(matches!(
            marks(&[("goal", &text), ("called", "about")]),
            Start::Reconcile(_)
        ));
        let Start::Record(Outcome::Failed, why) = marks(&[("registered", "api:43")]) else {
            panic!("it must not go on");
        };
        assert!(why.contains("api:43"));
        for unreadable in ["", "{\"goal\":\"of tomorrow\"}"] {
            for called in ["about", "done"] {
                assert!(
                    matches!(
                        marks(&[("goal", unreadable), ("called", called)]),
                        Start::Park(_)
                    ),
                    "{unreadable} {called}: the call may have been made"
                );
            }
        }
    }

    #[test]
    fn a_store_that_cannot_be_read_does_not_say_that_a_word_is_missing() {
        let broken = Problem::new(ProblemKind::Store, "store", "Cannot read", "locked", "");
        assert!(matches!(word_start(Err(broken)), Start::Park(_)));
        assert!(matches!(
            word_start(Ok(None)),
            Start::Record(Outcome::Failed, _)
        ));
    }
}
