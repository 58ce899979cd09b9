//! `flightdeck waive CRITERION`: accept a criterion as missing for a time.

use clap::Args;
use jiff::Timestamp;

use super::consent::Consent;
use super::criterion_arg;
use super::session::Session;
use super::span;
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
    /// Until when: a length (30d), a date (to the end of that day, UTC) or a time
    #[arg(long, value_parser = span::until)]
    until: Timestamp,
    /// What the person agreed to beforehand.
    #[command(flatten)]
    pub consent: Consent,
}

impl Arguments {
    /// What is meant, if the plan knows it.
    pub fn intent(&self, session: &Session) -> Result<Intent, Problem> {
        Ok(Intent::Waive {
            criterion: criterion_arg::known(&self.criterion, &session.config)?,
            why: self.why.clone(),
            until: self.until,
        })
    }
}
