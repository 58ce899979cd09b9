//! Judges a plan against the facts: probes first, then people's words, then time.

use jiff::Timestamp;

use super::checklist::{Checklist, CriterionState, CriterionStatus, RegisterStatus, StageStatus};
use super::model::{Criterion, Plan, Section, Stage};
use super::probes::{self, Call, Judgement, Shared};
use super::timeline;
use super::words::{self, Word};
use crate::domain::facts::Facts;

/// Judges every criterion of the plan. The same plan, facts and time give the same checklist.
pub fn evaluate(plan: &Plan, facts: &Facts, now: Timestamp) -> Checklist {
    let mut bench = Bench {
        plan,
        facts,
        now,
        known: Vec::new(),
        shared: Shared::default(),
    };
    let mut stages: Vec<StageStatus> = plan.stages.iter().map(|s| bench.stage(s)).collect();
    for stage in &mut stages {
        timeline::date(stage, plan, facts, now);
    }
    let registers = plan
        .registers
        .iter()
        .map(|r| RegisterStatus {
            id: r.id.clone(),
            title: r.title.clone(),
            criteria: r
                .sections
                .iter()
                .flat_map(|s| bench.section(0, s))
                .collect(),
        })
        .collect();
    Checklist {
        title: plan.title.clone(),
        next_step: timeline::next_step(plan, &stages),
        calendar: timeline::calendar(plan),
        go_live: timeline::go_live(plan),
        stages,
        registers,
        at: now,
    }
}

/// One judging: a probe that several criteria name is asked once.
struct Bench<'a> {
    plan: &'a Plan,
    facts: &'a Facts,
    now: Timestamp,
    known: Vec<(&'a Call, Judgement)>,
    shared: Shared,
}

impl<'a> Bench<'a> {
    fn stage(&mut self, stage: &'a Stage) -> StageStatus {
        let mut criteria = Vec::new();
        for section in &stage.sections {
            criteria.extend(self.section(stage.number, section));
        }
        for c in &stage.success {
            criteria.push(self.criterion(c, stage.number, "Success criteria", true));
        }
        StageStatus {
            number: stage.number,
            title: stage.title.clone(),
            goal: stage.goal.clone(),
            planned_days: stage.days,
            planned: None,
            actual_start: None,
            actual_end: None,
            late_days: 0,
            criteria,
        }
    }

    fn section(&mut self, stage: u8, section: &'a Section) -> Vec<CriterionStatus> {
        let heading = format!("{} {}", section.id, section.title);
        section
            .criteria
            .iter()
            .map(|c| self.criterion(c, stage, &heading, false))
            .collect()
    }

    fn criterion(
        &mut self,
        c: &'a Criterion,
        stage: u8,
        section: &str,
        success: bool,
    ) -> CriterionStatus {
        let judged = self.probes(c);
        let word = words::standing(&c.id, self.facts, self.now);
        let memory = words::outranking(&c.id, &word, self.facts);
        let (state, reason, failed_at) = match (&judged, memory) {
            (Some(j), Some(failure)) if j.state == CriterionState::Unknown => {
                let reason = words::remembered(&failure, &j.reason, &word, self.now);
                (CriterionState::Failing, reason, Some(failure.at))
            }
            _ => {
                let (state, reason) = settle(c, &judged, &word);
                (state, reason, None)
            }
        };
        let names: Vec<String> = c.proof.calls.iter().map(Call::to_string).collect();
        CriterionStatus {
            id: c.id.clone(),
            stage,
            section: section.to_owned(),
            success,
            title: c.title.clone(),
            state,
            probe: (!names.is_empty()).then(|| names.join(", ")),
            future_probe: c.proof.future.clone(),
            person: c.proof.person.clone(),
            figure: judged.as_ref().and_then(|j| j.figure.clone()),
            evidence: judged.map(|j| j.evidence).unwrap_or_default(),
            reason,
            failed_at,
            signoff: word.signoff.cloned(),
        }
    }

    /// What the criterion's probes say together; `None` where it has none.
    fn probes(&mut self, c: &'a Criterion) -> Option<Judgement> {
        let judged = c.proof.calls.iter().map(|call| self.ask(call)).collect();
        probes::all(judged)
    }

    fn ask(&mut self, call: &'a Call) -> Judgement {
        if let Some((_, known)) = self.known.iter().find(|(c, _)| *c == call) {
            return known.clone();
        }
        let judged =
            probes::judge_sharing(call, self.facts, &self.plan.expect, self.now, &self.shared);
        self.known.push((call, judged.clone()));
        judged
    }
}

/// Who wins: a whole proof, then a waiver, then a failure, then a person's word, then not knowing. So a word never hides a
/// failure; only a waiver, which says for how long, does. Nor does it where the probe can no longer be asked: see [`words::outranking`].
fn settle(c: &Criterion, judged: &Option<Judgement>, word: &Word<'_>) -> (CriterionState, String) {
    let state = judged.as_ref().map(|j| j.state);
    let reason = || {
        judged
            .as_ref()
            .map(|j| j.reason.clone())
            .unwrap_or_default()
    };
    match (state, &c.proof.future) {
        (Some(CriterionState::Proved), None) => (CriterionState::Proved, reason()),
        _ if word.waived() => {
            let said = word.said();
            let reason = match state {
                Some(CriterionState::Failing) => format!("{said}; the probe fails: {}", reason()),
                _ => said,
            };
            (CriterionState::Waived, reason)
        }
        (Some(CriterionState::Failing), _) if word.signed() => (
            CriterionState::Failing,
            format!("{}; {}, but the probe fails", reason(), word.said()),
        ),
        (Some(CriterionState::Failing), _) => (CriterionState::Failing, reason()),
        _ if word.signed() => (CriterionState::SignedOff, word.said()),
        (judged, future) => {
            let why = match (judged, future) {
                (Some(CriterionState::Proved), Some(f)) => {
                    format!(
                        "so far: {}; {f} will prove the rest: sign off until then",
                        reason()
                    )
                }
                (Some(_), _) => reason(),
                (None, Some(f)) => match &c.proof.person {
                    Some(why) => format!("{why} {f} will prove it: sign off until then"),
                    None => format!("{f} will prove it: sign off until then"),
                },
                (None, None) => match &c.proof.person {
                    Some(why) => format!("it takes a person's word: {why}"),
                    None => "no probe can settle it: it takes a person's word".to_owned(),
                },
            };
            (CriterionState::Unknown, word.after(why))
        }
    }
}
