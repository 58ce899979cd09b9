//! The overview's panel of the plan: how far each stage is, and what to do next.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::model::Overview;
use super::panels::select;
use crate::domain::text::clip;
use crate::ui::screens::Cx;
use crate::ui::widgets::{bar, line, panel};

pub(super) fn ready(o: &Overview, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let (t, list) = (cx.theme, &cx.snapshot.checklist);
    let all = list.success_counts();
    let title = match (list.is_judging(), list.waiting()) {
        (true, _) => "Ready for go-live  judging".to_owned(),
        (false, 0) => format!("Ready for go-live  {} of {}", all.ready(), all.total()),
        (false, n) => {
            let what = match area.width {
                ..60 => "Go-live",
                _ => "Ready for go-live",
            };
            format!("{what}  {} of {}, {n} not asked", all.ready(), all.total())
        }
    };
    let inside = panel(buf, area, &title, false, t);
    let bar_width = if inside.width < 60 { 5 } else { 12 };
    let name_width = usize::from(inside.width)
        .saturating_sub(usize::from(bar_width) + 20)
        .clamp(8, 44);
    let first = o.burning + o.moving;
    for ((n, stage), y) in list
        .stages
        .iter()
        .enumerate()
        .zip(inside.y..inside.bottom())
    {
        let c = stage.success_counts();
        let ratio = f64::from(c.ready()) / f64::from(c.total().max(1));
        let (full, empty) = bar(ratio, bar_width);
        let (word, style) = if c.total() == 0 {
            // Nothing that could fail is no proof.
            ("no criteria".to_owned(), t.unknown)
        } else if c.failing > 0 {
            (format!("{} failing", c.failing), t.critical)
        } else if stage.waiting() > 0 {
            (format!("{} not asked", stage.waiting()), t.muted)
        } else if c.unknown > 0 {
            (format!("{} unknown", c.unknown), t.unknown)
        } else {
            ("ready".to_owned(), t.ok)
        };
        let name = clip(&format!("{} {}", stage.number, stage.title), name_width);
        let spans = [
            (format!("{name:<name_width$} "), t.text),
            (full, t.bar),
            (empty, t.bar_empty),
            (format!(" {}/{}  ", c.ready(), c.total()), t.text),
            (word, style),
        ];
        let at = Rect::new(inside.x, y, inside.width, 1);
        select(buf, o, first + n, at, &spans, cx);
    }
    if list.stages.is_empty() {
        line(
            buf,
            inside.x,
            inside.y,
            inside.width,
            &[(" the plan has not been judged yet".into(), t.muted)],
        );
    } else if inside.height > 5 && !list.next_step.is_empty() {
        let next = format!(" next: {}", list.next_step);
        line(
            buf,
            inside.x,
            inside.y + 5,
            inside.width,
            &[(clip(&next, usize::from(inside.width)), t.muted)],
        );
    }
}
