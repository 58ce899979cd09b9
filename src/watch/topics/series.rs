//! The common series: what the overview, the services and the alarms draw, in one batched question.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};

use crate::backend::Backend;
use crate::domain::alarm::{Alarm, AlarmRule, AlarmState};
use crate::domain::bucket::{Bucket, Replica};
use crate::domain::cache::CacheGroup;
use crate::domain::environment::Env;
use crate::domain::measured::copies_asked;
use crate::domain::metric::{MetricQuery, Series};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::queries;
use crate::domain::service::ServiceId;
use crate::domain::target::TargetGroup;
use crate::watch::picture::Picture;

/// How far back.
const WINDOW: SignedDuration = SignedDuration::from_hours(3);
/// Services whose CPU and memory are drawn.
const SERVICES: usize = 50;
/// Alarms whose own metric is drawn.
const ALARMS: usize = 100;
/// Target groups whose traffic is drawn.
const GROUPS: usize = 40;
/// Target groups without a healthy target whose answers are counted: CloudWatch bills for each figure of each, every minute.
const ILL: usize = 20;
/// Nodes of caches of this environment that are measured: as many as a replication group of ElastiCache has unless AWS is asked for more
/// ("Quotas for ElastiCache", nodes per cluster). The plan is judged by them.
const NODES: usize = 90;
/// Nodes of other environments' caches: they are shown, and nothing hangs on them.
const NODES_ELSEWHERE: usize = 20;

/// Whether everything that the questions are made of has been answered, or has failed.
pub fn is_ready(p: &Picture) -> bool {
    let f = &p.facts;
    (f.services.value.is_some() || f.services.error.is_some())
        && (f.alarms.value.is_some() || f.alarms.error.is_some())
        && (f.target_groups.value.is_some() || f.target_groups.error.is_some())
}

/// A rule that copies a bucket.
#[derive(Debug, Hash)]
struct CopyRule<'a> {
    bucket: &'a str,
    to: &'a str,
    rule: &'a str,
    /// Region of the copy, where it is known and not the one that is looked at: CloudWatch has there, and nowhere else, how far the copy
    /// is behind (Amazon S3 User Guide, "Using S3 Replication metrics").
    abroad: Option<&'a str>,
}

impl<'a> CopyRule<'a> {
    /// Those that are on, as far as they are asked about; `home`: the region that is looked at.
    fn all(buckets: &'a [Bucket], environment: &str, home: &str) -> Vec<Self> {
        let asked = copies_asked(buckets, environment).into_iter();
        let rule = |(bucket, rule): (&'a Bucket, &'a Replica)| {
            let copy = buckets.iter().find(|b| b.name == rule.bucket);
            let region = copy.and_then(|b| b.region.value()).map(String::as_str);
            Self {
                bucket: &bucket.name,
                to: &rule.bucket,
                rule: &rule.rule,
                abroad: region.filter(|at| *at != home),
            }
        };
        asked.map(rule).collect()
    }

    fn query(&self) -> MetricQuery {
        queries::replication(self.bucket, self.to, self.rule)
    }
}

/// What the questions are made of, those that matter most first: while it stays the same, so do they. Made many times as often as they are.
#[derive(Debug)]
pub struct Sources<'a> {
    alarms: Vec<&'a MetricQuery>,
    groups: Vec<&'a TargetGroup>,
    /// Those without a healthy target, wherever they stand in the list: what is counted of them says whether that is an outage.
    ill: Vec<&'a TargetGroup>,
    services: Vec<Cow<'a, ServiceId>>,
    nodes: Vec<&'a str>,
    /// Serverless caches.
    serverless: Vec<&'a str>,
    copies: Vec<CopyRule<'a>>,
    needed: &'a [MetricQuery],
}

impl Hash for Sources<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Of a group the names: how its targets are changes what is asked of it with the next question, and is no reason for one. What
        // it answers from then on is counted a minute or two later.
        for group in &self.groups {
            (&group.arn, &group.load_balancers).hash(state);
        }
        (&self.alarms, &self.services, self.needed).hash(state);
        (&self.nodes, &self.serverless, &self.copies).hash(state);
    }
}

impl<'a> Sources<'a> {
    /// Of a picture.
    pub fn of(p: &'a Picture) -> Self {
        let is_firing = |a: &&Arc<Alarm>| a.state == AlarmState::Alarm;
        // What services are scaled by is no picture that anybody looks at, and CloudWatch bills for each figure.
        let rows = || p.facts.alarms_for_people();
        let alarms = rows()
            .filter(is_firing)
            .chain(rows().filter(|a| !is_firing(a)));
        let alarms = alarms.take(ALARMS).filter_map(|a| match &a.rule {
            AlarmRule::Metric { query, .. } => query.as_ref(),
            AlarmRule::Composite { .. } | AlarmRule::Log { .. } => None,
        });
        let groups = p.facts.target_groups.value.iter().flat_map(|g| g.iter());
        let ill = groups.clone().filter(|g| g.has_none_healthy());
        let mut ill: Vec<&TargetGroup> = ill.collect();
        if ill.len() > ILL {
            // Those of this environment first.
            let is_elsewhere = |g: &&TargetGroup| p.facts.is_group_elsewhere(g);
            let (others, here): (Vec<_>, Vec<_>) = ill.into_iter().partition(is_elsewhere);
            ill = here.into_iter().chain(others).collect();
        }
        ill.truncate(ILL);
        let interest = p.of_interest();
        let known: Vec<&ServiceId> = p.services.keys().take(SERVICES + interest.len()).collect();
        let known = known.into_iter().filter(|id| !interest.contains(id));
        let known: Vec<_> = known.map(Cow::Borrowed).collect();
        let services = interest.into_iter().map(Cow::Owned).chain(known);
        let estate = &p.facts.estate;
        let caches = estate.caches.value.iter().flat_map(|c| &c.groups);
        let looked_at = Env::looked_at(&p.facts);
        let is_ours = |g: &&CacheGroup| Env::named(&g.id).is_none_or(|env| env == looked_at);
        let (ours, others): (Vec<_>, Vec<_>) = caches.partition(is_ours);
        let ids = |groups: Vec<&'a CacheGroup>, most: usize| {
            let nodes = groups.into_iter().flat_map(|g| &g.nodes);
            nodes.map(|n| n.id.as_str()).take(most)
        };
        let serverless = ours.iter().chain(&others).filter(|g| g.serverless);
        let serverless = serverless.map(|g| g.id.as_str()).take(NODES_ELSEWHERE);
        let serverless: Vec<&str> = serverless.collect();
        let nodes = ids(ours, NODES).chain(ids(others, NODES_ELSEWHERE));
        let buckets = estate.buckets.value.as_ref();
        let copies = buckets.map(|b| CopyRule::all(b, &p.facts.environment, estate.home()));
        Self {
            nodes: nodes.collect(),
            serverless,
            copies: copies.unwrap_or_default(),
            alarms: alarms.collect(),
            groups: groups.take(GROUPS).collect(),
            ill,
            services: services.take(SERVICES).collect(),
            needed: &p.needs.queries,
        }
    }

    /// The questions of other regions, by region.
    pub fn abroad(&self) -> BTreeMap<String, Vec<MetricQuery>> {
        let mut all: BTreeMap<String, Vec<MetricQuery>> = BTreeMap::new();
        for copy in &self.copies {
            if let Some(region) = copy.abroad {
                all.entry(region.to_owned()).or_default().push(copy.query());
            }
        }
        all
    }

    /// The questions of the region that is looked at, each once.
    pub fn queries(&self) -> Vec<MetricQuery> {
        let mut all: Vec<MetricQuery> = self.alarms.iter().copied().cloned().collect();
        for group in &self.ill {
            all.extend(queries::golden_signals(group));
            all.extend(queries::proof(group));
        }
        all.extend(self.groups.iter().flat_map(|g| queries::golden_signals(g)));
        for id in &self.services {
            all.push(queries::service_cpu(id));
            all.push(queries::service_memory(id));
        }
        all.extend(self.nodes.iter().flat_map(|node| queries::cache(node)));
        let serverless = self.serverless.iter();
        all.extend(serverless.flat_map(|name| queries::serverless_cache(name)));
        let copies = self.copies.iter().filter(|c| c.abroad.is_none());
        all.extend(copies.map(CopyRule::query));
        all.extend(self.needed.iter().cloned());
        let mut seen = std::collections::HashSet::new();
        all.retain(|q| seen.insert(q.clone()));
        all
    }
}

/// What was answered: here, and in each region where something is measured abroad.
#[derive(Debug)]
pub struct Answered {
    here: Result<Vec<Series>, Problem>,
    abroad: Vec<Abroad>,
}

#[derive(Debug)]
struct Abroad {
    region: String,
    queries: Vec<MetricQuery>,
    answer: Result<Vec<Series>, Problem>,
}

/// Asks for the window that ends now, on whole minutes: here, and by region what is measured abroad.
pub async fn ask(
    backend: &Backend,
    queries: Vec<MetricQuery>,
    abroad: BTreeMap<String, Vec<MetricQuery>>,
) -> Answered {
    let now = Timestamp::now();
    let from = floor(now.saturating_sub(WINDOW).unwrap_or(now), 60);
    let there = abroad.into_iter().map(|(region, queries)| async move {
        let asked = backend.cloudwatch.series_in(&region, &queries, from, now);
        let answer = asked.await;
        Abroad {
            region,
            queries,
            answer,
        }
    });
    let here = backend.cloudwatch.series(&queries, from, now);
    let (here, abroad) = tokio::join!(here, join_all(there));
    Answered { here, abroad }
}

/// The start of the period that holds a time.
pub fn floor(at: Timestamp, seconds: i64) -> Timestamp {
    let second = at.as_second();
    Timestamp::from_second(second - second.rem_euclid(seconds.max(1))).unwrap_or(at)
}

/// Joins; series that are the same stay the same allocation. A region abroad that did not answer leaves nothing of this one unknown: what
/// it told before stands, as old as its points are, and why it is silent is said beside.
pub fn take(p: &mut Picture, answered: Answered, at: Timestamp) -> Option<ProblemKind> {
    let failure = answered.here.as_ref().err().map(|e| e.kind);
    let old = p.facts.series.value.clone().unwrap_or_default();
    let (mut told, mut before, mut untold) = (Vec::new(), Vec::new(), BTreeMap::new());
    for there in answered.abroad {
        match there.answer {
            Ok(series) => told.extend(series),
            Err(problem) => {
                let known = |q: MetricQuery| old.get(&q).cloned().map(|s| (q, s));
                before.extend(there.queries.into_iter().filter_map(known));
                untold.insert(there.region, problem);
            }
        }
    }
    let rows = answered.here.map(|series| {
        let kept = |s: Series| match old.get(&s.query) {
            Some(known) if **known == s => known.clone(),
            _ => Arc::new(s),
        };
        let series = series.into_iter().chain(told);
        let series = series.map(|s| (s.query.clone(), kept(s)));
        let map: BTreeMap<_, _> = series.chain(before).collect();
        Arc::new(map)
    });
    p.facts.series.take(rows, at);
    p.facts.series_untold = Arc::new(untold);
    failure
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::domain::cache::{CacheNode, Caches};
    use crate::domain::metric::Unit;
    use crate::domain::part::Part;
    use std::time::Duration;

    fn group(id: &str, nodes: usize) -> CacheGroup {
        let node = |n| CacheNode {
            id: format!("{id}-{n:03}"),
            role: String::new(),
            zone: String::new(),
            status: "available".into(),
        };
        CacheGroup {
            id: id.into(),
            about: String::new(),
            status: "available".into(),
            engine: "redis".into(),
            version: String::new(),
            node_type: String::new(),
            serverless: false,
            multi_az: true,
            failover: true,
            in_transit: true,
            at_rest: true,
            auth: true,
            retention_days: 7,
            window: String::new(),
            endpoint: String::new(),
            nodes: (1..=nodes).map(node).collect(),
        }
    }

    /// What is counted of a group decides whether it is down: it must not hang on the letter that its name begins with.
    #[test]
    fn groups_without_a_healthy_target_are_counted_wherever_they_stand_in_the_list() {
        use crate::domain::target::Target;
        let target_group = |n: usize, state: &str| TargetGroup {
            arn: format!("arn:aws:elasticloadbalancing:r:1:targetgroup/g{n:02}/1"),
            name: format!("g{n:02}"),
            load_balancers: vec!["arn:aws:elasticloadbalancing:r:1:loadbalancer/app/p/1".into()],
            protocol: None,
            health_check_path: None,
            targets: vec![Target {
                id: "10.0.0.1".into(),
                port: 80,
                zone: "a".into(),
                state: state.into(),
                reason: String::new(),
            }],
        };
        let mut p = Picture::new(Arc::new(Config::default()));
        let mut asked = |last: &str| {
            let state = |n| if n == 44 { last } else { "healthy" };
            let groups: Vec<_> = (0..45).map(|n| target_group(n, state(n))).collect();
            let every = std::time::Duration::from_secs(60);
            let at = Timestamp::UNIX_EPOCH;
            p.facts.target_groups = Part::answered(Arc::new(groups), at, "elb:x", every);
            let sources = Sources::of(&p);
            (
                crate::watch::wanted::stamp(&sources),
                sources.queries(),
                target_group(44, last),
            )
        };
        let (before, all, last) = asked("healthy");
        let proof = queries::proof(&last);
        assert_eq!(proof.len(), 5);
        assert!(
            proof.iter().all(|q| !all.contains(q)),
            "nothing is in doubt"
        );
        let (after, all, _) = asked("unhealthy");
        let mut wanted = proof.clone();
        wanted.extend(queries::golden_signals(&last));
        assert!(wanted.iter().all(|q| all.contains(q)));
        assert_eq!(before, after, "it waits for the next question");
    }

    /// CloudWatch has it in the region of the copy alone: asked for here, it would be missing for good.
    #[test]
    fn how_far_a_copy_is_behind_is_asked_where_the_copy_is() {
        use crate::domain::backup::Points;
        use crate::domain::told::Told;
        let bucket = |name: &str, region: &str, to: &[&str]| Bucket {
            name: name.into(),
            region: Told::Set(region.into()),
            replication: Told::Set(
                to.iter()
                    .map(|to| Replica {
                        rule: "r".into(),
                        enabled: true,
                        bucket: (*to).into(),
                        only: None,
                        failed: Told::Unset,
                    })
                    .collect(),
            ),
            ..Bucket::default()
        };
        let mut p = Picture::new(Arc::new(Config::default()));
        let (at, every) = (Timestamp::UNIX_EPOCH, Duration::from_secs(60));
        let mut stamps = Vec::new();
        for copy in ["away", "home"] {
            let buckets = vec![
                bucket("uploads", "home", &["copy", "theirs"]),
                bucket("copy", copy, &[]),
            ];
            let points = Points {
                region: "home".into(),
                ..Points::default()
            };
            let estate = &mut p.facts.estate;
            estate.buckets = Part::answered(Arc::new(buckets), at, "s3:x", every);
            estate.recovery_points = Part::answered(Arc::new(points), at, "backup:x", every);
            let sources = Sources::of(&p);
            stamps.push(crate::watch::wanted::stamp(&sources));
            let lag = |to| queries::replication("uploads", to, "r");
            let (here, there) = (sources.queries(), sources.abroad());
            assert!(here.contains(&lag("theirs")), "where that is, nobody knows");
            let is_away = copy == "away";
            assert_eq!(here.contains(&lag("copy")), !is_away);
            let wanted = is_away.then(|| ("away".to_owned(), vec![lag("copy")]));
            assert_eq!(there, wanted.into_iter().collect::<BTreeMap<_, _>>());
        }
        assert_ne!(stamps[0], stamps[1], "it is asked anew");
    }

    /// One slip of a region abroad would make a copy unknown for a minute, and an outage of it a denied right.
    #[test]
    fn what_a_region_abroad_told_stands_while_it_fails_and_home_is_taken_all_the_same() {
        let second = |s: i64| Timestamp::from_second(s).unwrap();
        let series = |query: &MetricQuery, at: i64| Series {
            query: query.clone(),
            label: String::new(),
            unit: Unit::None,
            points: [(second(at), 1.0)].into(),
            partial: false,
        };
        let (lag, node) = (
            queries::replication("uploads", "copy", "r"),
            queries::serverless_cache("c")[0].clone(),
        );
        let answered = |at: i64, there: Result<i64, Problem>| Answered {
            here: Ok(vec![series(&node, at)]),
            abroad: vec![Abroad {
                region: "away".into(),
                queries: vec![lag.clone()],
                answer: there.map(|at| vec![series(&lag, at)]),
            }],
        };
        let mut p = Picture::new(Arc::new(Config::default()));
        let newest = |p: &Picture, query: &MetricQuery| {
            let told = p.facts.series(query)?;
            told.points.last().map(|(at, _)| at.as_second())
        };
        let denied = || Problem::new(ProblemKind::Denied, "cloudwatch", "w", "denied", "f");
        assert_eq!(take(&mut p, answered(60, Err(denied())), second(60)), None);
        assert_eq!(newest(&p, &lag), None, "it told nothing yet");
        assert_eq!(take(&mut p, answered(120, Ok(120)), second(120)), None);
        assert!(p.facts.series_untold.is_empty());
        assert_eq!(
            take(&mut p, answered(180, Err(denied())), second(180)),
            None
        );
        assert_eq!(newest(&p, &lag), Some(120));
        assert_eq!(newest(&p, &node), Some(180));
        let why = p.facts.series_untold.get("away").map(|p| p.why.as_str());
        assert_eq!(why, Some("denied"));
        let nothing = Answered {
            here: Err(denied()),
            abroad: Vec::new(),
        };
        let failure = take(&mut p, nothing, second(240));
        assert_eq!(failure, Some(ProblemKind::Denied));
    }

    #[test]
    fn caches_of_the_environment_that_is_looked_at_are_measured_before_others() {
        let mut p = Picture::new(Arc::new(Config::default()));
        p.facts.environment = "production".into();
        let mut alone = group("laser-quotes", 0);
        alone.serverless = true;
        let caches = Caches {
            // As they are listed: by name.
            groups: vec![
                group("laser-dev-redis", 30),
                group("laser-prod-redis", 24),
                alone,
            ],
            ..Caches::default()
        };
        let every = std::time::Duration::from_secs(60);
        p.facts.estate.caches = Part::answered(
            Arc::new(caches),
            Timestamp::UNIX_EPOCH,
            "elasticache:x",
            every,
        );
        let sources = Sources::of(&p);
        let of = |name: &str| sources.nodes.iter().filter(|n| n.contains(name)).count();
        assert_eq!((of("-prod-"), of("-dev-")), (24, NODES_ELSEWHERE));
        let asked = sources.queries();
        let whole = queries::serverless_cache("laser-quotes");
        assert!(whole.iter().all(|q| asked.contains(q)), "it has no nodes");
    }
}
