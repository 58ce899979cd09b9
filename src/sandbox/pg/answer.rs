//! What each question is answered, from what can be seen of a database: columns with their types, and rows.

use super::message::Column;
use super::rows;
use super::state::Sum;
use super::statement::Question;
use super::value::Type::{Bool, Float8, Int4, Int4Array, Int8, Text};
use super::value::Value;

/// As it says of itself; the version that RDS names for the instance.
pub(super) const VERSION: &str = "15.7";

/// A database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base {
    Production,
    Staging,
}

impl Base {
    /// The one of a name.
    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::Production, Self::Staging]
            .into_iter()
            .find(|b| b.name() == name)
    }

    /// Its name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Production => super::PRODUCTION,
            Self::Staging => super::STAGING,
        }
    }

    /// Its share of production's work.
    pub(super) fn share(self) -> f64 {
        match self {
            Self::Production => 1.0,
            Self::Staging => 0.01,
        }
    }
}

/// A lock that others wait for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lock {
    pub(super) since: f64,
}

/// What can be seen of a database at a moment.
#[derive(Clone, Debug)]
pub(super) struct View {
    pub(super) base: Base,
    pub(super) now: f64,
    pub(super) started: f64,
    pub(super) connections: i64,
    /// Sessions that each kind of statement keeps busy on average.
    pub(super) sessions: Vec<f64>,
    pub(super) commits: i64,
    pub(super) rollbacks: i64,
    pub(super) hit: i64,
    pub(super) read: i64,
    pub(super) sums: Vec<Sum>,
    pub(super) lock: Option<Lock>,
    pub(super) lag_s: f64,
    pub(super) used: f64,
}

impl Question {
    /// Every column that it can be asked for.
    pub(super) fn columns(self) -> &'static [Column] {
        match self {
            Self::One => &[("?column?", Int4)],
            Self::Version => &[("version", Text)],
            Self::Server => &[
                ("version", Text),
                ("started", Float8),
                ("standby", Bool),
                ("tls", Bool),
                ("most", Int8),
                ("reserved", Int8),
                ("sees_all", Bool),
                ("read_only", Bool),
                ("aurora", Bool),
            ],
            Self::Connections => &[("state", Text), ("n", Int8), ("waiting", Int8)],
            Self::Running => &[
                ("pid", Int4),
                ("who", Text),
                ("application", Text),
                ("state", Text),
                ("statement_s", Float8),
                ("transaction_s", Float8),
                ("waits_for", Text),
                ("statement", Text),
            ],
            Self::Blocked => &[
                ("pid", Int4),
                ("blockers", Int4Array),
                ("who", Text),
                ("waits_s", Float8),
                ("locked", Text),
                ("statement", Text),
            ],
            Self::Standbys => &[
                ("name", Text),
                ("state", Text),
                ("sync", Text),
                ("lag_s", Float8),
                ("lag_bytes", Int8),
            ],
            Self::Behind => &[("behind_s", Float8)],
            Self::Slots => &[("name", Text), ("kept", Int8)],
            Self::Counters => &[
                ("commits", Int8),
                ("rollbacks", Int8),
                ("deadlocks", Int8),
                ("temp_bytes", Int8),
                ("blks_hit", Int8),
                ("blks_read", Int8),
                ("since", Float8),
            ],
            Self::Database => &[
                ("name", Text),
                ("bytes", Int8),
                ("xid_age", Int8),
                ("standby", Bool),
            ],
            Self::Extension => &[("place", Text), ("modern", Bool)],
            Self::Statements => &[
                ("id", Int8),
                ("statement", Text),
                ("calls", Int8),
                ("mean_ms", Float8),
                ("max_ms", Float8),
                ("total_ms", Float8),
                ("n", Int8),
            ],
            Self::Tables => &[
                ("name", Text),
                ("bytes", Int8),
                ("index_bytes", Int8),
                ("live", Int8),
                ("dead", Int8),
                ("scans", Int8),
                ("index_scans", Int8),
                ("vacuumed", Float8),
                ("analyzed", Float8),
            ],
            Self::Unused => &[("name", Text), ("owner", Text), ("bytes", Int8)],
            Self::IndexSizes => &[
                ("name", Text),
                ("owner", Text),
                ("bytes", Int8),
                ("entries", Float8),
                ("block", Int8),
                ("fill", Int8),
                ("columns", Int8),
                ("known", Int8),
                ("width", Float8),
                ("nullable", Bool),
            ],
            Self::UnindexedKeys => &[("owner", Text), ("refers", Text), ("columns", Text)],
            Self::WholeReads => &[("owner", Text), ("scans", Int8), ("rows_each", Int8)],
            Self::Migrations => &[
                ("place", Text),
                ("name", Text),
                ("readable", Bool),
                ("columns", Text),
            ],
            Self::Newest => &[("version", Text), ("at", Float8), ("whole", Bool)],
        }
    }

    /// The rows, each with every column.
    pub(super) fn rows(self, view: &View) -> Vec<Vec<Value>> {
        match self {
            Self::One => vec![vec![Value::Int4(1)]],
            Self::Version => vec![vec![rows::text(&format!(
                "PostgreSQL {VERSION} on aarch64-unknown-linux-gnu, compiled by gcc (GCC) 7.3.1 20180712 (Red Hat 7.3.1-12), 64-bit"
            ))]],
            Self::Server => rows::server(view),
            Self::Connections => rows::connections(view),
            Self::Running => rows::running(view),
            Self::Blocked => rows::blocked(view),
            Self::Standbys => rows::standbys(view),
            // It is no standby, and no slot is left unread.
            Self::Behind | Self::Slots => Vec::new(),
            Self::Counters => rows::counters(view),
            Self::Database => rows::database(view),
            Self::Extension => vec![vec![rows::text("public"), Value::Bool(true)]],
            Self::Statements => rows::statements(view),
            Self::Tables => rows::tables(view),
            Self::Unused => rows::unused(view),
            Self::IndexSizes => rows::index_sizes(view),
            Self::UnindexedKeys => rows::unindexed_keys(),
            Self::WholeReads => rows::whole_reads(view),
            Self::Migrations => rows::migrations(),
            Self::Newest => rows::newest(view),
        }
    }

    /// The columns of these names, and where each stands in a row.
    ///
    /// # Errors
    /// The first name that it does not have.
    pub(super) fn chosen(self, names: &[String]) -> Result<(Vec<Column>, Vec<usize>), String> {
        let all = self.columns();
        if names.iter().any(|n| n == "*") {
            return Ok((all.to_vec(), (0..all.len()).collect()));
        }
        let find = |name: &String| {
            let found = all.iter().enumerate().find(|(_, c)| c.0 == name);
            found.map(|(n, c)| (*c, n)).ok_or_else(|| name.clone())
        };
        let found: Vec<(Column, usize)> = names.iter().map(find).collect::<Result<_, _>>()?;
        Ok(found.into_iter().unzip())
    }
}
