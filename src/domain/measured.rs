//! What CloudWatch measures of caches and buckets, of now: from the common series.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::bucket::{Bucket, Replica};
use super::cache::CacheGroup;
use super::facts::Facts;
use super::metric::{MetricQuery, Series};
use super::queries;
use super::stores::is_ours;

/// How far back a figure may reach that is said to be of now.
const LATELY: SignedDuration = SignedDuration::from_mins(15);
/// Rules that copy buckets of this environment whose lag is asked for: the plan is judged by them.
const COPIES: usize = 200;
/// The same of other environments: they are shown, and nothing hangs on them.
const COPIES_ELSEWHERE: usize = 20;

/// What a node of a cache measures of itself. `None`: CloudWatch tells nothing of it now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct CacheMeasures {
    /// Memory in use, percent, at last.
    pub memory_percent: Option<f64>,
    /// Look-ups that found their key, percent; an idle cache has none.
    pub hit_percent: Option<f64>,
    /// Keys that were thrown out for want of memory, a minute.
    pub evicted_per_min: Option<f64>,
}

/// How buckets answer, all together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BucketAnswers {
    /// To the first byte, milliseconds, over all requests.
    pub latency_ms: Option<f64>,
    /// Share of 5xx, percent.
    pub errors_percent: Option<f64>,
    /// Requests a second.
    pub requests_per_s: Option<f64>,
    /// Buckets that measure it.
    pub buckets: usize,
}

/// Values of the last minutes; `None` where the series were not read, are old, or have no points.
fn lately(facts: &Facts, query: &MetricQuery, now: Timestamp) -> Option<Vec<f64>> {
    facts.series.fresh(now)?;
    recent(facts.series(query)?, now)
}

fn recent(series: &Series, now: Timestamp) -> Option<Vec<f64>> {
    let since = now.saturating_sub(LATELY).unwrap_or(Timestamp::MIN);
    let points = series.points.iter().filter(|(at, _)| *at >= since);
    let values: Vec<f64> = points.map(|(_, v)| *v).filter(|v| v.is_finite()).collect();
    (!values.is_empty()).then_some(values)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// What a node of a cache measures.
pub fn cache(facts: &Facts, node: &str, now: Timestamp) -> CacheMeasures {
    let [hits, evictions, memory] = queries::cache(node).map(|q| lately(facts, &q, now));
    CacheMeasures {
        memory_percent: memory.and_then(|m| m.last().copied()),
        hit_percent: hits.map(|h| mean(&h)),
        evicted_per_min: evictions.map(|e| mean(&e)),
    }
}

/// What a group of nodes, or a serverless cache, measures: of each that measures itself.
pub fn caches(facts: &Facts, group: &CacheGroup, now: Timestamp) -> Vec<CacheMeasures> {
    if !group.serverless {
        let nodes = group.nodes.iter();
        return nodes.map(|n| cache(facts, &n.id, now)).collect();
    }
    let [hits, evictions] = queries::serverless_cache(&group.id).map(|q| lately(facts, &q, now));
    vec![CacheMeasures {
        memory_percent: None,
        hit_percent: hits.map(|h| mean(&h)),
        evicted_per_min: evictions.map(|e| mean(&e)),
    }]
}

/// Seconds that a rule's copy of a bucket is behind, at last.
pub fn lag_s(facts: &Facts, bucket: &str, replica: &Replica, now: Timestamp) -> Option<f64> {
    let query = queries::replication(bucket, &replica.bucket, &replica.rule);
    lately(facts, &query, now)?.last().copied()
}

/// Rules that are on whose lag is asked for, each with its bucket: those of the environment first, and of those the ones that copy all of
/// a bucket.
pub fn copies_asked<'a>(
    buckets: &'a [Bucket],
    environment: &str,
) -> Vec<(&'a Bucket, &'a Replica)> {
    let rules = buckets
        .iter()
        .flat_map(|b| b.copying().map(move |r| (b, r)));
    let (ours, others): (Vec<_>, Vec<_>) =
        rules.partition(|(b, _)| is_ours(None, &b.name, environment));
    let first = |rules: Vec<(&'a Bucket, &'a Replica)>, most: usize| {
        let rules = rules.into_iter();
        let (whole, parts): (Vec<_>, Vec<_>) = rules.partition(|(_, r)| r.only.is_none());
        whole.into_iter().chain(parts).take(most)
    };
    let ours = first(ours, COPIES);
    ours.chain(first(others, COPIES_ELSEWHERE)).collect()
}

/// Why CloudWatch is not asked for the lag of a rule at all; `None`: it is.
fn unasked(facts: &Facts, bucket: &str, replica: &Replica) -> Option<String> {
    let all = facts.estate.buckets.value.as_ref()?;
    let is_it = |b: &Bucket, r: &Replica| {
        b.name == bucket && (&r.bucket, &r.rule) == (&replica.bucket, &replica.rule)
    };
    let known = all.iter().any(|b| b.copying().any(|r| is_it(b, r)));
    let asked = copies_asked(all, &facts.environment);
    if !known || asked.iter().any(|(b, r)| is_it(b, r)) {
        return None;
    }
    Some(match is_ours(None, bucket, &facts.environment) {
        true => format!("not asked: more than {COPIES} rules copy buckets of this environment"),
        false => {
            format!(
                "not asked: more than {COPIES_ELSEWHERE} rules copy buckets of other environments"
            )
        }
    })
}

/// Why nobody tells how far a rule's copy of a bucket is behind. CloudWatch has it in the region of the copy alone (Amazon S3 User Guide,
/// "Using S3 Replication metrics"): that it was not asked there says nothing of the rule's metrics.
pub fn lag_untold(facts: &Facts, bucket: &str, replica: &Replica, now: Timestamp) -> String {
    if let Some(why) = unasked(facts, bucket, replica) {
        return why;
    }
    let to = &replica.bucket;
    let query = queries::replication(bucket, to, &replica.rule);
    let asked = facts.series.fresh(now).is_some() && facts.series(&query).is_some();
    let buckets = facts.estate.buckets.value.as_ref();
    let copy = buckets.and_then(|all| all.iter().find(|b| b.name == *to));
    let region = copy.and_then(|b| b.region.value());
    // What it told before may be there still.
    if let Some((region, problem)) = region.and_then(|at| facts.series_untold.get_key_value(at)) {
        return format!("CloudWatch in {region}: {}", problem.why);
    }
    match region {
        Some(region) if asked => {
            format!(
                "CloudWatch in {region} has no ReplicationLatency of the last minutes; it has where the rule's metrics are on"
            )
        }
        Some(region) => format!("CloudWatch tells it in {region}, and has not answered there"),
        None => format!("CloudWatch tells it in the region of {to}, which is not known"),
    }
}

/// The most that any copy of a bucket is behind, and why those of its rules that are on and do not tell it do not.
pub fn copies_lag(facts: &Facts, bucket: &Bucket, now: Timestamp) -> (Option<f64>, Vec<String>) {
    let rules = bucket.replication.value().into_iter().flatten();
    let (mut most, mut untold) = (None::<f64>, Vec::new());
    for rule in rules.filter(|r| r.enabled) {
        match lag_s(facts, &bucket.name, rule, now) {
            Some(seconds) => most = Some(most.map_or(seconds, |m| m.max(seconds))),
            None => untold.push(lag_untold(facts, &bucket.name, rule, now)),
        }
    }
    (most, untold)
}

/// How the buckets answer whose request metrics are on.
pub fn buckets(facts: &Facts, now: Timestamp) -> BucketAnswers {
    let mut names: Vec<&str> = Vec::new();
    let (mut requests, mut seconds) = (0.0, 0.0_f64);
    let (mut waited, mut failed, mut all_failures) = (0.0, 0.0, true);
    let known = facts.series.value.iter().flat_map(|all| all.keys());
    for query in known.filter(|q| q.metric.name == "AllRequests") {
        let Some([first, failures, all]) = queries::bucket_requests(&query.metric) else {
            continue;
        };
        let Some(asked) = lately(facts, &all, now) else {
            continue;
        };
        let n: f64 = asked.iter().sum();
        let of = |q| lately(facts, &q, now).map(|v| mean(&v));
        let (Some(ms), true) = (of(first), n > 0.0) else {
            continue;
        };
        requests += n;
        seconds = seconds.max(asked.len() as f64 * f64::from(queries::PERIOD_S));
        waited += ms * n;
        match of(failures) {
            Some(share) => failed += share * n,
            None => all_failures = false,
        }
        let name = query.metric.dimensions.iter();
        names.extend(
            name.filter(|(d, _)| d == "BucketName")
                .map(|(_, v)| v.as_str()),
        );
    }
    names.sort_unstable();
    names.dedup();
    let any = requests > 0.0;
    BucketAnswers {
        latency_ms: any.then(|| waited / requests),
        // A series that is missing is no series of none.
        errors_percent: (any && all_failures).then(|| failed / requests * 100.0),
        requests_per_s: any.then(|| requests / seconds),
        buckets: names.len(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::domain::metric::{MetricId, Unit};
    use crate::domain::part::Part;

    fn facts(all: &[(MetricQuery, &[(i64, f64)])], now: Timestamp) -> Facts {
        let series = all.iter().map(|(query, points)| {
            let points = points
                .iter()
                .map(|(ago, v)| (now - SignedDuration::from_mins(*ago), *v));
            let series = Series {
                query: query.clone(),
                points: points.collect(),
                label: String::new(),
                unit: Unit::None,
                partial: false,
            };
            (query.clone(), Arc::new(series))
        });
        let series: BTreeMap<_, _> = series.collect();
        let every = Duration::from_secs(60);
        Facts {
            series: Part::answered(Arc::new(series), now, "cloudwatch:GetMetricData", every),
            ..Facts::default()
        }
    }

    #[test]
    fn a_cache_is_measured_by_its_last_minutes_alone() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let [hits, evictions, memory] = queries::cache("redis-001");
        let facts = facts(
            &[
                (hits, &[(60, 10.0), (3, 90.0), (2, 94.0)]),
                (evictions, &[(3, 0.0), (2, 6.0)]),
                (memory, &[(3, 50.0), (2, 52.0)]),
            ],
            now,
        );
        let told = cache(&facts, "redis-001", now);
        assert_eq!(told.hit_percent, Some(92.0));
        assert_eq!(told.evicted_per_min, Some(3.0));
        assert_eq!(told.memory_percent, Some(52.0));
        assert_eq!(
            cache(&facts, "redis-002", now),
            CacheMeasures::default(),
            "another node"
        );
        let later = now + SignedDuration::from_mins(3);
        assert_eq!(
            cache(&facts, "redis-001", later),
            CacheMeasures::default(),
            "old answers say nothing of now"
        );
    }

    fn copied(name: &str, rules: usize, only: Option<&str>) -> Bucket {
        use crate::domain::told::Told;
        let rule = |n: usize| Replica {
            rule: format!("r{n}"),
            enabled: true,
            bucket: "copy".into(),
            only: only.map(Into::into),
            failed: Told::Unset,
        };
        Bucket {
            name: name.into(),
            replication: Told::Set((0..rules).map(rule).collect()),
            ..Bucket::default()
        }
    }

    /// By name another environment's come first: the plan would never know of ours, and tell of an outage that is none.
    #[test]
    fn the_lag_of_this_environments_copies_is_asked_for_first() {
        let all = vec![
            copied("laser-dev-logs", 40, None),
            copied("laser-prod-archive", 199, Some("prefix a/")),
            copied("laser-prod-uploads", 3, None),
        ];
        let asked = copies_asked(&all, "production");
        let of = |name: &str| asked.iter().filter(|(b, _)| b.name == name).count();
        assert_eq!(of("laser-prod-uploads"), 3);
        assert_eq!(of("laser-prod-archive"), COPIES - 3);
        assert_eq!(of("laser-dev-logs"), COPIES_ELSEWHERE);
        let now = Timestamp::from_second(1_000_000).unwrap();
        let mut facts = facts(&[], now);
        facts.environment = "production".into();
        let why = |facts: &Facts, bucket: &Bucket, n: usize| {
            let rules: Vec<&Replica> = bucket.copying().collect();
            lag_untold(facts, &bucket.name, rules[n], now)
        };
        let every = Duration::from_secs(600);
        facts.estate.buckets = Part::answered(Arc::new(all.clone()), now, "s3:x", every);
        let [dev, archive, uploads] = all.as_slice() else {
            panic!("three");
        };
        let words = "not asked: more than 20 rules copy buckets of other environments";
        assert_eq!(why(&facts, dev, 39), words);
        let words = "not asked: more than 200 rules copy buckets of this environment";
        assert_eq!(why(&facts, archive, 198), words);
        for told in [why(&facts, dev, 0), why(&facts, uploads, 2)] {
            assert!(told.ends_with("which is not known"), "{told}");
        }
    }

    /// "Has not answered" sends nobody to the policy that lacks a right.
    #[test]
    fn why_a_region_abroad_does_not_tell_is_said() {
        use crate::domain::problem::{Problem, ProblemKind};
        use crate::domain::told::Told;
        let now = Timestamp::from_second(1_000_000).unwrap();
        let all = vec![
            copied("uploads", 1, None),
            Bucket {
                name: "copy".into(),
                region: Told::Set("away".into()),
                ..Bucket::default()
            },
        ];
        let rule = all[0].copying().next().cloned().unwrap();
        let lag = queries::replication("uploads", "copy", "r0");
        let mut facts = facts(&[(lag, &[(20, 9.0)])], now);
        let every = Duration::from_secs(600);
        facts.estate.buckets = Part::answered(Arc::new(all), now, "s3:x", every);
        let why = |facts: &Facts| lag_untold(facts, "uploads", &rule, now);
        assert!(why(&facts).contains("has no ReplicationLatency"));
        let denied = Problem::new(ProblemKind::Denied, "cloudwatch", "w", "denied", "f");
        let untold = [("away".to_owned(), denied)];
        facts.series_untold = Arc::new(BTreeMap::from(untold));
        assert_eq!(why(&facts), "CloudWatch in away: denied");
        assert_eq!(lag_s(&facts, "uploads", &rule, now), None);
    }

    #[test]
    fn buckets_are_weighed_by_their_requests() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let filter = |bucket: &str| {
            let dims = [("BucketName", bucket), ("FilterId", "EntireBucket")];
            queries::bucket_requests(&MetricId::new("AWS/S3", "FirstByteLatency", &dims)).unwrap()
        };
        let [slow, slow_failed, slow_all] = filter("slow");
        let [fast, fast_failed, fast_all] = filter("fast");
        let mut all: Vec<(MetricQuery, &[(i64, f64)])> = vec![
            (slow, &[(1, 100.0)]),
            (slow_failed, &[(1, 0.02)]),
            (slow_all, &[(1, 60.0)]),
            (fast, &[(1, 20.0)]),
            (fast_all, &[(1, 180.0)]),
        ];
        // Failures of which nothing is told are not none.
        assert_eq!(buckets(&facts(&all, now), now).errors_percent, None);
        all.push((fast_failed, &[(1, 0.0)]));
        let known = facts(&all, now);
        let told = buckets(&known, now);
        assert_eq!((told.latency_ms, told.buckets), (Some(40.0), 2));
        assert_eq!(told.errors_percent, Some(0.5));
        assert_eq!(told.requests_per_s, Some(4.0));
        let sized = MetricId::new("AWS/S3", "BucketSizeBytes", &[("BucketName", "b")]);
        assert_eq!(queries::bucket_requests(&sized), None);
    }
}
