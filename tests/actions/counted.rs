//! A count that somebody sets while an action waits for another one.

use std::time::Duration;

use flightdeck::domain::action::Intent;
use flightdeck::domain::audit::Outcome;
use flightdeck::domain::problem::ProblemKind;
use flightdeck::domain::service::ServiceId;

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

/// In an account where much is scaled the newest of all may be none of this service's.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_scaled_is_asked_of_one_service() {
    let bench = Bench::new().await;
    let console = bench.console().await;
    let scaling = &console.backend.estate.autoscaling;
    let all = scaling.activities().await.unwrap();
    assert!(!all.is_empty());
    let (of_api, is_cut) = scaling.activities_of(&api()).await.unwrap();
    assert!(!is_cut && !of_api.is_empty());
    assert!(
        of_api
            .iter()
            .all(|a| a.resource == "service/laser-prod/api")
    );
    let other = ServiceId {
        name: "none".into(),
        ..api()
    };
    let none = scaling.activities_of(&other).await.unwrap();
    assert_eq!(none, (Vec::new(), false));
}

/// A single task is down while it is replaced, and two are not: who confirmed the one has not confirmed the other.
#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_another_count_than_was_confirmed_is_previewed_anew() {
    let bench = Bench::new().await;
    let (ana, ben) = (bench.console().await, bench.console_elsewhere().await);
    let restart = || Intent::Restart { service: api() };
    let was = ana.service(&api()).await.counts.desired;
    let old = ana.preview(restart()).await;
    let scaled = ben.run(scale(was + 1)).await;
    let said = story(&scaled);
    assert_eq!(scaled.outcome, Some(Outcome::Succeeded), "{said}");
    let sent = bench.wire.mutations();
    let started = ana.engine.start(old, Some("production".into()));
    let conflict = started.await.unwrap_err();
    assert_eq!(conflict.kind, ProblemKind::Conflict, "{conflict}");
    let moved = format!("desired count was {was}, and is {}", was + 1);
    assert!(conflict.why.starts_with(&moved), "{conflict}");
    assert_eq!(bench.wire.mutations(), sent);
    let anew = ana.run(restart()).await;
    assert_eq!(anew.outcome, Some(Outcome::Succeeded), "{}", story(&anew));
}
