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
        session.out.table(&table(rows, now))?;
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

fn table(rows: &[Task], now: Timestamp) -> Table {
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
        // As the console has them: the whole id and the family, which is the service's, stand in JSON.
        table.row_told(vec![
            cell(t.id.get(..8).unwrap_or(&t.id)),
            painted(status_role(t), &t.status),
            painted(health_role(t), t.health_now()),
            cell(
                t.revision
                    .as_ref()
                    .map_or_else(|| "-".into(), |r| format!(":{}", r.number)),
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

    #[test]
    fn a_list_that_was_cut_is_not_told_as_all() {
        assert_eq!(counted(1, false), "1 task");
        let cut = counted(1000, true);
        assert!(cut.ends_with(", and there are more than are read"), "{cut}");
    }
}
