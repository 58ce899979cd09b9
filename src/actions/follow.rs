//! Follow: read how the vendor gets on, tell what is new, until it has ended. Reads that fail are told once and tried again:
//! what was begun goes on without us.

use std::collections::HashSet;
use std::time::Duration;

use tokio::time::Instant;

use super::goal::{Goal, Sight, Step};
use super::hands::Hands;
use crate::domain::action::Phase;
use crate::domain::service::{DeploymentConfig, Service, Strategy};

/// How following ended.
#[derive(Debug)]
pub enum Followed {
    /// As asked, says ECS.
    Reached(String),
    /// Otherwise.
    Lost(String),
    /// A newer deployment took its place.
    Superseded(String),
    /// Not within the time that we give it.
    TooLong(String),
}

/// Follows a goal to its end. What bounds it is how long nothing new came, not how long it takes: a deployment with bake times
/// takes as long as its owner said.
pub async fn follow(hands: &Hands<'_>, goal: &Goal) -> Followed {
    let Some(id) = goal.service() else {
        return Followed::Reached("written".to_owned());
    };
    let began = Instant::now();
    let mut told = Told::default();
    let mut moved = Moved::at(began);
    let mut polls = 0u32;
    loop {
        match Box::pin(hands.look_at(id, goal)).await {
            (_, Some(other)) => {
                let why = format!("{other}: other credentials are in use");
                if told.elsewhere.get_or_insert_with(Instant::now).elapsed()
                    >= hands.timing.patience
                {
                    // It holds its service against those who are there now. Whoever comes back to its account takes it up again.
                    hands.note(Phase::Follow, "", &[(STOOD, ELSEWHERE)]).await;
                    return Followed::TooLong(format!("cannot look: {why}"));
                }
                told.trouble(hands, &why).await;
            }
            (Ok(sight), None) => {
                (told.trouble, told.elsewhere) = (None, None);
                told.events(hands, &sight.service).await;
                moved.rests = rests(&sight.service.deployment);
                told.own(hands, goal, &sight).await;
                match goal.judge(&sight, began.elapsed(), hands.timing.patience) {
                    Step::Reached(text) => return Followed::Reached(text),
                    Step::Lost(why) => return Followed::Lost(why),
                    Step::Superseded(why) => return Followed::Superseded(why),
                    Step::Going { done, note } => {
                        moved.stands(standing(done, &note));
                        hands.board.progress(hands.claim.run(), done);
                        told.note(hands, &note).await;
                    }
                }
            }
            (Err(p), None) => told.trouble(hands, &p.to_string()).await,
        }
        let limit = hands.timing.timeout + moved.rests;
        if moved.at.elapsed() >= limit {
            // Whoever sees it stand otherwise takes it up again.
            let stood = [(STOOD, moved.last.as_str())];
            hands.note(Phase::Follow, "", &stood).await;
            let stands = match (&told.trouble, told.last.as_str()) {
                (None, last) => last.to_owned(),
                (Some(trouble), "") => format!("cannot look: {trouble}"),
                (Some(trouble), last) => format!("{last}; cannot look: {trouble}"),
            };
            return Followed::TooLong(format!(
                "nothing new within {}: {stands}",
                super::words::span(limit),
            ));
        }
        tokio::time::sleep(pause(hands.timing, polls)).await;
        polls += 1;
    }
}

/// The mark of a run that was put aside because nothing new came: how it stood.
pub const STOOD: &str = "stood";
/// How a run stood that was put aside because the credentials in use are another account's.
const ELSEWHERE: &str = "another account";
/// The mark of a run whose call brought a deployment about: which.
pub const OWN: &str = "deployment";

/// How far something is, in a form that can be compared.
pub fn standing(done: Option<(u32, u32)>, note: &str) -> String {
    match done {
        Some((done, of)) => format!("{done} of {of}: {note}"),
        None => note.to_owned(),
    }
}

/// How long a deployment may stand still because its owner wants it to: baking, and between the steps of a traffic shift.
fn rests(config: &DeploymentConfig) -> Duration {
    if !matches!(
        config.strategy,
        Strategy::BlueGreen | Strategy::Canary | Strategy::Linear
    ) {
        // The vendor tells a bake time of the others as well, and keeps none.
        return Duration::ZERO;
    }
    let minutes = [config.bake_minutes, config.shift_minutes];
    let minutes: u32 = minutes.into_iter().flatten().fold(0, u32::saturating_add);
    Duration::from_secs(60 * u64::from(minutes))
}

/// When something new was last seen. To go back and forth between what was seen before is nothing new: tasks that start and fail
/// for ever would be followed for ever.
#[derive(Debug)]
struct Moved {
    at: Instant,
    rests: Duration,
    seen: HashSet<String>,
    last: String,
}

impl Moved {
    fn at(at: Instant) -> Self {
        Self {
            at,
            rests: Duration::ZERO,
            seen: HashSet::new(),
            last: String::new(),
        }
    }

    fn stands(&mut self, standing: String) {
        if self.seen.insert(standing.clone()) {
            self.at = Instant::now();
        }
        self.last = standing;
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
    own: Option<String>,
    events: Option<HashSet<String>>,
    /// Why it cannot be looked at, if so.
    trouble: Option<String>,
    /// Since when another account answers.
    elsewhere: Option<Instant>,
}

impl Told {
    /// Which deployment is ours, once it is known: for faces here, and for other consoles.
    async fn own(&mut self, hands: &Hands<'_>, goal: &Goal, sight: &Sight) {
        let Some(id) = goal.deployment(sight).map(|d| d.id.as_str()) else {
            return;
        };
        if self.own.as_deref() != Some(id) {
            self.own = Some(id.to_owned());
            hands.board.brought(hands.claim.run(), id);
            hands.note(Phase::Follow, "", &[(OWN, id)]).await;
        }
    }

    /// Said once, however often it changes.
    async fn trouble(&mut self, hands: &Hands<'_>, why: &str) {
        if self.trouble.replace(why.to_owned()).is_none() {
            let text = format!("cannot look at the moment, trying on: {why}");
            hands.say(Phase::Follow, &text).await;
        }
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::service::CircuitBreaker;

    #[test]
    fn what_goes_back_and_forth_is_nothing_new() {
        let mut moved = Moved::at(Instant::now());
        for (done, new) in [(1, true), (2, true), (1, false), (2, false), (3, true)] {
            let before = moved.at;
            std::thread::sleep(Duration::from_millis(1));
            moved.stands(standing(Some((done, 3)), "starting tasks"));
            assert_eq!(moved.at > before, new, "{}", moved.last);
        }
    }

    #[test]
    fn rests_that_the_owner_wants_are_no_standstill() {
        let rest = |strategy, bake_minutes, shift_minutes| {
            rests(&DeploymentConfig {
                strategy,
                minimum_healthy_percent: 100,
                maximum_percent: 200,
                circuit_breaker: CircuitBreaker {
                    enabled: true,
                    rollback: true,
                    ..CircuitBreaker::default()
                },
                alarms: vec![],
                alarms_rollback: false,
                bake_minutes,
                shift_minutes,
            })
        };
        let minutes = |n: u64| Duration::from_secs(n * 60);
        assert_eq!(rest(Strategy::BlueGreen, Some(60), None), minutes(60));
        assert_eq!(rest(Strategy::Linear, Some(60), Some(90)), minutes(150));
        assert_eq!(rest(Strategy::Linear, None, None), Duration::ZERO);
        assert_eq!(rest(Strategy::Rolling, Some(15), None), Duration::ZERO);
    }
}
