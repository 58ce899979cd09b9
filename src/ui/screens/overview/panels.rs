//! What burns, as the overview shows it, and the lines that its panels share.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::model::{Item, Overview};
use super::{doubt, systems, unwell};
use crate::domain::alarm::{Alarm, AlarmRule, AlarmState, Severity};
use crate::domain::metric::Unit;
use crate::domain::part::Freshness;
use crate::domain::problem::Problem;
use crate::domain::text::{clip, clip_middle, width};
use crate::ui::screens::Cx;
use crate::ui::widgets::{
    chosen, line, panel, scrolled, since as since_or_clock, spark, time_columns, wrapped,
};

pub(super) type Spans = Vec<(String, Style)>;

/// Draws a line that may be selected: its words begin a column from the left, behind the mark.
pub(super) fn select(
    buf: &mut Buffer,
    o: &Overview,
    index: usize,
    at: Rect,
    spans: &[(String, Style)],
    cx: &Cx<'_>,
) {
    let selected = o.list.index() == index;
    if selected {
        buf.set_style(at, cx.theme.selection);
        line(buf, at.x, at.y, 1, &[("▌".to_owned(), cx.theme.key)]);
    }
    line(buf, at.x + 1, at.y, at.width.saturating_sub(1), spans);
    if selected {
        chosen(buf, at, cx.theme);
    }
}

pub(super) fn burning(o: &Overview, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let (t, facts) = (cx.theme, &cx.snapshot.facts);
    let rows = o.rows_burning();
    let title = match (rows - o.doubtful, o.doubtful) {
        (0, 0) => "Burning".to_owned(),
        (n, 0) => format!("Burning  {n}"),
        (0, unknown) => format!("Burning  {unknown} not known"),
        (n, unknown) => format!("Burning  {n}, {unknown} not known"),
    };
    // Where nothing stands under it, a line says whether that can be believed.
    let services = || match facts.clusters_unread.is_empty() {
        true => doubt::words(&facts.services, cx),
        // A line of its own says it.
        false => None,
    };
    let doubt = || doubt::words(&facts.alarms, cx).or_else(services);
    let doubt = (o.burning > 0).then(doubt).flatten();
    let unread = (o.burning > 0).then(|| doubt::unread(facts)).flatten();
    let title = match &unread {
        Some(u) => format!("{title}, {}", u.short()),
        None => title,
    };
    let inside = panel(buf, area, &doubt::titled(title, doubt), false, t);
    if o.burning == 0 {
        let those = |state| {
            let all = facts.alarms_for_people();
            all.filter(|a| a.state == state).count()
        };
        let (ok, silent) = (those(AlarmState::Ok), those(AlarmState::InsufficientData));
        // Those that fire here would burn.
        let elsewhere = those(AlarmState::Alarm);
        let room = inside.width;
        let of_alarms = || failed("alarms", facts.alarms.error.as_ref(), room, cx);
        let of_services = || match doubt::unread(facts) {
            Some(u) => told_in(&format!("cannot tell, {}", u.words()), t.critical, room),
            None => failed("services", facts.services.error.as_ref(), room, cx),
        };
        let one = |words: Spans| vec![words];
        let lines: Vec<Spans> = match (
            facts.alarms.freshness(cx.now),
            facts.services.freshness(cx.now),
        ) {
            (Freshness::Failed, _) => of_alarms(),
            (_, Freshness::Failed) => of_services(),
            (Freshness::Never, _) | (_, Freshness::Never) => {
                one(vec![(" asking ...".into(), t.muted)])
            }
            (Freshness::Stale, _) | (_, Freshness::Stale) => one(vec![(
                " cannot tell: the last answer is old".into(),
                t.stale,
            )]),
            _ if silent + elsewhere > 0 => {
                let mut words = vec![(format!(" nothing burns; {ok} alarms OK"), t.text)];
                if silent > 0 {
                    words.push((format!(", {silent} without data"), t.unknown));
                }
                if elsewhere > 0 {
                    words.push((
                        format!(", {elsewhere} firing in another environment"),
                        t.warn,
                    ));
                }
                one(words)
            }
            _ if ok == 0 => one(vec![(
                " no service is unwell; there are no alarms in this account".into(),
                t.unknown,
            )]),
            _ => one(vec![
                (" nothing burns".into(), t.ok),
                (format!("; {ok} alarms OK"), t.muted),
            ]),
        };
        for (words, y) in lines.iter().zip(inside.y..inside.bottom()) {
            line(buf, inside.x, y, inside.width, words);
        }
        return;
    }
    // The last line is kept for what nobody could read: many rows must not hide it.
    let kept = u16::from(unread.is_some() && inside.height > 1);
    let shown = usize::from(inside.height - kept);
    let room = Room::of(o, inside.width.saturating_sub(1), cx);
    for (index, y) in (0..rows).zip(inside.y..inside.bottom() - kept) {
        let at = Rect::new(inside.x, y, inside.width, 1);
        let spans = match o.items.get(index) {
            Some(Item::Alarm(name)) => match facts.alarm_rows().iter().find(|a| &a.name == name) {
                Some(alarm) => {
                    let spans = alarm_line(alarm, cx, room);
                    doubt::dulled(spans, facts.alarms.fresh(cx.now).is_none(), t.stale)
                }
                None => continue,
            },
            Some(Item::Service(id)) => match facts.service(id) {
                Some(s) => {
                    let spans = unwell::line(s, cx, room);
                    doubt::dulled(spans, !facts.is_service_fresh(id, cx.now), t.stale)
                }
                None => continue,
            },
            Some(Item::Deployment(id, _)) => {
                match facts.deployment_rows().iter().find(|d| &d.id == id) {
                    Some(d) => {
                        let spans = unwell::turned_back(d, room, cx);
                        let unread = facts.deployments.fresh(cx.now).is_none();
                        doubt::dulled(spans, unread, t.stale)
                    }
                    None => continue,
                }
            }
            Some(Item::System(id)) => match o.systems.of(id) {
                Some(e) => systems::burning_line(e, room.times, cx),
                None => continue,
            },
            _ => continue,
        };
        select(buf, o, index, at, &spans, cx);
    }
    scrolled(buf, inside, 0, shown, rows, t);
    if let Some(unread) = unread.filter(|_| kept > 0) {
        let y = inside.y + u16::try_from(shown.min(rows)).unwrap_or(0);
        let at = Rect::new(inside.x, y, inside.width, 1);
        let spans = [(format!("? {}", unread.words()), t.unknown)];
        select(buf, o, rows, at, &spans, cx);
    }
}

/// That something cannot be read, why, and what to do, in as many lines as it takes.
pub(super) fn failed(what: &str, problem: Option<&Problem>, room: u16, cx: &Cx<'_>) -> Vec<Spans> {
    let why = problem.map_or(String::new(), |p| format!(": {}. {}", p.why, p.fix));
    told_in(
        &format!("cannot tell, {what} cannot be read{why}"),
        cx.theme.critical,
        room,
    )
}

/// Words in as many lines as they take, a column from the left.
pub(super) fn told_in(words: &str, style: Style, room: u16) -> Vec<Spans> {
    let lines = wrapped(words, usize::from(room.saturating_sub(2)));
    let line = |text| vec![(format!(" {text}"), style)];
    lines.into_iter().map(line).collect()
}

/// Columns of an age.
const AGES: u16 = 4;

/// Columns of a value against its threshold at most.
const VALUES: usize = 19;

/// Columns of the lines of what burns.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    /// Of the whole line.
    line: u16,
    /// Of an age or a clock time.
    pub(super) times: u16,
    /// Of the longest value against its threshold that is shown: what it does not need is the names'.
    values: usize,
}

impl Room {
    fn of(o: &Overview, line: u16, cx: &Cx<'_>) -> Self {
        let facts = &cx.snapshot.facts;
        let burning = o.items.iter().take(o.burning);
        let values = burning.filter_map(|item| match item {
            Item::Alarm(name) => {
                let alarm = facts.alarm_rows().iter().find(|a| &a.name == name)?;
                Some(width(&value_of(alarm, cx)?))
            }
            Item::Service(id) => Some(width(&unwell::counts(facts.service(id)?, cx))),
            _ => None,
        });
        Self {
            line,
            times: time_columns(AGES, cx.absolute),
            values: values.max().unwrap_or(VALUES).min(VALUES),
        }
    }

    /// Columns of a line before its name, and of the value behind it.
    fn around_name(self) -> usize {
        13 + usize::from(self.times) + self.values + 2
    }

    /// Columns for a name: the value and a sparkline want to be seen, too.
    pub(super) fn name(self) -> usize {
        let room = usize::from(self.line).saturating_sub(self.around_name());
        match room.saturating_sub(12) {
            // A sparkline of a few points says less than the rest of the name.
            ..18 => room.clamp(12, 40),
            rest => rest.min(40),
        }
    }

    /// Columns for a sparkline.
    fn chart(self) -> u16 {
        let used = self.around_name() + 1 + self.name();
        usize::from(self.line).saturating_sub(used).min(16) as u16
    }
}

/// How a line of what burns begins: shape, word, age of the fault. One head for all, so that the columns stand.
pub(super) fn burning_head(
    sign: &str,
    word: &str,
    style: Style,
    since: Option<Timestamp>,
    times: u16,
    cx: &Cx<'_>,
) -> Spans {
    let since = since_or_clock(cx.now, since, cx.absolute);
    let columns = usize::from(times);
    vec![
        (format!("{sign} {word:<8} "), style),
        (format!("{since:>columns$}  "), cx.theme.text),
    ]
}

/// The value of an alarm's metric against its threshold; nothing for an alarm that compares none.
fn value_of(a: &Alarm, cx: &Cx<'_>) -> Option<String> {
    let AlarmRule::Metric {
        query: Some(q),
        comparison,
        threshold: Some(limit),
        ..
    } = &a.rule
    else {
        return None;
    };
    let unit = Unit::of(&q.metric);
    let last = cx.snapshot.facts.series(q).and_then(|s| s.last());
    let rule = format!("{comparison} {}", unit.format(*limit));
    let beyond = last.is_none_or(|v| is_beyond(v, comparison, *limit));
    let last = last.map_or("?".to_owned(), |v| unit.format(v));
    // It may fire for what was: the value of now beside its rule would be an untrue statement.
    Some(match beyond {
        true => format!("{last} {rule}"),
        false => format!("{last} ({rule})"),
    })
}

/// One alarm on one line: shape, word, age, name, value against threshold, sparkline.
fn alarm_line(a: &Alarm, cx: &Cx<'_>, room: Room) -> Spans {
    let t = cx.theme;
    let (sign, style) = match a.severity {
        Severity::Critical => ("▲", t.critical),
        Severity::Warning => ("■", t.warn),
        Severity::Info => ("●", t.info),
    };
    let value = value_of(a, cx).unwrap_or_default();
    let series = match &a.rule {
        AlarmRule::Metric { query: Some(q), .. } => cx.snapshot.facts.series(q),
        _ => None,
    };
    let line_chart = series.map_or(String::new(), |s| {
        spark(s.points.iter().map(|p| p.1), room.chart())
    });
    // A longer name takes what its own value leaves.
    let (values, spare) = (room.values, room.values.saturating_sub(width(&value)));
    let spare = if room.chart() == 0 { spare } else { 0 };
    let name = a.listed_name(room.name() + spare);
    let name_width = width(&name).clamp(room.name(), room.name() + spare);
    let mut spans = burning_head(sign, a.severity.word(), style, a.since, room.times, cx);
    // That it fires is told by one question, and what is measured by another one.
    let is_old = matches!(
        cx.snapshot.facts.series.freshness(cx.now),
        Freshness::Stale | Freshness::Failed
    );
    let (measured, curve) = match is_old {
        true => (t.stale, t.stale),
        false => (t.text, style),
    };
    spans.extend([
        (
            format!("{:<name_width$} ", clip_middle(&name, name_width)),
            t.strong,
        ),
        (format!("{:<values$} ", clip(&value, values)), measured),
        (line_chart, curve),
    ]);
    spans
}

/// Whether a value is where a rule has it; rules without such a number are taken at their word.
fn is_beyond(value: f64, comparison: &str, limit: f64) -> bool {
    match comparison {
        ">" => value > limit,
        ">=" => value >= limit,
        "<" => value < limit,
        "<=" => value <= limit,
        _ => true,
    }
}
