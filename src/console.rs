//! The console as a package of its own: no client of a vendor and no store can be reached from a screen, and it is built beside
//! the vendors' clients. `lib.rs` shows it with the other rooms, under the same name.
#![forbid(unsafe_code)]

pub mod ui; // commands, keymap, theme, screens, widgets

use flightdeck_core::{config, domain, door, plan, present};
