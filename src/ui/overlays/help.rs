//! Help, made from the keymap and the command table.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::super::commands::{Command, Danger};
use super::super::effect::Effect;
use super::super::model::Model;
use super::super::update;
use super::super::widgets::{line, scrolled};
use super::{Overlay, window};
use crate::domain::text::clip;

pub(super) fn on_key(model: &mut Model, scroll: usize, command: Option<Command>) -> Vec<Effect> {
    let page = usize::from(model.size.1 / 2);
    let scroll = match command {
        Some(Command::Up) => scroll.saturating_sub(1),
        Some(Command::Down) => scroll + 1,
        Some(Command::PageUp) => scroll.saturating_sub(page),
        Some(Command::PageDown) => scroll + page,
        Some(Command::Top) => 0,
        Some(Command::Back | Command::Help | Command::Quit | Command::Open) => return Vec::new(),
        _ => scroll,
    };
    let scroll = scroll.min(rows(model).len().saturating_sub(1));
    model.overlays.push(Overlay::Help { scroll });
    Vec::new()
}

/// Key(s), what it does, why not at present.
fn rows(model: &Model) -> Vec<(String, String, Option<String>, bool)> {
    let offers = model.screen().map_or(&[][..], |s| s.offers());
    let mut commands: Vec<Command> = offers.to_vec();
    commands.extend(Command::all().filter(|c| !offers.contains(c)));
    commands
        .into_iter()
        .filter_map(|c| {
            let keys = model.keymap.keys_for(model.current, c);
            let why = update::disabled(model, c);
            let elsewhere = why.as_ref().is_some_and(|w| w.starts_with("not on "));
            (!keys.is_empty() && !elsewhere).then(|| {
                (
                    keys.join("  "),
                    c.doc().to_owned(),
                    why,
                    c.danger() == Danger::Mutates,
                )
            })
        })
        .collect()
}

pub(super) fn view(model: &Model, scroll: usize, area: Rect, buf: &mut Buffer) {
    let rows = rows(model);
    let theme = &model.theme;
    let title = format!(
        "Keys on {}  (keymap {})",
        model.current.title(),
        model.keymap.name
    );
    let height = u16::try_from(rows.len() + 2).unwrap_or(u16::MAX);
    let inside = window(buf, area, 90, height, &title, theme);
    let shown = usize::from(inside.height);
    let first = scroll.min(rows.len().saturating_sub(shown));
    for (y, (keys, doc, why, mutates)) in (inside.y..inside.bottom()).zip(rows.iter().skip(first)) {
        let doc_style = if why.is_some() {
            theme.muted
        } else {
            theme.text
        };
        let mut spans = vec![
            (format!(" {:<18}", clip(keys, 18)), theme.key),
            (if *mutates { "! " } else { "  " }.to_owned(), theme.warn),
            (doc.clone(), doc_style),
        ];
        if let Some(why) = why {
            spans.push((format!("  ({why})"), theme.stale));
        }
        line(buf, inside.x, y, inside.width, &spans);
    }
    scrolled(buf, inside, first, shown, rows.len(), theme);
}
