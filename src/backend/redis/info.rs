//! The answer to `INFO` (lines of `name:value` under `# Section`), and the slow log.

use std::cell::Cell;
use std::collections::HashMap;
use std::str::FromStr;
use std::time::Duration;

use ::redis::{FromRedisValue, Value};
use jiff::Timestamp;

use super::stream::Destination;
use crate::domain::redis_server::{
    Counters, Memory, PrimaryLink, RedisServer, Replica, Role, SlowCommand, shown_command,
};
use crate::domain::text::{clip, inert};

/// Columns of a name from outside.
const NAME: usize = 48;

struct Info<'a> {
    told: HashMap<&'a str, &'a str>,
    /// A count that is no count.
    odd: Cell<Option<&'static str>>,
}

impl<'a> Info<'a> {
    fn text(&self, name: &str) -> Option<&'a str> {
        self.told.get(name).copied().filter(|v| !v.is_empty())
    }

    fn number<T: FromStr>(&self, name: &str) -> Option<T> {
        self.text(name)?.parse().ok()
    }

    /// A count; `None` where it is not told, which is not zero.
    fn count(&self, name: &'static str) -> Option<u64> {
        let read = self.number(name);
        if read.is_none() && self.text(name).is_some() {
            self.odd.set(Some(name));
        }
        read
    }

    fn is_on(&self, name: &'static str) -> bool {
        self.count(name) == Some(1)
    }
}

/// Why an answer to `INFO` cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Odd {
    /// It is none.
    NoInfo,
    /// What it calls a count is none.
    NoCount(&'static str),
}

/// Reads an answer to `INFO`.
///
/// # Errors
/// Where it is none, or a count in it is none.
pub(super) fn read(text: &str, to: &Destination) -> Result<RedisServer, Odd> {
    let pairs = text
        .lines()
        .filter_map(|line| line.trim_end().split_once(':'));
    let info = Info {
        told: pairs.collect(),
        odd: Cell::new(None),
    };
    let version = info.text("redis_version").ok_or(Odd::NoInfo)?;
    let role = info.text("role").map(|role| match role {
        "master" => Role::Primary,
        _ => Role::Replica,
    });
    let now = Timestamp::now();
    let up = info.count("uptime_in_seconds").map(Duration::from_secs);
    let server = RedisServer {
        address: to.address(),
        tls: to.tls,
        // Valkey calls itself by a compatible version of Redis and says its own beside it.
        version: name(match info.text("valkey_version") {
            Some(own) => own,
            None => version,
        }),
        run_id: info.text("run_id").map(name),
        ip: None,
        started_at: up.map(|up| now.checked_sub(up).unwrap_or(now)),
        role,
        clustered: info.is_on("cluster_enabled") || info.text("redis_mode") == Some("cluster"),
        clients: info.count("connected_clients"),
        clients_limit: info.number("maxclients").filter(|n| *n > 0),
        blocked: info.count("blocked_clients"),
        memory: memory(&info),
        counters: Counters {
            hits: info.count("keyspace_hits"),
            misses: info.count("keyspace_misses"),
            evicted: info.count("evicted_keys"),
            expired: info.count("expired_keys"),
            refused: info.count("rejected_connections"),
            commands: info.count("total_commands_processed"),
            failed: info.count("total_error_replies"),
        },
        lately: None,
        commands_per_s: info.count("instantaneous_ops_per_sec"),
        keys: 0,
        round_trip_ms: None,
        replicas: replicas(&info),
        primary: (role == Some(Role::Replica)).then(|| primary(&info)),
        saved: saved(&info),
        slow: Ok(Vec::new()),
    };
    info.odd.get().map_or(Ok(server), |n| Err(Odd::NoCount(n)))
}

fn memory(info: &Info) -> Memory {
    Memory {
        used: info.count("used_memory"),
        resident: info.count("used_memory_rss"),
        peak: info.count("used_memory_peak"),
        limit: info.number("maxmemory").filter(|n| *n > 0),
        unlimited: info.number("maxmemory") == Some(0_u64),
        policy: info.text("maxmemory_policy").map(name).unwrap_or_default(),
        fragmentation: info
            .number("mem_fragmentation_ratio")
            .filter(|f: &f64| f.is_finite()),
    }
}

/// `slave0:ip=10.0.1.7,port=6379,state=online,offset=42,lag=0`.
fn replicas(info: &Info) -> Vec<Replica> {
    let written: Option<u64> = info.number("master_repl_offset");
    let mut named: Vec<(u32, &str)> = info
        .told
        .iter()
        .filter_map(|(key, value)| Some((key.strip_prefix("slave")?.parse().ok()?, *value)))
        .collect();
    named.sort_unstable();
    named
        .into_iter()
        .map(|(_, value)| {
            let fields: HashMap<&str, &str> =
                value.split(',').filter_map(|f| f.split_once('=')).collect();
            let field = |key: &str| fields.get(key).copied().unwrap_or_default();
            let applied: Option<u64> = field("offset").parse().ok();
            Replica {
                address: name(&format!("{}:{}", field("ip"), field("port"))),
                state: name(field("state")),
                lag_s: field("lag").parse().ok(),
                behind: written.zip(applied).map(|(w, a)| w.saturating_sub(a)),
            }
        })
        .collect()
}

fn primary(info: &Info) -> PrimaryLink {
    let text = |key| info.text(key).unwrap_or_default();
    PrimaryLink {
        address: name(&format!("{}:{}", text("master_host"), text("master_port"))),
        up: text("master_link_status") == "up",
        silent_s: info.number("master_last_io_seconds_ago"),
        syncing: info.is_on("master_sync_in_progress"),
    }
}

/// Whether the last writing to disk went well, of whichever kind is used.
fn saved(info: &Info) -> Option<bool> {
    let ok = |key| info.text(key).map(|v| v == "ok");
    let append = info.is_on("aof_enabled");
    let snapshot = ok("rdb_last_bgsave_status");
    match append {
        true => Some(ok("aof_last_write_status")? && snapshot.unwrap_or(true)),
        false => snapshot,
    }
}

/// Reads the slow log: entries of number, second, microseconds, words, and (since 4.0) address and name of the client. What is no
/// entry is left out.
pub(super) fn slow(value: &Value) -> Vec<SlowCommand> {
    let Value::Array(entries) = value else {
        return Vec::new();
    };
    entries.iter().filter_map(entry).collect()
}

fn entry(value: &Value) -> Option<SlowCommand> {
    let Value::Array(fields) = value else {
        return None;
    };
    let text = |n: usize| {
        let field = fields.get(n).cloned()?;
        String::from_redis_value(field)
            .ok()
            .filter(|t| !t.is_empty())
    };
    let number = |n: usize| i64::from_redis_value(fields.get(n)?.clone()).ok();
    let Some(Value::Array(words)) = fields.get(3) else {
        return None;
    };
    let words: Vec<String> = words
        .iter()
        .map(|w| match w {
            Value::BulkString(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            other => String::from_redis_value(other.clone()).unwrap_or_default(),
        })
        .collect();
    Some(SlowCommand {
        at: Timestamp::from_second(number(1)?).ok()?,
        took: Duration::from_micros(u64::try_from(number(2)?).ok()?),
        command: shown_command(&words),
        client: name(&text(5).or_else(|| text(4)).unwrap_or_default()),
    })
}

fn name(text: &str) -> String {
    clip(&inert(text), NAME)
}
