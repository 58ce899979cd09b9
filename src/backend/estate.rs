//! The clients of the rest of the estate, with their lines: one field and one line of [`Estate::new`] a system.

use std::sync::Arc;

use super::aws::Aws;
use super::aws::secretsmanager::SecretsManager;
use super::aws::signed::Signed;
use super::slack::Slack;
use super::transport::{Courier, Line};
use crate::config::Config;

/// The clients.
#[derive(Debug)]
pub struct Estate {
    /// AWS Secrets Manager.
    pub secretsmanager: SecretsManager,
    /// Slack.
    pub slack: Slack,
    /// The line of each, in the order shown.
    pub lines: Vec<Arc<Line>>,
}

impl Estate {
    /// Names of the lines that the configuration asks for.
    pub fn in_use(&self) -> Vec<&'static str> {
        let asked = self.lines.iter().filter(|l| l.is_configured());
        asked.map(|l| l.name()).collect()
    }

    /// Makes the clients; no network I/O.
    pub fn new(config: &Config, aws: &Arc<Aws>, courier: &Arc<Courier>) -> Self {
        let mut lines = Vec::new();
        let mut line = |name: &'static str, configured: bool| {
            let line = Arc::new(Line::new(name, config.read_only, configured));
            lines.push(line.clone());
            line
        };
        let signed = Arc::new(Signed::new(aws.clone(), courier.clone()));
        Self {
            secretsmanager: SecretsManager::new(signed.clone(), line("secretsmanager", true)),
            slack: Slack::new(
                &config.slack,
                courier.clone(),
                line("slack", config.slack.is_configured()),
            ),
            lines,
        }
    }
}
