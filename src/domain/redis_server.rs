//! A Redis server as it tells of itself (`INFO`, `SLOWLOG GET`, `DBSIZE`; redis.io command reference). Counters run since the
//! server started, so what is judged is what they did since they were last read.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::environment::Env;
use super::text::{clip, inert};

/// Columns of a shown command at most.
const COMMAND: usize = 80;

/// The server of an environment that is not looked at.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EnvRedis {
    /// Which environment.
    pub env: Env,
    /// What it tells of itself, or why it does not.
    pub server: Result<RedisServer, String>,
}

/// Which part a server plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Takes writes.
    Primary,
    /// Follows a primary.
    Replica,
}

impl Role {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Replica => "replica",
        }
    }
}

/// Memory, in bytes.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Memory {
    /// Used by data and bookkeeping; `None`: not told.
    pub used: Option<u64>,
    /// As the operating system sees it.
    pub resident: Option<u64>,
    /// Most that was ever used.
    pub peak: Option<u64>,
    /// The limit; `None`: there is none, or it is not told.
    pub limit: Option<u64>,
    /// Whether the server says that there is no limit.
    pub unlimited: bool,
    /// What happens at the limit: `noeviction`, `allkeys-lru` ...
    pub policy: String,
    /// Resident over used.
    pub fragmentation: Option<f64>,
}

impl Memory {
    /// How full it is, 0 to 1; `None` without a limit, or where it is not told.
    pub fn share(&self) -> Option<f64> {
        let limit = self.limit.filter(|l| *l > 0)?;
        Some(self.used? as f64 / limit as f64)
    }
}

/// Counters since the server started. `None`: the server does not tell that one, which is not that there was none: a serverless
/// cache leaves many out, and servers before 6.2 do not count failed commands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Look-ups that found their key.
    pub hits: Option<u64>,
    /// Look-ups that did not.
    pub misses: Option<u64>,
    /// Keys that were thrown out for want of memory.
    pub evicted: Option<u64>,
    /// Keys whose time was over.
    pub expired: Option<u64>,
    /// Connections that were refused for want of places.
    pub refused: Option<u64>,
    /// Commands.
    pub commands: Option<u64>,
    /// Commands that were answered by an error.
    pub failed: Option<u64>,
}

impl Counters {
    /// Share of look-ups that found their key, 0 to 1; `None` without any look-up, or where they are not told.
    pub fn hit_ratio(self) -> Option<f64> {
        let hits = self.hits?;
        let all = hits.saturating_add(self.misses?);
        (all > 0).then(|| hits as f64 / all as f64)
    }

    /// What was counted since an earlier look; `None` where a counter went back: the server started anew or was reset.
    pub fn since(self, earlier: Self) -> Option<Self> {
        let each = |now: Option<u64>, then: Option<u64>| match (now, then) {
            (Some(now), Some(then)) => now.checked_sub(then).map(Some),
            _ => Some(None),
        };
        Some(Self {
            hits: each(self.hits, earlier.hits)?,
            misses: each(self.misses, earlier.misses)?,
            evicted: each(self.evicted, earlier.evicted)?,
            expired: each(self.expired, earlier.expired)?,
            refused: each(self.refused, earlier.refused)?,
            commands: each(self.commands, earlier.commands)?,
            failed: each(self.failed, earlier.failed)?,
        })
    }
}

/// What was counted in the time before a look.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Lately {
    /// Counters in that time.
    pub counters: Counters,
    /// How long that time was, seconds.
    pub seconds: f64,
}

/// A replica, as its primary sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Replica {
    /// `10.0.1.7:6379`.
    pub address: String,
    /// `online`, `wait_bgsave` ...
    pub state: String,
    /// Seconds since it last reported.
    pub lag_s: Option<u64>,
    /// Bytes that it is behind.
    pub behind: Option<u64>,
}

/// A replica's way to its primary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PrimaryLink {
    /// `10.0.1.7:6379`.
    pub address: String,
    /// Whether it is up.
    pub up: bool,
    /// Seconds since something came over it.
    pub silent_s: Option<u64>,
    /// Whether it is copying everything anew.
    pub syncing: bool,
}

/// A command that took long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SlowCommand {
    /// When it ran (UTC).
    pub at: Timestamp,
    /// How long it ran; waiting and sending are not in it.
    #[serde(serialize_with = "microseconds")]
    pub took: Duration,
    /// The command with the pattern of its first key: `HGETALL session:*`. Values are never shown.
    pub command: String,
    /// Name that the client gave itself, or where it came from.
    pub client: String,
}

fn microseconds<S: serde::Serializer>(d: &Duration, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_f64(d.as_secs_f64())
}

/// A server.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RedisServer {
    /// Where it was asked: `rediss://cache.example:6379/0`, without name and password.
    pub address: String,
    /// Whether it was asked over TLS.
    pub tls: bool,
    /// `7.0.15`.
    pub version: String,
    /// The node that answered, by the name that it gives itself at each start (`run_id`): behind a reader's endpoint, or in cluster
    /// mode, each connection may reach another one.
    pub run_id: Option<String>,
    /// Its address, where that is not this machine's own.
    pub ip: Option<String>,
    /// Since when it runs (UTC); `None`: not told, as all that is missing below.
    pub started_at: Option<Timestamp>,
    /// Its part.
    pub role: Option<Role>,
    /// Whether it is one of a cluster's: then it tells of its own slots alone.
    pub clustered: bool,
    /// Clients at present.
    pub clients: Option<u64>,
    /// Clients at most; `None` where the server does not tell.
    pub clients_limit: Option<u64>,
    /// Clients that wait in a blocking command.
    pub blocked: Option<u64>,
    /// Memory.
    pub memory: Memory,
    /// Counters since it started.
    pub counters: Counters,
    /// The same since the last look at this node; `None` at the first, and after a restart.
    pub lately: Option<Lately>,
    /// Commands a second at present.
    pub commands_per_s: Option<u64>,
    /// How long the answer to a question that costs nothing takes from here, milliseconds.
    pub round_trip_ms: Option<f64>,
    /// Keys of the database that was asked.
    pub keys: u64,
    /// Replicas, where it is a primary.
    pub replicas: Vec<Replica>,
    /// Its primary, where it is a replica.
    pub primary: Option<PrimaryLink>,
    /// Whether the last snapshot to disk went well; `None` where none is taken.
    pub saved: Option<bool>,
    /// Slow commands, newest first, or why they are not known.
    pub slow: Result<Vec<SlowCommand>, String>,
}

impl RedisServer {
    /// Share of look-ups that found their key, 0 to 1: lately if anything was looked up since the last look, else since the
    /// server started. `None` where nothing was ever looked up.
    pub fn hit_ratio(&self) -> Option<f64> {
        let lately = self.lately.and_then(|l| l.counters.hit_ratio());
        lately.or_else(|| self.counters.hit_ratio())
    }

    /// How many of its places for clients are taken, 0 to 1.
    pub fn clients_share(&self) -> Option<f64> {
        let limit = self.clients_limit.filter(|l| *l > 0)?;
        Some(self.clients? as f64 / limit as f64)
    }
}

/// A command as it may be shown: its name, and the pattern of its first argument. Keys hold session numbers and names of
/// people, values hold anything.
pub fn shown_command(words: &[String]) -> String {
    let mut words = words.iter();
    let name = words.next().map(|w| w.to_uppercase()).unwrap_or_default();
    let plain = |s: &str| {
        s.len() <= 24
            && s.chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '|' | '_' | '-' | '@'))
    };
    if !plain(&name) || name.is_empty() {
        return "(unknown command)".into();
    }
    let container = matches!(
        name.as_str(),
        "CONFIG" | "CLIENT" | "CLUSTER" | "SCRIPT" | "XINFO" | "XGROUP" | "OBJECT" | "MEMORY"
    );
    let mut out = name.clone();
    let mut first = words.next();
    if let Some(word) = first.filter(|w| container && plain(w)) {
        out.push(' ');
        out.push_str(&word.to_uppercase());
        first = words.next();
    }
    // Scripts begin with their text, and who signs in with a name and a password.
    let keyless = matches!(
        name.as_str(),
        "EVAL" | "EVALSHA" | "EVAL_RO" | "FCALL" | "AUTH" | "HELLO" | "ACL" | "ECHO" | "PING"
    );
    if keyless || container && !matches!(name.as_str(), "OBJECT" | "MEMORY" | "XINFO" | "XGROUP") {
        first = None;
    }
    if let Some(key) = first {
        out.push(' ');
        out.push_str(&key_pattern(key));
    }
    let more = words.count();
    if more > 0 {
        out.push_str(&format!(" (+{more})"));
    }
    clip(&inert(&out), COMMAND)
}

/// `session:9f8a27:cart` becomes `session:*:cart`: parts that are plain words stay, numbers and tokens do not.
pub fn key_pattern(key: &str) -> String {
    let is_word = |part: &str| {
        !part.is_empty()
            && part.len() <= 16
            && part
                .chars()
                .all(|c| c.is_ascii_lowercase() || matches!(c, '_' | '-'))
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in key.split(':').take(5) {
        parts.push(if is_word(part) { part } else { "*" });
    }
    // A lone word may be a name as well as a token: a namespace is what ends in a colon.
    if parts.len() == 1 {
        return if key.len() <= 16 && is_word(key) {
            key.to_owned()
        } else {
            "*".into()
        };
    }
    parts.join(":")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn commands_are_shown_without_what_they_carry() {
        for (said, shown) in [
            ("hgetall session:9f8A27", "HGETALL session:*"),
            (
                "SET user:42:token eyJhbGciOi EX 60",
                "SET user:*:token (+3)",
            ),
            ("KEYS *", "KEYS *"),
            ("CONFIG GET requirepass", "CONFIG GET"),
            ("EVAL return(1) 0", "EVAL (+1)"),
            ("AUTH default hunter2", "AUTH (+1)"),
            ("MEMORY USAGE quote:77", "MEMORY USAGE quote:*"),
            ("GET ana@example.com", "GET *"),
            ("\u{1b}[31m x", "(unknown command)"),
        ] {
            assert_eq!(shown_command(&words(said)), shown, "{said}");
        }
    }

    #[test]
    fn what_is_judged_is_what_was_counted_lately() {
        let of = |hits, misses| Counters {
            hits: Some(hits),
            misses: Some(misses),
            ..Counters::default()
        };
        assert_eq!(of(0, 0).hit_ratio(), None);
        assert_eq!(of(3, 1).hit_ratio(), Some(0.75));
        assert_eq!(of(103, 1).since(of(3, 1)), Some(of(100, 0)));
        assert_eq!(of(2, 0).since(of(3, 1)), None, "it started anew");
        let silent = Counters::default();
        assert_eq!(
            (silent.hit_ratio(), silent.since(of(3, 1))),
            (None, Some(silent))
        );
    }

    proptest! {
        #[test]
        fn no_digit_of_a_key_is_shown(key in "[a-z]{0,6}[0-9]{1,12}[a-z0-9]{0,8}") {
            prop_assert_eq!(key_pattern(&key), "*");
            let pattern = key_pattern(&format!("session:{key}"));
            prop_assert_eq!(pattern, "session:*");
        }
    }
}
