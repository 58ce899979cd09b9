//! Panels: a border with a title, and where one is in a list.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;
use ratatui::widgets::{Block, Widget};

use super::super::theme::Theme;
use crate::domain::text::clip;

/// Draws a bordered panel; returns its inside.
pub fn panel(buf: &mut Buffer, area: Rect, title: &str, focus: bool, theme: &Theme) -> Rect {
    if area.width < 2 || area.height < 2 {
        return Rect::new(area.x, area.y, 0, 0);
    }
    let title = match title {
        "" => String::new(),
        title => clip(
            &format!(" {title} "),
            usize::from(area.width.saturating_sub(4)),
        ),
    };
    let block = Block::bordered()
        .border_style(if focus {
            theme.border_focus
        } else {
            theme.border
        })
        .title(Span::styled(title, theme.title));
    let inside = block.inner(area);
    block.render(area, buf);
    inside
}

/// Says on the lower border of a panel where its list is: `12-31 of 140`. Nothing where all is shown.
pub fn scrolled(
    buf: &mut Buffer,
    inside: Rect,
    first: usize,
    shown: usize,
    all: usize,
    theme: &Theme,
) {
    if all <= shown || inside.width < 20 {
        return;
    }
    let text = format!(" {}-{} of {all} ", first + 1, (first + shown).min(all));
    let width = text.len() as u16;
    let y = inside.bottom();
    if y < buf.area.bottom() {
        super::line(
            buf,
            inside.right().saturating_sub(width + 1),
            y,
            width,
            &[(text, theme.muted)],
        );
    }
}
