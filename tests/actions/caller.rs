//! Credentials that become somebody else's, while a preview is open and while an action is under way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use flightdeck::actions::Timing;
use flightdeck::domain::action::{Intent, Run};
use flightdeck::domain::audit::Outcome;
use flightdeck::domain::problem::ProblemKind;

use crate::bench::{Bench, FAST, Mischief, PACE, SLOW, api, deploy, story};
use crate::health;

const OURS: &str = "123456789012";
const THEIRS: &str = "222222222222";
const UPDATE: &str = "UpdateService";

fn restart() -> Intent {
    Intent::Restart { service: api() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_of_one_account_is_not_done_in_another() {
    let bench = Bench::at(FAST).await;
    let console = bench.console().await;
    let preview = console.preview(restart()).await;
    let input = |name: &str| preview.inputs.iter().find(|(n, _)| n == name).unwrap();
    assert_eq!(input("account").1, OURS);
    assert!(
        input("caller")
            .1
            .starts_with("arn:aws:iam::123456789012:user/")
    );
    bench.wire.rewrite(|_, said| said.replace(OURS, THEIRS));
    let typed = Some("production".to_owned());
    let problem = console.engine.start(preview, typed).await.unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Conflict);
    let said = format!("account was {OURS}, and is {THEIRS} now");
    assert_eq!(problem.why, said);
    assert_eq!(bench.wire.mutations(), 0);
    let rows = console.store.audit_rows(1).await.unwrap();
    assert_eq!(rows[0].outcome, Some(Outcome::Refused));
    assert!(
        rows[0].who.contains(THEIRS),
        "who asked for it: {}",
        rows[0].who
    );
}

/// The same account has services of the same names in its other regions.
#[tokio::test(flavor = "multi_thread")]
async fn a_preview_of_one_region_is_not_done_in_another() {
    let bench = Bench::at(FAST).await;
    let console = bench.console().await;
    let preview = console.preview(restart()).await;
    bench.wire.rewrite(|operation, said| match operation {
        "DescribeServices" => said.replace("us-east-1", "eu-west-1"),
        _ => said,
    });
    let typed = Some("production".to_owned());
    let problem = console.engine.start(preview, typed).await.unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Conflict);
    assert_eq!(problem.why, "region was us-east-1, and is eu-west-1 now");
    assert_eq!(bench.wire.mutations(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_user_of_the_account_confirms_anew_and_is_named_in_the_audit() {
    let bench = Bench::at(FAST).await;
    let console = bench.console().await;
    let first = console.run(restart()).await;
    assert!(first.who.contains("user/flightdeck-demo"), "{}", first.who);
    console.settled(&api()).await;
    let preview = console.preview(restart()).await;
    bench
        .wire
        .rewrite(|_, said| said.replace("user/flightdeck-demo", "user/ben"));
    let typed = || Some("production".to_owned());
    let problem = console.engine.start(preview, typed()).await.unwrap_err();
    assert!(
        problem.why.starts_with("caller was arn:"),
        "{}",
        problem.why
    );
    assert!(problem.why.ends_with("user/ben now"), "{}", problem.why);
    let run = console.run(restart()).await;
    assert_eq!(run.outcome, Some(Outcome::Succeeded), "{}", story(&run));
    let rows = console.store.audit_rows(1).await.unwrap();
    assert!(rows[0].who.contains("user/ben"), "{}", rows[0].who);
}

/// The last question before the first call is the one for the family's revisions.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_with_credentials_that_changed_right_before() {
    let bench = Bench::at(FAST).await;
    let console = bench.console().await;
    let begun = AtomicBool::new(false);
    bench.wire.rewrite(move |operation, said| {
        begun.fetch_or(operation == "ListTaskDefinitions", Ordering::SeqCst);
        let is_other = begun.load(Ordering::SeqCst) && operation == "GetCallerIdentity";
        match is_other {
            true => said.replace("user/flightdeck-demo", "user/ben"),
            false => said,
        }
    });
    let run = console.run(deploy("1.8.3")).await;
    assert_eq!(run.outcome, Some(Outcome::Refused), "{}", story(&run));
    assert!(
        story(&run).contains("user/ben now: other credentials"),
        "{}",
        story(&run)
    );
    assert_eq!(bench.wire.mutations(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_is_not_judged_by_a_service_of_the_same_name_in_another_account() {
    let bench = Bench::at(FAST).await;
    let console = bench.console().await;
    let (called, over) = (AtomicBool::new(false), Arc::new(AtomicBool::new(false)));
    let is_over = over.clone();
    bench.wire.rewrite(move |operation, said| {
        called.fetch_or(operation == UPDATE, Ordering::SeqCst);
        let is_other = called.load(Ordering::SeqCst) && !is_over.load(Ordering::SeqCst);
        match is_other && operation == "DescribeServices" {
            true => said.replace(OURS, THEIRS),
            false => said,
        }
    });
    let run = console.start(restart()).await.unwrap();
    let is_told = || {
        let runs = console.engine.runs();
        let runs = runs.borrow();
        runs.iter().any(|r| story(r).contains("account was"))
    };
    for _ in 0..200 {
        if is_told() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(is_told(), "{:?}", console.engine.runs().borrow());
    over.store(true, Ordering::SeqCst);
    let run = console.wait(&run).await;
    assert_eq!(run.outcome, Some(Outcome::Succeeded), "{}", story(&run));
}

/// A word is written here alone: where there is no AWS nobody ever tells who says it.
#[tokio::test(flavor = "multi_thread")]
async fn a_word_does_not_wait_for_a_vendor_that_is_silent() {
    let bench = Bench::at(FAST).await;
    let console = bench.console().await;
    bench.wire.arm("GetCallerIdentity", Mischief::Silent);
    let began = Instant::now();
    let run = console
        .run(Intent::SignOff {
            criterion: "2.3.c".into(),
            why: "rehearsed".into(),
            link: String::new(),
        })
        .await;
    let took = began.elapsed();
    assert_eq!(run.outcome, Some(Outcome::Succeeded), "{}", story(&run));
    assert!(took < Duration::from_secs(3), "{took:?}");
    assert!(!run.who.contains("arn:"), "{}", run.who);
}

/// Between the last look and the call others may come into use: a name means another service there.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_of_the_same_name_in_another_account_is_not_touched() {
    let bench = Bench::at(FAST).await;
    let console = bench.console().await;
    // All is read with theirs, and the call goes with ours.
    bench.wire.rewrite(|_, said| said.replace(OURS, THEIRS));
    let run = console.run(restart()).await;
    bench.wire.let_be();
    let said = story(&run);
    assert_eq!(run.outcome, Some(Outcome::Failed), "{said}");
    assert!(
        said.contains(&format!("Identifier is for {THEIRS}")),
        "{said}"
    );
    assert_eq!(console.service(&api()).await.rollouts.len(), 1);
}

/// Who stops it is good to know, and the brake does not hang on it.
#[tokio::test(flavor = "multi_thread")]
async fn an_action_is_done_where_nobody_tells_who_calls_at_one_of_two_times() {
    let bench = Bench::at(FAST).await;
    let console = bench.console().await;
    let silent = || bench.wire.arm("GetCallerIdentity", Mischief::Silent);
    let typed = || Some("production".to_owned());
    let caller = |preview: &flightdeck::domain::action::Preview| {
        let mut inputs = preview.inputs.iter();
        inputs.find(|(n, _)| n == "caller").unwrap().1.clone()
    };
    // Told with the preview, and not any more.
    let preview = console.preview(restart()).await;
    assert!(caller(&preview).starts_with("arn:"));
    silent();
    let run = console.engine.start(preview, typed()).await.unwrap();
    let run = console.wait(&run).await;
    assert_eq!(run.outcome, Some(Outcome::Succeeded), "{}", story(&run));
    console.settled(&api()).await;
    // The other way round.
    let preview = console.preview(restart()).await;
    assert_eq!(caller(&preview), "unknown");
    bench.wire.arm("none", Mischief::Deaf);
    let run = console.engine.start(preview, typed()).await.unwrap();
    let run = console.wait(&run).await;
    assert_eq!(run.outcome, Some(Outcome::Succeeded), "{}", story(&run));
}

/// It was told with the preview, not when it was confirmed, and another one's before the call.
#[tokio::test(flavor = "multi_thread")]
async fn who_was_told_with_the_preview_is_held_against_who_calls() {
    let bench = Bench::at(FAST).await;
    let console = bench.console().await;
    let preview = console.preview(deploy("1.8.3")).await;
    bench.wire.arm("GetCallerIdentity", Mischief::Silent);
    let typed = Some("production".to_owned());
    let run = console.engine.start(preview, typed).await.unwrap();
    bench
        .wire
        .rewrite(|_, said| said.replace("user/flightdeck-demo", "user/ben"));
    bench.wire.arm("none", Mischief::Deaf);
    let run = console.wait(&run).await;
    let said = story(&run);
    assert_eq!(run.outcome, Some(Outcome::Refused), "{said}");
    assert!(said.contains("user/ben now: other credentials"), "{said}");
    assert_eq!(bench.wire.mutations(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deploy_that_registered_a_revision_and_went_no_further_says_so() {
    let bench = Bench::at(FAST).await;
    let console = bench.console().await;
    let begun = AtomicBool::new(false);
    bench.wire.rewrite(move |operation, said| {
        begun.fetch_or(operation == "RegisterTaskDefinition", Ordering::SeqCst);
        let is_other = begun.load(Ordering::SeqCst) && operation == "GetCallerIdentity";
        match is_other {
            true => said.replace("user/flightdeck-demo", "user/ben"),
            false => said,
        }
    });
    let new = console.service(&api()).await.revision.number + 1;
    let run = console.run(deploy("1.8.3")).await;
    let said = story(&run);
    assert_eq!(run.outcome, Some(Outcome::Failed), "{said}");
    assert!(
        said.contains(&format!("api:{new} was registered, and nothing uses it")),
        "{said}"
    );
    assert!(said.contains("user/ben now"), "{said}");
    assert!(!said.contains("nothing was changed"), "{said}");
    assert_eq!(bench.wire.calls(UPDATE), 0);
}

/// As long as credentials of another account are in use it holds no service there, and it is taken up again once they are ours.
#[tokio::test(flavor = "multi_thread")]
async fn an_action_is_put_aside_while_another_account_answers() {
    let bench = Bench::at(FAST).await;
    let console = bench.console().await;
    let called = AtomicBool::new(false);
    bench.wire.rewrite(move |operation, said| {
        called.fetch_or(operation == UPDATE, Ordering::SeqCst);
        match called.load(Ordering::SeqCst) && operation == "DescribeServices" {
            true => said.replace(OURS, THEIRS),
            false => said,
        }
    });
    let run = console.run(restart()).await;
    let said = story(&run);
    assert_eq!(run.outcome, Some(Outcome::Unknown), "{said}");
    assert!(
        said.contains(&format!("account was {OURS}, and is {THEIRS} now")),
        "{said}"
    );
    assert!(!said.contains("nothing new within"), "{said}");
    for _ in 0..2 {
        assert_eq!(
            console.engine.reattach().await.unwrap(),
            0,
            "it stands there as theirs does"
        );
        // From one look at what was put aside to the next.
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    let is_open = || console.engine.runs().borrow().iter().any(|r| r.goes_on());
    assert!(!is_open(), "it was taken up again");
    bench.wire.let_be();
    for _ in 0..300 {
        if console.engine.runs().borrow().iter().any(|r| r.recorded) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let run = console.wait(&run.id).await;
    assert_eq!(run.outcome, Some(Outcome::Succeeded), "{}", story(&run));
}

/// What an account answers that has no such service.
fn without_services(operation: &str, said: String) -> String {
    match operation {
        "DescribeServices" => {
            let arn = format!("arn:aws:ecs:us-east-1:{THEIRS}:service/laser-prod/api");
            let missing = serde_json::json!({"arn": arn, "reason": "MISSING"});
            serde_json::json!({"services": [], "failures": [missing]}).to_string()
        }
        _ => said,
    }
}

/// Verifying goes on until its URL answers otherwise; meanwhile ECS says that there is no such service.
async fn verified_without_a_service(theirs: bool) -> Run {
    let bench = Bench::at(SLOW).await;
    let soon = Timing {
        verify: Duration::from_secs(3),
        ..PACE
    };
    let console = bench.console_paced(health(&bench, 204), soon).await;
    let scale = Intent::Scale {
        service: api(),
        desired: 5,
    };
    let id = console.start(scale).await.unwrap();
    let verifies = |r: &Run| r.id == id && story(r).contains("verify not yet");
    let mut runs = console.engine.runs();
    runs.wait_for(|all| all.iter().any(verifies)).await.unwrap();
    bench.wire.rewrite(move |operation, said| match theirs {
        true => without_services(operation, said).replace(OURS, THEIRS),
        false => without_services(operation, said),
    });
    console.wait(&id).await
}

/// The deploy is in place in the account that it was begun in, whatever another one lacks.
#[tokio::test(flavor = "multi_thread")]
async fn that_another_account_has_no_such_service_fails_no_action() {
    let (theirs, ours) = tokio::join!(
        verified_without_a_service(true),
        verified_without_a_service(false)
    );
    let said = story(&theirs);
    assert_eq!(theirs.outcome, Some(Outcome::Unknown), "{said}");
    assert!(
        said.contains(&format!("account was {OURS}, and is {THEIRS} now")),
        "{said}"
    );
    let said = story(&ours);
    assert_eq!(ours.outcome, Some(Outcome::Failed), "{said}");
    assert!(said.contains("there is no service of that name"), "{said}");
}

/// It holds its service no longer than where one of the same name answers.
#[tokio::test(flavor = "multi_thread")]
async fn an_action_is_put_aside_while_another_account_has_no_such_service() {
    let bench = Bench::at(FAST).await;
    let console = bench.console().await;
    let called = AtomicBool::new(false);
    bench.wire.rewrite(move |operation, said| {
        called.fetch_or(operation == UPDATE, Ordering::SeqCst);
        match called.load(Ordering::SeqCst) {
            true => without_services(operation, said).replace(OURS, THEIRS),
            false => said,
        }
    });
    let run = console.run(restart()).await;
    let said = story(&run);
    assert_eq!(run.outcome, Some(Outcome::Unknown), "{said}");
    assert!(
        said.contains(&format!("account was {OURS}, and is {THEIRS} now")),
        "{said}"
    );
    let rows = console.store.audit_rows(5).await.unwrap();
    for row in &rows {
        assert_eq!(row.parameters["account"], OURS, "{row:?}");
        assert_eq!(row.parameters["region"], "us-east-1", "{row:?}");
        assert_eq!(
            row.parameters["endpoint"],
            format!("{} us-east-1", bench.wire.endpoint)
        );
    }
    assert_eq!(rows.len(), 2, "what was begun, and that it is not known");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_of_one_endpoint_is_not_done_at_another() {
    let bench = Bench::at(FAST).await;
    let console = bench.console().await;
    let mut config = bench.config();
    config.aws.endpoint = Some(bench.sandbox.endpoint());
    let other = bench.console_with(config).await;
    let preview = console.preview(restart()).await;
    let typed = Some("production".to_owned());
    let problem = other.engine.start(preview, typed).await.unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Conflict);
    assert!(
        problem.why.starts_with("endpoint was http://127.0.0.1:"),
        "{problem}"
    );
}
