//! What an alarm watches, and what for.

use std::fmt;

use super::rule::Rule;
use crate::cloudwatch::query::{DataQuery, MetricAsk};
use crate::cloudwatch::stat::Stat;
use crate::cloudwatch::store::MetricKey;

/// An alarm's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Within the threshold.
    Ok,
    /// Beyond it.
    Alarm,
    /// Not known.
    InsufficientData,
}

impl State {
    /// By the vendor's word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Ok, Self::Alarm, Self::InsufficientData]
            .into_iter()
            .find(|s| s.as_str() == word)
    }

    /// The vendor's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Alarm => "ALARM",
            Self::InsufficientData => "INSUFFICIENT_DATA",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a value is held against the threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `>`
    GreaterThanThreshold,
    /// `>=`
    GreaterThanOrEqualToThreshold,
    /// `<`
    LessThanThreshold,
    /// `<=`
    LessThanOrEqualToThreshold,
}

impl Comparison {
    /// By the vendor's word.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "GreaterThanThreshold" => Self::GreaterThanThreshold,
            "GreaterThanOrEqualToThreshold" => Self::GreaterThanOrEqualToThreshold,
            "LessThanThreshold" => Self::LessThanThreshold,
            "LessThanOrEqualToThreshold" => Self::LessThanOrEqualToThreshold,
            _ => return None,
        })
    }

    /// Whether a value breaches.
    pub fn breaches(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::GreaterThanThreshold => value > threshold,
            Self::GreaterThanOrEqualToThreshold => value >= threshold,
            Self::LessThanThreshold => value < threshold,
            Self::LessThanOrEqualToThreshold => value <= threshold,
        }
    }

    /// In the words of a state's reason.
    pub fn words(self) -> &'static str {
        match self {
            Self::GreaterThanThreshold => "greater than",
            Self::GreaterThanOrEqualToThreshold => "greater than or equal to",
            Self::LessThanThreshold => "less than",
            Self::LessThanOrEqualToThreshold => "less than or equal to",
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// What a missing datapoint counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum TreatMissing {
    /// Nothing; without any datapoint the state is not known.
    #[default]
    Missing,
    /// Nothing; the state stays.
    Ignore,
    /// Beyond the threshold.
    Breaching,
    /// Within it.
    NotBreaching,
}

impl TreatMissing {
    /// By the vendor's word.
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Missing,
            Self::Ignore,
            Self::Breaching,
            Self::NotBreaching,
        ]
        .into_iter()
        .find(|t| t.as_str() == word)
    }

    /// The vendor's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Ignore => "ignore",
            Self::Breaching => "breaching",
            Self::NotBreaching => "notBreaching",
        }
    }
}

/// What values are judged.
#[derive(Clone, Debug, PartialEq)]
pub enum Judged {
    /// Of one metric.
    Metric(MetricAsk),
    /// Of an expression: the one query that returns data.
    Math(Vec<DataQuery>),
}

impl Judged {
    /// Seconds between the values.
    pub fn period(&self) -> i64 {
        let longest = |queries: &[DataQuery]| {
            queries
                .iter()
                .filter_map(|q| match &q.ask {
                    super::super::query::Ask::Metric(m) => Some(m.period),
                    super::super::query::Ask::Math { .. } => None,
                })
                .max()
        };
        match self {
            Self::Metric(m) => m.period,
            Self::Math(queries) => longest(queries).unwrap_or(60),
        }
    }
}

/// The rule of a metric alarm.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricRule {
    /// Values.
    pub judged: Judged,
    /// How many periods are looked at (N).
    pub evaluation_periods: u32,
    /// How many of them must breach (M); `None`: all.
    pub datapoints_to_alarm: Option<u32>,
    /// Threshold, in the metric's unit.
    pub threshold: f64,
    /// Side of the threshold that breaches.
    pub comparison: Comparison,
    /// What gaps count as.
    pub treat_missing: TreatMissing,
}

/// What an alarm watches.
#[derive(Clone, Debug, PartialEq)]
pub enum Watch {
    /// A metric.
    Metric(MetricRule),
    /// Other alarms.
    Composite(Rule),
}

/// An alarm as it is defined.
#[derive(Clone, Debug, PartialEq)]
pub struct AlarmSpec {
    /// Name, unique in the account.
    pub name: String,
    /// Words for people.
    pub description: String,
    /// What it watches.
    pub watch: Watch,
    /// Whether its actions are carried out.
    pub actions_enabled: bool,
    /// ARNs that hear of ALARM.
    pub alarm_actions: Vec<String>,
    /// ARNs that hear of OK.
    pub ok_actions: Vec<String>,
    /// ARNs that hear of INSUFFICIENT_DATA.
    pub insufficient_data_actions: Vec<String>,
    /// Tags.
    pub tags: Vec<(String, String)>,
}

impl AlarmSpec {
    fn new(name: &str, watch: Watch) -> Self {
        Self {
            name: name.to_owned(),
            description: String::new(),
            watch,
            actions_enabled: true,
            alarm_actions: Vec::new(),
            ok_actions: Vec::new(),
            insufficient_data_actions: Vec::new(),
            tags: Vec::new(),
        }
    }

    /// An alarm on one metric that breaches when one minute's value compares so to the threshold.
    pub fn metric(
        name: &str,
        (namespace, metric): (&str, &str),
        dims: &[(&str, &str)],
        stat: Stat,
        comparison: Comparison,
        threshold: f64,
    ) -> Self {
        let ask = MetricAsk {
            key: MetricKey::new(namespace, metric, dims),
            stat,
            period: 60,
            unit: None,
        };
        let rule = MetricRule {
            judged: Judged::Metric(ask),
            evaluation_periods: 1,
            datapoints_to_alarm: None,
            threshold,
            comparison,
            treat_missing: TreatMissing::Missing,
        };
        Self::new(name, Watch::Metric(rule))
    }

    /// An alarm on other alarms, such as `ALARM("a") AND NOT ALARM("b")`.
    ///
    /// # Errors
    /// The rule's mistake.
    pub fn composite(name: &str, rule: &str) -> Result<Self, String> {
        Ok(Self::new(name, Watch::Composite(Rule::parse(rule)?)))
    }

    fn rule(mut self, change: impl FnOnce(&mut MetricRule)) -> Self {
        if let Watch::Metric(rule) = &mut self.watch {
            change(rule);
        }
        self
    }

    /// With words.
    #[must_use]
    pub fn described(mut self, words: &str) -> Self {
        words.clone_into(&mut self.description);
        self
    }

    /// With `m` out of `n` periods of this many seconds.
    #[must_use]
    pub fn over(self, m: u32, n: u32, period_s: u32) -> Self {
        self.rule(|r| {
            r.evaluation_periods = n;
            r.datapoints_to_alarm = Some(m);
            if let Judged::Metric(ask) = &mut r.judged {
                ask.period = i64::from(period_s);
            }
        })
    }

    /// With missing data treated so.
    #[must_use]
    pub fn missing(self, treat: TreatMissing) -> Self {
        self.rule(|r| r.treat_missing = treat)
    }

    /// With an action on ALARM and on OK.
    #[must_use]
    pub fn notifying(mut self, arn: &str) -> Self {
        self.alarm_actions.push(arn.to_owned());
        self.ok_actions.push(arn.to_owned());
        self
    }

    /// With a tag.
    #[must_use]
    pub fn tagged(mut self, key: &str, value: &str) -> Self {
        self.tags.push((key.to_owned(), value.to_owned()));
        self
    }

    /// The actions of a state.
    pub fn actions(&self, state: State) -> &[String] {
        match state {
            State::Ok => &self.ok_actions,
            State::Alarm => &self.alarm_actions,
            State::InsufficientData => &self.insufficient_data_actions,
        }
    }
}
