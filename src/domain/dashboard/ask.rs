//! From a dashboard to what is asked for its sake: GetMetricData for its series, Logs Insights for its log widgets.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::expression::{is_alone, is_insights};
use super::metrics::is_id;
use super::widget::{LogWidget, MetricRow, MetricWidget, Source, View, Widget, WidgetKind};
use super::{Dashboard, DashboardId};
use crate::domain::alarm::{Alarm, AlarmRule};
use crate::domain::metric::{MetricId, Window};

/// Points of one series that a chart can use.
const POINTS: u32 = 1_440;

/// What one query asks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum DataSource {
    /// A metric under a statistic in the vendor's words.
    Metric(MetricId, String),
    /// Metric math.
    Expression(String),
}

/// One query of a widget, as GetMetricData takes it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DataQuery {
    /// Its id within the widget.
    pub id: String,
    /// Which row of the widget it is.
    pub row: usize,
    /// What.
    pub source: DataSource,
    /// Seconds a point.
    pub period_s: u32,
    /// How the result is to be called; may hold dynamic labels.
    pub label: Option<String>,
    /// Account, where it is another one.
    pub account: Option<String>,
    /// Whether its result is wanted, or only part of others.
    pub returned: bool,
}

/// The queries of a widget in one region.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WidgetAsk {
    /// Which widget of the dashboard.
    pub widget: usize,
    /// Region; `None`: the environment's own.
    pub region: Option<String>,
    /// Whether it must not share a question with others.
    pub alone: bool,
    /// Queries; each id once.
    pub queries: Vec<DataQuery>,
}

/// The query of a log widget.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LogAsk {
    /// Which widget of the dashboard.
    pub widget: usize,
    /// Region; `None`: the environment's own.
    pub region: Option<String>,
    /// Log groups.
    pub groups: Vec<String>,
    /// In the language of Logs Insights.
    pub query: String,
}

/// All that is asked for a dashboard that is on screen.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BoardAsk {
    /// Which dashboard.
    pub dashboard: DashboardId,
    /// Which time.
    pub window: Window,
    /// Series.
    pub widgets: Vec<Arc<WidgetAsk>>,
    /// Log queries.
    pub logs: Vec<LogAsk>,
}

impl BoardAsk {
    /// What a dashboard needs over a window. `least_s` is the shortest period that the range of time allows; `alarms` lend
    /// their metric to widgets that show an alarm.
    pub fn of(
        id: &DashboardId,
        dashboard: &Dashboard,
        window: Window,
        least_s: u32,
        alarms: &[Arc<Alarm>],
    ) -> Self {
        let scope = Scope {
            keeps: dashboard.keeps_periods,
            length_s: window.length_s,
            least_s,
        };
        let mut ask = Self {
            dashboard: id.clone(),
            window,
            widgets: Vec::new(),
            logs: Vec::new(),
        };
        for (n, widget) in dashboard.widgets.iter().enumerate() {
            match &widget.kind {
                WidgetKind::Metric(m) => {
                    let asks = scope.widget(n, m, alarms);
                    ask.widgets.extend(asks.into_iter().map(Arc::new));
                }
                WidgetKind::Log(log) => ask.logs.push(of_log(n, log)),
                _ => {}
            }
        }
        ask
    }

    /// Whether there is anything to ask.
    pub fn is_empty(&self) -> bool {
        self.widgets.is_empty() && self.logs.is_empty()
    }

    /// The shortest period, seconds.
    pub fn shortest_s(&self) -> u32 {
        let all = self.widgets.iter().flat_map(|w| &w.queries);
        all.map(|q| q.period_s).min().unwrap_or(300)
    }
}

fn of_log(widget: usize, log: &LogWidget) -> LogAsk {
    LogAsk {
        widget,
        region: log.region.clone(),
        groups: log.groups.clone(),
        query: log.query.clone(),
    }
}

impl Widget {
    /// The alarm that a widget draws, if it draws one and it is known.
    pub fn alarm<'a>(&self, alarms: &'a [Arc<Alarm>]) -> Option<&'a Arc<Alarm>> {
        match &self.kind {
            WidgetKind::Metric(m) => named(m.alarm.as_deref()?, alarms),
            _ => None,
        }
    }
}

fn named<'a>(name: &str, alarms: &'a [Arc<Alarm>]) -> Option<&'a Arc<Alarm>> {
    alarms.iter().find(|a| a.name == name)
}

struct Scope {
    keeps: bool,
    length_s: u32,
    least_s: u32,
}

impl Scope {
    fn period(&self, m: &MetricWidget, asked: u32) -> u32 {
        if m.whole_range && m.view != View::TimeSeries && !m.adds_up() {
            return self.length_s.div_ceil(60).max(1) * 60;
        }
        let period = if self.keeps {
            asked
        } else {
            asked.max(self.least_s)
        };
        // More points than a chart has room for cost and show nothing.
        let fewest = self.length_s.div_ceil(POINTS);
        if period >= fewest {
            period.max(1)
        } else {
            fewest.div_ceil(60) * 60
        }
    }

    /// Queries by region: a question goes to one.
    fn widget(&self, n: usize, m: &MetricWidget, alarms: &[Arc<Alarm>]) -> Vec<WidgetAsk> {
        let mut taken: BTreeSet<String> = m.rows.iter().filter_map(|r| r.id.clone()).collect();
        let mut used = BTreeSet::new();
        let mut asks: Vec<WidgetAsk> = Vec::new();
        let mut put = |region: &Option<String>, alone: bool, query: DataQuery| {
            let place = asks.iter_mut().find(|a| &a.region == region);
            match place {
                Some(ask) => {
                    ask.alone |= alone;
                    ask.queries.push(query);
                }
                None => asks.push(WidgetAsk {
                    widget: n,
                    region: region.clone(),
                    alone,
                    queries: vec![query],
                }),
            }
        };
        for (i, row) in m.rows.iter().enumerate() {
            let own = row.id.clone().filter(|id| used.insert(id.clone()));
            let id = own.unwrap_or_else(|| free(i, &mut taken));
            let alone = matches!(&row.source, Source::Expression(e) if is_alone(e));
            put(&row.region, alone, self.query(m, i, row, id));
        }
        let watched = m.alarm.as_deref().and_then(|name| named(name, alarms));
        if let Some(AlarmRule::Metric { query: Some(q), .. }) = watched.map(|a| &a.rule) {
            let query = DataQuery {
                id: free(m.rows.len(), &mut taken),
                row: m.rows.len(),
                source: DataSource::Metric(q.metric.clone(), q.stat.word()),
                period_s: self.period(m, q.period_s),
                label: None,
                account: None,
                returned: true,
            };
            put(&m.region, false, query);
        }
        // A question that wants nothing back is refused.
        asks.retain(|a| a.queries.iter().any(|q| q.returned));
        asks
    }

    fn query(&self, m: &MetricWidget, i: usize, row: &MetricRow, id: String) -> DataQuery {
        DataQuery {
            id,
            row: i,
            source: match &row.source {
                Source::Metric(metric) => DataSource::Metric(metric.clone(), row.stat.clone()),
                Source::Expression(e) => DataSource::Expression(e.clone()),
            },
            period_s: self.period(m, row.period_s),
            label: row.label.clone(),
            account: row.account.clone(),
            returned: row.visible,
        }
    }
}

/// An id that no row of the widget has.
fn free(row: usize, taken: &mut BTreeSet<String>) -> String {
    let mut n = row;
    loop {
        let id = format!("row{n}");
        debug_assert!(is_id(&id));
        if taken.insert(id.clone()) {
            return id;
        }
        n += 1_000;
    }
}

impl DataQuery {
    /// Whether the vendor takes a period with it: a metric, or a Metrics Insights query.
    pub fn is_insights(&self) -> bool {
        matches!(&self.source, DataSource::Expression(e) if is_insights(e))
    }
}
