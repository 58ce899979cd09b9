//! Where a widget leads: its series, its alarm, its variables, everything known of it.

use serde_json::json;

use super::model::{Dashboards, Opened, data, table};
use crate::domain::alarm::AlarmRule;
use crate::domain::dashboard::{Search, Source, WidgetKind};
use crate::domain::metric::{MetricQuery, Stat};
use crate::ui::commands::Command;
use crate::ui::effect::Effect;
use crate::ui::form::{Ask, Field, Form};
use crate::ui::overlays::picker::Picker;
use crate::ui::screens::{Cx, Nav, ScreenId};

/// The tag of the picker and of the form.
const VALUES: &str = "values";
/// Series that are handed to the metrics screen at most.
const HANDED: usize = 20;

/// Whether what the widget shows is reckoned from metrics.
fn reckons(o: &Opened) -> bool {
    let kind = o.widget().map(|(_, w)| &w.kind);
    let Some(WidgetKind::Metric(m)) = kind else {
        return false;
    };
    let mut rows = m.rows.iter().filter(|r| r.visible);
    rows.any(|r| matches!(r.source, Source::Expression(_)))
}

impl Dashboards {
    /// Deeper: a widget of metrics onto the metrics screen, one of alarms to its first alarm; anything else fills the screen. What
    /// is reckoned (metric math, a search) fills it first: its result is drawn nowhere else.
    pub(super) fn enter(&mut self, cx: &Cx<'_>) -> Vec<Effect> {
        let reckons = self.open.as_ref().is_some_and(|o| !o.single && reckons(o));
        if let Some(effect) = self.deeper(cx).filter(|_| !reckons) {
            return vec![effect];
        }
        if let Some(o) = &mut self.open {
            (o.single, o.scroll, o.cursor) = (true, 0, None);
        }
        Vec::new()
    }

    pub(super) fn deeper(&self, cx: &Cx<'_>) -> Option<Effect> {
        let o = self.open.as_ref()?;
        let (_, widget) = o.widget()?;
        match &widget.kind {
            WidgetKind::Metric(_) => self.hand_over(cx),
            WidgetKind::Alarms { names, .. } => {
                let rows = cx.snapshot.facts.alarm_rows();
                // Firing alarms come first among those that are known.
                let first = rows.iter().find(|a| names.contains(&a.name))?;
                Some(Effect::Go(Nav::Alarm(first.name.clone())))
            }
            _ => None,
        }
    }

    pub(super) fn hand_over(&self, cx: &Cx<'_>) -> Option<Effect> {
        let (_, widget) = self.open.as_ref()?.widget()?;
        let queries = self.series(cx);
        (!queries.is_empty()).then(|| {
            Effect::Go(Nav::Metrics {
                title: widget.title.clone(),
                queries,
            })
        })
    }

    /// The plain metrics that a widget draws or reckons with; those of a search, as far as their names are known.
    pub(super) fn series(&self, cx: &Cx<'_>) -> Vec<MetricQuery> {
        let Some((_, widget)) = self.open.as_ref().and_then(Opened::widget) else {
            return Vec::new();
        };
        let WidgetKind::Metric(m) = &widget.kind else {
            return Vec::new();
        };
        let facts = &cx.snapshot.facts;
        let names = facts
            .metric_names
            .value
            .as_ref()
            .map_or(&[][..], |v| v.as_slice());
        let mut all: Vec<MetricQuery> = Vec::new();
        for row in &m.rows {
            let period_s = row.period_s.max(60) / 60 * 60;
            match &row.source {
                Source::Metric(metric) => {
                    all.extend(Stat::parse(&row.stat).map(|stat| MetricQuery {
                        metric: metric.clone(),
                        stat,
                        period_s,
                    }))
                }
                Source::Expression(text) => {
                    let Some(search) = Search::parse(text) else {
                        continue;
                    };
                    let stat = search.stat.clone().unwrap_or(Stat::Average);
                    let found = names.iter().filter(|n| search.finds(n));
                    all.extend(found.take(HANDED).map(|metric| MetricQuery {
                        metric: metric.clone(),
                        stat: stat.clone(),
                        period_s,
                    }));
                }
            }
        }
        let watched = widget.alarm(facts.alarm_rows()).map(|a| &a.rule);
        if let Some(AlarmRule::Metric { query: Some(q), .. }) = watched {
            all.push(q.clone());
        }
        let mut seen = std::collections::HashSet::new();
        all.retain(|q| seen.insert(q.clone()));
        all.truncate(HANDED);
        all
    }

    pub(super) fn pick(&self) -> Option<Effect> {
        let board = self.open.as_ref()?.board.as_ref()?;
        let visible = || board.variables.iter().filter(|v| v.visible);
        if visible().any(|v| !v.choices.is_empty()) {
            // Nothing is marked: enter takes the value pointed at, and marks take one for each variable.
            return Some(Effect::Pick(Box::new(Picker::new(
                ScreenId::Dashboards,
                VALUES,
                "Variables",
                Vec::new(),
                Vec::new(),
            ))));
        }
        let free = visible().next()?;
        let value = free.value.clone().unwrap_or_default();
        Some(Effect::Ask(Form::new(
            free.label.clone(),
            Ask::Screen(ScreenId::Dashboards, VALUES),
            vec![Field::new(
                "value",
                value,
                "what stands in its place everywhere",
            )],
        )))
    }

    pub(super) fn tell(&self, command: Command, cx: &Cx<'_>) -> Vec<Effect> {
        let Some((o, (n, widget))) = self.open.as_ref().and_then(|o| Some((o, o.widget()?))) else {
            return Vec::new();
        };
        if command == Command::Copy {
            let text = serde_json::to_string(widget).unwrap_or_else(|_| widget.title.clone());
            return vec![Effect::Copy(text)];
        }
        let answer = table(cx, n).and_then(|t| t.value.as_deref());
        let all = json!({
            "widget": widget,
            "data": data(cx, &o.id, n).map(AsRef::as_ref),
            "log": answer.filter(|_| matches!(widget.kind, WidgetKind::Log(_))),
        });
        vec![Effect::describe(widget.title.clone(), &all)]
    }
}
