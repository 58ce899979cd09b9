//! Who else acts on a service, by the journal: what must end first, and what is good to know.

use jiff::Timestamp;

use super::draft::Draft;
use super::look::Look;
use super::seat::{self, Seat};
use super::words;
use crate::domain::action::Intent;
use crate::domain::problem::Problem;
use crate::domain::silence::Silence;
use crate::store::{JournalRun, Lane, RunState};

impl Look<'_> {
    /// Who else acts, by the journal.
    pub async fn others(&self, draft: &mut Draft, intent: &Intent) -> Result<(), Problem> {
        let (Some(store), Some(service)) = (self.store, intent.service()) else {
            return Ok(());
        };
        let now = Timestamp::now();
        let open = store.open_journal().await?;
        let seat = seat::of_draft(draft, self.backend);
        let (here, elsewhere): (Vec<&JournalRun>, Vec<&JournalRun>) = (open.runs.iter())
            .filter(|r| r.run.intent.service() == Some(service))
            .partition(|r| seat.other(&r.inputs).is_none());
        let lanes = Lane::awaited(intent);
        let mut lines = Vec::new();
        for r in &here {
            let mut line = line(r, now);
            // Who waits for its end wants to know that nobody works on it at present.
            if r.state == RunState::Theirs
                && let Some(silence) = Silence::of(r.lease_until, store.lease(), now)
            {
                line += &format!(", {}", silence.words(now, false));
            }
            let whose = match r.state {
                RunState::Ours => "an action of this console is under way",
                _ => "somebody is acting on it",
            };
            if r.state == RunState::Nobody {
                draft.warn(format!(
                    "left open by a console that is gone, or of unknown outcome: {line}"
                ));
            } else if lanes.contains(&Lane::of(&r.run.intent)) {
                let instead = match intent {
                    Intent::Stop { .. } => "deploy what is to run",
                    _ => "stop it",
                };
                draft.refuse(format!("{whose} already: {line} (one change, one rollback and one stop at a time: wait for its end, or {instead})"));
            } else {
                draft.warn(format!("{whose}: {line}"));
            }
            lines.push(line);
        }
        let id = service.to_string();
        for r in (open.unread.iter())
            .filter(|r| r.service.as_ref() == Some(&id) && seat.other(&r.inputs).is_none())
        {
            let line = format!(
                "{} on {}: {} (run {}), which this version of flightdeck cannot read: {}",
                r.who, r.host, r.title, r.run, r.why
            );
            if r.state == RunState::Nobody {
                draft.warn(format!("left open by a console that is gone: {line}"));
            } else if lanes.iter().any(|l| r.lane == l.word()) {
                draft.refuse(format!("somebody is acting on it already: {line}"));
            } else {
                draft.warn(format!("somebody is acting on it: {line}"));
            }
            lines.push(line);
        }
        // It waits for nothing here, and is never taken up here: that it goes on is all that is said.
        for r in (elsewhere.iter()).filter(|r| r.state != RunState::Nobody) {
            draft.warn(format!(
                "a service of the same name is acted on elsewhere ({}): {}",
                Seat::of(&r.inputs).words(),
                line(r, now)
            ));
        }
        if let Some(what) = draft.stranger.take() {
            lines.push(format!("somebody outside this console: {what}"));
        }
        let text = if lines.is_empty() {
            "nobody".to_owned()
        } else {
            lines.join("; ")
        };
        draft.fact("who else acts", text);
        Ok(())
    }
}

/// A run in a line.
fn line(r: &JournalRun, now: Timestamp) -> String {
    format!(
        "{} on {}: {}, {} ago, {}",
        r.run.who,
        r.host,
        r.run.title,
        words::ago(r.run.started_at, now),
        r.run.phase.word()
    )
}
