//! State of the deploys screen.

use std::sync::Arc;

use super::order::{self, SORTS};
use super::view;
use crate::domain::action::Run;
use crate::domain::audit::Outcome;
use crate::domain::deployment::Deployment;
use crate::domain::facts::Facts;
use crate::domain::order::Ordered;
use crate::domain::service::ServiceId;
use crate::ui::fuzzy;
use crate::ui::screens::{Cx, Searched};
use crate::ui::sorting::Sorting;
use crate::ui::widgets::ListState;

/// What names a row for good.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Item {
    /// An action of this console, or one that it picked up.
    Run(String),
    /// A deployment, whoever began it.
    Deployment(String),
}

/// A row that may not be in the picture yet.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Sought {
    /// An action that has just been started.
    Run(String),
    /// A deployment, by its id.
    Deployment(String),
    /// The newest row of a service.
    Newest(ServiceId),
}

/// What the items follow from: while nothing of it changes, a key or a picture arranges nothing anew.
#[derive(Debug, PartialEq)]
struct Arranged {
    rows: Same<Vec<Arc<Deployment>>>,
    runs: Same<Vec<Run>>,
    /// When the deployments were read: one that was read before its action ended stands on the action's row.
    read_at: Option<jiff::Timestamp>,
    sort: Sorting,
    filter: String,
    /// What a filter searches beside that.
    searched: Option<Searched>,
    only: Option<ServiceId>,
}

/// Equal where it is the very same allocation.
#[derive(Debug)]
struct Same<T>(Option<Arc<T>>);

impl<T> PartialEq for Same<T> {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (a, b) => a.is_none() && b.is_none(),
        }
    }
}

/// The deploys screen.
#[derive(Debug, Default)]
pub struct Deploys {
    pub(super) items: Vec<Item>,
    /// How many of what is shown move, whatever the filter.
    pub(super) running: usize,
    /// What the items were last arranged from.
    arranged: Option<Arranged>,
    pub(super) list: ListState<Item>,
    pub(super) sort: Sorting,
    pub(super) filter: String,
    /// Only this service, when one was asked for.
    pub(super) only: Option<ServiceId>,
    /// First line of the picture's story.
    pub(super) scroll: usize,
    /// What is to be selected as soon as it is there.
    pub(super) seek: Option<Sought>,
    /// Whether a person chose the row that is selected.
    pub(super) chosen: bool,
}

/// Whether a deployment and the action that brought it about are one row: while the action goes on, and once both are over. What
/// still runs behind an action that ended without seeing its end has a row of its own.
fn is_one(run: &Run, d: &Deployment, facts: &Facts) -> bool {
    let read_before_the_end = || {
        let saw_its_end = matches!(
            run.outcome,
            Some(Outcome::Succeeded | Outcome::Failed | Outcome::Stopped)
        );
        let times = run.finished_at.zip(facts.deployments.observed_at);
        saw_its_end && times.is_some_and(|(ended, read)| read <= ended)
    };
    run.outcome.is_none() || !d.state.is_running() || read_before_the_end()
}

/// A row's thing.
pub(super) enum Thing<'a> {
    Run(&'a Run),
    Deployment(&'a Arc<Deployment>),
}

impl<'a> Thing<'a> {
    pub fn of(item: &Item, facts: &'a Facts) -> Option<Self> {
        match item {
            Item::Run(id) => facts.runs.iter().find(|r| &r.id == id).map(Self::Run),
            Item::Deployment(id) => facts
                .deployment_rows()
                .iter()
                .find(|d| &d.id == id)
                .map(Self::Deployment),
        }
    }

    /// The deployment that it is about.
    pub fn deployment(&self, facts: &'a Facts) -> Option<&'a Arc<Deployment>> {
        match self {
            Self::Run(r) => facts.deployment_of(r),
            Self::Deployment(d) => Some(d),
        }
    }

    /// When it ended otherwise than it was meant to (UTC).
    pub fn failed_at(&self, facts: &Facts) -> Option<jiff::Timestamp> {
        let deployment = match self {
            Self::Run(r) => facts.deployment_of(r)?,
            Self::Deployment(d) => d,
        };
        deployment.failed_at()
    }

    pub fn service(&self) -> Option<&'a ServiceId> {
        match self {
            Self::Run(r) => r.intent.service(),
            Self::Deployment(d) => Some(&d.service),
        }
    }
}

impl Deploys {
    /// Our open actions, running deployments, then the rest newest first; or by a column.
    pub(super) fn arrange(&mut self, cx: &Cx<'_>) {
        let facts = &cx.snapshot.facts;
        let from = Arranged {
            rows: Same(facts.deployments.value.clone()),
            runs: Same(Some(facts.runs.clone())),
            read_at: facts.deployments.observed_at,
            sort: self.sort,
            filter: self.filter.clone(),
            searched: Searched::by(&self.filter, cx),
            only: self.only.clone(),
        };
        if self.arranged.as_ref() != Some(&from) {
            self.fill(cx);
            self.arranged = Some(from);
            self.lead(facts);
        }
        self.find(facts);
    }

    /// Where nobody has chosen a row, what begins to move takes the selection from what is over: keys are about what is looked at, and a
    /// person who looks here looks at what moves. From what moves it is not taken.
    pub(super) fn lead(&mut self, facts: &Facts) {
        let moves = |item: &Item| match Thing::of(item, facts) {
            Some(Thing::Run(r)) => {
                r.goes_on() || facts.deployment_of(r).is_some_and(|d| d.state.is_running())
            }
            Some(Thing::Deployment(d)) => d.state.is_running(),
            None => false,
        };
        // By a column what moves stands anywhere.
        if !self.chosen
            && self.sort.by(SORTS).is_empty()
            && self.items.first().is_some_and(moves)
            && !self.list.selected().is_some_and(moves)
        {
            self.list.rewind();
            self.scroll = 0;
        }
    }

    fn fill(&mut self, cx: &Cx<'_>) {
        let facts = &cx.snapshot.facts;
        let fits = |id: &ServiceId, thing: Thing<'_>| {
            self.only.as_ref().is_none_or(|o| o == id)
                && (self.filter.is_empty()
                    || fuzzy::says(&view::row(&thing, usize::MAX, cx).text(), &self.filter))
        };
        let is_shown = |id: &ServiceId| self.only.as_ref().is_none_or(|only| only == id);
        let moving = facts.moving().into_iter();
        self.running = moving.filter(|m| m.service().is_some_and(is_shown)).count();
        let mut rows: Vec<(u8, std::cmp::Reverse<jiff::Timestamp>, Item)> = Vec::new();
        for r in facts.runs.iter() {
            let Some(id) = r.intent.service() else {
                continue;
            };
            if fits(id, Thing::Run(r)) {
                let rank = if r.outcome.is_none() { 0 } else { 2 };
                rows.push((
                    rank,
                    std::cmp::Reverse(r.started_at),
                    Item::Run(r.id.clone()),
                ));
            }
        }
        // One that an action of ours brought about stands on that action's row.
        let own = |r| facts.deployment_of(r).filter(|d| is_one(r, d, facts));
        let ours: Vec<&str> = (facts.runs.iter().filter_map(own))
            .map(|d| d.id.as_str())
            .collect();
        let others = facts.deployment_rows().iter();
        for d in others.filter(|d| !ours.contains(&d.id.as_str())) {
            if fits(&d.service, Thing::Deployment(d)) {
                let rank = if d.state.is_running() { 1 } else { 2 };
                let at = d.started_at.or(d.created_at).unwrap_or_default();
                rows.push((rank, std::cmp::Reverse(at), Item::Deployment(d.id.clone())));
            }
        }
        rows.order_by_key(|r| (r.0, r.1));
        let items = rows.into_iter().map(|r| r.2).collect();
        let value = |item: &Item, by: &str| order::value(item, by, cx);
        let name = |item: &Item| order::name(item, facts);
        self.items = self.sort.arrange(items, SORTS, value, name);
    }

    /// Selects what was sought, once it is there.
    fn find(&mut self, facts: &Facts) {
        if let Some(sought) = &self.seek {
            let is_it = |item: &&Item| match (sought, item) {
                (Sought::Run(id), Item::Run(run)) => id == run,
                (Sought::Deployment(id), Item::Deployment(deployment)) => id == deployment,
                (Sought::Deployment(id), Item::Run(_)) => {
                    let run = Thing::of(item, facts).and_then(|t| t.deployment(facts));
                    run.is_some_and(|d| &d.id == id)
                }
                (Sought::Run(_), Item::Deployment(_)) => false,
                (Sought::Newest(id), item) => {
                    Thing::of(item, facts).and_then(|t| t.service()) == Some(id)
                }
            };
            if let Some(item) = self.items.iter().find(is_it).cloned() {
                self.list.select(item);
                self.chosen = true;
                self.seek = None;
            }
        }
    }

    /// The row that commands are about.
    pub(super) fn current<'a>(&self, cx: &Cx<'a>) -> Option<Thing<'a>> {
        Thing::of(self.items.get(self.list.index())?, &cx.snapshot.facts)
    }
}
