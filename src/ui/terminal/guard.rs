//! Takes the terminal and gives it back as it was, whatever happens.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crossterm::{cursor, event, execute, queue, terminal};

use crate::domain::contained;

static TAKEN: AtomicBool = AtomicBool::new(false);

/// How long the end waits for a terminal that takes no bytes.
const PATIENCE: Duration = Duration::from_secs(1);

/// The terminal while it is ours. Dropping gives it back.
#[derive(Debug)]
pub struct Guard(());

impl Guard {
    /// Raw mode, alternate screen, no cursor, mouse, bracketed paste. Also makes panics give the terminal back first.
    pub fn take() -> io::Result<Self> {
        static HOOK: std::sync::Once = std::sync::Once::new();
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                if !contained::is_caught(info) {
                    restore();
                }
                before(info);
            }));
        });
        enter()?;
        Ok(Self(()))
    }

    /// Gives the terminal to the shell for a while (Ctrl+Z).
    pub fn lend(&self) {
        restore();
    }

    /// Takes it back from whoever had it meanwhile, and gives the bytes that have to go out before the next frame: writing them here
    /// could wait for a stalled terminal.
    pub fn resume(&self) -> io::Result<Vec<u8>> {
        // Unknown to us, a shell may have made the line cooked while this process was stopped from outside: crossterm takes what it
        // once made raw for raw still, so it has to let go of it first.
        terminal::disable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        terminal::enable_raw_mode()?;
        let mut bytes = Vec::new();
        opening(&mut bytes)?;
        Ok(bytes)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        restore();
    }
}

fn enter() -> io::Result<()> {
    TAKEN.store(true, Ordering::SeqCst);
    terminal::enable_raw_mode()?;
    let mut out = io::stdout();
    opening(&mut out)?;
    out.flush()
}

/// What makes a terminal ours.
fn opening(to: &mut impl Write) -> io::Result<()> {
    queue!(
        to,
        terminal::EnterAlternateScreen,
        cursor::Hide,
        event::EnableMouseCapture,
        event::EnableBracketedPaste,
        terminal::Clear(terminal::ClearType::All)
    )
}

/// Whether the terminal is ours. Whoever writes frames asks this while holding the output: what is given back is painted on no more,
/// though the thread that paints may not know yet that another one failed.
pub fn is_taken() -> bool {
    TAKEN.load(Ordering::SeqCst)
}

/// Gives the terminal back if it was taken. Safe to call from a panic hook and more than once.
pub fn restore() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    // The line first: that needs nobody who reads. Errors are of no use here: the terminal may be gone.
    let _ = terminal::disable_raw_mode();
    // A terminal that nobody reads takes no bytes, and a thread that waits for it may hold the output: neither keeps us from ending.
    let (told, wrote) = mpsc::channel();
    let closing = move || {
        let _ = close(&mut io::stdout());
        let _ = told.send(());
    };
    let thread = thread::Builder::new().name("terminal-closer".into());
    if thread.spawn(closing).is_ok() {
        let _ = wrote.recv_timeout(PATIENCE);
    }
}

/// What gives a terminal back.
fn close(to: &mut impl Write) -> io::Result<()> {
    to.write_all(b"\x1b[0m")?;
    execute!(
        to,
        event::DisableBracketedPaste,
        event::DisableMouseCapture,
        cursor::Show,
        terminal::LeaveAlternateScreen
    )
}
