use std::path::Path;
use std::time::Duration;

use super::discovered::{Discovered, Value};
use super::load::parse;
use super::mistake::Wrong;
use super::schema::{Kind, ROOT, Section};
use super::{Config, starter};
use crate::domain::environment::Env;
use crate::domain::problem::Problem;

fn read(source: &str, environment: Option<&str>) -> Result<Config, Problem> {
    let no_roots = |_: &Path| Err("no such file".to_owned());
    let file = Path::new("/etc/fd/flightdeck.toml");
    Ok(parse(source, file, environment, &no_roots)?)
}

fn mistake(source: &str) -> String {
    read(source, None).unwrap_err().what
}

#[test]
fn a_misspelt_key_names_its_place_and_what_was_meant() {
    assert_eq!(
        mistake("read_only = true\n\n[aws]\n  clusers = [\"a\"]\n"),
        "/etc/fd/flightdeck.toml:4:3: unknown key \"clusers\" in [aws]; did you mean \"clusters\"?"
    );
    let far = read("zzz = 1\n", None).unwrap_err();
    assert!(!far.what.contains("did you mean"), "{}", far.what);
    assert!(far.why.contains("read_only"), "{}", far.why);
}

#[test]
fn a_token_that_stands_where_a_key_is_meant_is_not_said_aloud() {
    let token = "ghp_abcdefgh01234567890123456789abcdef";
    for (file, place) in [
        (format!("\"{token}\" = 1\n"), "1:1: "),
        (format!("[aws]\n{token} = 1\n"), "2:1: "),
        (format!("[aws.{token}]\n"), "1:"),
        (format!("[environments.{token}]\nclusers = 1\n"), "2:1: "),
        (
            format!("[environments.{token}.aws]\nclusers = 1\n"),
            "2:1: ",
        ),
        (format!("my_token_{token} = 1\n"), "1:1: "),
        ("[aws]\nghp_abc = 1\n".into(), "2:1: "),
        (format!("[aws\n{token} = 1\n"), "1:"),
    ] {
        let problem = read(&file, None).unwrap_err();
        let said = format!("{problem} {}", problem.fix);
        assert!(said.contains(&format!("flightdeck.toml:{place}")), "{said}");
        assert!(!said.contains("abc"), "{said}");
    }
    let nobody = read("[environments.prod]\n", Some(token)).unwrap_err();
    assert!(nobody.what.contains("\"ghp_…\""), "{nobody}");
}

#[test]
fn a_burst_is_sent_where_somebody_allows_it_and_nowhere_else() {
    let file = "[[probes.protected]]\nurl = \"https://a.example/v1\"\n[[probes.protected]]\nurl = \"https://b.example/\"\nburst = 30\n";
    let config = read(file, None).unwrap();
    let bursts: Vec<_> = config.probes.protected.iter().map(|t| t.burst).collect();
    assert_eq!(bursts, [None, Some(30)]);
    let more =
        "[aws]\nsecond_region = \"eu-west-1\"\n[backups]\nrto = \"4h\"\nmay_delete = [\"ana\"]\n";
    let config = read(more, None).unwrap();
    assert_eq!(config.aws.second_region.as_deref(), Some("eu-west-1"));
    assert_eq!(config.backups.may_delete, ["ana"]);
    let four = std::time::Duration::from_secs(4 * 3_600);
    assert_eq!(config.backups.rto, Some(four));
}

#[test]
fn variables_that_are_needed_are_named_for_a_service_a_project_or_every_service() {
    let file = "[[probes.variables]]\nnames = [\"A\"]\n[[probes.variables]]\nservice = \"prod/api\"\ncontainer = \"app\"\nnames = []\n[[probes.variables]]\nproject = \"web\"\nnames = [\"B\"]\n";
    let config = read(file, None).unwrap();
    let id = |cluster: &str| crate::domain::service::ServiceId {
        cluster: cluster.into(),
        name: "api".into(),
    };
    let of: Vec<_> = config
        .probes
        .variables
        .iter()
        .map(|v| (v.is_of_service(&id("prod")), v.is_of_service(&id("dev"))))
        .collect();
    assert_eq!(of, [(true, true), (true, false), (false, false)]);
    let all = config.probes.variables.iter();
    let containers: Vec<_> = all.map(|v| v.container.as_deref()).collect();
    assert_eq!(containers, [None, Some("app"), None]);
    let missing = read("[[probes.variables]]\nservice = \"api\"\n", None).unwrap_err();
    assert!(missing.to_string().contains("names"), "{missing}");
}

#[test]
fn wrong_types_and_values_say_what_was_expected() {
    let cases = [
        ("read_only = \"yes\"", "true or false"),
        ("[aws]\ntimeout = \"30\"", "\"30s\""),
        ("[aws]\nclusters = \"a\"", "array of strings"),
        ("[aws]\nexpected_account = \"12\"", "twelve digits"),
        ("[aws]\nendpoint = \"http://user:pw@host\"", "without user"),
        ("[aws]\nendpoint = \"ftp://host\"", "http://"),
        ("[slo]\navailability = 101", "from 0 to 100"),
        ("[slo]\nwindow_days = 0", "from 1 to"),
        ("[probes]\ndns_server = \"9.9.9.9\"", "with a port"),
        ("[probes]\nhttps = 3", "list of tables"),
        ("[[probes.https]]\nexpect_status = 200", "url = "),
        ("[[probes.https]]\nurl = \"http://x\"", "https://"),
        ("[[probes.protected]]\nburst = 9", "url = "),
        (
            "[[probes.protected]]\nurl = \"https://x\"\nburst = 201",
            "from 2 to 200",
        ),
        ("[environments.staging.aws]\nregion = 3", "a string"),
        ("[aws\nregion = 3", "TOML"),
    ];
    for (source, expected) in cases {
        let problem = read(source, None).unwrap_err();
        assert!(problem.why.contains(expected), "{source}: {}", problem.why);
        assert!(
            problem.what.starts_with("/etc/fd/flightdeck.toml:"),
            "{}",
            problem.what
        );
    }
}

#[test]
fn every_mistake_is_told_with_its_place() {
    let source = "\
environment = \"stagin\"
[aws]
clusers = 1
timeout = \"30\"
expected_account = \"12\"
[ui]
theme = \"defualt\"
keymap = \"wim\"
[[probes.https]]
url = 3
[environments.staging]
";
    let none = |_: &Path| Err(String::new());
    let Err(Wrong::Mistakes(all)) = parse(source, Path::new("f.toml"), None, &none) else {
        panic!("it has mistakes");
    };
    let lines: Vec<usize> = all.list.iter().map(|m| m.line).collect();
    assert_eq!(lines, [1, 3, 4, 5, 7, 8, 10]);
    for (mistake, words) in [
        (0, "did you mean \"staging\"?"),
        (1, "did you mean \"clusters\"?"),
        (4, "did you mean \"default\"?"),
        (5, "did you mean \"vim\"?"),
    ] {
        assert!(all.list[mistake].what.contains(words), "{:?}", all.list);
    }
    assert!(all.problems().iter().all(|p| p.what.starts_with("f.toml:")));
}

#[test]
fn what_does_not_say_that_it_is_harmless_is_production() {
    let guarded = |name: &str| {
        let source = format!("[environments.\"{name}\"]\n");
        read(&source, Some(name)).unwrap().production
    };
    for name in [
        "production",
        "PROD",
        "eu-prod",
        "live",
        "prd",
        "main",
        "test-prod",
        "latest",
    ] {
        assert!(guarded(name), "{name}");
    }
    for name in ["staging", "dev", "qa.eu", "laser-staging", "Test_2"] {
        assert!(!guarded(name), "{name}");
    }
    let said = "[environments.main]\nproduction = false\n";
    assert!(!read(said, Some("main")).unwrap().production);
    assert!(read("environment = \"main\"\n", None).unwrap().production);
    let unknown = read("read_only = true\n", Some("staging")).unwrap_err();
    assert!(unknown.why.contains("no [environments]"), "{}", unknown.why);
}

#[test]
fn secrets_are_refused_and_never_repeated() {
    let problem = read("[aws]\nsecret_access_key = \"hunter2hunter2\"\n", None).unwrap_err();
    assert!(problem.what.contains("looks like a secret"));
    assert!(problem.why.contains("AWS_PROFILE"));
    assert!(!format!("{problem:?}").contains("hunter2"));
}

#[test]
fn outside_text_in_a_message_is_inert() {
    let what = mistake("\"\\u202e\\u001b[31m\" = 1\n");
    assert!(what.chars().all(crate::domain::text::is_inert), "{what:?}");
}

#[test]
fn an_environment_wins_over_the_common_keys() {
    let source = "\
[aws]
region = \"eu-west-1\"
timeout = \"90s\"
[environments.production.aws]
clusters = [\"laser-prod\"]
[environments.staging.aws]
region = \"eu-central-1\"
[environments.drill]
production = true
";
    let config = read(source, None).unwrap();
    assert_eq!(config.environment, "production");
    assert_eq!(config.environments, ["drill", "production", "staging"]);
    assert!(config.production);
    assert_eq!(config.aws.region.as_deref(), Some("eu-west-1"));
    assert_eq!(config.aws.clusters, ["laser-prod"]);
    assert_eq!(config.aws.timeout, Some(Duration::from_secs(90)));
    let staging = read(source, Some("staging")).unwrap();
    assert!(!staging.production && staging.aws.clusters.is_empty());
    assert_eq!(staging.aws.region.as_deref(), Some("eu-central-1"));
    assert!(read(source, Some("drill")).unwrap().production);
    let unknown = read(source, Some("stagin")).unwrap_err();
    assert!(
        unknown.what.contains("did you mean \"staging\""),
        "{}",
        unknown.what
    );
}

/// What stands in one account is looked after by whichever section looks there, with whatever profile.
#[test]
fn a_section_is_abroad_where_it_looks_at_another_account_region_or_endpoint() {
    let abroad = |production: &str, staging: &str| {
        let source = format!(
            "[environments.production.aws]\n{production}\n[environments.staging.aws]\nclusters = [\"stg\"]\n{staging}\n"
        );
        let config = read(&source, None).unwrap();
        let of = |name: &str| config.sections.iter().find(|s| s.name == name).unwrap();
        assert!(!of("production").is_abroad);
        assert_eq!(of("staging").clusters, ["stg"]);
        of("staging").is_abroad
    };
    let account = |n: u8| format!("expected_account = \"{n:012}\"\n");
    assert!(!abroad("", ""));
    assert!(!abroad(&account(1), ""), "a caution of one of them");
    assert!(abroad("profile = \"prod\"", "profile = \"stg\""));
    let with = |name: &str, n: u8| format!("profile = \"{name}\"\n{}", account(n));
    assert!(!abroad(&with("admin", 1), &with("dev", 1)));
    assert!(abroad(&with("admin", 1), &with("admin", 2)));
    assert!(abroad("", "region = \"eu-west-1\""));
    assert!(abroad("endpoint = \"http://127.0.0.1:4566\"", ""));
}

#[test]
fn databases_of_environments_that_are_not_looked_at_are_known_one_each() {
    let source = r#"
[postgres]
url = "postgres://a@common.example/laser"
[environments.production]
[environments.eu]
postgres.url = "postgres://a@eu.example/laser"
[environments.staging]
postgres.url = "postgres://a@staging.example/laser"
[environments.stage-2]
postgres.url = "postgres://a@stage-2.example/laser"
[environments.dev]
"#;
    let of = |environment: &str| -> Vec<(Env, String)> {
        let config = read(source, Some(environment)).unwrap();
        let all = config.postgres_elsewhere.into_iter();
        all.map(|e| (e.env, e.server.url.unwrap_or_default()))
            .collect()
    };
    // The first of an environment, and none that is the one looked at: development has the common one.
    let stage = (
        Env::Staging,
        "postgres://a@stage-2.example/laser".to_owned(),
    );
    assert_eq!(of("production"), std::slice::from_ref(&stage));
    let common = "postgres://a@common.example/laser".to_owned();
    assert_eq!(
        of("staging"),
        [
            (Env::Development, common.clone()),
            (Env::Production, common.clone())
        ]
    );
    assert_eq!(of("eu"), [(Env::Development, common), stage]);
}

#[test]
fn redis_of_environments_that_are_not_looked_at_is_known_too() {
    let source = r#"
[environments.production]
redis.url = "rediss://cache.example"
[environments.staging]
redis.url = "rediss://cache.staging.example"
[environments.dev]
redis.url = "rediss://cache.example"
"#;
    let config = read(source, Some("production")).unwrap();
    assert_eq!(config.redis.url.as_deref(), Some("rediss://cache.example"));
    let all = config.redis_elsewhere.iter();
    let all: Vec<_> = all.map(|e| (e.env, e.server.url.as_deref())).collect();
    // Development's is the one that is looked at already.
    let staging = (Env::Staging, Some("rediss://cache.staging.example"));
    assert_eq!(all, [staging]);
    assert!(config.postgres_elsewhere.is_empty());
}

#[test]
fn every_key_of_the_starter_file_can_be_used_as_it_is_shown() {
    let found = Discovered {
        account: Some("123456789012".into()),
        region: Some("us-east-1".into()),
        clusters: vec!["a\"b".into(), "c".into()],
        values: vec![
            Value::texts("vercel", "projects", &["laser-web".into()]),
            Value::text(
                "postgres",
                "url",
                "postgres://flightdeck@db.example:5432/laser",
            )
            .behind("laser-db; it needs a password"),
        ],
        ..Discovered::default()
    };
    let text = starter::text(&found, &crate::config::kept::Kept::default());
    let config = read(&text, None).unwrap();
    assert_eq!(config.aws.clusters, found.clusters);
    assert_eq!(config.aws.expected_account, found.account);
    assert_eq!(config.vercel.projects, ["laser-web"]);
    assert_eq!(
        config.postgres.url, None,
        "what lacks something is behind a #"
    );
    let uncommented: String = text
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if rest.starts_with('[') || is_pair(rest) => rest,
            _ => line,
        })
        .flat_map(|line| [line, "\n"])
        .collect();
    let ca = |_: &Path| Ok("PEM".to_owned());
    let all = parse(&uncommented, Path::new("flightdeck.toml"), None, &ca).unwrap();
    assert_eq!(all.environments, ["production", "staging"]);
    assert_eq!(all.probes.https.len(), 1);
    let url = all.postgres.url.as_deref();
    assert_eq!(url, Some("postgres://flightdeck@db.example:5432/laser"));
    assert_eq!(all.probes.extra_roots_pem.as_deref(), Some("PEM"));
    fn names(section: &'static Section, check: &mut dyn FnMut(&str)) {
        for key in section.keys {
            match key.kind {
                Kind::Section(inner) | Kind::List(inner) => names(inner, check),
                Kind::Environments => {}
                _ => check(key.name),
            }
        }
    }
    names(&ROOT, &mut |name| {
        assert!(
            text.contains(&format!("{name} = ")),
            "{name} is not documented"
        )
    });
}

fn is_pair(text: &str) -> bool {
    text.split_once(" = ")
        .is_some_and(|(k, _)| k.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
}
