//! Dashboards of many kinds, written by hand after the documented structure: each loads, and draws what it can.

mod ui;

use std::collections::BTreeMap;
use std::path::Path;

use flightdeck::domain::dashboard::{Dashboard, WidgetKind};
use flightdeck::domain::interest::Interest;
use flightdeck::ui::effect::Effect;
use flightdeck::ui::screens::ScreenId;
use ui::Console;
use ui::boards::{answer, asked, with};

/// (name, body) of every file of the corpus.
fn corpus() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dashboards");
    let mut all: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|f| f.unwrap().path())
        .map(|p| {
            (
                p.file_stem().unwrap().to_str().unwrap().to_owned(),
                std::fs::read_to_string(&p).unwrap(),
            )
        })
        .collect();
    all.sort();
    all
}

fn opened(columns: u16, rows: u16, name: &str, body: &str) -> Console {
    let mut c = Console::with(columns, rows, with(&[(name, body)]));
    c.keys("9<enter>");
    c
}

#[test]
fn the_corpus_holds_every_kind_of_widget_twice() {
    let all = corpus();
    assert!(all.len() >= 10);
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for (name, body) in &all {
        for w in Dashboard::parse(name, body).widgets {
            *kinds.entry(w.kind.word().to_owned()).or_default() += 1;
        }
    }
    for kind in [
        "line", "stacked", "number", "gauge", "bar", "pie", "table", "text", "alarms", "log",
        "explorer", "custom",
    ] {
        assert!(
            kinds.get(kind).is_some_and(|n| *n >= 2),
            "{kind}: {kinds:?}"
        );
    }
}

#[test]
fn every_dashboard_draws_at_every_size_before_and_after_its_answers() {
    for (name, body) in corpus() {
        let widgets = Dashboard::parse(&name, &body).widgets.len();
        assert!(widgets > 0, "{name}");
        for (columns, rows) in [(80, 24), (120, 40), (200, 60)] {
            let mut c = opened(columns, rows, &name, &body);
            assert!(c.shows(&name), "{name}:\n{}", c.text());
            answer(&mut c);
            // Every widget comes into sight with the key that leads there, with what it is called.
            for _ in 0..widgets {
                let text = c.text();
                assert_eq!(text.lines().count(), usize::from(rows));
                c.keys("<tab>");
            }
            c.keys("-]++[<pagedown><left><right><up><down>Gg");
            c.text();
        }
    }
}

#[test]
fn every_title_comes_into_sight() {
    for (name, body) in corpus() {
        let titles: Vec<String> = Dashboard::parse(&name, &body)
            .widgets
            .iter()
            .map(|w| w.title.chars().take(12).collect::<String>())
            .filter(|t| !t.is_empty())
            .collect();
        let mut c = opened(120, 40, &name, &body);
        answer(&mut c);
        let mut seen = String::new();
        for _ in 0..40 {
            seen.push_str(&c.text());
            c.keys("<tab>");
        }
        for t in titles {
            assert!(seen.contains(&t), "{name}: {t}\n{}", c.text());
        }
    }
}

#[test]
fn what_cannot_be_drawn_says_so_in_its_place() {
    for (name, body) in corpus() {
        let board = Dashboard::parse(&name, &body);
        let cannot = board
            .widgets
            .iter()
            .filter(|w| matches!(w.kind, WidgetKind::Undrawable { .. }));
        let cannot = cannot.count();
        let mut c = opened(200, 60, &name, &body);
        let mut seen = String::new();
        for _ in 0..board.widgets.len() {
            seen.push_str(&c.text());
            c.keys("<tab>");
        }
        assert_eq!(cannot > 0, seen.contains("cannot be drawn here"), "{name}");
    }
}

#[test]
fn only_the_dashboard_on_screen_is_asked_for() {
    let all = corpus();
    let bodies: Vec<(&str, &str)> = all
        .iter()
        .take(2)
        .map(|(n, b)| (n.as_str(), b.as_str()))
        .collect();
    let mut c = Console::with(120, 40, with(&bodies));
    let board = |c: &Console| {
        c.model
            .interests()
            .iter()
            .any(|i| matches!(i, Interest::Board(_)))
    };
    assert!(!board(&c));
    c.keys("9");
    assert!(!board(&c) && c.model.interests().contains(&Interest::Dashboards));
    c.keys("j<enter>");
    assert_eq!(asked(&c).unwrap().dashboard.name(), bodies[1].0);
    c.keys("6");
    assert!(!board(&c), "another screen: nobody asks");
    c.keys("<esc>");
    assert!(board(&c));
    c.keys("<esc>");
    assert!(!board(&c), "the list");
}

#[test]
fn a_widget_leads_to_its_series_on_the_metrics_screen() {
    let all = corpus();
    let (name, body) = all.iter().find(|(n, _)| n.starts_with("01")).unwrap();
    let mut c = opened(120, 40, name, body);
    answer(&mut c);
    c.keys("<enter>");
    assert_eq!(c.model.current, ScreenId::Metrics);
    let asked = c.model.interests();
    let queries = asked.iter().find_map(|i| match i {
        Interest::Metrics { queries, .. } => Some(queries),
        _ => None,
    });
    assert_eq!(queries.map(Vec::len), Some(3));
    c.keys("<esc>");
    assert_eq!(c.model.current, ScreenId::Dashboards);
    assert!(c.shows("Network"), "as it was left:\n{}", c.text());
}

#[test]
fn what_is_reckoned_fills_the_screen_with_its_values_at_a_time_and_then_leads_to_its_metrics() {
    let body = r#"{"widgets": [{"type": "metric", "x": 0, "y": 0, "width": 12, "height": 6, "properties": {
        "title": "Error rate", "region": "us-east-1", "metrics": [
            ["AWS/ECS", "CPUUtilization", "ClusterName", "laser-prod", "ServiceName", "worker", {"id": "m1", "visible": false}],
            [{"expression": "100 * m1 / 7", "id": "e1", "label": "error rate"}]]}}]}"#;
    let mut c = opened(120, 40, "reckoned", body);
    answer(&mut c);
    c.keys("<enter>");
    assert_eq!(c.model.current, ScreenId::Dashboards);
    assert!(c.shows("here") && !c.shows("   at 12:"), "{}", c.text());
    assert!(
        c.shows("worker:18"),
        "deployments are marked:\n{}",
        c.text()
    );
    c.keys("<left><left>");
    assert!(c.shows("   at 12:"), "{}", c.text());
    let row = |c: &Console| {
        let text = c.text();
        let row = text.lines().find(|l| l.contains("1 error rate")).unwrap();
        row.split_whitespace().nth(4).unwrap().to_owned()
    };
    assert!(row(&c).parse::<f64>().is_ok(), "{}", c.text());
    c.keys("<esc>");
    assert_eq!(row(&c), "-");
    c.keys("<enter>");
    assert_eq!(c.model.current, ScreenId::Metrics);
    c.keys("<esc><esc>");
    assert_eq!(c.model.current, ScreenId::Dashboards);
    assert!(!c.shows("here"), "the board again:\n{}", c.text());
}

/// What people buy falls with what was deployed: the marks stand on the board, not only where one series fills the screen.
#[test]
fn business_series_have_the_deployments_on_their_axis() {
    let body = r#"{"widgets": [{"type": "metric", "x": 0, "y": 0, "width": 12, "height": 6, "properties": {
        "title": "Sales", "region": "us-east-1", "metrics": [["Laser/Business", "Sales"]]}}]}"#;
    for (columns, rows) in [(80, 24), (160, 48)] {
        let mut c = opened(columns, rows, "business", body);
        answer(&mut c);
        assert!(c.shows("worker:18"), "{}", c.text());
    }
}

#[test]
fn a_text_opens_to_the_full_screen_and_closes_again() {
    let all = corpus();
    let (name, body) = all.iter().find(|(n, _)| n.starts_with("06")).unwrap();
    let mut c = opened(80, 24, name, body);
    c.keys("<tab><enter>");
    assert!(c.shows("Do not panic."), "{}", c.text());
    assert!(!c.text().contains('\u{1b}'));
    c.keys("<esc>");
    assert!(c.shows("Runbook"), "{}", c.text());
}

#[test]
fn variables_are_chosen_from_a_list() {
    let all = corpus();
    let (name, body) = all.iter().find(|(n, _)| n.starts_with("09")).unwrap();
    let mut c = opened(120, 40, name, body);
    assert!(
        c.shows("Ireland") && c.shows("Duration of staging"),
        "{}",
        c.text()
    );
    let region = |c: &Console| asked(c).unwrap().widgets[0].region.clone();
    assert_eq!(region(&c).as_deref(), Some("eu-west-1"));
    c.keys("p");
    assert!(c.shows("Virginia"), "{}", c.text());
    c.keys("virg<enter>");
    assert_eq!(region(&c).as_deref(), Some("us-east-1"), "{}", c.text());
}

#[test]
fn describing_a_widget_shows_what_was_not_understood() {
    let all = corpus();
    let (name, body) = all.iter().find(|(n, _)| n.starts_with("12")).unwrap();
    let mut c = opened(120, 40, name, body);
    assert!(c.shows("variables is no list"), "{}", c.text());
    let said = (0..12).any(|_| {
        c.keys("d");
        // What was not understood stands last.
        c.keys("G");
        let found = c.shows("view hologram is not known");
        c.keys("<esc><tab>");
        found
    });
    assert!(said, "{}", c.text());
    assert!(!c.effects.iter().any(|e| matches!(e, Effect::Fail(_))));
}

#[test]
fn the_palette_finds_a_dashboard_by_its_name() {
    let all = corpus();
    let (name, body) = all.iter().find(|(n, _)| n.starts_with("04")).unwrap();
    let mut c = Console::with(120, 40, with(&[(name.as_str(), body.as_str())]));
    c.keys(":04-numbers<enter>");
    assert_eq!(c.model.current, ScreenId::Dashboards);
    assert!(c.shows("Over the whole range"), "{}", c.text());
}
