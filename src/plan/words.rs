//! People's words on criteria: sign-offs, waivers, and when they stop counting.

use std::time::Duration;

use jiff::Timestamp;

use super::checklist::NOT_ASKED;
use super::probes::span;
use crate::domain::audit::{SignOff, SignOffKind};
use crate::domain::deadline;
use crate::domain::facts::Facts;
use crate::domain::observer::LastFailure;
use crate::domain::part::Freshness;

/// The word that stands on a criterion.
#[derive(Debug)]
pub struct Word<'a> {
    /// The newest word; `None` for none, or one that was withdrawn. One that the audit chain does not prove is shown, and counts
    /// for nothing: neither it nor what it replaced.
    pub signoff: Option<&'a SignOff>,
    /// Whether it counts at present.
    counts: bool,
    /// Why words cannot be read, if so.
    trouble: Option<String>,
}

/// The word that stands on a criterion now. A word does not age, but a store that cannot be read might hold its withdrawal:
/// then none counts.
pub fn standing<'a>(id: &str, facts: &'a Facts, now: Timestamp) -> Word<'a> {
    let part = &facts.signoffs;
    let newest = part
        .rows()
        .iter()
        .filter(|s| s.criterion == id)
        .max_by_key(|s| s.at)
        .filter(|s| s.kind != SignOffKind::Withdrawn || !s.proven);
    let readable = !matches!(part.freshness(now), Freshness::Failed | Freshness::Never);
    let expired = newest.is_some_and(|s| {
        s.kind == SignOffKind::Waived && s.until.is_some_and(|until| until <= now)
    });
    Word {
        signoff: newest,
        counts: readable && newest.is_some_and(|s| s.proven) && !expired,
        trouble: match (&part.error, newest) {
            (Some(p), Some(_)) => Some(format!("{}: {}", p.what, p.why)),
            _ => None,
        },
    }
}

/// The failure that a probe told last, where a person's word that counts is not younger: once the probe cannot be asked, that word does
/// not count again. Losing a connection makes nothing readier.
pub fn outranking(id: &str, word: &Word<'_>, facts: &Facts) -> Option<LastFailure> {
    let failure = facts.failed.value.as_ref()?.get(id)?;
    let stands = word.signed() && failure.outranks(word.signoff?);
    stands.then_some(*failure)
}

/// Why a criterion fails by what its probe said last. `why`: what keeps it from being asked now.
pub fn remembered(failure: &LastFailure, why: &str, word: &Word<'_>, now: Timestamp) -> String {
    let age = Duration::try_from(now.duration_since(failure.at)).unwrap_or(Duration::ZERO);
    let age = span(age);
    let now = match why.contains(NOT_ASKED) {
        true => "not asked since".to_owned(),
        false => format!("cannot be asked now ({why})"),
    };
    let said = word.said();
    format!("failed when last asked, {age} ago; {now}; {said}, but the probe failed")
}

impl Word<'_> {
    /// Whether it is accepted as missing at present.
    pub fn waived(&self) -> bool {
        self.counts && self.kind() == Some(SignOffKind::Waived)
    }

    /// Whether a person vouches for it at present.
    pub fn signed(&self) -> bool {
        self.counts && self.kind() == Some(SignOffKind::SignedOff)
    }

    fn kind(&self) -> Option<SignOffKind> {
        self.signoff.map(|s| s.kind)
    }

    /// Who, why, until when.
    pub fn said(&self) -> String {
        let Some(s) = self.signoff else {
            return String::new();
        };
        let verb = match s.kind {
            SignOffKind::SignedOff => "signed off by",
            SignOffKind::Waived => "waived by",
            SignOffKind::Withdrawn => "withdrawn by",
        };
        let until = match (s.kind, s.until) {
            (SignOffKind::Waived, Some(t)) => format!(" until {}", deadline::words(t)),
            _ => String::new(),
        };
        format!("{verb} {}{until}: {}", s.who, s.why)
    }

    /// A reason, with what became of a word that no longer counts.
    pub fn after(&self, why: String) -> String {
        match (&self.trouble, self.signoff) {
            (Some(trouble), _) => format!("{why}; its sign-off cannot be read ({trouble})"),
            (None, Some(s)) if !s.proven => format!(
                "{why}; the word by {} is UNPROVEN: the audit chain does not hold it, so it may have been written by hand",
                s.who
            ),
            (None, Some(s)) if !self.counts => {
                let until = s.until.map(deadline::words).unwrap_or_default();
                format!("{why}; the waiver by {} ended {until}", s.who)
            }
            _ => why,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::part::Part;

    #[test]
    fn a_word_that_the_chain_does_not_prove_counts_for_nothing_and_is_told() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let word = |kind, proven| SignOff {
            criterion: "2.1.c".into(),
            kind,
            who: "ana".into(),
            why: "seen".into(),
            link: String::new(),
            at: now,
            until: None,
            proven,
        };
        let facts = |kind, proven| Facts {
            signoffs: Part {
                value: Some(vec![word(kind, proven)]),
                observed_at: Some(now),
                ..Part::default()
            },
            ..Facts::default()
        };
        let good = facts(SignOffKind::SignedOff, true);
        assert!(standing("2.1.c", &good, now).signed());
        for kind in [SignOffKind::SignedOff, SignOffKind::Withdrawn] {
            let forged = facts(kind, false);
            let stands = standing("2.1.c", &forged, now);
            assert!(!stands.signed() && !stands.waived());
            let told = stands.after("nobody vouches".into());
            assert!(told.contains("by ana is UNPROVEN"), "{told}");
        }
        let waived = word(SignOffKind::Waived, true);
        let said = |until: &str| {
            let until = until.parse().ok();
            Word {
                signoff: Some(&SignOff {
                    until,
                    ..waived.clone()
                }),
                counts: true,
                trouble: None,
            }
            .said()
        };
        assert_eq!(
            said("2026-12-01T23:59:59Z"),
            "waived by ana until 2026-12-01: seen"
        );
        assert!(said("2026-12-01T12:00:00Z").contains("until 2026-12-01 12:00: "));
        let withdrawn = facts(SignOffKind::Withdrawn, true);
        assert!(standing("2.1.c", &withdrawn, now).signoff.is_none());
    }
}
