//! What was gone back to is good: it is not rolled back once more by who names no revision.

use std::time::Duration;

use flightdeck::domain::action::Intent;
use flightdeck::domain::alarm::AlarmState;
use flightdeck::domain::audit::Outcome;

use crate::bench::{Bench, Console, api, deploy, story};
use crate::rollback;

/// What the bad tasks answered is counted minutes later: until no alarm tells of it any more, what is begun goes back, too.
async fn calm(console: &Console) {
    let mut quiet = 0;
    for _ in 0..1_000 {
        let alarms = console.backend.cloudwatch.alarms().await.unwrap();
        let fires = |name: &str, state| name == "laser-prod-api-5xx" && state == AlarmState::Alarm;
        quiet = match alarms.iter().any(|a| fires(&a.name, a.state)) {
            true => 0,
            false => quiet + 1,
        };
        if quiet == 80 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the alarm does not end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_makes_no_good_revision_one_to_go_back_from() {
    let bench = Bench::new().await;
    let console = bench.console().await;
    let before = console.service(&api()).await.revision;
    let bad = console.run(deploy("1.8.4-bad")).await;
    assert_eq!(bad.outcome, Some(Outcome::Failed), "{}", story(&bad));
    assert_eq!(console.settled(&api()).await.revision, before);
    calm(&console).await;
    for _ in 0..2 {
        let restart = console.run(Intent::Restart { service: api() }).await;
        let said = story(&restart);
        assert_eq!(restart.outcome, Some(Outcome::Succeeded), "{said}");
    }
    let preview = console.preview(rollback(None)).await;
    let is_told = |r: &String| {
        r.starts_with("the last deployment of another revision, laser-prod-api:")
            && r.contains(&format!("already: {before} is what it went back to"))
            && r.contains("--to")
    };
    assert!(
        preview.refusals.iter().any(is_told),
        "{:?} {:?}",
        preview.refusals,
        preview.inputs
    );
    // What is deployed after it has a way back again.
    let good = console.run(deploy("1.8.3")).await;
    assert_eq!(good.outcome, Some(Outcome::Succeeded), "{}", story(&good));
    let preview = console.preview(rollback(None)).await;
    assert!(preview.refusals.is_empty(), "{:?}", preview.refusals);
    let target = preview.inputs.iter().find(|(n, _)| n == "target");
    assert_eq!(target.map(|(_, to)| to.clone()), Some(before.to_string()));
}
