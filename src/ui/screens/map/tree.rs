//! The path as a tree, a line a step: for terminals that have no room for boxes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::model::HealthMap;
use super::plan::Plan;
use super::view::{age, says, sign};
use crate::present::map::{ERRORS_WARN, Node};
use crate::ui::screens::Cx;
use crate::ui::widgets::{Column, Row, Table};

/// Columns of the terminal from which on there is room for where a figure is measured from in full.
const ROOMY: u16 = 100;

/// The columns; `absolute`: clock times instead of ages, which take more room.
fn columns(width: u16, absolute: bool) -> [Column; 7] {
    let (when, says) = match absolute {
        true => (Column::right("at", 11), 13),
        false => (Column::right("age", 4), 20),
    };
    [
        Column::left("state", 9),
        Column::left("step", 22),
        Column::right("response", 8),
        Column::left("", if width < ROOMY { 4 } else { 9 }),
        Column::right("errors", 7),
        when,
        Column::left("what it says", says).grow(1),
    ]
}

pub(super) fn draw(s: &HealthMap, plan: &Plan, cx: &Cx<'_>, buf: &mut Buffer) {
    let table = Table {
        columns: &columns(plan.map.width, cx.absolute),
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
            let row = row(s, n, plan.map.width, cx);
            table.draw_row(buf, spot.area, &row, chosen == Some(n.id), cx.theme);
        }
    }
}

fn row(s: &HealthMap, n: &Node, width: u16, cx: &Cx<'_>) -> Row {
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
    let whence = match (n.measure.from_here, n.measure.latency(), width < ROOMY) {
        (true, Some(_), true) => "here",
        (true, Some(_), false) => "from here",
        _ => "",
    };
    Row::new([
        sign(n, cx),
        (format!("{}{}", s.graph.twig(n.id), n.short), name),
        (n.measure.latency().unwrap_or_default(), t.text),
        (whence.to_owned(), t.muted),
        (n.measure.errors().unwrap_or_default(), errors),
        (age(n, cx), t.muted),
        says(n, cx),
    ])
}
