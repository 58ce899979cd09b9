//! A form over the screen.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::effect::Effect;
use super::super::form::{Ask, Form};
use super::super::model::Model;
use super::super::screens::services::acts;
use super::super::theme::Theme;
use super::super::widgets::{field, line, wrapped};
use super::{Overlay, window};
use crate::domain::interest::Interest;
use crate::domain::text::width;

/// Takes what became known since it was opened: how an image fared here is read once somebody wants to deploy.
pub fn refresh(model: &mut Model) {
    let facts = &model.snapshot.facts;
    for overlay in &mut model.overlays {
        let Overlay::Form(form) = overlay else {
            continue;
        };
        let Ask::Deploy(id) = &form.ask else { continue };
        let (Some(service), Some(field)) = (facts.service(id), form.fields.first_mut()) else {
            continue;
        };
        let now = acts::offers(service, facts);
        if field.untouched {
            field.offers = now;
            continue;
        }
        // Whoever is choosing keeps the order.
        for offer in &mut field.offers {
            if let Some(known) = now.iter().find(|o| o.value == offer.value) {
                offer.clone_from(known);
            }
        }
    }
}

/// What an open form needs to know.
pub fn needs(form: &Form) -> Option<Interest> {
    match &form.ask {
        Ask::Deploy(id) => Some(Interest::Deployments(id.clone())),
        _ => None,
    }
}

pub(super) fn on_key(model: &mut Model, mut form: Form, key: KeyEvent) -> Vec<Effect> {
    let count = form.fields.len().max(1);
    match key.code {
        KeyCode::Esc => return Vec::new(),
        KeyCode::Down | KeyCode::Up if offers(&form) => {
            let focus = form.focus;
            if let Some(f) = form.fields.get_mut(focus) {
                f.take_offer(key.code == KeyCode::Up);
                form.error = None;
            }
        }
        KeyCode::Tab | KeyCode::Down => form.focus = (form.focus + 1) % count,
        KeyCode::BackTab | KeyCode::Up => form.focus = (form.focus + count - 1) % count,
        KeyCode::Enter if form.focus + 1 < count => form.focus += 1,
        KeyCode::Enter => match submit(model, &form) {
            Ok(effects) => return effects,
            Err(why) => form.error = Some(why),
        },
        _ => {
            let focus = form.focus;
            if let Some(f) = form.fields.get_mut(focus) {
                f.on_key(key);
                form.error = None;
            }
        }
    }
    model.overlays.push(Overlay::Form(form));
    Vec::new()
}

/// Whether the field in focus offers something: then arrows are for that.
fn offers(form: &Form) -> bool {
    let field = form.fields.get(form.focus);
    field.is_some_and(|f| !f.offers.is_empty())
}

fn submit(model: &mut Model, form: &Form) -> Result<Vec<Effect>, String> {
    if let Some(intent) = form.intent(model.now)? {
        return Ok(vec![Effect::Preview(intent)]);
    }
    let Ask::Screen(id, tag) = form.ask else {
        return Ok(Vec::new());
    };
    if id != model.current {
        return Ok(Vec::new());
    }
    let values = form.values();
    let mut answer = Ok(Vec::new());
    model.with_screen(|s, cx| {
        answer = s.submit(tag, &values, cx);
        s.sync(cx);
    });
    answer
}

pub(super) fn view(form: &Form, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let width_of = 76.min(area.width);
    // What is wrong stands above the keys, in as many lines as it takes.
    let wrong: Vec<String> = form
        .error
        .iter()
        .flat_map(|why| wrapped(&format!("▲ {why}"), usize::from(width_of).saturating_sub(4)))
        .collect();
    let offered: usize = form.fields.iter().map(|f| f.offers.len()).sum();
    let lines = form.fields.len() * 3 + offered + 4 + wrong.len().saturating_sub(1);
    let height = u16::try_from(lines).unwrap_or(u16::MAX);
    let inside = window(buf, area, width_of, height, &form.title, theme);
    let label_width = form.fields.iter().map(|f| f.label.len()).max().unwrap_or(0) as u16 + 2;
    let mut y = inside.y;
    for (i, f) in form.fields.iter().enumerate() {
        if y + 1 >= inside.bottom() {
            break;
        }
        let focus = i == form.focus;
        let (mark, style) = if focus {
            ("▌", theme.strong)
        } else {
            (" ", theme.muted)
        };
        let label = [(mark.to_owned(), theme.key), (f.label.to_owned(), style)];
        line(buf, inside.x, y, label_width + 1, &label);
        let at = Rect::new(
            inside.x + label_width + 1,
            y,
            inside.width.saturating_sub(label_width + 2),
            1,
        );
        field(buf, at, &f.input, focus, theme);
        if focus && f.untouched {
            // As a text that is selected: the next character takes its place.
            let long = u16::try_from(width(f.input.value())).unwrap_or(at.width);
            let marked = Rect::new(at.x, y, long.min(at.width), 1);
            buf.set_style(marked, theme.selection);
        }
        line(buf, at.x, y + 1, at.width, &[(f.hint.clone(), theme.muted)]);
        let longest = f.offers.iter().map(|o| width(&o.value)).max().unwrap_or(0);
        for offer in &f.offers {
            if y + 2 >= inside.bottom() {
                break;
            }
            let taken = offer.value == f.input.value();
            let (mark, style) = match (taken, offer.doubtful) {
                (true, _) => ("▌", theme.selection),
                (false, true) => (" ", theme.muted),
                (false, false) => (" ", theme.text),
            };
            let pad = " ".repeat(longest.saturating_sub(width(&offer.value)) + 2);
            let note = if offer.doubtful {
                theme.warn
            } else {
                theme.muted
            };
            let words = [
                (mark.to_owned(), theme.key),
                (offer.value.clone(), style),
                (pad, theme.text),
                (offer.note.clone(), note),
            ];
            line(buf, at.x, y + 2, at.width, &words);
            y += 1;
        }
        y += 3;
    }
    let last = inside.bottom().saturating_sub(1);
    let first = last.saturating_sub(wrong.len() as u16);
    for (y, why) in (first.max(inside.y)..last).zip(&wrong) {
        let words = [(format!(" {why}"), theme.critical)];
        line(buf, inside.x, y, inside.width, &words);
    }
    line(buf, inside.x, last, inside.width, &keys(form, theme));
}

/// The keys, and what enter does at this field: it goes on to the next one, and from the last one to what the answers are for.
fn keys(form: &Form, theme: &Theme) -> Vec<(String, Style)> {
    let count = form.fields.len();
    let does = match form.fields.get(form.focus + 1) {
        Some(next) => format!("on to {}", next.label),
        None if form.asks_for_preview() => "read the preview".to_owned(),
        None => "done".to_owned(),
    };
    let mut words = vec![
        (" enter ".to_owned(), theme.key),
        (format!("{does}   "), theme.text),
    ];
    if count > 1 {
        // Beside the offers there is less room.
        let next = if offers(form) { "next" } else { "next field" };
        words.push(("tab ".to_owned(), theme.key));
        words.push((
            format!("{next} ({} of {count})   ", form.focus + 1),
            theme.muted,
        ));
    }
    if offers(form) {
        words.push(("↓↑ ".to_owned(), theme.key));
        words.push(("a tag   ".to_owned(), theme.muted));
    }
    words.push(("esc ".to_owned(), theme.key));
    words.push(("give up".to_owned(), theme.muted));
    words
}
