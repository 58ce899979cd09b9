//! What a probe makes of the facts: a verdict, the evidence behind it, and a reason in words.

use jiff::Timestamp;

use crate::plan::checklist::{CriterionState, Evidence, Figure};

/// Names listed in a reason before it says "and N more".
const NAMED: usize = 4;

/// Names listed in the reason of what is proved, and in its evidence.
const SHOWN: usize = NAMED;
const LISTED: usize = 200;

/// Names of what was left out, in evidence.
const LEFT_OUT: usize = 12;

/// Offenders that get a piece of evidence of their own.
const DETAILED: usize = 20;

/// A probe's verdict. Its state is one of proved, failing and unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// What it is worth.
    pub state: CriterionState,
    /// The most telling first.
    pub evidence: Vec<Evidence>,
    /// Why.
    pub reason: String,
    /// What was measured, where that is a number.
    pub figure: Option<Figure>,
}

/// Either half ends a probe; the `Err` half lets it end early with `?`.
pub type Verdict = Result<Judgement, Judgement>;

impl Judgement {
    /// Cannot tell, and why.
    pub fn unknown(reason: impl Into<String>) -> Self {
        Self {
            state: CriterionState::Unknown,
            evidence: Vec::new(),
            reason: reason.into(),
            figure: None,
        }
    }

    /// With what was measured, and what it is to be.
    #[must_use]
    pub fn measured(self, now: impl Into<String>, target: impl Into<String>) -> Self {
        let figure = Some(Figure {
            now: now.into(),
            target: target.into(),
        });
        Self { figure, ..self }
    }

    /// With what was left out: what is good is good without that, and says so.
    #[must_use]
    pub fn without(mut self, names: &[String]) -> Self {
        if let (false, Some(good)) = (names.is_empty(), self.evidence.iter_mut().find(|e| e.ok)) {
            let names = list(names, LEFT_OUT);
            good.answer = format!("{}; left out: {names}", good.answer);
        }
        self
    }

    /// One piece of evidence settles it.
    pub fn single(ok: bool, question: String, answer: String, at: Timestamp) -> Self {
        Self {
            state: if ok {
                CriterionState::Proved
            } else {
                CriterionState::Failing
            },
            reason: answer.clone(),
            figure: None,
            evidence: vec![Evidence {
                question,
                answer,
                at,
                ok,
                probe: "",
            }],
        }
    }
}

/// Collects what was found for each of many things (services, hosts, groups) and sums it up.
#[derive(Debug)]
pub struct Findings {
    question: String,
    at: Timestamp,
    noun: &'static str,
    good: Vec<(String, String)>,
    bad: Vec<(String, String)>,
    dim: Vec<(String, String)>,
}

impl Findings {
    /// About things called `noun` (in the singular), asked with `question`, answered at `at`.
    pub fn new(noun: &'static str, question: String, at: Timestamp) -> Self {
        Self {
            question,
            at,
            noun,
            good: Vec::new(),
            bad: Vec::new(),
            dim: Vec::new(),
        }
    }

    /// This one holds.
    pub fn good(&mut self, name: &str, answer: &str) {
        self.good.push((name.to_owned(), answer.to_owned()));
    }

    /// This one does not, and how.
    pub fn bad(&mut self, name: impl Into<String>, answer: impl Into<String>) {
        self.bad.push((name.into(), answer.into()));
    }

    /// Cannot tell for this one, and why.
    pub fn unknown(&mut self, name: impl Into<String>, why: impl Into<String>) {
        self.dim.push((name.into(), why.into()));
    }

    /// Holds or not.
    pub fn check(&mut self, ok: bool, name: &str, answer: &str) {
        if ok {
            self.good(name, answer);
        } else {
            self.bad(name, answer);
        }
    }

    /// The verdict over all: one failing thing fails it, else one unknown thing leaves it unknown. Nothing found at all proves
    /// nothing.
    pub fn verdict(self) -> Judgement {
        let total = self.good.len() + self.bad.len() + self.dim.len();
        let mut evidence: Vec<Evidence> = Vec::with_capacity(self.bad.len().min(DETAILED) + 1);
        for (name, answer) in self.bad.iter().take(DETAILED) {
            evidence.push(Evidence {
                question: self.question.clone(),
                answer: join(name, answer),
                at: self.at,
                ok: false,
                probe: "",
            });
        }
        if !self.good.is_empty() {
            let said = |(name, answer): &(String, String)| match answer.as_str() {
                "" => name.clone(),
                answer => format!("{name} {answer}"),
            };
            let said: Vec<String> = self.good.iter().map(said).collect();
            evidence.push(Evidence {
                question: self.question.clone(),
                answer: format!("{} of {total}: {}", said.len(), list(&said, LISTED)),
                at: self.at,
                ok: true,
                probe: "",
            });
        }
        let (state, reason) = if !self.bad.is_empty() {
            (CriterionState::Failing, named(&self.bad))
        } else if !self.dim.is_empty() {
            (CriterionState::Unknown, named(&self.dim))
        } else if total == 0 {
            (
                CriterionState::Unknown,
                format!("there is no {} to look at", self.noun),
            )
        } else {
            let names: Vec<String> = self.good.into_iter().map(|(name, _)| name).collect();
            let reason = format!("{}: {}", counted(total, self.noun), list(&names, SHOWN));
            (CriterionState::Proved, reason)
        };
        Judgement {
            state,
            evidence,
            reason,
            figure: None,
        }
    }
}

fn join(name: &str, answer: &str) -> String {
    if answer.is_empty() {
        name.to_owned()
    } else {
        format!("{name}: {answer}")
    }
}

fn named(rows: &[(String, String)]) -> String {
    let rows: Vec<String> = rows.iter().map(|(n, a)| join(n, a)).collect();
    let shown = rows.get(..NAMED).unwrap_or(&rows).join("; ");
    match rows.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown}; and {more} more"),
    }
}

pub fn counted(total: usize, noun: &str) -> String {
    match total {
        1 => format!("1 {noun}"),
        n if noun.ends_with('s') => format!("all {n} {noun}es"),
        n => format!("all {n} {noun}s"),
    }
}

/// Names in a row, cut after `most`.
pub fn list(names: &[String], most: usize) -> String {
    let shown = names.get(..most).unwrap_or(names).join(", ");
    match names.len().saturating_sub(most) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_offender_fails_it_and_one_blank_leaves_it_unknown() {
        let mut f = Findings::new("service", "q".into(), Timestamp::UNIX_EPOCH);
        f.good("api", "4 of 4");
        f.unknown("web", "not read yet");
        assert_eq!(f.verdict().state, CriterionState::Unknown);
        let mut f = Findings::new("service", "q".into(), Timestamp::UNIX_EPOCH);
        f.good("api", "4 of 4");
        f.unknown("web", "not read yet");
        f.bad("pdf", "2 of 3");
        let j = f.verdict();
        assert_eq!(j.state, CriterionState::Failing);
        assert_eq!(j.reason, "pdf: 2 of 3");
        assert!(!j.evidence[0].ok, "the offender comes first");
    }

    #[test]
    fn what_is_proved_names_what_it_is_proved_of_and_its_evidence_names_all() {
        let proved = |many: usize| {
            let mut f = Findings::new("service", "q".into(), Timestamp::UNIX_EPOCH);
            for n in 1..=many {
                f.good(&format!("s{n}"), "1 of 1");
            }
            f.verdict()
        };
        assert_eq!(proved(3).reason, "all 3 services: s1, s2, s3");
        let j = proved(30);
        let end = "s4 and 26 more";
        assert!(j.reason.ends_with(end), "{}", j.reason);
        let told = &j.evidence[0].answer;
        assert!(told.starts_with("30 of 30: s1 1 of 1, "), "{told}");
        assert!(told.ends_with("s30 1 of 1"), "{told}");
    }

    #[test]
    fn what_is_left_out_is_said_of_what_is_good() {
        let single =
            |ok| Judgement::single(ok, "q".into(), "2 of 2: a, b".into(), Timestamp::UNIX_EPOCH);
        let told = |ok, names: &[String]| single(ok).without(names).evidence[0].answer.clone();
        let names = ["dev/c".to_owned(), "dev/d".to_owned()];
        assert_eq!(told(true, &names), "2 of 2: a, b; left out: dev/c, dev/d");
        assert_eq!(told(true, &[]), "2 of 2: a, b");
        assert_eq!(told(false, &names), "2 of 2: a, b");
    }

    #[test]
    fn nothing_at_all_is_not_green() {
        let f = Findings::new("host", "q".into(), Timestamp::UNIX_EPOCH);
        assert_eq!(f.verdict().state, CriterionState::Unknown);
    }
}
