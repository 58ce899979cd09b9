//! What the overview's panels say where their source no longer answers: since when nothing is read, why, and rows that look it.

use ratatui::style::Style;

use super::panels::Spans;
use crate::domain::facts::Facts;
use crate::domain::part::{Freshness, Part};
use crate::domain::problem::Problem;
use crate::ui::screens::{Cx, ScreenId};
use crate::ui::widgets::when;

/// Why what was read of a part is not as of now: `read 1m ago; now: nothing listens`. Nothing while it can be believed, or was never read.
pub(super) fn words<T>(part: &Part<T>, cx: &Cx<'_>) -> Option<String> {
    let at = part.observed_at?;
    let read = when(cx.now, at, cx.absolute);
    match (part.freshness(cx.now), &part.error) {
        (Freshness::Stale, _) => Some(format!("old: read {read}")),
        (Freshness::Failed, Some(p)) => Some(format!("read {read}; now: {}", p.why)),
        _ => None,
    }
}

/// The same of the services: where some clusters' could not be read, which.
pub(super) fn of_services(cx: &Cx<'_>) -> Option<String> {
    let facts = &cx.snapshot.facts;
    let part = &facts.services;
    match (facts.unread_words(), &part.error) {
        (Some(lacks), Some(p)) if part.is_young(cx.now) => Some(format!("{lacks}: {}", p.why)),
        _ => words(part, cx),
    }
}

/// A title with the doubt about what stands under it.
pub(super) fn titled(title: String, doubt: Option<String>) -> String {
    match doubt {
        Some(doubt) => format!("{title}   {doubt}"),
        None => title,
    }
}

/// Spans as they look where nobody knows whether they are true by now: what they say stays, the colour of now goes.
pub(super) fn dulled(mut spans: Spans, is_doubtful: bool, stale: Style) -> Spans {
    if is_doubtful {
        for (_, style) in &mut spans {
            *style = stale;
        }
    }
    spans
}

/// What was never read, and why: beside what burns it would not be missed.
#[derive(Clone, Debug)]
pub(super) struct Unread<'a> {
    /// Alarms, or services.
    pub what: &'static str,
    /// Where they would be listed, which says why they are not.
    pub screen: ScreenId,
    /// Which of them, where it is a part.
    lacks: Option<String>,
    problem: &'a Problem,
}

impl Unread<'_> {
    /// What cannot be read, why, and what to do.
    pub fn words(&self) -> String {
        let Problem { why, fix, .. } = self.problem;
        match &self.lacks {
            Some(lacks) => format!("{} {lacks}: {why}. {fix}", self.what),
            None => format!("{} cannot be read: {why}. {fix}", self.what),
        }
    }

    /// The same in a title.
    pub fn short(&self) -> String {
        let part = if self.lacks.is_some() { "some " } else { "" };
        format!("{part}{} not known", self.what)
    }
}

pub(super) fn unread(facts: &Facts) -> Option<Unread<'_>> {
    let (alarms, services) = (&facts.alarms, &facts.services);
    let alarms = (&alarms.error, alarms.value.is_some());
    let services = (&services.error, services.value.is_some());
    let parts = [
        ("alarms", ScreenId::Alerts, alarms),
        ("services", ScreenId::Services, services),
    ];
    let never = parts.into_iter().find_map(|(what, screen, (error, read))| {
        let problem = error.as_ref().filter(|_| !read)?;
        Some(Unread {
            what,
            screen,
            lacks: None,
            problem,
        })
    });
    // A cluster that was not listed has no rows that could look old.
    let partly = || {
        Some(Unread {
            what: "services",
            screen: ScreenId::Services,
            lacks: Some(facts.unread_words()?),
            problem: facts.services.error.as_ref()?,
        })
    };
    never.or_else(partly)
}
