//! What the promises are measured by: counts of the application load balancers.
//!
//! `RequestCount` leaves out requests that were refused before a target was chosen (Elastic Load Balancing user guide), so
//! the load balancer's own 5xx are added to it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};

use super::series::floor;
use super::slo::{Bucket, Over, Rows, judge};
use crate::backend::Backend;
use crate::domain::environment::Env;
use crate::domain::metric::{MetricId, MetricQuery, Series, Stat};
use crate::domain::problem::{Problem, ProblemKind};
use crate::watch::picture::Picture;

/// Load balancers that are measured at most of those that are found: CloudWatch bills for each figure of each, every minute.
const BALANCERS: usize = 20;
/// Seconds of the periods that burn rates are made of.
const SHORT_S: u32 = 300;
/// Seconds of the periods of the whole window.
const LONG_S: u32 = 3_600;
/// How far back the short periods reach.
const SHORT_HOURS: i64 = 6;
/// Seconds of the newest periods: an outage is minutes old when five of them are over.
const MINUTE_S: u32 = 60;
/// How far back the minutes reach.
const MINUTES_HOURS: i64 = 1;
/// The whole window is read again after this; meanwhile the minutes tell what is new.
const LONG_EVERY: SignedDuration = SignedDuration::from_mins(15);
/// Where it was told in part it is read again with the next minutes, and while that lasts after ever longer: what a role may not see
/// stays away for good, and each figure is billed.
const PART_AGAIN: SignedDuration = SignedDuration::from_secs(30);
/// So long the last whole rows stand in for those of a part: the minutes reach back to where they end.
const STANDS_IN: SignedDuration = SignedDuration::from_mins(45);

/// What was measured.
#[derive(Debug, Default)]
pub struct Measured {
    /// Whether the load balancers of the account are known.
    pub knows_balancers: bool,
    long: Vec<Bucket>,
    short: Vec<Bucket>,
    minutes: Vec<Bucket>,
    /// When the longer periods were asked for last.
    long_asked: Option<Timestamp>,
    /// When those were read that are kept.
    long_at: Option<Timestamp>,
    /// How often in a row they were told in part alone.
    parts: u32,
    asked: Vec<String>,
    /// How many load balancers count, those included that were not asked about.
    found: usize,
    /// Whether CloudWatch told of the longer periods that are kept in part alone, and of the minutes.
    partial: (bool, bool),
}

impl Measured {
    /// From one question for the longer periods to the next.
    fn long_every(&self) -> SignedDuration {
        match self.parts {
            0 => LONG_EVERY,
            n => (PART_AGAIN * 2_i32.saturating_pow((n - 1).min(8))).min(LONG_EVERY),
        }
    }

    /// Takes the longer periods. Where they are told in part, the last whole ones of the same load balancers stay.
    fn take_longer(&mut self, (long, short): (Read, Read), same: bool, at: Timestamp) {
        let part = long.partial || short.partial;
        self.long_asked = Some(at);
        self.parts = if part { self.parts + 1 } else { 0 };
        let young = |then: Timestamp| at.duration_since(then) <= STANDS_IN;
        let stands_in = same && !self.partial.0 && self.long_at.is_some_and(young);
        if part && stands_in {
            return;
        }
        self.partial.0 = part;
        (self.long, self.short) = (long.buckets, short.buckets);
        self.long_at = Some(at);
    }

    /// What was not counted, in words.
    fn missing(&self) -> Option<String> {
        let asked = self.asked.len();
        if self.found > asked {
            let found = self.found;
            return Some(format!("{asked} of {found} load balancers are measured"));
        }
        let partial = self.partial.0 || self.partial.1;
        partial.then(|| "CloudWatch told only a part of the counts".to_owned())
    }
}

/// Whether there is anything to ask, or nothing to wait for.
pub fn is_ready(p: &Picture) -> bool {
    p.measured.knows_balancers || !p.config.slo.load_balancers.is_empty()
}

/// `LoadBalancer` dimensions that count: the configured ones, else all application load balancers that have target groups and are not
/// another environment's by name.
pub fn balancers(p: &Picture) -> Vec<String> {
    if !p.config.slo.load_balancers.is_empty() {
        return p.config.slo.load_balancers.clone();
    }
    // By the group, and then by the load balancer, the clusters of the services behind it.
    let mut behind: HashMap<&str, BTreeSet<&str>> = HashMap::new();
    for service in p.services.values() {
        for arn in service.load_balancers.iter().flat_map(|b| b.groups()) {
            let clusters = behind.entry(arn).or_default();
            clusters.insert(service.id.cluster.as_str());
        }
    }
    let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for group in &p.groups {
        let clusters = behind.get(group.arn.as_str());
        let dimensions = group.load_balancers.iter();
        let dimensions = dimensions.filter_map(|arn| Some(arn.split_once("loadbalancer/")?.1));
        for dimension in dimensions.filter(|d| d.starts_with("app/")) {
            let known = found.entry(dimension).or_default();
            known.extend(clusters.into_iter().flatten());
        }
    }
    // As with every proof: what is named like another environment says nothing of this one's promises, whoever looks after it.
    let here = Env::looked_at(&p.facts);
    let ours = |dimension: &str, clusters: &BTreeSet<&str>| {
        let mut envs = clusters.iter().map(|c| p.facts.env_of_cluster(c));
        match clusters.is_empty() {
            true => p
                .facts
                .env_of_words(dimension)
                .is_none_or(|env| env == here),
            false => envs.any(|env| env == here),
        }
    };
    let found = found.into_iter().filter(|(d, clusters)| ours(d, clusters));
    found.map(|(d, _)| d.to_owned()).collect()
}

/// A question for the counts.
#[derive(Debug)]
pub struct Question {
    balancers: Vec<String>,
    found: usize,
    days: u32,
    with_long: bool,
}

/// What to ask now.
pub fn question(p: &Picture, now: Timestamp) -> Question {
    let mut balancers = balancers(p);
    let found = balancers.len();
    if p.config.slo.load_balancers.is_empty() {
        balancers.truncate(BALANCERS);
    }
    let every = p.measured.long_every();
    let asked = p.measured.long_asked;
    let old = asked.is_none_or(|at| now.duration_since(at) > every);
    Question {
        with_long: old || p.measured.asked != balancers,
        days: p.config.slo.window_days,
        found,
        balancers,
    }
}

/// Counts.
#[derive(Debug)]
pub struct Counts {
    balancers: Vec<String>,
    found: usize,
    minutes: Read,
    /// The longer periods: of an hour, and short ones.
    long: Option<(Read, Read)>,
}

/// Counts of one length of periods.
#[derive(Debug, Default)]
struct Read {
    buckets: Vec<Bucket>,
    /// Whether CloudWatch told of them in part alone.
    partial: bool,
}

impl Read {
    fn of(series: &[Series], period_s: u32, now: Timestamp) -> Self {
        Self {
            buckets: whole(buckets(series), period_s, now),
            partial: series.iter().any(|s| s.partial),
        }
    }
}

/// Asks.
pub async fn ask(backend: &Backend, question: Question) -> Result<Counts, Problem> {
    let now = Timestamp::now();
    let back = |hours| {
        now.saturating_sub(SignedDuration::from_hours(hours))
            .unwrap_or(now)
    };
    let read = async |period_s, hours, seam_s: u32| {
        let queries = queries(&question.balancers, period_s);
        if queries.is_empty() {
            return Ok(Read::default());
        }
        // From the begin of a longer period, so that both meet at a seam.
        let from = floor(back(hours), i64::from(seam_s));
        let series = backend.cloudwatch.series(&queries, from, now).await?;
        Ok::<_, Problem>(Read::of(&series, period_s, now))
    };
    let longer = async {
        if !question.with_long {
            return Ok(None);
        }
        let long = read(LONG_S, 24 * i64::from(question.days), LONG_S);
        let short = read(SHORT_S, SHORT_HOURS, LONG_S);
        Ok::<_, Problem>(Some(tokio::try_join!(long, short)?))
    };
    let minutes = read(MINUTE_S, MINUTES_HOURS, SHORT_S);
    let (minutes, long) = tokio::try_join!(minutes, longer)?;
    Ok(Counts {
        balancers: question.balancers,
        found: question.found,
        minutes,
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
            p.measured.minutes = counts.minutes.buckets;
            p.measured.partial.1 = counts.minutes.partial;
            let same = p.measured.asked == counts.balancers;
            p.measured.asked = counts.balancers;
            p.measured.found = counts.found;
            if let Some(longer) = counts.long {
                p.measured.take_longer(longer, same, at);
            }
            let missing = p.measured.missing();
            let over = Over {
                balancers: &p.measured.asked,
                missing: missing.as_deref(),
            };
            Ok(judge(
                &p.config.slo,
                over,
                Rows {
                    long: &p.measured.long,
                    short: &p.measured.short,
                    short_s: SHORT_S,
                    minutes: &p.measured.minutes,
                },
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

/// Periods that are over. Of one that is not, each count has come as far as it has: failures of one minute would be held against
/// the requests of another.
fn whole(mut all: Vec<Bucket>, period_s: u32, now: Timestamp) -> Vec<Bucket> {
    let length = SignedDuration::from_secs(i64::from(period_s));
    all.retain(|b| b.at.saturating_add(length).is_ok_and(|end| end <= now));
    all
}

fn balancer(s: &Series) -> &str {
    s.query.metric.dimensions.first().map_or("", |(_, v)| v)
}

/// Joins the series of all load balancers by period. Of a period whose requests CloudWatch did not tell, what failed is no share of
/// anything: by itself it would be all that came.
fn buckets(series: &[Series]) -> Vec<Bucket> {
    let in_part = |s: &&Series| s.partial && s.query.metric.name == REQUESTS;
    let uncounted: BTreeSet<&str> = series.iter().filter(in_part).map(balancer).collect();
    let mut counts: BTreeMap<(Timestamp, &str), [Option<f64>; 4]> = BTreeMap::new();
    for s in series {
        let name = s.query.metric.name.as_str();
        let place = [REQUESTS, TARGET_5XX, OWN_5XX, TIME]
            .iter()
            .position(|n| *n == name);
        for (at, value) in s.points.iter() {
            let row = counts.entry((*at, balancer(s))).or_default();
            if let Some(slot) = place.and_then(|i| row.get_mut(i)) {
                *slot = Some(*value);
            }
        }
    }
    let mut joined: BTreeMap<Timestamp, Bucket> = BTreeMap::new();
    for ((at, balancer), [requests, target, own, mean]) in counts {
        if requests.is_none() && uncounted.contains(balancer) {
            continue;
        }
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
    use std::sync::Arc;

    use super::*;
    use crate::config::Config;
    use crate::domain::metric::Unit;
    use crate::domain::service::LoadBalancerBinding;
    use crate::domain::target::TargetGroup;
    use crate::watch::topics::deployments::testing;

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

    fn group(name: &str) -> TargetGroup {
        TargetGroup {
            arn: format!("arn:tg/{name}"),
            name: name.into(),
            load_balancers: vec![format!("arn:aws:elb:r:1:loadbalancer/app/{name}/1")],
            protocol: None,
            health_check_path: None,
            targets: Vec::new(),
        }
    }

    fn picture(environment: &str, names: &[String]) -> Picture {
        let config = Config {
            environment: environment.into(),
            environments: ["production", "staging", "dev"].map(str::to_owned).into(),
            ..Config::default()
        };
        let mut p = Picture::new(Arc::new(config));
        p.groups = names.iter().map(|n| group(n)).collect();
        p
    }

    /// A service of that cluster behind the load balancer of that name.
    fn behind(p: &mut Picture, cluster: &str, balancer: &str) {
        let mut service = testing::service(&format!("{cluster}-api"));
        service.id.cluster = cluster.into();
        service.load_balancers = vec![LoadBalancerBinding {
            alternate_target_group_arn: None,
            target_group_arn: format!("arn:tg/{balancer}"),
            container: "app".into(),
            port: 80,
        }];
        p.services.insert(service.id.clone(), Arc::new(service));
    }

    #[test]
    fn only_load_balancers_of_the_environment_looked_at_count() {
        let names = ["laser-prod", "laser-staging", "shared", "web"].map(str::to_owned);
        let mut p = picture("production", &names);
        assert_eq!(
            balancers(&p),
            ["app/laser-prod/1", "app/shared/1", "app/web/1"]
        );
        // What runs behind it says more than its name.
        behind(&mut p, "laser-dev", "web");
        behind(&mut p, "laser-prod", "laser-staging");
        assert_eq!(
            balancers(&p),
            ["app/laser-prod/1", "app/laser-staging/1", "app/shared/1"]
        );
        // Nor is a promise of staging's kept by production's.
        let mut staging = picture("staging", &names[..1]);
        assert_eq!(balancers(&staging), [""; 0]);
        // Whoever looks after that one, or nobody.
        staging.facts.environments = vec!["staging".into()];
        assert_eq!(balancers(&staging), [""; 0]);
    }

    #[test]
    fn more_load_balancers_than_are_measured_and_counts_in_part_are_said_and_keep_no_promise() {
        let at = Timestamp::from_second(1_800_000_000).unwrap();
        let standing = |many: usize, partial: bool| {
            let names: Vec<String> = (0..many).map(|n| format!("b{n:02}")).collect();
            let mut p = picture("production", &names);
            let asked = question(&p, at);
            assert_eq!(asked.balancers.len(), many.min(BALANCERS));
            let long = at - SignedDuration::from_hours(2);
            let points = [(long.as_second(), 100.0), (long.as_second() + 3_600, 100.0)];
            let mut one = series(&asked.balancers[0], REQUESTS, &points);
            one.partial = partial;
            let counts = Counts {
                balancers: asked.balancers,
                found: asked.found,
                minutes: Read::default(),
                long: Some((Read::of(&[one], LONG_S, at), Read::default())),
            };
            take(&mut p, Ok(counts), at);
            let slo = p.facts.slos.rows()[0].clone();
            (slo.is_met(), slo.counted.missing.clone())
        };
        assert_eq!(standing(20, false), (Some(true), None));
        let missing = Some("20 of 21 load balancers are measured".to_owned());
        assert_eq!(standing(21, false), (None, missing));
        let missing = Some("CloudWatch told only a part of the counts".to_owned());
        assert_eq!(standing(1, true), (None, missing));
    }

    /// One failure of CloudWatch's among many results must not leave the promises unknown until the next reading of the whole window.
    #[test]
    fn an_answer_in_part_takes_nothing_from_a_whole_one_and_is_asked_for_again_soon() {
        let start = Timestamp::from_second(1_800_000_000).unwrap();
        let mut p = picture("production", &["a".to_owned()]);
        let told = |p: &mut Picture, minutes: i64, partial: bool| {
            let at = start + SignedDuration::from_mins(minutes);
            let asked = question(p, at);
            let hours = [1, 2].map(|h| ((start.as_second() / 3_600 - h) * 3_600, 100.0));
            let mut one = series(&asked.balancers[0], REQUESTS, &hours);
            one.partial = partial;
            let long = (Read::of(&[one], LONG_S, at), Read::default());
            let counts = Counts {
                balancers: asked.balancers,
                found: asked.found,
                minutes: Read::default(),
                long: asked.with_long.then_some(long),
            };
            take(p, Ok(counts), at);
            let missing = p.facts.slos.rows()[0].counted.missing.is_some();
            (asked.with_long, missing)
        };
        assert_eq!(told(&mut p, 0, false), (true, false));
        assert_eq!(told(&mut p, 1, false), (false, false));
        assert_eq!(told(&mut p, 16, true), (true, false), "the whole one stays");
        assert_eq!(told(&mut p, 17, false), (true, false), "asked for again");
        assert_eq!(told(&mut p, 18, false), (false, false));
        // What stays away for good is asked for ever less, and told as missing in the end.
        let mut asked = 0;
        let mut last = false;
        for minute in 33..93 {
            let (with_long, missing) = told(&mut p, minute, true);
            asked += u32::from(with_long);
            last = missing;
        }
        assert!((6..12).contains(&asked), "{asked}");
        assert!(last, "nobody knows any more");
    }

    #[test]
    fn what_failed_of_requests_that_nobody_counted_is_no_share_of_them() {
        let mut uncounted = series("app/b/2", REQUESTS, &[(0, 300.0)]);
        uncounted.partial = true;
        let all = [
            series("app/a/1", REQUESTS, &[(0, 100.0), (300, 100.0)]),
            uncounted,
            series("app/b/2", OWN_5XX, &[(0, 3.0), (300, 3.0)]),
            series("app/b/2", TARGET_5XX, &[(300, 9.0)]),
        ];
        let counted: Vec<_> = buckets(&all)
            .iter()
            .map(|b| (b.requests, b.failures))
            .collect();
        assert_eq!(counted, [(403.0, 3.0), (100.0, 0.0)]);
    }

    #[test]
    fn a_period_that_is_not_over_is_none_whichever_count_of_it_has_come() {
        // An outage began in the running period: its failures have a single point, which is of no other period.
        let all = [
            series("app/a/1", REQUESTS, &[(0, 100.0), (300, 100.0)]),
            series("app/a/1", OWN_5XX, &[(600, 40.0)]),
        ];
        let at = |s| Timestamp::from_second(s).unwrap();
        let starts = |now| -> Vec<i64> {
            let whole = whole(buckets(&all), 300, at(now));
            whole.iter().map(|b| b.at.as_second()).collect()
        };
        assert_eq!(starts(899), [0, 300]);
        assert_eq!(starts(900), [0, 300, 600]);
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
