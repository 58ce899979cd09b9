//! Panels: a border with a title, and where one is in a list.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::super::theme::Theme;
use super::line;
use crate::domain::text::clip;

/// Draws a bordered panel; returns its inside.
pub fn panel(buf: &mut Buffer, area: Rect, title: &str, focus: bool, theme: &Theme) -> Rect {
    if area.width < 2 || area.height < 2 {
        return Rect::new(area.x, area.y, 0, 0);
    }
    let title = match title {
        "" => String::new(),
        // A title that is cut keeps its distance from the border, which would read as a part of it.
        title => {
            let room = usize::from(area.width.saturating_sub(6));
            format!(" {} ", clip(title, room))
        }
    };
    let border = if focus {
        theme.border_focus
    } else {
        theme.border
    };
    let inner = usize::from(area.width - 2);
    let bare = |left: char, right: char, columns: usize| {
        let mut text = String::with_capacity(3 * (columns + 2));
        text.push(left);
        text.extend(std::iter::repeat_n('─', columns));
        text.push(right);
        text
    };
    line(
        buf,
        area.x,
        area.y,
        area.width,
        &[(bare('┌', '┐', inner), border)],
    );
    line(
        buf,
        area.x + 1,
        area.y,
        area.width - 2,
        &[(title, theme.title)],
    );
    let last = area.bottom() - 1;
    for y in area.y + 1..last {
        for x in [area.x, area.right() - 1] {
            if let Some(cell) = buf.cell_mut((x, y)) {
                cell.set_char('│').set_style(border);
            }
        }
    }
    line(
        buf,
        area.x,
        last,
        area.width,
        &[(bare('└', '┘', inner), border)],
    );
    Rect::new(area.x + 1, area.y + 1, area.width - 2, area.height - 2)
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
        line(
            buf,
            inside.right().saturating_sub(width + 1),
            y,
            width,
            &[(text, theme.muted)],
        );
    }
}
