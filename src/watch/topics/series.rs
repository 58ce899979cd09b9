//! The common series: what the overview, the services and the alarms draw, in one batched question.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::backend::Backend;
use crate::domain::alarm::{Alarm, AlarmRule, AlarmState};
use crate::domain::cache::CacheGroup;
use crate::domain::environment::Env;
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
/// Rules of buckets whose lag is measured.
const COPIES: usize = 20;

/// Whether everything that the questions are made of has been answered, or has failed.
pub fn is_ready(p: &Picture) -> bool {
    let f = &p.facts;
    (f.services.value.is_some() || f.services.error.is_some())
        && (f.alarms.value.is_some() || f.alarms.error.is_some())
        && (f.target_groups.value.is_some() || f.target_groups.error.is_some())
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
    /// A bucket, the one that it is copied to, and the rule.
    copies: Vec<(&'a str, &'a str, &'a str)>,
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
        let buckets = estate.buckets.value.iter().flat_map(|b| b.iter());
        let copies = buckets.flat_map(|b| {
            let rules = b.replication.value().into_iter().flatten();
            let on = rules.filter(|r| r.enabled);
            on.map(|r| (b.name.as_str(), r.bucket.as_str(), r.rule.as_str()))
        });
        Self {
            nodes: nodes.collect(),
            serverless,
            copies: copies.take(COPIES).collect(),
            alarms: alarms.collect(),
            groups: groups.take(GROUPS).collect(),
            ill,
            services: services.take(SERVICES).collect(),
            needed: &p.needs.queries,
        }
    }

    /// The questions, each once.
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
        let copies = self.copies.iter();
        all.extend(copies.map(|(of, to, rule)| queries::replication(of, to, rule)));
        all.extend(self.needed.iter().cloned());
        let mut seen = std::collections::HashSet::new();
        all.retain(|q| seen.insert(q.clone()));
        all
    }
}

/// Asks for the window that ends now, on whole minutes.
pub async fn ask(backend: &Backend, queries: Vec<MetricQuery>) -> Result<Vec<Series>, Problem> {
    if queries.is_empty() {
        return Ok(Vec::new());
    }
    let now = Timestamp::now();
    let from = floor(now.saturating_sub(WINDOW).unwrap_or(now), 60);
    backend.cloudwatch.series(&queries, from, now).await
}

/// The start of the period that holds a time.
pub fn floor(at: Timestamp, seconds: i64) -> Timestamp {
    let second = at.as_second();
    Timestamp::from_second(second - second.rem_euclid(seconds.max(1))).unwrap_or(at)
}

/// Joins; series that are the same stay the same allocation.
pub fn take(
    p: &mut Picture,
    answer: Result<Vec<Series>, Problem>,
    at: Timestamp,
) -> Option<ProblemKind> {
    let failure = answer.as_ref().err().map(|e| e.kind);
    let old = p.facts.series.value.clone().unwrap_or_default();
    let rows = answer.map(|series| {
        let kept = |s: Series| match old.get(&s.query) {
            Some(known) if **known == s => known.clone(),
            _ => Arc::new(s),
        };
        let map: BTreeMap<_, _> = series
            .into_iter()
            .map(|s| (s.query.clone(), kept(s)))
            .collect();
        Arc::new(map)
    });
    p.facts.series.take(rows, at);
    failure
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::domain::cache::{CacheNode, Caches};
    use crate::domain::part::Part;

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
