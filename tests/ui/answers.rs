//! The watch's answers to what the shown screen asks for.

use std::sync::Arc;
use std::time::Duration;

use flightdeck::domain::facts::Charts;
use flightdeck::domain::interest::Interest;
use flightdeck::domain::log::{Level, LogLine, LogRequest, LogTail};
use flightdeck::domain::metric::{MetricQuery, Series, Stat, Unit, Window};
use flightdeck::domain::part::Part;
use flightdeck::ui::msg::Msg;
use jiff::Timestamp;

use super::{Console, fixture};

fn part<T>(value: T) -> Part<T> {
    Part::answered(value, fixture::now(), "test", Duration::from_secs(10))
}

/// What the console asks CloudWatch for.
pub fn asked(c: &Console) -> (Vec<MetricQuery>, Window) {
    c.model
        .interests()
        .into_iter()
        .find_map(|i| match i {
            Interest::Metrics { queries, window } => Some((queries, window)),
            _ => None,
        })
        .expect("metrics are asked for")
}

/// A day of traffic in a few hours, with a gap, for each query.
pub fn answer_metrics(c: &mut Console) {
    let (queries, window) = asked(c);
    let series = queries.into_iter().enumerate().map(|(n, query)| {
        let until = window.until.unwrap_or(fixture::now()).as_second() / 60 * 60;
        let count = i64::from(window.length_s / query.period_s);
        let unit = Unit::of(&query.metric);
        let scale = match unit {
            Unit::Seconds if query.stat == Stat::Average => 0.14,
            Unit::Seconds => match query.stat {
                Stat::Percentile(tenths) => 0.42 * f64::from(tenths) / 950.0,
                _ => 0.42,
            },
            Unit::Percent => 50.0,
            _ if query.metric.name.contains("5XX") => 2.0,
            _ => 4_000.0,
        };
        let points: Vec<_> = (0..count)
            .filter(|i| i * 100 / count < 70 || i * 100 / count > 75)
            .map(|i| {
                let at = until - (count - i) * i64::from(query.period_s);
                let wave = (i as f64 / count as f64 * 9.0 + n as f64).sin() * 0.3;
                let value = scale * (1.0 + wave + n as f64 * 0.02);
                (Timestamp::from_second(at).unwrap(), value)
            })
            .collect();
        Arc::new(Series {
            unit,
            query,
            label: String::new(),
            points: points.into(),
            partial: false,
        })
    });
    let series = series.collect();
    let mut snapshot = (*c.model.snapshot).clone();
    snapshot.facts.charts = part(Charts {
        window: Some(window),
        series,
    });
    c.msg(Msg::Snapshot(Arc::new(snapshot)));
}

/// What the console asks CloudWatch Logs for.
pub fn read(c: &Console) -> LogRequest {
    c.model
        .interests()
        .into_iter()
        .find_map(|i| match i {
            Interest::Logs(r) => Some(r),
            _ => None,
        })
        .expect("logs are asked for")
}

/// Lines number `first..end` of a log that never ends, one each second before and after now.
pub fn lines(groups: &[String], first: usize, end: usize) -> Vec<Arc<LogLine>> {
    let line = |i: usize| {
        let (level, message): (_, Vec<String>) = match i % 7 {
            3 => (Some(Level::Warn), vec!["slow query took 812 ms".into()]),
            5 => (
                Some(Level::Error),
                vec![
                    "cannot reach payments".into(),
                    "  at charge (/app/pay.js:41)".into(),
                    "  at handle (/app/http.js:7)".into(),
                ],
            ),
            6 => (None, vec!["plain text without a level".into()]),
            _ => (Some(Level::Info), vec![format!("GET /quotes/{i} 200")]),
        };
        let fields: Vec<(String, String)> = vec![
            ("request_id".into(), format!("req-{i:05}")),
            ("ms".into(), (i % 90).to_string()),
        ];
        let seconds = fixture::now().as_second() - 300 + i as i64;
        Arc::new(LogLine {
            id: format!("event-{i}"),
            at: Timestamp::from_millisecond(seconds * 1_000 + 7).unwrap(),
            group: groups[i % groups.len()].clone(),
            stream: "ecs/api/4f2c".into(),
            level,
            raw: format!(
                "{{\"msg\":\"{}\",\"request_id\":\"req-{i:05}\"}}",
                message[0]
            ),
            message,
            fields,
        })
    };
    (first..end).map(line).collect()
}

/// Answers what is asked of the logs with those lines.
pub fn answer_logs(c: &mut Console, lines: Vec<Arc<LogLine>>, dropped: u64) {
    let request = read(c);
    let mut snapshot = (*c.model.snapshot).clone();
    snapshot.facts.logs = part(LogTail {
        request: Some(request),
        lines: lines.into(),
        dropped,
        caught_up: true,
    });
    c.msg(Msg::Snapshot(Arc::new(snapshot)));
}

/// The plan's success metrics, as the screen of promises lists them.
pub fn answer_success_metrics(c: &mut Console) {
    let mut snapshot = (*c.model.snapshot).clone();
    let mut checklist = (*snapshot.checklist).clone();
    checklist.registers = vec![fixture::success_metrics()];
    snapshot.checklist = Arc::new(checklist);
    c.msg(Msg::Snapshot(Arc::new(snapshot)));
}
