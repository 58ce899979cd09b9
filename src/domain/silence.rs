//! A console that says nothing any more of an action that it drives: it may be gone, or asleep. As long as its lease lasts nobody else
//! takes the action up.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// That the console that drives an action is silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Silence {
    /// When it was last heard of (UTC).
    pub since: Timestamp,
    /// Until when the action is held for it (UTC).
    pub held_until: Timestamp,
}

impl Silence {
    /// Of an action that is held until then under a lease of this length, which its console renews three times in it. Nothing as long as
    /// it may only be late.
    pub fn of(held_until: Timestamp, lease: Duration, now: Timestamp) -> Option<Self> {
        let length = SignedDuration::try_from(lease).ok()?;
        // Nothing is held: it was let go, or put aside.
        let since = held_until.checked_sub(length).ok()?;
        if since <= Timestamp::UNIX_EPOCH {
            return None;
        }
        // One renewal is missed, and more than a look at the journal is over since.
        let late = length * 4 / 9;
        (now.duration_since(since) > late).then_some(Self { since, held_until })
    }

    /// In a sentence: `its console is silent for 22s; taken over in 23s`.
    pub fn words(&self, now: Timestamp, read_only: bool) -> String {
        let seconds = |from: Timestamp, to: Timestamp| to.duration_since(from).as_secs();
        let silent = seconds(self.since, now).max(0);
        let then = match (seconds(now, self.held_until), read_only) {
            (1.., true) => format!(
                "others may take it over in {}s",
                seconds(now, self.held_until)
            ),
            (left @ 1.., false) => format!("taken over in {left}s"),
            (_, true) => "a console that may act takes it over".to_owned(),
            (_, false) => "taken over now".to_owned(),
        };
        format!("its console is silent for {silent}s; {then}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_console_is_silent_once_it_has_missed_to_say_that_it_goes_on() {
        let at = |s: i64| Timestamp::from_second(1_800_000_000 + s).unwrap();
        let lease = Duration::from_secs(45);
        let of = |now| Silence::of(at(45), lease, at(now));
        assert_eq!(of(15), None, "it renews every 15 s");
        assert_eq!(of(20), None);
        let said = |now, read_only| of(now).unwrap().words(at(now), read_only);
        assert_eq!(
            said(22, false),
            "its console is silent for 22s; taken over in 23s"
        );
        assert_eq!(
            said(46, false),
            "its console is silent for 46s; taken over now"
        );
        let others = "its console is silent for 22s; others may take it over in 23s";
        assert_eq!(said(22, true), others);
        assert_eq!(
            Silence::of(Timestamp::UNIX_EPOCH, lease, at(0)),
            None,
            "let go"
        );
    }
}
