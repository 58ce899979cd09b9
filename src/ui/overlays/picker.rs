//! A list to choose several things from, fuzzy as it is typed. What can be chosen comes from the screen that asked, and is
//! asked for again with each new picture; what is marked is tied to the thing, not to its row.

use crossterm::event::{Event, KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

use super::super::commands::Command;
use super::super::effect::Effect;
use super::super::fuzzy;
use super::super::model::Model;
use super::super::screens::ScreenId;
use super::super::theme::Theme;
use super::super::widgets::{ListState, chosen, field, line, scrolled, wrapped};
use super::{Overlay, window};
use crate::domain::interest::Interest;
use crate::domain::text::{clip, inert, width};

/// One thing that can be chosen. All text is inert.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// What names it for good: what the screen is told.
    pub id: String,
    /// Things of one group stand together under its name.
    pub group: String,
    /// What is shown and searched.
    pub text: String,
    /// What else to know, to the right.
    pub detail: String,
    /// The whole of it, where `text` shortens: searched as well, and written out for the selected one.
    pub whole: String,
}

/// What can be chosen, and what to say about it: why there is nothing, that there is more.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choices {
    /// In the order shown while nothing is typed.
    pub items: Vec<Choice>,
    /// A line for the person.
    pub note: String,
}

/// State of the picker.
#[derive(Clone, Debug)]
pub struct Picker {
    screen: ScreenId,
    tag: &'static str,
    title: String,
    needs: Vec<Interest>,
    marked: Vec<String>,
    /// Whether a person marked or unmarked anything: what was marked from the start is what is shown already.
    by_hand: bool,
    /// Whether a person looked for one: typed, or moved to it.
    pointed: bool,
    input: Input,
    choices: Choices,
    found: Vec<String>,
    list: ListState<String>,
    error: Option<String>,
}

impl PartialEq for Picker {
    fn eq(&self, other: &Self) -> bool {
        (self.screen, self.tag, &self.marked, &self.found)
            == (other.screen, other.tag, &other.marked, &other.found)
            && self.input.value() == other.input.value()
            && self.list == other.list
    }
}

impl Picker {
    /// A picker for a screen's own question; `needs` is what has to be known while it is open.
    pub fn new(
        screen: ScreenId,
        tag: &'static str,
        title: impl Into<String>,
        marked: Vec<String>,
        needs: Vec<Interest>,
    ) -> Self {
        Self {
            screen,
            tag,
            title: title.into(),
            needs,
            marked,
            by_hand: false,
            pointed: false,
            input: Input::default(),
            choices: Choices::default(),
            found: Vec::new(),
            list: ListState::default(),
            error: None,
        }
    }

    /// What has to be known while it is open.
    pub fn needs(&self) -> &[Interest] {
        &self.needs
    }

    /// Takes pasted text.
    pub fn paste(&mut self, text: &str) {
        self.input = Input::new(format!("{}{text}", self.input.value()));
        self.pointed = true;
        self.search();
    }

    /// Moves the selection.
    pub fn motion(&mut self, command: Command) {
        self.pointed = true;
        self.list.motion(command, self.found.iter());
    }

    fn search(&mut self) {
        let items = &self.choices.items;
        self.found = fuzzy::rank(items.iter(), self.input.value(), |c| {
            format!("{} {} {}", c.group, c.text, c.whole)
        })
        .into_iter()
        .filter_map(|i| items.get(i).map(|c| c.id.clone()))
        .collect();
        self.list.rewind();
        self.list.settle(self.found.iter(), 1);
    }

    /// Whether the selected row alone is meant: somebody went to it, and marked nothing.
    fn means_one(&self) -> bool {
        self.marked.is_empty() || (self.pointed && !self.by_hand)
    }

    /// What is marked and not among what is found, as it is shown: it opens with the rest.
    fn unseen(&self) -> Vec<String> {
        if self.means_one() {
            return Vec::new();
        }
        let hidden = self.marked.iter().filter(|id| !self.found.contains(id));
        hidden
            .map(|id| {
                let mut items = self.choices.items.iter();
                items
                    .find(|c| &c.id == id)
                    .map_or_else(|| inert(id), |c| c.text.clone())
            })
            .collect()
    }

    fn toggle(&mut self) {
        let Some(id) = self.list.selected().filter(|id| self.found.contains(id)) else {
            return;
        };
        self.by_hand = true;
        match self.marked.iter().position(|m| m == id) {
            Some(i) => {
                self.marked.remove(i);
            }
            None => self.marked.push(id.clone()),
        }
    }

    /// What is marked; the selected row where that is meant.
    fn values(&self) -> Vec<String> {
        if self.means_one() {
            self.list
                .selected()
                .filter(|id| self.found.contains(id))
                .cloned()
                .into_iter()
                .collect()
        } else {
            self.marked.clone()
        }
    }
}

/// Asks the screen again what can be chosen: on opening, and with each new picture.
pub fn refresh(model: &mut Model) {
    let Some(Overlay::Picker(p)) = model.overlays.last() else {
        return;
    };
    let (screen, tag) = (p.screen, p.tag);
    let choices = model
        .screens
        .iter()
        .find(|s| s.id() == screen)
        .map(|s| s.choices(tag, &model.cx()))
        .unwrap_or_default();
    let body = model.body();
    if let Some(Overlay::Picker(p)) = model.overlays.last_mut() {
        if p.choices != choices {
            p.choices = choices;
            let selected = p.list.selected().cloned();
            p.search();
            if let Some(id) = selected {
                p.list.select(id);
            }
        }
        let rows = rows_of(p, body);
        p.list.settle(p.found.iter(), rows);
    }
}

pub(super) fn on_key(model: &mut Model, mut p: Picker, key: KeyEvent) -> Vec<Effect> {
    p.error = None;
    match key.code {
        KeyCode::Esc => return Vec::new(),
        KeyCode::Enter => match submit(model, &p) {
            Ok(effects) => return effects,
            Err(why) => p.error = Some(why),
        },
        KeyCode::Tab => {
            p.toggle();
            p.motion(Command::Down);
        }
        KeyCode::BackTab => {
            p.by_hand = true;
            p.marked.clear();
        }
        KeyCode::Up => p.motion(Command::Up),
        KeyCode::Down => p.motion(Command::Down),
        KeyCode::PageUp => p.motion(Command::PageUp),
        KeyCode::PageDown => p.motion(Command::PageDown),
        _ => {
            let before = p.input.value().to_owned();
            p.input.handle_event(&Event::Key(key));
            if before != p.input.value() {
                p.pointed = true;
                p.search();
            }
        }
    }
    let rows = rows_of(&p, model.body());
    p.list.settle(p.found.iter(), rows);
    model.overlays.push(Overlay::Picker(Box::new(p)));
    Vec::new()
}

fn submit(model: &mut Model, p: &Picker) -> Result<Vec<Effect>, String> {
    if p.screen != model.current {
        return Ok(Vec::new());
    }
    let values = p.values();
    if values.is_empty() {
        return Err("nothing is chosen".into());
    }
    let mut answer = Ok(Vec::new());
    model.with_screen(|s, cx| {
        answer = s.submit(p.tag, &values, cx);
        s.sync(cx);
    });
    answer
}

fn place(area: Rect) -> Rect {
    Rect {
        height: area.height.saturating_sub(1).min(30),
        ..area
    }
}

/// Lines that write out the selected one, where choices are shortened.
const WHOLE: u16 = 2;

fn whole(p: &Picker) -> u16 {
    let shortened = p.choices.items.iter().any(|c| !c.whole.is_empty());
    if shortened { WHOLE } else { 0 }
}

/// Lines below the choices, but for the hint: what writes out the selected one, what is marked out of sight.
fn below(p: &Picker) -> u16 {
    whole(p) + u16::from(!p.unseen().is_empty())
}

/// Rows of choices that fit: without border, field, hint and what stands below them.
fn rows_of(p: &Picker, area: Rect) -> usize {
    usize::from(place(area).height.saturating_sub(4 + below(p))).max(1)
}

pub(super) fn view(p: &Picker, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let area = place(area);
    let title = format!(
        "{}   {} of {}",
        p.title,
        p.found.len(),
        p.choices.items.len()
    );
    let inside = window(buf, area, 110, area.height, &title, theme);
    let typed = Rect::new(inside.x + 1, inside.y, inside.width.saturating_sub(2), 1);
    field(buf, typed, &p.input, true, theme);
    let rows = Rect {
        y: inside.y + 1,
        height: inside.height.saturating_sub(2 + below(p)),
        ..inside
    };
    let shown = p.found.iter().enumerate().skip(p.list.offset());
    let mut group = "";
    for (y, (n, id)) in (rows.y..rows.bottom()).zip(shown) {
        let Some(c) = p.choices.items.iter().find(|c| &c.id == id) else {
            continue;
        };
        let selected = n == p.list.index();
        if selected {
            buf.set_style(Rect::new(rows.x, y, rows.width, 1), theme.selection);
        }
        let (mark, style) = if p.marked.contains(id) {
            ("[x] ", theme.ok)
        } else {
            ("[ ] ", theme.muted)
        };
        let cursor = if selected { "▌" } else { " " };
        // The group's name once where it begins: a column of its own, so that nothing moves while one scrolls.
        let head = if group == c.group { "" } else { &c.group };
        group = &c.group;
        let detail_width = width(&c.detail);
        let room = usize::from(rows.width).saturating_sub(5 + 19 + detail_width + 2);
        let text = clip(&c.text, room);
        let pad = " ".repeat(room.saturating_sub(width(&text)) + 1);
        let base = if selected {
            theme.selection
        } else {
            theme.text
        };
        let spans = [
            (cursor.to_owned(), theme.key),
            (mark.to_owned(), style),
            (format!("{:<18} ", clip(head, 18)), theme.muted),
            (text, base),
            (format!("{pad}{}", c.detail), theme.muted),
        ];
        line(buf, rows.x, y, rows.width, &spans);
        if selected {
            chosen(buf, Rect::new(rows.x, y, rows.width, 1), theme);
        }
    }
    if p.found.is_empty() {
        let words = if p.choices.items.is_empty() {
            p.choices.note.clone()
        } else {
            format!("nothing matches {:?}", p.input.value())
        };
        line(
            buf,
            rows.x + 2,
            rows.y + 1,
            rows.width,
            &[(words, theme.muted)],
        );
    }
    scrolled(
        buf,
        Rect {
            height: inside.height,
            ..inside
        },
        p.list.offset(),
        usize::from(rows.height),
        p.found.len(),
        theme,
    );
    written_out(p, theme, inside, buf);
    marked_elsewhere(p, theme, inside, buf);
    hint(p, theme, inside, buf);
}

/// The whole of the selected one.
fn written_out(p: &Picker, theme: &Theme, inside: Rect, buf: &mut Buffer) {
    let lines = whole(p);
    let selected = p.list.selected().filter(|id| p.found.contains(id));
    let mut items = p.choices.items.iter();
    let Some(c) = items.find(|c| Some(&c.id) == selected) else {
        return;
    };
    let room = usize::from(inside.width).saturating_sub(2);
    let first = inside.bottom().saturating_sub(1 + lines);
    for (y, text) in (first..first + lines).zip(wrapped(&c.whole, room)) {
        line(buf, inside.x + 1, y, inside.width, &[(text, theme.strong)]);
    }
}

/// What is marked and filtered away, by name: enter opens it too.
fn marked_elsewhere(p: &Picker, theme: &Theme, inside: Rect, buf: &mut Buffer) {
    let unseen = p.unseen();
    if unseen.is_empty() {
        return;
    }
    let head = format!(" marked, not shown ({}): ", unseen.len());
    let room = usize::from(inside.width).saturating_sub(width(&head) + 1);
    let names = clip(&unseen.join(", "), room);
    let y = inside.bottom().saturating_sub(2 + whole(p));
    let words = [(head, theme.warn), (names, theme.text)];
    line(buf, inside.x, y, inside.width, &words);
}

fn hint(p: &Picker, theme: &Theme, inside: Rect, buf: &mut Buffer) {
    let words = match &p.error {
        Some(why) => vec![(format!(" ▲ {why}"), theme.critical)],
        None => {
            let note = if p.choices.items.is_empty() {
                String::new()
            } else {
                p.choices.note.clone()
            };
            let (marked, enter) = match p.means_one() {
                true => (String::new(), "enter show this one"),
                false => (format!(" {} marked  ", p.marked.len()), "enter show them"),
            };
            let keys = format!(" {enter}   tab mark   shift-tab none   esc give up   ");
            vec![
                (marked, theme.text),
                (keys, theme.muted),
                (note, theme.muted),
            ]
        }
    };
    let y = inside.bottom().saturating_sub(1);
    line(buf, inside.x, y, inside.width, &words);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::theme::Depth;

    fn drawn(p: &Picker) -> String {
        let area = Rect::new(0, 0, 80, 20);
        let mut buf = Buffer::empty(area);
        view(
            p,
            &Theme::load(None, None, Depth::True).unwrap(),
            area,
            &mut buf,
        );
        let line = |y| (0..80).map(|x| buf[(x, y)].symbol()).collect::<String>();
        (0..20).map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn what_is_marked_and_filtered_away_is_named() {
        let choice = |id: &str| Choice {
            id: id.into(),
            group: "ECS".into(),
            text: format!("{id} used"),
            detail: String::new(),
            whole: String::new(),
        };
        let marked = vec!["cpu".into(), "memory".into()];
        let mut p = Picker::new(ScreenId::Metrics, "m", "Metrics", marked, Vec::new());
        p.choices.items = ["cpu", "memory", "requests"].map(choice).to_vec();
        p.search();
        assert!(!drawn(&p).contains("not shown"), "all are in sight");
        let rows = rows_of(&p, Rect::new(0, 0, 80, 20));
        p.paste("requests");
        let screen = drawn(&p);
        assert!(screen.contains("enter show this one"), "{screen}");
        assert!(
            !screen.contains("not shown"),
            "nobody marked anything: {screen}"
        );
        assert_eq!(p.values(), ["requests"]);
        p.toggle();
        p.toggle();
        let screen = drawn(&p);
        assert!(
            screen.contains("marked, not shown (2): cpu used, memory used"),
            "{screen}"
        );
        assert!(screen.contains("2 marked"), "{screen}");
        assert_eq!(rows_of(&p, Rect::new(0, 0, 80, 20)), rows - 1);
    }
}
