//! Redis of the environments that are not looked at: what differs between environments shows without switching to each.

use std::sync::Arc;

use futures_util::future::join_all;

use super::Redis;
use crate::backend::tls::trust::Trust;
use crate::backend::transport::Line;
use crate::config::Elsewhere as Config;
use crate::domain::environment::Env;
use crate::domain::problem::Problem;
use crate::domain::redis_server::EnvRedis;

/// Clients, one an environment.
#[derive(Debug)]
pub struct Elsewhere(Vec<(Env, Redis)>);

impl Elsewhere {
    /// As configured. No I/O yet.
    pub fn new(all: &[Config], trust: &Arc<Trust>, line: &Arc<Line>) -> Self {
        let client = |c: &Config| {
            let client = Redis::of_environment(c.env, &c.server, trust.clone(), line.clone());
            (c.env, client)
        };
        Self(all.iter().map(client).collect())
    }

    /// Each environment's server, or why it tells nothing: that one cannot be asked says nothing of the others.
    ///
    /// # Errors
    /// None: failures stand beside their environment.
    pub async fn servers(&self) -> Result<Vec<EnvRedis>, Problem> {
        let asked = self.0.iter().map(|(env, client)| async move {
            EnvRedis {
                env: *env,
                server: client.look().await.map_err(|p| p.why),
            }
        });
        Ok(join_all(asked).await)
    }
}
