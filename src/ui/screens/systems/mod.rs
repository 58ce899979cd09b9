//! Systems: every further system of the platform in one list, worst first to the eye; Enter opens its page. What is shown is made
//! by `present`; this screen only arranges and draws it.

mod columns;
pub mod list;
pub mod listed;
mod model;
mod order;
mod page;
mod view;

pub use model::Systems;
pub(in crate::ui) use view::style;
