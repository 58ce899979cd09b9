//! What changes slowly, and costs more to ask: sizes, statements, tables and indexes.

use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Row};

use super::connect::Session;
use super::now::{each, name, stamp};
use super::{schema, sql};
use crate::domain::postgres::{Index, IndexSize, Keys, Missing, PostgresShape, Statement, Table};
use crate::domain::problem::Problem;
use crate::domain::sql::shape;

/// Tables that are shown.
const TABLES: usize = 100;

/// Indexes whose size is judged.
const INDEXES: usize = 30;

/// What the extension shows in place of statements of roles that one may not see.
const HIDDEN: &str = "<insufficient privilege>";

type Read<T> = Result<T, sqlx::Error>;

/// Asks everything.
pub(super) async fn ask(session: &mut Session) -> Result<PostgresShape, Problem> {
    let database = session.must(sql::DATABASE).await?;
    let statements = statements(session).await?;
    let tables = session.may("sizes of tables", sql::TABLES).await?;
    let unused = session.may("unused indexes", sql::UNUSED).await?;
    let keys = session
        .may("foreign keys without index", sql::UNINDEXED_KEYS)
        .await?;
    let whole = session
        .may("tables that are read whole", sql::WHOLE_READS)
        .await?;
    let sizes = session.may("sizes of indexes", sql::INDEX_SIZES).await?;
    let schema = schema::ask(session).await?;
    let all = || -> Read<PostgresShape> {
        let database = database.first().ok_or(sqlx::Error::RowNotFound)?;
        let mut missing = each(&keys, |r| {
            let refers: String = name(r.try_get("refers")?);
            Ok(Missing {
                table: name(r.try_get("owner")?),
                columns: name(r.try_get("columns")?),
                why: format!("foreign key to {refers}; no index begins with it"),
            })
        })?;
        missing.extend(each(&whole, read_whole)?);
        let mut tables = each(&tables, read_table)?;
        let more_tables = tables.len() > TABLES;
        tables.truncate(TABLES);
        let mut index_sizes = each(&sizes, read_index)?;
        let more_indexes = index_sizes.len() > INDEXES;
        index_sizes.truncate(INDEXES);
        let mut unseen = session.unseen.clone();
        if database.try_get("standby")? {
            unseen.push("what the primary reads: a standby counts its own reads alone, so unused indexes are its own".into());
        }
        Ok(PostgresShape {
            database: name(database.try_get("name")?),
            bytes: database.try_get("bytes")?,
            xid_age: database.try_get("xid_age")?,
            statements,
            tables,
            more_tables,
            unused: each(&unused, |r| {
                Ok(Index {
                    name: name(r.try_get("name")?),
                    table: name(r.try_get("owner")?),
                    bytes: r.try_get("bytes")?,
                })
            })?,
            missing,
            index_sizes,
            more_indexes,
            schema,
            unseen,
        })
    };
    all().map_err(|e| session.unreadable(&e))
}

/// The slowest statements, or why they are not known.
async fn statements(session: &mut Session) -> Result<Result<Vec<Statement>, String>, Problem> {
    let found = session.may("extensions", sql::EXTENSION).await?;
    let Some(row) = found.first() else {
        return Ok(Err(
            "pg_stat_statements is not there: add it to shared_preload_libraries, restart, and CREATE EXTENSION pg_stat_statements"
                .into(),
        ));
    };
    let place = || -> Read<(String, bool)> { Ok((row.try_get("place")?, row.try_get("modern")?)) };
    let (place, modern) = place().map_err(|e| session.unreadable(&e))?;
    let before = session.unseen.len();
    // The only text put in is a name that the server itself quoted.
    let text = sql::statements(&place, modern);
    let rows = session.may("statements", AssertSqlSafe(text)).await?;
    if let Some(why) = session.unseen.get(before) {
        return Ok(Err(why.clone()));
    }
    let read = || -> Read<Vec<Option<Statement>>> { each(&rows, read_statement) };
    let all = read().map_err(|e| session.unreadable(&e))?;
    let hidden = all.iter().filter(|s| s.is_none()).count();
    let shown: Vec<Statement> = all.into_iter().flatten().collect();
    match (hidden, shown.is_empty()) {
        (0, _) => Ok(Ok(shown)),
        (_, true) => Ok(Err(
            "the role may not see other roles' statements (GRANT pg_read_all_stats TO it)".into(),
        )),
        (_, false) => {
            session.unseen.push(
                "other roles' statements: the role is no member of pg_read_all_stats (GRANT pg_monitor TO it)"
                    .into(),
            );
            Ok(Ok(shown))
        }
    }
}

fn read_statement(row: &PgRow) -> Read<Option<Statement>> {
    let text: &str = row.try_get("statement")?;
    if text == HIDDEN {
        return Ok(None);
    }
    Ok(Some(Statement {
        id: row.try_get("id")?,
        text: shape(text),
        calls: row.try_get("calls")?,
        mean_ms: row.try_get("mean_ms")?,
        max_ms: row.try_get("max_ms")?,
        total_ms: row.try_get("total_ms")?,
        rows: row.try_get("n")?,
    }))
}

fn read_table(row: &PgRow) -> Read<Table> {
    let at = |column: &str| -> Read<_> {
        let seconds: Option<f64> = row.try_get(column)?;
        Ok(seconds.and_then(stamp))
    };
    Ok(Table {
        name: name(row.try_get("name")?),
        // A table that is dropped meanwhile has no size.
        bytes: row.try_get::<Option<i64>, _>("bytes")?.unwrap_or(0),
        index_bytes: row.try_get::<Option<i64>, _>("index_bytes")?.unwrap_or(0),
        rows: row.try_get("live")?,
        dead: row.try_get("dead")?,
        scans: row.try_get("scans")?,
        index_scans: row.try_get("index_scans")?,
        vacuumed: at("vacuumed")?,
        analyzed: at("analyzed")?,
    })
}

fn read_index(row: &PgRow) -> Read<IndexSize> {
    let whole = |column: &str| row.try_get::<i64, _>(column);
    let known = whole("columns")? == whole("known")?;
    let keys = Keys {
        entries: row.try_get("entries")?,
        width: row.try_get("width")?,
        nullable: row.try_get("nullable")?,
        block: whole("block")?,
        fill: whole("fill")?,
    };
    Ok(IndexSize {
        name: name(row.try_get("name")?),
        table: name(row.try_get("owner")?),
        // An index that is dropped meanwhile has no size.
        bytes: row.try_get::<Option<i64>, _>("bytes")?.unwrap_or(0),
        wanted: known.then(|| keys.bytes()).flatten(),
    })
}

fn read_whole(row: &PgRow) -> Read<Missing> {
    let (scans, rows): (i64, i64) = (row.try_get("scans")?, row.try_get("rows_each")?);
    Ok(Missing {
        table: name(row.try_get("owner")?),
        columns: String::new(),
        why: format!("read whole {scans} times, {rows} rows each time, and less often by an index"),
    })
}
