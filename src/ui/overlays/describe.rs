//! A document: everything known of a thing as JSON, searchable.

use crossterm::event::{Event, KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

use super::super::commands::Command;
use super::super::effect::{Effect, WAITING};
use super::super::model::Model;
use super::super::widgets::{chosen, highlighted, line, scrolled, wrapped};
use super::{Overlay, window};
use crate::domain::problem::Problem;
use crate::domain::quote::Quote;
use crate::domain::text::inert_lines;

/// State of the document.
#[derive(Clone, Debug)]
pub struct Describe {
    title: String,
    lines: Vec<String>,
    /// First line shown.
    pub scroll: usize,
    search: Input,
    typing: bool,
}

impl PartialEq for Describe {
    fn eq(&self, other: &Self) -> bool {
        (
            &self.title,
            &self.lines,
            self.scroll,
            self.search.value(),
            self.typing,
        ) == (
            &other.title,
            &other.lines,
            other.scroll,
            other.search.value(),
            other.typing,
        )
    }
}

impl Describe {
    /// A document of inert lines.
    pub fn new(title: String, lines: Vec<String>) -> Self {
        Self {
            title,
            lines,
            scroll: 0,
            search: Input::default(),
            typing: false,
        }
    }

    fn matches(&self, index: usize) -> bool {
        let needle = self.search.value().to_lowercase();
        !needle.is_empty()
            && self
                .lines
                .get(index)
                .is_some_and(|l| l.to_lowercase().contains(&needle))
    }

    /// Lines at the end that are shown at once.
    fn fitting(&self, room: usize, rows: usize) -> usize {
        let mut used = 0;
        let heights = self.lines.iter().rev().map(|l| folded(l, room).len());
        let fit = heights.take_while(|height| {
            used += height;
            used <= rows
        });
        fit.count().max(1)
    }

    fn find(&mut self, forward: bool, from: usize) {
        let n = self.lines.len();
        let found = (0..n)
            .map(|i| {
                if forward {
                    (from + i) % n
                } else {
                    (from + n - i) % n
                }
            })
            .find(|i| self.matches(*i));
        if let Some(i) = found {
            self.scroll = i;
        }
    }
}

/// Puts the vendor's own words, or why there are none, where a document waits for them.
pub(in crate::ui) fn quoted(model: &mut Model, title: &str, answer: Result<Quote, Problem>) {
    let waits = |d: &&mut Describe| d.title == title;
    let documents = model.overlays.iter_mut().filter_map(|o| match o {
        Overlay::Describe(d) => Some(d),
        _ => None,
    });
    let Some(d) = documents.rev().find(waits) else {
        return;
    };
    let Some(at) = d.lines.iter().position(|l| l == WAITING) else {
        return;
    };
    let words = match answer {
        Ok(quote) => {
            let text = serde_json::to_string_pretty(&quote.body).unwrap_or_default();
            let asked = format!("{} in its own words:", quote.asked);
            let lines = inert_lines(&text).into_iter();
            std::iter::once(asked).chain(lines).collect()
        }
        Err(p) => vec![
            format!("ECS was asked for its own words: {}", p.what),
            format!("  why: {}", p.why),
            format!("   do: {}", p.fix),
        ],
    };
    // Who reads further down already goes on where they are.
    if d.scroll > at {
        d.scroll += words.len() - 1;
    }
    d.lines.splice(at..=at, words);
}

/// A line in as many rows as it takes: what does not fit is told below, a little further in.
fn folded(text: &str, room: usize) -> Vec<String> {
    let words = text.trim_start();
    let lead = text.len() - words.len();
    let rest = room.saturating_sub(lead + 2);
    let rows = wrapped(words, rest).into_iter().enumerate();
    rows.map(|(n, row)| {
        let indent = if n == 0 { lead } else { lead + 2 };
        format!("{}{row}", " ".repeat(indent))
    })
    .collect()
}

pub(super) fn on_key(
    model: &mut Model,
    mut d: Describe,
    key: KeyEvent,
    command: Option<Command>,
) -> Vec<Effect> {
    let page = usize::from(model.size.1.saturating_sub(8));
    let last = d.lines.len().saturating_sub(1);
    let mut effects = Vec::new();
    if d.typing {
        match key.code {
            KeyCode::Esc => {
                d.typing = false;
                d.search = Input::default();
            }
            KeyCode::Enter => d.typing = false,
            _ => {
                d.search.handle_event(&Event::Key(key));
                d.find(true, d.scroll);
            }
        }
    } else {
        match (command, key.code) {
            (Some(Command::Back | Command::Quit | Command::Describe), _) => return Vec::new(),
            (Some(Command::Filter), _) => d.typing = true,
            (Some(Command::NextMatch), _) | (_, KeyCode::Char('n')) => d.find(true, d.scroll + 1),
            (Some(Command::PrevMatch), _) | (_, KeyCode::Char('N')) => {
                d.find(false, d.scroll + d.lines.len() - 1)
            }
            (Some(Command::Up), _) => d.scroll = d.scroll.saturating_sub(1),
            (Some(Command::Down), _) => d.scroll += 1,
            (Some(Command::PageUp), _) => d.scroll = d.scroll.saturating_sub(page),
            (Some(Command::PageDown), _) => d.scroll += page,
            (Some(Command::Top), _) => d.scroll = 0,
            (Some(Command::Bottom), _) => d.scroll = last,
            (Some(Command::Copy), _) => effects.push(Effect::Copy(d.lines.join("\n"))),
            _ => {}
        }
    }
    d.scroll = d.scroll.min(last);
    model.overlays.push(Overlay::Describe(d));
    effects
}

pub(super) fn view(d: &Describe, model: &Model, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let inside = window(
        buf,
        area,
        area.width.saturating_sub(4).min(130),
        area.height.saturating_sub(2),
        &d.title,
        theme,
    );
    let rows = Rect {
        height: inside.height.saturating_sub(1),
        ..inside
    };
    let shown = usize::from(rows.height);
    let room = usize::from(rows.width.saturating_sub(2));
    let first = d
        .scroll
        .min(d.lines.len().saturating_sub(d.fitting(room, shown)));
    let lines = d.lines.iter().enumerate().skip(first);
    let drawn = lines.flat_map(|(i, text)| folded(text, room).into_iter().map(move |t| (i, t)));
    for (y, (i, text)) in (rows.y..rows.bottom()).zip(drawn) {
        let found = i == d.scroll && d.matches(i);
        let base = if found { theme.selection } else { theme.text };
        highlighted(
            buf,
            rows.x,
            y,
            rows.width,
            &text,
            d.search.value(),
            base,
            theme.matched,
        );
        if found {
            chosen(buf, Rect::new(rows.x, y, rows.width, 1), theme);
        }
    }
    scrolled(buf, rows, first, shown, d.lines.len(), theme);
    let y = inside.bottom().saturating_sub(1);
    let found = (0..d.lines.len()).filter(|i| d.matches(*i)).count();
    if d.typing || !d.search.value().is_empty() {
        let cursor = if d.typing { "▏" } else { "" };
        let spans = [
            (" / ".to_owned(), theme.key),
            (format!("{}{cursor}", d.search.value()), theme.input),
            (
                format!(
                    "  {found} {} n next   N previous",
                    if found == 1 {
                        "line matches  "
                    } else {
                        "lines match  "
                    }
                ),
                theme.muted,
            ),
        ];
        line(buf, inside.x, y, inside.width, &spans);
    } else {
        let key = |c| model.keymap.key_for(model.current, c).unwrap_or_default();
        let hint = format!(
            " {} search   {} copy   {} close   line {} of {}",
            key(Command::Filter),
            key(Command::Copy),
            key(Command::Back),
            (d.scroll + 1).min(d.lines.len()),
            d.lines.len()
        );
        line(buf, inside.x, y, inside.width, &[(hint, theme.muted)]);
    }
}
