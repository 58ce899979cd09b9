//! The panel of what moves: our actions and everybody's deployments, and why one of them goes back or failed.

use jiff::SignedDuration;
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::style::Style;

use super::doubt;
use super::model::{Item, Overview};
use super::ours::of_run;
use super::panels::{Spans, failed, select};
use crate::domain::action::{Intent, Run};
use crate::domain::audit::Outcome;
use crate::domain::deployment::Deployment;
use crate::domain::part::Freshness;
use crate::domain::progress::{Estimate, Untold};
use crate::domain::service::Service;
use crate::domain::skew;
use crate::domain::text::{clip, clip_place, width};
use crate::ui::screens::Cx;
use crate::ui::screens::deploys::{near_changes, pace};
use crate::ui::widgets::{bar, duration, line, panel, scrolled, when};

/// How long a deployment that ended badly is told of while others move.
const TOLD: SignedDuration = SignedDuration::from_hours(1);

/// Where a line tells how long it goes on.
pub(super) const ELAPSED: usize = 5;

/// A line of the panel, and the item that it belongs to.
type Line = (Option<usize>, Spans);

pub(super) fn moving(o: &Overview, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let t = cx.theme;
    let title = match o.moving {
        0 => "Moving".to_owned(),
        n => format!("Moving  {n}"),
    };
    let told = &cx.snapshot.facts.deployments;
    let doubt = (o.moving > 0).then(|| doubt::words(told, cx)).flatten();
    let inside = panel(buf, area, &doubt::titled(title, doubt), false, t);
    let lines = lines(o, cx, inside.as_size());
    for ((item, spans), y) in lines.iter().zip(inside.y..inside.bottom()) {
        let at = Rect::new(inside.x, y, inside.width, 1);
        match item {
            Some(index) => select(buf, o, *index, at, spans, cx),
            None => line(buf, at.x, y, at.width, spans),
        }
    }
    scrolled(buf, inside, 0, usize::from(inside.height), o.moving, t);
}

/// The item on a line of the panel.
pub(super) fn item_at(o: &Overview, cx: &Cx<'_>, size: Size, line: usize) -> Option<usize> {
    lines(o, cx, size).get(line)?.0
}

/// What moves, a line each; below it why it goes otherwise than asked, as far as there is room; then the last that ended.
fn lines(o: &Overview, cx: &Cx<'_>, size: Size) -> Vec<Line> {
    let facts = &cx.snapshot.facts;
    let unread = facts.deployments.fresh(cx.now).is_none();
    let dulled = |spans, is_doubtful| doubt::dulled(spans, is_doubtful, cx.theme.stale);
    let mut spare = usize::from(size.height).saturating_sub(o.moving);
    let mut lines: Vec<Line> = Vec::new();
    for index in o.burning..o.burning + o.moving {
        let (spans, trouble) = match o.items.get(index) {
            Some(Item::Run(id)) => match facts.runs.iter().find(|r| &r.id == id) {
                Some(r) => of_run(r, size.width, cx),
                None => continue,
            },
            Some(Item::Deployment(id, _)) => {
                match facts.deployment_rows().iter().find(|d| &d.id == id) {
                    Some(d) => {
                        let (spans, trouble) = of_deployment(d, size.width, cx);
                        (dulled(spans, unread), trouble)
                    }
                    None => continue,
                }
            }
            Some(Item::Service(id)) => match facts
                .service(id)
                .and_then(|s| of_scaling(s, size.width, cx))
            {
                Some(spans) => {
                    let unread = !facts.is_service_fresh(id, cx.now);
                    (dulled(spans, unread), None)
                }
                None => continue,
            },
            _ => continue,
        };
        lines.push((Some(index), spans));
        if let Some(why) = trouble.filter(|_| spare > 0) {
            spare -= 1;
            lines.push((Some(index), vec![(format!("   {why}"), cx.theme.warn)]));
        }
    }
    if spare > 0 {
        lines.extend(
            last(o.moving == 0, size.width, cx)
                .into_iter()
                .map(|spans| (None, spans)),
        );
    }
    lines
}

/// A service with what is done to it. Which service it is counts for more than what it had; and where its cluster has no room beside it,
/// than that.
pub(super) fn named(name: &str, rest: String, room: u16) -> String {
    let columns = title_columns(room);
    let left = match width(name) > columns {
        true => columns.saturating_sub(width(&rest)),
        false => columns,
    };
    format!("{}{rest}", clip_place(name, left))
}

/// A deployment by its service, and from which revision to which it goes.
pub(super) fn titled(
    d: &Deployment,
    way: (Option<u32>, Option<u32>),
    room: u16,
    cx: &Cx<'_>,
) -> String {
    let name = cx.snapshot.facts.name_of(&d.service);
    match way {
        (Some(f), Some(n)) if f != n => {
            let whole = format!("{name} :{f} → :{n}");
            match width(&whole) > title_columns(room) {
                true => named(&name, format!(" → :{n}"), room),
                false => whole,
            }
        }
        (_, Some(n)) => named(&name, format!(" :{n}"), room),
        _ => named(&name, String::new(), room),
    }
}

pub(super) fn of_deployment(d: &Deployment, room: u16, cx: &Cx<'_>) -> (Spans, Option<String>) {
    let title = titled(d, d.way(), room, cx);
    // What goes back is done when the revision before runs again.
    let tally = d.tally();
    let counts = (tally.started, tally.wanted);
    let elapsed = d.took(cx.now).map_or("-".into(), duration);
    let word = pace::now(d, cx).unwrap_or_else(|| d.state.word().into());
    let ratio = pace::progress(d, cx);
    let mut spans = move_line(&title, &word, ratio, Some(counts), &elapsed, room, cx);
    if let Some((sign, seconds)) = pace::estimate(d, cx).and_then(Estimate::seconds) {
        spans.push((format!("  {sign}{}", duration(seconds)), cx.theme.muted));
    }
    let contradiction = d.untold(cx.now).and_then(Untold::contradiction);
    let unknown = contradiction.map(|why| format!("unknown: {why}"));
    (spans, unknown.or_else(|| d.trouble()))
}

/// A service whose desired count somebody raised, or its own scaling did.
pub(super) fn of_scaling(s: &Service, room: u16, cx: &Cx<'_>) -> Option<Spans> {
    let (from, to) = s.scaling_out()?;
    let since = s.scaling?.since;
    let name = cx.snapshot.facts.name_of(&s.id);
    let (runs, wants) = (s.answering().running, s.answering().desired);
    let ratio = f64::from(runs.saturating_sub(from)) / f64::from(to.saturating_sub(from).max(1));
    let elapsed = duration(cx.now.duration_since(since).as_secs());
    let title = format!("{name} {from}→{to}");
    Some(move_line(
        &title,
        "scaling",
        Some(ratio),
        Some((runs, wants)),
        &elapsed,
        room,
        cx,
    ))
}

/// Half of a screen of 120 columns has less.
const NARROW: u16 = 72;
/// Half of a screen of 160 columns, and all of one of 80.
const HALF: u16 = 76;

/// Columns of what moves: a service with its cluster and both revisions, where there is room for them.
fn title_columns(room: u16) -> usize {
    match room {
        90.. => 30,
        HALF.. => 27,
        NARROW.. => 24,
        _ => 21,
    }
}

pub(super) fn move_line(
    title: &str,
    word: &str,
    ratio: Option<f64>,
    counts: Option<(u32, u32)>,
    elapsed: &str,
    room: u16,
    cx: &Cx<'_>,
) -> Spans {
    let t = cx.theme;
    // In half a screen the bar and the counts of tasks make room for the name, and for the share that is done.
    let wide = room >= NARROW;
    let name = title_columns(room);
    let bar_width = match room {
        90.. => 12,
        HALF.. => 6,
        NARROW.. => 8,
        _ => 0,
    };
    let (full, empty) = bar(ratio.unwrap_or(0.0), bar_width);
    let percent = match (counts, ratio) {
        (Some(_), Some(ratio)) => format!("{:.0} %", (ratio * 100.0).floor()),
        (Some((_, 1..)), None) => "? %".into(),
        _ => String::new(),
    };
    let tasks = counts.map_or("-".to_owned(), |(done, all)| format!("{done}/{all}"));
    let counts = match wide {
        true => format!(" {percent:>5} {tasks:>7}  "),
        false => format!(" {percent:>5}  "),
    };
    let style = if word.chars().any(|c| c.is_ascii_uppercase()) {
        t.critical
    } else {
        t.info
    };
    vec![
        (format!(" {:<name$} ", clip(title, name)), t.strong),
        (full, t.bar),
        (empty, t.bar_empty),
        (counts, t.text),
        (format!("{word:<12} "), style),
        (elapsed.to_owned(), t.muted),
    ]
}

/// What is told of the last thing that ended.
struct Told {
    /// What it was, in ever fewer columns.
    what: Vec<String>,
    /// How it ended, and when: to be seen before anything else.
    end: String,
    /// Of what did not end as asked.
    style: Option<Style>,
    /// Why it ended so, where that is told.
    why: Option<String>,
}

impl Told {
    /// All of it in so many columns, as far as that goes.
    fn words(&self, room: usize) -> String {
        let mut all = self.what.iter().map(|w| format!("last {w} {}", self.end));
        let last = all.next_back().unwrap_or_default();
        all.find(|text| width(text) <= room).unwrap_or(last)
    }
}

/// Whether a deployment ended badly of late.
fn is_late(d: &Deployment, cx: &Cx<'_>) -> bool {
    let late = |at| cx.now.duration_since(at) < TOLD;
    d.state.is_bad() && d.finished_at.is_some_and(late)
}

/// An action on a service that ended, if it ended after the last deployment did: whoever has just done something looks for that. A
/// person's word on a criterion moves nothing, nor does what was refused: it hides nothing that went back.
fn done(newest: Option<&Deployment>, cx: &Cx<'_>) -> Option<Told> {
    let facts = &cx.snapshot.facts;
    let deployed = newest.and_then(|d| d.finished_at);
    let is_back = newest.is_some_and(|d| is_late(d, cx));
    let hides = |r: &&Run| is_back && r.outcome == Some(Outcome::Refused);
    let runs = facts.runs.iter().filter(|r| r.intent.service().is_some());
    let runs = runs.filter(|r| !hides(r));
    let ended = runs.filter_map(|r| Some((r.finished_at?, r.outcome?, r)));
    let (at, outcome, run) = ended.max_by_key(|(at, ..)| *at)?;
    if deployed.is_some_and(|d| d >= at) {
        return None;
    }
    let name = facts.name_of(run.intent.service()?);
    let brought = facts.deployment_of(run).filter(|d| !d.state.is_running());
    // What a stop stops ends badly, and that is what was wanted.
    let is_stop = matches!(run.intent, Intent::Stop { .. });
    let verb = match run.intent {
        // What nearly everything is needs no word.
        Intent::Deploy { .. } if brought.is_some() => String::new(),
        _ => format!("{} ", run.intent.verb()),
    };
    let what = match (&run.intent, brought) {
        (Intent::Scale { desired, .. }, _) => {
            let from = run.scaled_from;
            let from = from.map_or("to ".into(), |from| format!("{from}→"));
            vec![format!("{name} {from}{desired}")]
        }
        (_, Some(d)) => near_changes(d)
            .map(|change| format!("{verb}{name} {change}"))
            .to_vec(),
        (_, None) => {
            let brings = run.brings.as_ref();
            let brings = brings.map_or(String::new(), |r| format!(" :{}", r.number));
            vec![format!("{verb}{name}{brings}")]
        }
    };
    let succeeded = outcome == Outcome::Succeeded;
    let failed = brought.filter(|d| !succeeded && !is_stop && d.state.is_bad());
    let word = failed.map_or(outcome.word(), |d| d.state.word());
    Some(Told {
        what,
        end: format!("{word} {}", when(cx.now, at, cx.absolute)),
        style: match (succeeded, failed) {
            (true, _) => None,
            (false, None) => Some(cx.theme.warn),
            (false, Some(_)) => Some(cx.theme.critical),
        },
        why: failed.and_then(|d| d.trouble()),
    })
}

/// A deployment that ended.
fn told_of(d: &Deployment, cx: &Cx<'_>) -> Told {
    let when = d.finished_at.map_or(String::new(), |at| {
        let ahead = skew::words(at, cx.now);
        ahead.unwrap_or_else(|| when(cx.now, at, cx.absolute))
    });
    let name = cx.snapshot.facts.name_of(&d.service);
    let is_bad = d.state.is_bad();
    Told {
        what: near_changes(d)
            .map(|change| format!("{name} {change}"))
            .to_vec(),
        end: format!("{} {when}", d.state.word()),
        style: is_bad.then_some(cx.theme.critical),
        why: is_bad.then(|| d.trouble().unwrap_or_default()),
    }
}

/// The last thing that ended; while others move only a deployment that ended badly of late. Below it why it ended so.
fn last(still: bool, room: u16, cx: &Cx<'_>) -> Vec<Spans> {
    let (t, facts) = (cx.theme, &cx.snapshot.facts);
    let ended = facts.deployment_rows().iter();
    let newest = ended
        .filter(|d| d.finished_at.is_some())
        .max_by_key(|d| d.finished_at);
    let lead = match facts.deployments.freshness(cx.now) {
        Freshness::Failed if still => {
            return failed("deployments", facts.deployments.error.as_ref(), room, cx);
        }
        Freshness::Never if still => return vec![vec![(" asking ...".into(), t.muted)]],
        // What was last heard says nothing of now.
        Freshness::Stale if still => (" cannot tell: the last answer is old".into(), t.stale),
        _ if still => (" nothing moves".into(), t.text),
        _ => (String::new(), t.text),
    };
    let newest = newest.map(AsRef::as_ref);
    let own = done(newest, cx).filter(|_| still);
    let theirs = || {
        let told = newest.filter(|d| still || is_late(d, cx));
        told.map(|d| told_of(d, cx))
    };
    let Some(told) = own.or_else(theirs) else {
        return if still { vec![vec![lead]] } else { Vec::new() };
    };
    let (sign, style) = match told.style {
        Some(style) => ("▲ ", style),
        None => ("", t.muted),
    };
    let gap = if still { "; " } else { " " };
    let before = format!("{gap}{sign}");
    let used = width(&lead.0) + width(&before);
    let words = told.words(usize::from(room).saturating_sub(used));
    let mut lines = vec![vec![lead, (before + &words, style)]];
    lines.extend(told.why.map(|why| vec![(format!("   {why}"), t.warn)]));
    lines
}
