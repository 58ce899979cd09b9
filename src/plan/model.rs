//! The plan as data: stages, sections, criteria, calendar, risks, success metrics, next steps.

use jiff::civil::Date;

use super::expect::Expectations;
use super::probes::Call;
use crate::domain::backup::Drill;

/// A go-live plan: the default one, or a person's own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Its name.
    pub title: String,
    /// What it is about, in a sentence.
    pub overview: String,
    /// What the platform is to become.
    pub goals: Vec<Words>,
    /// First day of the calendar; `None`: nobody has said yet, so nothing is late.
    pub start: Option<Date>,
    /// Stages in order.
    pub stages: Vec<Stage>,
    /// What stands beside the stages and does not decide go-live: risks, success metrics.
    pub registers: Vec<Register>,
    /// Weeks and days.
    pub calendar: Vec<CalendarRow>,
    /// What to do first, each tied to the criterion that it serves.
    pub next_steps: Vec<NextStep>,
    /// What the configuration expects of the platform; probes compare with it.
    pub expect: Expectations,
}

/// A heading with its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// Heading.
    pub title: String,
    /// Words.
    pub text: String,
}

/// A stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// 1, 2, 3 ...
    pub number: u8,
    /// Title.
    pub title: String,
    /// Goal.
    pub goal: String,
    /// Planned days, from (smallest) and to (largest).
    pub days: (u32, u32),
    /// Sub-sections, which inform.
    pub sections: Vec<Section>,
    /// Success criteria, which decide go-live.
    pub success: Vec<Criterion>,
}

/// A list beside the stages, such as the risks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Register {
    /// A capital letter: `R`, `M`.
    pub id: String,
    /// Title.
    pub title: String,
    /// Its sections.
    pub sections: Vec<Section>,
}

/// A sub-section: `1.3 Domain & DNS`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// `1.3`, `R.1`.
    pub id: String,
    /// Title.
    pub title: String,
    /// Criteria in order.
    pub criteria: Vec<Criterion>,
}

/// Something that is to be so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Criterion {
    /// `1.3.b`; success criteria `1.S3`.
    pub id: String,
    /// What is to be so.
    pub title: String,
    /// What settles it.
    pub proof: Proof,
}

/// What settles a criterion. Without probes a person's word does, at least until there is one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// Probes that must all hold.
    pub calls: Vec<Call>,
    /// The probe that will prove (the rest of) it once its system is connected. While it is missing, the probes above can
    /// disprove the criterion, but not prove it.
    pub future: Option<String>,
    /// Why only a person can judge it, or why nothing can be read of it yet.
    pub person: Option<String>,
}

/// Days of a week of the calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarRow {
    /// 1, 2, 3 ...
    pub week: u32,
    /// First day in the week, 1..=7.
    pub from: u32,
    /// Last day in the week, 1..=7.
    pub to: u32,
    /// What happens.
    pub title: String,
    /// The stage that it is for.
    pub stage: Option<u8>,
    /// Whether it is the go-live.
    pub go_live: bool,
}

/// A next step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextStep {
    /// Heading.
    pub title: String,
    /// Words.
    pub text: String,
    /// The criterion that it serves.
    pub criterion: String,
}

impl Plan {
    /// Every criterion, registers last.
    pub fn criteria(&self) -> impl Iterator<Item = &Criterion> {
        let stages = self.stages.iter().flat_map(|s| {
            s.sections
                .iter()
                .flat_map(|x| &x.criteria)
                .chain(&s.success)
        });
        let registers = self
            .registers
            .iter()
            .flat_map(|r| &r.sections)
            .flat_map(|s| &s.criteria);
        stages.chain(registers)
    }

    /// Criteria that a drill settles, by what proves them now or later.
    pub fn drills(&self) -> Vec<Drill> {
        let named = |c: &Criterion, name: &str| {
            let future = c.proof.future.as_deref().unwrap_or_default();
            c.proof.calls.iter().any(|call| call.probe.name == name) || future.contains(name)
        };
        let of = |c: &Criterion| match (named(c, "restore.drill"), named(c, "failover.drill")) {
            (true, true) => Some("recovery"),
            (true, false) => Some("restore"),
            (false, true) => Some("failover"),
            (false, false) => None,
        };
        self.criteria()
            .filter_map(|c| {
                Some(Drill {
                    criterion: c.id.clone(),
                    title: c.title.clone(),
                    of: of(c)?,
                })
            })
            .collect()
    }

    /// A stage by number.
    pub fn stage(&self, number: u8) -> Option<&Stage> {
        self.stages.iter().find(|s| s.number == number)
    }
}
