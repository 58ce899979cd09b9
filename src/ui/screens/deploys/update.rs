//! What commands do to the deploys screen.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use super::model::{Deploys, Sought, Thing};
use super::order::SORTS;
use super::{scale, view};
use crate::domain::action::Intent;
use crate::domain::deployment::{Deployment, DeploymentState};
use crate::domain::facts::Facts;
use crate::domain::failure::FailureAsk;
use crate::domain::interest::Interest;
use crate::domain::service::ServiceId;
use crate::ui::commands::Command;
use crate::ui::effect::Effect;
use crate::ui::form::Form;
use crate::ui::screens::services::acts;
use crate::ui::screens::{Cx, Nav, Screen, ScreenId, about};
use crate::ui::sorting::{OWN, is_about};

/// Why there is nothing to stop: a deployment can be stopped, an action cannot.
fn unstoppable(thing: &Thing<'_>, cx: &Cx<'_>) -> Option<String> {
    let over = || Some("it is over".to_owned());
    let Some(d) = thing.deployment(&cx.snapshot.facts) else {
        return match thing {
            Thing::Run(r) if r.outcome.is_none() => Some(format!(
                "no deployment of this {} is known",
                r.intent.verb()
            )),
            _ => over(),
        };
    };
    match d.state {
        DeploymentState::Pending | DeploymentState::InProgress => None,
        state if state.is_running() => Some(format!("it is {} already", state.word())),
        _ => over(),
    }
}

/// Why there is nothing to roll back: what changed no revision leaves a good one in its place, and whoever wants it undone wants no
/// other image for users.
fn unchanged(thing: &Thing<'_>, cx: &Cx<'_>) -> Option<String> {
    let key = |screen, command| cx.keymap.key_for(screen, command).unwrap_or_default();
    let verb = match thing {
        Thing::Run(r) => match r.intent {
            Intent::Scale { .. } => "scale",
            Intent::Restart { .. } => "restart",
            _ => return None,
        },
        Thing::Deployment(d) if d.keeps_revision() && is_set(d, cx) => "restart",
        Thing::Deployment(_) => return None,
    };
    let instead = match scale::back(thing, cx) {
        Some(before) => {
            let key = key(ScreenId::Deploys, Command::Scale);
            format!("{key} scales back to {before}")
        }
        None => {
            let open = key(ScreenId::Deploys, Command::Open);
            let key = key(ScreenId::Services, Command::Rollback);
            format!("{open} opens its service, where {key} goes to an earlier one")
        }
    };
    Some(format!("this {verb} changed no revision; {instead}"))
}

/// Whether a service is set to what a deployment brought: one of an earlier revision is a way back.
fn is_set(d: &Deployment, cx: &Cx<'_>) -> bool {
    let service = cx.snapshot.facts.service(&d.service);
    let (Some(service), Some(to)) = (service, &d.to) else {
        return true;
    };
    (&service.revision.family, service.revision.number) == (&to.revision.family, to.revision.number)
}

/// Leads to what the tasks of a deployment that failed said last.
fn logs_of_failure(thing: &Thing<'_>, service: ServiceId, facts: &Facts) -> Option<Effect> {
    let d = thing.deployment(facts)?;
    let told = facts.failures.get(&d.id).and_then(|f| f.value.as_ref());
    let tasks = told.map(|f| f.tasks.iter().map(|t| t.id.clone()).collect());
    Some(Effect::Go(Nav::LogsOfFailure {
        service,
        began: d.started_at.or(d.created_at),
        at: d.failed_at()?,
        tasks: tasks.unwrap_or_default(),
    }))
}

/// Why the count of a row cannot be set from it.
fn unscalable(thing: &Thing<'_>, cx: &Cx<'_>) -> Option<String> {
    if !scale::is_one(thing) {
        return Some("it is no scale; the page of its service scales it".to_owned());
    }
    let facts = &cx.snapshot.facts;
    match thing.service().and_then(|id| facts.service(id)) {
        Some(service) => acts::refused(Command::Scale, service, facts),
        None => Some("its service is not known".to_owned()),
    }
}

impl Screen for Deploys {
    fn id(&self) -> ScreenId {
        ScreenId::Deploys
    }

    fn crumbs(&self) -> Vec<String> {
        self.only.iter().map(ToString::to_string).collect()
    }

    fn offers(&self) -> &'static [Command] {
        use Command::*;
        &[
            Stop, Rollback, Scale, Open, Logs, Metrics, Describe, Copy, Sort, Reverse,
        ]
    }

    fn disabled(&self, command: Command, cx: &Cx<'_>) -> Option<String> {
        if is_about(command) {
            let is_own = self.sort.by(SORTS).is_empty();
            return (command == Command::Reverse && is_own).then(|| OWN.into());
        }
        let Some(thing) = self.current(cx) else {
            return Some("nothing is selected".into());
        };
        match command {
            Command::Stop => unstoppable(&thing, cx),
            Command::Rollback => unchanged(&thing, cx),
            Command::Scale => unscalable(&thing, cx),
            _ => None,
        }
    }

    fn word(&self, command: Command, cx: &Cx<'_>) -> Option<String> {
        let thing = self.current(cx).filter(|_| command == Command::Scale)?;
        scale::back(&thing, cx).map(|before| format!("back to {before}"))
    }

    fn sync(&mut self, cx: &Cx<'_>) {
        self.arrange(cx);
        self.list.settle(self.items.iter(), view::list_height(cx));
    }

    fn update(&mut self, command: Command, cx: &Cx<'_>) -> Vec<Effect> {
        if self.list.motion(command, self.items.iter()) {
            self.chosen = true;
            self.scroll = 0;
            return Vec::new();
        }
        if self.sort.turn(command, SORTS.len()) {
            return Vec::new();
        }
        match command {
            Command::Back => {
                self.only = None;
                return Vec::new();
            }
            Command::NextPane | Command::Right => {
                self.chosen = true;
                self.scroll += 1;
                return Vec::new();
            }
            Command::PrevPane | Command::Left => {
                self.scroll = self.scroll.saturating_sub(1);
                return Vec::new();
            }
            _ => {}
        }
        let Some(thing) = self.current(cx) else {
            return Vec::new();
        };
        let Some(id) = thing.service().cloned() else {
            return Vec::new();
        };
        let facts = &cx.snapshot.facts;
        match command {
            Command::Open => vec![Effect::Go(Nav::Service(id))],
            Command::Stop => vec![Effect::Preview(Intent::Stop {
                service: id,
                rollback: true,
            })],
            Command::Rollback => {
                // On a past deployment: back to what it had brought, if that stayed.
                let to = match thing {
                    Thing::Deployment(d) if d.state == DeploymentState::Successful => {
                        d.to.as_ref().map(|t| t.revision.number)
                    }
                    _ => None,
                };
                vec![Effect::Preview(Intent::Rollback { service: id, to })]
            }
            Command::Scale => {
                let wanted = facts.service(&id).map(|s| s.counts.desired);
                let form = wanted.map(|wanted| match scale::back(&thing, cx) {
                    Some(before) => Form::scale_back(&id, wanted, before),
                    None => Form::scale(&id, wanted),
                });
                form.map(Effect::Ask).into_iter().collect()
            }
            Command::Logs if thing.failed_at(facts).is_some() => {
                logs_of_failure(&thing, id, facts).into_iter().collect()
            }
            Command::Logs | Command::Metrics => about::lead(command, &id, facts)
                .map(Effect::Go)
                .into_iter()
                .collect(),
            Command::Describe => vec![match thing {
                Thing::Run(r) => Effect::describe(&r.title, r),
                Thing::Deployment(d) => Effect::describe(format!("deployment of {id}"), d),
            }],
            Command::Copy => vec![Effect::Copy(match thing {
                Thing::Run(r) => r.id.clone(),
                Thing::Deployment(d) => d.id.clone(),
            })],
            _ => Vec::new(),
        }
    }

    fn arrive(&mut self, nav: &Nav, cx: &Cx<'_>) -> Vec<Effect> {
        self.scroll = 0;
        match nav {
            Nav::Run(id) => {
                self.only = None;
                self.filter.clear();
                self.seek = Some(Sought::Run(id.clone()));
            }
            Nav::Deployments(id) => {
                self.only = Some(id.clone());
                self.filter.clear();
                self.seek = Some(Sought::Newest(id.clone()));
            }
            Nav::Deployment(service, id) => {
                self.only = Some(service.clone());
                self.filter.clear();
                self.seek = Some(Sought::Deployment(id.clone()));
            }
            _ => {
                self.only = None;
                // Who comes by the screen's own key comes to see what goes on; Back leads to where one was, and not through here.
                self.chosen = false;
                self.lead(&cx.snapshot.facts);
            }
        }
        self.arrange(cx);
        Vec::new()
    }

    fn filter(&self) -> Option<&str> {
        Some(&self.filter)
    }

    fn ranks(&self) -> bool {
        false
    }

    fn set_filter(&mut self, text: &str) {
        if self.filter != text {
            self.filter = text.to_owned();
            self.list.filtered(text);
        }
    }

    fn click(&mut self, at: Position, twice: bool, cx: &Cx<'_>) -> Vec<Effect> {
        let Some(index) = view::line_at(at, cx).and_then(|l| self.list.row_at(l)) else {
            return Vec::new();
        };
        self.chosen = true;
        self.list.jump(index, self.items.iter());
        if twice {
            self.update(Command::Open, cx)
        } else {
            Vec::new()
        }
    }

    fn interests(&self, cx: &Cx<'_>) -> Vec<Interest> {
        let current = self.current(cx);
        let selected = current.as_ref().and_then(|t| t.service().cloned());
        let service = self.only.clone().or(selected);
        // Which of the tasks that it starts pass their checks is told by the tasks alone.
        let going = current
            .as_ref()
            .and_then(|t| t.deployment(&cx.snapshot.facts).cloned())
            .filter(|d| d.state.is_running())
            .map(|d| Interest::Tasks(d.service.clone()));
        // Of one that failed, once.
        let failed = current
            .and_then(|t| FailureAsk::of(t.deployment(&cx.snapshot.facts)?, cx.now))
            .map(Interest::Failure);
        let own = service.map(Interest::Deployments);
        own.into_iter().chain(going).chain(failed).collect()
    }

    fn view(&self, cx: &Cx<'_>, buf: &mut Buffer) {
        view::view(self, cx, buf);
    }
}
