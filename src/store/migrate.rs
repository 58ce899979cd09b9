//! The schema of a file: made in a new one, brought up to date in one of an earlier version.

use std::path::Path;

use jiff::Timestamp;
use sqlx::Connection;
use sqlx::sqlite::SqliteConnection;

use super::anchor::Anchor;
use super::open::unusable;
use super::{fault, guards};
use crate::domain::problem::Problem;

/// Schema of this version, in `PRAGMA user_version`.
const VERSION: i64 = 5;
/// `FLDT`: tells our files from anybody else's SQLite database.
const APPLICATION_ID: i64 = 0x464C_4454;
/// What brings a file of the version before to each version from the second on.
const STEPS: &[(i64, &str)] = &[
    (2, include_str!("to-2.sql")),
    (3, include_str!("to-3.sql")),
    (4, include_str!("to-4.sql")),
    (5, include_str!("to-5.sql")),
];

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// Nothing yet.
    Empty,
    /// This version's tables.
    Current,
    /// Those of an earlier version.
    Earlier(i64),
}

/// Brings the file to this version's schema, or says why it may not be touched.
pub async fn migrate(
    path: &Path,
    connection: &mut SqliteConnection,
    anchor: &Anchor,
) -> Result<(), Problem> {
    let found = found(path, connection).await?;
    if found == Found::Current {
        return Ok(());
    }
    let wrong = |e: sqlx::Error| unusable(path, &e);
    // A table that others refer to cannot be made anew while references are enforced, and inside a transaction that cannot be changed.
    if found != Found::Empty {
        sqlx::raw_sql("PRAGMA foreign_keys = OFF")
            .execute(&mut *connection)
            .await
            .map_err(wrong)?;
    }
    let done = write(path, connection, anchor).await;
    if found != Found::Empty {
        sqlx::raw_sql("PRAGMA foreign_keys = ON")
            .execute(&mut *connection)
            .await
            .map_err(wrong)?;
    }
    done
}

/// All of it or nothing, in one transaction.
async fn write(
    path: &Path,
    connection: &mut SqliteConnection,
    anchor: &Anchor,
) -> Result<(), Problem> {
    let wrong = |e: sqlx::Error| unusable(path, &e);
    let mut tx = connection
        .begin_with("BEGIN IMMEDIATE")
        .await
        .map_err(wrong)?;
    // Asked again under the lock: another console may have made the tables meanwhile.
    match found(path, &mut tx).await? {
        Found::Current => return Ok(()),
        Found::Empty => {
            anchor
                .create()
                .map_err(|e| fault::file(anchor.path(), &e))?;
            sqlx::raw_sql(include_str!("schema.sql"))
                .execute(&mut *tx)
                .await
                .map_err(wrong)?;
        }
        Found::Earlier(version) => {
            refuse_unguarded(path, &mut tx).await?;
            refuse_driven(path, &mut tx).await?;
            for (_, step) in STEPS.iter().filter(|(to, _)| *to > version) {
                sqlx::raw_sql(*step)
                    .execute(&mut *tx)
                    .await
                    .map_err(wrong)?;
            }
            let broken: i64 = sqlx::query_scalar("SELECT count(*) FROM pragma_foreign_key_check")
                .fetch_one(&mut *tx)
                .await
                .map_err(wrong)?;
            if broken > 0 {
                return Err(fault::opening(
                    path,
                    &format!(
                        "{broken} of its rows belong to a run that it does not hold, so it cannot be brought to schema {VERSION}"
                    ),
                    "Set `store` in flightdeck.toml to another path; this file is left as it is.",
                ));
            }
        }
    }
    sqlx::raw_sql("PRAGMA application_id = 1179403348; PRAGMA user_version = 5;")
        .execute(&mut *tx)
        .await
        .map_err(wrong)?;
    tx.commit().await.map_err(wrong)
}

/// The steps make the audit table anew, with all of its guards: whoever judges it afterwards could not see that some were missing.
async fn refuse_unguarded(path: &Path, tx: &mut SqliteConnection) -> Result<(), Problem> {
    let missing = guards::missing(tx).await.map_err(|e| unusable(path, &e))?;
    let Some(what) = missing else { return Ok(()) };
    Err(fault::opening(
        path,
        &format!(
            "its audit table no longer defends itself ({what}), and to bring it to schema {VERSION} would wipe out that trace"
        ),
        "Keep the file as it is, look at it with `flightdeck audit verify`, and set `store` in flightdeck.toml to another path.",
    ))
}

/// A console of the version before that goes on with a run would take the rows of this version for a chain that somebody broke.
async fn refuse_driven(path: &Path, tx: &mut SqliteConnection) -> Result<(), Problem> {
    let driven: Option<(String, String, String, i64)> = sqlx::query_as(
        "SELECT run, who, host, pid FROM run WHERE state = 'open' AND lease_until > ? ORDER BY started_at LIMIT 1",
    )
    .bind(Timestamp::now().as_millisecond())
    .fetch_optional(tx)
    .await
    .map_err(|e| unusable(path, &e))?;
    let Some((run, who, host, pid)) = driven else {
        return Ok(());
    };
    Err(fault::opening(
        path,
        &format!(
            "a console of an older version is open and drives run {run} ({who} on {host}, pid {pid}), and it would not understand schema {VERSION}"
        ),
        "Close the older consoles (their runs are picked up here), and start again; what a dead one drove is free within a minute.",
    ))
}

/// A console of a newer version brought the file to its schema while this one had it open: what it writes cannot be judged here.
///
/// # Errors
/// Where that is so, or the version cannot be read.
pub(super) async fn refuse_newer(
    path: &Path,
    connection: &mut SqliteConnection,
) -> Result<(), Problem> {
    let version: i64 = sqlx::query_scalar("PRAGMA user_version")
        .fetch_one(connection)
        .await
        .map_err(|e| fault::reading("which version made the store", path, &e))?;
    if version <= VERSION {
        return Ok(());
    }
    Err(fault::upgraded(path, version, VERSION))
}

/// Whether the file holds our tables, of this version or an earlier one.
///
/// # Errors
/// Where it is somebody else's, or of a newer version.
pub async fn is_ours(path: &Path, connection: &mut SqliteConnection) -> Result<bool, Problem> {
    Ok(found(path, connection).await? != Found::Empty)
}

/// What the file holds; a problem if it is somebody else's or of a newer version.
async fn found(path: &Path, connection: &mut SqliteConnection) -> Result<Found, Problem> {
    let row: (i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT user_version FROM pragma_user_version), (SELECT application_id FROM pragma_application_id),
                (SELECT count(*) FROM sqlite_master)",
    )
    .fetch_one(connection)
    .await
    .map_err(|e| unusable(path, &e))?;
    match row {
        (VERSION, APPLICATION_ID, _) => Ok(Found::Current),
        (0, 0, 0) => Ok(Found::Empty),
        (newer, APPLICATION_ID, _) if newer > VERSION => Err(fault::opening(
            path,
            &format!(
                "it was made by a newer version of flightdeck (schema {newer}; this one knows {VERSION})"
            ),
            "Use that newer version, or set `store` in flightdeck.toml to another path.",
        )),
        (earlier, APPLICATION_ID, _) if earlier >= 1 => Ok(Found::Earlier(earlier)),
        _ => Err(fault::opening(
            path,
            "it is an SQLite database of some other program",
            "Set `store` in flightdeck.toml to another path; this file is left as it is.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_marks_that_are_written_are_ours() {
        assert_eq!(APPLICATION_ID, 1_179_403_348);
        assert_eq!(VERSION, 5);
        assert_eq!(STEPS.last().map(|(to, _)| *to), Some(VERSION));
    }
}
