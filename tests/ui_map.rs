//! The health map through the real update loop: keys and clicks in, cells and effects out.

mod ui;

use std::sync::Arc;

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use flightdeck::ui::effect::Effect;
use flightdeck::ui::msg::Msg;
use flightdeck::ui::screens::ScreenId;
use ui::{Console, platform};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

/// Title of the panel of the selected step.
fn selected(c: &Console) -> String {
    let text = c.text();
    let mut panels = text.lines().filter(|l| l.starts_with("┌ "));
    let title = panels.next_back().expect("a panel of the selected step");
    let name = title.trim_start_matches("┌ ");
    name.split("  ").next().unwrap_or_default().to_owned()
}

fn click(c: &mut Console, what: &str) {
    let text = c.text();
    let hits = text.lines().enumerate().find_map(|(y, l)| {
        let at = l.find(what)?;
        Some((flightdeck::domain::text::width(&l[..at]), y))
    });
    let (x, y) = hits.unwrap_or_else(|| panic!("no {what} in\n{text}"));
    c.msg(Msg::Mouse(MouseEvent {
        kind: MouseEventKind::Down(MouseButton::Left),
        column: x as u16,
        row: y as u16,
        modifiers: KeyModifiers::NONE,
    }));
}

#[test]
fn the_eye_starts_where_the_fault_does_and_reads_what_it_reaches() {
    for (columns, rows) in SIZES {
        let mut c = Console::with(columns, rows, platform::faulty());
        c.keys("M");
        assert_eq!(c.model.current, ScreenId::Map);
        assert_eq!(selected(&c), "PostgreSQL (RDS)", "{}", c.text());
        assert!(
            c.shows("starts at PostgreSQL: laser-prod-db: storage-full"),
            "{}",
            c.text()
        );
        assert!(c.shows("▲ BAD") && c.shows("◀ REACHED"), "{}", c.text());
        assert!(c.shows("starts here and reaches ECS, ALB, Cloudflare, browser"));
    }
}

#[test]
fn enter_opens_the_steps_own_screen_and_esc_comes_back_to_the_same_step() {
    for (columns, rows) in SIZES {
        let mut c = Console::with(columns, rows, platform::faulty());
        c.keys("M<enter>");
        assert_eq!(c.model.current, ScreenId::Systems);
        assert!(
            c.shows("storage-fu") && c.shows("Databases"),
            "{}",
            c.text()
        );
        c.keys("<esc>");
        assert_eq!(
            c.model.current,
            ScreenId::Map,
            "one esc, not by way of a list"
        );
        assert_eq!(selected(&c), "PostgreSQL (RDS)");
        c.keys("h<enter>");
        assert_eq!(c.model.current, ScreenId::Services);
        c.keys("<esc>");
        assert_eq!(selected(&c), "services (ECS)", "{}", c.text());
        c.keys("h<enter>");
        assert_eq!(c.model.current, ScreenId::Metrics);
        c.keys("<esc>");
        assert_eq!(selected(&c), "load balancer (ALB)");
        c.keys("<left><left><enter>");
        assert_eq!(c.model.current, ScreenId::Slo);
        c.keys("<esc>");
        assert_eq!(selected(&c), "browser");
    }
}

#[test]
fn a_list_that_was_seen_is_still_where_esc_leads_from_its_page() {
    let mut c = Console::with(120, 40, platform::calm());
    c.keys("i<enter><esc>");
    assert_eq!(c.model.current, ScreenId::Systems);
    c.keys("M<enter><esc>i<enter>");
    assert_eq!(c.model.current, ScreenId::Systems);
    c.keys("<esc>");
    assert_eq!(c.model.current, ScreenId::Systems, "{}", c.text());
}

#[test]
fn keys_walk_along_the_path_in_every_form() {
    for (columns, rows) in SIZES {
        let mut c = Console::with(columns, rows, platform::calm());
        c.keys("M");
        assert_eq!(
            selected(&c),
            "browser",
            "nothing is ill: the path from its start"
        );
        c.keys("ll");
        assert!(
            ["load balancer (ALB)", "Vercel"].contains(&selected(&c).as_str()),
            "{}",
            c.text()
        );
        c.keys("G");
        assert_eq!(selected(&c), "alerts (Slack)");
        c.keys("g<right>");
        assert_eq!(selected(&c), "Cloudflare");
        c.keys("h");
        assert_eq!(selected(&c), "browser");
        // Every step can be reached by hand.
        let mut seen = std::collections::BTreeSet::new();
        let walk = if columns < 120 { "j" } else { "lkjjjkkl" };
        c.keys("g");
        for _ in 0..12 {
            for key in walk.chars() {
                seen.insert(selected(&c));
                c.keys(&key.to_string());
            }
        }
        assert!(seen.len() >= 8, "{seen:?}");
    }
}

#[test]
fn the_selection_stays_with_its_step_when_others_come_and_go() {
    let mut c = Console::with(120, 40, platform::faulty());
    c.keys("M");
    let mut gone = platform::faulty();
    gone.facts
        .providers
        .retain(|p| p.name != "cloudflare" && p.name != "vercel" && p.name != "s3");
    c.msg(Msg::Snapshot(Arc::new(gone)));
    assert_eq!(selected(&c), "PostgreSQL (RDS)");
    assert!(!c.shows("Cloudflare") && !c.shows(" S3 "), "{}", c.text());
    c.msg(Msg::Snapshot(Arc::new(platform::calm())));
    assert_eq!(
        selected(&c),
        "PostgreSQL (RDS)",
        "and when the fault is over"
    );
    assert!(!c.shows("BAD") && !c.shows("REACHED"));
    c.msg(Msg::Resize(80, 24));
    assert_eq!(selected(&c), "PostgreSQL (RDS)");
}

#[test]
fn a_click_selects_and_the_second_one_opens() {
    for (columns, rows) in SIZES {
        let mut c = Console::with(columns, rows, platform::calm());
        c.keys("M");
        click(&mut c, "Vercel");
        assert_eq!(selected(&c), "Vercel");
        assert_eq!(c.model.current, ScreenId::Map);
        click(&mut c, "Vercel");
        assert_eq!(c.model.current, ScreenId::Systems);
        assert!(c.shows("Projects"), "{}", c.text());
    }
}

#[test]
fn copy_and_describe_say_all_of_it() {
    let mut c = Console::with(120, 40, platform::faulty());
    c.keys("My");
    let Some(Effect::Copy(text)) = c.effects.last() else {
        panic!("nothing was copied")
    };
    assert!(
        text.contains("storage-full") && text.contains("reaches ECS, ALB"),
        "{text}"
    );
    c.keys("d");
    assert!(c.shows("\"starts\": true"), "{}", c.text());
    c.keys("<esc>");
    assert!(c.model.overlays.is_empty());
    c.keys("m");
    assert!(c.shows("no series of CloudWatch"), "{}", c.text());
}

#[test]
fn nothing_known_is_not_well_and_hostile_names_do_not_break_the_frame() {
    for (columns, rows) in SIZES {
        let mut c = Console::with(columns, rows, flightdeck::watch::Snapshot::default());
        c.keys("M");
        assert!(c.shows("asking ..."), "{}", c.text());
        assert!(!c.shows("● ok") && !c.shows("all is well"), "{}", c.text());
        let mut evil = platform::faulty();
        let estate = &mut evil.facts.estate;
        let mut databases = (**estate.databases.value.as_ref().unwrap()).clone();
        databases.instances[0].id = "漢字\u{1b}[2J\u{202e}e\u{301}".repeat(20);
        estate.databases.value = Some(Arc::new(databases));
        c.msg(Msg::Snapshot(Arc::new(evil)));
        let buf = c.buffer();
        assert!(buf.content.iter().all(|cell| {
            cell.symbol()
                .chars()
                .all(flightdeck::domain::text::is_inert)
        }));
        for l in c.text().lines().skip(2).filter(|l| l.starts_with('│')) {
            let whole = flightdeck::domain::text::width(l) == usize::from(columns);
            assert!(whole && l.ends_with('│'), "{l}");
        }
    }
}
