//! From place to place: screens, their pages, and the way back.

use super::commands::Command;
use super::effect::Effect;
use super::model::Model;
use super::screens::{Nav, ScreenId};
use super::update::set_filter;

/// Pages within pages of a screen, at most.
const DEEPEST: usize = 8;

/// Shows a place, and remembers where we were.
pub(super) fn go(model: &mut Model, nav: Nav) -> Vec<Effect> {
    let target = nav.screen();
    let from_elsewhere = target != model.current;
    model.sent_to = (from_elsewhere && !matches!(nav, Nav::Screen(_))).then_some(target);
    if !from_elsewhere && matches!(nav, Nav::Screen(_)) {
        close_pages(model);
    }
    if from_elsewhere {
        model.status = None;
        model.history.retain(|s| *s != target);
        model.history.push(model.current);
        model.current = target;
    }
    model.filter = None;
    model.with_screen(|s, cx| {
        if s.looks_up() {
            s.sync(cx);
        }
        let effects = s.arrive(&nav, cx);
        s.sync(cx);
        effects
    })
}

/// The key of the screen that is shown leads from whatever is open in it to its list.
fn close_pages(model: &mut Model) {
    for _ in 0..DEEPEST {
        if model.screen().is_none_or(|s| s.crumbs().is_empty()) {
            return;
        }
        model.with_screen(|s, cx| {
            let effects = s.update(Command::Back, cx);
            s.sync(cx);
            effects
        });
    }
}

/// First the filter of what is shown, then inside the screen (its own depth), then to the screen before.
pub(super) fn back(model: &mut Model) -> Vec<Effect> {
    let deep = model.screen().is_some_and(|s| !s.crumbs().is_empty());
    let filtered = model
        .screen()
        .and_then(|s| s.filter())
        .is_some_and(|f| !f.is_empty());
    if filtered {
        set_filter(model, "");
    } else if deep {
        let effects = model.with_screen(|s, cx| {
            let effects = s.update(Command::Back, cx);
            s.sync(cx);
            effects
        });
        let left = model.screen().is_some_and(|s| s.crumbs().is_empty());
        if left && model.sent_to.take() == Some(model.current) {
            leave(model);
        }
        return effects;
    } else {
        leave(model);
    }
    Vec::new()
}

/// To the screen before.
fn leave(model: &mut Model) {
    model.status = None;
    if let Some(before) = model.history.pop() {
        model.current = before;
        model.with_screen(|s, cx| s.sync(cx));
    } else if model.current != ScreenId::Overview {
        model.current = ScreenId::Overview;
        model.with_screen(|s, cx| s.sync(cx));
    }
}
