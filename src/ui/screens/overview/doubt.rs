//! What the overview's panels say where their source no longer answers: since when nothing is read, why, and rows that look it.

use ratatui::style::Style;

use super::panels::Spans;
use crate::domain::part::{Freshness, Part};
use crate::ui::screens::Cx;
use crate::ui::widgets::when;

/// Why what was read of a part is not as of now: `read 1m ago; now: nothing listens`. Nothing while it can be believed, or was never read.
pub(super) fn words<T>(part: &Part<T>, cx: &Cx<'_>) -> Option<String> {
    let at = part.observed_at?;
    let read = when(cx.now, at, cx.absolute);
    match (part.freshness(cx.now), &part.error) {
        (Freshness::Stale, _) => Some(format!("old: read {read}")),
        (Freshness::Failed, Some(p)) => Some(format!("read {read}; now: {}", p.why)),
        _ => None,
    }
}

/// A title with the doubt about what stands under it.
pub(super) fn titled(title: String, doubt: Option<String>) -> String {
    match doubt {
        Some(doubt) => format!("{title}   {doubt}"),
        None => title,
    }
}

/// Spans as they look where nobody knows whether they are true by now: what they say stays, the colour of now goes.
pub(super) fn dulled(mut spans: Spans, is_doubtful: bool, stale: Style) -> Spans {
    if is_doubtful {
        for (_, style) in &mut spans {
            *style = stale;
        }
    }
    spans
}
