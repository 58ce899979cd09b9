//! The checklist screen through the real update loop: keys in, cells and effects out.

mod ui;

use std::sync::Arc;

use flightdeck::domain::action::{Confirm, Intent, Preview};
use flightdeck::plan::CriterionState;
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
    let stage = row(&c, "▾ 2 ");
    assert!(stage.contains("CI/CD") && stage.contains("3/4"), "{stage}");
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
    c.keys("g ");
    assert!(!c.shows("1.S1") && !c.shows("1.1 What"), "{}", c.text());
}

#[test]
fn a_stage_opens_its_page_and_stays_as_folded_as_it_was() {
    let mut c = Console::new(100, 30);
    c.keys("2g<enter>");
    assert!(c.shows("┌ stage 1 ") && c.shows("Timeline"), "{}", c.text());
    assert!(c.shows("esc back"), "{}", c.text());
    c.keys("<esc>");
    assert!(!c.shows("esc back") && c.shows("1.S1  "), "{}", c.text());
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
    c.keys("N");
    assert!(c.shows("4.S3"), "and back over the top: {}", c.text());
    c.keys("N");
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

#[test]
fn what_fails_comes_in_the_order_of_the_screen() {
    let mut snapshot = fixture::snapshot();
    let list = Arc::make_mut(&mut snapshot.checklist);
    let leads = list.stages[1].criteria.last_mut().unwrap();
    leads.state = CriterionState::Failing;
    // The plan has it before the success criteria; the screen shows those first.
    list.stages[1].criteria.rotate_right(1);
    let mut c = Console::with(160, 48, snapshot);
    let mut seen = Vec::new();
    for _ in 0..3 {
        c.keys(if seen.is_empty() { "2n" } else { "n" });
        seen.push(row(&c, "▌").split_whitespace().nth(1).unwrap().to_owned());
    }
    assert_eq!(seen, ["2.S2", "2.1.a", "4.S3"]);
}

#[test]
fn a_stage_says_what_was_planned_what_is_late_and_what_comes_next() {
    let mut c = Console::new(80, 24);
    c.keys("2zj");
    assert!(row(&c, "▌").contains("CI/CD"), "{}", c.text());
    assert!(
        c.shows("2 days LATE, planned 2026-11-19 to 2026-11-21, begun"),
        "under the list, in full: {}",
        c.text()
    );
    c.keys("e");
    assert!(
        c.shows("what stage 2 is for") && c.shows("▲ FAILING  2.S2"),
        "{}",
        c.text()
    );
    c.keys("<down><down><down><down><down><down><down><down><down><down>");
    assert!(
        row(&c, "5/5  done").contains("██████") && c.shows("planned for 2026-12-04"),
        "{}",
        c.text()
    );
    // Nobody looks for the poll that is not there yet.
    assert!(
        row(&c, "go/no-go").contains("no poll in this version"),
        "{}",
        c.text()
    );
    c.keys("<esc>");
    assert!(row(&c, "▌").contains("CI/CD"), "{}", c.text());
}

#[test]
fn a_narrow_screen_cuts_no_meaning() {
    let mut c = Console::new(80, 24);
    c.keys("2n");
    let text = c.text();
    assert!(
        text.contains("2.S2 criterion 2 of CI/CD Pipeline Implementation"),
        "{text}"
    );
    assert!(text.contains("laser-prod/api: 5 of 6 tasks run"), "{text}");
    assert!(
        text.contains("next: fix 2.S2 Docker images building successfully"),
        "{text}"
    );
}

#[test]
fn a_new_picture_leaves_the_selection_with_its_criterion() {
    let mut c = Console::new(120, 40);
    c.keys("2n");
    let mut newer = fixture::snapshot();
    let list = Arc::make_mut(&mut newer.checklist);
    list.stages[0].criteria.truncate(2);
    list.stages[1].criteria[1].state = CriterionState::Proved;
    c.msg(Msg::Snapshot(Arc::new(newer)));
    let selected = row(&c, "▌");
    assert!(
        selected.contains("2.S2") && selected.contains("✓ proved"),
        "{}",
        c.text()
    );
}

#[test]
fn the_overview_leads_to_a_stage_that_blocks_go_live() {
    let mut c = Console::new(120, 40);
    // Three things burn and one moves before the stages.
    c.keys("jjjjj<enter>");
    assert!(row(&c, "▌").contains("CI/CD"), "{}", c.text());
    c.keys("<esc>");
    assert!(
        c.shows("Burning") && row(&c, "▌2").contains("CI/CD"),
        "{}",
        c.text()
    );
}

#[test]
fn a_confirmed_sign_off_is_started_with_what_was_previewed() {
    let mut c = Console::new(120, 40);
    c.keys("2no");
    assert!(
        c.shows("it stays FAILING unless it is waived"),
        "{}",
        c.text()
    );
    c.keys("seen<tab>https://wiki.example/1<enter>");
    let Some(Effect::Preview(intent)) = c.effects.last().cloned() else {
        panic!("no preview: {:?}\n{}", c.effects.last(), c.text());
    };
    let preview = Preview {
        intent,
        confirm: Confirm::Key,
        ..fixture::preview()
    };
    c.msg(Msg::Previewed(Ok(Box::new(preview.clone()))));
    c.keys("y");
    let started = Effect::Start {
        preview: Box::new(preview),
        typed: None,
    };
    assert!(
        c.effects.contains(&started),
        "{:?}\n{}",
        c.effects,
        c.text()
    );
}

#[test]
fn words_that_look_like_a_secret_are_asked_for_without_it_and_their_preview_is_shown() {
    let said = "load test: pass: 10x, token: x";
    for (keys, link) in [("2no", "<tab>https://a:b@wiki.example/1"), ("2nw", "<tab>")] {
        let mut c = Console::new(120, 40);
        c.keys(keys).keys(said).keys(link).keys("<enter>");
        let Some(Effect::Preview(intent)) = c.effects.last().cloned() else {
            panic!("no preview: {:?}\n{}", c.effects.last(), c.text());
        };
        // What previews an intent takes its secrets out first.
        let intent = intent.without_secrets();
        let (Intent::SignOff { why, .. } | Intent::Waive { why, .. }) = &intent else {
            panic!("{intent:?}");
        };
        assert_eq!(why, "load test: pass: [redacted], token: [redacted]");
        let preview = Preview {
            intent,
            confirm: Confirm::Key,
            ..fixture::preview()
        };
        c.msg(Msg::Previewed(Ok(Box::new(preview.clone()))));
        c.keys("y");
        let preview = Box::new(preview);
        let typed = None;
        let started = Effect::Start { preview, typed };
        assert!(c.effects.contains(&started), "{}", c.text());
    }
}

#[test]
fn read_only_says_why_nobody_can_vouch() {
    let mut snapshot = fixture::snapshot();
    snapshot.facts.read_only = true;
    let mut c = Console::with(120, 40, snapshot);
    for key in ["2no", "w"] {
        c.keys(key);
        assert!(
            c.shows("read-only: started with --read-only"),
            "{}",
            c.text()
        );
    }
    assert!(!c.effects.iter().any(|e| matches!(e, Effect::Preview(_))));
}

/// What of the plan is shown is said whole where the plan's name has no room beside it, and a cut title keeps off the border.
#[test]
fn a_narrow_title_says_that_only_what_is_not_ready_is_shown() {
    let mut snapshot = fixture::snapshot();
    let list = Arc::make_mut(&mut snapshot.checklist);
    list.title = "Production Deployment & Operations Plan".into();
    let mut c = Console::with(80, 24, snapshot);
    c.keys("2u");
    assert!(
        c.shows("┌ Checklist   only what is not ready ─"),
        "{}",
        c.text()
    );
    let mut c = Console::new(160, 48);
    c.keys("2u");
    assert!(c.shows("   only what is not ready ─"), "{}", c.text());
    assert!(!c.shows("…─"), "{}", c.text());
}

#[test]
fn evidence_of_several_probes_says_by_which() {
    let shown = |second: &'static str| {
        let mut snapshot = fixture::snapshot();
        let mut list = (*snapshot.checklist).clone();
        let criteria = list.stages[1].criteria.iter_mut();
        for criterion in criteria.filter(|c| c.id == "2.S2") {
            let mut other = criterion.evidence[0].clone();
            other.probe = second;
            criterion.evidence.push(other);
        }
        snapshot.checklist = Arc::new(list);
        let mut c = Console::with(120, 40, snapshot);
        c.keys("2n<enter>");
        assert!(c.shows("Evidence"), "{}", c.text());
        c.text()
    };
    let two = shown("ecs.zones");
    assert!(two.contains("ecs.zones  ecs:DescribeServices?"), "{two}");
    assert!(
        two.contains("ecs.services-running  ecs:DescribeServices?"),
        "{two}"
    );
    let one = shown("ecs.services-running");
    assert!(!one.contains("ecs.services-running  ecs:"), "{one}");
}
