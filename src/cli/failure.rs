//! Why a rollout failed, at the end of a command that followed it, and below a list: what its tasks ended with, and what they said last.

use std::sync::Arc;

use super::paint::Role;
use super::session::Session;
use super::words;
use crate::domain::action::Run;
use crate::domain::audit::Outcome;
use crate::domain::failure::{Failure, FailureAsk};
use crate::domain::interest::Interest;
use crate::domain::log::Level;
use crate::domain::problem::Problem;
use crate::domain::text::inert;

/// What is to be asked about an action that failed; nothing for one that rolled nothing out.
pub fn ask(run: &Run, outcome: Outcome) -> Option<FailureAsk> {
    if outcome != Outcome::Failed {
        return None;
    }
    Some(FailureAsk {
        service: run.intent.service()?.clone(),
        deployment: run.deployment.clone().unwrap_or_else(|| run.id.clone()),
        revision: run.brings.clone()?,
        from: run.started_at,
        until: run.finished_at,
    })
}

/// Asks, once. What is not known in time is not told: how the action ended is known without it.
pub async fn of(ask: FailureAsk, session: &mut Session) -> Option<Arc<Failure>> {
    let id = ask.deployment.clone();
    let picture = session.look(vec![Interest::Failure(ask)]).await.ok()?;
    picture.facts.failures.get(&id)?.value.clone()
}

/// Writes it.
///
/// # Errors
/// Where standard output is gone.
pub fn print(failure: &Failure, session: &mut Session) -> Result<(), Problem> {
    for task in &failure.tasks {
        session.out.painted(Role::Warn, &inert(&task.words()))?;
        for line in &task.lines {
            let at = format!("  {}  ", words::clock(line.at));
            let level = format!("{:<5}  ", line.level.map_or("", Level::word));
            let role = match line.level.is_some_and(|l| l >= Level::Error) {
                true => Role::Bad,
                false => Role::Plain,
            };
            let text = inert(&line.message.join(" "));
            let pieces = [
                (Role::Dim, at.as_str()),
                (role, level.as_str()),
                (Role::Plain, text.as_str()),
            ];
            session.out.pieces(&pieces)?;
        }
        if let Some(why) = &task.unread {
            let words = format!("  its log could not be read: {}", inert(why));
            session.out.painted(Role::Dim, &words)?;
        }
    }
    Ok(())
}
