//! When the watch works out again what is wanted, and when it asks for everything because somebody wants it anew.

use std::time::Duration;

use tokio::time::Instant;

/// The longest sleep: meters run down and proofs expire without anybody answering.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(5);
/// Shortest time between two looks at what is wanted when nobody waits: after each answer of an idle console it would be the dearest
/// thing that it does.
pub(super) const CALMLY_WANTED_APART: Duration = Duration::from_secs(1);

/// When what is wanted was last worked out, and whether anything has changed since.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Agenda {
    made: Option<Instant>,
    /// Whether something was answered or asked for since.
    pub(super) changed: bool,
}

impl Agenda {
    /// When it is to be worked out again: what is wanted changes with the time of day as well, slowly.
    pub(super) fn due(&self, now: Instant, apart: Duration) -> Instant {
        let Some(made) = self.made else { return now };
        made + if self.changed { apart } else { HEARTBEAT }
    }

    /// It was worked out.
    pub(super) fn made(&mut self, now: Instant) {
        *self = Self {
            made: Some(now),
            changed: false,
        };
    }
}

/// What people ask for anew, held within the budget: presses while one is being answered are one press, answered after it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Refresh {
    last: Option<Instant>,
    pub(super) wanted: bool,
}

impl Refresh {
    /// When everything is to be asked; `gap` is what lies between two times at least.
    pub(super) fn due(&self, now: Instant, gap: impl FnOnce() -> Duration) -> Option<Instant> {
        self.wanted
            .then(|| self.last.map_or(now, |last| (last + gap()).max(now)))
    }

    /// Whether it is time; then the next one is a gap away.
    pub(super) fn take(&mut self, now: Instant, gap: impl FnOnce() -> Duration) -> bool {
        let is_due = self.due(now, gap).is_some_and(|at| at <= now);
        if is_due {
            *self = Self {
                last: Some(now),
                wanted: false,
            };
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_is_worked_out_after_news_and_at_most_once_a_second_where_nobody_waits() {
        let t0 = Instant::now();
        let at = |ms| t0 + Duration::from_millis(ms);
        let mut agenda = Agenda::default();
        assert_eq!(agenda.due(t0, CALMLY_WANTED_APART), t0, "never yet");
        agenda.made(t0);
        assert_eq!(agenda.due(at(10), Duration::ZERO), t0 + HEARTBEAT);
        agenda.changed = true;
        assert_eq!(agenda.due(at(10), Duration::ZERO), t0);
        assert_eq!(agenda.due(at(10), CALMLY_WANTED_APART), at(1_000));
    }

    #[test]
    fn a_key_held_down_is_answered_at_once_and_then_by_the_budget() {
        let (gap, t0) = (Duration::from_secs(5), Instant::now());
        let mut refresh = Refresh::default();
        let mut taken = Vec::new();
        for ms in (0..12_000).step_by(10) {
            refresh.wanted |= ms < 7_000;
            if refresh.take(t0 + Duration::from_millis(ms), || gap) {
                taken.push(ms);
            }
        }
        assert_eq!(taken, [0, 5_000, 10_000]);
    }
}
