//! The console on open rooms.

use std::sync::Arc;

use super::rooms::Rooms;
use crate::cli::exit::Exit;
use crate::config::Config;
use crate::domain::problem::{Problem, ProblemKind};
use crate::ui::{self, ConsoleError};

/// Opens the console; what was left under way is picked up.
///
/// # Errors
/// The terminal, the theme or the keymap cannot be used.
pub async fn open(config: Arc<Config>, rooms: Rooms) -> Result<Exit, Problem> {
    let engine = rooms.engine.clone();
    // In the background: the first frame does not wait for the journal.
    tokio::spawn(async move {
        if let Err(problem) = engine.reattach().await {
            tracing::warn!(%problem, "nothing was picked up from the journal");
        }
    });
    let ended = ui::run(config, rooms.watch.clone(), rooms.engine.clone()).await;
    rooms.close().await;
    match ended {
        Ok(()) => Ok(Exit::OK),
        Err(ConsoleError::Config(problem)) => Err(problem),
        Err(ConsoleError::Terminal(e)) => Err(Problem::new(
            ProblemKind::Refused,
            "terminal",
            "the console cannot open",
            format!("standard input and output must be a terminal ({e})"),
            "use a command such as `flightdeck status` where there is no terminal",
        )),
    }
}
