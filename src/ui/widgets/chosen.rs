//! What is selected, where a theme has letters of its own for it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::theme::Theme;

/// Gives what was drawn in an area the letters that the theme has for what is selected, where it has any: they were chosen to be read
/// on its ground, and the colours of the roles were not. Signs and words go on telling how bad it is.
pub fn chosen(buf: &mut Buffer, area: Rect, theme: &Theme) {
    let Style { fg, bg, .. } = theme.selection;
    if fg.is_some() {
        buf.set_style(
            area,
            Style {
                fg,
                bg,
                ..Style::new()
            },
        );
    }
}
