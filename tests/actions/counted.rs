//! A count that somebody sets while an action waits for another one.

use std::time::Duration;

use flightdeck::domain::action::Intent;
use flightdeck::domain::audit::Outcome;

use crate::bench::{Bench, api, story};

fn scale(desired: u32) -> Intent {
    Intent::Scale {
        service: api(),
        desired,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scale_that_somebody_else_undoes_says_who_did_not() {
    let bench = Bench::at(4.0).await;
    let (ana, ben) = (bench.console().await, bench.console_elsewhere().await);
    let run = ana.start(scale(9)).await.unwrap();
    while ana.service(&api()).await.counts.desired != 9 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let other = ben.start(scale(7)).await.unwrap();
    let run = ana.wait(&run).await;
    let said = story(&run);
    assert_eq!(run.outcome, Some(Outcome::Failed), "{said}");
    let told =
        "the desired count was set to 7 by somebody else: automatic scaling tells of no such";
    assert!(said.contains(told), "{said}");
    ben.engine.abandon(&other).await.unwrap();
}
