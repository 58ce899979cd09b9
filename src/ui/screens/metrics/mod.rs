//! Any metric as a chart.

pub(in crate::ui::screens) mod marks;
