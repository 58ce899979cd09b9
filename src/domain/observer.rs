//! Who looks at criteria, and what is known of the looks that saw one failing.

use jiff::{SignedDuration, Timestamp};

use super::audit::{SignOff, Spell};

/// Who looks, by what makes one judge otherwise than another and stays the same from start to start. Nothing of it is a secret, and no part
/// holds a line's end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observer {
    /// The host, and what says what to ask: the configuration's file and the profile.
    pub machine: String,
    /// Where it asks: endpoint and region; `None`: no answer or failure has told yet, or there is no such place.
    pub place: Option<String>,
    /// As whom: account and user or role; `None` until that was answered.
    pub whom: Option<String>,
    /// `console`, which looks all the time, or `commands`, which look once each.
    pub face: &'static str,
}

impl Observer {
    /// Its name, by which the store keeps what it saw.
    pub fn name(&self) -> String {
        format!("{}{}", self.judge(), self.face)
    }

    /// What its name begins with, and that of the other face that judges the same way: what one of them sees proved, the other one
    /// would.
    pub fn judge(&self) -> String {
        let place = self.place.as_deref().unwrap_or("nowhere known");
        let whom = self.whom.as_deref().unwrap_or("nobody known");
        format!("{}\n{place}\n{whom}\n", self.machine)
    }

    /// What the names of all begin with whose looks it may remember as its own: as far as is known who it is. A console that starts while
    /// nobody answers does not know as whom it asks.
    pub fn memory(&self) -> String {
        match (&self.place, &self.whom) {
            (Some(_), Some(_)) => self.judge(),
            (Some(place), None) => format!("{}\n{place}\n", self.machine),
            (None, _) => format!("{}\n", self.machine),
        }
    }
}

/// That a criterion's probes were seen failing, by those whose looks an observer remembers, and were not seen proved since by the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastFailure {
    /// The newest look that saw it so and was put down (UTC).
    pub at: Timestamp,
    /// Whether one of these looks was of who judges the same way: a proof that it sees ends that.
    pub is_own: bool,
    /// How long who asks has seen it failing, if so.
    pub spell: Option<Spell>,
}

impl LastFailure {
    /// Looks that see the same failure are put down no more often than this, seconds, once all else is said: a word that was given that
    /// long after one was given while the probe still failed, as far as is known.
    pub const KEPT_S: i64 = 900;

    /// Whether a person's word was given when or before it was seen failing, so that the failure is what was said last.
    pub fn outranks(&self, word: &SignOff) -> bool {
        let until = self
            .at
            .saturating_add(SignedDuration::from_secs(Self::KEPT_S));
        until.is_ok_and(|until| word.at <= until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_starts_without_an_answer_remembers_what_was_seen_from_the_same_place() {
        let seen = |face, place: Option<&str>, whom: Option<&str>| Observer {
            machine: "host default file".into(),
            place: place.map(Into::into),
            whom: whom.map(Into::into),
            face,
        };
        let ops = seen("console", Some("AWS in eu-west-1"), Some("1 ops"));
        let remembers = |o: &Observer| ops.name().starts_with(&o.memory());
        for other in [
            seen("commands", Some("AWS in eu-west-1"), Some("1 ops")),
            seen("commands", Some("AWS in eu-west-1"), None),
            seen("console", None, None),
        ] {
            assert!(remembers(&other) && other.name() != ops.name(), "{other:?}");
        }
        for other in [
            seen("console", Some("AWS in eu-west-1"), Some("1 reader")),
            seen("console", Some("http://127.0.0.1:1"), None),
        ] {
            assert!(!remembers(&other), "{other:?}");
        }
    }
}
