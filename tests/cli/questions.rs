//! What every question answers, on the demo: exit codes, JSON of the documented shape, tables for people.

use std::process::Stdio;

use serde_json::Value;

use crate::program::{Platform, command, run};

/// Each question with the name of its list and the fields that its rows promise in docs/cli.md.
const LISTS: [(&[&str], &str, &[&str]); 11] = [
    (
        &["services"],
        "services",
        &[
            "cluster",
            "name",
            "health",
            "desired",
            "running",
            "revision",
            "image",
            "deployed_at",
        ],
    ),
    (
        &["tasks", "laser-prod/api"],
        "tasks",
        &[
            "id",
            "service",
            "status",
            "health",
            "revision",
            "zone",
            "stopped_at",
            "containers",
        ],
    ),
    (
        &["deployments"],
        "deployments",
        &[
            "id",
            "cluster",
            "service",
            "state",
            "progress",
            "steps",
            "bake_minutes",
            "bake_left_s",
            "estimate",
            "from",
            "to",
            "circuit_breaker",
        ],
    ),
    (
        &["alerts"],
        "alerts",
        &["name", "state", "severity", "reason", "since", "rule"],
    ),
    (
        &["metrics"],
        "metrics",
        &["namespace", "name", "dimensions"],
    ),
    (
        &["metrics", "AWS/ECS/CPUUtilization"],
        "metrics",
        &["stat", "period_s", "unit", "points"],
    ),
    (
        &["dashboards"],
        "dashboards",
        &["name", "source", "title", "modified_at", "bytes", "problem"],
    ),
    (
        &["dashboards", "laser-prod-overview"],
        "widgets",
        &["title", "kind", "series", "alarms", "cannot_show", "notes"],
    ),
    (
        &["slo"],
        "slo",
        &[
            "kind",
            "target",
            "current",
            "state",
            "budget",
            "burn",
            "ending",
            "known_s",
            "criterion",
            "series",
        ],
    ),
    (
        &["logs"],
        "log_groups",
        &["group", "retention_days", "stored_bytes"],
    ),
    (
        &["logs", "laser-prod/api"],
        "logs",
        &["id", "at", "group", "level", "message", "fields", "raw"],
    ),
];

#[test]
fn every_list_is_json_of_the_documented_shape_with_its_age_and_source() {
    let platform = Platform::start(&[]);
    for (words, name, fields) in LISTS {
        let ran = platform.run(&[words, &["--json"]].concat());
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{words:?}");
        let json = ran.json();
        assert_eq!(json["schema"], 1);
        assert!(json["error"].is_null(), "{words:?}: {}", json["error"]);
        let at: jiff::Timestamp = json["observed_at"].as_str().unwrap().parse().unwrap();
        assert!(jiff::Timestamp::now().duration_since(at).as_secs() < 60);
        assert!(!json["source"].as_str().unwrap().is_empty(), "{words:?}");
        let rows = json[name].as_array().unwrap();
        assert!(!rows.is_empty(), "{words:?}");
        for (row, field) in rows
            .iter()
            .flat_map(|row| fields.iter().map(move |f| (row, f)))
        {
            assert!(row.get(field).is_some(), "{words:?}: no {field} in {row}");
        }
    }
}

#[test]
fn every_question_is_a_plain_table_in_a_pipe() {
    let platform = Platform::start(&[]);
    for words in LISTS
        .map(|(words, _, _)| words)
        .iter()
        .chain(&[&["checklist"][..], &["alerts", "laser-prod-api-5xx"]])
    {
        let ran = platform.run(words);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{words:?}");
        assert!(ran.out.lines().count() > 1, "{words:?}: {}", ran.out);
        assert!(!ran.out.contains('\u{1b}'), "{words:?}");
        assert!(
            ran.out.lines().all(|l| l == l.trim_end()),
            "{words:?}: blanks at a line's end"
        );
    }
}

#[test]
fn any_question_takes_demo_and_needs_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    for (words, name) in [
        (&["services"][..], "services"),
        (&["alerts"], "alerts"),
        (&["audit"], "audit"),
    ] {
        let ran = run(folder.path(), &[&["--demo", "--json"], words].concat());
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(ran.json()[name].is_array());
    }
    let ran = run(folder.path(), &["--demo", "status", "--json"]);
    // The story begins with an alarm that warns.
    assert_eq!(
        (ran.code, ran.json()["status"].as_str()),
        (1, Some("degraded"))
    );
}

/// The vendor makes two alarms for each target tracking policy, and the low one fires at night by design.
#[test]
fn alarms_that_services_are_scaled_by_are_listed_and_never_trouble() {
    let platform = Platform::start(&[]);
    let alerts = platform.run(&["alerts", "--json"]).json();
    let rows = alerts["alerts"].as_array().unwrap();
    let scaling: Vec<_> = rows.iter().filter(|a| a["scaling"] == true).collect();
    assert_eq!(scaling.len(), 6, "{alerts}");
    let fires = |a: &&&serde_json::Value| a["state"] == "alarm";
    let low = scaling.iter().find(fires);
    let low = low.expect("one of them is at its minimum");
    let low = low["name"].as_str().unwrap();
    assert!(low.contains("-AlarmLow-"), "{low}");
    let status = platform.run(&["status", "--json"]).json();
    assert!(
        !status["findings"].to_string().contains("TargetTracking"),
        "{status}"
    );
    assert!(
        !status["firing"].to_string().contains("TargetTracking"),
        "{status}"
    );
}

#[test]
fn no_preview_warns_of_the_alarms_that_services_are_scaled_by() {
    let platform = Platform::start(&[]);
    for verb in [
        &["deploy", "laser-prod/api", "--image", "1.8.3"][..],
        &["restart", "laser-prod/api"],
    ] {
        let preview = platform.run(&[verb, &["--preview"]].concat());
        assert_eq!(preview.code, 0, "{}", preview.err);
        assert!(!preview.out.contains("TargetTracking"), "{}", preview.out);
        assert!(!preview.err.contains("TargetTracking"), "{}", preview.err);
    }
}

/// A bucket's size is that of all classes of storage that it has anything in.
#[test]
fn a_bucket_is_as_big_as_all_that_is_in_it() {
    let platform = Platform::start(&[]);
    let shown = platform.run(&["show", "buckets", "--json"]).json();
    let all = shown["buckets"].as_array().unwrap();
    let assets = all.iter().find(|b| b["name"] == "laser-prod-assets");
    let whole: u64 = (0..48_u64).map(|n| 18_000 + n * 7_919 % 90_000).sum();
    assert_eq!(assets.unwrap()["bytes"], whole, "{shown}");
}

#[test]
fn status_is_one_word_an_exit_code_and_the_reasons() {
    let platform = Platform::start(&[]);
    let ran = platform.run(&["status", "--json"]);
    let json = ran.json();
    assert_eq!(
        (ran.code, json["status"].as_str()),
        (1, Some("degraded")),
        "{json}"
    );
    assert_eq!(json["account"], "123456789012");
    let findings = json["findings"].as_array().unwrap();
    assert!(
        findings
            .iter()
            .any(|f| f["about"] == "laser-prod-db-connections"),
        "{json}"
    );
    let systems = json["systems"].as_array().unwrap();
    let asked = |name: &str| {
        systems
            .iter()
            .any(|s| s["name"] == name && s["last_ok"].is_string())
    };
    assert!(
        ["sts", "ecs", "elb", "cloudwatch", "logs"]
            .into_iter()
            .all(asked),
        "{json}"
    );
    let text = platform.run(&["status"]).out;
    assert!(
        text.starts_with("DEGRADED  production  123456789012 us-east-1\n"),
        "{text}"
    );
    assert!(text.contains("laser-prod-db-connections"), "{text}");
}

#[test]
fn the_checklist_has_a_state_for_every_criterion_and_evidence_for_what_is_proved() {
    let platform = Platform::start(&[]);
    let all = platform.rows(&["checklist"], "criteria");
    for c in &all {
        let state = c["state"].as_str().unwrap();
        match state {
            "proved" => assert!(
                c["evidence"]["question"].is_string() && c["evidence"]["at"].is_string(),
                "{c}"
            ),
            "failing" | "unknown" => assert!(!c["reason"].as_str().unwrap().is_empty(), "{c}"),
            other => panic!("{other} in a fresh store: {c}"),
        }
    }
    let second = platform.rows(&["checklist", "--stage", "2"], "criteria");
    let of_two: Vec<&Value> = all.iter().filter(|c| c["stage"] == 2).collect();
    assert!(!second.is_empty() && second.len() == of_two.len());
    for id in ["M.1.a", "R.1.a"] {
        assert!(all.iter().any(|c| c["id"] == id), "{id} is missing");
        let told = platform.run(&["checklist"]);
        assert!(told.out.contains(id), "{id}: {}", told.out);
    }
    platform
        .run(&["checklist", "--stage", "9"])
        .told(2, &["stage 9", "1, 2, 3, 4, 5"]);
}

#[test]
fn a_name_that_is_none_is_answered_with_what_there_is() {
    let platform = Platform::start(&[]);
    for (words, hints) in [
        (
            &["tasks", "laser-prod/apii"][..],
            &["did you mean \"laser-prod/api\"?"][..],
        ),
        (
            &["tasks", "api"],
            &[
                "not one service",
                "laser-prod/api, laser-dev/api, laser-staging/api",
                "cluster/name",
            ],
        ),
        (&["logs", "workr"], &["did you mean \"worker\"?"]),
        (
            &["alerts", "laser-prod-api-5x"],
            &["did you mean \"laser-prod-api-5xx\"?"],
        ),
        (
            &["metrics", "AWS/ECS/CPUUtilisation"],
            &["did you mean \"AWS/ECS/CPUUtilization\"?"],
        ),
        (
            &["dashboards", "laser-bussiness"],
            &["did you mean \"laser-business\"?"],
        ),
        (
            &["dashboards", "laser-prod-logs", "--set", "grup=x"],
            &["no variable \"grup\"", "group"],
        ),
        (&["metrics", "CPU"], &["NAMESPACE/NAME"]),
        (
            &["metrics", "AWS/ECS/CPUUtilization", "--period", "90s"],
            &["multiple of 60s"],
        ),
        (&["deployments", "nothing"], &["unknown service"]),
    ] {
        platform.run(words).told(2, hints);
    }
}

#[test]
fn logs_are_searched_by_pattern_and_time() {
    let platform = Platform::start(&[]);
    let lines =
        |more: &[&str]| platform.rows(&[&["logs", "laser-prod/api"], more].concat(), "logs");
    let (wide, narrow) = (lines(&["--since", "1h"]), lines(&["--since", "10m"]));
    assert!(
        narrow.len() < wide.len() && !narrow.is_empty(),
        "{} {}",
        narrow.len(),
        wide.len()
    );
    let matched = lines(&["--since", "1h", "--filter", "{ $.status = 404 }"]);
    assert!(!matched.is_empty() && matched.len() < wide.len());
    assert!(
        matched
            .iter()
            .all(|l| l["raw"].as_str().unwrap().contains("404")),
        "{matched:?}"
    );
}

#[test]
fn logs_are_those_of_one_task_by_its_stream() {
    let platform = Platform::start(&[]);
    let lines =
        |more: &[&str]| platform.rows(&[&["logs", "laser-prod/api"], more].concat(), "logs");
    let streams = |lines: &[Value]| -> std::collections::BTreeSet<String> {
        let all = lines.iter().map(|l| l["stream"].as_str().unwrap());
        all.map(str::to_owned).collect()
    };
    let all = streams(&lines(&[]));
    assert!(all.len() > 1, "{all:?}");
    let one = all.first().unwrap().as_str();
    let own = streams(&lines(&["--stream", one]));
    assert_eq!(own.iter().collect::<Vec<_>>(), [one]);
    // A task that never wrote has no stream, and hides none of another one.
    assert!(lines(&["--stream", "api/api/none"]).is_empty());
    let both = streams(&lines(&["--stream", "api/api/none", "--stream", one]));
    assert_eq!(both.iter().collect::<Vec<_>>(), [one]);
}

#[test]
fn a_followed_log_goes_on_until_its_reader_leaves_and_that_is_no_error() {
    use std::io::{BufRead, BufReader};
    let platform = Platform::start(&["--speed", "50"]);
    let words = [
        "logs",
        "laser-prod/api",
        "--follow",
        "--since",
        "1m",
        "--json",
    ];
    let mut tail = platform
        .command(&words)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines();
    let mut ids = std::collections::HashSet::new();
    for _ in 0..24 {
        // More than the minute before held: these were written while we looked.
        let line: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        assert!(
            ids.insert(line["log"]["id"].to_string()),
            "told twice: {line}"
        );
    }
    drop(lines);
    assert_eq!(tail.wait().unwrap().code(), Some(0));
}

#[test]
fn a_reader_that_leaves_at_once_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let mut asked = command(folder.path(), &["--demo", "metrics"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(asked.stdout.take());
    let ended = asked.wait_with_output().unwrap();
    assert_eq!(
        (ended.status.code(), ended.stderr.len()),
        (Some(0), 0),
        "{}",
        String::from_utf8_lossy(&ended.stderr)
    );
}

#[test]
fn help_says_what_each_command_does() {
    let folder = tempfile::tempdir().unwrap();
    let help = run(folder.path(), &["--help"]).out;
    let commands = help
        .split("Commands:")
        .nth(1)
        .unwrap()
        .split("\n\n")
        .next()
        .unwrap();
    let names: Vec<&str> = commands
        .lines()
        .filter_map(|l| l.split_whitespace().next())
        .collect();
    assert!(names.len() > 15, "{help}");
    for name in names {
        let help = run(folder.path(), &[name, "--help"]);
        assert_eq!((help.code, help.err.as_str()), (0, ""), "{name}");
        assert!(
            help.out.contains("Usage: flightdeck"),
            "{name}: {}",
            help.out
        );
        let lines: Vec<&str> = help.out.lines().map(str::trim).collect();
        for (line, next) in lines.iter().zip(lines.iter().skip(1)) {
            // Words stand beside an option, or below it where there is no room.
            let worded = line.split("  ").count() > 1 || !next.is_empty();
            assert!(
                !line.starts_with("--") || worded,
                "{name}: no word on {line}"
            );
        }
    }
}

#[test]
fn promises_are_told_with_their_budgets_burn_rates_and_what_waits_for_others() {
    let platform = Platform::start(&[]);
    let ran = platform.run(&["slo", "--json"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let json = ran.json();
    let rows = json["slo"].as_array().unwrap();
    let kinds: Vec<_> = rows.iter().map(|r| r["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["availability", "response_time", "error_rate"]);
    for row in rows {
        assert_eq!(row["state"], "kept", "{row}");
        let windows = row["burn"].as_array().unwrap().iter();
        let windows: Vec<_> = windows.map(|b| b["window_s"].as_u64().unwrap()).collect();
        assert_eq!(windows, [3_600, 21_600, 259_200]);
        let budget = &row["budget"];
        let number = |name: &str| budget[name].as_f64().unwrap();
        assert!((number("allowed") - number("spent") - number("left")).abs() < 1e-3);
        let left = 100.0 * number("left") / number("allowed");
        assert!((left - row["budget_left_percent"].as_f64().unwrap()).abs() < 1e-6);
    }
    // The sandbox remembers a month with incidents: some of the budget is gone.
    let left = rows[0]["budget_left_percent"].as_f64().unwrap();
    assert!((20.0..90.0).contains(&left), "{left}");
    assert!(
        json["traffic"]["p99_ms"].as_f64().unwrap() > json["traffic"]["p50_ms"].as_f64().unwrap()
    );
    // Of whole five minutes: begun and ended at a full one.
    let until = json["traffic"]["measured_until"].as_str().unwrap();
    let until: jiff::Timestamp = until.parse().unwrap();
    assert_eq!(until.as_second() % 300, 0, "{until}");
    assert!(jiff::Timestamp::now().duration_since(until).as_secs() >= 60);
    let others = json["others"].as_array().unwrap();
    assert!(
        others
            .iter()
            .any(|o| o["id"] == "M.2.c" && o["state"] == "unknown")
    );
}

#[test]
fn the_demo_says_why_its_audit_chain_is_empty() {
    let folder = tempfile::tempdir().unwrap();
    let said = crate::program::run(folder.path(), &["--demo", "audit"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(said.out.lines().count(), 1, "{}", said.out);
    assert!(
        said.out.contains("each run of the demo begins a store"),
        "{}",
        said.out
    );
}
