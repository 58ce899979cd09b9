//! Dashboards: widgets on a grid of 24 columns, after "Dashboard Body Structure and Syntax" of the Amazon CloudWatch user guide.
//! Our own, written in TOML, come to the same types. What cannot be read becomes a widget that says so.

mod annotation;
mod ask;
mod data;
mod expression;
mod metrics;
mod own;
mod parse;
mod search;
mod span;
mod values;
mod variable;
mod widget;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

pub use annotation::{Fill, Limit, Moment};
pub use ask::{BoardAsk, DataQuery, DataSource, LogAsk, WidgetAsk};
pub use data::{BoardData, DataLine, LogTable, WidgetData};
pub use expression::{is_alone, renamed};
pub use own::OwnDashboard;
pub use search::Search;
pub use values::{headline, unit_of};
pub use variable::Variable;
pub use widget::{
    Axis, Legend, LogView, LogWidget, MetricRow, MetricWidget, Place, Source, View, Widget,
    WidgetKind,
};

/// Columns of the grid.
pub const COLUMNS: u16 = 24;

/// What names a dashboard for good.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case", tag = "source", content = "name")]
pub enum DashboardId {
    /// One of the account's, in CloudWatch.
    Aws(String),
    /// One of this console's.
    Own(String),
}

impl DashboardId {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Aws(name) | Self::Own(name) => name,
        }
    }
}

/// A dashboard as CloudWatch lists it (ListDashboards).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DashboardEntry {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// When it was changed last (UTC).
    pub modified_at: Option<Timestamp>,
    /// Size of its body, bytes.
    pub bytes: u64,
}

/// A dashboard.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Dashboard {
    /// Its name.
    pub name: String,
    /// What it is called, where that is not its name.
    pub title: String,
    /// The range of time that its author wants, seconds.
    pub length_s: Option<u32>,
    /// Whether each graph keeps the period that its author gave it, whatever the range (`periodOverride`).
    pub keeps_periods: bool,
    /// What can be set.
    pub variables: Vec<Variable>,
    /// In reading order.
    pub widgets: Vec<Widget>,
    /// What is wrong with it as a whole.
    pub notes: Vec<String>,
    /// As it was written, for reading it again with other values.
    #[serde(skip)]
    source: Arc<serde_json::Value>,
}
