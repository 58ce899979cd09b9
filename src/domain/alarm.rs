//! CloudWatch alarms, after the CloudWatch API reference (version 2010-08-01).

use jiff::Timestamp;
use serde::Serialize;

use super::metric::MetricQuery;

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
