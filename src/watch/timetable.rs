//! The scheduler: decides what is due. It knows times and failures, not what the topics mean.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::topic::{Topic, Wanted};
use crate::domain::problem::ProblemKind;

/// Shortest time between two questions of one topic whose contents changed.
const EAGER: Duration = Duration::from_secs(2);
/// The same for one that was asked once only: when a picture is begun, one answer gives the next question its contents.
const AT_FIRST: Duration = Duration::from_millis(50);

/// Periods whose questions are spread out: those of a minute would else all be asked, and their answers all be in memory, in the
/// same second for ever. Shorter ones are few, and longer ones meet seldom.
const SPREAD: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(30)..=Duration::from_secs(900);
/// The part of a circle that spreads any number of points over it evenly, added again and again.
const GOLDEN: f64 = 0.618_033_988_749_895;

/// First questions that are asked side by side, of those that have time. What all of them together would hold stays with the process for good:
/// an allocator gives back little of what a first second took.
const ABREAST: usize = 6;
/// After that a question that nobody has answered keeps no other one waiting: a system that hangs delays none.
const YOUNG: Duration = Duration::from_millis(250);

#[derive(Clone, Copy, Debug)]
struct Slot {
    period: Duration,
    stamp: u64,
    began: Option<Instant>,
    next: Instant,
    running: bool,
    failures: u32,
    failure: Option<ProblemKind>,
    /// Until when it is left alone since its vendor throttles, whatever else changes.
    held: Option<Instant>,
    /// Whether it was asked more than once.
    again: bool,
    /// What is to be asked has changed since the last question began.
    changed: bool,
    /// Whether its second question was moved away from those of others.
    spread: bool,
    /// The last time that it was among what is wanted, by [`Timetable::turns`].
    wanted: u64,
}

impl Slot {
    fn eager(&self) -> Duration {
        if self.again { EAGER } else { AT_FIRST }
    }

    /// Asks at that time, where it would be asked later, but not while it is held.
    fn sooner(&mut self, at: Instant) {
        let at = self.held.map_or(at, |held| held.max(at));
        self.next = self.next.min(at);
    }
}

/// When each wanted topic is to be asked.
#[derive(Debug, Default)]
pub struct Timetable {
    slots: HashMap<Topic, Slot>,
    /// Where on the circle the last one was put.
    turn: f64,
    /// How often it was told what is wanted.
    turns: u64,
}

impl Timetable {
    /// Takes what is wanted now. New topics are due at once. One that is no longer wanted is remembered until its next question would have
    /// been due: who leaves a page and comes back is shown what was read a moment ago, and does not have it asked anew.
    pub fn want(&mut self, wanted: &[Wanted], now: Instant) {
        // Asked at every answer: each topic is looked up once.
        let last = self.turns;
        self.turns += 1;
        for w in wanted {
            let is_other = |s: &Slot| s.wanted != last && s.stamp != w.stamp && !s.running;
            if self.slots.get(&w.topic).is_some_and(is_other) {
                self.slots.remove(&w.topic);
            }
            let slot = self.slots.entry(w.topic.clone()).or_insert(Slot {
                period: w.period,
                stamp: w.stamp,
                began: None,
                next: now,
                running: false,
                failures: 0,
                failure: None,
                held: None,
                again: false,
                changed: false,
                spread: false,
                wanted: self.turns,
            });
            slot.wanted = self.turns;
            if w.period < slot.period && slot.failures == 0 {
                let since = slot.began.unwrap_or(now) + w.period;
                slot.sooner(since.max(now));
            }
            if w.stamp != slot.stamp {
                let soonest = slot.began.map_or(now, |at| at + slot.eager());
                slot.sooner(soonest.max(now));
                if slot.held.is_none() {
                    slot.failures = 0;
                }
                slot.changed = slot.began.is_some();
            }
            slot.period = w.period;
            slot.stamp = w.stamp;
        }
        let turn = self.turns;
        self.slots
            .retain(|_, slot| slot.running || slot.wanted == turn || slot.next > now);
    }

    /// What was answered to a topic is no longer there: it is asked as soon as it is wanted.
    pub fn forget(&mut self, topic: &Topic) {
        if self.slots.get(topic).is_some_and(|slot| !slot.running) {
            self.slots.remove(topic);
        }
    }

    /// Those that are wanted, with those that are still being asked.
    fn live(&self) -> impl Iterator<Item = (&Topic, &Slot)> {
        let turn = self.turns;
        self.slots
            .iter()
            .filter(move |(_, slot)| slot.running || slot.wanted == turn)
    }

    /// Topics that are due, the most overdue first. `rest` says until when a topic's provider is left alone.
    pub fn due(&self, now: Instant, rest: impl Fn(&Topic) -> Option<Instant>) -> Vec<Topic> {
        let mut due: Vec<(Instant, &Topic)> = self
            .live()
            .filter(|(_, slot)| !slot.running && slot.next <= now)
            .filter(|(topic, _)| rest(topic).is_none_or(|until| until <= now))
            .map(|(topic, slot)| (slot.next, topic))
            .collect();
        due.sort();
        due.into_iter().map(|(_, topic)| topic.clone()).collect()
    }

    /// Until when the first question of a topic, of those that have time, waits for others of them at most; not at all where few are
    /// under way.
    pub fn queues(
        &self,
        topic: &Topic,
        now: Instant,
        has_time: impl Fn(&Topic) -> bool,
    ) -> Option<Instant> {
        let slot = self.slots.get(topic)?;
        if slot.began.is_some() || !has_time(topic) {
            return None;
        }
        let young = self.slots.iter().filter_map(|(t, s)| {
            let until = s.began.filter(|_| s.running)? + YOUNG;
            (!s.again && until > now && has_time(t)).then_some(until)
        });
        let young: Vec<Instant> = young.collect();
        young
            .iter()
            .min()
            .copied()
            .filter(|_| young.len() >= ABREAST)
    }

    /// When to look again: the earliest time at which something becomes due.
    pub fn wake(&self, rest: impl Fn(&Topic) -> Option<Instant>) -> Option<Instant> {
        // Whose rest is asked costs more than the look: of nobody who would be later all the same.
        let waiting = self.live().filter(|(_, slot)| !slot.running);
        waiting.fold(None, |soonest, (topic, slot)| match soonest {
            Some(at) if at <= slot.next => soonest,
            _ => {
                let at = rest(topic).map_or(slot.next, |until| until.max(slot.next));
                Some(soonest.map_or(at, |s: Instant| s.min(at)))
            }
        })
    }

    /// Whether every wanted topic was answered or has failed, as it is to be asked now; one that was not asked so counts as failed
    /// while its provider is left alone.
    pub fn is_settled(&self, rests: impl Fn(&Topic) -> bool) -> bool {
        self.live().all(|(topic, slot)| {
            let asked = slot.began.is_some() && !slot.changed;
            !slot.running && (asked || rests(topic))
        })
    }

    /// A topic is being asked.
    pub fn began(&mut self, topic: &Topic, now: Instant) {
        if let Some(slot) = self.slots.get_mut(topic) {
            slot.running = true;
            slot.again = slot.began.is_some();
            slot.changed = false;
            slot.began = Some(now);
            // What the period is counted from; `ended` moves it where the question failed.
            slot.next = now + slot.period;
            if !slot.spread && SPREAD.contains(&slot.period) {
                // Sooner than it is due, never later.
                self.turn = (self.turn + GOLDEN).fract();
                slot.next = now + slot.period.mul_f64(0.5 + self.turn / 2.0);
                slot.spread = true;
            }
        }
    }

    /// A topic was answered. After a failure it is asked again sooner than its period where that is long, later where that
    /// is short, and ever more slowly.
    pub fn ended(&mut self, topic: &Topic, failure: Option<ProblemKind>, now: Instant) {
        let Some(slot) = self.slots.get_mut(topic) else {
            return;
        };
        slot.running = false;
        slot.failure = failure;
        slot.held = None;
        match failure {
            // Whatever was asked: a question that has changed since would be refused as this one was.
            Some(ProblemKind::Throttled) => {
                slot.failures = slot.failures.saturating_add(1);
                slot.next = now + throttled(slot.failures, slot.period);
                slot.held = Some(slot.next);
            }
            // The answer is to a question that nobody has any more.
            _ if slot.changed => {
                slot.failures = 0;
                slot.next = slot.next.min(now + slot.eager());
            }
            None => {
                slot.failures = 0;
                slot.next = slot.next.max(now + slot.period / 4);
            }
            Some(kind) => {
                slot.failures = slot.failures.saturating_add(1);
                slot.next = now + pause(kind, slot.failures, slot.period);
            }
        }
    }

    /// A topic is to be asked as soon as may be: not while its vendor throttles it.
    pub fn hurry(&mut self, topic: &Topic, now: Instant) {
        if let Some(slot) = self.slots.get_mut(topic) {
            slot.sooner(now);
        }
    }

    /// Credentials work again: what failed for their sake is asked at once.
    pub fn let_in(&mut self, now: Instant) {
        let shut_out =
            |slot: &&mut Slot| slot.failure.is_some_and(ProblemKind::is_about_credentials);
        for slot in self.slots.values_mut().filter(shut_out) {
            slot.next = slot.next.min(now);
        }
    }

    /// Everything is to be asked now: a person wants to know.
    pub fn all_now(&mut self, now: Instant) {
        for slot in self.slots.values_mut() {
            slot.next = now;
            slot.failures = 0;
            slot.held = None;
            slot.spread = false;
        }
    }
}

/// How long to wait after so many refusals in a row for asking too much: longer each time, to a minute of what is asked more often
/// than that, and to the period itself of what is asked more seldom.
fn throttled(failures: u32, period: Duration) -> Duration {
    let doubling = Duration::from_secs(5) * (1 << failures.saturating_sub(1).min(6));
    doubling
        .min(period.max(Duration::from_secs(60)))
        .max(period.min(Duration::from_secs(5)))
}

/// How long to wait after so many failures in a row.
fn pause(kind: ProblemKind, failures: u32, period: Duration) -> Duration {
    use ProblemKind::{Denied, Invalid, NotFound, Unsupported};
    if matches!(kind, Denied | Invalid | NotFound | Unsupported) {
        // Asking again changes nothing until somebody does something.
        return period.max(Duration::from_secs(60));
    }
    if kind.is_about_credentials() {
        // How often it is tried is up to the provider's rest; what comes back at once should be taken up at once.
        return period.min(Duration::from_secs(5));
    }
    if kind == ProblemKind::Offline {
        // Whether it is the other end is to be known soon.
        return period.min(Duration::from_secs(5));
    }
    let doubling = Duration::from_secs(1u64 << failures.min(6));
    doubling
        .min(Duration::from_secs(30))
        .max(period.min(Duration::from_secs(5)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    fn rested(_: &Topic) -> Option<Instant> {
        None
    }

    #[test]
    fn first_questions_that_have_time_are_asked_a_few_at_a_time_and_wait_for_none_that_hangs() {
        let (mut table, t0) = (Timetable::default(), Instant::now());
        let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
        let topics = names.map(Topic::Estate);
        let mut wanted = topics.clone().map(|t| Wanted::every(t, 60_000)).to_vec();
        wanted.push(Wanted::every(Topic::Alarms, 15_000));
        table.want(&wanted, t0);
        let has_time = |t: &Topic| matches!(t, Topic::Estate(_));
        for topic in &topics[..ABREAST] {
            assert_eq!(table.queues(topic, t0, has_time), None);
            table.began(topic, t0);
        }
        let (next, last) = (&topics[ABREAST], &topics[ABREAST + 1]);
        assert_eq!(table.queues(next, t0, has_time), Some(t0 + YOUNG));
        assert_eq!(table.queues(&Topic::Alarms, t0, has_time), None);
        table.ended(&topics[0], None, t0 + YOUNG / 2);
        assert_eq!(table.queues(next, t0 + YOUNG / 2, has_time), None);
        table.began(next, t0 + YOUNG / 2);
        assert_eq!(
            table.queues(last, t0 + YOUNG / 2, has_time),
            Some(t0 + YOUNG)
        );
        // The others hang.
        assert_eq!(table.queues(last, t0 + YOUNG, has_time), None);
        // What was answered once is asked whenever it is due.
        assert_eq!(table.queues(&topics[0], t0 + YOUNG / 2, has_time), None);
    }

    #[test]
    fn a_new_topic_is_due_at_once_and_then_by_its_period() {
        let t0 = Instant::now();
        let mut table = Timetable::default();
        table.want(&[Wanted::every(Topic::Alarms, 15_000)], t0);
        assert_eq!(table.due(t0, rested), [Topic::Alarms]);
        table.began(&Topic::Alarms, t0);
        assert!(!table.is_settled(|_| true), "it is being asked");
        assert!(
            table.due(t0 + 60 * S, rested).is_empty(),
            "one question at a time"
        );
        table.ended(&Topic::Alarms, None, t0 + S);
        assert!(table.due(t0 + 14 * S, rested).is_empty());
        assert_eq!(
            table.wake(rested),
            Some(t0 + 15 * S),
            "counted from the question, not from the answer"
        );
    }

    #[test]
    fn what_is_asked_together_at_first_is_spread_over_the_period() {
        let t0 = Instant::now();
        let topics = [
            Topic::Alarms,
            Topic::Identity,
            Topic::LogGroups,
            Topic::Charts,
            Topic::Inventory,
        ];
        let mut table = Timetable::default();
        let wanted = topics.clone().map(|t| Wanted::every(t, 60_000));
        table.want(&wanted, t0);
        let ask = |table: &mut Timetable, now: Instant| {
            let due = table.due(now, rested);
            for topic in &due {
                table.began(topic, now);
                table.ended(topic, None, now);
            }
            due.len()
        };
        assert_eq!(ask(&mut table, t0), 5, "nobody waits at first");
        for round in 0..2 {
            let mut asked = 0;
            for second in 1..=60 {
                let n = ask(&mut table, t0 + (60 * round + second) * S);
                assert!(n <= 1, "{n} at once in second {second}");
                asked += n;
            }
            assert!(asked >= 5, "each within its period: {asked}");
        }
        table.all_now(t0 + 121 * S);
        assert_eq!(ask(&mut table, t0 + 121 * S), 5);
        let half = ask(&mut table, t0 + 166 * S);
        assert!((1..5).contains(&half), "and are apart again: {half}");
    }

    #[test]
    fn failures_are_asked_again_soon_then_ever_more_slowly() {
        let t0 = Instant::now();
        let mut table = Timetable::default();
        table.want(&[Wanted::every(Topic::LogGroups, 300_000)], t0);
        let mut now = t0;
        let mut pauses = Vec::new();
        for _ in 0..7 {
            table.began(&Topic::LogGroups, now);
            table.ended(&Topic::LogGroups, Some(ProblemKind::Timeout), now);
            let next = table.wake(rested).unwrap();
            pauses.push((next - now).as_secs());
            now = next;
        }
        assert_eq!(pauses, [5, 5, 8, 16, 30, 30, 30]);
        table.began(&Topic::LogGroups, now);
        table.ended(&Topic::LogGroups, Some(ProblemKind::Denied), now);
        assert_eq!(table.wake(rested), Some(now + 300 * S));
        table.all_now(now);
        assert_eq!(table.wake(rested), Some(now));
    }

    #[test]
    fn what_is_throttled_is_asked_less_and_less_however_the_question_changes() {
        let t0 = Instant::now();
        let mut table = Timetable::default();
        let services = |stamp| [Wanted::every(Topic::Services, 2_000).stamped(stamp)];
        table.want(&services(0), t0);
        let (mut now, mut pauses) = (t0, Vec::new());
        for stamp in 1..=6 {
            table.began(&Topic::Services, now);
            // That it failed changes what is asked, as does a page that somebody opens.
            table.want(&services(2 * stamp), now);
            table.ended(&Topic::Services, Some(ProblemKind::Throttled), now);
            table.want(&services(2 * stamp + 1), now);
            let next = table.wake(rested).unwrap();
            pauses.push((next - now).as_secs());
            now = next;
        }
        assert_eq!(pauses, [5, 10, 20, 40, 60, 60]);
        table.began(&Topic::Services, now);
        table.ended(&Topic::Services, Some(ProblemKind::Throttled), now);
        table.hurry(&Topic::Services, now + S);
        assert_eq!(
            table.wake(rested),
            Some(now + 60 * S),
            "that an action moves it is no reason to press a vendor that throttles"
        );
        table.all_now(now);
        assert_eq!(table.wake(rested), Some(now), "a person may ask");
        table.hurry(&Topic::Services, now - S);
        assert_eq!(table.wake(rested), Some(now - S), "else at once");
        let slowly = |failures| throttled(failures, 300 * S).as_secs();
        assert_eq!([1, 3, 7, 20].map(slowly), [5, 20, 300, 300]);
    }

    #[test]
    fn a_resting_provider_is_left_alone() {
        let t0 = Instant::now();
        let mut table = Timetable::default();
        table.want(
            &[
                Wanted::every(Topic::Alarms, 1_000),
                Wanted::every(Topic::Identity, 1_000),
            ],
            t0,
        );
        let rest = |t: &Topic| (*t == Topic::Alarms).then_some(t0 + 9 * S);
        assert_eq!(table.due(t0, rest), [Topic::Identity]);
        table.began(&Topic::Identity, t0);
        assert_eq!(table.wake(rest), Some(t0 + 9 * S));
    }

    #[test]
    fn an_answer_to_what_is_no_longer_asked_settles_nothing() {
        let t0 = Instant::now();
        let mut table = Timetable::default();
        let samples = |stamp| [Wanted::every(Topic::LogSamples, 300_000).stamped(stamp)];
        let settled = |table: &Timetable| table.is_settled(|_| false);
        table.want(&samples(1), t0);
        table.began(&Topic::LogSamples, t0);
        table.want(&samples(2), t0 + S);
        table.ended(&Topic::LogSamples, None, t0 + S);
        assert!(!settled(&table), "the question changed while it was asked");
        assert_eq!(table.wake(rested), Some(t0 + S), "soon at first");
        table.began(&Topic::LogSamples, t0 + 2 * S);
        table.want(&samples(3), t0 + 3 * S);
        table.ended(&Topic::LogSamples, None, t0 + 3 * S);
        assert!(!settled(&table));
        assert_eq!(table.wake(rested), Some(t0 + 4 * S), "not too often");
        table.began(&Topic::LogSamples, t0 + 4 * S);
        table.ended(&Topic::LogSamples, None, t0 + 5 * S);
        assert!(settled(&table));
        table.want(&samples(4), t0 + 9 * S);
        assert!(!settled(&table), "the question changed since");
        assert!(table.is_settled(|_| true), "nobody can be asked");
    }

    #[test]
    fn changed_contents_and_shorter_periods_do_not_wait() {
        let t0 = Instant::now();
        let mut table = Timetable::default();
        let charts = |millis, stamp| [Wanted::every(Topic::Charts, millis).stamped(stamp)];
        table.want(&charts(60_000, 1), t0);
        table.began(&Topic::Charts, t0);
        table.ended(&Topic::Charts, None, t0);
        table.want(&charts(60_000, 2), t0 + S);
        assert_eq!(table.wake(rested), Some(t0 + S));
        table.began(&Topic::Charts, t0 + 2 * S);
        table.ended(&Topic::Charts, None, t0 + 2 * S);
        table.want(&charts(5_000, 2), t0 + 4 * S);
        assert_eq!(table.wake(rested), Some(t0 + 7 * S));
        table.want(&[], t0 + 5 * S);
        assert_eq!(table.wake(rested), None);
    }

    #[test]
    fn what_was_read_a_moment_ago_is_not_asked_anew_by_who_comes_back() {
        let t0 = Instant::now();
        let mut table = Timetable::default();
        let charts = |stamp| [Wanted::every(Topic::Charts, 8_000).stamped(stamp)];
        let ask = |table: &mut Timetable, now: Instant| {
            let due = table.due(now, rested);
            for topic in &due {
                table.began(topic, now);
                table.ended(topic, None, now);
            }
            due.len()
        };
        table.want(&charts(1), t0);
        assert_eq!(ask(&mut table, t0), 1);
        for second in 1..8 {
            table.want(&[], t0 + second * S);
            assert_eq!(table.wake(rested), None, "nobody wants it");
            table.want(&charts(1), t0 + second * S);
            assert!(table.is_settled(|_| false), "it is known");
            assert_eq!(ask(&mut table, t0 + second * S), 0, "second {second}");
        }
        assert_eq!(ask(&mut table, t0 + 8 * S), 1, "by its period");
        // Something else is asked at once, and so is what is no longer there.
        table.want(&[], t0 + 9 * S);
        table.want(&charts(2), t0 + 9 * S);
        assert_eq!(ask(&mut table, t0 + 9 * S), 1);
        table.want(&[], t0 + 10 * S);
        table.forget(&Topic::Charts);
        table.want(&charts(2), t0 + 10 * S);
        assert_eq!(ask(&mut table, t0 + 10 * S), 1);
        // Nothing is remembered for longer than it would have been fresh.
        table.want(&[], t0 + 18 * S);
        assert!(table.slots.is_empty());
    }
}
