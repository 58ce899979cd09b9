//! Leaving in the middle of an action.

use super::commands::Command;
use super::effect::Effect;
use super::keymap::Key;
use super::model::Model;

/// Says once what goes on without us, where something does: the next one that asks to leave does.
pub(super) fn ask_once(model: &mut Model, key: Key, mut effects: Vec<Effect>) -> Vec<Effect> {
    let open = model.snapshot.facts.runs.iter();
    let open: Vec<String> = open
        .filter(|r| r.outcome.is_none())
        .map(|r| format!("{} of {}", r.intent.verb(), r.intent.subject()))
        .collect();
    // Where nothing can be said, nobody is kept.
    let Some(first) = open.first().filter(|_| !model.is_too_small()) else {
        return effects;
    };
    let what = match open.len() {
        1 => format!("{first} is running"),
        n => format!("{first} and {} more are running", n - 1),
    };
    // The key that was pressed, for another may be typed into what is open; from the palette it was none.
    let key = match model.keymap.command(model.current, key) {
        Some(Command::Quit) => key.to_string(),
        _ => {
            let usual = model.keymap.key_for(model.current, Command::Quit);
            usual.unwrap_or_else(|| "quit".into())
        }
    };
    effects.retain(|e| *e != Effect::Quit);
    model.asked_to_leave = true;
    model.say(
        format!("{what}: {key} again to leave; it goes on at the vendor, and the next console picks it up"),
        true,
    );
    effects
}
