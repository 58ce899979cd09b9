//! Where an alarm leads: the members of a composite one, and the deployments that it may come from.

use std::sync::Arc;

use ratatui::style::Style;

use super::row;
use crate::domain::alarm::{Alarm, AlarmState};
use crate::domain::deployment::Deployment;
use crate::domain::text::clip;
use crate::ui::screens::about::{members, services};
use crate::ui::screens::{Cx, Nav};
use crate::ui::widgets::when;

/// How long before an alarm went off a deployment may have begun to be named with it, seconds.
const BEFORE_S: i64 = 3_600;

/// A row of an alarm's page that leads elsewhere.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lead<'a> {
    /// An alarm that a composite rule names.
    Member(&'a Alarm),
    /// A deployment that watches the alarm, or that began shortly before it went off.
    Deployment(&'a Arc<Deployment>),
}

/// What names such a row for good: their order changes with every picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LeadId {
    /// An alarm, by its name.
    Member(String),
    /// A deployment, by its id.
    Deployment(String),
}

/// Where the selected row stands among them; the first, where it is gone or none was selected.
pub(super) fn place(leads: &[Lead<'_>], selected: Option<&LeadId>) -> usize {
    let is_it = |lead: &Lead<'_>| Some(&lead.id()) == selected;
    leads.iter().position(is_it).unwrap_or(0)
}

impl Lead<'_> {
    pub fn id(&self) -> LeadId {
        match self {
            Self::Member(a) => LeadId::Member(a.name.clone()),
            Self::Deployment(d) => LeadId::Deployment(d.id.clone()),
        }
    }

    /// What stands on its left.
    fn label(&self) -> &'static str {
        match self {
            Self::Member(_) => "members",
            Self::Deployment(_) => "deploy",
        }
    }

    fn says(&self, alarm: &Alarm, cx: &Cx<'_>) -> (String, Style) {
        match self {
            Self::Member(a) => {
                let (shape, style) = row::state(a, cx);
                (format!("{shape}  {}", a.name), style)
            }
            Self::Deployment(d) => {
                let to = d.to.as_ref();
                let to = to.map_or(String::new(), |r| format!(" :{}", r.revision.number));
                let watches = d.alarms.iter().any(|(name, _)| name == &alarm.name);
                let watched = if watches { ", watches this alarm" } else { "" };
                let began = d.started_at.or(d.created_at);
                let began = began.map_or(String::new(), |at| {
                    format!(", began {}", when(cx.now, at, cx.absolute))
                });
                let words = format!("{}{to} {}{began}{watched}", d.service, d.state.word());
                let style = if d.state.is_bad() {
                    cx.theme.warn
                } else {
                    cx.theme.info
                };
                (words, style)
            }
        }
    }

    /// The deployment's place; a member is a page of the same screen.
    pub fn nav(&self) -> Nav {
        match self {
            Self::Member(a) => Nav::Alarm(a.name.clone()),
            Self::Deployment(d) => Nav::Deployment(d.service.clone(), d.id.clone()),
        }
    }
}

/// Deployments that the alarm may come from, or that end by it: running ones that watch it; while it fires, those of its services
/// that began within the hour before.
fn deployments<'a>(alarm: &Alarm, members: &[&Alarm], cx: &Cx<'a>) -> Vec<&'a Arc<Deployment>> {
    let about = services(alarm, members, &cx.snapshot.facts);
    let since = alarm.since.filter(|_| alarm.state == AlarmState::Alarm);
    let shortly_before = |d: &Deployment| {
        let began = d.started_at.or(d.created_at);
        since.zip(began).is_some_and(|(since, began)| {
            (0..=BEFORE_S).contains(&since.duration_since(began).as_secs())
        })
    };
    let watches = |d: &Deployment| {
        d.state.is_running() && d.alarms.iter().any(|(name, _)| name == &alarm.name)
    };
    let rows = cx.snapshot.facts.deployment_rows().iter();
    rows.filter(|d| watches(d) || (about.contains(&d.service) && shortly_before(d)))
        .collect()
}

/// Everything that an alarm leads to, in the order shown.
pub(super) fn of<'a>(alarm: &Alarm, cx: &Cx<'a>) -> Vec<Lead<'a>> {
    let members = members(alarm, &cx.snapshot.facts);
    let deployments = deployments(alarm, &members, cx);
    let members = members.into_iter().map(Lead::Member);
    members
        .chain(deployments.into_iter().map(Lead::Deployment))
        .collect()
}

/// A line each; where the page has the keys, the `chosen` one is marked.
pub(super) fn lines(
    alarm: &Alarm,
    chosen: Option<Option<&LeadId>>,
    cx: &Cx<'_>,
    columns: usize,
    label_width: usize,
) -> Vec<Vec<(String, Style)>> {
    let t = cx.theme;
    let leads = of(alarm, cx);
    let chosen = chosen.map(|selected| place(&leads, selected));
    let mut before = "";
    let mut lines = Vec::new();
    for (n, lead) in leads.iter().enumerate() {
        let label = if lead.label() == before {
            ""
        } else {
            lead.label()
        };
        before = lead.label();
        let (words, style) = lead.says(alarm, cx);
        let (mark, style) = if chosen == Some(n) {
            ("▌", style.patch(t.selection))
        } else {
            (" ", style)
        };
        let room = label_width.saturating_sub(1);
        lines.push(vec![
            (format!("{label:<room$}"), t.muted),
            (mark.to_owned(), t.key),
            (clip(&words, columns.saturating_sub(label_width)), style),
        ]);
    }
    lines
}
