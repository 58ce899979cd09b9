//! What it answers: a client's session, command by command (redis.io command reference). `CONFIG` is not known, as on ElastiCache.

use std::net::SocketAddr;

use super::PASSWORD;
use super::state::{LIMIT, State};
use super::value::Value;
use crate::platform::Platform;

/// As it says of itself.
const VERSION: &str = "7.1.0";

/// A client's session.
#[derive(Debug)]
pub(super) struct Client {
    id: i64,
    from: SocketAddr,
    since: f64,
    name: String,
    db: i64,
    known: bool,
    /// Whether it speaks version 3 of the protocol.
    pub(super) resp3: bool,
    /// Whether it said goodbye.
    pub(super) left: bool,
}

fn error(text: impl Into<String>) -> Value {
    Value::Error(text.into())
}

fn arguments(command: &str) -> Value {
    error(format!(
        "ERR wrong number of arguments for '{}' command",
        command.to_lowercase()
    ))
}

const WRONG: &str = "WRONGPASS invalid username-password pair or user is disabled.";

impl Client {
    pub(super) fn new(id: i64, from: SocketAddr, since: f64) -> Self {
        Self {
            id,
            from,
            since,
            name: String::new(),
            db: 0,
            known: false,
            resp3: false,
            left: false,
        }
    }

    /// Answers a command.
    pub(super) fn answer(&mut self, words: &[String], platform: &mut Platform) -> Value {
        let name = words.first().map(|w| w.to_uppercase()).unwrap_or_default();
        let rest: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
        match (name.as_str(), rest.as_slice()) {
            ("HELLO", rest) => return self.hello(rest),
            ("AUTH", [password]) => return self.sign_in("default", password),
            ("AUTH", [user, password]) => return self.sign_in(user, password),
            ("AUTH", _) => return arguments("auth"),
            ("QUIT", _) => {
                self.left = true;
                return Value::Word("OK");
            }
            _ if !self.known => return error("NOAUTH Authentication required."),
            _ => {}
        }
        let now = platform.world.stamp();
        let state = &mut platform.redis;
        match (name.as_str(), rest.as_slice()) {
            ("PING", []) => Value::Word("PONG"),
            ("PING" | "ECHO", [text]) => Value::Text((*text).to_owned()),
            ("SELECT", [n]) => self.select(n),
            ("RESET", []) => {
                *self = Self::new(self.id, self.from, self.since);
                Value::Word("RESET")
            }
            ("INFO", sections) => Value::Verbatim(info(state, sections, now)),
            ("DBSIZE", []) => Value::Int(if self.db == 0 { state.keys() } else { 0 }),
            ("SLOWLOG", rest) => slow_log(state, rest),
            ("CLIENT", rest) => self.client(rest, now),
            ("COMMAND", ["COUNT" | "count"]) => Value::Int(20),
            ("COMMAND", _) => Value::List(Vec::new()),
            ("TIME", []) => Value::List(vec![
                Value::Text((now as i64).to_string()),
                Value::Text(((now.fract() * 1e6) as i64).to_string()),
            ]),
            ("ROLE", []) => role(state),
            ("GET" | "HGETALL" | "TTL" | "TYPE" | "EXISTS" | "SET" | "DEL", _) => error(
                "NOPERM this user has no permissions to access one of the keys used as arguments",
            ),
            (known, _) if ["PING", "ECHO", "SELECT", "DBSIZE", "ROLE", "TIME"].contains(&known) => {
                arguments(known)
            }
            _ => unknown(&name, &rest),
        }
    }

    fn sign_in(&mut self, user: &str, password: &str) -> Value {
        self.known = user == "default" && password == PASSWORD;
        if self.known {
            Value::Word("OK")
        } else {
            error(WRONG)
        }
    }

    fn hello(&mut self, words: &[&str]) -> Value {
        let mut words = words.iter();
        if let Some(version) = words.next() {
            match *version {
                "2" => self.resp3 = false,
                "3" => self.resp3 = true,
                _ => return error("NOPROTO unsupported protocol version"),
            }
        }
        while let Some(word) = words.next() {
            match (word.to_uppercase().as_str(), words.next(), word) {
                ("AUTH", Some(user), _) => {
                    let password = words.next().copied().unwrap_or_default();
                    if let Value::Error(why) = self.sign_in(user, password) {
                        return error(why);
                    }
                }
                ("SETNAME", Some(name), _) => self.name = (*name).to_owned(),
                (_, _, word) => {
                    return error(format!("ERR Syntax error in HELLO option '{word}'"));
                }
            }
        }
        if !self.known {
            return error(
                "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH \
                 <user> <pass> option can be used to authenticate the client and select the RESP protocol version at \
                 the same time",
            );
        }
        Value::Pairs(vec![
            ("server", Value::Text("redis".into())),
            ("version", Value::Text(VERSION.into())),
            ("proto", Value::Int(if self.resp3 { 3 } else { 2 })),
            ("id", Value::Int(self.id)),
            ("mode", Value::Text("standalone".into())),
            ("role", Value::Text("master".into())),
            ("modules", Value::List(Vec::new())),
        ])
    }

    fn select(&mut self, n: &str) -> Value {
        match n.parse::<i64>() {
            Ok(n @ 0..=15) => {
                self.db = n;
                Value::Word("OK")
            }
            Ok(_) => error("ERR DB index is out of range"),
            Err(_) => error("ERR value is not an integer or out of range"),
        }
    }

    fn client(&mut self, words: &[&str], now: f64) -> Value {
        let sub = words.first().map(|w| w.to_uppercase()).unwrap_or_default();
        match (sub.as_str(), words.get(1..).unwrap_or_default()) {
            ("SETNAME", [name]) => {
                if name.contains([' ', '\n']) {
                    return error(
                        "ERR Client names cannot contain spaces, newlines or special characters.",
                    );
                }
                self.name = (*name).to_owned();
                Value::Word("OK")
            }
            ("GETNAME", []) if self.name.is_empty() => Value::Null,
            ("GETNAME", []) => Value::Text(self.name.clone()),
            ("ID", []) => Value::Int(self.id),
            ("SETINFO", [_, _]) => Value::Word("OK"),
            ("LIST" | "INFO", _) => Value::Verbatim(format!(
                "id={} addr={} name={} age={} db={} cmd=client|{} user=default resp={}\n",
                self.id,
                self.from,
                self.name,
                (now - self.since).max(0.0) as i64,
                self.db,
                sub.to_lowercase(),
                if self.resp3 { 3 } else { 2 },
            )),
            _ => error(format!(
                "ERR unknown subcommand '{}'. Try CLIENT HELP.",
                words.first().unwrap_or(&"")
            )),
        }
    }
}

fn unknown(name: &str, rest: &[&str]) -> Value {
    let rest: String = rest.iter().map(|w| format!("'{w}' ")).collect();
    let rest: String = rest.chars().filter(|c| !c.is_control()).take(128).collect();
    let name: String = name.chars().filter(|c| !c.is_control()).take(128).collect();
    error(format!(
        "ERR unknown command '{name}', with args beginning with: {rest}"
    ))
}

fn slow_log(state: &mut State, words: &[&str]) -> Value {
    let sub = words.first().map(|w| w.to_uppercase()).unwrap_or_default();
    match (sub.as_str(), words.get(1..).unwrap_or_default()) {
        ("LEN", []) => Value::Int(i64::try_from(state.slow.len()).unwrap_or(0)),
        ("RESET", []) => {
            state.slow.clear();
            Value::Word("OK")
        }
        ("GET", count @ ([] | [_])) => {
            let count = match count.first().map(|n| n.parse::<i64>()) {
                None => 10,
                Some(Ok(-1)) => i64::MAX,
                Some(Ok(n @ 0..)) => n,
                Some(_) => return error("ERR count should be greater than or equal to -1"),
            };
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            let entry = |s: &super::state::Slow| {
                let words = s.words.iter().map(|w| Value::Text(w.clone()));
                Value::List(vec![
                    Value::Int(s.id),
                    Value::Int(s.at as i64),
                    Value::Int(s.micros),
                    Value::List(words.collect()),
                    Value::Text("10.0.10.31:40122".into()),
                    Value::Text(s.client.into()),
                ])
            };
            Value::List(state.slow.iter().take(count).map(entry).collect())
        }
        _ => error(format!(
            "ERR unknown subcommand or wrong number of arguments for '{}'. Try SLOWLOG HELP.",
            words.first().unwrap_or(&"")
        )),
    }
}

fn role(state: &State) -> Value {
    let offset = state.commands as i64;
    let replica = [REPLICA, "6379", &offset.to_string()].map(|t| Value::Text(t.into()));
    Value::List(vec![
        Value::Text("master".into()),
        Value::Int(offset),
        Value::List(vec![Value::List(replica.into())]),
    ])
}

/// The replica in the other zone.
const REPLICA: &str = "10.0.11.7";

/// The sections of `INFO`, in the server's order.
fn info(state: &State, wanted: &[&str], now: f64) -> String {
    let everything = ["", "all", "everything", "default"];
    let wants = |section: &str| {
        wanted.is_empty()
            || wanted.iter().any(|w| {
                let w = w.to_lowercase();
                w == section || everything.contains(&w.as_str())
            })
    };
    let used = state.memory();
    let offset = state.commands as i64;
    let up = (now - state.started).max(0.0);
    let sections: [(&str, String); 7] = [
        (
            "Server",
            format!(
                "redis_version:{VERSION}\r\nredis_mode:standalone\r\nos:Amazon ElastiCache\r\narch_bits:64\r\n\
                 run_id:{}\r\ntcp_port:6379\r\nuptime_in_seconds:{up:.0}\r\nuptime_in_days:{:.0}\r\n",
                state.run_id(),
                (up / 86_400.0).floor()
            ),
        ),
        (
            "Clients",
            format!(
                "connected_clients:{}\r\nmaxclients:65000\r\nblocked_clients:4\r\n",
                state.clients()
            ),
        ),
        (
            "Memory",
            format!(
                "used_memory:{used:.0}\r\nused_memory_rss:{:.0}\r\nused_memory_peak:{:.0}\r\nmaxmemory:{LIMIT:.0}\r\n\
                 maxmemory_policy:volatile-lru\r\nmem_fragmentation_ratio:1.06\r\n",
                used * 1.06,
                LIMIT * 0.58
            ),
        ),
        (
            "Persistence",
            "loading:0\r\nrdb_last_bgsave_status:ok\r\naof_enabled:0\r\n".into(),
        ),
        (
            "Stats",
            format!(
                "total_connections_received:18231\r\ntotal_commands_processed:{:.0}\r\ninstantaneous_ops_per_sec:{}\r\n\
                 rejected_connections:0\r\ntotal_error_replies:0\r\nexpired_keys:{:.0}\r\nevicted_keys:0\r\nkeyspace_hits:{:.0}\r\n\
                 keyspace_misses:{:.0}\r\n",
                state.commands,
                state.pace(),
                state.expired,
                state.hits,
                state.misses
            ),
        ),
        (
            "Replication",
            format!(
                "role:master\r\nconnected_slaves:1\r\n\
                 slave0:ip={REPLICA},port=6379,state=online,offset={offset},lag=0\r\nmaster_repl_offset:{offset}\r\n"
            ),
        ),
        (
            "Keyspace",
            format!(
                "db0:keys={},expires={},avg_ttl=2190511\r\n",
                state.keys(),
                state.keys() / 3
            ),
        ),
    ];
    let shown = sections
        .into_iter()
        .filter(|(name, _)| wants(&name.to_lowercase()));
    let texts: Vec<String> = shown
        .map(|(name, text)| format!("# {name}\r\n{text}"))
        .collect();
    texts.join("\r\n")
}
