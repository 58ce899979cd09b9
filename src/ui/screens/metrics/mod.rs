//! Any metric as a chart.

mod charts;
mod legend;
pub(in crate::ui::screens) mod marks;
mod model;
pub(in crate::ui::screens) mod span;
mod update;
mod view;

pub use model::Metrics;
