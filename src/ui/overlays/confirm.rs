//! A preview, and the word or key that confirms it.

use crossterm::event::{Event, KeyCode, KeyEvent};
use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

use super::super::commands::Command;
use super::super::effect::Effect;
use super::super::model::Model;
use super::super::screens::Nav;
use super::super::widgets::{duration, field, line, scrolled, wrapped};
use super::{Overlay, window};
use crate::domain::action::{Confirm, DiffMark, Intent, Preview};
use crate::domain::problem::Problem;

/// How far the confirmation is.
#[derive(Clone, Debug, PartialEq)]
enum Stage {
    /// The preview is being made.
    Asking,
    /// The preview is there.
    Ready(Box<Preview>),
    /// Confirmed; the journal and the vendor are being told.
    Starting(Box<Preview>),
    /// It cannot go on.
    Failed(Problem),
}

/// State of the confirmation.
#[derive(Clone, Debug)]
pub struct Confirming {
    intent: Intent,
    stage: Stage,
    typed: Input,
    /// First line shown.
    pub scroll: usize,
    error: Option<String>,
    /// When the answer that is waited for was asked for.
    asked_at: Timestamp,
}

impl PartialEq for Confirming {
    fn eq(&self, other: &Self) -> bool {
        (
            &self.intent,
            &self.stage,
            self.typed.value(),
            self.scroll,
            &self.error,
        ) == (
            &other.intent,
            &other.stage,
            other.typed.value(),
            other.scroll,
            &other.error,
        )
    }
}

impl Confirming {
    /// Waits for its preview.
    pub fn asking(intent: Intent, now: Timestamp) -> Self {
        Self {
            intent,
            stage: Stage::Asking,
            typed: Input::default(),
            scroll: 0,
            error: None,
            asked_at: now,
        }
    }

    /// Whether somebody is waited for: the seconds are shown.
    pub fn waits(&self) -> bool {
        matches!(self.stage, Stage::Asking | Stage::Starting(_))
    }

    /// What is waited for, and for how long: a screen on which nothing moves looks dead.
    fn waiting(&self, what: &str, now: Timestamp) -> String {
        const TURNS: [&str; 4] = ["◐", "◓", "◑", "◒"];
        let s = now.duration_since(self.asked_at).as_secs().max(0);
        let turn = usize::try_from(s).unwrap_or(0) % TURNS.len();
        let sign = TURNS.get(turn).copied().unwrap_or_default();
        format!("{sign} {what}  {}", duration(s))
    }

    /// Takes pasted text. The word that confirms is to be typed, so a paste is refused.
    pub fn paste(&mut self, _text: &str) {
        self.error = Some("type it: a paste does not confirm".into());
    }
}

fn find(model: &mut Model) -> Option<&mut Confirming> {
    model.overlays.iter_mut().rev().find_map(|o| match o {
        Overlay::Confirm(c) => Some(c.as_mut()),
        _ => None,
    })
}

/// The preview came, or did not. Without an open confirmation (given up meanwhile) it is forgotten.
pub fn previewed(model: &mut Model, answer: Result<Box<Preview>, Problem>) {
    let Some(c) = find(model) else { return };
    match answer {
        Ok(preview) if preview.intent == c.intent => c.stage = Stage::Ready(preview),
        Ok(_) => {}
        Err(problem) => c.stage = Stage::Failed(problem),
    }
}

/// The action began, or was refused.
pub fn started(model: &mut Model, answer: Result<String, Problem>) -> Vec<Effect> {
    match answer {
        Ok(run) => {
            let serviced = find(model).is_none_or(|c| c.intent.service().is_some());
            model.overlays.retain(|o| !matches!(o, Overlay::Confirm(_)));
            if serviced {
                vec![Effect::Go(Nav::Run(run))]
            } else {
                vec![Effect::Say("recorded".into())]
            }
        }
        Err(problem) => match find(model) {
            Some(c) => {
                c.stage = Stage::Failed(problem);
                Vec::new()
            }
            None => vec![Effect::Fail(problem)],
        },
    }
}

pub(super) fn on_key(
    model: &mut Model,
    mut c: Box<Confirming>,
    key: KeyEvent,
    command: Option<Command>,
) -> Vec<Effect> {
    let page = usize::from(model.size.1 / 3);
    let confirmed = match (&c.stage, key.code) {
        (Stage::Starting(_), KeyCode::Esc) => None,
        (_, KeyCode::Esc) => return Vec::new(),
        (Stage::Failed(_), KeyCode::Enter) => return Vec::new(),
        (Stage::Ready(p), code) if p.refusals.is_empty() => match (&p.confirm, code) {
            (Confirm::Key, KeyCode::Char('y')) => Some((p.clone(), None)),
            (Confirm::Type(word), KeyCode::Enter) => {
                if c.typed.value().trim() == word {
                    Some((p.clone(), Some(word.clone())))
                } else {
                    c.error = Some(format!("type {word} and enter"));
                    None
                }
            }
            _ => None,
        },
        _ => None,
    };
    let mut effects = Vec::new();
    if let Some((preview, typed)) = confirmed {
        c.stage = Stage::Starting(preview.clone());
        c.asked_at = model.now;
        effects.push(Effect::Start { preview, typed });
    } else {
        match (command, key.code) {
            (_, KeyCode::Up) => c.scroll = c.scroll.saturating_sub(1),
            (_, KeyCode::Down) => c.scroll += 1,
            (Some(Command::PageUp), _) => c.scroll = c.scroll.saturating_sub(page),
            (Some(Command::PageDown), _) => c.scroll += page,
            _ => {
                let types =
                    matches!(&c.stage, Stage::Ready(p) if matches!(p.confirm, Confirm::Type(_)));
                if types && key.code != KeyCode::Enter {
                    c.typed.handle_event(&Event::Key(key));
                    c.error = None;
                }
            }
        }
    }
    model.overlays.push(Overlay::Confirm(c));
    effects
}

type Row = Vec<(String, Style)>;

fn body(c: &Confirming, model: &Model, width: u16) -> Vec<Row> {
    let t = &model.theme;
    let mut rows: Vec<Row> = Vec::new();
    let mut say = |text: &str, style: Style, indent: &str| {
        for l in wrapped(
            text,
            usize::from(width).saturating_sub(indent.chars().count() + 1),
        ) {
            rows.push(vec![(format!("{indent}{l}"), style)]);
        }
    };
    match &c.stage {
        Stage::Asking => say(
            &c.waiting(
                "reading what this would do; nothing is changed by it",
                model.now,
            ),
            t.info,
            " ",
        ),
        Stage::Failed(problem) => {
            say(&format!("▲ {}", problem.what), t.critical, " ");
            say(&problem.why, t.text, "   ");
            say(&problem.fix, t.muted, "   ");
        }
        Stage::Ready(p) | Stage::Starting(p) => {
            for why in &p.refusals {
                say(&format!("✗ {why}"), t.critical, " ");
            }
            for why in &p.warnings {
                say(&format!("▲ {why}"), t.warn, " ");
            }
            if !(p.refusals.is_empty() && p.warnings.is_empty()) {
                rows.push(Vec::new());
            }
            if !p.diff.is_empty() {
                // What changes stands before what is known of it: it must not be below the fold.
                for d in &p.diff {
                    let (sign, style) = match d.mark {
                        DiffMark::Same => (" ", t.muted),
                        DiffMark::Removed => ("-", t.removed),
                        DiffMark::Added => ("+", t.added),
                    };
                    let room = usize::from(width).saturating_sub(4);
                    for (n, text) in wrapped(&d.text, room).into_iter().enumerate() {
                        let sign = if n == 0 { sign } else { " " };
                        rows.push(vec![(format!(" {sign} {text}"), style)]);
                    }
                }
                rows.push(Vec::new());
            }
            let label = p
                .facts
                .iter()
                .map(|(k, _)| k.chars().count())
                .max()
                .unwrap_or(0);
            for (k, v) in &p.facts {
                let room = usize::from(width).saturating_sub(label + 4);
                for (i, l) in wrapped(v, room).into_iter().enumerate() {
                    let head = if i == 0 { k.as_str() } else { "" };
                    rows.push(vec![(format!(" {head:<label$}  "), t.muted), (l, t.text)]);
                }
            }
            if !p.calls.is_empty() {
                rows.push(Vec::new());
                rows.push(vec![(" will call".to_owned(), t.column)]);
                for call in &p.calls {
                    let room = usize::from(width).saturating_sub(6);
                    for (n, text) in wrapped(call, room).into_iter().enumerate() {
                        let indent = if n == 0 { "   " } else { "     " };
                        rows.push(vec![(format!("{indent}{text}"), t.muted)]);
                    }
                }
            }
        }
    }
    rows
}

pub(super) fn view(c: &Confirming, model: &Model, area: Rect, buf: &mut Buffer) {
    let t = &model.theme;
    let width = 96.min(area.width);
    let rows = body(c, model, width.saturating_sub(2));
    let title = match &c.stage {
        Stage::Ready(p) | Stage::Starting(p) => match &p.confirm {
            // The cluster that the title names may be of another environment than the console.
            Confirm::Type(word) if word.split(' ').next() != Some(&p.environment) => {
                p.title.clone()
            }
            Confirm::Key if p.intent.service().is_some() => p.title.clone(),
            _ => format!("{}   in {}", p.title, p.environment),
        },
        _ => format!("{} {}", c.intent.verb(), c.intent.subject()),
    };
    // What is wrong with what was typed stands above the field, in as many lines as it takes.
    let wrong: Vec<String> = c
        .error
        .iter()
        .flat_map(|why| wrapped(&format!("▲ {why}"), usize::from(width).saturating_sub(4)))
        .collect();
    let height = u16::try_from(rows.len() + wrong.len().max(1) + 4).unwrap_or(u16::MAX);
    let inside = window(buf, area, width, height, &title, t);
    let foot_height = (1 + wrong.len().max(1) as u16).min(inside.height);
    let list = Rect {
        height: inside.height - foot_height,
        ..inside
    };
    let shown = usize::from(list.height);
    let first = c.scroll.min(rows.len().saturating_sub(shown));
    for (y, row) in (list.y..list.bottom()).zip(rows.iter().skip(first)) {
        line(buf, list.x, y, list.width, row);
    }
    scrolled(buf, list, first, shown, rows.len(), t);
    let y = inside.bottom().saturating_sub(1);
    for (y, text) in (list.bottom()..y).zip(&wrong) {
        let words = [(format!(" {text}"), t.critical)];
        line(buf, inside.x, y, inside.width, &words);
    }
    match &c.stage {
        Stage::Asking => line(
            buf,
            inside.x,
            y,
            inside.width,
            &[(" esc give up".into(), t.muted)],
        ),
        Stage::Starting(_) => line(
            buf,
            inside.x,
            y,
            inside.width,
            &[(
                format!(
                    " {}",
                    c.waiting("writing the journal, then going", model.now)
                ),
                t.info,
            )],
        ),
        Stage::Failed(_) => line(
            buf,
            inside.x,
            y,
            inside.width,
            &[(
                " nothing was changed that is not said above   esc close".into(),
                t.muted,
            )],
        ),
        Stage::Ready(p) if !p.refusals.is_empty() => {
            line(
                buf,
                inside.x,
                y,
                inside.width,
                &[(" this cannot work as it is   esc close".into(), t.warn)],
            );
        }
        Stage::Ready(p) => match &p.confirm {
            Confirm::Key => line(
                buf,
                inside.x,
                y,
                inside.width,
                &[
                    (" y".into(), t.key),
                    (" do it   ".into(), t.text),
                    ("esc".into(), t.key),
                    (" give up".into(), t.text),
                ],
            ),
            Confirm::Type(word) => {
                let ask = format!(" type {word} to do it: ");
                let used = ask.chars().count() as u16;
                let keys = "enter   esc give up";
                // A long word leaves less room for what is typed, not for what the keys do.
                let spare = inside.width.saturating_sub(used + 3 + keys.len() as u16);
                let room = spare.clamp(8, 24);
                line(buf, inside.x, y, inside.width, &[(ask, t.danger)]);
                let at = Rect::new(
                    inside.x + used + 1,
                    y,
                    room.min(inside.width.saturating_sub(used + 1)),
                    1,
                );
                field(buf, at, &c.typed, true, t);
                let rest = inside.x + used + room + 3;
                line(
                    buf,
                    rest,
                    y,
                    inside.right().saturating_sub(rest),
                    &[(keys.into(), t.muted)],
                );
            }
        },
    }
}
