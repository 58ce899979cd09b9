//! CloudWatch alarms, of metrics, of logs and composite, and their history.

mod kinds;

use std::time::Instant;

use aws_sdk_cloudwatch::types as sdk;

pub(super) use kinds::WithoutLogs;

use super::Question;
use super::cloudwatch::{CloudWatch, metric, named};
use super::convert::{count, reason, text, time};
use super::pages::Pages;
use super::sound::{told, unsound};
use crate::domain::alarm::{Alarm, AlarmEvent, AlarmRule, AlarmState, Severity};
use crate::domain::metric::{MetricId, MetricQuery, Stat};
use crate::domain::order::Ordered;
use crate::domain::problem::Problem;
use crate::domain::text::inert;

const ALARMS: Question = Question::new("cloudwatch", "DescribeAlarms", "read the alarms");
const HISTORY: Question = Question::new(
    "cloudwatch",
    "DescribeAlarmHistory",
    "read the alarm's history",
);

/// Rows of history that are read of one alarm.
const HISTORY_ROWS: i32 = 100;

impl CloudWatch {
    /// All alarms: firing first, then by severity, then by name (DescribeAlarms, 100 a page).
    pub async fn alarms(&self) -> Result<Vec<Alarm>, Problem> {
        let mut alarms = Vec::new();
        let mut pages = Pages::default();
        loop {
            let (page, lesson) = self
                .of_kinds(ALARMS, |c, kinds| {
                    c.cloudwatch
                        .describe_alarms()
                        .set_alarm_types(Some(kinds))
                        .max_records(100)
                        .set_next_token(pages.token())
                        .send()
                })
                .await?;
            if let Some(lesson) = lesson {
                self.without_logs.heed(lesson, Instant::now());
            }
            let metric = told(&self.line, ALARMS, "MetricAlarms", page.metric_alarms)?;
            // The other two are not promised where there are none: all alarms would be lost for want of an empty list.
            for a in page.composite_alarms.iter().flatten() {
                let state = self.state(a.state_value(), a.alarm_name())?;
                alarms.push(composite_alarm(a, state));
            }
            for a in page.log_alarms.iter().flatten() {
                let state = self.state(a.state_value(), a.alarm_name())?;
                alarms.push(log_alarm(a, state));
            }
            for a in &metric {
                let state = self.state(a.state_value(), a.alarm_name())?;
                alarms.push(metric_alarm(a, state));
            }
            if !pages.turn(alarms.len(), page.next_token)? {
                break;
            }
        }
        alarms.order_by(|a, b| (a.state, a.severity, &a.name).cmp(&(b.state, b.severity, &b.name)));
        Ok(alarms)
    }

    /// The state of an alarm, or why the answer cannot be believed.
    fn state(
        &self,
        value: Option<&sdk::StateValue>,
        name: Option<&str>,
    ) -> Result<AlarmState, Problem> {
        state(value).ok_or_else(|| {
            let value = value.map_or("left out".to_owned(), |v| {
                format!("{:?}", inert(v.as_str()))
            });
            let why = format!(
                "`StateValue` of {} is {value}, which no alarm has",
                text(name)
            );
            unsound(&self.line, ALARMS, why)
        })
    }

    /// The newest rows of an alarm's history, newest first (DescribeAlarmHistory).
    pub async fn alarm_history(&self, name: &str) -> Result<Vec<AlarmEvent>, Problem> {
        // What is lacking is lacking in the list of alarms: a history tells nothing of that.
        let (page, _) = self
            .of_kinds(HISTORY, |c, kinds| {
                c.cloudwatch
                    .describe_alarm_history()
                    .alarm_name(name)
                    .set_alarm_types(Some(kinds))
                    .max_records(HISTORY_ROWS)
                    .scan_by(sdk::ScanBy::TimestampDescending)
                    .send()
            })
            .await?;
        let items = page.alarm_history_items;
        let told = told(&self.line, HISTORY, "AlarmHistoryItems", items)?;
        let mut events: Vec<AlarmEvent> = told.iter().filter_map(event).collect();
        events.order_by_key(|e| std::cmp::Reverse(e.at));
        Ok(events)
    }
}

/// An alarm has one of three states (CloudWatch API reference, "MetricAlarm", `StateValue`). Anything else would take one that fires
/// from sight.
fn state(value: Option<&sdk::StateValue>) -> Option<AlarmState> {
    match value? {
        sdk::StateValue::Ok => Some(AlarmState::Ok),
        sdk::StateValue::Alarm => Some(AlarmState::Alarm),
        sdk::StateValue::InsufficientData => Some(AlarmState::InsufficientData),
        _ => None,
    }
}

/// What the three kinds of alarms tell alike, beside their rule: they are types of their own in the SDK, with accessors of the same names.
macro_rules! alarm {
    ($a:expr, $state:expr, $rule:expr, $held_back:expr) => {{
        let a = $a;
        let (name, description) = (text(a.alarm_name()), reason(a.alarm_description()));
        let updated_at = time(a.state_updated_timestamp());
        Alarm {
            severity: Severity::guess(&name, &description),
            name,
            arn: text(a.alarm_arn()),
            description,
            state: $state,
            reason: reason(a.state_reason()),
            since: time(a.state_transitioned_timestamp()).or(updated_at),
            updated_at,
            rule: $rule,
            actions_enabled: a.actions_enabled().unwrap_or(true),
            actions: arns(a.alarm_actions()),
            other_actions: arns(a.ok_actions().iter().chain(a.insufficient_data_actions())),
            held_back: $held_back,
        }
    }};
}

fn metric_alarm(a: &sdk::MetricAlarm, state: AlarmState) -> Alarm {
    let periods = a.evaluation_periods().map_or(1, count);
    let (query, expression) = watched(a);
    let rule = AlarmRule::Metric {
        period_s: query
            .as_ref()
            .map_or(a.period().map_or(0, count), |q| q.period_s),
        query,
        expression,
        parts: parts(a),
        comparison: a.comparison_operator().map_or_else(String::new, comparison),
        threshold: a.threshold(),
        datapoints: a.datapoints_to_alarm().map_or(periods, count),
        periods,
    };
    alarm!(a, state, rule, None)
}

fn arns<'a>(actions: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    let all = actions.into_iter();
    all.map(|arn| text(Some(arn))).collect()
}

fn composite_alarm(a: &sdk::CompositeAlarm, state: AlarmState) -> Alarm {
    let rule = AlarmRule::Composite {
        rule: text(a.alarm_rule()),
    };
    alarm!(a, state, rule, held_back(a))
}

/// By what the actions of a composite alarm are held back: by its suppressor, or by the time before or after it in which nobody is told
/// either (CloudWatch user guide, "Alarm suppression").
fn held_back(a: &sdk::CompositeAlarm) -> Option<String> {
    let by = a.actions_suppressed_by()?;
    let suppressor = text(a.actions_suppressor());
    let name = suppressor.rsplit(":alarm:").next().unwrap_or_default();
    Some(match by {
        sdk::ActionsSuppressedBy::Alarm => format!("by {name}"),
        sdk::ActionsSuppressedBy::WaitPeriod => format!("by the wait for {name}"),
        sdk::ActionsSuppressedBy::ExtensionPeriod => format!("by the time after {name}"),
        other => format!("by {name} ({})", text(Some(other.as_str()))),
    })
}

fn log_alarm(a: &sdk::LogAlarm, state: AlarmState) -> Alarm {
    let query = a.scheduled_query_configuration();
    let groups = query.map_or(&[][..], |q| q.log_group_identifiers());
    let periods = a.query_results_to_evaluate().map_or(1, count);
    let rule = AlarmRule::Log {
        // A person wrote it, and may have searched for anything.
        query: reason(query.and_then(|q| q.query_string())),
        groups: arns(groups),
        aggregation: text(query.and_then(|q| q.aggregation_expression())),
        comparison: a.comparison_operator().map_or_else(String::new, comparison),
        threshold: a.threshold(),
        datapoints: a.query_results_to_alarm().map_or(periods, count),
        periods,
    };
    alarm!(a, state, rule, None)
}

/// What a metric alarm watches: one metric, or an expression over several (metric math).
fn watched(a: &sdk::MetricAlarm) -> (Option<MetricQuery>, Option<String>) {
    if a.metric_name().is_some() {
        let word = a.statistic().map(|s| s.as_str()).or(a.extended_statistic());
        let query = word.and_then(Stat::parse).map(|stat| MetricQuery {
            metric: named(a.namespace(), a.metric_name(), a.dimensions()),
            stat,
            period_s: a.period().map_or(60, count),
        });
        return (query, None);
    }
    let returned = a.metrics().iter().find(|q| q.return_data() != Some(false));
    let expression = returned.and_then(|q| q.expression());
    let single = returned.and_then(|q| q.metric_stat()).and_then(of_stat);
    (single, expression.map(|e| text(Some(e))))
}

/// The metrics that an expression is made of, each once.
fn parts(a: &sdk::MetricAlarm) -> Vec<MetricId> {
    let told = a.metrics().iter().filter_map(|q| q.metric_stat()?.metric());
    let mut all: Vec<MetricId> = told.map(metric).collect();
    all.sort();
    all.dedup();
    all
}

fn of_stat(s: &sdk::MetricStat) -> Option<MetricQuery> {
    Some(MetricQuery {
        metric: metric(s.metric()?),
        stat: Stat::parse(s.stat()?)?,
        period_s: count(s.period()?),
    })
}

fn comparison(c: &sdk::ComparisonOperator) -> String {
    match c {
        sdk::ComparisonOperator::GreaterThanThreshold => ">".into(),
        sdk::ComparisonOperator::GreaterThanOrEqualToThreshold => ">=".into(),
        sdk::ComparisonOperator::LessThanThreshold => "<".into(),
        sdk::ComparisonOperator::LessThanOrEqualToThreshold => "<=".into(),
        other => text(Some(other.as_str())),
    }
}

fn event(i: &sdk::AlarmHistoryItem) -> Option<AlarmEvent> {
    Some(AlarmEvent {
        alarm: text(i.alarm_name()),
        at: time(i.timestamp())?,
        kind: text(i.history_item_type().map(sdk::HistoryItemType::as_str)),
        summary: reason(i.history_summary()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> sdk::builders::MetricAlarmBuilder {
        sdk::MetricAlarm::builder()
            .alarm_name("api-5xx-critical")
            .state_value(sdk::StateValue::Alarm)
            .threshold(1.0)
            .evaluation_periods(3)
            .comparison_operator(sdk::ComparisonOperator::GreaterThanThreshold)
    }

    #[test]
    fn a_metric_alarm_knows_its_query_and_its_severity() {
        let a = base()
            .namespace("AWS/ApplicationELB")
            .metric_name("TargetResponseTime");
        let got = metric_alarm(
            &a.extended_statistic("p95").period(120).build(),
            AlarmState::Alarm,
        );
        assert_eq!(
            (got.state, got.severity),
            (AlarmState::Alarm, Severity::Critical)
        );
        let AlarmRule::Metric {
            query,
            comparison,
            datapoints,
            period_s,
            ..
        } = got.rule
        else {
            panic!("not a metric alarm");
        };
        let query = query.unwrap();
        assert_eq!((query.stat, query.period_s), (Stat::Percentile(950), 120));
        assert_eq!((comparison.as_str(), datapoints, period_s), (">", 3, 120));
    }

    #[test]
    fn metric_math_has_an_expression_and_no_single_query() {
        let errors = sdk::Metric::builder()
            .namespace("AWS/ECS")
            .metric_name("Errors")
            .dimensions(
                sdk::Dimension::builder()
                    .name("ServiceName")
                    .value("api")
                    .build(),
            )
            .build();
        let part = sdk::MetricDataQuery::builder()
            .id("m1")
            .metric_stat(sdk::MetricStat::builder().metric(errors).build())
            .return_data(false)
            .build();
        let sum = sdk::MetricDataQuery::builder()
            .id("e1")
            .expression("m1*100")
            .return_data(true)
            .build();
        let again = part.clone();
        let a = base().metrics(part).metrics(again).metrics(sum).build();
        let (query, expression) = watched(&a);
        assert_eq!((query, expression.as_deref()), (None, Some("m1*100")));
        // Which system it is about is told by what it is made of.
        let made = MetricId::new("AWS/ECS", "Errors", &[("ServiceName", "api")]);
        assert_eq!(parts(&a), [made]);
    }

    #[test]
    fn a_state_that_is_not_known_is_not_green() {
        assert_eq!(state(Some(&sdk::StateValue::from("NEWSTATE"))), None);
        assert_eq!(state(None), None);
    }
}
