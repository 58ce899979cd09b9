//! CloudWatch alarms, after the CloudWatch API reference (version 2010-08-01).

mod composite;

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::metric::{MetricId, MetricQuery};
use super::text::width;

/// State of an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmState {
    /// Over its threshold.
    Alarm,
    /// Cannot tell. Not green.
    InsufficientData,
    /// Within its threshold.
    Ok,
}

impl AlarmState {
    /// The vendor's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Alarm => "ALARM",
            Self::InsufficientData => "NO DATA",
            Self::Ok => "OK",
        }
    }
}

/// How much a firing alarm matters. CloudWatch has no severity: it is read from a `severity` tag-like word in the name or
/// description (`crit`, `page`, `sev1` ... / `warn`, `sev3` ...), else from configuration, else it is `Warning`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Wakes somebody.
    Critical,
    /// To be looked at today.
    Warning,
    /// For information.
    Info,
}

impl Severity {
    /// The word shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Critical => "CRIT",
            Self::Warning => "WARN",
            Self::Info => "INFO",
        }
    }

    /// Reads a severity from an alarm's name and description.
    pub fn guess(name: &str, description: &str) -> Self {
        let text = format!("{name} {description}").to_lowercase();
        let has = |words: &[&str]| {
            text.split(|c: char| !c.is_alphanumeric())
                .any(|w| words.contains(&w))
        };
        if has(&[
            "crit", "critical", "page", "sev1", "sev2", "p1", "p2", "fatal",
        ]) {
            Self::Critical
        } else if has(&["info", "sev5", "p5", "notice"]) {
            Self::Info
        } else {
            Self::Warning
        }
    }
}

/// What an alarm watches.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AlarmRule {
    /// A metric (or an expression) against a threshold.
    Metric {
        /// The metric; `None` for metric math that cannot be shown as one series.
        query: Option<MetricQuery>,
        /// The math expression, where there is one.
        expression: Option<String>,
        /// The metrics that an expression is made of, where they are told; of one metric alone, `query` tells.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        parts: Vec<MetricId>,
        /// `>`, `>=`, `<`, `<=`, or the vendor's word for anomaly bands.
        comparison: String,
        /// In the metric's unit.
        threshold: Option<f64>,
        /// Datapoints to alarm.
        datapoints: u32,
        /// Out of so many periods.
        periods: u32,
        /// Seconds a period.
        period_s: u32,
    },
    /// A rule over other alarms.
    Composite {
        /// `ALARM("a") AND ...`
        rule: String,
    },
    /// What a query of CloudWatch Logs Insights finds, run on a schedule, against a threshold.
    Log {
        /// The query.
        query: String,
        /// Log groups that it reads, by name or ARN.
        groups: Vec<String>,
        /// How what it finds becomes a number: `count(*)`.
        aggregation: String,
        /// `>`, `>=`, `<`, `<=`.
        comparison: String,
        /// In whatever the query finds.
        threshold: Option<f64>,
        /// Results to alarm.
        datapoints: u32,
        /// Out of so many of the newest.
        periods: u32,
    },
}

impl AlarmRule {
    /// When a rule over logs fires, in words: `count(*) > 10 in 2 of 3 results`. `None` of any other rule.
    pub fn limit(&self) -> Option<String> {
        let Self::Log {
            aggregation,
            comparison,
            threshold,
            datapoints,
            periods,
            ..
        } = self
        else {
            return None;
        };
        let threshold = threshold.map(|t| format!(" {t}")).unwrap_or_default();
        Some(format!(
            "{aggregation} {comparison}{threshold} in {datapoints} of {periods} results"
        ))
    }
}

/// An alarm.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Alarm {
    /// Name: its identity.
    pub name: String,
    /// ARN.
    pub arn: String,
    /// Description.
    pub description: String,
    /// State.
    pub state: AlarmState,
    /// Severity as read by [`Severity::guess`].
    pub severity: Severity,
    /// The vendor's words for the state.
    pub reason: String,
    /// When it entered the state (UTC).
    pub since: Option<Timestamp>,
    /// When it was last evaluated to something new (UTC).
    pub updated_at: Option<Timestamp>,
    /// What it watches.
    pub rule: AlarmRule,
    /// Whether its actions are on.
    pub actions_enabled: bool,
    /// Action ARNs for ALARM.
    pub actions: Vec<String>,
    /// Action ARNs for its other states.
    pub other_actions: Vec<String>,
    /// By what the actions of a composite alarm are held back now, in words: nobody is told though they are on.
    pub held_back: Option<String>,
}

/// How long scaling is given to do its work: what still says "too much" then is not helped by it.
const SCALING: SignedDuration = SignedDuration::from_mins(15);

/// Whether an action (its ARN) reaches somebody: a topic, an incident or a work item of Systems Manager, a function (CloudWatch
/// API reference, "PutMetricAlarm", `AlarmActions`). One that scales, stops or reboots something tells nobody.
pub fn tells_somebody(action: &str) -> bool {
    let mut parts = action.splitn(7, ':');
    let mut next = || parts.next().unwrap_or_default();
    let (arn, _, service, _, _, kind) = (next(), next(), next(), next(), next(), next());
    arn == "arn"
        && match service {
            "sns" | "lambda" | "ssm-incidents" => true,
            "ssm" => kind == "opsitem",
            _ => false,
        }
}

impl Alarm {
    /// Whether its rule is about other alarms.
    pub fn is_composite(&self) -> bool {
        matches!(self.rule, AlarmRule::Composite { .. })
    }

    /// Whether its rule names another alarm, by its name or its ARN.
    pub fn is_made_of(&self, name: &str) -> bool {
        self.made_of().any(|named| named == name)
    }

    /// The names of the alarms that its rule is about, as often as it names them (CloudWatch API reference, "PutCompositeAlarm",
    /// `AlarmRule`: `ALARM("name")`, `OK(name)`, `INSUFFICIENT_DATA("arn:...:alarm:name")`, `AT_LEAST(2, NOT OK, (one, "two"))`).
    pub fn made_of(&self) -> impl Iterator<Item = &str> {
        let rule = match &self.rule {
            AlarmRule::Composite { rule } => rule.as_str(),
            AlarmRule::Metric { .. } | AlarmRule::Log { .. } => "",
        };
        composite::named(rule).into_iter().map(|named| {
            let arn = named
                .strip_prefix("arn:")
                .and_then(|a| a.split_once(":alarm:"));
            arn.map_or(named, |(_, name)| name)
        })
    }

    /// Its name as a list with so many columns for it shows it: where it does not fit, of one that target tracking made what is scaled and
    /// which way. What stands around that is the same in all of them, and an id.
    pub fn listed_name(&self, columns: usize) -> Cow<'_, str> {
        listed(&self.name, columns)
    }

    /// Actions that reach somebody.
    pub fn telling(&self) -> impl Iterator<Item = &str> {
        let all = self.actions.iter().map(String::as_str);
        all.filter(|a| tells_somebody(a))
    }

    /// Whether it sets off scaling policies and does nothing else, in any of its states. Such alarms are how the vendor scales: the low
    /// one of a target tracking policy stays in ALARM for as long as a service is at its minimum with little to do (Application Auto
    /// Scaling user guide, "How target tracking scaling for Application Auto Scaling works"), and those of step scaling have free names.
    pub fn is_for_scaling(&self) -> bool {
        let all = || self.actions.iter().chain(&self.other_actions);
        all().next().is_some() && all().all(|action| scales(action))
    }

    /// Whether it is for scaling and says nothing that people need to hear: it does not fire, or it fires below its threshold, which is
    /// what a service at its minimum does, or scaling has had no time yet. One that has said "too much" for longer is trouble: there is
    /// no room left, or scaling does not work. So is one of which nobody tells since when it fires.
    pub fn scales_quietly(&self, now: Timestamp) -> bool {
        let is_low = match &self.rule {
            AlarmRule::Metric { comparison, .. } | AlarmRule::Log { comparison, .. } => {
                comparison.starts_with('<')
            }
            AlarmRule::Composite { .. } => false,
        };
        // As far ahead of this clock as behind it: two clocks that differ silence none.
        let is_young = |since: Timestamp| now.duration_since(since).abs() < SCALING;
        self.is_for_scaling()
            && (self.state != AlarmState::Alarm || is_low || self.since.is_some_and(is_young))
    }

    /// Metrics that it watches: one, or those of an expression; none where its rule is about something else.
    pub fn metrics(&self) -> impl Iterator<Item = &MetricId> {
        let (query, parts) = match &self.rule {
            AlarmRule::Metric { query, parts, .. } => (query.as_ref(), parts.as_slice()),
            AlarmRule::Composite { .. } | AlarmRule::Log { .. } => (None, &[][..]),
        };
        query.map(|q| &q.metric).into_iter().chain(parts)
    }
}

/// Whether an action (its ARN) is a scaling policy, of a service or of a group of machines.
fn scales(action: &str) -> bool {
    let mut parts = action.split(':');
    (parts.next(), parts.nth(1)) == (Some("arn"), Some("autoscaling"))
}

impl AlarmEvent {
    /// Whether it is an action that was carried out and reached somebody. The summary names the action's ARN.
    pub fn told_somebody(&self) -> bool {
        self.kind == "Action"
            && self.summary.to_lowercase().starts_with("success")
            && self.summary.split_whitespace().any(tells_somebody)
    }
}

/// One row of an alarm's history (DescribeAlarmHistory).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AlarmEvent {
    /// Alarm.
    pub alarm: String,
    /// When (UTC).
    pub at: Timestamp,
    /// `StateUpdate`, `ConfigurationUpdate`, `Action`.
    pub kind: String,
    /// The vendor's summary.
    pub summary: String,
}

/// The name of an alarm as [`Alarm::listed_name`] has it.
pub fn listed(name: &str, columns: usize) -> Cow<'_, str> {
    match tracked(name) {
        Some(told) if width(name) > columns => Cow::Owned(format!("…{told}…")),
        _ => Cow::Borrowed(name),
    }
}

/// What tells of the name of an alarm of target tracking: `TargetTracking-service/laser-prod/api-AlarmLow-<id>`.
fn tracked(name: &str) -> Option<&str> {
    let told = name.strip_prefix("TargetTracking-")?;
    let ends = |level: &str| told.rfind(level).map(|at| at + level.len() - 1);
    let end = ends("-AlarmHigh-").or_else(|| ends("-AlarmLow-"))?;
    let told = told.get(..end)?;
    Some(told.strip_prefix("service/").unwrap_or(told))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_alarm_of_target_tracking_the_service_is_told() {
        let id = "3f2a1b9c-0d4e-4f5a-8b6c-7d8e9f0a1b2c";
        let of = |rest: &str| format!("TargetTracking-{rest}-{id}");
        let name = of("service/laser-prod/api-AlarmLow");
        assert_eq!(tracked(&name), Some("laser-prod/api-AlarmLow"));
        let name = of("table/orders-AlarmHigh-AlarmHigh");
        assert_eq!(tracked(&name), Some("table/orders-AlarmHigh-AlarmHigh"));
        assert_eq!(tracked(&of("service/laser-prod/api")), None);
        assert_eq!(tracked("laser-prod-api-AlarmLow-1"), None);
    }

    #[test]
    fn a_composite_rule_names_alarms_whole() {
        let rule = r#"(ALARM("api:cpu") OR ALARM( db-cpu )) AND NOT OK("arn:aws:cloudwatch:us-east-1:1:alarm:lag") AND (ALARM(a"#;
        let alarm = Alarm {
            name: "down".into(),
            arn: String::new(),
            description: String::new(),
            state: AlarmState::Ok,
            severity: Severity::Warning,
            reason: String::new(),
            since: None,
            updated_at: None,
            rule: AlarmRule::Composite { rule: rule.into() },
            actions_enabled: true,
            other_actions: Vec::new(),
            held_back: None,
            actions: Vec::new(),
        };
        let named: Vec<&str> = alarm.made_of().collect();
        assert_eq!(named, ["api:cpu", "db-cpu", "lag", "a"]);
        let made_of = |rule: &str| -> Vec<String> {
            let rule = AlarmRule::Composite { rule: rule.into() };
            let alarm = Alarm {
                rule,
                ..alarm.clone()
            };
            alarm.made_of().map(str::to_owned).collect()
        };
        // What stands in brackets is a name only behind a state, or in the list of `AT_LEAST`.
        let rule = r#"AT_LEAST(2, ALARM, (a, "b (1, 2)", c)) OR AT_LEAST(50%, NOT OK, ("arn:aws:cloudwatch:r:1:alarm:d")) AND(OK (e))"#;
        assert_eq!(made_of(rule), ["a", "b (1, 2)", "c", "d", "e"]);
        let rule = r#"NOT(ALARM(f)) AND(NOT (INSUFFICIENT_DATA("ALARM(g)"))) OR(TRUE)"#;
        assert_eq!(made_of(rule), ["f", "ALARM(g)"]);
        assert!(alarm.is_made_of("lag") && !alarm.is_made_of("cpu"));
    }

    #[test]
    fn an_action_tells_somebody_by_what_its_arn_names() {
        for (arn, tells) in [
            ("arn:aws:sns:us-east-1:1:oncall", true),
            ("arn:aws-us-gov:sns:us-gov-west-1:1:oncall", true),
            (
                "arn:aws:ssm:us-east-1:1:opsitem:1#CATEGORY=Availability",
                true,
            ),
            ("arn:aws:ssm-incidents::1:responseplan/api", true),
            ("arn:aws:lambda:us-east-1:1:function:page", true),
            ("arn:aws:ssm:us-east-1:1:document/restart", false),
            ("arn:aws:autoscaling:us-east-1:1:scalingPolicy:a", false),
            ("arn:aws:automate:us-east-1:ec2:reboot", false),
            ("sns", false),
        ] {
            assert_eq!(tells_somebody(arn), tells, "{arn}");
        }
    }
}
