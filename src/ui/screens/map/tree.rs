//! The path as a tree, a line a step: for terminals that have no room for boxes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::model::HealthMap;
use super::plan::Plan;
use super::view::{age, says, sign};
use crate::present::map::{ERRORS_WARN, Node};
use crate::ui::screens::Cx;
use crate::ui::widgets::{Column, Row, Table};

const COLUMNS: &[Column] = &[
    Column::left("state", 9),
    Column::left("step", 22),
    Column::right("response", 8),
    Column::right("errors", 7),
    Column::right("age", 4),
    Column::left("what it says", 20).grow(1),
];

/// With clock times instead of ages.
const ABSOLUTE: &[Column] = &[
    Column::left("state", 9),
    Column::left("step", 22),
    Column::right("response", 8),
    Column::right("errors", 7),
    Column::right("at", 11),
    Column::left("what it says", 13).grow(1),
];

pub(super) fn draw(s: &HealthMap, plan: &Plan, cx: &Cx<'_>, buf: &mut Buffer) {
    let table = Table {
        columns: if cx.absolute { ABSOLUTE } else { COLUMNS },
        sort: None,
        selected: None,
        focus: true,
    };
    let last = plan.map.bottom().saturating_sub(1);
    let chosen = s.selected().map(|n| n.id);
    for (n, spot) in s.graph.nodes.iter().zip(plan.spots()) {
        if spot.row == 0 {
            let head = Rect {
                y: spot.area.y.saturating_sub(1),
                ..spot.area
            };
            table.draw_head(buf, head, cx.theme);
        }
        if spot.area.y < last {
            let row = row(s, n, cx);
            table.draw_row(buf, spot.area, &row, chosen == Some(n.id), cx.theme);
        }
    }
}

fn row(s: &HealthMap, n: &Node, cx: &Cx<'_>) -> Row {
    let t = cx.theme;
    let name = match (n.starts, n.suffers()) {
        (true, _) => t.critical,
        (false, true) => t.warn,
        (false, false) => t.strong,
    };
    let errors = match n.measure.errors_percent {
        Some(p) if p >= ERRORS_WARN => t.warn,
        _ => t.text,
    };
    Row::new([
        sign(n, cx),
        (format!("{}{}", s.graph.twig(n.id), n.short), name),
        (n.measure.latency().unwrap_or_default(), t.text),
        (n.measure.errors().unwrap_or_default(), errors),
        (age(n, cx), t.muted),
        says(n, cx),
    ])
}
