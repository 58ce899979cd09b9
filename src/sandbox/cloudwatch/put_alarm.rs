//! PutMetricAlarm and PutCompositeAlarm.

use super::alarms::{
    AlarmSpec, AlarmStore, Comparison, Judged, MetricRule, Rule, TreatMissing, Watch,
};
use super::errors::{bad_value, combination, invalid, missing};
use super::query::{DataQuery, MetricAsk, metric_key, period};
use super::stat::Stat;
use crate::wire::{ApiError, Node};

/// Alarms of an account: the vendor's quota.
const ALARMS: usize = 5_000;
/// Longest span that an alarm may look at, in seconds: a week.
const LONGEST: i64 = 7 * 86_400;

/// Takes a PutMetricAlarm.
pub(super) fn metric(input: &Node, alarms: &mut AlarmStore, now: f64) -> Result<Node, ApiError> {
    let rule = metric_rule(input)?;
    let spec = spec(input, Watch::Metric(rule))?;
    define(alarms, spec, now)
}

/// Takes a PutCompositeAlarm.
pub(super) fn composite(input: &Node, alarms: &mut AlarmStore, now: f64) -> Result<Node, ApiError> {
    let text = input.get("AlarmRule").as_text();
    let rule = Rule::parse(text.ok_or_else(|| missing("AlarmRule"))?).map_err(invalid)?;
    if let Some(unknown) = rule.children().iter().find(|c| alarms.get(c).is_none()) {
        return Err(invalid(format!(
            "Could not save the composite alarm as alarms [{unknown}] in the alarm rule do not exist"
        )));
    }
    let spec = spec(input, Watch::Composite(rule))?;
    define(alarms, spec, now)
}

fn define(alarms: &mut AlarmStore, spec: AlarmSpec, now: f64) -> Result<Node, ApiError> {
    if alarms.alarm_count() >= ALARMS && alarms.get(&spec.name).is_none() {
        return Err(ApiError::new(
            "LimitExceededFault",
            format!("An account has at most {ALARMS} alarms here."),
        ));
    }
    alarms.define(spec, now);
    Ok(Node::Null)
}

fn spec(input: &Node, watch: Watch) -> Result<AlarmSpec, ApiError> {
    let name = input.get("AlarmName").as_text();
    let name = name.ok_or_else(|| missing("AlarmName"))?;
    if name.chars().count() > 255 {
        return Err(invalid("An alarm's name has at most 255 characters."));
    }
    let actions = |member: &str| -> Vec<String> {
        let arns = input.get(member).as_strs();
        arns.into_iter().map(str::to_owned).collect()
    };
    Ok(AlarmSpec {
        name: name.to_owned(),
        description: input
            .get("AlarmDescription")
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        watch,
        actions_enabled: input.get("ActionsEnabled").as_bool().unwrap_or(true),
        alarm_actions: actions("AlarmActions"),
        ok_actions: actions("OKActions"),
        insufficient_data_actions: actions("InsufficientDataActions"),
        tags: tags(input.get("Tags"))?,
    })
}

/// A list of tags.
pub(super) fn tags(node: &Node) -> Result<Vec<(String, String)>, ApiError> {
    let mut tags = Vec::new();
    for tag in node.as_list() {
        let key = tag
            .get("Key")
            .as_text()
            .ok_or_else(|| missing("Tags.Key"))?;
        let value = tag.get("Value").as_str().unwrap_or_default();
        tags.push((key.to_owned(), value.to_owned()));
    }
    Ok(tags)
}

fn metric_rule(input: &Node) -> Result<MetricRule, ApiError> {
    if !input.get("ThresholdMetricId").is_null() {
        return Err(invalid(
            "Alarms on anomaly detection bands are not offered here.",
        ));
    }
    let word = input.get("ComparisonOperator").as_text();
    let word = word.ok_or_else(|| missing("ComparisonOperator"))?;
    let count = |name: &str| match input.get(name) {
        Node::Null => Ok(None),
        n => n
            .as_i64()
            .and_then(|n| u32::try_from(n).ok())
            .filter(|n| *n > 0)
            .map(Some)
            .ok_or_else(|| bad_value(format!("{name} must be at least 1."))),
    };
    let periods = count("EvaluationPeriods")?.ok_or_else(|| missing("EvaluationPeriods"))?;
    let datapoints = count("DatapointsToAlarm")?;
    if datapoints.is_some_and(|m| m > periods) {
        return Err(invalid(
            "DatapointsToAlarm must not be greater than EvaluationPeriods.",
        ));
    }
    let threshold = input.get("Threshold");
    if threshold.is_null() {
        return Err(missing("Threshold"));
    }
    let treat = input.get("TreatMissingData").as_text();
    let rule = MetricRule {
        judged: judged(input)?,
        evaluation_periods: periods,
        datapoints_to_alarm: datapoints,
        threshold: threshold
            .as_f64()
            .filter(|t| t.is_finite())
            .ok_or_else(|| bad_value("Threshold is no number."))?,
        comparison: Comparison::parse(word)
            .ok_or_else(|| bad_value(format!("{word} is no comparison offered here.")))?,
        treat_missing: match treat {
            None => TreatMissing::default(),
            Some(t) => TreatMissing::parse(t)
                .ok_or_else(|| bad_value(format!("{t} is no way to treat missing data.")))?,
        },
    };
    if rule.judged.period().saturating_mul(i64::from(periods)) > LONGEST {
        return Err(invalid(
            "An alarm looks at no more than a week: EvaluationPeriods times Period is too long.",
        ));
    }
    Ok(rule)
}

fn judged(input: &Node) -> Result<Judged, ApiError> {
    let metrics = input.get("Metrics").as_list();
    let named = input.get("MetricName").as_text().is_some();
    if metrics.is_empty() {
        return simple(input).map(Judged::Metric);
    }
    if named {
        return Err(combination("MetricName and Metrics exclude one another."));
    }
    let queries = DataQuery::read_all(metrics)?;
    if queries.iter().filter(|q| q.return_data).count() != 1 {
        return Err(invalid(
            "Exactly one element of the metrics list should return data.",
        ));
    }
    Ok(Judged::Math(queries))
}

fn simple(input: &Node) -> Result<MetricAsk, ApiError> {
    let names = ["Statistic", "ExtendedStatistic"].map(|n| input.get(n).as_text());
    let (word, extended) = match names {
        [Some(s), None] => (s, false),
        [None, Some(s)] => (s, true),
        [None, None] => return Err(missing("Statistic")),
        [Some(_), Some(_)] => {
            return Err(combination(
                "Statistic and ExtendedStatistic exclude one another.",
            ));
        }
    };
    let stat = Stat::parse(word).filter(|s| s.is_extended() == extended);
    if input.get("Period").is_null() {
        return Err(missing("Period"));
    }
    Ok(MetricAsk {
        key: metric_key(input)?,
        stat: stat
            .ok_or_else(|| bad_value(format!("The statistic {word} is not offered here.")))?,
        period: period(input.get("Period"))?,
        unit: input.get("Unit").as_text().map(str::to_owned),
    })
}
