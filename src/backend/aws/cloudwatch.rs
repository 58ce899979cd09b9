//! Amazon CloudWatch (API version 2010-08-01): series and names of metrics. Alarms are in `cloudwatch_alarms`.

use std::sync::Arc;
use std::time::Duration;

use aws_config::Region;
use aws_sdk_cloudwatch::{Client, types as sdk};
use jiff::{SignedDuration, Timestamp};

use super::cloudwatch_alarms::WithoutLogs;
use super::convert::{sdk_time, text, time};
use super::pages::Pages;
use super::sound::told;
use super::{Aws, Question};
use crate::backend::transport::Line;
use crate::domain::metric::{MetricId, MetricQuery, Series, Stat, Unit};
use crate::domain::order::Ordered;
use crate::domain::problem::Problem;

const DATA: Question = Question::new("cloudwatch", "GetMetricData", "read the metrics");
const NAMES: Question = Question::new("cloudwatch", "ListMetrics", "list the metrics");

/// Queries that GetMetricData takes at once.
pub const QUERIES_A_CALL: usize = 500;
/// Pages of one GetMetricData question that are read at most.
const PAGES_AT_MOST: usize = 20;
/// How long another region may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The CloudWatch client.
#[derive(Debug)]
pub struct CloudWatch {
    pub(super) aws: Arc<Aws>,
    pub(super) line: Arc<Line>,
    pub(super) without_logs: WithoutLogs,
}

impl CloudWatch {
    /// On an account.
    pub fn new(aws: Arc<Aws>) -> Self {
        let line = aws.lines().cloudwatch.clone();
        Self {
            aws,
            line,
            without_logs: WithoutLogs::default(),
        }
    }

    /// One series for each query, in their order, over `from..until` (GetMetricData: up to 500 queries a call, paged). A
    /// query without data has a series without points.
    pub async fn series(
        &self,
        queries: &[MetricQuery],
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Series>, Problem> {
        self.all_series(None, queries, from, until).await
    }

    /// The same as [`series`](Self::series), of another region of the account: some things are measured where they go to. Beyond
    /// ten seconds nobody waits for it.
    pub async fn series_in(
        &self,
        region: &str,
        queries: &[MetricQuery],
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Series>, Problem> {
        let asked = self.all_series(Some(region), queries, from, until);
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(answer) => answer,
            Err(_) => Err(self.aws.silent_abroad(region, DATA).await),
        }
    }

    async fn all_series(
        &self,
        region: Option<&str>,
        queries: &[MetricQuery],
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Series>, Problem> {
        let mut all = Vec::with_capacity(queries.len());
        for chunk in queries.chunks(QUERIES_A_CALL) {
            all.extend(self.some_series(region, chunk, from, until).await?);
        }
        Ok(all)
    }

    async fn some_series(
        &self,
        region: Option<&str>,
        queries: &[MetricQuery],
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Series>, Problem> {
        let asked: Vec<sdk::MetricDataQuery> = queries.iter().enumerate().map(query).collect();
        let mut answers: Vec<Answer> = vec![Answer::default(); queries.len()];
        let mut pages = Pages::at_most(PAGES_AT_MOST);
        let line = match region {
            None => &self.line,
            Some(_) => &self.aws.lines().cloudwatch_abroad,
        };
        line.metrics(queries.len());
        loop {
            let ask = |client: &Client, region: &str| {
                let there = aws_sdk_cloudwatch::config::Builder::new();
                client
                    .get_metric_data()
                    .set_metric_data_queries(Some(asked.clone()))
                    .start_time(sdk_time(from))
                    .end_time(sdk_time(until))
                    .scan_by(sdk::ScanBy::TimestampAscending)
                    .set_next_token(pages.token())
                    .customize()
                    .config_override(there.region(Region::new(region.to_owned())))
                    .send()
            };
            let page = match region {
                None => {
                    let here = self.aws.read(line, DATA, |c| ask(&c.cloudwatch, &c.region));
                    here.await?
                }
                Some(region) => {
                    let there = self
                        .aws
                        .read_abroad(region, DATA, |c| ask(&c.cloudwatch_abroad, region));
                    there.await?
                }
            };
            let told = told(line, DATA, "MetricDataResults", page.metric_data_results)?;
            for result in &told {
                let place = result
                    .id()
                    .and_then(|id| id.strip_prefix('q')?.parse::<usize>().ok());
                if let Some(answer) = place.and_then(|i| answers.get_mut(i)) {
                    answer.take(result);
                }
            }
            if !pages.turn(0, page.next_token)? {
                break;
            }
        }
        if pages.is_cut() {
            answers.iter_mut().for_each(|a| a.partial = true);
        }
        Ok(queries
            .iter()
            .zip(answers)
            .map(|(q, a)| a.series(q, until))
            .collect())
    }

    /// What the metrics of one name are measured of: all of them, of the last two weeks (ListMetrics, paged by 500).
    pub async fn metrics_named(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Vec<MetricId>, Problem> {
        self.all_named(None, namespace, name).await
    }

    /// The same as [`metrics_named`](Self::metrics_named), of another region of the account. Beyond ten seconds nobody waits for it.
    pub async fn metrics_named_in(
        &self,
        region: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Vec<MetricId>, Problem> {
        let asked = self.all_named(Some(region), namespace, name);
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(answer) => answer,
            Err(_) => Err(self.aws.silent_abroad(region, NAMES).await),
        }
    }

    async fn all_named(
        &self,
        region: Option<&str>,
        namespace: &str,
        name: &str,
    ) -> Result<Vec<MetricId>, Problem> {
        let mut all = Vec::new();
        let mut pages = Pages::default();
        let line = match region {
            None => &self.line,
            Some(_) => &self.aws.lines().cloudwatch_abroad,
        };
        loop {
            let ask = |client: &Client, region: &str| {
                let there = aws_sdk_cloudwatch::config::Builder::new();
                client
                    .list_metrics()
                    .namespace(namespace)
                    .metric_name(name)
                    .set_next_token(pages.token())
                    .customize()
                    .config_override(there.region(Region::new(region.to_owned())))
                    .send()
            };
            let page = match region {
                None => {
                    let here = self
                        .aws
                        .read(line, NAMES, |c| ask(&c.cloudwatch, &c.region));
                    here.await?
                }
                Some(region) => {
                    let there = self
                        .aws
                        .read_abroad(region, NAMES, |c| ask(&c.cloudwatch_abroad, region));
                    there.await?
                }
            };
            let told = told(line, NAMES, "Metrics", page.metrics)?;
            all.extend(told.iter().map(metric));
            if !pages.turn(all.len(), page.next_token)? {
                break;
            }
        }
        Ok(all)
    }

    /// Names of metrics, sorted, at most `cap` (ListMetrics, paged by 500). The flag says whether there are more.
    pub async fn metric_names(&self, cap: usize) -> Result<(Vec<MetricId>, bool), Problem> {
        let mut names = Vec::new();
        let mut pages = Pages::default();
        let more = loop {
            let page = self
                .aws
                .read(&self.line, NAMES, |c| {
                    c.cloudwatch
                        .list_metrics()
                        .set_next_token(pages.token())
                        .send()
                })
                .await?;
            let told = told(&self.line, NAMES, "Metrics", page.metrics)?;
            names.extend(told.iter().map(metric));
            if !pages.turn(names.len(), page.next_token)? {
                break names.len() > cap;
            }
            if names.len() >= cap {
                break true;
            }
        };
        names.sort();
        names.dedup();
        names.truncate(cap);
        Ok((names, more))
    }
}

#[derive(Clone, Debug, Default)]
struct Answer {
    label: String,
    points: Vec<(Timestamp, f64)>,
    partial: bool,
    /// It was told something that nobody measures.
    doubtful: bool,
    /// It was answered for at all.
    told: bool,
}

/// Whether anybody can have measured it: beyond this no sum of it means anything.
fn is_measured(value: f64) -> bool {
    value.abs() < 1e18
}

impl Answer {
    fn take(&mut self, result: &sdk::MetricDataResult) {
        if let Some(label) = result.label() {
            self.label = text(Some(label));
        }
        // Of several pages the last one says whether it is whole by now.
        let whole = result
            .status_code()
            .is_none_or(|s| *s == sdk::StatusCode::Complete);
        let pairs = result.timestamps().iter().zip(result.values());
        let points = pairs.filter_map(|(at, value)| Some((time(Some(at))?, *value)));
        let (sound, unsound): (Vec<_>, Vec<_>) = points.partition(|(_, v)| is_measured(*v));
        self.doubtful |= !unsound.is_empty();
        self.partial = !whole;
        self.told = true;
        self.points.extend(sound);
    }

    fn series(mut self, query: &MetricQuery, until: Timestamp) -> Series {
        let counts = matches!(query.stat, Stat::Sum | Stat::SampleCount);
        // What AWS counts is never less than nothing; others may sum up what they like.
        if counts && query.metric.namespace.starts_with("AWS/") {
            let before = self.points.len();
            self.points.retain(|(_, v)| *v >= 0.0);
            self.doubtful |= self.points.len() < before;
        }
        self.points.order_by_key(|p| p.0);
        self.points.dedup_by_key(|p| p.0);
        if let (true, Some((at, _))) = (self.points.len() > 1, self.points.last()) {
            // What was counted in a part of a period would look like a fall.
            let over = at.saturating_add(SignedDuration::from_secs(query.period_s.into()));
            if counts && over.is_ok_and(|over| over > until) {
                self.points.pop();
            }
        }
        Series {
            query: query.clone(),
            label: self.label,
            unit: Unit::of(&query.metric),
            points: self.points.into(),
            partial: self.partial || self.doubtful || !self.told,
        }
    }
}

fn query((i, q): (usize, &MetricQuery)) -> sdk::MetricDataQuery {
    let dimensions = q
        .metric
        .dimensions
        .iter()
        .map(|(name, value)| sdk::Dimension::builder().name(name).value(value).build());
    let metric = sdk::Metric::builder()
        .namespace(&q.metric.namespace)
        .metric_name(&q.metric.name)
        .set_dimensions(Some(dimensions.collect()))
        .build();
    let stat = sdk::MetricStat::builder()
        .metric(metric)
        .period(i32::try_from(q.period_s).unwrap_or(60))
        .stat(q.stat.word());
    sdk::MetricDataQuery::builder()
        .id(format!("q{i}"))
        .metric_stat(stat.build())
        .return_data(true)
        .build()
}

/// A metric's name in our terms.
pub(super) fn metric(m: &sdk::Metric) -> MetricId {
    named(m.namespace(), m.metric_name(), m.dimensions())
}

pub(super) fn named(
    namespace: Option<&str>,
    name: Option<&str>,
    dimensions: &[sdk::Dimension],
) -> MetricId {
    let mut dimensions: Vec<(String, String)> = dimensions
        .iter()
        .map(|d| (text(d.name()), text(d.value())))
        .collect();
    dimensions.sort();
    MetricId {
        namespace: text(namespace),
        name: text(name),
        dimensions,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::metric::Stat;
    use aws_smithy_types::DateTime;

    fn asked() -> MetricQuery {
        MetricQuery {
            metric: MetricId::new("AWS/ECS", "CPUUtilization", &[("ServiceName", "api")]),
            stat: Stat::Percentile(990),
            period_s: 300,
        }
    }

    #[test]
    fn what_cloudwatch_could_not_read_or_nobody_can_measure_is_no_series_of_nothing() {
        let requests = MetricQuery {
            metric: MetricId::new("AWS/ApplicationELB", "RequestCount", &[]),
            stat: Stat::Sum,
            period_s: 60,
        };
        let told = |status: sdk::StatusCode, values: &[f64]| {
            let at = (0..values.len()).map(|n| DateTime::from_secs(60 * n as i64));
            let result = sdk::MetricDataResult::builder()
                .set_timestamps(Some(at.collect()))
                .set_values(Some(values.to_vec()))
                .status_code(status);
            let mut answer = Answer::default();
            answer.take(&result.build());
            let series = answer.series(&requests, Timestamp::from_second(9_000).unwrap());
            let values: Vec<f64> = series.points.iter().map(|p| p.1).collect();
            (values, series.partial)
        };
        use sdk::StatusCode::{Complete, Forbidden, InternalError, PartialData};
        assert_eq!(told(Complete, &[]), (vec![], false), "nothing happened");
        for status in [Forbidden, InternalError, PartialData] {
            assert!(told(status.clone(), &[]).1, "{status:?}");
        }
        assert_eq!(
            told(Complete, &[1.0, -7.0, 1e308, f64::NAN]),
            (vec![1.0], true)
        );
        let nobody = Answer::default().series(&requests, Timestamp::from_second(9_000).unwrap());
        assert!(nobody.partial, "it was not answered for");
    }

    #[test]
    fn pages_are_joined_in_time_and_gaps_stay_gaps() {
        let page = |seconds: &[i64]| {
            sdk::MetricDataResult::builder()
                .set_timestamps(Some(
                    seconds.iter().map(|s| DateTime::from_secs(*s)).collect(),
                ))
                .set_values(Some(seconds.iter().map(|s| *s as f64).collect()))
                .status_code(sdk::StatusCode::Complete)
                .build()
        };
        let mut answer = Answer::default();
        answer.take(&page(&[600, 900]));
        answer.take(&page(&[0, 600]));
        let late = Timestamp::from_second(2_000).unwrap();
        let series = answer.clone().series(&asked(), late);
        let seconds: Vec<_> = series.points.iter().map(|p| p.0.as_second()).collect();
        assert_eq!(seconds, [0, 600, 900]);
        assert_eq!((series.unit, series.partial), (Unit::Percent, false));
    }

    #[test]
    fn a_count_of_a_period_that_is_not_over_is_no_point() {
        let points = [0, 300, 600].map(|s| (Timestamp::from_second(s).unwrap(), 1.0));
        let count = |stat, until| {
            let answer = Answer {
                points: points.to_vec(),
                ..Answer::default()
            };
            let query = MetricQuery { stat, ..asked() };
            let until = Timestamp::from_second(until).unwrap();
            answer.series(&query, until).points.len()
        };
        assert_eq!(count(Stat::Sum, 899), 2);
        assert_eq!(count(Stat::Sum, 900), 3);
        assert_eq!(count(Stat::Average, 899), 3);
    }

    #[test]
    fn a_query_says_what_the_api_wants() {
        let q = query((7, &asked()));
        let stat = q.metric_stat().unwrap();
        assert_eq!(
            (q.id(), stat.stat(), stat.period()),
            (Some("q7"), Some("p99"), Some(300))
        );
        assert_eq!(metric(stat.metric().unwrap()), asked().metric);
    }
}
