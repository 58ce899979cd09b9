//! Draws the log.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::groups::{Source, short};
use super::model::Logs;
use super::row::{self, Columns};
use crate::domain::log::{Level, VISIBLE_AFTER};
use crate::domain::part::Freshness;
use crate::domain::text::{clip, width};
use crate::ui::commands::Command;
use crate::ui::screens::{Cx, ScreenId};
use crate::ui::widgets::{clock, line, when};

/// Lines above the log: what is read, and how.
const HEAD: u16 = 2;

/// Rows for lines.
pub(super) fn list_height(cx: &Cx<'_>) -> usize {
    usize::from(cx.body.height.saturating_sub(HEAD))
}

fn rows(cx: &Cx<'_>) -> Rect {
    Rect {
        y: cx.body.y + HEAD,
        height: cx.body.height.saturating_sub(HEAD),
        ..cx.body
    }
}

/// The first line drawn: the list's own, or a later one where wrapped lines would push the selected one out of sight.
fn first(s: &Logs, columns: &Columns, area: Rect) -> usize {
    let selected = s.list.index();
    let mut used = 0;
    let mut first = selected;
    for i in (s.list.offset()..=selected).rev() {
        let Some(l) = s.visible.get(i) else { break };
        used += row::height(l, s, columns, area);
        if used > usize::from(area.height) {
            break;
        }
        first = i;
    }
    first
}

/// The line at a position.
pub(super) fn line_at(s: &Logs, at: Position, cx: &Cx<'_>) -> Option<usize> {
    let (area, columns) = (rows(cx), Columns::of(s, cx));
    let mut y = area.y;
    for (i, l) in s.visible.iter().enumerate().skip(first(s, &columns, area)) {
        let next = y + row::height(l, s, &columns, area) as u16;
        if (y..next).contains(&at.y) {
            return Some(i);
        }
        if next >= area.bottom() {
            break;
        }
        y = next;
    }
    None
}

pub(super) fn view(s: &Logs, cx: &Cx<'_>, buf: &mut Buffer) {
    head(s, cx, buf);
    let (area, columns) = (rows(cx), Columns::of(s, cx));
    if s.visible.is_empty() {
        return empty(s, cx, area, buf);
    }
    let mut y = area.y;
    for (i, l) in s.visible.iter().enumerate().skip(first(s, &columns, area)) {
        if y >= area.bottom() {
            break;
        }
        let left = Rect {
            y,
            height: area.bottom() - y,
            ..area
        };
        y = row::draw(l, s, &columns, i == s.list.index(), cx, left, buf);
    }
}

/// `1,240`.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

fn what(s: &Logs) -> String {
    let groups = &s.resolved.groups;
    let names: Vec<&str> = groups.iter().map(|g| short(g, groups)).collect();
    match (&s.source, groups.as_slice()) {
        (Source::Service(id), []) => format!("logs of {id}"),
        (_, []) => "Logs".into(),
        (Source::Service(id), [one]) => format!("{id}: {one}"),
        (Source::Service(id), _) => format!("{id}: {}", names.join(", ")),
        (Source::Task { service, task, .. }, _) => {
            let id = task.get(..8).unwrap_or(task);
            format!("task {id} of {service}: {}", names.join(", "))
        }
        (_, [one]) => one.clone(),
        (_, _) => format!("{}{}", lead(s), names.join(", ")),
    }
}

/// What stands before the names of several groups: how many are open, and of how many.
fn lead(s: &Logs) -> String {
    match &s.source {
        Source::Service(id) => format!("{id}: "),
        Source::Usual if !s.resolved.note.is_empty() => format!("{}: ", s.resolved.note),
        _ => format!("{} groups: ", s.resolved.groups.len()),
    }
}

/// What is read, in so many columns: names that do not fit are counted, none is cut.
fn fitted(s: &Logs, room: usize) -> String {
    let whole = what(s);
    let groups = &s.resolved.groups;
    if width(&whole) <= room || groups.len() < 2 {
        return clip(&whole, room);
    }
    let names: Vec<&str> = groups.iter().map(|g| short(g, groups)).collect();
    let lead = lead(s);
    let some = |n: usize| {
        let shown = names.get(..n).unwrap_or_default().join(", ");
        format!("{lead}{shown} +{}", names.len() - n)
    };
    let most = (1..names.len()).rev().map(some);
    let mut fitting = most.filter(|text| width(text) <= room);
    fitting.next().unwrap_or_else(|| clip(&some(1), room))
}

fn head(s: &Logs, cx: &Cx<'_>, buf: &mut Buffer) {
    let (t, facts, area) = (cx.theme, &cx.snapshot.facts, cx.body);
    let mode = mode(s, cx);
    let used: usize = mode.iter().map(|m| width(&m.0)).sum();
    let room = usize::from(area.width).saturating_sub(used + 3);
    // How many there are is said whole; of their names, as many as there is room for.
    let name = fitted(s, room.saturating_sub(1));
    line(
        buf,
        area.x,
        area.y,
        area.width,
        &[(format!(" {}", clip(&name, room)), t.title)],
    );
    let start = area.right().saturating_sub(used as u16 + 1);
    line(buf, start, area.y, area.width, &mode);

    let mut second: Vec<(String, Style)> = Vec::new();
    let mut say = |words: String, style| second.push((format!(" {words}  "), style));
    let tail = s.tail(facts);
    if !s.visible.is_empty() {
        let at = s.list.index() + 1;
        let all = grouped(s.visible.len() as u64);
        say(format!("line {} of {all}", grouped(at as u64)), t.muted);
    }
    if let Some(p) = &facts.logs.error {
        say(format!("▲ {}: {}", p.what, p.why), t.critical);
    } else if let (Freshness::Stale, Some(at)) =
        (facts.logs.freshness(cx.now), facts.logs.observed_at)
        && s.is_open()
    {
        say(
            format!("old: read {}", when(cx.now, at, cx.absolute)),
            t.stale,
        );
    }
    if let Some(dropped) = tail.map(|t| t.dropped).filter(|d| *d > 0) {
        say(format!("{} older lines dropped", grouped(dropped)), t.warn);
    }
    if !s.pattern.is_empty() {
        say(format!("pattern {}", s.pattern), t.strong);
    }
    if let Some(level) = s.level {
        say(
            format!(
                "from {} up ({} hidden)",
                level.word(),
                grouped(s.hidden as u64)
            ),
            t.strong,
        );
    }
    if !s.search.is_empty() {
        let here = s.matches.iter().position(|i| *i == s.list.index());
        let words = match (here, s.matches.len()) {
            (_, 0) => format!("/{}: no match in what is loaded", s.search),
            (Some(i), n) => format!("/{}: {} of {n}", s.search, i + 1),
            (None, n) => format!("/{}: {n} lines", s.search),
        };
        say(words, t.matched);
    }
    line(buf, area.x, area.y + 1, area.width, &second);
}

/// Following, paused, a stretch of the past.
fn mode(s: &Logs, cx: &Cx<'_>) -> Vec<(String, Style)> {
    let (t, facts) = (cx.theme, &cx.snapshot.facts);
    let mut spans = Vec::new();
    if let Some((from, until)) = s.range {
        let end = until.map_or("now".to_owned(), |u| clock(cx.now, u));
        spans.push((format!("{} to {end}  ", clock(cx.now, from)), t.strong));
    }
    let tail = s.tail(facts);
    spans.push(match (s.news(facts), tail) {
        (Some((n, more)), _) => {
            let more = if more { " or more" } else { "" };
            let words = format!("‖ PAUSED +{} new{more}", grouped(n as u64));
            (words, if n > 0 { t.warn } else { t.strong })
        }
        (None, None) if s.request().is_some() => ("asking ...".into(), t.info),
        (None, Some(tail)) if !tail.caught_up => ("▶ reading ...".into(), t.info),
        (None, Some(_)) if s.follows() => ("▶ following".into(), t.ok),
        (None, Some(_)) => (read_to(s, facts.logs.observed_at, cx.now), t.muted),
        (None, None) => (String::new(), t.muted),
    });
    spans
}

/// How far a stretch of the past was read: one that reaches beyond the last answer is not all read, nor is one whose last lines may
/// become visible yet.
fn read_to(s: &Logs, observed_at: Option<Timestamp>, now: Timestamp) -> String {
    let until = s.range.and_then(|(_, until)| until);
    match (until, observed_at) {
        (Some(until), Some(read)) if until.duration_since(read) > -VISIBLE_AFTER => {
            format!("read to {}, goes on", clock(now, read.min(until)))
        }
        _ => "all read".into(),
    }
}

/// Why there is nothing, and what to do.
fn empty(s: &Logs, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let (t, facts) = (cx.theme, &cx.snapshot.facts);
    let key = |c| cx.keymap.key_for(ScreenId::Logs, c).unwrap_or_default();
    let pick = format!("{} picks log groups", key(Command::Pick));
    let missing = facts.log_groups.value.as_ref().and_then(|known| {
        let gone = |g: &&String| !known.iter().any(|k| &k.name == *g);
        s.resolved.groups.iter().find(gone)
    });
    let words = match (s.request(), s.tail(facts)) {
        (None, _) => match &s.resolved.problem {
            Some(p) => vec![format!("▲ {}", p.what), p.why.clone(), p.fix.clone(), pick],
            None => vec![s.resolved.note.clone(), pick],
        },
        (Some(_), None) => match &facts.logs.error {
            Some(p) => vec![format!("▲ {}", p.what), p.why.clone(), p.fix.clone()],
            None => vec!["asking ...".into()],
        },
        (Some(_), Some(tail)) if !tail.caught_up => vec!["reading ...".into()],
        (Some(_), Some(_)) if s.hidden > 0 => vec![
            format!(
                "all {} lines are below the chosen level",
                grouped(s.hidden as u64)
            ),
            format!("{} chooses the next level", key(Command::LevelUp)),
        ],
        (Some(_), Some(_)) if missing.is_some() => vec![
            format!(
                "log group {} does not exist",
                missing.map_or("", String::as_str)
            ),
            "it is made when a task first writes to it, or by whoever owns the platform".into(),
            pick,
        ],
        (Some(r), Some(_)) => {
            let until = r.until.map_or("now".to_owned(), |u| clock(cx.now, u));
            let zone = r
                .from
                .to_zoned(TimeZone::system())
                .strftime("%Z")
                .to_string();
            let about = if r.pattern.is_empty() {
                "no line".to_owned()
            } else {
                format!(
                    "no line that matches {} (case counts, and the line as it was written)",
                    r.pattern
                )
            };
            let mut words = vec![
                format!("{about} from {} to {until} ({zone})", clock(cx.now, r.from)),
                format!("{} goes to another time, {pick}", key(Command::JumpTime)),
            ];
            // Levels are shown in one spelling, whatever the line has.
            if Level::parse(&r.pattern).is_some() {
                let [small, large] = [r.pattern.to_lowercase(), r.pattern.to_uppercase()];
                let other = if r.pattern == small { large } else { small };
                words.push(format!(
                    "a level is shown in capitals, however the line has it: try {other}, or {} for the level",
                    key(Command::LevelUp)
                ));
            }
            if !r.pattern.is_empty() {
                words.push(format!(
                    "{} changes the filter pattern",
                    key(Command::Pattern)
                ));
            }
            words
        }
    };
    for (y, (i, text)) in (area.y + 1..area.bottom()).zip(words.into_iter().enumerate()) {
        let style = if i == 0 { t.text } else { t.muted };
        line(
            buf,
            area.x + 2,
            y,
            area.width.saturating_sub(4),
            &[(text, style)],
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_that_do_not_fit_are_counted_and_none_is_cut() {
        let mut s = Logs::default();
        let names = ["admin", "api", "calculator", "pdf-render", "worker"];
        s.resolved.groups = names.iter().map(|n| format!("/ecs/{n}")).collect();
        let all = "5 groups: admin, api, calculator, pdf-render, worker";
        assert_eq!(fitted(&s, 80), all);
        assert_eq!(fitted(&s, 40), "5 groups: admin, api, calculator +2");
        assert_eq!(fitted(&s, 20), "5 groups: admin +4");
        s.resolved.note = "5 of 10 groups".into();
        assert_eq!(fitted(&s, 40), "5 of 10 groups: admin, api +3");
    }

    #[test]
    fn a_stretch_is_all_read_once_its_last_lines_are_to_be_seen() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let s = Logs {
            range: Some((at(0), Some(at(1_000)))),
            ..Logs::default()
        };
        let said = |second| read_to(&s, Some(at(second)), at(second));
        for (second, goes_on) in [(999, true), (1_000, true), (1_009, true), (1_010, false)] {
            assert_eq!(said(second).ends_with("goes on"), goes_on, "{second}");
        }
        assert_eq!(said(1_009), said(1_000), "there is nothing beyond its end");
    }

    #[test]
    fn large_numbers_are_grouped() {
        assert_eq!(
            [0, 999, 1_240, 1_234_567].map(grouped),
            ["0", "999", "1,240", "1,234,567"]
        );
    }
}
