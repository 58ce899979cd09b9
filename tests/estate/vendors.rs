//! Vendors as they are: scopes that are lacking, links that name another host, teams that have to be named, lists that are longer than
//! what is looked into.

use std::sync::Arc;

use flightdeck::backend::Backend;
use flightdeck::config::{
    AwsConfig, CloudflareConfig, Config, DnsTarget, GithubConfig, NeededVariables, ProbeConfig,
    SentryConfig, SlackConfig, VercelConfig,
};
use flightdeck::domain::problem::{Problem, ProblemKind};
use flightdeck::domain::queries;
use flightdeck::domain::told::Told;
use flightdeck::sandbox::{self, Sandbox};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::{CANARY, Peer, Say, is_for_people, say};

fn page(value: &Value) -> Say {
    say(200, &value.to_string())
}

fn linked(link: &str, value: &Value) -> Say {
    let headers = vec![
        ("content-type", "application/json".to_owned()),
        ("link", link.to_owned()),
    ];
    Say::This(200, headers, value.to_string())
}

async fn platform() -> Sandbox {
    sandbox::start(sandbox::Options::default()).await.unwrap()
}

async fn slack(endpoint: String, token: &str) -> Backend {
    let config = Config {
        slack: SlackConfig {
            endpoint: Some(endpoint),
            channel: Some("ops".into()),
            token: Some(token.to_owned().into()),
        },
        ..Config::default()
    };
    Backend::new(&config).await.unwrap()
}

#[tokio::test]
async fn a_token_of_slack_without_private_channels_lists_the_others() {
    let platform = platform().await;
    let token = format!("{}-public", platform.token());
    let client = slack(format!("{}/slack/api", platform.endpoint()), &token).await;
    let told = client.estate.slack.workspace().await.unwrap();
    let names: Vec<_> = told.channels.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["dev", "general", "go-live", "ops"]);
    assert_eq!(told.lacks.as_deref(), Some("groups:read"));
    let mut lines = client.estate.lines.iter();
    let line = lines.find(|l| l.name() == "slack").unwrap();
    let trouble = line.health().problem;
    assert_eq!(trouble, None, "it was asked otherwise, and answered");
}

#[tokio::test]
async fn the_scope_that_slack_wants_is_told() {
    let who = json!({"ok": true, "team": "T", "user": "u", "url": ""});
    let lacking = json!({"ok": false, "error": "missing_scope", "needed": "channels:read", "provided": "chat:write"});
    let peer = Peer::start(vec![page(&who), page(&lacking)]).await;
    let client = slack(peer.endpoint.clone(), CANARY).await;
    let problem = client.estate.slack.workspace().await.unwrap_err();
    is_for_people(&problem);
    assert_eq!(problem.kind, ProblemKind::Denied);
    assert!(
        problem.why.contains("it lacks channels:read"),
        "{problem:?}"
    );
    assert_eq!(
        peer.asked().len(),
        2,
        "public channels would be refused, too"
    );
}

fn issue(id: u32) -> Value {
    json!({
        "id": id.to_string(), "shortId": format!("WEB-{id}"), "title": "boom", "status": "unresolved", "project": {"slug": "web"},
        "count": "3",
    })
}

/// Sentry's links name the host that it is configured with, whichever was asked.
#[tokio::test]
async fn the_next_page_of_sentry_is_asked_for_where_the_first_was() {
    let elsewhere = Peer::start(vec![say(200, "[]")]).await;
    let link = |results: bool, cursor: &str| {
        let url = format!(
            "{}/api/0/organizations/laser/issues/?&cursor={cursor}",
            elsewhere.endpoint
        );
        format!(
            "<{url}>; rel=\"previous\"; results=\"false\"; cursor=\"0:0:1\", <{url}>; rel=\"next\"; results=\"{results}\"; cursor=\"{cursor}\""
        )
    };
    let project = json!([{"id": "1", "slug": "web"}]);
    let peer = Peer::start(vec![
        linked(&link(false, "0:100:0"), &project),
        linked(&link(true, "0:100:0"), &json!([issue(1)])),
        linked(&link(false, "0:200:0"), &json!([issue(2)])),
    ])
    .await;
    let config = Config {
        sentry: SentryConfig {
            endpoint: Some(peer.endpoint.clone()),
            organization: Some("laser".into()),
            token: Some(CANARY.into()),
            ..SentryConfig::default()
        },
        ..Config::default()
    };
    let client = Backend::new(&config).await.unwrap();
    let told = client.estate.sentry.errors().await.unwrap();
    assert_eq!((told.issues.len(), told.more), (2, false));
    let asked = peer.asked();
    let (path, _, _) = &asked[2];
    assert!(path.starts_with("/organizations/laser/issues/?"), "{path}");
    assert!(path.contains("query=is%3Aunresolved"), "{path}");
    assert!(path.contains("cursor=0%3A100%3A0"), "{path}");
    assert!(elsewhere.asked().is_empty(), "the token goes nowhere else");
}

/// How far a copy is behind is published in its region alone.
#[tokio::test]
async fn what_is_measured_of_a_copy_is_told_in_the_region_of_the_copy() {
    let platform = platform().await;
    let keys = (platform.access_key().into(), platform.secret_key().into());
    let client = Backend::new(&Config {
        aws: AwsConfig {
            region: Some(platform.region().into()),
            endpoint: Some(platform.endpoint()),
            fixed_credentials: Some(keys),
            ..AwsConfig::default()
        },
        ..Config::default()
    })
    .await
    .unwrap();
    let asked = ["assets", "backups"].map(|name| {
        let bucket = format!("laser-prod-{name}");
        queries::replication(&bucket, &format!("{bucket}-replica"), "everything")
    });
    let until = Timestamp::now();
    let from = until - SignedDuration::from_mins(30);
    let metrics = &client.cloudwatch;
    let here = metrics.series(&asked, from, until).await.unwrap();
    let away = platform.second_region();
    let there = metrics.series_in(away, &asked, from, until).await.unwrap();
    assert!(here.iter().all(|s| s.points.is_empty()), "{here:?}");
    assert_eq!(there.len(), 2);
    assert!(there.iter().all(|s| !s.points.is_empty()), "{there:?}");
    let lines = &client.lines;
    assert!(lines.cloudwatch_abroad.health().last_ok.is_some());
    // What failed is counted where the bucket is.
    let buckets = client.estate.s3.buckets().await.unwrap();
    let assets = buckets.iter().find(|b| b.name == "laser-prod-assets");
    let rules: Vec<_> = assets.unwrap().copying().collect();
    assert!(!rules.is_empty());
    assert!(rules.iter().all(|r| r.failed == Told::Unset), "{rules:?}");
    // So is how big it is.
    let far = buckets
        .iter()
        .find(|b| b.name == "laser-prod-backups-replica");
    let far = far.unwrap();
    assert_eq!(far.region.value().map(String::as_str), Some(away));
    assert!(far.bytes.is_some_and(|n| n > 0), "{far:?}");
    assert!(!far.only_standard, "{far:?}");
}

async fn vercel(endpoint: &str, team: Option<&str>, token: &str, probes: ProbeConfig) -> Backend {
    let config = Config {
        vercel: VercelConfig {
            endpoint: Some(endpoint.to_owned()),
            team: team.map(str::to_owned),
            token: Some(token.to_owned().into()),
            ..VercelConfig::default()
        },
        probes,
        ..Config::default()
    };
    Backend::new(&config).await.unwrap()
}

async fn of_team(team: Option<&str>) -> (Backend, Sandbox) {
    let platform = platform().await;
    let endpoint = format!("{}/vercel", platform.endpoint());
    let client = vercel(&endpoint, team, platform.token(), ProbeConfig::default()).await;
    (client, platform)
}

#[tokio::test]
async fn the_team_of_vercel_is_named_in_every_question_or_found_out() {
    let (client, _platform) = of_team(None).await;
    let told = client.estate.vercel.hosting().await.unwrap();
    assert_eq!(told.projects.len(), 2);
    let team = told.team.expect("the token sees one");
    for named in [team.as_str(), "laser"] {
        let (client, _platform) = of_team(Some(named)).await;
        let told = client.estate.vercel.hosting().await.unwrap();
        assert_eq!((told.projects.len(), told.team), (2, None), "{named}");
        client.estate.vercel.aliases().await.unwrap();
    }
    let (client, _platform) = of_team(Some("team_of_others")).await;
    let problem = client.estate.vercel.hosting().await.unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Denied, "{problem:?}");
}

/// What comes of a token that sees these teams, and whatever else is asked is refused.
async fn refused(teams: Say) -> (Problem, Arc<Peer>) {
    let scope = json!({"error": {
        "code": "forbidden", "saml": true, "teamId": null, "scope": "anas-projects",
        "message": "Not authorized: Trying to access resource under scope \"anas-projects\". You must re-authenticate to this scope.",
    }});
    let peer = Peer::start(vec![teams, say(403, &scope.to_string())]).await;
    let client = vercel(&peer.endpoint, None, CANARY, ProbeConfig::default()).await;
    let problem = client.estate.vercel.hosting().await.unwrap_err();
    is_for_people(&problem);
    (problem, peer)
}

#[tokio::test]
async fn whose_projects_are_meant_is_asked_of_a_person_where_there_are_several_teams() {
    let team = |n: u32| json!({"id": format!("team_{n}"), "slug": format!("t{n}"), "name": "T"});
    let (problem, peer) = refused(page(&json!({"teams": [team(1), team(2)]}))).await;
    assert_eq!(problem.kind, ProblemKind::Config);
    assert!(problem.why.contains("2 teams: t1, t2"), "{problem:?}");
    assert!(problem.fix.contains("[vercel]"), "{problem:?}");
    assert_eq!(peer.asked().len(), 1);
    // Who may not even list them is told what is lacking.
    for teams in [
        page(&json!({"teams": []})),
        say(
            403,
            "{\"error\":{\"code\":\"forbidden\",\"message\":\"no\"}}",
        ),
    ] {
        let (problem, _) = refused(teams).await;
        assert_eq!(problem.kind, ProblemKind::Denied);
        assert!(
            problem.fix.starts_with("Set team in [vercel]"),
            "{problem:?}"
        );
    }
}

#[tokio::test]
async fn what_a_team_of_vercel_shares_with_projects_is_theirs() {
    let (client, _platform) = of_team(None).await;
    let told = client.estate.vercel.settings().await.unwrap();
    for of in &told {
        let shared: Vec<_> = of.variables.iter().filter(|v| v.shared).collect();
        assert_eq!(shared.len(), 1, "{of:?}");
        assert_eq!(shared[0].name, "SENTRY_ORG");
        assert_eq!(of.unread, None);
    }
    assert_eq!(told.len(), 2);
    // A token that may not see them says so, and tells the rest.
    let teams = json!({"teams": [{"id": "team_1", "slug": "t1"}]});
    let projects = json!({"projects": [{"id": "p1", "name": "web"}], "pagination": null});
    let own = json!({"domains": [], "envs": [{"key": "DSN", "type": "encrypted", "target": ["production"]}], "pagination": null});
    let peer = Peer::start(vec![
        page(&teams),
        page(&projects),
        say(
            403,
            "{\"error\":{\"code\":\"forbidden\",\"message\":\"no\"}}",
        ),
        page(&teams),
        page(&own),
    ])
    .await;
    let client = vercel(&peer.endpoint, None, CANARY, ProbeConfig::default()).await;
    let told = client.estate.vercel.settings().await.unwrap();
    assert_eq!(told[0].variables.len(), 1);
    assert!(told[0].unread.is_some());
    let asked = peer.asked();
    assert_eq!(asked[2].0, "/v1/env?teamId=team_1");
    // Where no team is named by choice, none is asked for, and what a default team shares is not known.
    let peer = Peer::start(vec![
        page(&projects),
        say(
            403,
            "{\"error\":{\"code\":\"forbidden\",\"message\":\"no\"}}",
        ),
        page(&own),
    ])
    .await;
    let client = vercel(&peer.endpoint, Some("own"), CANARY, ProbeConfig::default()).await;
    let told = client.estate.vercel.settings().await.unwrap();
    assert_eq!(told[0].variables.len(), 1);
    assert!(told[0].unread.is_some());
    let asked = peer.asked();
    assert_eq!(asked[1].0, "/v1/env");
    assert!(asked.iter().all(|(path, _, _)| !path.contains("team")));
}

/// What a team shares has a next page, and no parameter that leads there: the first comes again.
#[tokio::test]
async fn a_team_of_vercel_that_shares_more_than_a_page_hides_nothing_of_its_projects() {
    let projects = json!({"projects": [{"id": "p1", "name": "web"}], "pagination": null});
    let shared = json!({"data": [{"key": "ORG", "type": "encrypted", "target": ["production"], "projectId": ["p1"]}], "pagination": {"count": 1, "next": 7, "prev": 9}});
    let own = json!({"domains": [{"name": "www.example.com"}], "envs": [{"key": "DSN", "type": "encrypted", "target": ["production"]}], "pagination": null});
    let peer = Peer::start(vec![
        page(&projects),
        page(&shared),
        page(&shared),
        page(&own),
    ])
    .await;
    let client = vercel(
        &peer.endpoint,
        Some("team_1"),
        CANARY,
        ProbeConfig::default(),
    )
    .await;
    let told = client.estate.vercel.settings().await.unwrap();
    let names: Vec<_> = told[0].variables.iter().map(|v| v.name.as_str()).collect();
    assert_eq!(names, ["DSN", "ORG"], "each once");
    assert_eq!(told[0].domains.len(), 1);
    let why = told[0].unread.as_deref().unwrap_or_default();
    assert!(why.contains("may share more"), "{why}");
    let asked = peer.asked();
    assert!(asked[2].0.contains("until=7"), "{}", asked[2].0);
}

#[tokio::test]
async fn projects_that_are_expected_or_probed_are_looked_into_before_others() {
    let project = |n: u32| {
        let mut project = json!({"id": format!("p{n}"), "name": format!("n{n:02}")});
        if n == 30 {
            project["targets"] = json!({"production": {"id": "d", "alias": ["www.z.example"]}});
        }
        project
    };
    let projects: Vec<Value> = (1..=30).map(project).collect();
    let projects = json!({"projects": projects, "pagination": null});
    let all = json!({"domains": [], "envs": [], "data": [], "pagination": null});
    let peer = Peer::start(vec![page(&projects), page(&all)]).await;
    let probes = ProbeConfig {
        dns: vec![DnsTarget {
            name: "www.z.example".into(),
            expected: Vec::new(),
        }],
        variables: vec![NeededVariables {
            service: None,
            project: Some("n29".into()),
            container: None,
            names: vec!["DSN".into()],
        }],
        ..ProbeConfig::default()
    };
    let client = vercel(&peer.endpoint, Some("team_1"), CANARY, probes).await;
    let told = client.estate.vercel.settings().await.unwrap();
    let unread = told.iter().filter(|s| s.unread.is_some());
    let unread: Vec<_> = unread.map(|s| s.project.as_str()).collect();
    assert_eq!(unread, ["n24", "n25", "n26", "n27", "n28"]);
    assert_eq!(told.len(), 30);
}

async fn cloudflare(script: Vec<Say>, host: &str) -> (Backend, Arc<Peer>) {
    let peer = Peer::start(script).await;
    let config = Config {
        cloudflare: CloudflareConfig {
            endpoint: Some(peer.endpoint.clone()),
            zones: Vec::new(),
            token: Some(CANARY.into()),
        },
        probes: ProbeConfig {
            dns: vec![DnsTarget {
                name: host.into(),
                expected: Vec::new(),
            }],
            ..ProbeConfig::default()
        },
        ..Config::default()
    };
    (Backend::new(&config).await.unwrap(), peer)
}

fn envelope(result: &Value, info: &Value) -> Say {
    page(
        &json!({"success": true, "errors": [], "messages": [], "result": result, "result_info": info}),
    )
}

#[tokio::test]
async fn zones_of_hosts_that_are_probed_are_looked_into_before_others() {
    let zone = |n: u32| json!({"id": format!("z{n:02}"), "name": format!("z{n:02}.example"), "status": "active", "name_servers": null});
    let zones: Vec<Value> = (1..=12).map(zone).collect();
    let one = json!({"page": 1, "total_pages": 1});
    let script = vec![
        envelope(&json!(zones), &one),
        envelope(&json!(zones), &one),
        envelope(&json!([]), &one),
    ];
    let (client, peer) = cloudflare(script, "shop.z12.example").await;
    let told = client.estate.cloudflare.zones().await.unwrap();
    let unread = told.iter().filter(|z| !z.looked_into);
    let unread: Vec<_> = unread.map(|z| z.name.as_str()).collect();
    assert_eq!(unread, ["z10.example", "z11.example"]);
    client.estate.cloudflare.records().await.unwrap();
    let asked = peer.asked();
    assert_eq!(asked.len(), 2 + 10);
    let is_asked = |id: &str| asked.iter().any(|(path, ..)| path.contains(id));
    assert!(is_asked("/z12/") && !is_asked("/z11/"));
}

#[tokio::test]
async fn rulesets_are_read_page_by_page() {
    let zones = json!([{"id": "z1", "name": "z.example", "status": "active"}]);
    let ruleset =
        |id: &str| json!({"id": id, "kind": "zone", "phase": "http_ratelimit", "name": "default"});
    let rule = |id: &str| json!({"id": id, "rules": [{"id": id, "action": "block", "expression": "true"}]});
    let script = vec![
        envelope(&zones, &json!({"total_pages": 1})),
        envelope(
            &json!([ruleset("r1")]),
            &json!({"cursors": {"after": "more"}}),
        ),
        envelope(&json!([ruleset("r2")]), &json!({"cursors": {}})),
        envelope(&rule("r1"), &Value::Null),
        envelope(&rule("r2"), &Value::Null),
    ];
    let (client, peer) = cloudflare(script, "z.example").await;
    let told = client.estate.cloudflare.firewall().await.unwrap();
    let rules: Vec<_> = told[0].rules.iter().map(|r| r.id.as_str()).collect();
    assert_eq!(rules, ["r1", "r2"]);
    let (path, ..) = &peer.asked()[2];
    assert!(
        path.contains("per_page=50") && path.contains("cursor=more"),
        "{path}"
    );
}

/// Vercel's app makes a deployment of every push, and calls production by a capital letter.
#[tokio::test]
async fn production_s_deployments_are_among_github_s_however_many_previews_there_are() {
    let deployment = |id: u64, of: &str| json!({"id": id, "environment": of, "ref": "main", "sha": "abc", "created_at": "2024-01-01T00:00:00Z"});
    let previews: Vec<Value> = (1..=8).map(|n| deployment(n, "Preview")).collect();
    let peer = Peer::start(vec![
        page(&json!(previews)),
        page(&json!([])),
        page(&json!([deployment(100, "Production")])),
        page(&json!([{"state": "success"}])),
    ])
    .await;
    let config = Config {
        github: GithubConfig {
            endpoint: Some(peer.endpoint.clone()),
            repository: Some("laser/platform".into()),
            token: Some(CANARY.into()),
        },
        ..Config::default()
    };
    let client = Backend::new(&config).await.unwrap();
    let told = client.estate.github.deployments().await.unwrap();
    assert_eq!(told.len(), 9);
    assert_eq!(told[8].environment, "Production");
    let (path, ..) = &peer.asked()[2];
    assert!(path.contains("environment=Production"), "{path}");
}
