//! The alerts, metrics and logs screens through the real update loop: keys in, cells and interests out.

mod ui;

use std::sync::Arc;
use std::time::Duration;

use flightdeck::domain::interest::Interest;
use flightdeck::domain::metric::{MetricId, Stat};
use flightdeck::domain::part::Part;
use flightdeck::domain::problem::{Problem, ProblemKind};
use flightdeck::ui::msg::Msg;
use flightdeck::ui::screens::ScreenId;
use flightdeck::watch::Snapshot;
use jiff::Timestamp;
use ui::answers::{answer_logs, answer_metrics, asked, lines, read};
use ui::{Console, fixture};

fn part<T>(value: T) -> Part<T> {
    Part::answered(value, fixture::now(), "test", Duration::from_secs(10))
}

fn ago(seconds: i64) -> Timestamp {
    Timestamp::from_second(fixture::now().as_second() - seconds).unwrap()
}

#[test]
fn the_golden_signals_are_asked_for_in_one_question_and_drawn_one_unit_a_chart() {
    let mut c = Console::new(160, 48);
    c.keys("6");
    assert!(c.shows("asking ..."), "{}", c.text());
    let (queries, window) = asked(&c);
    assert!(queries.len() > 10 && window.until.is_none());
    answer_metrics(&mut c);
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
    answer_metrics(&mut c);
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
    answer_metrics(&mut c);
    assert!(c.shows("╌╌╌"), "an alarm watches the mean: {}", c.text());
    c.keys("aa");
    answer_metrics(&mut c);
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
    answer_metrics(&mut c);
    assert!(c.shows("2 metrics") && !wants_names(&c), "{}", c.text());
    c.keys("pgolden<esc>");
    assert_eq!(asked(&c).0.len(), 2, "esc changes nothing");
}

#[test]
fn a_failed_question_keeps_the_last_answer_and_says_so() {
    let mut c = Console::new(120, 40);
    c.keys("6");
    answer_metrics(&mut c);
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

fn tail(c: &mut Console, first: usize, end: usize, dropped: u64) {
    let groups = read(c).groups;
    answer_logs(c, lines(&groups, first, end), dropped);
}

#[test]
fn the_groups_of_all_services_are_followed_with_level_and_fields() {
    let mut c = Console::new(160, 48);
    c.keys("7");
    assert!(c.shows("asking ..."), "{}", c.text());
    let request = read(&c);
    assert_eq!(request.groups.len(), 5);
    assert_eq!((request.until, request.pattern.as_str()), (None, ""));
    tail(&mut c, 0, 200, 1_240);
    for words in [
        "following",
        "1,240 older lines dropped",
        "ERROR",
        "cannot reach payments ⏎ 2 more lines",
        "request_id=req-00199",
        "line 200 of 200",
    ] {
        assert!(c.shows(words), "{words}\n{}", c.text());
    }
    c.keys("F");
    assert!(!c.shows("request_id="));
    c.keys("w");
    assert!(c.shows("  at charge (/app/pay.js:41)"), "{}", c.text());
}

#[test]
fn while_paused_nothing_moves_and_new_lines_are_counted() {
    let mut c = Console::new(80, 24);
    c.keys("7");
    tail(&mut c, 0, 100, 0);
    c.keys("kk");
    let body = |c: &Console| {
        c.text()
            .lines()
            .skip(4)
            .take(19)
            .collect::<Vec<_>>()
            .join("\n")
    };
    let before = body(&c);
    assert!(c.shows("PAUSED +0 new"), "{}", c.text());
    tail(&mut c, 37, 137, 37);
    assert_eq!(
        body(&c),
        before,
        "the front of the buffer was dropped meanwhile"
    );
    assert!(c.shows("PAUSED +37 new"), "{}", c.text());
    tail(&mut c, 500, 600, 500);
    assert!(c.shows("+100 new or more"), "{}", c.text());
    c.keys("f");
    assert!(
        c.shows("following") && c.shows("/quotes/599"),
        "{}",
        c.text()
    );
    c.keys("f");
    assert!(c.shows("PAUSED"));
    c.keys("G");
    assert!(
        c.shows("following"),
        "the end of an open log is where it goes on"
    );
}

#[test]
fn a_search_marks_and_walks_through_what_is_loaded() {
    let mut c = Console::new(120, 40);
    c.keys("7");
    tail(&mut c, 0, 100, 0);
    c.keys("/payments<enter>");
    assert!(c.shows("/payments: 14 of 14"), "{}", c.text());
    c.keys("n");
    assert!(c.shows("/payments: 1 of 14"), "{}", c.text());
    c.keys("N");
    assert!(c.shows("/payments: 14 of 14") && c.shows("PAUSED"));
    c.keys("<enter>");
    assert!(
        c.shows("at charge (/app/pay.js:41)") && c.shows("stream  ecs/api/4f2c"),
        "{}",
        c.text()
    );
    c.keys("<esc>/nonesuch<enter>");
    assert!(c.shows("no match in what is loaded"));
    c.keys("<esc>");
    assert!(!c.shows("nonesuch"));
}

#[test]
fn level_pattern_and_time_change_what_is_read() {
    let mut c = Console::new(120, 40);
    c.keys("7");
    tail(&mut c, 0, 70, 0);
    c.keys("vvv");
    assert!(c.shows("from WARN up (50 hidden)"), "{}", c.text());
    c.keys("p{{ $.status = 500 }<enter>");
    assert_eq!(read(&c).pattern, "{{ $.status = 500 }");
    c.keys("Tsoon<enter><enter>");
    assert!(c.shows("is not a time"), "{}", c.text());
    c.keys("<esc>T-2h<enter><enter>");
    let r = read(&c);
    assert_eq!((r.from, r.until), (ago(7_200), Some(ago(6_300))));
    assert!(c.shows("10:41:07 to 10:56:07"), "{}", c.text());
    c.keys("f");
    assert_eq!(read(&c).until, None, "following is about now again");
}

#[test]
fn logs_of_a_service_are_those_of_its_task_definition_or_say_why_not() {
    let mut c = Console::new(120, 40);
    c.keys("3/api<enter>l");
    assert_eq!(c.model.current, ScreenId::Logs);
    assert_eq!(read(&c).groups, ["/ecs/api"]);
    let mut snapshot = fixture::snapshot();
    let definitions = snapshot.facts.task_definitions.value.take().unwrap();
    let mute = definitions.iter().map(|(arn, d)| {
        let mut d = (**d).clone();
        d.containers.iter_mut().for_each(|c| c.log_group = None);
        (arn.clone(), Arc::new(d))
    });
    snapshot.facts.task_definitions = part(Arc::new(mute.collect()));
    c.msg(Msg::Snapshot(Arc::new(snapshot)));
    assert!(
        c.shows("no container of api:42 writes to CloudWatch Logs"),
        "{}",
        c.text()
    );
    assert!(c.shows("o picks log groups"));
}

#[test]
fn log_groups_are_picked_with_retention_and_size_in_sight() {
    use flightdeck::domain::log::LogGroup;
    let mut snapshot = fixture::snapshot();
    let group = |name: &str, retention_days, stored_bytes| LogGroup {
        name: name.into(),
        retention_days,
        stored_bytes,
        created_at: None,
    };
    snapshot.facts.log_groups = part(Arc::new(vec![
        group("/aws/rds/instance/db/error", None, 1_250_000_000),
        group("/ecs/api", Some(30), 42_000_000),
    ]));
    let mut c = Console::with(120, 40, snapshot);
    c.keys("7o");
    for words in ["kept for ever", "1.25 GB", "kept 30 d", "/aws/rds"] {
        assert!(c.shows(words), "{words}\n{}", c.text());
    }
    c.keys("rds<enter>");
    assert_eq!(read(&c).groups.len(), 5, "what was marked stays marked");
    c.keys("ords");
    c.msg(Msg::Key(crossterm::event::KeyEvent::from(
        crossterm::event::KeyCode::BackTab,
    )));
    c.keys("<enter>");
    assert_eq!(read(&c).groups, ["/aws/rds/instance/db/error"]);
}

#[test]
fn logs_whose_groups_nobody_could_tell_say_why() {
    use flightdeck::domain::problem::{Problem, ProblemKind};
    let mut snapshot = fixture::snapshot();
    let words = [
        "Cannot list the clusters",
        "it answered 501",
        "Ask another endpoint.",
    ];
    let problem = Problem::new(
        ProblemKind::Unsupported,
        "ecs",
        words[0],
        words[1],
        words[2],
    );
    let mut services = Part::never("ecs:ListClusters", Duration::from_secs(10));
    services.error = Some(problem);
    snapshot.facts.services = services;
    let mut c = Console::with(120, 40, snapshot);
    c.keys("7");
    assert!(!c.shows("asking ..."), "{}", c.text());
    for words in words {
        assert!(c.shows(words), "{words}\n{}", c.text());
    }
}
