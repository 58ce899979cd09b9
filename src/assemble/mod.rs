//! The one place that puts the rooms together: reads the configuration, starts what a command needs, and hands it over.

mod console;
mod demo;
mod ledger;
mod rooms;

use crate::cli::config::{self, Question};
use crate::cli::exit::Exit;
use crate::cli::globals::Globals;
use crate::cli::out::Out;
use crate::cli::{Cli, Command, audit};
use crate::config::{Config, load};
use crate::domain::problem::Problem;
use crate::store::Store;

/// Runs the program's words.
///
/// # Errors
/// What could not be done, in words for people.
pub async fn run(cli: Cli) -> Result<Exit, Problem> {
    let globals = &cli.globals;
    let mut out = Out::stdout(globals.json, globals.no_color);
    let exit = match &cli.command {
        Some(Command::Config(Question::Check)) => config::check(globals, &mut out)?,
        Some(Command::Config(Question::Path)) => config::path(globals, &mut out)?,
        Some(Command::Audit(args)) => {
            let config = configuration(globals)?;
            let store = Store::open(&config).await?;
            let exit = audit::run(args, &config.environment, &store, &mut out).await;
            store.close().await;
            exit?
        }
        None | Some(Command::Demo) => {
            let demo = globals.demo || matches!(cli.command, Some(Command::Demo));
            return console::open(rooms(globals, demo).await?).await;
        }
        Some(Command::Sandbox(args)) => {
            return console::serve(console::options(args, globals.speed)?).await;
        }
        _ => Exit::NO_ANSWER,
    };
    out.flush()?;
    Ok(exit)
}

/// The configuration of one run: the file under its environment, then the flags.
fn configuration(globals: &Globals) -> Result<Config, Problem> {
    let mut config = load::load(globals.config.as_deref(), globals.env.as_deref())?;
    globals.lay_over(&mut config);
    Ok(config)
}

/// The rooms of one run, on the account that the configuration names or on the embedded platform.
async fn rooms(globals: &Globals, demo: bool) -> Result<rooms::Rooms, Problem> {
    if !demo {
        return rooms::Rooms::build(configuration(globals)?, None).await;
    }
    let mut config = Config::default();
    globals.lay_over(&mut config);
    let options = crate::sandbox::Options {
        speed: globals.speed.unwrap_or(1.0),
        ..crate::sandbox::Options::default()
    };
    let demo = demo::Demo::start(options, &mut config).await?;
    rooms::Rooms::build(config, Some(demo)).await
}
