//! Dashboards: the account's own in CloudWatch and this console's, drawn in the terminal.

mod deeper;
mod figures;
mod grid;
mod legend;
mod list;
mod metric;
mod model;
mod other;
mod page;
mod prose;
mod update;
mod view;

pub use model::{Dashboards, known};
