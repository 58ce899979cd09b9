//! Alarms of one account that are about another environment than the one that is looked at.

use std::sync::Arc;

use super::alarm::{Alarm, AlarmRule, AlarmState};
use super::environment::Env;
use super::facts::Facts;
use super::metric::MetricId;
use super::service::ServiceId;
use super::target::TargetGroup;

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
    /// Alarms that fire and are about the environment that is looked at, or about none that is known to be another: what counts here.
    pub fn firing_here(&self) -> impl Iterator<Item = &Arc<Alarm>> {
        let firing = |a: &&Arc<Alarm>| a.state == AlarmState::Alarm;
        let rows = self.alarm_rows().iter().filter(firing);
        rows.filter(|a| self.alarm_elsewhere(a).is_none())
    }

    /// The environment that a cluster belongs to: the one that is looked at where its configuration lists the cluster or the name says
    /// nothing, else what the name says.
    pub fn env_of_cluster(&self, cluster: &str) -> Env {
        Env::of_cluster(cluster, &self.listed_clusters).unwrap_or_else(|| Env::looked_at(self))
    }

    /// Whether a service belongs to another environment than the one that is looked at: how it fares is that one's affair, and here a
    /// warning at most.
    pub fn is_elsewhere(&self, id: &ServiceId) -> bool {
        self.env_of_cluster(&id.cluster) != Env::looked_at(self)
    }

    /// Whether every service that a target group is bound to is another environment's.
    pub fn is_group_elsewhere(&self, group: &TargetGroup) -> bool {
        let mut bound = self.bound_to(group).peekable();
        bound.peek().is_some() && bound.all(|s| self.is_elsewhere(&s.id))
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

    /// Whether a metric may be about the environment that is looked at: nothing that it names belongs to another one.
    pub fn may_be_here(&self, metric: &MetricId) -> bool {
        let here = Env::looked_at(self);
        self.envs_of(metric).into_iter().all(|env| env == here)
    }

    /// The environment that an alarm is about, where that is another one of the configuration, or the configuration lists what belongs to
    /// the one that is looked at: the clusters that it watches belong there, and where a metric names no cluster, every dimension that
    /// names an environment names that one. `None`: it is about the one that is looked at, or nobody tells.
    pub fn alarm_elsewhere(&self, alarm: &Alarm) -> Option<Env> {
        let here = Env::looked_at(self);
        let env = match &alarm.rule {
            AlarmRule::Metric { query, parts, .. } => {
                let metrics = query.iter().map(|q| &q.metric).chain(parts);
                agreed(metrics.flat_map(|m| self.envs_of(m)))
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
        }?;
        let configured = |e: Env| self.environments.iter().any(|n| Env::named(n) == Some(e));
        let is_known = configured(env) || !self.listed_clusters.is_empty();
        (env != here && is_known).then_some(env)
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
        assert_eq!(
            told(&facts)[..2],
            [production, None],
            "what is staging's is told, and this is not"
        );
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
