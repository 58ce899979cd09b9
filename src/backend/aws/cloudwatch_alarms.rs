//! CloudWatch alarms, of metrics, of logs and composite, and their history.

use std::future::Future;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use aws_sdk_cloudwatch::types as sdk;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::cloudwatch::{CloudWatch, metric, named};
use super::convert::{count, reason, text, time};
use super::pages::Pages;
use super::sound::{told, unsound};
use super::{Clients, Question};
use crate::domain::alarm::{Alarm, AlarmEvent, AlarmRule, AlarmState, Severity};
use crate::domain::metric::{MetricId, MetricQuery, Stat};
use crate::domain::order::Ordered;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::text::inert;

const ALARMS: Question = Question::new("cloudwatch", "DescribeAlarms", "read the alarms");
const HISTORY: Question = Question::new(
    "cloudwatch",
    "DescribeAlarmHistory",
    "read the alarm's history",
);

/// Every kind of alarm: one that is not asked for by its kind is not told of (CloudWatch API reference, "DescribeAlarms", `AlarmTypes`).
const KINDS: [sdk::AlarmType; 3] = [
    sdk::AlarmType::MetricAlarm,
    sdk::AlarmType::CompositeAlarm,
    sdk::AlarmType::LogAlarm,
];

/// Those that every endpoint knows.
const OLDER: [sdk::AlarmType; 2] = [sdk::AlarmType::MetricAlarm, sdk::AlarmType::CompositeAlarm];

/// Rows of history that are read of one alarm.
const HISTORY_ROWS: i32 = 100;

/// How long an endpoint is not asked again whether it knows log alarms: regions learn them one by one.
const AGAIN: Duration = Duration::from_secs(3_600);

/// That an endpoint knows no log alarms: of clients of which load, and when it said so.
#[derive(Debug, Default)]
pub(super) struct WithoutLogs(Mutex<Option<(u32, Instant)>>);

impl WithoutLogs {
    fn locked(&self) -> MutexGuard<'_, Option<(u32, Instant)>> {
        self.0.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Whether the answers of these clients lack them.
    fn is_of(&self, load: u32) -> bool {
        self.locked().is_some_and(|(of, _)| of == load)
    }

    /// Whether these clients need not be asked for them now.
    fn holds(&self, load: u32, now: Instant) -> bool {
        let recent = |at| now.saturating_duration_since(at) < AGAIN;
        self.locked()
            .is_some_and(|(of, at)| of == load && recent(at))
    }

    fn learn(&self, load: u32, now: Instant) {
        *self.locked() = Some((load, now));
    }

    fn unlearn(&self) {
        *self.locked() = None;
    }
}

/// Whether a refusal is about the kinds of alarms: that is what names them.
fn is_of_kinds(p: &Problem) -> bool {
    let why = p.why.to_lowercase();
    why.contains("alarmtype") || why.contains("logalarm")
}

impl CloudWatch {
    /// Whether the endpoint in use knows no log alarms: there may be some, and nobody is told of them.
    pub fn lacks_log_alarms(&self) -> bool {
        self.without_logs.is_of(self.aws.made())
    }

    /// Asks about every kind of alarm, or about the older ones where those are wanted or all that the endpoint knows. Comes with the
    /// load of the clients that asked, and whether they asked about all.
    async fn ask<T, E, F>(
        &self,
        question: Question,
        older: bool,
        call: &impl Fn(&Clients, Vec<sdk::AlarmType>) -> F,
    ) -> (u32, bool, Result<T, Problem>)
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        let (mut load, mut all) = (0, false);
        let answer = self
            .aws
            .read(&self.line, question, |c| {
                load = c.load;
                all = !older && !self.without_logs.holds(load, Instant::now());
                let kinds = match all {
                    true => KINDS.to_vec(),
                    false => OLDER.to_vec(),
                };
                call(c, kinds)
            })
            .await;
        (load, all, answer)
    }

    /// Asks about every kind of alarm. Regions, partitions and private endpoints that do not know the newest kind refuse the whole
    /// question for that word: they are asked once more about the others, and so from then on for an hour, or until clients are made
    /// anew. A refusal that does not name the kinds may be about anything, and is believed when it comes twice.
    async fn of_kinds<T, E, F>(
        &self,
        question: Question,
        call: impl Fn(&Clients, Vec<sdk::AlarmType>) -> F,
    ) -> Result<T, Problem>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        let refused =
            |p: &Problem| matches!(p.kind, ProblemKind::Invalid | ProblemKind::Unsupported);
        let (_, mut all, mut answer) = self.ask(question, false, &call).await;
        let is_odd = |p: &Problem| refused(p) && !is_of_kinds(p);
        if all && answer.as_ref().err().is_some_and(is_odd) {
            (_, all, answer) = self.ask(question, false, &call).await;
        }
        // What is lacking is lacking in the list of alarms: a history tells nothing of that.
        let learns = question.operation == ALARMS.operation;
        let problem = match answer {
            Err(p) if all && refused(&p) => p,
            answer => {
                if all && learns && answer.is_ok() {
                    self.without_logs.unlearn();
                }
                return answer;
            }
        };
        match self.ask(question, true, &call).await {
            (load, _, Ok(page)) => {
                if learns {
                    self.without_logs.learn(load, Instant::now());
                }
                Ok(page)
            }
            // It was not the kind that was refused.
            (_, _, Err(_)) => Err(problem),
        }
    }

    /// All alarms: firing first, then by severity, then by name (DescribeAlarms, 100 a page).
    pub async fn alarms(&self) -> Result<Vec<Alarm>, Problem> {
        let mut alarms = Vec::new();
        let mut pages = Pages::default();
        loop {
            let page = self
                .of_kinds(ALARMS, |c, kinds| {
                    c.cloudwatch
                        .describe_alarms()
                        .set_alarm_types(Some(kinds))
                        .max_records(100)
                        .set_next_token(pages.token())
                        .send()
                })
                .await?;
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
        let page = self
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

    /// Regions learn a new kind one by one, while the console runs.
    #[test]
    fn an_endpoint_without_alarms_of_logs_is_asked_for_them_every_hour() {
        let (without, now) = (WithoutLogs::default(), Instant::now());
        assert!(!without.is_of(1));
        without.learn(1, now);
        assert!(without.is_of(1) && without.holds(1, now));
        assert!(!without.is_of(2) && !without.holds(2, now));
        assert!(!without.holds(1, now + AGAIN));
        assert!(without.is_of(1), "what was read lacks them all the same");
        without.unlearn();
        assert!(!without.is_of(1));
    }

    #[test]
    fn a_state_that_is_not_known_is_not_green() {
        assert_eq!(state(Some(&sdk::StateValue::from("NEWSTATE"))), None);
        assert_eq!(state(None), None);
    }
}
