//! Actions against the sandbox: what they promise, what they refuse, and what becomes of them when a reply is lost or the
//! console dies.

#[path = "actions/answers.rs"]
mod answers;
#[path = "actions/bench.rs"]
mod bench;
#[path = "actions/brake.rs"]
mod brake;
#[path = "actions/caller.rs"]
mod caller;
#[path = "actions/coming.rs"]
mod coming;
#[path = "actions/counted.rs"]
mod counted;
#[path = "actions/expected.rs"]
mod expected;
#[path = "actions/read_only.rs"]
mod read_only;
#[path = "actions/seats.rs"]
mod seats;
#[path = "actions/shown.rs"]
mod shown;
#[path = "actions/silent.rs"]
mod silent;
#[path = "actions/went_back.rs"]
mod went_back;

use bench::{Bench, Mischief, PACE, SLOW, api, deploy, story};
use flightdeck::actions::{Judged, Timing};
use flightdeck::config::{Config, HttpsTarget};
use flightdeck::domain::action::{Confirm, DiffMark, Intent, Phase, Run};
use flightdeck::domain::audit::{ChainVerdict, Outcome, SignOffKind};
use flightdeck::domain::deployment::DeploymentState;
use flightdeck::domain::problem::ProblemKind;
use flightdeck::domain::service::{Revision, ServiceId, Strategy};
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

fn rollback(to: Option<u32>) -> Intent {
    Intent::Rollback { service: api(), to }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_image_is_rolled_out_verified_and_recorded() {
    let bench = Bench::new().await;
    let console = bench.console().await;
    let before = console.service(&api()).await;
    let preview = console.preview(deploy("1.8.3")).await;
    assert!(preview.refusals.is_empty(), "{:?}", preview.refusals);
    assert_eq!(preview.confirm, Confirm::Type("production".into()));
    let changed: Vec<_> = preview
        .diff
        .iter()
        .filter(|l| l.mark != DiffMark::Same)
        .collect();
    assert_eq!(changed.len(), 2, "{changed:?}");
    assert!(changed[1].text.ends_with("api:1.8.3"));
    assert_eq!(preview.calls.len(), 2);
    assert_eq!(bench.wire.mutations(), 0, "a preview changes nothing");
    let wrong = console
        .engine
        .start(preview.clone(), Some("prod".into()))
        .await
        .unwrap_err();
    assert_eq!(wrong.kind, ProblemKind::Refused);

    let id = console
        .engine
        .start(preview, Some("production".into()))
        .await
        .unwrap();
    assert_eq!(
        console.store.audit_rows(5).await.unwrap()[0].event,
        "intent"
    );
    let run = console.wait(&id).await;
    assert_eq!(run.outcome, Some(Outcome::Succeeded), "{}", story(&run));
    assert_eq!(run.phase, Phase::Record);
    let after = console.service(&api()).await;
    assert!(after.revision.number > before.revision.number);
    let definition = console
        .backend
        .ecs
        .task_definition(&after.revision.arn)
        .await
        .unwrap();
    assert!(definition.containers[0].image.ends_with("api:1.8.3"));
    let said = story(&run);
    for words in [
        "registered laser-prod-api:",
        "(service api)",
        "is primary",
        "healthy targets in tg-api",
    ] {
        assert!(said.contains(words), "{words} is missing:\n{said}");
    }
    let rows = console.store.audit_rows(5).await.unwrap();
    assert_eq!((rows.len(), rows[0].outcome), (2, Some(Outcome::Succeeded)));
    assert!(rows[0].duration_s.is_some_and(|s| s > 0.0 && s < 60.0));
    assert!(rows[0].who.contains("arn:aws"), "{}", rows[0].who);
    assert!(matches!(
        console.store.verify().await.unwrap(),
        ChainVerdict::Intact { rows: 2, .. }
    ));
    assert_eq!(bench.wire.mutations(), 2);
}

/// A service's own health URL, which is to answer so.
fn health(bench: &Bench, expect_status: u16) -> Config {
    let mut config = bench.config();
    let edge = bench.sandbox.edge().unwrap();
    config.probes.connect_to = Some(edge.https);
    config.probes.extra_roots_pem = Some(edge.ca_pem.clone());
    config.probes.https = vec![HttpsTarget {
        url: "https://api.laser.example/health".into(),
        expect_status,
        verifies: Some("laser-prod/api".into()),
    }];
    config
}

#[tokio::test(flavor = "multi_thread")]
async fn the_url_that_verifies_a_service_is_asked_before_an_action_is_called_well() {
    let bench = Bench::new().await;
    let scale = |desired| Intent::Scale {
        service: api(),
        desired,
    };
    let console = bench.console_with(health(&bench, 200)).await;
    let well = console.run(scale(5)).await;
    let said = story(&well);
    assert_eq!(well.outcome, Some(Outcome::Succeeded), "{said}");
    assert!(
        said.contains("verify https://api.laser.example/health answers 200"),
        "{said}"
    );

    let mut nowhere = health(&bench, 200);
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    nowhere.probes.connect_to = closed.local_addr().ok();
    drop(closed);
    let open = bench.console_with(nowhere).await.run(scale(4)).await;
    let said = story(&open);
    assert_eq!(open.outcome, Some(Outcome::Succeeded), "{said}");
    assert!(said.contains("verify URL not verified:"), "{said}");

    let soon = Timing {
        verify: std::time::Duration::from_secs(2),
        ..PACE
    };
    let wrong = bench.console_paced(health(&bench, 204), soon).await;
    let ill = wrong.run(scale(5)).await;
    let said = story(&ill);
    assert_eq!(ill.outcome, Some(Outcome::Failed), "{said}");
    assert_eq!(ill.stopped_in, Some(Phase::Verify), "{said}");
    assert!(said.contains("answers 200, not 204"), "{said}");
}

/// What ECS has put into place has not failed because nobody can look at it for a while.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_to_the_end_of_verifying_is_unknown_until_it_can_be() {
    // Slow, so that automatic scaling does not act meanwhile.
    let bench = Bench::at(SLOW).await;
    let soon = Timing {
        verify: std::time::Duration::from_secs(3),
        ..PACE
    };
    let console = bench.console_paced(health(&bench, 204), soon).await;
    let intent = Intent::Scale {
        service: api(),
        desired: 5,
    };
    let id = console.start(intent).await.unwrap();
    // Its URL keeps it verifying until ECS falls silent.
    let verifies = |r: &Run| r.id == id && story(r).contains("verify not yet");
    let mut runs = console.engine.runs();
    runs.wait_for(|all| all.iter().any(verifies)).await.unwrap();
    bench.wire.arm("DescribeServices", Mischief::Deaf);
    let run = console.wait(&id).await;
    let said = story(&run);
    assert_eq!(run.outcome, Some(Outcome::Unknown), "{said}");
    assert!(said.contains("verify cannot look at the moment"), "{said}");
    assert!(
        said.contains("nobody could look whether it is so"),
        "{said}"
    );
    let rows = console.store.audit_rows(5).await.unwrap();
    assert!(rows.iter().all(|r| r.outcome.is_none()), "{rows:?}");

    bench.wire.arm("none", Mischief::Deaf);
    let next = bench.console_with(health(&bench, 200)).await;
    next.engine.reattach().await.unwrap();
    let mut runs = next.engine.runs();
    runs.wait_for(|l| l.iter().any(|r| r.id == id && r.reattached))
        .await
        .unwrap();
    let run = next.wait(&id).await;
    assert_eq!(run.outcome, Some(Outcome::Succeeded), "{}", story(&run));
    assert!(run.recorded);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_image_trips_the_breaker_and_is_told_as_failed() {
    // Slow enough that a look falls between two failures.
    let bench = Bench::at(SLOW / 2.5).await;
    let console = bench.console().await;
    let before = console.service(&api()).await;
    let run = console.run(deploy("1.8.4-bad")).await;
    let said = story(&run);
    assert_eq!(run.outcome, Some(Outcome::Failed), "{said}");
    // It failed while ECS worked, and that is written down.
    assert_eq!((run.stopped_in, run.recorded), (Some(Phase::Follow), true));
    assert!(said.contains("of 3 failures"), "{said}");
    assert!(said.contains("rolled back to"), "{said}");
    let after = console.settled(&api()).await;
    assert_eq!(after.rollouts[0].revision.number, before.revision.number);
    let row = &console.store.audit_rows(1).await.unwrap()[0];
    assert_eq!(row.outcome, Some(Outcome::Failed));
    assert!(row.detail.contains("circuit breaker"), "{}", row.detail);
    // ECS went back by itself: going back once more would go too far.
    let preview = console.preview(rollback(None)).await;
    // Who names the revision that failed is told that it did, and types its name after the environment's: neither is enough.
    let family = &before.revision.family;
    let arns = console.backend.ecs.revision_arns(family, 1).await.unwrap();
    let failed = Revision::parse(&arns[0]).unwrap().number;
    let again = console.preview(rollback(Some(failed))).await;
    let said = |w: &String| {
        w.contains("failed at its last deployment: ROLLED BACK") && w.contains("circuit breaker")
    };
    assert!(again.warnings.iter().any(said), "{:?}", again.warnings);
    let name = format!("{}:{failed}", before.revision.family);
    let both = format!("production {name}");
    assert_eq!(again.confirm, Confirm::Type(both));
    for one in ["production", &name] {
        let refused = console.engine.start(again.clone(), Some(one.into()));
        assert_eq!(refused.await.unwrap_err().kind, ProblemKind::Refused);
    }
    let already = |r: &String| r.contains("rolled back already") && r.contains("--to");
    assert!(
        preview.refusals.iter().any(already),
        "{:?}",
        preview.refusals
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deploy_while_the_breaker_goes_back_says_so_first_and_wants_a_word() {
    let bench = Bench::at(SLOW / 2.5).await;
    // A console elsewhere: its journal knows nothing of the deploy that failed.
    let (ana, ben) = (bench.console().await, bench.console_elsewhere().await);
    let before = ana.service(&api()).await.revision;
    let deploying = ana.start(deploy("1.8.4-bad")).await.unwrap();
    loop {
        let service = ben.service(&api()).await;
        let found = ben.backend.ecs.deployments(&service).await.unwrap();
        let newest = found.first().map(|d| d.state);
        assert_ne!(newest, Some(DeploymentState::RolledBack), "too late");
        if newest == Some(DeploymentState::RollingBack) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let preview = ben.preview(deploy("1.8.3")).await;
    let said = format!("a rollback to {before} is under way, since ");
    let first = &preview.warnings[0];
    assert!(first.starts_with(&said), "{:?}", preview.warnings);
    assert!(first.contains(" of ") && first.contains(" task"), "{first}");
    let both = Confirm::Type(format!("production {before}"));
    assert_eq!(preview.confirm, both);
    let restart = ben.preview(Intent::Restart { service: api() }).await;
    assert_eq!(restart.confirm, both);
    let refused = ben.engine.start(preview, Some("production".into()));
    assert_eq!(refused.await.unwrap_err().kind, ProblemKind::Refused);
    ana.engine.abandon(&deploying).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_deployment_is_stopped_and_rolled_back_while_it_is_followed() {
    let bench = Bench::at(SLOW).await;
    let (ana, ben) = (bench.console().await, bench.console().await);
    let before = ana.service(&api()).await;
    let deploying = ana.start(deploy("1.8.3")).await.unwrap();
    while !ana.service(&api()).await.is_deploying() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let preview = ben.preview(rollback(None)).await;
    assert!(
        preview.calls[0].contains("StopServiceDeployment"),
        "{:?}",
        preview.calls
    );
    assert!(
        preview
            .warnings
            .iter()
            .any(|w| w.contains("somebody is acting")),
        "{:?}",
        preview.warnings
    );
    let back = ben
        .engine
        .start(preview, Some("production".into()))
        .await
        .unwrap();
    let back = ben.wait(&back).await;
    assert_eq!(back.outcome, Some(Outcome::Succeeded), "{}", story(&back));
    let deploying = ana.wait(&deploying).await;
    assert_eq!(
        deploying.outcome,
        Some(Outcome::Stopped),
        "it was stopped on purpose: {}",
        story(&deploying)
    );
    let rows = ana.store.audit_rows(10).await.unwrap();
    let row = rows.iter().find(|r| r.outcome == Some(Outcome::Stopped));
    let by = format!("(rollback, run {})", back.id);
    assert!(row.is_some_and(|r| r.detail.contains(&by)), "{rows:?}");
    assert!(matches!(
        ana.store.verify().await.unwrap(),
        ChainVerdict::Intact { .. }
    ));
    assert_eq!(
        ana.settled(&api()).await.rollouts[0].revision,
        before.revision
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deploy_that_an_own_rollback_to_a_named_revision_replaces_is_no_failure_of_a_stranger_s()
{
    let bench = Bench::at(SLOW).await;
    let (ana, ben) = (bench.console().await, bench.console().await);
    let before = ana.service(&api()).await.revision.number;
    let deploying = ana.start(deploy("1.8.3")).await.unwrap();
    while !ana.service(&api()).await.is_deploying() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let back = ben.run(rollback(Some(before))).await;
    assert_eq!(back.outcome, Some(Outcome::Succeeded), "{}", story(&back));
    let deploying = ana.wait(&deploying).await;
    let said = story(&deploying);
    assert_eq!(deploying.outcome, Some(Outcome::Stopped), "{said}");
    let rows = ana.store.audit_rows(10).await.unwrap();
    let row = rows.iter().find(|r| r.outcome == Some(Outcome::Stopped));
    let detail = row.map_or("", |r| r.detail.as_str());
    let by = format!("(rollback, run {})", back.id);
    assert!(
        detail.contains("supersed") && detail.contains(&by),
        "{detail}"
    );
    assert!(!detail.contains("somebody else"), "{detail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_under_way_is_not_rolled_back_forward_without_being_told() {
    let bench = Bench::at(SLOW).await;
    let (ana, ben) = (bench.console().await, bench.console().await);
    let before = ana.service(&api()).await.revision.number;
    // The one before failed in the platform's past, and asks for more.
    ana.start(rollback(Some(before - 2))).await.unwrap();
    while !ana.service(&api()).await.is_deploying() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let preview = ben.preview(rollback(None)).await;
    assert!(
        preview.refusals.iter().any(|r| r.contains("--to")),
        "{:?} {:?}",
        preview.refusals,
        preview.calls
    );
}

/// Both bring one revision: the rollback is not what became of the restart.
#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_that_a_restart_replaces_is_told_as_superseded_and_keeps_its_own_deployment() {
    let bench = Bench::at(SLOW).await;
    let ana = bench.console().await;
    let elsewhere = bench.console_elsewhere().await;
    let Revision {
        number: before,
        family,
        ..
    } = ana.service(&api()).await.revision;
    let back = ana.start(rollback(Some(before - 2))).await.unwrap();
    let own = async || loop {
        let runs = ana.engine.runs().borrow().clone();
        let run = runs.iter().find(|r| r.id == back).unwrap();
        if let Some(id) = run.deployment.clone() {
            return id;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    let brought = own().await;
    // A console of this journal is told to wait; a deploy, which goes forward again, and a stop are not.
    let restart = || Intent::Restart { service: api() };
    let scale = Intent::Scale {
        service: api(),
        desired: 9,
    };
    let wait = |r: &String| r.contains("under way already") && r.contains("stop it");
    for intent in [restart(), scale] {
        let preview = ana.preview(intent).await;
        assert!(preview.refusals.iter().any(wait), "{:?}", preview.refusals);
    }
    let stop = Intent::Stop {
        service: api(),
        rollback: true,
    };
    // What goes forward again says first what it replaces, and asks for more than the environment's name; the stop does not.
    let forward = ana.preview(deploy("1.8.3")).await;
    assert!(forward.refusals.is_empty(), "{:?}", forward.refusals);
    let target = format!("{family}:{}", before - 2);
    let said = format!("a rollback to {target} is under way, since ");
    assert!(forward.warnings[0].starts_with(&said), "{forward:?}");
    assert!(forward.warnings[0].contains(&back), "{forward:?}");
    assert_eq!(forward.facts[0].0, "under way");
    let both = format!("production {target}");
    assert_eq!(forward.confirm, Confirm::Type(both));
    let stop = ana.preview(stop).await;
    assert!(stop.refusals.is_empty(), "{:?}", stop.refusals);
    assert_eq!(stop.confirm, Confirm::Type("production".into()));
    let restarted = elsewhere.run(restart()).await;
    let told = story(&restarted);
    assert_eq!(restarted.outcome, Some(Outcome::Succeeded), "{told}");
    let back = ana.wait(&back).await;
    assert_eq!(back.outcome, Some(Outcome::Stopped), "{}", story(&back));
    assert_eq!(back.deployment.as_ref(), Some(&brought));
    let theirs = restarted.deployment.unwrap();
    assert_ne!(theirs, brought);
    let rows = ana.store.audit_rows(10).await.unwrap();
    let row = rows.iter().find(|r| r.outcome == Some(Outcome::Stopped));
    let short = theirs.rsplit('/').next().unwrap_or_default();
    // Which one it was is told unless the list was read before it began.
    let said = [
        format!("superseded by deployment {short}"),
        "superseded by another".into(),
    ];
    let is_said = |detail: &str| said.iter().any(|s| detail.contains(s));
    assert!(row.is_some_and(|r| is_said(&r.detail)), "{row:?}");
    // Whoever reads the journal later knows it as well.
    let journalled = ana.store.journal_run(&back.id).await.unwrap().unwrap();
    assert_eq!(journalled.marks.get("deployment"), Some(&brought));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_own_rollback_that_is_followed_can_be_stopped() {
    let bench = Bench::at(SLOW).await;
    let console = bench.console().await;
    let before = console.service(&api()).await.revision;
    let stop = || Intent::Stop {
        service: api(),
        rollback: true,
    };
    let deploying = async || {
        while !console.service(&api()).await.is_deploying() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    // To an earlier revision, which is a deployment like any other.
    let back = console.start(rollback(Some(before.number - 2))).await;
    let back = back.unwrap();
    deploying().await;
    let preview = console.preview(stop()).await;
    assert!(preview.refusals.is_empty(), "{:?}", preview.refusals);
    let said = |w: &String| w.contains(&format!("brings {before} back"));
    assert!(preview.warnings.iter().any(said), "{:?}", preview.warnings);
    let stopped = console.run(stop()).await;
    assert_eq!(
        stopped.outcome,
        Some(Outcome::Succeeded),
        "{}",
        story(&stopped)
    );
    let back = console.wait(&back).await;
    assert_eq!(back.outcome, Some(Outcome::Stopped), "{}", story(&back));
    assert_eq!(console.settled(&api()).await.revision.number, before.number);

    // One that stops a deployment rolls back, and to stop it again changes nothing: what can be done instead is said.
    let deployed = console.start(deploy("1.8.3")).await.unwrap();
    deploying().await;
    let back = console.start(rollback(None)).await.unwrap();
    while bench.wire.calls("StopServiceDeployment") < 2 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let preview = console.preview(stop()).await;
    let said = |r: &String| {
        r.contains("ROLLING BACK already")
            && r.contains("deploy what is to run")
            && r.contains("--to")
    };
    assert!(preview.refusals.iter().any(said), "{:?}", preview.refusals);
    assert_eq!(preview.refusals.len(), 1, "{:?}", preview.refusals);
    console.wait(&back).await;
    let deployed = console.wait(&deployed).await;
    assert_eq!(
        deployed.outcome,
        Some(Outcome::Stopped),
        "{}",
        story(&deployed)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_running_deployment_it_goes_back_to_the_last_completed_revision() {
    let bench = Bench::new().await;
    let console = bench.console().await;
    let before = console.service(&api()).await;
    assert_eq!(
        console.run(deploy("1.8.3")).await.outcome,
        Some(Outcome::Succeeded)
    );
    let preview = console.preview(rollback(None)).await;
    let how = preview.facts.iter().find(|(n, _)| n == "how").unwrap();
    assert!(
        how.1
            .contains("last revision that was deployed with success"),
        "{how:?}"
    );
    // From which commit to which one, as the registry's tags name them.
    let commit = preview.facts.iter().find(|(n, _)| n == "commit").unwrap();
    let (from, to) = commit.1.split_once(" → ").unwrap();
    let is_commit = |c: &str| c.len() == 7 && c.chars().all(|c| c.is_ascii_hexdigit());
    assert!(from != to && is_commit(from) && is_commit(to), "{commit:?}");
    let run = console.run(rollback(None)).await;
    assert_eq!(run.outcome, Some(Outcome::Succeeded), "{}", story(&run));
    assert_eq!(
        console.service(&api()).await.revision.number,
        before.revision.number
    );
    let older = before.revision.number - 2;
    let preview = console.preview(rollback(Some(older))).await;
    assert!(
        preview
            .warnings
            .iter()
            .any(|w| w.contains("over 2 revisions")),
        "{:?}",
        preview.warnings
    );
    // What was rolled back from is the newest other revision that was deployed with success: that is not the way back.
    let again = console.preview(rollback(None)).await;
    let target = again.inputs.iter().find(|(n, _)| n == "target").unwrap();
    // Nor is the one before, which failed in the platform's past.
    let further = format!(":{}", before.revision.number - 2);
    assert!(target.1.ends_with(&further), "{target:?}");
    for to in [before.revision.number, 9_999] {
        assert!(
            !console
                .preview(rollback(Some(to)))
                .await
                .refusals
                .is_empty(),
            "to {to}"
        );
    }
    let run = console.run(rollback(Some(1))).await;
    assert_eq!(run.outcome, Some(Outcome::Succeeded), "{}", story(&run));
    let nowhere = console.preview(rollback(None)).await;
    assert!(
        nowhere.refusals.iter().any(|r| r.contains("--to")),
        "all others came later: {:?} {:?}",
        nowhere.refusals,
        nowhere.inputs
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn scaling_and_restarting_end_when_all_tasks_run() {
    let bench = Bench::new().await;
    let console = bench.console().await;
    let scale = |desired| Intent::Scale {
        service: api(),
        desired,
    };
    let run = console.run(scale(6)).await;
    assert_eq!(run.outcome, Some(Outcome::Succeeded), "{}", story(&run));
    assert_eq!(console.service(&api()).await.counts.running, 6);
    assert!(!console.preview(scale(6)).await.refusals.is_empty());
    assert!(!console.preview(scale(50_000)).await.refusals.is_empty());
    assert!(
        console
            .preview(scale(0))
            .await
            .warnings
            .iter()
            .any(|w| w.contains("down"))
    );

    let tasks = |all: Vec<flightdeck::domain::service::Task>| {
        all.into_iter()
            .filter(|t| t.status == "RUNNING")
            .map(|t| t.id)
            .collect::<std::collections::HashSet<_>>()
    };
    let old = tasks(console.backend.ecs.tasks(&api()).await.unwrap().found);
    let run = console.run(Intent::Restart { service: api() }).await;
    assert_eq!(run.outcome, Some(Outcome::Succeeded), "{}", story(&run));
    let new = tasks(console.backend.ecs.tasks(&api()).await.unwrap().found);
    assert!(old.is_disjoint(&new), "all tasks are replaced");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_work_is_refused_in_the_preview() {
    let bench = Bench::new().await;
    let console = bench.console().await;
    let nobody = ServiceId {
        cluster: "laser-prod".into(),
        name: "nobody".into(),
    };
    let current = console.service(&api()).await;
    let image = console
        .backend
        .ecs
        .task_definition(&current.revision.arn)
        .await
        .unwrap()
        .containers[0]
        .image
        .clone();
    let cases = [
        (Intent::Restart { service: nobody }, "no service"),
        (deploy(""), "empty"),
        (deploy("Not A Tag"), "no tag"),
        (deploy(&image), "already"),
        (
            Intent::Stop {
                service: api(),
                rollback: true,
            },
            "no deployment is running",
        ),
        (
            Intent::Withdraw {
                criterion: "1.1".into(),
                why: "x".into(),
            },
            "no word",
        ),
        (
            Intent::SignOff {
                criterion: "1.1".into(),
                why: " ".into(),
                link: String::new(),
            },
            "reason",
        ),
    ];
    for (intent, words) in cases {
        let preview = console.preview(intent).await;
        assert!(
            preview.refusals.iter().any(|r| r.contains(words)),
            "{words}: {:?}",
            preview.refusals
        );
        let refused = console
            .engine
            .start(preview, Some("production".into()))
            .await
            .unwrap_err();
        assert_eq!(refused.kind, ProblemKind::Refused);
    }
    let quiet = bench
        .console_with(Config {
            read_only: true,
            ..bench.config()
        })
        .await;
    let preview = quiet.preview(deploy("1.8.3")).await;
    assert!(preview.refusals.iter().any(|r| r.contains("read-only")));
    assert!(
        quiet
            .engine
            .start(preview, Some("production".into()))
            .await
            .is_err()
    );
    assert_eq!(bench.wire.mutations(), 0);
    assert!(console.store.audit_rows(1).await.unwrap().is_empty());
}

/// Whoever took the wrong tag goes back without knowing it: what runs is told by the digest that ECS resolved its tag to.
#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_is_older_than_the_one_that_runs_is_warned_of() {
    let bench = Bench::new().await;
    let console = bench.console().await;
    let old = |w: &String| w.starts_with("the image is older than the one that runs: pushed ");
    let back = console.preview(deploy("1.8.1")).await.warnings;
    assert!(back.iter().any(old), "{back:?}");
    let on = console.preview(deploy("1.9.0-rc.1")).await.warnings;
    assert!(!on.iter().any(old), "{on:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_that_the_world_has_overtaken_is_not_executed() {
    let bench = Bench::new().await;
    let (ana, ben) = (bench.console().await, bench.console().await);
    let old = ana.preview(deploy("1.8.3")).await;
    assert_eq!(
        ben.run(deploy("1.8.1")).await.outcome,
        Some(Outcome::Succeeded)
    );
    let sent = bench.wire.mutations();
    let conflict = ana
        .engine
        .start(old, Some("production".into()))
        .await
        .unwrap_err();
    assert_eq!(conflict.kind, ProblemKind::Conflict);
    assert!(
        conflict.why.starts_with("revision was laser-prod-api:"),
        "{conflict}"
    );
    assert_eq!(bench.wire.mutations(), sent);
    // Nothing was called, and the audit knows who confirmed what, and why it came to nothing.
    let row = ana.store.audit_rows(1).await.unwrap().remove(0);
    assert_eq!(row.outcome, Some(Outcome::Refused), "{row:?}");
    assert_eq!(
        (row.action.as_str(), row.subject.as_str()),
        ("deploy", "laser-prod/api")
    );
    assert!(
        row.detail.contains("revision was") && row.detail.ends_with("nothing was called"),
        "{row:?}"
    );
    let verdict = ana.store.verify().await.unwrap();
    assert!(
        matches!(verdict, ChainVerdict::Intact { .. }),
        "{verdict:?}"
    );

    let first = ana.start(Intent::Restart { service: api() }).await.unwrap();
    let preview = ben
        .preview(Intent::Scale {
            service: api(),
            desired: 7,
        })
        .await;
    assert!(
        preview
            .refusals
            .iter()
            .any(|r| r.contains("somebody is acting")),
        "{:?}",
        preview.refusals
    );
    ana.wait(&first).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_reply_is_settled_by_reading_and_never_sent_again() {
    for operation in ["UpdateService", "RegisterTaskDefinition"] {
        let bench = Bench::new().await;
        let console = bench.console().await;
        bench.wire.arm(operation, Mischief::LoseReply);
        let run = console.run(deploy("1.8.3")).await;
        let said = story(&run);
        assert_eq!(
            run.outcome,
            Some(Outcome::Succeeded),
            "{operation}:\n{said}"
        );
        assert!(said.contains("reply was lost"), "{said}");
        assert_eq!(
            (
                bench.wire.calls("UpdateService"),
                bench.wire.calls("RegisterTaskDefinition")
            ),
            (1, 1),
            "{operation}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_that_stood_still_for_too_long_is_taken_up_again_once_it_moves() {
    let bench = Bench::at(SLOW / 10.0).await;
    let impatient = Timing {
        timeout: std::time::Duration::from_millis(300),
        poll: std::time::Duration::from_millis(20),
        ..PACE
    };
    let console = bench.console_paced(bench.config(), impatient).await;
    console.engine.reattach().await.unwrap();
    let id = console.start(deploy("1.8.3")).await.unwrap();
    let run = console.wait(&id).await;
    assert_eq!(run.outcome, Some(Outcome::Unknown), "{}", story(&run));
    assert!(
        story(&run).contains("nothing new within"),
        "{}",
        story(&run)
    );
    let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
    loop {
        let run = console.wait(&id).await;
        if run.outcome == Some(Outcome::Succeeded) {
            assert!(run.recorded && run.reattached);
            break;
        }
        assert!(std::time::Instant::now() < end, "{}", story(&run));
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

/// A deploy that mends the service must find it free.
#[tokio::test(flavor = "multi_thread")]
async fn a_start_does_not_hold_what_stands_still() {
    let bench = Bench::at(SLOW / 1000.0).await;
    let impatient = Timing {
        timeout: std::time::Duration::from_millis(300),
        poll: std::time::Duration::from_millis(20),
        ..PACE
    };
    let console = bench.console_paced(bench.config(), impatient).await;
    let run = console.run(deploy("1.8.3")).await;
    assert_eq!(run.outcome, Some(Outcome::Unknown), "{}", story(&run));
    let next = bench.console_paced(bench.config(), impatient).await;
    assert_eq!(next.engine.reattach().await.unwrap(), 0);
    let shown = next.engine.runs().borrow()[0].clone();
    assert_eq!(shown.outcome, Some(Outcome::Unknown));
    assert!(!shown.goes_on(), "{shown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_never_arrived_is_unknown_until_somebody_looks_again() {
    let bench = Bench::new().await;
    let console = bench.console().await;
    bench.wire.arm("UpdateService", Mischief::LoseCall);
    let run = console.run(Intent::Restart { service: api() }).await;
    assert_eq!(run.outcome, Some(Outcome::Unknown), "{}", story(&run));
    // Another console shows it as over: nobody drives it, and it is not looked at again without being asked for.
    let mut config = bench.config();
    config.read_only = true;
    let looker = bench.console_with(config).await;
    assert_eq!(looker.engine.reattach().await.unwrap(), 0);
    let shown = looker.engine.runs().borrow()[0].clone();
    assert_eq!(shown.outcome, Some(Outcome::Unknown));
    assert!(!shown.goes_on() && shown.finished_at.is_some(), "{shown:?}");
    let next = bench.console().await;
    assert_eq!(next.engine.reattach().await.unwrap(), 1);
    let run = next.wait(&run.id).await;
    assert_eq!(run.outcome, Some(Outcome::Failed), "{}", story(&run));
    assert!(run.reattached);
    assert_eq!(
        bench.wire.calls("UpdateService"),
        0,
        "nobody sends it again"
    );
    let story: Vec<_> = console
        .store
        .audit_rows(9)
        .await
        .unwrap()
        .into_iter()
        .rev()
        .map(|r| r.event)
        .collect();
    assert_eq!(story, ["intent", "note", "outcome"]);
}

/// Starts a console in a runtime of its own, has it start a deploy, and kills the runtime once the run got so far.
fn killed_at(bench: &Bench, far: &'static str) -> String {
    let outside = tokio::runtime::Handle::current();
    let doomed = tokio::runtime::Runtime::new().unwrap();
    let run = tokio::task::block_in_place(|| {
        doomed.block_on(async {
            let console = bench.console().await;
            let run = console.start(deploy("1.8.3")).await.unwrap();
            let mut runs = console.engine.runs();
            let there = |list: &std::sync::Arc<Vec<flightdeck::domain::action::Run>>| {
                list.iter().any(|r| story(r).contains(far))
            };
            runs.wait_for(there).await.unwrap();
            // A call that is still on its way would arrive after the end, and be judged by what is armed then.
            bench.wire.struck().await;
            run
        })
    });
    doomed.shutdown_background();
    drop(outside);
    run
}

#[tokio::test(flavor = "multi_thread")]
async fn a_console_killed_while_following_is_replaced_by_the_next_one() {
    let bench = Bench::at(SLOW).await;
    let id = killed_at(&bench, "rolling out");
    let next = bench.console().await;
    let busy = next.preview(deploy("1.9.0-rc.1")).await;
    assert!(!busy.refusals.is_empty(), "its lease still holds");
    next.engine.reattach().await.unwrap();
    let mut runs = next.engine.runs();
    runs.wait_for(|l| l.iter().any(|r| r.id == id && r.reattached))
        .await
        .unwrap();
    let run = next.wait(&id).await;
    assert_eq!(run.outcome, Some(Outcome::Succeeded), "{}", story(&run));
    assert_eq!(
        (
            bench.wire.calls("RegisterTaskDefinition"),
            bench.wire.calls("UpdateService")
        ),
        (1, 1)
    );
    assert!(matches!(
        next.store.verify().await.unwrap(),
        ChainVerdict::Intact { rows: 2, .. }
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_console_killed_before_its_call_arrived_leaves_the_service_alone() {
    for (operation, far, words) in [
        ("UpdateService", "ecs:UpdateService", "not sent again"),
        (
            "RegisterTaskDefinition",
            "ecs:RegisterTaskDefinition",
            "before the service was touched; whether a revision newer than laser-prod-api:5 was",
        ),
    ] {
        let bench = Bench::new().await;
        bench.wire.arm(operation, Mischief::Hang);
        let id = killed_at(&bench, far);
        let next = bench.console().await;
        next.engine.reattach().await.unwrap();
        let mut runs = next.engine.runs();
        runs.wait_for(|l| l.iter().any(|r| r.id == id && r.reattached))
            .await
            .unwrap();
        let run = next.wait(&id).await;
        assert_eq!(
            run.outcome,
            Some(Outcome::Failed),
            "{operation}: {}",
            story(&run)
        );
        assert!(story(&run).contains(words), "{}", story(&run));
        assert_eq!(bench.wire.calls("UpdateService"), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_may_have_been_covered_by_another_change_is_unknown_and_not_failed() {
    let bench = Bench::new().await;
    let scale = |desired| Intent::Scale {
        service: api(),
        desired,
    };
    let console = bench.console().await;
    bench.wire.arm("UpdateService", Mischief::LoseCall);
    let run = console.run(scale(6)).await;
    assert_eq!(run.outcome, Some(Outcome::Unknown), "{}", story(&run));
    // Automatic scaling, or another person: the service is neither as it was nor as asked.
    let elsewhere = bench.console_elsewhere().await;
    let other = elsewhere.run(scale(5)).await;
    assert_eq!(other.outcome, Some(Outcome::Succeeded), "{}", story(&other));
    let next = bench.console().await;
    next.engine.reattach().await.unwrap();
    let run = next.wait(&run.id).await;
    assert_eq!(run.outcome, Some(Outcome::Unknown), "{}", story(&run));
    assert!(!run.recorded);
    assert!(
        story(&run).contains("neither as it was before nor as asked"),
        "{}",
        story(&run)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_picked_up_while_ecs_cannot_be_read_is_unknown_and_not_failed() {
    let bench = Bench::new().await;
    bench.wire.arm("UpdateService", Mischief::Hang);
    let id = killed_at(&bench, "ecs:UpdateService");
    bench.wire.arm("DescribeServices", Mischief::Deaf);
    let next = bench.console().await;
    next.engine.reattach().await.unwrap();
    let mut runs = next.engine.runs();
    runs.wait_for(|l| l.iter().any(|r| r.id == id && r.reattached))
        .await
        .unwrap();
    let run = next.wait(&id).await;
    assert_eq!(run.outcome, Some(Outcome::Unknown), "{}", story(&run));
    assert!(story(&run).contains("nobody could look"), "{}", story(&run));

    // Once it can be read again, it says what became of the run.
    bench.wire.arm("none", Mischief::LoseCall);
    let later = bench.console().await;
    later.engine.reattach().await.unwrap();
    let mut runs = later.engine.runs();
    runs.wait_for(|l| l.iter().any(|r| r.id == id && r.reattached))
        .await
        .unwrap();
    let run = later.wait(&id).await;
    assert_eq!(run.outcome, Some(Outcome::Failed), "{}", story(&run));
    assert!(story(&run).contains("not sent again"), "{}", story(&run));
    assert_eq!(bench.wire.calls("UpdateService"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_console_that_closes_hands_its_run_on_at_once_and_a_person_can_give_one_up() {
    let bench = Bench::at(SLOW).await;
    let first = bench.console().await;
    let id = first.start(deploy("1.8.3")).await.unwrap();
    while bench.wire.calls("UpdateService") == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    first.engine.close().await;
    let next = bench.console().await;
    assert_eq!(next.engine.reattach().await.unwrap(), 1);
    next.engine.abandon(&id).await.unwrap();
    let run = next.wait(&id).await;
    assert_eq!(run.outcome, Some(Outcome::Abandoned), "{}", story(&run));
    assert_eq!(
        next.engine.abandon(&id).await.unwrap_err().kind,
        ProblemKind::NotFound
    );
    assert!(next.store.open_runs().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_this_version_cannot_read_locks_its_service_alone() {
    let bench = Bench::new().await;
    let (newer, console) = (bench.console().await, bench.console().await);
    let preview = newer.preview(Intent::Restart { service: api() }).await;
    let claim = newer.store.begin(&preview, "ana").await.unwrap();
    let mut db = SqliteConnectOptions::new()
        .filename(bench.path())
        .connect()
        .await
        .unwrap();
    sqlx::raw_sql("UPDATE run SET intent = '{\"action\":\"of_tomorrow\"}'")
        .execute(&mut db)
        .await
        .unwrap();
    // What is open is picked up past it.
    assert_eq!(console.engine.reattach().await.unwrap(), 0);
    let restart = console.preview(Intent::Restart { service: api() }).await;
    let said = |w: &String| w.contains("ana on") && w.contains(claim.run());
    assert!(restart.refusals.iter().any(said), "{:?}", restart.refusals);
    // The brake may be pulled, and says who acts.
    let back = console.preview(rollback(None)).await;
    assert!(!back.refusals.iter().any(said), "{:?}", back.refusals);
    assert!(back.warnings.iter().any(said), "{:?}", back.warnings);
    let service = ServiceId {
        name: "web".into(),
        ..api()
    };
    let other = console.preview(Intent::Restart { service }).await;
    assert!(!other.refusals.iter().any(said), "{:?}", other.refusals);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_word_is_kept_replaced_and_withdrawn() {
    let bench = Bench::new().await;
    let console = bench.console().await;
    let sign = |why: &str| Intent::SignOff {
        criterion: "2.3.c".into(),
        why: why.into(),
        link: "https://wiki/rehearsal".into(),
    };
    console.engine.judged_by(|id| {
        Some(Judged {
            title: format!("the title of {id}"),
            failing: None,
        })
    });
    let preview = console.preview(sign("rehearsed, token=abc123")).await;
    let named = ("criterion".into(), "2.3.c  the title of 2.3.c".into());
    assert!(preview.facts.contains(&named), "{:?}", preview.facts);
    assert_eq!(preview.confirm, Confirm::Key);
    let id = console.engine.start(preview, None).await.unwrap();
    assert_eq!(console.wait(&id).await.outcome, Some(Outcome::Succeeded));
    let word = console.store.signoffs().await.unwrap().remove(0);
    assert_eq!(
        (word.kind, word.why.as_str()),
        (SignOffKind::SignedOff, "rehearsed, token=[redacted]")
    );
    assert!(word.proven, "the chain holds it");
    let run = console
        .run(Intent::Waive {
            criterion: "2.3.c".into(),
            why: "later\u{1b}[2J".into(),
            until: jiff::Timestamp::now() + jiff::SignedDuration::from_hours(48),
        })
        .await;
    assert_eq!(run.outcome, Some(Outcome::Succeeded), "{}", story(&run));
    let word = console.store.signoffs().await.unwrap().remove(0);
    assert_eq!((word.kind, word.proven), (SignOffKind::Waived, true));
    let run = console
        .run(Intent::Withdraw {
            criterion: "2.3.c".into(),
            why: "it was staging".into(),
        })
        .await;
    assert_eq!(run.outcome, Some(Outcome::Succeeded));
    let word = console.store.signoffs().await.unwrap().remove(0);
    assert_eq!((word.kind, word.proven), (SignOffKind::Withdrawn, true));
    assert_eq!(bench.wire.mutations(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_began_a_deployment_elsewhere_is_not_nobody() {
    let bench = Bench::at(SLOW).await;
    let (here, elsewhere) = (bench.console().await, bench.console_elsewhere().await);
    let others = async || {
        let preview = here.preview(Intent::Restart { service: api() }).await;
        let facts = preview.facts.into_iter();
        let mut told = facts.filter(|(name, _)| name == "who else acts");
        told.next().expect("the fact").1
    };
    assert_eq!(others().await, "nobody");
    elsewhere
        .start(Intent::Restart { service: api() })
        .await
        .unwrap();
    let mut told = String::new();
    for _ in 0..100 {
        told = others().await;
        if told != "nobody" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(
        told.starts_with("somebody outside this console: deployment "),
        "{told}"
    );
    // What this journal began is no stranger's, also once nobody follows it any more.
    let worker = ServiceId {
        cluster: "laser-prod".into(),
        name: "admin".into(),
    };
    let restart = Intent::Restart { service: worker };
    let run = here.start(restart.clone()).await.unwrap();
    let under_way = async || {
        let preview = here.preview(restart.clone()).await;
        let fact = |name: &str| {
            let mut facts = preview.facts.iter();
            facts
                .find(|(n, _)| n == name)
                .map(|(_, v)| v.clone())
                .unwrap_or_default()
        };
        (fact("deployment running"), fact("who else acts"))
    };
    for _ in 0..100 {
        if under_way().await.0.contains("since") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    here.engine.abandon(&run).await.unwrap();
    let (running, acts) = under_way().await;
    assert!(running.contains("since"), "{running}");
    assert_eq!(acts, "nobody", "{running}");
}

#[tokio::test(flavor = "multi_thread")]
async fn traffic_that_has_no_second_target_group_to_go_to_is_not_shifted() {
    let bench = Bench::new().await;
    let console = bench.console().await;
    let current = console.service(&api()).await;
    assert!(
        current
            .load_balancers
            .iter()
            .all(|lb| lb.alternate_target_group_arn.is_none())
    );
    let with = |strategy| Intent::Deploy {
        service: api(),
        image: "1.8.3".into(),
        container: None,
        strategy: Some(strategy),
    };
    for strategy in [Strategy::BlueGreen, Strategy::Canary, Strategy::Linear] {
        let preview = console.preview(with(strategy)).await;
        let refusal = preview.refusals.join(" ");
        assert!(
            refusal.contains("alternate target group"),
            "{strategy:?}: {refusal}"
        );
    }
    let rolling = console.preview(with(Strategy::Rolling)).await;
    assert!(rolling.refusals.is_empty(), "{:?}", rolling.refusals);
}
