use crate::program::{Platform, run};

/// State, answer and reason of a criterion.
fn criterion<'a>(list: &'a serde_json::Value, id: &str) -> (&'a str, String) {
    let all = list["criteria"].as_array().unwrap();
    let one = all.iter().find(|c| c["id"] == id);
    let one = one.unwrap_or_else(|| panic!("no criterion {id}"));
    (one["state"].as_str().unwrap(), one["reason"].to_string())
}

#[test]
fn what_is_seen_from_outside_is_proved_on_the_demos_own_hosts() {
    let folder = tempfile::tempdir().unwrap();
    let ran = run(folder.path(), &["--demo", "checklist", "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let list = ran.json();
    // Names and URLs; certificates; subdomains; the grade of TLS.
    for id in ["1.3.a", "1.3.b", "1.3.d", "4.2.a"] {
        let (state, reason) = criterion(&list, id);
        assert_eq!(state, "proved", "{id}: {reason}");
    }
    // Strangers are refused, a limit answers; a second region stands by; backups are out of reach.
    for id in ["4.2.c", "4.1.a", "5.3.b"] {
        let (state, reason) = criterion(&list, id);
        assert_eq!(state, "proved", "{id}: {reason}");
    }
    // A rollback of the past is found without anybody opening a service's page.
    let rehearsed = list["criteria"].as_array().unwrap().iter();
    let rehearsed = rehearsed.clone().find(|c| c["id"] == "2.S4").unwrap();
    assert_eq!(rehearsed["state"], "proved", "{}", rehearsed["reason"]);
    let evidence = rehearsed["evidence"].to_string() + &rehearsed["all_evidence"].to_string();
    assert!(evidence.contains("was rolled back"), "{evidence}");
    // What the answers made the plan ask for was waited for, too.
    for one in list["criteria"].as_array().unwrap() {
        let reason = one["reason"].as_str().unwrap_or_default();
        assert!(!reason.contains(" yet"), "{}: {reason}", one["id"]);
    }
    // The plan has a first day, and what is done and what is late is told by days.
    let today = jiff::Timestamp::now()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date();
    let stage = |n: usize| list["stages"][n - 1].clone();
    assert!(list["go_live"].is_string(), "{}", list["go_live"]);
    assert_eq!(stage(2)["actual_end"], today.to_string(), "{}", stage(2));
    assert_eq!(stage(2)["late_days"], 0);
    assert_eq!(stage(1)["late_days"], 2, "{}", stage(1));
    assert!(list["calendar"].as_array().unwrap().iter().any(|m| {
        m["title"] == "Testing and validation" && m["stage"].is_null() && m["planned"].is_object()
    }));
    let first = list["criteria"].as_array().unwrap().iter();
    let first = first.clone().find(|c| c["id"] == "2.S4").unwrap();
    assert!(first["first_proved_at"].is_string(), "{first}");
    // One host lacks headers, and alone is to blame.
    let (state, reason) = criterion(&list, "4.2.b");
    assert_eq!(state, "failing");
    assert!(reason.contains("cdn.laser.example"), "{reason}");
    assert!(
        reason.contains("Content-Security-Policy is missing"),
        "{reason}"
    );
    assert!(!reason.contains("api.laser.example"), "{reason}");
}

#[test]
fn each_environment_of_the_demo_answers_and_stands_beside_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let list = run(folder.path(), &["--demo", "checklist", "--json"]).json();
    for (id, env) in [("1.2.b", "staging"), ("1.2.c", "development")] {
        let all = list["criteria"].as_array().unwrap();
        let one = all.iter().find(|c| c["id"] == id).unwrap();
        assert_eq!(one["state"], "proved", "{one}");
        let probe = format!("environments.answer name={env}");
        assert_eq!(one["probe"], probe);
        let answer = one["evidence"]["answer"].to_string();
        assert!(
            answer.contains(env) && answer.contains("2 of 2 services run"),
            "{one}"
        );
    }
    let view = run(folder.path(), &["--demo", "show", "environments", "--json"]).json();
    let rows = |list: &str| view[list].as_array().unwrap().clone();
    let envs = rows("environments");
    assert!(
        envs.iter()
            .all(|e| e["exists"] == true && e["answers"] == true),
        "{envs:?}"
    );
    let of = |name: &str| envs.iter().find(|e| e["environment"] == name).unwrap();
    let version = |name: &str| of(name)["schema"][0]["version"].as_str().unwrap();
    assert!(version("production").ends_with("_quote_currency"));
    assert!(version("staging").ends_with("_quote_rush"));
    assert!(of("production")["schema_drift"].is_null());
    assert!(
        of("staging")["schema_drift"]
            .to_string()
            .contains("not production's")
    );
    // Nobody can ask development's database: its schema is not guessed.
    let development = of("development");
    assert!(development["schema"].is_null() && !development["schema_unknown"].is_null());
    let images = rows("images");
    let api = images.iter().find(|i| i["name"] == "api").unwrap();
    let drift = "staging ahead: 1.8.3; development ahead: 1.9.0-dev.4";
    assert_eq!(api["drift"], drift, "{api}");
    assert!(rows("flags").iter().any(|f| !f["drift"].is_null()));
    let variables = rows("variables");
    let ahead = variables
        .iter()
        .find(|v| v["name"] == "QUOTE_ENGINE")
        .unwrap();
    assert!(
        ahead["drift"]
            .to_string()
            .contains("not in production: api, worker"),
        "{ahead}"
    );
    assert!(
        rows("vercel_variables")
            .iter()
            .any(|v| !v["drift"].is_null())
    );
}

#[test]
fn whoever_vouches_for_what_fails_is_told_that_it_will_not_count() {
    let folder = tempfile::tempdir().unwrap();
    let r = run(
        folder.path(),
        &["--demo", "signoff", "4.2.b", "--why", "seen", "--yes"],
    );
    assert_eq!(r.code, 0, "{}", r.err);
    for words in [
        "warning: ",
        "cdn.laser.example",
        "a probe outranks a sign-off",
    ] {
        assert!(r.err.contains(words), "{words} is not in: {}", r.err);
    }
    let r = run(
        folder.path(),
        &[
            "--demo",
            "signoff",
            "4.2.b",
            "--why",
            "seen",
            "--preview",
            "--json",
        ],
    );
    let warnings = r.json()["preview"]["warnings"].to_string();
    assert!(warnings.contains("4.2.b stays failing"), "{warnings}");
    let r = run(
        folder.path(),
        &["--demo", "signoff", "1.3.a", "--why", "seen", "--yes"],
    );
    assert_eq!((r.code, r.err.as_str()), (0, ""));
}

#[test]
fn a_word_on_a_criterion_that_is_none_is_refused_with_a_suggestion() {
    let folder = tempfile::tempdir().unwrap();
    let until = ["--until", "2999-01-01"];
    for (verb, more) in [("signoff", &[][..]), ("waive", &until), ("withdraw", &[])] {
        let words = [&["--demo", verb, "4.2.bb", "--why", "x", "--yes"], more].concat();
        let said = "unknown criterion \"4.2.bb\"; did you mean \"4.2.b\"?";
        run(folder.path(), &words).told(2, &[said]);
    }
}

#[test]
fn a_sign_off_of_what_fails_does_not_count_again_because_nobody_answers() {
    let mut platform = Platform::start(&[]);
    let list = platform.run(&["checklist", "--json"]).json();
    let all = list["criteria"].as_array().unwrap();
    let fails = |c: &&serde_json::Value| {
        let probe = c["probe"].as_str().unwrap_or_default();
        c["state"] == "failing" && probe.starts_with("ecs.")
    };
    let one = all
        .iter()
        .find(fails)
        .expect("something of ECS fails in the story");
    let id = one["id"].as_str().unwrap();
    let signed = platform.run(&["signoff", id, "--why", "x", "--yes"]);
    assert_eq!(signed.code, 0, "{}", signed.err);
    let told = platform.run(&["checklist", "--json"]).json();
    assert_eq!(criterion(&told, id).0, "failing");
    platform.stop();
    let (state, reason) = {
        let list = platform.run(&["checklist", "--json"]).json();
        let (state, reason) = criterion(&list, id);
        (state.to_owned(), reason)
    };
    assert_eq!(state, "failing", "{reason}");
    assert!(reason.contains("failed when last asked"), "{reason}");
    assert!(reason.contains("cannot be asked now"), "{reason}");
}
