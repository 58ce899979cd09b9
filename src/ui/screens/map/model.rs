//! State of the health map.

use super::plan::{Plan, Spot};
use crate::present::map::{Graph, Node, graph};
use crate::ui::commands::Command;
use crate::ui::screens::Cx;

/// The health map: the graph as it was last told, and the step that is selected.
#[derive(Debug, Default)]
pub struct HealthMap {
    pub(super) graph: Graph,
    /// The selected step, by its name: it stays selected whatever the next picture brings.
    chosen: Option<&'static str>,
}

impl HealthMap {
    /// Takes a picture.
    pub(super) fn arrange(&mut self, cx: &Cx<'_>) {
        self.graph = graph(&cx.snapshot.facts, cx.now);
        // Once something is known, the eye starts where the fault does; from then on nothing jumps.
        if self.chosen.is_none() && self.graph.is_answered() {
            self.chosen = self.graph.starts().next().map(|n| n.id);
            self.chosen = self.chosen.or(self.graph.nodes.first().map(|n| n.id));
        }
    }

    /// The selected step; the first one while the selected one is not there.
    pub(super) fn selected(&self) -> Option<&Node> {
        let chosen = self.chosen.and_then(|id| self.graph.node(id));
        chosen.or(self.graph.nodes.first())
    }

    pub(super) fn select(&mut self, id: &'static str) {
        self.chosen = Some(id);
    }

    /// Does a motion; `false` for other commands.
    pub(super) fn motion(&mut self, command: Command, plan: &Plan) -> bool {
        let first = self.graph.nodes.first().map(|n| n.id);
        let last = self.graph.nodes.last().map(|n| n.id);
        let target = match command {
            Command::Top | Command::PageUp => first,
            Command::Bottom | Command::PageDown => last,
            Command::Up | Command::Down | Command::Left | Command::Right => match plan.is_wide() {
                true => self.neighbour(command, plan),
                false => self.relative(command),
            },
            _ => return false,
        };
        if let Some(id) = target {
            self.chosen = Some(id);
        }
        true
    }

    /// In the tree: the line above or below, who asks this step, what it asks.
    fn relative(&self, command: Command) -> Option<&'static str> {
        let here = self.selected()?;
        let at = self.graph.nodes.iter().position(|n| n.id == here.id)?;
        let line = |at: usize| self.graph.nodes.get(at).map(|n| n.id);
        match command {
            Command::Up => line(at.checked_sub(1)?),
            Command::Down => line(at + 1),
            Command::Left => here.asked_by,
            _ => {
                let mut asked = self.graph.asked_by(here.id);
                // Down the path of the fault, where there is one.
                let hurt = self.graph.asked_by(here.id).find(|n| n.suffers());
                hurt.or_else(|| asked.next()).map(|n| n.id)
            }
        }
    }

    /// Among the boxes: the nearest one in a direction.
    fn neighbour(&self, command: Command, plan: &Plan) -> Option<&'static str> {
        let here = plan.spot(self.selected()?.id)?;
        let steps = |spot: &Spot| {
            let column = i32::from(spot.column) - i32::from(here.column);
            let row = i32::from(spot.row) - i32::from(here.row);
            match command {
                Command::Left => (column < 0).then_some(column.abs() * 3 + row.abs() * 2),
                Command::Right => (column > 0).then_some(column.abs() * 3 + row.abs() * 2),
                Command::Up => (row < 0).then_some(row.abs() * 2 + column.abs() * 3),
                _ => (row > 0).then_some(row.abs() * 2 + column.abs() * 3),
            }
        };
        let ahead = plan.spots().iter().filter_map(|s| Some((steps(s)?, s.id)));
        ahead
            .min_by_key(|(distance, _)| *distance)
            .map(|(_, id)| id)
    }
}
