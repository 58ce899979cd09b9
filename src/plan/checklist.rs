//! The judged checklist: what the plan's criteria are worth at one moment.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::domain::audit::SignOff;

/// What a criterion is worth. Unknown is not green; proof expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CriterionState {
    /// A probe asked and the answer does not satisfy it.
    Failing,
    /// Never asked, cannot be asked, or the proof has expired.
    Unknown,
    /// Accepted as missing until a date.
    Waived,
    /// A person vouches for it.
    SignedOff,
    /// A probe with fresh evidence.
    Proved,
}

impl CriterionState {
    /// The word shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Failing => "FAILING",
            Self::Unknown => "unknown",
            Self::Waived => "waived",
            Self::SignedOff => "signed off",
            Self::Proved => "proved",
        }
    }

    /// Whether it lets go-live pass.
    pub fn is_ready(self) -> bool {
        matches!(self, Self::Proved | Self::SignedOff | Self::Waived)
    }
}

/// What was asked, what came back, when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// `ecs:DescribeServices laser-prod/api: running = desired?`
    pub question: String,
    /// `4 of 4 running, revision 42`
    pub answer: String,
    /// When the answer was received (UTC).
    pub at: Timestamp,
    /// Whether this piece of evidence speaks for the criterion.
    pub ok: bool,
    /// Name of the probe that it is of: `ecs.services-running`. A criterion may have several, that ask the same.
    pub probe: &'static str,
}

/// What a criterion measures, where that is a number: both with their units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Figure {
    /// As it is now: `LCP 1480 ms`.
    pub now: String,
    /// As it is to be: `≤ 2500 ms`.
    pub target: String,
}

/// One criterion of the plan, judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CriterionStatus {
    /// `1.2`: stage.section for sub-items with a letter (`1.3.b`), `1.S1` for success criteria.
    pub id: String,
    /// Stage number.
    pub stage: u8,
    /// Section heading that it belongs to (`1.3 Domain & DNS`, `Success criteria`).
    pub section: String,
    /// Whether it is one of the stage's success criteria, which decide go-live.
    pub success: bool,
    /// Title, from the plan.
    pub title: String,
    /// What it is worth.
    pub state: CriterionState,
    /// The probe that proves it; `None`: a person's word.
    pub probe: Option<String>,
    /// The probe that will prove it once its system is connected, for criteria that take a sign-off until then.
    pub future_probe: Option<String>,
    /// Why only a person can judge it, or why nothing can be read of it yet.
    pub person: Option<String>,
    /// Evidence, the most telling first.
    pub evidence: Vec<Evidence>,
    /// Why it is in this state.
    pub reason: String,
    /// What it measures; `None` where that is no number, or not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub figure: Option<Figure>,
    /// When its probes were last seen failing (UTC), where it is failing by that alone: they cannot be asked now, and a person's word is
    /// older.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_at: Option<Timestamp>,
    /// A person's word, if one stands.
    pub signoff: Option<SignOff>,
}

impl CriterionStatus {
    /// Which probe a piece of evidence is of, as a head for its question: nothing where all of it is of one.
    pub fn of_probe(&self, piece: &Evidence) -> String {
        let mut others = self.evidence.iter().filter(|e| e.probe != piece.probe);
        match others.next() {
            Some(_) => format!("{}  ", piece.probe),
            None => String::new(),
        }
    }
}

/// What a criterion says as long as nobody was asked: it may be well, and it is not to be counted as if it were not.
pub const NOT_ASKED: &str = "not asked yet";

impl CriterionStatus {
    /// Whether it waits for a first answer.
    pub fn is_waiting(&self) -> bool {
        self.state == CriterionState::Unknown && self.reason.contains(NOT_ASKED)
    }
}

/// A stage, judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StageStatus {
    /// 1..=5.
    pub number: u8,
    /// Title.
    pub title: String,
    /// Goal.
    pub goal: String,
    /// Planned days, from (smallest) and to (largest).
    pub planned_days: (u32, u32),
    /// Planned first and last day, where the plan has a start date.
    pub planned: Option<(Date, Date)>,
    /// First day on which something of it was seen proved, or signed off.
    pub actual_start: Option<Date>,
    /// Day on which the last of its success criteria became ready, once all are.
    pub actual_end: Option<Date>,
    /// Whole days late at the moment of judging; 0 if not.
    pub late_days: u32,
    /// Criteria in the plan's order.
    pub criteria: Vec<CriterionStatus>,
}

impl StageStatus {
    /// Success criteria: (ready, failing, unknown, all).
    pub fn success_counts(&self) -> Counts {
        Counts::of(self.criteria.iter().filter(|c| c.success))
    }

    /// How many of its success criteria wait for a first answer.
    pub fn waiting(&self) -> u32 {
        waiting(self.criteria.iter())
    }
}

fn waiting<'a>(criteria: impl Iterator<Item = &'a CriterionStatus>) -> u32 {
    let waiting = criteria.filter(|c| c.success && c.is_waiting());
    u32::try_from(waiting.count()).unwrap_or(u32::MAX)
}

/// A list beside the stages (risks, success metrics), judged. It informs; it does not decide go-live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RegisterStatus {
    /// `R`, `M`.
    pub id: String,
    /// Title.
    pub title: String,
    /// Criteria in the plan's order; their stage is 0.
    pub criteria: Vec<CriterionStatus>,
}

/// How many criteria are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Proved by a probe.
    pub proved: u32,
    /// Signed off.
    pub signed_off: u32,
    /// Waived.
    pub waived: u32,
    /// Failing.
    pub failing: u32,
    /// Unknown.
    pub unknown: u32,
}

impl Counts {
    /// Counts a selection of criteria.
    pub fn of<'a>(criteria: impl Iterator<Item = &'a CriterionStatus>) -> Self {
        let mut n = Self::default();
        for c in criteria {
            match c.state {
                CriterionState::Proved => n.proved += 1,
                CriterionState::SignedOff => n.signed_off += 1,
                CriterionState::Waived => n.waived += 1,
                CriterionState::Failing => n.failing += 1,
                CriterionState::Unknown => n.unknown += 1,
            }
        }
        n
    }

    /// Those that let go-live pass.
    pub fn ready(&self) -> u32 {
        self.proved + self.signed_off + self.waived
    }

    /// All.
    pub fn total(&self) -> u32 {
        self.ready() + self.failing + self.unknown
    }
}

/// Days of the plan's calendar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Milestone {
    /// What happens.
    pub title: String,
    /// The stage that they are for; `None`: for none, such as testing.
    pub stage: Option<u8>,
    /// Whether it is the go-live.
    pub go_live: bool,
    /// First and last day, counted from the plan's first one, which is 1.
    pub days: (u32, u32),
    /// The same as dates, where the plan has a start date.
    pub planned: Option<(Date, Date)>,
}

/// The whole checklist, judged at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Checklist {
    /// Plan's title.
    pub title: String,
    /// Stages in order.
    pub stages: Vec<StageStatus>,
    /// Risks and success metrics.
    pub registers: Vec<RegisterStatus>,
    /// The calendar, in the plan's order.
    pub calendar: Vec<Milestone>,
    /// Planned go-live day, where the plan has a start date.
    pub go_live: Option<Date>,
    /// What to do next, in words; empty when all is ready.
    pub next_step: String,
    /// When it was judged (UTC).
    pub at: Timestamp,
}

impl Checklist {
    /// All criteria, those of the registers last.
    pub fn criteria(&self) -> impl Iterator<Item = &CriterionStatus> {
        self.stages
            .iter()
            .flat_map(|s| &s.criteria)
            .chain(self.registers.iter().flat_map(|r| &r.criteria))
    }

    /// A criterion by id.
    pub fn criterion(&self, id: &str) -> Option<&CriterionStatus> {
        self.criteria().find(|c| c.id == id)
    }

    /// Counts over the success criteria, which decide go-live.
    pub fn success_counts(&self) -> Counts {
        Counts::of(self.criteria().filter(|c| c.success))
    }

    /// How many success criteria wait for a first answer.
    pub fn waiting(&self) -> u32 {
        waiting(self.criteria())
    }

    /// Whether nothing is known yet of what decides go-live: nobody has answered. A count would read as if all had failed.
    pub fn is_judging(&self) -> bool {
        let n = self.success_counts();
        let waiting = self.waiting();
        waiting > 0 && n.ready() + n.failing == 0 && waiting.saturating_mul(2) >= n.total()
    }
}
