//! The terminal goes away under the console: it ends by itself, soon, without spinning (crossterm #793), and loses nothing.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::platform::Platform;
use crate::proc;
use crate::screen::{Screen, Start};

/// How many terminals are closed; FLIGHTDECK_HANGUPS says another number (1,000 before a release).
fn rounds() -> u32 {
    std::env::var("FLIGHTDECK_HANGUPS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(50)
}

/// Closes the terminal and watches the process go.
#[track_caller]
fn dies_soon(screen: &mut Screen, pid: u32, round: u32) {
    let before = proc::cpu(pid).unwrap_or_default();
    screen.close();
    let closed = Instant::now();
    let mut used = Duration::ZERO;
    while !matches!(proc::state(pid), None | Some('Z')) {
        used = proc::cpu(pid).map_or(used, |now| now.saturating_sub(before));
        assert!(
            closed.elapsed() < Duration::from_secs(2),
            "round {round}: still there after {:?}, {used:?} of processor time since",
            closed.elapsed()
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(
        // The demo's own platform may still be telling its past, in a build that is not optimised; who spins uses it all.
        used < Duration::from_millis(1_200),
        "round {round}: spun for {used:?}"
    );
}

#[test]
fn closing_the_terminal_ends_the_console() {
    for round in 0..rounds() {
        let mut screen = Start::flightdeck(&["demo", "--speed", "20"]).go();
        screen.wait("a first frame", |s| s.contains("Overview"));
        let pid = screen.pid();
        dies_soon(&mut screen, pid, round);
        screen.child.wait().expect("its end");
    }
}

#[test]
fn a_dead_terminal_without_a_hangup_signal_ends_it_too() {
    // In a session of its own it has no controlling terminal, so nobody sends it SIGHUP: only reading shows that it is over.
    // The platform runs elsewhere, so that the time used is the console's own.
    let platform = Platform::start(1);
    for round in 0..rounds().div_ceil(10) {
        let mut start = Start::program("setsid", &["-w", env!("CARGO_BIN_EXE_flightdeck")]);
        for (name, value) in platform.surroundings() {
            start = start.env(name, &value);
        }
        let mut screen = start.go();
        screen.wait("a first frame", |s| s.contains("Overview"));
        let pid = proc::children(screen.pid())
            .first()
            .copied()
            .unwrap_or(screen.pid());
        dies_soon(&mut screen, pid, round);
    }
}

#[test]
fn an_action_under_way_stays_in_the_journal() {
    let platform = Platform::start(1);
    let mut screen = platform.console(140, 40);
    screen.wait("services", |s| s.contains("Burning"));
    crate::stories::start_deploy(&mut screen, "1.9.0-rc.1");
    let pid = screen.pid();
    dies_soon(&mut screen, pid, 0);
    let audit = Command::new(env!("CARGO_BIN_EXE_flightdeck"))
        .args(["audit", "--json"])
        .env_clear()
        .envs(
            ["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"]
                .map(|n| (n, screen.home())),
        )
        .envs(platform.surroundings())
        .output()
        .expect("audit runs");
    let rows = String::from_utf8_lossy(&audit.stdout).into_owned();
    assert!(
        rows.contains("1.9.0-rc.1") && rows.contains("deploy"),
        "{rows}"
    );
}
