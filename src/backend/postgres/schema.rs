//! The schema's version: the newest row of the table in which a migration tool keeps what it applied. Which tools, and what their
//! tables look like, is said once, below; a table of the same name with other columns is nobody's that is known here.

use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Row};

use super::connect::Session;
use super::now::{name, stamp};
use super::sql::MARK;
use crate::domain::postgres::SchemaVersion;
use crate::domain::problem::Problem;

/// A tool that keeps its migrations in a table.
struct Tool {
    /// The table's name.
    table: &'static str,
    /// The tool.
    title: &'static str,
    /// Columns that its table has.
    columns: &'static [&'static str],
    /// What asks for the newest row: `version`, `at`, `whole`; `{}` is the table.
    newest: &'static str,
}

const fn tool(
    table: &'static str,
    title: &'static str,
    columns: &'static [&'static str],
    newest: &'static str,
) -> Tool {
    Tool {
        table,
        title,
        columns,
        newest,
    }
}

/// The more telling table of a name stands first.
#[rustfmt::skip]
const TOOLS: &[Tool] = &[
    tool("schema_migrations", "golang-migrate", &["version", "dirty"],
        "version::text AS version, NULL::float8 AS at, NOT dirty AS whole FROM {} t ORDER BY t.version DESC"),
    tool("schema_migrations", "schema_migrations", &["version"],
        "version::text AS version, NULL::float8 AS at, true AS whole FROM {} t ORDER BY length(t.version::text) DESC, t.version::text DESC"),
    tool("_prisma_migrations", "Prisma", &["migration_name", "started_at", "finished_at", "rolled_back_at"],
        "migration_name::text AS version, extract(epoch FROM finished_at)::float8 AS at, finished_at IS NOT NULL AS whole \
         FROM {} WHERE rolled_back_at IS NULL ORDER BY started_at DESC"),
    tool("knex_migrations", "Knex", &["id", "name", "migration_time"],
        "name::text AS version, extract(epoch FROM migration_time)::float8 AS at, true AS whole FROM {} ORDER BY id DESC"),
    tool("pgmigrations", "node-pg-migrate", &["id", "name", "run_on"],
        "name::text AS version, extract(epoch FROM run_on)::float8 AS at, true AS whole FROM {} ORDER BY id DESC"),
    tool("SequelizeMeta", "Sequelize", &["name"],
        "name::text AS version, NULL::float8 AS at, true AS whole FROM {} t ORDER BY t.name DESC"),
    tool("flyway_schema_history", "Flyway", &["installed_rank", "version", "installed_on", "success"],
        "version::text AS version, extract(epoch FROM installed_on)::float8 AS at, success AS whole \
         FROM {} WHERE version IS NOT NULL ORDER BY installed_rank DESC"),
    tool("django_migrations", "Django", &["id", "app", "name", "applied"],
        "format('%s.%s', app, name) AS version, extract(epoch FROM applied)::float8 AS at, true AS whole FROM {} ORDER BY id DESC"),
    tool("_sqlx_migrations", "SQLx", &["version", "installed_on", "success"],
        "version::text AS version, extract(epoch FROM installed_on)::float8 AS at, success AS whole FROM {} t ORDER BY t.version DESC"),
    tool("alembic_version", "Alembic", &["version_num"],
        "version_num::text AS version, NULL::float8 AS at, true AS whole FROM {} ORDER BY version_num DESC"),
];

/// Tables that may be a tool's; those of `public` first.
fn tables() -> String {
    let mut names: Vec<String> = TOOLS.iter().map(|t| format!("'{}'", t.table)).collect();
    names.dedup();
    format!(
        "{MARK} SELECT
  format('%I.%I', n.nspname, c.relname) AS place, c.relname::text AS name,
  has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS readable,
  (SELECT string_agg(a.attname::text, ' ') FROM pg_attribute a
   WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)::text AS columns
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND c.relname::text IN ({})
ORDER BY n.nspname <> 'public', 1 LIMIT 20",
        names.join(", ")
    )
}

/// The newest migrations, or why none is known.
pub(super) async fn ask(
    session: &mut Session,
) -> Result<Result<Vec<SchemaVersion>, String>, Problem> {
    let before = session.unseen.len();
    let rows = session
        .may("tables of migrations", AssertSqlSafe(tables()))
        .await?;
    let (mut known, mut why) = (Vec::new(), session.unseen.get(before).cloned());
    for row in &rows {
        let table = read(row).map_err(|e| session.unreadable(&e))?;
        let Some(tool) = table.tool() else { continue };
        if !table.readable {
            let place = name(&table.place);
            why = Some(format!(
                "the role may not read {place} (GRANT SELECT ON {place} TO it)"
            ));
            continue;
        }
        // The only text put in is a name that the server itself quoted.
        let newest = tool.newest.replace("{}", &table.place);
        let text = format!("{MARK} SELECT {newest} LIMIT 1");
        let before = session.unseen.len();
        let found = session.may(&table.place, AssertSqlSafe(text)).await?;
        if let Some(said) = session.unseen.get(before) {
            why = Some(said.clone());
            continue;
        }
        let version = newest_of(&table, tool, found.first());
        known.push(version.map_err(|e| session.unreadable(&e))?);
    }
    let none = || "no table of a migration tool that is known here".to_owned();
    Ok(match known.is_empty() {
        true => Err(why.unwrap_or_else(none)),
        false => Ok(known),
    })
}

/// A table that may be a tool's.
struct Table {
    /// With its schema, as the server quotes it.
    place: String,
    name: String,
    readable: bool,
    columns: String,
}

impl Table {
    /// The tool whose table it is.
    fn tool(&self) -> Option<&'static Tool> {
        let has = |wanted: &&str| self.columns.split(' ').any(|c| c == *wanted);
        TOOLS
            .iter()
            .find(|t| t.table == self.name && t.columns.iter().all(has))
    }
}

fn read(row: &PgRow) -> Result<Table, sqlx::Error> {
    Ok(Table {
        place: row.try_get("place")?,
        name: row.try_get("name")?,
        readable: row.try_get("readable")?,
        columns: row
            .try_get::<Option<String>, _>("columns")?
            .unwrap_or_default(),
    })
}

fn newest_of(
    table: &Table,
    tool: &Tool,
    row: Option<&PgRow>,
) -> Result<SchemaVersion, sqlx::Error> {
    let mut found = SchemaVersion {
        table: name(&table.place),
        tool: tool.title.into(),
        version: None,
        at: None,
        whole: true,
    };
    if let Some(row) = row {
        let at: Option<f64> = row.try_get("at")?;
        found.version = Some(name(row.try_get("version")?));
        found.at = at.and_then(stamp);
        found.whole = row.try_get::<Option<bool>, _>("whole")?.unwrap_or(false);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str, columns: &str) -> Table {
        Table {
            place: format!("public.{name}"),
            name: name.into(),
            readable: true,
            columns: columns.into(),
        }
    }

    #[test]
    fn a_table_is_a_tools_by_its_name_and_its_columns() {
        let of = |name: &str, columns: &str| table(name, columns).tool().map(|t| t.title);
        assert_eq!(
            of("schema_migrations", "version dirty"),
            Some("golang-migrate")
        );
        assert_eq!(
            of("schema_migrations", "version"),
            Some("schema_migrations")
        );
        assert_eq!(of("schema_migrations", "id what"), None);
        assert_eq!(
            of("knex_migrations", "id name batch migration_time"),
            Some("Knex")
        );
        assert_eq!(of("orders", "version"), None);
    }

    #[test]
    fn every_question_names_its_columns_and_begins_with_its_table() {
        for tool in TOOLS {
            let (_, from) = tool.newest.split_once("FROM {}").expect(tool.title);
            assert!(!from.contains("FROM"), "{}", tool.title);
            for column in ["AS version", "AS at", "AS whole"] {
                assert!(tool.newest.contains(column), "{}", tool.title);
            }
        }
        assert!(tables().starts_with(MARK) && tables().contains("'SequelizeMeta'"));
    }
}
