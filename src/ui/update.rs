//! What each message does to the model. No I/O: effects are returned.

use crossterm::event::{
    Event, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use ratatui::layout::Position;
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

use super::commands::{Command, Danger};
use super::effect::Effect;
use super::going::{back, go};
use super::keymap::Key;
use super::leaving;
use super::model::{Model, Status};
use super::msg::Msg;
use super::overlays::{self, Overlay};
use super::screens::Nav;
use super::screens::services::acts::READ_ONLY;
use super::sorting::is_about;
use super::view;

/// How long the status line keeps a message, seconds.
const STATUS_S: i64 = 8;
/// How long a failure stays whatever is typed, seconds.
const READ_S: i64 = 2;

/// Takes a message; returns what the world shall do.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    let effects = match msg {
        Msg::Key(key) if key.kind != KeyEventKind::Release => {
            let asked = std::mem::take(&mut model.asked_to_leave) && model.status.is_some();
            let effects = on_key(model, key);
            if effects.contains(&Effect::Quit) && !asked {
                leaving::ask_once(model, Key::from(key), effects)
            } else {
                effects
            }
        }
        Msg::Key(_) => Vec::new(),
        Msg::Paste(text) => {
            paste(model, &text);
            Vec::new()
        }
        Msg::Mouse(mouse) => on_mouse(model, mouse),
        Msg::Resize(columns, rows) => {
            model.size = (columns, rows);
            model.with_screen(|s, cx| s.sync(cx));
            overlays::picker::refresh(model);
            vec![Effect::Redraw]
        }
        Msg::Tick(now) => {
            model.now = now;
            if model
                .status
                .as_ref()
                .is_some_and(|s| now.duration_since(s.at).as_secs() >= STATUS_S)
            {
                model.status = None;
            }
            Vec::new()
        }
        Msg::Snapshot(snapshot) => {
            model.now = model.now.max(snapshot.facts.taken_at);
            model.moving = snapshot.facts.moving().len();
            (model.firing, model.worst) = super::model::firing(&snapshot.facts);
            model.snapshot = snapshot;
            if !catch_up(model) {
                model.with_screen(|s, cx| s.sync(cx));
            }
            overlays::picker::refresh(model);
            overlays::form::refresh(model);
            Vec::new()
        }
        Msg::Previewed(answer) => {
            overlays::confirm::previewed(model, answer);
            Vec::new()
        }
        Msg::Quoted(service, answer) => {
            overlays::describe::quoted(model, &service.to_string(), answer);
            Vec::new()
        }
        Msg::Started(answer) => overlays::confirm::started(model, answer),
        Msg::Failed(problem) => vec![Effect::Fail(problem)],
    };
    settle(model, effects)
}

/// Does what the interface asks of itself; what is left is for the world.
fn settle(model: &mut Model, effects: Vec<Effect>) -> Vec<Effect> {
    let mut queue = std::collections::VecDeque::from(effects);
    let mut world = Vec::new();
    // Screens may answer one another; a bound keeps a mistake from going round for ever.
    let mut budget = 64;
    while let Some(effect) = queue.pop_front() {
        budget -= 1;
        if budget == 0 {
            break;
        }
        match effect {
            Effect::Go(nav) => queue.extend(go(model, nav)),
            Effect::Ask(form) => model.overlays.push(Overlay::Form(form)),
            Effect::Pick(picker) => {
                model.overlays.push(Overlay::Picker(picker));
                overlays::picker::refresh(model);
            }
            Effect::Describe { title, lines } => {
                model
                    .overlays
                    .push(Overlay::Describe(overlays::describe::Describe::new(
                        title, lines,
                    )));
            }
            Effect::Say(text) => model.say(text, false),
            Effect::Fail(problem) => model.say(format!("{}: {}", problem.what, problem.why), true),
            Effect::Preview(intent) => {
                // As its preview will have it: an answer to another intent is a late one, and is not waited for.
                let intent = intent.without_secrets();
                model.overlays.push(Overlay::Confirm(Box::new(
                    overlays::confirm::Confirming::asking(intent.clone(), model.now),
                )));
                world.push(Effect::Preview(intent));
            }
            Effect::Copy(text) => {
                let size = text.chars().count();
                model.say(
                    format!("copied {size} characters to the terminal's clipboard"),
                    false,
                );
                world.push(Effect::Copy(text));
            }
            other => world.push(other),
        }
    }
    world
}

/// Makes anew what takes longer than a frame, once a key has its answer on screen; whether anything is to be drawn anew.
pub fn catch_up(model: &mut Model) -> bool {
    model.with_screen(|s, cx| s.catch_up(cx))
}

fn on_key(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    // Whoever goes on has read what was said. What failed by itself meanwhile may have come with the very key.
    let read =
        |s: &Status| !s.failed || s.answers || model.now.duration_since(s.at).as_secs() >= READ_S;
    if model.status.as_ref().is_some_and(read) {
        model.status = None;
    }
    if model.is_too_small() {
        let quits = model.keymap.command(model.current, Key::from(key)) == Some(Command::Quit);
        return if quits {
            vec![Effect::Quit]
        } else {
            Vec::new()
        };
    }
    if !model.overlays.is_empty() {
        return overlays::on_key(model, key);
    }
    if model.filter.is_some() {
        return filter_key(model, key);
    }
    match model.keymap.command(model.current, Key::from(key)) {
        Some(command) => run(model, command),
        None => Vec::new(),
    }
}

/// Why a command does not work at present.
pub fn disabled(model: &Model, command: Command) -> Option<String> {
    if command.danger() == Danger::Mutates && model.snapshot.facts.read_only {
        return Some(READ_ONLY.into());
    }
    let screen = model.screen()?;
    match command {
        c if is_about(c) && screen.ranks() && screen.filter().is_some_and(|f| !f.is_empty()) => {
            Some("the best match comes first while a filter is on".into())
        }
        c if is_global(c) || c.view().is_some() => None,
        c if screen.offers().contains(&c) => screen.disabled(c, &model.cx()),
        c if is_motion(c) => None,
        _ => Some(format!("not on {}", model.current.title())),
    }
}

fn is_motion(c: Command) -> bool {
    use Command::*;
    matches!(
        c,
        Up | Down
            | PageUp
            | PageDown
            | Top
            | Bottom
            | Left
            | Right
            | NextPane
            | PrevPane
            | Open
            | Back
    )
}

fn is_global(c: Command) -> bool {
    use Command::*;
    matches!(
        c,
        Quit | Help | Palette | Filter | Refresh | Absolute | Redraw | Suspend | Screen(_)
    )
}

/// Does a command, from a key, the palette or a click.
pub fn run(model: &mut Model, command: Command) -> Vec<Effect> {
    if let Some(why) = disabled(model, command) {
        model.refuse(format!("{}: {why}", command.short()));
        return Vec::new();
    }
    // Where there is no list, who looks for something finds it by the palette; what is typed blindly would be taken for commands.
    let command = match command {
        Command::Filter if model.screen().is_some_and(|s| s.filter().is_none()) => Command::Palette,
        other => other,
    };
    match command {
        Command::Quit => vec![Effect::Quit],
        Command::Help => {
            model.overlays.push(Overlay::Help { scroll: 0 });
            Vec::new()
        }
        Command::Palette => {
            let palette = overlays::palette::Palette::new(model);
            model.overlays.push(Overlay::Palette(palette));
            Vec::new()
        }
        Command::Refresh => {
            model.say("asking every system again", false);
            vec![Effect::Refresh]
        }
        Command::Absolute => {
            model.absolute = !model.absolute;
            Vec::new()
        }
        Command::Redraw => vec![Effect::Redraw],
        Command::Suspend => vec![Effect::Suspend],
        Command::Screen(id) => vec![Effect::Go(Nav::Screen(id))],
        c if c.view().is_some() => {
            let page = c.view().map(|id| Effect::Go(Nav::View(id)));
            page.into_iter().collect()
        }
        Command::Filter => {
            let text = model
                .screen()
                .and_then(|s| s.filter())
                .unwrap_or_default()
                .to_owned();
            model.is_filter_old = !text.is_empty();
            model.filter = Some(Input::new(text));
            Vec::new()
        }
        Command::Back => back(model),
        other => model.with_screen(|s, cx| {
            let effects = s.update(other, cx);
            s.sync(cx);
            effects
        }),
    }
}

pub(super) fn set_filter(model: &mut Model, text: &str) {
    model.with_screen(|s, cx| {
        s.set_filter(text);
        s.sync(cx);
    });
}

fn filter_key(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    use crossterm::event::KeyCode;
    let command = model.keymap.command(model.current, Key::from(key));
    let key = overlays::as_meant(key, command);
    match key.code {
        KeyCode::Esc => {
            model.filter = None;
            set_filter(model, "");
        }
        KeyCode::Enter => model.filter = None,
        KeyCode::Up | KeyCode::Down => {
            let command = if key.code == KeyCode::Up {
                Command::Up
            } else {
                Command::Down
            };
            return run(model, command);
        }
        _ => {
            let is_old = std::mem::take(&mut model.is_filter_old);
            if let Some(input) = &mut model.filter {
                let begins = is_old
                    && matches!(key.code, KeyCode::Char(_))
                    && key.modifiers.difference(KeyModifiers::SHIFT).is_empty();
                if begins {
                    *input = Input::default();
                }
                input.handle_event(&Event::Key(key));
                let text = input.value().to_owned();
                set_filter(model, &text);
            }
        }
    }
    Vec::new()
}

fn paste(model: &mut Model, text: &str) {
    // A paste is data, never keys: it goes into a field or nowhere.
    let clean: String = text
        .chars()
        .filter(|c| !c.is_control())
        .take(4096)
        .collect();
    if let Some(overlay) = model.overlays.last_mut() {
        overlays::paste(overlay, &clean);
    } else if let Some(input) = &mut model.filter {
        let joined = format!("{}{clean}", input.value());
        *input = Input::new(joined.clone());
        set_filter(model, &joined);
    }
}

fn on_mouse(model: &mut Model, mouse: MouseEvent) -> Vec<Effect> {
    if model.is_too_small() {
        return Vec::new();
    }
    let scroll = match mouse.kind {
        MouseEventKind::ScrollUp => Some(Command::Up),
        MouseEventKind::ScrollDown => Some(Command::Down),
        _ => None,
    };
    if let Some(command) = scroll {
        if let Some(overlay) = model.overlays.last_mut() {
            overlays::scroll(overlay, command);
            return Vec::new();
        }
        return run(model, command);
    }
    if mouse.kind != MouseEventKind::Down(MouseButton::Left) || !model.overlays.is_empty() {
        return Vec::new();
    }
    let at = Position::new(mouse.column, mouse.row);
    if let Some(id) = view::tab_at(model, at) {
        return vec![Effect::Go(Nav::Screen(id))];
    }
    let twice = model
        .clicked
        .is_some_and(|(p, t)| p == at && model.now.duration_since(t).as_secs() <= 1);
    model.clicked = Some((at, model.now));
    if !model.body().contains(at) {
        return Vec::new();
    }
    model.with_screen(|s, cx| {
        let effects = s.click(at, twice, cx);
        s.sync(cx);
        effects
    })
}
