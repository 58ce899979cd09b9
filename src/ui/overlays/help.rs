//! Help, made from the keymap and the command table.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::commands::{Command, Danger};
use super::super::effect::Effect;
use super::super::model::Model;
use super::super::update;
use super::super::widgets::{line, scrolled, wrapped};
use super::{Overlay, window};
use crate::domain::text::{clip, width};

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
    let lines = lines(model, model.body().width).1.len();
    let scroll = scroll.min(lines.saturating_sub(1));
    model.overlays.push(Overlay::Help { scroll });
    Vec::new()
}

/// Key(s), what it does, why not at present, and whether it changes anything.
type Told = (String, String, Option<String>, bool);

fn rows(model: &Model) -> Vec<Told> {
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

/// Columns before what a key does.
const INDENT: usize = 21;
/// Columns of the window at least.
const NARROWEST: usize = 90;

/// The columns that the window takes of a screen of so many, and its lines: what has no room beside its key goes on below it.
fn lines(model: &Model, screen: u16) -> (u16, Vec<Vec<(String, Style)>>) {
    let (theme, rows) = (&model.theme, rows(model));
    let words = |(_, doc, why, _): &Told| match why {
        Some(why) => format!("{doc}  ({why})"),
        None => doc.clone(),
    };
    let widest = rows.iter().map(|r| INDENT + width(&words(r)) + 1);
    // The borders and the mark of where one is in it.
    let columns = widest.max().unwrap_or(0).max(NARROWEST) + 3;
    let columns = u16::try_from(columns).unwrap_or(u16::MAX).min(screen);
    let room = usize::from(columns).saturating_sub(INDENT + 4);
    let mut all = Vec::new();
    for row in &rows {
        let (keys, doc, why, mutates) = row;
        let style = if why.is_some() {
            theme.muted
        } else {
            theme.text
        };
        let mut told: Vec<Vec<(String, Style)>> = wrapped(doc, room)
            .into_iter()
            .map(|text| vec![(text, style)])
            .collect();
        if let Some(why) = why {
            let words = format!("({why})");
            let last = told
                .last()
                .map_or(0, |l| l.iter().map(|s| width(&s.0)).sum::<usize>());
            match told.last_mut() {
                Some(line) if last + 2 + width(&words) <= room => {
                    line.push((format!("  {words}"), theme.stale));
                }
                _ => told.extend(
                    wrapped(&words, room)
                        .into_iter()
                        .map(|text| vec![(text, theme.stale)]),
                ),
            }
        }
        for (n, line) in told.into_iter().enumerate() {
            let mut spans = match n {
                0 => vec![
                    (format!(" {:<18}", clip(keys, 18)), theme.key),
                    match *mutates {
                        true => ("! ".to_owned(), theme.warn),
                        false => ("  ".to_owned(), theme.text),
                    },
                ],
                _ => vec![(" ".repeat(INDENT), theme.text)],
            };
            spans.extend(line);
            all.push(spans);
        }
    }
    // No key changes the colours, and whoever cannot read them looks here.
    let palette = model.keymap.key_for(model.current, Command::Palette);
    let way = palette.map_or(String::new(), |key| format!("{key} theme, or "));
    let colours = format!("other colours: {way}--theme light, high-contrast, mono");
    all.extend(
        wrapped(&colours, room)
            .into_iter()
            .map(|text| vec![(" ".repeat(INDENT), theme.text), (text, theme.muted)]),
    );
    (columns, all)
}

pub(super) fn view(model: &Model, scroll: usize, area: Rect, buf: &mut Buffer) {
    let (columns, rows) = lines(model, area.width);
    let theme = &model.theme;
    let title = format!(
        "Keys on {}  (! changes something, keymap {}, theme {})",
        model.current.title(),
        model.keymap.name,
        model.theme.name
    );
    let height = u16::try_from(rows.len() + 2).unwrap_or(u16::MAX);
    let inside = window(buf, area, columns, height, &title, theme);
    let shown = usize::from(inside.height);
    let first = scroll.min(rows.len().saturating_sub(shown));
    for (y, spans) in (inside.y..inside.bottom()).zip(rows.iter().skip(first)) {
        line(buf, inside.x, y, inside.width, spans);
    }
    scrolled(buf, inside, first, shown, rows.len(), theme);
}
