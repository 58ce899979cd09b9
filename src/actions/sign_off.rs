//! Sign-offs, waivers and their withdrawal: a person's word, through the same life as everything else.

use jiff::Timestamp;

use super::draft::Draft;
use super::goal::Goal;
use super::hands::{Halt, Hands};
use super::look::Look;
use super::words;
use crate::domain::action::{Intent, Phase};
use crate::domain::audit::{SignOff, SignOffKind};
use crate::domain::deadline;
use crate::domain::problem::{Problem, ProblemKind};

/// The word in an intent, if it is one.
#[derive(Clone, Copy, Debug)]
pub struct Word<'a> {
    pub criterion: &'a str,
    pub kind: SignOffKind,
    pub why: &'a str,
    pub link: &'a str,
    pub until: Option<Timestamp>,
}

impl<'a> Word<'a> {
    /// Reads the intents of this file.
    pub fn of(intent: &'a Intent) -> Option<Self> {
        match intent {
            Intent::SignOff {
                criterion,
                why,
                link,
            } => Some(Self {
                criterion,
                kind: SignOffKind::SignedOff,
                why,
                link,
                until: None,
            }),
            Intent::Waive {
                criterion,
                why,
                until,
            } => Some(Self {
                criterion,
                kind: SignOffKind::Waived,
                why,
                link: "",
                until: Some(*until),
            }),
            Intent::Withdraw { criterion, why } => Some(Self {
                criterion,
                kind: SignOffKind::Withdrawn,
                why,
                link: "",
                until: None,
            }),
            _ => None,
        }
    }

    fn verb(&self) -> &'static str {
        match self.kind {
            SignOffKind::SignedOff => "Sign off",
            SignOffKind::Waived => "Waive",
            SignOffKind::Withdrawn => "Withdraw the word on",
        }
    }

    /// What it would do.
    pub async fn draft(&self, look: &Look<'_>) -> Result<Draft, Problem> {
        let mut draft = Draft::new(format!("{} {}", self.verb(), self.criterion));
        let now = Timestamp::now();
        let standing = match look.store {
            Some(store) => store.signoffs().await?,
            None => Vec::new(),
        };
        let newest = standing.iter().find(|s| s.criterion == self.criterion);
        let stands = newest.filter(|s| s.kind != SignOffKind::Withdrawn || !s.proven);
        if stands.is_some_and(|s| !s.proven) {
            draft.warn(
                "the word that stands is in no row of the audit chain, and counts for nothing",
            );
        }
        draft.input(
            "word that stands",
            stands.map_or_else(
                || "none".to_owned(),
                |s| format!("{} by {} at {}", kind(s.kind), s.who, s.at),
            ),
        );
        draft.fact("criterion", self.criterion);
        draft.fact(
            "word that stands",
            stands.map_or_else(
                || "none".to_owned(),
                |s| {
                    format!(
                        "{} by {}, {} ago: {}",
                        kind(s.kind),
                        s.who,
                        words::ago(s.at, now),
                        s.why
                    )
                },
            ),
        );
        draft.fact("why", self.why);
        if !self.link.is_empty() {
            draft.fact("evidence", self.link);
        }
        if self.criterion.trim().is_empty() {
            draft.refuse("no criterion is named");
        }
        if self.why.trim().is_empty() {
            draft.refuse("a word needs a reason");
        }
        if let Some(until) = self.until {
            draft.fact("until", format!("{} UTC", deadline::words(until)));
            if until <= now {
                draft.refuse(format!("{until} is past"));
            }
        }
        match (self.kind, stands) {
            (SignOffKind::Withdrawn, None) => draft.refuse("there is no word to withdraw"),
            (SignOffKind::Withdrawn, _) | (_, None) => {}
            (_, Some(_)) => draft.warn("replaces the word that stands"),
        }
        draft.call("the store alone: one row that is never changed; nothing is sent to a vendor");
        Ok(draft)
    }

    /// Does it.
    pub async fn execute(&self, hands: &Hands<'_>) -> Result<Goal, Halt> {
        let goal = Goal::Word {
            criterion: self.criterion.to_owned(),
        };
        hands.about_to("writing the word", Some(&goal)).await?;
        let word = SignOff {
            criterion: self.criterion.to_owned(),
            kind: self.kind,
            who: hands.who.to_owned(),
            why: self.why.to_owned(),
            link: self.link.to_owned(),
            at: Timestamp::now(),
            until: self.until,
            // Its row of the chain is written when the run ends.
            proven: false,
        };
        match hands.store.sign(hands.claim, &word).await {
            Ok(()) => {}
            Err(p) if p.kind == ProblemKind::Conflict => return Err(Halt::Taken(p)),
            Err(p) => return Err(Halt::Failed(p.to_string())),
        }
        hands
            .note(Phase::Execute, "written", &[("called", "done")])
            .await;
        Ok(goal)
    }
}

fn kind(kind: SignOffKind) -> &'static str {
    match kind {
        SignOffKind::SignedOff => "signed off",
        SignOffKind::Waived => "waived",
        SignOffKind::Withdrawn => "withdrawn",
    }
}
