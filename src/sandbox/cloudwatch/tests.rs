use super::*;
use crate::wire::{list, map};

/// 2025-01-01T00:00:00Z.
const T0: i64 = 1_735_689_600;

struct Room {
    metrics: MetricStore,
    alarms: AlarmStore,
}

impl Room {
    fn new() -> Self {
        let mut metrics = MetricStore::default();
        for minute in 0..10i32 {
            let at = T0 + i64::from(minute) * 60;
            for (service, factor) in [("api", 1.0), ("web", 10.0)] {
                let dims = [("ServiceName", service)];
                let value = f64::from(minute) * factor;
                metrics.record("App", "Load", &dims, at, &[value, value + 1.0], "Count");
            }
        }
        Self {
            metrics,
            alarms: AlarmStore::new("eu-central-1", "1"),
        }
    }

    fn ask(&mut self, operation: &str, input: &Node) -> Result<Node, ApiError> {
        let now = T0 as f64 + 600.0;
        handle(operation, input, &mut self.metrics, &mut self.alarms, now)
    }
}

fn load(id: &str, service: &str, stat: &str) -> Node {
    let dims = list([map([
        ("Name", "ServiceName".into()),
        ("Value", service.into()),
    ])]);
    let metric = map([
        ("Namespace", "App".into()),
        ("MetricName", "Load".into()),
        ("Dimensions", dims),
    ]);
    let stat = map([
        ("Metric", metric),
        ("Period", 60.into()),
        ("Stat", stat.into()),
    ]);
    map([("Id", id.into()), ("MetricStat", stat)])
}

fn math(id: &str, text: &str) -> Node {
    map([("Id", id.into()), ("Expression", text.into())])
}

fn window(queries: Vec<Node>) -> Node {
    map([
        ("MetricDataQueries", Node::List(queries)),
        ("StartTime", Node::Time(T0 as f64)),
        ("EndTime", Node::Time(T0 as f64 + 600.0)),
        ("ScanBy", "TimestampAscending".into()),
    ])
}

fn values(result: &Node) -> Vec<f64> {
    let values = result.get("Values").as_list().iter();
    values.filter_map(Node::as_f64).collect()
}

#[test]
fn metrics_and_expressions_answer_together() {
    let mut room = Room::new();
    let quiet = load("a", "api", "Sum").with("ReturnData", false);
    let input = window(vec![
        quiet,
        load("b", "web", "p100"),
        math("e", "SUM(METRICS())"),
        math("f", "e / 0"),
    ]);
    let got = room.ask("GetMetricData", &input).unwrap();
    let results = got.get("MetricDataResults").as_list();
    let ids: Vec<_> = results
        .iter()
        .map(|r| r.get("Id").as_str().unwrap())
        .collect();
    assert_eq!(ids, ["b", "e", "f"]);
    assert_eq!(values(&results[0])[1], 11.0);
    assert_eq!(values(&results[1])[1], 11.0 + 3.0);
    assert!(values(&results[2]).is_empty());
    assert_eq!(results[0].get("Label").as_str(), Some("web Load"));
}

#[test]
fn pages_join_to_the_whole_in_both_orders() {
    for order in ["TimestampAscending", "TimestampDescending"] {
        let mut room = Room::new();
        let queries = vec![
            load("a", "api", "Sum"),
            load("n", "none", "Sum"),
            load("b", "web", "Sum"),
        ];
        let base = window(queries).as_map().to_vec();
        let input = |token: Node, most: i64| {
            let mut members = base.clone();
            members.retain(|(k, _)| k != "ScanBy");
            Node::Map(members)
                .with("ScanBy", order)
                .with("MaxDatapoints", most)
                .with("NextToken", token)
        };
        let collect = |room: &mut Room, most| {
            let (mut joined, mut token, mut pages) = (Vec::new(), Node::Null, 0);
            loop {
                let got = room.ask("GetMetricData", &input(token, most)).unwrap();
                for r in got.get("MetricDataResults").as_list() {
                    let id = r.get("Id").as_str().unwrap().to_owned();
                    joined.extend(values(r).into_iter().map(|v| (id.clone(), v)));
                }
                pages += 1;
                token = got.get("NextToken").clone();
                if token.is_null() {
                    return (joined, pages);
                }
            }
        };
        let (whole, one) = collect(&mut room, 100);
        let (parts, several) = collect(&mut room, 7);
        assert_eq!((whole.len(), one, several), (20, 1, 3));
        assert_eq!(whole, parts);
    }
}

#[test]
fn what_is_wrong_with_a_question_is_said_in_the_vendors_code() {
    let mut room = Room::new();
    let many = (0..501)
        .map(|i| load(&format!("q{i}"), "api", "Sum"))
        .collect();
    for (queries, part) in [
        (many, "500"),
        (vec![load("Q", "api", "Sum")], "lowercase"),
        (
            vec![load("a", "api", "Sum"), load("a", "api", "Sum")],
            "twice",
        ),
        (
            vec![math("e", "x + 1")],
            "Error in expression 'e': there is no query with the id x",
        ),
        (vec![math("e", "f"), math("f", "e")], "rests on itself"),
        (vec![math("e", "1 + 1")], "no time series"),
    ] {
        let e = room.ask("GetMetricData", &window(queries)).unwrap_err();
        assert_eq!(e.code, "ValidationError");
        assert!(e.message.contains(part), "{}", e.message);
    }
    let e = room.ask("Nothing", &Node::Null).unwrap_err();
    assert_eq!(e.code, "UnknownOperationException");
}

#[test]
fn an_alarm_on_an_expression_is_judged() {
    let mut room = Room::new();
    let quiet = |n: Node| n.with("ReturnData", false);
    let put = map([
        ("AlarmName", "share".into()),
        ("ComparisonOperator", "GreaterThanThreshold".into()),
        ("EvaluationPeriods", 2.into()),
        ("Threshold", 500.into()),
        (
            "Metrics",
            list([
                quiet(load("a", "api", "Sum")),
                quiet(load("b", "web", "Sum")),
                math("e", "b / a * 100"),
            ]),
        ),
    ]);
    room.ask("PutMetricAlarm", &put).unwrap();
    room.alarms.evaluate(&room.metrics, T0 + 600, 1.0);
    assert_eq!(room.alarms.state("share"), Some(State::Alarm));
    let got = room.ask("DescribeAlarms", &Node::Null).unwrap();
    let alarm = &got.get("MetricAlarms").as_list()[0];
    assert_eq!(alarm.get("Metrics").as_list().len(), 3);
    assert_eq!(alarm.get("Threshold"), &Node::Float(500.0));
}

#[test]
fn five_hundred_series_of_three_hours_are_answered_soon() {
    let mut metrics = MetricStore::default();
    for q in 0..500 {
        let name = q.to_string();
        for minute in 0..180 {
            metrics.record(
                "App",
                "Load",
                &[("ServiceName", &name)],
                T0 + minute * 60,
                &[1.0],
                "",
            );
        }
    }
    let queries = (0..500).map(|q| load(&format!("q{q}"), &q.to_string(), "Average"));
    let input = window(queries.collect());
    let mut members = input.as_map().to_vec();
    members.retain(|(k, _)| k != "EndTime");
    let input = Node::Map(members).with("EndTime", Node::Time(T0 as f64 + 10_800.0));
    let mut alarms = AlarmStore::new("r", "1");
    let start = std::time::Instant::now();
    let now = T0 as f64 + 10_800.0;
    let got = handle("GetMetricData", &input, &mut metrics, &mut alarms, now).unwrap();
    let count: usize = got
        .get("MetricDataResults")
        .as_list()
        .iter()
        .map(|r| r.get("Values").as_list().len())
        .sum();
    assert_eq!(count, 90_000);
    // Unoptimised and on a busy machine; a release build takes some milliseconds.
    assert!(start.elapsed().as_secs_f64() < 5.0, "{:?}", start.elapsed());
}

/// Each rests twice on the one before: worked out anew each time, the last would take a million million steps.
#[test]
fn an_expression_is_worked_out_once_however_many_rest_on_it() {
    let mut room = Room::new();
    let doubled = (1..=40).map(|i| {
        let before = i - 1;
        math(&format!("e{i}"), &format!("e{before} + e{before}"))
    });
    let queries = [load("e0", "api", "Sum")].into_iter().chain(doubled);
    let got = room
        .ask("GetMetricData", &window(queries.collect()))
        .unwrap();
    let results = got.get("MetricDataResults").as_list();
    let (first, last) = (values(&results[0]), values(&results[40]));
    assert_eq!(last[0], first[0] * 2f64.powi(40));
}

#[test]
fn a_search_gives_the_series_that_it_finds_by_what_tells_them_apart() {
    let mut room = Room::new();
    let text = "SEARCH('{App,ServiceName} MetricName=\"Load\"', 'Maximum', 300)";
    let queries = vec![
        math("e", text),
        math("sum", "SUM(e)"),
        math("none", "SEARCH('{App} x', 'Sum')"),
    ];
    let got = room.ask("GetMetricData", &window(queries)).unwrap();
    let results = got.get("MetricDataResults").as_list();
    let labels: Vec<_> = results
        .iter()
        .map(|r| r.get("Label").as_str().unwrap())
        .collect();
    assert_eq!(labels, ["api", "web", "sum"]);
    assert_eq!(values(&results[2]).len(), values(&results[0]).len());
    let wrong = vec![math("e", "SEARCH('{App', 'Sum')")];
    let e = room.ask("GetMetricData", &window(wrong)).unwrap_err();
    assert!(
        e.message.contains("Error in expression 'e'"),
        "{}",
        e.message
    );
}

#[test]
fn dashboards_are_kept_listed_and_deleted_all_or_none() {
    let mut store = DashboardStore::new("1");
    let mut ask = |operation: &str, members: &[(&str, Node)]| {
        let members = members.iter().map(|(k, v)| ((*k).to_owned(), v.clone()));
        store
            .handle(operation, &Node::Map(members.collect()), 7.0)
            .unwrap()
    };
    let body = r#"{"widgets":[{"type":"hologram"},{"type":"metric","properties":{}}]}"#;
    let put = |name: &str, body: &str| {
        [
            ("DashboardName", name.into()),
            ("DashboardBody", body.into()),
        ]
    };
    let warned = ask("PutDashboard", &put("a", body)).unwrap();
    assert_eq!(warned.get("DashboardValidationMessages").as_list().len(), 2);
    for (name, body) in [("a b", "{\"widgets\":[]}"), ("b", "{"), ("b", "{}")] {
        assert!(
            ask("PutDashboard", &put(name, body)).is_err(),
            "{name} {body}"
        );
    }
    let got = ask("GetDashboard", &[("DashboardName", "a".into())]).unwrap();
    assert_eq!(got.get("DashboardBody").as_str(), Some(body));
    let both = list(["a", "none"]);
    let e = ask("DeleteDashboards", &[("DashboardNames", both)]).unwrap_err();
    assert_eq!(e.code, "DashboardNotFoundError");
    let listed = ask("ListDashboards", &[]).unwrap();
    assert_eq!(listed.get("DashboardEntries").as_list().len(), 1);
    ask("DeleteDashboards", &[("DashboardNames", list(["a"]))]).unwrap();
    assert!(ask("GetDashboard", &[("DashboardName", "a".into())]).is_err());
}
