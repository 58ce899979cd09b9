//! What moves, to its very end: an action keeps its service and how far it is until it is recorded.

use std::sync::Arc;

use flightdeck::domain::action::{Intent, Phase, Run};
use flightdeck::domain::deployment::{Deployment, DeploymentState};
use flightdeck::domain::silence::Silence;
use flightdeck::watch::Snapshot;
use jiff::Timestamp;

use crate::ui::{Console, fixture};

fn ago(seconds: i64) -> Timestamp {
    Timestamp::from_second(fixture::now().as_second() - seconds).unwrap()
}

/// The worker's rollout as ECS has ended it, and an action of ours on it.
fn ended(state: DeploymentState, run: impl FnOnce(&mut Run)) -> Snapshot {
    let mut snapshot = fixture::snapshot();
    let mut rows: Vec<Arc<Deployment>> = snapshot.facts.deployment_rows().to_vec();
    let worker = Arc::make_mut(&mut rows[0]);
    (worker.state, worker.finished_at) = (state, Some(ago(2)));
    let mut ours = fixture::run();
    ours.progress = None;
    ours.deployment = Some(worker.id.clone());
    run(&mut ours);
    snapshot.facts.deployments.value = Some(Arc::new(rows));
    snapshot.facts.runs = Arc::new(vec![ours]);
    snapshot
}

fn row(snapshot: &Snapshot, size: (u16, u16), words: &str) -> String {
    let c = Console::with(size.0, size.1, snapshot.clone());
    let text = c.text();
    let found = text.lines().find(|l| l.contains(words));
    found
        .unwrap_or_else(|| panic!("no {words} in\n{text}"))
        .to_owned()
}

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (160, 48)];

#[test]
fn an_action_that_is_verified_keeps_its_service_and_is_as_far_as_ecs_is() {
    for size in SIZES {
        for phase in [Phase::Follow, Phase::Verify] {
            let done = ended(DeploymentState::Successful, |r| r.phase = phase);
            let line = row(&done, size, "worker :17 → :18");
            assert!(line.contains(phase.word()), "{line}");
            assert!(line.contains("100 %") && !line.contains('░'), "{line}");
        }
        // Going back was what was wanted, and is told as while it went back.
        let back = ended(DeploymentState::RolledBack, |r| {
            r.intent = Intent::Stop {
                service: fixture::id("worker"),
                rollback: true,
            };
            (r.started_at, r.phase, r.deployment) = (ago(20), Phase::Verify, None);
        });
        let line = row(&back, size, "worker :18 → :17");
        assert!(
            line.contains("verify") && !line.contains("ROLLED"),
            "{line}"
        );
        // That it failed is seen before we have read it.
        let failed = ended(DeploymentState::RolledBack, |_| {});
        let line = row(&failed, size, "worker :17 → :18");
        assert!(
            line.contains("ROLLED BACK") && !line.contains("100 %"),
            "{line}"
        );
    }
}

#[test]
fn an_action_whose_deployment_is_not_told_yet_names_its_service_first() {
    for size in SIZES {
        let mut snapshot = fixture::snapshot();
        let mut run = fixture::run();
        run.intent = Intent::Restart {
            service: fixture::id("pdf-render"),
        };
        run.title = "Restart pdf-render  laser-prod".into();
        (run.phase, run.progress) = (Phase::Execute, None);
        snapshot.facts.runs = Arc::new(vec![run]);
        let line = row(&snapshot, size, "pdf-render restart");
        assert!(line.contains("execute"), "{line}");
    }
}

#[test]
fn an_action_whose_console_is_silent_says_so_and_when_it_is_taken_over() {
    let silent = ended(DeploymentState::Successful, |r| {
        r.silent = Some(Silence {
            since: ago(22),
            held_until: ago(-23),
        });
    });
    let words = "its console is silent for 22s; taken over in 23s";
    for size in SIZES {
        let line = row(&silent, size, "worker :17 → :18");
        assert!(
            line.contains("silent") && !line.contains("follow"),
            "{line}"
        );
        row(&silent, size, words);
        let mut c = Console::with(size.0, size.1, silent.clone());
        c.keys("4");
        assert!(c.shows(words) && c.shows("○ silent"), "{}", c.text());
    }
    let mut looks = silent;
    looks.facts.read_only = true;
    row(&looks, (80, 24), "others may take it over in 23s");
}
