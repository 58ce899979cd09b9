//! The console on open rooms.

use std::sync::Arc;

use super::rooms::{Records, Rooms};
use crate::cli::exit::Exit;
use crate::config::Config;
use crate::domain::problem::{Problem, ProblemKind};
use crate::ui::{Console, ConsoleError};
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
    });
    let ended = console.run(rooms.watch.clone(), rooms.engine.clone()).await;
    rooms.close().await;
    ended.map(|()| Exit::OK).map_err(problem)
}

fn problem(error: ConsoleError) -> Problem {
    match error {
        ConsoleError::Config(problem) => problem,
        ConsoleError::Terminal(e) => Problem::new(
            ProblemKind::Refused,
            "terminal",
            "the console cannot open",
            format!("standard input and output must be a terminal ({e})"),
            "use a command such as `flightdeck status` where there is no terminal",
        ),
    }
}
