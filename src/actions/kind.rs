//! From an intent to the file that knows it. A new intent does not compile until it has one.

use super::deploy::Deploy;
use super::draft::Draft;
use super::goal::Goal;
use super::hands::{Halt, Hands};
use super::look::Look;
use super::restart::Restart;
use super::rollback::Rollback;
use super::scale::Scale;
use super::sign_off::Word;
use super::stop::Stop;
use crate::domain::action::Intent;
use crate::domain::problem::Problem;

enum Kind<'a> {
    Deploy(Deploy<'a>),
    Rollback(Rollback<'a>),
    Scale(Scale<'a>),
    Restart(Restart<'a>),
    Stop(Stop<'a>),
    Word(Option<Word<'a>>),
}

fn of(intent: &Intent) -> Kind<'_> {
    match intent {
        Intent::Deploy {
            service,
            image,
            container,
            strategy,
        } => Kind::Deploy(Deploy {
            service,
            image,
            container: container.as_deref(),
            strategy: *strategy,
        }),
        Intent::Rollback { service, to } => Kind::Rollback(Rollback { service, to: *to }),
        Intent::Scale { service, desired } => Kind::Scale(Scale {
            service,
            desired: *desired,
        }),
        Intent::Restart { service } => Kind::Restart(Restart { service }),
        Intent::Stop { service, rollback } => Kind::Stop(Stop {
            service,
            rollback: *rollback,
        }),
        Intent::SignOff { .. } | Intent::Waive { .. } | Intent::Withdraw { .. } => {
            Kind::Word(Word::of(intent))
        }
    }
}

/// What the intent would do. On the heap, as is what it does: whoever waits for one action would hold room for the largest of all.
pub async fn draft(intent: &Intent, look: &Look<'_>) -> Result<Draft, Problem> {
    match of(intent) {
        Kind::Deploy(action) => Box::pin(action.draft(look)).await,
        Kind::Rollback(action) => Box::pin(action.draft(look)).await,
        Kind::Scale(action) => Box::pin(action.draft(look)).await,
        Kind::Restart(action) => Box::pin(action.draft(look)).await,
        Kind::Stop(action) => Box::pin(action.draft(look)).await,
        Kind::Word(Some(action)) => Box::pin(action.draft(look)).await,
        Kind::Word(None) => Ok(Draft::default()),
    }
}

/// Does it; what then is waited for.
pub async fn execute(intent: &Intent, hands: &Hands<'_>) -> Result<Goal, Halt> {
    match of(intent) {
        Kind::Deploy(action) => Box::pin(action.execute(hands)).await,
        Kind::Rollback(action) => Box::pin(action.execute(hands)).await,
        Kind::Scale(action) => Box::pin(action.execute(hands)).await,
        Kind::Restart(action) => Box::pin(action.execute(hands)).await,
        Kind::Stop(action) => Box::pin(action.execute(hands)).await,
        Kind::Word(Some(action)) => Box::pin(action.execute(hands)).await,
        Kind::Word(None) => Err(Halt::Refused("there is nothing to do".to_owned())),
    }
}
