//! Decides what to ask, when and how often; merges answers into one immutable [`Snapshot`] with an age on each part.

mod handle;

pub use handle::{Desk, Handle, Snapshot};
