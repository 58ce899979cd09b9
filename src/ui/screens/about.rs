//! Which services a thing is about, and where their logs, metrics and deployments are.

use std::sync::Arc;

use super::Nav;
use super::metrics::marks::services_of;
use super::systems::list::Fault;
use crate::domain::alarm::{Alarm, AlarmRule, AlarmState};
use crate::domain::facts::Facts;
use crate::domain::metric::MetricQuery;
use crate::domain::order::Ordered;
use crate::domain::queries;
use crate::domain::service::{ContainerSpec, ServiceId, Task};
use crate::ui::commands::Command;

/// The commands that lead to something of a service.
pub const LEADS: [Command; 3] = [Command::Logs, Command::Metrics, Command::Deployments];

/// Where such a command leads from a service.
pub fn lead(command: Command, id: &ServiceId, facts: &Facts) -> Option<Nav> {
    match command {
        Command::Logs => Some(Nav::LogsOf(id.clone())),
        Command::Deployments => Some(Nav::Deployments(id.clone())),
        Command::Metrics => {
            let mut wanted = vec![queries::service_cpu(id), queries::service_memory(id)];
            if let Some(service) = facts.service(id) {
                wanted.extend(facts.targets_of(service).flat_map(queries::golden_signals));
                wanted.extend(facts.targets_of(service).filter_map(queries::refused));
            }
            Some(Nav::Metrics {
                title: id.to_string(),
                queries: wanted,
            })
        }
        _ => None,
    }
}

/// Whether a task has ended, is to end, or fails its checks: what it wrote itself is looked for.
pub fn is_over(task: &Task) -> bool {
    task.stopped_at.is_some() || task.desired_status == "STOPPED" || task.health == "UNHEALTHY"
}

/// Where what a task wrote is: its own streams (`prefix/container/task`), as its task definition tells their names; else its service's
/// groups at the moment when it ended.
pub fn task_logs(task: &Task, service: &ServiceId, facts: &Facts) -> Option<Nav> {
    // How logs are named changes seldom: until the definition of its own revision is read, the one in use tells.
    let own = task.revision.as_ref().and_then(|r| {
        let read = facts.task_definitions.value.as_ref();
        let past = facts.revisions.get(service).and_then(|p| p.value.as_ref());
        let past = past.and_then(|all| all.iter().find(|d| d.revision.arn == r.arn));
        read.and_then(|all| all.get(&r.arn)).or(past)
    });
    let in_use = || facts.definition_in_use(facts.service(service)?);
    let containers = own.or_else(in_use).map_or(&[][..], |d| &d.containers);
    let stream = |c: &ContainerSpec| {
        let prefix = c.log_prefix.as_ref()?;
        Some((
            c.log_group.clone()?,
            format!("{prefix}/{}/{}", c.name, task.id),
        ))
    };
    let streams: Vec<(String, String)> = containers.iter().filter_map(stream).collect();
    match streams.is_empty() {
        true => Some(Nav::LogsAt(service.clone(), task.stopped_at?)),
        false => Some(Nav::LogsOfTask {
            service: service.clone(),
            task: task.id.clone(),
            streams,
            ended: task.stopped_at,
        }),
    }
}

/// Where such a command leads from an alarm; else why it leads nowhere.
pub fn from_alarm(command: Command, alarm: &Alarm, facts: &Facts) -> Result<Nav, String> {
    let members = members(alarm, facts);
    if command == Command::Metrics {
        let firing = members.iter().filter(|a| a.state == AlarmState::Alarm);
        let mut watched: Vec<MetricQuery> = Vec::new();
        for query in std::iter::once(alarm)
            .chain(firing.copied())
            .filter_map(query)
        {
            if !watched.contains(query) {
                watched.push(query.clone());
            }
        }
        if watched.is_empty() {
            return Err("neither this alarm nor a member of it that fires watches a metric".into());
        }
        return Ok(Nav::Metrics {
            title: alarm.name.clone(),
            queries: watched,
        });
    }
    let about = services(alarm, &members, facts);
    let nav = about.first().and_then(|id| lead(command, id, facts));
    nav.ok_or_else(|| "its metric belongs to no service that is known here".into())
}

/// Where such a command leads from the fault of a system; else why it leads nowhere.
pub fn from_fault(command: Command, fault: Option<&Fault>, facts: &Facts) -> Result<Nav, String> {
    let Some(fault) = fault else {
        return Err("this system's fault is of no single component: enter opens its page".into());
    };
    let whole = |id: &ServiceId| {
        let id = id.to_string();
        fault.name == id || fault.place.row.split(' ').any(|word| word == id)
    };
    let ids = || facts.service_rows().iter().map(|s| &s.id);
    let found = ids().find(|id| whole(id)).or_else(|| {
        let mut alike = ids().filter(|id| id.name == fault.name);
        alike.next().filter(|_| alike.next().is_none())
    });
    let nav = found.and_then(|id| lead(command, id, facts));
    nav.ok_or_else(|| {
        // A tree's twigs are no part of a name.
        let name = fault
            .name
            .trim_start_matches(|c: char| !c.is_alphanumeric());
        format!("{name} is no service that is known here: enter opens its page")
    })
}

/// The series that a metric alarm watches.
pub fn query(alarm: &Alarm) -> Option<&MetricQuery> {
    match &alarm.rule {
        AlarmRule::Metric { query, .. } => query.as_ref(),
        AlarmRule::Composite { .. } | AlarmRule::Log { .. } => None,
    }
}

/// Known alarms that a composite rule names: those that fire first, the worst of them before the others.
pub fn members<'a>(alarm: &Alarm, facts: &'a Facts) -> Vec<&'a Alarm> {
    let named = |a: &&Arc<Alarm>| alarm.is_made_of(&a.name);
    let rows = facts.alarm_rows().iter();
    let mut found: Vec<&Alarm> = rows.filter(named).map(AsRef::as_ref).collect();
    found.order_by_key(|a| (a.state, a.severity));
    found
}

/// Services that the alarm's metric is about, or those of its members that fire.
pub fn services(alarm: &Alarm, members: &[&Alarm], facts: &Facts) -> Vec<ServiceId> {
    let firing = members.iter().filter(|a| a.state == AlarmState::Alarm);
    let all = std::iter::once(alarm).chain(firing.copied());
    all.filter_map(query)
        .flat_map(|q| services_of(facts, &q.metric))
        .collect()
}
