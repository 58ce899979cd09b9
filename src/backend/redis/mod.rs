//! Redis itself, over its own protocol (RESP 2; redis.io command reference): `INFO`, `DBSIZE`, `SLOWLOG GET`, and nothing that
//! changes anything. A connection a look, over a stream of our own: one TLS stack, one trust, one wording.

pub mod elsewhere;
#[cfg(test)]
mod hostile;
mod info;
mod stream;
#[cfg(test)]
mod tests;
mod words;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ::redis::aio::MultiplexedConnection;
use ::redis::{AsyncConnectionConfig, Cmd, RedisConnectionInfo, Value, cmd};

use super::contained;
use super::tls::trust::Trust;
use super::tls::words as connection_words;
use super::token::{Held, Token};
use super::transport::Line;
use crate::config::ServerConfig;
use crate::config::credentials::{REDIS, redis_elsewhere};
use crate::domain::environment::Env;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::redis_server::{Counters, Lately, RedisServer};
use stream::Destination;

/// A whole look: connection, handshake, three answers.
const DEADLINE: Duration = Duration::from_secs(6);

/// Slow commands that are asked for.
const SLOW: usize = 25;

/// Looks closer together than this are not compared: a person's refresh would be judged by a handful of look-ups.
const APART: Duration = Duration::from_secs(10);

/// Counters older than this tell nothing of lately.
const OLD: Duration = Duration::from_secs(900);

/// Nodes whose counters are remembered.
const NODES: usize = 16;

/// The client of one server.
#[derive(Debug)]
pub struct Redis {
    destination: Result<Destination, Problem>,
    password: Token,
    trust: Arc<Trust>,
    line: Arc<Line>,
    deadline: Duration,
    /// Counters of an earlier look at each node, to tell what was counted since; and what was told last.
    earlier: Mutex<BTreeMap<Option<String>, Earlier>>,
}

#[derive(Clone, Copy, Debug)]
struct Earlier {
    at: Instant,
    counters: Counters,
    lately: Option<Lately>,
}

impl Redis {
    /// A client for `redis://[user@]host[:port][/db]`, or `rediss://` for TLS. No I/O yet; a URL that cannot be used is said when
    /// the server is asked.
    pub fn new(config: &ServerConfig, trust: Arc<Trust>, line: Arc<Line>) -> Self {
        Self {
            destination: Destination::of(config.url.as_deref().unwrap_or_default()),
            password: Token::new(&REDIS, config.password.clone()),
            trust,
            line,
            deadline: DEADLINE,
            earlier: Mutex::default(),
        }
    }

    /// A client of an environment that is not looked at: with a password of its own, never with that of another's server.
    pub(super) fn of_environment(
        env: Env,
        config: &ServerConfig,
        trust: Arc<Trust>,
        line: Arc<Line>,
    ) -> Self {
        Self {
            password: Token::new(redis_elsewhere(env), config.password.clone()),
            ..Self::new(config, trust, line)
        }
    }

    /// The same with another deadline for a whole look.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Looks at the server.
    ///
    /// # Errors
    /// Where it cannot be reached, does not speak Redis, or does not let us in. What alone is forbidden or unknown there (the slow
    /// log) is no error.
    pub async fn look(&self) -> Result<RedisServer, Problem> {
        self.line.track(self.within()).await
    }

    async fn within(&self) -> Result<RedisServer, Problem> {
        let to = self.destination.as_ref().map_err(Clone::clone)?;
        let what = format!("Cannot ask Redis at {}", to.host_and_port());
        let password = self.password.optional().await?;
        let answer = self.ask(to, password.as_ref(), &what);
        let answer = tokio::time::timeout(self.deadline, contained::ask(answer));
        let mut server = match answer.await {
            Ok(Err(panicked)) => return Err(words::unread(&what, panicked)),
            Ok(Ok(answer)) => answer.map_err(|p| {
                let told = self.password.hidden(p);
                if told.is_about_credentials() {
                    self.password.forget();
                }
                told
            })?,
            Err(_) => {
                return Err(connection_words::timeout(
                    "redis",
                    &what,
                    Some(self.deadline),
                ));
            }
        };
        let node = server.run_id.as_deref();
        server.lately = self.compare(node, server.counters, Instant::now());
        Ok(server)
    }

    async fn ask(
        &self,
        to: &Destination,
        password: Option<&Held>,
        what: &str,
    ) -> Result<RedisServer, Problem> {
        let (stream, ip) = to.open(&self.trust, what).await?;
        let said = |e| words::word(to, what, &e);
        // The crate would answer a refused password with words of its own: we sign in ourselves.
        let plain = RedisConnectionInfo::default().set_skip_set_lib_name();
        let config = AsyncConnectionConfig::new().set_response_timeout(Some(self.deadline));
        let (mut connection, driver) =
            MultiplexedConnection::new_with_config(&plain, stream, config)
                .await
                .map_err(said)?;
        let questions = async {
            to.sign_in(&mut connection, password).await.map_err(said)?;
            let text: String = cmd("INFO")
                .query_async(&mut connection)
                .await
                .map_err(said)?;
            let mut server = info::read(&text, to).map_err(|odd| match odd {
                info::Odd::NoInfo => words::no_redis(what),
                info::Odd::NoCount(name) => words::no_count(what, name),
            })?;
            // What a tunnel shows is its own end.
            server.ip = ip.filter(|ip| !ip.is_loopback()).map(|ip| ip.to_string());
            // A question that costs the server nothing tells how long an answer takes.
            let asked = Instant::now();
            let keys = cmd("DBSIZE").query_async(&mut connection).await;
            server.keys = keys.map_err(said)?;
            server.round_trip_ms = Some(asked.elapsed().as_secs_f64() * 1000.0);
            server.slow = slow(&mut connection).await.map_err(said)?;
            Ok(server)
        };
        tokio::pin!(driver, questions);
        tokio::select! {
            biased;
            answer = &mut questions => answer,
            // The connection is over: what was asked last is told why.
            () = &mut driver => questions.await,
        }
    }

    /// What was counted since an earlier look at the same node: a reader's endpoint leads to another one each time, and a primary's to
    /// another one after a failover.
    fn compare(&self, node: Option<&str>, counters: Counters, at: Instant) -> Option<Lately> {
        let mut all = self.earlier.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, e| at.duration_since(e.at) < OLD);
        let node = node.map(str::to_owned);
        if all.len() >= NODES && !all.contains_key(&node) {
            let oldest = all.iter().min_by_key(|(_, e)| e.at);
            if let Some(oldest) = oldest.map(|(node, _)| node.clone()) {
                all.remove(&oldest);
            }
        }
        let lately = match all.get(&node).copied() {
            None => None,
            Some(e) if counters.since(e.counters).is_none() => None,
            Some(e) if at.duration_since(e.at) < APART => return e.lately,
            Some(e) => counters.since(e.counters).map(|counters| Lately {
                counters,
                seconds: at.duration_since(e.at).as_secs_f64(),
            }),
        };
        let seen = Earlier {
            at,
            counters,
            lately,
        };
        all.insert(node, seen);
        lately
    }
}

/// The slow log; a server that forbids it, or does not know it, says so in words.
async fn slow(
    connection: &mut MultiplexedConnection,
) -> Result<Result<Vec<crate::domain::redis_server::SlowCommand>, String>, ::redis::RedisError> {
    let asked: Result<Value, _> = question("SLOWLOG", &["GET"])
        .arg(SLOW)
        .query_async(connection)
        .await;
    match asked {
        Ok(value) => Ok(Ok(info::slow(&value))),
        Err(e) => match words::withheld(&e) {
            Some(why) => Ok(Err(why)),
            None => Err(e),
        },
    }
}

fn question(name: &str, words: &[&str]) -> Cmd {
    let mut all = cmd(name);
    for word in words {
        all.arg(*word);
    }
    all
}

fn wrong(why: &str) -> Problem {
    Problem::new(
        ProblemKind::Config,
        "redis",
        "Redis cannot be asked",
        why,
        "Correct url in [redis]: redis://host:6379, or rediss:// for TLS.",
    )
}
