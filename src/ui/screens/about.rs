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
use crate::domain::service::ServiceId;
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
        AlarmRule::Composite { .. } => None,
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
