//! State of the metrics screen.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::charts::{ChartSpec, asked, charts, is_container, short, usual};
use super::span::Span;
use crate::domain::metric::{MetricId, MetricQuery, Stat};
use crate::ui::overlays::picker::{Choice, Choices};
use crate::ui::screens::Cx;
use crate::ui::widgets::ListState;

/// Statistics in the order in which the key goes through them; before the first, each line has its own.
const STATS: [Stat; 7] = [
    Stat::Average,
    Stat::Percentile(500),
    Stat::Percentile(950),
    Stat::Percentile(990),
    Stat::Maximum,
    Stat::Minimum,
    Stat::Sum,
];

/// What names the usual charts in the picker.
const USUAL: &str = "usual";

/// The metrics screen.
#[derive(Debug, Default)]
pub struct Metrics {
    /// What the chosen series are called together; empty for the usual ones.
    pub(super) title: String,
    /// What somebody chose; empty for the usual ones.
    pub(super) chosen: Vec<MetricQuery>,
    /// Whether they were picked one by one: then lines of one unit share a chart.
    pub(super) picked: bool,
    /// One statistic for all lines.
    pub(super) stat: Option<Stat>,
    pub(super) span: Span,
    /// The time pointed at.
    pub(super) cursor: Option<Timestamp>,
    /// Which chart keys go to, by its title.
    pub(super) focus: ListState<String>,
    /// Whether that chart fills the screen.
    pub(super) single: bool,
    /// Which of its lines is selected.
    pub(super) line: ListState<MetricQuery>,
    /// What is asked and drawn, made anew with each picture.
    pub(super) asked: Vec<MetricQuery>,
    pub(super) specs: Vec<ChartSpec>,
    pub(super) titles: Vec<String>,
    /// Services that the usual charts are of, and all, where some are left out.
    pub(super) left_out: Option<(usize, usize)>,
}

impl Metrics {
    /// Makes questions and charts of what is chosen.
    pub(super) fn arrange(&mut self, cx: &Cx<'_>) {
        let facts = &cx.snapshot.facts;
        self.left_out = None;
        self.asked = if self.chosen.is_empty() {
            let (all, left_out) = usual(facts);
            self.left_out = left_out;
            asked(&all, self.stat.as_ref(), &self.span)
        } else {
            asked(&self.chosen, self.stat.as_ref(), &self.span)
        };
        self.specs = charts(facts, &self.asked, !self.picked);
        self.titles = self
            .specs
            .iter()
            .enumerate()
            .map(|(i, s)| format!("{i} {}", s.title))
            .collect();
    }

    /// The chart that keys go to.
    pub(super) fn current(&self) -> Option<&ChartSpec> {
        self.specs.get(self.focus.index())
    }

    /// Whether one chart fills the screen, because it was opened or there is no other.
    pub(super) fn is_single(&self) -> bool {
        self.single || self.specs.len() == 1
    }

    /// The next statistic.
    pub(super) fn next_stat(&mut self) {
        self.stat = match &self.stat {
            None => STATS.first().cloned(),
            Some(now) => {
                let at = STATS.iter().position(|s| s == now);
                at.and_then(|i| STATS.get(i + 1)).cloned()
            }
        };
    }

    /// Moves the time pointed at by points, at least one and at most a hundredth of the range.
    pub(super) fn point(&mut self, right: bool, cx: &Cx<'_>) {
        self.cursor = self.span.point(self.cursor, right, cx.now);
    }

    /// Lets go of a time that is no longer in sight.
    pub(super) fn keep_cursor(&mut self, cx: &Cx<'_>) {
        self.cursor = self.span.keep(self.cursor, cx.now);
    }

    /// Metrics that can be chosen, as the picker shows them.
    pub(super) fn metric_choices(cx: &Cx<'_>) -> Choices {
        let part = &cx.snapshot.facts.metric_names;
        let names = part.value.as_ref().map_or(&[][..], |v| v.as_slice());
        let usual = Choice {
            id: USUAL.into(),
            group: "usual".into(),
            text: "golden signals, CPU and memory of the services".into(),
            detail: String::new(),
            whole: String::new(),
        };
        let items = std::iter::once(usual).chain(choices(names)).collect();
        let note = match (&part.error, &part.value) {
            (Some(p), _) => format!("▲ {}: {}", p.what, p.why),
            (None, None) => "asking CloudWatch for the names of all metrics ...".into(),
            (None, Some(v)) if v.is_empty() => {
                "CloudWatch knows no metric here that had data in the last two weeks".into()
            }
            // Where there are more than are listed, the source says so.
            _ => part
                .source
                .split_once('(')
                .map_or(String::new(), |(_, more)| {
                    format!("only {} are listed", more.trim_end_matches(')'))
                }),
        };
        Choices { items, note }
    }

    /// Takes what was marked in the picker.
    pub(super) fn choose(&mut self, ids: &[String], cx: &Cx<'_>) -> Result<(), String> {
        self.stat = None;
        self.single = false;
        self.focus = ListState::default();
        if ids.iter().any(|id| id == USUAL) {
            self.chosen.clear();
            self.title.clear();
            self.picked = false;
            return Ok(());
        }
        let names = cx.snapshot.facts.metric_names.value.as_ref();
        let known = |id: &String| {
            let before = self.chosen.iter().find(|q| &q.metric.to_string() == id);
            before.cloned().or_else(|| {
                let metric = names?.iter().find(|m| &m.to_string() == id)?.clone();
                let stat = if is_count(&metric.name) {
                    Stat::Sum
                } else {
                    Stat::Average
                };
                Some(MetricQuery {
                    metric,
                    stat,
                    period_s: 60,
                })
            })
        };
        let chosen: Vec<_> = ids.iter().filter_map(known).collect();
        if chosen.is_empty() {
            return Err("these metrics are not known any more".into());
        }
        self.title = match chosen.as_slice() {
            [one] => one.metric.name.clone(),
            all => format!("{} metrics", all.len()),
        };
        self.chosen = chosen;
        self.picked = true;
        Ok(())
    }
}

/// A choice each of the metrics: the name, and what it is about as people call it, the thing itself before where it lies. Two that
/// would read alike are not shortened.
fn choices(names: &[MetricId]) -> Vec<Choice> {
    let brief = |m: &MetricId| {
        let (mut own, mut around) = (Vec::new(), Vec::new());
        for (k, v) in &m.dimensions {
            match is_container(k, &m.dimensions) {
                true => around.push(short(k, v)),
                false => own.push(short(k, v)),
            }
        }
        own.extend(around);
        match own.is_empty() {
            true => m.name.clone(),
            false => format!("{}  {}", m.name, own.join(" · ")),
        }
    };
    let whole = |m: &MetricId| {
        let dimensions = m.dimensions.iter();
        dimensions.fold(m.name.clone(), |all, (k, v)| format!("{all} {k}={v}"))
    };
    let mut alike: BTreeMap<(String, String), usize> = BTreeMap::new();
    for m in names {
        *alike.entry((m.namespace.clone(), brief(m))).or_default() += 1;
    }
    let choice = |m: &MetricId| {
        let (brief, whole) = (brief(m), whole(m));
        let key = (m.namespace.clone(), brief);
        let one = alike.get(&key).is_none_or(|n| *n == 1);
        Choice {
            id: m.to_string(),
            group: m.namespace.clone(),
            text: if one { key.1 } else { whole.clone() },
            detail: String::new(),
            whole,
        }
    };
    names.iter().map(choice).collect()
}

/// Whether a metric counts events, of which a mean says nothing.
fn is_count(name: &str) -> bool {
    name.ends_with("Count") && !name.contains("Task") && !name.contains("Host")
}
