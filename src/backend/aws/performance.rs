//! Performance Insights (AWS JSON 1.1, API version 2018-02-27): which statements load the databases. Statements come with their
//! values taken out.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;

use super::Question;
use super::convert::text;
use super::rds::Rds;
use super::signed::{Api, Signed};
use super::sound::{NoCount, Required, amount, counted};
use crate::backend::transport::Line;
use crate::domain::database::{Database, Databases, Statement, TopStatements};
use crate::domain::order::Ordered;
use crate::domain::problem::Problem;
use crate::domain::sql::shape;

const API: Api = Api {
    host: "pi",
    signing: "pi",
    variable: "PI",
    target: "PerformanceInsightsv20180227",
    version: "",
    only_in: None,
};
const KEYS: Question = Question::new("pi", "DescribeDimensionKeys", "list the top statements");

/// Seconds that are looked back on.
const WINDOW_S: i64 = 3_600;
/// Statements of each database.
const LIMIT: usize = 10;
/// Databases asked at most.
const DATABASES: usize = 10;

/// Statistics of a digest for PostgreSQL (Amazon RDS user guide, "SQL statistics for RDS PostgreSQL"); latency in milliseconds.
const CALLS: &str = "db.sql_tokenized.stats.calls_per_sec.avg";
const LATENCY: &str = "db.sql_tokenized.stats.avg_latency_per_call.avg";
const ROWS: &str = "db.sql_tokenized.stats.rows_per_call.avg";

/// The Performance Insights client.
#[derive(Debug)]
pub struct Performance {
    signed: Arc<Signed>,
    line: Arc<Line>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Keys {
    keys: Required<Vec<Key>>,
}

/// The load is always told: without it a database that is busy would read as one at rest.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Key {
    #[serde(default)]
    dimensions: BTreeMap<String, String>,
    total: f64,
    #[serde(default)]
    additional_metrics: BTreeMap<String, Option<f64>>,
}

impl Performance {
    /// On an account.
    pub fn new(signed: Arc<Signed>, line: Arc<Line>) -> Self {
        Self { signed, line }
    }

    /// The statements of the last hour that load the region's databases most. `known`: the databases as they were last told.
    ///
    /// # Errors
    /// Where AWS cannot be asked or refuses.
    pub async fn top(
        &self,
        rds: &Rds,
        known: Option<&Databases>,
    ) -> Result<TopStatements, Problem> {
        let told = match known {
            Some(known) => known.instances.clone(),
            None => rds.instances().await?,
        };
        let mut top = TopStatements {
            window_s: WINDOW_S.unsigned_abs(),
            ..TopStatements::default()
        };
        let (with, without): (Vec<Database>, Vec<Database>) =
            told.into_iter().partition(|d| d.insights);
        top.unwatched = without.into_iter().map(|d| d.id).collect();
        let (with, resting): (Vec<Database>, Vec<Database>) =
            with.into_iter().partition(Database::is_serving);
        top.unasked = resting.into_iter().map(|d| (d.id, d.status)).collect();
        for d in with.into_iter().take(DATABASES) {
            let keys = self.keys(&d).await?;
            let read = keys.into_iter().map(|k| statement(&d.id, k));
            let read = read.collect::<Result<Vec<Statement>, NoCount>>();
            let read = counted(&self.line, KEYS, read)?;
            if is_timed(&d) {
                top.untimed += read.iter().filter(|s| s.mean_ms.is_none()).count();
            }
            top.statements.extend(read);
            top.watched.push(d.id);
        }
        top.statements.order_by(|a, b| b.load.total_cmp(&a.load));
        Ok(top)
    }

    async fn keys(&self, d: &Database) -> Result<Vec<Key>, Problem> {
        let until = Timestamp::now();
        let from = until - SignedDuration::from_secs(WINDOW_S);
        // The statistics of other engines have other names.
        let more: &[&str] = if is_timed(d) {
            &[CALLS, LATENCY, ROWS]
        } else {
            &[]
        };
        let input = json!({
            "ServiceType": "RDS",
            "Identifier": d.resource_id,
            "StartTime": from.as_second(),
            "EndTime": until.as_second(),
            "PeriodInSeconds": 60,
            "Metric": "db.load.avg",
            "GroupBy": {"Group": "db.sql_tokenized", "Limit": LIMIT},
            "AdditionalMetrics": more,
        });
        let answer: Keys = self.signed.json(&self.line, &API, KEYS, &input).await?;
        Ok(answer.keys.0)
    }
}

/// Whether its statements are asked for their statistics.
fn is_timed(d: &Database) -> bool {
    d.engine.contains("postgres")
}

fn statement(database: &str, key: Key) -> Result<Statement, NoCount> {
    let dimension = |name: &str| text(key.dimensions.get(name).map(String::as_str));
    let metric = |name: &'static str| {
        let value = key.additional_metrics.get(name).copied().flatten();
        value.map(|v| amount(name, database, v)).transpose()
    };
    Ok(Statement {
        database: database.to_owned(),
        id: dimension("db.sql_tokenized.id"),
        // The vendor takes the literals out, and leaves the comments.
        text: (key.dimensions.get("db.sql_tokenized.statement"))
            .map(|sql| shape(sql))
            .unwrap_or_default(),
        load: amount("Total", database, key.total)?,
        calls_per_second: metric(CALLS)?,
        mean_ms: metric(LATENCY)?,
        rows_per_call: metric(ROWS)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_below_zero_or_none_at_all_is_no_load() {
        let read = |total: serde_json::Value, latency: f64| {
            let key = json!({"Total": total, "AdditionalMetrics": {LATENCY: latency}});
            let key: Key = serde_json::from_value(key).map_err(|e| e.to_string())?;
            statement("main", key).map_err(|e| format!("{e:?}"))
        };
        assert_eq!(read(json!(0.5), 9.0).map(|s| s.mean_ms), Ok(Some(9.0)));
        assert!(read(json!(-1.0), 9.0).is_err() && read(json!(1.0), -9.0).is_err());
        assert!(read(json!(null), 9.0).is_err());
        assert!(serde_json::from_value::<Key>(json!({"Dimensions": {}})).is_err());
    }
}
