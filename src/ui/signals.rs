//! Signals that end a console: the terminal is given back first, whichever it is and whatever the program is busy with.

use std::future::poll_fn;
use std::io;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;
use tokio::signal::unix::{self, SignalKind, signal};

use super::terminal::restore;

/// How long the console has to end by itself. What it is busy with (an answer that is being read, a disk that hangs) may hold the
/// threads that would have told it.
const GRACE: Duration = Duration::from_secs(1);

/// Those that end a process by default, but for what nobody can catch or what says that the process is broken.
const ENDING: [Signal; 15] = [
    Signal::TERM,
    Signal::HUP,
    Signal::INT,
    Signal::QUIT,
    Signal::USR1,
    Signal::USR2,
    Signal::ALARM,
    Signal::VTALARM,
    Signal::PROF,
    Signal::XCPU,
    Signal::XFSZ,
    Signal::IO,
    Signal::SYS,
    Signal::TRAP,
    Signal::ABORT,
];

/// Linux's own: a broken coprocessor, power that fails, and the real-time ones (signal(7)).
#[cfg(target_os = "linux")]
fn more() -> impl Iterator<Item = i32> {
    [16, 30].into_iter().chain(34..=64)
}
#[cfg(not(target_os = "linux"))]
fn more() -> impl Iterator<Item = i32> {
    std::iter::empty()
}

/// Hears of every signal that ends a process.
pub(super) struct Signals(Vec<(i32, unix::Signal)>);

impl Signals {
    /// From now on none of them ends this process by itself.
    pub(super) fn new() -> io::Result<Self> {
        let all = Self::listen()?;
        last_resort()?;
        Ok(all)
    }

    fn listen() -> io::Result<Self> {
        let mut all = Vec::new();
        for number in ENDING.map(Signal::as_raw) {
            all.push((number, signal(SignalKind::from_raw(number))?));
        }
        // Not every kernel lets go of all of these.
        let more = more().filter_map(|n| Some((n, signal(SignalKind::from_raw(n)).ok()?)));
        all.extend(more);
        Ok(Self(all))
    }

    /// The number of the one that came.
    pub(super) async fn ended(&mut self) -> i32 {
        poll_fn(|context| {
            for (number, signal) in &mut self.0 {
                if signal.poll_recv(context).is_ready() {
                    return Poll::Ready(*number);
                }
            }
            Poll::Pending
        })
        .await
    }
}

/// Ends the process where a signal did not: on a thread with a runtime of its own, which nothing else can keep busy.
fn last_resort() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    let mut signals = {
        let _of_its_own = runtime.enter();
        Signals::listen()?
    };
    let wait = move || {
        let number = runtime.block_on(signals.ended());
        thread::sleep(GRACE);
        restore();
        std::process::exit(128 + number);
    };
    thread::Builder::new()
        .name("last-resort".into())
        .spawn(wait)?;
    Ok(())
}
