//! The databases of the environments that are not looked at, asked for the version of their schema alone: what differs between
//! environments shows without switching to each.

use std::sync::Arc;

use futures_util::future::join_all;

use super::Postgres;
use crate::backend::tls::trust::Trust;
use crate::backend::transport::Line;
use crate::config::Elsewhere as Config;
use crate::domain::environment::Env;
use crate::domain::postgres::EnvSchema;
use crate::domain::problem::Problem;

/// Clients, one an environment.
#[derive(Debug)]
pub struct Elsewhere(Vec<(Env, Postgres)>);

impl Elsewhere {
    /// As configured. No I/O yet.
    pub fn new(all: &[Config], trust: &Arc<Trust>, line: &Arc<Line>) -> Self {
        let client = |c: &Config| {
            let client = Postgres::of_environment(c.env, &c.server, trust.clone(), line.clone());
            (c.env, client)
        };
        Self(all.iter().map(client).collect())
    }

    /// Each environment's schema, or why it is not known: that one cannot be asked says nothing of the others.
    ///
    /// # Errors
    /// None: failures stand beside their environment.
    pub async fn schemas(&self) -> Result<Vec<EnvSchema>, Problem> {
        let asked = self.0.iter().map(|(env, client)| async move {
            EnvSchema {
                env: *env,
                schema: client.schema().await.unwrap_or_else(|p| Err(p.why)),
            }
        });
        Ok(join_all(asked).await)
    }
}
