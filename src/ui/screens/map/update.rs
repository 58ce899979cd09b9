//! What commands do to the health map.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use super::model::HealthMap;
use super::plan::Plan;
use super::view;
use crate::present::Place;
use crate::present::map::{Edge, Node};
use crate::ui::commands::Command;
use crate::ui::effect::Effect;
use crate::ui::screens::{Cx, Nav, Screen, ScreenId};

impl Screen for HealthMap {
    fn id(&self) -> ScreenId {
        ScreenId::Map
    }

    fn offers(&self) -> &'static [Command] {
        use Command::*;
        &[Open, Metrics, Describe, Copy]
    }

    fn disabled(&self, command: Command, _cx: &Cx<'_>) -> Option<String> {
        match (command, self.selected()) {
            (_, None) => Some("nothing is known of the path yet".into()),
            (Command::Metrics, Some(n)) if n.queries.is_empty() => {
                Some("no series of CloudWatch tells of it".into())
            }
            _ => None,
        }
    }

    fn sync(&mut self, cx: &Cx<'_>) {
        self.arrange(cx);
    }

    fn update(&mut self, command: Command, cx: &Cx<'_>) -> Vec<Effect> {
        if self.motion(command, &Plan::of(&self.graph, cx)) {
            return Vec::new();
        }
        let Some(node) = self.selected() else {
            return Vec::new();
        };
        let effect = match command {
            Command::Open => Effect::Go(own_screen(node)),
            Command::Metrics if !node.queries.is_empty() => Effect::Go(metrics(node)),
            Command::Describe => {
                let known = Known {
                    step: node,
                    way_here: self.graph.edge_to(node.id),
                };
                Effect::describe(node.title, &known)
            }
            Command::Copy => Effect::Copy(self.sentence(node)),
            _ => return Vec::new(),
        };
        vec![effect]
    }

    fn arrive(&mut self, nav: &Nav, _cx: &Cx<'_>) -> Vec<Effect> {
        if let Nav::Row(place) = nav
            && let Some(id) = self.graph.node(&place.row).map(|n| n.id)
        {
            self.select(id);
        }
        Vec::new()
    }

    fn click(&mut self, at: Position, twice: bool, cx: &Cx<'_>) -> Vec<Effect> {
        let Some(id) = Plan::of(&self.graph, cx).at(at) else {
            return Vec::new();
        };
        self.select(id);
        if twice {
            self.update(Command::Open, cx)
        } else {
            Vec::new()
        }
    }

    fn view(&self, cx: &Cx<'_>, buf: &mut Buffer) {
        view::view(self, cx, buf);
    }
}

/// Everything known of a step.
#[derive(serde::Serialize)]
struct Known<'a> {
    step: &'a Node,
    way_here: Option<&'a Edge>,
}

fn metrics(node: &Node) -> Nav {
    Nav::Metrics {
        title: node.title.to_owned(),
        queries: node.queries.clone(),
    }
}

/// The screen that tells more of a step.
fn own_screen(node: &Node) -> Nav {
    match (node.id, node.view) {
        (_, Some(view)) => node.about().map_or(Nav::View(view), Nav::Row),
        // What a browser gets is what was promised.
        ("browser", _) => Nav::Screen(ScreenId::Slo),
        ("balancer", _) if !node.queries.is_empty() => metrics(node),
        _ => Nav::Screen(ScreenId::Services),
    }
}

/// Where Enter leads, in a word.
pub(super) fn leads_to(node: &Node) -> &'static str {
    match own_screen(node) {
        Nav::View(id) | Nav::Row(Place { view: id, .. }) => {
            crate::present::View::named(id).map_or("", |v| v.title)
        }
        nav => nav.screen().title(),
    }
}

impl HealthMap {
    /// A step in a sentence, for the clipboard.
    fn sentence(&self, node: &Node) -> String {
        let mut text = format!("{}: {}: {}", node.title, node.state, node.says);
        if node.starts && !node.reaches.is_empty() {
            let names = self.graph.names(&node.reaches);
            text.push_str(&format!("; a fault starts here and reaches {names}"));
        }
        if !node.reached_by.is_empty() {
            let names = self.graph.names(&node.reached_by);
            text.push_str(&format!("; reached from {names}"));
        }
        let (latency, errors) = (node.measure.response(), node.measure.errors());
        if let Some(latency) = latency {
            text.push_str(&format!("; response {latency}"));
        }
        if let Some(errors) = errors {
            text.push_str(&format!("; errors {errors}"));
        }
        text
    }
}
