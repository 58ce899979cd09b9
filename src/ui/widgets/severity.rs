//! The colour of what fires: that of the worst of it, not of the worst that there could be.

use ratatui::style::Style;

use super::super::theme::Theme;
use crate::domain::alarm::Severity;

/// The colour of firing alarms of which the worst matters so much; `None`: none fires.
pub fn of_severity(worst: Option<Severity>, theme: &Theme) -> Style {
    match worst {
        Some(Severity::Critical) => theme.critical,
        Some(Severity::Warning) => theme.warn,
        Some(Severity::Info) => theme.info,
        None => theme.muted,
    }
}
