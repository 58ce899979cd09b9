//! What a probe may look at: the facts, the expectations, its parameters, the time. Nothing stale or failed gets through.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::Call;
use super::judgement::Judgement;
use crate::domain::facts::Facts;
use crate::domain::part::{Freshness, Part};
use crate::domain::service::{Service, TaskDefinition};
use crate::plan::checklist::{CriterionState, Evidence};
use crate::plan::expect::Expectations;

/// What a probe may look at.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    /// What is known.
    pub facts: &'a Facts,
    /// What the configuration expects.
    pub expect: &'a Expectations,
    /// Now (UTC).
    pub now: Timestamp,
    /// The probe with its parameters.
    pub call: &'a Call,
}

/// A value that may be believed, with when and by whom it was answered.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a, T: ?Sized> {
    /// The value.
    pub value: &'a T,
    /// When the answer was received (UTC).
    pub at: Timestamp,
    /// Who answered.
    pub source: &'a str,
}

impl<'a> Look<'a> {
    /// A part's value while it may be believed; else the judgement is unknown, with the reason.
    pub fn fresh<T>(&self, part: &'a Part<T>, what: &str) -> Result<Seen<'a, T>, Judgement> {
        match (part.fresh(self.now), part.observed_at) {
            (Some(value), Some(at)) => Ok(Seen {
                value,
                at,
                source: &part.source,
            }),
            _ => Err(Judgement::unknown(self.why_not(part, what))),
        }
    }

    /// A system that the configuration does not ask for proves nothing; the judgement says so, and how to change that.
    pub fn configured(&self, line: &str) -> Result<(), Judgement> {
        let known = self.facts.providers.iter().find(|p| p.name == line);
        match known {
            Some(p) if !p.configured => Err(Judgement::unknown(format!(
                "{line} is not configured: add [{line}] to flightdeck.toml"
            ))),
            _ => Ok(()),
        }
    }

    /// Why a part may not be believed, in words.
    pub fn why_not<T>(&self, part: &Part<T>, what: &str) -> String {
        match (part.freshness(self.now), &part.error) {
            (Freshness::Failed, Some(p)) => format!("{}: {}", p.what, p.why),
            (Freshness::Stale, _) => format!(
                "the last answer about {what} is {} old",
                span(part.age(self.now).unwrap_or_default())
            ),
            _ => format!("{what}: not asked yet"),
        }
    }

    /// The question as evidence shows it: who is asked, and what.
    pub fn question(&self, source: &str) -> String {
        let question = self.call.probe.question;
        if source.is_empty() {
            question.to_owned()
        } else {
            format!("{source}: {question}")
        }
    }

    /// Services in ACTIVE state. None at all is a failure: the account was asked, and nothing runs there.
    pub fn services(&self) -> Result<Services<'a>, Judgement> {
        let seen = self.fresh(&self.facts.services, "the services")?;
        let rows: Vec<&'a Service> = seen
            .value
            .iter()
            .map(Arc::as_ref)
            .filter(|s| s.status == "ACTIVE")
            .collect();
        if rows.is_empty() {
            return Err(Judgement::single(
                false,
                self.question(seen.source),
                "no active service".into(),
                seen.at,
            ));
        }
        Ok(Services {
            rows,
            at: seen.at,
            source: seen.source,
        })
    }

    /// Active services, each with the task definition that it is set to, where that was read. What a revision says never
    /// changes (Amazon ECS, "Updating an Amazon ECS task definition": an update makes a new revision), so it is read once
    /// and does not age; which revision a service is set to does.
    pub fn definitions(&self) -> Result<Definitions<'a>, Judgement> {
        let services = self.services()?;
        let part = &self.facts.task_definitions;
        // What some of them could not be read for does not hide what the others say.
        let partly = !self.facts.definitions_unread.is_empty();
        let known = match (part.freshness(self.now), &part.value) {
            (Freshness::Fresh | Freshness::Stale, Some(known)) => known,
            (Freshness::Failed, Some(known)) if partly => known,
            _ => {
                return Err(Judgement::unknown(
                    self.why_not(part, "the task definitions"),
                ));
            }
        };
        Ok(Definitions {
            rows: services
                .rows
                .iter()
                .map(|s| {
                    let own = known.get(&s.revision.arn);
                    // Until a revision that is rolling out was read, what it replaces is what runs.
                    let others = s.rollouts.iter().filter(|_| s.is_deploying());
                    let replaced = || others.rev().find_map(|r| known.get(&r.revision.arn));
                    (*s, own.or_else(replaced).map(Arc::as_ref))
                })
                .collect(),
            at: services.at,
            source: &part.source,
        })
    }

    /// A number given in the plan, or the probe's default.
    pub fn number(&self, name: &str) -> f64 {
        self.call.value(name).parse().unwrap_or_default()
    }

    /// A list of words given in the plan, or the probe's default.
    pub fn words(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.call
            .value(name)
            .split(',')
            .map(str::trim)
            .filter(|w| !w.is_empty())
    }
}

/// Services that were read.
#[derive(Debug)]
pub struct Services<'a> {
    /// Sorted by id.
    pub rows: Vec<&'a Service>,
    /// When (UTC).
    pub at: Timestamp,
    /// By whom.
    pub source: &'a str,
}

/// Services with their task definitions.
#[derive(Debug)]
pub struct Definitions<'a> {
    /// Sorted by the service's id.
    pub rows: Vec<(&'a Service, Option<&'a TaskDefinition>)>,
    /// When the services said which revision they are set to (UTC).
    pub at: Timestamp,
    /// Who told what the revisions say.
    pub source: &'a str,
}

/// An age in its shortest honest form: `12s`, `4m`, `3h`, `2d`.
pub fn span(age: Duration) -> String {
    match age.as_secs() {
        s @ 0..60 => format!("{s}s"),
        s @ 60..3_600 => format!("{}m", s / 60),
        s @ 3_600..172_800 => format!("{}h", s / 3_600),
        s => format!("{}d", s / 86_400),
    }
}

/// Whether something happened within so many days before now.
pub fn within(at: Timestamp, now: Timestamp, days: f64) -> bool {
    let seconds = now.duration_since(at).as_secs_f64();
    seconds <= days * 86_400.0
}

/// Joins judgements that must all hold: one failure fails, else one unknown leaves it unknown. Evidence against comes first.
pub fn all(judgements: Vec<Judgement>) -> Option<Judgement> {
    let worst = judgements.iter().map(|j| j.state).min()?;
    let reason = match worst {
        CriterionState::Proved => join_reasons(&judgements, worst, 3),
        _ => join_reasons(&judgements, worst, 2),
    };
    let mut evidence: Vec<Evidence> = judgements.into_iter().flat_map(|j| j.evidence).collect();
    evidence.sort_by_key(|e| e.ok);
    Some(Judgement {
        state: worst,
        evidence,
        reason,
    })
}

fn join_reasons(judgements: &[Judgement], state: CriterionState, most: usize) -> String {
    let rows: Vec<&str> = judgements
        .iter()
        .filter(|j| j.state == state)
        .map(|j| j.reason.as_str())
        .collect();
    let shown = rows.get(..most).unwrap_or(&rows).join("; ");
    match rows.len().saturating_sub(most) {
        0 => shown,
        more => format!("{shown}; and {more} more"),
    }
}
