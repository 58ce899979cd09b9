//! The tasks of a service, and one of them in full.

use super::detail::list_height;
use super::model::{Page, tasks};
use crate::domain::service::{Task, image_tag};
use crate::domain::text::clip;
use crate::ui::screens::Cx;
use crate::ui::widgets::{Column, Row, Table, line, scrolled, since, timed, when, wrapped};
use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

const TASKS: &[Column] = &[
    Column::left("task", 9),
    Column::left("state", 14),
    Column::left("health", 10),
    Column::right("rev", 5),
    Column::left("zone", 11).drop(3),
    Column::left("image", 12).grow(1).drop(1),
    Column::right("cpu", 6).drop(4),
    Column::right("memory", 8).drop(4),
    Column::age("since", 8),
    Column::left("why stopped", 12).grow(2).drop(2),
];

/// Since when it is in the state that is told of it: whether it died now or yesterday is what is asked of one that stopped.
fn in_state_since(task: &Task) -> Option<Timestamp> {
    match task.is_stopped() {
        true => task.stopped_at,
        false => task.started_at.or(task.created_at),
    }
}

fn state_style(task: &Task, cx: &Cx<'_>) -> (Style, Style) {
    let t = cx.theme;
    let state = match task.status.as_str() {
        "RUNNING" => t.text,
        "STOPPED" => t.muted,
        _ => t.info,
    };
    let health = match task.health_now() {
        "HEALTHY" => t.ok,
        "UNHEALTHY" if task.is_stopped() => t.muted,
        "UNHEALTHY" => t.critical,
        "" => t.muted,
        _ => t.unknown,
    };
    (state, health)
}

pub(super) fn task_list(page: &Page, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let t = cx.theme;
    let part = cx.snapshot.facts.tasks.get(&page.id);
    let rows = tasks(&cx.snapshot.facts, &page.id);
    if rows.is_empty() {
        let words = match part.map(|p| (&p.error, &p.value)) {
            Some((Some(p), _)) => format!("{}: {}", p.what, p.why),
            Some((None, Some(_))) => "no task runs, and none stopped lately".into(),
            _ => "asking ...".into(),
        };
        return line(buf, area.x + 1, area.y, area.width, &[(words, t.muted)]);
    }
    let table = Table {
        columns: &timed(TASKS, cx.absolute),
        sort: None,
        selected: page.tasks.index().checked_sub(page.tasks.offset()),
        focus: true,
    };
    let row = |task: &Task| {
        let (state, health) = state_style(task, cx);
        let image = task
            .containers
            .first()
            .map_or("-".into(), |c| image_tag(&c.image).to_owned());
        Row::new([
            (task.id.get(..8).unwrap_or(&task.id).to_owned(), t.strong),
            (task.status.clone(), state),
            (task.health_now().to_owned(), health),
            (
                task.revision
                    .as_ref()
                    .map_or("-".into(), |r| format!(":{}", r.number)),
                t.text,
            ),
            (task.zone.clone(), t.muted),
            (image, t.text),
            (task.cpu_units.map_or("-".into(), |c| c.to_string()), t.text),
            (
                task.memory_mib.map_or("-".into(), |m| format!("{m} MiB")),
                t.text,
            ),
            (since(cx.now, in_state_since(task), cx.absolute), t.text),
            (task.stopped_reason.clone().unwrap_or_default(), t.warn),
        ])
    };
    table.draw(buf, area, rows.iter().skip(page.tasks.offset()).map(row), t);
    scrolled(
        buf,
        area,
        page.tasks.offset(),
        list_height(cx),
        rows.len(),
        t,
    );
}

/// Says on the upper edge of the list, from a column on, that there are more tasks than are read.
pub(super) fn cut(page: &Page, cx: &Cx<'_>, x: u16, edge: Rect, buf: &mut Buffer) {
    let facts = &cx.snapshot.facts;
    if facts.tasks.get(&page.id).is_none_or(|part| !part.cut) {
        return;
    }
    let read = tasks(facts, &page.id).len();
    let words = format!(" only {read} were read: there are more ");
    let room = (edge.right() - 1).saturating_sub(x);
    line(buf, x, edge.y, room, &[(words, cx.theme.warn)]);
}

pub(super) fn one_task(task: &Task, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let t = cx.theme;
    let (state, health) = state_style(task, cx);
    let mut rows: Vec<Vec<(String, Style)>> = vec![
        vec![("task      ".into(), t.muted), (task.id.clone(), t.strong)],
        vec![
            ("state     ".into(), t.muted),
            (task.status.clone(), state),
            (format!("  wanted {}   ", task.desired_status), t.muted),
            (task.health_now().to_owned(), health),
        ],
        vec![
            ("zone      ".into(), t.muted),
            (
                format!(
                    "{}  {}",
                    task.zone,
                    task.ip.as_deref().unwrap_or("no address")
                ),
                t.text,
            ),
        ],
        vec![
            ("started   ".into(), t.muted),
            (since(cx.now, task.started_at, cx.absolute), t.text),
        ],
    ];
    if let Some(at) = task.stopped_at {
        let at = when(cx.now, at, cx.absolute);
        rows.push(vec![("stopped   ".into(), t.muted), (at, t.text)]);
    }
    if let Some(why) = &task.stopped_reason {
        let room = usize::from(area.width).saturating_sub(12);
        for (n, words) in wrapped(why, room).into_iter().enumerate() {
            let label = if n == 0 { "why" } else { "" };
            rows.push(vec![(format!("{label:<10}"), t.muted), (words, t.warn)]);
        }
    }
    rows.push(Vec::new());
    for c in &task.containers {
        rows.push(vec![
            (format!("{:<14}", clip(&c.name, 14)), t.strong),
            (format!("{:<10}", c.status), t.text),
            (
                format!("{:<10}", c.health_now()),
                if c.health_now() == "HEALTHY" {
                    t.ok
                } else {
                    t.unknown
                },
            ),
            (
                c.exit_code.map_or(String::new(), |e| format!("exit {e}  ")),
                t.warn,
            ),
            (c.reason.clone().unwrap_or_default(), t.warn),
        ]);
        rows.push(vec![(format!("    {}", c.image), t.muted)]);
        if let Some(digest) = &c.digest {
            rows.push(vec![(format!("    {digest}"), t.muted)]);
        }
    }
    for (y, spans) in (area.y..area.bottom()).zip(rows) {
        line(buf, area.x + 1, y, area.width.saturating_sub(1), &spans);
    }
}
