//! GetMetricData.

use super::errors::{invalid, missing};
use super::math::Line;
use super::page;
use super::query::{Asked, DataQuery, MetricAsk};
use super::store::MetricStore;
use crate::wire::{ApiError, Node, map};

/// Queries a request may hold.
const QUERIES: usize = 500;
/// Values a page may hold.
const POINTS: usize = 100_800;

/// Answers GetMetricData. Values come a page at a time, query by query: a page that ends within a query says `PartialData`
/// there and goes on with it on the next.
pub(super) fn answer(input: &Node, store: &MetricStore, now: f64) -> Result<Node, ApiError> {
    let nodes = input.get("MetricDataQueries").as_list();
    if nodes.is_empty() {
        return Err(missing("MetricDataQueries"));
    }
    if nodes.len() > QUERIES {
        return Err(invalid(format!(
            "The collection MetricDataQueries must not have a size greater than {QUERIES}."
        )));
    }
    let window = window(input)?;
    let descending = match input.get("ScanBy").as_text() {
        None | Some("TimestampDescending") => true,
        Some("TimestampAscending") => false,
        Some(other) => return Err(invalid(format!("{other} is no order to scan by."))),
    };
    let most = page::limit(input, "MaxDatapoints", POINTS, POINTS)?;
    let from = page::place(input)?;
    let queries = DataQuery::read_all(nodes)?;
    if !queries.iter().any(|q| q.return_data) {
        return Err(invalid("At least one query must return data."));
    }
    let as_asked = |ask: &MetricAsk| ask.period;
    let known_until = (window.0, window.1.min(now.floor() as i64 + 1));
    let asked = Asked::new(store, &queries, known_until, &as_asked);
    let mut pager = Pager {
        place: 0,
        from,
        until: from.saturating_add(most),
        results: Vec::new(),
    };
    for query in &queries {
        // Expressions are reckoned even if unreturned: their mistakes are the caller's to know.
        let lines = asked.answer(query)?;
        if query.return_data {
            for line in &lines {
                pager.add(&query.id, line, descending);
            }
        }
    }
    let more = pager.place > pager.until;
    Ok(map([
        ("MetricDataResults", Node::List(pager.results)),
        ("NextToken", more.then(|| page::token(pager.until)).into()),
        ("Messages", Node::List(Vec::new())),
    ]))
}

/// `StartTime..EndTime` in whole seconds.
pub(super) fn window(input: &Node) -> Result<(i64, i64), ApiError> {
    let at = |name: &str| match input.get(name) {
        Node::Null => Err(missing(name)),
        node => node
            .as_time()
            .ok_or_else(|| invalid(format!("{name} is no point in time."))),
    };
    let (from, until) = (at("StartTime")?, at("EndTime")?);
    if from >= until {
        return Err(invalid(
            "The parameter StartTime must be less than the parameter EndTime.",
        ));
    }
    Ok((from.floor() as i64, until.ceil() as i64))
}

/// All values in a row, of which a page is a part.
struct Pager {
    /// Values before the series at hand.
    place: usize,
    from: usize,
    until: usize,
    results: Vec<Node>,
}

impl Pager {
    fn add(&mut self, id: &str, line: &Line, descending: bool) {
        let (start, end) = (self.place, self.place + line.points.len());
        self.place = end;
        let first = self.from.clamp(start, end) - start;
        let last = self.until.clamp(start, end) - start;
        let empty_here = start == end && (self.from..=self.until).contains(&start);
        if first == last && !(empty_here && (self.from == 0 || start > self.from)) {
            return;
        }
        let mut times = Vec::with_capacity(last - first);
        let mut values = Vec::with_capacity(last - first);
        let mut put = |(t, v): &(i64, f64)| {
            times.push(Node::Time(*t as f64));
            values.push(Node::Float(*v));
        };
        let wanted = last - first;
        if descending {
            let newest_first = line.points.iter().rev();
            newest_first.skip(first).take(wanted).for_each(&mut put);
        } else {
            line.points
                .iter()
                .skip(first)
                .take(wanted)
                .for_each(&mut put);
        }
        let status = if end > self.until {
            "PartialData"
        } else {
            "Complete"
        };
        self.results.push(map([
            ("Id", Node::from(id)),
            ("Label", Node::from(&line.label)),
            ("Timestamps", Node::List(times)),
            ("Values", Node::List(values)),
            ("StatusCode", status.into()),
        ]));
    }
}
