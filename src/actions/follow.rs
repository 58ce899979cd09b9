//! Follow: read how the vendor gets on, tell what is new, until it has ended. Reads that fail are told once and tried again:
//! what was begun goes on without us.

use std::collections::HashSet;
use std::time::Duration;

use tokio::time::Instant;

use super::goal::{Goal, Step};
use super::hands::Hands;
use crate::domain::action::Phase;
use crate::domain::service::Service;

/// How following ended.
#[derive(Debug)]
pub enum Followed {
    /// As asked, says ECS.
    Reached(String),
    /// Otherwise.
    Lost(String),
    /// Not within the time that we give it.
    TooLong(String),
}

/// Follows a goal to its end.
pub async fn follow(hands: &Hands<'_>, goal: &Goal) -> Followed {
    let Some(id) = goal.service() else {
        return Followed::Reached("written".to_owned());
    };
    let began = Instant::now();
    let mut told = Told::default();
    let mut polls = 0u32;
    loop {
        match hands.look.sight(id).await {
            Ok(sight) => {
                told.trouble = false;
                told.events(hands, &sight.service).await;
                match goal.judge(&sight, began.elapsed(), hands.timing.patience) {
                    Step::Reached(text) => return Followed::Reached(text),
                    Step::Lost(why) => return Followed::Lost(why),
                    Step::Going { done, note } => {
                        hands.board.progress(hands.claim.run(), done);
                        told.note(hands, &note).await;
                    }
                }
            }
            Err(p) if !told.trouble => {
                told.trouble = true;
                let text = format!("cannot look at the moment, trying on: {p}");
                hands.say(Phase::Follow, &text).await;
            }
            Err(_) => {}
        }
        if began.elapsed() >= hands.timing.timeout {
            return Followed::TooLong(format!(
                "no end within {}: {}",
                super::words::span(hands.timing.timeout),
                told.last
            ));
        }
        tokio::time::sleep(pause(hands.timing, polls)).await;
        polls += 1;
    }
}

/// Fast at first, when most is to be seen, then at the steady pace.
fn pause(timing: &super::Timing, polls: u32) -> Duration {
    if polls < 10 {
        timing.poll / 4
    } else {
        timing.poll
    }
}

/// What has been told already.
#[derive(Debug, Default)]
struct Told {
    last: String,
    events: Option<HashSet<String>>,
    trouble: bool,
}

impl Told {
    async fn note(&mut self, hands: &Hands<'_>, note: &str) {
        if self.last != note {
            note.clone_into(&mut self.last);
            hands.say(Phase::Follow, note).await;
        }
    }

    /// The vendor's events since we began to look, oldest first. Those that were there at the first look are old news: their
    /// times are the vendor's, and its clock need not be ours.
    async fn events(&mut self, hands: &Hands<'_>, service: &Service) {
        let Some(known) = &mut self.events else {
            self.events = Some(service.events.iter().map(|e| e.id.clone()).collect());
            return;
        };
        let mut fresh = Vec::new();
        for event in service.events.iter().rev() {
            if known.insert(event.id.clone()) {
                fresh.push(event.message.clone());
            }
        }
        for message in fresh {
            hands.say(Phase::Follow, &message).await;
        }
    }
}
