//! A service as a row: a pure function, shared with the overview.

use std::sync::Arc;

use crate::domain::alarm::AlarmState;
use crate::domain::deployment::DeploymentState;
use crate::domain::facts::Facts;
use crate::domain::metric::MetricQuery;
use crate::domain::part::Freshness;
use crate::domain::queries;
use crate::domain::service::{Service, ServiceHealth, image_tag};
use crate::domain::target::TargetGroup;
use crate::ui::screens::Cx;
use crate::ui::widgets::{Column, Row, since, when};
use ratatui::style::Style;

/// The columns.
pub const COLUMNS: &[Column] = &[
    Column::left("state", 13),
    Column::left("service", 14).grow(3).placed(),
    Column::left("cluster", 12).grow(1).drop(3),
    Column::right("tasks", 7),
    Column::right("cpu", 6),
    Column::right("memory", 6).drop(2),
    Column::right("targets", 7).drop(1),
    Column::right("rev", 5),
    Column::left("image", 8).grow(2),
    Column::age("deployed", 9).drop(4),
];

/// Width from which the clusters have their own column.
const CLUSTERS_FROM: u16 = 90;

/// Columns for a service that is named with its cluster, so that the end of the cluster's name is seen at least.
const NAMED_WITH_CLUSTER: u16 = 20;

/// Columns of a cluster's name that count for more than when its services were deployed.
const CLUSTER: usize = 20;

/// Columns for the longest word of a state, which is told while a rollout goes back.
const GOING_BACK: u16 = 14;

/// Whether services stand under their names alone.
fn alone(cx: &Cx<'_>) -> bool {
    cx.body.width >= CLUSTERS_FROM || cx.snapshot.facts.clusters.rows().len() < 2
}

/// The columns where services are told apart by their clusters as well, if they are.
pub fn columns(cx: &Cx<'_>) -> Vec<Column> {
    let mut columns = COLUMNS.to_vec();
    if let (false, Some(service)) = (alone(cx), columns.get_mut(1)) {
        service.width = NAMED_WITH_CLUSTER;
    }
    let clusters = cx.snapshot.facts.clusters.rows().iter();
    let longest = clusters.map(|c| c.name.len()).max().unwrap_or(0);
    if let Some(cluster) = columns.iter_mut().find(|c| c.title == "cluster") {
        cluster.width = cluster.width.max(longest.min(CLUSTER) as u16);
    }
    let deployments = cx.snapshot.facts.deployment_rows().iter();
    let mut going = deployments.take_while(|d| d.state.is_running());
    let goes_back = going.any(|d| d.state == DeploymentState::RollingBack);
    if let (true, Some(state)) = (goes_back, columns.first_mut()) {
        state.width = GOING_BACK;
    }
    columns
}

/// How a service's health is drawn: shape, word, style.
pub fn health(s: &Service, cx: &Cx<'_>) -> (String, Style) {
    let t = cx.theme;
    let health = cx.snapshot.facts.health_of(s);
    let (sign, style) = match health {
        ServiceHealth::Down | ServiceHealth::Failed => ("▲", t.critical),
        ServiceHealth::Unserved if cx.snapshot.facts.is_gone(s) => ("▲", t.critical),
        // It mends itself, and what served before serves on.
        ServiceHealth::RollingBack => ("■", t.warn),
        ServiceHealth::Degraded | ServiceHealth::Unserved => ("■", t.warn),
        ServiceHealth::Unknown => ("?", t.unknown),
        ServiceHealth::Scaling | ServiceHealth::Deploying => ("▶", t.info),
        ServiceHealth::Steady => ("●", t.ok),
        ServiceHealth::Idle | ServiceHealth::Inactive => ("○", t.muted),
    };
    let style = match (cx.snapshot.facts.service_freshness(&s.id, cx.now), health) {
        (Freshness::Fresh, _) => style,
        // That it is not known is no last value.
        (_, ServiceHealth::Unknown) => t.stale,
        (seen, _) => t.aged(seen, style),
    };
    (format!("{sign} {}", health.word()), style)
}

/// What its tasks use on average. Where none runs there is nothing to use: a value is older than the last of them.
pub(super) fn percent(s: &Service, query: &MetricQuery, cx: &Cx<'_>) -> (String, Style) {
    let (t, facts) = (cx.theme, &cx.snapshot.facts);
    let series = facts.series(query).filter(|_| s.counts.running > 0);
    let Some((series, used)) = series.and_then(|s| Some((s, s.last()?))) else {
        return ("-".into(), t.muted);
    };
    let style = match used {
        90.0.. => t.critical,
        75.0.. => t.warn,
        _ => t.text,
    };
    let seen = match facts.series.freshness(cx.now) {
        // CloudWatch answers, and this one came to its end.
        Freshness::Fresh if series.ended(cx.now).is_some() => Freshness::Stale,
        seen => seen,
    };
    (format!("{used:.0} %"), t.aged(seen, style))
}

/// Since when nothing of services is measured, and why: services are asked of ECS, what they use of CloudWatch. Nothing while it can be
/// believed.
pub(super) fn unmeasured(cx: &Cx<'_>) -> Option<String> {
    let part = &cx.snapshot.facts.series;
    let read = part.observed_at.map(|at| when(cx.now, at, cx.absolute));
    match (read, &part.error) {
        (Some(read), Some(p)) => Some(format!("read {read}; now: {}", p.why)),
        (Some(read), None) if !part.is_young(cx.now) => Some(format!("old: read {read}")),
        (None, Some(p)) => Some(p.why.clone()),
        _ => None,
    }
}

/// A title of a list of services with that.
pub fn titled(title: String, cx: &Cx<'_>) -> String {
    match unmeasured(cx) {
        Some(why) if !cx.snapshot.facts.service_rows().is_empty() => {
            format!("{title}   cpu, memory: {why}")
        }
        _ => title,
    }
}

/// When the revision that it is set to was rolled out.
pub fn deployed_at(s: &Service) -> Option<jiff::Timestamp> {
    s.rollouts
        .iter()
        .find(|r| r.status == "PRIMARY")
        .and_then(|r| r.created_at)
}

/// Target groups of some services by ARN: a list of many services looks for those of its own among the account's.
pub struct Groups<'a>(Vec<&'a TargetGroup>);

impl<'a> Groups<'a> {
    /// Of a picture, those that services are bound to.
    pub fn of<'b>(facts: &'a Facts, services: impl Iterator<Item = &'b Arc<Service>>) -> Self {
        let bound = services.flat_map(|s| s.load_balancers.iter().flat_map(|lb| lb.groups()));
        let mut wanted: Vec<&str> = bound.collect();
        wanted.sort_unstable();
        let all = facts.target_groups.value.iter().flat_map(|v| v.iter());
        let found = all.filter(|g| wanted.binary_search(&g.arn.as_str()).is_ok());
        let mut groups: Vec<&TargetGroup> = found.collect();
        groups.sort_unstable_by(|a, b| a.arn.cmp(&b.arn));
        Self(groups)
    }

    fn get(&self, arn: &str) -> Option<&'a TargetGroup> {
        let at = self.0.binary_search_by(|g| g.arn.as_str().cmp(arn));
        at.ok().and_then(|at| self.0.get(at)).copied()
    }

    /// Healthy targets of a service, and all of them; nothing while its groups were not read.
    fn count(&self, s: &Service) -> Option<(usize, usize)> {
        let mut arns: Vec<&str> = s.load_balancers.iter().flat_map(|lb| lb.groups()).collect();
        arns.sort_unstable();
        arns.dedup();
        let bound = arns.into_iter().filter_map(|arn| self.get(arn));
        bound
            .map(|g| (g.healthy(), g.targets.len()))
            .reduce(|(h, a), (healthy, all)| (h + healthy, a + all))
    }
}

/// The row of a service.
pub fn row(s: &Service, groups: &Groups<'_>, cx: &Cx<'_>) -> Row {
    let (t, facts) = (cx.theme, &cx.snapshot.facts);
    let seen = facts.service_freshness(&s.id, cx.now);
    let plain = t.aged(seen, t.text);
    let counts = s.answering();
    let lacks = counts.running < counts.desired && s.health() != ServiceHealth::Scaling;
    let lacks = lacks || s.health() == ServiceHealth::Unserved;
    let tasks_style = match lacks {
        true if facts.is_gone(s) => t.aged(seen, t.critical),
        true => t.aged(seen, t.warn),
        false => plain,
    };
    let image = facts
        .task_definition(s)
        .and_then(|d| d.main_container(s.load_balancers.first().map(|lb| lb.container.as_str())))
        .map_or("-".to_owned(), |c| image_tag(&c.image).to_owned());
    let targets = match groups.count(s) {
        _ if s.load_balancers.is_empty() => ("-".into(), t.muted),
        None => ("?".into(), t.muted),
        Some((healthy, all)) if facts.is_untold(&s.id) => (format!("{healthy}/{all}"), t.stale),
        Some((0, all)) if facts.unhealthy_targets(&s.id).is_some() => {
            (format!("0/{all}"), t.critical)
        }
        Some((healthy, all)) if healthy < all || all == 0 => (format!("{healthy}/{all}"), t.warn),
        Some((healthy, all)) => (format!("{healthy}/{all}"), plain),
    };
    let firing = s.deployment.alarms.iter().any(|name| {
        facts
            .alarm_rows()
            .iter()
            .any(|a| &a.name == name && a.state == AlarmState::Alarm)
    });
    // Where there is no room for the clusters' column, the name tells them apart.
    let mut name = if alone(cx) {
        s.id.name.clone()
    } else {
        s.id.to_string()
    };
    let scales = s
        .scaling_out()
        .filter(|_| s.health() == ServiceHealth::Scaling);
    if let Some((from, to)) = scales {
        name.push_str(&format!(" {from}→{to}"));
    }
    if firing {
        name.push_str(" ▲");
    }
    // A name is the same by now: of what failed it is not struck.
    let of_name = match (seen, facts.is_own(&s.id.cluster)) {
        (Freshness::Fresh, true) => t.strong,
        (Freshness::Fresh, false) => t.muted,
        _ => t.stale,
    };
    Row::new([
        health(s, cx),
        (name, of_name),
        (s.id.cluster.clone(), t.muted),
        (
            format!("{}/{}", counts.running, counts.desired),
            tasks_style,
        ),
        percent(s, &queries::service_cpu(&s.id), cx),
        percent(s, &queries::service_memory(&s.id), cx),
        targets,
        (format!(":{}", s.revision.number), plain),
        (image, plain),
        (since(cx.now, deployed_at(s), cx.absolute), t.muted),
    ])
}
