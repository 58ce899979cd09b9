//! What the cache counts: look-ups and hits follow from load as the metrics do, and a slow command comes along now and then.

use std::collections::VecDeque;

use crate::telemetry;

/// Look-ups a second at an ordinary load.
const LOOKUPS: f64 = 900.0;
/// Commands a second at an ordinary load.
const COMMANDS: f64 = 1_350.0;
/// Bytes: what a cache.r7g.large has for data.
pub(super) const LIMIT: f64 = 14_037_181_030.0;
/// Days since it was started.
const UP_DAYS: f64 = 41.0;
/// Seconds between slow commands; a worker lists all keys once in a while, which is the story's finding here.
const SLOW_EVERY_S: f64 = 97.0;
/// Slow commands that are kept.
const KEPT: usize = 128;

/// A slow command.
#[derive(Clone, Debug)]
pub(super) struct Slow {
    pub(super) id: i64,
    pub(super) at: f64,
    pub(super) micros: i64,
    pub(super) words: Vec<String>,
    pub(super) client: &'static str,
}

/// Counters and the slow log.
#[derive(Debug)]
pub struct State {
    pub(super) started: f64,
    at: f64,
    pub(super) hits: f64,
    pub(super) misses: f64,
    pub(super) commands: f64,
    pub(super) expired: f64,
    pub(super) slow: VecDeque<Slow>,
    next: i64,
}

impl State {
    /// A cache that has run for weeks.
    pub fn new(now: f64) -> Self {
        let started = now - UP_DAYS * 86_400.0;
        // What it counted before the story began, at an ordinary load and hit rate.
        let past = UP_DAYS * 86_400.0 * 0.85;
        let mut state = Self {
            started,
            at: now,
            hits: LOOKUPS * past * 0.941,
            misses: LOOKUPS * past * 0.059,
            commands: COMMANDS * past,
            expired: 30.0 * past,
            slow: VecDeque::new(),
            next: 0,
        };
        for ago in (1..=9).rev() {
            state.note(now - f64::from(ago) * SLOW_EVERY_S);
        }
        state
    }

    /// Counts what happened since the last step.
    pub fn step(&mut self, now: f64) {
        let span = (now - self.at).max(0.0);
        let begin = (self.at / SLOW_EVERY_S).floor() as i64;
        let end = (now / SLOW_EVERY_S).floor() as i64;
        for n in (begin + 1..=end).take(KEPT) {
            self.note(n as f64 * SLOW_EVERY_S);
        }
        let busy = telemetry::load(now);
        let found = telemetry::cache_hit_percent(now) / 100.0;
        self.hits += LOOKUPS * busy * span * found;
        self.misses += LOOKUPS * busy * span * (1.0 - found);
        self.commands += COMMANDS * busy * span;
        self.expired += 30.0 * busy * span;
        self.at = now;
    }

    /// By what it names itself from one start to the next: 40 hexadecimal digits.
    pub(super) fn run_id(&self) -> String {
        let of = self.started.to_bits().wrapping_mul(0x9e37_79b9_7f4a_7c15);
        format!("{of:016x}{:016x}{:08x}", of.rotate_left(29), of >> 32)
    }

    /// Share of memory in use, as its metric says.
    pub(super) fn memory(&self) -> f64 {
        LIMIT * telemetry::cache_memory_percent(self.at) / 100.0
    }

    /// Clients, as their metric says.
    pub(super) fn clients(&self) -> i64 {
        telemetry::cache_connections(self.at) as i64
    }

    /// Commands a second.
    pub(super) fn pace(&self) -> i64 {
        (COMMANDS * telemetry::load(self.at)).round() as i64
    }

    /// Keys.
    pub(super) fn keys(&self) -> i64 {
        (self.memory() / 2_310.0).round() as i64
    }

    fn note(&mut self, at: f64) {
        let turn = (at / SLOW_EVERY_S) as i64;
        let token = format!(
            "{:012x}",
            turn.unsigned_abs().wrapping_mul(0x9e37_79b9_7f4a) >> 4
        );
        let (words, micros, client) = match turn % 3 {
            0 => (vec!["KEYS".into(), "quote:*".into()], 184_000, "worker"),
            1 => (
                vec!["HGETALL".into(), format!("session:{token}")],
                12_400,
                "api",
            ),
            _ => (
                vec![
                    "ZRANGEBYSCORE".into(),
                    "quotes:recent".into(),
                    "-inf".into(),
                    "+inf".into(),
                ],
                31_700,
                "calculator",
            ),
        };
        self.slow.push_front(Slow {
            id: self.next,
            at,
            micros: micros + turn.rem_euclid(900),
            words,
            client,
        });
        self.next += 1;
        self.slow.truncate(KEPT);
    }
}
