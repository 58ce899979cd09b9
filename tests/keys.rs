//! Sequences of keys through the real update loop: (before, keys, after).

mod ui;

use std::sync::Arc;

use flightdeck::domain::action::{Confirm, DiffLine, DiffMark, Intent};
use flightdeck::domain::audit::{SignOff, SignOffKind};
use flightdeck::domain::problem::{Problem, ProblemKind};
use flightdeck::domain::service::{Revision, Strategy};
use flightdeck::ui::commands::{Command, Danger};
use flightdeck::ui::effect::Effect;
use flightdeck::ui::keymap::Keymap;
use flightdeck::ui::msg::Msg;
use flightdeck::ui::overlays::Overlay;
use flightdeck::ui::screens::ScreenId;
use jiff::Timestamp;
use ui::{Console, fixture};

#[test]
fn number_keys_and_tabs_lead_everywhere_and_esc_leads_back() {
    let mut c = Console::new(80, 24);
    let keys = ["1", "2", "3", "4", "5", "6", "7", "8", "i", "9", "0", "M"];
    for (key, id) in keys.into_iter().zip(ScreenId::ALL.iter().copied()) {
        c.keys(key);
        assert_eq!(c.model.current, id);
    }
    c.keys("<esc>");
    assert_ne!(c.model.current, ScreenId::Map);
    for _ in 0..11 {
        c.keys("<esc>");
    }
    assert_eq!(c.model.current, ScreenId::Overview);
}

#[test]
fn the_worst_thing_is_one_enter_away() {
    let mut c = Console::new(120, 40);
    c.keys("jj<enter>");
    assert_eq!(c.model.current, ScreenId::Services);
    assert!(c.shows("pdf-render") && c.shows("Tasks"), "{}", c.text());
    c.keys("<esc><esc>");
    assert_eq!(c.model.current, ScreenId::Overview);
    c.keys("g<enter>");
    assert_eq!(c.model.current, ScreenId::Alerts);
    assert!(
        c.shows("laser-prod-api-5xx") && c.shows("History"),
        "{}",
        c.text()
    );
}

#[test]
fn the_filter_narrows_as_it_is_typed_and_esc_clears_it() {
    let mut c = Console::new(80, 24);
    c.keys("3/calc");
    assert!(
        c.shows("1 of 5") && c.shows("calculator") && !c.shows("worker"),
        "{}",
        c.text()
    );
    c.keys("<enter>");
    assert!(c.shows("1 of 5"), "enter keeps the filter");
    c.keys("<esc>");
    assert!(c.shows("worker"));
    c.keys("/zzz");
    assert!(c.shows("no service matches"));
    c.keys("<esc>");
    assert!(c.shows("worker"));
}

#[test]
fn a_filter_that_is_opened_again_begins_anew_with_the_first_letter_and_can_be_edited() {
    let mut c = Console::new(120, 40);
    c.keys("3/work<enter>/");
    assert!(c.shows("typing begins anew"), "{}", c.text());
    c.keys("api");
    assert!(c.shows("/api") && !c.shows("/workapi"), "{}", c.text());
    c.keys("<enter>/<backspace>");
    assert!(c.shows("/ap ") || c.shows("/ap─"), "{}", c.text());
    c.keys("i");
    assert!(c.shows("/api"), "{}", c.text());
}

/// The line of the first row that is selected.
fn selected(c: &Console) -> String {
    let text = c.text();
    let line = text.lines().find(|l| l.contains("│▌"));
    line.unwrap_or_default().to_owned()
}

/// Whether one text stands above another one.
fn is_above(c: &Console, one: &str, other: &str) -> bool {
    let text = c.text();
    let line = |what: &str| {
        let mut lines = text.lines();
        lines
            .position(|l| l.contains(what))
            .unwrap_or_else(|| panic!("{what}\n{text}"))
    };
    line(one) < line(other)
}

#[test]
fn every_list_sorts_by_its_columns_and_the_selection_stays_with_its_thing() {
    let boards = [
        ("b-board", "{\"widgets\":[]}"),
        ("a-board", "{\"widgets\": []}"),
    ];
    let mut c = Console::with(120, 40, ui::boards::with(&boards));
    // Deploys: what moves stands first until somebody wants another order.
    c.keys("4");
    assert!(is_above(&c, "▶ rolling out", "◀ ROLLED BACK"));
    c.keys("S");
    assert!(c.shows("own order"), "{}", c.text());
    c.keys("s");
    assert!(c.shows("state▾") && is_above(&c, "◀ ROLLED BACK", "▶ rolling out"));
    assert!(selected(&c).contains("laser-prod/worker"), "{}", c.text());
    c.keys("S");
    assert!(c.shows("state▴") && is_above(&c, "▶ rolling out", "◀ ROLLED BACK"));
    // A filter only thins them out: they are sorted under it, too.
    c.keys("/laser<enter>ss");
    assert!(c.shows("took▴") && is_above(&c, "▶ rolling out", "◀ ROLLED BACK"));
    c.keys("S");
    assert!(c.shows("took▾") && is_above(&c, "◀ ROLLED BACK", "▶ rolling out"));
    // Audit.
    c.keys("8");
    assert!(c.shows("when▾") && is_above(&c, "✓ succeeded", " intent "));
    c.keys("S");
    assert!(c.shows("when▴") && is_above(&c, " intent ", "✓ succeeded"));
    assert!(selected(&c).contains("✓ succeeded"), "{}", c.text());
    // Systems.
    c.keys("i");
    assert!(c.shows("state▾") && is_above(&c, "Health map", "Clusters"));
    c.keys("s");
    assert!(c.shows("system▾") && is_above(&c, "Clusters", "Health map"));
    assert!(selected(&c).contains("Health map"), "{}", c.text());
    // Dashboards.
    c.keys("9");
    assert!(c.shows("from▾") && is_above(&c, "b-board", "a-board"));
    c.keys("s");
    assert!(c.shows("name▾") && is_above(&c, "a-board", "b-board"));
    assert!(selected(&c).contains("b-board"), "{}", c.text());
    c.keys("sssssS");
    assert!(c.shows("size▴") && is_above(&c, "b-board", "a-board"));
    assert!(is_above(&c, "a-board", "application"), "no size stays last");
    // Promises.
    c.keys("0");
    assert!(is_above(&c, "✓ kept", "■ burning"));
    c.keys("s");
    assert!(c.shows("state▾") && is_above(&c, "■ burning", "✓ kept"));
    assert!(selected(&c).contains("availability"), "{}", c.text());
}

#[test]
fn a_section_of_a_page_sorts_by_itself_and_stays_so_as_pictures_come() {
    let mut c = Console::new(120, 40);
    c.keys("$");
    let first = selected(&c);
    assert!(
        first.contains("laser-prod/admin") && first.contains("66.0 %"),
        "{first}"
    );
    assert!(is_above(&c, "laser-prod/worker", "cloudwatch  "));
    c.keys("S");
    assert!(c.shows("own order"), "{}", c.text());
    // What is left: most of it first.
    c.keys("ssss");
    assert!(
        c.shows("left▾") && is_above(&c, "35.0 %", "34.0 %"),
        "{}",
        c.text()
    );
    let still = selected(&c);
    assert!(
        still.contains("laser-prod/admin") && still.contains("66.0 %"),
        "{still}"
    );
    c.msg(Msg::Snapshot(Arc::new(fixture::snapshot())));
    assert!(
        c.shows("left▾") && is_above(&c, "35.0 %", "34.0 %"),
        "{}",
        c.text()
    );
    assert!(
        is_above(&c, "laser-prod/worker", "cloudwatch  "),
        "sections stay"
    );
    c.keys("S");
    assert!(
        c.shows("left▴") && is_above(&c, "34.0 %", "35.0 %"),
        "{}",
        c.text()
    );
    c.keys("/memory<enter>S");
    assert!(c.shows("left▾") && c.shows("5 of 10"), "{}", c.text());
}

#[test]
fn a_cleared_filter_keeps_what_is_selected() {
    let mut c = Console::new(80, 24);
    c.keys("3/calc<enter><esc>U");
    assert!(c.shows("Deploy laser-prod/calculator"), "{}", c.text());
}

#[test]
fn what_is_typed_takes_the_place_of_a_first_value() {
    let asked = |keys: &str| {
        let mut c = Console::new(80, 24);
        c.keys("3/api<enter>C").keys(keys).keys("<enter>");
        match c.effects.last() {
            Some(Effect::Preview(Intent::Scale { desired, .. })) => *desired,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(asked(""), 4);
    assert_eq!(asked("3"), 3, "not 43");
    assert_eq!(asked("12"), 12);
    // Whoever moves in it wants to change it.
    assert_eq!(asked("<backspace>5"), 5);
    assert_eq!(asked("<end>0"), 40);
}

#[test]
fn a_page_opened_from_elsewhere_leads_back_there_and_the_key_of_the_screen_to_its_list() {
    let mut c = Console::new(120, 40);
    c.keys("jj<enter>");
    assert_eq!(c.model.current, ScreenId::Services);
    c.keys("<esc>");
    assert_eq!(c.model.current, ScreenId::Overview);
    c.keys("3/calc<enter><enter>");
    assert!(c.shows("Tasks"), "{}", c.text());
    c.keys("3");
    assert!(!c.shows("Tasks") && c.shows("calculator"), "{}", c.text());
}

#[test]
fn typing_into_a_filter_is_never_a_command() {
    let mut c = Console::new(80, 24);
    c.keys("3/qUX");
    assert!(c.effects.is_empty(), "{:?}", c.effects);
    assert!(c.model.overlays.is_empty());
}

#[test]
fn a_deploy_is_asked_previewed_and_confirmed_by_typing_the_environment() {
    let mut c = Console::new(120, 40);
    c.keys("3/api<enter>U");
    assert!(c.shows("Deploy laser-prod/api"), "{}", c.text());
    // The present image is offered; it is replaced as a person would.
    for _ in 0..80 {
        c.keys("<backspace>");
    }
    c.keys(":1.8.3<enter><enter>");
    let intent = Intent::Deploy {
        service: fixture::id("api"),
        image: ":1.8.3".into(),
        container: None,
        strategy: Some(Strategy::Rolling),
    };
    assert_eq!(c.effects.last(), Some(&Effect::Preview(intent.clone())));
    let preview = flightdeck::domain::action::Preview {
        intent,
        ..fixture::preview()
    };
    c.msg(Msg::Previewed(Ok(Box::new(preview))));
    c.effects.clear();
    c.keys("<enter>");
    assert!(c.effects.is_empty(), "enter alone does not confirm");
    c.keys("prod<enter>");
    assert!(c.effects.is_empty(), "half the name does not confirm");
    c.msg(Msg::Paste("production".into()));
    c.keys("<enter>");
    assert!(c.effects.is_empty(), "a paste does not confirm");
    for _ in 0..20 {
        c.keys("<backspace>");
    }
    c.keys("production<enter>");
    assert!(
        matches!(c.effects.last(), Some(Effect::Start { typed: Some(word), .. }) if word == "production")
    );
    c.keys("<enter>");
    assert_eq!(c.effects.len(), 1, "a second enter starts nothing again");
    c.msg(Msg::Started(Ok("run-1".into())));
    assert_eq!(c.model.current, ScreenId::Deploys);
    assert!(c.model.overlays.is_empty());
}

/// A service's preview that asks for its environment to be typed, and the key that asked for it.
fn previewed(c: &mut Console, intent: Intent) {
    let preview = flightdeck::domain::action::Preview {
        intent,
        at: c.model.now,
        inputs: vec![
            ("revision".into(), "api:42".into()),
            ("running deployment".into(), "none".into()),
        ],
        ..fixture::preview()
    };
    c.msg(Msg::Previewed(Ok(Box::new(preview))));
}

fn asked_preview(c: &Console) -> Intent {
    match c.effects.last() {
        Some(Effect::Preview(intent)) => intent.clone(),
        other => panic!("no preview asked: {other:?}"),
    }
}

#[test]
fn a_preview_that_grew_old_is_made_anew_and_what_was_typed_confirms_nothing() {
    let mut c = Console::new(80, 24);
    c.keys("3/api<enter>X");
    let intent = asked_preview(&c);
    previewed(&mut c, intent.clone());
    assert!(c.shows("made now"), "{}", c.text());
    c.keys("produc");
    let at = |c: &Console, s: i64| Timestamp::from_second(c.model.now.as_second() + s).unwrap();
    let later = at(&c, 30);
    c.msg(Msg::Tick(later));
    assert!(c.shows("made 30s ago"), "{}", c.text());
    let later = at(&c, 31);
    c.msg(Msg::Tick(later));
    assert!(
        c.shows("this preview holds no more: it was made 1m01 ago"),
        "{}",
        c.text()
    );
    assert!(
        c.shows("r make it anew") && !c.shows("to do it"),
        "{}",
        c.text()
    );
    c.effects.clear();
    c.keys("tion<enter>");
    assert!(c.effects.is_empty(), "{:?}", c.effects);
    c.keys("r");
    assert_eq!(asked_preview(&c), intent);
    previewed(&mut c, intent);
    c.effects.clear();
    c.keys("tion<enter>");
    assert!(
        c.effects.is_empty(),
        "half of the word was typed for another"
    );
    for _ in 0..4 {
        c.keys("<backspace>");
    }
    c.keys("production<enter>");
    assert!(matches!(c.effects.last(), Some(Effect::Start { .. })));
}

#[test]
fn a_preview_that_the_picture_contradicts_is_not_confirmed() {
    let mut c = Console::new(80, 24);
    c.keys("3/api<enter>X");
    let intent = asked_preview(&c);
    previewed(&mut c, intent);
    let with = |later: i64, revision: &str| {
        let mut snapshot = fixture::snapshot();
        let mut rows = (**snapshot.facts.services.value.as_ref().unwrap()).clone();
        for row in rows.iter_mut().filter(|s| s.id.name == "api") {
            Arc::make_mut(row).revision = Revision::parse(revision).unwrap();
        }
        snapshot.facts.services.value = Some(Arc::new(rows));
        let read = Timestamp::from_second(fixture::now().as_second() + later).unwrap();
        snapshot.facts.services.observed_at = Some(read);
        snapshot
    };
    // What was read before the preview says nothing of it.
    c.msg(Msg::Snapshot(Arc::new(with(-1, "api:41"))));
    assert!(c.shows("to do it"), "{}", c.text());
    c.msg(Msg::Snapshot(Arc::new(with(2, "api:43"))));
    assert!(
        c.shows("revision was api:42, and is api:43 now"),
        "{}",
        c.text()
    );
    c.effects.clear();
    c.keys("production<enter>");
    assert!(!c.effects.iter().any(|e| matches!(e, Effect::Start { .. })));
}

#[test]
fn what_changes_what_warns_and_what_is_called_stand_above_the_fold() {
    let mut c = Console::new(80, 24);
    c.keys("3/api<enter>X");
    let intent = asked_preview(&c);
    let line = |n: usize| DiffLine {
        mark: DiffMark::Added,
        text: format!("  env VARIABLE_{n}=value"),
    };
    let mut preview = flightdeck::domain::action::Preview {
        intent,
        diff: (0..40).map(line).collect(),
        ..fixture::preview()
    };
    preview
        .facts
        .extend((0..12).map(|n| (format!("fact {n}"), "known".into())));
    c.msg(Msg::Previewed(Ok(Box::new(preview))));
    for words in [
        "a new revision with",
        "VARIABLE_5",
        "34 more lines",
        "▲ 1 alarm",
        "ecs:UpdateService",
    ] {
        assert!(c.shows(words), "{words}\n{}", c.text());
    }
    assert!(!c.shows("VARIABLE_39"));
    c.keys(&"<pagedown>".repeat(12));
    assert!(c.shows("VARIABLE_39"), "{}", c.text());
}

#[test]
fn a_preview_that_refuses_cannot_be_confirmed() {
    let mut c = Console::new(80, 24);
    c.keys("3/api<enter>X");
    let Some(Effect::Preview(intent)) = c.effects.last().cloned() else {
        panic!("no preview asked")
    };
    let preview = flightdeck::domain::action::Preview {
        intent,
        refusals: vec!["the service is DRAINING".into()],
        confirm: Confirm::Key,
        ..fixture::preview()
    };
    c.msg(Msg::Previewed(Ok(Box::new(preview))));
    c.effects.clear();
    c.keys("y<enter>");
    assert!(c.effects.is_empty());
    assert!(c.shows("the service is DRAINING"));
}

#[test]
fn a_late_preview_of_something_given_up_is_forgotten() {
    let mut c = Console::new(80, 24);
    c.keys("3/api<enter>X<esc>");
    c.msg(Msg::Previewed(Ok(Box::new(fixture::preview()))));
    assert!(c.model.overlays.is_empty());
    c.msg(Msg::Started(Err(Problem::new(
        ProblemKind::Conflict,
        "ecs",
        "Moved",
        "it moved",
        "again",
    ))));
    assert!(
        c.shows("it moved"),
        "a refusal without its window is still said"
    );
}

#[test]
fn read_only_takes_every_mutation_away() {
    let mut snapshot = fixture::snapshot();
    snapshot.facts.read_only = true;
    let mut c = Console::with(160, 48, snapshot);
    c.keys("3");
    for key in ["U", "R", "C", "X", "x"] {
        c.keys(key);
        assert!(
            c.model.overlays.is_empty() && c.effects.is_empty(),
            "{key} leaked"
        );
        assert!(c.shows("read-only"), "{key} does not explain itself");
    }
    c.model.status = None;
    assert!(
        !c.shows("U deploy") && !c.shows("X restart"),
        "the footer offers what cannot be done"
    );
    c.keys(":restart<enter>");
    assert!(c.effects.is_empty());
}

/// With something to take back on the criterion that fails.
fn vouched(read_only: bool) -> flightdeck::watch::Snapshot {
    let mut snapshot = fixture::snapshot();
    snapshot.facts.read_only = read_only;
    let list = Arc::make_mut(&mut snapshot.checklist);
    let mut all = list.stages.iter_mut().flat_map(|s| s.criteria.iter_mut());
    let failing = all.find(|c| c.id == "2.S2").unwrap();
    failing.signoff = Some(SignOff {
        criterion: failing.id.clone(),
        kind: SignOffKind::SignedOff,
        who: "ana".into(),
        why: "seen".into(),
        link: String::new(),
        at: fixture::now(),
        until: None,
        proven: true,
    });
    snapshot
}

/// Each on what it can be done to, by each of its keys and by the palette; where it is allowed, the same leads to it.
#[test]
fn every_action_of_the_registry_is_taken_away_by_key_and_by_palette_when_read_only() {
    for command in Command::all().filter(|c| c.danger() == Danger::Mutates) {
        let (place, on) = match command {
            Command::SignOff | Command::Waive | Command::Withdraw => ("2n", ""),
            // The one of which something is rolled out.
            _ => ("3/worker<enter>", " laser-prod/worker"),
        };
        let there = |read_only| {
            let mut c = Console::with(160, 48, vouched(read_only));
            c.keys(place);
            c.effects.clear();
            c
        };
        let c = there(true);
        let mut ways = c.model.keymap.keys_for(c.model.current, command);
        assert!(!ways.is_empty(), "{command:?} has no key");
        ways.push(format!(":{}{on}<enter><enter>", command.short()));
        for way in ways {
            for read_only in [true, false] {
                let mut c = there(read_only);
                c.keys(&way);
                let asks = |o: &Overlay| matches!(o, Overlay::Form(_) | Overlay::Confirm(_));
                let begins = |e: &Effect| matches!(e, Effect::Preview(_) | Effect::Start { .. });
                let begun = c.model.overlays.iter().any(asks) || c.effects.iter().any(begins);
                let text = c.text();
                assert_eq!(begun, !read_only, "{command:?} by {way}\n{text}");
            }
        }
    }
}

#[test]
fn the_selection_stays_with_its_service_when_the_list_changes() {
    let mut c = Console::new(80, 24);
    c.keys("3jjj");
    let before = c.text();
    let row = before.lines().find(|l| l.contains('▌')).unwrap().to_owned();
    let mut snapshot = fixture::snapshot();
    let mut rows = (**snapshot.facts.services.value.as_ref().unwrap()).clone();
    rows.remove(3);
    snapshot.facts.services.value = Some(Arc::new(rows));
    c.msg(Msg::Snapshot(Arc::new(snapshot)));
    let after = c.text();
    let name = |l: &str| l.split_whitespace().nth(2).map(str::to_owned);
    assert_eq!(
        name(after.lines().find(|l| l.contains('▌')).unwrap()),
        name(&row)
    );
}

#[test]
fn a_small_terminal_is_told_politely_and_q_still_works() {
    let mut c = Console::new(80, 24);
    c.msg(Msg::Resize(59, 20));
    assert!(c.shows("flightdeck needs 60 x 15") && c.shows("59 x 20"));
    c.keys("3U");
    assert!(c.model.overlays.is_empty());
    c.keys("q");
    assert_eq!(c.effects.last(), Some(&Effect::Quit));
    for (columns, rows) in [(1, 1), (0, 0), (3, 2), (200, 3)] {
        c.msg(Msg::Resize(columns, rows));
        c.text();
    }
    c.msg(Msg::Resize(80, 24));
    assert!(c.shows("Burning"));
}

#[test]
fn the_palette_finds_places_and_commands_and_does_them() {
    let mut c = Console::new(120, 40);
    c.keys(":calculator<enter>");
    assert_eq!(c.model.current, ScreenId::Services);
    assert!(c.shows("calculator") && c.shows("Tasks"));
    c.keys(":audit<enter>");
    assert_eq!(c.model.current, ScreenId::Audit);
    c.keys(":zzzzqqq");
    assert!(c.shows("nothing matches"));
    c.keys("<enter>");
    assert!(c.model.overlays.is_empty());
}

#[test]
fn describe_searches_and_copies() {
    let mut c = Console::new(120, 40);
    c.keys("3/api<enter>d");
    assert!(c.shows("\"name\": \"api\""), "{}", c.text());
    c.keys("/rollout_state<enter>");
    assert!(c.shows("1 line matches"));
    c.keys("y");
    assert!(matches!(c.effects.last(), Some(Effect::Copy(text)) if text.contains("rollout_state")));
    c.keys("<esc>");
    assert!(c.model.overlays.is_empty());
}

#[test]
fn hostile_names_are_inert_on_every_screen() {
    let mut snapshot = fixture::snapshot();
    let mut rows = (**snapshot.facts.services.value.as_ref().unwrap()).clone();
    let mut evil = (*rows[1]).clone();
    evil.id.name = "a\u{1b}[2J\u{202e}pi漢字e\u{301}\u{200b}".into();
    evil.events[0].message = "\u{9b}31m\u{7}\u{2066}boo".into();
    rows[1] = Arc::new(evil);
    snapshot.facts.services.value = Some(Arc::new(rows));
    let mut c = Console::with(120, 40, snapshot);
    for keys in [
        "",
        "2",
        "3",
        "<enter><tab><tab>",
        "4",
        "5",
        "6",
        "7",
        "8",
        "0",
        "M",
        ":a",
    ] {
        c.keys(keys);
        let buf = c.buffer();
        for cell in &buf.content {
            assert!(
                cell.symbol()
                    .chars()
                    .all(flightdeck::domain::text::is_inert),
                "{keys}: {:?}",
                cell.symbol()
            );
        }
    }
}

#[test]
fn every_key_on_every_screen_does_something_sane() {
    // A monkey with all keys: no panic, no effect that starts an action without a typed word.
    let keys: Vec<String> = (' '..='~')
        .map(|c| c.to_string())
        .chain(
            [
                "<enter>",
                "<esc>",
                "<tab>",
                "<up>",
                "<down>",
                "<left>",
                "<right>",
                "<pagedown>",
            ]
            .map(String::from),
        )
        .collect();
    for screen in ["1", "2", "3", "4", "5", "6", "7", "8", "0", "M"] {
        let mut c = Console::new(80, 24);
        for seed in 0..400_usize {
            if seed % 40 == 0 {
                c.keys("<esc><esc><esc>");
                c.keys(screen);
            }
            c.keys(&keys[(seed * 7919 + 13 * screen.len() + seed / 3) % keys.len()]);
            c.text();
        }
        assert!(!c.effects.iter().any(|e| matches!(e, Effect::Start { .. })));
    }
}

#[test]
fn promises_lead_to_their_series_and_back() {
    let mut c = Console::new(120, 40);
    ui::answers::answer_success_metrics(&mut c);
    c.keys("0");
    assert!(c.shows("Error budget of availability"), "{}", c.text());
    c.keys("j<enter>");
    assert_eq!(c.model.current, ScreenId::Metrics);
    assert!(c.shows("TargetResponseTime"), "{}", c.text());
    c.keys("<esc>");
    assert_eq!(c.model.current, ScreenId::Slo);
    assert!(c.shows("Error budget of response"), "{}", c.text());
    c.keys("e");
    assert_eq!(c.model.current, ScreenId::Checklist);
    assert!(c.shows("M.1.b"), "{}", c.text());
}

#[test]
fn enter_in_a_form_shows_where_it_went_and_then_that_the_preview_is_read() {
    let mut c = Console::new(80, 24);
    c.keys("3/api<enter>U");
    assert!(
        c.shows("▌image") && c.shows("enter on to strategy"),
        "{}",
        c.text()
    );
    c.keys("<enter>");
    assert!(c.shows("▌strategy") && !c.shows("▌image"), "{}", c.text());
    assert!(c.shows("enter read the preview"), "{}", c.text());
    c.keys("<enter>");
    assert!(c.shows("reading what this would do"), "{}", c.text());
    assert!(c.model.counts_seconds());
    let later = fixture::now() + jiff::SignedDuration::from_secs(3);
    c.msg(Msg::Tick(later));
    assert!(c.shows("3s"), "{}", c.text());
}

#[test]
fn actions_are_found_from_anywhere_and_ask_for_the_service_first() {
    for screen in ["1", "M", "7"] {
        for (word, verb) in [
            ("deploy", "deploy"),
            ("roll", "roll back"),
            ("scale", "scale"),
        ] {
            let mut c = Console::new(80, 24);
            c.keys(screen).keys(":").keys(word);
            let row = format!("do        ! {verb} ");
            assert!(c.shows(&row), "{word}: {}", c.text());
        }
    }
    let mut c = Console::new(80, 24);
    c.keys(":restart<enter>");
    assert!(c.shows("restart: which service?"), "{}", c.text());
    c.keys("work<enter>");
    let asked = |c: &Console| match c.effects.last() {
        Some(Effect::Preview(Intent::Restart { service })) => service.name.clone(),
        other => format!("{other:?}"),
    };
    assert_eq!(asked(&c), "worker");
    c.keys("<esc>M:scale<enter>api<enter>");
    assert!(
        c.shows("Scale laser-prod/api") && c.shows("▌tasks"),
        "{}",
        c.text()
    );
    // What cannot be done says why, and does nothing.
    let mut c = Console::new(80, 24);
    c.keys(":stop<enter>");
    assert!(c.shows("nothing is being rolled"), "{}", c.text());
    c.keys("api<enter>");
    assert!(
        c.shows("▲ laser-prod/api: nothing is being rolled out"),
        "{}",
        c.text()
    );
    assert!(c.effects.is_empty(), "{:?}", c.effects);
    // On the services screen an action is about the selected one, as its key is.
    let mut c = Console::new(80, 24);
    c.keys("3/work<enter>:restart<enter>");
    assert_eq!(asked(&c), "worker");
}

#[test]
fn a_list_sorted_by_a_column_without_room_says_by_which() {
    let mut c = Console::new(80, 24);
    c.keys("3");
    assert!(c.shows("state▾") && !c.shows("by "), "{}", c.text());
    c.keys("sssss");
    assert!(c.shows("by deployed▾"), "{}", c.text());
    c.keys("S");
    assert!(c.shows("by deployed▴"), "{}", c.text());
    let mut c = Console::new(160, 48);
    c.keys("3sssss");
    assert!(
        c.shows("deployed▾") && !c.shows("by deployed"),
        "{}",
        c.text()
    );
}

#[test]
fn an_action_is_found_together_with_its_service() {
    let asked = |c: &Console| match c.effects.last() {
        Some(Effect::Preview(intent)) => format!("{intent:?}"),
        _ => c.text(),
    };
    let mut c = Console::new(80, 24);
    c.keys(":restart work");
    assert!(c.shows("restart laser-prod/worker"), "{}", c.text());
    c.keys("<enter>");
    let said = asked(&c);
    assert!(
        said.contains("Restart") && said.contains("worker"),
        "{said}"
    );
    let mut c = Console::new(80, 24);
    c.keys(":roll back prod/api<enter>");
    let said = asked(&c);
    assert!(said.contains("Rollback") && said.contains("api"), "{said}");
    // Nothing is deploying there: the row says so, and nothing happens.
    let mut c = Console::new(120, 40);
    c.keys(":stop prod/api");
    assert!(c.shows("nothing is being rolled out"), "{}", c.text());
    c.keys("<enter>");
    assert!(c.effects.is_empty(), "{:?}", c.effects);
    let mut snapshot = fixture::snapshot();
    snapshot.facts.read_only = true;
    let mut c = Console::with(120, 40, snapshot);
    c.keys(":restart work");
    assert!(c.shows("restart laser-prod/worker"), "{}", c.text());
    c.keys("<enter>");
    assert!(c.shows("read-only: started with"), "{}", c.text());
    assert!(c.effects.is_empty());
}

#[test]
fn a_word_that_is_looked_for_where_there_is_no_list_is_no_string_of_commands() {
    for screen in ["1", "6", "M"] {
        let mut c = Console::new(120, 40);
        c.keys(screen);
        c.keys("/work");
        assert!(c.shows("Go to, or do"), "{screen}: {}", c.text());
        assert!(
            c.shows("logs of laser-prod/worker"),
            "{screen}: {}",
            c.text()
        );
        c.keys("<enter>");
        assert_eq!(c.model.current, ScreenId::Services, "{screen}");
    }
}

#[test]
fn under_a_filter_the_order_is_not_turned_unseen() {
    let mut c = Console::new(120, 40);
    c.keys("3");
    let before = c.text();
    c.keys("/api<enter>s");
    assert!(c.shows("best match comes first"), "{}", c.text());
    c.keys("S<esc>");
    let rows = |text: String| text.replace('▌', " ");
    assert_eq!(rows(c.text()), rows(before));
}

#[test]
fn a_read_only_palette_says_why_an_action_does_nothing() {
    let mut snapshot = fixture::snapshot();
    snapshot.facts.read_only = true;
    let mut c = Console::with(120, 40, snapshot);
    c.keys(":restart");
    assert!(c.shows("read-only"), "{}", c.text());
    c.keys("<enter>");
    assert!(
        !c.shows("which service") && c.effects.is_empty(),
        "{}",
        c.text()
    );
}

#[test]
fn the_smallest_terminal_is_told_both_sizes() {
    let c = Console::new(20, 5);
    assert!(
        c.shows("needs 60 x 15") && c.shows("has 20 x 5"),
        "{}",
        c.text()
    );
    let c = Console::new(60, 14);
    assert!(c.shows("flightdeck needs 60 x 15"), "{}", c.text());
    assert!(c.shows("this terminal has 60 x 14"), "{}", c.text());
}

#[test]
fn whoever_cannot_read_the_colours_finds_others_by_their_words() {
    for (typed, first) in [("light", "light"), ("theme", "default"), ("mono", "mono")] {
        let mut c = Console::new(120, 40);
        c.keys(&format!(":{typed}<enter>"));
        assert_eq!(c.effects.last(), Some(&Effect::Theme(first)), "{typed}");
    }
    let mut c = Console::new(120, 60);
    c.keys("?");
    assert!(
        c.shows("other colours: : theme, or --theme light"),
        "{}",
        c.text()
    );
    assert!(c.shows("theme default)"), "{}", c.text());
}

#[test]
fn keys_of_a_keymap_that_lead_back_and_move_do_so_in_what_lies_over_a_screen() {
    let emacs = |columns, rows| {
        let mut c = Console::new(columns, rows);
        c.model.keymap = Arc::new(Keymap::load("emacs", None).unwrap());
        c
    };
    // The palette.
    let mut c = emacs(120, 40);
    c.keys(":");
    let first = c.buffer();
    c.keys("<ctrl-n>");
    assert_ne!(c.buffer(), first, "it moves");
    c.keys("<ctrl-p>");
    assert_eq!(c.buffer(), first);
    c.keys("<ctrl-g>");
    assert!(c.model.overlays.is_empty(), "{}", c.text());
    // The filter.
    c.keys("3<ctrl-s>wor<ctrl-g>");
    assert!(c.model.filter.is_none(), "{}", c.text());
    // A form: nothing is asked, nothing stays.
    c.keys("U");
    assert_eq!(c.model.overlays.len(), 1, "{}", c.text());
    c.keys("<ctrl-g>");
    assert!(c.model.overlays.is_empty(), "{}", c.text());
    // A confirmation: the one that was closed takes no word any more.
    let one_key = |c: &mut Console| {
        c.keys("X");
        let intent = asked_preview(c);
        let preview = flightdeck::domain::action::Preview {
            intent,
            at: c.model.now,
            confirm: Confirm::Key,
            ..fixture::preview()
        };
        c.msg(Msg::Previewed(Ok(Box::new(preview))));
        assert_eq!(c.model.overlays.len(), 1, "{}", c.text());
        c.effects.clear();
    };
    let starts = |c: &Console| {
        let mut effects = c.effects.iter();
        effects.any(|e| matches!(e, Effect::Start { .. }))
    };
    one_key(&mut c);
    c.keys("<ctrl-g>");
    assert!(c.model.overlays.is_empty(), "{}", c.text());
    c.keys("y");
    assert!(!starts(&c));
    // Nor is a yes what is one with ctrl.
    one_key(&mut c);
    c.keys("<ctrl-y>");
    assert!(!starts(&c), "{}", c.text());
    c.keys("y");
    assert!(starts(&c), "{}", c.text());
}
