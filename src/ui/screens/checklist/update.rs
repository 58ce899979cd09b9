//! What commands do to the checklist screen.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use super::model::{Checklist, Item, listed, register, stage};
use super::{detail, leads, view};
use crate::plan::checklist::{CriterionState, CriterionStatus};
use crate::ui::commands::Command;
use crate::ui::effect::Effect;
use crate::ui::form::Form;
use crate::ui::screens::{Cx, Nav, Screen, ScreenId};

impl Screen for Checklist {
    fn id(&self) -> ScreenId {
        ScreenId::Checklist
    }

    fn crumbs(&self) -> Vec<String> {
        self.page.iter().map(Item::crumb).collect()
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
                PrevFailing,
                Unready,
                FoldAll,
                Evidence,
                Describe,
                Copy,
            ],
            Some(Item::Criterion(_)) => &[
                Open,
                NextFailing,
                SignOff,
                Waive,
                Withdraw,
                PrevFailing,
                Describe,
                Copy,
            ],
            Some(_) => &[NextFailing, PrevFailing, Describe],
        }
    }

    fn disabled(&self, command: Command, cx: &Cx<'_>) -> Option<String> {
        use Command::*;
        match (command, self.criterion(cx)) {
            (Open, Some(c)) if self.page.is_some() => {
                let leads = leads::of(c, &cx.snapshot.facts, cx.now);
                leads.is_none().then(|| "no screen tells more of it".into())
            }
            (Fold, _) if self.group(cx).is_none() => Some("nothing here folds".into()),
            (NextFailing | PrevFailing, _) if self.failing(command, cx).is_none() => {
                Some("nothing fails".into())
            }
            (SignOff | Waive | Withdraw | Copy, None) => Some("select a criterion first".into()),
            (Withdraw, Some(c)) if c.signoff.is_none() => Some("nobody has vouched for it".into()),
            _ => None,
        }
    }

    fn sync(&mut self, cx: &Cx<'_>) {
        self.arrange(cx);
        self.list.settle(self.items.iter(), view::list_height(cx));
        self.scroll = self.scroll.min(self.last_line(cx));
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
        self.scroll = 0;
        match nav {
            Nav::Criterion(id) => {
                self.filter.clear();
                self.unready = false;
                self.reveal(id, &cx.snapshot.checklist);
                self.page = Some(Item::Criterion(id.clone()));
            }
            Nav::Stage(number) => {
                self.filter.clear();
                self.page = None;
                let stage = Item::Stage(*number);
                if !self.is_open(&stage, &cx.snapshot.checklist) {
                    self.turn(&stage);
                }
                self.list.select(stage);
            }
            _ => {}
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
    /// The furthest that the page scrolls.
    fn last_line(&self, cx: &Cx<'_>) -> usize {
        let page = self.page.as_ref();
        page.map_or(0, |item| detail::overflow(item, cx, cx.body))
    }

    /// Turns the page of one criterion; `false` for other commands.
    fn turn_page(&mut self, command: Command, cx: &Cx<'_>) -> bool {
        let page = usize::from(cx.body.height.saturating_sub(4)).max(1);
        let last = self.last_line(cx);
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
        let group = self.group(cx).map(|g| (self.is_open(&g, list), g));
        match (command, group) {
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

    /// The nearest failing criterion after what is selected, or before it; round the end where there is none.
    fn failing<'a>(&self, command: Command, cx: &Cx<'a>) -> Option<&'a CriterionStatus> {
        let all = listed(&cx.snapshot.checklist);
        let is_here = |c: &&CriterionStatus| match self.page.as_ref().or_else(|| self.current()) {
            Some(Item::Criterion(id)) => &c.id == id,
            Some(Item::Stage(number)) => c.stage == *number,
            Some(Item::Section(number, name)) => c.stage == *number && &c.section == name,
            Some(Item::Register(id)) => {
                let registers = cx.snapshot.checklist.registers.iter();
                let mut of_it = registers.filter(|r| &r.id == id).flat_map(|r| &r.criteria);
                of_it.any(|o| o.id == c.id)
            }
            None => false,
        };
        let here = all.iter().position(is_here).unwrap_or(0);
        // A group stands before its first criterion.
        let beyond = here + usize::from(self.criterion(cx).is_some());
        let fails = |c: &&&CriterionStatus| c.state == CriterionState::Failing;
        let at = |from: usize| all.split_at_checked(from);
        match command {
            Command::PrevFailing => {
                let (before, after) = at(here)?;
                let mut round = before.iter().rev().chain(after.iter().rev());
                round.find(fails).copied()
            }
            _ => {
                let (before, after) = at(beyond)?;
                after.iter().chain(before).find(fails).copied()
            }
        }
    }

    fn show(&mut self, item: Item) {
        self.page = Some(item);
        self.scroll = 0;
    }

    fn act(&mut self, command: Command, cx: &Cx<'_>) -> Vec<Effect> {
        let list = &cx.snapshot.checklist;
        match command {
            Command::NextFailing | Command::PrevFailing => {
                if let Some(c) = self.failing(command, cx) {
                    self.filter.clear();
                    self.reveal(&c.id, list);
                    if self.page.is_some() {
                        self.show(Item::Criterion(c.id.clone()));
                    }
                }
                return Vec::new();
            }
            Command::Open | Command::Evidence if self.page.is_none() => {
                if let Some(item) = self.current().cloned() {
                    self.show(item);
                }
                return Vec::new();
            }
            Command::Describe => {
                let item = self.page.as_ref().or_else(|| self.current());
                return item.and_then(|i| describe(i, cx)).into_iter().collect();
            }
            _ => {}
        }
        let Some(c) = self.criterion(cx) else {
            return Vec::new();
        };
        match command {
            Command::Open => {
                let leads = leads::of(c, &cx.snapshot.facts, cx.now);
                leads.map(Effect::Go).into_iter().collect()
            }
            Command::SignOff => vec![Effect::Ask(Form::sign_off(c))],
            Command::Waive => vec![Effect::Ask(Form::waive(&c.id, &c.title))],
            Command::Withdraw => vec![Effect::Ask(Form::withdraw(&c.id, &c.title))],
            Command::Copy => vec![Effect::Copy(format!("{} {}: {}", c.id, c.title, c.reason))],
            _ => Vec::new(),
        }
    }
}

/// Everything known of an item as JSON.
fn describe(item: &Item, cx: &Cx<'_>) -> Option<Effect> {
    match item {
        Item::Criterion(id) => {
            let c = cx.snapshot.checklist.criterion(id)?;
            Some(Effect::describe(id, c))
        }
        Item::Stage(number) | Item::Section(number, _) => Some(Effect::describe(
            format!("stage {number}"),
            stage(cx, *number)?,
        )),
        Item::Register(id) => {
            let register = register(cx, id)?;
            Some(Effect::describe(&register.title, register))
        }
    }
}
