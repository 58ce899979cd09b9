//! `flightdeck withdraw CRITERION`: take a sign-off or waiver back.

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
    /// What the person agreed to beforehand.
    #[command(flatten)]
    pub consent: Consent,
}

impl Arguments {
    /// What is meant. A word on a criterion that the plan has no more can still be taken back; where there is none either, the
    /// id is a slip.
    pub async fn intent(&self, session: &Session) -> Result<Intent, Problem> {
        let intent = Intent::Withdraw {
            criterion: self.criterion.clone(),
            why: self.why.clone(),
        };
        if let Err(unknown) = criterion_arg::known(&self.criterion, &session.config) {
            let stands = session.engine.word_on(&self.criterion).await?;
            return if stands { Ok(intent) } else { Err(unknown) };
        }
        Ok(intent)
    }
}
