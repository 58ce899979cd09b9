//! Redis, asked directly: memory, hit rate, clients, replication, slow commands.

use jiff::Timestamp;

use super::words::{ago, bytes, count, span};
use super::{Cell, Group, Head, Make, Section, Tone, View, firing};
use crate::domain::connections::group_of;
use crate::domain::facts::Facts;
use crate::domain::redis_server::RedisServer;

pub(super) const VIEW: View = View {
    id: "redis",
    title: "Redis",
    doc: "The Redis server itself: memory, evictions, hit rate, clients, replication, slow commands",
    group: Group::Data,
    lines: &["redis", "redis-elsewhere"],
    needs: &["redis", "redis_elsewhere", "caches", "alarms"],
    make: Make::Facts(make),
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

const ELSEWHERE: &[Head] = &[
    Head::left("environment", 12),
    Head::left("version", 10),
    Head::left("beside ours", 18).grow(1),
    Head::right("memory", 9),
    Head::right("full", 7),
    Head::right("hits", 7),
    Head::right("evicted", 8).drop(1),
    Head::right("clients", 7).drop(1),
];

/// Shares (of memory, of clients) from which on there is little room, and none.
const TIGHT: f64 = 0.8;
const FULL: f64 = 0.95;

/// A hit rate below this is worth a look.
const FEW_HITS: f64 = 0.8;

fn make(facts: &Facts, now: Timestamp) -> Vec<Section> {
    let is = |name: &str, configured: bool| {
        let mut all = facts.providers.iter();
        all.any(|p| p.name == name && p.configured == configured)
    };
    let elsewhere = is("redis-elsewhere", true);
    let mut all = match elsewhere && is("redis", false) {
        true => Vec::new(),
        false => here(facts, now),
    };
    if elsewhere {
        all.push(others(facts, now));
    }
    all
}

/// Redis of the other environments, a row each.
fn others(facts: &Facts, now: Timestamp) -> Section {
    let part = &facts.estate.redis_elsewhere;
    let empty = "No other environment has a url in [redis].";
    let title = "Other environments";
    let mut section = Section::of(part, now, "elsewhere", title, ELSEWHERE, empty);
    let ours = facts.estate.redis.fresh(now).map(|s| s.version.as_str());
    for e in part.value.iter().flat_map(|all| all.iter()) {
        let env = Cell::name(e.env.word());
        let cells = match &e.server {
            Ok(s) => {
                let beside = match ours {
                    Some(v) if v != s.version => Cell::new(format!("not {v}"), Tone::Info),
                    Some(_) => Cell::muted("the same"),
                    None => Cell::muted("not known"),
                };
                let full = match s.memory.share() {
                    Some(n) => Cell::new(percent(n), room(n)),
                    None if s.memory.unlimited => Cell::new("no limit", Tone::Warn),
                    None => Cell::muted("-"),
                };
                let hits = s.counters.hit_ratio();
                vec![
                    env,
                    Cell::plain(&s.version),
                    beside,
                    Cell::plain(s.memory.used.map_or_else(untold, bytes)),
                    full,
                    Cell::plain(hits.map_or_else(|| "-".into(), percent)),
                    Cell::plain(told(s.counters.evicted)),
                    Cell::plain(told(s.clients)),
                ]
            }
            Err(why) => {
                section.note(format!("{}: {why}", e.env.word()), Tone::Unknown);
                vec![env, Cell::new("not known", Tone::Unknown)]
            }
        };
        section.row(e.env.word(), cells, e);
    }
    section
}

fn here(facts: &Facts, now: Timestamp) -> Vec<Section> {
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
    if let Some(group) = group_of(&server.address, facts) {
        for id in std::iter::once(&group.id).chain(group.nodes.iter().map(|n| &n.id)) {
            let alarms = firing::about(facts, "AWS/ElastiCache", id);
            firing::tell(&mut figures, id, &alarms, now);
        }
    }
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
                    Cell::ago(s.at, now),
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
                "{} of {}, {} once full",
                percent(share),
                bytes(limit),
                m.policy
            ),
            room(share),
        ),
        _ if m.unlimited => Cell::new(
            "no limit is set: it grows until the machine has none left",
            Tone::Warn,
        ),
        _ => Cell::muted("its limit is not told"),
    };
    let lately = match s.lately {
        Some(l) => format!("in the last {}", span(l.seconds.round() as i64)),
        None => "since it started".into(),
    };
    let recent = s.lately.and_then(|l| l.counters.evicted);
    let (evicted, when) = match (recent, s.counters.evicted) {
        (_, None) => (Cell::muted(untold()), "not told by this server".to_owned()),
        (Some(n), Some(ever)) => (
            Cell::new(count(n as usize, "key"), Tone::fine(n == 0)),
            format!("{lately}; {ever} since it started"),
        ),
        // What was thrown out long ago is no reason to worry now.
        (None, Some(ever)) => (
            Cell::plain(count(ever as usize, "key")),
            "since it started".to_owned(),
        ),
    };
    let looked = s.lately.map_or(s.counters, |l| l.counters);
    let mut rows = vec![
        (
            "server",
            Cell::plain(match s.role {
                Some(role) => format!("{} {}", s.version, role.word()),
                None => s.version.clone(),
            }),
            Cell::muted(place(s, now)),
        ),
        (
            "connection",
            Cell::new(
                if s.tls { "TLS" } else { "in the clear" },
                Tone::fine(s.tls),
            ),
            Cell::default(),
        ),
        (
            "memory",
            Cell::plain(m.used.map_or_else(untold, bytes)),
            limit,
        ),
        ("evictions", evicted, Cell::muted(when)),
        (
            "hit rate",
            match s.hit_ratio() {
                Some(ratio) => Cell::new(percent(ratio), Tone::fine(ratio >= FEW_HITS)),
                None if looked.hits.is_none() => Cell::muted(untold()),
                None => Cell::new("no look-ups", Tone::Muted),
            },
            Cell::muted(format!(
                "{} hits, {} misses {lately}",
                told(looked.hits),
                told(looked.misses)
            )),
        ),
        (
            "clients",
            Cell::plain(told(s.clients)),
            match (s.clients_limit, s.clients_share()) {
                (Some(limit), Some(share)) => Cell::new(
                    format!("{} of {limit}, {} blocked", percent(share), told(s.blocked)),
                    room(share),
                ),
                _ => Cell::muted(format!("{} blocked", told(s.blocked))),
            },
        ),
        (
            "commands",
            Cell::plain(format!("{} a second", told(s.commands_per_s))),
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

/// Where a server is, since when it runs, and which node answered, as far as it tells.
fn place(s: &RedisServer, now: Timestamp) -> String {
    let up = s.started_at.map(|at| format!("up {}", ago(Some(at), now)));
    let clustered = s.clustered.then(|| "one of a cluster".to_owned());
    // Behind one name there may be many.
    let run = s.run_id.as_ref().map(|id| id.chars().take(8).collect());
    let node: Vec<String> = s.ip.iter().cloned().chain(run).collect();
    let node = (!node.is_empty()).then(|| format!("node {}", node.join(" ")));
    let all = [Some(s.address.clone()), up, clustered, node];
    all.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// What a server does not tell.
fn untold() -> String {
    "-".to_owned()
}

fn told(n: Option<u64>) -> String {
    n.map_or_else(untold, |n| n.to_string())
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::domain::environment::Env;
    use crate::domain::facts::ProviderHealth;
    use crate::domain::part::Part;
    use crate::domain::redis_server::{Counters, EnvRedis, Memory, Role};

    fn server(version: &str) -> RedisServer {
        RedisServer {
            address: "rediss://cache.example:6379/0".into(),
            tls: true,
            version: version.into(),
            run_id: Some("5f0c3a1be8".into()),
            ip: Some("10.0.10.7".into()),
            started_at: Some(Timestamp::UNIX_EPOCH),
            role: Some(Role::Primary),
            clustered: false,
            clients: Some(3),
            clients_limit: None,
            blocked: Some(0),
            memory: Memory {
                used: Some(96),
                limit: Some(100),
                ..Memory::default()
            },
            counters: Counters {
                hits: Some(9),
                misses: Some(1),
                evicted: Some(0),
                ..Counters::default()
            },
            lately: None,
            commands_per_s: Some(1),
            round_trip_ms: None,
            keys: 1,
            replicas: Vec::new(),
            primary: None,
            saved: None,
            slow: Ok(Vec::new()),
        }
    }

    /// What is cut of it on a narrow screen is what happens at the limit, not that it is none.
    #[test]
    fn how_full_it_is_comes_before_what_happens_once_it_is() {
        let mut server = server("7.2.1");
        server.memory.policy = "noeviction".into();
        let rows = rows(&server, Timestamp::UNIX_EPOCH);
        let (_, _, limit) = rows.iter().find(|r| r.0 == "memory").unwrap();
        assert_eq!(limit.text, "96.0 % of 100 B, noeviction once full");
    }

    #[test]
    fn the_node_that_answered_is_said_and_what_none_tells_is_no_zero() {
        let now = Timestamp::UNIX_EPOCH;
        let of = |server: &RedisServer, figure: &str| {
            let found = rows(server, now).into_iter().find(|r| r.0 == figure);
            let (_, value, more) = found.unwrap();
            (value.text, more.text, more.tone)
        };
        let mut server = server("7.2.1");
        let (_, place, _) = of(&server, "server");
        assert!(place.ends_with(", node 10.0.10.7 5f0c3a1b"), "{place}");
        server.memory = Memory::default();
        server.counters = Counters::default();
        (server.clients, server.commands_per_s) = (None, None);
        (server.started_at, server.role) = (None, None);
        let (used, limit, tone) = of(&server, "memory");
        assert_eq!(
            (used.as_str(), limit.as_str()),
            ("-", "its limit is not told")
        );
        assert_ne!(tone, Tone::Warn);
        assert_eq!(of(&server, "hit rate").0, "-");
        assert_eq!(of(&server, "clients").0, "-");
        assert_eq!(of(&server, "evictions").1, "not told by this server");
        assert_eq!(of(&server, "server").0, "7.2.1");
        server.memory.unlimited = true;
        assert_eq!(of(&server, "memory").2, Tone::Warn);
    }

    #[test]
    fn other_environments_stand_beside_ours_and_one_that_is_silent_says_why() {
        let now = Timestamp::UNIX_EPOCH;
        let every = Duration::from_secs(300);
        let mut facts = Facts::default();
        for name in ["redis", "redis-elsewhere"] {
            facts.providers.push(ProviderHealth {
                name: name.into(),
                last_ok: None,
                problem: None,
                next_try: None,
                calls_per_minute: 0,
                metered: None,
                latency_ms: None,
                clock_s: None,
                configured: true,
            });
        }
        facts.estate.redis = Part::answered(Arc::new(server("7.2.1")), now, "redis:INFO", every);
        let told = |env, server| EnvRedis { env, server };
        let all = vec![
            told(Env::Staging, Ok(server("7.0.4"))),
            told(Env::Development, Err("nothing listens there".into())),
        ];
        facts.estate.redis_elsewhere = Part::answered(Arc::new(all), now, "redis:INFO", every);
        let section = make(&facts, now).pop().unwrap();
        let words = |row: usize| -> Vec<&str> {
            let cells = section.rows[row].cells.iter();
            cells.map(|c| c.text.as_str()).collect()
        };
        assert_eq!(words(0)[..3], ["staging", "7.0.4", "not 7.2.1"]);
        assert_eq!(words(0)[4..6], ["96.0 %", "90.0 %"]);
        assert_eq!(section.rows[0].cells[4].tone, Tone::Bad);
        assert_eq!(words(1), ["development", "not known"]);
        assert!(section.notes[0].text.contains("nothing listens there"));
        // Without one of its own the page tells of the others alone.
        facts.providers[0].configured = false;
        assert_eq!(make(&facts, now).len(), 1);
    }
}
