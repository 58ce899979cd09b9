//! State of the alerts screen.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::group::{Groups, Place};
use super::leads::{self, Lead, LeadId};
use super::{detail, row};
use crate::domain::alarm::{Alarm, AlarmState};
use crate::domain::facts::Facts;
use crate::domain::interest::Interest;
use crate::domain::metric::{Series, Window};
use crate::domain::order::Ordered;
use crate::domain::part::Freshness;
use crate::ui::fuzzy;
use crate::ui::screens::Cx;
pub(super) use crate::ui::screens::about::query;
use crate::ui::sorting::Sorting;
use crate::ui::widgets::ListState;

/// Columns of the terminal from which the list and one alarm are shown side by side.
pub(super) const WIDE: u16 = 120;

/// How far back an alarm's chart reaches.
pub(super) const WINDOW: Window = Window {
    length_s: 3 * 3_600,
    until: None,
};

/// Columns that can be sorted by.
pub(super) const SORTS: &[&str] = &[WORST, "alarm", "since"];

/// Firing, no data, OK; within them the worst and the newest first.
const WORST: &str = "state";

/// Two alarms by a column; `state`: the one that an alarm is listed by.
fn order(by: &str, a: &Alarm, b: &Alarm, state: impl Fn(&Alarm) -> AlarmState) -> Ordering {
    let order = match by {
        WORST => (state(a).cmp(&state(b)))
            .then(a.severity.cmp(&b.severity))
            .then(b.since.cmp(&a.since)),
        "since" => b.since.cmp(&a.since),
        _ => Ordering::Equal,
    };
    order.then_with(|| a.name.cmp(&b.name))
}

/// The alerts screen.
#[derive(Debug, Default)]
pub struct Alerts {
    pub(super) visible: Vec<(Arc<Alarm>, Place)>,
    pub(super) groups: Groups,
    /// Groups that a person opened (true) or folded.
    pub(super) turned: BTreeMap<String, bool>,
    pub(super) names: Vec<String>,
    pub(super) list: ListState<String>,
    pub(super) sort: Sorting,
    pub(super) filter: String,
    /// The alarm whose own page is open.
    pub(super) page: Option<String>,
    /// Pages that led to it, outermost first, each with the row selected there.
    pub(super) before: Vec<(String, Option<LeadId>)>,
    /// Which of the rows that lead elsewhere is selected on the page.
    pub(super) lead: Option<LeadId>,
    /// Whether that row is in sight: then it stays there when the rows are in another order.
    pub(super) follows: bool,
    /// First line of the page that is shown.
    pub(super) scroll: usize,
}

/// An alarm's series: the one asked for with its window while it is shown, else the common one.
pub(super) fn series<'a>(alarm: &Alarm, cx: &Cx<'a>) -> Option<&'a Arc<Series>> {
    let (facts, query) = (&cx.snapshot.facts, query(alarm)?);
    let charts = facts.charts.value.as_ref();
    charts
        .filter(|c| c.window == Some(WINDOW))
        .and_then(|c| c.series.iter().find(|s| &s.query == query))
        .or_else(|| facts.series(query))
}

/// How many alarms that are there for people are in each state: firing, no data, OK; and how many others there are.
pub(super) fn counts(facts: &Facts) -> [usize; 4] {
    let [firing, silent, ok] = [
        AlarmState::Alarm,
        AlarmState::InsufficientData,
        AlarmState::Ok,
    ]
    .map(|state| {
        let all = facts.alarms_for_people();
        all.filter(|a| a.state == state).count()
    });
    let others = facts.alarm_rows().len() - firing - silent - ok;
    [firing, silent, ok, others]
}

impl Alerts {
    /// Sorts, then puts members under their composite alarms. A filter looks at each alarm by itself: names that match come first, then
    /// rows that say it.
    pub(super) fn arrange(&mut self, cx: &Cx<'_>) {
        let mut all = cx.snapshot.facts.alarm_rows().to_vec();
        let (by, reverse) = (self.sort.by(SORTS), self.sort.is_reverse());
        let facts = &cx.snapshot.facts;
        let people = facts.alarms_for_people();
        let firing = people.filter(|a| a.state == AlarmState::Alarm);
        let firing: BTreeSet<&str> = firing.map(|a| a.name.as_str()).collect();
        // What the vendor scales by stands among those that are well: it fires for days.
        let state = |a: &Alarm| match a.state {
            AlarmState::Alarm if !firing.contains(a.name.as_str()) => AlarmState::Ok,
            state => state,
        };
        all.order_by(|a, b| order(by, a, b, state));
        self.groups = Groups::of(&all, |a| !firing.contains(a.name.as_str()));
        self.visible = if self.filter.is_empty() {
            self.groups.rows(&all, &self.turned, by == WORST, reverse)
        } else {
            if reverse {
                all.reverse();
            }
            let groups = &self.groups;
            let shown = |a: &&Arc<Alarm>| row::row(a, groups.alone(a), cx).text();
            let name = |a: &&Arc<Alarm>| a.name.clone();
            let found = fuzzy::sift(all.iter(), &self.filter, name, shown);
            let found = found.into_iter().filter_map(|i| all.get(i));
            found.map(|a| (a.clone(), groups.alone(a))).collect()
        };
        self.names = self.visible.iter().map(|(a, _)| a.name.clone()).collect();
    }

    /// The group that is to be folded or unfolded: the selected one, or the one that the selected alarm stands in.
    pub(super) fn group(&self) -> Option<String> {
        let (alarm, place) = self.visible.get(self.list.index())?;
        match place.group {
            Some(_) if !place.flat => Some(alarm.name.clone()),
            _ if self.filter.is_empty() => self.groups.around(&alarm.name).into_iter().next(),
            _ => None,
        }
    }

    /// Folds or unfolds a group. Whoever was selected in it is so no more where it is folded: the group is.
    pub(super) fn turn_group(&mut self, name: String) {
        self.list.select(name.clone());
        let head = self.visible.iter().find(|(a, _)| a.name == name);
        let open = head.is_some_and(|(a, _)| self.groups.is_open(a, &self.turned));
        self.turned.insert(name, !open);
    }

    /// Folds every group, or opens every group where all are folded.
    pub(super) fn turn_all(&mut self, cx: &Cx<'_>) {
        let all = cx.snapshot.facts.alarm_rows();
        let heads = self.groups.heads(all);
        let any_open = heads.iter().any(|a| self.groups.is_open(a, &self.turned));
        let said = heads.iter().map(|a| (a.name.clone(), !any_open));
        self.turned = said.collect();
    }

    /// Opens whatever hides an alarm.
    pub(super) fn reveal(&mut self, name: &str, cx: &Cx<'_>) {
        let all = cx.snapshot.facts.alarm_rows();
        for around in self.groups.around(name) {
            if all.iter().any(|a| a.name == around) {
                self.turned.insert(around, true);
            }
        }
    }

    /// The name of the alarm that commands are about.
    fn name(&self) -> Option<&String> {
        self.page.as_ref().or(self.list.selected())
    }

    /// The alarm that commands are about.
    pub(super) fn current<'a>(&self, cx: &Cx<'a>) -> Option<&'a Arc<Alarm>> {
        let name = self.name()?;
        let rows = cx.snapshot.facts.alarm_rows();
        rows.iter().find(|a| &a.name == name)
    }

    /// Whether one alarm is shown in full.
    pub(super) fn shows_detail(&self, cx: &Cx<'_>) -> bool {
        self.page.is_some() || cx.body.width >= WIDE
    }

    /// Keeps the page's scroll position inside the page.
    pub(super) fn clamp(&mut self, cx: &Cx<'_>) {
        let most = match (&self.page, self.current(cx)) {
            (Some(_), Some(alarm)) => detail::overflow(alarm, cx, cx.body),
            _ => 0,
        };
        let alarm = self.current(cx).filter(|_| self.page.is_some());
        let Some((alarm, leads)) = alarm.map(|a| (a, leads::of(a, cx))) else {
            self.scroll = self.scroll.min(most);
            return;
        };
        let at = leads::place(&leads, self.lead.as_ref());
        self.lead = leads.get(at).map(Lead::id);
        let (first, rows) = detail::first_lead(alarm, cx, cx.body);
        let line = first + at;
        if self.follows {
            let least = (line + 1).saturating_sub(rows);
            self.scroll = self.scroll.clamp(least.min(line), line);
        }
        self.scroll = self.scroll.min(most);
        let shown = self.scroll..self.scroll + rows;
        self.follows = self.lead.is_some() && shown.contains(&line);
    }

    /// What the alarm shown in full needs.
    pub(super) fn wanted(&self, cx: &Cx<'_>) -> Vec<Interest> {
        let Some(alarm) = self.current(cx).filter(|_| self.shows_detail(cx)) else {
            return Vec::new();
        };
        let mut wanted = vec![Interest::AlarmHistory(alarm.name.clone())];
        wanted.extend(query(alarm).map(|q| Interest::Metrics {
            queries: vec![q.clone()],
            window: WINDOW,
        }));
        wanted
    }
}

/// How far what is known of the alarms can be trusted.
pub(super) fn seen(cx: &Cx<'_>) -> Freshness {
    cx.snapshot.facts.alarms.freshness(cx.now)
}
