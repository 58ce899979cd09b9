//! Whether this machine reaches nobody: then what it does not reach is not said to be ill.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::facts::{Facts, ProviderHealth};
use super::part::Part;
use super::probe::HttpsProbe;
use super::problem::{Problem, ProblemKind};

/// Whoever is asked every few seconds is heard at least this often.
const LATELY: SignedDuration = SignedDuration::from_secs(20);
/// The line that is asked every few seconds. Others are asked in bursts, and are silent in between.
const STEADY: &str = "ecs";
/// Calls a minute that it has then.
const OFTEN: u32 = 4;

impl ProblemKind {
    /// Whether nobody answered, so that it may lie at the way there or at its beginning.
    pub fn is_lost(self) -> bool {
        matches!(self, Self::Unreachable | Self::Timeout | Self::Offline)
    }

    /// Whether somebody answered to say so. That credentials have expired is found out on this machine as well.
    fn is_answer(self) -> bool {
        use ProblemKind::*;
        matches!(
            self,
            Throttled | Vendor | BadCredentials | Denied | NotFound
        )
    }
}

impl ProviderHealth {
    /// Whether it was not reached when it was asked last.
    fn is_lost(&self) -> bool {
        self.problem.as_ref().is_some_and(|p| p.kind.is_lost())
    }

    /// Whether it ever answered, if only to refuse: the `Date` of a refusal tells that as well.
    fn answered(&self) -> bool {
        let refused = self.problem.as_ref().is_some_and(|p| p.kind.is_answer());
        self.last_ok.is_some() || self.clock_s.is_some() || refused
    }

    /// Whether questions leave this machine for it all the time.
    fn is_asked_steadily(&self) -> bool {
        self.name == STEADY && self.calls_per_minute >= OFTEN
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
        let heard = |p: &ProviderHealth| p.answered() && !p.is_lost();
        let answers = |p: &Part<HttpsProbe>| p.fresh(self.taken_at).is_some();
        let is_lost = failure.ends_here || self.beside(owner).any(ProviderHealth::is_lost);
        is_lost && !self.beside(owner).any(heard) && !self.https.values().any(answers)
    }

    /// The same of these seconds: a system that is asked all the time and has gone silent tells it before its question is given up.
    /// One that refuses is heard: once the network goes, its next question is lost, and says so.
    pub fn hears_nobody_beside(&self, owner: &str) -> bool {
        let age = |p: &ProviderHealth| p.last_ok.map(|at| self.taken_at.duration_since(at));
        let refuses = |p: &ProviderHealth| p.is_asked_steadily() && p.problem.is_some();
        let hears = |p: &ProviderHealth| {
            !p.is_lost() && (refuses(p) || age(p).is_some_and(|age| age <= LATELY))
        };
        let silent = |p: &ProviderHealth| {
            p.is_lost() || (p.is_asked_steadily() && age(p).is_some_and(|age| age > LATELY))
        };
        self.beside(owner).any(silent) && !self.beside(owner).any(hears)
    }

    /// Whether a URL out of reach says nothing of its host in these seconds: nobody else is heard, nor did another URL answer since
    /// this one was asked in vain. An answer of just before that may be older than the cut.
    pub fn hears_nobody_but(&self, url: &str) -> bool {
        let gone = self.https.get(url);
        let last = gone.and_then(|part| part.observed_at);
        let apart = gone.map_or(Duration::ZERO, |part| part.period * 2);
        let is_since = |at: Timestamp| {
            let after = |last| Duration::try_from(at.duration_since(last));
            last.is_none_or(|last| after(last).is_ok_and(|d| d > apart))
        };
        let answers = |p: &Part<HttpsProbe>| {
            p.fresh(self.taken_at).is_some() && p.observed_at.is_some_and(is_since)
        };
        self.hears_nobody_beside("probes") && !self.https.values().any(answers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::probe::Grade;

    fn problem(kind: ProblemKind) -> Problem {
        Problem::new(kind, "redis", "w", "y", "f")
    }

    fn line(name: &str, ago_s: Option<i64>, lost: bool) -> ProviderHealth {
        let at = |ago| Timestamp::from_second(1_800_000_000 - ago).unwrap();
        ProviderHealth {
            name: name.into(),
            last_ok: ago_s.map(at),
            problem: lost.then(|| problem(ProblemKind::Unreachable)),
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
            facts.heard_nobody_beside("redis", &problem(ProblemKind::Unreachable)),
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
            ..problem(ProblemKind::Unreachable)
        };
        let nobody = |facts: &Facts| facts.heard_nobody_beside("redis", &failure);
        let mut facts = Facts::default();
        assert!(nobody(&facts), "there is nobody else");
        facts.https.insert("https://x".into(), answered(0));
        assert!(!nobody(&facts), "a host answers");
        facts.https.clear();
        facts.providers.push(line("ecs", Some(1), false));
        assert!(!nobody(&facts));
    }

    /// What a URL answered so many seconds ago.
    fn answered(ago_s: i64) -> Part<HttpsProbe> {
        let probe = HttpsProbe {
            url: "https://x".into(),
            status: 200,
            latency_ms: 1.0,
            headers: Vec::new(),
            grade: Grade {
                letter: "A".into(),
                reasons: Vec::new(),
            },
            mitigated: None,
        };
        let at = Timestamp::from_second(1_800_000_000 - ago_s).unwrap();
        Part::answered(probe, at, "https:GET", Duration::from_secs(30))
    }

    /// As long as AWS refused everything, a site that was down was none, and no server was out of reach.
    #[test]
    fn whoever_refuses_is_heard() {
        let refuses = |name: &str, ago, kind| ProviderHealth {
            problem: Some(problem(kind)),
            ..line(name, ago, false)
        };
        let lost = || line("github", None, true);
        use ProblemKind::{BadCredentials, Denied, Expired, NoCredentials, Throttled, Vendor};
        for kind in [Throttled, Vendor, BadCredentials, Denied] {
            let all = vec![refuses("ecs", Some(60), kind), lost()];
            assert_eq!(told(all), (false, false), "{kind:?}");
            let all = vec![refuses("ecs", None, kind), lost()];
            assert_eq!(told(all), (false, false), "{kind:?}");
        }
        // AWS says so itself; where this machine does, nothing leaves it.
        let mut by_aws = refuses("ecs", None, Expired);
        by_aws.clock_s = Some(0);
        assert_eq!(told(vec![by_aws, lost()]), (false, false));
        for kind in [Expired, NoCredentials] {
            let mut here = refuses("ecs", None, kind);
            here.calls_per_minute = 0;
            assert_eq!(told(vec![here, lost()]), (true, true), "{kind:?}");
        }
    }

    #[test]
    fn what_answers_since_a_url_was_asked_in_vain_shows_that_there_is_a_way() {
        let mut gone = answered(90);
        gone.error = Some(problem(ProblemKind::Timeout));
        let mut facts = Facts {
            taken_at: Timestamp::from_second(1_800_000_000).unwrap(),
            providers: vec![line("ecs", Some(90), true)],
            ..Facts::default()
        };
        facts.https.insert("https://app".into(), gone);
        let nobody = |facts: &Facts| facts.hears_nobody_but("https://app");
        assert!(nobody(&facts), "it alone is asked");
        facts.https.insert("https://x".into(), answered(10));
        assert!(!nobody(&facts));
        facts.https.insert("https://x".into(), answered(45));
        assert!(nobody(&facts), "it may have been before the cut");
    }

    #[test]
    fn what_is_asked_all_the_time_and_is_silent_tells_it_first() {
        assert_eq!(told(vec![line("ecs", Some(25), false)]), (false, true));
        let mut seldom = line("slack", Some(250), false);
        seldom.calls_per_minute = 1;
        assert_eq!(told(vec![seldom]), (false, false));
        let burst = line("github", Some(45), false);
        assert_eq!(
            told(vec![burst]),
            (false, false),
            "all at once, each minute"
        );
    }
}
