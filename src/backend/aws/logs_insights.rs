//! CloudWatch Logs Insights: a query is started, and its results are asked for until it has ended. AWS charges by what a query
//! scans, so these are asked seldom.

use std::time::Duration;

use aws_config::Region;
use aws_sdk_cloudwatchlogs::types as sdk;
use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use super::Question;
use super::convert::text;
use super::logs::Logs;
use crate::domain::dashboard::{LogAsk, LogTable};
use crate::domain::problem::{Problem, ProblemKind};

const START: Question = Question::new("logs", "StartQuery", "query the logs");
const RESULTS: Question = Question::new("logs", "GetQueryResults", "read the query's results");
const STOP: Question = Question::new("logs", "StopQuery", "stop the query");

/// How long a query may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// First and longest pause between two looks at it.
const PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(2));
/// Rows that are kept.
const ROWS: usize = 500;

impl Logs {
    /// The answer to a query over `from..until`.
    ///
    /// # Errors
    /// `Timeout` where it has not ended within half a minute: it is stopped, so that it costs no more.
    pub async fn insights(
        &self,
        ask: &LogAsk,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<LogTable, Problem> {
        let there = |own: &str| {
            let region = ask.region.clone().unwrap_or_else(|| own.to_owned());
            aws_sdk_cloudwatchlogs::config::Builder::new().region(Region::new(region))
        };
        let started = self
            .aws
            .read(&self.line, START, |c| {
                c.logs
                    .start_query()
                    .set_log_group_names(Some(ask.groups.clone()))
                    .start_time(from.as_second())
                    .end_time(until.as_second())
                    .query_string(&ask.query)
                    .customize()
                    .config_override(there(&c.region))
                    .send()
            })
            .await?;
        let Some(id) = started.query_id().map(str::to_owned) else {
            return Err(ended_badly("the answer names no query"));
        };
        let end = Instant::now() + PATIENCE;
        let mut pause = PAUSES.0;
        loop {
            let got = self
                .aws
                .read(&self.line, RESULTS, |c| {
                    c.logs
                        .get_query_results()
                        .query_id(&id)
                        .customize()
                        .config_override(there(&c.region))
                        .send()
                })
                .await?;
            match got.status() {
                Some(sdk::QueryStatus::Complete) => {
                    let mut table = table(got.results());
                    if let Some(s) = got.statistics() {
                        (table.scanned_bytes, table.matched) =
                            (s.bytes_scanned(), s.records_matched());
                    }
                    return Ok(table);
                }
                Some(sdk::QueryStatus::Failed) => return Err(ended_badly("it failed")),
                Some(sdk::QueryStatus::Cancelled) => {
                    return Err(ended_badly("somebody cancelled it"));
                }
                Some(sdk::QueryStatus::Timeout) => {
                    return Err(ended_badly("it took longer than AWS allows"));
                }
                _ if Instant::now() >= end => break,
                _ => {}
            }
            sleep(pause).await;
            pause = (pause * 2).min(PAUSES.1);
        }
        // Whether it can still be stopped makes no difference to the answer.
        let _ = self
            .aws
            .read(&self.line, STOP, |c| {
                c.logs
                    .stop_query()
                    .query_id(&id)
                    .customize()
                    .config_override(there(&c.region))
                    .send()
            })
            .await;
        Err(Problem::new(
            ProblemKind::Timeout,
            "logs",
            "Cannot read the query's results",
            format!(
                "it had not ended after {} s and was stopped",
                PATIENCE.as_secs()
            ),
            "Choose a shorter range of time, or a query that scans less.",
        ))
    }
}

fn ended_badly(why: &str) -> Problem {
    Problem::new(
        ProblemKind::Vendor,
        "logs",
        "Cannot read the query's results",
        why,
        "Try the query in the AWS console, which says more.",
    )
}

/// Rows and columns. `@ptr` points to an event for other calls; nobody reads it.
fn table(results: &[Vec<sdk::ResultField>]) -> LogTable {
    let mut table = LogTable::default();
    for fields in results.iter().take(ROWS) {
        let mut row = vec![String::new(); table.columns.len()];
        for field in fields {
            let name = text(field.field());
            if name == "@ptr" {
                continue;
            }
            let place = table.columns.iter().position(|c| *c == name);
            let place = place.unwrap_or_else(|| {
                table.columns.push(name);
                row.push(String::new());
                table.columns.len() - 1
            });
            if let Some(cell) = row.get_mut(place) {
                *cell = text(field.value());
            }
        }
        table.rows.push(row);
    }
    let columns = table.columns.len();
    table
        .rows
        .iter_mut()
        .for_each(|r| r.resize(columns, String::new()));
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_keep_their_columns_even_where_one_lacks_some() {
        let field = |n: &str, v: &str| sdk::ResultField::builder().field(n).value(v).build();
        let got = table(&[
            vec![field("a", "1"), field("@ptr", "x")],
            vec![field("b", "2\u{1b}[31m"), field("a", "3")],
        ]);
        assert_eq!(got.columns, ["a", "b"]);
        assert_eq!(
            got.rows,
            [
                vec!["1".to_owned(), String::new()],
                vec!["3".into(), "2\\e[31m".into()]
            ]
        );
    }
}
