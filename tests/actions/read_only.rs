//! A console that may change nothing, on a wire that counts: whatever its faces let through, nothing that changes anything leaves it.

use flightdeck::config::Config;
use flightdeck::domain::action::{Confirm, Intent};
use flightdeck::domain::problem::ProblemKind;
use flightdeck::ui::commands::{Command, Danger};
use jiff::{SignedDuration, Timestamp};

use crate::bench::{Bench, api, deploy};

/// One of each.
fn every() -> Vec<Intent> {
    let (service, criterion, why) = (api, || "1.S4".to_owned(), || "seen".to_owned());
    vec![
        deploy("1.8.3"),
        Intent::Rollback {
            service: service(),
            to: None,
        },
        Intent::Scale {
            service: service(),
            desired: 6,
        },
        Intent::Restart { service: service() },
        Intent::Stop {
            service: service(),
            rollback: true,
        },
        Intent::SignOff {
            criterion: criterion(),
            why: why(),
            link: String::new(),
        },
        Intent::Waive {
            criterion: criterion(),
            why: why(),
            until: Timestamp::now() + SignedDuration::from_hours(24),
        },
        Intent::Withdraw {
            criterion: criterion(),
            why: why(),
        },
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn no_action_of_the_registry_sends_anything_that_changes_when_read_only() {
    let verbs: Vec<&str> = every().iter().map(Intent::verb).collect();
    for command in Command::all().filter(|c| c.danger() == Danger::Mutates) {
        let verb = command.name().replace('-', "_");
        assert!(verbs.contains(&verb.as_str()), "{verb} is not tried");
    }
    let bench = Bench::new().await;
    let config = Config {
        read_only: true,
        ..bench.config()
    };
    let console = bench.console_with(config).await;
    for intent in every() {
        let verb = intent.verb();
        let mut preview = console.preview(intent).await;
        let first = preview.refusals.first().map(String::as_str);
        assert_eq!(first, Some("this console is read-only"), "{verb}");
        let word = match &preview.confirm {
            Confirm::Type(word) => Some(word.clone()),
            Confirm::Key => None,
        };
        let refused = console.engine.start(preview.clone(), word.clone()).await;
        assert_eq!(refused.unwrap_err().kind, ProblemKind::Refused, "{verb}");
        // A face that lost what was refused is told again.
        preview.refusals.clear();
        let refused = console.engine.start(preview, word).await;
        assert!(refused.is_err(), "{verb} was begun");
    }
    assert!(bench.wire.calls("DescribeServices") > 0, "it is this wire");
    assert_eq!(bench.wire.changes(), Vec::<String>::new());
    assert_eq!(console.store.signoffs().await.unwrap(), Vec::new());
    // And the wire does count.
    let other = bench.console_elsewhere().await;
    other.run(every().remove(2)).await;
    assert_eq!(bench.wire.changes(), ["UpdateService"]);
}
