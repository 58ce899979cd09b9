//! Promises to users, as measured.

use jiff::{SignedDuration, Timestamp};

use super::judgement::{Judgement, Verdict};
use super::look::{Look, Seen, span};
use super::{Param, ParamKind, Probe, number};
use crate::domain::slo::{Burn, Slo, SloKind, rate_words};

const KIND: Param = Param {
    name: "kind",
    default: "availability",
    kind: ParamKind::OneOf(&["availability", "response", "errors"]),
};

pub(super) const PROBES: &[Probe] = &[
    Probe {
        name: "slo.met",
        question: "is the promise kept over the window, by requests enough to tell?",
        params: &[KIND],
        judge: met,
    },
    Probe {
        name: "slo.burn",
        question: "does the error budget burn no faster than somebody must be told of (1 h, 6 h, 3 d)?",
        params: &[KIND],
        judge: burn,
    },
    Probe {
        name: "slo.interruptions",
        question: "were there fewer hours of interrupted service lately than in the time before?",
        params: &[number("days", "14"), number("percent", "99")],
        judge: interruptions,
    },
];

/// So many failures a promise is to allow before a count of requests tells that it is kept: with fewer, one more would decide.
const ALLOWED: f64 = 10.0;
/// Requests that a mean response time is told of at least.
const TIMED: f64 = 1_000.0;
/// Share of the hours of a window that requests are to be counted in: in an hour without any, nobody knows whether the service was there.
const HOURS: f64 = 0.9;

/// How much a promise was measured by.
struct Measure {
    requests: f64,
    /// Hours with requests.
    hours: usize,
    /// Hours of the window.
    of: usize,
}

impl Measure {
    fn of(slo: &Slo) -> Self {
        let of = usize::try_from(slo.window_s.div_ceil(3_600)).unwrap_or(usize::MAX);
        Self {
            requests: slo.counted.requests,
            hours: slo.history.len().min(of),
            of,
        }
    }

    fn words(&self) -> String {
        let (requests, hours, of) = (self.requests, self.hours, self.of);
        format!("{requests:.0} requests in {hours} of {of} h")
    }

    /// Why that is too little to tell that a promise is kept.
    fn too_little(&self, slo: &Slo) -> Option<String> {
        let share = match slo.kind {
            SloKind::Availability => Some((100.0 - slo.target) / 100.0),
            SloKind::ErrorRate => Some(slo.target / 100.0),
            SloKind::ResponseTime => None,
        };
        let least = match share {
            // Of a promise that allows nothing each request decides, however many there are.
            Some(share) if share < 1e-9 => TIMED,
            Some(share) => (ALLOWED / share).round(),
            None => TIMED,
        };
        if self.requests < least {
            return Some(format!("fewer than the {least:.0} that tell it is kept"));
        }
        let few = (self.hours as f64) < self.of as f64 * HOURS;
        few.then(|| {
            let without = self.of - self.hours;
            format!("in {without} h nobody asked, and whether it would have answered is not known")
        })
    }
}

/// The promise that is meant.
fn promise<'a>(look: &Look<'a>, word: &str) -> Result<(&'a Slo, Seen<'a, Vec<Slo>>), Judgement> {
    let seen = look.fresh(&look.facts.slos, "the promises")?;
    let slo = seen.value.iter().find(|s| s.kind.word() == word);
    let slo = slo.filter(|s| s.current.is_some());
    let slo = slo.ok_or_else(|| Judgement::unknown(format!("{word}: no data yet")))?;
    Ok((slo, seen))
}

/// Why what was counted does not tell that a promise is kept.
fn untold(slo: &Slo, look: &Look<'_>) -> Option<Judgement> {
    if let Some(missing) = &slo.counted.missing {
        let word = slo.kind.word();
        return Some(Judgement::unknown(format!("{word}: {missing}")));
    }
    let since = slo.silent_since?;
    let age = std::time::Duration::try_from(look.now.duration_since(since)).unwrap_or_default();
    Some(Judgement::unknown(format!(
        "{}: no request was counted for {}",
        slo.kind.word(),
        span(age)
    )))
}

fn met(look: &Look<'_>) -> Verdict {
    let word = look.call.value("kind");
    let (slo, seen) = promise(look, word)?;
    let Some((current, ok)) = slo.current.zip(slo.is_met()) else {
        return Err(
            untold(slo, look).unwrap_or_else(|| Judgement::unknown(format!("{word}: no data yet")))
        );
    };
    let measure = Measure::of(slo);
    if ok && !slo.is_whole() {
        let told = |s| span(std::time::Duration::from_secs(s));
        // What breaks a promise already breaks it; what keeps it so far may not keep it to the end.
        return Err(Judgement::unknown(format!(
            "{}: only {} of {} measured",
            words(slo, current),
            told(slo.window_s),
            told(slo.wanted_s)
        )));
    }
    let told = format!("{}: {}", words(slo, current), measure.words());
    if let Some(why) = measure.too_little(slo).filter(|_| ok) {
        return Err(Judgement::unknown(format!("{told}, {why}")));
    }
    Ok(Judgement::single(
        ok,
        look.question(seen.source),
        told,
        seen.at,
    ))
}

fn words(slo: &Slo, current: f64) -> String {
    let window = span(std::time::Duration::from_secs(slo.window_s));
    let (value, target) = match slo.kind {
        SloKind::ResponseTime => (format!("{current:.0} ms"), format!("{} ms", slo.target)),
        SloKind::Availability | SloKind::ErrorRate => {
            (format!("{current:.3} %"), format!("{} %", slo.target))
        }
    };
    format!("{} {value} of {target} over {window}", slo.kind.word())
}

fn burn(look: &Look<'_>) -> Verdict {
    let word = look.call.value("kind");
    let (slo, seen) = promise(look, word)?;
    let say = |b: &Burn| {
        format!(
            "{} over {} (limit {})",
            rate_words(b.rate),
            span(std::time::Duration::from_secs(b.window_s.into())),
            rate_words(Some(b.threshold))
        )
    };
    let fires: Vec<&Burn> = slo
        .burns
        .iter()
        .filter(|b| b.fires() == Some(true))
        .collect();
    let told = if fires.is_empty() {
        slo.burns.iter().collect()
    } else {
        fires.clone()
    };
    let told: Vec<String> = told.into_iter().map(say).collect();
    if fires.is_empty() {
        if let Some(early) = untold(slo, look) {
            return Err(early);
        }
        if slo.burns.is_empty() || slo.burns.iter().any(|b| b.fires().is_none()) {
            return Err(Judgement::unknown(format!(
                "{word}: too few requests to tell: {}",
                told.join(", ")
            )));
        }
    }
    Ok(Judgement::single(
        fires.is_empty(),
        look.question(seen.source),
        format!("{word} burns {}", told.join(", ")),
        seen.at,
    ))
}

fn interruptions(look: &Look<'_>) -> Verdict {
    let (slo, seen) = promise(look, SloKind::Availability.word())?;
    let (days, percent) = (look.number("days"), look.number("percent"));
    let half = SignedDuration::from_secs_f64(days * 86_400.0);
    let back = |n| look.now.saturating_sub(half * n).unwrap_or(Timestamp::MIN);
    let (middle, begin) = (back(1), back(2));
    let known = std::time::Duration::from_secs(slo.window_s);
    if known.as_secs_f64() < days * 2.0 * 86_400.0 {
        return Err(Judgement::unknown(format!(
            "{} are measured, {} days are needed to compare two times of {days} days",
            span(known),
            days * 2.0
        )));
    }
    let inside = |from: Timestamp, until: Timestamp| {
        let all = slo.history.iter();
        all.filter(move |(at, _)| *at >= from && *at < until)
    };
    let hours = |from, until| {
        let bad = inside(from, until).filter(|(_, served)| *served < percent);
        bad.count()
    };
    let (before, lately) = (hours(begin, middle), hours(middle, look.now));
    // The hour that each of the two times begins in belongs to the other one.
    let whole = (days * 24.0) as usize;
    let silent = |from, until| whole.saturating_sub(inside(from, until).count() + 1);
    let silent = [silent(begin, middle), silent(middle, look.now)];
    let ok = lately == 0 || lately < before;
    if let Some(early) = untold(slo, look).filter(|_| ok) {
        return Err(early);
    }
    let answer = format!(
        "{lately} hours with less than {percent} % served in the last {days} days, {before} in the {days} days before"
    );
    let answer = match silent {
        [0, 0] => answer,
        [before, lately] => format!(
            "{answer}; nobody asked in {lately} h and {before} h of them, and whether it would have answered is not known"
        ),
    };
    let most = whole as f64 * (1.0 - HOURS);
    if ok && silent.into_iter().any(|n| n as f64 > most) {
        return Err(Judgement::unknown(answer));
    }
    let target = match before {
        0 => "0 h".to_owned(),
        before => format!("< {before} h"),
    };
    let judged = Judgement::single(ok, look.question(seen.source), answer, seen.at);
    Ok(judged.measured(format!("{lately} h in {days}d"), target))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::facts::Facts;
    use crate::domain::part::Part;
    use crate::domain::slo::{HOUR_S, Standing, Urgency};
    use crate::plan::CriterionState::{Failing, Proved, Unknown};
    use crate::plan::expect::Expectations;
    use crate::plan::probes::{Call, judge};
    use std::time::Duration;

    fn now() -> Timestamp {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }

    fn ago(hours: i64) -> Timestamp {
        now() - SignedDuration::from_hours(hours)
    }

    /// A promise of 30 days, kept, with one window that burns at a rate.
    fn slo(rate: Option<f64>, short_rate: Option<f64>) -> Slo {
        let burn = Burn {
            window_s: HOUR_S,
            covered_s: HOUR_S,
            rate,
            short_s: 300,
            short_rate,
            threshold: 14.4,
            urgency: Urgency::Page,
            ending: crate::domain::slo::Ending::Unknown,
        };
        Slo {
            kind: SloKind::Availability,
            target: 99.9,
            current: Some(99.95),
            budget_left_percent: Some(50.0),
            budget: None,
            burns: vec![burn],
            window_s: 30 * 86_400,
            wanted_s: 30 * 86_400,
            silent_since: None,
            recent: [].into(),
            history: (0..720).rev().map(|h| (ago(h), 100.0)).collect(),
            remaining: [].into(),
            counted: counted(1_234_567.0),
            queries: [].into(),
        }
    }

    fn counted(requests: f64) -> std::sync::Arc<crate::domain::slo::Counted> {
        std::sync::Arc::new(crate::domain::slo::Counted {
            requests,
            ..Default::default()
        })
    }

    fn asked(words: &str, slo: Slo) -> Judgement {
        let facts = Facts {
            slos: Part::answered(vec![slo], now(), "cloudwatch", Duration::from_secs(60)),
            ..Facts::default()
        };
        let call = Call::parse(words).unwrap();
        judge(&call, &facts, &Expectations::default(), now())
    }

    #[test]
    fn a_kept_promise_is_proved_only_while_requests_are_counted() {
        let mut s = slo(Some(0.5), Some(0.5));
        assert_eq!(asked("slo.met", s.clone()).state, Proved);
        s.silent_since = Some(ago(3));
        assert_eq!(s.standing(), Standing::Unknown);
        let silent = asked("slo.met", s.clone());
        assert_eq!(silent.state, Unknown);
        assert!(
            silent.reason.contains("no request was counted for 3h"),
            "{}",
            silent.reason
        );
        s.current = Some(99.0);
        assert_eq!(asked("slo.met", s.clone()).state, Failing);
        s.current = None;
        assert_eq!(asked("slo.met", s).state, Unknown);
    }

    /// What fails may be just what was not counted; what is broken without it is broken.
    #[test]
    fn a_promise_that_was_measured_in_part_is_not_proved() {
        let mut s = slo(Some(0.5), Some(0.5));
        let missing = Some("20 of 21 load balancers are measured".into());
        s.counted = std::sync::Arc::new(crate::domain::slo::Counted {
            missing,
            requests: 1_234_567.0,
            ..Default::default()
        });
        assert_eq!(s.standing(), Standing::Unknown);
        for probe in ["slo.met", "slo.burn"] {
            let part = asked(probe, s.clone());
            assert_eq!(part.state, Unknown, "{probe}");
            assert_eq!(
                part.reason,
                "availability: 20 of 21 load balancers are measured"
            );
        }
        s.current = Some(99.0);
        assert_eq!(asked("slo.met", s).state, Failing);
    }

    #[test]
    fn a_promise_of_a_month_is_not_proved_by_minutes() {
        let mut s = slo(Some(0.5), Some(0.5));
        s.window_s = 1_200;
        let short = asked("slo.met", s.clone());
        assert_eq!(short.state, Unknown);
        assert!(
            short.reason.ends_with("only 20m of 30d measured"),
            "{}",
            short.reason
        );
        s.current = Some(99.0);
        assert_eq!(asked("slo.met", s).state, Failing, "broken is broken");
    }

    /// A test request thirty days ago and a day of traffic are no month.
    #[test]
    fn a_promise_is_not_proved_by_a_few_requests_or_a_few_hours() {
        let whole = slo(Some(0.5), Some(0.5));
        let good = asked("slo.met", whole.clone());
        assert_eq!(good.state, Proved);
        let said = "availability 99.950 % of 99.9 % over 30d: 1234567 requests in 720 of 720 h";
        assert_eq!(good.evidence[0].answer, said);
        for (kind, target, least) in [
            (SloKind::Availability, 99.9, 10_000.0),
            (SloKind::ErrorRate, 0.1, 10_000.0),
            (SloKind::ResponseTime, 200.0, 1_000.0),
        ] {
            let judge = |requests: f64| {
                let mut s = whole.clone();
                (s.kind, s.target, s.counted) = (kind, target, counted(requests));
                s.current = Some(if kind == SloKind::Availability {
                    99.95
                } else {
                    0.05
                });
                asked(&format!("slo.met kind={}", kind.word()), s)
            };
            assert_eq!(judge(least).state, Proved, "{kind:?}");
            let few = judge(least - 1.0);
            assert_eq!(few.state, Unknown, "{kind:?}");
            assert!(few.reason.contains("fewer than the"), "{}", few.reason);
        }
        let mut day = whole;
        day.history = (0..24).rev().map(|h| (ago(h), 100.0)).collect();
        let few = asked("slo.met", day.clone());
        assert_eq!(few.state, Unknown);
        let why = "requests in 24 of 720 h, in 696 h nobody asked";
        assert!(few.reason.contains(why), "{}", few.reason);
        let quiet = asked("slo.interruptions days=14", day.clone());
        assert_eq!(quiet.state, Unknown);
        let why = "nobody asked in 312 h and 335 h of them";
        assert!(quiet.reason.contains(why), "{}", quiet.reason);
        day.current = Some(99.0);
        assert_eq!(asked("slo.met", day).state, Failing, "broken is broken");
    }

    #[test]
    fn a_burn_fails_where_somebody_must_be_told_and_is_unknown_where_nobody_can_tell() {
        for (long, short, state) in [
            (Some(0.5), Some(0.5), Proved),
            (Some(20.0), Some(0.1), Proved),
            (Some(20.0), Some(20.0), Failing),
            (Some(20.0), None, Unknown),
            (None, None, Unknown),
        ] {
            let judged = asked("slo.burn", slo(long, short));
            assert_eq!(judged.state, state, "{long:?} {short:?}: {}", judged.reason);
        }
        let told = asked("slo.burn", slo(Some(20.0), Some(20.0)));
        assert_eq!(told.reason, "availability burns 20x over 1h (limit 14x)");
    }

    #[test]
    fn interruptions_are_compared_over_two_times_of_the_same_length() {
        let with = |hours: &[i64]| {
            let mut s = slo(Some(0.5), Some(0.5));
            let served = |h| if hours.contains(&h) { 95.0 } else { 100.0 };
            s.history = (1..720).rev().map(|h| (ago(h), served(h))).collect();
            s
        };
        let state = |hours: &[i64]| asked("slo.interruptions days=14", with(hours)).state;
        assert_eq!(state(&[]), Proved);
        assert_eq!(state(&[10, 400, 401]), Proved);
        assert_eq!(
            state(&[10, 400]),
            Failing,
            "as many as before are not fewer"
        );
        assert_eq!(state(&[10]), Failing);
        assert_eq!(state(&[700]), Proved, "longer ago than both");
        let mut short = with(&[]);
        short.window_s = 20 * 86_400;
        assert_eq!(asked("slo.interruptions days=14", short).state, Unknown);
    }
}
