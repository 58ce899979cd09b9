//! The checklist screen through the real update loop: keys in, cells and effects out.

mod ui;

use flightdeck::domain::action::Intent;
use flightdeck::ui::effect::Effect;
use flightdeck::ui::msg::Msg;
use ui::{Console, fixture};

/// The row of a criterion or group that a screen shows.
fn row(c: &Console, needle: &str) -> String {
    let text = c.text();
    let row = text.lines().find(|l| l.contains(needle));
    row.unwrap_or_else(|| panic!("no {needle:?} in\n{text}"))
        .to_owned()
}

#[test]
fn success_criteria_are_open_what_leads_to_them_is_folded_and_every_state_has_its_word() {
    let mut c = Console::new(160, 48);
    c.keys("2");
    assert!(row(&c, "1.S4  ").contains("✎ signed off"));
    assert!(row(&c, "2.S2  ").contains("▲ FAILING"));
    assert!(row(&c, "3.S2  ").contains("○ unknown"));
    assert!(row(&c, "1.S1  ").contains("✓ proved"));
    assert!(!c.shows("a smaller step"), "{}", c.text());
    assert!(row(&c, "CI/CD").contains("3/4"));
    c.keys("z");
    assert!(!c.shows("2.S2  ") && c.shows("CI/CD"), "{}", c.text());
    c.keys("z");
    assert!(c.shows("a smaller step"), "{}", c.text());
}

#[test]
fn a_stage_folds_around_the_selection_and_unfolds_again() {
    let mut c = Console::new(160, 48);
    c.keys("2jj ");
    assert!(!c.shows("1.S1") && c.shows("2.S1"), "{}", c.text());
    assert!(row(&c, "▌").contains("Success criteria"));
    c.keys("<right>");
    assert!(c.shows("1.S1"), "{}", c.text());
    c.keys("g<enter>");
    assert!(!c.shows("1.S1") && !c.shows("1.1 What"), "{}", c.text());
}

#[test]
fn what_fails_is_a_key_away_with_its_evidence() {
    let mut c = Console::new(100, 30);
    c.keys("2n");
    assert!(row(&c, "▌").contains("2.S2"));
    c.keys("<enter>");
    assert!(
        c.shows("ecs:DescribeServices?") && c.shows("5 of 6"),
        "{}",
        c.text()
    );
    c.keys("n");
    assert!(c.shows("4.S3"), "{}", c.text());
    c.keys("n");
    assert!(c.shows("2.S2"), "from the top again: {}", c.text());
    c.keys("<esc>");
    assert!(c.shows("▌"), "{}", c.text());
}

#[test]
fn what_is_ready_is_out_of_the_way_when_asked() {
    let mut c = Console::new(160, 48);
    c.keys("2u");
    assert!(
        !c.shows(" 1.S1 ") && c.shows("2.S2") && c.shows("5.S1"),
        "{}",
        c.text()
    );
    c.keys("u");
    assert!(c.shows(" 1.S1 "));
}

#[test]
fn a_filter_finds_criteria_wherever_they_are_folded() {
    let mut c = Console::new(160, 48);
    c.keys("2/smaller<enter>");
    assert!(c.shows("3.1.a") && !c.shows("2.S2  "), "{}", c.text());
    c.keys("<esc>");
    assert!(c.shows("2.S2  ") && !c.shows("3.1.a"), "{}", c.text());
}

#[test]
fn a_sign_off_a_waiver_and_a_withdrawal_become_previews_of_what_was_typed() {
    let mut c = Console::new(120, 40);
    c.keys("2no");
    assert!(c.shows("Sign off 2.S2"), "{}", c.text());
    c.keys("<enter><enter>");
    assert!(c.shows("a reason is needed"), "{}", c.text());
    c.keys("<up>").keys("seen<enter><enter>");
    let signed = Intent::SignOff {
        criterion: "2.S2".into(),
        why: "seen".into(),
        link: String::new(),
    };
    assert_eq!(c.effects.last(), Some(&Effect::Preview(signed)));
    let mut preview = fixture::preview();
    preview.intent = Intent::Restart {
        service: fixture::id("api"),
    };
    c.msg(Msg::Previewed(Ok(Box::new(preview))));
    c.keys("<esc>w");
    c.keys("soon<enter><enter>");
    let Some(Effect::Preview(Intent::Waive {
        criterion,
        why,
        until,
    })) = c.effects.last()
    else {
        panic!("no waiver: {:?}\n{}", c.effects.last(), c.text());
    };
    assert_eq!((criterion.as_str(), why.as_str()), ("2.S2", "soon"));
    let days = until.duration_since(fixture::now()).as_hours() / 24;
    assert_eq!(days, 7);
}

#[test]
fn nobody_can_take_back_what_nobody_said() {
    let mut c = Console::new(120, 40);
    let before = c.effects.len();
    c.keys("2nW");
    assert!(c.shows("nobody has vouched for it"), "{}", c.text());
    assert_eq!(c.effects.len(), before);
}
