//! What the plan's probes need to be asked beyond the common picture.

use super::model::Plan;
use super::probes::{Component, alternatives, rum};
use crate::domain::capacity;
use crate::domain::environment::Env;
use crate::domain::facts::Facts;
use crate::domain::metric::{MetricId, MetricQuery, Stat};
use crate::domain::order::Ordered;
use crate::domain::queries::{self, PERIOD_S};
use crate::domain::service::ServiceId;

/// Alarms whose history is read at most: those that fired most lately.
const HISTORIES: usize = 5;

/// Series read at most to tell how much is left of databases and caches.
const HEADROOMS: usize = 120;

/// Series read at most of one metric that a plan names: what sends it may be gone while its name is still listed.
const SETS: usize = 12;

/// Filters of buckets whose requests are measured at most.
const FILTERS: usize = 10;

/// Series of Web Vitals read at most.
const VITALS: usize = 9;

/// Log groups of which a sample of lines is read at most.
pub(super) const SAMPLES: usize = 2_000;

/// Those that are sampled in one round of a few minutes, a call each: with time, all have their turn.
pub const SAMPLES_A_ROUND: usize = 60;

/// Services whose past deployments are read at most: one call each, a few a minute.
pub(super) const DEPLOYMENT_HISTORIES: usize = 40;

/// What to ask slowly (every few minutes) for the checklist's sake.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Whether the names of metrics are needed.
    pub metric_names: bool,
    /// Whether they were known, or could not be read, when `queries` were chosen from them.
    pub named: bool,
    /// One series a component whose metrics are to arrive, chosen from the names that are known.
    pub queries: Vec<MetricQuery>,
    /// Whether the names of dashboards are needed.
    pub dashboards: bool,
    /// Alarms whose history is needed, by name.
    pub alarm_histories: Vec<String>,
    /// Services whose past deployments are needed (`Facts::histories`).
    pub deployment_histories: Vec<ServiceId>,
    /// Log groups of which a few of the newest lines are needed (`Facts::log_samples`).
    pub log_samples: Vec<String>,
}

/// What the probes of this plan need, as far as the facts tell already.
pub fn needs(plan: &Plan, facts: &Facts) -> Needs {
    let calls = || plan.criteria().flat_map(|c| &c.proof.calls);
    let mut components: Vec<Component> = Vec::new();
    let mut named: Vec<(Component, String)> = Vec::new();
    for call in calls().filter(|c| c.probe.name == "metrics.arriving") {
        if let Some(c) = Component::parse(call.value("component")) {
            let words = call.value("metric").split(',').map(str::trim);
            named.extend(words.filter(|w| !w.is_empty()).map(|w| (c, w.to_owned())));
            if !components.contains(&c) {
                components.push(c);
            }
        }
    }
    let names: &[MetricId] = facts
        .metric_names
        .value
        .as_ref()
        .map_or(&[], |v| v.as_slice());
    let ours = |c: &Component, m: &MetricId| c.owns(m) && facts.may_be_here(m);
    let arriving = components
        .iter()
        .filter_map(|c| names.iter().find(|m| ours(c, m)));
    // Whose a metric is takes the longest to tell, and thousands are listed: the name is asked first.
    let of_name = named.iter().flat_map(|(c, word)| {
        let of = |m: &&MetricId| alternatives(word).any(|n| n == m.name) && ours(c, m);
        names.iter().filter(of).take(SETS)
    });
    // As many as three app monitors have.
    let vitals = calls().any(|c| c.probe.name == "rum.web-vitals");
    let measured = names
        .iter()
        .filter(|m| vitals && rum::is_vital(m) && facts.may_be_here(m))
        .take(VITALS);
    let measured = measured.map(|m| MetricQuery {
        metric: m.clone(),
        stat: rum::VISITS,
        period_s: PERIOD_S,
    });
    let capacity = calls().any(|c| c.probe.name == "capacity.headroom");
    // Those of services are among the common series.
    let left = names
        .iter()
        .filter(|m| capacity && m.namespace != "AWS/ECS" && capacity::tells(m))
        .take(HEADROOMS);
    // How buckets answer: those of this environment whose request metrics are on.
    let requests = names
        .iter()
        .filter(|m| m.name == "FirstByteLatency" && facts.may_be_here(m))
        .filter_map(queries::bucket_requests)
        .take(FILTERS);
    Needs {
        metric_names: capacity || vitals || !components.is_empty(),
        named: facts.metric_names.value.is_some() || facts.metric_names.error.is_some(),
        queries: arriving
            .chain(of_name)
            .chain(left)
            .map(|m| MetricQuery {
                metric: m.clone(),
                stat: Stat::Average,
                period_s: PERIOD_S,
            })
            .chain(measured)
            .chain(requests.flatten())
            .collect(),
        dashboards: calls().any(|c| c.probe.name.starts_with("dashboards.")),
        alarm_histories: if calls().any(|c| c.probe.name == "alarms.drill") {
            histories(facts)
        } else {
            Vec::new()
        },
        deployment_histories: if calls().any(|c| c.probe.name == "ecs.rollback-rehearsed") {
            with_history(facts)
                .take(DEPLOYMENT_HISTORIES)
                .cloned()
                .collect()
        } else {
            Vec::new()
        },
        log_samples: if calls().any(|c| c.probe.name == "logs.structured") {
            let mut names = log_groups(facts);
            names.truncate(SAMPLES);
            names
        } else {
            Vec::new()
        },
    }
}

/// Alarms that tell somebody, the latest change first: a few that scale by the minute would hide them all.
fn histories(facts: &Facts) -> Vec<String> {
    let mut rows: Vec<_> = facts
        .alarm_rows()
        .iter()
        .filter(|a| a.telling().next().is_some())
        .collect();
    rows.order_by(|a, b| b.since.cmp(&a.since).then_with(|| a.name.cmp(&b.name)));
    rows.into_iter()
        .take(HISTORIES)
        .map(|a| a.name.clone())
        .collect()
}

/// Services of the environment that is looked at, which may have been rolled back, sorted by id.
pub(super) fn with_history(facts: &Facts) -> impl Iterator<Item = &ServiceId> {
    let active = facts.service_rows().iter().filter(|s| s.status == "ACTIVE");
    active
        .map(|s| &s.id)
        .filter(|id| is_here(facts, &id.cluster))
}

/// Whether what the services of a cluster went through may prove something of the environment that is looked at.
pub(super) fn is_here(facts: &Facts, cluster: &str) -> bool {
    facts.env_of_cluster(cluster) == Env::looked_at(facts)
}

/// Groups that services of the environment that is looked at log to, by name, each once.
pub(super) fn log_groups(facts: &Facts) -> Vec<String> {
    let mut names: Vec<String> = facts
        .service_rows()
        .iter()
        .filter(|s| is_here(facts, &s.id.cluster))
        .filter_map(|s| facts.definition_in_use(s))
        .flat_map(|d| d.containers.iter().filter_map(|c| c.log_group.clone()))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::part::Part;

    #[test]
    fn every_source_of_a_named_metric_is_asked_and_no_other_environment_s() {
        let cpu = |cluster: &str, service: &str| {
            let dims = [("ClusterName", cluster), ("ServiceName", service)];
            MetricId::new("AWS/ECS", "CPUUtilization", &dims)
        };
        let mut names = vec![cpu("laser-dev", "api"), cpu("laser-staging", "api")];
        names.extend((0..SETS + 3).map(|n| cpu("laser-prod", &format!("s{n:02}"))));
        let facts = Facts {
            environment: "laser-prod".into(),
            metric_names: Part {
                value: Some(Arc::new(names)),
                ..Part::default()
            },
            ..Facts::default()
        };
        let needs = needs(&Plan::default_plan(), &facts);
        let asked: Vec<&MetricId> = needs.queries.iter().map(|q| &q.metric).collect();
        assert!(asked.contains(&&cpu("laser-prod", "s00")));
        assert!(asked.contains(&&cpu("laser-prod", "s11")));
        assert!(!asked.contains(&&cpu("laser-prod", "s12")), "bounded");
        assert!(!asked.contains(&&cpu("laser-dev", "api")));
    }
}
