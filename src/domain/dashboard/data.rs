//! What came back for a dashboard.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::ask::BoardAsk;
use crate::domain::problem::Problem;

/// One series of a widget. A row that is a search gives several.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DataLine {
    /// Which row of the widget it answers.
    pub row: usize,
    /// The vendor's label.
    pub label: String,
    /// (start of period UTC, value), oldest first; a period without data has no point.
    pub points: Arc<[(Timestamp, f64)]>,
    /// Seconds a point.
    pub period_s: u32,
    /// Whether the vendor said that more data exists than was returned.
    pub partial: bool,
}

impl DataLine {
    /// The newest value.
    pub fn last(&self) -> Option<f64> {
        self.points.last().map(|p| p.1)
    }
}

/// The answer to a widget's questions.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct WidgetData {
    /// Series, in the order of the rows.
    pub lines: Vec<DataLine>,
    /// Why there is none, or not all.
    pub problem: Option<Problem>,
    /// What the vendor said beside the data.
    pub messages: Vec<String>,
}

/// The series of the dashboard on screen.
#[derive(Clone, Debug, Default)]
pub struct BoardData {
    /// What was asked.
    pub ask: Option<Arc<BoardAsk>>,
    /// By the widget's place in the dashboard.
    pub widgets: BTreeMap<usize, Arc<WidgetData>>,
}

/// The answer to a log query.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LogTable {
    /// Names of the columns, in the order of their first appearance.
    pub columns: Vec<String>,
    /// Cells; one that a row lacks is empty.
    pub rows: Vec<Vec<String>>,
    /// Bytes read for it: what it cost.
    pub scanned_bytes: f64,
    /// Lines that matched.
    pub matched: f64,
}
