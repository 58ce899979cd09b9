//! Where things stand on the health map: boxes from left to right where there is room, lines of a tree where there is not.

use ratatui::layout::{Constraint, Layout, Position, Rect};

use crate::present::map::{Graph, Node};
use crate::ui::screens::Cx;

/// Columns of the terminal from which on boxes are drawn.
const WIDE: u16 = 120;
/// Lines of a box: the least, and the most that it makes use of.
const BOX: (u16, u16) = (5, 8);
/// Columns of a box at most: longer lines are hard to read.
const BROAD: u16 = 34;
/// The least that the selected step's panel takes.
const DETAIL: u16 = 7;

/// Where a step stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Spot {
    pub id: &'static str,
    /// Place from left to right.
    pub column: u16,
    /// Place from top to bottom.
    pub row: u16,
    /// Its box, or its line.
    pub area: Rect,
}

/// The whole screen.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// The panel of the map.
    pub map: Rect,
    /// What must be known first.
    pub headline: Rect,
    /// The panel of the selected step.
    pub detail: Rect,
    /// The line above what stands beside the path; none where nothing does, and in the tree.
    pub rule: Option<u16>,
    wide: bool,
    spots: Vec<Spot>,
}

/// Column and row of each step of the path, the first of each 0; rows in use.
fn grid(graph: &Graph) -> (Vec<(&'static str, u16, u16)>, u16) {
    let depth = |node: &Node| {
        let above = |n: &&Node| graph.node(n.asked_by?);
        std::iter::successors(Some(node), above).count() - 1
    };
    let path: Vec<&Node> = graph.nodes.iter().filter(|n| !n.beside).collect();
    let mut places: Vec<(&'static str, u16, i32)> = Vec::new();
    for column in 0..=path.iter().map(|n| depth(n)).max().unwrap_or(0) {
        let here: Vec<&&Node> = path.iter().filter(|n| depth(n) == column).collect();
        // What goes on to the right stands on the middle line, which the requests run along; leaves stand around it.
        let trunk = here.iter().position(|n| graph.asked_by(n.id).count() > 0);
        for (at, n) in here.iter().enumerate() {
            let row = match (trunk, here.len()) {
                (Some(trunk), _) => at as i32 - trunk as i32,
                (None, 1 | 2) => at as i32,
                (None, all) => at as i32 - (all as i32 - 1) / 2,
            };
            places.push((n.id, column as u16, row));
        }
    }
    let top = places.iter().map(|p| p.2).min().unwrap_or(0);
    let bottom = places.iter().map(|p| p.2).max().unwrap_or(0);
    let place = |(id, column, row): (&'static str, u16, i32)| (id, column, (row - top) as u16);
    let rows = (bottom - top + 1) as u16;
    (places.into_iter().map(place).collect(), rows)
}

impl Plan {
    /// Finds a place for everything.
    pub fn of(graph: &Graph, cx: &Cx<'_>) -> Self {
        Self::wide(graph, cx).unwrap_or_else(|| Self::tree(graph, cx))
    }

    /// Whether boxes are drawn.
    pub fn is_wide(&self) -> bool {
        self.wide
    }

    /// Where every step stands.
    pub fn spots(&self) -> &[Spot] {
        &self.spots
    }

    /// Where a step stands.
    pub fn spot(&self, id: &str) -> Option<&Spot> {
        self.spots.iter().find(|s| s.id == id)
    }

    /// The step at a position.
    pub fn at(&self, position: Position) -> Option<&'static str> {
        let hit = self.spots.iter().find(|s| s.area.contains(position));
        hit.map(|s| s.id)
    }

    /// Boxes, where they fit.
    fn wide(graph: &Graph, cx: &Cx<'_>) -> Option<Self> {
        let body = cx.body;
        if body.width < WIDE {
            return None;
        }
        let (places, rows) = grid(graph);
        let beside: Vec<&Node> = graph.nodes.iter().filter(|n| n.beside).collect();
        let headline = 3;
        let below = if beside.is_empty() { 0 } else { 2 };
        let room = body.height.checked_sub(2 + headline + 1 + below + DETAIL)?;
        let height = ((room + 1) / rows).checked_sub(1)?.min(BOX.1);
        if height < BOX.0 {
            return None;
        }
        // What is left over parts the rows.
        let part = match rows {
            1 => 1,
            rows => ((room - rows * height) / (rows - 1)).clamp(1, 3),
        };
        let path = rows * height + (rows - 1) * part;
        let [map, detail] = Layout::vertical([
            Constraint::Length(2 + headline + 1 + path + below),
            Constraint::Fill(1),
        ])
        .areas(body);
        let (x, width) = (map.x + 2, map.width - 4);
        let columns = places.iter().map(|p| p.1).max().unwrap_or(0) + 1;
        let gap = match body.width {
            w if w < 150 => 9,
            w if w < 190 => 11,
            _ => 13,
        };
        let broad = (width.checked_sub(gap * (columns - 1))? / columns).min(BROAD);
        let indent = (width - broad * columns - gap * (columns - 1)) / 2;
        let top = map.y + 1 + headline + 1;
        let mut spots: Vec<Spot> = places
            .into_iter()
            .map(|(id, column, row)| Spot {
                id,
                column,
                row,
                area: Rect::new(
                    x + indent + column * (broad + gap),
                    top + row * (height + part),
                    broad,
                    height,
                ),
            })
            .collect();
        let y = top + path + 1;
        let share = width / (beside.len().max(1) as u16);
        for (at, n) in beside.iter().enumerate() {
            let at = at as u16;
            spots.push(Spot {
                id: n.id,
                // Under the box that is nearest above.
                column: at * columns.saturating_sub(1) / (beside.len() as u16 - 1).max(1),
                row: rows,
                area: Rect::new(x + at * share, y, share, 1),
            });
        }
        Some(Self {
            map,
            headline: Rect::new(x, map.y + 1, width, headline),
            detail,
            rule: (!beside.is_empty()).then_some(y - 1),
            wide: true,
            spots,
        })
    }

    /// A line a step.
    fn tree(graph: &Graph, cx: &Cx<'_>) -> Self {
        let body = cx.body;
        let steps = graph.nodes.len() as u16;
        let headline = if body.height >= steps + 10 { 3 } else { 2 };
        let [map, detail] = Layout::vertical([
            Constraint::Length((2 + headline + 1 + steps).min(body.height)),
            Constraint::Fill(1),
        ])
        .areas(body);
        let top = map.y + 1 + headline + 1;
        let spots = graph.nodes.iter().zip(0..).map(|(n, row)| Spot {
            id: n.id,
            column: 0,
            row,
            area: Rect::new(map.x + 1, top + row, map.width.saturating_sub(2), 1),
        });
        Self {
            map,
            headline: Rect::new(map.x + 2, map.y + 1, map.width.saturating_sub(4), headline),
            detail,
            rule: None,
            wide: false,
            spots: spots.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(id: &'static str, asked_by: Option<&'static str>, beside: bool) -> Node {
        Node {
            id,
            asked_by,
            beside,
            ..Node::default()
        }
    }

    #[test]
    fn what_goes_on_stands_on_one_line_and_leaves_around_it() {
        let graph = Graph::of(vec![
            node("browser", None, false),
            node("cloudflare", Some("browser"), false),
            node("vercel", Some("cloudflare"), false),
            node("balancer", Some("cloudflare"), false),
            node("ecs", Some("balancer"), false),
            node("postgres", Some("ecs"), false),
            node("redis", Some("ecs"), false),
            node("s3", Some("ecs"), false),
            node("slack", None, true),
        ]);
        let (places, rows) = grid(&graph);
        let row = |id: &str| places.iter().find(|p| p.0 == id).map(|p| (p.1, p.2));
        assert_eq!(rows, 3);
        for (id, place) in [
            ("browser", (0, 1)),
            ("cloudflare", (1, 1)),
            ("vercel", (2, 0)),
            ("balancer", (2, 1)),
            ("ecs", (3, 1)),
            ("postgres", (4, 0)),
            ("redis", (4, 1)),
            ("s3", (4, 2)),
        ] {
            assert_eq!(row(id), Some(place), "{id}");
        }
        assert_eq!(row("slack"), None);
    }

    #[test]
    fn a_lonely_path_is_one_line() {
        let graph = Graph::of(vec![
            node("browser", None, false),
            node("balancer", Some("browser"), false),
            node("ecs", Some("balancer"), false),
        ]);
        assert_eq!(grid(&graph).1, 1);
        assert_eq!(grid(&Graph::default()), (Vec::new(), 1));
    }
}
