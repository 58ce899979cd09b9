//! Dashboards for the console without a terminal: what CloudWatch lists, a body, and the answers to what it asks.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use flightdeck::domain::dashboard::{
    BoardAsk, BoardData, Dashboard, DashboardEntry, DataLine, DataSource, LogTable, OwnDashboard,
    WidgetData,
};
use flightdeck::domain::interest::Interest;
use flightdeck::domain::part::Part;
use flightdeck::ui::msg::Msg;
use flightdeck::watch::Snapshot;
use jiff::Timestamp;

use super::{Console, fixture};

fn part<T>(value: T) -> Part<T> {
    Part::answered(value, fixture::now(), "test", Duration::from_secs(60))
}

/// A picture with these dashboards in CloudWatch, read, and one of our own.
pub fn with(bodies: &[(&str, &str)]) -> Snapshot {
    let mut snapshot = fixture::snapshot();
    let day = |n: i64| Timestamp::from_second(fixture::now().as_second() - n * 86_400).ok();
    let entries = bodies
        .iter()
        .enumerate()
        .map(|(i, (name, body))| DashboardEntry {
            name: (*name).to_owned(),
            arn: format!("arn:aws:cloudwatch::123456789012:dashboard/{name}"),
            modified_at: day(3 + 9 * i as i64),
            bytes: body.len() as u64,
        });
    snapshot.facts.dashboards = part(Arc::new(entries.collect()));
    let toml = include_str!("../../dashboards/application.toml");
    snapshot.facts.own_dashboards = part(Arc::new(vec![OwnDashboard {
        name: "application".into(),
        file: None,
        read: Ok(Arc::new(Dashboard::own("application", toml).unwrap())),
    }]));
    for (name, body) in bodies {
        let read = Arc::new(Dashboard::parse(name, body));
        snapshot
            .facts
            .dashboard
            .insert((*name).to_owned(), part(read));
    }
    snapshot
}

/// What the shown dashboard asks.
pub fn asked(c: &Console) -> Option<Arc<BoardAsk>> {
    c.model.interests().into_iter().find_map(|i| match i {
        Interest::Board(ask) => Some(ask),
        _ => None,
    })
}

/// Waves with a gap for each query; three series for a search; a table for each log query.
pub fn answer(c: &mut Console) {
    let Some(ask) = asked(c) else { return };
    let until = ask.window.until.unwrap_or(fixture::now()).as_second() / 60 * 60;
    let mut widgets: BTreeMap<usize, WidgetData> = BTreeMap::new();
    for w in &ask.widgets {
        let data = widgets.entry(w.widget).or_default();
        for q in w.queries.iter().filter(|q| q.returned) {
            let (labels, base): (Vec<String>, f64) = match &q.source {
                DataSource::Metric(m, _) if m.name.ends_with("Time") => {
                    (vec![m.name.clone()], 0.16)
                }
                DataSource::Metric(m, _) if m.name.contains("5XX") => (vec![m.name.clone()], 6.0),
                DataSource::Metric(m, _) if m.name.contains("4XX") => (vec![m.name.clone()], 90.0),
                DataSource::Metric(m, _) if m.name.ends_with("Count") => {
                    (vec![m.name.clone()], 4_000.0)
                }
                DataSource::Metric(m, _) => (vec![m.name.clone()], 50.0),
                DataSource::Expression(e) if e.starts_with("SEARCH") => (
                    ["api", "auth", "calculator"].map(str::to_owned).into(),
                    40.0,
                ),
                DataSource::Expression(_) => (vec![q.id.clone()], 0.08),
            };
            for (i, label) in labels.into_iter().enumerate() {
                let period = i64::from(q.period_s);
                let count = i64::from(ask.window.length_s) / period;
                let points: Vec<_> = (0..count.max(1))
                    .filter(|n| n * 100 / count.max(1) < 60 || n * 100 / count.max(1) > 66)
                    .map(|n| {
                        let wave = (n as f64 / count.max(1) as f64 * 8.0 + i as f64).sin();
                        let value = base * (1.0 + 0.3 * wave) + 4.0 * i as f64 * base / 40.0;
                        (
                            Timestamp::from_second(until - (count - n) * period).unwrap(),
                            value,
                        )
                    })
                    .collect();
                data.lines.push(DataLine {
                    row: q.row,
                    label: q.label.clone().unwrap_or(label),
                    points: points.into(),
                    period_s: q.period_s,
                    partial: false,
                });
            }
        }
    }
    let mut snapshot = (*c.model.snapshot).clone();
    for log in &ask.logs {
        let time = |m: i64| format!("2026-11-23 12:{m:02}:00.000");
        let table = match log.query.contains("bin(") {
            true => LogTable {
                columns: vec!["bin(1m)".into(), "level".into(), "lines".into()],
                rows: (0..40)
                    .flat_map(|m| {
                        ["error", "info"].map(|l| vec![time(m), l.into(), (m % 7 + 1).to_string()])
                    })
                    .collect(),
                ..LogTable::default()
            },
            false => LogTable {
                columns: vec!["status".into(), "n".into()],
                rows: vec![
                    vec!["200".into(), "41".into()],
                    vec!["404".into(), "3".into()],
                ],
                scanned_bytes: 1.2e6,
                matched: 44.0,
            },
        };
        snapshot
            .facts
            .board_logs
            .insert(log.widget, part(Arc::new(table)));
    }
    snapshot.facts.board = part(BoardData {
        ask: Some(ask),
        widgets: widgets.into_iter().map(|(n, d)| (n, Arc::new(d))).collect(),
    });
    c.msg(Msg::Snapshot(Arc::new(snapshot)));
}
