//! `flightdeck rollback SERVICE`: go back to an earlier revision; a running deployment is stopped.

use clap::Args;

use super::consent::Consent;
use super::service_arg;
use super::session::Session;
use crate::domain::action::Intent;
use crate::domain::problem::Problem;

/// Arguments.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Name, or cluster/name
    service: String,
    /// Revision number; default: that of the last completed deployment before the present one
    #[arg(long, value_name = "REVISION", value_parser = revision)]
    to: Option<u32>,
    /// What the person agreed to beforehand.
    #[command(flatten)]
    pub consent: Consent,
}

impl Arguments {
    /// What is meant, once it is known which service is meant.
    pub async fn intent(&self, session: &mut Session) -> Result<Intent, Problem> {
        Ok(Intent::Rollback {
            service: service_arg::resolve(&self.service, session).await?,
            to: self.to,
        })
    }
}

/// A revision as people write it: `41`, `:41` or `api:41`.
fn revision(text: &str) -> Result<u32, String> {
    let number = text.rsplit(':').next().unwrap_or(text);
    number
        .parse()
        .map_err(|_| "expected a revision number, such as 41".into())
}
