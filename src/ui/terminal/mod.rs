//! The terminal: taken and given back, painted in differences, written without ever making anybody wait.

mod guard;
mod painter;
mod writer;

pub use guard::{Guard, restore};
pub use painter::Painter;
pub use writer::Writer;
