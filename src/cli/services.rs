//! `flightdeck services`: what runs, what is wanted, and how it stands.

use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::exit::Exit;
use super::paint::Role;
use super::session::{Session, silent};
use super::table::{Align, Table, cell, painted};
use super::words;
use crate::domain::facts::Facts;
use crate::domain::problem::Problem;
use crate::domain::service::{Service, ServiceHealth, image_tag};
use crate::domain::text::{clip_middle, clip_place};

/// Arguments.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Only services whose cluster/name holds this text
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
}

/// Runs the command.
pub async fn run(args: &Arguments, session: &mut Session) -> Result<Exit, Problem> {
    // What is said about a service beyond itself may be missing, and so may other clusters: what is known is shown all the same.
    let picture = session.look(Vec::new()).await?;
    let facts = &picture.facts;
    let mut part = facts.services.clone();
    // A configured cluster that does not exist: what is there is shown, and what is not is said.
    part.error = part.error.or_else(|| facts.clusters.error.clone());
    if let (true, Some(problem)) = (facts.service_rows().is_empty(), &part.error) {
        return Err(problem.clone());
    }
    if part.value.is_none() {
        return Err(silent(session.patience()));
    }
    let now = Timestamp::now();
    let wanted = args.filter.as_deref().unwrap_or("").to_lowercase();
    let rows: Vec<&Service> = facts
        .service_rows()
        .iter()
        .map(AsRef::as_ref)
        .filter(|s| s.id.to_string().to_lowercase().contains(&wanted))
        .collect();
    if session.out.is_json() {
        let rows = rows.iter().map(|s| object(s, facts)).collect();
        session.list("services", rows, &part)?;
        return Ok(Exit::OK);
    }
    if rows.is_empty() {
        session.out.line(empty(facts, &wanted))?;
    } else {
        let short = session.out.columns().is_some();
        session.out.table(&table(&rows, facts, now, short))?;
    }
    session.footer(words::count(rows.len(), "service"), &part, now)?;
    Ok(Exit::OK)
}

fn empty(facts: &Facts, filter: &str) -> &'static str {
    if !filter.is_empty() && !facts.service_rows().is_empty() {
        "No service matches the filter."
    } else {
        "No services: the clusters that these credentials can see have none. Another region, profile or cluster?"
    }
}

/// `short`: for a terminal.
fn table(rows: &[&Service], facts: &Facts, now: Timestamp, short: bool) -> Table {
    let mut table = Table::new(&[
        ("SERVICE", Align::Left),
        ("HEALTH", Align::Left),
        ("RUNNING", Align::Right),
        ("PENDING", Align::Right),
        ("REVISION", Align::Left),
        ("IMAGE", Align::Left),
        ("VCPU", Align::Right),
        ("MEMORY", Align::Right),
        ("TARGETS", Align::Right),
        ("DEPLOYED", Align::Right),
    ])
    .whole(&["HEALTH", "REVISION"])
    .names("SERVICE", 20, clip_place)
    .names("IMAGE", 12, clip_middle)
    .sparing(&[
        "MEMORY", "VCPU", "PENDING", "REVISION", "DEPLOYED", "TARGETS",
    ]);
    for s in rows {
        let definition = facts.task_definition(s);
        let targets = targets(s, facts);
        let tasks = s.answering();
        table.row(vec![
            cell(s.id.to_string()),
            painted(role(s, facts), facts.health_of(s).word()),
            cell(format!("{}/{}", tasks.running, tasks.desired)),
            cell(s.counts.pending.to_string()),
            cell(words::revision(&s.revision, short)),
            cell(image(s, facts).map_or("-", image_tag)),
            cell(dash(
                definition
                    .and_then(|d| d.cpu_units)
                    .map(|units| format!("{:.2}", f64::from(units) / 1024.0)),
            )),
            cell(dash(
                definition
                    .and_then(|d| d.memory_mib)
                    .map(|m| format!("{m} MiB")),
            )),
            match targets {
                None => painted(Role::Dim, "?"),
                Some((_, 0)) => cell("-"),
                Some((healthy, n)) if facts.is_untold(&s.id) => {
                    painted(Role::Dim, format!("{healthy}/{n}?"))
                }
                Some((0, n)) if facts.unhealthy_targets(&s.id).is_some() => {
                    painted(Role::Bad, format!("0/{n}"))
                }
                Some((healthy, n)) if healthy < n => painted(Role::Warn, format!("{healthy}/{n}")),
                Some((healthy, n)) => cell(format!("{healthy}/{n}")),
            },
            cell(words::ago(deployed_at(s), now)),
        ]);
    }
    table
}

/// The stable JSON shape of a service.
pub fn object(s: &Service, facts: &Facts) -> Value {
    let definition = facts.task_definition(s);
    let targets = targets(s, facts);
    json!({
        "cluster": s.id.cluster,
        "name": s.id.name,
        "arn": s.arn,
        "status": s.status,
        "health": facts.health_of(s),
        "desired": s.counts.desired,
        "running": s.counts.running,
        "serving": s.answering().running,
        "pending": s.counts.pending,
        "revision": s.revision.to_string(),
        "image": image(s, facts),
        "launch_type": s.launch_type,
        "strategy": s.deployment.strategy.word(),
        "cpu_units": definition.and_then(|d| d.cpu_units),
        "memory_mib": definition.and_then(|d| d.memory_mib),
        "targets_healthy": targets.map(|(healthy, _)| healthy),
        "targets": targets.map(|(_, all)| all),
        "deployed_at": deployed_at(s),
        "created_at": s.created_at,
        "last_event": s.events.first().map(|e| json!({"at": e.at, "message": e.message})),
    })
}

/// The role of a service's health.
pub fn role(s: &Service, facts: &Facts) -> Role {
    match facts.health_of(s) {
        ServiceHealth::Unserved if facts.is_gone(s) => Role::Bad,
        ServiceHealth::Down | ServiceHealth::Failed => Role::Bad,
        ServiceHealth::RollingBack => Role::Warn,
        ServiceHealth::Degraded | ServiceHealth::Unserved | ServiceHealth::Unknown => Role::Warn,
        ServiceHealth::Scaling | ServiceHealth::Deploying => Role::Strong,
        ServiceHealth::Steady => Role::Ok,
        ServiceHealth::Idle | ServiceHealth::Inactive => Role::Dim,
    }
}

fn image<'a>(s: &Service, facts: &'a Facts) -> Option<&'a str> {
    let bound = s.load_balancers.first().map(|lb| lb.container.as_str());
    let container = facts.task_definition(s)?.main_container(bound)?;
    Some(&container.image)
}

/// Healthy targets and all; `None` while nobody knows.
fn targets(s: &Service, facts: &Facts) -> Option<(usize, usize)> {
    if s.load_balancers.is_empty() {
        return Some((0, 0));
    }
    facts.target_groups.value.as_ref()?;
    Some(facts.targets_of(s).fold((0, 0), |(h, n), tg| {
        (h + tg.healthy(), n + tg.targets.len())
    }))
}

fn deployed_at(s: &Service) -> Option<Timestamp> {
    s.rollouts.iter().filter_map(|r| r.created_at).max()
}

fn dash(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "-".into(), |v| v.to_string())
}
