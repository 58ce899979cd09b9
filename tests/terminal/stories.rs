//! What a person does with the console, by keys alone, on the embedded sandbox at twenty times its speed.

use std::time::Duration;

use crate::screen::{Screen, Start};

/// The screens: the key, and the title of the panel that only that screen shows.
pub const SCREENS: &[(&str, &str)] = &[
    ("1", "┌ Burning"),
    ("2", "┌ Checklist"),
    ("3", "┌ Services"),
    ("4", "┌ Deploys"),
    ("5", "┌ Alarms"),
    ("6", "chart 1 of"),
    ("7", "▶ following"),
    ("8", "┌ Audit"),
];

/// Waits until the screen of that key is shown.
#[track_caller]
pub fn wait_screen(screen: &Screen, key: &str) {
    let title = SCREENS.iter().find(|(k, _)| *k == key).expect("a screen").1;
    screen.wait(title, |s| {
        let alone = key == "1" || !s.contains("┌ Burning");
        alone && s.contains(title)
    });
}

/// The selected row of a list: the line with the mark at its left.
pub fn selected(screen: &str) -> &str {
    screen
        .lines()
        .find(|l| l.contains("│▌"))
        .unwrap_or_default()
}

/// Opens the services and selects the service `api` of production by filtering for it.
fn select_api(screen: &mut Screen) {
    screen.press("3");
    wait_screen(screen, "3");
    screen.press("/");
    screen.press("prodapi Enter");
    screen.wait("laser-prod's api selected", |s| {
        let row = selected(s);
        row.contains(" api ") && row.contains("laser-prod")
    });
}

/// Types what the open confirmation asks for.
fn confirm(screen: &mut Screen) {
    let shown = screen.wait_text(" to do it");
    let word = shown
        .lines()
        .find_map(|l| l.split_once("type ")?.1.split_once(" to do it"))
        .map(|(word, _)| word.to_owned())
        .expect("a word to type");
    screen.press(&word);
    screen.press("Enter");
    screen.wait_gone(" to do it");
}

/// Opens the deploy form of `api`, asks for this tag, and waits for the preview.
fn preview_deploy(screen: &mut Screen, tag: &str) {
    select_api(screen);
    screen.press("U");
    screen.wait_text("┌ Deploy laser-prod/api");
    screen.press("C-u");
    screen.press(&format!(":{tag}"));
    screen.press("Enter Enter");
    let shown = screen.wait("a preview with what it will call", |s| {
        s.contains("will call")
    });
    assert!(shown.contains(&format!("api:{tag}")), "{shown}");
}

/// Starts a deploy by keys and waits until ECS rolls it out.
pub fn start_deploy(screen: &mut Screen, tag: &str) {
    preview_deploy(screen, tag);
    confirm(screen);
    screen.wait("the deploy being followed", |s| {
        s.contains("┌ Deploys") && s.contains("▶ follow")
    });
}

/// Waits until our own action ended in this word.
#[track_caller]
fn wait_outcome(screen: &mut Screen, verb: &str, word: &str) {
    let ours = format!("our {verb}");
    screen.wait(&format!("{ours}: {word}"), |s| {
        s.lines().any(|l| l.contains(&ours) && l.contains(word))
    });
}

#[test]
fn a_deploy_by_keys_rolls_out_and_is_recorded() {
    let mut screen = Screen::demo(140, 45);
    start_deploy(&mut screen, "1.8.3");
    let moving = screen.wait("both revisions side by side", |s| {
        s.contains(" from :") && s.contains(" to   :") && s.contains("1.8.3")
    });
    assert!(moving.contains("breaker"), "{moving}");
    wait_outcome(&mut screen, "deploy", "succeeded");
    screen.press("3");
    screen.wait("the new image in the list", |s| {
        selected(s).contains("1.8.3") && selected(s).contains("steady")
    });
    screen.press("8");
    screen.wait("the record in the audit chain", |s| {
        s.contains("chain intact") && s.contains("succe") && s.contains("laser-prod/api")
    });
}

#[test]
fn a_failing_deploy_trips_the_breaker_and_goes_back() {
    let mut screen = Screen::demo(140, 45);
    start_deploy(&mut screen, "1.8.4-bad");
    screen.wait("failures counted towards the breaker", |s| {
        s.lines()
            .any(|l| l.contains("breaker: ") && !l.contains("breaker: 0 of"))
    });
    wait_outcome(&mut screen, "deploy", "ROLLED BACK");
    screen.press("3");
    screen.wait("the old image again", |s| {
        selected(s).contains("1.8.2") && selected(s).contains("4/4")
    });
}

#[test]
fn a_rollback_by_keys_goes_to_the_revision_before() {
    let mut screen = Screen::demo(140, 45);
    select_api(&mut screen);
    screen.press("R");
    let preview = screen.wait_text("will call");
    assert!(preview.contains("api:1.8.1"), "{preview}");
    confirm(&mut screen);
    wait_outcome(&mut screen, "rollback", "succeeded");
    screen.press("3");
    screen.wait("the old image", |s| selected(s).contains("1.8.1"));
}

#[test]
fn giving_up_a_confirmation_changes_nothing() {
    let mut screen = Screen::demo(140, 45);
    preview_deploy(&mut screen, "1.8.3");
    screen.press("wrong Enter");
    screen.wait_text("type laser-prod and enter");
    screen.press("Esc");
    screen.wait_gone("will call");
    screen.press("8");
    screen.wait("an empty audit trail", |s| s.contains("┌ Audit  0"));
}

#[test]
fn read_only_explains_itself() {
    let start = Start::flightdeck(&["--read-only", "demo", "--speed", "20"]);
    let mut screen = start.size(140, 45).go();
    screen.wait_text("worker");
    select_api(&mut screen);
    for key in ["U", "R", "C", "X"] {
        screen.press(key);
        screen.wait("why it does not work", |s| {
            s.to_lowercase().contains("read-only")
        });
        let shown = screen.text();
        assert!(
            !shown.contains("will call") && !shown.contains("┌ Deploy"),
            "{shown}"
        );
    }
}

#[test]
fn a_filter_narrows_and_escape_widens() {
    let mut screen = Screen::demo(120, 40);
    screen.press("3");
    screen.wait("every service", |s| {
        s.contains("pdf-render") && s.contains("worker")
    });
    screen.press("/");
    screen.press("pdf");
    screen.wait("one service", |s| {
        s.contains("pdf-render") && !s.contains("worker")
    });
    screen.press("Enter Enter");
    screen.wait("the page of the service", |s| {
        s.contains("pdf-render") && s.contains("vents")
    });
    screen.press("Esc");
    screen.wait("back at the filtered list", |s| {
        s.contains("┌ Services") && !s.contains("worker")
    });
    screen.press("Esc");
    screen.wait("every service again", |s| {
        s.contains("pdf-render") && s.contains("worker")
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
        s.contains("Keys on Overview") && s.contains("ctrl-p")
    });
    screen.press("Esc");
    // Escape and a key in one read would be that key with Alt.
    screen.wait_gone("ctrl-p");
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
    // As under the status line of a multiplexer, and as in half a window.
    for (columns, rows) in [(80, 23), (60, 15)] {
        screen.resize(columns, rows);
        wait_screen(&screen, "8");
    }
    screen.resize(59, 15);
    screen.wait("a polite word about the size", |s| {
        s.contains("60") && s.contains("15")
    });
    screen.resize(30, 5);
    screen.wait("a polite word at 30x5", |s| s.contains("60"));
    screen.resize(200, 60);
    wait_screen(&screen, "8");
    screen.resize(120, 40);
    screen.press("1");
    wait_screen(&screen, "1");
    screen.press("q");
    assert!(screen.ended(Duration::from_secs(2)).success());
    screen.assert_restored();
}
