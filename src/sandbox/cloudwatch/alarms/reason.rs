//! Why an alarm is in its state, in the vendor's words and JSON.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::history::stamp;
use super::spec::{Judged, MetricRule, State, TreatMissing};
use super::store::Alarm;
use crate::cloudwatch::store::Point;

/// Text for people and JSON for programs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reason {
    pub text: String,
    pub data: Value,
}

/// What a judgement rested on.
pub(super) struct Grounds<'a> {
    pub rule: &'a MetricRule,
    pub period: i64,
    /// Start of the evaluation range.
    pub from: i64,
    pub now: f64,
    /// Real datapoints of the evaluation range, oldest first.
    pub recent: &'a [Point],
    /// Those that decided, newest first.
    pub decided: &'a [Point],
    /// Missing datapoints that were treated as something.
    pub missing: u32,
}

/// The reason of a metric alarm's new state.
pub(super) fn metric(grounds: &Grounds<'_>, old: State, new: State) -> Reason {
    Reason {
        text: text(grounds, old, new),
        data: data(grounds),
    }
}

fn text(g: &Grounds<'_>, old: State, new: State) -> String {
    let n = g.rule.evaluation_periods;
    let (count, missing) = (g.decided.len(), g.missing);
    if new == State::InsufficientData {
        return format!(
            "Insufficient Data: {} unknown.",
            some(missing as usize, "datapoint")
        );
    }
    let treated = match g.rule.treat_missing {
        TreatMissing::Breaching => "[Breaching]",
        _ => "[NonBreaching]",
    };
    let gaps = format!(
        "{} treated as {treated}.",
        some(missing as usize, "missing datapoint")
    );
    if count == 0 {
        let s = if n == 1 { "" } else { "s" };
        return format!(
            "Threshold Crossed: no datapoints were received for {n} period{s} and {gaps}"
        );
    }
    let points: Vec<String> = g
        .decided
        .iter()
        .map(|(at, value)| format!("{value:?} ({})", minute(*at)))
        .collect();
    let was = if count == 1 { "was" } else { "were" };
    let not = if new == State::Alarm { "" } else { "not " };
    let needed = match new {
        State::Alarm => g.rule.datapoints_to_alarm.unwrap_or(n),
        _ => n - g.rule.datapoints_to_alarm.unwrap_or(n).min(n) + 1,
    };
    let datapoints = if needed == 1 {
        "datapoint"
    } else {
        "datapoints"
    };
    let mut text = format!(
        "Threshold Crossed: {count} out of the last {n} datapoints [{}] {was} {not}{} the threshold ({:?}) (minimum {needed} {datapoints} for {old} -> {new} transition).",
        points.join(", "),
        g.rule.comparison.words(),
        g.rule.threshold,
    );
    if missing > 0 {
        text.push(' ');
        text.push_str(&gaps);
    }
    text
}

/// `1 datapoint was`, `2 datapoints were`.
fn some(count: usize, what: &str) -> String {
    let (s, was) = if count == 1 {
        ("", "was")
    } else {
        ("s", "were")
    };
    format!("{count} {what}{s} {was}")
}

fn data(g: &Grounds<'_>) -> Value {
    let mut data = json!({
        "version": "1.0",
        "queryDate": stamp(g.now),
        "startDate": stamp(g.from as f64),
    });
    let more = json!({
        "period": g.period,
        "recentDatapoints": g.recent.iter().map(|p| p.1).collect::<Vec<_>>(),
        "threshold": g.rule.threshold,
        "evaluatedDatapoints": g.decided.iter().map(|(at, value)| json!({
            "timestamp": stamp(*at as f64),
            "value": value,
        })).collect::<Vec<_>>(),
    });
    if let (Some(members), Value::Object(more)) = (data.as_object_mut(), more) {
        if let Judged::Metric(ask) = &g.rule.judged {
            members.insert("statistic".into(), ask.stat.to_string().into());
        }
        members.extend(more);
    }
    data
}

/// The reason of a composite alarm's new state: the alarm below it that changed last.
pub(super) fn composite(trigger: Option<&Alarm>, state: State) -> Reason {
    let Some(child) = trigger else {
        return Reason {
            text: format!("The alarm rule gives {state}."),
            data: json!({ "triggeringAlarms": [] }),
        };
    };
    let at = Timestamp::from_second(child.transitioned_at as i64).unwrap_or_default();
    Reason {
        text: format!(
            "{} transitioned to {} at {}",
            child.arn,
            child.state,
            at.strftime("%A %d %B, %Y %H:%M:%S UTC")
        ),
        data: json!({
            "triggeringAlarms": [{
                "arn": child.arn,
                "state": { "value": child.state.as_str(), "timestamp": stamp(child.transitioned_at) },
            }],
        }),
    }
}

/// `23/11/25 22:10:00`, as in the vendor's reasons.
fn minute(at: i64) -> String {
    let time = Timestamp::from_second(at).unwrap_or_default();
    format!("{}", time.strftime("%d/%m/%y %H:%M:%S"))
}
