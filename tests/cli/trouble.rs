//! Bad days: each a clear message with its exit code, and none that hangs.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::program::{Platform, Ran, command, ran};

/// A question in surroundings that differ in some variables from those of a platform.
fn asked(platform: &Platform, variables: &[(&str, &str)], words: &[&str]) -> Ran {
    let mut command = platform.command(words);
    for (name, value) in variables {
        command.env(name, value);
    }
    ran(command.output().unwrap())
}

#[test]
fn each_fault_of_the_platform_has_its_words() {
    for (fault, words) in [
        ("throttle=1", &["asks us to slow down"][..]),
        ("error=1", &["web page (HTML)", "HTTP 500", "proxy"]),
        ("cut=1", &["was cut before the answer was complete"]),
        ("malformed=1", &["not with AWS's JSON"]),
        ("expired=1", &["have expired", "aws sso login"]),
        ("denied=1", &["may not do it", "ecs:ListClusters"]),
    ] {
        let platform = Platform::start(&["--fault", fault]);
        let before = Instant::now();
        platform.run(&["services"]).told(3, words);
        platform.run(&["services", "--json"]).told_in_json(3, words);
        // Named with its cluster, the service itself is asked about.
        let of_service = |w: &&'static str| match *w {
            "ecs:ListClusters" => "ecs:DescribeServices",
            other => other,
        };
        let words: Vec<&str> = words.iter().map(of_service).collect();
        platform
            .run(&["deploy", "laser-prod/api", "--image", "1.8.3", "--yes"])
            .told(3, &words);
        assert!(
            before.elapsed() < Duration::from_secs(20),
            "{fault}: {:?}",
            before.elapsed()
        );
        // Unknown is not green, and not down either.
        let status = platform.run(&["status", "--json"]);
        assert_eq!(
            (status.code, status.json()["status"].as_str()),
            (3, Some("unknown")),
            "{fault}"
        );
        let text = platform.run(&["status"]).out;
        assert!(
            text.starts_with("UNKNOWN") && text.contains("services unknown   alarms unknown"),
            "{fault}: {text}"
        );
    }
}

#[test]
fn one_system_that_fails_takes_its_own_part_alone() {
    let platform = Platform::start(&["--fault", "logs:denied=1", "--fault", "elbv2:error=1"]);
    assert_eq!(platform.run(&["services"]).code, 0);
    assert_eq!(platform.run(&["alerts"]).code, 0);
    platform.run(&["logs"]).told(3, &["may not do it"]);
    let rows = platform.rows(&["services"], "services");
    let in_production = |s: &&Value| s["cluster"] == "laser-prod" && s["name"] == "api";
    let api = rows.iter().find(in_production).unwrap();
    assert!(api["targets"].is_null() && api["running"].is_u64(), "{api}");
}

#[test]
fn an_endpoint_that_hangs_ends_in_time() {
    let platform = Platform::start(&["--fault", "hang=1"]);
    std::fs::write(
        platform.folder.path().join("flightdeck.toml"),
        "[aws]\ntimeout = \"1s\"\n",
    )
    .unwrap();
    let before = Instant::now();
    platform.run(&["services"]).told(3, &["no answer in time"]);
    assert!(
        before.elapsed() < Duration::from_secs(15),
        "{:?}",
        before.elapsed()
    );
}

#[test]
fn credentials_that_are_wrong_or_missing_are_named() {
    let platform = Platform::start(&[]);
    let wrong = [("AWS_ACCESS_KEY_ID", "AKIAWRONGWRONGWRONG0")];
    asked(&platform, &wrong, &["services"]).told(3, &["does not know the access key"]);
    let missing = [("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")];
    asked(&platform, &missing, &["services"])
        .told(3, &["no AWS credentials were found", "AWS_PROFILE"]);
    assert_eq!(asked(&platform, &missing, &["status"]).code, 3);
}

#[test]
fn a_page_of_which_nothing_could_be_asked_is_no_answer() {
    let platform = Platform::start(&[]);
    let missing = [("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")];
    let words = &["no AWS credentials were found", "AWS_PROFILE"];
    for view in ["map", "security", "capacity", "environments", "databases"] {
        asked(&platform, &missing, &["show", view]).told(3, words);
        asked(&platform, &missing, &["show", view, "--json"]).told_in_json(3, words);
    }
    let list = asked(&platform, &missing, &["show"]);
    assert_eq!(list.code, 3, "{}", list.out);
    assert!(list.out.contains("unknown") && !list.out.contains("ok "));
    // What fails is said once, with what to do and for whom.
    let status = asked(&platform, &missing, &["status"]);
    let advice: Vec<&str> = status
        .out
        .lines()
        .filter_map(|l| l.strip_prefix("   do: "))
        .collect();
    assert_eq!(advice.len(), 1, "{}", status.out);
    assert!(
        advice[0].contains("AWS_PROFILE") && advice[0].contains("(sts, ecs, elb"),
        "{}",
        status.out
    );
    // Nothing that is configured is unanswered: an account without services is not one that could not be asked.
    let empty = Platform::start(&["--empty"]);
    for view in ["map", "security", "capacity", "databases"] {
        let ran = empty.run(&["show", view]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{view}: {}", ran.out);
    }
}

#[test]
fn a_program_that_asks_for_json_is_answered_in_json_whatever_goes_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("flightdeck.toml");
    std::fs::write(&file, "[aws]\nclusers = [\"a\"]\n").unwrap();
    let run = |words: &[&str]| ran(command(folder.path(), words).output().unwrap());
    for words in [
        &["status", "--json"][..],
        &["services", "--json"],
        &["show", "map", "--json"],
        &["restart", "api", "--yes", "--json"],
        &["audit", "--json"],
    ] {
        run(words).told_in_json(3, &["did you mean \"clusters\"?", "flightdeck.toml:2:1"]);
    }
    let nowhere = ["--config", "nowhere.toml", "status", "--json"];
    run(&nowhere).told_in_json(3, &["nowhere.toml", "does not exist"]);
    run(&["show", "databses", "--json", "--demo"]).told_in_json(2, &["databases"]);
    run(&["--json"]).told_in_json(2, &["flightdeck status --json"]);
    run(&["signoff", "1.S4", "--json"]).told_in_json(2, &["--why"]);
    run(&["services", "--json", "--bogus"]).told_in_json(2, &["--bogus", "--help"]);
    run(&["status", "--json", "--bogus"]).told_in_json(3, &["--bogus"]);
}

#[test]
fn a_profile_or_region_that_is_misspelt_is_named_with_the_nearest_one() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join(".aws");
    std::fs::create_dir(&home).unwrap();
    let profiles = "[default]\nregion = us-east-1\n[profile prod]\nregion = eu-west-1\n";
    std::fs::write(home.join("config"), profiles).unwrap();
    let run = |variables: &[(&str, &str)]| {
        let mut c = command(folder.path(), &["services"]);
        c.envs(variables.iter().copied());
        ran(c.output().unwrap())
    };
    let words = &[
        "no profile \"pord\" is in ~/.aws/config",
        "did you mean \"prod\"?",
        "Correct AWS_PROFILE: there is default, prod.",
    ];
    run(&[("AWS_PROFILE", "pord")]).told(3, words);
    run(&[("AWS_PROFILE", "pord"), ("AWS_REGION", "us-east-1")]).told(3, words);
    // Its host does not resolve: no request leaves this machine.
    let keys = [
        ("AWS_ACCESS_KEY_ID", "AKIAX"),
        ("AWS_SECRET_ACCESS_KEY", "x"),
        ("AWS_REGION", "us-eest-1"),
    ];
    run(&keys).told(3, &["us-eest-1", "Did you mean us-east-1?"]);
}

#[test]
fn an_endpoint_that_is_none_is_named_and_nobody_else_is_asked() {
    let platform = Platform::start(&[]);
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let nobody = format!("http://127.0.0.1:{port}");
    asked(&platform, &[("AWS_ENDPOINT_URL", &nobody)], &["services"])
        .told(3, &["nothing listens", &nobody]);
    let pages = asked(&platform, &[("AWS_ENDPOINT_URL", &nobody)], &["show"]);
    assert_eq!(pages.code, 3, "{}", pages.out);
    asked(
        &platform,
        &[("AWS_ENDPOINT_URL", "http://peer.invalid:4566")],
        &["services"],
    )
    .told(3, &["peer.invalid", "does not resolve"]);
    for name in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_ECS"] {
        asked(&platform, &[(name, "localhost")], &["services"])
            .told(3, &[name, "http://localhost may be meant", "unset"]);
    }
}

#[test]
fn a_region_that_is_missing_or_unknown_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let keys = [
        ("AWS_ACCESS_KEY_ID", "AKIAX"),
        ("AWS_SECRET_ACCESS_KEY", "x"),
    ];
    let missing = ran(command(folder.path(), &["services"])
        .envs(keys)
        .output()
        .unwrap());
    missing.told(3, &["no region is set", "AWS_REGION"]);
    // Its host does not resolve: no request leaves this machine.
    let mut unknown = command(folder.path(), &["services"]);
    unknown.envs(keys).env("AWS_REGION", "mars-north-1");
    ran(unknown.output().unwrap()).told(3, &["mars-north-1"]);
}

#[test]
fn a_cluster_that_does_not_exist_is_named() {
    let platform = Platform::start(&[]);
    let file = platform.folder.path().join("flightdeck.toml");
    std::fs::write(&file, "[aws]\nclusters = [\"nope\"]\n").unwrap();
    for words in [
        &["services"][..],
        &["tasks", "api"],
        &["deployments"],
        &["restart", "api", "--yes"],
    ] {
        platform
            .run(words)
            .told(3, &["no cluster nope", "clusters"]);
    }
    let status = platform.run(&["status", "--json"]);
    assert!(
        status.json()["findings"]
            .as_array()
            .unwrap()
            .iter()
            .any(|f| f["about"] == "services"),
        "{}",
        status.out
    );
    // What exists is shown all the same.
    std::fs::write(&file, "[aws]\nclusters = [\"laser-prod\", \"nope\"]\n").unwrap();
    let ran = platform.run(&["services", "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(ran.json()["services"].as_array().unwrap().len(), 6);
    assert_eq!(ran.json()["error"]["kind"], "not_found");
    assert!(
        platform.run(&["services"]).out.contains("incomplete"),
        "a missing cluster is passed over"
    );
}

#[test]
fn an_empty_account_is_said_to_be_empty_and_is_not_green() {
    let platform = Platform::start(&["--empty"]);
    for (command, name) in [
        ("services", "services"),
        ("deployments", "deployments"),
        ("alerts", "alerts"),
        ("metrics", "metrics"),
        ("logs", "log_groups"),
    ] {
        assert!(platform.rows(&[command], name).is_empty(), "{command}");
        let ran = platform.run(&[command]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{command}");
        assert!(ran.out.starts_with("No "), "{}", ran.out);
    }
    platform
        .run(&["tasks", "api"])
        .told(2, &["unknown service \"api\"", "have no services"]);
    let status = platform.run(&["status", "--json"]);
    assert_eq!(
        (status.code, status.json()["status"].as_str()),
        (3, Some("unknown")),
        "{}",
        status.out
    );
    let criteria = platform.rows(&["checklist"], "criteria");
    let green = criteria.iter().filter(|c| {
        c["state"] == "proved" && c["probe"].as_str().is_some_and(|p| p.contains("ecs"))
    });
    assert_eq!(green.count(), 0);
}

#[test]
fn a_demo_and_a_sandbox_stay_on_this_machine() {
    let folder = tempfile::tempdir().unwrap();
    let outside = ran(
        command(folder.path(), &["sandbox", "--listen", "0.0.0.0:0"])
            .output()
            .unwrap(),
    );
    assert_eq!(outside.code, 2, "{}", outside.out);
    assert!(outside.err.contains("loopback alone"), "{}", outside.err);
    let fault = ran(command(
        folder.path(),
        &["sandbox", "--listen", "127.0.0.1:0", "--fault", "throtle=1"],
    )
    .output()
    .unwrap());
    fault.told(2, &["throtle", "throttle"]);
}

#[test]
fn an_endpoint_that_is_none_says_why_and_asks_nobody() {
    let folder = tempfile::tempdir().unwrap();
    for (value, words) in [
        ("", "AWS_ENDPOINT_URL is set, and empty"),
        ("127.0.0.1:4566", "http://127.0.0.1:4566 may be meant"),
        ("ftp://127.0.0.1", "ftp://"),
        ("http://ana:hunter2@127.0.0.1:1", "password"),
    ] {
        let mut c = command(folder.path(), &["services"]);
        c.env("AWS_ENDPOINT_URL", value)
            .env("AWS_REGION", "us-east-1");
        let r = ran(c.output().unwrap());
        r.told(3, &[words, "unset AWS_ENDPOINT_URL"]);
        assert!(!r.err.contains("hunter2"), "{}", r.err);
    }
}

#[test]
fn a_server_out_of_reach_is_degraded_and_rights_that_are_narrow_are_only_said() {
    let platform = Platform::start(&["--fault", "elasticache:denied=1", "--fault", "s3:error=1"]);
    std::fs::write(
        platform.folder.path().join("flightdeck.toml"),
        "[redis]\nurl = \"redis://127.0.0.1:1\"\n",
    )
    .unwrap();
    let json = platform.run(&["status", "--json"]).json();
    let of = |list: &str, name: &str| -> Vec<String> {
        let all = json[list].as_array().unwrap().iter();
        let those = all.filter(|f| f["about"].as_str().unwrap().contains(name));
        those
            .map(|f| f["verdict"].as_str().unwrap_or("said").to_owned())
            .collect()
    };
    assert_eq!(of("findings", "redis"), ["degraded"], "{json}");
    assert_eq!(of("findings", "buckets"), ["unknown"], "{json}");
    assert!(of("findings", "caches").is_empty(), "{json}");
    assert_eq!(of("not_known", "caches"), ["said"], "{json}");
    assert!(of("not_known", "buckets").is_empty(), "{json}");
    let text = platform.run(&["status"]).out;
    assert!(text.contains("not known caches: "), "{text}");
}
