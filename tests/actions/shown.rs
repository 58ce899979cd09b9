//! What a console shows of actions that it did not see going on, and of what they changed.

use std::sync::Arc;
use std::time::Duration;

use flightdeck::domain::action::{Intent, Run};
use flightdeck::domain::audit::Outcome;

use crate::bench::{Bench, SLOW, api};

fn scale(desired: u32) -> Intent {
    Intent::Scale {
        service: api(),
        desired,
    }
}

/// A command begins and ends between two looks, and a console that is opened later has seen nothing of it.
#[tokio::test(flavor = "multi_thread")]
async fn what_ended_lately_is_shown_whoever_drove_it() {
    let bench = Bench::new().await;
    let command = bench.console().await;
    let before = command.run(scale(5)).await;
    let opened = bench.console().await;
    assert_eq!(opened.engine.reattach().await.unwrap(), 0);
    let shown = opened.engine.runs().borrow().clone();
    assert_eq!(shown.len(), 1, "{shown:?}");
    assert_eq!(shown[0].id, before.id);
    assert_eq!(shown[0].outcome, Some(Outcome::Succeeded));
    assert!(shown[0].recorded && !shown[0].reattached && shown[0].finished_at.is_some());
    assert_eq!(shown[0].scaled_from, before.scaled_from);
    assert!(shown[0].scaled_from.is_some(), "{:?}", shown[0]);
    // A word on a criterion moves nothing.
    let word = Intent::SignOff {
        criterion: "1.S4".into(),
        why: "seen".into(),
        link: String::new(),
    };
    let word = command.run(word).await;
    let after = command.run(scale(4)).await;
    let mut runs = opened.engine.runs();
    let both = |all: &Arc<Vec<Run>>| {
        // It may have been seen while it was under way, as whatever is.
        let others = all.iter().filter(|r| r.id != word.id);
        let ids: Vec<&str> = others.map(|r| r.id.as_str()).collect();
        ids == [after.id.as_str(), before.id.as_str()]
    };
    let seen = tokio::time::timeout(Duration::from_secs(20), runs.wait_for(both)).await;
    assert!(seen.is_ok(), "{:?}", opened.engine.runs().borrow());
    let later = bench.console().await;
    assert_eq!(later.engine.reattach().await.unwrap(), 0);
    let shown = later.engine.runs().borrow().clone();
    assert_eq!(shown.len(), 2, "{shown:?}");
    assert!(shown.iter().all(|r| r.id != word.id), "{shown:?}");
}

/// What an action verified must not stand beside targets of before it.
#[tokio::test(flavor = "multi_thread")]
async fn targets_are_asked_about_as_soon_as_an_action_ends() {
    let bench = Bench::at(SLOW).await;
    let console = bench.console().await;
    let ended = console.run(scale(5)).await;
    let (tell, runs) = tokio::sync::watch::channel(Arc::new(Vec::new()));
    let config = Arc::new(bench.config());
    let backend = console.backend.clone();
    let plan = Arc::default();
    let handle = flightdeck::watch::start(config, backend, plan, None, runs).await;
    let asked = || bench.wire.calls("DescribeTargetHealth");
    // All of them are read once, and then they rest.
    let mut last = 0;
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let now = asked();
        if now > 0 && now == last {
            break;
        }
        last = now;
    }
    let mut goes_on = ended.clone();
    (goes_on.outcome, goes_on.finished_at) = (None, None);
    tell.send_replace(Arc::new(vec![goes_on]));
    tokio::time::sleep(Duration::from_millis(500)).await;
    let before = asked();
    tell.send_replace(Arc::new(vec![ended]));
    for _ in 0..40 {
        if asked() > before {
            drop(handle);
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("nobody asked again within 4 s");
}
