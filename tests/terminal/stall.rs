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

#[test]
fn a_stalled_terminal_costs_no_memory_and_catches_up() {
    let platform = Platform::start(20);
    let mut screen: Screen = platform.console(160, 48);
    screen.wait_text("Burning");
    // Let it fill what it fills in any case: series, logs, caches.
    screen.press("7");
    crate::stories::wait_screen(&screen, "7");
    let warm = Instant::now() + Duration::from_secs(8);
    screen.wait("a warm console", |_| Instant::now() > warm);
    let pid = screen.pid();
    let before = proc::resident(pid).expect("its memory");
    screen.stall(true);
    let end = Instant::now() + stall();
    while Instant::now() < end {
        // Something to draw all the time: screens change under a terminal that does not look.
        screen.press("1 7 j k");
        std::thread::sleep(Duration::from_millis(50));
    }
    let after = proc::resident(pid).expect("its memory");
    let written = screen.written();
    screen.stall(false);
    screen.press("3");
    crate::stories::wait_screen(&screen, "3");
    let caught_up = screen.written() - written;
    assert!(
        after.saturating_sub(before) <= 2048,
        "resident memory grew from {before} to {after} KiB while nobody read"
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
