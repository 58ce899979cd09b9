//! `flightdeck signoff CRITERION`: vouch for a criterion.

use clap::Args;

use super::consent::Consent;
use super::criterion_arg;
use super::session::Session;
use crate::domain::action::Intent;
use crate::domain::problem::Problem;

/// Arguments.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Criterion id, such as 2.1.c; flightdeck checklist shows them
    criterion: String,
    /// Why
    #[arg(long, alias = "reason")]
    why: String,
    /// Link to the evidence
    #[arg(long, default_value = "")]
    link: String,
    /// What the person agreed to beforehand.
    #[command(flatten)]
    pub consent: Consent,
}

impl Arguments {
    /// What is meant, if the plan knows it. Waits for what the probes say: who vouches for a criterion that fails should know.
    pub async fn intent(&self, session: &mut Session) -> Result<Intent, Problem> {
        let criterion = criterion_arg::known(&self.criterion, &session.config)?;
        session.look(Vec::new()).await?;
        Ok(Intent::SignOff {
            criterion,
            why: self.why.clone(),
            link: self.link.clone(),
        })
    }
}
