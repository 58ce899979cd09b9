//! A console that is killed: until its lease ends nobody takes its action up, and that is told.

use std::time::Duration;

use flightdeck::domain::action::Intent;

use crate::bench::{Bench, SLOW, api};
use crate::killed_at;

#[tokio::test(flavor = "multi_thread")]
async fn that_a_console_is_silent_is_told_until_its_action_is_taken_over() {
    let bench = Bench::at(SLOW / 2.0).await;
    let id = killed_at(&bench, "rolling out");
    let next = bench.console().await;
    next.engine.reattach().await.unwrap();
    let mut runs = next.engine.runs();
    let silent = |list: &std::sync::Arc<Vec<flightdeck::domain::action::Run>>| {
        list.iter().any(|r| r.id == id && r.silent.is_some())
    };
    let wait = runs.wait_for(silent);
    let told = tokio::time::timeout(Duration::from_secs(3), wait)
        .await
        .is_ok();
    assert!(told, "{:?}", next.engine.runs().borrow());
    let stop = Intent::Stop {
        service: api(),
        rollback: true,
    };
    let preview = next.preview(stop).await;
    let who = preview.facts.iter().find(|(n, _)| n == "who else acts");
    let who = &who.unwrap().1;
    // On a machine that is busy it may have been taken over meanwhile.
    let is_taken = next.engine.runs().borrow().iter().any(|r| r.reattached);
    let said = who.contains("its console is silent for ");
    assert!(is_taken || said, "{who}");
    let taken = |list: &std::sync::Arc<Vec<flightdeck::domain::action::Run>>| {
        list.iter().any(|r| r.id == id && r.reattached)
    };
    runs.wait_for(taken).await.unwrap();
    let runs = next.engine.runs().borrow().clone();
    let run = runs.iter().find(|r| r.id == id).unwrap();
    assert_eq!(run.silent, None, "it is driven again");
}
