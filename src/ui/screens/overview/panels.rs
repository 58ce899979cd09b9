//! The overview's panels.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::model::{Item, Overview};
use super::systems;
use crate::domain::alarm::{Alarm, AlarmRule, AlarmState, Severity};
use crate::domain::metric::Unit;
use crate::domain::part::Freshness;
use crate::domain::text::clip;
use crate::ui::screens::Cx;
use crate::ui::screens::services::row as service_row;
use crate::ui::widgets::{Table, age, ago, bar, duration, line, panel, scrolled, spark};

pub(super) type Spans = Vec<(String, Style)>;

pub(super) fn select(buf: &mut Buffer, o: &Overview, index: usize, at: Rect, cx: &Cx<'_>) {
    if o.list.index() == index {
        buf.set_style(at, cx.theme.selection);
        line(buf, at.x, at.y, 1, &[("▌".to_owned(), cx.theme.key)]);
    }
}

pub(super) fn burning(o: &Overview, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let (t, facts) = (cx.theme, &cx.snapshot.facts);
    let title = if o.burning > 0 {
        format!("Burning  {}", o.burning)
    } else {
        "Burning".to_owned()
    };
    let inside = panel(buf, area, &title, false, t);
    if o.burning == 0 {
        let ok = facts
            .alarm_rows()
            .iter()
            .filter(|a| a.state == AlarmState::Ok)
            .count();
        let silent = facts.alarm_rows().len() - ok;
        let words: Spans = match (
            facts.alarms.freshness(cx.now),
            facts.services.freshness(cx.now),
        ) {
            (Freshness::Failed, _) => failed("alarms", facts.alarms.error.as_ref(), cx),
            (_, Freshness::Failed) => failed("services", facts.services.error.as_ref(), cx),
            (Freshness::Never, _) | (_, Freshness::Never) => vec![(" asking ...".into(), t.muted)],
            (Freshness::Stale, _) | (_, Freshness::Stale) => {
                vec![(" cannot tell: the last answer is old".into(), t.stale)]
            }
            _ if silent > 0 => vec![
                (format!(" nothing burns; {ok} alarms OK, "), t.text),
                (format!("{silent} without data"), t.unknown),
            ],
            _ if ok == 0 => vec![(
                " no service is unwell; there are no alarms in this account".into(),
                t.unknown,
            )],
            _ => vec![
                (" nothing burns".into(), t.ok),
                (format!("; {ok} alarms OK"), t.muted),
            ],
        };
        line(buf, inside.x, inside.y, inside.width, &words);
        return;
    }
    let shown = usize::from(inside.height);
    for (index, y) in (0..o.burning).zip(inside.y..inside.bottom()) {
        let at = Rect::new(inside.x, y, inside.width, 1);
        let spans = match o.items.get(index) {
            Some(Item::Alarm(name)) => match facts.alarm_rows().iter().find(|a| &a.name == name) {
                Some(alarm) => alarm_line(alarm, cx, inside.width),
                None => continue,
            },
            Some(Item::Service(id)) => match facts.service(id) {
                Some(s) => vec![
                    (" ■ ".to_owned(), t.critical),
                    (format!("{:<9}", s.health().word()), t.critical),
                    (format!("{:<26}", clip(&id.to_string(), 26)), t.strong),
                    (
                        format!("{} of {} tasks run", s.counts.running, s.counts.desired),
                        t.text,
                    ),
                ],
                None => continue,
            },
            Some(Item::System(id)) => match o.systems.iter().find(|e| e.view.id == *id) {
                Some(e) => systems::burning_line(e, cx),
                None => continue,
            },
            _ => continue,
        };
        select(buf, o, index, at, cx);
        line(buf, at.x + 1, y, at.width - 1, &spans);
    }
    scrolled(buf, inside, 0, shown, o.burning, t);
}

fn failed(what: &str, problem: Option<&crate::domain::problem::Problem>, cx: &Cx<'_>) -> Spans {
    let why = problem.map_or(String::new(), |p| format!(": {}", p.why));
    vec![(
        format!(" cannot tell, {what} cannot be read{why}"),
        cx.theme.critical,
    )]
}

/// One alarm on one line: shape, word, age, name, value against threshold, sparkline.
fn alarm_line(a: &Alarm, cx: &Cx<'_>, room: u16) -> Spans {
    let t = cx.theme;
    let (sign, style) = match a.severity {
        Severity::Critical => ("▲", t.critical),
        Severity::Warning => ("■", t.warn),
        Severity::Info => ("●", t.info),
    };
    let since = a.since.map_or("-".to_owned(), |at| age(cx.now, at));
    let (mut value, mut line_chart) = (String::new(), String::new());
    if let AlarmRule::Metric {
        query: Some(q),
        comparison,
        threshold: Some(limit),
        ..
    } = &a.rule
    {
        let unit = Unit::of(&q.metric);
        let series = cx.snapshot.facts.series(q);
        let last = series
            .and_then(|s| s.last())
            .map_or("?".to_owned(), |v| unit.format(v));
        value = format!("{last} {comparison} {}", unit.format(*limit));
        line_chart = series.map_or(String::new(), |s| spark(s.points.iter().map(|p| p.1), 16));
    }
    let name_width = usize::from(room).saturating_sub(12 + 20 + 18).clamp(16, 40);
    vec![
        (format!("{sign} {} ", a.severity.word()), style),
        (format!("{since:>4}  "), t.text),
        (
            format!("{:<name_width$} ", clip(&a.name, name_width)),
            t.strong,
        ),
        (format!("{:<19} ", clip(&value, 19)), t.text),
        (line_chart, style),
    ]
}

pub(super) fn moving(o: &Overview, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let (t, facts) = (cx.theme, &cx.snapshot.facts);
    let count = o.moving;
    let title = if count > 0 {
        format!("Moving  {count}")
    } else {
        "Moving".to_owned()
    };
    let inside = panel(buf, area, &title, false, t);
    if count == 0 {
        let last = facts
            .deployment_rows()
            .iter()
            .filter(|d| d.finished_at.is_some())
            .max_by_key(|d| d.finished_at);
        let words: Spans = match (facts.deployments.freshness(cx.now), last) {
            (Freshness::Failed, _) => failed("deployments", facts.deployments.error.as_ref(), cx),
            (Freshness::Never, _) => vec![(" asking ...".into(), t.muted)],
            (_, Some(d)) => {
                let to =
                    d.to.as_ref()
                        .map_or(String::new(), |r| format!(" :{}", r.revision.number));
                let when = d.finished_at.map_or(String::new(), |at| ago(cx.now, at));
                vec![
                    (" nothing moves".into(), t.text),
                    (
                        format!("; last {}{to} {} {when}", d.service.name, d.state.word()),
                        t.muted,
                    ),
                ]
            }
            _ => vec![(" nothing moves".into(), t.text)],
        };
        line(buf, inside.x, inside.y, inside.width, &words);
        return;
    }
    for (index, y) in (o.burning..o.burning + o.moving).zip(inside.y..inside.bottom()) {
        let at = Rect::new(inside.x, y, inside.width, 1);
        let spans = match o.items.get(index) {
            Some(Item::Run(id)) => match facts.runs.iter().find(|r| &r.id == id) {
                Some(r) => {
                    let (done, all) = r.progress.unwrap_or((0, 0));
                    let elapsed = duration(cx.now.duration_since(r.started_at).as_secs());
                    move_line(
                        &r.title,
                        r.phase.word(),
                        f64::from(done) / f64::from(all.max(1)),
                        done,
                        all,
                        &elapsed,
                        cx,
                    )
                }
                None => continue,
            },
            Some(Item::Deployment(id, service)) => {
                match facts.deployment_rows().iter().find(|d| &d.id == id) {
                    Some(d) => {
                        let from = d.from.iter().map(|r| r.revision.number).max();
                        let to = d.to.as_ref().map(|r| r.revision.number);
                        let title = match (from, to) {
                            (Some(f), Some(n)) if f != n => format!("{} :{f} → :{n}", service.name),
                            (_, Some(n)) => format!("{} :{n}", service.name),
                            _ => service.name.clone(),
                        };
                        let counts =
                            d.to.as_ref()
                                .map_or((0, 0), |r| (r.counts.running, r.counts.desired));
                        let began = d.started_at.or(d.created_at);
                        let elapsed = began.map_or("-".into(), |at| {
                            duration(cx.now.duration_since(at).as_secs())
                        });
                        move_line(
                            &title,
                            d.state.word(),
                            d.progress(),
                            counts.0,
                            counts.1,
                            &elapsed,
                            cx,
                        )
                    }
                    None => continue,
                }
            }
            _ => continue,
        };
        select(buf, o, index, at, cx);
        line(buf, at.x + 1, y, at.width - 1, &spans);
    }
}

fn move_line(
    title: &str,
    word: &str,
    ratio: f64,
    done: u32,
    all: u32,
    elapsed: &str,
    cx: &Cx<'_>,
) -> Spans {
    let t = cx.theme;
    let (full, empty) = bar(ratio, 14);
    let style = if word.chars().any(|c| c.is_ascii_uppercase()) {
        t.critical
    } else {
        t.info
    };
    vec![
        (format!(" {:<26} ", clip(title, 26)), t.strong),
        (full, t.bar),
        (empty, t.bar_empty),
        (format!(" {:>7}  ", format!("{done}/{all}")), t.text),
        (format!("{word:<12} "), style),
        (elapsed.to_owned(), t.muted),
    ]
}

pub(super) fn services(cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let (t, facts) = (cx.theme, &cx.snapshot.facts);
    let rows = facts.service_rows();
    let steady = rows
        .iter()
        .filter(|s| s.health().word() == "steady")
        .count();
    if area.height < 4 {
        let tasks: u32 = rows.iter().map(|s| s.counts.running).sum();
        let text = format!(
            "  services {} of {} steady · {tasks} tasks run",
            steady,
            rows.len()
        );
        let style = if steady == rows.len() {
            t.muted
        } else {
            t.text
        };
        line(buf, area.x, area.y, area.width, &[(text, style)]);
        return;
    }
    let inside = panel(
        buf,
        area,
        &format!("Services  {steady} of {} steady", rows.len()),
        false,
        t,
    );
    let table = Table {
        columns: service_row::COLUMNS,
        sort: None,
        selected: None,
        focus: false,
    };
    table.draw(buf, inside, rows.iter().map(|s| service_row::row(s, cx)), t);
    let shown = usize::from(inside.height.saturating_sub(1));
    scrolled(buf, inside, 0, shown, rows.len(), t);
    if rows.is_empty() {
        let words = match &facts.services.error {
            Some(p) => format!(" {}: {}", p.what, p.why),
            None if facts.services.value.is_none() => " asking ...".into(),
            None => " no ECS services in this account and region".into(),
        };
        line(
            buf,
            inside.x,
            inside.y + 1,
            inside.width,
            &[(words, t.muted)],
        );
    }
}

/// All providers on two lines: shape, owner, what of it fails; below, what is wrong. One that is not set up is not in the way.
pub(super) fn providers(cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let t = cx.theme;
    let all = &cx.snapshot.facts.providers;
    let mut owners: Vec<&str> = Vec::new();
    for p in all.iter().filter(|p| p.configured) {
        if !owners.contains(&p.owner()) {
            owners.push(p.owner());
        }
    }
    let mut spans: Spans = vec![("  ".into(), t.muted)];
    for owner in owners {
        let lines: Vec<_> = all
            .iter()
            .filter(|p| p.configured && p.owner() == owner)
            .collect();
        let failing: Vec<&str> = lines
            .iter()
            .filter(|p| p.problem.is_some())
            .map(|p| p.name.as_str())
            .collect();
        let last = lines.iter().filter_map(|p| p.last_ok).max();
        let old = last.map_or("never".into(), |at| age(cx.now, at));
        match (failing.as_slice(), last) {
            ([], None) => spans.push((format!("○ {owner} ...   "), t.muted)),
            ([], Some(_)) => {
                spans.push(("● ".into(), t.ok));
                let words = if old == "now" {
                    format!("{owner}   ")
                } else {
                    format!("{owner} {old}   ")
                };
                spans.push((words, t.muted));
            }
            (some, _) if some.len() == lines.len() => {
                spans.push((format!("◐ {owner} "), t.critical));
                spans.push((format!("{old}   "), t.stale));
            }
            (some, _) => {
                let more = match some.len() {
                    0..=3 => String::new(),
                    n => format!(" +{}", n - 3),
                };
                let names = some.iter().take(3).copied().collect::<Vec<_>>().join(", ");
                spans.push((format!("◐ {owner} "), t.warn));
                spans.push((format!("without {names}{more}   "), t.warn));
            }
        }
    }
    let worst = all
        .iter()
        .filter(|p| p.configured)
        .find_map(|p| Some((p, p.problem.as_ref()?)));
    line(buf, area.x, area.y, area.width, &spans);
    if let Some((p, problem)) = worst {
        let next = p
            .next_try
            .filter(|at| *at > cx.now)
            .map_or(String::new(), |at| {
                format!(
                    "  (next try in {})",
                    duration(at.duration_since(cx.now).as_secs())
                )
            });
        let text = format!("  {}: {}. {}{next}", problem.what, problem.why, problem.fix);
        line(
            buf,
            area.x,
            area.y + 1,
            area.width,
            &[(clip(&text, usize::from(area.width)), t.warn)],
        );
    }
}
