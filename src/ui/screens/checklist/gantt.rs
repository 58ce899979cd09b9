//! The plan's calendar as bars: planned days, and under them the days that it took, all on one scale of days.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use ratatui::style::Style;

use super::detail::Line;
use crate::domain::text::{clip, width};
use crate::plan::{Checklist, Milestone, StageStatus};
use crate::ui::screens::Cx;

const PLANNED: char = '░';
const ACTUAL: char = '█';
const LATE: char = '▓';
const GO_LIVE: char = '◆';
const TODAY: char = '│';

/// Days and where they stand. Days are counted from the plan's first one, which is 0.
struct Scale {
    /// The plan's first day, where it has one.
    start: Option<Date>,
    today: Option<i64>,
    first: i64,
    /// Days on the scale.
    days: i64,
    label: usize,
    room: usize,
}

/// Cells of one line, to the right of its label.
type Cells = Vec<(char, Style)>;

impl Scale {
    fn of(list: &Checklist, cx: &Cx<'_>, columns: usize) -> Self {
        let start = list.calendar.iter().find_map(|m| {
            let before = i64::from(m.days.0) - 1;
            let span = jiff::Span::new().try_days(before).ok()?;
            m.planned?.0.checked_sub(span).ok()
        });
        let today = start.map(|start| from(start, cx.now.to_zoned(TimeZone::UTC).date()));
        let mut ends = vec![0];
        ends.extend(list.calendar.iter().map(|m| i64::from(m.days.1) - 1));
        for s in &list.stages {
            if let Some((first, last)) = start.and_then(|start| taken(s, start, today)) {
                ends.extend([first, last]);
            }
        }
        let first = ends.iter().copied().min().unwrap_or(0);
        let days = (ends.iter().copied().max().unwrap_or(0) - first + 1).max(1);
        let label = (columns * 35 / 100).clamp(14, 40);
        let room = columns.saturating_sub(label).max(7);
        // Whole columns for a day where a day has any.
        let cell = room / usize::try_from(days).unwrap_or(usize::MAX).max(1);
        let room = match cell {
            0 => room,
            cell => cell * usize::try_from(days).unwrap_or(1),
        };
        Self {
            start,
            today,
            first,
            days,
            label,
            room,
        }
    }

    /// The first column of a day.
    fn x(&self, day: i64) -> usize {
        let room = i64::try_from(self.room).unwrap_or(i64::MAX);
        let x = (day - self.first).max(0).saturating_mul(room) / self.days;
        usize::try_from(x).unwrap_or(0).min(self.room)
    }

    fn empty(&self, cx: &Cx<'_>) -> Cells {
        let mut cells = vec![(' ', cx.theme.muted); self.room];
        let inside = |day: &i64| (self.first..self.first + self.days).contains(day);
        if let Some(day) = self.today.filter(inside) {
            self.fill(&mut cells, (day, day), 1, (TODAY, cx.theme.key));
        }
        cells
    }

    /// Fills from one day to another one, and no more than so many columns of it.
    fn fill(&self, cells: &mut Cells, (from, to): (i64, i64), most: usize, with: (char, Style)) {
        let first = self.x(from);
        let last = self.x(to + 1).max(first + 1);
        let bar = cells.iter_mut().skip(first).take((last - first).min(most));
        bar.for_each(|cell| *cell = with);
    }

    fn line(&self, mark: (&str, Style), label: (String, Style), cells: Cells) -> Line {
        let room = self.label.saturating_sub(2);
        let words = clip(&label.0, room);
        let pad = " ".repeat(room.saturating_sub(width(&words)) + 1);
        let mut line = vec![
            (mark.0.to_owned(), mark.1),
            (format!("{words}{pad}"), label.1),
        ];
        for (sign, style) in cells {
            match line.last_mut().filter(|(_, s)| *s == style) {
                Some((run, _)) => run.push(sign),
                None => line.push((sign.to_string(), style)),
            }
        }
        line
    }

    /// The first day of each week, as far as there is room.
    fn axis(&self, cx: &Cx<'_>) -> Line {
        let mut text = String::new();
        for day in (0..self.first + self.days).step_by(7) {
            let at = self.x(day);
            if at > width(&text) || text.is_empty() {
                let date = self
                    .start
                    .zip(jiff::Span::new().try_days(day).ok())
                    .and_then(|(start, span)| start.checked_add(span).ok());
                let name = match date {
                    Some(date) => date.strftime("%m-%d").to_string(),
                    None => format!("day {}", day + 1),
                };
                text.push_str(&" ".repeat(at.saturating_sub(width(&text))));
                text.push_str(&name);
            }
        }
        let head = clip("Timeline", self.label);
        let pad = " ".repeat(self.label.saturating_sub(width(&head)));
        vec![
            (head, cx.theme.strong),
            (format!("{pad}{}", clip(&text, self.room)), cx.theme.muted),
        ]
    }
}

fn from(start: Date, day: Date) -> i64 {
    i64::from((day - start).get_days())
}

/// First and last day that a stage took so far.
fn taken(s: &StageStatus, start: Date, today: Option<i64>) -> Option<(i64, i64)> {
    let first = from(start, s.actual_start?);
    let last = s.actual_end.map(|day| from(start, day)).or(today)?;
    Some((first, last.max(first)))
}

/// What stands under a stage's title: how far it is, and whether it is late; in short where there is little room.
fn far(s: &StageStatus, room: usize) -> String {
    let n = s.success_counts();
    let done = n.total() > 0 && n.ready() == n.total();
    let late = match s.late_days {
        0 => String::new(),
        1 => "  1 day LATE".to_owned(),
        days => format!("  {days} days LATE"),
    };
    let state = match (done, s.actual_start) {
        (true, _) => "  done",
        (false, None) => "  not begun",
        (false, Some(_)) if late.is_empty() => "  begun",
        _ => "",
    };
    let counts = format!("  {}/{}", n.ready(), n.total());
    let whole = format!("{counts}{state}{late}");
    match (width(&whole) <= room, s.late_days) {
        (true, _) => whole,
        (false, 0) => counts,
        (false, days) => format!("{counts} {days}d LATE"),
    }
}

/// The calendar, and the stages that it does not name; `here` is marked.
pub(super) fn lines(here: u8, cx: &Cx<'_>, columns: usize) -> Vec<Line> {
    let (t, list) = (cx.theme, &cx.snapshot.checklist);
    let scale = Scale::of(list, cx, columns);
    let mut all = vec![scale.axis(cx)];
    for (i, m) in list.calendar.iter().enumerate() {
        let stage = m
            .stage
            .and_then(|n| list.stages.iter().find(|s| s.number == n));
        let mark = mark(stage, here);
        let title = match stage {
            Some(s) => format!("{} {}", s.number, s.title),
            None => format!("  {}", m.title),
        };
        all.push(scale.line((mark, t.key), (title, t.text), planned(&scale, m, cx)));
        let more = list.calendar.iter().skip(i + 1).any(|o| o.stage == m.stage);
        if let Some(s) = stage.filter(|_| !more) {
            all.push(actual(&scale, s, here, cx));
        }
    }
    let named = |s: &&StageStatus| list.calendar.iter().any(|m| m.stage == Some(s.number));
    for s in list.stages.iter().filter(|s| !named(s)) {
        let title = (format!("{} {}", s.number, s.title), t.text);
        all.push(scale.line((mark(Some(s), here), t.key), title, scale.empty(cx)));
        all.push(actual(&scale, s, here, cx));
    }
    let legend = match scale.start {
        Some(_) if columns < 64 => {
            format!("{PLANNED} plan {ACTUAL} actual {LATE} late {GO_LIVE} live {TODAY} now")
        }
        Some(_) => {
            format!(
                "{PLANNED} planned  {ACTUAL} actual  {LATE} after the plan  {GO_LIVE} go-live  {TODAY} today"
            )
        }
        None => format!("{PLANNED} planned  {GO_LIVE} go-live"),
    };
    all.push(vec![(clip(&legend, columns), t.muted)]);
    all
}

fn mark(stage: Option<&StageStatus>, here: u8) -> &'static str {
    match stage {
        Some(s) if s.number == here => "▌",
        _ => " ",
    }
}

fn planned(scale: &Scale, m: &Milestone, cx: &Cx<'_>) -> Cells {
    let mut cells = scale.empty(cx);
    let days = (i64::from(m.days.0) - 1, i64::from(m.days.1) - 1);
    let with = match m.go_live {
        true => (GO_LIVE, cx.theme.strong),
        false => (PLANNED, cx.theme.muted),
    };
    scale.fill(&mut cells, days, usize::MAX, with);
    cells
}

/// The days that a stage took; what lies after its planned end stands out.
fn actual(scale: &Scale, s: &StageStatus, here: u8, cx: &Cx<'_>) -> Line {
    let t = cx.theme;
    let mut cells = scale.empty(cx);
    if let Some((start, (first, last))) = scale
        .start
        .and_then(|start| Some((start, taken(s, start, scale.today)?)))
    {
        let style = if s.actual_end.is_some() { t.ok } else { t.info };
        let due = s.planned.map_or(last, |(_, day)| from(start, day));
        if first <= due {
            let days = (first, last.min(due));
            scale.fill(&mut cells, days, usize::MAX, (ACTUAL, style));
        }
        if last > due {
            let days = (first.max(due + 1), last);
            scale.fill(&mut cells, days, usize::MAX, (LATE, t.warn));
        }
    }
    let style = if s.late_days > 0 { t.warn } else { t.muted };
    let mark = (mark(Some(s), here), t.key);
    scale.line(mark, (far(s, scale.label.saturating_sub(2)), style), cells)
}
