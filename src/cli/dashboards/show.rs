//! What a dashboard's widgets say at present, and the list of dashboards: as tables or as JSON.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::cli::exit::Exit;
use crate::cli::explain::ProblemJson;
use crate::cli::paint::Role;
use crate::cli::session::{Session, provenance};
use crate::cli::table::{Align, Table, cell, painted};
use crate::cli::words;
use crate::domain::dashboard::{
    Dashboard, DashboardId, LogTable, MetricWidget, Widget, WidgetData, WidgetKind, headline,
    unit_of,
};
use crate::domain::facts::Facts;
use crate::domain::metric::{Unit, Window};
use crate::domain::problem::Problem;
use crate::watch::Snapshot;

/// The answer to a widget, as far as there is one.
struct Answered<'a> {
    widget: &'a Widget,
    data: Option<&'a WidgetData>,
    table: Option<&'a LogTable>,
    problem: Option<&'a Problem>,
}

pub(super) fn show(
    id: &DashboardId,
    board: &Dashboard,
    window: Window,
    picture: &Snapshot,
    session: &mut Session,
) -> Result<Exit, Problem> {
    let facts = &picture.facts;
    let answered = |(n, widget)| {
        let data = facts
            .board
            .value
            .as_ref()
            .and_then(|b| b.widgets.get(&n))
            .map(AsRef::as_ref);
        let log = facts.board_logs.get(&n);
        Answered {
            widget,
            data,
            table: log.and_then(|p| p.value.as_deref()),
            problem: data
                .and_then(|d| d.problem.as_ref())
                .or(log.and_then(|p| p.error.as_ref())),
        }
    };
    let rows: Vec<Answered<'_>> = board.widgets.iter().enumerate().map(answered).collect();
    if session.out.is_json() {
        let widgets = rows.iter().map(|r| object(r, facts)).collect();
        let variables: Vec<Value> = board
            .variables
            .iter()
            .map(|v| json!({"id": v.id, "label": v.label, "value": v.value, "choices": v.choices.iter().map(|c| &c.0).collect::<Vec<_>>()}))
            .collect();
        let dashboard = json!({
            "name": id.name(),
            "source": source(id),
            "title": board.title,
            "range_s": window.length_s,
            "variables": variables,
            "notes": board.notes,
        });
        let mut more = provenance(&facts.board);
        more.insert("environment".into(), json!(session.config.environment));
        more.insert("dashboard".into(), dashboard);
        session.out.list("widgets", widgets, more)?;
        return Ok(Exit::OK);
    }
    for note in &board.notes {
        session.out.painted(Role::Warn, note)?;
    }
    let mut table = Table::new(&[
        ("WIDGET", Align::Left),
        ("KIND", Align::Left),
        ("SERIES", Align::Left),
        ("NOW", Align::Right),
    ]);
    rows.iter().for_each(|r| lines(r, facts, &mut table));
    session.out.table(&table)?;
    let count = words::count(board.widgets.len(), "widget");
    match facts.board_logs.values().next() {
        Some(log) if facts.board.observed_at.is_none() => {
            session.footer(count, log, Timestamp::now())?;
        }
        _ => session.footer(count, &facts.board, Timestamp::now())?,
    }
    Ok(Exit::OK)
}

fn source(id: &DashboardId) -> &'static str {
    match id {
        DashboardId::Aws(_) => "cloudwatch",
        DashboardId::Own(_) => "own",
    }
}

/// (name, value, unit, newest point) of each series of a widget.
fn values<'a>(
    m: &'a MetricWidget,
    data: Option<&'a WidgetData>,
) -> impl Iterator<Item = (String, Option<f64>, Unit, Option<Timestamp>)> + 'a {
    let lines = data.map_or(&[][..], |d| d.lines.as_slice());
    lines.iter().map(move |line| {
        let row = m.rows.get(line.row);
        let label = match line.label.trim() {
            "" => row.and_then(|r| r.label.clone()).unwrap_or_default(),
            label => label.to_owned(),
        };
        (
            label,
            headline(m, line),
            unit_of(m, row),
            line.points.last().map(|p| p.0),
        )
    })
}

fn lines(r: &Answered<'_>, facts: &Facts, table: &mut Table) {
    let w = r.widget;
    let mut title = match w.title.as_str() {
        "" => w.kind.word().to_owned(),
        title => title.to_owned(),
    };
    let kind = w.kind.word();
    let mut put = |series: String, role: Role, now: String| {
        let name = std::mem::take(&mut title);
        let kind = if name.is_empty() { "" } else { kind };
        table.row(vec![
            painted(Role::Strong, name),
            cell(kind),
            painted(role, series),
            cell(now),
        ]);
    };
    if let Some(p) = r.problem {
        put(format!("{}: {}", p.what, p.why), Role::Warn, String::new());
    }
    match &w.kind {
        WidgetKind::Metric(m) => {
            let mut any = false;
            for (name, value, unit, _) in values(m, r.data) {
                any = true;
                let now = value.map_or_else(|| "no data".into(), |v| unit.format(v));
                put(name, Role::Plain, now);
            }
            if !any && r.problem.is_none() {
                put("no data in this range".into(), Role::Dim, String::new());
            }
        }
        WidgetKind::Text { markdown, .. } => {
            let first = markdown
                .lines()
                .find(|l| !l.trim().is_empty())
                .unwrap_or("");
            put(
                first.trim_start_matches('#').trim().to_owned(),
                Role::Plain,
                String::new(),
            );
        }
        WidgetKind::Alarms { names, .. } => {
            for name in names {
                let alarm = facts.alarm_rows().iter().find(|a| &a.name == name);
                let state = alarm.map_or("not here", |a| a.state.word());
                put(name.clone(), Role::Plain, state.to_owned());
            }
        }
        WidgetKind::Log(log) => {
            let rows = r.table.map_or(0, |t| t.rows.len());
            if r.problem.is_none() {
                put(
                    log.groups.join(", "),
                    Role::Plain,
                    words::count(rows, "row"),
                );
            }
        }
        WidgetKind::Undrawable { why, .. } => {
            put(format!("cannot be shown: {why}"), Role::Warn, String::new());
        }
    }
    for note in &w.notes {
        put(note.clone(), Role::Warn, String::new());
    }
}

fn object(r: &Answered<'_>, facts: &Facts) -> Value {
    let w = r.widget;
    let series: Vec<Value> = match &w.kind {
        WidgetKind::Metric(m) => values(m, r.data)
            .map(|(label, value, unit, at)| json!({"label": label, "value": value, "unit": unit, "at": at}))
            .collect(),
        _ => Vec::new(),
    };
    let alarms: Vec<Value> = match &w.kind {
        WidgetKind::Alarms { names, .. } => names
            .iter()
            .map(|name| {
                let alarm = facts.alarm_rows().iter().find(|a| &a.name == name);
                json!({"name": name, "state": alarm.map(|a| a.state), "since": alarm.and_then(|a| a.since)})
            })
            .collect(),
        _ => Vec::new(),
    };
    let why = match &w.kind {
        WidgetKind::Undrawable { why, .. } => Some(why),
        _ => None,
    };
    json!({
        "title": w.title,
        "kind": w.kind.word(),
        "x": w.place.x, "y": w.place.y, "width": w.place.width, "height": w.place.height,
        "series": series,
        "alarms": alarms,
        "log": r.table.filter(|_| matches!(w.kind, WidgetKind::Log(_))),
        "text": match &w.kind { WidgetKind::Text { markdown, .. } => Some(markdown), _ => None },
        "cannot_show": why,
        "notes": w.notes,
        "problem": r.problem.map(ProblemJson::from),
    })
}

pub(super) fn list(picture: &Snapshot, session: &mut Session) -> Result<Exit, Problem> {
    let facts = &picture.facts;
    let theirs = facts
        .dashboards
        .value
        .as_ref()
        .map_or(&[][..], |v| v.as_slice());
    let ours = facts
        .own_dashboards
        .value
        .as_ref()
        .map_or(&[][..], |v| v.as_slice());
    if session.out.is_json() {
        let aws = theirs.iter().map(|e| {
            json!({"name": e.name, "source": "cloudwatch", "arn": e.arn, "modified_at": e.modified_at, "bytes": e.bytes,
                "title": null, "file": null, "widgets": null, "problem": null})
        });
        let own = ours.iter().map(|o| {
            let read = o.read.as_ref().ok();
            json!({"name": o.name, "source": "own", "arn": null, "modified_at": null, "bytes": null,
                "title": read.map(|d| &d.title), "file": o.file, "widgets": read.map(|d| d.widgets.len()),
                "problem": o.read.as_ref().err().map(ProblemJson::from)})
        });
        let rows = aws.chain(own).collect();
        session.list("dashboards", rows, &facts.dashboards)?;
        return Ok(Exit::OK);
    }
    let now = Timestamp::now();
    let mut table = Table::new(&[
        ("NAME", Align::Left),
        ("FROM", Align::Left),
        ("TITLE", Align::Left),
        ("CHANGED", Align::Right),
    ]);
    for e in theirs {
        let changed = words::ago(e.modified_at, now);
        table.row(vec![
            cell(&e.name),
            cell("CloudWatch"),
            cell(""),
            cell(changed),
        ]);
    }
    for o in ours {
        let from = if o.file.is_some() {
            "your file"
        } else {
            "built in"
        };
        let title = match &o.read {
            Ok(d) => cell(&d.title),
            Err(p) => painted(Role::Warn, format!("{}: {}", p.what, p.why)),
        };
        table.row(vec![cell(&o.name), cell(from), title, cell("")]);
    }
    session.out.table(&table)?;
    let count = format!(
        "{} in CloudWatch, {} of the console's own",
        theirs.len(),
        ours.len()
    );
    session.footer(count, &facts.dashboards, now)?;
    Ok(Exit::OK)
}
