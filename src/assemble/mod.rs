//! The one place that puts the rooms together: reads the configuration, starts what a command needs, and hands it over.

mod console;
pub mod demo;
mod ledger;
mod rooms;
mod sandbox;
mod starter;

use std::sync::Arc;

use crate::backend::postgres;
use crate::cli::config::{self, Question};
use crate::cli::exit::Exit;
use crate::cli::globals::Globals;
use crate::cli::out::Out;
use crate::cli::session::Session;
use crate::cli::{self, Cli, Command, audit, login};
use crate::config::{Config, faces, load};
use crate::domain::problem::{Problem, ProblemKind};
use crate::process::{self, log};
use crate::sandbox::Sandbox;
use crate::store::Store;
use crate::ui::worn;
use crate::watch::Scope;
use rooms::{Records, Rooms};

/// Starts what a process needs and runs the program's words. Here and not in `main.rs`, so that the whole program is compiled
/// once, with the library.
///
/// # Errors
/// What could not be done, in words for people.
pub fn start(cli: Cli) -> Result<Exit, Problem> {
    if let Some(file) = &cli.globals.log {
        log::install(file)?;
    }
    process::install_tls();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers(&cli))
        .enable_all()
        .build()
        .map_err(|e| {
            Problem::new(
                ProblemKind::Internal,
                "process",
                "cannot start",
                e.to_string(),
                "free some threads or memory, then try again",
            )
        })?;
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "started");
    let exit = runtime.block_on(run(cli));
    // Nothing that is still waiting for an answer keeps the shell waiting.
    runtime.shutdown_background();
    postgres::folder::leave();
    tracing::info!(
        code = exit.as_ref().map_or(-1, |e| i32::from(e.code())),
        "ended"
    );
    exit
}

/// Threads for what is done behind the faces. One is enough to ask and to join, and wakes the machine least; keys and frames have
/// the first thread for themselves. The embedded platform works beside it.
fn workers(cli: &Cli) -> usize {
    let embedded =
        cli.globals.demo || matches!(cli.command, Some(Command::Demo | Command::Sandbox(_)));
    if embedded { 2 } else { 1 }
}

/// Runs the program's words.
///
/// # Errors
/// What could not be done, in words for people.
async fn run(cli: Cli) -> Result<Exit, Problem> {
    let globals = &cli.globals;
    let mut out = Out::stdout(globals.json, globals.no_color);
    match &cli.command {
        None if globals.json => Err(no_json()),
        None => open(globals, globals.demo).await,
        Some(Command::Demo) if globals.json => Err(no_json()),
        Some(Command::Demo) => open(globals, true).await,
        Some(Command::Sandbox(args)) => sandbox::serve(args, globals, &mut out).await,
        Some(Command::Config(Question::Init { force })) => {
            starter::write(*force, globals, out).await
        }
        Some(Command::Config(Question::Check)) => {
            finish(config::check(globals, &mut out, worn::check)?, out)
        }
        Some(Command::Config(Question::Path)) => finish(config::path(globals, &mut out)?, out),
        Some(Command::Config(Question::Trust)) => finish(config::trust(globals, &mut out)?, out),
        Some(Command::Login(args)) => finish(login::login(args, &mut out)?, out),
        Some(Command::Logout(args)) => finish(login::logout(args, &mut out)?, out),
        Some(Command::Audit(args)) => {
            let (config, _sandbox) = configuration(globals, globals.demo).await?;
            let store = Store::open_to_read(&config).await?;
            let chain = audit::Chain {
                environment: &config.environment,
                is_fleeting: config.demo && config.store.is_none(),
            };
            let exit = audit::run(args, chain, &store, &mut out).await;
            store.close().await;
            finish(exit?, out)
        }
        Some(command) => answer(command, globals, out).await,
    }
}

fn finish(exit: Exit, mut out: Out) -> Result<Exit, Problem> {
    out.flush()?;
    Ok(exit)
}

/// The configuration of one run: the file under its environment, then the flags; or the sandbox's, with the sandbox.
async fn configuration(
    globals: &Globals,
    demo: bool,
) -> Result<(Arc<Config>, Option<Sandbox>), Problem> {
    faces::THEME.check(globals.theme.as_deref())?;
    faces::KEYMAP.check(globals.keymap.as_deref())?;
    let (mut config, platform) = if demo {
        let (config, platform) = demo::start(globals).await?;
        (config, Some(platform))
    } else {
        (
            load::load(globals.config.as_deref(), globals.env.as_deref())?,
            None,
        )
    };
    globals.lay_over(&mut config);
    Ok((Arc::new(config), platform))
}

fn no_json() -> Problem {
    Problem::new(
        ProblemKind::Refused,
        "terminal",
        "the console does not write JSON",
        "--json was given without a command",
        "name a command: flightdeck status --json (flightdeck --help lists them)",
    )
}

/// The console.
async fn open(globals: &Globals, demo: bool) -> Result<Exit, Problem> {
    console::check_terminal()?;
    let (config, _sandbox) = configuration(globals, demo).await?;
    console::open(config).await
}

/// A command that asks the platform or changes it.
async fn answer(command: &Command, globals: &Globals, out: Out) -> Result<Exit, Problem> {
    let (config, _sandbox) = configuration(globals, globals.demo).await?;
    let records = match (command.is_verb(), command.reads_store()) {
        (true, _) => Records::Needed,
        (false, true) => Records::Shown,
        (false, false) => Records::None,
    };
    let (mut session, rooms) = session(config, command.scope(), records, out).await?;
    let exit = cli::run(command, &mut session).await;
    rooms.close().await;
    exit
}

/// Opens the rooms, and what a command works with in them.
async fn session(
    config: Arc<Config>,
    scope: Scope,
    records: Records,
    out: Out,
) -> Result<(Session, Rooms), Problem> {
    let rooms = Rooms::open(&config, scope, records).await?;
    let session = Session {
        config,
        watch: rooms.watch.clone(),
        engine: rooms.engine.clone(),
        out,
    };
    Ok((session, rooms))
}
