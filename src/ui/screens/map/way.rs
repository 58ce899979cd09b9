//! The ways between the boxes: light where all is well, dotted where nobody measures, heavy and named where a fault runs along them,
//! with the arrow turned to where it goes: back to the browser.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::plan::Plan;
use crate::domain::text::width;
use crate::present::Tone;
use crate::present::map::{Edge, Graph};
use crate::ui::screens::Cx;
use crate::ui::widgets::line;

/// Joints by the weight of their arms (0 none, 1 light, 2 heavy): first that of the left one, 1 or 2; then up, right and down as
/// a number to the base of three.
const JOINTS: [[char; 27]; 2] = [
    [
        '╴', '┐', '┒', '─', '┬', '┰', '╼', '┮', '┲', '┘', '┤', '┧', '┴', '┼', '╁', '┶', '┾', '╆',
        '┚', '┦', '┨', '┸', '╀', '╂', '┺', '╄', '╊',
    ],
    [
        '╸', '┑', '┓', '╾', '┭', '┱', '━', '┯', '┳', '┙', '┥', '┪', '┵', '┽', '╅', '┷', '┿', '╈',
        '┛', '┩', '┫', '┹', '╃', '╉', '┻', '╇', '╋',
    ],
];

/// A way with its places on the screen.
struct Drawn<'a> {
    edge: &'a Edge,
    /// Middle of the box that it leads to.
    y: u16,
    /// First column after the joint, and the last one before the box.
    from: u16,
    to: u16,
}

pub(super) fn draw(graph: &Graph, plan: &Plan, cx: &Cx<'_>, buf: &mut Buffer) {
    for node in &graph.nodes {
        let Some(here) = plan.spot(node.id) else {
            continue;
        };
        let (x, y) = (here.area.right(), middle(here.area));
        let leads = graph.edges.iter().filter(|e| e.from == node.id);
        let ways: Vec<Drawn<'_>> = leads
            .filter_map(|edge| {
                let to = plan.spot(edge.to)?.area;
                Some(Drawn {
                    edge,
                    y: middle(to),
                    from: x + 2,
                    to: to.x.checked_sub(1)?,
                })
            })
            .collect();
        if ways.is_empty() {
            continue;
        }
        joint(&ways, x, y, cx, buf);
        for way in &ways {
            across(way, cx, buf);
        }
    }
}

fn middle(area: Rect) -> u16 {
    area.y + area.height / 2
}

fn weight(edge: &Edge) -> usize {
    if edge.fault { 2 } else { 1 }
}

fn style(edge: &Edge, cx: &Cx<'_>) -> Style {
    match edge.tone {
        Tone::Bad => cx.theme.critical,
        Tone::Warn => cx.theme.warn,
        Tone::Unknown => cx.theme.unknown,
        _ => cx.theme.muted,
    }
}

fn put(buf: &mut Buffer, x: u16, y: u16, glyph: char, style: Style) {
    line(buf, x, y, 1, &[(glyph.to_string(), style)]);
}

/// Where the ways of one box part: its first column, and the line up and down beside it.
fn joint(ways: &[Drawn<'_>], x: u16, y: u16, cx: &Cx<'_>, buf: &mut Buffer) {
    let heaviest = |those: &mut dyn Iterator<Item = &Drawn<'_>>| {
        those.map(|w| weight(w.edge)).max().unwrap_or(0)
    };
    let up = heaviest(&mut ways.iter().filter(|w| w.y < y));
    let right = heaviest(&mut ways.iter().filter(|w| w.y == y));
    let down = heaviest(&mut ways.iter().filter(|w| w.y > y));
    let left = up.max(right).max(down);
    let ill = ways.iter().find(|w| w.edge.fault);
    let only = ways.first().filter(|_| ways.len() == 1);
    let stem = match (ill, only) {
        (Some(w), _) => style(w.edge, cx),
        (None, Some(w)) => style(w.edge, cx),
        (None, None) => cx.theme.muted,
    };
    let dotted = only.is_some_and(|w| w.edge.tone == Tone::Unknown && w.y == y);
    let first = match (ill.is_some(), dotted) {
        (true, _) => '◀',
        (false, true) => '╌',
        (false, false) => '─',
    };
    put(buf, x, y, first, stem);
    let glyph = left
        .checked_sub(1)
        .and_then(|l| JOINTS.get(l)?.get(up * 9 + right * 3 + down));
    put(
        buf,
        x + 1,
        y,
        if dotted {
            '╌'
        } else {
            *glyph.unwrap_or(&'─')
        },
        stem,
    );
    for way in ways.iter().filter(|w| w.y != y) {
        let style = style(way.edge, cx);
        let heavy = way.edge.fault;
        let between = if way.y < y {
            way.y + 1..y
        } else {
            y + 1..way.y
        };
        for at in between {
            let glyph = match (heavy, way.edge.tone) {
                (true, _) => '┃',
                (false, Tone::Unknown) => '┊',
                (false, _) => '│',
            };
            put(buf, x + 1, at, glyph, style);
        }
        let corner = match (heavy, way.y < y) {
            (true, true) => '┏',
            (true, false) => '┗',
            (false, true) => '┌',
            (false, false) => '└',
        };
        put(buf, x + 1, way.y, corner, style);
    }
}

/// Beside what is measured over this console's own line.
const FROM_HERE: &str = "from here";

/// The way itself, with whence it is measured and latency above and errors below it.
fn across(way: &Drawn<'_>, cx: &Cx<'_>, buf: &mut Buffer) {
    let Some(columns) = (way.to + 1).checked_sub(way.from) else {
        return;
    };
    let (edge, style, columns) = (way.edge, style(way.edge, cx), usize::from(columns));
    let glyph = match (edge.fault, edge.tone) {
        (true, _) => "━",
        (false, Tone::Unknown) => "╌",
        (false, _) => "─",
    };
    let text = if edge.fault {
        centred("fault", columns, glyph)
    } else {
        format!("{}▶", glyph.repeat(columns.saturating_sub(1)))
    };
    line(buf, way.from, way.y, columns as u16, &[(text, style)]);
    let errors = match edge.tone {
        Tone::Warn | Tone::Bad if edge.measure.errors_percent.is_some_and(|p| p > 0.0) => style,
        _ => cx.theme.text,
    };
    // Where "from here" has no room, that it is here has.
    let whence = match (edge.measure.from_here, columns >= width(FROM_HERE)) {
        (false, _) => None,
        (true, true) => Some(FROM_HERE.to_owned()),
        (true, false) => Some("here".to_owned()),
    };
    let whence = whence.filter(|_| edge.measure.latency().is_some());
    let labels = [
        (whence, way.y.checked_sub(2), cx.theme.muted),
        (edge.measure.latency(), way.y.checked_sub(1), cx.theme.text),
        (edge.measure.errors(), Some(way.y + 1), errors),
    ];
    for (text, y, style) in labels {
        if let (Some(text), Some(y)) = (text, y) {
            let text = centred(&text, columns, " ");
            line(buf, way.from, y, columns as u16, &[(text, style)]);
        }
    }
}

/// Text in the middle of so many columns.
fn centred(text: &str, columns: usize, fill: &str) -> String {
    let room = columns.saturating_sub(width(text));
    let left = room / 2;
    format!("{}{text}{}", fill.repeat(left), fill.repeat(room - left))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joints_have_the_arms_that_they_are_looked_up_by() {
        let at = |left: usize, up: usize, right: usize, down: usize| {
            JOINTS[left - 1][up * 9 + right * 3 + down]
        };
        assert_eq!(at(1, 0, 1, 0), '─');
        assert_eq!(at(1, 1, 1, 1), '┼');
        assert_eq!(at(2, 2, 1, 1), '╃');
        assert_eq!(at(2, 0, 2, 0), '━');
        assert_eq!(at(2, 1, 1, 2), '╅');
        assert_eq!(at(1, 1, 1, 0), '┴');
    }

    #[test]
    fn labels_stand_in_the_middle_and_never_outgrow_it() {
        assert_eq!(centred("fault", 7, "━"), "━fault━");
        assert_eq!(centred("1.2 ms", 7, " "), "1.2 ms ");
        assert_eq!(centred("too long", 3, " "), "too long");
    }
}
