//! Any metric as a chart.

mod charts;
mod legend;
pub(in crate::ui::screens) mod marks;
mod model;
mod span;
mod update;
mod view;

pub use model::Metrics;
