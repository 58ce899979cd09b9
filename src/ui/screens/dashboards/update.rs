//! What commands do to the dashboards screen.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use serde_json::json;

use super::model::{Dashboards, Opened, own, viewport};
use super::{grid, list, metric, page, view};
use crate::domain::dashboard::DashboardId;
use crate::domain::interest::Interest;
use crate::ui::commands::Command;
use crate::ui::effect::Effect;
use crate::ui::overlays::picker::{Choice, Choices};
use crate::ui::screens::metrics::span::share_of;
use crate::ui::screens::{Cx, Nav, Screen, ScreenId};
use crate::ui::widgets::clock;

/// Between a variable's id and its value in what the picker calls a choice.
const IS: char = '=';

impl Screen for Dashboards {
    fn id(&self) -> ScreenId {
        ScreenId::Dashboards
    }

    fn crumbs(&self) -> Vec<String> {
        let Some(o) = &self.open else {
            return Vec::new();
        };
        let mut crumbs = vec![o.id.name().to_owned()];
        if o.single {
            crumbs.extend(o.widget().map(|(_, w)| match w.title.as_str() {
                "" => w.kind.word().to_owned(),
                title => title.to_owned(),
            }));
            // Esc lets go of the time first.
            crumbs.extend(o.cursor.map(|at| format!("at {}", clock(at, at))));
        }
        crumbs
    }

    fn offers(&self) -> &'static [Command] {
        use Command::*;
        if self.open.as_ref().is_some_and(Opened::is_over_time) {
            &[
                Open, Left, Right, ZoomIn, ZoomOut, PanLeft, PanRight, Metrics, Pick, Describe,
                Copy,
            ]
        } else if self.open.is_some() {
            &[
                Open, NextPane, ZoomIn, ZoomOut, PanLeft, PanRight, Metrics, Pick, Describe, Copy,
            ]
        } else {
            &[Open, Describe, Copy, Sort, Reverse]
        }
    }

    fn disabled(&self, command: Command, cx: &Cx<'_>) -> Option<String> {
        use Command::*;
        let Some(o) = &self.open else {
            return self
                .list
                .selected()
                .is_none()
                .then(|| "there is no dashboard".into());
        };
        match command {
            ZoomIn if !o.span.can_zoom(true) => Some("this is the shortest range".into()),
            ZoomOut if !o.span.can_zoom(false) => Some("this is the longest range".into()),
            PanRight if o.span.follows() => Some("the right end is now".into()),
            Pick if !o
                .board
                .as_ref()
                .is_some_and(|b| b.variables.iter().any(|v| v.visible)) =>
            {
                Some("this dashboard has no variables".into())
            }
            ZoomIn | ZoomOut | PanLeft | PanRight | Pick => None,
            _ if o.widget().is_none() => Some("there is no widget".into()),
            Metrics if self.series(cx).is_empty() => {
                Some("this widget has no metric of its own".into())
            }
            NextPane if o.single => Some("one widget fills the screen".into()),
            Open if o.single && self.deeper(cx).is_none() => Some("nothing deeper".into()),
            _ => None,
        }
    }

    fn sync(&mut self, cx: &Cx<'_>) {
        self.visible = list::ids(cx, &self.filter, self.sort);
        self.list.settle(self.visible.iter(), list::height(cx));
        if let Some(o) = &mut self.open {
            o.sync(cx);
        }
    }

    fn update(&mut self, command: Command, cx: &Cx<'_>) -> Vec<Effect> {
        if self.open.is_some() {
            return self.inside(command, cx);
        }
        if self.list.motion(command, self.visible.iter()) {
            return Vec::new();
        }
        if self.sort.turn(command, list::SORTS.len()) {
            return Vec::new();
        }
        let Some(id) = self.list.selected().cloned() else {
            return Vec::new();
        };
        match command {
            Command::Open => self.open = Some(Opened::new(id)),
            Command::Copy => return vec![Effect::Copy(id.name().to_owned())],
            Command::Describe => return vec![describe(&id, cx)],
            _ => {}
        }
        Vec::new()
    }

    fn arrive(&mut self, nav: &Nav, _cx: &Cx<'_>) -> Vec<Effect> {
        if let Nav::Dashboard(id) = nav {
            self.list.select(id.clone());
            self.open = Some(Opened::new(id.clone()));
        }
        Vec::new()
    }

    fn filter(&self) -> Option<&str> {
        self.open.is_none().then_some(self.filter.as_str())
    }

    fn ranks(&self) -> bool {
        false
    }

    fn set_filter(&mut self, text: &str) {
        if self.filter != text {
            self.filter = text.to_owned();
            self.list.filtered(text);
        }
    }

    fn submit(
        &mut self,
        _tag: &'static str,
        values: &[String],
        _cx: &Cx<'_>,
    ) -> Result<Vec<Effect>, String> {
        let Some(o) = &mut self.open else {
            return Ok(Vec::new());
        };
        let free: Vec<String> = o
            .board
            .iter()
            .flat_map(|b| &b.variables)
            .filter(|v| v.visible && v.choices.is_empty())
            .map(|v| v.id.clone())
            .collect();
        let picked = values.iter().filter_map(|v| v.split_once(IS));
        let mut any = false;
        for (id, value) in picked {
            if o.board
                .iter()
                .any(|b| b.variables.iter().any(|v| v.id == id))
            {
                o.values.insert(id.to_owned(), value.to_owned());
                any = true;
            }
        }
        if let (false, [id, ..], [value, ..]) = (any, free.as_slice(), values) {
            if value.is_empty() {
                return Err("a value is needed".into());
            }
            o.values.insert(id.clone(), value.clone());
        }
        o.refill();
        Ok(Vec::new())
    }

    fn choices(&self, _tag: &'static str, _cx: &Cx<'_>) -> Choices {
        let board = self.open.as_ref().and_then(|o| o.board.as_ref());
        let variables = board
            .iter()
            .flat_map(|b| &b.variables)
            .filter(|v| v.visible);
        let items = variables.flat_map(|v| {
            v.choices.iter().map(|(value, label)| Choice {
                id: format!("{}{IS}{value}", v.id),
                whole: String::new(),
                group: v.label.clone(),
                text: label.clone(),
                detail: if v.value.as_deref() == Some(value) {
                    "now".into()
                } else {
                    String::new()
                },
            })
        });
        Choices {
            items: items.collect(),
            note: "one value a variable; the last one marked counts".into(),
        }
    }

    fn click(&mut self, at: Position, twice: bool, cx: &Cx<'_>) -> Vec<Effect> {
        match &mut self.open {
            None => {
                let Some(index) = list::line_at(at, cx).and_then(|l| self.list.row_at(l)) else {
                    return Vec::new();
                };
                self.list.jump(index, self.visible.iter());
            }
            Some(o) if o.single => {
                o.cursor = metric::large_plot(o, cx)
                    .and_then(|plot| o.span.at(share_of(plot, at)?, cx.now));
                return Vec::new();
            }
            Some(o) => {
                let place = viewport(cx);
                let y = at.y.saturating_sub(place.y).saturating_add(o.top);
                let here = Position::new(at.x, y);
                let Some(i) = o.cells.iter().position(|c| c.area.contains(here)) else {
                    return Vec::new();
                };
                o.focus = i;
            }
        }
        if twice {
            self.update(Command::Open, cx)
        } else {
            Vec::new()
        }
    }

    fn interests(&self, _cx: &Cx<'_>) -> Vec<Interest> {
        let Some(o) = &self.open else {
            return vec![Interest::Dashboards];
        };
        let mut all = match &o.id {
            DashboardId::Aws(name) => vec![Interest::Dashboard(name.clone())],
            DashboardId::Own(_) => vec![Interest::Dashboards],
        };
        let ask = o.ask.iter().filter(|a| !a.is_empty());
        all.extend(ask.map(|a| Interest::Board(a.clone())));
        all
    }

    fn view(&self, cx: &Cx<'_>, buf: &mut Buffer) {
        match &self.open {
            None => list::view(self, cx, buf),
            Some(o) => view::view(o, cx, buf),
        }
    }
}

impl Dashboards {
    /// Commands while a dashboard is open.
    fn inside(&mut self, command: Command, cx: &Cx<'_>) -> Vec<Effect> {
        use Command::*;
        let place = viewport(cx);
        match command {
            Open => return self.enter(cx),
            Metrics => return self.hand_over(cx).into_iter().collect(),
            Describe | Copy => return self.tell(command, cx),
            Pick => return self.pick().into_iter().collect(),
            _ => {}
        }
        let Some(o) = &mut self.open else {
            return Vec::new();
        };
        match command {
            ZoomIn | ZoomOut => {
                o.span.zoom(command == ZoomIn, o.cursor, cx.now);
                o.chose_span = true;
            }
            PanLeft | PanRight => {
                o.span.pan(command == PanLeft, cx.now);
                o.chose_span = true;
            }
            Left | Right if o.is_over_time() => {
                o.cursor = o.span.point(o.cursor, command == Right, cx.now);
            }
            Back if o.cursor.is_some() => o.cursor = None,
            Back if o.single => (o.single, o.scroll) = (false, 0),
            Back => self.open = None,
            Up if o.single => o.scroll = o.scroll.saturating_sub(1),
            Down if o.single => o.scroll = o.scroll.saturating_add(1),
            PageUp if o.single => o.scroll = o.scroll.saturating_sub(place.height),
            PageDown if o.single => o.scroll = o.scroll.saturating_add(place.height),
            Top if o.single => o.scroll = 0,
            Up | Down | Left | Right => {
                let (right, down) = match command {
                    Left => (-1, 0),
                    Right => (1, 0),
                    Up => (0, -1),
                    _ => (0, 1),
                };
                if let Some(next) = grid::neighbour(&o.cells, o.focus, right, down) {
                    o.focus = next;
                }
            }
            NextPane | PrevPane if !o.cells.is_empty() && !o.single => {
                let n = o.cells.len();
                let by = if command == NextPane { 1 } else { n - 1 };
                o.focus = (o.focus + by) % n;
            }
            Top => o.focus = 0,
            Bottom => o.focus = o.cells.len().saturating_sub(1),
            PageUp | PageDown => {
                let rows = place.height;
                let from = o.cells.get(o.focus).map_or(0, |c| c.area.y);
                let wanted = if command == PageDown {
                    from.saturating_add(rows)
                } else {
                    from.saturating_sub(rows)
                };
                let distance = |i: &usize| {
                    let y = o.cells.get(*i).map_or(0, |c| c.area.y);
                    y.abs_diff(wanted)
                };
                if let Some(next) = (0..o.cells.len()).min_by_key(distance) {
                    o.focus = next;
                }
            }
            _ => {}
        }
        if let Some(o) = &mut self.open {
            o.scroll = o.scroll.min(page::longest(o, cx));
        }
        Vec::new()
    }
}

fn describe(id: &DashboardId, cx: &Cx<'_>) -> Effect {
    let entries = &cx.snapshot.facts.dashboards;
    match id {
        DashboardId::Aws(name) => {
            let entry = entries
                .value
                .iter()
                .flat_map(|v| v.iter())
                .find(|e| &e.name == name);
            Effect::describe(name.clone(), &json!({ "dashboard": entry }))
        }
        DashboardId::Own(name) => {
            let found = own(cx).iter().find(|o| &o.name == name);
            let read = found.and_then(|o| o.read.as_ref().ok()).map(AsRef::as_ref);
            let problem = found.and_then(|o| o.read.as_ref().err());
            let file = found.and_then(|o| o.file.clone());
            let all = json!({ "file": file, "dashboard": read, "problem": problem });
            Effect::describe(name.clone(), &all)
        }
    }
}
