//! Writes frames from a thread of its own. A terminal that does not read (stopped SSH, copy mode) holds up that thread and
//! nothing else: while it is busy no further frame is made, so nothing queues and memory does not grow.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use tokio::sync::Notify;

use super::guard::is_taken;

/// Hands finished frames to the terminal.
#[derive(Debug)]
pub struct Writer {
    frames: SyncSender<Vec<u8>>,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    busy: AtomicBool,
    failed: AtomicBool,
    idle: Notify,
}

impl Writer {
    /// Starts the thread.
    pub fn start() -> io::Result<Self> {
        let (frames, inbox) = sync_channel::<Vec<u8>>(1);
        let state = Arc::new(State::default());
        let shared = state.clone();
        thread::Builder::new()
            .name("terminal-writer".into())
            .spawn(move || {
                while let Ok(frame) = inbox.recv() {
                    // Held from the question to the last byte: who gives the terminal back waits for it, or came first.
                    let wrote = put(&mut io::stdout().lock(), &frame, is_taken);
                    if wrote.is_err() {
                        shared.failed.store(true, Ordering::SeqCst);
                    }
                    shared.busy.store(false, Ordering::SeqCst);
                    shared.idle.notify_one();
                }
            })?;
        Ok(Self { frames, state })
    }

    /// Whether the last frame is still being written: then make no new one.
    pub fn is_busy(&self) -> bool {
        self.state.busy.load(Ordering::SeqCst)
    }

    /// Whether the terminal refused bytes: it is gone.
    pub fn has_failed(&self) -> bool {
        self.state.failed.load(Ordering::SeqCst)
    }

    /// Waits until a frame has been written.
    pub async fn wrote(&self) {
        self.state.idle.notified().await;
    }

    /// Hands over a frame. Must not be called while busy.
    pub fn write(&self, frame: Vec<u8>) {
        self.state.busy.store(true, Ordering::SeqCst);
        if self.frames.try_send(frame).is_err() {
            self.state.failed.store(true, Ordering::SeqCst);
            self.state.busy.store(false, Ordering::SeqCst);
        }
    }
}

/// Writes a frame where the terminal is ours still.
fn put(to: &mut impl Write, frame: &[u8], is_ours: impl FnOnce() -> bool) -> io::Result<()> {
    if !is_ours() {
        return Ok(());
    }
    to.write_all(frame)?;
    to.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_painted_on_a_terminal_that_was_given_back() {
        let mut screen = Vec::new();
        put(&mut screen, b"frame", || true).unwrap();
        put(&mut screen, b"late", || false).unwrap();
        assert_eq!(screen, b"frame");
    }
}
