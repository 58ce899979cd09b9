//! When a picture is published, and what is worked out for it: providers, the checklist.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::picture::Picture;
use super::scope::Scope;
use super::{Snapshot, authors};
use crate::backend::Backend;
use crate::domain::audit::ChainVerdict;
use crate::domain::facts::{Facts, ProviderHealth};
use crate::domain::problem::{Problem, ProblemKind};
use crate::plan::{self, Checklist, Plan};

/// Shortest time between two pictures while somebody waits for them: at most twenty a second.
const APART: Duration = Duration::from_millis(50);
/// Shortest time between two pictures when nobody touched anything for a while, but something moves.
const LIVELY_APART: Duration = Duration::from_secs(1);
/// Shortest time between two pictures when nobody touched anything, nothing moves and no state changed: what is left are figures and ages,
/// and an idle console costs next to nothing.
const CALM_APART: Duration = Duration::from_secs(5);
/// How long somebody is taken to wait, after something was touched.
const WAITING: Duration = Duration::from_secs(8);
/// Shortest time between two judgements of the plan while somebody waits for them.
const JUDGED_APART: Duration = Duration::from_secs(3);
/// The same in the first moments.
const FIRST_JUDGED_APART: Duration = Duration::from_millis(700);
/// How long those last.
const FIRST: Duration = Duration::from_secs(20);
/// The same when nobody touched anything for a while: judging all of it is the dearest thing that an idle console does.
const CALMLY_JUDGED_APART: Duration = Duration::from_secs(20);
/// Shortest time between two looks at what the plan wants asked, while somebody waits or something moves: else it is looked at when the
/// plan is judged.
const NEEDS_APART: Duration = Duration::from_secs(2);

/// Gathers news into pictures.
#[derive(Debug)]
pub struct Publisher {
    plan: Arc<Plan>,
    news_since: Option<Instant>,
    published: Option<Instant>,
    hurried: Option<Instant>,
    lively: bool,
    urgent: bool,
    /// A state changed and the plan was not judged since.
    owed: bool,
    pulse: u64,
    needs_at: Option<Instant>,
    judged: Option<(Instant, Arc<Checklist>)>,
    begun: Instant,
}

impl Publisher {
    /// Judges by a plan.
    pub fn new(plan: Arc<Plan>) -> Self {
        Self {
            plan,
            news_since: None,
            published: None,
            hurried: None,
            lively: false,
            urgent: false,
            owed: false,
            pulse: 0,
            needs_at: None,
            judged: None,
            begun: Instant::now(),
        }
    }

    /// Somebody touched something and waits for what comes of it.
    pub fn hurry(&mut self, now: Instant) {
        self.hurried = Some(now);
    }

    /// What somebody waits for is known: the next picture is not put off.
    pub fn urge(&mut self) {
        self.urgent = true;
    }

    /// Something was answered: where that changed a state, the next picture is not put off, and the plan is judged soon.
    pub fn feel(&mut self, picture: &Picture) {
        if picture.pulse() != self.pulse {
            self.urgent = true;
            self.owed = true;
        }
    }

    /// The next picture's checklist is judged anew.
    pub fn rejudge(&mut self) {
        self.judged = None;
    }

    fn apart(&self, now: Instant) -> Duration {
        match self.hurried {
            Some(at) if now.duration_since(at) < WAITING => APART,
            _ if self.lively || self.urgent => LIVELY_APART,
            _ => CALM_APART,
        }
    }

    /// Whether nobody waits for anything and nothing moves.
    pub fn is_calm(&self, now: Instant) -> bool {
        self.apart(now) == CALM_APART
    }

    /// Shortest time between two judgements while somebody waits: in the first moments, when most answers come and what was judged
    /// before them says little, it is shorter.
    fn judged_apart(&self) -> Duration {
        let waits = self.judged.as_ref().is_some_and(|(_, c)| c.waiting() > 0);
        match waits && self.begun.elapsed() < FIRST {
            true => FIRST_JUDGED_APART,
            false => JUDGED_APART,
        }
    }

    /// There is something to publish.
    pub fn news(&mut self, now: Instant) {
        self.news_since.get_or_insert(now);
    }

    /// Nothing came for a while: publishes all the same once the last picture is this old.
    pub fn beat(&mut self, now: Instant, age: Duration) {
        if self
            .published
            .is_none_or(|at| now.duration_since(at) >= age)
        {
            self.news(now);
        }
    }

    /// When the next picture is due, if there is news.
    pub fn due(&self) -> Option<Instant> {
        let news = self.news_since.map(|since| {
            let apart = self.apart(since);
            self.published.map_or(since, |at| since.max(at + apart))
        });
        let owed = self.judged.as_ref().filter(|_| self.owed);
        let judgement = owed.map(|(at, _)| *at + self.judged_apart());
        news.into_iter().chain(judgement).min()
    }

    /// Whether a picture is due.
    pub fn is_due(&self, now: Instant) -> bool {
        self.due().is_some_and(|at| at <= now)
    }

    /// Makes the picture.
    pub fn make(&mut self, picture: &mut Picture, backend: &Backend) -> Snapshot {
        let now = Instant::now();
        self.news_since = None;
        self.published = Some(now);
        self.lively = picture.is_lively();
        self.urgent = false;
        self.pulse = picture.pulse();
        authors::learn(picture);
        let facts = &mut picture.facts;
        facts.seq += 1;
        facts.taken_at = Timestamp::now();
        facts.log_alarms_untold = backend.cloudwatch.lacks_log_alarms();
        facts.providers = backend.meter();
        facts.providers.push(store_health(facts));
        facts.judge_targets();
        let apart = if self.owed || self.apart(now) == APART {
            self.judged_apart()
        } else {
            CALMLY_JUDGED_APART
        };
        let checklist = match &self.judged {
            Some((at, checklist)) if now.duration_since(*at) < apart => checklist.clone(),
            _ => {
                let anew = Arc::new(plan::evaluate(&self.plan, facts, facts.taken_at));
                self.judged = Some((now, anew.clone()));
                self.owed = false;
                anew
            }
        };
        Snapshot {
            checklist,
            facts: facts.clone(),
            settled: None,
        }
    }

    /// The plan, judged by what is known now.
    pub fn judge(&self, picture: &Picture) -> Checklist {
        plan::evaluate(&self.plan, &picture.facts, Timestamp::now())
    }

    /// What the plan wants asked may have changed: looks with the next picture.
    pub fn look_again(&mut self) {
        self.needs_at = None;
    }

    /// Looks now and then what the plan wants asked by now; whether that has changed.
    pub fn needs_changed(&mut self, picture: &mut Picture, scope: Scope) -> bool {
        let now = Instant::now();
        let apart = match (self.is_calm(now), &self.judged) {
            (true, Some((judged, _))) if Some(*judged) != self.published => CALMLY_JUDGED_APART,
            _ => NEEDS_APART,
        };
        if self
            .needs_at
            .is_some_and(|at| now.duration_since(at) < apart)
        {
            return false;
        }
        self.needs_at = Some(now);
        self.needs_differ(picture, scope)
    }

    /// Looks at once what the plan wants asked by now; whether that has changed.
    pub fn needs_differ(&self, picture: &mut Picture, scope: Scope) -> bool {
        let mut needs = plan::needs(&self.plan, &picture.facts);
        if !matches!(scope, Scope::Everything | Scope::Once) {
            // Nothing is judged: what is measured is all that is shown of it.
            needs.alarm_histories.clear();
            needs.deployment_histories.clear();
            needs.log_samples.clear();
        }
        let changed = needs != picture.needs;
        picture.needs = needs;
        changed
    }
}

/// The store is a provider like the others, only that it is asked without a line. An audit chain that does not verify is a trouble of it.
fn store_health(facts: &Facts) -> ProviderHealth {
    let broken = match &facts.chain.value {
        Some(ChainVerdict::Broken { seq, why }) => Some(Problem::new(
            ProblemKind::Store,
            "store",
            format!("The audit chain is broken at row {seq}"),
            why,
            "Look at it with `flightdeck audit verify`, and keep the files as they are.",
        )),
        _ => None,
    };
    ProviderHealth {
        name: "store".into(),
        last_ok: facts.signoffs.observed_at,
        problem: facts.signoffs.error.clone().or(broken),
        next_try: None,
        calls_per_minute: 0,
        metered: None,
        latency_ms: None,
        clock_s: None,
        configured: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_apart_and_the_first_one_is_at_once() {
        let t0 = Instant::now();
        let mut p = Publisher::new(Arc::default());
        assert!(!p.is_due(t0));
        p.news(t0);
        assert!(p.is_due(t0));
        p.news_since = None;
        p.published = Some(t0);
        p.news(t0 + Duration::from_millis(1));
        assert!(!p.is_due(t0 + APART));
        assert!(!p.is_due(t0 + LIVELY_APART));
        assert!(p.is_due(t0 + CALM_APART));
        p.urge();
        assert!(p.is_due(t0 + LIVELY_APART));
        p.urgent = false;
        p.lively = true;
        assert!(p.is_due(t0 + LIVELY_APART));
        p.hurry(t0);
        assert!(!p.is_due(t0 + Duration::from_millis(49)));
        assert!(p.is_due(t0 + APART));
        p.news_since = None;
        p.beat(t0 + Duration::from_secs(1), Duration::from_secs(5));
        assert!(p.due().is_none());
        p.beat(t0 + Duration::from_secs(5), Duration::from_secs(5));
        assert!(p.is_due(t0 + Duration::from_secs(5)));
    }

    #[test]
    fn a_state_that_changes_is_shown_and_judged_soon_and_figures_wait() {
        let t0 = Instant::now();
        let mut picture = Picture::new(Arc::default());
        let mut p = Publisher::new(Arc::default());
        p.published = Some(t0);
        p.judged = Some((t0, Arc::default()));
        p.pulse = picture.pulse();

        p.feel(&picture);
        p.news(t0 + Duration::from_millis(1));
        assert!(!p.is_due(t0 + LIVELY_APART), "nothing changed its state");

        picture.facts.alarms.error = Some(Problem::new(
            ProblemKind::Timeout,
            "cloudwatch",
            "no answer",
            "it took too long",
            "wait",
        ));
        p.feel(&picture);
        assert!(p.is_due(t0 + LIVELY_APART), "alarms are not known any more");
        p.news_since = None;
        p.urgent = false;
        assert!(!p.is_due(t0 + LIVELY_APART));
        assert!(p.is_due(t0 + JUDGED_APART), "and the plan is owed a look");
    }
    #[test]
    fn an_audit_chain_that_is_broken_is_a_trouble_of_the_store() {
        let mut facts = Facts::default();
        assert!(store_health(&facts).problem.is_none());
        facts.chain.value = Some(ChainVerdict::Broken {
            seq: 3,
            why: "it was changed".into(),
        });
        let problem = store_health(&facts).problem.unwrap();
        assert!(problem.what.contains("row 3"), "{problem}");
    }
}
