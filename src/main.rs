//! The program: reads its words, keeps its process in order, and hands over to the rooms.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;
use flightdeck::assemble;
use flightdeck::cli::exit::Exit;
use flightdeck::cli::{Cli, explain, paint};
use flightdeck::process::{self, crash};

fn main() -> ExitCode {
    crash::install();
    process::keep_memory_private();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let no_color = cli.globals.no_color;
    let exit = assemble::start(cli).unwrap_or_else(|problem| {
        let colour = paint::wanted(&std::io::stderr(), no_color);
        eprint!("{}", explain::lines(&problem, colour));
        Exit::of(&problem)
    });
    ExitCode::from(exit.code())
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
