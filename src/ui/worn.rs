//! The theme and the keymap that the configuration names.

use super::keymap::Keymap;
use super::theme::{Depth, Theme};
use crate::config::Config;
use crate::config::load::user_folder;
use crate::domain::problem::Problem;

/// Both, fitted to a terminal.
///
/// # Errors
/// Where one of them cannot be used.
pub fn of(config: &Config, depth: Depth) -> Result<(Theme, Keymap), Problem> {
    let named = config.ui.theme.as_deref().or(Theme::by_ground());
    let keymap = config.ui.keymap.as_deref().unwrap_or("default");
    let folder = user_folder().map(|f| f.join("keymaps"));
    Ok((
        theme(named, depth)?,
        Keymap::load(keymap, folder.as_deref())?,
    ))
}

/// A theme that is built in, or one of the user's own.
///
/// # Errors
/// Where it cannot be used.
pub fn theme(name: Option<&str>, depth: Depth) -> Result<Theme, Problem> {
    let folder = user_folder().map(|f| f.join("themes"));
    Theme::load(name, folder.as_deref(), depth)
}

/// Whether a console could begin with them, on a terminal that shows all of them.
///
/// # Errors
/// Where one of them cannot be used.
pub fn check(config: &Config) -> Result<(), Problem> {
    of(config, Depth::True).map(drop)
}
