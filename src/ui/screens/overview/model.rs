//! What the overview lists, and what commands do to it.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use super::unwell::{DOUBTFUL, rank};
use super::{doubt, view};
use crate::domain::alarm::Severity;
use crate::domain::facts::Facts;
use crate::domain::moving::Moving;
use crate::domain::order::Ordered;
use crate::domain::service::ServiceHealth;
use crate::ui::commands::Command;
use crate::ui::effect::Effect;
use crate::ui::screens::systems::listed::Listed;
use crate::ui::screens::{Cx, Nav, Screen, ScreenId, about};
use crate::ui::widgets::ListState;

/// What names a row of the overview for good.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A firing alarm.
    Alarm(String),
    /// A service that is not well, or that scales out.
    Service(crate::domain::service::ServiceId),
    /// A deployment that moves, or the newest of its service that ended badly of late.
    Deployment(String, crate::domain::service::ServiceId),
    /// An action under way.
    Run(String),
    /// A system that is not well, by the name of its view.
    System(&'static str),
    /// What could not be read, by the screen that says why.
    Unread(ScreenId),
    /// A stage of the plan, by number.
    Stage(u8),
}

impl Item {
    /// Where it leads: of a system, to the row that the fault is about.
    fn nav(&self, systems: &Listed) -> Nav {
        let place = |id: &str| {
            let entry = systems.of(id)?;
            entry.fault.as_ref().map(|f| f.place.clone())
        };
        match self {
            Self::Alarm(name) => Nav::Alarm(name.clone()),
            Self::Service(id) => Nav::Service(id.clone()),
            Self::Deployment(id, service) => Nav::Deployment(service.clone(), id.clone()),
            Self::Run(id) => Nav::Run(id.clone()),
            Self::System(id) => place(id).map_or(Nav::View(id), Nav::Row),
            Self::Unread(screen) => Nav::Screen(*screen),
            Self::Stage(number) => Nav::Stage(*number),
        }
    }
}

/// State of the overview.
#[derive(Debug, Default)]
pub struct Overview {
    pub(super) items: Vec<Item>,
    pub(super) list: ListState<Item>,
    /// How many of the items burn; they come first, and behind them, counted with them, what could not be read.
    pub(super) burning: usize,
    /// How many of those that burn nobody knows about: they were bad, and their system is not read now, or nobody tells of their targets.
    /// They come last among them.
    pub(super) doubtful: usize,
    /// Whether there is something that could not be read.
    unread: bool,
    /// How many move; they come next, before the stages of the plan.
    pub(super) moving: usize,
    /// Every further system.
    pub(super) systems: Listed,
    /// Whether the selection has been put where it starts, or a person moved it: from then on it is left alone.
    placed: bool,
    /// Since when it stands on the first thing that burns.
    led: Option<Timestamp>,
}

/// Systems answer one after another: for so long after the first fault was seen, the worst one that was told keeps the selection.
const LED_S: u64 = 15;

impl Overview {
    /// Where a command about a service leads from a row; else why it leads nowhere.
    fn lead(&self, command: Command, item: &Item, facts: &Facts) -> Result<Nav, String> {
        let of_service = |id| {
            let nav = about::lead(command, id, facts);
            nav.ok_or_else(|| "this leads nowhere".to_owned())
        };
        match item {
            Item::Alarm(name) => {
                let alarm = facts.alarm_rows().iter().find(|a| &a.name == name);
                let alarm = alarm.ok_or_else(|| "the alarm is gone".to_owned())?;
                about::from_alarm(command, alarm, facts)
            }
            Item::Service(id) | Item::Deployment(_, id) => of_service(id),
            Item::Run(id) => {
                let run = facts.runs.iter().find(|r| &r.id == id);
                let service = run.and_then(|r| r.intent.service());
                service.map_or_else(|| Err("this action is about no service".into()), of_service)
            }
            Item::System(id) => {
                let entry = self.systems.of(id);
                about::from_fault(command, entry.and_then(|e| e.fault.as_ref()), facts)
            }
            Item::Unread(_) => Err("what was not read is about no single service".into()),
            Item::Stage(_) => Err("a stage of the plan is about no single service".into()),
        }
    }

    /// How many things burn.
    pub(super) fn rows_burning(&self) -> usize {
        self.burning - usize::from(self.unread)
    }

    /// What stands on a line of so many of what burns: the last is kept for what could not be read.
    pub(super) fn burning_at(&self, line: usize, lines: usize) -> Option<usize> {
        let rows = self.rows_burning();
        let is_kept = self.unread && lines > 1;
        let shown = rows.min(lines - usize::from(is_kept));
        match line {
            line if line < shown => Some(line),
            line if line == shown && is_kept => Some(rows),
            _ => None,
        }
    }

    /// The first line of the part of the screen that a command moves to: what burns, what moves, the plan; those that have none are
    /// passed.
    fn first_of_part(&self, command: Command) -> Option<usize> {
        let starts = [0, self.burning, self.burning + self.moving];
        let ends = [starts[1], starts[2], self.items.len()];
        let parts = starts.into_iter().zip(ends);
        let parts: Vec<usize> = parts.filter(|(from, to)| from < to).map(|p| p.0).collect();
        let at = parts
            .iter()
            .rposition(|first| *first <= self.list.index())?;
        let to = match command {
            Command::NextPane => (at + 1) % parts.len(),
            Command::PrevPane => (at + parts.len() - 1) % parts.len(),
            _ => return None,
        };
        parts.get(to).copied()
    }

    /// Puts the selection on the worst thing that burns as soon as it is known what does, and keeps it there while the first answers come
    /// in: nothing jumps later, nor after a key.
    fn place(&mut self, facts: &Facts, now: Timestamp) {
        if self.placed || facts.alarms.value.is_none() || facts.services.value.is_none() {
            return;
        }
        let since = *self.led.get_or_insert(now);
        self.placed =
            self.burning == 0 || now.duration_since(since).as_secs().unsigned_abs() >= LED_S;
        if !self.placed {
            self.list.jump(0, self.items.iter());
        }
    }
}

/// Everything that burns, worst first, and how many of it nobody knows about.
fn burning(facts: &Facts, systems: &Listed, now: Timestamp) -> (Vec<Item>, usize) {
    let mut rows: Vec<(u8, Item)> = Vec::new();
    for a in facts.firing_here() {
        let rank = match a.severity {
            Severity::Critical => 0,
            Severity::Warning => 2,
            Severity::Info => 4,
        };
        rows.push((rank, Item::Alarm(a.name.clone())));
    }
    // Whatever ends after it, of this service or another: it is to be seen until a newer one of its service says more.
    let back = facts.turned_back(now).into_iter();
    rows.extend(back.map(|d| (2, Item::Deployment(d.id.clone(), d.service.clone()))));
    let services = facts.service_rows().iter();
    rows.extend(services.filter_map(|s| Some((rank(s, facts)?, Item::Service(s.id.clone())))));
    let ill = systems.iter().filter(|e| e.burns());
    rows.extend(ill.map(|e| (1, Item::System(e.view.id))));
    let doubtful = systems.iter().filter(|e| e.may_burn());
    rows.extend(doubtful.map(|e| (DOUBTFUL, Item::System(e.view.id))));
    rows.order_by_key(|r| r.0);
    let doubtful = rows.iter().filter(|r| r.0 >= DOUBTFUL).count();
    (rows.into_iter().map(|r| r.1).collect(), doubtful)
}

/// Everything that moves: our actions and deployments that somebody else began, then services that scale out.
fn moving(facts: &Facts) -> Vec<Item> {
    let moving = facts.moving();
    let ours = |id| {
        let mut runs = moving.iter().filter(|m| matches!(m, Moving::Run(_)));
        runs.any(|m| m.service() == Some(id))
    };
    let scale = (facts.service_rows().iter())
        .filter(|s| s.health() == ServiceHealth::Scaling && !ours(&s.id));
    let rows = moving.iter().map(|m| match m {
        Moving::Run(r) => Item::Run(r.id.clone()),
        Moving::Deployment(d) => Item::Deployment(d.id.clone(), d.service.clone()),
    });
    rows.chain(scale.map(|s| Item::Service(s.id.clone())))
        .collect()
}

impl Screen for Overview {
    fn id(&self) -> ScreenId {
        ScreenId::Overview
    }

    fn offers(&self) -> &'static [Command] {
        use Command::*;
        &[Open, Logs, Metrics, Deployments, Describe, Copy]
    }

    fn disabled(&self, command: Command, cx: &Cx<'_>) -> Option<String> {
        let Some(item) = self.items.get(self.list.index()) else {
            return Some("nothing burns or moves, and no plan has been judged yet".into());
        };
        match about::LEADS.contains(&command) {
            true => self.lead(command, item, &cx.snapshot.facts).err(),
            false => None,
        }
    }

    fn sync(&mut self, cx: &Cx<'_>) {
        self.systems.begin(&cx.snapshot.facts, cx.now);
        let (mut items, doubtful) = burning(&cx.snapshot.facts, &self.systems, cx.now);
        // Where nothing burns the panel is about it anyway.
        let unread = doubt::unread(&cx.snapshot.facts).filter(|_| !items.is_empty());
        self.unread = unread.is_some();
        items.extend(unread.map(|u| Item::Unread(u.screen)));
        self.burning = items.len();
        self.doubtful = doubtful;
        items.extend(moving(&cx.snapshot.facts));
        self.moving = items.len() - self.burning;
        if view::has_stages(cx.body) {
            let stages = cx.snapshot.checklist.stages.iter();
            items.extend(stages.map(|s| Item::Stage(s.number)));
        }
        self.items = items;
        self.list.settle(self.items.iter(), self.items.len());
        self.place(&cx.snapshot.facts, cx.now);
    }

    fn catch_up(&mut self, cx: &Cx<'_>) -> bool {
        let behind = self.systems.look(&cx.snapshot.facts, cx.now);
        if behind {
            self.sync(cx);
        }
        behind
    }

    fn looks_up(&self) -> bool {
        false
    }

    fn update(&mut self, command: Command, cx: &Cx<'_>) -> Vec<Effect> {
        self.placed = true;
        if self.list.motion(command, self.items.iter()) {
            return Vec::new();
        }
        if let Some(first) = self.first_of_part(command) {
            self.list.jump(first, self.items.iter());
            return Vec::new();
        }
        let Some(item) = self.items.get(self.list.index()) else {
            return Vec::new();
        };
        let facts = &cx.snapshot.facts;
        let stages = || cx.snapshot.checklist.stages.iter();
        match command {
            c if about::LEADS.contains(&c) => {
                let to = self.lead(c, item, facts).map(Effect::Go);
                to.into_iter().collect()
            }
            Command::Open => vec![Effect::Go(item.nav(&self.systems))],
            Command::Copy => vec![Effect::Copy(match item {
                Item::Alarm(name) => name.clone(),
                Item::Service(id) | Item::Deployment(_, id) => id.to_string(),
                Item::Run(id) => id.clone(),
                Item::System(id) => (*id).to_owned(),
                Item::Unread(_) => doubt::unread(facts).map_or_else(String::new, |u| u.words()),
                Item::Stage(number) => stages()
                    .find(|s| s.number == *number)
                    .map_or_else(String::new, |s| format!("{number} {}", s.title)),
            })],
            Command::Describe => match item {
                Item::Alarm(name) => facts
                    .alarm_rows()
                    .iter()
                    .find(|a| &a.name == name)
                    .map(|a| Effect::describe(name, a)),
                Item::Service(id) => {
                    let service = facts.service(id);
                    return service.map_or_else(Vec::new, |s| Effect::describe_service(s));
                }
                Item::Deployment(id, service) => facts
                    .deployment_rows()
                    .iter()
                    .find(|d| &d.id == id)
                    .map(|d| Effect::describe(format!("deployment of {service}"), d)),
                Item::Run(id) => facts
                    .runs
                    .iter()
                    .find(|r| &r.id == id)
                    .map(|r| Effect::describe(&r.title, r)),
                Item::System(id) => Some(Effect::Go(Nav::View(id))),
                Item::Unread(screen) => Some(Effect::Go(Nav::Screen(*screen))),
                Item::Stage(number) => stages()
                    .find(|s| s.number == *number)
                    .map(|s| Effect::describe(format!("stage {number}"), s)),
            }
            .into_iter()
            .collect(),
            _ => Vec::new(),
        }
    }

    fn click(&mut self, at: Position, twice: bool, cx: &Cx<'_>) -> Vec<Effect> {
        let Some(index) = view::item_at(self, at, cx) else {
            return Vec::new();
        };
        self.placed = true;
        self.list.jump(index, self.items.iter());
        if twice {
            self.update(Command::Open, cx)
        } else {
            Vec::new()
        }
    }

    fn view(&self, cx: &Cx<'_>, buf: &mut Buffer) {
        view::view(self, cx, buf);
    }
}
