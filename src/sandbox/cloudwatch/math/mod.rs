//! Metric math: expressions over the results of other queries (CloudWatch user guide, "Using math expressions").
//!
//! Offered: `+ - * / ^`, comparisons, `AND` `OR` (`&&` `||`), `[a, b]`, `IF`, `FILL`, `RATE`, `DIFF`, `RUNNING_SUM`, `PERIOD`,
//! `METRICS`, `METRIC_COUNT`, `DATAPOINT_COUNT`, `TIME_SERIES`, `FIRST`, `LAST`, `SUM`, `AVG`, `MIN`, `MAX`, `STDDEV`, `ABS`,
//! `CEIL`, `FLOOR`, `LOG`, `LOG10`, `REMOVE_EMPTY`, `SEARCH`. Anything else (anomaly bands, `SELECT`) is refused by name.

mod eval;
mod functions;
mod parse;
mod value;

pub(super) use eval::{Metrics, Scene};
pub(super) use parse::{Expr, parse};
pub(super) use value::{Line, Value};

#[cfg(test)]
mod tests;
