//! PostgreSQL, asked directly: connections, locks, statements, replication, tables and indexes.

use jiff::Timestamp;

use super::words::{ago, bytes, count, span};
use super::{Cell, Group, Head, Make, Section, Tone, View, btrees, firing};
use crate::domain::connections::instance_of;
use crate::domain::facts::Facts;
use crate::domain::postgres::{PostgresNow, PostgresShape};

pub(super) const VIEW: View = View {
    id: "postgres",
    title: "PostgreSQL",
    doc: "The PostgreSQL server itself: connections, locks, slow statements, replication, tables, indexes",
    group: Group::Data,
    lines: &["postgres"],
    needs: &["postgres", "postgres_shape", "databases", "alarms"],
    make: Make::Facts(make),
};

const FIGURES: &[Head] = &[
    Head::left("figure", 14),
    Head::left("value", 24).grow(1),
    Head::left("of it", 34).grow(2),
];
const BLOCKED: &[Head] = &[
    Head::right("pid", 7),
    Head::left("waits for", 12),
    Head::right("since", 6),
    Head::left("lock on", 20).grow(1),
    Head::left("role", 12).drop(1),
    Head::left("statement", 30).grow(3),
];
const RUNNING: &[Head] = &[
    Head::right("pid", 7),
    Head::right("runs", 6),
    Head::right("open", 6),
    Head::left("state", 12),
    Head::left("waits for", 16).drop(2),
    Head::left("role", 12).drop(1),
    Head::left("statement", 30).grow(3),
];
const STANDBYS: &[Head] = &[
    Head::left("standby", 20).grow(1),
    Head::left("state", 10),
    Head::left("sync", 8),
    Head::right("lag", 8),
    Head::right("behind", 10),
];
const STATEMENTS: &[Head] = &[
    Head::right("mean", 10),
    Head::right("max", 10).drop(1),
    Head::right("calls", 9),
    Head::right("total", 7).drop(2),
    Head::left("statement", 40).grow(3),
];
const TABLES: &[Head] = &[
    Head::left("table", 24).grow(2),
    Head::right("size", 9),
    Head::right("indexes", 9).drop(1),
    Head::right("rows", 11),
    Head::right("dead", 7),
    Head::right("bloat", 9).drop(2),
    Head::right("vacuum", 7),
    Head::right("analyze", 7).drop(3),
];
const INDEXES: &[Head] = &[
    Head::left("index", 26).grow(1),
    Head::left("of", 22).grow(1),
    Head::left("finding", 34).grow(2),
];

/// Shares of connections from which on there is little room, and none.
const TIGHT: f64 = 0.8;
const FULL: f64 = 0.95;
/// Seconds for which a transaction may be open before it is in the way of vacuum and locks.
const LONG_S: f64 = 60.0;
/// Seconds of replication lag that are worth a look.
const LAG_S: f64 = 10.0;
/// Milliseconds of a statement's mean time that are worth a look.
const SLOW_MS: f64 = 500.0;
/// Share of dead rows, and rows, from which on a table is bloated.
const DEAD: f64 = 0.2;
const DEAD_ROWS: i64 = 1_000;
/// Transaction ids after which a server that does not vacuum is in trouble; it stops at some two thousand million.
const OLD_XIDS: i64 = 1_000_000_000;

/// Of a session that a pooler opened in another way than it was asked to.
const UNGUARDED: &str = "not read-only, no time limits: a pooler in between left that out; name the server itself in url of [postgres]";

fn make(facts: &Facts, now: Timestamp) -> Vec<Section> {
    let mut sections = moment(facts, now);
    sections.extend(shape(facts, now));
    sections
}

fn seconds(s: Option<f64>) -> String {
    s.map_or_else(|| "-".into(), |s| span(s as i64))
}

fn pid(n: i32) -> String {
    n.to_string()
}

fn size(n: i64) -> String {
    bytes(u64::try_from(n).unwrap_or(0))
}

fn moment(facts: &Facts, now: Timestamp) -> Vec<Section> {
    let part = &facts.estate.postgres;
    let section = |name, title, heads, empty| Section::of(part, now, name, title, heads, empty);
    let mut figures = section(
        "figures",
        "PostgreSQL",
        FIGURES,
        "Nothing known: set url in [postgres].",
    );
    let mut blocked = section(
        "blocked",
        "Waiting for a lock",
        BLOCKED,
        "Nobody waits for a lock.",
    );
    let mut running = section(
        "running",
        "At work",
        RUNNING,
        "Nothing runs, and no transaction is open.",
    );
    let mut standbys = section(
        "standbys",
        "Standbys",
        STANDBYS,
        "No standby follows this server.",
    );
    let Some(p) = part.value.as_deref() else {
        return vec![figures, blocked, running, standbys];
    };
    for why in &p.unseen {
        figures.note(format!("not seen: {why}"), Tone::Unknown);
    }
    if let Some(d) = instance_of(p, facts) {
        let alarms = firing::about(facts, "AWS/RDS", &d.id);
        firing::tell(&mut figures, &d.id, &alarms, now);
    }
    for (name, value, more) in rows(p, now) {
        let thing = serde_json::json!({"figure": name, "value": value.text});
        figures.row(name, vec![Cell::name(name), value, more], &thing);
    }
    for b in &p.blocked {
        let by: Vec<String> = b.by.iter().map(|n| pid(*n)).collect();
        let cells = vec![
            Cell::name(pid(b.pid)),
            Cell::new(by.join(", "), Tone::Warn),
            Cell::plain(seconds(b.waits_s)),
            Cell::plain(&b.what),
            Cell::muted(&b.user),
            Cell::plain(&b.statement),
        ];
        blocked.row(pid(b.pid), cells, b);
    }
    for r in &p.running {
        let long = r.transaction_s.is_some_and(|s| s >= LONG_S);
        let cells = vec![
            Cell::name(pid(r.pid)),
            Cell::plain(seconds(r.statement_s)),
            Cell::new(seconds(r.transaction_s), Tone::fine(!long)),
            Cell::plain(&r.state),
            Cell::muted(r.waits_for.as_deref().unwrap_or("")),
            Cell::muted(&r.user),
            Cell::plain(&r.statement),
        ];
        running.row(pid(r.pid), cells, r);
    }
    for s in &p.replication.standbys {
        let late = s.lag_s.is_some_and(|l| l >= LAG_S);
        let cells = vec![
            Cell::name(&s.name),
            Cell::new(&s.state, Tone::good(s.follows())),
            Cell::plain(&s.sync),
            Cell::new(
                s.lag_s.map_or_else(|| "-".into(), |l| format!("{l:.1}s")),
                Tone::fine(!late),
            ),
            Cell::plain(s.lag_bytes.map_or_else(|| "-".into(), size)),
        ];
        standbys.row(&s.name, cells, s);
    }
    vec![figures, blocked, running, standbys]
}

fn rows(p: &PostgresNow, now: Timestamp) -> Vec<(&'static str, Cell, Cell)> {
    let c = &p.connections;
    let states: Vec<String> = c.by_state.iter().map(|(s, n)| format!("{n} {s}")).collect();
    let share = c.share().unwrap_or(0.0);
    let room = match share {
        s if s >= FULL => Tone::Bad,
        s if s >= TIGHT => Tone::Warn,
        _ => Tone::Plain,
    };
    let mut rows = vec![
        (
            "server",
            Cell::plain(format!(
                "{} {}",
                p.version,
                if p.standby { "standby" } else { "primary" }
            )),
            Cell::muted(format!(
                "{}, up {}",
                p.address,
                ago(Some(p.started_at), now)
            )),
        ),
        (
            "connection",
            Cell::new(
                if p.tls { "TLS" } else { "in the clear" },
                Tone::fine(p.tls),
            ),
            match p.guarded {
                true => Cell::default(),
                false => Cell::new(UNGUARDED, Tone::Warn),
            },
        ),
        (
            "connections",
            Cell::new(
                format!(
                    "{} of {} ({:.0} %)",
                    c.total(),
                    c.limit - c.reserved,
                    share * 100.0
                ),
                room,
            ),
            Cell::muted(states.join(", ")),
        ),
        (
            "locks",
            Cell::new(
                match p.blocked.len() {
                    0 => "nobody waits".to_owned(),
                    n => format!("{} waiting", count(n, "session")),
                },
                Tone::fine(p.blocked.is_empty()),
            ),
            Cell::muted(format!(
                "{} since the counters were reset",
                count(p.counters.deadlocks as usize, "deadlock")
            )),
        ),
        (
            "cache",
            match p.counters.cache_hit {
                Some(hit) => Cell::plain(format!("{:.1} % found in memory", hit * 100.0)),
                None => Cell::muted("nothing was read"),
            },
            Cell::muted(format!(
                "{} spilled to temporary files",
                size(p.counters.temp_bytes)
            )),
        ),
    ];
    if p.standby {
        let behind = p.replication.behind_s;
        rows.push((
            "replication",
            match (behind, &p.replication.behind_unseen) {
                (Some(s), _) => Cell::new(format!("{s:.1}s behind"), Tone::fine(s < LAG_S)),
                (None, Some(_)) => Cell::new("not told by this server", Tone::Unknown),
                (None, None) => Cell::new("nothing was ever replayed", Tone::Warn),
            },
            Cell::muted(p.replication.behind_unseen.as_deref().unwrap_or_default()),
        ));
    }
    for (name, kept) in &p.replication.idle_slots {
        rows.push((
            "idle slot",
            Cell::new(name, Tone::Warn),
            Cell::muted(format!(
                "nobody reads it; it keeps {} of log",
                kept.map_or_else(|| "an unknown amount".into(), size)
            )),
        ));
    }
    rows
}

fn shape(facts: &Facts, now: Timestamp) -> Vec<Section> {
    let part = &facts.estate.postgres_shape;
    let section = |name, title, heads, empty| Section::of(part, now, name, title, heads, empty);
    let mut statements = section(
        "statements",
        "Slowest statements",
        STATEMENTS,
        "No statement was counted yet.",
    );
    let mut tables = section("tables", "Tables", TABLES, "No tables in this database.");
    let mut indexes = section(
        "indexes",
        "Indexes",
        INDEXES,
        "No unused index, and none that seems to be missing.",
    );
    if let Some(p) = part.value.as_deref() {
        fill(p, now, &mut statements, &mut tables, &mut indexes);
    }
    vec![statements, tables, indexes, btrees::section(facts, now)]
}

fn fill(
    p: &PostgresShape,
    now: Timestamp,
    statements: &mut Section,
    tables: &mut Section,
    indexes: &mut Section,
) {
    match &p.statements {
        Err(why) => statements.note(why, Tone::Unknown),
        Ok(all) => {
            for s in all {
                let cells = vec![
                    Cell::new(
                        format!("{:.1} ms", s.mean_ms),
                        Tone::fine(s.mean_ms <= SLOW_MS),
                    ),
                    Cell::plain(format!("{:.0} ms", s.max_ms)),
                    Cell::plain(s.calls.to_string()),
                    Cell::muted(span((s.total_ms / 1_000.0) as i64)),
                    Cell::plain(&s.text),
                ];
                statements.row(s.id.to_string(), cells, s);
            }
        }
    }
    tables.note(
        format!(
            "{}: {}; oldest transaction id {} of 2,000 million",
            p.database,
            p.bytes.map_or_else(|| "size unknown".into(), size),
            format_args!("{} million", p.xid_age / 1_000_000),
        ),
        Tone::fine(p.xid_age < OLD_XIDS),
    );
    for s in p.schema.iter().flatten() {
        tables.note(
            format!(
                "schema {} ({}, {})",
                super::environments::version(s),
                s.table,
                s.tool
            ),
            if s.whole { Tone::Plain } else { Tone::Bad },
        );
    }
    for why in &p.unseen {
        tables.note(format!("not seen: {why}"), Tone::Unknown);
    }
    for t in &p.tables {
        let share = t.dead_share().unwrap_or(0.0);
        let bloated = share >= DEAD && t.dead >= DEAD_ROWS;
        let cells = vec![
            Cell::name(&t.name),
            Cell::plain(size(t.bytes)),
            Cell::muted(size(t.index_bytes)),
            Cell::plain(t.rows.to_string()),
            Cell::new(format!("{:.0} %", share * 100.0), Tone::fine(!bloated)),
            Cell::plain(size(t.bloat())),
            Cell::ago(t.vacuumed, now),
            Cell::ago(t.analyzed, now).toned(Tone::Muted),
        ];
        tables.row(&t.name, cells, t);
    }
    if p.more_tables {
        tables.note(format!("the largest {} only", p.tables.len()), Tone::Muted);
    }
    for m in &p.missing {
        let cells = vec![
            Cell::new("missing", Tone::Warn),
            Cell::name(if m.columns.is_empty() {
                m.table.clone()
            } else {
                format!("{} ({})", m.table, m.columns)
            }),
            Cell::plain(&m.why),
        ];
        indexes.row(format!("missing {} {}", m.table, m.columns), cells, m);
    }
    for i in &p.unused {
        let why = format!(
            "never read since the counters were reset; takes {}",
            size(i.bytes)
        );
        let cells = vec![Cell::name(&i.name), Cell::plain(&i.table), Cell::plain(why)];
        indexes.row(&i.name, cells, i);
    }
}
