//! Whether the tables of the audit trail and of sign-offs still defend themselves: their checks, and the triggers that keep rows from
//! being changed, removed or put in out of order. Who takes those away leaves a chain that may be whole, and a table that anybody can write.

use std::collections::BTreeMap;

use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use super::trace;

/// The statements that made a table and what hangs on it, by what they made.
type Made = BTreeMap<String, String>;

/// What stands in the way of nobody any more, in words; `None` where the table is as this program makes it.
///
/// # Errors
/// Where the schema cannot be read.
pub(super) async fn missing(
    connection: &mut SqliteConnection,
) -> Result<Option<String>, sqlx::Error> {
    let mut pattern = SqliteConnectOptions::new()
        .in_memory(true)
        .connect()
        .await?;
    let version: i64 = sqlx::query_scalar("PRAGMA user_version")
        .fetch_one(&mut *connection)
        .await?;
    sqlx::raw_sql(sqlx::AssertSqlSafe(schema_of(version)))
        .execute(&mut pattern)
        .await?;
    let wanted = made(&mut pattern).await;
    trace::close(pattern).await;
    Ok(differs(&wanted?, &made(connection).await?))
}

/// The schema of a file of a version. One of the first that may only be read stays what it is.
fn schema_of(version: i64) -> String {
    let newest = include_str!("schema.sql");
    match version {
        1 => newest.replace(", 'stopped'", ""),
        _ => newest.to_owned(),
    }
}

/// The same words, however they stand on lines: a table that took another one's place has its name in quotes.
fn plain(sql: &str) -> String {
    let words = sql.replace('"', "");
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

async fn made(connection: &mut SqliteConnection) -> Result<Made, sqlx::Error> {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "SELECT type || ' ' || name, sql FROM sqlite_master WHERE tbl_name IN ('audit', 'signoff') AND sql IS NOT NULL",
    )
    .fetch_all(connection)
    .await?;
    let rows = rows.into_iter();
    Ok(rows.map(|(name, sql)| (name, plain(&sql))).collect())
}

fn differs(wanted: &Made, there: &Made) -> Option<String> {
    let gone = wanted.keys().filter(|k| !there.contains_key(*k));
    let other = wanted
        .iter()
        .filter(|(k, sql)| there.get(*k).is_some_and(|t| t != *sql));
    let more = there.keys().filter(|k| !wanted.contains_key(*k));
    let all: Vec<String> = gone
        .map(|k| format!("the {k} is gone"))
        .chain(other.map(|(k, _)| format!("the {k} is another")))
        .chain(more.map(|k| format!("the {k} is not of this program")))
        .collect();
    (!all.is_empty()).then(|| all.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&str, &str)]) -> Made {
        let pairs = pairs.iter();
        pairs.map(|(k, v)| ((*k).into(), (*v).into())).collect()
    }

    #[test]
    fn what_is_gone_changed_or_added_is_named() {
        let wanted = of(&[("table audit", "a"), ("trigger audit_keeps", "b")]);
        assert_eq!(differs(&wanted, &wanted), None);
        let there = of(&[("table audit", "x"), ("trigger helper", "c")]);
        let said = "the trigger audit_keeps is gone, the table audit is another, the trigger helper is not of this program";
        assert_eq!(differs(&wanted, &there).as_deref(), Some(said));
    }
}
