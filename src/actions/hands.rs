//! What an action may do: say something, and send a call, each of which is journalled first. Right before a call the journal
//! confirms that the run is still ours; right after a lost reply the platform is read, never asked again.

use std::time::Duration;

use tokio::time::Instant;

use super::board::Board;
use super::caller;
use super::goal::{Goal, Sight};
use super::look::{CONFIGURATION, Look, Need};
use super::seat::Seat;
use super::timing::Timing;
use super::words;
use crate::backend::aws::ecs::UpdateService;
use crate::config::HttpsTarget;
use crate::domain::action::{Permit, Phase};
use crate::domain::caller::ACCOUNT;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::service::{Service, ServiceId};
use crate::store::{Claim, Store};

/// Why an action goes no further.
#[derive(Debug)]
pub enum Halt {
    /// Nothing was called.
    Refused(String),
    /// A call was refused, or came to nothing.
    Failed(String),
    /// A call may or may not have had its effect.
    Unknown(String),
    /// The run is no longer ours.
    Taken(Problem),
}

/// What looking for a call's effect found.
#[derive(Debug)]
pub enum Effect {
    /// It is there.
    Seen,
    /// It was looked for, and all is still as before the call.
    NotThere,
    /// It was looked for, and something else is there: it may have been and gone.
    Moved,
    /// The platform could not be read: it may be there.
    CouldNotLook(Problem),
}

/// One run's hands.
#[derive(Debug)]
pub struct Hands<'a> {
    pub look: Look<'a>,
    pub store: &'a Store,
    pub claim: &'a Claim,
    pub inputs: &'a [(String, String)],
    pub who: &'a str,
    pub board: &'a Board,
    pub timing: &'a Timing,
    /// URLs that are probed, some of which verify services.
    pub urls: &'a [HttpsTarget],
    /// The account that calls may be sent to, where only one may be.
    pub expected: Option<&'a str>,
}

impl Hands<'_> {
    /// An input of the confirmed preview.
    pub fn input(&self, name: &str) -> Option<&str> {
        self.inputs
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    }

    /// Adds a line to the story, on the board and in the journal.
    pub async fn say(&self, phase: Phase, text: &str) {
        self.note(phase, text, &[]).await;
    }

    /// Adds a line and marks. A journal that cannot be written stops no watching: the line says so.
    pub async fn note(&self, phase: Phase, text: &str, marks: &[(&str, &str)]) {
        self.board.line(self.claim.run(), phase, text);
        if let Err(p) = self.store.progress(self.claim, phase, text, marks).await
            && p.kind != ProblemKind::Conflict
        {
            self.board
                .line(self.claim.run(), phase, &format!("not journalled: {p}"));
        }
    }

    /// Journals that a call is about to be made and what it is to bring about. Without this row there is no permit, and there is none
    /// for other credentials than those that it was confirmed with.
    pub async fn about_to(&self, call: &str, goal: Option<&Goal>) -> Result<Permit, Halt> {
        let asked = caller::may_send(self.look.backend, self.inputs, self.expected);
        let load = Box::pin(asked).await.map_err(Halt::Refused)?;
        let written = goal.map(|g| serde_json::to_string(g).unwrap_or_default());
        let mut marks = Vec::new();
        if let Some(goal) = &written {
            marks = vec![("goal", goal.as_str()), ("called", "about")];
        }
        self.store
            .progress(self.claim, Phase::Execute, call, &marks)
            .await
            .map_err(|p| match p.kind {
                ProblemKind::Conflict => Halt::Taken(p),
                _ => Halt::Refused(format!(
                    "it could not be journalled, so it was not done: {p}"
                )),
            })?;
        self.board.line(self.claim.run(), Phase::Execute, call);
        if let Some(revision) = goal.and_then(Goal::revision) {
            self.board.brings(self.claim.run(), revision);
        }
        if let Some(from) = goal.and_then(Goal::before) {
            self.board.scales(self.claim.run(), from);
        }
        // To write it down may take seconds: what is loaded meanwhile may be another account's.
        Ok(self.claim.permit().under(load))
    }

    /// UpdateService, read then act. The service must be as the preview said; `goal` is made from what is read right before.
    pub async fn update(
        &self,
        id: &ServiceId,
        change: UpdateService,
        call: &str,
        goal: impl FnOnce(&Sight) -> Goal,
    ) -> Result<Goal, Halt> {
        let before = Box::pin(self.look.sight_with(id, Need::All));
        let before = before.await.map_err(not_begun)?;
        Box::pin(self.update_from(before, change, call, goal)).await
    }

    /// The same, from what was read right before.
    pub async fn update_from(
        &self,
        before: Sight,
        change: UpdateService,
        call: &str,
        goal: impl FnOnce(&Sight) -> Goal,
    ) -> Result<Goal, Halt> {
        let id = &before.service.id;
        if let Some(moved) = self.moved(&before) {
            return Err(Halt::Refused(moved));
        }
        let goal = goal(&before);
        let permit = self.about_to(call, Some(&goal)).await?;
        let ecs = &self.look.backend.ecs;
        let arn = &before.service.arn;
        let answer = ecs.update_service(&permit, id, arn, change).await;
        self.settle(answer.map(drop), &goal).await?;
        Ok(goal)
    }

    /// What the reply to a mutating call means. A lost or unreadable one is settled by reading.
    pub async fn settle(&self, answer: Result<(), Problem>, goal: &Goal) -> Result<(), Halt> {
        self.board.tell_moved();
        match answer {
            Ok(()) => {}
            Err(p) if is_lost(&p) => {
                let text = format!(
                    "the reply was lost ({}): looking whether it had its effect",
                    p.why
                );
                self.say(Phase::Execute, &text).await;
                let patience = words::span(self.timing.patience);
                match self.appears(goal).await {
                    Effect::Seen => {
                        self.say(Phase::Execute, "it had: the effect is there")
                            .await;
                    }
                    Effect::NotThere | Effect::Moved => {
                        return Err(Halt::Unknown(format!(
                            "the reply was lost, and within {patience} the effect did not show"
                        )));
                    }
                    Effect::CouldNotLook(p) => {
                        return Err(Halt::Unknown(format!(
                            "the reply was lost, and within {patience} nobody could look whether it had its effect: {p}"
                        )));
                    }
                }
            }
            Err(p) => return Err(refused(&p)),
        }
        self.note(Phase::Execute, "", &[("called", "done")]).await;
        Ok(())
    }

    /// Reads until the effect shows, for as long as patience lasts. That it is not there is said only of a last look that saw
    /// something: an early one may have come before the effect.
    pub async fn appears(&self, goal: &Goal) -> Effect {
        let Some(id) = goal.service() else {
            return Effect::NotThere;
        };
        let end = Instant::now() + self.timing.patience;
        loop {
            let missed = match self.sight_of(id, goal).await {
                Ok(sight) if goal.is_visible(&sight) => return Effect::Seen,
                Ok(sight) if goal.is_untouched(&sight) => Effect::NotThere,
                Ok(_) => Effect::Moved,
                Err(p) => Effect::CouldNotLook(p),
            };
            if Instant::now() >= end {
                return missed;
            }
            tokio::time::sleep(self.timing.poll.min(Duration::from_secs(2))).await;
        }
    }

    /// Whose account a service was read in, where that is not the one that it was confirmed for.
    pub fn elsewhere(&self, service: &Service) -> Option<String> {
        caller::elsewhere(self.inputs, service)
    }

    /// What a goal is judged by, in the account that it was begun in.
    ///
    /// # Errors
    /// Where it cannot be read, or another account answers: one of the same name there is not what was changed.
    pub async fn sight_of(&self, id: &ServiceId, goal: &Goal) -> Result<Sight, Problem> {
        match Box::pin(self.look_at(id, goal)).await {
            (seen, None) => seen,
            (_, Some(why)) => Err(Problem::new(
                ProblemKind::Conflict,
                "actions",
                format!("Cannot look at {id}"),
                format!("{why}: other credentials are in use"),
                "Use credentials of the account that it was begun in.",
            )),
        }
    }

    /// What a goal is judged by, and what of it is another account's or region's, in words: one of the same name there is not what was
    /// changed, and that there is none says nothing of it.
    pub async fn look_at(
        &self,
        id: &ServiceId,
        goal: &Goal,
    ) -> (Result<Sight, Problem>, Option<String>) {
        let loads = self.look.backend.sts.loads();
        let seen = Box::pin(self.look.sight_of(id, goal)).await;
        match seen {
            Ok(sight) => {
                let other = self.elsewhere(&sight.service);
                (Ok(sight), other)
            }
            Err(p) if p.kind == ProblemKind::NotFound => Box::pin(self.absent(id, p, loads)).await,
            Err(p) => (Err(p), None),
        }
    }

    /// That there is no such service is ECS's word on the one that was changed only where it is asked with credentials of the same account,
    /// in the same region. `loads`: how often credentials had been loaded when it was asked.
    async fn absent(
        &self,
        id: &ServiceId,
        p: Problem,
        loads: u32,
    ) -> (Result<Sight, Problem>, Option<String>) {
        if self.input(ACCOUNT).is_none() {
            return (Err(p), None);
        }
        let told = caller::seat(self.look.backend).await;
        let other = told.as_ref().and_then(|(seat, _)| seat.other(self.inputs));
        let is_own = |(seat, load): &(Seat, u32)| *load == loads && seat.is_of(self.inputs);
        let is_word = other.is_some() || told.as_ref().is_some_and(is_own);
        let untold = || {
            Problem::new(
                ProblemKind::Unknown,
                "actions",
                format!("Cannot look at {id}"),
                format!(
                    "{}, and it cannot be told whether that is the account that it was begun in",
                    p.why
                ),
                "It is looked at again.",
            )
        };
        let p = if is_word { p } else { untold() };
        (Err(p), other)
    }

    /// What moved since the preview, of the inputs that a service shows.
    fn moved(&self, sight: &Sight) -> Option<String> {
        if let Some(moved) = self.elsewhere(&sight.service) {
            return Some(format!(
                "{moved}: other credentials are in use; nothing was changed"
            ));
        }
        let now = [
            (
                CONFIGURATION,
                words::configuration(&sight.service.deployment),
            ),
            ("revision", sight.service.revision.to_string()),
            ("desired count", sight.service.counts.desired.to_string()),
            ("service status", sight.service.status.clone()),
        ];
        now.into_iter().find_map(|(name, is)| {
            let was = self.input(name)?;
            (was != is).then(|| {
                format!(
                    "{name} was {was}, and is {is} now: somebody else acted; nothing was changed"
                )
            })
        })
    }
}

/// Whether the call may have had its effect although no good answer came: no answer, or one that cannot be read.
pub fn is_lost(p: &Problem) -> bool {
    matches!(
        p.kind,
        ProblemKind::Unknown | ProblemKind::Malformed | ProblemKind::Timeout | ProblemKind::Vendor
    )
}

/// What an answer means that is a refusal: of the vendor, or of this machine before anything was sent.
pub fn refused(p: &Problem) -> Halt {
    let why = format!("{p} {}", p.fix);
    match p.kind {
        ProblemKind::Refused => Halt::Refused(why),
        _ => Halt::Failed(why),
    }
}

/// A read before the first call failed.
pub fn not_begun(p: Problem) -> Halt {
    Halt::Refused(format!("{p}; nothing was changed. {}", p.fix))
}
