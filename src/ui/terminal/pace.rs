//! When the next frame may be drawn: at most 60 a second for what vendors say, and as many for what a person does, counted apart, so that
//! the answer to a key never waits because a vendor's answer was drawn just before it.

use std::time::{Duration, Instant};

/// Shortest time between two frames for the same cause.
const FRAME: Duration = Duration::from_millis(16);

/// What a frame is drawn for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A picture, a tick, a word that goes away.
    Data,
    /// A key, a click, a new size.
    Person,
}

/// What is to be drawn and when the last frames were.
#[derive(Debug, Default)]
pub struct Pace {
    due: Option<Cause>,
    data: Option<Instant>,
    person: Option<Instant>,
}

impl Pace {
    /// Something changed. A person's cause is not lost by a later one.
    pub fn changed(&mut self, cause: Cause) {
        if self.due != Some(Cause::Person) {
            self.due = Some(cause);
        }
    }

    /// How long until what is due may be drawn; `None` while nothing is due.
    pub fn wait(&self, now: Instant) -> Option<Duration> {
        let last = match self.due? {
            Cause::Person => self.person,
            Cause::Data => self.data.max(self.person),
        };
        Some(last.map_or(Duration::ZERO, |last| {
            FRAME.saturating_sub(now.saturating_duration_since(last))
        }))
    }

    /// A frame was drawn: nothing is due any more.
    pub fn drew(&mut self, now: Instant) {
        match self.due.take() {
            Some(Cause::Person) => self.person = Some(now),
            _ => self.data = Some(now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_does_not_wait_for_the_frame_of_a_picture_and_a_picture_waits_for_both() {
        let start = Instant::now();
        let after = |ms| start + Duration::from_millis(ms);
        let mut pace = Pace::default();
        assert_eq!(pace.wait(start), None);
        pace.changed(Cause::Data);
        assert_eq!(pace.wait(start), Some(Duration::ZERO));
        pace.drew(start);
        assert_eq!(pace.wait(start), None);

        pace.changed(Cause::Data);
        assert_eq!(pace.wait(after(1)), Some(Duration::from_millis(15)));
        pace.changed(Cause::Person);
        assert_eq!(pace.wait(after(1)), Some(Duration::ZERO));
        pace.changed(Cause::Data);
        assert_eq!(
            pace.wait(after(1)),
            Some(Duration::ZERO),
            "a key is due still"
        );
        pace.drew(after(1));

        // Keys are counted among themselves: one held down gives 60 frames a second.
        pace.changed(Cause::Person);
        assert_eq!(pace.wait(after(2)), Some(Duration::from_millis(15)));
        pace.drew(after(17));
        pace.changed(Cause::Data);
        assert_eq!(pace.wait(after(18)), Some(Duration::from_millis(15)));
    }
}
