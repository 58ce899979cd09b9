//! The legend of a small chart: names with their newest values.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::metric::Shown;
use crate::domain::text::{clip_middle, width};
use crate::ui::screens::Cx;
use crate::ui::widgets::chart::{Summary, series_key, series_style};
use crate::ui::widgets::line;

/// The words of a legend's entry: key, name, newest value.
fn entry(
    n: usize,
    s: &Shown<'_>,
    (from, until): (Timestamp, Timestamp),
    room: usize,
    several: bool,
) -> (String, String) {
    let last = Summary::of(&s.line.points, from, until).map(|x| x.last);
    let value = last.map_or_else(|| "-".into(), |v| s.unit.format(v));
    let key = if several {
        format!("{} ", series_key(n))
    } else {
        String::new()
    };
    let name = clip_middle(
        &s.name,
        room.saturating_sub(width(&key) + width(&value) + 1).max(4),
    );
    (format!("{key}{name} "), value)
}

pub(super) fn entry_width(shown: &[Shown<'_>], area: Rect, ends: (Timestamp, Timestamp)) -> u16 {
    let most = usize::from(area.width.saturating_sub(2));
    let widest = shown.iter().enumerate().map(|(n, s)| {
        let (name, value) = entry(n, s, ends, most, shown.len() > 1);
        width(&name) + width(&value) + 2
    });
    widest.max().unwrap_or(1).clamp(12, most.max(12)) as u16
}

pub(super) fn legend_rows(shown: &[Shown<'_>], area: Rect, ends: (Timestamp, Timestamp)) -> u16 {
    if shown.is_empty() {
        return 0;
    }
    let across = usize::from((area.width / entry_width(shown, area, ends)).max(1));
    let most = (area.height / 4).clamp(1, 3);
    (shown.len().div_ceil(across) as u16).min(most)
}

pub(super) fn entries(
    shown: &[Shown<'_>],
    ends: (Timestamp, Timestamp),
    area: Rect,
    across: u16,
    cx: &Cx<'_>,
    buf: &mut Buffer,
) {
    let t = cx.theme;
    if area.height == 0 || shown.is_empty() {
        return;
    }
    let w = (area.width.saturating_sub(1) / across.max(1)).max(1);
    let fits = usize::from(area.height * across.max(1));
    // The last place says how many are left out.
    let kept = if shown.len() > fits { fits - 1 } else { fits };
    for (n, s) in shown.iter().enumerate().take(kept) {
        let (x, y) = (
            area.x + 1 + (n as u16 % across) * w,
            area.y + n as u16 / across,
        );
        let (name, value) = entry(n, s, ends, usize::from(w), shown.len() > 1);
        line(buf, x, y, w, &[(name, series_style(t, n)), (value, t.text)]);
    }
    if shown.len() > kept {
        let n = kept as u16;
        let (x, y) = (area.x + 1 + (n % across) * w, area.y + n / across);
        line(
            buf,
            x,
            y,
            w,
            &[(format!("+{} more", shown.len() - kept), t.muted)],
        );
    }
}
