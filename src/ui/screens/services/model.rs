//! State of the services screen.

use std::sync::Arc;

use super::row;
use crate::domain::action::Run;
use crate::domain::deployment::Deployment;
use crate::domain::facts::Facts;
use crate::domain::order::Ordered;
use crate::domain::service::{Service, ServiceId, Task, TaskDefinition};
use crate::ui::fuzzy;
use crate::ui::screens::{Cx, Searched};
use crate::ui::sorting::Sorting;
use crate::ui::widgets::ListState;

/// Columns that can be sorted by.
pub(super) const SORTS: &[&str] = &["state", "service", "cluster", "tasks", "rev", "deployed"];

/// A part of a service's own page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Pane {
    #[default]
    Tasks,
    Revisions,
    Events,
    Targets,
}

impl Pane {
    pub const ALL: [Self; 4] = [Self::Tasks, Self::Revisions, Self::Events, Self::Targets];

    pub fn title(self) -> &'static str {
        match self {
            Self::Tasks => "Tasks",
            Self::Revisions => "Revisions",
            Self::Events => "Events",
            Self::Targets => "Targets",
        }
    }

    pub fn next(self, by: usize) -> Self {
        let at = Self::ALL.iter().position(|p| *p == self).unwrap_or(0);
        Self::ALL[(at + by) % Self::ALL.len()]
    }
}

/// A service's own page.
#[derive(Debug)]
pub(super) struct Page {
    pub id: ServiceId,
    pub pane: Pane,
    pub tasks: ListState<String>,
    pub revisions: ListState<u32>,
    pub events: ListState<String>,
    pub targets: ListState<String>,
    /// The task whose containers are shown.
    pub task: Option<String>,
}

impl Page {
    pub fn new(id: ServiceId) -> Self {
        Self {
            id,
            pane: Pane::default(),
            tasks: ListState::default(),
            revisions: ListState::default(),
            events: ListState::default(),
            targets: ListState::default(),
            task: None,
        }
    }
}

/// What the order of the rows follows from: while nothing of it changes, a key or a picture arranges nothing anew.
#[derive(Debug)]
struct Arranged {
    rows: Option<Arc<Vec<Arc<Service>>>>,
    /// What tells of deployments beside the services themselves: their states follow from it.
    deployments: Option<Arc<Vec<Arc<Deployment>>>>,
    runs: Arc<Vec<Run>>,
    sort: Sorting,
    filter: String,
    /// What a filter searches beside the list.
    searched: Option<Searched>,
}

/// Whether both are the very same allocation, or neither is there.
fn is_same<T>(a: Option<&Arc<T>>, b: Option<&Arc<T>>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => Arc::ptr_eq(a, b),
        (a, b) => a.is_none() && b.is_none(),
    }
}

impl Arranged {
    fn holds(&self, screen: &Services, cx: &Cx<'_>) -> bool {
        let facts = &cx.snapshot.facts;
        is_same(self.rows.as_ref(), facts.services.value.as_ref())
            && is_same(self.deployments.as_ref(), facts.deployments.value.as_ref())
            && Arc::ptr_eq(&self.runs, &facts.runs)
            && self.sort == screen.sort
            && self.filter == screen.filter
            && self.searched == Searched::by(&self.filter, cx)
    }
}

/// The services screen.
#[derive(Debug, Default)]
pub struct Services {
    pub(super) visible: Vec<Arc<Service>>,
    pub(super) ids: Vec<ServiceId>,
    /// What the rows were last arranged from.
    arranged: Option<Arranged>,
    pub(super) list: ListState<ServiceId>,
    pub(super) sort: Sorting,
    pub(super) filter: String,
    pub(super) page: Option<Page>,
}

/// Tasks of a service as read.
pub(super) fn tasks<'a>(facts: &'a Facts, id: &ServiceId) -> &'a [Task] {
    facts
        .tasks
        .get(id)
        .and_then(|p| p.value.as_ref())
        .map_or(&[], |v| v.as_slice())
}

/// Revisions of a service's family as read, newest first.
pub(super) fn revisions<'a>(facts: &'a Facts, id: &ServiceId) -> &'a [Arc<TaskDefinition>] {
    facts
        .revisions
        .get(id)
        .and_then(|p| p.value.as_ref())
        .map_or(&[], |v| v.as_slice())
}

impl Services {
    /// Filters and sorts. Rows that are alike stay in the order in which services are told, so that nothing jumps and those of the
    /// environment that is looked at come first.
    pub(super) fn arrange(&mut self, cx: &Cx<'_>) {
        let facts = &cx.snapshot.facts;
        let rows = facts.services.value.as_ref();
        if self.arranged.as_ref().is_some_and(|a| a.holds(self, cx)) {
            return;
        }
        self.arranged = Some(Arranged {
            rows: rows.cloned(),
            deployments: facts.deployments.value.clone(),
            runs: facts.runs.clone(),
            sort: self.sort,
            filter: self.filter.clone(),
            searched: Searched::by(&self.filter, cx),
        });
        self.visible = rows.map_or_else(Vec::new, |rows| rows.to_vec());
        let title = self.sort.by(SORTS);
        if title == "state" {
            // Looked up once a row: it goes through all that is known of a service.
            self.visible.sort_by_cached_key(|s| facts.health_of(s));
        } else {
            self.visible.order_by(|a, b| match title {
                "service" => a.id.name.cmp(&b.id.name),
                "cluster" => a.id.cluster.cmp(&b.id.cluster),
                "tasks" => b.answering().running.cmp(&a.answering().running),
                "rev" => b.revision.number.cmp(&a.revision.number),
                "deployed" => row::deployed_at(b).cmp(&row::deployed_at(a)),
                _ => std::cmp::Ordering::Equal,
            });
        }
        if self.sort.is_reverse() {
            self.visible.reverse();
        }
        if !self.filter.is_empty() {
            let name = |s: &&Arc<Service>| format!("{} {}/{}", s.id.name, s.id.cluster, s.id.name);
            let groups = row::Groups::of(&cx.snapshot.facts, self.visible.iter());
            let shown = |s: &&Arc<Service>| row::row(s, &groups, cx).text();
            let found = fuzzy::sift(self.visible.iter(), &self.filter, name, shown);
            self.visible = found
                .into_iter()
                .filter_map(|i| self.visible.get(i).cloned())
                .collect();
        }
        self.ids = self.visible.iter().map(|s| s.id.clone()).collect();
    }

    /// The service that commands are about.
    pub(super) fn current<'a>(&self, cx: &Cx<'a>) -> Option<&'a Arc<Service>> {
        let id = self.page.as_ref().map(|p| &p.id).or(self.list.selected())?;
        cx.snapshot.facts.service(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::door::Snapshot;
    use crate::ui::commands::Command;
    use crate::ui::keymap::Keymap;
    use crate::ui::model::Model;
    use crate::ui::theme::{Depth, Theme};

    #[test]
    fn rows_are_left_alone_until_what_they_follow_from_changes() {
        let picture = || {
            let mut snapshot = Snapshot::default();
            snapshot.facts.services.value = Some(Arc::default());
            let theme = Theme::load(None, None, Depth::True).unwrap();
            let keymap = Keymap::load("default", None).unwrap();
            let now = jiff::Timestamp::UNIX_EPOCH;
            Model::new((80, 24), now, Arc::new(snapshot), theme, keymap)
        };
        let (mut first, second) = (picture(), picture());
        let mut screen = Services::default();
        // A mark that is gone once the rows were arranged anew.
        let is_arranged = |screen: &mut Services, model: &Model| {
            let mark = ServiceId {
                cluster: "no".into(),
                name: "such".into(),
            };
            screen.ids.push(mark);
            screen.arrange(&model.cx());
            screen.ids.is_empty()
        };
        assert!(is_arranged(&mut screen, &first));
        assert!(!is_arranged(&mut screen, &first), "a key that moves");
        screen.filter = "a".into();
        assert!(is_arranged(&mut screen, &first), "a filter");
        // It searches what the rows show, which the list of services does not hold.
        assert!(!is_arranged(&mut screen, &first));
        Arc::make_mut(&mut first.snapshot).facts.seq += 1;
        assert!(is_arranged(&mut screen, &first), "an image, a figure");
        first.now += jiff::SignedDuration::from_secs(60);
        assert!(is_arranged(&mut screen, &first), "an age");
        first.size.0 = 120;
        assert!(is_arranged(&mut screen, &first), "a column");
        screen.filter.clear();
        assert!(is_arranged(&mut screen, &first), "no filter");
        Arc::make_mut(&mut first.snapshot).facts.seq += 1;
        assert!(!is_arranged(&mut screen, &first), "no filter searches");
        screen.sort.turn(Command::Reverse, SORTS.len());
        assert!(is_arranged(&mut screen, &first), "an order");
        screen.sort.turn(Command::Sort, SORTS.len());
        assert!(is_arranged(&mut screen, &first), "a column");
        assert!(is_arranged(&mut screen, &second), "another picture");
        assert!(!is_arranged(&mut screen, &second));
    }
}
