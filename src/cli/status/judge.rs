//! What speaks against "healthy", and the one word that follows from it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::services;
use crate::cli::exit::Exit;
use crate::cli::explain;
use crate::cli::paint::Role;
use crate::cli::session::{Standing, standing};
use crate::cli::words;
use crate::domain::alarm::Severity;
use crate::domain::deployment::Deployment;
use crate::domain::environment::Env;
use crate::domain::facts::Facts;
use crate::domain::order::Ordered;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::skew::Wrong;
use crate::domain::text::inert;
use crate::present::{Pages, Section, Tone, VIEWS, View};

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

/// Said of what was asked and has told nothing.
pub const NO_ANSWER: &str = "no answer in time";

/// Systems that nothing is known of, for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silence {
    /// What follows from it; `None`: nothing, it is only said.
    pub verdict: Option<Verdict>,
    /// The views that would tell of them: `caches, buckets`.
    pub about: String,
    /// Why.
    pub text: String,
}

/// Configured systems that users or deliveries depend on, and that did not tell. Servers that the file names by their address are
/// ill where they are out of reach. Systems of AWS that these credentials may not ask, or that the endpoint does not have, are said
/// and no more: whoever gave narrow rights did not ask for a check that is never green.
pub fn silent(pages: &Pages<'_>) -> Vec<Silence> {
    let facts = pages.facts;
    let mut all: Vec<Silence> = Vec::new();
    // Of the platform it says nothing, but of every age.
    all.extend(Wrong::of(&facts.providers).map(|wrong| Silence {
        verdict: None,
        about: "clock".to_owned(),
        text: wrong.words(),
    }));
    for view in VIEWS {
        let counts = view.is_live() || view.lines.contains(&MAIL);
        if view.lines.is_empty() || !counts || !view.applies(facts) {
            continue;
        }
        let sections = pages.of(view);
        for section in telling(&sections).filter(|s| !s.is_fresh()) {
            let problem = section.standing.problem.as_ref();
            // Alerts that cannot leave are no matter of the morning; the rest of that page is.
            if !view.is_live() && (system(section) != MAIL || problem.is_none()) {
                continue;
            }
            let verdict = match problem {
                Some(p)
                    if matches!(p.kind, ProblemKind::Denied | ProblemKind::Unsupported)
                        && is_aws(view, facts) =>
                {
                    None
                }
                Some(p) if is_server(view, section) => {
                    Some(out_of_reach(p, facts, system(section)))
                }
                _ => Some(Verdict::Unknown),
            };
            let text = match problem {
                // The reason alone: it is often one for many.
                Some(p) => p.why.clone(),
                None => NO_ANSWER.to_owned(),
            };
            let about = match sections.first() {
                Some(first) if first.name == section.name && view.is_live() => view.id,
                _ => section.name,
            };
            let same = |s: &&mut Silence| s.verdict == verdict && s.text == text;
            match all.iter_mut().find(same) {
                Some(known) => known.about = format!("{}, {about}", known.about),
                None => all.push(Silence {
                    verdict,
                    about: about.to_owned(),
                    text,
                }),
            }
        }
    }
    all
}

/// The sections that say whether a view's systems answer: the first, and the first of each further system, where that one failed. A
/// page may hold two that have nothing to do with each other, such as Slack and the mail server.
fn telling(sections: &[Section]) -> impl Iterator<Item = &Section> {
    sections.iter().enumerate().filter_map(|(n, section)| {
        let earlier = sections.get(..n)?;
        let is_new = earlier.iter().all(|e| system(e) != system(section));
        (n == 0 || (is_new && section.standing.problem.is_some())).then_some(section)
    })
}

/// The mail server that alerts leave by.
const MAIL: &str = "smtp";

/// The system that a section was told by: `smtp` of `smtp:EHLO, NOOP`.
fn system(section: &Section) -> &str {
    let source = section.standing.source.as_str();
    source.split_once(':').map_or(source, |(system, _)| system)
}

/// Whether all that a view shows is of AWS.
fn is_aws(view: &View, facts: &Facts) -> bool {
    let lines = facts.providers.iter();
    let mut lines = lines.filter(|p| p.configured && view.lines.contains(&p.name.as_str()));
    lines.all(|p| p.owner() == "aws")
}

/// What follows from a server or a URL that did not answer. Where nobody else was reached either, it is this machine that is cut off.
fn out_of_reach(p: &Problem, facts: &Facts, owner: &str) -> Verdict {
    let is_lost = matches!(p.kind, ProblemKind::Unreachable | ProblemKind::Timeout);
    match is_lost && !facts.heard_nobody_beside(owner, p) {
        true => Verdict::Degraded,
        false => Verdict::Unknown,
    }
}

/// Whether a section is told by a server that the file names by its address.
fn is_server(view: &View, section: &Section) -> bool {
    ["postgres", "redis"].contains(&view.id) || system(section) == MAIL
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
        // As with alarms: another environment's is that one's affair, and is said aside.
        let here = services::standing(s, facts, now).filter(|_| !facts.is_elsewhere(&s.id));
        if let Some((verdict, text)) = here {
            find(verdict, &s.id.to_string(), text);
        }
    }
    for d in facts.turned_back(now) {
        find(
            Verdict::Degraded,
            &d.service.to_string(),
            turned_back(d, now),
        );
    }
    for a in facts.firing_here() {
        if a.severity != Severity::Info {
            find(
                Verdict::Degraded,
                &a.name,
                format!("alarm {}: {}", a.severity.word(), a.reason),
            );
        }
    }
    let pages = Pages::new(facts, now);
    for view in VIEWS.iter().filter(|v| v.is_live() && v.applies(facts)) {
        if !pages.tells_more(view) {
            continue;
        }
        for text in ill(&pages.of(view)) {
            find(Verdict::Degraded, view.id, text);
        }
    }
    for silence in silent(&pages) {
        if let Some(verdict) = silence.verdict {
            find(verdict, &silence.about, silence.text);
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
    let answers = facts.https.values().any(|p| p.fresh(now).is_some());
    for (url, part) in &facts.https {
        let target = facts.https_targets.iter().find(|t| &t.url == url);
        let right = target.map(|t| t.status);
        match (part.fresh(now), &part.error, right) {
            (_, Some(problem), _) => {
                let verdict = match problem.kind {
                    kind if kind.is_lost() && !answers => out_of_reach(problem, facts, "probes"),
                    ProblemKind::Offline => Verdict::Unknown,
                    _ => Verdict::Degraded,
                };
                find(verdict, url, explain::line(problem));
            }
            (None, None, _) => find(Verdict::Unknown, url, NO_ANSWER.to_owned()),
            (Some(p), None, _) if p.mitigated.is_some() => {
                find(Verdict::Unknown, url, p.unseen().unwrap_or_default());
            }
            (Some(p), None, Some(right)) if p.status != right => {
                let text = format!("answers {}, and {right} is right", p.status);
                find(Verdict::Degraded, url, text);
            }
            (Some(p), None, None) if p.status >= 500 => {
                find(Verdict::Degraded, url, format!("answers {}", p.status));
            }
            _ => {}
        }
    }
    for (what, problem) in unasked(facts) {
        find(Verdict::Unknown, what, problem);
    }
    all.order_by_key(|f| std::cmp::Reverse(f.verdict));
    if let Some(stray) = facts.stray() {
        // Before all that is another account's.
        let account = Finding {
            verdict: Verdict::Unknown,
            about: "account".to_owned(),
            text: inert(&stray.words()),
        };
        all.insert(0, account);
    }
    all
}

/// The one word for all of it: the worst that is known. Of another account than the expected one nothing is known, however well or ill
/// what answers is: nobody asked about that one.
pub fn word(facts: &Facts, findings: &[Finding]) -> Verdict {
    let worst = findings.iter().map(|f| f.verdict).max();
    match facts.stray() {
        Some(_) => Verdict::Unknown,
        None => worst.unwrap_or(Verdict::Healthy),
    }
}

/// A rollout that failed, or went back, in words.
fn turned_back(d: &Deployment, now: Timestamp) -> String {
    let what = d.to.as_ref().map_or_else(
        || "the newest rollout".to_owned(),
        |to| format!("the rollout of {}", to.revision),
    );
    let why = match d.rollback_reason.as_deref().unwrap_or(&d.reason).trim() {
        "" => "no reason is given",
        why => why,
    };
    let age = words::ago(d.turned_back_at(), now);
    format!("{what} {} {age} ago: {why}", d.state.word())
}

/// What is bad in a view, each thing once: a note that counts bad rows stands for them, and the job that failed is the workflow that
/// is red.
fn ill(sections: &[Section]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut told: Vec<(&str, &str)> = Vec::new();
    for section in sections.iter().filter(|s| s.is_fresh()) {
        let notes = section.notes.iter().filter(|n| n.tone == Tone::Bad);
        all.extend(notes.map(|n| n.text.clone()));
        for (row, text) in section.bad() {
            let whole = row.of.as_ref().map(|(section, id)| (*section, id.as_str()));
            if !section.tallies(row) && whole.is_none_or(|whole| !told.contains(&whole)) {
                all.push(format!("{}: {text}", row.name()));
            }
            told.push((section.name, &row.id));
        }
    }
    all
}

/// Why no service is looked at that could be well: there is none, or all that there are belong to other environments.
fn none_here(facts: &Facts) -> Option<String> {
    let rows = facts.services.value.as_ref()?;
    if rows.is_empty() {
        return Some("there are none in this account and region".to_owned());
    }
    let mut others: BTreeMap<Env, usize> = BTreeMap::new();
    for s in rows.iter() {
        *others
            .entry(facts.cluster_elsewhere(&s.id.cluster)?)
            .or_default() += 1;
    }
    let each = others
        .iter()
        .map(|(env, n)| format!("{n} of {}", env.word()));
    Some(format!(
        "no service of {} here: {}",
        Env::looked_at(facts).word(),
        each.collect::<Vec<_>>().join(", ")
    ))
}

/// The questions that "healthy" rests on and that nobody answered, or answered with nothing that could be healthy.
fn unasked(facts: &Facts) -> Vec<(&'static str, String)> {
    let none = none_here(facts);
    let mut all: Vec<_> = [
        ("services", standing(&facts.services)),
        ("alarms", standing(&facts.alarms)),
    ]
    .into_iter()
    .filter_map(|(what, standing)| match standing {
        Standing::Answered => none
            .clone()
            .filter(|_| what == "services")
            .map(|why| (what, why)),
        Standing::Waiting => Some((what, NO_ANSWER.to_owned())),
        Standing::Failed(problem) => Some((what, explain::line(&problem))),
    })
    .collect();
    if facts.services.error.is_none()
        && let Some(problem) = &facts.clusters.error
    {
        all.push(("clusters", explain::line(problem)));
    }
    if let Some(expected) = facts.expected_in_vain() {
        let words = format!(
            "nobody tells whose account answers, and expected_account in [aws] says {expected}"
        );
        all.push(("account", words));
    }
    all
}

#[cfg(test)]
mod tests;
