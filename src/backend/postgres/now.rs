//! What changes from moment to moment: connections, running statements, locks, replication.

use jiff::Timestamp;
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::connect::{Destination, Session};
use super::sql;
use crate::domain::postgres::{
    Blocked, Connections, Counters, PostgresNow, Replication, Running, SHARED, Standby,
};
use crate::domain::problem::Problem;
use crate::domain::sql::shape;
use crate::domain::text::{clip, inert};

/// Columns of a name from outside.
const NAME: usize = 64;

type Read<T> = Result<T, sqlx::Error>;

/// Asks everything.
pub(super) async fn ask(session: &mut Session, to: &Destination) -> Result<PostgresNow, Problem> {
    let server = session.must(sql::SERVER).await?;
    let connections = session.may("connections", sql::CONNECTIONS).await?;
    let running = session.may("running statements", sql::RUNNING).await?;
    let blocked = session.may("locks", sql::BLOCKED).await?;
    let standbys = session.may("standbys", sql::STANDBYS).await?;
    let is_aurora = is(&server, "aurora").map_err(|e| session.unreadable(&e))?;
    let (aurora, behind) = match is_aurora {
        true => (session.told("replication lag", sql::AURORA).await?, None),
        false => {
            let behind = session.told("replication lag", sql::BEHIND).await?;
            (Ok(Vec::new()), Some(behind))
        }
    };
    let slots = session.may("replication slots", sql::SLOTS).await?;
    let counters = session.may("counters", sql::COUNTERS).await?;
    let all = || -> Read<PostgresNow> {
        let server = server.first().ok_or(sqlx::Error::RowNotFound)?;
        let started: f64 = server.try_get("started")?;
        let mut unseen = session.unseen.clone();
        if server.try_get::<Option<bool>, _>("sees_all")? != Some(true) {
            unseen.push(
                "other roles' sessions and statements: the role is no member of pg_monitor (GRANT pg_monitor TO it)"
                    .into(),
            );
        }
        Ok(PostgresNow {
            address: inert(&to.address()),
            version: name(version(server.try_get("version")?)),
            tls: server.try_get("tls")?,
            guarded: server.try_get("read_only")?,
            started_at: stamp(started).unwrap_or_default(),
            standby: server.try_get("standby")?,
            connections: Connections {
                limit: server.try_get("most")?,
                reserved: server.try_get("reserved")?,
                waiting: connections
                    .iter()
                    .map(|r| r.try_get::<i64, _>("waiting"))
                    .sum::<Read<i64>>()?,
                by_state: each(&connections, |r| {
                    Ok((name(r.try_get("state")?), r.try_get("n")?))
                })?,
            },
            running: each(&running, read_running)?,
            blocked: each(&blocked, read_blocked)?,
            replication: {
                let mut replication = Replication {
                    standbys: each(&standbys, read_standby)?,
                    idle_slots: each(&slots, |r| {
                        Ok((name(r.try_get("name")?), r.try_get("kept")?))
                    })?,
                    ..Replication::default()
                };
                let standby = server.try_get("standby")?;
                match (&behind, &aurora) {
                    (Some(Ok(rows)), _) => {
                        let row = rows.first();
                        let behind: Option<Option<f64>> =
                            row.map(|r| r.try_get("behind_s")).transpose()?;
                        replication.behind_s = behind.flatten();
                    }
                    (None, Ok(rows)) => read_aurora(rows, standby, &mut replication)?,
                    (Some(Err(why)), _) | (None, Err(why)) => {
                        replication.behind_unseen = standby.then(|| why.clone());
                    }
                }
                replication
            },
            counters: match counters.first() {
                Some(row) => read_counters(row)?,
                None => Counters::default(),
            },
            unseen,
        })
    };
    all().map_err(|e| session.unreadable(&e))
}

/// What the one row of an answer says.
fn is(rows: &[PgRow], column: &str) -> Read<bool> {
    rows.first()
        .ok_or(sqlx::Error::RowNotFound)?
        .try_get(column)
}

/// A reader tells of itself, and the instance that writes of all its readers.
fn read_aurora(rows: &[PgRow], standby: bool, into: &mut Replication) -> Read<()> {
    for row in rows {
        let lag_s: Option<f64> = row.try_get("lag_s")?;
        let own: bool = row.try_get("own")?;
        if standby && own {
            into.behind_s = lag_s;
        }
        if !standby && !own && !row.try_get::<bool, _>("writer")? {
            into.standbys.push(Standby {
                name: name(row.try_get("name")?),
                state: SHARED.to_owned(),
                sync: String::new(),
                lag_s,
                lag_bytes: None,
            });
        }
    }
    if standby && into.behind_s.is_none() {
        into.behind_unseen = Some("Aurora does not tell how far this reader is behind".into());
    }
    Ok(())
}

/// Reads each row.
pub(super) fn each<T>(rows: &[PgRow], read: impl Fn(&PgRow) -> Read<T>) -> Read<Vec<T>> {
    rows.iter().map(read).collect()
}

/// `15.18` of `15.18 (Debian 15.18-0+deb12u1)`.
fn version(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default()
}

/// A point in time of seconds since 1970.
pub(super) fn stamp(seconds: f64) -> Option<Timestamp> {
    Timestamp::from_microsecond((seconds * 1e6).round() as i64).ok()
}

/// A name from outside, as it may be shown.
pub(super) fn name(text: &str) -> String {
    clip(&inert(text), NAME)
}

fn read_running(row: &PgRow) -> Read<Running> {
    let waits_for: Option<&str> = row.try_get("waits_for")?;
    Ok(Running {
        pid: row.try_get("pid")?,
        user: name(row.try_get("who")?),
        application: name(row.try_get("application")?),
        state: name(row.try_get("state")?),
        statement_s: row.try_get("statement_s")?,
        transaction_s: row.try_get("transaction_s")?,
        waits_for: waits_for.map(name),
        statement: shape(row.try_get("statement")?),
    })
}

fn read_blocked(row: &PgRow) -> Read<Blocked> {
    let locked: Option<&str> = row.try_get("locked")?;
    let mut by: Vec<i32> = row.try_get("blockers")?;
    by.sort_unstable();
    by.dedup();
    Ok(Blocked {
        pid: row.try_get("pid")?,
        by,
        user: name(row.try_get("who")?),
        waits_s: row.try_get("waits_s")?,
        what: match locked {
            // Who waits for a row waits for the transaction that changed it.
            Some("transactionid" | "tuple") => "a row".into(),
            Some(other) => name(other),
            None => "a lock".into(),
        },
        statement: shape(row.try_get("statement")?),
    })
}

fn read_standby(row: &PgRow) -> Read<Standby> {
    let lag_bytes: Option<i64> = row.try_get("lag_bytes")?;
    let lag_s: Option<f64> = row.try_get("lag_s")?;
    Ok(Standby {
        name: name(row.try_get("name")?),
        state: name(row.try_get("state")?),
        sync: name(row.try_get("sync")?),
        // The server forgets the lag of a standby that has everything.
        lag_s: lag_s.or_else(|| (lag_bytes == Some(0)).then_some(0.0)),
        lag_bytes,
    })
}

fn read_counters(row: &PgRow) -> Read<Counters> {
    let (hit, read): (i64, i64) = (row.try_get("blks_hit")?, row.try_get("blks_read")?);
    let blocks = hit.saturating_add(read);
    let since: Option<f64> = row.try_get("since")?;
    Ok(Counters {
        commits: row.try_get("commits")?,
        rollbacks: row.try_get("rollbacks")?,
        deadlocks: row.try_get("deadlocks")?,
        temp_bytes: row.try_get("temp_bytes")?,
        cache_hit: (blocks > 0).then(|| hit as f64 / blocks as f64),
        since: since.and_then(stamp),
    })
}
