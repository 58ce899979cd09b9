//! Drives the real update loop with keys and draws the real view.

#![allow(dead_code)]

pub mod answers;
pub mod boards;
pub mod estate;
pub mod fixture;
pub mod fleet;
pub mod platform;

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use flightdeck::ui::effect::Effect;
use flightdeck::ui::keymap::Keymap;
use flightdeck::ui::model::Model;
use flightdeck::ui::msg::Msg;
use flightdeck::ui::theme::{Depth, Theme};
use flightdeck::ui::update::{catch_up, update};
use flightdeck::ui::view::view;
use flightdeck::watch::Snapshot;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// A console without a terminal.
pub struct Console {
    pub model: Model,
    pub effects: Vec<Effect>,
}

impl Console {
    pub fn new(columns: u16, rows: u16) -> Self {
        Self::with(columns, rows, fixture::snapshot())
    }

    pub fn with(columns: u16, rows: u16, snapshot: Snapshot) -> Self {
        let theme = Theme::load(None, None, Depth::True).unwrap();
        let keymap = Keymap::load("default", None).unwrap();
        let model = Model::new(
            (columns, rows),
            fixture::now(),
            Arc::new(snapshot),
            theme,
            keymap,
        );
        Self {
            model,
            effects: Vec::new(),
        }
    }

    pub fn msg(&mut self, msg: Msg) -> &mut Self {
        self.effects.extend(update(&mut self.model, msg));
        // As the runtime does once the answer is drawn.
        catch_up(&mut self.model);
        self
    }

    /// Presses keys: plain characters, and `<enter>`, `<esc>`, `<tab>`, `<down>`, `<up>`, `<ctrl-c>` ...
    pub fn keys(&mut self, keys: &str) -> &mut Self {
        let mut rest = keys;
        while let Some(c) = rest.chars().next() {
            let (code, modifiers, len) =
                match rest.strip_prefix('<').and_then(|r| r.split_once('>')) {
                    Some((name, _)) if c == '<' => (named(name).0, named(name).1, name.len() + 2),
                    _ => (KeyCode::Char(c), KeyModifiers::NONE, c.len_utf8()),
                };
            rest = &rest[len..];
            self.msg(Msg::Key(KeyEvent::new(code, modifiers)));
        }
        self
    }

    pub fn buffer(&self) -> Buffer {
        let (columns, rows) = self.model.size;
        let mut buf = Buffer::empty(Rect::new(0, 0, columns, rows));
        view(&self.model, &mut buf);
        buf
    }

    /// Draws into a frame of its size that was used before, as the runtime does.
    pub fn draw(&self, frame: &mut Buffer) {
        view(&self.model, frame);
    }

    /// The frame as text, a line a row.
    pub fn text(&self) -> String {
        let buf = self.buffer();
        let mut out = String::new();
        for y in 0..buf.area.height {
            let mut row = String::new();
            let mut skip = 0;
            for x in 0..buf.area.width {
                if skip > 0 {
                    skip -= 1;
                    continue;
                }
                let symbol = buf[(x, y)].symbol();
                skip = flightdeck::domain::text::width(symbol).saturating_sub(1);
                row.push_str(symbol);
            }
            out.push_str(row.trim_end());
            out.push('\n');
        }
        out
    }

    pub fn shows(&self, needle: &str) -> bool {
        self.text().contains(needle)
    }
}

fn named(name: &str) -> (KeyCode, KeyModifiers) {
    let plain = |code| (code, KeyModifiers::NONE);
    match name {
        "enter" => plain(KeyCode::Enter),
        "esc" => plain(KeyCode::Esc),
        "tab" => plain(KeyCode::Tab),
        "up" => plain(KeyCode::Up),
        "down" => plain(KeyCode::Down),
        "left" => plain(KeyCode::Left),
        "right" => plain(KeyCode::Right),
        "end" => plain(KeyCode::End),
        "pagedown" => plain(KeyCode::PageDown),
        "backspace" => plain(KeyCode::Backspace),
        other => match other.strip_prefix("ctrl-").and_then(|c| c.chars().next()) {
            Some(c) => (KeyCode::Char(c), KeyModifiers::CONTROL),
            None => panic!("unknown key {other}"),
        },
    }
}
