//! Cost Explorer (API version 2017-10-25, AWS JSON 1.1): what the account spends, by service and day. Each question costs a cent, as
//! at the vendor's, and the cents are in the bill.

mod bill;

use jiff::ToSpan;
use jiff::civil::Date;

use bill::{LINES, date, days, each_day, interval, moment, next_month, period, split, usual};

use crate::wire::{ApiError, Node, list, map};
use crate::world::{World, names};

/// The service that asks for its own questions.
const ITSELF: &str = "AWS Cost Explorer";
/// Dollars a question.
const QUESTION: f64 = 0.01;
/// Log ingestion ran away for two days: which service, days ago (first and last), times its ordinary cost.
const RUNAWAY: (&str, i32, i32, f64) = ("AmazonCloudWatch", 9, 8, 6.5);
/// Months that are kept.
const KEPT_DAYS: i32 = 14 * 31;
const MONITOR: &str = "a0a1e5c0-5a7e-4b1d-9c0d-c05700000001";

/// The bill.
#[derive(Debug, Default)]
pub struct Costs {
    told: bool,
    /// Questions asked, by day.
    asked: Vec<(Date, u32)>,
}

impl Costs {
    /// What the story begins with.
    pub fn new(told: bool) -> Self {
        Self {
            told,
            asked: Vec::new(),
        }
    }

    /// Answers an operation.
    ///
    /// # Errors
    /// The vendor's own.
    pub fn handle(
        &mut self,
        operation: &str,
        input: &Node,
        world: &World,
    ) -> Result<Node, ApiError> {
        let now = moment(world.stamp());
        if !matches!(
            operation,
            "GetCostAndUsage" | "GetCostForecast" | "GetAnomalies" | "GetAnomalyMonitors"
        ) {
            return Err(ApiError::unknown_operation(operation));
        }
        match self.asked.iter_mut().find(|(day, _)| *day == now.0) {
            Some((_, n)) => *n += 1,
            None => self.asked.push((now.0, 1)),
        }
        match operation {
            "GetCostAndUsage" => self.usage(input, now),
            "GetCostForecast" => self.forecast(input, now),
            "GetAnomalies" => self.anomalies(input, now),
            _ => Ok(monitors(self.told)),
        }
    }

    /// Dollars of a service on a day; of today, what has passed of it.
    fn day(&self, service: &str, day: Date, (today, share): (Date, f64)) -> f64 {
        if service == ITSELF {
            let n = self.asked.iter().find(|(d, _)| *d == day);
            return n.map_or(0.0, |(_, n)| f64::from(*n) * QUESTION);
        }
        let Some(line) = LINES.iter().find(|l| l.service == service) else {
            return 0.0;
        };
        let ago = days(day, today);
        let (who, first, last, times) = RUNAWAY;
        let extra = if who == service && (last..=first).contains(&ago) {
            times
        } else {
            1.0
        };
        let part = match ago {
            0 => share,
            n if n < 0 => 0.0,
            _ => 1.0,
        };
        usual(line, day, today) * extra * part
    }

    fn services(&self) -> Vec<&'static str> {
        if !self.told {
            return Vec::new();
        }
        let all = LINES.iter().map(|l| l.service);
        all.chain((!self.asked.is_empty()).then_some(ITSELF))
            .collect()
    }

    fn usage(&self, input: &Node, now: (Date, f64)) -> Result<Node, ApiError> {
        let (start, end) = period(input.get("TimePeriod"), "Start", "End")?;
        if days(start, now.0) > KEPT_DAYS {
            return Err(invalid(
                "You haven't enabled historical data beyond 14 months",
            ));
        }
        let metrics = input.get("Metrics").as_strs();
        const KNOWN: [&str; 7] = [
            "AmortizedCost",
            "BlendedCost",
            "NetAmortizedCost",
            "NetUnblendedCost",
            "NormalizedUsageAmount",
            "UnblendedCost",
            "UsageQuantity",
        ];
        if metrics.is_empty() || metrics.iter().any(|m| !KNOWN.contains(m)) {
            return Err(invalid("Metrics is a required parameter of known metrics"));
        }
        let groups = input.get("GroupBy").as_list();
        for g in groups {
            let key = g.get("Key").as_text().unwrap_or_default();
            if !matches!(key, "SERVICE" | "REGION" | "LINKED_ACCOUNT") {
                return Err(invalid(&format!(
                    "Key {key} is not a dimension that is kept here"
                )));
            }
        }
        let spans = match input.get("Granularity").as_text() {
            Some("DAILY") => split(start, end, |d| d.checked_add(1.day()).unwrap_or(end)),
            Some("MONTHLY") => split(start, end, |d| next_month(d).min(end)),
            _ => return Err(invalid("Granularity must be DAILY or MONTHLY")),
        };
        let chosen = self.services();
        let chosen: Vec<&str> = chosen
            .into_iter()
            .filter(|s| passes(input.get("Filter"), s))
            .collect();
        let value = |dollars: f64| {
            let amount = map([
                ("Amount", Node::from(format!("{dollars:.10}"))),
                ("Unit", "USD".into()),
            ]);
            Node::Map(
                metrics
                    .iter()
                    .map(|m| ((*m).to_owned(), amount.clone()))
                    .collect(),
            )
        };
        let results = spans.into_iter().map(|(from, to)| {
            let sum = |service: &str| -> f64 {
                each_day(from, to).map(|d| self.day(service, d, now)).sum()
            };
            let total: f64 = chosen.iter().map(|s| sum(s)).sum();
            let shown: Vec<Node> = if groups.is_empty() {
                Vec::new()
            } else {
                let paid = chosen
                    .iter()
                    .map(|s| (*s, sum(s)))
                    .filter(|(_, n)| *n > 0.0);
                let mut by_key: Vec<(Vec<&str>, f64)> = Vec::new();
                for (service, dollars) in paid {
                    let keys: Vec<&str> = groups
                        .iter()
                        .map(|g| match g.get("Key").as_text() {
                            Some("SERVICE") => service,
                            Some("REGION") => names::REGION,
                            _ => names::ACCOUNT,
                        })
                        .collect();
                    match by_key.iter_mut().find(|(k, _)| *k == keys) {
                        Some((_, n)) => *n += dollars,
                        None => by_key.push((keys, dollars)),
                    }
                }
                let group = |(keys, n): (Vec<&str>, f64)| {
                    map([("Keys", list(keys)), ("Metrics", value(n))])
                };
                by_key.into_iter().map(group).collect()
            };
            map([
                ("TimePeriod", interval(from, to)),
                (
                    "Total",
                    if groups.is_empty() {
                        value(total)
                    } else {
                        Node::Map(Vec::new())
                    },
                ),
                ("Groups", Node::List(shown)),
                ("Estimated", (to > now.0 || days(from, now.0) < 3).into()),
            ])
        });
        Ok(map([
            ("GroupDefinitions", Node::List(groups.to_vec())),
            ("ResultsByTime", list(results)),
            ("DimensionValueAttributes", list::<Node>([])),
        ]))
    }

    fn forecast(&self, input: &Node, now: (Date, f64)) -> Result<Node, ApiError> {
        let (start, end) = period(input.get("TimePeriod"), "Start", "End")?;
        if start < now.0 {
            return Err(invalid("Start date cannot be in the past"));
        }
        if !self.told {
            let why = "Insufficient amount of historical data to generate forecast.";
            return Err(ApiError::new("DataUnavailableException", why));
        }
        let spans = match input.get("Granularity").as_text() {
            Some("DAILY") => split(start, end, |d| d.checked_add(1.day()).unwrap_or(end)),
            Some("MONTHLY") => split(start, end, |d| next_month(d).min(end)),
            _ => return Err(invalid("Granularity must be DAILY or MONTHLY")),
        };
        // An ordinary day from now on, as of today's growth.
        let expected = |day: Date| -> f64 { LINES.iter().map(|l| usual(l, day, now.0)).sum() };
        let sum = |from: Date, to: Date| each_day(from, to).map(expected).sum::<f64>();
        let results = spans.iter().map(|(from, to)| {
            let mean = sum(*from, *to);
            map([
                ("TimePeriod", interval(*from, *to)),
                ("MeanValue", Node::from(format!("{mean:.10}"))),
                (
                    "PredictionIntervalLowerBound",
                    format!("{:.10}", mean * 0.93).into(),
                ),
                (
                    "PredictionIntervalUpperBound",
                    format!("{:.10}", mean * 1.08).into(),
                ),
            ])
        });
        let total = map([
            ("Amount", Node::from(format!("{:.10}", sum(start, end)))),
            ("Unit", "USD".into()),
        ]);
        Ok(map([
            ("Total", total),
            ("ForecastResultsByTime", list(results)),
        ]))
    }

    fn anomalies(&self, input: &Node, (today, _): (Date, f64)) -> Result<Node, ApiError> {
        let span = input.get("DateInterval");
        let start = date(span.get("StartDate")).ok_or_else(|| invalid("StartDate is required"))?;
        let end = date(span.get("EndDate")).unwrap_or(today);
        let (service, first, last, times) = RUNAWAY;
        let on = |ago: i32| today.checked_sub(ago.days()).unwrap_or(today);
        let (from, to) = (on(first), on(last));
        let mut found = Vec::new();
        if self.told && from <= end && to >= start {
            let line = LINES.iter().find(|l| l.service == service);
            let expected: f64 = line.map_or(0.0, |l| usual(l, from, today) + usual(l, to, today));
            let extra = expected * (times - 1.0);
            let impact = map([
                ("MaxImpact", Node::Float(extra / 2.0)),
                ("TotalImpact", Node::Float(extra)),
                ("TotalActualSpend", Node::Float(expected + extra)),
                ("TotalExpectedSpend", Node::Float(expected)),
                ("TotalImpactPercentage", Node::Float((times - 1.0) * 100.0)),
            ]);
            let cause = map([
                ("Service", Node::from(service)),
                ("Region", names::REGION.into()),
                ("LinkedAccount", names::ACCOUNT.into()),
                ("UsageType", "DataProcessing-Bytes".into()),
            ]);
            let score = map([
                ("MaxScore", Node::Float(0.87)),
                ("CurrentScore", Node::Float(0.31)),
            ]);
            found.push(map([
                (
                    "AnomalyId",
                    Node::from("c05710a5-0000-4000-8000-00000000ca5e"),
                ),
                ("AnomalyStartDate", format!("{from}T00:00:00Z").into()),
                ("AnomalyEndDate", format!("{to}T00:00:00Z").into()),
                ("DimensionValue", service.into()),
                ("RootCauses", list([cause])),
                ("AnomalyScore", score),
                ("Impact", impact),
                ("MonitorArn", monitor().into()),
            ]));
        }
        Ok(map([("Anomalies", Node::List(found))]))
    }
}

fn monitor() -> String {
    format!("arn:aws:ce::{}:anomalymonitor/{MONITOR}", names::ACCOUNT)
}

fn monitors(told: bool) -> Node {
    let one = map([
        ("MonitorArn", Node::from(monitor())),
        ("MonitorName", "by-service".into()),
        ("MonitorType", "DIMENSIONAL".into()),
        ("MonitorDimension", "SERVICE".into()),
    ]);
    map([("AnomalyMonitors", list(told.then_some(one)))])
}

fn invalid(why: &str) -> ApiError {
    ApiError::new("ValidationException", why)
}

/// Whether a filter of dimensions lets a service through. What is kept of one account and region passes every other dimension.
fn passes(filter: &Node, service: &str) -> bool {
    let all = filter.get("And").as_list();
    let any = filter.get("Or").as_list();
    if !all.is_empty() {
        return all.iter().all(|f| passes(f, service));
    }
    if !any.is_empty() {
        return any.iter().any(|f| passes(f, service));
    }
    if !filter.get("Not").is_null() {
        return !passes(filter.get("Not"), service);
    }
    let dimension = filter.get("Dimensions");
    let values = dimension.get("Values").as_strs();
    match dimension.get("Key").as_text() {
        Some("SERVICE") => values.contains(&service),
        Some("REGION") => values.contains(&names::REGION),
        Some("LINKED_ACCOUNT") => values.contains(&names::ACCOUNT),
        // Nothing here is a credit, a refund or a tax.
        Some("RECORD_TYPE") => values.contains(&"Usage"),
        _ => true,
    }
}
