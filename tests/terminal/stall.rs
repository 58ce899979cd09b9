//! A terminal that stops reading (a stopped SSH session, tmux's copy mode) neither stops the watch nor fills memory.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::platform::Platform;
use crate::proc;
use crate::screen::Screen;

/// How long the terminal does not read; FLIGHTDECK_STALL says another number of seconds (600 before a release).
fn stall() -> Duration {
    let seconds = std::env::var("FLIGHTDECK_STALL")
        .ok()
        .and_then(|n| n.parse().ok());
    Duration::from_secs(seconds.unwrap_or(15))
}

/// What a stall may cost in KiB, however long it takes.
const MOST: u64 = 1_024;

/// A console learns all the time, and holds what it learns (series, log lines, up to their bounds) whether anybody reads or not. One that
/// is read and does the same beside it tells how much that is.
#[test]
fn a_stalled_terminal_costs_no_memory_and_catches_up() {
    let platform = Platform::start(20);
    let (mut screen, mut other) = (platform.console(160, 48), platform.console(160, 48));
    for console in [&mut screen, &mut other] {
        console.wait_text("Burning");
        console.press("7");
        crate::stories::wait_screen(console, "7");
    }
    // Let them fill what they fill once.
    let warm = Instant::now() + Duration::from_secs(8);
    screen.wait("a warm console", |_| Instant::now() > warm);
    let held = |console: &Screen| proc::held(console.pid()).expect("its memory");
    let before = (held(&screen), held(&other));
    screen.stall(true);
    let end = Instant::now() + stall();
    while Instant::now() < end {
        // Something to draw all the time: screens change under a terminal that does not look.
        screen.press("1 7 j k");
        other.press("1 7 j k");
        std::thread::sleep(Duration::from_millis(50));
    }
    let after = (held(&screen), held(&other));
    let written = screen.written();
    screen.stall(false);
    screen.press("3");
    crate::stories::wait_screen(&screen, "3");
    let caught_up = screen.written() - written;
    let grown = after.0.saturating_sub(before.0);
    let learnt = after.1.saturating_sub(before.1);
    assert!(
        grown <= learnt + MOST,
        "memory grew by {grown} KiB while nobody read, and by {learnt} KiB where somebody did"
    );
    assert!(
        caught_up < 512 * 1024,
        "{caught_up} bytes to catch up: frames were queued, not dropped"
    );
    screen.press("q");
    screen.ended(Duration::from_secs(2));
    screen.assert_restored();
}

#[test]
fn a_stalled_terminal_does_not_keep_the_console_from_ending() {
    for signal in [Signal::TERM, Signal::HUP] {
        let mut screen = Screen::demo(160, 48);
        screen.stall(true);
        for n in 0..60 {
            // Each draws the whole screen anew, until the line takes no more.
            screen.resize(160 - n % 2 * 20, 48);
            std::thread::sleep(Duration::from_millis(20));
        }
        proc::signal(screen.pid(), signal);
        screen.ended(Duration::from_secs(5));
        assert!(screen.is_cooked(), "{signal:?} left the line raw");
    }
}
