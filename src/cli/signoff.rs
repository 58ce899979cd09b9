//! `flightdeck signoff CRITERION`: vouch for a criterion.

use clap::Args;

use super::consent::Consent;
use crate::domain::action::Intent;

/// Arguments.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Criterion id, such as 2.1.c; flightdeck checklist shows them
    criterion: String,
    /// Why
    #[arg(long)]
    why: String,
    /// Link to the evidence
    #[arg(long, default_value = "")]
    link: String,
    /// What the person agreed to beforehand.
    #[command(flatten)]
    pub consent: Consent,
}

impl Arguments {
    /// What is meant.
    pub fn intent(&self) -> Intent {
        Intent::SignOff {
            criterion: self.criterion.clone(),
            why: self.why.clone(),
            link: self.link.clone(),
        }
    }
}
