//! A service's own page.

use super::{revisions, tasks};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::model::{Page, Pane, tasks};
use super::row;
use crate::domain::facts::Facts;
use crate::domain::queries;
use crate::domain::service::{Service, ServiceHealth, image_name, image_tag};
use crate::domain::text::{clip, clip_middle, width};
use crate::ui::screens::{Cx, deploys};
use crate::ui::widgets::{
    Column, Row, Table, age, line, panel, scrolled, since, spark, time_columns, until, wrapped,
};

const HEAD: u16 = 7;

const TARGETS: &[Column] = &[
    Column::left("state", 12),
    Column::left("target", 16).grow(1),
    Column::right("port", 6),
    Column::left("zone", 12),
    Column::left("group", 16).grow(1).drop(1),
    Column::left("why", 14).grow(2),
];

/// Rows of the page's list that fit.
pub(super) fn list_height(cx: &Cx<'_>) -> usize {
    usize::from(cx.body.height.saturating_sub(HEAD + 3))
}

/// What names the targets of a service, in the order drawn.
pub(super) fn target_keys(facts: &Facts, service: &Service) -> Vec<String> {
    facts
        .targets_of(service)
        .flat_map(|g| {
            g.targets
                .iter()
                .map(move |t| format!("{} {}:{}", g.arn, t.id, t.port))
        })
        .collect()
}

fn pane_places(cx: &Cx<'_>) -> Vec<(Pane, u16, u16)> {
    let mut x = cx.body.x + 2;
    Pane::ALL
        .into_iter()
        .map(|p| {
            let w = p.title().len() as u16;
            let place = (p, x, w);
            x += w + 3;
            place
        })
        .collect()
}

/// The pane whose name is at a position.
pub(super) fn pane_at(at: Position, cx: &Cx<'_>) -> Option<Pane> {
    let row = cx.body.y + HEAD;
    pane_places(cx)
        .into_iter()
        .find(|(_, x, w)| at.y == row && (*x..x + w).contains(&at.x))
        .map(|p| p.0)
}

pub(super) fn view(page: &Page, cx: &Cx<'_>, buf: &mut Buffer) {
    let (t, facts) = (cx.theme, &cx.snapshot.facts);
    let Some(service) = facts.service(&page.id) else {
        let inside = panel(buf, cx.body, &page.id.to_string(), true, t);
        let words = match (&facts.services.error, &facts.services.value) {
            (_, Some(_)) => "this service is gone".to_owned(),
            (Some(p), None) => format!("▲ {}: {} {}", p.what, p.why, p.fix),
            (None, None) => "asking ...".to_owned(),
        };
        line(
            buf,
            inside.x + 1,
            inside.y,
            inside.width,
            &[(words, t.warn)],
        );
        return;
    };
    head(
        service,
        cx,
        Rect {
            height: HEAD,
            ..cx.body
        },
        buf,
    );
    let below = Rect {
        y: cx.body.y + HEAD,
        height: cx.body.height.saturating_sub(HEAD),
        ..cx.body
    };
    let inside = panel(buf, below, "", true, t);
    for (pane, x, w) in pane_places(cx) {
        let style = if pane == page.pane {
            t.tab_active
        } else {
            t.tab
        };
        line(buf, x, below.y, w, &[(pane.title().to_owned(), style)]);
    }
    if page.pane == Pane::Tasks {
        let x = pane_places(cx).last().map_or(below.x, |(_, x, w)| x + w);
        tasks::cut(page, cx, x + 2, below, buf);
    }
    match page.pane {
        Pane::Tasks => match page
            .task
            .as_ref()
            .and_then(|arn| tasks(facts, &page.id).iter().find(|t| &t.arn == arn))
        {
            Some(task) => tasks::one_task(task, cx, inside, buf),
            None => tasks::task_list(page, cx, inside, buf),
        },
        Pane::Revisions => revisions::list(page, service, cx, inside, buf),
        Pane::Events => events(page, service, cx, inside, buf),
        Pane::Targets => target_list(page, service, cx, inside, buf),
    }
}

fn head(s: &Service, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let (t, facts) = (cx.theme, &cx.snapshot.facts);
    let inside = panel(
        buf,
        area,
        &format!("{}  {}", s.id.name, s.id.cluster),
        false,
        t,
    );
    let definition = facts.task_definition(s);
    let bound = s.load_balancers.first().map(|lb| lb.container.as_str());
    let container = definition.and_then(|d| d.main_container(bound));
    let d = &s.deployment;
    let or_dash = |v: Option<String>| v.unwrap_or_else(|| "-".into());
    let c = s.answering();
    let mut put = |y: u16, spans: Vec<(String, Style)>| {
        line(
            buf,
            inside.x + 1,
            inside.y + y,
            inside.width.saturating_sub(2),
            &spans,
        )
    };
    let pair = |label: &str, value: String, style: Style| {
        [
            (format!("{label} "), t.muted),
            (format!("{value}   "), style),
        ]
    };
    let rollout = rollout(s, cx);
    let goes_on = rollout.is_some();
    // That it is deployed is said by how far that is.
    let mut first = match facts.health_of(s) {
        ServiceHealth::Deploying | ServiceHealth::RollingBack => {
            vec![rollout.unwrap_or_else(|| row::health(s, cx))]
        }
        _ => vec![row::health(s, cx)]
            .into_iter()
            .chain(rollout.map(|(words, style)| (format!("   {words}"), style)))
            .collect(),
    };
    let scales = s
        .scaling_out()
        .filter(|_| s.health() == ServiceHealth::Scaling);
    if let (Some((from, to)), Some(scaling)) = (scales, s.scaling) {
        let since = age(cx.now, scaling.since);
        first.push((format!(" {from}→{to} for {since}"), t.info));
    }
    first.push(("   ".into(), t.text));
    let tasks_style = if c.running < c.desired && scales.is_none() {
        t.warn
    } else {
        t.text
    };
    let beside = match s.beside() {
        0 => String::new(),
        n => format!(" (+{n} beside)"),
    };
    let runs = format!("{} of {} run{beside}", c.running, c.desired);
    first.extend(pair(
        "tasks",
        format!("{runs}, {} pending", c.pending),
        tasks_style,
    ));
    // Where there is little room the counts of what moves are whole.
    if !goes_on || inside.width >= 100 {
        first.extend(pair("on", s.launch_type.clone(), t.text));
    }
    if facts.health_of(s) == ServiceHealth::Unknown || facts.fails_open(&s.id) {
        let why = facts.unhealthy_words(s).or_else(|| s.doubt());
        first.extend(why.map(|why| (why, t.unknown)));
    }
    put(0, first);
    let mut second = Vec::new();
    second.extend(pair("revision", s.revision.to_string(), t.strong));
    let deployed = since(cx.now, row::deployed_at(s), cx.absolute);
    let image =
        or_dash(container.map(|c| format!("{}:{}", image_name(&c.image), image_tag(&c.image))));
    // An hour that is cut is none: the image gives way.
    let others = format!(" revision {}   image    deployed {deployed}", s.revision);
    let room = usize::from(inside.width).saturating_sub(width(&others) + 1);
    second.extend(pair("image", clip_middle(&image, room), t.strong));
    second.extend(pair("deployed", deployed, t.text));
    put(1, second);
    let mut third = Vec::new();
    let breaker = match (d.circuit_breaker.enabled, d.circuit_breaker.rollback) {
        (true, true) => ("rolls back", t.text),
        (true, false) => ("on, no way back", t.warn),
        _ => ("off", t.warn),
    };
    // Where there is little room a name counts for more than a label.
    match inside.width < 100 {
        true => third.push((format!("{}   ", d.strategy.word()), t.text)),
        false => third.extend(pair("strategy", d.strategy.word().into(), t.text)),
    }
    third.extend(pair(
        "healthy",
        format!("{}-{} %", d.minimum_healthy_percent, d.maximum_percent),
        t.text,
    ));
    third.extend(pair("breaker", breaker.0.into(), breaker.1));
    let taken: usize = third.iter().map(|(text, _)| width(text)).sum();
    let room = usize::from(inside.width).saturating_sub(taken + 9);
    let alarms = match d.alarms.as_slice() {
        [] => "none".to_owned(),
        // Both ends of a name tell which alarm it is.
        [one] => clip_middle(one, room),
        some if width(&some.join(", ")) <= room => some.join(", "),
        some => format!("{} watched", some.len()),
    };
    third.extend(pair("alarms", alarms, t.text));
    put(2, third);
    let mut fourth = Vec::new();
    let limits = definition.map(|d| {
        let cpu = d.cpu_units.map_or("no cpu limit".into(), |u| {
            format!("{:.2} vCPU", f64::from(u) / 1024.0)
        });
        let memory = d
            .memory_mib
            .map_or("no memory limit".into(), |m| format!("{m} MiB"));
        format!("{cpu}, {memory}")
    });
    fourth.extend(pair("limits", or_dash(limits), t.text));
    let bars = if inside.width < 110 { 8 } else { 20 };
    let runs = s.counts.running > 0;
    let unmeasured = row::unmeasured(cx).filter(|_| runs);
    for (label, query) in [
        ("cpu", queries::service_cpu(&s.id)),
        ("memory", queries::service_memory(&s.id)),
    ] {
        let series = facts.series(&query).filter(|_| runs);
        if series.is_none() && runs {
            continue;
        }
        let (value, style) = row::percent(s, &query, cx);
        fourth.extend(pair(label, value, style));
        let Some(series) = series else { continue };
        let ended = series.ended(cx.now).filter(|_| unmeasured.is_none());
        let is_past = unmeasured.is_some() || ended.is_some();
        // Where there is little room, how old it is counts for more than its curve.
        if !is_past || bars > 8 {
            let curve = spark(series.points.iter().map(|p| p.1), bars);
            let style = if is_past { t.stale } else { t.series1 };
            fourth.push((format!("{curve}   "), style));
        }
        let words = ended.map(|at| until(cx.now, at, cx.absolute));
        fourth.extend(words.map(|words| (format!("{words}   "), t.stale)));
    }
    fourth.extend(unmeasured.map(|why| (why, t.stale)));
    put(3, fourth);
    let check = container
        .and_then(|c| c.health_check.clone())
        .unwrap_or_else(|| "none".into());
    let room = usize::from(inside.width).saturating_sub(18);
    put(
        4,
        vec![
            ("health check ".into(), t.muted),
            (clip(&check, room), t.text),
        ],
    );
}

/// The deployment of a service that goes on, by the counts that every screen tells of it: those of the service are of all revisions.
fn rollout(s: &Service, cx: &Cx<'_>) -> Option<(String, Style)> {
    // Those that go on come first.
    let rows = cx.snapshot.facts.deployment_rows().iter();
    let mut going = rows.take_while(|d| d.state.is_running());
    let d = going.find(|d| d.service == s.id)?;
    let to = d.way().1?;
    let tally = d.tally();
    let counts = format!("to :{to} {}/{}", tally.started, tally.wanted);
    let to_stop = match tally.to_stop {
        0 => String::new(),
        n => format!(", {n} to stop"),
    };
    let (state, style) = deploys::state(d.state, cx);
    Some((format!("{state} {counts}{to_stop}"), style))
}

fn events(page: &Page, service: &Service, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let t = cx.theme;
    if service.events.is_empty() {
        return line(
            buf,
            area.x + 1,
            area.y,
            area.width,
            &[("no event yet".into(), t.muted)],
        );
    }
    let first = page.events.offset();
    let mut y = area.y;
    for (i, e) in service.events.iter().enumerate().skip(first) {
        let style = if e.message.contains("failed")
            || e.message.contains("unhealthy")
            || e.message.contains("unable")
        {
            t.warn
        } else {
            t.text
        };
        let when = since(cx.now, Some(e.at), cx.absolute);
        let columns = usize::from(time_columns(8, cx.absolute));
        let indent = columns + 3;
        for (n, text) in wrapped(
            &e.message,
            usize::from(area.width).saturating_sub(indent + 1),
        )
        .into_iter()
        .enumerate()
        {
            if y >= area.bottom() {
                return;
            }
            let head = if n == 0 {
                format!("{when:>columns$}  ")
            } else {
                " ".repeat(indent - 1)
            };
            let mark = if i == page.events.index() {
                ("▌".to_owned(), t.key)
            } else {
                (" ".to_owned(), t.text)
            };
            line(
                buf,
                area.x,
                y,
                area.width,
                &[mark, (head, t.muted), (text, style)],
            );
            y += 1;
        }
    }
}

fn target_list(page: &Page, service: &Service, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let (t, facts) = (cx.theme, &cx.snapshot.facts);
    let rows: Vec<_> = facts
        .targets_of(service)
        .flat_map(|g| g.targets.iter().map(move |x| (g, x)))
        .collect();
    if rows.is_empty() {
        let words = match (
            &facts.target_groups.error,
            service.load_balancers.is_empty(),
        ) {
            (_, true) => "no load balancer is bound to this service".to_owned(),
            (Some(p), _) => format!("{}: {}", p.what, p.why),
            (None, _) if facts.target_groups.value.is_none() => "asking ...".to_owned(),
            _ => "no target is registered".to_owned(),
        };
        return line(buf, area.x + 1, area.y, area.width, &[(words, t.muted)]);
    }
    let table = Table {
        columns: TARGETS,
        sort: None,
        selected: page.targets.index().checked_sub(page.targets.offset()),
        focus: true,
    };
    let shown = rows.iter().skip(page.targets.offset()).map(|(g, x)| {
        let (sign, style) = match x.state.as_str() {
            // Nobody knows by now.
            _ if facts.untold_since(g).is_some() => ("?", t.stale),
            "healthy" => ("●", t.ok),
            _ if x.is_sick() => ("▲", t.critical),
            "initial" | "draining" => ("▶", t.info),
            _ => ("○", t.unknown),
        };
        Row::new([
            (format!("{sign} {}", x.state), style),
            (x.id.clone(), t.strong),
            (x.port.to_string(), t.text),
            (x.zone.clone(), t.muted),
            (g.name.clone(), t.muted),
            (x.reason.clone(), t.warn),
        ])
    });
    table.draw(buf, area, shown, t);
    scrolled(
        buf,
        area,
        page.targets.offset(),
        list_height(cx),
        rows.len(),
        t,
    );
}
