//! From the vendor's answers to the bill.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;

use crate::backend::aws::convert::{reason, text};
use crate::backend::aws::sound::Required;
use crate::domain::cost::{Cost, CostAnomaly, DayCost, ServiceCost};
use crate::domain::order::Ordered;

/// The days that matter (UTC, as the vendor counts).
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    /// First day of last month.
    pub(super) first: Date,
    /// First day of this month.
    pub(super) month: Date,
    pub(super) today: Date,
    pub(super) tomorrow: Date,
    /// First day of next month.
    pub(super) end: Date,
}

impl Span {
    pub(super) fn of(now: Timestamp) -> Self {
        let today = now.to_zoned(TimeZone::UTC).date();
        let month = today.first_of_month();
        Self {
            first: month.checked_sub(1.month()).unwrap_or(month),
            month,
            today,
            tomorrow: today.tomorrow().unwrap_or(today),
            end: month.checked_add(1.month()).unwrap_or(today),
        }
    }

    /// The same day of last month, or its last one.
    fn last_month_until(&self) -> Date {
        let passed = i64::from(self.today.day());
        let until = self.first.checked_add(passed.days()).unwrap_or(self.month);
        until.min(self.month)
    }
}

/// GetCostAndUsage by day and service.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Usage {
    results_by_time: Required<Vec<Day>>,
    next_page_token: Option<String>,
}

/// The days of all its pages.
#[derive(Debug, Default)]
pub(super) struct Days(Vec<Day>);

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Day {
    time_period: Period,
    groups: Vec<Group>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Period {
    start: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Group {
    #[serde(default)]
    keys: Vec<String>,
    metrics: Metrics,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Metrics {
    unblended_cost: Money,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Money {
    #[serde(deserialize_with = "amount")]
    amount: f64,
    #[serde(default)]
    unit: String,
}

/// An amount, which is written as text. One that is no number is no zero: sums would be wrong, and look right.
fn amount<'de, D: serde::Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    let text = String::deserialize(from)?;
    let number = text.parse().ok().filter(|n: &f64| n.is_finite());
    number.ok_or_else(|| serde::de::Error::custom("an Amount is no number"))
}

impl Days {
    /// Adds a page; the token of the next.
    pub(super) fn join(&mut self, page: Usage) -> Option<String> {
        self.0.extend(page.results_by_time.0);
        page.next_page_token.filter(|t| !t.is_empty())
    }

    /// Rows so far: a row is what a day cost of one kind.
    pub(super) fn rows(&self) -> usize {
        self.0.iter().map(|day| day.groups.len()).sum()
    }
}

/// GetCostForecast.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Forecast {
    total: Required<Money>,
}

/// GetAnomalies.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Anomalies {
    anomalies: Required<Vec<Anomaly>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Anomaly {
    anomaly_id: String,
    anomaly_start_date: Option<String>,
    anomaly_end_date: Option<String>,
    dimension_value: Option<String>,
    root_causes: Vec<Cause>,
    impact: Impact,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Cause {
    service: Option<String>,
    usage_type: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Impact {
    max_impact: f64,
    total_impact: Option<f64>,
    total_expected_spend: Option<f64>,
}

fn date(text: Option<&str>) -> Option<Date> {
    text?.get(..10)?.parse().ok()
}

/// Puts the bill together.
pub(super) fn read(
    span: &Span,
    usage: Days,
    forecast: Option<Forecast>,
    anomalies: Option<Anomalies>,
    now: Timestamp,
    questions: u32,
) -> Cost {
    let mut by_service: BTreeMap<String, BTreeMap<Date, f64>> = BTreeMap::new();
    let mut by_day: BTreeMap<Date, f64> = BTreeMap::new();
    let mut currency = String::new();
    for result in usage.0 {
        let Some(day) = date(Some(&result.time_period.start)) else {
            continue;
        };
        by_day.entry(day).or_default();
        for group in result.groups {
            let money = &group.metrics.unblended_cost;
            if currency.is_empty() {
                currency = text(Some(&money.unit));
            }
            let service = text(group.keys.first().map(String::as_str));
            *by_service
                .entry(service)
                .or_default()
                .entry(day)
                .or_default() += money.amount;
            *by_day.entry(day).or_default() += money.amount;
        }
    }
    let until = span.last_month_until();
    let sum = |days: &BTreeMap<Date, f64>, from: Date, to: Date| -> f64 {
        days.range(from..to).fold(0.0, |all, (_, n)| all + n)
    };
    let mut services: Vec<ServiceCost> = by_service
        .iter()
        .map(|(service, days)| ServiceCost {
            service: service.clone(),
            month: sum(days, span.month, span.tomorrow),
            last_month_so_far: sum(days, span.first, until),
            week: week(span.today)
                .map(|d| days.get(&d).copied().unwrap_or(0.0))
                .collect(),
        })
        .collect();
    services.order_by(|a, b| {
        b.month
            .total_cmp(&a.month)
            .then_with(|| a.service.cmp(&b.service))
    });
    let before_today = sum(&by_day, span.month, span.today);
    let anomalies = anomalies.map(|told| {
        let mut all: Vec<CostAnomaly> = told.anomalies.0.iter().map(anomaly).collect();
        all.order_by_key(|a| std::cmp::Reverse(a.from));
        all
    });
    Cost {
        currency: if currency.is_empty() {
            "USD".into()
        } else {
            currency
        },
        asked_at: now,
        next_at: now,
        questions,
        budget: None,
        month: sum(&by_day, span.month, span.tomorrow),
        last_month_so_far: sum(&by_day, span.first, until),
        last_month: sum(&by_day, span.first, span.month),
        // The forecast begins with today, as a whole day.
        month_end: forecast.map(|f| before_today + f.total.0.amount),
        services,
        days: by_day
            .range(..span.today)
            .map(|(day, amount)| DayCost {
                day: *day,
                amount: *amount,
            })
            .collect(),
        anomalies,
    }
}

/// The last seven whole days, oldest first.
fn week(today: Date) -> impl Iterator<Item = Date> {
    (1..=7_i64)
        .rev()
        .filter_map(move |n| today.checked_sub(n.days()).ok())
}

fn anomaly(a: &Anomaly) -> CostAnomaly {
    let cause = a.root_causes.first();
    let service = cause.and_then(|c| c.service.as_deref());
    CostAnomaly {
        id: text(Some(&a.anomaly_id)),
        about: reason(service.or(a.dimension_value.as_deref())),
        cause: reason(cause.and_then(|c| c.usage_type.as_deref())),
        from: date(a.anomaly_start_date.as_deref()),
        until: date(a.anomaly_end_date.as_deref()),
        impact: a.impact.total_impact.unwrap_or(a.impact.max_impact),
        expected: a.impact.total_expected_spend.unwrap_or(0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn months_are_compared_day_by_day() {
        let day = |date: &str, service: &str, amount: &str| {
            json!({
                "TimePeriod": {"Start": date, "End": date},
                "Groups": [{"Keys": [service], "Metrics": {"UnblendedCost": {"Amount": amount, "Unit": "USD"}}}],
            })
        };
        let page: Usage = serde_json::from_value(json!({"ResultsByTime": [
            day("2026-02-01", "ECS", "1"), day("2026-02-02", "RDS", "2"), day("2026-02-28", "ECS", "40"),
            day("2026-03-01", "ECS", "10"), day("2026-03-02", "RDS", "5.5"),
        ]}))
        .unwrap();
        let mut usage = Days::default();
        assert_eq!(usage.join(page), None);
        let forecast: Forecast =
            serde_json::from_value(json!({"Total": {"Amount": "300", "Unit": "USD"}})).unwrap();
        let now = at("2026-03-02T12:00:00Z");
        let cost = read(&Span::of(now), usage, Some(forecast), None, now, 3);
        assert_eq!(
            (cost.month, cost.last_month_so_far, cost.last_month),
            (15.5, 3.0, 43.0)
        );
        assert_eq!(
            cost.month_end,
            Some(310.0),
            "yesterday, and the forecast from today on"
        );
        assert_eq!(cost.services[0].service, "ECS");
        assert_eq!(cost.services[0].week.len(), 7);
        assert_eq!(
            cost.services[0].week.last(),
            Some(&10.0),
            "yesterday is the last whole day"
        );
        assert_eq!(cost.days.last().unwrap().day.to_string(), "2026-03-01");
    }

    #[test]
    fn an_amount_that_is_no_number_is_no_zero() {
        let read = |amount: &str| {
            let total = json!({"Total": {"Amount": amount, "Unit": "USD"}});
            serde_json::from_value::<Forecast>(total)
        };
        assert_eq!(read("1.5").unwrap().total.0.amount, 1.5);
        for amount in ["NaN", "inf", "", "a lot"] {
            assert!(read(amount).is_err(), "{amount}");
        }
    }

    #[test]
    fn the_31st_is_compared_with_the_whole_shorter_month() {
        let span = Span::of(at("2026-03-31T01:00:00Z"));
        assert_eq!(span.last_month_until().to_string(), "2026-03-01");
        assert_eq!(span.end.to_string(), "2026-04-01");
        assert_eq!(span.first.to_string(), "2026-02-01");
    }

    #[test]
    fn an_anomaly_names_where_it_came_from() {
        let got: Anomalies = serde_json::from_value(json!({"Anomalies": [{
            "AnomalyId": "a", "AnomalyStartDate": "2026-03-01T00:00:00Z", "DimensionValue": "monitor",
            "RootCauses": [{"Service": "AmazonCloudWatch", "UsageType": "DataProcessing-Bytes"}],
            "Impact": {"MaxImpact": 3.0, "TotalImpact": 5.0},
        }]}))
        .unwrap();
        let a = anomaly(&got.anomalies.0[0]);
        assert_eq!(
            (a.about.as_str(), a.impact, a.until),
            ("AmazonCloudWatch", 5.0, None)
        );
    }
}
