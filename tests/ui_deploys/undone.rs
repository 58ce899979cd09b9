//! What a row leads to: back from what it changed, and to what its tasks said last.

use std::sync::Arc;

use flightdeck::domain::action::{Intent, Phase, Run};
use flightdeck::domain::audit::Outcome;
use flightdeck::domain::deployment::{Deployment, DeploymentState};
use flightdeck::domain::failure::{FailedTask, Failure};
use flightdeck::ui::effect::Effect;

use crate::ui::answers::{answer_logs, lines, read};
use crate::ui::{Console, fixture};
use crate::{ago, part, with};

fn ended(intent: Intent, scaled_from: Option<u32>) -> Run {
    Run {
        intent,
        scaled_from,
        phase: Phase::Record,
        outcome: Some(Outcome::Failed),
        stopped_in: Some(Phase::Follow),
        finished_at: Some(ago(20)),
        ..fixture::run()
    }
}

fn footer(c: &Console) -> String {
    c.text().lines().last().unwrap_or_default().to_owned()
}

fn previewed(c: &Console) -> Vec<Intent> {
    let asked = c.effects.iter().filter_map(|e| match e {
        Effect::Preview(intent) => Some(intent.clone()),
        _ => None,
    });
    asked.collect()
}

/// Who wants a failed scale undone wants its count back, and no other image for users.
#[test]
fn a_scale_is_scaled_back_and_never_rolled_back() {
    let api = || fixture::id("api");
    let scale = |desired| Intent::Scale {
        service: api(),
        desired,
    };
    let wanted = fixture::snapshot().facts.service(&api()).unwrap().counts;
    let wanted = wanted.desired;
    let shown = |columns, before| {
        let run = ended(scale(wanted), Some(before));
        let mut c = Console::with(columns, 30, with(|_| {}, vec![run]));
        c.keys("4/scale<enter>");
        c
    };
    let before = wanted + 3;
    for columns in [80, 160] {
        let mut c = shown(columns, before);
        let word = format!("C back to {before}");
        assert!(footer(&c).contains(&word), "{}", footer(&c));
        assert!(!footer(&c).contains("roll back"), "{}", footer(&c));
        c.keys("R");
        assert_eq!(previewed(&c), []);
        let why = format!("this scale changed no revision; C scales back to {before}");
        assert!(c.shows(&why), "{}", c.text());
        c.keys("C");
        let hint = format!("{before} were wanted before this scale");
        assert!(c.shows(&hint), "{}", c.text());
        c.keys("<enter>");
        assert_eq!(previewed(&c), [scale(before)]);
    }
    // As many are wanted again: there is nothing to go back to.
    let c = shown(160, wanted);
    assert!(footer(&c).contains("C scale"), "{}", footer(&c));
}

/// Its tasks are others of the same revision, which is a good one as far as anybody knows.
#[test]
fn a_restart_is_not_rolled_back_whoever_began_it() {
    let restart = Intent::Restart {
        service: fixture::id("api"),
    };
    let ours = with(|_| {}, vec![ended(restart, None)]);
    let theirs = |keeps: bool| {
        let change = move |d: &mut Deployment| {
            d.state = DeploymentState::Failed;
            d.finished_at = Some(ago(20));
            if keeps {
                d.from = d.to.iter().cloned().collect();
            }
        };
        with(change, Vec::new())
    };
    for (snapshot, row) in [(ours, "restart"), (theirs(true), "worker")] {
        let mut c = Console::with(160, 30, snapshot);
        c.keys(&format!("4/{row}<enter>"));
        assert!(!footer(&c).contains("roll back"), "{}", footer(&c));
        assert!(!footer(&c).contains("C scale"), "{}", footer(&c));
        c.keys("R");
        assert_eq!(previewed(&c), []);
        let why = "this restart changed no revision; enter opens its service, where R goes to an earlier one";
        assert!(c.shows(why), "{}", c.text());
        c.keys("C");
        assert!(c.shows("it is no scale"), "{}", c.text());
    }
    let mut c = Console::with(160, 30, theirs(false));
    c.keys("4/worker<enter>");
    assert!(footer(&c).contains("R roll back"), "{}", footer(&c));
    c.keys("R");
    assert_eq!(previewed(&c).len(), 1, "what changed a revision is");
}

/// What serves on writes after what died did: the reason is not the last line of the service.
#[test]
fn logs_of_what_was_rolled_back_open_at_the_last_error_of_its_tasks() {
    let failed = |d: &mut Deployment| {
        d.state = DeploymentState::RolledBack;
        d.started_at = Some(ago(250));
        (d.rollback_since, d.finished_at) = (Some(ago(100)), Some(ago(40)));
    };
    let task = FailedTask {
        id: "dead".into(),
        stopped_at: Some(ago(120)),
        reason: "Task failed container health checks".into(),
        exits: Vec::new(),
        lines: Vec::new(),
        unread: None,
    };
    let failure = Failure { tasks: vec![task] };
    // Every seventh line is an error. Of its tasks the one at 166 is the last, of all that came until it failed that at 194.
    for (told, of_the_task, place) in [
        (true, 150..170, "line 167 of 300"),
        (false, 150..170, "line 195 of 300"),
        // Its streams are named otherwise.
        (true, 0..0, "line 195 of 300"),
        // It said nothing of an error.
        (true, 167..170, "line 200 of 300"),
    ] {
        let mut snapshot = with(failed, Vec::new());
        let id = snapshot.facts.deployment_rows()[0].id.clone();
        if told {
            let failure = part(Arc::new(failure.clone()));
            snapshot.facts.failures = [(id, failure)].into();
        }
        let mut c = Console::with(120, 40, snapshot);
        c.keys("4/worker<enter>l");
        let mut all = lines(&read(&c).groups, 0, 300);
        for line in &mut all[of_the_task] {
            Arc::make_mut(line).stream = "ecs/worker/dead".into();
        }
        answer_logs(&mut c, all, 0);
        assert!(c.shows(place), "{place}: {}", c.text());
    }
}
