//! What every verb that changes something takes: look only, or do it without asking.

use clap::Args;

/// What a person agreed to before anything was asked.
#[derive(Args, Clone, Copy, Debug)]
pub struct Consent {
    /// Show what it would do, and change nothing
    #[arg(long)]
    pub preview: bool,
    /// Do it without asking
    #[arg(long, short, conflicts_with = "preview")]
    pub yes: bool,
}
