//! Why a rollout failed, below its picture: what its tasks ended with, and what they said last.

use ratatui::style::Style;

use crate::domain::deployment::Deployment;
use crate::domain::failure::is_settled;
use crate::domain::log::Level;
use crate::ui::screens::Cx;
use crate::ui::widgets::{clock, wrapped};

type Spans = Vec<(String, Style)>;

/// Lines that a message takes at most.
const LINES: usize = 2;

/// The lines; none for a deployment that nobody asked about.
pub(super) fn told(d: &Deployment, cx: &Cx<'_>, width: u16) -> Vec<Spans> {
    let t = cx.theme;
    let room = usize::from(width).saturating_sub(3);
    let Some(part) = cx
        .snapshot
        .facts
        .failures
        .get(&d.id)
        .filter(|_| d.state.is_bad())
    else {
        return Vec::new();
    };
    let lines = |text: &str, style: Style| -> Vec<Spans> {
        let lines = wrapped(text, room).into_iter();
        lines.map(|text| vec![(text, style)]).collect()
    };
    let Some(failure) = &part.value else {
        return match &part.error {
            Some(p) => lines(
                &format!("not known what its tasks ended with: {}", p.why),
                t.unknown,
            ),
            None => lines("asking what its tasks ended with ...", t.muted),
        };
    };
    if failure.tasks.is_empty() {
        let asked = part.observed_at;
        let words = match asked.is_some_and(|at| is_settled(d.finished_at, at)) {
            true => "no stopped task of it is listed: ECS tells of them for about an hour",
            false => "no stopped task of it is listed so far; asking again ...",
        };
        return lines(words, t.muted);
    }
    let mut rows = Vec::new();
    for task in &failure.tasks {
        rows.extend(lines(&task.words(), t.warn));
        for said in &task.lines {
            let level = said.level.map_or("", Level::word);
            let style = match said.level.is_some_and(|l| l >= Level::Error) {
                true => t.critical,
                false => t.text,
            };
            let head = format!("  {} {level} ", clock(cx.now, said.at));
            let text = said.message.join(" ");
            let indent = head.chars().count();
            let pieces = wrapped(&text, room.saturating_sub(indent)).into_iter();
            for (n, piece) in pieces.take(LINES).enumerate() {
                let head = match n {
                    0 => head.clone(),
                    _ => " ".repeat(indent),
                };
                rows.push(vec![(head, t.muted), (piece, style)]);
            }
        }
        if let Some(why) = &task.unread {
            rows.extend(lines(
                &format!("  its log could not be read: {why}"),
                t.unknown,
            ));
        }
    }
    rows
}
