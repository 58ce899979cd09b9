//! What speaks against "healthy", and the one word that follows from it.

use jiff::Timestamp;

use crate::cli::exit::Exit;
use crate::cli::explain;
use crate::cli::paint::Role;
use crate::cli::session::{Standing, standing};
use crate::domain::alarm::{AlarmState, Severity};
use crate::domain::facts::Facts;
use crate::domain::service::ServiceHealth;
use crate::domain::text::inert;
use crate::present::{Section, VIEWS};

/// The one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// All that was asked is well.
    Healthy,
    /// Nothing bad is known, but not everything was answered.
    Unknown,
    /// Something is bad.
    Degraded,
    /// Something that is wanted does not run.
    Down,
}

impl Verdict {
    /// As in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Unknown => "unknown",
            Self::Degraded => "degraded",
            Self::Down => "down",
        }
    }

    /// How the command ends.
    pub fn exit(self) -> Exit {
        match self {
            Self::Healthy => Exit::OK,
            Self::Unknown => Exit::NO_ANSWER,
            Self::Degraded => Exit::FAILED,
            Self::Down => Exit::REFUSED,
        }
    }

    /// Its colour.
    pub fn role(self) -> Role {
        match self {
            Self::Healthy => Role::Ok,
            Self::Unknown | Self::Degraded => Role::Warn,
            Self::Down => Role::Bad,
        }
    }
}

/// One thing that speaks against "healthy".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub verdict: Verdict,
    /// What it is about.
    pub about: String,
    /// What is wrong with it.
    pub text: String,
}

/// Everything that speaks against "healthy", the worst first. The worst that is known wins; unknown is not green.
pub fn judge(facts: &Facts, now: Timestamp) -> Vec<Finding> {
    let mut all = Vec::new();
    let mut find = |verdict, about: &str, text: String| {
        all.push(Finding {
            verdict,
            about: inert(about),
            text: inert(&text),
        });
    };
    for s in facts.service_rows() {
        let verdict = match s.health() {
            ServiceHealth::Down => Verdict::Down,
            ServiceHealth::Failed | ServiceHealth::Degraded => Verdict::Degraded,
            ServiceHealth::Deploying | ServiceHealth::Steady | ServiceHealth::Inactive => continue,
        };
        let counts = format!("{} of {} running", s.counts.running, s.counts.desired);
        find(
            verdict,
            &s.id.to_string(),
            format!("{}: {counts}", s.health().word()),
        );
    }
    for a in facts
        .alarm_rows()
        .iter()
        .filter(|a| a.state == AlarmState::Alarm)
    {
        if a.severity != Severity::Info {
            find(
                Verdict::Degraded,
                &a.name,
                format!("alarm {}: {}", a.severity.word(), a.reason),
            );
        }
    }
    for view in VIEWS.iter().filter(|v| v.is_live() && v.applies(facts)) {
        let sections = (view.make)(facts, now);
        let fresh = sections.iter().filter(|s| s.is_fresh());
        for (about, text) in fresh.flat_map(Section::bad) {
            find(Verdict::Degraded, view.id, format!("{about}: {text}"));
        }
    }
    for slo in facts
        .slos
        .rows()
        .iter()
        .filter(|s| s.is_met() == Some(false))
    {
        let now = slo.current.map_or_else(String::new, |v| slo.kind.amount(v));
        let target = slo.kind.amount(slo.target);
        find(
            Verdict::Degraded,
            slo.kind.word(),
            format!("promise broken: {now} of {target}"),
        );
    }
    for (url, part) in &facts.https {
        match (&part.value, &part.error) {
            (_, Some(problem)) => find(Verdict::Degraded, url, explain::line(problem)),
            (Some(p), None) if p.status >= 500 => {
                find(Verdict::Degraded, url, format!("answers {}", p.status));
            }
            _ => {}
        }
    }
    for (what, problem) in unasked(facts) {
        find(Verdict::Unknown, what, problem);
    }
    all.sort_by_key(|f| std::cmp::Reverse(f.verdict));
    all
}

/// The questions that "healthy" rests on and that nobody answered, or answered with nothing that could be healthy.
fn unasked(facts: &Facts) -> Vec<(&'static str, String)> {
    let nothing = facts.services.value.is_some() && facts.service_rows().is_empty();
    let mut all: Vec<_> = [
        ("services", standing(&facts.services)),
        ("alarms", standing(&facts.alarms)),
    ]
    .into_iter()
    .filter_map(|(what, standing)| match standing {
        Standing::Answered if what == "services" && nothing => {
            Some((what, "there are none in this account and region".to_owned()))
        }
        Standing::Answered => None,
        Standing::Waiting => Some((what, "no answer in time".to_owned())),
        Standing::Failed(problem) => Some((what, explain::line(&problem))),
    })
    .collect();
    if facts.services.error.is_none()
        && let Some(problem) = &facts.clusters.error
    {
        all.push(("clusters", explain::line(problem)));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::part::Part;
    use crate::domain::problem::{Problem, ProblemKind};

    #[test]
    fn unknown_is_not_green_and_known_trouble_wins_over_it() {
        let mut facts = Facts::default();
        let worst = |f: &Facts| judge(f, Timestamp::now()).first().map(|f| f.verdict);
        assert_eq!(worst(&facts), Some(Verdict::Unknown));
        facts.services.value = Some(Default::default());
        facts.alarms.value = Some(Default::default());
        assert_eq!(worst(&facts), Some(Verdict::Unknown), "nothing is no green");
        facts.https.insert(
            "https://x".into(),
            Part {
                error: Some(Problem::new(
                    ProblemKind::Timeout,
                    "https",
                    "no answer",
                    "late",
                    "",
                )),
                ..Part::default()
            },
        );
        facts.alarms.error = Some(Problem::new(
            ProblemKind::Denied,
            "cloudwatch",
            "w",
            "y",
            "f",
        ));
        assert_eq!(worst(&facts), Some(Verdict::Degraded));
        assert_eq!(judge(&facts, Timestamp::now()).len(), 3);
    }
}
