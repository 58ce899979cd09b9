//! What commands do to the services screen.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use super::model::{Page, Pane, SORTS, Services, revisions, tasks};
use super::{acts, detail, view};
use crate::domain::action::Intent;
use crate::domain::interest::Interest;
use crate::domain::service::Service;
use crate::ui::commands::Command;
use crate::ui::effect::Effect;
use crate::ui::screens::{Cx, Nav, Screen, ScreenId, about};

impl Screen for Services {
    fn id(&self) -> ScreenId {
        ScreenId::Services
    }

    fn crumbs(&self) -> Vec<String> {
        let Some(page) = &self.page else {
            return Vec::new();
        };
        let mut crumbs = vec![page.id.to_string()];
        if let Some(task) = &page.task {
            crumbs.push(format!(
                "task {}",
                task.rsplit('/')
                    .next()
                    .unwrap_or(task)
                    .get(..8)
                    .unwrap_or(task)
            ));
        }
        crumbs
    }

    fn offers(&self) -> &'static [Command] {
        use Command::*;
        match self.page {
            None => &[
                Open,
                Deploy,
                Rollback,
                Scale,
                Restart,
                Stop,
                Logs,
                Metrics,
                Deployments,
                Describe,
                Copy,
                Sort,
                Reverse,
            ],
            Some(_) => &[
                NextPane,
                Open,
                Deploy,
                Rollback,
                Scale,
                Restart,
                Stop,
                Logs,
                Metrics,
                Deployments,
                Describe,
                Copy,
            ],
        }
    }

    fn disabled(&self, command: Command, cx: &Cx<'_>) -> Option<String> {
        use Command::*;
        let Some(service) = self.current(cx) else {
            return (!matches!(command, Sort | Reverse | NextPane | PrevPane | Back))
                .then(|| "no service is selected".into());
        };
        match command {
            c if acts::ACTS.contains(&c) => acts::refused(c, service, &cx.snapshot.facts),
            Open => match &self.page {
                Some(p) if p.task.is_some() || p.pane != Pane::Tasks => {
                    Some("nothing deeper".into())
                }
                Some(p) if tasks(&cx.snapshot.facts, &p.id).is_empty() => Some("no task".into()),
                _ => None,
            },
            _ => None,
        }
    }

    fn sync(&mut self, cx: &Cx<'_>) {
        self.arrange(cx);
        self.list.settle(self.ids.iter(), view::list_height(cx));
        let facts = &cx.snapshot.facts;
        if let Some(page) = &mut self.page {
            let height = detail::list_height(cx);
            let arns: Vec<String> = tasks(facts, &page.id)
                .iter()
                .map(|t| t.arn.clone())
                .collect();
            page.tasks.settle(arns.iter(), height);
            let numbers: Vec<u32> = revisions(facts, &page.id)
                .iter()
                .map(|d| d.revision.number)
                .collect();
            page.revisions.settle(numbers.iter(), height);
            if let Some(service) = facts.service(&page.id) {
                let ids: Vec<String> = service.events.iter().map(|e| e.id.clone()).collect();
                page.events.settle(ids.iter(), height);
                let targets = detail::target_keys(facts, service);
                page.targets.settle(targets.iter(), height);
            }
        }
    }

    fn update(&mut self, command: Command, cx: &Cx<'_>) -> Vec<Effect> {
        if self.page.is_some() {
            if let Some(effects) = self.page_update(command, cx) {
                return effects;
            }
        } else if self.list.motion(command, self.ids.iter()) {
            return Vec::new();
        }
        if self.sort.turn(command, SORTS.len()) {
            return Vec::new();
        }
        let Some(service) = self.current(cx) else {
            return Vec::new();
        };
        self.act(command, service, cx)
    }

    fn arrive(&mut self, nav: &Nav, _cx: &Cx<'_>) -> Vec<Effect> {
        if let Nav::Service(id) = nav {
            self.list.select(id.clone());
            if self.page.as_ref().is_none_or(|p| &p.id != id) {
                self.page = Some(Page::new(id.clone()));
            }
        }
        Vec::new()
    }

    fn filter(&self) -> Option<&str> {
        self.page.is_none().then_some(self.filter.as_str())
    }

    fn set_filter(&mut self, text: &str) {
        if self.filter != text {
            self.filter = text.to_owned();
            self.list.filtered(text);
        }
    }

    fn click(&mut self, at: Position, twice: bool, cx: &Cx<'_>) -> Vec<Effect> {
        if self.page.is_some() {
            if let (Some(pane), Some(page)) = (detail::pane_at(at, cx), &mut self.page) {
                page.pane = pane;
            }
            return Vec::new();
        }
        let Some(index) = view::line_at(at, cx).and_then(|l| self.list.row_at(l)) else {
            return Vec::new();
        };
        self.list.jump(index, self.ids.iter());
        if twice {
            self.update(Command::Open, cx)
        } else {
            Vec::new()
        }
    }

    fn interests(&self, _cx: &Cx<'_>) -> Vec<Interest> {
        match &self.page {
            Some(p) => {
                let mut wanted = vec![
                    Interest::Tasks(p.id.clone()),
                    Interest::Deployments(p.id.clone()),
                ];
                if p.pane == Pane::Revisions {
                    wanted.push(Interest::Revisions(p.id.clone()));
                }
                wanted
            }
            None => Vec::new(),
        }
    }

    fn view(&self, cx: &Cx<'_>, buf: &mut Buffer) {
        match &self.page {
            Some(page) => detail::view(page, cx, buf),
            None => view::view(self, cx, buf),
        }
    }
}

impl Services {
    /// Commands that mean something special on a service's own page.
    fn page_update(&mut self, command: Command, cx: &Cx<'_>) -> Option<Vec<Effect>> {
        let facts = &cx.snapshot.facts;
        let page = self.page.as_mut()?;
        match command {
            Command::Back => {
                if page.task.take().is_none() {
                    self.page = None;
                }
                return Some(Vec::new());
            }
            Command::NextPane | Command::Right => page.pane = page.pane.next(1),
            Command::PrevPane | Command::Left => page.pane = page.pane.next(3),
            Command::Open if page.pane == Pane::Tasks => page.task = page.tasks.selected().cloned(),
            Command::Describe => {
                return match page.pane {
                    Pane::Tasks => {
                        let wanted = page.task.as_ref().or(page.tasks.selected());
                        tasks(facts, &page.id)
                            .iter()
                            .find(|t| Some(&t.arn) == wanted)
                            .map(|t| vec![Effect::describe(format!("task {}", t.id), t)])
                    }
                    Pane::Revisions => revisions(facts, &page.id)
                        .iter()
                        .find(|d| Some(&d.revision.number) == page.revisions.selected())
                        .map(|d| vec![Effect::describe(d.revision.to_string(), d)]),
                    _ => None,
                };
            }
            Command::Rollback if page.pane == Pane::Revisions => {
                let to = page.revisions.selected().copied();
                return Some(vec![Effect::Preview(Intent::Rollback {
                    service: page.id.clone(),
                    to,
                })]);
            }
            Command::Logs if page.pane == Pane::Tasks => {
                let chosen = page.task.as_ref().or(page.tasks.selected());
                let task = tasks(facts, &page.id)
                    .iter()
                    .find(|t| Some(&t.arn) == chosen);
                // Of one that runs and is well, what its service writes is of more use, unless it is looked at by itself.
                let task = task.filter(|t| page.task.is_some() || about::is_over(t))?;
                let nav = about::task_logs(task, &page.id, facts)?;
                return Some(vec![Effect::Go(nav)]);
            }
            Command::Copy if page.pane == Pane::Tasks => {
                let arn = page.task.as_ref().or(page.tasks.selected())?;
                return Some(vec![Effect::Copy(arn.clone())]);
            }
            _ => {
                let moved = match page.pane {
                    Pane::Tasks => {
                        let arns: Vec<String> = tasks(facts, &page.id)
                            .iter()
                            .map(|t| t.arn.clone())
                            .collect();
                        page.tasks.motion(command, arns.iter())
                    }
                    Pane::Revisions => {
                        let all: Vec<u32> = revisions(facts, &page.id)
                            .iter()
                            .map(|d| d.revision.number)
                            .collect();
                        page.revisions.motion(command, all.iter())
                    }
                    Pane::Events => {
                        let ids: Vec<String> = facts.service(&page.id).map_or_else(Vec::new, |s| {
                            s.events.iter().map(|e| e.id.clone()).collect()
                        });
                        page.events.motion(command, ids.iter())
                    }
                    Pane::Targets => {
                        let keys = facts
                            .service(&page.id)
                            .map_or_else(Vec::new, |s| detail::target_keys(facts, s));
                        page.targets.motion(command, keys.iter())
                    }
                };
                return moved.then(Vec::new);
            }
        }
        Some(Vec::new())
    }

    /// Commands about a service, from the list or its page.
    fn act(&mut self, command: Command, service: &Service, cx: &Cx<'_>) -> Vec<Effect> {
        let facts = &cx.snapshot.facts;
        let id = service.id.clone();
        match command {
            Command::Open => {
                self.page = Some(Page::new(id));
                Vec::new()
            }
            c if acts::ACTS.contains(&c) => acts::begin(c, service, facts),
            c if about::LEADS.contains(&c) => about::lead(c, &id, facts)
                .map(Effect::Go)
                .into_iter()
                .collect(),
            Command::Describe => Effect::describe_service(service),
            Command::Copy => vec![Effect::Copy(service.arn.clone())],
            _ => Vec::new(),
        }
    }
}
