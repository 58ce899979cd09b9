//! What burns on the overview, and where it leads: one fault is one row with its age, and Enter is about that fault.

mod ui;

use std::sync::Arc;

use flightdeck::domain::alarm::AlarmState;
use flightdeck::domain::database::{Database, Databases};
use flightdeck::domain::facts::ProviderHealth;
use flightdeck::domain::github::{Deployed, Outcome, Pipelines, Run, Workflow};
use flightdeck::domain::part::Part;
use flightdeck::domain::problem::{Problem, ProblemKind};
use flightdeck::domain::service::{Service, ServiceHealth};
use flightdeck::ui::msg::Msg;
use flightdeck::ui::screens::ScreenId;
use flightdeck::watch::Snapshot;
use jiff::Timestamp;
use ratatui::style::Modifier;
use ui::{Console, fixture, platform};

fn ago(seconds: i64) -> Timestamp {
    Timestamp::from_second(fixture::now().as_second() - seconds).unwrap()
}

fn part<T>(value: T) -> Part<T> {
    let often = std::time::Duration::from_secs(30);
    Part::answered(value, fixture::now(), "github:ListWorkflowRuns", often)
}

fn workflow(id: u64, name: &str, runs: &[(Outcome, i64)]) -> Workflow {
    let run = |(n, (outcome, ago_s)): (usize, &(Outcome, i64))| Run {
        id: id * 100 + n as u64,
        workflow_id: id,
        workflow: name.into(),
        number: 90 - n as u64,
        attempt: 1,
        title: "Show the quote".into(),
        event: "push".into(),
        branch: "main".into(),
        sha: "a91c".into(),
        actor: "ana".into(),
        outcome: *outcome,
        started_at: Some(ago(ago_s + 60)),
        updated_at: Some(ago(*ago_s)),
        url: String::new(),
    };
    Workflow {
        id,
        name: name.into(),
        file: format!("{name}.yml"),
        active: true,
        runs: runs.iter().enumerate().map(run).collect(),
    }
}

/// A platform that is well, but for one workflow, as its runs say.
fn pipelines(end_to_end: &[(Outcome, i64)]) -> Snapshot {
    let mut snapshot = platform::calm();
    let facts = &mut snapshot.facts;
    facts.providers.push(ProviderHealth {
        name: "github".into(),
        last_ok: Some(ago(3)),
        problem: None,
        next_try: None,
        calls_per_minute: 2,
        metered: None,
        latency_ms: Some(3.0),
        clock_s: None,
        configured: true,
    });
    let workflows = vec![
        workflow(1, "Build", &[(Outcome::Passed, 300)]),
        workflow(2, "End to end", end_to_end),
    ];
    let runs = workflows.iter().flat_map(|w| w.runs.clone()).collect();
    facts.estate.pipelines = part(Arc::new(Pipelines {
        repository: "laser/platform".into(),
        branch: "main".into(),
        workflows,
        runs,
        looked_into: Vec::new(),
    }));
    facts.estate.github_deployments = part(Arc::default());
    snapshot
}

/// The lines of the panel of what burns.
fn burning(c: &Console) -> Vec<String> {
    let text = c.text();
    let all = text
        .lines()
        .skip_while(|l| !l.contains("┌ Burning"))
        .skip(1);
    let inside = all.take_while(|l| l.starts_with('│'));
    let rows = inside.map(|l| l.trim_start_matches(['│', '▌', ' ']).to_owned());
    rows.filter(|l| l.contains("BAD") || l.contains("WARN") || l.contains("CRIT"))
        .collect()
}

#[test]
fn a_red_workflow_is_one_row_with_the_age_of_its_first_failure() {
    let red = [(Outcome::Failed, 300), (Outcome::Failed, 720)];
    let c = Console::with(120, 40, pipelines(&red));
    let rows = burning(&c);
    let told: Vec<_> = rows.iter().filter(|r| r.contains("End to end")).collect();
    assert_eq!(told.len(), 1, "{}", c.text());
    assert!(
        told[0].contains("BAD") && told[0].contains(" 12m "),
        "{told:?}"
    );
    let by_map = rows
        .iter()
        .filter(|r| r.to_lowercase().contains("health map"));
    assert_eq!(by_map.count(), 0, "{rows:?}");
    let running = [(Outcome::Running, 0), (Outcome::Failed, 720)];
    let c = Console::with(120, 40, pipelines(&running));
    let rows = burning(&c);
    assert!(
        rows.iter()
            .any(|r| r.contains("End to end") && r.contains(" 12m ")),
        "what runs again has not mended it yet: {rows:?}"
    );
}

#[test]
fn what_a_later_run_or_deployment_superseded_does_not_burn() {
    let mended = [(Outcome::Passed, 60), (Outcome::Failed, 720)];
    let mut snapshot = pipelines(&mended);
    let deployed = |id, state: &str, ago_s| Deployed {
        id,
        environment: "production".into(),
        reference: "main".into(),
        sha: "a91c1234".into(),
        description: "Release".into(),
        creator: "ana".into(),
        state: state.into(),
        created_at: Some(ago(ago_s)),
    };
    let both = vec![deployed(2, "success", 60), deployed(1, "failure", 900)];
    snapshot.facts.estate.github_deployments = part(Arc::new(both));
    let mut c = Console::with(120, 40, snapshot);
    assert!(
        !burning(&c).iter().any(|r| r.contains("ipelines")),
        "{}",
        c.text()
    );
    c.keys("M");
    let text = c.text();
    let step = text.lines().find(|l| l.contains("GitHub")).unwrap_or("");
    assert!(!step.contains("WARN"), "{text}");
    let failed = vec![deployed(1, "failure", 900)];
    let mut snapshot = pipelines(&mended);
    snapshot.facts.estate.github_deployments = part(Arc::new(failed));
    let mut c = Console::with(120, 40, snapshot);
    c.keys("i/pipelines<enter>");
    assert!(
        c.text()
            .lines()
            .any(|l| l.contains("■") && l.contains("Pipelines")),
        "nothing came after it: {}",
        c.text()
    );
}

#[test]
fn the_selection_starts_on_what_burns_once_and_stays_where_it_was_put() {
    // The plan is there before any system has answered.
    let unasked = || Snapshot {
        checklist: fixture::snapshot().checklist,
        ..Snapshot::default()
    };
    let mut c = Console::with(120, 40, unasked());
    c.msg(Msg::Snapshot(Arc::new(fixture::snapshot())));
    let marked = |c: &Console| {
        let text = c.text();
        // What follows the mark, to the end of its panel.
        let row = text.split_once('▌').map_or("", |(_, rest)| rest);
        row.split('│').next().unwrap_or_default().to_owned()
    };
    assert!(marked(&c).contains("laser-prod-api-5xx"), "{}", c.text());
    // What is worse and answered a moment later has it; not once a key was pressed.
    let lesser = |only: &str| {
        let mut snapshot = fixture::snapshot();
        let mut alarms = snapshot.facts.alarm_rows().to_vec();
        alarms.retain(|a| a.name.ends_with(only));
        snapshot.facts.alarms.value = Some(Arc::new(alarms));
        snapshot
    };
    for (key, told) in [("", true), ("j", false)] {
        let mut c = Console::with(120, 40, unasked());
        c.msg(Msg::Snapshot(Arc::new(lesser("no such alarm"))));
        let first = marked(&c);
        assert!(!first.contains("laser-prod-api-5xx"), "{}", c.text());
        c.keys(key);
        c.msg(Msg::Snapshot(Arc::new(fixture::snapshot())));
        let now = marked(&c);
        assert_eq!(now.contains("laser-prod-api-5xx"), told, "{}", c.text());
    }
    // What burns later does not draw it away.
    let mut calm = Console::with(120, 40, unasked());
    let mut well = platform::calm();
    let mut services = well.facts.service_rows().to_vec();
    for s in &mut services {
        let service = Arc::make_mut(s);
        service.counts.running = service.counts.desired;
    }
    well.facts.services.value = Some(Arc::new(services));
    well.facts.estate = Default::default();
    calm.msg(Msg::Snapshot(Arc::new(well)));
    assert!(burning(&calm).is_empty(), "{}", calm.text());
    let before = marked(&calm);
    calm.msg(Msg::Snapshot(Arc::new(fixture::snapshot())));
    assert!(
        !marked(&calm).contains("laser-prod-api-5xx"),
        "{}",
        calm.text()
    );
    let words = [before, marked(&calm)];
    assert!(words.iter().all(|l| l.starts_with("1 Infra")), "{words:?}");
    // Nor is one drawn away that a person moved before anything was known.
    let mut asked = fixture::snapshot();
    asked.facts.alarms = Part::default();
    let mut moved = Console::with(120, 40, asked);
    moved.keys("G");
    moved.msg(Msg::Snapshot(Arc::new(fixture::snapshot())));
    assert!(
        !marked(&moved).contains("laser-prod-api-5xx"),
        "{}",
        moved.text()
    );
}

#[test]
fn enter_on_a_fault_selects_the_row_that_it_is_about() {
    let red = [(Outcome::Failed, 300)];
    let mut c = Console::with(120, 40, pipelines(&red));
    let at = burning(&c).iter().position(|r| r.contains("End to end"));
    c.keys("g");
    for _ in 0..at.expect("it burns") {
        c.keys("j");
    }
    c.keys("<enter>");
    assert_eq!(c.model.current, ScreenId::Systems);
    let selected = |c: &Console| {
        let text = c.text();
        let line = text.lines().find(|l| l.contains('▌'));
        line.unwrap_or_default().to_owned()
    };
    assert!(selected(&c).contains("End to end"), "{}", c.text());
    // From the map, too.
    let mut c = Console::with(80, 24, pipelines(&red));
    c.keys("MG");
    for _ in 0..12 {
        if c.text().contains("┌ pipelines (GitHub)") {
            break;
        }
        c.keys("k");
    }
    c.keys("<enter>");
    assert_eq!(c.model.current, ScreenId::Systems, "{}", c.text());
    assert!(selected(&c).contains("End to end"), "{}", c.text());
}

#[test]
fn enter_on_a_failing_criterion_leads_to_what_it_is_about() {
    let mut snapshot = pipelines(&[(Outcome::Failed, 300)]);
    let mut list = (*snapshot.checklist).clone();
    let criterion = list.stages[1]
        .criteria
        .iter_mut()
        .find(|c| c.id == "2.S2")
        .expect("a failing one");
    criterion.probe = Some("github.default-branch-green workflows=build,end".into());
    criterion.reason = "End to end: #90 failed 5m ago".into();
    snapshot.checklist = Arc::new(list);
    let mut c = Console::with(120, 40, snapshot.clone());
    c.keys("2n<enter><enter>");
    assert_eq!(c.model.current, ScreenId::Systems, "{}", c.text());
    let text = c.text();
    let marked = text.lines().find(|l| l.contains('▌')).unwrap_or("");
    assert!(marked.contains("End to end"), "{text}");
    c.keys("<esc>");
    assert_eq!(c.model.current, ScreenId::Checklist, "{}", c.text());
    // A service is a page of its own.
    let mut list = (*snapshot.checklist).clone();
    let all = list.stages[1].criteria.iter_mut();
    for criterion in all.filter(|c| c.id == "2.S2") {
        criterion.probe = Some("ecs.services-running".into());
        criterion.reason = "1 of 5 services: pdf-render: 2 of 3 running".into();
    }
    snapshot.checklist = Arc::new(list);
    let mut c = Console::with(120, 40, snapshot);
    c.keys("2n<enter><enter>");
    assert_eq!(c.model.current, ScreenId::Services, "{}", c.text());
    assert!(c.shows("┌ pdf-render"), "{}", c.text());
}

/// What is bad is on the first lines of a small terminal, whatever group it is of.
#[test]
fn systems_stand_worst_first() {
    let red = [(Outcome::Failed, 300)];
    let mut c = Console::with(80, 24, pipelines(&red));
    c.keys("i");
    let text = c.text();
    let rank = |line: &str| match line {
        l if l.contains(" bad ") => 3,
        l if l.contains(" needs a look ") => 2,
        l if l.contains(" not known ") => 1,
        _ => 0,
    };
    let rows = text.lines().skip_while(|l| !l.contains("system ")).skip(1);
    let rows = rows.take_while(|l| !l.contains("────"));
    let ranks: Vec<u8> = rows.map(rank).collect();
    assert!(ranks.contains(&3) && ranks.contains(&0), "{text}");
    assert!(ranks.is_sorted_by(|a, b| a >= b), "{ranks:?}\n{text}");
}

#[test]
fn escape_clears_the_filter_of_a_page_before_it_leaves_it() {
    let mut c = Console::with(80, 24, pipelines(&[(Outcome::Passed, 300)]));
    c.keys("i/pipelines<enter><enter>");
    assert!(c.shows("Build"), "{}", c.text());
    c.keys("/zzz<enter>");
    assert!(c.shows("esc clears the filter"), "{}", c.text());
    c.keys("<esc>");
    assert!(
        !c.shows("nothing matches") && c.shows("Build"),
        "{}",
        c.text()
    );
    assert!(c.shows("Deployments that GitHub knows of"), "{}", c.text());
    c.keys("<esc>");
    assert!(!c.shows("Deployments that GitHub knows of"), "{}", c.text());
}

/// A row that is marked says why, however narrow the terminal.
#[test]
fn the_column_that_says_why_is_not_the_one_that_goes() {
    let mut snapshot = pipelines(&[(Outcome::Passed, 300)]);
    let facts = &mut snapshot.facts;
    let rds = ProviderHealth {
        name: "rds".into(),
        ..facts.providers[facts.providers.len() - 1].clone()
    };
    facts.providers.push(rds);
    let database = |id: &str, public| Database {
        id: id.into(),
        status: "available".into(),
        multi_az: true,
        retention_days: 7,
        encrypted: true,
        public: Some(public),
        ..Database::default()
    };
    facts.estate.databases = part(Arc::new(Databases {
        instances: vec![
            database("laser-prod-db", true),
            database("laser-prod-dwh", false),
        ],
        ..Databases::default()
    }));
    let mut c = Console::with(80, 24, snapshot);
    c.keys("i/databases<enter><enter>");
    let text = c.text();
    let row = text.lines().find(|l| l.contains("laser-prod-db"));
    assert!(
        row.is_some_and(|l| l.contains("▲") && l.contains("public")),
        "{text}"
    );
}

fn trouble(kind: ProblemKind, why: &str) -> Problem {
    Problem::new(kind, "aws", "AWS cannot be asked", why, "look at the way")
}

/// The symbols of the panel's rows with the styles that they are drawn in.
fn colours(c: &Console, panel: &str) -> Vec<(String, ratatui::style::Style)> {
    let text = c.text();
    let begins = |l: &str| l.contains(&format!("┌ {panel}"));
    let at = text.lines().position(begins).expect("the panel") as u16 + 1;
    let row = text.lines().nth(usize::from(at - 1)).unwrap();
    let x = row[..row.find(&format!("┌ {panel}")).unwrap()]
        .chars()
        .count() as u16;
    let buf = c.buffer();
    let inside = (x + 2..buf.area.width).take_while(|x| buf[(*x, at)].symbol() != "│");
    inside
        .map(|x| (buf[(x, at)].symbol().to_owned(), buf[(x, at)].style()))
        .filter(|(symbol, _)| symbol != " ")
        .collect()
}

/// After an outage the alarms of before it stood there in full colour, their ages counting on.
#[test]
fn what_is_no_longer_read_says_since_when_and_looks_like_it() {
    let mut live = fixture::snapshot();
    let mut dead = live.clone();
    fn dies<T>(part: &mut Part<T>) {
        part.observed_at = Some(ago(100));
        part.error = Some(trouble(ProblemKind::Unreachable, "nothing listens"));
    }
    let facts = &mut dead.facts;
    dies(&mut facts.alarms);
    dies(&mut facts.services);
    dies(&mut facts.deployments);
    dies(&mut facts.slos);
    // Our own action is not what the vendor no longer tells.
    dead.facts.runs = Arc::default();
    live.facts.runs = Arc::default();
    let (live, dead) = (Console::with(160, 40, live), Console::with(160, 40, dead));
    let title = |c: &Console, panel: &str| {
        let text = c.text();
        let (_, rest) = text.split_once(&format!("┌ {panel}")).expect(panel);
        rest.split('┐').next().unwrap_or_default().to_owned()
    };
    let stale = dead.model.theme.stale.fg;
    for panel in ["Burning", "Moving", "Promises", "Services"] {
        let said = title(&dead, panel);
        assert!(
            said.contains("read 1m ago; now: nothing listens"),
            "{panel}: {said}"
        );
        assert!(!title(&live, panel).contains("read"), "{}", live.text());
    }
    for panel in ["Burning", "Moving", "Promises"] {
        let in_stale = |c: &Console| {
            let all = colours(c, panel);
            assert!(all.len() > 10, "{panel}: {}", c.text());
            all.iter().filter(|(_, s)| s.fg == stale).count() * 10 > all.len() * 9
        };
        assert!(in_stale(&dead), "{panel}: {:?}", colours(&dead, panel));
        assert!(!in_stale(&live), "{panel}");
    }
    // An answer that is only old says so, too.
    let mut old = fixture::snapshot();
    old.facts.alarms.observed_at = Some(ago(100));
    let c = Console::with(120, 40, old);
    assert!(
        title(&c, "Burning").contains("old: read 1m ago"),
        "{}",
        c.text()
    );
}

/// How the first line that holds both shows the words.
fn style_of(c: &Console, line: &str, words: &str) -> ratatui::style::Style {
    let text = c.text();
    let mut rows = text.lines().enumerate();
    let (y, row) = rows
        .find(|(_, l)| l.contains(line) && l.contains(words))
        .unwrap_or_else(|| panic!("{line}, {words}: {text}"));
    let x = row[..row.find(words).unwrap()].chars().count();
    c.buffer()[(x as u16, y as u16)].style()
}

fn is_struck(style: ratatui::style::Style) -> bool {
    style.add_modifier.contains(Modifier::CROSSED_OUT)
}

/// Services are asked of ECS, and what they use of CloudWatch: a CPU that is full by now stood there as the 14 % of before.
#[test]
fn cpu_and_memory_that_nobody_tells_any_more_look_old_and_say_since_when() {
    let live = fixture::snapshot();
    let mut denied = live.clone();
    denied.facts.series.observed_at = Some(ago(180));
    denied.facts.series.error = Some(trouble(ProblemKind::Denied, "these credentials may not"));
    let mut old = live.clone();
    old.facts.series.observed_at = Some(ago(180));
    // CloudWatch answers, and has nothing new of them.
    let mut ended = live.clone();
    let all = ended.facts.series.value.as_mut().map(Arc::make_mut);
    for series in all.unwrap().values_mut() {
        let series = Arc::make_mut(series);
        series.points = series.points.iter().take(50).copied().collect();
    }
    let cases = [
        (live, "62 %", "", ""),
        (
            denied,
            "62 %",
            "cpu, memory: read 3m ago; now: these credentials may not",
            "read 3m ago; now: ",
        ),
        (
            old,
            "62 %",
            "cpu, memory: old: read 3m ago",
            "old: read 3m ago",
        ),
        (ended, "58 %", "", "until 10m ago"),
    ];
    for (snapshot, cpu, title, page) in cases {
        let fails = snapshot.facts.series.error.is_some();
        let looks_old = |c: &Console, line: &str, words: &str| {
            let style = style_of(c, line, words);
            assert_eq!(is_struck(style), fails, "{page}: {}", c.text());
            style.fg == c.model.theme.stale.fg
        };
        let mut c = Console::with(160, 48, snapshot.clone());
        for key in ["", "3"] {
            c.keys(key);
            for value in [cpu, "65 %"] {
                let is_old = looks_old(&c, " admin ", value);
                assert_eq!(is_old, !page.is_empty(), "{page}: {}", c.text());
            }
            let text = c.text();
            let told = text.lines().find(|l| l.contains("┌ Services"));
            let told = told.unwrap_or_else(|| panic!("{text}"));
            assert_eq!(told.contains("cpu, memory"), !title.is_empty(), "{text}");
            assert!(told.contains(title), "{text}");
        }
        for (columns, rows) in [(80, 24), (160, 48)] {
            let mut c = Console::with(columns, rows, snapshot.clone());
            c.keys("3/admin<enter><enter>");
            let is_old = looks_old(&c, "limits", cpu);
            assert_eq!(is_old, !page.is_empty(), "{page}: {}", c.text());
            assert!(c.shows(page), "{page}: {}", c.text());
        }
    }
}

/// The same of what alarms measure: they are told by a question of their own.
#[test]
fn the_value_beside_an_alarm_looks_old_where_nobody_measures_it_any_more() {
    for fails in [false, true] {
        let mut snapshot = fixture::snapshot();
        if fails {
            snapshot.facts.series.error = Some(trouble(ProblemKind::Timeout, "no answer"));
        }
        let mut c = Console::with(160, 48, snapshot);
        for key in ["", "5"] {
            c.keys(key);
            let style = style_of(&c, "laser-prod-db-connections", "170 ");
            let is_old = style.fg == c.model.theme.stale.fg;
            assert_eq!(is_old, fails, "{}", c.text());
        }
    }
}

#[test]
fn the_last_values_of_what_fails_are_struck_and_names_and_blanks_are_not() {
    for fails in [false, true] {
        let mut snapshot = fixture::snapshot();
        let facts = &mut snapshot.facts;
        let why = || trouble(ProblemKind::Unreachable, "nothing listens");
        facts.services.observed_at = Some(ago(100));
        facts.services.error = fails.then(why);
        facts.slos.observed_at = Some(ago(100));
        facts.slos.error = fails.then(why);
        facts.alarms.observed_at = Some(ago(100));
        facts.alarms.error = fails.then(why);
        let mut c = Console::with(160, 48, snapshot);
        let values = [
            ("3", "admin", "2/2"),
            ("5", "laser-prod-api-p95", "● OK"),
            ("0", "availability", "99.940 %"),
        ];
        for (key, name, value) in values {
            c.keys(key);
            let stale = c.model.theme.stale.fg;
            let style = style_of(&c, name, value);
            assert_eq!(style.fg, stale, "{}", c.text());
            assert_eq!(is_struck(style), fails, "{value}: {}", c.text());
            let blank = format!(" {value}");
            assert!(!is_struck(style_of(&c, name, &blank)), "{}", c.text());
            assert!(!is_struck(style_of(&c, value, name)), "{}", c.text());
        }
    }
}

/// A vendor that asks to slow down says nothing of the database.
#[test]
fn what_was_bad_and_cannot_be_asked_about_is_not_known_and_below_what_burns() {
    let mut snapshot = platform::faulty();
    snapshot.facts.alarms = fixture::snapshot().facts.alarms;
    let c = Console::with(120, 50, snapshot.clone());
    assert!(burning(&c)[0].contains("CRIT"), "{}", c.text());
    assert!(
        burning(&c).iter().any(|r| r.contains("BAD")),
        "{}",
        c.text()
    );
    for kind in [
        ProblemKind::Throttled,
        ProblemKind::Timeout,
        ProblemKind::Unreachable,
        ProblemKind::Expired,
    ] {
        let mut snapshot = snapshot.clone();
        snapshot.facts.estate.databases.error = Some(trouble(kind, "asks us to slow down"));
        let c = Console::with(120, 50, snapshot);
        let text = c.text();
        assert!(!burning(&c).iter().any(|r| r.contains("BAD")), "{text}");
        let at = |what: &str| text.lines().position(|l| l.contains(what));
        let unknown = at("? unknown").expect("it does not vanish");
        assert!(unknown > at("WARN").unwrap(), "{text}");
        assert!(text.contains(" not known"), "{text}");
        let row = text.lines().nth(unknown).unwrap();
        assert!(row.contains("databases: asks us to"), "{text}");
    }
    // What is refused for good leaves what was read as it was.
    snapshot.facts.estate.databases.error = Some(trouble(ProblemKind::Denied, "may not"));
    let c = Console::with(120, 50, snapshot);
    assert!(
        burning(&c).iter().any(|r| r.contains("BAD")),
        "{}",
        c.text()
    );
}

/// The lines of the panel of what burns about a service, by its name.
fn about<'a>(text: &'a str, service: &str) -> Vec<&'a str> {
    let all = text.lines().skip_while(|l| !l.contains("┌ Burning"));
    let inside = all.skip(1).take_while(|l| l.starts_with('│'));
    inside.filter(|l| l.contains(service)).collect()
}

/// Only `api` has targets, and they are sick.
fn sick_api(at_s: i64) -> Snapshot {
    let mut snapshot = fixture::snapshot();
    let facts = &mut snapshot.facts;
    let groups = facts.target_groups.value.as_mut().map(Arc::make_mut);
    for group in groups.unwrap() {
        let is_api = group.name == "tg-api";
        for target in &mut group.targets {
            target.state = if is_api { "unhealthy" } else { "healthy" }.into();
        }
    }
    facts.target_groups.observed_at = Some(ago(at_s));
    facts.judge_targets();
    snapshot
}

/// Vanished data reads as recovered: it must not.
#[test]
fn a_service_that_was_down_by_its_targets_is_not_known_where_nobody_tells_of_them() {
    let c = Console::with(160, 48, sick_api(3));
    let text = c.text();
    let rows = about(&text, "laser-prod/api ");
    assert!(
        rows.iter()
            .any(|r| r.contains("■ DOWN") && r.contains("0 of 3 targets healthy")),
        "{text}"
    );
    let mut lost = sick_api(12 * 60);
    lost.facts.target_groups.error = Some(trouble(ProblemKind::Timeout, "no answer"));
    let mut c = Console::with(160, 48, lost.clone());
    let text = c.text();
    let rows = about(&text, "laser-prod/api ");
    let words = "targets not told for 12m; 0 of 3 were healthy";
    assert!(
        rows.iter()
            .any(|r| r.contains("? unknown") && r.contains("targets not told for 12m; 0")),
        "{text}"
    );
    let title = text.lines().find(|l| l.contains("┌ Burning")).unwrap();
    assert!(title.contains("3 not known"), "{text}");
    let at = |name: &str| {
        text.lines()
            .position(|l| l.contains("? unknown") && l.contains(name))
    };
    assert!(at("laser-prod/api") < at("laser-prod/admin"), "{text}");
    // The one that was well is no fault, and is not known to be well either.
    let rows = about(&text, "laser-prod/admin");
    assert_eq!(rows.len(), 1, "{text}");
    assert!(
        rows[0].contains("? unknown") && rows[0].contains("targets not told for 12m"),
        "{text}"
    );
    c.keys("3");
    let text = c.text();
    for name in [" api ", " admin "] {
        let row = text.lines().find(|l| l.contains(name)).unwrap();
        assert!(row.contains("? unknown"), "{name}: {text}");
    }
    c.keys("/api<enter><enter>");
    assert!(c.shows(words), "{}", c.text());
    // And nothing there is green: `admin` was well.
    let mut c = Console::with(160, 48, lost);
    c.keys("3/admin<enter><enter>");
    for _ in 0..4 {
        if c.shows("? healthy") {
            return;
        }
        c.keys("<tab>");
    }
    panic!("{}", c.text());
}

/// Production does not burn because staging does.
#[test]
fn a_service_of_another_environment_that_is_down_is_a_warning() {
    let mut snapshot = sick_api(3);
    let services = snapshot.facts.services.value.as_mut().unwrap();
    for service in Arc::make_mut(services) {
        if service.id.name == "api" {
            Arc::make_mut(service).id.cluster = "laser-staging".into();
        }
    }
    snapshot.facts.judge_targets();
    let c = Console::with(160, 48, snapshot);
    let text = c.text();
    let rows = about(&text, "laser-staging/api");
    assert_eq!(rows.len(), 1, "{text}");
    assert!(rows[0].contains("■ WARN"), "{text}");
    assert!(rows[0].contains("DOWN: 0 of 3 targets healthy"), "{text}");
}

/// What is a warning elsewhere stands below what is wrong here.
#[test]
fn another_environments_service_that_is_down_stands_below_ours_that_is_degraded() {
    let mut snapshot = sick_api(3);
    let services = snapshot.facts.services.value.as_mut().unwrap();
    let mut there = None;
    for service in Arc::make_mut(services) {
        if service.id.name == "api" {
            let mut other = Service::clone(service);
            other.id.cluster = "shop-staging".into();
            other.counts.running = 0;
            there = Some(Arc::new(other));
            let ours = Arc::make_mut(service);
            ours.load_balancers.clear();
            ours.rollouts.clear();
            ours.counts.running = ours.counts.desired - 1;
        }
    }
    Arc::make_mut(services).extend(there);
    snapshot.facts.judge_targets();
    let text = Console::with(160, 48, snapshot).text();
    let at = |row: &str| {
        let rows: Vec<&str> = about(&text, "/api ");
        rows.iter().position(|r| r.contains(row))
    };
    assert!(at("laser-prod/api").is_some(), "{text}");
    assert!(at("laser-prod/api") < at("shop-staging/api"), "{text}");
}

/// Green beside what nobody knows would be a guess.
#[test]
fn where_a_service_is_not_known_it_is_not_said_that_nothing_burns() {
    let calm = |untold: bool| {
        let mut snapshot = fixture::snapshot();
        let facts = &mut snapshot.facts;
        for alarm in Arc::make_mut(facts.alarms.value.as_mut().unwrap()) {
            Arc::make_mut(alarm).state = AlarmState::Ok;
        }
        let services = facts.services.value.as_mut().unwrap();
        Arc::make_mut(services).retain(|s| s.health() == ServiceHealth::Steady);
        assert!(
            facts
                .service_rows()
                .iter()
                .any(|s| !s.load_balancers.is_empty())
        );
        let groups = facts.target_groups.value.as_mut().map(Arc::make_mut);
        for target in groups.unwrap().iter_mut().flat_map(|g| &mut g.targets) {
            target.state = "healthy".into();
        }
        if untold {
            facts.target_groups.observed_at = Some(ago(12 * 60));
        }
        facts.judge_targets();
        Console::with(160, 48, snapshot)
    };
    let c = calm(false);
    assert!(c.shows("nothing burns"), "{}", c.text());
    let c = calm(true);
    assert!(!c.shows("nothing burns"), "{}", c.text());
    assert!(c.shows("not known"), "{}", c.text());
}

/// What was never read would not be missed beside what burns.
#[test]
fn alarms_that_nobody_could_read_are_told_beside_what_burns() {
    for (columns, rows) in [(80, 24), (160, 48)] {
        let mut snapshot = sick_api(3);
        snapshot.facts.alarms = Part {
            error: Some(trouble(ProblemKind::Denied, "these credentials may not")),
            ..Part::default()
        };
        let c = Console::with(columns, rows, snapshot);
        let text = c.text();
        let all = text.lines().skip_while(|l| !l.contains("┌ Burning"));
        let panel: Vec<&str> = all.take_while(|l| !l.contains("└")).collect();
        assert!(panel[0].contains(", alarms not known"), "{text}");
        assert!(panel.iter().any(|l| l.contains("■ DOWN")), "{text}");
        let told = "? alarms cannot be read: these credentials may not";
        assert!(panel.iter().any(|l| l.contains(told)), "{text}");
        // The line leads to where the reason stands whole.
        let mut c = c;
        let selected = |c: &Console| {
            let text = c.text();
            text.lines().any(|l| l.contains("▌") && l.contains(told))
        };
        for _ in 0..12 {
            if !selected(&c) {
                c.keys("j");
            }
        }
        assert!(selected(&c), "{}", c.text());
        c.keys("<enter>");
        assert!(c.shows("┌ Alarms"), "{}", c.text());
        assert!(c.shows("these credentials may not"), "{}", c.text());
    }
    // What was read and is only old is told by the title, as before.
    let c = Console::with(160, 48, sick_api(3));
    assert!(!c.shows("cannot be read"), "{}", c.text());
}

/// Whoever was told that something wants a look need not hunt for it on its page.
#[test]
fn enter_in_systems_leads_to_the_row_that_is_told_of() {
    let mut c = Console::with(120, 50, platform::faulty());
    c.keys("i");
    for system in ["Databases", "Backups"] {
        c.keys(&format!("/{system}<enter>"));
        let text = c.text();
        let told = text.lines().find(|l| l.contains("▌") && l.contains(system));
        let told = told.unwrap_or_else(|| panic!("{system}: {text}"));
        if !(told.contains("bad") || told.contains("needs a look")) {
            c.keys("/<esc>");
            continue;
        }
        c.keys("<enter>");
        let text = c.text();
        let row = text.lines().find(|l| l.contains("▌")).unwrap();
        assert!(row.contains("▲") || row.contains("■"), "{system}: {text}");
        c.keys("<esc>/<esc>");
    }
}
