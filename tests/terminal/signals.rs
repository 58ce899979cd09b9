//! However the console ends or is interrupted, the terminal is left as it was found.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::canary;
use crate::proc;
use crate::screen::{Screen, Start};

/// How long the console may take to leave.
const SOON: Duration = Duration::from_secs(2);

/// How long it may take to paint again once it goes on, on a machine with nothing else to do.
const AT_ONCE: Duration = Duration::from_millis(100);

/// Stops a console from outside, and waits until it stands still.
fn stop(pid: u32) {
    proc::signal(pid, Signal::STOP);
    proc::until(SOON, "stopped", || proc::state(pid) == Some('T'));
}

#[test]
fn start_takes_the_terminal_and_q_gives_it_back() {
    let mut screen = Screen::demo(120, 40);
    assert!(screen.emulator(vt100::Screen::alternate_screen));
    assert!(!screen.is_cooked());
    screen.press("q");
    assert!(screen.ended(SOON).success());
    screen.assert_restored();
}

#[test]
fn signals_leave_the_terminal_as_it_was_and_the_shell_is_told_which_it_was() {
    for (signal, code) in [
        (Signal::TERM, 143),
        (Signal::HUP, 129),
        (Signal::INT, 130),
        (Signal::QUIT, 131),
        (Signal::USR1, 138),
        (Signal::USR2, 140),
        (Signal::ALARM, 142),
        (Signal::XCPU, 152),
        (Signal::VTALARM, 154),
        (Signal::PROF, 155),
        (Signal::IO, 157),
        (Signal::SYS, 159),
        (Signal::ABORT, 134),
    ] {
        let mut screen = Screen::demo(120, 40);
        proc::signal(screen.pid(), signal);
        assert_eq!(screen.ended(SOON).exit_code(), code, "{signal:?}");
        screen.assert_restored();
    }
}

#[test]
fn ctrl_c_is_a_key_that_leaves() {
    let mut screen = Screen::demo(120, 40);
    screen.press("C-c");
    assert!(screen.ended(SOON).success());
    screen.assert_restored();
}

/// A moment of the start, and how one sees that it has come.
type Moment = (&'static str, fn(&Screen) -> bool);

/// The moments of a start at which it has taken a little more each time.
const STARTING: &[Moment] = &[
    ("begun", |_| true),
    ("signals are heard of", |s| {
        proc::catches(s.pid(), Signal::TERM)
    }),
    ("a raw line", |s| !s.is_cooked()),
    ("its own screen", |s| {
        s.emulator(vt100::Screen::alternate_screen)
    }),
];

#[test]
fn a_signal_before_the_first_frame_leaves_the_terminal_as_it_was() {
    for (moment, came) in STARTING {
        let mut screen = Start::flightdeck(&["demo"]).go();
        proc::until(crate::screen::PATIENCE, moment, || came(&screen));
        proc::signal(screen.pid(), Signal::TERM);
        screen.ended(SOON);
        screen.assert_restored();
    }
}

#[test]
fn ctrl_z_gives_the_terminal_to_the_shell_and_fg_takes_it_again() {
    let story = r#"set -m; "$FLIGHTDECK" demo --speed 20; echo "shell has it: $?"; read -r go; fg; echo "over: $?""#;
    let mut screen = Start::program("bash", &["--norc", "-c", story]).go();
    screen.wait_text("Burning");
    let console = proc::children(screen.pid())
        .first()
        .copied()
        .expect("a console below the shell");
    screen.press("C-z");
    screen.wait_text("shell has it: 148");
    assert_eq!(proc::state(console), Some('T'), "stopped, not ended");
    screen.assert_restored();
    let before = screen.written();
    screen.press("Enter");
    screen.wait_text("Burning");
    assert!(!screen.is_cooked(), "raw mode is back");
    screen.press("3");
    screen.wait_text("┌ Services");
    screen.press("1");
    screen.wait_text("Burning");
    screen.press("q");
    screen.wait_text("over: 0");
    screen.assert_restored();
    // Its own screen was entered once, and all of it painted once, until it was left for good.
    let since = screen.raw().split_off(before);
    let entered = since.windows(8).filter(|w| w == b"\x1b[?1049h").count();
    assert_eq!(entered, 1, "{}", String::from_utf8_lossy(&since));
}

/// The promise is of a machine that is idle, which one that runs other tests is not at every moment: the best of several counts, and
/// each has to come in any case.
#[test]
fn stop_and_continue_from_outside_repaint_at_once() {
    let mut screen = Screen::demo(120, 40);
    let mut took = Vec::new();
    while took.len() < 20 && took.iter().all(|t| *t > AT_ONCE) {
        stop(screen.pid());
        let before = screen.written();
        let begun = Instant::now();
        proc::signal(screen.pid(), Signal::CONT);
        let painted = screen.wait_raw("a whole frame", before, |since| {
            let taken = since.windows(8).position(|w| w == b"\x1b[?1049h");
            taken.is_some_and(|at| since.len() - at > 1000)
        });
        took.push(painted - begun);
    }
    assert!(
        took.iter().any(|t| *t <= AT_ONCE),
        "painted again after {took:?}"
    );
    screen.press("q");
    assert!(screen.ended(SOON).success());
    screen.assert_restored();
}

/// `kill -STOP` gives no time to hand the terminal over: the shell takes it as it is, and `fg` says nothing but SIGCONT.
#[test]
fn a_stop_from_outside_gives_the_terminal_back_whole_whatever_the_shell_did_to_it() {
    let mut screen = Screen::demo(120, 40);
    for (cols, rows) in [(120, 40), (100, 30)] {
        stop(screen.pid());
        screen.cook();
        assert!(screen.is_cooked(), "the shell's");
        screen.assert_restored();
        screen.resize(cols, rows);
        proc::signal(screen.pid(), Signal::CONT);
        screen.wait_within(SOON, "the console in a whole frame", |s| {
            let wide = |l: &&str| l.chars().count() == usize::from(cols);
            let frame = s.lines().filter(wide).any(|l| l.ends_with('┐'));
            frame && s.contains("Burning") && !s.contains("ana@host")
        });
        // A frame may have been on its way when the stop came: the modes, too, are waited for.
        proc::until(SOON, "raw mode and its screen are back", || {
            !screen.is_cooked() && screen.emulator(vt100::Screen::alternate_screen)
        });
        assert!(screen.emulator(vt100::Screen::hide_cursor));
        assert!(screen.emulator(vt100::Screen::bracketed_paste));
        let mouse = screen.emulator(vt100::Screen::mouse_protocol_mode);
        assert_ne!(mouse, vt100::MouseProtocolMode::None);
        screen.press("3");
        screen.wait_text("┌ Services");
        screen.press("1");
        screen.wait_text("Burning");
    }
    screen.press("q");
    assert!(screen.ended(SOON).success());
    screen.assert_restored();
}

/// Both wait for the reader at once: neither may hide the other until the next key.
#[test]
fn a_key_at_the_moment_of_a_resize_counts_and_so_does_the_resize() {
    let mut screen = Screen::demo(120, 40);
    let sizes = [(100, 30), (132, 43), (90, 28), (120, 40)];
    for ((key, title), (cols, rows)) in [
        ("3", "┌ Services"),
        ("4", "┌ Deploys"),
        ("3", "┌ Services"),
        ("8", "┌ Audit"),
    ]
    .into_iter()
    .zip(sizes)
    {
        stop(screen.pid());
        screen.resize(cols, rows);
        screen.press(key);
        proc::signal(screen.pid(), Signal::CONT);
        screen.wait(&format!("{title} at {cols}x{rows}"), |s| {
            // The panel's corners stand in the first and the last column only where the frame has the new size.
            let corner = |l: &str| l.starts_with('┌') && l.ends_with('┐');
            let wide = |l: &&str| l.chars().count() == usize::from(cols);
            s.contains(title) && s.lines().filter(wide).any(corner)
        });
    }
    screen.press("q");
    assert!(screen.ended(SOON).success());
    screen.assert_restored();
}

/// What a panic's own words could have held.
const CANARY: &str = "xoxb-canary-7c21f0-panics";

/// On the thread that paints, and on one that does not while frames go out: the shell gets its terminal, a person some words, and
/// nobody a secret.
#[test]
fn a_defect_leaves_the_terminal_as_it_was_and_says_what_happened_without_what_it_held() {
    for (place, backtrace) in [("frame", "0"), ("task", "0"), ("task", "1")] {
        let mut screen = Start::flightdeck(&["--log", "crash.log", "demo", "--speed", "20"])
            .env(
                "FLIGHTDECK_DEFECT",
                &format!("{place}:no such token {CANARY}"),
            )
            .env("RUST_BACKTRACE", backtrace)
            .go();
        assert_eq!(
            screen.ended(crate::screen::PATIENCE).exit_code(),
            101,
            "{place}"
        );
        screen.assert_restored();
        let raw = String::from_utf8_lossy(&screen.raw()).into_owned();
        let (_, after) = raw
            .rsplit_once("\x1b[?1049l")
            .expect("its own screen was left");
        for words in [
            "flightdeck stopped: a defect of its own",
            "why: it failed at",
            "do: start it again",
        ] {
            assert!(after.contains(words), "{place}: {after:?}");
        }
        assert!(
            !after.contains('\x1b'),
            "nothing is painted on the shell's screen: {after:?}"
        );
        assert_eq!(
            after.contains("no such token [redacted]"),
            backtrace == "1",
            "{after:?}"
        );
        let log = std::fs::read_to_string(screen.home().join("crash.log")).expect("a log");
        assert!(log.contains("panicked"), "{log}");
        canary::assert_hidden(CANARY, screen.raw(), place);
        canary::assert_hidden(CANARY, &log, place);
    }
}

#[test]
fn without_a_terminal_it_says_so() {
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_flightdeck"))
        .arg("demo")
        .stdin(std::process::Stdio::null())
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(!run.status.success());
    assert!(
        said.contains("error:") && said.contains("terminal"),
        "{said:?}"
    );
    assert!(
        !run.stdout.contains(&0x1b),
        "no escape sequence into a pipe"
    );
}
