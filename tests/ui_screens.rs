//! The overview, deploys, alerts, metrics and logs screens through the real update loop: keys in, cells and interests out.

#[path = "ui/moving.rs"]
mod moving;
mod ui;

use std::sync::Arc;
use std::time::Duration;

use flightdeck::domain::action::{Intent, Phase, RunLine};
use flightdeck::domain::audit::Outcome;
use flightdeck::domain::deployment::{Deployment, DeploymentState};
use flightdeck::domain::image::{Image, Registry, Scan};
use flightdeck::domain::interest::Interest;
use flightdeck::domain::metric::{MetricId, Stat};
use flightdeck::domain::part::Part;
use flightdeck::domain::problem::{Problem, ProblemKind};
use flightdeck::domain::scaling::ScaleOut;
use flightdeck::domain::service::{Rollout, Service, ServiceHealth};
use flightdeck::ui::msg::Msg;
use flightdeck::ui::screens::ScreenId;
use flightdeck::watch::Snapshot;
use jiff::Timestamp;
use ui::answers::{answer_logs, answer_metrics, asked, lines, read};
use ui::{Console, fixture, fleet};

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

/// Ours at once, the vendor's own words above it as soon as they come; both are searched.
#[test]
fn a_service_is_described_by_us_and_in_the_vendors_own_words() {
    use flightdeck::domain::quote::Quote;
    for (columns, rows) in [(80, 24), (160, 48)] {
        let mut c = Console::new(columns, rows);
        // The one that is degraded stands first.
        let id = fixture::id("pdf-render");
        c.keys("3d");
        assert!(c.shows("\"cluster\": \"laser-prod\""), "{}", c.text());
        c.keys("/asking<enter>");
        assert!(c.shows("asking ECS for its own words"), "{}", c.text());
        let quote = Quote {
            asked: "ecs:DescribeServices",
            body: serde_json::json!({"services": [{"serviceName": "api\u{1b}[31m", "propagateTags": "NONE"}]}),
        };
        let mut other = id.clone();
        other.name.push_str("-other");
        c.msg(Msg::Quoted(other, Ok(quote.clone())));
        assert!(
            c.shows("asking ECS"),
            "an answer about another one\n{}",
            c.text()
        );
        c.msg(Msg::Quoted(id.clone(), Ok(quote)));
        assert!(!c.shows("asking ECS"), "{}", c.text());
        c.keys("/<esc>");
        for words in [
            "ecs:DescribeServices in its own words:",
            "\"propagateTags\": \"NONE\"",
            "api\\u001b[31m",
        ] {
            assert!(c.shows(words), "{words}\n{}", c.text());
        }
        c.keys("/what this<enter>");
        assert!(c.shows("what this console makes of it:"), "{}", c.text());
        c.keys("<esc>d");
        c.msg(Msg::Quoted(
            id,
            Err(Problem::new(
                ProblemKind::Denied,
                "ecs",
                "cannot read the services",
                "denied",
                "allow it",
            )),
        ));
        c.keys("/own words<enter>");
        assert!(
            c.shows("ECS was asked for its own words: cannot read") && c.shows("do: allow it"),
            "{}",
            c.text()
        );
    }
}

#[test]
fn from_what_burns_it_is_one_key_to_the_service_that_it_is_about() {
    for way in ["", "5<enter>"] {
        for (key, screen) in [
            ("m", ScreenId::Metrics),
            ("l", ScreenId::Logs),
            ("D", ScreenId::Deploys),
        ] {
            let mut c = Console::new(120, 40);
            c.keys(way);
            c.keys(key);
            assert_eq!(c.model.current, screen, "{way}{key}\n{}", c.text());
            let about = match key {
                "m" => "laser-prod-api-5xx",
                _ => "api",
            };
            assert!(c.shows(about), "{way}{key}\n{}", c.text());
            c.keys("<esc>");
            assert_ne!(c.model.current, screen, "{way}{key}: esc leads back");
        }
    }
    // What is about no service says so, and its metric is shown all the same.
    let mut c = Console::new(80, 24);
    let burning = c.text().lines().position(|l| l.contains("laser-prod-db"));
    let first = c.text().lines().position(|l| l.contains("api-5xx"));
    let steps = burning.unwrap() - first.unwrap();
    c.keys(&"<down>".repeat(steps));
    c.keys("l");
    assert_eq!(c.model.current, ScreenId::Overview);
    assert!(c.shows("belongs to no service"), "{}", c.text());
    c.keys("m");
    assert_eq!(c.model.current, ScreenId::Metrics);
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

/// A service that is down has values, and none of now: its last one must not read as how it fares.
#[test]
fn a_line_that_ended_says_when_beside_its_last_value() {
    let mut c = Console::new(120, 40);
    c.keys("3/api<enter>m");
    answer_metrics(&mut c);
    assert!(!c.shows("12m ago"), "{}", c.text());
    let mut snapshot = (*c.model.snapshot).clone();
    let charts = snapshot.facts.charts.value.as_mut().unwrap();
    for series in &mut charts.series {
        let mut ended = (**series).clone();
        let before = ago(12 * 60 + 59);
        let left = ended.points.iter().filter(|p| p.0 <= before);
        ended.points = left.copied().collect();
        *series = Arc::new(ended);
    }
    c.msg(Msg::Snapshot(Arc::new(snapshot)));
    assert!(c.shows("% 12m ago"), "{}", c.text());
    c.keys("<enter>");
    assert!(c.shows("(until 12m ago)"), "{}", c.text());
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
fn logs_of_a_chart_are_those_of_the_time_that_is_pointed_at() {
    let mut c = Console::new(120, 40);
    c.keys("3/api<enter><enter>m");
    answer_metrics(&mut c);
    for _ in 0..30 {
        c.keys("<left>");
    }
    c.keys("l");
    assert_eq!(c.model.current, ScreenId::Logs);
    let then = read(&c);
    let until = then.until.expect("a stretch of the past");
    assert!(then.from < until && until < ago(1_600), "{then:?}");
    assert!(then.groups.iter().all(|g| g.contains("api")), "{then:?}");
    // Back where it was, with the time still pointed at; without one it is now that is meant.
    c.keys("<esc>");
    assert_eq!(c.model.current, ScreenId::Metrics);
    c.keys("<esc>l");
    assert_eq!((c.model.current, read(&c).until), (ScreenId::Logs, None));
    // What is no service's has no logs here, and says so.
    c.keys("5/connections<enter>m");
    assert_eq!(c.model.current, ScreenId::Metrics);
    c.keys("l");
    assert!(c.shows("belongs to no service"), "{}", c.text());
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

/// Series of one metric of many target groups: what is common to them comes last, and the selected one is written out.
#[test]
fn metrics_of_one_name_can_be_told_apart_where_they_are_picked() {
    let balancer = "app/laser-prod-alb/746af0c2d81e93b5";
    let name = |group: &str| {
        let group = format!("targetgroup/{group}/6d0ecf831eec9f09");
        let of = [("LoadBalancer", balancer), ("TargetGroup", group.as_str())];
        MetricId::new("AWS/ApplicationELB", "HTTPCode_Target_2XX_Count", &of)
    };
    for (columns, rows) in [(80, 24), (160, 48)] {
        let mut snapshot = fixture::snapshot();
        let names = vec![name("laser-prod-api"), name("laser-prod-calculator")];
        snapshot.facts.metric_names = part(Arc::new(names));
        let mut c = Console::with(columns, rows, snapshot);
        c.keys("6p");
        for words in [
            "HTTPCode_Target_2XX_Count  laser-prod-api",
            "HTTPCode_Target_2XX_Count  laser-prod-cal",
        ] {
            assert!(c.shows(words), "{words}: {}", c.text());
        }
        c.keys("<down>");
        assert!(c.shows("LoadBalancer=app/laser-prod-alb/746af0c2d81e93b5"));
        assert!(c.shows("targetgroup/laser-prod-api/"), "{}", c.text());
        // It is found by its whole name, too.
        c.keys("targetgroup/laser-prod-calc");
        assert!(c.shows("1 of 3"), "{}", c.text());
    }
}

#[test]
fn the_point_s_length_is_that_of_the_series_that_is_drawn() {
    let mut c = Console::new(120, 40);
    c.keys("6");
    answer_metrics(&mut c);
    assert!(c.shows("1m/point"), "{}", c.text());
    let mut snapshot = (*c.model.snapshot).clone();
    let charts = snapshot.facts.charts.value.as_mut().unwrap();
    for series in &mut charts.series {
        let series = Arc::make_mut(series);
        series.points = series.points.iter().step_by(5).copied().collect();
    }
    c.msg(Msg::Snapshot(Arc::new(snapshot)));
    assert!(c.shows("5m/point"), "{}", c.text());
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
    let groups = read(&c).groups;
    answer_logs(&mut c, lines(&groups, 0, 3), 0);
    assert!(c.shows("all read"), "{}", c.text());
    c.keys("T-5m<enter><enter>");
    assert_eq!(read(&c).until, Some(ago(-600)));
    answer_logs(&mut c, lines(&groups, 0, 3), 0);
    assert!(
        c.shows("12:36:07 to 12:51:07  read to 12:41:07, goes on") && !c.shows("all read"),
        "{}",
        c.text()
    );
    c.keys("f");
    assert_eq!(read(&c).until, None, "following is about now again");
}

/// Where a thousand lines are read, the one that says why is what a person comes for.
#[test]
fn logs_open_at_the_moment_of_a_failure_until_a_person_moves() {
    let mut snapshot = fixture::snapshot();
    let mut rows = snapshot.facts.deployment_rows().to_vec();
    let d = Arc::make_mut(&mut rows[0]);
    d.state = DeploymentState::RolledBack;
    (d.rollback_since, d.finished_at) = (Some(ago(100)), Some(ago(40)));
    snapshot.facts.deployments = part(Arc::new(rows));
    // Our own deploy is about the same deployment, and leads to the same moment.
    let mut run = fixture::run();
    (run.outcome, run.finished_at) = (Some(Outcome::Failed), Some(ago(30)));
    for runs in [Vec::new(), vec![run]] {
        snapshot.facts.runs = Arc::new(runs);
        let mut c = Console::with(120, 40, snapshot.clone());
        c.keys("4/worker<enter>l");
        let asked = read(&c);
        assert_eq!((asked.from, asked.until), (ago(700), Some(ago(-20))));
        let groups = asked.groups;
        answer_logs(&mut c, lines(&groups, 0, 300), 0);
        assert!(c.shows("line 200 of 300"), "{}", c.text());
        c.keys("kk");
        answer_logs(&mut c, lines(&groups, 0, 310), 0);
        assert!(c.shows("line 198 of 310"), "{}", c.text());
    }
}

/// A task that failed among ten that do not has streams of its own.
#[test]
fn logs_of_a_task_that_ended_are_its_own_with_the_last_line_in_sight() {
    use flightdeck::domain::service::{Task, TaskDefinition};
    let with = |prefix: Option<&str>, stopped: Option<Timestamp>, health: &str| {
        let mut snapshot = fixture::snapshot();
        let definitions = snapshot.facts.task_definitions.value.take().unwrap();
        let definitions = definitions.iter().map(|(arn, d)| {
            let mut d = TaskDefinition::clone(d);
            d.containers[0].log_prefix = prefix.map(str::to_owned);
            (arn.clone(), Arc::new(d))
        });
        snapshot.facts.task_definitions = part(Arc::new(definitions.collect()));
        let task = Task {
            arn: "arn:task/1db8ac61ff".into(),
            id: "1db8ac61ff".into(),
            service: "api".into(),
            status: "STOPPED".into(),
            desired_status: "RUNNING".into(),
            health: health.into(),
            revision: None,
            zone: String::new(),
            cpu_units: None,
            memory_mib: None,
            ip: None,
            created_at: None,
            started_at: None,
            stopped_at: stopped,
            stopped_reason: None,
            containers: Vec::new(),
        };
        let tasks = part(Arc::new(vec![task]));
        snapshot.facts.tasks.insert(fixture::id("api"), tasks);
        let mut c = Console::with(120, 40, snapshot);
        c.keys("3/api<enter><enter>l");
        c
    };
    let own = [("/ecs/api".to_owned(), "ecs/api/1db8ac61ff".to_owned())];
    let mut c = with(Some("ecs"), Some(ago(60)), "UNHEALTHY");
    let asked = read(&c);
    assert_eq!(
        (asked.streams.as_slice(), asked.until),
        (&own[..], Some(ago(-60)))
    );
    answer_logs(&mut c, lines(&asked.groups, 0, 250), 0);
    assert!(c.shows("line 250 of 250"), "{}", c.text());
    assert!(c.shows("task 1db8ac61 of laser-prod/api"), "{}", c.text());
    // When it stopped is what is asked at night, in the list and on its page.
    let mut c = with(Some("ecs"), Some(ago(360)), "HEALTHY");
    c.keys("<esc>");
    let text = c.text();
    let row = text.lines().find(|l| l.contains("STOPPED")).unwrap();
    assert!(row.contains(" 6m") && !row.contains("HEALTHY"), "{text}");
    c.keys("<enter>");
    assert!(c.shows("stopped   6m ago"), "{}", c.text());
    // One that fails and still runs is followed; of one that is well, its service is read.
    let asked = read(&with(Some("ecs"), None, "UNHEALTHY"));
    assert_eq!((asked.streams.as_slice(), asked.until), (&own[..], None));
    let asked = read(&with(Some("ecs"), None, "HEALTHY"));
    assert!(asked.streams.is_empty() && asked.groups == ["/ecs/api"]);
    // Where nobody tells the names of streams, the moment is known.
    let asked = read(&with(None, Some(ago(60)), "UNHEALTHY"));
    assert_eq!((asked.streams.len(), asked.until), (0, Some(ago(-60))));
}

#[test]
fn logs_of_a_service_are_those_of_its_task_definition_or_say_why_not() {
    let mut c = Console::new(120, 40);
    c.keys("3/api<enter>l");
    assert_eq!(c.model.current, ScreenId::Logs);
    assert_eq!(read(&c).groups, ["/ecs/api"]);
    let mut snapshot = fixture::snapshot();
    snapshot.facts.seq += 1;
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
    assert!(
        c.shows("5 marked") && c.shows("enter show them"),
        "{}",
        c.text()
    );
    c.keys("<enter>");
    assert_eq!(read(&c).groups.len(), 5, "nothing was chosen");
    // Who goes to one and marks nothing means that one, whatever was read before.
    c.keys("ords");
    assert!(c.shows("enter show this one"), "{}", c.text());
    c.keys("<enter>");
    assert_eq!(read(&c).groups, ["/aws/rds/instance/db/error"]);
    c.keys("oecs<tab>");
    assert!(c.shows("2 marked"), "{}", c.text());
    c.keys("<enter>");
    assert_eq!(
        read(&c).groups,
        ["/aws/rds/instance/db/error", "/ecs/api"],
        "marked beside what was open"
    );
    c.keys("oecs");
    c.msg(Msg::Key(crossterm::event::KeyEvent::from(
        crossterm::event::KeyCode::BackTab,
    )));
    c.keys("<enter>");
    assert_eq!(read(&c).groups, ["/ecs/api"]);
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

fn rolling_back() -> Snapshot {
    let mut snapshot = fixture::snapshot();
    let mut rows: Vec<Arc<Deployment>> = snapshot.facts.deployment_rows().to_vec();
    let worker = Arc::make_mut(&mut rows[0]);
    worker.state = DeploymentState::RollingBack;
    worker.failures = Some((3, 3));
    worker.reason =
        "Service deployment rolled back because the circuit breaker threshold was exceeded.".into();
    snapshot.facts.deployments.value = Some(Arc::new(rows));
    snapshot
}

#[test]
fn what_rolls_back_says_so_and_why_whoever_began_it() {
    let ours = || {
        let mut snapshot = rolling_back();
        snapshot.facts.runs = Arc::new(vec![fixture::run()]);
        snapshot
    };
    let theirs = || {
        let mut snapshot = rolling_back();
        snapshot.facts.runs = Arc::default();
        snapshot
    };
    for snapshot in [ours(), theirs()] {
        let c = Console::with(80, 24, snapshot);
        assert!(c.shows("worker :18 → :17"), "{}", c.text());
        assert!(c.shows("ROLLING BACK"), "{}", c.text());
        assert!(
            c.shows("circuit breaker: 3 of 3 tasks failed"),
            "{}",
            c.text()
        );
        assert!(!c.shows("follow"), "{}", c.text());
    }
}

#[test]
fn a_deployment_that_failed_says_why_on_the_overview() {
    let mut snapshot = fixture::snapshot();
    let mut failed = Deployment::clone(&snapshot.facts.deployment_rows()[0]);
    failed.state = DeploymentState::Failed;
    failed.finished_at = Some(ago(30));
    failed.reason = "tasks failed to start".into();
    snapshot.facts.deployments = part(Arc::new(vec![Arc::new(failed)]));
    snapshot.facts.runs = Arc::default();
    let c = Console::with(120, 40, snapshot);
    assert!(
        c.shows("last worker :17→:18 1.9.0 FAILED 30s ago"),
        "{}",
        c.text()
    );
    assert!(c.shows("tasks failed to start"), "{}", c.text());
}

#[test]
fn a_raised_count_is_young_for_a_while_and_ends_when_its_tasks_run() {
    let at = |s: i64| Timestamp::from_second(s).unwrap();
    let service = |running: u32, desired: u32, scaling: Option<ScaleOut>| {
        let snapshot = fixture::snapshot();
        let mut s = Service::clone(&snapshot.facts.service_rows()[0]);
        (s.counts.running, s.counts.desired) = (running, desired);
        s.scaling = scaling;
        s
    };
    let told = |before: &Service, now: &Service, s| ScaleOut::told(before, now, at(s));
    let rest = service(2, 2, None);
    let begun = told(&rest, &service(2, 5, None), 10);
    assert_eq!(
        begun,
        Some(ScaleOut {
            from: 2,
            since: at(10)
        })
    );
    let moving = service(3, 5, begun);
    assert_eq!(moving.health(), ServiceHealth::Scaling);
    assert_eq!(moving.scaling_out(), Some((2, 5)));
    assert_eq!(told(&moving, &service(4, 5, None), 60), begun);
    assert_eq!(told(&moving, &service(5, 5, None), 70), None, "they run");
    assert_eq!(told(&moving, &service(3, 2, None), 70), None, "taken back");
    assert_eq!(told(&moving, &service(3, 5, None), 310), None, "too long");
    assert_eq!(
        service(1, 5, begun).health(),
        ServiceHealth::Degraded,
        "lost one"
    );
    // Raised again and again while no task comes is no new beginning; while some come it is.
    assert_eq!(told(&moving, &service(3, 6, None), 250), begun);
    assert_eq!(told(&service(3, 6, begun), &service(3, 7, None), 310), None);
    let comes = told(&moving, &service(4, 6, None), 250);
    assert_eq!(comes.map(|s| s.since), Some(at(250)));
    let from_nothing = told(&service(0, 0, None), &service(0, 2, None), 10);
    assert_eq!(service(0, 2, from_nothing).health(), ServiceHealth::Scaling);
    assert_eq!(service(0, 2, None).health(), ServiceHealth::Down);
}

/// More tasks were asked for a moment ago: nothing is wrong until they take too long.
#[test]
fn a_service_that_scales_out_moves_and_does_not_burn() {
    let scaling = |since: Option<Timestamp>| {
        let mut snapshot = fixture::snapshot();
        let rows = snapshot.facts.service_rows().iter().map(|s| {
            let mut s = Service::clone(s);
            if s.id.name == "pdf-render" {
                (s.counts.running, s.counts.desired) = (2, 5);
                s.scaling = since.map(|since| ScaleOut { from: 2, since });
            }
            Arc::new(s)
        });
        snapshot.facts.services.value = Some(Arc::new(rows.collect()));
        snapshot
    };
    let mut c = Console::with(120, 40, scaling(Some(ago(40))));
    assert!(c.shows("pdf-render 2→5"), "{}", c.text());
    assert!(!c.shows("DEGRADED"), "{}", c.text());
    c.keys("3");
    assert!(c.shows("▶ scaling"), "{}", c.text());
    // One's own is told as anybody's is.
    let mut snapshot = scaling(Some(ago(40)));
    let mut run = fixture::run();
    run.intent = Intent::Scale {
        service: fixture::id("pdf-render"),
        desired: 5,
    };
    run.phase = Phase::Follow;
    snapshot.facts.runs = Arc::new(vec![run]);
    let mut own = Console::with(160, 48, snapshot);
    assert!(own.shows("pdf-render 2→5"), "{}", own.text());
    assert!(!own.shows("follow"), "{}", own.text());
    own.keys("4");
    assert!(own.shows("our scale 2→5"), "{}", own.text());
    assert!(
        own.shows("tasks   2 → 5 wanted   2 running"),
        "{}",
        own.text()
    );
    // Whatever step it is at, it is as far as its service is.
    let verifying = |from| {
        let mut snapshot = scaling(Some(ago(40)));
        let mut run = fixture::run();
        run.intent = Intent::Scale {
            service: fixture::id("pdf-render"),
            desired: 5,
        };
        (run.phase, run.progress, run.scaled_from) = (Phase::Verify, None, from);
        snapshot.facts.runs = Arc::new(vec![run]);
        snapshot
    };
    for (from, share) in [(Some(1), "25 %     2/5  verify"), (None, "2/5  verify")] {
        let c = Console::with(160, 48, verifying(from));
        assert!(c.shows(share) && !c.shows("0/0"), "{}", c.text());
    }
    let mut unread = verifying(Some(1));
    unread.facts.services = Part::default();
    let c = Console::with(160, 48, unread);
    assert!(c.shows("-  verify") && !c.shows("0/0"), "{}", c.text());
    // Fewer are no scaling out, and told from how many, too.
    let mut snapshot = scaling(None);
    let mut run = fixture::run();
    run.intent = Intent::Scale {
        service: fixture::id("pdf-render"),
        desired: 1,
    };
    (run.phase, run.scaled_from) = (Phase::Follow, Some(2));
    snapshot.facts.runs = Arc::new(vec![run]);
    let fewer = Console::with(80, 24, snapshot);
    assert!(fewer.shows("pdf-render 2→1"), "{}", fewer.text());
    // From how many it came is told to the end, and where there is little room.
    let mut snapshot = scaling(None);
    let mut run = fixture::run();
    run.intent = Intent::Scale {
        service: fixture::id("pdf-render"),
        desired: 5,
    };
    run.scaled_from = Some(2);
    (run.outcome, run.finished_at) = (Some(Outcome::Succeeded), Some(ago(1)));
    snapshot.facts.runs = Arc::new(vec![run]);
    let mut own = Console::with(80, 24, snapshot);
    own.keys("4j");
    assert!(own.shows("scale 2→5"), "{}", own.text());
    assert!(own.shows("tasks   2 → 5 wanted"), "{}", own.text());
    let lasted = Console::with(120, 40, scaling(None));
    assert!(lasted.shows("DEGRADED"), "{}", lasted.text());
}

/// Nothing runs, as somebody wanted it: no steady service, and where a load balancer sends it requests, one that burns.
#[test]
fn a_service_scaled_to_none_is_not_steady_and_burns_where_requests_come() {
    let at_none = |bound: bool, (width, height)| {
        let mut snapshot = fixture::snapshot();
        let rows = snapshot.facts.service_rows().iter().map(|s| {
            let mut s = Service::clone(s);
            if s.id.name == "api" {
                (s.counts.running, s.counts.desired) = (0, 0);
                s.rollouts.truncate(1);
                for r in &mut s.rollouts {
                    r.rollout_state = "COMPLETED".into();
                }
                if !bound {
                    s.load_balancers.clear();
                }
            }
            Arc::new(s)
        });
        snapshot.facts.services.value = Some(Arc::new(rows.collect()));
        snapshot.facts.deployments = part(Arc::default());
        snapshot.facts.runs = Arc::default();
        Console::with(width, height, snapshot)
    };
    let burns = "scaled to 0: nothing runs";
    let mut c = at_none(true, (160, 48));
    assert!(c.shows(burns), "{}", c.text());
    assert!(c.shows("1 scaled to 0"), "{}", c.text());
    // As bad as a service that is down, and before what only warns.
    assert!(c.shows("▲ DOWN"), "{}", c.text());
    c.keys("3");
    assert!(c.shows("▲ scaled to 0"), "{}", c.text());
    let usage = |c: &Console| {
        let text = c.text();
        let row = text.lines().find(|l| l.contains("▲ scaled to 0")).unwrap();
        (row.contains('%'), row.contains(" 0/0 "))
    };
    assert_eq!(
        usage(&c),
        (false, true),
        "nothing runs, so nothing is used\n{}",
        c.text()
    );
    let mut c = at_none(true, (80, 24));
    c.keys("3");
    assert!(c.shows("▲ scaled to 0"), "{}", c.text());
    let mut c = at_none(false, (160, 48));
    assert!(!c.shows(burns), "{}", c.text());
    assert!(c.shows("1 scaled to 0"), "{}", c.text());
    c.keys("3");
    assert!(c.shows("○ scaled to 0"), "{}", c.text());
}

/// Two clusters have a worker: what moves, and what ended, says whose it is.
#[test]
fn a_deployment_names_its_cluster_where_another_cluster_has_a_service_of_that_name() {
    let twins = |mut snapshot: Snapshot| {
        let mut rows = snapshot.facts.service_rows().to_vec();
        let worker = rows.iter().find(|s| s.id.name == "worker").unwrap();
        let mut other = Service::clone(worker);
        other.id.cluster = "laser-dev".into();
        rows.push(Arc::new(other));
        snapshot.facts.services.value = Some(Arc::new(rows));
        snapshot.facts.runs = Arc::default();
        snapshot
    };
    let wide = Console::with(160, 48, twins(fixture::snapshot()));
    assert!(wide.shows("laser-prod/worker :17 → :18"), "{}", wide.text());
    let narrow = Console::with(120, 40, twins(fixture::snapshot()));
    assert!(narrow.shows("laser-prod/worker →"), "{}", narrow.text());
    let mut snapshot = twins(fixture::snapshot());
    let mut ended = Deployment::clone(&snapshot.facts.deployment_rows()[0]);
    ended.state = DeploymentState::Successful;
    ended.finished_at = Some(ago(30));
    snapshot.facts.deployments = part(Arc::new(vec![Arc::new(ended)]));
    let c = Console::with(120, 40, snapshot);
    assert!(c.shows("last laser-prod/worker :18"), "{}", c.text());
}

fn ended(outcome: Outcome, stopped_in: Option<Phase>, recorded: bool) -> Snapshot {
    let mut snapshot = rolling_back();
    let mut run = fixture::run();
    run.outcome = Some(outcome);
    run.phase = Phase::Record;
    run.finished_at = Some(ago(1));
    run.stopped_in = stopped_in;
    run.recorded = recorded;
    run.lines.push(RunLine {
        at: ago(1),
        phase: Phase::Record,
        text: "rolled back: Service deployment rolled back because the circuit breaker threshold was exceeded. (audit row 7)".into(),
    });
    snapshot.facts.runs = Arc::new(vec![run]);
    snapshot
}

fn seek_run(c: &mut Console) {
    c.keys("4");
    for _ in 0..5 {
        if !c.shows("preview ✓") {
            c.keys("j");
        }
    }
}

#[test]
fn a_failed_action_marks_the_step_that_failed_and_says_the_reason_once() {
    for (stopped, recorded, steps) in [
        (Phase::Follow, true, "✓ execute ✗ follow · verify ✓ record"),
        (Phase::Verify, true, "✓ execute ✓ follow ✗ verify ✓ record"),
        (Phase::Follow, false, "✗ follow · verify ✗ record"),
    ] {
        let mut c = Console::with(120, 40, ended(Outcome::Failed, Some(stopped), recorded));
        seek_run(&mut c);
        assert!(c.shows(steps), "{}", c.text());
        let text = c.text().replace('\n', " ");
        assert_eq!(
            text.matches("threshold was exceeded").count(),
            1,
            "{}",
            c.text()
        );
    }
    let mut c = Console::with(120, 40, ended(Outcome::Unknown, Some(Phase::Follow), false));
    seek_run(&mut c);
    assert!(c.shows("? follow · verify · record"), "{}", c.text());
}

#[test]
fn what_nobody_could_tell_is_unknown_on_the_overview_with_what_to_do() {
    let problem = || {
        Problem::new(
            ProblemKind::NoCredentials,
            "aws",
            "Cannot ask AWS",
            "no credentials were found",
            "Run aws configure.",
        )
    };
    for (columns, rows) in [(80, 24), (160, 48)] {
        let mut snapshot = fixture::snapshot();
        snapshot.facts.services = Part::default();
        snapshot.facts.services.error = Some(problem());
        let c = Console::with(columns, rows, snapshot);
        assert!(!c.shows("0 of 0"), "{}", c.text());
        assert!(
            c.text().to_lowercase().contains("services unknown") || c.shows("Services  unknown"),
            "{}",
            c.text()
        );
        assert!(
            c.shows("no credentials were found. Run aws configure."),
            "{}",
            c.text()
        );
    }
    // Each panel says it whole, in as many lines as it takes.
    let mut snapshot = fixture::snapshot();
    let long = || {
        let fix =
            "Set a region in the profile, in the surroundings, or in flightdeck.toml at last.";
        Problem::new(
            ProblemKind::Config,
            "aws",
            "Cannot ask AWS",
            "no region is set",
            fix,
        )
    };
    let facts = &mut snapshot.facts;
    facts.services = Part {
        error: Some(long()),
        ..Part::default()
    };
    facts.alarms = Part {
        error: Some(long()),
        ..Part::default()
    };
    facts.deployments = Part {
        error: Some(long()),
        ..Part::default()
    };
    facts.slos = Part {
        error: Some(long()),
        ..Part::default()
    };
    facts.runs = Arc::default();
    facts.estate = Default::default();
    facts.https.clear();
    facts.target_groups = Part::default();
    let c = Console::with(80, 24, snapshot);
    assert_eq!(c.text().matches("at last").count(), 3, "{}", c.text());
    // An old answer is no good news either.
    let mut snapshot = fixture::snapshot();
    snapshot.facts.services.error = Some(problem());
    let c = Console::with(80, 24, snapshot);
    assert!(
        c.shows("services unknown, 3 of 5 were steady"),
        "{}",
        c.text()
    );
    // One that could not be read hides no other.
    let mut snapshot = fixture::snapshot();
    let unread = snapshot.facts.service_rows()[0].id.clone();
    snapshot.facts.services.error = Some(problem());
    snapshot.facts.services_unread = Some([unread].into());
    let c = Console::with(80, 24, snapshot);
    assert!(c.shows("of 4 steady, the others unknown"), "{}", c.text());
}

/// Clusters that were not listed have no rows that could look old.
#[test]
fn clusters_of_which_not_all_services_were_read_are_named() {
    let lacks = "not all read of laser-dev, laser-staging";
    let (why, fix) = ("it asks us to slow down", "Wait.");
    let mut snapshot = fixture::snapshot();
    let facts = &mut snapshot.facts;
    let slow = Problem::new(ProblemKind::Throttled, "ecs", "Cannot list", why, fix);
    facts.services.error = Some(slow);
    facts.services_unread = Some(Default::default());
    facts.clusters_unread = vec!["laser-dev".into(), "laser-staging".into()];
    for (columns, rows) in [(80, 24), (160, 48)] {
        let mut c = Console::with(columns, rows, snapshot.clone());
        assert!(c.shows(", some services not known"), "{}", c.text());
        assert!(c.shows(&format!("? services {lacks}: ")), "{}", c.text());
        c.keys("3");
        assert!(c.shows(&format!("   {lacks}: ")), "{}", c.text());
    }
}

#[test]
fn what_burns_is_named_by_the_component_with_the_age_of_its_fault() {
    let mut snapshot = fixture::snapshot();
    let mut services: Vec<_> = snapshot.facts.service_rows().to_vec();
    let api = Arc::make_mut(&mut services[1]);
    let mut failed = api.rollouts.first().cloned().unwrap_or(Rollout {
        id: "ecs-svc/1".into(),
        status: "PRIMARY".into(),
        revision: api.revision.clone(),
        counts: api.counts,
        rollout_state: String::new(),
        rollout_reason: String::new(),
        created_at: None,
        updated_at: None,
    });
    failed.rollout_state = "FAILED".into();
    failed.rollout_reason = "tasks failed to start.".into();
    failed.updated_at = Some(ago(30));
    api.rollouts = vec![failed];
    snapshot.facts.services.value = Some(Arc::new(services));
    snapshot.facts.services.observed_at = Some(ago(3));
    let c = Console::with(160, 48, snapshot);
    let text = c.text();
    let line = |word: &str| {
        text.lines()
            .find(|l| l.contains(word))
            .unwrap_or_default()
            .to_owned()
    };
    assert!(line("■ FAILED").contains(" 30s  laser-prod/api"), "{text}");
    assert!(line("■ FAILED").contains("failed: tasks"), "{text}");
    // The health map says the same of its step, and one fault is one row.
    let rows = text.lines().skip_while(|l| !l.contains("┌ Burning"));
    let rows: Vec<_> = rows.take_while(|l| !l.starts_with('└')).collect();
    let told = rows.iter().filter(|l| l.contains("health map: "));
    assert_eq!(told.count(), 0, "{text}");
}

/// The least time of a few tries: what other load on the machine leaves of it.
fn least(mut work: impl FnMut()) -> Duration {
    let tries = (0..12).map(|_| {
        let start = std::time::Instant::now();
        work();
        start.elapsed()
    });
    tries.min().unwrap()
}

/// Only what is on the screen is made: a thousand services cost a key and a frame about what those cost that just fill it.
#[test]
fn a_key_and_a_frame_cost_no_more_for_a_thousand_services_than_for_sixty() {
    for (keys, screen) in [("3", "Services"), ("4", "Deploys"), ("1", "Overview")] {
        let mut fleets = [60, 1_000].map(|n| Console::with(200, 60, fleet::snapshot(n)));
        let mut measure = || {
            let cost = fleets.each_mut().map(|c| {
                c.keys(keys);
                least(|| {
                    c.keys("jk");
                    c.buffer();
                })
            });
            (cost[1] < cost[0] * 3, cost)
        };
        // Other programs on the machine may take one measurement, but hardly five in a row; all of a thousand would be sixteen times.
        let tries: Vec<_> = (0..5).map(|_| measure()).collect();
        assert!(
            tries.iter().any(|(holds, _)| *holds),
            "{screen}, of sixty and of a thousand: {tries:?}"
        );
    }
}

/// The name says which alarm it is: the curve beside it gives way.
#[test]
fn alarms_have_room_for_their_names_in_eighty_columns() {
    let mut c = Console::new(80, 24);
    c.keys("5");
    assert!(c.shows(" laser-prod-db-connections "), "{}", c.text());
}

/// Which alarm a deployment of the service heeds is what counts in that line.
#[test]
fn the_page_of_a_service_names_its_alarm_in_eighty_columns() {
    for columns in [80, 120] {
        let mut c = Console::new(columns, 24);
        c.keys("3/api<enter><enter>");
        assert!(c.shows(" alarms laser-prod-api-5xx "), "{}", c.text());
    }
}

#[test]
fn clock_times_are_whole_in_eighty_columns() {
    let mut c = Console::new(80, 24);
    c.keys("5t");
    assert!(c.shows(" 12:36:55 "), "{}", c.text());
    let mut snapshot = fixture::snapshot();
    snapshot.facts.seq += 1;
    let alarms = snapshot.facts.alarms.value.as_mut().unwrap();
    for alarm in Arc::make_mut(alarms) {
        Arc::make_mut(alarm).since = Some(ago(3 * 86_400));
    }
    c.msg(Msg::Snapshot(Arc::new(snapshot.clone())));
    assert!(c.shows(" 11-20 12:41 "), "{}", c.text());
    // Nor do they take the threshold away where a name is long: that is cut in its middle.
    snapshot.facts.seq += 1;
    let alarms = Arc::make_mut(snapshot.facts.alarms.value.as_mut().unwrap());
    Arc::make_mut(alarms.last_mut().unwrap()).name =
        format!("laser-prod-{}-storage", "db".repeat(20));
    c.msg(Msg::Snapshot(Arc::new(snapshot)));
    assert!(c.shows("fires if"), "{}", c.text());
    assert!(c.shows(" > 150 ") && c.shows("-storage "), "{}", c.text());
}

/// With clock times no age is left on any list, and the columns stand in eighty columns, whatever is of today.
#[test]
fn the_ages_of_every_list_become_clock_times() {
    use flightdeck::domain::facts::ProviderHealth;
    use flightdeck::domain::secret::Secret;
    use flightdeck::domain::told::Told;
    let secret = |name: &str, changed: i64| Secret {
        name: name.into(),
        arn: format!("arn:{name}"),
        description: String::new(),
        created_at: Some(ago(9_000_000)),
        changed_at: Some(ago(changed)),
        rotated_at: None,
        next_rotation_at: None,
        rotates: false,
        rotation_days: None,
        guests: Told::Unset,
    };
    let mut snapshot = fixture::snapshot();
    snapshot.facts.providers.push(ProviderHealth {
        name: "secretsmanager".into(),
        last_ok: Some(ago(3)),
        problem: None,
        next_try: None,
        calls_per_minute: 1,
        metered: None,
        latency_ms: None,
        clock_s: None,
        configured: true,
    });
    let both = vec![secret("db", 300), secret("mail", 3 * 86_400)];
    snapshot.facts.estate.secrets = part(Arc::new(both));
    let mut rows = snapshot.facts.service_rows().to_vec();
    let api = rows.iter_mut().find(|s| s.id.name == "api").unwrap();
    Arc::make_mut(api).events[1].at = ago(3 * 86_400);
    snapshot.facts.services = part(Arc::new(rows));
    let line = |c: &Console, words: &str| {
        let text = c.text();
        let line = text.lines().find(|l| l.contains(words));
        line.unwrap_or_else(|| panic!("{words}: {text}")).to_owned()
    };
    let column = |line: &str, words: &str| line.split(words).next().unwrap().chars().count();
    let mut c = Console::with(80, 24, snapshot);
    assert!(line(&c, "CRIT").contains("  4m  laser-prod-api-5xx"));
    assert!(line(&c, "aws").contains("● aws now"));
    c.keys("t");
    let alarm = line(&c, "CRIT");
    assert!(alarm.contains(" 12:36:55  laser-prod-api-5xx"), "{alarm}");
    let degraded = line(&c, "DEGRADED");
    assert_eq!(
        column(&degraded, "laser-prod/pdf"),
        column(&alarm, "laser-prod-api")
    );
    assert!(line(&c, "aws").contains("● aws 12:41:04"), "{}", c.text());
    // Of a system, whose changed column holds an hour of today and one with its date.
    c.keys("i/secrets<enter><enter>");
    let (db, mail) = (line(&c, " db "), line(&c, " mail "));
    assert!(db.contains("   12:36:07 "), "{db}");
    assert!(mail.contains(" 11-20 12:41 "), "{mail}");
    assert_eq!(
        column(&db, "12:36:07") + 8,
        column(&mail, "11-20 12:41") + 11
    );
    // The events of a service begin alike.
    c.keys("3/api<enter><enter><tab><tab>");
    let (new, old) = (line(&c, "steady state"), line(&c, "started 2 tasks"));
    assert!(new.contains("   12:40:37  (service"), "{new}");
    assert!(old.contains("11-20 12:41  (service"), "{old}");
    c.keys("t");
    assert!(line(&c, "steady state").contains(" 30s  (service"));
}

#[test]
fn golden_signals_of_some_services_say_of_how_many() {
    let mut snapshot = fixture::snapshot();
    let mut rows = snapshot.facts.service_rows().to_vec();
    let others = rows.clone().into_iter().map(|s| {
        let mut other = Service::clone(&s);
        other.id.cluster = "laser-dev".into();
        Arc::new(other)
    });
    let all: Vec<_> = others.chain(rows.drain(..)).collect();
    let count = all.len();
    snapshot.facts.services.value = Some(Arc::new(all));
    let mut c = Console::with(160, 48, snapshot);
    c.keys("6");
    let head = format!("Golden signals of 6 of {count} services");
    assert!(c.shows(&head), "{}", c.text());
    // All five of this environment are among them, and one of the other.
    let (queries, _) = asked(&c);
    let of = |cluster: &str| {
        let cpu = queries.iter().filter(|q| q.metric.name == "CPUUtilization");
        let named = |(k, v): &(String, String)| k == "ClusterName" && v == cluster;
        cpu.filter(|q| q.metric.dimensions.iter().any(named))
            .count()
    };
    assert_eq!((of("laser-prod"), of("laser-dev")), (5, 1));
}

#[test]
fn the_order_that_is_shown_is_the_one_that_is_said() {
    let mut c = Console::new(120, 40);
    c.keys("3");
    assert!(c.shows("state▾") && !c.shows("best match first"));
    c.keys("/api<enter>");
    assert!(c.shows("best match first"), "{}", c.text());
    assert!(!c.shows("state▾"), "{}", c.text());
    c.keys("<esc>");
    assert!(c.shows("state▾") && !c.shows("best match first"));
}

#[test]
fn rows_are_arranged_anew_when_what_they_follow_from_changes() {
    let mut c = Console::with(120, 40, fleet::snapshot(1_000));
    c.keys("3");
    assert!(c.shows("Services  1000") && c.shows("svc-0000"));
    c.keys("/0999<enter>");
    let first = |c: &Console| {
        let text = c.text();
        text.lines()
            .find(|l| l.contains("svc-"))
            .unwrap()
            .to_owned()
    };
    assert!(c.shows("of 1000  /0999") && first(&c).contains("svc-0999"));
    c.keys("<esc>SG");
    let reversed = first(&c);
    c.keys("S");
    assert_ne!(first(&c), reversed);
    // One of them has a task less: it comes first by its state, though no key was pressed.
    let mut next = fleet::snapshot(1_000);
    let rows = next.facts.services.value.as_mut().unwrap();
    let service = Arc::make_mut(&mut Arc::make_mut(rows)[500]);
    service.counts.running = 0;
    c.keys("g").msg(Msg::Snapshot(Arc::new(next)));
    c.keys("g");
    assert!(first(&c).contains("svc-0500"), "{}", c.text());
    c.keys("4");
    assert!(c.shows("Deploys  1001 shown"), "{}", c.text());
    c.keys("/svc-07<enter>");
    assert!(c.shows("Deploys  100 shown"), "{}", c.text());
    c.msg(Msg::Snapshot(Arc::new(fleet::snapshot(740))));
    assert!(c.shows("Deploys  40 shown"), "{}", c.text());
}

#[test]
fn before_anybody_was_asked_the_plan_is_being_judged_and_nothing_is_counted_as_missing() {
    use flightdeck::plan::checklist::CriterionState;
    let judged = |asked: usize| {
        let mut snapshot = fixture::snapshot();
        let list = Arc::make_mut(&mut snapshot.checklist);
        let all = list.stages.iter_mut().flat_map(|s| &mut s.criteria);
        for c in all.filter(|c| c.success).skip(asked) {
            c.state = CriterionState::Unknown;
            c.reason = "the services: not asked yet".into();
        }
        Console::with(80, 24, snapshot)
    };
    let mut c = judged(0);
    assert!(c.shows("go-live judging"), "{}", c.text());
    assert!(c.shows("Ready for go-live  judging"), "{}", c.text());
    assert!(!c.shows("0/21") && !c.shows("0 of 21"), "{}", c.text());
    c.keys("2");
    assert!(c.shows("go-live: judging"), "{}", c.text());
    let c = judged(4);
    assert!(c.shows("go-live 4/21, 17 to ask "), "{}", c.text());
    for words in [
        "0/4  4 not asked ",
        "12:41Z",
        "Go-live  4 of 21, 17 not asked",
    ] {
        assert!(c.shows(words), "{words}\n{}", c.text());
    }
}

/// How old the newest answer of each provider is, the rate of calls beside READ-ONLY, and what is left of the error budgets.
#[test]
fn the_smallest_overview_tells_age_rate_and_budget() {
    let mut snapshot = fixture::snapshot();
    (snapshot.facts.read_only, snapshot.facts.demo) = (true, false);
    for p in &mut snapshot.facts.providers {
        p.last_ok = Some(ago(if p.owner() == "probes" { 34 } else { 3 }));
    }
    let mut c = Console::with(80, 24, snapshot.clone());
    for words in [
        "READ-ONLY",
        "48/min",
        "go-live 14/21",
        "● aws now",
        "● probes 30s",
        "99.940/99.9 %  61% left",
        "143/200 ms",
    ] {
        assert!(c.shows(words), "{words}: {}", c.text());
    }
    // With many of them there is no room for each: the oldest stands for all, and what is past a minute for itself.
    let one = snapshot.facts.providers[0].clone();
    for (n, name) in [
        "github",
        "sentry",
        "vercel",
        "cloudflare",
        "postgres",
        "slack",
        "smtp",
        "store",
        "redis",
    ]
    .into_iter()
    .enumerate()
    {
        let mut p = one.clone();
        (p.name, p.last_ok) = (name.into(), Some(ago(n as i64 * 15)));
        snapshot.facts.providers.push(p);
    }
    c = Console::with(80, 24, snapshot.clone());
    assert!(
        c.shows("● sentry 10s") && c.shows("● redis 2m"),
        "{}",
        c.text()
    );
    let mut broken = snapshot.clone();
    broken.facts.providers[0].problem = Some(Problem::new(
        ProblemKind::Throttled,
        "sts",
        "The caller cannot be told",
        "Rate exceeded",
        "Nothing: it is asked again.",
    ));
    c = Console::with(80, 24, broken);
    assert!(
        c.shows("read ≤2m") && c.shows("Rate exceeded"),
        "{}",
        c.text()
    );
}

#[test]
fn revisions_say_the_commit_of_their_image_or_why_it_is_not_known() {
    let uri = "123456789012.dkr.ecr.us-east-1.amazonaws.com/laser/worker";
    let mut snapshot = fixture::snapshot();
    let definitions = snapshot.facts.task_definitions.value.clone().unwrap();
    let like = definitions.values().next().unwrap();
    let revision = |number: u32, tag: &str| {
        let mut d = (**like).clone();
        d.revision.number = number;
        d.containers[0].image = format!("{uri}:{tag}");
        Arc::new(d)
    };
    let rows = vec![
        revision(18, "1.9.0"),
        revision(17, "1.8.9"),
        revision(16, "sha-9f3e2d1"),
    ];
    let id = fixture::id("worker");
    snapshot.facts.revisions.insert(id, part(Arc::new(rows)));
    let image = |tags: &[&str]| Image {
        repository: "laser/worker".into(),
        uri: uri.into(),
        tags: tags.iter().map(|t| (*t).to_owned()).collect(),
        digest: format!("sha256:{}", tags[0]),
        bytes: 1,
        pushed_at: None,
        pulled_at: None,
        parts: None,
        scan: Scan::default(),
        findings: Vec::new(),
    };
    let unread = snapshot.clone();
    snapshot.facts.estate.registry = part(Arc::new(Registry {
        images: vec![image(&["1.9.0", "sha-218cc01"]), image(&["1.8.9"])],
        ..Registry::default()
    }));
    let seen = |snapshot: &Snapshot| {
        let mut c = Console::with(160, 48, snapshot.clone());
        c.keys("3/worker<enter><enter><tab>");
        c.text()
    };
    let text = seen(&snapshot);
    for words in ["commit", "218cc01", "no tag", "9f3e2d1"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(seen(&unread).contains("asking"), "{}", seen(&unread));
}

#[test]
fn a_service_says_the_whole_hour_of_its_deployment_whatever_its_image_is_called() {
    let mut snapshot = fixture::snapshot();
    for definition in snapshot.facts.task_definitions.value.iter_mut() {
        let mut all = (**definition).clone();
        for d in all.values_mut() {
            let mut changed = (**d).clone();
            for c in &mut changed.containers {
                c.image = format!("registry/{}:main-2f9c01d7ab34ce5f6a7b8c9d0e1f", "api");
            }
            *d = Arc::new(changed);
        }
        *definition = Arc::new(all);
    }
    let mut c = Console::with(80, 24, snapshot);
    c.keys("3/api<enter><enter>t");
    let text = c.text();
    let line = text.lines().find(|l| l.contains(" deployed "));
    let line = line.unwrap_or_else(|| panic!("{text}"));
    let time = line.split(" deployed ").nth(1).unwrap_or_default();
    assert!(!time.contains('…') && line.contains("image api:"), "{text}");
}
