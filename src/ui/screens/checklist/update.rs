//! What commands do to the checklist screen.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use super::model::{Checklist, Item};
use super::{detail, view};
use crate::plan::checklist::CriterionState;
use crate::ui::commands::Command;
use crate::ui::effect::Effect;
use crate::ui::form::Form;
use crate::ui::screens::{Cx, Nav, Screen, ScreenId};

impl Screen for Checklist {
    fn id(&self) -> ScreenId {
        ScreenId::Checklist
    }

    fn crumbs(&self) -> Vec<String> {
        self.page.iter().cloned().collect()
    }

    fn offers(&self) -> &'static [Command] {
        use Command::*;
        match self.page {
            None => &[
                Open,
                Fold,
                SignOff,
                Waive,
                Withdraw,
                NextFailing,
                Unready,
                FoldAll,
                Evidence,
                Describe,
                Copy,
            ],
            Some(_) => &[SignOff, Waive, Withdraw, NextFailing, Describe, Copy],
        }
    }

    fn disabled(&self, command: Command, cx: &Cx<'_>) -> Option<String> {
        use Command::*;
        match (command, self.criterion(cx)) {
            (Fold, _) if self.group(cx).is_none() => Some("nothing here folds".into()),
            (NextFailing, _) if self.next_failing(cx).is_none() => Some("nothing fails".into()),
            (SignOff | Waive | Withdraw | Evidence | Describe | Copy, None) => {
                Some("select a criterion first".into())
            }
            (Withdraw, Some(c)) if c.signoff.is_none() => Some("nobody has vouched for it".into()),
            _ => None,
        }
    }

    fn sync(&mut self, cx: &Cx<'_>) {
        self.arrange(cx);
        self.list.settle(self.items.iter(), view::list_height(cx));
        let last = self
            .criterion(cx)
            .map_or(0, |c| detail::overflow(c, cx, cx.body));
        self.scroll = self.scroll.min(last);
    }

    fn update(&mut self, command: Command, cx: &Cx<'_>) -> Vec<Effect> {
        if self.page.is_some() {
            if self.turn_page(command, cx) {
                return Vec::new();
            }
        } else if self.list.motion(command, self.items.iter()) || self.unfold(command, cx) {
            return Vec::new();
        }
        self.act(command, cx)
    }

    fn arrive(&mut self, nav: &Nav, cx: &Cx<'_>) -> Vec<Effect> {
        if let Nav::Criterion(id) = nav {
            self.filter.clear();
            self.unready = false;
            self.reveal(id, &cx.snapshot.checklist);
            self.page = Some(id.clone());
            self.scroll = 0;
        }
        Vec::new()
    }

    fn filter(&self) -> Option<&str> {
        self.page.is_none().then_some(self.filter.as_str())
    }

    fn set_filter(&mut self, text: &str) {
        if self.filter != text {
            self.filter = text.to_owned();
            self.list.rewind();
        }
    }

    fn click(&mut self, at: Position, twice: bool, cx: &Cx<'_>) -> Vec<Effect> {
        if self.page.is_some() {
            return Vec::new();
        }
        let Some(index) = view::line_at(at, cx).and_then(|l| self.list.row_at(l)) else {
            return Vec::new();
        };
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

impl Checklist {
    /// Turns the page of one criterion; `false` for other commands.
    fn turn_page(&mut self, command: Command, cx: &Cx<'_>) -> bool {
        let page = usize::from(cx.body.height.saturating_sub(4)).max(1);
        let last = self
            .criterion(cx)
            .map_or(0, |c| detail::overflow(c, cx, cx.body));
        let to = match command {
            Command::Up => self.scroll.saturating_sub(1),
            Command::Down => self.scroll + 1,
            Command::PageUp => self.scroll.saturating_sub(page),
            Command::PageDown => self.scroll + page,
            Command::Top => 0,
            Command::Bottom => last,
            Command::Back => {
                self.page = None;
                0
            }
            _ => return false,
        };
        self.scroll = to.min(last);
        true
    }

    /// Folds and unfolds; `false` for other commands.
    fn unfold(&mut self, command: Command, cx: &Cx<'_>) -> bool {
        let list = &cx.snapshot.checklist;
        let here = self.current().cloned();
        let is_group = here
            .as_ref()
            .is_some_and(|i| !matches!(i, Item::Criterion(_)));
        let group = self.group(cx).map(|g| (self.is_open(&g, list), g));
        match (command, group) {
            (Command::Open, Some((_, group))) if is_group => self.turn(&group),
            (Command::Fold, Some((_, group))) | (Command::Left, Some((true, group))) => {
                self.turn(&group);
                self.list.select(group);
            }
            (Command::Right, Some((false, group))) => self.turn(&group),
            (Command::FoldAll, _) => self.turn_all(list),
            (Command::Unready, _) => self.unready = !self.unready,
            _ => return false,
        }
        true
    }

    /// The next failing criterion after the selected one, from the top again after the last.
    fn next_failing(&self, cx: &Cx<'_>) -> Option<String> {
        let here = self.criterion(cx).map(|c| c.id.as_str());
        let all: Vec<_> = cx.snapshot.checklist.criteria().collect();
        let from = all
            .iter()
            .position(|c| Some(c.id.as_str()) == here)
            .map_or(0, |i| i + 1);
        let (before, after) = all.split_at_checked(from)?;
        let mut round = after.iter().chain(before);
        round
            .find(|c| c.state == CriterionState::Failing)
            .map(|c| c.id.clone())
    }

    fn act(&mut self, command: Command, cx: &Cx<'_>) -> Vec<Effect> {
        if command == Command::NextFailing {
            if let Some(id) = self.next_failing(cx) {
                self.filter.clear();
                self.reveal(&id, &cx.snapshot.checklist);
                if let Some(page) = &mut self.page {
                    *page = id;
                    self.scroll = 0;
                }
            }
            return Vec::new();
        }
        let Some(c) = self.criterion(cx) else {
            return Vec::new();
        };
        match command {
            Command::Open | Command::Evidence if self.page.is_none() => {
                self.page = Some(c.id.clone());
                self.scroll = 0;
                Vec::new()
            }
            Command::SignOff => vec![Effect::Ask(Form::sign_off(&c.id, &c.title))],
            Command::Waive => vec![Effect::Ask(Form::waive(&c.id, &c.title))],
            Command::Withdraw => vec![Effect::Ask(Form::withdraw(&c.id, &c.title))],
            Command::Describe => vec![Effect::describe(&c.id, c)],
            Command::Copy => vec![Effect::Copy(format!("{} {}: {}", c.id, c.title, c.reason))],
            _ => Vec::new(),
        }
    }
}
