//! Clocks that are apart. Moments of a vendor's that are yet to come by our clock: of what is past, they have no age, and say that one of
//! the clocks is wrong. And this machine's own clock, held against the `Date` of every answer: where it is wrong, all ages are.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::Timestamp;

use super::deployment::Deployment;
use super::facts::ProviderHealth;
use super::order::Ordered;
use super::progress::SKEW_S;

/// Seconds that a moment of the past is ahead of now, where that is more than clocks are apart as a rule.
pub fn ahead(at: Timestamp, now: Timestamp) -> Option<i64> {
    let seconds = at.duration_since(now).as_secs();
    (seconds > SKEW_S).then_some(seconds)
}

/// The same in words for where an age would stand: `in 3m`.
pub fn short(at: Timestamp, now: Timestamp) -> Option<String> {
    let text = match ahead(at, now)? {
        s @ ..3_600 => format!("in {}m", s / 60),
        s @ 3_600..172_800 => format!("in {}h", s / 3_600),
        s => format!("in {}d", s / 86_400),
    };
    Some(text)
}

/// The same where there is room to say why: `in 3m by the vendor's clock`.
pub fn words(at: Timestamp, now: Timestamp) -> Option<String> {
    short(at, now).map(|text| format!("{text} by the vendor's clock"))
}

/// What is said of something past that is dated ahead: `was made in 3d by the vendor's clock: one of the clocks is wrong`. `None` where
/// its date can be true.
pub fn doubt(verb: &str, at: Option<Timestamp>, now: Timestamp) -> Option<String> {
    let when = words(at?, now)?;
    Some(format!("{verb} {when}: one of the clocks is wrong"))
}

/// From so many seconds on this machine's clock is told to be wrong: below, ages are as good as people read them.
const WRONG_S: u64 = 60;

/// So many of an owner's newest lines are heard: one slow answer says nothing, and what was told long ago as little.
const NEWEST: usize = 3;

/// How far this machine's clock is off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Seconds that the others' clocks are ahead of it; negative: they are behind.
    pub ahead_s: i64,
    /// Who says so: `aws`, `github`.
    pub by: Vec<String>,
}

impl Wrong {
    /// This machine's clock by those of who answers it, each by what its newest answers say: of more than half of them it must be
    /// apart, to the same side. One vendor among others whose clock is wrong says nothing about ours.
    pub fn of(providers: &[ProviderHealth]) -> Option<Self> {
        let mut told: BTreeMap<&str, Vec<(Option<Timestamp>, i64)>> = BTreeMap::new();
        for p in providers {
            if let Some(s) = p.clock_s {
                told.entry(p.owner()).or_default().push((p.last_ok, s));
            }
        }
        let all = told.len();
        let each = told.into_iter().filter_map(|(owner, mut lines)| {
            lines.order_by_key(|(at, _)| Reverse(*at));
            lines.truncate(NEWEST);
            lines.order_by_key(|(_, s)| *s);
            Some((owner, lines.get(lines.len() / 2)?.1))
        });
        let each: Vec<(&str, i64)> = each.collect();
        let side = |of: i64| {
            let apart = each
                .iter()
                .filter(move |(_, s)| s.unsigned_abs() >= WRONG_S && s.signum() == of);
            let mut apart: Vec<_> = apart.collect();
            apart.order_by_key(|(_, s)| *s);
            (apart.len() * 2 > all).then_some(apart)
        };
        let apart = side(1).or_else(|| side(-1))?;
        let (_, ahead_s) = apart.get(apart.len() / 2)?;
        let mut by: Vec<String> = apart.iter().map(|(owner, _)| (*owner).to_owned()).collect();
        by.sort_unstable();
        Some(Self {
            ahead_s: *ahead_s,
            by,
        })
    }

    /// In two words, for beside the time: `4m SLOW`.
    pub fn short(&self) -> String {
        let amount = match self.ahead_s.unsigned_abs() {
            s @ ..3_600 => format!("{}m", (s + 30) / 60),
            s @ 3_600..172_800 => format!("{}h", (s + 1_800) / 3_600),
            s => format!("{}d", (s + 43_200) / 86_400),
        };
        let side = if self.ahead_s > 0 { "SLOW" } else { "FAST" };
        format!("{amount} {side}")
    }

    /// As a sentence: `this machine's clock is 4m slow by aws, github: ages are wrong by as much`.
    pub fn words(&self) -> String {
        let short = self.short().to_lowercase();
        let by = self.by.join(", ");
        format!("this machine's clock is {short} by {by}: ages are wrong by as much; set it")
    }
}

impl Deployment {
    /// What cannot be true of the times of one that has ended, in words.
    pub fn disagreement(&self, now: Timestamp) -> Option<String> {
        if self.state.is_running() {
            return None;
        }
        let began = self.started_at.or(self.created_at);
        let told = [("began", began), ("ended", self.finished_at)];
        let said =
            |(verb, at): (&str, Option<Timestamp>)| Some(format!("it {verb} {}", words(at?, now)?));
        let found = told.into_iter().find_map(said)?;
        Some(format!("{found}: one of the clocks is wrong"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, clock_s: Option<i64>) -> ProviderHealth {
        ProviderHealth {
            name: name.into(),
            last_ok: None,
            problem: None,
            next_try: None,
            calls_per_minute: 0,
            metered: None,
            latency_ms: None,
            clock_s,
            configured: true,
        }
    }

    #[test]
    fn this_machines_clock_is_wrong_where_most_others_say_so() {
        let of = |told: &[(&str, i64)]| {
            let lines: Vec<_> = told.iter().map(|(n, s)| line(n, Some(*s))).collect();
            Wrong::of(&lines).map(|w| (w.short(), w.by.join(" ")))
        };
        let said = |short: &str, by: &str| Some((short.to_owned(), by.to_owned()));
        assert_eq!(Wrong::of(&[line("ecs", None)]), None, "nobody told");
        assert_eq!(of(&[("ecs", 59), ("github", -59)]), None);
        assert_eq!(of(&[("ecs", 239)]), said("4m SLOW", "aws"), "to the next");
        assert_eq!(
            of(&[("ecs", 86_400), ("elb", 86_401), ("github", 86_399)]),
            said("24h SLOW", "aws github")
        );
        assert_eq!(
            of(&[("ecs", -7_300), ("github", -7_300), ("sentry", 0)]),
            said("2h FAST", "aws github")
        );
        assert_eq!(
            of(&[("ecs", 0), ("github", 400_000)]),
            None,
            "one is wrong, and not ours"
        );
        assert_eq!(
            of(&[("ecs", 90), ("github", -90)]),
            None,
            "who is right is not known"
        );
        assert_eq!(
            of(&[("ecs", i64::MIN)]),
            said("106751991167301d FAST", "aws")
        );
    }

    /// Most lines of a vendor are asked every few minutes.
    #[test]
    fn the_newest_answers_of_a_vendor_say_what_the_clock_is() {
        let of = |told: &[(i64, i64)]| {
            let each = told.iter().map(|(at, s)| ProviderHealth {
                last_ok: Timestamp::from_second(*at).ok(),
                ..line("ecs", Some(*s))
            });
            Wrong::of(&each.collect::<Vec<_>>()).map(|w| w.short())
        };
        let slow = Some("4m SLOW".to_owned());
        let old = [(10, 0), (20, 0), (30, 0), (40, 0), (50, 0)];
        let with = |new: &[(i64, i64)]| of(&[&old[..], new].concat());
        assert_eq!(with(&[(600, 240), (605, 239), (610, 241)]), slow);
        assert_eq!(with(&[(600, 240), (605, 240)]), slow);
        assert_eq!(with(&[(600, 240)]), None, "one answer may be slow");
        let set = [(10, 240), (20, 240), (30, 240), (600, 0), (601, 0)];
        assert_eq!(of(&set), None, "it was set");
    }

    #[test]
    fn what_is_yet_to_come_has_no_age() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let said = |s: i64| words(now + jiff::SignedDuration::from_secs(s), now);
        assert_eq!(said(-5), None);
        assert_eq!(said(SKEW_S), None, "clocks are a little apart");
        let by = |t: &str| Some(format!("in {t} by the vendor's clock"));
        assert_eq!(said(200), by("3m"));
        assert_eq!(said(7_300), by("2h"));
        assert_eq!(said(200_000), by("2d"));
    }
}
