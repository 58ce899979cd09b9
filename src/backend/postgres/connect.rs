//! The way to a server: its URL, TLS, and a session that can change nothing.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgRow, PgSslMode};
use sqlx::{ConnectOptions, Connection, PgConnection, SqlSafeStr};

use super::relay::{Ended, NoWay, Relay};
use super::{words, wrong};
use crate::backend::tls::trust::Trust;
use crate::backend::token::Held;
use crate::domain::problem::Problem;

/// Waits for a lock are given up after this: statistics must never queue up behind a migration.
const LOCKS_MS: u64 = 1_000;

/// After this, what a server did not offer is asked for anew: by then it may be another one, or another version.
const ANEW: Duration = Duration::from_secs(24 * 3_600);

/// Parts that a server said it does not offer, and when: asked in each round, each would be an ERROR in its log twice a minute.
pub(super) type Unoffered = Mutex<BTreeMap<String, Instant>>;

/// Where a server is and how to sign in.
#[derive(Clone)]
pub(super) struct Destination {
    options: PgConnectOptions,
    /// Roots are only needed where a certificate is judged, and none are named in the URL.
    judges: bool,
}

impl std::fmt::Debug for Destination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.address())
    }
}

impl Destination {
    /// Reads a URL; the rest comes from the environment as with the vendor's own tools (`PGUSER`, `PGSSLMODE`, the password file).
    pub(super) fn of(url: &str) -> Result<Self, Problem> {
        let Some(("postgres" | "postgresql", rest)) = url.split_once("://") else {
            return Err(wrong("the URL does not begin with postgres://"));
        };
        // The reason that the parser gives may quote the URL, and with it a password.
        let mut options =
            PgConnectOptions::from_str(url).map_err(|_| wrong("the URL cannot be read"))?;
        if rest.is_empty() {
            return Err(wrong("the URL names no host"));
        }
        let said = |name: &str| {
            let query = rest.split_once('?').map_or("", |(_, q)| q);
            query
                .split('&')
                .any(|pair| pair.split('=').next() == Some(name))
        };
        let mode_said =
            said("sslmode") || said("ssl-mode") || std::env::var_os("PGSSLMODE").is_some();
        let roots_said = ["sslrootcert", "ssl-root-cert", "ssl-ca"]
            .into_iter()
            .any(said)
            || std::env::var_os("PGSSLROOTCERT").is_some();
        if !mode_said && !is_near(&options) {
            options = options.ssl_mode(PgSslMode::VerifyFull);
        }
        let judged = matches!(
            options.get_ssl_mode(),
            PgSslMode::VerifyCa | PgSslMode::VerifyFull
        );
        Ok(Self {
            options,
            judges: judged && !roots_said,
        })
    }

    /// The same without `PGPASSWORD`, which is the password of the server that is looked at. What the password file names for this
    /// one is its own.
    pub(super) fn without_common_password(self) -> Self {
        if std::env::var_os("PGPASSWORD").is_none() {
            return self;
        }
        Self {
            options: self.options.password(""),
            ..self
        }
    }

    /// `db.example:5432/laser`, or the folder of the socket in place of the host.
    pub(super) fn address(&self) -> String {
        let o = &self.options;
        let host = match o.get_socket() {
            Some(folder) => folder.display().to_string(),
            None if o.get_host().contains(':') && !o.get_host().starts_with('[') => {
                format!("[{}]", o.get_host())
            }
            None => o.get_host().to_owned(),
        };
        let database = o.get_database().unwrap_or_else(|| o.get_username());
        format!("{host}:{}/{database}", o.get_port())
    }

    /// Whether it is on this machine.
    #[cfg(test)]
    pub(super) fn is_near(&self) -> bool {
        is_near(&self.options)
    }

    /// Whether a certificate is judged.
    #[cfg(test)]
    pub(super) fn mode(&self) -> PgSslMode {
        self.options.get_ssl_mode()
    }

    /// Opens a session. Its read-only mode and time-outs are part of its start, so that no pooler can carry them over to others; that
    /// one may leave them out altogether shows in [`super::sql::SERVER`].
    pub(super) async fn open(
        &self,
        password: Option<&Held>,
        trust: &Trust,
        what: &str,
        deadline: Duration,
        unoffered: Arc<Unoffered>,
    ) -> Result<Session, Problem> {
        let milliseconds = |d: Duration| d.as_millis().max(1).to_string();
        // A little earlier than we give up: the server then says so itself, and does not go on for nobody.
        let statement = milliseconds(deadline.mul_f64(0.7));
        let mut options = self
            .options
            .clone()
            .application_name("flightdeck")
            .extra_float_digits(None)
            .statement_cache_capacity(0)
            .disable_statement_logging()
            .options([
                ("default_transaction_read_only", "on"),
                ("statement_timeout", statement.as_str()),
                ("lock_timeout", LOCKS_MS.to_string().as_str()),
                (
                    "idle_in_transaction_session_timeout",
                    milliseconds(deadline).as_str(),
                ),
            ]);
        if let Some(password) = password {
            options = options.password(password.reveal());
        }
        if self.judges {
            options = options.ssl_root_cert_from_pem(trust.pem());
        }
        let way = Relay::to(options).await;
        let (relay, options) = way.map_err(|e| match e {
            NoWay::Server(e) => words::word(what, &e.into()),
            NoWay::Room(e) => words::no_room(what, &e),
        })?;
        let opened = PgConnection::connect_with(&options).await;
        let connection = opened.map_err(|e| worded(what, &relay, &e))?;
        Ok(Session {
            connection,
            relay,
            what: what.to_owned(),
            unseen: Vec::new(),
            unoffered,
        })
    }
}

/// Whether the server is on this machine: what nobody can listen in on needs no TLS.
fn is_near(options: &PgConnectOptions) -> bool {
    let host = options.get_host().trim_matches(['[', ']']);
    let loopback = host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    options.get_socket().is_some() || host.starts_with('/') || host == "localhost" || loopback
}

fn worded(what: &str, relay: &Relay, error: &sqlx::Error) -> Problem {
    match relay.ended() {
        Some(Ended::Endless) => words::endless(what),
        Some(Ended::Starved) => words::starved(what),
        Some(Ended::Rounds(rounds)) => words::too_many_rounds(what, rounds),
        Some(Ended::Cut(kind)) if matches!(error, sqlx::Error::Io(_)) => words::cut(what, kind),
        _ => words::word(what, error),
    }
}

/// A session with the questions that it could not answer.
pub(super) struct Session {
    connection: PgConnection,
    relay: Relay,
    what: String,
    /// What could not be asked or seen: a line each.
    pub(super) unseen: Vec<String>,
    unoffered: Arc<Unoffered>,
}

impl Session {
    /// The rows of one statement.
    pub(super) async fn rows(&mut self, sql: impl SqlSafeStr) -> Result<Vec<PgRow>, sqlx::Error> {
        sqlx::query(sql)
            .persistent(false)
            .fetch_all(&mut self.connection)
            .await
    }

    /// The rows of a statement without which the rest means nothing.
    pub(super) async fn must(&mut self, sql: impl SqlSafeStr) -> Result<Vec<PgRow>, Problem> {
        let answer = self.rows(sql).await;
        answer.map_err(|e| worded(&self.what, &self.relay, &e))
    }

    /// The rows of a statement that the role may not be allowed, or that this server may not know: none then, and a line that says
    /// so.
    pub(super) async fn may(
        &mut self,
        part: &str,
        sql: impl SqlSafeStr,
    ) -> Result<Vec<PgRow>, Problem> {
        let answer = self.told(part, sql).await?;
        Ok(answer.unwrap_or_default())
    }

    /// The same, or why there are none; the line that says so is written all the same.
    pub(super) async fn told(
        &mut self,
        part: &str,
        sql: impl SqlSafeStr,
    ) -> Result<Result<Vec<PgRow>, String>, Problem> {
        let why = match self.is_unoffered(part) {
            true => words::UNOFFERED.to_owned(),
            false => match self.rows(sql).await {
                Ok(rows) => return Ok(Ok(rows)),
                Err(e) => {
                    let why = words::withheld(&e);
                    let why = why.ok_or_else(|| worded(&self.what, &self.relay, &e))?;
                    if why == words::UNOFFERED {
                        self.known().insert(part.to_owned(), Instant::now());
                    }
                    why
                }
            },
        };
        self.unseen.push(format!("{part}: {why}"));
        Ok(Err(why))
    }

    fn is_unoffered(&self, part: &str) -> bool {
        let known = self.known();
        known.get(part).is_some_and(|at| at.elapsed() < ANEW)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Instant>> {
        self.unoffered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Words an answer that cannot be read.
    pub(super) fn unreadable(&self, error: &sqlx::Error) -> Problem {
        words::word(&self.what, error)
    }

    /// Says goodbye; the server forgets the session at once.
    pub(super) async fn close(self) {
        // It ends with the connection in any case.
        let _ = self.connection.close().await;
        self.relay.end().await;
    }
}
