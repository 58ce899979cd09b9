//! Names and log lines that hold escape sequences, bidi overrides, zero-width and wide characters: shown, never obeyed.

use crate::outflow;
use crate::screen::Screen;

#[test]
fn nothing_that_acts_on_a_terminal_leaves_any_screen() {
    let mut screen = Screen::demo(140, 45);
    for (key, _) in crate::stories::SCREENS {
        screen.press(key);
        crate::stories::wait_screen(&screen, key);
        screen.press("j j k");
    }
    // The sandbox's logs carry hostile lines on purpose: they are shown with their escapes spelled out. They are rare, so
    // that a filter looks for them in all that was read, not only in what fits the screen.
    screen.press("7");
    screen.press("/");
    screen.press("HOSTILE Enter");
    screen.wait("a hostile log line, shown inert", |s| {
        s.contains("\\e[") || s.contains("\\u{202e}") || s.contains("\\u{200b}")
    });
    screen.press("q");
    screen.ended(std::time::Duration::from_secs(2));
    if let Err(what) = outflow::check(&screen.raw()) {
        panic!("{what}");
    }
}
