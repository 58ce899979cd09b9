//! Answers that are not to what was asked, or tell less than there is.

use std::time::Duration;

use flightdeck::domain::action::{Confirm, Intent};
use flightdeck::domain::audit::Outcome;
use flightdeck::domain::problem::ProblemKind;
use flightdeck::domain::service::ServiceId;
use serde_json::Value;

use crate::bench::{Bench, FAST, SLOW, api, deploy, story};
use crate::rollback;

/// An answer with a change, where it is JSON.
fn changed(said: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut json: Value = serde_json::from_str(said).unwrap();
    change(&mut json);
    json.to_string()
}

/// An answer in which those that run are not found.
fn without_those_that_run(said: &str) -> String {
    changed(said, |json| {
        let all = json["serviceDeployments"].take();
        let runs = |d: &Value| d["status"] == "IN_PROGRESS" || d["status"] == "PENDING";
        let all = all.as_array().cloned().unwrap_or_default();
        let (lost, told): (Vec<Value>, Vec<Value>) = all.into_iter().partition(runs);
        let failure =
            |d: &Value| serde_json::json!({"arn": d["serviceDeploymentArn"], "reason": "MISSING"});
        json["failures"] = lost.iter().map(failure).collect();
        json["serviceDeployments"] = told.into();
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_is_not_set_to_another_image_than_was_previewed() {
    let bench = Bench::at(FAST).await;
    let console = bench.console().await;
    let before = console.service(&api()).await.revision;
    // An endpoint that answers with what it has already.
    bench.wire.rewrite(|operation, said| match operation {
        "RegisterTaskDefinition" => changed(&said, |json| {
            for c in json["taskDefinition"]["containerDefinitions"]
                .as_array_mut()
                .unwrap()
            {
                c["image"] = "laser/api:1.7.0".into();
            }
        }),
        _ => said,
    });
    let run = console.run(deploy("1.8.3")).await;
    assert_eq!(run.outcome, Some(Outcome::Failed), "{}", story(&run));
    let said = story(&run);
    assert!(
        said.contains("is api:1.7.0, and was to be api:1.8.3"),
        "{said}"
    );
    assert!(said.contains("the service was not touched"), "{said}");
    assert!(run.recorded);
    assert_eq!(bench.wire.calls("UpdateService"), 0);
    assert_eq!(console.service(&api()).await.revision, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_and_is_not_found_is_stopped_all_the_same() {
    let bench = Bench::at(10.0).await;
    let (ana, ben) = (bench.console().await, bench.console_elsewhere().await);
    let before = ana.service(&api()).await.revision;
    let under_way = ana.start(deploy("1.8.3")).await.unwrap();
    while !ana.service(&api()).await.is_deploying() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    bench.wire.rewrite(|operation, said| match operation {
        "DescribeServiceDeployments" => without_those_that_run(&said),
        _ => said,
    });
    for intent in [
        rollback(None),
        Intent::Stop {
            service: api(),
            rollback: true,
        },
    ] {
        let preview = ben.preview(intent).await;
        assert!(preview.refusals.is_empty(), "{:?}", preview.refusals);
        assert!(preview.calls[0].contains("StopServiceDeployment"));
        assert_eq!(preview.confirm, Confirm::Type("production unknown".into()));
    }
    let stop = ben.start(Intent::Stop {
        service: api(),
        rollback: true,
    });
    let run = stop.await.unwrap();
    let run = ben.wait(&run).await;
    assert_eq!(run.outcome, Some(Outcome::Succeeded), "{}", story(&run));
    bench.wire.let_be();
    assert_eq!(ana.settled(&api()).await.rollouts[0].revision, before);
    ana.wait(&under_way).await;
}

/// What the list says of one that is not found is all that is known of it: it must be of the service that was asked about.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_listed_of_another_service_is_not_stopped_where_it_is_not_found() {
    let bench = Bench::at(10.0).await;
    let (ana, ben) = (bench.console().await, bench.console_elsewhere().await);
    let under_way = ana.start(deploy("1.8.3")).await.unwrap();
    while !ana.service(&api()).await.is_deploying() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // Asked about the worker, the list tells of what is rolled out to api.
    bench.wire.rewrite(|operation, said| match operation {
        "ListServiceDeployments" => changed(&said, |json| {
            let arn = "arn:aws:ecs:us-east-1:123456789012:service-deployment/laser-prod/api/0a1b";
            json["serviceDeployments"] = serde_json::json!([{
                "serviceDeploymentArn": arn, "status": "IN_PROGRESS", "createdAt": 1_700_000_000,
                "clusterArn": "arn:aws:ecs:us-east-1:123456789012:cluster/laser-prod",
                "serviceArn": "arn:aws:ecs:us-east-1:123456789012:service/laser-prod/worker",
            }]);
        }),
        "DescribeServiceDeployments" => changed(&said, |json| {
            let arn = "arn:aws:ecs:us-east-1:123456789012:service-deployment/laser-prod/api/0a1b";
            json["serviceDeployments"] = Value::Array(Vec::new());
            json["failures"] = serde_json::json!([{"arn": arn, "reason": "MISSING"}]);
        }),
        _ => said,
    });
    let worker = ServiceId {
        cluster: "laser-prod".into(),
        name: "worker".into(),
    };
    let stop = Intent::Stop {
        service: worker.clone(),
        rollback: true,
    };
    let told = ben.engine.preview(stop).await;
    let problem = told.expect_err("it would stop what is rolled out to api");
    assert_eq!(problem.kind, ProblemKind::Malformed, "{problem}");
    assert!(
        problem
            .why
            .ends_with("asked about worker, answered for api"),
        "{problem}"
    );
    let past = ben.backend.ecs.history(&worker).await.unwrap_err();
    assert_eq!(past.kind, ProblemKind::Malformed, "{past}");
    bench.wire.let_be();
    ana.engine.abandon(&under_way).await.unwrap();
}

/// What needs to know all of them takes one that cannot be told whole for what it is listed as.
#[tokio::test(flavor = "multi_thread")]
async fn one_that_runs_and_is_not_found_holds_up_no_preview() {
    let bench = Bench::at(1.0).await;
    let (ana, ben) = (bench.console().await, bench.console_elsewhere().await);
    let under_way = ana.start(deploy("1.8.3")).await.unwrap();
    while !ana.service(&api()).await.is_deploying() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    bench.wire.rewrite(|operation, said| match operation {
        "DescribeServiceDeployments" => without_those_that_run(&said),
        _ => said,
    });
    let service = ben.service(&api()).await;
    let found = ben.backend.ecs.deployments(&service).await.unwrap();
    assert!(found.iter().any(|d| !d.state.is_running()), "{found:?}");
    let running: Vec<_> = found.iter().filter(|d| d.state.is_running()).collect();
    assert!(running[0].reason.contains("MISSING"), "{running:?}");
    for intent in [Intent::Restart { service: api() }, deploy("1.8.4")] {
        let preview = ben.preview(intent).await;
        let fact = preview
            .facts
            .iter()
            .find(|(n, _)| n == "deployment running");
        let said = &fact.unwrap().1;
        assert!(said.starts_with("?, rolling out since"), "{said}");
    }
    ana.engine.abandon(&under_way).await.unwrap();
}

/// The service itself tells how a deployment gets on that is listed, and not found when it is asked about.
#[tokio::test(flavor = "multi_thread")]
async fn a_deploy_is_followed_and_verified_while_its_deployment_is_not_found() {
    let bench = Bench::at(FAST).await;
    let console = bench.console().await;
    bench.wire.rewrite(|operation, said| match operation {
        "DescribeServiceDeployments" => without_those_that_run(&said),
        _ => said,
    });
    let run = console.run(deploy("1.8.3")).await;
    let said = story(&run);
    assert_eq!(run.outcome, Some(Outcome::Succeeded), "{said}");
    assert!(!said.contains("cannot look"), "{said}");
}

/// The list of before comes late: what it tells of the revision is not what this call brought.
#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_is_not_told_done_by_an_old_deployment_that_is_listed_late() {
    use std::sync::Mutex;
    let bench = Bench::at(SLOW).await;
    let console = bench.console().await;
    // The one before failed in the platform's past.
    let to = console.service(&api()).await.revision.number - 2;
    // What was listed before the call, and how often it is still told after it.
    let (old, late) = (Mutex::new(None::<String>), Mutex::new(None::<u32>));
    bench.wire.rewrite(move |operation, said| {
        if operation == "UpdateService" {
            *late.lock().unwrap() = Some(6);
        }
        if operation != "ListServiceDeployments" {
            return said;
        }
        let mut late = late.lock().unwrap();
        match late.as_mut() {
            None => {
                *old.lock().unwrap() = Some(said.clone());
                changed(&said, |json| {
                    json["serviceDeployments"] = Value::Array(vec![])
                })
            }
            Some(0) => said,
            Some(left) => {
                *left -= 1;
                old.lock().unwrap().clone().unwrap_or(said)
            }
        }
    });
    let run = console.run(rollback(Some(to))).await;
    let said = story(&run);
    assert_eq!(run.outcome, Some(Outcome::Succeeded), "{said}");
    assert!(said.contains("follow rolling out"), "{said}");
    let service = console.service(&api()).await;
    assert!(
        !service.is_deploying(),
        "it was told done while it moved: {said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ecs_says_in_events_is_told_without_the_secrets_in_it() {
    let bench = Bench::at(FAST).await;
    let console = bench.console().await;
    let n = std::sync::atomic::AtomicU32::new(0);
    bench.wire.rewrite(move |operation, said| match operation {
        "DescribeServices" => changed(&said, |json| {
            let id = n.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            for service in json["services"].as_array_mut().unwrap() {
                let said =
                    "pull failed: PGPASSWORD=hunter2 password: hunter2 curl -u ana:hunter2 x";
                let event = serde_json::json!({
                    "id": format!("e{id}"), "createdAt": 1_900_000_000 + id, "message": said,
                });
                service["events"].as_array_mut().unwrap().insert(0, event);
            }
        }),
        _ => said,
    });
    let run = console.run(Intent::Restart { service: api() }).await;
    let said = story(&run);
    assert!(
        said.contains("pull failed: PGPASSWORD=[redacted]"),
        "{said}"
    );
    assert!(!said.contains("hunter2"), "{said}");
    let events = console.service(&api()).await.events;
    assert!(events.iter().all(|e| !e.message.contains("hunter2")));
}

/// What is sent back with a strategy is the service's own, as it was seen.
#[tokio::test(flavor = "multi_thread")]
async fn a_strategy_is_not_set_with_the_configuration_of_something_else() {
    use flightdeck::domain::service::Strategy;
    use std::sync::atomic::{AtomicU32, Ordering};
    type Change = fn(&mut Value);
    let other: [(&str, Change); 3] = [
        ("answered for", |json| {
            let service = &mut json["services"][0];
            service["serviceName"] = "worker".into();
            service["serviceArn"] =
                "arn:aws:ecs:us-east-1:123456789012:service/laser-prod/worker".into();
        }),
        ("answered for", |json| {
            json["services"] = Value::Array(Vec::new())
        }),
        ("somebody else changed how it deploys", |json| {
            json["services"][0]["deploymentConfiguration"]["maximumPercent"] = 150.into();
        }),
    ];
    let intent = || Intent::Deploy {
        service: api(),
        image: "1.8.3".into(),
        container: None,
        strategy: Some(Strategy::Rolling),
    };
    for (why, change) in other {
        let bench = Bench::at(FAST).await;
        let console = bench.console().await;
        // The last read before the call is the second one after the revision was registered.
        let reads = AtomicU32::new(0);
        bench.wire.rewrite(move |operation, said| match operation {
            "RegisterTaskDefinition" => {
                reads.store(1, Ordering::SeqCst);
                said
            }
            "DescribeServices" if reads.load(Ordering::SeqCst) > 0 => {
                match reads.fetch_add(1, Ordering::SeqCst) {
                    2 => changed(&said, change),
                    _ => said,
                }
            }
            _ => said,
        });
        let run = console.run(intent()).await;
        let said = story(&run);
        assert_eq!(run.outcome, Some(Outcome::Failed), "{said}");
        assert!(said.contains(why), "{said}");
        assert_eq!(bench.wire.calls("UpdateService"), 0);
    }
    // What is sent back is previewed.
    let bench = Bench::at(FAST).await;
    let console = bench.console().await;
    let preview = console.preview(intent()).await;
    bench.wire.rewrite(|operation, said| match operation {
        "DescribeServices" => changed(&said, |json| {
            json["services"][0]["deploymentConfiguration"]["maximumPercent"] = 150.into();
        }),
        _ => said,
    });
    let typed = Some("production".to_owned());
    let problem = console.engine.start(preview, typed).await.unwrap_err();
    assert!(
        problem
            .why
            .starts_with("deployment configuration was rolling, "),
        "{problem}"
    );
}

/// Only the vendor's enumeration knows that way to stop.
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_that_leaves_things_as_they_are_says_that_it_is_not_documented() {
    let bench = Bench::at(SLOW).await;
    let console = bench.console().await;
    let under_way = console.start(deploy("1.8.3")).await.unwrap();
    while !console.service(&api()).await.is_deploying() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let said = async |rollback| {
        let stop = Intent::Stop {
            service: api(),
            rollback,
        };
        let warnings = console.preview(stop).await.warnings;
        warnings
            .iter()
            .any(|w| w.contains("AWS documents ROLLBACK as the only way"))
    };
    assert!(said(false).await);
    assert!(!said(true).await);
    console.wait(&under_way).await;
}
