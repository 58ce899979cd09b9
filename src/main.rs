//! The program: reads its words, keeps its process in order, and hands over to the rooms.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;
use flightdeck::assemble;
use flightdeck::cli::exit::Exit;
use flightdeck::cli::{Cli, explain, paint};
use flightdeck::domain::problem::{Problem, ProblemKind};
use flightdeck::process::{self, crash, log};

fn main() -> ExitCode {
    crash::install();
    process::keep_memory_private();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let no_color = cli.globals.no_color;
    let exit = start(cli).unwrap_or_else(|problem| {
        let colour = paint::wanted(&std::io::stderr(), no_color);
        eprint!("{}", explain::lines(&problem, colour));
        Exit::of(&problem)
    });
    ExitCode::from(exit.code())
}

fn start(cli: Cli) -> Result<Exit, Problem> {
    if let Some(file) = &cli.globals.log {
        log::install(file)?;
    }
    process::install_tls();
    // Two workers: one for the clients' work, so that the other is free for a key.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
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
    let exit = runtime.block_on(assemble::run(cli));
    // Nothing that is still waiting for an answer keeps the shell waiting.
    runtime.shutdown_background();
    tracing::info!(
        code = exit.as_ref().map_or(-1, |e| i32::from(e.code())),
        "ended"
    );
    exit
}

/// Help and version are no mistakes. A wrong word is 2, but for `status`, where 2 would mean "down".
fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    let asks_status = std::env::args().any(|word| word == "status");
    match error.exit_code() {
        0 => ExitCode::SUCCESS,
        _ if asks_status => ExitCode::from(Exit::NO_ANSWER.code()),
        _ => ExitCode::from(Exit::REFUSED.code()),
    }
}
