//! The further systems on the overview: a line each where there is room, and those that burn among what burns.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::model::Overview;
use super::panels::Spans;
use crate::domain::text::clip;
use crate::present::Tone;
use crate::ui::screens::Cx;
use crate::ui::screens::systems::list::Entry;
use crate::ui::screens::systems::style;
use crate::ui::widgets::{age, line, panel, scrolled};

/// A system that burns, among the alarms.
pub(super) fn burning_line(e: &Entry, cx: &Cx<'_>) -> Spans {
    let t = cx.theme;
    let since = e.oldest.map_or("-".to_owned(), |at| age(cx.now, at));
    vec![
        ("▲ BAD  ".to_owned(), t.critical),
        (format!("{since:>4}  "), t.muted),
        (format!("{}  ", e.view.title), t.strong),
        (e.says.clone(), t.text),
    ]
}

/// Every system, those that want a look first.
pub(super) fn panel_of_systems(o: &Overview, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let t = cx.theme;
    let mut all: Vec<&Entry> = o.systems.iter().collect();
    all.sort_by_key(|e| std::cmp::Reverse(e.tone.weight()));
    let look = all
        .iter()
        .filter(|e| e.tone.weight() >= Tone::Warn.weight())
        .count();
    let title = match look {
        0 => format!("Systems  {}", all.len()),
        n => format!("Systems  {n} of {} want a look", all.len()),
    };
    let inside = panel(buf, area, &title, false, t);
    let room = usize::from(inside.width);
    for (y, e) in (inside.y..inside.bottom()).zip(&all) {
        let colour = style(e.tone, t);
        let said = if e.tone.weight() >= Tone::Unknown.weight() {
            colour
        } else {
            t.muted
        };
        let spans = [
            (format!(" {} ", e.tone.shape()), colour),
            (format!("{:<16} ", clip(e.view.title, 16)), t.text),
            (clip(&e.says, room.saturating_sub(20)), said),
        ];
        line(buf, inside.x, y, inside.width, &spans);
    }
    scrolled(buf, inside, 0, usize::from(inside.height), all.len(), t);
}
