//! The console: Elm style. Messages change the model, the view is a pure function of it, effects are data.

pub mod commands;
pub mod defect;
pub mod effect;
pub mod form;
pub mod fuzzy;
mod going;
pub mod keymap;
mod leaving;
mod listening;
pub mod model;
pub mod msg;
pub mod natural;
pub mod overlays;
mod runtime;
pub mod screens;
mod signals;
pub mod sorting;
pub mod terminal;
pub mod theme;
pub mod update;
pub mod view;
pub mod widgets;
pub mod worn;

pub use runtime::{Console, ConsoleError, Ended};
