//! What a console shows of actions that it did not see going on, and of what they changed.

use std::sync::Arc;
use std::time::Duration;

use flightdeck::domain::action::{Intent, Run};
use flightdeck::domain::audit::Outcome;

use crate::bench::{Bench, Console, Mischief, SLOW, api, deploy};

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

/// Another account, region or endpoint has services of the same names, of which none was touched.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_in_another_account_region_or_endpoint_is_not_shown_as_done_here() {
    let bench = Bench::new().await;
    let command = bench.console().await;
    let ended = command.run(scale(5)).await;
    let open = command.start(deploy("1.8.3")).await.unwrap();
    let parked = command.store.journal_run(&open).await.unwrap().unwrap();
    let shown = async |console: &Console| {
        assert_eq!(console.engine.reattach().await.unwrap(), 0);
        let runs = console.engine.runs().borrow().clone();
        let of = |id: &str| runs.iter().any(|r| r.id == id);
        (of(&ended.id), of(&parked.run.id))
    };
    assert_eq!(shown(&bench.console().await).await, (true, true));
    let mut elsewhere = [bench.config(), bench.config()];
    elsewhere[0].aws.region = Some("eu-west-1".into());
    elsewhere[1].aws.endpoint = Some(bench.sandbox.endpoint());
    for config in elsewhere {
        let console = bench.console_with(config).await;
        assert_eq!(shown(&console).await, (false, false));
    }
    // Whose account it is, is told late: what was shown for want of better is taken back.
    bench.wire.arm("GetCallerIdentity", Mischief::Silent);
    let late = bench.console().await;
    assert_eq!(shown(&late).await, (true, true));
    bench
        .wire
        .rewrite(|_, said| said.replace("123456789012", "222222222222"));
    bench.wire.arm("none", Mischief::Deaf);
    assert_eq!(shown(&bench.console().await).await, (false, false));
    let mut runs = late.engine.runs();
    let gone = runs.wait_for(|all| all.is_empty());
    let gone = tokio::time::timeout(Duration::from_secs(20), gone).await;
    assert!(gone.is_ok(), "{:?}", late.engine.runs().borrow());
    bench.wire.let_be();
    command.wait(&open).await;
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
