//! The sandbox's wire protocols, metrics, alarms and logs, judged by the vendor's own Rust clients (CloudWatch's speaks
//! Smithy RPC v2 CBOR, that of Logs AWS JSON 1.1) over a server that holds nothing else.

use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use aws_sdk_cloudwatch::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_cloudwatch::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cloudwatch::types::{
    AlarmMuteRuleStatus, AlarmType, ComparisonOperator, Dimension, HistoryItemType, Metric,
    MetricDataQuery, MetricDatum, MetricStat, MuteTargets, Rule, ScanBy, Schedule, StandardUnit,
    StateValue, Statistic, StatisticSet, StatusCode,
};
use aws_sdk_cloudwatchlogs::types::InputLogEvent;
use aws_smithy_types::DateTime;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, Uri};
use flightdeck::sandbox::cloudwatch::{self, AlarmStore, MetricStore};
use flightdeck::sandbox::logs::{self, LogStore};
use flightdeck::sandbox::wire::{self, ApiError, Service};

struct Rooms {
    metrics: MetricStore,
    alarms: AlarmStore,
    logs: LogStore,
}

fn now() -> f64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap().as_secs_f64()
}

async fn answer(
    State(rooms): State<Arc<Mutex<Rooms>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<axum::body::Body> {
    let response = match wire::decode(&method, &uri, &headers, &body) {
        Err(rejection) => rejection.into_response(),
        Ok(call) => {
            let mut rooms = rooms.lock().unwrap();
            let Rooms {
                metrics,
                alarms,
                logs,
            } = &mut *rooms;
            let reply = match call.service {
                Service::CloudWatch => {
                    cloudwatch::handle(&call.operation, &call.input, metrics, alarms, now())
                }
                Service::Logs => {
                    logs::handle(&call.operation, &call.input, logs, (now() * 1e3) as i64)
                }
                _ => Err(ApiError::unknown_operation(&call.operation)),
            };
            wire::encode(&call, reply)
        }
    };
    response.map(axum::body::Body::from)
}

/// A server on a free port of loopback, and what it holds.
async fn server() -> (String, Arc<Mutex<Rooms>>) {
    let rooms = Arc::new(Mutex::new(Rooms {
        metrics: MetricStore::default(),
        alarms: AlarmStore::new("eu-central-1", "123456789012"),
        logs: LogStore::new("eu-central-1", "123456789012"),
    }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let router = axum::Router::new()
        .fallback(answer)
        .with_state(rooms.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (endpoint, rooms)
}

async fn cloudwatch() -> (aws_sdk_cloudwatch::Client, Arc<Mutex<Rooms>>) {
    let (endpoint, rooms) = server().await;
    let config = aws_sdk_cloudwatch::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("AKID", "secret", None, None, "test"))
        .endpoint_url(endpoint)
        .build();
    (aws_sdk_cloudwatch::Client::from_conf(config), rooms)
}

async fn cloudwatch_logs() -> aws_sdk_cloudwatchlogs::Client {
    let (endpoint, _) = server().await;
    let config = aws_sdk_cloudwatchlogs::Config::builder()
        .behavior_version(aws_sdk_cloudwatchlogs::config::BehaviorVersion::latest())
        .region(aws_sdk_cloudwatchlogs::config::Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("AKID", "secret", None, None, "test"))
        .endpoint_url(endpoint)
        .build();
    aws_sdk_cloudwatchlogs::Client::from_conf(config)
}

fn at(seconds: i64) -> DateTime {
    DateTime::from_secs(seconds)
}

fn api() -> Dimension {
    Dimension::builder().name("Service").value("api").build()
}

fn datum(seconds: i64) -> aws_sdk_cloudwatch::types::builders::MetricDatumBuilder {
    MetricDatum::builder()
        .metric_name("Load")
        .dimensions(api())
        .timestamp(at(seconds))
        .unit(StandardUnit::Percent)
}

fn query(id: &str, stat: &str) -> MetricDataQuery {
    let metric = Metric::builder()
        .namespace("App")
        .metric_name("Load")
        .dimensions(api())
        .build();
    let stat = MetricStat::builder()
        .metric(metric)
        .period(60)
        .stat(stat)
        .build();
    MetricDataQuery::builder().id(id).metric_stat(stat).build()
}

#[tokio::test]
async fn what_was_put_is_read_back_in_every_statistic() {
    let (client, _) = cloudwatch().await;
    let start = (now() as i64 - 600) / 60 * 60;
    let set = StatisticSet::builder()
        .sample_count(4.0)
        .sum(20.0)
        .minimum(2.0)
        .maximum(8.0)
        .build();
    // Large enough for the client to compress it.
    let mut put = client
        .put_metric_data()
        .namespace("App")
        .metric_data(datum(start).value(50.0).build())
        .metric_data(
            datum(start + 60)
                .set_values(Some(vec![10.0, 30.0]))
                .set_counts(Some(vec![3.0, 1.0]))
                .build(),
        )
        .metric_data(datum(start + 120).statistic_values(set).build());
    for i in 0..500 {
        put = put.metric_data(
            MetricDatum::builder()
                .metric_name(format!("Other{i}"))
                .value(f64::from(i))
                .build(),
        );
    }
    put.send().await.unwrap();
    let sum = MetricDataQuery::builder()
        .id("e")
        .expression("SUM(METRICS()) / PERIOD(a)")
        .label("both")
        .build();
    let got = client
        .get_metric_data()
        .metric_data_queries(query("a", "Average"))
        .metric_data_queries(query("p", "p90"))
        .metric_data_queries(sum)
        .start_time(at(start))
        .end_time(at(start + 600))
        .scan_by(ScanBy::TimestampAscending)
        .send()
        .await
        .unwrap();
    let results = got.metric_data_results();
    assert_eq!(results[0].values(), [50.0, 15.0, 5.0]);
    assert_eq!(results[0].timestamps()[1], at(start + 60));
    assert_eq!(results[0].status_code(), Some(&StatusCode::Complete));
    assert_eq!(results[0].label(), Some("Load"));
    // A statistic set has no percentiles.
    assert_eq!(results[1].values(), [50.0, 30.0]);
    assert_eq!(results[2].label(), Some("both"));
    assert_eq!(results[2].values()[0], 100.0 / 60.0);
    let named = client
        .list_metrics()
        .namespace("App")
        .metric_name("Load")
        .send()
        .await
        .unwrap();
    assert_eq!(named.metrics()[0].dimensions(), [api()]);
    let pages = client.list_metrics().into_paginator().send();
    let pages = pages.collect::<Result<Vec<_>, _>>().await.unwrap();
    let listed: usize = pages.iter().map(|p| p.metrics().len()).sum();
    assert_eq!(listed, 501);
    let statistics = client
        .get_metric_statistics()
        .namespace("App")
        .metric_name("Load")
        .dimensions(api())
        .period(60)
        .statistics(Statistic::Maximum)
        .statistics(Statistic::SampleCount)
        .start_time(at(start))
        .end_time(at(start + 180))
        .send()
        .await
        .unwrap();
    let maxima: Vec<_> = statistics
        .datapoints()
        .iter()
        .map(|d| d.maximum())
        .collect();
    assert_eq!(maxima, [Some(50.0), Some(30.0), Some(8.0)]);
    assert_eq!(
        statistics.datapoints()[1].unit(),
        Some(&StandardUnit::Percent)
    );
}

#[tokio::test]
async fn an_alarm_lives_from_definition_to_deletion() {
    let (client, rooms) = cloudwatch().await;
    let start = now() as i64 / 60 * 60 - 60;
    client
        .put_metric_data()
        .namespace("App")
        .metric_data(datum(start).value(97.5).build())
        .send()
        .await
        .unwrap();
    client
        .put_metric_alarm()
        .alarm_name("load")
        .alarm_description("words")
        .namespace("App")
        .metric_name("Load")
        .dimensions(api())
        .statistic(Statistic::Average)
        .period(60)
        .evaluation_periods(1)
        .threshold(80.0)
        .comparison_operator(ComparisonOperator::GreaterThanThreshold)
        .alarm_actions("arn:aws:sns:eu-central-1:123456789012:ops")
        .send()
        .await
        .unwrap();
    client
        .put_composite_alarm()
        .alarm_name("any")
        .alarm_rule("ALARM(\"load\") OR FALSE")
        .send()
        .await
        .unwrap();
    {
        let mut rooms = rooms.lock().unwrap();
        let Rooms {
            metrics, alarms, ..
        } = &mut *rooms;
        alarms.evaluate(metrics, start + 60, 1.0);
    }
    let got = client
        .describe_alarms()
        .alarm_types(AlarmType::MetricAlarm)
        .alarm_types(AlarmType::CompositeAlarm)
        .state_value(StateValue::Alarm)
        .send()
        .await
        .unwrap();
    let (metric, composite) = (&got.metric_alarms()[0], &got.composite_alarms()[0]);
    assert!(
        metric
            .state_reason()
            .unwrap()
            .starts_with("Threshold Crossed: 1 out of the last 1 datapoints [97.5 (")
    );
    assert_eq!(
        (metric.threshold(), metric.period()),
        (Some(80.0), Some(60))
    );
    assert_eq!(metric.state_transitioned_timestamp(), Some(&at(start + 60)));
    assert_eq!(composite.alarm_rule(), Some("ALARM(\"load\") OR FALSE"));
    let history = client
        .describe_alarm_history()
        .alarm_name("load")
        .history_item_type(HistoryItemType::StateUpdate)
        .send()
        .await
        .unwrap();
    assert_eq!(
        history.alarm_history_items()[0].history_summary(),
        Some("Alarm updated from INSUFFICIENT_DATA to ALARM")
    );
    client
        .delete_alarms()
        .alarm_names("load")
        .send()
        .await
        .unwrap();
    let left = client.describe_alarms().send().await.unwrap();
    assert!(left.metric_alarms().is_empty());
}

/// A muted alarm changes its state, and its actions are not carried out.
#[tokio::test]
async fn a_mute_rule_silences_an_alarm_in_its_hours() {
    let (client, _) = cloudwatch().await;
    let put = client
        .put_metric_alarm()
        .alarm_name("load")
        .namespace("App")
        .metric_name("Load")
        .statistic(Statistic::Average)
        .period(60)
        .evaluation_periods(1)
        .threshold(1.0)
        .comparison_operator(ComparisonOperator::GreaterThanThreshold)
        .alarm_actions("arn:aws:sns:eu-central-1:123456789012:ops");
    put.send().await.unwrap();
    let from = jiff::Timestamp::from_second(now() as i64 - 120).unwrap();
    let rule = |name: &str, at: jiff::Timestamp| {
        let schedule = Schedule::builder()
            .expression(format!("at({})", at.strftime("%Y-%m-%dT%H:%M")))
            .duration("PT1H")
            .build();
        let targets = MuteTargets::builder().alarm_names("load").build();
        client
            .put_alarm_mute_rule()
            .name(name)
            .rule(Rule::builder().schedule(schedule).build())
            .mute_targets(targets)
            .send()
    };
    rule("now", from).await.unwrap();
    rule("then", from + jiff::SignedDuration::from_hours(48))
        .await
        .unwrap();
    let listed = client
        .list_alarm_mute_rules()
        .statuses(AlarmMuteRuleStatus::Active);
    let listed = listed.send().await.unwrap();
    let [only] = listed.alarm_mute_rule_summaries() else {
        panic!("{listed:?}");
    };
    assert!(only.alarm_mute_rule_arn().unwrap().ends_with(":now"));
    let told = client.get_alarm_mute_rule().alarm_mute_rule_name("now");
    let told = told.send().await.unwrap();
    assert_eq!(told.mute_targets().unwrap().alarm_names(), ["load"]);
    let actions = async || {
        let set = client
            .set_alarm_state()
            .alarm_name("load")
            .state_reason("by hand");
        let ok = set.clone().state_value(StateValue::Ok);
        ok.send().await.unwrap();
        set.state_value(StateValue::Alarm).send().await.unwrap();
        let history = client.describe_alarm_history().alarm_name("load");
        let history = history.history_item_type(HistoryItemType::Action);
        history.send().await.unwrap().alarm_history_items().len()
    };
    assert_eq!(actions().await, 0, "nobody is told");
    let delete = client.delete_alarm_mute_rule().alarm_mute_rule_name("now");
    delete.send().await.unwrap();
    assert_eq!(actions().await, 1);
}

/// The code of an error that the client could read as one of the service's.
fn code<E: ProvideErrorMetadata + std::fmt::Debug, R: std::fmt::Debug>(
    error: SdkError<E, R>,
) -> String {
    match &error {
        SdkError::ServiceError(e) => e.err().code().unwrap_or_default().to_owned(),
        other => panic!("not the service's own error: {other:?}"),
    }
}

#[tokio::test]
async fn errors_arrive_as_what_they_are() {
    let (client, _) = cloudwatch().await;
    let unknown = client.delete_alarms().alarm_names("none").send().await;
    let unknown = unknown.unwrap_err();
    assert!(unknown.as_service_error().unwrap().is_resource_not_found());
    let many = (0..501).map(|i| query(&format!("q{i}"), "Sum")).collect();
    let refused = client
        .get_metric_data()
        .set_metric_data_queries(Some(many))
        .start_time(at(0))
        .end_time(at(60))
        .send()
        .await;
    assert_eq!(code(refused.unwrap_err()), "ValidationError");
    let logs = cloudwatch_logs().await;
    let unknown = logs.filter_log_events().log_group_name("none").send().await;
    let unknown = unknown.unwrap_err();
    assert!(
        unknown
            .as_service_error()
            .unwrap()
            .is_resource_not_found_exception()
    );
}

#[tokio::test]
async fn logs_are_written_filtered_and_paged() {
    let client = cloudwatch_logs().await;
    let start = now() as i64 * 1000 - 10_000;
    client
        .create_log_group()
        .log_group_name("/ecs/api")
        .send()
        .await
        .unwrap();
    client
        .put_retention_policy()
        .log_group_name("/ecs/api")
        .retention_in_days(30)
        .send()
        .await
        .unwrap();
    client
        .create_log_stream()
        .log_group_name("/ecs/api")
        .log_stream_name("a/1")
        .send()
        .await
        .unwrap();
    // Control characters arrive as they were sent, but a line that holds one inside a JSON string is no JSON (RFC 8259,
    // section 7), and no JSON pattern finds it.
    let events = (0..7).map(|i| {
        let level = if i % 2 == 0 { "error" } else { "info" };
        let escape = if i == 0 { "\u{1b}" } else { "\\u001b" };
        let message = format!("{{\"level\":\"{level}\",\"text\":\"{escape}[31m {i}\"}}");
        let event = InputLogEvent::builder()
            .timestamp(start + i)
            .message(message);
        event.build().unwrap()
    });
    client
        .put_log_events()
        .log_group_name("/ecs/api")
        .log_stream_name("a/1")
        .set_log_events(Some(events.collect()))
        .send()
        .await
        .unwrap();
    let found = client
        .filter_log_events()
        .log_group_name("/ecs/api")
        .filter_pattern("{ $.level = \"error\" }")
        .limit(2)
        .into_paginator()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await
        .unwrap();
    let times: Vec<_> = found
        .iter()
        .flat_map(|p| p.events())
        .filter_map(|e| e.timestamp())
        .collect();
    assert_eq!(times, [start + 2, start + 4, start + 6]);
    let first = client
        .get_log_events()
        .log_group_name("/ecs/api")
        .log_stream_name("a/1")
        .start_from_head(true)
        .limit(1)
        .send()
        .await
        .unwrap();
    assert!(first.events()[0].message().unwrap().contains('\u{1b}'));
    let groups = client.describe_log_groups().send().await.unwrap();
    let group = &groups.log_groups()[0];
    assert_eq!(group.retention_in_days(), Some(30));
    assert!(group.stored_bytes().unwrap() > 7 * 26);
    let streams = client
        .describe_log_streams()
        .log_group_name("/ecs/api")
        .send()
        .await
        .unwrap();
    assert_eq!(
        streams.log_streams()[0].last_event_timestamp(),
        Some(start + 6)
    );
}
