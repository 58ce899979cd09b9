//! What the verbs do on a platform that lives: told, done, refused, and never by accident.

use serde_json::Value;

use crate::program::Platform;

const API: &str = "laser-prod/api";
/// One of each, as words that would work.
const VERBS: [&[&str]; 5] = [
    &["deploy", API, "--image", "1.8.3"],
    &["rollback", API],
    &["scale", API, "6"],
    &["restart", API],
    &["signoff", "2.1.a", "--why", "seen"],
];

fn living() -> Platform {
    Platform::start(&["--speed", "25"])
}

/// What a verb may change, as far as the platform tells.
fn state(platform: &Platform) -> Vec<Value> {
    let fields = ["name", "cluster", "desired", "revision", "image"];
    let rows = platform.rows(&["services"], "services");
    rows.iter()
        .map(|s| fields.iter().map(|f| s[*f].clone()).collect())
        .collect()
}

/// Lines on the error channel that are no warning of the preview.
fn besides_warnings(err: &str) -> Vec<&str> {
    let other = |l: &&str| !l.starts_with("warning: ");
    err.lines().filter(other).collect()
}

fn image(platform: &Platform) -> String {
    platform.service("laser-prod", "api")["image"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// The object that a followed action ends with.
fn ended(lines: &[Value]) -> Value {
    assert!(lines.iter().all(|l| l["schema"] == 1));
    assert!(
        lines
            .iter()
            .rev()
            .skip(1)
            .all(|l| l["progress"]["phase"].is_string()),
        "{lines:?}"
    );
    lines.last().unwrap()["run"].clone()
}

/// A reason is what a person would call it.
#[test]
fn why_a_word_is_given_may_be_called_its_reason() {
    let platform = living();
    for words in [
        &["signoff", "2.1.a", "--reason", "seen", "--preview"][..],
        &[
            "waive",
            "2.1.a",
            "--reason",
            "later",
            "--until",
            "30d",
            "--preview",
        ],
        &["withdraw", "2.1.a", "--reason", "no more", "--help"],
    ] {
        let r = platform.run(words);
        assert_eq!(r.code, 0, "{words:?}: {}{}", r.out, r.err);
    }
}

#[test]
fn a_preview_says_what_it_would_do_and_changes_nothing() {
    let platform = living();
    let before = state(&platform);
    for verb in VERBS {
        let ran = platform.run(&[verb, &["--preview"]].concat());
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{verb:?}");
        assert!(ran.out.contains("  calls    "), "{}", ran.out);
        let preview = platform
            .run(&[verb, &["--preview", "--json"]].concat())
            .json()["preview"]
            .clone();
        assert_eq!(
            preview["fingerprint"].as_str().unwrap().len(),
            64,
            "{preview}"
        );
        assert_eq!(preview["refusals"], serde_json::json!([]), "{preview}");
        assert!(!preview["calls"].as_array().unwrap().is_empty());
    }
    assert_eq!(state(&platform), before);
    assert_eq!(
        platform.rows(&["audit"], "audit").len(),
        0,
        "looking is not acting"
    );
}

#[test]
fn nothing_is_done_without_consent_where_nobody_can_be_asked() {
    let platform = living();
    let before = state(&platform);
    for verb in VERBS {
        platform.run(verb).told(
            2,
            &[
                "not confirmed; nothing was changed",
                "no terminal",
                "--yes",
                "--preview",
            ],
        );
    }
    let both = platform.run(&["restart", API, "--yes", "--preview"]);
    assert_eq!(both.code, 2, "a preview that acts: {}", both.out);
    assert_eq!(state(&platform), before);
}

#[test]
fn read_only_refuses_every_verb() {
    let platform = living();
    let before = state(&platform);
    for verb in VERBS {
        let words = [&["--read-only"], verb, &["--yes"]].concat();
        platform.run(&words).told(
            2,
            &[
                "refused; nothing was changed",
                "this console is read-only",
                "leave out --read-only",
            ],
        );
        let preview = platform.run(&[&["--read-only"], verb, &["--preview"]].concat());
        assert_eq!(preview.code, 2, "{}", preview.out);
        assert!(
            preview.out.contains("refused  this console is read-only"),
            "{}",
            preview.out
        );
    }
    assert_eq!(state(&platform), before);
}

#[test]
fn a_good_image_is_rolled_out_verified_and_recorded_and_goes_back() {
    let platform = living();
    let ran = platform.run(&["deploy", API, "--image", "1.8.3", "--yes", "--json"]);
    assert_eq!(
        (ran.code, besides_warnings(&ran.err)),
        (0, vec![]),
        "{}",
        ran.out
    );
    let run = ended(&ran.lines());
    assert_eq!(
        (run["outcome"].as_str(), run["subject"].as_str()),
        (Some("succeeded"), Some(API)),
        "{run}"
    );
    assert!(
        image(&platform).ends_with("/laser/api:1.8.3"),
        "{}",
        image(&platform)
    );
    let phases: Vec<&str> = run["lines"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|l| l["phase"].as_str())
        .collect();
    let mut seen = phases.clone();
    seen.dedup();
    assert_eq!(seen, ["execute", "follow", "verify", "record"], "{run}");

    let ran = platform.run(&["rollback", API, "--yes"]);
    assert_eq!(
        (ran.code, besides_warnings(&ran.err)),
        (0, vec![]),
        "{}",
        ran.out
    );
    // What is about to be done stands before what happens.
    let called = ran.out.find("  calls    ecs:UpdateService").unwrap();
    let changes = ran.out.find("  -   image").unwrap();
    let happens = ran.out.find("  execute ").unwrap();
    assert!(changes < called && called < happens, "{}", ran.out);
    assert!(ran.out.starts_with("Roll back api"), "{}", ran.out);
    assert!(
        ran.out
            .lines()
            .last()
            .unwrap()
            .starts_with("succeeded after "),
        "{}",
        ran.out
    );
    assert!(
        image(&platform).ends_with("/laser/api:1.8.2"),
        "{}",
        image(&platform)
    );

    let rows = platform.rows(&["audit"], "audit");
    let told: Vec<(&str, &str)> = rows
        .iter()
        .rev()
        .map(|r| (r["action"].as_str().unwrap(), r["event"].as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            ("deploy", "intent"),
            ("deploy", "outcome"),
            ("rollback", "intent"),
            ("rollback", "outcome")
        ]
    );
    let verified = platform.run(&["audit", "verify", "--json"]);
    assert_eq!(
        (verified.code, verified.json()["audit"]["rows"].as_u64()),
        (0, Some(4))
    );
    let exported = platform.run(&["audit", "export"]).lines();
    assert_eq!(
        exported
            .iter()
            .map(|r| r["seq"].as_u64().unwrap())
            .collect::<Vec<_>>(),
        [1, 2, 3, 4]
    );
}

#[test]
fn a_bad_image_fails_is_rolled_back_by_the_platform_and_is_told_as_failed() {
    let platform = living();
    let ran = platform.run(&["deploy", API, "--image", "1.8.4-bad", "--yes"]);
    assert_eq!(
        (ran.code, besides_warnings(&ran.err)),
        (1, vec![]),
        "{}",
        ran.out
    );
    assert!(
        ran.out.contains("failed container health checks"),
        "{}",
        ran.out
    );
    assert!(
        ran.out.contains("ROLLING BACK to laser-prod-api:5"),
        "{}",
        ran.out
    );
    assert!(
        ran.out.contains("rolled back to laser-prod-api:5"),
        "{}",
        ran.out
    );
    // How it ended, then why: what its tasks ended with, and what they said last.
    let lines: Vec<&str> = ran.out.lines().collect();
    let task = lines.iter().position(|l| l.starts_with("task "));
    let said = lines
        .iter()
        .position(|l| l.contains("PRICING_TABLE is missing"));
    assert!(task.is_some() && said > task, "{}", ran.out);
    assert!(lines[said.unwrap()].contains("ERROR"), "{}", ran.out);
    let ended = lines
        .iter()
        .position(|l| l.starts_with("ROLLED BACK after "));
    assert!(ended.is_some() && ended < task, "{}", ran.out);
    assert!(
        image(&platform).ends_with("/laser/api:1.8.2"),
        "{}",
        image(&platform)
    );
    let newest = platform
        .rows(&["deployments", API], "deployments")
        .remove(0);
    assert_eq!(newest["state"], "rolled_back", "{newest}");
    let why = newest["failed_tasks"].to_string();
    assert!(why.contains("PRICING_TABLE is missing"), "{newest}");
    assert!(
        newest["rollback_reason"]
            .as_str()
            .unwrap()
            .contains("circuit breaker"),
        "{newest}"
    );
    let outcome = platform.rows(&["audit"], "audit").remove(0);
    assert_eq!(
        (outcome["event"].as_str(), outcome["outcome"].as_str()),
        (Some("outcome"), Some("failed")),
        "{outcome}"
    );
    // One word for it everywhere.
    let told = platform.run(&["audit"]).out;
    assert!(told.contains("ROLLED BACK"), "{told}");
}

/// The SDK heeds an endpoint for ECS alone: an action is done there, whatever is asked elsewhere.
#[test]
fn an_action_is_recorded_with_the_endpoint_that_ecs_is_asked_at() {
    let (all, ecs) = (living(), living());
    let at = ecs.said["endpoint"].as_str().unwrap();
    let run = |words: &[&str]| {
        let mut command = all.command(words);
        command.env("AWS_ENDPOINT_URL_ECS", format!("{at}/"));
        crate::program::ran(command.output().unwrap())
    };
    let ran = run(&["scale", "laser-prod/auth", "3", "--yes"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    // The story scales it too, some time later: that it was done there is in what was followed.
    assert!(ran.out.contains("3 of 3 running"), "{}", ran.out);
    assert_ne!(all.service("laser-prod", "auth")["desired"], 3);
    let audit = run(&["audit", "--json"]).json();
    let rows = audit["audit"].as_array().unwrap();
    assert_eq!(rows.len(), 2, "{audit}");
    let region = ecs.said["region"].as_str().unwrap();
    for row in rows {
        assert_eq!(row["parameters"]["endpoint"], format!("{at} {region}"));
    }
}

/// Who reads along acts on how it ended, and does not wait until a vendor tells why.
#[test]
fn how_it_ended_is_said_in_json_before_it_is_asked_why() {
    let platform = living();
    let ran = platform.run(&["deploy", API, "--image", "1.8.4-bad", "--yes", "--json"]);
    let lines = ran.lines();
    let [.., ended, run] = lines.as_slice() else {
        panic!("{}", ran.out);
    };
    assert_eq!(ran.code, 1, "{}", ran.out);
    let (ended, run) = (&ended["ended"], &run["run"]);
    assert_eq!(
        (ended["outcome"].as_str(), ended["recorded"].as_bool()),
        (Some("failed"), Some(true)),
        "{}",
        ran.out
    );
    assert_eq!(ended["run"], run["id"]);
    assert_eq!(ended["finished_at"], run["finished_at"]);
    assert!(run["failed_tasks"].is_array(), "{run}");
}

#[test]
fn a_running_deployment_is_stopped_and_rolled_back() {
    let platform = Platform::start(&["--speed", "5"]);
    let mut deploy = platform
        .command(&["deploy", API, "--image", "1.8.3", "--yes"])
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let end = std::time::Instant::now() + std::time::Duration::from_secs(30);
    let running = || platform.rows(&["deployments", API, "--running"], "deployments");
    while running().is_empty() {
        assert!(
            std::time::Instant::now() < end,
            "the deployment never began"
        );
    }
    let ran = platform.run(&["stop", API, "--yes"]);
    assert_eq!(
        (ran.code, besides_warnings(&ran.err)),
        (0, vec![]),
        "{}",
        ran.out
    );
    assert!(
        ran.err.contains("warning: somebody is acting on it"),
        "what the preview warns of is said though nobody is asked: {}",
        ran.err
    );
    assert!(
        image(&platform).ends_with("/laser/api:1.8.2"),
        "{}",
        image(&platform)
    );
    // Who deployed is told that it did not succeed.
    assert_eq!(deploy.wait().unwrap().code(), Some(1));
}

#[test]
fn what_cannot_work_is_refused_with_its_reason_and_changes_nothing() {
    let platform = living();
    let before = state(&platform);
    for (verb, why) in [
        (
            &["scale", API, "4"][..],
            &["4 tasks are wanted already"][..],
        ),
        (&["stop", API], &["no deployment is running"]),
        (&["deploy", API, "--image", "1.8.2"], &["refused"]),
        (&["deploy", API, "--image", "not an image"], &["refused"]),
        (
            &["deploy", API, "--image", "1.8.3", "--container", "nope"],
            &["nope"],
        ),
        (&["rollback", API, "--to", "999"], &["999"]),
        (
            &["deploy", "laser-prod/apj", "--image", "1.8.3"],
            &["did you mean \"laser-prod/api\"?"],
        ),
        (
            &["signoff", "9.9.z", "--why", "x"],
            &["unknown criterion \"9.9.z\""],
        ),
        (&["signoff", "2.1.a", "--why", ""], &["refused"]),
        (&["withdraw", "2.1.a", "--why", "x"], &["refused"]),
    ] {
        platform.run(&[verb, &["--yes"]].concat()).told(2, why);
    }
    assert_eq!(state(&platform), before);
}

#[test]
fn scale_and_restart_end_when_the_tasks_run() {
    let platform = living();
    let ran = platform.run(&["scale", "laser-prod/auth", "3", "--yes"]);
    assert_eq!(
        (ran.code, besides_warnings(&ran.err)),
        (0, vec![]),
        "{}",
        ran.out
    );
    let auth = platform.service("laser-prod", "auth");
    assert_eq!(
        (auth["desired"].as_u64(), auth["running"].as_u64()),
        (Some(3), Some(3))
    );
    let tasks = || {
        let rows = platform.rows(&["tasks", "laser-prod/auth"], "tasks");
        let running = rows
            .into_iter()
            .filter(|t| t["desired_status"] == "RUNNING");
        running
            .map(|t| t["id"].as_str().unwrap().to_owned())
            .collect::<std::collections::BTreeSet<_>>()
    };
    let before = tasks();
    let ran = platform.run(&["restart", "laser-prod/auth", "--yes"]);
    assert_eq!(
        (ran.code, besides_warnings(&ran.err)),
        (0, vec![]),
        "{}",
        ran.out
    );
    // A service called auth has revisions and tags like any other.
    assert!(
        ran.out.contains("laser-prod-auth:2 (2.0.4) is in place"),
        "{}",
        ran.out
    );
    assert!(
        tasks().is_disjoint(&before) && before.len() == 3,
        "{before:?}"
    );
}

#[test]
fn a_word_on_a_criterion_is_seen_in_the_checklist_until_it_is_taken_back() {
    let platform = living();
    let criterion = |id: &str| {
        let rows = platform.rows(&["checklist"], "criteria");
        rows.into_iter().find(|c| c["id"] == id).unwrap()
    };
    let does = |words: &[&str]| {
        let ran = platform.run(&[words, &["--yes"]].concat());
        assert_eq!(
            (ran.code, ran.err.as_str()),
            (0, ""),
            "{words:?}: {}",
            ran.out
        );
    };
    does(&[
        "signoff",
        "2.1.a",
        "--why",
        "seen in CI",
        "--link",
        "https://ci.example/1",
    ]);
    does(&[
        "waive",
        "2.1.b",
        "--why",
        "after the launch",
        "--until",
        "30d",
    ]);
    let signed = criterion("2.1.a");
    assert_eq!(signed["state"], "signed_off");
    assert_eq!(
        (
            signed["signoff"]["why"].as_str(),
            signed["signoff"]["link"].as_str()
        ),
        (Some("seen in CI"), Some("https://ci.example/1"))
    );
    assert_eq!(criterion("2.1.b")["state"], "waived");
    does(&["withdraw", "2.1.a", "--why", "it was another pipeline"]);
    assert_eq!(criterion("2.1.a")["state"], "unknown");
}
