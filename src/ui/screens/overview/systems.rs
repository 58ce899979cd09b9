//! The further systems on the overview: a line each where there is room, and those that burn among what burns.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::doubt;
use super::model::Overview;
use super::panels::{Spans, burning_head};
use crate::domain::order::Ordered;
use crate::domain::text::clip;
use crate::present::Tone;
use crate::ui::screens::Cx;
use crate::ui::screens::systems::list::Entry;
use crate::ui::screens::systems::style;
use crate::ui::widgets::{line, panel, scrolled};

/// A system that burns, among the alarms: by what of it is bad, and since when. The age of the answer is another thing.
pub(super) fn burning_line(e: &Entry, times: u16, cx: &Cx<'_>) -> Spans {
    let t = cx.theme;
    let (name, since) = match &e.fault {
        Some(f) => (f.name.as_str(), f.since),
        None => (e.view.title, None),
    };
    let mut spans = match e.burns() {
        true => burning_head("▲", "BAD", t.critical, since, times, cx),
        // It was bad when it was last read: since when says nothing of now.
        false => burning_head("?", "unknown", t.stale, None, times, cx),
    };
    spans.push((format!("{name}  "), t.strong));
    if name != e.view.title {
        spans.push((format!("{}: ", e.view.title.to_lowercase()), t.muted));
    }
    spans.push((e.says.clone(), t.text));
    doubt::dulled(spans, !e.burns(), t.stale)
}

/// How many of them want a look.
fn wanting(o: &Overview) -> usize {
    let worth = |e: &&Entry| e.tone.weight() >= Tone::Warn.weight();
    o.systems.iter().filter(worth).count()
}

/// In a few words, where there is no room for a panel; `None`: all are well, as far as anybody knows.
pub(super) fn in_short(o: &Overview) -> Option<String> {
    let n = wanting(o);
    let verb = if n == 1 { "wants" } else { "want" };
    (n > 0).then(|| format!("{n} of {} systems {verb} a look", o.systems.count()))
}

/// Every system, those that want a look first.
pub(super) fn panel_of_systems(o: &Overview, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let t = cx.theme;
    let mut all: Vec<&Entry> = o.systems.iter().collect();
    all.order_by_key(|e| std::cmp::Reverse(e.tone.weight()));
    let title = match wanting(o) {
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
