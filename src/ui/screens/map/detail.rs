//! The selected step: what is said of it, where its fault comes from or goes, how it answers, who told.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::model::HealthMap;
use super::update::leads_to;
use super::view::tone_style;
use crate::domain::text::clip;
use crate::present::map::{Graph, Node};
use crate::ui::screens::Cx;
use crate::ui::widgets::{line, panel, when, wrapped};

/// Columns of the labels on the left.
const LABEL: usize = 9;

/// A line of text in pieces.
type Line = Vec<(String, Style)>;

pub(super) fn draw(s: &HealthMap, area: Rect, cx: &Cx<'_>, buf: &mut Buffer) {
    if area.height < 3 {
        return;
    }
    let Some(node) = s.selected() else {
        panel(buf, area, "", false, cx.theme);
        return;
    };
    let title = format!("{}  opens {}", node.title, leads_to(node));
    let inside = panel(buf, area, &title, false, cx.theme);
    let columns = usize::from(inside.width.saturating_sub(2));
    let mut lines = lines(&s.graph, node, cx, columns);
    let room = usize::from(inside.height);
    if lines.len() > room {
        let more = format!("  +{} more", lines.len() - room);
        lines.truncate(room);
        // The label stays; what is said makes room.
        if let Some([(_, _), (text, _), ..]) = lines.last_mut().map(Vec::as_mut_slice) {
            *text = clip(text, columns.saturating_sub(LABEL + more.len()));
        }
        if let Some(last) = lines.last_mut() {
            last.push((more, cx.theme.warn));
        }
    }
    for (y, spans) in (inside.y..inside.bottom()).zip(&lines) {
        line(buf, inside.x + 1, y, columns as u16, spans);
    }
}

fn labelled(label: &str, text: &str, style: Style, cx: &Cx<'_>, columns: usize) -> Vec<Line> {
    wrapped(text, columns.saturating_sub(LABEL))
        .into_iter()
        .enumerate()
        .map(|(at, text)| {
            let head = if at == 0 { label } else { "" };
            vec![(format!("{head:<LABEL$}"), cx.theme.muted), (text, style)]
        })
        .collect()
}

fn lines(graph: &Graph, n: &Node, cx: &Cx<'_>, columns: usize) -> Vec<Line> {
    let t = cx.theme;
    let mut lines = Vec::new();
    let mut put = |label: &str, text: &str, style| {
        lines.extend(labelled(label, text, style, cx, columns));
    };
    if n.starts {
        let reaches = match n.reaches.as_slice() {
            [] => "nothing else".to_owned(),
            ids => graph.names(ids),
        };
        let text = format!("starts here and reaches {reaches}");
        put("fault", &text, t.critical);
    }
    for from in n.reached_by.iter().filter_map(|id| graph.node(id)) {
        let text = format!("reached from {}: {}", from.short, from.says);
        put("fault", &text, t.warn);
    }
    match n.remarks.as_slice() {
        // Its own state, whatever reaches it.
        [] => {
            let text = format!("{} {}   {}", n.tone.shape(), n.state, n.says);
            put("state", &text, tone_style(n.tone, cx));
        }
        remarks => {
            for (at, r) in remarks.iter().enumerate() {
                let label = if at == 0 { "state" } else { "" };
                let text = format!("{} {}   {}", r.tone.shape(), r.state, r.text);
                put(label, &text, tone_style(r.tone, cx));
            }
        }
    }
    put("answers", &answers(n, cx.now), t.text);
    if let Some(aside) = &n.aside {
        let text = format!("{} {}", aside.tone.shape(), aside.text);
        put("aside", &text, tone_style(aside.tone, cx));
    }
    put("told by", &told_by(n, cx), t.muted);
    lines
}

/// Latency, errors and rate, with who measures them.
fn answers(n: &Node, now: Timestamp) -> String {
    let m = &n.measure;
    let by = m.told_by(now);
    let figures: Vec<String> = [
        m.response().map(|l| format!("in {l}")),
        m.errors().map(|e| format!("{e} failures")),
        m.rate(),
    ]
    .into_iter()
    .flatten()
    .collect();
    if let (Some(why), false) = (&m.unmeasured, figures.is_empty()) {
        let by = match m.never {
            true => format!("   ({by})"),
            false => String::new(),
        };
        return format!("{}{by}   {why}", figures.join("   "));
    }
    match figures.as_slice() {
        [] => match &m.unmeasured {
            Some(why) => format!("not known: {why}"),
            None => "nobody measures how fast and how well, or not now".into(),
        },
        some => format!("{}   ({by})", some.join("   ")),
    }
}

fn told_by(n: &Node, cx: &Cx<'_>) -> String {
    let source = match n.source.as_str() {
        "" => "nobody",
        source => source,
    };
    match n.observed_at {
        None => clip(source, 200),
        Some(at) => format!("{source}, {}", when(cx.now, at, cx.absolute)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::present::map::Measure;

    #[test]
    fn what_nobody_measures_is_no_zero() {
        let mut n = Node::default();
        let now = Timestamp::UNIX_EPOCH;
        assert!(answers(&n, now).starts_with("nobody measures"));
        n.measure = Measure {
            errors_percent: Some(0.0),
            measured_by: "x",
            ..Measure::default()
        };
        assert_eq!(answers(&n, now), "0 % failures   (x)");
    }
}
