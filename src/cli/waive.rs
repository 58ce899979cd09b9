//! `flightdeck waive CRITERION`: accept a criterion as missing for a time.

use clap::Args;
use jiff::Timestamp;

use super::consent::Consent;
use super::span;
use crate::domain::action::Intent;

/// Arguments.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Criterion id, such as 2.1.c; flightdeck checklist shows them
    criterion: String,
    /// Why
    #[arg(long)]
    why: String,
    /// Until when: a length (30d), a date or a time
    #[arg(long, value_parser = span::until)]
    until: Timestamp,
    /// What the person agreed to beforehand.
    #[command(flatten)]
    pub consent: Consent,
}

impl Arguments {
    /// What is meant.
    pub fn intent(&self) -> Intent {
        Intent::Waive {
            criterion: self.criterion.clone(),
            why: self.why.clone(),
            until: self.until,
        }
    }
}
