//! What of an account is another environment's than the one that is looked at: services, clusters, target groups, alarms. One rule for
//! all of them and for whoever asks: its name must say so, and that environment must be configured, so that somebody looks after it
//! there. Where nobody does, everything counts here: an alarm that is false is heard, one that is silent is not.
//!
//! Proofs ask more: what is named like another environment proves nothing of this one, whether that one is configured or not
//! ([`Facts::env_of_cluster`], [`Facts::may_be_here`]).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::alarm::{Alarm, AlarmRule, AlarmState};
use super::environment::Env;
use super::facts::Facts;
use super::metric::MetricId;
use super::service::{Service, ServiceId};
use super::target::TargetGroup;

/// What the configuration says of one of its environments, as far as it tells who looks after what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// Its name.
    pub name: String,
    /// Whether it looks at another account, region or endpoint than the one that is looked at: what is here, it does not see.
    pub is_abroad: bool,
    /// Clusters that it lists; none: all that there are.
    pub clusters: Vec<String>,
}

impl Section {
    fn sees(&self, cluster: &str) -> bool {
        !self.is_abroad && (self.clusters.is_empty() || self.clusters.iter().any(|c| c == cluster))
    }
}

/// The dimension of a metric that names the ECS cluster which it is about.
const CLUSTER: &str = "ClusterName";

impl Env {
    /// The environment that a cluster's name says. `None`: the one that is looked at, because its configuration lists the cluster, or
    /// the name says nothing.
    pub fn of_cluster(cluster: &str, listed: &[String]) -> Option<Self> {
        let is_listed = listed.iter().any(|c| c == cluster);
        Self::named(cluster).filter(|_| !is_listed)
    }
}

impl Facts {
    /// The rule: an environment that a name tells is another one where it is not the one that is looked at, and is configured to look
    /// here.
    fn set_aside(&self, told: Option<Env>) -> Option<Env> {
        let env = self.stranger(told)?;
        let mut names = self.environments.iter();
        let is_configured = names.any(|n| Env::named(n) == Some(env));
        (is_configured && self.looks(env, |s| !s.is_abroad)).then_some(env)
    }

    /// Whether an environment looks after something here: nothing else is known of it, or one of its sections does.
    fn looks(&self, env: Env, sees: impl Fn(&Section) -> bool) -> bool {
        let own = (self.sections.iter()).filter(|s| Env::named(&s.name) == Some(env));
        let mut own = own.peekable();
        own.peek().is_none() || own.any(sees)
    }

    /// An environment that a name tells and that is not the one that is looked at.
    fn stranger(&self, told: Option<Env>) -> Option<Env> {
        told.filter(|env| *env != Env::looked_at(self))
    }

    /// The other environment that a cluster belongs to: how it fares is that one's affair, and here a warning at most. `None`: it
    /// counts here.
    pub fn cluster_elsewhere(&self, cluster: &str) -> Option<Env> {
        let env = self.set_aside(Env::of_cluster(cluster, &self.listed_clusters))?;
        self.looks(env, |s| s.sees(cluster)).then_some(env)
    }

    /// Whether a service is another environment's, as its cluster is.
    pub fn is_elsewhere(&self, id: &ServiceId) -> bool {
        self.cluster_elsewhere(&id.cluster).is_some()
    }

    /// The environment that the name of a cluster tells which counts here only because nobody configured that environment.
    pub fn counted_in(&self, cluster: &str) -> Option<Env> {
        let told = self.stranger(Env::of_cluster(cluster, &self.listed_clusters));
        told.filter(|_| self.cluster_elsewhere(cluster).is_none())
    }

    /// Whether a target group is another environment's: every service that it is bound to is, or where it is bound to none, its name and
    /// those of its load balancers name that one.
    pub fn is_group_elsewhere(&self, group: &TargetGroup) -> bool {
        let mut bound = self.bound_to(group).peekable();
        if bound.peek().is_some() {
            return bound.all(|s| self.is_elsewhere(&s.id));
        }
        let balancers = group.load_balancers.iter();
        let balancers = balancers.filter_map(|arn| Some(arn.split_once("loadbalancer/")?.1));
        let names = balancers.chain([group.name.as_str()]);
        let told = agreed(names.filter_map(|name| self.env_of_words(name)));
        self.set_aside(told).is_some()
    }

    /// Alarms that are there for people. Those that the vendor scales by are not while they are quiet ([`Alarm::scales_quietly`]), unless
    /// a deployment watches them: the low ones fire whenever there is little to do, and one that always fires hides the one that counts.
    pub fn alarms_for_people(&self) -> impl Iterator<Item = &Arc<Alarm>> {
        let services = self.service_rows().iter();
        let watched = services.flat_map(|s| &s.deployment.alarms);
        let watched: BTreeSet<&str> = watched.map(String::as_str).collect();
        let rows = self.alarm_rows().iter();
        let now = self.taken_at;
        rows.filter(move |a| !a.scales_quietly(now) || watched.contains(a.name.as_str()))
    }

    /// Whether an alarm is none of those for people now: the vendor scales by it, and it says nothing that anybody need hear.
    pub fn scales_quietly(&self, alarm: &Alarm) -> bool {
        alarm.scales_quietly(self.taken_at) && self.only_scales(alarm)
    }

    /// Whether the vendor scales by an alarm, and it is there for nothing else, whatever it says now: nobody set its limit or its actions
    /// for people. Whether it is heard is told by [`Self::scales_quietly`].
    pub fn only_scales(&self, alarm: &Alarm) -> bool {
        let watches = |s: &Arc<Service>| s.deployment.alarms.contains(&alarm.name);
        alarm.is_for_scaling() && !self.service_rows().iter().any(watches)
    }

    /// Alarms that fire and are about the environment that is looked at, or about none that is known to be another: what counts here.
    pub fn firing_here(&self) -> impl Iterator<Item = &Arc<Alarm>> {
        let firing = |a: &&Arc<Alarm>| a.state == AlarmState::Alarm;
        let rows = self.alarms_for_people().filter(firing);
        rows.filter(|a| self.alarm_elsewhere(a).is_none())
    }

    /// The other environment that an alarm is about: that of the clusters that it watches, and where a metric names no cluster, the one
    /// that every dimension names which names any; of logs, the one that each of its groups names. `None`: it is about the one that is
    /// looked at, or nobody tells.
    pub fn alarm_elsewhere(&self, alarm: &Alarm) -> Option<Env> {
        self.set_aside(match &alarm.rule {
            AlarmRule::Metric { .. } => agreed(alarm.metrics().flat_map(|m| self.envs_of(m))),
            // The dimensions of a metric are of one thing, and a query reads many groups: one that names nothing may be of here.
            AlarmRule::Log { groups, .. } => {
                let all: Option<Vec<Env>> = groups.iter().map(|g| self.env_of_words(g)).collect();
                all.and_then(|all| agreed(all.into_iter()))
            }
            AlarmRule::Composite { .. } => {
                let known = |name: &str| self.alarm_rows().iter().find(|a| a.name == name);
                let members: Vec<&str> = alarm.made_of().collect();
                let all: Option<Vec<Env>> = members
                    .into_iter()
                    .map(|name| {
                        let member = known(name).filter(|m| !m.is_composite())?;
                        self.alarm_elsewhere(member)
                    })
                    .collect();
                all.and_then(|all| agreed(all.into_iter()))
            }
        })
    }

    /// The environment whose a cluster is by its name, configured or not: the one that is looked at where its configuration lists the
    /// cluster or the name says nothing. What stands side by side is told by this, and what is to prove something.
    pub fn env_of_cluster(&self, cluster: &str) -> Env {
        Env::of_cluster(cluster, &self.listed_clusters).unwrap_or_else(|| Env::looked_at(self))
    }

    /// Whether a cluster is one of the environment that is looked at, by its name or because the configuration lists it.
    pub fn is_own(&self, cluster: &str) -> bool {
        self.env_of_cluster(cluster) == Env::looked_at(self)
    }

    /// The one order in which every face shows clusters and what is in them, of rows that are by name: first those of the environment
    /// that is looked at. By name alone `dev` comes before `prod`, and what is chosen in haste is the other one's.
    pub fn own_first<'a, T>(
        &self,
        rows: impl Iterator<Item = &'a T>,
        cluster: impl Fn(&T) -> &str,
    ) -> Vec<&'a T> {
        let mut before: Option<(&str, bool)> = None;
        let (mut own, mut others) = (Vec::new(), Vec::new());
        for row in rows {
            let name = cluster(row);
            // A cluster's rows follow each other: its name is looked at once.
            let is_own = match before {
                Some((last, is_own)) if last == name => is_own,
                _ => self.is_own(name),
            };
            before = Some((name, is_own));
            match is_own {
                true => own.push(row),
                false => others.push(row),
            }
        }
        own.append(&mut others);
        own
    }

    /// A cluster that is taken for one of the environment that is looked at because its configuration lists it, though its name tells of
    /// this one.
    pub fn listed_of(&self, env: Env) -> Option<&str> {
        let mut listed = self.listed_clusters.iter();
        let told = listed.find(|c| Env::named(c) == Some(env));
        told.filter(|_| env != Env::looked_at(self))
            .map(String::as_str)
    }

    /// The environments that a metric tells of: those of the clusters that it names, else those of the words in its dimensions.
    fn envs_of(&self, metric: &MetricId) -> Vec<Env> {
        let all = metric.dimensions.iter();
        let mut clusters = all.clone().filter(|(name, _)| name == CLUSTER).peekable();
        if clusters.peek().is_some() {
            return clusters.map(|(_, c)| self.env_of_cluster(c)).collect();
        }
        all.filter_map(|(_, value)| self.env_of_words(value))
            .collect()
    }

    /// The environment that the words of a name tell, unless a part of it is a listed cluster: a load balancer is often called like the
    /// cluster behind it, `app/NAME/ID`. `None`: it tells none.
    pub fn env_of_words(&self, name: &str) -> Option<Env> {
        let mut parts = name.split('/');
        match parts.any(|part| self.listed_clusters.iter().any(|c| c == part)) {
            true => Some(Env::looked_at(self)),
            false => Env::named(name),
        }
    }

    /// Whether a metric may prove something of the environment that is looked at: nothing that it names is called like another one.
    pub fn may_be_here(&self, metric: &MetricId) -> bool {
        let here = Env::looked_at(self);
        self.envs_of(metric).into_iter().all(|env| env == here)
    }
}

/// What all of them are; `None` where there are none, or two that differ.
fn agreed(mut all: impl Iterator<Item = Env>) -> Option<Env> {
    let first = all.next()?;
    all.all(|e| e == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::*;
    use crate::domain::alarm::Severity;
    use crate::domain::metric::{MetricQuery, Stat};
    use crate::domain::part::Part;

    fn alarm(name: &str, rule: AlarmRule) -> Arc<Alarm> {
        Arc::new(Alarm {
            name: name.into(),
            arn: String::new(),
            description: String::new(),
            state: AlarmState::Alarm,
            severity: Severity::Critical,
            reason: String::new(),
            since: None,
            updated_at: None,
            rule,
            actions_enabled: true,
            other_actions: Vec::new(),
            held_back: None,
            actions: Vec::new(),
        })
    }

    fn watching(name: &str, dimensions: &[(&str, &str)]) -> Arc<Alarm> {
        let query = MetricQuery {
            metric: MetricId::new("AWS/ECS", "CPUUtilization", dimensions),
            stat: Stat::Average,
            period_s: 60,
        };
        let rule = AlarmRule::Metric {
            query: Some(query),
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

    #[test]
    fn an_alarm_is_elsewhere_where_what_it_watches_names_another_configured_environment() {
        let of = |rule: &str| alarm("all", AlarmRule::Composite { rule: rule.into() });
        let rows = vec![
            watching(
                "prod",
                &[("ClusterName", "laser-prod"), ("ServiceName", "api")],
            ),
            watching("stage", &[("ClusterName", "laser-staging")]),
            watching("none", &[("ClusterName", "laser")]),
            watching("both", &[("A", "laser-prod"), ("B", "laser-staging")]),
            of("ALARM(\"prod\")"),
            of("ALARM(\"prod\") OR ALARM(\"none\")"),
            of("ALARM(\"prod\") OR ALARM(\"gone\")"),
        ];
        let mut facts = Facts {
            environment: "staging".into(),
            environments: vec!["production".into(), "staging".into()],
            ..Facts::default()
        };
        let now = Timestamp::UNIX_EPOCH;
        facts.alarms = Part::answered(Arc::new(rows.clone()), now, "x:y", Duration::from_secs(15));
        let told = |facts: &Facts| -> Vec<Option<Env>> {
            rows.iter().map(|a| facts.alarm_elsewhere(a)).collect()
        };
        let production = Some(Env::Production);
        assert_eq!(
            told(&facts),
            [production, None, None, None, production, None, None]
        );
        facts.environments = vec!["staging".into()];
        assert_eq!(told(&facts), [None; 7], "nobody else looks after it");
        facts.listed_clusters = vec!["laser-staging".into()];
        assert_eq!(told(&facts), [None; 7], "nor because of a list");
    }

    /// A query reads many groups: one that names staging does not speak for one that names nothing.
    #[test]
    fn an_alarm_over_logs_is_elsewhere_where_each_of_its_groups_says_so() {
        let over = |groups: &[&str]| {
            let rule = AlarmRule::Log {
                query: String::new(),
                groups: groups.iter().map(|g| (*g).to_owned()).collect(),
                aggregation: "count(*)".into(),
                comparison: ">".into(),
                threshold: Some(0.0),
                datapoints: 1,
                periods: 1,
            };
            alarm("payment errors", rule)
        };
        let facts = Facts {
            environment: "production".into(),
            environments: vec!["production".into(), "staging".into()],
            ..Facts::default()
        };
        let staging = Some(Env::Staging);
        for (groups, told) in [
            (&["/ecs/pay-staging"][..], staging),
            (&["/ecs/pay-staging", "/ecs/api-staging"], staging),
            (&["/ecs/pay", "/ecs/pay-staging"], None),
            (&["/ecs/pay-prod", "/ecs/pay-staging"], None),
            (&["/ecs/pay"], None),
            (&[], None),
        ] {
            let got = facts.alarm_elsewhere(&over(groups));
            assert_eq!(got, told, "{groups:?}");
        }
    }

    /// The low alarm of a target tracking policy fires for as long as a service is at its minimum: nobody is to be woken by that.
    #[test]
    fn what_services_are_scaled_by_is_no_trouble() {
        const POLICY: &str = "arn:aws:autoscaling:home:1:scalingPolicy:a:resource/ecs/service/shop-prod/api:policyName/cpu";
        let doing = |name: &str, actions: &[&str], others: &[&str]| {
            let arns = |all: &[&str]| all.iter().map(|a| (*a).to_owned()).collect();
            let watching = watching(name, &[("ClusterName", "shop-prod")]);
            let mut alarm = Arc::unwrap_or_clone(watching);
            if let AlarmRule::Metric { comparison, .. } = &mut alarm.rule {
                *comparison = if name.contains("ow") { "<" } else { ">" }.into();
            }
            Arc::new(Alarm {
                actions: arns(actions),
                other_actions: arns(others),
                since: Some(Timestamp::UNIX_EPOCH),
                ..alarm
            })
        };
        let topic = "arn:aws:sns:home:1:oncall";
        let rows = vec![
            doing(
                "TargetTracking-service/shop-prod/api-AlarmLow-1",
                &[POLICY],
                &[],
            ),
            doing("cpu-low", &[POLICY], &[]),
            doing("cpu-high", &[POLICY, topic], &[]),
            doing("cpu-back", &[POLICY], &[topic]),
            doing("cpu-silent", &[], &[]),
            doing("queue-depth", &[POLICY], &[]),
        ];
        let mut facts = Facts {
            alarms: Part::answered(
                Arc::new(rows),
                Timestamp::UNIX_EPOCH,
                "x:y",
                Duration::from_secs(15),
            ),
            ..Facts::default()
        };
        let firing = |facts: &Facts| -> Vec<String> {
            let all = facts.firing_here();
            all.map(|a| a.name.clone()).collect()
        };
        assert_eq!(firing(&facts), ["cpu-high", "cpu-back", "cpu-silent"]);
        let rows = facts.alarm_rows();
        let apart: Vec<bool> = rows.iter().map(|a| facts.only_scales(a)).collect();
        assert_eq!(apart, [true, true, false, false, false, true]);
        // Scaling has had its time: a service that stands at its maximum is helped by it no more.
        facts.taken_at = Timestamp::from_second(14 * 60).unwrap();
        assert_eq!(firing(&facts).len(), 3);
        facts.taken_at = Timestamp::from_second(20 * 60).unwrap();
        let heard = ["cpu-high", "cpu-back", "cpu-silent", "queue-depth"];
        assert_eq!(firing(&facts), heard);
        let rows = facts.alarm_rows();
        let quiet: Vec<bool> = rows.iter().map(|a| facts.scales_quietly(a)).collect();
        assert_eq!(quiet, [true, true, false, false, false, false]);
        let now = facts.taken_at;
        let deep = |change: fn(&mut Alarm)| {
            let mut alarm = Alarm::clone(&rows[5]);
            change(&mut alarm);
            alarm.scales_quietly(now)
        };
        assert!(deep(|a| a.state = AlarmState::Ok));
        assert!(!deep(|a| a.since = None), "nobody tells since when");
        assert!(!deep(|a| a.since = Timestamp::from_second(86_400).ok()));
    }

    /// Production's own queues, tables and functions are called after what they do.
    #[test]
    fn an_alarm_of_the_account_is_silent_in_no_environment() {
        let rows = vec![
            watching("queue", &[("QueueName", "integration-events")]),
            watching("table", &[("TableName", "ci-jobs")]),
            watching("function", &[("FunctionName", "preview-render")]),
            watching("balancer", &[("LoadBalancer", "app/demo-gw/50dc6c49")]),
            watching("cluster", &[("ClusterName", "qa")]),
        ];
        let mut facts = Facts {
            environment: "production".into(),
            environments: vec!["production".into()],
            listed_clusters: vec!["shop-prod".into()],
            alarms: Part::answered(
                Arc::new(rows),
                Timestamp::UNIX_EPOCH,
                "x:y",
                Duration::from_secs(15),
            ),
            ..Facts::default()
        };
        let firing = |facts: &Facts| -> Vec<String> {
            let all = facts.firing_here();
            all.map(|a| a.name.clone()).collect()
        };
        let all = ["queue", "table", "function", "balancer", "cluster"];
        assert_eq!(firing(&facts), all);
        // Whoever looks at staging is told of its own.
        facts.environments.push("stg-2".into());
        assert_eq!(firing(&facts), ["table", "balancer"]);
    }

    #[test]
    fn clusters_of_the_environment_that_is_looked_at_come_first_whoever_is_configured() {
        let mut facts = Facts {
            environment: "production".into(),
            ..Facts::default()
        };
        let ordered = |facts: &Facts| -> Vec<&str> {
            let clusters = [
                "laser-dev",
                "laser-dev",
                "laser-prod",
                "laser-staging",
                "web",
            ];
            facts
                .own_first(clusters.iter(), |c| c)
                .into_iter()
                .copied()
                .collect()
        };
        let own = [
            "laser-prod",
            "web",
            "laser-dev",
            "laser-dev",
            "laser-staging",
        ];
        assert_eq!(ordered(&facts), own);
        facts.listed_clusters = vec!["laser-staging".into()];
        assert_eq!(ordered(&facts)[..3], ["laser-prod", "laser-staging", "web"]);
        facts.environment = "dev".into();
        assert_eq!(ordered(&facts)[..2], ["laser-dev", "laser-dev"]);
    }

    #[test]
    fn a_service_counts_here_unless_its_environment_is_configured() {
        let id = |cluster: &str| ServiceId {
            cluster: cluster.into(),
            name: "checkout".into(),
        };
        let mut facts = Facts {
            environment: "production".into(),
            environments: vec!["production".into()],
            ..Facts::default()
        };
        let clusters = ["shop-prod", "shop-dev", "integration", "web"];
        let elsewhere = |facts: &Facts| -> Vec<&str> {
            let mut all = clusters.to_vec();
            all.retain(|c| facts.is_elsewhere(&id(c)));
            all
        };
        assert_eq!(elsewhere(&facts), [""; 0], "nobody else looks after it");
        let told = |facts: &Facts| clusters.map(|c| facts.counted_in(c));
        let (staging, dev) = (Some(Env::Staging), Some(Env::Development));
        assert_eq!(told(&facts), [None, dev, staging, None]);
        facts.listed_clusters = vec!["shop-prod".into()];
        assert_eq!(elsewhere(&facts), [""; 0]);
        facts.environments.push("dev".into());
        assert_eq!(elsewhere(&facts), ["shop-dev"]);
        assert_eq!(told(&facts), [None, None, staging, None]);
        // A section that looks at another account, or at another cluster, hears of nothing here.
        let section = |is_abroad, clusters: &[&str]| Section {
            name: "dev".into(),
            is_abroad,
            clusters: clusters.iter().map(|c| (*c).to_owned()).collect(),
        };
        for (one, sees) in [
            (section(true, &[]), false),
            (section(false, &[]), true),
            (section(false, &["shop-dev"]), true),
            (section(false, &["web-dev"]), false),
        ] {
            facts.sections = vec![one];
            assert_eq!(elsewhere(&facts) == ["shop-dev"], sees);
            assert_eq!(facts.counted_in("shop-dev").is_none(), sees);
        }
        facts.sections.clear();
        facts.listed_clusters.push("shop-dev".into());
        assert_eq!(elsewhere(&facts), [""; 0], "it is listed here");
    }

    #[test]
    fn a_group_that_no_service_is_known_behind_is_told_by_its_names() {
        let group = |name: &str, balancer: &str| TargetGroup {
            arn: format!("arn:aws:elasticloadbalancing:r:1:targetgroup/{name}/1"),
            name: name.into(),
            load_balancers: vec![format!(
                "arn:aws:elasticloadbalancing:r:1:loadbalancer/app/{balancer}/1"
            )],
            protocol: None,
            health_check_path: None,
            targets: Vec::new(),
        };
        let mut facts = Facts {
            environment: "production".into(),
            environments: vec!["production".into(), "staging".into()],
            ..Facts::default()
        };
        let told = |facts: &Facts| {
            let all = [
                ("shop-staging", "shop"),
                ("shop", "shop-staging"),
                ("shop-staging", "shop-prod"),
                ("shop-dev", "shop"),
                ("shop", "shop"),
            ];
            all.map(|(name, balancer)| facts.is_group_elsewhere(&group(name, balancer)))
        };
        assert_eq!(told(&facts), [true, true, false, false, false]);
        facts.environments.pop();
        assert_eq!(told(&facts), [false; 5]);
    }

    /// A word in the name of a service or of a listed cluster is no environment: its critical alarm would be silent in production.
    #[test]
    fn the_cluster_says_where_an_alarm_belongs_and_the_configuration_whose_a_cluster_is() {
        let rows = vec![
            watching("listed", &[("ClusterName", "preview-api")]),
            watching(
                "worker",
                &[
                    ("ClusterName", "laser"),
                    ("ServiceName", "integration-worker"),
                ],
            ),
            watching("balancer", &[("LoadBalancer", "app/preview-api/50dc6c49")]),
            watching("theirs", &[("ClusterName", "preview-web")]),
            watching("other", &[("LoadBalancer", "app/laser-staging/50dc6c49")]),
        ];
        let facts = Facts {
            environment: "production".into(),
            environments: vec!["production".into(), "staging".into()],
            listed_clusters: vec!["preview-api".into(), "laser".into()],
            alarms: Part::answered(
                Arc::new(rows.clone()),
                Timestamp::UNIX_EPOCH,
                "x:y",
                Duration::from_secs(15),
            ),
            ..Facts::default()
        };
        let names: Vec<&str> = facts.firing_here().map(|a| a.name.as_str()).collect();
        assert_eq!(names, ["listed", "worker", "balancer"]);
        // A cluster that is not listed and says nothing is still no place for the words of its services.
        let unlisted = Facts {
            listed_clusters: Vec::new(),
            ..facts
        };
        let names: Vec<&str> = unlisted.firing_here().map(|a| a.name.as_str()).collect();
        assert_eq!(names, ["worker"]);
    }
}
