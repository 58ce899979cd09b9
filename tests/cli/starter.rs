//! `config init`, and what `config check` says of a configuration and of the plan that it names.

use std::fs;

use crate::program::{Platform, command, ran, run};

#[test]
fn a_starter_file_holds_what_was_found_and_can_be_used_at_once() {
    let platform = Platform::start(&[]);
    let file = platform.folder.path().join("flightdeck.toml");
    let made = platform.run(&["config", "init", "--json"]);
    assert_eq!((made.code, made.err.as_str()), (0, ""));
    let said = made.json()["config"].clone();
    assert_eq!(
        (said["account"].as_str(), said["region"].as_str()),
        (Some("123456789012"), Some("us-east-1"))
    );
    assert_eq!(
        said["clusters"],
        serde_json::json!(["laser-prod", "laser-staging"])
    );
    let text = fs::read_to_string(&file).unwrap();
    for line in [
        "region = \"us-east-1\"",
        "clusters = [\"laser-prod\", \"laser-staging\"]",
        "expected_account = \"123456789012\"",
    ] {
        assert!(text.lines().any(|l| l == line), "no {line} in:\n{text}");
    }
    assert!(
        text.lines().filter(|l| l.starts_with("# ")).count() > 30,
        "no comments:\n{text}"
    );
    assert!(
        !text.contains("flightdeck-demo-secret") && !text.contains("AKIA"),
        "a secret in:\n{text}"
    );
    let checked = platform.run(&["config", "check"]);
    assert_eq!(checked.code, 0, "{}", checked.err);
    assert!(
        checked.out.starts_with("flightdeck.toml is right\n"),
        "{}",
        checked.out
    );
    assert_eq!(platform.run(&["services"]).code, 0);
}

#[test]
fn a_starter_file_replaces_another_only_when_forced() {
    let platform = Platform::start(&[]);
    let file = platform.folder.path().join("flightdeck.toml");
    // It is broken: that must not keep anybody from a new one.
    fs::write(&file, "nonsense = [").unwrap();
    platform.run(&["config", "init"]).told(
        2,
        &["did not write flightdeck.toml", "there already", "--force"],
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), "nonsense = [");
    let forced = platform.run(&["config", "init", "--force"]);
    assert_eq!((forced.code, forced.err.as_str()), (0, ""));
    assert!(fs::read_to_string(&file).unwrap().contains("laser-staging"));
    let other = platform.run(&["config", "init", "--config", "elsewhere/fd.toml"]);
    assert_eq!(other.code, 0, "{}", other.err);
    assert!(platform.folder.path().join("elsewhere/fd.toml").is_file());
}

#[test]
fn without_credentials_a_starter_file_is_written_and_what_is_missing_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let mut init = command(folder.path(), &["config", "init"]);
    let made = ran(init
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        .output()
        .unwrap());
    assert_eq!((made.code, made.err.as_str()), (0, ""));
    assert!(
        made.out.contains("no AWS credentials were found"),
        "{}",
        made.out
    );
    let text = fs::read_to_string(folder.path().join("flightdeck.toml")).unwrap();
    assert!(
        text.lines().any(|l| l.starts_with("# clusters = ")),
        "{text}"
    );
    assert_eq!(run(folder.path(), &["config", "check"]).code, 0);
}

#[test]
fn config_check_reads_the_plan_that_the_file_names() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let check = || run(folder.path(), &["config", "check"]);
    write("flightdeck.toml", "plan = \"plan.toml\"\n");
    check().told(3, &["cannot read plan.toml", "no such file", "plan"]);
    write("plan.toml", "extends = \"default\"\n[[criteri]]\n");
    check().told(
        3,
        &[
            "plan.toml:2:3: unknown key \"criteri\"",
            "did you mean \"criteria\"?",
            "correct line 2 of plan.toml",
        ],
    );
    // No command runs on half a plan.
    run(folder.path(), &["checklist"]).told(3, &["plan.toml:2:3"]);
    write("plan.toml", "extends = \"defualt\"\n");
    check().told(3, &["plan.toml:1:", "did you mean \"default\"?"]);
    write("plan.toml", "extends = \"default\"\n");
    let right = run(folder.path(), &["config", "check", "--json"]);
    assert_eq!(right.code, 0, "{}", right.err);
    assert_eq!(right.json()["config"]["plan"], "plan.toml");
    assert!(right.json()["config"]["criteria"].as_u64().unwrap() > 50);
}

#[test]
fn each_mistake_in_a_configuration_has_its_place() {
    let folder = tempfile::tempdir().unwrap();
    for (text, words) in [
        (
            "[aws]\nregion = 5\n",
            &["flightdeck.toml:2:", "region in [aws] is 5"][..],
        ),
        ("[aws\n", &["flightdeck.toml:1:"]),
        (
            "[aws]\nendpoint = \"localhost\"\n",
            &["flightdeck.toml:2:", "endpoint", "localhost"],
        ),
        (
            "[aws]\nsecret_access_key = \"x\"\n",
            &["flightdeck.toml:2:1", "looks like a secret"],
        ),
        (
            "[aws]\ntimeout = \"soon\"\n",
            &["flightdeck.toml:2:", "timeout"],
        ),
        (
            "environment = \"prod\"\n[environments.production]\n",
            &["prod"],
        ),
    ] {
        fs::write(folder.path().join("flightdeck.toml"), text).unwrap();
        run(folder.path(), &["config", "check"]).told(3, words);
    }
}

#[test]
fn a_starter_file_goes_where_it_will_be_read_from() {
    let folder = tempfile::tempdir().unwrap();
    let made = |words: &[&str]| {
        let mut c = command(folder.path(), words);
        c.env("FLIGHTDECK_CONFIG", "named.toml");
        ran(c.output().unwrap())
    };
    let r = made(&["config", "init", "--demo"]);
    assert!(r.out.contains("wrote named.toml"), "{}{}", r.out, r.err);
    assert!(
        made(&["config", "check"])
            .out
            .contains("named.toml is right")
    );
    made(&["config", "init", "--demo"]).told(2, &["it is there already", "--force"]);
}
