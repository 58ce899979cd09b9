//! Which deployments belong on the time axis of which metrics.

use std::collections::HashSet;

use jiff::Timestamp;

use crate::domain::deployment::{Deployment, DeploymentState};
use crate::domain::facts::Facts;
use crate::domain::metric::MetricId;
use crate::domain::order::Ordered;
use crate::domain::service::ServiceId;
use crate::ui::widgets::chart::Mark;

fn dimension<'a>(metric: &'a MetricId, name: &str) -> Option<&'a str> {
    let found = metric.dimensions.iter().find(|(k, _)| k == name)?;
    Some(&found.1)
}

/// Services that a metric is about: by its `ServiceName`, or by the target group that they are bound to.
pub fn services_of(facts: &Facts, metric: &MetricId) -> Vec<ServiceId> {
    let (service, cluster) = (
        dimension(metric, "ServiceName"),
        dimension(metric, "ClusterName"),
    );
    let group = dimension(metric, "TargetGroup");
    facts
        .service_rows()
        .iter()
        .filter(|s| {
            let named = service == Some(&s.id.name) && cluster.is_none_or(|c| c == s.id.cluster);
            named || group.is_some_and(|g| facts.targets_of(s).any(|t| t.dimension() == g))
        })
        .map(|s| s.id.clone())
        .collect()
}

/// Deploy marks for metrics within a range, oldest first: of the services that the metrics are about, or of all services
/// where a metric is about none (a database, a load balancer): there any of them may be the cause.
pub fn marks<'a>(
    facts: &Facts,
    metrics: impl Iterator<Item = &'a MetricId>,
    from: Timestamp,
    until: Timestamp,
) -> Vec<Mark> {
    // What lies within comes first: it is little of what there ever was, and to tell whose a metric is costs more.
    let within = |at: &Timestamp| *at >= from && *at <= until;
    let begun = |d: &Deployment| d.started_at.or(d.created_at).filter(within);
    // A good end is where the line of the start leads; a bad one is worth a mark of its own.
    let ended = |d: &Deployment| {
        use DeploymentState::{Failed, RolledBack, Stopped};
        let badly = matches!(d.state, RolledBack | Failed | Stopped);
        d.finished_at.filter(|at| badly && within(at))
    };
    let rows = facts.deployment_rows().iter();
    let there: Vec<_> = rows
        .map(|d| (d, begun(d), ended(d)))
        .filter(|(_, begun, ended)| begun.is_some() || ended.is_some())
        .collect();
    if there.is_empty() {
        return Vec::new();
    }
    let mut wanted: Option<HashSet<ServiceId>> = Some(HashSet::new());
    for metric in metrics {
        let about = services_of(facts, metric);
        if about.is_empty() {
            wanted = None;
            break;
        }
        wanted.get_or_insert_default().extend(about);
    }
    let mut all = Vec::new();
    for (d, begun, ended) in there {
        if wanted.as_ref().is_some_and(|w| !w.contains(&d.service)) {
            continue;
        }
        all.extend(begun.map(|at| {
            let to = d.to.as_ref();
            let number = to.map_or(String::new(), |to| format!(":{}", to.revision.number));
            Mark {
                at,
                label: format!("{}{number}", d.service.name),
                weight: if d.state.is_bad() { 2 } else { 0 },
            }
        }));
        all.extend(ended.map(|at| Mark {
            at,
            label: d.state.word().to_owned(),
            // What it was is worth more than its end, which the picture may tell.
            weight: u8::from(d.state.is_bad()),
        }));
    }
    all.order_by(|a, b| a.at.cmp(&b.at).then_with(|| a.label.cmp(&b.label)));
    all
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::domain::deployment::DeploymentSource;
    use crate::domain::part::Part;
    use crate::domain::progress::Pace;
    use crate::domain::service::{CircuitBreaker, Strategy};

    fn second(n: i64) -> Timestamp {
        Timestamp::from_second(n).unwrap()
    }

    fn deployment(state: DeploymentState, begun: i64, ended: i64) -> Arc<Deployment> {
        Arc::new(Deployment {
            rollback_to: None,
            rollback_since: None,
            id: format!("{begun}"),
            service: ServiceId {
                cluster: "c".into(),
                name: "api".into(),
            },
            strategy: Strategy::Rolling,
            state,
            reason: String::new(),
            from: Vec::new(),
            to: None,
            circuit_breaker: CircuitBreaker::default(),
            failures: None,
            alarms: Vec::new(),
            lifecycle_stage: None,
            pace: Pace::default(),
            rollback_reason: None,
            created_at: None,
            started_at: Some(second(begun)),
            finished_at: Some(second(ended)),
            source: DeploymentSource::ServiceDeployments,
        })
    }

    fn facts(all: Vec<Arc<Deployment>>) -> Facts {
        let every = Duration::from_secs(10);
        Facts {
            deployments: Part::answered(Arc::new(all), second(0), "ecs", every),
            ..Facts::default()
        }
    }

    #[test]
    fn what_begins_or_ends_badly_within_is_marked() {
        use DeploymentState::{RolledBack, Successful};
        let all = vec![
            deployment(Successful, 10, 20),
            deployment(RolledBack, 90, 110),
            deployment(Successful, 95, 120),
            deployment(Successful, 130, 140),
        ];
        let metric = MetricId::new("AWS/RDS", "CPUUtilization", &[]);
        let found = marks(&facts(all), [&metric].into_iter(), second(100), second(135));
        let found: Vec<(i64, &str)> = found
            .iter()
            .map(|m| (m.at.as_second(), m.label.as_str()))
            .collect();
        assert_eq!(found, [(110, RolledBack.word()), (130, "api")]);
    }

    #[test]
    fn where_nothing_lies_within_nobody_asks_whose_a_metric_is() {
        let old = (0..100).map(|n| deployment(DeploymentState::Successful, n, n + 1));
        let asked = std::iter::from_fn(|| panic!("whose it is was asked"));
        let found = marks(&facts(old.collect()), asked, second(1_000), second(2_000));
        assert!(found.is_empty());
    }
}
