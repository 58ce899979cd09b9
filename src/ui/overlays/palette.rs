//! The command palette: fuzzy search over screens, commands, services and alarms. Actions are found from anywhere.

mod colours;
mod spoken;

use std::sync::Arc;

use crossterm::event::{Event, KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

use super::super::commands::{Command, Danger};
use super::super::effect::Effect;
use super::super::fuzzy;
use super::super::model::Model;
use super::super::screens::services::acts::{self, ACTS};
use super::super::screens::{self, Nav};
use super::super::theme::Theme;
use super::super::update;
use super::super::widgets::{chosen, field, line};
use super::{Overlay, window};
use crate::domain::dashboard::DashboardId;
use crate::domain::service::ServiceId;
use crate::domain::text::clip;
use crate::door::Snapshot;
use crate::present::VIEWS;

/// What a row leads to.
#[derive(Clone, Debug, PartialEq)]
enum Target {
    Command(Command),
    Place(Nav),
    /// An action of which the service is to be asked first.
    Ask(Command),
    /// An action on a service.
    Act(Command, ServiceId),
    /// Other colours.
    Theme(&'static str),
}

#[derive(Clone, Debug, PartialEq)]
struct Entry {
    kind: &'static str,
    name: String,
    doc: String,
    key: String,
    disabled: Option<String>,
    mutates: bool,
    target: Target,
}

impl Entry {
    /// Whether it does something, and leads not only to a place.
    fn is_done(&self) -> bool {
        !matches!(self.target, Target::Place(_) | Target::Act(..))
    }

    /// Whether letters begin its name, or the word for all of its kind.
    fn is_called(&self, typed: &str) -> bool {
        squeezed(&self.name).starts_with(typed) || colours::is_called(self, typed)
    }
}

/// So many letters that a command's name begins with mean the command, whatever else holds them.
const CALLED: usize = 3;

/// Without blanks and case: `roll back` is `rollback`.
fn squeezed(name: &str) -> String {
    let kept = name.chars().filter(|c| !c.is_whitespace());
    kept.flat_map(char::to_lowercase).collect()
}

/// State of the palette.
#[derive(Clone, Debug)]
pub struct Palette {
    title: String,
    input: Input,
    entries: Vec<Entry>,
    /// How many of them are there whatever is typed.
    listed: usize,
    /// What an action that is typed with a service's name is looked up in.
    spoken: Option<Arc<Snapshot>>,
    found: Vec<usize>,
    selected: usize,
}

impl PartialEq for Palette {
    fn eq(&self, other: &Self) -> bool {
        self.title == other.title
            && self.input.value() == other.input.value()
            && self.found == other.found
            && self.selected == other.selected
    }
}

impl Palette {
    /// Everything that can be found from here.
    pub fn new(model: &Model) -> Self {
        let mut entries: Vec<Entry> = Vec::new();
        let offers = model.screen().map_or(&[][..], |s| s.offers());
        for command in Command::all()
            .filter(|c| matches!(c, Command::Screen(_)))
            .chain(offers.iter().copied().filter(|c| !ACTS.contains(c)))
            .chain([
                Command::Help,
                Command::Refresh,
                Command::Absolute,
                Command::Redraw,
                Command::Quit,
            ])
        {
            entries.push(Entry {
                kind: if matches!(command, Command::Screen(_)) {
                    "screen"
                } else {
                    "do"
                },
                name: command.short().to_owned(),
                doc: command.doc().to_owned(),
                key: model
                    .keymap
                    .key_for(model.current, command)
                    .unwrap_or_default(),
                disabled: update::disabled(model, command),
                mutates: command.danger() == Danger::Mutates,
                target: Target::Command(command),
            });
        }
        entries.extend(ACTS.iter().map(|c| action(model, *c)));
        let place = |kind, name: String, doc: String, nav| Entry {
            kind,
            name,
            doc,
            key: String::new(),
            disabled: None,
            mutates: false,
            target: Target::Place(nav),
        };
        entries.extend(colours::entries());
        let facts = &model.snapshot.facts;
        for v in VIEWS.iter().filter(|v| v.is_listed() && v.applies(facts)) {
            let key = Command::of_view(v.id).and_then(|c| model.keymap.key_for(model.current, c));
            entries.push(Entry {
                key: key.unwrap_or_default(),
                ..place(
                    "system",
                    v.title.to_owned(),
                    v.doc.to_owned(),
                    Nav::View(v.id),
                )
            });
        }
        for s in facts.service_rows() {
            let (id, doc) = (
                s.id.clone(),
                format!("{} · {}", s.id.cluster, facts.health_of(s).word()),
            );
            entries.push(place(
                "service",
                id.name.clone(),
                doc,
                Nav::Service(id.clone()),
            ));
            entries.push(place(
                "logs",
                format!("{} logs", id.name),
                format!("logs of {id}"),
                Nav::LogsOf(id),
            ));
        }
        for id in screens::dashboards::known(facts) {
            let from = match &id {
                DashboardId::Aws(_) => "CloudWatch",
                DashboardId::Own(_) => "the console's own",
            };
            entries.push(place(
                "dashboard",
                id.name().to_owned(),
                from.to_owned(),
                Nav::Dashboard(id.clone()),
            ));
        }
        for a in facts.alarm_rows() {
            entries.push(place(
                "alarm",
                a.name.clone(),
                a.state.word().to_owned(),
                Nav::Alarm(a.name.clone()),
            ));
        }
        for c in model.snapshot.checklist.criteria().filter(|c| c.success) {
            let name = format!("{} {}", c.id, c.title);
            entries.push(place(
                "criterion",
                name,
                c.state.word().to_owned(),
                Nav::Criterion(c.id.clone()),
            ));
        }
        let spoken = Some(model.snapshot.clone());
        Self::of("Go to, or do (! changes something)".into(), entries, spoken)
    }

    /// The services, for an action that was chosen where none is selected.
    fn services(model: &Model, command: Command) -> Self {
        let facts = &model.snapshot.facts;
        let entry = |s| spoken::on(facts, command, s, s.id.to_string());
        let entries = facts.service_rows().iter().map(entry).collect();
        let verb = command.short();
        Self::of(format!("{verb}: which service?"), entries, None)
    }

    fn of(title: String, entries: Vec<Entry>, spoken: Option<Arc<Snapshot>>) -> Self {
        let mut palette = Self {
            title,
            input: Input::default(),
            listed: entries.len(),
            entries,
            spoken,
            found: Vec::new(),
            selected: 0,
        };
        palette.search();
        palette
    }

    fn search(&mut self) {
        let text = |e: &&Entry| format!("{} {}", e.name, e.kind);
        self.entries.truncate(self.listed);
        let listed = fuzzy::rank(self.entries.iter(), self.input.value(), text);
        if let Some(snapshot) = &self.spoken {
            let spoken = spoken::entries(&snapshot.facts, self.input.value());
            self.entries.extend(spoken);
        }
        // Who says both what and of what means that.
        let spoken = self.listed..self.entries.len();
        let typed = squeezed(self.input.value());
        let is_called = |i: &usize| {
            let entry = self.entries.get(*i);
            typed.len() >= CALLED && entry.is_some_and(|e| e.is_done() && e.is_called(&typed))
        };
        let (mut called, others): (Vec<_>, Vec<_>) = listed.into_iter().partition(is_called);
        colours::put_last(&mut called, &self.entries);
        self.found = spoken.chain(called).chain(others).collect();
        self.selected = 0;
    }

    /// Moves the selection.
    pub fn step(&mut self, by: isize) {
        let last = self.found.len().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(by).min(last);
    }

    /// Takes pasted text.
    pub fn paste(&mut self, text: &str) {
        self.input = Input::new(format!("{}{text}", self.input.value()));
        self.search();
    }

    fn chosen(&self) -> Option<&Entry> {
        self.entries.get(*self.found.get(self.selected)?)
    }
}

/// An action, found from anywhere: on what is selected here, where the screen offers it, else on a service that is asked for.
fn action(model: &Model, command: Command) -> Entry {
    let offered = model
        .screen()
        .is_some_and(|s| s.offers().contains(&command));
    let here = update::disabled(model, command);
    let facts = &model.snapshot.facts;
    let on_selection = offered && here.is_none();
    let (target, doc) = if on_selection {
        (Target::Command(command), command.doc().to_owned())
    } else {
        let words = "asks for the service, then shows what it would do";
        (Target::Ask(command), words.to_owned())
    };
    let disabled = match &facts.services.error {
        _ if on_selection => None,
        _ if facts.read_only => here,
        Some(p) if facts.service_rows().is_empty() => {
            Some(format!("no service is known: {}", p.why))
        }
        None if facts.service_rows().is_empty() => Some("no service is known".into()),
        _ => None,
    };
    let key = model.keymap.key_for(model.current, command);
    Entry {
        kind: "do",
        name: command.short().to_owned(),
        doc,
        key: key.filter(|_| offered).unwrap_or_default(),
        disabled,
        mutates: true,
        target,
    }
}

/// Does what was chosen; `Err`: why that cannot be done.
fn choose(model: &mut Model, chosen: &Entry) -> Result<Vec<Effect>, String> {
    match (&chosen.target, &chosen.disabled) {
        // A command says itself why it does not work.
        (Target::Command(command), _) => Ok(update::run(model, *command)),
        (Target::Place(nav), _) => Ok(vec![Effect::Go(nav.clone())]),
        (Target::Theme(name), _) => Ok(vec![Effect::Theme(name)]),
        (_, Some(why)) => Err(format!("{}: {why}", chosen.name)),
        (Target::Ask(command), None) => {
            let services = Palette::services(model, *command);
            model.overlays.push(Overlay::Palette(services));
            Ok(Vec::new())
        }
        (Target::Act(command, id), None) => {
            let facts = &model.snapshot.facts;
            let service = facts.service(id).ok_or(format!("{id} is gone"))?;
            // It may have changed while the list was open.
            match acts::refused(*command, service, facts) {
                Some(why) => Err(format!("{id}: {why}")),
                None => Ok(acts::begin(*command, service, facts)),
            }
        }
    }
}

pub(super) fn on_key(model: &mut Model, mut p: Palette, key: KeyEvent) -> Vec<Effect> {
    match key.code {
        KeyCode::Esc => return Vec::new(),
        KeyCode::Enter => {
            let Some(chosen) = p.chosen().cloned() else {
                return Vec::new();
            };
            match choose(model, &chosen) {
                Ok(effects) => return effects,
                Err(why) => model.refuse(why),
            }
        }
        KeyCode::Up => p.step(-1),
        KeyCode::Down | KeyCode::Tab => p.step(1),
        KeyCode::PageUp => p.step(-10),
        KeyCode::PageDown => p.step(10),
        _ => {
            let before = p.input.value().to_owned();
            p.input.handle_event(&Event::Key(key));
            if before != p.input.value() {
                p.search();
            }
        }
    }
    model.overlays.push(Overlay::Palette(p));
    Vec::new()
}

pub(super) fn view(p: &Palette, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let top = Rect {
        height: area.height.saturating_sub(2).min(22),
        ..area
    };
    let inside = window(buf, top, 96, top.height, &p.title, theme);
    field(
        buf,
        Rect::new(inside.x + 1, inside.y, inside.width.saturating_sub(2), 1),
        &p.input,
        true,
        theme,
    );
    let rows = Rect {
        y: inside.y + 1,
        height: inside.height.saturating_sub(1),
        ..inside
    };
    let shown = usize::from(rows.height);
    let first = (p.selected + 1).saturating_sub(shown);
    if p.found.is_empty() {
        line(
            buf,
            rows.x + 1,
            rows.y,
            rows.width,
            &[("nothing matches".to_owned(), theme.muted)],
        );
    }
    for (y, (n, index)) in (rows.y..rows.bottom()).zip(p.found.iter().enumerate().skip(first)) {
        let Some(e) = p.entries.get(*index) else {
            continue;
        };
        let selected = n == p.selected;
        let base = if selected {
            theme.selection
        } else {
            theme.text
        };
        if selected {
            buf.set_style(Rect::new(rows.x, y, rows.width, 1), theme.selection);
        }
        let (doc, of_name, of_doc) = match &e.disabled {
            Some(why) => (why, theme.muted, theme.warn),
            None => (&e.doc, base, theme.muted),
        };
        // A warning may have a ground of its own, which would stand where nothing is warned of.
        let (mark, of_mark) = match e.mutates {
            true => ("! ", theme.warn),
            false => ("  ", base),
        };
        let doc_width = usize::from(rows.width)
            .saturating_sub(11 + 2 + 29 + 8)
            .min(42);
        let spans = [
            (format!(" {:<10}", e.kind), theme.muted),
            (mark.to_owned(), of_mark),
            (format!("{:<28} ", clip(&e.name, 28)), of_name),
            (format!("{:<doc_width$} ", clip(doc, doc_width)), of_doc),
            (e.key.clone(), theme.key),
        ];
        line(buf, rows.x, y, rows.width, &spans);
        if selected {
            chosen(buf, Rect::new(rows.x, y, rows.width, 1), theme);
        }
    }
}
