//! What commands do to the alerts screen.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use super::leads::{self, Lead};
use super::model::{Alerts, SORTS};
use super::{detail, view};
use crate::domain::alarm::Alarm;
use crate::domain::interest::Interest;
use crate::ui::commands::Command;
use crate::ui::effect::Effect;
use crate::ui::screens::{Cx, Nav, Screen, ScreenId, about};

impl Screen for Alerts {
    fn id(&self) -> ScreenId {
        ScreenId::Alerts
    }

    fn crumbs(&self) -> Vec<String> {
        let before = self.before.iter().map(|(name, _)| name);
        before.chain(&self.page).cloned().collect()
    }

    fn offers(&self) -> &'static [Command] {
        use Command::*;
        match self.page {
            None => &[
                Open,
                Metrics,
                Logs,
                Deployments,
                Describe,
                Copy,
                Sort,
                Reverse,
                Fold,
                FoldAll,
            ],
            Some(_) => &[Open, NextPane, Metrics, Logs, Deployments, Describe, Copy],
        }
    }

    fn disabled(&self, command: Command, cx: &Cx<'_>) -> Option<String> {
        use Command::*;
        let Some(alarm) = self.current(cx) else {
            return Some("no alarm is selected".into());
        };
        match command {
            Open if self.page.is_some() && leads::of(alarm, cx).is_empty() => {
                Some("no member and no deployment to lead to".into())
            }
            Fold if self.group().is_none() => Some("nothing here folds".into()),
            NextPane if leads::of(alarm, cx).len() < 2 => Some("nothing else to select".into()),
            c if about::LEADS.contains(&c) => about::from_alarm(c, alarm, &cx.snapshot.facts).err(),
            _ => None,
        }
    }

    fn sync(&mut self, cx: &Cx<'_>) {
        self.arrange(cx);
        self.list.settle(self.names.iter(), view::list_height(cx));
        self.clamp(cx);
    }

    fn update(&mut self, command: Command, cx: &Cx<'_>) -> Vec<Effect> {
        if self.page.is_some() {
            if self.turn(command, cx) {
                return Vec::new();
            }
        } else if self.list.motion(command, self.names.iter()) {
            return Vec::new();
        }
        if self.sort.turn(command, SORTS.len()) {
            return Vec::new();
        }
        match command {
            Command::Fold => {
                if let Some(name) = self.group() {
                    self.turn_group(name);
                }
            }
            Command::FoldAll => self.turn_all(cx),
            _ => return self.act(command, cx),
        }
        Vec::new()
    }

    fn arrive(&mut self, nav: &Nav, cx: &Cx<'_>) -> Vec<Effect> {
        if let Nav::Alarm(name) = nav {
            self.filter.clear();
            self.arrange(cx);
            self.reveal(name, cx);
            self.list.select(name.clone());
            self.before.clear();
            self.show(name.clone());
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
            return Vec::new();
        }
        let Some(index) = view::line_at(self, at, cx).and_then(|l| self.list.row_at(l)) else {
            return Vec::new();
        };
        self.list.jump(index, self.names.iter());
        if twice {
            self.update(Command::Open, cx)
        } else {
            Vec::new()
        }
    }

    fn interests(&self, cx: &Cx<'_>) -> Vec<Interest> {
        self.wanted(cx)
    }

    fn view(&self, cx: &Cx<'_>, buf: &mut Buffer) {
        view::view(self, cx, buf);
    }
}

impl Alerts {
    fn show(&mut self, name: String) {
        self.page = Some(name);
        self.lead = None;
        self.follows = false;
        self.scroll = 0;
    }

    /// Where the selected row leads.
    fn led_to<'a>(&self, alarm: &Alarm, cx: &Cx<'a>) -> Option<Lead<'a>> {
        let leads = leads::of(alarm, cx);
        let at = leads::place(&leads, self.lead.as_ref());
        leads.get(at).copied()
    }

    /// Turns the pages of one alarm; `false` for other commands.
    fn turn(&mut self, command: Command, cx: &Cx<'_>) -> bool {
        let page = usize::from(cx.body.height.saturating_sub(4)).max(1);
        let last = self
            .current(cx)
            .map_or(0, |a| detail::overflow(a, cx, cx.body));
        let leads = self.current(cx).map_or_else(Vec::new, |a| leads::of(a, cx));
        let at = leads::place(&leads, self.lead.as_ref());
        // First through the rows that lead elsewhere, as long as the selected one is in sight, then along the page.
        let next = match command {
            Command::Down if self.follows => (at + 1 < leads.len()).then_some(at + 1),
            Command::Up if self.follows => at.checked_sub(1),
            Command::NextPane if !leads.is_empty() => Some((at + 1) % leads.len()),
            Command::PrevPane if !leads.is_empty() => {
                Some(at.checked_sub(1).unwrap_or(leads.len() - 1))
            }
            _ => None,
        };
        if let Some(next) = next {
            self.lead = leads.get(next).map(Lead::id);
            self.follows = true;
            return true;
        }
        let to = match command {
            Command::NextPane | Command::PrevPane => return true,
            Command::Up => self.scroll.saturating_sub(1),
            Command::Down => self.scroll + 1,
            Command::PageUp => self.scroll.saturating_sub(page),
            Command::PageDown => self.scroll + page,
            Command::Top => 0,
            Command::Bottom => last,
            Command::Back => {
                let (page, lead) = self.before.pop().unzip();
                self.page = page;
                self.lead = lead.flatten();
                (self.scroll, self.follows) = (0, true);
                return true;
            }
            _ => return false,
        };
        self.scroll = to.min(last);
        self.follows = false;
        true
    }

    fn act(&mut self, command: Command, cx: &Cx<'_>) -> Vec<Effect> {
        let Some(alarm) = self.current(cx) else {
            return Vec::new();
        };
        match command {
            Command::Open if self.page.is_none() => {
                self.show(alarm.name.clone());
                Vec::new()
            }
            Command::Open => match self.led_to(alarm, cx) {
                Some(Lead::Member(member)) => {
                    let here = self.page.take().map(|page| (page, self.lead.take()));
                    self.before.extend(here);
                    self.show(member.name.clone());
                    Vec::new()
                }
                Some(lead) => vec![Effect::Go(lead.nav())],
                None => Vec::new(),
            },
            c if about::LEADS.contains(&c) => about::from_alarm(c, alarm, &cx.snapshot.facts)
                .map(Effect::Go)
                .into_iter()
                .collect(),
            Command::Describe => vec![Effect::describe(&alarm.name, alarm)],
            Command::Copy => vec![Effect::Copy(alarm.name.clone())],
            _ => Vec::new(),
        }
    }
}
