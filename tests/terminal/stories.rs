//! What a person does with the console, by keys alone, on the embedded sandbox at twenty times its speed.

use std::time::Duration;

use crate::screen::Screen;

/// The screens: the key, and words that only that screen shows.
pub const SCREENS: &[(&str, &[&str])] = &[
    ("1", &["Burning", "Moving"]),
    ("2", &["Infrastructure Setup"]),
    ("3", &["SERVICE"]),
    ("4", &["Deploy"]),
    ("5", &["ALARM"]),
    ("6", &["Metric"]),
    ("7", &["Log"]),
    ("8", &["Audit"]),
];

/// Waits until the screen of that key is shown.
#[track_caller]
pub fn wait_screen(screen: &Screen, key: &str) {
    let words = SCREENS.iter().find(|(k, _)| *k == key).expect("a screen").1;
    screen.wait(&format!("{words:?}"), |s| {
        // The tab bar names every screen: only what is below it counts.
        let below: String = s
            .lines()
            .skip(2)
            .collect::<Vec<_>>()
            .join("\n")
            .to_lowercase();
        words.iter().all(|w| below.contains(&w.to_lowercase()))
    });
}

/// Opens the services, and the deploy form of the service `api` filled with this image tag, up to the confirmation.
fn preview_deploy(screen: &mut Screen, tag: &str) {
    screen.press("3");
    wait_screen(screen, "3");
    screen.press("/");
    screen.press("api Enter");
    screen.wait("the service api alone", |s| s.contains("api"));
    screen.press("U");
    screen.wait("a form that asks for the image", |s| {
        s.to_lowercase().contains("image")
    });
    screen.press("C-u");
    screen.press(tag);
    screen.press("Enter");
    screen.wait("a preview with the new image", |s| {
        s.contains(tag) && s.to_lowercase().contains("preview")
    });
}

/// Starts a deploy by keys and waits until it runs.
pub fn start_deploy(screen: &mut Screen, tag: &str) {
    preview_deploy(screen, tag);
    screen.press("production Enter");
    screen.wait("the deploy under way", |s| {
        s.contains("rolling out") || s.contains("following") || s.contains("execute")
    });
}

#[test]
fn start_shows_the_overview_and_every_screen_is_a_key_away() {
    let mut screen = Screen::demo(120, 40);
    for (key, _) in SCREENS.iter().rev() {
        screen.press(key);
        wait_screen(&screen, key);
    }
    screen.press("?");
    screen.wait("help made from the keymap", |s| {
        s.to_lowercase().contains("help") && s.contains("ctrl-p")
    });
    screen.press("Esc");
    screen.press(":");
    screen.press("check");
    screen.wait("the palette's answer", |s| {
        s.to_lowercase().contains("checklist")
    });
    screen.press("Enter");
    wait_screen(&screen, "2");
    screen.press("q");
    assert!(screen.ended(Duration::from_secs(2)).success());
}

#[test]
fn smallest_size_works_and_smaller_is_refused_politely() {
    let mut screen = Screen::demo(80, 24);
    for (key, _) in SCREENS {
        screen.press(key);
        wait_screen(&screen, key);
    }
    screen.resize(60, 15);
    screen.wait("a polite word about the size", |s| {
        s.contains("80") && s.contains("24")
    });
    screen.resize(30, 5);
    screen.wait("a polite word at 30x5", |s| s.contains("80"));
    screen.resize(200, 60);
    wait_screen(&screen, "8");
    screen.resize(120, 40);
    screen.press("1");
    wait_screen(&screen, "1");
    screen.press("q");
    assert!(screen.ended(Duration::from_secs(2)).success());
    screen.assert_restored();
}
