//! Amazon RDS (Query API 2014-10-31): databases, what happened to them, their snapshots and automated backups, in this region and
//! in the one that copies go to.

mod backups;
mod limits;
mod member;
mod parameters;
mod transit;
mod wire;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;

use super::Question;
use super::convert::{reason, stamp, text};
use super::pages::Pages;
use super::signed::{Api, Signed};
use crate::backend::transport::Line;
use crate::domain::database::{Database, Databases, DbCluster, DbEvent, DbVitals};
use crate::domain::order::Ordered;
use crate::domain::problem::Problem;

const API: Api = Api {
    host: "rds",
    signing: "rds",
    variable: "RDS",
    target: "",
    version: "2014-10-31",
    only_in: None,
};
/// CloudWatch, asked for the databases' own metrics by its Query protocol.
const CLOUDWATCH: Api = Api {
    host: "monitoring",
    signing: "monitoring",
    variable: "CLOUDWATCH",
    target: "",
    version: "2010-08-01",
    only_in: None,
};

const INSTANCES: Question = Question::new("rds", "DescribeDBInstances", "list the databases");
const CLUSTERS: Question = Question::new("rds", "DescribeDBClusters", "list the database clusters");
const EVENTS: Question = Question::new("rds", "DescribeEvents", "list what happened to databases");
const VITALS: Question = Question::new("cloudwatch", "GetMetricData", "measure the databases");
/// Days of events.
const EVENT_DAYS: i64 = 7;
/// Databases measured at most.
const MEASURED: usize = 50;

/// The RDS client.
#[derive(Debug)]
pub struct Rds {
    signed: Arc<Signed>,
    line: Arc<Line>,
    metrics: Arc<Line>,
    second_region: Option<String>,
}

/// A page of one of RDS's lists.
trait Paged: DeserializeOwned {
    /// What is on it.
    type Row;
    /// The rows, and where the next page begins.
    fn split(self) -> (Vec<Self::Row>, Option<String>);
}

impl Rds {
    /// On an account. `second_region` is where copies go, if the configuration says so.
    pub fn new(
        signed: Arc<Signed>,
        line: Arc<Line>,
        metrics: Arc<Line>,
        second_region: Option<String>,
    ) -> Self {
        Self {
            signed,
            line,
            metrics,
            second_region,
        }
    }

    /// All pages of a list.
    async fn all<P: Paged>(
        &self,
        question: Question,
        region: Option<&str>,
        params: &[(&str, &str)],
    ) -> Result<Vec<P::Row>, Problem> {
        let mut rows = Vec::new();
        let mut pages = Pages::default();
        loop {
            let marker = pages.token();
            let mut params = params.to_vec();
            params.push(("MaxRecords", "100"));
            if let Some(marker) = &marker {
                params.push(("Marker", marker.as_str()));
            }
            let page: P = self
                .signed
                .query_in(&self.line, &API, question, region, &params)
                .await?;
            let (more, next) = page.split();
            rows.extend(more);
            if !pages.turn(rows.len(), next)? {
                break;
            }
        }
        Ok(rows)
    }

    /// Instances and clusters of the region.
    ///
    /// # Errors
    /// Where AWS cannot be asked or refuses.
    pub async fn databases(&self) -> Result<Databases, Problem> {
        let (instances, clusters, region) = tokio::join!(
            self.instances(),
            self.all::<wire::Clusters>(CLUSTERS, None, &[]),
            self.signed.region(),
        );
        let mut clusters: Vec<DbCluster> = clusters?
            .into_iter()
            .map(wire::Cluster::into_domain)
            .collect();
        clusters.order_by(|a, b| a.id.cmp(&b.id));
        Ok(Databases {
            region: region?,
            instances: instances?,
            clusters,
        })
    }

    /// Instances of the region, by name.
    ///
    /// # Errors
    /// Where AWS cannot be asked or refuses.
    pub async fn instances(&self) -> Result<Vec<Database>, Problem> {
        let rows = self.all::<wire::Instances>(INSTANCES, None, &[]).await?;
        let mut all: Vec<Database> = rows.into_iter().map(wire::Instance::into_domain).collect();
        all.order_by(|a, b| a.id.cmp(&b.id));
        Ok(all)
    }

    /// What happened in the last days, newest first.
    ///
    /// # Errors
    /// Where AWS cannot be asked or refuses.
    pub async fn events(&self) -> Result<Vec<DbEvent>, Problem> {
        let minutes = (EVENT_DAYS * 1_440).to_string();
        let params = [("Duration", minutes.as_str())];
        let rows = self.all::<wire::Events>(EVENTS, None, &params).await?;
        let mut all: Vec<DbEvent> = rows
            .into_iter()
            .map(|e| DbEvent {
                at: stamp(e.date.as_deref()),
                source: text(e.source.as_deref()),
                kind: text(e.kind.as_deref()),
                categories: e.categories.items.iter().map(|c| text(Some(c))).collect(),
                message: reason(e.message.as_deref()),
            })
            .collect();
        all.order_by(|a, b| (b.at, &a.source).cmp(&(a.at, &b.source)));
        Ok(all)
    }

    /// The newest point of what each database measures, from CloudWatch. `known`: the databases as they were last told.
    ///
    /// # Errors
    /// Where AWS cannot be asked or refuses.
    pub async fn vitals(&self, known: Option<&Databases>) -> Result<Vec<DbVitals>, Problem> {
        let told = match known {
            Some(known) => known.instances.clone(),
            None => self.instances().await?,
        };
        let mut all: Vec<DbVitals> = Vec::new();
        let mut params: Vec<(String, String)> = Vec::new();
        for (n, d) in told.iter().take(MEASURED).enumerate() {
            all.push(DbVitals {
                id: d.id.clone(),
                ..DbVitals::default()
            });
            let metrics = METRICS.iter().enumerate();
            for (m, name) in metrics.filter(|(m, _)| *m != LAG || d.replica_of.is_some()) {
                let at = params.len() / 7 + 1;
                let mut put = |field: &str, value: String| {
                    let name = format!("MetricDataQueries.member.{at}.{field}");
                    params.push((name, value));
                };
                put("Id", format!("m{n}x{m}"));
                put("MetricStat.Metric.Namespace", "AWS/RDS".into());
                put("MetricStat.Metric.MetricName", (*name).into());
                let dimension = "MetricStat.Metric.Dimensions.member.1";
                put(&format!("{dimension}.Name"), "DBInstanceIdentifier".into());
                put(&format!("{dimension}.Value"), d.id.clone());
                put("MetricStat.Period", "60".into());
                put("MetricStat.Stat", "Average".into());
            }
        }
        if params.is_empty() {
            return Ok(all);
        }
        let now = Timestamp::now();
        let from = now - SignedDuration::from_mins(15);
        params.push(("StartTime".into(), format!("{from:.0}")));
        params.push(("EndTime".into(), format!("{now:.0}")));
        params.push(("ScanBy".into(), "TimestampDescending".into()));
        let pairs: Vec<(&str, &str)> = params.iter().map(|(k, v)| (&**k, &**v)).collect();
        let asked = params.iter().filter(|(k, _)| k.ends_with(".Id"));
        self.metrics.metrics(asked.count());
        let read: wire::Measured = self
            .signed
            .query(&self.metrics, &CLOUDWATCH, VITALS, &pairs)
            .await?;
        for result in read.results.0.items {
            let newest = result.values.items.first().and_then(|v| v.parse().ok());
            let newest = newest.filter(|n: &f64| n.is_finite());
            let place = result.id.strip_prefix('m').and_then(|r| r.split_once('x'));
            let place = place.and_then(|(n, m)| Some((n.parse().ok()?, m.parse().ok()?)));
            let Some((n, m)): Option<(usize, usize)> = place else {
                continue;
            };
            if let Some(vitals) = all.get_mut(n) {
                match m {
                    0 => vitals.connections = newest,
                    LAG => vitals.lag_s = newest,
                    2 => vitals.cpu_percent = newest,
                    3 => vitals.free_bytes = newest,
                    4 => vitals.read_ms = newest.map(|s| s * 1000.0),
                    _ => vitals.write_ms = newest.map(|s| s * 1000.0),
                }
            }
        }
        Ok(all)
    }
}

/// Metrics of the namespace `AWS/RDS`, by their place in a query's id.
const METRICS: [&str; 6] = [
    "DatabaseConnections",
    "ReplicaLag",
    "CPUUtilization",
    "FreeStorageSpace",
    "ReadLatency",
    "WriteLatency",
];
/// The place of the one that replicas alone have.
const LAG: usize = 1;
