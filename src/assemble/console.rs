//! The console on open rooms.

use std::io::IsTerminal;
use std::sync::Arc;

use super::rooms::{Records, Rooms};
use crate::cli::exit::Exit;
use crate::config::Config;
use crate::domain::problem::{Problem, ProblemKind};
use crate::ui::{Console, ConsoleError, Ended};
use crate::watch::{self, Scope};

/// Opens the console: the first frame, then the rooms behind it; what was left under way is picked up.
///
/// # Errors
/// The terminal, the theme or the keymap cannot be used, or a room does not open.
pub async fn open(config: Arc<Config>) -> Result<Exit, Problem> {
    let console = Console::open(&config, watch::first(&config)).map_err(problem)?;
    // Where a room does not open, the console is dropped, and with it the terminal is as it was before the words come.
    let rooms = Rooms::open(&config, Scope::Everything, Records::Shown).await?;
    let engine = rooms.engine.clone();
    tokio::spawn(async move {
        if let Err(problem) = engine.reattach().await {
            tracing::warn!(%problem, "nothing was picked up from the journal");
        }
        crate::ui::defect::at("task");
    });
    let ended = console.run(rooms.watch.clone(), rooms.engine.clone()).await;
    rooms.close().await;
    let ended = ended.map(|how| match how {
        Ended::Left => Exit::OK,
        Ended::Signal(number) => Exit::by_signal(number),
    });
    ended.map_err(problem)
}

/// Refuses where there is no terminal to draw on, before anything is started or written: a pipe or a log must not get escape
/// sequences.
///
/// # Errors
/// `Refused`, with what to do instead.
pub fn check_terminal() -> Result<(), Problem> {
    let term = std::env::var("TERM").unwrap_or_default();
    match (
        std::io::stdin().is_terminal(),
        std::io::stdout().is_terminal(),
    ) {
        (true, true) if term == "dumb" => Err(no_terminal(
            "TERM is dumb: this terminal cannot move its cursor",
        )),
        (true, true) => Ok(()),
        (false, true) => Err(no_terminal("standard input is no terminal")),
        (true, false) => Err(no_terminal("standard output is no terminal")),
        (false, false) => Err(no_terminal("standard input and output are no terminal")),
    }
}

fn no_terminal(why: &str) -> Problem {
    Problem::new(
        ProblemKind::Refused,
        "terminal",
        "the console cannot open",
        why,
        "ask without it: flightdeck status, or flightdeck status --json (flightdeck --help lists the commands)",
    )
}

fn problem(error: ConsoleError) -> Problem {
    match error {
        ConsoleError::Config(problem) => problem,
        ConsoleError::Terminal(e) => no_terminal(&format!("the terminal cannot be used: {e}")),
    }
}
