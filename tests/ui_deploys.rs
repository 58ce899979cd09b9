//! The deploys screen through the real update loop: one deployment is one row, told one way everywhere.

#[path = "ui_deploys/undone.rs"]
mod undone;

mod ui;

use std::sync::Arc;
use std::time::Duration;

use flightdeck::domain::action::{Intent, Phase, Run, RunLine};
use flightdeck::domain::audit::Outcome;
use flightdeck::domain::deployment::{Deployment, DeploymentSource, DeploymentState};
use flightdeck::domain::facts::Author;
use flightdeck::domain::failure::{FailedTask, Failure};
use flightdeck::domain::image::{Image, Registry, Scan};
use flightdeck::domain::interest::Interest;
use flightdeck::domain::log::{Level, LogLine};
use flightdeck::domain::part::Part;
use flightdeck::domain::progress::Pace;
use flightdeck::domain::service::{ServiceEvent, Strategy, Task, TaskDefinition};
use flightdeck::ui::effect::Effect;
use flightdeck::ui::msg::Msg;
use flightdeck::watch::Snapshot;
use jiff::Timestamp;
use ui::{Console, fixture};

fn ago(seconds: i64) -> Timestamp {
    Timestamp::from_second(fixture::now().as_second() - seconds).unwrap()
}

fn part<T>(value: T) -> Part<T> {
    Part::answered(value, fixture::now(), "test", Duration::from_secs(10))
}

/// The common picture with its running deployment of worker changed.
fn with(change: impl Fn(&mut Deployment), runs: Vec<Run>) -> Snapshot {
    let mut snapshot = fixture::snapshot();
    let mut rows = snapshot.facts.deployment_rows().to_vec();
    change(Arc::make_mut(&mut rows[0]));
    snapshot.facts.deployments = part(Arc::new(rows));
    snapshot.facts.runs = Arc::new(runs);
    snapshot
}

fn rows_of(c: &Console, service: &str) -> Vec<String> {
    let text = c.text();
    let list = text.lines().skip_while(|l| !l.contains("┌ Deploys"));
    let list = list.skip(1);
    let list = list.take_while(|l| !l.starts_with('└'));
    let rows = list.filter(|l| l.contains(&format!(" laser-prod/{service} ")));
    rows.map(str::to_owned).collect()
}

#[test]
fn an_action_and_its_deployment_are_one_row_with_the_state_of_both() {
    let mut c = Console::with(120, 40, with(|_| {}, vec![fixture::run()]));
    c.keys("4");
    let rows = rows_of(&c, "worker");
    assert_eq!(rows.len(), 1, "{}", c.text());
    for words in ["rolling out", "our deploy :17 → :18", "2/4", "ana"] {
        assert!(rows[0].contains(words), "{words}: {rows:?}");
    }
    // From elsewhere it is found by the deployment, too.
    let mut c = Console::with(120, 40, with(|_| {}, vec![fixture::run()]));
    c.keys("3/worker<enter>D");
    assert!(rows_of(&c, "worker")[0].contains('▌'), "{}", c.text());
    assert!(c.shows("Deploys of laser-prod/worker  1 shown, 1 running"));
    // What runs elsewhere is not counted among those of one service.
    let mut c = Console::with(120, 40, with(|_| {}, Vec::new()));
    c.keys("3/api<enter>D");
    assert!(
        c.shows("Deploys of laser-prod/api  1 shown, 0 running"),
        "{}",
        c.text()
    );
    // A scale brings no deployment about.
    let mut run = fixture::run();
    run.intent = Intent::Scale {
        service: fixture::id("worker"),
        desired: 6,
    };
    let mut c = Console::with(120, 40, with(|_| {}, vec![run]));
    c.keys("4");
    assert_eq!(rows_of(&c, "worker").len(), 2, "{}", c.text());
}

#[test]
fn a_stop_of_our_own_deploy_is_one_thing_that_moves_and_nothing_that_failed() {
    let deploy = fixture::run();
    let mut stop = fixture::run();
    stop.id = "run-2".into();
    stop.intent = Intent::Stop {
        service: fixture::id("worker"),
        rollback: true,
    };
    stop.title = "Stop the deployment and roll back of worker  laser-prod".into();
    stop.started_at = ago(5);
    let goes_back = |d: &mut Deployment| d.state = DeploymentState::RollingBack;
    let mut snapshot = with(goes_back, vec![stop, deploy]);
    let mut services = snapshot.facts.service_rows().to_vec();
    let worker = services.iter_mut().find(|s| s.id.name == "worker").unwrap();
    Arc::make_mut(worker).rollouts[0].rollout_state = "FAILED".into();
    snapshot.facts.services = part(Arc::new(services));
    let mut c = Console::with(120, 40, snapshot.clone());
    assert!(
        c.shows("Moving  1") && c.shows("Deploys ▶1"),
        "{}",
        c.text()
    );
    assert!(!c.text().contains("FAILED"), "{}", c.text());
    c.keys("4");
    assert!(c.shows(" shown, 1 running"), "{}", c.text());
    // What nobody stops goes back by itself: one word, and the way that it goes, on every screen.
    snapshot.facts.runs = Arc::new(Vec::new());
    for (columns, rows, words) in [(80, 24, "4 of 4 run"), (120, 40, "4 of")] {
        let mut c = Console::with(columns, rows, snapshot.clone());
        let text = c.text();
        let burns = text.lines().find(|l| l.contains("■ ROLLING BACK"));
        let burns = burns.unwrap_or_else(|| panic!("{text}"));
        let told = format!("worker  :18 → :17, {words}");
        assert!(burns.contains(&told), "{burns}");
        assert!(!text.contains("FAILED"), "{text}");
        c.keys("3");
        assert!(c.shows("■ ROLLING BACK"), "{}", c.text());
    }
}

#[test]
fn what_still_runs_behind_an_action_that_ended_has_a_row_of_its_own() {
    let ended = |outcome| {
        let mut run = fixture::run();
        run.outcome = Some(outcome);
        run.phase = Phase::Record;
        run.stopped_in = Some(Phase::Follow);
        run.finished_at = Some(ago(2));
        run
    };
    // Nobody follows it any more, and it runs.
    for outcome in [Outcome::Unknown, Outcome::Abandoned, Outcome::Failed] {
        let mut c = Console::with(120, 40, with(|_| {}, vec![ended(outcome)]));
        c.keys("4");
        let rows = rows_of(&c, "worker");
        assert_eq!(rows.len(), 2, "{outcome:?} {}", c.text());
        assert!(rows[0].contains("rolling out"), "{rows:?}");
    }
    // Once both are over they are one again.
    let over = |d: &mut Deployment| d.state = DeploymentState::Failed;
    let mut c = Console::with(120, 40, with(over, vec![ended(Outcome::Failed)]));
    c.keys("4");
    assert_eq!(rows_of(&c, "worker").len(), 1, "{}", c.text());
}

#[test]
fn an_event_that_the_action_heard_is_told_once() {
    let mut snapshot = with(|_| {}, vec![fixture::run()]);
    let message = "(service worker) has started 2 tasks: (task 4f2c).";
    let mut runs = vec![fixture::run()];
    runs[0].lines.push(RunLine {
        at: ago(40),
        phase: Phase::Follow,
        text: message.into(),
    });
    snapshot.facts.runs = Arc::new(runs);
    let mut services = snapshot.facts.service_rows().to_vec();
    let worker = services.iter_mut().find(|s| s.id.name == "worker").unwrap();
    let event = |id: &str, message: &str| ServiceEvent {
        id: id.into(),
        at: ago(41),
        message: message.into(),
    };
    let told = vec![
        event("e1", message),
        event("e2", "(service worker) registered 2 targets."),
    ];
    Arc::make_mut(worker).events = told;
    snapshot.facts.services.value = Some(Arc::new(services));
    let mut c = Console::with(120, 40, snapshot);
    c.keys("4");
    assert_eq!(
        c.text().matches("has started 2 tasks").count(),
        1,
        "{}",
        c.text()
    );
    assert!(c.shows("registered 2 targets"), "{}", c.text());
}

#[test]
fn a_rollback_goes_one_way_everywhere_and_its_target_never_drains() {
    let back = |d: &mut Deployment| {
        d.state = DeploymentState::RollingBack;
        d.rollback_reason = Some("circuit breaker".into());
        d.from[0].counts.pending = 2;
    };
    let mut c = Console::with(120, 40, with(back, Vec::new()));
    assert!(c.shows("worker :18 → :17"), "{}", c.text());
    c.keys("4");
    assert!(
        rows_of(&c, "worker")[0].contains(":18 → :17"),
        "{}",
        c.text()
    );
    let text = c.text();
    let line = |label: &str| {
        let found = text.lines().find(|l| l.starts_with(&format!("│ {label} ")));
        found.unwrap_or_default().to_owned()
    };
    assert!(
        line("from").contains(":18") && line("from").contains("draining"),
        "{text}"
    );
    assert!(
        line("to").contains(":17") && !line("to").contains("draining"),
        "{text}"
    );
    // All that are wanted run, and others are started: that is not done.
    assert!(c.shows("▶ start 0/2") && !c.shows("✓ start"), "{text}");
    let over = |d: &mut Deployment| {
        back(d);
        d.from[0].counts.pending = 0;
        d.to.as_mut().unwrap().counts = Default::default();
    };
    let mut c = Console::with(120, 40, with(over, Vec::new()));
    c.keys("4");
    for words in ["✓ start 2/2", "✓ stop old", "99 %"] {
        assert!(c.shows(words), "{words}: {}", c.text());
    }
}

/// Of what comes back tasks are started anew beside those that never left, which have to stop in their turn.
#[test]
fn a_rollback_is_not_over_while_tasks_that_others_took_the_place_of_still_run() {
    let back = |d: &mut Deployment| {
        d.state = DeploymentState::RollingBack;
        d.to.as_mut().unwrap().counts = Default::default();
        d.from[0].counts.desired = 2;
        (d.from[0].counts.running, d.from[0].counts.pending) = (4, 0);
    };
    let mut c = Console::with(160, 48, with(back, Vec::new()));
    c.keys("1");
    assert!(c.shows("2/2  ROLLING BACK"), "{}", c.text());
    c.keys("4");
    assert!(rows_of(&c, "worker")[0].contains("2/2"), "{}", c.text());
    for words in ["✓ start 2/2", "▶ stop old, 2 left", "4 running  2 to stop"] {
        assert!(c.shows(words), "{words}: {}", c.text());
    }
    c.keys("3/worker<enter><enter>");
    assert!(
        c.shows("▲ ROLLING BACK to :17 2/2, 2 to stop"),
        "{}",
        c.text()
    );
}

/// What the circuit breaker took back reads alike in the row, in the picture and on the overview, whoever began it.
#[test]
fn a_deployment_that_went_back_has_one_word_for_that_everywhere() {
    let back = |d: &mut Deployment| {
        d.state = DeploymentState::RolledBack;
        d.rollback_reason = Some("circuit breaker".into());
        d.finished_at = Some(ago(5));
    };
    for outcome in [Outcome::Failed, Outcome::Stopped] {
        let mut run = fixture::run();
        (run.outcome, run.finished_at) = (Some(outcome), Some(ago(4)));
        let mut c = Console::with(120, 40, with(back, vec![run]));
        c.keys("4");
        let row = &rows_of(&c, "worker")[0];
        assert!(row.contains("◀ ROLLED BACK"), "{row}");
        assert!(!c.shows("FAILED") && !c.shows("■ stopped"), "{}", c.text());
    }
    // A person's stop went well, and says at any width what it stopped.
    let mut run = fixture::run();
    run.intent = Intent::Stop {
        service: fixture::id("worker"),
        rollback: true,
    };
    (run.outcome, run.finished_at) = (Some(Outcome::Succeeded), Some(ago(4)));
    for (columns, words) in [(80, "stop :18→:17"), (160, "our stop of :18, back on :17")] {
        let mut c = Console::with(columns, 40, with(back, vec![run.clone()]));
        c.keys("4");
        let row = &rows_of(&c, "worker")[0];
        assert!(row.contains("✓ succeeded") && row.contains(words), "{row}");
    }
}

fn task(service: &str, n: usize, health: &str) -> Task {
    Task {
        arn: n.to_string(),
        id: n.to_string(),
        service: service.into(),
        status: "RUNNING".into(),
        desired_status: "RUNNING".into(),
        health: health.into(),
        revision: None,
        zone: String::new(),
        cpu_units: None,
        memory_mib: None,
        ip: None,
        created_at: None,
        started_at: None,
        stopped_at: None,
        stopped_reason: None,
        containers: Vec::new(),
    }
}

#[test]
fn a_service_with_more_tasks_than_are_read_says_so_beside_their_list() {
    for (cut, columns) in [(true, 80), (true, 160), (false, 160)] {
        let mut snapshot = fixture::snapshot();
        let mut tasks = part(Arc::new(vec![task("api", 0, "HEALTHY")]));
        tasks.cut = cut;
        snapshot.facts.tasks.insert(fixture::id("api"), tasks);
        let mut c = Console::with(columns, 40, snapshot);
        c.keys("3/api<enter><enter>");
        assert!(c.shows("HEALTHY"), "{}", c.text());
        assert_eq!(
            c.shows("only 1 were read: there are more"),
            cut,
            "{}",
            c.text()
        );
    }
}

/// A task that runs and fails its check has not taken over.
#[test]
fn tasks_that_are_started_are_told_apart_from_those_that_are_healthy() {
    let all = |d: &mut Deployment| {
        (
            d.to.as_mut().unwrap().counts.running,
            d.to.as_mut().unwrap().counts.pending,
        ) = (4, 0);
    };
    let tasks = |health: [&str; 4], cut: bool| {
        let mut snapshot = with(all, Vec::new());
        let d = snapshot.facts.deployment_rows()[0].clone();
        let revision = d.to.as_ref().unwrap().revision.clone();
        let tasks = health.iter().enumerate();
        let tasks = tasks.map(|(n, health)| Task {
            revision: Some(revision.clone()),
            ..task(&d.service.name, n, health)
        });
        let mut tasks = part(Arc::new(tasks.collect::<Vec<_>>()));
        tasks.cut = cut;
        snapshot.facts.tasks.insert(d.service.clone(), tasks);
        let mut c = Console::with(120, 40, snapshot);
        c.keys("4");
        c
    };
    let started = |health| tasks(health, false);
    let c = started(["HEALTHY", "UNHEALTHY", "UNHEALTHY", "UNKNOWN"]);
    assert!(c.shows("▶ start 4/4, 2 unhealthy"), "{}", c.text());
    assert!(
        c.shows("4 running  4 wanted  1 healthy  2 unhealthy  1 not checked yet"),
        "{}",
        c.text()
    );
    assert!(
        c.shows("no estimate: its tasks fail their check"),
        "{}",
        c.text()
    );
    // Two of four have started something, and of what is to stop nothing is gone.
    let share = |c: &Console| {
        let text = c.text();
        let (before, _) = text.split_once(" % 4/4").expect("the row");
        before
            .split_whitespace()
            .next_back()
            .unwrap_or_default()
            .parse::<u32>()
            .unwrap()
    };
    let ill = share(&c);
    let c = started(["HEALTHY", "HEALTHY", "HEALTHY", "UNKNOWN"]);
    assert!(c.shows("▶ start 4/4, 3 healthy"), "{}", c.text());
    let c = started(["HEALTHY"; 4]);
    assert!(c.shows("✓ start 4/4   "), "{}", c.text());
    assert!(share(&c) >= ill + 25, "{} and {ill}", share(&c));
    assert!(c.shows("4 healthy") && c.shows("to go"), "{}", c.text());
    // Of more tasks than are read, nobody knows how many are healthy.
    let c = tasks(["HEALTHY", "HEALTHY", "HEALTHY", "UNHEALTHY"], true);
    assert!(c.shows("start 4/4"), "{}", c.text());
    for unknown in ["3 healthy", "unhealthy", "not checked"] {
        assert!(!c.shows(unknown), "{unknown}: {}", c.text());
    }
}

#[test]
fn an_action_that_ended_says_how_much_older_its_picture_is() {
    let mut run = fixture::run();
    run.outcome = Some(Outcome::Succeeded);
    run.phase = Phase::Record;
    run.finished_at = Some(ago(0));
    let mut snapshot = with(|_| {}, vec![run.clone()]);
    snapshot.facts.deployments.observed_at = Some(ago(4));
    let mut c = Console::with(120, 40, snapshot);
    c.keys("4");
    assert!(c.shows("read 4s before the action ended:"), "{}", c.text());
    let over = |d: &mut Deployment| d.state = DeploymentState::Successful;
    let mut c = Console::with(120, 40, with(over, vec![run]));
    c.keys("4");
    assert!(!c.shows("before the action ended"), "{}", c.text());
}

#[test]
fn an_action_has_the_deployment_that_it_brought_about_and_no_other() {
    let whose = |change: &dyn Fn(&mut Run)| {
        let mut run = fixture::run();
        change(&mut run);
        let snapshot = with(|_| {}, vec![run]);
        let facts = &snapshot.facts;
        let run = &facts.runs[0];
        let has = facts.deployment_of(run).is_some();
        let by = facts.author_of(&facts.deployment_rows()[0]);
        (
            has,
            matches!(by, Some(Author::Deployed(who)) if who == "ana"),
        )
    };
    let revision = |text: &str| flightdeck::domain::service::Revision::parse(text);
    assert_eq!(whose(&|_| {}), (true, true));
    assert_eq!(
        whose(&|r| r.brings = revision("worker:18")),
        (true, true),
        "the revision is the action's"
    );
    assert_eq!(
        whose(&|r| r.brings = revision("worker:19")),
        (false, false),
        "somebody else's revision"
    );
    assert_eq!(
        whose(&|r| r.deployment = Some("another, which it brought about".into())),
        (false, false),
        "another's deployment of the same revision"
    );
    assert_eq!(
        whose(&|r| r.phase = Phase::Execute),
        (false, false),
        "nothing was called yet"
    );
    for (outcome, stood, is_its) in [
        (Outcome::Refused, Phase::Execute, false),
        (Outcome::Failed, Phase::Execute, false),
        (Outcome::Failed, Phase::Follow, true),
        (Outcome::Unknown, Phase::Execute, true),
        (Outcome::Abandoned, Phase::Execute, false),
    ] {
        let ended = |r: &mut Run| {
            r.outcome = Some(outcome);
            r.phase = Phase::Record;
            r.stopped_in = Some(stood);
            r.finished_at = Some(ago(66));
        };
        assert_eq!(whose(&ended), (is_its, is_its), "{outcome:?} in {stood:?}");
    }
    // Who stops a deployment did not bring it about.
    let stops = |r: &mut Run| {
        let service = fixture::id("worker");
        r.intent = Intent::Stop {
            service,
            rollback: true,
        };
    };
    assert_eq!(whose(&stops), (true, false));
}

#[test]
fn who_deployed_is_told_where_it_is_known_and_who_registered_is_another_thing() {
    let mut snapshot = with(|_| {}, Vec::new());
    let mut definition = TaskDefinition {
        revision: snapshot.facts.deployment_rows()[0]
            .to
            .clone()
            .unwrap()
            .revision,
        status: "ACTIVE".into(),
        cpu_units: None,
        memory_mib: None,
        containers: Vec::new(),
        registered_at: None,
        registered_by: None,
    };
    definition.registered_by = Some("arn:aws:sts::1:assumed-role/deployer/ben".into());
    let known = [(definition.revision.arn.clone(), Arc::new(definition))];
    snapshot.facts.task_definitions = part(Arc::new(known.into()));
    let mut c = Console::with(160, 40, snapshot.clone());
    c.keys("4");
    assert!(rows_of(&c, "worker")[0].contains("rev ben"), "{}", c.text());
    assert!(c.shows("revision registered by ben"), "{}", c.text());
    // Another console's action, as the audit trail has it, knows better.
    let mut rows = (**snapshot.facts.audit.value.as_ref().unwrap()).clone();
    let mut row = rows[0].clone();
    row.action = "deploy".into();
    row.subject = "laser-prod/worker".into();
    row.outcome = Some(Outcome::Succeeded);
    row.who = "cleo".into();
    row.at = ago(10);
    row.duration_s = Some(60.0);
    rows.insert(0, row);
    snapshot.facts.audit = part(Arc::new(rows.clone()));
    let mut c = Console::with(160, 40, snapshot.clone());
    c.keys("4");
    let row = rows_of(&c, "worker").remove(0);
    assert!(row.contains("cleo") && c.shows("by cleo"), "{}", c.text());
    // What was refused, or failed while this goes well, brought nothing about.
    for outcome in [Outcome::Refused, Outcome::Failed] {
        rows[0].outcome = Some(outcome);
        snapshot.facts.audit = part(Arc::new(rows.clone()));
        let mut c = Console::with(160, 40, snapshot.clone());
        c.keys("4");
        assert!(rows_of(&c, "worker")[0].contains("rev ben"), "{}", c.text());
    }
}

#[test]
fn an_image_that_failed_here_is_not_offered_like_any_other() {
    let uri = "123456789012.dkr.ecr.us-east-1.amazonaws.com/laser/worker";
    let image = |tag: &str, hours: i64, critical: u64| Image {
        repository: "laser/worker".into(),
        uri: uri.into(),
        tags: vec![tag.into()],
        digest: format!("sha256:{tag}"),
        bytes: 1,
        pushed_at: Some(ago(hours * 3_600)),
        pulled_at: None,
        parts: None,
        scan: Scan {
            status: "COMPLETE".into(),
            completed_at: Some(ago(60)),
            counts: [("CRITICAL".to_owned(), critical)].into(),
        },
        findings: Vec::new(),
    };
    // The running one failed two hours ago with the newest image; what runs by its definition is 1.8.8.
    let failed = |d: &mut Deployment| {
        d.state = DeploymentState::RolledBack;
        d.finished_at = Some(ago(7_200));
        d.to.as_mut().unwrap().image = Some(format!("{uri}:2.0.0-bad"));
    };
    let mut snapshot = with(failed, Vec::new());
    snapshot.facts.estate.registry = part(Arc::new(Registry {
        images: vec![
            image("2.0.0-bad", 3, 0),
            image("1.9.1", 4, 2),
            image("1.9.0", 5, 0),
            image("1.8.9", 6, 0),
            image("1.8.8", 7, 0),
        ],
        ..Registry::default()
    }));
    let mut c = Console::with(80, 24, snapshot.clone());
    c.keys("3/worker<enter><enter>U");
    let text = c.text();
    let at = |words: &str| {
        let line = text.lines().position(|l| l.contains(words));
        line.unwrap_or_else(|| panic!("{words}\n{text}"))
    };
    let order = [
        at(":1.9.0"),
        at(":1.8.9"),
        at(":1.8.8      runs"),
        at(":1.9.1      2 critical findings"),
        at(":2.0.0-bad  failed 2h ago"),
    ];
    assert!(order.is_sorted(), "{order:?}\n{text}");
    c.keys("<down>");
    assert!(c.shows("▌:1.9.0"), "the best is taken first\n{}", c.text());
    // From the list, where nobody has asked for the past yet, it is asked for, and told in the open form.
    let mut early = snapshot.clone();
    early.facts.deployments = part(Arc::default());
    let mut c = Console::with(80, 24, early);
    c.keys("3/worker<enter>U");
    let asks = Interest::Deployments(fixture::id("worker"));
    assert!(c.model.interests().contains(&asks));
    assert!(!c.shows("failed 2h"), "{}", c.text());
    c.msg(Msg::Snapshot(Arc::new(snapshot.clone())));
    assert!(c.shows(":2.0.0-bad  failed 2h ago"), "{}", c.text());
    // It was deployed with success later, from here: then it is good.
    let mut rows = (**snapshot.facts.audit.value.as_ref().unwrap()).clone();
    rows[0].subject = "laser-prod/worker".into();
    rows[0].parameters = serde_json::json!({"image": ":2.0.0-bad"});
    snapshot.facts.audit = part(Arc::new(rows));
    let mut c = Console::with(80, 24, snapshot);
    c.keys("3/worker<enter><enter>U<down>");
    assert!(c.shows("▌:2.0.0-bad"), "{}", c.text());
    assert!(!c.shows("failed 2h"), "{}", c.text());
}

#[test]
fn a_deployment_whose_story_is_not_read_yet_is_not_said_to_have_none() {
    let rollout = |d: &mut Deployment| d.source = DeploymentSource::Rollouts;
    let mut c = Console::with(120, 40, with(rollout, Vec::new()));
    c.keys("4");
    let (unread, untold) = (
        "is not read yet",
        "nobody tells of service deployments here",
    );
    assert!(c.shows(unread) && !c.shows(untold), "{}", c.text());
    let mut snapshot = with(rollout, Vec::new());
    let alone = snapshot.facts.deployment_rows()[..1].to_vec();
    snapshot.facts.deployments = part(Arc::new(alone));
    let mut c = Console::with(120, 40, snapshot);
    c.keys("4");
    assert!(c.shows(untold) && !c.shows(unread), "{}", c.text());
}

/// Of a service in its cluster the service tells: it is never what is cut.
#[test]
fn the_name_of_a_service_is_whole_where_its_cluster_has_no_room() {
    let calculator = |d: &mut Deployment| d.service.name = "calculator".into();
    let mut c = Console::with(80, 24, with(calculator, Vec::new()));
    c.keys("4");
    assert!(c.shows(" …prod/calculator "), "{}", c.text());
}

/// When something began is how long ago, not how long it took; and of what ended at a time unknown nobody knows that.
#[test]
fn how_long_something_took_and_how_long_ago_it_began_are_two_things() {
    let ended = |finished_at: Option<Timestamp>| {
        move |d: &mut Deployment| {
            d.state = DeploymentState::Successful;
            (d.started_at, d.finished_at) = (Some(ago(45)), finished_at);
        }
    };
    let mut run = fixture::run();
    (run.outcome, run.phase) = (Some(Outcome::Succeeded), Phase::Record);
    (run.started_at, run.finished_at) = (ago(47), Some(ago(37)));
    let mut c = Console::with(120, 40, with(ended(Some(ago(43))), vec![run]));
    c.keys("4");
    let row = &rows_of(&c, "worker")[0];
    assert!(row.contains(" 10s  40s ago "), "{row}");
    assert!(c.shows("10s in all") && c.shows("took 2s"), "{}", c.text());
    let mut c = Console::with(120, 40, with(ended(None), Vec::new()));
    c.keys("4");
    let row = &rows_of(&c, "worker")[0];
    assert!(row.contains(" -  40s ago "), "{row}");
    assert!(!c.shows("took 4") && !c.shows("took 0"), "{}", c.text());
}

/// The vendor's clock may be ahead of ours: an end that is yet to come was not just now.
#[test]
fn an_end_that_is_yet_to_come_is_no_age() {
    let ended = |d: &mut Deployment| {
        d.state = DeploymentState::Failed;
        (d.created_at, d.started_at) = (Some(ago(-190)), Some(ago(-190)));
        d.finished_at = Some(ago(-200));
    };
    let mut c = Console::with(200, 60, with(ended, Vec::new()));
    let said = "FAILED in 3m by the vendor's clock";
    assert!(c.shows(said), "{}", c.text());
    c.keys("4");
    let row = &rows_of(&c, "worker")[0];
    assert!(row.contains(" -    in 3m "), "{row}");
    let said = "it began in 3m by the vendor's clock: one of the clocks is wrong";
    assert!(c.shows(said), "{}", c.text());
}

/// What is found once a picture is found anew in the next one.
#[test]
fn how_much_moves_is_told_of_the_newest_picture() {
    let over = |d: &mut Deployment| d.state = DeploymentState::Successful;
    let (moves, rests) = (with(|_| {}, Vec::new()), with(over, Vec::new()));
    let mut c = Console::with(120, 40, rests.clone());
    c.keys("4");
    for (picture, badge, title) in [
        (&moves, true, "1 running"),
        (&rests, false, "0 running"),
        (&moves, true, "1 running"),
    ] {
        c.msg(Msg::Snapshot(Arc::new(picture.clone())));
        assert_eq!(c.shows("▶1"), badge, "{}", c.text());
        assert!(c.shows(title), "{}", c.text());
    }
}

/// A canary whose tasks all run and that bakes for a minute, since when its stage began.
fn canary(stage: &str, traffic: f64, since: i64) -> impl Fn(&mut Deployment) {
    move |d: &mut Deployment| {
        d.strategy = Strategy::Canary;
        d.lifecycle_stage = Some(stage.into());
        d.pace = Pace {
            bake_minutes: Some(1),
            shift_minutes: None,
            stage_since: Some(ago(since)),
        };
        let to = d.to.as_mut().unwrap();
        (to.counts.running, to.counts.pending) = (4, 0);
        to.traffic_percent = Some(traffic);
        d.from[0].traffic_percent = Some(100.0 - traffic);
    }
}

#[test]
fn how_far_a_deployment_is_counts_its_traffic_and_bake_time_and_says_what_is_left() {
    for (columns, rows) in [(80, 24), (160, 48)] {
        let shift = with(canary("PRODUCTION_TRAFFIC_SHIFT", 10.0, 5), Vec::new());
        let mut c = Console::with(columns, rows, shift);
        // All of its tasks run, and it is far from done.
        for words in [" 27 %", "traffic 10 %", "≥1m00"] {
            assert!(c.shows(words), "{words}: {}", c.text());
        }
        c.keys("4");
        let row = &rows_of(&c, "worker")[0];
        assert!(!row.contains("█████"), "not done: {row}");
        for words in [
            " 27 %",
            "✓ start 4/4",
            "▶ traffic 10 %",
            "· bake 1m",
            "· stop old",
            "at least 1m00 to go",
        ] {
            assert!(c.shows(words), "{words}: {}", c.text());
        }
        let bake = with(canary("BAKE_TIME", 100.0, 18), Vec::new());
        let mut c = Console::with(columns, rows, bake);
        assert!(c.shows("bake 42s") && c.shows("≥42s"), "{}", c.text());
        c.keys("4");
        for words in [" 57 %", "▶ bake time, 42s left", "at least 42s to go"] {
            assert!(c.shows(words), "{words}: {}", c.text());
        }
    }
}

/// The counts that the service itself tells would pass for the steps of a rolling one.
#[test]
fn steps_of_a_canary_whose_service_deployment_is_not_read_are_unknown_and_not_a_rolling_one_s() {
    for (columns, rows) in [(80, 24), (160, 48)] {
        let unread = |d: &mut Deployment| {
            canary("SCALE_UP", 0.0, 5)(d);
            (d.lifecycle_stage, d.from[0].traffic_percent) = (None, None);
            d.to.as_mut().unwrap().traffic_percent = None;
            d.source = DeploymentSource::Rollouts;
        };
        let mut c = Console::with(columns, rows, with(unread, Vec::new()));
        assert!(c.shows(" ? %"), "{}", c.text());
        for strange in ["~", "≥", "50 %", "stop old"] {
            assert!(!c.shows(strange), "{strange}: {}", c.text());
        }
        c.keys("4");
        let share = if columns > 80 { " ? % 4/4" } else { " ? %" };
        assert!(c.shows(share), "{}", c.text());
        let why = "steps and time to go: unknown yet, its service deployment is not read";
        assert!(c.shows(why), "{}", c.text());
        for strange in ["stop old", "to go:", "start 4/4", "50 %", "estimate"] {
            let elsewhere = c.text().replace(why, "");
            assert!(!elsewhere.contains(strange), "{strange}: {}", c.text());
        }
    }
}

#[test]
fn a_rolling_deployment_says_when_it_is_done_by_what_the_last_one_took() {
    let mut snapshot = with(|_| {}, Vec::new());
    let mut rows = snapshot.facts.deployment_rows().to_vec();
    let last = Deployment {
        id: "last".into(),
        state: DeploymentState::Successful,
        created_at: Some(ago(9_000)),
        started_at: Some(ago(9_000)),
        finished_at: Some(ago(8_860)),
        ..(*rows[0]).clone()
    };
    rows.push(Arc::new(last));
    snapshot.facts.deployments = part(Arc::new(rows));
    let mut c = Console::with(120, 40, snapshot);
    assert!(c.shows("~1m12"), "{}", c.text());
    c.keys("4");
    let words = "about 1m12 to go: the last took 2m20";
    assert!(c.shows(words), "{}", c.text());
    assert!(c.shows("▶ start 2/4"), "{}", c.text());
}

#[test]
fn a_narrow_picture_of_a_deployment_has_counts_traffic_and_what_is_wanted_whole() {
    let both = |d: &mut Deployment| {
        canary("PRODUCTION_TRAFFIC_SHIFT", 0.0, 5)(d);
        d.from[0].counts.running = 4;
        d.from[0].counts.desired = 4;
        let to = d.to.as_mut().unwrap();
        (to.counts.running, to.counts.pending) = (1, 3);
        to.counts.failed = 1;
    };
    let mut c = Console::with(80, 24, with(both, Vec::new()));
    c.keys("4");
    for words in [
        "4 running  100 % traffic  not replaced yet",
        "1 running  3 starting  0 % traffic  4 wanted  1 failed",
    ] {
        assert!(c.shows(words), "{words}: {}", c.text());
    }
}

/// Its own counts are history: what is told of an ended one is what runs of it now, by its service.
#[test]
fn of_a_deployment_that_ended_both_sides_tell_what_runs_now() {
    let over = |d: &mut Deployment| {
        d.state = DeploymentState::Successful;
        d.finished_at = Some(ago(10));
    };
    let shown = |snapshot: Snapshot| {
        let mut c = Console::with(80, 24, snapshot);
        c.keys("4");
        c.text()
    };
    let told = shown(with(over, Vec::new()));
    let side = |told: &str, label: &str| -> String {
        let line = told.lines().find(|l| l.starts_with(&format!("│ {label} ")));
        line.map_or_else(String::new, |l| {
            l.trim_end_matches('│').trim_end().to_owned()
        })
    };
    assert!(side(&told, "from").ends_with("0 running now"), "{told}");
    assert!(side(&told, "to").ends_with("4 running now"), "{told}");
    // A restart has one task definition on both sides, and nobody tells them apart here.
    let restart = |d: &mut Deployment| {
        over(d);
        d.from[0].revision = d.to.as_ref().unwrap().revision.clone();
    };
    let told = shown(with(restart, Vec::new()));
    assert!(!told.contains("running now"), "{told}");
    // What was last heard of the service says nothing of now.
    let mut old = with(over, Vec::new());
    old.facts.services.observed_at = Some(ago(900));
    let told = shown(old);
    assert!(!told.contains("running now"), "{told}");
}

/// Words give way before the tag: it is what people look for.
#[test]
fn a_narrow_list_tells_the_tag_of_what_is_rolled_out_whole() {
    let tagged = |d: &mut Deployment| {
        d.to.as_mut().unwrap().image = Some("laser/worker:2026.11.27-rc1".into());
    };
    let row = |columns, runs| {
        let mut c = Console::with(columns, 24, with(tagged, runs));
        c.keys("4");
        rows_of(&c, "worker").remove(0)
    };
    let narrow = row(80, vec![fixture::run()]);
    assert!(narrow.contains(" our :18 2026.11.27-rc1 "), "{narrow}");
    let narrow = row(80, Vec::new());
    assert!(narrow.contains(" :17→:18 2026.11.27-rc1 "), "{narrow}");
    let wide = row(160, vec![fixture::run()]);
    assert!(
        wide.contains(" our deploy :17 → :18 2026.11.27-rc1 "),
        "{wide}"
    );
}

/// What an action took, and who began it, have room in eighty columns.
#[test]
fn a_narrow_picture_of_an_action_that_ended_tells_who_and_how_long() {
    let mut run = fixture::run();
    run.outcome = Some(Outcome::Succeeded);
    run.phase = Phase::Record;
    run.recorded = true;
    run.finished_at = Some(run.started_at + jiff::SignedDuration::from_secs(1_234));
    run.who = "ana (arn:aws:iam::123456789012:user/ana.maria)".into();
    let shown = |columns| {
        let mut c = Console::with(columns, 24, with(|_| {}, vec![run.clone()]));
        c.keys("4");
        c.text()
    };
    let narrow = shown(80);
    assert!(narrow.contains("record = 20m34 "), "{narrow}");
    assert!(narrow.contains("by ana (ana.maria) "), "{narrow}");
    let wide = shown(160);
    assert!(wide.contains("record 20m34 in all "), "{wide}");
    assert!(wide.contains("by ana (arn:aws:iam::"), "{wide}");
}

/// The service that Rollback is about.
fn turned_back(c: &mut Console) -> String {
    c.effects.clear();
    c.keys("R<esc>");
    let asked = c.effects.iter().find_map(|e| match e {
        Effect::Preview(Intent::Rollback { service, .. }) => Some(service.name.clone()),
        _ => None,
    });
    asked.unwrap_or_else(|| panic!("{:?}\n{}", c.effects, c.text()))
}

/// Somebody else's deployment begins while the list is shown: keys that change things are about what is looked at.
#[test]
fn what_begins_to_move_is_selected_unless_a_person_chose_a_row() {
    let over = |d: &mut Deployment| {
        d.state = DeploymentState::Successful;
        d.started_at = Some(ago(900_000));
        d.created_at = d.started_at;
        d.finished_at = Some(ago(899_000));
    };
    let begins = || Msg::Snapshot(Arc::new(with(|_| {}, Vec::new())));
    let mut c = Console::with(120, 40, with(over, Vec::new()));
    c.keys("4");
    assert_ne!(turned_back(&mut c), "worker", "{}", c.text());
    c.msg(begins());
    assert_eq!(turned_back(&mut c), "worker", "{}", c.text());

    let mut c = Console::with(120, 40, with(over, Vec::new()));
    c.keys("4jk");
    let chosen = turned_back(&mut c);
    c.msg(begins());
    assert_eq!(turned_back(&mut c), chosen, "a person chose it");
    c.keys("1<esc>");
    assert_eq!(turned_back(&mut c), chosen, "back to where one was");
    c.keys("14");
    assert_eq!(turned_back(&mut c), "worker", "a new look");
}

/// Read weeks later, a failed deployment must not look as if it had gone on.
#[test]
fn an_ended_deployment_is_not_told_with_the_events_of_the_next() {
    let ends = |d: &mut Deployment| {
        d.state = DeploymentState::Failed;
        d.created_at = Some(ago(300));
        d.started_at = Some(ago(300));
        d.finished_at = Some(ago(130));
    };
    let mut snapshot = with(ends, Vec::new());
    let rows = snapshot.facts.deployment_rows().to_vec();
    let failed = rows.iter().find(|d| d.service.name == "worker").unwrap();
    let mut next = (**failed).clone();
    next.id = format!("{}-next", failed.id);
    next.state = DeploymentState::InProgress;
    next.created_at = Some(ago(46));
    next.started_at = Some(ago(44));
    next.finished_at = None;
    let both = [vec![Arc::new(next)], rows.clone()].concat();
    let mut services = snapshot.facts.service_rows().to_vec();
    let worker = services.iter_mut().find(|s| s.id.name == "worker").unwrap();
    let event = |id: &str, seconds, message: &str| ServiceEvent {
        id: id.into(),
        at: ago(seconds),
        message: message.into(),
    };
    Arc::make_mut(worker).events = vec![
        event("e4", 40, "the next one started a task"),
        event("e3", 100, "what nobody began"),
        event("e2", 126, "rolled back at the end"),
        event("e1", 280, "the first one started a task"),
    ];
    snapshot.facts.services.value = Some(Arc::new(services));
    snapshot.facts.deployments.value = Some(Arc::new(both));
    let facts = &snapshot.facts;
    let told = |d: &Deployment| -> Vec<String> {
        let events = facts.events_of(d);
        events.map(|e| e.id.clone()).collect()
    };
    let both = facts.deployment_rows();
    assert_eq!(told(&both[0]), ["e4"]);
    let failed = both.iter().find(|d| d.id == failed.id).unwrap();
    assert_eq!(told(failed), ["e2", "e1"]);
    // An end that nobody tells is no later than the begin of the next.
    let mut endless = (**failed).clone();
    endless.finished_at = None;
    assert_eq!(told(&endless), ["e3", "e2", "e1"]);
    let mut c = Console::with(120, 40, snapshot);
    c.keys("4G");
    for _ in 0..9 {
        if c.shows("the first one started") {
            break;
        }
        c.keys("k");
    }
    assert!(c.shows("the first one started"), "{}", c.text());
    assert!(!c.shows("the next one started"), "{}", c.text());
}

/// A service's own list has dropped what it replaced by the time that it has ended: a rollback looks there like any other deployment.
#[test]
fn what_the_service_alone_tells_of_an_ended_deployment_is_not_all_there_is() {
    let shown = |source| {
        let ended = |d: &mut Deployment| {
            d.state = DeploymentState::Successful;
            d.finished_at = Some(ago(30));
            d.from = Vec::new();
            d.source = source;
        };
        let mut c = Console::with(120, 40, with(ended, Vec::new()));
        c.keys("4");
        c.text()
    };
    let told = "from not told: the service's own list drops what was replaced";
    let alone = shown(DeploymentSource::Rollouts);
    assert!(alone.contains(told), "{alone}");
    let whole = shown(DeploymentSource::ServiceDeployments);
    assert!(!whole.contains(told), "{whole}");
}

#[test]
fn why_a_rollout_failed_is_asked_where_its_page_is_open_and_told_with_its_last_errors() {
    let bad = |minutes: i64| {
        with(
            |d| {
                d.state = DeploymentState::RolledBack;
                d.finished_at = Some(ago(minutes * 60));
            },
            Vec::new(),
        )
    };
    let asked = |c: &Console| {
        let all = c.model.interests().into_iter();
        let mut all = all.filter_map(|i| match i {
            Interest::Failure(ask) => Some(ask),
            _ => None,
        });
        all.next()
    };
    let mut snapshot = bad(2);
    let mut c = Console::with(120, 40, snapshot.clone());
    assert_eq!(asked(&c), None, "nobody looks");
    c.keys("4/worker<enter>");
    let ask = asked(&c).expect("its page is open");
    assert_eq!(ask.revision.number, 18);
    // Another one is selected, it went well, or it was too long ago for ECS to tell.
    for (snapshot, keys) in [
        (bad(2), "4/api<enter>"),
        (fixture::snapshot(), "4"),
        (bad(61), "4/worker<enter>"),
    ] {
        let mut other = Console::with(120, 40, snapshot);
        other.keys(keys);
        assert_eq!(asked(&other), None, "{keys}");
    }
    let line = LogLine {
        id: "1".into(),
        at: ago(150),
        group: "/ecs/worker".into(),
        stream: "worker/worker/4f2c".into(),
        level: Some(Level::Error),
        message: vec!["configuration key PRICING_TABLE is missing".into()],
        fields: Vec::new(),
        raw: String::new(),
    };
    let task = FailedTask {
        id: "4f2c1d90aa".into(),
        stopped_at: Some(ago(130)),
        reason: "Task failed container health checks".into(),
        exits: vec!["worker exit 137".into()],
        lines: vec![line],
        unread: None,
    };
    let failure = Failure { tasks: vec![task] };
    let id = ask.deployment.clone();
    snapshot.facts.failures = [(id, part(Arc::new(failure)))].into();
    c.msg(Msg::Snapshot(Arc::new(snapshot)));
    for words in [
        "task 4f2c1d90: Task failed container health checks; worker exit 137",
        "ERROR configuration key PRICING_TABLE is missing",
    ] {
        assert!(c.shows(words), "{words}: {}", c.text());
    }
}
