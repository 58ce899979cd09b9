//! State of the dashboards screen.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use ratatui::layout::Rect;

use super::grid::{self, Cell};
use crate::domain::dashboard::{
    BoardAsk, Dashboard, DashboardId, LogTable, OwnDashboard, View, Widget, WidgetData, WidgetKind,
};
use crate::domain::facts::Facts;
use crate::domain::part::Part;
use crate::domain::problem::Problem;
use crate::ui::screens::Cx;
use crate::ui::screens::metrics::span::Span;
use crate::ui::sorting::Sorting;
use crate::ui::widgets::ListState;

/// The dashboards screen.
#[derive(Debug, Default)]
pub struct Dashboards {
    pub(super) visible: Vec<DashboardId>,
    pub(super) list: ListState<DashboardId>,
    pub(super) sort: Sorting,
    pub(super) filter: String,
    pub(super) open: Option<Opened>,
}

/// A dashboard that was opened.
#[derive(Debug)]
pub(super) struct Opened {
    pub id: DashboardId,
    /// As written; what `board` was made of.
    written: Option<Arc<Dashboard>>,
    /// With the variables' values in it.
    pub board: Option<Arc<Dashboard>>,
    /// Values that somebody chose, by the variable's id.
    pub values: BTreeMap<String, String>,
    pub span: Span,
    /// Whether somebody chose the range; else it is the author's.
    pub chose_span: bool,
    pub cells: Vec<Cell>,
    pub height: u16,
    /// Which widget keys go to.
    pub focus: usize,
    /// First row of the board that is shown.
    pub top: u16,
    /// Whether that widget fills the screen.
    pub single: bool,
    /// First row of it that is shown, where it is longer than the screen.
    pub scroll: u16,
    /// The time pointed at in it.
    pub cursor: Option<Timestamp>,
    pub ask: Option<Arc<BoardAsk>>,
}

impl Opened {
    pub fn new(id: DashboardId) -> Self {
        Self {
            id,
            written: None,
            board: None,
            values: BTreeMap::new(),
            span: Span::default(),
            chose_span: false,
            cells: Vec::new(),
            height: 0,
            focus: 0,
            top: 0,
            single: false,
            scroll: 0,
            cursor: None,
            ask: None,
        }
    }

    /// Reads the dashboard again with other values.
    pub fn refill(&mut self) {
        self.board = self
            .written
            .as_ref()
            .map(|d| Arc::new(d.with(&self.values)));
    }

    /// Takes a new picture or size.
    pub fn sync(&mut self, cx: &Cx<'_>) {
        let now = written(cx, &self.id);
        if let Some(now) = now
            && !self.written.as_ref().is_some_and(|w| Arc::ptr_eq(w, now))
        {
            if let (false, Some(length)) = (self.chose_span, now.length_s) {
                self.span = Span::of(length);
            }
            self.written = Some(now.clone());
            self.refill();
        }
        self.cursor = self.span.keep(self.cursor, cx.now);
        let Some(board) = self.board.clone() else {
            return;
        };
        let place = viewport(cx);
        (self.cells, self.height) = grid::folded(&board.widgets, place.width, place.height);
        self.focus = self.focus.min(self.cells.len().saturating_sub(1));
        self.keep_in_sight(place.height);
        let alarms = cx.snapshot.facts.alarm_rows();
        let (window, least) = (self.span.window(), self.span.period_s());
        let ask = BoardAsk::of(&self.id, &board, window, least, alarms);
        if self.ask.as_deref() != Some(&ask) {
            self.ask = Some(Arc::new(ask));
        }
    }

    /// Scrolls as little as may be for the focused widget to be seen.
    pub fn keep_in_sight(&mut self, rows: u16) {
        let last = self.height.saturating_sub(rows);
        if let Some(cell) = self.cells.get(self.focus) {
            let lowest = cell.area.bottom().saturating_sub(rows).min(cell.area.y);
            self.top = self.top.clamp(lowest, cell.area.y.max(lowest));
            // The first row of widgets is never left half hidden above.
            if cell.area.y < rows.saturating_sub(cell.area.height) && lowest == 0 {
                self.top = 0;
            }
        }
        self.top = self.top.min(last);
    }

    /// Whether the widget that fills the screen is drawn over time: then a time can be pointed at.
    pub fn is_over_time(&self) -> bool {
        let kind = self.widget().map(|(_, w)| &w.kind);
        self.single && matches!(kind, Some(WidgetKind::Metric(m)) if m.view == View::TimeSeries)
    }

    pub fn widget(&self) -> Option<(usize, &Widget)> {
        let n = self.cells.get(self.focus)?.widget;
        Some((n, self.board.as_ref()?.widgets.get(n)?))
    }
}

/// Where the board is drawn: below its head.
pub(super) fn viewport(cx: &Cx<'_>) -> Rect {
    Rect {
        y: cx.body.y + 1,
        height: cx.body.height.saturating_sub(1),
        ..cx.body
    }
}

/// Every dashboard that is known by name: the account's, then our own.
pub fn known(facts: &Facts) -> impl Iterator<Item = DashboardId> {
    let aws = facts.dashboards.value.iter().flat_map(|v| v.iter());
    let own = facts.own_dashboards.value.iter().flat_map(|v| v.iter());
    aws.map(|e| DashboardId::Aws(e.name.clone()))
        .chain(own.map(|o| DashboardId::Own(o.name.clone())))
}

/// Our own dashboards, as read.
pub(super) fn own<'a>(cx: &Cx<'a>) -> &'a [OwnDashboard] {
    let part = &cx.snapshot.facts.own_dashboards;
    part.value.as_ref().map_or(&[], |v| v.as_slice())
}

/// A dashboard, if it was read.
pub(super) fn written<'a>(cx: &Cx<'a>, id: &DashboardId) -> Option<&'a Arc<Dashboard>> {
    match id {
        DashboardId::Aws(name) => cx.snapshot.facts.dashboard.get(name)?.value.as_ref(),
        DashboardId::Own(name) => {
            let found = own(cx).iter().find(|o| &o.name == name)?;
            found.read.as_ref().ok()
        }
    }
}

/// Why a dashboard was not read.
pub(super) fn unread(cx: &Cx<'_>, id: &DashboardId) -> Option<Problem> {
    match id {
        DashboardId::Aws(name) => cx.snapshot.facts.dashboard.get(name)?.error.clone(),
        DashboardId::Own(name) => {
            let found = own(cx).iter().find(|o| &o.name == name)?;
            found.read.as_ref().err().cloned()
        }
    }
}

/// The series of a widget of the dashboard that is open.
pub(super) fn data<'a>(
    cx: &Cx<'a>,
    id: &DashboardId,
    widget: usize,
) -> Option<&'a Arc<WidgetData>> {
    let board = cx.snapshot.facts.board.value.as_ref()?;
    let ask = board.ask.as_ref()?;
    (&ask.dashboard == id).then(|| board.widgets.get(&widget))?
}

/// The answer to a log query of the dashboard that is open.
pub(super) fn table<'a>(cx: &Cx<'a>, widget: usize) -> Option<&'a Part<Arc<LogTable>>> {
    cx.snapshot.facts.board_logs.get(&widget)
}
