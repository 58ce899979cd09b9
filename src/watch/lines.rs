//! Which provider's line each question goes out on, and until when that is left alone.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::estate;
use super::topic::Topic;
use crate::backend::Backend;
use crate::backend::transport::Line;

/// Until when a topic's provider is left alone.
pub fn rest(backend: &Backend, topic: &Topic) -> Option<Instant> {
    let until = line(backend, topic)?.next_try()?;
    let left = Duration::try_from(until.duration_since(Timestamp::now())).ok()?;
    Some(Instant::now() + left)
}

/// The line that a topic is asked on; none of what is read here.
pub fn line<'a>(backend: &'a Backend, topic: &Topic) -> Option<&'a Line> {
    let lines = &backend.lines;
    Some(match topic {
        Topic::Identity => &lines.sts,
        Topic::Inventory
        | Topic::Services
        | Topic::BusyServices
        | Topic::TaskDefinitions
        | Topic::Deployments(_)
        | Topic::Histories
        | Topic::RestingDeployments
        | Topic::Tasks(_)
        | Topic::Failure(_)
        | Topic::Revisions(_) => &lines.ecs,
        Topic::TargetGroups | Topic::TargetHealth => &lines.elb,
        Topic::Alarms
        | Topic::AlarmHistory(_)
        | Topic::Series
        | Topic::Trends
        | Topic::Slos
        | Topic::Charts
        | Topic::Dashboards
        | Topic::Dashboard(_)
        | Topic::Board
        | Topic::MetricNames => &lines.cloudwatch,
        Topic::LogGroups | Topic::Logs | Topic::LogSamples | Topic::BoardLogs => &lines.logs,
        Topic::Https(_) | Topic::Guard(_) => &lines.https,
        Topic::Tls(_) => &lines.tls,
        Topic::Dns(_) => &lines.dns,
        Topic::Estate(part) => estate::line(backend, part)?,
        Topic::Records | Topic::OwnDashboards => return None,
    })
}
