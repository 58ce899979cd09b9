//! The list of dashboards: the account's, then this console's own.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::model::{Dashboards, known, own, written};
use crate::domain::dashboard::DashboardId;
use crate::domain::metric::Unit;
use crate::ui::fuzzy;
use crate::ui::screens::Cx;
use crate::ui::sorting::{Sorting, Value};
use crate::ui::widgets::{Column, Row, Table, line, panel, scrolled, since, span, timed, when};

const COLUMNS: &[Column] = &[
    Column::left("name", 22).grow(2),
    Column::left("from", 11),
    Column::left("title", 14).grow(2).drop(2),
    Column::right("range", 6).drop(1),
    Column::right("widgets", 8).drop(1),
    Column::age("changed", 9),
    Column::right("size", 9).drop(3),
];

/// Rows that fit.
pub(super) fn height(cx: &Cx<'_>) -> usize {
    usize::from(cx.body.height.saturating_sub(4))
}

/// The line of the list at a position.
pub(super) fn line_at(at: Position, cx: &Cx<'_>) -> Option<u16> {
    let first = cx.body.y + 3;
    (at.y >= first && usize::from(at.y - first) < height(cx)).then(|| at.y - first)
}

/// Columns that can be sorted by.
pub(super) const SORTS: &[&str] = &[FROM, "name", "title", "range", "widgets", "changed", "size"];

/// Where it is from: the account's, then our own.
const FROM: &str = "from";

/// Dashboards that match a filter, in the order of the list.
pub(super) fn ids(cx: &Cx<'_>, filter: &str, sort: Sorting) -> Vec<DashboardId> {
    let mut ids: Vec<DashboardId> = known(&cx.snapshot.facts)
        .filter(|id| filter.is_empty() || fuzzy::says(&row(id, cx).text(), filter))
        .collect();
    match sort.by(SORTS) {
        // As they are known.
        FROM if sort.is_reverse() => ids.reverse(),
        FROM => {}
        _ => {
            let name = |id: &DashboardId| id.name().to_owned();
            ids = sort.arrange(
                ids,
                SORTS,
                |id: &DashboardId, by: &str| value(id, by, cx),
                name,
            );
        }
    }
    ids
}

/// What a dashboard tells under a title.
fn value(id: &DashboardId, by: &str, cx: &Cx<'_>) -> Value {
    let read = written(cx, id);
    let entry = || {
        let mut entries = cx
            .snapshot
            .facts
            .dashboards
            .value
            .iter()
            .flat_map(|v| v.iter());
        entries.find(|e| matches!(id, DashboardId::Aws(name) if &e.name == name))
    };
    match by {
        "name" => Value::word(id.name()),
        "title" => read.map_or(Value::None, |d| Value::word(&d.title)),
        "range" => Value::count(read.and_then(|d| d.length_s).map(f64::from)),
        "widgets" => Value::count(read.map(|d| d.widgets.len() as f64)),
        "changed" => Value::at(entry().and_then(|e| e.modified_at)),
        "size" => Value::count(entry().map(|e| e.bytes as f64)),
        _ => Value::None,
    }
}

fn row(id: &DashboardId, cx: &Cx<'_>) -> Row {
    let (t, facts) = (cx.theme, &cx.snapshot.facts);
    let blank = || (String::new(), t.muted);
    match id {
        DashboardId::Aws(name) => {
            let mut entries = facts.dashboards.value.iter().flat_map(|v| v.iter());
            let entry = entries.find(|e| &e.name == name);
            let read = facts.dashboard.get(name).and_then(|p| p.value.as_ref());
            let size = entry.map_or(String::new(), |e| Unit::Bytes.format(e.bytes as f64));
            Row::new([
                (name.clone(), t.strong),
                ("CloudWatch".into(), t.text),
                (read.map_or(String::new(), |d| d.title.clone()), t.text),
                (
                    read.and_then(|d| d.length_s).map_or(String::new(), span),
                    t.muted,
                ),
                (
                    read.map_or(String::new(), |d| d.widgets.len().to_string()),
                    t.muted,
                ),
                (
                    since(cx.now, entry.and_then(|e| e.modified_at), cx.absolute),
                    t.muted,
                ),
                (size, t.muted),
            ])
        }
        DashboardId::Own(name) => {
            let Some(o) = own(cx).iter().find(|o| &o.name == name) else {
                return Row::new([(name.clone(), t.text)]);
            };
            let from = if o.file.is_some() {
                "your file"
            } else {
                "built in"
            };
            let (title, range, widgets) = match &o.read {
                Ok(d) => (
                    (d.title.clone(), t.text),
                    (d.length_s.map_or(String::new(), span), t.muted),
                    (d.widgets.len().to_string(), t.muted),
                ),
                Err(p) => ((format!("▲ {}", p.why), t.warn), blank(), blank()),
            };
            Row::new([
                (name.clone(), t.strong),
                (from.into(), t.muted),
                title,
                range,
                widgets,
                blank(),
                blank(),
            ])
        }
    }
}

pub(super) fn view(s: &Dashboards, cx: &Cx<'_>, buf: &mut Buffer) {
    let (t, part) = (cx.theme, &cx.snapshot.facts.dashboards);
    let count = if s.filter.is_empty() {
        s.visible.len().to_string()
    } else {
        format!("{}  /{}", s.visible.len(), s.filter)
    };
    let columns = timed(COLUMNS, cx.absolute);
    let table = Table {
        columns: &columns,
        sort: s.sort.mark(SORTS, COLUMNS),
        selected: s.list.index().checked_sub(s.list.offset()),
        focus: true,
    };
    let mut title = format!("Dashboards  {count}");
    title.push_str(&table.unseen_sort(cx.body.width.saturating_sub(2)));
    let inside = panel(buf, cx.body, &title, true, t);
    let when = part
        .observed_at
        .map_or(String::new(), |at| when(cx.now, at, cx.absolute));
    let head = match (&part.error, &part.value) {
        (Some(p), Some(_)) => (
            format!("▲ CloudWatch listed {when}; now: {}", p.why),
            t.warn,
        ),
        (Some(p), None) => (format!("▲ {}: {}. {}", p.what, p.why, p.fix), t.critical),
        (None, None) => (
            "asking CloudWatch for the account's dashboards ...".into(),
            t.info,
        ),
        (None, Some(v)) if v.is_empty() => (
            "the account has no dashboard in CloudWatch; these are the console's own".into(),
            t.muted,
        ),
        (None, Some(v)) => (format!("{} in CloudWatch, listed {when}", v.len()), t.muted),
    };
    line(
        buf,
        inside.x + 1,
        inside.y,
        inside.width.saturating_sub(2),
        &[head],
    );
    let list = Rect {
        y: inside.y + 1,
        height: inside.height.saturating_sub(1),
        ..inside
    };
    let shown = s.visible.iter().skip(s.list.offset());
    table.draw(buf, list, shown.map(|id| row(id, cx)), t);
    scrolled(buf, list, s.list.offset(), height(cx), s.visible.len(), t);
    if s.visible.is_empty() && !s.filter.is_empty() {
        let words = format!("nothing matches {:?}; esc clears the filter", s.filter);
        line(
            buf,
            list.x + 2,
            list.y + 2,
            list.width.saturating_sub(3),
            &[(words, t.muted)],
        );
    }
}
