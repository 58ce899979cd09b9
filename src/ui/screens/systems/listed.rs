//! The lines of all systems, kept: each is made of all that its page shows, which takes longer than the frame that answers a key.

use jiff::Timestamp;

use super::list::{Entry, entry, listed};
use crate::domain::facts::Facts;
use crate::present::{Pages, Stamp, View, observed};

/// Further systems are asked every half minute at most: looking more often than this would show nothing new.
const APART_S: i64 = 3;
/// A line's words tell ages, too.
const OLD_S: i64 = 30;
/// What is put together of other pages changes with each of them, and costs as much as they all do.
const TOGETHER_S: i64 = 10;

/// What says at once that they are others: how many providers had failed, and how many had answered.
type State = (usize, usize);

/// A line, what its page was made of, and when.
#[derive(Debug)]
struct Kept {
    entry: Entry,
    stamp: Stamp,
    at: Timestamp,
    /// Of what it is made of, by name, what its age is that of.
    dated: Vec<&'static str>,
}

impl Kept {
    fn new(stamp: Stamp, pages: &Pages<'_>, view: &'static View) -> Self {
        let (entry, answers) = entry(view, pages);
        let told =
            |need: &&str| observed(need, pages.facts).is_some_and(|at| answers.contains(&at));
        let dated: Vec<&'static str> = view.needs.iter().copied().filter(told).collect();
        let known = |at| dated.iter().any(|n| observed(n, pages.facts) == Some(at));
        let is_whole = answers.iter().all(|at| known(*at));
        Self {
            // Where one of them has no name there, the age is as it was: older than it is, never younger.
            dated: if is_whole { dated } else { Vec::new() },
            entry,
            stamp,
            at: pages.now,
        }
    }

    /// Whether it would be made the same again, or may wait.
    fn holds(&self, stamp: &Stamp, now: Timestamp) -> bool {
        let age = now.duration_since(self.at).as_secs();
        let together = self.entry.view.is_of_pages();
        let soon = together && (0..TOGETHER_S).contains(&age);
        soon || (self.stamp == *stamp && (0..OLD_S).contains(&age))
    }

    /// The same, with the age that it has by now: what says what it said before was asked since.
    fn dated(mut self, facts: &Facts) -> Self {
        let asked = self.dated.iter().filter_map(|need| observed(need, facts));
        self.entry.oldest = asked.min().or(self.entry.oldest);
        self
    }
}

/// Every view that applies, as it was when somebody last looked.
#[derive(Debug, Default)]
pub struct Listed {
    all: Vec<Kept>,
    looked: Option<(Timestamp, State)>,
}

fn state(facts: &Facts) -> State {
    let failed = facts.providers.iter().filter(|p| p.problem.is_some());
    let answered = facts.providers.iter().filter(|p| p.last_ok.is_some());
    (failed.count(), answered.count())
}

impl Listed {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.all.len()
    }

    /// The lines.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.all.iter().map(|kept| &kept.entry)
    }

    /// The line of a view.
    pub fn of(&self, id: &str) -> Option<&Entry> {
        self.iter().find(|e| e.view.id == id)
    }

    /// Makes them where none were made before.
    pub fn begin(&mut self, facts: &Facts, now: Timestamp) {
        if self.looked.is_none() {
            self.look(facts, now);
        }
    }

    /// Makes those anew that would be others; whether there were any.
    pub fn look(&mut self, facts: &Facts, now: Timestamp) -> bool {
        let state = state(facts);
        let lately = |(at, then): (Timestamp, State)| {
            then == state && (0..APART_S).contains(&now.duration_since(at).as_secs())
        };
        if !self.all.is_empty() && self.looked.is_some_and(lately) {
            return false;
        }
        // Another provider is up or down: who is told of by none of its parts may say so, too.
        let anew = self.looked.is_none_or(|(_, then)| then != state);
        self.looked = Some((now, state));
        let mut before = std::mem::take(&mut self.all);
        let pages = Pages::new(facts, now);
        let mut changed = false;
        for view in listed(facts) {
            let stamp = view.stamp(facts, now);
            let known = before.iter().position(|k| k.entry.view == view);
            let known = known.map(|at| before.swap_remove(at));
            let kept = known.filter(|k| !anew && k.holds(&stamp, now));
            let kept = kept.map(|k| k.dated(facts));
            changed |= kept.is_none();
            self.all
                .push(kept.unwrap_or_else(|| Kept::new(stamp, &pages, view)));
        }
        changed || !before.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::domain::facts::ProviderHealth;
    use crate::domain::part::Part;
    use crate::domain::secret::Secret;
    use crate::domain::service::Service;
    use crate::present::Tone;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000 + second).unwrap()
    }

    fn secrets(second: i64) -> Part<Arc<Vec<Secret>>> {
        let rarely = Duration::from_secs(900);
        Part::answered(
            Arc::default(),
            at(second),
            "secretsmanager:ListSecrets",
            rarely,
        )
    }

    /// When the lines of two systems were made, seconds.
    fn made(listed: &Listed) -> [i64; 2] {
        ["secrets", "buckets"].map(|id| {
            let kept = listed.all.iter().find(|k| k.entry.view.id == id).unwrap();
            kept.at.as_second() - 1_000
        })
    }

    fn facts() -> Facts {
        let mut facts = Facts::default();
        let lines = ["secretsmanager", "s3", "ecs"];
        facts.providers.extend(lines.map(|name| ProviderHealth {
            name: name.into(),
            last_ok: Some(at(0)),
            problem: None,
            next_try: None,
            calls_per_minute: 1,
            metered: None,
            latency_ms: None,
            clock_s: None,
            configured: true,
        }));
        facts.estate.secrets = secrets(0);
        facts
    }

    #[test]
    fn a_line_is_made_anew_once_its_own_system_answered_or_it_is_old_and_not_for_another_ones_answer()
     {
        let (mut facts, mut listed) = (facts(), Listed::default());
        listed.begin(&facts, at(0));
        assert_eq!(made(&listed), [0, 0]);
        assert!(!listed.look(&facts, at(1)), "it was looked a moment ago");
        facts.estate.secrets = secrets(4);
        assert!(listed.look(&facts, at(4)));
        assert_eq!(made(&listed), [4, 0]);
        assert!(!listed.look(&facts, at(8)), "nothing has changed");
        let asked = |listed: &Listed| listed.of("secrets").and_then(|e| e.oldest);
        assert_eq!(asked(&listed), Some(at(4)));
        assert!(listed.look(&facts, at(31)));
        assert_eq!(made(&listed), [4, 31], "words tell ages");
        // Nothing else about it is new: too old to be believed is a change, too.
        assert!(listed.look(&facts, at(4 + 2 * 900 + 6)));
        assert_eq!(listed.of("secrets").unwrap().tone, Tone::Unknown);
    }

    #[test]
    fn a_line_that_stays_as_it_is_has_the_age_of_the_last_answer() {
        let (mut facts, mut listed) = (facts(), Listed::default());
        let services: Arc<Vec<Arc<Service>>> = Arc::default();
        let often = Duration::from_secs(10);
        let mut ask = |second| {
            let part = Part::answered(services.clone(), at(second), "ecs", often);
            facts.services = part;
            listed.look(&facts, at(second));
            let line = listed.all.iter().find(|k| k.entry.view.id == "clusters");
            let line = line.unwrap();
            (line.at.as_second() - 1_000, line.entry.oldest)
        };
        let first = ask(0);
        assert_eq!(first, (0, Some(at(0))));
        assert_eq!(
            ask(10),
            (0, Some(at(10))),
            "it says the same, and was asked"
        );
    }

    #[test]
    fn what_is_put_together_of_other_pages_is_made_every_few_seconds_at_most() {
        let (mut facts, mut listed) = (facts(), Listed::default());
        let mut security = |second| {
            facts.estate.secrets = secrets(second);
            listed.look(&facts, at(second));
            let line = listed.all.iter().find(|k| k.entry.view.id == "security");
            line.unwrap().at.as_second() - 1_000
        };
        assert_eq!([0, 4, 8, 12].map(&mut security), [0, 0, 0, 12]);
    }

    #[test]
    fn all_are_made_anew_at_once_where_a_system_fails_or_the_clock_was_set_back() {
        let (mut facts, mut listed) = (facts(), Listed::default());
        listed.begin(&facts, at(100));
        facts.providers[1].last_ok = None;
        assert!(listed.look(&facts, at(101)));
        assert_eq!(made(&listed), [101, 101]);
        assert!(listed.look(&facts, at(50)));
        assert_eq!(made(&listed), [50, 50]);
    }
}
