//! One deployment or action as a picture: both revisions side by side, what guards it, how far it is, what happened.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::model::Thing;
use super::view::{change, run_state, state, took};
use super::{cause, pace, scale};
use crate::domain::action::{Phase, Run};
use crate::domain::audit::Outcome;
use crate::domain::deployment::{Deployment, DeploymentSource, RevisionLoad};
use crate::domain::facts::Author;
use crate::domain::order::Ordered;
use crate::domain::service::{image_name, image_tag};
use crate::domain::text::{clip, width};
use crate::ui::screens::Cx;
use crate::ui::screens::audit::in_short;
use crate::ui::widgets::{bar, clock, duration, line, panel, wrapped};

type Spans = Vec<(String, Style)>;

/// Columns below which words are told in short.
const NARROW: u16 = 100;

pub(super) fn view(thing: &Thing<'_>, scroll: usize, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let (t, facts) = (cx.theme, &cx.snapshot.facts);
    // Callers of one account begin alike, and have no room here.
    let short = cx.body.width < NARROW;
    let (title, head) = match thing {
        Thing::Run(r) => {
            let who = if short {
                in_short(&r.who)
            } else {
                r.who.clone()
            };
            (format!("{}   by {who}", r.title), run_state(r, cx))
        }
        Thing::Deployment(d) => {
            let who = match facts.author_of(d) {
                Some(Author::Deployed(who)) => format!("   by {who}"),
                Some(Author::Registered(who)) => format!("   revision registered by {who}"),
                None => String::new(),
            };
            let title = format!("{}  {}{who}", d.service, change(d));
            (title, state(d.state, cx))
        }
    };
    let inside = panel(buf, area, &title, false, t);
    let mut rows: Vec<Spans> = Vec::new();
    let mut story: Vec<(Timestamp, String, Style)> = Vec::new();
    let deployment = thing.deployment(facts);
    if let Thing::Run(r) = thing {
        rows.push(steps(r, cx));
        if let Some(silence) = &r.silent {
            rows.push(vec![(silence.words(cx.now, facts.read_only), t.warn)]);
        }
        for l in r.lines.iter().rev() {
            story.push((l.at, l.text.clone(), t.text));
        }
    }
    if let Some(d) = deployment {
        let told: Vec<&str> = match thing {
            Thing::Run(r) => r.lines.iter().map(|l| l.text.as_str()).collect(),
            Thing::Deployment(_) => Vec::new(),
        };
        if let Some(words) = older(thing, d, cx) {
            rows.push(vec![(words, t.stale)]);
        }
        if let Some(words) = d.disagreement(cx.now) {
            rows.push(vec![(words, t.unknown)]);
        }
        rows.extend(body(d, &told, cx, inside.width));
        rows.extend(cause::told(d, cx, inside.width));
        // What the action heard of the vendor is in its own story.
        let heard = |message: &str| told.contains(&message);
        let events = facts.events_of(d).filter(|e| !heard(&e.message));
        story.extend(events.map(|e| (e.at, e.message.clone(), t.muted)));
    } else {
        rows.push(vec![head]);
        rows.extend(scale::told(thing, cx));
    }
    story.order_by_key(|s| std::cmp::Reverse(s.0));
    rows.push(Vec::new());
    let fixed = rows.len() as u16;
    for (y, spans) in (inside.y..inside.bottom()).zip(&rows) {
        line(buf, inside.x + 1, y, inside.width.saturating_sub(1), spans);
    }
    let mut y = inside.y + fixed;
    for (at, text, style) in story.iter().skip(scroll) {
        let when = clock(cx.now, *at);
        for (n, text) in wrapped(text, usize::from(inside.width).saturating_sub(15))
            .into_iter()
            .enumerate()
        {
            if y >= inside.bottom() {
                return;
            }
            let head = if n == 0 {
                format!("{when:<12}")
            } else {
                " ".repeat(12)
            };
            let style = if text.contains("failed") || text.contains("unhealthy") {
                t.warn
            } else {
                *style
            };
            line(
                buf,
                inside.x + 1,
                y,
                inside.width.saturating_sub(1),
                &[(head, t.muted), (text, style)],
            );
            y += 1;
        }
    }
    if story.is_empty() && y < inside.bottom() {
        line(
            buf,
            inside.x + 1,
            y,
            inside.width,
            &[("no event of this deployment is known".into(), t.muted)],
        );
    }
}

/// That the action is over while its deployment is told as of before: the two answers are of different times.
fn older(thing: &Thing<'_>, d: &Deployment, cx: &Cx<'_>) -> Option<String> {
    let Thing::Run(run) = thing else { return None };
    let ended = run.finished_at.filter(|_| d.state.is_running())?;
    let read = cx.snapshot.facts.deployments.observed_at?;
    let behind = ended.duration_since(read).as_secs();
    (behind >= 0).then(|| format!("read {} before the action ended:", duration(behind)))
}

/// The stations of an action's life: those passed ticked, the one where it ended otherwise than asked marked so. That the end was
/// written down is a station of its own.
fn steps(r: &Run, cx: &Cx<'_>) -> Spans {
    let t = cx.theme;
    let mut spans: Spans = Vec::new();
    let told = r.lines.iter().rev().map(|l| l.phase);
    let stopped = r.stopped_in.or_else(|| {
        let mut before = told.filter(|p| *p != Phase::Record);
        before.next()
    });
    let stopped = stopped.unwrap_or(r.phase);
    for phase in Phase::ALL {
        let (sign, style) = match r.outcome {
            None if phase == r.phase => ("▶", t.info),
            None if phase < r.phase => ("✓", t.ok),
            None => ("·", t.muted),
            Some(_) if phase == Phase::Record && r.recorded => ("✓", t.ok),
            Some(Outcome::Unknown) if phase == Phase::Record => ("·", t.muted),
            Some(_) if phase == Phase::Record => ("✗", t.critical),
            Some(Outcome::Succeeded) => ("✓", t.ok),
            Some(_) if phase < stopped => ("✓", t.ok),
            Some(_) if phase > stopped => ("·", t.muted),
            Some(Outcome::Unknown) => ("?", t.unknown),
            Some(Outcome::Abandoned | Outcome::Stopped) => ("■", t.warn),
            Some(_) => ("✗", t.critical),
        };
        spans.push((format!("{sign} {} ", phase.word()), style));
    }
    let goes_on = r.outcome.is_none();
    if let Some(length) = took(Some(r.started_at), r.finished_at, goes_on, cx.now) {
        // Its deployment, by the vendor's clock, is a part of that.
        let words = match (goes_on, cx.body.width < NARROW) {
            (true, _) => length,
            (false, true) => format!("= {length}"),
            (false, false) => format!("{length} in all"),
        };
        spans.push((words, t.muted));
    }
    if r.reattached {
        spans.push(("  picked up from the journal".into(), t.info));
    }
    spans
}

/// How many tasks run on one side, its share of traffic, and what of it is wanted; `short` where there is little room.
fn words(r: &RevisionLoad, wanted: u32, going: bool, short: bool) -> String {
    let c = r.counts;
    let mut words = format!("  {} running", c.running);
    if c.pending > 0 {
        words.push_str(&format!("  {} starting", c.pending));
    }
    if !going && c.surplus() > 0 {
        words.push_str(&format!("  {} to stop", c.surplus()));
    }
    if let Some(p) = r.traffic_percent {
        let of = if short { "" } else { "of " };
        words.push_str(&format!("  {p:.0} % {of}traffic"));
    }
    if going {
        words.push_str(match c.running {
            0 => "",
            n if n < wanted.max(c.desired) => "  draining",
            _ => "  not replaced yet",
        });
    } else {
        words.push_str(&format!("  {} wanted", c.desired));
    }
    words
}

fn failed(r: &RevisionLoad) -> Option<String> {
    let failed = r.counts.failed;
    (failed > 0).then(|| format!("  {failed} failed"))
}

/// What the health checks say of the tasks that run of what takes over, and whether one fails; nothing where they have none, or were not
/// read.
fn health(d: &Deployment, to: &RevisionLoad, cx: &Cx<'_>) -> Option<(String, bool)> {
    let checked = cx.snapshot.facts.checked(d, cx.now)?;
    let told = [
        (checked.healthy, "healthy"),
        (checked.unhealthy, "unhealthy"),
        (checked.untold(to.counts.running), "not checked yet"),
    ];
    let told = told.iter().filter(|(n, _)| *n > 0);
    let words: String = told.map(|(n, word)| format!("  {n} {word}")).collect();
    (!words.is_empty()).then_some((words, checked.unhealthy > 0))
}

/// Columns for the label and the revision of a side.
const NAMED: usize = 12;

/// Tasks of a side that run now, as its service tells them: once a deployment has ended its own counts are history. Where both sides
/// have one task definition, as those of a restart, their service revisions tell them apart, or nothing does.
fn running_now(d: &Deployment, side: &RevisionLoad, cx: &Cx<'_>) -> Option<u32> {
    let facts = &cx.snapshot.facts;
    let service = facts.service(&d.service)?;
    if !facts.is_service_fresh(&d.service, cx.now) || service.rollouts.is_empty() {
        return None;
    }
    let sides = || d.from.iter().chain(&d.to);
    if sides().filter(|s| s.revision == side.revision).count() == 1 {
        let same = service.rollouts.iter();
        let same = same.filter(|r| r.revision == side.revision);
        return Some(same.map(|r| r.counts.running).sum());
    }
    let of = |arn: &String| service.revisions.iter().find(|r| &r.arn == arn);
    let told = |s: &RevisionLoad| s.service_revision.as_ref().and_then(of);
    // After the next restart neither tells of what runs.
    sides().find_map(told)?;
    Some(told(side).map_or(0, |r| r.counts.running))
}

/// The sides of a deployment: what goes, then what comes. Without a number of wanted tasks it has ended, and `d` is told by what runs of
/// it now. Where there is little room the bar gives way first, then the image: never a count or a share of traffic.
fn loads(
    d: &Deployment,
    sides: &[(&str, &RevisionLoad)],
    wanted: Option<u32>,
    cx: &Cx<'_>,
    room: u16,
) -> Vec<Spans> {
    let short = cx.body.width < NARROW;
    let (image_width, bar_width) = if short { (16, 14) } else { (24, 20) };
    let t = cx.theme;
    let is_going = |label: &str| label == "from";
    let told = |(label, r): &(&str, &RevisionLoad)| {
        let words = wanted.map(|n| words(r, n, is_going(label), short));
        let health = (wanted.is_some() && !is_going(label)).then(|| health(d, r, cx));
        let health = health.flatten().map_or(0, |(words, _)| width(&words));
        width(&words.unwrap_or_default()) + health + width(&failed(r).unwrap_or_default())
    };
    let told = sides.iter().map(told).max().unwrap_or(0);
    let room = usize::from(room).saturating_sub(NAMED + 1 + told);
    let image_width = room.clamp(8, image_width);
    let bar_width = room.saturating_sub(image_width).min(bar_width) as u16;
    let side = |(label, r): &(&str, &RevisionLoad)| {
        let image = r.image.as_deref().map_or("-".into(), |i| {
            format!("{}:{}", image_name(i), image_tag(i))
        });
        let image = clip(&image, image_width);
        let mut spans = vec![
            (format!("{label:<5}"), t.muted),
            (
                format!("{:<7}", format!(":{}", r.revision.number)),
                t.strong,
            ),
            (format!("{image:<image_width$} "), t.text),
        ];
        let Some(wanted) = wanted else {
            let now = running_now(d, r, cx).map(|n| (format!("  {n} running now"), t.text));
            spans.extend(now);
            return spans;
        };
        let all = f64::from(wanted.max(r.counts.desired).max(1));
        let (full, empty) = bar(f64::from(r.counts.running) / all, bar_width);
        let going = is_going(label);
        spans.extend([
            (full, if going { t.muted } else { t.bar }),
            (empty, t.bar_empty),
            (words(r, wanted, going, short), t.text),
        ]);
        if !going && let Some((words, is_bad)) = health(d, r, cx) {
            spans.push((words, if is_bad { t.critical } else { t.text }));
        }
        spans.extend(failed(r).map(|words| (words, t.critical)));
        spans
    };
    sides.iter().map(side).collect()
}

/// `told`: what the story below says, and need not be said twice.
fn body(d: &Deployment, told: &[&str], cx: &Cx<'_>, width: u16) -> Vec<Spans> {
    let (t, facts) = (cx.theme, &cx.snapshot.facts);
    let mut rows: Vec<Spans> = Vec::new();
    let mut first: Spans = vec![
        state(d.state, cx),
        (format!("   {}", d.strategy.word()), t.text),
    ];
    let running = d.state.is_running();
    // Where its steps tell the stage, they stand below.
    if let Some(stage) = d
        .lifecycle_stage
        .as_ref()
        .filter(|_| !running || !d.is_staged())
    {
        first.push((format!("   {}", pace::stage(stage)), t.info));
    }
    if running {
        let seen = facts.as_checked(d, cx.now);
        let (full, empty) = bar(seen.progress(cx.now).unwrap_or(0.0), 10);
        let (percent, style) = match seen.percent(cx.now) {
            Some(percent) => (format!(" {percent} %"), t.strong),
            None => (" ? %".into(), t.unknown),
        };
        first.extend([
            ("   ".into(), t.text),
            (full, t.bar),
            (empty, t.bar_empty),
            (percent, style),
        ]);
    }
    if let Some(length) = d.took(cx.now).map(duration) {
        let word = if running { "" } else { "took " };
        first.push((format!("   {word}{length}"), t.text));
    }
    if running {
        first.push((format!("   {}", pace::to_go(d, cx)), t.muted));
    }
    rows.push(first);
    if running {
        rows.push(pace::steps(d, cx));
    }
    let (from, to) = d.sides();
    let wanted = running.then(|| to.map_or(0, |r| r.counts.desired));
    let from = from.into_iter().take(2).map(|r| ("from", r));
    let sides: Vec<_> = from.chain(to.map(|r| ("to", r))).collect();
    if !running && d.from.is_empty() && d.source == DeploymentSource::Rollouts {
        let words =
            "not told: the service's own list drops what was replaced, and what failed before";
        rows.push(vec![("from ".into(), t.muted), (words.into(), t.unknown)]);
    }
    rows.extend(loads(d, &sides, wanted, cx, width.saturating_sub(1)));
    let mut guard: Spans = vec![("guards  ".into(), t.muted)];
    match (d.circuit_breaker.enabled, d.failures) {
        (true, Some((failed, trips))) => {
            let style = if failed > 0 { t.warn } else { t.text };
            guard.push((format!("breaker: {failed} of {trips} failures"), style));
            guard.push((
                if d.circuit_breaker.rollback {
                    ", then back"
                } else {
                    ", no way back"
                }
                .into(),
                t.muted,
            ));
        }
        (true, None) => guard.push(("breaker on".into(), t.text)),
        (false, _) => guard.push(("no circuit breaker".into(), t.warn)),
    }
    if d.alarms.is_empty() {
        guard.push(("   no alarm watched".into(), t.muted));
    }
    for (name, fired) in &d.alarms {
        let firing = *fired
            || facts
                .alarm_rows()
                .iter()
                .any(|a| &a.name == name && a.state == crate::domain::alarm::AlarmState::Alarm);
        guard.push((
            format!("   {} {name}", if firing { "▲" } else { "●" }),
            if firing { t.critical } else { t.ok },
        ));
    }
    rows.push(guard);
    let mut said: Vec<&str> = Vec::new();
    for why in [d.rollback_reason.as_deref(), Some(d.reason.as_str())]
        .into_iter()
        .flatten()
        .map(str::trim)
    {
        // ECS gives the reason of a rollback as that of the deployment, too.
        let known = said.iter().any(|s| s.contains(why)) || told.iter().any(|s| s.contains(why));
        if known || why.is_empty() {
            continue;
        }
        said.push(why);
        for text in wrapped(why, usize::from(width).saturating_sub(3)) {
            let style = if d.state.is_bad() { t.warn } else { t.muted };
            rows.push(vec![(text, style)]);
        }
    }
    // Where that leaves its steps unknown, it is said there.
    if d.source == DeploymentSource::Rollouts && d.untold(cx.now).is_none() {
        let words = match pace::are_told(facts) {
            true => "as the service itself tells it: its service deployment is not read yet",
            false => "as the service itself tells it: nobody tells of service deployments here",
        };
        let lines = wrapped(words, usize::from(width).saturating_sub(3));
        rows.extend(lines.into_iter().map(|text| vec![(text, t.muted)]));
    }
    rows
}
