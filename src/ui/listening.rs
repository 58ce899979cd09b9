//! What the terminal tells, and that it is gone, heard on threads of their own: its readers block.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crossterm::event::Event;
use jiff::Timestamp;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use tokio::sync::{mpsc, oneshot};

use super::msg::Msg;

/// Ages go in steps of ten seconds and the clock in minutes: while nothing counts seconds, this is often enough to look.
pub(super) const AGES_S: i64 = 5;

/// What is drawn of a terminal: no wall is larger than a thousand columns and five hundred rows, and one that says so may say anything.
pub(super) fn drawn((columns, rows): (u16, u16)) -> (u16, u16) {
    (columns.min(1_000), rows.min(500))
}

/// Reads the terminal's events on a thread of its own: crossterm's reader blocks.
pub(super) fn read_events(tx: mpsc::Sender<Msg>) -> io::Result<()> {
    std::thread::Builder::new()
        .name("terminal-reader".into())
        .spawn(move || {
            while let Ok(event) = crossterm::event::read() {
                let msg = match event {
                    Event::Key(key) => Msg::Key(key),
                    Event::Paste(text) => Msg::Paste(text),
                    Event::Mouse(mouse) => Msg::Mouse(mouse),
                    Event::Resize(columns, rows) => {
                        let (columns, rows) = drawn((columns, rows));
                        Msg::Resize(columns, rows)
                    }
                    Event::FocusGained | Event::FocusLost => continue,
                };
                if tx.blocking_send(msg).is_err() {
                    return;
                }
            }
        })?;
    Ok(())
}

/// When ages and clocks were brought up to date last.
pub(super) fn last(ticked: &AtomicI64) -> Timestamp {
    Timestamp::from_millisecond(ticked.load(Ordering::Relaxed)).unwrap_or_default()
}

/// The screen's clock from a thread of its own, where timers do not come: something keeps the runtime busy, and what is shown gets old.
fn tick(tx: &mpsc::Sender<Msg>, ticked: &AtomicI64) {
    let now = Timestamp::now();
    if now.as_millisecond() - ticked.load(Ordering::Relaxed) > 2_000 * AGES_S {
        let _ = tx.try_send(Msg::Tick(now));
    }
}

/// Tells when the terminal is gone. The event reader cannot be trusted to notice it, and spins until the process ends
/// (crossterm #793); a terminal that is not the controlling one sends no signal either.
pub(super) fn watch(
    clock: mpsc::Sender<Msg>,
    ticked: Arc<AtomicI64>,
) -> io::Result<oneshot::Receiver<()>> {
    let (tx, rx) = oneshot::channel();
    let late = Timespec {
        tv_sec: 2 * AGES_S,
        tv_nsec: 0,
    };
    std::thread::Builder::new()
        .name("terminal-watch".into())
        .spawn(move || {
            let input = io::stdin();
            // No event is asked for: hang-ups and errors are always told.
            let mut terminal = [PollFd::new(&input, PollFlags::empty())];
            loop {
                match poll(&mut terminal, Some(&late)) {
                    Ok(0) => tick(&clock, &ticked),
                    Err(Errno::INTR) => {}
                    _ => break,
                }
            }
            if terminal
                .iter()
                .any(|t| t.revents().intersects(PollFlags::HUP | PollFlags::ERR))
            {
                let _ = tx.send(());
                return;
            }
            // Where a terminal cannot be polled (macOS), the look once a second has to do.
            while !tx.is_closed() {
                std::thread::park();
            }
        })?;
    Ok(rx)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_timers_do_not_come_the_screen_gets_old_all_the_same() {
        let (tx, mut messages) = mpsc::channel(1);
        let ticked = |ago_s| AtomicI64::new(Timestamp::now().as_millisecond() - 1_000 * ago_s);
        tick(&tx, &ticked(AGES_S));
        assert!(messages.try_recv().is_err(), "timers come");
        tick(&tx, &ticked(5 * AGES_S));
        assert!(matches!(messages.try_recv(), Ok(Msg::Tick(_))));
    }
}
