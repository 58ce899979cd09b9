//! Audit: who did what, when, how it ended, and whether the chain still verifies.

mod model;
mod view;

pub use model::Audit;
pub(super) use view::in_short;
