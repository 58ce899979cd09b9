//! What fires now, as far as it concerns the service of a preview. What is proven to fire elsewhere is counted: a warning that stands
//! in every dialog is read in none. Of what nobody can place, nothing is proven: it is warned of by its name.

use jiff::Timestamp;

use super::draft::Draft;
use super::look::{Look, Subject};
use crate::domain::alarm::{Alarm, AlarmRule, AlarmState};
use crate::domain::environment::Env;
use crate::domain::metric::MetricId;
use crate::domain::service::{Service, TaskDefinition};

/// Dimensions that name a store, by the id that its address begins with.
const STORES: &[&str] = &[
    "DBInstanceIdentifier",
    "DBClusterIdentifier",
    "CacheClusterId",
    "ReplicationGroupId",
];

/// Words in the names of variables that tell a container where its database is.
const DATABASES: &[&str] = &["database", "db", "postgres", "postgresql", "pg", "mysql"];
/// The same of a cache.
const CACHES: &[&str] = &["cache", "redis", "valkey", "memcached"];

/// Words of which the name of a secret is made that may hold the address of any store.
const OPEN: &[&str] = &[
    "app",
    "config",
    "configuration",
    "connection",
    "dsn",
    "endpoint",
    "env",
    "environment",
    "host",
    "secret",
    "secrets",
    "settings",
    "store",
    "string",
    "uri",
    "url",
];
/// What addresses of the vendor's stores end with: behind any other name may stand any of them.
const VENDORS: &str = "amazonaws.com";

/// How many alarms of one kind are named.
const NAMED: usize = 6;

/// How deep composite alarms are followed into those that they name.
const DEEPEST: usize = 4;

impl Look<'_> {
    /// Alarms that fire now and concern the service. Those that watch its deployments become an input, if `binding`.
    pub async fn alarms(&self, draft: &mut Draft, subject: &Subject, binding: bool) {
        let service = subject.service();
        let watched = &service.deployment.alarms;
        draft.fact("alarms watched", list(watched));
        // They are told beside: who stops a bad deployment does not wait long for them.
        let asked = subject.spare.wait(self.backend.cloudwatch.alarms()).await;
        let alarms = match asked.and_then(|told| told.map_err(|p| p.why)) {
            Ok(alarms) => alarms,
            Err(why) => {
                draft.fact("in ALARM now", "unknown");
                draft.warn(format!("alarms could not be read: {why}"));
                return;
            }
        };
        if self.backend.cloudwatch.lacks_log_alarms() {
            draft.fact("log alarms", "not told here");
        }
        let firing: Vec<&Alarm> = (alarms.iter())
            .filter(|a| a.state == AlarmState::Alarm)
            .collect();
        let about = About {
            service,
            definition: subject.definition().ok(),
            balancers: (subject.spare.wait(self.balancers(service, &firing)).await).unwrap_or(None),
            all: &alarms,
        };
        let (mut ours, mut near, mut unknown, mut others) = (vec![], vec![], vec![], 0_usize);
        let now = Timestamp::now();
        for alarm in &firing {
            if watched.contains(&alarm.name) {
                ours.push(alarm.name.clone());
                continue;
            }
            // It fires because there is little to do, or scaling is at it: no news of the service.
            if alarm.scales_quietly(now) {
                continue;
            }
            match about.place(alarm, DEEPEST) {
                Place::Ours => near.push(alarm.name.clone()),
                Place::Unknown => unknown.push(alarm.name.clone()),
                // What the service uses is told by a task definition that could not be read.
                Place::Elsewhere if about.definition.is_none() => unknown.push(alarm.name.clone()),
                Place::Elsewhere => others += 1,
            }
        }
        if !ours.is_empty() {
            let then = if service.deployment.alarms_rollback {
                "the deployment will roll back"
            } else {
                "the deployment will fail"
            };
            draft.warn(format!("in ALARM and watched: {}: {then}", list(&ours)));
        }
        if !near.is_empty() {
            draft.warn(format!("in ALARM: {}", list(&near)));
        }
        if !unknown.is_empty() {
            let them = if unknown.len() == 1 { "it" } else { "they" };
            let s = if unknown.len() == 1 { "s" } else { "" };
            let names = some(&unknown);
            draft.warn(format!(
                "in ALARM, and whether {them} concern{s} this service cannot be told: {names}"
            ));
        }
        let all: Vec<String> = ours.iter().chain(&near).cloned().collect();
        draft.fact("in ALARM now", firing_now(&all, &unknown));
        if others > 0 {
            let s = if others == 1 { "" } else { "s" };
            let said =
                format!("{others} alarm{s}, about nothing that this service is known to use");
            draft.fact("fires elsewhere", said);
        }
        if binding {
            draft.input("watched alarms in ALARM", list(&ours));
        }
    }

    /// Load balancers that lead to the service, as dimensions name them; asked only where an alarm is about one. `None`: not known.
    async fn balancers(&self, service: &Service, firing: &[&Alarm]) -> Option<Vec<String>> {
        let alone = |m: &MetricId| {
            dimension(m, "LoadBalancer").is_some() && dimension(m, "TargetGroup").is_none()
        };
        let mut about_one = firing.iter().flat_map(|a| a.metrics()).filter(|m| alone(m));
        if service.load_balancers.is_empty() || about_one.next().is_none() {
            return Some(Vec::new());
        }
        let groups = self.backend.elb.target_groups().await.ok()?;
        let mut bound = service.load_balancers.iter().flat_map(|b| b.groups());
        if !bound.all(|arn| groups.iter().any(|g| g.arn == arn)) {
            return None;
        }
        let ours = |arn: &str| {
            let mut bound = service.load_balancers.iter().flat_map(|b| b.groups());
            bound.any(|group| group == arn)
        };
        let leading = groups.iter().filter(|g| ours(&g.arn));
        let arns = leading.flat_map(|g| &g.load_balancers);
        // `app/name/id` of `...:loadbalancer/app/name/id`.
        let named = arns.filter_map(|arn| arn.split_once(":loadbalancer/"));
        Some(named.map(|(_, name)| name.to_owned()).collect())
    }
}

fn list(names: &[String]) -> String {
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

/// The first of some names, and how many more there are.
fn some(names: &[String]) -> String {
    let first = list(names.get(..NAMED).unwrap_or(names));
    match names.len().saturating_sub(NAMED) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

/// What fires of the service, and what may be of it: never `none` while there is any of either.
fn firing_now(ours: &[String], unknown: &[String]) -> String {
    let perhaps = format!("perhaps {}", some(unknown));
    match (ours.is_empty(), unknown.is_empty()) {
        (_, true) => list(ours),
        (true, false) => perhaps,
        (false, false) => format!("{}, {perhaps}", list(ours)),
    }
}

fn dimension<'a>(metric: &'a MetricId, name: &str) -> Option<&'a str> {
    let found = metric.dimensions.iter().find(|(k, _)| k == name)?;
    Some(&found.1)
}

/// Whether a log group that a query names, by its name or its ARN, is the one of that name.
fn holds_group(named: &str, group: &str) -> bool {
    let name = named.split_once(":log-group:").map_or(named, |(_, n)| n);
    name.trim_end_matches(":*") == group
}

/// Whether a text holds a name as a whole word, whose letters may be parted by dashes.
fn holds(text: &str, name: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    !name.is_empty()
        && text.match_indices(name).any(|(at, _)| {
            let before = text.get(..at).and_then(|t| t.chars().next_back());
            let after = text.get(at + name.len()..).and_then(|t| t.chars().next());
            !before.is_some_and(part) && !after.is_some_and(part)
        })
}

fn words(name: &str) -> Vec<String> {
    let name = name.to_lowercase();
    let words = name.split(|c: char| !c.is_alphanumeric());
    words.map(str::to_owned).collect()
}

/// Whether the name of a variable is about a store of a kind.
fn is_of(name: &str, kind: &[&str]) -> bool {
    words(name).iter().any(|w| kind.contains(&w.as_str()))
}

/// Where an alarm belongs, seen from a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// To the service, or to what it is known to use.
    Ours,
    /// To something that it is known not to be or to use.
    Elsewhere,
    /// It cannot be told.
    Unknown,
}

impl Place {
    fn ours(is_ours: bool) -> Self {
        if is_ours { Self::Ours } else { Self::Elsewhere }
    }

    /// Of several: ours where one is, elsewhere where all are proven to be; of none at all nothing is known.
    fn of(all: impl IntoIterator<Item = Self>) -> Self {
        let all: Vec<Self> = all.into_iter().collect();
        if all.contains(&Self::Ours) {
            Self::Ours
        } else if all.is_empty() || all.contains(&Self::Unknown) {
            Self::Unknown
        } else {
            Self::Elsewhere
        }
    }
}

/// What an alarm may be about to concern a service.
struct About<'a> {
    service: &'a Service,
    /// `None`: it could not be read.
    definition: Option<&'a TaskDefinition>,
    balancers: Option<Vec<String>>,
    all: &'a [Alarm],
}

impl About<'_> {
    fn place(&self, alarm: &Alarm, depth: usize) -> Place {
        let by_rule = match &alarm.rule {
            AlarmRule::Metric { .. } => Place::of(alarm.metrics().map(|m| self.of_metric(m))),
            AlarmRule::Log { groups, .. } => self.of_groups(groups),
            AlarmRule::Composite { .. } if depth == 0 => Place::Unknown,
            AlarmRule::Composite { rule } => {
                let members = self.all.iter().filter(|a| {
                    a.state != AlarmState::Ok && a.name != alarm.name && holds(rule, &a.name)
                });
                Place::of(members.map(|a| match self.place(a, depth - 1) {
                    // It does not fire itself, and may be why the other does.
                    Place::Ours if a.state != AlarmState::Alarm => Place::Unknown,
                    place => place,
                }))
            }
        };
        // A name tells where nothing else does, and of a composite, whatever its members are about.
        let is_composite = matches!(alarm.rule, AlarmRule::Composite { .. });
        if (is_composite || by_rule == Place::Unknown) && self.is_named(alarm) {
            return Place::Ours;
        }
        by_rule
    }

    /// By the dimensions of a metric: the service, its cluster, its target groups and their balancers, stores that its containers
    /// are told of. Those of any other kind tell nothing.
    fn of_metric(&self, metric: &MetricId) -> Place {
        let id = &self.service.id;
        let cluster = dimension(metric, "ClusterName");
        if let Some(name) = dimension(metric, "ServiceName") {
            return Place::ours(name == id.name && cluster.is_none_or(|c| c == id.cluster));
        }
        if let Some(cluster) = cluster {
            return Place::ours(cluster == id.cluster);
        }
        if let Some(group) = dimension(metric, "TargetGroup") {
            let mut bound = self.service.load_balancers.iter().flat_map(|b| b.groups());
            return Place::ours(bound.any(|arn| arn.rsplit(':').next() == Some(group)));
        }
        if let Some(balancer) = dimension(metric, "LoadBalancer") {
            let known = self.balancers.as_ref();
            return known.map_or(Place::Unknown, |all| {
                Place::ours(all.iter().any(|b| b == balancer))
            });
        }
        let Some(store) = STORES.iter().find_map(|name| dimension(metric, name)) else {
            return Place::Unknown;
        };
        // A node of a cache has the name of its group, and a number.
        let group = store.rsplit_once('-').map(|(group, _)| group);
        let group = group.filter(|_| dimension(metric, "CacheClusterId").is_some());
        let cache = ["CacheClusterId", "ReplicationGroupId"];
        let kind = match cache.iter().any(|name| dimension(metric, name).is_some()) {
            true => CACHES,
            false => DATABASES,
        };
        if self.uses(store) || group.is_some_and(|group| self.uses(group)) {
            return Place::Ours;
        }
        self.asks_for(store, kind)
    }

    /// By the log groups of a query: the service's own where one of its containers writes to it. What others write may be about it all
    /// the same.
    fn of_groups(&self, groups: &[String]) -> Place {
        let containers = self.definition.iter().flat_map(|d| &d.containers);
        let mut own = containers.filter_map(|c| c.log_group.as_deref());
        let reads = |group: &str| groups.iter().any(|g| holds_group(g, group));
        match own.any(reads) {
            true => Place::Ours,
            false => Place::Unknown,
        }
    }

    /// Whether a container is told of a store: by its address.
    fn uses(&self, store: &str) -> bool {
        let containers = self.definition.iter().flat_map(|d| &d.containers);
        let mut told = containers.flat_map(|c| c.environment.iter().chain(&c.secrets));
        told.any(|(_, value)| holds(value, store))
    }

    /// Whose a store is that no container is told of by its address: by the names of variables, whose values may be secrets that are
    /// not read. One of the same environment is taken for the one that is asked for; one of another environment is not.
    fn asks_for(&self, store: &str, kind: &[&str]) -> Place {
        let (here, there) = (Env::named(&self.service.id.cluster), Env::named(store));
        if here.is_some() && there.is_some() && here != there {
            return Place::Elsewhere;
        }
        let containers = || self.definition.iter().flat_map(|d| &d.containers);
        let plain = containers().flat_map(|c| &c.environment);
        let plain: Vec<_> = plain.filter(|(name, _)| is_of(name, kind)).collect();
        let mut secrets = containers().flat_map(|c| &c.secrets);
        let hidden = secrets.clone().any(|(name, _)| is_of(name, kind));
        if here.is_some() && here == there && (hidden || !plain.is_empty()) {
            return Place::Ours;
        }
        let told = plain.iter().any(|(_, value)| value.contains(VENDORS));
        let open = secrets.any(|(name, _)| words(name).iter().all(|w| OPEN.contains(&w.as_str())));
        if hidden || open || (!told && !plain.is_empty()) {
            return Place::Unknown;
        }
        Place::Elsewhere
    }

    /// By its name, which may be all that tells: `laser-prod-api-errors` of the service `api` in `laser-prod`.
    fn is_named(&self, alarm: &Alarm) -> bool {
        let id = &self.service.id;
        let rest = alarm
            .name
            .strip_prefix(&format!("{}-{}", id.cluster, id.name));
        rest.is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alarm::Severity;
    use crate::domain::metric::{MetricQuery, Stat};
    use crate::domain::service::{
        CircuitBreaker, ContainerSpec, DeploymentConfig, LoadBalancerBinding, Revision, ServiceId,
        Strategy, TaskCounts,
    };

    fn alarm(name: &str, rule: AlarmRule) -> Alarm {
        Alarm {
            name: name.into(),
            arn: String::new(),
            description: String::new(),
            state: AlarmState::Alarm,
            severity: Severity::Warning,
            reason: String::new(),
            since: None,
            updated_at: None,
            rule,
            actions_enabled: true,
            other_actions: Vec::new(),
            held_back: None,
            actions: Vec::new(),
        }
    }

    fn on(name: &str, dimensions: &[(&str, &str)]) -> Alarm {
        let rule = AlarmRule::Metric {
            query: Some(MetricQuery {
                metric: MetricId::new("N", "m", dimensions),
                stat: Stat::Average,
                period_s: 60,
            }),
            expression: None,
            parts: Vec::new(),
            comparison: ">".into(),
            threshold: Some(1.0),
            datapoints: 1,
            periods: 1,
            period_s: 60,
        };
        alarm(name, rule)
    }

    /// An expression over metrics of one dimension each.
    fn math(name: &str, over: &[(&str, &str)]) -> Alarm {
        let of = |d: &(&str, &str)| MetricId::new("N", "m", &[*d]);
        let mut alarm = on(name, &[]);
        if let AlarmRule::Metric { query, parts, .. } = &mut alarm.rule {
            *query = None;
            *parts = over.iter().map(of).collect();
        }
        alarm
    }

    fn definition(container: ContainerSpec) -> TaskDefinition {
        TaskDefinition {
            revision: Revision::parse("api:41").unwrap(),
            status: "ACTIVE".into(),
            cpu_units: None,
            memory_mib: None,
            containers: vec![container],
            registered_at: None,
            registered_by: None,
        }
    }

    fn service() -> Service {
        Service {
            id: ServiceId {
                cluster: "laser-prod".into(),
                name: "api".into(),
            },
            arn: String::new(),
            status: "ACTIVE".into(),
            counts: TaskCounts::default(),
            revision: Revision::parse("api:41").unwrap(),
            launch_type: "FARGATE".into(),
            deployment: DeploymentConfig {
                strategy: Strategy::Rolling,
                minimum_healthy_percent: 100,
                maximum_percent: 200,
                circuit_breaker: CircuitBreaker {
                    enabled: true,
                    rollback: true,
                    ..CircuitBreaker::default()
                },
                alarms: vec![],
                alarms_rollback: false,
                bake_minutes: None,
                shift_minutes: None,
            },
            load_balancers: vec![LoadBalancerBinding {
                target_group_arn: "arn:aws:elasticloadbalancing:r:1:targetgroup/tg-api/1".into(),
                alternate_target_group_arn: None,
                container: "api".into(),
                port: 80,
            }],
            rollouts: vec![],
            revisions: vec![],
            scaling: None,
            events: vec![],
            created_at: None,
        }
    }

    #[test]
    fn an_alarm_concerns_what_the_service_is_and_uses_and_no_other() {
        let definition = definition(ContainerSpec {
            name: "api".into(),
            environment: vec![
                (
                    "DB".into(),
                    "laser-db.c9.us-east-1.rds.amazonaws.com".into(),
                ),
                (
                    "STORE".into(),
                    "rediss://laser-redis.x.cache.amazonaws.com".into(),
                ),
            ],
            secrets: vec![("DATABASE_URL".into(), "arn:secret:url".into())],
            ..ContainerSpec::default()
        });
        let service = service();
        let own = on(
            "a",
            &[("ClusterName", "laser-prod"), ("ServiceName", "api")],
        );
        let both = |name: &str, member: &str| {
            let rule = format!("ALARM(\"{member}\")");
            alarm(name, AlarmRule::Composite { rule })
        };
        let concern = [
            own.clone(),
            on("b", &[("ClusterName", "laser-prod")]),
            on(
                "c",
                &[
                    ("LoadBalancer", "app/x/1"),
                    ("TargetGroup", "targetgroup/tg-api/1"),
                ],
            ),
            on("d", &[("LoadBalancer", "app/ours/1")]),
            on("e", &[("DBInstanceIdentifier", "laser-db")]),
            on("f", &[("CacheClusterId", "laser-redis-001")]),
            // Its address is a secret; it is of the same environment.
            on("p", &[("DBInstanceIdentifier", "main-prod")]),
            on("laser-prod-api-errors", &[]),
            both("g", "a"),
            math("s", &[("ServiceName", "web"), ("ServiceName", "api")]),
        ];
        let unknown = [
            // Its address may be the secret's.
            on("m", &[("DBInstanceIdentifier", "laser-db-2")]),
            on("laser-prod-apix-errors", &[]),
            on("t", &[("FunctionName", "thumbs")]),
            math("u", &[]),
            math("v", &[("ServiceName", "web"), ("FunctionName", "thumbs")]),
            both("w", "t"),
            both("x", "nobody knows this one"),
            both("quiet", "silent"),
        ];
        let elsewhere = [
            on(
                "h",
                &[("ClusterName", "laser-prod"), ("ServiceName", "web")],
            ),
            on("i", &[("ClusterName", "laser-dev"), ("ServiceName", "api")]),
            on("j", &[("ClusterName", "laser-dev")]),
            on("k", &[("TargetGroup", "targetgroup/tg-api/2")]),
            on("l", &[("LoadBalancer", "app/theirs/1")]),
            on("n", &[("CacheClusterId", "other-001")]),
            on("q", &[("DBInstanceIdentifier", "main-dev")]),
            on("r", &[("CacheClusterId", "other-prod-001")]),
            both("o", "h"),
            math("y", &[("ServiceName", "web")]),
        ];
        let mut silent = own.clone();
        silent.name = "silent".into();
        silent.state = AlarmState::InsufficientData;
        let all = concern.iter().chain(&elsewhere).chain(&unknown);
        let all: Vec<Alarm> = all.chain([&silent]).cloned().collect();
        let about = About {
            service: &service,
            definition: Some(&definition),
            balancers: Some(vec!["app/ours/1".into()]),
            all: &all,
        };
        for (alarms, place) in [
            (&concern[..], Place::Ours),
            (&elsewhere[..], Place::Elsewhere),
            (&unknown[..], Place::Unknown),
        ] {
            for alarm in alarms {
                assert_eq!(about.place(alarm, DEEPEST), place, "{}", alarm.name);
            }
        }
        // Which balancers lead to it is not known: it may be this one.
        let about = About {
            balancers: None,
            ..about
        };
        let theirs = on("l", &[("LoadBalancer", "app/theirs/1")]);
        assert_eq!(about.place(&theirs, 1), Place::Unknown);
    }

    #[test]
    fn a_store_is_proven_to_be_another_s_only_where_every_address_is_told() {
        let service = service();
        let store = on("m", &[("DBInstanceIdentifier", "other-db")]);
        let own = "laser-db.c9.us-east-1.rds.amazonaws.com";
        for (plain, secret, place) in [
            (Some(("DB_HOST", own)), None, Place::Elsewhere),
            (None, None, Place::Elsewhere),
            (None, Some("STRIPE_KEY"), Place::Elsewhere),
            (Some(("DB_HOST", own)), Some("STRIPE_KEY"), Place::Elsewhere),
            // An alias, a secret address, and a secret that may hold anything.
            (Some(("DB_HOST", "db.internal")), None, Place::Unknown),
            (None, Some("DATABASE_URL"), Place::Unknown),
            (Some(("DB_HOST", own)), Some("APP_CONFIG"), Place::Unknown),
        ] {
            let pair = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
            let definition = definition(ContainerSpec {
                name: "api".into(),
                environment: plain.map(pair).into_iter().collect(),
                secrets: secret.map(|s| pair((s, "arn"))).into_iter().collect(),
                ..ContainerSpec::default()
            });
            let about = About {
                service: &service,
                definition: Some(&definition),
                balancers: None,
                all: &[],
            };
            assert_eq!(about.place(&store, 1), place, "{plain:?} {secret:?}");
        }
    }

    #[test]
    fn none_is_said_only_where_nothing_that_may_be_of_the_service_fires() {
        let names = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        assert_eq!(firing_now(&[], &[]), "none");
        assert_eq!(firing_now(&names(&["a"]), &[]), "a");
        assert_eq!(firing_now(&[], &names(&["x", "y"])), "perhaps x, y");
        assert_eq!(firing_now(&names(&["a"]), &names(&["x"])), "a, perhaps x");
        let many = names(&["a", "b", "c", "d", "e", "f", "g", "h"]);
        assert_eq!(some(&many), "a, b, c, d, e, f and 2 more");
    }
}
