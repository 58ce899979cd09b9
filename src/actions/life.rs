//! The life of a run from the journal on: execute, follow, verify, record. Every end passes [`record`], so no run ends unwritten.

use std::sync::Arc;
use std::time::Duration;

use super::engine::Engine;
use super::follow::{Followed, follow};
use super::goal::{Goal, STRANGER};
use super::hands::{Effect, Halt, Hands};
use super::verify::{Verified, verify};
use super::{kind, purpose, scaler};
use crate::backend::transport::errand::errand;
use crate::domain::action::{Intent, Phase};
use crate::domain::audit::Outcome;
use crate::domain::problem::{Problem, ProblemKind};
use crate::store::{Claim, Store};

/// What was confirmed.
#[derive(Clone, Debug)]
pub struct Confirmed {
    pub intent: Intent,
    pub inputs: Vec<(String, String)>,
    pub who: String,
}

/// Where a life begins.
#[derive(Clone, Debug)]
pub enum Start {
    /// A person has just confirmed it.
    Execute,
    /// Picked up: the call may or may not have been made; read whether it had its effect.
    Reconcile(Goal),
    /// Picked up: the call was made.
    Follow(Goal),
    /// Picked up: there is nothing left to do but to write how it ended.
    Record(Outcome, String),
    /// Picked up: what it came to cannot be told at present, and why. It stays in the journal.
    Park(String),
}

/// Word from outside to a life under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Go on.
    On,
    /// A person gives it up; what was begun is left as it is.
    Abandon,
    /// This console closes; somebody else may go on.
    Close,
}

#[derive(Debug)]
enum End {
    Done(Outcome, String),
    Unknown(Phase, String),
    Taken(Problem),
    Closed,
}

/// Lives a run to its end.
pub async fn live(
    engine: Arc<Engine>,
    store: Arc<Store>,
    claim: Claim,
    confirmed: Confirmed,
    start: Start,
    mut signal: tokio::sync::watch::Receiver<Signal>,
) {
    let end = {
        let hands = Hands {
            look: engine.look(),
            store: &store,
            claim: &claim,
            inputs: &confirmed.inputs,
            who: &confirmed.who,
            board: &engine.board,
            timing: &engine.timing,
            urls: &engine.config.probes.https,
            expected: engine.config.aws.expected_account.as_deref(),
        };
        tokio::select! {
            end = through(&hands, &confirmed.intent, start) => end,
            problem = keep(&store, &claim) => End::Taken(problem),
            said = signal.wait_for(|s| *s != Signal::On) => match said.map(|s| *s) {
                Ok(Signal::Abandon) => End::Done(
                    Outcome::Abandoned,
                    "given up by a person; what was begun is left as it is".to_owned(),
                ),
                _ => End::Closed,
            },
        }
    };
    record(&engine, &store, &claim, end).await;
}

async fn through(hands: &Hands<'_>, intent: &Intent, start: Start) -> End {
    // Each phase is entered before it says its first word: it may end without one.
    let enter = |phase| hands.board.line(hands.claim.run(), phase, "");
    if matches!(start, Start::Execute) {
        enter(Phase::Execute);
    }
    let goal = match start {
        // Following is no errand: it asks by the clock, and what it cannot read it reads later.
        Start::Execute => match errand(Box::pin(kind::execute(intent, hands))).await {
            Ok(goal) => goal,
            Err(Halt::Refused(why)) => return End::Done(Outcome::Refused, why),
            Err(Halt::Failed(why)) => return End::Done(Outcome::Failed, why),
            Err(Halt::Unknown(why)) => return End::Unknown(Phase::Execute, why),
            Err(Halt::Taken(p)) => return End::Taken(p),
        },
        Start::Reconcile(goal) => {
            hands
                .say(
                    Phase::Follow,
                    "picked up from the journal: looking whether the call was made",
                )
                .await;
            match hands.appears(&goal).await {
                Effect::Seen => goal,
                Effect::NotThere => {
                    return End::Done(
                        Outcome::Failed,
                        "the console that drove it ended before the call had an effect; it was not sent again".to_owned(),
                    );
                }
                Effect::Moved => {
                    return End::Unknown(
                        Phase::Follow,
                        "the console that drove it ended around its call, and the service is neither as it was before nor as asked: whether the call had an effect that is gone again cannot be told; it was not sent again".to_owned(),
                    );
                }
                Effect::CouldNotLook(p) => {
                    return End::Unknown(
                        Phase::Follow,
                        format!(
                            "nobody could look whether the call had its effect; it was not sent again: {p}"
                        ),
                    );
                }
            }
        }
        Start::Follow(goal) => {
            hands
                .say(Phase::Follow, "picked up from the journal: following on")
                .await;
            goal
        }
        Start::Record(outcome, why) => return End::Done(outcome, why),
        Start::Park(why) => return End::Unknown(Phase::Follow, why),
    };
    enter(Phase::Follow);
    match follow(hands, &goal).await {
        Followed::Lost(why) => match purpose::stopped_by(hands, &goal).await {
            Some(by) => End::Done(Outcome::Stopped, format!("{by}: {why}")),
            None => End::Done(Outcome::Failed, scaler::told(hands, &goal, why).await),
        },
        // No failure, whoever began the other: what is there now is what somebody wanted later.
        Followed::Superseded(why) => {
            let by = purpose::stopped_by(hands, &goal).await;
            let text = match (by, why.strip_suffix(STRANGER)) {
                (Some(by), Some(why)) => format!("{why}: {by}"),
                _ => why,
            };
            End::Done(Outcome::Stopped, text)
        }
        Followed::TooLong(why) => End::Unknown(Phase::Follow, why),
        Followed::Reached(text) => {
            hands.say(Phase::Follow, &text).await;
            hands.board.progress(hands.claim.run(), None);
            enter(Phase::Verify);
            match verify(hands, &goal).await {
                Verified::Well(found) if found.is_empty() => End::Done(Outcome::Succeeded, text),
                Verified::Well(found) => {
                    End::Done(Outcome::Succeeded, format!("{text}; verified: {found}"))
                }
                Verified::Ill(bad) => End::Done(
                    Outcome::Failed,
                    format!("{text}, but it does not verify: {bad}"),
                ),
                // What there is now is somebody else's to verify.
                Verified::Overtaken(why) => End::Done(
                    Outcome::Stopped,
                    format!("{text}; before it was verified, it was {why}"),
                ),
                Verified::Unread(p) => End::Unknown(
                    Phase::Verify,
                    format!("{text}, and nobody could look whether it is so: {p}"),
                ),
            }
        }
    }
}

/// Renews the lease until it is lost. A store that cannot be written for the moment is tried again: the lease may outlast it.
async fn keep(store: &Store, claim: &Claim) -> Problem {
    let every = (store.lease() / 3).max(Duration::from_millis(20));
    loop {
        tokio::time::sleep(every).await;
        match store.renew(claim).await {
            Err(p) if p.kind == ProblemKind::Conflict => return p,
            Err(p) => tracing::warn!(run = claim.run(), problem = %p, "lease not renewed"),
            Ok(()) => {}
        }
    }
}

async fn record(engine: &Engine, store: &Store, claim: &Claim, end: End) {
    let run = claim.run();
    match end {
        End::Done(outcome, detail) => {
            let (text, recorded) = match store.finish(claim, outcome, &detail).await {
                Ok(head) => {
                    let short = head.hash.get(..12).unwrap_or(&head.hash);
                    let mut text = format!("{detail} (audit row {}, {short})", head.seq);
                    if let Some(p) = store.unanchored() {
                        text += &format!("; {p}. {}", p.fix);
                    }
                    (text, true)
                }
                Err(p) => (format!("{detail}; it could NOT be recorded: {p}"), false),
            };
            // What a person says counts by its record alone: without one nothing was said.
            let is_word = engine
                .board
                .get(run)
                .is_some_and(|r| r.intent.service().is_none());
            let (outcome, text) = match recorded || !is_word {
                true => (outcome, text),
                false => (
                    Outcome::Unknown,
                    format!("{text}. It does not count until it is"),
                ),
            };
            engine.board.end(run, outcome, &text, recorded);
        }
        End::Unknown(phase, why) => {
            let text = match store.park(claim, phase, &why).await {
                Ok(()) => format!("{why}; kept in the journal, to be looked at again"),
                Err(p) => format!("{why}; it could NOT be recorded: {p}"),
            };
            engine.board.end(run, Outcome::Unknown, &text, false);
        }
        End::Taken(p) => {
            engine
                .board
                .end(run, Outcome::Unknown, &format!("{p}. {}", p.fix), false);
        }
        End::Closed => {
            let text = match store.release(claim).await {
                Ok(()) => "this console closes; the run stays in the journal".to_owned(),
                Err(p) => format!("this console closes: {p}"),
            };
            engine.board.line(run, Phase::Follow, &text);
        }
    }
    engine.forget(run);
}
