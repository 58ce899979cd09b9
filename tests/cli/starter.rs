//! `config init`, and what `config check` says of a configuration and of the plan that it names.

use std::fs;

use serde_json::Value;

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
        serde_json::json!(["laser-prod", "laser-dev", "laser-staging"])
    );
    let text = fs::read_to_string(&file).unwrap();
    for line in [
        "region = \"us-east-1\"",
        // Listed, staging's would be production's own.
        "# clusters = [\"laser-prod\", \"laser-dev\", \"laser-staging\"]",
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
    let (fate, clusters) = told(&made.json(), "clusters");
    assert_eq!((fate.as_str(), clusters.len()), ("commented", 3));
    let all = platform.run(&["show", "environments", "--json"]).json();
    let exists = all["environments"].as_array().unwrap().iter();
    assert!(exists.clone().all(|e| e["exists"] == true), "{all}");
    assert_eq!(exists.count(), 3);
}

/// What became of a thing that was looked for, and its names.
fn told(said: &Value, what: &str) -> (String, Vec<String>) {
    let rows = said["config"]["found"].as_array().unwrap();
    let row = rows.iter().find(|r| r["what"] == what);
    let row = row.unwrap_or_else(|| panic!("nothing of {what} in {said}"));
    let names = row["found"].as_array().unwrap().iter();
    let names = names.map(|n| n.as_str().unwrap().to_owned());
    (row["fate"].as_str().unwrap().to_owned(), names.collect())
}

#[test]
fn a_run_on_the_starter_file_sees_what_a_run_without_it_sees() {
    let platform = Platform::start(&[]);
    let systems = [
        (&["services"][..], "services", "name"),
        (&["show", "databases"], "databases", "id"),
        (&["show", "caches"], "caches", "id"),
        (&["logs"], "log_groups", "group"),
        (&["dashboards"], "dashboards", "name"),
        (&["flags"], "flags", "key"),
    ];
    let seen = || -> Vec<Vec<Value>> {
        let names = |(words, list, key): &(&[&str], &str, &str)| {
            let rows = platform.rows(words, list);
            rows.iter().map(|r| r[*key].clone()).collect::<Vec<_>>()
        };
        systems.iter().map(names).collect()
    };
    let before = seen();
    assert!(before.iter().all(|names| !names.is_empty()), "{before:?}");
    let said = platform.run(&["config", "init", "--json"]).json();
    let file = platform.folder.path().join("flightdeck.toml");
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(seen(), before, "the file hides something:\n{text}");
    let checked = platform.run(&["config", "check", "--json"]);
    assert_eq!(checked.json()["config"]["mistakes"], serde_json::json!([]));
    // What needs a password stands behind a mark, with the address that was found.
    assert_eq!(
        told(&said, "databases"),
        (
            "commented".into(),
            vec!["laser-prod-db".into(), "laser-analytics".into()]
        )
    );
    assert!(
        text.contains("\n# url = \"postgres://flightdeck@laser-prod-db."),
        "{text}"
    );
    assert!(text.contains("\n# url = \"rediss://"), "{text}");
    let (fate, balancers) = told(&said, "load balancers");
    // Listed, they would be what is promised of every environment that the file gets.
    assert_eq!((fate.as_str(), balancers.len()), ("commented", 1));
    assert!(
        text.contains(&format!("\n# load_balancers = [\"{}\"]\n", balancers[0])),
        "{text}"
    );
    assert!(text.contains("\nsecond_region = \"eu-west-1\"\n"), "{text}");
    assert_eq!(told(&said, "Vercel").0, "not_found");
    assert_eq!(told(&said, "log groups").0, "by_itself");
    let (fate, dashboards) = told(&said, "dashboards");
    assert_eq!(fate, "by_itself", "{said}");
    assert!(!dashboards.is_empty());
}

#[test]
fn the_demo_finds_what_every_vendor_has_and_what_hosts_answer() {
    let folder = tempfile::tempdir().unwrap();
    let said = run(folder.path(), &["--demo", "config", "init", "--json"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    let said = said.json();
    for (what, names) in [
        ("Vercel", &["laser-docs", "laser-web"][..]),
        ("Cloudflare", &["laser-staging.example", "laser.example"]),
        ("GitHub", &["laser/platform"]),
        ("Sentry", &["laser"]),
    ] {
        let (fate, mut found) = told(&said, what);
        found.sort();
        assert_eq!(fate, "written", "{what}");
        assert_eq!(found, names, "{what}");
    }
    let (fate, hosts) = told(&said, "hosts");
    assert_eq!(fate, "written", "{said}");
    assert!(hosts.contains(&"api.laser.example".into()), "{hosts:?}");
    let text = fs::read_to_string(folder.path().join("flightdeck.toml")).unwrap();
    for line in [
        "organization = \"laser\"",
        "team = \"team_Lz7Qk2Vn9Xw4Tb6Rc8Hd1Mf3\"",
        "repository = \"laser/platform\"",
        "url = \"https://api.laser.example/\"",
        "# clusters = [\"laser-dev\"]",
    ] {
        assert!(text.lines().any(|l| l == line), "no {line} in:\n{text}");
    }
    let token = "sandbox-token";
    assert!(!text.contains(token), "{text}");
    assert_eq!(run(folder.path(), &["config", "check"]).code, 0);
}

#[test]
fn a_clone_tells_its_repository_and_no_token_of_its_url_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(".git")).unwrap();
    let origin = "[remote \"origin\"]\n\turl = https://ana:ghp_canary@github.com/acme/shop.git\n";
    fs::write(folder.path().join(".git/config"), origin).unwrap();
    let mut init = command(folder.path(), &["config", "init"]);
    init.env("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    let made = ran(init.output().unwrap());
    assert_eq!((made.code, made.err.as_str()), (0, ""));
    assert!(made.out.contains("acme/shop"), "{}", made.out);
    assert!(made.out.contains("flightdeck login github"), "{}", made.out);
    let text = fs::read_to_string(folder.path().join("flightdeck.toml")).unwrap();
    assert!(text.contains("\nrepository = \"acme/shop\"\n"), "{text}");
    assert!(!text.contains("ghp_") && !made.out.contains("ghp_"));
}

#[test]
fn keys_that_are_refused_are_said_and_the_file_is_written_all_the_same() {
    let platform = Platform::start(&[]);
    let mut init = platform.command(&["config", "init"]);
    init.env("AWS_ACCESS_KEY_ID", "AKIAWRONGWRONGWRONG0");
    let made = ran(init.output().unwrap());
    assert_eq!((made.code, made.err.as_str()), (0, ""));
    assert!(
        made.out.contains("not everything was found"),
        "{}",
        made.out
    );
    let rows = made.out.lines().filter(|l| l.starts_with("AWS ")).count();
    assert_eq!(rows, 1, "one line says it of all of AWS:\n{}", made.out);
    assert_eq!(platform.run(&["config", "check"]).code, 0);
}

#[test]
fn a_bare_account_is_said_to_be_bare() {
    let platform = Platform::start(&["--empty"]);
    let said = platform.run(&["config", "init", "--json"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    let said = said.json();
    assert_eq!(told(&said, "account").0, "written");
    for what in ["clusters", "databases", "caches", "second region", "hosts"] {
        assert_eq!(told(&said, what), ("not_found".into(), vec![]), "{what}");
    }
    assert_eq!(platform.run(&["config", "check"]).code, 0);
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
    assert!(
        forced.out.contains("is kept as flightdeck.toml.bak-"),
        "{}",
        forced.out
    );
    assert!(
        forced.out.contains("nothing of it is in the new one"),
        "{}",
        forced.out
    );
    let other = platform.run(&["config", "init", "--config", "elsewhere/fd.toml"]);
    assert_eq!(other.code, 0, "{}", other.err);
    assert!(platform.folder.path().join("elsewhere/fd.toml").is_file());
}

#[test]
fn a_file_that_is_made_anew_keeps_what_a_person_wrote() {
    let platform = Platform::start(&[]);
    let file = platform.folder.path().join("flightdeck.toml");
    let own = "mine = 1\n[cost]\nmonthly_budget = 900\n[slack]\nchannel = \"#ops\"\n[environments.staging.aws]\nprofile = \"x\"\n";
    fs::write(&file, own).unwrap();
    let forced = platform.run(&["config", "init", "--force"]);
    assert_eq!((forced.code, forced.err.as_str()), (0, ""));
    let text = fs::read_to_string(&file).unwrap();
    for word in [
        "monthly_budget = 900\n",
        "channel = \"#ops\"\n",
        "profile = \"x\"\n",
        "laser-prod",
    ] {
        assert!(text.contains(word), "{word}: {text}");
    }
    let lost = forced
        .out
        .lines()
        .find(|l| l.contains("not in the new one"));
    assert!(
        lost.is_some_and(|l| l.ends_with(": mine")),
        "{}",
        forced.out
    );
    let mut all = fs::read_dir(platform.folder.path()).unwrap();
    let copy = all.find_map(|e| {
        let path = e.unwrap().path();
        let is_copy = path.to_string_lossy().contains("flightdeck.toml.bak-");
        is_copy.then_some(path)
    });
    assert_eq!(fs::read_to_string(copy.unwrap()).unwrap(), own);
    assert_eq!(platform.run(&["config", "check"]).code, 0);
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
    write("plan.toml", &"# a plan\n".repeat(1 << 20));
    let words = [
        "cannot read plan.toml",
        "larger than 1 MB",
        "another plan file",
    ];
    check().told(3, &words);
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
