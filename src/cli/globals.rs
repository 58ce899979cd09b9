//! Flags that every command takes, and what they make of the configuration.

use std::path::PathBuf;

use clap::Args;

use crate::config::Config;

/// Global flags.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Global options")]
pub struct Globals {
    /// JSON instead of text: an object with a schema version
    #[arg(long, global = true)]
    pub json: bool,
    /// On the embedded sandbox; nothing else is needed or touched
    #[arg(long, global = true)]
    pub demo: bool,
    /// How many times faster than real time the sandbox lives
    #[arg(long, global = true, value_name = "N", value_parser = speed)]
    pub speed: Option<f64>,
    /// Configuration file; default: $FLIGHTDECK_CONFIG, ./flightdeck.toml, then the user's
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Environment of the configuration file
    #[arg(long, global = true, value_name = "NAME")]
    pub env: Option<String>,
    /// Let no request out that changes anything
    #[arg(long, global = true)]
    pub read_only: bool,
    /// Theme of the console
    #[arg(long, global = true, value_name = "NAME")]
    pub theme: Option<String>,
    /// Keymap of the console
    #[arg(long, global = true, value_name = "NAME")]
    pub keymap: Option<String>,
    /// No colour at all, as with NO_COLOR
    #[arg(long, global = true)]
    pub no_color: bool,
    /// Write what happens to this file
    #[arg(long, global = true, value_name = "FILE")]
    pub log: Option<PathBuf>,
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(n) if n.is_finite() && (0.01..=1_000.0).contains(&n) => Ok(n),
        _ => Err("expected a number from 0.01 to 1000, such as 10".into()),
    }
}

impl Globals {
    /// Lays the flags over a configuration; a flag wins over the file.
    pub fn lay_over(&self, config: &mut Config) {
        config.read_only |= self.read_only;
        config.ui.no_color |=
            self.no_color || std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        if self.theme.is_some() {
            config.ui.theme.clone_from(&self.theme);
        }
        if self.keymap.is_some() {
            config.ui.keymap.clone_from(&self.keymap);
        }
    }
}
