//! The program: reads its words, keeps its process in order, and hands over to the rooms.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;
use flightdeck::assemble;
use flightdeck::cli::exit::Exit;
use flightdeck::cli::{Cli, Command, explain};
use flightdeck::process::{self, crash};

fn main() -> ExitCode {
    crash::install();
    process::keep_memory_private();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let (json, no_color) = (cli.globals.json, cli.globals.no_color);
    let asks_status = matches!(cli.command, Some(Command::Status));
    let exit = assemble::start(cli).unwrap_or_else(|problem| {
        explain::tell(&problem, json, no_color);
        match asks_status {
            true => Exit::of_status(),
            false => Exit::of(&problem),
        }
    });
    ExitCode::from(exit.code())
}

/// Help and version are no mistakes. A wrong word is 2, but for `status`, where 2 would mean "down".
fn usage(error: &clap::Error) -> ExitCode {
    let Some(problem) = explain::usage(error) else {
        let _ = error.print();
        return ExitCode::SUCCESS;
    };
    // As they come: a word that is no text must not end us differently from any other wrong one.
    let words = || std::env::args_os().map(|w| w.to_string_lossy().into_owned());
    let said = |word: &str| words().any(|w| w == word);
    explain::tell(&problem, said("--json"), said("--no-color"));
    match said("status") {
        true => ExitCode::from(Exit::of_status().code()),
        false => ExitCode::from(Exit::of(&problem).code()),
    }
}
