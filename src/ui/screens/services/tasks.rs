//! The tasks of a service, and one of them in full.

use super::detail::list_height;
use super::model::{Page, tasks};
use crate::domain::service::{Task, image_tag};
use crate::domain::text::{clip, width};
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
    Column::left("image", 12).grow(1).drop(2),
    Column::right("vcpu", 6).drop(4),
    Column::right("memory", 8).drop(4),
    Column::age("since", 8),
    Column::left("why stopped", 12).grow(2).drop(1),
];
/// Columns of the terminal in which reasons tell each other apart.
const TELLING: usize = 22;

/// The columns of a list: what the words of states do not need, reasons have.
fn columns(rows: &[Task], absolute: bool) -> Vec<Column> {
    let mut columns = timed(TASKS, absolute);
    let longest = |text: fn(&Task) -> &str| rows.iter().map(|t| width(text(t))).max();
    for c in &mut columns {
        let (needed, most) = match c.title {
            "state" => (longest(|t| t.status.as_str()), usize::from(c.width)),
            "health" => (longest(Task::health_now), usize::from(c.width)),
            "image" => (longest(image), usize::from(c.width)),
            "why stopped" => (longest(why), TELLING),
            _ => continue,
        };
        let needed = needed.unwrap_or(0).max(width(c.title) + 1);
        c.width = needed.min(most) as u16;
    }
    columns
}

/// The tag of the image that its first container was started with.
fn image(task: &Task) -> &str {
    task.containers.first().map_or("-", |c| image_tag(&c.image))
}

fn why(task: &Task) -> &str {
    task.stopped_reason.as_deref().unwrap_or_default()
}

/// One that was stopped because fewer are wanted failed at nothing.
fn why_style(task: &Task, cx: &Cx<'_>) -> Style {
    match task.was_scaled_away() {
        true => cx.theme.muted,
        false => cx.theme.warn,
    }
}

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
        columns: &columns(rows, cx.absolute),
        sort: None,
        selected: page.tasks.index().checked_sub(page.tasks.offset()),
        focus: true,
    };
    let row = |task: &Task| {
        let (state, health) = state_style(task, cx);
        let vcpu = |units: u32| format!("{:.2}", f64::from(units) / 1024.0);
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
            (image(task).to_owned(), t.text),
            (task.cpu_units.map_or("-".into(), vcpu), t.text),
            (
                task.memory_mib.map_or("-".into(), |m| format!("{m} MiB")),
                t.text,
            ),
            (since(cx.now, in_state_since(task), cx.absolute), t.text),
            (why(task).to_owned(), why_style(task, cx)),
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
            rows.push(vec![
                (format!("{label:<10}"), t.muted),
                (words, why_style(task, cx)),
            ]);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn task(status: &str, health: &str, reason: Option<&str>) -> Task {
        Task {
            arn: String::new(),
            id: "7c1d0f2a".into(),
            service: "api".into(),
            status: status.into(),
            desired_status: status.into(),
            health: health.into(),
            revision: None,
            zone: "us-east-1a".into(),
            cpu_units: Some(256),
            memory_mib: Some(512),
            ip: None,
            created_at: None,
            started_at: None,
            stopped_at: None,
            stopped_reason: reason.map(str::to_owned),
            containers: Vec::new(),
        }
    }

    #[test]
    fn a_reason_has_the_room_that_words_of_states_do_not_need() {
        let room = |rows: &[Task], title: &str| {
            let columns = columns(rows, false);
            let table = Table {
                columns: &columns,
                sort: None,
                selected: None,
                focus: true,
            };
            table.room(title, 78)
        };
        let well = [task("RUNNING", "HEALTHY", None)];
        assert_eq!(room(&well, "state"), Some("RUNNING".len()));
        let reason = "Task failed ELB health checks in (target-group tg-api)";
        let ill = [
            task("RUNNING", "HEALTHY", None),
            task("STOPPED", "UNHEALTHY", Some(reason)),
        ];
        assert!(room(&ill, "why stopped").is_some_and(|room| room >= TELLING));
        let going = [task("DEPROVISIONING", "", Some(reason))];
        assert_eq!(room(&going, "state"), Some("DEPROVISIONING".len()));
        assert!(room(&going, "why stopped").is_some_and(|room| room >= TELLING));
    }
}
