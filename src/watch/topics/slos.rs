//! What the promises are measured by: counts of the application load balancers.
//!
//! `RequestCount` leaves out requests that were refused before a target was chosen (Elastic Load Balancing user guide), so
//! the load balancer's own 5xx are added to it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::series::floor;
use super::slo::{Bucket, judge};
use crate::backend::Backend;
use crate::domain::metric::{MetricId, MetricQuery, Series, Stat};
use crate::domain::problem::{Problem, ProblemKind};
use crate::watch::picture::Picture;

/// Load balancers that count at most.
const BALANCERS: usize = 20;
/// Seconds of the periods that burn rates are made of.
const SHORT_S: u32 = 300;
/// Seconds of the periods of the whole window.
const LONG_S: u32 = 3_600;
/// How far back the short periods reach.
const SHORT_HOURS: i64 = 6;
/// The whole window is read again after this; meanwhile the short periods tell what is new.
const LONG_EVERY: SignedDuration = SignedDuration::from_mins(15);

/// What was measured.
#[derive(Debug, Default)]
pub struct Measured {
    /// Whether the load balancers of the account are known.
    pub knows_balancers: bool,
    long: Vec<Bucket>,
    short: Vec<Bucket>,
    long_at: Option<Timestamp>,
    asked: Vec<String>,
}

/// Whether there is anything to ask, or nothing to wait for.
pub fn is_ready(p: &Picture) -> bool {
    p.measured.knows_balancers || !p.config.slo.load_balancers.is_empty()
}

/// `LoadBalancer` dimensions that count: the configured ones, else all application load balancers that have target groups.
pub fn balancers(p: &Picture) -> Vec<String> {
    if !p.config.slo.load_balancers.is_empty() {
        return p.config.slo.load_balancers.clone();
    }
    let found: BTreeSet<&str> = p
        .groups
        .iter()
        .flat_map(|g| g.load_balancers.iter())
        .filter_map(|arn| Some(arn.split_once("loadbalancer/")?.1))
        .filter(|d| d.starts_with("app/"))
        .collect();
    found
        .into_iter()
        .take(BALANCERS)
        .map(str::to_owned)
        .collect()
}

/// A question for the counts.
#[derive(Debug)]
pub struct Question {
    balancers: Vec<String>,
    days: u32,
    with_long: bool,
}

/// What to ask now.
pub fn question(p: &Picture, now: Timestamp) -> Question {
    let balancers = balancers(p);
    let old = p
        .measured
        .long_at
        .is_none_or(|at| now.duration_since(at) > LONG_EVERY);
    Question {
        with_long: old || p.measured.asked != balancers,
        days: p.config.slo.window_days,
        balancers,
    }
}

/// Counts.
#[derive(Debug)]
pub struct Counts {
    balancers: Vec<String>,
    short: Vec<Bucket>,
    long: Option<Vec<Bucket>>,
}

/// Asks.
pub async fn ask(backend: &Backend, question: Question) -> Result<Counts, Problem> {
    let now = Timestamp::now();
    let back = |hours| {
        now.saturating_sub(SignedDuration::from_hours(hours))
            .unwrap_or(now)
    };
    let read = async |period_s, hours| {
        let queries = queries(&question.balancers, period_s);
        if queries.is_empty() {
            return Ok(Vec::new());
        }
        // Whole hours, so that short and long periods meet at a seam.
        let from = floor(back(hours), i64::from(LONG_S));
        let series = backend.cloudwatch.series(&queries, from, now).await?;
        Ok::<_, Problem>(buckets(&series))
    };
    let short = read(SHORT_S, SHORT_HOURS).await?;
    let long = if question.with_long {
        Some(read(LONG_S, 24 * i64::from(question.days)).await?)
    } else {
        None
    };
    Ok(Counts {
        balancers: question.balancers,
        short,
        long,
    })
}

/// Joins, and judges anew.
pub fn take(
    p: &mut Picture,
    answer: Result<Counts, Problem>,
    at: Timestamp,
) -> Option<ProblemKind> {
    let judged = match answer {
        Ok(counts) => {
            p.measured.short = counts.short;
            p.measured.asked = counts.balancers;
            if let Some(long) = counts.long {
                p.measured.long = long;
                p.measured.long_at = Some(at);
            }
            Ok(judge(
                &p.config.slo,
                &p.measured.asked,
                &p.measured.long,
                (&p.measured.short, SHORT_S),
                at,
            ))
        }
        Err(problem) => Err(problem),
    };
    let failure = judged.as_ref().err().map(|e| e.kind);
    p.facts.slos.take(judged, at);
    failure
}

/// Without the load balancers there is nothing to measure by: says why.
pub fn cannot_tell(p: &mut Picture, problem: &Problem) {
    if !is_ready(p) {
        p.facts.slos.error = Some(problem.clone());
    }
}

const REQUESTS: &str = "RequestCount";
const TARGET_5XX: &str = "HTTPCode_Target_5XX_Count";
const OWN_5XX: &str = "HTTPCode_ELB_5XX_Count";
const TIME: &str = "TargetResponseTime";

fn queries(balancers: &[String], period_s: u32) -> Vec<MetricQuery> {
    let metrics = [
        (REQUESTS, Stat::Sum),
        (TARGET_5XX, Stat::Sum),
        (OWN_5XX, Stat::Sum),
        (TIME, Stat::Average),
    ];
    let of = |balancer: &str| {
        metrics.clone().map(|(name, stat)| MetricQuery {
            metric: MetricId::new("AWS/ApplicationELB", name, &[("LoadBalancer", balancer)]),
            stat,
            period_s,
        })
    };
    balancers.iter().flat_map(|b| of(b)).collect()
}

/// Joins the series of all load balancers by period.
fn buckets(series: &[Series]) -> Vec<Bucket> {
    let mut counts: BTreeMap<(Timestamp, &str), [Option<f64>; 4]> = BTreeMap::new();
    for s in series {
        let name = s.query.metric.name.as_str();
        let place = [REQUESTS, TARGET_5XX, OWN_5XX, TIME]
            .iter()
            .position(|n| *n == name);
        let balancer = s.query.metric.dimensions.first().map_or("", |(_, v)| v);
        for (at, value) in s.points.iter() {
            let row = counts.entry((*at, balancer)).or_default();
            if let Some(slot) = place.and_then(|i| row.get_mut(i)) {
                *slot = Some(*value);
            }
        }
    }
    let mut joined: BTreeMap<Timestamp, Bucket> = BTreeMap::new();
    for ((at, _), [requests, target, own, mean]) in counts {
        let (passed, own) = (requests.unwrap_or(0.0), own.unwrap_or(0.0));
        let b = joined.entry(at).or_insert(Bucket {
            at,
            requests: 0.0,
            failures: 0.0,
            timed: 0.0,
            seconds: 0.0,
        });
        b.requests += passed + own;
        b.failures += target.unwrap_or(0.0) + own;
        if let Some(mean) = mean {
            b.timed += passed;
            b.seconds += passed * mean;
        }
    }
    joined.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::metric::Unit;

    fn series(balancer: &str, name: &str, points: &[(i64, f64)]) -> Series {
        Series {
            query: MetricQuery {
                metric: MetricId::new("AWS/ApplicationELB", name, &[("LoadBalancer", balancer)]),
                stat: Stat::Sum,
                period_s: 300,
            },
            label: String::new(),
            unit: Unit::Count,
            points: points
                .iter()
                .map(|(s, v)| (Timestamp::from_second(*s).unwrap(), *v))
                .collect(),
            partial: false,
        }
    }

    #[test]
    fn load_balancers_are_joined_weighted_by_their_requests() {
        let all = [
            series("app/a/1", REQUESTS, &[(0, 100.0)]),
            series("app/a/1", TIME, &[(0, 0.1)]),
            series("app/b/2", REQUESTS, &[(0, 300.0)]),
            series("app/b/2", TIME, &[(0, 0.5)]),
            series("app/b/2", TARGET_5XX, &[(0, 3.0)]),
            series("app/b/2", OWN_5XX, &[(0, 1.0), (300, 7.0)]),
        ];
        let got = buckets(&all);
        assert_eq!(
            (got[0].requests, got[0].failures, got[0].timed),
            (401.0, 4.0, 400.0)
        );
        assert!((got[0].seconds - 160.0).abs() < 1e-9);
        assert_eq!(
            (got[1].requests, got[1].failures),
            (7.0, 7.0),
            "refused requests are requests"
        );
    }
}
