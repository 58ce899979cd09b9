//! Redis, asked directly: memory, hit rate, clients, replication, slow commands.

use jiff::Timestamp;

use super::words::{ago, bytes, count, span};
use super::{Cell, Group, Head, Section, Tone, View};
use crate::domain::facts::Facts;
use crate::domain::redis_server::RedisServer;

pub(super) const VIEW: View = View {
    id: "redis",
    title: "Redis",
    doc: "The Redis server itself: memory, evictions, hit rate, clients, replication, slow commands",
    group: Group::Data,
    lines: &["redis"],
    needs: &["redis"],
    make,
};

const FIGURES: &[Head] = &[
    Head::left("figure", 14),
    Head::left("value", 24).grow(1),
    Head::left("of it", 30).grow(2),
];

const REPLICAS: &[Head] = &[
    Head::left("replica", 22).grow(1),
    Head::left("state", 12),
    Head::right("lag", 5),
    Head::right("behind", 10),
];

const SLOW: &[Head] = &[
    Head::right("took", 8),
    Head::right("age", 6),
    Head::left("command", 30).grow(3),
    Head::left("client", 16).grow(1),
];

/// Shares (of memory, of clients) from which on there is little room, and none.
const TIGHT: f64 = 0.8;
const FULL: f64 = 0.95;

/// A hit rate below this is worth a look.
const FEW_HITS: f64 = 0.8;

fn make(facts: &Facts, now: Timestamp) -> Vec<Section> {
    let part = &facts.estate.redis;
    let empty = "Nothing known: set url in [redis].";
    let mut figures = Section::of(part, now, "figures", "Redis", FIGURES, empty);
    let empty = "No replicas: if this server is lost, so is what it holds.";
    let mut replicas = Section::of(part, now, "replicas", "Replicas", REPLICAS, empty);
    let empty = "No slow command in the log.";
    let mut slow = Section::of(part, now, "slow", "Slow commands", SLOW, empty);
    let Some(server) = part.value.as_deref() else {
        return vec![figures, replicas, slow];
    };
    for (name, value, more) in rows(server, now) {
        let cells = vec![Cell::name(name), value, more];
        let thing = serde_json::json!({"figure": name, "value": cells.get(1).map(|c| &c.text)});
        figures.row(name, cells, &thing);
    }
    for r in &server.replicas {
        let cells = vec![
            Cell::name(&r.address),
            Cell::new(&r.state, Tone::good(r.state == "online")),
            Cell::new(
                r.lag_s.map_or_else(|| "-".into(), |s| format!("{s}s")),
                Tone::fine(r.lag_s.is_none_or(|s| s < 10)),
            ),
            Cell::plain(r.behind.map_or_else(|| "-".into(), bytes)),
        ];
        replicas.row(&r.address, cells, r);
    }
    match &server.slow {
        Ok(all) => {
            for (n, s) in all.iter().enumerate() {
                let cells = vec![
                    Cell::plain(milliseconds(s.took.as_secs_f64())),
                    Cell::plain(ago(Some(s.at), now)),
                    Cell::name(&s.command),
                    Cell::muted(&s.client),
                ];
                slow.row(format!("{} {n}", s.at), cells, s);
            }
        }
        Err(why) => slow.note(format!("not seen: {why}"), Tone::Unknown),
    }
    vec![figures, replicas, slow]
}

fn rows(s: &RedisServer, now: Timestamp) -> Vec<(&'static str, Cell, Cell)> {
    let m = &s.memory;
    let limit = match (m.limit, m.share()) {
        (Some(limit), Some(share)) => Cell::new(
            format!(
                "{} of {}; at the limit: {}",
                percent(share),
                bytes(limit),
                m.policy
            ),
            room(share),
        ),
        _ => Cell::new(
            "no limit is set: it grows until the machine has none left",
            Tone::Warn,
        ),
    };
    let evicted = s.lately.map_or(0, |l| l.counters.evicted);
    let lately = match s.lately {
        Some(l) => format!("in the last {}", span(l.seconds.round() as i64)),
        None => "since it started".into(),
    };
    let looked = s.lately.map_or(s.counters, |l| l.counters);
    let mut rows = vec![
        (
            "server",
            Cell::plain(format!("{} {}", s.version, s.role.word())),
            Cell::muted(format!(
                "{}, up {}{}",
                s.address,
                ago(Some(s.started_at), now),
                if s.clustered {
                    ", one of a cluster"
                } else {
                    ""
                }
            )),
        ),
        (
            "connection",
            Cell::new(
                if s.tls { "TLS" } else { "in the clear" },
                Tone::fine(s.tls),
            ),
            Cell::default(),
        ),
        ("memory", Cell::plain(bytes(m.used)), limit),
        (
            "evictions",
            Cell::new(count(evicted as usize, "key"), Tone::fine(evicted == 0)),
            Cell::muted(format!("{lately}; {} since it started", s.counters.evicted)),
        ),
        (
            "hit rate",
            match s.hit_ratio() {
                Some(ratio) => Cell::new(percent(ratio), Tone::fine(ratio >= FEW_HITS)),
                None => Cell::new("no look-ups", Tone::Muted),
            },
            Cell::muted(format!(
                "{} hits, {} misses {lately}",
                looked.hits, looked.misses
            )),
        ),
        (
            "clients",
            Cell::plain(s.clients.to_string()),
            match (s.clients_limit, s.clients_share()) {
                (Some(limit), Some(share)) => Cell::new(
                    format!("{} of {limit}, {} blocked", percent(share), s.blocked),
                    room(share),
                ),
                _ => Cell::muted(format!("{} blocked", s.blocked)),
            },
        ),
        (
            "commands",
            Cell::plain(format!("{} a second", s.commands_per_s)),
            Cell::muted(format!("{} keys", s.keys)),
        ),
    ];
    if let Some(link) = &s.primary {
        let state = match (link.up, link.syncing) {
            (true, _) => Cell::new("up", Tone::Ok),
            (false, true) => Cell::new("copying everything", Tone::Warn),
            (false, false) => Cell::new("down", Tone::Bad),
        };
        let silent = link
            .silent_s
            .map(|n| format!("{}, silent for {n}s", link.address));
        rows.push((
            "primary",
            state,
            Cell::muted(silent.unwrap_or_else(|| link.address.clone())),
        ));
    }
    if let Some(ok) = s.saved {
        let word = if ok { "went well" } else { "failed" };
        rows.push((
            "last save",
            Cell::new(word, Tone::good(ok)),
            Cell::default(),
        ));
    }
    rows
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn room(share: f64) -> Tone {
    match share {
        s if s >= FULL => Tone::Bad,
        s if s >= TIGHT => Tone::Warn,
        _ => Tone::Plain,
    }
}

fn milliseconds(seconds: f64) -> String {
    format!("{:.1} ms", seconds * 1_000.0)
}
