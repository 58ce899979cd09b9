//! The alerts, metrics and logs screens through the real update loop: keys in, cells and interests out.

mod ui;

use std::sync::Arc;
use std::time::Duration;

use flightdeck::domain::facts::Charts;
use flightdeck::domain::interest::Interest;
use flightdeck::domain::metric::{MetricId, MetricQuery, Series, Stat, Unit, Window};
use flightdeck::domain::part::Part;
use flightdeck::domain::problem::{Problem, ProblemKind};
use flightdeck::ui::msg::Msg;
use flightdeck::ui::screens::ScreenId;
use flightdeck::watch::Snapshot;
use jiff::Timestamp;
use ui::{Console, fixture};

fn part<T>(value: T) -> Part<T> {
    Part::answered(value, fixture::now(), "test", Duration::from_secs(10))
}

fn ago(seconds: i64) -> Timestamp {
    Timestamp::from_second(fixture::now().as_second() - seconds).unwrap()
}

/// What the console asks CloudWatch for.
fn asked(c: &Console) -> (Vec<MetricQuery>, Window) {
    c.model
        .interests()
        .into_iter()
        .find_map(|i| match i {
            Interest::Metrics { queries, window } => Some((queries, window)),
            _ => None,
        })
        .expect("metrics are asked for")
}

/// The watch's answer to what is asked: a ramp for each query.
fn answer(c: &mut Console) {
    let (queries, window) = asked(c);
    let series = queries.into_iter().enumerate().map(|(n, query)| {
        let until = window.until.unwrap_or(fixture::now()).as_second();
        let count = i64::from(window.length_s / query.period_s);
        let points: Vec<_> = (0..count)
            .map(|i| {
                let at = until - (count - i) * i64::from(query.period_s);
                (Timestamp::from_second(at).unwrap(), (n * 10) as f64)
            })
            .collect();
        Arc::new(Series {
            unit: Unit::of(&query.metric),
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

#[test]
fn the_golden_signals_are_asked_for_in_one_question_and_drawn_one_unit_a_chart() {
    let mut c = Console::new(160, 48);
    c.keys("6");
    assert!(c.shows("asking ..."), "{}", c.text());
    let (queries, window) = asked(&c);
    assert!(queries.len() > 10 && window.until.is_none());
    answer(&mut c);
    assert!(!c.shows("asking ..."), "{}", c.text());
    for title in [
        "RequestCount Sum",
        "TargetResponseTime",
        "CPUUtilization Average",
    ] {
        assert!(c.shows(title), "{title}\n{}", c.text());
    }
}

#[test]
fn zoom_pan_and_statistic_change_the_question() {
    let mut c = Console::new(120, 40);
    c.keys("3/api<enter>m");
    assert_eq!(c.model.current, ScreenId::Metrics);
    assert_eq!(asked(&c).1.length_s, 3 * 3_600);
    c.keys("--");
    let (queries, window) = asked(&c);
    assert_eq!(window.length_s, 12 * 3_600);
    assert!(queries.iter().all(|q| q.period_s == 300));
    c.keys("[");
    let until = asked(&c).1.until.expect("a fixed end");
    assert!(until < ago(3 * 3_600 - 61) && until.as_second() % 60 == 0);
    c.keys("]");
    assert_eq!(asked(&c).1.until, None, "back at now, it follows");
    c.keys("]");
    assert!(c.shows("the right end is now"));
    c.keys("aaa");
    assert!(asked(&c).0.iter().all(|q| q.stat == Stat::Percentile(950)));
    assert!(c.shows("p95"));
}

#[test]
fn the_crosshair_tells_the_values_of_all_lines_and_esc_lets_go_of_it_first() {
    let mut c = Console::new(120, 40);
    c.keys("3/api<enter>m<enter>");
    answer(&mut c);
    c.keys("<left><left>");
    assert!(c.shows("at 12:") && c.shows("here"), "{}", c.text());
    c.keys("<esc>");
    assert!(!c.shows("at 12:4"));
    assert_eq!(c.model.current, ScreenId::Metrics);
    c.keys("<esc><esc>");
    assert_eq!(c.model.current, ScreenId::Services);
}

#[test]
fn thresholds_are_drawn_only_against_the_numbers_that_the_alarm_compares() {
    let mut c = Console::new(120, 40);
    c.keys("3/api<enter>m");
    answer(&mut c);
    assert!(c.shows("╌╌╌"), "an alarm watches the mean: {}", c.text());
    c.keys("aa");
    answer(&mut c);
    assert!(!c.shows("╌╌╌"), "but not the median: {}", c.text());
}

#[test]
fn any_metric_can_be_picked_and_names_are_asked_for_only_while_picking() {
    let mut c = Console::new(120, 40);
    c.keys("6");
    let wants_names = |c: &Console| c.model.interests().contains(&Interest::MetricNames);
    assert!(!wants_names(&c));
    c.keys("p");
    assert!(wants_names(&c) && c.shows("golden signals"), "{}", c.text());
    let mut snapshot = fixture::snapshot();
    let name = |n: &str| MetricId::new("AWS/RDS", n, &[("DBInstanceIdentifier", "laser-prod-db")]);
    snapshot.facts.metric_names = part(Arc::new(vec![
        name("DatabaseConnections"),
        name("FreeStorageSpace"),
        name("ReadLatency"),
        name("WriteLatency"),
    ]));
    c.msg(Msg::Snapshot(Arc::new(snapshot)));
    assert!(
        c.shows("AWS/RDS") && c.shows("1 of 5") | c.shows("5 of 5"),
        "{}",
        c.text()
    );
    c.keys("latency<tab><tab>");
    assert!(c.shows("2 marked"), "{}", c.text());
    c.keys("<enter>");
    let (queries, _) = asked(&c);
    let names: Vec<_> = queries.iter().map(|q| q.metric.name.as_str()).collect();
    assert_eq!(names, ["ReadLatency", "WriteLatency"]);
    answer(&mut c);
    assert!(c.shows("2 metrics") && !wants_names(&c), "{}", c.text());
    c.keys("pgolden<esc>");
    assert_eq!(asked(&c).0.len(), 2, "esc changes nothing");
}

#[test]
fn a_failed_question_keeps_the_last_answer_and_says_so() {
    let mut c = Console::new(120, 40);
    c.keys("6");
    answer(&mut c);
    let mut snapshot = (*c.model.snapshot).clone();
    snapshot.facts.charts.error = Some(Problem::new(
        ProblemKind::Throttled,
        "cloudwatch",
        "Metrics cannot be read",
        "Rate exceeded",
        "Nothing: it is asked again.",
    ));
    c.msg(Msg::Snapshot(Arc::new(snapshot)));
    assert!(c.shows("now: Rate exceeded"), "{}", c.text());
    let empty = Console::with(80, 24, Snapshot::default());
    let mut empty = empty;
    empty.keys("6");
    assert!(empty.shows("p picks any metric"), "{}", empty.text());
}
