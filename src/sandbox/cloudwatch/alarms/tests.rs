use super::super::stat::Stat;
use super::super::store::MetricStore;
use super::*;

fn cpu(m: u32, n: u32) -> AlarmSpec {
    AlarmSpec::metric(
        "cpu",
        ("AWS/ECS", "CPUUtilization"),
        &[("ServiceName", "api")],
        Stat::Average,
        Comparison::GreaterThanThreshold,
        80.0,
    )
    .over(m, n, 60)
    .notifying("arn:aws:sns:eu-central-1:1:ops")
}

fn record(store: &mut MetricStore, at: i64, value: f64) {
    let dims = [("ServiceName", "api")];
    store.record("AWS/ECS", "CPUUtilization", &dims, at, &[value], "Percent");
}

/// 2025-01-01T00:00:00Z.
const T0: i64 = 1_735_689_600;

#[test]
fn three_of_three_breaching_minutes_make_an_alarm_with_the_vendors_words() {
    let mut metrics = MetricStore::default();
    let mut alarms = AlarmStore::new("eu-central-1", "1");
    alarms.define(cpu(3, 3), T0 as f64);
    for minute in 0..3 {
        record(&mut metrics, T0 + minute * 60, 90.5);
        alarms.evaluate(&metrics, T0 + minute * 60 + 30, 1.0);
        assert_ne!(alarms.state("cpu"), Some(State::Alarm));
    }
    alarms.evaluate(&metrics, T0 + 180, 1.0);
    let alarm = alarms.get("cpu").unwrap();
    assert_eq!(
        alarm.reason,
        "Threshold Crossed: 3 out of the last 3 datapoints [90.5 (01/01/25 00:02:00), 90.5 (01/01/25 00:01:00), 90.5 (01/01/25 00:00:00)] were greater than the threshold (80.0) (minimum 3 datapoints for INSUFFICIENT_DATA -> ALARM transition)."
    );
    let data: serde_json::Value = serde_json::from_str(&alarm.reason_data).unwrap();
    assert_eq!(data["statistic"], "Average");
    assert_eq!(data["recentDatapoints"].as_array().unwrap().len(), 3);
    record(&mut metrics, T0 + 180, 10.0);
    alarms.evaluate(&metrics, T0 + 240, 1.0);
    let kinds: Vec<_> = alarms.history().map(|i| i.summary.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "Alarm \"cpu\" created",
            "Alarm updated from INSUFFICIENT_DATA to ALARM",
            "Successfully executed action arn:aws:sns:eu-central-1:1:ops",
            "Alarm updated from ALARM to OK",
            "Successfully executed action arn:aws:sns:eu-central-1:1:ops",
        ]
    );
    let reason = &alarms.get("cpu").unwrap().reason;
    assert!(reason.contains("[10.0 (01/01/25 00:03:00)] was not greater than the threshold (80.0) (minimum 1 datapoint for ALARM -> OK transition)"), "{reason}");
}

#[test]
fn at_speed_sixty_a_minute_is_a_second() {
    let mut metrics = MetricStore::with_bucket_seconds(1);
    let mut alarms = AlarmStore::new("eu-central-1", "1");
    alarms.define(cpu(3, 3), T0 as f64);
    for second in 0..3 {
        record(&mut metrics, T0 + second, 99.0);
    }
    alarms.evaluate(&metrics, T0 + 3, 60.0);
    assert_eq!(alarms.state("cpu"), Some(State::Alarm));
    // A world that ticks every other second: the periods widen to it.
    for second in 0..8 {
        record(&mut metrics, T0 + 10 + second * 2, 5.0);
    }
    alarms.evaluate(&metrics, T0 + 26, 60.0);
    assert_eq!(alarms.state("cpu"), Some(State::Ok));
}

#[test]
fn a_composite_follows_its_children_within_the_same_round() {
    let mut metrics = MetricStore::default();
    let mut alarms = AlarmStore::new("eu-central-1", "1");
    alarms.define(
        AlarmSpec::composite("above", "ALARM(below)").unwrap(),
        T0 as f64,
    );
    alarms.define(
        AlarmSpec::composite("below", "ALARM(\"cpu\") AND NOT ALARM(none)").unwrap(),
        T0 as f64,
    );
    alarms.define(cpu(1, 1), T0 as f64);
    record(&mut metrics, T0, 90.0);
    alarms.evaluate(&metrics, T0 + 60, 1.0);
    assert_eq!(alarms.state("above"), Some(State::Alarm));
    let reason = &alarms.get("below").unwrap().reason;
    assert_eq!(
        reason,
        "arn:aws:cloudwatch:eu-central-1:1:alarm:cpu transitioned to ALARM at Wednesday 01 January, 2025 00:01:00 UTC"
    );
}

#[test]
fn composites_in_a_ring_come_to_an_end() {
    let mut alarms = AlarmStore::new("eu-central-1", "1");
    alarms.define(AlarmSpec::composite("a", "NOT ALARM(b)").unwrap(), 0.0);
    alarms.define(AlarmSpec::composite("b", "ALARM(a)").unwrap(), 0.0);
    alarms.evaluate(&MetricStore::default(), T0, 1.0);
    assert_eq!(alarms.alarm_count(), 2);
}

#[test]
fn no_data_is_no_green() {
    let mut alarms = AlarmStore::new("eu-central-1", "1");
    alarms.define(cpu(1, 1), 0.0);
    let mut metrics = MetricStore::default();
    record(&mut metrics, T0, 1.0);
    alarms.evaluate(&metrics, T0 + 60, 1.0);
    assert_eq!(alarms.state("cpu"), Some(State::Ok));
    alarms.evaluate(&metrics, T0 + 3600, 1.0);
    assert_eq!(alarms.state("cpu"), Some(State::InsufficientData));
    assert_eq!(
        alarms.get("cpu").unwrap().reason,
        "Insufficient Data: 1 datapoint was unknown."
    );
}

#[test]
fn sums_of_shrunk_periods_are_judged_by_the_threshold_of_whole_ones() {
    let mut metrics = MetricStore::with_bucket_seconds(3);
    let mut alarms = AlarmStore::new("eu-central-1", "1").late_by(2);
    let dims = [("TargetGroup", "api")];
    let metric = ("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count");
    let above = Comparison::GreaterThanThreshold;
    let spec = AlarmSpec::metric("5xx", metric, &dims, Stat::Sum, above, 25.0);
    alarms.define(spec.over(1, 1, 60), T0 as f64);
    metrics.record(metric.0, metric.1, &dims, T0, &[2.0], "Count");
    alarms.evaluate(&metrics, T0 + 4, 20.0);
    assert_eq!(alarms.state("5xx"), Some(State::InsufficientData), "late");
    alarms.evaluate(&metrics, T0 + 5, 20.0);
    assert_eq!(alarms.in_alarm_since("5xx"), Some(T0 as f64 + 5.0));
}

#[test]
fn a_past_makes_an_alarm_as_old_as_its_series() {
    let mut metrics = MetricStore::default();
    let mut alarms = AlarmStore::new("eu-central-1", "1");
    let begun = T0 + 7_200;
    alarms.define(cpu(3, 3), begun as f64);
    // Low for half an hour, then high.
    for at in (T0..begun).step_by(60) {
        let high = at >= T0 + 1_800;
        record(&mut metrics, at, if high { 95.0 } else { 20.0 });
    }
    let mut past = alarms.unjudged(T0 as f64, begun as f64);
    past.evaluate_past(&metrics, T0 as f64, begun as f64);
    alarms.take_past(past);
    alarms.evaluate(&metrics, begun, 1.0);
    let since = alarms.in_alarm_since("cpu").unwrap() as i64;
    assert_eq!(since, T0 + 1_800 + 180, "as its third high minute is over");
    let changes: Vec<_> = alarms
        .history()
        .filter(|i| i.kind != "Action")
        .map(|i| (i.summary.as_str(), i.at as i64))
        .collect();
    assert_eq!(changes.len(), 3, "{changes:?}");
    assert_eq!(changes[0], ("Alarm \"cpu\" created", T0));
    assert_eq!(changes[2], ("Alarm updated from OK to ALARM", since));
    // One that somebody defines meanwhile has no past.
    let mut mine = cpu(3, 3);
    mine.name = "mine".into();
    alarms.define(mine, begun as f64 + 1.0);
    let past = alarms.unjudged(T0 as f64, begun as f64);
    assert_eq!(past.alarm_count(), 1);
}
