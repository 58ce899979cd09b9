//! State of the systems screen.

use std::cmp::Reverse;

use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use super::list::{Entry, absent};
use super::listed::Listed;
use super::page::Page;
use super::view;
use crate::domain::order::Ordered;
use crate::present::View;
use crate::ui::commands::Command;
use crate::ui::effect::Effect;
use crate::ui::fuzzy;
use crate::ui::screens::{Cx, Nav, Screen, ScreenId};
use crate::ui::sorting::{OWN, Sorting, Value};
use crate::ui::widgets::ListState;

/// Columns that the list can be sorted by.
pub(super) const SORTS: &[&str] = &[STATE, "system", "read", "about"];

/// How it is.
const STATE: &str = "state";

/// What a line of the list tells under a title.
fn value(e: &Entry, by: &str) -> Value {
    match by {
        "system" => Value::word(e.view.title),
        "read" => Value::at(e.oldest),
        "about" => Value::word(e.view.group.word()),
        _ => Value::None,
    }
}

/// The systems screen: the list, and the page that is open over it.
#[derive(Debug, Default)]
pub struct Systems {
    listed: Listed,
    /// What the configuration does not name.
    absent: Vec<Entry>,
    pub(super) visible: Vec<String>,
    pub(super) list: ListState<String>,
    pub(super) sort: Sorting,
    filter: String,
    pub(super) page: Option<Page>,
}

impl Systems {
    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.listed.iter().chain(&self.absent)
    }

    /// The entry of an id.
    pub(super) fn entry(&self, id: &str) -> Option<&Entry> {
        self.entries().find(|e| e.view.id == id)
    }

    /// The entry that is selected.
    pub(super) fn selected_entry(&self) -> Option<&Entry> {
        self.entry(self.list.selected()?)
    }

    fn selected(&self) -> Option<&'static View> {
        Some(self.entry(self.list.selected()?)?.view)
    }

    fn on_page(&mut self, command: Command) -> Vec<Effect> {
        let Some(page) = &mut self.page else {
            return Vec::new();
        };
        if page.motion(command) {
            return Vec::new();
        }
        if page.turn(command) {
            return Vec::new();
        }
        match command {
            Command::NextPane => page.jump_section(true),
            Command::PrevPane => page.jump_section(false),
            Command::Back | Command::Left => self.page = None,
            Command::Open | Command::Describe => {
                if let Some((section, row)) = page.selected() {
                    let name = row
                        .cells
                        .first()
                        .map_or(row.id.as_str(), |c| c.text.as_str());
                    return vec![Effect::describe(
                        format!("{} {name}", section.title),
                        &row.thing,
                    )];
                }
            }
            Command::Copy => {
                if let Some((_, row)) = page.selected() {
                    return vec![Effect::Copy(row.thing.to_string())];
                }
            }
            _ => {}
        }
        Vec::new()
    }
}

impl Screen for Systems {
    fn id(&self) -> ScreenId {
        ScreenId::Systems
    }

    fn crumbs(&self) -> Vec<String> {
        self.page.iter().map(|p| p.view.title.to_owned()).collect()
    }

    fn offers(&self) -> &'static [Command] {
        match self.page {
            Some(_) => &[
                Command::Open,
                Command::NextPane,
                Command::Copy,
                Command::Describe,
                Command::Sort,
                Command::Reverse,
            ],
            None => &[Command::Open, Command::Sort, Command::Reverse],
        }
    }

    fn disabled(&self, command: Command, _cx: &Cx<'_>) -> Option<String> {
        match (&self.page, command) {
            (_, Command::NextPane) => None,
            (Some(p), Command::Reverse) if p.is_in_own_order() => Some(OWN.into()),
            (Some(p), _) => p.selected().is_none().then(|| "nothing is selected".into()),
            (None, _) => self
                .selected()
                .is_none()
                .then(|| "no system is configured".into()),
        }
    }

    fn sync(&mut self, cx: &Cx<'_>) {
        let facts = &cx.snapshot.facts;
        if let Some(page) = &mut self.page {
            page.sync(facts, cx.now, view::page_height(cx), view::is_wide(cx));
            return;
        }
        self.listed.begin(facts, cx.now);
        // Before anybody answered it is not known what the configuration asks for.
        self.absent = match facts.providers.is_empty() {
            true => Vec::new(),
            false => absent(facts),
        };
        let mut entries: Vec<&Entry> = self.entries().collect();
        match self.sort.by(SORTS) {
            // Worst first; what is as well stands in the order of the path.
            STATE => {
                entries.order_by_key(|e| Reverse(e.tone.urgency()));
                if self.sort.is_reverse() {
                    entries.reverse();
                }
            }
            _ => {
                let name = |e: &&Entry| e.view.title.to_owned();
                entries =
                    self.sort
                        .arrange(entries, SORTS, |e: &&Entry, by: &str| value(e, by), name);
            }
        }
        let name = |e: &&Entry| format!("{} {}", e.view.title, e.view.id);
        let shown = |e: &&Entry| {
            let row = view::entry(e, cx).text();
            format!("{row} {} {}", e.view.group.word(), e.view.doc)
        };
        let found = fuzzy::sift(entries.iter().copied(), &self.filter, name, shown);
        let ids = found.into_iter().filter_map(|i| entries.get(i));
        self.visible = ids.map(|e| e.view.id.to_owned()).collect();
        self.list.settle(self.visible.iter(), view::list_height(cx));
    }

    fn catch_up(&mut self, cx: &Cx<'_>) -> bool {
        let behind = self.page.is_none() && self.listed.look(&cx.snapshot.facts, cx.now);
        if behind {
            self.sync(cx);
        }
        behind
    }

    fn looks_up(&self) -> bool {
        false
    }

    fn update(&mut self, command: Command, cx: &Cx<'_>) -> Vec<Effect> {
        if self.page.is_some() {
            let effects = self.on_page(command);
            self.sync(cx);
            return effects;
        }
        if self.list.motion(command, self.visible.iter()) {
            return Vec::new();
        }
        if self.sort.turn(command, SORTS.len()) {
            return Vec::new();
        }
        if let (Command::Open | Command::Right, Some(view)) = (command, self.selected()) {
            let told = self.selected_entry().and_then(|e| e.told.clone());
            let page = self.page.insert(Page::open(view));
            // Whoever was told that something wants a look need not hunt for it.
            if let Some(place) = &told {
                page.seek(place);
            }
            self.sync(cx);
        }
        Vec::new()
    }

    fn arrive(&mut self, nav: &Nav, _cx: &Cx<'_>) -> Vec<Effect> {
        let (id, place) = match nav {
            Nav::View(id) => (*id, None),
            Nav::Row(place) => (place.view, Some(place)),
            _ => return Vec::new(),
        };
        let Some(view) = View::named(id) else {
            return Vec::new();
        };
        let page = match self.page.take().filter(|p| p.view == view) {
            Some(page) => self.page.insert(page),
            None => self.page.insert(Page::open(view)),
        };
        if let Some(place) = place {
            page.seek(place);
        }
        Vec::new()
    }

    fn filter(&self) -> Option<&str> {
        Some(self.page.as_ref().map_or(&self.filter, |p| &p.filter))
    }

    /// A page's filter only thins its sections out.
    fn ranks(&self) -> bool {
        self.page.is_none()
    }

    fn set_filter(&mut self, text: &str) {
        match &mut self.page {
            Some(page) => page.set_filter(text),
            None if self.filter != text => {
                self.filter = text.to_owned();
                self.list.filtered(text);
            }
            None => {}
        }
    }

    fn click(&mut self, at: Position, twice: bool, cx: &Cx<'_>) -> Vec<Effect> {
        let Some(line) = view::line_at(at, cx, self.page.is_some()) else {
            return Vec::new();
        };
        let hit = match &mut self.page {
            Some(page) => {
                let right = page.split.is_some() && view::is_right(at, cx);
                page.click(usize::from(line), right)
            }
            None => match self.list.row_at(line) {
                Some(index) => {
                    self.list.jump(index, self.visible.iter());
                    true
                }
                None => false,
            },
        };
        if hit && twice {
            self.update(Command::Open, cx)
        } else {
            Vec::new()
        }
    }

    fn view(&self, cx: &Cx<'_>, buf: &mut Buffer) {
        view::view(self, cx, buf);
    }
}
