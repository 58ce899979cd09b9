//! This console's own dashboards, in TOML:
//!
//! ```toml
//! title = "Database"
//! range = "3h"
//!
//! [[widgets]]
//! title = "Connections"
//! size = "12x6"                        # columns of 24, rows; they flow from left to right
//! view = "line"                        # line, stacked, number, gauge, bar, pie, table
//! limits = [{ value = 150, label = "pool" }]
//! series = [
//!     { metric = "AWS/RDS/DatabaseConnections", each = ["DBInstanceIdentifier"], stat = "Maximum" },
//! ]
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use super::annotation::{Fill, Limit};
use super::metrics::is_id;
use super::widget::{
    Axis, Legend, LogView, LogWidget, MetricRow, MetricWidget, Place, Source, View, Widget,
    WidgetKind,
};
use super::{COLUMNS, Dashboard};
use crate::domain::metric::MetricId;
use crate::domain::problem::Problem;

/// One of this console's dashboards.
#[derive(Clone, Debug)]
pub struct OwnDashboard {
    /// Its name: the file's, without its ending.
    pub name: String,
    /// The file; `None` for one that is built in.
    pub file: Option<String>,
    /// What is in it, or why it cannot be read.
    pub read: Result<Arc<Dashboard>, Problem>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    title: String,
    #[serde(default)]
    range: Option<String>,
    #[serde(default)]
    widgets: Vec<Row>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    #[serde(default)]
    title: String,
    #[serde(default)]
    size: Option<String>,
    #[serde(default)]
    view: Option<Look>,
    #[serde(default)]
    sparkline: bool,
    /// Numbers and bars of the whole range instead of the newest period.
    #[serde(default)]
    whole_range: bool,
    #[serde(default)]
    series: Vec<Line>,
    #[serde(default)]
    limits: Vec<Mark>,
    #[serde(default)]
    axis: Ends,
    #[serde(default)]
    right: Ends,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    alarms: Vec<String>,
    #[serde(default)]
    log: Option<Log>,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Look {
    Line,
    Stacked,
    Number,
    Gauge,
    Bar,
    Pie,
    Table,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    metric: Option<String>,
    #[serde(default)]
    dimensions: BTreeMap<String, String>,
    /// Every metric of that name with just these dimensions.
    #[serde(default)]
    each: Vec<String>,
    #[serde(default)]
    expression: Option<String>,
    #[serde(default)]
    stat: Option<String>,
    #[serde(default)]
    period_s: Option<u32>,
    #[serde(default)]
    label: Option<String>,
    #[serde(default)]
    right: bool,
    #[serde(default)]
    hidden: bool,
    #[serde(default)]
    region: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mark {
    value: f64,
    #[serde(default)]
    label: String,
    #[serde(default)]
    right: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ends {
    #[serde(default)]
    label: String,
    min: Option<f64>,
    max: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Log {
    groups: Vec<String>,
    query: String,
}

impl Dashboard {
    /// Reads one of ours.
    ///
    /// # Errors
    /// What is wrong, and where: a mistake of ours or of a person at this machine is said, not drawn around.
    pub fn own(name: &str, toml: &str) -> Result<Self, String> {
        let file: File = toml::from_str(toml).map_err(|e| e.to_string())?;
        let length_s = match &file.range {
            None => None,
            Some(text) => Some(range(text).ok_or("range takes 15m, 3h, 7d and the like")?),
        };
        let (mut x, mut y, mut below) = (0, 0, 0);
        let mut widgets = Vec::with_capacity(file.widgets.len());
        for (i, row) in file.widgets.into_iter().enumerate() {
            let (width, height) = match &row.size {
                None => (6, 6),
                Some(text) => size(text).ok_or_else(|| {
                    format!("widget {}: size takes columns x rows, such as 12x6", i + 1)
                })?,
            };
            if x + width > COLUMNS {
                (x, y) = (0, below);
            }
            let place = Place {
                x,
                y,
                width,
                height,
            };
            x += width;
            below = below.max(y + height);
            widgets.push(
                row.widget(place)
                    .map_err(|why| format!("widget {}: {why}", i + 1))?,
            );
        }
        Ok(Self {
            name: name.to_owned(),
            title: file.title,
            length_s,
            keeps_periods: false,
            variables: Vec::new(),
            widgets,
            notes: Vec::new(),
            source: Arc::default(),
        })
    }
}

fn range(text: &str) -> Option<u32> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let factor = match unit {
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    digits
        .parse::<u32>()
        .ok()?
        .checked_mul(factor)
        .filter(|s| *s > 0)
}

fn size(text: &str) -> Option<(u16, u16)> {
    let (width, height) = text.split_once('x')?;
    let (width, height): (u16, u16) = (width.trim().parse().ok()?, height.trim().parse().ok()?);
    ((1..=COLUMNS).contains(&width) && (1..=100).contains(&height)).then_some((width, height))
}

impl Row {
    fn widget(self, place: Place) -> Result<Widget, String> {
        let kinds = [
            !self.series.is_empty(),
            self.text.is_some(),
            !self.alarms.is_empty(),
            self.log.is_some(),
        ];
        if kinds.iter().filter(|k| **k).count() != 1 {
            return Err("needs one of series, text, alarms and log".into());
        }
        let title = self.title.clone();
        let kind = if let Some(markdown) = self.text {
            WidgetKind::Text {
                markdown,
                bare: true,
            }
        } else if !self.alarms.is_empty() {
            WidgetKind::Alarms {
                names: self.alarms,
                states: Vec::new(),
                newest_first: false,
            }
        } else if let Some(log) = self.log {
            WidgetKind::Log(LogWidget {
                groups: log.groups,
                query: log.query,
                view: match self.view {
                    Some(Look::Line | Look::Stacked) => LogView::TimeSeries,
                    Some(Look::Bar) => LogView::Bar,
                    Some(Look::Pie) => LogView::Pie,
                    _ => LogView::Table,
                },
                stacked: self.view == Some(Look::Stacked),
                region: None,
            })
        } else {
            WidgetKind::Metric(self.metric()?)
        };
        Ok(Widget {
            place,
            title,
            kind,
            notes: Vec::new(),
        })
    }

    fn metric(self) -> Result<MetricWidget, String> {
        let ends = |e: Ends| Axis {
            label: e.label,
            min: e.min,
            max: e.max,
        };
        let limit = |m: Mark| Limit {
            value: m.value,
            to: None,
            label: m.label,
            fill: Fill::Nothing,
            right: m.right,
        };
        Ok(MetricWidget {
            view: match self.view {
                None | Some(Look::Line | Look::Stacked) => View::TimeSeries,
                Some(Look::Number) => View::SingleValue,
                Some(Look::Gauge) => View::Gauge,
                Some(Look::Bar) => View::Bar,
                Some(Look::Pie) => View::Pie,
                Some(Look::Table) => View::Table,
            },
            stacked: self.view == Some(Look::Stacked),
            sparkline: self.sparkline,
            rows: self
                .series
                .into_iter()
                .map(Line::row)
                .collect::<Result<_, _>>()?,
            left: ends(self.axis),
            right: ends(self.right),
            limits: self.limits.into_iter().map(limit).collect(),
            moments: Vec::new(),
            alarm: None,
            legend: Legend::Bottom,
            whole_range: self.whole_range,
            region: None,
        })
    }
}

impl Line {
    fn row(self) -> Result<MetricRow, String> {
        if let Some(id) = self.id.as_deref().filter(|id| !is_id(id)) {
            return Err(format!(
                "{id} is no id: a small letter, then letters, digits and _"
            ));
        }
        let stat = self.stat.unwrap_or_else(|| "Average".into());
        let period_s = self.period_s.unwrap_or(60);
        if period_s == 0 || !period_s.is_multiple_of(60) {
            return Err("period_s takes a multiple of 60".into());
        }
        let source = match (self.metric, self.expression) {
            (Some(metric), None) => {
                let (namespace, name) = metric
                    .rsplit_once('/')
                    .ok_or_else(|| format!("{metric} is no metric: NAMESPACE/NAME"))?;
                if self.each.is_empty() {
                    let dimensions = self.dimensions.iter();
                    let pairs: Vec<_> = dimensions.map(|(k, v)| (k.as_str(), v.as_str())).collect();
                    Source::Metric(MetricId::new(namespace, name, &pairs))
                } else {
                    let schema = self.each.join(",");
                    let fixed: String = self
                        .dimensions
                        .iter()
                        .map(|(k, v)| format!(" {k}=\"{v}\""))
                        .collect();
                    Source::Expression(format!(
                        "SEARCH('{{{namespace},{schema}}} MetricName=\"{name}\"{fixed}', '{stat}', {period_s})"
                    ))
                }
            }
            (None, Some(expression)) => Source::Expression(expression),
            _ => return Err("a series needs metric or expression, not both".into()),
        };
        Ok(MetricRow {
            id: self.id,
            source,
            stat,
            period_s,
            label: self.label,
            right: self.right,
            visible: !self.hidden,
            region: self.region,
            account: None,
        })
    }
}
