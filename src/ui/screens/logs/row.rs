//! One log line on the screen.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::groups::short;
use super::model::Logs;
use crate::domain::log::{Level, LogLine};
use crate::domain::text::{clip, width};
use crate::ui::screens::Cx;
use crate::ui::theme::Theme;
use crate::ui::widgets::{chosen, highlighted, line, wrapped};

/// Widths of the columns before the message, the same for all lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    time: usize,
    dated: bool,
    millis: bool,
    group: usize,
}

impl Columns {
    /// For a screen: milliseconds where it is wide, dates where not all is of today, groups where there are several.
    pub fn of(s: &Logs, cx: &Cx<'_>) -> Self {
        let zone = TimeZone::system();
        let date = |t: Timestamp| t.to_zoned(zone.clone()).date();
        let dated = s.request().is_some_and(|r| date(r.from) != date(cx.now));
        let millis = cx.body.width >= 100;
        let groups = &s.resolved.groups;
        let longest = groups.iter().map(|g| width(short(g, groups))).max();
        Self {
            time: 8 + usize::from(millis) * 4 + usize::from(dated) * 6,
            dated,
            millis,
            group: match longest {
                Some(w) if groups.len() > 1 => w.min(16) + 1,
                _ => 0,
            },
        }
    }

    /// Columns before the message.
    pub fn indent(&self) -> usize {
        1 + self.time + 1 + 6 + self.group
    }

    fn time_of(&self, at: Timestamp) -> String {
        let format = match (self.dated, self.millis) {
            (false, false) => "%H:%M:%S",
            (false, true) => "%H:%M:%S%.3f",
            (true, false) => "%m-%d %H:%M:%S",
            (true, true) => "%m-%d %H:%M:%S%.3f",
        };
        let local = at.to_zoned(TimeZone::system());
        // Whole milliseconds keep their zeros: columns must not jump.
        let text = local.strftime(format).to_string();
        if self.millis {
            format!("{text:<0$}", self.time)
        } else {
            text
        }
    }
}

/// The colour of a level. Its word is drawn beside it.
pub(super) fn level_style(level: Option<Level>, t: &Theme) -> Style {
    match level {
        Some(Level::Fatal | Level::Error) => t.critical,
        Some(Level::Warn) => t.warn,
        Some(Level::Info) => t.info,
        Some(Level::Debug | Level::Trace) | None => t.muted,
    }
}

fn fields(l: &LogLine) -> String {
    let words: Vec<String> = l.told().map(|(k, v)| format!("{k}={v}")).collect();
    words.join(" ")
}

/// The texts below one another that a line is drawn as, each with whether it holds fields.
pub(super) fn texts(l: &LogLine, s: &Logs, room: usize) -> Vec<(String, bool)> {
    let tail = if s.fields { fields(l) } else { String::new() };
    if !s.wrap {
        let mut first = l.message.first().cloned().unwrap_or_default();
        if l.message.len() > 1 {
            first.push_str(&format!(" ⏎ {} more lines", l.message.len() - 1));
        }
        return vec![(first, false), (tail, true)];
    }
    let mut all: Vec<(String, bool)> = l
        .message
        .iter()
        .flat_map(|m| wrapped(m, room))
        .map(|m| (m, false))
        .collect();
    if !tail.is_empty() {
        all.extend(wrapped(&tail, room).into_iter().map(|m| (m, true)));
    }
    all
}

/// Rows that a line takes.
pub(super) fn height(l: &LogLine, s: &Logs, columns: &Columns, area: Rect) -> usize {
    if s.wrap {
        let room = usize::from(area.width).saturating_sub(columns.indent() + 1);
        texts(l, s, room).len().max(1)
    } else {
        1
    }
}

/// Draws a line from a row down; returns the row below it.
pub(super) fn draw(
    l: &LogLine,
    s: &Logs,
    columns: &Columns,
    selected: bool,
    cx: &Cx<'_>,
    area: Rect,
    buf: &mut Buffer,
) -> u16 {
    let t = cx.theme;
    let x = area.x + columns.indent() as u16;
    let room = area.right().saturating_sub(x);
    let texts = texts(l, s, usize::from(room).saturating_sub(1));
    let rows = if s.wrap { texts.len().max(1) as u16 } else { 1 };
    let place = Rect {
        height: rows.min(area.height),
        ..area
    };
    if selected {
        buf.set_style(place, t.selection);
    }
    let style = level_style(l.level, t);
    let cursor = if selected { "▌" } else { " " };
    let group = clip(
        short(&l.group, &s.resolved.groups),
        columns.group.saturating_sub(1),
    );
    let head = [
        (cursor.to_owned(), t.key),
        (format!("{} ", columns.time_of(l.at)), t.muted),
        (format!("{:<6}", l.level.map_or("", Level::word)), style),
        (format!("{group:<0$}", columns.group), t.muted),
    ];
    line(buf, area.x, area.y, area.width, &head);
    let loud = l.level >= Some(Level::Error);
    let base = if loud { style } else { t.text };
    let mut at = (x, area.y);
    for (text, is_field) in &texts {
        if at.1 >= area.bottom() {
            break;
        }
        let style = if *is_field { t.muted } else { base };
        let left = area.right().saturating_sub(at.0);
        highlighted(buf, at.0, at.1, left, text, &s.search, style, t.matched);
        at = if s.wrap {
            (x, at.1 + 1)
        } else {
            (at.0.saturating_add(width(text) as u16 + 2), at.1)
        };
    }
    if selected {
        chosen(buf, place, t);
    }
    area.y + rows
}
