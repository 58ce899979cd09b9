//! Stateless drawing, and the state of a list.

mod age;
mod bar;
pub mod chart;
mod chosen;
mod list;
mod panel;
mod severity;
mod table;
mod text;

pub use age::{age, ago, clock, duration, since, span, time_of_day, until, when};
pub use bar::{bar, spark, spark_span};
pub use chosen::chosen;
pub use list::ListState;
pub use panel::{panel, scrolled};
pub use severity::of_severity;
pub use table::{Align, Column, Cut, Row, Table, clock_head, time_columns, timed};
pub use text::{field, highlighted, line, wrapped};
