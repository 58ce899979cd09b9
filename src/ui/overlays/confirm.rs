//! A preview, and the word or key that confirms it.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use jiff::Timestamp;
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

use super::super::commands::Command;
use super::super::effect::Effect;
use super::super::model::Model;
use super::super::screens::Nav;
use super::super::widgets::duration;
use super::Overlay;
use crate::domain::action::{Confirm, Intent, Preview};
use crate::domain::facts::Facts;
use crate::domain::problem::Problem;

mod view;

pub(super) use view::view;

/// Seconds after which a preview is too old to be confirmed: what it was made from is read again before the call, but a person has
/// not seen that.
const OLD_S: i64 = 60;

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

    /// Whether seconds are shown: those that somebody is waited for, or the age of what is to be confirmed.
    pub fn counts(&self) -> bool {
        !matches!(self.stage, Stage::Failed(_))
    }

    /// Why the preview may not be confirmed any more; `None`: it may.
    fn spoilt(&self, model: &Model) -> Option<String> {
        let Stage::Ready(p) = &self.stage else {
            return None;
        };
        let moved = moved(p, &model.snapshot.facts);
        let s = model.now.duration_since(p.at).as_secs();
        let old = (s >= OLD_S).then(|| format!("it was made {} ago", duration(s)));
        moved
            .or(old)
            .map(|why| format!("this preview holds no more: {why}"))
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

/// What a preview was made from and is otherwise by now, as far as the picture tells: only what was read after it counts.
fn moved(p: &Preview, facts: &Facts) -> Option<String> {
    let service = facts.service(p.intent.service()?)?;
    let later = |at: Option<Timestamp>| at.is_some_and(|at| at > p.at);
    let input = |name: &str| p.inputs.iter().find(|(n, _)| n == name).map(|(_, v)| v);
    let other = |name: &str, is: String| {
        let was = input(name).filter(|was| **was != is)?;
        Some(format!("{name} was {was}, and is {is} now"))
    };
    let of_service = || {
        other("revision", service.revision.to_string())
            .or_else(|| other("desired count", service.counts.desired.to_string()))
            .or_else(|| other("service status", service.status.clone()))
    };
    let running = || {
        let mut rows = facts.deployment_rows().iter();
        let running = rows.find(|d| d.service == service.id && d.state.is_running());
        let was = input("running deployment")?;
        match running {
            Some(d) if d.id != *was => Some("another deployment is running now".to_owned()),
            None if was != "none" && !service.is_deploying() => {
                Some("the deployment that ran is over".to_owned())
            }
            _ => None,
        }
    };
    let of_service = later(facts.services.observed_at).then(of_service).flatten();
    let both = later(facts.services.observed_at) && later(facts.deployments.observed_at);
    of_service.or_else(|| both.then(running).flatten())
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
        // One that is there already stays: a person may be confirming it.
        _ if c.stage != Stage::Asking => {}
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
    let spoilt = c.spoilt(model);
    if renews(&c, key, command, spoilt.is_some()) {
        // Made anew in a window of its own: what was typed for the one before confirms nothing.
        return vec![Effect::Preview(c.intent)];
    }
    let with_ctrl = (key.modifiers).intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
    let confirmed = match (&c.stage, key.code) {
        (Stage::Starting(_), KeyCode::Esc) => None,
        (_, KeyCode::Esc) => return Vec::new(),
        (Stage::Failed(_), KeyCode::Enter) => return Vec::new(),
        (Stage::Ready(_), _) if spoilt.is_some() => None,
        (Stage::Ready(p), code) if p.refusals.is_empty() => match (&p.confirm, code) {
            // With ctrl it is no yes: that is paste to some hands.
            (Confirm::Key, KeyCode::Char('y')) if !with_ctrl => Some((p.clone(), None)),
            (Confirm::Type(word), KeyCode::Enter) => {
                if c.typed.value().trim() == word.trim() {
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
                let types = spoilt.is_none()
                    && matches!(&c.stage, Stage::Ready(p) if matches!(p.confirm, Confirm::Type(_)));
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

/// Whether a key asks for the preview to be made anew: `r` wherever it is no letter of a word that is typed, and what refreshes
/// everywhere.
fn renews(c: &Confirming, key: KeyEvent, command: Option<Command>, spoilt: bool) -> bool {
    let refreshes = command == Some(Command::Refresh);
    match &c.stage {
        Stage::Asking | Stage::Starting(_) => false,
        Stage::Failed(_) => refreshes || key.code == KeyCode::Char('r'),
        Stage::Ready(p) => {
            let typed = matches!(p.confirm, Confirm::Type(_)) && p.refusals.is_empty();
            refreshes || (key.code == KeyCode::Char('r') && (spoilt || !typed))
        }
    }
}
