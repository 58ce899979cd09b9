use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::domain::metric::{MetricId, Unit, Window};

fn read(widgets: Value) -> Dashboard {
    Dashboard::parse("d", &json!({ "widgets": widgets }).to_string())
}

fn metric(properties: Value) -> MetricWidget {
    let d = read(json!([{"type": "metric", "properties": properties}]));
    match d.widgets.into_iter().next().map(|w| w.kind) {
        Some(WidgetKind::Metric(m)) => m,
        other => panic!("{other:?}"),
    }
}

fn ids(m: &MetricWidget) -> Vec<String> {
    let word = |r: &MetricRow| match &r.source {
        Source::Metric(m) => m.to_string(),
        Source::Expression(e) => e.clone(),
    };
    m.rows.iter().map(word).collect()
}

fn window() -> Window {
    Window {
        length_s: 10_800,
        until: None,
    }
}

fn ask(d: &Dashboard) -> BoardAsk {
    BoardAsk::of(&DashboardId::Aws("d".into()), d, window(), 60, &[])
}

#[test]
fn the_shorthand_of_metrics_is_spelled_out() {
    let m = metric(json!({"metrics": [
        ["AWS/EC2", "CPUUtilization", "InstanceId", "i-1", {"stat": "p99", "period": 60}],
        ["...", "i-2", {"label": "second", "yAxis": "right"}],
        [".", "NetworkIn", ".", "i-3"],
        ["AWS/ELB", "Latency", "Zone", "a", "Name", "x"],
        ["...", "b", ".", "y"],
        [{"expression": "m1/2", "id": "e1"}],
        ["...", "z"],
    ]}));
    assert_eq!(
        ids(&m),
        [
            "AWS/EC2 CPUUtilization InstanceId=i-1",
            "AWS/EC2 CPUUtilization InstanceId=i-2",
            "AWS/EC2 NetworkIn InstanceId=i-3",
            "AWS/ELB Latency Name=x Zone=a",
            "AWS/ELB Latency Name=y Zone=b",
            "m1/2",
            "AWS/ELB Latency Name=z Zone=b",
        ]
    );
    assert_eq!((m.rows[0].stat.as_str(), m.rows[0].period_s), ("p99", 60));
    assert_eq!(
        (m.rows[1].stat.as_str(), m.rows[1].right),
        ("Average", true)
    );
}

#[test]
fn a_row_that_is_wrong_takes_nothing_from_the_others() {
    let d = read(json!([{"type": "metric", "properties": {"metrics": [
        ["...", "i-2"], ["AWS/EC2"], ["A", "b", "odd"], "no", [1, 2], ["A", "ok"], [{"expression": " "}],
        ["A", "c", {"id": "Bad"}],
    ]}}]));
    let w = &d.widgets[0];
    let WidgetKind::Metric(m) = &w.kind else {
        panic!("{w:?}")
    };
    assert_eq!(ids(m), ["A ok"]);
    assert_eq!(w.notes.len(), 7, "{:?}", w.notes);
}

#[test]
fn what_cannot_be_drawn_says_why_in_its_place() {
    let d = read(json!([
        {"type": "explorer", "x": 0, "y": 0, "width": 24, "properties": {}},
        {"type": "custom", "x": 0, "y": 6, "properties": {"endpoint": "arn:aws:lambda:x"}},
        {"type": "hologram", "x": 0, "y": 12, "properties": {}},
        {"type": "metric", "x": 0, "y": 18, "properties": {"metrics": 7}},
        {"type": "log", "x": 0, "y": 24, "properties": {"query": "fields @message"}},
        {"type": "text", "x": 0, "y": 30},
        {"type": "alarm", "x": 0, "y": 36, "properties": {"alarms": []}},
        42,
    ]));
    assert_eq!(d.widgets.len(), 8);
    for w in &d.widgets {
        let WidgetKind::Undrawable { why, .. } = &w.kind else {
            panic!("{w:?}")
        };
        assert!(why.len() > 10, "{why}");
    }
}

#[test]
fn widgets_without_a_place_flow() {
    let row =
        |w: u16| json!({"type": "text", "width": w, "height": 2, "properties": {"markdown": "x"}});
    let d = read(json!([row(12), row(6), row(12), row(24)]));
    let places: Vec<_> = d.widgets.iter().map(|w| (w.place.x, w.place.y)).collect();
    assert_eq!(places, [(0, 0), (12, 0), (0, 2), (0, 4)]);
    let d = read(
        json!([{"type": "text", "x": 23, "y": 1, "width": 24, "height": 0, "properties": {"markdown": "x"}}]),
    );
    assert_eq!(
        (d.widgets[0].place.width, d.widgets[0].place.height),
        (1, 1)
    );
    assert_eq!(d.widgets[0].notes.len(), 1);
}

#[test]
fn annotations_are_lines_bands_and_an_alarm() {
    let m = metric(json!({"annotations": {
        "horizontal": [
            {"value": 80, "label": "high", "fill": "above"},
            [{"value": 10, "label": "band"}, {"value": 20}],
            {"value": 1, "visible": false},
            {"label": "none"},
        ],
        "vertical": [{"value": "2026-11-23T12:00:00Z", "label": "release"}, {"value": "soon"}],
        "alarms": ["arn:aws:cloudwatch:us-east-1:123456789012:alarm:db:cpu"],
    }}));
    assert_eq!(m.limits.len(), 2);
    assert_eq!((m.limits[0].value, m.limits[0].fill), (80.0, Fill::After));
    assert_eq!(
        (m.limits[1].to, m.limits[1].label.as_str()),
        (Some(20.0), "band")
    );
    assert_eq!(m.moments.len(), 1);
    assert_eq!(m.alarm.as_deref(), Some("db:cpu"));
}

#[test]
fn a_log_query_is_parted_from_its_groups() {
    let d = read(
        json!([{"type": "log", "properties": {"region": "eu-west-1", "view": "pie", "title": "t",
        "query": "SOURCE '/ecs/a' | SOURCE \"/ecs/b\" | fields @message\n| limit 5"}}]),
    );
    let WidgetKind::Log(log) = &d.widgets[0].kind else {
        panic!("{d:?}")
    };
    assert_eq!(log.groups, ["/ecs/a", "/ecs/b"]);
    assert_eq!(log.query, "fields @message\n| limit 5");
    assert_eq!(
        (log.view, log.region.as_deref()),
        (LogView::Pie, Some("eu-west-1"))
    );
}

#[test]
fn variables_are_put_where_they_belong() {
    let body = json!({
        "variables": [
            {"type": "property", "property": "ServiceName", "id": "service", "label": "Service", "inputType": "select",
             "values": [{"value": "api"}, {"value": "auth", "label": "log-in"}], "defaultValue": "auth"},
            {"type": "pattern", "pattern": "us-\\w+-1", "id": "region", "inputType": "input", "defaultValue": "eu-west-1"},
            {"type": "nonsense"},
        ],
        "widgets": [
            {"type": "metric", "properties": {"region": "us-east-1", "metrics": [
                ["AWS/ECS", "CPUUtilization", "ServiceName", "x"], ["...", "y"],
                [{"expression": "SEARCH('{AWS/ECS,ServiceName} ServiceName=\"x\"', 'Sum')"}],
            ]}},
            {"type": "text", "properties": {"markdown": "in us-east-1"}},
        ],
    });
    let d = Dashboard::parse("d", &body.to_string());
    assert_eq!((d.variables.len(), d.notes.len()), (2, 1));
    let shown = |d: &Dashboard| {
        let WidgetKind::Metric(m) = &d.widgets[0].kind else {
            panic!("{d:?}")
        };
        (ids(m), m.region.clone().unwrap_or_default())
    };
    let (rows, region) = shown(&d);
    assert!(
        rows.iter().all(|r| r.contains("auth") && !r.contains('x')),
        "{rows:?}"
    );
    assert_eq!(region, "eu-west-1");
    let WidgetKind::Text { markdown, .. } = &d.widgets[1].kind else {
        panic!("{d:?}")
    };
    assert_eq!(markdown, "in eu-west-1");
    let set = BTreeMap::from([("service".to_owned(), "api".to_owned())]);
    assert!(shown(&d.with(&set)).0[0].ends_with("ServiceName=api"));
}

#[test]
fn a_variable_that_holds_its_own_pattern_does_not_grow_without_end() {
    let variable =
        json!({"type": "pattern", "pattern": "a", "id": "v", "defaultValue": "a".repeat(1_000)});
    let body = json!({
        "variables": vec![variable; 25],
        "widgets": [{"type": "text", "properties": {"markdown": "a"}}],
    });
    let d = Dashboard::parse("d", &body.to_string());
    let WidgetKind::Text { markdown, .. } = &d.widgets[0].kind else {
        panic!("{d:?}")
    };
    assert!(markdown.len() <= 64 * 1024);
}

#[test]
fn a_question_keeps_hidden_rows_for_others_and_periods_in_bounds() {
    let d = read(
        json!([{"type": "metric", "properties": {"period": 30, "metrics": [
            ["A", "x", {"id": "m1", "visible": false}],
            ["A", "y", {"id": "m1"}],
            [{"expression": "m1*2", "id": "e1", "label": "twice"}],
        ]}}]),
    );
    let all = ask(&d);
    let queries = &all.widgets[0].queries;
    let names: Vec<_> = queries
        .iter()
        .map(|q| (q.id.as_str(), q.returned))
        .collect();
    assert_eq!(names, [("m1", false), ("row1", true), ("e1", true)]);
    assert!(queries.iter().all(|q| q.period_s == 60));
    let hidden = read(
        json!([{"type": "metric", "properties": {"metrics": [["A", "x", {"visible": false}]]}}]),
    );
    assert!(
        ask(&hidden).is_empty(),
        "a question that wants nothing back is refused"
    );
}

#[test]
fn kept_periods_are_kept_until_they_would_flood() {
    let body = |start: &str| {
        json!({"start": start, "periodOverride": "inherit", "widgets": [
            {"type": "metric", "properties": {"metrics": [["A", "x"]], "period": 1}},
            {"type": "metric", "properties": {"metrics": [["A", "x"]], "view": "singleValue", "setPeriodToTimeRange": true}},
        ]})
        .to_string()
    };
    let d = Dashboard::parse("d", &body("-PT6H"));
    assert_eq!((d.length_s, d.keeps_periods), (Some(21_600), true));
    let periods: Vec<_> = ask(&d)
        .widgets
        .iter()
        .map(|w| w.queries[0].period_s)
        .collect();
    assert_eq!(
        periods,
        [60, 300],
        "a mean of a whole range follows from its periods"
    );
}

#[test]
fn units_follow_axis_metric_and_label() {
    let unit = |row: Value, axis: &str| {
        let m = metric(json!({"metrics": [row], "yAxis": {"left": {"label": axis}}}));
        unit_of(&m, m.rows.first())
    };
    let search =
        "SEARCH('{AWS/ApplicationELB,LoadBalancer} MetricName=\"TargetResponseTime\"', 'p95', 60)";
    for (row, axis, expected) in [
        (json!(["AWS/ECS", "CPUUtilization"]), "", Unit::Percent),
        (
            json!(["AWS/ECS", "CPUUtilization", {"stat": "SampleCount"}]),
            "",
            Unit::Count,
        ),
        (
            json!([{"expression": "a/b*100", "label": "error rate (%)"}]),
            "",
            Unit::Percent,
        ),
        (json!([{"expression": search}]), "", Unit::Seconds),
        (
            json!([{"expression": "a+b"}]),
            "Milliseconds",
            Unit::Milliseconds,
        ),
        (json!([{"expression": "a+b"}]), "", Unit::None),
    ] {
        assert_eq!(unit(row.clone(), axis), expected, "{row} {axis}");
    }
}

#[test]
fn ours_are_read_strictly() {
    let good = r#"
        title = "Database"
        range = "6h"
        [[widgets]]
        title = "CPU"
        size = "12x6"
        limits = [{ value = 80 }]
        series = [{ metric = "AWS/RDS/CPUUtilization", each = ["DBInstanceIdentifier"], stat = "p99" }]
        [[widgets]]
        size = "24x1"
        text = "hello"
    "#;
    let d = Dashboard::own("database", good).unwrap();
    assert_eq!((d.length_s, d.widgets.len()), (Some(21_600), 2));
    let WidgetKind::Metric(m) = &d.widgets[0].kind else {
        panic!("{d:?}")
    };
    assert_eq!(
        ids(m),
        ["SEARCH('{AWS/RDS,DBInstanceIdentifier} MetricName=\"CPUUtilization\"', 'p99', 60)"]
    );
    assert_eq!(d.widgets[1].place.y, 6);
    assert_eq!(d.with(&BTreeMap::new()), d);
    assert!(!m.whole_range);
    let funnel = r#"
        title = "x"
        [[widgets]]
        view = "bar"
        whole_range = true
        series = [{ metric = "Shop/Orders", stat = "Sum", period_s = 300 }]
    "#;
    let d = Dashboard::own("funnel", funnel).unwrap();
    let WidgetKind::Metric(m) = &d.widgets[0].kind else {
        panic!("{d:?}")
    };
    assert!(m.whole_range && m.adds_up());
    for (wrong, word) in [
        ("title = 'x'\ncolour = 1", "colour"),
        ("[[widgets]]", "title"),
        (
            "title = 'x'\n[[widgets]]\nsize = '25x1'\ntext = 'a'",
            "columns x rows",
        ),
        ("title = 'x'\n[[widgets]]", "one of series"),
        (
            "title = 'x'\n[[widgets]]\nseries = [{ metric = 'CPU' }]",
            "NAMESPACE/NAME",
        ),
        (
            "title = 'x'\n[[widgets]]\nseries = [{ stat = 'Sum' }]",
            "metric or expression",
        ),
    ] {
        let why = Dashboard::own("x", wrong).unwrap_err();
        assert!(why.contains(word), "{wrong}: {why}");
    }
}

/// Any JSON, with the words of the documented structure among its keys and texts.
fn anything() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        Just("metric".to_owned()),
        Just("text".to_owned()),
        Just("alarm".to_owned()),
        Just("log".to_owned()),
        Just("...".to_owned()),
        Just(".".to_owned()),
        Just("AWS/ECS".to_owned()),
        Just("-PT3H".to_owned()),
        Just("SOURCE 'g' | fields @message".to_owned()),
        Just("m1".to_owned()),
        Just("SEARCH('{a,b} c".to_owned()),
        Just("METRICS(\"m\")".to_owned()),
        Just("property".to_owned()),
        Just("pattern".to_owned()),
        ".{0,12}",
    ];
    let key = prop_oneof![
        proptest::sample::select(vec![
            "widgets",
            "type",
            "properties",
            "metrics",
            "x",
            "y",
            "width",
            "height",
            "view",
            "yAxis",
            "left",
            "min",
            "max",
            "annotations",
            "horizontal",
            "vertical",
            "value",
            "alarms",
            "query",
            "markdown",
            "expression",
            "id",
            "label",
            "period",
            "stat",
            "variables",
            "pattern",
            "property",
            "defaultValue",
            "values",
            "start",
            "legend",
        ])
        .prop_map(str::to_owned),
        ".{0,6}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word.prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 120, 10, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            proptest::collection::vec((key.clone(), inner), 0..10)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn holds_together(d: &Dashboard) {
    for w in &d.widgets {
        let p = w.place;
        assert!(
            p.width >= 1 && p.height >= 1 && p.x + p.width <= COLUMNS,
            "{p:?}"
        );
        assert!(crate::domain::text::inert(&w.title) == w.title);
    }
    let all = ask(d);
    for w in &all.widgets {
        let mut names: Vec<_> = w.queries.iter().map(|q| &q.id).collect();
        names.sort();
        let n = names.len();
        names.dedup();
        assert_eq!(names.len(), n, "each id once");
        assert!(w.queries.iter().any(|q| q.returned) && w.queries.iter().all(|q| q.period_s > 0));
    }
}

proptest! {
    #[test]
    fn no_body_is_too_strange(text in any::<String>()) {
        holds_together(&Dashboard::parse("d", &text));
    }

    #[test]
    fn no_json_is_too_strange(body in anything()) {
        holds_together(&Dashboard::parse("d", &body.to_string()));
    }

    #[test]
    fn no_widget_is_too_strange(
        kind in proptest::sample::select(vec!["metric", "text", "log", "alarm", "custom"]),
        properties in anything(),
        variables in anything(),
    ) {
        let body = json!({"variables": [variables], "widgets": [{"type": kind, "properties": properties}]});
        let d = Dashboard::parse("d", &body.to_string());
        holds_together(&d);
        let set = BTreeMap::from([("variable1".to_owned(), "x".to_owned())]);
        holds_together(&d.with(&set));
    }

    #[test]
    fn rows_of_any_words_are_read_or_named(
        rows in proptest::collection::vec(proptest::collection::vec("\\.|\\.\\.\\.|[A-Za-z/]{1,6}", 0..7), 0..8),
    ) {
        let d = read(json!([{"type": "metric", "properties": {"metrics": rows}}]));
        let w = &d.widgets[0];
        let read = match &w.kind {
            WidgetKind::Metric(m) => {
                for r in &m.rows {
                    let Source::Metric(id) = &r.source else { panic!() };
                    let id: &MetricId = id;
                    prop_assert!(!id.namespace.contains("...") && id.name != ".", "{id:?}");
                }
                m.rows.len()
            }
            _ => 0,
        };
        prop_assert_eq!(read + w.notes.len(), rows.len());
    }
}
