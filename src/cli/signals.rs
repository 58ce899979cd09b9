//! Interrupts of commands that have no screen.

use tokio::signal::unix::{SignalKind, signal};

/// Waits for Ctrl-C, a request to end, or the terminal going away.
pub async fn stop() {
    let (Ok(mut int), Ok(mut term), Ok(mut hup)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
        signal(SignalKind::hangup()),
    ) else {
        // Without handlers the default stays: the signal ends the process.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = int.recv() => {}
        _ = term.recv() => {}
        _ = hup.recv() => {}
    }
}
