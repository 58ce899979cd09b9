//! What lies over a screen: help, palette, documents, forms, confirmations. Keys go to the topmost.

pub mod confirm;
pub mod describe;
pub mod form;
mod help;
pub mod palette;
pub mod picker;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Widget};

use super::commands::Command;
use super::effect::Effect;
use super::keymap::Key;
use super::model::Model;
use super::theme::Theme;
use super::widgets::panel;

/// An overlay.
#[derive(Clone, Debug, PartialEq)]
pub enum Overlay {
    /// The keys that work here.
    Help {
        /// First line shown.
        scroll: usize,
    },
    /// Find anything.
    Palette(palette::Palette),
    /// A document.
    Describe(describe::Describe),
    /// A question.
    Form(super::form::Form),
    /// A preview to be confirmed.
    Confirm(Box<confirm::Confirming>),
    /// Several things to choose from.
    Picker(Box<picker::Picker>),
}

/// A key while an overlay is open.
pub fn on_key(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    let command = model.keymap.command(model.current, Key::from(key));
    let plain = matches!(key.code, KeyCode::Esc) || key.modifiers.contains(KeyModifiers::CONTROL);
    if command == Some(Command::Quit) && plain {
        return vec![Effect::Quit];
    }
    let Some(top) = model.overlays.pop() else {
        return Vec::new();
    };
    let key = as_meant(key, command);
    // Each takes itself and gives back what stays open.
    match top {
        Overlay::Help { scroll } => help::on_key(model, scroll, command),
        Overlay::Palette(p) => palette::on_key(model, p, key),
        Overlay::Describe(d) => describe::on_key(model, d, key, command),
        Overlay::Form(f) => form::on_key(model, f, key),
        Overlay::Confirm(c) => confirm::on_key(model, c, key, command),
        Overlay::Picker(p) => picker::on_key(model, *p, key),
    }
}

/// A key with ctrl or alt as the one that means the same everywhere, where the keymap has it lead back or move: it is no letter, so it is not
/// typed into a field. Whoever is used to it closes a confirmation with it, and must not find it open.
pub fn as_meant(key: KeyEvent, command: Option<Command>) -> KeyEvent {
    let typed = !key
        .modifiers
        .intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
    let code = match command {
        _ if typed => return key,
        Some(Command::Back) => KeyCode::Esc,
        Some(Command::Up) => KeyCode::Up,
        Some(Command::Down) => KeyCode::Down,
        _ => return key,
    };
    KeyEvent::new(code, KeyModifiers::NONE)
}

/// Pasted text while an overlay is open.
pub fn paste(overlay: &mut Overlay, text: &str) {
    match overlay {
        Overlay::Palette(p) => p.paste(text),
        Overlay::Form(f) => {
            if let Some(field) = f.fields.get_mut(f.focus) {
                field.paste(text);
            }
        }
        Overlay::Confirm(c) => c.paste(text),
        Overlay::Picker(p) => p.paste(text),
        Overlay::Describe(_) | Overlay::Help { .. } => {}
    }
}

/// The wheel while an overlay is open.
pub fn scroll(overlay: &mut Overlay, command: Command) {
    let step = |n: &mut usize| {
        *n = if command == Command::Up {
            n.saturating_sub(3)
        } else {
            *n + 3
        }
    };
    match overlay {
        Overlay::Help { scroll } => step(scroll),
        Overlay::Describe(d) => step(&mut d.scroll),
        Overlay::Confirm(c) => step(&mut c.scroll),
        Overlay::Palette(p) => p.step(if command == Command::Up { -1 } else { 1 }),
        Overlay::Picker(p) => p.motion(command),
        Overlay::Form(_) => {}
    }
}

/// Draws all overlays, bottom first.
pub fn view(model: &Model, area: Rect, buf: &mut Buffer) {
    for overlay in &model.overlays {
        match overlay {
            Overlay::Help { scroll } => help::view(model, *scroll, area, buf),
            Overlay::Palette(p) => palette::view(p, &model.theme, area, buf),
            Overlay::Describe(d) => describe::view(d, model, area, buf),
            Overlay::Form(f) => form::view(f, &model.theme, area, buf),
            Overlay::Confirm(c) => confirm::view(c, model, area, buf),
            Overlay::Picker(p) => picker::view(p, &model.theme, area, buf),
        }
    }
}

/// A cleared panel of at most the given size in the middle of an area; returns its inside.
fn window(
    buf: &mut Buffer,
    area: Rect,
    width: u16,
    height: u16,
    title: &str,
    theme: &Theme,
) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    let rect = Rect::new(
        area.x + (area.width - width) / 2,
        area.y + (area.height - height) / 2,
        width,
        height,
    );
    Clear.render(rect, buf);
    panel(buf, rect, title, true, theme)
}
