//! `flightdeck logs` without a name: the groups that there are.

use jiff::Timestamp;
use serde_json::json;

use super::exit::Exit;
use super::paint::Role;
use super::session::{Session, standing};
use super::table::{Align, Table, cell, painted};
use super::words;
use crate::domain::problem::Problem;

/// Lists the groups.
pub async fn run(session: &mut Session) -> Result<Exit, Problem> {
    let picture = session
        .demand(Vec::new(), &[&|f| standing(&f.log_groups)])
        .await?;
    let part = &picture.facts.log_groups;
    let rows = part.value.as_deref().map_or(&[][..], Vec::as_slice);
    let now = Timestamp::now();
    if session.out.is_json() {
        let rows = rows
            .iter()
            .map(|g| {
                json!({
                    "group": g.name,
                    "retention_days": g.retention_days,
                    "stored_bytes": g.stored_bytes,
                    "created_at": g.created_at,
                })
            })
            .collect();
        session.list("log_groups", rows, part)?;
        return Ok(Exit::OK);
    }
    if rows.is_empty() {
        session
            .out
            .line("No log groups in this account and region.")?;
    } else {
        let mut table = Table::new(&[
            ("GROUP", Align::Left),
            ("KEPT", Align::Right),
            ("STORED", Align::Right),
            ("AGE", Align::Right),
        ]);
        for g in rows {
            table.row(vec![
                cell(&g.name),
                match g.retention_days {
                    Some(days) => cell(format!("{days}d")),
                    None => painted(Role::Warn, "for ever"),
                },
                cell(words::bytes(g.stored_bytes)),
                cell(words::ago(g.created_at, now)),
            ]);
        }
        session.out.table(&table)?;
    }
    session.footer(words::count(rows.len(), "group"), part, now)?;
    Ok(Exit::OK)
}
