//! What commands do to the metrics screen.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use super::charts::found;
use super::marks::services_of;
use super::model::Metrics;
use super::view;
use crate::domain::interest::Interest;
use crate::ui::commands::Command;
use crate::ui::effect::Effect;
use crate::ui::overlays::picker::{Choices, Picker};
use crate::ui::screens::{Cx, Nav, Screen, ScreenId};
use crate::ui::widgets::{ListState, clock};

/// The picker's tag.
const PICK: &str = "metrics";

impl Screen for Metrics {
    fn id(&self) -> ScreenId {
        ScreenId::Metrics
    }

    fn crumbs(&self) -> Vec<String> {
        let mut crumbs = Vec::new();
        if self.single && self.specs.len() > 1 {
            crumbs.extend(self.current().map(|s| s.title.clone()));
        }
        // Esc lets go of the time first.
        crumbs.extend(self.cursor.map(|at| format!("at {}", clock(at, at))));
        crumbs
    }

    fn offers(&self) -> &'static [Command] {
        use Command::*;
        &[
            Pick, Open, ZoomIn, ZoomOut, PanLeft, PanRight, Stat, Left, Right, NextPane, Logs,
            Describe, Copy,
        ]
    }

    fn disabled(&self, command: Command, cx: &Cx<'_>) -> Option<String> {
        use Command::*;
        match command {
            Pick => None,
            _ if self.specs.is_empty() => Some("there is no chart".into()),
            Open if self.is_single() => Some("nothing deeper".into()),
            NextPane if self.specs.len() == 1 => Some("there is one chart".into()),
            ZoomIn if !self.span.can_zoom(true) => Some("this is the shortest range".into()),
            ZoomOut if !self.span.can_zoom(false) => Some("this is the longest range".into()),
            PanRight if self.span.follows() => Some("the right end is now".into()),
            Logs => self.logs(cx).err(),
            _ => None,
        }
    }

    fn sync(&mut self, cx: &Cx<'_>) {
        self.arrange(cx);
        self.focus.settle(self.titles.iter(), self.titles.len());
        let lines: Vec<_> = self
            .current()
            .map(|s| s.lines.iter().map(|l| l.query.clone()).collect())
            .unwrap_or_default();
        self.line.settle(lines.iter(), lines.len());
        self.keep_cursor(cx);
    }

    fn update(&mut self, command: Command, cx: &Cx<'_>) -> Vec<Effect> {
        use Command::*;
        match command {
            Left | Right => self.point(command == Right, cx),
            ZoomIn | ZoomOut => self.span.zoom(command == ZoomIn, self.cursor, cx.now),
            PanLeft | PanRight => self.span.pan(command == PanLeft, cx.now),
            Stat => self.next_stat(),
            Open => self.single = true,
            NextPane | PrevPane => {
                let n = self.titles.len().max(1);
                let by = if command == NextPane { 1 } else { n - 1 };
                self.focus
                    .jump((self.focus.index() + by) % n, self.titles.iter());
                self.line = ListState::default();
            }
            Back if self.cursor.is_some() => self.cursor = None,
            Back => self.single = false,
            Pick => return vec![self.pick()],
            Logs => return self.logs(cx).into_iter().map(Effect::Go).collect(),
            Describe | Copy => return self.tell(command, cx),
            _ if self.is_single() => {
                let lines: Vec<_> = self
                    .current()
                    .map(|s| s.lines.iter().map(|l| l.query.clone()).collect())
                    .unwrap_or_default();
                self.line.motion(command, lines.iter());
            }
            _ => {
                self.focus.motion(command, self.titles.iter());
            }
        }
        Vec::new()
    }

    fn arrive(&mut self, nav: &Nav, _cx: &Cx<'_>) -> Vec<Effect> {
        if let Nav::Metrics { title, queries } = nav {
            *self = Self {
                title: title.clone(),
                chosen: queries.clone(),
                span: self.span.following(),
                ..Self::default()
            };
        }
        Vec::new()
    }

    fn submit(
        &mut self,
        _tag: &'static str,
        values: &[String],
        cx: &Cx<'_>,
    ) -> Result<Vec<Effect>, String> {
        self.choose(values, cx)?;
        Ok(Vec::new())
    }

    fn choices(&self, _tag: &'static str, cx: &Cx<'_>) -> Choices {
        Self::metric_choices(cx)
    }

    fn click(&mut self, at: Position, twice: bool, cx: &Cx<'_>) -> Vec<Effect> {
        if self.is_single() {
            self.cursor = view::large_plot(self, cx)
                .and_then(|plot| self.span.at(super::span::share_of(plot, at)?, cx.now));
        } else if let Some(index) = view::chart_at(self, at, cx) {
            self.focus.jump(index, self.titles.iter());
            self.single = twice;
        }
        Vec::new()
    }

    fn interests(&self, _cx: &Cx<'_>) -> Vec<Interest> {
        if self.asked.is_empty() {
            return Vec::new();
        }
        vec![Interest::Metrics {
            queries: self.asked.clone(),
            window: self.span.window(),
        }]
    }

    fn view(&self, cx: &Cx<'_>, buf: &mut Buffer) {
        view::view(self, cx, buf);
    }
}

impl Metrics {
    fn pick(&self) -> Effect {
        let marked = self.chosen.iter().map(|q| q.metric.to_string()).collect();
        Effect::Pick(Box::new(Picker::new(
            ScreenId::Metrics,
            PICK,
            "Metrics",
            marked,
            vec![Interest::MetricNames],
        )))
    }

    /// Where the logs are of what the selected line is about: those of the time pointed at, else of where the range ends.
    fn logs(&self, cx: &Cx<'_>) -> Result<Nav, String> {
        let line = self.current().and_then(|s| s.lines.get(self.line.index()));
        let about = line.map(|l| services_of(&cx.snapshot.facts, &l.query.metric));
        let Some(id) = about.into_iter().flatten().next() else {
            return Err("its metric belongs to no service that is known here".into());
        };
        Ok(match self.cursor.or(self.span.window().until) {
            Some(at) => Nav::LogsAt(id, at),
            None => Nav::LogsOf(id),
        })
    }

    /// The selected line as JSON, or by name.
    fn tell(&self, command: Command, cx: &Cx<'_>) -> Vec<Effect> {
        let Some(wanted) = self.current().and_then(|s| s.lines.get(self.line.index())) else {
            return Vec::new();
        };
        let series = found(&cx.snapshot.facts, &wanted.query);
        vec![match (command, series) {
            (Command::Copy, _) => Effect::Copy(wanted.query.metric.to_string()),
            (_, Some(series)) => Effect::describe(wanted.name.clone(), series),
            (_, None) => Effect::describe(wanted.name.clone(), &wanted.query),
        }]
    }
}
