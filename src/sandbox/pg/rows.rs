//! The rows: a calculator's tables, the sessions that work on them, and what its migrations left.

use super::answer::{Base, VERSION, View};
use super::state::UP_DAYS;
use super::value::Value::{self, Bool, Float8, Int4, Int4Array, Int8, Null};
use crate::estate::performance::{STATEMENTS, Statement as Wanted};

/// `max_connections` of the instance's parameter group, and what superusers keep of it.
pub const MOST_CONNECTIONS: i64 = 200;
const RESERVED: i64 = 3;
/// The first process id of what is shown.
const PID: i32 = 21_870;
/// Process ids of a transaction that is left open now and then, and of a migration.
const LEFT_OPEN: i32 = PID - 1;
const MIGRATION: i32 = PID - 2;
/// Seconds in which a transaction is left open, and those for which it stays so.
const TURN_S: f64 = 71.0;
const OPEN_S: f64 = 24.0;
/// Sessions that wait for a lock at most, and seconds from one to the next.
const WAITERS: usize = 12;
const COMES_S: f64 = 2.5;
/// Days since the newest migration; staging has one that production does not have yet.
const MIGRATED_DAYS: f64 = 9.3;
const STAGED_DAYS: f64 = 1.2;
const DAY_S: f64 = 86_400.0;

/// A table: name, share of the database, of this indexes, rows, dead rows, whole reads, reads by index, hours since its vacuum.
struct Table(&'static str, f64, f64, f64, f64, f64, f64, f64);

/// The jobs' dead rows are a finding of this story, and so is that audit events are read whole.
const TABLES: &[Table] = &[
    Table(
        "path_segments",
        0.52,
        0.21,
        212.0e6,
        1.9e6,
        41.0,
        88.0e6,
        7.0,
    ),
    Table("quotes", 0.21, 0.34, 18.4e6, 410.0e3, 96.0e3, 61.0e6, 3.0),
    Table("audit_events", 0.14, 0.28, 31.0e6, 0.0, 5.2e3, 1.1e3, 51.0),
    Table("jobs", 0.07, 0.39, 4.6e6, 2.1e6, 310.0, 19.0e6, 96.0),
    Table("customers", 0.02, 0.30, 640.0e3, 9.1e3, 88.0, 44.0e6, 11.0),
    Table("sessions", 0.01, 0.44, 210.0e3, 21.0e3, 12.0, 190.0e6, 0.4),
    Table(
        "materials",
        0.000_005,
        0.20,
        84.0,
        3.0,
        9.1e6,
        52.0e6,
        130.0,
    ),
];

pub(super) fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn int(n: f64) -> Value {
    Int8(n.round() as i64)
}

pub(super) fn server(view: &View) -> Vec<Vec<Value>> {
    vec![vec![
        text(VERSION),
        Float8(view.started),
        Bool(false),
        Bool(true),
        Int8(MOST_CONNECTIONS),
        Int8(RESERVED),
        Bool(true),
        // Every session here can read alone, and it is no Aurora.
        Bool(true),
        Bool(false),
    ]]
}

/// A session at work, or with its transaction open.
struct Session {
    pid: i32,
    user: &'static str,
    state: &'static str,
    since: f64,
    opened: f64,
    waits_for: Option<String>,
    statement: &'static str,
}

/// What works at a moment, the oldest transaction first. How many run a kind of statement follows from its average.
fn sessions(view: &View) -> Vec<Session> {
    let mut all = Vec::new();
    if let Some(lock) = view.lock {
        all.push(Session {
            pid: MIGRATION,
            user: "api",
            state: "idle in transaction",
            since: lock.since + 0.4,
            opened: lock.since,
            waits_for: None,
            statement: "ALTER TABLE quotes ADD COLUMN rush boolean NOT NULL DEFAULT false",
        });
    }
    let turn = view.now % TURN_S;
    if turn < OPEN_S && view.base == Base::Production {
        all.push(Session {
            pid: LEFT_OPEN,
            user: "worker",
            state: "idle in transaction",
            since: view.now - turn * 0.8,
            opened: view.now - turn,
            waits_for: None,
            statement: "SELECT id, state FROM jobs WHERE batch_id = $1 FOR UPDATE",
        });
    }
    let mut pid = PID;
    for (statement, busy) in STATEMENTS.iter().zip(&view.sessions) {
        let (_, ms) = statement.at(view.now);
        let running = (busy + 0.4).floor().clamp(0.0, 20.0) as usize;
        for n in 0..running {
            let phase = (view.now / 0.37 + n as f64 * 0.61).fract();
            let since = view.now - ms / 1_000.0 * phase;
            // As Performance Insights has it: so much of its time it waits.
            let waits = phase < statement.waits.1;
            all.push(Session {
                pid,
                user: statement.user,
                state: "active",
                since,
                opened: since,
                waits_for: waits.then(|| statement.waits.0.replace(':', ": ")),
                statement: statement.digest,
            });
            pid += 7;
        }
    }
    all.sort_by(|a, b| a.opened.total_cmp(&b.opened));
    all
}

/// Sessions behind the migration's lock: their process id, since when, and what they want.
fn waiters(view: &View) -> Vec<(i32, f64, &'static Wanted)> {
    let Some(lock) = view.lock else {
        return Vec::new();
    };
    let comes = |n: usize| lock.since + 1.0 + n as f64 * COMES_S;
    (0..WAITERS)
        .map(|n| (n, comes(n)))
        .take_while(|(_, at)| *at <= view.now)
        .filter_map(|(n, at)| {
            // The first and the fourth are those that touch the table of quotes.
            let wanted = STATEMENTS.get(if n % 3 == 2 { 3 } else { 0 })?;
            Some((PID + 700 + n as i32 * 3, at, wanted))
        })
        .collect()
}

pub(super) fn connections(view: &View) -> Vec<Vec<Value>> {
    let (sessions, waiting) = (sessions(view), waiters(view).len() as i64);
    let open = sessions.iter().filter(|s| s.state != "active").count() as i64;
    let active = sessions.len() as i64 - open + waiting + 1;
    let idle = (view.connections - open - active).max(0);
    let mut all = vec![
        ("idle", idle, 0),
        ("active", active, waiting),
        ("idle in transaction", open, 0),
    ];
    all.retain(|(_, n, _)| *n > 0);
    all.sort_by_key(|(_, n, _)| -n);
    let row = |(state, n, waiting): (&str, i64, i64)| vec![text(state), Int8(n), Int8(waiting)];
    all.into_iter().map(row).collect()
}

pub(super) fn running(view: &View) -> Vec<Vec<Value>> {
    let row = |s: Session| {
        vec![
            Int4(s.pid),
            text(s.user),
            text(s.user),
            text(s.state),
            Float8(view.now - s.since),
            Float8(view.now - s.opened),
            s.waits_for.map_or(Null, Value::Text),
            text(s.statement),
        ]
    };
    let waiting = waiters(view)
        .into_iter()
        .map(|(pid, since, wanted)| Session {
            pid,
            user: wanted.user,
            state: "active",
            since,
            opened: since,
            waits_for: Some("Lock: relation".into()),
            statement: wanted.digest,
        });
    let mut all = sessions(view);
    all.extend(waiting);
    all.sort_by(|a, b| a.opened.total_cmp(&b.opened));
    all.into_iter().map(row).collect()
}

pub(super) fn blocked(view: &View) -> Vec<Vec<Value>> {
    let row = |(pid, since, wanted): (i32, f64, &Wanted)| {
        vec![
            Int4(pid),
            Int4Array(vec![MIGRATION]),
            text(wanted.user),
            Float8(view.now - since),
            text("quotes"),
            text(wanted.digest),
        ]
    };
    waiters(view).into_iter().map(row).collect()
}

pub(super) fn standbys(view: &View) -> Vec<Vec<Value>> {
    if view.base == Base::Staging {
        return Vec::new();
    }
    vec![vec![
        text("laser-prod-db-replica"),
        text("streaming"),
        text("async"),
        Float8(view.lag_s),
        int(view.lag_s * 184_000.0),
    ]]
}

pub(super) fn counters(view: &View) -> Vec<Vec<Value>> {
    vec![vec![
        Int8(view.commits),
        Int8(view.rollbacks),
        Int8(0),
        Int8(view.read.saturating_mul(3)),
        Int8(view.hit),
        Int8(view.read),
        Float8(view.started),
    ]]
}

pub(super) fn database(view: &View) -> Vec<Vec<Value>> {
    vec![vec![
        text(view.base.name()),
        int(view.used),
        int(84.0e6 + view.commits as f64 * 0.1),
        Bool(false),
    ]]
}

/// `queryid`: the same for the same text.
fn id(text: &str) -> i64 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| {
        (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    hash.cast_signed()
}

pub(super) fn statements(view: &View) -> Vec<Vec<Value>> {
    let mean = |n: usize| {
        view.sums
            .get(n)
            .map_or(0.0, |s| s.total_ms / s.calls.max(1.0))
    };
    let mut all: Vec<(f64, Vec<Value>)> = STATEMENTS
        .iter()
        .zip(&view.sums)
        .enumerate()
        .map(|(n, (s, sum))| {
            let row = vec![
                Int8(id(s.digest)),
                text(s.digest),
                int(sum.calls),
                Float8(mean(n)),
                Float8(sum.max_ms),
                Float8(sum.total_ms),
                int(sum.calls * s.rows),
            ];
            (mean(n), row)
        })
        .collect();
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    all.into_iter().map(|(_, row)| row).collect()
}

pub(super) fn tables(view: &View) -> Vec<Vec<Value>> {
    let part = view.base.share();
    let row = |t: &Table| {
        let bytes = view.used * t.1;
        let vacuumed = Float8(view.now - t.7 * 3_600.0);
        vec![
            Value::Text(format!("public.{}", t.0)),
            int(bytes),
            int(bytes * t.2),
            int(t.3 * part),
            int(t.4 * part),
            int(t.5 * part),
            int(t.6 * part),
            vacuumed.clone(),
            vacuumed,
        ]
    };
    TABLES.iter().map(row).collect()
}

pub(super) fn unused(view: &View) -> Vec<Vec<Value>> {
    vec![vec![
        text("public.quotes_legacy_ref_idx"),
        text("public.quotes"),
        int(view.used * 0.011),
    ]]
}

/// The key of each table: as wide as lets its index be as large as the table says. That of the jobs, which come and go all day, has
/// pages of which little is left.
pub(super) fn index_sizes(view: &View) -> Vec<Vec<Value>> {
    let part = view.base.share();
    let row = |t: &Table| {
        let (bytes, entries) = (view.used * t.1 * t.2, (t.3 * part).max(1.0));
        let spread = if t.0 == "jobs" { 2.6 } else { 1.2 };
        let width = (bytes / spread / entries * 0.89 - 12.0).clamp(4.0, 900.0);
        let row = vec![
            Value::Text(format!("public.{}_pkey", t.0)),
            Value::Text(format!("public.{}", t.0)),
            int(bytes),
            Float8(entries),
            Int8(8_192),
            Int8(90),
            Int8(1),
            Int8(1),
            Float8(width),
            Bool(false),
        ];
        (bytes, row)
    };
    let mut all: Vec<(f64, Vec<Value>)> = TABLES.iter().map(row).collect();
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    all.into_iter().map(|(_, row)| row).collect()
}

/// What makes production's slowest statement slow.
pub(super) fn unindexed_keys() -> Vec<Vec<Value>> {
    vec![vec![text("quotes"), text("customers"), text("customer_id")]]
}

/// Large tables that are read whole more often than by an index: a report goes through all that was ever noted.
pub(super) fn whole_reads(view: &View) -> Vec<Vec<Value>> {
    let part = view.base.share();
    let whole = |t: &&Table| t.3 * part >= 10_000.0 && t.5 * part >= 100.0 && t.5 > t.6;
    let row = |t: &Table| {
        vec![
            Value::Text(format!("public.{}", t.0)),
            int(t.5 * part),
            int(t.3 * part),
        ]
    };
    TABLES.iter().filter(whole).map(row).collect()
}

pub(super) fn migrations() -> Vec<Vec<Value>> {
    vec![vec![
        text("public._prisma_migrations"),
        text("_prisma_migrations"),
        Bool(true),
        text(
            "id checksum finished_at migration_name logs rolled_back_at started_at applied_steps_count",
        ),
    ]]
}

pub(super) fn newest(view: &View) -> Vec<Vec<Value>> {
    let (days, what) = match view.base {
        Base::Production => (MIGRATED_DAYS, "quote_currency"),
        Base::Staging => (STAGED_DAYS, "quote_rush"),
    };
    // Counted from the hour, so that the name is the same all the while.
    let at = (view.started / 3_600.0).floor() * 3_600.0 + (UP_DAYS - days) * DAY_S;
    let stamp = jiff::Timestamp::from_second(at as i64).unwrap_or_default();
    let name = format!("{}_{what}", stamp.strftime("%Y%m%d%H%M%S"));
    vec![vec![Value::Text(name), Float8(at), Bool(true)]]
}
