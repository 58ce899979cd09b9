//! What holds on every screen: every tab's key is seen, what was said ends, leaving asks once, and a filter searches what a row shows.

mod ui;

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use flightdeck::domain::action::{Confirm, Intent};
use flightdeck::domain::audit::Outcome;
use flightdeck::domain::deployment::DeploymentState;
use flightdeck::domain::part::Part;
use flightdeck::domain::problem::{Problem, ProblemKind};
use flightdeck::domain::service::Strategy;
use flightdeck::ui::effect::Effect;
use flightdeck::ui::msg::Msg;
use flightdeck::ui::screens::ScreenId;
use flightdeck::watch::Snapshot;
use jiff::Timestamp;
use ui::{Console, fixture};

fn later(seconds: i64) -> Timestamp {
    Timestamp::from_second(fixture::now().as_second() + seconds).unwrap()
}

fn part<T>(value: T) -> Part<T> {
    Part::answered(value, fixture::now(), "test", Duration::from_secs(10))
}

fn line(c: &Console, y: usize) -> String {
    c.text().lines().nth(y).unwrap_or_default().to_owned()
}

fn footer(c: &Console) -> String {
    line(c, usize::from(c.model.size.1) - 1)
}

/// Nobody acts and nothing moves.
fn still() -> Snapshot {
    let mut snapshot = fixture::snapshot();
    snapshot.facts.runs = Arc::default();
    snapshot
}

#[test]
fn every_screen_has_its_key_in_sight_and_the_one_shown_its_whole_name() {
    for (columns, rows) in [(80, 24), (100, 30), (120, 40), (200, 60)] {
        let mut c = Console::new(columns, rows);
        for (key, name) in [
            ("1", "Overview"),
            ("9", "Dashboards"),
            ("M", "Map"),
            ("2", "Checklist"),
        ] {
            c.keys(key);
            let tabs = line(&c, 1);
            for id in ScreenId::ALL {
                let key = c.model.keymap.key_for(
                    c.model.current,
                    flightdeck::ui::commands::Command::Screen(*id),
                );
                let key = key.expect("a key");
                let first: String = id.title().chars().take(3).collect();
                let seen = tabs.contains(&format!("{key}{first}"))
                    || tabs.contains(&format!("{key} {first}"));
                assert!(seen, "{columns}: {key} {first}: {tabs}");
            }
            assert!(tabs.contains(name), "{columns}: {name}: {tabs}");
            assert!(!tabs.contains('+'), "{tabs}");
        }
    }
}

#[test]
fn what_was_said_stands_beside_the_keys_and_ends_with_the_next_key_or_screen() {
    let mut c = Console::with(80, 24, still());
    let keys = footer(&c);
    c.keys("y");
    assert!(c.shows("· copied") && footer(&c) == keys, "{}", c.text());
    c.keys("j");
    assert!(!c.shows("copied"), "{}", c.text());
    c.keys("y3");
    assert!(!c.shows("copied"), "{}", c.text());
    c.keys("y");
    c.msg(Msg::Tick(later(9)));
    assert!(!c.shows("copied"), "{}", c.text());
    // Why a key did nothing ends with the next key, too.
    c.keys("5 ");
    assert!(c.shows("nothing here folds"), "{}", c.text());
    c.keys("j");
    assert!(!c.shows("nothing here folds"), "{}", c.text());
    // A failure that came by itself is not typed away before anybody can have read it; and it is told whole.
    let why = "the vendor said a great many words about it, of which none was short, and then it went on to say some more of them";
    let problem = Problem::new(ProblemKind::Timeout, "aws", "Cannot ask AWS", why, "Wait.");
    c.msg(Msg::Failed(problem)).keys("j");
    assert!(c.shows("some more of them"), "{}", c.text());
    assert!(footer(&c).contains("quit"), "{}", c.text());
    c.msg(Msg::Tick(later(12))).keys("j");
    assert!(!c.shows("some more of them"), "{}", c.text());
}

#[test]
fn leaving_in_the_middle_of_an_action_asks_once() {
    let quits = |c: &Console| c.effects.contains(&Effect::Quit);
    let mut c = Console::with(80, 24, still());
    c.keys("q");
    assert!(quits(&c), "nothing goes on");
    let mut c = Console::new(80, 24);
    c.keys("q");
    assert!(!quits(&c));
    let said = "deploy of laser-prod/worker is running: q again to leave";
    assert!(c.shows(said), "{}", c.text());
    assert!(c.shows("the next console"), "{}", c.text());
    c.keys("jq");
    assert!(!quits(&c), "another key took it back");
    c.msg(Msg::Tick(later(9))).keys("q");
    assert!(!quits(&c), "nobody remembers what is no longer said");
    c.keys("q");
    assert!(quits(&c));
    // Over an open form it is ctrl-c that leaves.
    let mut c = Console::new(80, 24);
    c.keys("?<ctrl-c>");
    assert!(
        !quits(&c) && c.shows("ctrl-c again to leave"),
        "{}",
        c.text()
    );
    c.keys("<ctrl-c>");
    assert!(quits(&c));
}

#[test]
fn stop_is_offered_where_there_is_a_deployment_to_stop() {
    let mut c = Console::new(120, 40);
    c.keys("4g");
    assert!(footer(&c).contains("x stop"), "{}", c.text());
    let mut run = fixture::run();
    run.intent = Intent::Scale {
        service: fixture::id("api"),
        desired: 6,
    };
    let mut snapshot = fixture::snapshot();
    snapshot.facts.runs = Arc::new(vec![run]);
    let mut c = Console::with(120, 40, snapshot.clone());
    c.keys("4g");
    assert!(!footer(&c).contains("x stop"), "{}", c.text());
    c.keys("x");
    assert!(
        c.shows("no deployment of this scale is known"),
        "{}",
        c.text()
    );
    let mut rows = snapshot.facts.deployment_rows().to_vec();
    Arc::make_mut(&mut rows[0]).state = DeploymentState::RollingBack;
    snapshot.facts.deployments = part(Arc::new(rows));
    snapshot.facts.runs = Arc::default();
    let mut c = Console::with(120, 40, snapshot);
    c.keys("4gx");
    assert!(c.shows("it is ROLLING BACK already"), "{}", c.text());
}

/// How many rows of the first panel say something.
fn kept(c: &Console, words: &str) -> usize {
    let text = c.text();
    let list = text.lines().skip(3).take_while(|l| !l.starts_with('└'));
    list.filter(|l| l.contains(words)).count()
}

#[test]
fn a_filter_searches_what_a_row_shows() {
    // Deploys by state and by who.
    let mut c = Console::new(160, 48);
    c.keys("4/rolled back<enter>");
    assert_eq!(
        (kept(&c, "ROLLED BACK"), kept(&c, "rolling out")),
        (1, 0),
        "{}",
        c.text()
    );
    c.keys("<esc>/our deploy<enter>");
    assert_eq!(kept(&c, "our deploy"), 1, "{}", c.text());
    assert_eq!(kept(&c, "ROLLED BACK"), 0, "{}", c.text());
    // The audit trail by outcome.
    let mut snapshot = fixture::snapshot();
    let mut rows = (**snapshot.facts.audit.value.as_ref().unwrap()).clone();
    let mut failed = rows[0].clone();
    (failed.seq, failed.outcome) = (99, Some(Outcome::Failed));
    let mut back = failed.clone();
    (back.seq, back.detail) = (98, "rolled back to worker:17: its breaker".into());
    rows.insert(0, back);
    rows.insert(0, failed);
    snapshot.facts.audit = part(Arc::new(rows));
    let mut c = Console::with(160, 48, snapshot);
    c.keys("8");
    assert_eq!(kept(&c, " ROLLED BACK "), 1, "{}", c.text());
    c.keys("/failed<enter>");
    assert_eq!(
        (kept(&c, "▲ FAILED"), kept(&c, "succeeded")),
        (1, 0),
        "{}",
        c.text()
    );
    // Alarms by state, services by health and image, criteria by why.
    c.keys("5/no data<enter>");
    assert_eq!(kept(&c, "ALARM "), 0, "{}", c.text());
    c.keys("<esc>3/degraded<enter>");
    assert_eq!(
        (kept(&c, "pdf-render"), kept(&c, "steady")),
        (1, 0),
        "{}",
        c.text()
    );
    c.keys("<esc>i/asking<enter>");
    let systems = c.text();
    assert!(
        systems.contains("asking") || systems.contains("nothing matches"),
        "{systems}"
    );
}

#[test]
fn what_is_wrong_in_a_confirmation_and_a_form_is_told_whole_above_the_keys() {
    let mut c = Console::with(80, 24, still());
    c.keys("3/api<enter><enter>U");
    assert!(
        c.shows("now :42"),
        "the form may lie over the row: {}",
        c.text()
    );
    c.keys("<esc>");
    let mut preview = fixture::preview();
    preview.confirm = Confirm::Type("laser-production-us-east-1".into());
    c.msg(Msg::Key(KeyEvent::new(
        KeyCode::Char('X'),
        KeyModifiers::NONE,
    )));
    let intent = c.effects.iter().rev().find_map(|e| match e {
        Effect::Preview(intent) => Some(intent.clone()),
        _ => None,
    });
    preview.intent = intent.expect("a restart was asked for");
    c.msg(Msg::Previewed(Ok(Box::new(preview))));
    c.keys("wrong<enter>");
    assert!(
        c.shows("▲ type laser-production-us-east-1 and enter"),
        "{}",
        c.text()
    );
    assert!(c.shows("esc give up"), "{}", c.text());
}

#[test]
fn a_caller_keeps_its_user_and_its_last_part_in_the_audit_trail() {
    let mut snapshot = still();
    let mut rows = (**snapshot.facts.audit.value.as_ref().unwrap()).clone();
    rows[0].detail = format!("{}endword", "word ".repeat(30));
    rows[0].who = "root (arn:aws:sts::123456789012:assumed-role/oncall/ana)".into();
    snapshot.facts.audit = part(Arc::new(rows));
    let mut c = Console::with(80, 24, snapshot);
    c.keys("8");
    let text = c.text();
    let row = text.lines().find(|l| l.contains("root")).expect("a row");
    assert!(row.contains(" root (ana) "), "{row}");
    // And all of it stands in the document, on as many lines as it takes.
    c.keys("d/endword<enter>");
    assert_eq!(c.text().matches("endword").count(), 2, "{}", c.text());
    c.keys("<esc>dG");
    assert!(c.shows(&"cd".repeat(32)), "{}", c.text());
}

#[test]
fn logs_begin_with_the_environment_that_is_looked_at_and_say_where_there_is_no_cluster() {
    let mut snapshot = still();
    snapshot.facts.services = part(Arc::default());
    snapshot.facts.clusters = part(Vec::new());
    let mut c = Console::with(80, 24, snapshot);
    c.keys("7");
    assert!(c.shows("there is no ECS cluster"), "{}", c.text());
}

#[test]
fn names_of_alarms_that_begin_alike_are_told_apart_in_few_columns() {
    let mut snapshot = still();
    let mut rows = (**snapshot.facts.alarms.value.as_ref().unwrap()).clone();
    let names = ["connections", "cpu-utilization", "free-storage"];
    for (row, end) in rows.iter_mut().zip(names) {
        let alarm = Arc::make_mut(row);
        alarm.name = format!("laser-production-primary-database-{end}");
        alarm.state = flightdeck::domain::alarm::AlarmState::Alarm;
    }
    snapshot.facts.alarms = part(Arc::new(rows));
    for screen in ["1", "5"] {
        let mut c = Console::with(80, 24, snapshot.clone());
        c.keys(screen);
        let text = c.text();
        for end in ["nnections", "ilization", "e-storage"] {
            assert_eq!(text.matches(end).count(), 1, "{end}\n{text}");
        }
    }
}

#[test]
fn targets_that_nobody_was_asked_about_are_no_zero() {
    let mut snapshot = fixture::snapshot();
    snapshot.facts.target_groups = Part::default();
    let mut c = Console::with(160, 48, snapshot);
    c.keys("3");
    let text = c.text();
    assert!(!text.contains("0/0"), "{text}");
    let api = text
        .lines()
        .find(|l| l.contains(" api "))
        .unwrap_or_default();
    assert!(api.contains(" ? "), "{text}");
}

/// Whoever has just changed a service looks for that, and not for the deployment of an hour ago; a person's word moves nothing.
#[test]
fn the_overview_tells_of_the_action_on_a_service_that_ended_last() {
    use flightdeck::domain::action::Run;
    let mut snapshot = still();
    let rows = snapshot.facts.deployment_rows().iter();
    let running = rows.clone().find(|d| d.state.is_running()).unwrap().clone();
    let mut rows: Vec<_> = rows.filter(|d| !d.state.is_running()).cloned().collect();
    snapshot.facts.deployments.value = Some(Arc::new(rows.clone()));
    let ended = |intent: Intent, outcome, seconds: i64| Run {
        id: format!("run-{seconds}"),
        intent,
        outcome: Some(outcome),
        finished_at: Some(later(-seconds)),
        ..fixture::run()
    };
    let auth = fixture::id("auth");
    let mut scale = ended(
        Intent::Scale {
            service: auth,
            desired: 0,
        },
        Outcome::Succeeded,
        20,
    );
    scale.scaled_from = Some(2);
    let word = ended(
        Intent::SignOff {
            criterion: "1.S4".into(),
            why: "seen".into(),
            link: String::new(),
        },
        Outcome::Succeeded,
        5,
    );
    let told = |snapshot: &Snapshot, runs: &[&Run]| {
        let mut snapshot = snapshot.clone();
        snapshot.facts.runs = Arc::new(runs.iter().map(|r| (*r).clone()).collect());
        Console::with(160, 48, snapshot)
    };
    for runs in [&[&scale][..], &[&word, &scale]] {
        let c = told(&snapshot, runs);
        let words = "nothing moves; last auth 2→0 succeeded 20s ago";
        assert!(c.shows(words), "{}", c.text());
    }
    let c = told(&snapshot, &[]);
    assert!(!c.shows("auth 2→0"), "{}", c.text());
    // What it brought, and what became of that, by the word that every other screen has for it.
    let mut back = (*running).clone();
    back.state = DeploymentState::RolledBack;
    back.finished_at = Some(later(-30));
    back.rollback_reason = Some("the circuit breaker tripped".into());
    rows.insert(0, Arc::new(back));
    snapshot.facts.deployments.value = Some(Arc::new(rows));
    let deploy = ended(fixture::run().intent, Outcome::Failed, 10);
    let c = told(&snapshot, &[&word, &deploy]);
    let words = "nothing moves; ▲ last worker :17→:18 1.9.0 ROLLED BACK 10s ago";
    assert!(c.shows(words), "{}", c.text());
    assert!(c.shows("   the circuit breaker tripped"), "{}", c.text());
    // What was refused later changed nothing, and hides nothing that went back.
    let refused = ended(scale.intent.clone(), Outcome::Refused, 5);
    for runs in [&[&refused, &deploy][..], &[&refused]] {
        let c = told(&snapshot, runs);
        assert!(c.shows("18 1.9.0 ROLLED BACK"), "{}", c.text());
        assert!(!c.shows("refused"), "{}", c.text());
    }
    // A deployment that nobody here began is told in the same way.
    let c = told(&snapshot, &[&word]);
    let words = "nothing moves; ▲ last worker :17→:18 1.9.0 ROLLED BACK 30s ago";
    assert!(c.shows(words), "{}", c.text());
    // Whatever ends after it, it stands among what burns, as `status` has it, until a newer one of its service says more.
    let mut later_on = |service: &str, seconds: i64| {
        let mut rows = snapshot.facts.deployment_rows().to_vec();
        let mut well = (*running).clone();
        (well.id, well.service) = (format!("after-{seconds}"), fixture::id(service));
        (well.state, well.finished_at) = (DeploymentState::Successful, Some(later(-seconds)));
        rows.insert(0, Arc::new(well));
        snapshot.facts.deployments.value = Some(Arc::new(rows));
        told(&snapshot, &[])
    };
    let c = later_on("auth", 5);
    let words = "laser-prod/worker  :18 ROLLED BACK: the circuit";
    assert!(
        c.shows(words) && c.shows("1.9.0 completed now"),
        "{}",
        c.text()
    );
    let c = later_on("worker", 3);
    assert!(!c.shows("ROLLED BACK"), "{}", c.text());
}

#[test]
fn credentials_that_became_another_account_s_are_told_in_the_first_line_however_narrow() {
    for columns in [80, 160] {
        let mut snapshot = still();
        let c = Console::with(columns, 24, snapshot.clone());
        assert!(!line(&c, 0).contains("WAS"), "{}", line(&c, 0));
        snapshot.facts.account_before = Some("222222222222".into());
        let c = Console::with(columns, 24, snapshot);
        let told = "123456789012, WAS 222222222222";
        assert!(line(&c, 0).contains(told), "{}", line(&c, 0));
    }
}

#[test]
fn another_account_than_the_expected_one_is_told_in_the_first_line_however_narrow() {
    for (columns, told) in [
        (80, "123456789012, NOT 999999999999"),
        (160, "123456789012, NOT 999999999999, WAS 222222222222"),
    ] {
        let mut snapshot = still();
        snapshot.facts.expected_account = Some("123456789012".into());
        let c = Console::with(columns, 24, snapshot.clone());
        assert!(!line(&c, 0).contains("NOT"), "{}", line(&c, 0));
        snapshot.facts.expected_account = Some("999999999999".into());
        let c = Console::with(columns, 24, snapshot.clone());
        assert!(line(&c, 0).contains("NOT 999999999999"), "{}", line(&c, 0));
        // The time stays: every age is told by it.
        assert!(line(&c, 0).trim_end().ends_with('Z'), "{}", line(&c, 0));
        snapshot.facts.account_before = Some("222222222222".into());
        let c = Console::with(columns, 24, snapshot.clone());
        assert!(line(&c, 0).contains(told), "{}", line(&c, 0));
        // Nobody told who calls: the services' own names say whose they are.
        snapshot.facts.identity.value = None;
        let c = Console::with(columns, 24, snapshot.clone());
        assert!(line(&c, 0).contains("NOT 999999999999"), "{}", line(&c, 0));
        // Nobody told who we are: that is no other account.
        snapshot.facts.services.value = Some(Default::default());
        let c = Console::with(columns, 24, snapshot);
        assert!(!line(&c, 0).contains("NOT"), "{}", line(&c, 0));
    }
}

/// No size makes a screen, a page or what lies over one fall over, and a small one shows whose it is and how to leave it.
#[test]
fn every_screen_is_drawn_on_every_size() {
    let ways = [
        "1",
        "1jjjjjjjjj",
        "2",
        "2n<enter>",
        "3",
        "3j<enter>",
        "3j<enter><tab>",
        "3c",
        "4",
        "5",
        "5<enter>",
        "6",
        "7",
        "8",
        "9",
        "0",
        "0jj<tab>",
        "i",
        "M",
        "M<enter>",
        "$",
        "3jU",
        "3jC",
        "3jX",
        "?",
        ":api",
        "3/api",
    ];
    for way in ways {
        let mut c = Console::new(80, 24);
        c.keys(way);
        for columns in [60, 61, 79, 80, 100, 119, 120, 150] {
            for rows in [15, 16, 17, 19, 20, 21, 22, 23, 24] {
                c.msg(Msg::Resize(columns, rows));
                let text = c.text();
                let lines: Vec<&str> = text.lines().collect();
                assert!(!text.contains("flightdeck needs"), "{way} {columns}x{rows}");
                assert!(
                    lines[0].contains("production"),
                    "{way} {columns}x{rows}:\n{text}"
                );
                assert!(
                    !lines[lines.len() - 1].trim().is_empty(),
                    "{way} {columns}x{rows}:\n{text}"
                );
                c.keys("jk");
            }
        }
    }
}

#[test]
fn the_next_part_of_the_overview_is_one_key_away() {
    let mut c = Console::new(120, 40);
    let selected = |c: &Console| {
        let text = c.text();
        text.lines()
            .find(|l| l.contains('▌'))
            .unwrap_or_default()
            .to_owned()
    };
    assert!(selected(&c).contains("▌▲ CRIT"), "{}", c.text());
    c.keys("<tab>");
    assert!(selected(&c).contains("▌ worker :17"), "{}", c.text());
    c.keys("<tab>");
    assert!(selected(&c).contains("▌1 Infrastructure"), "{}", c.text());
    c.keys("<tab>");
    assert!(selected(&c).contains("▌▲ CRIT"), "{}", c.text());
}

/// Nothing that help says is cut, whatever room there is.
#[test]
fn help_says_all_of_it_on_every_width() {
    for columns in [80, 100, 160, 200] {
        let mut c = Console::new(columns, 60);
        c.keys("5<enter>?");
        for _ in 0..3 {
            let text = c.text();
            let rows: Vec<Vec<char>> = text.lines().map(|l| l.chars().collect()).collect();
            // The screen below is seen around the window.
            let named = |row: &Vec<char>| row.iter().collect::<String>().contains("┌ Keys on");
            let top = rows.iter().position(named).expect("a window");
            let title: String = rows[top].iter().collect();
            let before = title.split("┌ Keys on").next().unwrap_or_default();
            let from = before.chars().count();
            let until = rows[top].iter().skip(from).position(|c| *c == '┐').unwrap() + from;
            let inside = rows.iter().skip(top + 1).take_while(|r| r[from] != '└');
            for row in inside {
                let said: String = row[from + 1..until].iter().collect();
                assert!(!said.trim_end().ends_with('…'), "{columns}: {text}");
            }
            c.keys("<pagedown>");
        }
    }
}

#[test]
fn on_a_narrow_screen_services_keep_what_tells_one_cluster_from_another() {
    let mut snapshot = fixture::snapshot();
    let facts = &mut snapshot.facts;
    let mut clusters = facts.clusters.rows().to_vec();
    let mut other = clusters[0].clone();
    other.name = "laser-staging".into();
    clusters.push(other);
    facts.clusters.value = Some(clusters);
    let mut services = facts.service_rows().to_vec();
    let here = services.iter().find(|s| s.id.name == "calculator");
    let mut there = here.expect("a service").clone();
    Arc::make_mut(&mut there).id.cluster = "laser-staging".into();
    services.push(there);
    facts.services.value = Some(Arc::new(services));
    let mut c = Console::with(80, 24, snapshot);
    c.keys("3");
    for name in ["prod/calculator", "ing/calculator"] {
        assert!(c.shows(name), "{name}: {}", c.text());
    }
}

/// Where one of the tasks with the traffic dies, one is lacking: those that stand by neither make up for it nor are they counted with it.
#[test]
fn tasks_of_another_set_stand_beside_those_with_the_traffic() {
    for (running, list, page) in [
        (2, " 2/2 ", "2 of 2 run (+2 beside), 0 pending"),
        (1, " 1/2 ", "1 of 2 run (+2 beside), 0 pending"),
    ] {
        let mut snapshot = still();
        let services = snapshot.facts.service_rows();
        let admin = services.iter().find(|s| s.id.name == "admin").unwrap();
        let mut admin = Arc::clone(admin);
        let service = Arc::make_mut(&mut admin);
        service.deployment.strategy = Strategy::CodeDeploy;
        service.counts.running = running + 2;
        let mut other = service.rollouts[0].clone();
        other.id = "ecs-svc/2".into();
        other.status = "ACTIVE".into();
        service.rollouts[0].counts.running = running;
        service.rollouts.insert(0, other);
        snapshot.facts.services = part(Arc::new(vec![admin]));
        let mut c = Console::with(120, 40, snapshot);
        c.keys("3");
        assert!(c.shows(list), "{}", c.text());
        c.keys("<enter>");
        assert!(c.shows(page), "{}", c.text());
    }
}

/// The name is what one tells a colleague: no column that came with more room takes it.
#[test]
fn a_wider_terminal_shows_names_as_whole_as_a_narrower_one() {
    let mut snapshot = fixture::snapshot();
    let facts = &mut snapshot.facts;
    let mut clusters = facts.clusters.rows().to_vec();
    let mut other = clusters[0].clone();
    other.name = "laser-staging".into();
    clusters.push(other);
    facts.clusters.value = Some(clusters);
    let mut services = facts.service_rows().to_vec();
    let mut there = services[0].clone();
    Arc::make_mut(&mut there).id.cluster = "laser-staging".into();
    services.push(there);
    facts.services.value = Some(Arc::new(services));
    for columns in [80, 100, 120, 140, 160, 200] {
        let mut c = Console::with(columns, 40, snapshot.clone());
        c.keys("5");
        assert!(c.shows("laser-prod-db-connections"), "{}", c.text());
        c.keys("4");
        assert!(c.shows("laser-prod/worker"), "{}", c.text());
        if columns >= 100 {
            assert!(c.shows("our deploy :17 → :18 1.9.0"), "{}", c.text());
            c.keys("3");
            assert!(c.shows("laser-staging"), "{}", c.text());
        }
    }
    // What nothing goes on of is no column.
    let mut over = still();
    let deployments = over.facts.deployments.value.as_mut().unwrap();
    Arc::make_mut(deployments).retain(|d| !d.state.is_running());
    let mut c = Console::with(160, 40, over);
    c.keys("4");
    assert!(c.shows("ROLLED BACK") && !c.shows(" done "), "{}", c.text());
}

/// Colours of roles were chosen for the theme's own ground: on that of a selection they may be the same as it.
#[test]
fn what_is_selected_is_drawn_in_the_letters_that_the_theme_has_for_it() {
    use flightdeck::ui::theme::{Depth, Theme};
    let theme = Theme::load(Some("high-contrast"), None, Depth::True).unwrap();
    let chosen = theme.selection;
    for keys in [
        "1", "3", "4", "5", "i", "i<enter>", "M", "8", "2", ":", "7o",
    ] {
        let mut c = Console::new(120, 40);
        c.model.theme = Arc::new(theme.clone());
        c.keys(keys);
        let buf = c.buffer();
        let cells = buf.content.iter().filter(|c| Some(c.bg) == chosen.bg);
        let words: Vec<_> = cells.filter(|c| c.symbol() != " ").collect();
        assert!(words.len() > 3 || keys == "7o", "{keys}: {}", c.text());
        for cell in words {
            assert_eq!(
                Some(cell.fg),
                chosen.fg,
                "{keys} {:?}: {}",
                cell.symbol(),
                c.text()
            );
        }
    }
}
