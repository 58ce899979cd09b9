//! Draws the health map: what must be known first, the path, and the selected step.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::model::HealthMap;
use super::plan::Plan;
use super::{boxes, detail, tree};
use crate::domain::text::{clip, width};
use crate::present::map::Node;
use crate::present::{Cell, Tone};
use crate::ui::screens::Cx;
use crate::ui::screens::systems::style;
use crate::ui::widgets::{line, panel, since, wrapped};

pub(super) fn view(s: &HealthMap, cx: &Cx<'_>, buf: &mut Buffer) {
    let plan = Plan::of(&s.graph, cx);
    let path = s.graph.nodes.iter().filter(|n| !n.beside).count();
    let title = format!("Health map  {path} steps from the browser to the stores");
    panel(buf, plan.map, &title, true, cx.theme);
    headline(&s.graph.headline(), plan.headline, cx, buf);
    if plan.is_wide() {
        boxes::draw(s, &plan, cx, buf);
    } else {
        tree::draw(s, &plan, cx, buf);
    }
    detail::draw(s, plan.detail, cx, buf);
}

/// The lines that matter most: the first one on two rows where it needs them, then one row each; what has no room is counted.
fn headline(lines: &[Cell], area: Rect, cx: &Cx<'_>, buf: &mut Buffer) {
    let columns = usize::from(area.width.saturating_sub(2));
    let room = usize::from(area.height);
    let mut shown: Vec<(String, Style)> = Vec::new();
    let mut told = 0;
    for cell in lines {
        let most = if told == 0 { 2 } else { 1 };
        let mut rows = wrapped(&cell.text, columns);
        if rows.len() > most {
            let rest = rows.split_off(most - 1).join(" ");
            rows.push(clip(&rest, columns));
        }
        if shown.len() + rows.len() > room {
            break;
        }
        told += 1;
        for (n, row) in rows.into_iter().enumerate() {
            let mark = if n == 0 { cell.tone.shape() } else { " " };
            shown.push((format!("{mark} {row}"), style(cell.tone, cx.theme)));
        }
    }
    let more = match lines.len() - told {
        0 => String::new(),
        n => format!("  +{n} more"),
    };
    let whole = usize::from(area.width);
    let last = shown.len().saturating_sub(1);
    for (n, (y, (text, style))) in (area.y..area.bottom()).zip(&shown).enumerate() {
        let more = if n == last { more.as_str() } else { "" };
        let text = clip(text, whole.saturating_sub(width(more)));
        let spans = [(text, *style), (more.to_owned(), cx.theme.warn)];
        line(buf, area.x, y, area.width, &spans);
    }
}

/// The style of a step's own state; what is old is not bright.
pub(super) fn tone_style(tone: Tone, cx: &Cx<'_>) -> Style {
    style(tone, cx.theme)
}

/// Shape and word of a step, with their style.
pub(super) fn sign(node: &Node, cx: &Cx<'_>) -> (String, Style) {
    let (shape, word, tone) = node.sign();
    (format!("{shape} {word}"), tone_style(tone, cx))
}

/// What a step says, and how loud.
pub(super) fn says(node: &Node, cx: &Cx<'_>) -> (String, Style) {
    let loud = node.tone.weight() >= Tone::Unknown.weight();
    let style = if loud {
        tone_style(node.tone, cx)
    } else {
        cx.theme.text
    };
    (node.says.clone(), style)
}

/// The age of what a step is made of.
pub(super) fn age(node: &Node, cx: &Cx<'_>) -> String {
    since(cx.now, node.observed_at, cx.absolute)
}
