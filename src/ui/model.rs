//! The state of the interface.

use std::sync::Arc;

use jiff::Timestamp;
use ratatui::layout::{Position, Rect};
use tui_input::Input;

use super::keymap::Keymap;
use super::overlays::Overlay;
use super::screens::{self, Cx, Screen, ScreenId};
use super::theme::Theme;
use crate::domain::alarm::Severity;
use crate::domain::facts::Facts;
use crate::domain::interest::Interest;
use crate::door::Snapshot;

/// The smallest terminal that the console is drawn on. It is made for 80 x 24 and more; with less, as half a split has or a terminal whose
/// last line is tmux's, screens show fewer lines of the same.
pub const SMALLEST: (u16, u16) = (60, 15);

/// A line about what just happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// What to say.
    pub text: String,
    /// Whether it is a failure.
    pub failed: bool,
    /// Whether it answers a key: the next key has its own answer.
    pub answers: bool,
    /// When it was said.
    pub at: Timestamp,
}

/// Everything that the interface knows.
#[derive(Debug)]
pub struct Model {
    /// Columns and rows.
    pub size: (u16, u16),
    /// Now, as the last tick said.
    pub now: Timestamp,
    /// The newest picture.
    pub snapshot: Arc<Snapshot>,
    /// How much moves in it: told in every frame, and found once.
    pub moving: usize,
    /// How many alarms fire here, found once a picture: the tabs ask for it many times a frame.
    pub firing: usize,
    /// How much the worst of them matters.
    pub worst: Option<Severity>,
    /// Colours.
    pub theme: Arc<Theme>,
    /// Keys.
    pub keymap: Arc<Keymap>,
    /// The screens, in the order of the tab line.
    pub screens: Vec<Box<dyn Screen>>,
    /// Which is shown.
    pub current: ScreenId,
    /// Where Back leads.
    pub history: Vec<ScreenId>,
    /// The screen whose page was opened from another screen: closing the page leads back there, not to a list that was never seen.
    pub sent_to: Option<ScreenId>,
    /// What lies over the screen; keys go to the last.
    pub overlays: Vec<Overlay>,
    /// The filter while it is typed.
    pub filter: Option<Input>,
    /// Whether what stands in it was typed before: the first character begins anew.
    pub is_filter_old: bool,
    /// Clock times instead of ages.
    pub absolute: bool,
    /// What just happened.
    pub status: Option<Status>,
    /// Whether leaving was asked for while actions of ours are under way, and what that means was said.
    pub asked_to_leave: bool,
    /// The last click, to know the second one on the same spot.
    pub clicked: Option<(Position, Timestamp)>,
}

/// How many alarms fire that are not another environment's, and how much the worst of them matters.
pub(super) fn firing(facts: &Facts) -> (usize, Option<Severity>) {
    let severities = || facts.firing_here().map(|a| a.severity);
    (severities().count(), severities().min())
}

impl Model {
    /// A fresh interface.
    pub fn new(
        size: (u16, u16),
        now: Timestamp,
        snapshot: Arc<Snapshot>,
        theme: Theme,
        keymap: Keymap,
    ) -> Self {
        let (firing, worst) = firing(&snapshot.facts);
        let mut model = Self {
            size,
            now,
            moving: snapshot.facts.moving().len(),
            firing,
            worst,
            snapshot,
            theme: Arc::new(theme),
            keymap: Arc::new(keymap),
            screens: screens::all(),
            current: ScreenId::Overview,
            history: Vec::new(),
            sent_to: None,
            overlays: Vec::new(),
            filter: None,
            is_filter_old: false,
            absolute: false,
            status: None,
            asked_to_leave: false,
            clicked: None,
        };
        model.with_screen(|screen, cx| screen.sync(cx));
        model
    }

    /// Where the screen is drawn: all but the two top lines and the bottom one.
    pub fn body(&self) -> Rect {
        Rect::new(0, 2, self.size.0, self.size.1.saturating_sub(3))
    }

    /// Whether the terminal is too small to draw on.
    pub fn is_too_small(&self) -> bool {
        self.size.0 < SMALLEST.0 || self.size.1 < SMALLEST.1
    }

    /// The screen shown.
    pub fn screen(&self) -> Option<&dyn Screen> {
        self.screens
            .iter()
            .find(|s| s.id() == self.current)
            .map(AsRef::as_ref)
    }

    /// What a screen may know.
    pub fn cx(&self) -> Cx<'_> {
        Cx {
            snapshot: &self.snapshot,
            now: self.now,
            theme: &self.theme,
            keymap: &self.keymap,
            body: self.body(),
            absolute: self.absolute,
            filtering: self.filter.is_some(),
        }
    }

    /// Lets the shown screen change itself.
    pub fn with_screen<T: Default>(&mut self, f: impl FnOnce(&mut dyn Screen, &Cx<'_>) -> T) -> T {
        let (snapshot, theme, keymap) = (
            self.snapshot.clone(),
            self.theme.clone(),
            self.keymap.clone(),
        );
        let cx = Cx {
            snapshot: &snapshot,
            now: self.now,
            theme: &theme,
            keymap: &keymap,
            body: self.body(),
            absolute: self.absolute,
            filtering: self.filter.is_some(),
        };
        let current = self.current;
        match self.screens.iter_mut().find(|s| s.id() == current) {
            Some(screen) => f(screen.as_mut(), &cx),
            None => T::default(),
        }
    }

    /// What the shown screen, and a picker or a form over it, need to know.
    pub fn interests(&self) -> Vec<Interest> {
        let mut wanted = self
            .screen()
            .map_or_else(Vec::new, |s| s.interests(&self.cx()));
        match self.overlays.last() {
            Some(Overlay::Picker(p)) => wanted.extend_from_slice(p.needs()),
            Some(Overlay::Form(f)) => {
                let needs = super::overlays::form::needs(f);
                wanted.extend(needs.filter(|n| !wanted.contains(n)));
            }
            _ => {}
        }
        wanted
    }

    /// Whether something on screen counts seconds: an action or deployment under way, an answer that is waited for, the
    /// age of what is to be confirmed, or a word that goes away by itself.
    pub fn counts_seconds(&self) -> bool {
        let facts = &self.snapshot.facts;
        let waits = |o: &Overlay| matches!(o, Overlay::Confirm(c) if c.counts());
        self.status.is_some()
            || self.overlays.iter().any(waits)
            || facts.runs.iter().any(|r| r.goes_on())
            || facts.deployment_rows().iter().any(|d| d.state.is_running())
    }

    /// Says something in the status line.
    pub fn say(&mut self, text: impl Into<String>, failed: bool) {
        self.status = Some(Status {
            text: text.into(),
            failed,
            answers: false,
            at: self.now,
        });
    }

    /// Says why a key does nothing at present.
    pub fn refuse(&mut self, text: impl Into<String>) {
        self.say(text, true);
        if let Some(status) = &mut self.status {
            status.answers = true;
        }
    }
}
