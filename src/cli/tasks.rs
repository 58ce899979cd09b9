//! `flightdeck tasks SERVICE`: the tasks of a service, stopped ones included while the vendor remembers them.

use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::exit::Exit;
use super::paint::Role;
use super::service_arg;
use super::session::{Session, standing_of};
use super::table::{Align, Table, cell, painted};
use super::words;
use crate::domain::interest::Interest;
use crate::domain::part::Part;
use crate::domain::problem::Problem;
use crate::domain::service::{Task, image_tag};
use crate::domain::text::clip_middle;

/// Arguments.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Name, or cluster/name
    service: String,
}

/// Runs the command.
pub async fn run(args: &Arguments, session: &mut Session) -> Result<Exit, Problem> {
    let id = service_arg::resolve(&args.service, session).await?;
    let picture = session
        .demand(
            vec![Interest::Tasks(id.clone())],
            &[&|f| standing_of(f.tasks.get(&id))],
        )
        .await?;
    let never = Part::default();
    let part = picture.facts.tasks.get(&id).unwrap_or(&never);
    let rows = part.value.as_deref().map_or(&[][..], Vec::as_slice);
    let now = Timestamp::now();
    if session.out.is_json() {
        let rows = rows.iter().map(object).collect();
        session.list_and("tasks", rows, part, [("cut", json!(part.cut))])?;
        return Ok(Exit::OK);
    }
    if rows.is_empty() {
        session
            .out
            .line("No tasks: nothing runs, and the vendor remembers nothing that stopped.")?;
    } else {
        let short = session.out.columns().is_some();
        session.out.table(&table(rows, now, short))?;
    }
    session.footer(counted(rows.len(), part.cut), part, now)?;
    Ok(Exit::OK)
}

fn counted(rows: usize, cut: bool) -> String {
    let count = words::count(rows, "task");
    match cut {
        true => format!("{count}, and there are more than are read"),
        false => count,
    }
}

/// `short`: for a terminal. A pipe has what the vendor takes: it knows no task by a part of its id.
fn table(rows: &[Task], now: Timestamp, short: bool) -> Table {
    let mut table = Table::new(&[
        ("TASK", Align::Left),
        ("STATUS", Align::Left),
        ("HEALTH", Align::Left),
        ("REVISION", Align::Left),
        ("IMAGE", Align::Left),
        ("ZONE", Align::Left),
        ("ADDRESS", Align::Left),
        ("AGE", Align::Right),
        ("STOPPED", Align::Right),
        ("WHY STOPPED", Align::Left),
    ])
    .whole(&["TASK", "STATUS", "HEALTH", "REVISION"])
    .names("IMAGE", 12, clip_middle)
    .beneath("WHY STOPPED", 40)
    .sparing(&["ADDRESS", "ZONE", "REVISION"]);
    for t in rows {
        // As the console has them.
        let id = t.id.get(..8).filter(|_| short);
        table.row_told(vec![
            cell(id.unwrap_or(&t.id)),
            painted(status_role(t), &t.status),
            painted(health_role(t), t.health_now()),
            cell(
                t.revision
                    .as_ref()
                    .map_or_else(|| "-".into(), |r| words::revision(r, short)),
            ),
            cell(t.containers.first().map_or("-", |c| image_tag(&c.image))),
            cell(&t.zone),
            cell(t.ip.as_deref().unwrap_or("-")),
            cell(words::ago(t.started_at.or(t.created_at), now)),
            cell((t.stopped_at).map_or_else(String::new, |at| words::ago(Some(at), now))),
            cell(t.stopped_reason.as_deref().unwrap_or("")),
        ]);
    }
    table
}

/// A health that there is.
fn told(health: &str) -> Option<&str> {
    (!health.is_empty()).then_some(health)
}

fn object(t: &Task) -> Value {
    let containers: Vec<Value> = t
        .containers
        .iter()
        .map(|c| {
            json!({
                "name": c.name,
                "image": c.image,
                "digest": c.digest,
                "status": c.status,
                "health": told(c.health_now()),
                "exit_code": c.exit_code,
                "reason": c.reason,
            })
        })
        .collect();
    json!({
        "id": t.id,
        "arn": t.arn,
        "service": t.service,
        "status": t.status,
        "desired_status": t.desired_status,
        "health": told(t.health_now()),
        "revision": t.revision.as_ref().map(ToString::to_string),
        "zone": t.zone,
        "cpu_units": t.cpu_units,
        "memory_mib": t.memory_mib,
        "ip": t.ip,
        "created_at": t.created_at,
        "started_at": t.started_at,
        "stopped_at": t.stopped_at,
        "stopped_reason": t.stopped_reason,
        "containers": containers,
    })
}

fn status_role(t: &Task) -> Role {
    match t.status.as_str() {
        "RUNNING" => Role::Plain,
        "STOPPED" | "DEPROVISIONING" => Role::Dim,
        _ => Role::Strong,
    }
}

fn health_role(t: &Task) -> Role {
    match t.health_now() {
        "HEALTHY" => Role::Ok,
        "UNHEALTHY" => Role::Bad,
        _ => Role::Dim,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::service::Revision;

    /// `aws ecs execute-command` and `stop-task` refuse a part of an id.
    #[test]
    fn a_terminal_has_ids_short_and_a_pipe_has_them_whole() {
        let id = "7c1d0f2a9be04c55a1d3e8f60b7c2d19";
        let task = Task {
            arn: format!("arn:aws:ecs:r:1:task/laser-prod/{id}"),
            id: id.into(),
            service: "api".into(),
            status: "RUNNING".into(),
            desired_status: "RUNNING".into(),
            health: "HEALTHY".into(),
            revision: Revision::parse("laser-api:5"),
            zone: "us-east-1a".into(),
            cpu_units: None,
            memory_mib: None,
            ip: None,
            created_at: None,
            started_at: None,
            stopped_at: None,
            stopped_reason: None,
            containers: Vec::new(),
        };
        let row = |short: bool, room: Option<usize>| {
            let rows = std::slice::from_ref(&task);
            let drawn = table(rows, Timestamp::UNIX_EPOCH, short).draw(room, false);
            let row = drawn.lines().nth(1).unwrap().to_owned();
            row.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let piped = row(false, None);
        assert_eq!(piped[0], id);
        assert_eq!(piped[3], "laser-api:5");
        let seen = row(true, Some(100));
        assert_eq!(seen[0], "7c1d0f2a");
        assert_eq!(seen[3], ":5");
    }

    #[test]
    fn a_list_that_was_cut_is_not_told_as_all() {
        assert_eq!(counted(1, false), "1 task");
        let cut = counted(1000, true);
        assert!(cut.ends_with(", and there are more than are read"), "{cut}");
    }
}
