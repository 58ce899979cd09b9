//! The terminal: taken and given back, painted in differences, written without ever making anybody wait.

mod guard;
mod pace;
mod painter;
mod writer;

pub use guard::{Guard, restore};
pub use pace::{Cause, Pace};
pub use painter::Painter;
pub use writer::Writer;
