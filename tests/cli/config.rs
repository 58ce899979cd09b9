use std::fs;

use crate::program::{command, ran, run};

#[test]
fn a_mistake_is_three_lines_with_its_place_and_a_suggestion() {
    let folder = tempfile::tempdir().unwrap();
    let text = "read_only = true\n\n[aws]\nclusers = [\"a\"]\n";
    fs::write(folder.path().join("flightdeck.toml"), text).unwrap();
    let r = run(folder.path(), &["config", "check"]);
    assert_eq!(r.code, 3, "{}", r.err);
    let lines: Vec<&str> = r.err.lines().collect();
    assert_eq!(
        lines[0],
        "error: flightdeck.toml:4:1: unknown key \"clusers\" in [aws]; did you mean \"clusters\"?"
    );
    assert!(
        lines[1].starts_with("  why: expected one of: "),
        "{}",
        r.err
    );
    assert_eq!(lines[2], "   do: correct line 4 of flightdeck.toml");
    assert_eq!((lines.len(), r.out.as_str()), (3, ""));
    // Every other command stops at the same place instead of running on half a configuration.
    let r = run(folder.path(), &["services"]);
    assert_eq!((r.code, r.err.lines().next()), (3, Some(lines[0])));
}

#[test]
fn the_file_is_found_in_the_order_that_is_documented() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let used = |words: &[&str], variable: Option<&str>| {
        let mut c = command(folder.path(), words);
        if let Some(value) = variable {
            c.env("FLIGHTDECK_CONFIG", value);
        }
        ran(c.output().unwrap()).json()["config"]["file"].clone()
    };
    let path = ["config", "path", "--json"];
    assert!(used(&path, None).is_null());
    fs::create_dir_all(at(".config/flightdeck")).unwrap();
    fs::write(at(".config/flightdeck/flightdeck.toml"), "").unwrap();
    assert!(
        used(&path, None)
            .as_str()
            .unwrap()
            .ends_with(".config/flightdeck/flightdeck.toml")
    );
    fs::write(at("flightdeck.toml"), "").unwrap();
    assert_eq!(used(&path, None), "flightdeck.toml");
    fs::write(at("other.toml"), "").unwrap();
    assert_eq!(used(&path, Some("other.toml")), "other.toml");
    fs::write(at("third.toml"), "").unwrap();
    let named = ["config", "path", "--json", "--config", "third.toml"];
    assert_eq!(used(&named, Some("other.toml")), "third.toml");
    let r = run(
        folder.path(),
        &["--config", "missing.toml", "config", "path"],
    );
    assert_eq!(r.code, 3);
    assert!(
        r.err.contains("missing.toml") && r.err.contains("does not exist"),
        "{}",
        r.err
    );
}

#[test]
fn an_environment_is_chosen_or_suggested() {
    let folder = tempfile::tempdir().unwrap();
    let text = "[environments.production]\n[environments.staging.aws]\nregion = \"eu-west-1\"\n";
    fs::write(folder.path().join("flightdeck.toml"), text).unwrap();
    let json = run(
        folder.path(),
        &["config", "check", "--json", "--env", "staging"],
    )
    .json();
    assert_eq!(json["schema"], 1);
    assert_eq!(json["config"]["environment"], "staging");
    assert_eq!(json["config"]["production"], false);
    let r = run(folder.path(), &["config", "check", "--env", "stagging"]);
    assert_eq!(r.code, 2);
    assert!(r.err.contains("did you mean \"staging\"?"), "{}", r.err);
}

#[test]
fn an_environment_that_is_none_is_never_guessed() {
    let folder = tempfile::tempdir().unwrap();
    let asked = |words: &[&str]| run(folder.path(), words);
    let none = "unknown environment \"prodction\"; did you mean \"production\"?";
    asked(&["config", "check", "--env", "prodction"]).told(2, &[none, "there is no file"]);
    let deed = ["--env", "staging", "scale", "api", "3", "--yes"];
    asked(&deed).told(2, &["unknown environment \"staging\""]);
    asked(&["--demo", "services", "--env", "staging"]).told(2, &["the demo has laser-prod alone"]);
    fs::write(folder.path().join("flightdeck.toml"), "read_only = true\n").unwrap();
    asked(&["config", "check", "--env", "staging"]).told(2, &["no [environments]"]);
    let r = asked(&["config", "check", "--env", "production", "--json"]);
    assert_eq!(r.json()["config"]["production"], true);
}

/// Earlier versions of `config init` listed every cluster that they saw as production's own.
#[test]
fn a_check_tells_of_clusters_of_other_environments() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("flightdeck.toml");
    let text = "[aws]\nclusters = [\"laser-dev\", \"laser-prod\", \"laser-staging\"]\n";
    fs::write(&file, text).unwrap();
    let r = run(folder.path(), &["config", "check"]);
    assert_eq!(r.code, 0, "{}", r.err);
    let warning = "lists laser-dev, laser-staging as production's own";
    assert!(r.out.contains(warning), "{}", r.out);
    let warnings = || {
        let r = run(folder.path(), &["config", "check", "--json"]);
        r.json()["config"]["warnings"].clone()
    };
    assert!(warnings()[0].as_str().unwrap().contains(warning));
    fs::write(&file, "[aws]\nclusters = [\"laser-prod\"]\n").unwrap();
    assert_eq!(warnings(), serde_json::json!([]));
}

#[test]
fn a_check_lists_every_mistake() {
    let folder = tempfile::tempdir().unwrap();
    let text = "[aws]\nclusers = 1\ntimeout = \"x\"\n[ui]\ntheme = \"drak\"\n";
    fs::write(folder.path().join("flightdeck.toml"), text).unwrap();
    let r = run(folder.path(), &["config", "check"]);
    assert_eq!((r.code, r.out.as_str()), (3, ""));
    let errors: Vec<&str> = r.err.lines().filter(|l| l.starts_with("error: ")).collect();
    assert_eq!(errors.len(), 3, "{}", r.err);
    for (error, place) in errors.iter().zip(["2:1", "3:11", "5:9"]) {
        assert!(
            error.starts_with(&format!("error: flightdeck.toml:{place}: ")),
            "{error}"
        );
    }
    let r = run(folder.path(), &["config", "check", "--json"]);
    let said = r.json()["config"].clone();
    assert_eq!(
        (r.code, &said["ok"], &said["file"]),
        (3, &false.into(), &"flightdeck.toml".into())
    );
    assert_eq!(said["mistakes"].as_array().unwrap().len(), 3);
    assert_eq!(said["mistakes"][2]["line"], 5);
}

#[test]
fn names_of_faces_are_checked_and_ones_own_are_known() {
    let folder = tempfile::tempdir().unwrap();
    let asked = |words: &[&str]| run(folder.path(), words);
    let words = [
        "unknown theme \"ligth\"; did you mean \"light\"?",
        "--theme",
    ];
    asked(&["config", "check", "--theme", "ligth"]).told(2, &words);
    asked(&["services", "--demo", "--keymap", "wim"]).told(2, &["did you mean \"vim\"?"]);
    let own = folder.path().join(".config/flightdeck/themes");
    fs::create_dir_all(&own).unwrap();
    fs::write(own.join("mine.toml"), "[roles]\nok.fg = 'green'\n").unwrap();
    assert_eq!(asked(&["config", "check", "--theme", "mine"]).code, 0);
    // What the console could not begin with is not right.
    let file = folder.path().join("flightdeck.toml");
    fs::write(&file, "[ui]\ntheme = \"mine\"\nkeymap = \"mine\"\n").unwrap();
    let keys = folder.path().join(".config/flightdeck/keymaps");
    fs::create_dir_all(&keys).unwrap();
    let check = |theme: &str, keymap: &str| {
        fs::write(own.join("mine.toml"), theme).unwrap();
        fs::write(keys.join("mine.toml"), keymap).unwrap();
        asked(&["config", "check"])
    };
    let well = "[roles]\n";
    assert_eq!(check(well, "[global]\nquit = 'Q'\n").code, 0);
    check("", "").told(3, &["Theme mine cannot be used", "roles"]);
    check("[roles]\nok.fg = 'grun'\n", "").told(3, &["\"grun\" is not a colour"]);
    check(well, "[global]\nquitt = 'Q'\n").told(3, &["Keymap mine cannot be used"]);
    check(well, "[global]\nquit = [\n").told(3, &["Keymap mine cannot be used", "line "]);
    let r = asked(&["config", "check", "--json"]);
    r.told_in_json(3, &["Keymap mine cannot be used"]);
}

#[test]
fn a_path_that_is_no_file_says_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("d.toml")).unwrap();
    let asked = |words: &[&str]| run(folder.path(), words);
    asked(&["config", "check", "--config", "d.toml"]).told(3, &["it is a folder"]);
    asked(&["config", "check", "--config", "/dev/zero"]).told(3, &["no ordinary file"]);
    asked(&["config", "init", "--config", "d.toml"]).told(2, &["it is a folder"]);
    asked(&["config", "path", "--log", "/dev/full"]).told(3, &["no room left"]);
    asked(&["config", "path", "--log", "d.toml"]).told(3, &["it is a folder"]);
    // What stands where a file is looked for is not passed over.
    fs::create_dir(folder.path().join("flightdeck.toml")).unwrap();
    asked(&["services"]).told(3, &["cannot read flightdeck.toml", "it is a folder"]);
}

#[test]
fn without_a_terminal_the_console_says_what_to_do_instead() {
    let folder = tempfile::tempdir().unwrap();
    for words in [&["demo"][..], &[]] {
        run(folder.path(), words).told(2, &["no terminal", "flightdeck status --json"]);
    }
    run(folder.path(), &["--json"]).told_in_json(2, &["flightdeck status --json"]);
}

#[test]
fn a_wrong_word_is_two_but_never_reads_as_down() {
    let folder = tempfile::tempdir().unwrap();
    let asked = |words: &[&str]| run(folder.path(), words);
    asked(&["services", "--bogus"]).told(2, &["'--bogus'", "flightdeck services"]);
    asked(&["status", "--bogus"]).told(3, &["'--bogus'"]);
    asked(&["deploy", "api"]).told(2, &["--image"]);
    asked(&["servces"]).told(2, &["'services'"]);
    asked(&["config"]).told(2, &["a command is missing"]);
    asked(&["status", "--demo", "--theme", "nope"]).told(3, &["unknown theme"]);
    asked(&["status", "--demo", "--env", "nope"]).told(3, &["unknown environment"]);
    let help = run(folder.path(), &["--help"]);
    assert_eq!(help.code, 0);
    for later in ["wall", "agent"] {
        assert!(
            !help.out.contains(&format!("  {later}")),
            "{later} is offered"
        );
    }
}

#[test]
fn the_log_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(
        run(folder.path(), &["config", "path", "--log", "fd.log"]).code,
        0
    );
    let log = folder.path().join("fd.log");
    assert_eq!(
        fs::metadata(&log).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(fs::read_to_string(&log).unwrap().contains("started"));
}

#[test]
fn an_environment_whose_name_nobody_can_type_is_a_mistake() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("flightdeck.toml");
    let texts = [
        "environment = \"PROD \"\n",
        "environment = \" \"\n",
        "environment = \"PRO\\u200BD\"\n",
        "[environments.\" prod\"]\n[environments.staging]\n",
        "[environments.\"pr\\tod\"]\n",
    ];
    for text in texts {
        fs::write(&file, text).unwrap();
        for words in [&["config", "check"][..], &["services"]] {
            let r = run(folder.path(), words);
            assert_eq!(r.code, 3, "{text}");
            assert!(r.err.contains("cannot be typed"), "{text}: {}", r.err);
        }
    }
    fs::write(&file, "environment = \"Produktion Süd\"\n").unwrap();
    assert_eq!(run(folder.path(), &["config", "check"]).code, 0);
}

/// A repository that was cloned may bring a file: it must not send this user's tokens anywhere until somebody said so.
#[test]
fn a_file_of_this_folder_sends_nothing_elsewhere_until_it_was_confirmed() {
    let folder = tempfile::tempdir().unwrap();
    // Of the network for documents: nothing is there.
    let text = |host: &str| {
        format!(
            "[aws]\nregion = \"us-east-1\"\n[github]\nrepository = \"a/b\"\nendpoint = \"http://{host}:9/\"\n"
        )
    };
    let write = |host: &str| fs::write(folder.path().join("flightdeck.toml"), text(host)).unwrap();
    let stopped = |words: &[&str]| {
        let r = run(folder.path(), words);
        (r.code == 2 && r.err.contains("was not confirmed"), r.err)
    };
    write("192.0.2.2");
    let (is_stopped, said) = stopped(&["audit"]);
    assert!(is_stopped, "{said}");
    assert!(
        said.contains("[github] endpoint = http://192.0.2.2:9/"),
        "{said}"
    );
    assert!(said.contains("flightdeck config trust"), "{said}");
    // Whoever watches its code reads no outage into it.
    let r = run(folder.path(), &["status"]);
    assert!(r.err.contains("was not confirmed"), "{}", r.err);
    assert_eq!(r.code, 3, "{}", r.err);
    // What does not ask anybody may be read, and a file that was named is the user's word.
    assert_eq!(run(folder.path(), &["config", "check"]).code, 0);
    assert!(!stopped(&["--config", "flightdeck.toml", "audit"]).0);
    let r = run(folder.path(), &["config", "trust"]);
    assert!(
        r.code == 0 && r.out.contains("http://192.0.2.2:9/"),
        "{}{}",
        r.out,
        r.err
    );
    assert!(!stopped(&["audit"]).0);
    write("192.0.2.3");
    assert!(stopped(&["audit"]).0, "it says something else now");
    write("127.0.0.1");
    assert!(!stopped(&["audit"]).0, "this machine is no place elsewhere");
}

/// The host before the `?` is this machine, the one behind it is not; and a certificate authority of the repository hears tokens as well.
#[test]
fn a_file_of_this_folder_says_nowhere_hidden_where_passwords_go() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let authority = rcgen::generate_simple_self_signed(vec!["ca.example".into()]).unwrap();
    fs::write(at("ca.pem"), authority.cert.pem()).unwrap();
    let texts = [
        (
            "[postgres]\nurl = \"postgres://localhost/shop?hostaddr=192.0.2.2&sslmode=disable\"\n",
            "[postgres] url = postgres://localhost/shop?hostaddr=192.0.2.2",
        ),
        (
            "[probes]\nextra_roots = \"ca.pem\"\n",
            "[probes] extra_roots = 1 authority, SHA-256 ",
        ),
        (
            "environment = \"dev\"\n[aws]\nclusters = [\"laser-prod\"]\n",
            "[aws] clusters = laser-prod as dev's",
        ),
    ];
    for (text, place) in texts {
        fs::write(at("flightdeck.toml"), text).unwrap();
        let r = run(folder.path(), &["audit"]);
        assert_eq!(r.code, 2, "{text}{}", r.err);
        assert!(r.err.contains("was not confirmed"), "{}", r.err);
        assert!(r.err.contains(place), "{}", r.err);
        let r = run(folder.path(), &["config", "trust"]);
        assert!(r.code == 0 && r.out.contains(place), "{}{}", r.out, r.err);
        let r = run(folder.path(), &["audit"]);
        assert!(!r.err.contains("was not confirmed"), "{}", r.err);
    }
    // What the user's own file says for caution's sake is not taken away by one that says nothing.
    let own = folder.path().join(".config").join("flightdeck");
    fs::create_dir_all(&own).unwrap();
    fs::write(
        own.join("flightdeck.toml"),
        "read_only = true\n[aws]\nexpected_account = \"999999999999\"\n",
    )
    .unwrap();
    fs::write(at("flightdeck.toml"), "").unwrap();
    let r = run(folder.path(), &["audit"]);
    assert_eq!(r.code, 2, "{}", r.err);
    assert!(
        r.err.contains("read_only = not true as your own"),
        "{}",
        r.err
    );
    assert!(
        r.err.contains("[aws] expected_account = not 999999999999"),
        "{}",
        r.err
    );
    fs::write(
        at("flightdeck.toml"),
        "read_only = true\n[aws]\nexpected_account = \"999999999999\"\n",
    )
    .unwrap();
    let r = run(folder.path(), &["audit"]);
    assert!(!r.err.contains("was not confirmed"), "{}", r.err);
    fs::remove_file(own.join("flightdeck.toml")).unwrap();
    // Each environment of a file has its own word.
    let of = |env: &str| format!("[environments.{env}.aws]\nprofile = \"{env}-admin\"\n");
    let text = of("production") + &of("staging");
    fs::write(at("flightdeck.toml"), text).unwrap();
    for env in ["production", "staging"] {
        let r = run(folder.path(), &["--env", env, "audit"]);
        let place = format!("[aws] profile = {env}-admin");
        assert!(r.err.contains(&place), "{}", r.err);
        let r = run(folder.path(), &["--env", env, "config", "trust"]);
        assert!(r.code == 0 && r.out.contains(&place), "{}{}", r.out, r.err);
    }
    for env in ["production", "staging"] {
        let r = run(folder.path(), &["--env", env, "audit"]);
        assert!(!r.err.contains("was not confirmed"), "{}", r.err);
    }
}
