//! State of the screen of promises.

use jiff::{SignedDuration, Timestamp};

use super::row;
use crate::domain::facts::Facts;
use crate::domain::metric::{MetricQuery, Stat, Window};
use crate::domain::slo::{SIX_HOURS_S, Slo, SloKind, THREE_DAYS_S};
use crate::plan::checklist::CriterionStatus;
use crate::plan::promises;
use crate::ui::commands::Command;
use crate::ui::screens::Cx;
use crate::ui::sorting::Sorting;
use crate::ui::widgets::ListState;

/// Columns of the terminal from which chart and figures are shown side by side.
pub(super) const WIDE: u16 = 110;

/// A row: a promise, or a success metric that somebody else tells of.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Item {
    Promise(SloKind),
    Criterion(String),
}

/// How far back the chart reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Range {
    #[default]
    SixHours,
    ThreeDays,
    Whole,
}

impl Range {
    pub fn nearer(self) -> Option<Self> {
        match self {
            Self::SixHours => None,
            Self::ThreeDays => Some(Self::SixHours),
            Self::Whole => Some(Self::ThreeDays),
        }
    }

    pub fn farther(self) -> Option<Self> {
        match self {
            Self::SixHours => Some(Self::ThreeDays),
            Self::ThreeDays => Some(Self::Whole),
            Self::Whole => None,
        }
    }

    /// Length, seconds; `wanted_s` is the promises' own window.
    pub fn length_s(self, wanted_s: u64) -> u32 {
        match self {
            Self::SixHours => SIX_HOURS_S,
            Self::ThreeDays => THREE_DAYS_S,
            Self::Whole => u32::try_from(wanted_s).unwrap_or(u32::MAX),
        }
    }

    /// Seconds a point, as the promises have them.
    pub fn period_s(self) -> u32 {
        match self {
            Self::SixHours => 300,
            Self::ThreeDays | Self::Whole => 3_600,
        }
    }
}

/// Percentiles of the response time that are drawn.
pub(super) const PERCENTILES: [Stat; 3] = [
    Stat::Percentile(500),
    Stat::Percentile(950),
    Stat::Percentile(990),
];

/// Points of a line, oldest first.
pub(super) type Points = Vec<(Timestamp, f64)>;

/// Columns that the promises can be sorted by, after their own order.
pub(super) const PROMISED: &[&str] = &["", "state", "promise", "left", "burn 1h", "6h", "3d"];

/// The same of what others tell of.
pub(super) const OTHERS: &[&str] = &["", "state", "other success metrics"];

/// The screen of promises.
#[derive(Debug, Default)]
pub struct Promises {
    pub(super) items: Vec<Item>,
    pub(super) list: ListState<Item>,
    /// By what the promises are sorted, and what others tell of.
    pub(super) promised_by: Sorting,
    pub(super) others_by: Sorting,
    pub(super) range: Range,
    /// Whether figures are shown where there is no room for them beside the chart.
    pub(super) figures: bool,
    /// p50, p95 and p99 of the response time in milliseconds over the range, the worst of the load balancers.
    pub(super) percentiles: [Points; 3],
}

/// The promises as judged.
pub(super) fn slos<'a>(cx: &Cx<'a>) -> &'a [Slo] {
    cx.snapshot.facts.slos.rows()
}

/// Their own window, seconds.
pub(super) fn wanted_s(cx: &Cx<'_>) -> u64 {
    slos(cx).first().map_or(30 * 86_400, |s| s.wanted_s)
}

impl Promises {
    /// Lists promises and the other success metrics, and joins the percentiles.
    pub(super) fn arrange(&mut self, cx: &Cx<'_>) {
        let value = |s: &&Slo, by: &str| row::promise_value(s, by, cx);
        let name = |s: &&Slo| s.kind.word().to_owned();
        let promised: Vec<&Slo> = slos(cx).iter().collect();
        let promised = self.promised_by.arrange(promised, PROMISED, value, name);
        let value = |c: &&CriterionStatus, by: &str| row::other_value(c, by, cx);
        let name = |c: &&CriterionStatus| c.title.clone();
        let others: Vec<&CriterionStatus> = promises::others(&cx.snapshot.checklist).collect();
        let others = self.others_by.arrange(others, OTHERS, value, name);
        let promised = promised.into_iter().map(|s| Item::Promise(s.kind));
        let others = others.into_iter().map(|c| Item::Criterion(c.id.clone()));
        self.items = promised.chain(others).collect();
        self.percentiles =
            PERCENTILES.map(|stat| worst(&cx.snapshot.facts, &self.wanted(cx), &stat));
    }

    /// Whether the selected row is one of the promises.
    fn is_on_promise(&self) -> bool {
        matches!(self.items.get(self.list.index()), Some(Item::Promise(_)))
    }

    /// Sorts the table of the selected row; `false` for a command about anything else.
    pub(super) fn turn(&mut self, command: Command) -> bool {
        match self.is_on_promise() {
            true => self.promised_by.turn(command, PROMISED.len()),
            false => self.others_by.turn(command, OTHERS.len()),
        }
    }

    /// Whether that table stands in its own order.
    pub(super) fn is_in_own_order(&self) -> bool {
        match self.is_on_promise() {
            true => self.promised_by.by(PROMISED).is_empty(),
            false => self.others_by.by(OTHERS).is_empty(),
        }
    }

    /// How many of the rows are promises; they come first.
    pub(super) fn promised(&self) -> usize {
        let promise = |i: &&Item| matches!(i, Item::Promise(_));
        self.items.iter().filter(promise).count()
    }

    /// The promise that is selected.
    pub(super) fn slo<'a>(&self, cx: &Cx<'a>) -> Option<&'a Slo> {
        match self.list.selected()? {
            Item::Promise(kind) => slos(cx).iter().find(|s| s.kind == *kind),
            Item::Criterion(_) => None,
        }
    }

    /// The criterion that is selected, or that the selected promise is proved by.
    pub(super) fn criterion<'a>(&self, cx: &Cx<'a>) -> Option<&'a CriterionStatus> {
        let list = &cx.snapshot.checklist;
        match self.list.selected()? {
            Item::Promise(kind) => promises::criterion(list, *kind),
            Item::Criterion(id) => list.criterion(id),
        }
    }

    /// The range on screen.
    pub(super) fn window(&self, cx: &Cx<'_>) -> Window {
        Window {
            length_s: self.range.length_s(wanted_s(cx)),
            until: None,
        }
    }

    /// Its left end.
    pub(super) fn from(&self, cx: &Cx<'_>) -> Timestamp {
        let length = SignedDuration::from_secs(i64::from(self.window(cx).length_s));
        cx.now.saturating_sub(length).unwrap_or(Timestamp::MIN)
    }

    /// The percentiles as they are asked over the range.
    pub(super) fn wanted(&self, cx: &Cx<'_>) -> Vec<MetricQuery> {
        let response = slos(cx).iter().find(|s| s.kind == SloKind::ResponseTime);
        let all = response.map_or(&[][..], |s| &s.queries);
        all.iter()
            .filter(|q| PERCENTILES.contains(&q.stat))
            .map(|q| MetricQuery {
                period_s: self.range.period_s(),
                ..q.clone()
            })
            .collect()
    }
}

/// The largest value of all series of a statistic at each time, milliseconds: percentiles of several load balancers cannot be
/// joined, but none is worse than the worst.
fn worst(facts: &Facts, wanted: &[MetricQuery], stat: &Stat) -> Points {
    let charts = facts.charts.value.as_ref().map_or(&[][..], |c| &c.series);
    let mut joined = std::collections::BTreeMap::new();
    for query in wanted.iter().filter(|q| q.stat == *stat) {
        let found = charts.iter().find(|s| s.query == *query);
        for (at, seconds) in found.iter().flat_map(|s| s.points.iter()) {
            let slot = joined.entry(*at).or_insert(f64::MIN);
            *slot = f64::max(*slot, seconds * 1000.0);
        }
    }
    joined.into_iter().collect()
}
