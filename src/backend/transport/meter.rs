//! What each provider costs and how it fares: calls a minute, median latency, last good answer, rest after failures.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::errand;
use crate::domain::facts::{Metered, ProviderHealth};
use crate::domain::order::Ordered;
use crate::domain::problem::{Problem, ProblemKind};

/// So many refusals in a row, with no good answer in between, are the provider's problem and not one question's.
const REFUSALS: u32 = 3;

/// Latencies kept for the median.
const RECENT: usize = 63;

/// Counters of one provider.
#[derive(Debug)]
pub struct Meter {
    name: &'static str,
    began: Instant,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Calls in each of the last 60 seconds, by second modulo 60, with the second that each slot is about.
    calls: [(u64, u32); 60],
    /// Metrics that were asked for in each of the last 60 minutes, in the same way.
    metrics: [(u64, u32); 60],
    latencies_ms: Vec<f32>,
    latency_at: usize,
    /// What the `Date` of its last answer said of our clock.
    clock: Option<Heard>,
    last_ok: Option<Timestamp>,
    problem: Option<Problem>,
    /// Answers in a row that were refusals of the question.
    refusals: u32,
    failures: u32,
    /// How hard the vendor throttles: a step up with each rest that it asks for, a step down with each good answer.
    strain: u32,
    next_try: Option<Timestamp>,
    /// Until when the vendor wants to be left alone.
    asked_for: Option<Timestamp>,
    /// Retries that may still be spent, in tenths.
    retries: u32,
}

/// What the `Date` of an answer said, and when that was by both clocks of this machine: by the one that may be set, and the one that runs on.
#[derive(Clone, Copy, Debug)]
struct Heard {
    ahead_s: i64,
    at: Timestamp,
    instant: Instant,
}

/// Seconds by which the two clocks of this machine may part before the one is taken to have been set, or the other to have slept.
const SET_S: f64 = 5.0;

impl Heard {
    /// Seconds that the vendor's clock is ahead of ours; `None` where ours was set since then: of what it is now this says nothing.
    fn ahead_s(self, now: Timestamp, instant: Instant) -> Option<i64> {
        let ran = instant
            .saturating_duration_since(self.instant)
            .as_secs_f64();
        let told = now.duration_since(self.at).as_secs_f64();
        ((told - ran).abs() < SET_S).then_some(self.ahead_s)
    }
}

/// Retries that a provider is worth in a row, in tenths; a good answer earns one tenth back (the SRE book's retry budget).
const RETRY_BUDGET: u32 = 100;
/// What a retry takes out of the budget, in tenths.
const RETRY: u32 = 10;
/// What a refusal for asking too much takes out besides: whoever presses on then is what the vendor asks us not to be.
const REFUSAL: u32 = 10;
/// Strain beyond which rests grow no longer.
const MOST_STRAIN: u32 = 5;

impl Meter {
    /// A meter that has counted nothing.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            began: Instant::now(),
            state: Mutex::new(State {
                calls: [(u64::MAX, 0); 60],
                metrics: [(u64::MAX, 0); 60],
                latencies_ms: Vec::with_capacity(RECENT),
                latency_at: 0,
                clock: None,
                last_ok: None,
                problem: None,
                refusals: 0,
                failures: 0,
                strain: 0,
                next_try: None,
                asked_for: None,
                retries: RETRY_BUDGET,
            }),
        }
    }

    /// Name of the provider.
    pub fn name(&self) -> &'static str {
        self.name
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Counts one attempt: one request that leaves this machine.
    pub fn attempt(&self) {
        self.count_at(self.began.elapsed().as_secs());
    }

    fn count_at(&self, second: u64) {
        if let Some(slot) = self.state().calls.get_mut((second % 60) as usize) {
            if slot.0 != second {
                *slot = (second, 0);
            }
            slot.1 += 1;
        }
    }

    fn calls_at(&self, second: u64) -> u32 {
        let recent = |&&(at, _): &&(u64, u32)| at <= second && at + 60 > second;
        self.state().calls.iter().filter(recent).map(|s| s.1).sum()
    }

    /// Counts metrics that an attempt asks for: AWS charges each of them.
    pub fn metrics(&self, asked: usize) {
        self.metrics_at(self.began.elapsed().as_secs() / 60, asked);
    }

    fn metrics_at(&self, minute: u64, asked: usize) {
        if let Some(slot) = self.state().metrics.get_mut((minute % 60) as usize) {
            if slot.0 != minute {
                *slot = (minute, 0);
            }
            slot.1 = slot
                .1
                .saturating_add(u32::try_from(asked).unwrap_or(u32::MAX));
        }
    }

    fn metered_at(&self, second: u64) -> Option<Metered> {
        let minute = second / 60;
        let state = self.state();
        let mut slots = state.metrics.iter();
        let ever = slots.any(|(at, _)| *at != u64::MAX);
        let recent = |&&(at, _): &&(u64, u32)| at <= minute && at + 60 > minute;
        let asked = state.metrics.iter().filter(recent).map(|s| s.1);
        ever.then(|| Metered {
            metrics: asked.fold(0, u32::saturating_add),
            seconds: second.min(3_600) as u32,
        })
    }

    /// Takes the latency of one attempt.
    pub fn latency(&self, took: Duration) {
        let mut state = self.state();
        let ms = took.as_secs_f32() * 1000.0;
        let at = state.latency_at;
        match state.latencies_ms.get_mut(at) {
            Some(slot) => *slot = ms,
            None => state.latencies_ms.push(ms),
        }
        state.latency_at = (at + 1) % RECENT;
    }

    /// Takes the `Date` of an answer that came at `now` (RFC 9110, 6.6.1: whole seconds); what is none is passed over.
    pub fn date(&self, said: &str, now: Timestamp) {
        if let Ok(at) = jiff::fmt::rfc2822::parse(said) {
            self.state().clock = Some(Heard {
                ahead_s: at.timestamp().duration_since(now).as_secs(),
                at: now,
                instant: Instant::now(),
            });
        }
    }

    /// Takes the end of a call: a good answer clears the problem; failures of the provider itself make it rest.
    pub fn outcome(&self, problem: Option<&Problem>) {
        let mut state = self.state();
        let now = Timestamp::now();
        // What the vendor asked for stands, whatever an earlier question still brings.
        let asked_for = state.asked_for.filter(|until| *until > now);
        // So does the rest that it is given for throttling: what was under way before brings answers of all kinds.
        let resting = state
            .next_try
            .filter(|until| state.strain > 0 && *until > now);
        match problem {
            None => {
                state.last_ok = Some(now);
                state.problem = None;
                state.refusals = 0;
                state.failures = 0;
                state.strain = state.strain.saturating_sub(1);
                // One good answer among many refusals is no leave to ask all that waits.
                state.next_try = match state.strain {
                    0 => asked_for,
                    _ => resting.max(asked_for),
                };
            }
            Some(p) if p.kind == ProblemKind::Throttled => {
                state.failures = state.failures.saturating_add(1);
                state.problem = Some(p.clone());
                // What was under way when the first was refused is refused for the same reason: one rest for all of them.
                if state.next_try.is_none_or(|until| until <= now) {
                    state.strain = (state.strain + 1).min(MOST_STRAIN);
                    let until = now.checked_add(jittered(rest_of(state.strain))).ok();
                    state.next_try = until.max(asked_for);
                }
            }
            Some(p) if is_about_the_question(p.kind) => {
                // The provider answered; what was asked is wrong. That is no reason to ask it less, and no good answer either:
                // one that never gave any, or gave none for a while, is not well.
                state.refusals = state.refusals.saturating_add(1);
                state.failures = 0;
                state.next_try = resting.max(asked_for);
                if state.last_ok.is_none() || state.refusals >= REFUSALS {
                    state.problem = Some(p.clone());
                } else if resting.is_none() {
                    state.problem = None;
                }
            }
            Some(p) => {
                state.failures = state.failures.saturating_add(1);
                state.problem = Some(p.clone());
                let rest = rest(p.kind, state.failures);
                let until = rest.and_then(|d| now.checked_add(jittered(d)).ok());
                state.next_try = until.max(resting).max(asked_for);
            }
        }
    }

    /// The vendor said until when it wants to be left alone (UTC).
    pub fn rest_until(&self, until: Timestamp) {
        let mut state = self.state();
        state.asked_for = Some(until);
        state.next_try = state.next_try.max(Some(until));
    }

    /// Whether the vendor throttled lately, and is asked one thing after another until good answers outweigh that.
    pub fn is_strained(&self) -> bool {
        self.state().strain > 0
    }

    /// Takes a retry out of the budget of who asks, if one is left: where everything fails, asking again only adds to it.
    pub fn spend_retry(&self) -> bool {
        if let Some(spent) = errand::spend() {
            return spent;
        }
        let mut state = self.state();
        let left = state.retries.checked_sub(RETRY);
        state.retries = left.unwrap_or(state.retries);
        left.is_some()
    }

    /// Whether a retry is left in the budget of who asks.
    pub fn has_retry(&self) -> bool {
        match errand::left() {
            Some(left) => left > 0,
            None => self.state().retries >= RETRY,
        }
    }

    /// An attempt was refused for asking too much: fewer retries are left than after another failure. Whoever asked, it is the
    /// watch that makes way.
    pub fn throttled(&self) {
        let mut state = self.state();
        state.retries = state.retries.saturating_sub(REFUSAL);
    }

    /// A good answer pays into the retry budget.
    pub fn earn_retry(&self) {
        let mut state = self.state();
        state.retries = (state.retries + 1).min(RETRY_BUDGET);
    }

    /// When it may be asked again by the clock (UTC).
    pub fn next_try(&self) -> Option<Timestamp> {
        self.state().next_try.filter(|t| *t > Timestamp::now())
    }

    /// What the provider is like at present.
    pub fn health(&self, configured: bool) -> ProviderHealth {
        let running = self.began.elapsed().as_secs();
        let (calls_per_minute, metered) = (self.calls_at(running), self.metered_at(running));
        let next_try = self.next_try();
        let state = self.state();
        ProviderHealth {
            name: self.name.to_owned(),
            last_ok: state.last_ok,
            problem: state.problem.clone(),
            next_try,
            calls_per_minute,
            metered,
            latency_ms: median(&state.latencies_ms),
            clock_s: (state.clock)
                .and_then(|heard| heard.ahead_s(Timestamp::now(), Instant::now())),
            configured,
        }
    }
}

/// Kinds that say something about one question rather than about the provider.
fn is_about_the_question(kind: ProblemKind) -> bool {
    use ProblemKind::*;
    matches!(
        kind,
        NotFound | Invalid | Unsupported | Refused | Conflict | Denied
    )
}

/// How long to leave a provider alone that throttles, which is heeded at once.
fn rest_of(strain: u32) -> Duration {
    Duration::from_secs((5u64 << strain.saturating_sub(1).min(6)).min(60))
}

/// How long to leave a provider alone after so many failures in a row. A first slip costs nothing.
fn rest(kind: ProblemKind, failures: u32) -> Option<Duration> {
    let doubling = |first_s: u64, past: u32, most_s: u64| {
        let factor = 1u64 << (failures.saturating_sub(past)).min(6);
        Duration::from_secs((first_s * factor).min(most_s))
    };
    use ProblemKind::*;
    match kind {
        NoCredentials | Expired | BadCredentials | Config => Some(doubling(2, 1, 5)),
        _ if failures >= 3 => Some(doubling(2, 3, 20)),
        _ => None,
    }
}

/// Between 80 and 120 % of a pause, so that many consoles do not come back in one moment.
fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(0.8 + 0.4 * fastrand::f64())
}

fn median(values: &[f32]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.order_by(f32::total_cmp);
    sorted.get(sorted.len() / 2).map(|v| f64::from(*v))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(kind: ProblemKind) -> Problem {
        Problem::new(kind, "ecs", "w", "y", "f")
    }

    #[test]
    fn metrics_are_counted_for_an_hour() {
        let m = Meter::new("cloudwatch");
        assert_eq!(m.metered_at(90), None, "nothing was ever asked for");
        m.metrics_at(0, 500);
        m.metrics_at(1, 20);
        let metered = |metrics, seconds| Some(Metered { metrics, seconds });
        assert_eq!(m.metered_at(90), metered(520, 90));
        m.metrics_at(60, 30);
        assert_eq!(m.metered_at(3_650), metered(50, 3_600));
        assert_eq!(m.metered_at(9_000), metered(0, 3_600));
    }

    #[test]
    fn calls_leave_the_count_after_a_minute() {
        let m = Meter::new("ecs");
        for second in [0, 0, 30, 59] {
            m.count_at(second);
        }
        assert_eq!(
            [0, 59, 60, 89, 90, 119].map(|s| m.calls_at(s)),
            [2, 4, 2, 2, 1, 0]
        );
    }

    #[test]
    fn the_date_of_an_answer_tells_how_far_the_clocks_are_apart() {
        let m = Meter::new("ecs");
        let now = Timestamp::from_second(1_790_000_000).unwrap();
        let clock = |said| {
            m.date(said, now);
            let heard = m.state().clock?;
            heard.ahead_s(now, heard.instant)
        };
        assert_eq!(clock("yesterday"), None);
        assert_eq!(clock("Mon, 21 Sep 2026 14:14:00 GMT"), Some(40));
        assert_eq!(clock("Mon, 21 Sep 2026 13:13:20 GMT"), Some(-3_600));
        assert_eq!(clock("9999"), Some(-3_600), "what is no date tells nothing");
    }

    #[test]
    fn what_was_heard_before_the_clock_was_set_tells_nothing() {
        let m = Meter::new("ecs");
        let now = Timestamp::now();
        let slow = jiff::fmt::rfc2822::to_string(
            &(now + jiff::SignedDuration::from_secs(240)).to_zoned(jiff::tz::TimeZone::UTC),
        );
        m.date(&slow.unwrap(), now);
        let told = m.health(true).clock_s;
        assert!(told.is_some_and(|s| (239..=240).contains(&s)), "{told:?}");
        let heard = m.state().clock.unwrap();
        let later = |told_s: i64, ran_s: u64| {
            let now = now + jiff::SignedDuration::from_secs(told_s);
            heard.ahead_s(now, heard.instant + Duration::from_secs(ran_s))
        };
        assert_eq!(later(300, 300), Some(heard.ahead_s));
        assert_eq!(later(310, 70), None, "it was set forward");
        assert_eq!(later(-170, 70), None, "it was set back");
    }

    #[test]
    fn a_vendors_wish_outlasts_what_earlier_questions_bring() {
        let m = Meter::new("ecs");
        let until = Timestamp::now() + jiff::SignedDuration::from_mins(15);
        m.rest_until(until);
        m.outcome(None);
        assert_eq!(m.next_try(), Some(until));
        m.outcome(Some(&problem(ProblemKind::NotFound)));
        assert_eq!(m.next_try(), Some(until));
        m.outcome(Some(&problem(ProblemKind::Throttled)));
        assert_eq!(m.next_try(), Some(until));
    }

    #[test]
    fn throttling_slows_down_at_once_and_a_good_answer_forgives() {
        let m = Meter::new("ecs");
        m.outcome(Some(&problem(ProblemKind::Throttled)));
        assert!(m.next_try().is_some());
        m.outcome(None);
        assert!(m.next_try().is_none());
        assert!(m.health(true).problem.is_none());
        m.outcome(Some(&problem(ProblemKind::Timeout)));
        assert!(m.next_try().is_none(), "one slip is forgiven");
        m.outcome(Some(&problem(ProblemKind::Timeout)));
        m.outcome(Some(&problem(ProblemKind::Timeout)));
        assert!(m.next_try().is_some());
        m.outcome(Some(&problem(ProblemKind::NotFound)));
        assert!(m.next_try().is_none(), "a wrong question is an answer");
    }

    #[test]
    fn many_refusals_outweigh_one_good_answer_and_those_of_one_moment_are_one() {
        let m = Meter::new("ecs");
        let throttled = problem(ProblemKind::Throttled);
        (0..6).for_each(|_| m.outcome(Some(&throttled)));
        assert_eq!(m.state().strain, 1, "they were under way together");
        for _ in 0..2 {
            m.state().next_try = None;
            m.outcome(Some(&throttled));
        }
        m.outcome(None);
        assert!(m.next_try().is_some() && m.is_strained(), "still at rest");
        (0..2).for_each(|_| m.outcome(None));
        assert!(m.next_try().is_none() && !m.is_strained());
    }

    #[test]
    fn the_rest_of_one_that_throttles_outlasts_answers_of_other_kinds() {
        let m = Meter::new("ecs");
        let throttled = problem(ProblemKind::Throttled);
        for _ in 0..MOST_STRAIN {
            m.state().next_try = None;
            m.outcome(Some(&throttled));
        }
        let rest = m.next_try();
        assert!(rest.is_some());
        for kind in [
            ProblemKind::Denied,
            ProblemKind::NotFound,
            ProblemKind::Conflict,
            ProblemKind::Timeout,
            ProblemKind::Vendor,
        ] {
            m.outcome(Some(&problem(kind)));
            assert!(m.next_try() >= rest, "{kind:?}");
            assert!(m.health(true).problem.is_some(), "{kind:?}");
        }
        (0..MOST_STRAIN).for_each(|_| m.outcome(None));
        assert_eq!(m.next_try(), None, "good answers end it");
    }

    #[test]
    fn refusals_for_asking_too_much_leave_few_retries() {
        let m = Meter::new("ecs");
        let mut spent = 0;
        while m.has_retry() {
            m.throttled();
            spent += u32::from(m.spend_retry());
        }
        assert!((1..=5).contains(&spent), "{spent}");
    }

    #[tokio::test]
    async fn an_errand_has_retries_left_where_the_watch_has_spent_its_own() {
        let m = Meter::new("ecs");
        while m.spend_retry() {}
        assert!(!m.has_retry());
        let work = errand::errand(async { m.has_retry() && m.spend_retry() });
        assert!(work.await);
        assert!(!m.has_retry(), "which are not the watch's");
        (0..RETRY).for_each(|_| m.earn_retry());
        errand::errand(async { while m.spend_retry() {} }).await;
        assert!(m.has_retry(), "nor the other way round");
    }

    #[test]
    fn a_provider_that_only_refuses_is_not_well() {
        let m = Meter::new("ecs");
        let health = |m: &Meter| {
            let h = m.health(true);
            (h.last_ok.is_some(), h.problem.is_some())
        };
        m.outcome(Some(&problem(ProblemKind::Unsupported)));
        assert_eq!(health(&m), (false, true), "it never gave a good answer");
        m.outcome(None);
        m.outcome(Some(&problem(ProblemKind::Unsupported)));
        assert_eq!(health(&m), (true, false), "one operation that it lacks");
        m.outcome(Some(&problem(ProblemKind::Denied)));
        m.outcome(Some(&problem(ProblemKind::Denied)));
        assert_eq!(health(&m), (true, true));
        assert!(m.next_try().is_none(), "and is asked all the same");
    }

    #[test]
    fn a_retry_budget_runs_out_and_good_answers_refill_it() {
        let m = Meter::new("slack");
        assert_eq!((0..100).filter(|_| m.spend_retry()).count(), 10);
        (0..10).for_each(|_| m.earn_retry());
        assert!(m.spend_retry() && !m.spend_retry());
    }

    #[test]
    fn the_rest_is_bounded_and_the_median_is_the_middle() {
        assert_eq!(rest_of(1), Duration::from_secs(5));
        assert_eq!(rest_of(40), Duration::from_secs(60));
        assert_eq!(
            rest(ProblemKind::Unreachable, 40),
            Some(Duration::from_secs(20))
        );
        assert_eq!(rest(ProblemKind::Expired, 2), Some(Duration::from_secs(4)));
        assert_eq!(median(&[9.0, 1.0, 5.0]), Some(5.0));
        assert_eq!(median(&[]), None);
    }
}
