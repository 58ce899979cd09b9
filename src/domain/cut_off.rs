//! Whether this machine reaches nobody: then what it does not reach is not said to be ill.

use jiff::SignedDuration;

use super::facts::{Facts, ProviderHealth};
use super::problem::{Problem, ProblemKind};

/// Whoever is asked every few seconds is heard at least this often.
const LATELY: SignedDuration = SignedDuration::from_secs(20);
/// Calls a minute from which a system would have been heard by then.
const OFTEN: u32 = 4;

impl ProblemKind {
    /// Whether nobody answered, so that it may lie at the way there or at its beginning.
    pub fn is_lost(self) -> bool {
        matches!(self, Self::Unreachable | Self::Timeout | Self::Offline)
    }
}

impl ProviderHealth {
    /// Whether it was not reached when it was asked last.
    fn is_lost(&self) -> bool {
        self.problem.as_ref().is_some_and(|p| p.kind.is_lost())
    }
}

impl Facts {
    /// Systems beside this owner's. Probes ask the hosts that are in question, and a resolver may answer out of its memory.
    fn beside<'a>(&'a self, owner: &'a str) -> impl Iterator<Item = &'a ProviderHealth> {
        let is_other = move |p: &&ProviderHealth| {
            p.configured && ![owner, "probes", "store"].contains(&p.owner())
        };
        self.providers.iter().filter(is_other)
    }

    /// Whether a failure of this owner's (`postgres`, `probes`) is no other one's than this machine's: of all other systems none was
    /// heard when it was asked, and some were out of reach as well, or the way ended here.
    pub fn heard_nobody_beside(&self, owner: &str, failure: &Problem) -> bool {
        let heard = |p: &ProviderHealth| p.last_ok.is_some() && !p.is_lost();
        let is_lost = failure.ends_here || self.beside(owner).any(ProviderHealth::is_lost);
        is_lost && !self.beside(owner).any(heard)
    }

    /// The same of these seconds: a system that is asked all the time and has gone silent tells it before its question is given up.
    pub fn hears_nobody_beside(&self, owner: &str) -> bool {
        let age = |p: &ProviderHealth| p.last_ok.map(|at| self.taken_at.duration_since(at));
        let hears = |p: &ProviderHealth| !p.is_lost() && age(p).is_some_and(|age| age <= LATELY);
        let silent = |p: &ProviderHealth| {
            p.is_lost() || (p.calls_per_minute >= OFTEN && age(p).is_some_and(|age| age > LATELY))
        };
        self.beside(owner).any(silent) && !self.beside(owner).any(hears)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn problem() -> Problem {
        Problem::new(ProblemKind::Unreachable, "redis", "w", "y", "f")
    }

    fn line(name: &str, ago_s: Option<i64>, lost: bool) -> ProviderHealth {
        let at = |ago| Timestamp::from_second(1_800_000_000 - ago).unwrap();
        ProviderHealth {
            name: name.into(),
            last_ok: ago_s.map(at),
            problem: lost.then(|| Problem::new(ProblemKind::Unreachable, name, "w", "y", "f")),
            next_try: None,
            calls_per_minute: 12,
            metered: None,
            latency_ms: None,
            clock_s: None,
            configured: true,
        }
    }

    fn told(providers: Vec<ProviderHealth>) -> (bool, bool) {
        let facts = Facts {
            taken_at: Timestamp::from_second(1_800_000_000).unwrap(),
            providers,
            ..Facts::default()
        };
        (
            facts.heard_nobody_beside("redis", &problem()),
            facts.hears_nobody_beside("redis"),
        )
    }

    #[test]
    fn who_reaches_one_other_system_is_not_cut_off() {
        let ecs = |ago, lost| line("ecs", ago, lost);
        assert_eq!(told(vec![]), (false, false), "nobody else is asked");
        assert_eq!(told(vec![ecs(None, true)]), (true, true));
        let all = vec![ecs(Some(90), true), line("slack", Some(1), false)];
        assert_eq!(told(all), (false, false));
        let own = vec![line("redis", None, true), ecs(Some(1), false)];
        assert_eq!(told(own), (false, false));
        let memory = ["dns", "store"].map(|name| line(name, Some(1), false));
        let all = memory.into_iter().chain([ecs(Some(90), true)]).collect();
        assert_eq!(told(all), (true, true), "neither is the network");
    }

    #[test]
    fn a_way_that_ends_here_is_enough_where_nobody_is_heard() {
        let failure = Problem {
            ends_here: true,
            ..problem()
        };
        let nobody = |facts: &Facts| facts.heard_nobody_beside("redis", &failure);
        let mut facts = Facts::default();
        assert!(nobody(&facts), "there is nobody else");
        facts.providers.push(line("ecs", Some(1), false));
        assert!(!nobody(&facts));
    }

    #[test]
    fn what_is_asked_all_the_time_and_is_silent_tells_it_first() {
        assert_eq!(told(vec![line("ecs", Some(25), false)]), (false, true));
        let mut seldom = line("slack", Some(250), false);
        seldom.calls_per_minute = 1;
        assert_eq!(told(vec![seldom]), (false, false));
    }
}
