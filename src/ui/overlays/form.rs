//! A form over the screen.

use crossterm::event::{Event, KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tui_input::backend::crossterm::EventHandler;

use super::super::effect::Effect;
use super::super::form::{Ask, Form};
use super::super::model::Model;
use super::super::theme::Theme;
use super::super::widgets::{field, line};
use super::{Overlay, window};

pub(super) fn on_key(model: &mut Model, mut form: Form, key: KeyEvent) -> Vec<Effect> {
    let count = form.fields.len().max(1);
    match key.code {
        KeyCode::Esc => return Vec::new(),
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
                f.input.handle_event(&Event::Key(key));
                form.error = None;
            }
        }
    }
    model.overlays.push(Overlay::Form(form));
    Vec::new()
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
    let height = u16::try_from(form.fields.len() * 3 + 4).unwrap_or(u16::MAX);
    let inside = window(buf, area, 76, height, &form.title, theme);
    let label_width = form.fields.iter().map(|f| f.label.len()).max().unwrap_or(0) as u16 + 2;
    let mut y = inside.y;
    for (i, f) in form.fields.iter().enumerate() {
        if y + 1 >= inside.bottom() {
            break;
        }
        let focus = i == form.focus;
        line(
            buf,
            inside.x + 1,
            y,
            label_width,
            &[(
                f.label.to_owned(),
                if focus { theme.strong } else { theme.muted },
            )],
        );
        let at = Rect::new(
            inside.x + label_width + 1,
            y,
            inside.width.saturating_sub(label_width + 2),
            1,
        );
        field(buf, at, &f.input, focus, theme);
        line(buf, at.x, y + 1, at.width, &[(f.hint.clone(), theme.muted)]);
        y += 3;
    }
    let last = inside.bottom().saturating_sub(1);
    let words = match &form.error {
        Some(why) => vec![(format!(" ▲ {why}"), theme.critical)],
        None => vec![(
            " enter go on   tab next field   esc give up".to_owned(),
            theme.muted,
        )],
    };
    line(buf, inside.x, last, inside.width, &words);
}
