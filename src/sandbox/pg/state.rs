//! What the databases count and show: connections and statements follow from load as the metrics and Performance Insights do, and a
//! release that fails what it serves has begun a migration whose lock the others wait for.

use super::answer::{Base, Lock, View};
use crate::estate::performance::STATEMENTS;
use crate::telemetry;
use crate::world::World;

/// Days since production's server was started; its last maintenance.
pub(super) const UP_DAYS: f64 = 9.19;
/// Transactions a second at an ordinary load, and the share of them that is taken back.
const COMMITS: f64 = 118.0;
const TAKEN_BACK: f64 = 0.004;
/// Blocks a second at an ordinary load, and the share of them that is found in the server's own cache.
const BLOCKS: f64 = 21_000.0;
const FOUND: f64 = 0.987;
/// The mean load of a day.
const ORDINARY: f64 = 0.85;
/// The cluster whose releases reach production's database.
const CLUSTER: &str = "laser-prod";

/// What a kind of statement came to so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum {
    pub(super) calls: f64,
    pub(super) total_ms: f64,
    pub(super) max_ms: f64,
}

/// Counters.
#[derive(Debug)]
pub struct State {
    started: f64,
    at: f64,
    commits: f64,
    blocks: f64,
    sums: Vec<Sum>,
    lock_since: Option<f64>,
}

impl State {
    /// A server that has run since its last maintenance.
    pub fn new(now: f64) -> Self {
        let past = UP_DAYS * 86_400.0 * ORDINARY;
        let sums = STATEMENTS.iter().map(|s| {
            let (calls, ms) = s.at(now);
            let calls = calls / telemetry::load(now) * past;
            Sum {
                calls,
                total_ms: calls * ms,
                max_ms: ms * 4.2,
            }
        });
        Self {
            started: now - UP_DAYS * 86_400.0,
            at: now,
            commits: COMMITS * past,
            blocks: BLOCKS * past,
            sums: sums.collect(),
            lock_since: None,
        }
    }

    /// Counts what happened since the last step.
    pub fn step(&mut self, world: &World) {
        let now = world.stamp();
        let span = (now - self.at).max(0.0);
        let busy = telemetry::load(now);
        self.commits += COMMITS * busy * span;
        self.blocks += BLOCKS * busy * span;
        for (statement, sum) in STATEMENTS.iter().zip(&mut self.sums) {
            let (calls, ms) = statement.at(now);
            sum.calls += calls * span;
            sum.total_ms += calls * span * ms;
            sum.max_ms = sum.max_ms.max(ms * 2.0);
        }
        // The migration goes, and with it its lock, when the last task of the release does.
        let bad = world
            .services
            .of(CLUSTER)
            .flat_map(|(key, _)| world.tasks_of(key))
            .any(|t| t.is_running() && t.is_bad());
        self.lock_since = match (bad, self.lock_since) {
            (true, since) => since.or(Some(now)),
            (false, _) => None,
        };
        self.at = now;
    }

    /// What can be seen of a database now.
    pub(super) fn view(&self, base: Base) -> View {
        let (now, busy) = (self.at, telemetry::load(self.at));
        // Staging has what production has, a hundredth of it.
        let part = base.share();
        let connections = match base {
            Base::Production => {
                let begun = self.started + UP_DAYS * 86_400.0;
                telemetry::database_connections(now, begun)
            }
            Base::Staging => 6.0 + (4.0 * busy).round(),
        };
        let shown = |sum: &Sum| Sum {
            calls: (sum.calls * part).round(),
            total_ms: sum.total_ms * part,
            ..*sum
        };
        View {
            base,
            now,
            started: self.started,
            connections: connections as i64,
            sessions: STATEMENTS.iter().map(|s| s.sessions(now) * part).collect(),
            commits: (self.commits * part) as i64,
            rollbacks: (self.commits * part * TAKEN_BACK) as i64,
            hit: (self.blocks * part * FOUND) as i64,
            read: (self.blocks * part * (1.0 - FOUND)) as i64,
            sums: self.sums.iter().map(shown).collect(),
            lock: match base {
                Base::Production => self.lock_since.map(|since| Lock { since }),
                Base::Staging => None,
            },
            lag_s: telemetry::replica_lag(now).max(0.0),
            used: telemetry::database_used(now) * part,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::story;

    #[test]
    fn a_release_that_fails_holds_a_lock_as_long_as_it_runs() {
        let mut world = World::new(7, 1.0, 1_800_000_000.0);
        story::tell(&mut world);
        let mut state = State::new(world.stamp());
        state.step(&world);
        assert!(state.view(Base::Production).lock.is_none());
        let key = world
            .tasks
            .iter()
            .find(|(_, t)| t.service.0 == CLUSTER && t.is_running())
            .map(|(id, _)| id.clone())
            .unwrap();
        let good = world.tasks[&key].image.clone();
        world.tasks.get_mut(&key).unwrap().image = "registry/api:9.0.0-bad".into();
        state.step(&world);
        assert!(state.view(Base::Production).lock.is_some());
        // Staging's database is another.
        assert!(state.view(Base::Staging).lock.is_none());
        world.tasks.get_mut(&key).unwrap().image = good;
        state.step(&world);
        assert!(state.view(Base::Production).lock.is_none());
    }
}
