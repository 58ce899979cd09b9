//! The list of actions and deployments, with the picture of the selected one below.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::model::{Deploys, Thing};
use super::order::SORTS;
use super::{pace, picture, scale};
use crate::domain::action::{Intent, Phase, Run};
use crate::domain::audit::Outcome;
use crate::domain::deployment::{Deployment, DeploymentState};
use crate::domain::facts::Author;
use crate::domain::service::image_tag;
use crate::domain::skew;
use crate::domain::text::width;
use crate::ui::screens::Cx;
use crate::ui::widgets::{
    Column, Row, Table, ago, bar, duration, line, panel, scrolled, since, timed,
};

const COLUMNS: &[Column] = &[
    Column::left("state", 15),
    Column::left("service", 14).grow(2).placed(),
    Column::left("what", 16).grow(3),
    Column::left("done", 17).drop(2),
    Column::right("took", 7),
    Column::age("began", 8),
    Column::left("by", 10).grow(1).drop(3).middle(),
];

/// Columns for what a deployment changes, with the image: what is done of it is told by its picture as well.
const WHAT: u16 = 26;

/// Columns of a service's name that counts for more than who began it.
const NAME: usize = 30;

/// Columns of the terminal from which there is something to give to both.
const WIDE: u16 = 100;

/// The columns as there is room for them, and as there is something in them; `longest`: columns of the longest name that is shown.
fn columns(s: &Deploys, longest: usize, cx: &Cx<'_>) -> Vec<Column> {
    let mut columns = timed(COLUMNS, cx.absolute);
    let wide = cx.body.width >= WIDE;
    for column in &mut columns {
        match column.title {
            "service" if wide => column.width = column.width.max(longest.min(NAME) as u16),
            "what" if wide => column.width = WHAT,
            "done" if wide && s.running == 0 => *column = column.hidden(),
            _ => {}
        }
    }
    columns
}

/// Height of the list's panel.
fn list_panel(cx: &Cx<'_>) -> u16 {
    (cx.body.height / 3).max(7)
}

/// Rows of the list that fit.
pub(super) fn list_height(cx: &Cx<'_>) -> usize {
    usize::from(list_panel(cx).saturating_sub(3))
}

/// The line of the list at a position.
pub(super) fn line_at(at: Position, cx: &Cx<'_>) -> Option<u16> {
    let first = cx.body.y + 2;
    (at.y >= first && usize::from(at.y - first) < list_height(cx)).then(|| at.y - first)
}

/// How a deployment's state is drawn.
pub(crate) fn state(s: DeploymentState, cx: &Cx<'_>) -> (String, Style) {
    let t = cx.theme;
    let (sign, style) = match s {
        DeploymentState::Pending | DeploymentState::InProgress => ("▶", t.info),
        DeploymentState::StopRequested | DeploymentState::Stopped => ("■", t.warn),
        DeploymentState::RollingBack | DeploymentState::Failed => ("▲", t.critical),
        DeploymentState::RolledBack => ("◀", t.warn),
        DeploymentState::Successful => ("●", t.ok),
        DeploymentState::Unknown => ("?", t.unknown),
    };
    (format!("{sign} {}", s.word()), style)
}

/// How an action's state is drawn.
pub(super) fn run_state(run: &Run, cx: &Cx<'_>) -> (String, Style) {
    let t = cx.theme;
    match run.outcome {
        None if run.silent.is_some() => ("○ silent".into(), t.warn),
        None => (format!("▶ {}", run.phase.word()), t.info),
        Some(Outcome::Succeeded) => ("✓ succeeded".into(), t.ok),
        Some(Outcome::Unknown) => ("? UNKNOWN".into(), t.unknown),
        Some(Outcome::Stopped) => ("■ stopped".into(), t.warn),
        Some(o) => (format!("▲ {}", o.word()), t.critical),
    }
}

/// How long something took by the clock that tells both of its ends, or takes by now while it goes on. Of what ended nobody knows when
/// there is nothing to say.
pub(super) fn took(
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    goes_on: bool,
    now: Timestamp,
) -> Option<String> {
    let until = to.or_else(|| goes_on.then_some(now))?;
    Some(duration(until.duration_since(from?).as_secs()))
}

/// When something began: how long ago, which is no length of its own. Ages are rounded down: beside how long it lasted, in seconds, one
/// that is shorter would be no age of it.
fn began(at: Option<Timestamp>, lasted: Option<i64>, cx: &Cx<'_>) -> String {
    match at {
        Some(at) if !cx.absolute => {
            if let Some(ahead) = skew::short(at, cx.now) {
                return ahead;
            }
            let exact = cx.now.duration_since(at).as_secs();
            let told = match exact {
                ..60 => exact / 10 * 10,
                60..3_600 => exact / 60 * 60,
                _ => exact,
            };
            match lasted.filter(|lasted| *lasted > told) {
                Some(lasted) => format!("{} ago", duration(lasted.max(exact / 10 * 10))),
                None => ago(cx.now, at),
            }
        }
        at => since(cx.now, at, cx.absolute),
    }
}

/// What a deployment changes: `:41 → :42 1.8.3`.
pub(super) fn change(d: &Deployment) -> String {
    let [whole, ..] = changes(d);
    whole
}

/// The same without blanks, and in ever fewer columns: `:41→:42 1.8.3`, `:42 1.8.3`, `:42`.
pub(crate) fn near_changes(d: &Deployment) -> [String; 3] {
    let [_, near, to] = changes(d);
    let bare = d.way().1.map_or("-".into(), |n| format!(":{n}"));
    [near, to, bare]
}

/// The same in ever fewer columns: what it goes to and its tag are told to the last.
fn changes(d: &Deployment) -> [String; 3] {
    let image = d.sides().1.and_then(|r| r.image.as_deref());
    let tag = image.map_or(String::new(), |i| format!(" {}", image_tag(i)));
    let to = |n: u32| format!(":{n}{tag}");
    match d.way() {
        (Some(f), Some(n)) if f != n => {
            let to = to(n);
            [format!(":{f} → {to}"), format!(":{f}→{to}"), to]
        }
        (_, Some(n)) => [to(n), to(n), to(n)],
        _ => ["-".into(), "-".into(), "-".into()],
    }
}

/// What an action of ours changes, in so many columns: its words give way before what it goes to.
fn our_change(intent: &Intent, d: &Deployment, room: usize) -> String {
    let [whole, near, to] = changes(d);
    let verb = intent.verb();
    // A deploy is what nearly every row is about; anything else has to be said.
    let short = if verb == "deploy" { "our" } else { verb };
    let told = [
        format!("our {verb} {whole}"),
        format!("our {verb} {near}"),
        format!("{short} {near}"),
    ];
    fitting(told, format!("{short} {to}"), room)
}

/// Whether an action ended as its deployment did, otherwise than asked: then the deployment's word is that of both. A stop ends well
/// where what it stops does not.
fn ended_as(run: &Run, d: &Deployment) -> bool {
    let is_stop = matches!(run.intent, Intent::Stop { .. });
    let badly = matches!(run.outcome, Some(Outcome::Failed | Outcome::Stopped));
    let so = matches!(
        d.state,
        DeploymentState::RolledBack | DeploymentState::Failed | DeploymentState::Stopped
    );
    !is_stop && badly && so
}

/// The first text that has room, else the last resort.
fn fitting(told: impl IntoIterator<Item = String>, last: String, room: usize) -> String {
    let mut told = told.into_iter();
    told.find(|text| width(text) <= room).unwrap_or(last)
}

/// Who deployed; who registered the revision is another thing, and says so.
pub(super) fn by(d: &Deployment, cx: &Cx<'_>) -> String {
    match cx.snapshot.facts.author_of(d) {
        Some(Author::Deployed(who)) => who,
        Some(Author::Registered(who)) => format!("rev {who}"),
        None => String::new(),
    }
}

/// How far it is, where that is known, and how many of the tasks run: a bar, percent, counts.
fn share(ratio: Option<f64>, (running, wanted): (u32, u32)) -> String {
    let (full, _) = bar(ratio.unwrap_or(0.0), 5);
    // All is done when it is over, and then it is not told here.
    let percent = ratio.map_or("?".into(), |r| {
        format!("{:.0}", (r * 100.0).floor().clamp(0.0, 100.0))
    });
    format!("{full:<5} {percent:>2} % {running}/{wanted}")
}

/// The same of a deployment.
fn done(d: &Deployment, cx: &Cx<'_>) -> String {
    let tally = d.tally();
    share(pace::progress(d, cx), (tally.started, tally.wanted))
}

/// The row of an action or a deployment; `room`: columns for what it changes.
pub(super) fn row(thing: &Thing<'_>, room: usize, cx: &Cx<'_>) -> Row {
    let t = cx.theme;
    match thing {
        Thing::Run(r) => {
            let deployment = cx.snapshot.facts.deployment_of(r);
            let moves = deployment.filter(|d| r.outcome.is_none() && d.state.is_running());
            let tasks = match (moves, r.progress) {
                (Some(d), _) => done(d, cx),
                (None, Some((done, all))) if all > 0 && r.outcome.is_none() => {
                    let ratio = f64::from(done) / f64::from(all);
                    share(Some(ratio), (done, all))
                }
                _ => String::new(),
            };
            // While the vendor works, its own word says more than that we follow it.
            let follows = moves.filter(|_| r.phase == Phase::Follow);
            let stands = match follows.or_else(|| deployment.filter(|d| ended_as(r, d))) {
                Some(d) => state(d.state, cx),
                None => run_state(r, cx),
            };
            let what = match deployment {
                Some(d) => match (&r.intent, d.state, d.way()) {
                    (Intent::Stop { .. }, DeploymentState::RolledBack, (Some(back), Some(n))) => {
                        let told = [
                            format!("our stop of :{n}, back on :{back}"),
                            format!("stop of :{n}, back on :{back}"),
                        ];
                        fitting(told, format!("stop :{n}→:{back}"), room)
                    }
                    _ => our_change(&r.intent, d, room),
                },
                None => match &r.intent {
                    Intent::Scale { desired, .. } => match scale::from(r, cx) {
                        Some(from) => {
                            let whole = format!("our scale {from}→{desired}");
                            fitting([whole], format!("scale {from}→{desired}"), room)
                        }
                        None => fitting(
                            [format!("our scale to {desired}")],
                            format!("scale to {desired}"),
                            room,
                        ),
                    },
                    intent => format!("our {}", intent.verb()),
                },
            };
            let until = r.finished_at.or(r.outcome.is_none().then_some(cx.now));
            let lasted = until.map(|end| end.duration_since(r.started_at).as_secs());
            Row::new([
                stands,
                (
                    r.intent.service().map_or("-".into(), ToString::to_string),
                    t.strong,
                ),
                (what, t.text),
                (tasks, t.bar),
                (lasted.map_or("-".into(), duration), t.text),
                (began(Some(r.started_at), lasted, cx), t.muted),
                (r.who.clone(), t.muted),
            ])
        }
        Thing::Deployment(d) => {
            let tasks = match d.state.is_running() {
                true => done(d, cx),
                false => String::new(),
            };
            let from = d.began(cx.now);
            let [whole, near, to] = changes(d);
            Row::new([
                state(d.state, cx),
                (d.service.to_string(), t.strong),
                (fitting([whole, near], to, room), t.text),
                (tasks, t.bar),
                (d.took(cx.now).map_or("-".into(), duration), t.text),
                (began(from, d.took(cx.now), cx), t.muted),
                (by(d, cx), t.muted),
            ])
        }
    }
}

pub(super) fn view(s: &Deploys, cx: &Cx<'_>, buf: &mut Buffer) {
    let (t, facts) = (cx.theme, &cx.snapshot.facts);
    let top = Rect {
        height: list_panel(cx),
        ..cx.body
    };
    let running = s.running;
    let of = match &s.only {
        Some(id) => format!(" of {id}"),
        None => String::new(),
    };
    let mut title = format!("Deploys{of}  {} shown, {running} running", s.items.len());
    if !s.filter.is_empty() {
        title.push_str(&format!("  /{}", s.filter));
    }
    let selected = s.list.index().checked_sub(s.list.offset());
    let shown = s.items.iter().skip(s.list.offset());
    let shown = shown.take(list_height(cx));
    let shown: Vec<Thing<'_>> = shown.filter_map(|i| Thing::of(i, facts)).collect();
    let names = shown.iter().filter_map(|thing| match thing {
        Thing::Run(r) => r.intent.service(),
        Thing::Deployment(d) => Some(&d.service),
    });
    let names = names.map(|id| id.cluster.len() + 1 + id.name.len());
    let table = Table {
        columns: &columns(s, names.max().unwrap_or(0), cx),
        sort: s.sort.mark(SORTS, COLUMNS),
        selected,
        focus: true,
    };
    title.push_str(&table.unseen_sort(top.width.saturating_sub(2)));
    let inside = panel(buf, top, &title, true, t);
    let room = table.room("what", inside.width).unwrap_or(0);
    let rows = shown.iter().map(|x| row(x, room, cx));
    table.draw(buf, inside, rows, t);
    scrolled(
        buf,
        inside,
        s.list.offset(),
        list_height(cx),
        s.items.len(),
        t,
    );
    if s.items.is_empty() {
        let words = match (&facts.deployments.error, &facts.deployments.value) {
            (Some(p), _) => format!("{}: {}. {}", p.what, p.why, p.fix),
            (None, None) => "asking ...".into(),
            _ if !s.filter.is_empty() => {
                format!("nothing matches {:?}; esc clears the filter", s.filter)
            }
            _ => "no deployment is known; a service's page deploys one".into(),
        };
        line(
            buf,
            inside.x + 2,
            inside.y + 1,
            inside.width.saturating_sub(2),
            &[(words, t.muted)],
        );
    }
    let below = Rect {
        y: top.bottom(),
        height: cx.body.height.saturating_sub(top.height),
        ..cx.body
    };
    match s.current(cx) {
        Some(thing) => picture::view(&thing, s.scroll, cx, below, buf),
        None => {
            panel(buf, below, "", false, t);
        }
    }
}
