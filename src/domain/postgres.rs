//! A PostgreSQL server as its statistics views tell of it (PostgreSQL documentation, chapter 28 and appendix F.32).

use jiff::Timestamp;
use serde::Serialize;

use super::environment::Env;

/// What changes from moment to moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PostgresNow {
    /// Where it was asked: `db.example:5432/laser`, without name and password.
    pub address: String,
    /// `15.18`.
    pub version: String,
    /// Whether the session is encrypted, as the server sees it.
    pub tls: bool,
    /// Whether the session is what it was opened as, read-only and with time limits: a pooler in between may leave that out.
    pub guarded: bool,
    /// Since when it runs (UTC).
    pub started_at: Timestamp,
    /// Whether it is a standby.
    pub standby: bool,
    /// Connections.
    pub connections: Connections,
    /// Running statements and open transactions, the longest first; ours is not among them.
    pub running: Vec<Running>,
    /// Sessions that wait for a lock, the longest first.
    pub blocked: Vec<Blocked>,
    /// Replication.
    pub replication: Replication,
    /// Counters of the database since they were reset.
    pub counters: Counters,
    /// What could not be asked or seen, and why: each a line for a person.
    pub unseen: Vec<String>,
}

/// Connections of the whole server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Connections {
    /// `max_connections`.
    pub limit: i64,
    /// Of these, kept back for superusers.
    pub reserved: i64,
    /// Clients' connections by state: `active`, `idle`, `idle in transaction` ...; most first.
    pub by_state: Vec<(String, i64)>,
    /// Of these, those that wait for a lock.
    pub waiting: i64,
}

impl Connections {
    /// Clients' connections in all.
    pub fn total(&self) -> i64 {
        self.by_state.iter().map(|(_, n)| n).sum()
    }

    /// Taken of what ordinary roles may take, 0 to 1; `None` where the limit is not known.
    pub fn share(&self) -> Option<f64> {
        let places = self.limit - self.reserved;
        (places > 0).then(|| self.total() as f64 / places as f64)
    }
}

/// A session at work.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Running {
    /// Process id of its backend.
    pub pid: i32,
    /// Role.
    pub user: String,
    /// `application_name`.
    pub application: String,
    /// `active`, `idle in transaction` ...
    pub state: String,
    /// Seconds since its statement began (or, when idle, since the last one did).
    pub statement_s: Option<f64>,
    /// Seconds since its transaction began.
    pub transaction_s: Option<f64>,
    /// What it waits for: `Lock: relation`, `IO: DataFileRead`.
    pub waits_for: Option<String>,
    /// Its statement without literals.
    pub statement: String,
}

/// A session that waits for others.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Blocked {
    /// Process id of its backend.
    pub pid: i32,
    /// Process ids of those that it waits for.
    pub by: Vec<i32>,
    /// Role.
    pub user: String,
    /// Seconds that it has waited, at most.
    pub waits_s: Option<f64>,
    /// What is locked: a table's name, or the kind of lock.
    pub what: String,
    /// Its statement without literals.
    pub statement: String,
}

/// Replication, from whichever side was asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Replication {
    /// Standbys, as the primary sees them.
    pub standbys: Vec<Standby>,
    /// Seconds that this standby is behind; `None` on a primary, and where nothing was ever replayed.
    pub behind_s: Option<f64>,
    /// Why this standby does not tell that; `None`: it does, or it is none.
    pub behind_unseen: Option<String>,
    /// Slots that nobody reads, which keep the log from being thrown away: name and bytes kept.
    pub idle_slots: Vec<(String, Option<i64>)>,
}

/// State of a reader of Aurora: it reads what the other one writes, and receives no log.
pub const SHARED: &str = "shared storage";

/// A standby.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Standby {
    /// `application_name`, else its address.
    pub name: String,
    /// `streaming`, `catchup` ..., or [`SHARED`].
    pub state: String,
    /// `sync`, `async`, `quorum` ...
    pub sync: String,
    /// Seconds until it has applied what was written; 0 when it has all.
    pub lag_s: Option<f64>,
    /// Bytes of log that it has not applied.
    pub lag_bytes: Option<i64>,
}

impl Standby {
    /// Whether it keeps up with what is written.
    pub fn follows(&self) -> bool {
        matches!(self.state.as_str(), "streaming" | SHARED)
    }
}

/// Counters of a database since they were reset.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Counters {
    /// Transactions committed.
    pub commits: i64,
    /// Transactions rolled back.
    pub rollbacks: i64,
    /// Deadlocks.
    pub deadlocks: i64,
    /// Bytes that spilled to temporary files.
    pub temp_bytes: i64,
    /// Share of blocks found in the server's own cache, 0 to 1.
    pub cache_hit: Option<f64>,
    /// Since when (UTC); `None`: since the server was made.
    pub since: Option<Timestamp>,
}

/// What changes slowly, and costs more to ask.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PostgresShape {
    /// Name of the database.
    pub database: String,
    /// Its size, bytes; `None` where it may not be asked.
    pub bytes: Option<i64>,
    /// Age of its oldest transaction id, of 2,000,000,000 that there are.
    pub xid_age: i64,
    /// Statements by mean time, slowest first, or why they are not known.
    pub statements: Result<Vec<Statement>, String>,
    /// Tables, largest first.
    pub tables: Vec<Table>,
    /// Whether there are more tables than these.
    pub more_tables: bool,
    /// Indexes that nothing has read since the counters were reset, largest first.
    pub unused: Vec<Index>,
    /// Where an index seems to be missing.
    pub missing: Vec<Missing>,
    /// B-trees, largest first.
    pub index_sizes: Vec<IndexSize>,
    /// Whether there are more of them than these.
    pub more_indexes: bool,
    /// The newest migration of each table in which a tool keeps them, or why none is known.
    pub schema: Result<Vec<SchemaVersion>, String>,
    /// What could not be asked or seen, and why.
    pub unseen: Vec<String>,
}

/// The newest migration that a tool wrote down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SchemaVersion {
    /// The table in which it is written: `public.schema_migrations`.
    pub table: String,
    /// The tool that keeps such a table.
    pub tool: String,
    /// Its version or name; `None`: none was applied yet.
    pub version: Option<String>,
    /// When it was applied, where the tool says so (UTC).
    pub at: Option<Timestamp>,
    /// Whether it went through to its end.
    pub whole: bool,
}

/// The schema of an environment that is not looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EnvSchema {
    /// Which environment.
    pub env: Env,
    /// The newest migration of each table in which a tool keeps them, or why none is known.
    pub schema: Result<Vec<SchemaVersion>, String>,
}

/// A kind of statement, as `pg_stat_statements` sums it up.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Statement {
    /// `queryid`, which names it in every view.
    pub id: i64,
    /// Its text without literals.
    pub text: String,
    /// How often it ran.
    pub calls: i64,
    /// Mean time, milliseconds.
    pub mean_ms: f64,
    /// Longest time, milliseconds.
    pub max_ms: f64,
    /// All its time, milliseconds.
    pub total_ms: f64,
    /// Rows in all.
    pub rows: i64,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Table {
    /// `public.orders`.
    pub name: String,
    /// Bytes with indexes and all.
    pub bytes: i64,
    /// Of these, indexes.
    pub index_bytes: i64,
    /// Rows, estimated.
    pub rows: i64,
    /// Dead rows, estimated.
    pub dead: i64,
    /// Whole reads of the table.
    pub scans: i64,
    /// Reads by index.
    pub index_scans: i64,
    /// Last vacuum, by hand or automatic (UTC).
    pub vacuumed: Option<Timestamp>,
    /// Last analyze, by hand or automatic (UTC).
    pub analyzed: Option<Timestamp>,
}

impl Table {
    /// Share of dead rows, 0 to 1; `None` for an empty table.
    pub fn dead_share(&self) -> Option<f64> {
        let all = self.rows.saturating_add(self.dead);
        (all > 0).then(|| self.dead as f64 / all as f64)
    }

    /// Bytes that dead rows take, estimated from their share of the heap. What a vacuum could give back to new rows.
    pub fn bloat(&self) -> i64 {
        let heap = self.bytes.saturating_sub(self.index_bytes).max(0);
        (heap as f64 * self.dead_share().unwrap_or(0.0)).round() as i64
    }
}

/// An index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Index {
    /// `public.orders_old_idx`.
    pub name: String,
    /// Its table.
    pub table: String,
    /// Bytes.
    pub bytes: i64,
}

/// A B-tree, beside what it would take if it were made anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IndexSize {
    /// `public.orders_pkey`.
    pub name: String,
    /// Its table.
    pub table: String,
    /// Bytes.
    pub bytes: i64,
    /// Bytes that its entries would take in a new one, estimated; `None` where the planner knows nothing of it, or the role may not
    /// see that.
    pub wanted: Option<i64>,
}

impl IndexSize {
    /// Bytes that it takes beyond what a new one would, estimated.
    pub fn bloat(&self) -> Option<i64> {
        Some(self.bytes.saturating_sub(self.wanted?).max(0))
    }

    /// The same as a share of it, 0 to 1.
    pub fn bloat_share(&self) -> Option<f64> {
        let bloat = self.bloat()?;
        (self.bytes > 0).then(|| bloat as f64 / self.bytes as f64)
    }
}

/// What the planner knows of an index's entries.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Keys {
    /// How many; below zero where nobody counted yet.
    pub entries: f64,
    /// Bytes of a key, mean.
    pub width: f64,
    /// Whether a part of a key may be null.
    pub nullable: bool,
    /// Bytes of a page.
    pub block: i64,
    /// Per cent of a leaf page that a new index fills.
    pub fill: i64,
}

impl Keys {
    /// Bytes of a new index of these entries (PostgreSQL 15 documentation, 67.4 "B-Tree Implementation" and 73.6 "Database Page
    /// Layout"): each takes a header of 8 bytes, the key, both aligned to 8, and a pointer of 4; a page has a header of 24 bytes and 16
    /// of its own; one page describes the tree. Equal keys that share an entry make a real one smaller than this.
    pub fn bytes(&self) -> Option<i64> {
        if self.entries < 0.0 || self.block <= 0 {
            return None;
        }
        // Which parts are null takes a bitmap, which goes up to the next alignment.
        let header = if self.nullable { 16.0 } else { 8.0 };
        let entry = ((header + self.width) / 8.0).ceil() * 8.0 + 4.0;
        let room = (self.block - 24 - 16) as f64 * self.fill.clamp(10, 100) as f64 / 100.0;
        let in_a_page = (room / entry).floor().max(1.0);
        let leaves = (self.entries / in_a_page).ceil();
        // Pages above the leaves hold an entry for each page below.
        let above = (leaves / in_a_page).ceil();
        let pages = if leaves > 1.0 { leaves + above } else { leaves };
        Some((pages + 1.0) as i64 * self.block)
    }
}

/// Where an index seems to be missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// The table.
    pub table: String,
    /// The columns, where they are known.
    pub columns: String,
    /// Why it seems so.
    pub why: String,
}

impl PostgresShape {
    /// Statements whose mean time is over a budget (milliseconds), slowest first; `None` where statements are not known.
    pub fn over(&self, budget_ms: f64) -> Option<Vec<&Statement>> {
        let all = self.statements.as_ref().ok()?;
        Some(all.iter().filter(|s| s.mean_ms > budget_ms).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_superusers_keep_does_not_count_as_room() {
        let c = Connections {
            limit: 100,
            reserved: 20,
            by_state: vec![("idle".into(), 30), ("active".into(), 10)],
            waiting: 0,
        };
        assert_eq!((c.total(), c.share()), (40, Some(0.5)));
        assert_eq!(Connections::default().share(), None);
    }

    #[test]
    fn an_index_takes_what_its_entries_take_and_the_rest_is_bloat() {
        let keys = Keys {
            entries: 100_000.0,
            width: 4.0,
            nullable: false,
            block: 8_192,
            fill: 90,
        };
        // 16 bytes and a pointer for each: 366 in a page that is filled to nine tenths.
        assert_eq!(keys.bytes(), Some((274 + 1 + 1) * 8_192));
        let wider = Keys {
            nullable: true,
            ..keys
        };
        assert!(wider.bytes() > keys.bytes());
        let uncounted = Keys {
            entries: -1.0,
            ..keys
        };
        assert_eq!(uncounted.bytes(), None);
        let index = |bytes, wanted| IndexSize {
            name: "public.orders_pkey".into(),
            table: "public.orders".into(),
            bytes,
            wanted,
        };
        assert_eq!(index(800, Some(200)).bloat_share(), Some(0.75));
        // Equal keys share entries: smaller than estimated is not bloated.
        assert_eq!(index(100, Some(200)).bloat(), Some(0));
        assert_eq!(index(100, None).bloat_share(), None);
    }

    #[test]
    fn dead_rows_take_their_share_of_the_heap() {
        let table = Table {
            name: "public.orders".into(),
            bytes: 1_500,
            index_bytes: 500,
            rows: 75,
            dead: 25,
            scans: 0,
            index_scans: 0,
            vacuumed: None,
            analyzed: None,
        };
        assert_eq!((table.dead_share(), table.bloat()), (Some(0.25), 250));
    }
}
