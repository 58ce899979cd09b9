//! The one place that puts the rooms together: reads the configuration, starts what a command needs, and hands it over.

use crate::cli::config::{self, Question};
use crate::cli::exit::Exit;
use crate::cli::out::Out;
use crate::cli::{Cli, Command};
use crate::domain::problem::Problem;

/// Runs the program's words.
///
/// # Errors
/// What could not be done, in words for people.
pub async fn run(cli: Cli) -> Result<Exit, Problem> {
    let globals = &cli.globals;
    let mut out = Out::stdout(globals.json, globals.no_color);
    match &cli.command {
        Some(Command::Config(Question::Check)) => {
            let exit = config::check(globals, &mut out)?;
            out.flush()?;
            Ok(exit)
        }
        Some(Command::Config(Question::Path)) => {
            let exit = config::path(globals, &mut out)?;
            out.flush()?;
            Ok(exit)
        }
        _ => Ok(Exit::NO_ANSWER),
    }
}
