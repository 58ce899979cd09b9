//! PostgreSQL itself, asked over its own protocol (version 3) for what its statistics views know: a read-only session with short
//! time-outs, named `flightdeck`, opened for a look and closed after it. Nothing of the application's data is read, but for the
//! name of its newest migration where the role may read that.

mod connect;
pub mod elsewhere;
pub mod folder;
mod greeting;
#[cfg(test)]
mod hostile;
mod now;
mod relay;
mod schema;
mod shape;
mod sql;
#[cfg(test)]
mod tests;
mod words;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::contained;
use super::tls::trust::Trust;
use super::tls::words as connection_words;
use super::token::Token;
use super::transport::Line;
use crate::config::ServerConfig;
use crate::config::credentials::{POSTGRES, postgres_elsewhere};
use crate::domain::environment::Env;
use crate::domain::postgres::{PostgresNow, PostgresShape, SchemaVersion};
use crate::domain::problem::{Problem, ProblemKind};
use connect::{Destination, Session, Unoffered};

/// A look at the moment: connection, handshake, seven questions.
const NOW: Duration = Duration::from_secs(8);

/// A look at sizes and statements, which takes the server longer.
const SHAPE: Duration = Duration::from_secs(20);

/// The client of one server.
#[derive(Debug)]
pub struct Postgres {
    destination: Result<Destination, Problem>,
    password: Token,
    trust: Arc<Trust>,
    line: Arc<Line>,
    deadline: Option<Duration>,
    unoffered: Arc<Unoffered>,
}

impl Postgres {
    /// A client for `postgres://user@host[:port]/database[?sslmode=...]`. Without an `sslmode` (and without `PGSSLMODE`) a server
    /// on another machine must show a certificate that is trusted for its name. No I/O yet; a URL that cannot be used is said when
    /// the server is asked.
    pub fn new(config: &ServerConfig, trust: Arc<Trust>, line: Arc<Line>) -> Self {
        Self {
            destination: Destination::of(config.url.as_deref().unwrap_or_default()),
            password: Token::new(&POSTGRES, config.password.clone()),
            trust,
            line,
            deadline: None,
            unoffered: Arc::default(),
        }
    }

    /// A client of an environment that is not looked at: with a password of its own, never with that of another's server.
    pub(super) fn of_environment(
        env: Env,
        config: &ServerConfig,
        trust: Arc<Trust>,
        line: Arc<Line>,
    ) -> Self {
        let client = Self::new(config, trust, line);
        Self {
            destination: client.destination.map(Destination::without_common_password),
            password: Token::new(postgres_elsewhere(env), config.password.clone()),
            ..client
        }
    }

    /// The same with another deadline for a whole look.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Looks at connections, running statements, locks, replication.
    ///
    /// # Errors
    /// Where the server cannot be reached or does not let us in. What alone may not be seen stands in `unseen`.
    pub async fn now(&self) -> Result<PostgresNow, Problem> {
        let deadline = self.deadline.unwrap_or(NOW);
        let to = self.destination()?;
        self.look(deadline, async |session| now::ask(session, to).await)
            .await
    }

    /// Looks at sizes, statements, tables and indexes.
    ///
    /// # Errors
    /// As [`Self::now`].
    pub async fn shape(&self) -> Result<PostgresShape, Problem> {
        let deadline = self.deadline.unwrap_or(SHAPE);
        self.look(deadline, async |session| shape::ask(session).await)
            .await
    }

    /// Looks at the schema's version alone: the newest migrations, or why none is known.
    ///
    /// # Errors
    /// As [`Self::now`].
    pub async fn schema(&self) -> Result<Result<Vec<SchemaVersion>, String>, Problem> {
        let deadline = self.deadline.unwrap_or(NOW);
        self.look(deadline, async |session| schema::ask(session).await)
            .await
    }

    fn destination(&self) -> Result<&Destination, Problem> {
        self.destination.as_ref().map_err(|problem| {
            self.line.failed(problem);
            problem.clone()
        })
    }

    async fn look<T>(
        &self,
        deadline: Duration,
        ask: impl AsyncFnOnce(&mut Session) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let to = self.destination()?;
        let what = format!("Cannot ask PostgreSQL at {}", to.address());
        let whole = async {
            let password = self.password.optional().await?;
            let opened = to
                .open(
                    password.as_ref(),
                    &self.trust,
                    &what,
                    deadline,
                    self.unoffered.clone(),
                )
                .await;
            let mut session = opened.map_err(|p| {
                let told = self.password.hidden(p);
                if told.is_about_credentials() {
                    self.password.forget();
                }
                told
            })?;
            let answer = ask(&mut session).await;
            session.close().await;
            answer.map_err(|p| self.password.hidden(p))
        };
        self.line.track(within(deadline, &what, whole)).await
    }
}

async fn within<T>(
    deadline: Duration,
    what: &str,
    whole: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Problem> {
    match tokio::time::timeout(deadline, contained::ask(whole)).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(panicked)) => Err(words::unread(what, panicked)),
        Err(_) => Err(connection_words::timeout("postgres", what, Some(deadline))),
    }
}

fn wrong(why: &str) -> Problem {
    Problem::new(
        ProblemKind::Config,
        "postgres",
        "PostgreSQL cannot be asked",
        why,
        "Correct url in [postgres]: postgres://user@host:5432/database.",
    )
}
