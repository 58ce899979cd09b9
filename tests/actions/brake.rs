//! The ways back while ECS cannot be read in full: they need little of it, and say what is not known.

use std::time::{Duration, Instant};

use flightdeck::domain::action::{Confirm, Intent, Preview};
use flightdeck::domain::audit::Outcome;

use crate::bench::{Bench, Console, FAST, Mischief, SLOW, api, deploy, story};
use crate::rollback;

const REVISIONS: &str = "DescribeServiceRevisions";
const LIST: &str = "ListServiceDeployments";

async fn deploying(console: &Console) -> String {
    let run = console.start(deploy("1.8.3")).await.unwrap();
    while !console.service(&api()).await.is_deploying() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    run
}

fn fact<'a>(preview: &'a Preview, name: &str) -> &'a str {
    let found = preview.facts.iter().find(|(n, _)| n == name);
    found.map_or("", |(_, value)| value.as_str())
}

fn typed(preview: &Preview) -> &str {
    match &preview.confirm {
        Confirm::Type(word) => word,
        Confirm::Key => "",
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_is_stopped_where_its_revisions_cannot_be_read() {
    // What cannot be read is asked for three times, and the deployment must outlast that.
    let bench = Bench::at(10.0).await;
    let (ana, ben) = (bench.console().await, bench.console_elsewhere().await);
    let before = ana.service(&api()).await.revision;
    let deploy = deploying(&ana).await;
    bench.wire.arm(REVISIONS, Mischief::Broken);
    let stop = Intent::Stop {
        service: api(),
        rollback: true,
    };
    let preview = ben.preview(stop).await;
    assert!(preview.refusals.is_empty(), "{:?}", preview.refusals);
    let then = fact(&preview, "then");
    assert!(then.contains("unknown (") && then.contains("ill"), "{then}");
    assert_eq!(typed(&preview), "production unknown");
    let word = typed(&preview).to_owned();
    let run = ben.engine.start(preview, Some(word)).await.unwrap();
    let run = ben.wait(&run).await;
    assert_eq!(run.outcome, Some(Outcome::Succeeded), "{}", story(&run));
    bench.wire.arm("none", Mischief::Deaf);
    assert_eq!(ana.settled(&api()).await.rollouts[0].revision, before);
    ana.wait(&deploy).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stop_does_not_need_holds_it_up_for_five_seconds_in_all() {
    let bench = Bench::at(1.0).await;
    let (ana, ben) = (bench.console().await, bench.console_elsewhere().await);
    let deploy = deploying(&ana).await;
    let intents = [
        Intent::Stop {
            service: api(),
            rollback: true,
        },
        rollback(None),
    ];
    for (intent, silent) in intents
        .iter()
        .flat_map(|i| [(i, REVISIONS), (i, "DescribeTaskDefinition")])
    {
        bench.wire.arm(silent, Mischief::Silent);
        let began = Instant::now();
        let preview = ben.preview(intent.clone()).await;
        let took = began.elapsed();
        assert!(preview.refusals.is_empty(), "{:?}", preview.refusals);
        assert!(preview.calls[0].contains("StopServiceDeployment"));
        // The rest is what it does need, on a machine with other things to do.
        assert!(took < Duration::from_millis(6_500), "{silent}: {took:?}");
    }
    bench.wire.arm("none", Mischief::Deaf);
    ana.engine.abandon(&deploy).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_revision_is_rolled_back_to_where_deployments_cannot_be_listed() {
    let bench = Bench::at(FAST).await;
    let console = bench.console().await;
    let to = console.service(&api()).await.revision.number - 2;
    bench.wire.arm(LIST, Mischief::Broken);
    let preview = console.preview(rollback(Some(to))).await;
    assert!(preview.refusals.is_empty(), "{:?}", preview.refusals);
    let said = |w: &String| w.contains("deployments could not be read") && w.contains("ill");
    assert!(preview.warnings.iter().any(said), "{:?}", preview.warnings);
    let word = format!(":{to}");
    assert!(typed(&preview).ends_with(&word), "{}", typed(&preview));
    let run = console.run(rollback(Some(to))).await;
    assert_eq!(run.outcome, Some(Outcome::Succeeded), "{}", story(&run));
    bench.wire.arm("none", Mischief::Deaf);
    assert_eq!(console.service(&api()).await.revision.number, to);
}

/// What was deployed of the revision long ago is not taken for what this call brings.
#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_that_began_blind_is_not_told_done_by_an_old_deployment() {
    let bench = Bench::at(SLOW).await;
    let console = bench.console().await;
    let to = console.service(&api()).await.revision.number - 2;
    bench.wire.arm(LIST, Mischief::Broken);
    let run = console.start(rollback(Some(to))).await.unwrap();
    while bench.wire.calls("UpdateService") == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    bench.wire.arm("none", Mischief::Deaf);
    let run = console.wait(&run).await;
    let said = story(&run);
    assert_eq!(run.outcome, Some(Outcome::Succeeded), "{said}");
    assert!(said.contains("follow rolling out"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_without_a_name_goes_to_the_one_before_and_says_what_it_does_not_know() {
    let bench = Bench::at(FAST).await;
    let console = bench.console().await;
    let now = console.service(&api()).await.revision.number;
    for broken in [LIST, REVISIONS] {
        bench.wire.arm(broken, Mischief::Broken);
        let preview = console.preview(rollback(None)).await;
        assert!(preview.refusals.is_empty(), "{:?}", preview.refusals);
        let how = fact(&preview, "how");
        assert!(
            how.contains("could not be read") && !how.contains("knows no earlier"),
            "{how}"
        );
        let word = format!(":{}", now - 1);
        assert!(typed(&preview).ends_with(&word), "{}", typed(&preview));
    }
}

/// A role may deploy, and not read revisions: that is said, and a fix is not refused for it while a rollout goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_rollout_whose_revisions_cannot_be_read_holds_up_no_fix() {
    let bench = Bench::at(1.0).await;
    let (ana, ben) = (bench.console().await, bench.console_elsewhere().await);
    let under_way = deploying(&ana).await;
    let coming = ana.service(&api()).await.revision.number;
    let scale = Intent::Scale {
        service: api(),
        desired: 9,
    };
    for broken in [REVISIONS, LIST] {
        bench.wire.arm(broken, Mischief::Broken);
        for intent in [
            Intent::Restart { service: api() },
            deploy("1.9.0-rc.1"),
            scale.clone(),
        ] {
            let preview = ben.preview(intent).await;
            assert!(preview.refusals.is_empty(), "{:?}", preview.refusals);
            let said =
                |w: &String| w.contains("deployments could not be read") && w.contains("ill");
            assert!(preview.warnings.iter().any(said), "{:?}", preview.warnings);
            // The service's own word on what goes on, with both revisions.
            let running = fact(&preview, "deployment running");
            assert!(running.contains(&format!(":{coming}")), "{running}");
        }
    }
    bench.wire.arm("none", Mischief::Deaf);
    ana.engine.abandon(&under_way).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_begun_where_no_revision_can_be_read_is_followed_to_its_end() {
    let bench = Bench::at(FAST).await;
    let console = bench.console().await;
    let before = console.service(&api()).await.revision.number;
    bench.wire.arm(REVISIONS, Mischief::Broken);
    for intent in [deploy("1.8.3"), Intent::Restart { service: api() }] {
        let run = console.run(intent).await;
        assert_eq!(run.outcome, Some(Outcome::Succeeded), "{}", story(&run));
        assert!(console.settled(&api()).await.revision.number > before);
    }
    bench.wire.arm("none", Mischief::Deaf);
}

/// The watch asks all the time, and has spent its retries where the platform is ill; those of a person's brake are not among them.
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_outlasts_a_failed_read_where_the_watch_has_no_retries_left() {
    const SERVICES: &str = "DescribeServices";
    let bench = Bench::at(1.0).await;
    let ana = bench.console().await;
    deploying(&ana).await;
    // Nobody else asks from here on.
    ana.engine.close().await;
    let ben = bench.console_elsewhere().await;
    bench.wire.arm(SERVICES, Mischief::Broken);
    for _ in 0..12 {
        ben.backend.ecs.service(&api()).await.unwrap_err();
    }
    bench.wire.arm(SERVICES, Mischief::LoseCall);
    let watched = ben.backend.ecs.service(&api()).await;
    assert!(watched.is_err(), "the watch has none left");

    bench.wire.arm(SERVICES, Mischief::LoseCall);
    let stop = Intent::Stop {
        service: api(),
        rollback: true,
    };
    let preview = ben.preview(stop).await;
    bench.wire.struck().await;
    let word = typed(&preview).to_owned();
    bench.wire.arm(SERVICES, Mischief::LoseCall);
    let run = ben.engine.start(preview, Some(word)).await.unwrap();
    let end = Instant::now() + Duration::from_secs(30);
    while bench.wire.calls("StopServiceDeployment") == 0 {
        let runs = ben.engine.runs().borrow().clone();
        assert!(Instant::now() < end, "{runs:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    ben.engine.abandon(&run).await.unwrap();
}
