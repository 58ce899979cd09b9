//! Metric data queries: what GetMetricData and metric-math alarms ask.

use std::collections::{BTreeMap, BTreeSet};

use super::errors::{invalid, missing};
use super::math::{self, Expr, Line, Metrics, Scene, Value};
use super::search::{self, Search};
use super::stat::Stat;
use super::store::{MetricKey, MetricStore};
use crate::wire::{ApiError, Node, list, map};

/// Series that a search gives at most.
const FOUND: usize = 100;

/// One query.
#[derive(Clone, Debug, PartialEq)]
pub struct DataQuery {
    /// Its name among the others.
    pub id: String,
    /// What it asks.
    pub ask: Ask,
    /// How the caller wants it called.
    pub label: Option<String>,
    /// Whether it is part of the answer, or only of other queries.
    pub return_data: bool,
}

/// What a query asks.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// One metric.
    Metric(MetricAsk),
    /// Metric math.
    Math {
        /// As written.
        text: String,
        /// As understood.
        expr: Expr,
    },
}

/// A metric, a statistic and a period.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricAsk {
    /// Which metric.
    pub key: MetricKey,
    /// Which statistic.
    pub stat: Stat,
    /// In seconds.
    pub period: i64,
    /// Only data of this unit.
    pub unit: Option<String>,
}

impl DataQuery {
    /// Reads one out of a request.
    pub(super) fn read(node: &Node) -> Result<Self, ApiError> {
        let id = node.get("Id").as_text().ok_or_else(|| missing("Id"))?;
        let starts_well = id.starts_with(|c: char| c.is_ascii_lowercase());
        if !starts_well || !id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(invalid(format!(
                "The value {id} for parameter MetricDataQueries Id must start with a lowercase letter and hold letters, digits and underscores only."
            )));
        }
        let ask = match (node.get("MetricStat"), node.get("Expression").as_text()) {
            (Node::Map(_), Some(_)) => {
                return Err(invalid(format!(
                    "The query {id} has both MetricStat and Expression."
                )));
            }
            (stat @ Node::Map(_), None) => Ask::Metric(metric_stat(stat)?),
            (_, Some(text)) => Ask::Math {
                text: text.to_owned(),
                expr: math::parse(text).map_err(|why| in_expression(id, &why))?,
            },
            (_, None) => {
                return Err(invalid(format!(
                    "The query {id} has neither MetricStat nor Expression."
                )));
            }
        };
        Ok(Self {
            id: id.to_owned(),
            ask,
            label: node.get("Label").as_text().map(str::to_owned),
            return_data: node.get("ReturnData").as_bool().unwrap_or(true),
        })
    }

    /// Reads several; their ids must differ.
    pub(super) fn read_all(nodes: &[Node]) -> Result<Vec<Self>, ApiError> {
        let queries = nodes
            .iter()
            .map(Self::read)
            .collect::<Result<Vec<_>, _>>()?;
        let mut ids = BTreeSet::new();
        match queries.iter().find(|q| !ids.insert(&q.id)) {
            Some(twice) => Err(invalid(format!("The id {} is used twice.", twice.id))),
            None => Ok(queries),
        }
    }

    /// As it is shown in an alarm.
    pub(super) fn node(&self) -> Node {
        let base = map([("Id", Node::from(&self.id))]);
        let asked = match &self.ask {
            Ask::Metric(m) => base.with(
                "MetricStat",
                map([
                    ("Metric", metric_node(&m.key)),
                    ("Period", m.period.into()),
                    ("Stat", m.stat.to_string().into()),
                    ("Unit", m.unit.clone().into()),
                ]),
            ),
            Ask::Math { text, .. } => base.with("Expression", text),
        };
        asked
            .with("Label", self.label.clone())
            .with("ReturnData", self.return_data)
    }
}

/// `Namespace`, `MetricName` and `Dimensions`.
pub(super) fn metric_node(key: &MetricKey) -> Node {
    map([
        ("Namespace", Node::from(&key.namespace)),
        ("MetricName", Node::from(&key.name)),
        ("Dimensions", dimensions_node(key)),
    ])
}

/// The dimensions of a metric.
pub(super) fn dimensions_node(key: &MetricKey) -> Node {
    list(
        key.dims
            .iter()
            .map(|(n, v)| map([("Name", Node::from(n)), ("Value", Node::from(v))])),
    )
}

/// The metric that a structure with `Namespace`, `MetricName` and `Dimensions` names.
pub(super) fn metric_key(node: &Node) -> Result<MetricKey, ApiError> {
    let part = |name: &str| node.get(name).as_text().ok_or_else(|| missing(name));
    let mut dims = Vec::new();
    for d in node.get("Dimensions").as_list() {
        let (name, value) = (d.get("Name").as_text(), d.get("Value").as_text());
        dims.push((
            name.ok_or_else(|| missing("Dimensions.Name"))?,
            value.ok_or_else(|| missing("Dimensions.Value"))?,
        ));
    }
    if dims.len() > 30 {
        return Err(invalid("A metric has at most 30 dimensions."));
    }
    Ok(MetricKey::new(
        part("Namespace")?,
        part("MetricName")?,
        &dims,
    ))
}

/// A period in seconds: 1, 5, 10, 20, 30 or a multiple of 60.
pub(super) fn period(node: &Node) -> Result<i64, ApiError> {
    match node.as_i64() {
        Some(p @ (1 | 5 | 10 | 20 | 30)) => Ok(p),
        Some(p) if p > 0 && p % 60 == 0 && p <= 86_400 * 30 => Ok(p),
        _ => Err(invalid(
            "Period must be 1, 5, 10, 20, 30 or a multiple of 60.",
        )),
    }
}

fn metric_stat(node: &Node) -> Result<MetricAsk, ApiError> {
    let stat = node.get("Stat").as_text().ok_or_else(|| missing("Stat"))?;
    Ok(MetricAsk {
        key: metric_key(node.get("Metric"))?,
        stat: Stat::parse(stat)
            .ok_or_else(|| invalid(format!("The statistic {stat} is not offered here.")))?,
        period: period(node.get("Period"))?,
        unit: node.get("Unit").as_text().map(str::to_owned),
    })
}

/// An expression's mistake, in the vendor's form.
pub(super) fn in_expression(id: &str, why: &str) -> ApiError {
    invalid(format!("Error in expression '{id}': {why}"))
}

/// All queries of a request, over one window.
pub(super) struct Asked<'a> {
    store: &'a MetricStore,
    by_id: BTreeMap<&'a str, &'a DataQuery>,
    queries: &'a [DataQuery],
    /// Names under which more than one metric is asked for.
    shared_names: BTreeSet<&'a str>,
    window: (i64, i64),
    /// For each metric, wider or narrower periods than asked for (alarms at the speed of a simulation).
    period_of: &'a dyn Fn(&MetricAsk) -> i64,
    /// Ids between a query and those that it rests on: a ring among them would never end.
    under_way: std::cell::RefCell<Vec<String>>,
    /// What expressions came to: each is worked out once, however many rest on it.
    known: std::cell::RefCell<BTreeMap<String, Result<Value, String>>>,
}

impl<'a> Asked<'a> {
    /// Over `window` in seconds since the epoch, its end no later than now.
    pub fn new(
        store: &'a MetricStore,
        queries: &'a [DataQuery],
        window: (i64, i64),
        period_of: &'a dyn Fn(&MetricAsk) -> i64,
    ) -> Self {
        Self {
            store,
            by_id: queries.iter().map(|q| (q.id.as_str(), q)).collect(),
            queries,
            shared_names: shared_names(queries),
            window,
            period_of,
            under_way: std::cell::RefCell::default(),
            known: std::cell::RefCell::default(),
        }
    }

    /// The answer to one of them: one series, or several where an expression gives an array.
    pub fn answer(&self, query: &DataQuery) -> Result<Vec<Line>, ApiError> {
        match &query.ask {
            Ask::Metric(ask) => Ok(vec![self.line(query, ask)]),
            Ask::Math { .. } => self
                .result(&query.id)
                .and_then(|v| v.lines().ok_or_else(|| "it gives no time series".into()))
                .map_err(|why| in_expression(&query.id, &why)),
        }
    }

    fn line(&self, query: &DataQuery, ask: &MetricAsk) -> Line {
        let period = (self.period_of)(ask);
        let (from, until) = self.window;
        // The grid of a period is that of the epoch; a period that has begun before the window belongs to it.
        let start = from - from.rem_euclid(period);
        Line {
            label: query
                .label
                .clone()
                .unwrap_or_else(|| self.default_label(ask)),
            period,
            points: self.store.points(
                &ask.key,
                ask.stat,
                (start, until),
                period,
                ask.unit.as_deref(),
            ),
        }
    }

    /// The metric's name; with the values of its dimensions where another query asks for the same name.
    fn default_label(&self, ask: &MetricAsk) -> String {
        if !self.shared_names.contains(ask.key.name.as_str()) || ask.key.dims.is_empty() {
            return ask.key.name.clone();
        }
        let mut label = String::new();
        for (_, value) in &ask.key.dims {
            label.push_str(value);
            label.push(' ');
        }
        label + &ask.key.name
    }
}

/// Names under which the queries ask for more than one metric.
fn shared_names(queries: &[DataQuery]) -> BTreeSet<&str> {
    let mut first: BTreeMap<&str, &MetricKey> = BTreeMap::new();
    let mut shared = BTreeSet::new();
    for query in queries {
        if let Ask::Metric(ask) = &query.ask {
            let name = ask.key.name.as_str();
            if *first.entry(name).or_insert(&ask.key) != &ask.key {
                shared.insert(name);
            }
        }
    }
    shared
}

impl Metrics for Asked<'_> {
    fn result(&self, id: &str) -> Result<Value, String> {
        let query = *self
            .by_id
            .get(id)
            .ok_or_else(|| format!("there is no query with the id {id}"))?;
        let expr = match &query.ask {
            Ask::Metric(ask) => return Ok(Value::One(self.line(query, ask))),
            Ask::Math { expr, .. } => expr,
        };
        if let Some(known) = self.known.borrow().get(id) {
            return known.clone();
        }
        {
            let mut under_way = self.under_way.borrow_mut();
            if under_way.iter().any(|u| u == id) {
                return Err(format!("{id} rests on itself"));
            }
            under_way.push(id.to_owned());
        }
        let (from, until) = self.window;
        let scene = Scene {
            metrics: self,
            from,
            until,
        };
        let value = scene.value(expr);
        self.under_way.borrow_mut().pop();
        let label = query.label.as_deref().unwrap_or(id);
        let value = value.map(|v| match v {
            Value::One(mut line) => {
                label.clone_into(&mut line.label);
                Value::One(line)
            }
            Value::Many(mut lines) => {
                if let Some(label) = &query.label {
                    let several = lines.len() > 1;
                    for line in &mut lines {
                        line.label = match several {
                            true => format!("{label} {}", line.label),
                            false => label.clone(),
                        };
                    }
                }
                Value::Many(lines)
            }
            other => other,
        });
        let mut known = self.known.borrow_mut();
        known.insert(id.to_owned(), value.clone());
        value
    }

    fn metrics(&self, contained: &str) -> Vec<Line> {
        let metrics = self.queries.iter().filter_map(|q| match &q.ask {
            Ask::Metric(ask) if q.id.contains(contained) => Some(self.line(q, ask)),
            _ => None,
        });
        metrics.collect()
    }

    fn search(&self, text: &str, stat: &str, period: Option<i64>) -> Result<Vec<Line>, String> {
        let search = Search::parse(text)?;
        let stat = Stat::parse(stat).ok_or_else(|| format!("{stat} is no statistic"))?;
        let (from, until) = self.window;
        // Without a period: what the vendor keeps for a window of that length.
        let usual = if until - from > 6 * 3_600 { 300 } else { 60 };
        let period = period.unwrap_or(usual);
        if period < 1 {
            return Err("the period of a search is a number of seconds".into());
        }
        let found = self.store.metrics().map(|(key, _)| key);
        let found: Vec<_> = found.filter(|key| search.finds(key)).take(FOUND).collect();
        let lines = found
            .iter()
            .zip(search::labels(&found))
            .map(|(key, label)| Line {
                label,
                period,
                points: self.store.points(
                    key,
                    stat,
                    (from - from.rem_euclid(period), until),
                    period,
                    None,
                ),
            });
        Ok(lines.collect())
    }
}
