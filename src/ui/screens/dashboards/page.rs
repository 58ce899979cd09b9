//! One widget that fills the screen.

use ratatui::buffer::Buffer;

use super::model::{Opened, table, viewport};
use super::prose;
use crate::domain::dashboard::WidgetKind;
use crate::ui::screens::Cx;
use crate::ui::widgets::panel;

/// How far the widget that fills the screen can be scrolled.
pub(super) fn longest(o: &Opened, cx: &Cx<'_>) -> u16 {
    let Some((n, widget)) = o.widget() else {
        return 0;
    };
    let place = viewport(cx);
    let rows = match &widget.kind {
        WidgetKind::Text { markdown, .. } => {
            prose::set(markdown, place.width.saturating_sub(4), cx.theme).len()
        }
        WidgetKind::Alarms { names, .. } => names.len(),
        WidgetKind::Log(_) => {
            let answer = table(cx, n).and_then(|t| t.value.as_ref());
            answer.map_or(0, |a| a.rows.len() + 1)
        }
        _ => 0,
    };
    let shown = usize::from(place.height.saturating_sub(2));
    u16::try_from(rows.saturating_sub(shown)).unwrap_or(u16::MAX)
}

pub(super) fn view(o: &Opened, cx: &Cx<'_>, buf: &mut Buffer) {
    let Some((n, widget)) = o.widget() else {
        return;
    };
    let title = super::view::title(n, widget, cx);
    let inside = panel(buf, viewport(cx), &title, true, cx.theme);
    super::view::inside(n, widget, o, inside, cx, buf);
}
