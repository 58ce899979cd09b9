//! Cost Explorer (API version 2017-10-25, AWS JSON). Each question costs a cent (AWS Cost Management pricing), so answers are kept on
//! disk, for every console of this user, and asked for again only after hours.

mod bill;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Question;
use super::pages::Pages;
use super::signed::{Api, Signed};
use super::sound::Required;
use crate::backend::shelf::Shelf;
use crate::backend::transport::Line;
use crate::config::{CostCache, CostConfig};
use crate::domain::cost::Cost;
use crate::domain::problem::{Problem, ProblemKind};
use bill::{Anomalies, Days, Forecast, Span, Usage};

const API: Api = Api {
    host: "ce",
    signing: "ce",
    variable: "COST_EXPLORER",
    target: "AWSInsightsIndexService",
    version: "",
    only_in: Some("us-east-1"),
};
const STS: Api = Api {
    host: "sts",
    signing: "sts",
    variable: "STS",
    target: "",
    version: "2011-06-15",
    only_in: None,
};
const WHO: Question = Question::new("cost", "GetCallerIdentity", "ask whose bill it is");
const USAGE: Question = Question::new("cost", "GetCostAndUsage", "read the bill").of_many();
const FORECAST: Question = Question::new("cost", "GetCostForecast", "read the forecast");
const ANOMALIES: Question = Question::new("cost", "GetAnomalies", "read the cost anomalies");

/// Pages of the bill read at most: each is paid for.
const PAGES: usize = 5;
/// How far back anomalies are looked for.
const ANOMALY_DAYS: i64 = 30;
/// An answer of which a part failed is asked for again after this.
const IN_PART: Duration = Duration::from_secs(7_200);
/// A question that failed is not asked again before this.
const AFTER_FAILURE: Duration = Duration::from_secs(900);

/// The Cost Explorer client.
#[derive(Debug)]
pub struct CostExplorer {
    signed: Arc<Signed>,
    line: Arc<Line>,
    budget: Option<f64>,
    every: Duration,
    shelf: Shelf,
    last: Mutex<Option<Last>>,
}

/// What was told last.
#[derive(Clone, Debug)]
struct Last {
    /// When (UTC).
    at: Timestamp,
    /// How often credentials had been loaded by then.
    made: u32,
    /// Whose bill it is; `None`: that was not told.
    account: Option<String>,
    told: Result<Cost, Problem>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Who {
    account: Required<String>,
}

impl CostExplorer {
    /// As configured.
    pub fn new(config: &CostConfig, signed: Arc<Signed>, line: Arc<Line>) -> Self {
        Self {
            signed,
            line,
            budget: config.monthly_budget,
            every: config.every(),
            shelf: match config.cache {
                CostCache::Nowhere => Shelf::nowhere(),
                CostCache::User => Shelf::user(),
            },
            last: Mutex::default(),
        }
    }

    /// The bill: as it was told last while that is young enough, else asked for. Once credentials are loaded anew it is asked first
    /// whose bill it would be.
    ///
    /// # Errors
    /// Where AWS cannot be asked or refuses. It is then left alone for a while, too.
    pub async fn cost(&self) -> Result<Cost, Problem> {
        let now = Timestamp::now();
        let last = self
            .last
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let holds = |last: &Last| match &last.told {
            Ok(cost) => now < cost.next_at,
            // What another reason than the vendor's stopped may be asked again: nothing was paid for it.
            Err(p) => now < after(last.at, AFTER_FAILURE) && !p.is_about_credentials(),
        };
        let last = last.filter(holds);
        // As it is before anybody is asked: what is loaded meanwhile is asked about the next time.
        let made = self.signed.made();
        if let Some(last) = last.as_ref().filter(|l| l.made == made) {
            return last.told.clone();
        }
        let (account, told) = match self.whose().await {
            Ok(account) => {
                let same = last.filter(|l| l.account.as_ref() == Some(&account));
                let told = match same {
                    Some(last) => last.told,
                    None => self.look(&account, now).await,
                };
                (Some(account), told)
            }
            // A bill that was paid for stays: whose it would be is asked again the next time, for nothing.
            Err(problem) if last.is_some_and(|l| l.told.is_ok()) => return Err(problem),
            Err(problem) => (None, Err(problem)),
        };
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Last {
            at: now,
            made,
            account,
            told: told.clone(),
        });
        told
    }

    /// Whose bill it is: that costs nothing to ask.
    async fn whose(&self) -> Result<String, Problem> {
        let who: Who = self.signed.query(&self.line, &STS, WHO, &[]).await?;
        Ok(who.account.0)
    }

    async fn look(&self, account: &str, now: Timestamp) -> Result<Cost, Problem> {
        let name = format!("cost-{account}");
        let kept: Option<Cost> = self.shelf.read(&name);
        let kept = kept.filter(|c| now < after(c.asked_at, self.every) && c.asked_at <= now);
        let (mut cost, whole) = match kept {
            Some(cost) => (cost, true),
            None => {
                let (cost, whole) = self.ask(now).await?;
                if whole {
                    self.shelf.write(&name, &cost);
                }
                (cost, whole)
            }
        };
        let every = if whole {
            self.every
        } else {
            self.every.min(IN_PART)
        };
        cost.next_at = after(cost.asked_at, every);
        cost.budget = self.budget;
        Ok(cost)
    }

    /// The bill, and whether all of it was answered.
    async fn ask(&self, now: Timestamp) -> Result<(Cost, bool), Problem> {
        let span = Span::of(now);
        // What may be refused by itself comes first, so that the last answer stands for the line.
        let input = json!({
            "TimePeriod": {"Start": span.today.to_string(), "End": span.end.to_string()},
            "Granularity": "MONTHLY",
            "Metric": "UNBLENDED_COST",
        });
        let (forecast, told) = self.may::<Forecast>(FORECAST, &input).await?;
        let start = now.saturating_sub(SignedDuration::from_hours(24 * ANOMALY_DAYS));
        let start = start.unwrap_or(now).to_string();
        let input = json!({"DateInterval": {"StartDate": start.get(..10).unwrap_or_default()}});
        let (anomalies, told_all) = self.may::<Anomalies>(ANOMALIES, &input).await?;
        let mut questions = 2;
        let mut usage = Days::default();
        let mut pages = Pages::at_most(PAGES);
        loop {
            let mut input = json!({
                "TimePeriod": {"Start": span.first.to_string(), "End": span.tomorrow.to_string()},
                "Granularity": "DAILY",
                "Metrics": ["UnblendedCost"],
                "GroupBy": [{"Type": "DIMENSION", "Key": "SERVICE"}],
            });
            if let (Some(token), Some(members)) = (pages.token(), input.as_object_mut()) {
                members.insert("NextPageToken".into(), json!(token));
            }
            let page: Usage = self.signed.json(&self.line, &API, USAGE, &input).await?;
            questions += 1;
            let next = usage.join(page);
            if !pages.turn(usage.rows(), next)? {
                break;
            }
        }
        if pages.is_cut() {
            return Err(too_long());
        }
        let cost = bill::read(&span, usage, forecast, anomalies, now, questions);
        Ok((cost, told && told_all))
    }
}

/// Sums over a part of the bill would be taken for the bill.
fn too_long() -> Problem {
    Problem::new(
        ProblemKind::Malformed,
        "cost",
        "The bill was not read to its end",
        format!("it has more than {PAGES} pages, and each is paid for"),
        "Check the endpoint: AWS puts two months of all services on far fewer.",
    )
}

impl CostExplorer {
    /// Asks what the bill is worth showing without: a young account has no forecast, a role may not see anomalies. With it,
    /// whether that is settled: what failed may be answered next time.
    async fn may<T: DeserializeOwned>(
        &self,
        question: Question,
        input: &Value,
    ) -> Result<(Option<T>, bool), Problem> {
        match self.signed.json(&self.line, &API, question, input).await {
            Ok(answer) => Ok((Some(answer), true)),
            Err(p) if p.is_about_credentials() => Err(p),
            Err(p) => Ok((None, !p.is_passing())),
        }
    }
}

fn after(at: Timestamp, wait: Duration) -> Timestamp {
    at.checked_add(SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX))
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
