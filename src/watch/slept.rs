//! Whether this machine slept: its wall clock goes on meanwhile, and the clock that timers go by stands (clock_gettime(2),
//! CLOCK_MONOTONIC). What was known before is old then, and nothing that was put off by a timer says so.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// By how much the two clocks may part between two looks. Clocks that are steered part by far less; one that is set parts by more, and
/// ages are wrong then as well.
const APART: Duration = Duration::from_secs(10);

/// Both clocks, as they stood at the last look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clocks {
    wall: Timestamp,
    timers: Instant,
}

impl Clocks {
    /// As they stand now.
    pub(super) fn now() -> Self {
        Self {
            wall: Timestamp::now(),
            timers: Instant::now(),
        }
    }

    /// Whether they parted since the last look.
    pub(super) fn parted(&mut self, now: Self) -> bool {
        let before = std::mem::replace(self, now);
        let wall = now.wall.as_millisecond() - before.wall.as_millisecond();
        let timers = now.timers.saturating_duration_since(before.timers);
        let timers = i64::try_from(timers.as_millis()).unwrap_or(i64::MAX);
        u128::from(wall.saturating_sub(timers).unsigned_abs()) > APART.as_millis()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_asleep_is_told_from_a_quiet_minute() {
        let t0 = Clocks::now();
        let at = |wall_s: i64, timers_s: u64| Clocks {
            wall: t0.wall + jiff::SignedDuration::from_secs(wall_s),
            timers: t0.timers + Duration::from_secs(timers_s),
        };
        let mut clocks = t0;
        assert!(!clocks.parted(at(60, 60)));
        assert!(!clocks.parted(at(69, 61)), "steered");
        assert!(clocks.parted(at(36_069, 62)), "asleep for ten hours");
        assert!(!clocks.parted(at(36_070, 63)), "told once");
        assert!(clocks.parted(at(30_000, 64)), "set back");
    }
}
