//! `flightdeck stop SERVICE`: stop the running deployment.

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
    /// Leave things as they are instead of rolling back; AWS lists this way to stop, and does not document it
    #[arg(long)]
    no_rollback: bool,
    /// What the person agreed to beforehand.
    #[command(flatten)]
    pub consent: Consent,
}

impl Arguments {
    /// What is meant, once it is known which service is meant.
    pub async fn intent(&self, session: &mut Session) -> Result<Intent, Problem> {
        Ok(Intent::Stop {
            service: service_arg::resolve(&self.service, session).await?,
            rollback: !self.no_rollback,
        })
    }
}
