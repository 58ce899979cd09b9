//! Which deployments belong on the time axis of which metrics.

use jiff::Timestamp;

use crate::domain::deployment::DeploymentState;
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
    let mut wanted: Option<Vec<ServiceId>> = Some(Vec::new());
    for metric in metrics {
        let about = services_of(facts, metric);
        if about.is_empty() {
            wanted = None;
            break;
        }
        wanted.get_or_insert_default().extend(about);
    }
    let mut all = Vec::new();
    for d in facts.deployment_rows() {
        if wanted.as_ref().is_some_and(|w| !w.contains(&d.service)) {
            continue;
        }
        let number =
            d.to.as_ref()
                .map_or(String::new(), |to| format!(":{}", to.revision.number));
        all.extend(d.started_at.or(d.created_at).map(|at| Mark {
            at,
            label: format!("{}{number}", d.service.name),
        }));
        // A good end is where the line of the start leads; a bad one is worth a mark of its own.
        if matches!(
            d.state,
            DeploymentState::RolledBack | DeploymentState::Failed | DeploymentState::Stopped
        ) {
            all.extend(d.finished_at.map(|at| Mark {
                at,
                label: d.state.word().to_owned(),
            }));
        }
    }
    all.retain(|m| m.at >= from && m.at <= until);
    all.order_by(|a, b| a.at.cmp(&b.at).then_with(|| a.label.cmp(&b.label)));
    all
}
