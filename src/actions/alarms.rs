//! What fires now, as far as it concerns the service of a preview. What fires elsewhere is counted: a warning that stands in every
//! dialog is read in none.

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

/// How deep composite alarms are followed into those that they name.
const DEEPEST: usize = 4;

impl Look<'_> {
    /// Alarms that fire now and concern the service. Those that watch its deployments become an input, if `binding`.
    pub async fn alarms(&self, draft: &mut Draft, subject: &Subject, binding: bool) {
        let service = subject.service();
        let watched = &service.deployment.alarms;
        draft.fact("alarms watched", list(watched));
        let alarms = match self.backend.cloudwatch.alarms().await {
            Ok(alarms) => alarms,
            Err(p) => {
                draft.fact("in ALARM now", "unknown");
                draft.warn(format!("alarms could not be read: {}", p.why));
                return;
            }
        };
        let firing: Vec<&Alarm> = (alarms.iter())
            .filter(|a| a.state == AlarmState::Alarm)
            .collect();
        let about = About {
            service,
            definition: &subject.definition,
            balancers: self.balancers(service, &firing).await,
            all: &alarms,
        };
        let (mut ours, mut near, mut others) = (Vec::new(), Vec::new(), 0_usize);
        for alarm in &firing {
            if watched.contains(&alarm.name) {
                ours.push(alarm.name.clone());
            } else if about.concerns(alarm, DEEPEST) {
                near.push(alarm.name.clone());
            } else {
                others += 1;
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
        let all: Vec<String> = ours.iter().chain(&near).cloned().collect();
        draft.fact("in ALARM now", list(&all));
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
        let alone = |a: &&&Alarm| {
            metric(a).is_some_and(|m| {
                dimension(m, "LoadBalancer").is_some() && dimension(m, "TargetGroup").is_none()
            })
        };
        if service.load_balancers.is_empty() || firing.iter().find(alone).is_none() {
            return Some(Vec::new());
        }
        let groups = self.backend.elb.target_groups().await.ok()?;
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

fn metric(alarm: &Alarm) -> Option<&MetricId> {
    match &alarm.rule {
        AlarmRule::Metric { query, .. } => query.as_ref().map(|q| &q.metric),
        AlarmRule::Composite { .. } => None,
    }
}

fn dimension<'a>(metric: &'a MetricId, name: &str) -> Option<&'a str> {
    let found = metric.dimensions.iter().find(|(k, _)| k == name)?;
    Some(&found.1)
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

/// What an alarm may be about to concern a service.
struct About<'a> {
    service: &'a Service,
    definition: &'a TaskDefinition,
    balancers: Option<Vec<String>>,
    all: &'a [Alarm],
}

impl About<'_> {
    fn concerns(&self, alarm: &Alarm, depth: usize) -> bool {
        match &alarm.rule {
            AlarmRule::Metric { query: Some(q), .. } => self
                .is_about(&q.metric)
                .unwrap_or_else(|| self.is_named(alarm)),
            AlarmRule::Metric { query: None, .. } => self.is_named(alarm),
            AlarmRule::Composite { rule } => {
                let members = self.all.iter().filter(|a| {
                    a.state == AlarmState::Alarm && a.name != alarm.name && holds(rule, &a.name)
                });
                let mut members = members.filter(|_| depth > 0);
                self.is_named(alarm) || members.any(|a| self.concerns(a, depth - 1))
            }
        }
    }

    /// By the dimensions of its metric: the service, its cluster, its target groups and their balancers, stores that its
    /// containers are told of. `None`: they name nothing of the kind.
    fn is_about(&self, metric: &MetricId) -> Option<bool> {
        let id = &self.service.id;
        let cluster = dimension(metric, "ClusterName");
        if let Some(name) = dimension(metric, "ServiceName") {
            return Some(name == id.name && cluster.is_none_or(|c| c == id.cluster));
        }
        if let Some(cluster) = cluster {
            return Some(cluster == id.cluster);
        }
        if let Some(group) = dimension(metric, "TargetGroup") {
            let mut bound = self.service.load_balancers.iter().flat_map(|b| b.groups());
            return Some(bound.any(|arn| arn.rsplit(':').next() == Some(group)));
        }
        if let Some(balancer) = dimension(metric, "LoadBalancer") {
            // Where nobody tells which ones lead here, it may be one of them.
            let known = self.balancers.as_ref();
            return Some(known.is_none_or(|all| all.iter().any(|b| b == balancer)));
        }
        let store = STORES.iter().find_map(|name| dimension(metric, name))?;
        // A node of a cache has the name of its group, and a number.
        let group = store.rsplit_once('-').map(|(group, _)| group);
        let group = group.filter(|_| dimension(metric, "CacheClusterId").is_some());
        let cache = ["CacheClusterId", "ReplicationGroupId"];
        let kind = match cache.iter().any(|name| dimension(metric, name).is_some()) {
            true => CACHES,
            false => DATABASES,
        };
        let told = self.uses(store) || group.is_some_and(|group| self.uses(group));
        Some(told || self.asks_for(store, kind))
    }

    /// Whether a container is told of a store: by its address.
    fn uses(&self, store: &str) -> bool {
        let containers = self.definition.containers.iter();
        let mut told = containers.flat_map(|c| c.environment.iter().chain(&c.secrets));
        told.any(|(_, value)| holds(value, store))
    }

    /// Whether a container is told of some store of a kind, by the names of its variables, and this one is of the same environment:
    /// an address that is kept as a secret is not read.
    fn asks_for(&self, store: &str, kind: &[&str]) -> bool {
        let here = Env::named(&self.service.id.cluster);
        let containers = self.definition.containers.iter();
        let mut names = containers.flat_map(|c| c.environment.iter().chain(&c.secrets));
        here.is_some()
            && here == Env::named(store)
            && names.any(|(name, _)| {
                let name = name.to_lowercase();
                let mut words = name.split(|c: char| !c.is_alphanumeric());
                words.any(|word| kind.contains(&word))
            })
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
            comparison: ">".into(),
            threshold: Some(1.0),
            datapoints: 1,
            periods: 1,
            period_s: 60,
        };
        alarm(name, rule)
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
            events: vec![],
            created_at: None,
        }
    }

    #[test]
    fn an_alarm_concerns_what_the_service_is_and_uses_and_no_other() {
        let definition = TaskDefinition {
            revision: Revision::parse("api:41").unwrap(),
            status: "ACTIVE".into(),
            cpu_units: None,
            memory_mib: None,
            containers: vec![ContainerSpec {
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
            }],
            registered_at: None,
            registered_by: None,
        };
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
            on("m", &[("DBInstanceIdentifier", "laser-db-2")]),
            on("n", &[("CacheClusterId", "other-001")]),
            on("q", &[("DBInstanceIdentifier", "main-dev")]),
            on("r", &[("CacheClusterId", "other-prod-001")]),
            on("laser-prod-apix-errors", &[]),
            both("o", "h"),
        ];
        let all: Vec<Alarm> = concern.iter().chain(&elsewhere).cloned().collect();
        let about = About {
            service: &service,
            definition: &definition,
            balancers: Some(vec!["app/ours/1".into()]),
            all: &all,
        };
        for alarm in &concern {
            assert!(about.concerns(alarm, DEEPEST), "{}", alarm.name);
        }
        for alarm in &elsewhere {
            assert!(!about.concerns(alarm, DEEPEST), "{}", alarm.name);
        }
        // Which balancers lead to it is not known: it may be this one.
        let unknown = About {
            balancers: None,
            ..about
        };
        assert!(unknown.concerns(&on("l", &[("LoadBalancer", "app/theirs/1")]), 1));
    }
}
