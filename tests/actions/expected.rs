//! Credentials of another account than the one that the configuration expects: nothing is done with them.

use std::sync::atomic::{AtomicBool, Ordering};

use flightdeck::domain::action::Intent;
use flightdeck::domain::audit::Outcome;
use flightdeck::domain::problem::ProblemKind;

use crate::bench::{Bench, Console, FAST, Mischief, api, deploy, story};

const OURS: &str = "123456789012";
const THEIRS: &str = "222222222222";
const WHO: &str = "GetCallerIdentity";

async fn expecting(bench: &Bench, account: &str) -> Console {
    let mut config = bench.config();
    config.aws.expected_account = Some(account.into());
    bench.console_with(config).await
}

fn restart() -> Intent {
    Intent::Restart { service: api() }
}

fn word() -> Intent {
    Intent::SignOff {
        criterion: "2.3.c".into(),
        why: "rehearsed".into(),
        link: String::new(),
    }
}

/// The brakes too: they would brake in the wrong place.
#[tokio::test(flavor = "multi_thread")]
async fn every_action_is_refused_with_credentials_of_another_account_than_the_expected_one() {
    let bench = Bench::at(FAST).await;
    let console = expecting(&bench, THEIRS).await;
    let all = [
        deploy("1.8.3"),
        restart(),
        word(),
        Intent::Scale {
            service: api(),
            desired: 5,
        },
        Intent::Rollback {
            service: api(),
            to: None,
        },
        Intent::Stop {
            service: api(),
            rollback: true,
        },
    ];
    for intent in all {
        let preview = console.preview(intent.clone()).await;
        let first = preview.refusals.first().expect("it is not refused");
        let told = format!("account {OURS}, and expected_account in [aws] says {THEIRS}: use");
        assert!(first.contains(&told), "{first}");
        let typed = Some("production".to_owned());
        let problem = console.engine.start(preview, typed).await.unwrap_err();
        assert_eq!(problem.kind, ProblemKind::Refused, "{intent:?}: {problem}");
    }
    assert_eq!(bench.wire.mutations(), 0);
    let ours = expecting(&bench, OURS).await;
    let run = ours.run(restart()).await;
    assert_eq!(run.outcome, Some(Outcome::Succeeded), "{}", story(&run));
}

/// Whose a service is, its own name says.
#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_tells_who_calls_it_goes_by_the_service() {
    let bench = Bench::at(FAST).await;
    bench.wire.arm(WHO, Mischief::Silent);
    let theirs = expecting(&bench, THEIRS).await;
    let refusals = theirs.preview(restart()).await.refusals;
    assert!(
        refusals.iter().any(|r| r.contains("expected_account")),
        "{refusals:?}"
    );
    assert!(theirs.preview(word()).await.refusals.is_empty());
    let ours = expecting(&bench, OURS).await;
    let run = ours.run(restart()).await;
    assert_eq!(run.outcome, Some(Outcome::Succeeded), "{}", story(&run));
}

/// Nobody told who calls until right before the first call, and it is somebody of another account. The last question before it is the
/// one for the family's revisions.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_to_another_account_that_shows_right_before() {
    let bench = Bench::at(FAST).await;
    let console = expecting(&bench, OURS).await;
    let begun = AtomicBool::new(false);
    bench.wire.rewrite(move |operation, said| {
        begun.fetch_or(operation == "ListTaskDefinitions", Ordering::SeqCst);
        match (operation == WHO, begun.load(Ordering::SeqCst)) {
            (true, true) => said.replace(OURS, THEIRS),
            (true, false) => said.replace("arn:aws:iam::123456789012:user/flightdeck-demo", ""),
            _ => said,
        }
    });
    let preview = console.preview(deploy("1.8.3")).await;
    let caller = preview.inputs.iter().find(|(n, _)| n == "caller");
    assert_eq!(caller.unwrap().1, "unknown");
    assert!(preview.refusals.is_empty(), "{:?}", preview.refusals);
    let typed = Some("production".to_owned());
    let run = console.engine.start(preview, typed).await.unwrap();
    let run = console.wait(&run).await;
    let said = story(&run);
    assert_eq!(run.outcome, Some(Outcome::Refused), "{said}");
    assert!(said.contains(&format!("account {THEIRS}, and")), "{said}");
    assert!(said.contains("the call was not sent"), "{said}");
    assert_eq!(bench.wire.mutations(), 0);
}
