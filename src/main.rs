//! The program: reads its words, keeps its process in order, and hands over to the rooms.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;
use flightdeck::assemble;
use flightdeck::cli::exit::Exit;
use flightdeck::cli::{Cli, explain};
use flightdeck::domain::text::inert;
use flightdeck::process::{self, crash};

fn main() -> ExitCode {
    crash::install();
    process::keep_memory_private();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let (json, no_color) = (cli.globals.json, cli.globals.no_color);
    let exit = assemble::start(cli).unwrap_or_else(|problem| {
        explain::tell(&problem, json, no_color);
        Exit::of(&problem)
    });
    ExitCode::from(exit.code())
}

/// Help and version are no mistakes. A wrong word is 2, but for `status`, where 2 would mean "down".
fn usage(error: &clap::Error) -> ExitCode {
    // As they come: a word that is no text must not end us differently from any other wrong one.
    let words = || std::env::args_os().map(|w| w.to_string_lossy().into_owned());
    let said = |word: &str| words().any(|w| w == word);
    let asks_status = said("status");
    match explain::usage(error).filter(|_| said("--json")) {
        Some(problem) => explain::tell(&problem, true, said("--no-color")),
        // What was typed stands in it, and may hold what a terminal would obey.
        None if words().any(|w| inert(&w) != w) => {
            let text = error.render().to_string();
            for line in text.lines() {
                eprintln!("{}", inert(line));
            }
        }
        None => {
            let _ = error.print();
        }
    }
    match error.exit_code() {
        0 => ExitCode::SUCCESS,
        _ if asks_status => ExitCode::from(Exit::NO_ANSWER.code()),
        _ => ExitCode::from(Exit::REFUSED.code()),
    }
}
